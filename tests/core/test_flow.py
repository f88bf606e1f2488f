"""Flows: driven alike in a thread and on an event loop, closed whatever ends them, and intercepted."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any

import pytest

from tests.support.samples import drive, throttled, twin_job
from unisync import SyncJob, SyncState, ThrottledError
from unisync._core.flow import Call, Emit, Flow, Gather, Sleep, arun, intercept, request, run
from unisync._models.base import Model

POLL = Call("scripted", "Poll", {}, SyncJob)
OTHER = Call("scripted", "Other", {}, SyncJob)
JOB = twin_job(SyncState.ACTIVE)
FAILED = twin_job(SyncState.FAILED)


class Ticks:
    """A clock that notes its sleeps and takes no time."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    def now(self) -> float:
        return sum(self.slept)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    async def async_sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


def run_both(make_flow: Any, send: Any, clock: Ticks | None = None) -> list[Any]:
    """The results of a flow in a thread and on an event loop."""
    clock = clock or Ticks()

    async def asend(call: Call[Any]) -> Model:
        return send(call)  # type: ignore[no-any-return]

    async def agather(command: Gather[Any]) -> dict[int, object]:
        return {0: command}

    return [
        run(make_flow(), send, clock, lambda command: {0: command}),
        asyncio.run(arun(make_flow(), asend, clock, agather)),
    ]


def test_a_flow_receives_the_response_to_each_call() -> None:
    def flow() -> Flow[tuple[Any, ...]]:
        first = yield from request(POLL)
        yield Sleep(1)
        second = yield from request(OTHER)
        return first, second

    def send(call: Call[Any]) -> Model:
        return JOB if call is POLL else FAILED

    clock = Ticks()
    assert run_both(flow, send, clock) == [(JOB, FAILED)] * 2
    assert clock.slept == [1, 1]


def test_a_flow_receives_the_results_of_a_gather() -> None:
    gather: Gather[None] = Gather([])

    def flow() -> Flow[Any]:
        return (yield gather)

    assert run_both(flow, None) == [{0: gather}] * 2


def test_an_error_is_raised_in_the_flow_at_the_call() -> None:
    def flow() -> Flow[str]:
        try:
            yield from request(POLL)
        except ThrottledError:
            return "caught"
        return "missed"

    def send(call: Call[Any]) -> Model:
        raise throttled()

    assert run_both(flow, send) == ["caught", "caught"]


def test_a_flow_is_closed_whatever_ends_it() -> None:
    closed: list[str] = []

    def flow() -> Flow[None]:
        try:
            yield from request(POLL)
        finally:
            closed.append("closed")

    def interrupt(call: Call[Any]) -> Model:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(flow(), interrupt, Ticks())

    async def cancel() -> None:
        response: asyncio.Future[Model] = asyncio.get_running_loop().create_future()

        def never_respond(call: Call[Any]) -> Awaitable[Model]:
            return response

        task = asyncio.create_task(arun(flow(), never_respond, Ticks()))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancel())
    assert closed == ["closed", "closed"]


# Interception.


def echo(call: Call[Any]) -> Flow[object]:
    """Let a call through, and make a result of its response."""
    response = yield call._replace(retries=call.retries + 1)
    return ("handled", response)


def test_intercept_handles_each_call_and_passes_its_result_on() -> None:
    def flow() -> Flow[Any]:
        first = yield POLL
        second = yield OTHER
        return [first, second]

    intercepted = intercept(flow(), echo)
    assert next(intercepted) == POLL._replace(retries=1)
    assert intercepted.send("a") == OTHER._replace(retries=1)
    with pytest.raises(StopIteration) as stop:
        intercepted.send("b")
    assert stop.value.value == [("handled", "a"), ("handled", "b")]


def test_a_handler_may_send_a_call_never_or_often() -> None:
    def flow() -> Flow[Any]:
        return (yield POLL)

    def cached(call: Call[Any]) -> Flow[object]:
        yield from ()
        return "cached"

    def twice(call: Call[Any]) -> Flow[object]:
        return ((yield call), (yield call))

    assert drive(intercept(flow(), cached)) == "cached"
    assert drive(intercept(flow(), twice), ["a", "b"]) == ("a", "b")


def test_an_error_goes_through_the_handler_into_the_flow() -> None:
    seen: list[str] = []

    def flow() -> Flow[Any]:
        try:
            yield POLL
        except ThrottledError:
            seen.append("flow")
        return (yield OTHER)

    def handle(call: Call[Any]) -> Flow[object]:
        try:
            return (yield call)
        except ThrottledError:
            seen.append("handler")
            raise

    assert drive(intercept(flow(), handle), [throttled(), "done"]) == "done"
    assert seen == ["handler", "flow"]


def test_an_error_of_the_handler_is_raised_in_the_flow() -> None:
    def flow() -> Flow[str]:
        try:
            yield POLL
        except LookupError:
            return "caught"
        return "missed"

    def fail(call: Call[Any]) -> Flow[object]:
        yield from ()
        raise LookupError

    assert drive(intercept(flow(), fail)) == "caught"


def test_an_error_of_the_flow_ends_both() -> None:
    def flow() -> Flow[None]:
        yield POLL
        raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        drive(intercept(flow(), echo), ["a"])


@pytest.mark.parametrize("command", [Sleep(5), Gather[None]([]), Emit("value")])
def test_other_commands_pass_through_unchanged(command: Any) -> None:
    def flow() -> Flow[Any]:
        try:
            first = yield command
        except LookupError:
            first = "failed"
        return first

    intercepted = intercept(flow(), echo)
    assert next(intercepted) is command
    with pytest.raises(StopIteration) as stop:
        intercepted.send("result")
    assert stop.value.value == "result"

    intercepted = intercept(flow(), echo)
    next(intercepted)
    with pytest.raises(StopIteration) as stop:
        intercepted.throw(LookupError())
    assert stop.value.value == "failed"


def test_a_handlers_own_pauses_are_not_the_flows() -> None:
    def flow() -> Flow[Any]:
        yield Sleep(1)
        return (yield POLL)

    def pausing(call: Call[Any]) -> Flow[object]:
        yield Sleep(2)
        return (yield call)

    sleeps: list[float] = []
    assert drive(intercept(flow(), pausing), ["a"], sleeps) == "a"
    assert sleeps == [1, 2]


def test_interceptions_nest_from_the_inside_out() -> None:
    def flow() -> Flow[Any]:
        return (yield POLL)

    intercepted = intercept(intercept(flow(), echo), echo)
    assert next(intercepted) == POLL._replace(retries=2)
    with pytest.raises(StopIteration) as stop:
        intercepted.send("a")
    assert stop.value.value == ("handled", ("handled", "a"))


def test_a_flow_without_commands_needs_no_handler() -> None:
    def flow() -> Flow[str]:
        yield from ()
        return "done"

    assert drive(intercept(flow(), echo)) == "done"


@pytest.mark.parametrize("ending", ["close", KeyboardInterrupt])
def test_the_handler_and_the_flow_are_closed(ending: Any) -> None:
    closed: list[str] = []

    def flow() -> Flow[None]:
        try:
            yield POLL
        finally:
            closed.append("flow")

    def handle(call: Call[Any]) -> Flow[object]:
        try:
            return (yield call)
        finally:
            closed.append("handler")

    intercepted = intercept(flow(), handle)
    next(intercepted)
    if ending == "close":
        intercepted.close()
    else:
        with pytest.raises(ending):
            intercepted.throw(ending())
    assert closed == ["handler", "flow"]
