"""`make soak`: every operation with every fault, and then a hundred thousand calls with faults thrown in by chance."""

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
from tools.soak.chance import by_chance
from tools.soak.findings import Findings, keep_one_heap
from tools.soak.product import cross_product, isolate
from tools.soak.remote import ALL


def main() -> int:
    """Soak as the command line says."""
    parser = argparse.ArgumentParser(description="Try unisync with faults of all kinds, for some time.")
    parser.add_argument("--seconds", type=float, default=600.0, help="how long, in all (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6), help="repeats a run")
    parser.add_argument("--markdown", metavar="FILE", help="also write the figures into FILE, between its markers")
    options = parser.parse_args()
    isolate()
    keep_one_heap()

    findings = Findings()
    findings.catch_strays()
    print(f"seed {options.seed}", flush=True)
    until = time.monotonic() + options.seconds
    tried, of, calls = cross_product(findings, options.seed, options.seconds / 2)
    print(f"{tried} of {of} combinations tried, {calls} calls", flush=True)
    more, left = by_chance(findings, options.seed, until)
    calls += more
    lines = figures(findings, tried, of, calls, options.seed, left)
    print("\n".join(lines))
    if options.markdown:
        write(Path(options.markdown), "soak", "\n".join(lines))
    failures = [*findings.outside, *findings.wrong, *findings.leaks(), *left]
    for failure in failures[:20]:
        print(f"\nFAILED: {failure}", file=sys.stderr)
    return min(len(failures), 1)


def figures(findings: Findings, tried: int, of: int, calls: int, seed: int, left: list[str]) -> list[str]:
    """The figures, as Markdown."""
    libraries = ", ".join(f"{name} {version(name)}" for name in ("boto3", "botocore", "pydantic", "urllib3"))
    growth = findings.growth()
    leaks = len(findings.leaks()) + len(left)
    return [
        f"Of {time.strftime('%Y-%m-%d', time.gmtime())}, on {os.cpu_count()} CPUs, with Python "
        f"{platform.python_version()}, {libraries}; seed {seed}.",
        "",
        "| | |",
        "|---|---|",
        f"| operations, faults and clients tried, each with each | {tried:,} of {of:,}: {len(NAMES)}, "
        f"{len(ALL)} and 2; answers of megabytes with three operations |",
        f"| calls made in all | {calls:,} |",
        f"| acts by chance | {findings.acts:,} |",
        f"| exceptions outside our tree | {len(findings.outside)} |",
        f"| wrong answers, and ends too late | {len(findings.wrong)} |",
        f"| leaks | {leaks} |",
        "",
        "What the process holds while nothing is under way and its clients are closed, in "
        f"{len(findings.samples)} samples: the median of the first third after the warm-up, and that of the last.",
        "",
        "| | first third | last third |",
        "|---|---|---|",
        *(f"| {name} | {before:,.6g} | {after:,.6g} |" for name, (before, after) in growth.items()),
        "",
        "| what was raised by chance | |",
        "|---|---|",
        *(f"| `{name}` | {count:,} |" for name, count in findings.errors.most_common()),
    ]


def write(page: Path, marker: str, text: str) -> None:
    """Put a text between two markers of a page."""
    pattern = rf"(<!-- {marker} -->\n).*?(<!-- /{marker} -->)"
    page.write_text(re.sub(pattern, lambda found: f"{found[1]}{text}\n{found[2]}", page.read_text(), flags=re.DOTALL))


if __name__ == "__main__":
    sys.exit(main())
