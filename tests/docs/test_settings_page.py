"""The page of settings has every argument, option, variable and field of the code, with the defaults."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import click
import pytest
from botocore.config import Config

from tests.support.documents import DOCS, ROOT
from unisync import Backoff, Fleet, RateLimit, Unisync
from unisync._botocore.session import DEFAULT_MAX_ATTEMPTS
from unisync.cli.app import app
from unisync.cli.options import AWS_OPTIONS

PAGE = (DOCS / "howto" / "settings.md").read_text("utf-8")
COMPATIBILITY = (DOCS / "reference" / "boto3.md").read_text("utf-8")
FIELDS: dict[str, Any] = vars(Config)["OPTION_DEFAULTS"]
VARIABLES: dict[str, tuple[Any, ...]] = import_module("botocore.configprovider").BOTOCORE_DEFAUT_SESSION_VARIABLES
WAITS = ("wait_until_active", "wait_until_deleted", "wait_until_resources_synced", "wait_all")


def rows(heading: str) -> list[list[str]]:
    """The cells of the table below a heading."""
    section = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    table = [line for line in section.splitlines() if line.startswith("| ")][1:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table]


def named(cell: str) -> list[str]:
    return re.findall(r"`([\w<>-]+)`", cell)


def default_of(argument: str, heading: str) -> str:
    """What the page says about the default of an argument."""
    (found,) = [row for row in rows(heading) if argument in named(row[0]) and not row[0].startswith("`Fleet`")]
    return found[-1]


def arguments(method: Any) -> dict[str, object]:
    """The arguments of a method, with their defaults."""
    return {
        name: parameter.default for name, parameter in inspect.signature(method).parameters.items() if name != "self"
    }


def column(number: int) -> set[str]:
    return {name for row in rows("All settings") for name in named(row[number])}


def test_every_argument_of_the_clients_is_a_row() -> None:
    listed = [name for row in rows("All settings") for name in named(row[0].removeprefix("`Fleet`"))]
    assert len(listed) == len(set(listed)) + 1, "profile_name names session too"
    assert set(listed) == arguments(Unisync.__init__).keys() | arguments(Fleet.__init__).keys()
    assert all(len(row) == 6 for row in rows("All settings"))


def test_every_aws_option_of_the_command_is_in_a_row() -> None:
    options = [each for each in app.params if isinstance(each, click.Option) and each.name in {*AWS_OPTIONS, "quiet"}]
    assert column(1) == {opt for option in options for opt in option.opts if opt.startswith("--")}


def test_every_field_of_a_config_is_on_a_page() -> None:
    missing = [name for name in FIELDS if f"`{name}`" not in PAGE + COMPATIBILITY]
    assert not missing


@pytest.mark.parametrize("name", VARIABLES)
def test_every_variable_of_botocore_is_on_a_page(name: str) -> None:
    key, variables, *_ = VARIABLES[name]
    expected = [*([variables] if isinstance(variables, str) else variables or []), *([key] if key else [])]
    assert [each for each in expected if f"`{each}`" not in PAGE + COMPATIBILITY] == []


def test_every_variable_that_the_code_reads_is_on_the_page() -> None:
    code = "".join(
        path.read_text("utf-8")
        for path in (ROOT / "unisync").rglob("*.py")
        if not {"emulator", "testing"} & set(path.parts)
    )
    read = set(re.findall(r"""environ(?:\.get\(|\[)["'](\w+)["']""", code))
    assert {"AWS_REGION", "GITHUB_ACTIONS"} <= read
    assert read - column(3) == set()


def test_the_variables_are_read_in_the_order_of_the_page() -> None:
    for argument, name in (("profile_name", "profile"), ("region_name", "region"), ("max_attempts", "max_attempts")):
        (row,) = [each for each in rows("All settings") if named(each[0])[:1] == [argument]]
        variables = VARIABLES[name][1]
        known = [variables] if isinstance(variables, str) else list(variables or [])
        assert [each for each in named(row[3]) if each in known] == known


def test_the_defaults_of_the_clients_are_those_of_the_code() -> None:
    defaults = {**arguments(Unisync.__init__), **arguments(Fleet.__init__)}
    limits = RateLimit()
    texts: dict[str, str] = {
        "call_timeout": f"{defaults['call_timeout']:g} s",
        "codeconnections_service": f"`{defaults['codeconnections_service']}`",
        "allow_unknown_values": f"`{defaults['allow_unknown_values']}`",
        "connect_timeout": f"{FIELDS['connect_timeout']} s",
        "read_timeout": f"{FIELDS['read_timeout']} s",
        "max_attempts": str(DEFAULT_MAX_ATTEMPTS),
        "rate_limit": f"`RateLimit(initial={limits.initial:g}, minimum={limits.minimum:g}, "
        f"maximum={limits.maximum:g})`",
    }
    for name, text in texts.items():
        assert default_of(name, "All settings").startswith(text), name
    (session_name,) = [row for row in rows("All settings") if "`role_session_name`" in row[0]]
    assert session_name[-1] == f"`{defaults['role_session_name']}`"
    others = {name for name, default in defaults.items() if default not in (None, (), inspect.Parameter.empty)}
    assert others <= {*texts, "role_session_name"}, "a default that is not compared"


def test_the_arguments_of_waits_are_rows_with_their_defaults() -> None:
    defaults = {name: default for each in WAITS for name, default in arguments(getattr(Unisync, each)).items()}
    defaults |= {"interval": arguments(Unisync.watch)["interval"]}
    listed = {name for row in rows("Arguments of waits") for name in named(row[0]) if name != "watch"}
    assert listed == {name for name in defaults if name not in ("ref", "refs")}
    backoff = Backoff()
    texts: dict[str, str] = {
        "timeout": f"{defaults['timeout']} s",
        "backoff": f"`Backoff(initial={backoff.initial:g}, maximum={backoff.maximum:g}, factor={backoff.factor:g}, "
        f"jitter={backoff.jitter:g})`",
        "max_failures": str(defaults["max_failures"]),
        "return_when": f'`"{defaults["return_when"]}"`',
        "interval": f"{defaults['interval']:g} s",
    }
    for name, text in texts.items():
        assert default_of(name, "Arguments of waits").startswith(text), name
    assert {name for name, default in defaults.items() if default is None} == listed - texts.keys()


def test_the_options_of_waits_are_in_a_row() -> None:
    def options(name: str) -> Iterator[str]:
        for each in app.commands[name].params:
            if isinstance(each, click.Option) and each.name not in {*AWS_OPTIONS, "quiet", "form"}:
                yield from (opt for opt in each.opts if opt.startswith("--"))

    listed = {name for row in rows("Arguments of waits") for name in named(row[1])}
    assert listed <= {*options("wait"), *options("watch")}
    # The others say which syncs are meant, and what is written where.
    others = "--file --repository --branch --or-newer --for --junit --token-file --explain --no-explain --output"
    assert {*options("wait"), *options("watch")} - listed <= set(others.split())
