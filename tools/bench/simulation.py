"""A service with a rate limit and many syncs that come to their ends at random times, on a clock moved by hand."""

from __future__ import annotations

import heapq
import itertools
import math
import random
from collections.abc import Generator
from dataclasses import dataclass, field
from statistics import mean
from typing import Any

from unisync._core.commands import ConcurrencyLimit
from unisync._core.flow import Call, Flow, Gather, Sleep
from unisync._core.rate_limiter import AdaptiveRateLimiter, RateLimit
from unisync._core.scheduler import Scheduler
from unisync._models.base import Model
from unisync.errors import ThrottledError

LATENCY = 0.05
"""Seconds from a call to its answer; half of them until the service sees it."""


@dataclass
class Service:
    """Allows `rate` calls a second, and as many at once as it allows in a second."""

    rate: float
    ends: list[float]
    """When each sync comes to its end."""
    calls: int = 0
    throttles: int = 0
    learned: dict[int, float] = field(default_factory=dict[int, float])
    """When each end was learned."""
    _tokens: float = math.inf
    _filled_at: float = 0.0

    def ask(self, place: int, now: float) -> bool | None:
        """Whether a sync has come to its end; None if the call is throttled."""
        self.calls += 1
        self._tokens = min(self.rate, self._tokens + (now - self._filled_at) * self.rate)
        self._filled_at = now
        if self._tokens < 1:
            self.throttles += 1
            return None
        self._tokens -= 1
        ended = now + LATENCY / 2 >= self.ends[place]
        if ended:
            self.learned.setdefault(place, now + LATENCY)
        return ended


@dataclass(frozen=True)
class Figures:
    """What a way to wait comes to."""

    mean_lag: float
    lag_95: float
    calls: int
    throttled: float
    """The part of the calls that were."""
    bound: float
    """The mean lag of an even sweep over what is pending, at exactly the rate that is allowed."""
    steps: int = 0
    """How often a wait by itself had something to do, if only to see that it is not its turn."""


def syncs(count: int, staggered_over: float, seed: int) -> tuple[list[float], list[float]]:
    """When each of so many syncs is started, and when it comes to its end: log-normal, with a median of a minute."""
    chance = random.Random(seed)
    starts = [chance.uniform(0, staggered_over) for _ in range(count)]
    return starts, [start + chance.lognormvariate(math.log(60), 1.0) for start in starts]


def figures(service: Service, starts: list[float], steps: int = 0) -> Figures:
    """The figures of a simulation that is over."""
    lags = sorted(service.learned[place] - end for place, end in enumerate(service.ends))
    pending, bound = 0, 0.0
    for _, change in sorted([(start, 1) for start in starts] + [(end, -1) for end in service.ends]):
        if change < 0:
            bound += pending / (2 * service.rate)
        pending += change
    return Figures(
        mean(lags),
        lags[int(0.95 * len(lags))],
        service.calls,
        service.throttles / service.calls,
        bound / len(lags),
        steps,
    )


def scheduled(
    rate: float,
    *,
    count: int = 1000,
    staggered_over: float = 0.0,
    economy: bool = False,
    told: bool = False,
    seed: int = 1,
) -> Figures:
    """unisync's own scheduler; `told` the rate, or finding it out."""
    starts, ends = syncs(count, staggered_over, seed)
    service = Service(rate, ends)
    pace = RateLimit(initial=rate, maximum=rate) if told else RateLimit()
    time = [0.0]
    bucket = AdaptiveRateLimiter(pace, 0.0)
    flows = [_wait(place, start) for place, start in enumerate(starts)]
    scheduler = Scheduler(Gather(flows, economy=economy), lambda _: bucket, lambda: time[0], ConcurrencyLimit(64, 64))
    under_way: list[tuple[float, int, int, bool | None]] = []
    while True:
        while under_way and under_way[0][0] <= time[0]:
            _, _, place, ended = heapq.heappop(under_way)
            error = ThrottledError({}, "Look", "simulated") if ended is None else None
            scheduler.answered(place, ended, error)
        if scheduler.done:
            return figures(service, starts)
        due = scheduler.next()
        if isinstance(due, tuple):
            place, _ = due
            answer = service.ask(place, time[0])
            heapq.heappush(under_way, (time[0] + LATENCY, service.calls, place, answer))
        else:
            later = [] if due is None else [time[0] + max(due, 1e-6)]
            time[0] = min([*later, *(each[0] for each in under_way[:1])])


def one_by_one(
    rate: float, *, count: int = 1000, staggered_over: float = 0.0, rate_limit: RateLimit | None = None, seed: int = 1
) -> Figures:
    """A wait for each sync, by itself; all of them share the rate."""
    starts, ends = syncs(count, staggered_over, seed)
    service = Service(rate, ends)
    time = [0.0]
    bucket = AdaptiveRateLimiter(pace or RateLimit(), 0.0)
    flows = [rate_limited(_wait(place, start), lambda _: bucket, lambda: time[0]) for place, start in enumerate(starts)]
    due: list[tuple[float, int, int, object]] = []
    """When a flow goes on, and with what."""
    for place in range(count):
        heapq.heappush(due, (0.0, place, place, None))
    steps = count
    while due:
        time[0], _, place, answer = heapq.heappop(due)
        flow = flows[place]
        try:
            action = flow.throw(answer) if isinstance(answer, Exception) else flow.send(answer)
        except StopIteration:
            continue
        steps += 1
        if isinstance(action, Sleep):
            heapq.heappush(due, (time[0] + action.seconds, steps, place, None))
        else:
            ended = service.ask(place, time[0])
            reply = ThrottledError({}, "Look", "simulated") if ended is None else ended
            heapq.heappush(due, (time[0] + LATENCY, steps, place, reply))
    return figures(service, starts, steps)


