"""The arguments that all waits share, checked once and passed on as one value."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, Self, TypeVar, cast

from unisync._core.backoff import Backoff
from unisync._core.commands import StopSignal
from unisync._core.events import checked_callback
from unisync._models.jobs import SyncJob
from unisync._models.refs import SyncRef
from unisync._models.resources import SyncResourceSummary
from unisync._waiters.wanted import Wanted
from unisync.errors import InvalidArgumentError, UnisyncError

J = TypeVar("J", bound=SyncJob)
J_co = TypeVar("J_co", bound=SyncJob, covariant=True)

MAX_TIMEOUT = 1e12
"""Seconds; longer than any wait."""


@dataclass(frozen=True)
class Progress(Generic[J_co]):
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


def checked_timeout(timeout: object, name: str = "timeout") -> float:
    """The seconds of a timeout; infinite for None.

    Raises:
        InvalidArgumentError: It is not a duration.
    """
    if timeout is None:
        return math.inf
    seconds = _seconds(timeout)
    if seconds is None or not seconds >= 0:
        expected = "seconds or a timedelta, zero or more, or None for no limit"
        raise InvalidArgumentError.expected(name, expected, timeout)
    return float(min(seconds, MAX_TIMEOUT))


def checked_grace(grace: object) -> float | None:
    """The seconds for which a failure may pass.

    Raises:
        InvalidArgumentError: It is not a duration.
    """
    if grace is None:
        return None
    seconds = _seconds(grace)
    if seconds is None or not seconds >= 0:
        raise InvalidArgumentError.expected("grace", "seconds or a timedelta, zero or more", grace)
    return float(min(seconds, MAX_TIMEOUT))


def checked_started_after(moment: object) -> datetime | None:
    """The moment before which attempts are ignored.

    Raises:
        InvalidArgumentError: It is not a date and time with a time zone.
    """
    if moment is not None and not (isinstance(moment, datetime) and moment.utcoffset() is not None):
        expected = "a datetime with a time zone, such as datetime.now(UTC)"
        raise InvalidArgumentError.expected("started_after", expected, moment)
    return moment


def _seconds(value: object) -> float | None:
    """The seconds of a duration; None if it is not one."""
    seconds = value.total_seconds() if isinstance(value, timedelta) else value
    return seconds if isinstance(seconds, (int, float)) and not isinstance(seconds, bool) else None


def checked_max_failures(max_failures: object) -> int:
    """The number of accepted failures.

    Raises:
        InvalidArgumentError: It is not a number, zero or more.
    """
    if isinstance(max_failures, bool) or not isinstance(max_failures, int) or max_failures < 0:
        raise InvalidArgumentError.expected("max_failures", "a number, zero or more", max_failures)
    return max_failures


def checked_interval(interval: object) -> float:
    """The seconds between two polls.

    Raises:
        InvalidArgumentError: It is not a duration above zero.
    """
    seconds = _seconds(interval)
    if seconds is None or not 0 < seconds < math.inf:
        raise InvalidArgumentError.expected("interval", "seconds or a timedelta above zero", interval)
    return float(seconds)


def checked_stop(stop: StopSignal | None) -> StopSignal | None:
    """The event that stops a wait.

    Raises:
        InvalidArgumentError: It is not an event.
    """
    is_event = stop is None or callable(getattr(cast("object", stop), "is_set", None))
    InvalidArgumentError.unless(is_event, "stop", "a threading.Event", stop)
    return stop
