"""The rate limiter: it finds AWS's limit out, keeps to it, and shares it fairly."""

from __future__ import annotations

import heapq
import math
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from unisync import (
    Clock,
    InvalidArgumentError,
    NotFoundError,
    RateLimit,
    ResponseError,
    ServerError,
    ThrottledError,
    TransportError,
)
from unisync._core.clock import SystemClock
from unisync._core.flow import Call, Flow, Sleep, request
from unisync._core.rate_limiter import LIMITERS, AdaptiveRateLimiter, Limiters, Ticket, classify, rate_limited
from unisync._models.base import Model

EXAMPLES = settings().max_examples // 20
"""Each is a simulation of up to 100 000 calls."""


def saturated(
    limiter: AdaptiveRateLimiter, allowed: float, seconds: float, latency: float = 0.05
) -> tuple[int, int, float]:
    """Send as many calls as the limiter permits to a service that allows so many per second.

    Returns:
        How many succeeded, how many were throttled, and how many seconds it took.
    """
    ticket = Ticket()
    now, tokens, filled = 0.0, allowed, 0.0
    passed = throttled = 0
    in_flight: list[tuple[float, bool]] = []
    while now < seconds:
        while in_flight and in_flight[0][0] <= now:
            limiter.record(now, "throttled" if in_flight.pop(0)[1] else "passed")
        delay = limiter.acquire(ticket, now)
        if delay >= 0:
            now += delay
            tokens, filled = min(max(allowed, 1.0), tokens + (now - filled) * allowed), now
            is_throttled = tokens < 1
            tokens -= 0 if is_throttled else 1
            passed, throttled = passed + (not is_throttled), throttled + is_throttled
            in_flight.append((now + latency, is_throttled))
        else:
            now = min(now - delay, in_flight[0][0] if in_flight else math.inf)
    return passed, throttled, now


@pytest.mark.parametrize(
    "allowed", [5, 10, 20, pytest.param(100, marks=pytest.mark.slow), pytest.param(400, marks=pytest.mark.slow)]
)
@pytest.mark.parametrize("initial", [1, 10, 50])
def test_the_rate_is_found_and_kept(allowed: float, initial: float) -> None:
    passed, throttled, seconds = saturated(AdaptiveRateLimiter(RateLimit(initial=initial), 0.0), allowed, 600)
    assert passed / seconds > 0.9 * allowed
    assert throttled / (passed + throttled) < (0.02 if initial <= 2 * allowed else 0.05)


@settings(max_examples=EXAMPLES)
@given(allowed=st.floats(2, 200), initial=st.floats(0.5, 20), latency=st.floats(0.001, 0.5))
def test_any_rate_is_kept(allowed: float, initial: float, latency: float) -> None:
    passed, throttled, seconds = saturated(AdaptiveRateLimiter(RateLimit(initial=initial), 0.0), allowed, 300, latency)
    assert passed / seconds > 0.5 * allowed
    assert throttled / (passed + throttled) < 0.2


def test_an_idle_limiter_does_not_grow() -> None:
    limiter = AdaptiveRateLimiter(RateLimit(initial=10), 0.0)
    ticket = Ticket()
    for second in range(1000):
        assert limiter.acquire(ticket, float(second)) == 0.0
        limiter.record(float(second), "passed")
    assert limiter.rate == 10


def test_short_bursts_do_not_raise_the_rate() -> None:
    limiter = AdaptiveRateLimiter(RateLimit(initial=50), 0.0)
    now, ticket = 0.0, Ticket()
    for second in range(300):
        now = float(second)
        for _ in range(20):
            while (delay := limiter.acquire(ticket, now)) < 0:
                now -= delay
            limiter.record(now, "passed")
    assert limiter.rate < 100


def test_throttling_within_a_second_counts_once() -> None:
    limiter = AdaptiveRateLimiter(RateLimit(initial=10), 0.0)
    for number in range(20):
        limiter.record(5 + number / 100, "throttled")
    assert limiter.rate == 9, "a tenth less"


def test_failures_do_not_raise_the_rate() -> None:
    limiter = AdaptiveRateLimiter(RateLimit(initial=10), 0.0)
    now, ticket = 0.0, Ticket()
    for _ in range(2000):
        while (delay := limiter.acquire(ticket, now)) < 0:
            now -= delay
        limiter.record(now, "failed")
    assert limiter.rate <= 10


