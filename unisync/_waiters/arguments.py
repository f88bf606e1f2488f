"""The arguments that all waits share, checked once and passed on as one value."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Generic, Self, TypeVar, cast

from unisync._core.backoff import Backoff
from unisync._core.commands import StopSignal
from unisync._core.events import checked_callback
from unisync._models.jobs import SyncJob
from unisync._models.refs import SyncRef
from unisync._models.resources import SyncResourceSummary
from unisync.errors import InvalidArgumentError, UnisyncError

J = TypeVar("J", bound=SyncJob)
J_co = TypeVar("J_co", bound=SyncJob, covariant=True)

MAX_TIMEOUT = 1e12
"""Seconds; longer than any wait."""
_SHA = re.compile(r"[0-9a-fA-F]{7,64}")


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
    revision: str | None = None
    """In lower case."""

    @classmethod
    def checked(
        cls,
        *,
        timeout: object,
        backoff: object,
        on_progress: OnProgress[J] | None,
        stop: StopSignal | None,
        revision: object = None,
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
            checked_revision(revision),
        )


def checked_revision(revision: object) -> str | None:
    """The revision to wait for, in lower case.

    Raises:
        InvalidArgumentError: It is neither a commit's sha nor the start of one.
    """
    if revision is None:
        return None
    expected = "a commit's sha, or at least 7 of its first hexadecimal digits"
    if not (isinstance(revision, str) and _SHA.fullmatch(revision)):
        raise InvalidArgumentError.expected("revision", expected, revision)
    return revision.lower()


def checked_timeout(timeout: object) -> float:
    """The seconds of a timeout; infinite for None.

    Raises:
        InvalidArgumentError: It is not a duration.
    """
    if timeout is None:
        return math.inf
    seconds = timeout.total_seconds() if isinstance(timeout, timedelta) else timeout
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not seconds >= 0:
        expected = "seconds or a timedelta, zero or more, or None for no limit"
        raise InvalidArgumentError.expected("timeout", expected, timeout)
    return float(min(seconds, MAX_TIMEOUT))


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
    seconds = interval.total_seconds() if isinstance(interval, timedelta) else interval
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not 0 < seconds < math.inf:
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
