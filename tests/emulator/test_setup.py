"""The checks of `Setup`: names that no service would accept are rejected, and the message names the parameter."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.emulator.clients import BotoClients
from unisync.emulator import ACCOUNT, REGION, Emulator, Setup
from unisync.emulator.application import Application

LONG = "x" * 300
RESOURCE = {"workspace_id": "factory", "external_id": "a1"}


@pytest.mark.parametrize(
    ("method", "arguments", "parameter"),
    [
        (Setup.add_workspace, {"workspace_id": "fac tory"}, "workspace_id"),
        (Setup.add_workspace, {"workspace_id": "f"}, "workspace_id"),
        (Setup.add_workspace, {"workspace_id": ""}, "workspace_id"),
        (Setup.deny_role, {"role_arn": "sync"}, "role_arn"),
        (Setup.add_sync_resource, {"workspace_id": "unknown", "external_id": "a1"}, "workspace_id"),
        (Setup.add_sync_resource, {"workspace_id": "factory", "external_id": "a 1"}, "external_id"),
        (Setup.add_sync_resource, {**RESOURCE, "resource_id": "?"}, "resource_id"),
        (Setup.add_sync_resource, {**RESOURCE, "resource_id": ""}, "resource_id"),
        (
            Setup.add_sync_resource,
            {**RESOURCE, "resource_type": "ASSET"},
            "resource_type",
        ),
        (
            Setup.add_sync_resource,
            {**RESOURCE, "sync_source": "S-W"},
            "sync_source",
        ),
        (Setup.add_sync_resource, {**RESOURCE, "code": "OOPS"}, "code"),
        (Setup.add_sync_resource, {**RESOURCE, "reason": "x" * 2049}, "reason"),
        (Setup.add_sync_resource, {**RESOURCE, "outcome": "FAILED"}, "outcome"),
        (Setup.add_sync_resource, {**RESOURCE, "duration": -1.0}, "duration"),
        (Setup.add_sync_resource, {**RESOURCE, "duration": float("nan")}, "duration"),
        (Setup.add_sync_resource, {**RESOURCE, "resource_id": "iotsitewise.assetmodel:"}, "resource_id"),
        (Setup.add_sync_resource, {**RESOURCE, "outcome": "ERROR", "retry_after": -1.0}, "retry_after"),
        (Setup.fail_deletion, {"workspace_id": "unknown"}, "workspace_id"),
        (Setup.fail_deletion, {"workspace_id": "factory"}, "sync_source"),
        (Setup.fail_deletion, {"workspace_id": "factory", "reason": "x" * 2049}, "reason"),
        (Setup.remove_sync_resource, {"workspace_id": "unknown", "external_id": "a1"}, "workspace_id"),
        (Setup.remove_sync_resource, RESOURCE, "external_id"),
        (Setup.add_connection, {"provider": "GITHUB"}, "provider"),
        (Setup.add_repository_link, {"full_name": "infra"}, "full_name"),
        (Setup.add_repository_link, {"full_name": f"{LONG}/infra"}, "full_name"),
        (Setup.add_repository_link, {"full_name": f"acme/{LONG}"}, "full_name"),
        (Setup.add_repository_link, {"full_name": "acme/in\nfra"}, "full_name"),
        (Setup.add_repository_link, {"full_name": "acme/infra", "provider": "GITHUB"}, "provider"),
        (Setup.add_stack, {"name": "pay ments", "repository": "acme/infra"}, "name"),
        (Setup.add_stack, {"name": "", "repository": "acme/infra"}, "name"),
        (Setup.add_stack, {"name": "payments", "repository": "infra"}, "repository"),
        (Setup.add_stack, {"name": "payments", "repository": "acme/infra", "branch": ""}, "branch"),
        (Setup.add_stack, {"name": "payments", "repository": "acme/infra", "branch": LONG}, "branch"),
        (Setup.add_stack, {"name": "payments", "repository": "acme/infra", "provider": "Gitea"}, "provider"),
        (Setup.remove_stack, {"name": "payments"}, "name"),
        (Setup.add_repository, {"full_name": "web"}, "full_name"),
        (Setup.add_repository, {"full_name": f"acme/{LONG}"}, "full_name"),
        (Setup.add_repository, {"full_name": "acme/web", "provider": "GitLab"}, "provider"),
        (Setup.add_service, {"name": "we b"}, "name"),
        (Setup.add_service_instance, {"service": "-web", "instance": "prod"}, "service"),
        (Setup.add_service_instance, {"service": "web", "instance": LONG}, "instance"),
        (Setup.add_service_instance, {"service": "web", "instance": "prod", "repository": "web"}, "repository"),
        (Setup.add_service_instance, {"service": "web", "instance": "prod", "branch": LONG}, "branch"),
        (Setup.add_service_instance, {"service": "web", "instance": "prod", "file_path": ""}, "file_path"),
        (Setup.add_service_instance, {"service": "web", "instance": "prod", "spec": ""}, "spec"),
        (Setup.add_service_instance, {"service": "web", "instance": "prod", "own_branch": LONG}, "own_branch"),
        (Setup.remove_service, {"service": "web"}, "service"),
        (Setup.add_template, {"name": "we/b"}, "name"),
        (Setup.add_template, {"name": "web", "template_type": "PIPELINE"}, "template_type"),
        (Setup.add_template, {"name": "web", "version": "1.0"}, "version"),
        (Setup.add_template, {"name": "web", "subdirectory": "x" * 4097}, "subdirectory"),
        (Setup.add_template, {"name": "web", "repository": "acme/"}, "repository"),
        (Setup.push, {"service": "shop", "sha": LONG}, "sha"),
        (Setup.push, {"service": "shop", "sha": "aaaaaaa", "duration": -1.0}, "duration"),
        (Setup.modify, {"service": "shop"}, "instance"),
        (Setup.delete_stack_by_hand, {"name": "payments"}, "name"),
        (Setup.make_dormant, {"stack": "payments"}, "stack"),
        (Setup.fail_retry, {"stack": "payments"}, "stack"),
        (Setup.set_connection_status, {"connection_arn": "x", "status": "ERROR"}, "connection_arn"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_invalid_arguments_are_rejected(
    application: Application, method: Callable[..., object], arguments: dict[str, Any], parameter: str
) -> None:
    setup = Setup(application.account(ACCOUNT, REGION))
    setup.add_workspace("factory")
    setup.add_service_instance("shop", "prod", repository="acme/shop")
    before = repr(setup._account)
    with pytest.raises(ValueError, match=f"^{parameter}: ") as raised:
        method(setup, **arguments)
    assert len(str(raised.value)) > len(f"{parameter}: ")
    assert repr(setup._account) == before, "a rejected call changes nothing"


def test_a_removed_resource_cannot_be_removed_again(aws: Emulator) -> None:
    aws.add_workspace("factory")
    aws.add_sync_resource("factory", "a1")
    aws.remove_sync_resource("factory", "a1")
    with pytest.raises(ValueError, match=r"^external_id: SITEWISE has no ENTITY 'a1'"):
        aws.remove_sync_resource("factory", "a1")
    aws.add_sync_resource("factory", "a1")
    aws.remove_sync_resource("factory", "a1")


def test_the_longest_names_are_accepted(aws: Emulator) -> None:
    aws.add_workspace("w" * 128)
    aws.add_stack("s" * 100, repository=f"{'o' * 255}/{'n' * 128}", branch="b" * 255)
    aws.add_service_instance("s" * 100, "i" * 100, repository=f"acme/{'n' * 95}", branch="b" * 200)
    aws.push(stack="s" * 100, sha="f" * 255)


def test_a_nested_group_is_an_owner(aws: Emulator, boto: BotoClients) -> None:
    link = aws.add_repository_link("acme/team/infra", provider="GitLab")
    info = boto.connections.get_repository_link(RepositoryLinkId=link)["RepositoryLinkInfo"]
    assert (info["OwnerId"], info["RepositoryName"]) == ("acme/team", "infra")


def test_each_connection_has_its_own_arn(aws: Emulator, boto: BotoClients) -> None:
    first, second = aws.add_connection("GitLab"), aws.add_connection("GitLab")
    assert first != second
    link = aws.add_repository_link("acme/infra", provider="GitLab")
    info = boto.connections.get_repository_link(RepositoryLinkId=link)["RepositoryLinkInfo"]
    assert info["ConnectionArn"] == first
