"""Checks the built wheel as its users install it: with each Python, old and new boto3, with and without stubs.

Each environment has the wheel, its dependencies and, in a second round, stubs for boto3. The type checkers are those of
the environment that this runs in.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.support.checkers import CHECKERS, SAMPLES, copy_samples, unexpected

ROOT = Path(__file__).parents[2]
VERSIONS = ("3.11", "3.12", "3.13")
SUFFIXES = ("", "-oldest")
"""Of the files in requirements/ with the newest and the oldest versions."""


def python_of(version: str) -> str | None:
    """The Python of this version, if it is installed. A pyenv shim needs the version in a variable."""
    try:
        found = subprocess.run(
            [f"python{version}", "-c", "import sys; print(sys.executable)"],
            env={**os.environ, "PYENV_VERSION": version},
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return found.stdout.strip()


def run(*command: str, path: Path | None = None, statuses: tuple[int, ...] = (0,)) -> str:
    """The output of a command. It runs in an empty folder, so that it finds nothing of this repository."""
    environment = {**os.environ, "PYRIGHT_PYTHON_IGNORE_WARNINGS": "1"}
    if path is not None:
        environment["PATH"] = f"{path}{os.pathsep}{environment['PATH']}"
    with tempfile.TemporaryDirectory() as empty:
        done = subprocess.run(command, cwd=empty, env=environment, capture_output=True, text=True, check=False)
    if done.returncode not in statuses:
        raise AssertionError(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
    return done.stdout.strip()


def install(python: str, *arguments: str) -> None:
    """Install packages for a Python that has no pip."""
    quiet = ("--quiet", "--disable-pip-version-check", "--no-compile")
    run(sys.executable, "-m", "pip", "--python", python, "install", *quiet, *arguments)


def pinned(name: str) -> tuple[str, ...]:
    """pip's arguments for a file of requirements/."""
    return "--require-hashes", "--requirement", str(ROOT / "requirements" / f"{name}.txt")


def install_dependencies(python: str, suffix: str, folder: Path) -> None:
    """Install the dependencies of unisync, and nothing else, in the versions that its tests run with."""
    lock = (ROOT / "requirements" / f"{'oldest' if suffix else 'test'}.txt").read_text()
    constraints = folder / "constraints.txt"
    constraints.write_text("\n".join(re.findall(r"^[a-z0-9._-]+==\S+", lock, flags=re.MULTILINE)))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    install(python, "--constraint", str(constraints), *project["dependencies"])


def check_samples(python: str, label: str) -> Iterator[str]:
    """Run every type checker on the samples."""
    for name, check in CHECKERS.items():
        began = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            copy_samples(Path(folder))
            problems = unexpected(name, check(Path(folder), python))
        yield from (f"FAILED  {label}: {each}" for each in problems)
        if not problems:
            yield f"ok      {label}: {name}, in {time.monotonic() - began:.1f} s"


def check_completeness(python: str, label: str) -> str:
    """Check that every public symbol has a known type."""
    # pyright uses the first Python on the PATH.
    output = run(
        *(sys.executable, "-m", "pyright", "--verifytypes", "unisync", "--ignoreexternal", "--outputjson"),
        path=Path(python).parent,
        statuses=(0, 1),
    )
    report = json.loads(output)["typeCompleteness"]
    counts = report["exportedSymbolCounts"]
    package = Path(report["packageRootDirectory"])
    unknown = [
        each["name"]
        for each in report["symbols"]
        if each["isExported"] and (each["isTypeAmbiguous"] or not each["isTypeKnown"])
        # The command's own extra is not installed here.
        if not each["name"].startswith("unisync.cli.")
    ]
    if unknown or not package.is_relative_to(Path(python).parents[1]):
        return f"FAILED  {label}: in {package}, these have no known type: {', '.join(unknown)}"
    return f"ok      {label}: {counts['withKnownType']} of {sum(counts.values())} exported symbols have a known type"


def check(wheel: Path, version: str, suffix: str, folder: Path) -> list[str]:
    """Check the wheel with one Python, and with the newest or the oldest dependencies."""
    base = python_of(version)
    if base is None:
        return [f"skipped {version}: there is no python{version} on this machine"]
    label = f"{version}, {suffix.removeprefix('-') or 'newest'}"
    lines: list[str] = []
    try:
        for line in run_checks(base, wheel, version, suffix, folder, label):
            lines.append(line)  # noqa: PERF402  # keeps the lines before an error
    except AssertionError as error:
        lines.append(f"FAILED  {label}: {error}")
    print(*lines, sep="\n", flush=True)
    return lines


def run_checks(base: str, wheel: Path, version: str, suffix: str, folder: Path, label: str) -> Iterator[str]:
    """The same checks, each of which yields a line."""
    run(base, "-m", "venv", "--without-pip", str(folder))
    python = str(folder / "bin" / "python")
    install_dependencies(python, suffix, folder)
    if (version, suffix) == (VERSIONS[0], ""):
        # The checks are worth nothing if a checker finds another unisync.
        with tempfile.TemporaryDirectory() as samples:
            copy_samples(Path(samples))
            wrong = [name for name, check in CHECKERS.items() if not unexpected(name, check(Path(samples), python))]
        yield from (f"FAILED  {label}: {name} finds unisync where it is not installed" for name in wrong)
    install(python, "--no-deps", str(wheel))
    try:
        yield f"ok      {label}: {run(python, '-P', '-W', 'error', str(Path(__file__).with_name('inside.py')))}"
    except AssertionError as error:
        yield f"FAILED  {label}: {error}"
    if not suffix:
        yield check_completeness(python, label)
    # All combinations with the first Python; with the others, the newest with stubs and the oldest without.
    if suffix or version == VERSIONS[0]:
        yield from check_samples(python, f"{label}, no stubs")
    if not suffix or version == VERSIONS[0]:
        install(python, *pinned(f"stubs{suffix}"))
        yield from check_samples(python, f"{label}, stubs")


def main() -> int:
    """Check the wheel with each Python, two at a time."""
    began = time.monotonic()
    os.environ.pop("PYTHONPATH", None)
    with tempfile.TemporaryDirectory() as work:
        subprocess.run(
            [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", work],
            cwd=ROOT,
            check=True,
            capture_output=True,
        )
        (wheel,) = Path(work).glob("*.whl")
        cases = [(version, suffix) for version in VERSIONS for suffix in SUFFIXES]
        with ThreadPoolExecutor(2) as threads:
            folders = [Path(work, version + suffix) for version, suffix in cases]
            results = threads.map(check, [wheel] * len(cases), *zip(*cases, strict=True), folders)
            lines = [line for result in results for line in result]
    failed = sum(line.startswith("FAILED") for line in lines)
    passed = sum(line.startswith("ok") for line in lines)
    size = sum(len(sample.read_text().splitlines()) for sample in SAMPLES.glob("*.py"))
    print(f"{passed} passed, {failed} failed; {size} lines of samples; {time.monotonic() - began:.0f} s")
    return min(failed, 1)


if __name__ == "__main__":
    sys.exit(main())
