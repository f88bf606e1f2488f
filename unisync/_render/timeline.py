"""Attempts as bars on a time axis, in SVG. Positions are percentages, so a timeline fits any width."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from unisync._models.text import duration, in_utc
from unisync._render.icons import icon, state_class
from unisync._render.markup import Markup, tag

if TYPE_CHECKING:
    from unisync._models.jobs import SyncAttempt

MINUTE, HOUR, DAY = 60, 3_600, 86_400

STEPS = (
    *(1, 2, 5, 10, 15, 30),
    *(minutes * MINUTE for minutes in (1, 2, 5, 10, 15, 30)),
    *(hours * HOUR for hours in (1, 2, 3, 6, 12)),
    *(days * DAY for days in (1, 2, 4, 7, 14)),
)
"""Seconds between the ticks of an axis."""
MONTH_STEPS = (1, 2, 3, 6, 12, 24, 60, 120, 240, 600, 1_200, 2_400, 6_000, 12_000, 36_000)
"""Months between the ticks of a longer axis."""
MAX_INTERVALS = 4
"""Intervals on an axis; more labels do not fit on a phone."""
_MONTH = 30 * DAY
_MIN_SPAN = 2.0
"""Seconds that an axis spans at least."""
_MAX_TIME = datetime.max.replace(microsecond=0, tzinfo=UTC).timestamp()
"""The last time that is a date; an axis may end after it."""
_MIN_BAR_WIDTH = 0.8
"""In percent."""
_LAST_LABEL = 84.0
"""Percent from the left; a label further to the right has no room."""
_GAP_FACTOR = 4
"""A gap this many times as long as the attempts on either side starts a new axis."""

_LANE_HEIGHT, _BAR_HEIGHT, _AXIS_HEIGHT = 50, 14, 26
"""In pixels."""

_IN_PROGRESS = ("PENDING", "RUNNING")
_STRIPED = ("FAILED", "RUNNING")


class Lane(NamedTuple):
    """One attempt in a timeline. Times are in seconds since 1970."""

    name: str
    state: str
    start: float
    end: float
    events: tuple[float, ...]

    @property
    def first(self) -> float:
        """The time of the start, or of an event before it."""
        return min(self.start, *self.events, self.end)

    @property
    def length(self) -> str:
        """The duration, as text."""
        return duration(self.end - self.start)


def lane(name: str, attempt: SyncAttempt, as_of: datetime | None) -> Lane:
    """The lane of an attempt. It ends with the last event, or at `as_of` if the attempt is in progress."""
    start, events = attempt.started_at.timestamp(), tuple(event.time.timestamp() for event in attempt.events)
    state = str(attempt.status.state)
    now = as_of.timestamp() if as_of is not None and state in _IN_PROGRESS else start
    return Lane(name, state, start, max(start, now, *events), events)


def timeline(lanes: Sequence[Lane]) -> Markup:
    """The timeline of some attempts. After a long gap, a new axis begins."""
    groups = list(_groups(lanes))
    parts = [_drawing(groups[0])] if groups else []
    for before, after in pairwise(groups):
        gap = min(each.first for each in after) - max(each.end for each in before)
        parts.append(tag("p", f"{duration(gap)} later", class_="later"))
        parts.append(_drawing(after))
    return tag("div", *parts, class_="timeline")


def _groups(lanes: Sequence[Lane]) -> Iterator[list[Lane]]:
    group: list[Lane] = []
    begin = end = 0.0
    for each in sorted(lanes, key=lambda each: (each.first, each.end)):
        longest = max(end - begin, each.end - each.first, MINUTE)
        if group and each.first - end > _GAP_FACTOR * longest:
            yield group
            group = []
        begin, end = (min(begin, each.first), max(end, each.end)) if group else (each.first, each.end)
        group.append(each)
    if group:
        yield group


class _Scale:
    """Maps times to positions."""

    def __init__(self, lanes: Sequence[Lane]) -> None:
        self.begin = min(each.first for each in lanes)
        self.end = max(self.begin + _MIN_SPAN, *(each.end for each in lanes))

    def percent(self, time: float) -> float:
        """The position of a time, in percent from the left."""
        return 100 * (time - self.begin) / (self.end - self.begin)


def _drawing(lanes: Sequence[Lane]) -> Markup:
    scale = _Scale(lanes)
    height = len(lanes) * _LANE_HEIGHT + _AXIS_HEIGHT
    begin = in_utc(_date(scale.begin))
    described = "; ".join(f"{each.name}: {each.state}, {each.length}, {_event_count(each)}" for each in lanes)
    return tag(
        "svg",
        *_axis(scale, height - _AXIS_HEIGHT),
        *(_lane(each, scale, index * _LANE_HEIGHT) for index, each in enumerate(lanes)),
        role="img",
        aria_label=f"Timeline from {begin}. {described}.",
        width="100%",
        height=str(height),
    )


def _lane(each: Lane, scale: _Scale, top: int) -> Markup:
    width = max(_MIN_BAR_WIDTH, scale.percent(each.end) - scale.percent(each.start))
    left = min(scale.percent(each.start), 100 - width)
    bar = top + 24
    stripes: Markup | None = None
    if each.state in _STRIPED:
        # Slanted dashes instead of a pattern: a pattern needs an id, and a notebook may show a card more than once.
        y, height = f"{_BAR_HEIGHT / 2:g}", str(_BAR_HEIGHT)
        dashes = tag("line", class_="stripes", x2="300%", y1=y, y2=y, stroke_width=height)
        stripes = tag("g", dashes, transform="skewX(-45)")
    when = f"{in_utc(_date(each.start))}, {each.length}"
    return tag(
        "g",
        tag("title", f"{each.name}: {each.state}, {when}, {_event_count(each)}"),
        icon(each.state, x="0", y=str(top + 5)),
        tag("text", tag("tspan", each.name, class_="name"), tag("tspan", when, dx="8"), x="20", y=str(top + 16)),
        tag(
            "svg",
            tag("rect", width="100%", height="100%", rx="2"),
            stripes,
            tag("rect", class_="outline", width="100%", height="100%"),
            x=f"{left:.2f}%",
            y=str(bar),
            width=f"{width:.2f}%",
            height=str(_BAR_HEIGHT),
            aria_hidden="true",
        ),
        *(
            tag("line", class_="event", x1=x, x2=x, y1=str(bar + _BAR_HEIGHT - 4), y2=str(bar + _BAR_HEIGHT + 4))
            for x in dict.fromkeys(f"{scale.percent(time):.1f}%" for time in sorted(each.events))
        ),
        class_=state_class(each.state),
    )


def _event_count(each: Lane) -> str:
    return f"{len(each.events)} event{'' if len(each.events) == 1 else 's'}"


def _date(time: float) -> datetime:
    return datetime.fromtimestamp(min(time, _MAX_TIME), UTC)


def _axis(scale: _Scale, bottom: int) -> Iterator[Markup]:
    yield tag("line", class_="axis", x2="100%", y1=str(bottom), y2=str(bottom))
    for time, label in ticks(scale.begin, scale.end):
        percent = scale.percent(time)
        x = f"{percent:.2f}%"
        yield tag("line", class_="grid", x1=x, x2=x, y1="0", y2=str(bottom + 5))
        if percent <= _LAST_LABEL:
            yield tag("text", label, class_="tick", x=x, y=str(bottom + 18))


def ticks(begin: float, end: float) -> Iterator[tuple[float, str]]:
    """The ticks of an axis with their labels, at round times, days or months in UTC."""
    step = next((step for step in STEPS if (end - begin) / step <= MAX_INTERVALS), None)
    if step is None:
        yield from _month_ticks(begin, end)
        return
    time_format = "%H:%M:%S" if step < MINUTE else "%H:%M"
    number = -(-begin // step)
    while (time := number * step) <= end:
        yield time, f"{_date(time):{'%m-%d' if time % DAY == 0 else time_format}}"
        number += 1


def _month_ticks(begin: float, end: float) -> Iterator[tuple[float, str]]:
    step = next(step for step in MONTH_STEPS if (end - begin) / (step * _MONTH) <= MAX_INTERVALS)
    first, last = _date(begin), _date(end)
    number = -(-(first.year * 12 + first.month - 1) // step)
    while (month := number * step) <= last.year * 12 + last.month - 1:
        date = datetime(month // 12, month % 12 + 1, 1, tzinfo=UTC)
        if begin <= date.timestamp() <= end:
            yield date.timestamp(), f"{date.year}" if step % 12 == 0 else f"{date.year}-{date.month:02}"
        number += 1
