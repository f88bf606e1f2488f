"""Deadlines: when a call must have ended, whatever it is doing."""

from __future__ import annotations

import math
import time
from typing import NamedTuple

from unisync._core.commands import StopSignal

_MAX_TIMEOUT = 1e6
"""Seconds: no socket accepts a timeout of more than some years."""


class Deadline(NamedTuple):
    """When a call must have ended, by real time; and what ends it before."""

    expires_at: float = math.inf
    """By the monotonic clock."""
    stop: StopSignal | None = None

    @classmethod
    def after(cls, seconds: float | None, stop: StopSignal | None = None) -> Deadline:
        """A deadline so many seconds from now; None for no limit."""
        return cls(math.inf if seconds is None else time.monotonic() + seconds, stop)

    def check(self) -> float:
        """The seconds that are left.

        Raises:
            TimeoutError: None are left, or the call was stopped.
        """
        if self.stop is not None and self.stop.is_set():
            raise TimeoutError("the call was stopped")
        if self.expires_at == math.inf:
            return _MAX_TIMEOUT
        remaining = self.expires_at - time.monotonic()
        if remaining <= 0:
            raise TimeoutError("no response before the deadline")
        return min(remaining, _MAX_TIMEOUT)
