"""How many calls a second AWS takes: nobody publishes it, so it is found out, and shared by all who ask the same."""

from __future__ import annotations

import itertools
import math
import os
import threading
from collections import deque
from collections.abc import Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal
from weakref import WeakKeyDictionary

from unisync.errors import InvalidRequestError
from unisync.flow import SystemClock

if TYPE_CHECKING:
    from unisync.interfaces import Clock


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
"""Seconds in which the rate doubles as long as no limit was met yet."""
BACK_OFF = 0.9
"""What is left of the rate that held when AWS throttles."""
BACK_IN = 12.0
"""Seconds from there until the rate that held is tried again; from then on it grows as slowly."""
UNMET_AFTER = 60.0
"""Seconds of growing without being throttled after which the limit that was met counts as gone."""
ONCE_IN = 1.0
"""Seconds in which further throttling is taken for the same: the calls under way were sent at the old rate."""
HELD_BACK_FOR = 0.5
"""The part of the time that somebody has to be held back for, so that the rate grows."""
MEASURED_BY = 10
"""Calls that went through, by which it is measured at what rate they did; at higher rates, a second's worth."""

Answer = Literal["passed", "throttled", "failed"]


class Bucket:
    """The rate of one operation in one account and region. It can be shared by threads.

    Nobody holds a place in it: whoever does not come back for a turn holds nobody up.

    Args:
        pace: What is assumed at first.
        now: The time, in seconds.
    """

    def __init__(self, pace: Pace, now: float) -> None:
        self._pace = pace
        self.rate = pace.initial
        self._free_at = now
        """When the next call may be made."""
        self._busy = 0.0
        """How much of the time somebody has been held back of late, from 0 to 1."""
        self._asked_at = now
        self._was_held_back = False
        self._throttled_at = -math.inf
        self._limit_met_at = -math.inf
        self._passed: deque[float] = deque(maxlen=2000)
        self._lock = threading.Lock()

    def lower(self, maximum: float) -> None:
        """Never exceed this rate either."""
        with self._lock:
            if maximum < self._pace.maximum:
                least = min(self._pace.minimum, maximum)
                self._pace = Pace(min(self._pace.initial, maximum), least, maximum)
                self.rate = min(self.rate, maximum)

    def take(self, now: float, ahead: float = 0.0) -> float:
        """Take the right to make a call.

        Args:
            now: The time.
            ahead: Seconds for which it may be taken ahead: the call is then to be made when they have passed.

        Returns:
            The seconds after which the call may be made, at most `ahead`; or a negative number: nothing was taken, and
            so many seconds from now there may be room.
        """
        with self._lock:
            self._grow(now)
            # No burst of more than a tenth of a second's worth: what AWS allows at once is not known either.
            self._free_at = max(self._free_at, now - max(1.0, self.rate / 10) / self.rate + 1 / self.rate)
            delay = self._free_at - now
            self._was_held_back = delay > 0
            if delay > ahead:
                return -max(delay - ahead, 1e-4)
            self._free_at += 1 / self.rate
            return max(delay, 0.0)

    def give_back(self) -> None:
        """Give back the right to a call that is not made."""
        with self._lock:
            self._free_at -= 1 / self.rate

    def answered(self, now: float, answer: Answer) -> None:
        """Note how AWS answered a call. What failed says nothing of its limits, and lets nothing grow."""
        with self._lock:
            if answer == "passed":
                self._passed.append(now)
            elif answer == "failed":
                self._busy = 0.0
                self.rate = max(min(self.rate, self._pace.initial), self.rate * BACK_OFF)
            elif now - self._throttled_at >= ONCE_IN:
                held = self._held(now) if self._busy > HELD_BACK_FOR else self.rate
                self.rate = max(min(self.rate, held) * BACK_OFF, self._pace.minimum)
                self._free_at = max(self._free_at, now + 1 / self.rate)
                self._throttled_at = self._limit_met_at = now

    def _grow(self, now: float) -> None:
        """Grow while it is this rate that holds calls back: one that grows while idle ends in throttling."""
        elapsed, self._asked_at = now - self._asked_at, now
        if elapsed <= 0:
            return
        # A mean over the last two seconds or so, and over some calls where the rate is low.
        weight = math.exp(-elapsed / max(2.0, 4 / self.rate))
        self._busy = self._busy * weight + (1 - weight) * self._was_held_back
        if self._busy <= HELD_BACK_FOR:
            return
        elapsed = min(elapsed, max(2.0, 4 / self.rate))
        if now - self._limit_met_at < UNMET_AFTER:
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
        self.forget()

    def forget(self) -> None:
        """Begin anew: in a process that was forked off, another may have held the lock."""
        self._real: dict[Hashable, Bucket] = {}
        # Times of different clocks cannot be compared.
        self._weakly: WeakKeyDictionary[object, dict[Hashable, Bucket]] = WeakKeyDictionary()
        self._strongly: dict[int, tuple[object, dict[Hashable, Bucket]]] = {}
        self._lock = threading.Lock()

    def get(self, clock: Clock, key: Hashable, pace: Pace) -> Bucket:
        """The bucket of what `key` names. Who asks first says what is assumed, and each what is never exceeded."""
        with self._lock:
            buckets = self._of(clock)
            if key not in buckets:
                buckets[key] = Bucket(pace, clock.now())
            bucket = buckets[key]
        bucket.lower(pace.maximum)
        return bucket

    def _of(self, clock: object) -> dict[Hashable, Bucket]:
        if type(clock) is SystemClock:
            return self._real
        try:
            return self._weakly.setdefault(clock, {})
        except TypeError:  # a clock that cannot be hashed, or weakly referenced
            return self._strongly.setdefault(id(clock), (clock, {}))[1]


BUCKETS = Buckets()
os.register_at_fork(after_in_child=BUCKETS.forget)
