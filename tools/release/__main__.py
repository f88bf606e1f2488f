"""Cut a release, check that a tag is one, or show its notes.

python -m tools.release cut 0.2.0     # commits and tags; pushes nothing
python -m tools.release check v0.2.0
python -m tools.release notes v0.2.0
"""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from tools.release.changelog import cut, section
from tools.release.repository import ROOT, git

CHANGELOG = ROOT / "CHANGELOG.md"
FRAGMENTS = ROOT / "changes"
PACKAGE = ROOT / "unisync" / "__init__.py"

_VERSION = re.compile(r'^(__version__ = )"(.*)"$', re.MULTILINE)


def current_version() -> str:
    """The version that the package has."""
    found = _VERSION.search(PACKAGE.read_text("utf-8"))
    assert found
    return found[2]


def parsed(version: str) -> tuple[int, ...]:
    """The numbers of a version, to compare it with others.

    Raises:
        ValueError: It is not three numbers.
    """
    if not re.fullmatch(r"(0|[1-9]\d*)(\.(0|[1-9]\d*)){2}", version, re.ASCII):
        raise ValueError(f"a version is three numbers such as 0.2.0, not {version!r}")
    return tuple(map(int, version.split(".")))


def fragments() -> list[Path]:
    """The changelog entries that no release has."""
    return sorted(set(FRAGMENTS.glob("*.md")) - {FRAGMENTS / "README.md"})


def rendered(version: str, date: str) -> str:
    """All fragments as a section of the changelog."""
    command = ["towncrier", "build", "--draft", "--version", version, "--date", date]
    done = subprocess.run([sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ValueError(done.stderr.partition("Error: ")[2].strip() or done.stderr)
    return done.stdout


def cut_release(version: str) -> None:
    """Write the changelog's section and the version, commit both, and tag the commit."""
    # What `uses: ORG/unisync@v1` follows. The inputs of the action are stable, also before 1.0.
    tag, major = f"v{version}", f"v{max(parsed(version)[0], 1)}"
    if parsed(version) < parsed(current_version()):
        raise ValueError(f"{version} is older than {current_version()}")
    if git("tag", "--list", tag):
        raise ValueError(f"the tag {tag} exists")
    if git("status", "--porcelain"):
        raise ValueError("there are changes that are not committed")
    date = datetime.now(UTC).date().isoformat()
    text = cut(CHANGELOG.read_text("utf-8"), rendered(version, date), version, date)
    CHANGELOG.write_text(text, "utf-8")
    PACKAGE.write_text(_VERSION.sub(rf'\1"{version}"', PACKAGE.read_text("utf-8")), "utf-8")
    for file in fragments():
        file.unlink()
    git("commit", "--quiet", "--all", "--message", f"Release {version}")
    git("tag", "--annotate", "--message", f"unisync {version}", tag)
    git("tag", "--force", major)
    print(f"Committed and tagged {tag}. This publishes it:")
    print(f"  git push --atomic origin HEAD {tag} && git push --force origin {major}")


def check_release(tag: str) -> None:
    """Check that a tag is that of the version, which the changelog describes."""
    version = current_version()
    if tag != f"v{version}":
        raise ValueError(f"the tag is {tag}, but the version is {version}")
    if not section(CHANGELOG.read_text("utf-8"), version):
        raise ValueError(f"the changelog says nothing about {version}")
    if left := fragments():
        raise ValueError(f"entries are not in the changelog: {', '.join(file.name for file in left)}")
    print(f"{tag} is a release of unisync {version}.")


def main(arguments: list[str]) -> int:
    try:
        match arguments:
            case ["cut", version]:
                cut_release(version)
            case ["check", tag]:
                check_release(tag)
            case ["notes", tag]:
                print(section(CHANGELOG.read_text("utf-8"), tag.removeprefix("v")))
            case _:
                raise ValueError("say cut VERSION, check TAG or notes TAG")
    except ValueError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
