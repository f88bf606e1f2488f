"""The symbols of the states: each has a shape of its own, so colour is never the only difference."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Symbol(NamedTuple):
    """The symbol of a state."""

    icon: str
    ascii_icon: str
    """For terminals without Unicode."""
    colour: str
    """One of the terminal's own colours, by rich's name."""


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
"""By state: the values of `SyncState`, and the states of a `Summary` that replace them."""
BY_URGENCY = (
    *("FAILED", "BLOCKED", "ERROR", "NOT_FOUND", "TIMED_OUT", "SUPERSEDED", "UNKNOWN"),
    *("RUNNING", "PENDING", "DELETING"),
    *("ACTIVE", "DELETED"),
)
"""The states of `SYMBOLS`: what needs a person, then what is in progress, then what is done."""
DONE = ("ACTIVE", "DELETED")
"""The states that need nothing more."""
_SAME_AS = {"AVAILABLE": "ACTIVE"}
"""States of connections that share the symbol of a sync's state."""


def urgency(state: str) -> int:
    """The position of a state among all: failures come first. Any other text counts as UNKNOWN."""
    return BY_URGENCY.index(state if state in SYMBOLS else "UNKNOWN")


def symbol_of(state: str) -> Symbol:
    """The symbol of a state, of a sync or a connection; that of UNKNOWN for any other text."""
    return SYMBOLS.get(_SAME_AS.get(state, state), SYMBOLS["UNKNOWN"])
