"""create: a TwinMaker sync job, or the configuration of a Git sync."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from unisync._models.refs import ServiceInstanceSync, StackSync, TemplateSync, TwinMakerSync
from unisync.cli.definitions import KINDS, Kind, print_model, proton
from unisync.cli.dry_run import print_plan
from unisync.cli.hints import HintedError
from unisync.cli.options import Cli, Command, connected, dry_run_option, ref_argument
from unisync.errors import InvalidArgumentError

if TYPE_CHECKING:
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
@click.option("--tag", metavar="KEY=VALUE", multiple=True, help="Tag of the job; repeatable. [TwinMaker]")
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
    try:
        if dry_run or no_update:
            plan = _ensure(client, sync, params, dry_run=True)
            if no_update and plan.action == "updated":
                listed = ", ".join(_FLAGS.get(name, name) for name in plan.changed)
                message = f"The {kind.name} exists and differs in {listed}."
                raise HintedError(message, "leave out --no-update to update it.")
            if dry_run:
                print_plan(cli, kind, plan)
                return 0
        result = _ensure(client, sync, params, dry_run=False)
    except InvalidArgumentError as error:
        parameter = _PARAMETER.search(str(error))
        if parameter is None or parameter[1] not in _FLAGS:
            raise
        message = _PARAMETER.sub(lambda found: _FLAGS.get(found[1], found[1]), str(error))
        raise click.UsageError(message) from error
    print_model(cli, result.definition)
    text = _DONE[result.action].format(kind.name)
    cli.output.echo(f"{text} Next: {cli.connection.settings.command_line('wait', str(ref))}")
    return 0


def _ensure(client: Unisync, ref: SyncRef[SyncJob], params: Params, *, dry_run: bool) -> EnsureResult[Any]:
    match ref:
        case TwinMakerSync(workspace_id, sync_source):
            return client.twinmaker.ensure_sync_job(workspace_id, sync_source=sync_source, dry_run=dry_run, **params)
        case StackSync(name, sync_type):
            return client.codeconnections.ensure_sync_configuration(
                name, sync_type=sync_type, dry_run=dry_run, **params
            )
        case ServiceInstanceSync(name):
            return proton(client).ensure_service_sync_config(name, dry_run=dry_run, **params)
        case TemplateSync(name, template_type):
            return proton(client).ensure_template_sync_config(name, template_type, dry_run=dry_run, **params)
        case _:
            raise AssertionError(ref)


def _params(client: Unisync, ref: SyncRef[SyncJob], options: Mapping[str, Any]) -> Params:
    """The parameters of the client's operations, but for the names."""
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
