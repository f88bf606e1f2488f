"""Git sync of resources, as Proton and CodeConnections report it: pushes, blockers and the passing of time."""

from __future__ import annotations

from typing import Any

import pytest

from tests.emulator.clients import BotoClients
from unisync.emulator import Emulator
from unisync.emulator._state.git_sync import INITIATED_FOR
from unisync.emulator._state.repository import ATTEMPT_DURATION

OLD, NEW, NEWER = "a1" * 20, "b2" * 20, "c3" * 20
SYNC = {"ResourceName": "payments-prod", "SyncType": "CFN_STACK_SYNC"}


@pytest.fixture(autouse=True)
def resources(aws: Emulator) -> None:
    aws.add_stack("payments-prod", repository="acme/infra")
    aws.add_service_instance("web", "prod", repository="acme/web")
    aws.add_service_instance("web", "test", repository="acme/web")


def stack(boto: BotoClients) -> dict[str, Any]:
    """The reply of GetResourceSyncStatus; {} if it is not found."""
    try:
        reply = boto.call("codeconnections", "GetResourceSyncStatus", SYNC)
    except boto.connections.exceptions.ResourceNotFoundException:
        return {}
    del reply["ResponseMetadata"]
    return reply


def instance(boto: BotoClients, name: str = "prod") -> dict[str, Any]:
    params = {"serviceName": "web", "serviceInstanceName": name}
    reply = boto.call("proton", "GetServiceInstanceSyncStatus", params)
    del reply["ResponseMetadata"]
    return reply


def blockers(boto: BotoClients, name: str | None = None) -> list[Any]:
    params = {"serviceName": "web"} if name is None else {"serviceName": "web", "serviceInstanceName": name}
    reply = boto.call("proton", "GetServiceSyncBlockerSummary", params)
    summary: dict[str, Any] = reply["serviceSyncBlockerSummary"]
    assert summary["serviceName"] == "web"
    assert summary.get("serviceInstanceName") == name
    found: list[Any] = summary["latestBlockers"]
    return found


def advance_to(aws: Emulator, when: float) -> None:
    aws.clock.advance(when - aws.clock.now())


def summary_of(reply: dict[str, Any]) -> tuple[str | None, str | None, str | None, str | None]:
    """The desired commit, the latest commit and its status, and the latest successful commit."""
    latest, success = reply.get("LatestSync"), reply.get("LatestSuccessfulSync")
    return (
        reply["DesiredState"]["Sha"] if "DesiredState" in reply else None,
        latest["TargetRevision"]["Sha"] if latest else None,
        latest["Status"] if latest else None,
        success["TargetRevision"]["Sha"] if success else None,
    )


@pytest.mark.parametrize(
    ("when", "status", "events"),
    [
        (0, "INITIATED", ["SYNC_INITIATED"]),
        (4.9, "INITIATED", ["SYNC_INITIATED"]),
        (5, "IN_PROGRESS", ["SYNC_INITIATED", "SYNC_STARTED"]),
        (29.9, "IN_PROGRESS", ["SYNC_INITIATED", "SYNC_STARTED"]),
        (30, "SUCCEEDED", ["SYNC_INITIATED", "SYNC_STARTED", "SYNC_SUCCEEDED"]),
        (1e6, "SUCCEEDED", ["SYNC_INITIATED", "SYNC_STARTED", "SYNC_SUCCEEDED"]),
    ],
)
def test_a_push_is_synced_over_time(
    aws: Emulator, boto: BotoClients, when: float, status: str, events: list[str]
) -> None:
    assert (INITIATED_FOR, ATTEMPT_DURATION) == (5, 30)
    aws.push(stack="payments-prod", sha=NEW)
    aws.push(service="web", instance="prod", sha=NEW)
    advance_to(aws, when)
    reply = stack(boto)
    assert summary_of(reply) == (NEW, NEW, status, NEW if status == "SUCCEEDED" else None)
    latest = reply["LatestSync"]
    assert [event["Type"] for event in latest["Events"]] == events
    assert latest["InitialRevision"]["Sha"] == NEW
    assert latest["Events"][0]["ExternalId"] == NEW
    assert latest["StartedAt"] == latest["Events"][0]["Time"]
    assert [round((event["Time"] - latest["StartedAt"]).total_seconds(), 2) for event in latest["Events"]] == [
        0,
        5,
        30,
    ][: len(events)]
    proton = instance(boto)
    assert proton["desiredState"]["sha"] == NEW
    assert proton["latestSync"]["status"] == status
    assert [event["type"] for event in proton["latestSync"]["events"]] == events
    assert ("latestSuccessfulSync" in proton) == (status == "SUCCEEDED")


