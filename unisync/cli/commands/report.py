"""report: a page that shows how syncs stand and how they came to."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from unisync._models.refs import TwinMakerSync
from unisync.cli.commands.status import Found, ended, everything, looked
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
    help="Where the page goes; - is stdout.",
)
@click.option("--title", metavar="TEXT", default="Syncs", show_default=True, help="What stands on top of it.")
@connected(forms=())
def report(
    cli: Cli, refs: list[SyncRef[SyncJob]], listed: list[SyncRef[SyncJob]] | None, target: Path, title: str
) -> int:
    """Write a page that shows how syncs stand.

    Of the REFs, those of a file, or without either of all that are found: the timeline of attempts and events, the
    revisions, the blockers, what failed and why. One HTML file that needs nothing else, to attach, to print or to keep.
    """
    from unisync._render.report import report as page

    wanted = [*refs, *(listed or ())]
    found = Found(wanted) if wanted or listed is not None else everything(cli)
    outcomes = looked(cli, found.refs)
    with cli.output.busy("Reading what happened..."):
        entries = [_entry(cli, outcome) for outcome in outcomes]
    text = page(entries, as_of=datetime.now(UTC), title=title, warnings=found.unseen)
    if str(target) == "-":
        cli.output.write(text)
    else:
        try:
            target.write_text(text, encoding="utf-8")
        except OSError as error:
            raise click.FileError(str(target), error.strerror or str(error)) from error
        cli.output.say(f"Wrote {target}: {len(outcomes)} sync{'s' * (len(outcomes) != 1)}.")
    return ended(cli, outcomes, found)


def _entry(cli: Cli, outcome: Outcome[SyncJob]) -> ReportEntry:
    """What came of a look, and what else is told of it. What cannot be read is noted on the page."""
    from unisync._render.report import ReportEntry

    if outcome.job is None:
        return ReportEntry(outcome)
    client, ref = cli.connection.alone(outcome.ref)
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