def test_the_rate_stays_within_its_limits() -> None:
    limiter = AdaptiveRateLimiter(RateLimit(initial=2, minimum=1, maximum=4), 0.0)
    now, ticket = 0.0, Ticket()
    for _ in range(200):
        now += max(abs(limiter.acquire(ticket, now)), 0.01)
        limiter.record(now, "passed")
    assert limiter.rate == 4
    for second in range(60):
        limiter.record(now + 2 * second, "throttled")
    assert limiter.rate == 1
    limiter.cap(0.5)
    assert limiter.rate == 0.5
    limiter.cap(9.0)
    assert limiter.rate == 0.5


def test_a_limit_that_is_not_met_again_is_forgotten() -> None:
    limiter = AdaptiveRateLimiter(RateLimit(initial=10), 0.0)
    limiter.record(0.0, "throttled")
    now, ticket = 0.0, Ticket()
    while now < 90:
        now += max(abs(limiter.acquire(ticket, now)), 0.001)
        limiter.record(now, "passed")
    assert limiter.rate > 100


def test_permits_are_granted_ahead_and_can_be_released() -> None:
    limiter = AdaptiveRateLimiter(RateLimit(initial=40, maximum=40), -1.0)
    ticket = Ticket()
    limiter.record(-1.0, "throttled")
    limiter.rate = 40
    granted = [limiter.acquire(ticket, 0.0) for _ in range(6)]
    assert granted == pytest.approx([0.0, 0.0, 0.025, 0.05, 0.075, 0.1]), (
        "two at once, and at most a tenth of a second ahead"
    )
    assert limiter.acquire(ticket, 0.0) == pytest.approx(-0.025)
    limiter.release(ticket)
    assert limiter.acquire(ticket, 0.0) == pytest.approx(0.1)


def served(limiter: AdaptiveRateLimiter, weights: list[float], seconds: float, absent: int | None = None) -> list[int]:
    """The number of permits that each ticket gets when all ask as often as they may. The absent one asks once."""
    tickets, calls = [Ticket() for _ in weights], [0] * len(weights)
    due = [(0.0, number) for number in range(len(weights))]
    while True:
        now, number = heapq.heappop(due)
        if now > seconds:
            return calls
        delay = limiter.acquire(tickets[number], now, weights[number])
        calls[number] += delay >= 0
        if number != absent:
            heapq.heappush(due, (now + abs(delay) + 1e-6, number))


@settings(max_examples=EXAMPLES)
@given(rate=st.floats(0.5, 200), weights=st.lists(st.integers(1, 50), min_size=1, max_size=20))
@example(rate=20.5, weights=[1, 1, 1, 16, 24, 29, 31, 27])
def test_each_ticket_gets_its_share(rate: float, weights: list[float]) -> None:
    limiter = AdaptiveRateLimiter(RateLimit(initial=rate, minimum=0.1, maximum=rate), 0.0)
    seconds = 20 * sum(weights) / rate + 60
    calls = served(limiter, weights, seconds)
    # At some 20 calls a second, who asks a little late loses up to 6 % of the rate: there are not yet enough calls that
    # a twentieth more in a second would make up for it.
    assert sum(calls) >= 0.9 * rate * seconds - 2, "few permits are lost"
    for weight, got in zip(weights, calls, strict=True):
        fair = rate * seconds * weight / sum(weights)
        assert got >= 0.4 * fair - 2, (weights, calls)


@settings(max_examples=EXAMPLES)
@given(rate=st.floats(0.5, 50), weights=st.lists(st.integers(1, 50), min_size=2, max_size=10))
def test_an_abandoned_ticket_delays_nobody(rate: float, weights: list[float]) -> None:
    limiter = AdaptiveRateLimiter(RateLimit(initial=rate, minimum=0.1, maximum=rate), 0.0)
    calls = served(limiter, weights, 300, absent=0)
    # At worst, each asks again every five seconds.
    for weight, got in zip(weights[1:], calls[1:], strict=True):
        assert got >= 0.6 * min(300 / 6, 300 * rate * weight / sum(weights)) - 2, (weights, calls)


