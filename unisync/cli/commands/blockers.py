"""blockers: what blocks a sync."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from unisync._models.text import in_utc
from unisync.cli.options import Cli, Command, connected, ref_argument

if TYPE_CHECKING:
    from collections.abc import Sequence

    from unisync._client.client import Unisync
    from unisync._models.blockers import SyncBlocker
    from unisync._models.jobs import SyncJob
    from unisync._models.refs import SyncRef


@click.command(cls=Command, examples=("blockers codeconnections:payments-prod", "blockers proton:web/prod -o json"))
@ref_argument
@connected()
def blockers(cli: Cli, ref: SyncRef[SyncJob]) -> int:
    """Show what blocks a sync.

    Lists its active blockers, newest first. Exits with 0 even if there are none.
    """
    client, sync = cli.connection.single(ref)
    found = active_blockers(client, sync)
    print_blockers(cli, found)
    if found:
        cli.output.echo(f"To resolve: {cli.connection.settings.command_line('resolve', str(ref), '--reason', 'TEXT')}")
    else:
        cli.output.echo(f"Nothing blocks {ref}.")
    return 0


def active_blockers(client: Unisync, ref: SyncRef[SyncJob]) -> tuple[SyncBlocker, ...]:
    """The active blockers of a sync.

    Raises:
        NotFoundError: The sync does not exist.
    """
    found = client.blockers(ref)
    if not found:
        client.get(ref)  # no blockers: the sync may not exist
    return found


def print_blockers(cli: Cli, found: Sequence[SyncBlocker]) -> None:
    """Print blockers, active or resolved."""
    cli.output.table(
        ("STATUS", "ID", "CREATED", "REASON"),
        [(blocker.status, blocker.id, in_utc(blocker.created_at), _reason(blocker)) for blocker in found],
        [blocker.model_dump(mode="json") for blocker in found],
    )


def _reason(blocker: SyncBlocker) -> str:
    contexts = ", ".join(f"{context.key}={context.value}" for context in blocker.contexts)
    reason = f"{blocker.created_reason} ({contexts})" if contexts else blocker.created_reason
    return f"{reason}; resolved: {blocker.resolved_reason}" if blocker.resolved_reason else reason
