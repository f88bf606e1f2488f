"""How many calls a second AWS takes: nobody publishes it, so it is found out, and shared by all who ask the same."""

from __future__ import annotations

import itertools
import math
import os
import threading
from collections import deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeVar
from weakref import WeakKeyDictionary

from unisync._core.flow import Call, Flow, Sleep, SystemClock
from unisync.errors import InvalidRequestError, ServiceError, ThrottledError, TransportError, UnisyncError

if TYPE_CHECKING:
    from unisync._core.clock import Clock

T = TypeVar("T")


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
BURST = 10
"""Calls that may be made at once as long as no limit was met; but no more than a second's worth."""
HELD_BACK_FOR = 0.5
"""The part of the time that somebody has to be held back for, so that the rate grows."""
MEASURED_BY = 10
"""Calls that went through, by which it is measured at what rate they did; at higher rates, a second's worth."""
AHEAD = 0.1
"""Seconds for which the right to a call is given ahead to those whose turn it is; to the late, up to twice as long."""
NAP = 5.0
"""Seconds after which all who stand in line ask again."""
SHORT_NAP = 1.0
"""The same while no limit was met: the rate may have doubled by then."""
ROUND = 2 * NAP
"""Seconds for which those count who have asked."""
MANY = 1000
"""Buckets from which on those are forgotten that nobody has asked for so many seconds:"""
LONG_UNASKED = 3600.0

Answer = Literal["passed", "throttled", "failed"]


class Turn:
    """When it is somebody's turn who wants calls made."""

    __slots__ = ("counted_in", "due", "spacing", "weight")

    def __init__(self) -> None:
        self.weight: float = 0.0
        """For how many calls are wanted, while they are."""
        self.counted_in: int = -1
        """The round in which that was last counted."""
        self.due: float | None = None
        """How many calls the bucket is to have given the right to when it is their turn."""
        self.spacing: float = 0.0
        """Seconds that the call took up to which the right was last given."""


class Bucket:
    """The rate of one operation in one account and region. It can be shared by threads.

    Nobody holds it: those who want calls stand in line, but where there is room, whoever comes first has the call. So
    one that does not come back for its turn holds nobody up.

    Args:
        pace: What is assumed at first.
        now: The time, in seconds.
    """

    def __init__(self, pace: Pace, now: float) -> None:
        self._pace = pace
        self.rate: float = pace.initial
        self._free_at = -math.inf
        """When the next call may be made."""
        self._served = 0
        """Calls that the right was given to."""
        self._round = 0
        """All who stand in line ask again in each round: so those who are gone without a word are known."""
        self._round_ends_at = now + ROUND
        self._weight = 0.0
        """Of all who have asked in this round."""
        self._weight_before = 0.0
        """Of all who had asked in the round before."""
        self._busy = 0.0
        """How much of the time somebody has been held back of late, from 0 to 1."""
        self.asked_at: float = now
        self._held_back_for = 0.0
        """Seconds for which somebody was, from then on."""
        self._throttled_at = -math.inf
        self._limit_met_at = -math.inf
        self._passed: deque[float] = deque(maxlen=2000)
        self._lock = threading.RLock()  # what is collected meanwhile may leave

    def lower(self, maximum: float) -> None:
        """Never exceed this rate either."""
        if maximum >= self._pace.maximum:
            return
        with self._lock:
            if maximum < self._pace.maximum:
                least = min(self._pace.minimum, maximum)
                self._pace = Pace(min(self._pace.initial, maximum), least, maximum)
                self.rate = min(self.rate, maximum)

    def take(self, turn: Turn, now: float, weight: float = 1.0) -> float:
        """Take the right to make a call.

        Args:
            turn: Who wants it.
            now: The time.
            weight: For how many it is asked: their turn comes that much more often.

        Returns:
            The seconds after which the call is to be made; or a negative number: nothing was taken, and so many
            seconds from now it is worth asking again.
        """
        with self._lock:
            self._count(turn, now, weight)
            if turn.due is None:
                turn.due = self._served + max(self._weight, self._weight_before) / weight
            delay = self._give(now, turn.due)
            if delay >= 0:
                turn.due, turn.spacing = None, 1 / self.rate
            return delay

    def give_back(self, turn: Turn) -> None:
        """Give back the right to a call that is not made."""
        with self._lock:
            self._free_at -= turn.spacing
            self._served -= 1
            turn.spacing = 0.0

    def leave(self, turn: Turn) -> None:
        """Want no more calls for now."""
        with self._lock:
            if turn.counted_in == self._round:
                self._weight -= turn.weight
            elif turn.counted_in == self._round - 1:
                self._weight_before -= turn.weight
            turn.counted_in, turn.due = -1, None

    def _count(self, turn: Turn, now: float, weight: float) -> None:
        if now >= self._round_ends_at:
            self._weight_before = self._weight if now < self._round_ends_at + ROUND else 0.0
            self._round, self._weight, self._round_ends_at = self._round + 1, 0.0, now + ROUND
        counted = turn.weight if turn.counted_in == self._round else 0.0
        self._weight += weight - counted
        turn.weight, turn.counted_in = weight, self._round

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

    def _give(self, now: float, due: float) -> float:
        """Give the right to a call to one whose turn it is when so many were served."""
        self._grow(now)
        # What AWS allows at once is not known either: once a limit was met, no more than a tenth of a second's worth.
        burst = min(BURST, self.rate) if self._limit_met_at == -math.inf else self.rate / 10
        self._free_at = max(self._free_at, now - (max(burst, 1.0) - 1) / self.rate)
        delay = self._held_back_for = max(self._free_at - now, 0.0)
        turn_in = (due - self._served - 1) / self.rate
        # Seconds by which its turn is later than what is to be given, and by which that is too far ahead.
        early = turn_in - delay - 1 / self.rate
        far = delay - AHEAD + max(min(turn_in, 0.0), -AHEAD)
        if delay > 0 and max(early, far) > 1e-9:
            nap = max(early, far)
            if early > 0:
                everyone = max(self._weight, self._weight_before)
                if delay < AHEAD / 2:
                    # Those whose turn it is do not take it: there may be room soon. But not all shall see to that.
                    nap = min(nap, max(delay, everyone / 8 / self.rate))
                nap = max(nap, 0.5 / self.rate)
            return -min(max(nap, 1e-4), NAP if now - self._limit_met_at < UNMET_AFTER else SHORT_NAP)
        self._free_at += 1 / self.rate
        self._served += 1
        return delay

    def _grow(self, now: float) -> None:
        """Grow while it is this rate that holds calls back: one that grows while idle ends in throttling."""
        elapsed, self.asked_at = now - self.asked_at, now
        if elapsed <= 0:
            return
        # A mean over the last two seconds or so, and over some calls where the rate is low.
        window = max(2.0, 4 / self.rate)
        weight = math.exp(-elapsed / window)
        self._busy = self._busy * weight + (1 - weight) * min(self._held_back_for / elapsed, 1.0)
        if self._busy <= HELD_BACK_FOR or not self._passed or now - self._passed[-1] > window:
            return
        elapsed = min(elapsed, window)
        if now - self._limit_met_at < UNMET_AFTER:
            self.rate += self.rate * (1 / BACK_OFF - 1) * elapsed / BACK_IN
        else:
            self.rate *= 2 ** (elapsed / DOUBLES_IN)
        self.rate = min(self.rate, self._pace.maximum)

    def _held(self, now: float) -> float:
        """The rate at which calls went through of late; half of the one allowed, where they were too few to tell."""
        count = max(MEASURED_BY, int(self.rate))
        window = max(count, 2 * count / self.rate)
        recent = [moment for moment in itertools.islice(reversed(self._passed), count) if now - moment < window]
        if len(recent) < MEASURED_BY or recent[-1] >= now:
            return self.rate / 2
        return len(recent) / (now - recent[-1])


