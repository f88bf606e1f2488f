"""Many waits at once: which of them looks next, and when. It decides, and does nothing itself."""

from __future__ import annotations

import heapq
import math
from collections import deque
from collections.abc import Callable, Hashable
from typing import Any, Generic, TypeVar

from unisync.errors import ThrottledError, UnisyncError
from unisync.flow import Call, Flow, Sleep, Together
from unisync.pacing import Bucket

T = TypeVar("T")

CLOSEST = 1.0
"""Seconds between two looks at the same sync, where the rate would allow them to be closer."""
WORTH_A_LOOK = 0.1
"""Probability that a sync has come to its end since the last look, from which on another look pays, with economy."""
NOT_LONGER = 0.8
"""With economy, the longest time between two looks, as a part of what others had to wait that came to their end."""

THRIFTY = 3.0
"""With economy, seconds between two looks that are nobody's loss."""


class Hazard:
    """How likely a sync is to come to its end in the next second, by its age: learned from those that did."""

    def __init__(self) -> None:
        self._ends: dict[int, float] = {}
        self._seconds: dict[int, float] = {}
        self._gaps = 0.0
        self._ended = 0

    @staticmethod
    def stage(age: float) -> int:
        """The ages that count as alike: twice as many seconds make two stages."""
        return int(2 * math.log2(max(age, 1.0)))

    def of(self, stage: int) -> float:
        """Ends a second. Until more is known, as if one had been seen to end after a minute."""
        return (self._ends.get(stage, 0.0) + 1) / (self._seconds.get(stage, 0.0) + 60)

    @property
    def mean_gap(self) -> float:
        """Seconds between the two looks that found a sync under way, and at its end."""
        return self._gaps / self._ended if self._ended else 0.0

    def looked(self, age: float, gap: float, *, ended: bool) -> None:
        """Note a look at an age, so many seconds after the one before it."""
        stage = self.stage(age - gap / 2)
        self._seconds[stage] = self._seconds.get(stage, 0.0) + (gap / 2 if ended else gap)
        if ended:
            self._ends[stage] = self._ends.get(stage, 0.0) + 1
            self._gaps += gap
            self._ended += 1


_Pausing = dict[int, dict[int, None]]
"""Those that pause, by their stage, in the order in which they were looked at."""


class _Slot(Generic[T]):
    """One flow under way."""

    __slots__ = ("action", "began", "bucket", "flow", "looked_at", "seen", "stage", "wakes_at")

    def __init__(self, flow: Flow[T], now: float) -> None:
        self.flow = flow
        self.action: Call[Any] | None = None
        self.bucket: Hashable = None
        self.began = now
        self.looked_at: float = now
        self.wakes_at: float = math.inf
        self.stage = 0
        self.seen = False
        """Whether it has been looked at."""


