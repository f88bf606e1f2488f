"""Timelines: bars and labels fit, whatever the times are."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.render.pages import Page
from tests.render.samples import AS_OF, attempt_with, events
from tests.support.samples import NOON
from unisync import SyncEvent, SyncState
from unisync._render.icons import PATHS
from unisync._render.symbols import SYMBOLS
from unisync._render.timeline import lane, ticks, timeline

Attempt = tuple[datetime, list[datetime], SyncState]
"""The start of an attempt, its events' times, and its state."""

SECONDS = st.floats(min_value=-62_135_596_800, max_value=253_402_300_799)
DATES = st.one_of(
    st.datetimes(timezones=st.just(UTC)),
    st.datetimes(NOON.replace(tzinfo=None), (NOON + timedelta(minutes=9)).replace(tzinfo=None), timezones=st.just(UTC)),
    st.just(NOON),
    st.just(datetime.max.replace(tzinfo=UTC)),
    st.just(datetime.min.replace(tzinfo=UTC)),
)


@pytest.mark.parametrize(
    ("begin", "seconds", "labels"),
    [
        (NOON, 4, ["12:00:00", "12:00:01", "12:00:02", "12:00:03", "12:00:04"]),
        (NOON + timedelta(seconds=7), 75, ["12:00:30", "12:01:00"]),
        (NOON, 3_600, ["12:00", "12:15", "12:30", "12:45", "13:00"]),
        (NOON, 86_400, ["12:00", "18:00", "11-23", "06:00", "12:00"]),
        (NOON, 4 * 86_400, ["11-23", "11-24", "11-25", "11-26"]),
        (NOON, 200 * 86_400, ["2027-01", "2027-03", "2027-05"]),
        (NOON, 5_000 * 86_400, ["2030", "2035", "2040"]),
    ],
)
def test_ticks_are_at_round_times(begin: datetime, seconds: float, labels: list[str]) -> None:
    start = begin.timestamp()
    assert [label for _, label in ticks(start, start + seconds)] == labels


@settings(deadline=None)
@given(begin=SECONDS, seconds=st.floats(min_value=2, max_value=300_000_000_000))
def test_ticks_are_neither_crowded_nor_missing(begin: float, seconds: float) -> None:
    end = min(begin + seconds, 253_402_300_799)
    if end - begin >= 2:
        positions = [(time - begin) / (end - begin) for time, _ in ticks(begin, end)]
        assert 1 <= len(positions) <= 6
        assert all(0 <= position <= 1 for position in positions)
        assert all(later - before > 0.22 for before, later in pairwise(positions))


def percentages(page: Page) -> list[float]:
    """Every position and width in percent."""
    values = [value or "" for each in page.elements for value in each.attributes.values()]
    return [float(value[:-1]) for value in values if re.fullmatch(r"\S*[\d.a-z]%", value) and value != "300%"]


@settings(deadline=None)
@given(
    st.lists(st.tuples(DATES, st.lists(DATES, max_size=5), st.sampled_from(list(SyncState))), min_size=1, max_size=4),
    st.one_of(st.none(), DATES),
)
def test_every_bar_is_inside_the_drawing(attempts: list[Attempt], as_of: datetime | None) -> None:
    lanes = [
        lane(
            f"attempt-{number}",
            attempt_with(*(SyncEvent(type="A", event="b", time=date) for date in dates), state=state, at=start),
            as_of,
        )
        for number, (start, dates, state) in enumerate(attempts)
    ]
    page = Page(timeline(lanes))
    assert all(0 <= percentage <= 100 for percentage in percentages(page))
    assert all(name in page.text for name, *_ in lanes)
    for bar in page.all("svg"):
        x, width = bar.attributes.get("x"), bar.attributes["width"]
        if x is not None and x.endswith("%"):
            assert width is not None
            assert float(width[:-1]) > 0.5
            assert float(x[:-1]) + float(width[:-1]) <= 100.01


def test_an_attempt_in_progress_lasts_until_now() -> None:
    running = attempt_with(*events("a", "b"), state=SyncState.RUNNING)
    assert lane("x", running, AS_OF).length == "5 min"
    assert lane("x", running, None).length == "5 s"
    assert lane("x", running, NOON - timedelta(days=1)).length == "5 s"
    assert lane("x", attempt_with(*events("a", "b")), AS_OF).length == "5 s"


def test_a_long_gap_starts_a_new_axis() -> None:
    first, soon = lane("a", attempt_with(), None), lane("b", attempt_with(at=NOON + timedelta(seconds=90)), None)
    late = lane("c", attempt_with(at=NOON + timedelta(days=3, hours=5)), None)
    page = Page(timeline([late, first, soon]))
    drawings = [each.attributes["aria-label"] or "" for each in page.all("svg") if each.attributes.get("role") == "img"]
    assert [re.findall(r"\b([abc]): FAILED", label) for label in drawings] == [["a", "b"], ["c"]]
    assert "3 d 4 h later" in page.text


def test_events_at_the_same_time_share_a_mark() -> None:
    page = Page(timeline([lane("a", attempt_with(*events(*("x" * 300), interval=0)), None)]))
    assert len([each for each in page.all("line") if each.attributes.get("class") == "event"]) == 1


def test_no_attempts_have_no_drawing() -> None:
    assert Page(timeline([])).all("svg") == []


def test_every_state_has_its_own_icon() -> None:
    assert set(PATHS) == set(SYMBOLS)
    icons = [(PATHS[state], symbol.icon, symbol.ascii_icon) for state, symbol in SYMBOLS.items()]
    assert all(len(set(column)) == len(SYMBOLS) for column in zip(*icons, strict=True))
