"""What notebooks and rich show of a job, an attempt and an outcome."""

from __future__ import annotations

import subprocess
import sys
from typing import Protocol

import pytest
from rich.pretty import pretty_repr

from tests.render.pages import Page, assert_harmless
from tests.render.samples import HOSTILE, events, looked, repository, told, tried
from tests.support.samples import MINE, NOON, OLD, STACK, attempt, blocker, git_job, not_found, throttled, twin_job
from unisync import Outcome, SyncJobSummary, SyncState, TwinMakerSync
from unisync._models.resources import SyncJobEntry
from unisync._render.cards import ROWS, lines

DONE, FAILED = attempt("SUCCEEDED", OLD), attempt("FAILED", MINE, reason="no such parameter")
JOB = git_job(FAILED, DONE, MINE)
SUMMARY = SyncJobSummary.of("factory", SyncJobEntry())


class Shown(Protocol):
    """What a notebook can show."""

    def _repr_html_(self) -> str: ...


def card(shown: Shown) -> Page:
    page = Page(shown._repr_html_())
    assert_harmless(page)
    return page


EVERYTHING: list[Shown] = [
    JOB,
    git_job(),
    twin_job(SyncState.ACTIVE),
    SUMMARY,
    DONE,
    FAILED,
    repository(),
    tried(),
    looked(JOB, blocker()),
    Outcome(STACK, None, not_found()),
    Outcome(STACK, None, None, done=False),
    told(HOSTILE).outcome,
]


@pytest.mark.parametrize("shown", EVERYTHING, ids=lambda shown: type(shown).__name__)
def test_a_card_can_be_shown_twice_on_a_page(shown: Shown) -> None:
    page = card(shown)
    assert not any("id" in each.attributes for each in page.elements)
    outermost = [each for each in page.elements if not each.path]
    assert [(each.name, (each.attributes["class"] or "").split()[0]) for each in outermost] == [("div", "unisync")]


def test_the_style_of_a_card_reaches_nothing_else() -> None:
    """Each rule of the sheet begins with the card's class, or with what a notebook calls its theme before it."""
    sheet = JOB._repr_html_().partition("<style>")[2].partition("</style>")[0]
    depth, begun, outer = 0, "", list[str]()
    for character in sheet:
        if character == "{":
            if depth == 0 or (depth == 1 and outer[-1].startswith("@media")):
                outer.append(begun.strip().rpartition("*/")[2].strip())
            depth, begun = depth + 1, ""
        elif character in "};":
            depth, begun = depth - (character == "}"), ""
        else:
            begun += character
    assert depth == 0
    assert outer
    for selectors in outer:
        assert selectors.startswith("@media") or all(".unisync" in part for part in selectors.split(",")), selectors


def test_a_job_tells_its_commits_and_why() -> None:
    page = card(JOB)
    for words in (
        "codeconnections:payments-prod",
        "FAILED",
        "b2b2b2b is not live",
        "no such parameter",
        "acme/infra",
        "main",
        "deployment.yaml",
    ):
        assert words in page.text
    assert "".join(page.words).count(MINE) == 1
    assert "".join(page.words).count(OLD) == 1
    assert len(page.all("table")) == 2
    assert [each.attributes["aria-label"] for each in page.all("svg") if each.attributes.get("role") == "img"]


def test_a_job_of_twinmakers_has_no_commits() -> None:
    assert "2026-11-22 12:00:00Z" in card(twin_job(SyncState.ACTIVE)).text
    assert "Wanted" not in card(twin_job(SyncState.ACTIVE)).text
    assert "Updated" not in card(SUMMARY).text


def test_an_attempt_tells_from_where_to_where() -> None:
    page = card(FAILED)
    assert "payments-prod FAILED SYNC_FAILED: no such parameter From a1a1a1a" in page.text
    assert page.text.index("To") > page.text.index("From")
    assert card(repository()).text.startswith("Repository ACTIVE")
    assert "AWS tells no events." in card(tried()).text


def test_an_outcome_tells_what_blocks_and_what_failed() -> None:
    page = card(looked(JOB, blocker()))
    assert "unisync resolve codeconnections:payments-prod --reason TEXT" in page.text
    assert "modified outside of Git sync" in page.text
    assert "There is no such sync." in card(Outcome(STACK, None, not_found())).text


def test_a_command_cannot_be_made_to_run_another() -> None:
    outcome = Outcome(TwinMakerSync("$(reboot);`x`'"), None, None, blockers=(blocker(),))
    assert """unisync resolve 'twinmaker:$(reboot);`x`'"'"'' --reason TEXT""" in card(outcome).text


def test_the_newest_of_many_events_are_shown() -> None:
    page = card(tried(*events(*(f"step {number}." for number in range(ROWS + 7)))))
    assert "The first 7 events are left out." in page.text
    assert "step 6." not in page.text
    assert "step 7." in page.text
    assert len(page.all("tr")) == ROWS + 1


def test_events_stand_in_order_and_an_id_is_told_once() -> None:
    late, early = events("late", at=NOON.replace(hour=13)) + events("early for x-1")
    page = card(
        tried(
            late.model_copy(update={"external_id": "x-1"}),
            early.model_copy(update={"external_id": "x-1"}),
            early.model_copy(update={"external_id": MINE, "event": "early too"}),
        )
    )
    assert page.text.index("early") < page.text.index("late")
    assert page.text.count("x-1") == 2  # in one event's own words, and behind the other
    assert "".join(page.words).count(MINE) == 2  # from where, and to where


def test_a_long_message_is_cut() -> None:
    shown = tried(*events("x" * 1_000_000))._repr_html_()
    assert len(shown) < 20_000
    assert "… (1000000 characters)" in shown


def test_the_further_lines_of_an_error() -> None:
    assert lines("one") is None
    told_of = Page(lines("one\n  two\n\nthree") or "")
    assert told_of.text == "two three"
    many = Page(lines("\n".join("x" * (ROWS + 3))) or "")
    assert many.text.endswith("and 2 lines more")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (
            JOB,
            "GitSyncJob(ref='codeconnections:payments-prod', status='FAILED', error='SYNC_FAILED: no such parameter', "
            "live='a1a1a1a', wanted='b2b2b2b')",
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
            looked(git_job(), blocker()),
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
def test_what_rich_prints(value: object, shown: str) -> None:
    assert pretty_repr(value, max_width=1_000) == shown


def test_rich_prints_an_error_and_no_control_characters() -> None:
    assert "ThrottlingException" in pretty_repr(Outcome(STACK, None, throttled()))
    printed = pretty_repr(told(HOSTILE).outcome.job)
    assert all(character.isprintable() or character == "\n" for character in printed)


def test_a_look_loads_nothing_of_this() -> None:
    code = "import sys, unisync; unisync.SyncJob, unisync.Outcome; print([n for n in sys.modules if 'display' in n])"
    told_of = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert told_of.stdout.strip() == "[]"
