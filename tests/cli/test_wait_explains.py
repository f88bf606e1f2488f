"""wait: what it says on stderr of a sync that failed, is blocked or timed out."""

from __future__ import annotations

import json
import time

import pytest

from tests.cli.runner import Run
from tests.cli.scene import MINE, NASTY, OLD, ROLE
from unisync import Unisync
from unisync.cli import explaining
from unisync.emulator import Emulator

pytestmark = pytest.mark.slow

SHOP = "codeconnections:shop"
NOT_EXPLAINED = ("Likely cause", "No other cause", "Also:", "All checks:", "explain")
ONLY_EXPLAIN = ("GetCallerIdentity", "GetConnection", "GetRepositoryLink", "DescribeStacks")
"""Operations that a wait needs for its explanation alone."""


@pytest.fixture
def shop(aws: Emulator) -> None:
    """A stack at OLD."""
    aws.add_stack("shop", repository="acme/infra")
    aws.push(stack="shop", sha=OLD)
    aws.clock.advance(100)


def fail(aws: Emulator) -> None:
    aws.push(stack="shop", sha=MINE, outcome="FAILED", reason="no such bucket", failure="change_set")
    aws.clock.advance(100)


def pend(aws: Emulator) -> None:
    """Let the connection to the provider be pending."""
    with Unisync(**aws.client_options()) as client:
        (link,) = client.codeconnections.list_repository_links()
    aws.set_connection_status(link.connection_arn, "PENDING")


def operations(aws: Emulator) -> set[str]:
    return {call.operation for call in aws.calls}


@pytest.mark.usefixtures("shop")
class TestCauses:
    def test_the_advice_of_a_timeout_is_that_of_the_cause(self, aws: Emulator, unisync: Run) -> None:
        aws.fail_branch(stack="shop", sha=MINE, reason="deployment.yaml is not YAML", detection_delay=50)
        done = unisync("wait", SHOP, "--revision", MINE, "--timeout", "45s")
        aws.clock.advance(30)
        done = unisync("wait", SHOP, "--revision", MINE, "--timeout", "20s")
        assert done.code == 124
        assert done.last_line == "Next: fix the file that it names, and push a commit"

    def test_a_timeout_before_a_retry_says_that_there_was_none(self, unisync: Run) -> None:
        done = unisync("wait", SHOP, "--revision", OLD, "--started-after", "2099-01-01T00:00:00Z", "--timeout", "5s")
        assert done.code == 124
        assert "Its attempt began before `started_after`, and no other has started since." in done.err

    def test_a_failure_that_is_stated_already(self, aws: Emulator, unisync: Run) -> None:
        fail(aws)
        done = unisync("wait", SHOP, "--revision", MINE)
        assert done.code == 3
        assert done.err.splitlines()[-3:] == [
            "Likely cause: attempt (see above).",
            f"All checks: unisync explain {SHOP} --revision {MINE}",
            f"Next: push a fix and wait for that commit. All events: unisync events {SHOP}",
        ]
        assert done.err.count("no such bucket") == 2, "in the headline and in its event"

    def test_a_resource_that_failed_first_is_stated_already(self, aws: Emulator, unisync: Run) -> None:
        aws.push(stack="shop", sha=MINE, outcome="FAILED", reason="the queue exists")
        done = unisync("wait", SHOP, "--revision", MINE)
        assert (done.code, "Likely cause: resource (see above)." in done.err.splitlines()) == (3, True)
        assert "Also:" not in done.err

    def test_a_deeper_cause_than_the_failure(self, aws: Emulator, unisync: Run) -> None:
        fail(aws)
        pend(aws)
        done = unisync("wait", SHOP, "--revision", MINE)
        cause, action, checks, _ = done.err.splitlines()[-4:]
        assert done.code == 3
        assert cause.startswith("Likely cause: connection: The connection ")
        assert cause.endswith(" to GitHub is PENDING.")
        assert action.startswith("  -> "), "the stream of the test has no encoding"
        assert "console.aws.amazon.com" in action
        assert checks.startswith("All checks: unisync explain ")

    def test_a_blocked_sync_whose_attempt_failed(self, aws: Emulator, unisync: Run) -> None:
        fail(aws)
        aws.block(stack="shop", reason="changed by hand")
        done = unisync("wait", SHOP, "--revision", MINE)
        assert (done.code, done.err.splitlines()[-1].endswith("--reason TEXT")) == (4, True)
        assert "Likely cause: blockers (see above)." in done.err.splitlines()
        assert "Also: attempt: The latest attempt, at commit b2b2b2b2b2b2, began at" in done.err
        assert "-> fix what it names, and push a commit" in done.err
        assert done.err.count("changed by hand") == 1

    def test_a_commit_that_was_not_picked_up(self, unisync: Run) -> None:
        done = unisync("wait", SHOP, "--revision", MINE, "--timeout", "60s")
        assert done.code == 124
        assert "Likely cause: commit (see above)." in done.err.splitlines()
        assert done.last_line.startswith("Next: check that the commit is on the branch")

    def test_a_commit_that_was_not_picked_up_after_a_failure(self, aws: Emulator, unisync: Run) -> None:
        fail(aws)
        done = unisync("wait", SHOP, "--revision", "c3" * 20, "--timeout", "60s")
        assert done.code == 124
        assert "Likely cause: commit: " in done.err
        assert "until the sync configuration was updated" in done.err

    def test_a_sync_that_is_in_progress(self, aws: Emulator, unisync: Run) -> None:
        aws.push(stack="shop", sha=MINE, duration=600)
        done = unisync("wait", SHOP, "--revision", MINE, "--timeout", "60s")
        assert done.code == 124
        assert "No other cause was found." in done.err.splitlines()
        assert done.last_line.startswith("Next: wait longer: ")

    def test_a_branch_that_failed(self, aws: Emulator, unisync: Run) -> None:
        aws.fail_branch(stack="shop", sha=MINE, detection_delay=10)
        done = unisync("wait", SHOP, "--revision", MINE)
        assert (done.code, "Likely cause: branch (see above)." in done.err.splitlines()) == (3, True)


