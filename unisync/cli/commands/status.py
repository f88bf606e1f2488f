"""status: the state of all syncs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, cast

import click

from unisync._models.text import in_utc
from unisync._render.metrics import SERVICES, STATES, lag_start, lags, measure, service_of
from unisync._render.summary import summarize
from unisync.cli.exit_codes import EXIT_CODES, Exit, most_severe
from unisync.cli.fetching import Reading, exit_code, fetch, print_readings, select
from unisync.cli.options import REFS_FILE, Cli, Command, Listed, connected, duration_option, file_option
from unisync.cli.output import STATUS_FORMS
from unisync.errors import UnisyncError

if TYPE_CHECKING:
    from unisync._models.jobs import GitSyncJob, SyncJob
    from unisync._models.refs import SyncRef

    _Lagging = Mapping[SyncRef[SyncJob], datetime | None]

_CODES = {"FAILED": Exit.FAILED, "BLOCKED": Exit.BLOCKED}


@click.command(
    cls=Command,
    epilog=EXIT_CODES,
    examples=(
        "status --state FAILED --state BLOCKED",
        "status --service codeconnections --exit-code --max-lag 1h",
    ),
)
@file_option(REFS_FILE)
@click.option(
    "--service",
    "services",
    type=click.Choice(SERVICES),
    multiple=True,
    help="Show only the syncs of a service; repeatable.",
)
@click.option(
    "--state", "states", type=click.Choice(STATES), multiple=True, help="Show only syncs in a state; repeatable."
)
@click.option(
    "--exit-code",
    "is_checked",
    is_flag=True,
    help="Exit with 3 if a sync failed, and with 4 if one is blocked; one in progress counts as 0.",
)
@duration_option(
    "--max-lag", None, "Like --exit-code, and exit with 7 if a desired commit has not been live for longer than this."
)
@connected(forms=STATUS_FORMS)
def status(
    cli: Cli,
    listed: list[Listed] | None,
    services: Sequence[str],
    states: Sequence[str],
    is_checked: bool,
    max_lag: float | None,
) -> int:
    """Show the state of all syncs.

    Finds every sync in the account and region, or reads those of a file. If a service cannot be searched, for example
    because access is denied, the error goes to stderr and the other syncs are still shown. With --exit-code, such a
    search is an error: syncs may be missing.

    With -o openmetrics, prints metrics for Prometheus: the state, the lag, the latest success and the number of
    blockers of each sync.
    """
    selection = select(cli, (), listed, services or None)
    refs = [ref for ref in selection.refs if not services or service_of(ref) in services]
    readings = fetch(cli, refs)
    if states:
        readings = [reading for reading in readings if _state(reading) in states]
    lagging: _Lagging = {}
    if max_lag is not None or cli.output.form == "openmetrics":
        lagging = _lagging(cli, readings)
    if cli.output.form == "openmetrics":
        _print_metrics(cli, readings, lagging, len(selection.warnings))
    else:
        print_readings(cli, readings)
    code = exit_code(cli, readings, selection)
    if not is_checked and max_lag is None:
        return code
    codes = [code, *(_CODES.get(_state(reading), Exit.SYNCED) for reading in readings)]
    if selection.warnings:
        codes.append(Exit.ERROR)
    if max_lag is not None:
        limit = timedelta(seconds=max_lag)
        codes += [Exit.LAGGING for ref, since in lagging.items() if _lags_longer(cli, ref, since, limit)]
    return most_severe(codes)


def _state(reading: Reading) -> str:
    return summarize(reading.outcome, reading.resources).state


def _print_metrics(cli: Cli, readings: Sequence[Reading], lagging: _Lagging, search_errors: int) -> None:
    from unisync._render.openmetrics import openmetrics

    at = cli.connection.date()
    syncs = [
        measure(
            outcome,
            at,
            lag_start=lagging.get(outcome.ref),
            resources=resources,
            region=cli.connection.location_of(outcome.ref)[1],
        )
        for outcome, resources, _ in readings
    ]
    cli.output.write(openmetrics(syncs, search_errors))


def _lagging(cli: Cli, readings: Sequence[Reading]) -> _Lagging:
    """The syncs whose desired commit is not live, and since when, at least; None if it is not known since when."""
    jobs = [(reading.outcome.ref, reading.outcome.job) for reading in readings]
    return {ref: _lag_start(cli, ref, job) for ref, job in jobs if job is not None and lags(job)}


def _lag_start(cli: Cli, ref: SyncRef[SyncJob], job: SyncJob) -> datetime | None:
    """The start of the attempt to sync the desired commit, or of the branch's sync if there is none."""
    since = lag_start(job)
    if since is not None or job.desired_revision is None:
        return since
    client, sync = cli.connection.single(ref)
    try:
        branch = client.repository_status(cast("SyncRef[GitSyncJob]", sync))
    except UnisyncError as error:
        cli.output.echo_message(f"{ref}: the branch could not be read: {error}")
        return None
    return None if branch is None else branch.started_at


def _lags_longer(cli: Cli, ref: SyncRef[SyncJob], since: datetime | None, limit: timedelta) -> bool:
    """Whether a sync has lagged for longer than a limit; says since when."""
    if since is None:
        cli.output.echo(f"{ref} is not synced, and it is not known since when.")
        return False
    if cli.connection.date() - since <= limit:
        return False
    cli.output.echo(f"{ref} has not been synced since {in_utc(since)}, or for longer.")
    return True
