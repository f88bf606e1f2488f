"""The emulated time: moved by hand, faster than real, or real."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from unisync.emulator import Emulator, EmulatorClock

INF, NAN = float("inf"), float("nan")


def test_a_clock_moved_by_hand_stands_still() -> None:
    clock = EmulatorClock(None)
    first = clock.time()
    assert clock.now() == 0.0
    time.sleep(0.01)
    assert (clock.now(), clock.time()) == (0.0, first)
    clock.advance(0)
    clock.advance(12.5)
    assert clock.now() == 12.5
    assert clock.time() == first + 12.5


def test_sleeping_moves_a_clock_moved_by_hand() -> None:
    clock = EmulatorClock(None)
    began = time.monotonic()
    clock.sleep(3600)
    asyncio.run(clock.async_sleep(1800))
    assert clock.now() == 5400.0
    assert time.monotonic() - began < 60


def test_sleeping_gives_way_to_other_coroutines() -> None:
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


def test_a_real_clock_tells_the_real_time() -> None:
    clock = EmulatorClock()
    assert abs(clock.time() - time.time()) < 1
    before = clock.now()
    clock.sleep(0.01)
    assert clock.now() - before >= 0.01


def test_time_never_goes_back() -> None:
    clock = EmulatorClock(1e6)
    seen = [clock.now() for _ in range(1000)]
    assert seen == sorted(seen)


def test_a_moment_has_one_date_however_fast_time_runs() -> None:
    clock = EmulatorClock(1e9)
    assert len({clock.date(5.0) for _ in range(1000)}) == 1


def test_a_date_in_a_reply_does_not_drift() -> None:
    with Emulator(speed=1e6) as aws:
        world = aws._world
        assert len({world.date(3.0) for _ in range(1000)}) == 1


@pytest.mark.parametrize("speed", [0.0, -1.0, NAN, INF])
def test_a_speed_is_above_zero(speed: float) -> None:
    with pytest.raises(ValueError, match=r"^speed: expected"):
        EmulatorClock(speed)
    with pytest.raises(ValueError, match=r"^speed: expected"):
        Emulator(speed=speed)


@pytest.mark.parametrize("seconds", [-0.1, NAN, INF])
def test_time_only_moves_ahead(seconds: float) -> None:
    clock = EmulatorClock(None)
    for move in (clock.advance, clock.sleep):
        with pytest.raises(ValueError, match=r"^seconds: "):
            move(seconds)
    with pytest.raises(ValueError, match=r"^seconds: "):
        asyncio.run(clock.async_sleep(seconds))
    assert clock.now() == 0.0


def test_an_emulator_has_one_of_two_clocks() -> None:
    wrong: Any = "sundial"
    with pytest.raises(ValueError, match=r"^clock: expected 'real' or 'manual', got 'sundial'"):
        Emulator(clock=wrong)
