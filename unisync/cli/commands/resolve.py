"""resolve: the blockers of a sync, so that it continues."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import click

from unisync.cli.commands.blockers import active_blockers, print_blockers
from unisync.cli.options import Cli, connected, ref_argument
from unisync.errors import NotFoundError

if TYPE_CHECKING:
    from unisync._models.blockers import SyncBlocker
    from unisync._models.jobs import SyncJob
    from unisync._models.refs import ServiceInstanceSync, StackSync, SyncRef


@click.command()
@ref_argument
@click.option("--reason", required=True, metavar="TEXT", help="Why they are resolved; AWS stores it.")
@click.option("--id", "blocker_id", metavar="ID", help="Resolve only this blocker.")
@connected()
def resolve(cli: Cli, ref: SyncRef[SyncJob], reason: str, blocker_id: str | None) -> int:
    """Resolve the blockers of a sync, so that it continues.

    Resolves all active blockers, or only the one of --id. Fix the cause first: AWS then starts to sync again.
    """
    client, sync = cli.connection.single(ref)
    if not reason.strip():
        raise click.UsageError("--reason must not be empty.")
    target = cast("StackSync | ServiceInstanceSync", sync)  # resolve_blocker rejects any other
    active = active_blockers(client, sync) if blocker_id is None else (blocker_id,)
    resolved: list[SyncBlocker] = []
    try:
        for blocker in active:
            try:
                resolved.append(client.resolve_blocker(target, blocker, reason))
            except NotFoundError:
                if isinstance(blocker, str):
                    raise
                cli.output.echo(f"{blocker.id} was already resolved.")
    finally:
        print_blockers(cli, resolved)
    if not active:
        cli.output.echo(f"Nothing blocks {ref}.")
    return 0
