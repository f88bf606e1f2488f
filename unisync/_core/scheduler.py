"""Many waits at once: which of them looks next, and when. It decides, and does nothing itself."""

from __future__ import annotations

import heapq
import math
from collections import deque
from collections.abc import Callable, Hashable
from copy import copy
from typing import Any, Generic, TypeVar

from unisync._core.flow import AtOnce, Call, Flow, Sleep, Tell, Together
from unisync._core.rate_limiter import Bucket, BucketOf, Turn, kind_of, too_late
from unisync.errors import TransportError, UnisyncError

T = TypeVar("T")

WORTH_A_LOOK = 0.1
"""Probability that a sync has come to its end since the last look, from which on another look pays, with economy."""
NOT_LONGER = 0.8
"""With economy, the longest time between two looks, as a part of what others had to wait that came to their end."""

THRIFTY = 3.0
"""With economy, seconds between two looks that are nobody's loss."""


OVERDUE = 2.0
"""Seconds after which a call that has no answer may well get none."""
GIVEN_UP_AFTER, GIVEN_UP_IN = 3, 5.0
"""Calls without an answer, one after the other, and the seconds that they took at least, after which further ones fail
at once, for those who do not wait."""
UNSEEN = -1
"""The stage of those that have not been looked at."""


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


class _Line:
    """Those whose calls one bucket paces."""

    __slots__ = ("bucket", "pausing", "ready", "target", "turn", "turn_at")

    def __init__(self, bucket: Bucket, target: _Target) -> None:
        self.bucket = bucket
        self.target = target
        """The service that is called, and where it is."""
        self.turn = Turn()
        self.turn_at: float | None = None
        """When a call may be made whose right was taken."""
        self.ready: dict[int, None] = {}
        """Those that are in the middle of a look, in their order."""
        self.pausing: dict[int, dict[int, None]] = {}
        """Those that can wait for their look, by their stage, in the order in which they were looked at."""

    def __len__(self) -> int:
        return len(self.ready) + sum(map(len, self.pausing.values()))

    def leave(self) -> None:
        """Leave the room to others for now."""
        if self.turn_at is not None:
            self.turn_at = None
            self.bucket.give_back(self.turn)
        self.bucket.leave(self.turn)


class _Slot(Generic[T]):
    """One flow under way."""

    __slots__ = (
        "began",
        "call",
        "expires_at",
        "flow",
        "is_new_look",
        "line",
        "look_line",
        "looked_at",
        "seen",
        "stage",
        "wakes_at",
    )

    def __init__(self, flow: Flow[T], now: float) -> None:
        self.flow = flow
        self.call: Call[Any] | None = None
        """The call that it waits to make."""
        self.line: _Line | None = None
        """That of its call."""
        self.look_line: _Line | None = None
        """That of the first call of a look: a pause ends when there is room for that one."""
        self.expires_at: float = math.inf
        """When its call is too late."""
        self.wakes_at: float = math.inf
        self.began = self.looked_at = now
        self.stage = UNSEEN
        self.is_new_look = True
        self.seen = False
        """Whether it has been looked at."""


