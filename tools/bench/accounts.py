"""What the clients of many accounts cost: three services in each of fifty."""

from __future__ import annotations

import statistics
import subprocess
import sys
from dataclasses import asdict, dataclass
from typing import Any

from tools.bench.figures import Aim, Section, Table

ACCOUNTS = 50
SERVICES = ("iottwinmaker", "proton", "codeconnections")
WAYS = {
    "one boto3 session an account": "boto3",
    "`Fleet`, of roles": "roles",
    "`Fleet`, of boto3 sessions": "sessions",
}
CPU_AIM, MEMORY_AIM = 0.15, 0.08


@dataclass(frozen=True)
class Made:
    """What the clients of all accounts took."""

    cpu: float
    """Seconds."""
    memory: float
    """MiB."""


def section(quick: bool) -> Section:
    """Sessions of boto3, and fleets."""
    rounds = 1 if quick else 5
    found: dict[str, list[Made]] = {way: [] for way in WAYS}
    for _ in range(rounds):
        for way, argument in WAYS.items():
            found[way].append(_made(argument))
    middle = {
        way: Made(statistics.median(made.cpu for made in each), statistics.median(made.memory for made in each))
        for way, each in found.items()
    }
    raw, ours = middle["one boto3 session an account"], middle["`Fleet`, of roles"]
    rows = [
        (way, f"{made.cpu:.2f}", f"{made.cpu / raw.cpu:.2f}", f"{made.memory:.1f}", f"{made.memory / raw.memory:.2f}")
        for way, made in middle.items()
    ]
    how = f"""
        The clients of {len(SERVICES)} services in each of {ACCOUNTS} accounts, made in a process of its own, and what
        the process has grown by after a first client of each service: what all share is in neither. Medians of
        {rounds} runs by turns. No calls are made.
    """
    aims = [
        Aim(f"at most {CPU_AIM} of the CPU time", f"{ours.cpu / raw.cpu:.2f}", ours.cpu <= CPU_AIM * raw.cpu),
        Aim(
            f"at most {MEMORY_AIM} of the memory",
            f"{ours.memory / raw.memory:.2f}",
            ours.memory <= MEMORY_AIM * raw.memory,
        ),
    ]
    table = Table(("", "CPU s", "of boto3's", "MiB", "of boto3's"), rows)
    return Section(
        "The clients of many accounts", how, [table], aims, {way: asdict(made) for way, made in middle.items()}
    )


def _made(way: str) -> Made:
    done = subprocess.run(
        [sys.executable, "-m", "tools.bench.accounts", way], capture_output=True, text=True, check=True
    )
    cpu, memory = done.stdout.split()
    return Made(float(cpu), float(memory))


def _memory() -> float:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096 / 2**20


def main(way: str) -> None:
    """Make the clients in this process, and print the CPU seconds and MiB that they took."""
    import gc
    import time

    import boto3

    from unisync import AccountRegion, Fleet

    names = [f"{number:012d}" for number in range(ACCOUNTS + 1)]

    def session() -> boto3.Session:
        return boto3.Session("AKIAIOSFODNN7EXAMPLE", "secret", region_name="eu-west-1")

    kept: list[object] = []
    roles = [f"arn:aws:iam::{name}:role/reader" for name in names]
    fleet = (
        Fleet(sessions={name: session() for name in names}, regions=["eu-west-1"])
        if way == "sessions"
        else Fleet(roles, regions=["eu-west-1"], session=session())
    )

    def make(name: str) -> None:
        if way == "boto3":
            own: Any = session()
        else:
            own = fleet._sessions.at(AccountRegion(name, "eu-west-1"))  # pyright: ignore[reportPrivateUsage]
        kept.append([own.client(service) for service in SERVICES])

    make(names[0])
    gc.collect()
    memory, cpu = _memory(), time.process_time()
    for name in names[1:]:
        make(name)
    cpu = time.process_time() - cpu
    gc.collect()
    print(cpu, _memory() - memory)


if __name__ == "__main__":
    main(sys.argv[1])