@pytest.mark.parametrize("abandoned", [10, 1000, 100_000])
def test_the_weight_of_an_abandoned_ticket_expires(abandoned: int) -> None:
    limiter = AdaptiveRateLimiter(RateLimit(initial=20, maximum=20), 0.0)
    limiter.record(-100.0, "throttled")
    limiter.rate = 20
    limiter.acquire(Ticket(), 0.0, abandoned)
    ticket, now, calls = Ticket(), 0.0, 0
    while now < 300:
        delay = limiter.acquire(ticket, now, 100)
        calls += delay >= 0
        now += abs(delay)
    assert calls / 300 > 18


def test_the_rate_does_not_grow_without_responses() -> None:
    limiter = AdaptiveRateLimiter(RateLimit(initial=10), 0.0)
    now, ticket = 0.0, Ticket()
    while now < 60:
        now += max(abs(limiter.acquire(ticket, now)), 1e-3)
    assert limiter.rate == 10


def test_a_few_calls_beside_an_abandoned_ticket_do_not_raise_the_rate() -> None:
    limiter = AdaptiveRateLimiter(RateLimit(initial=10), 0.0)
    limiter.acquire(Ticket(), 0.0, 1000)
    for second in range(300):
        now, ticket = float(second), Ticket()
        while (delay := limiter.acquire(ticket, now)) < 0:
            now -= delay
        limiter.withdraw(ticket)
        limiter.record(now + delay, "passed")
    assert limiter.rate == 10


@pytest.mark.parametrize("allowed", [0.2, 0.5])
def test_a_rate_below_one_is_found_too(allowed: float) -> None:
    limiter = AdaptiveRateLimiter(RateLimit(initial=2, minimum=0.02), 0.0)
    passed, throttled, seconds = saturated(limiter, allowed, 10_000)
    assert passed / seconds > 0.6 * allowed
    assert throttled / (passed + throttled) < 0.15


class ManualClock:
    """A clock moved by hand."""

    def __init__(self) -> None:
        self.time = 0.0

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += seconds

    async def async_sleep(self, seconds: float) -> None:
        self.time += seconds


def test_each_clock_and_key_has_one_limiter_in_the_process() -> None:
    one, other = ManualClock(), ManualClock()
    limiter = LIMITERS.get(one, "key", RateLimit(initial=3))
    assert LIMITERS.get(one, "key", RateLimit()) is limiter
    assert LIMITERS.get(one, "another", RateLimit()) is not limiter
    assert LIMITERS.get(other, "key", RateLimit()) is not limiter
    assert LIMITERS.get(SystemClock(), "key", RateLimit()) is LIMITERS.get(SystemClock(), "key", RateLimit())


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"initial": 0}, "initial"),
        ({"minimum": -1}, "minimum"),
        ({"maximum": 1}, "maximum"),
        ({"minimum": 99}, "initial"),
    ],
)
def test_a_bad_limit_is_rejected(wrong: dict[str, float], named: str) -> None:
    with pytest.raises(InvalidArgumentError, match=f"^{named}: expected"):
        RateLimit(**wrong)


def test_clocks_of_any_class_have_limiters_of_their_own() -> None:
    class Slotted(ManualClock):
        __slots__ = ("time",)

    @dataclass(eq=True)
    class Equal:
        time: float = 0.0

        def now(self) -> float:
            return self.time

        def sleep(self, seconds: float) -> None: ...

        async def async_sleep(self, seconds: float) -> None: ...

    class Derived(SystemClock):
        def now(self) -> float:
            return 5.0

    clocks: list[Clock] = [Slotted(), Equal(), Equal(), Derived(), SystemClock(), ManualClock()]
    limiters = [LIMITERS.get(clock, "key", RateLimit()) for clock in clocks]
    assert len({id(limiter) for limiter in limiters}) == len(clocks)
    assert [LIMITERS.get(clock, "key", RateLimit()) for clock in clocks] == limiters


def test_the_lowest_maximum_of_all_clients_holds() -> None:
    clock = ManualClock()
    assert LIMITERS.get(clock, "key", RateLimit()).rate == 10
    assert LIMITERS.get(clock, "key", RateLimit(initial=2, maximum=2)).rate == 2


def test_unused_limiters_are_dropped() -> None:
    clock = ManualClock()
    limiters = Limiters()
    kept = limiters.get(clock, "kept", RateLimit())
    for number in range(2000):
        limiters.get(clock, number, RateLimit())
        kept.acquire(Ticket(), clock.time)
        clock.time += 10
    assert len(limiters._of(clock)) <= 1001
    assert limiters.get(clock, "kept", RateLimit()) is kept


