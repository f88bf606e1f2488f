"""Gathered flows on threads: results, emitted values, and no threads left at the end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from typing import Any

import pytest

from unisync import NotFoundError, RateLimit, TransportError
from unisync._core.clock import SystemClock
from unisync._core.commands import Call, ConcurrencyLimit, Emit, Flow, Gather, Sleep
from unisync._core.gather import Workers, gather
from unisync._core.rate_limiter import AdaptiveRateLimiter
from unisync._models.base import Model

POLL = Call("scripted", "Poll", {}, Model)
SOON = 2.0
"""Seconds that "at once" may take on a busy machine."""


def respond(call: Call[Any]) -> Model:
    return Model()


def hang(call: Call[Any]) -> Model:
    """A call without a response, until it is stopped."""
    assert call.stop is not None
    while not call.stop.is_set():
        time.sleep(0.005)
    raise TransportError(call.service, call.operation, "stopped", retryable=False, outcome_unknown=True)


@pytest.fixture(autouse=True)
def threads() -> Iterator[Callable[[], int]]:
    """Counts the threads that a test started. It must end all of them."""
    before = set(threading.enumerate())

    def count() -> int:
        return len(set(threading.enumerate()) - before)

    yield count
    until = time.monotonic() + SOON
    while count() and time.monotonic() < until:
        time.sleep(0.005)
    assert count() == 0


def gathered(command: Gather[Any], send: Callable[[Call[Any]], Model]) -> Generator[object, None, Mapping[int, object]]:
    clock = SystemClock()
    limiter = AdaptiveRateLimiter(RateLimit(initial=1000, maximum=1000), clock.now())
    return gather(command, send, clock, lambda _: limiter, ConcurrencyLimit(10, 10))


def results_of(generator: Generator[object, None, Mapping[int, object]]) -> tuple[list[object], Mapping[int, object]]:
    """What the flows emitted, and their results."""
    emitted: list[object] = []
    while True:
        try:
            emitted.append(next(generator))
        except StopIteration as stop:
            return emitted, stop.value


# Workers.


def test_workers_return_responses_and_errors() -> None:
    response, error = Model(), NotFoundError({}, "Poll", "scripted")

    def send(call: Call[Any]) -> Model:
        if call.operation == "Poll":
            return response
        raise error

    workers = Workers(send)
    workers.submit(1, POLL)
    workers.submit(2, POLL._replace(operation="Other"))
    found = {workers.next_result(SOON), workers.next_result(SOON)}
    workers.close()
    assert found == {(1, response, None), (2, None, error)}


def test_workers_have_no_result_before_a_call_ends() -> None:
    workers = Workers(hang)
    workers.submit(1, POLL)
    assert workers.next_result(0.01) is None
    workers.close()


def test_there_are_as_many_threads_as_calls_in_flight(threads: Callable[[], int]) -> None:
    release = threading.Event()

    def send(call: Call[Any]) -> Model:
        release.wait(SOON)
        return Model()

    workers = Workers(send)
    for index in range(3):
        workers.submit(index, POLL)
    assert threads() == 3
    release.set()
    for _ in range(3):
        workers.next_result(SOON)
    workers.submit(3, POLL)
    assert workers.next_result(SOON) is not None
    assert threads() == 3, "an idle thread takes the next call"
    workers.close()


def test_closing_workers_stops_the_calls_in_flight(threads: Callable[[], int]) -> None:
    workers = Workers(hang)
    for index in range(3):
        workers.submit(index, POLL)
    began = time.monotonic()
    workers.close()
    assert time.monotonic() - began < SOON
    assert threads() == 0


def test_what_is_no_exception_is_raised_in_the_callers_thread() -> None:
    def leave(call: Call[Any]) -> Model:
        raise SystemExit(3)

    workers = Workers(leave)
    workers.submit(1, POLL)
    with pytest.raises(SystemExit):
        workers.next_result(SOON)
    workers.close()


# Gathering.


def test_gather_returns_the_result_of_each_flow() -> None:
    def flow(name: str) -> Flow[str]:
        yield POLL
        yield Sleep(0.01)
        yield POLL
        return name

    emitted, results = results_of(gathered(Gather([flow("a"), flow("b")]), respond))
    assert (emitted, results) == ([], {0: "a", 1: "b"})


def test_gather_yields_what_flows_emit() -> None:
    def flow(name: str) -> Flow[None]:
        yield Emit(f"{name} starts")
        yield POLL
        yield Emit(f"{name} ends")

    emitted, results = results_of(gathered(Gather([flow("a"), flow("b")]), respond))
    assert emitted[:2] == ["a starts", "b starts"]
    assert set(emitted[2:]) == {"a ends", "b ends"}
    assert results == {0: None, 1: None}


def closing(closed: list[str]) -> Flow[None]:
    try:
        yield Emit("started")
        yield POLL
    finally:
        closed.append("closed")


def test_closing_a_gather_ends_its_calls_and_closes_its_flows() -> None:
    closed: list[str] = []
    generator = gathered(Gather([closing(closed)]), hang)
    assert next(generator) == "started"
    began = time.monotonic()
    generator.close()
    assert time.monotonic() - began < SOON
    assert closed == ["closed"]


def test_an_error_of_a_flow_ends_the_others() -> None:
    closed: list[str] = []

    def failing() -> Flow[None]:
        yield POLL
        raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        results_of(gathered(Gather([failing(), closing(closed)]), respond))
    assert closed == ["closed"]


def test_a_stop_signal_ends_a_gather_with_the_results_so_far() -> None:
    stop = threading.Event()

    def quick() -> Flow[str]:
        yield POLL
        return "done"

    def slow() -> Flow[None]:
        yield POLL
        stop.set()
        yield Sleep(3600)

    began = time.monotonic()
    _, results = results_of(gathered(Gather([quick(), slow()], stop=stop), respond))
    assert results == {0: "done"}
    assert time.monotonic() - began < SOON
