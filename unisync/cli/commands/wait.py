"""wait: until syncs are in place, gone, or have all their resources in sync."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, cast

import click

from unisync._models.refs import FleetSync, SyncRef, TwinMakerSync
from unisync._models.text import duration, in_utc
from unisync.cli import github, junit
from unisync.cli.exit_codes import EXIT_CODES, Exit, exit_of, gravest
from unisync.cli.hints import advice_for
from unisync.cli.options import Cli, connected, duration_option, file_option, refs_argument, revision_option, writable
from unisync.cli.rows import Row, headline, row_of, row_of_job, widths_for
from unisync.errors import SyncFailedError, UnisyncError

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import RenderableType

    from unisync._models.jobs import SyncJob
    from unisync._models.outcome import Outcome
    from unisync._waiters.arguments import Progress

Aim = Literal["active", "deleted", "resources"]

EVENTS = 20
"""How many events are told of a failure; the last of them say why."""


@click.command(short_help="Wait until syncs are in place.", epilog=EXIT_CODES)
@refs_argument(required=False)
@file_option
@revision_option
@duration_option("--timeout", "15m", "How long to wait at the most; none for no limit.", can_be_none=True)
@click.option(
    "--for",
    "condition",
    type=click.Choice(["active", "deleted", "resources"]),
    default="active",
    show_default=True,
    help="What is waited for: in place, gone, or a TwinMaker sync job with all its resources in sync.",
)
@click.option(
    "--max-failures",
    metavar="N",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    help="With --for resources: how many failed resources are put up with.",
)
@click.option(
    "--junit", "report", metavar="FILE", type=click.Path(), callback=writable, help="A file to write a JUnit report to."
)
@connected()
def wait(
    cli: Cli,
    refs: list[SyncRef[SyncJob]],
    listed: list[SyncRef[SyncJob]] | None,
    revision: str | None,
    timeout: float | None,
    condition: Aim,
    max_failures: int,
    report: Path | None,
) -> int:
    """Wait until syncs are in place, and say why if they cannot come to be.

    With --revision, an older success does not count, and an older failure is not yours. How it goes is told on stderr,
    how it ended on stdout. The last line of a wait that failed says what to do next.
    """
    targets = cli.connection.targets([*refs, *(listed or ())])
    if not targets:
        raise click.UsageError("Nothing to wait for: give a REF, or a --file with some.")
    _check(targets, revision, condition, max_failures)
    waits = _Waits(cli, targets, timeout)
    with waits.shown():
        if condition == "active":
            outcomes = cli.connection.client.wait_all(
                targets,
                revision=revision,
                timeout=timeout,
                on_progress=waits.progress,
                on_outcome=waits.ended,
            )
        else:
            outcomes = _one_by_one(cli, waits, condition, max_failures)
    rows = [waits.row(outcome) for outcome in outcomes]
    cli.output.rows(rows)
    for row in rows:
        _explain(cli, row)
    code = gravest(outcomes)
    github.tell(rows, os.environ, cli.output)
    if report is not None:
        try:
            report.write_text(junit.report(rows, waits.elapsed), encoding="utf-8")
        except OSError as error:
            cli.output.say(f"{report} could not be written: {error}")
            code = code or Exit.ERROR
    last = next((outcome for outcome in outcomes if exit_of(outcome.error) == code), None)
    if last is not None and last.error is not None:
        again = [
            *(("--revision", revision) if revision else ()),
            *(("--for", condition) if condition != "active" else ()),
        ]
        cli.output.say(advice_for(last.error, cli.connection.settings, last.ref, again))
    return code


def _check(targets: Sequence[SyncRef[SyncJob]], revision: str | None, condition: Aim, max_failures: int) -> None:
    """Refuse what a wait cannot be for."""
    twins = [ref for ref in targets if isinstance(ref.sync if isinstance(ref, FleetSync) else ref, TwinMakerSync)]
    if revision is not None and condition != "active":
        raise click.UsageError(f"--revision goes with --for active, not with --for {condition}.")
    if revision is not None and len(twins) == len(targets):
        raise click.UsageError(f"--revision: {twins[0]} follows no commits.")
    if max_failures and condition != "resources":
        raise click.UsageError("--max-failures goes with --for resources.")
    if condition == "resources" and len(twins) < len(targets):
        other = next(ref for ref in targets if ref not in twins)
        raise click.UsageError(f"--for resources: {other} is no TwinMaker sync job, and has none.")


@dataclass
class _Waits:
    """The waits of a command, and how they go."""

    cli: Cli
    targets: Sequence[SyncRef[SyncJob]]
    timeout: float | None
    elapsed: dict[SyncRef[SyncJob], float] = field(default_factory=dict[SyncRef["SyncJob"], float])
    """How long each took, in seconds."""

    def __post_init__(self) -> None:
        self._began = self.cli.connection.now()
        self._rows = {ref: Row(ref, "") for ref in self.targets}
        self._notes: dict[SyncRef[SyncJob], str] = {}
        self._is_live = self.cli.output.has_live_progress
        self._widths = widths_for(self.targets)

    @property
    def so_far(self) -> float:
        """Seconds since the waits began."""
        return self.cli.connection.now() - self._began

    def shown(self) -> AbstractContextManager[object]:
        """Show how they go: drawn anew in place on a terminal, else by a line for each change."""
        return self.cli.output.live(self._drawn, self.cli.output.err) if self._is_live else nullcontext()

    def progress(self, told: Progress[Any]) -> None:
        """Note a look that another follows."""
        assert told.ref is not None
        why = str(told.resources or "")
        if told.error is not None:
            why = f"the last look failed: {headline(told.error)}"
        self._note(row_of_job(told.job, told.ref, why))

    def ended(self, outcome: Outcome[Any], note: str = "") -> None:
        """Note an end; it may say more than its outcome."""
        self.elapsed[outcome.ref] = self.so_far
        self._notes[outcome.ref] = note
        self._note(self.row(outcome))

    def has_seen(self, ref: SyncRef[SyncJob]) -> bool:
        """Whether a look has shown it."""
        return self._rows[ref].job is not None

    def row(self, outcome: Outcome[Any]) -> Row:
        """What is shown of an end."""
        if outcome.error is None and outcome.job is None:
            return Row(outcome.ref, "DELETED", self._notes.get(outcome.ref, ""))
        row = row_of(outcome)
        return replace(row, why=row.why or self._notes.get(outcome.ref, ""))

    def _note(self, row: Row) -> None:
        before, self._rows[row.ref] = self._rows[row.ref], row
        is_last = len(self.elapsed) == len(self.targets)  # how all of them ended is printed next
        if not self._is_live and not is_last and row.cells() != before.cells():
            self.cli.output.say_row(f"{self.so_far:5.0f} s  ", row, self._widths)

    def _drawn(self) -> RenderableType:
        from rich.console import Group

        over, total = len(self.elapsed), len(self.targets)
        limit = "" if self.timeout is None else f" of {duration(self.timeout)}"
        head = f"{over} of {total} over, {duration(self.so_far)}{limit}"
        rows = sorted(self._rows.values(), key=lambda row: row.ref in self.elapsed)
        return Group(head, self.cli.output.drawn(rows, self.cli.output.err, others=2))


def _one_by_one(cli: Cli, waits: _Waits, condition: Aim, max_failures: int) -> list[Outcome[Any]]:
    """Wait for one after the other, all to the same deadline: the last to end is when all have."""
    from unisync._models.outcome import Outcome

    client, outcomes = cli.connection.client, list[Outcome[Any]]()
    for ref in waits.targets:
        left = None if waits.timeout is None else max(0.0, waits.timeout - waits.so_far)
        outcome, note = Outcome[Any](ref, None, None), ""
        try:
            if condition == "deleted":
                client.wait_until_deleted(ref, timeout=left, on_progress=waits.progress)
                note = "" if waits.has_seen(ref) else "it was not there at the first look"
            else:
                twin = cast("TwinMakerSync", ref)  # or that of a fleet
                note = str(
                    client.wait_until_resources_synced(
                        twin, max_failures=max_failures, timeout=left, on_progress=waits.progress
                    )
                )
                outcome = Outcome(ref, client.get(ref), None)
        except UnisyncError as error:
            outcome = Outcome(ref, getattr(error, "job", None), error)
        waits.ended(outcome, note)
        outcomes.append(outcome)
    return outcomes


def _explain(cli: Cli, row: Row) -> None:
    """Say of why a wait failed what its row does not."""
    error = row.error
    if error is None or str(error) == row.why:
        return
    cli.output.say(headline(error))
    if not isinstance(error, SyncFailedError):
        return
    attempts = row.job.attempts if row.job is not None else ()
    events = attempts[-1].events if attempts else ()
    if len(events) > EVENTS:
        cli.output.say(f"({len(events) - EVENTS} earlier events are left out)", indent=2)
    for event in events[-EVENTS:]:
        cli.output.say(f"{in_utc(event.time)}  {event.type}: {event.event}", indent=2)
    for resource in error.resources.failed[:EVENTS] if error.resources else ():
        cli.output.say(f"{resource.resource_type} {resource.external_id}: {resource.status.error}", indent=2)
