"""What is checked before it is sent, for every shape that a request may have."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel

from unisync.constraints import broken_constraints


def broken(service: str, operation: str, **params: Any) -> list[str]:
    model = ServiceModel(Loader().load_service_model(service, "service-2"), service)
    return list(broken_constraints(model.operation_model(operation), params))


ROLE = "arn:aws:iam::123456789012:role/sync"
LINK = "0a1b2c3d-0000-0000-0000-000000000000"


def resources(**params: Any) -> list[str]:
    return broken("iottwinmaker", "ListSyncResources", workspaceId="factory", syncSource="SITEWISE", **params)


def link(**params: Any) -> list[str]:
    return broken("codeconnections", "CreateRepositoryLink", OwnerId="acme", RepositoryName="infra", **params)


@pytest.mark.parametrize(
    ("said", "complaints"),
    [
        (resources(maxResults=200, filters=[{"state": "ERROR"}]), []),
        (resources(maxResults=201), ["max_results: expected at most 200 and got 201"]),
        (
            resources(filters=[{"state": "ERROR"}, {"state": "BROKEN"}]),
            ["filters[1].state: expected one of DELETED, ERROR, INITIALIZING, IN_SYNC, PROCESSING and got 'BROKEN'"],
        ),
        (
            resources(filters=({"resourceId": "x" * 129},)),
            ["filters[0].resource_id: expected 1 to 128 characters and got 129"],
        ),
        (resources(nextToken=""), []),
        (link(Tags=[{"Key": "team", "Value": ""}]), []),
        (link(Tags=[{"Key": "", "Value": "a"}]), ["tags[0].key: expected 1 to 128 characters and got ''"]),
        (link(Tags=[{"Key": "k", "Value": "v"}] * 201), ["tags: expected at most 200 items and got 201"]),
        (link(NotOfTheModel="left to botocore"), []),
        (link(Tags="left to botocore"), []),
        (broken("proton", "ListRepositories", maxResults=0), ["max_results: expected 1 to 100 and got 0"]),
        (broken("proton", "ListRepositories", maxResults="left to botocore"), []),
        (
            broken("codeconnections", "ListSyncConfigurations", RepositoryLinkId="x", SyncType="CFN_STACK_SYNC"),
            [
                "repository_link_id: expected text of the form ^[0-9a-fA-F]{8}\\b-[0-9a-fA-F]{4}\\b-[0-9a-fA-F]{4}\\b-"
                "[0-9a-fA-F]{4}\\b-[0-9a-fA-F]{12}$ and got 'x'"
            ],
        ),
        (
            broken("codeconnections", "GetSyncConfiguration", ResourceName="a\n", SyncType="CFN_STACK_SYNC"),
            [r"resource_name: expected text of the form ^[0-9A-Za-z]+[0-9A-Za-z_\\-]*$ and got 'a\n'"],
        ),
    ],
)
def test_a_broken_constraint_is_a_sentence(said: list[str], complaints: list[str]) -> None:
    assert said == complaints


def test_a_bound_on_one_side_alone_is_said_alone() -> None:
    described = Loader().load_service_model("iottwinmaker", "service-2")
    del described["shapes"]["Id"]["max"]
    described["operations"]["Ping"] = {"name": "Ping", "http": {"method": "GET", "requestUri": "/ping"}}
    model = ServiceModel(described, "iottwinmaker")
    params: dict[str, object] = {"workspaceId": "", "syncSource": "SITEWISE"}
    assert list(broken_constraints(model.operation_model("GetSyncJob"), params)) == [
        "workspace_id: expected at least 1 characters and got ''"
    ]
    assert list(broken_constraints(model.operation_model("Ping"), {})) == []
