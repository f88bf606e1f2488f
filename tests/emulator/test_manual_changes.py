"""Changes by hand: the blockers of changed resources, stacks that were deleted, and stacks that never existed."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from tests.emulator.clients import BotoClients
from tests.emulator.resources import ROLE
from tests.emulator.syncs import (
    NEW,
    NEWER,
    OLD,
    SYNC_TYPE,
    advance_to,
    instance_blockers,
    instance_status,
    stack_blockers,
    stack_status,
    summary_of,
    texts,
)
from unisync.emulator import Emulator
from unisync.emulator._state.manual_changes import java_date

JAVA_DATE = r"[A-Z][a-z]{2} [A-Z][a-z]{2} \d\d \d\d:\d\d:\d\d UTC \d{4}"
STACK_ARN = r"arn:aws:cloudformation:eu-west-1:123456789012:stack/payments/[0-9a-f-]{36}"
INSTANCE_ARN = "arn:aws:proton:eu-west-1:123456789012:service/web/service-instance/prod"


def reason_of(arn: str, tool: str, date: str = JAVA_DATE) -> str:
    return (
        f"Target {arn} was modified at time {date} by something besides {tool}. "
        r"Disabling syncing to ensure we don't overwrite an important deployment\."
    )


@pytest.fixture(autouse=True)
def resources(aws: Emulator) -> None:
    aws.add_stack("payments", repository="acme/infra")
    aws.add_service_instance("web", "prod", repository="acme/web")
    aws.push(stack="payments", sha=OLD)
    aws.push(service="web", sha=OLD)
    advance_to(aws, 100)


def date_of(aws: Emulator, when: float) -> str:
    return java_date(aws.clock.date(when))


def resolve(boto: BotoClients, blocker: str, name: str = "payments") -> None:
    boto.connections.update_sync_blocker(
        Id=blocker, ResourceName=name, ResolvedReason="checked", SyncType="CFN_STACK_SYNC"
    )


@pytest.mark.parametrize(
    ("date", "written"),
    [
        (datetime(2023, 4, 12, 8, 13, 41, 489000, UTC), "Wed Apr 12 08:13:41 UTC 2023"),
        (datetime(2026, 11, 1, 0, 0, 0, 0, UTC), "Sun Nov 01 00:00:00 UTC 2026"),
        (datetime(2024, 2, 29, 23, 59, 59, 999999, UTC), "Thu Feb 29 23:59:59 UTC 2024"),
    ],
)
def test_a_date_is_written_as_java_writes_it(date: datetime, written: str) -> None:
    assert java_date(date.timestamp()) == written


def test_a_blocker_has_the_reason_and_the_contexts_of_aws(aws: Emulator, boto: BotoClients) -> None:
    aws.block(stack="payments")
    aws.block(service="web")
    aws.block(service="web", instance="prod")
    (of_stack,), (of_service,), (of_instance,) = (
        stack_blockers(boto),
        instance_blockers(boto, None),
        instance_blockers(boto, "prod"),
    )
    assert re.fullmatch(reason_of(STACK_ARN, "StackSync"), of_stack["CreatedReason"])
    service_arn = INSTANCE_ARN.removesuffix("/service-instance/prod")
    assert re.fullmatch(reason_of(service_arn, "ServiceSync"), of_service["CreatedReason"])
    assert re.fullmatch(reason_of(INSTANCE_ARN, "ServiceSync"), of_instance["CreatedReason"])
    for blocker in (of_stack, of_service, of_instance):
        assert blocker["Contexts"] == [{"Key": "AUTOMATED", "Value": date_of(aws, 100)}]
        assert date_of(aws, 100) in blocker["CreatedReason"]
        assert (blocker["Type"], blocker["Status"]) == ("AUTOMATED", "ACTIVE")


def test_a_blocker_may_have_another_reason_and_other_contexts(aws: Emulator, boto: BotoClients) -> None:
    aws.block(stack="payments", reason="by hand", contexts={})
    (blocker,) = stack_blockers(boto)
    assert (blocker["CreatedReason"], blocker["Contexts"]) == ("by hand", [])


def test_a_change_by_hand_blocks_the_next_attempt_of_a_stack(aws: Emulator, boto: BotoClients) -> None:
    before = stack_status(boto)
    aws.modify(stack="payments")
    advance_to(aws, 3700)
    assert stack_blockers(boto) == []
    assert stack_status(boto) == before
    aws.push(stack="payments", sha=NEW, detection_delay=20)
    advance_to(aws, 3719)
    assert stack_blockers(boto) == []
    advance_to(aws, 9000)
    (blocker,) = stack_blockers(boto)
    assert re.fullmatch(reason_of(STACK_ARN, "StackSync", date_of(aws, 100)), blocker["CreatedReason"])
    assert blocker["Contexts"] == [{"Key": "AUTOMATED", "Value": date_of(aws, 3720)}]
    assert blocker["CreatedAt"].timestamp() == pytest.approx(aws.clock.date(3720), abs=0.002)
    assert blocker["Status"] == "ACTIVE"
    assert summary_of(stack_status(boto)) == (NEW, OLD, "SUCCEEDED", OLD)
    assert stack_status(boto)["LatestSync"] == before["LatestSync"]


def test_a_change_by_hand_blocks_the_next_attempt_of_an_instance(aws: Emulator, boto: BotoClients) -> None:
    aws.add_service_instance("web", "test")
    aws.modify(service="web", instance="prod")
    aws.push(service="web", sha=NEW)
    advance_to(aws, 200)
    (blocker,) = instance_blockers(boto, "prod")
    assert re.fullmatch(reason_of(INSTANCE_ARN, "ServiceSync", date_of(aws, 100)), blocker["CreatedReason"])
    assert instance_blockers(boto, None) == instance_blockers(boto, "test") == []
    assert summary_of(instance_status(boto, "prod")) == (NEW, OLD, "SUCCEEDED", OLD)
    assert summary_of(instance_status(boto, "test")) == (NEW, NEW, "SUCCEEDED", NEW)
    boto.proton.update_service_sync_blocker(id=blocker["Id"], resolvedReason="checked")
    assert summary_of(instance_status(boto, "prod")) == (NEW, NEW, "INITIATED", OLD)


def test_a_blocker_by_change_is_seen_by_any_first_read(aws: Emulator, boto: BotoClients) -> None:
    """Whatever is read first, the blocker is the same."""
    aws.modify(service="web", instance="prod")
    aws.push(service="web", sha=NEW)
    advance_to(aws, 200)
    assert summary_of(instance_status(boto, "prod")) == (NEW, OLD, "SUCCEEDED", OLD)
    (blocker,) = instance_blockers(boto, "prod")
    assert blocker["CreatedAt"].timestamp() == pytest.approx(aws.clock.date(100), abs=0.002)


def test_no_later_commit_is_synced_until_the_blocker_is_resolved(aws: Emulator, boto: BotoClients) -> None:
    aws.modify(stack="payments")
    aws.push(stack="payments", sha=NEW)
    advance_to(aws, 200)
    aws.push(stack="payments", sha=NEWER)
    advance_to(aws, 300)
    (blocker,) = stack_blockers(boto)
    assert summary_of(stack_status(boto)) == (NEWER, OLD, "SUCCEEDED", OLD)
    resolve(boto, blocker["Id"])
    assert summary_of(stack_status(boto)) == (NEWER, NEWER, "INITIATED", OLD)
    assert stack_status(boto)["LatestSync"]["InitialRevision"]["Sha"] == OLD
    advance_to(aws, 330)
    assert summary_of(stack_status(boto)) == (NEWER, NEWER, "SUCCEEDED", NEWER)
    aws.push(stack="payments", sha=OLD)
    assert [each["Status"] for each in stack_blockers(boto)] == ["RESOLVED"], "one change blocks once"


def test_a_change_after_a_push_of_the_same_time_does_not_block_it(aws: Emulator, boto: BotoClients) -> None:
    aws.push(stack="payments", sha=NEW)
    aws.modify(stack="payments")
    advance_to(aws, 200)
    assert summary_of(stack_status(boto)) == (NEW, NEW, "SUCCEEDED", NEW)
    assert stack_blockers(boto) == []


def test_a_change_before_a_push_of_the_same_time_blocks_every_commit(aws: Emulator, boto: BotoClients) -> None:
    aws.modify(stack="payments")
    aws.push(stack="payments", sha=NEW)
    assert len(stack_blockers(boto)) == 1
    aws.push(stack="payments", sha=NEWER)
    assert summary_of(stack_status(boto)) == (NEWER, OLD, "SUCCEEDED", OLD)
    assert len(stack_blockers(boto)) == 1


def test_a_change_blocks_a_commit_that_was_pushed_before_and_is_detected_later(
    aws: Emulator, boto: BotoClients
) -> None:
    aws.push(stack="payments", sha=NEW, detection_delay=50)
    aws.push(stack="payments", sha=NEWER, detection_delay=50)
    aws.modify(stack="payments")
    advance_to(aws, 500)
    assert summary_of(stack_status(boto)) == (NEWER, OLD, "SUCCEEDED", OLD)
    (blocker,) = stack_blockers(boto)
    assert blocker["CreatedAt"].timestamp() == pytest.approx(aws.clock.date(150), abs=0.002)


def test_several_changes_before_an_attempt_are_one_blocker(aws: Emulator, boto: BotoClients) -> None:
    aws.modify(stack="payments")
    advance_to(aws, 160)
    aws.modify(stack="payments")
    advance_to(aws, 200)
    aws.push(stack="payments", sha=NEW)
    aws.modify(stack="payments")
    (blocker,) = stack_blockers(boto)
    assert date_of(aws, 160) in blocker["CreatedReason"]
    resolve(boto, blocker["Id"])
    assert summary_of(stack_status(boto)) == (NEW, NEW, "INITIATED", OLD)
    assert len(stack_blockers(boto)) == 1


def test_a_change_after_a_resolution_blocks_again(aws: Emulator, boto: BotoClients) -> None:
    for sha in (NEW, NEWER):
        aws.modify(stack="payments")
        aws.push(stack="payments", sha=sha)
        (active,) = [each for each in stack_blockers(boto) if each["Status"] == "ACTIVE"]
        resolve(boto, active["Id"])
        aws.clock.advance(100)
        assert summary_of(stack_status(boto)) == (sha, sha, "SUCCEEDED", sha)
    assert len(stack_blockers(boto)) == 2


def test_a_blocker_that_is_resolved_meets_a_change_that_waits(aws: Emulator, boto: BotoClients) -> None:
    """The service is blocked, one of its instances was changed as well: resolving the one shows the other."""
    aws.block(service="web")
    aws.modify(service="web", instance="prod")
    aws.push(service="web", sha=NEW)
    advance_to(aws, 200)
    assert instance_blockers(boto, "prod") == []
    aws.unblock(service="web")
    (blocker,) = instance_blockers(boto, "prod")
    assert blocker["CreatedAt"].timestamp() == pytest.approx(aws.clock.date(200), abs=0.002)
    assert summary_of(instance_status(boto)) == (NEW, OLD, "SUCCEEDED", OLD)


def test_a_failed_attempt_may_be_the_latest_while_a_blocker_is_active(aws: Emulator, boto: BotoClients) -> None:
    aws.push(stack="payments", sha=NEW, outcome="FAILED")
    advance_to(aws, 200)
    aws.block(stack="payments")
    aws.push(stack="payments", sha=NEWER)
    advance_to(aws, 300)
    assert summary_of(stack_status(boto)) == (NEWER, NEW, "FAILED", OLD)


@pytest.mark.parametrize(
    "target",
    [{}, {"stack": "other"}, {"service": "web"}, {"service": "web", "instance": "other"}, {"instance": "prod"}],
    ids=str,
)
def test_a_change_needs_an_existing_stack_or_instance(aws: Emulator, target: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="expected an"):
        aws.modify(**target)


def test_a_stack_deleted_by_hand_keeps_its_configuration(aws: Emulator, boto: BotoClients) -> None:
    before = stack_status(boto)
    aws.modify(stack="payments")
    aws.delete_stack_by_hand("payments")
    (blocker,) = stack_blockers(boto)
    assert re.fullmatch(reason_of(STACK_ARN, "StackSync", date_of(aws, 100)), blocker["CreatedReason"])
    assert stack_status(boto) == before
    assert before["LatestSync"]["Status"] == "SUCCEEDED"
    found = boto.connections.get_sync_configuration(ResourceName="payments", SyncType="CFN_STACK_SYNC")
    assert found["SyncConfiguration"]["RepositoryName"] == "infra"
    aws.push(stack="payments", sha=NEW)
    advance_to(aws, 300)
    assert summary_of(stack_status(boto)) == (NEW, OLD, "SUCCEEDED", OLD)
    assert len(stack_blockers(boto)) == 1


def test_after_a_deletion_by_hand_the_next_attempt_fails(aws: Emulator, boto: BotoClients) -> None:
    aws.delete_stack_by_hand("payments")
    aws.push(stack="payments", sha=NEW)
    aws.unblock(stack="payments")
    advance_to(aws, 200)
    assert summary_of(stack_status(boto)) == (NEW, NEW, "FAILED", OLD)
    assert texts(stack_status(boto)["LatestSync"])[-1] == ("SYNC_FAILED", "Stack [payments] does not exist")
    assert [each["Status"] for each in stack_blockers(boto)] == ["RESOLVED"]


def test_a_deleted_stack_may_be_created_again(aws: Emulator, boto: BotoClients) -> None:
    first = aws.block(stack="payments")
    aws.unblock(stack="payments")
    aws.delete_stack_by_hand("payments")
    aws.add_stack("payments")
    aws.unblock(stack="payments")
    aws.push(stack="payments", sha=NEW)
    advance_to(aws, 200)
    assert summary_of(stack_status(boto)) == (NEW, NEW, "SUCCEEDED", NEW)
    aws.block(stack="payments")
    reasons = [each["CreatedReason"] for each in stack_blockers(boto)]
    arns = [found[0] for found in (re.search(STACK_ARN, reason) for reason in reasons) if found]
    assert [each["Id"] for each in stack_blockers(boto)][-1] == first
    assert arns[0] != arns[1] == arns[2], "the new stack has another ARN"


def test_only_an_existing_stack_with_a_configuration_is_deleted_by_hand(aws: Emulator) -> None:
    aws.add_stack("other")
    for name in ("unknown", "other"):
        with pytest.raises(ValueError, match=rf"^name: there is no stack '{name}' with a sync configuration"):
            aws.delete_stack_by_hand(name)
    aws.delete_stack_by_hand("payments")
    with pytest.raises(ValueError, match=r"^name: the stack 'payments' does not exist"):
        aws.delete_stack_by_hand("payments")
    with pytest.raises(ValueError, match=r"^stack: the stack 'payments' does not exist"):
        aws.modify(stack="payments")
    for change in (aws.modify, aws.block):
        with pytest.raises(ValueError, match=r"^stack: 'other' has no sync configuration"):
            change(stack="other")


def configure(aws: Emulator, boto: BotoClients, name: str) -> None:
    boto.connections.create_sync_configuration(
        ResourceName=name,
        RepositoryLinkId=aws.add_repository_link("acme/infra"),
        Branch="main",
        ConfigFile=f"{name}.yaml",
        RoleArn=ROLE,
        SyncType="CFN_STACK_SYNC",
    )


def test_a_configuration_of_a_stack_that_does_not_exist_fails_without_a_blocker(
    aws: Emulator, boto: BotoClients
) -> None:
    configure(aws, boto, "orders")
    aws.push(stack="orders", sha=NEW)
    advance_to(aws, 130)
    assert summary_of(stack_status(boto, "orders")) == (NEW, NEW, "FAILED", None)
    assert texts(stack_status(boto, "orders")["LatestSync"])[-1] == ("SYNC_FAILED", "Stack [orders] does not exist")
    assert stack_blockers(boto, "orders") == []


def test_a_stack_created_before_or_after_its_configuration_is_synced(aws: Emulator, boto: BotoClients) -> None:
    aws.add_stack("orders")
    for name in ("orders", "search"):
        configure(aws, boto, name)
    aws.add_stack("search")
    for name in ("orders", "search"):
        aws.push(stack=name, sha=NEW)
        assert summary_of(stack_status(boto, name)).status == "INITIATED"
    advance_to(aws, 200)
    for name in ("orders", "search"):
        assert summary_of(stack_status(boto, name)) == (NEW, NEW, "SUCCEEDED", NEW)


def test_a_stack_without_a_configuration_has_no_status(aws: Emulator, boto: BotoClients) -> None:
    aws.add_stack("orders")
    for operation in ("GetSyncConfiguration", "GetResourceSyncStatus", "GetSyncBlockerSummary"):
        with pytest.raises(boto.connections.exceptions.ResourceNotFoundException):
            boto.call("codeconnections", operation, {"ResourceName": "orders", **SYNC_TYPE})
    with pytest.raises(ValueError, match="there is no sync config"):
        aws.push(stack="orders", sha=NEW)


def test_a_stack_added_again_keeps_its_configuration(aws: Emulator, boto: BotoClients) -> None:
    before = stack_status(boto)
    aws.add_stack("payments")
    assert stack_status(boto) == before


def test_a_deleted_configuration_leaves_the_stack(aws: Emulator, boto: BotoClients) -> None:
    boto.connections.delete_sync_configuration(ResourceName="payments", SyncType="CFN_STACK_SYNC")
    configure(aws, boto, "payments")
    aws.push(stack="payments", sha=NEW)
    advance_to(aws, 200)
    assert summary_of(stack_status(boto)) == (NEW, NEW, "SUCCEEDED", NEW)


def test_a_removed_stack_no_longer_exists(aws: Emulator, boto: BotoClients) -> None:
    aws.remove_stack("payments")
    configure(aws, boto, "payments")
    aws.push(stack="payments", sha=NEW)
    advance_to(aws, 200)
    assert summary_of(stack_status(boto)).status == "FAILED"
    aws.remove_stack("payments")
    with pytest.raises(boto.connections.exceptions.ResourceNotFoundException):
        boto.connections.get_sync_configuration(ResourceName="payments", SyncType="CFN_STACK_SYNC")
    aws.add_stack("orders")
    aws.remove_stack("orders")
    with pytest.raises(ValueError, match=r"^name: there is no stack 'orders'"):
        aws.remove_stack("orders")


def test_a_resolution_whose_retry_fails_resolves_the_blocker_and_syncs_nothing(
    aws: Emulator, boto: BotoClients
) -> None:
    blocker = aws.block(stack="payments")
    aws.push(stack="payments", sha=NEW)
    aws.fail_retry(stack="payments")
    with pytest.raises(boto.connections.exceptions.RetryLatestCommitFailedException):
        resolve(boto, blocker)
    (resolved,) = stack_blockers(boto)
    assert (resolved["Status"], resolved["ResolvedReason"]) == ("RESOLVED", "checked")
    resolve(boto, blocker)
    advance_to(aws, 200)
    assert summary_of(stack_status(boto)) == (NEW, OLD, "SUCCEEDED", OLD)
    aws.retry(stack="payments")
    advance_to(aws, 300)
    assert summary_of(stack_status(boto)) == (NEW, NEW, "SUCCEEDED", NEW)


def test_after_a_failed_retry_a_push_is_synced(aws: Emulator, boto: BotoClients) -> None:
    aws.block(stack="payments")
    aws.push(stack="payments", sha=NEW)
    aws.fail_retry(stack="payments")
    aws.unblock(stack="payments")
    aws.push(stack="payments", sha=NEWER)
    assert summary_of(stack_status(boto)) == (NEWER, NEWER, "INITIATED", OLD)


def test_only_a_retry_after_an_active_blocker_can_fail(aws: Emulator) -> None:
    aws.block(stack="payments")
    aws.unblock(stack="payments")
    with pytest.raises(ValueError, match=r"^stack: 'payments' has no active blocker"):
        aws.fail_retry(stack="payments")
    with pytest.raises(ValueError, match=r"^stack: there is no stack 'other'"):
        aws.fail_retry(stack="other")
