"""The signs of the states: each differs from the others in shape as well as in colour."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Symbol(NamedTuple):
    """How a state is shown."""

    icon: str
    ascii_icon: str
    """For terminals that have no more than that."""
    colour: str
    """One of a terminal's own."""


SYMBOLS: Mapping[str, Symbol] = {
    "PENDING": Symbol("○", "o", "cyan"),
    "RUNNING": Symbol("◐", "~", "blue"),
    "ACTIVE": Symbol("✔", "+", "green"),
    "FAILED": Symbol("✘", "x", "red"),
    "DELETING": Symbol("▽", "-", "yellow"),
    "UNKNOWN": Symbol("◇", "?", "magenta"),
    "BLOCKED": Symbol("■", "#", "yellow"),
    "SUPERSEDED": Symbol("»", ">", "magenta"),
    "TIMED_OUT": Symbol("⧖", "%", "yellow"),
    "NOT_FOUND": Symbol("∅", "0", "red"),
    "DELETED": Symbol("◌", ".", "green"),
    "ERROR": Symbol("▲", "!", "red"),
}
"""By the words of `SyncState`, and by what is told instead: a blocker, how a wait ended, no such sync, an error."""


def symbol_of(state: str) -> Symbol:
    """How a state is shown, also one that nobody knows."""
    return SYMBOLS.get(state, SYMBOLS["UNKNOWN"])
