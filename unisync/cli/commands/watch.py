"""watch: every change of syncs, until it is interrupted."""

from __future__ import annotations

from collections import deque
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from unisync.cli.commands.status import everything
from unisync.cli.options import Cli, connected, duration_option, file_option, refs_argument
from unisync.cli.rows import COLUMNS, Row, row_of_change, widths_for
from unisync.cli.tables import line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType

    from unisync._models.configurations import SyncBlocker
    from unisync._models.jobs import SyncJob
    from unisync._models.refs import SyncRef
    from unisync._waiters.watcher import Change

LATEST = 8
"""Changes that are shown below a live table."""
LONGEST_LINE = 500
"""Characters of one of these."""


@click.command()
@refs_argument(required=False)
@file_option
@duration_option("--interval", "5s", "How long between two looks at the same sync.")
@connected(forms=("table", "jsonl"))
def watch(cli: Cli, refs: list[SyncRef[SyncJob]], listed: list[SyncRef[SyncJob]] | None, every: float) -> int:
    """Show each change of syncs until Ctrl-C.

    Of the REFs, those of a file, or without either of all that are found. On a terminal the table of `get` is drawn
    anew in place, the latest changes below it; elsewhere there is a line for each change: of a state, an attempt, an
    event, a blocker. With -o jsonl each change is an object.
    """
    if every <= 0:
        raise click.UsageError("--interval: expected more than nothing.")
    wanted = [*refs, *(listed or ())]
    targets = cli.connection.targets(wanted if wanted or listed is not None else everything(cli).refs)
    if not targets:
        raise click.UsageError("Nothing to watch.")
    watched = _Watched(cli, targets)
    changes = cli.connection.client.watch(targets, interval=every)
    if cli.output.is_live:
        with cli.output.live(watched.drawn, cli.output.out):
            for change in changes:
                watched.note(change)
    else:
        if cli.output.form == "table":
            cli.output.write(line(COLUMNS, watched.widths) + "\n")
        for change in changes:
            watched.tell(change)
    return 0


class _Watched:
    """What is known of the syncs that are watched."""

    def __init__(self, cli: Cli, targets: Sequence[SyncRef[SyncJob]]) -> None:
        self.widths: tuple[int, ...] = widths_for(targets)
        self._output = cli.output
        self._rows: dict[SyncRef[SyncJob], Row] = {ref: Row(ref, "") for ref in targets}
        self._blockers: dict[SyncRef[SyncJob], dict[str, SyncBlocker]] = {ref: {} for ref in targets}
        self._latest: deque[str] = deque(maxlen=LATEST)

    def note(self, change: Change[Any]) -> Row:
        """Note a change. What is given is the row as it is because of it."""
        blockers = self._blockers[change.ref]
        if change.blocker is not None and change.blocker.is_active:
            blockers[change.blocker.id] = change.blocker
        elif change.blocker is not None:
            blockers.pop(change.blocker.id, None)
        if change.after is None:
            blockers.clear()
        row = row_of_change(change, blockers.values())
        # What goes for the sync as a whole is not what this change in particular was about.
        self._rows[change.ref] = row_of_change(_about_the_state(change), blockers.values())
        self._latest.append(f"{datetime.now(UTC):%H:%M:%S}Z  {row.ref}  {row.state}  {row.why}".rstrip())
        return row

    def tell(self, change: Change[Any]) -> None:
        """Print a change."""
        row = self.note(change)
        if self._output.form == "table":
            self._output.write(self._output.row_line(row, self.widths) + "\n")
            return
        self._output.record(
            {
                "time": datetime.now(UTC).isoformat(),
                "what": change.kind,
                **row.data(),
                "event": change.event.model_dump(mode="json") if change.event else None,
                "blocker": change.blocker.model_dump(mode="json") if change.blocker else None,
            }
        )

    def drawn(self) -> RenderableType:
        """The table, and the latest changes."""
        from rich.console import Group
        from rich.text import Text

        console = self._output.out
        # It is drawn in a thread of its own, while changes go on to come in.
        rows, latest = list(self._rows.values()), list(self._latest)
        latest = latest[-max(1, console.height // 3) :]
        harmless = [self._output.harmless(text, LONGEST_LINE) for text in latest]
        lines = [Text(text, no_wrap=True, overflow="crop") for text in harmless]
        return Group(self._output.drawn(rows, console, others=len(latest) + 2), "", *lines)


def _about_the_state(change: Change[Any]) -> Change[Any]:
    from dataclasses import replace

    return replace(change, kind="state", event=None, blocker=None)
