"""`make bench`: run the benchmarks and print their results. A missed target is reported, but fails nothing."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import tempfile
import time
from pathlib import Path
from typing import Any

from tools.bench.environment import describe_machine, isolate
from tools.bench.results import Section

BENCHMARKS = (
    "calls",
    "startup",
    "tls",
    "accounts",
    "throughput",
    "stalled",
    "simulated_waits",
    "real_time_waits",
    "single_waits",
    "partial_failures",
)
"""The modules of the benchmarks. Each has a `section(quick)` that runs it and returns its results."""

HEADER = """# Benchmarks

`make bench` wrote this file on one machine. Alternatives were measured in turn or at the same time, against servers on
the same machine and against simulations. None of this measures AWS itself, which publishes neither its rate limits nor
its response times.
"""


def main() -> None:
    """Run the benchmarks that the command line selects."""
    parser = argparse.ArgumentParser(description="Compare what unisync costs with boto3 and hand-written code.")
    parser.add_argument("--quick", action="store_true", help="run only a few rounds, to check that everything works")
    parser.add_argument("--only", choices=BENCHMARKS, action="append", help="run only this benchmark (repeatable)")
    parser.add_argument("--json", metavar="FILE", help="also write the figures to FILE")
    parser.add_argument("--markdown", metavar="FILE", help="also write the tables to FILE")
    options = parser.parse_args()

    machine = describe_machine() | {"Date": time.strftime("%Y-%m-%d", time.gmtime())}
    machine["Load"] = f"{os.getloadavg()[0]:.1f} (1-minute average) at the start"
    for name, value in machine.items():
        print(f"{name:10}{value}")
    sections: dict[str, Section] = {}
    with tempfile.TemporaryDirectory() as home:
        isolate(home)
        for name in options.only or BENCHMARKS:
            began = time.monotonic()
            # Imported only now, since boto3 reads some of its settings when it is imported.
            sections[name] = importlib.import_module(f"tools.bench.{name}").section(options.quick)
            print(f"\n{sections[name].text()}\n({time.monotonic() - began:.0f} s)", flush=True)

    if options.json:
        figures: dict[str, Any] = {"machine": machine}
        figures |= {name: section.figures for name, section in sections.items()}
        Path(options.json).write_text(json.dumps(figures, indent=2) + "\n")
    if options.markdown:
        lines = "\n".join(f"- {name}: {value}" for name, value in machine.items())
        parts = [HEADER, lines, *(section.markdown() for section in sections.values())]
        Path(options.markdown).write_text("\n\n".join(part.strip() for part in parts) + "\n")


if __name__ == "__main__":
    main()
