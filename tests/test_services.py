"""The adapters, by hand: which calls they make, in AWS's words, and what they make of the answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.samples import MINE, NOON, attempt, blocker, drive, not_found
from unisync import (
    AccessDeniedError,
    AnyRef,
    ConflictError,
    NotFoundError,
    ResponseError,
    ServerError,
    ServiceInstanceSync,
    ServiceSyncBlockerSummary,
    ServiceSyncConfig,
    StackSync,
    SyncBlockerSummary,
    SyncConfiguration,
    SyncJobStatus,
    SyncState,
    TemplateSync,
    TransportError,
    TwinMakerSync,
)
from unisync.answers import (
    ServiceSyncBlockerSummaryAnswer,
    ServiceSyncConfigAnswer,
    SyncBlockerSummaryAnswer,
    SyncConfigurationAnswer,
)
from unisync.backoff import retrying
from unisync.flow import Call, Flow
from unisync.models import GitSyncReply, TwinMakerSyncReply
from unisync.services import Services
from unisync.services.codeconnections import ResourceSyncReply
from unisync.services.twinmaker import CreateSyncJobReply, TwinMaker

ROLE = "arn:aws:iam::123456789012:role/sync"
subject_of = Services("codeconnections").subject_of

PLACE: Mapping[str, Any] = {
    "repository_name": "web",
    "owner": "acme",
    "provider": "GitHub",
    "native_provider": "GITHUB",
    "branch": "main",
}
SERVICE_CONFIG = ServiceSyncConfigAnswer(answer=ServiceSyncConfig(**PLACE, service_name="web", file_path="ops.yaml"))
STACK_CONFIG = SyncConfigurationAnswer(
    answer=SyncConfiguration(
        **PLACE, resource_name="payments", sync_type="CFN_STACK_SYNC", repository_link_id="l", role_arn=ROLE
    )
)
DEFINITIONS: list[tuple[AnyRef, Any, str]] = [
    (ServiceInstanceSync("web", "prod"), SERVICE_CONFIG, "GetServiceSyncConfig"),
    (StackSync("payments"), STACK_CONFIG, "GetSyncConfiguration"),
]


def calls_of(flow: Flow[Any], answers: list[Any]) -> list[Call[Any]]:
    """The calls that a flow makes, given the answers."""
    made: list[Call[Any]] = []

    def noting() -> Flow[Any]:
        action = next(flow)
        try:
            while True:
                assert isinstance(action, Call)
                made.append(action)
                try:
                    reply = yield action
                except Exception as error:
                    action = flow.throw(error)
                else:
                    action = flow.send(reply)
        except StopIteration as stop:
            return stop.value

    drive(noting(), answers)
    return made


def denied() -> AccessDeniedError:
    return AccessDeniedError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "Op", "proton")


@pytest.mark.parametrize(("ref", "definition", "operation"), DEFINITIONS)
def test_no_status_with_a_definition_is_never_synced(ref: Any, definition: Any, operation: str) -> None:
    job = drive(subject_of(ref).look(), [not_found(), definition])
    assert (job.ref, job.status.state, job.status.native, job.latest_sync) == (ref, SyncState.PENDING, "", None)
    calls = calls_of(subject_of(ref).look(), [not_found(), definition])
    assert [call.operation for call in calls][1:] == [operation]


@pytest.mark.parametrize(("ref", "definition", "operation"), DEFINITIONS)
def test_no_status_and_no_definition_is_the_first_answers_not_found(ref: Any, definition: Any, operation: str) -> None:
    first = not_found()
    with pytest.raises(NotFoundError) as caught:
        drive(subject_of(ref).look(), [first, not_found()])
    assert caught.value is first


@pytest.mark.parametrize(("ref", "definition", "operation"), DEFINITIONS)
def test_a_definition_that_must_not_be_read_is_not_taken_for_absent(ref: Any, definition: Any, operation: str) -> None:
    with pytest.raises(AccessDeniedError):
        drive(subject_of(ref).look(), [not_found(), denied()])


def test_an_empty_status_of_proton_is_never_synced_if_there_is_a_definition() -> None:
    look = subject_of(ServiceInstanceSync("web", "prod")).look
    assert drive(look(), [GitSyncReply(), SERVICE_CONFIG]).status.state is SyncState.PENDING
    for absent in (not_found(), ServiceSyncConfigAnswer()):
        with pytest.raises(NotFoundError):
            drive(look(), [GitSyncReply(), absent])


def test_a_template_that_never_synced() -> None:
    ref = TemplateSync("web", "SERVICE", "1")
    calls = calls_of(subject_of(ref).look(), [GitSyncReply(latest_sync=attempt("SUCCEEDED", MINE))])
    assert [(call.operation, dict(call.params)) for call in calls] == [
        ("GetTemplateSyncStatus", {"templateName": "web", "templateType": "SERVICE", "templateVersion": "1"})
    ]
    assert drive(subject_of(ref).blockers()) == ()


def test_the_blockers_of_a_stack_are_the_active_ones() -> None:
    summary = SyncBlockerSummary(resource_name="payments", latest_blockers=(blocker(), blocker("RESOLVED")))
    subject = subject_of(StackSync("payments"))
    assert drive(subject.blockers(), [SyncBlockerSummaryAnswer(answer=summary)]) == (blocker(),)
    assert drive(subject.blockers(), [not_found(), STACK_CONFIG]) == ()
    with pytest.raises(NotFoundError):
        drive(subject.blockers(), [not_found(), not_found()])
    assert subject.release.format(id="0a1b") == (
        "aws codeconnections update-sync-blocker --id 0a1b --sync-type CFN_STACK_SYNC --resource-name payments "
        "--resolved-reason REASON"
    )


def test_the_blockers_of_an_instance_are_its_own_and_its_services() -> None:
    def reply(*blockers: Any) -> ServiceSyncBlockerSummaryAnswer:
        return ServiceSyncBlockerSummaryAnswer(
            answer=ServiceSyncBlockerSummary(service_name="web", latest_blockers=blockers)
        )

    subject = subject_of(ServiceInstanceSync("web", "prod"))
    other = blocker().model_copy(update={"id": "2c3d"})
    assert drive(subject.blockers(), [reply(blocker()), reply(other)]) == (blocker(), other)
    assert drive(subject.blockers(), [not_found(), reply(other)]) == (other,)
    assert drive(subject.blockers(), [ServiceSyncBlockerSummaryAnswer(), reply()]) == ()
    calls = calls_of(subject.blockers(), [reply(), reply()])
    assert [dict(call.params) for call in calls] == [
        {"serviceName": "web", "serviceInstanceName": "prod"},
        {"serviceName": "web"},
    ]


# A creation whose answer was lost.

CREATED = CreateSyncJobReply(
    arn="arn", created_at=NOON, status=SyncJobStatus(state=SyncState.PENDING, native="CREATING")
)
LOST = [
    TransportError("iottwinmaker", "CreateSyncJob", "reset", retryable=True, outcome_unknown=True),
    ResponseError("iottwinmaker", "CreateSyncJob", "cut short", status_code=200, request_id=None),
    ServerError({"Error": {"Code": "InternalServerException"}}, "CreateSyncJob", "iottwinmaker"),
]


def create() -> Flow[Any]:
    return retrying(TwinMaker().create_sync_job("factory", sync_role=ROLE), 3)


def existing(role: str = ROLE) -> TwinMakerSyncReply:
    return TwinMakerSyncReply(
        arn="arn",
        workspace_id="factory",
        sync_source="SITEWISE",
        sync_role=role,
        status=SyncJobStatus(state=SyncState.RUNNING, native="INITIALIZING"),
        created_at=NOON,
        updated_at=NOON,
    )


@pytest.mark.parametrize("lost", LOST)
def test_a_creation_whose_answer_was_lost_is_looked_up(lost: Exception) -> None:
    created = drive(create(), [lost, existing()])
    assert (created.ref, created.arn, created.created_at) == (TwinMakerSync("factory"), "arn", NOON)
    assert created.status.native == "INITIALIZING"


@pytest.mark.parametrize("lost", LOST)
def test_and_asked_for_again_only_if_it_is_not_there(lost: Exception) -> None:
    assert drive(create(), [lost, not_found(), CREATED]).status.native == "CREATING"


@pytest.mark.parametrize("lost", LOST)
def test_somebody_elses_job_is_not_taken_for_ours(lost: Exception) -> None:
    theirs = existing(role="arn:aws:iam::123456789012:role/another")
    with pytest.raises(ConflictError):
        drive(create(), [lost, theirs, ConflictError({}, "CreateSyncJob", "iottwinmaker"), theirs])


@pytest.mark.parametrize("lost", LOST)
def test_a_job_of_ours_that_is_seen_a_moment_late_is_ours(lost: Exception) -> None:
    conflict = ConflictError({}, "CreateSyncJob", "iottwinmaker")
    assert drive(create(), [lost, not_found(), conflict, existing()]).arn == "arn"


def test_a_creation_that_was_refused_is_not_looked_up() -> None:
    conflict = ConflictError({"Error": {"Code": "ConflictException"}}, "CreateSyncJob", "iottwinmaker")
    with pytest.raises(ConflictError):
        drive(create(), [conflict])


def test_tags_travel_with_a_creation() -> None:
    flow = TwinMaker().create_sync_job("factory", sync_role=ROLE, tags={"team": "a"})
    (call,) = calls_of(flow, [CREATED])
    assert call.params == {"workspaceId": "factory", "syncSource": "SITEWISE", "syncRole": ROLE, "tags": {"team": "a"}}


def test_a_reply_of_codeconnections_is_never_without_an_attempt() -> None:
    with pytest.raises(ValueError, match="Field required"):
        ResourceSyncReply.model_validate({})
