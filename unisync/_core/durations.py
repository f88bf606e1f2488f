"""Durations as users pass them: seconds, or a timedelta."""

from __future__ import annotations

import math
from datetime import timedelta

from unisync.errors import InvalidArgumentError

MAX_TIMEOUT = 1e12
"""Seconds; longer than any wait."""


def checked_timeout(timeout: object, name: str = "timeout") -> float:
    """The seconds of a timeout; infinite for None.

    Raises:
        InvalidArgumentError: It is not a duration.
    """
    if timeout is None:
        return math.inf
    seconds = seconds_of(timeout)
    if seconds is None or not seconds >= 0:
        expected = "seconds or a timedelta, zero or more, or None for no limit"
        raise InvalidArgumentError.expected(name, expected, timeout)
    return float(min(seconds, MAX_TIMEOUT))


def seconds_of(value: object) -> float | None:
    """The seconds of a duration; None if it is not one."""
    seconds = value.total_seconds() if isinstance(value, timedelta) else value
    return seconds if isinstance(seconds, (int, float)) and not isinstance(seconds, bool) else None
