"""What people meet in AWS, told by the exit code and the text of the command."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from tests.cli.runner import Done, Run
from tests.cli.scene import MINE, NEWER, OLD
from tests.support.samples import FACTORY
from unisync.cli.app import run
from unisync.emulator import Emulator

pytestmark = pytest.mark.slow

SHOP = "codeconnections:shop"
LONG = (
    "User: arn:aws:sts::123456789012:assumed-role/ci is not authorized. " + "It is long. " * 40 + "Policy: p-1234abcd"
)

Push = Callable[..., None]


@pytest.fixture
def push(aws: Emulator) -> Push:
    """Pushes to the branch of a stack."""
    aws.add_stack("shop", repository="acme/infra")

    def pushed(sha: str, **how: object) -> None:
        aws.push(stack="shop", sha=sha, **how)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]

    return pushed


@pytest.fixture
def live(aws: Emulator, push: Push) -> None:
    """OLD is live."""
    push(OLD)
    aws.clock.advance(100)


@pytest.mark.usefixtures("live")
class TestBlockers:
    def test_a_failure_that_is_blocked_is_blocked(self, aws: Emulator, push: Push, unisync: Run) -> None:
        push(MINE, outcome="FAILED", reason="no such bucket")
        aws.clock.advance(100)
        aws.block(stack="shop", reason="changed by hand")
        done = unisync("wait", SHOP, "--revision", MINE)
        assert (done.code, done.last_line.endswith(f"unisync resolve {SHOP} --reason TEXT")) == (4, True)
        assert unisync("get", SHOP, "-o", "json").data[0]["state"] == "BLOCKED"

    def test_a_live_commit_that_is_blocked(self, aws: Emulator, unisync: Run) -> None:
        aws.block(stack="shop", reason="changed by hand")
        for command in (["get", SHOP], ["status"]):
            assert unisync(*command, "-o", "json").data[0]["state"] == "BLOCKED"
        assert "is live, but the sync is blocked: changed by hand" in unisync("report", "--to", "-").out
        assert unisync("wait", SHOP).code == 4
        assert unisync("wait", SHOP, "--revision", OLD).code == 0

    def test_a_commit_that_is_never_attempted(self, aws: Emulator, push: Push, unisync: Run) -> None:
        aws.block(stack="shop", reason="changed by hand")
        push(NEWER)
        began = aws.clock.now()
        assert unisync("wait", SHOP, "--revision", NEWER).code == 4
        assert aws.clock.now() - began < 30

    def test_a_retry_that_failed(self, aws: Emulator, push: Push, unisync: Run) -> None:
        aws.block(stack="shop", reason="changed by hand")
        push(MINE)
        aws.fail_retry(stack="shop")
        done = unisync("resolve", SHOP, "--reason", "x")
        assert done.code == 1
        assert done.last_line.startswith("Next: the blocker is resolved, and its commit was not retried: push a commit")

        done = unisync("resolve", SHOP, "--reason", "x")
        assert (done.code, done.err.splitlines()[0]) == (0, f"Nothing blocks {SHOP}.")
        assert "is not live, and AWS does not retry it by itself. Next: push a commit" in done.last_line


@pytest.mark.usefixtures("live")
class TestCommits:
    def roll_back(self, aws: Emulator, push: Push, detection_delay: float) -> None:
        push(NEWER)
        aws.clock.advance(100)
        push(OLD, detection_delay=detection_delay)

    def test_a_roll_back_is_waited_for(self, aws: Emulator, push: Push, unisync: Run) -> None:
        self.roll_back(aws, push, 60)
        done = unisync("wait", SHOP, "--revision", OLD, "-o", "json")
        assert (done.code, done.data[0]["live"]) == (0, OLD)

    def test_a_roll_back_that_is_not_noticed(self, aws: Emulator, push: Push, unisync: Run) -> None:
        self.roll_back(aws, push, 6_000)
        done = unisync("wait", SHOP, "--revision", OLD)
        assert (done.code, "before this wait began" in done.err) == (6, True)
        assert done.last_line.endswith(f"unisync events {SHOP} --repository")
        assert "unisync wait" not in done.err

    def test_a_commit_that_is_superseded(self, push: Push, unisync: Run) -> None:
        push(MINE, duration=300)
        push(NEWER, detection_delay=60)
        done = unisync("wait", SHOP, "--revision", MINE)
        assert (done.code, done.last_line.endswith(f"unisync wait {SHOP} --revision {NEWER}")) == (6, True)

    def test_a_retry_of_the_same_commit(self, aws: Emulator, push: Push, unisync: Run) -> None:
        push(MINE, outcome="FAILED")
        aws.clock.advance(100)
        started = datetime.fromisoformat(unisync("get", SHOP, "-o", "json").data[0]["started"])
        after = (started + timedelta(minutes=1)).isoformat()
        push(MINE, detection_delay=30)
        assert unisync("wait", SHOP, "--revision", MINE).code == 3
        assert unisync("wait", SHOP, "--revision", MINE, "--grace", "2m").code == 0
        push(MINE, detection_delay=30)
        assert unisync("wait", SHOP, "--revision", MINE, "--started-after", after).code == 0

    def test_a_commit_that_is_not_picked_up(self, unisync: Run) -> None:
        done = unisync("wait", SHOP, "--revision", MINE, "--timeout", "5m")
        assert done.code == 124
        assert f"Commit {MINE[:12]} was not picked up. The latest sync of its branch started at" in done.err
        assert done.last_line.startswith("Next: check that the commit is on the branch")
        assert not any(text in done.err for text in ("continues in AWS", "wait longer", "unisync wait"))

    def test_a_sync_that_takes_long(self, aws: Emulator, push: Push, unisync: Run) -> None:
        push(MINE, duration=600)
        assert unisync("wait", SHOP, "--revision", MINE, "--timeout", "20m").code == 0
        assert 25 < count(aws, "GetResourceSyncStatus") < 50
        push(NEWER, duration=600)
        assert unisync("wait", SHOP, "--revision", NEWER, "--interval", "1m").code == 0
        assert 35 < count(aws, "GetResourceSyncStatus") < 66

    def test_a_caller_who_may_only_read_the_status(self, aws: Emulator, push: Push, unisync: Run) -> None:
        for operation in ("GetSyncBlockerSummary", "GetRepositorySyncStatus", "GetSyncConfiguration"):
            aws.fault(operation, "AccessDeniedException", times=None)
        done = unisync("get", SHOP, "-o", "json")
        assert (done.code, done.data[0]["state"], done.data[0]["blockers"]) == (0, "ACTIVE", None)
        assert f"{SHOP}: the blockers could not be read: codeconnections GetSyncBlockerSummary" in done.err
        assert unisync("wait", SHOP).code == 0
        push(MINE, outcome="FAILED", reason="no such bucket")
        done = unisync("wait", SHOP, "--revision", MINE)
        assert (done.code, "The blockers could not be read: codeconnections" in done.err) == (3, True)


@pytest.mark.usefixtures("live")
class TestFailures:
    def test_a_branch_whose_sync_fails(self, aws: Emulator, unisync: Run) -> None:
        began = aws.clock.now()
        aws.fail_branch(stack="shop", sha=MINE, detection_delay=10)
        done = unisync("wait", SHOP, "--revision", MINE)
        assert (done.code, aws.clock.now() - began < 60) == (3, True)
        assert "the sync of its branch is FAILED: " in done.err
        assert "Unable to parse the file deployment.yaml" in done.err
        assert done.last_line.endswith(f"Its branch's events: unisync events {SHOP} --repository")

    def test_a_branch_that_fails_for_the_file_of_another(self, aws: Emulator, unisync: Run) -> None:
        aws.fail_branch(stack="shop", sha=MINE, file="orders.yaml")
        done = unisync("wait", SHOP, "--revision", MINE, "--timeout", "5m")
        assert (done.code, "Unable to parse the file orders.yaml" in done.err) == (124, True)

    def test_a_failed_deletion(self, aws: Emulator, unisync: Run) -> None:
        aws.add_workspace("factory")
        unisync("create", str(FACTORY), "--role", "arn:aws:iam::123456789012:role/sync")
        unisync("wait", str(FACTORY))
        aws.fail_deletion("factory", reason="in use")
        unisync("delete", str(FACTORY), "--yes")
        done = unisync("wait", str(FACTORY), "--for", "deleted")
        assert (done.code, "SYNC_DELETING_ERROR: in use" in done.err) == (3, True)
        assert done.last_line.endswith(f"then delete it again: unisync delete {FACTORY}")

    def test_events_that_come_newest_first_and_end_with_a_clean_up(self, push: Push, unisync: Run) -> None:
        push(MINE, outcome="FAILED", reason="no such bucket", events=[("CLEAN_UP", "deleted")], newest_first=True)
        done = unisync("wait", SHOP, "--revision", MINE, "-o", "json")
        assert (done.code, done.data[0]["reason"]) == (3, "SYNC_FAILED: no such bucket")

    def test_a_failure_when_the_blockers_are_throttled_at_the_deadline(
        self, aws: Emulator, push: Push, unisync: Run
    ) -> None:
        push(MINE, outcome="FAILED", reason="no such bucket")
        aws.fault("GetSyncBlockerSummary", "ThrottlingException", times=None)
        done = unisync("wait", SHOP, "--revision", MINE, "--timeout", "60s")
        assert (done.code, "no such bucket" in done.err) == (3, True)


def count(aws: Emulator, operation: str) -> int:
    return sum(call.operation == operation for call in aws.calls)


@pytest.mark.usefixtures("live")
class TestAnswers:
    def test_a_read_that_is_unanswered_at_the_deadline(self, aws: Emulator) -> None:
        aws.fault("GetResourceSyncStatus", "stall", times=None, seconds=1_000)
        out, err = io.StringIO(), io.StringIO()
        code = run(["wait", SHOP, "--timeout", "30s"], aws.client_options(in_process=True), out, err)
        assert (code, err.getvalue().splitlines()[-1]) == (
            124,
            "Next: no poll was answered in time: check the connection, the endpoint and any proxy.",
        )

    def test_an_endpoint_that_does_not_know_the_operation(self, aws: Emulator, unisync: Run) -> None:
        aws.fault("GetResourceSyncStatus", "http-501", times=None)
        began = aws.clock.now()
        done = unisync("wait", SHOP)
        assert (done.code, aws.clock.now() - began < 1) == (1, True)
        assert (
            done.last_line
            == "Next: the endpoint does not know GetResourceSyncStatus: check --endpoint-url and any proxy."
        )

    def test_a_long_error_stands_whole_on_stderr_once(self, aws: Emulator, unisync: Run) -> None:
        aws.fault("GetResourceSyncStatus", "AccessDeniedException", times=None, message=LONG)
        for command in (["get", SHOP], ["status"], ["wait", SHOP], ["events", SHOP], ["report", "--to", "/dev/null"]):
            done = unisync(*command)
            assert (done.code, done.err.count(f"{LONG} (request ")) == (1, 1), command
            assert LONG not in done.out

    def test_a_long_reason_stands_whole_on_stderr(self, push: Push, unisync: Run) -> None:
        push(MINE, outcome="FAILED", reason=LONG)
        done = unisync("wait", SHOP, "--revision", MINE)
        assert (done.code, done.err.count(f"SHOP is FAILED: SYNC_FAILED: {LONG} [".replace("SHOP", SHOP))) == (3, 1)

    def test_an_endpoint_that_never_answers(self, aws: Emulator, unisync: Run) -> None:
        for operation in ("ListWorkspaces", "ListRepositoryLinks", "GetResourceSyncStatus"):
            aws.fault(operation, "stall", times=None, seconds=10)
        for command in (["get", SHOP], ["status", "--service", "codeconnections"], ["events", SHOP]):
            assert unisync(*command, "--request-timeout", "0.2s").code == 1, command


class TestSettings:
    def test_either_variable_sets_the_region(self, aws: Emulator, push: Push, monkeypatch: pytest.MonkeyPatch) -> None:
        for name, value in aws.environment().items():
            if not name.endswith("REGION"):
                monkeypatch.setenv(name, value)
        done = run_alone("get", SHOP)
        assert (done.code, done.last_line) == (
            2,
            "Next: set the region with --region, AWS_REGION or AWS_DEFAULT_REGION.",
        )
        for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
            with monkeypatch.context() as patch:
                patch.setenv(name, "eu-west-1")
                done = run_alone("get", SHOP, "-o", "json")
                assert (done.code, done.data[0]["region"]) == (0, "eu-west-1")

    def test_no_credentials(self) -> None:
        done = run_alone("get", SHOP, "--region", "eu-west-1")
        assert (done.code, "aws sso login" in done.last_line) == (1, True)

    def test_a_role_that_cannot_be_assumed(self, unisync: Run) -> None:
        roles = [f"arn:aws:iam::{account}:role/reader" for account in ("111111111111", "222222222222")]
        done = unisync("get", SHOP, *(f"--role-arn={role}" for role in roles))
        assert (done.code, done.last_line) == (
            1,
            f"Next: allow these credentials to assume {roles[0]}, or pass its external ID with --external-id.",
        )


def run_alone(*arguments: str) -> Done:
    """Run a command with the settings of the environment alone."""
    out, err = io.StringIO(), io.StringIO()
    return Done(run(arguments, None, out, err), out.getvalue(), err.getvalue())
