"""Texts and tables on terminals of any width: nothing that a person needs is cut off."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from tests.cli.scene import MINE, OLD
from tests.cli.terminal import terminal
from unisync.cli.rows import COLUMNS
from unisync.cli.tables import cropped, drawn_table, shortened, wrapped, wrapped_message
from unisync.emulator import Emulator

NAME = "eu-west-1-production-payments-reconciliation-service-stack"
REASON = "Cannot create a DB instance with storage less than 20 GiB, and not in this subnet group (RDS, 400)"

WORDS = st.lists(st.text(alphabet="abc 日本é.,:", max_size=30), max_size=12).map(" ".join)


@given(WORDS, st.integers(2, 90))
def test_wrapping_loses_nothing_and_keeps_the_width(text: str, width: int) -> None:
    lines = wrapped(text, width)
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert all(cell_len(line) <= width for line in lines)
    assert all(line == line.strip() for line in lines)


def test_a_line_ends_between_words_and_a_date_keeps_its_time() -> None:
    assert wrapped("it began at 2026-11-22 12:00:00Z and failed", 32) == [
        "it began at 2026-11-22 12:00:00Z",
        "and failed",
    ]
    assert wrapped("it began at 2026-11-22 12:00:00Z", 31) == ["it began at", "2026-11-22 12:00:00Z"]
    assert wrapped("x" * 25 + " y", 10) == ["x" * 10, "x" * 10, "xxxxx y"]


def test_a_command_stays_on_one_line_of_its_own() -> None:
    command = "unisync explain codeconnections:payments-prod --revision b2b2b2b"
    assert wrapped_message(f"All checks: {command}", 100) == [f"All checks: {command}"]
    assert wrapped_message(f"All checks: {command}", 40) == ["All checks:", f"  {command}"]
    assert wrapped_message(f"Fix it. All checks: {command}", 12, 2) == [
        "  Fix it.",
        "    All",
        "    checks:",
        f"    {command}",
    ]
    assert wrapped_message(command, 20) == [command]
    assert wrapped_message("log in (aws sso login), or set up", 20) == ["log in (aws sso", "login), or set up"]
    assert wrapped_message("", 20) == [""]


@given(WORDS, st.integers(4, 60), st.integers(1, 4))
def test_a_cropped_text_says_that_it_goes_on(text: str, width: int, lines: int) -> None:
    shown, whole = cropped(text, width, lines, unicode=True), wrapped(text, width)
    assert len(shown) == min(lines, len(whole))
    assert all(cell_len(line) <= width for line in shown)
    assert shown == whole or shown[-1].endswith("…")


def test_a_long_name_keeps_its_ends() -> None:
    assert shortened(f"codeconnections:{NAME}", 30, unicode=True) == "codeconnection…n-service-stack"
    assert shortened(f"codeconnections:{NAME}", 30, unicode=False) == "codeconnectio...-service-stack"
    assert shortened("twinmaker:factory", 30, unicode=True) == "twinmaker:factory"


def lines_of(rows: list[tuple[str, ...]], width: int, height: int | None) -> list[str]:
    """The lines of a drawn table."""
    console = Console(file=io.StringIO(), width=width, height=200, color_system=None)
    console.print(drawn_table(COLUMNS, rows, width, unicode=True, height=height))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()


def row(number: int, state: str = "RUNNING", reason: str = "") -> tuple[str, ...]:
    return state, f"codeconnections:{NAME}-{number}", OLD[:7], MINE[:7], "2026-11-22 12:00:00Z", reason


@given(
    st.lists(st.tuples(st.sampled_from(["RUNNING", "FAILED"]), st.sampled_from(["", "short", REASON * 9])), min_size=1),
    st.sampled_from([40, 80, 120, 200]),
    st.integers(6, 30),
)
def test_a_live_table_is_never_higher_or_wider_than_its_room(
    states: list[tuple[str, str]], width: int, height: int
) -> None:
    lines = lines_of([row(number, *each) for number, each in enumerate(states)], width, height)
    assert len(lines) <= max(height, 8)  # the first row is always drawn
    assert all(cell_len(line.rstrip()) <= width for line in lines)


def test_rows_that_are_left_out_are_counted_by_state() -> None:
    states = ["FAILED", "RUNNING", "RUNNING", "RUNNING", "ACTIVE", "ACTIVE"]
    lines = lines_of([row(number, state) for number, state in enumerate(states)], 200, 5)
    assert lines[-1] == "and 3 more: 1 RUNNING, 2 ACTIVE"


def test_a_long_reason_beside_the_others_goes_on_below_itself() -> None:
    lines = [line.rstrip() for line in lines_of([row(1, "FAILED", REASON)], 200, 30)]
    assert " ".join(line[lines[0].index("REASON") :] for line in lines[1:]) == REASON
    assert lines_of([row(1, "FAILED", REASON * 9)], 200, 30)[3].rstrip().endswith("…")


@pytest.fixture
def environ() -> Iterator[dict[str, str]]:
    """The environment of a command, with a synced, a failed and a blocked stack; the failed one has a long name."""
    with Emulator(clock="manual") as aws:
        for name in ("live", NAME, "blocked"):
            aws.add_stack(name, repository="acme/infra", config_file=f"{name}.yaml")
            aws.push(stack=name, sha=OLD)
        aws.clock.advance(100)
        aws.push(stack=NAME, sha=MINE, outcome="FAILED", reason=REASON)
        aws.block(stack="blocked", reason="The stack was updated by hand")
        aws.push(stack="blocked", sha=MINE)
        aws.clock.advance(100)
        yield {**aws.environment(), "AWS_MAX_ATTEMPTS": "1"}


def joined(shown: str) -> str:
    """The text of a screen without its line ends."""
    return " ".join(shown.split())


@pytest.mark.slow
@pytest.mark.parametrize("width", [80, 200])
def test_an_explanation_is_aligned_and_ends_with_what_to_do(environ: dict[str, str], width: int) -> None:
    with terminal("-m", "unisync", "explain", f"codeconnections:{NAME}", width=width, environ=environ) as screen:
        assert screen.end() == 0
        lines = screen.screen().splitlines()
    assert lines[0] == f"codeconnections:{NAME}"
    assert lines[-1] == "  → fix Queue, and push a commit"
    checks = lines[1 : next(number for number, line in enumerate(lines) if line.startswith("Likely cause: "))]
    assert all(re.match(r"([✓✗?] [a-z]+ +| {14})(?<=.{14})\S", line) for line in checks)
    assert f"is UPDATE_FAILED: {REASON}" in joined(screen.screen())


@pytest.mark.slow
def test_a_piped_explanation_is_aligned(environ: dict[str, str]) -> None:
    command = ("-m", "unisync", "explain", f"codeconnections:{NAME}")
    with terminal(*command, environ=environ, piped=["stdout"]) as screen:
        assert screen.process.stdout is not None
        lines = screen.process.stdout.read().decode().splitlines()
        assert screen.end() == 0
    assert "✓ link        The link to acme/infra exists." in lines
    assert max(map(len, lines)) > 150  # not wrapped


@pytest.mark.slow
@pytest.mark.parametrize("width", [80, 200])
def test_a_failed_wait_shows_name_state_reason_and_commands_whole(environ: dict[str, str], width: int) -> None:
    refs = (f"codeconnections:{NAME}", "codeconnections:live")
    with terminal("-m", "unisync", "wait", *refs, width=width, environ=environ) as screen:
        assert screen.end() == 3
        shown = screen.screen()
    text = joined(shown)
    for part in (f"codeconnections:{NAME} is FAILED", f"SYNC_FAILED: {REASON} [acme/infra@main b2b2b2b2b2b2]"):
        assert part in text
    # The terminal divides a long command, and copies it whole.
    assert f"unisync events codeconnections:{NAME}" in shown.replace("\n", "")


@pytest.mark.slow
@pytest.mark.parametrize("width", [80, 200])
def test_a_watch_puts_failures_first_and_shows_each_change_whole(environ: dict[str, str], width: int) -> None:
    refs = ("codeconnections:live", f"codeconnections:{NAME}", "codeconnections:blocked")
    with terminal("-m", "unisync", "watch", *refs, width=width, height=60, environ=environ) as screen:
        screen.read_until(lambda: "Z ■ BLOCKED" in screen.screen() and len(re.findall("Z [✘■]", screen.screen())) > 2)
        shown = screen.screen()
        assert screen.interrupt() == 130
    table, _, changes = shown.partition("\n\n")
    assert re.findall(r"^\S (\w+)", table, re.MULTILINE) == ["FAILED", "BLOCKED", "ACTIVE"]
    assert REASON in joined(table)
    heads = re.findall(r"Z \S \w+ (\S+)", changes)
    assert {name.rpartition("…")[2] for name in heads} <= {*refs, "s-reconciliation-service-stack"}
    assert re.search(r"Z ■ BLOCKED codeconnections:blocked\s+blocked: The stack was updated by hand", changes)