@pytest.mark.parametrize("reason", [None, "Template error: unresolved resource dependencies [Queue]"])
def test_a_failed_push_has_a_reason_and_keeps_the_last_success(
    aws: Emulator, boto: BotoClients, reason: str | None
) -> None:
    aws.push(stack="payments-prod", sha=OLD)
    advance_to(aws, 100)
    aws.push(stack="payments-prod", sha=NEW, outcome="FAILED", reason=reason)
    advance_to(aws, 129)
    assert summary_of(stack(boto)) == (NEW, NEW, "IN_PROGRESS", OLD)
    advance_to(aws, 130)
    reply = stack(boto)
    assert summary_of(reply) == (NEW, NEW, "FAILED", OLD)
    last = reply["LatestSync"]["Events"][-1]
    assert last["Type"] == "SYNC_FAILED"
    assert last["Event"] == reason or "The update of payments-prod failed"
    assert reply["LatestSync"]["InitialRevision"]["Sha"] == OLD
    assert reply["LatestSuccessfulSync"]["TargetRevision"]["Sha"] == OLD


def test_after_a_failure_the_next_push_starts_from_the_last_success(aws: Emulator, boto: BotoClients) -> None:
    aws.push(stack="payments-prod", sha=OLD)
    advance_to(aws, 100)
    aws.push(stack="payments-prod", sha=NEW, outcome="FAILED")
    advance_to(aws, 200)
    aws.push(stack="payments-prod", sha=NEWER)
    advance_to(aws, 230)
    reply = stack(boto)
    assert summary_of(reply) == (NEWER, NEWER, "SUCCEEDED", NEWER)
    assert reply["LatestSync"]["InitialRevision"]["Sha"] == OLD


def test_a_push_is_unknown_until_it_is_detected(aws: Emulator, boto: BotoClients) -> None:
    aws.push(stack="payments-prod", sha=OLD)
    advance_to(aws, 60)
    aws.push(stack="payments-prod", sha=NEW, detection_delay=20)
    advance_to(aws, 79.9)
    assert summary_of(stack(boto)) == (OLD, OLD, "SUCCEEDED", OLD)
    advance_to(aws, 80)
    assert summary_of(stack(boto)) == (NEW, NEW, "INITIATED", OLD)
    advance_to(aws, 110)
    assert summary_of(stack(boto)) == (NEW, NEW, "SUCCEEDED", NEW)


@pytest.mark.parametrize(
    ("duration", "when", "status"), [(3, 2.9, "INITIATED"), (3, 3, "SUCCEEDED"), (0, 0, "SUCCEEDED")]
)
def test_a_short_sync_may_succeed_without_being_in_progress(
    aws: Emulator, boto: BotoClients, duration: float, when: float, status: str
) -> None:
    aws.push(stack="payments-prod", sha=NEW, duration=duration)
    advance_to(aws, when)
    assert summary_of(stack(boto))[2] == status


def test_a_sync_may_take_forever(aws: Emulator, boto: BotoClients) -> None:
    aws.push(stack="payments-prod", sha=NEW, duration=float("inf"))
    advance_to(aws, 1e7)
    assert summary_of(stack(boto)) == (NEW, NEW, "IN_PROGRESS", None)


