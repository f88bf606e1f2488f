"""Runs thousands of single waits on one event loop, in its own process; prints the measurements as JSON."""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from tools.bench.canned import IN_PROGRESS
from unisync import AsyncUnisync, RateLimit, StackSync

TICK = 0.01
"""Seconds that a task sleeps repeatedly, to measure the lag of the loop."""


@dataclass
class Phase:
    """The measurements of some seconds. All values are in seconds."""

    cpu: float = 0.0
    wall: float = 0.0
    lags: list[float] = field(default_factory=list[float])
    """How late the loop woke the task, each time."""
    collections: list[float] = field(default_factory=list[float])
    """How long the garbage collector took, each time."""


class _Observer:
    """Measures the lag of the event loop and the pauses of the garbage collector."""

    def __init__(self) -> None:
        self._phase = Phase()
        self._collection_started = 0.0
        gc.callbacks.append(self._on_collection)
        self._ticker = asyncio.create_task(self._tick())

    async def observe(self, seconds: float) -> Phase:
        """Measure for some seconds."""
        self._phase = phase = Phase()
        cpu, wall = time.process_time(), time.perf_counter()
        await asyncio.sleep(seconds)
        phase.cpu, phase.wall = time.process_time() - cpu, time.perf_counter() - wall
        self._phase = Phase()
        return phase

    def close(self) -> None:
        self._ticker.cancel()
        gc.callbacks.remove(self._on_collection)

    async def _tick(self) -> None:
        while True:
            phase, began = self._phase, time.perf_counter()
            await asyncio.sleep(TICK)
            if phase is self._phase:
                phase.lags.append(time.perf_counter() - began - TICK)

    def _on_collection(self, event: str, _: dict[str, int]) -> None:
        if event == "start":
            self._collection_started = time.perf_counter()
        else:
            self._phase.collections.append(time.perf_counter() - self._collection_started)


def main() -> None:
    """Run as many waits as the command line says."""
    url, count, rate, start, steady = sys.argv[1], int(sys.argv[2]), *map(float, sys.argv[3:])
    print(json.dumps(asyncio.run(_run(url, count, rate, start, steady))))


async def _run(url: str, count: int, rate: float, start: float, steady: float) -> dict[str, object]:
    async with AsyncUnisync(
        region_name="eu-west-1", endpoint_url=url, rate_limit=RateLimit(rate, maximum=rate)
    ) as client:
        refs = [StackSync(f"{IN_PROGRESS}{number}") for number in range(count)]
        await client.get(refs[0])
        gc.collect()
        before = _memory()
        observer = _Observer()
        waits = [asyncio.create_task(client.wait_until_active(ref, timeout=None)) for ref in refs]
        start_phase = await observer.observe(start)
        steady_phase = await observer.observe(steady)
        gc.collect()
        memory = (_memory() - before) / count
        assert not any(wait.done() for wait in waits)
        began = time.perf_counter()
        for wait in waits:
            wait.cancel()
        await asyncio.wait(waits)
        cancelled = time.perf_counter() - began
        observer.close()
    return {"memory": memory, "start": vars(start_phase), "steady": vars(steady_phase), "cancelled": cancelled}


def _memory() -> float:
    """Resident memory in KiB; 0 on systems without /proc."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next(float(line.split()[1]) for line in lines if line.startswith("VmRSS:"))


if __name__ == "__main__":
    main()
