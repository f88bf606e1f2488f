"""The help of the commands, and the meaning of their options."""

from __future__ import annotations

from collections.abc import Iterator

import click
import pytest

from tests.cli.runner import Run
from unisync import __version__
from unisync.cli.app import app


def commands_of(group: click.Group, before: str = "") -> Iterator[tuple[str, click.Command]]:
    """Every command that is not a group, by its name on the command line."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands_of(command, f"{before}{name} ")
        else:
            yield f"{before}{name}", command


COMMANDS = dict(commands_of(app))


def help_of(command: click.Command) -> str:
    context = click.Context(command, info_name=command.name, parent=click.Context(app, info_name="unisync"))
    return command.get_help(context)


@pytest.mark.parametrize("name", list(COMMANDS))
def test_help_has_two_examples_and_a_group_of_aws_options(name: str) -> None:
    shown = help_of(COMMANDS[name])
    examples = shown.partition("\nExamples:\n")[2].partition("\n\n")[0].splitlines()
    assert len(examples) == 2
    assert all(example.startswith(f"  unisync {name}") for example in examples)
    assert ("--profile" in shown) is ("\nAWS options:\n" in shown)
    assert "--profile" not in shown.partition("\nAWS options:\n")[0]


def test_each_letter_has_one_meaning() -> None:
    meanings: dict[str, set[str]] = {}
    for command in (app, *COMMANDS.values()):
        for option in command.params:
            for letter in (name for name in option.opts if len(name) == 2):
                meanings.setdefault(letter, set()).add(max(option.opts, key=len))
    assert meanings == {"-V": {"--version"}, "-f": {"--file"}, "-o": {"--output"}, "-q": {"--quiet"}, "-y": {"--yes"}}


def test_version(unisync: Run, capsys: pytest.CaptureFixture[str]) -> None:
    for option in ("--version", "-V"):
        assert unisync(option).code == 0
        assert capsys.readouterr().out == f"unisync {__version__}\n"
