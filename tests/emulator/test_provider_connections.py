"""CodeConnections' connections to providers, with both service names."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.emulator.clients import BotoClients
from unisync.emulator import ACCOUNT, REGION, Emulator

pytestmark = pytest.mark.slow

HOST = f"arn:aws:codestar-connections:{REGION}:{ACCOUNT}:host/enterprise-0a1b2c3d"
services = pytest.mark.parametrize("service", ["codeconnections", "codestar-connections"])


def get(boto: BotoClients, arn: str, service: str = "codeconnections") -> dict[str, Any]:
    found: dict[str, Any] = boto.call(service, "GetConnection", {"ConnectionArn": arn})["Connection"]
    return found


def listed(boto: BotoClients, **params: object) -> list[str]:
    """The names of the connections in a list."""
    return [each["ConnectionName"] for each in boto.call("codeconnections", "ListConnections", params)["Connections"]]


def not_found(boto: BotoClients, service: str = "codeconnections") -> Any:
    return pytest.raises(boto.client(service).exceptions.from_code("ResourceNotFoundException"))


@services
def test_a_created_connection_is_pending_until_somebody_confirms_it(
    aws: Emulator, boto: BotoClients, service: str
) -> None:
    reply = boto.call(service, "CreateConnection", {"ConnectionName": "acme", "ProviderType": "GitLab"})
    arn = reply["ConnectionArn"]
    assert arn.startswith(f"arn:aws:{service}:{REGION}:{ACCOUNT}:connection/")
    assert "Tags" not in reply
    expected = {
        "ConnectionArn": arn,
        "ConnectionName": "acme",
        "ConnectionStatus": "PENDING",
        "OwnerAccountId": ACCOUNT,
        "ProviderType": "GitLab",
    }
    for name in ("codeconnections", "codestar-connections"):
        assert get(boto, arn, name) == expected
    aws.set_connection_status(arn, "AVAILABLE")
    assert get(boto, arn) == {**expected, "ConnectionStatus": "AVAILABLE"}
    aws.set_connection_status(arn, "ERROR")
    assert get(boto, arn) == {**expected, "ConnectionStatus": "ERROR"}


def test_a_connection_that_a_test_adds_is_available(aws: Emulator, boto: BotoClients) -> None:
    for arn, name, status in (
        (aws.add_connection("Bitbucket"), "Bitbucket", "AVAILABLE"),
        (aws.add_connection(name="acme", status="PENDING"), "acme", "PENDING"),
    ):
        found = get(boto, arn)
        assert (found["ConnectionName"], found["ConnectionStatus"]) == (name, status)


def test_connections_are_listed_by_provider(aws: Emulator, boto: BotoClients) -> None:
    assert listed(boto) == []
    for name, provider in (("one", "GitHub"), ("two", "GitLab"), ("three", "GitHub")):
        aws.add_connection(provider, name=name)
    assert listed(boto) == ["one", "two", "three"]
    assert listed(boto, ProviderTypeFilter="GitHub") == ["one", "three"]
    assert listed(boto, ProviderTypeFilter="Bitbucket") == []
    assert listed(boto, HostArnFilter=HOST) == []
    first = boto.call("codeconnections", "ListConnections", {"MaxResults": 2})
    assert listed(boto, MaxResults=2, NextToken=first["NextToken"]) == ["three"]
    assert len(first["Connections"]) == 2


@services
def test_a_deleted_connection_is_not_found(aws: Emulator, boto: BotoClients, service: str) -> None:
    arn = aws.add_connection()
    link = aws.add_repository_link("acme/infra")
    reply = boto.call(service, "DeleteConnection", {"ConnectionArn": arn})
    assert reply.keys() == {"ResponseMetadata"}
    assert listed(boto) == []
    for operation in ("GetConnection", "DeleteConnection"):
        with not_found(boto, service):
            boto.call(service, operation, {"ConnectionArn": arn})
    found = boto.connections.get_repository_link(RepositoryLinkId=link)["RepositoryLinkInfo"]
    assert found["ConnectionArn"] == arn, "the link keeps the ARN"
    with pytest.raises(ValueError, match=r"^connection_arn: there is no connection"):
        aws.set_connection_status(arn, "AVAILABLE")


def test_a_link_is_created_over_a_new_connection(aws: Emulator, boto: BotoClients) -> None:
    params = {"ConnectionName": "acme", "ProviderType": "GitLab"}
    arn = boto.call("codeconnections", "CreateConnection", params)["ConnectionArn"]
    link = boto.connections.create_repository_link(ConnectionArn=arn, OwnerId="acme", RepositoryName="infra")
    assert link["RepositoryLinkInfo"]["ProviderType"] == "GitLab"


def test_a_connection_needs_a_provider_and_has_no_host(boto: BotoClients) -> None:
    with not_found(boto):
        boto.call("codeconnections", "CreateConnection", {"ConnectionName": "acme", "HostArn": HOST})
    with pytest.raises(ClientError, match=r"\(ValidationException\) .*Either ProviderType or HostArn is required"):
        boto.call("codeconnections", "CreateConnection", {"ConnectionName": "acme"})


@services
def test_a_name_that_is_too_long_is_rejected_as_aws_does(boto: BotoClients, service: str) -> None:
    """The message as reported by users, for the longest name that a connection may have."""
    params = {"ConnectionName": "n" * 33, "ProviderType": "GitHub"}
    with pytest.raises(ClientError) as raised:
        boto.call(service, "CreateConnection", params)
    assert raised.value.response.get("Error", {}) == {
        "Code": "ValidationException",
        "Message": f"1 validation error detected: Value '{'n' * 33}' at 'connectionName' failed to satisfy constraint: "
        "Member must have length less than or equal to 32",
    }
    assert raised.value.response.get("ResponseMetadata", {}).get("HTTPStatusCode") == 400
    boto.call(service, "CreateConnection", {**params, "ConnectionName": "n" * 32})


def test_an_account_may_have_a_limited_number_of_connections(aws: Emulator, boto: BotoClients) -> None:
    for _ in range(249):
        aws.add_connection()
    params = {"ConnectionName": "last", "ProviderType": "GitHub"}
    arn = boto.call("codeconnections", "CreateConnection", params)["ConnectionArn"]
    error = boto.connections.exceptions.LimitExceededException
    with pytest.raises(error, match="has 250 connections"):
        boto.call("codeconnections", "CreateConnection", params)
    boto.call("codeconnections", "DeleteConnection", {"ConnectionArn": arn})
    boto.call("codeconnections", "CreateConnection", params)


def test_connections_in_cbor(aws: Emulator, boto: BotoClients, cbor: BotoClients) -> None:
    arn = aws.add_connection(status="ERROR")
    assert get(cbor, arn) == get(boto, arn)
    with not_found(cbor):
        get(cbor, f"{arn}2")
