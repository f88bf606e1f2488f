"""watch: every change of syncs, until it is interrupted."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from unisync._render.symbols import symbol_of, urgency
from unisync.cli.fetching import select
from unisync.cli.options import (
    REFS_FILE,
    Cli,
    Command,
    Listed,
    connected,
    duration_option,
    file_option,
    refs_argument,
)
from unisync.cli.rows import COLUMNS, Row, iso, row_of_change, widths_for
from unisync.cli.tables import INDENT, cropped, joined_line, shortened

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType
    from rich.text import Text

    from unisync._models.blockers import SyncBlocker
    from unisync._models.jobs import SyncJob
    from unisync._models.refs import SyncRef
    from unisync._models.resources import SyncResourceSummary
    from unisync._waiters.watcher import Change

MAX_CHANGES = 8
"""Changes below a live table."""
MAX_REASON = 500
"""Characters of the text of one of them."""
MAX_REASON_LINES = 2
"""Lines of that text, if it does not fit beside the sync."""


@click.command(
    cls=Command, examples=("watch codeconnections:payments-prod", "watch --interval 30s -o jsonl >changes.jsonl")
)
@refs_argument(required=False)
@file_option(REFS_FILE)
@duration_option("--interval", "5s", "Time between two polls of a sync.", above_zero=True)
@connected(forms=("table", "jsonl"))
def watch(cli: Cli, refs: list[SyncRef[SyncJob]], listed: list[Listed] | None, interval: float) -> int:
    """Show every change of syncs until Ctrl-C.

    Watches the REFs and those of a file; without either, all syncs that are found. A change is a new state, attempt or
    event, a blocker that is created or resolved, or a change of the failed resources of a TwinMaker sync job. On a
    terminal, the table of `get` is redrawn, with the latest changes below it. Elsewhere, a change is a line;
    an event that only repeats the reason of the failed state before it is left out. With -o jsonl, each change is an
    object; its time is AWS's if AWS gives one, otherwise the time of the poll.
    """
    targets = cli.connection.expand(select(cli, refs, listed).refs)
    if not targets:
        raise click.UsageError("No syncs to watch.")
    view = _View(cli, targets)
    changes = cli.connection.client.watch(targets, interval=interval)
    if cli.output.is_live:
        with cli.output.live(view.draw, cli.output.out):
            for change in changes:
                view.add(change)
    else:
        if cli.output.form == "table":
            cli.output.write(joined_line(COLUMNS, view.widths) + "\n")
        for change in changes:
            view.print(change)
    return 0


class _View:
    """The current rows of the watched syncs, and the latest changes."""

    def __init__(self, cli: Cli, targets: Sequence[SyncRef[SyncJob]]) -> None:
        self.widths: tuple[int, ...] = widths_for(targets)
        self._output = cli.output
        self._now = cli.connection.date
        self._rows: dict[SyncRef[SyncJob], Row] = {ref: Row(ref, "") for ref in targets}
        self._blockers: dict[SyncRef[SyncJob], dict[str, SyncBlocker]] = {ref: {} for ref in targets}
        self._given: dict[SyncRef[SyncJob], str] = {}
        """The reason of the latest change of state; the event that gave it follows."""
        self._resources: dict[SyncRef[SyncJob], SyncResourceSummary] = {}
        self._latest: deque[tuple[datetime, Row]] = deque(maxlen=MAX_CHANGES)

    def add(self, change: Change[Any]) -> Row | None:
        """Store a change, and return its row; None if it only repeats the reason of the sync's state."""
        blockers = self._blockers[change.ref]
        if change.blocker is not None and change.blocker.is_active:
            blockers[change.blocker.id] = change.blocker
        elif change.blocker is not None:
            blockers.pop(change.blocker.id, None)
        if change.resources is not None:
            self._resources[change.ref] = change.resources
        if change.after is None:
            blockers.clear()
            self._resources.pop(change.ref, None)
        resources = self._resources.get(change.ref)
        # In the table, the reason is that of the sync's state, not this event or blocker.
        state_change = replace(change, kind="state", event=None, blocker=None)
        self._rows[change.ref] = row_of_change(state_change, blockers.values(), resources)
        time = change.time or self._now()
        row = row_of_change(change, blockers.values(), resources)
        if change.kind == "state":
            self._given[change.ref] = row.reason
        elif change.kind == "event" and self._given.get(change.ref) == row.reason:
            del self._given[change.ref]  # another attempt may fail for the same reason
            return None
        self._latest.append((time, row))
        return row

    def print(self, change: Change[Any]) -> None:
        """Print a change."""
        row = self.add(change)
        if self._output.form == "table":
            if row is not None:
                self._output.write(self._output.row_line(row, self.widths) + "\n")
            return
        row = row or self._rows[change.ref]
        self._output.record(
            {
                "time": iso(change.time or self._now()),
                "kind": change.kind,
                **self._output.row_data(row),
                "event": change.event.model_dump(mode="json") if change.event else None,
                "blocker": change.blocker.model_dump(mode="json") if change.blocker else None,
                "resources": change.resources.model_dump(mode="json") if change.resources else None,
            }
        )

    def draw(self) -> RenderableType:
        """The table, and the latest changes."""
        from rich.console import Group

        console = self._output.out
        # Copies: this runs in a thread of its own, while changes are added.
        rows, latest = sorted(self._rows.values(), key=lambda row: urgency(row.state)), list(self._latest)
        room = max(1, console.height // 3)
        lines: list[Text] = []
        for time, row in reversed(latest):
            change = self._change(time, row, console.width)
            if lines and len(lines) + len(change) > room:
                break
            lines = [*change[:room], *lines]
        return Group(self._output.live_table(rows, console, other_lines=len(lines) + 2), "", *lines)

    def _change(self, time: datetime, row: Row, width: int) -> list[Text]:
        """The lines of a change: its text is beside the sync if it fits, and below it otherwise."""
        from rich.cells import cell_len
        from rich.text import Text

        unicode, symbol = self._output.has_unicode, symbol_of(row.state)
        date, state = (
            f"{time.astimezone(UTC):%H:%M:%S}Z ",
            f"{symbol.icon if unicode else symbol.ascii_icon} {row.state}",
        )
        name = shortened(str(row.ref), max(1, width - len(date) - len(state) - 1), unicode)
        head = Text(no_wrap=True, overflow="crop").append(date).append(state, symbol.colour).append(f" {name}")
        reason = self._output.sanitize(row.reason, MAX_REASON)
        if not reason or head.cell_len + 1 + cell_len(reason) <= width:
            return [head.append(f" {reason}" if reason else "", "dim")]
        below = cropped(reason, max(1, width - INDENT), MAX_REASON_LINES, unicode)
        return [head, *(Text(f"{' ' * INDENT}{line}", "dim", no_wrap=True, overflow="crop") for line in below)]
