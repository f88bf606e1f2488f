"""What the Git syncs of Proton and CodeConnections have in common."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from unisync._core.flow import Flow
from unisync._core.target import BranchStatus, SyncTarget, no_blockers
from unisync._models.base import SyncState, with_ref
from unisync._models.blockers import SyncBlocker
from unisync._models.configurations import (
    RepositorySyncAttempt,
    ServiceSyncBlockerSummary,
    SyncBlockerSummary,
)
from unisync._models.jobs import GitSyncJob, GitSyncResponse, RepositoryBranch, SyncJobStatus
from unisync._models.refs import SyncRef
from unisync._services.operations import create_once, logger, none_if_not_found
from unisync.errors import NotFoundError, ServerError, UnisyncError

T = TypeVar("T")
C = TypeVar("C", bound=RepositoryBranch)

STATES = {
    "INITIATED": SyncState.PENDING,
    "QUEUED": SyncState.PENDING,
    "IN_PROGRESS": SyncState.RUNNING,
    "SUCCEEDED": SyncState.ACTIVE,
    "FAILED": SyncState.FAILED,
}


def git_job(ref: SyncRef[GitSyncJob], response: GitSyncResponse) -> GitSyncJob:
    """The job of a response. Its status is that of the latest attempt."""
    attempt = response.latest_sync
    status = SyncJobStatus(state=SyncState.PENDING, aws_state="") if attempt is None else attempt.status
    return with_ref(GitSyncJob, ref, response, status=status)


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
        except UnisyncError as error:
            if not any(blocker.is_active for blocker in found or ()):
                raise
            # What was found blocks the sync in any case.
            logger.warning("some blockers could not be read: %s", type(error).__name__)
            break
        found = [*(found or ()), *(summary.latest_blockers if summary is not None else ())]
    return None if found is None else tuple(found)


def not_found(service: str, operation: str, message: str) -> NotFoundError:
    """The error for a resource that the service did not report missing, but that is."""
    return NotFoundError({"Error": {"Code": "ResourceNotFoundException", "Message": message}}, operation, service)


def required(flow: Flow[T | None], service: str, operation: str, name: str) -> Flow[T]:
    """The same flow; a response without a configuration counts as "not found"."""
    configuration = yield from flow
    if configuration is None:
        raise not_found(service, operation, f"{name} has no sync configuration")
    return configuration


def git_target(
    ref: SyncRef[GitSyncJob],
    *,
    status: Callable[[], Flow[GitSyncJob]],
    configuration: Callable[[], Flow[C]],
    repository_status: Callable[[C], Flow[RepositorySyncAttempt | None]],
    own_names: Callable[[C], tuple[str | None, ...]],
    own_branch: Callable[[GitSyncJob], C | None] | None = None,
    blockers: Callable[[], Flow[tuple[SyncBlocker, ...] | None]] = no_blockers,
    resolve: Callable[[str, str], Flow[SyncBlocker]] | None = None,
    resolve_command: str = "",
    owns_configuration: bool = True,
) -> SyncTarget[GitSyncJob]:
    """A Git sync as a target.

    Args:
        ref: The sync.
        status: Read its status.
        configuration: Read its configuration; NotFoundError if there is none.
        repository_status: Read the status of the configuration's branch; NotFoundError, or None, if it was never
            synced.
        own_names: The file and the resource of this sync, as events of its branch may name them.
        own_branch: The branch that a job shows it to follow, where the configuration may name another.
        blockers: Read its blockers, active and resolved; None if they are not found.
        resolve: Resolve the blocker with an id, for a reason, by a call that is not idempotent.
        resolve_command: The AWS CLI command that resolves a blocker, with "{id}" for its id.
        owns_configuration: Whether the configuration belongs to this sync alone, so that the sync is deleted exactly
            when its configuration is. Syncs that share the configuration of a parent are deleted when their own status
            is.
    """

    def fetch() -> Flow[GitSyncJob]:
        """Read the job. No status while there is a configuration means that the sync has never run."""
        try:
            job = yield from status()
        except NotFoundError:
            if (yield from none_if_not_found(configuration())) is None:
                raise
            return git_job(ref, GitSyncResponse())
        if job.latest_sync is None:
            yield from configuration()
        return job

    def fetch_until_deleted() -> Flow[GitSyncJob]:
        yield from configuration()
        return (yield from (fetch() if owns_configuration else status()))

    def active_blockers() -> Flow[tuple[SyncBlocker, ...]]:
        found = yield from blockers()
        if found is None:
            yield from configuration()
        active = [blocker for blocker in found or () if blocker.is_active]
        return tuple(sorted(active, key=lambda blocker: blocker.created_at, reverse=True))

    def latest_of_branch() -> Flow[RepositorySyncAttempt | None]:
        config = yield from configuration()
        return (yield from none_if_not_found(repository_status(config)))

    def branch_status(job: GitSyncJob) -> Flow[BranchStatus | None]:
        branch = (yield from configuration()) if own_branch is None else own_branch(job)
        if branch is None:
            return None
        attempt = yield from none_if_not_found(repository_status(branch))
        return BranchStatus(attempt, tuple(filter(None, own_names(branch))))

    return SyncTarget(
        ref,
        fetch=fetch,
        blockers=active_blockers,
        fetch_until_deleted=fetch_until_deleted,
        resolve_blocker=None if resolve is None else partial(_resolve_once, resolve, blockers),
        repository_status=latest_of_branch,
        branch_status=branch_status,
        resolve_command=resolve_command,
    )


def _resolve_once(
    resolve: Callable[[str, str], Flow[SyncBlocker]],
    blockers: Callable[[], Flow[tuple[SyncBlocker, ...] | None]],
    blocker_id: str,
    reason: str,
) -> Flow[SyncBlocker]:
    """Resolve a blocker at most once: if the response is lost, look the blocker up before retrying."""

    def update() -> Flow[SyncBlocker]:
        try:
            return (yield from resolve(blocker_id, reason))
        except ServerError as error:
            # This code means that the blocker was resolved and the sync did not start again: the outcome is known.
            error.outcome_unknown = error.outcome_unknown and error.code != "RetryLatestCommitFailedException"
            raise

    def lookup() -> Flow[SyncBlocker | None]:
        found = (yield from blockers()) or ()
        return next((each for each in found if each.id == blocker_id and not each.is_active), None)

    return create_once(update, lookup)
