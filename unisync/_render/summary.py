"""Is the commit live, and if not, why not: a state's word, and a sentence."""

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
    from unisync._models.configurations import SyncBlocker
    from unisync._models.jobs import SyncJob
    from unisync._models.outcome import Outcome
    from unisync._models.resources import SyncResourceSummary

_REASON = 300
"""As much of a reason stands in a headline."""


_ENDS: Mapping[type[UnisyncError], str] = {
    SyncFailedError: "FAILED",
    SyncSupersededError: "SUPERSEDED",
    WaitTimeoutError: "TIMED_OUT",
}


class Summary(NamedTuple):
    """The answer to the one question."""

    state: str
    """A word of `SYMBOLS`."""
    headline: str


def blockers_of(outcome: Outcome[SyncJob]) -> tuple[SyncBlocker, ...]:
    """What blocks a sync, whether that was asked for or met while waiting."""
    return outcome.error.blockers if isinstance(outcome.error, SyncBlockedError) else outcome.blockers or ()


def summarize(outcome: Outcome[SyncJob], resources: SyncResourceSummary | None = None) -> Summary:
    """What an outcome says."""
    job, error, blockers = outcome.job, outcome.error, blockers_of(outcome)
    if blockers:
        return Summary("BLOCKED", _blocked(job, blockers))
    if isinstance(error, NotFoundError):
        return Summary("NOT_FOUND", "There is no such sync.")
    if error is not None:
        first = (str(error).strip() or type(error).__name__).splitlines()[0]
        return Summary(_state_of(error, job), sanitize(first, _REASON))
    if job is None:
        return Summary("UNKNOWN", "No look at it was answered yet.")
    return summarize_job(job, resources)


def summarize_job(job: SyncJob, resources: SyncResourceSummary | None = None) -> Summary:
    """What a job says, and where it is one of TwinMaker's, what its resources say."""
    state = str(job.status.state)
    if state == "DELETING":
        return Summary(state, "It is being deleted.")
    if job.desired_revision is None:
        return _without_commits(job, resources)
    wanted, live = job.desired_revision.sha, job.live_revision.sha if job.live_revision else None
    commit = short_sha(wanted)
    if job.is_synced:
        return Summary(state, f"Commit {commit} is live.")
    if state == "UNKNOWN":
        return Summary(state, f"Whether commit {commit} is live cannot be told: {_unknown(job)}")
    why = _why_not(job, wanted)
    if live == wanted:
        return Summary(state, _sentence(f"Commit {commit} is live, but there was another attempt: {why}"))
    # Nobody has begun to bring the commit that is wanted: its state is not that of the one before.
    shown = "PENDING" if state == "ACTIVE" else state
    yet = "" if shown == "FAILED" else " yet"
    return Summary(shown, f"{_sentence(f'Commit {commit} is not live{yet}: {why}')} {_meanwhile(live)}")


def _state_of(error: UnisyncError, job: SyncJob | None) -> str:
    # What became of the wait, where that is another thing than how the sync stands.
    for kind, state in _ENDS.items():
        if isinstance(error, kind):
            return state
    return summarize_job(job).state if isinstance(error, WaitError) and job is not None else "ERROR"


def _blocked(job: SyncJob | None, blockers: tuple[SyncBlocker, ...]) -> str:
    reason = _sentence(sanitize(blockers[0].created_reason, _REASON))
    wanted, live = (job.desired_revision, job.live_revision) if job else (None, None)
    if wanted is None:
        return f"The sync is blocked: {reason}"
    if live is not None and live.sha == wanted.sha:
        return f"Commit {short_sha(wanted.sha)} is live, and the sync is blocked: {reason}"
    meanwhile = _meanwhile(live.sha if live else None)
    return f"Commit {short_sha(wanted.sha)} is not live, because the sync is blocked: {reason} {meanwhile}"


def _meanwhile(live: str | None) -> str:
    return f"{short_sha(live)} is still live." if live else "No commit is live yet."


def _why_not(job: SyncJob, wanted: str) -> str:
    state, latest = str(job.status.state), job.attempts[-1] if job.attempts else None
    if latest is None:
        return "there was no attempt yet."
    if state == "ACTIVE":
        return "no attempt to bring it has begun."
    other = latest.target_revision.sha
    which = "its attempt" if other == wanted else f"the attempt to bring {short_sha(other)}"
    if state == "FAILED":
        return f"{which} failed: {_reason(job)}"
    return f"{which} {'was asked for, and has not begun' if state == 'PENDING' else 'is under way'}."


def _without_commits(job: SyncJob, resources: SyncResourceSummary | None) -> Summary:
    state = str(job.status.state)
    if state == "FAILED":
        return Summary(state, _sentence(f"The sync failed: {_reason(job)}"))
    if state == "UNKNOWN":
        return Summary(state, f"Whether it is in place cannot be told: {_unknown(job)}")
    if state == "PENDING":
        return Summary(state, "It was asked for, and has not begun.")
    if state == "RUNNING":
        return Summary(state, "It is under way.")
    if resources is None:
        return Summary(state, "The sync job is in place.")
    # As wait_until_resources_synced takes them.
    if resources.failed:
        return Summary(
            "FAILED", f"The sync job is in place, but {len(resources.failed)} of {resources.total} resources failed."
        )
    if not resources.is_settled:
        return Summary(
            "RUNNING", f"The sync job is in place, and {resources.in_sync} of {resources.total} resources are in sync."
        )
    return Summary(state, f"The sync job is in place, and so are its {resources.total} resources.")


def _reason(job: SyncJob) -> str:
    error = job.status.error
    told = (error.message or error.code) if error else None
    return sanitize(told, _REASON) if told else "AWS gives no reason"


def _unknown(job: SyncJob) -> str:
    if not job.status.aws_state:
        return "AWS gives no state."
    return f"AWS calls its state “{sanitize(job.status.aws_state, _REASON)}”."


def _sentence(words: str) -> str:
    return words if words.endswith((".", "!", "?", "…")) else f"{words}."