def kind_of(error: BaseException | None) -> Answer:
    """What an answer says of AWS's limits."""
    if isinstance(error, ThrottledError):
        return "throttled"
    return "passed" if error is None or (isinstance(error, ServiceError) and not error.retryable) else "failed"


def too_late(call: Call[Any]) -> TransportError:
    """What a call fails with whose turn did not come in its time."""
    reason = "the rate that AWS allows left no room for it in time"
    return TransportError(call.service, call.operation, reason, retryable=True, outcome_unknown=False)


BucketOf = Callable[[Call[Any]], Bucket]
"""Gives the bucket that a call is paced by."""


def paced(flow: Flow[T], bucket_of: BucketOf, now: Callable[[], float]) -> Flow[T]:
    """The same flow, each of its calls made at its turn, by itself and shared with all others that want calls."""
    try:
        action = next(flow)
        while True:
            try:
                result = (yield from _in_turn(action, bucket_of, now)) if isinstance(action, Call) else (yield action)
            except Exception as error:
                action = flow.throw(error)
            else:
                action = flow.send(result)
    except StopIteration as stop:
        return stop.value  # type: ignore[no-any-return]
    finally:
        flow.close()


def _in_turn(call: Call[Any], bucket_of: BucketOf, now: Callable[[], float]) -> Flow[object]:
    bucket = bucket_of(call)
    too_late_at = now() + (math.inf if call.timeout is None else call.timeout)
    turn = Turn()
    try:
        while (delay := bucket.take(turn, now())) < 0:
            yield from _pause(-delay, call, too_late_at - now())
    finally:
        bucket.leave(turn)
    if delay > 0:
        try:
            yield from _pause(delay, call, too_late_at - now())
        except BaseException:
            bucket.give_back(turn)
            raise
    if call.timeout is not None:
        call = call._replace(timeout=max(too_late_at - now(), 0.001))
    try:
        reply = yield call
    except UnisyncError as error:
        bucket.answered(now(), kind_of(error))
        raise
    bucket.answered(now(), "passed")
    return reply


def _pause(seconds: float, call: Call[Any], left: float) -> Flow[None]:
    yield Sleep(min(seconds, max(left, 0.0)), stop=call.stop)
    if seconds > left or (call.stop is not None and call.stop.is_set()):
        raise too_late(call)


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
        self._lock = threading.RLock()

    def get(self, clock: Clock, key: Hashable, pace: Pace, former: Hashable = None) -> Bucket:
        """The bucket of what `key` names, or named by its `former` key until that was known.

        Who asks first says what is assumed, and each what is never exceeded.
        """
        with self._lock:
            buckets = self._of(clock)
            bucket = buckets.get(key)
            if bucket is None:
                now = clock.now()
                if len(buckets) >= MANY:
                    # Credentials come and go, and accounts are not always known.
                    for old in [old for old, each in buckets.items() if now - each.asked_at > LONG_UNASKED]:
                        del buckets[old]
                bucket = buckets.pop(former) if former in buckets else Bucket(pace, now)
                buckets[key] = bucket
        bucket.lower(pace.maximum)
        return bucket

    def _of(self, clock: object) -> dict[Hashable, Bucket]:
        if type(clock) is SystemClock:
            return self._real
        try:
            return self._weakly.setdefault(clock, {})
        except TypeError:  # a clock that cannot be hashed, or weakly referenced
            return self._strongly.setdefault(id(clock), (clock, {}))[1]


BUCKETS: Buckets = Buckets()
os.register_at_fork(after_in_child=BUCKETS.forget)
