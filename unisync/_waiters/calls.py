"""The calls of a wait: each has the time that is left, and a transient error ends no wait."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeVar

from unisync._core.commands import StopSignal
from unisync._core.flow import Call, Flow, intercept
from unisync._core.rate_limiter import PermitTimeoutError
from unisync._waiters.side_reads import SideReads
from unisync._waiters.transient import TransientErrors
from unisync.errors import TransportError, UnisyncError

T = TypeVar("T")

GRACE_PERIOD = 1.0
"""Seconds past its deadline that a wait gives to the responses it waits for."""
LATE_POLL_TIMEOUT = 10.0
"""Seconds for the poll of a wait that is continued after its deadline: its client may have to connect first."""
SIDE_READ_TIMEOUT = 10.0
"""Seconds that a read beside the status may take."""
MIN_REMAINING = 0.001
"""Seconds before a deadline that are not worth a pause."""
CUT_OFF_TOLERANCE = 0.05
"""Seconds by which a call may end before its time is up, and still have been cut off by it."""


class WaitCalls:
    """Makes the calls of one wait.

    Args:
        timeout: Seconds from the start of the wait to its deadline.
        stop: What ends the wait early.
        elapsed: Returns the seconds since the wait started.
        transient: Tells which errors are transient.
        side_reads: The reads beside the status that were made before.
        is_continued: Whether the wait began in another process. If it is late, its last poll gets time all the same.
    """

    def __init__(
        self,
        timeout: float,
        stop: StopSignal | None,
        elapsed: Callable[[], float],
        transient: TransientErrors,
        side_reads: SideReads,
        *,
        is_continued: bool = False,
    ) -> None:
        self.error: UnisyncError | None = None
        """The transient error of the last poll, if it failed."""
        self.paused: float = 0.0
        """Seconds of pause before this poll, until its first call has reported them."""
        self.transient = transient
        self.side_reads = side_reads
        self._timeout = timeout
        self._stop = stop
        self._elapsed = elapsed
        self._expires_at = math.inf
        is_late = is_continued and self.remaining + GRACE_PERIOD <= 0
        self._grace = LATE_POLL_TIMEOUT if is_late else GRACE_PERIOD
        self._ends_at = (elapsed() if is_late else timeout) + self._grace
        """When the last response is to be there, in seconds since the wait started."""

    @property
    def remaining(self) -> float:
        """Seconds until the deadline of the wait."""
        return self._timeout - self._elapsed()

    @property
    def is_last_poll(self) -> bool:
        """Whether there is no time for another poll."""
        return self.remaining <= MIN_REMAINING

    def ignoring_transient(self, flow: Flow[T], check_stop: Callable[[], None]) -> Flow[T | None]:
        """The result of a flow; None if it failed with a transient error.

        Args:
            flow: The flow.
            check_stop: Raises an error if the wait was stopped, which comes before that of the call.
        """
        previous, self.error = self.error, None
        try:
            result = yield from intercept(flow, self._bound)
        except UnisyncError as error:
            check_stop()
            if not self.transient.is_transient(error):
                raise
            self.error = previous if self._is_cut_off(error) else error
            return None
        self.transient.record_success()
        return result

    def read_aside(self, name: str, poll: int, flow: Flow[T]) -> Flow[T | None]:
        """Read something beside the status; None if that fails, which changes no verdict.

        Args:
            name: What is read, as `SideReads` has it.
            poll: The number of the poll that it is read after.
            flow: Reads it.
        """
        if not self.side_reads.may_succeed(name) or self._elapsed() >= self._ends_at:
            flow.close()
            return None
        try:
            result = yield from intercept(flow, lambda call: self._bound(call, SIDE_READ_TIMEOUT))
        except UnisyncError as error:
            is_known = not self._is_cut_off(error)
            self.side_reads.record(name, poll, self._elapsed(), error, is_known=is_known)
            return None
        self.side_reads.record(name, poll, self._elapsed(), None)
        return result

    def is_due(self, name: str, poll: int) -> bool:
        """Whether to read something beside the status."""
        return self.side_reads.is_due(name, poll, self._elapsed(), is_last_poll=self.is_last_poll)

    def _bound(self, call: Call[Any], max_seconds: float = math.inf) -> Flow[object]:
        """Give a call the time that is left, and the pause before it."""
        delay, self.paused = self.paused, 0.0
        remaining = self.remaining
        self._expires_at = math.inf
        timeout = max_seconds
        if remaining < math.inf:
            left = max(remaining, min(self._grace, self._ends_at - self._elapsed()), MIN_REMAINING)
            self._expires_at = self._elapsed() + left
            timeout = min(left, max_seconds)
        bound = None if timeout == math.inf else timeout
        return (yield call._replace(timeout=bound, stop=self._stop, delay=delay))

    def _is_cut_off(self, error: UnisyncError) -> bool:
        """Whether the deadline of the wait ended a call, so that its error says nothing about the endpoint."""
        is_unanswered = isinstance(error, TransportError) and not isinstance(error, PermitTimeoutError)
        return is_unanswered and self._elapsed() >= self._expires_at - CUT_OFF_TOLERANCE
