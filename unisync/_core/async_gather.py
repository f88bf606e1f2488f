"""Running many flows at once on the tasks of an event loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any, TypeVar

from unisync._core.clock import Clock, async_sleep
from unisync._core.commands import Call, ConcurrencyLimit, Gather, Sleep
from unisync._core.gather import block_for, is_stopped
from unisync._core.rate_limiter import LimiterFor
from unisync._core.scheduler import Scheduler
from unisync._models.base import Model
from unisync.errors import UnisyncError

T = TypeVar("T")


async def agather(
    command: Gather[T],
    send: Callable[[Call[Any]], Awaitable[Model]],
    clock: Clock,
    limiter_for: LimiterFor,
    concurrency: ConcurrencyLimit,
    results: dict[int, T | UnisyncError],
) -> AsyncGenerator[object, None]:
    """Run flows on tasks; yields what they emit. The tasks end with it.

    The results go into `results`, since an async generator cannot return them.
    """
    scheduler = Scheduler(command, limiter_for, clock.now, concurrency)
    in_flight: dict[asyncio.Future[Model], int] = {}
    try:
        while not (scheduler.is_done or is_stopped(command)):
            while scheduler.emitted:
                scheduler.release_permits()  # the caller may take its time
                yield scheduler.emitted.popleft()
            due = scheduler.next()
            if isinstance(due, tuple):
                index, call = due
                in_flight[asyncio.ensure_future(send(call))] = index
            elif in_flight:
                timeout = block_for(due, clock, command.stop)
                done, _ = await asyncio.wait(in_flight, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
                for future in done:
                    _record(scheduler, in_flight.pop(future), future)
            elif not (scheduler.emitted or scheduler.is_done):
                assert due is not None, "a scheduler that is not done has something to do"
                await async_sleep(Sleep(due, stop=command.stop), clock)
    finally:
        scheduler.close()
        for future in in_flight:
            future.cancel()
        await asyncio.gather(*in_flight, return_exceptions=True)
    results.update(scheduler.results)
    for value in scheduler.emitted:
        yield value


def _record(scheduler: Scheduler[Any], index: int, future: asyncio.Future[Model]) -> None:
    error = future.exception()
    if error is not None and not isinstance(error, Exception):
        raise error
    scheduler.record(index, None if error else future.result(), error)