def test_the_role_of_a_twinmaker_sync_job(aws: Emulator, unisync: Run) -> None:
    aws.add_workspace("factory")
    aws.deny_role(ROLE)
    unisync("create", "twinmaker:factory", "--role", ROLE)
    done = unisync("wait", "twinmaker:factory")
    assert done.code == 3
    assert f"Likely cause: role: TwinMaker cannot assume the role {ROLE}" in done.err
    assert "All checks: unisync explain twinmaker:factory" in done.err.splitlines()


@pytest.mark.usefixtures("scene")
class TestWhich:
    def test_of_several_the_most_severe(self, unisync: Run) -> None:
        done = unisync(
            "wait", "codeconnections:live", "codeconnections:blocked", "codeconnections:failed", "codeconnections:nasty"
        )
        lines = done.err.splitlines()
        assert done.code == 3
        assert lines[-5:-1] == [
            "All checks: unisync explain codeconnections:failed",
            "To explain the others:",
            "  unisync explain codeconnections:blocked",
            "  unisync explain codeconnections:nasty",
        ]

    def test_many_others_are_counted(self, aws: Emulator, unisync: Run) -> None:
        names = [f"more-{number}" for number in range(5)]
        for name in names:
            aws.add_stack(name, repository="acme/infra", config_file=f"{name}.yaml")
            aws.push(stack=name, sha=MINE, outcome="FAILED")
        aws.clock.advance(100)
        done = unisync("wait", *(f"codeconnections:{name}" for name in names))
        assert done.err.splitlines()[-3:-1] == ["  unisync explain codeconnections:more-3", "  and 1 more"]

    @pytest.mark.parametrize(
        ("arguments", "code"),
        [
            (["codeconnections:live"], 0),
            (["codeconnections:nothing"], 5),
            (["codeconnections:superseded", "--revision", MINE], 6),
            (["codeconnections:live", "--max-failures", "1"], 2),
            (["twinmaker:factory", "--for", "deleted", "--timeout", "1s"], 124),
        ],
    )
    def test_other_results_are_not_explained(
        self, aws: Emulator, unisync: Run, arguments: list[str], code: int
    ) -> None:
        done = unisync("wait", *arguments)
        assert done.code == code
        assert not any(text in done.err for text in NOT_EXPLAINED)
        assert not operations(aws).intersection(ONLY_EXPLAIN)

    def test_a_wait_without_a_successful_poll_is_not_explained(self, aws: Emulator, unisync: Run) -> None:
        aws.fault("GetResourceSyncStatus", "http-503", times=None)
        done = unisync("wait", "codeconnections:live", "--timeout", "30s")
        assert (done.code, "explain" in done.err) == (124, False)
        assert not operations(aws).intersection(ONLY_EXPLAIN)

    def test_in_a_fleet(self, unisync: Run) -> None:
        regions = ["--region", "eu-west-1", "--region", "us-east-1"]
        done = unisync("wait", "default/eu-west-1/codeconnections:failed", *regions)
        command = f"unisync explain default/eu-west-1/codeconnections:failed {' '.join(regions)}"
        assert (done.code, f"All checks: {command}" in done.err.splitlines()) == (3, True)

    def test_no_explain(self, aws: Emulator, unisync: Run) -> None:
        done = unisync("wait", "codeconnections:failed", "--no-explain")
        assert done.code == 3
        assert not any(text in done.err for text in NOT_EXPLAINED)
        assert not operations(aws).intersection(ONLY_EXPLAIN)
        assert unisync("wait", "codeconnections:failed").err.splitlines() == [
            *done.err.splitlines()[:-1],
            "Likely cause: attempt (see above).",
            "All checks: unisync explain codeconnections:failed",
            done.last_line,
        ]

    @pytest.mark.parametrize("form", ["json", "jsonl", "name", "table"])
    def test_stdout_stays_as_it_is(self, unisync: Run, form: str) -> None:
        arguments = ("wait", "codeconnections:failed", "codeconnections:blocked", "-o", form)
        explained, plain = unisync(*arguments), unisync(*arguments, "--no-explain")
        assert (explained.code, explained.out) == (plain.code, plain.out)
        assert "Likely cause" in explained.err

    def test_hostile_text_is_sanitized(self, aws: Emulator, unisync: Run) -> None:
        aws.block(stack="nasty", reason=NASTY)
        done = unisync("wait", "codeconnections:nasty")
        assert (done.code, "Also: attempt: " in done.err) == (4, True)
        assert not any(character in done.err for character in "\x1b\x07\r\x9b\u202e")


