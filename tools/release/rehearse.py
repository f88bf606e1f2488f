"""Rehearse a release in a clone of the repository, up to the upload.

    python -m tools.release.rehearse

It takes the environment of this repository, so nothing is installed but what `make package` installs.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from tools.release.__main__ import current_version, parsed
from tools.release.changelog import UNRELEASED, section
from tools.release.repository import ROOT

IDENTITY = {
    f"GIT_{role}_{what}": value
    for role in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "Rehearsal"), ("EMAIL", "rehearsal@example.invalid"))
}


class Clone:
    """A clone of the repository, with the commands of a maintainer and of the release workflow."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        subprocess.run(["git", "clone", "--quiet", "--no-tags", str(ROOT), str(folder)], check=True)
        # Older than the environment, so that make does not install the clone there.
        for file in (folder / "pyproject.toml", *folder.glob("requirements/*.txt")):
            os.utime(file, (0, 0))

    def run(self, *command: str, fails: bool = False, **environment: str) -> str:
        """Run a command that must succeed, or must fail, and return its output."""
        done = subprocess.run(
            command,
            cwd=self.folder,
            env={**os.environ, **IDENTITY, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert bool(done.returncode) == fails, f"{' '.join(command)}\n{done.stdout}"
        return done.stdout

    def make(self, *targets: str, fails: bool = False, **environment: str) -> str:
        """Run make with the tools of this repository."""
        return self.run("make", "--silent", f"VENV={ROOT / '.venv'}", *targets, fails=fails, **environment)

    def read(self, name: str) -> str:
        return (self.folder / name).read_text("utf-8")


def rehearse(clone: Clone) -> None:
    """Cut a release, and do what the workflow does with its tag."""
    major, minor, _ = parsed(current_version())
    version = f"{major}.{minor + 1}.0"
    tag = f"v{version}"
    unreleased = section(clone.read("CHANGELOG.md"), "Unreleased")

    assert "not '1.0'" in clone.make("release", "VERSION=1.0", fails=True)
    assert "older" in clone.make("release", "VERSION=0.0.1", fails=True)
    (clone.folder / "changes" / "wrong.md").write_text("An entry without a kind.")
    clone.run("git", "add", ".")
    assert "not committed" in clone.make("release", f"VERSION={version}", fails=True)
    clone.run("git", "commit", "--quiet", "--message", "Add a wrong entry")
    assert "wrong.md" in clone.make("release", f"VERSION={version}", fails=True)
    clone.run("git", "mv", "changes/wrong.md", "changes/+rehearsal.security.md")
    clone.run("git", "commit", "--quiet", "--message", "Add an entry")
    clone.make("release-check", fails=True, TAG=tag)

    print(clone.make("release", f"VERSION={version}").strip())
    assert clone.run("git", "status", "--porcelain") == ""
    assert clone.run("git", "log", "-1", "--format=%s").strip() == f"Release {version}"
    assert clone.run("git", "cat-file", "-t", tag).strip() == "tag"
    assert clone.run("git", "tag", "--points-at", "HEAD").split() == sorted([f"v{max(major, 1)}", tag])
    assert sorted(file.name for file in (clone.folder / "changes").iterdir()) == ["README.md"]
    changelog = clone.read("CHANGELOG.md")
    notes = section(changelog, version)
    assert section(changelog, "Unreleased") == ""
    assert changelog.index(UNRELEASED) < changelog.index(f"## [{version}]")
    entries = [line for line in unreleased.splitlines() if line.startswith("- ")]
    assert [line for line in notes.splitlines() if line in entries] == entries
    assert "### Security\n\n- An entry without a kind." in notes
    assert "exists" in clone.make("release", f"VERSION={version}", fails=True)

    # The workflow, in the clone that the tag has checked out.
    assert "but the version is" in clone.make("release-check", fails=True, TAG="v0.0.1")
    print(clone.make("release-check", "package", "sbom", "notes", TAG=tag).strip())
    assert clone.read("dist/notes.md").strip() == notes
    files = sorted((clone.folder / "dist" / "package").iterdir())
    assert [file.name for file in files] == [
        f"unisync_aws-{version}-py3-none-any.whl",
        f"unisync_aws-{version}.tar.gz",
    ]
    with zipfile.ZipFile(files[0]) as wheel:
        metadata = wheel.read(f"unisync_aws-{version}.dist-info/METADATA").decode()
    assert f"\nVersion: {version}\n" in metadata
    assert f"/blob/{tag}/docs/" in metadata
    assert "](docs/" not in metadata


def main() -> int:
    with tempfile.TemporaryDirectory() as work:
        rehearse(Clone(Path(work, "clone")))
    print("Rehearsed a release up to the upload.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
