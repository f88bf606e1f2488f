"""A sync in one line: the same columns wherever the command shows one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from unisync._models.refs import FleetSync, SyncRef
from unisync._models.text import in_utc, short_sha
from unisync._render.summary import blockers_of, summarize, summarize_job
from unisync.errors import (
    SyncFailedError,
    SyncSupersededError,
    UnisyncError,
    WaitTimeoutError,
)

if TYPE_CHECKING:
    from unisync._models.configurations import SyncBlocker
    from unisync._models.jobs import SyncJob
    from unisync._models.outcome import Outcome
    from unisync._waiters.watcher import Change

COLUMNS = ("STATE", "SYNC", "LIVE", "WANTED", "SINCE", "WHY")


def widths_for(refs: Iterable[SyncRef[SyncJob]]) -> tuple[int, ...]:
    """The widths of all columns but the last in lines that come one by one, so that they stand one below the other."""
    return len("SUPERSEDED"), max(len(str(ref)) for ref in refs), 7, 7, len("2026-11-22 18:44:12Z")


@dataclass(frozen=True)
class Row:
    """What is shown of a sync."""

    ref: SyncRef[SyncJob]
    state: str
    """What `summarize` returns, or DELETED; empty before the first look."""
    why: str = ""
    """Why it is not in place, if it is not."""
    job: SyncJob | None = None
    error: UnisyncError | None = None
    blockers: tuple[SyncBlocker, ...] = field(default=())

    @property
    def live(self) -> str | None:
        """The sha of the commit that is live."""
        revision = self.job.live_revision if self.job else None
        return revision.sha if revision else None

    @property
    def wanted(self) -> str | None:
        """The sha of the commit that is to be."""
        revision = self.job.desired_revision if self.job else None
        return revision.sha if revision else None

    @property
    def since(self) -> datetime | None:
        """When the latest attempt began; of a TwinMaker sync job, when it last changed."""
        if self.job is None:
            return None
        if self.job.attempts:
            return self.job.attempts[-1].started_at
        changed: object = getattr(self.job, "updated_at", None)
        return changed if isinstance(changed, datetime) else None

    def cells(self) -> tuple[str, ...]:
        """What stands in the columns of a table."""
        return (
            self.state,
            str(self.ref),
            short_sha(self.live) if self.live else "-",
            short_sha(self.wanted) if self.wanted else "-",
            in_utc(self.since) if self.since else "-",
            self.why,
        )

    def data(self) -> dict[str, Any]:
        """The same for programs, with all that AWS said."""
        error = self.error
        return {
            "ref": str(self.ref.sync if isinstance(self.ref, FleetSync) else self.ref),
            "account": self.ref.account if isinstance(self.ref, FleetSync) else None,
            "region": self.ref.region if isinstance(self.ref, FleetSync) else None,
            "state": self.state,
            "live": self.live,
            "wanted": self.wanted,
            "since": self.since.isoformat() if self.since else None,
            "why": self.why or None,
            "error": {"type": type(error).__name__, "message": str(error)} if error else None,
            "blockers": [blocker.model_dump(mode="json") for blocker in self.blockers],
            "job": self.job.model_dump(mode="json") if self.job else None,
        }


def row_of(outcome: Outcome[Any]) -> Row:
    """What came of looking at a sync, or of waiting for it."""
    error, job, blockers = outcome.error, outcome.job, blockers_of(outcome)
    return Row(outcome.ref, summarize(outcome).state, _why(job, error, blockers), job, error, blockers)


def row_of_job(job: SyncJob, ref: SyncRef[SyncJob] | None = None, why: str = "") -> Row:
    """How a sync stands, which goes by the name `ref` in a fleet."""
    return Row(ref or job.ref, summarize_job(job).state, why or _why(job, None, ()), job)


def row_of_change(change: Change[Any], blockers: Iterable[SyncBlocker]) -> Row:
    """What changed of a sync, with what blocks it by now."""
    job = change.after
    active = tuple(blockers)
    if change.error is not None:
        why = headline(change.error)
    elif change.blocker is not None:
        word = "blocked" if change.blocker.is_active else "released"
        why = f"{word}: {change.blocker.created_reason}"
    elif change.event is not None:
        why = f"{change.event.type}: {change.event.event}"
    elif change.kind == "attempt" and job is not None:
        why = f"sync of {job.attempts[-1].target_revision.sha[:7]} begun"
    else:
        why = _why(job, None, active)
    if job is None:
        return Row(change.ref, "ERROR" if change.error else "NOT_FOUND", why, None, change.error)
    return Row(change.ref, "BLOCKED" if active else summarize_job(job).state, why, job, change.error, active)


def headline(error: UnisyncError) -> str:
    """What an error says, but for the events that a failed sync has in lines of their own."""
    text = str(error) or type(error).__name__
    return text.partition("\n")[0] if isinstance(error, SyncFailedError) else text


def _why(job: SyncJob | None, error: UnisyncError | None, blockers: Iterable[SyncBlocker]) -> str:
    reasons = "; ".join(blocker.created_reason for blocker in blockers)
    if reasons:
        return reasons
    match error:
        case SyncSupersededError():
            by = error.superseded_by
            return f"by {by.sha[:7]} ({by.full_name}@{by.branch})"
        case WaitTimeoutError():
            last = (
                headline(error.last_error) if error.last_error else f"last seen {job.status}" if job else "never seen"
            )
            return f"after {error.elapsed:.0f} s: {last}"
        case SyncFailedError():
            return str(error.resources or error.error or headline(error))
        case UnisyncError():
            return headline(error)
        case None:
            return _why_not_in_place(job) if job is not None else ""


def _why_not_in_place(job: SyncJob) -> str:
    if job.status.error is not None:
        return str(job.status.error)
    if job.is_synced:
        return ""
    if job.status.aws_state == "":
        return "never synced yet"
    wanted = job.desired_revision
    attempts = job.attempts
    if wanted is not None and attempts and attempts[-1].target_revision.sha != wanted.sha:
        return f"{wanted.sha[:7]} is wanted and not begun"
    return job.status.aws_state if job.status.aws_state != str(job.status.state) else ""
