"""The scene that tapes are compared with: syncs of every kind, on an emulated AWS, read in all of their states."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

from unisync._models.refs import ServiceInstanceSync, StackSync, SyncRef, TemplateSync, TwinMakerSync
from unisync.errors import UnisyncError
from unisync.testing.fake import FakeUnisync

_ROLE = "arn:aws:iam::123456789012:role/reader"
_DENIED = "arn:aws:iam::123456789012:role/denied"
_KEY = "arn:aws:kms:eu-west-1:123456789012:key/0a1b2c3d"
_SHAS = tuple(f"{number}a" * 20 for number in range(1, 10))
_TEMPLATE_ERROR = "Template error: instance of Fn::GetAtt references undefined resource Database"
_BY_HAND = "The stack was updated by hand"
_STEPS = (0, 1, 2, 3, 5, 20, 60)
"""Seconds between reads: an attempt takes half a minute, and is in each of its states at one of them."""
_GIT = {"repository_name": "acme/web", "repository_provider": "GITHUB", "branch": "main"}


def play(client: FakeUnisync) -> None:
    """Make everything happen, and read all of it on the way."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # that AWS ended its support of Proton
        _play(client)


def _play(client: FakeUnisync) -> None:
    _connections(client)
    _stacks(client)
    _proton(client)
    _twinmaker(client)
    _lists(client)
    for ref in _missing():
        _read(client, ref)
        _explain(client, ref)
    _calls(
        lambda: client.codeconnections.get_repository_link("0a1b2c3d-0000-0000-0000-000000000000"),
        lambda: client.codeconnections.get_sync_configuration("gone"),
        lambda: client.twinmaker.delete_sync_job("gone"),
    )


def _calls(*calls: Callable[[], Any]) -> None:
    """Call each; errors are replies like others."""
    for call in calls:
        with suppress(UnisyncError):
            result = call()
            if hasattr(result, "__iter__"):
                list(result)


def _missing() -> Iterable[SyncRef[Any]]:
    return (
        StackSync("gone"),
        ServiceInstanceSync("gone", "prod"),
        ServiceInstanceSync("web", "gone"),
        TemplateSync("gone", "SERVICE", "1"),
        TwinMakerSync("gone"),
        TwinMakerSync("empty"),
    )


def _read(client: FakeUnisync, ref: SyncRef[Any]) -> None:
    """Every read of a sync."""
    _calls(
        lambda: client.get(ref),
        lambda: None if isinstance(ref, TwinMakerSync) else client.blockers(ref),
        lambda: None if isinstance(ref, TwinMakerSync) else client.repository_status(ref),
    )


def _follow(client: FakeUnisync, *refs: SyncRef[Any]) -> None:
    """Read syncs again and again while time passes."""
    for seconds in _STEPS:
        client.aws.clock.advance(seconds)
        for ref in refs:
            _read(client, ref)
        _explain(client, refs[0])
    _explain(client, *refs[1:])


def _explain(client: FakeUnisync, *refs: SyncRef[Any]) -> None:
    """Everything around a sync: its definition, link, connection and stack, and who asks."""
    _calls(*(lambda ref=ref: client.explain(ref) for ref in refs))


def _connections(client: FakeUnisync) -> None:
    aws, code = client.aws, client.codeconnections
    arn = aws.add_connection()
    aws.add_connection("GitLab", status="PENDING")
    link = aws.add_repository_link("acme/spare")
    link_arn = f"arn:aws:codeconnections:eu-west-1:123456789012:repository-link/{link}"
    _calls(
        lambda: code.create_repository_link(
            connection_arn=arn, owner_id="acme", repository_name="new", encryption_key_arn=_KEY, tags={"team": "ops"}
        ),
        lambda: code.create_repository_link(connection_arn=arn, owner_id="acme", repository_name="new"),
        lambda: code.get_repository_link(link),
        lambda: code.update_repository_link(link, connection_arn=arn, encryption_key_arn=_KEY),
        lambda: code.tag_resource(link_arn, {"team": "ops"}),
        lambda: code.list_tags_for_resource(link_arn),
        lambda: code.untag_resource(link_arn, ["team"]),
        lambda: code.get_connection(arn),
        lambda: code.get_connection(arn[:-1]),
        lambda: code.list_connections(),
        lambda: code.delete_repository_link(link),
        lambda: code.delete_repository_link(link),
    )