def test_a_later_push_supersedes_one_in_progress(aws: Emulator, boto: BotoClients) -> None:
    aws.push(stack="payments-prod", sha=OLD)
    advance_to(aws, 60)
    aws.push(stack="payments-prod", sha=NEW)
    advance_to(aws, 70)
    aws.push(stack="payments-prod", sha=NEWER, detection_delay=5)
    advance_to(aws, 74)
    assert summary_of(stack(boto)) == (NEW, NEW, "IN_PROGRESS", OLD)
    advance_to(aws, 75)
    reply = stack(boto)
    assert summary_of(reply) == (NEWER, NEWER, "INITIATED", OLD)
    assert reply["LatestSync"]["InitialRevision"]["Sha"] == NEW
    advance_to(aws, 500)
    assert summary_of(stack(boto)) == (NEWER, NEWER, "SUCCEEDED", NEWER)


def test_a_push_superseded_before_its_detection_is_never_attempted(aws: Emulator, boto: BotoClients) -> None:
    aws.push(stack="payments-prod", sha=NEW, detection_delay=50)
    aws.push(stack="payments-prod", sha=NEWER)
    for when in (1, 31, 51, 100):
        advance_to(aws, when)
        assert summary_of(stack(boto))[:2] == (NEWER, NEWER)


def test_a_push_reaches_one_or_every_instance(aws: Emulator, boto: BotoClients) -> None:
    aws.push(service="web", instance="test", sha=OLD)
    assert instance(boto, "prod") == {}
    assert instance(boto, "test")["latestSync"]["targetRevision"]["sha"] == OLD
    aws.push(service="web", sha=NEW)
    for name in ("prod", "test"):
        assert instance(boto, name)["latestSync"]["targetRevision"]["sha"] == NEW


def test_a_push_to_a_template_reaches_every_version(aws: Emulator, boto: BotoClients) -> None:
    aws.add_template("web", repository="acme/templates", version="1")
    aws.add_template("web", repository="acme/templates", version="2")
    aws.add_template("web", repository="acme/templates", template_type="ENVIRONMENT")
    aws.push(template="web", sha=NEW)
    advance_to(aws, 30)
    for kind, version in (("SERVICE", "1"), ("SERVICE", "2"), ("ENVIRONMENT", "1")):
        params = {"templateName": "web", "templateType": kind, "templateVersion": version}
        reply = boto.call("proton", "GetTemplateSyncStatus", params)
        assert reply["latestSuccessfulSync"]["targetRevision"]["sha"] == NEW
        assert reply["latestSync"]["target"].endswith(f":{kind.lower()}-template/web:{version}")


def test_never_synced_is_empty_in_proton_and_not_found_in_codeconnections(boto: BotoClients) -> None:
    assert instance(boto) == {}
    with pytest.raises(boto.connections.exceptions.ResourceNotFoundException, match="Could not find a sync status for"):
        boto.connections.get_resource_sync_status(ResourceName="payments-prod", SyncType="CFN_STACK_SYNC")
    assert boto.connections.get_sync_configuration(ResourceName="payments-prod", SyncType="CFN_STACK_SYNC")
    summary = boto.connections.get_sync_blocker_summary(ResourceName="payments-prod", SyncType="CFN_STACK_SYNC")
    assert summary["SyncBlockerSummary"] == {"ResourceName": "payments-prod", "LatestBlockers": []}
    assert blockers(boto) == blockers(boto, "prod") == []


