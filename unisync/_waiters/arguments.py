"""The arguments that all waits share, checked once and passed on as one value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Self, TypeVar, cast

from unisync._core.backoff import Backoff
from unisync._core.commands import StopSignal
from unisync._core.durations import checked_timeout
from unisync._core.events import checked_callback
from unisync._models.dumping import Dumpable
from unisync._models.jobs import SyncJob
from unisync._models.refs import SyncRef
from unisync._models.resources import SyncResourceSummary
from unisync._waiters.checks import checked_grace, checked_started_after, checked_stop
from unisync._waiters.token import WaitToken
from unisync._waiters.wanted import Wanted
from unisync.errors import InvalidArgumentError, UnisyncError

J = TypeVar("J", bound=SyncJob)
J_co = TypeVar("J_co", bound=SyncJob, covariant=True)


@dataclass(frozen=True)
class Progress(Dumpable, Generic[J_co]):
    """The progress of a wait, reported after each poll that is followed by another."""

    job: J_co
    """The job as the last successful poll returned it."""
    polls: int
    """How often the sync was polled."""
    elapsed: float
    """Seconds since the wait started."""
    next_delay: float
    """Seconds until the next poll; longer if the rate limit leaves no room for it then."""
    error: UnisyncError | None = None
    """The transient error of this poll, if it failed; `job` is then from an earlier poll."""
    resources: SyncResourceSummary | None = None
    """When waiting for resources: their state when they were last counted."""
    ref: SyncRef[J_co] | None = None
    """The sync that is waited for; in a fleet, with its account and region."""
    token: WaitToken | None = None
    """The wait as it is now, for another process to continue; None if a function decides which commits count."""


OnProgress = Callable[[Progress[J]], object]
"""Called after each poll of a wait that is followed by another."""


@dataclass(frozen=True, slots=True)
class WaitOptions(Generic[J]):
    """The options of a wait, checked."""

    timeout: float
    """Seconds; infinite if the wait has no deadline."""
    backoff: Backoff
    on_progress: OnProgress[J] | None = None
    stop: StopSignal | None = None
    wanted: Wanted | None = None
    grace: float | None = None
    """Seconds for which a failure may pass; None for the default of what is waited for."""
    started_after: datetime | None = None

    @classmethod
    def checked(
        cls,
        *,
        timeout: object,
        backoff: object,
        on_progress: OnProgress[J] | None,
        stop: StopSignal | None,
        revision: object = None,
        grace: object = None,
        started_after: object = None,
    ) -> Self:
        """The options as a user passed them.

        Raises:
            InvalidArgumentError: One of them is not what is expected.
        """
        expect = InvalidArgumentError.unless
        expect(isinstance(backoff, Backoff), "backoff", "a Backoff", backoff)
        return cls(
            checked_timeout(timeout),
            cast("Backoff", backoff),
            checked_callback("on_progress", on_progress),
            checked_stop(stop),
            Wanted.checked(revision),
            checked_grace(grace),
            checked_started_after(started_after),
        )

    @property
    def revision(self) -> str | None:
        """The text of the commits that are waited for, if any."""
        return None if self.wanted is None else self.wanted.text
