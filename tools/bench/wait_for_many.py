"""Thousands of single waits on one event loop, in a process of its own: prints what they took, as JSON."""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from tools.bench.canned import UNDER_WAY
from unisync import AsyncUnisync, RateLimit, StackSync

TICK = 0.01
"""Seconds that a task sleeps over and over, to see how late the loop wakes it."""


@dataclass
class Phase:
    """A while, and what it was like; all in seconds."""

    cpu: float = 0.0
    wall: float = 0.0
    lags: list[float] = field(default_factory=list[float])
    """How late the loop woke a task, each time."""
    collections: list[float] = field(default_factory=list[float])
    """How long the garbage collector took, each time."""


class _Observer:
    """Sees how late the loop is, and for how long the garbage collector holds everything up."""

    def __init__(self) -> None:
        self._phase = Phase()
        self._collecting_since = 0.0
        gc.callbacks.append(self._collecting)
        self._ticking = asyncio.create_task(self._tick())

    async def observe(self, seconds: float) -> Phase:
        """What the next seconds are like."""
        self._phase = phase = Phase()
        cpu, wall = time.process_time(), time.perf_counter()
        await asyncio.sleep(seconds)
        phase.cpu, phase.wall = time.process_time() - cpu, time.perf_counter() - wall
        self._phase = Phase()
        return phase

    def end(self) -> None:
        self._ticking.cancel()
        gc.callbacks.remove(self._collecting)

    async def _tick(self) -> None:
        while True:
            phase, began = self._phase, time.perf_counter()
            await asyncio.sleep(TICK)
            if phase is self._phase:
                phase.lags.append(time.perf_counter() - began - TICK)

    def _collecting(self, what: str, _: dict[str, int]) -> None:
        if what == "start":
            self._collecting_since = time.perf_counter()
        else:
            self._phase.collections.append(time.perf_counter() - self._collecting_since)


def main() -> None:
    """Wait as the command line says."""
    url, count, rate, start, steady = sys.argv[1], int(sys.argv[2]), *map(float, sys.argv[3:])
    print(json.dumps(asyncio.run(_wait(url, count, rate, start, steady))))


async def _wait(url: str, count: int, rate: float, start: float, steady: float) -> dict[str, object]:
    async with AsyncUnisync(
        region_name="eu-west-1", endpoint_url=url, rate_limit=RateLimit(rate, maximum=rate)
    ) as client:
        refs = [StackSync(f"{UNDER_WAY}{number}") for number in range(count)]
        await client.get(refs[0])
        gc.collect()
        before = _memory()
        observer = _Observer()
        waits = [asyncio.create_task(client.wait_until_active(ref, timeout=None)) for ref in refs]
        at_start = await observer.observe(start)
        at_length = await observer.observe(steady)
        gc.collect()
        memory = (_memory() - before) / count
        assert not any(wait.done() for wait in waits)
        began = time.perf_counter()
        for wait in waits:
            wait.cancel()
        await asyncio.wait(waits)
        cancelled = time.perf_counter() - began
        observer.end()
    return {"memory": memory, "start": vars(at_start), "steady": vars(at_length), "cancelled": cancelled}


def _memory() -> float:
    """KiB that are in memory now; 0 where there is no telling."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next(float(line.split()[1]) for line in lines if line.startswith("VmRSS:"))


if __name__ == "__main__":
    main()
