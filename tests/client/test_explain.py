"""`explain`: the cause of each situation, and what stands although something may not be read."""

from __future__ import annotations

import asyncio
import pickle
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from tests.support.samples import MINE, STACK
from unisync import (
    AccessDeniedError,
    AsyncUnisync,
    Check,
    CredentialsError,
    Explanation,
    Fleet,
    FleetSync,
    InvalidArgumentError,
    Progress,
    ResourceSyncAttempt,
    ServiceInstanceSync,
    StackSync,
    SyncFailedError,
    TemplateSync,
    TwinMakerSync,
    Unisync,
    WaitTimeoutError,
)
from unisync._models.stacks import StackEventsPage
from unisync._services.stacks import first_failure
from unisync.emulator import Emulator
from unisync.testing import FakeAsyncUnisync, FakeUnisync

FACTORY = TwinMakerSync("factory")
INSTANCE = ServiceInstanceSync("web", "prod")
TEMPLATE = TemplateSync("web", "SERVICE", "1")
ROLE = "arn:aws:iam::123456789012:role/sync"
NEXT = "b" * 40
SETTLED = 600.0


@pytest.fixture
def fake() -> FakeUnisync:
    client = FakeUnisync()
    client.aws.add_workspace("factory")
    client.aws.add_stack("payments-prod", repository="acme/infra")
    client.aws.push(stack="payments-prod", sha=MINE)
    client.aws.clock.advance(SETTLED)
    return client


def cause_of(explanation: Explanation) -> str | None:
    return None if explanation.cause is None else explanation.cause.name


def status_of(explanation: Explanation, name: Any) -> str | None:
    check = explanation.check(name)
    return None if check is None else check.status


def connection_of(client: FakeUnisync) -> str:
    link = next(iter(client.codeconnections.list_repository_links()))
    return link.connection_arn


def pend(client: FakeUnisync) -> StackSync:
    client.aws.set_connection_status(connection_of(client), "PENDING")
    return STACK


def remove_configuration(client: FakeUnisync) -> StackSync:
    client.codeconnections.delete_sync_configuration("payments-prod")
    return STACK


def break_branch(client: FakeUnisync) -> StackSync:
    client.aws.fail_branch(sha=NEXT, stack="payments-prod", reason="the deployment file is not YAML")
    client.aws.clock.advance(SETTLED)
    return STACK


def block(client: FakeUnisync) -> StackSync:
    client.aws.block(stack="payments-prod", reason="modified by hand")
    return STACK


def fail(client: FakeUnisync) -> StackSync:
    client.aws.push(stack="payments-prod", sha=NEXT, outcome="FAILED", reason="the template is wrong")
    client.aws.clock.advance(SETTLED)
    return STACK


def deny(client: FakeUnisync) -> TwinMakerSync:
    client.aws.deny_role(ROLE)
    client.twinmaker.create_sync_job("factory", sync_role=ROLE)
    client.aws.clock.advance(SETTLED)
    return FACTORY


def break_resources(client: FakeUnisync) -> TwinMakerSync:
    client.twinmaker.create_sync_job("factory", sync_role=ROLE)
    for number in range(3):
        client.aws.add_sync_resource("factory", f"asset-{number}", outcome="ERROR", reason="the asset has no model")
    client.aws.clock.advance(SETTLED)
    return FACTORY


CAUSES: dict[str, tuple[Callable[[FakeUnisync], Any], str, str]] = {
    "connection pending": (pend, "connection", "PENDING"),
    "configuration missing": (remove_configuration, "definition", "no sync configuration"),
    "branch failed": (break_branch, "branch", "not YAML"),
    "blocker": (block, "blockers", "modified by hand"),
    "role denied": (deny, "role", "cannot assume"),
    "TwinMaker resource error": (break_resources, "resource", "3 times"),
}


@pytest.mark.parametrize("name", CAUSES)
def test_the_cause(fake: FakeUnisync, name: str) -> None:
    arrange, cause, text = CAUSES[name]
    explanation = fake.explain(arrange(fake))
    assert cause_of(explanation) == cause
    assert explanation.cause is not None
    assert text in explanation.cause.message
    assert f"Likely cause: {cause}: " in str(explanation)
    assert explanation.cause in explanation.checks
    assert Explanation.model_validate_json(explanation.model_dump_json()) == explanation
    assert pickle.loads(pickle.dumps(explanation)) == explanation


