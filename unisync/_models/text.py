"""Text that came from elsewhere, harmless to terminals, logs and pages: event messages come from Git and templates."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

_ESCAPE_SEQUENCES = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"  # colours, the cursor, clearing
    r"|(?:\x1b\]|\x9d)[^\x07\x1b\x80-\x9f]*(?:\x07|\x1b\\|\x9c)"  # titles, links, the clipboard
    r"|(?:\x1b[PX^_]|[\x90\x98\x9e\x9f])[^\x1b\x80-\x9f]*(?:\x1b\\|\x9c)"  # strings to the terminal itself
    r"|\x1b[ -/]*[0-~]"
)
_SPACES = re.compile(r"\s+")
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]+")
"""Without a picture of their own. Those that turn the direction of writing can make a text say what it does not."""
_SURROGATES = re.compile(r"[\ud800-\udfff]")


def sanitize(text: str, limit: int | None = None) -> str:
    """One line of text, without escape sequences and control characters.

    Args:
        text: What it is made from.
        limit: How many characters it may have; what it is cut down from is told.
    """
    without = _CONTROLS.sub("", _ESCAPE_SEQUENCES.sub("", text))
    line = _SURROGATES.sub("\ufffd", _SPACES.sub(" ", without).strip())
    if limit is not None and len(line) > limit:
        return f"{line[:limit].rstrip()}… ({len(line)} characters)"
    return line


def short_sha(sha: str) -> str:
    """A commit as people write it."""
    return sanitize(sha)[:7]


def in_utc(time: datetime) -> str:
    """A date to the second, such as 2026-11-22 18:44:12Z."""
    from datetime import UTC

    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M:%S}Z"


def duration(seconds: float) -> str:
    """A length of time to the second, such as 1 h 05 min, 2 min 10 s or 7 s."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02} min"
    return f"{minutes} min {rest:02} s" if minutes else f"{rest} s"
