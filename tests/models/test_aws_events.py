"""Events of AWS's: every spelling, every envelope, and what is missing, wrong or foreign."""

from __future__ import annotations

import copy
import json
import pickle
import subprocess
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field

from tests.support.documents import DOCS, blocks
from unisync import (
    FleetSync,
    InvalidArgumentError,
    ServiceInstanceSync,
    StackSync,
    SyncRef,
    SyncState,
    TemplateSync,
    TwinMakerSync,
)
from unisync.aws_events import MAX_DEPTH, AwsEvent, SyncNotice, parse_event, parse_events

JSON = dict[str, Any]
ACCOUNT = "210987654321"
SHA = "9d1f0c3b7a6e5d4c3b2a190807f6e5d4c3b2a190"
EVENT_ID = "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d"
LINK_ID = "7c6b5a49-3827-4615-9403-f2e1d0c9b8a7"
STACK_ARN = f"arn:aws:cloudformation:eu-west-1:{ACCOUNT}:stack/orders-test/{EVENT_ID}"

# In the form of the examples on AWS's pages, with other names.


def envelope(source: str, detail_type: str, resources: list[str], detail: JSON) -> JSON:
    return {
        "version": "0",
        "id": EVENT_ID,
        "detail-type": detail_type,
        "source": source,
        "account": ACCOUNT,
        "time": "2025-03-04T05:06:07Z",
        "region": "eu-west-1",
        "resources": resources,
        "detail": detail,
    }


RESOURCE = envelope(
    "aws.codeconnections",
    "Git Sync Resource Sync Status Change",
    [f"arn:aws:aws:cloudformation:eu-west-1:{ACCOUNT}:stack/orders-test"],
    {
        "providerType": "GitHub",
        "commit": SHA,
        "repositoryName": "shop",
        "branch": "trunk",
        "syncType": "CFN_STACK_SYNC",
        "syncTarget": f"arn:aws:aws:cloudformation:eu-west-1:{ACCOUNT}:stack/orders-test",
        "status": "SUCCEEDED",
        "previousStatus": "IN_PROGRESS",
    },
)
REPOSITORY = envelope(
    "aws.codeconnections",
    "GitSync Repository Sync Status Change",
    [f"arn:aws:aws:codestar-connections:eu-west-1:{ACCOUNT}:repository-link/{LINK_ID}"],
    {
        "connectionArn": f"arn:aws:codestar-connections:eu-west-1:{ACCOUNT}:connection/{EVENT_ID}",
        "providerType": "GitHub Enterprise",
        "repositoryName": "shop",
        "repositoryArn": f"arn:aws:aws:codestar-connections:eu-west-1:{ACCOUNT}:repository-link/{LINK_ID}",
        "repositoryLinkId": LINK_ID,
        "ownerId": "acme",
        "commit": SHA,
        "branch": "trunk",
        "syncType": "CFN_STACK_SYNC",
        "status": "FAILED",
        "previousSync": "INITIATED",
    },
)
STACK = envelope(
    "aws.cloudformation",
    "CloudFormation Stack Status Change",
    [f"arn:aws:cloudformation:eu-west-1:{ACCOUNT}:stack/orders-test"],
    {
        "stack-id": f"arn:aws:cloudformation:us-west-1:{ACCOUNT}:stack/orders-test",
        "status-details": {"status": "CREATE_COMPLETE", "status-reason": ""},
        "client-request-token": "",
    },
)


def proton(detail_type: str, resource: str, **detail: str) -> JSON:
    """An event as in Proton's guide: the detail type in a list, no id, no account, no region."""
    return {
        "source": "aws.proton",
        "detail-type": [detail_type],
        "time": "2022-05-06T07:08:09.123Z",
        "resources": [f"arn:aws:proton:region_id:{ACCOUNT}:{resource}"],
        "detail": detail,
    }


TEMPLATE = proton(
    "AWS Proton Service Template Status Change",
    "service-template/worker",
    name="worker",
    status="PUBLISHED",
    previousStatus="DRAFT",
)
TEMPLATE_VERSION = proton(
    "AWS Proton Service Template Version Status Change",
    "service-template/worker:3.1",
    name="worker",
    majorVersion="3",
    minorVersion="1",
    status="REGISTRATION_FAILED",
    previousStatus="REGISTRATION_IN_PROGRESS",
)
ENVIRONMENT = proton(
    "AWS Proton Environment Status Change",
    "environment/staging",
    name="staging",
    status="DELETE_FAILED",
    previousStatus="DELETE_IN_PROGRESS",
)
# The guide names the fields of this one, and has no example.
INSTANCE = proton(
    "AWS Proton Service Instance Status Change",
    "service/billing/service-instance/test",
    name="test",
    serviceName="billing",
    status="SUCCEEDED",
    previousStatus="IN_PROGRESS",
)
# Only the name of this one is documented.
DEPLOYMENT = proton(
    "AWS Proton Deployment Status Change",
    f"service/billing/service-instance/test/deployment/{EVENT_ID}",
    status="IN_PROGRESS",
)


