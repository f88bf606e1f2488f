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


def symbol_of(state: str) -> Symbol:
    """The symbol of a state; that of UNKNOWN for any other text."""
    return SYMBOLS.get(state, SYMBOLS["UNKNOWN"])
