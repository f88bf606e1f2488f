"""Thousands of single waits on one event loop, in a process of its own: prints what they took, as JSON."""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import time
from pathlib import Path

from botocore.config import Config
from canned import UNDER_WAY

from unisync import AsyncUnisync, Pace, StackSync

TICK = 0.01
"""Seconds that a task sleeps over and over, to see how late the loop wakes it."""


def main() -> None:
    """Wait as the command line says."""
    url, count, rate, begin, steady = sys.argv[1], int(sys.argv[2]), *map(float, sys.argv[3:])
    print(json.dumps(asyncio.run(_wait(url, count, rate, begin, steady))))


async def _wait(url: str, count: int, rate: float, begin: float, steady: float) -> dict[str, float | list[float]]:
    pace = Pace(initial=min(rate, 10.0), maximum=rate)
    async with AsyncUnisync(
        region_name="eu-west-1", endpoint_url=url, pace=pace, config=Config(max_pool_connections=10)
    ) as client:
        refs = [StackSync(f"{UNDER_WAY}{number}") for number in range(count)]
        await client.get(refs[0])
        lags: list[float] = []
        ticking = asyncio.create_task(_tick(lags))
        await asyncio.sleep(0.1)
        gc.collect()
        lags.clear()
        before = _memory()
        waits = [asyncio.create_task(client.wait_until_active(ref, timeout=None)) for ref in refs]
        await asyncio.sleep(begin)
        at_start = lags.copy()
        lags.clear()
        cpu, wall = time.process_time(), time.perf_counter()
        await asyncio.sleep(steady)
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        in_time = lags.copy()
        gc.collect()
        memory = (_memory() - before) / count
        assert not any(wait.done() for wait in waits)
        began = time.perf_counter()
        for wait in waits:
            wait.cancel()
        await asyncio.wait(waits)
        cancelled = time.perf_counter() - began
        ticking.cancel()
    return {"memory": memory, "start": at_start, "steady": in_time, "cpu": cpu / wall, "cancelled": cancelled}


async def _tick(lags: list[float]) -> None:
    while True:
        began = time.perf_counter()
        await asyncio.sleep(TICK)
        lags.append(time.perf_counter() - began - TICK)


def _memory() -> float:
    """KiB that are in memory now; 0 where there is no telling."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next(float(line.split()[1]) for line in lines if line.startswith("VmRSS:"))


if __name__ == "__main__":
    main()
