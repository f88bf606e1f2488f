"""Proton's repositories, sync configs, definitions and lists."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tests.emulator.clients import BotoClients
from tests.emulator.resources import CONNECTION
from unisync.emulator import ACCOUNT, REGION, Emulator

ARN = f"arn:aws:proton:{REGION}:{ACCOUNT}"
REPOSITORY = {"name": "acme/web", "provider": "GITHUB"}
FOLLOWED = {"repositoryName": "acme/web", "repositoryProvider": "GITHUB"}
SERVICE = {**FOLLOWED, "serviceName": "web", "branch": "main", "filePath": "ops.yaml"}
TEMPLATE = {**FOLLOWED, "templateName": "web", "templateType": "SERVICE", "branch": "main", "subdirectory": "web"}
KINDS = [("Service", SERVICE, "filePath"), ("Template", TEMPLATE, "subdirectory")]
of_each_kind = pytest.mark.parametrize(("kind", "config", "directory"), KINDS)

CallProton = Callable[..., dict[str, Any]]


@pytest.fixture
def call(boto: BotoClients) -> CallProton:
    """Calls an operation of Proton. The reply is without ResponseMetadata."""

    def call_operation(operation: str, params: Mapping[str, object]) -> dict[str, Any]:
        reply = boto.call("proton", operation, params)
        del reply["ResponseMetadata"]
        return reply

    return call_operation


def raises(boto: BotoClients, code: str, match: str) -> Any:
    return pytest.raises(boto.proton.exceptions.from_code(code), match=match)


def names_of(config: Mapping[str, str]) -> dict[str, str]:
    """The fields that name the service or the template."""
    return {name: value for name, value in config.items() if name in ("serviceName", "templateName", "templateType")}


def field(kind: str) -> str:
    return f"{kind.lower()}SyncConfig"


@pytest.fixture
def configurable(aws: Emulator) -> Emulator:
    """The emulator with a repository, a service and a template, without sync configs."""
    aws.add_repository("acme/web")
    aws.add_service("web")
    aws.add_template("web")
    return aws


# Instances


def test_an_instance_may_follow_a_branch_and_a_spec_of_its_own(
    aws: Emulator, boto: BotoClients, call: CallProton
) -> None:
    aws.add_service_instance("web", "prod", repository="acme/web", own_branch="live", spec="prod/spec.yaml")
    aws.add_service_instance("web", "beta", spec="beta/spec.yaml")
    aws.add_service_instance("web", "test")
    for name in ("prod", "beta", "test"):
        aws.push(service="web", instance=name, sha=f"c0ffee{name}")
    aws.clock.advance(30)
    expected = {
        "prod": ("live", "prod/spec.yaml"),
        "beta": ("main", "beta/spec.yaml"),
        "test": ("main", "proton-ops.yaml"),
    }
    for name, (branch, directory) in expected.items():
        status = call("GetServiceInstanceSyncStatus", {"serviceName": "web", "serviceInstanceName": name})
        revision = {**FOLLOWED, "branch": branch, "directory": directory, "sha": f"c0ffee{name}"}
        assert status["desiredState"] == status["latestSync"]["targetRevision"] == revision
        assert status["latestSuccessfulSync"]["initialRevision"] == revision
    definitions = call("ListRepositorySyncDefinitions", {**FOLLOWED, "syncType": "SERVICE_SYNC"})["syncDefinitions"]
    assert [(each["branch"], each["directory"]) for each in definitions] == list(expected.values())
    assert {each["parent"] for each in definitions} == {f"{ARN}:service/web"}
    config = call("GetServiceSyncConfig", {"serviceName": "web"})["serviceSyncConfig"]
    assert (config["branch"], config["filePath"]) == ("main", "proton-ops.yaml")


def commit_of(call: CallProton, instance: str) -> str | None:
    status = call("GetServiceInstanceSyncStatus", {"serviceName": "web", "serviceInstanceName": instance})
    return status["desiredState"]["sha"] if status else None


def test_a_push_to_the_branch_of_a_service_misses_instances_on_other_branches(aws: Emulator, call: CallProton) -> None:
    aws.add_service_instance("web", "prod", repository="acme/web", own_branch="live")
    aws.add_service_instance("web", "beta", spec="beta/spec.yaml")
    aws.add_service_instance("web", "test", own_branch="main")
    aws.push(service="web", sha="aaaaaaa")
    assert [commit_of(call, name) for name in ("prod", "beta", "test")] == [None, "aaaaaaa", "aaaaaaa"]
    aws.push(service="web", instance="prod", sha="bbbbbbb")
    assert [commit_of(call, name) for name in ("prod", "beta", "test")] == ["bbbbbbb", "aaaaaaa", "aaaaaaa"]
    aws.fail_branch(service="web", instance="prod", sha="ccccccc")
    aws.clock.advance(10)
    statuses = {
        branch: call("GetRepositorySyncStatus", {**FOLLOWED, "branch": branch, "syncType": "SERVICE_SYNC"})[
            "latestSync"
        ]
        for branch in ("main", "live")
    }
    assert (statuses["main"]["status"], statuses["live"]["status"]) == ("SUCCEEDED", "FAILED")


def test_an_instance_of_its_own_branch_follows_the_repository_of_its_service(aws: Emulator, call: CallProton) -> None:
    aws.add_service_instance("web", "prod", own_branch="live")
    with pytest.raises(ValueError, match="there is no sync config"):
        aws.push(service="web", instance="prod", sha="aaaaaaa")
    aws.add_repository("acme/web")
    call("CreateServiceSyncConfig", SERVICE)
    aws.push(service="web", instance="prod", sha="aaaaaaa")
    status = call("GetServiceInstanceSyncStatus", {"serviceName": "web", "serviceInstanceName": "prod"})
    assert status["desiredState"] == {**FOLLOWED, "branch": "live", "directory": "ops.yaml", "sha": "aaaaaaa"}


# Repositories


def test_a_repository_is_created_read_and_deleted(boto: BotoClients, call: CallProton) -> None:
    created = call("CreateRepository", {**REPOSITORY, "connectionArn": CONNECTION})
    assert created == {
        "repository": {
            "arn": f"{ARN}:repository/github:acme/web",
            "connectionArn": CONNECTION,
            "name": "acme/web",
            "provider": "GITHUB",
        }
    }
    assert call("GetRepository", REPOSITORY) == created
    assert call("ListRepositories", {}) == {"repositories": [created["repository"]]}
    assert call("DeleteRepository", REPOSITORY) == created
    assert call("ListRepositories", {}) == {"repositories": []}
    for operation in ("GetRepository", "DeleteRepository"):
        with raises(boto, "ResourceNotFoundException", "Repository acme/web not found"):
            call(operation, REPOSITORY)


@pytest.mark.parametrize(
    "change",
    [
        {"connectionArn": f"{CONNECTION}2"},
        {"encryptionKey": "arn:aws:kms:eu-west-1:123456789012:key/2"},
        {"tags": []},
        {"tags": [{"key": "a", "value": "c"}]},
    ],
    ids=str,
)
def test_only_an_identical_repository_can_be_created_again(
    boto: BotoClients, call: CallProton, change: Mapping[str, object]
) -> None:
    params = {
        **REPOSITORY,
        "connectionArn": CONNECTION,
        "encryptionKey": "arn:aws:kms:eu-west-1:123456789012:key/1",
        "tags": [{"key": "a", "value": "b"}],
    }
    created = call("CreateRepository", params)
    assert created["repository"]["encryptionKey"] == params["encryptionKey"]
    assert call("CreateRepository", params) == created
    with raises(boto, "ConflictException", "Repository acme/web already exists"):
        call("CreateRepository", {**params, **change})
    assert call("GetRepository", REPOSITORY) == created
    (summary,) = call("ListRepositories", {})["repositories"]
    assert "encryptionKey" not in summary


def test_repositories_of_two_providers_are_different(call: CallProton) -> None:
    for provider in ("GITHUB", "BITBUCKET", "GITHUB_ENTERPRISE"):
        call("CreateRepository", {**REPOSITORY, "provider": provider, "connectionArn": CONNECTION})
    listed = call("ListRepositories", {})["repositories"]
    assert [each["provider"] for each in listed] == ["GITHUB", "BITBUCKET", "GITHUB_ENTERPRISE"]


def test_a_repository_is_registered_by_itself_or_with_its_first_config(aws: Emulator, call: CallProton) -> None:
    aws.add_repository("acme/one", provider="Bitbucket")
    aws.add_service_instance("web", "prod", repository="acme/two")
    aws.add_template("net", repository="acme/three", template_type="ENVIRONMENT")
    aws.add_repository("acme/two")
    aws.add_service_instance("free", "prod")
    listed = call("ListRepositories", {})["repositories"]
    assert [(each["name"], each["provider"]) for each in listed] == [
        ("acme/one", "BITBUCKET"),
        ("acme/two", "GITHUB"),
        ("acme/three", "GITHUB"),
    ]
    assert listed[1]["connectionArn"] == listed[2]["connectionArn"] != listed[0]["connectionArn"]


@of_each_kind
def test_a_followed_repository_cannot_be_deleted(
    configurable: Emulator, boto: BotoClients, call: CallProton, kind: str, config: Mapping[str, str], directory: str
) -> None:
    call(f"Create{kind}SyncConfig", config)
    with raises(boto, "ConflictException", "acme/web is followed by a sync config"):
        call("DeleteRepository", REPOSITORY)
    call(f"Delete{kind}SyncConfig", names_of(config))
    call("DeleteRepository", REPOSITORY)


# Sync configs


@of_each_kind
def test_a_config_is_created_read_and_deleted(
    configurable: Emulator, boto: BotoClients, call: CallProton, kind: str, config: Mapping[str, str], directory: str
) -> None:
    for _ in range(2):
        assert call(f"Create{kind}SyncConfig", config) == {field(kind): config}
    assert call(f"Get{kind}SyncConfig", names_of(config)) == {field(kind): config}
    assert call(f"Delete{kind}SyncConfig", names_of(config)) == {field(kind): config}
    for operation in (f"Get{kind}SyncConfig", f"Delete{kind}SyncConfig"):
        with raises(boto, "ResourceNotFoundException", "web has no sync config"):
            call(operation, names_of(config))
    with raises(boto, "ResourceNotFoundException", "web has no sync config"):
        call(f"Update{kind}SyncConfig", config)
    call(f"Create{kind}SyncConfig", {**config, "branch": "live"})


@of_each_kind
@pytest.mark.parametrize("change", [{"branch": "live"}, {"repositoryName": "acme/other"}, {"directory": "other"}])
def test_creating_another_config_is_a_conflict_but_an_update_is_not(
    configurable: Emulator,
    boto: BotoClients,
    call: CallProton,
    kind: str,
    config: Mapping[str, str],
    directory: str,
    change: Mapping[str, str],
) -> None:
    configurable.add_repository("acme/other")
    call(f"Create{kind}SyncConfig", config)
    other = {**config, **{directory if name == "directory" else name: value for name, value in change.items()}}
    with raises(boto, "ConflictException", "web already has another sync config"):
        call(f"Create{kind}SyncConfig", other)
    assert call(f"Get{kind}SyncConfig", names_of(config)) == {field(kind): config}
    assert call(f"Update{kind}SyncConfig", other) == {field(kind): other}
    assert call(f"Get{kind}SyncConfig", names_of(config)) == {field(kind): other}


def test_an_update_replaces_the_whole_config(configurable: Emulator, call: CallProton) -> None:
    call("CreateTemplateSyncConfig", TEMPLATE)
    without = {name: value for name, value in TEMPLATE.items() if name != "subdirectory"}
    assert call("UpdateTemplateSyncConfig", without) == {"templateSyncConfig": without}
    assert call("GetTemplateSyncConfig", names_of(TEMPLATE)) == {"templateSyncConfig": without}


@of_each_kind
def test_a_config_needs_an_existing_parent_and_repository(
    configurable: Emulator, boto: BotoClients, call: CallProton, kind: str, config: Mapping[str, str], directory: str
) -> None:
    no_parent = {**config, f"{kind.lower()}Name": "unknown"}
    no_repository = {**config, "repositoryName": "acme/unknown"}
    other_provider = {**config, "repositoryProvider": "BITBUCKET"}
    # The create operations declare no ResourceNotFoundException.
    for wrong in (no_parent, no_repository, other_provider):
        with raises(boto, "ValidationException", "not found"):
            call(f"Create{kind}SyncConfig", wrong)
    call(f"Create{kind}SyncConfig", config)
    for wrong in (no_parent, no_repository, other_provider):
        with raises(boto, "ResourceNotFoundException", "not found"):
            call(f"Update{kind}SyncConfig", wrong)
    for operation in (f"Get{kind}SyncConfig", f"Delete{kind}SyncConfig"):
        with raises(boto, "ResourceNotFoundException", "unknown not found"):
            call(operation, names_of(no_parent))
    assert call(f"Get{kind}SyncConfig", names_of(config)) == {field(kind): config}


def test_templates_of_two_types_are_different(configurable: Emulator, boto: BotoClients, call: CallProton) -> None:
    call("CreateTemplateSyncConfig", TEMPLATE)
    with raises(boto, "ResourceNotFoundException", "web not found"):
        call("GetTemplateSyncConfig", {"templateName": "web", "templateType": "ENVIRONMENT"})
    configurable.add_template("web", template_type="ENVIRONMENT")
    with raises(boto, "ResourceNotFoundException", "web has no sync config"):
        call("GetTemplateSyncConfig", {"templateName": "web", "templateType": "ENVIRONMENT"})


def test_a_service_keeps_its_status_without_its_config(aws: Emulator, boto: BotoClients, call: CallProton) -> None:
    aws.add_service_instance("web", "prod", repository="acme/web")
    aws.push(service="web", sha="90aa21b7")
    aws.clock.advance(30)
    instance = {"serviceName": "web", "serviceInstanceName": "prod"}
    before = call("GetServiceInstanceSyncStatus", instance)
    assert before["latestSync"]["status"] == "SUCCEEDED"
    call("DeleteServiceSyncConfig", {"serviceName": "web"})
    assert call("GetServiceInstanceSyncStatus", instance) == before
    assert call("GetServiceSyncBlockerSummary", instance)
    assert [each["name"] for each in call("ListServiceInstances", {})["serviceInstances"]] == ["prod"]
    for target in ({"service": "web"}, {"service": "web", "instance": "prod"}):
        with pytest.raises(ValueError, match="there is no sync config"):
            aws.push(sha="aaaaaaa", **target)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    assert aws.block(service="web", reason="by hand")
    call("CreateServiceSyncConfig", {**SERVICE, "branch": "live"})
    aws.unblock(service="web")
    aws.push(service="web", sha="aaaaaaa")
    aws.clock.advance(30)
    after = call("GetServiceInstanceSyncStatus", instance)
    # A commit keeps the branch that it was pushed to.
    assert after["latestSync"]["initialRevision"] == before["latestSync"]["targetRevision"]
    assert after["latestSync"]["targetRevision"] == {
        **FOLLOWED,
        "branch": "live",
        "directory": "ops.yaml",
        "sha": "aaaaaaa",
    }


def test_the_first_instance_with_a_repository_adds_the_config(
    aws: Emulator, boto: BotoClients, call: CallProton
) -> None:
    aws.add_service_instance("web", "prod")
    with raises(boto, "ResourceNotFoundException", "web has no sync config"):
        call("GetServiceSyncConfig", {"serviceName": "web"})
    aws.add_service_instance("web", "test", repository="acme/web")
    aws.add_service_instance("web", "beta", repository="acme/other")
    aws.add_service("web")
    config = call("GetServiceSyncConfig", {"serviceName": "web"})["serviceSyncConfig"]
    assert config == {**SERVICE, "filePath": "proton-ops.yaml"}
    assert [each["name"] for each in call("ListServiceInstances", {})["serviceInstances"]] == ["prod", "test", "beta"]


def test_a_push_reaches_only_templates_with_a_config(aws: Emulator, call: CallProton) -> None:
    aws.add_template("web", repository="acme/web")
    aws.add_template("web", template_type="ENVIRONMENT")
    aws.push(template="web", sha="aaaaaaa")
    version = {"templateName": "web", "templateVersion": "1"}
    assert call("GetTemplateSyncStatus", {**version, "templateType": "SERVICE"})["latestSync"]
    assert call("GetTemplateSyncStatus", {**version, "templateType": "ENVIRONMENT"}) == {}


# Definitions


def test_the_definitions_of_a_repository_by_sync_type(aws: Emulator, boto: BotoClients, call: CallProton) -> None:
    aws.add_template("web", repository="acme/web", subdirectory="web")
    aws.add_template("web", version="2")
    aws.add_template("net", repository="acme/web", template_type="ENVIRONMENT", branch="live")
    aws.add_template("other", repository="acme/other")
    aws.add_template("free")
    aws.add_service_instance("web", "prod", repository="acme/web", file_path="ops.yaml")
    aws.add_service_instance("web", "test")
    templates = call("ListRepositorySyncDefinitions", {**FOLLOWED, "syncType": "TEMPLATE_SYNC"})["syncDefinitions"]
    parent = f"{ARN}:service-template/web"
    of_web = {"branch": "main", "directory": "web", "parent": parent}
    net = f"{ARN}:environment-template/net"
    assert templates == [
        {**of_web, "target": f"{parent}:1"},
        {**of_web, "target": f"{parent}:2"},
        {"branch": "live", "directory": "", "parent": net, "target": f"{net}:1"},
    ]
    services = call("ListRepositorySyncDefinitions", {**FOLLOWED, "syncType": "SERVICE_SYNC"})["syncDefinitions"]
    parent = f"{ARN}:service/web"
    of_web = {"branch": "main", "directory": "ops.yaml", "parent": parent}
    assert services == [
        {**of_web, "target": f"{parent}/service-instance/prod"},
        {**of_web, "target": f"{parent}/service-instance/test"},
    ]
    with raises(boto, "ValidationException", "Repository acme/unknown not found"):
        call(
            "ListRepositorySyncDefinitions",
            {**FOLLOWED, "repositoryName": "acme/unknown", "syncType": "TEMPLATE_SYNC"},
        )


# Lists


def test_services_and_instances_are_listed(aws: Emulator, boto: BotoClients, call: CallProton) -> None:
    aws.add_service("empty")
    aws.add_service_instance("web", "prod", repository="acme/web")
    aws.add_service_instance("web", "test")
    aws.clock.advance(60)
    aws.add_service_instance("shop", "prod")
    services = call("ListServices", {})["services"]
    assert [(each["name"], each["status"], each["arn"]) for each in services] == [
        (name, "ACTIVE", f"{ARN}:service/{name}") for name in ("empty", "web", "shop")
    ]
    assert (services[2]["createdAt"] - services[1]["createdAt"]).total_seconds() == pytest.approx(60, abs=0.002)
    instances = call("ListServiceInstances", {})["serviceInstances"]
    assert [(each["serviceName"], each["name"]) for each in instances] == [
        ("web", "prod"),
        ("web", "test"),
        ("shop", "prod"),
    ]
    assert instances[1]["arn"] == f"{ARN}:service/web/service-instance/test"
    of_shop = call("ListServiceInstances", {"serviceName": "shop", "sortBy": "name", "filters": []})
    assert of_shop == {"serviceInstances": [instances[2]]}
    assert call("ListServiceInstances", {"serviceName": "empty"}) == {"serviceInstances": []}
    with raises(boto, "ResourceNotFoundException", "Service unknown not found"):
        call("ListServiceInstances", {"serviceName": "unknown"})


@pytest.mark.parametrize("kind", ["Service", "Environment"])
def test_templates_and_versions_are_listed(aws: Emulator, boto: BotoClients, call: CallProton, kind: str) -> None:
    mine, other = ("SERVICE", "ENVIRONMENT") if kind == "Service" else ("ENVIRONMENT", "SERVICE")
    add: Any = aws.add_template
    add("web", template_type=mine, version="2")
    add("web", template_type=mine, version="10")
    add("web", template_type=other, version="7")
    add("net", template_type=mine, repository="acme/net")
    arn = f"{ARN}:{kind.lower()}-template/web"
    templates = call(f"List{kind}Templates", {})["templates"]
    assert [each["name"] for each in templates] == ["web", "net"]
    assert templates[0]["arn"] == arn
    majors = call(f"List{kind}TemplateVersions", {"templateName": "web"})["templateVersions"]
    assert [(each["arn"], each["majorVersion"], each["minorVersion"]) for each in majors] == [
        (f"{arn}:2", "2", "0"),
        (f"{arn}:10", "10", "0"),
    ]
    (minor,) = call(f"List{kind}TemplateVersions", {"templateName": "web", "majorVersion": "10"})["templateVersions"]
    assert minor == {**majors[1], "arn": f"{arn}:10.0"}
    for wrong in ({"templateName": "unknown"}, {"templateName": "web", "majorVersion": "7"}):
        with raises(boto, "ResourceNotFoundException", r"not found|has no version 7"):
            call(f"List{kind}TemplateVersions", wrong)


def test_a_template_version_is_the_recommended_one(aws: Emulator, call: CallProton) -> None:
    aws.add_template("web", repository="acme/web")
    (found,) = call("ListServiceTemplateVersions", {"templateName": "web"})["templateVersions"]
    assert (found["recommendedMinorVersion"], found["statusMessage"]) == (found["minorVersion"], "")
