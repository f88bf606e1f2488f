"""CloudFormation: the status and the events of stacks, as the attempts to sync them leave them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree

import pytest
from botocore.exceptions import ClientError, WaiterError

from tests.emulator.clients import CONFIG, BotoClients, signed
from tests.emulator.syncs import NEW, NEWER, OLD, SYNC_TYPE, advance_to, stack_status, summary_of, texts
from unisync import StackSync
from unisync.emulator import ACCOUNT, REGION, Emulator
from unisync.emulator._http.in_process import URL
from unisync.emulator._protocol.operations import QUERY_SERVICES, SERVICES, service_model
from unisync.emulator.application import Application
from unisync.testing import FakeUnisync

FAILED_QUEUE = ("Queue", "AWS::SQS::Queue", "Queue name is taken")
STACK = "AWS::CloudFormation::Stack"
NAMESPACE = "{http://cloudformation.amazonaws.com/doc/2010-05-15/}"


@pytest.fixture
def cfn(boto: BotoClients) -> Any:
    """boto3's client of CloudFormation."""
    return boto.client("cloudformation")


@pytest.fixture
def payments(aws: Emulator) -> Emulator:
    """The emulator with a stack that follows a repository, 100 seconds later."""
    aws.add_stack("payments", repository="acme/infra")
    advance_to(aws, 100)
    return aws


def stack_of(cfn: Any, name: str = "payments") -> dict[str, Any]:
    (stack,) = cfn.describe_stacks(StackName=name)["Stacks"]
    found: dict[str, Any] = stack
    return found


def status_of(cfn: Any, name: str = "payments") -> str:
    return str(stack_of(cfn, name)["StackStatus"])


def events_of(cfn: Any, name: str = "payments") -> list[dict[str, Any]]:
    """The events, oldest first."""
    events: list[dict[str, Any]] = cfn.describe_stack_events(StackName=name)["StackEvents"]
    return events[::-1]


def lines(events: list[dict[str, Any]]) -> list[str]:
    return [f"{event['LogicalResourceId']} {event['ResourceStatus']}" for event in events]


def own_statuses(events: list[dict[str, Any]]) -> list[str]:
    return [event["ResourceStatus"] for event in events if event["ResourceType"] == STACK]


def error_of(raised: pytest.ExceptionInfo[ClientError]) -> tuple[object, object, object]:
    error = raised.value.response.get("Error", {})
    status = raised.value.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    return status, error.get("Code"), error.get("Message")


def date_at(aws: Emulator, when: float) -> Any:
    return pytest.approx(aws.clock.date(when), abs=0.002)


def test_the_services_with_the_query_protocol_are_those_of_the_models() -> None:
    found = [each for each in SERVICES if service_model(each).metadata["protocol"] == "query"]
    assert found == list(QUERY_SERVICES)