def test_the_console_step_of_a_pending_connection(fake: FakeUnisync) -> None:
    check = fake.explain(pend(fake)).cause
    assert check is not None
    assert "https://console.aws.amazon.com/codesuite/settings/connections?region=eu-west-1" in (check.action or "")


def test_a_link_that_is_gone(fake: FakeUnisync) -> None:
    fake.aws.fault("GetRepositoryLink", "ResourceNotFoundException", times=None)
    assert cause_of(fake.explain(STACK)) == "link"


def test_a_failed_attempt(fake: FakeUnisync) -> None:
    explanation = fake.explain(fail(fake))
    check = explanation.check("attempt")
    assert check is not None
    assert check.status == "problem"
    assert "the template is wrong" in check.message


def test_a_commit_that_was_not_picked_up(fake: FakeUnisync) -> None:
    explanation = fake.explain(STACK, revision="deadbeef")
    assert cause_of(explanation) == "commit"
    assert explanation.cause is not None
    assert "was not picked up" in explanation.cause.message
    assert "empty commit" in (explanation.cause.action or "")


def test_a_failure_of_another_commit_is_not_the_cause(fake: FakeUnisync) -> None:
    explanation = fake.explain(fail(fake), revision="deadbeef")
    assert cause_of(explanation) == "commit"
    assert "until the sync configuration was updated" in str(explanation)
    assert cause_of(fake.explain(STACK, revision=MINE)) is None, "it is live"


def test_nothing_is_wrong(fake: FakeUnisync) -> None:
    explanation = fake.explain(STACK)
    assert explanation.cause is None
    assert {check.status for check in explanation.checks} <= {"ok", "unknown"}
    assert "No cause was found." in str(explanation)


def test_a_commit_that_is_being_synced_is_no_problem(fake: FakeUnisync) -> None:
    fake.aws.push(stack="payments-prod", sha=NEXT)
    assert fake.explain(STACK).cause is None


PAIRS = [
    (pend, block, "connection"),
    (block, break_branch, "blockers"),
    (pend, break_branch, "connection"),
    (break_branch, remove_configuration, "definition"),
    (block, fail, "blockers"),
]


@pytest.mark.parametrize(("one", "other", "cause"), PAIRS)
def test_of_two_causes_the_deeper_one(fake: FakeUnisync, one: Any, other: Any, cause: str) -> None:
    one(fake)
    assert cause_of(fake.explain(other(fake))) == cause


READS = {
    "GetCallerIdentity": "identity",
    "GetSyncConfiguration": "definition",
    "GetRepositoryLink": "link",
    "GetConnection": "connection",
    "GetRepositorySyncStatus": "branch",
    "GetResourceSyncStatus": "attempt",
    "GetSyncBlockerSummary": "blockers",
    "DescribeStacks": "resource",
}


@pytest.mark.parametrize("operation", READS)
def test_what_may_not_be_read_is_unknown_and_changes_no_other_check(fake: FakeUnisync, operation: str) -> None:
    block(fake)
    before = fake.explain(STACK)
    code = "AccessDenied" if operation in ("GetCallerIdentity", "DescribeStacks") else "AccessDeniedException"
    fake.aws.fault(operation, code, times=None)
    after = fake.explain(STACK)
    denied = READS[operation]
    assert status_of(after, denied) == "unknown"
    follows = {"definition": {"link", "connection", "branch"}, "link": {"connection"}, "attempt": {"commit"}}
    changed = {denied, *follows.get(denied, ())}
    for check in before.checks:
        if check.name not in changed:
            assert after.check(check.name) == check
    assert cause_of(after) == (None if denied == "blockers" else "blockers")


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("AccessDeniedException", "Unknown: access is denied: codeconnections"),
        ("ExpiredTokenException", "Unknown: AWS does not accept the credentials: codeconnections"),
        ("InternalServerException", "Unknown: it could not be read: codeconnections"),
    ],
)
def test_why_a_check_is_unknown(fake: FakeUnisync, code: str, said: str) -> None:
    block(fake)
    fake.aws.fault("GetSyncBlockerSummary", code, times=None)
    check = fake.explain(STACK).check("blockers")
    assert check is not None
    assert (check.status, check.message.startswith(said)) == ("unknown", True), check.message


