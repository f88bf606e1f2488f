"""connections: the connections to providers of repositories."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from unisync.cli.exit_codes import EXIT_CODES, exit_code_for, most_severe
from unisync.cli.options import Cli, Command, connected
from unisync.cli.output import ROW_FORMS
from unisync.cli.provider_connections import (
    ConnectionRow,
    Target,
    connection_hint,
    listed,
    print_connections,
    print_steps,
)
from unisync.errors import UnisyncError

if TYPE_CHECKING:
    from collections.abc import Sequence


@click.command(
    cls=Command,
    epilog=EXIT_CODES,
    examples=("connections", "connections acme-github -o json"),
)
@click.argument("names", metavar="[ARN_OR_NAME]...", nargs=-1)
@connected(forms=ROW_FORMS)
def connections(cli: Cli, names: Sequence[str]) -> int:
    """Show connections to providers of repositories.

    Repository links use them: while a connection is not AVAILABLE, no branch over it is synced. A new connection is
    PENDING until someone completes it in the AWS console; stderr says where. Without arguments, it lists all
    connections of the account and region. The exit code says whether they could be read, whatever their state.
    """
    if names:
        rows = [_read(Target(cli, name)) for name in dict.fromkeys(names)]
        code = most_severe(exit_code_for(row.error) for row in rows)
    else:
        with cli.output.busy("Reading connections..."):
            found, code = listed(cli, lambda client: client.codeconnections.list_connections())
        rows = [ConnectionRow.of(connection) for connection in found]
        if not rows and not code:
            cli.output.echo("No connections found.")
    print_connections(cli, rows)
    print_steps(cli, [row.connection for row in rows if row.connection is not None])
    errors = [(row.name, row.error) for row in rows if row.error is not None]
    for name, error in errors:
        cli.output.echo_message(f"{name}: {error}")
    worst = next((error for _, error in errors if exit_code_for(error) == code), None)
    if worst is not None:
        cli.output.echo(connection_hint(worst, cli.connection.settings))
    return code


def _read(target: Target) -> ConnectionRow:
    try:
        return ConnectionRow.of(target.read())
    except UnisyncError as error:
        return ConnectionRow(target.text, None, error)
