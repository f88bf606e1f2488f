"""The rate that AWS allows is found out, kept to, and shared."""

from __future__ import annotations

import heapq
import math
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unisync import Clock, InvalidRequestError, RateLimit
from unisync._core.clock import SystemClock
from unisync._core.rate_limiter import LIMITERS, AdaptiveRateLimiter, Limiters, Ticket


def saturated(bucket: AdaptiveRateLimiter, allowed: float, seconds: float, latency: float = 0.05) -> tuple[int, int, float]:
    """Calls that went through and that were throttled, where as many are wanted as there can be; and the last time."""
    turn = Ticket()
    now, tokens, filled = 0.0, allowed, 0.0
    passed = throttled = 0
    under_way: list[tuple[float, bool]] = []
    while now < seconds:
        while under_way and under_way[0][0] <= now:
            bucket.answered(now, "throttled" if under_way.pop(0)[1] else "passed")
        delay = bucket.take(turn, now)
        if delay >= 0:
            now += delay
            tokens, filled = min(max(allowed, 1.0), tokens + (now - filled) * allowed), now
            refused = tokens < 1
            tokens -= 0 if refused else 1
            passed, throttled = passed + (not refused), throttled + refused
            under_way.append((now + latency, refused))
        else:
            now = min(now - delay, under_way[0][0] if under_way else math.inf)
    return passed, throttled, now


@pytest.mark.parametrize("allowed", [5, 10, 20, 100, 400])
@pytest.mark.parametrize("initial", [1, 10, 50])
def test_the_rate_is_found_and_held(allowed: float, initial: float) -> None:
    passed, throttled, seconds = saturated(AdaptiveRateLimiter(RateLimit(initial=initial), 0.0), allowed, 600)
    assert passed / seconds > 0.9 * allowed
    assert throttled / (passed + throttled) < (0.02 if initial <= 2 * allowed else 0.05)


@settings(max_examples=30, deadline=None)
@given(allowed=st.floats(2, 200), initial=st.floats(0.5, 20), latency=st.floats(0.001, 0.5))
def test_any_rate_is_held(allowed: float, initial: float, latency: float) -> None:
    passed, throttled, seconds = saturated(AdaptiveRateLimiter(RateLimit(initial=initial), 0.0), allowed, 300, latency)
    assert passed / seconds > 0.5 * allowed
    assert throttled / (passed + throttled) < 0.2


def test_a_rate_that_holds_nobody_back_does_not_grow() -> None:
    bucket = AdaptiveRateLimiter(RateLimit(initial=10), 0.0)
    turn = Ticket()
    for second in range(1000):
        assert bucket.take(turn, float(second)) == 0.0
        bucket.answered(float(second), "passed")
    assert bucket.rate == 10


def test_bursts_that_are_held_back_for_a_moment_do_not_make_it_grow() -> None:
    bucket = AdaptiveRateLimiter(RateLimit(initial=50), 0.0)
    now, turn = 0.0, Ticket()
    for second in range(300):
        now = float(second)
        for _ in range(20):
            while (delay := bucket.take(turn, now)) < 0:
                now -= delay
            bucket.answered(now, "passed")
    assert bucket.rate < 100


def test_a_burst_of_throttles_counts_once() -> None:
    bucket = AdaptiveRateLimiter(RateLimit(initial=10), 0.0)
    for number in range(20):
        bucket.answered(5 + number / 100, "throttled")
    assert bucket.rate == 9, "a tenth less: nobody was held back, so nothing is known of what AWS would allow"


def test_a_service_that_fails_does_not_make_it_grow() -> None:
    bucket = AdaptiveRateLimiter(RateLimit(initial=10), 0.0)
    now, turn = 0.0, Ticket()
    for _ in range(2000):
        while (delay := bucket.take(turn, now)) < 0:
            now -= delay
        bucket.answered(now, "failed")
    assert bucket.rate <= 10


