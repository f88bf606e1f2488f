"""Connections to providers of repositories: what the commands that read them, or wait for them, have in common."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click

from unisync._models.consoles import ArnParts, console_step
from unisync.cli.exit_codes import Exit, exit_code_for, most_severe
from unisync.cli.hints import hint_for
from unisync.errors import NotFoundError, UnisyncError

if TYPE_CHECKING:
    from unisync._client.client import Unisync
    from unisync._models.configurations import Connection
    from unisync.cli.connection import Settings
    from unisync.cli.options import Cli

T = TypeVar("T")

COLUMNS = ("STATE", "NAME", "PROVIDER", "ARN")


class ConnectionRow(NamedTuple):
    """A connection that was read, or could not be."""

    name: str
    """What to call it: its name, or the ARN or name that was asked for."""
    connection: Connection | None
    error: UnisyncError | None = None
    is_timed_out: bool = False
    """Whether a wait for it timed out."""

    @classmethod
    def of(cls, connection: Connection) -> ConnectionRow:
        """The row of a connection that was read."""
        return cls(connection.name or connection.arn or "-", connection)

    @property
    def state(self) -> str:
        """A state of `symbol_of`."""
        if self.is_timed_out:
            return "TIMED_OUT"
        if self.error is not None:
            return "NOT_FOUND" if isinstance(self.error, NotFoundError) else "ERROR"
        return "UNKNOWN" if self.connection is None else str(self.connection.status)

    @property
    def arn(self) -> str | None:
        """The ARN, as far as it is known."""
        return self.connection.arn if self.connection else self.name if is_arn(self.name) else None

    def cells(self) -> tuple[str, ...]:
        """The texts of the columns."""
        provider = self.connection.aws_provider if self.connection else None
        name = (self.connection.name or "-") if self.connection else "-" if is_arn(self.name) else self.name
        return self.state, name, provider or "-", self.arn or ""

    def data(self) -> dict[str, Any]:
        """The row as JSON, with everything that AWS returned."""
        connection, error, parts = self.connection, self.error, ArnParts.of(self.arn)
        return {
            "arn": self.arn,
            "account": parts.account if parts else None,
            "region": parts.region if parts else None,
            "name": connection.name if connection else None if is_arn(self.name) else self.name,
            "state": self.state,
            "provider": connection.aws_provider if connection else None,
            "action": (console_step(connection) if connection else "") or None,
            "error": {"type": type(error).__name__, "message": str(error)} if error else None,
            "connection": connection.model_dump(mode="json") if connection else None,
        }


def is_arn(text: str) -> bool:
    """Whether a text is an ARN rather than a name, which may have any characters."""
    return text.startswith("arn:")


class Target:
    """A connection that a user named, by its ARN or its name."""

    def __init__(self, cli: Cli, text: str) -> None:
        self.text = text
        self._cli = cli
        self._found: tuple[Unisync, str] | None = None
        """The client of its account and region, and its ARN."""

    def read(self, max_seconds: float = math.inf) -> Connection:
        """Read it: the first time, a name is looked up in the list of all connections.

        Args:
            max_seconds: Seconds that each call may take, if that is less than the client's own bound.

        Raises:
            NotFoundError: There is no such connection.
            click.UsageError: Several have this name, or none of the clients is in the region of the ARN.
            UnisyncError: Any other error in `unisync.errors`.
        """
        if self._found is None and is_arn(self.text):
            self._found = self._client_for(self.text), self.text
        if self._found is not None:
            client, arn = self._found
            return self._bounded(client, max_seconds).codeconnections.get_connection(arn)
        clients = [client for client, _ in self._cli.connection.clients()]
        found = [
            (client, each.arn, each)
            for client in clients
            for each in self._bounded(client, max_seconds).codeconnections.list_connections()
            if each.name == self.text and each.arn is not None
        ]
        if not found:
            from unisync._services.git_sync import not_found

            service = clients[0].codeconnections.service_name if clients else "codeconnections"
            raise not_found(service, "ListConnections", f"there is no connection named {self.text!r}")
        (client, arn, connection), *others = found
        if others:
            raise click.UsageError(f"{self.text!r} names {len(found)} connections: pass an ARN, such as {arn}.")
        self._found = client, arn
        return connection

    def _client_for(self, arn: str) -> Unisync:
        """The client of the account and region of an ARN. In a fleet of profiles, accounts have names."""
        parts = ArnParts.of(arn)
        for client, location in self._cli.connection.clients():
            if location is None or parts is None:
                return client
            if location.region == parts.region and location.account in (parts.account, *_names(location.account)):
                return client
        raise click.UsageError(f"{arn} is in none of the given accounts and regions.")

    def _bounded(self, client: Unisync, max_seconds: float) -> Unisync:
        """The client, each of its calls bounded as well by some seconds."""
        from unisync._client.settings import CALL_TIMEOUT

        own = self._cli.connection.settings.request_timeout or CALL_TIMEOUT
        return client if max_seconds >= own else client.with_options(timeout=max_seconds)


def _names(account: str) -> tuple[str, ...]:
    """The account itself, if it is a name and no number."""
    return () if account.isdigit() else (account,)


def listed(cli: Cli, read: Callable[[Unisync], Iterable[T]]) -> tuple[list[T], Exit]:
    """What is listed in each account and region. In a fleet, one that fails does not hide the others."""
    found, codes = list[T](), list[Exit]()
    for client, location in cli.connection.clients():
        try:
            found += read(client)
        except UnisyncError as error:
            if location is None:
                raise
            cli.output.echo_message(f"{'/'.join(location)}: {error}")
            codes.append(exit_code_for(error))
    return found, most_severe(codes)


def print_connections(cli: Cli, rows: Sequence[ConnectionRow]) -> None:
    """Print connections on stdout; with -o name, their ARNs."""
    if cli.output.form == "name":
        cli.output.write("".join(f"{row.arn or row.name}\n" for row in rows))
    else:
        cli.output.table(COLUMNS, [row.cells() for row in rows], [row.data() for row in rows])


def print_steps(cli: Cli, connections: Iterable[Connection]) -> None:
    """Print what a person must do for each connection that is PENDING or in ERROR."""
    for connection in connections:
        step = console_step(connection)
        if step:
            cli.output.echo(f"{connection.name or connection.arn} is {connection.status}: {step}")


def connection_hint(error: UnisyncError, settings: Settings) -> str:
    """What to do about the error of a read."""
    if isinstance(error, NotFoundError):
        all_connections = settings.command_line("connections")
        return f"Next: check the name, the account and the region. All connections: {all_connections}"
    return hint_for(error, settings)
