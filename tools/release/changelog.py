"""The text of `CHANGELOG.md`, in the format of Keep a Changelog."""

from __future__ import annotations

import re

KINDS = ("Added", "Changed", "Deprecated", "Removed", "Fixed", "Security")
UNRELEASED = "## [Unreleased]"

_HEADING = re.compile(r"^## \[([^\]]+)\].*$", re.MULTILINE)


def section(changelog: str, name: str) -> str:
    """The text below the heading of a version, or of "Unreleased".

    Raises:
        ValueError: The changelog has no such heading.
    """
    start, end = _bounds(changelog, name)
    return changelog[start:end].strip("\n")


def cut(changelog: str, fragments: str, version: str, date: str) -> str:
    """The changelog with a section for a version: what was unreleased, and the fragments.

    Raises:
        ValueError: There is nothing to release, the version has a section already, or a kind is not one of `KINDS`.
    """
    if version in _HEADING.findall(changelog):
        raise ValueError(f"CHANGELOG.md has a section for {version} already")
    start, end = _bounds(changelog, "Unreleased")
    intro, entries = _entries(changelog[start:end])
    _, added = _entries(fragments)
    for kind, text in added.items():
        entries[kind] = f"{entries[kind]}\n{text}" if kind in entries else text
    if unknown := entries.keys() - set(KINDS):
        raise ValueError(f"CHANGELOG.md has entries under {', '.join(sorted(unknown))}")
    if not entries:
        raise ValueError("there is nothing to release")
    parts = [UNRELEASED, f"## [{version}] - {date}", *([intro] if intro else [])]
    parts += [f"### {kind}\n\n{entries[kind]}" for kind in KINDS if kind in entries]
    before = changelog[:start].removesuffix(f"{UNRELEASED}\n")
    after = changelog[end:]
    return before + "\n\n".join(parts) + ("\n\n" + after if after else "\n")


def _bounds(changelog: str, name: str) -> tuple[int, int]:
    headings = list(_HEADING.finditer(changelog))
    for heading, following in zip(headings, [*headings[1:], None], strict=False):
        if heading[1] == name:
            return heading.end() + 1, following.start() if following else len(changelog)
    raise ValueError(f"CHANGELOG.md has no section for {name}")


def _entries(text: str) -> tuple[str, dict[str, str]]:
    """The text before the first kind, and the entries of each kind."""
    intro, *parts = re.split(r"^### (.+)$", text, flags=re.MULTILINE)
    return intro.strip("\n"), {kind: entries.strip("\n") for kind, entries in zip(parts[::2], parts[1::2], strict=True)}