def cloudtrail(operation: str, **detail: object) -> JSON:
    call = {
        "eventVersion": "1.09",
        "eventSource": "iottwinmaker.amazonaws.com",
        "eventName": operation,
        "requestParameters": {"workspaceId": "factory", "syncSource": "SITEWISE"},
        "responseElements": None,
    }
    return envelope("aws.iottwinmaker", "AWS API Call via CloudTrail", [], {**call, **detail})


TWIN = cloudtrail("CreateSyncJob", responseElements={"state": "CREATING", "arn": "…"})

OURS = {
    "resource": RESOURCE,
    "repository": REPOSITORY,
    "stack": STACK,
    "instance": INSTANCE,
    "deployment": DEPLOYMENT,
    "template version": TEMPLATE_VERSION,
    "twinmaker": TWIN,
}


NO_TEXT: Any = {7: 7}
"""What only a mapping that was no JSON can have."""


def changed(event: JSON, **detail: object) -> JSON:
    """The event with other fields of its detail; None leaves one out."""
    merged = {**event["detail"], **detail}
    return {**event, "detail": {name: value for name, value in merged.items() if value is not None}}


def parsed(event: Any) -> SyncNotice:
    notice = parse_event(event)
    assert notice is not None
    return notice


# What each event says.


def test_a_git_sync_of_a_resource() -> None:
    notice = parsed(RESOURCE)
    assert notice.kind == "sync"
    assert notice.ref == StackSync("orders-test")
    assert (notice.state, notice.aws_state) == (SyncState.ACTIVE, "SUCCEEDED")
    assert (notice.previous_state, notice.previous_aws_state) == (SyncState.RUNNING, "IN_PROGRESS")
    assert (notice.revision, notice.branch, notice.repository_name, notice.owner) == (SHA, "trunk", "shop", None)
    assert (notice.provider, notice.aws_provider, notice.sync_type) == ("GitHub", "GitHub", "CFN_STACK_SYNC")
    assert notice.time == datetime(2025, 3, 4, 5, 6, 7, tzinfo=UTC)
    assert (notice.account, notice.region, notice.event_id) == (ACCOUNT, "eu-west-1", EVENT_ID)
    assert (notice.source, notice.detail_type) == ("aws.codeconnections", RESOURCE["detail-type"])
    assert notice.fleet_ref == FleetSync(ACCOUNT, "eu-west-1", StackSync("orders-test"))


def test_a_git_sync_of_a_branch() -> None:
    notice = parsed(REPOSITORY)
    assert notice.kind == "repository"
    assert notice.ref is None
    assert notice.fleet_ref is None
    assert (notice.state, notice.previous_state) == (SyncState.FAILED, SyncState.PENDING)
    assert (notice.owner, notice.repository_name, notice.branch, notice.revision) == ("acme", "shop", "trunk", SHA)
    assert (notice.provider, notice.aws_provider) == ("GitHubEnterpriseServer", "GitHub Enterprise")
    assert notice.repository_link_id == LINK_ID
    assert notice.connection_arn == REPOSITORY["detail"]["connectionArn"]


def test_a_stack() -> None:
    notice = parsed(STACK)
    assert (notice.kind, notice.ref, notice.revision) == ("resource", StackSync("orders-test"), None)
    assert (notice.state, notice.aws_state, notice.previous_state) == (SyncState.ACTIVE, "CREATE_COMPLETE", None)
    assert notice.detail["status-details"]["status-reason"] == ""


def test_a_service_instance_of_proton() -> None:
    notice = parsed(INSTANCE)
    assert (notice.kind, notice.ref) == ("resource", ServiceInstanceSync("billing", "test"))
    assert (notice.state, notice.previous_state) == (SyncState.ACTIVE, SyncState.RUNNING)
    assert (notice.event_id, notice.account, notice.region) == (None, ACCOUNT, None)
    assert notice.detail_type == "AWS Proton Service Instance Status Change"
    assert notice.time == datetime(2022, 5, 6, 7, 8, 9, 123000, tzinfo=UTC)
    assert notice.fleet_ref is None


