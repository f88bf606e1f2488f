"""The base of everything that is created in an account: when it was created, and in which order."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field

next_number: Callable[[], int] = itertools.count().__next__
"""Returns the next sequence number."""

Moment = tuple[float, int]
"""A time and a sequence number, which orders what happens at the same time of a manual clock."""


@dataclass(slots=True, kw_only=True, eq=False)
class Entity:
    """Something with a creation time. The sequence number orders entities that were created at the same time."""

    created_at: float
    number: int = field(default_factory=next_number)
    tags: dict[str, str] = field(default_factory=dict[str, str])
    """Empty for what AWS cannot tag."""
