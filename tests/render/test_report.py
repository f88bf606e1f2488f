"""The report: its answers, its structure, and that no text can change it."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.render.pages import Page, assert_harmless
from tests.render.samples import HOSTILE, MADE_AT, events, looked, repository, resources, told, tried, usual
from tests.support.samples import MINE, NOON, blocker, git_job, twin_job
from unisync import SyncFailedError, SyncState
from unisync._render.report import ReportEntry, report


def page_of(*entries: ReportEntry, title: str = "Syncs") -> Page:
    page = Page(report(entries, made_at=MADE_AT, title=title))
    assert_harmless(page)
    return page


def test_it_is_one_page_of_its_own() -> None:
    html = report(usual(), made_at=MADE_AT, title="Production")
    assert html.startswith('<!doctype html>\n<html lang="en"><head><meta charset="utf-8">')
    page = Page(html)
    assert_harmless(page)
    metas = {each.attributes.get("name") or each.attributes.get("http-equiv"): each for each in page.all("meta")}
    policy = metas["Content-Security-Policy"].attributes["content"]
    assert policy == "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    assert metas["viewport"].attributes["content"] == "width=device-width, initial-scale=1"
    assert metas["color-scheme"].attributes["content"] == "light dark"
    assert page.all("link")[0].attributes == {"rel": "icon", "href": "data:,"}
    assert "<title>Production</title>" in html
    assert not re.search(r"url\(|@import|https?:", html)


def test_it_begins_with_the_answer() -> None:
    page = page_of(*usual())
    assert "2 of 13 are in place." in page.text
    for words in ("2 ACTIVE", "3 FAILED", "1 BLOCKED", "1 NOT FOUND", "1 ERROR"):
        assert words in page.text
    assert "1 of 1 is in place." in page_of(usual()[0]).text
    assert "There are no syncs." in page_of().text


def test_its_contents_lead_to_its_sections() -> None:
    page = page_of(*usual())
    sections = page.all("section")
    assert [each.attributes["href"] for each in page.all("a")] == [f"#{each.attributes['id']}" for each in sections]
    headings = {each.attributes["id"] for each in page.all("h2")}
    assert {each.attributes["aria-labelledby"] for each in sections} == headings


def test_headings_leave_no_level_out() -> None:
    levels = [int(each.name[1]) for each in page_of(*usual()).elements if re.fullmatch("h[1-6]", each.name)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(later - before <= 1 for before, later in pairwise(levels))


def test_every_drawing_has_a_name_or_is_hidden() -> None:
    page = page_of(*usual())
    for each in page.all("svg"):
        if "svg" not in each.path:
            assert each.attributes.get("aria-hidden") == "true" or (
                each.attributes.get("role") == "img" and each.attributes["aria-label"]
            )
    assert any(each.attributes.get("role") == "img" for each in page.all("svg"))


def test_what_is_drawn_stands_in_a_table_too() -> None:
    entry = ReportEntry(looked(git_job(tried(*events("one", "two", "three")))), repository=repository("and four"))
    text = page_of(entry).text
    for words in ("one", "two", "three", "and four", "Time (UTC)", "2026-11-22 12:00:10Z", "Repository"):
        assert words in text


def test_times_are_in_utc_and_whole() -> None:
    local = MADE_AT.astimezone(timezone(timedelta(hours=-7)))
    page = Page(report([usual()[0]], made_at=local))
    assert "As of 2026-11-22 12:05:00Z" in page.text
    assert page.all("time")[0].attributes["datetime"] == "2026-11-22T12:05:00+00:00"


def test_a_blocker_is_told_with_its_release() -> None:
    text = page_of(ReportEntry(looked(git_job(desired=MINE), blocker()))).text
    for words in (
        "What blocks it",
        "modified outside of Git sync",
        "2026-11-22 12:00:00Z (5 min ago)",
        "0a1b AUTOMATED",
        "unisync resolve codeconnections:payments-prod --reason TEXT",
    ):
        assert words in text


def test_resources_are_counted_and_failed_ones_listed() -> None:
    page = page_of(ReportEntry(looked(twin_job(SyncState.ACTIVE)), resources=resources(failed=310)))
    for words in (
        "12 ACTIVE",
        "310 FAILED",
        "mixer-299",
        "SYNC_PROCESSING_ERROR: no such",
        "10 failed resources",
    ):
        assert words in page.text
    assert "mixer-300" not in page.text
    (box,) = (each for each in page.elements if each.attributes.get("class") == "box")
    assert (box.attributes["tabindex"], box.attributes["aria-label"]) == ("0", "Failed resources")


def test_the_lines_of_an_error_are_told_one_by_one() -> None:
    job = twin_job(SyncState.FAILED)
    error = SyncFailedError("it failed\n  one\n  two", ref=job.ref, job=job, attempts=1, elapsed=0)
    page = page_of(ReportEntry(replace(looked(job), error=error), notes=("its events: denied",)))
    assert "it failed one two" in page.text
    assert "Could not be read its events: denied" in page.text


WORDS = st.one_of(
    st.text(max_size=60),
    st.text(alphabet="<>/\"'&=;! -\x1b]\x07\u202e\ud83d", max_size=60),
    st.sampled_from([HOSTILE, "</style>", "--><script>", "</svg></table>", "&#x3c;script&#x3e;", "x" * 5_000]),
)


@settings(deadline=None)
@given(WORDS)
def test_no_text_changes_the_structure(words: str) -> None:
    page = page_of(told(f"w{words}"), title=f"w{words}")
    assert page.structure == page_of(told("w"), title="w").structure


@settings(deadline=None)
@given(WORDS)
def test_no_text_is_lost_or_steers(words: str) -> None:
    text = "".join(page_of(told(f"w{words}")).words)
    assert not re.search("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", text)


def test_hostile_text_is_shown_as_it_is() -> None:
    assert "<script>alert(1)</script></style></title></svg><img src=x onerror=alert(2)>" in page_of(told(HOSTILE)).text


def test_megabytes_of_text_make_a_page_of_reasonable_size() -> None:
    many = tried(*events(*(["<'&>" * 250_000] * 20 + ["x"] * 280)))
    html = report([ReportEntry(looked(git_job(many))), told("y" * 1_000_000)], made_at=MADE_AT)
    assert len(html) < 600_000
    assert "(1000000 characters)" in html


@pytest.mark.parametrize("made_at", [NOON, datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC)])
def test_any_time_of_looking_will_do(made_at: datetime) -> None:
    running = tried(*events("a", at=datetime(1970, 1, 1, tzinfo=UTC)), state=SyncState.RUNNING)
    html = report([ReportEntry(looked(git_job(running), blocker()))], made_at=made_at)
    assert not re.search(r"\b(nan|inf)\b", Page(html).text)
