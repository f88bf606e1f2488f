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
    explanation,
    outcome_of,
    repository,
    resources,
)
from tests.support.samples import FACTORY, MINE, NOON, OLD, STACK, attempt, blocker, git_job, revision, twin_job
from unisync import FleetSync, StackSync, SyncFailedError, SyncState
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
    assert policy == (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
    )
    assert metas["viewport"].attributes["content"] == "width=device-width, initial-scale=1"
    assert metas["color-scheme"].attributes["content"] == "light dark"
    assert page.all("link")[0].attributes == {"rel": "icon", "href": "data:,"}
    assert "<title>Production</title>" in html
    assert not re.search(r"url\(|@import|http:", html)
    assert html.count("https:") == html.count('<a href="https:') > 0


def test_the_report_starts_with_the_counts() -> None:
    page = page_of(*all_kinds())
    assert "2 of 13 are synced." in page.text
    for text in ("2 ACTIVE", "3 FAILED", "1 BLOCKED", "1 NOT FOUND", "1 ERROR"):
        assert text in page.text
    assert "1 of 1 is synced." in page_of(all_kinds()[0]).text
    assert "No syncs were found." in page_of().text


def test_the_navigation_links_to_every_sync_that_is_not_done() -> None:
    page = page_of(*all_kinds())
    sections = page.all("section")
    left = [each for each in sections if each.attributes["class"] != "card s-active"]
    links = [each.attributes["href"] for each in page.all("a") if "nav" in each.path]
    assert links == [f"#{each.attributes['id']}" for each in left]
    assert len(sections) == len(left) + 2
    assert not page_of(all_kinds()[0]).all("nav")
    headings = {each.attributes["id"] for each in page.all("h2")}
    assert {each.attributes["aria-labelledby"] for each in sections} == headings


def states_of(page: Page) -> list[str]:
    """The states of the sections, in their order."""
    return [(each.attributes["class"] or "").removeprefix("card s-") for each in page.all("section")]


def test_what_needs_a_person_comes_first_and_what_is_done_is_folded() -> None:
    page = page_of(*all_kinds())
    expected = ["failed"] * 3 + ["blocked", "error", "not_found", "unknown", "unknown"]
    expected += ["running", "pending", "deleting", "active", "active"]
    assert states_of(page) == expected
    folds = [each for each in page.all("details") if each.path[-1] == "section"]
    assert ["open" in each.attributes for each in folds] == [state != "active" for state in expected]
    refs = [f"stack-{number}" for number in range(3)]
    entries = [ReportEntry(replace(outcome_of(git_job(desired=MINE)), ref=StackSync(name))) for name in reversed(refs)]
    order = [page_of(*entries).text.rindex(name) for name in refs]
    assert order == sorted(order, reverse=True)  # within a state, as given


def test_events_of_an_older_success_are_folded() -> None:
    done, failed = attempt("SUCCEEDED", OLD), attempt("FAILED", MINE, reason="no such parameter")
    page = page_of(ReportEntry(outcome_of(git_job(failed, done, MINE))))
    assert ["open" in each.attributes for each in page.all("details")] == [True, True, False]


def test_the_header_names_accounts_and_regions() -> None:
    entry = all_kinds()[0]
    page = page_of(replace(entry, account="123456789012", region="eu-west-1"))
    assert "Account 123456789012 Region eu-west-1 Made 2026-11-22 12:05:00Z" in page.text
    assert "Syncs Syncs Made 2026" in page_of(entry).text
    fleet = [replace(entry, account=f"{number:012}", region="eu-west-1") for number in (*range(13), 1)]
    assert "000000000008 000000000009 and 3 more Region eu-west-1 Made" in page_of(*fleet).text


def links_of(page: Page) -> set[str | None]:
    return {each.attributes["href"] for each in page.all("a")} - {f"#sync-{number}" for number in range(20)}


AT_GITHUB = {
    *(f"https://github.com/acme/infra/commit/{sha}" for sha in (OLD, MINE)),
    f"https://github.com/acme/infra/pulls?q=is%3Apr+{MINE}",
}


def test_a_sync_links_to_its_commits_and_to_the_console_of_its_region() -> None:
    done, failed = attempt("SUCCEEDED", OLD), attempt("FAILED", MINE, reason="no such parameter")
    entry = ReportEntry(outcome_of(git_job(failed, done, MINE)), region="eu-west-1")
    console = "https://eu-west-1.console.aws.amazon.com"
    assert links_of(page_of(entry)) == AT_GITHUB | {
        f"{console}/cloudformation/home?region=eu-west-1#/stacks?filteringText=payments-prod",
        "https://console.aws.amazon.com/codesuite/settings/connections?region=eu-west-1",
    }
    assert links_of(page_of(replace(entry, region=None))) == AT_GITHUB
    assert links_of(page_of(ReportEntry(outcome_of(twin_job(SyncState.ACTIVE)), region="eu-west-1"))) == {
        str(FACTORY.console_url("eu-west-1"))
    }
    fleet = FleetSync("123456789012", "eu-west-1", STACK)
    assert STACK.console_url("eu-west-1") in links_of(
        page_of(replace(entry, outcome=replace(entry.outcome, ref=fleet)))
    )


@pytest.mark.parametrize("region", ["", "evil.test/", "a@evil.test", "x" * 41, 'eu-west-1"><script>'])
def test_what_is_not_a_region_becomes_no_link(region: str) -> None:
    assert links_of(page_of(replace(all_kinds()[2], region=region))) <= AT_GITHUB