def test_a_commit_that_was_replaced(fake: FakeUnisync) -> None:
    fake.aws.push(stack="payments-prod", sha=NEXT)
    fake.aws.clock.advance(SETTLED)
    check = fake.explain(STACK, revision=MINE).cause
    assert check is not None
    assert (
        f"commit {MINE[:12]} was not picked up again: it was live until commit {NEXT[:12]} replaced it" in check.message
    )
    assert check.action == "push it again to make it live"
    with pytest.raises(WaitTimeoutError, match=f"was not picked up again: it was live until .*{NEXT[:12]} replaced it"):
        fake.wait_until_active(STACK, revision=MINE, timeout=60)


def test_a_commit_that_aws_turned_away_from(fake: FakeUnisync) -> None:
    fake.aws.push(stack="payments-prod", sha=NEXT, start_delay=30)

    def force_back(progress: Progress[Any]) -> None:
        if progress.job.desired_revision is not None and progress.job.desired_revision.sha == NEXT:
            fake.aws.push(stack="payments-prod", sha=MINE, start_delay=5)

    with pytest.raises(WaitTimeoutError, match=f"{NEXT[:12]} was detected, and AWS desires another commit since"):
        fake.wait_until_active(STACK, revision=NEXT, timeout=60, on_progress=force_back)


@pytest.mark.parametrize("page_size", [1, 4, 10, 100])
def test_the_first_failure_is_found_on_any_page(fake: FakeUnisync, page_size: int) -> None:
    roll_back(fake)
    fake.aws.page_size = page_size
    with pytest.raises(SyncFailedError) as caught:
        fake.wait_until_active(STACK)
    assert caught.value.cause is not None
    assert caught.value.cause.logical_id == "Queue"
    check = fake.explain(STACK).cause
    assert check is not None
    assert "Queue (AWS::SQS::Queue) is" in check.message


@pytest.mark.parametrize("revision", [None, MINE, NEXT])
def test_a_stack_whose_creation_failed_is_the_cause_for_each_commit(revision: str | None) -> None:
    fake = FakeUnisync()
    taken = ("Queue", "AWS::SQS::Queue", "A queue of that name exists")
    fake.aws.add_stack("payments-prod", repository="acme/infra", creation_duration=60, creation_failure=taken)
    fake.aws.clock.advance(SETTLED)
    fake.aws.push(stack="payments-prod", sha=MINE)
    fake.aws.clock.advance(SETTLED)
    check = fake.explain(STACK, revision=revision).cause
    assert check is not None
    assert (check.name, check.status) == ("resource", "problem")
    assert (
        "ROLLBACK_COMPLETE, so nothing can update it. Queue (AWS::SQS::Queue) is CREATE_FAILED: A qu" in check.message
    )
    assert "delete the stack, create it again" in (check.action or "")


def test_events_that_may_not_be_read_make_no_cause(fake: FakeUnisync) -> None:
    roll_back(fake)
    fake.aws.push(stack="payments-prod", sha="c" * 40, duration=100)
    fake.aws.clock.advance(2)
    assert fake.explain(STACK).cause is None
    fake.aws.fault("DescribeStackEvents", "AccessDenied", times=1)
    explanation = fake.explain(STACK)
    assert explanation.cause is None
    assert status_of(explanation, "resource") == "unknown"


def test_a_failure_of_another_file_of_the_branch_is_no_cause(fake: FakeUnisync) -> None:
    fake.aws.fail_branch(stack="payments-prod", sha=NEXT, file="other/deployment-other.yaml")
    fake.aws.clock.advance(SETTLED)
    for revision in (None, MINE):
        explanation = fake.explain(STACK, revision=revision)
        assert explanation.cause is None
        check = explanation.check("branch")
        assert check is not None
        assert "other/deployment-other.yaml" in check.message


def test_a_branch_that_cannot_be_read_is_no_cause_where_the_commit_is_live(fake: FakeUnisync) -> None:
    assert cause_of(fake.explain(break_branch(fake), revision=MINE)) is None
    assert cause_of(fake.explain(STACK, revision=NEXT)) == "branch"


