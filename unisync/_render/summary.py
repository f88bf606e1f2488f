"""One state and one sentence for a sync: is the commit live, and if not, why not?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from unisync._models.text import sanitize, short_sha
from unisync.errors import (
    NotFoundError,
    SyncBlockedError,
    SyncFailedError,
    SyncSupersededError,
    UnisyncError,
    WaitError,
    WaitTimeoutError,
)

if TYPE_CHECKING:
    from unisync._models.blockers import SyncBlocker
    from unisync._models.jobs import SyncJob
    from unisync._models.outcome import Outcome
    from unisync._models.resources import SyncResourceSummary

_MAX_REASON = 300
"""Characters of a reason in a headline."""

_ERROR_STATES: Mapping[type[UnisyncError], str] = {
    NotFoundError: "NOT_FOUND",
    SyncFailedError: "FAILED",
    SyncSupersededError: "SUPERSEDED",
    WaitTimeoutError: "TIMED_OUT",
}
"""The states of errors that say more than the status of the sync."""


class Summary(NamedTuple):
    """The state of a sync, and a sentence about it."""

    state: str
    """A key of `SYMBOLS`."""
    headline: str


def blockers_of(outcome: Outcome[SyncJob]) -> tuple[SyncBlocker, ...]:
    """The active blockers, whether they were read with the status or ended a wait."""
    return outcome.error.blockers if isinstance(outcome.error, SyncBlockedError) else outcome.blockers or ()


def summarize(outcome: Outcome[SyncJob], resources: SyncResourceSummary | None = None) -> Summary:
    """Summarize an outcome.

    Args:
        outcome: The outcome.
        resources: The resources of a TwinMaker sync job, if they were read.
    """
    job, error = outcome.job, outcome.error
    if blockers := blockers_of(outcome):
        return Summary("BLOCKED", _blocked(job, blockers[0]))
    if error is not None:
        return Summary(_error_state(error, job), _error_headline(error))
    if job is None:
        return Summary("UNKNOWN", "No poll has succeeded yet.")
    return summarize_job(job, resources)


def summarize_job(job: SyncJob, resources: SyncResourceSummary | None = None) -> Summary:
    """Summarize a job, and the resources of a TwinMaker sync job if they were read."""
    state = str(job.status.state)
    if state == "DELETING":
        return Summary(state, "The sync is being deleted.")
    if job.desired_revision is None:
        return _summarize_without_commits(job, resources)
    desired, live = job.desired_revision.sha, job.live_revision.sha if job.live_revision else None
    commit = f"Commit {short_sha(desired)}"
    if job.is_synced:
        return Summary(state, f"{commit} is live.")
    if state == "UNKNOWN":
        return Summary(state, f"{commit} may or may not be live: {_unknown(job)}")
    attempt = _latest_attempt(job, desired)
    if live == desired:
        return Summary(state, _sentence(f"{commit} is live, but {attempt}"))
    if state == "FAILED":
        return Summary(state, f"{_sentence(f'{commit} is not live because {attempt}')} {_live(live)}")
    # ACTIVE is the state of the attempt before: there is none for the desired commit yet.
    return Summary("PENDING" if state == "ACTIVE" else state, f"{commit} is not live yet: {attempt}. {_live(live)}")


def _error_state(error: UnisyncError, job: SyncJob | None) -> str:
    for kind, state in _ERROR_STATES.items():
        if isinstance(error, kind):
            return state
    return summarize_job(job).state if isinstance(error, WaitError) and job is not None else "ERROR"


def _error_headline(error: UnisyncError) -> str:
    if isinstance(error, NotFoundError):
        return "The sync does not exist."
    return sanitize((str(error).strip() or type(error).__name__).splitlines()[0], _MAX_REASON)


def _blocked(job: SyncJob | None, blocker: SyncBlocker) -> str:
    reason = _sentence(sanitize(blocker.created_reason, _MAX_REASON))
    desired, live = (job.desired_revision, job.live_revision) if job else (None, None)
    if desired is None:
        return f"The sync is blocked: {reason}"
    commit = f"Commit {short_sha(desired.sha)}"
    if live is not None and live.sha == desired.sha:
        return f"{commit} is live, but the sync is blocked: {reason}"
    return f"{commit} is not live because the sync is blocked: {reason} {_live(live.sha if live else None)}"


def _live(sha: str | None) -> str:
    return f"{short_sha(sha)} is still live." if sha else "No commit is live yet."


def _latest_attempt(job: SyncJob, desired: str) -> str:
    state, latest = str(job.status.state), job.attempts[-1] if job.attempts else None
    if latest is None or state == "ACTIVE":
        return "AWS has not attempted it"
    target = latest.target_revision.sha
    attempt = "its latest attempt" if target == desired else f"the attempt to sync {short_sha(target)}"
    if state == "FAILED":
        return f"{attempt} failed: {_reason(job)}"
    return f"{attempt} {'has not started' if state == 'PENDING' else 'is in progress'}"


def _summarize_without_commits(job: SyncJob, resources: SyncResourceSummary | None) -> Summary:
    state = str(job.status.state)
    match state:
        case "FAILED":
            return Summary(state, _sentence(f"The sync failed: {_reason(job)}"))
        case "UNKNOWN":
            return Summary(state, f"The state of the sync is unknown: {_unknown(job)}")
        case "PENDING":
            return Summary(state, "The sync has not started.")
        case "RUNNING":
            return Summary(state, "The sync is in progress.")
        case _:
            return _summarize_resources(resources) if resources else Summary(state, "The sync job is active.")


def _summarize_resources(resources: SyncResourceSummary) -> Summary:
    # By the same rules as wait_until_resources_synced.
    total = resources.total
    if resources.failed:
        return Summary("FAILED", f"The sync job is active, but {len(resources.failed)} of {total} resources failed.")
    if not resources.is_settled:
        return Summary("RUNNING", f"The sync job is active, and {resources.in_sync} of {total} resources are in sync.")
    return Summary("ACTIVE", f"The sync job is active, and all its {total} resources are in sync.")


def _reason(job: SyncJob) -> str:
    error = job.status.error
    reason = (error.message or error.code) if error else None
    return sanitize(reason, _MAX_REASON) if reason else "AWS gives no reason"


def _unknown(job: SyncJob) -> str:
    state = job.status.aws_state
    return f"AWS reports the state “{sanitize(state, _MAX_REASON)}”." if state else "AWS reports no state."


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."
