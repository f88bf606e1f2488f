"""What the Git syncs of Proton and CodeConnections have in common."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from unisync._core.flow import Flow
from unisync._core.target import Subject, no_blockers
from unisync._models.jobs import GitSyncJob, GitSyncReply, RepositoryPlace, SyncJobStatus, SyncState, with_ref
from unisync._models.refs import SyncRef
from unisync._services.operations import creating, if_found
from unisync.errors import NotFoundError, ServerError

if TYPE_CHECKING:
    from unisync._models.configurations import (
        RepositorySyncAttempt,
        ServiceSyncBlockerSummary,
        SyncBlocker,
        SyncBlockerSummary,
    )

T = TypeVar("T")
D = TypeVar("D", bound=RepositoryPlace)

STATES = {
    "INITIATED": SyncState.PENDING,
    "QUEUED": SyncState.PENDING,
    "IN_PROGRESS": SyncState.RUNNING,
    "SUCCEEDED": SyncState.ACTIVE,
    "FAILED": SyncState.FAILED,
}


def git_job(ref: SyncRef[GitSyncJob], reply: GitSyncReply) -> GitSyncJob:
    """The job that a reply tells of. Its status is that of the latest attempt."""
    attempt = reply.latest_sync
    status = SyncJobStatus(state=SyncState.PENDING, native="") if attempt is None else attempt.status
    return with_ref(GitSyncJob, ref, reply, status=status)


def all_blockers(
    *summaries: Flow[SyncBlockerSummary] | Flow[ServiceSyncBlockerSummary | None],
) -> Flow[tuple[SyncBlocker, ...] | None]:
    """The blockers of some summaries, active and resolved; None if none of the summaries is found."""
    found: list[SyncBlocker] | None = None
    for read in summaries:
        try:
            summary = yield from read
        except NotFoundError:
            continue
        found = [*(found or ()), *(summary.latest_blockers if summary is not None else ())]
    return None if found is None else tuple(found)


def not_found(service: str, operation: str, message: str) -> NotFoundError:
    """The error of a service that knows no such thing, where it is we who know."""
    return NotFoundError({"Error": {"Code": "ResourceNotFoundException", "Message": message}}, operation, service)


def required(flow: Flow[T | None], service: str, operation: str, what: str) -> Flow[T]:
    """The same flow, for which an answer without a definition is as good as "not found"."""
    definition = yield from flow
    if definition is None:
        raise not_found(service, operation, f"{what} has no sync configuration")
    return definition


def git_subject(
    ref: SyncRef[GitSyncJob],
    *,
    status: Callable[[], Flow[GitSyncJob]],
    definition: Callable[[], Flow[D]],
    repository_status: Callable[[D], Flow[RepositorySyncAttempt | None]],
    blockers: Callable[[], Flow[tuple[SyncBlocker, ...] | None]] = no_blockers,
    resolve: Callable[[str, str], Flow[SyncBlocker]] | None = None,
    release: str = "",
    owns_definition: bool = True,
) -> Subject[GitSyncJob]:
    """A Git sync as something to wait for.

    Args:
        ref: Which sync it is.
        status: Reads how it stands.
        definition: Reads its definition; NotFoundError if there is none.
        repository_status: Reads how the branch that the definition names stands; NotFoundError, or None, if it was
            never synced.
        blockers: Reads what has blocked it, and what does; None where that is not found.
        resolve: Resolves the blocker of an id for a reason, by a call that is not repeatable.
        release: The AWS CLI's command that resolves a blocker, with "{id}" for its id.
        owns_definition: Whether the definition is this sync's alone, so that the sync is gone when its definition is,
            and is not before. What shares the definition of a parent is gone when its own status is.
    """

    def look() -> Flow[GitSyncJob]:
        """No status while there is a definition means that the sync has yet to run for the first time."""
        try:
            job = yield from status()
        except NotFoundError:
            if (yield from if_found(definition())) is None:
                raise
            return git_job(ref, GitSyncReply())
        if job.latest_sync is None:
            yield from definition()
        return job

    def remains() -> Flow[GitSyncJob]:
        yield from definition()
        return (yield from (look() if owns_definition else status()))

    def active_blockers() -> Flow[tuple[SyncBlocker, ...]]:
        found = yield from blockers()
        if found is None:
            yield from definition()
        active = [blocker for blocker in found or () if blocker.is_active]
        return tuple(sorted(active, key=lambda blocker: blocker.created_at, reverse=True))

    def branch_status() -> Flow[RepositorySyncAttempt | None]:
        place = yield from definition()
        return (yield from if_found(repository_status(place)))

    return Subject(
        ref,
        look=look,
        blockers=active_blockers,
        remains=remains,
        resolve=None if resolve is None else partial(_resolving, resolve, blockers),
        repository_status=branch_status,
        release=release,
    )


def _resolving(
    resolve: Callable[[str, str], Flow[SyncBlocker]],
    blockers: Callable[[], Flow[tuple[SyncBlocker, ...] | None]],
    blocker_id: str,
    reason: str,
) -> Flow[SyncBlocker]:
    """Resolve a blocker once: where the answer was lost, look it up before it is asked for again."""

    def told() -> Flow[SyncBlocker]:
        try:
            return (yield from resolve(blocker_id, reason))
        except ServerError as error:
            # This one says that the blocker is gone, and that the sync did not start again.
            error.outcome_unknown = error.outcome_unknown and error.code != "RetryLatestCommitFailedException"
            raise

    def resolved() -> Flow[SyncBlocker | None]:
        found = (yield from blockers()) or ()
        return next((each for each in found if each.id == blocker_id and not each.is_active), None)

    return creating(told, resolved)