@pytest.mark.parametrize(
    ("service", "operation", "params"),
    [
        ("codeconnections", "GetResourceSyncStatus", {**SYNC, "ResourceName": "other"}),
        ("codeconnections", "GetSyncConfiguration", {**SYNC, "ResourceName": "other"}),
        ("codestar-connections", "GetSyncBlockerSummary", {**SYNC, "ResourceName": "other"}),
        ("proton", "GetServiceInstanceSyncStatus", {"serviceName": "other", "serviceInstanceName": "prod"}),
        ("proton", "GetServiceInstanceSyncStatus", {"serviceName": "web", "serviceInstanceName": "other"}),
        ("proton", "GetServiceSyncConfig", {"serviceName": "other"}),
        ("proton", "GetServiceSyncBlockerSummary", {"serviceName": "other"}),
        ("proton", "GetServiceSyncBlockerSummary", {"serviceName": "web", "serviceInstanceName": "other"}),
        ("proton", "GetTemplateSyncConfig", {"templateName": "other", "templateType": "SERVICE"}),
        (
            "proton",
            "GetTemplateSyncStatus",
            {"templateName": "other", "templateType": "SERVICE", "templateVersion": "1"},
        ),
        ("proton", "GetTemplateSyncStatus", {"templateName": "t", "templateType": "SERVICE", "templateVersion": "2"}),
        (
            "proton",
            "GetTemplateSyncStatus",
            {"templateName": "t", "templateType": "ENVIRONMENT", "templateVersion": "1"},
        ),
    ],
)
def test_an_unknown_resource_is_not_found(
    aws: Emulator, boto: BotoClients, service: str, operation: str, params: dict[str, str]
) -> None:
    aws.add_template("t", repository="acme/templates")
    with pytest.raises(boto.client(service).exceptions.from_code("ResourceNotFoundException")):
        boto.call(service, operation, params)


def test_a_removed_resource_is_not_found(aws: Emulator, boto: BotoClients) -> None:
    aws.push(stack="payments-prod", sha=NEW)
    aws.push(service="web", sha=NEW)
    aws.remove_stack("payments-prod")
    aws.remove_service("web")
    with pytest.raises(boto.connections.exceptions.ResourceNotFoundException):
        boto.connections.get_sync_configuration(ResourceName="payments-prod", SyncType="CFN_STACK_SYNC")
    with pytest.raises(boto.proton.exceptions.ResourceNotFoundException):
        boto.proton.get_service_instance_sync_status(serviceName="web", serviceInstanceName="prod")
    aws.add_stack("payments-prod", repository="acme/infra")
    assert stack(boto) == {}


def test_a_push_to_a_blocked_resource_starts_after_the_resolution(aws: Emulator, boto: BotoClients) -> None:
    aws.push(stack="payments-prod", sha=OLD)
    advance_to(aws, 60)
    aws.block(stack="payments-prod", reason="modified outside of Git sync")
    advance_to(aws, 70)
    aws.push(stack="payments-prod", sha=NEW)
    advance_to(aws, 500)
    assert summary_of(stack(boto)) == (NEW, OLD, "SUCCEEDED", OLD)
    aws.unblock(stack="payments-prod")
    assert summary_of(stack(boto)) == (NEW, NEW, "INITIATED", OLD)
    advance_to(aws, 530)
    assert summary_of(stack(boto)) == (NEW, NEW, "SUCCEEDED", NEW)


def test_only_the_last_push_to_a_blocked_resource_is_attempted(aws: Emulator, boto: BotoClients) -> None:
    aws.block(stack="payments-prod", reason="by hand")
    aws.push(stack="payments-prod", sha=NEW)
    advance_to(aws, 10)
    aws.push(stack="payments-prod", sha=NEWER)
    assert stack(boto) == {}
    advance_to(aws, 20)
    aws.unblock(stack="payments-prod")
    reply = stack(boto)
    assert summary_of(reply) == (NEWER, NEWER, "INITIATED", None)
    assert reply["LatestSync"]["InitialRevision"]["Sha"] == NEWER


def test_a_blocker_pauses_an_attempt_in_progress(aws: Emulator, boto: BotoClients) -> None:
    aws.push(stack="payments-prod", sha=NEW)
    advance_to(aws, 10)
    aws.block(stack="payments-prod", reason="by hand")
    before = stack(boto)
    advance_to(aws, 1000)
    assert stack(boto) == before
    aws.unblock(stack="payments-prod")
    assert stack(boto) == before
    advance_to(aws, 1019.9)
    assert summary_of(stack(boto))[2] == "IN_PROGRESS"
    advance_to(aws, 1020)
    assert summary_of(stack(boto))[2] == "SUCCEEDED"


def test_a_blocker_after_the_end_changes_nothing(aws: Emulator, boto: BotoClients) -> None:
    aws.push(stack="payments-prod", sha=NEW)
    advance_to(aws, 30)
    before = stack(boto)
    aws.block(stack="payments-prod", reason="by hand")
    advance_to(aws, 90)
    assert stack(boto) == before


