"""The emulated time: manual, faster than real, or real."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from unisync.emulator import Emulator, EmulatorClock

INF, NAN = float("inf"), float("nan")


def test_a_manual_clock_moves_only_by_advance() -> None:
    clock = EmulatorClock(None)
    first = clock.time()
    assert clock.now() == 0.0
    time.sleep(0.01)
    assert (clock.now(), clock.time()) == (0.0, first)
    clock.advance(0)
    clock.advance(12.5)
    assert clock.now() == 12.5
    assert clock.time() == first + 12.5


def test_time_stays_where_dates_have_no_more_years() -> None:
    clock = EmulatorClock(None)
    with pytest.raises(ValueError, match="seconds: expected a time before the year 9999, got 1000000000000"):
        clock.advance(10**12)
    assert clock.now() == 0.0


def test_sleeping_advances_a_manual_clock() -> None:
    clock = EmulatorClock(None)
    started = time.monotonic()
    clock.sleep(3600)
    asyncio.run(clock.async_sleep(1800))
    assert clock.now() == 5400.0
    assert time.monotonic() - started < 60


def test_sleeping_yields_to_other_coroutines() -> None:
    order: list[str] = []

    async def sleeper(clock: EmulatorClock) -> None:
        await clock.async_sleep(10)
        order.append("slept")

    async def both() -> None:
        task = asyncio.create_task(sleeper(EmulatorClock(None)))
        await asyncio.sleep(0)
        order.append("other")
        await task

    asyncio.run(both())
    assert order == ["other", "slept"]


def test_a_fast_clock_runs_by_itself() -> None:
    clock = EmulatorClock(1000.0)
    before, real = clock.now(), time.monotonic()
    clock.sleep(20)
    asyncio.run(clock.async_sleep(20))
    passed, waited = clock.now() - before, time.monotonic() - real
    assert 40 <= passed <= 1000 * waited + 1
    assert waited >= 0.04
    clock.advance(1e6)
    assert clock.now() > 1e6


def test_a_real_clock_has_the_real_time() -> None:
    clock = EmulatorClock()
    assert abs(clock.time() - time.time()) < 1
    before = clock.now()
    clock.sleep(0.01)
    assert clock.now() - before >= 0.01


def test_time_never_goes_back() -> None:
    clock = EmulatorClock(1e6)
    seen = [clock.now() for _ in range(1000)]
    assert seen == sorted(seen)


def test_a_moment_always_has_the_same_date() -> None:
    clock = EmulatorClock(1e9)
    assert len({clock.date(5.0) for _ in range(1000)}) == 1


def test_a_date_in_a_reply_does_not_drift() -> None:
    with Emulator(speed=1e6) as aws:
        account = aws._account
        assert len({account.date(3.0) for _ in range(1000)}) == 1


@pytest.mark.parametrize("speed", [0.0, -1.0, NAN, INF])
def test_the_speed_must_be_above_zero(speed: float) -> None:
    with pytest.raises(ValueError, match=r"^speed: expected"):
        EmulatorClock(speed)
    with pytest.raises(ValueError, match=r"^speed: expected"):
        Emulator(speed=speed)


@pytest.mark.parametrize("seconds", [-0.1, NAN, INF])
def test_time_cannot_move_back(seconds: float) -> None:
    clock = EmulatorClock(None)
    for move in (clock.advance, clock.sleep):
        with pytest.raises(ValueError, match=r"^seconds: "):
            move(seconds)
    with pytest.raises(ValueError, match=r"^seconds: "):
        asyncio.run(clock.async_sleep(seconds))
    assert clock.now() == 0.0


def test_an_unknown_clock_is_rejected() -> None:
    wrong: Any = "sundial"
    with pytest.raises(ValueError, match=r"^clock: expected 'real' or 'manual', got 'sundial'"):
        Emulator(clock=wrong)


def test_dates_a_whole_number_of_seconds_apart_differ_by_exactly_that() -> None:
    clock = EmulatorClock(None)
    first = datetime.fromtimestamp(clock.time(), UTC)
    for seconds in range(1, 100):
        clock.advance(1)
        assert datetime.fromtimestamp(clock.time(), UTC) - first == timedelta(seconds=seconds)
