"""status: the state of all syncs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, cast

import click

from unisync._models.refs import FleetSync
from unisync._models.text import in_utc
from unisync._render.summary import summarize
from unisync._render.symbols import SYMBOLS
from unisync.cli.exit_codes import EXIT_CODES, Exit, most_severe
from unisync.cli.fetching import Reading, exit_code, fetch, print_readings, select
from unisync.cli.options import REFS_FILE, Cli, Command, Listed, connected, duration_option, file_option
from unisync.cli.output import ROW_FORMS
from unisync.errors import UnisyncError

if TYPE_CHECKING:
    from unisync._models.jobs import GitSyncJob, SyncJob
    from unisync._models.refs import SyncRef

_SERVICES = {
    "twinmaker": "twinmaker",
    "proton": "proton",
    "proton-template": "proton",
    "codeconnections": "codeconnections",
}
"""The services, by the prefix of a reference."""
_STATES = [state for state in SYMBOLS if state not in ("SUPERSEDED", "TIMED_OUT", "DELETED")]
"""The states that a sync can be in; the others are results of waits."""
_CODES = {"FAILED": Exit.FAILED, "BLOCKED": Exit.BLOCKED}


@click.command(
    cls=Command,
    epilog=EXIT_CODES,
    examples=("status --state FAILED --state BLOCKED", "status --service codeconnections --exit-code --max-lag 1h"),
)
@file_option(REFS_FILE)
@click.option(
    "--service",
    "services",
    type=click.Choice(sorted(set(_SERVICES.values()))),
    multiple=True,
    help="Show only the syncs of a service; repeatable.",
)
@click.option(
    "--state", "states", type=click.Choice(_STATES), multiple=True, help="Show only syncs in a state; repeatable."
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
@connected(forms=ROW_FORMS)
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
    """
    selection = select(cli, (), listed, services or None)
    refs = [ref for ref in selection.refs if not services or _service_of(ref) in services]
    readings = fetch(cli, refs)
    if states:
        readings = [reading for reading in readings if _state(reading) in states]
    print_readings(cli, readings)
    code = exit_code(cli, readings, selection)
    if not is_checked and max_lag is None:
        return code
    codes = [code, *(_CODES.get(_state(reading), Exit.SYNCED) for reading in readings)]
    if selection.warnings:
        codes.append(Exit.ERROR)
    if max_lag is not None:
        codes += [Exit.LAGGING for reading in readings if _lags(cli, reading, timedelta(seconds=max_lag))]
    return most_severe(codes)


def _service_of(ref: SyncRef[SyncJob]) -> str:
    return _SERVICES[(ref.sync if isinstance(ref, FleetSync) else ref).prefix]


def _state(reading: Reading) -> str:
    return summarize(reading.outcome, reading.resources).state


def _lags(cli: Cli, reading: Reading, max_lag: timedelta) -> bool:
    """Whether the desired commit of a sync has not been live for longer than `max_lag`; says since when."""
    job, ref = reading.outcome.job, reading.outcome.ref
    if job is None or job.is_synced or job.status.state == "DELETING":
        return False
    since = _not_live_since(cli, ref, job)
    if since is None:
        cli.output.echo(f"{ref} is not synced, and it is not known since when.")
        return False
    if cli.connection.date() - since <= max_lag:
        return False
    cli.output.echo(f"{ref} has not been synced since {in_utc(since)}, or for longer.")
    return True


def _not_live_since(cli: Cli, ref: SyncRef[SyncJob], job: SyncJob) -> datetime | None:
    """Since when a sync has lagged, at least: the start of its attempt, or of its branch's sync if there is none."""
    desired = job.desired_revision
    if desired is None:
        return getattr(job, "updated_at", None)
    if job.attempts and job.attempts[-1].target_revision.sha == desired.sha:
        return job.attempts[-1].started_at
    client, sync = cli.connection.single(ref)
    try:
        branch = client.repository_status(cast("SyncRef[GitSyncJob]", sync))
    except UnisyncError as error:
        cli.output.echo_message(f"{ref}: the branch could not be read: {error}")
        return None
    return None if branch is None else branch.started_at