def test_a_blocker_resolved_before_the_push_changes_nothing(aws: Emulator, boto: BotoClients) -> None:
    aws.block(stack="payments-prod", reason="by hand")
    advance_to(aws, 10)
    aws.unblock(stack="payments-prod")
    advance_to(aws, 20)
    aws.push(stack="payments-prod", sha=NEW)
    advance_to(aws, 50)
    assert summary_of(stack(boto))[2] == "SUCCEEDED"


def test_a_blocker_does_not_undo_a_push_at_the_same_time(aws: Emulator, boto: BotoClients) -> None:
    """A manual clock does not move between a push and a block."""
    aws.push(stack="payments-prod", sha=NEW)
    before = stack(boto)
    assert summary_of(before)[2] == "INITIATED"
    aws.block(stack="payments-prod", reason="by hand")
    assert stack(boto) == before
    advance_to(aws, 100)
    assert stack(boto) == before


def test_a_push_after_a_blocker_at_the_same_time_waits(aws: Emulator, boto: BotoClients) -> None:
    aws.block(stack="payments-prod", reason="by hand")
    aws.push(stack="payments-prod", sha=NEW)
    assert stack(boto) == {}
    advance_to(aws, 100)
    assert stack(boto) == {}


def test_overlapping_blockers_count_once(aws: Emulator, boto: BotoClients) -> None:
    aws.push(stack="payments-prod", sha=NEW)
    for when in (10, 20):
        advance_to(aws, when)
        aws.block(stack="payments-prod", reason="by hand")
    advance_to(aws, 40)
    aws.unblock(stack="payments-prod")
    advance_to(aws, 59.9)
    assert summary_of(stack(boto))[2] == "IN_PROGRESS"
    advance_to(aws, 60)
    assert summary_of(stack(boto))[2] == "SUCCEEDED"


def test_the_fields_of_a_blocker(aws: Emulator, boto: BotoClients) -> None:
    advance_to(aws, 7)
    first = aws.block(stack="payments-prod", reason="modified outside of Git sync", contexts={"resource": "Queue"})
    advance_to(aws, 8)
    second = aws.block(stack="payments-prod", reason="by hand")
    reply = boto.connections.get_sync_blocker_summary(ResourceName="payments-prod", SyncType="CFN_STACK_SYNC")
    newest, oldest = reply["SyncBlockerSummary"].get("LatestBlockers", [])
    assert (newest["Id"], oldest["Id"]) == (second, first)
    created = oldest.get("CreatedAt")
    assert {**oldest, "CreatedAt": None} == {
        "Id": first,
        "Type": "AUTOMATED",
        "Status": "ACTIVE",
        "CreatedReason": "modified outside of Git sync",
        "CreatedAt": None,
        "Contexts": [{"Key": "resource", "Value": "Queue"}],
    }
    advance_to(aws, 20)
    aws.unblock(stack="payments-prod", reason="reverted")
    advance_to(aws, 30)
    again = boto.connections.get_sync_blocker_summary(ResourceName="payments-prod", SyncType="CFN_STACK_SYNC")
    for blocker in again["SyncBlockerSummary"].get("LatestBlockers", []):
        assert (blocker["Status"], blocker.get("ResolvedReason")) == ("RESOLVED", "reverted")
    resolved = again["SyncBlockerSummary"].get("LatestBlockers", [])[1].get("ResolvedAt")
    assert resolved is not None
    assert (resolved - created).total_seconds() == pytest.approx(13, abs=0.002)


def test_resolving_again_changes_nothing(aws: Emulator, boto: BotoClients) -> None:
    aws.block(service="web", reason="by hand")
    aws.unblock(service="web", reason="first")
    before = blockers(boto)
    advance_to(aws, 10)
    aws.unblock(service="web", reason="second")
    assert blockers(boto) == before


