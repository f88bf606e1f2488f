"""Failures that may pass: when each was first seen, and whether it is final. Pure, no I/O."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import NamedTuple

from unisync._waiters.calls import MIN_REMAINING
from unisync._waiters.memory import FailureKey, RememberedFailure
from unisync.errors import SyncFailedError


class Failure(NamedTuple):
    """A failure that was seen, and may pass."""

    of: FailureKey
    since: float
    """When it was first seen, in seconds since the wait started."""
    grace: float
    """Seconds for which it may pass."""
    error: Callable[[], SyncFailedError]
    """Makes the error."""


class Failures:
    """The failures that a wait has seen. One at a time may end it.

    Args:
        last: The one that another process saw last.
        seen_since: When each failed attempt was first seen there.
        error: Makes the error of `last`.
    """

    def __init__(
        self,
        last: RememberedFailure | None,
        seen_since: Mapping[FailureKey, float],
        error: Callable[[], SyncFailedError],
    ) -> None:
        self.last: Failure | None = None if last is None else Failure(last.of, last.since, last.grace, error)
        self.seen_since: dict[FailureKey, float] = dict(seen_since)
        """When each failed attempt was first seen: a read that shows it in progress again is stale."""
        if last is not None and _is_attempt(last.of):
            self.seen_since[last.of] = last.since

    def note(self, of: FailureKey, error: Callable[[], SyncFailedError], grace: float, elapsed: float) -> None:
        """Note that something has failed, `elapsed` seconds after the wait started."""
        if self.last is None or self.last.of != of:
            since = self.seen_since.setdefault(of, elapsed) if _is_attempt(of) else elapsed
            self.last = Failure(of, since, grace, error)
        else:
            self.last = self.last._replace(error=error)

    def grace_left(self, elapsed: float) -> float:
        """Seconds until the failure that was seen is final; infinite if there is none."""
        return math.inf if self.last is None else self.last.since + self.last.grace - elapsed

    def is_final(self, kind: object, elapsed: float, *, is_last_poll: bool) -> bool:
        """Whether a failure of this kind was seen, and its grace is used up, or the wait's time."""
        if self.last is None or self.last.of[0] != kind:
            return False
        return self.grace_left(elapsed) <= MIN_REMAINING or is_last_poll

    def forget(self, kind: str | None = None) -> None:
        """Forget a failure of this kind, or of any: it has passed."""
        if self.last is not None and kind in (None, self.last.of[0]):
            self.last = None

    @property
    def remembered(self) -> RememberedFailure | None:
        """The last one, for a wait that continues elsewhere."""
        last = self.last
        return None if last is None else RememberedFailure(of=last.of, since=last.since, grace=last.grace)

    @property
    def remembered_since(self) -> tuple[tuple[FailureKey, float], ...]:
        """When each of the others was first seen, for a wait that continues elsewhere."""
        last = None if self.last is None else self.last.of
        return tuple((of, since) for of, since in self.seen_since.items() if of != last)


def _is_attempt(of: FailureKey) -> bool:
    """Whether it is an attempt that failed: it has a time, and stays failed."""
    return len(of) > 1
