"""Syncs as numbers: what `unisync.otel` and `unisync status -o openmetrics` both measure, under the same names."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from unisync._models.base import SyncState
from unisync._models.refs import FleetSync
from unisync._render.summary import blockers_of, summarize, summarize_job
from unisync._render.symbols import SYMBOLS
from unisync.errors import SyncBlockedError, WaitError

if TYPE_CHECKING:
    from unisync._models.jobs import SyncJob
    from unisync._models.outcome import Outcome
    from unisync._models.refs import SyncRef
    from unisync._models.resources import SyncResourceSummary


class Metric(NamedTuple):
    """A metric of a sync."""

    name: str
    """Its name in OpenTelemetry."""
    unit: str
    """In UCUM, as OpenTelemetry has it: "s" for seconds; what is in braces only says what is counted."""
    description: str


STATE = Metric("unisync.sync.state", "{sync}", "1 for the state that the sync is in, 0 for each other state.")
LAG = Metric("unisync.sync.lag", "s", "How long the desired commit has not been live; 0 if the sync is synced.")
LAST_SUCCESS_AGE = Metric("unisync.sync.last_success.age", "s", "Time since the latest successful attempt started.")
LAST_SUCCESS = Metric("unisync.sync.last_success.timestamp", "s", "When the latest successful attempt started.")
BLOCKERS = Metric("unisync.sync.blockers", "{blocker}", "Active blockers of the sync.")
READ_SUCCESS = Metric("unisync.sync.read_success", "", "1 if the status of the sync could be read, otherwise 0.")
SEARCH_ERRORS = Metric("unisync.search_errors", "{search}", "Searches for syncs that failed: syncs may be missing.")

STATES = tuple(state for state in SYMBOLS if state not in ("SUPERSEDED", "TIMED_OUT", "DELETED"))
"""The states that a sync can be in; the others are results of waits."""

_SERVICES = {
    "twinmaker": "twinmaker",
    "proton": "proton",
    "proton-template": "proton",
    "codeconnections": "codeconnections",
}
"""The services, by the prefix of a reference."""
SERVICES = tuple(sorted(set(_SERVICES.values())))


@dataclass(frozen=True)
class SyncMetrics:
    """The metrics of one sync. What is None is not known."""

    ref: str
    """Without the account and the region of a fleet."""
    service: str
    account: str | None
    """In a fleet. That of an ARN in the job would come and go with the job, and with it the time series."""
    region: str | None
    state: str
    """One of `STATES`."""
    is_read: bool
    lag: float | None
    """Seconds."""
    last_success: datetime | None
    blockers: int | None


def measure(
    outcome: Outcome[SyncJob],
    at: datetime,
    *,
    lag_start: datetime | None,
    resources: SyncResourceSummary | None = None,
    region: str | None = None,
) -> SyncMetrics:
    """Measure a sync.

    Args:
        outcome: The sync, as it was read.
        at: When it was read.
        lag_start: Since when it has lagged, if it lags and this is known.
        resources: The resources of a TwinMaker sync job, if they were read.
        region: The region, if the reference does not say it.
    """
    ref, job = outcome.ref, outcome.job
    blockers = len(blockers_of(outcome))
    are_blockers_read = outcome.blockers is not None or isinstance(outcome.error, SyncBlockedError)
    if job is not None and not isinstance(outcome.error, WaitError):
        outcome = replace(outcome, error=None)  # of the blockers: the status was read
    state = summarize(outcome, resources).state
    if state not in STATES:
        state = "UNKNOWN" if job is None else summarize_job(job).state
    lag = None if lag_start is None else max((at - lag_start).total_seconds(), 0.0)
    return SyncMetrics(
        str(sync_of(ref)),
        service_of(ref),
        outcome.account,
        outcome.region or region,
        state,
        is_read=job is not None,
        lag=0.0 if job is not None and job.is_synced else lag,
        last_success=None if job is None else last_success(job),
        blockers=blockers if are_blockers_read else None,
    )


def service_of(ref: SyncRef[SyncJob]) -> str:
    """The service of a sync: one of `SERVICES`."""
    return _SERVICES[sync_of(ref).prefix]


def sync_of(ref: SyncRef[SyncJob]) -> SyncRef[SyncJob]:
    """The reference without the account and the region of a fleet."""
    return ref.sync if isinstance(ref, FleetSync) else ref


def lags(job: SyncJob) -> bool:
    """Whether the desired commit of a sync is not live."""
    return not job.is_synced and job.status.state is not SyncState.DELETING


def lag_start(job: SyncJob) -> datetime | None:
    """Since when a sync that lags has done so, at least: the start of its attempt to sync the desired commit.

    None if there was no such attempt. For a TwinMaker sync job, when it last changed.
    """
    desired = job.desired_revision
    if desired is None:
        return getattr(job, "updated_at", None)
    latest = job.attempts[-1] if job.attempts else None
    return latest.started_at if latest is not None and latest.target_revision.sha == desired.sha else None


def last_success(job: SyncJob) -> datetime | None:
    """When the latest successful attempt of a sync started; None if there was none, or AWS does not say."""
    successes = (each for each in reversed(job.attempts) if each.status.state is SyncState.ACTIVE)
    success = next(successes, None)
    return None if success is None else success.started_at