def _stacks(client: FakeUnisync) -> None:
    aws, code = client.aws, client.codeconnections
    names = ("alpha", "bravo", "charlie", "delta", "echo", "golf", "hotel", "india")
    for name in names:
        aws.add_stack(name, repository="acme/infra", config_file=f"{name}.yaml")
    aws.add_stack("juliett", repository="acme/infra", creation_failure=("Queue", "AWS::SQS::Queue", "Queue is taken"))
    refs = [StackSync(name) for name in (*names, "juliett", "kilo")]
    link = aws.add_repository_link("acme/infra")
    configuration = {"repository_link_id": link, "branch": "main", "config_file": "a.yaml", "role_arn": _ROLE}
    _calls(
        lambda: code.create_sync_configuration("kilo", **configuration),
        lambda: code.create_sync_configuration("kilo", **configuration),
        lambda: code.get_sync_configuration("kilo"),
        lambda: code.update_sync_configuration(
            "kilo",
            publish_deployment_status="ENABLED",
            trigger_resource_update_on="ANY_CHANGE",
            pull_request_comment="ENABLED",
            **configuration,
        ),
        lambda: code.list_sync_configurations(link),
        lambda: code.list_repository_sync_definitions(link),
        lambda: code.delete_repository_link(link),
    )
    aws.push(stack="alpha", sha=_SHAS[0])
    _follow(client, *refs)
    for name in (*names, "juliett", "kilo"):
        with suppress(ValueError):  # it follows nothing
            aws.push(stack=name, sha=_SHAS[1])
    _follow(client, *refs)
    aws.push(stack="bravo", sha=_SHAS[2], outcome="FAILED", failed_resource=("Queue", "AWS::SQS::Queue", "It is taken"))
    aws.push(stack="charlie", sha=_SHAS[2], outcome="FAILED", reason=_TEMPLATE_ERROR, failure="change_set")
    blocker = aws.block(stack="delta", reason=_BY_HAND)
    aws.push(stack="delta", sha=_SHAS[2])
    aws.modify(stack="echo")
    aws.push(stack="echo", sha=_SHAS[2])
    aws.delete_stack_by_hand("golf")
    aws.push(stack="golf", sha=_SHAS[2])
    _follow(client, *refs)
    _calls(
        lambda: code.update_sync_blocker(blocker, resource_name="delta", resolved_reason="checked"),
        lambda: code.update_sync_blocker("0a1b2c3d", resource_name="delta", resolved_reason="checked"),
        lambda: client.resolve_blocker(StackSync("echo"), client.blockers(StackSync("echo"))[0], reason="checked"),
    )
    _follow(client, *refs)
    aws.push(stack="hotel", sha=_SHAS[3], outcome="FAILED")
    _follow(client, StackSync("hotel"))
    aws.fail_branch(stack="alpha", sha=_SHAS[4])
    _follow(client, StackSync("alpha"))
    aws.queue_branch(stack="alpha", sha=_SHAS[5])
    _follow(client, StackSync("alpha"))
    connection = str(code.get_repository_link(link).connection_arn)
    aws.set_connection_status(connection, "PENDING")
    aws.push(stack="alpha", sha=_SHAS[6])
    _follow(client, StackSync("alpha"))
    aws.set_connection_status(connection, "AVAILABLE")
    _calls(
        lambda: code.delete_sync_configuration("india"),
        lambda: code.delete_sync_configuration("india"),
    )


