"""The reads beside the status: when each is due, and what came of it. Pure, no I/O.

A wait reads the blockers and the branch now and then, and a failure of such a read changes no verdict. A read that was
denied is not repeated; one that failed for a reason that may pass is, and a verdict waits for it a few times.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

from unisync.errors import ResponseError, UnisyncError

SIDE_READ_INTERVAL = 15.0
"""Seconds between two reads of the blockers, and of the branch, while the wanted commit is not being attempted."""
SIDE_READ_TRIES = 3
"""Consecutive transient failures of such a read after which a verdict does not wait for it any more."""


class LastRead(NamedTuple):
    """The last of the reads of one kind."""

    at: float = -math.inf
    """In seconds since the wait started."""
    poll: int = 0
    """The number of the poll that it was made after."""
    failures: int = 0
    """How often it has failed since it last succeeded."""


class SideReads:
    """The reads beside the status that a wait has made, by what they read.

    Args:
        last: Those that it made before.
        denied: Those that failed for good before, with the error.
    """

    def __init__(self, last: Mapping[str, LastRead] | None = None, denied: Mapping[str, str] | None = None) -> None:
        self.unread: dict[str, UnisyncError | str] = dict(denied or {})
        """What could not be read, and why; as text if another process could not."""
        self.last: dict[str, LastRead] = dict(last or {})

    def is_due(self, name: str, poll: int, elapsed: float, *, is_last_poll: bool) -> bool:
        """Whether to read something: for the first time, after the interval, or in the last poll."""
        last = self.last.get(name, LastRead())
        return last.poll < poll and (is_last_poll or elapsed - last.at >= SIDE_READ_INTERVAL)

    def was_made(self, name: str, poll: int) -> bool:
        """Whether something was read after this poll already."""
        return self.last.get(name, LastRead()).poll == poll

    def may_succeed(self, name: str) -> bool:
        """Whether a read may succeed: it was not denied before."""
        error = self.unread.get(name)
        return error is None or (not isinstance(error, str) and (error.retryable or isinstance(error, ResponseError)))

    @property
    def denied(self) -> dict[str, str]:
        """The reads that are not repeated, with the error in short."""
        return {
            name: error if isinstance(error, str) else getattr(error, "code", None) or type(error).__name__
            for name, error in self.unread.items()
            if not self.may_succeed(name)
        }

    def is_settled(self, name: str) -> bool:
        """Whether a verdict need not wait for a read: the last one succeeded, or there were enough of them."""
        failures = self.last.get(name, LastRead()).failures
        return failures == 0 or failures >= SIDE_READ_TRIES or not self.may_succeed(name)

    def record(
        self, name: str, poll: int, elapsed: float, error: UnisyncError | None, *, is_known: bool = True
    ) -> None:
        """Note how a read ended. An error that is not `is_known` says nothing about what is read."""
        if error is None:
            self.unread.pop(name, None)
            self.last[name] = LastRead(elapsed, poll)
            return
        if is_known:
            self.unread[name] = error
        self.last[name] = LastRead(elapsed, poll, self.last.get(name, LastRead()).failures + 1)
