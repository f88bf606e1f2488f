"""Time: the clock of a client, and pauses that can be ended early."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Protocol, cast
from weakref import WeakKeyDictionary

from unisync._core.commands import Sleep, StopSignal, WakeSignal


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


_epochs: WeakKeyDictionary[object, float] = WeakKeyDictionary()
"""For clocks without dates: the date of their zero, in seconds since 1970."""


def date_of(clock: Clock) -> datetime:
    """The date by a clock: its own if it has one (`time`, in seconds since 1970), else counted from its first use."""
    if type(clock) is SystemClock:
        return datetime.now(UTC)
    own: object = getattr(clock, "time", None)
    if callable(own):
        return datetime.fromtimestamp(cast("float", own()), UTC)
    try:
        epoch = _epochs.setdefault(clock, time.time() - clock.now())
    except TypeError:  # a clock that cannot be hashed, or weakly referenced
        return datetime.now(UTC)
    return datetime.fromtimestamp(epoch + clock.now(), UTC)


default_clock: Callable[[], Clock] = SystemClock
"""Makes the clock of a client that is given none. The fixtures of `unisync.testing` replace it."""

STOP_CHECK_INTERVAL = 0.05
"""Seconds between two checks of a stop signal that cannot wake its waiter."""
ASYNC_STOP_CHECK_INTERVAL = 0.25
"""The same for tasks, of which there may be thousands."""


MAX_BLOCK = 3600.0
"""Seconds for which a thread or a task blocks at most before it reads the clock: no operating system waits for ages."""


def sleep(pause: Sleep, clock: Clock) -> None:
    """Sleep in this thread, until the end of the pause, its stop signal or its other signal."""
    stop = pause.stop
    if pause.signal is not None:
        _sleep_until(pause.signal, pause, clock)
    elif stop is None:
        clock.sleep(pause.seconds)
    elif isinstance(stop, threading.Event) and type(clock) is SystemClock:
        stop.wait(min(pause.seconds, threading.TIMEOUT_MAX))
    else:
        for seconds in _slices(pause.seconds, stop.is_set, clock, STOP_CHECK_INTERVAL):
            clock.sleep(seconds)


def _sleep_until(signal: WakeSignal, pause: Sleep, clock: Clock) -> None:
    woken = threading.Event()
    signal.subscribe(woken.set)
    try:
        is_done = _either(woken.is_set, pause.stop)
        is_real = type(clock) is SystemClock
        slice_length = MAX_BLOCK if is_real and pause.stop is None else STOP_CHECK_INTERVAL
        for seconds in _slices(pause.seconds, is_done, clock, slice_length):
            if is_real:
                woken.wait(seconds)
            else:
                clock.sleep(seconds)
    finally:
        signal.unsubscribe(woken.set)


async def async_sleep(pause: Sleep, clock: Clock) -> None:
    """Sleep on the event loop, until the end of the pause, its stop signal or its other signal."""
    if pause.signal is not None:
        await _async_sleep_until(pause.signal, pause, clock)
    elif pause.stop is None:
        await clock.async_sleep(pause.seconds)
    else:
        for seconds in _slices(pause.seconds, pause.stop.is_set, clock, ASYNC_STOP_CHECK_INTERVAL):
            await clock.async_sleep(seconds)


async def _async_sleep_until(signal: WakeSignal, pause: Sleep, clock: Clock) -> None:
    import asyncio

    loop = asyncio.get_running_loop()
    woken = asyncio.Event()

    def wake() -> None:
        loop.call_soon_threadsafe(woken.set)

    signal.subscribe(wake)
    try:
        is_done = _either(signal.is_set, pause.stop)
        is_real = type(clock) is SystemClock
        slice_length = MAX_BLOCK if is_real and pause.stop is None else ASYNC_STOP_CHECK_INTERVAL
        for seconds in _slices(pause.seconds, is_done, clock, slice_length):
            if is_real:
                with suppress(TimeoutError):
                    await asyncio.wait_for(woken.wait(), seconds)
            else:
                await clock.async_sleep(seconds)
    finally:
        signal.unsubscribe(wake)


def _either(is_woken: Callable[[], bool], stop: StopSignal | None) -> Callable[[], bool]:
    return is_woken if stop is None else lambda: is_woken() or stop.is_set()


def _slices(seconds: float, is_done: Callable[[], bool], clock: Clock, length: float) -> Iterator[float]:
    until = clock.now() + seconds
    # Less than a microsecond may be too little to move a clock at all.
    while (left := until - clock.now()) > 1e-6 and not is_done():
        yield min(left, length)
