"""report: an HTML page about syncs."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from unisync._models.refs import TwinMakerSync
from unisync.cli.fetching import exit_code, fetch, select
from unisync.cli.options import Cli, connected, file_option, refs_argument, writable
from unisync.errors import UnisyncError

if TYPE_CHECKING:
    from unisync._models.jobs import GitSyncJob, SyncJob
    from unisync._models.outcome import Outcome
    from unisync._models.refs import SyncRef
    from unisync._render.report import ReportEntry


@click.command()
@refs_argument(required=False)
@file_option
@click.option(
    "--output",
    "-o",
    "target",
    metavar="FILE",
    type=click.Path(),
    callback=writable,
    required=True,
    help="File to write; - is stdout.",
)
@click.option("--title", metavar="TEXT", default="Syncs", show_default=True, help="Title of the page.")
@connected(forms=())
def report(
    cli: Cli, refs: list[SyncRef[SyncJob]], listed: list[SyncRef[SyncJob]] | None, target: Path, title: str
) -> int:
    """Write an HTML report about syncs.

    Reports on the REFs and those of a file; without either, on all syncs that are found. It shows each sync's attempts
    and events on a timeline, its commits, its blockers, what failed and why. The page is one file that loads nothing.
    """
    from unisync._render.report import report as page

    selection = select(cli, refs, listed)
    outcomes = fetch(cli, selection.refs)
    with cli.output.busy("Reading events..."):
        entries = [_entry(cli, outcome) for outcome in outcomes]
    text = page(entries, as_of=datetime.now(UTC), title=title, warnings=selection.warnings)
    if str(target) == "-":
        cli.output.write(text)
    else:
        try:
            target.write_text(text, encoding="utf-8")
        except OSError as error:
            raise click.FileError(str(target), error.strerror or str(error)) from error
        cli.output.echo(f"Wrote {target}: {len(outcomes)} sync{'s' * (len(outcomes) != 1)}.")
    return exit_code(cli, outcomes, selection)


def _entry(cli: Cli, outcome: Outcome[SyncJob]) -> ReportEntry:
    """The report's entry of a sync. What cannot be read becomes a note in it."""
    from unisync._render.report import ReportEntry

    if outcome.job is None:
        return ReportEntry(outcome)
    client, ref = cli.connection.single(outcome.ref)
    found: dict[str, Any] = {}
    notes: tuple[str, ...] = ()
    try:
        if isinstance(ref, TwinMakerSync):
            found["resources"] = client.twinmaker.summarize_sync_resources(ref.workspace_id, ref.sync_source)
        else:
            found["repository"] = client.repository_status(cast("SyncRef[GitSyncJob]", ref))
    except UnisyncError as error:
        notes = (str(error),)
    return ReportEntry(outcome, notes=notes, **found)
