"""The outcome of one sync among many: no failure hides another's result."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from unisync._models.base import Displayable
from unisync._models.blockers import SyncBlocker
from unisync._models.dumping import Dumpable
from unisync._models.jobs import SyncJob
from unisync._models.refs import FleetSync, SyncRef
from unisync.errors import InvalidArgumentError, UnisyncError

J_co = TypeVar("J_co", bound=SyncJob, covariant=True)


@dataclass(frozen=True)
class Outcome(Displayable, Dumpable, Generic[J_co]):
    """The result of reading one sync of many, or of waiting for it."""

    ref: SyncRef[J_co]
    """The sync."""
    job: J_co | None
    """The job as the last successful poll returned it; None if none succeeded."""
    error: UnisyncError | None
    """What it failed with, if it failed."""
    done: bool = True
    """Whether its wait ended; False if the others' results were enough, or the wait was stopped."""
    blockers: tuple[SyncBlocker, ...] | None = None
    """The active blockers; None if they were not read."""

    @property
    def account(self) -> str | None:
        """The account, in a fleet."""
        return self.ref.account if isinstance(self.ref, FleetSync) else None

    @property
    def region(self) -> str | None:
        """The region, in a fleet."""
        return self.ref.region if isinstance(self.ref, FleetSync) else None

    def result(self) -> J_co:
        """The job.

        Raises:
            UnisyncError: What it failed with.
            InvalidArgumentError: Its wait has not ended.
        """
        if self.error is not None:
            raise self.error
        if not self.done or self.job is None:
            raise InvalidArgumentError(f"result: the wait for {self.ref} has not ended")
        return self.job

    def __rich_repr__(self) -> Iterator[tuple[str, object]]:
        yield "ref", str(self.ref)
        yield "job", self.job
        yield "error", self.error
        if not self.done:
            yield "done", False
        if self.blockers:
            yield "blockers", [blocker.created_reason for blocker in self.blockers]
