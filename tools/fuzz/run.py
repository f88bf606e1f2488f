"""Fuzzes each target for a while, runs the state machines deeper than a suite may, and tells what came of it.

`python -m tools.fuzz.run [--seconds N] [--markdown FILE]`: the figures go to the terminal, and into the file between the
lines `<!-- fuzz -->` and `<!-- /fuzz -->`. It ends with 1 if anything was found; the inputs stay in `tools/fuzz/found/`.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

TARGETS = ("references", "replies", "errors", "texts")
DEEP = ("tests/emulator/test_lifecycles.py", "tests/waiters/test_interleavings.py")
"""What hypothesis goes through more of, with more examples."""
FOUND = Path("tools/fuzz/found")
BEGIN, END = "<!-- fuzz -->", "<!-- /fuzz -->"
_LONGEST = 4096
_SECONDS_AN_INPUT = 30
_SUMMARY = re.compile(r"#(\d+)\s+DONE\s+cov: (\d+) ft: (\d+) corp: (\d+)/")
_TESTS = re.compile(r"(\d+) (passed|failed|error)")


class Figures(NamedTuple):
    """What came of a target."""

    name: str
    seconds: float
    executions: int
    coverage: int
    features: int
    corpus: int
    outcomes: dict[str, int]
    findings: dict[str, str]
    """A file by what was found."""


class Deep(NamedTuple):
    """What came of the state machines."""

    seconds: float
    passed: int
    failed: int


def fuzzed(name: str, seconds: int, directory: Path) -> Figures:
    """Fuzz a target, in a process of its own."""
    corpus = directory / "corpus"
    corpus.mkdir(parents=True)
    for seed in importlib.import_module(f"tools.fuzz.{name}").seeds():
        (corpus / hashlib.sha256(seed).hexdigest()[:20]).write_bytes(seed)
    began = time.monotonic()
    done = subprocess.run(
        [
            *(sys.executable, "-m", "tools.fuzz.harness", name, str(directory), str(corpus)),
            *(f"-max_total_time={seconds}", f"-max_len={_LONGEST}", f"-timeout={_SECONDS_AN_INPUT}"),
            *("-rss_limit_mb=2048", f"-artifact_prefix={directory}/finding-"),
        ],
        capture_output=True,
        text=True,
        errors="backslashreplace",
        check=False,
    )
    took = time.monotonic() - began
    tally_file = directory / "tally.json"
    tally: Any = json.loads(tally_file.read_text()) if tally_file.exists() else {"outcomes": {}, "findings": {}}
    findings: dict[str, str] = dict(tally["findings"])
    last: tuple[str, ...] | None = next(iter(_SUMMARY.findall(done.stderr)), None)
    if done.returncode or last is None:
        # A hang, a crash of the interpreter, or too much memory: libFuzzer has kept the input.
        kept = [path.name for path in directory.glob("finding-*-*")]
        findings[f"the process ended with {done.returncode}"] = ", ".join(kept) or "no input"
        (directory / "finding-end.txt").write_text(done.stderr[-20_000:])
    executions, coverage, features, size = map(int, last or "0000")
    return Figures(name, took, executions, coverage, features, size, tally["outcomes"], findings)


def deep() -> Deep:
    """Run what hypothesis goes through, with its deep profile."""
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *DEEP],
        env={**os.environ, "HYPOTHESIS_PROFILE": "deep"},
        capture_output=True,
        text=True,
        check=False,
    )
    counts = {word: int(number) for number, word in _TESTS.findall(done.stdout)}
    if done.returncode:
        print(done.stdout[-20_000:])
    failed = counts.get("failed", 0) + counts.get("error", 0) or int(done.returncode != 0)
    return Deep(time.monotonic() - began, counts.get("passed", 0), failed)


def row(each: Figures) -> str:
    """The figures of a target, as Markdown."""
    told = sorted(each.outcomes.items(), key=lambda outcome: -outcome[1])
    came = ", ".join(f"{name} {count:,}" for name, count in told[:8]) + (", …" if len(told) > 8 else "")
    return (
        f"| {each.name} | {each.seconds:.0f} | {each.executions:,} | {each.coverage:,} | {each.features:,} "
        f"| {each.corpus:,} | {len(each.findings)} | {came} |"
    )


def table(figures: Sequence[Figures], machines: Deep) -> Iterator[str]:
    """All figures, as Markdown."""
    yield "| target | seconds | inputs | edges | features | corpus | found | what came of them |"
    yield "|---|---|---|---|---|---|---|---|"
    yield from map(row, figures)
    yield ""
    yield (
        f"State machines and interleavings, deep: {machines.passed} passed and {machines.failed} failed "
        f"in {machines.seconds:.0f} s."
    )


def write(lines: Sequence[str], path: Path) -> None:
    """Put the lines where the file has room for them; make the file if there is none."""
    page = path.read_text() if path.exists() else f"# Reliability\n\n{BEGIN}\n{END}\n"
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise SystemExit(f"{path}: expected the lines {BEGIN} and {END}")
    told = "\n".join(lines)
    path.write_text(f"{before}{BEGIN}\n{told}\n{END}{after}")


def main() -> None:
    """Do all of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument("--markdown", type=Path, help="the file that the figures go into")
    asked = parser.parse_args()
    shutil.rmtree(FOUND, ignore_errors=True)
    figures: list[Figures] = []
    for name in TARGETS:
        print(f"Fuzzing {name} for {asked.seconds} s", flush=True)
        with tempfile.TemporaryDirectory(prefix="unisync-fuzz-") as directory:
            figures.append(fuzzed(name, asked.seconds, Path(directory, name)))
            for path in Path(directory, name).glob("finding-*"):
                (FOUND / name).mkdir(parents=True, exist_ok=True)
                shutil.copy(path, FOUND / name)
        print(row(figures[-1]), flush=True)
    print("Running the state machines", flush=True)
    machines = deep()
    lines = list(table(figures, machines))
    print(lines[-1])
    for each in figures:
        for kind, file in each.findings.items():
            print(f"{each.name}: {kind}: {FOUND / each.name / file}")
    if asked.markdown is not None:
        write(lines, asked.markdown)
    sys.exit(bool(machines.failed or any(each.findings for each in figures)))


if __name__ == "__main__":
    main()