def test_a_forked_process_starts_anew() -> None:
    limiters = Limiters()
    limiter = limiters.get(SystemClock(), "key", RateLimit())
    limiters.reset()
    assert limiters.get(SystemClock(), "key", RateLimit()) is not limiter


# A flow whose calls are rate-limited.

POLL = Call("scripted", "Poll", {}, Model)


class Limited:
    """A flow of calls, driven by hand, whose limiter permits one call per second and no bursts."""

    def __init__(self, *calls: Call[Model]) -> None:
        self.time = 0.0
        self.limiter = AdaptiveRateLimiter(RateLimit(initial=1, minimum=0.1, maximum=1), 0.0)
        self.flow = rate_limited(self._flow(calls), lambda _: self.limiter, lambda: self.time)

    @staticmethod
    def _flow(calls: Sequence[Call[Model]]) -> Flow[None]:
        for call in calls:
            yield from request(call)

    def until_call(self, command: object) -> Call[Model]:
        """Sleep until the flow sends a call."""
        while isinstance(command, Sleep):
            self.time += command.seconds
            command = self.flow.send(None)
        assert isinstance(command, Call)
        return cast("Call[Model]", command)


def test_a_call_is_sent_when_its_limiter_permits_it() -> None:
    limited = Limited(POLL, POLL, POLL)
    sent_at: list[float] = []
    command: object = next(limited.flow)
    for _ in range(3):
        assert limited.until_call(command) == POLL
        sent_at.append(limited.time)
        command = limited.flow.send(Model()) if len(sent_at) < 3 else None
    assert sent_at == pytest.approx([0, 1, 2])


def test_the_time_spent_waiting_for_a_permit_counts_towards_the_deadline() -> None:
    limited = Limited(POLL, POLL._replace(timeout=1.5), POLL._replace(timeout=0.3))
    limited.until_call(next(limited.flow))
    call = limited.until_call(limited.flow.send(Model()))
    assert call.timeout == pytest.approx(0.5)
    with pytest.raises(TransportError, match="the rate limit left no room for this call before its deadline") as caught:
        limited.until_call(limited.flow.send(Model()))
    assert limited.time == pytest.approx(1.3), "it fails at its deadline"
    assert (caught.value.retryable, caught.value.outcome_unknown) == (True, False)


def test_a_stop_signal_ends_the_wait_for_a_permit() -> None:
    stop = threading.Event()
    limited = Limited(POLL, POLL._replace(stop=stop))
    limited.until_call(next(limited.flow))
    pause = limited.flow.send(Model())
    assert isinstance(pause, Sleep)
    assert pause.stop is stop
    stop.set()
    with pytest.raises(TransportError):
        limited.flow.send(None)


def test_the_limiter_learns_how_each_call_ended() -> None:
    limited = Limited(POLL)
    limited.until_call(next(limited.flow))
    with pytest.raises(ThrottledError):
        limited.flow.throw(ThrottledError({}, "Poll", "scripted"))
    assert limited.limiter.rate == 0.9


def test_a_closed_flow_returns_its_permit() -> None:
    limited = Limited(POLL, POLL)
    limited.until_call(next(limited.flow))
    limited.time = 0.95  # the next permit is granted 0.05 s ahead
    pause = limited.flow.send(Model())
    assert isinstance(pause, Sleep)
    assert pause.seconds == pytest.approx(0.05)
    limited.flow.close()
    assert limited.limiter.acquire(Ticket(), 1.0) == 0, "the permit goes to another"


@pytest.mark.parametrize(
    ("error", "verdict"),
    [
        (None, "passed"),
        (NotFoundError({}, "Poll", "scripted"), "passed"),
        (ThrottledError({}, "Poll", "scripted"), "throttled"),
        (ServerError({}, "Poll", "scripted"), "failed"),
        (TransportError("scripted", "Poll", "reset", retryable=False, outcome_unknown=True), "failed"),
        (ResponseError("scripted", "Poll", "not JSON", status_code=200, request_id=None), "failed"),
        (KeyboardInterrupt(), "failed"),
    ],
)
def test_an_error_is_classified_by_what_it_says_of_the_limit(error: BaseException | None, verdict: str) -> None:
    assert classify(error) == verdict
