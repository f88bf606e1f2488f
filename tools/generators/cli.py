"""Write the reference of the command from its own help, or check it.

python tools/generators/cli.py            write docs/cli.md
python tools/generators/cli.py --check    write nothing; exit with 1 if it is not what would be written
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
from unisync.cli.rows import COLUMNS

PAGE = Path(__file__).parents[2] / "docs" / "cli.md"

HEAD = """\
# unisync, the command

```console
$ pip install 'unisync-aws[cli]'             # and [cli,emulator] for the commands demo and emulator
$ unisync wait codeconnections:payments-prod --revision $SHA
```

This page is written by `tools/generators/cli.py`, from the help of the commands themselves.
"""

OUTPUT = """\
Data goes to stdout, progress and explanations go to stderr. `get`, `status`, `wait` and `watch` have the same columns.
With `-o json` and `-o jsonl` these are members in lower case, with whole shas; the sync is `ref`, `account` and
`region`, and `error`, `blockers` and `job` have all that AWS said. `watch` adds `time`, `what`, `event` and `blocker`.

On a terminal, tables fit its width, and progress is drawn in place; elsewhere there is a plain line for each row and
for each change. `NO_COLOR` is respected, and the signs are letters where the locale has no UTF-8. Text from AWS is
shown without its control characters, and cut where it is very long; JSON has all of it, escaped.
"""

TAIL = """\
Where several syncs end differently, the code is that of the gravest end: 1, 2, 5, 3, 4, 6, then 124. Of `get`, `status`
and `report`, it tells whether each sync could be looked at, not how it stands.
"""

COLUMN_MEANINGS = {
    "STATE": "How the sync stands, in one of the words below.",
    "SYNC": "The reference; of a fleet, with its account and region.",
    "LIVE": "The commit that is live.",
    "WANTED": "The commit that is to be, as far as AWS has noticed.",
    "SINCE": "When the latest attempt began; of a TwinMaker sync job, when it last changed. In UTC.",
    "WHY": "Why it is not in place, if it is not.",
}
STATE_MEANINGS = {
    "PENDING": "Asked for, not begun; also where AWS wants a newer commit than it has tried.",
    "RUNNING": "Under way.",
    "ACTIVE": "In place.",
    "FAILED": "Ended without success.",
    "DELETING": "On its way out.",
    "UNKNOWN": "In a state that AWS did not have when this version was made; `why` has its word.",
    "BLOCKED": "Blocked until somebody releases it: `unisync resolve`.",
    "SUPERSEDED": "Waited for, and another commit took its place.",
    "TIMED_OUT": "Waited for until the time was up.",
    "NOT_FOUND": "There is no such sync.",
    "DELETED": "Waited for with `--for deleted`, and gone.",
    "ERROR": "It could not be looked at, or the wait for it ended with an error.",
}


def page() -> str:
    """The whole reference."""
    assert tuple(COLUMN_MEANINGS) == COLUMNS
    assert set(STATE_MEANINGS) == set(SYMBOLS)
    root = click.Context(app, info_name="unisync", max_content_width=100)
    lines = [HEAD, "## unisync", "", *described(app, root)]
    for name, command in app.commands.items():
        context = click.Context(command, info_name=name, parent=root, max_content_width=100)
        lines += [f"## unisync {name}", "", *described(command, context)]
    lines += ["## Output", "", *output(), "## Exit codes", "", "| code | meaning |", "|---|---|"]
    lines += [f"| {code.value} | {meaning} |" for code, meaning in MEANINGS.items()]
    return "\n".join([*lines, "", TAIL])


def described(command: click.Command, context: click.Context) -> Iterator[str]:
    """What a command does, and what it takes."""
    yield f"    {context.command_path} {' '.join(command.collect_usage_pieces(context))}"
    yield ""
    yield inspect.cleandoc(command.help or "").replace("\b\n", "")
    yield ""
    is_root = command is app
    everywhere = {param.name for param in app.params}
    params = [param for param in command.params if isinstance(param, click.Option)]
    own = [param for param in params if is_root or param.name not in everywhere]
    if own:
        yield "| option | meaning |"
        yield "|---|---|"
        for param in own:
            option, meaning = param.get_help_record(context) or ("", "")
            yield f"| `{cell(option)}` | {cell(meaning)} |"
        yield ""
    if len(params) > len(own):
        yield "And [those that say where AWS is](#unisync)."
        yield ""


def output() -> Iterator[str]:
    """What the columns and the states mean."""
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
