"""CodeConnections' repository links and sync configurations, with both service names and both protocols."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import botocore.session
import pytest

from tests.emulator.clients import HAS_CBOR, BotoClients
from tests.emulator.resources import CONNECTION, ROLE
from unisync.emulator import ACCOUNT, REGION, Emulator

pytestmark = pytest.mark.slow

SYNC = {"SyncType": "CFN_STACK_SYNC"}
KEY = "arn:aws:kms:eu-west-1:123456789012:key/0a1b"
UNKNOWN = "ffffffff-ffff-4fff-8fff-ffffffffffff"


class Service:
    """CodeConnections with one service name and one protocol. Replies are without ResponseMetadata."""

    def __init__(self, boto: BotoClients, name: str) -> None:
        self.boto, self.name = boto, name

    def call(self, operation: str, **params: object) -> dict[str, Any]:
        reply = self.boto.call(self.name, operation, params)
        del reply["ResponseMetadata"]
        return reply

    def raises(self, code: str, match: str | None = None) -> Any:
        return pytest.raises(self.boto.client(self.name).exceptions.from_code(code), match=match)

    def create_link(self, **params: object) -> dict[str, Any]:
        defaults = {"ConnectionArn": CONNECTION, "OwnerId": "acme", "RepositoryName": "infra", **params}
        info: dict[str, Any] = self.call("CreateRepositoryLink", **defaults)["RepositoryLinkInfo"]
        return info

    def create(self, link: str, name: str = "payments", **params: object) -> dict[str, Any]:
        arguments = {"ResourceName": name, "RepositoryLinkId": link, "Branch": "main", "ConfigFile": "d.yaml", **params}
        reply = self.call("CreateSyncConfiguration", RoleArn=ROLE, **SYNC, **arguments)
        found: dict[str, Any] = reply["SyncConfiguration"]
        return found

    def get(self, name: str = "payments") -> dict[str, Any]:
        found: dict[str, Any] = self.call("GetSyncConfiguration", ResourceName=name, **SYNC)["SyncConfiguration"]
        return found

    def update(self, name: str = "payments", **params: object) -> dict[str, Any]:
        reply = self.call("UpdateSyncConfiguration", ResourceName=name, **SYNC, **params)
        found: dict[str, Any] = reply["SyncConfiguration"]
        return found


@pytest.fixture
def connections(boto: BotoClients) -> Service:
    return Service(boto, "codeconnections")


@pytest.fixture
def codestar(boto: BotoClients) -> Service:
    return Service(boto, "codestar-connections")


@pytest.fixture(
    params=[
        "codeconnections",
        "codestar-connections",
        pytest.param(
            "cbor", marks=pytest.mark.skipif(not HAS_CBOR, reason="the installed botocore's model has no CBOR")
        ),
    ]
)
def service(request: pytest.FixtureRequest) -> Service:
    """Each service name and protocol, for the tests whose replies differ between them."""
    if request.param == "cbor":
        return Service(request.getfixturevalue("cbor"), "codeconnections")
    return Service(request.getfixturevalue("boto"), request.param)


def test_a_link_is_created_read_and_deleted(service: Service) -> None:
    created = service.create_link()
    link = created["RepositoryLinkId"]
    assert created == {
        "ConnectionArn": CONNECTION,
        "OwnerId": "acme",
        "ProviderType": "GitHub",
        "RepositoryLinkArn": f"arn:aws:{service.name}:{REGION}:{ACCOUNT}:repository-link/{link}",
        "RepositoryLinkId": link,
        "RepositoryName": "infra",
    }
    assert service.call("GetRepositoryLink", RepositoryLinkId=link) == {"RepositoryLinkInfo": created}
    assert service.call("ListRepositoryLinks") == {"RepositoryLinks": [created]}
    assert service.call("DeleteRepositoryLink", RepositoryLinkId=link) == {}
    assert service.call("ListRepositoryLinks") == {"RepositoryLinks": []}


@pytest.mark.parametrize("provider", ["GitHub", "GitLab", "Bitbucket", "GitHubEnterpriseServer", "AzureDevOps"])
def test_a_link_has_the_provider_of_its_connection(aws: Emulator, connections: Service, provider: str) -> None:
    known: Any = botocore.session.get_session().get_service_model("codeconnections").shape_for("ProviderType")
    if provider not in known.enum:
        pytest.skip(f"this botocore does not know {provider}")
    arn = aws.add_connection(provider)
    created = connections.create_link(ConnectionArn=arn, OwnerId="acme/team", EncryptionKeyArn=KEY)
    assert (created["ProviderType"], created["ConnectionArn"]) == (provider, arn)
    assert (created["OwnerId"], created["RepositoryName"], created["EncryptionKeyArn"]) == ("acme/team", "infra", KEY)


def test_the_tags_of_a_link_are_not_in_the_reply(connections: Service) -> None:
    assert "Tags" not in connections.create_link(Tags=[{"Key": "team", "Value": "payments"}])


def test_a_repository_can_be_linked_only_once(aws: Emulator, connections: Service) -> None:
    connections.create_link()
    with connections.raises("ResourceAlreadyExistsException", "acme/infra already exists"):
        connections.create_link(ConnectionArn=aws.add_connection())
    connections.create_link(ConnectionArn=aws.add_connection("GitLab"))
    connections.create_link(RepositoryName="other")
    connections.create_link(OwnerId="other")


def test_an_update_of_a_link_changes_only_the_parameters_sent(aws: Emulator, service: Service) -> None:
    link = service.create_link()["RepositoryLinkId"]
    other = aws.add_connection()
    moved = service.call("UpdateRepositoryLink", RepositoryLinkId=link, ConnectionArn=other)["RepositoryLinkInfo"]
    assert moved["ConnectionArn"] == other
    assert "EncryptionKeyArn" not in moved
    keyed = service.call("UpdateRepositoryLink", RepositoryLinkId=link, EncryptionKeyArn=KEY)["RepositoryLinkInfo"]
    assert keyed == {**moved, "EncryptionKeyArn": KEY}
    assert service.call("UpdateRepositoryLink", RepositoryLinkId=link)["RepositoryLinkInfo"] == keyed
    assert service.call("GetRepositoryLink", RepositoryLinkId=link)["RepositoryLinkInfo"] == keyed


def test_a_link_cannot_change_its_provider(aws: Emulator, connections: Service) -> None:
    link = connections.create_link()["RepositoryLinkId"]
    with connections.raises("InvalidInputException", "does not lead to GitHub"):
        connections.call("UpdateRepositoryLink", RepositoryLinkId=link, ConnectionArn=aws.add_connection("GitLab"))
    assert connections.call("UpdateRepositoryLink", RepositoryLinkId=link, ConnectionArn=CONNECTION)


@pytest.mark.parametrize(
    ("operation", "params"),
    [
        ("GetRepositoryLink", {}),
        ("UpdateRepositoryLink", {}),
        ("DeleteRepositoryLink", {}),
        ("ListSyncConfigurations", SYNC),
        ("ListRepositorySyncDefinitions", SYNC),
        ("GetRepositorySyncStatus", {**SYNC, "Branch": "main"}),
    ],
)
def test_an_unknown_link_is_not_found(connections: Service, operation: str, params: Mapping[str, object]) -> None:
    with connections.raises("ResourceNotFoundException", UNKNOWN):
        connections.call(operation, RepositoryLinkId=UNKNOWN, **params)


def test_a_link_with_sync_configurations_cannot_be_deleted(connections: Service) -> None:
    link = connections.create_link()["RepositoryLinkId"]
    connections.create(link)
    with connections.raises("SyncConfigurationStillExistsException", link):
        connections.call("DeleteRepositoryLink", RepositoryLinkId=link)
    connections.call("DeleteSyncConfiguration", ResourceName="payments", **SYNC)
    connections.call("DeleteRepositoryLink", RepositoryLinkId=link)


def test_both_service_names_have_the_same_links_with_different_arns(connections: Service, codestar: Service) -> None:
    created = connections.create_link()
    seen = codestar.call("GetRepositoryLink", RepositoryLinkId=created["RepositoryLinkId"])["RepositoryLinkInfo"]
    assert seen["RepositoryLinkArn"].startswith("arn:aws:codestar-connections:")
    assert created["RepositoryLinkArn"].startswith("arn:aws:codeconnections:")
    assert {**seen, "RepositoryLinkArn": ""} == {**created, "RepositoryLinkArn": ""}


def test_an_account_may_have_a_hundred_links(aws: Emulator, connections: Service) -> None:
    for number in range(99):
        aws.add_repository_link(f"acme/r{number}")
    connections.create_link(RepositoryName="r99")
    with connections.raises("LimitExceededException", "has 100 repository links"):
        connections.create_link(RepositoryName="r100")
    link = aws.add_repository_link("acme/r7")
    connections.call("DeleteRepositoryLink", RepositoryLinkId=link)
    connections.create_link(RepositoryName="r100")


def test_a_sync_configuration_is_created_read_and_deleted(service: Service) -> None:
    link = service.create_link(OwnerId="acme/team")["RepositoryLinkId"]
    created = service.create(link)
    assert created == {
        "Branch": "main",
        "ConfigFile": "d.yaml",
        "OwnerId": "acme/team",
        "ProviderType": "GitHub",
        "RepositoryLinkId": link,
        "RepositoryName": "infra",
        "ResourceName": "payments",
        "RoleArn": ROLE,
        "SyncType": "CFN_STACK_SYNC",
    }
    assert service.get() == created
    listed = service.call("ListSyncConfigurations", RepositoryLinkId=link, **SYNC)
    assert listed == {"SyncConfigurations": [created]}
    definitions = service.call("ListRepositorySyncDefinitions", RepositoryLinkId=link, **SYNC)
    assert definitions == {
        "RepositorySyncDefinitions": [
            {"Branch": "main", "Directory": "d.yaml", "Parent": "payments", "Target": "payments"}
        ]
    }
    for _ in range(2):
        assert service.call("DeleteSyncConfiguration", ResourceName="payments", **SYNC) == {}
    with service.raises("ResourceNotFoundException"):
        service.get()
    assert service.call("ListSyncConfigurations", RepositoryLinkId=link, **SYNC) == {"SyncConfigurations": []}


@pytest.mark.parametrize(
    ("setting", "value"),
    [("PublishDeploymentStatus", "ENABLED"), ("TriggerResourceUpdateOn", "FILE_CHANGE")],
)
def test_an_optional_setting_is_in_the_reply_only_if_it_was_set(service: Service, setting: str, value: str) -> None:
    link = service.create_link()["RepositoryLinkId"]
    plain = service.create(link)
    assert setting not in plain
    assert service.create(link, "other", **{setting: value})[setting] == value
    assert service.update(**{setting: value}) == {**plain, setting: value}
    assert service.update(Branch="live") == {**plain, setting: value, "Branch": "live"}
    assert service.get() == {**plain, setting: value, "Branch": "live"}


def test_the_older_service_name_lacks_the_newer_setting(connections: Service, codestar: Service) -> None:
    link = connections.create_link()["RepositoryLinkId"]
    created = connections.create(link, PullRequestComment="ENABLED")
    assert created["PullRequestComment"] == "ENABLED"
    assert codestar.get() == {name: value for name, value in created.items() if name != "PullRequestComment"}
    (listed,) = codestar.call("ListSyncConfigurations", RepositoryLinkId=link, **SYNC)["SyncConfigurations"]
    assert listed == codestar.get()
    assert "PullRequestComment" not in codestar.update(Branch="live")
    assert connections.get() == {**created, "Branch": "live"}


def test_a_resource_can_be_configured_only_once(aws: Emulator, connections: Service) -> None:
    link = connections.create_link()["RepositoryLinkId"]
    aws.add_stack("made", repository="acme/other")
    for name in ("payments", "made"):
        if name == "payments":
            connections.create(link)
        with connections.raises("ResourceAlreadyExistsException", name):
            connections.create(link, name)


def test_a_configuration_needs_an_existing_link(connections: Service) -> None:
    with connections.raises("InvalidInputException", UNKNOWN):
        connections.create(UNKNOWN)
    link = connections.create_link()["RepositoryLinkId"]
    connections.create(link)
    with connections.raises("ResourceNotFoundException", UNKNOWN):
        connections.update(RepositoryLinkId=UNKNOWN, Branch="live")
    assert connections.get()["Branch"] == "main"


def test_an_update_changes_only_the_parameters_sent(aws: Emulator, connections: Service) -> None:
    created = connections.create(connections.create_link()["RepositoryLinkId"])
    other = aws.add_repository_link("acme/other", provider="GitLab")
    assert connections.update() == created
    assert connections.update(ConfigFile="e.yaml") == {**created, "ConfigFile": "e.yaml"}
    moved = connections.update(RepositoryLinkId=other, RoleArn=ROLE + "2")
    source = {"RepositoryLinkId": other, "RepositoryName": "other", "ProviderType": "GitLab"}
    assert moved == {**created, **source, "ConfigFile": "e.yaml", "RoleArn": ROLE + "2"}
    assert connections.get() == moved


@pytest.mark.parametrize(
    ("operation", "params"),
    [
        ("GetSyncConfiguration", {}),
        ("UpdateSyncConfiguration", {"Branch": "live"}),
        ("GetResourceSyncStatus", {}),
        ("GetSyncBlockerSummary", {}),
        ("UpdateSyncBlocker", {"Id": "1", "ResolvedReason": "x"}),
    ],
)
def test_an_unknown_resource_is_not_found(connections: Service, operation: str, params: Mapping[str, object]) -> None:
    with connections.raises("ResourceNotFoundException", "resource: unknown with sync type: CFN_STACK_SYNC"):
        connections.call(operation, ResourceName="unknown", **SYNC, **params)


def test_an_account_may_have_a_hundred_configurations(aws: Emulator, connections: Service) -> None:
    for number in range(99):
        aws.add_stack(f"stack{number}", repository=f"acme/r{number % 3}", branch=f"b{number % 2}")
    link = connections.create_link()["RepositoryLinkId"]
    connections.create(link, "stack99")
    with connections.raises("LimitExceededException", "has 100 sync configurations"):
        connections.create(link, "stack100")
    connections.call("DeleteSyncConfiguration", ResourceName="stack5", **SYNC)
    connections.create(link, "stack100")


def test_a_link_may_have_a_hundred_configurations(aws: Emulator, connections: Service) -> None:
    for number in range(100):
        aws.add_stack(f"stack{number}", repository="acme/infra", branch=f"b{number % 2}")
    with connections.raises("LimitExceededException", "has 100 sync configurations"):
        connections.create(aws.add_repository_link("acme/infra"), "stack100")


def test_a_branch_may_have_fifty_configurations(aws: Emulator, connections: Service) -> None:
    for number in range(49):
        aws.add_stack(f"stack{number}", repository="acme/infra")
    link = aws.add_repository_link("acme/infra")
    connections.create(link, "stack49")
    with connections.raises("LimitExceededException", "Branch main has 50 sync configurations"):
        connections.create(link, "stack50")
    connections.create(link, "stack50", Branch="live")
    # UpdateSyncConfiguration declares no quota error.
    with connections.raises("InvalidInputException", "Branch main has 50 sync configurations"):
        connections.update("stack50", Branch="main")
    assert connections.get("stack50")["Branch"] == "live"
    # An existing configuration may keep its branch.
    assert connections.update("stack49", Branch="main", ConfigFile="e.yaml")["ConfigFile"] == "e.yaml"
    connections.create(aws.add_repository_link("acme/other"), "stack51")


def test_stacks_of_one_repository_share_a_link(aws: Emulator, connections: Service) -> None:
    aws.add_stack("one", repository="acme/infra")
    aws.add_stack("two", repository="acme/infra", branch="live")
    aws.add_stack("three", repository="acme/infra", provider="GitLab")
    links = connections.call("ListRepositoryLinks")["RepositoryLinks"]
    assert [(link["RepositoryName"], link["ProviderType"]) for link in links] == [
        ("infra", "GitHub"),
        ("infra", "GitLab"),
    ]
    shared = links[0]["RepositoryLinkId"]
    assert aws.add_repository_link("acme/infra") == shared
    assert connections.get("one")["RepositoryLinkId"] == connections.get("two")["RepositoryLinkId"] == shared
    aws.remove_stack("one")
    aws.remove_stack("two")
    assert aws.add_repository_link("acme/infra") == shared


def test_a_push_reaches_a_stack_configured_by_a_client(aws: Emulator, connections: Service) -> None:
    aws.add_stack("payments")
    link = connections.create_link()["RepositoryLinkId"]
    connections.create(link, Branch="live", ConfigFile="prod.yaml")
    aws.push(stack="payments", sha="4f2c9e1d")
    aws.clock.advance(30)
    status = connections.call("GetResourceSyncStatus", ResourceName="payments", **SYNC)
    assert status["LatestSuccessfulSync"]["TargetRevision"] == {
        "Branch": "live",
        "Directory": "prod.yaml",
        "OwnerId": "acme",
        "ProviderType": "GitHub",
        "RepositoryName": "infra",
        "Sha": "4f2c9e1d",
    }
    aws.remove_stack("payments")
    with pytest.raises(ValueError, match="expected an existing stack"):
        aws.push(stack="payments", sha="4f2c9e1d")


def test_a_commit_keeps_the_branch_that_it_was_pushed_to(aws: Emulator, connections: Service) -> None:
    aws.add_stack("payments")
    connections.create(connections.create_link()["RepositoryLinkId"])
    aws.push(stack="payments", sha="aaaaaaa")
    aws.clock.advance(30)
    before = connections.call("GetResourceSyncStatus", ResourceName="payments", **SYNC)
    other = aws.add_repository_link("acme/other")
    connections.update(Branch="live", ConfigFile="e.yaml", RepositoryLinkId=other)
    assert connections.call("GetResourceSyncStatus", ResourceName="payments", **SYNC) == before
    aws.push(stack="payments", sha="bbbbbbb")
    aws.clock.advance(30)
    latest = connections.call("GetResourceSyncStatus", ResourceName="payments", **SYNC)["LatestSync"]
    assert latest["InitialRevision"] == before["LatestSync"]["TargetRevision"]
    moved = {"Sha": "bbbbbbb", "Branch": "live", "Directory": "e.yaml", "RepositoryName": "other"}
    assert latest["TargetRevision"] == {**latest["InitialRevision"], **moved}


def test_a_recreated_configuration_has_no_history(aws: Emulator, connections: Service) -> None:
    link = connections.create_link()["RepositoryLinkId"]
    connections.create(link)
    aws.push(stack="payments", sha="4f2c9e1d")
    connections.call("DeleteSyncConfiguration", ResourceName="payments", **SYNC)
    connections.create(link)
    with connections.raises("ResourceNotFoundException", "Could not find a sync status"):
        connections.call("GetResourceSyncStatus", ResourceName="payments", **SYNC)
