"""Attempts as bars on a time axis, drawn so that they fit any width: places are shares of it, and nothing has an id."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from unisync._models.text import in_utc
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
"""Seconds between the marks of an axis."""
MONTHS = (1, 2, 3, 6, 12, 24, 60, 120, 240, 600, 1_200, 2_400, 6_000, 12_000, 36_000)
"""Months between them, where it shows years."""
MARKS = 4
"""As many intervals are on an axis at the most: more labels do not fit on a phone."""
_MONTH = 30 * DAY
_SHORTEST = 2.0
"""Seconds that an axis shows at least."""
_LAST = datetime.max.replace(microsecond=0, tzinfo=UTC).timestamp()
"""An axis may end after the last date there is."""
_NARROWEST = 0.8
"""The least width of a bar, in hundredths of the whole."""
_LAST_LABEL = 84.0
"""Further to the right, in hundredths of the whole, a label has no room."""
_FAR = 4
"""Attempts are drawn on an axis of their own where the time between is so many times as long as either."""

_LANE, _BAR, _AXIS = 50, 14, 26
"""Heights in pixels."""

_UNDER_WAY = ("PENDING", "RUNNING")


class Lane(NamedTuple):
    """A bar and its marks, in seconds since 1970."""

    name: str
    state: str
    start: float
    end: float
    events: tuple[float, ...]

    @property
    def first(self) -> float:
        """When the first thing of it happened; that may be an event before the start."""
        return min(self.start, *self.events, self.end)

    @property
    def length(self) -> str:
        """How long it took, in words."""
        return how_long(self.end - self.start)


def lane(name: str, attempt: SyncAttempt, made_at: datetime | None) -> Lane:
    """An attempt's. It ends with its last event; one that is under way goes on until the time of looking at it."""
    start, events = attempt.started_at.timestamp(), tuple(event.time.timestamp() for event in attempt.events)
    state = str(attempt.status.state)
    now = made_at.timestamp() if made_at is not None and state in _UNDER_WAY else start
    return Lane(name, state, start, max(start, now, *events), events)


