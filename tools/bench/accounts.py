"""What the clients of many accounts cost: three services in each of fifty accounts."""

from __future__ import annotations

import statistics
import subprocess
import sys
from dataclasses import asdict, dataclass
from typing import Any

from tools.bench.results import Section, Table, Target

ACCOUNTS = 50
SERVICES = ("iottwinmaker", "proton", "codeconnections")
APPROACHES = {
    "boto3": "one boto3 session per account",
    "roles": "`Fleet` of roles",
    "sessions": "`Fleet` of boto3 sessions",
}
CPU_TARGET, MEMORY_TARGET = 0.15, 0.08


@dataclass(frozen=True)
class Usage:
    """What creating the clients of all accounts took."""

    cpu: float
    """Seconds."""
    memory: float
    """MiB."""


def section(quick: bool) -> Section:
    """Compare fleets with one boto3 session per account."""
    rounds = 1 if quick else 5
    samples: dict[str, list[Usage]] = {approach: [] for approach in APPROACHES}
    for _ in range(rounds):
        for approach in APPROACHES:
            samples[approach].append(_run(approach))
    medians = {
        approach: Usage(
            statistics.median(each.cpu for each in usages), statistics.median(each.memory for each in usages)
        )
        for approach, usages in samples.items()
    }
    raw, fleet = medians["boto3"], medians["roles"]
    rows = [
        (
            APPROACHES[approach],
            f"{usage.cpu:.2f}",
            f"{usage.cpu / raw.cpu:.2f}",
            f"{usage.memory:.1f}",
            f"{usage.memory / raw.memory:.2f}",
        )
        for approach, usage in medians.items()
    ]
    method = f"""
        Creates the clients of {len(SERVICES)} services in each of {ACCOUNTS} accounts, in a new process. The figures
        are the CPU time and the growth of the process after a first client of each service, so they exclude what all
        clients share. Medians of {rounds} alternating runs. No calls are made.
    """
    targets = [
        Target(
            f"at most {CPU_TARGET} of boto3's CPU time", f"{fleet.cpu / raw.cpu:.2f}", fleet.cpu <= CPU_TARGET * raw.cpu
        ),
        Target(
            f"at most {MEMORY_TARGET} of boto3's memory",
            f"{fleet.memory / raw.memory:.2f}",
            fleet.memory <= MEMORY_TARGET * raw.memory,
        ),
    ]
    table = Table(("", "CPU s", "relative to boto3", "MiB", "relative to boto3"), rows)
    figures = {APPROACHES[approach]: asdict(usage) for approach, usage in medians.items()}
    return Section("The clients of many accounts", method, [table], targets, figures)


def _run(approach: str) -> Usage:
    process = subprocess.run(
        [sys.executable, "-m", "tools.bench.accounts", approach], capture_output=True, text=True, check=True
    )
    cpu, memory = process.stdout.split()
    return Usage(float(cpu), float(memory))


def _memory() -> float:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096 / 2**20


def main(approach: str) -> None:
    """Create the clients in this process, and print the CPU seconds and the MiB that they took."""
    import gc
    import time

    import boto3

    from unisync import AccountRegion, Fleet

    accounts = [f"{number:012d}" for number in range(ACCOUNTS + 1)]

    def session() -> boto3.Session:
        return boto3.Session("AKIAIOSFODNN7EXAMPLE", "secret", region_name="eu-west-1")

    clients: list[object] = []
    roles = [f"arn:aws:iam::{account}:role/reader" for account in accounts]
    fleet = (
        Fleet(sessions={account: session() for account in accounts}, regions=["eu-west-1"])
        if approach == "sessions"
        else Fleet(roles, regions=["eu-west-1"], session=session())
    )

    def create(account: str) -> None:
        source: Any = session() if approach == "boto3" else fleet._sessions.at(AccountRegion(account, "eu-west-1"))
        clients.append([source.client(service) for service in SERVICES])

    create(accounts[0])
    gc.collect()
    memory, cpu = _memory(), time.process_time()
    for account in accounts[1:]:
        create(account)
    cpu = time.process_time() - cpu
    gc.collect()
    print(cpu, _memory() - memory)


if __name__ == "__main__":
    main(sys.argv[1])
