"""What was measured: two ways of doing the same, in pairs, and how the one compares to the other."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Cost:
    """What something took, in seconds."""

    cpu: float
    wall: float

    def less(self, other: Cost) -> Cost:
        return Cost(self.cpu - other.cpu, self.wall - other.wall)


@dataclass(frozen=True)
class Ratio:
    """Ours over raw: the median of the ratios of all pairs, and the half of them in the middle."""

    raw: float
    ours: float
    median: float
    low: float
    high: float

    def meets(self, aim: float) -> bool:
        return self.median <= aim


@dataclass(frozen=True)
class Comparison:
    """One line of a table."""

    name: str
    aim: float
    pairs: int
    cpu: Ratio
    wall: Ratio


def compare(name: str, aim: float, pairs: list[tuple[Cost, Cost]]) -> Comparison:
    """Compare pairs of a raw cost and ours."""
    return Comparison(name, aim, len(pairs), _ratio(pairs, "cpu"), _ratio(pairs, "wall"))


def in_pairs(count: int, raw: Callable[[], Cost], ours: Callable[[], Cost]) -> list[tuple[Cost, Cost]]:
    """Measure both by turns, each going first as often as the other: a machine that slows down slows down both."""
    pairs: list[tuple[Cost, Cost]] = []
    for index in range(count):
        if index % 2:
            second = ours()
            pairs.append((raw(), second))
        else:
            pairs.append((raw(), ours()))
    return pairs


def _ratio(pairs: list[tuple[Cost, Cost]], kind: Literal["cpu", "wall"]) -> Ratio:
    raw = [getattr(cost, kind) for cost, _ in pairs]
    ours = [getattr(cost, kind) for _, cost in pairs]
    ratios = [mine / its for its, mine in zip(raw, ours, strict=True)]
    low, median, high = statistics.quantiles(ratios, n=4, method="inclusive")
    return Ratio(statistics.median(raw), statistics.median(ours), median, low, high)