def test_the_rate_stays_between_its_bounds() -> None:
    bucket = AdaptiveRateLimiter(RateLimit(initial=2, minimum=1, maximum=4), 0.0)
    now, turn = 0.0, Ticket()
    for _ in range(200):
        now += max(abs(bucket.take(turn, now)), 0.01)
        bucket.answered(now, "passed")
    assert bucket.rate == 4
    for second in range(60):
        bucket.answered(now + 2 * second, "throttled")
    assert bucket.rate == 1
    bucket.lower(0.5)
    assert bucket.rate == 0.5
    bucket.lower(9.0)
    assert bucket.rate == 0.5


def test_a_limit_that_is_gone_is_forgotten() -> None:
    bucket = AdaptiveRateLimiter(RateLimit(initial=10), 0.0)
    bucket.answered(0.0, "throttled")
    now, turn = 0.0, Ticket()
    while now < 90:
        now += max(abs(bucket.take(turn, now)), 0.001)
        bucket.answered(now, "passed")
    assert bucket.rate > 100


def test_a_turn_is_given_ahead_and_can_be_given_back() -> None:
    bucket = AdaptiveRateLimiter(RateLimit(initial=20, maximum=20), -1.0)
    turn = Ticket()
    bucket.answered(-1.0, "throttled")
    bucket.rate = 20
    given = [bucket.take(turn, 0.0) for _ in range(4)]
    assert given == [0.0, 0.0, 0.05, 0.1], "two at once, and no more than a tenth of a second ahead"
    assert bucket.take(turn, 0.0) == pytest.approx(-0.05)
    bucket.give_back(turn)
    assert bucket.take(turn, 0.0) == pytest.approx(0.1)


def served(bucket: AdaptiveRateLimiter, weights: list[float], seconds: float, absent: int | None = None) -> list[int]:
    """How many calls each of some gets who all want as many as they can have; one of them never comes back."""
    turns, calls = [Ticket() for _ in weights], [0] * len(weights)
    due = [(0.0, number) for number in range(len(weights))]
    while True:
        now, number = heapq.heappop(due)
        if now > seconds:
            return calls
        delay = bucket.take(turns[number], now, weights[number])
        calls[number] += delay >= 0
        if number != absent:
            heapq.heappush(due, (now + abs(delay) + 1e-6, number))


@settings(max_examples=50, deadline=None)
@given(rate=st.floats(0.5, 200), weights=st.lists(st.integers(1, 50), min_size=1, max_size=20))
def test_each_has_its_share(rate: float, weights: list[float]) -> None:
    bucket = AdaptiveRateLimiter(RateLimit(initial=rate, minimum=0.1, maximum=rate), 0.0)
    seconds = 20 * sum(weights) / rate + 60
    calls = served(bucket, weights, seconds)
    assert sum(calls) >= 0.95 * rate * seconds - 2, "none is lost"
    for weight, got in zip(weights, calls, strict=True):
        fair = rate * seconds * weight / sum(weights)
        assert got >= 0.4 * fair - 2, (weights, calls)


@settings(max_examples=30, deadline=None)
@given(rate=st.floats(0.5, 50), weights=st.lists(st.integers(1, 50), min_size=2, max_size=10))
def test_one_that_never_comes_back_holds_nobody_up(rate: float, weights: list[float]) -> None:
    bucket = AdaptiveRateLimiter(RateLimit(initial=rate, minimum=0.1, maximum=rate), 0.0)
    calls = served(bucket, weights, 300, absent=0)
    # At the worst each looks every five seconds how it stands.
    for weight, got in zip(weights[1:], calls[1:], strict=True):
        assert got >= 0.6 * min(300 / 6, 300 * rate * weight / sum(weights)) - 2, (weights, calls)


@pytest.mark.parametrize("dead", [10, 1000, 100_000])
def test_what_the_dead_wanted_is_left_to_the_living(dead: int) -> None:
    bucket = AdaptiveRateLimiter(RateLimit(initial=20, maximum=20), 0.0)
    bucket.answered(-100.0, "throttled")
    bucket.rate = 20
    bucket.take(Ticket(), 0.0, dead)
    turn, now, calls = Ticket(), 0.0, 0
    while now < 300:
        delay = bucket.take(turn, now, 100)
        calls += delay >= 0
        now += abs(delay)
    assert calls / 300 > 18


