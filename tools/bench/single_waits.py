"""Thousands of single waits on one event loop: their memory, the lag of the loop, and how fast they are cancelled."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from collections.abc import Callable
from typing import Any

from tools.bench.canned import serve
from tools.bench.results import Section, Table, Target

CANCEL_TARGET = 1.0
RATES = (20, 1000)


def section(quick: bool) -> Section:
    """Measure with a low rate limit, and with one that hardly limits anything."""
    count, start, steady = (500, 1, 1) if quick else (5000, 12, 10)
    with serve(0.02) as url:
        results = {rate: _run(url, count, rate, start, steady) for rate in RATES}
    header = ("", *(f"at most {rate} calls per second" for rate in results))
    table = Table(header, [(name, *(cell(each) for each in results.values())) for name, cell in _ROWS])
    method = f"""
        {count} tasks, each with its own `AsyncUnisync.wait_until_active(..., timeout=None)` on one client, all started
        at once, for syncs that never end. The server runs in its own process and takes 20 ms to respond. The start is
        the first {start} s; the steady state is the {steady} s after it. The lag of the event loop is how much later
        than requested it wakes a task that repeatedly sleeps for 10 ms. At the start, all tasks run their first step in
        one iteration of the loop, which causes the largest lag, together with Python's garbage collector. In the steady
        state, the largest lag is caused by full garbage collections.
    """
    targets = [
        Target(
            f"{count} waits end within {CANCEL_TARGET:.0f} s of their cancellation, at {rate} calls per second",
            f"{each['cancelled']:.2f} s",
            each["cancelled"] < CANCEL_TARGET,
        )
        for rate, each in results.items()
    ]
    return Section("Single waits on one event loop", method, [table], targets, results)


def _run(url: str, count: int, rate: float, start: float, steady: float) -> Any:
    command = [sys.executable, "-m", "tools.bench.single_waits_worker", url, *map(str, (count, rate, start, steady))]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def _loop_lag(phase: dict[str, Any]) -> str:
    lags = sorted(1000 * lag for lag in phase["lags"])
    return f"{statistics.median(lags):.1f}, {lags[int(0.99 * len(lags))]:.0f}, {lags[-1]:.0f} ms"


def _longest_collection(phase: dict[str, Any]) -> str:
    return f"{1000 * max(phase['collections'], default=0):.0f} ms"


def _cpu_usage(phase: dict[str, Any]) -> str:
    return f"{100 * phase['cpu'] / phase['wall']:.0f} %"


_ROWS: tuple[tuple[str, Callable[[Any], str]], ...] = (
    ("memory per wait", lambda each: f"{each['memory']:.1f} KiB"),
    ("start: lag of the loop (median, 99 %, maximum)", lambda each: _loop_lag(each["start"])),
    ("start: longest garbage collection", lambda each: _longest_collection(each["start"])),
    ("steady: lag of the loop (median, 99 %, maximum)", lambda each: _loop_lag(each["steady"])),
    ("steady: longest garbage collection", lambda each: _longest_collection(each["steady"])),
    ("steady: CPU usage of one core", lambda each: _cpu_usage(each["steady"])),
    ("time from cancelling all waits until all have ended", lambda each: f"{each['cancelled']:.2f} s"),
)
