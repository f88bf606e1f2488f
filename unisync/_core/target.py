"""A sync as the calls that read it: what its service gives the waiters to poll."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, NamedTuple, TypeVar

from unisync._core.commands import Flow
from unisync._models.blockers import SyncBlocker
from unisync._models.configurations import RepositorySyncAttempt
from unisync._models.jobs import SyncJob
from unisync._models.refs import SyncRef
from unisync._models.resources import SyncResourceSummary

J = TypeVar("J", bound=SyncJob)


class BranchStatus(NamedTuple):
    """How the sync of a branch stands, which comes before the attempts of the syncs that the branch defines."""

    attempt: RepositorySyncAttempt | None
    """The latest; None if there was none yet."""
    own_names: tuple[str, ...]
    """The file and the resource of the sync in question, as the events of an attempt may name them."""


class SyncTarget(NamedTuple, Generic[J]):
    """A sync, by the calls that read it and change it."""

    ref: SyncRef[J]
    fetch: Callable[[], Flow[J]]
    """Read the job; NotFoundError if there is no such sync."""
    blockers: Callable[[], Flow[tuple[SyncBlocker, ...]]]
    """Read the active blockers."""
    fetch_until_deleted: Callable[[], Flow[J]]
    """Read the job while it is not deleted; NotFoundError from then on."""
    resolve_blocker: Callable[[str, str], Flow[SyncBlocker]] | None = None
    """Resolve the blocker with an id, for a reason; None if nothing can block this sync."""
    repository_status: Callable[[], Flow[RepositorySyncAttempt | None]] | None = None
    """Read the latest sync of its branch, None if there was none; None if it follows no branch."""
    branch_status: Callable[[J], Flow[BranchStatus | None]] | None = None
    """Read how the branch of a job stands, None if it is not known which that is; None if it follows no branch."""
    resources: Callable[[], Flow[SyncResourceSummary]] | None = None
    """Count what it keeps in sync; None if it is one thing."""
    resolve_command: str = ""
    """The AWS CLI command that resolves a blocker, with "{id}" for its id."""
    has_revisions: bool = True
    """Whether it follows commits, so that a wait can be for one of them."""

    def with_blockers(self, job: J) -> Flow[J]:
        """A job that was just read, with the blockers of its sync."""
        return job.model_copy(update={"blockers": (yield from self.blockers())})


def no_blockers() -> Flow[tuple[SyncBlocker, ...]]:
    """The blockers of a sync that nothing can block."""
    yield from ()
    return ()
