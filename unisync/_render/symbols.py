"""The signs of the states: each differs from the others in shape as well as in colour."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Look(NamedTuple):
    """How a state is shown."""

    sign: str
    ascii_sign: str
    """For terminals that have no more than that."""
    colour: str
    """One of a terminal's own."""


LOOKS: Mapping[str, Look] = {
    "PENDING": Look("○", "o", "cyan"),
    "RUNNING": Look("◐", "~", "blue"),
    "ACTIVE": Look("✔", "+", "green"),
    "FAILED": Look("✘", "x", "red"),
    "DELETING": Look("▽", "-", "yellow"),
    "UNKNOWN": Look("◇", "?", "magenta"),
    "BLOCKED": Look("■", "#", "yellow"),
    "SUPERSEDED": Look("»", ">", "magenta"),
    "TIMED_OUT": Look("⧖", "%", "yellow"),
    "NOT_FOUND": Look("∅", "0", "red"),
    "GONE": Look("◌", ".", "green"),
    "ERROR": Look("▲", "!", "red"),
}
"""By the words of `SyncState`, and by what is told instead: a blocker, how a wait ended, no such sync, an error."""


def look_of(state: str) -> Look:
    """How a state is shown, also one that nobody knows."""
    return LOOKS.get(state, LOOKS["UNKNOWN"])