def test_a_version_of_a_template_of_proton() -> None:
    notice = parsed(TEMPLATE_VERSION)
    assert notice.ref == TemplateSync("worker", "SERVICE", "3")
    assert (notice.state, notice.aws_state) == (SyncState.FAILED, "REGISTRATION_FAILED")
    of_environment = {**TEMPLATE_VERSION, "detail-type": "AWS Proton Environment Template Version Status Change"}
    assert parsed(of_environment).ref == TemplateSync("worker", "ENVIRONMENT", "3")


@pytest.mark.parametrize(
    "event",
    [
        DEPLOYMENT,
        {**changed(DEPLOYMENT, serviceName="billing", serviceInstanceName="test"), "resources": []},
        {
            **changed(
                DEPLOYMENT, targetArn=f"arn:aws:proton:eu-west-1:{ACCOUNT}:service/billing/service-instance/test"
            ),
            "resources": None,
        },
        changed(DEPLOYMENT, status=None, deploymentStatus="IN_PROGRESS"),
    ],
)
def test_a_deployment_of_proton(event: JSON) -> None:
    notice = parsed(event)
    assert (notice.ref, notice.state) == (ServiceInstanceSync("billing", "test"), SyncState.RUNNING)


def test_the_region_of_an_event_without_one_is_that_of_its_resource() -> None:
    arn = f"arn:aws:proton:eu-central-1:{ACCOUNT}:service/billing/service-instance/test"
    notice = parsed({**INSTANCE, "resources": [None, "billing", arn]})
    assert (notice.account, notice.region) == (ACCOUNT, "eu-central-1")
    notice = parsed({**RESOURCE, "resources": [arn.replace("eu-central-1", "us-east-1")]})
    assert notice.region == "eu-west-1"


@pytest.mark.parametrize(
    ("event", "state", "aws_state"),
    [
        (TWIN, SyncState.PENDING, "CREATING"),
        (cloudtrail("CreateSyncJob"), SyncState.PENDING, ""),
        (cloudtrail("DeleteSyncJob"), SyncState.DELETING, ""),
        (cloudtrail("DeleteSyncJob", responseElements={"state": "DELETING"}), SyncState.DELETING, "DELETING"),
        (cloudtrail("CreateSyncJob", requestParameters={"workspaceId": "factory"}), SyncState.PENDING, ""),
    ],
)
def test_a_call_of_twinmaker(event: JSON, state: SyncState, aws_state: str) -> None:
    notice = parsed(event)
    assert (notice.kind, notice.ref) == ("call", TwinMakerSync("factory"))
    assert (notice.state, notice.aws_state) == (state, aws_state)


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("INITIATED", SyncState.PENDING),
        ("IN_PROGRESS", SyncState.RUNNING),
        ("SUCCEEDED", SyncState.ACTIVE),
        ("FAILED", SyncState.FAILED),
        ("REVIEWING", SyncState.UNKNOWN),
    ],
)
def test_the_states_of_a_git_sync(status: str, state: SyncState) -> None:
    for event in (RESOURCE, REPOSITORY):
        notice = parsed(changed(event, status=status, previousStatus=status))
        assert (notice.state, notice.aws_state) == (state, status)
        assert (notice.previous_state, notice.previous_aws_state) == (state, status)


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("REVIEW_IN_PROGRESS", SyncState.PENDING),
        ("UPDATE_IN_PROGRESS", SyncState.RUNNING),
        ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", SyncState.RUNNING),
        ("UPDATE_COMPLETE", SyncState.ACTIVE),
        ("UPDATE_ROLLBACK_IN_PROGRESS", SyncState.RUNNING),
        ("UPDATE_ROLLBACK_COMPLETE", SyncState.FAILED),
        ("ROLLBACK_COMPLETE", SyncState.FAILED),
        ("DELETE_COMPLETE", SyncState.DELETING),
        ("PAUSED", SyncState.UNKNOWN),
    ],
)
def test_the_states_of_a_stack(status: str, state: SyncState) -> None:
    notice = parsed(changed(STACK, **{"status-details": {"status": status}}))
    assert (notice.state, notice.aws_state) == (state, status)


# Spellings.