@pytest.mark.usefixtures("shop")
class TestUnread:
    def test_denied_checks_are_unknown(self, aws: Emulator, unisync: Run) -> None:
        fail(aws)
        for operation, code in (
            ("GetCallerIdentity", "AccessDenied"),
            ("GetSyncConfiguration", "AccessDeniedException"),
            ("DescribeStacks", "AccessDenied"),
        ):
            aws.fault(operation, code, times=None)
        done = unisync("wait", SHOP)
        assert (done.code, done.last_line.startswith("Next: push a fix")) == (3, True)
        assert f"{SHOP} is FAILED: SYNC_FAILED: no such bucket" in done.err
        unknown = "identity, definition, link, connection, branch, resource"
        assert f"Unknown: {unknown}. All checks: unisync explain {SHOP}" in done.err.splitlines()
        assert "AccessDenied" not in done.err

    def test_all_reads_are_denied_once_the_wait_has_ended(self, aws: Emulator, unisync: Run) -> None:
        fail(aws)
        plain = unisync("wait", SHOP, "--no-explain", "-o", "json")
        for operation in ("GetSyncConfiguration", "GetSyncBlockerSummary", "GetRepositorySyncStatus"):
            aws.fault(operation, "AccessDeniedException", times=None)
        for operation in ("GetCallerIdentity", "DescribeStacks", "DescribeStackEvents"):
            aws.fault(operation, "AccessDenied", times=None)
        done = unisync("wait", SHOP, "-o", "json")
        assert (done.code, done.data[0]["reason"]) == (plain.code, json.loads(plain.out)[0]["reason"])
        assert (done.last_line, "no such bucket" in done.err) == (plain.last_line, True)

    def test_an_explanation_takes_no_longer_than_its_timeout(
        self, aws: Emulator, unisync: Run, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        fail(aws)
        aws.fault("GetCallerIdentity", "stall", times=None, seconds=30)
        monkeypatch.setattr(explaining, "TIMEOUT", 0.3)
        began = time.monotonic()
        done = unisync("wait", SHOP)
        assert (done.code, time.monotonic() - began < 10) == (3, True)
        assert done.err.splitlines()[-2].startswith("Unknown: identity, ")
