"""create: a TwinMaker sync job, or the configuration of a Git sync."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from unisync._models.refs import ServiceInstanceSync, StackSync, TemplateSync, TwinMakerSync
from unisync.cli.definitions import KINDS, Kind, definition_of, print_model, proton
from unisync.cli.dry_run import differences, print_request
from unisync.cli.hints import HintedError
from unisync.cli.options import Cli, Command, connected, dry_run_option, ref_argument
from unisync.errors import ConflictError, InvalidArgumentError

if TYPE_CHECKING:
    from pydantic import BaseModel

    from unisync._client.client import Unisync
    from unisync._models.jobs import SyncJob
    from unisync._models.refs import SyncRef
    from unisync._services.ensure import EnsureResult

Params = dict[str, Any]

_FLAGS = {
    "branch": "--branch",
    "config_file": "--file",
    "file_path": "--file",
    "repository_link_id": "--repository",
    "repository_name": "--repository",
    "repository_provider": "--provider",
    "role_arn": "--role",
    "subdirectory": "--directory",
    "sync_role": "--role",
    "tags": "--tag",
}
"""The options, by the parameters of the client's operations."""
_PARAMETER = re.compile(r"(?:(?<=; )|^)(?:\S+ \S+: )?(\w+)(?=:| key:)")
"""A parameter in the message of an InvalidArgumentError, with the service and operation before it."""

_DONE = {
    "created": "Created the {}.",
    "updated": "Updated the {}.",
    "unchanged": "The {} exists, and nothing differs.",
}
_SWITCH = click.Choice(["ENABLED", "DISABLED"])


@click.command(
    cls=Command,
    examples=(
        "create twinmaker:factory --role arn:aws:iam::123456789012:role/sync",
        "create codeconnections:shop --repository acme/infra --branch main --file shop.yaml --role $ROLE --dry-run",
    ),
)
@ref_argument
@click.option("--role", metavar="ARN", help="Role for the service to use. [TwinMaker, stacks]")
@click.option("--tag", metavar="KEY=VALUE", multiple=True, help="Tag of a new job; repeatable. [TwinMaker]")
@click.option(
    "--repository",
    metavar="OWNER/NAME",
    help="Repository. For a stack, it needs a CodeConnections repository link, whose ID is accepted too. "
    "[stacks, Proton]",
)
@click.option("--provider", metavar="NAME", help="Provider of the repository, such as GITHUB. [Proton]")
@click.option("--branch", metavar="NAME", help="Branch to follow. [stacks, Proton]")
@click.option("--file", metavar="PATH", help="Deployment file, or ops file. [stacks, Proton services]")
@click.option("--directory", metavar="PATH", help="Directory of the template. [Proton templates]")
@click.option(
    "--publish-deployment-status", type=_SWITCH, help="Whether to publish the status to the provider. [stacks]"
)
@click.option(
    "--trigger", type=click.Choice(["ANY_CHANGE", "FILE_CHANGE"]), help="Which commits start a sync. [stacks]"
)
@click.option("--pull-request-comment", type=_SWITCH, help="Whether to comment on pull requests. [stacks]")
@click.option("--no-update", is_flag=True, help="Fail if it exists and differs, instead of updating it.")
@dry_run_option
@connected()
def create(cli: Cli, /, ref: SyncRef[SyncJob], no_update: bool, dry_run: bool, **options: Any) -> int:
    """Create a sync, or update it.

    Creates a TwinMaker sync job, or the sync configuration of a stack, a Proton service (REF is any of its instances)
    or a Proton template. If it exists, what differs is updated, except for a TwinMaker sync job, which AWS cannot
    update: that fails. The brackets say what an option applies to.
    """
    client, sync = cli.connection.single(ref)
    kind = KINDS[type(sync)]
    _check(sync, kind, options)
    params = _params(client, sync, options)
    can_update = not (no_update or isinstance(sync, TwinMakerSync))
    if dry_run:
        return _dry_run(cli, client, sync, params, can_update)
    try:
        done, created = _ensure(client, sync, params) if can_update else _create(client, sync, params)
    except ConflictError:
        current = None if can_update else definition_of(client, sync)
        if current is None or getattr(getattr(current, "status", None), "state", None) in ("DELETING", "FAILED"):
            raise
        _reject_differences(cli, sync, differences(params, current))
        done, created = "unchanged", current
    except InvalidArgumentError as error:
        parameter = _PARAMETER.search(str(error))
        if parameter is None or parameter[1] not in _FLAGS:
            raise
        message = _PARAMETER.sub(lambda found: _FLAGS.get(found[1], found[1]), str(error))
        raise click.UsageError(message) from error
    print_model(cli, created)
    text = _DONE[done].format(kind.name)
    cli.output.echo(f"{text} Next: {cli.connection.settings.command_line('wait', str(ref))}")
    return 0


