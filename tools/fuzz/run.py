"""Fuzzes each target for a while, and runs the state machines with more examples than the test suite does.

`python -m tools.fuzz.run [--seconds N] [--markdown FILE]` prints the figures, and writes them into the file between the
lines `<!-- fuzz -->` and `<!-- /fuzz -->`. It exits with 1 if it found anything; the inputs are kept in
`tools/fuzz/found/`.
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

TARGETS = ("references", "responses", "errors", "texts")
DEEP = ("tests/emulator/test_lifecycles.py", "tests/waiters/test_interleavings.py")
"""The tests that hypothesis runs with more examples."""
FINDINGS = Path("tools/fuzz/found")
BEGIN, END = "<!-- fuzz -->", "<!-- /fuzz -->"
_MAX_LENGTH = 4096
_SECONDS_PER_INPUT = 30
_SUMMARY = re.compile(r"#(\d+)\s+DONE\s+cov: (\d+) ft: (\d+) corp: (\d+)/")
_TESTS = re.compile(r"(\d+) (passed|failed|error)")


class Figures(NamedTuple):
    """The results of a target."""

    name: str
    seconds: float
    executions: int
    coverage: int
    features: int
    corpus: int
    results: dict[str, int]
    """How often each kind of result occurred."""
    findings: dict[str, str]
    """The file of each kind of failure."""


class Deep(NamedTuple):
    """The results of the state machines."""

    seconds: float
    passed: int
    failed: int


def fuzz(name: str, seconds: int, directory: Path) -> Figures:
    """Fuzz a target in a separate process."""
    corpus = directory / "corpus"
    corpus.mkdir(parents=True)
    for seed in importlib.import_module(f"tools.fuzz.{name}").seeds():
        (corpus / hashlib.sha256(seed).hexdigest()[:20]).write_bytes(seed)
    began = time.monotonic()
    done = subprocess.run(
        [
            *(sys.executable, "-m", "tools.fuzz.harness", name, str(directory), str(corpus)),
            *(f"-max_total_time={seconds}", f"-max_len={_MAX_LENGTH}", f"-timeout={_SECONDS_PER_INPUT}"),
            *("-rss_limit_mb=2048", f"-artifact_prefix={directory}/finding-"),
        ],
        capture_output=True,
        text=True,
        errors="backslashreplace",
        check=False,
    )
    took = time.monotonic() - began
    tally_file = directory / "tally.json"
    tally: Any = json.loads(tally_file.read_text()) if tally_file.exists() else {"results": {}, "findings": {}}
    findings: dict[str, str] = dict(tally["findings"])
    last: tuple[str, ...] | None = next(iter(_SUMMARY.findall(done.stderr)), None)
    if done.returncode or last is None:
        # A hang, a crash of the interpreter, or too much memory: libFuzzer kept the input.
        kept = [path.name for path in directory.glob("finding-*-*")]
        findings[f"the process ended with {done.returncode}"] = ", ".join(kept) or "no input"
        (directory / "finding-end.txt").write_text(done.stderr[-20_000:])
    executions, coverage, features, size = map(int, last or "0000")
    return Figures(name, took, executions, coverage, features, size, tally["results"], findings)


def deep() -> Deep:
    """Run the state machines with the deep profile of hypothesis."""
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *DEEP],
        env={**os.environ, "HYPOTHESIS_PROFILE": "deep"},
        capture_output=True,
        text=True,
        check=False,
    )
    counts = {name: int(number) for number, name in _TESTS.findall(done.stdout)}
    if done.returncode:
        print(done.stdout[-20_000:])
    failed = counts.get("failed", 0) + counts.get("error", 0) or int(done.returncode != 0)
    return Deep(time.monotonic() - began, counts.get("passed", 0), failed)


def row(each: Figures) -> str:
    """The figures of a target, as Markdown."""
    by_count = sorted(each.results.items(), key=lambda result: -result[1])
    results = ", ".join(f"{name} {count:,}" for name, count in by_count[:8]) + (", …" if len(by_count) > 8 else "")
    return (
        f"| {each.name} | {each.seconds:.0f} | {each.executions:,} | {each.coverage:,} | {each.features:,} "
        f"| {each.corpus:,} | {len(each.findings)} | {results} |"
    )


def table(figures: Sequence[Figures], machines: Deep) -> Iterator[str]:
    """All figures, as Markdown."""
    yield "| target | seconds | inputs | edges | features | corpus | found | results |"
    yield "|---|---|---|---|---|---|---|---|"
    yield from map(row, figures)
    yield ""
    yield (
        f"State machines and interleavings, with more examples: {machines.passed} passed and {machines.failed} failed "
        f"in {machines.seconds:.0f} s."
    )


def write(lines: Sequence[str], path: Path) -> None:
    """Put the lines between the markers of the file. Create the file if it does not exist."""
    page = path.read_text() if path.exists() else f"# Reliability\n\n{BEGIN}\n{END}\n"
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise SystemExit(f"{path}: expected the lines {BEGIN} and {END}")
    text = "\n".join(lines)
    path.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}")


def main() -> None:
    """Fuzz as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=60, help="duration of each target (default: %(default)s)")
    parser.add_argument("--markdown", type=Path, help="also write the figures into this file")
    options = parser.parse_args()
    shutil.rmtree(FINDINGS, ignore_errors=True)
    figures: list[Figures] = []
    for name in TARGETS:
        print(f"Fuzzing {name} for {options.seconds} s", flush=True)
        with tempfile.TemporaryDirectory(prefix="unisync-fuzz-") as directory:
            figures.append(fuzz(name, options.seconds, Path(directory, name)))
            for path in Path(directory, name).glob("finding-*"):
                (FINDINGS / name).mkdir(parents=True, exist_ok=True)
                shutil.copy(path, FINDINGS / name)
        print(row(figures[-1]), flush=True)
    print("Running the state machines", flush=True)
    machines = deep()
    lines = list(table(figures, machines))
    print(lines[-1])
    for each in figures:
        for kind, file in each.findings.items():
            print(f"{each.name}: {kind}: {FINDINGS / each.name / file}")
    if options.markdown is not None:
        write(lines, options.markdown)
    sys.exit(bool(machines.failed or any(each.findings for each in figures)))


if __name__ == "__main__":
    main()
