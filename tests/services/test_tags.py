"""Tags and repository links, with flows driven by hand: listed, set, removed, ensured, and searched for."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import pytest

from tests.services.test_services import STACK_CONFIG, calls_of, denied, existing
from tests.support.operations import KEY, ROLE, prepare
from tests.support.samples import drive, not_found
from unisync import (
    ConflictError,
    Connection,
    Discovery,
    Fleet,
    InvalidArgumentError,
    RepositoryLink,
    ServiceInstanceSync,
    ServiceSyncConfig,
    StackSync,
    TagResult,
    TemplateSync,
    TwinMakerSync,
)
from unisync._core.commands import AccountRegion
from unisync._core.flow import Call, Flow, intercept
from unisync._models.base import Model
from unisync._models.envelopes import (
    ConnectionEnvelope,
    RepositoryLinkEnvelope,
    RepositoryLinksPage,
    ServiceInstance,
    ServiceInstancesPage,
    ServiceSyncConfigEnvelope,
    SyncConfigurationsPage,
    TagsPage,
    Template,
    TemplatesPage,
    TemplateSyncConfigEnvelope,
    TemplateVersion,
    TemplateVersionsPage,
    Workspace,
    WorkspacesPage,
)
from unisync._models.resources import SyncJobEntry, SyncJobsPage
from unisync._services.discovery import discover
from unisync._services.ensure import EnsureResult
from unisync._services.operations import ServiceOperations
from unisync._services.registry import Services
from unisync.emulator import Emulator
from unisync.emulator.services import HANDLERS

SERVICES = Services("codeconnections")
ARN = "arn:aws:test"

AWS_TAGS: Mapping[str, Any] = {
    "twinmaker": {"tags": {"team": "a", "stage": "prod"}},
    "proton": {"tags": [{"key": "team", "value": "a"}, {"key": "stage", "value": "prod"}]},
    "codeconnections": {"Tags": [{"Key": "team", "Value": "a"}, {"Key": "stage", "Value": "prod"}]},
}
"""The same tags as each service returns them."""
EMPTY: list[dict[str, Any]] = [{}, {"tags": None}, {"Tags": []}, {"tags": {}}]
NO_TAGS: list[dict[str, str] | None] = [None, {}]
ARN_FIELD = {"twinmaker": "resourceARN", "proton": "resourceArn", "codeconnections": "ResourceArn"}


def operations(service: str) -> ServiceOperations:
    found: ServiceOperations = getattr(SERVICES, service)
    return found


def page(service: str, token: str | None = None) -> Model:
    """A page of tags, as AWS sends it."""
    return TagsPage.model_validate({**AWS_TAGS[service], **({"nextToken": token} if token else {})})


@pytest.mark.parametrize("service", AWS_TAGS)
def test_tags_are_a_dictionary_whatever_the_service_returns(service: str) -> None:
    read = operations(service).list_tags_for_resource
    assert drive(read(ARN), [page(service)]) == {"team": "a", "stage": "prod"}
    for empty in EMPTY:
        assert drive(read(ARN), [TagsPage.model_validate(empty)]) == {}
    (call,) = calls_of(read(ARN), [page(service)])
    sizes = {"twinmaker": {"maxResults": 200}, "proton": {"maxResults": 100}}
    assert call.params == {ARN_FIELD[service]: ARN, **sizes.get(service, {})}


@pytest.mark.parametrize("service", ["twinmaker", "proton"])
def test_tags_are_read_page_by_page(service: str) -> None:
    last = TagsPage.model_validate({"tags": [{"key": "cost", "value": ""}]})
    read = operations(service).list_tags_for_resource
    assert drive(read(ARN), [page(service, "t"), last]) == {"team": "a", "stage": "prod", "cost": ""}
    calls = calls_of(read(ARN), [page(service, "t"), last])
    assert [call.params.get("nextToken") for call in calls] == [None, "t"]


@pytest.mark.parametrize("wrong", [{"tags": [{"key": "team"}]}, {"tags": {"team": 5}}, {"tags": "team"}])
def test_a_response_without_readable_tags_is_invalid(wrong: Mapping[str, Any]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        TagsPage.model_validate(wrong)


@pytest.mark.parametrize("service", AWS_TAGS)
def test_tags_are_set_as_the_service_expects_them(service: str) -> None:
    (field, sent), *_ = AWS_TAGS[service].items()
    flow = operations(service).tag_resource(ARN, {"team": "a", "stage": "prod"})
    (call,) = calls_of(flow, [TagResult()])
    assert (call.operation, call.params, call.idempotent) == (
        "TagResource",
        {ARN_FIELD[service]: ARN, field: sent},
        True,
    )


@pytest.mark.parametrize("service", AWS_TAGS)
def test_tags_are_removed_by_their_keys(service: str) -> None:
    for keys in (["team"], ("team",), {"team"}, {"team": "a"}.keys()):
        (call,) = calls_of(operations(service).untag_resource(ARN, keys), [TagResult()])
        field = "TagKeys" if service == "codeconnections" else "tagKeys"
        assert (call.operation, call.params) == ("UntagResource", {ARN_FIELD[service]: ARN, field: ["team"]})


@pytest.mark.parametrize("wrong", [["team"], "team", 5])
def test_tags_are_a_mapping(wrong: Any) -> None:
    with pytest.raises(InvalidArgumentError, match="tags: expected a mapping of keys to values, got"):
        drive(SERVICES.proton.tag_resource(ARN, wrong))


@pytest.mark.parametrize("wrong", ["team", None, 5])
def test_keys_of_tags_are_several(wrong: Any) -> None:
    with pytest.raises(InvalidArgumentError, match="tag_keys: expected several keys, such as a list, got"):
        drive(SERVICES.proton.untag_resource(ARN, wrong))


# Links.

CONNECTION = "arn:aws:codeconnections:eu-west-1:123456789012:connection/0a1b"
OTHER_CONNECTION = f"{CONNECTION}2c3d"


def link(provider: str = "GitHub", connection: str = CONNECTION, name: str = "web") -> RepositoryLink:
    return RepositoryLink(
        repository_name=name,
        owner="acme",
        provider=provider,
        aws_provider=provider,
        connection_arn=connection,
        repository_link_arn=f"arn:{provider}",
        repository_link_id=provider,
    )


def links(*found: RepositoryLink) -> Model:
    return RepositoryLinksPage(items=found, next_token=None)


def ensure_link(responses: list[Any], **options: Any) -> tuple[EnsureResult[RepositoryLink], list[Call[Any]]]:
    """Ensure a link by hand, given the responses after that to the validation; and the calls."""
    calls: list[Call[Any]] = []

    def record(call: Call[Any]) -> Flow[object]:
        calls.append(call)
        return (yield call)

    flow = Services("codeconnections").codeconnections.ensure_repository_link(
        connection_arn=CONNECTION, owner_id="acme", repository_name="web", **options
    )
    return drive(intercept(flow, record), [Model(), *responses]), calls[1:]


def test_a_link_by_another_connection_of_the_provider_is_updated() -> None:
    github = ConnectionEnvelope(value=Connection(aws_status="AVAILABLE", aws_provider="GitHub"))
    before, after = link(connection=OTHER_CONNECTION), link()
    found = links(link(name="other"), link("GitLab", OTHER_CONNECTION), before)
    result, calls = ensure_link([found, github, RepositoryLinkEnvelope(value=after)])
    assert (result.action, result.changed) == ("updated", ("connection_arn",))
    assert (result.before, result.definition) == (before, after)
    assert [(call.operation, call.params) for call in calls] == [
        ("ListRepositoryLinks", {}),
        ("GetConnection", {"ConnectionArn": CONNECTION}),
        ("UpdateRepositoryLink", {"RepositoryLinkId": "GitHub", "ConnectionArn": CONNECTION}),
    ]


def test_a_repository_of_that_name_at_another_provider_has_a_link_of_its_own() -> None:
    github = ConnectionEnvelope(value=Connection(aws_status="AVAILABLE", aws_provider="GitHub"))
    result, calls = ensure_link([links(link("GitLab", OTHER_CONNECTION)), github, RepositoryLinkEnvelope(value=link())])
    assert (result.action, result.definition) == ("created", link())
    assert calls[-1].operation == "CreateRepositoryLink"


def test_a_link_by_the_connection_is_found_without_reading_the_connection() -> None:
    result, calls = ensure_link([links(link("GitLab", OTHER_CONNECTION), link())])
    assert (result.action, result.definition) == ("unchanged", link())
    assert [call.operation for call in calls] == ["ListRepositoryLinks"]


def tags(**values: str) -> Model:
    return TagsPage.model_validate({"Tags": [{"Key": key, "Value": value} for key, value in values.items()]})


def test_tags_that_are_missing_or_differ_are_set() -> None:
    found = links(link())
    wanted = {"team": "a", "stage": "prod", "cost": "7"}
    actual = tags(team="a", stage="dev", owner="x")
    result, calls = ensure_link([found, actual, TagResult(), found], tags=wanted)
    assert (result.action, result.changed, result.before, result.definition) == ("updated", ("tags",), link(), link())
    assert [(call.operation, call.params) for call in calls[1:3]] == [
        ("ListTagsForResource", {"ResourceArn": "arn:GitHub"}),
        (
            "TagResource",
            {
                "ResourceArn": "arn:GitHub",
                "Tags": [{"Key": "stage", "Value": "prod"}, {"Key": "cost", "Value": "7"}],
            },
        ),
    ]
    planned, calls = ensure_link([found, actual, Model()], tags=wanted, dry_run=True)
    assert (planned.action, planned.changed, planned.definition) == ("updated", ("tags",), link())
    assert [each.operation for each in planned.requests] == ["TagResource"]
    assert calls[-1].validate_only
    assert calls[-1].params == planned.requests[0].params


def test_tags_are_not_read_unless_some_are_wanted() -> None:
    found = links(link())
    for wanted in NO_TAGS:
        _, calls = ensure_link([found], tags=wanted)
        assert [call.operation for call in calls] == ["ListRepositoryLinks"]
    result, calls = ensure_link([found, tags(team="a")], tags={"team": "a"})
    assert result.action == "unchanged"


def test_the_link_and_its_tags_are_updated() -> None:
    found, after = links(link()), link().model_copy(update={"encryption_key_arn": KEY})
    responses = [found, tags(), RepositoryLinkEnvelope(value=after), TagResult()]
    result, calls = ensure_link(responses, tags={"team": "a"}, encryption_key_arn=KEY)
    assert (result.changed, result.definition) == (("encryption_key_arn", "tags"), after)
    assert [call.operation for call in calls[2:]] == ["UpdateRepositoryLink", "TagResource"]


def test_a_conflict_while_tags_are_set_is_retried() -> None:
    conflict = ConflictError({}, "TagResource", "codeconnections")
    responses = [links(link()), tags(), conflict, links(link()), tags(team="a", stage="b")]
    result, calls = ensure_link(responses, tags={"team": "a", "stage": "b"})
    assert (result.action, result.definition) == ("unchanged", link())
    assert [call.operation for call in calls].count("TagResource") == 1


# Discovery by tags.

WANTED = {"team": "payments", "stage": "prod"}


def found_by(service: Any, responses: Sequence[object], tags: Any = WANTED) -> tuple[Discovery, list[Call[Any]]]:
    """What a search finds, given the responses; and the calls."""
    calls: list[Call[Any]] = []

    def record(call: Call[Any]) -> Flow[object]:
        calls.append(call)
        return (yield call)

    flow = discover(SERVICES, [service], tags=tags)
    return drive(intercept(flow, record), responses), calls


MATCH, OTHER = tags(team="payments", stage="prod", owner="x"), tags(team="payments", stage="dev")
WORKSPACES = WorkspacesPage(items=(Workspace(workspace_id="factory"),), next_token=None)


def jobs(*arns: str | None) -> Model:
    return SyncJobsPage(items=tuple(SyncJobEntry(sync_source=f"S{n}", arn=arn) for n, arn in enumerate(arns)))


def test_sync_jobs_are_found_by_their_tags() -> None:
    found, calls = found_by("twinmaker", [WORKSPACES, jobs("arn:0", "arn:1", "arn:2"), MATCH, OTHER, tags()])
    assert list(found) == [TwinMakerSync("factory", "S0")]
    assert [call.params["resourceARN"] for call in calls[2:]] == ["arn:0", "arn:1", "arn:2"]


def test_a_job_whose_arn_the_list_leaves_out_is_read() -> None:
    found, calls = found_by("twinmaker", [WORKSPACES, jobs(None), existing(), MATCH])
    assert list(found) == [TwinMakerSync("factory", "S0")]
    assert [call.operation for call in calls[2:]] == ["GetSyncJob", "ListTagsForResource"]
    assert calls[2].params == {"workspaceId": "factory", "syncSource": "S0"}
    assert calls[3].params["resourceARN"] == "arn"


def test_stacks_are_found_by_the_tags_of_their_repository_link() -> None:
    configurations = SyncConfigurationsPage(items=(STACK_CONFIG.value,), next_token=None)
    two = links(link("GitLab"), link())
    found, calls = found_by("codeconnections", [two, OTHER, MATCH, configurations])
    assert list(found) == [StackSync("payments")]
    assert [call.params for call in calls[1:3]] == [{"ResourceArn": "arn:GitLab"}, {"ResourceArn": "arn:GitHub"}]
    assert calls[3].params["RepositoryLinkId"] == "GitHub"


CONFIG = ServiceSyncConfigEnvelope(
    value=ServiceSyncConfig(
        repository_name="web",
        owner="acme",
        provider="GitHub",
        aws_provider="GITHUB",
        branch="main",
        service_name="web",
        file_path="ops.yaml",
    )
)
TEMPLATE = TemplateSyncConfigEnvelope.model_validate(
    {
        "templateSyncConfig": {
            "repositoryName": "acme/web",
            "repositoryProvider": "GITHUB",
            "branch": "main",
            "templateName": "web",
            "templateType": "SERVICE",
        }
    }
)


def test_service_instances_and_templates_are_found_by_their_own_tags() -> None:
    instances = ServiceInstancesPage(
        items=tuple(ServiceInstance(name=name, service_name="web", arn=f"arn:{name}") for name in ("prod", "dev")),
        next_token=None,
    )
    templates = TemplatesPage(
        items=tuple(Template(name=name, arn=f"arn:{name}") for name in ("web", "old")), next_token=None
    )
    versions = TemplateVersionsPage(items=(TemplateVersion(major_version="1"),), next_token=None)
    none = TemplatesPage(items=(), next_token=None)
    responses = [instances, CONFIG, MATCH, OTHER, templates, TEMPLATE, MATCH, versions, TEMPLATE, OTHER, none]
    found, calls = found_by("proton", responses)
    assert list(found) == [ServiceInstanceSync("web", "prod"), TemplateSync("web", "SERVICE", "1")]
    read = [call.params["resourceArn"] for call in calls if call.operation == "ListTagsForResource"]
    assert read == ["arn:prod", "arn:dev", "arn:web", "arn:old"]


def test_a_search_that_may_not_read_tags_is_incomplete(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "unisync"):
        found, _ = found_by("twinmaker", [WORKSPACES, jobs("arn:0", "arn:1"), denied(), MATCH])
    assert list(found) == [TwinMakerSync("factory", "S1")]
    assert [str(error) for error in found.errors.values()] == [str(denied())]
    assert caplog.messages == ["the search of twinmaker for syncs is incomplete: AccessDeniedException"]


def test_a_resource_that_was_deleted_meanwhile_is_not_found() -> None:
    found, _ = found_by("twinmaker", [WORKSPACES, jobs("arn:0", "arn:1"), not_found(), MATCH])
    assert (list(found), found.errors) == ([TwinMakerSync("factory", "S1")], {})


def test_without_tags_to_search_for_none_are_read() -> None:
    for none in NO_TAGS:
        found, calls = found_by("twinmaker", [WORKSPACES, jobs("arn:0")], none)
        assert list(found) == [TwinMakerSync("factory", "S0")]
        assert "ListTagsForResource" not in [call.operation for call in calls]


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        (["team"], "a mapping of keys to values"),
        ("team", "a mapping of keys to values"),
        ({"team": 5}, "text as keys and values"),
        ({"team": None}, "text as keys and values"),
    ],
)
def test_tags_to_search_for_are_text(wrong: Any, expected: str) -> None:
    with pytest.raises(InvalidArgumentError, match=f"tags: expected {expected}, got"):
        drive(discover(SERVICES, None, tags=wrong))


def test_a_fleet_searches_by_tags_in_each_account() -> None:
    there = AccountRegion("111111111111", "eu-west-1")
    services = Services("codeconnections", there)
    found = drive(discover(services, ["twinmaker"], "", WANTED), [WORKSPACES, jobs("arn:0", "arn:1"), OTHER, MATCH])
    assert list(found) == [TwinMakerSync("factory", "S1")]


# With the emulator.

needs_tags = pytest.mark.skipif(
    not all("TagResource" in HANDLERS[service] for service in ("iottwinmaker", "proton", "codeconnections")),
    reason="the emulator has no tags",
)


@pytest.mark.slow
@needs_tags
def test_tags_of_all_services(aws: Emulator, make_either: Callable[..., Any]) -> None:
    client, known = make_either(), prepare(aws)
    for operations, arn in (
        (client.twinmaker, known.job_arn),
        (client.proton, known.repository_arn),
        (client.codeconnections, known.link_arn),
    ):
        assert operations.list_tags_for_resource(arn) == {}
        operations.tag_resource(arn, {"team": "a", "stage": "dev"})
        operations.tag_resource(arn, {"stage": "prod"})
        assert operations.list_tags_for_resource(arn) == {"team": "a", "stage": "prod"}
        operations.untag_resource(arn, ["team", "unknown"])
        assert operations.list_tags_for_resource(arn) == {"stage": "prod"}


@pytest.mark.slow
@needs_tags
def test_a_client_and_a_fleet_search_by_tags(aws: Emulator, make_either: Callable[..., Any]) -> None:
    client, known = make_either(), prepare(aws)
    client.twinmaker.create_sync_job("plant", sync_role=ROLE, tags={"team": "payments"})
    client.codeconnections.tag_resource(known.link_arn, {"team": "payments"})
    assert set(client.discover(tags={"team": "payments"})) == {TwinMakerSync("plant"), StackSync("payments-prod")}
    assert set(client.discover(services=["proton"], tags={"team": "payments"})) == set()
    options = aws.client_options()
    with Fleet(
        sessions={"123456789012": options["session"]}, endpoint_url=options["endpoint_url"], config=options["config"]
    ) as fleet:
        found = fleet.discover(tags={"team": "payments"})
        assert {ref.sync for ref in found} == {TwinMakerSync("plant"), StackSync("payments-prod")}


@pytest.mark.slow
@needs_tags
def test_ensuring_sets_the_tags_of_what_exists(aws: Emulator, make_either: Callable[..., Any]) -> None:
    client, known = make_either(), prepare(aws)
    twinmaker, proton, codeconnections = client.twinmaker, client.proton, client.codeconnections
    connection = {"connection_arn": known.connection}
    link = {**connection, "owner_id": "acme", "repository_name": "n"}

    def actions(ensure: Callable[..., Any]) -> list[str]:
        wanted = [{"a": "1"}, {"a": "1"}, {"a": "2", "b": "1"}, {"b": "1"}, None]
        return [ensure(tags=tags).action for tags in wanted]

    for ensure in (
        partial(twinmaker.ensure_sync_job, "plant", sync_role=ROLE),
        partial(proton.ensure_repository, "acme/n", "GITHUB", **connection),
        partial(codeconnections.ensure_repository_link, **link),
    ):
        assert actions(ensure) == ["created", "unchanged", "updated", "unchanged", "unchanged"]
