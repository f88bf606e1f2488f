"""When the things of a world were made, and in which order."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field

next_number: Callable[[], int] = itertools.count().__next__
"""Gives each number once, the next one each time."""


@dataclass(slots=True, kw_only=True, eq=False)
class Created:
    """Something that was made at some time. Its number tells it from what was made at that very time."""

    created_at: float
    number: int = field(default_factory=next_number)
