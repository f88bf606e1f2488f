"""Many looks at once, each answered after 20 ms: how many a second, for how much CPU and memory."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from tools.bench.canned import served
from tools.bench.figures import Aim, Section, Table

LATENCY = 0.02
OTHER_PYTHON = Path(__file__).parents[2] / ".venv-aiobotocore" / "bin" / "python"
"""aiobotocore wants a botocore of its own; `make bench` installs both here."""

WAYS = (
    ("blocking", 24),
    ("blocking", 32),
    ("awaitable", 24),
    ("awaitable", 32),
    ("threads", 16),
    ("threads", 32),
    ("threads", 64),
    ("aiobotocore", 16),
    ("aiobotocore", 64),
)
NAMES = {
    "blocking": "`Unisync.get_many`, {} connections",
    "awaitable": "`AsyncUnisync.get_many`, {} connections",
    "threads": "boto3 in {} threads",
    "aiobotocore": "aiobotocore, {} at once",
}


@dataclass(frozen=True)
class Found:
    """What a way came to: medians."""

    way: str
    at_once: int
    per_second: float
    cpu: float
    """Milliseconds for each look."""
    memory: float
    """MiB at the peak, of the whole process."""

    @property
    def name(self) -> str:
        return NAMES[self.way].format(self.at_once)

    def __str__(self) -> str:
        return f"{self.name}, {self.per_second:.0f} a second and {self.memory:.0f} MiB"


def section(quick: bool) -> Section:
    """All ways by turns."""
    looks, rounds = (200, 1) if quick else (1000, 5)
    ways = [way for way in WAYS if way[0] != "aiobotocore" or OTHER_PYTHON.exists()]
    took: dict[tuple[str, int], list[dict[str, float]]] = defaultdict(list)
    with served(LATENCY) as url:
        for index in range(rounds):
            for way in ways if index % 2 else reversed(ways):
                took[way].append(_process(*way, url, looks))
    found = [_found(way, at_once, looks, took[way, at_once]) for way, at_once in ways]
    table = Table(
        ("", "looks a second", "CPU ms a look", "peak MiB"),
        [(each.name, f"{each.per_second:.0f}", f"{each.cpu:.2f}", f"{each.memory:.1f}") for each in found],
    )
    how = f"""
        {looks} looks at stacks, on a server in a process of its own that answers after {LATENCY * 1000:.0f} ms. Each
        run is a new process that makes its client, looks once, and is then timed; medians of {rounds} runs by turns.
        All keep every answer. The peak is that of the whole process, with what it imports. unisync is told a pace that
        never holds it back.
    """
    how += f" aiobotocore is {_version()}, on its own botocore." if OTHER_PYTHON.exists() else _MISSING
    return Section("A fleet of looks", how, [table], _aims(found), [each.__dict__ for each in found])


def _aims(found: list[Found]) -> list[Aim]:
    best, threads = _fastest(found, "threads", "aiobotocore"), _fastest(found, "threads")
    aims: list[Aim] = []
    for way in ("blocking", "awaitable"):
        ours = _fastest(found, way)
        aims.append(
            Aim(
                f"the {way} client makes at least as many looks a second as the best of the others ({best})",
                f"{ours}, {ours.per_second / best.per_second:.2f} times as many; of the best of boto3's threads, "
                f"{ours.per_second / threads.per_second:.2f} times as many",
                ours.per_second >= best.per_second,
            )
        )
        aims.append(
            Aim(
                f"the {way} client needs no more memory than that one",
                f"{ours.memory / best.memory:.2f} times as much",
                ours.memory <= best.memory,
            )
        )
    return aims


_MISSING = " aiobotocore is not installed here, and was left out."


def _version() -> str:
    program = "from importlib.metadata import version; print(version('aiobotocore'))"
    done = subprocess.run([str(OTHER_PYTHON), "-c", program], check=True, capture_output=True, text=True)
    return done.stdout.strip()


def _fastest(found: list[Found], *ways: str) -> Found:
    return max((each for each in found if each.way in ways), key=lambda each: each.per_second)


def _found(way: str, at_once: int, looks: int, took: list[dict[str, float]]) -> Found:
    wall, cpu, memory = (statistics.median(each[kind] for each in took) for kind in ("wall", "cpu", "memory"))
    return Found(way, at_once, looks / wall, 1000 * cpu / looks, memory)


def _process(way: str, at_once: int, url: str, looks: int) -> dict[str, float]:
    python = str(OTHER_PYTHON) if way == "aiobotocore" else sys.executable
    command = [python, "-m", "tools.bench.look_at_many", way, url, str(looks), str(at_once)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=os.environ)
    return {name: float(value) for name, value in json.loads(done.stdout).items()}
