"""Waiting for many emulated stacks in real time: unisync, boto3's waiters and a polling loop."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from statistics import mean

from tools.bench.results import Section, Table, Target

RATE = 20
APPROACHES = {
    "wait_all": "`wait_all`",
    "single": "single waits, async",
    "waiters": "one boto3 waiter per stack, in threads, every 5 s",
    "adaptive": "the same with boto3's adaptive retries",
    "loop": "one loop, every 5 s",
}
CALLS_TARGET, THROTTLED_TARGET = 0.7, 0.02


@dataclass(frozen=True)
class Figures:
    """The figures of one approach."""

    mean_lag: float
    lag_95: float
    calls: int
    throttled: float
    """The fraction of the calls that were throttled."""
    other_calls: int
    """Calls of other operations than the poll, such as those that read blockers."""


def section(quick: bool) -> Section:
    """Run all approaches at the same time, each with its own emulator."""
    count, median = (20, 2) if quick else (200, 10)
    with ExitStack() as stack:
        pairs = {name: _start(stack, name, count, median) for name in APPROACHES}
        for _, client in pairs.values():
            _read(client)
        for aws, client in pairs.values():
            _continue(aws)
            _read(aws)
            _continue(client)
        for name, (_, client) in pairs.items():
            if client.wait():
                raise SystemExit(f"The worker process of {APPROACHES[name]} failed.")
        results = {name: _figures(aws) for name, (aws, _) in pairs.items()}
    method = f"""
        {count} stacks whose syncs start at once and take log-normal times (median {median} s). Each approach runs in
        its own process, with its own emulator in yet another process, which allows {RATE} calls per second and bursts
        of {RATE}. All run at the same time on one machine. The lag is the time from the end of a sync to the poll that
        detected it, by the emulator's clock. The other calls are unisync's: it reads the blockers of a stack now and
        then.
    """
    rows = [
        (
            APPROACHES[name],
            f"{each.mean_lag:.2f} s",
            f"{each.lag_95:.1f} s",
            str(each.calls),
            f"{100 * each.throttled:.1f} %",
            str(each.other_calls),
        )
        for name, each in results.items()
    ]
    # All syncs start at once: on average half of them are pending, and a sweep over those takes as many calls.
    rows.append(("bound: an even sweep at that rate", f"{count / 4 / RATE:.2f} s", "", "", "", ""))
    table = Table(("", "mean lag", "95 %", "calls", "throttled", "other calls"), rows)
    figures = {name: asdict(each) for name, each in results.items()}
    return Section("Waiting for many syncs, in real time", method, [table], _targets(results), figures)


def _targets(results: Mapping[str, Figures]) -> list[Target]:
    ours, waiters = results["wait_all"], results["waiters"]
    calls = ours.calls / waiters.calls
    return [
        Target(
            "the mean lag of `wait_all` is below that of the waiters",
            f"{ours.mean_lag:.2f} s and {waiters.mean_lag:.2f} s",
            ours.mean_lag < waiters.mean_lag,
        ),
        Target(f"it makes at most {CALLS_TARGET} of their calls", f"{calls:.2f}", calls <= CALLS_TARGET),
        Target(
            f"less than {100 * THROTTLED_TARGET:.0f} % of its calls are throttled",
            f"{100 * ours.throttled:.1f} %",
            ours.throttled < THROTTLED_TARGET,
        ),
    ]


_Process = subprocess.Popen[str]


def _start(stack: ExitStack, approach: str, count: int, median: float) -> tuple[_Process, _Process]:
    """Start an emulator, and a process that waits for its stacks."""
    processes: list[_Process] = []
    environment = dict(os.environ)
    for role in ("aws", approach):
        command = [sys.executable, "-m", "tools.bench.real_time_waits_worker", role, *map(str, (count, median, RATE))]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
        processes.append(stack.enter_context(process))
        if role == "aws":
            environment |= json.loads(_read(process))
            _read(process)
    return processes[0], processes[1]


def _read(process: _Process) -> str:
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise SystemExit("A worker process failed.")
    return line


def _continue(process: _Process) -> None:
    """Let a process continue that waits in `_pause`."""
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def _figures(aws: _Process) -> Figures:
    _continue(aws)
    report = json.loads(_read(aws))
    lags = sorted(report["lags"])
    calls = report["calls"]
    return Figures(mean(lags), lags[int(0.95 * len(lags))], calls, report["throttled"] / calls, report["other calls"])
