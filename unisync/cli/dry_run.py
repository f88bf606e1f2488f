"""create --dry-run: say what would be sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from unisync._services.ensure import EnsureResult
    from unisync.cli.definitions import Kind
    from unisync.cli.options import Cli


def print_plan(cli: Cli, kind: Kind, plan: EnsureResult[Any]) -> None:
    """Print the requests that would be sent, and what differs now."""
    if plan.action == "unchanged":
        cli.output.echo(f"Dry run: would send nothing, as the {kind.name} exists and nothing differs.")
        return
    cells = [(name, str(value)) for request in plan.requests for name, value in request.params.items()]
    cli.output.table(("NAME", "VALUE"), cells, [request.model_dump(mode="json") for request in plan.requests])
    if plan.changed:
        cli.output.echo(f"It exists and differs in {', '.join(plan.changed)}.")
    sent = " and ".join(f"{request.service} {request.operation}" for request in plan.requests)
    cli.output.echo(f"Dry run: would send {sent}. Nothing was changed.")
