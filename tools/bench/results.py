"""The results of a benchmark: paired costs, tables and targets, as text and as Markdown."""

from __future__ import annotations

import statistics
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Literal


@dataclass(frozen=True)
class Cost:
    """CPU and wall-clock time, in seconds."""

    cpu: float
    wall: float

    def minus(self, other: Cost) -> Cost:
        return Cost(self.cpu - other.cpu, self.wall - other.wall)


@dataclass(frozen=True)
class Ratio:
    """unisync's cost divided by boto3's: the median and the quartiles over all pairs."""

    boto3: float
    unisync: float
    median: float
    lower_quartile: float
    upper_quartile: float

    def meets(self, target: float) -> bool:
        return self.median <= target


@dataclass(frozen=True)
class Comparison:
    """One case, measured with boto3 and with unisync."""

    name: str
    target: float
    pairs: int
    cpu: Ratio
    wall: Ratio


def compare(name: str, target: float, pairs: list[tuple[Cost, Cost]]) -> Comparison:
    """Compare pairs of a cost of boto3 and a cost of unisync."""
    return Comparison(name, target, len(pairs), _ratio(pairs, "cpu"), _ratio(pairs, "wall"))


def measure_pairs(count: int, boto3: Callable[[], Cost], unisync: Callable[[], Cost]) -> list[tuple[Cost, Cost]]:
    """Measure both in turn, alternating which goes first, so that a change in the machine's speed affects both."""
    pairs: list[tuple[Cost, Cost]] = []
    for index in range(count):
        if index % 2:
            second = unisync()
            pairs.append((boto3(), second))
        else:
            pairs.append((boto3(), unisync()))
    return pairs


def _ratio(pairs: list[tuple[Cost, Cost]], kind: Literal["cpu", "wall"]) -> Ratio:
    boto3 = [getattr(cost, kind) for cost, _ in pairs]
    unisync = [getattr(cost, kind) for _, cost in pairs]
    ratios = [ours / theirs for theirs, ours in zip(boto3, unisync, strict=True)]
    lower, median, upper = statistics.quantiles(ratios, n=4, method="inclusive")
    return Ratio(statistics.median(boto3), statistics.median(unisync), median, lower, upper)


@dataclass(frozen=True)
class Table:
    """A table. The first column is aligned left, all others right."""

    header: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]

    def text(self) -> str:
        """For a terminal."""
        widths = [max(len(row[column]) for row in (self.header, *self.rows)) for column in range(len(self.header))]
        lines: list[str] = []
        for row in (self.header, *self.rows):
            cells = [cell.rjust(width) for cell, width in zip(row, widths, strict=True)]
            cells[0] = row[0].ljust(widths[0])
            lines.append("  ".join(cells).rstrip())
        return "\n".join(lines)

    def markdown(self) -> str:
        """For a file."""
        lines = [self.header, ("---", *["---:"] * (len(self.header) - 1)), *self.rows]
        return "\n".join(f"| {' | '.join(row)} |" for row in lines)


@dataclass(frozen=True)
class Target:
    """What a benchmark should reach, and what it measured."""

    target: str
    measured: str
    is_met: bool

    def __str__(self) -> str:
        return f"{'Met' if self.is_met else 'Missed'}: {self.target}. Measured: {self.measured}."


@dataclass
class Section:
    """The report of one benchmark."""

    title: str
    method: str
    """What was measured, and how."""
    tables: list[Table]
    targets: list[Target]
    figures: object
    """All figures, to be written as JSON."""

    def text(self) -> str:
        """For a terminal."""
        paragraphs = [self.title, _wrap(self.method), *(table.text() for table in self.tables)]
        return "\n\n".join(paragraphs) + "\n\n" + "\n".join(map(str, self.targets))

    def markdown(self) -> str:
        """For a file."""
        paragraphs = [f"## {self.title}", _wrap(self.method), *(table.markdown() for table in self.tables)]
        targets = (textwrap.fill(f"- {target}", 120, subsequent_indent="  ") for target in self.targets)
        return "\n\n".join([*paragraphs, "\n".join(targets)])


def _wrap(text: str) -> str:
    return textwrap.fill(" ".join(text.split()), 120)


def comparison_section(title: str, method: str, comparisons: list[Comparison]) -> Section:
    """The section of a benchmark that compares boto3 and unisync case by case."""
    table = comparison_table(comparisons)
    met = sum(row[-1].endswith("met") for row in table.rows)
    targets = [Target("each ratio is at most its target", f"{met} of {len(table.rows)} are", met == len(table.rows))]
    return Section(title, method, [table], targets, [asdict(each) for each in comparisons])


def comparison_table(comparisons: Sequence[Comparison], other: str = "boto3") -> Table:
    """What each case costs with another program, and with unisync."""
    rows: list[tuple[str, ...]] = []
    for each in comparisons:
        for kind, ratio in (("CPU", each.cpu), ("wall", each.wall)):
            quartiles = f"{ratio.median:.3f} ({ratio.lower_quartile:.3f} to {ratio.upper_quartile:.3f})"
            verdict = "met" if ratio.meets(each.target) else "missed"
            boto3, unisync = f"{1000 * ratio.boto3:.3f}", f"{1000 * ratio.unisync:.3f}"
            rows.append((f"{each.name}, {kind}", boto3, unisync, quartiles, f"{each.target:.2f} {verdict}"))
    return Table(("ms", other, "unisync", "ratio (quartiles)", "target"), rows)
