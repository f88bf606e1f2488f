"""The rate that AWS allows is found out, kept to, and shared."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.samples import drive
from unisync import InvalidRequestError, Pace, ThrottledError, TransportError
from unisync.accounts import account_of
from unisync.flow import Call, SystemClock
from unisync.models import Model
from unisync.pacing import BUCKETS, Bucket, noting, waiting_for_turn

CALL = Call("proton", "GetRepository", {}, Model)


def saturated(bucket: Bucket, allowed: float, seconds: float, latency: float = 0.05) -> tuple[int, int, float]:
    """Calls that went through and that were throttled, where as many are wanted as there can be; and the last time."""
    now, tokens, filled = 0.0, allowed, 0.0
    passed = throttled = 0
    under_way: list[tuple[float, bool]] = []
    while now < seconds:
        while under_way and under_way[0][0] <= now:
            bucket.answered(now, throttled=under_way.pop(0)[1])
        delay = bucket.take(now)
        if delay == 0:
            tokens, filled = min(allowed, tokens + (now - filled) * allowed), now
            refused = tokens < 1
            tokens -= 0 if refused else 1
            passed, throttled = passed + (not refused), throttled + refused
            under_way.append((now + latency, refused))
        else:
            now = min(now + delay, under_way[0][0] if under_way else math.inf)
    return passed, throttled, now


@pytest.mark.parametrize("allowed", [5, 10, 20, 100, 400])
@pytest.mark.parametrize("initial", [1, 10, 50])
def test_the_rate_is_found_and_held(allowed: float, initial: float) -> None:
    passed, throttled, seconds = saturated(Bucket(Pace(initial=initial), 0.0), allowed, 600)
    assert passed / seconds > 0.9 * allowed
    assert throttled / (passed + throttled) < (0.02 if initial <= 2 * allowed else 0.04)


@settings(max_examples=30, deadline=None)
@given(allowed=st.floats(2, 200), initial=st.floats(0.5, 20), latency=st.floats(0.001, 0.5))
def test_any_rate_is_held(allowed: float, initial: float, latency: float) -> None:
    passed, throttled, seconds = saturated(Bucket(Pace(initial=initial), 0.0), allowed, 300, latency)
    assert passed / seconds > 0.5 * allowed
    assert throttled / (passed + throttled) < 0.2


def test_a_rate_that_holds_nobody_back_does_not_grow() -> None:
    bucket = Bucket(Pace(initial=10), 0.0)
    for second in range(1000):
        assert bucket.take(float(second)) == 0.0
        bucket.answered(float(second), throttled=False)
    assert bucket.rate == 10


def test_a_burst_of_throttles_counts_once() -> None:
    bucket = Bucket(Pace(initial=10), 0.0)
    for number in range(20):
        bucket.answered(5 + number / 100, throttled=True)
    assert bucket.rate == 10 / 2 * 0.9, "half of it, for want of a measure, and a tenth less"


def test_the_rate_stays_between_its_bounds() -> None:
    bucket = Bucket(Pace(initial=2, minimum=1, maximum=4), 0.0)
    now = 0.0
    for _ in range(200):
        now += max(bucket.take(now), 0.01)
    assert bucket.rate == 4
    for second in range(60):
        bucket.answered(now + 2 * second, throttled=True)
    assert bucket.rate == 1


def test_turns_are_given_in_order_and_shared_with_who_has_none() -> None:
    bucket = Bucket(Pace(initial=1), 0.0)
    first, second, third = (bucket.queue() for _ in range(3))
    assert bucket.take(0.0, second) > 0
    assert bucket.take(0.0, first) == 0.0
    bucket.leave(first)
    assert bucket.take(1.5, third) > 0
    assert bucket.take(1.5) == 0.0, "without a place, but it was a place's turn before"
    assert bucket.take(4.0) > 0, "now it is not"
    bucket.leave(second)
    assert bucket.take(4.0, third) == 0.0
    bucket.leave(third)
    assert bucket.take(8.0) == 0.0


def test_who_leaves_from_the_middle_holds_nobody_up() -> None:
    bucket = Bucket(Pace(initial=1), 0.0)
    first, second, third = (bucket.queue() for _ in range(3))
    bucket.leave(second)
    bucket.leave(first)
    assert bucket.take(0.0, third) == 0.0


class Hand:
    """A clock moved by hand."""

    def __init__(self) -> None:
        self.time = 0.0

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += seconds

    async def asleep(self, seconds: float) -> None:
        self.time += seconds


def test_a_call_waits_for_its_turn_within_its_time() -> None:
    clock, bucket = Hand(), Bucket(Pace(initial=1, maximum=1), 0.0)

    def driven(call: Call[Any]) -> Any:
        flow = waiting_for_turn(bucket, call, clock.now)
        try:
            pause: Any = next(flow)
            while True:
                clock.time += pause.seconds
                pause = flow.send(None)
        except StopIteration as stop:
            return stop.value

    assert driven(CALL) is CALL
    assert driven(CALL._replace(timeout=5.0)).timeout == pytest.approx(4.0)
    with pytest.raises(TransportError, match="the rate that AWS allows left no room for it in time") as caught:
        driven(CALL._replace(timeout=0.5))
    assert caught.value.retryable
    assert not caught.value.outcome_unknown
    assert driven(CALL) is CALL, "whoever gave up holds nobody up"


def test_what_comes_of_a_call_is_noted() -> None:
    bucket = Bucket(Pace(initial=10), 0.0)
    with pytest.raises(ThrottledError), noting(bucket, lambda: 5.0):
        raise ThrottledError({}, "Op", "proton")
    assert bucket.rate < 10
    rate = bucket.rate
    with noting(bucket, lambda: 9.0):
        pass
    assert bucket.rate == rate


def test_a_bucket_is_the_processs_own_for_each_clock() -> None:
    one, other = Hand(), Hand()
    bucket = BUCKETS.get(one, "key", Pace(initial=3))
    assert BUCKETS.get(one, "key", Pace()) is bucket
    assert BUCKETS.get(one, "another", Pace()) is not bucket
    assert BUCKETS.get(other, "key", Pace()) is not bucket
    assert BUCKETS.get(SystemClock(), "key", Pace()) is BUCKETS.get(SystemClock(), "key", Pace())


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
    with pytest.raises(InvalidRequestError, match=f"Pace: {named}: expected"):
        Pace(**wrong)


def test_the_account_of_a_key_is_read_from_its_letters() -> None:
    # Published with the description of the format.
    assert account_of("ASIAQNZGKIQY56JQ7WML") == "029608264753"
    assert account_of("AKIAIOSFODNN7EXAMPLE") == "AKIAIOSFODNN7EXAMPLE", "an older key tells nothing"
    assert account_of("test") == "test"


def test_nothing_is_waited_for_where_there_is_room() -> None:
    assert drive(waiting_for_turn(Bucket(Pace(), 0.0), CALL, lambda: 1.0)) is CALL
