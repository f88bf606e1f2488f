"""events: what happened to a sync."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import click

from unisync._models.refs import TwinMakerSync
from unisync._models.text import in_utc, short_sha
from unisync.cli.options import Cli, Command, connected, ref_argument
from unisync.cli.rows import iso

if TYPE_CHECKING:
    from datetime import datetime

    from unisync._client.client import Unisync
    from unisync._models.jobs import GitSyncJob, SyncAttempt, SyncJob
    from unisync._models.refs import SyncRef

Record = tuple[tuple[str, ...], dict[str, Any]]
"""The cells of a table row, and the same as JSON."""


@click.command(
    cls=Command,
    examples=("events codeconnections:payments-prod --repository", "events twinmaker:factory -o jsonl"),
)
@ref_argument
@click.option("--repository", is_flag=True, help="Include the events of the branch's own sync.")
@connected()
def events(cli: Cli, ref: SyncRef[SyncJob], repository: bool) -> int:
    """Show the events of a sync.

    Shows the events of its latest attempt and of its latest successful attempt, oldest first. A TwinMaker sync job has
    no events: its failed resources are shown, with the reason.
    """
    client, sync = cli.connection.single(ref)
    job = client.get(sync)
    if isinstance(sync, TwinMakerSync):
        records = _of_resources(client, sync)
    else:
        attempts: list[SyncAttempt] = [*job.attempts]
        branch = client.repository_status(cast("SyncRef[GitSyncJob]", sync)) if repository else None
        records = _of_attempts([*([branch] if branch else ()), *attempts])
    if not records:
        cli.output.echo(f"No events for {ref}.")
    cli.output.table(
        ("TIME", "COMMIT", "TYPE", "EVENT"), [cells for cells, _ in records], [data for _, data in records]
    )
    return 0


def _of_attempts(attempts: list[SyncAttempt]) -> list[Record]:
    records: list[tuple[datetime, Record]] = []
    for attempt in attempts:
        revision = getattr(attempt, "target_revision", None)
        sha: str | None = revision.sha if revision else None
        for event in attempt.events:
            cells = in_utc(event.time), short_sha(sha) if sha else "branch", event.type, event.event
            data = {
                **event.model_dump(mode="json"),
                "sha": sha,
                "attempt": {
                    "started_at": iso(attempt.started_at),
                    "state": str(attempt.status.state),
                    "aws_state": attempt.status.aws_state,
                },
            }
            records.append((event.time, (cells, data)))
    return [record for _, record in sorted(records, key=lambda dated: dated[0])]


def _of_resources(client: Unisync, ref: TwinMakerSync) -> list[Record]:
    records: list[Record] = []
    for resource in client.twinmaker.summarize_sync_resources(ref.workspace_id, ref.sync_source).failed:
        name = " ".join(filter(None, (resource.resource_type, resource.external_id)))
        error = resource.status.error
        cells = (
            in_utc(resource.updated_at) if resource.updated_at else "-",
            "-",
            (error.code if error else None) or resource.status.aws_state,
            f"{name}: {(error.message if error else None) or 'no reason given'}",
        )
        records.append((cells, resource.model_dump(mode="json")))
    return records
