"""delete: a TwinMaker sync job, or the configuration of a Git sync."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from unisync._models.refs import ServiceInstanceSync, StackSync, TemplateSync, TwinMakerSync
from unisync.cli.definitions import KINDS, print_model, proton
from unisync.cli.options import Cli, connected, ref_argument

if TYPE_CHECKING:
    from pydantic import BaseModel

    from unisync._models.jobs import SyncJob
    from unisync._models.refs import SyncRef


@click.command()
@ref_argument
@connected()
def delete(cli: Cli, ref: SyncRef[SyncJob]) -> int:
    """Delete a sync.

    Deletes a TwinMaker sync job with everything it synced into the workspace; or the sync configuration of a stack, a
    Proton service (REF is any of its instances, all of them are affected) or a Proton template: what was synced stays.
    """
    client, sync = cli.connection.single(ref)
    match sync:
        case TwinMakerSync(workspace_id, sync_source):
            deleted: BaseModel | None = client.twinmaker.delete_sync_job(workspace_id, sync_source)
        case StackSync(resource_name, sync_type):
            deleted = client.codeconnections.delete_sync_configuration(resource_name, sync_type)
        case ServiceInstanceSync(service_name):
            deleted = proton(client).delete_service_sync_config(service_name)
        case TemplateSync(template_name, template_type):
            deleted = proton(client).delete_template_sync_config(template_name, template_type)
        case _:
            raise AssertionError(sync)
    print_model(cli, deleted)
    wait = cli.connection.settings.command_line("wait", str(ref), "--for", "deleted")
    cli.output.echo(f"Requested deletion of the {KINDS[type(sync)].name}. Next: {wait}")
    return 0
