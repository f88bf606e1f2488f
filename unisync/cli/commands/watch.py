"""watch: every change of syncs, until it is interrupted."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

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
from unisync.cli.tables import joined_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType

    from unisync._models.blockers import SyncBlocker
    from unisync._models.jobs import SyncJob
    from unisync._models.refs import SyncRef
    from unisync._waiters.watcher import Change

MAX_CHANGES = 8
"""Changes below a live table."""
MAX_LINE = 500
"""Characters of one of them."""


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
    event, or a blocker that is created or resolved. On a terminal, the table of `get` is updated in place, with the
    latest changes below it. Elsewhere, each change is a line; with -o jsonl, an object.
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
        self._rows: dict[SyncRef[SyncJob], Row] = {ref: Row(ref, "") for ref in targets}
        self._blockers: dict[SyncRef[SyncJob], dict[str, SyncBlocker]] = {ref: {} for ref in targets}
        self._latest: deque[str] = deque(maxlen=MAX_CHANGES)

    def add(self, change: Change[Any]) -> Row:
        """Store a change, and return its row."""
        blockers = self._blockers[change.ref]
        if change.blocker is not None and change.blocker.is_active:
            blockers[change.blocker.id] = change.blocker
        elif change.blocker is not None:
            blockers.pop(change.blocker.id, None)
        if change.after is None:
            blockers.clear()
        row = row_of_change(change, blockers.values())
        # In the table, the reason is that of the sync's state, not this event or blocker.
        state_change = replace(change, kind="state", event=None, blocker=None)
        self._rows[change.ref] = row_of_change(state_change, blockers.values())
        self._latest.append(f"{datetime.now(UTC):%H:%M:%S}Z {row.ref} {row.state} {row.reason}".rstrip())
        return row

    def print(self, change: Change[Any]) -> None:
        """Print a change."""
        row = self.add(change)
        if self._output.form == "table":
            self._output.write(self._output.row_line(row, self.widths) + "\n")
            return
        self._output.record(
            {
                "time": iso(datetime.now(UTC)),
                "kind": change.kind,
                **self._output.row_data(row),
                "event": change.event.model_dump(mode="json") if change.event else None,
                "blocker": change.blocker.model_dump(mode="json") if change.blocker else None,
            }
        )

    def draw(self) -> RenderableType:
        """The table, and the latest changes."""
        from rich.console import Group
        from rich.text import Text

        console = self._output.out
        # Copies: this runs in a thread of its own, while changes are added.
        rows, latest = list(self._rows.values()), list(self._latest)
        latest = latest[-max(1, console.height // 3) :]
        clean = [self._output.sanitize(text, MAX_LINE) for text in latest]
        lines = [
            Text(text, no_wrap=True, overflow="ellipsis" if self._output.has_unicode else "crop") for text in clean
        ]
        return Group(self._output.live_table(rows, console, other_lines=len(latest) + 2), "", *lines)