class _Target:
    """A service in one location."""

    __slots__ = ("calls", "failed_at", "failing_since", "failure", "failures", "is_answering")

    def __init__(self) -> None:
        self.calls: dict[int, float] = {}
        """When those were sent that are under way, the oldest first."""
        self.is_answering = False
        """Whether it answered last time."""
        self.failures = 0
        """How many had no answer, one after the other, since the last one that had."""
        self.failing_since = self.failed_at = -math.inf
        self.failure: TransportError | None = None
        """What the last of them failed with."""

    def overdue(self, now: float) -> int:
        """How many calls are under way that should have been answered by now."""
        count = 0
        for sent_at in self.calls.values():
            if now - sent_at < OVERDUE:
                break
            count += 1
        return count

    def has_room(self, now: float, each: int) -> bool:
        """Whether another call may be made: a single one where none was answered, two beside those that hang."""
        if not self.is_answering:
            return not self.calls
        if not self.calls or now - next(iter(self.calls.values())) < OVERDUE:
            return len(self.calls) < each
        return len(self.calls) < min(self.overdue(now) + 2, each)

    def is_lost(self, now: float) -> bool:
        """Whether it is of no use to make further calls, for those who do not wait."""
        return self.failures >= GIVEN_UP_AFTER and now - self.failing_since >= GIVEN_UP_IN

    def answered(self, place: int, now: float, error: BaseException | None) -> None:
        """Note what came of a call."""
        sent_at = self.calls.pop(place)
        self.is_answering = not isinstance(error, TransportError)
        if not isinstance(error, TransportError):
            self.failures, self.failure = 0, None
            return
        self.failure = error
        # Those that were under way at the same time may have failed for the same blink of the network.
        if self.failures == 0 or sent_at >= self.failed_at:
            self.failing_since = now if self.failures == 0 else self.failing_since
            self.failures, self.failed_at = self.failures + 1, now


