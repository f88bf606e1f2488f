"""The adapters, by hand: which calls they make, in AWS's words, and what they make of the answers."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, cast

import pytest

from tests.support.operations import NAMES, is_list, operations_of
from tests.support.samples import MINE, NOON, STACK, attempt, blocker, drive, not_found
from unisync import (
    AccessDeniedError,
    AnyRef,
    ConflictError,
    DeletedSyncJob,
    DeleteResult,
    InvalidRequestError,
    NotFoundError,
    Repository,
    RepositoryLink,
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
    TemplateSyncConfig,
    TransportError,
    TwinMakerSync,
    UpdatedServiceSyncBlocker,
    UpdatedSyncBlocker,
)
from unisync._core.flow import Call, Flow
from unisync._core.retry import retrying
from unisync._models.base import Model
from unisync._models.envelopes import (
    RepositoryAnswer,
    RepositoryLinkAnswer,
    RepositoryLinks,
    ServiceSyncBlockerSummaryAnswer,
    ServiceSyncConfigAnswer,
    SyncBlockerSummaryAnswer,
    SyncConfigurationAnswer,
    SyncConfigurations,
    TemplateSyncConfigAnswer,
)
from unisync._models.jobs import GitSyncReply, TwinMakerSyncReply
from unisync._models.resources import SyncResourcePage
from unisync._services.codeconnections import ResourceSyncReply
from unisync._services.discovery import Findings, discover
from unisync._services.registry import Services
from unisync._services.twinmaker import CreateSyncJobReply, DeleteSyncJobReply, TwinMaker

ROLE = "arn:aws:iam::123456789012:role/sync"
target_of = Services("codeconnections").target_of

PLACE: Mapping[str, Any] = {
    "repository_name": "web",
    "owner": "acme",
    "provider": "GitHub",
    "aws_provider": "GITHUB",
    "branch": "main",
}
REPOSITORY = {name: value for name, value in PLACE.items() if name != "branch"}
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
    job = drive(target_of(ref).look(), [not_found(), definition])
    assert (job.ref, job.status.state, job.status.aws_state, job.latest_sync) == (ref, SyncState.PENDING, "", None)
    calls = calls_of(target_of(ref).look(), [not_found(), definition])
    assert [call.operation for call in calls][1:] == [operation]


@pytest.mark.parametrize(("ref", "definition", "operation"), DEFINITIONS)
def test_no_status_and_no_definition_is_the_first_answers_not_found(ref: Any, definition: Any, operation: str) -> None:
    first = not_found()
    with pytest.raises(NotFoundError) as caught:
        drive(target_of(ref).look(), [first, not_found()])
    assert caught.value is first


@pytest.mark.parametrize(("ref", "definition", "operation"), DEFINITIONS)
def test_a_definition_that_must_not_be_read_is_not_taken_for_absent(ref: Any, definition: Any, operation: str) -> None:
    with pytest.raises(AccessDeniedError):
        drive(target_of(ref).look(), [not_found(), denied()])


def test_an_empty_status_of_proton_is_never_synced_if_there_is_a_definition() -> None:
    look = target_of(ServiceInstanceSync("web", "prod")).look
    assert drive(look(), [GitSyncReply(), SERVICE_CONFIG]).status.state is SyncState.PENDING
    for absent in (not_found(), ServiceSyncConfigAnswer()):
        with pytest.raises(NotFoundError):
            drive(look(), [GitSyncReply(), absent])


def test_a_template_that_never_synced() -> None:
    ref = TemplateSync("web", "SERVICE", "1")
    calls = calls_of(target_of(ref).look(), [GitSyncReply(latest_sync=attempt("SUCCEEDED", MINE))])
    assert [(call.operation, dict(call.params)) for call in calls] == [
        ("GetTemplateSyncStatus", {"templateName": "web", "templateType": "SERVICE", "templateVersion": "1"})
    ]
    assert drive(target_of(ref).blockers()) == ()


def test_the_blockers_of_a_stack_are_the_active_ones() -> None:
    summary = SyncBlockerSummary(resource_name="payments", latest_blockers=(blocker(), blocker("RESOLVED")))
    subject = target_of(StackSync("payments"))
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

    subject = target_of(ServiceInstanceSync("web", "prod"))
    assert subject.release == "aws proton update-service-sync-blocker --id {id} --resolved-reason REASON"
    other = blocker().model_copy(update={"id": "2c3d"})
    assert drive(subject.blockers(), [reply(blocker()), reply(other)]) == (blocker(), other)
    assert drive(subject.blockers(), [not_found(), reply(other)]) == (other,)
    assert drive(subject.blockers(), [ServiceSyncBlockerSummaryAnswer(), reply()]) == ()
    calls = calls_of(subject.blockers(), [reply(), reply()])
    assert [dict(call.params) for call in calls] == [
        {"serviceName": "web", "serviceInstanceName": "prod"},
        {"serviceName": "web"},
    ]


def test_what_has_no_definition_says_so() -> None:
    for ref, answers, said in (
        (
            ServiceInstanceSync("web", "prod"),
            [GitSyncReply(), ServiceSyncConfigAnswer()],
            "proton GetServiceSyncConfig: ResourceNotFoundException: service web has no sync configuration",
        ),
        (
            TemplateSync("web", "SERVICE", "1"),
            [GitSyncReply(), TemplateSyncConfigAnswer()],
            "proton GetTemplateSyncConfig: ResourceNotFoundException: template web has no sync configuration",
        ),
    ):
        with pytest.raises(NotFoundError) as caught:
            drive(target_of(ref).look(), answers)
        assert str(caught.value) == said


@pytest.mark.parametrize(
    "ref", [TwinMakerSync("factory"), ServiceInstanceSync("web", "prod"), TemplateSync("web", "SERVICE", "1"), STACK]
)
def test_a_subject_says_what_it_is(ref: AnyRef) -> None:
    subject = target_of(ref)
    assert subject.ref == ref
    assert subject.has_revisions == (not isinstance(ref, TwinMakerSync))
    assert bool(subject.release) == (subject.resolve is not None)


def test_an_adapter_shows_which_service_it_is_and_under_which_name() -> None:
    assert repr(Services("codestar-connections").codeconnections) == "<CodeConnectionsSyncs codestar-connections>"


def test_what_aws_says_around_an_answer_is_kept_in_it_or_else_logged(caplog: pytest.LogCaptureFixture) -> None:
    read = Services("codeconnections").proton.get_service_sync_config
    novel = {"novel": 1, "recent": 2}
    kept = drive(read("web"), [ServiceSyncConfigAnswer.model_validate({"answer": SERVICE_CONFIG.answer, **novel})])
    assert kept is not None
    assert kept is not None
    assert (kept.service_name, kept.model_extra) == ("web", novel)
    assert caplog.messages == []
    assert drive(read("web"), [ServiceSyncConfigAnswer.model_validate(novel)]) is None
    assert caplog.messages == ["proton GetServiceSyncConfig: dropped novel, recent, for want of an answer"]


# What each operation sends.

ARGUMENTS: Mapping[str, Any] = {
    "limit": 5,
    "next_token": "token",
    "page_size": 7,
    "tags": {"team": "a"},
    "template_type": "ENVIRONMENT",
    "template_version": "3",
}
"""The values of parameters that take no word whatever; of the others, the name is the value."""


def snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def given_one_of_each(service: str, name: str) -> tuple[object, dict[str, Any]]:
    """What an operation gives, each of whose parameters has a value of its own, and these values."""
    services = operations_of(service)
    adapter = getattr(services, {"iottwinmaker": "twinmaker", "proton": "proton"}.get(service, "codeconnections"))
    operation = getattr(adapter, snake(name))
    arguments = {each: ARGUMENTS.get(each, each) for each in inspect.signature(operation).parameters}
    return operation(**arguments), arguments


def sent_by(call: Call[Any]) -> dict[str, Any]:
    """The parameters of a call, by our names."""
    sent: dict[str, Any] = {snake(member): value for member, value in call.params.items()}
    for one in sent.pop("filters", ()):
        sent |= {snake(member): value for member, value in one.items()}
    if isinstance(sent.get("tags"), list):
        sent["tags"] = dict(tag.values() for tag in sent["tags"])
    return sent


@pytest.mark.parametrize(("service", "name"), NAMES)
def test_each_argument_is_sent_under_its_own_name_and_as_it_is(service: str, name: str) -> None:
    made, arguments = given_one_of_each(service, name)
    if is_list(made):
        paging = {each: arguments.pop(each) for each in ("limit", "page_size", "next_token") if each in arguments}
        assert {each: getattr(made, each) for each in paging} == paging
        members = [snake(member) for member in (made.size_member, made.token_member) if member]
        assert members == (["max_results", "next_token"] if "next_token" in paging else [])
        call = made.call
    else:
        call = cast("Call[Any]", next(cast("Flow[Any]", made)))
    assert (call.service, call.operation, sent_by(call)) == (service, name, arguments)
    assert ("2026-10-07" in call.connection_hint) == (service == "proton"), "what there is to say if nobody answers"
    assert call.idempotent == (not re.search("^Create|Blocker$", name))


def test_a_list_refuses_names_that_cannot_be_when_it_is_asked_for() -> None:
    twinmaker = Services("codeconnections").twinmaker
    for name, ask_for in (
        ("workspace_id", lambda: twinmaker.list_sync_jobs("a/b")),
        ("workspace_id", lambda: twinmaker.list_sync_resources("a/b")),
        ("sync_source", lambda: twinmaker.list_sync_resources("factory", "a/b")),
    ):
        with pytest.raises(InvalidRequestError, match=f"{name}: expected a name without spaces, slashes or colons"):
            ask_for()


def test_a_sync_of_another_kind_is_told_as_such() -> None:
    other, terraform = TwinMakerSync("factory", "OTHER"), StackSync("payments", "TERRAFORM_SYNC")
    services = Services("codeconnections")
    twinmaker, codeconnections = services.twinmaker, services.codeconnections
    deleted = DeleteSyncJobReply(status=SyncJobStatus(state=SyncState.DELETING, aws_state="DELETING"))
    status = GitSyncReply(latest_sync=attempt("SUCCEEDED", MINE))
    told: list[tuple[Flow[Any], object, AnyRef]] = [
        (twinmaker.create_sync_job("factory", sync_role=ROLE, sync_source="OTHER"), CREATED, other),
        (twinmaker.get_sync_job("factory", "OTHER"), existing(), other),
        (twinmaker.delete_sync_job("factory", "OTHER"), deleted, other),
        (twinmaker.summarize_sync_resources("factory", "OTHER"), SyncResourcePage(), other),
        (codeconnections.get_resource_sync_status("payments", "TERRAFORM_SYNC"), status, terraform),
    ]
    for flow, answer, ref in told:
        assert drive(flow, [answer]).ref == ref
    (call,) = calls_of(target_of(other).look(), [existing()])
    assert call.params == {"workspaceId": "factory", "syncSource": "OTHER"}
    create = twinmaker.create_sync_job("factory", sync_role=ROLE, sync_source="OTHER")
    _, look, _ = calls_of(create, [LOST[0], existing(), CREATED])
    assert look.params == call.params
    resources = target_of(other).resources
    assert resources is not None
    (call,) = calls_of(resources(), [SyncResourcePage()])
    assert call.params == {"workspaceId": "factory", "syncSource": "OTHER", "maxResults": 200}
    (call,) = calls_of(target_of(terraform).look(), [status])
    assert call.params == {"ResourceName": "payments", "SyncType": "TERRAFORM_SYNC"}


TERRAFORM_CONFIG = STACK_CONFIG.answer.model_copy(update={"sync_type": "TERRAFORM_SYNC"})
TERRAFORM = {"ResourceName": "payments", "SyncType": "TERRAFORM_SYNC"}
SERVICE = {"serviceName": "web"}
TEMPLATE = {"templateName": "web", "templateType": "ENVIRONMENT"}
TEMPLATE_CONFIG = TemplateSyncConfigAnswer(
    answer=TemplateSyncConfig(**PLACE, template_name="web", template_type="ENVIRONMENT")
)
BRANCH = {"repositoryName": "acme/web", "repositoryProvider": "GITHUB", "branch": "main"}


@pytest.mark.parametrize(
    ("ref", "definition", "status", "defining", "branch"),
    [
        (
            StackSync("payments", "TERRAFORM_SYNC"),
            STACK_CONFIG,
            TERRAFORM,
            TERRAFORM,
            {"RepositoryLinkId": "l", "Branch": "main", "SyncType": "TERRAFORM_SYNC"},
        ),
        (
            ServiceInstanceSync("web", "prod"),
            SERVICE_CONFIG,
            {**SERVICE, "serviceInstanceName": "prod"},
            SERVICE,
            {**BRANCH, "syncType": "SERVICE_SYNC"},
        ),
        (
            TemplateSync("web", "ENVIRONMENT", "2"),
            TEMPLATE_CONFIG,
            {**TEMPLATE, "templateVersion": "2"},
            TEMPLATE,
            {**BRANCH, "syncType": "TEMPLATE_SYNC"},
        ),
    ],
)
def test_every_question_about_a_git_sync_is_about_that_one(
    ref: AnyRef, definition: Any, status: object, defining: object, branch: object
) -> None:
    subject = target_of(ref)
    assert subject.repository_status is not None
    looks = calls_of(subject.look(), [not_found(), definition])
    assert [call.params for call in looks] == [status, defining]
    looks = calls_of(subject.repository_status(), [definition, not_found()])
    assert [call.params for call in looks] == [defining, branch]
    first, *_ = calls_of(subject.remains(), [definition, GitSyncReply(latest_sync=attempt("SUCCEEDED", MINE))])
    assert first.params == defining


def test_what_is_ensured_is_the_sync_of_that_kind() -> None:
    def ensure() -> Flow[Any]:
        return Services("codeconnections").codeconnections.ensure_sync_configuration(
            "payments",
            repository_link_id="l",
            branch="release",
            config_file="a.yaml",
            role_arn=ROLE,
            sync_type="TERRAFORM_SYNC",
        )

    for answers, operations in (
        ([not_found(), STACK_CONFIG], ["GetSyncConfiguration", "CreateSyncConfiguration"]),
        ([STACK_CONFIG, STACK_CONFIG], ["GetSyncConfiguration", "UpdateSyncConfiguration"]),
    ):
        check, *calls = calls_of(ensure(), [Model(), *answers])
        assert check.is_check
        assert [call.operation for call in calls] == operations
        for call in (check, *calls):
            assert call.params.items() >= TERRAFORM.items()


def test_what_is_found_is_the_sync_of_that_kind() -> None:
    findings = Findings("codeconnections")
    link = RepositoryLink(**REPOSITORY, connection_arn="c", repository_link_arn="arn", repository_link_id="l")
    drive(
        Services("codeconnections").codeconnections.discover(findings),
        [RepositoryLinks(items=(link,)), SyncConfigurations(items=(TERRAFORM_CONFIG,))],
    )
    assert findings.refs == [StackSync("payments", "TERRAFORM_SYNC")]


def test_what_is_not_searched_to_its_end_is_logged_with_where_it_is(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(AccessDeniedError):
        drive(discover(Services("codeconnections"), ["twinmaker"], "111111111111 eu-west-1: "), [denied()])
    where = "111111111111 eu-west-1: twinmaker was not searched for syncs to its end"
    assert caplog.messages == [f"{where}: {denied().code}"]


def test_a_release_is_of_that_blocker_of_that_sync() -> None:
    blockers = (blocker(),)
    stack, instance = (
        target_of(StackSync("payments", "TERRAFORM_SYNC")),
        target_of(ServiceInstanceSync("web", "prod")),
    )
    assert stack.resolve is not None
    assert instance.resolve is not None
    (call,) = calls_of(
        stack.resolve("0a1b", "put right"), [UpdatedSyncBlocker(resource_name="payments", sync_blocker=blocker())]
    )
    assert call.params == {**TERRAFORM, "Id": "0a1b", "ResolvedReason": "put right"}
    (call,) = calls_of(
        stack.blockers(),
        [SyncBlockerSummaryAnswer(answer=SyncBlockerSummary(resource_name="payments", latest_blockers=blockers))],
    )
    assert call.params == TERRAFORM
    assert stack.release.format(id="0a1b") == (
        "aws codeconnections update-sync-blocker --id 0a1b --sync-type TERRAFORM_SYNC --resource-name payments "
        "--resolved-reason REASON"
    )
    summary = ServiceSyncBlockerSummaryAnswer(
        answer=ServiceSyncBlockerSummary(service_name="web", latest_blockers=blockers)
    )
    *_, call = calls_of(
        instance.resolve("0a1b", "put right"),
        [summary, summary, UpdatedServiceSyncBlocker(service_name="web", service_sync_blocker=blocker())],
    )
    assert call.params == {"id": "0a1b", "resolvedReason": "put right"}


# A deletion whose answer was lost.

DELETIONS: list[tuple[str, tuple[str, ...], Any]] = [
    (
        "twinmaker.delete_sync_job",
        ("factory",),
        DeletedSyncJob(ref=TwinMakerSync("factory"), status=SyncJobStatus(state=SyncState.DELETING, aws_state="")),
    ),
    ("proton.delete_service_sync_config", ("web",), None),
    ("proton.delete_template_sync_config", ("web", "SERVICE"), None),
    ("proton.delete_repository", ("acme/web", "GITHUB"), None),
    ("codeconnections.delete_sync_configuration", ("payments",), DeleteResult()),
    ("codeconnections.delete_repository_link", ("link",), DeleteResult()),
]


@pytest.mark.parametrize(("operation", "arguments", "gone"), DELETIONS, ids=[name for name, *_ in DELETIONS])
def test_what_is_gone_when_its_deletion_is_repeated_was_deleted(
    operation: str, arguments: tuple[str, ...], gone: Any
) -> None:
    delete = attrgetter(operation)(Services("codeconnections"))
    lost = TransportError("proton", "Delete", "reset", retryable=True, outcome_unknown=True)
    assert drive(retrying(delete(*arguments), 3), [lost, not_found()]) == gone
    with pytest.raises(NotFoundError):
        drive(retrying(delete(*arguments), 3), [not_found()])


# A creation whose answer was lost.

CREATED = CreateSyncJobReply(
    arn="arn", created_at=NOON, status=SyncJobStatus(state=SyncState.PENDING, aws_state="CREATING")
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
        status=SyncJobStatus(state=SyncState.RUNNING, aws_state="INITIALIZING"),
        created_at=NOON,
        updated_at=NOON,
    )


@pytest.mark.parametrize("lost", LOST)
def test_a_creation_whose_answer_was_lost_is_looked_up(lost: Exception) -> None:
    created = drive(create(), [lost, existing()])
    assert (created.ref, created.arn, created.created_at) == (TwinMakerSync("factory"), "arn", NOON)
    assert created.status.aws_state == "INITIALIZING"


@pytest.mark.parametrize("lost", LOST)
def test_and_asked_for_again_only_if_it_is_not_there(lost: Exception) -> None:
    assert drive(create(), [lost, not_found(), CREATED]).status.aws_state == "CREATING"


@pytest.mark.parametrize("lost", LOST)
def test_somebody_elses_job_is_not_taken_for_ours(lost: Exception) -> None:
    theirs = existing(role="arn:aws:iam::123456789012:role/another")
    with pytest.raises(ConflictError):
        drive(create(), [lost, theirs, ConflictError({}, "CreateSyncJob", "iottwinmaker"), theirs])


@pytest.mark.parametrize("lost", LOST)
def test_a_job_of_ours_that_is_seen_a_moment_late_is_ours(lost: Exception) -> None:
    conflict = ConflictError({}, "CreateSyncJob", "iottwinmaker")
    assert drive(create(), [lost, not_found(), conflict, existing()]).arn == "arn"


@pytest.mark.parametrize("lost", LOST)
def test_what_came_of_a_creation_may_not_be_told(lost: Exception) -> None:
    lost = copy(lost)
    with pytest.raises(type(lost)) as caught:
        drive(create(), [lost, denied()])
    assert caught.value is lost, "that counts more than why it cannot be looked up"
    assert caught.value.__notes__ == [f"What came of it could not be looked up: {denied()}"]


def test_a_creation_is_tried_twice_and_no_more() -> None:
    again = copy(LOST[0])
    with pytest.raises(TransportError) as caught:
        drive(create(), [LOST[0], not_found(), again, not_found()])
    assert caught.value is again


def test_a_creation_that_was_refused_is_not_looked_up() -> None:
    conflict = ConflictError({"Error": {"Code": "ConflictException"}}, "CreateSyncJob", "iottwinmaker")
    with pytest.raises(ConflictError):
        drive(create(), [conflict])


@dataclass(frozen=True)
class Creation:
    """A creation, what comes of it, and how that may differ from what somebody else made."""

    make: Callable[[Services], Flow[Any]]
    ours: Model
    answer: Callable[..., Model]
    found: Callable[..., Model]
    differs: Mapping[str, str]
    looked_up_by: Mapping[str, str]


def listed(answer: RepositoryLink) -> RepositoryLinks:
    return RepositoryLinks(items=(answer,))


GIT = {"repository_name": "acme/web", "repository_provider": "GITHUB", "branch": "main"}
CREATIONS = [
    Creation(
        lambda services: services.proton.create_service_sync_config("web", file_path="ops.yaml", **GIT),
        ServiceSyncConfig(**PLACE, service_name="web", file_path="ops.yaml"),
        ServiceSyncConfigAnswer,
        ServiceSyncConfigAnswer,
        {"file_path": "other.yaml"},
        {"serviceName": "web"},
    ),
    Creation(
        lambda services: services.proton.create_template_sync_config("web", "SERVICE", subdirectory="t", **GIT),
        TemplateSyncConfig(**PLACE, template_name="web", template_type="SERVICE", subdirectory="t"),
        TemplateSyncConfigAnswer,
        TemplateSyncConfigAnswer,
        {"aws_provider": "BITBUCKET"},
        {"templateName": "web", "templateType": "SERVICE"},
    ),
    Creation(
        lambda services: services.proton.create_repository("acme/web", "GITHUB", connection_arn="connection"),
        Repository(**REPOSITORY, arn="arn", connection_arn="connection"),
        RepositoryAnswer,
        RepositoryAnswer,
        {"connection_arn": "another"},
        {"name": "acme/web", "provider": "GITHUB"},
    ),
    Creation(
        lambda services: services.codeconnections.create_sync_configuration(
            "payments",
            repository_link_id="l",
            branch="main",
            config_file="a.yaml",
            role_arn=ROLE,
            sync_type="TERRAFORM_SYNC",
        ),
        TERRAFORM_CONFIG.model_copy(update={"config_file": "a.yaml", "publish_deployment_status": "ENABLED"}),
        SyncConfigurationAnswer,
        SyncConfigurationAnswer,
        {"role_arn": "another"},
        TERRAFORM,
    ),
    Creation(
        lambda services: services.codeconnections.create_repository_link(
            connection_arn="connection", owner_id="acme", repository_name="web"
        ),
        RepositoryLink(**REPOSITORY, connection_arn="connection", repository_link_arn="arn", repository_link_id="l"),
        RepositoryLinkAnswer,
        listed,
        {"owner": "another"},
        {},
    ),
]


@pytest.mark.parametrize("creation", CREATIONS, ids=lambda creation: type(creation.ours).__name__)
def test_every_creation_whose_answer_was_lost_is_looked_up(creation: Creation) -> None:
    def create() -> Flow[Any]:
        return retrying(creation.make(Services("codeconnections")), 3)

    ours, lost, conflict = creation.ours, LOST[0], ConflictError({}, "Create", "proton")
    theirs = creation.found(answer=ours.model_copy(update=creation.differs))
    assert drive(create(), [lost, creation.found(answer=ours)]) == ours
    assert drive(create(), [lost, theirs, creation.answer(answer=ours)]) == ours
    with pytest.raises(ConflictError):
        drive(create(), [lost, theirs, conflict, theirs])
    _, look = calls_of(create(), [lost, creation.found(answer=ours)])
    assert look.params == creation.looked_up_by


def test_tags_travel_with_a_creation() -> None:
    flow = TwinMaker().create_sync_job("factory", sync_role=ROLE, tags={"team": "a"})
    (call,) = calls_of(flow, [CREATED])
    assert call.params == {"workspaceId": "factory", "syncSource": "SITEWISE", "syncRole": ROLE, "tags": {"team": "a"}}


def test_a_reply_of_codeconnections_is_never_without_an_attempt() -> None:
    with pytest.raises(ValueError, match="Field required"):
        ResourceSyncReply.model_validate({})
