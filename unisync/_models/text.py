"""Text helpers: sanitize text from outside, and format commits, dates and durations."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from itertools import pairwise

_ESCAPE_SEQUENCES = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"  # colours, cursor movement, clearing
    r"|(?:\x1b\]|\x9d)[^\x07\x1b\x80-\x9f]*(?:\x07|\x1b\\|\x9c)"  # titles, links, the clipboard
    r"|(?:\x1b[PX^_]|[\x90\x98\x9e\x9f])[^\x1b\x80-\x9f]*(?:\x1b\\|\x9c)"  # device control strings
    r"|\x1b[ -/]*[0-~]"
)
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]+")
"""Invisible characters; those that change the writing direction can make text read as something else."""
_SURROGATES = re.compile(r"[\ud800-\udfff]")

_UNITS = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))


def sanitize(text: str, limit: int | None = None) -> str:
    """Make text safe for terminals, logs and pages: one line, without escape sequences and control characters.

    Args:
        text: Untrusted text, such as event messages, which come from Git commits and templates.
        limit: The maximum number of characters; longer text is truncated and its length is appended.
    """
    if not text.isprintable():  # most text is, and this check is much faster than the expressions
        text = _SURROGATES.sub("\ufffd", _CONTROLS.sub("", _ESCAPE_SEQUENCES.sub("", text)))
    line = " ".join(text.split())
    if limit is not None and len(line) > limit:
        return f"{line[:limit].rstrip()}… ({len(line)} characters)"
    return line


def short_sha(sha: str) -> str:
    """The first seven characters of a sha, as Git abbreviates it."""
    return sanitize(sha)[:7]


def in_utc(time: datetime) -> str:
    """A date and time to the second, such as 2026-11-22 18:44:12Z."""
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M:%S}Z"


def duration(seconds: float) -> str:
    """A duration in one or two units, such as 3 d 4 h, 1 h 5 min, 2 min 10 s or 7 s."""
    total = round(seconds)
    for (unit, length), (smaller, part) in pairwise(_UNITS):
        if total >= length:
            parts = total % length // part
            return f"{total // length} {unit}" + (f" {parts} {smaller}" if parts else "")
    return f"{total} s"
