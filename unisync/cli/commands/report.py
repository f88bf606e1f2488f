"""report: an HTML page about syncs."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from unisync.cli.fetching import Reading, exit_code, fetch, select
from unisync.cli.options import REFS_FILE, Cli, Command, Listed, connected, file_option, refs_argument, writable
from unisync.errors import UnisyncError

if TYPE_CHECKING:
    from unisync._models.jobs import GitSyncJob, SyncJob
    from unisync._models.refs import SyncRef
    from unisync._render.report import ReportEntry


@click.command(
    cls=Command,
    examples=(
        "report --to syncs.html",
        'report codeconnections:payments-prod twinmaker:factory --title "Release 7" --to release.html',
    ),
)
@refs_argument(required=False)
@file_option(REFS_FILE)
@click.option(
    "--to",
    "target",
    metavar="FILE",
    type=click.Path(),
    callback=writable,
    required=True,
    help="File to write; - is stdout.",
)
@click.option("--title", metavar="TEXT", default="Syncs", show_default=True, help="Title of the page.")
@connected(forms=())
def report(cli: Cli, refs: list[SyncRef[SyncJob]], listed: list[Listed] | None, target: Path, title: str) -> int:
    """Write an HTML report about syncs.

    Reports on the REFs and those of a file; without either, on all syncs that are found. It shows each sync's attempts
    and events on a timeline, its commits, its blockers, what failed and why. The page is one file that loads nothing.
    """
    from unisync._render.report import report as page

    selection = select(cli, refs, listed)
    readings = fetch(cli, selection.refs)
    with cli.output.busy("Reading events..."):
        entries = [_entry(cli, reading) for reading in readings]
    text = page(entries, as_of=datetime.now(UTC), title=title, warnings=selection.warnings)
    if str(target) == "-":
        cli.output.write(text)
    else:
        try:
            target.write_text(text, encoding="utf-8")
        except OSError as error:
            raise click.FileError(str(target), error.strerror or str(error)) from error
        cli.output.echo(f"Wrote {target}: {len(entries)} sync{'s' * (len(entries) != 1)}.")
    return exit_code(cli, readings, selection)


def _entry(cli: Cli, reading: Reading) -> ReportEntry:
    """The report's entry of a sync. What cannot be read becomes a note in it."""
    from unisync._models.jobs import GitSyncJob
    from unisync._render.report import ReportEntry

    outcome, resources, notes = reading
    branch = None
    if isinstance(outcome.job, GitSyncJob):
        client, ref = cli.connection.single(outcome.ref)
        try:
            branch = client.repository_status(cast("SyncRef[GitSyncJob]", ref))
        except UnisyncError as error:
            notes += (f"the branch could not be read: {error}",)
    return ReportEntry(outcome, branch, resources, notes)
