"""resolve: the blockers of a sync, so that it continues."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import click

from unisync._models.refs import StackSync
from unisync.cli.commands.blockers import active_blockers, print_blockers
from unisync.cli.definitions import proton
from unisync.cli.exit_codes import Exit
from unisync.cli.hints import RETRY_FAILED, hint_for, retry_failed
from unisync.cli.options import Cli, Command, connected, dry_run_option, ref_argument
from unisync.errors import NotFoundError, ServerError

if TYPE_CHECKING:
    from unisync._client.client import Unisync
    from unisync._models.blockers import SyncBlocker
    from unisync._models.jobs import SyncJob
    from unisync._models.refs import ServiceInstanceSync, SyncRef


@click.command(
    cls=Command,
    examples=(
        'resolve codeconnections:payments-prod --reason "Reverted by hand"',
        "resolve codeconnections:payments-prod --reason checked --dry-run",
    ),
)
@ref_argument
@click.option("--reason", required=True, metavar="TEXT", help="Why they are resolved; AWS stores it.")
@click.option("--id", "blocker_id", metavar="ID", help="Resolve only this blocker.")
@dry_run_option
@connected()
def resolve(cli: Cli, ref: SyncRef[SyncJob], reason: str, blocker_id: str | None, dry_run: bool) -> int:
    """Resolve the blockers of a sync, so that it continues.

    Resolves all active blockers, or only the one of --id. Fix the cause first: AWS then starts to sync again.
    """
    client, sync = cli.connection.single(ref)
    if not reason.strip():
        raise click.UsageError("--reason must not be empty.")
    if dry_run:
        found = [each for each in active_blockers(client, sync) if blocker_id in (None, each.id)]
        for each in found:
            _check(client, sync, each, reason)
        print_blockers(cli, found)
        count = f"{len(found)} blocker{'s' * (len(found) != 1)}"
        cli.output.echo(f"Dry run: would resolve {count} with the reason {reason!r}. Nothing was changed.")
        return Exit.SYNCED if found or blocker_id is None else Exit.NOT_FOUND
    target = cast("StackSync | ServiceInstanceSync", sync)  # resolve_blocker rejects any other
    active = active_blockers(client, sync) if blocker_id is None else (blocker_id,)
    resolved: list[SyncBlocker] = []
    not_retried: ServerError | None = None
    try:
        for blocker in active:
            try:
                resolved.append(client.resolve_blocker(target, blocker, reason))
            except NotFoundError:
                if isinstance(blocker, str):
                    raise
                cli.output.echo(f"{blocker.id} was already resolved.")
            except ServerError as error:
                if error.code != RETRY_FAILED:
                    raise
                not_retried = error
    finally:
        print_blockers(cli, resolved)
    if not_retried is not None:
        cli.output.echo_message(f"Error: {not_retried}")
        cli.output.echo(hint_for(not_retried, cli.connection.settings, ref))
        return Exit.ERROR
    if not active:
        cli.output.echo(f"Nothing blocks {ref}.")
        job = client.get(sync)
        is_idle = job.status.state in ("ACTIVE", "FAILED")
        if job.desired_revision is not None and is_idle and not job.is_synced:
            hint = retry_failed(cli.connection.settings, str(ref))
            cli.output.echo(f"Its latest commit is not live, and AWS does not retry it by itself. Next: {hint}")
    return Exit.SYNCED


def _check(client: Unisync, sync: SyncRef[SyncJob], blocker: SyncBlocker, reason: str) -> None:
    """Check what would be sent."""
    if isinstance(sync, StackSync):
        client.codeconnections.update_sync_blocker(
            blocker.id, resource_name=sync.resource_name, resolved_reason=reason, sync_type=sync.sync_type, dry_run=True
        )
    else:
        proton(client).update_service_sync_blocker(blocker.id, resolved_reason=reason, dry_run=True)