def _proton(client: FakeUnisync) -> None:
    aws = client.aws
    proton = client.proton  # pyright: ignore[reportDeprecated]
    aws.add_service_instance("web", "prod", repository="acme/web")
    aws.add_service_instance("web", "india")
    aws.add_service_instance("api", "prod")
    aws.add_template("web", repository="acme/web")
    aws.add_template("base", template_type="ENVIRONMENT", repository="acme/web", subdirectory="base")
    aws.add_template("api")
    aws.add_repository("acme/spare")
    arn = "arn:aws:proton:eu-west-1:123456789012:repository/github:acme/web"
    prod, template = ServiceInstanceSync("web", "prod"), TemplateSync("web", "SERVICE", "1")
    refs: list[SyncRef[Any]] = [
        prod,
        template,
        ServiceInstanceSync("web", "india"),
        ServiceInstanceSync("api", "prod"),
        TemplateSync("base", "ENVIRONMENT", "1"),
        TemplateSync("api", "SERVICE", "1"),
    ]
    _follow(client, *refs)
    connection = aws.add_connection()
    _calls(
        lambda: proton.create_repository("acme/new", "GITHUB", connection_arn=connection, encryption_key=_KEY),
        lambda: proton.create_repository("acme/new", "GITHUB", connection_arn=connection),
        lambda: proton.get_repository("acme/web", "GITHUB"),
        lambda: proton.get_repository("acme/gone", "GITHUB"),
        lambda: proton.delete_repository("acme/web", "GITHUB"),
        lambda: proton.delete_repository("acme/spare", "GITHUB"),
        lambda: proton.list_repositories(),
        lambda: proton.tag_resource(arn, {"team": "ops"}),
        lambda: proton.list_tags_for_resource(arn),
        lambda: proton.untag_resource(arn, ["team"]),
        lambda: proton.create_service_sync_config("api", file_path="ops.yaml", **_GIT),
        lambda: proton.create_service_sync_config("api", file_path="ops.yaml", **_GIT),
        lambda: proton.update_service_sync_config("api", file_path="ops.yaml", **_GIT),
        lambda: proton.delete_service_sync_config("api"),
        lambda: proton.delete_service_sync_config("api"),
        lambda: proton.create_template_sync_config("api", "SERVICE", subdirectory="templates", **_GIT),
        lambda: proton.create_template_sync_config("api", "SERVICE", subdirectory="templates", **_GIT),
        lambda: proton.update_template_sync_config("api", "SERVICE", subdirectory="templates", **_GIT),
        lambda: proton.delete_template_sync_config("api", "SERVICE"),
        lambda: proton.delete_template_sync_config("api", "SERVICE"),
        lambda: proton.list_repository_sync_definitions("acme/web", "GITHUB", "TEMPLATE_SYNC"),
        lambda: proton.list_repository_sync_definitions("acme/web", "GITHUB", "SERVICE_SYNC"),
    )
    aws.push(service="web", sha=_SHAS[0])
    aws.push(template="web", sha=_SHAS[0])
    _follow(client, *refs)
    aws.push(service="web", sha=_SHAS[1], outcome="FAILED")
    aws.push(template="web", sha=_SHAS[1], outcome="FAILED", reason=_TEMPLATE_ERROR)
    _follow(client, *refs)
    aws.modify(service="web", instance="prod")
    blocker = aws.block(service="web", reason="The instance was updated by hand")
    aws.push(service="web", sha=_SHAS[2])
    _follow(client, *refs)
    _calls(
        lambda: proton.update_service_sync_blocker(blocker, resolved_reason="checked"),
        lambda: proton.update_service_sync_blocker("0a1b2c3d", resolved_reason="checked"),
    )
    _follow(client, *refs)
    aws.fail_branch(service="web", sha=_SHAS[3])
    _follow(client, prod)
    aws.queue_branch(service="web", sha=_SHAS[4])
    _follow(client, prod)


def _twinmaker(client: FakeUnisync) -> None:
    aws, twinmaker = client.aws, client.twinmaker
    for workspace in ("factory", "plant", "quarry", "empty"):
        aws.add_workspace(workspace)
        aws.add_sync_resource(workspace, "boiler", resource_id="entity")
        aws.add_sync_resource(workspace, "pump", outcome="ERROR", reason="The asset has no model")
        aws.add_sync_resource(workspace, "valve", outcome="ERROR")
        aws.add_sync_resource(workspace, "sensor", resource_type="COMPONENT_TYPE")
    aws.deny_role(_DENIED)
    refs = [TwinMakerSync(workspace) for workspace in ("factory", "plant", "quarry")]
    _calls(
        *(lambda ref=ref: _read_job(client, ref) for ref in refs),
        lambda: twinmaker.create_sync_job("factory", sync_role=_ROLE, tags={"team": "ops"}),
        lambda: twinmaker.create_sync_job("factory", sync_role=_ROLE),
        lambda: twinmaker.create_sync_job("gone", sync_role=_ROLE),
        lambda: twinmaker.create_sync_job("plant", sync_role=_ROLE),
        lambda: twinmaker.create_sync_job("quarry", sync_role=_DENIED),
    )
    for seconds in _STEPS:
        aws.clock.advance(seconds)
        for ref in refs:
            _read_job(client, ref)
    aws.remove_sync_resource("factory", "boiler")
    _read_job(client, refs[0])
    arn = client.get(refs[0]).arn
    aws.fail_deletion("plant")
    _calls(
        lambda: twinmaker.tag_resource(arn, {"team": "ops"}),
        lambda: twinmaker.list_tags_for_resource(arn),
        lambda: twinmaker.untag_resource(arn, ["team"]),
        lambda: twinmaker.delete_sync_job("factory"),
        lambda: twinmaker.delete_sync_job("plant"),
    )
    for seconds in _STEPS:
        for ref in refs:
            _read_job(client, ref)
        aws.clock.advance(seconds)


def _read_job(client: FakeUnisync, ref: TwinMakerSync) -> None:
    _read(client, ref)
    _calls(
        lambda: client.twinmaker.list_sync_jobs(ref.workspace_id),
        lambda: client.twinmaker.list_sync_resources(ref.workspace_id),
    )


def _lists(client: FakeUnisync) -> None:
    for size in (None, 2):
        client.aws.page_size = size
        _calls(
            lambda: client.codeconnections.list_repository_links(),
            lambda: client.discover(),
        )
