"""When the things of a world were made, and in which order."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field

next_number = itertools.count().__next__


@dataclass(slots=True, kw_only=True, eq=False)
class Created:
    """Something that was made at some time. Its number tells it from what was made at that very time."""

    created_at: float
    number: int = field(default_factory=next_number)
