"""Pauses, on any clock, and what ends them early."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from unisync._core.clock import ASYNC_STOP_CHECK_INTERVAL, STOP_CHECK_INTERVAL, SystemClock, async_sleep, sleep
from unisync._core.commands import Sleep


class StopAt:
    """A stop signal that is set from a time on."""

    def __init__(self, clock: ManualClock, time: float) -> None:
        self._clock = clock
        self._time = time

    def is_set(self) -> bool:
        return self._clock.time >= self._time


class ManualClock:
    """A clock whose sleeps take no time. It notes them."""

    def __init__(self) -> None:
        self.time = 0.0
        self.slept: list[float] = []

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += seconds

    async def async_sleep(self, seconds: float) -> None:
        self.sleep(seconds)


def test_the_system_clock_is_real_time() -> None:
    clock = SystemClock()
    began = clock.now()
    clock.sleep(0.001)
    asyncio.run(clock.async_sleep(0.001))
    assert clock.now() >= began + 0.002


def test_a_pause_without_a_stop_signal_is_one_sleep() -> None:
    clock = ManualClock()
    sleep(Sleep(100), clock)
    asyncio.run(async_sleep(Sleep(50), clock))
    assert clock.slept == [100, 50]


@pytest.mark.parametrize("is_async", [False, True])
def test_a_pause_with_a_stop_signal_checks_it_at_short_intervals(is_async: bool) -> None:
    clock = ManualClock()
    interval = ASYNC_STOP_CHECK_INTERVAL if is_async else STOP_CHECK_INTERVAL
    stop = StopAt(clock, 1.0)

    def pause(seconds: float) -> float:
        before = clock.time
        if is_async:
            asyncio.run(async_sleep(Sleep(seconds, stop), clock))
        else:
            sleep(Sleep(seconds, stop), clock)
        return clock.time - before

    assert pause(0.3) == pytest.approx(0.3)
    assert max(clock.slept) <= interval
    assert pause(100) == pytest.approx(0.7, abs=interval), "until the signal is set"
    assert pause(100) == 0


@pytest.mark.parametrize("seconds", [100, 1e300])
def test_setting_an_event_wakes_a_pause_in_real_time(seconds: float) -> None:
    stop = threading.Event()
    threading.Timer(0.05, stop.set).start()
    began = time.monotonic()
    sleep(Sleep(seconds, stop), SystemClock())
    asyncio.run(async_sleep(Sleep(seconds, stop), SystemClock()))
    assert time.monotonic() - began < 2
