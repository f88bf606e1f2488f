"""report: which syncs it explains, and what that costs."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.cli.runner import Run
from tests.cli.scene import MINE, NASTY, OLD
from tests.render.pages import Page, assert_harmless
from unisync import StackSync
from unisync.cli.commands.report import MAX_EXPLAINED
from unisync.emulator import Emulator

pytestmark = pytest.mark.slow


@pytest.fixture
def shop(aws: Emulator) -> None:
    """A stack at OLD, and one whose sync failed."""
    for name in ("live", "failed"):
        aws.add_stack(name, repository="acme/infra", config_file=f"{name}.yaml")
        aws.push(stack=name, sha=OLD)
    aws.clock.advance(100)
    aws.push(stack="failed", sha=MINE, outcome="FAILED", reason="no such bucket")
    aws.clock.advance(100)


def page_of(unisync: Run, *arguments: str) -> Page:
    done = unisync("report", *arguments, "--to", "-")
    assert done.code == 0, done.err
    page = Page(done.out)
    assert_harmless(page)
    return page


def operations(aws: Emulator) -> list[str]:
    return [call.operation for call in aws.calls]


@pytest.mark.usefixtures("scene")
def test_a_sync_that_failed_is_blocked_or_lags_is_explained(unisync: Run) -> None:
    causes = {"failed": "attempt", "blocked": "blockers", "never": "commit"}
    for name, cause in causes.items():
        assert f"Likely cause {cause}: " in page_of(unisync, f"codeconnections:{name}").text
    assert "Explanation No cause was found." in page_of(unisync, "codeconnections:running").text
    assert " checks" not in page_of(unisync, "codeconnections:live").text
    page = page_of(unisync, "twinmaker:factory")
    assert "Likely cause resource: 1 of 2 resources in sync, 1 failed: " in page.text
    assert "1 times SYNC_PROCESSING_ERROR: The asset has no model" in page.text


@pytest.mark.usefixtures("shop")
def test_the_account_and_the_region_are_at_the_top(unisync: Run) -> None:
    scope = "Syncs Syncs Account 123456789012 Region eu-west-1 Made "
    assert page_of(unisync, "codeconnections:failed").text.startswith(scope)
    unknown = page_of(unisync, "codeconnections:live", "--no-explain")  # nothing that was read names an account
    assert unknown.text.startswith("Syncs Syncs Region eu-west-1 Made ")
    links = [each.attributes["href"] for each in unknown.all("a")]
    assert StackSync("live").console_url("eu-west-1") in links
    regions = ("--region", "eu-west-1", "--region", "us-east-1")
    assert page_of(unisync, "default/eu-west-1/codeconnections:failed", *regions).text.startswith(scope)


@pytest.mark.usefixtures("shop")
def test_ages_are_by_the_clock_of_the_report(unisync: Run) -> None:
    page = page_of(unisync, "codeconnections:failed")
    assert "started 1 min 40 s before this report" in page.text


@pytest.mark.usefixtures("scene")
def test_hostile_text_is_escaped(aws: Emulator, unisync: Run) -> None:
    aws.block(stack="nasty", reason=NASTY)
    page = page_of(unisync, "codeconnections:nasty")
    assert "Likely cause blockers: " in page.text
    assert page.text.count("<script>alert(1)</script>") > 3


@pytest.mark.usefixtures("shop")
def test_no_explain_makes_no_further_calls(aws: Emulator, unisync: Run) -> None:
    refs = ("codeconnections:live", "codeconnections:failed")
    page = page_of(unisync, *refs, "--no-explain")
    assert " checks" not in page.text
    plain = operations(aws)
    reads = ("GetResourceSyncStatus", "GetSyncBlockerSummary", "GetSyncConfiguration", "GetRepositorySyncStatus")
    assert Counter(plain) == dict.fromkeys(reads, 2)
    page_of(unisync, *refs)
    explained = Counter(operations(aws)[len(plain) :]) - Counter(plain)
    assert (explained.total(), explained["GetCallerIdentity"]) == (9, 1)


@pytest.mark.usefixtures("shop")
def test_denied_checks_are_unknown(aws: Emulator, unisync: Run) -> None:
    for operation in ("GetCallerIdentity", "DescribeStacks", "DescribeStackEvents"):
        aws.fault(operation, "AccessDenied", times=None)
    page = page_of(unisync, "codeconnections:failed")
    assert "Likely cause attempt: The latest attempt, at commit b2b2b2b2b2b2, began at" in page.text
    assert "unknown identity Unknown: access is denied" in page.text


def test_the_syncs_that_are_left_out_are_counted(aws: Emulator, unisync: Run) -> None:
    names = [f"stack-{number}" for number in range(MAX_EXPLAINED + 2)]
    for name in names:
        aws.add_stack(name, repository="acme/infra", config_file=f"{name}.yaml")
    done = unisync("report", *(f"codeconnections:{name}" for name in names), "--to", "-")
    left_out = f"2 more syncs are not explained: only the first {MAX_EXPLAINED} are. See unisync explain REF."
    assert (done.code, done.err.splitlines()) == (0, [left_out])
    page = Page(done.out)
    assert (page.text.count("All 9 checks"), left_out in page.text) == (MAX_EXPLAINED, True)
    assert operations(aws).count("DescribeStacks") == MAX_EXPLAINED
