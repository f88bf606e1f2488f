"""delete: a TwinMaker sync job, or the configuration of a Git sync."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, cast

import click

from unisync._models.refs import ServiceInstanceSync, StackSync, TemplateSync, TwinMakerSync
from unisync.cli.definitions import KINDS, definition_of, print_model, proton
from unisync.cli.dry_run import print_dry_run
from unisync.cli.exit_codes import Exit
from unisync.cli.options import Cli, Command, connected, dry_run_option, ref_argument

if TYPE_CHECKING:
    from pydantic import BaseModel

    from unisync._client.client import Unisync
    from unisync._models.dry_run import DryRun
    from unisync._models.jobs import SyncJob
    from unisync._models.refs import SyncRef


@click.command(
    cls=Command,
    examples=("delete twinmaker:factory", "delete codeconnections:payments-prod --yes"),
)
@ref_argument
@click.option("--yes", "-y", is_flag=True, help="Do not ask; required where there is no terminal.")
@dry_run_option
@connected()
def delete(cli: Cli, ref: SyncRef[SyncJob], yes: bool, dry_run: bool) -> int:
    """Delete a sync.

    Deletes a TwinMaker sync job with everything it synced into the workspace; or the sync configuration of a stack, a
    Proton service (REF is any of its instances, all of them are affected) or a Proton template: what was synced stays.
    """
    client, sync = cli.connection.single(ref)
    kind = KINDS[type(sync)]
    if dry_run:
        if definition_of(client, sync) is None:
            client.get(sync)  # raises: it does not exist
        print_dry_run(cli, cast("DryRun", _delete(client, sync, dry_run=True)))
        return 0
    if not yes:
        if not (cast("object", sys.stdin) is not None and sys.stdin.isatty()):
            raise click.UsageError("There is no terminal to ask on: pass --yes to delete it.")
        synced = " and everything it synced" if isinstance(sync, TwinMakerSync) else "; what was synced stays"
        if not cli.output.confirm(f"Delete {ref}, the {kind.name}{synced}?"):
            cli.output.echo("Nothing was deleted.")
            return Exit.ERROR
    print_model(cli, _delete(client, sync, dry_run=False))
    wait = cli.connection.settings.command_line("wait", str(ref), "--for", "deleted")
    cli.output.echo(f"Requested deletion of the {kind.name}. Next: {wait}")
    return 0


def _delete(client: Unisync, ref: SyncRef[SyncJob], *, dry_run: bool) -> BaseModel | None:
    match ref:
        case TwinMakerSync(workspace_id, sync_source):
            return client.twinmaker.delete_sync_job(workspace_id, sync_source, dry_run=dry_run)
        case StackSync(resource_name, sync_type):
            return client.codeconnections.delete_sync_configuration(resource_name, sync_type, dry_run=dry_run)
        case ServiceInstanceSync(service_name):
            return proton(client).delete_service_sync_config(service_name, dry_run=dry_run)
        case TemplateSync(template_name, template_type):
            return proton(client).delete_template_sync_config(template_name, template_type, dry_run=dry_run)
        case _:
            raise AssertionError(ref)
