"""What notebooks and rich show for jobs, attempts and outcomes."""

from __future__ import annotations

import subprocess
import sys
from typing import Protocol

import pytest
from rich.pretty import pretty_repr

from tests.render.pages import Page, assert_harmless
from tests.render.samples import HOSTILE, attempt_with, entry_with, events, explanation, outcome_of, repository
from tests.support.samples import (
    FACTORY,
    MINE,
    NOON,
    OLD,
    STACK,
    attempt,
    blocker,
    git_job,
    not_found,
    throttled,
    twin_job,
)
from unisync import Outcome, SyncJobSummary, SyncState, TwinMakerSync
from unisync._models.base import with_ref
from unisync._models.resources import SyncJobEntry
from unisync._render.cards import MAX_ROWS, error_details
from unisync._render.cards import card as make_card

DONE, FAILED = attempt("SUCCEEDED", OLD), attempt("FAILED", MINE, reason="no such parameter")
JOB = git_job(FAILED, DONE, MINE)
SUMMARY = with_ref(SyncJobSummary, FACTORY, SyncJobEntry())


class NotebookValue(Protocol):
    """What a notebook shows as HTML."""

    def _repr_html_(self) -> str: ...


def card(value: NotebookValue) -> Page:
    page = Page(value._repr_html_())
    assert_harmless(page)
    return page


VALUES: list[NotebookValue] = [
    JOB,
    git_job(),
    twin_job(SyncState.ACTIVE),
    SUMMARY,
    DONE,
    FAILED,
    repository(),
    attempt_with(),
    outcome_of(JOB, blocker()),
    Outcome(STACK, None, not_found()),
    Outcome(STACK, None, None, done=False),
    entry_with(HOSTILE).outcome,
    explanation(),
    explanation(HOSTILE, HOSTILE),
]


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_a_card_has_no_ids_so_that_a_page_may_show_it_twice(value: NotebookValue) -> None:
    page = card(value)
    assert not any("id" in each.attributes for each in page.elements)
    outermost = [each for each in page.elements if not each.path]
    assert [(each.name, (each.attributes["class"] or "").split()[0]) for each in outermost] == [("div", "unisync")]


def test_the_style_of_a_card_affects_nothing_else() -> None:
    """Every rule starts with the card's class, after a notebook's theme if there is one."""
    sheet = JOB._repr_html_().partition("<style>")[2].partition("</style>")[0]
    depth, rule, outer = 0, "", list[str]()
    for character in sheet:
        if character == "{":
            if depth == 0 or (depth == 1 and outer[-1].startswith("@media")):
                outer.append(rule.strip().rpartition("*/")[2].strip())
            depth, rule = depth + 1, ""
        elif character in "};":
            depth, rule = depth - (character == "}"), ""
        else:
            rule += character
    assert depth == 0
    assert outer
    for selectors in outer:
        assert selectors.startswith("@media") or all(".unisync" in part for part in selectors.split(",")), selectors


def test_a_job_shows_its_commits_and_the_reason() -> None:
    page = card(JOB)
    for text in (
        "codeconnections:payments-prod",
        "FAILED",
        "b2b2b2b is not live",
        "no such parameter",
        "acme/infra",
        "main",
        "deployment.yaml",
    ):
        assert text in page.text
    assert "".join(page.texts).count(MINE) == 1
    assert "".join(page.texts).count(OLD) == 1
    assert len(page.all("table")) == 2
    assert [each.attributes["aria-label"] for each in page.all("svg") if each.attributes.get("role") == "img"]


def test_a_twinmaker_job_shows_no_commits() -> None:
    assert "2026-11-22 12:00:00Z" in card(twin_job(SyncState.ACTIVE)).text
    assert "Desired" not in card(twin_job(SyncState.ACTIVE)).text
    assert "Updated" not in card(SUMMARY).text


def test_an_attempt_shows_both_commits() -> None:
    page = card(FAILED)
    assert "payments-prod FAILED SYNC_FAILED: no such parameter From a1a1a1a" in page.text
    assert page.text.index("To") > page.text.index("From")
    assert card(repository()).text.startswith("Repository ACTIVE")
    assert "AWS reports no events." in card(attempt_with()).text


def test_an_outcome_shows_blockers_and_errors() -> None:
    page = card(outcome_of(JOB, blocker()))
    assert "unisync resolve codeconnections:payments-prod --reason TEXT" in page.text
    assert "modified outside of Git sync" in page.text
    assert "The sync does not exist." in card(Outcome(STACK, None, not_found())).text


