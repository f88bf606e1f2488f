"""The scheduler, driven by hand: which call is sent next, and when. No I/O, and a clock that tests move."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from unisync import NotFoundError, RateLimit, ThrottledError, TransportError
from unisync._core.commands import AccountRegion, Call, ConcurrencyLimit, Emit, Flow, Gather, Sleep
from unisync._core.rate_limiter import AdaptiveRateLimiter
from unisync._core.scheduler import OPEN_AFTER_FAILURES, OVERDUE_AFTER, Scheduler
from unisync._models.base import Model

FAST = RateLimit(initial=1000, maximum=1000)
ONE_PER_SECOND = RateLimit(initial=1, maximum=1)


def call(operation: str = "Poll", **options: Any) -> Call[Model]:
    return Call("scripted", operation, {}, Model, **options)


def lost() -> TransportError:
    return TransportError("scripted", "Poll", "reset", retryable=True, outcome_unknown=True)


def flow_of(*commands: Any, result: Any = "done") -> Flow[Any]:
    """A flow that yields these commands."""
    for command in commands:  # noqa: UP028  # an iterator of commands cannot be sent responses
        yield command
    return result


class Driver:
    """Drives a scheduler on a clock of its own. Each call is answered at once, unless a test keeps it in flight."""

    def __init__(
        self,
        *flows: Flow[Any],
        rate_limit: RateLimit = FAST,
        rate_limits: Mapping[str, RateLimit] | None = None,
        concurrency: ConcurrencyLimit = ConcurrencyLimit(100, 100),  # noqa: B008  # a value
        stop_when: Callable[[object], bool] = lambda _: False,
        fail_fast: bool = False,
    ) -> None:
        self.time = 0.0
        self.sent: list[tuple[float, int, str]] = []
        """When each call was sent, the index of its flow, and its operation."""
        self._rate_limit = rate_limit
        self._rate_limits = rate_limits or {}
        self._limiters: dict[object, AdaptiveRateLimiter] = {}
        gather = Gather(flows, stop_when=stop_when, fail_fast=fail_fast)
        self.scheduler: Scheduler[Any] = Scheduler(gather, self._limiter_for, lambda: self.time, concurrency)

    def _limiter_for(self, call: Call[Any]) -> AdaptiveRateLimiter:
        limits = self._rate_limits.get(call.operation, self._rate_limit)
        key = (call.location, call.operation)
        return self._limiters.setdefault(key, AdaptiveRateLimiter(limits, self.time))

    def send(self) -> tuple[int, Call[Any]]:
        """Wait for the next call, and send it."""
        while not isinstance(due := self.scheduler.next(), tuple):
            assert due is not None, "only a response can change anything"
            self.time += due
        index, call = due
        self.sent.append((round(self.time, 3), index, call.operation))
        return due

    def send_all_due(self) -> list[int]:
        """Send the calls that are due now; the indexes of their flows."""
        indexes: list[int] = []
        while isinstance(due := self.scheduler.next(), tuple):
            indexes.append(due[0])
        return indexes

    def record(self, index: int, error: BaseException | None = None) -> None:
        """Hand over the outcome of a call."""
        self.scheduler.record(index, None if error else Model(), error)

    def run(self) -> dict[int, Any]:
        """Answer each call at once until all flows have ended."""
        while not self.scheduler.is_done:
            due = self.scheduler.next()
            if isinstance(due, tuple):
                index, call = due
                self.sent.append((round(self.time, 3), index, call.operation))
                self.record(index)
            elif not self.scheduler.is_done:
                assert due is not None
                self.time += due
        return self.scheduler.results

    @property
    def order(self) -> list[int]:
        """The flows, in the order in which they sent their calls."""
        return [index for _, index, _ in self.sent]


# Which call goes first.


def test_within_a_queue_the_sync_polled_longest_ago_goes_first() -> None:
    """All are due at 3 s, when the next permit is granted, in the opposite order of their first polls."""
    driver = Driver(
        flow_of(call(), Sleep(2.7), call()),
        flow_of(call(), Sleep(1.5), call()),
        flow_of(call(), Sleep(0.2), call()),
        rate_limit=ONE_PER_SECOND,
    )
    driver.run()
    assert driver.order == [0, 1, 2, 0, 1, 2]
    assert [time for time, _, _ in driver.sent] == pytest.approx([0, 1, 2, 3, 4, 5], abs=0.01)


def test_no_sync_is_polled_twice_before_another_that_is_due() -> None:
    """Ten syncs share one call per second, and would like one every two seconds each."""
    polls = [command for _ in range(5) for command in (call(), Sleep(2))]
    driver = Driver(*(flow_of(*polls) for _ in range(10)), rate_limit=ONE_PER_SECOND)
    driver.run()
    assert driver.order == list(range(10)) * 5


def test_a_call_that_continues_a_poll_goes_first() -> None:
    driver = Driver(
        flow_of(call(), call(), call()), flow_of(call()), flow_of(call(), call()), rate_limit=ONE_PER_SECOND
    )
    driver.run()
    assert driver.order == [0, 0, 0, 1, 2, 2]


def test_a_call_after_a_pause_begins_a_new_poll() -> None:
    driver = Driver(flow_of(call(), Sleep(0.1), call()), flow_of(call()), rate_limit=ONE_PER_SECOND)
    driver.run()
    assert driver.order == [0, 1, 0]


def test_queues_take_turns() -> None:
    flows = [flow_of(call(operation)) for operation in "AAABBBC"]
    driver = Driver(*flows)
    driver.run()
    assert [operation for _, _, operation in driver.sent] == ["A", "B", "C", "A", "B", "A", "B"]


def test_a_queue_without_permits_holds_up_no_other() -> None:
    driver = Driver(*(flow_of(call(operation)) for operation in "AAABBB"), rate_limits={"A": ONE_PER_SECOND})
    driver.run()
    sent_at = {operation: [time for time, _, each in driver.sent if each == operation] for operation in "AB"}
    assert sent_at == {"A": [0, 1, 2], "B": pytest.approx([0, 0, 0], abs=0.01)}


# When a call is sent.


def test_a_pause_is_kept_although_the_rate_would_allow_more() -> None:
    driver = Driver(*(flow_of(call(), Sleep(10), call(), Sleep(7), call()) for _ in range(3)))
    driver.run()
    for index in range(3):
        times = [time for time, each, _ in driver.sent if each == index]
        assert times == pytest.approx([0, 10, 17], abs=0.01)
        assert [later - earlier >= 7 for earlier, later in itertools.pairwise(times)] == [True, True]


def test_a_call_carries_the_time_that_is_left_for_it() -> None:
    driver = Driver(flow_of(call(timeout=60.0)), flow_of(call(timeout=60.0)), rate_limit=ONE_PER_SECOND)
    calls = [driver.send()[1]]
    driver.record(0)
    calls.append(driver.send()[1])
    assert [each.timeout for each in calls] == [60.0, pytest.approx(59.0, abs=0.01)]


def test_a_call_without_a_permit_fails_at_its_deadline() -> None:
    caught: list[tuple[float, TransportError]] = []

    def catching() -> Flow[str]:
        try:
            yield call(timeout=0.5)
        except TransportError as error:
            caught.append((driver.time, error))
        yield call(timeout=60.0)
        return "sent later"

    driver = Driver(flow_of(call(timeout=0.5)), catching(), flow_of(call(timeout=0.5)), rate_limit=ONE_PER_SECOND)
    results = driver.run()
    assert (results[0], results[1]) == ("done", "sent later")
    ((at, error),) = caught
    assert at == pytest.approx(0.5)
    assert (error.retryable, error.outcome_unknown) == (True, False), "it was never sent"
    assert "the rate limit left no room for this call before its deadline" in str(error)
    assert isinstance(results[2], TransportError)
    assert driver.order == [0, 1]


def test_a_released_permit_is_granted_again() -> None:
    driver = Driver(flow_of(call(), call()), rate_limit=ONE_PER_SECOND)
    driver.send()
    driver.record(0)
    driver.time = 0.95
    assert isinstance(driver.scheduler.next(), float), "a permit was granted 0.05 s ahead"
    driver.scheduler.release_permits()
    driver.send()
    assert driver.sent[-1][0] == pytest.approx(1.0)


# How many calls are in flight.


def test_one_call_at_a_time_until_the_service_has_answered() -> None:
    driver = Driver(*(flow_of(call()) for _ in range(5)))
    assert driver.send_all_due() == [0]
    driver.record(0)
    assert driver.send_all_due() == [1, 2, 3, 4]


def test_one_call_at_a_time_after_the_service_failed_to_answer() -> None:
    driver = Driver(*(flow_of(call(), call()) for _ in range(5)))
    driver.send()
    driver.record(0)
    in_flight = driver.send_all_due()
    assert len(in_flight) == 5
    for index in in_flight[:4]:
        driver.record(index, lost())
    assert driver.send_all_due() == []
    driver.record(in_flight[4], NotFoundError({}, "Poll", "scripted"))
    assert driver.scheduler.is_done, "an error response is an answer, and the flow's result"


def test_the_calls_in_flight_are_limited_per_service_and_in_total() -> None:
    places = [AccountRegion("1", "eu-west-1"), AccountRegion("2", "eu-west-1"), None]
    flows = [flow_of(call(location=place)) for place in places for _ in range(4)]
    driver = Driver(*flows, concurrency=ConcurrencyLimit(per_service=2, total=5))
    for index in driver.send_all_due():
        driver.record(index)
    in_flight = driver.send_all_due()
    assert len(in_flight) == 5
    assert max(sum(index // 4 == place for index in in_flight) for place in range(3)) == 2


def test_overdue_calls_do_not_count_towards_the_limit_of_all() -> None:
    hanging, other = AccountRegion("1", "eu-west-1"), AccountRegion("2", "eu-west-1")
    flows = [flow_of(call(location=place)) for place in (hanging, hanging, other)]
    driver = Driver(*flows, concurrency=ConcurrencyLimit(per_service=3, total=1))
    assert driver.send_all_due() == [0]
    assert driver.send()[0] == 2, "the service that hangs gets no second call"
    assert driver.time == OVERDUE_AFTER
    driver.record(2)
    assert driver.scheduler.results == {2: "done"}


# The circuit breaker.


@pytest.mark.parametrize("fail_fast", [False, True])
def test_calls_to_a_service_that_never_answers_fail_fast_on_request(fail_fast: bool) -> None:
    driver = Driver(*(flow_of(call()) for _ in range(10)), fail_fast=fail_fast)
    while not driver.scheduler.is_done:
        index, _ = driver.send()
        driver.time += 3
        driver.record(index, lost())
        if fail_fast and len(driver.sent) == OPEN_AFTER_FAILURES:
            driver.scheduler.next()  # fails all the others
    errors = list(driver.scheduler.results.values())
    assert {type(error) for error in errors} == {TransportError}
    assert len({id(error) for error in errors}) == 10, "each flow has an error of its own"
    assert len(driver.sent) == (OPEN_AFTER_FAILURES if fail_fast else 10)


def test_the_breaker_stays_closed_while_failures_are_few_or_short() -> None:
    driver = Driver(*(flow_of(call()) for _ in range(10)), fail_fast=True)
    for _ in range(9):
        index, _ = driver.send()
        driver.time += 0.1
        driver.record(index, lost())
    assert driver.send()[0] == 9, "nine failures within a second may be one moment's fault"


def test_an_answer_closes_the_breaker() -> None:
    driver = Driver(*(flow_of(call()) for _ in range(10)), fail_fast=True)
    for failure in (lost(), lost(), ThrottledError({}, "Poll", "scripted"), lost(), lost()):
        index, _ = driver.send()
        driver.time += 3
        driver.record(index, failure)
    assert driver.send()[0] == 5


def test_another_service_is_not_affected() -> None:
    elsewhere = AccountRegion("2", "eu-west-1")
    driver = Driver(*(flow_of(call()) for _ in range(5)), flow_of(Sleep(30), call(location=elsewhere)), fail_fast=True)
    for _ in range(OPEN_AFTER_FAILURES):
        index, _ = driver.send()
        driver.time += 3
        driver.record(index, lost())
    assert driver.run()[5] == "done"
    assert len(driver.sent) == OPEN_AFTER_FAILURES + 1


# Results.


def test_each_flow_has_a_result_or_an_error() -> None:
    driver = Driver(flow_of(call(), result="a"), flow_of(call()), flow_of(result="c"))
    driver.send()
    driver.record(0)
    driver.send()
    error = NotFoundError({}, "Poll", "scripted")
    driver.record(1, error)
    assert driver.scheduler.is_done
    assert driver.scheduler.results == {0: "a", 1: error, 2: "c"}


def test_an_error_that_is_not_ours_is_raised() -> None:
    driver = Driver(flow_of(call()))
    driver.send()
    with pytest.raises(LookupError):
        driver.record(0, LookupError())


def test_stop_when_ends_all_at_the_first_such_result() -> None:
    driver = Driver(
        flow_of(call(), Sleep(1), call(), result=1),
        flow_of(call(), Sleep(2), call(), result=2),
        flow_of(call(), Sleep(3), call(), result=3),
        stop_when=lambda result: result == 2,
    )
    assert driver.run() == {0: 1, 1: 2}
    assert driver.time == pytest.approx(2, abs=0.01)


def test_closing_closes_the_flows_that_have_not_ended() -> None:
    closed: list[int] = []

    def closing(index: int) -> Flow[None]:
        try:
            yield call()
        finally:
            closed.append(index)

    driver = Driver(closing(0), closing(1))
    driver.scheduler.close()
    assert closed == [0, 1]
    assert driver.scheduler.is_done


def test_emitted_values_are_kept_in_order() -> None:
    driver = Driver(flow_of(Emit("a"), Emit("b"), call(), Emit("c")), flow_of(Emit("d"), call()))
    driver.run()
    assert list(driver.scheduler.emitted) == ["a", "b", "d", "c"]


def test_gathered_flows_cannot_gather_others() -> None:
    with pytest.raises(TypeError, match="gathered flows cannot gather others"):
        Driver(flow_of(Gather[None]([])))


def test_the_timers_of_a_long_wait_do_not_pile_up() -> None:
    def poll_forever() -> Flow[None]:
        while True:
            yield call(timeout=7 * 24 * 3600.0)
            yield Sleep(5.0)

    driver = Driver(*(poll_forever() for _ in range(50)), rate_limit=RateLimit(initial=50))
    for _ in range(1000):
        driver.record(driver.send()[0])
    assert len(driver.scheduler._timers) < 300