def how_long(seconds: float) -> str:
    """A length of time in one or two units, such as "4 min 10 s"."""
    if 0 < seconds < 1:
        return "under 1 s"
    for unit, word, below, lesser in ((DAY, "d", HOUR, "h"), (HOUR, "h", MINUTE, "min"), (MINUTE, "min", 1, "s")):
        if seconds >= unit:
            rest = int(seconds % unit // below)
            return f"{seconds // unit:.0f} {word}" + (f" {rest} {lesser}" if rest else "")
    return f"{seconds:.0f} s"


def timeline(lanes: Sequence[Lane]) -> Markup:
    """The drawing: one axis for what happened at about the same time, another for what happened long after."""
    groups = list(_groups(lanes))
    drawn = [_drawing(groups[0])] if groups else []
    for before, after in pairwise(groups):
        gap = min(each.first for each in after) - max(each.end for each in before)
        drawn.append(tag("p", f"{how_long(gap)} later", class_="later"))
        drawn.append(_drawing(after))
    return tag("div", *drawn, class_="timeline")


def _groups(lanes: Sequence[Lane]) -> Iterator[list[Lane]]:
    group: list[Lane] = []
    begin = end = 0.0
    for each in sorted(lanes, key=lambda each: (each.first, each.end)):
        longest = max(end - begin, each.end - each.first, MINUTE)
        if group and each.first - end > _FAR * longest:
            yield group
            group = []
        begin, end = (min(begin, each.first), max(end, each.end)) if group else (each.first, each.end)
        group.append(each)
    if group:
        yield group


class _Scale:
    """From times to shares of the width."""

    def __init__(self, lanes: Sequence[Lane]) -> None:
        self.begin = min(each.first for each in lanes)
        self.end = max(self.begin + _SHORTEST, *(each.end for each in lanes))

    def at(self, time: float) -> float:
        """In hundredths of the whole."""
        return 100 * (time - self.begin) / (self.end - self.begin)


def _drawing(lanes: Sequence[Lane]) -> Markup:
    scale = _Scale(lanes)
    height = len(lanes) * _LANE + _AXIS
    told = "; ".join(f"{each.name}: {each.state}, {each.length}, {_count(each)}" for each in lanes)
    begin = in_utc(_date(scale.begin))
    return tag(
        "svg",
        *_axis(scale, height - _AXIS),
        *(_lane(each, scale, place * _LANE) for place, each in enumerate(lanes)),
        role="img",
        aria_label=f"Timeline from {begin}. {told}.",
        width="100%",
        height=str(height),
    )


def _lane(each: Lane, scale: _Scale, top: int) -> Markup:
    width = max(_NARROWEST, scale.at(each.end) - scale.at(each.start))
    left = min(scale.at(each.start), 100 - width)
    middle, bar = _BAR / 2, top + 24
    # Stripes by slanted dashes, not by a pattern: that would need an id.
    stripes = tag("line", class_="stripes", x2="300%", y1=f"{middle:g}", y2=f"{middle:g}", stroke_width=str(_BAR))
    inner = tag("rect", width="100%", height="100%", rx="2")
    told = f"{in_utc(_date(each.start))}, {each.length}"
    ticks = {f"{scale.at(time):.1f}%" for time in each.events}
    return tag(
        "g",
        tag("title", f"{each.name}: {each.state}, {told}, {_count(each)}"),
        icon(each.state, x="0", y=str(top + 5)),
        tag("text", tag("tspan", each.name, class_="name"), tag("tspan", told, dx="8"), x="20", y=str(top + 16)),
        tag(
            "svg",
            inner,
            tag("g", stripes, transform="skewX(-45)"),
            tag("rect", class_="outline", width="100%", height="100%"),
            x=f"{left:.2f}%",
            y=str(bar),
            width=f"{width:.2f}%",
            height=str(_BAR),
            aria_hidden="true",
        ),
        *(
            tag("line", class_="event", x1=x, x2=x, y1=str(bar + _BAR - 4), y2=str(bar + _BAR + 4))
            for x in sorted(ticks, key=lambda share: float(share[:-1]))
        ),
        class_=state_class(each.state),
    )


def _count(each: Lane) -> str:
    return f"{len(each.events)} event{'' if len(each.events) == 1 else 's'}"


def _date(time: float) -> datetime:
    return datetime.fromtimestamp(min(time, _LAST), UTC)


def _axis(scale: _Scale, bottom: int) -> Iterator[Markup]:
    yield tag("line", class_="axis", x2="100%", y1=str(bottom), y2=str(bottom))
    for time, label in marks(scale.begin, scale.end):
        x = scale.at(time)
        place = f"{x:.2f}%"
        yield tag("line", class_="grid", x1=place, x2=place, y1="0", y2=str(bottom + 5))
        if x <= _LAST_LABEL:
            yield tag("text", label, class_="mark", x=place, y=str(bottom + 18))


def marks(begin: float, end: float) -> Iterator[tuple[float, str]]:
    """Where an axis is marked, and with what: times of day, days or months that are round, in UTC."""
    step = next((step for step in STEPS if (end - begin) / step <= MARKS), None)
    if step is None:
        yield from _months(begin, end)
        return
    form = "%H:%M:%S" if step < MINUTE else "%H:%M" if step < DAY else "%m-%d"
    number = -(-begin // step)
    while (time := number * step) <= end:
        date = _date(time)
        yield time, f"{date:%m-%d}" if time % DAY == 0 else f"{date:{form}}"
        number += 1


def _months(begin: float, end: float) -> Iterator[tuple[float, str]]:
    step = next(step for step in MONTHS if (end - begin) / (step * _MONTH) <= MARKS)
    first, last = _date(begin), _date(end)
    number = -(-(first.year * 12 + first.month - 1) // step)
    while (month := number * step) <= last.year * 12 + last.month - 1:
        date = datetime(month // 12, month % 12 + 1, 1, tzinfo=UTC)
        if begin <= date.timestamp() <= end:
            yield date.timestamp(), f"{date.year}" if step % 12 == 0 else f"{date.year}-{date.month:02}"
        number += 1
