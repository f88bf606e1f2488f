"""Running many flows at once: in a few threads, or in the tasks of an event loop."""

from __future__ import annotations

import contextvars
import threading
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Mapping
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, TypeVar

from unisync._core.flow import SLICE, AtOnce, Call, Sleep, Stop, SystemClock, Together, asleep, sleep
from unisync._core.rate_limiter import BucketOf
from unisync._core.scheduler import Scheduler
from unisync._models.jobs import Model

if TYPE_CHECKING:
    import asyncio

    from unisync._core.clock import Clock
    from unisync.errors import UnisyncError

T = TypeVar("T")


def run_together(
    together: Together[T],
    send: Callable[[Call[Any]], Model],
    clock: Clock,
    bucket_of: BucketOf,
    at_once: AtOnce,
) -> Generator[object, None, Mapping[int, T | UnisyncError]]:
    """Run the flows; yield what they tell. The threads end with them."""
    scheduler = Scheduler(together, bucket_of, clock.now, at_once)
    workers = Workers(send)
    under_way = 0
    try:
        while not (scheduler.is_over or _is_stopped(together)):
            while scheduler.told:
                scheduler.rest()  # who knows when it goes on
                yield scheduler.told.popleft()
            due = scheduler.next()
            if isinstance(due, tuple):
                under_way += 1
                workers.do(*due)
            elif under_way:
                answer = workers.answer(_patience(due, clock, together.stop))
                if answer is not None:
                    under_way -= 1
                    scheduler.answered(*answer)
            elif not (scheduler.told or scheduler.is_over):
                assert due is not None, "what is not over has something to do"
                sleep(Sleep(due, stop=together.stop), clock)
    finally:
        scheduler.close()
        workers.close()
    yield from scheduler.told
    return scheduler.results


async def arun_together(
    together: Together[T],
    send: Callable[[Call[Any]], Awaitable[Model]],
    clock: Clock,
    bucket_of: BucketOf,
    at_once: AtOnce,
    results: dict[int, T | UnisyncError],
) -> AsyncGenerator[object, None]:
    """Run the flows; yield what they tell. The tasks end with them.

    What comes of the flows is put into `results`: an async generator cannot return it.
    """
    import asyncio

    scheduler = Scheduler(together, bucket_of, clock.now, at_once)
    under_way: dict[asyncio.Future[Model], int] = {}
    try:
        while not (scheduler.is_over or _is_stopped(together)):
            while scheduler.told:
                scheduler.rest()  # who knows when it goes on
                yield scheduler.told.popleft()
            due = scheduler.next()
            if isinstance(due, tuple):
                place, call = due
                under_way[asyncio.ensure_future(send(call))] = place
            elif under_way:
                patience = _patience(due, clock, together.stop)
                done, _ = await asyncio.wait(under_way, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
                for answer in done:
                    _tell(scheduler, under_way.pop(answer), answer)
            elif not (scheduler.told or scheduler.is_over):
                assert due is not None, "what is not over has something to do"
                await asleep(Sleep(due, stop=together.stop), clock)
    finally:
        scheduler.close()
        for answer in under_way:
            answer.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)
    results.update(scheduler.results)
    for told in scheduler.told:
        yield told


def _tell(scheduler: Scheduler[Any], place: int, answer: asyncio.Future[Model]) -> None:
    error = answer.exception()
    if error is not None and not isinstance(error, Exception):
        raise error
    scheduler.answered(place, None if error else answer.result(), error)


def _is_stopped(together: Together[Any]) -> bool:
    return together.stop is not None and together.stop.is_set()


def _patience(due: float | None, clock: Clock, stop: Stop | None) -> float | None:
    """Real seconds to wait for an answer before something else may be due."""
    if due is not None and type(clock) is not SystemClock:
        return SLICE  # who knows how late it is by then
    if stop is not None:
        return SLICE if due is None else min(due, SLICE)
    return None if due is None else min(due, AN_HOUR)


AN_HOUR = 3600.0
"""Seconds after which it is asked again whether something is due: no operating system waits for ages."""
ENDING = 1.0
"""Seconds that calls which are given up are given to end. Only one that is being connected takes longer."""


class Workers:
    """Threads that make calls. They end when they are closed; whatever they wait for, with the program."""

    def __init__(self, send: Callable[[Call[Any]], Model]) -> None:
        self._send = send
        self._calls: SimpleQueue[tuple[int, Call[Any], contextvars.Context] | None] = SimpleQueue()
        self._answers: SimpleQueue[tuple[int, object, BaseException | None]] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._busy = 0
        self._closed = threading.Event()

    def do(self, place: int, call: Call[Any]) -> None:
        """Make a call."""
        self._busy += 1
        if self._busy > len(self._threads):
            self._threads.append(threading.Thread(target=self._work, name="unisync", daemon=True))
            self._threads[-1].start()
        self._calls.put((place, call._replace(stop=self._closed), contextvars.copy_context()))

    def answer(self, patience: float | None) -> tuple[int, object, BaseException | None] | None:
        """An answer, as soon as there is one; None if there is none within some seconds."""
        try:
            answer = self._answers.get(timeout=patience)
        except Empty:
            return None
        self._busy -= 1
        if answer[2] is not None and not isinstance(answer[2], Exception):
            raise answer[2]
        return answer

    def close(self) -> None:
        """End the threads, and the calls that are under way."""
        self._closed.set()
        for _ in self._threads:
            self._calls.put(None)
        until = time.monotonic() + ENDING
        for thread in self._threads:
            if thread is not threading.current_thread():  # which may collect what nobody closed
                thread.join(max(until - time.monotonic(), 0.0))

    def _work(self) -> None:
        while (asked := self._calls.get()) is not None:
            place, call, context = asked
            try:
                self._answers.put((place, context.run(self._send, call), None))
            except BaseException as error:
                self._answers.put((place, None, error))