@pytest.mark.parametrize("source", ["aws.codeconnections", "aws.codestar-connections", "Amazon CodeConnections"])
@pytest.mark.parametrize("git", ["Git Sync", "GitSync", "git sync", ["GitSync"]])
@pytest.mark.parametrize("previous", ["previousSync", "previousStatus"])
def test_every_spelling_of_a_git_sync_says_the_same(source: str, git: str | list[str], previous: str) -> None:
    for event, what in ((RESOURCE, "Resource"), (REPOSITORY, "Repository")):
        prefix = git if isinstance(git, str) else git[0]
        detail_type = f"{prefix} {what} Sync Status Change"
        detail = {**event["detail"]}
        detail[previous] = detail.pop("previousStatus", None) or detail.pop("previousSync", None)
        spelled = {
            **event,
            "source": source,
            "detail-type": detail_type if isinstance(git, str) else [detail_type],
            "detail": detail,
        }
        same = {"source": source, "detail_type": detail_type, "detail": detail}
        assert parsed(spelled) == parsed(event).model_copy(update=same)


@pytest.mark.parametrize(
    ("source", "detail_type"),
    [
        ("Amazon Proton", "Amazon Proton Service Instance Status Change"),
        ("AWS Proton", "Proton Service Instance Status Change"),
        ("aws.proton", "AWS Proton Service Instance Status Change"),
    ],
)
def test_every_spelling_of_proton_says_the_same(source: str, detail_type: str) -> None:
    notice = parsed({**INSTANCE, "source": source, "detail-type": detail_type})
    assert notice.ref == ServiceInstanceSync("billing", "test")
    assert (notice.source, notice.detail_type) == (source, detail_type)


def test_the_rule_of_the_guide_matches_every_spelling_of_a_git_sync() -> None:
    pattern = next(json.loads(block.body) for block in blocks(DOCS / "howto/events.md") if block.kind == "json")
    for source in ("aws.codeconnections", "aws.codestar-connections"):
        for git in ("Git Sync", "GitSync"):
            for event, what in ((RESOURCE, "Resource"), (REPOSITORY, "Repository")):
                spelled = {**event, "source": source, "detail-type": f"{git} {what} Sync Status Change"}
                assert all(spelled[field] in values for field, values in pattern.items())
    assert len(pattern["source"]) * len(pattern["detail-type"]) == 8


@pytest.mark.parametrize(
    "target",
    [
        "orders-test",
        STACK_ARN,
        f"arn:aws:cloudformation:eu-west-1:{ACCOUNT}:stack/orders-test",
        f"arn:aws:aws:cloudformation:eu-west-1:{ACCOUNT}:stack/orders-test",
        f"arn:aws:aws:cloudformation:eu-west-1:{ACCOUNT}:stack/orders-test/{EVENT_ID}",
        f"arn:aws-cn:cloudformation:cn-north-1:{ACCOUNT}:stack/orders-test/{EVENT_ID}",
        f"arn:aws-us-gov:cloudformation:us-gov-west-1:{ACCOUNT}:stack/orders-test/{EVENT_ID}",
    ],
)
def test_every_form_of_a_stack_is_the_same_stack(target: str) -> None:
    assert parsed(changed(RESOURCE, syncTarget=target)).ref == StackSync("orders-test")
    assert parsed(changed(STACK, **{"stack-id": target})).ref == StackSync("orders-test")


@pytest.mark.parametrize(
    ("aws_provider", "provider"),
    [
        ("GitHub", "GitHub"),
        ("GitHub Enterprise", "GitHubEnterpriseServer"),
        ("GitHubEnterpriseServer", "GitHubEnterpriseServer"),
        ("GITHUB_ENTERPRISE", "GitHubEnterpriseServer"),
        ("GitLab", "GitLab"),
        ("GitLab Self Managed", "GitLabSelfManaged"),
        ("BitBucket", "Bitbucket"),
        ("Gitea", "Gitea"),
    ],
)
def test_every_spelling_of_a_provider(aws_provider: str, provider: str) -> None:
    notice = parsed(changed(RESOURCE, providerType=aws_provider))
    assert (notice.provider, notice.aws_provider) == (provider, aws_provider)


def test_a_type_of_sync_that_is_new() -> None:
    assert parsed(changed(RESOURCE, syncType="CDK_SYNC")).ref == StackSync("orders-test", "CDK_SYNC")
    notice = parsed(changed(RESOURCE, syncType="CDK_SYNC", syncTarget="arn:aws:cdk:eu-west-1:1:app/orders"))
    assert (notice.kind, notice.ref, notice.sync_type) == ("sync", None, "CDK_SYNC")
    assert parsed(changed(RESOURCE, syncType=None)).ref == StackSync("orders-test")


# Nothing is lost.


