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
    done = _Done()
    loop = asyncio.get_running_loop()

    def wake() -> None:
        loop.call_soon_threadsafe(done.wake)

    scheduler.woken.subscribe(wake)
    try:
        while not (scheduler.is_done or is_stopped(command)):
            while scheduler.emitted:
                scheduler.release_permits()  # the caller may take its time
                yield scheduler.emitted.popleft()
            due = scheduler.next()
            if isinstance(due, tuple):
                index, call = due
                sending = asyncio.ensure_future(send(call))
                sending.add_done_callback(done.add)
                in_flight[sending] = index
            elif in_flight:
                for future in await done.take(block_for(due, clock, command.stop)):
                    _record(scheduler, in_flight.pop(future), future)
            elif not (scheduler.emitted or scheduler.is_done):
                assert due is not None, "a scheduler that is not done has something to do"
                await async_sleep(Sleep(due, command.stop, scheduler.woken if command.has_signals else None), clock)
    finally:
        scheduler.woken.unsubscribe(wake)
        scheduler.close()
        for future in in_flight:
            future.cancel()
        await asyncio.gather(*in_flight, return_exceptions=True)
    results.update(scheduler.results)
    for value in scheduler.emitted:
        yield value


class _Done:
    """The futures that are done and not yet taken.

    `asyncio.wait` would add a callback to every future in flight, and remove it, each time that one of them is done.
    """

    def __init__(self) -> None:
        self._futures: list[asyncio.Future[Model]] = []
        self._wake: asyncio.Future[None] | None = None

    def add(self, future: asyncio.Future[Model]) -> None:
        """Add a future that is done."""
        self._futures.append(future)
        self.wake()

    def wake(self) -> None:
        """Have `take` return."""
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)

    async def take(self, timeout: float | None) -> list[asyncio.Future[Model]]:
        """Take all of them; wait for one, for as many seconds at most, or without a limit if None."""
        if not self._futures:
            self._wake = asyncio.get_running_loop().create_future()
            await asyncio.wait([self._wake], timeout=timeout)
        taken, self._futures = self._futures, []
        return taken


def _record(scheduler: Scheduler[Any], index: int, future: asyncio.Future[Model]) -> None:
    error = future.exception()
    if error is not None and not isinstance(error, Exception):
        raise error
    scheduler.record(index, None if error else future.result(), error)
