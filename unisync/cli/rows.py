"""A sync as a row: the same columns and fields wherever the command shows one."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from unisync._models.refs import FleetSync, SyncRef
from unisync._models.text import duration, in_utc, short_sha
from unisync._render.summary import blockers_of, summarize, summarize_job
from unisync.errors import (
    SyncFailedError,
    SyncSupersededError,
    UnisyncError,
    WaitTimeoutError,
)

if TYPE_CHECKING:
    from unisync._models.blockers import SyncBlocker
    from unisync._models.jobs import SyncJob
    from unisync._models.outcome import Outcome
    from unisync._models.resources import SyncResourceSummary
    from unisync._waiters.watcher import Change

_ARN_ACCOUNT = re.compile(r"arn:[\w-]+:[\w-]+:[\w-]*:(\d{12}):")

COLUMNS = ("STATE", "SYNC", "LIVE", "DESIRED", "STARTED", "REASON")
MAX_FAILURES = 3
"""Failed resources that a reason names."""


def widths_for(refs: Iterable[SyncRef[SyncJob]]) -> tuple[int, ...]:
    """The widths of all columns but the last, for lines that are printed one by one."""
    return len("SUPERSEDED"), max(len(str(ref)) for ref in refs), 7, 7, len("2026-11-22 18:44:12Z")


@dataclass(frozen=True)
class Row:
    """What is shown of a sync."""

    ref: SyncRef[SyncJob]
    state: str
    """A state of `SYMBOLS`; empty before the first poll."""
    reason: str = ""
    """Why the sync is not synced; empty if it is."""
    job: SyncJob | None = None
    error: UnisyncError | None = None
    blockers: tuple[SyncBlocker, ...] | None = None
    """The active blockers; None if they were not read."""

    @property
    def live(self) -> str | None:
        """The sha of the live commit."""
        revision = self.job.live_revision if self.job else None
        return revision.sha if revision else None

    @property
    def desired(self) -> str | None:
        """The sha of the desired commit."""
        revision = self.job.desired_revision if self.job else None
        return revision.sha if revision else None

    @property
    def started(self) -> datetime | None:
        """When the latest attempt started; for a TwinMaker sync job, when it last changed."""
        if self.job is None:
            return None
        if self.job.attempts:
            return self.job.attempts[-1].started_at
        changed: object = getattr(self.job, "updated_at", None)
        return changed if isinstance(changed, datetime) else None

    def cells(self) -> tuple[str, ...]:
        """The texts of the columns."""
        return (
            self.state,
            str(self.ref),
            short_sha(self.live) if self.live else "-",
            short_sha(self.desired) if self.desired else "-",
            in_utc(self.started) if self.started else "-",
            self.reason,
        )

    def data(self, account: str | None, region: str | None) -> dict[str, Any]:
        """The row as JSON, with everything that AWS returned.

        Args:
            account: The account, if it is known; otherwise that of the ARNs in the job, if there is one.
            region: The region, if it is known.
        """
        error, blockers = self.error, self.blockers
        return {
            "ref": str(self.ref.sync if isinstance(self.ref, FleetSync) else self.ref),
            "account": account or account_of(self.job),
            "region": region,
            "state": self.state,
            "live": self.live,
            "desired": self.desired,
            "started": iso(self.started) if self.started else None,
            "reason": self.reason or None,
            "error": {"type": type(error).__name__, "message": str(error)} if error else None,
            "blockers": None if blockers is None else [blocker.model_dump(mode="json") for blocker in blockers],
            "job": self.job.model_dump(mode="json") if self.job else None,
        }


def iso(time: datetime) -> str:
    """A date and time as in all JSON: ISO 8601, in UTC, such as 2026-11-22T18:44:12Z."""
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")


def row_of(outcome: Outcome[Any], resources: SyncResourceSummary | None = None) -> Row:
    """The row of an outcome.

    Args:
        outcome: The outcome.
        resources: The resources of a TwinMaker sync job, if they were read.
    """
    error, job, blockers = outcome.error, outcome.job, blockers_of(outcome)
    summary = summarize(outcome, resources)
    reason = _reason(job, error, blockers)
    if not reason and resources is not None and summary.state != "ACTIVE":
        reason = str(resources)
    return Row(outcome.ref, summary.state, reason, job, error, blockers or outcome.blockers)


def row_of_job(job: SyncJob, ref: SyncRef[SyncJob] | None = None, reason: str = "") -> Row:
    """The row of a job. `ref` is its reference in a fleet."""
    return Row(ref or job.ref, summarize_job(job).state, reason or _reason(job, None, ()), job)


def account_of(job: SyncJob | None) -> str | None:
    """The account that an ARN of a job names."""
    arns: list[object] = [getattr(job, "arn", None), *(each.target for each in job.attempts)] if job else []
    found = (_ARN_ACCOUNT.match(str(arn)) for arn in arns)
    return next((match[1] for match in found if match), None)


def row_of_change(
    change: Change[Any], blockers: Iterable[SyncBlocker], resources: SyncResourceSummary | None = None
) -> Row:
    """The row of a change.

    Args:
        change: The change.
        blockers: The sync's active blockers now.
        resources: The resources of a TwinMaker sync job now, if they were read.
    """
    job = change.after
    active = tuple(blockers)
    if change.error is not None:
        reason = headline(change.error)
    elif change.blocker is not None:
        status = "blocked" if change.blocker.is_active else "resolved"
        reason = f"{status}: {change.blocker.created_reason}"
    elif change.event is not None:
        reason = f"{change.event.type}: {change.event.event}"
    elif change.kind == "attempt" and job is not None:
        reason = f"attempt to sync {job.attempts[-1].target_revision.sha[:7]} started"
    else:
        reason = _reason(job, None, active) or _reason_of_resources(resources)
    if job is None:
        return Row(change.ref, "ERROR" if change.error else "NOT_FOUND", reason, None, change.error)
    state = "BLOCKED" if active else summarize_job(job, resources).state
    return Row(change.ref, state, reason, job, change.error, active)


def _reason_of_resources(resources: SyncResourceSummary | None) -> str:
    if resources is None or not resources.failed:
        return ""
    failures = [f"{failed.external_id}: {failed.status.error or 'no reason given'}" for failed in resources.failed]
    more = f"; and {len(failures) - MAX_FAILURES} more" if len(failures) > MAX_FAILURES else ""
    return f"{resources}: {'; '.join(failures[:MAX_FAILURES])}{more}"


def headline(error: UnisyncError) -> str:
    """The message of an error, without the events that follow that of a failed sync."""
    text = str(error) or type(error).__name__
    return text.partition("\n")[0] if isinstance(error, SyncFailedError) else text


def _reason(job: SyncJob | None, error: UnisyncError | None, blockers: Iterable[SyncBlocker]) -> str:
    reasons = "; ".join(blocker.created_reason for blocker in blockers)
    if reasons:
        return reasons
    match error:
        case SyncSupersededError():
            by = error.superseded_by
            when = " before the wait began" if error.was_before else ""
            return f"by {by.sha[:7]} ({by.full_name}@{by.branch}){when}"
        case WaitTimeoutError():
            if error.last_error is not None:
                last = headline(error.last_error)
            else:
                last = f"last status {job.status}" if job else "no poll succeeded"
            return f"after {duration(error.elapsed)}: {last}"
        case SyncFailedError():
            reason = str(error.resources or error.error or headline(error))
            return f"its branch: {reason}" if error.branch is not None else reason
        case UnisyncError():
            return headline(error)
        case None:
            return _reason_not_synced(job) if job is not None else ""


def _reason_not_synced(job: SyncJob) -> str:
    if job.status.error is not None:
        return str(job.status.error)
    if job.is_synced:
        return ""
    if job.status.aws_state == "":
        return "never synced"
    desired = job.desired_revision
    attempts = job.attempts
    if desired is not None and attempts and attempts[-1].target_revision.sha != desired.sha:
        return f"sync of {desired.sha[:7]} has not started"
    return job.status.aws_state if job.status.aws_state != str(job.status.state) else ""
