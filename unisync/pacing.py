"""How many calls a second AWS takes: nobody publishes it, so it is found out, and shared by all who ask the same."""

from __future__ import annotations

import itertools
import math
import threading
from collections import deque
from collections.abc import Callable, Generator, Hashable
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar
from weakref import WeakKeyDictionary

from unisync.errors import InvalidRequestError, ThrottledError, TransportError
from unisync.flow import Call, Flow, Sleep, SystemClock
from unisync.models import Model

if TYPE_CHECKING:
    from unisync.interfaces import Clock

R = TypeVar("R", bound=Model)


@dataclass(frozen=True, slots=True)
class Pace:
    """What is assumed of AWS's rate limits, for each operation in each account and region, before they are known.

    Args:
        initial: Calls a second to begin with.
        minimum: Calls a second that are made however often AWS throttles.
        maximum: Calls a second that are never exceeded.
    """

    initial: float = 10.0
    minimum: float = 0.5
    maximum: float = 1000.0

    def __post_init__(self) -> None:
        self._expect("minimum", self.minimum, "a number above 0", 0 < self.minimum < math.inf)
        self._expect("initial", self.initial, "at least minimum", self.minimum <= self.initial < math.inf)
        self._expect("maximum", self.maximum, "at least initial", self.initial <= self.maximum)

    @staticmethod
    def _expect(name: str, value: float, expected: str, met: bool) -> None:
        if not met:
            raise InvalidRequestError.before_sending(f"{name}: expected {expected}, got {value!r}", "Pace")


DOUBLES_IN = 1.0
"""Seconds in which the rate doubles as long as nothing was throttled yet."""
BACK_OFF = 0.9
"""What is left of the rate that held when AWS throttles."""
BACK_IN = 12.0
"""Seconds from there until the rate that held is tried again; from then on it grows as slowly."""
ONCE_IN = 1.0
"""Seconds in which further throttling is taken for the same: the calls under way were sent at the old rate."""
IDLE_AFTER = 3.0
"""Seconds without anybody being held back after which the rate does not grow. Whoever is asks again within POLL."""
POLL = 2.0
"""Seconds after which whoever waits for a turn asks again at the latest: the rate may have grown."""
MEASURED_BY = 10
"""Calls that went through, by which it is measured at what rate they did; at higher rates, a second's worth."""


