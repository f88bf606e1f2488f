"""Flows: generators that say what to do next; `run` and `arun` do it.

All logic that has to call AWS or wait is written once, as a generator, and serves the blocking and the awaitable
client alike. Such a flow yields a command (`Call`, `Sleep`, `Gather`, `Emit`), receives its result as the value of the
`yield`, and returns its own result:

    def describe(name: str) -> Flow[Job]:
        status = yield Call("proton", "GetService...", {...}, Status)   # a response, or an exception raised here
        if status.is_pending:
            yield Sleep(2.0)                                            # None
        return Job(status)

A driver owns the loop. It takes the first command with `next(flow)`, carries it out, and sends the result back with
`flow.send(result)` or raises the error inside the flow with `flow.throw(error)`, until `StopIteration` carries the
flow's return value. There are four drivers: `run` (this thread), `arun` (an event loop), the scheduler of `gather`
(many flows at once), and tests, which drive flows by hand without any I/O.

Flows call each other with `yield from`. `intercept` is the one middleware: it wraps a flow so that each of its calls is
handled by another flow, which is how retries, rate limits and events are added without touching the logic inside.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar, cast

from unisync._core.clock import Clock, async_sleep, sleep
from unisync._core.commands import Call, Emit, Flow, Gather, Sleep
from unisync._models.base import Model

__all__ = ["Call", "Emit", "Flow", "Gather", "Sleep", "arun", "intercept", "request", "run"]

T = TypeVar("T")
R = TypeVar("R", bound=Model)


def request(call: Call[R]) -> Flow[R]:
    """Make one call; the result is its response."""
    response = yield call
    return cast("R", response)


def intercept(flow: Flow[T], handle: Callable[[Call[Any]], Flow[object]]) -> Flow[T]:
    """The same flow, each of its calls handled by another flow; all other commands pass through unchanged."""
    try:
        command = next(flow)
        while True:
            try:
                result = (yield from handle(command)) if isinstance(command, Call) else (yield command)
            except Exception as error:
                command = flow.throw(error)
            else:
                command = flow.send(result)
    except StopIteration as stop:
        return cast("T", stop.value)
    finally:
        flow.close()


def run(
    flow: Flow[T],
    send: Callable[[Call[Any]], Model],
    clock: Clock,
    gather: Callable[[Gather[Any]], Mapping[int, object]] | None = None,
) -> T:
    """Run a flow in this thread."""
    try:
        command = next(flow)
        while True:
            try:
                result: object = None
                if isinstance(command, Sleep):
                    sleep(command, clock)
                elif isinstance(command, Call):
                    result = send(command)
                else:
                    assert gather is not None
                    assert isinstance(command, Gather)
                    result = gather(command)
            except Exception as error:
                command = flow.throw(error)
            else:
                command = flow.send(result)
    except StopIteration as stop:
        return cast("T", stop.value)
    finally:
        flow.close()


async def arun(
    flow: Flow[T],
    send: Callable[[Call[Any]], Awaitable[Model]],
    clock: Clock,
    gather: Callable[[Gather[Any]], Awaitable[Mapping[int, object]]] | None = None,
) -> T:
    """Run a flow on the event loop."""
    try:
        command = next(flow)
        while True:
            try:
                result: object = None
                if isinstance(command, Sleep):
                    await async_sleep(command, clock)
                elif isinstance(command, Call):
                    result = await send(command)
                else:
                    assert gather is not None
                    assert isinstance(command, Gather)
                    result = await gather(command)
            except Exception as error:
                command = flow.throw(error)
            else:
                command = flow.send(result)
    except StopIteration as stop:
        return cast("T", stop.value)
    finally:
        flow.close()
