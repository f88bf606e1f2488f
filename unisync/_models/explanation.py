"""Why a sync is as it is: checks between the commit and the resource, and the likely cause."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from unisync._models.base import AsRef, Displayable, Model
from unisync._models.jobs import SyncJob
from unisync._models.refs import FleetSync, SyncRef
from unisync._models.text import sanitize

CheckName = Literal[
    "identity",
    "definition",
    "role",
    "link",
    "connection",
    "branch",
    "commit",
    "blockers",
    "attempt",
    "resource",
]
"""What a check is about, in the order in which checks are shown."""
CheckStatus = Literal["ok", "problem", "unknown"]
"""What a check found; "unknown" where it could not be read, or does not apply."""

_SIGNS = {"ok": "✓", "problem": "✗", "unknown": "?"}
_NAME_WIDTH = 11


class Check(Model, frozen=True):
    """One check of an explanation.

    Fields: `name`, `status`, `message`, `action`.
    """

    name: CheckName
    """What it is about."""
    status: CheckStatus
    """What it found."""
    message: str
    """What was found, in one sentence; for events, one line for each."""
    action: str | None = None
    """What to do next; None where there is nothing to do."""

    def __str__(self) -> str:
        return _joined(_lines_of_check(self))


class Explanation(Displayable, Model, frozen=True):
    """Why a sync is as it is. Printed, it is one line for each check, and the likely cause.

    Fields: `ref`, `checks`, `cause`.
    """

    ref: Annotated[SyncRef[SyncJob], AsRef(SyncRef, FleetSync)]
    """The sync; from a fleet, a `FleetSync` with its account and region."""
    checks: tuple[Check, ...]
    """All checks, from the caller to the resource."""
    cause: Check | None = None
    """The check that names the deepest known reason; None if nothing is wrong, or nothing is known."""

    def check(self, name: CheckName) -> Check | None:
        """The check of a name; None if it does not apply to this kind of sync."""
        return next((check for check in self.checks if check.name == name), None)

    def __str__(self) -> str:
        return _joined(lines_of(self))


def lines_of(explanation: Explanation) -> Iterator[tuple[str, str]]:
    """The printed lines, each in two parts: what aligns it, and its text."""
    yield "", str(explanation.ref)
    for check in explanation.checks:
        yield from _lines_of_check(check)
    cause = explanation.cause
    if cause is None:
        is_known = any(check.status != "unknown" for check in explanation.checks)
        yield "", "No cause was found." if is_known else "Nothing could be read, so no cause is known."
        return
    yield "", f"Likely cause: {cause.name}: {sanitize(cause.message.splitlines()[0])}"
    if cause.action is not None:
        yield "  ", f"→ {sanitize(cause.action)}"


def _lines_of_check(check: Check) -> Iterator[tuple[str, str]]:
    first, *others = map(sanitize, check.message.splitlines() or [""])
    indent = " " * (_NAME_WIDTH + 3)
    yield f"{_SIGNS[check.status]} {check.name:{_NAME_WIDTH}} ", first
    for line in others:
        yield indent, line
    if check.action is not None:
        yield indent, f"→ {sanitize(check.action)}"


def _joined(lines: Iterator[tuple[str, str]]) -> str:
    return "\n".join(map("".join, lines))
