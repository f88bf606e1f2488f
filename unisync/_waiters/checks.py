"""The checks of single arguments of waits."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import cast

from unisync._core.commands import StopSignal
from unisync._core.durations import MAX_TIMEOUT, seconds_of
from unisync.errors import InvalidArgumentError

_EARLIEST = datetime.min.replace(tzinfo=UTC) + timedelta(minutes=1)
"""Any time before, less the difference that clocks may have, would be before the year 1."""


def checked_grace(grace: object) -> float | None:
    """The seconds for which a failure may pass.

    Raises:
        InvalidArgumentError: It is not a duration.
    """
    if grace is None:
        return None
    seconds = seconds_of(grace)
    if seconds is None or not seconds >= 0:
        raise InvalidArgumentError.expected("grace", "seconds or a timedelta, zero or more", grace)
    return float(min(seconds, MAX_TIMEOUT))


def checked_started_after(moment: object) -> datetime | None:
    """The moment before which attempts are ignored.

    Raises:
        InvalidArgumentError: It is not a date and time with a time zone.
    """
    if moment is None:
        return None
    expected = "a datetime with a time zone, such as datetime.now(UTC)"
    if not (isinstance(moment, datetime) and moment.utcoffset() is not None):
        raise InvalidArgumentError.expected("started_after", expected, moment)
    try:
        # In any other zone, what is computed from it is wrong by an hour where clocks were put back.
        return max(moment.astimezone(UTC), _EARLIEST)
    except OverflowError as error:
        raise InvalidArgumentError.expected("started_after", "a date in the years 1 to 9999, in UTC", moment) from error


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
    seconds = seconds_of(interval)
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