@pytest.mark.parametrize("name", OURS)
def test_every_field_of_an_event_is_in_the_notice(name: str) -> None:
    event = {**changed(OURS[name], severity={"level": 3}), "replay-name": "again", "state": "theirs"}
    notice = parsed(event)
    assert notice.detail == event["detail"]
    extra = notice.model_extra
    assert extra is not None
    known = {"id", "source", "detail-type", "account", "time", "region", "detail", "state"}
    assert extra == {**{name: value for name, value in event.items() if name not in known}, "state_": "theirs"}


@pytest.mark.parametrize("name", OURS)
def test_a_notice_survives_pickling_copying_and_json(name: str) -> None:
    notice = parsed(OURS[name])
    assert hash(notice) == hash(parsed(copy.deepcopy(OURS[name])))
    for twin in (
        pickle.loads(pickle.dumps(notice)),
        copy.deepcopy(notice),
        SyncNotice.model_validate_json(notice.model_dump_json()),
        SyncNotice.model_validate(notice.model_dump()),
    ):
        assert twin == notice
        assert type(twin.ref) is type(notice.ref)


def test_a_notice_cannot_be_changed() -> None:
    notice: Any = parsed(RESOURCE)
    with pytest.raises(ValueError, match="frozen"):
        notice.state = SyncState.FAILED


def test_a_time_is_in_utc() -> None:
    notice = parsed({**RESOURCE, "time": "2025-03-04T07:06:07+02:00"})
    assert notice.time is not None
    assert notice.time.isoformat() == "2025-03-04T05:06:07+00:00"
    assert parsed({**RESOURCE, "time": None}).time is None


# Foreign events, and those that cannot be read.


def foreign() -> Iterator[JSON]:
    yield {}
    yield {"detail": {}}
    yield TEMPLATE
    yield ENVIRONMENT
    yield {**RESOURCE, "source": "acme.codeconnections"}
    yield {**RESOURCE, "source": ["aws.codeconnections", "aws.proton"]}
    yield {**RESOURCE, "source": 7}
    yield {**RESOURCE, "source": None}
    yield {**RESOURCE, "detail-type": "CodeConnections Source Webhook Event"}
    yield {**RESOURCE, "detail-type": None}
    yield {**RESOURCE, "detail-type": []}
    yield {**RESOURCE, "source": "aws.cloudformation"}
    yield {**STACK, "detail-type": "CloudFormation Resource Status Change"}
    yield {**STACK, "detail-type": "CloudFormation StackSet Operation Status Change"}
    yield {**DEPLOYMENT, "resources": [f"arn:aws:proton:eu-west-1:{ACCOUNT}:environment/staging/deployment/{EVENT_ID}"]}
    yield {**DEPLOYMENT, "resources": None}
    yield cloudtrail("CreateWorkspace", requestParameters=None)
    yield cloudtrail("GetSyncJob")
    yield cloudtrail("CreateSyncJob", errorCode="ConflictException")
    yield {**TWIN, "detail-type": "AWS Service Event via CloudTrail"}
    yield {"Records": [RESOURCE]}


@pytest.mark.parametrize("event", list(foreign()))
def test_a_foreign_event_is_none(event: JSON) -> None:
    assert parse_event(event) is None
    assert parse_event(json.dumps(event)) is None


