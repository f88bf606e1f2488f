"""events, blockers and resolve: what happened to a sync, what blocks it, and releasing that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import click

from unisync._models.refs import TwinMakerSync
from unisync._models.text import in_utc, short_sha
from unisync.cli.options import Cli, connected, ref_argument
from unisync.errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from unisync._client.client import Unisync
    from unisync._models.configurations import SyncBlocker
    from unisync._models.jobs import GitSyncJob, SyncAttempt, SyncJob
    from unisync._models.refs import ServiceInstanceSync, StackSync, SyncRef

Told = tuple[tuple[str, ...], dict[str, Any]]
"""The cells of a table's row, and the same for programs."""


@click.command()
@ref_argument
@click.option("--repository", is_flag=True, help="Also the events of the branch's own sync, which come before.")
@connected()
def events(cli: Cli, ref: SyncRef[SyncJob], repository: bool) -> int:
    """Show what happened to a sync.

    The events of its latest attempt and of the latest that succeeded, in the order of time. A TwinMaker sync job keeps
    no events: shown are the resources that failed, and why.
    """
    client, here = cli.connection.alone(ref)
    if isinstance(here, TwinMakerSync):
        told = _of_resources(client, here)
    else:
        attempts: list[SyncAttempt] = [*client.get(here).attempts]
        branch = client.repository_status(cast("SyncRef[GitSyncJob]", here)) if repository else None
        told = _of_attempts([*([branch] if branch else ()), *attempts])
    if not told:
        cli.output.say(f"Nothing is told of {ref}.")
    cli.output.table(("TIME", "COMMIT", "TYPE", "EVENT"), [cells for cells, _ in told], [data for _, data in told])
    return 0


def _of_attempts(attempts: list[SyncAttempt]) -> list[Told]:
    told: list[tuple[Any, Told]] = []
    for attempt in attempts:
        revision = getattr(attempt, "target_revision", None)
        sha: str | None = revision.sha if revision else None
        for event in attempt.events:
            cells = in_utc(event.time), short_sha(sha) if sha else "branch", event.type, event.event
            data = {
                **event.model_dump(mode="json"),
                "sha": sha,
                "attempt": {
                    "started_at": attempt.started_at.isoformat(),
                    "state": str(attempt.status.state),
                    "aws_state": attempt.status.aws_state,
                },
            }
            told.append((event.time, (cells, data)))
    return [each for _, each in sorted(told, key=lambda one: one[0])]


def _of_resources(client: Unisync, ref: TwinMakerSync) -> list[Told]:
    told: list[Told] = []
    for resource in client.twinmaker.summarize_sync_resources(ref.workspace_id, ref.sync_source).failed:
        what = " ".join(filter(None, (resource.resource_type, resource.external_id)))
        error = resource.status.error
        cells = (
            in_utc(resource.updated_at) if resource.updated_at else "-",
            "-",
            (error.code if error else None) or resource.status.aws_state,
            f"{what}: {(error.message if error else None) or 'no reason given'}",
        )
        told.append((cells, resource.model_dump(mode="json")))
    return told


@click.command()
@ref_argument
@connected()
def blockers(cli: Cli, ref: SyncRef[SyncJob]) -> int:
    """Show what blocks a sync.

    Its active blockers, the newest first; none, and still 0, if nothing does.
    """
    client, here = cli.connection.alone(ref)
    found = _active(client, here)
    _shown(cli, found)
    if found:
        cli.output.say(f"To release: {cli.connection.settings.command('resolve', str(ref), '--reason', 'TEXT')}")
    else:
        cli.output.say(f"Nothing blocks {ref}.")
    return 0


@click.command()
@ref_argument
@click.option("--reason", required=True, metavar="TEXT", help="Why it is released; AWS keeps it.")
@click.option("--id", "blocker_id", metavar="ID", help="The one blocker that is released; by default all are.")
@connected()
def resolve(cli: Cli, ref: SyncRef[SyncJob], reason: str, blocker_id: str | None) -> int:
    """Release what blocks a sync, so that it goes on.

    All its active blockers, or the one with an ID. Settle what they say first: the sync will try again.
    """
    client, here = cli.connection.alone(ref)
    if not reason.strip():
        raise click.UsageError("--reason: expected a reason.")
    subject = cast("StackSync | ServiceInstanceSync", here)  # which anything else is refused by
    active = _active(client, here) if blocker_id is None else (blocker_id,)
    resolved: list[SyncBlocker] = []
    try:
        for blocker in active:
            try:
                resolved.append(client.resolve_blocker(subject, blocker, reason))
            except NotFoundError:
                if isinstance(blocker, str):
                    raise
                cli.output.say(f"{blocker.id} was released by somebody else.")
    finally:
        _shown(cli, resolved)
    if not active:
        cli.output.say(f"Nothing blocks {ref}.")
    return 0


def _active(client: Unisync, ref: SyncRef[SyncJob]) -> tuple[SyncBlocker, ...]:
    """What blocks a sync; NotFoundError where there is no such sync, also where nothing could block it."""
    found = client.blockers(ref)
    if not found:
        client.get(ref)
    return found


def _shown(cli: Cli, found: Sequence[SyncBlocker]) -> None:
    cli.output.table(
        ("STATUS", "ID", "SINCE", "REASON"),
        [(blocker.status, blocker.id, in_utc(blocker.created_at), _reason(blocker)) for blocker in found],
        [blocker.model_dump(mode="json") for blocker in found],
    )


def _reason(blocker: SyncBlocker) -> str:
    contexts = ", ".join(f"{context.key}={context.value}" for context in blocker.contexts)
    reason = f"{blocker.created_reason} ({contexts})" if contexts else blocker.created_reason
    return f"{reason}; resolved: {blocker.resolved_reason}" if blocker.resolved_reason else reason
