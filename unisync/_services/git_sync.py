"""What the Git syncs of Proton and CodeConnections have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Generic, TypeVar

from typing_extensions import override

from unisync._core.branch import BranchStatus
from unisync._core.flow import Flow
from unisync._core.target import SyncTarget
from unisync._models.base import Model, SyncState, share_field_names, with_ref
from unisync._models.blockers import SyncBlocker
from unisync._models.jobs import GitSyncJob, GitSyncResponse, RepositoryBranch, SyncJobStatus
from unisync._models.refs import SyncRef
from unisync._services.operations import create_once, logger, none_if_not_found
from unisync.errors import NotFoundError, ServerError, UnisyncError

if TYPE_CHECKING:  # these models are built when they are first needed
    from unisync._models.blocker_summaries import ServiceSyncBlockerSummary, SyncBlockerSummary
    from unisync._models.configurations import RepositorySyncAttempt

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
    job = with_ref(GitSyncJob, ref, response, status=status)
    share_field_names(_models_of(job))
    return job


def _models_of(job: GitSyncJob) -> Iterator[Model]:
    """The job and what it consists of."""
    yield job
    if job.desired_state is not None:
        yield job.desired_state
    for attempt in (job.latest_sync, job.latest_successful_sync):
        if attempt is not None:
            yield from (attempt, attempt.status, attempt.initial_revision, attempt.target_revision)
            yield from attempt.events


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


class GitTarget(SyncTarget[GitSyncJob], Generic[C]):
    """A Git sync: what its service reads in its own way, and what the services have in common."""

    owns_configuration: bool = True
    """Whether the configuration belongs to this sync alone, so that the sync is deleted exactly when its configuration
    is. Syncs that share the configuration of a parent are deleted when their own status is."""

    def status(self) -> Flow[GitSyncJob]:
        """Read its status; NotFoundError if there is none."""
        raise NotImplementedError

    def configuration(self) -> Flow[C]:
        """Read its configuration; NotFoundError if there is none."""
        raise NotImplementedError

    def status_of_branch(self, branch: C) -> Flow[RepositorySyncAttempt | None]:
        """Read the status of a branch; NotFoundError, or None, if it was never synced."""
        raise NotImplementedError

    def own_names(self, branch: C) -> tuple[str | None, ...]:
        """The file, or the directory with a slash behind it, and the resource of this sync, as events may name them."""
        raise NotImplementedError

    def branch_of(self, job: GitSyncJob) -> Flow[C | None]:  # noqa: ARG002
        """The branch that it follows: the configuration's."""
        return (yield from self.configuration())

    def all_blockers(self) -> Flow[tuple[SyncBlocker, ...] | None]:
        """Read its blockers, active and resolved; None if they are not found."""
        yield from ()
        return ()

    @override
    def fetch(self) -> Flow[GitSyncJob]:
        """Read the job. No status while there is a configuration means that the sync has never run."""
        try:
            job = yield from self.status()
        except NotFoundError:
            if (yield from none_if_not_found(self.configuration())) is None:
                raise
            return git_job(self.ref, GitSyncResponse())
        if job.latest_sync is None:
            yield from self.configuration()
        return job

    @override
    def fetch_until_deleted(self) -> Flow[GitSyncJob]:
        yield from self.configuration()
        return (yield from (self.fetch() if self.owns_configuration else self.status()))

    @override
    def blockers(self) -> Flow[tuple[SyncBlocker, ...]]:
        found = yield from self.all_blockers()
        if found is None:
            yield from self.configuration()
        active = [blocker for blocker in found or () if blocker.is_active]
        return tuple(sorted(active, key=lambda blocker: blocker.created_at, reverse=True))

    @override
    def repository_status(self) -> Flow[RepositorySyncAttempt | None]:
        branch = yield from self.configuration()
        return (yield from none_if_not_found(self.status_of_branch(branch)))

    @override
    def branch_status(self, job: GitSyncJob) -> Flow[BranchStatus | None]:
        branch = yield from self.branch_of(job)
        if branch is None:
            return None
        attempt = yield from none_if_not_found(self.status_of_branch(branch))
        return BranchStatus.of(attempt, branch, self.own_names(branch))


def resolve_once(
    resolve: Callable[[str, str], Flow[SyncBlocker]],
    blockers: Callable[[], Flow[tuple[SyncBlocker, ...] | None]],
    blocker_id: str,
    reason: str,
) -> Flow[SyncBlocker]:
    """Resolve a blocker at most once: if the response is lost, look the blocker up before retrying.

    Args:
        resolve: Resolves it, by a call that is not idempotent.
        blockers: Read the blockers, active and resolved; None if they are not found.
        blocker_id: Its id.
        reason: Why it is resolved.
    """

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