@pytest.mark.parametrize(
    ("event", "message"),
    [
        ({**RESOURCE, "detail": None}, "detail: expected an object, got None"),
        ({**RESOURCE, "detail": "{}"}, "detail: expected an object, got '{}'"),
        (changed(RESOURCE, status=None), "detail.status: expected text, got None"),
        (changed(RESOURCE, status=["SUCCEEDED"]), r"detail.status: expected text, got \['SUCCEEDED'\]"),
        (changed(RESOURCE, previousSync=1, previousStatus=None), "detail.previousSync: expected text, got 1"),
        (changed(RESOURCE, syncTarget=None), "detail.syncTarget: expected text, got None"),
        (changed(RESOURCE, syncTarget="a stack"), "detail.syncTarget: expected the ARN or the name of a stack, got"),
        (
            changed(RESOURCE, syncTarget=f"arn:aws:cloudformation:eu-west-1:{ACCOUNT}:changeSet/orders-test"),
            "detail.syncTarget: expected the ARN or the name of a stack, got",
        ),
        (
            changed(RESOURCE, syncTarget=f"arn:aws:s3:eu-west-1:{ACCOUNT}:stack/orders-test"),
            "detail.syncTarget: expected the ARN or the name of a stack, got",
        ),
        (changed(RESOURCE, syncType="A/B"), "detail.syncType: expected a name without spaces"),
        (changed(RESOURCE, commit={"sha": SHA}), "detail.commit: expected text, got {'sha'"),
        (changed(REPOSITORY, status=""), "detail.status: expected text, got ''"),
        ({**RESOURCE, "time": "2025-04-31T17:00:00Z"}, "time: expected a date and time with its offset from UTC, got"),
        ({**RESOURCE, "time": "2025-03-04T05:06:07"}, "time: expected a date and time with its offset from UTC, got"),
        ({**RESOURCE, "account": 210987654321}, "account: expected text, got 210987654321"),
        ({**RESOURCE, "detail": RESOURCE["detail"] | NO_TEXT}, "detail: expected keys that are text, got {"),
        (RESOURCE | NO_TEXT, "7: expected keys that are text, got None"),
        (changed(STACK, **{"stack-id": None}), "detail.stack-id: expected text, got None"),
        (changed(STACK, **{"status-details": "CREATE_COMPLETE"}), "detail.status-details: expected an object"),
        (
            changed(STACK, **{"status-details": {"status": None}}),
            "detail.status-details.status: expected text, got None",
        ),
        (changed(INSTANCE, serviceName=None), "detail.serviceName: expected text, got None"),
        (changed(INSTANCE, name="a/b"), "detail.name: expected a name without spaces, slashes or colons, got 'a/b'"),
        (changed(INSTANCE, status=None), "detail.status: expected text, got None"),
        (changed(TEMPLATE_VERSION, majorVersion=3), "detail.majorVersion: expected text, got 3"),
        (changed(TWIN, requestParameters=None), "detail.requestParameters: expected an object, got None"),
        (changed(TWIN, requestParameters={}), "detail.requestParameters.workspaceId: expected text, got None"),
    ],
)
def test_an_event_that_cannot_be_read_names_the_field(event: JSON, message: str) -> None:
    with pytest.raises(InvalidArgumentError, match=f"^{message}"):
        parse_event(event)


@pytest.mark.parametrize("value", ["", "no JSON", b"\xff", "[]", "7", "null", [RESOURCE], 7, None, "[" * 100_000])
def test_what_is_no_event_at_all_is_rejected(value: Any) -> None:
    with pytest.raises(InvalidArgumentError, match=r"^event: expected an event, as a mapping or as JSON, got "):
        parse_event(value)


def test_the_example_on_awss_page_that_is_no_json() -> None:
    """It lacks commas, and has some too many."""
    text = json.dumps(REPOSITORY).replace('", "repositoryLinkId"', '" "repositoryLinkId"')
    with pytest.raises(InvalidArgumentError, match=r"^event: expected an event"):
        parse_event(text)


# Forms of an event.


class EventModel(BaseModel):
    """In the form of powertools' `EventBridgeModel`."""

    model_config = ConfigDict(populate_by_name=True)

    version: str
    id: str
    source: str
    account: str
    time: datetime
    region: str
    resources: list[str]
    detail_type: str = Field(alias="detail-type")
    detail: dict[str, Any]
    replay_name: str | None = Field(None, alias="replay-name")


class EventWrapper(Mapping[str, Any]):
    """In the form of powertools' `EventBridgeEvent`."""

    def __init__(self, raw_event: JSON) -> None:
        self.raw_event = raw_event

    def __getitem__(self, key: str) -> Any:
        return self.raw_event[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.raw_event)

    def __len__(self) -> int:
        return len(self.raw_event)


def forms(event: JSON) -> Iterator[AwsEvent]:
    text = json.dumps(event)
    yield event
    yield text
    yield text.encode()
    yield bytearray(text.encode())
    yield text.encode("utf-16")
    yield MappingProxyType(event)
    yield EventWrapper(event)


@pytest.mark.parametrize("name", OURS)
def test_every_form_of_an_event_says_the_same(name: str) -> None:
    for form in forms(OURS[name]):
        assert parse_event(form) == parsed(OURS[name])
        assert parse_events(form) == [parsed(OURS[name])]


def test_a_pydantic_model_says_the_same() -> None:
    model = EventModel.model_validate(RESOURCE)
    notice = parse_event(model)
    assert notice == parsed({**RESOURCE, "replay-name": None})
    assert parse_events(model) == [notice]
    assert parse_events([model, model]) == [notice, notice]


# Envelopes.