@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning", "ignore::UserWarning")
def test_the_branch_of_a_service_instance_is_its_own(fake: FakeUnisync) -> None:
    fake.aws.add_service_instance("web", "prod", repository="acme/web", own_branch="live", spec="prod.yaml")
    fake.aws.add_service_instance("web", "dev", repository="acme/web")
    fake.aws.push(service="web", instance="prod", sha=MINE)
    fake.aws.clock.advance(SETTLED)
    fake.aws.fail_branch(service="web", instance="dev", sha=NEXT)
    fake.aws.clock.advance(SETTLED)
    assert cause_of(fake.explain(INSTANCE)) is None
    fake.aws.fail_branch(service="web", instance="prod", sha="c" * 40)
    fake.aws.clock.advance(SETTLED)
    check = fake.explain(INSTANCE).cause
    assert check is not None
    assert check.name == "branch"
    assert "prod.yaml" in check.message


def test_a_sync_job_that_failed_has_a_cause_with_its_reason(fake: FakeUnisync) -> None:
    lines = str(fake.explain(break_resources(fake))).splitlines()
    assert "Likely cause: resource: " in lines[-2]
    assert "the asset has no model" in lines[-2]


def test_the_calls(fake: FakeUnisync) -> None:
    fake.explain(STACK)
    operations = [call.operation for call in fake.aws.calls]
    assert len(operations) == 9
    assert len(operations) == len(set(operations))
    assert operations.index("GetSyncConfiguration") < operations.index("GetRepositoryLink")


def test_a_missing_configuration_names_the_command_that_creates_it(fake: FakeUnisync) -> None:
    check = fake.explain(StackSync("nope")).cause
    assert check is not None
    advice = "check the name, the account and the region, or create it: unisync create codeconnections:nope"
    assert check.action == f"{advice}, or the console"


def test_the_region_is_shown(fake: FakeUnisync) -> None:
    check = fake.explain(StackSync("nope")).check("identity")
    assert check is not None
    assert check.message.startswith("Account 123456789012, region eu-west-1, as arn:")


def test_what_cannot_even_be_sent_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    with Unisync() as client:
        for ref in (STACK, INSTANCE, TEMPLATE, FACTORY):
            with pytest.raises(InvalidArgumentError, match="region_name: expected a region"):
                client.explain(ref)
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with Unisync() as client, pytest.raises(CredentialsError):
        client.explain(STACK)


def test_a_role_that_may_not_be_assumed_is_raised() -> None:
    with Emulator() as aws:
        aws.deny_role(ROLE)
        with Fleet([ROLE], **aws.client_options()) as fleet, pytest.raises(AccessDeniedError, match="AssumeRole"):
            fleet.explain(FleetSync("123456789012", "eu-west-1", STACK))


def test_nothing_could_be_read(fake: FakeUnisync) -> None:
    fake.aws.fault("*", "InternalServerException", times=None)
    explanation = fake.explain(STACK, timeout=0)
    assert {check.status for check in explanation.checks} == {"unknown"}
    assert str(explanation).splitlines()[-1] == "Nothing could be read, so no cause is known."


def test_a_sync_job_follows_no_commits(fake: FakeUnisync) -> None:
    with pytest.raises(InvalidArgumentError, match="revision: expected None, as twinmaker:factory follows no commits"):
        fake.explain(FACTORY, revision=MINE)


def test_a_failed_branch_that_names_no_file_is_not_about_a_file(fake: FakeUnisync) -> None:
    fake.aws.fail_branch(sha=NEXT, stack="payments-prod", reason="Unable to clone repository: access denied")
    fake.aws.clock.advance(SETTLED)
    check = fake.explain(STACK).cause
    assert check is not None
    assert (check.name, check.action) == ("branch", "fix what it says, and push a commit")


def test_a_commit_that_aws_has_forgotten_may_have_been_picked_up(fake: FakeUnisync) -> None:
    fake.aws.push(stack="payments-prod", sha=NEXT, outcome="FAILED")
    fake.aws.clock.advance(SETTLED)
    fake.aws.push(stack="payments-prod", sha="c" * 40)
    fake.aws.clock.advance(SETTLED)
    check = fake.explain(STACK, revision=NEXT).cause
    assert check is not None
    assert check.message.endswith(f"commit {NEXT[:12]} was not picked up, or others have followed it.")


