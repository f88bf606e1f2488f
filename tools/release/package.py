"""Build the distributions of the current commit into dist/package/, and check them.

    python -m tools.release.package

They are built twice, from copies that differ in path, times, permissions, locale and time zone: both builds must be
equal byte for byte, and so must be the wheel that is built from the sdist.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

from pathspec import GitIgnoreSpec

from tools.release.repository import ROOT, git

OUTPUT = ROOT / "dist" / "package"
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def export(folder: Path) -> None:
    """Write the files of the current commit to a folder."""
    folder.mkdir(parents=True)
    archive = folder.with_suffix(".tar")
    git("archive", "--output", str(archive), "HEAD")
    with tarfile.open(archive) as files:
        files.extractall(folder, filter="tar")
    archive.unlink()


def build(source: Path, output: Path, *targets: str, **environment: str) -> dict[str, bytes]:
    """Build distributions, and return their contents by name."""
    wanted = [option for target in targets for option in ("--target", target)]
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--directory", str(output), *wanted],
        cwd=source,
        env={**os.environ, **environment},
        check=True,
        capture_output=True,
    )
    return {file.name: file.read_bytes() for file in sorted(output.iterdir())}


def build_twice(work: Path) -> dict[str, bytes]:
    """Build the distributions from two copies of the commit, and a wheel from the sdist. Return the first build."""
    export(work / "one")
    first = build(work / "one", work / "first", "sdist", "wheel", TZ="UTC", LC_ALL="C", PYTHONHASHSEED="1")
    export(work / "another" / "folder")
    for file in (work / "another").rglob("*"):
        file.chmod(file.stat().st_mode & 0o700)
        os.utime(file, (1_500_000_000, 1_500_000_000))
    other = {"TZ": "Asia/Tokyo", "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "2"}
    second = build(work / "another" / "folder", work / "second", "sdist", "wheel", **other)
    assert first == second, "Two builds of the same commit differ."
    sdist = next(work.glob("first/*.tar.gz"))
    with tarfile.open(sdist) as files:
        files.extractall(work / "unpacked", filter="data")
    (unpacked,) = (work / "unpacked").iterdir()
    from_sdist = build(unpacked, work / "third", "wheel")
    assert from_sdist.items() <= first.items(), "The wheel that is built from the sdist differs."
    return first


def check_files(sdist: Path) -> None:
    """Check that the sdist has every tracked file, except those that pyproject.toml excludes."""
    excluded = GitIgnoreSpec.from_lines(PROJECT["tool"]["hatch"]["build"]["targets"]["sdist"]["exclude"])
    tracked = git("ls-tree", "-r", "--name-only", "-z", "HEAD").rstrip("\0").split("\0")
    expected = {file for file in tracked if not excluded.match_file(file)} | {"PKG-INFO"}
    with tarfile.open(sdist) as files:
        found = {file.name.partition("/")[2] for file in files}
    assert found == expected, f"The sdist has other files than expected: {sorted(found ^ expected)}"
    counts = Counter(file.partition("/")[0] for file in found)
    print("sdist:", ", ".join(f"{name} {count}" for name, count in sorted(counts.items())))


def run(*command: str) -> None:
    """Run a checker. Its output is shown if it fails."""
    done = subprocess.run([sys.executable, "-m", *command], capture_output=True, text=True, check=False)
    if done.returncode:
        raise AssertionError(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
    print(f"{command[0]}: ok")


def main() -> int:
    if git("status", "--porcelain", "--untracked-files=no"):
        print("Uncommitted changes are not built.")
    with tempfile.TemporaryDirectory() as work:
        files = build_twice(Path(work))
    OUTPUT.mkdir(parents=True, exist_ok=True)
    for old in OUTPUT.iterdir():
        old.unlink()
    for name, content in files.items():
        (OUTPUT / name).write_bytes(content)
    paths = [str(OUTPUT / name) for name in files]
    (sdist,) = OUTPUT.glob("*.tar.gz")
    (wheel,) = OUTPUT.glob("*.whl")
    check_files(sdist)
    run("twine", "check", "--strict", *paths)
    run("check_wheel_contents", str(wheel))
    # The project has no address for e-mail.
    run("pyroma", "--min", "10", "--skip-tests", "AuthorEmail", str(sdist))
    for name, content in files.items():
        print(f"{hashlib.sha256(content).hexdigest()}  {name}  {len(content):,} bytes, built twice")
    return 0


if __name__ == "__main__":
    sys.exit(main())
