"""`make bench`: what unisync costs next to others. It measures and tells; nothing fails for being slow."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import tempfile
import time
from pathlib import Path
from typing import Any

from tools.bench.figures import Section
from tools.bench.surroundings import isolate, machine

MEASURES = (
    "calls",
    "starts",
    "tls",
    "accounts",
    "fleet",
    "waiting_many",
    "waiting_really",
    "single_waits",
    "failing_fleet",
)
"""The modules of the measures. Each has a `section(quick)` that measures and gives what came of it."""

HEAD = """# Benchmarks

What `make bench` measured, on one machine; what is compared was measured by turns, or at the same time. It was
measured against servers on the same machine and against simulations. Nothing here says how AWS itself behaves: what it
allows, and how fast it answers, is not published, and was not tried.
"""


def main() -> None:
    """Measure as the command line says."""
    parser = argparse.ArgumentParser(description="Measure what unisync costs next to others.")
    parser.add_argument("--quick", action="store_true", help="a few rounds only, to see that it runs")
    parser.add_argument("--only", choices=MEASURES, action="append", help="this measure alone; can be repeated")
    parser.add_argument("--json", metavar="FILE", help="also write the figures to FILE")
    parser.add_argument("--markdown", metavar="FILE", help="also write the tables to FILE")
    options = parser.parse_args()

    about = machine() | {"Date": time.strftime("%Y-%m-%d", time.gmtime())}
    about["Load"] = f"{os.getloadavg()[0]:.1f} before it was measured: what else the machine had to do"
    for name, value in about.items():
        print(f"{name:10}{value}")
    sections: dict[str, Section] = {}
    with tempfile.TemporaryDirectory() as home:
        isolate(home)
        for name in options.only or MEASURES:
            began = time.monotonic()
            # Late, as boto3 reads some of its settings when it is imported.
            sections[name] = importlib.import_module(f"tools.bench.{name}").section(options.quick)
            print(f"\n{sections[name].text()}\n({time.monotonic() - began:.0f} s)", flush=True)

    if options.json:
        figures: dict[str, Any] = {"machine": about}
        figures |= {name: section.figures for name, section in sections.items()}
        Path(options.json).write_text(json.dumps(figures, indent=2) + "\n")
    if options.markdown:
        lines = "\n".join(f"- {name}: {value}" for name, value in about.items())
        parts = [HEAD, lines, *(section.markdown() for section in sections.values())]
        Path(options.markdown).write_text("\n\n".join(part.strip() for part in parts) + "\n")


if __name__ == "__main__":
    main()