def test_a_new_stack(payments: Emulator, cfn: Any) -> None:
    stack = stack_of(cfn)
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    assert stack["StackId"].startswith(f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/payments/")
    assert stack["CreationTime"].timestamp() == date_at(payments, 0)
    assert not {"LastUpdatedTime", "DeletionTime", "StackStatusReason"} & stack.keys()
    events = events_of(cfn)
    assert lines(events)[0] == "payments CREATE_IN_PROGRESS"
    assert lines(events)[-1] == "payments CREATE_COMPLETE"
    assert own_statuses(events) == ["CREATE_IN_PROGRESS", "CREATE_COMPLETE"]
    call = payments.calls[0]
    assert (call.service, call.operation, call.params) == (
        "cloudformation",
        "DescribeStacks",
        {"StackName": "payments"},
    )
    assert (call.account, call.region) == (ACCOUNT, REGION)


def test_a_successful_update(payments: Emulator, cfn: Any) -> None:
    payments.push(stack="payments", sha=NEW)
    assert status_of(cfn) == "CREATE_COMPLETE"
    advance_to(payments, 105)
    stack = stack_of(cfn)
    assert (stack["StackStatus"], stack["StackStatusReason"]) == ("UPDATE_IN_PROGRESS", "User Initiated")
    assert stack["LastUpdatedTime"].timestamp() == date_at(payments, 105)
    advance_to(payments, 129)
    assert status_of(cfn) == "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"
    advance_to(payments, 130)
    assert status_of(cfn) == "UPDATE_COMPLETE"
    assert own_statuses(events_of(cfn))[2:] == [
        "UPDATE_IN_PROGRESS",
        "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
        "UPDATE_COMPLETE",
    ]


def test_a_failed_update_is_rolled_back(payments: Emulator, cfn: Any, boto: BotoClients) -> None:
    payments.push(stack="payments", sha=NEW, outcome="FAILED", failed_resource=FAILED_QUEUE)
    seen: list[str] = []
    for when in (105, 117.5, 127.5, 130):
        advance_to(payments, when)
        seen.append(status_of(cfn))
    assert seen == [
        "UPDATE_IN_PROGRESS",
        "UPDATE_ROLLBACK_IN_PROGRESS",
        "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
        "UPDATE_ROLLBACK_COMPLETE",
    ]
    stack, events = stack_of(cfn), events_of(cfn)
    update = events[lines(events).index("payments UPDATE_IN_PROGRESS") :]
    assert lines(update) == [
        "payments UPDATE_IN_PROGRESS",
        "Table UPDATE_IN_PROGRESS",
        "Table UPDATE_COMPLETE",
        "Queue UPDATE_IN_PROGRESS",
        "Function UPDATE_IN_PROGRESS",
        "Queue UPDATE_FAILED",
        "Function UPDATE_FAILED",
        "payments UPDATE_ROLLBACK_IN_PROGRESS",
        "Queue UPDATE_IN_PROGRESS",
        "Queue UPDATE_COMPLETE",
        "Function UPDATE_IN_PROGRESS",
        "Function UPDATE_COMPLETE",
        "Table UPDATE_IN_PROGRESS",
        "Table UPDATE_COMPLETE",
        "payments UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
        "payments UPDATE_ROLLBACK_COMPLETE",
    ]
    queue, function, rollback = update[5:8]
    assert queue["Timestamp"].timestamp() == date_at(payments, 117.5)
    assert (queue["ResourceType"], queue["ResourceStatusReason"]) == ("AWS::SQS::Queue", "Queue name is taken")
    assert queue["PhysicalResourceId"].startswith("payments-Queue-")
    assert function["ResourceStatusReason"] == "Resource update cancelled"
    assert rollback["ResourceStatusReason"] == "The following resource(s) failed to update: [Queue, Function]. "
    assert rollback["PhysicalResourceId"] == rollback["StackId"] == stack["StackId"]
    assert len({event["EventId"] for event in events}) == len(events)
    assert {(event["StackId"], event["StackName"]) for event in events} == {(stack["StackId"], "payments")}
    assert events_of(cfn) == events, "the ids and dates are the same each time"
    latest = stack_status(boto)["LatestSync"]
    assert texts(latest)[-1] == ("SYNC_FAILED", "The update of payments failed")


def test_the_default_resource_fails_for_the_reason_of_the_sync(payments: Emulator, cfn: Any) -> None:
    payments.push(stack="payments", sha=NEW, outcome="FAILED", reason="no such parameter")
    advance_to(payments, 200)
    payments.push(stack="payments", sha=NEWER, outcome="FAILED")
    advance_to(payments, 300)
    failed = [each for each in events_of(cfn) if each["ResourceStatus"] == "UPDATE_FAILED"]
    assert [each["LogicalResourceId"] for each in failed] == ["Queue", "Function"] * 2
    assert failed[0]["ResourceStatusReason"] == "no such parameter"
    assert "HandlerErrorCode" in failed[2]["ResourceStatusReason"]


@pytest.mark.parametrize(
    ("resource", "others"),
    [("Table", ["Queue", "Function"]), ("Function", ["Table", "Queue"]), ("Bucket", ["Table", "Function"])],
)
def test_any_resource_can_fail(payments: Emulator, cfn: Any, resource: str, others: list[str]) -> None:
    payments.push(
        stack="payments", sha=NEW, outcome="FAILED", failed_resource=(resource, "AWS::S3::Bucket", "taken"), duration=0
    )
    failed = [each["LogicalResourceId"] for each in events_of(cfn) if each["ResourceStatus"] == "UPDATE_FAILED"]
    assert failed == [resource, others[1]]
    assert f"{others[0]} UPDATE_COMPLETE" in lines(events_of(cfn))


def test_a_nested_stack_can_fail(aws: Emulator, cfn: Any) -> None:
    aws.add_stack("Queue", repository="acme/infra")
    nested = ("Queue", "AWS::CloudFormation::Stack", "Embedded stack was not successfully updated")
    aws.push(stack="Queue", sha=NEW, outcome="FAILED", failed_resource=nested)
    advance_to(aws, 18)
    assert status_of(cfn, "Queue") == "UPDATE_ROLLBACK_IN_PROGRESS"
    events = events_of(cfn, "Queue")
    (failed,) = [each for each in events if each.get("ResourceStatusReason") == nested[2]]
    assert failed["PhysicalResourceId"].startswith("Queue-Queue-")
    assert failed["ResourceStatus"] == "UPDATE_FAILED"


def test_a_failed_change_set_leaves_the_stack_alone(payments: Emulator, cfn: Any) -> None:
    payments.push(stack="payments", sha=NEW, outcome="FAILED", reason="invalid template", failure="change_set")
    advance_to(payments, 200)
    assert status_of(cfn) == "CREATE_COMPLETE"
    payments.retry(stack="payments", outcome="FAILED", failed_resource=FAILED_QUEUE)
    advance_to(payments, 300)
    assert status_of(cfn) == "UPDATE_ROLLBACK_COMPLETE"
    payments.retry(stack="payments", outcome="FAILED", failure="change_set")
    advance_to(payments, 400)
    assert status_of(cfn) == "UPDATE_ROLLBACK_COMPLETE"
    payments.retry(stack="payments")
    advance_to(payments, 500)
    assert status_of(cfn) == "UPDATE_COMPLETE"


def test_an_update_without_an_end(payments: Emulator, cfn: Any) -> None:
    payments.push(stack="payments", sha=NEW, duration=float("inf"))
    advance_to(payments, 104)
    assert status_of(cfn) == "CREATE_COMPLETE"
    advance_to(payments, 100_000)
    assert status_of(cfn) == "UPDATE_IN_PROGRESS"
    assert lines(events_of(cfn))[-1] == "payments UPDATE_IN_PROGRESS"


@pytest.mark.parametrize(
    ("outcome", "ended"), [("SUCCEEDED", "UPDATE_COMPLETE"), ("FAILED", "UPDATE_ROLLBACK_COMPLETE")]
)
def test_an_update_ends_before_the_next_one(payments: Emulator, cfn: Any, outcome: Any, ended: str) -> None:
    payments.push(stack="payments", sha=NEW, outcome=outcome)
    advance_to(payments, 120)
    payments.push(stack="payments", sha=NEWER)
    advance_to(payments, 200)
    assert own_statuses(events_of(cfn))[2:] == [
        "UPDATE_IN_PROGRESS",
        *(["UPDATE_ROLLBACK_IN_PROGRESS"] if outcome == "FAILED" else []),
        ended,
        "UPDATE_IN_PROGRESS",
        "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
        "UPDATE_COMPLETE",
    ]


def test_a_blocked_attempt_pauses_the_update(payments: Emulator, cfn: Any) -> None:
    payments.push(stack="payments", sha=NEW)
    advance_to(payments, 110)
    payments.block(stack="payments")
    advance_to(payments, 500)
    assert status_of(cfn) == "UPDATE_IN_PROGRESS"
    payments.unblock(stack="payments")
    advance_to(payments, 520)
    assert status_of(cfn) == "UPDATE_COMPLETE"


def test_a_change_by_hand_is_an_update(payments: Emulator, cfn: Any) -> None:
    payments.push(stack="payments", sha=NEW)
    advance_to(payments, 110)
    payments.modify(stack="payments")
    assert status_of(cfn) == "UPDATE_IN_PROGRESS"
    advance_to(payments, 200)
    before = events_of(cfn)
    assert own_statuses(before).count("UPDATE_IN_PROGRESS") == 1
    payments.modify(stack="payments")
    assert own_statuses(events_of(cfn)).count("UPDATE_IN_PROGRESS") == 2
    assert stack_of(cfn)["LastUpdatedTime"].timestamp() == date_at(payments, 200)
    assert status_of(cfn) == "UPDATE_COMPLETE"


def test_a_creation_takes_time(aws: Emulator, cfn: Any, boto: BotoClients) -> None:
    aws.add_stack("payments", repository="acme/infra", creation_duration=100)
    stack = stack_of(cfn)
    assert (stack["StackStatus"], stack["StackStatusReason"]) == ("CREATE_IN_PROGRESS", "User Initiated")
    aws.push(stack="payments", sha=OLD)
    aws.modify(stack="payments")
    advance_to(aws, 40)
    refusal = f"Stack:{stack['StackId']} is in CREATE_IN_PROGRESS state and can not be updated."
    assert texts(stack_status(boto)["LatestSync"])[-1] == ("SYNC_FAILED", refusal)
    advance_to(aws, 100)
    assert own_statuses(events_of(cfn)) == ["CREATE_IN_PROGRESS", "CREATE_COMPLETE"]


def test_a_failed_creation_is_rolled_back(aws: Emulator, cfn: Any, boto: BotoClients) -> None:
    aws.add_stack("payments", repository="acme/infra", creation_duration=100, creation_failure=FAILED_QUEUE)
    advance_to(aws, 50)
    assert status_of(cfn) == "ROLLBACK_IN_PROGRESS"
    assert stack_of(cfn)["StackStatusReason"] == (
        "The following resource(s) failed to create: [Queue, Function]. Rollback requested by user."
    )
    advance_to(aws, 100)
    assert status_of(cfn) == "ROLLBACK_COMPLETE"
    events = events_of(cfn)
    queue, function = [each for each in events if each["ResourceStatus"] == "CREATE_FAILED"]
    assert (queue["LogicalResourceId"], queue["ResourceStatusReason"]) == ("Queue", "Queue name is taken")
    assert queue["PhysicalResourceId"] == ""
    assert function["ResourceStatusReason"] == "Resource creation cancelled"
    aws.push(stack="payments", sha=NEW)
    aws.modify(stack="payments")
    advance_to(aws, 200)
    assert summary_of(stack_status(boto)).status == "FAILED"
    assert texts(stack_status(boto)["LatestSync"])[-1][1].endswith(
        "is in ROLLBACK_COMPLETE state and can not be updated."
    )
    assert events_of(cfn) == events
    arn = stack_of(cfn)["StackId"]
    aws.delete_stack_by_hand("payments")
    assert lines(events_of(cfn, arn))[-2:] == ["payments DELETE_IN_PROGRESS", "payments DELETE_COMPLETE"]


@pytest.mark.parametrize("name", ["payments", f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/payments/0a0a", ""])
def test_a_missing_stack(aws: Emulator, cfn: Any, name: str) -> None:
    aws.add_stack("orders")
    with pytest.raises(ClientError) as raised:
        cfn.describe_stacks(StackName=name)
    assert error_of(raised) == (400, "ValidationError", f"Stack with id {name} does not exist")
    with pytest.raises(ClientError) as raised:
        cfn.describe_stack_events(StackName=name)
    assert error_of(raised) == (400, "ValidationError", f"Stack [{name}] does not exist")


def test_a_configured_stack_that_does_not_exist(aws: Emulator, cfn: Any, boto: BotoClients) -> None:
    create_configuration(aws, boto)
    with pytest.raises(ClientError, match="Stack with id payments does not exist"):
        cfn.describe_stacks(StackName="payments")
    assert cfn.describe_stacks()["Stacks"] == []


def create_configuration(aws: Emulator, boto: BotoClients) -> None:
    boto.connections.create_sync_configuration(
        RepositoryLinkId=aws.add_repository_link("acme/infra"),
        ResourceName="payments",
        Branch="main",
        ConfigFile="deployment.yaml",
        RoleArn=f"arn:aws:iam::{ACCOUNT}:role/git-sync",
        SyncType="CFN_STACK_SYNC",
    )


def test_a_deleted_stack_is_found_by_its_arn_alone(payments: Emulator, cfn: Any) -> None:
    arn = stack_of(cfn)["StackId"]
    assert stack_of(cfn, arn)["StackStatus"] == "CREATE_COMPLETE"
    payments.push(stack="payments", sha=NEW)
    advance_to(payments, 110)
    payments.delete_stack_by_hand("payments")
    with pytest.raises(ClientError, match="Stack with id payments does not exist"):
        cfn.describe_stacks(StackName="payments")
    with pytest.raises(ClientError, match=r"Stack \[payments\] does not exist"):
        cfn.describe_stack_events(StackName="payments")
    assert cfn.describe_stacks()["Stacks"] == []
    advance_to(payments, 200)
    deleted = stack_of(cfn, arn)
    assert deleted["StackStatus"] == "DELETE_COMPLETE"
    assert deleted["DeletionTime"].timestamp() == date_at(payments, 110)
    assert own_statuses(events_of(cfn, arn))[-3:] == ["UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS", "DELETE_COMPLETE"]


def test_a_stack_that_is_created_again(payments: Emulator, cfn: Any) -> None:
    payments.push(stack="payments", sha=OLD)
    advance_to(payments, 200)
    first = stack_of(cfn)["StackId"]
    payments.delete_stack_by_hand("payments")
    payments.add_stack("payments")
    payments.unblock(stack="payments")
    assert own_statuses(events_of(cfn)) == ["CREATE_IN_PROGRESS", "CREATE_COMPLETE"]
    payments.push(stack="payments", sha=NEW)
    advance_to(payments, 300)
    assert stack_of(cfn)["StackId"] != first
    assert own_statuses(events_of(cfn))[2:] == [
        "UPDATE_IN_PROGRESS",
        "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
        "UPDATE_COMPLETE",
    ]
    assert own_statuses(events_of(cfn, first))[-1] == "DELETE_COMPLETE"


def test_a_stack_keeps_its_events_without_a_configuration(payments: Emulator, cfn: Any, boto: BotoClients) -> None:
    payments.push(stack="payments", sha=OLD, outcome="FAILED")
    payments.push(stack="payments", sha=NEW, detection_delay=200)
    advance_to(payments, 200)
    events = events_of(cfn)
    boto.call("codeconnections", "DeleteSyncConfiguration", {"ResourceName": "payments", **SYNC_TYPE})
    advance_to(payments, 400)
    assert events_of(cfn) == events, "and the push that AWS had not detected is not synced"
    create_configuration(payments, boto)
    payments.push(stack="payments", sha=NEWER, duration=0)
    assert events_of(cfn)[: len(events)] == events
    assert status_of(cfn) == "UPDATE_COMPLETE"
    payments.add_stack("payments", repository="acme/other")
    assert status_of(cfn) == "UPDATE_COMPLETE"
    payments.remove_stack("payments")
    with pytest.raises(ClientError, match="does not exist"):
        cfn.describe_stacks(StackName="payments")


def test_all_stacks_in_pages(aws: Emulator, cfn: Any) -> None:
    names = [f"stack-{number}" for number in range(5)]
    for name in names:
        aws.add_stack(name)
    aws.page_size = 2
    pages = list(cfn.get_paginator("describe_stacks").paginate())
    assert [len(page["Stacks"]) for page in pages] == [2, 2, 1]
    assert [stack["StackName"] for page in pages for stack in page["Stacks"]] == names
    with pytest.raises(ClientError) as raised:
        cfn.describe_stacks(NextToken="x")
    assert error_of(raised) == (400, "ValidationError", "Invalid pagination token")


def test_pages_of_events_go_on_where_they_ended(payments: Emulator, cfn: Any) -> None:
    payments.push(stack="payments", sha=NEW)
    advance_to(payments, 110)
    payments.page_size = 3
    first = cfn.describe_stack_events(StackName="payments")
    payments.page_size = None
    before = events_of(cfn)
    advance_to(payments, 200)
    rest = cfn.describe_stack_events(StackName="payments", NextToken=first["NextToken"])
    assert "NextToken" not in rest
    assert [*first["StackEvents"], *rest["StackEvents"]] == before[::-1]
    after = events_of(cfn)
    payments.page_size = 4
    pages = cfn.get_paginator("describe_stack_events").paginate(StackName="payments")
    assert [event for page in pages for event in page["StackEvents"]] == after[::-1]


def test_the_waiters_of_boto3(payments: Emulator, cfn: Any) -> None:
    no_pause = {"Delay": 0, "MaxAttempts": 2}
    payments.push(stack="payments", sha=NEW)
    advance_to(payments, 110)
    waiter = cfn.get_waiter("stack_update_complete")
    with pytest.raises(WaiterError, match="Max attempts exceeded"):
        waiter.wait(StackName="payments", WaiterConfig=no_pause)
    advance_to(payments, 200)
    waiter.wait(StackName="payments", WaiterConfig=no_pause)
    payments.push(stack="payments", sha=NEWER, outcome="FAILED", duration=0)
    with pytest.raises(WaiterError, match="terminal failure state"):
        waiter.wait(StackName="payments", WaiterConfig=no_pause)
    cfn.get_waiter("stack_exists").wait(StackName="payments", WaiterConfig=no_pause)
    payments.delete_stack_by_hand("payments")
    cfn.get_waiter("stack_delete_complete").wait(StackName="payments", WaiterConfig=no_pause)


def test_accounts_and_regions_are_separate(payments: Emulator, cfn: Any) -> None:
    payments.account(region="us-east-1").add_stack("orders")
    with BotoClients(payments.url, region="us-east-1") as there, BotoClients(payments.url, account="1" * 12) as other:
        assert [each["StackName"] for each in there.call("cloudformation", "DescribeStacks", {})["Stacks"]] == [
            "orders"
        ]
        assert other.call("cloudformation", "DescribeStacks", {})["Stacks"] == []
    assert [each["StackName"] for each in cfn.describe_stacks()["Stacks"]] == ["payments"]


@pytest.mark.parametrize(
    ("operation", "kind", "expected"),
    [
        ("DescribeStacks", "AccessDenied", (403, "AccessDenied", "AccessDenied on demand")),
        ("*", "Throttling", (400, "Throttling", "Throttling on demand")),
        ("DescribeStacks", "http-503", (503, "503", "Service Unavailable")),
    ],
)
def test_faults(payments: Emulator, cfn: Any, operation: str, kind: str, expected: tuple[int, str, str]) -> None:
    payments.fault(operation, kind, service="cloudformation")
    with pytest.raises(ClientError) as raised:
        cfn.describe_stacks()
    assert error_of(raised) == expected
    assert cfn.describe_stacks()["Stacks"]
    assert [call.operation for call in payments.calls] == ["DescribeStacks"] * 2


def test_calls_are_throttled(payments: Emulator, cfn: Any) -> None:
    payments.throttle("DescribeStackEvents", rate=1, service="cloudformation")
    events_of(cfn)
    with pytest.raises(ClientError) as raised:
        events_of(cfn)
    assert error_of(raised) == (400, "Throttling", "Rate exceeded")


def test_a_status_can_be_unknown(payments: Emulator, cfn: Any) -> None:
    payments.fault("DescribeStacks", "unknown-state")
    assert status_of(cfn) == "REIMAGINED"
    payments.fault("DescribeStackEvents", "missing-member", member="ResourceStatusReason")
    assert not any("ResourceStatusReason" in event for event in events_of(cfn))


def test_other_operations_are_not_emulated(aws: Emulator, cfn: Any) -> None:
    with pytest.raises(ClientError) as raised:
        cfn.delete_stack(StackName="payments")
    assert error_of(raised)[:2] == (501, "UnknownOperationException")


def form(body: str, service: str = "cloudformation", secret: str | None = None) -> Any:
    headers = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
    return signed(service, body=body.encode(), headers=headers, secret=secret)


def test_the_reply_is_xml(application: Application) -> None:
    state = application.account(ACCOUNT, REGION)
    state.create_stack("payments")
    response = application.handle(form("Action=DescribeStacks&Version=2010-05-15&StackName=payments"))
    root = ElementTree.fromstring(response.body)
    assert (response.status, response.headers["content-type"]) == (200, "text/xml")
    assert root.tag == f"{NAMESPACE}DescribeStacksResponse"
    path = "DescribeStacksResult/Stacks/member/CreationTime".replace("/", f"/{NAMESPACE}")
    created = datetime.fromtimestamp(round(application.clock.date(0.0), 3), UTC)
    assert root.findtext(NAMESPACE + path) == created.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@pytest.mark.parametrize(
    ("service", "secret", "code"),
    [("sts", None, "SignatureDoesNotMatch"), ("cloudformation", "wrong", "SignatureDoesNotMatch")],
)
def test_signatures_are_checked(application: Application, service: str, secret: str | None, code: str) -> None:
    response = application.handle(form("Action=DescribeStacks&Version=2010-05-15", service, secret))
    root = ElementTree.fromstring(response.body)
    assert (response.status, root.findtext(f"{NAMESPACE}Error/{NAMESPACE}Code")) == (403, code)


@pytest.fixture
def fake() -> Iterator[FakeUnisync]:
    with FakeUnisync() as client:
        yield client


def test_it_works_in_process(fake: FakeUnisync) -> None:
    fake.aws.add_stack("payments", repository="acme/infra")
    session: Any = fake.aws.client_options(in_process=True)["session"]
    cfn = session.client("cloudformation", endpoint_url=URL, config=CONFIG)
    fake.aws.push(stack="payments", sha=NEW)
    fake.wait_until_active(StackSync("payments"), revision=NEW)
    assert status_of(cfn) == "UPDATE_COMPLETE"
    assert lines(events_of(cfn))[-1] == "payments UPDATE_COMPLETE"
    with pytest.raises(ClientError, match="Stack with id orders does not exist"):
        cfn.describe_stacks(StackName="orders")


@pytest.mark.parametrize(
    ("arguments", "parameter"),
    [
        ({"failed_resource": FAILED_QUEUE}, "failed_resource"),
        ({"failed_resource": FAILED_QUEUE, "outcome": "FAILED", "failure": "change_set"}, "failed_resource"),
        ({"failed_resource": ("Queue", "AWS::SQS::Queue", ""), "outcome": "FAILED"}, "failed_resource"),
        ({"failed_resource": ("my-queue", "AWS::SQS::Queue", "x"), "outcome": "FAILED"}, "failed_resource"),
        ({"failed_resource": ("Queue", "SQS", "x"), "outcome": "FAILED"}, "failed_resource"),
        ({"failed_resource": ("Queue", "AWS::SQS::Queue"), "outcome": "FAILED"}, "failed_resource"),
        ({"failure": "change_set"}, "failure"),
        ({"failure": "other", "outcome": "FAILED"}, "failure"),
    ],
)
def test_invalid_failures_are_rejected(payments: Emulator, arguments: dict[str, Any], parameter: str) -> None:
    for method in (payments.push, payments.retry):
        more: dict[str, Any] = {"sha": NEW} if method == payments.push else {}
        with pytest.raises(ValueError, match=f"^{parameter}: "):
            method(stack="payments", **more, **arguments)


def test_only_stacks_have_failed_resources(payments: Emulator) -> None:
    payments.add_service_instance("web", "prod", repository="acme/web")
    with pytest.raises(ValueError, match=r"^failed_resource: "):
        payments.push(service="web", sha=NEW, outcome="FAILED", failed_resource=FAILED_QUEUE)
    with pytest.raises(ValueError, match=r"^failure: "):
        payments.push(service="web", sha=NEW, outcome="FAILED", failure="change_set")
    with pytest.raises(ValueError, match=r"^creation_failure: "):
        payments.add_stack("orders", creation_failure=("", "", ""))
    with pytest.raises(ValueError, match=r"^creation_duration: "):
        payments.add_stack("orders", creation_duration=-1)
