"""A sync as the calls that read it: what its service gives the waiters to poll."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

from unisync._core.branch import BranchStatus
from unisync._core.commands import Flow
from unisync._models.blockers import SyncBlocker
from unisync._models.jobs import SyncAttempt, SyncJob
from unisync._models.refs import SyncRef
from unisync.errors import InvalidArgumentError

if TYPE_CHECKING:  # these models are built when they are first needed
    from unisync._models.configurations import RepositorySyncAttempt
    from unisync._models.resources import SyncResourceSummary
    from unisync._models.root_cause import RootCause

J = TypeVar("J", bound=SyncJob)


class SyncTarget(Generic[J]):
    """A sync, by the calls that read it and change it. Each service has its own.

    Args:
        ref: The sync.
    """

    has_revisions: bool = True
    """Whether it follows commits, so that a wait can be for one of them."""
    has_resources: bool = False
    """Whether it keeps several things in sync, which can be counted."""

    def __init__(self, ref: SyncRef[J]) -> None:
        self.ref: SyncRef[J] = ref

    def check_commits(self, **arguments: object) -> None:
        """Raise InvalidArgumentError if one of these arguments about commits is not None, and it follows none."""
        for name, value in arguments.items():
            if value is not None and not self.has_revisions:
                raise InvalidArgumentError(f"{name}: expected None, as {self.ref} follows no commits")

    @property
    def resolve_command(self) -> str:
        """The AWS CLI command that resolves a blocker, with "{id}" for its id; empty if nothing can block it."""
        return ""

    def fetch(self) -> Flow[J]:
        """Read the job; NotFoundError if there is no such sync."""
        raise NotImplementedError

    def fetch_until_deleted(self) -> Flow[J]:
        """Read the job while it is not deleted; NotFoundError from then on."""
        return self.fetch()

    def blockers(self) -> Flow[tuple[SyncBlocker, ...]]:
        """Read the active blockers."""
        yield from ()
        return ()

    def with_blockers(self, job: J) -> Flow[J]:
        """A job that was just read, with the blockers of its sync."""
        return job.model_copy(update={"blockers": (yield from self.blockers())})

    def resolve_blocker(self, blocker_id: str, reason: str) -> Flow[SyncBlocker]:  # noqa: ARG002
        """Resolve the blocker with an id, for a reason."""
        raise InvalidArgumentError.expected("ref", "the reference of a stack or of a service instance", self.ref)

    def repository_status(self) -> Flow[RepositorySyncAttempt | None]:
        """Read the latest sync of its branch, None if there was none."""
        raise InvalidArgumentError.expected("ref", "the reference of a Git sync", self.ref)

    def branch_status(self, job: J) -> Flow[BranchStatus | None]:  # noqa: ARG002
        """Read how the branch of a job stands, None if it is not known which that is, or if it follows none."""
        yield from ()
        return None

    def resources(self) -> Flow[SyncResourceSummary]:
        """Count what it keeps in sync."""
        raise InvalidArgumentError.expected("ref", "a TwinMaker sync job", self.ref)

    def root_cause(self, attempt: SyncAttempt) -> Flow[RootCause | None]:  # noqa: ARG002
        """Read what failed first in the resource itself in an attempt; None if nothing did."""
        yield from ()
        return None
