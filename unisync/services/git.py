"""What the Git syncs of Proton and CodeConnections have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from unisync.errors import NotFoundError
from unisync.flow import Flow
from unisync.models import GitSyncJob, GitSyncReply, SyncJobStatus, SyncState, with_ref
from unisync.refs import SyncRef
from unisync.subject import Subject

if TYPE_CHECKING:
    from unisync.definitions import ServiceSyncBlockerSummary, SyncBlocker, SyncBlockerSummary

T = TypeVar("T")

STATES = {
    "INITIATED": SyncState.PENDING,
    "QUEUED": SyncState.PENDING,
    "IN_PROGRESS": SyncState.RUNNING,
    "SUCCEEDED": SyncState.ACTIVE,
    "FAILED": SyncState.FAILED,
}


def git_job(ref: SyncRef[GitSyncJob], reply: GitSyncReply) -> GitSyncJob:
    """The job that a reply tells of. Its status is that of the latest attempt."""
    never = SyncJobStatus(state=SyncState.PENDING, native="")
    return with_ref(GitSyncJob, ref, reply, status=reply.latest_sync.status if reply.latest_sync else never)


def active_blockers(summary: SyncBlockerSummary | ServiceSyncBlockerSummary | None) -> tuple[SyncBlocker, ...]:
    """Those of a summary that block now."""
    return tuple(blocker for blocker in summary.latest_blockers if blocker.is_active) if summary else ()


def required(flow: Flow[T | None], service: str, operation: str, what: str) -> Flow[T]:
    """The same flow, for which an answer without a definition is as good as "not found"."""
    definition = yield from flow
    if definition is None:
        error = {"Code": "ResourceNotFoundException", "Message": f"{what} has no sync configuration"}
        raise NotFoundError({"Error": error}, operation, service)
    return definition


def _found(flow: Flow[object]) -> Flow[bool]:
    try:
        yield from flow
    except NotFoundError:
        return False
    return True


def _no_blockers() -> Flow[tuple[SyncBlocker, ...]]:
    yield from ()
    return ()


def git_subject(
    ref: SyncRef[GitSyncJob],
    *,
    status: Callable[[], Flow[GitSyncJob]],
    definition: Callable[[], Flow[object]],
    blockers: Callable[[], Flow[tuple[SyncBlocker, ...]]] = _no_blockers,
    release: str = "",
    owns_definition: bool = True,
) -> Subject[GitSyncJob]:
    """A Git sync as something to wait for.

    Args:
        ref: Which sync it is.
        status: Reads how it stands.
        definition: Reads its definition; NotFoundError if there is none.
        blockers: Reads what blocks it.
        release: The AWS CLI's command that resolves a blocker, with "{id}" for its id.
        owns_definition: Whether the definition is this sync's alone, so that the sync is gone when its definition is,
            and is not before. What shares the definition of a parent is gone when its own status is.
    """

    def look() -> Flow[GitSyncJob]:
        """No status while there is a definition means that the sync has yet to run for the first time."""
        try:
            job = yield from status()
        except NotFoundError:
            if not (yield from _found(definition())):
                raise
            return git_job(ref, GitSyncReply())
        if job.latest_sync is None:
            yield from definition()
        return job

    def remains() -> Flow[GitSyncJob]:
        yield from definition()
        return (yield from (look() if owns_definition else status()))

    return Subject(ref, look=look, blockers=blockers, remains=remains, release=release)
