"""Looks at unisync as those do who install its wheel: with each Python, old and new boto3, with and without stubs.

In environments made for it, which hold the wheel, what it needs, and, in a second round, stubs for boto3. The type
checkers are those of the environment that this runs in.
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
ENDS = ("", "-oldest")
"""Of what unisync needs, and of stubs: the pins in requirements/ whose names end so."""


def python_of(version: str) -> str | None:
    """A Python of this version, if there is one here. A pyenv shim answers only when its version is asked for."""
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


def run(*command: str, path: Path | None = None, ends_with: tuple[int, ...] = (0,)) -> str:
    """What a command prints, run where nothing of this repository is found."""
    environment = {**os.environ, "PYRIGHT_PYTHON_IGNORE_WARNINGS": "1"}
    if path is not None:
        environment["PATH"] = f"{path}{os.pathsep}{environment['PATH']}"
    with tempfile.TemporaryDirectory() as nowhere:
        done = subprocess.run(command, cwd=nowhere, env=environment, capture_output=True, text=True, check=False)
    if done.returncode not in ends_with:
        raise AssertionError(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
    return done.stdout.strip()


def install(python: str, *what: str) -> None:
    """Install into the environment of a Python, which needs no pip of its own."""
    quiet = ("--quiet", "--disable-pip-version-check", "--no-compile")
    run(sys.executable, "-m", "pip", "--python", python, "install", *quiet, *what)


def pinned(name: str) -> tuple[str, ...]:
    """pip's arguments for the pins in a file of requirements/."""
    return "--require-hashes", "--requirement", str(ROOT / "requirements" / f"{name}.txt")


def install_dependencies(python: str, end: str, folder: Path) -> None:
    """Install what unisync depends on, and nothing else, in the versions that its tests run with."""
    lock = (ROOT / "requirements" / f"{'oldest' if end else 'test'}.txt").read_text()
    constraints = folder / "constraints.txt"
    constraints.write_text("\n".join(re.findall(r"^[a-z0-9._-]+==\S+", lock, flags=re.MULTILINE)))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    install(python, "--constraint", str(constraints), *project["dependencies"])


def checked(python: str, label: str) -> Iterator[str]:
    """Hold the samples against every checker."""
    for name, check in CHECKERS.items():
        began = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            copy_samples(Path(folder))
            found = unexpected(name, check(Path(folder), python))
        yield from (f"FAILED  {label}: {each}" for each in found)
        if not found:
            yield f"ok      {label}: {name}, in {time.monotonic() - began:.1f} s"


def completeness(python: str, label: str) -> str:
    """How much of what is public has a known type. What pydantic leaves unknown is not ours."""
    # pyright looks at the first Python on the PATH.
    said = run(
        *(sys.executable, "-m", "pyright", "--verifytypes", "unisync", "--ignoreexternal", "--outputjson"),
        path=Path(python).parent,
        ends_with=(0, 1),
    )
    found = json.loads(said)["typeCompleteness"]
    counts = found["exportedSymbolCounts"]
    where = Path(found["packageRootDirectory"])
    others = [
        each["name"]
        for each in found["symbols"]
        if each["isExported"] and (each["isTypeAmbiguous"] or not each["isTypeKnown"])
    ]
    if others or found["completenessScore"] != 1 or not where.is_relative_to(Path(python).parents[1]):
        return f"FAILED  {label}: in {where}, these have no known type: {', '.join(others)}"
    return f"ok      {label}: {counts['withKnownType']} of {sum(counts.values())} exported symbols have a known type"


def looked_at(wheel: Path, version: str, end: str, folder: Path) -> list[str]:
    """What is found with one Python and one end of what unisync needs."""
    base = python_of(version)
    if base is None:
        return [f"skipped {version}: there is no python{version} on this machine"]
    label = f"{version}, {end.removeprefix('-') or 'newest'}"
    lines: list[str] = []
    try:
        for line in looked_at_with(base, wheel, version, end, folder, label):
            lines.append(line)  # noqa: PERF402  # those before an error count
    except AssertionError as error:
        lines.append(f"FAILED  {label}: {error}")
    print(*lines, sep="\n", flush=True)
    return lines


def looked_at_with(base: str, wheel: Path, version: str, end: str, folder: Path, label: str) -> Iterator[str]:
    """The same, line by line."""
    run(base, "-m", "venv", "--without-pip", str(folder))
    python = str(folder / "bin" / "python")
    install_dependencies(python, end, folder)
    if (version, end) == (VERSIONS[0], ""):
        # That a checker complains of nothing says little where it finds another unisync.
        with tempfile.TemporaryDirectory() as samples:
            copy_samples(Path(samples))
            strangers = [name for name, check in CHECKERS.items() if not unexpected(name, check(Path(samples), python))]
        yield from (f"FAILED  {label}: {name} finds unisync where it is not installed" for name in strangers)
    install(python, "--no-deps", str(wheel))
    try:
        yield f"ok      {label}: {run(python, '-P', '-W', 'error', str(Path(__file__).with_name('inside.py')))}"
    except AssertionError as error:
        yield f"FAILED  {label}: {error}"
    if not end:
        yield completeness(python, label)
    # The first Python has all there is; the others the newest with stubs, and the oldest without.
    if end or version == VERSIONS[0]:
        yield from checked(python, f"{label}, no stubs")
    if not end or version == VERSIONS[0]:
        install(python, *pinned(f"stubs{end}"))
        yield from checked(python, f"{label}, stubs")


def main() -> int:
    """Look with each Python, two at a time."""
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
        asked = [(version, end) for version in VERSIONS for end in ENDS]
        with ThreadPoolExecutor(2) as two:
            folders = [Path(work, version + end) for version, end in asked]
            results = two.map(looked_at, [wheel] * len(asked), *zip(*asked, strict=True), folders)
            lines = [line for found in results for line in found]
    failed = sum(line.startswith("FAILED") for line in lines)
    passed = sum(line.startswith("ok") for line in lines)
    size = sum(len(sample.read_text().splitlines()) for sample in SAMPLES.glob("*.py"))
    print(f"{passed} passed, {failed} failed; {size} lines of samples; {time.monotonic() - began:.0f} s")
    return min(failed, 1)


if __name__ == "__main__":
    sys.exit(main())
