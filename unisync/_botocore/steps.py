"""The steps of a call that take time, and what drives them: a thread, or an event loop.

A call is a generator, as flows are. It yields what takes time (a request to be sent, or work that blocks) and is
resumed with the result, or with the error. So the order of a call is written once for both clients.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator
from concurrent.futures import Future
from typing import Any, NamedTuple, TypeVar, cast

from unisync._core.transport import HttpRequest

T = TypeVar("T")


class Blocking(NamedTuple):
    """Work that may take a moment: on an event loop, it is done in a thread."""

    work: Callable[[], object]


class Hanging(NamedTuple):
    """Work in a helper thread that may never end: it is abandoned at the deadline."""

    future: Future[Any]


Step = HttpRequest | Blocking | Hanging
Steps = Generator[Step, Any, T]
"""The result for a request is an `HttpResponse`; for all else, that of the work."""


def run(steps: Steps[T], take: Callable[[Step], object]) -> T:
    """Run the steps of a call in this thread."""
    failures: list[Exception] = []
    result: object = None
    try:
        step = next(steps)
        while True:
            try:
                result = take(step)
            except Exception as error:
                failures.append(error)
            # Resumed outside the `except`, so that the error does not become the context of those that the step raises:
            # botocore's errors may quote secrets. For the same reason no variable keeps it.
            step = steps.throw(failures.pop()) if failures else steps.send(result)
    except StopIteration as end:
        return cast("T", end.value)
    finally:
        steps.close()


async def run_async(steps: Steps[T], take: Callable[[Step], Awaitable[object]]) -> T:
    """Run the steps of a call on the event loop."""
    failures: list[Exception] = []
    result: object = None
    try:
        step = next(steps)
        while True:
            try:
                result = await take(step)
            except Exception as error:
                failures.append(error)
            step = steps.throw(failures.pop()) if failures else steps.send(result)
    except StopIteration as end:
        return cast("T", end.value)
    finally:
        steps.close()
