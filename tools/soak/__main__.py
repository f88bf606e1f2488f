"""`make soak`: every operation with every fault, and then random calls with random faults."""

from __future__ import annotations

import argparse
import os
import platform
import random
import re
import sys
import time
from importlib.metadata import version
from pathlib import Path

from tests.support.operations import NAMES
from tools.soak.findings import Findings, use_one_heap
from tools.soak.grid import isolate, run_grid
from tools.soak.random_calls import run_random_calls
from tools.soak.remote_emulator import ALL_FAULTS


def main() -> int:
    """Run the soak as the command line says."""
    parser = argparse.ArgumentParser(description="Use unisync under faults of all kinds for some time.")
    parser.add_argument("--seconds", type=float, default=600.0, help="duration in total (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6), help="repeats a run")
    parser.add_argument("--markdown", metavar="FILE", help="also write the figures into FILE, between its markers")
    options = parser.parse_args()
    isolate()
    use_one_heap()

    findings = Findings()
    findings.catch_uncaught()
    print(f"seed {options.seed}", flush=True)
    until = time.monotonic() + options.seconds
    tried, total, calls = run_grid(findings, options.seed, options.seconds / 2)
    print(f"{tried} of {total} combinations tried, {calls} calls", flush=True)
    random_calls, leftovers = run_random_calls(findings, options.seed, until)
    calls += random_calls
    lines = figures(findings, tried, total, calls, options.seed, leftovers)
    print("\n".join(lines))
    if options.markdown:
        write(Path(options.markdown), "soak", "\n".join(lines))
    failures = [*findings.foreign_errors, *findings.mistakes, *findings.leaks(), *leftovers]
    for failure in failures[:20]:
        print(f"\nFAILED: {failure}", file=sys.stderr)
    return min(len(failures), 1)


def figures(findings: Findings, tried: int, total: int, calls: int, seed: int, leftovers: list[str]) -> list[str]:
    """The figures, as Markdown."""
    libraries = ", ".join(f"{name} {version(name)}" for name in ("boto3", "botocore", "pydantic", "urllib3"))
    growth = findings.growth()
    leaks = len(findings.leaks()) + len(leftovers)
    return [
        f"{time.strftime('%Y-%m-%d', time.gmtime())}, {os.cpu_count()} CPUs, Python "
        f"{platform.python_version()}, {libraries}; seed {seed}.",
        "",
        "| | |",
        "|---|---|",
        f"| combinations of operation, fault and client | {tried:,} of {total:,}: {len(NAMES)} operations, "
        f"{len(ALL_FAULTS)} faults, 2 clients; responses of megabytes with three operations only |",
        f"| calls in total | {calls:,} |",
        f"| random actions | {findings.actions:,} |",
        f"| exceptions that are no UnisyncError | {len(findings.foreign_errors)} |",
        f"| wrong results and missed deadlines | {len(findings.mistakes)} |",
        f"| leaks | {leaks} |",
        "",
        f"Resources of the process while no call is in flight and its clients are closed, in {len(findings.samples)} "
        "samples: the median of the first third after the warm-up, and that of the last third.",
        "",
        "| | first third | last third |",
        "|---|---|---|",
        *(f"| {name} | {before:,.6g} | {after:,.6g} |" for name, (before, after) in growth.items()),
        "",
        "| raised by random actions | |",
        "|---|---|",
        *(f"| `{name}` | {count:,} |" for name, count in findings.errors.most_common()),
    ]


def write(page: Path, marker: str, text: str) -> None:
    """Put a text between two markers of a page."""
    pattern = rf"(<!-- {marker} -->\n).*?(<!-- /{marker} -->)"
    page.write_text(re.sub(pattern, lambda found: f"{found[1]}{text}\n{found[2]}", page.read_text(), flags=re.DOTALL))


if __name__ == "__main__":
    sys.exit(main())
