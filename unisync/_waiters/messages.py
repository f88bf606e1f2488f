"""What the errors of waits say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from unisync._models.base import SyncState
from unisync._models.blockers import SyncBlocker
from unisync._models.configurations import RepositorySyncAttempt
from unisync._models.jobs import GitSyncJob, Revision, SyncAttempt, SyncJob, replacement_of
from unisync._models.refs import SyncRef
from unisync._models.resources import SyncResourceSummary
from unisync._models.text import in_utc
from unisync._waiters.commits import Superseded
from unisync._waiters.wanted import SHA_DIGITS, Wanted
from unisync.errors import UnisyncError

MAX_LISTED_FAILURES = 10
"""Failed resources that a message lists."""
CONTINUES = "The sync continues in AWS."
NO_RETRY = "Its attempt began before `started_after`, and no other has started since."

_IN_PROGRESS = (SyncState.PENDING, SyncState.RUNNING)
_GOALS = {"active": "synced", "deleted": "deleted", "resources": "in sync"}

Ref = SyncRef[SyncJob]
Unread = Mapping[str, UnisyncError | str]
"""What could not be read beside the status, and why."""


def failed(ref: Ref, job: SyncJob, unread: Unread) -> str:
    """A sync failed: its status and the events of the attempt, in order of time."""
    text = f"{ref} is {job.status}"
    if job.status.error is not None:
        text += f": {job.status.error}"
    attempt = job.latest_sync if isinstance(job, GitSyncJob) else None
    if attempt is not None:
        text += f" [{_commit(attempt.target_revision)}]"
    return "\n".join([text, *_events(attempt), *_notes(unread)])


def failed_elsewhere(ref: Ref, unread: Unread) -> str:
    """A sync failed, as another process saw, and could not be read since."""
    text = f"{ref} had failed when it was last read, and could not be read again before the deadline"
    return "\n".join([text, *_notes(unread)])


def branch_failed(ref: Ref, job: SyncJob, branch: RepositorySyncAttempt, unread: Unread) -> str:
    """The sync of a branch failed, so that no attempt at the resource followed."""
    text = f"{ref}: the sync of its branch is {branch.status}: {branch.status.error or 'no reason given'}"
    status = f"  The branch was read at {in_utc(branch.started_at)}; {_last_status(str(job.status))}."
    return "\n".join([text, *_events(branch), status, *_notes(unread)])


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


def superseded(ref: Ref, job: SyncJob, wanted: Wanted, found: Superseded) -> str:
    """Another commit took the place of the one that was waited for."""
    if found.was_before and found.attempt is not None:
        since = f"If {wanted} was pushed again since, AWS has not noticed it."
        if found.was_noticed:
            since = "AWS noticed that it was pushed again, and has turned away from it since."
        return (
            f"{ref}: {wanted} was replaced by {_commit(found.by)} before this wait began: that attempt started at "
            f"{in_utc(found.attempt.started_at)} and is {found.attempt.status}. {since}"
        )
    status = f"whose sync is {job.status}" if found.attempt is not None else "which AWS has detected since"
    return f"{ref}: {wanted} was superseded by {_commit(found.by)}, {status}"


def stopped(ref: Ref, last_status: str | None, is_in_progress: bool) -> str:
    """A wait was stopped."""
    text = f"the wait for {ref} was stopped; {_last_status(last_status)}"
    return f"{text}. {CONTINUES}" if is_in_progress else text


def timed_out(
    ref: Ref,
    condition: str,
    job: SyncJob | None,
    last_status: str | None,
    polls: int,
    elapsed: float,
    *,
    outlook: str,
    resources: SyncResourceSummary | None,
    error: UnisyncError | None,
    unread: Unread,
) -> str:
    """A wait timed out: the last status, and `outlook`, which says what is to be expected."""
    parts = [
        f"{ref} was not {_GOALS[condition]} after {elapsed:.1f} s and {polls} poll{'s' if polls != 1 else ''}",
        _last_status(last_status),
    ]
    if job is not None and job.status.error is not None:
        parts.append(str(job.status.error))
    if isinstance(job, GitSyncJob):
        parts.append(f"its latest sync is for {_commit(job.latest_sync.target_revision)}" if job.latest_sync else "")
    if resources is not None:
        parts.append(str(resources))
    if error is not None:
        parts.append(f"the last poll failed: {error}")
    text = "; ".join(filter(None, parts)) + "."
    return "\n".join([f"{text} {outlook}".rstrip(), *_notes(unread)])


def git_outlook(
    job: GitSyncJob,
    wanted: Wanted | None,
    branch: RepositorySyncAttempt | None,
    *,
    is_branch_read: bool,
    was_detected: bool = False,
) -> str:
    """What is to be expected of a Git sync whose wanted commit is not being attempted."""
    latest, desired = job.latest_sync, job.desired_state
    if latest is not None and latest.status.state is SyncState.UNKNOWN:
        return f"Whether the sync continues is not known: {latest.status.aws_state} is a state that AWS has added."
    goal = (
        f"{wanted}"
        if wanted is not None
        else f"commit {desired.sha[:SHA_DIGITS]}"
        if desired is not None
        else "A commit"
    )
    goal = goal[0].upper() + goal[1:]
    is_detected = desired is not None and (wanted is None or wanted.matches(desired))
    replacement = None if wanted is None else replacement_of(job, wanted.matches)
    text = f"{goal} was not picked up."
    if is_detected:
        text = f"{goal} was detected and its sync has not started."
    elif replacement is not None:
        text = f"{goal} was not picked up again: it was live until {_commit(replacement)} replaced it."
    elif was_detected:
        text = f"{goal} was detected, and AWS desires another commit since."
    if latest is not None and latest.status.state in _IN_PROGRESS:
        return f"{text} AWS is syncing {_commit(latest.target_revision)}."
    if is_branch_read:
        text += f" {_branch(branch)}"
    if is_detected:
        return f"{text} If it does not start soon, push again or update the configuration of the sync."
    return (
        f"{text} Check that the commit is on the branch that the sync follows, is not empty, and changes a file that "
        "triggers the sync."
    )


def _branch(attempt: RepositorySyncAttempt | None) -> str:
    if attempt is None:
        return "Its branch has never been synced."
    reason = f": {attempt.status.error}" if attempt.status.error is not None else ""
    return f"The latest sync of its branch started at {in_utc(attempt.started_at)} and is {attempt.status}{reason}."


def _events(attempt: SyncAttempt | None) -> list[str]:
    events = () if attempt is None else attempt.events
    return [f"  {in_utc(event.time)} {event.type}: {event.event}" for event in events]


def _notes(unread: Unread) -> list[str]:
    return [f"  The {name} could not be read: {error}" for name, error in unread.items()]


def _last_status(status: str | None) -> str:
    return "no poll succeeded" if status is None else f"its last status was {status}"


def _commit(revision: Revision) -> str:
    return f"{revision.full_name}@{revision.branch} {revision.sha[:SHA_DIGITS]}"
