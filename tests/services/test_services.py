"""The services, with flows driven by hand: the calls they make, and what they return for AWS's responses."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass
from datetime import timedelta
from operator import attrgetter
from typing import Any, cast

import pytest

from tests.support.operations import ALL_NAMES, is_list, operations_of
from tests.support.samples import MINE, NOON, STACK, attempt, blocker, drive, not_found, throttled
from unisync import (
    AccessDeniedError,
    AnyRef,
    ConflictError,
    DeletedSyncJob,
    DeleteResult,
    InvalidArgumentError,
    NotFoundError,
    Repository,
    RepositoryLink,
    ResponseError,
    ServerError,
    ServiceInstanceSync,
    ServiceSyncBlockerSummary,
    ServiceSyncConfig,
    StackSync,
    SyncBlocker,
    SyncBlockerSummary,
    SyncConfiguration,
    SyncJobStatus,
    SyncState,
    TemplateSync,
    TemplateSyncConfig,
    ThrottledError,
    TransportError,
    TwinMakerSync,
    UpdatedServiceSyncBlocker,
    UpdatedSyncBlocker,
)
from unisync._core.flow import Call, Flow, intercept
from unisync._core.retry import with_retries
from unisync._models.base import Model
from unisync._models.blocker_summaries import SyncBlockerSummaryEnvelope
from unisync._models.envelopes import (
    RepositoryEnvelope,
    RepositoryLinkEnvelope,
    RepositoryLinksPage,
    ServiceSyncBlockerSummaryEnvelope,
    ServiceSyncConfigEnvelope,
    SyncConfigurationEnvelope,
    SyncConfigurationsPage,
    TemplateSyncConfigEnvelope,
    Workspace,
    WorkspacesPage,
)
from unisync._models.jobs import GitSyncResponse, TwinMakerSyncResponse
from unisync._models.resources import SyncJobEntry, SyncJobsPage, SyncResourcesPage
from unisync._services.codeconnections import ResourceSyncResponse
from unisync._services.discovery import discover
from unisync._services.findings import Findings
from unisync._services.registry import Services
from unisync._services.twinmaker import CreateSyncJobResponse, DeleteSyncJobResponse, TwinMaker

ROLE = "arn:aws:iam::123456789012:role/sync"
target_of = Services("codeconnections").target_of

BRANCH: Mapping[str, Any] = {
    "repository_name": "web",
    "owner": "acme",
    "provider": "GitHub",
    "aws_provider": "GITHUB",
    "branch": "main",
}
REPOSITORY = {name: value for name, value in BRANCH.items() if name != "branch"}
SERVICE_CONFIG = ServiceSyncConfigEnvelope(value=ServiceSyncConfig(**BRANCH, service_name="web", file_path="ops.yaml"))
STACK_CONFIG = SyncConfigurationEnvelope(
    value=SyncConfiguration(
        **BRANCH, resource_name="payments", sync_type="CFN_STACK_SYNC", repository_link_id="l", role_arn=ROLE
    )
)
CONFIGURATIONS: list[tuple[AnyRef, Any, str]] = [
    (ServiceInstanceSync("web", "prod"), SERVICE_CONFIG, "GetServiceSyncConfig"),
    (StackSync("payments"), STACK_CONFIG, "GetSyncConfiguration"),
]


def calls_of(flow: Flow[Any], responses: list[Any]) -> list[Call[Any]]:
    """The calls that a flow makes, given the responses."""
    calls: list[Call[Any]] = []

    def record(call: Call[Any]) -> Flow[object]:
        calls.append(call)
        return (yield call)

    drive(intercept(flow, record), responses)
    return calls


def denied() -> AccessDeniedError:
    return AccessDeniedError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "Op", "proton")


@pytest.mark.parametrize(("ref", "configuration", "operation"), CONFIGURATIONS)
def test_a_sync_with_a_configuration_and_no_status_has_never_run(ref: Any, configuration: Any, operation: str) -> None:
    job = drive(target_of(ref).fetch(), [not_found(), configuration])
    assert (job.ref, job.status.state, job.status.aws_state, job.latest_sync) == (ref, SyncState.PENDING, "", None)
    calls = calls_of(target_of(ref).fetch(), [not_found(), configuration])
    assert [call.operation for call in calls][1:] == [operation]


@pytest.mark.parametrize(("ref", "configuration", "operation"), CONFIGURATIONS)
def test_a_sync_without_status_and_configuration_is_not_found(ref: Any, configuration: Any, operation: str) -> None:
    first = not_found()
    with pytest.raises(NotFoundError) as caught:
        drive(target_of(ref).fetch(), [first, not_found()])
    assert caught.value is first


@pytest.mark.parametrize(("ref", "configuration", "operation"), CONFIGURATIONS)
def test_a_configuration_that_is_denied_does_not_count_as_missing(ref: Any, configuration: Any, operation: str) -> None:
    with pytest.raises(AccessDeniedError):
        drive(target_of(ref).fetch(), [not_found(), denied()])


def test_an_empty_status_of_proton_means_never_run_if_there_is_a_configuration() -> None:
    fetch = target_of(ServiceInstanceSync("web", "prod")).fetch
    assert drive(fetch(), [GitSyncResponse(), SERVICE_CONFIG]).status.state is SyncState.PENDING
    for missing in (not_found(), ServiceSyncConfigEnvelope(value=None)):
        with pytest.raises(NotFoundError):
            drive(fetch(), [GitSyncResponse(), missing])


def test_the_target_of_a_template() -> None:
    ref = TemplateSync("web", "SERVICE", "1")
    calls = calls_of(target_of(ref).fetch(), [GitSyncResponse(latest_sync=attempt("SUCCEEDED", MINE))])
    assert [(call.operation, dict(call.params)) for call in calls] == [
        ("GetTemplateSyncStatus", {"templateName": "web", "templateType": "SERVICE", "templateVersion": "1"})
    ]
    assert drive(target_of(ref).blockers()) == ()


def test_the_blockers_of_a_stack_are_the_active_ones() -> None:
    summary = SyncBlockerSummary(resource_name="payments", latest_blockers=(blocker(), blocker("RESOLVED")))
    target = target_of(StackSync("payments"))
    assert drive(target.blockers(), [SyncBlockerSummaryEnvelope(value=summary)]) == (blocker(),)
    assert drive(target.blockers(), [not_found(), STACK_CONFIG]) == ()
    with pytest.raises(NotFoundError):
        drive(target.blockers(), [not_found(), not_found()])
    assert target.resolve_command.format(id="0a1b") == (
        "aws codeconnections update-sync-blocker --id 0a1b --sync-type CFN_STACK_SYNC --resource-name payments "
        "--resolved-reason REASON"
    )


def test_blockers_come_newest_first() -> None:
    newer = blocker().model_copy(update={"id": "2c3d", "created_at": NOON + timedelta(seconds=1)})
    summary = SyncBlockerSummary(resource_name="payments", latest_blockers=(blocker(), newer))
    target = target_of(StackSync("payments"))
    assert drive(target.blockers(), [SyncBlockerSummaryEnvelope(value=summary)]) == (newer, blocker())


def test_the_blockers_of_an_instance_include_those_of_its_service() -> None:
    def response(*blockers: Any) -> Model:
        return ServiceSyncBlockerSummaryEnvelope(
            value=ServiceSyncBlockerSummary(service_name="web", latest_blockers=blockers)
        )

    target = target_of(ServiceInstanceSync("web", "prod"))
    assert target.resolve_command == "aws proton update-service-sync-blocker --id {id} --resolved-reason REASON"
    other = blocker().model_copy(update={"id": "2c3d"})
    assert drive(target.blockers(), [response(blocker()), response(other)]) == (blocker(), other)
    assert drive(target.blockers(), [not_found(), response(other)]) == (other,)
    assert drive(target.blockers(), [ServiceSyncBlockerSummaryEnvelope(value=None), response()]) == ()
    # A blocker that was found blocks the sync, whatever else might.
    assert drive(target.blockers(), [response(blocker()), throttled()]) == (blocker(),)
    with pytest.raises(ThrottledError):
        drive(target.blockers(), [response(blocker("RESOLVED")), throttled()])
    calls = calls_of(target.blockers(), [response(), response()])
    assert [dict(call.params) for call in calls] == [
        {"serviceName": "web", "serviceInstanceName": "prod"},
        {"serviceName": "web"},
    ]


def test_a_missing_configuration_is_named() -> None:
    for ref, responses, message in (
        (
            ServiceInstanceSync("web", "prod"),
            [GitSyncResponse(), ServiceSyncConfigEnvelope(value=None)],
            "proton GetServiceSyncConfig: ResourceNotFoundException: service web has no sync configuration",
        ),
        (
            TemplateSync("web", "SERVICE", "1"),
            [GitSyncResponse(), TemplateSyncConfigEnvelope(value=None)],
            "proton GetTemplateSyncConfig: ResourceNotFoundException: template web has no sync configuration",
        ),
    ):
        with pytest.raises(NotFoundError) as caught:
            drive(target_of(ref).fetch(), responses)
        assert str(caught.value) == message


@pytest.mark.parametrize(
    "ref", [TwinMakerSync("factory"), ServiceInstanceSync("web", "prod"), TemplateSync("web", "SERVICE", "1"), STACK]
)
def test_a_target_has_its_reference_and_its_abilities(ref: AnyRef) -> None:
    target = target_of(ref)
    assert target.ref == ref
    assert target.has_revisions == (not isinstance(ref, TwinMakerSync))
    if target.resolve_command:
        assert next(target.resolve_blocker("some-id", "resolved"))
    else:
        with pytest.raises(InvalidArgumentError, match="ref: expected the reference of a stack or of a service"):
            target.resolve_blocker("some-id", "resolved")


def test_the_repr_of_a_service_has_its_name() -> None:
    assert repr(Services("codestar-connections").codeconnections) == "<CodeConnectionsTargets codestar-connections>"


def test_fields_around_a_response_are_kept_or_logged(caplog: pytest.LogCaptureFixture) -> None:
    read = Services("codeconnections").proton.get_service_sync_config
    unknown = {"unknown": 1, "new": 2}
    kept = drive(read("web"), [ServiceSyncConfigEnvelope.model_validate({"value": SERVICE_CONFIG.value, **unknown})])
    assert kept is not None
    assert (kept.service_name, kept.model_extra) == ("web", unknown)
    assert caplog.messages == []
    assert drive(read("web"), [ServiceSyncConfigEnvelope.model_validate(unknown)]) is None
    assert caplog.messages == ["proton GetServiceSyncConfig: dropped unknown, new from an empty response"]


# What each operation sends.

ARGUMENTS: Mapping[str, Any] = {
    "dry_run": False,
    "limit": 5,
    "next_token": "token",
    "page_size": 7,
    "tag_keys": ["team"],
    "tags": {"team": "a"},
    "template_type": "ENVIRONMENT",
    "template_version": "3",
}
"""The values of parameters that do not accept any text. The value of the others is their name."""


def snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


def operation_of(service: str, name: str) -> Callable[..., Any]:
    services = operations_of(service)
    operations = getattr(services, {"iottwinmaker": "twinmaker", "proton": "proton"}.get(service, "codeconnections"))
    return cast("Callable[..., Any]", getattr(operations, snake(name)))


def use_with_all_arguments(service: str, name: str, **changes: object) -> tuple[Any, dict[str, Any]]:
    """Use an operation with a value of its own for each parameter; its result, and the values."""
    operation = operation_of(service, name)
    arguments = {each: ARGUMENTS.get(each, each) for each in inspect.signature(operation).parameters} | changes
    return operation(**arguments), arguments


def sent_by(call: Call[Any]) -> dict[str, Any]:
    """The parameters of a call, under our names."""
    sent: dict[str, Any] = {snake(field).removesuffix("_filter"): value for field, value in call.params.items()}
    for one in sent.pop("filters", ()):
        sent |= {snake(field): value for field, value in one.items()}
    if isinstance(sent.get("tags"), list):
        sent["tags"] = dict(tag.values() for tag in sent["tags"])
    return sent


@pytest.mark.parametrize(("service", "name"), ALL_NAMES)
def test_every_argument_is_sent_unchanged_under_its_own_name(service: str, name: str) -> None:
    result, arguments = use_with_all_arguments(service, name)
    if is_list(result):
        paging = {each: arguments.pop(each) for each in ("limit", "page_size", "next_token") if each in arguments}
        assert {each: getattr(result, each) for each in paging} == paging
        fields = [snake(field) for field in (result.size_field, result.token_field) if field]
        assert fields == (["max_results", "next_token"] if "next_token" in paging else [])
        call = result.call
    else:
        call = next(result)
        arguments.pop("dry_run", None)
    if name == "ListTagsForResource":
        arguments |= {"iottwinmaker": {"max_results": 200}, "proton": {"max_results": 100}}.get(service, {})
    assert (call.service, call.operation, sent_by(call)) == (service, name, arguments)
    assert ("2026-10-07" in call.connection_hint) == (service == "proton")
    assert call.idempotent == (not re.search("^Create|Blocker$", name))


def test_a_list_rejects_invalid_names_before_iteration() -> None:
    twinmaker = Services("codeconnections").twinmaker
    for name, start in (
        ("workspace_id", lambda: twinmaker.list_sync_jobs("a/b")),
        ("workspace_id", lambda: twinmaker.list_sync_resources("a/b")),
        ("sync_source", lambda: twinmaker.list_sync_resources("factory", "a/b")),
    ):
        with pytest.raises(InvalidArgumentError, match=f"{name}: expected a name without spaces, slashes or colons"):
            start()


def test_a_sync_of_another_type_keeps_its_type() -> None:
    other, terraform = TwinMakerSync("factory", "OTHER"), StackSync("payments", "TERRAFORM_SYNC")
    services = Services("codeconnections")
    twinmaker, codeconnections = services.twinmaker, services.codeconnections
    deleted = DeleteSyncJobResponse(status=SyncJobStatus(state=SyncState.DELETING, aws_state="DELETING"))
    status = GitSyncResponse(latest_sync=attempt("SUCCEEDED", MINE))
    cases: list[tuple[Flow[Any], object, AnyRef]] = [
        (twinmaker.create_sync_job("factory", sync_role=ROLE, sync_source="OTHER"), CREATED, other),
        (twinmaker.get_sync_job("factory", "OTHER"), existing(), other),
        (twinmaker.delete_sync_job("factory", "OTHER"), deleted, other),
        (twinmaker.summarize_sync_resources("factory", "OTHER"), SyncResourcesPage(), other),
        (codeconnections.get_resource_sync_status("payments", "TERRAFORM_SYNC"), status, terraform),
    ]
    for flow, response, ref in cases:
        assert drive(flow, [response]).ref == ref
    (call,) = calls_of(target_of(other).fetch(), [existing()])
    assert call.params == {"workspaceId": "factory", "syncSource": "OTHER"}
    create = twinmaker.create_sync_job("factory", sync_role=ROLE, sync_source="OTHER")
    _, lookup, _ = calls_of(create, [LOST[0], existing(), CREATED])
    assert lookup.params == call.params
    resources = target_of(other).resources
    assert resources is not None
    (call,) = calls_of(resources(), [SyncResourcesPage()])
    assert call.params == {"workspaceId": "factory", "syncSource": "OTHER", "maxResults": 200}
    (call,) = calls_of(target_of(terraform).fetch(), [status])
    assert call.params == {"ResourceName": "payments", "SyncType": "TERRAFORM_SYNC"}


TERRAFORM_CONFIG = STACK_CONFIG.value.model_copy(update={"sync_type": "TERRAFORM_SYNC"})
TERRAFORM = {"ResourceName": "payments", "SyncType": "TERRAFORM_SYNC"}
SERVICE = {"serviceName": "web"}
TEMPLATE = {"templateName": "web", "templateType": "ENVIRONMENT"}
TEMPLATE_CONFIG = TemplateSyncConfigEnvelope(
    value=TemplateSyncConfig(**BRANCH, template_name="web", template_type="ENVIRONMENT")
)
AWS_BRANCH = {"repositoryName": "acme/web", "repositoryProvider": "GITHUB", "branch": "main"}


@pytest.mark.parametrize(
    ("ref", "configuration", "status_params", "configuration_params", "branch_params"),
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
            {**AWS_BRANCH, "syncType": "SERVICE_SYNC"},
        ),
        (
            TemplateSync("web", "ENVIRONMENT", "2"),
            TEMPLATE_CONFIG,
            {**TEMPLATE, "templateVersion": "2"},
            TEMPLATE,
            {**AWS_BRANCH, "syncType": "TEMPLATE_SYNC"},
        ),
    ],
)
def test_every_call_for_a_git_sync_is_about_that_sync(
    ref: AnyRef, configuration: Any, status_params: object, configuration_params: object, branch_params: object
) -> None:
    target = target_of(ref)
    assert target.repository_status is not None
    calls = calls_of(target.fetch(), [not_found(), configuration])
    assert [call.params for call in calls] == [status_params, configuration_params]
    calls = calls_of(target.repository_status(), [configuration, not_found()])
    assert [call.params for call in calls] == [configuration_params, branch_params]
    first, *_ = calls_of(
        target.fetch_until_deleted(), [configuration, GitSyncResponse(latest_sync=attempt("SUCCEEDED", MINE))]
    )
    assert first.params == configuration_params


def test_ensure_is_about_the_sync_of_that_type() -> None:
    def ensure() -> Flow[Any]:
        return Services("codeconnections").codeconnections.ensure_sync_configuration(
            "payments",
            repository_link_id="l",
            branch="release",
            config_file="a.yaml",
            role_arn=ROLE,
            sync_type="TERRAFORM_SYNC",
        )

    for responses, operations in (
        ([not_found(), STACK_CONFIG], ["GetSyncConfiguration", "CreateSyncConfiguration"]),
        ([STACK_CONFIG, STACK_CONFIG], ["GetSyncConfiguration", "UpdateSyncConfiguration"]),
    ):
        validation, *calls = calls_of(ensure(), [Model(), *responses])
        assert validation.validate_only
        assert [call.operation for call in calls] == operations
        for call in (validation, *calls):
            assert call.params.items() >= TERRAFORM.items()


def test_discovery_keeps_the_type_of_a_sync() -> None:
    findings = Findings("codeconnections")
    link = RepositoryLink(**REPOSITORY, connection_arn="c", repository_link_arn="arn", repository_link_id="l")
    drive(
        Services("codeconnections").codeconnections.discover(findings),
        [
            RepositoryLinksPage(next_token=None, items=(link,)),
            SyncConfigurationsPage(next_token=None, items=(TERRAFORM_CONFIG,)),
        ],
    )
    assert findings.refs == [StackSync("payments", "TERRAFORM_SYNC")]


def test_discovery_returns_what_it_found_and_the_first_error_of_each_service() -> None:
    workspaces = WorkspacesPage(
        items=(Workspace(workspace_id="factory"), Workspace(workspace_id="plant")), next_token=None
    )
    jobs, second = SyncJobsPage(items=(SyncJobEntry(),)), denied()
    found = drive(
        discover(Services("codeconnections"), None), [workspaces, jobs, denied(), second, second, second, second]
    )
    assert list(found) == [TwinMakerSync("factory")]
    assert len(found) == 1
    assert {name: str(error) for name, error in found.errors.items()} == dict.fromkeys(
        ("twinmaker", "codeconnections", "proton"), str(denied())
    )
    alone = drive(discover(Services("codeconnections"), ["twinmaker"]), [workspaces, not_found(), jobs])
    assert (list(alone), alone.errors) == ([TwinMakerSync("plant")], {})


@pytest.mark.parametrize("wrong", ["twinmaker", [], ["twinmaker", "lambda"]])
def test_discovery_rejects_unknown_services(wrong: Any) -> None:
    expected = "services: expected some of 'twinmaker', 'codeconnections', 'proton', got"
    with pytest.raises(InvalidArgumentError, match=expected):
        drive(discover(Services("codeconnections"), wrong))


def test_an_incomplete_search_is_logged_with_account_and_region(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(AccessDeniedError):
        drive(discover(Services("codeconnections"), ["twinmaker"], "111111111111 eu-west-1: "), [denied()])
    message = "111111111111 eu-west-1: the search of twinmaker for syncs is incomplete"
    assert caplog.messages == [f"{message}: {denied().code}"]


def test_resolving_is_about_that_blocker_of_that_sync() -> None:
    blockers = (blocker(),)
    stack, instance = (
        target_of(StackSync("payments", "TERRAFORM_SYNC")),
        target_of(ServiceInstanceSync("web", "prod")),
    )
    assert stack.resolve_blocker is not None
    assert instance.resolve_blocker is not None
    (call,) = calls_of(
        stack.resolve_blocker("0a1b", "fixed"), [UpdatedSyncBlocker(resource_name="payments", sync_blocker=blocker())]
    )
    assert call.params == {**TERRAFORM, "Id": "0a1b", "ResolvedReason": "fixed"}
    (call,) = calls_of(
        stack.blockers(),
        [SyncBlockerSummaryEnvelope(value=SyncBlockerSummary(resource_name="payments", latest_blockers=blockers))],
    )
    assert call.params == TERRAFORM
    assert stack.resolve_command.format(id="0a1b") == (
        "aws codeconnections update-sync-blocker --id 0a1b --sync-type TERRAFORM_SYNC --resource-name payments "
        "--resolved-reason REASON"
    )
    summary = ServiceSyncBlockerSummaryEnvelope(
        value=ServiceSyncBlockerSummary(service_name="web", latest_blockers=blockers)
    )
    *_, call = calls_of(
        instance.resolve_blocker("0a1b", "fixed"),
        [summary, summary, UpdatedServiceSyncBlocker(service_name="web", service_sync_blocker=blocker())],
    )
    assert call.params == {"id": "0a1b", "resolvedReason": "fixed"}


def test_a_blocker_of_another_service_is_not_resolved() -> None:
    target = target_of(ServiceInstanceSync("web", "prod"))
    assert target.resolve_blocker is not None
    empty = ServiceSyncBlockerSummaryEnvelope(value=None)
    message = "proton UpdateServiceSyncBlocker: ResourceNotFoundException: proton:web/prod has no blocker 0a1b"
    with pytest.raises(NotFoundError, match=message):
        drive(target.resolve_blocker("0a1b", "fixed"), [empty, empty])


def resolve(*responses: object) -> SyncBlocker:
    target = target_of(StackSync("payments"))
    assert target.resolve_blocker is not None
    return drive(with_retries(target.resolve_blocker("0a1b", "fixed"), 1), responses)


def summary_of(*blockers: SyncBlocker) -> Model:
    return SyncBlockerSummaryEnvelope(
        value=SyncBlockerSummary(resource_name="payments", latest_blockers=blockers),
    )


def test_resolving_with_a_lost_response_is_looked_up() -> None:
    resolved = blocker("RESOLVED")
    other = resolved.model_copy(update={"id": "2c3d"})
    updated = UpdatedSyncBlocker(resource_name="payments", sync_blocker=resolved)
    assert resolve(copy(LOST[0]), summary_of(other, resolved)) == resolved
    assert resolve(copy(LOST[0]), summary_of(other, blocker()), updated) == resolved
    assert resolve(copy(LOST[0]), not_found(), updated) == resolved


def test_a_retry_that_failed_after_resolving_is_not_looked_up() -> None:
    code = "RetryLatestCommitFailedException"
    with pytest.raises(ServerError) as caught:
        resolve(ServerError({"Error": {"Code": code}}, "UpdateSyncBlocker", "codeconnections"))
    assert caught.value.code == code
    assert not caught.value.outcome_unknown


@pytest.mark.parametrize(
    ("ref", "configuration", "remains"),
    [
        (StackSync("payments"), STACK_CONFIG, True),
        (ServiceInstanceSync("web", "prod"), SERVICE_CONFIG, False),
        (TemplateSync("web", "SERVICE", "1"), TEMPLATE_CONFIG, False),
    ],
)
def test_a_sync_with_a_shared_configuration_is_deleted_with_its_status(
    ref: AnyRef, configuration: Any, remains: bool
) -> None:
    fetch = target_of(ref).fetch_until_deleted
    with pytest.raises(NotFoundError):
        drive(fetch(), [not_found()])
    responses = [configuration, not_found(), configuration]
    if remains:
        assert drive(fetch(), responses).status.state is SyncState.PENDING
    else:
        with pytest.raises(NotFoundError):
            drive(fetch(), responses)


def test_tags_must_be_a_mapping() -> None:
    wrong: Any = ["team"]
    with pytest.raises(InvalidArgumentError, match=r"tags: expected a mapping of keys to values, got \['team'\]"):
        drive(TwinMaker().create_sync_job("factory", sync_role=ROLE, tags=wrong))


# Deletions with a lost response.

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


@pytest.mark.parametrize(("operation", "arguments", "deleted"), DELETIONS, ids=[name for name, *_ in DELETIONS])
def test_not_found_after_a_lost_response_means_deleted(
    operation: str, arguments: tuple[str, ...], deleted: Any
) -> None:
    delete = attrgetter(operation)(Services("codeconnections"))
    lost = TransportError("proton", "Delete", "reset", retryable=True, outcome_unknown=True)
    assert drive(with_retries(delete(*arguments), 3), [lost, not_found()]) == deleted
    with pytest.raises(NotFoundError):
        drive(with_retries(delete(*arguments), 3), [not_found()])


# Creations with a lost response.

CREATED = CreateSyncJobResponse(
    arn="arn", created_at=NOON, status=SyncJobStatus(state=SyncState.PENDING, aws_state="CREATING")
)
LOST = [
    TransportError("iottwinmaker", "CreateSyncJob", "reset", retryable=True, outcome_unknown=True),
    ResponseError("iottwinmaker", "CreateSyncJob", "truncated", status_code=200, request_id=None),
    ServerError({"Error": {"Code": "InternalServerException"}}, "CreateSyncJob", "iottwinmaker"),
]


def create() -> Flow[Any]:
    return with_retries(TwinMaker().create_sync_job("factory", sync_role=ROLE), 3)


def existing(role: str = ROLE) -> TwinMakerSyncResponse:
    return TwinMakerSyncResponse(
        arn="arn",
        workspace_id="factory",
        sync_source="SITEWISE",
        sync_role=role,
        status=SyncJobStatus(state=SyncState.RUNNING, aws_state="INITIALIZING"),
        created_at=NOON,
        updated_at=NOON,
    )


@pytest.mark.parametrize("lost", LOST)
def test_a_creation_with_a_lost_response_is_looked_up(lost: Exception) -> None:
    created = drive(create(), [lost, existing()])
    assert (created.ref, created.arn, created.created_at) == (TwinMakerSync("factory"), "arn", NOON)
    assert created.status.aws_state == "INITIALIZING"


@pytest.mark.parametrize("lost", LOST)
def test_a_lost_creation_is_retried_if_it_is_not_found(lost: Exception) -> None:
    assert drive(create(), [lost, not_found(), CREATED]).status.aws_state == "CREATING"


@pytest.mark.parametrize("lost", LOST)
def test_another_clients_job_is_a_conflict(lost: Exception) -> None:
    theirs = existing(role="arn:aws:iam::123456789012:role/another")
    with pytest.raises(ConflictError):
        drive(create(), [lost, theirs, ConflictError({}, "CreateSyncJob", "iottwinmaker"), theirs])


@pytest.mark.parametrize("lost", LOST)
def test_a_job_that_is_visible_late_is_found_on_the_retry(lost: Exception) -> None:
    conflict = ConflictError({}, "CreateSyncJob", "iottwinmaker")
    assert drive(create(), [lost, not_found(), conflict, existing()]).arn == "arn"


@pytest.mark.parametrize("lost", LOST)
def test_a_failed_lookup_raises_the_loss(lost: Exception) -> None:
    lost = copy(lost)
    with pytest.raises(type(lost)) as caught:
        drive(create(), [lost, denied()])
    assert caught.value is lost
    assert caught.value.__notes__ == [f"Its result could not be looked up: {denied()}"]


def test_a_creation_is_tried_at_most_twice() -> None:
    again = copy(LOST[0])
    with pytest.raises(TransportError) as caught:
        drive(create(), [LOST[0], not_found(), again, not_found()])
    assert caught.value is again


def test_a_rejected_creation_is_not_looked_up() -> None:
    conflict = ConflictError({"Error": {"Code": "ConflictException"}}, "CreateSyncJob", "iottwinmaker")
    with pytest.raises(ConflictError):
        drive(create(), [conflict])


@dataclass(frozen=True)
class Creation:
    """A creation, its result, and how a result of another client may differ."""

    make: Callable[[Services], Flow[Any]]
    ours: Model
    response: Callable[..., Model]
    found: Callable[..., Model]
    differs: Mapping[str, str]
    looked_up_by: Mapping[str, str]


def listed(value: RepositoryLink) -> Model:
    return RepositoryLinksPage(next_token=None, items=(value,))


GIT = {"repository_name": "acme/web", "repository_provider": "GITHUB", "branch": "main"}
CREATIONS = [
    Creation(
        lambda services: services.proton.create_service_sync_config("web", file_path="ops.yaml", **GIT),
        ServiceSyncConfig(**BRANCH, service_name="web", file_path="ops.yaml"),
        ServiceSyncConfigEnvelope,
        ServiceSyncConfigEnvelope,
        {"file_path": "other.yaml"},
        {"serviceName": "web"},
    ),
    Creation(
        lambda services: services.proton.create_template_sync_config("web", "SERVICE", subdirectory="t", **GIT),
        TemplateSyncConfig(**BRANCH, template_name="web", template_type="SERVICE", subdirectory="t"),
        TemplateSyncConfigEnvelope,
        TemplateSyncConfigEnvelope,
        {"aws_provider": "BITBUCKET"},
        {"templateName": "web", "templateType": "SERVICE"},
    ),
    Creation(
        lambda services: services.proton.create_repository("acme/web", "GITHUB", connection_arn="connection"),
        Repository(**REPOSITORY, arn="arn", connection_arn="connection"),
        RepositoryEnvelope,
        RepositoryEnvelope,
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
        SyncConfigurationEnvelope,
        SyncConfigurationEnvelope,
        {"role_arn": "another"},
        TERRAFORM,
    ),
    Creation(
        lambda services: services.codeconnections.create_repository_link(
            connection_arn="connection", owner_id="acme", repository_name="web"
        ),
        RepositoryLink(**REPOSITORY, connection_arn="connection", repository_link_arn="arn", repository_link_id="l"),
        RepositoryLinkEnvelope,
        listed,
        {"owner": "another"},
        {},
    ),
]


@pytest.mark.parametrize("creation", CREATIONS, ids=lambda creation: type(creation.ours).__name__)
def test_every_creation_with_a_lost_response_is_looked_up(creation: Creation) -> None:
    def create() -> Flow[Any]:
        return with_retries(creation.make(Services("codeconnections")), 3)

    ours, lost, conflict = creation.ours, LOST[0], ConflictError({}, "Create", "proton")
    theirs = creation.found(value=ours.model_copy(update=creation.differs))
    assert drive(create(), [lost, creation.found(value=ours)]) == ours
    assert drive(create(), [lost, theirs, creation.response(value=ours)]) == ours
    with pytest.raises(ConflictError):
        drive(create(), [lost, theirs, conflict, theirs])
    _, lookup = calls_of(create(), [lost, creation.found(value=ours)])
    assert lookup.params == creation.looked_up_by


def test_tags_are_sent_with_a_creation() -> None:
    flow = TwinMaker().create_sync_job("factory", sync_role=ROLE, tags={"team": "a"})
    (call,) = calls_of(flow, [CREATED])
    assert call.params == {"workspaceId": "factory", "syncSource": "SITEWISE", "syncRole": ROLE, "tags": {"team": "a"}}


def test_a_status_of_codeconnections_requires_an_attempt() -> None:
    with pytest.raises(ValueError, match="Field required"):
        ResourceSyncResponse.model_validate({})