def test_all_reads_go_out_in_three_rounds() -> None:
    with Emulator() as aws:
        aws.add_stack("payments-prod", repository="acme/infra")
        aws.push(stack="payments-prod", sha=MINE)
        aws.fault("*", "slow", times=None, seconds=0.3)

        async def awaited() -> None:
            async with AsyncUnisync(**aws.client_options()) as client:
                await client.explain(STACK)

        def blocking() -> None:
            with Unisync(**aws.client_options()) as client:
                client.explain(STACK)

        for explain in (blocking, lambda: asyncio.run(awaited())):
            before = len(aws.calls)
            explain()
            times = sorted(call.time for call in aws.calls[before:])
            rounds = 1 + sum(later - earlier > timedelta(seconds=0.15) for earlier, later in pairwise(times))
            assert (len(times), rounds) == (9, 3)


def test_a_missing_workspace(fake: FakeUnisync) -> None:
    explanation = fake.explain(TwinMakerSync("nowhere"))
    assert cause_of(explanation) == "definition"
    assert explanation.cause is not None
    assert explanation.cause.message == "There is no workspace nowhere."
    assert "create the workspace" in (explanation.cause.action or "")
    assert cause_of(fake.explain(FACTORY)) == "definition", "there is no job yet"


@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning", "ignore::UserWarning")
def test_proton(fake: FakeUnisync) -> None:
    fake.aws.add_service_instance("web", "prod", repository="acme/web")
    assert cause_of(fake.explain(ServiceInstanceSync("unknown", "prod"))) == "definition"
    fake.aws.push(service="web", instance="prod", sha=MINE, outcome="FAILED", reason="no such template")
    fake.aws.clock.advance(SETTLED)
    explanation = fake.explain(INSTANCE)
    assert cause_of(explanation) == "attempt"
    assert explanation.check("resource") is None


def test_the_awaited_client() -> None:
    async def main() -> Explanation:
        aws = Emulator(clock="manual")
        aws.add_stack("payments-prod", repository="acme/infra")
        async with FakeAsyncUnisync(aws) as client:
            return await client.explain(STACK)

    explanation = asyncio.run(main())
    assert isinstance(explanation.checks[0], Check)


def test_bad_arguments(fake: FakeUnisync) -> None:
    with pytest.raises(InvalidArgumentError):
        fake.explain(STACK, revision="HEAD")
    with pytest.raises(InvalidArgumentError):
        fake.explain(STACK, timeout=-1)


def test_notebooks_show_it(fake: FakeUnisync) -> None:
    html = fake.explain(block(fake))._repr_html_()
    assert "modified by hand" in html
    assert "<table>" in html


# The stack itself.


def roll_back(client: FakeUnisync) -> StackSync:
    reason = "A queue of that name exists"
    client.aws.push(stack="payments-prod", sha=NEXT, outcome="FAILED", reason=reason)
    client.aws.clock.advance(SETTLED)
    return STACK


def test_a_stack_that_was_rolled_back(fake: FakeUnisync) -> None:
    explanation = fake.explain(roll_back(fake))
    assert cause_of(explanation) == "resource"
    assert explanation.cause is not None
    assert "A queue of that name exists" in explanation.cause.message
    assert "ROLLBACK" in explanation.cause.message


def test_a_stack_that_is_missing(fake: FakeUnisync) -> None:
    fake.aws.delete_stack_by_hand("payments-prod")
    explanation = fake.explain(STACK)
    assert status_of(explanation, "resource") == "problem"
    assert "does not exist" in str(explanation)


def test_the_blocker_of_a_stack_that_is_missing_is_resolved_after_its_creation(fake: FakeUnisync) -> None:
    fake.aws.modify(stack="payments-prod")
    fake.aws.delete_stack_by_hand("payments-prod")
    check = fake.explain(STACK).cause
    assert check is not None
    assert check.name == "blockers"
    assert (check.action or "").startswith(
        "create the stack, since Git sync by API updates stacks and creates none, then"
    )


