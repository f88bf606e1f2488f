"""Reading many syncs at once from a server that takes 20 ms to respond: reads per second, CPU time and memory."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections import defaultdict
from dataclasses import asdict, dataclass
from pathlib import Path

from tools.bench.canned import serve
from tools.bench.results import Section, Table, Target

LATENCY = 0.02
AIOBOTOCORE_PYTHON = Path(__file__).parents[2] / ".venv-aiobotocore" / "bin" / "python"
"""aiobotocore needs its own version of botocore, so `make bench` installs both in this environment."""

APPROACHES = (
    ("sync", 32),
    ("sync", 64),
    ("async", 16),
    ("async", 64),
    ("threads", 16),
    ("threads", 32),
    ("threads", 64),
    ("aiobotocore", 16),
    ("aiobotocore", 64),
)
"""Each with its concurrency."""
NAMES = {
    "sync": "`Unisync.get_many`, {} connections",
    "async": "`AsyncUnisync.get_many`, {} connections",
    "threads": "boto3 in {} threads",
    "aiobotocore": "aiobotocore, {} concurrent calls",
}


@dataclass(frozen=True)
class Throughput:
    """The medians of one approach."""

    approach: str
    concurrency: int
    per_second: float
    cpu: float
    """Milliseconds per read."""
    memory: float
    """Peak of the whole process, in MiB."""

    @property
    def name(self) -> str:
        return NAMES[self.approach].format(self.concurrency)

    def __str__(self) -> str:
        return f"{self.name}, {self.per_second:.0f} reads per second and {self.memory:.0f} MiB"


def section(quick: bool) -> Section:
    """Compare all approaches."""
    reads, rounds = (200, 1) if quick else (1000, 5)
    approaches = [each for each in APPROACHES if each[0] != "aiobotocore" or AIOBOTOCORE_PYTHON.exists()]
    samples: dict[tuple[str, int], list[dict[str, float]]] = defaultdict(list)
    with serve(LATENCY) as url:
        for index in range(rounds):
            for each in approaches if index % 2 else reversed(approaches):
                samples[each].append(_run(*each, url, reads))
    results = [_medians(*each, reads, samples[each]) for each in approaches]
    table = Table(
        ("", "reads per second", "CPU ms per read", "peak MiB"),
        [(each.name, f"{each.per_second:.0f}", f"{each.cpu:.2f}", f"{each.memory:.1f}") for each in results],
    )
    method = f"""
        {reads} reads of stacks from a server in its own process that takes {LATENCY * 1000:.0f} ms to respond. Each run
        is a new process that creates its client, reads once, and is then timed; medians of {rounds} alternating runs.
        Every approach keeps all responses. The peak is that of the whole process, imports included. unisync's rate
        limit is set so high that it never delays a call.
    """
    method += (
        f" aiobotocore is version {_aiobotocore_version()}, with the botocore that it requires."
        if AIOBOTOCORE_PYTHON.exists()
        else " aiobotocore is not installed here and was left out."
    )
    return Section("Throughput of many reads", method, [table], _targets(results), [asdict(each) for each in results])


def _targets(results: list[Throughput]) -> list[Target]:
    sync, threads = _fastest(results, "sync"), _fastest(results, "threads")
    targets = [
        Target(
            f"the sync client reads at least 1.3 times as fast as boto3 in threads at its best ({threads})",
            f"{sync}: {sync.per_second / threads.per_second:.2f} times as fast",
            sync.per_second >= 1.3 * threads.per_second,
        )
    ]
    if not any(each.approach == "aiobotocore" for each in results):
        return targets
    ours, theirs = _fastest(results, "async"), _fastest(results, "aiobotocore")
    return [
        *targets,
        Target(
            f"the async client reads at least 1.6 times as fast as aiobotocore ({theirs})",
            f"{ours}: {ours.per_second / theirs.per_second:.2f} times as fast",
            ours.per_second >= 1.6 * theirs.per_second,
        ),
        Target(
            "the async client needs at most 0.55 of aiobotocore's CPU time for a read",
            f"{ours.cpu / theirs.cpu:.2f}",
            ours.cpu <= 0.55 * theirs.cpu,
        ),
        Target(
            "the async client needs no more memory than aiobotocore",
            f"{ours.memory / theirs.memory:.2f} times as much",
            ours.memory <= theirs.memory,
        ),
    ]


def _aiobotocore_version() -> str:
    program = "from importlib.metadata import version; print(version('aiobotocore'))"
    process = subprocess.run([str(AIOBOTOCORE_PYTHON), "-c", program], check=True, capture_output=True, text=True)
    return process.stdout.strip()


def _fastest(results: list[Throughput], *approaches: str) -> Throughput:
    return max((each for each in results if each.approach in approaches), key=lambda each: each.per_second)


def _medians(approach: str, concurrency: int, reads: int, samples: list[dict[str, float]]) -> Throughput:
    wall, cpu, memory = (statistics.median(each[kind] for each in samples) for kind in ("wall", "cpu", "memory"))
    return Throughput(approach, concurrency, reads / wall, 1000 * cpu / reads, memory)


def _run(approach: str, concurrency: int, url: str, reads: int) -> dict[str, float]:
    python = str(AIOBOTOCORE_PYTHON) if approach == "aiobotocore" else sys.executable
    command = [python, "-m", "tools.bench.throughput_worker", approach, url, str(reads), str(concurrency)]
    process = subprocess.run(command, check=True, capture_output=True, text=True, env=os.environ)
    return {name: float(value) for name, value in json.loads(process.stdout).items()}
