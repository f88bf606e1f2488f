"""The symbols of the states as SVG: a browser's fonts may lack the characters."""

from __future__ import annotations

from collections.abc import Mapping

from unisync._render.markup import Markup, tag
from unisync._render.symbols import SYMBOLS

_SIZE = 14
"""Width and height in pixels."""

PATHS: Mapping[str, str] = {
    "PENDING": "M7 1.5a5.5 5.5 0 1 0 0 11a5.5 5.5 0 1 0 0-11zM7 3.5a3.5 3.5 0 1 1 0 7a3.5 3.5 0 1 1 0-7z",
    "RUNNING": "M7 1.5a5.5 5.5 0 1 0 0 11a5.5 5.5 0 1 0 0-11zM7 3.5a3.5 3.5 0 0 1 0 7z",
    "ACTIVE": "M1.8 7.6l1.8-1.8l2.2 2.2l4.7-5.1l1.8 1.7l-6.4 6.9z",
    "FAILED": "M3.6 2l3.4 3.4l3.4-3.4l1.6 1.6l-3.4 3.4l3.4 3.4l-1.6 1.6l-3.4-3.4l-3.4 3.4l-1.6-1.6l3.4-3.4l-3.4-3.4z",
    "DELETING": "M1 2.5h12l-6 10zM4.5 4.5h5l-2.5 4.2z",
    "UNKNOWN": "M7 .8l6.2 6.2l-6.2 6.2l-6.2-6.2zM7 3.7l-3.3 3.3l3.3 3.3l3.3-3.3z",
    "BLOCKED": "M2 2h10v10h-10z",
    "SUPERSEDED": "M1 2h2.5l4 5l-4 5h-2.5l4-5zM7 2h2.5l4 5l-4 5h-2.5l4-5z",
    "TIMED_OUT": "M2 1h10l-3.5 6l3.5 6h-10l3.5-6z",
    "NOT_FOUND": (
        "M7 1.5a5.5 5.5 0 1 0 0 11a5.5 5.5 0 1 0 0-11zM7 3.2a3.8 3.8 0 1 1 0 7.6a3.8 3.8 0 1 1 0-7.6z"
        "M8.9 3.9l1.2 1.2l-5 5l-1.2-1.2z"
    ),
    "DELETED": "M6 1h2v2h-2zM11 6h2v2h-2zM6 11h2v2h-2zM1 6h2v2h-2z",
    "ERROR": "M7 1l6.5 11.5h-13zM6.2 5v4h1.6v-4zM6.2 9.9v1.5h1.6v-1.5z",
}
"""The path of each state in `SYMBOLS`, by the even-odd rule: a shape inside another is a hole."""


def known(state: str) -> str:
    """The state, or UNKNOWN if it has no symbol."""
    return state if state in SYMBOLS else "UNKNOWN"


def state_class(state: str) -> str:
    """The CSS class that sets the colour of a state."""
    return f"s-{known(state).lower()}"


def label(state: str) -> str:
    """The state as pages show it."""
    return known(state).replace("_", " ")


def icon(state: str, **attributes: str) -> Markup:
    """The icon of a state. It is hidden from screen readers, so its label has to be next to it."""
    return tag(
        "svg",
        tag("path", d=PATHS[known(state)]),
        class_="icon",
        viewBox=f"0 0 {_SIZE} {_SIZE}",
        width=str(_SIZE),
        height=str(_SIZE),
        aria_hidden="true",
        **attributes,
    )


def badge(state: str, content: str | None = None) -> Markup:
    """The icon of a state with its label, or with other content."""
    return tag("span", icon(state), tag("span", content or label(state)), class_=f"badge {state_class(state)}")