def test_the_error_of_a_wait_has_the_root_cause(fake: FakeUnisync) -> None:
    roll_back(fake)
    with pytest.raises(SyncFailedError) as caught:
        fake.wait_until_active(STACK)
    cause = caught.value.cause
    assert cause is not None
    assert "A queue of that name exists" in (cause.reason or "")
    assert str(cause) in str(caught.value)
    (outcome,) = fake.wait_all([STACK])
    assert isinstance(outcome.error, SyncFailedError)
    assert outcome.error.cause == cause
    assert pickle.loads(pickle.dumps(caught.value)).cause == cause


def test_a_root_cause_that_may_not_be_read_changes_nothing(fake: FakeUnisync) -> None:
    roll_back(fake)
    fake.aws.fault("DescribeStackEvents", "AccessDenied", times=None)
    with pytest.raises(SyncFailedError) as caught:
        fake.wait_until_active(STACK)
    assert caught.value.cause is None


def fail_at_the_template(client: FakeUnisync) -> None:
    """Let the attempt after a roll-back fail before it reaches the stack."""
    roll_back(client)
    reason = "Template error: no such parameter"
    client.aws.push(stack="payments-prod", sha="c" * 40, outcome="FAILED", reason=reason, failure="change_set")
    client.aws.clock.advance(SETTLED)


def test_a_stack_that_may_not_be_described_has_events(fake: FakeUnisync) -> None:
    roll_back(fake)
    fake.aws.fault("DescribeStacks", "AccessDenied", times=None)
    check = fake.explain(STACK).cause
    assert check is not None
    assert check.name == "resource"
    assert check.message.startswith("The stack payments-prod failed. ")
    assert "A queue of that name exists" in check.message


def test_the_failure_of_an_earlier_attempt_is_not_the_root_cause(fake: FakeUnisync) -> None:
    fail_at_the_template(fake)
    with pytest.raises(SyncFailedError) as caught:
        fake.wait_until_active(STACK)
    assert caught.value.cause is None
    assert "A queue of that name exists" not in str(caught.value)


def test_the_failure_of_an_earlier_attempt_is_no_problem_of_the_stack(fake: FakeUnisync) -> None:
    fail_at_the_template(fake)
    explanation = fake.explain(STACK)
    assert cause_of(explanation) == "attempt"
    assert status_of(explanation, "resource") == "ok"
    assert "Template error" in str(explanation)
    assert "A queue of that name exists" not in str(explanation)


def test_what_failed_after_an_attempt_is_not_its_root_cause() -> None:
    start = datetime(2026, 11, 30, tzinfo=UTC)

    def event(name: str, status: str, seconds: float) -> dict[str, Any]:
        kind = "AWS::CloudFormation::Stack" if name == "payments-prod" else "AWS::SQS::Queue"
        time = start + timedelta(seconds=seconds)
        return {"LogicalResourceId": name, "ResourceType": kind, "ResourceStatus": status, "Timestamp": time}

    page = StackEventsPage.model_validate(
        {
            "StackEvents": [
                event("ByHand", "UPDATE_FAILED", 110),
                event("payments-prod", "UPDATE_IN_PROGRESS", 100),
                event("payments-prod", "UPDATE_ROLLBACK_COMPLETE", 28),
                event("Queue", "UPDATE_FAILED", 20),
                event("payments-prod", "UPDATE_IN_PROGRESS", 10),
                event("Earlier", "UPDATE_FAILED", -50),
                event("payments-prod", "UPDATE_IN_PROGRESS", -60),
            ]
        }
    )
    revision = {
        "RepositoryName": "infra",
        "OwnerId": "acme",
        "ProviderType": "GitHub",
        "Branch": "main",
        "Directory": "deployment.yaml",
        "Sha": MINE,
    }
    attempt = ResourceSyncAttempt.model_validate(
        {
            "StartedAt": start,
            "Status": "FAILED",
            "Events": [{"Event": "failed", "Type": "SYNC_FAILED", "Time": start + timedelta(seconds=30)}],
            "InitialRevision": revision,
            "TargetRevision": revision,
            "Target": "payments-prod",
        }
    )
    failure = first_failure(page.events, "payments-prod", attempt)
    assert failure is not None
    assert failure.logical_id == "Queue"
