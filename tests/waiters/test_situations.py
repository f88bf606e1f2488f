"""What people meet in AWS, and the answer that a wait gives: each situation is made on the emulator.

The same situations are met by the command in `tests/cli/test_situations.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import boto3
import pytest
from botocore.config import Config

from tests.support.samples import FACTORY, MINE, NEWER, OLD, STACK
from unisync import (
    AccessDeniedError,
    Backoff,
    Fleet,
    FleetSync,
    GitSyncJob,
    Outcome,
    Progress,
    ServerError,
    ServiceInstanceSync,
    StackSync,
    SyncBlockedError,
    SyncFailedError,
    SyncSupersededError,
    TemplateSync,
    TwinMakerSync,
    Unisync,
    WaitTimeoutError,
)
from unisync.emulator import Emulator

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::unisync.ProtonDeprecationWarning")]

ROLE = "arn:aws:iam::123456789012:role/sync"
STACKS: list[Any] = [(STACK, {"stack": "payments-prod"})]
INSTANCES: list[Any] = [(ServiceInstanceSync("web", "prod"), {"service": "web", "instance": "prod"})]
TEMPLATES: list[Any] = [(TemplateSync("web", "SERVICE", "1"), {"template": "web"})]
NAMES = ["stack", "instance", "template"]
EACH_THAT_IS_BLOCKED = pytest.mark.parametrize(("ref", "where"), STACKS + INSTANCES, ids=NAMES[:2])
EACH = pytest.mark.parametrize(("ref", "where"), STACKS + INSTANCES + TEMPLATES, ids=NAMES)


@pytest.fixture(autouse=True)
def syncs(aws: Emulator) -> None:
    """A sync of each kind."""
    aws.add_workspace("factory")
    aws.add_stack("payments-prod", repository="acme/infra", config_file="payments.yaml")
    aws.add_service_instance("web", "prod", repository="acme/web")
    aws.add_template("web", repository="acme/templates")


def live(aws: Emulator, sha: str, where: Any) -> None:
    """Make a commit live."""
    aws.push(sha=sha, **where)
    aws.clock.advance(120)


def at_poll(number: int, action: Callable[[], object]) -> Callable[[Progress[Any]], None]:
    """A callback that does something after a poll."""

    def callback(progress: Progress[Any]) -> None:
        if progress.polls == number:
            action()

    return callback


# Blocked.


@EACH_THAT_IS_BLOCKED
def test_a_failed_commit_whose_sync_is_blocked_is_blocked(aws: Emulator, client: Unisync, ref: Any, where: Any) -> None:
    aws.push(sha=MINE, outcome="FAILED", reason="bad template", **where)
    aws.clock.advance(120)
    aws.block(**where)
    for revision in (MINE, None):
        with pytest.raises(SyncBlockedError, match="Disabling syncing to ensure we don't overwrite"):
            client.wait_until_active(ref, revision=revision)
    (outcome,) = client.wait_all([ref], revision=MINE)
    assert isinstance(outcome.error, SyncBlockedError)
    assert outcome.blockers == client.blockers(ref)


@EACH_THAT_IS_BLOCKED
def test_a_live_commit_whose_sync_is_blocked(aws: Emulator, client: Unisync, ref: Any, where: Any) -> None:
    live(aws, MINE, where)
    aws.block(**where)
    blockers = client.blockers(ref)
    assert client.get(ref).blockers is None
    assert client.get(ref, include_blockers=True).blockers == blockers
    assert client.get_many([ref], include_blockers=True)[0].blockers == blockers
    with pytest.raises(SyncBlockedError):
        client.wait_until_active(ref)
    assert client.wait_until_active(ref, revision=MINE).require_live().sha == MINE


@EACH_THAT_IS_BLOCKED
def test_a_commit_that_a_blocker_keeps_back_is_blocked_within_seconds(
    aws: Emulator, client: Unisync, ref: Any, where: Any
) -> None:
    live(aws, OLD, where)
    aws.modify(**where)
    aws.push(sha=MINE, detection_delay=3, **where)
    began = aws.clock.now()
    with pytest.raises(SyncBlockedError):
        client.wait_until_active(ref, revision=MINE)
    assert aws.clock.now() - began < 25


def test_a_stack_that_was_deleted_by_hand_is_blocked(aws: Emulator, client: Unisync) -> None:
    live(aws, OLD, {"stack": "payments-prod"})
    aws.delete_stack_by_hand("payments-prod")
    aws.push(sha=MINE, stack="payments-prod")
    with pytest.raises(SyncBlockedError):
        client.wait_until_active(STACK, revision=MINE)


def test_a_resolved_blocker_whose_retry_failed_is_gone(aws: Emulator, client: Unisync) -> None:
    live(aws, OLD, {"stack": "payments-prod"})
    aws.block(stack="payments-prod")
    aws.push(sha=MINE, stack="payments-prod")
    aws.fail_retry(stack="payments-prod")
    (blocker,) = client.blockers(STACK)
    with pytest.raises(ServerError) as caught:
        client.resolve_blocker(STACK, blocker, "reverted")
    assert caught.value.code == "RetryLatestCommitFailedException"
    assert not caught.value.outcome_unknown
    assert client.blockers(STACK) == ()
    assert client.resolve_blocker(STACK, blocker, "reverted").status == "RESOLVED"
    with pytest.raises(WaitTimeoutError, match=r"was not picked up|has not started"):
        client.wait_until_active(STACK, revision=MINE, timeout=60)


# Superseded.


@EACH
@pytest.mark.parametrize("noticed_after", [5, 60, 110])
def test_a_roll_back_is_waited_for(aws: Emulator, client: Unisync, ref: Any, where: Any, noticed_after: float) -> None:
    live(aws, OLD, where)
    live(aws, NEWER, where)
    aws.push(sha=OLD, detection_delay=noticed_after, **where)
    assert client.wait_until_active(ref, revision=OLD).require_live().sha == OLD


@EACH
def test_a_roll_back_that_aws_does_not_notice(aws: Emulator, client: Unisync, ref: Any, where: Any) -> None:
    live(aws, OLD, where)
    live(aws, NEWER, where)
    with pytest.raises(SyncSupersededError, match="before this wait began") as caught:
        client.wait_until_active(ref, revision=OLD)
    assert caught.value.was_before
    assert 120 <= caught.value.elapsed < 150
    assert "AWS has not noticed it" in str(caught.value)


@EACH
def test_a_commit_that_aws_skips_for_a_newer_one_is_superseded(
    aws: Emulator, client: Unisync, ref: Any, where: Any
) -> None:
    live(aws, OLD, where)
    aws.push(sha=MINE, start_delay=300, **where)
    with pytest.raises(SyncSupersededError) as caught:
        client.wait_until_active(
            ref, revision=MINE, on_progress=at_poll(2, lambda: aws.push(sha=NEWER, duration=900, **where))
        )
    assert caught.value.superseded_by.sha == NEWER
    assert not caught.value.was_before


# Failed, and retried.


@EACH
def test_the_retry_of_a_failed_commit_is_waited_for(aws: Emulator, client: Unisync, ref: Any, where: Any) -> None:
    aws.push(sha=MINE, outcome="FAILED", reason="bad template", **where)
    aws.clock.advance(120)
    retried_at = datetime.fromtimestamp(aws.clock.time(), UTC)
    retry = at_poll(1, lambda: aws.retry(**where))
    job = client.wait_until_active(ref, revision=MINE, started_after=retried_at, on_progress=retry)
    assert job.require_live().sha == MINE
    aws.push(sha=NEWER, outcome="FAILED", reason="bad template", **where)
    aws.clock.advance(120)
    retry = at_poll(1, lambda: aws.retry(**where))
    assert client.wait_until_active(ref, revision=NEWER, grace=60, on_progress=retry).require_live().sha == NEWER


def test_the_retry_of_a_live_commit_is_waited_for(aws: Emulator, client: Unisync) -> None:
    live(aws, MINE, {"stack": "payments-prod"})
    began = aws.clock.now()
    aws.retry(stack="payments-prod", duration=100)
    job = client.wait_until_active(
        STACK, revision=MINE, started_after=datetime.fromtimestamp(aws.clock.time(), UTC) - timedelta(seconds=1)
    )
    assert job.require_live().sha == MINE
    assert aws.clock.now() - began >= 100


@EACH
def test_the_reason_of_a_failure_is_found_among_its_events(
    aws: Emulator, client: Unisync, ref: Any, where: Any
) -> None:
    aws.push(
        sha=MINE,
        outcome="FAILED",
        reason="Template error: no such parameter",
        events=[("CLEAN_UP", "Removed the change set")],
        newest_first=True,
        **where,
    )
    with pytest.raises(SyncFailedError) as caught:
        client.wait_until_active(ref, revision=MINE)
    assert caught.value.error is not None
    assert caught.value.error.message == "Template error: no such parameter"
    assert isinstance(caught.value.job, GitSyncJob)
    assert caught.value.job.latest_sync is not None
    events = caught.value.job.latest_sync.events
    assert [event.time for event in events] == sorted(event.time for event in events)
    shown = [line for line in str(caught.value).splitlines() if line.startswith("  2")]
    assert shown[-1].endswith("CLEAN_UP: Removed the change set")


def test_a_configuration_for_a_stack_that_does_not_exist_fails(aws: Emulator, client: Unisync) -> None:
    link = aws.add_repository_link("acme/infra")
    client.codeconnections.create_sync_configuration(
        "nowhere", branch="main", config_file="nowhere.yaml", repository_link_id=link, role_arn=ROLE
    )
    aws.push(sha=MINE, stack="nowhere")
    with pytest.raises(SyncFailedError, match=r"Stack \[nowhere\] does not exist"):
        client.wait_until_active(StackSync("nowhere"), revision=MINE)


def test_a_failed_deletion_raises(aws: Emulator, client: Unisync) -> None:
    client.twinmaker.create_sync_job("factory", sync_role=ROLE)
    client.wait_until_active(FACTORY)
    aws.fail_deletion("factory")
    client.twinmaker.delete_sync_job("factory")
    with pytest.raises(SyncFailedError, match="SYNC_DELETING_ERROR"):
        client.wait_until_deleted(FACTORY)
    client.twinmaker.delete_sync_job("factory")
    client.wait_until_deleted(FACTORY)


def test_resources_in_error_that_aws_retries_are_waited_for(aws: Emulator, client: Unisync) -> None:
    aws.add_sync_resource("factory", "pump-1", outcome="ERROR", retry_after=60)
    client.twinmaker.create_sync_job("factory", sync_role=ROLE)
    assert client.wait_until_resources_synced(FACTORY).in_sync == 1
    aws.add_sync_resource("factory", "pump-2", outcome="ERROR", reason="no access")
    with pytest.raises(SyncFailedError, match="no access"):
        client.wait_until_resources_synced(FACTORY)


# The branch.


@EACH
def test_a_branch_whose_sync_fails_fails_the_wait(aws: Emulator, client: Unisync, ref: Any, where: Any) -> None:
    live(aws, OLD, where)
    began = aws.clock.now()
    fail = at_poll(1, lambda: aws.fail_branch(sha=MINE, **where))
    with pytest.raises(SyncFailedError, match="Unable to parse the file") as caught:
        client.wait_until_active(ref, revision=MINE, on_progress=fail)
    assert caught.value.branch is not None
    assert aws.clock.now() - began < 40


@EACH
def test_an_older_failure_of_the_branch_that_a_fix_follows_is_none(
    aws: Emulator, client: Unisync, ref: Any, where: Any
) -> None:
    live(aws, OLD, where)
    aws.fail_branch(sha=NEWER, **where)
    aws.clock.advance(3600)
    aws.push(sha=MINE, detection_delay=60, **where)
    assert client.wait_until_active(ref, revision=MINE).require_live().sha == MINE


@pytest.mark.parametrize("file", ["other.yaml", "deployments/payments-api.yaml"])
def test_a_failure_of_the_branch_for_another_file_is_only_said(aws: Emulator, client: Unisync, file: str) -> None:
    live(aws, OLD, {"stack": "payments-prod"})
    aws.fail_branch(sha=MINE, stack="payments-prod", file=file)
    with pytest.raises(WaitTimeoutError) as caught:
        client.wait_until_active(STACK, revision=MINE, timeout=400)
    assert f"Unable to parse the file {file}" in str(caught.value)


def test_an_instance_with_a_branch_of_its_own(aws: Emulator, client: Unisync) -> None:
    aws.add_service_instance("api", "prod", repository="acme/api", own_branch="release", spec="prod/spec.yaml")
    where: Any = {"service": "api", "instance": "prod"}
    live(aws, OLD, where)
    fail = at_poll(1, lambda: aws.fail_branch(sha=MINE, **where))
    with pytest.raises(SyncFailedError) as caught:
        client.wait_until_active(ServiceInstanceSync("api", "prod"), revision=MINE, on_progress=fail)
    assert caught.value.branch is not None
    reads = [call.params["branch"] for call in aws.calls if call.operation == "GetRepositorySyncStatus"]
    assert set(reads) == {"release"}


# Not picked up.


@EACH
def test_a_commit_that_was_never_pushed_is_not_picked_up(aws: Emulator, client: Unisync, ref: Any, where: Any) -> None:
    live(aws, OLD, where)
    with pytest.raises(WaitTimeoutError) as caught:
        client.wait_until_active(ref, revision=MINE, timeout=60)
    message = str(caught.value)
    assert f"Commit {MINE[:12]} was not picked up. The latest sync of its branch started at" in message
    assert "Check that the commit is on the branch" in message
    assert "continues in AWS" not in message


def test_what_aws_does_not_sync_is_not_picked_up(aws: Emulator, client: Unisync) -> None:
    live(aws, OLD, {"stack": "payments-prod"})
    aws.make_dormant(stack="payments-prod")
    pushes: list[tuple[str, Literal["sync", "nothing"]]] = [(MINE, "sync"), (NEWER, "nothing")]
    for sha, starts in pushes:
        aws.push(sha=sha, stack="payments-prod", starts=starts)
        with pytest.raises(WaitTimeoutError, match="was not picked up"):
            client.wait_until_active(STACK, revision=sha, timeout=60)
    aws.queue_branch(sha=MINE, stack="payments-prod")
    with pytest.raises(
        WaitTimeoutError, match=r"The latest sync of its branch started at .* and is PENDING \(QUEUED\)"
    ):
        client.wait_until_active(STACK, revision=MINE, timeout=60)


# Reads that fail.


SIDE_READS = (
    "GetSyncBlockerSummary",
    "GetServiceSyncBlockerSummary",
    "GetSyncConfiguration",
    "GetServiceSyncConfig",
    "GetTemplateSyncConfig",
    "GetRepositorySyncStatus",
)


@EACH
@pytest.mark.parametrize("fault", ["AccessDeniedException", "ThrottlingException"])
def test_a_caller_who_may_only_read_the_status_gets_the_same_verdicts(
    aws: Emulator, client: Unisync, ref: Any, where: Any, fault: str
) -> None:
    live(aws, OLD, where)
    for operation in SIDE_READS:
        aws.fault(operation, fault, times=None)
    aws.push(sha=MINE, detection_delay=30, **where)
    assert client.wait_until_active(ref, revision=MINE).require_live().sha == MINE
    assert client.wait_until_active(ref).require_live().sha == MINE
    aws.push(sha=NEWER, outcome="FAILED", reason="bad template", **where)
    with pytest.raises(SyncFailedError, match="bad template"):
        client.wait_until_active(ref, revision=NEWER)
    with pytest.raises(SyncFailedError, match="bad template"):
        client.wait_until_active(ref, revision=NEWER, timeout=0)
    with pytest.raises(WaitTimeoutError, match=f"The branch could not be read: .*{fault}"):
        client.wait_until_active(ref, revision="f" * 40, timeout=60)


@pytest.mark.parametrize("ref", [FACTORY, *(ref for ref, _ in STACKS + INSTANCES + TEMPLATES)], ids=str)
def test_an_endpoint_that_lacks_the_api_ends_the_wait_at_once(aws: Emulator, client: Unisync, ref: Any) -> None:
    for operation in ("GetSyncJob", "GetResourceSyncStatus", "GetServiceInstanceSyncStatus", "GetTemplateSyncStatus"):
        aws.fault(operation, "http-501", times=None)
    with pytest.raises(ServerError) as caught:
        client.wait_until_active(ref)
    assert caught.value.status_code == 501
    assert not caught.value.retryable
    assert aws.clock.now() == 0
    assert len(aws.calls) == 1


def test_a_role_that_cannot_be_assumed_is_denied_for_every_service_alike(aws: Emulator) -> None:
    role = "arn:aws:iam::222222222222:role/reader"
    session = boto3.Session(
        aws_access_key_id="AKIA123456789012EMUL",
        aws_secret_access_key=aws.environment()["AWS_SECRET_ACCESS_KEY"],
        region_name="eu-west-1",
    )
    config = Config(proxies={}, inject_host_prefix=False)
    fleet = Fleet([role], session=session, endpoint_url=aws.url, config=config, regions=["eu-west-1"], clock=aws.clock)
    refs = [FleetSync("222222222222", "eu-west-1", ref) for ref in (FACTORY, STACK, ServiceInstanceSync("web", "prod"))]
    errors: list[Any] = [outcome.error for outcome in fleet.get_many(refs)] + [*fleet.discover().errors.values()]
    assert len(errors) == 6
    for error in errors:
        assert isinstance(error, AccessDeniedError)
        assert (error.service, error.operation, error.region, error.account) == (
            "sts",
            "AssumeRole",
            "eu-west-1",
            "222222222222",
        )
        assert role in error.message


# Many.


def test_each_of_many_syncs_may_have_a_commit_of_its_own(aws: Emulator, either: Any) -> None:
    aws.add_stack("other", repository="acme/infra", config_file="other.yaml")
    aws.push(sha=MINE, stack="payments-prod")
    aws.push(sha=NEWER, stack="other", duration=100)
    either.twinmaker.create_sync_job("factory", sync_role=ROLE)
    revisions = {STACK: MINE, StackSync("other"): NEWER[:8], TwinMakerSync("factory"): OLD}
    outcomes: list[Outcome[Any]] = either.wait_all(revisions, backoff=Backoff(initial=5, maximum=5))
    assert [outcome.error for outcome in outcomes] == [None] * 3
    live_revisions = [outcome.result().live_revision for outcome in outcomes]
    assert [revision and revision.sha for revision in live_revisions] == [MINE, NEWER, None]
    with pytest.raises(ValueError, match="revision: expected None, as `refs` has the commits"):
        either.wait_all(revisions, revision=MINE)
    with pytest.raises(ValueError, match="revision: expected a commit's sha"):
        either.wait_all({STACK: "main"})
