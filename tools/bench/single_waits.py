"""Thousands of single waits on one event loop: what each costs, how late the loop is, and how soon all can be ended."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from collections.abc import Callable
from typing import Any

from tools.bench.canned import served
from tools.bench.figures import Aim, Section, Table

CANCEL_AIM = 1.0


def section(quick: bool) -> Section:
    """At a rate that AWS may well allow, and at one that is as good as none."""
    count, start, steady = (500, 1, 1) if quick else (5000, 12, 10)
    with served(0.02) as url:
        found = {rate: _process(url, count, rate, start, steady) for rate in (20, 1000)}
    heads = ("", *(f"at most {rate} calls a second" for rate in found))
    table = Table(heads, [(name, *(cell(each) for each in found.values())) for name, cell in _ROWS])
    how = f"""
        {count} tasks, each with its own `AsyncUnisync.wait_until_active(..., timeout=None)` on one client, all begun at
        once, on syncs that never come to their end; the server, in a process of its own, answers after 20 ms. The first
        {start} s are the start; the {steady} s after them are what goes on for as long as the waits do. How late the
        loop is, is how much later than asked a task wakes that sleeps for 10 ms again and again. At the start, all
        tasks take their first step in one turn of the loop, and that is how late it is at the worst, with what Python's
        garbage collector adds; from then on the worst is the collector, which looks through all objects now and then.
    """
    aims = [
        Aim(
            f"{count} waits have ended within {CANCEL_AIM:.0f} s of being cancelled, at {rate} calls a second",
            f"{each['cancelled']:.2f} s",
            each["cancelled"] < CANCEL_AIM,
        )
        for rate, each in found.items()
    ]
    return Section("Single waits on one event loop", how, [table], aims, found)


def _process(url: str, count: int, rate: float, start: float, steady: float) -> Any:
    command = [sys.executable, "-m", "tools.bench.wait_for_many", url, *map(str, (count, rate, start, steady))]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def _late(phase: dict[str, Any]) -> str:
    lags = sorted(1000 * lag for lag in phase["lags"])
    return f"{statistics.median(lags):.1f}, {lags[int(0.99 * len(lags))]:.0f}, {lags[-1]:.0f} ms"


def _collecting(phase: dict[str, Any]) -> str:
    return f"{1000 * max(phase['collections'], default=0):.0f} ms"


def _busy(phase: dict[str, Any]) -> str:
    return f"{100 * phase['cpu'] / phase['wall']:.0f} %"


_ROWS: tuple[tuple[str, Callable[[Any], str]], ...] = (
    ("memory for each wait", lambda each: f"{each['memory']:.1f} KiB"),
    ("start: the loop is late by (median, 99 %, most)", lambda each: _late(each["start"])),
    ("start: longest garbage collection", lambda each: _collecting(each["start"])),
    ("then: the loop is late by (median, 99 %, most)", lambda each: _late(each["steady"])),
    ("then: longest garbage collection", lambda each: _collecting(each["steady"])),
    ("then: CPU, of one core", lambda each: _busy(each["steady"])),
    ("from cancelling all of them until all have ended", lambda each: f"{each['cancelled']:.2f} s"),
)
