"""What was measured: costs in pairs, and the tables and aims that a measure comes to."""

from __future__ import annotations

import statistics
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
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


@dataclass(frozen=True)
class Table:
    """Figures to be read: all but the first column stand to the right."""

    heads: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]

    def text(self) -> str:
        """For a terminal."""
        widths = [max(len(row[place]) for row in (self.heads, *self.rows)) for place in range(len(self.heads))]
        lines: list[str] = []
        for row in (self.heads, *self.rows):
            cells = [cell.rjust(width) for cell, width in zip(row, widths, strict=True)]
            cells[0] = row[0].ljust(widths[0])
            lines.append("  ".join(cells).rstrip())
        return "\n".join(lines)

    def markdown(self) -> str:
        """For a file."""
        lines = [self.heads, ("---", *["---:"] * (len(self.heads) - 1)), *self.rows]
        return "\n".join(f"| {' | '.join(row)} |" for row in lines)


@dataclass(frozen=True)
class Aim:
    """What was aimed at, and what came of it."""

    aim: str
    found: str
    is_met: bool

    def __str__(self) -> str:
        return f"{'Met' if self.is_met else 'Missed'}: {self.aim}. Found: {self.found}."


@dataclass
class Section:
    """What one measure has to say: each module of a measure gives one."""

    title: str
    how: str
    """What was measured, and how."""
    tables: list[Table]
    aims: list[Aim]
    figures: object
    """All that was measured, for a program to read."""

    def text(self) -> str:
        """For a terminal."""
        paragraphs = [self.title, _filled(self.how), *(table.text() for table in self.tables)]
        return "\n\n".join(paragraphs) + "\n\n" + "\n".join(map(str, self.aims))

    def markdown(self) -> str:
        """For a file."""
        paragraphs = [f"## {self.title}", _filled(self.how), *(table.markdown() for table in self.tables)]
        paragraphs.append("\n".join(textwrap.fill(f"- {aim}", 120, subsequent_indent="  ") for aim in self.aims))
        return "\n\n".join(paragraphs)


def _filled(text: str) -> str:
    return textwrap.fill(" ".join(text.split()), 120)


def compared(title: str, how: str, comparisons: list[Comparison]) -> Section:
    """The section of a measure that sets pairs side by side."""
    rows: list[tuple[str, ...]] = []
    for each in comparisons:
        for kind, ratio in (("CPU", each.cpu), ("wall", each.wall)):
            middle = f"{ratio.median:.3f} ({ratio.low:.3f} to {ratio.high:.3f})"
            verdict = "met" if ratio.meets(each.aim) else "missed"
            raw, ours = f"{1000 * ratio.raw:.3f}", f"{1000 * ratio.ours:.3f}"
            rows.append((f"{each.name}, {kind}", raw, ours, middle, f"{each.aim:.2f} {verdict}"))
    met = sum(row[-1].endswith("met") for row in rows)
    aims = [Aim("each ratio is no more than its aim", f"{met} of {len(rows)} are", met == len(rows))]
    table = Table(("in ms", "boto3", "unisync", "ratio (middle half)", "aim"), rows)
    return Section(title, how, [table], aims, [asdict(each) for each in comparisons])