def _dry_run(cli: Cli, client: Unisync, ref: SyncRef[SyncJob], params: Params, can_update: bool) -> int:
    """Say what would be sent."""
    kind, current = KINDS[type(ref)], definition_of(client, ref)
    if current is None:
        print_request(cli, "Create", kind, _names(ref) | params, {})
        return 0
    changes = differences(params, current)
    if not changes:
        cli.output.echo(f"Dry run: would send nothing, as the {kind.name} exists and nothing differs.")
        return 0
    if not can_update:
        _reject_differences(cli, ref, changes)
    print_request(cli, "Update", kind, _names(ref) | params, {name: now for name, (now, _) in changes.items()})
    return 0


def _reject_differences(cli: Cli, ref: SyncRef[SyncJob], changes: Mapping[str, tuple[object, object]]) -> None:
    """Fail if a definition that is not to be updated differs.

    Raises:
        HintedError: Something differs.
    """
    if not changes:
        return
    kind = KINDS[type(ref)]
    listed = ", ".join(f"{_FLAGS.get(name, name)} is {now}, not {wanted}" for name, (now, wanted) in changes.items())
    delete = cli.connection.settings.command_line("delete", str(ref))
    is_fixed = isinstance(ref, TwinMakerSync)
    hint = f"AWS cannot update it: delete it first: {delete}" if is_fixed else "leave out --no-update to update it."
    raise HintedError(f"The {kind.name} exists and differs: {listed}.", hint)


def _names(ref: SyncRef[SyncJob]) -> dict[str, Any]:
    """The parameters that identify what is created."""
    match ref:
        case TwinMakerSync(workspace_id, sync_source):
            return {"workspace_id": workspace_id, "sync_source": sync_source}
        case StackSync(resource_name, sync_type):
            return {"resource_name": resource_name, "sync_type": sync_type}
        case ServiceInstanceSync(service_name):
            return {"service_name": service_name}
        case TemplateSync(template_name, template_type):
            return {"template_name": template_name, "template_type": template_type}
        case _:
            raise AssertionError(ref)


def _params(client: Unisync, ref: SyncRef[SyncJob], options: Mapping[str, Any]) -> Params:
    """The other parameters of the client's operations."""
    match ref:
        case TwinMakerSync():
            return {"sync_role": options["role"], "tags": _tags(options["tag"]) or None}
        case StackSync():
            return {
                "repository_link_id": _link_id(client, options["repository"]),
                "branch": options["branch"],
                "config_file": options["file"],
                "role_arn": options["role"],
                "publish_deployment_status": options["publish_deployment_status"],
                "trigger_resource_update_on": options["trigger"],
                "pull_request_comment": options["pull_request_comment"],
            }
        case _:
            is_service = isinstance(ref, ServiceInstanceSync)
            place = {"file_path": options["file"]} if is_service else {"subdirectory": options["directory"]}
            return {
                "repository_name": options["repository"],
                "repository_provider": options["provider"],
                "branch": options["branch"],
                **place,
            }


def _create(client: Unisync, ref: SyncRef[SyncJob], params: Params) -> tuple[str, BaseModel | None]:
    names = _names(ref)
    match ref:
        case TwinMakerSync():
            return "created", client.twinmaker.create_sync_job(**names, **params)
        case StackSync():
            return "created", client.codeconnections.create_sync_configuration(**names, **params)
        case ServiceInstanceSync():
            return "created", proton(client).create_service_sync_config(**names, **params)
        case _:
            return "created", proton(client).create_template_sync_config(**names, **params)


def _ensure(client: Unisync, ref: SyncRef[SyncJob], params: Params) -> tuple[str, BaseModel]:
    names = _names(ref)
    result: EnsureResult[Any]
    match ref:
        case StackSync():
            result = client.codeconnections.ensure_sync_configuration(**names, **params)
        case ServiceInstanceSync():
            result = proton(client).ensure_service_sync_config(**names, **params)
        case _:
            result = proton(client).ensure_template_sync_config(**names, **params)
    return result.action, result.definition


def _check(ref: SyncRef[SyncJob], kind: Kind, options: Mapping[str, Any]) -> None:
    """Reject missing options, and options that do not apply."""
    for name, value in options.items():
        flag = "--" + name.replace("_", "-")
        if not value and name in kind.required:
            raise click.UsageError(f"{flag} is required for {ref}, the {kind.name}.")
        if value and name not in kind.required + kind.optional:
            raise click.UsageError(f"{flag} does not apply to {ref}, the {kind.name}.")


def _tags(texts: tuple[str, ...]) -> dict[str, str]:
    tags: dict[str, str] = {}
    for text in texts:
        key, separator, value = text.partition("=")
        if not key or not separator:
            raise click.UsageError(f"--tag: expected KEY=VALUE, got {text!r}.")
        tags[key] = value
    return tags


def _link_id(client: Unisync, repository: str) -> str:
    """The ID of the link to a repository; an ID is returned as it is."""
    if "/" not in repository:
        return repository
    names: list[str] = []
    for link in client.codeconnections.list_repository_links():
        names.append(link.full_name)
        if link.full_name == repository:
            return link.repository_link_id
    linked = ", ".join(names) or "none"
    raise click.UsageError(f"--repository: CodeConnections has no link to {repository}. Linked repositories: {linked}.")
