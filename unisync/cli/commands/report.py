"""report: an HTML page about syncs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from unisync.cli.fetching import Reading, exit_code, fetch, select
from unisync.cli.options import REFS_FILE, Cli, Command, Listed, connected, file_option, refs_argument, writable
from unisync.cli.rows import account_of
from unisync.errors import UnisyncError

if TYPE_CHECKING:
    from unisync._models.jobs import GitSyncJob, SyncJob
    from unisync._models.refs import SyncRef
    from unisync._render.report import ReportEntry

_CALLER = re.compile(r"\barn:[\w-]+:(?:iam|sts)::(\d{12}):")

MAX_EXPLAINED = 20
"""Syncs that are explained: each takes up to nine calls."""
EXPLAIN_TIMEOUT = 20.0
"""Seconds for the reads of each explanation."""


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
@click.option(
    "--explain/--no-explain",
    default=True,
    show_default=True,
    help=f"Explain the first {MAX_EXPLAINED} syncs that failed, are blocked or lag, as the command explain does.",
)
@connected(forms=())
def report(
    cli: Cli, refs: list[SyncRef[SyncJob]], listed: list[Listed] | None, target: Path, title: str, explain: bool
) -> int:
    """Write an HTML report about syncs.

    Reports on the REFs and those of a file; without either, on all syncs that are found. It shows each sync's attempts
    and events on a timeline, its commits, its blockers, what failed and why. What needs you comes first; what is synced
    is folded. The page is one file that loads nothing and runs no script.
    """
    from unisync._render.report import report as page

    selection = select(cli, refs, listed)
    readings = fetch(cli, selection.refs)
    with cli.output.busy("Reading events..."):
        entries = [_entry(cli, reading) for reading in readings]
    warnings = list(selection.warnings)
    if explain:
        entries, left_out = _explained(cli, entries)
        if left_out:
            count = f"{left_out} more sync{'s are' if left_out > 1 else ' is'} not explained"
            warnings.append(f"{count}: only the first {MAX_EXPLAINED} are. See unisync explain REF.")
            cli.output.echo(warnings[-1])
    entries = _located(cli, entries)
    text = page(entries, as_of=cli.connection.date(), title=title, warnings=warnings)
    if str(target) == "-":
        cli.output.write(text)
    else:
        try:
            target.write_text(text, encoding="utf-8")
        except OSError as error:
            raise click.FileError(str(target), error.strerror or str(error)) from error
        if not cli.output.quiet:
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


def _explained(cli: Cli, entries: Sequence[ReportEntry]) -> tuple[list[ReportEntry], int]:
    """The entries, with explanations of those that are not synced; and how many of these were left out."""
    needing = [index for index, entry in enumerate(entries) if _needs_explanation(entry)]
    found = list(entries)
    for number, index in enumerate(needing[:MAX_EXPLAINED], 1):
        with cli.output.busy(f"Explaining {number} of {min(len(needing), MAX_EXPLAINED)}..."):
            found[index] = _explain(cli, entries[index])
    return found, max(len(needing) - MAX_EXPLAINED, 0)


def _located(cli: Cli, entries: Sequence[ReportEntry]) -> list[ReportEntry]:
    """The entries with their accounts and regions, as far as what was read for the report says them."""
    places = [cli.connection.location_of(entry.outcome.ref) for entry in entries]
    pairs = list(zip(entries, places, strict=True))
    identified = {place: account for entry, place in pairs if (account := _identified(entry)) is not None}
    found: list[ReportEntry] = []
    for entry, place in pairs:
        account, region = place
        if account is None or not account.isdigit():  # in a fleet, it may be the name of a session
            account = account_of(entry.outcome.job) or identified.get(place) or account
        found.append(replace(entry, account=account, region=region))
    return found


def _identified(entry: ReportEntry) -> str | None:
    """The account of the caller, from the explanation's check of who that is."""
    check = entry.explanation.check("identity") if entry.explanation else None
    found = _CALLER.search(check.message) if check is not None and check.status == "ok" else None
    return found[1] if found else None


def _needs_explanation(entry: ReportEntry) -> bool:
    """Whether a sync failed, is blocked or lags."""
    from unisync._render.metrics import lags
    from unisync._render.summary import summarize

    job = entry.outcome.job
    return job is not None and (summarize(entry.outcome, entry.resources).state in ("FAILED", "BLOCKED") or lags(job))


def _explain(cli: Cli, entry: ReportEntry) -> ReportEntry:
    client, ref = cli.connection.single(entry.outcome.ref)
    try:
        return replace(entry, explanation=client.explain(ref, timeout=EXPLAIN_TIMEOUT))
    except UnisyncError as error:
        return replace(entry, notes=(*entry.notes, f"the explanation could not be read: {error}"))
