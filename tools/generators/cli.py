"""Generate the reference of the command from its own help.

python -m tools.generators.cli            write docs/cli.md
python -m tools.generators.cli --check    write nothing; exit with 1 if docs/cli.md is out of date
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from tools.generators.pages import written_or_checked
from unisync._render.symbols import SYMBOLS
from unisync.cli.app import app
from unisync.cli.exit_codes import MEANINGS
from unisync.cli.options import AWS_OPTIONS, Command
from unisync.cli.rows import COLUMNS

PAGE = Path(__file__).parents[2] / "docs" / "cli.md"

HEAD = """\
# The command `unisync`

```console
$ pip install 'unisync-aws[cli]'             # or [cli,emulator], for the commands demo and emulator too
$ unisync wait codeconnections:payments-prod --revision $SHA
```

`tools/generators/cli.py` generates this page from the help of the commands.
"""

OUTPUT = """\
Data goes to stdout; progress, hints and errors go to stderr. `get`, `status`, `wait` and `watch` print the same
columns. With `-o json` and `-o jsonl`, the columns are fields in lower case, with full SHAs. The sync is in `ref`,
`account` and `region`, where they are known; `error`, `blockers` and `job` contain everything that AWS returned.
`blockers` is null where they were not read. `watch` adds `time`, `kind`, `event` and `blocker`. All times are ISO 8601
in UTC, such as 2026-11-22T18:44:12Z. With `-o name`, only the references are printed.

`connections`, `links` and `wait --for connection` show connections instead. Their state is AVAILABLE, PENDING or ERROR,
as AWS says it, or one of the states below for a connection that could not be read. For one that is PENDING or in ERROR,
stderr says what to do in the AWS console; in JSON, `action` does. With `-o name`, they print ARNs, and `links` the ids
of the links.

The table shortens long texts. Below it, stderr has the whole text of each error, with AWS's request ID. What could not
be read beside the status, such as the blockers, is printed as well, and changes neither the state nor the exit code.

On a terminal, tables fit its width and progress is redrawn in place. Elsewhere, each row and each change is a line.
`NO_COLOR` is respected. If the locale is not UTF-8, the symbols are ASCII. Text from AWS is printed without control
characters, and truncated if it is very long; JSON contains all of it, escaped.
"""

TAIL = """\
If several syncs end differently, the exit code is the most severe one, in this order: 1, 2, 5, 3, 4, 6, 7,
124. For `get`, `status` and `report`, it says whether every sync could be read, whatever its state; `status` with
`--exit-code` or `--max-lag` has the codes 3, 4 and 7 as well.
"""

COLUMN_MEANINGS = {
    "STATE": "The state of the sync: see below.",
    "SYNC": "The reference; in a fleet, with account and region.",
    "LIVE": "The live commit.",
    "DESIRED": "The commit that AWS wants to sync.",
    "STARTED": "When the latest attempt started; for a TwinMaker sync job, when it last changed. In UTC.",
    "REASON": "Why the sync is not synced.",
}
STATE_MEANINGS = {
    "PENDING": "Not started, or AWS wants a newer commit than it has tried.",
    "RUNNING": "In progress.",
    "ACTIVE": "Synced.",
    "FAILED": "Failed.",
    "DELETING": "Being deleted.",
    "UNKNOWN": "AWS returned a state that this version does not know; `reason` quotes it.",
    "BLOCKED": "Blocked until its blockers are resolved: `unisync resolve`.",
    "SUPERSEDED": "The wait ended because another commit took the place of the requested one.",
    "TIMED_OUT": "The wait timed out.",
    "NOT_FOUND": "The sync does not exist.",
    "DELETED": "The wait with `--for deleted` ended: the sync is deleted.",
    "ERROR": "The sync could not be read, or the wait for it ended with an error.",
}


def page() -> str:
    """The page."""
    assert tuple(COLUMN_MEANINGS) == COLUMNS
    assert set(STATE_MEANINGS) == set(SYMBOLS)
    root = click.Context(app, info_name="unisync", max_content_width=100)
    lines = [HEAD, "## unisync", "", *command_section(app, root)]
    lines += commands_sections(app, root)
    lines += ["## Output", "", *output_section(), "## Exit codes", "", "| code | meaning |", "|---|---|"]
    lines += [f"| {code.value} | {meaning} |" for code, meaning in MEANINGS.items()]
    return "\n".join([*lines, "", TAIL])


def commands_sections(group: click.Group, parent: click.Context) -> Iterator[str]:
    """The sections of a group's commands, and of those in them."""
    for name, command in group.commands.items():
        context = click.Context(command, info_name=name, parent=parent, max_content_width=100)
        yield from [f"## {context.command_path}", "", *command_section(command, context)]
        if isinstance(command, click.Group):
            yield from commands_sections(command, context)


def command_section(command: click.Command, context: click.Context) -> Iterator[str]:
    """The usage, the help and the options of a command."""
    yield f"    {context.command_path} {' '.join(command.collect_usage_pieces(context))}"
    yield ""
    yield inspect.cleandoc(command.help or "").replace("\b\n", "")
    yield ""
    if isinstance(command, Command):
        yield from (f"    {example}" for example in command.examples)
        yield ""
    is_root = command is app
    params = [param for param in command.params if isinstance(param, click.Option)]
    own = [param for param in params if is_root or param.name not in AWS_OPTIONS]
    if own:
        yield "| option | meaning |"
        yield "|---|---|"
        for param in own:
            option, meaning = param.get_help_record(context) or ("", "")
            yield f"| `{cell(option)}` | {cell(meaning)} |"
        yield ""
    if len(params) > len(own):
        yield "And the [AWS options](#unisync)."
        yield ""


def output_section() -> Iterator[str]:
    """The meaning of the columns and of the states."""
    yield OUTPUT
    yield "| column | meaning |"
    yield "|---|---|"
    yield from (f"| {name} | {meaning} |" for name, meaning in COLUMN_MEANINGS.items())
    yield ""
    yield "| | state | meaning |"
    yield "|---|---|---|"
    yield from (f"| {SYMBOLS[state].icon} | {state} | {meaning} |" for state, meaning in STATE_MEANINGS.items())
    yield ""


def cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    sys.exit(written_or_checked(PAGE, page, "tools/generators/cli.py", __doc__))