def sqs_record(body: str) -> JSON:
    """A record of a batch that Lambda receives from SQS."""
    return {
        "messageId": EVENT_ID,
        "receiptHandle": "AQEB",
        "body": body,
        "attributes": {
            "ApproximateReceiveCount": "1",
            "SentTimestamp": "1741064767000",
            "SenderId": "AIDA",
            "ApproximateFirstReceiveTimestamp": "1741064767001",
        },
        "messageAttributes": {},
        "md5OfBody": "00",
        "eventSource": "aws:sqs",
        "eventSourceARN": f"arn:aws:sqs:eu-west-1:{ACCOUNT}:syncs",
        "awsRegion": "eu-west-1",
    }


def sns_message(message: str) -> JSON:
    """A message that SNS sends over HTTP, and to SQS without raw delivery."""
    return {
        "Type": "Notification",
        "MessageId": EVENT_ID,
        "TopicArn": f"arn:aws:sns:eu-west-1:{ACCOUNT}:syncs",
        "Message": message,
        "Timestamp": "2025-03-04T05:06:08.000Z",
        "SignatureVersion": "1",
        "Signature": "AAAA",
        "SigningCertURL": "https://sns.invalid/certificate.pem",
        "UnsubscribeURL": "https://sns.invalid/unsubscribe",
    }


def sns_record(message: str) -> JSON:
    """A record of a batch that Lambda receives from SNS."""
    return {
        "EventSource": "aws:sns",
        "EventVersion": "1.0",
        "EventSubscriptionArn": f"arn:aws:sns:eu-west-1:{ACCOUNT}:syncs:{EVENT_ID}",
        "Sns": sns_message(message),
    }


def received(body: str) -> JSON:
    """A message as ReceiveMessage returns it."""
    return {"MessageId": EVENT_ID, "ReceiptHandle": "AQEB", "MD5OfBody": "00", "Body": body}


def carried(text: str, other: str) -> dict[str, Any]:
    """Every envelope with one event, and something else beside it where that can be."""
    notification = json.dumps(sns_message(text))
    return {
        "EventBridge": text,
        "list": [json.loads(text), {"id": 7}],
        "list of JSON": [other, text],
        "JSON of a list": f"[{text}]",
        "tuple": (json.loads(text),),
        "Lambda, SQS": {"Records": [sqs_record(other), sqs_record(text)]},
        "Lambda, SQS, one record": sqs_record(text),
        "Lambda, SQS, SNS": {"Records": [sqs_record(notification)]},
        "Lambda, SQS, SNS with raw delivery": {"Records": [sqs_record(text)]},
        "Lambda, SNS": {"Records": [sns_record(other), sns_record(text)]},
        "Lambda, SNS, one record": sns_record(text),
        "Lambda, SNS, JSON": json.dumps({"Records": [sns_record(text)]}),
        "ReceiveMessage": {"Messages": [received(other), received(text)], "ResponseMetadata": {}},
        "ReceiveMessage, SNS": {"Messages": [received(notification)]},
        "a message": received(text),
        "a body": text,
        "a body from SNS": notification,
        "SNS over HTTP": notification.encode(),
    }


ENVELOPES = carried(json.dumps(RESOURCE), "hello")


@pytest.mark.parametrize("name", ENVELOPES)
def test_an_event_is_found_in_every_envelope(name: str) -> None:
    for event in OURS.values():
        assert parse_events(carried(json.dumps(event), "hello")[name]) == [parsed(event)]


@pytest.mark.parametrize("name", ENVELOPES)
@pytest.mark.parametrize("other", ["", "7", "null", "{}", "[[]]", json.dumps(TEMPLATE), '{"Records": [null, 7, "x"]}'])
def test_what_is_foreign_is_left_out_of_every_envelope(name: str, other: str) -> None:
    event = json.dumps(ENVIRONMENT)
    assert parse_events(carried(event, other)[name]) == []


def test_events_keep_their_order() -> None:
    batch = {"Records": [sqs_record(json.dumps(event)) for event in OURS.values()]}
    assert parse_events(batch) == [parsed(event) for event in OURS.values()]
    assert parse_events(iter(OURS.values())) == [parsed(event) for event in OURS.values()]


WITHOUT_OURS: list[Any] = [
    {},
    [],
    {"Records": None},
    {"Records": [{"eventSource": "aws:s3", "s3": {}}, {"eventSource": "aws:sqs"}, {"Sns": None}]},
    {"Records": [{"eventSource": "aws:kinesis", "body": json.dumps(RESOURCE)}]},
    {"ResponseMetadata": {}},
    {"Type": "SubscriptionConfirmation", "Message": json.dumps(RESOURCE)},
    "[]",
    "{}",
]