def test_an_explanation_shows_each_line_and_what_to_do() -> None:
    page = card(explanation("one\ntwo", "three"))
    assert "FAILED connection: one Status Check Found" in page.text
    assert "problem connection one two → three" in page.text
    in_cells = [each for each in page.all("div") if each.path[-1:] == ("td",)]
    assert len(in_cells) == 2 + 3 + 2, "two lines of each check, and what to do about one"


def test_a_name_cannot_inject_a_shell_command() -> None:
    outcome = Outcome(TwinMakerSync("$(reboot);`x`'"), None, None, blockers=(blocker(),))
    assert """unisync resolve 'twinmaker:$(reboot);`x`'"'"'' --reason TEXT""" in card(outcome).text


def test_only_the_newest_events_are_shown() -> None:
    page = card(attempt_with(*events(*(f"step {number}." for number in range(MAX_ROWS + 7)))))
    assert "The first 7 events are not shown." in page.text
    assert "step 6." not in page.text
    assert "step 7." in page.text
    assert len(page.all("tr")) == MAX_ROWS + 1


def test_events_are_in_order_and_an_id_is_shown_once() -> None:
    late, early = events("late", at=NOON.replace(hour=13)) + events("early for x-1")
    page = card(
        attempt_with(
            late.model_copy(update={"external_id": "x-1"}),
            early.model_copy(update={"external_id": "x-1"}),
            early.model_copy(update={"external_id": MINE, "event": "early too"}),
        )
    )
    assert page.text.index("early too") < page.text.rindex("late")
    assert page.text.count("x-1") == 2  # in the text of one event, after the other
    assert "".join(page.texts).count(MINE) == 2  # From and To


def test_a_long_message_is_truncated() -> None:
    html = attempt_with(*events("x" * 1_000_000))._repr_html_()
    assert len(html) < 20_000
    assert "… (1000000 characters)" in html


def test_error_details_are_the_lines_after_the_first() -> None:
    assert error_details("one") is None
    assert Page(error_details("one\n  two\n\nthree") or "").text == "two three"
    assert Page(error_details("\n".join("x" * (MAX_ROWS + 3))) or "").text.endswith("and 2 more lines")


@pytest.mark.parametrize(
    ("value", "printed"),
    [
        (
            JOB,
            "GitSyncJob(ref='codeconnections:payments-prod', status='FAILED', error='SYNC_FAILED: no such parameter', "
            "live='a1a1a1a', desired='b2b2b2b')",
        ),
        (git_job(), "GitSyncJob(ref='codeconnections:payments-prod', status='PENDING')"),
        (
            twin_job(SyncState.ACTIVE, "ACTIVE"),
            "TwinMakerSyncJob(ref='twinmaker:factory', status='ACTIVE')",
        ),
        (SUMMARY, "SyncJobSummary(ref='twinmaker:factory', status='UNKNOWN')"),
        (
            FAILED,
            "ResourceSyncAttempt(status='FAILED', started_at='2026-11-22 12:00:00Z', target='payments-prod', "
            "sha='b2b2b2b', events=2)",
        ),
        (
            repository(),
            "RepositorySyncAttempt(status='ACTIVE (SUCCEEDED)', started_at='2026-11-22 12:00:00Z', events=2)",
        ),
        (
            outcome_of(git_job(), blocker()),
            "Outcome(ref='codeconnections:payments-prod', "
            "job=GitSyncJob(ref='codeconnections:payments-prod', status='PENDING'), "
            "error=None, blockers=['modified outside of Git sync'])",
        ),
        (
            Outcome(STACK, None, None, done=False),
            "Outcome(ref='codeconnections:payments-prod', job=None, error=None, done=False)",
        ),
    ],
)
def test_rich_prints_a_short_form(value: object, printed: str) -> None:
    assert pretty_repr(value, max_width=1_000) == printed


def test_rich_prints_errors_and_no_control_characters() -> None:
    assert "ThrottlingException" in pretty_repr(Outcome(STACK, None, throttled()))
    printed = pretty_repr(entry_with(HOSTILE).outcome.job)
    assert all(character.isprintable() or character == "\n" for character in printed)


def test_models_do_not_import_the_rendering() -> None:
    code = "import sys, unisync; unisync.SyncJob, unisync.Outcome; print([n for n in sys.modules if '_render' in n])"
    result = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert result.stdout.strip() == "[]"


def test_a_value_without_a_card() -> None:
    with pytest.raises(TypeError, match="no card for int"):
        make_card(1)