def test_blockers_of_the_same_time_are_listed_newest_first(aws: Emulator, boto: BotoClients) -> None:
    ids = [aws.block(service="web", reason="by hand") for _ in range(3)]
    assert [blocker["id"] for blocker in blockers(boto)] == ids[::-1]


def test_a_service_and_its_instances_have_their_own_blockers(aws: Emulator, boto: BotoClients) -> None:
    of_service = aws.block(service="web", reason="the service")
    of_instance = aws.block(service="web", instance="prod", reason="the instance")
    assert [blocker["id"] for blocker in blockers(boto)] == [of_service]
    assert [blocker["id"] for blocker in blockers(boto, "prod")] == [of_instance]
    assert blockers(boto, "test") == []


def test_a_blocked_service_blocks_its_instances(aws: Emulator, boto: BotoClients) -> None:
    aws.block(service="web", instance="prod", reason="the instance")
    aws.push(service="web", sha=OLD)
    advance_to(aws, 30)
    assert instance(boto, "prod") == {"desiredState": instance(boto, "test")["desiredState"]}
    assert instance(boto, "test")["latestSync"]["status"] == "SUCCEEDED"
    aws.block(service="web", reason="the service")
    aws.unblock(service="web", instance="prod")
    aws.push(service="web", sha=NEW)
    advance_to(aws, 90)
    assert "latestSync" not in instance(boto, "prod")
    assert instance(boto, "test")["latestSync"]["targetRevision"]["sha"] == OLD
    aws.unblock(service="web")
    advance_to(aws, 120)
    for name in ("prod", "test"):
        assert instance(boto, name)["latestSuccessfulSync"]["targetRevision"]["sha"] == NEW


def test_an_instance_added_to_a_blocked_service_is_blocked(aws: Emulator, boto: BotoClients) -> None:
    aws.block(service="web", reason="the service")
    aws.add_service_instance("web", "beta", repository="acme/web")
    aws.push(service="web", instance="beta", sha=NEW)
    advance_to(aws, 100)
    assert "latestSync" not in instance(boto, "beta")


@pytest.mark.parametrize(
    "target",
    [
        {},
        {"stack": "other"},
        {"service": "other"},
        {"service": "web", "instance": "other"},
        {"instance": "prod"},
        {"template": "other"},
        {"stack": "payments-prod", "service": "web"},
        {"stack": "payments-prod", "instance": "prod"},
        {"template": "web", "instance": "prod"},
    ],
    ids=str,
)
def test_a_push_needs_exactly_one_existing_target(aws: Emulator, target: dict[str, str]) -> None:
    aws.add_template("web", repository="acme/templates")
    with pytest.raises(ValueError, match="expected an existing stack, service"):
        aws.push(sha=NEW, **target)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    "target", [{}, {"stack": "other"}, {"service": "other"}, {"service": "web", "instance": "other"}], ids=str
)
def test_a_blocker_needs_exactly_one_existing_target(aws: Emulator, target: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="expected an existing stack, service"):
        aws.block(reason="by hand", **target)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    with pytest.raises(ValueError, match="expected an existing stack, service"):
        aws.unblock(**target)


@pytest.mark.parametrize(
    "wrong",
    [
        {"outcome": "IN_PROGRESS"},
        {"sha": ""},
        {"duration": -1.0},
        {"duration": float("nan")},
        {"detection_delay": -1.0},
        {"detection_delay": float("nan")},
    ],
    ids=str,
)
def test_an_invalid_push_is_rejected(aws: Emulator, boto: BotoClients, wrong: dict[str, Any]) -> None:
    (name,) = wrong
    arguments: dict[str, Any] = {"stack": "payments-prod", "sha": NEW, **wrong}
    with pytest.raises(ValueError, match=f"^{name}: expected"):
        aws.push(**arguments)
    assert stack(boto) == {}


@pytest.mark.parametrize("name", ["infra", "/infra", "acme/", ""])
def test_a_repository_needs_an_owner_and_a_name(aws: Emulator, name: str) -> None:
    with pytest.raises(ValueError, match=r"^repository: expected 'owner/name'"):
        aws.add_stack("other", repository=name)
