"""Proton's repositories, sync configs and inventory."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tests.emulator.clients import CONNECTION, Clients
from unisync.emulator import ACCOUNT, REGION, Emulator

ARN = f"arn:aws:proton:{REGION}:{ACCOUNT}"
REPOSITORY = {"name": "acme/web", "provider": "GITHUB"}
FOLLOWED = {"repositoryName": "acme/web", "repositoryProvider": "GITHUB"}
SERVICE = {**FOLLOWED, "serviceName": "web", "branch": "main", "filePath": "ops.yaml"}
TEMPLATE = {**FOLLOWED, "templateName": "web", "templateType": "SERVICE", "branch": "main", "subdirectory": "web"}
KINDS = [("Service", SERVICE, "filePath"), ("Template", TEMPLATE, "subdirectory")]
of_each_kind = pytest.mark.parametrize(("kind", "config", "directory"), KINDS)

Call = Callable[..., dict[str, Any]]


@pytest.fixture
def call(boto: Clients) -> Call:
    """Any operation of Proton; its reply without what botocore adds."""

    def ask(operation: str, params: Mapping[str, object]) -> dict[str, Any]:
        reply = boto.call("proton", operation, params)
        del reply["ResponseMetadata"]
        return reply

    return ask


def refused(boto: Clients, code: str, match: str) -> Any:
    return pytest.raises(boto.proton.exceptions.from_code(code), match=match)


def names_of(config: Mapping[str, str]) -> dict[str, str]:
    """What says whose config it is."""
    return {name: value for name, value in config.items() if name in ("serviceName", "templateName", "templateType")}


def member(kind: str) -> str:
    return f"{kind.lower()}SyncConfig"


@pytest.fixture
def synced(aws: Emulator) -> Emulator:
    """What a sync config needs: a repository, and a service and a template without one."""
    aws.add_repository("acme/web")
    aws.add_service("web")
    aws.add_template("web")
    return aws


# Repositories


def test_a_repository_is_created_read_and_deleted(boto: Clients, call: Call) -> None:
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
        with refused(boto, "ResourceNotFoundException", "Repository acme/web not found"):
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
def test_a_repository_is_created_again_only_as_it_is(boto: Clients, call: Call, change: Mapping[str, object]) -> None:
    params = {
        **REPOSITORY,
        "connectionArn": CONNECTION,
        "encryptionKey": "arn:aws:kms:eu-west-1:123456789012:key/1",
        "tags": [{"key": "a", "value": "b"}],
    }
    created = call("CreateRepository", params)
    assert created["repository"]["encryptionKey"] == params["encryptionKey"]
    assert call("CreateRepository", params) == created
    with refused(boto, "ConflictException", "Repository acme/web already exists"):
        call("CreateRepository", {**params, **change})
    assert call("GetRepository", REPOSITORY) == created
    (summary,) = call("ListRepositories", {})["repositories"]
    assert "encryptionKey" not in summary


def test_repositories_of_two_providers_are_two(call: Call) -> None:
    for provider in ("GITHUB", "BITBUCKET", "GITHUB_ENTERPRISE"):
        call("CreateRepository", {**REPOSITORY, "provider": provider, "connectionArn": CONNECTION})
    listed = call("ListRepositories", {})["repositories"]
    assert [each["provider"] for each in listed] == ["GITHUB", "BITBUCKET", "GITHUB_ENTERPRISE"]


def test_a_repository_is_registered_by_hand_or_with_what_follows_it(aws: Emulator, call: Call) -> None:
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
def test_a_repository_that_is_followed_stays(
    synced: Emulator, boto: Clients, call: Call, kind: str, config: Mapping[str, str], directory: str
) -> None:
    call(f"Create{kind}SyncConfig", config)
    with refused(boto, "ConflictException", "acme/web is followed by a sync config"):
        call("DeleteRepository", REPOSITORY)
    call(f"Delete{kind}SyncConfig", names_of(config))
    call("DeleteRepository", REPOSITORY)


# Sync configs


@of_each_kind
def test_a_config_is_created_read_and_deleted(
    synced: Emulator, boto: Clients, call: Call, kind: str, config: Mapping[str, str], directory: str
) -> None:
    for _ in range(2):
        assert call(f"Create{kind}SyncConfig", config) == {member(kind): config}
    assert call(f"Get{kind}SyncConfig", names_of(config)) == {member(kind): config}
    assert call(f"Delete{kind}SyncConfig", names_of(config)) == {member(kind): config}
    for operation in (f"Get{kind}SyncConfig", f"Delete{kind}SyncConfig"):
        with refused(boto, "ResourceNotFoundException", "web has no sync config"):
            call(operation, names_of(config))
    with refused(boto, "ResourceNotFoundException", "web has no sync config"):
        call(f"Update{kind}SyncConfig", config)
    call(f"Create{kind}SyncConfig", {**config, "branch": "live"})


@of_each_kind
@pytest.mark.parametrize("change", [{"branch": "live"}, {"repositoryName": "acme/other"}, {"directory": "other"}])
def test_another_config_is_a_conflict_to_create_and_fine_to_update(
    synced: Emulator,
    boto: Clients,
    call: Call,
    kind: str,
    config: Mapping[str, str],
    directory: str,
    change: Mapping[str, str],
) -> None:
    synced.add_repository("acme/other")
    call(f"Create{kind}SyncConfig", config)
    other = {**config, **{directory if name == "directory" else name: value for name, value in change.items()}}
    with refused(boto, "ConflictException", "web already has another sync config"):
        call(f"Create{kind}SyncConfig", other)
    assert call(f"Get{kind}SyncConfig", names_of(config)) == {member(kind): config}
    assert call(f"Update{kind}SyncConfig", other) == {member(kind): other}
    assert call(f"Get{kind}SyncConfig", names_of(config)) == {member(kind): other}


def test_an_update_leaves_nothing_of_the_old_config(synced: Emulator, call: Call) -> None:
    call("CreateTemplateSyncConfig", TEMPLATE)
    without = {name: value for name, value in TEMPLATE.items() if name != "subdirectory"}
    assert call("UpdateTemplateSyncConfig", without) == {"templateSyncConfig": without}
    assert call("GetTemplateSyncConfig", names_of(TEMPLATE)) == {"templateSyncConfig": without}


@of_each_kind
def test_a_config_needs_what_it_is_of_and_what_it_follows(
    synced: Emulator, boto: Clients, call: Call, kind: str, config: Mapping[str, str], directory: str
) -> None:
    nobody, nowhere = {**config, f"{kind.lower()}Name": "nobody"}, {**config, "repositoryName": "acme/nowhere"}
    elsewhere = {**config, "repositoryProvider": "BITBUCKET"}
    # Create has no error of its own for what is not there.
    for wrong in (nobody, nowhere, elsewhere):
        with refused(boto, "ValidationException", "not found"):
            call(f"Create{kind}SyncConfig", wrong)
    call(f"Create{kind}SyncConfig", config)
    for wrong in (nobody, nowhere, elsewhere):
        with refused(boto, "ResourceNotFoundException", "not found"):
            call(f"Update{kind}SyncConfig", wrong)
    for operation in (f"Get{kind}SyncConfig", f"Delete{kind}SyncConfig"):
        with refused(boto, "ResourceNotFoundException", "nobody not found"):
            call(operation, names_of(nobody))
    assert call(f"Get{kind}SyncConfig", names_of(config)) == {member(kind): config}


def test_templates_of_two_types_are_two(synced: Emulator, boto: Clients, call: Call) -> None:
    call("CreateTemplateSyncConfig", TEMPLATE)
    with refused(boto, "ResourceNotFoundException", "web not found"):
        call("GetTemplateSyncConfig", {"templateName": "web", "templateType": "ENVIRONMENT"})
    synced.add_template("web", template_type="ENVIRONMENT")
    with refused(boto, "ResourceNotFoundException", "web has no sync config"):
        call("GetTemplateSyncConfig", {"templateName": "web", "templateType": "ENVIRONMENT"})


def test_without_its_config_a_service_is_what_it_was(aws: Emulator, boto: Clients, call: Call) -> None:
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
    for whom in ({"service": "web"}, {"service": "web", "instance": "prod"}):
        with pytest.raises(ValueError, match="without a sync config, no branch is followed"):
            aws.push(sha="aaaaaaa", **whom)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    assert aws.block(service="web", reason="by hand")
    call("CreateServiceSyncConfig", {**SERVICE, "branch": "live"})
    aws.unblock(service="web")
    aws.push(service="web", sha="aaaaaaa")
    aws.clock.advance(30)
    after = call("GetServiceInstanceSyncStatus", instance)
    # A commit stays where it was pushed.
    assert after["latestSync"]["initialRevision"] == before["latestSync"]["targetRevision"]
    assert after["latestSync"]["targetRevision"] == {
        **FOLLOWED,
        "branch": "live",
        "directory": "ops.yaml",
        "sha": "aaaaaaa",
    }


def test_a_config_comes_with_the_first_instance_that_has_a_repository(aws: Emulator, boto: Clients, call: Call) -> None:
    aws.add_service_instance("web", "prod")
    with refused(boto, "ResourceNotFoundException", "web has no sync config"):
        call("GetServiceSyncConfig", {"serviceName": "web"})
    aws.add_service_instance("web", "test", repository="acme/web")
    aws.add_service_instance("web", "beta", repository="acme/other")
    aws.add_service("web")
    config = call("GetServiceSyncConfig", {"serviceName": "web"})["serviceSyncConfig"]
    assert config == {**SERVICE, "filePath": "proton-ops.yaml"}
    assert [each["name"] for each in call("ListServiceInstances", {})["serviceInstances"]] == ["prod", "test", "beta"]


def test_a_push_reaches_the_templates_of_that_name_that_follow_something(aws: Emulator, call: Call) -> None:
    aws.add_template("web", repository="acme/web")
    aws.add_template("web", template_type="ENVIRONMENT")
    aws.push(template="web", sha="aaaaaaa")
    version = {"templateName": "web", "templateVersion": "1"}
    assert call("GetTemplateSyncStatus", {**version, "templateType": "SERVICE"})["latestSync"]
    assert call("GetTemplateSyncStatus", {**version, "templateType": "ENVIRONMENT"}) == {}


# Definitions


def test_the_definitions_of_a_repository_are_those_of_a_type(aws: Emulator, boto: Clients, call: Call) -> None:
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
    with refused(boto, "ValidationException", "Repository acme/nowhere not found"):
        call(
            "ListRepositorySyncDefinitions",
            {**FOLLOWED, "repositoryName": "acme/nowhere", "syncType": "TEMPLATE_SYNC"},
        )


# What there is


def test_services_and_instances_are_listed(aws: Emulator, boto: Clients, call: Call) -> None:
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
    with refused(boto, "ResourceNotFoundException", "Service nowhere not found"):
        call("ListServiceInstances", {"serviceName": "nowhere"})


@pytest.mark.parametrize("kind", ["Service", "Environment"])
def test_templates_and_versions_are_listed(aws: Emulator, boto: Clients, call: Call, kind: str) -> None:
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
    for wrong in ({"templateName": "nowhere"}, {"templateName": "web", "majorVersion": "7"}):
        with refused(boto, "ResourceNotFoundException", r"not found|has no version 7"):
            call(f"List{kind}TemplateVersions", wrong)
