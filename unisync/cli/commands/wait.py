"""wait: until syncs are done, deleted, or have all their resources in sync."""

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
from unisync.cli.exit_codes import EXIT_CODES, Exit, exit_code_for, most_severe
from unisync.cli.hints import hint_for
from unisync.cli.options import Cli, connected, duration_option, file_option, refs_argument, revision_option, writable
from unisync.cli.rows import Row, headline, row_of, row_of_job, widths_for
from unisync.errors import SyncFailedError, UnisyncError

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import RenderableType

    from unisync._models.jobs import SyncJob
    from unisync._models.outcome import Outcome
    from unisync._waiters.arguments import Progress

Condition = Literal["active", "deleted", "resources"]

MAX_EVENTS = 20
"""Events of a failure that are printed: the last ones, which say why."""


@click.command(short_help="Wait until syncs finish.", epilog=EXIT_CODES)
@refs_argument(required=False)
@file_option
@revision_option
@duration_option("--timeout", "15m", "How long to wait; none for no limit.", can_be_none=True)
@click.option(
    "--for",
    "condition",
    type=click.Choice(["active", "deleted", "resources"]),
    default="active",
    show_default=True,
    help="What to wait for: synced, deleted, or a TwinMaker sync job with all its resources in sync.",
)
@click.option(
    "--max-failures",
    metavar="N",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    help="With --for resources: how many resources may fail.",
)
@click.option(
    "--junit", "report", metavar="FILE", type=click.Path(), callback=writable, help="Write a JUnit report to a file."
)
@connected()
def wait(
    cli: Cli,
    refs: list[SyncRef[SyncJob]],
    listed: list[SyncRef[SyncJob]] | None,
    revision: str | None,
    timeout: float | None,
    condition: Condition,
    max_failures: int,
    report: Path | None,
) -> int:
    """Wait until syncs finish; explain any failure.

    With --revision, an older success or failure does not count. Progress goes to stderr, the result to stdout. If the
    wait fails, the last line says what to do next.
    """
    targets = cli.connection.expand([*refs, *(listed or ())])
    if not targets:
        raise click.UsageError("No syncs to wait for: pass a REF, or a --file with some.")
    _check(targets, revision, condition, max_failures)
    view = _View(cli, targets, timeout)
    with view.shown():
        if condition == "active":
            outcomes = cli.connection.client.wait_all(
                targets,
                revision=revision,
                timeout=timeout,
                on_progress=view.progress,
                on_outcome=view.ended,
            )
        else:
            outcomes = _one_by_one(cli, view, condition, max_failures)
    rows = [view.row(outcome) for outcome in outcomes]
    cli.output.rows(rows)
    for row in rows:
        _print_details(cli, row)
    code = most_severe(outcomes)
    github.publish(rows, os.environ, cli.output)
    if report is not None:
        try:
            report.write_text(junit.report(rows, view.elapsed), encoding="utf-8")
        except OSError as error:
            cli.output.echo(f"Could not write {report}: {error}")
            code = code or Exit.ERROR
    worst = next((outcome for outcome in outcomes if exit_code_for(outcome.error) == code), None)
    if worst is not None and worst.error is not None:
        again = [
            *(("--revision", revision) if revision else ()),
            *(("--for", condition) if condition != "active" else ()),
        ]
        cli.output.echo(hint_for(worst.error, cli.connection.settings, worst.ref, again))
    return code


def _check(targets: Sequence[SyncRef[SyncJob]], revision: str | None, condition: Condition, max_failures: int) -> None:
    """Reject options that do not go together."""
    sync_jobs = [ref for ref in targets if isinstance(ref.sync if isinstance(ref, FleetSync) else ref, TwinMakerSync)]
    if revision is not None and condition != "active":
        raise click.UsageError(f"--revision cannot be used with --for {condition}.")
    if revision is not None and len(sync_jobs) == len(targets):
        raise click.UsageError(f"--revision cannot be used: {sync_jobs[0]} does not follow commits.")
    if max_failures and condition != "resources":
        raise click.UsageError("--max-failures requires --for resources.")
    if condition == "resources" and len(sync_jobs) < len(targets):
        other = next(ref for ref in targets if ref not in sync_jobs)
        raise click.UsageError(f"--for resources cannot be used: {other} is not a TwinMaker sync job.")