class Scheduler(Generic[T]):
    """Several flows, each with its own calls and pauses.

    A driver asks it for the `next` call, makes it, and tells it what came of it, until it `is_over`. A pause that need
    not be kept ends when there is room for a look: those first that have waited longest, weighed by how likely they are
    to have come to their end, so that each is looked at again and none is forgotten.

    Args:
        together: The flows, and how they are to be run.
        bucket_of: The bucket that a call is paced by, and what tells it from others.
        now: Gives the time.
    """

    def __init__(
        self,
        together: Together[T],
        bucket_of: Callable[[Call[Any]], tuple[Hashable, Bucket]],
        now: Callable[[], float],
    ) -> None:
        self._together = together
        self._bucket_of = bucket_of
        self._now = now
        self._hazard = Hazard()
        self._buckets: dict[Hashable, Bucket] = {}
        self._slots: dict[int, _Slot[T]] = {}
        self._ready: dict[Hashable, deque[int]] = {}
        self._pausing: dict[Hashable, _Pausing] = {}
        self._timers: list[tuple[float, int]] = []
        self.results: dict[int, T | UnisyncError] = {}
        """What has come of the flows so far, by their place."""
        started = now()
        for place, flow in enumerate(together.flows):
            self._slots[place] = slot = _Slot(flow, started)
            self._advance(place, slot, None, None)

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to be done."""
        return not self._slots or self._together.is_enough(self.results)

    def close(self) -> None:
        """End all flows that have not come to their end."""
        for slot in self._slots.values():
            slot.flow.close()
        self._slots.clear()

    def next(self) -> tuple[int, Call[Any]] | float | None:
        """The next call to make, and whose; or the seconds after which to ask again; None if only answers can tell."""
        now = self._now()
        self._wake(now)
        soonest = self._timers[0][0] - now if self._timers else math.inf
        for key in [*self._ready]:
            if self._ready[key]:
                delay = self._buckets[key].take(now)
                if delay == 0:
                    return self._call(self._ready[key].popleft())
                soonest = min(soonest, delay)
        for key, pausing in self._pausing.items():
            if self._ready.get(key):
                continue
            place, due = self._most_worth_a_look(pausing, now)
            if place is None:
                soonest = min(soonest, max(due - now, 1e-4))
                continue
            delay = self._buckets[key].take(now)
            if delay > 0:
                soonest = min(soonest, delay)
                continue
            slot = self._slots[place]
            self._resume(place, slot)
            if slot.action is not None and slot.bucket == key:
                self._ready[key].remove(place)
                return self._call(place)
            # It came to its end, or asks for something else: the next one may use what was taken for it.
            return self.next()
        return None if soonest == math.inf else max(soonest, 0.0)

    def answered(self, place: int, answer: object, error: BaseException | None) -> None:
        """Tell what came of a call."""
        slot, now = self._slots[place], self._now()
        self._buckets[slot.bucket].answered(now, throttled=isinstance(error, ThrottledError))
        gap, slot.looked_at = now - slot.looked_at, now
        slot.action = None
        self._advance(place, slot, answer, error)
        if slot.seen:
            self._hazard.looked(now - slot.began, gap, ended=place not in self._slots)
        slot.seen = True

    def _call(self, place: int) -> tuple[int, Call[Any]]:
        action = self._slots[place].action
        assert action is not None
        return place, action

    def _most_worth_a_look(self, pausing: _Pausing, now: float) -> tuple[int | None, float]:
        """Which of those that pause is to be looked at next; or none, and when to ask again."""
        best: int | None = None
        most, soonest = -1.0, math.inf
        for stage, places in pausing.items():
            if not places:
                continue
            # Those of one stage are as likely to end: of these, the one that was looked at first.
            place = next(iter(places))
            gap = now - self._slots[place].looked_at
            hazard = self._hazard.of(stage)
            least = self._least_gap(hazard)
            if gap < least:
                soonest = min(soonest, now + least - gap)
            elif gap * math.sqrt(hazard) > most:
                best, most = place, gap * math.sqrt(hazard)
        return best, soonest

    def _least_gap(self, hazard: float) -> float:
        """Seconds between two looks: what a look costs, it has to be worth."""
        if not self._together.economy:
            return CLOSEST
        # None waits much longer for its look than most had to anyhow, since the rate left no choice.
        return max(CLOSEST, min(WORTH_A_LOOK / hazard, max(NOT_LONGER * self._hazard.mean_gap, THRIFTY)))

    def _wake(self, now: float) -> None:
        """End the pauses whose time is up."""
        while self._timers and self._timers[0][0] <= now:
            due, place = heapq.heappop(self._timers)
            slot = self._slots.get(place)
            if slot is not None and slot.wakes_at == due:
                self._resume(place, slot)

    def _resume(self, place: int, slot: _Slot[T]) -> None:
        slot.wakes_at = math.inf
        self._pausing.get(slot.bucket, {}).get(slot.stage, {}).pop(place, None)
        self._advance(place, slot, None, None)

    def _advance(self, place: int, slot: _Slot[T], answer: object, error: BaseException | None) -> None:
        """Let a flow go on to its next call, its next pause or its end."""
        try:
            action = slot.flow.throw(error) if error is not None else slot.flow.send(answer)
        except StopIteration as stop:
            self.results[place] = stop.value
            del self._slots[place]
        except UnisyncError as failed:
            self.results[place] = failed
            del self._slots[place]
        else:
            match action:
                case Call():
                    slot.bucket, bucket = self._bucket_of(action)
                    self._buckets[slot.bucket] = bucket
                    slot.action = action
                    self._ready.setdefault(slot.bucket, deque()).append(place)
                case Sleep():
                    at_most = action.seconds if action.at_most is None else action.at_most
                    slot.wakes_at = self._now() + at_most
                    heapq.heappush(self._timers, (slot.wakes_at, place))
                    if action.at_most is not None:
                        slot.stage = self._hazard.stage(self._now() - slot.began)
                        self._pausing.setdefault(slot.bucket, {}).setdefault(slot.stage, {})[place] = None
                case Together():
                    raise TypeError("flows that run together cannot have others run together")
