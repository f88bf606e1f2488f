"""Simulates waiting for many syncs that end at random times, at a service with a rate limit, on a manual clock."""

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
"""Seconds from a call to its response. The service receives the call after half of them."""


@dataclass
class Service:
    """A service that allows `rate` calls per second, and bursts as large as one second's calls."""

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
        """Poll a sync: return whether it has ended, or None if the call is throttled."""
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
    """The figures of one simulation."""

    mean_lag: float
    lag_95: float
    calls: int
    throttled: float
    """The fraction of the calls that were throttled."""
    bound: float
    """The mean lag of evenly sweeping over the pending syncs at exactly the allowed rate."""
    steps: int = 0
    """How often single waits were resumed, including those that got no permit."""


def sync_times(count: int, stagger: float, seed: int) -> tuple[list[float], list[float]]:
    """When each sync starts, spread over `stagger` seconds, and ends: log-normal, with a median of a minute."""
    rng = random.Random(seed)
    starts = [rng.uniform(0, stagger) for _ in range(count)]
    return starts, [start + rng.lognormvariate(math.log(60), 1.0) for start in starts]


def summarize(service: Service, starts: list[float], steps: int = 0) -> Figures:
    """The figures of a finished simulation."""
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
    stagger: float = 0.0,
    known_rate: bool = False,
    seed: int = 1,
) -> Figures:
    """Simulate `wait_all`: unisync's scheduler, which adapts to the rate or, with `known_rate`, starts at it."""
    starts, ends = sync_times(count, stagger, seed)
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
            return summarize(service, starts)
        due = scheduler.next()
        if isinstance(due, tuple):
            index, _ = due
            result = service.call(index, time[0])
            heapq.heappush(in_flight, (time[0] + LATENCY, service.calls, index, result))
        else:
            later = [] if due is None else [time[0] + max(due, 1e-6)]
            time[0] = min([*later, *(each[0] for each in in_flight[:1])])


def single_waits(
    rate: float, *, count: int = 1000, stagger: float = 0.0, rate_limit: RateLimit | None = None, seed: int = 1
) -> Figures:
    """Simulate a separate wait for each sync. All of them share a rate limiter."""
    starts, ends = sync_times(count, stagger, seed)
    service = Service(rate, ends)
    time = [0.0]
    limiter = AdaptiveRateLimiter(rate_limit or RateLimit(), 0.0)
    flows = [
        rate_limited(_wait(index, start), lambda _: limiter, lambda: time[0]) for index, start in enumerate(starts)
    ]
    due: list[tuple[float, int, int, object]] = []
    """When to resume each flow, and with which result."""
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
            response = ThrottledError({}, "Poll", "simulated") if ended is None else ended
            heapq.heappush(due, (time[0] + LATENCY, steps, index, response))
    return summarize(service, starts, steps)


def _wait(index: int, start: float) -> Flow[int]:
    """The calls and pauses of one wait."""
    if start > 0:
        yield Sleep(start)
    backoff, rng = Backoff(), random.Random(index)
    for polls in itertools.count(1):
        try:
            if (yield Call("simulated", "Poll", {"index": index}, Model)):
                return index
        except ThrottledError:
            pass
        yield Sleep(backoff.delay(polls, rng.random))
    raise AssertionError("unreachable: it polls until the sync ends")


class StandardRetries:
    """botocore's standard mode: throttled calls are retried twice, within a quota that all calls of a client share."""

    COST, QUOTA = 5, 500

    def __init__(self, seed: int) -> None:
        self._rng = random.Random(seed)
        self._quota = self.QUOTA

    def delay(self, throttled: int) -> float | None:
        """Seconds before a call that was throttled so many times is retried; None if it fails."""
        if throttled > 2 or self._quota < self.COST:
            return None
        self._quota -= self.COST
        return self._rng.random() * throttled

    def record_success(self, throttled: int) -> None:
        """Record that a call succeeded after it was throttled so many times."""
        self._quota = min(self._quota + (self.COST if throttled else 1), self.QUOTA)


PollingLoop = Generator[float, bool | None, None]
"""A hand-written loop: it yields the seconds until its next poll and receives the result of that poll."""


def separate_loops(rate: float, make_loop: Any, *, count: int = 1000, stagger: float = 0.0, seed: int = 1) -> Figures:
    """Simulate a hand-written loop for each sync: `make_loop(index)` creates it."""
    starts, ends = sync_times(count, stagger, seed)
    service = Service(rate, ends)
    due: list[tuple[float, int, PollingLoop]] = []
    for index, start in enumerate(starts):
        loop: PollingLoop = make_loop(index)
        heapq.heappush(due, (start + next(loop), index, loop))
    while due:
        now, index, loop = heapq.heappop(due)
        result = service.call(index, now)
        delay = loop.send(result)
        if not result:
            heapq.heappush(due, (now + LATENCY + delay, index, loop))
    return summarize(service, starts)


def waiter(seconds: float, seed: int = 1) -> Any:
    """A loop like boto3's waiters, which polls every `seconds`.

    It is idealized: the loops do not all start at the same time, and throttling never ends them.
    """
    retries, rng = StandardRetries(seed), random.Random(seed)

    def loop(_: int) -> PollingLoop:
        result = yield rng.random() * seconds
        while True:
            throttled = 0
            while result is None:
                throttled += 1
                delay = retries.delay(throttled)
                if delay is None:
                    break
                result = yield delay
            else:
                retries.record_success(throttled)
            result = yield seconds

    return loop


def full_jitter(initial: float, maximum: float, seed: int = 1) -> Any:
    """A loop with exponential backoff and full jitter: random delays, up to a limit that doubles with each poll."""
    rng = random.Random(seed)

    def loop(_: int) -> PollingLoop:
        yield 0.0
        for polls in itertools.count(1):
            yield rng.random() * min(maximum, initial * 2 ** min(polls, 30))

    return loop


def throttle_backoff(seconds: float, maximum: float, seed: int = 1) -> Any:
    """A loop that polls every `seconds`, and backs off exponentially with full jitter while it is throttled."""
    rng = random.Random(seed)

    def loop(_: int) -> PollingLoop:
        result = yield rng.random() * seconds
        throttled = 0
        while True:
            throttled = throttled + 1 if result is None else 0
            longest = min(maximum, seconds * 2 ** min(throttled, 30))
            result = yield rng.random() * longest if throttled else seconds

    return loop


def one_loop(
    rate: float,
    *,
    count: int = 1000,
    stagger: float = 0.0,
    interval: float = 5.0,
    threads: int = 1,
    seed: int = 1,
) -> Figures:
    """Simulate one loop over all pending syncs, in some threads, which starts again every `interval` seconds."""
    starts, ends = sync_times(count, stagger, seed)
    service, retries = Service(rate, ends), StandardRetries(seed)
    pending, now = set(range(count)), 0.0
    while pending:
        began = now
        queue = iter(sorted(pending))
        due: list[tuple[float, int, int | None, int]] = [(now, thread, None, 0) for thread in range(threads)]
        while due:
            now, thread, index, throttled = heapq.heappop(due)
            if index is None:
                index = next((each for each in queue if starts[each] <= now), None)
                if index is None:
                    continue
            result = service.call(index, now)
            throttled += result is None
            delay = retries.delay(throttled) if result is None else None
            if delay is not None:
                heapq.heappush(due, (now + LATENCY + delay, thread, index, throttled))
                continue
            if result is not None:
                retries.record_success(throttled)
            if result:
                pending.discard(index)
            heapq.heappush(due, (now + LATENCY, thread, None, 0))
        now = max(now, began + interval)
    return summarize(service, starts)
