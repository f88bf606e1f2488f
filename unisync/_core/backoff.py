"""How long to pause before the next try."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass

from unisync.errors import InvalidArgumentError

Random = Callable[[], float]
"""Draws a number from 0 up to 1."""


@dataclass(frozen=True, slots=True)
class Backoff:
    """Pauses that grow from one try to the next, with jitter, so that many waits do not poll in step.

    Args:
        initial: The first pause, in seconds, above 0.
        maximum: The longest pause, in seconds, at least `initial`.
        factor: How much longer each pause is than the one before, at least 1.
        jitter: The part of a pause, from 0 to 1, by which chance may shorten it.

    Raises:
        InvalidArgumentError: An argument is out of its range.
    """

    initial: float = 2.0
    maximum: float = 20.0
    factor: float = 1.5
    jitter: float = 0.25

    def __post_init__(self) -> None:
        expect = InvalidArgumentError.unless
        expect(0 < self.initial < math.inf, "initial", "a number above 0", self.initial)
        expect(self.initial <= self.maximum < math.inf, "maximum", "at least initial", self.maximum)
        expect(1 <= self.factor < math.inf, "factor", "a number from 1", self.factor)
        expect(0 <= self.jitter <= 1, "jitter", "a number from 0 to 1", self.jitter)

    def delay(self, tries: int, draw: Random = random.random) -> float:
        """Seconds to pause after this many tries, from 1."""
        try:
            full = min(self.initial * self.factor ** (tries - 1), self.maximum)
        except OverflowError:
            full = self.maximum
        return full * (1 - self.jitter * draw())


SHORT = Backoff(initial=0.1, maximum=5.0, factor=2.0, jitter=0.5)
"""After an error that may pass quickly: a lost connection, a lost race."""
THROTTLED = Backoff(initial=1.0, maximum=20.0, factor=2.0, jitter=0.5)
"""After throttling."""