@dataclass
class _View:
    """The progress of the waits: redrawn in place on a terminal, otherwise a line for each change."""

    cli: Cli
    targets: Sequence[SyncRef[SyncJob]]
    timeout: float | None
    elapsed: dict[SyncRef[SyncJob], float] = field(default_factory=dict[SyncRef["SyncJob"], float])
    """The duration of each wait that has ended, in seconds."""

    def __post_init__(self) -> None:
        self._started_at = self.cli.connection.now()
        self._rows = {ref: Row(ref, "") for ref in self.targets}
        self._notes: dict[SyncRef[SyncJob], str] = {}
        self._is_live = self.cli.output.has_live_progress
        self._widths = widths_for(self.targets)

    @property
    def total_elapsed(self) -> float:
        """Seconds since the waits started."""
        return self.cli.connection.now() - self._started_at

    def shown(self) -> AbstractContextManager[object]:
        """Show the progress while the context lasts."""
        return self.cli.output.live(self._draw, self.cli.output.err) if self._is_live else nullcontext()

    def progress(self, progress: Progress[Any]) -> None:
        """Show a poll that does not end the wait."""
        assert progress.ref is not None
        reason = str(progress.resources or "")
        if progress.error is not None:
            reason = f"the last poll failed: {headline(progress.error)}"
        self._update(row_of_job(progress.job, progress.ref, reason))

    def ended(self, outcome: Outcome[Any], note: str = "") -> None:
        """Show that a wait has ended, with a note for the column REASON if the outcome has none."""
        self.elapsed[outcome.ref] = self.total_elapsed
        self._notes[outcome.ref] = note
        self._update(self.row(outcome))

    def was_seen(self, ref: SyncRef[SyncJob]) -> bool:
        """Whether a poll has returned the sync."""
        return self._rows[ref].job is not None

    def row(self, outcome: Outcome[Any]) -> Row:
        """The row of a wait that has ended."""
        if outcome.error is None and outcome.job is None:
            return Row(outcome.ref, "DELETED", self._notes.get(outcome.ref, ""))
        row = row_of(outcome)
        return replace(row, reason=row.reason or self._notes.get(outcome.ref, ""))

    def _update(self, row: Row) -> None:
        before, self._rows[row.ref] = self._rows[row.ref], row
        is_last = len(self.elapsed) == len(self.targets)  # the final table is printed next
        if not self._is_live and not is_last and row.cells() != before.cells():
            self.cli.output.echo_row(f"{self.total_elapsed:5.0f} s  ", row, self._widths)

    def _draw(self) -> RenderableType:
        from rich.console import Group

        limit = "" if self.timeout is None else f" of {duration(self.timeout)}"
        head = f"{len(self.elapsed)} of {len(self.targets)} done, {duration(self.total_elapsed)}{limit}"
        rows = sorted(self._rows.values(), key=lambda row: row.ref in self.elapsed)
        return Group(head, self.cli.output.live_table(rows, self.cli.output.err, other_lines=2))


def _one_by_one(cli: Cli, view: _View, condition: Condition, max_failures: int) -> list[Outcome[Any]]:
    """Wait for one sync after the other, with one deadline: together they end when the last one does."""
    from unisync._models.outcome import Outcome

    client, outcomes = cli.connection.client, list[Outcome[Any]]()
    for ref in view.targets:
        left = None if view.timeout is None else max(0.0, view.timeout - view.total_elapsed)
        outcome, note = Outcome[Any](ref, None, None), ""
        try:
            if condition == "deleted":
                client.wait_until_deleted(ref, timeout=left, on_progress=view.progress)
                note = "" if view.was_seen(ref) else "it did not exist at the first poll"
            else:
                twin = cast("TwinMakerSync", ref)  # or one in a fleet
                note = str(
                    client.wait_until_resources_synced(
                        twin, max_failures=max_failures, timeout=left, on_progress=view.progress
                    )
                )
                outcome = Outcome(ref, client.get(ref), None)
        except UnisyncError as error:
            outcome = Outcome(ref, getattr(error, "job", None), error)
        view.ended(outcome, note)
        outcomes.append(outcome)
    return outcomes


def _print_details(cli: Cli, row: Row) -> None:
    """Print what the row of a failed wait does not say: the whole message, the events, the failed resources."""
    error = row.error
    if error is None or str(error) == row.reason:
        return
    cli.output.echo(headline(error))
    if not isinstance(error, SyncFailedError):
        return
    attempts = row.job.attempts if row.job is not None else ()
    events = attempts[-1].events if attempts else ()
    if len(events) > MAX_EVENTS:
        cli.output.echo(f"({len(events) - MAX_EVENTS} earlier events are not shown)", indent=2)
    for event in events[-MAX_EVENTS:]:
        cli.output.echo(f"{in_utc(event.time)} {event.type}: {event.event}", indent=2)
    for resource in error.resources.failed[:MAX_EVENTS] if error.resources else ():
        cli.output.echo(f"{resource.resource_type} {resource.external_id}: {resource.status.error}", indent=2)