def test_only_a_console_in_a_text_becomes_a_link() -> None:
    console = "https://console.aws.amazon.com/codesuite/settings/connections?region=eu-west-1"
    for text, links in {
        f"complete it at {console}.": {console},
        f"({console}), then go on": {console},
        "https://eu-west-1.console.aws.amazon.com.evil.test/x": set[str](),
        "https://console.aws.amazon.com@evil.test/x": set[str](),
        "https://evil.test/?https=console.aws.amazon.com/": set[str](),
        "javascript:alert(1)": set[str](),
    }.items():
        entry = ReportEntry(outcome_of(git_job()), explanation=explanation(text, text))
        page = page_of(entry)
        assert links_of(page) == links
        assert f"→ {text}" in "".join(page.texts)


def test_a_commit_elsewhere_or_with_a_long_name_has_no_link() -> None:
    for changes in ({"provider": "GitHubEnterpriseServer"}, {"owner": "x" * 2_000}):
        commit = revision(MINE).model_copy(update=changes)
        job = git_job(attempt("FAILED", MINE)).model_copy(update={"desired_state": commit})
        assert links_of(page_of(ReportEntry(outcome_of(job)))) == set()


def test_every_state_can_be_chosen() -> None:
    page = page_of(*all_kinds())
    choices = [each.attributes for each in page.all("input")]
    assert {(each["type"], each["name"]) for each in choices} == {("radio", "show")}
    states = list(dict.fromkeys(states_of(page)))
    assert [each["id"] for each in choices] == ["show-all", *(f"show-{state}" for state in states)]
    assert ["checked" in each for each in choices] == [True, *(False for _ in states)]
    assert {each.attributes["for"] for each in page.all("label")} == {each["id"] for each in choices}
    assert not page_of().all("input")


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
    for text in ("one", "two", "three", "and four", "After start", "+10 s", "Repository"):
        assert text in page.text


def test_times_are_in_utc_to_the_second() -> None:
    local = AS_OF.astimezone(timezone(timedelta(hours=-7)))
    page = Page(report([all_kinds()[0]], as_of=local))
    assert "Made 2026-11-22 12:05:00Z" in page.text
    assert page.all("time")[0].attributes == {"datetime": "2026-11-22T12:05:00Z"}


def test_times_are_relative_to_the_report_or_the_attempt_and_exact_in_the_tooltip() -> None:
    page = page_of(ReportEntry(outcome_of(git_job(attempt_with(*events("one", "two", interval=70)))), repository()))
    for text in ("started 5 min before this report", "+0 s", "+1 min 10 s"):
        assert text in page.text
    exact = [each.attributes for each in page.all("time")[1:]]
    assert {"datetime": "2026-11-22T12:01:10Z", "title": "2026-11-22 12:01:10Z"} in exact
    for attributes in exact:
        assert attributes["datetime"] == (attributes["title"] or "").replace(" ", "T")
    assert " ago" not in page.text  # which is wrong as soon as the page is kept


def test_a_time_after_the_report_is_exact_and_one_before_the_start_is_negative() -> None:
    """Clocks differ."""
    early = attempt_with(*events("early", at=NOON - timedelta(seconds=3)), at=AS_OF + timedelta(seconds=9))
    page = page_of(ReportEntry(outcome_of(git_job(early))))
    assert "started 2026-11-22 12:05:09Z" in page.text
    assert "\N{MINUS SIGN}5 min 12 s" in page.text


def test_a_blocker_is_shown_with_the_command_to_resolve_it() -> None:
    page = page_of(ReportEntry(outcome_of(git_job(desired=MINE), blocker())))
    for text in (
        "Blockers",
        "modified outside of Git sync",
        "Created 5 min before this report",
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


def test_an_explanation_is_its_cause_and_what_to_do_and_unfolds_to_all_checks() -> None:
    page = page_of(ReportEntry(outcome_of(git_job()), explanation=explanation("PENDING <b>\nsince today", "go on")))
    for text in (
        "Likely cause connection: PENDING <b> → go on All 3 checks Status Check Found",
        "ok identity Account 123456789012",
        "problem connection PENDING <b> since today → go on",
        "unknown resource Unknown: access is denied",
    ):
        assert text in page.text
    (folded,) = (each for each in page.all("details") if "open" not in each.attributes)
    assert folded.path[-2:] == ("section", "details")
    nothing = ReportEntry(outcome_of(git_job()), explanation=explanation().model_copy(update={"cause": None}))
    assert "Explanation No cause was found. All 3 checks Status" in page_of(nothing).text


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


LINKED = Page(report([entry_with("w", "GitHub")], as_of=AS_OF, title="w")).structure


@settings(deadline=None)
@given(TEXTS.filter(lambda text: len(text) < 100))
def test_no_text_leads_a_link_elsewhere(text: str) -> None:
    page = page_of(replace(entry_with(f"w{text}", "GitHub"), region="eu-west-1"), title=f"w{text}")
    hosts = {str(each.attributes["href"]).split("/")[2] for each in page.all("a") if "nav" not in each.path}
    assert hosts == {"github.com", "eu-west-1.console.aws.amazon.com", "console.aws.amazon.com"}
    assert page_of(entry_with(f"w{text}", "GitHub"), title="w").structure == LINKED


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
