"""Attempts that do not follow from a push alone: retries, dormant configurations, delayed starts, other events."""

from __future__ import annotations

from typing import Any

import pytest

from tests.emulator.clients import BotoClients
from tests.emulator.syncs import (
    NEW,
    NEWER,
    OLD,
    SYNC_TYPE,
    advance_to,
    branch_status,
    instance_status,
    stack_blockers,
    stack_status,
    summary_of,
    texts,
)
from unisync.emulator import Emulator

CLEAN_UP = [("CHANGE_SET_DELETED", "Deleted the change set"), ("ROLLED_BACK", "Rolled back")]


@pytest.fixture(autouse=True)
def resources(aws: Emulator) -> None:
    aws.add_stack("payments", repository="acme/infra")
    aws.add_service_instance("web", "prod", repository="acme/web")
    aws.add_service_instance("web", "test", repository="acme/web")
    aws.push(stack="payments", sha=OLD)
    aws.push(service="web", sha=OLD)
    advance_to(aws, 100)


def update(boto: BotoClients, **changes: Any) -> None:
    boto.call("codeconnections", "UpdateSyncConfiguration", {"ResourceName": "payments", **SYNC_TYPE, **changes})


def test_a_retry_is_another_attempt_of_the_same_commit(aws: Emulator, boto: BotoClients) -> None:
    aws.push(stack="payments", sha=NEW, outcome="FAILED", reason="no such parameter")
    advance_to(aws, 200)
    failed = stack_status(boto)["LatestSync"]
    of_branch = branch_status(boto, aws.add_repository_link("acme/infra"))
    assert failed["Status"] == "FAILED"
    aws.retry(stack="payments")
    again = stack_status(boto)
    assert summary_of(again) == (NEW, NEW, "INITIATED", OLD)
    assert again["LatestSync"]["TargetRevision"] == failed["TargetRevision"]
    assert again["LatestSync"]["InitialRevision"]["Sha"] == OLD
    assert (again["LatestSync"]["StartedAt"] - failed["StartedAt"]).total_seconds() == pytest.approx(100, abs=0.002)
    advance_to(aws, 205)
    assert summary_of(stack_status(boto)).status == "IN_PROGRESS"
    advance_to(aws, 230)
    assert summary_of(stack_status(boto)) == (NEW, NEW, "SUCCEEDED", NEW)
    assert branch_status(boto, aws.add_repository_link("acme/infra")) == of_branch


def test_a_retry_may_fail(aws: Emulator, boto: BotoClients) -> None:
    aws.retry(stack="payments", outcome="FAILED", reason="still no", duration=1)
    advance_to(aws, 101)
    latest = stack_status(boto)
    assert summary_of(latest) == (OLD, OLD, "FAILED", OLD)
    assert texts(latest["LatestSync"])[-1] == ("SYNC_FAILED", "still no")


def test_a_retry_reaches_one_or_every_instance_and_every_version(aws: Emulator, boto: BotoClients) -> None:
    aws.add_template("page", repository="acme/web")
    aws.push(template="page", sha=OLD)
    aws.push(service="web", instance="test", sha=NEW)
    advance_to(aws, 200)
    aws.retry(service="web", instance="prod")
    assert summary_of(instance_status(boto, "prod")) == (OLD, OLD, "INITIATED", OLD)
    assert summary_of(instance_status(boto, "test")) == (NEW, NEW, "SUCCEEDED", NEW)
    aws.retry(service="web")
    assert summary_of(instance_status(boto, "test")) == (NEW, NEW, "INITIATED", NEW)
    aws.retry(template="page")
    reply = boto.call(
        "proton", "GetTemplateSyncStatus", {"templateName": "page", "templateType": "SERVICE", "templateVersion": "1"}
    )
    assert reply["latestSync"]["status"] == "INITIATED"


def test_a_retry_waits_for_a_blocker(aws: Emulator, boto: BotoClients) -> None:
    aws.modify(stack="payments")
    aws.retry(stack="payments")
    (blocker,) = stack_blockers(boto)
    assert blocker["Status"] == "ACTIVE"
    advance_to(aws, 200)
    assert summary_of(stack_status(boto)) == (OLD, OLD, "SUCCEEDED", OLD)
    aws.unblock(stack="payments")
    assert summary_of(stack_status(boto)) == (OLD, OLD, "INITIATED", OLD)