def test_nothing_grows_that_is_not_answered_or_not_wanted() -> None:
    unanswered = AdaptiveRateLimiter(RateLimit(initial=10), 0.0)
    now, turn = 0.0, Ticket()
    while now < 60:
        now += max(abs(unanswered.take(turn, now)), 1e-3)
    assert unanswered.rate == 10
    # A few calls, beside somebody who wanted many and is gone.
    bucket = AdaptiveRateLimiter(RateLimit(initial=10), 0.0)
    bucket.take(Ticket(), 0.0, 1000)
    for second in range(300):
        now, turn = float(second), Ticket()
        while (delay := bucket.take(turn, now)) < 0:
            now -= delay
        bucket.leave(turn)
        bucket.answered(now + delay, "passed")
    assert bucket.rate == 10


@pytest.mark.parametrize("allowed", [0.2, 0.5])
def test_a_rate_below_one_is_found_too(allowed: float) -> None:
    bucket = AdaptiveRateLimiter(RateLimit(initial=2, minimum=0.02), 0.0)
    passed, throttled, seconds = saturated(bucket, allowed, 20_000)
    assert passed / seconds > 0.6 * allowed
    assert throttled / (passed + throttled) < 0.15


class Hand:
    """A clock moved by hand."""

    def __init__(self) -> None:
        self.time = 0.0

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += seconds

    async def async_sleep(self, seconds: float) -> None:
        self.time += seconds


def test_a_bucket_is_the_processs_own_for_each_clock() -> None:
    one, other = Hand(), Hand()
    bucket = LIMITERS.get(one, "key", RateLimit(initial=3))
    assert LIMITERS.get(one, "key", RateLimit()) is bucket
    assert LIMITERS.get(one, "another", RateLimit()) is not bucket
    assert LIMITERS.get(other, "key", RateLimit()) is not bucket
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
def test_a_pace_that_cannot_be(wrong: dict[str, float], named: str) -> None:
    with pytest.raises(InvalidRequestError, match=f"RateLimit: {named}: expected"):
        RateLimit(**wrong)


def test_clocks_of_any_kind_have_buckets_of_their_own() -> None:
    class Slotted(Hand):
        __slots__ = ("time",)

    @dataclass(eq=True)
    class Equal:
        time: float = 0.0

        def now(self) -> float:
            return self.time

        def sleep(self, seconds: float) -> None: ...

        async def async_sleep(self, seconds: float) -> None: ...

    class Mine(SystemClock):
        def now(self) -> float:
            return 5.0

    clocks: list[Clock] = [Slotted(), Equal(), Equal(), Mine(), SystemClock(), Hand()]
    buckets = [LIMITERS.get(clock, "key", RateLimit()) for clock in clocks]
    assert len({id(bucket) for bucket in buckets}) == len(clocks)
    assert [LIMITERS.get(clock, "key", RateLimit()) for clock in clocks] == buckets


def test_each_client_has_its_own_maximum_held() -> None:
    clock = Hand()
    assert LIMITERS.get(clock, "key", RateLimit()).rate == 10
    assert LIMITERS.get(clock, "key", RateLimit(initial=2, maximum=2)).rate == 2


def test_buckets_that_nobody_asks_any_more_are_forgotten() -> None:
    clock = Hand()
    buckets = Limiters()
    kept = buckets.get(clock, "kept", RateLimit())
    for number in range(5000):
        buckets.get(clock, number, RateLimit())
        kept.take(Ticket(), clock.time)
        clock.time += 10
    assert len(buckets._of(clock)) <= 1001
    assert buckets.get(clock, "kept", RateLimit()) is kept


def test_a_process_that_is_forked_off_begins_anew() -> None:
    buckets = Limiters()
    bucket = buckets.get(SystemClock(), "key", RateLimit())
    buckets.forget()
    assert buckets.get(SystemClock(), "key", RateLimit()) is not bucket
