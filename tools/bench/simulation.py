"""A simulated service with a rate limit and many syncs that end at random times, on a clock moved by hand."""

from __future__ import annotations

import heapq
import itertools
import math
import random
from collections.abc import Generator
from dataclasses import dataclass, field
from statistics import mean
from typing import Any

from unisync._core.backoff import Backoff
from unisync._core.commands import Call, ConcurrencyLimit, Flow, Gather, Sleep
from unisync._core.rate_limiter import AdaptiveRateLimiter, RateLimit, rate_limited
from unisync._core.scheduler import Scheduler
from unisync._models.base import Model
from unisync.errors import ThrottledError

LATENCY = 0.05
"""Seconds from a call to its response; half of them until the service receives it."""


@dataclass
class Service:
    """Allows `rate` calls per second, and as many at once as in a second."""

    rate: float
    ends: list[float]
    """When each sync ends."""
    calls: int = 0
    throttles: int = 0
    detected: dict[int, float] = field(default_factory=dict[int, float])
    """When each end was detected."""
    _tokens: float = math.inf
    _filled_at: float = 0.0

    def call(self, index: int, now: float) -> bool | None:
        """Whether a sync has ended; None if the call is throttled."""
        self.calls += 1
        self._tokens = min(self.rate, self._tokens + (now - self._filled_at) * self.rate)
        self._filled_at = now
        if self._tokens < 1:
            self.throttles += 1
            return None
        self._tokens -= 1
        ended = now + LATENCY / 2 >= self.ends[index]
        if ended:
            self.detected.setdefault(index, now + LATENCY)
        return ended


@dataclass(frozen=True)
class Figures:
    """The figures of one way to wait."""

    mean_lag: float
    lag_95: float
    calls: int
    throttled: float
    """The part of the calls that were throttled."""
    bound: float
    """The mean lag of an even sweep over the pending syncs, at exactly the allowed rate."""
    steps: int = 0
    """How often a single wait ran, if only to find that it gets no permit yet."""


def syncs(count: int, staggered_over: float, seed: int) -> tuple[list[float], list[float]]:
    """When each sync starts and ends: log-normal, with a median of a minute."""
    chance = random.Random(seed)
    starts = [chance.uniform(0, staggered_over) for _ in range(count)]
    return starts, [start + chance.lognormvariate(math.log(60), 1.0) for start in starts]


def figures(service: Service, starts: list[float], steps: int = 0) -> Figures:
    """The figures of a simulation that has ended."""
    lags = sorted(service.detected[index] - end for index, end in enumerate(service.ends))
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
    known_rate: bool = False,
    seed: int = 1,
) -> Figures:
    """unisync's own scheduler; it knows the rate, or finds it out."""
    starts, ends = syncs(count, staggered_over, seed)
    service = Service(rate, ends)
    limits = RateLimit(initial=rate, maximum=rate) if known_rate else RateLimit()
    time = [0.0]
    limiter = AdaptiveRateLimiter(limits, 0.0)
    flows = [_wait(index, start) for index, start in enumerate(starts)]
    scheduler = Scheduler(Gather(flows), lambda _: limiter, lambda: time[0], ConcurrencyLimit(64, 64))
    in_flight: list[tuple[float, int, int, bool | None]] = []
    while True:
        while in_flight and in_flight[0][0] <= time[0]:
            _, _, index, ended = heapq.heappop(in_flight)
            error = ThrottledError({}, "Poll", "simulated") if ended is None else None
            scheduler.record(index, ended, error)
        if scheduler.is_done:
            return figures(service, starts)
        due = scheduler.next()
        if isinstance(due, tuple):
            index, _ = due
            result = service.call(index, time[0])
            heapq.heappush(in_flight, (time[0] + LATENCY, service.calls, index, result))
        else:
            later = [] if due is None else [time[0] + max(due, 1e-6)]
            time[0] = min([*later, *(each[0] for each in in_flight[:1])])


def one_by_one(
    rate: float, *, count: int = 1000, staggered_over: float = 0.0, rate_limit: RateLimit | None = None, seed: int = 1
) -> Figures:
    """A wait for each sync, one by one; all of them share the rate."""
    starts, ends = syncs(count, staggered_over, seed)
    service = Service(rate, ends)
    time = [0.0]
    limiter = AdaptiveRateLimiter(rate_limit or RateLimit(), 0.0)
    flows = [
        rate_limited(_wait(index, start), lambda _: limiter, lambda: time[0]) for index, start in enumerate(starts)
    ]
    due: list[tuple[float, int, int, object]] = []
    """When a flow continues, and with what."""
    for index in range(count):
        heapq.heappush(due, (0.0, index, index, None))
    steps = count
    while due:
        time[0], _, index, result = heapq.heappop(due)
        flow = flows[index]
        try:
            action = flow.throw(result) if isinstance(result, Exception) else flow.send(result)
        except StopIteration:
            continue
        steps += 1
        if isinstance(action, Sleep):
            heapq.heappush(due, (time[0] + action.seconds, steps, index, None))
        else:
            ended = service.call(index, time[0])
            reply = ThrottledError({}, "Poll", "simulated") if ended is None else ended
            heapq.heappush(due, (time[0] + LATENCY, steps, index, reply))
    return figures(service, starts, steps)


