"""Running many flows at once on a few threads."""

from __future__ import annotations

import contextvars
import threading
import time
from collections.abc import Callable, Generator, Mapping
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from unisync._core.clock import MAX_BLOCK, STOP_CHECK_INTERVAL, Clock, SystemClock, sleep
from unisync._core.commands import Call, ConcurrencyLimit, Gather, Sleep, StopSignal
from unisync._core.rate_limiter import LimiterFor
from unisync._core.scheduler import Scheduler
from unisync._models.base import Model
from unisync.errors import UnisyncError

T = TypeVar("T")

SHUTDOWN_TIMEOUT = 1.0
"""Seconds that cancelled calls get to end. Only one that is still connecting takes longer."""


def gather(
    command: Gather[T],
    send: Callable[[Call[Any]], Model],
    clock: Clock,
    limiter_for: LimiterFor,
    concurrency: ConcurrencyLimit,
) -> Generator[object, None, Mapping[int, T | UnisyncError]]:
    """Run flows on threads; yields what they emit, returns their results. The threads end with it."""
    scheduler = Scheduler(command, limiter_for, clock.now, concurrency)
    workers = Workers(send)
    scheduler.woken.subscribe(workers.wake)
    in_flight = 0
    try:
        while not (scheduler.is_done or is_stopped(command)):
            while scheduler.emitted:
                scheduler.release_permits()  # the caller may take its time
                yield scheduler.emitted.popleft()
            due = scheduler.next()
            if isinstance(due, tuple):
                in_flight += 1
                workers.submit(*due)
            elif in_flight:
                outcome = workers.next_result(block_for(due, clock, command.stop))
                if outcome is not None:
                    in_flight -= 1
                    scheduler.record(*outcome)
            elif not (scheduler.emitted or scheduler.is_done):
                assert due is not None, "a scheduler that is not done has something to do"
                sleep(Sleep(due, command.stop, scheduler.woken if command.has_signals else None), clock)
    finally:
        scheduler.close()
        workers.close()
    yield from scheduler.emitted
    return scheduler.results


def is_stopped(command: Gather[Any]) -> bool:
    """Whether the caller ended it."""
    return command.stop is not None and command.stop.is_set()


def block_for(due: float | None, clock: Clock, stop: StopSignal | None) -> float | None:
    """Real seconds to block for a response before something else may be due; None for as long as it takes."""
    if due is not None and type(clock) is not SystemClock:
        return STOP_CHECK_INTERVAL  # another clock may run at any speed
    if stop is not None:
        return STOP_CHECK_INTERVAL if due is None else min(due, STOP_CHECK_INTERVAL)
    return None if due is None else min(due, MAX_BLOCK)


class Workers:
    """Daemon threads that send calls, as many as there are calls in flight."""

    def __init__(self, send: Callable[[Call[Any]], Model]) -> None:
        self._send = send
        self._calls: SimpleQueue[tuple[int, Call[Any], contextvars.Context] | None] = SimpleQueue()
        self._results: SimpleQueue[tuple[int, object, BaseException | None] | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._busy = 0
        self._closed = threading.Event()

    def submit(self, index: int, call: Call[Any]) -> None:
        """Send a call."""
        self._busy += 1
        if self._busy > len(self._threads):
            self._threads.append(threading.Thread(target=self._work, name="unisync", daemon=True))
            self._threads[-1].start()
        self._calls.put((index, call._replace(stop=self._closed), contextvars.copy_context()))

    def next_result(self, timeout: float | None) -> tuple[int, object, BaseException | None] | None:
        """The next outcome; None if there is none within `timeout` seconds, or before `wake` is called."""
        try:
            result = self._results.get(timeout=timeout)
        except Empty:
            return None
        if result is None:
            return None
        self._busy -= 1
        if result[2] is not None and not isinstance(result[2], Exception):
            raise result[2]
        return result

    def wake(self) -> None:
        """Have `next_result` return. Called in any thread."""
        self._results.put(None)

    def close(self) -> None:
        """End the threads, and the calls in flight."""
        self._closed.set()
        for _ in self._threads:
            self._calls.put(None)
        until = time.monotonic() + SHUTDOWN_TIMEOUT
        for thread in self._threads:
            # This one may be collecting what nobody closed; and Ctrl-C may have come before a thread had started.
            if thread is not threading.current_thread() and thread.is_alive():
                thread.join(max(until - time.monotonic(), 0.0))

    def _work(self) -> None:
        while (submitted := self._calls.get()) is not None:
            index, call, context = submitted
            try:
                self._results.put((index, context.run(self._send, call), None))
            except BaseException as error:
                self._results.put((index, None, error))
