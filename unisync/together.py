"""Running many flows at once: in a few threads, or in the tasks of an event loop."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Hashable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, TypeVar

from unisync.flow import Call, SystemClock, Together
from unisync.models import Model
from unisync.pacing import Bucket
from unisync.scheduling import Scheduler

if TYPE_CHECKING:
    from unisync.errors import UnisyncError
    from unisync.interfaces import Clock

T = TypeVar("T")

BucketOf = Callable[[Call[Any]], tuple[Hashable, Bucket]]


def run_together(
    together: Together[T],
    send: Callable[[Call[Any]], Model],
    clock: Clock,
    bucket_of: BucketOf,
    at_once: int,
) -> Mapping[int, T | UnisyncError]:
    """Run the flows, with so many calls under way at once. The threads end with them."""
    scheduler = Scheduler(together, bucket_of, clock.now)
    answers: SimpleQueue[tuple[int, Future[Model]]] = SimpleQueue()
    under_way = 0
    threads = ThreadPoolExecutor(at_once, thread_name_prefix="unisync")
    try:
        while not scheduler.is_over:
            due = scheduler.next() if under_way < at_once else None
            if isinstance(due, tuple):
                place, call = due
                under_way += 1
                threads.submit(send, call).add_done_callback(_answering(answers, place))
            elif under_way:
                with contextlib.suppress(Empty):
                    place, answer = answers.get(timeout=due if _is_real(clock) else None)
                    under_way -= 1
                    _tell(scheduler, place, answer)
            else:
                assert due is not None, "what is not over has something to do"
                clock.sleep(due)
        return scheduler.results
    finally:
        scheduler.close()
        threads.shutdown(wait=False, cancel_futures=True)


async def arun_together(
    together: Together[T],
    send: Callable[[Call[Any]], Awaitable[Model]],
    clock: Clock,
    bucket_of: BucketOf,
    at_once: int,
) -> Mapping[int, T | UnisyncError]:
    """Run the flows, with so many calls under way at once. The tasks end with them."""
    scheduler = Scheduler(together, bucket_of, clock.now)
    under_way: dict[asyncio.Future[Model], int] = {}
    try:
        while not scheduler.is_over:
            due = scheduler.next() if len(under_way) < at_once else None
            if isinstance(due, tuple):
                place, call = due
                under_way[asyncio.ensure_future(send(call))] = place
            elif under_way:
                patience = due if _is_real(clock) else None
                done, _ = await asyncio.wait(under_way, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
                for answer in done:
                    _tell(scheduler, under_way.pop(answer), answer)
            else:
                assert due is not None, "what is not over has something to do"
                await clock.asleep(due)
        return scheduler.results
    finally:
        scheduler.close()
        for answer in under_way:
            answer.cancel()
        if under_way:
            await asyncio.wait(under_way)


def _tell(scheduler: Scheduler[Any], place: int, answer: Future[Model] | asyncio.Future[Model]) -> None:
    error = answer.exception()
    if error is not None and not isinstance(error, Exception):
        raise error
    scheduler.answered(place, None if error else answer.result(), error)


def _answering(answers: SimpleQueue[tuple[int, Future[Model]]], place: int) -> Callable[[Future[Model]], None]:
    return lambda answer: answers.put((place, answer))


def _is_real(clock: Clock) -> bool:
    """Whether a pause can be cut short by an answer: the time of other clocks stands still while calls are made."""
    return isinstance(clock, SystemClock)