@pytest.mark.parametrize("batch", WITHOUT_OURS)
def test_a_batch_without_our_events_is_empty(batch: Any) -> None:
    assert parse_events(batch) == []


@pytest.mark.parametrize("batch", [None, 7, "", "hello", b"\xff", "7", "null", '"text"'])
def test_what_is_no_batch_is_rejected(batch: Any) -> None:
    with pytest.raises(InvalidArgumentError, match=r"^batch: expected "):
        parse_events(batch)


BROKEN = json.dumps(changed(RESOURCE, status=None))


@pytest.mark.parametrize(
    ("batch", "path"),
    [
        (BROKEN, "detail.status"),
        ([RESOURCE, BROKEN], r"\[1\].detail.status"),
        ({"Records": [sqs_record("hello"), sqs_record(BROKEN)]}, r"Records\[1\].body.detail.status"),
        ({"Records": [sqs_record(json.dumps(sns_message(BROKEN)))]}, r"Records\[0\].body.Message.detail.status"),
        ({"Records": [sns_record(BROKEN)]}, r"Records\[0\].Sns.Message.detail.status"),
        ({"Messages": [received(BROKEN)]}, r"Messages\[0\].Body.detail.status"),
    ],
)
def test_an_event_that_cannot_be_read_is_named_in_its_batch(batch: Any, path: str) -> None:
    with pytest.raises(InvalidArgumentError, match=f"^{path}: expected text, got None$"):
        parse_events(batch)


def test_envelopes_may_not_be_nested_without_end() -> None:
    nested = json.dumps(RESOURCE)
    for _ in range(MAX_DEPTH):
        nested = f"[{nested}]"
    assert len(parse_events(nested)) == 1
    assert parse_events(f"[{nested}]") == []


# Anything.

NAMES = sorted({name for event in OURS.values() for name in (*event, *event["detail"])})
TEXTS = sorted(
    {text for event in OURS.values() for text in (*event.values(), *event["detail"].values()) if isinstance(text, str)}
)
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.text("\ud800ab"), st.sampled_from(TEXTS)
)
KEYS = st.one_of(
    st.sampled_from([*NAMES, "Records", "body", "Body", "Sns", "Message", "Type", "ref", "model_dump"]), st.text()
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=12
)


@given(VALUES)
def test_any_json_is_none_or_rejected(value: object) -> None:
    text = json.dumps(value)
    given_value: Any = value
    for form in (text, text.encode(), given_value):
        if isinstance(json.loads(text), dict):
            assert parse_event(form) is None
        else:
            with pytest.raises(InvalidArgumentError):
                parse_event(form)
        try:
            assert parse_events(form) == []
        except InvalidArgumentError as error:
            assert str(error).startswith("batch: expected ")  # noqa: PT017


@given(
    st.sampled_from(list(OURS.values())), st.dictionaries(KEYS, VALUES), st.dictionaries(KEYS, VALUES), st.booleans()
)
def test_an_event_with_anything_in_it_is_read_or_rejected(event: JSON, outer: JSON, inner: JSON, is_text: bool) -> None:
    mutated = {**event, "detail": {**event["detail"], **inner}, **outer}
    form: Any = json.dumps(mutated) if is_text else mutated
    try:
        notice = parse_event(form)
    except InvalidArgumentError as error:
        path = str(error).partition(": expected ")[0]
        assert path
    else:
        if notice is not None:
            again = pickle.loads(pickle.dumps(notice))
            assert (again.ref, again.aws_state, again.time) == (notice.ref, notice.aws_state, notice.time)
            assert isinstance(notice.ref, SyncRef) or notice.kind in ("repository", "sync")
            hash(notice)


@given(st.data())
def test_an_event_that_lost_its_fields_is_read_or_rejected(data: st.DataObject) -> None:
    event = data.draw(st.sampled_from(list(OURS.values())))
    kept = st.sets(st.sampled_from(sorted(event)))
    left = {name: event[name] for name in data.draw(kept)}
    if "detail" in left:
        inner = data.draw(st.sets(st.sampled_from(sorted(left["detail"]))))
        left["detail"] = {name: left["detail"][name] for name in inner}
    try:
        notice = parse_event(left)
    except InvalidArgumentError:
        assert {"source", "detail-type"} <= left.keys()
    else:
        assert notice is None or notice.aws_state or notice.kind == "call"


def test_importing_the_module_loads_no_boto3() -> None:
    code = "import sys, unisync.aws_events; print({'boto3', 'urllib3'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout == "set()\n"
