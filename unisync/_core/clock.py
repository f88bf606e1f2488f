"""Time: the clock of a client, and pauses that can be ended early."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Protocol

from unisync._core.commands import Sleep, StopSignal


class Clock(Protocol):
    """The source of time. Tests pass one of their own."""

    def now(self) -> float:
        """Seconds since any fixed moment. It never goes back."""
        ...

    def sleep(self, seconds: float) -> None:
        """Sleep."""
        ...

    async def async_sleep(self, seconds: float) -> None:
        """Sleep while other tasks run."""
        ...


class SystemClock:
    """Real time."""

    def now(self) -> float:
        """Seconds of the monotonic clock."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Sleep in this thread."""
        time.sleep(seconds)

    async def async_sleep(self, seconds: float) -> None:
        """Sleep on the event loop."""
        import asyncio  # slow to import, and only asynchronous clients need it

        await asyncio.sleep(seconds)


default_clock: Callable[[], Clock] = SystemClock
"""Makes the clock of a client that is given none. The fixtures of `unisync.testing` replace it."""

STOP_CHECK_INTERVAL = 0.05
"""Seconds between two checks of a stop signal that cannot wake its waiter."""
ASYNC_STOP_CHECK_INTERVAL = 0.25
"""The same for tasks, of which there may be thousands."""


def sleep(pause: Sleep, clock: Clock) -> None:
    """Sleep in this thread, until the end of the pause or its stop signal."""
    stop = pause.stop
    if stop is None:
        clock.sleep(pause.seconds)
    elif isinstance(stop, threading.Event) and type(clock) is SystemClock:
        stop.wait(min(pause.seconds, threading.TIMEOUT_MAX))
    else:
        for seconds in _slices(pause.seconds, stop, clock, STOP_CHECK_INTERVAL):
            clock.sleep(seconds)


async def async_sleep(pause: Sleep, clock: Clock) -> None:
    """Sleep on the event loop, until the end of the pause or its stop signal."""
    if pause.stop is None:
        await clock.async_sleep(pause.seconds)
    else:
        for seconds in _slices(pause.seconds, pause.stop, clock, ASYNC_STOP_CHECK_INTERVAL):
            await clock.async_sleep(seconds)


def _slices(seconds: float, stop: StopSignal, clock: Clock, length: float) -> Iterator[float]:
    until = clock.now() + seconds
    # Less than a microsecond may be too little to move a clock at all.
    while (left := until - clock.now()) > 1e-6 and not stop.is_set():
        yield min(left, length)
