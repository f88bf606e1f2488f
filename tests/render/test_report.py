"""The report: its content and structure, which no text can change."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.render.pages import Page, assert_harmless
from tests.render.samples import (
    AS_OF,
    HOSTILE,
    all_kinds,
    attempt_with,
    entry_with,
    events,
    outcome_of,
    repository,
    resources,
)
from tests.support.samples import MINE, NOON, blocker, git_job, twin_job
from unisync import SyncFailedError, SyncState
from unisync._render.report import ReportEntry, report

pytestmark = pytest.mark.slow


def page_of(*entries: ReportEntry, title: str = "Syncs") -> Page:
    page = Page(report(entries, as_of=AS_OF, title=title))
    assert_harmless(page)
    return page


def test_the_report_is_self_contained() -> None:
    html = report(all_kinds(), as_of=AS_OF, title="Production")
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


def test_the_report_starts_with_the_counts() -> None:
    page = page_of(*all_kinds())
    assert "2 of 13 are synced." in page.text
    for text in ("2 ACTIVE", "3 FAILED", "1 BLOCKED", "1 NOT FOUND", "1 ERROR"):
        assert text in page.text
    assert "1 of 1 is synced." in page_of(all_kinds()[0]).text
    assert "No syncs were found." in page_of().text


def test_the_navigation_links_to_every_section() -> None:
    page = page_of(*all_kinds())
    sections = page.all("section")
    assert [each.attributes["href"] for each in page.all("a")] == [f"#{each.attributes['id']}" for each in sections]
    headings = {each.attributes["id"] for each in page.all("h2")}
    assert {each.attributes["aria-labelledby"] for each in sections} == headings


def test_headings_skip_no_level() -> None:
    levels = [int(each.name[1]) for each in page_of(*all_kinds()).elements if re.fullmatch("h[1-6]", each.name)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(later - before <= 1 for before, later in pairwise(levels))


def test_every_drawing_has_a_label_or_is_hidden() -> None:
    page = page_of(*all_kinds())
    for each in page.all("svg"):
        if "svg" not in each.path:
            assert each.attributes.get("aria-hidden") == "true" or (
                each.attributes.get("role") == "img" and each.attributes["aria-label"]
            )
    assert any(each.attributes.get("role") == "img" for each in page.all("svg"))


def test_drawn_events_are_in_a_table_too() -> None:
    entry = ReportEntry(
        outcome_of(git_job(attempt_with(*events("one", "two", "three")))), repository=repository("and four")
    )
    page = page_of(entry)
    for text in ("one", "two", "three", "and four", "Time (UTC)", "2026-11-22 12:00:10Z", "Repository"):
        assert text in page.text


def test_times_are_in_utc_to_the_second() -> None:
    local = AS_OF.astimezone(timezone(timedelta(hours=-7)))
    page = Page(report([all_kinds()[0]], as_of=local))
    assert "As of 2026-11-22 12:05:00Z" in page.text
    assert page.all("time")[0].attributes["datetime"] == "2026-11-22T12:05:00+00:00"


def test_a_blocker_is_shown_with_the_command_to_resolve_it() -> None:
    page = page_of(ReportEntry(outcome_of(git_job(desired=MINE), blocker())))
    for text in (
        "Blockers",
        "modified outside of Git sync",
        "2026-11-22 12:00:00Z (5 min ago)",
        "0a1b AUTOMATED",
        "unisync resolve codeconnections:payments-prod --reason TEXT",
    ):
        assert text in page.text


def test_resources_are_counted_and_the_failed_ones_listed() -> None:
    page = page_of(ReportEntry(outcome_of(twin_job(SyncState.ACTIVE)), resources=resources(failed=310)))
    for text in (
        "12 ACTIVE",
        "310 FAILED",
        "mixer-299",
        "SYNC_PROCESSING_ERROR: no such",
        "10 more failed resources not shown.",
    ):
        assert text in page.text
    assert "mixer-300" not in page.text
    (box,) = (each for each in page.elements if each.attributes.get("class") == "box")
    assert (box.attributes["tabindex"], box.attributes["aria-label"]) == ("0", "Failed resources")


def test_an_error_shows_its_details_line_by_line() -> None:
    job = twin_job(SyncState.FAILED)
    error = SyncFailedError("it failed\n  one\n  two", ref=job.ref, job=job, polls=1, elapsed=0)
    page = page_of(ReportEntry(replace(outcome_of(job), error=error), notes=("its events: denied",)))
    assert "it failed one two" in page.text
    assert "Could not be read its events: denied" in page.text


TEXTS = st.one_of(
    st.text(max_size=60),
    st.text(alphabet="<>/\"'&=;! -\x1b]\x07\u202e\ud83d", max_size=60),
    st.sampled_from([HOSTILE, "</style>", "--><script>", "</svg></table>", "&#x3c;script&#x3e;", "x" * 5_000]),
)


BASELINE = Page(report([entry_with("w")], as_of=AS_OF, title="w")).structure


@settings(deadline=None)
@given(TEXTS)
def test_no_text_changes_the_structure_or_keeps_control_characters(text: str) -> None:
    page = page_of(entry_with(f"w{text}"), title=f"w{text}")
    assert page.structure == BASELINE
    controls = "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
    assert not re.search(controls, "".join(page.texts))


def test_hostile_text_is_shown_as_text() -> None:
    assert (
        "<script>alert(1)</script></style></title></svg><img src=x onerror=alert(2)>"
        in page_of(entry_with(HOSTILE)).text
    )


def test_megabytes_of_text_are_truncated() -> None:
    many = attempt_with(*events(*(["<'&>" * 250_000] * 20 + ["x"] * 280)))
    html = report([ReportEntry(outcome_of(git_job(many))), entry_with("y" * 1_000_000)], as_of=AS_OF)
    assert len(html) < 600_000
    assert "(1000000 characters)" in html


@pytest.mark.parametrize("as_of", [NOON, datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC)])
def test_any_date_is_accepted(as_of: datetime) -> None:
    running = attempt_with(*events("a", at=datetime(1970, 1, 1, tzinfo=UTC)), state=SyncState.RUNNING)
    html = report([ReportEntry(outcome_of(git_job(running), blocker()))], as_of=as_of)
    assert not re.search(r"\b(nan|inf)\b", Page(html).text)
