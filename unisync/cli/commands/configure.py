"""create and delete: TwinMaker sync jobs, and the configurations that Git syncs follow."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from unisync._models.refs import ServiceInstanceSync, StackSync, TemplateSync, TwinMakerSync
from unisync._models.text import in_utc
from unisync.cli.options import Cli, connected, ref_argument
from unisync.errors import InvalidArgumentError

if TYPE_CHECKING:
    from pydantic import BaseModel

    from unisync._client.client import Unisync
    from unisync._models.jobs import SyncJob
    from unisync._models.refs import SyncRef
    from unisync._services.proton import ProtonClient


class _Kind(NamedTuple):
    """What defines the syncs of one kind."""

    what: str
    needs: tuple[str, ...]
    takes: tuple[str, ...] = ()


_TWINMAKER = _Kind("a TwinMaker sync job", ("role",), ("tag",))
_STACK = _Kind(
    "the sync configuration of a stack",
    ("repository", "branch", "file", "role"),
    ("publish_deployment_status", "trigger", "pull_request_comment"),
)
_SERVICE = _Kind("the sync configuration of a Proton service", ("repository", "provider", "branch", "file"))
_TEMPLATE = _Kind("the sync configuration of a Proton template", ("repository", "provider", "branch"), ("directory",))

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
"""The options, by what the library calls them."""

_SWITCH = click.Choice(["ENABLED", "DISABLED"])


@click.command()
@ref_argument
@click.option("--role", metavar="ARN", help="The role that the service works with. [TwinMaker, stacks]")
@click.option("--tag", metavar="KEY=VALUE", multiple=True, help="A tag. [TwinMaker]")
@click.option(
    "--repository",
    metavar="OWNER/NAME",
    help="The repository; of a stack, one that CodeConnections has a link to, or the link's id. [stacks, Proton]",
)
@click.option("--provider", metavar="WORD", help="Where it lives, such as GITHUB. [Proton]")
@click.option("--branch", metavar="NAME", help="The branch to follow. [stacks, Proton]")
@click.option("--file", metavar="PATH", help="The deployment file, or the ops file. [stacks, Proton services]")
@click.option("--directory", metavar="PATH", help="The directory of the template. [Proton templates]")
@click.option("--publish-deployment-status", type=_SWITCH, help="Whether the repository is told. [stacks]")
@click.option(
    "--trigger", type=click.Choice(["ANY_CHANGE", "FILE_CHANGE"]), help="Which commits start a sync. [stacks]"
)
@click.option("--pull-request-comment", type=_SWITCH, help="Whether pull requests get a comment. [stacks]")
@connected()
def create(cli: Cli, /, ref: SyncRef[SyncJob], **options: Any) -> int:
    """Create a sync.

    A TwinMaker sync job, or what a stack, a Proton service (by any of its instances) or a Proton template follows. The
    brackets say what an option is for.
    """
    client, here = cli.connection.alone(ref)
    kind = _kind_of(here)
    _check(here, kind, options)
    try:
        made = _created(client, here, options)
    except InvalidArgumentError as error:
        name, _, expected = error.message.partition(": ")
        if error.status_code is not None or name not in _FLAGS:
            raise
        raise click.UsageError(f"{_FLAGS[name]}: {expected}") from error
    _shown(cli, made)
    cli.output.say(f"Created {kind.what}. Next: {cli.connection.settings.command('wait', str(ref))}")
    return 0


def _created(client: Unisync, ref: SyncRef[SyncJob], options: Mapping[str, Any]) -> BaseModel | None:
    match ref:
        case TwinMakerSync(workspace_id, sync_source):
            return client.twinmaker.create_sync_job(
                workspace_id, sync_source=sync_source, sync_role=options["role"], tags=_tags(options["tag"]) or None
            )
        case StackSync(resource_name, sync_type):
            return client.codeconnections.create_sync_configuration(
                resource_name,
                sync_type=sync_type,
                repository_link_id=_link(client, options["repository"]),
                branch=options["branch"],
                config_file=options["file"],
                role_arn=options["role"],
                publish_deployment_status=options["publish_deployment_status"],
                trigger_resource_update_on=options["trigger"],
                pull_request_comment=options["pull_request_comment"],
            )
        case ServiceInstanceSync(service_name):
            return _proton(client).create_service_sync_config(
                service_name,
                repository_name=options["repository"],
                repository_provider=options["provider"],
                branch=options["branch"],
                file_path=options["file"],
            )
        case TemplateSync(template_name, template_type):
            return _proton(client).create_template_sync_config(
                template_name,
                template_type,
                repository_name=options["repository"],
                repository_provider=options["provider"],
                branch=options["branch"],
                subdirectory=options["directory"],
            )
        case _:
            raise AssertionError(ref)


@click.command()
@ref_argument
@connected()
def delete(cli: Cli, ref: SyncRef[SyncJob]) -> int:
    """Delete a sync.

    A TwinMaker sync job with all that it brought into the workspace; or what a stack, a Proton service (by any of its
    instances, for all of them) or a Proton template follows: what was synced stays as it is.
    """
    client, here = cli.connection.alone(ref)
    match here:
        case TwinMakerSync(workspace_id, sync_source):
            gone: BaseModel | None = client.twinmaker.delete_sync_job(workspace_id, sync_source)
        case StackSync(resource_name, sync_type):
            gone = client.codeconnections.delete_sync_configuration(resource_name, sync_type)
        case ServiceInstanceSync(service_name):
            gone = _proton(client).delete_service_sync_config(service_name)
        case TemplateSync(template_name, template_type):
            gone = _proton(client).delete_template_sync_config(template_name, template_type)
        case _:
            raise AssertionError(here)
    _shown(cli, gone)
    command = cli.connection.settings.command("wait", str(ref), "--for", "deleted")
    cli.output.say(f"Deleted {_kind_of(here).what}. Next, to see the end of it: {command}")
    return 0


def _kind_of(ref: SyncRef[SyncJob]) -> _Kind:
    match ref:
        case TwinMakerSync():
            return _TWINMAKER
        case StackSync():
            return _STACK
        case ServiceInstanceSync():
            return _SERVICE
        case TemplateSync():
            return _TEMPLATE
        case _:
            raise AssertionError(ref)


def _check(ref: SyncRef[SyncJob], kind: _Kind, options: Mapping[str, Any]) -> None:
    """Refuse what is missing, and what the sync has no use for."""
    for name, value in options.items():
        flag = "--" + name.replace("_", "-")
        if not value and name in kind.needs:
            raise click.UsageError(f"{flag} is needed for {kind.what}, as {ref} is.")
        if value and name not in kind.needs + kind.takes:
            raise click.UsageError(f"{flag} is not for {kind.what}, as {ref} is.")


def _tags(texts: tuple[str, ...]) -> dict[str, str]:
    tags: dict[str, str] = {}
    for text in texts:
        key, separator, value = text.partition("=")
        if not key or not separator:
            raise click.UsageError(f"--tag: expected KEY=VALUE, got {text!r}.")
        tags[key] = value
    return tags


def _link(client: Unisync, repository: str) -> str:
    """The id of the link to a repository."""
    if "/" not in repository:
        return repository
    names: list[str] = []
    for link in client.codeconnections.list_repository_links():
        names.append(link.full_name)
        if link.full_name == repository:
            return link.repository_link_id
    known = ", ".join(names) or "none"
    raise click.UsageError(f"--repository: CodeConnections has no link to {repository}; it has links to: {known}.")


def _proton(client: Unisync) -> ProtonClient:
    with warnings.catch_warnings():
        # Who asks for Proton by name knows what it is, and sees AWS's answer.
        warnings.simplefilter("ignore", FutureWarning)
        return client.proton  # pyright: ignore[reportDeprecated]


def _shown(cli: Cli, model: BaseModel | None) -> None:
    """Print what AWS tells of it."""
    if model is None:
        return
    values = {name: getattr(model, name) for name in type(model).model_fields} | (model.model_extra or {})
    cells = [(name, _text(value)) for name, value in values.items() if value is not None]
    cli.output.table(("NAME", "VALUE"), cells, [model.model_dump(mode="json")])


def _text(value: object) -> str:
    return in_utc(value) if isinstance(value, datetime) else str(value)
