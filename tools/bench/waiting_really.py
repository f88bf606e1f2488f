"""Waiting for many stacks of the emulator, in real time: unisync next to boto3's waiters and a loop."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from statistics import mean

from tools.bench.figures import Aim, Section, Table

RATE = 20
WAYS = {
    "together": "`wait_all`",
    "singly": "single waits, awaited",
    "waiters": "a boto3 waiter each, in threads, every 5 s",
    "adaptive": "the same, with boto3's adaptive retries",
    "loop": "one loop, every 5 s",
}
CALLS_AIM, THROTTLED_AIM = 0.7, 0.02


@dataclass(frozen=True)
class Found:
    """What a way came to."""

    mean_lag: float
    lag_95: float
    calls: int
    throttled: float
    """The part of the calls that were."""
    others: int
    """Calls of other operations: what blocks a sync."""


def section(quick: bool) -> Section:
    """All ways at the same time, each on an emulator of its own."""
    count, median = (20, 2) if quick else (200, 10)
    with ExitStack() as stack:
        parts = {name: _start(stack, name, count, median) for name in WAYS}
        for _, client in parts.values():
            _read(client)
        for aws, client in parts.values():
            _go_on(aws)
            _read(aws)
            _go_on(client)
        for _, client in parts.values():
            if client.wait():
                raise SystemExit("A way to wait failed.")
        found = {name: _found(aws) for name, (aws, _) in parts.items()}
    how = f"""
        {count} stacks, synced at once, that take log-normal times (median {median} s). Each way waits for them in a
        process of its own, on an emulator of its own in yet another one, which allows {RATE} calls a second and
        {RATE} at once; all at the same time, on the one machine. The lag is from a stack's end until the look that saw
        it, by the emulator's clock. unisync also asks what blocks a stack, now and then: the other calls.
    """
    rows = [
        (
            WAYS[name],
            f"{each.mean_lag:.2f} s",
            f"{each.lag_95:.1f} s",
            str(each.calls),
            f"{100 * each.throttled:.1f} %",
            str(each.others),
        )
        for name, each in found.items()
    ]
    # All are synced at once: on average half of them are pending, and a sweep over them takes that many calls.
    rows.append(("bound: an even sweep at that rate", f"{count / 4 / RATE:.2f} s", "", "", "", ""))
    table = Table(("", "mean lag", "95 %", "calls", "throttled", "other calls"), rows)
    figures = {name: asdict(each) for name, each in found.items()}
    return Section("Waiting for many, in real time", how, [table], _aims(found), figures)


def _aims(found: Mapping[str, Found]) -> list[Aim]:
    ours, waiters = found["together"], found["waiters"]
    calls = ours.calls / waiters.calls
    return [
        Aim(
            "`wait_all` has less mean lag than the waiters", f"{ours.mean_lag:.2f} s", ours.mean_lag < waiters.mean_lag
        ),
        Aim(f"with at most {CALLS_AIM} of their calls", f"{calls:.2f}", calls <= CALLS_AIM),
        Aim(
            f"less than {100 * THROTTLED_AIM:.0f} % of its calls throttled",
            f"{100 * ours.throttled:.1f} %",
            ours.throttled < THROTTLED_AIM,
        ),
    ]


_Process = subprocess.Popen[str]


def _start(stack: ExitStack, way: str, count: int, median: float) -> tuple[_Process, _Process]:
    """An emulator, and who waits for its stacks."""
    processes: list[_Process] = []
    environment = dict(os.environ)
    for part in ("aws", way):
        command = [sys.executable, "-m", "tools.bench.wait_in_real_time", part, *map(str, (count, median, RATE))]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
        processes.append(stack.enter_context(process))
        if part == "aws":
            environment |= json.loads(_read(process))
            _read(process)
    return processes[0], processes[1]


def _read(process: _Process) -> str:
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise SystemExit("A process of this measure failed.")
    return line


def _go_on(process: _Process) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def _found(aws: _Process) -> Found:
    _go_on(aws)
    told = json.loads(_read(aws))
    lags = sorted(told["lags"])
    calls = told["calls"]
    return Found(mean(lags), lags[int(0.95 * len(lags))], calls, told["throttled"] / calls, told["other calls"])