def _wait(index: int, start: float) -> Flow[int]:
    """A wait, as far as its calls and pauses go."""
    if start > 0:
        yield Sleep(start)
    backoff, chance = Backoff(), random.Random(index)
    for polls in itertools.count(1):
        try:
            if (yield Call("simulated", "Poll", {"index": index}, Model)):
                return index
        except ThrottledError:
            pass
        yield Sleep(backoff.delay(polls, chance.random))
    raise AssertionError("unreachable: it polls until the sync ends")


class Retries:
    """botocore's standard mode: throttled calls are retried twice, from a quota that a client's calls share."""

    COST, QUOTA = 5, 500

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)
        self._quota = self.QUOTA

    def delay(self, tries: int) -> float | None:
        """Seconds until a call that was throttled so many times is retried; None if it fails."""
        if tries > 2 or self._quota < self.COST:
            return None
        self._quota -= self.COST
        return self._chance.random() * tries

    def passed(self, tries: int) -> None:
        """Note that a call succeeded after so many throttled attempts."""
        self._quota = min(self._quota + (self.COST if tries else 1), self.QUOTA)


Sleeper = Generator[float, bool | None, None]
"""A hand-written loop: yields the seconds until the next poll, and receives its result."""


def by_hand(rate: float, loop: Any, *, count: int = 1000, staggered_over: float = 0.0, seed: int = 1) -> Figures:
    """A loop for each sync, on its own: `loop(index)` returns a Sleeper."""
    starts, ends = syncs(count, staggered_over, seed)
    service = Service(rate, ends)
    due: list[tuple[float, int, Sleeper]] = []
    for index, start in enumerate(starts):
        sleeper: Sleeper = loop(index)
        heapq.heappush(due, (start + next(sleeper), index, sleeper))
    while due:
        now, index, sleeper = heapq.heappop(due)
        result = service.call(index, now)
        delay = sleeper.send(result)
        if not result:
            heapq.heappush(due, (now + LATENCY + delay, index, sleeper))
    return figures(service, starts)


def waiter(seconds: float, seed: int = 1) -> Any:
    """boto3's kind of waiter: a poll every so many seconds.

    In its favour, the loops do not start at once, and go on where one of boto3's would fail for throttling.
    """
    retries, chance = Retries(seed), random.Random(seed)

    def loop(_: int) -> Sleeper:
        result = yield chance.random() * seconds
        while True:
            throttled = 0
            while result is None:
                throttled += 1
                delay = retries.delay(throttled)
                if delay is None:
                    break
                result = yield delay
            else:
                retries.passed(throttled)
            result = yield seconds

    return loop


def full_jitter(initial: float, maximum: float, seed: int = 1) -> Any:
    """Exponential backoff with full jitter: from zero up to a delay that doubles with each poll."""
    chance = random.Random(seed)

    def loop(_: int) -> Sleeper:
        yield 0.0
        for tries in itertools.count(1):
            yield chance.random() * min(maximum, initial * 2 ** min(tries, 30))

    return loop


def backing_off(seconds: float, maximum: float, seed: int = 1) -> Any:
    """A poll every so many seconds, not all at once, with exponential backoff and full jitter when throttled."""
    chance = random.Random(seed)

    def loop(_: int) -> Sleeper:
        result = yield chance.random() * seconds
        throttled = 0
        while True:
            throttled = throttled + 1 if result is None else 0
            longest = min(maximum, seconds * 2 ** min(throttled, 30))
            result = yield chance.random() * longest if throttled else seconds

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
    """One loop over all pending syncs, in so many threads; it restarts `pause` seconds after it started."""
    starts, ends = syncs(count, staggered_over, seed)
    service, retries = Service(rate, ends), Retries(seed)
    pending, now = set(range(count)), 0.0
    while pending:
        began = now
        line = iter(sorted(pending))
        due: list[tuple[float, int, int | None, int]] = [(now, thread, None, 0) for thread in range(threads)]
        while due:
            now, thread, index, throttled = heapq.heappop(due)
            if index is None:
                index = next((each for each in line if starts[each] <= now), None)
                if index is None:
                    continue
            result = service.call(index, now)
            throttled += result is None
            delay = retries.delay(throttled) if result is None else None
            if delay is not None:
                heapq.heappush(due, (now + LATENCY + delay, thread, index, throttled))
                continue
            if result is not None:
                retries.passed(throttled)
            if result:
                pending.discard(index)
            heapq.heappush(due, (now + LATENCY, thread, None, 0))
        now = max(now, began + pause)
    return figures(service, starts)
