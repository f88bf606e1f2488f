"""What the errors of waits say."""

from __future__ import annotations

from collections.abc import Iterable

from unisync._models.configurations import SyncBlocker
from unisync._models.jobs import GitSyncJob, Revision, SyncJob
from unisync._models.refs import SyncRef
from unisync._models.resources import SyncResourceSummary
from unisync._models.text import in_utc
from unisync.errors import UnisyncError

MAX_LISTED_FAILURES = 10
"""Failed resources that a message lists."""
SHA_DIGITS = 12
"""Digits of a sha in a message."""

Ref = SyncRef[SyncJob]


def failed(ref: Ref, job: SyncJob) -> str:
    """A sync failed: its status and the events of the attempt."""
    lines = [f"{ref} is {job.status}"]
    if job.status.error is not None:
        lines[0] += f": {job.status.error}"
    attempt = job.latest_sync if isinstance(job, GitSyncJob) else None
    if attempt is not None:
        lines[0] += f" [{_commit(attempt.target_revision)}]"
        lines += [f"  {in_utc(event.time)} {event.type}: {event.event}" for event in attempt.events]
    return "\n".join(lines)


def resources_failed(ref: Ref, job: SyncJob | None, resources: SyncResourceSummary) -> str:
    """Resources failed: which, and why."""
    lines = [f"{ref} is {job.status if job else 'unknown'}, with {resources}"]
    lines += [
        f"  {resource.resource_type} {resource.external_id}: {resource.status.error or 'no reason given'}"
        for resource in resources.failed[:MAX_LISTED_FAILURES]
    ]
    if len(resources.failed) > MAX_LISTED_FAILURES:
        lines.append(f"  and {len(resources.failed) - MAX_LISTED_FAILURES} more")
    return "\n".join(lines)


def blocked(ref: Ref, blockers: Iterable[SyncBlocker], resolve_command: str) -> str:
    """A sync is blocked: why, since when, and how to resolve it."""
    reasons = "; ".join(
        f"{blocker.created_reason} (since {in_utc(blocker.created_at)}). "
        f"Once the cause is fixed, resolve it: {resolve_command.format(id=blocker.id)}"
        for blocker in blockers
    )
    return f"{ref} is blocked: {reasons}"


def superseded(ref: Ref, job: SyncJob, revision: str, by: Revision) -> str:
    """Another commit took the place of the one that was waited for."""
    return f"{ref}: commit {revision[:SHA_DIGITS]} was superseded by {_commit(by)}, whose sync is {job.status}"


def stopped(ref: Ref, job: SyncJob | None) -> str:
    """A wait was stopped."""
    return f"the wait for {ref} was stopped; {_last_status(job)}. The sync continues in AWS."


def timed_out(
    ref: Ref,
    condition: str,
    job: SyncJob | None,
    polls: int,
    elapsed: float,
    *,
    revision: str | None,
    resources: SyncResourceSummary | None,
    error: UnisyncError | None,
) -> str:
    """A wait timed out: the last status, and what is known of the commit."""
    goal = {"active": "synced", "deleted": "deleted", "resources": "in sync"}[condition]
    parts = [f"{ref} was not {goal} after {elapsed:.1f} s and {polls} poll{'s' if polls != 1 else ''}"]
    parts.append(_last_status(job))
    if job is not None and job.status.error is not None:
        parts.append(str(job.status.error))
    if isinstance(job, GitSyncJob):
        parts.append(_latest_sync(job, revision))
    if resources is not None:
        parts.append(str(resources))
    if error is not None:
        parts.append(f"the last poll failed: {error}")
    return "; ".join(parts) + ". The sync continues in AWS."


def _last_status(job: SyncJob | None) -> str:
    return f"its last status was {job.status}" if job else "no poll succeeded"


def _latest_sync(job: GitSyncJob, revision: str | None) -> str:
    if job.latest_sync is None:
        return "it has never been synced"
    target, desired = job.latest_sync.target_revision, job.desired_state
    text = f"its latest sync is for {_commit(target)}"
    if revision is not None and not target.sha.lower().startswith(revision):
        return f"{text}, and {revision[:SHA_DIGITS]} was not picked up"
    if revision is None and desired is not None and desired.sha != target.sha:
        return f"{text}, and {_commit(desired)} was not picked up"
    return text


def _commit(revision: Revision) -> str:
    return f"{revision.full_name}@{revision.branch} {revision.sha[:SHA_DIGITS]}"