def _wait(place: int, start: float) -> Flow[int]:
    """What a wait comes to, as far as its calls and pauses go."""
    if start > 0:
        yield Sleep(start)
    while True:
        try:
            if (yield Call("simulated", "Look", {"place": place}, Model)):
                return place
        except ThrottledError:
            pass
        yield Sleep(5.0, at_most=120.0)


class Retries:
    """botocore's standard mode: what is throttled is tried again twice, from a quota that a client's calls share."""

    COST, QUOTA = 5, 500

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)
        self._quota = self.QUOTA

    def delay(self, tries: int) -> float | None:
        """Seconds until a call is tried again that was throttled so many times; None if it fails."""
        if tries > 2 or self._quota < self.COST:
            return None
        self._quota -= self.COST
        return self._chance.random() * tries

    def passed(self, tries: int) -> None:
        """Note that a call went through after so many that were throttled."""
        self._quota = min(self._quota + (self.COST if tries else 1), self.QUOTA)


Sleeper = Generator[float, bool | None, None]
"""A hand-written loop: yields the seconds after which it looks again, and is sent what the look saw."""


def by_hand(rate: float, loop: Any, *, count: int = 1000, staggered_over: float = 0.0, seed: int = 1) -> Figures:
    """A loop for each sync, by itself: `loop(place)` gives a Sleeper."""
    starts, ends = syncs(count, staggered_over, seed)
    service = Service(rate, ends)
    due: list[tuple[float, int, Sleeper]] = []
    for place, start in enumerate(starts):
        sleeper: Sleeper = loop(place)
        heapq.heappush(due, (start + next(sleeper), place, sleeper))
    while due:
        now, place, sleeper = heapq.heappop(due)
        answer = service.ask(place, now)
        delay = sleeper.send(answer)
        if not answer:
            heapq.heappush(due, (now + LATENCY + delay, place, sleeper))
    return figures(service, starts)


def waiter(seconds: float, seed: int = 1) -> Any:
    """boto3's kind: a look every so many seconds.

    It is treated well: they do not look all at once, and where all tries were throttled, one of boto3's would end.
    """
    retries, chance = Retries(seed), random.Random(seed)

    def loop(_: int) -> Sleeper:
        answer = yield chance.random() * seconds
        while True:
            throttled = 0
            while answer is None:
                throttled += 1
                delay = retries.delay(throttled)
                if delay is None:
                    break
                answer = yield delay
            else:
                retries.passed(throttled)
            answer = yield seconds

    return loop


def full_jitter(initial: float, maximum: float, seed: int = 1) -> Any:
    """Exponential backoff with full jitter: from nothing up to a delay that doubles with each look."""
    chance = random.Random(seed)

    def loop(_: int) -> Sleeper:
        yield 0.0
        for tries in itertools.count(1):
            yield chance.random() * min(maximum, initial * 2 ** min(tries, 30))

    return loop


def backing_off(seconds: float, maximum: float, seed: int = 1) -> Any:
    """A look every so many seconds, but not all at once, with exponential backoff and full jitter where throttled."""
    chance = random.Random(seed)

    def loop(_: int) -> Sleeper:
        answer = yield chance.random() * seconds
        throttled = 0
        while True:
            throttled = throttled + 1 if answer is None else 0
            longest = min(maximum, seconds * 2 ** min(throttled, 30))
            answer = yield chance.random() * longest if throttled else seconds

    return loop


def one_loop(
    rate: float,
    *,
    count: int = 1000,
    staggered_over: float = 0.0,
    pause: float = 5.0,
    threads: int = 1,
    seed: int = 1,
) -> Figures:
    """One loop over all that are pending, in so many threads; it begins again `pause` seconds after it began."""
    starts, ends = syncs(count, staggered_over, seed)
    service, retries = Service(rate, ends), Retries(seed)
    pending, now = set(range(count)), 0.0
    while pending:
        began = now
        line = iter(sorted(pending))
        due: list[tuple[float, int, int | None, int]] = [(now, thread, None, 0) for thread in range(threads)]
        while due:
            now, thread, place, throttled = heapq.heappop(due)
            if place is None:
                place = next((each for each in line if starts[each] <= now), None)
                if place is None:
                    continue
            answer = service.ask(place, now)
            throttled += answer is None
            delay = retries.delay(throttled) if answer is None else None
            if delay is not None:
                heapq.heappush(due, (now + LATENCY + delay, thread, place, throttled))
                continue
            if answer is not None:
                retries.passed(throttled)
            if answer:
                pending.discard(place)
            heapq.heappush(due, (now + LATENCY, thread, None, 0))
        now = max(now, began + pause)
    return figures(service, starts)
