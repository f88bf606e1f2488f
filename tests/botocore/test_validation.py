"""What is checked before it is sent, for every shape that a request may have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel

from unisync import InvalidRequestError
from unisync._botocore.validation import broken_constraints
from unisync.testing import FakeUnisync


def broken(service: str, operation: str, **params: Any) -> list[str]:
    model = ServiceModel(Loader().load_service_model(service, "service-2"), service)
    return list(broken_constraints(model.operation_model(operation), params))


ROLE = "arn:aws:iam::123456789012:role/sync"
CONNECTION = "arn:aws:codeconnections:eu-west-1:123456789012:connection/0a1b"
STACK = {"ResourceName": "payments", "SyncType": "CFN_STACK_SYNC"}
LINK = "0a1b2c3d-0000-0000-0000-000000000000"


def resources(**params: Any) -> list[str]:
    return broken("iottwinmaker", "ListSyncResources", workspaceId="factory", syncSource="SITEWISE", **params)


def link(**params: Any) -> list[str]:
    given = {"ConnectionArn": CONNECTION, "OwnerId": "acme", "RepositoryName": "infra", **params}
    return broken("codeconnections", "CreateRepositoryLink", **given)


@pytest.mark.parametrize(
    ("said", "complaints"),
    [
        (resources(maxResults=200, filters=[{"state": "ERROR"}]), []),
        (resources(maxResults=201), ["page_size: expected at most 200 and got 201"]),
        (
            resources(filters=[{"state": "ERROR"}, {"state": "BROKEN"}]),
            ["state: expected one of DELETED, ERROR, INITIALIZING, IN_SYNC, PROCESSING and got 'BROKEN'"],
        ),
        (
            resources(filters=({"resourceId": "x" * 129},)),
            ["resource_id: expected 1 to 128 characters and got 129"],
        ),
        (resources(nextToken=""), []),
        (link(Tags=[{"Key": "team", "Value": ""}]), []),
        (link(Tags=[{"Key": "", "Value": "a"}]), ["tags[0].key: expected 1 to 128 characters and got ''"]),
        (link(Tags=[{"Key": "k", "Value": "v"}] * 201), ["tags: expected at most 200 items and got 201"]),
        (link(OwnerId="a\ud800"), ["owner_id: expected text that can be written in UTF-8 and got 'a\\ud800'"]),
        (link(OwnerId=["x" * 99]), [f"owner_id: expected text and got {str(['x' * 99])[:60]}…"]),
        (link(Tags="a"), ["tags: expected a list and got 'a'"]),
        (link(Tags=["a"]), ["tags[0]: expected a mapping and got 'a'"]),
        (link(Tags=[{"Key": "k"}]), ["tags[0].value: expected text"]),
        (link(EncryptionKeyArn=5), ["encryption_key_arn: expected text and got 5"]),
        (
            broken("codestar-connections", "UpdateSyncConfiguration", **STACK, PullRequestComment="ENABLED"),
            ["pull_request_comment: expected None, as this service has no such parameter"],
        ),
        (
            broken("codeconnections", "GetSyncConfiguration", SyncType="CFN_STACK_SYNC"),
            ["resource_name: expected text"],
        ),
        (broken("proton", "ListRepositories", maxResults=0), ["page_size: expected 1 to 100 and got 0"]),
        (broken("proton", "ListRepositories", maxResults="5"), ["page_size: expected a number and got '5'"]),
        (broken("proton", "ListRepositories", maxResults=True), ["page_size: expected a number and got True"]),
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


def test_a_word_that_the_model_lacks_is_let_through_on_request() -> None:
    model = ServiceModel(Loader().load_service_model("codeconnections", "service-2"), "codeconnections")
    operation = model.operation_model("GetSyncConfiguration")
    params = {"ResourceName": "payments", "SyncType": "TERRAFORM_SYNC"}
    assert list(broken_constraints(operation, params)) == [
        "sync_type: expected one of CFN_STACK_SYNC and got 'TERRAFORM_SYNC'"
    ]
    assert list(broken_constraints(operation, params, any_word=True)) == []
    too_long = {**params, "ResourceName": "x" * 101}
    assert list(broken_constraints(operation, too_long, any_word=True)) == [
        "resource_name: expected 1 to 100 characters and got 101"
    ]


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


NOT_FOR_A_URL = [
    "../factory",
    "a/b",
    "a%2fb",
    "a?b=c",
    "a#b",
    "a&b",
    "é",
    "a b",
    "a\nb",
    "a\x00b",
    "a:b",
    "..",
    ".",
    "",
]


@pytest.mark.parametrize("name", NOT_FOR_A_URL)
def test_what_would_change_a_url_is_refused_by_name(name: str) -> None:
    fake = FakeUnisync()
    twinmaker = fake.twinmaker
    calls: dict[str, Callable[[], object]] = {
        "GetSyncJob": lambda: twinmaker.get_sync_job(name),
        "ListSyncJobs": lambda: list(twinmaker.list_sync_jobs(name)),
        "DeleteSyncJob": lambda: twinmaker.delete_sync_job(name),
        "ListSyncResources": lambda: list(twinmaker.list_sync_resources("factory", name)),
        "CreateSyncJob": lambda: twinmaker.create_sync_job(name, sync_role=ROLE),
    }
    for call in calls.values():
        with pytest.raises(InvalidRequestError, match=r"(workspace_id|sync_source): expected ") as caught:
            call()
        assert caught.value.status_code is None
    assert fake.aws.calls == []
