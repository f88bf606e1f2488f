"""create: a TwinMaker sync job, or the configuration of a Git sync."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from unisync._models.refs import ServiceInstanceSync, StackSync, TemplateSync, TwinMakerSync
from unisync.cli.definitions import KINDS, Kind, print_model, proton
from unisync.cli.options import Cli, connected, ref_argument
from unisync.errors import InvalidArgumentError

if TYPE_CHECKING:
    from pydantic import BaseModel

    from unisync._client.client import Unisync
    from unisync._models.jobs import SyncJob
    from unisync._models.refs import SyncRef

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

_SWITCH = click.Choice(["ENABLED", "DISABLED"])


@click.command()
@ref_argument
@click.option("--role", metavar="ARN", help="Role for the service to use. [TwinMaker, stacks]")
@click.option("--tag", metavar="KEY=VALUE", multiple=True, help="Tag; repeatable. [TwinMaker]")
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
@connected()
def create(cli: Cli, /, ref: SyncRef[SyncJob], **options: Any) -> int:
    """Create a sync.

    Creates a TwinMaker sync job, or the sync configuration of a stack, a Proton service (REF is any of its instances)
    or a Proton template. The brackets say what an option applies to.
    """
    client, sync = cli.connection.single(ref)
    kind = KINDS[type(sync)]
    _check(sync, kind, options)
    try:
        created = _create(client, sync, options)
    except InvalidArgumentError as error:
        parameter = _PARAMETER.search(str(error))
        if parameter is None or parameter[1] not in _FLAGS:
            raise
        message = _PARAMETER.sub(lambda found: _FLAGS.get(found[1], found[1]), str(error))
        raise click.UsageError(message) from error
    print_model(cli, created)
    cli.output.echo(f"Created the {kind.name}. Next: {cli.connection.settings.command_line('wait', str(ref))}")
    return 0


def _create(client: Unisync, ref: SyncRef[SyncJob], options: Mapping[str, Any]) -> BaseModel | None:
    match ref:
        case TwinMakerSync(workspace_id, sync_source):
            return client.twinmaker.create_sync_job(
                workspace_id, sync_source=sync_source, sync_role=options["role"], tags=_tags(options["tag"]) or None
            )
        case StackSync(resource_name, sync_type):
            return client.codeconnections.create_sync_configuration(
                resource_name,
                sync_type=sync_type,
                repository_link_id=_link_id(client, options["repository"]),
                branch=options["branch"],
                config_file=options["file"],
                role_arn=options["role"],
                publish_deployment_status=options["publish_deployment_status"],
                trigger_resource_update_on=options["trigger"],
                pull_request_comment=options["pull_request_comment"],
            )
        case ServiceInstanceSync(service_name):
            return proton(client).create_service_sync_config(
                service_name,
                repository_name=options["repository"],
                repository_provider=options["provider"],
                branch=options["branch"],
                file_path=options["file"],
            )
        case TemplateSync(template_name, template_type):
            return proton(client).create_template_sync_config(
                template_name,
                template_type,
                repository_name=options["repository"],
                repository_provider=options["provider"],
                branch=options["branch"],
                subdirectory=options["directory"],
            )
        case _:
            raise AssertionError(ref)


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