class Bucket:
    """The rate of one operation in one account and region. It can be shared by threads.

    Args:
        pace: What is assumed at first.
        now: The time, in seconds.
    """

    def __init__(self, pace: Pace, now: float) -> None:
        self._pace = pace
        self.rate = pace.initial
        self._tokens = 1.0
        self._filled_at = now
        self._held_back_at = -math.inf
        self._throttled_at = -math.inf
        self._ever_throttled = False
        self._grown_at = now
        self._passed: deque[float] = deque(maxlen=2000)
        # The queue: the places given so far, the first that waits, and those behind it that do not.
        self._behind = 0
        self._head = 0
        self._left: set[int] = set()
        self._last_queued = False
        self._lock = threading.Lock()

    def queue(self) -> int:
        """Take a place behind all who wait for their turn to `take`. Whoever has one has to `leave` it."""
        with self._lock:
            self._behind += 1
            return self._behind - 1

    def leave(self, place: int) -> None:
        """Give up a place, or be done with it."""
        with self._lock:
            self._left.add(place)
            while self._head in self._left:
                self._left.remove(self._head)
                self._head += 1

    def take(self, now: float, place: int | None = None) -> float:
        """Take the right to make a call. Gives 0.0, or the seconds after which to ask again.

        Args:
            now: The time.
            place: The place in the queue. Who has none, and sees to the turns of many itself, shares with the queue.
        """
        with self._lock:
            self._grow(now)
            self._fill(now)
            ahead = self._ahead_of(place)
            if self._tokens >= 1 and ahead == 0:
                self._tokens -= 1
                self._last_queued = place is not None
                return 0.0
            self._held_back_at = now
            return min(max((1 - self._tokens + ahead) / self.rate, 1e-4), POLL)

    def _ahead_of(self, place: int | None) -> int:
        """How many have their turn first."""
        if place is not None:
            return place - self._head
        return 1 if self._behind > self._head and not self._last_queued else 0

    def answered(self, now: float, *, throttled: bool) -> None:
        """Note that AWS answered a call."""
        with self._lock:
            if not throttled:
                self._passed.append(now)
                return
            self._fill(now)
            if now - self._throttled_at < ONCE_IN:
                return
            self.rate = max(min(self.rate, self._held(now)) * BACK_OFF, self._pace.minimum)
            self._tokens = min(self._tokens, 0.0)
            self._throttled_at = self._grown_at = now
            self._ever_throttled = True

    def _fill(self, now: float) -> None:
        # No burst of more than a tenth of a second's worth: what AWS allows at once is not known either.
        most = max(1.0, self.rate / 10)
        self._tokens = min(most, self._tokens + (now - self._filled_at) * self.rate)
        self._filled_at = now

    def _grow(self, now: float) -> None:
        """Grow while it is this rate that holds calls back: one that grows while idle ends in throttling."""
        elapsed, self._grown_at = now - self._grown_at, now
        if now - self._held_back_at > IDLE_AFTER or elapsed <= 0:
            return
        elapsed = min(elapsed, IDLE_AFTER)
        if self._ever_throttled:
            self.rate += self.rate * (1 / BACK_OFF - 1) * elapsed / BACK_IN
        else:
            self.rate *= 2 ** (elapsed / DOUBLES_IN)
        self.rate = min(self.rate, self._pace.maximum)

    def _held(self, now: float) -> float:
        """The rate at which calls went through of late; half of the one allowed, where they were too few to tell."""
        count = max(MEASURED_BY, int(self.rate))
        recent = [moment for moment in itertools.islice(reversed(self._passed), count) if now - moment < count]
        if len(recent) < MEASURED_BY or recent[-1] >= now:
            return self.rate / 2
        return len(recent) / (now - recent[-1])


class Buckets:
    """The buckets of this process, each made when it is first asked for."""

    def __init__(self) -> None:
        # Times of different clocks cannot be compared.
        self._by_clock: WeakKeyDictionary[object, dict[Hashable, Bucket]] = WeakKeyDictionary()
        self._lock = threading.Lock()

    def get(self, clock: Clock, key: Hashable, pace: Pace) -> Bucket:
        """The bucket of what `key` names. Who asks first says what is assumed of it."""
        with self._lock:
            # Real time is the same for all.
            owner: object = SystemClock if isinstance(clock, SystemClock) else clock
            buckets = self._by_clock.setdefault(owner, {})
            if key not in buckets:
                buckets[key] = Bucket(pace, clock.now())
            return buckets[key]


BUCKETS = Buckets()


def waiting_for_turn(bucket: Bucket, call: Call[R], now: Callable[[], float]) -> Flow[Call[R]]:
    """Wait until it is a call's turn. Gives the call, with the time that is left for its answer.

    Raises:
        TransportError: its turn did not come in time.
    """
    began = now()
    place = bucket.queue()
    try:
        while (delay := bucket.take(now(), place)) > 0:
            left = math.inf if call.timeout is None else call.timeout - (now() - began)
            if left <= 0:
                reason = "the rate that AWS allows left no room for it in time"
                raise TransportError(call.service, call.operation, reason, retryable=True, outcome_unknown=False)
            yield Sleep(min(delay, left))
    finally:
        bucket.leave(place)
    if call.timeout is None:
        return call
    return call._replace(timeout=max(call.timeout - (now() - began), 0.001))


@contextmanager
def noting(bucket: Bucket, now: Callable[[], float]) -> Generator[None, None, None]:
    """Tell the bucket what comes of the call that is made within."""
    try:
        yield
    except ThrottledError:
        bucket.answered(now(), throttled=True)
        raise
    bucket.answered(now(), throttled=False)
