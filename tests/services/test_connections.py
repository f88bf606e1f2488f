"""Connections to providers: how they are read and listed, and statuses that AWS may add."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from unisync import Connection, ConnectionStatus, InvalidArgumentError, NotFoundError
from unisync._models.base import EnumMapping
from unisync.emulator import ACCOUNT, REGION, Emulator

ARN = f"arn:aws:codeconnections:{REGION}:{ACCOUNT}:connection/0a1b"

Make = Callable[..., Any]


def read(**fields: object) -> Connection:
    """A connection as it is read from AWS."""
    return Connection.model_validate(fields, context=EnumMapping({}))


@pytest.mark.parametrize("status", ["PENDING", "AVAILABLE", "ERROR"])
def test_a_connection_and_its_status(aws: Emulator, make_either: Make, status: Any) -> None:
    arn = aws.add_connection("GitLab", name="acme", status=status)
    connection = make_either().codeconnections.get_connection(arn)
    assert connection == Connection(
        name="acme",
        arn=arn,
        provider="GitLab",
        aws_provider="GitLab",
        owner_account=ACCOUNT,
        status=ConnectionStatus(status),
        aws_status=status,
    )
    assert Connection.model_validate(connection.model_dump(mode="json")) == connection


def test_connections_are_listed_by_provider(aws: Emulator, make_either: Make) -> None:
    for name, provider in (("one", "GitHub"), ("two", "GitLab"), ("three", "GitHub")):
        aws.add_connection(provider, name=name)
    listed = make_either().codeconnections.list_connections
    host = f"arn:aws:codestar-connections:{REGION}:{ACCOUNT}:host/enterprise-0a1b2c3d"
    assert [each.name for each in listed(page_size=2)] == ["one", "two", "three"]
    assert [each.name for each in listed(provider_type="GitHub", limit=1)] == ["one"]
    assert list(listed(host_arn=host)) == []


def test_a_missing_connection_is_not_found(make_either: Make) -> None:
    with pytest.raises(NotFoundError):
        make_either().codeconnections.get_connection(ARN)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"provider_type": "Gitea"}, "provider_type: expected one of "),
        ({"host_arn": "acme"}, "host_arn: expected text of the form arn:aws"),
        ({"page_size": 0}, "page_size: expected"),
    ],
)
def test_wrong_arguments_are_named(make_either: Make, arguments: dict[str, Any], message: str) -> None:
    client = make_either()
    with pytest.raises(InvalidArgumentError, match=message):
        list(client.codeconnections.list_connections(**arguments))
    with pytest.raises(InvalidArgumentError, match="connection_arn: expected text of the form arn:aws"):
        client.codeconnections.get_connection("acme")


def test_a_new_status_is_unknown_and_kept() -> None:
    connection = read(ConnectionArn=ARN, ConnectionStatus="SUSPENDED", status="new", Color="red")
    assert (connection.status, connection.aws_status) == (ConnectionStatus.UNKNOWN, "SUSPENDED")
    assert connection.model_extra == {"status_": "new", "Color": "red"}
    assert read(ConnectionStatus="UNKNOWN").status is ConnectionStatus.UNKNOWN
    assert hash(read(ConnectionArn=ARN)) == hash(read(ConnectionArn=ARN))


def test_what_aws_leaves_out_is_none() -> None:
    connection = read(ConnectionStatus=None, ProviderType=None)
    assert connection == read()
    assert (connection.status, connection.aws_status) == (ConnectionStatus.UNKNOWN, "")
    assert (connection.name, connection.arn, connection.provider, connection.host_arn) == (None, None, None, None)
