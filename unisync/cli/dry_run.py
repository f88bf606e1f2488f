"""--dry-run of create and delete: say what would be sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from unisync._models.dry_run import DryRun
    from unisync._services.ensure import EnsureResult
    from unisync.cli.definitions import Kind
    from unisync.cli.options import Cli


def print_plan(cli: Cli, kind: Kind, plan: EnsureResult[Any]) -> None:
    """Print the requests that would be sent, and what differs now."""
    if plan.action == "unchanged":
        cli.output.echo(f"Dry run: would send nothing, as the {kind.name} exists and nothing differs.")
        return
    differs = f"It exists and differs in {', '.join(plan.changed)}." if plan.changed else ""
    print_dry_run(cli, *plan.requests, note=differs)


def print_dry_run(cli: Cli, *requests: DryRun, note: str = "") -> None:
    """Print requests that would be sent, and a note."""
    cells = [(name, str(value)) for request in requests for name, value in request.params.items()]
    cli.output.table(("NAME", "VALUE"), cells, [request.model_dump(mode="json") for request in requests])
    if note:
        cli.output.echo(note)
    sent = " and ".join(f"{request.service} {request.operation}" for request in requests)
    cli.output.echo(f"Dry run: would send {sent}. Nothing was changed.")