def test_only_a_detected_commit_can_be_retried(aws: Emulator) -> None:
    aws.add_stack("orders", repository="acme/infra")
    aws.push(stack="orders", sha=NEW, detection_delay=50)
    with pytest.raises(ValueError, match="there is no commit to retry"):
        aws.retry(stack="orders")
    with pytest.raises(ValueError, match="expected an existing stack"):
        aws.retry(stack="unknown")
    with pytest.raises(ValueError, match=r"^outcome: "):
        aws.retry(stack="payments", outcome="QUEUED")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    with pytest.raises(ValueError, match=r"^duration: "):
        aws.retry(stack="payments", duration=-1)


def test_a_dormant_configuration_notices_no_push_until_it_is_updated(aws: Emulator, boto: BotoClients) -> None:
    link = aws.add_repository_link("acme/infra")
    aws.push(stack="payments", sha=NEW, outcome="FAILED")
    advance_to(aws, 200)
    before = stack_status(boto), branch_status(boto, link)
    aws.make_dormant(stack="payments")
    for sha in (OLD, NEWER):
        aws.push(stack="payments", sha=sha)
    advance_to(aws, 1000)
    assert (stack_status(boto), branch_status(boto, link)) == before
    update(boto)
    status = stack_status(boto)
    assert summary_of(status) == (NEWER, NEWER, "INITIATED", OLD)
    assert status["LatestSync"]["StartedAt"].timestamp() == pytest.approx(aws.clock.date(1000), abs=0.002)
    advance_to(aws, 1030)
    assert summary_of(stack_status(boto)) == (NEWER, NEWER, "SUCCEEDED", NEWER)
    assert texts(branch_status(boto, link))[-1][1].endswith(NEWER)
    aws.push(stack="payments", sha=NEW)
    assert summary_of(stack_status(boto)).latest == NEW, "it is awake"


def test_a_dormant_configuration_that_is_updated_to_another_file_uses_it(aws: Emulator, boto: BotoClients) -> None:
    aws.make_dormant(stack="payments")
    aws.push(stack="payments", sha=NEW)
    update(boto, ConfigFile="other.yaml")
    assert stack_status(boto)["LatestSync"]["TargetRevision"]["Directory"] == "other.yaml"


def test_a_dormant_configuration_that_is_updated_to_another_branch_has_no_commit(
    aws: Emulator, boto: BotoClients
) -> None:
    aws.make_dormant(stack="payments")
    aws.push(stack="payments", sha=NEW)
    update(boto, Branch="live")
    advance_to(aws, 200)
    assert summary_of(stack_status(boto)) == (OLD, OLD, "SUCCEEDED", OLD)


def test_an_update_of_a_dormant_configuration_without_a_push_starts_nothing(aws: Emulator, boto: BotoClients) -> None:
    aws.make_dormant(stack="payments")
    update(boto)
    update(boto)
    assert summary_of(stack_status(boto)) == (OLD, OLD, "SUCCEEDED", OLD)
    with pytest.raises(ValueError, match=r"^stack: there is no stack 'unknown'"):
        aws.make_dormant(stack="unknown")


def test_a_commit_may_be_desired_before_its_attempt_starts(aws: Emulator, boto: BotoClients) -> None:
    aws.push(stack="payments", sha=NEW, detection_delay=10, start_delay=20)
    advance_to(aws, 109)
    assert summary_of(stack_status(boto)) == (OLD, OLD, "SUCCEEDED", OLD)
    advance_to(aws, 129)
    assert summary_of(stack_status(boto)) == (NEW, OLD, "SUCCEEDED", OLD)
    advance_to(aws, 130)
    assert summary_of(stack_status(boto)) == (NEW, NEW, "INITIATED", OLD)


def test_a_desired_commit_may_be_superseded_before_its_attempt_starts(aws: Emulator, boto: BotoClients) -> None:
    aws.push(stack="payments", sha=NEW, start_delay=60)
    assert summary_of(stack_status(boto)).desired == NEW
    advance_to(aws, 120)
    aws.push(stack="payments", sha=NEWER)
    for when in (120, 160, 500):
        advance_to(aws, when)
        assert summary_of(stack_status(boto))[:2] == (NEWER, NEWER)
    assert stack_status(boto)["LatestSync"]["InitialRevision"]["Sha"] == OLD


