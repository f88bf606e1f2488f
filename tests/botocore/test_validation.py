"""Validation of requests, for every kind of shape that they have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel

from unisync import InvalidArgumentError
from unisync._botocore.validation import violations
from unisync.testing import FakeUnisync


def violations_of(service: str, operation: str, **params: Any) -> list[str]:
    model = ServiceModel(Loader().load_service_model(service, "service-2"), service)
    return list(violations(model.operation_model(operation), params))


ROLE = "arn:aws:iam::123456789012:role/sync"
CONNECTION = "arn:aws:codeconnections:eu-west-1:123456789012:connection/0a1b"
STACK = {"ResourceName": "payments", "SyncType": "CFN_STACK_SYNC"}
LINK = "0a1b2c3d-0000-0000-0000-000000000000"


def resources(**params: Any) -> list[str]:
    return violations_of("iottwinmaker", "ListSyncResources", workspaceId="factory", syncSource="SITEWISE", **params)


def link(**params: Any) -> list[str]:
    request = {"ConnectionArn": CONNECTION, "OwnerId": "acme", "RepositoryName": "infra", **params}
    return violations_of("codeconnections", "CreateRepositoryLink", **request)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (resources(maxResults=200, filters=[{"state": "ERROR"}]), []),
        (resources(maxResults=201), ["page_size: expected at most 200, got 201"]),
        (
            resources(filters=[{"state": "ERROR"}, {"state": "BROKEN"}]),
            ["state: expected one of DELETED, ERROR, INITIALIZING, IN_SYNC, PROCESSING, got 'BROKEN'"],
        ),
        (
            resources(filters=({"resourceId": "x" * 129},)),
            ["resource_id: expected 1 to 128 characters, got 129"],
        ),
        (resources(nextToken=""), []),
        (link(Tags=[{"Key": "team", "Value": ""}]), []),
        (link(Tags=[{"Key": "", "Value": "a"}]), ["tags[0].key: expected 1 to 128 characters, got ''"]),
        (link(Tags=[{"Key": "k", "Value": "v"}] * 201), ["tags: expected at most 200 items, got 201"]),
        (link(OwnerId="a\ud800"), ["owner_id: expected text that can be written in UTF-8, got 'a\\ud800'"]),
        (link(OwnerId=["x" * 99]), [f"owner_id: expected text, got {str(['x' * 99])[:60]}…"]),
        (link(Tags="a"), ["tags: expected a list, got 'a'"]),
        (link(Tags=["a"]), ["tags[0]: expected a mapping, got 'a'"]),
        (link(Tags=[{"Key": "k"}]), ["tags[0].value: expected text"]),
        (link(EncryptionKeyArn=5), ["encryption_key_arn: expected text, got 5"]),
        (
            violations_of("codestar-connections", "UpdateSyncConfiguration", **STACK, PullRequestComment="ENABLED"),
            ["pull_request_comment: expected None, as this service has no such parameter"],
        ),
        (
            violations_of("codeconnections", "GetSyncConfiguration", SyncType="CFN_STACK_SYNC"),
            ["resource_name: expected text"],
        ),
        (violations_of("proton", "ListRepositories", maxResults=0), ["page_size: expected 1 to 100, got 0"]),
        (violations_of("proton", "ListRepositories", maxResults="5"), ["page_size: expected a number, got '5'"]),
        (violations_of("proton", "ListRepositories", maxResults=True), ["page_size: expected a number, got True"]),
        (
            violations_of("codeconnections", "ListSyncConfigurations", RepositoryLinkId="x", SyncType="CFN_STACK_SYNC"),
            [
                "repository_link_id: expected text of the form ^[0-9a-fA-F]{8}\\b-[0-9a-fA-F]{4}\\b-[0-9a-fA-F]{4}\\b-"
                "[0-9a-fA-F]{4}\\b-[0-9a-fA-F]{12}$, got 'x'"
            ],
        ),
        (
            violations_of("codeconnections", "GetSyncConfiguration", ResourceName="a\n", SyncType="CFN_STACK_SYNC"),
            [r"resource_name: expected text of the form ^[0-9A-Za-z]+[0-9A-Za-z_\\-]*$, got 'a\n'"],
        ),
    ],
)
def test_violations(found: list[str], expected: list[str]) -> None:
    assert found == expected


def test_enum_values_that_the_model_lacks_can_be_allowed() -> None:
    model = ServiceModel(Loader().load_service_model("codeconnections", "service-2"), "codeconnections")
    operation = model.operation_model("GetSyncConfiguration")
    params = {"ResourceName": "payments", "SyncType": "TERRAFORM_SYNC"}
    assert list(violations(operation, params)) == ["sync_type: expected one of CFN_STACK_SYNC, got 'TERRAFORM_SYNC'"]
    assert list(violations(operation, params, allow_unknown_values=True)) == []
    too_long = {**params, "ResourceName": "x" * 101}
    assert list(violations(operation, too_long, allow_unknown_values=True)) == [
        "resource_name: expected 1 to 100 characters, got 101"
    ]


def test_a_limit_on_one_side() -> None:
    description = Loader().load_service_model("iottwinmaker", "service-2")
    del description["shapes"]["Id"]["max"]
    description["operations"]["Ping"] = {"name": "Ping", "http": {"method": "GET", "requestUri": "/ping"}}
    model = ServiceModel(description, "iottwinmaker")
    params: dict[str, object] = {"workspaceId": "", "syncSource": "SITEWISE"}
    assert list(violations(model.operation_model("GetSyncJob"), params)) == [
        "workspace_id: expected at least 1 characters, got ''"
    ]
    assert list(violations(model.operation_model("Ping"), {})) == []


NOT_IN_A_URL = [
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


@pytest.mark.parametrize("name", NOT_IN_A_URL)
def test_a_name_that_would_change_the_url_is_rejected(name: str) -> None:
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
        with pytest.raises(InvalidArgumentError, match=r"(workspace_id|sync_source): expected "):
            call()
    assert fake.aws.calls == []
