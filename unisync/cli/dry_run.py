"""--dry-run: read what is there, and say what would be sent. Nothing here changes anything in AWS."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from unisync.cli.definitions import Kind

if TYPE_CHECKING:
    from unisync.cli.options import Cli


def differences(params: Mapping[str, Any], current: object) -> dict[str, tuple[object, object]]:
    """The parameters in which a definition differs: what it has, and what it should have."""
    from unisync._services.operations import differences as differing
    from unisync._services.proton import FIELD_NAMES

    names = FIELD_NAMES if "repository_provider" in params else {}
    given = {name: value for name, value in params.items() if value is not None and name != "tags"}
    return {
        name: (getattr(current, names.get(name, name)), value)
        for name, value in differing(given, current, names).items()
    }


def print_request(cli: Cli, verb: str, kind: Kind, params: Mapping[str, Any], before: Mapping[str, Any]) -> None:
    """Print a request that would be sent.

    Args:
        cli: The output.
        verb: "Create", "Update" or "Delete".
        kind: What is created, updated or deleted.
        params: The parameters, under the library's names; those that are None are not sent.
        before: What the parameters that differ are now.
    """
    operation = verb + kind.resource
    sent = {name: value for name, value in params.items() if value is not None}
    cells = [(name, f"{value} (now {before[name]})" if name in before else str(value)) for name, value in sent.items()]
    record = {"service": kind.service, "operation": operation, "params": sent, "before": dict(before)}
    cli.output.table(("NAME", "VALUE"), cells, [record])
    cli.output.echo(f"Dry run: would send {kind.service} {operation}. Nothing was changed.")