@pytest.mark.parametrize("wrong", [{"start_delay": -1.0}, {"starts": "everything"}], ids=str)
def test_an_invalid_push_is_rejected(aws: Emulator, wrong: dict[str, Any]) -> None:
    (name,) = wrong
    arguments: dict[str, Any] = {"stack": "payments", "sha": NEW, **wrong}
    with pytest.raises(ValueError, match=f"^{name}: expected"):
        aws.push(**arguments)


def types_at(aws: Emulator, boto: BotoClients, when: float) -> tuple[str, list[str]]:
    """The status of the latest attempt, and the types of its events after the first two."""
    advance_to(aws, when)
    latest = stack_status(boto)["LatestSync"]
    return latest["Status"], [event["Type"] for event in latest["Events"]][2:]


def test_a_failed_attempt_may_end_with_a_clean_up(aws: Emulator, boto: BotoClients) -> None:
    aws.push(stack="payments", sha=NEW, outcome="FAILED", reason="no such parameter", events=CLEAN_UP)
    assert types_at(aws, boto, 127.9) == ("IN_PROGRESS", [])
    assert types_at(aws, boto, 128) == ("IN_PROGRESS", ["SYNC_FAILED"])
    assert types_at(aws, boto, 129) == ("IN_PROGRESS", ["SYNC_FAILED", "CHANGE_SET_DELETED"])
    assert types_at(aws, boto, 130) == ("FAILED", ["SYNC_FAILED", "CHANGE_SET_DELETED", "ROLLED_BACK"])
    latest = stack_status(boto)["LatestSync"]
    assert texts(latest)[2:] == [("SYNC_FAILED", "no such parameter"), *CLEAN_UP]
    times = [event["Time"] for event in latest["Events"]]
    assert [round((time - times[0]).total_seconds(), 2) for time in times] == [0, 5, 28, 29, 30]


@pytest.mark.parametrize("duration", [0.0, 3.0, 5.3])
def test_the_events_of_a_short_attempt_are_in_order(aws: Emulator, boto: BotoClients, duration: float) -> None:
    aws.push(stack="payments", sha=NEW, duration=duration, events=CLEAN_UP)
    advance_to(aws, 100 + duration)
    latest = stack_status(boto)["LatestSync"]
    assert latest["Status"] == "SUCCEEDED"
    assert [kind for kind, _ in texts(latest)] == [
        "SYNC_INITIATED",
        "SYNC_STARTED",
        "SYNC_SUCCEEDED",
        "CHANGE_SET_DELETED",
        "ROLLED_BACK",
    ]
    times = [event["Time"] for event in latest["Events"]]
    assert times == sorted(times)


def test_the_newest_event_may_come_first(aws: Emulator, boto: BotoClients) -> None:
    aws.push(service="web", sha=NEW, outcome="FAILED", events=CLEAN_UP[:1], newest_first=True)
    advance_to(aws, 130)
    latest = instance_status(boto)["LatestSync"]
    assert [kind for kind, _ in texts(latest)] == [
        "CHANGE_SET_DELETED",
        "SYNC_FAILED",
        "SYNC_STARTED",
        "SYNC_INITIATED",
    ]
    times = [event["Time"] for event in latest["Events"]]
    assert times == sorted(times, reverse=True)
    assert latest["StartedAt"] == times[-1]


def test_a_blocker_delays_every_later_event(aws: Emulator, boto: BotoClients) -> None:
    aws.push(stack="payments", sha=NEW, outcome="FAILED", events=CLEAN_UP)
    advance_to(aws, 128.5)
    aws.block(stack="payments")
    assert types_at(aws, boto, 1000) == ("IN_PROGRESS", ["SYNC_FAILED"])
    aws.unblock(stack="payments")
    assert types_at(aws, boto, 1000.5) == ("IN_PROGRESS", ["SYNC_FAILED", "CHANGE_SET_DELETED"])
    assert types_at(aws, boto, 1001.5)[0] == "FAILED"