class Scheduler(Generic[T]):
    """Several flows, each with its own calls and pauses.

    A driver asks it for the `next` call, makes it, and tells it what came of it, until it `is_over`. A pause that need
    not be kept ends when there is room for a look: those first that have waited longest, weighed by how likely they are
    to have come to their end, so that each is looked at again and none is forgotten.

    Args:
        together: The flows, and how they are to be run.
        bucket_of: The bucket that a call is paced by.
        now: Gives the time.
        at_once: How many calls may be under way at once. To a service that does not answer, it is a single one, so that
            it keeps nobody else's back.
    """

    def __init__(
        self,
        together: Together[T],
        bucket_of: BucketOf,
        now: Callable[[], float],
        at_once: AtOnce,
    ) -> None:
        self._together = together
        self._bucket_of = bucket_of
        self._now = now
        self._at_once = at_once
        self._hazard = Hazard()
        self._lines: dict[Bucket, _Line] = {}
        self._order: deque[_Line] = deque()
        """The lines, in the order in which they have their turn."""
        self._targets: dict[Hashable, _Target] = {}
        self._slots: dict[int, _Slot[T]] = {}
        self._timers: list[tuple[float, int]] = []
        self._is_enough = False
        self._has_more = True
        """Whether a call has been queued since that was last asked for."""
        self.results: dict[int, T | UnisyncError] = {}
        """What has come of the flows so far, by their place."""
        self.told: deque[object] = deque()
        """What the flows had to tell, and nobody has taken from here yet."""
        started = now()
        for place, flow in enumerate(together.flows):
            self._slots[place] = slot = _Slot(flow, started)
            self._advance(place, slot, None, None)

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to be done."""
        return not self._slots or self._is_enough

    def rest(self) -> None:
        """Leave the room to others until the `next` call is asked for."""
        for line in self._order:
            line.leave()

    def close(self) -> None:
        """End all flows that have not come to their end."""
        self.rest()
        for slot in self._slots.values():
            slot.flow.close()
        self._slots.clear()

    def next(self) -> tuple[int, Call[Any]] | float | None:
        """The next call to make, and whose; or the seconds after which to ask again; None if only answers can tell."""
        now = self._now()
        self._wake(now)
        soonest = math.inf
        if self._has_room(now):
            self._has_more = True
            while self._has_more:
                # What a pause ends with may have joined a line that has had its turn.
                self._has_more = False
                due = self._next_of_any(now)
                if isinstance(due, tuple):
                    return due
                soonest = min(soonest, due)
        if self._timers:
            soonest = min(soonest, self._timers[0][0] - now)
        return None if soonest == math.inf else max(soonest, 1e-4)

    def _has_room(self, now: float) -> bool:
        """Whether another call may be made at all. Those that hang do not count: each service has few of them."""
        under_way = sum(len(target.calls) for target in self._targets.values())
        if under_way < self._at_once.in_all:
            return True
        return under_way - sum(target.overdue(now) for target in self._targets.values()) < self._at_once.in_all

    def _next_of_any(self, now: float) -> tuple[int, Call[Any]] | float:
        """The next call of all lines, each of which has its turn; or the seconds after which to ask again."""
        soonest = math.inf
        for _ in range(len(self._order)):
            line = self._order[0]
            self._order.rotate(-1)
            if not line.target.has_room(now, self._at_once.each):
                line.leave()
                if line.target.calls:
                    soonest = min(soonest, OVERDUE)
                continue
            due = self._next_of(line, now)
            if isinstance(due, tuple):
                return due
            soonest = min(soonest, due)
        return soonest

    def _next_of(self, line: _Line, now: float) -> tuple[int, Call[Any]] | float:
        """The next call of a line, or the seconds after which to ask again."""
        while True:
            place: int | None = next(iter(line.ready), None)
            if place is None:
                place, due = self._most_worth_a_look(line, now)
                if place is None:
                    line.leave()
                    return due - now
            failure = line.target.failure
            if failure is not None and self._together.gives_up and line.target.is_lost(now):
                slot = self._slots[place]
                if slot.call is None:
                    self._resume(place, slot)
                if slot.call is not None and slot.line is line:
                    self._leave_lines(place, slot)
                    slot.call = None
                    self._advance(place, slot, None, copy(failure))
                continue
            if line.turn_at is None:
                delay = line.bucket.take(line.turn, now, len(line))
                if delay < 0:
                    return -delay
                line.turn_at = now + delay
            if line.turn_at > now:
                return line.turn_at - now
            slot = self._slots[place]
            if slot.call is None:
                self._resume(place, slot)
            if slot.call is not None and slot.line is line:
                line.turn_at = None
                return place, self._sent(place, slot, now)
            # It came to its end, or asks for something else first.

    def _sent(self, place: int, slot: _Slot[T], now: float) -> Call[Any]:
        call = slot.call
        assert call is not None
        self._leave_lines(place, slot)
        assert slot.line is not None
        slot.line.target.calls[place] = now
        slot.wakes_at = math.inf
        if call.timeout is None:
            return call
        return call._replace(timeout=max(slot.expires_at - now, 0.001))

    def answered(self, place: int, answer: object, error: BaseException | None) -> None:
        """Tell what came of a call."""
        slot, now = self._slots[place], self._now()
        assert slot.line is not None
        slot.line.bucket.answered(now, kind_of(error))
        slot.line.target.answered(place, now, error)
        gap, slot.looked_at = now - slot.looked_at, now
        slot.call, was_seen, slot.seen = None, slot.seen, True
        self._advance(place, slot, answer, error)
        if was_seen:
            self._hazard.looked(now - slot.began, gap, ended=place not in self._slots)

    def _most_worth_a_look(self, line: _Line, now: float) -> tuple[int | None, float]:
        """Which of those that pause is to be looked at next; or none, and when to ask again."""
        best: int | None = None
        most, soonest = -1.0, math.inf
        for stage, places in line.pausing.items():
            if not places:
                continue
            # Those of one stage are as likely to end: of these, the one that was looked at first.
            place = next(iter(places))
            gap = now - self._slots[place].looked_at
            hazard = self._hazard.of(stage)
            least = 0.0 if stage == UNSEEN else self._least_gap(hazard)
            if gap < least:
                soonest = min(soonest, now + least - gap)
            elif gap * math.sqrt(hazard) > most:
                best, most = place, gap * math.sqrt(hazard)
        return best, soonest

    def _least_gap(self, hazard: float) -> float:
        """Seconds between two looks: what a look costs, it has to be worth."""
        if not self._together.economy:
            return self._together.closest
        # None waits much longer for its look than most had to anyhow, since the rate left no choice.
        longest = max(NOT_LONGER * self._hazard.mean_gap, THRIFTY)
        return max(self._together.closest, min(WORTH_A_LOOK / hazard, longest))

    def _wake(self, now: float) -> None:
        """End the pauses whose time is up, and give up the calls that are too late."""
        while self._timers and self._timers[0][0] <= now:
            due, place = heapq.heappop(self._timers)
            slot = self._slots.get(place)
            if slot is None or slot.wakes_at != due:
                continue
            if slot.call is None:
                self._resume(place, slot)
                continue
            self._leave_lines(place, slot)
            call, slot.call, slot.wakes_at = slot.call, None, math.inf
            self._advance(place, slot, None, too_late(call))

    def _resume(self, place: int, slot: _Slot[T]) -> None:
        slot.wakes_at = math.inf
        self._leave_lines(place, slot)
        self._advance(place, slot, None, None)

    def _leave_lines(self, place: int, slot: _Slot[T]) -> None:
        if slot.line is not None:
            slot.line.ready.pop(place, None)
        if slot.look_line is not None:
            slot.look_line.pausing.get(slot.stage, {}).pop(place, None)

    def _advance(self, place: int, slot: _Slot[T], answer: object, error: BaseException | None) -> None:
        """Let a flow go on to its next call, its next pause or its end."""
        try:
            action = slot.flow.throw(error) if error is not None else slot.flow.send(answer)
            while isinstance(action, Tell):
                self.told.append(action.what)
                action = slot.flow.send(None)
        except StopIteration as stop:
            self._finish(place, stop.value)
        except UnisyncError as failed:
            self._finish(place, failed)
        else:
            if isinstance(action, Call):
                self._queue(place, slot, action)
            elif isinstance(action, Sleep):
                self._pause(place, slot, action)
            else:
                raise TypeError("flows that run together cannot have others run together")

    def _finish(self, place: int, result: T | UnisyncError) -> None:
        self.results[place] = result
        del self._slots[place]
        self._is_enough = self._is_enough or self._together.is_enough(result)

    def _queue(self, place: int, slot: _Slot[T], call: Call[Any]) -> None:
        slot.call = call
        slot.line = self._line_of(call)
        self._has_more = True
        if not slot.is_new_look:
            slot.line.ready[place] = None
        else:
            # A look goes before others only for as long as it has waited, be it the first, or one after a failure.
            slot.is_new_look, slot.look_line = False, slot.line
            if slot.stage == UNSEEN:
                slot.looked_at = self._now()
            slot.line.pausing.setdefault(slot.stage, {})[place] = None
        if call.timeout is not None:
            self._set_timer(place, slot, call.timeout)
            slot.expires_at = slot.wakes_at

    def _line_of(self, call: Call[Any]) -> _Line:
        bucket = self._bucket_of(call)
        line = self._lines.get(bucket)
        if line is None:
            target = self._targets.setdefault((call.location, call.service), _Target())
            self._lines[bucket] = line = _Line(bucket, target)
            self._order.append(line)
        return line

    def _pause(self, place: int, slot: _Slot[T], pause: Sleep) -> None:
        self._set_timer(place, slot, pause.seconds if pause.at_most is None else pause.at_most)
        slot.is_new_look = True
        if slot.seen:
            slot.stage = self._hazard.stage(self._now() - slot.began)
        if pause.at_most is not None and slot.look_line is not None:
            slot.look_line.pausing.setdefault(slot.stage, {})[place] = None

    def _set_timer(self, place: int, slot: _Slot[T], seconds: float) -> None:
        slot.wakes_at = self._now() + seconds
        heapq.heappush(self._timers, (slot.wakes_at, place))
        if len(self._timers) > 2 * len(self._slots) + 100:
            # Most of them were overtaken.
            self._timers = [(each.wakes_at, number) for number, each in self._slots.items() if each.wakes_at < math.inf]
            heapq.heapify(self._timers)
