"""links: the repositories that stacks can follow, and the connection of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import click

from unisync._models.consoles import ArnParts, console_step
from unisync.cli.exit_codes import EXIT_CODES
from unisync.cli.options import Cli, Command, connected
from unisync.cli.output import ROW_FORMS
from unisync.cli.provider_connections import listed, print_steps
from unisync.errors import AccessDeniedError, NotFoundError, UnisyncError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from unisync._client.client import Unisync
    from unisync._models.configurations import Connection, RepositoryLink

_COLUMNS = ("STATE", "REPOSITORY", "PROVIDER", "CONNECTION", "SYNCS", "LINK")


class _Row(NamedTuple):
    """A repository link, and what it depends on and serves."""

    link: RepositoryLink
    connection: Connection | None
    state: str
    """The state of the connection; NOT_FOUND if it was deleted, and empty if it could not be read."""
    syncs: int | None
    """The number of stacks that follow the repository; None if it could not be read."""

    def cells(self) -> tuple[str, ...]:
        name = self.connection.name if self.connection else None
        syncs = "-" if self.syncs is None else str(self.syncs)
        link = self.link
        return self.state or "-", link.full_name, link.aws_provider, name or "-", syncs, link.repository_link_id

    def data(self) -> dict[str, Any]:
        link, connection, parts = self.link, self.connection, ArnParts.of(self.link.repository_link_arn)
        return {
            "repository": link.full_name,
            "account": parts.account if parts else None,
            "region": parts.region if parts else None,
            "provider": link.aws_provider,
            "state": self.state or None,
            "syncs": self.syncs,
            "action": (console_step(connection) if connection else "") or None,
            "link": link.model_dump(mode="json"),
            "connection": connection.model_dump(mode="json") if connection else None,
        }


@click.command(cls=Command, epilog=EXIT_CODES, examples=("links", "links --region eu-west-1 -o json"))
@connected(forms=ROW_FORMS)
def links(cli: Cli) -> int:
    """Show the links to repositories, and the state of their connections.

    Stacks follow a repository through its link. STATE is that of its connection: while that is not AVAILABLE, AWS syncs
    no branch of the repository. SYNCS is the number of stacks that follow the repository. With -o name, the ids of the
    links are printed. The exit code says whether the links could be read, whatever their state.
    """
    notes: list[str] = []
    with cli.output.busy("Reading repository links..."):
        rows, code = listed(cli, lambda client: _Reader(client, notes, is_counting=cli.output.form != "name").rows())
    if cli.output.form == "name":
        cli.output.write("".join(f"{row.link.repository_link_id}\n" for row in rows))
    else:
        cli.output.table(_COLUMNS, [row.cells() for row in rows], [row.data() for row in rows])
    if not rows and not code:
        cli.output.echo("No repository links found.")
    for note in dict.fromkeys(notes):
        cli.output.echo_message(note)
    print_steps(cli, {row.connection.arn: row.connection for row in rows if row.connection is not None}.values())
    for arn in dict.fromkeys(row.link.connection_arn for row in rows if row.state == "NOT_FOUND"):
        cli.output.echo(f"The connection {arn} does not exist: update its links with another one.")
    return code


class _Reader:
    """Reads the links of an account and region.

    Args:
        client: The client.
        notes: Gets what could not be read beside the links, which hides none of them.
        is_counting: Whether to read the connections and to count the syncs.
    """

    def __init__(self, client: Unisync, notes: list[str], *, is_counting: bool) -> None:
        self._operations = client.codeconnections
        self._notes = notes
        self._reads_connections = self._counts_syncs = is_counting
        self._connections: dict[str, Connection | None] = {}
        """Those that were read, by ARN; None for one that does not exist."""

    def rows(self) -> Iterator[_Row]:
        """A row for each link."""
        found = list(self._operations.list_repository_links())
        if found and self._reads_connections:
            try:
                self._connections = {each.arn: each for each in self._operations.list_connections() if each.arn}
            except UnisyncError as error:
                self._reads_connections = False
                self._notes.append(f"the connections could not be read: {error}")
        for link in found:
            connection, state = self._connection(link.connection_arn)
            yield _Row(link, connection, state, self._count(link))

    def _connection(self, arn: str) -> tuple[Connection | None, str]:
        """The connection with an ARN, and its state. A list may lack one of the service's other name."""
        if not self._reads_connections:
            return None, ""
        if arn not in self._connections:
            try:
                self._connections[arn] = self._operations.get_connection(arn)
            except NotFoundError:
                self._connections[arn] = None
            except UnisyncError as error:
                self._notes.append(f"{arn} could not be read: {error}")
                return None, ""
        connection = self._connections[arn]
        return connection, "NOT_FOUND" if connection is None else str(connection.status)

    def _count(self, link: RepositoryLink) -> int | None:
        """The number of stacks that follow a link. A link has 100 of them at most: one call."""
        if not self._counts_syncs:
            return None
        try:
            return sum(1 for _ in self._operations.list_sync_configurations(link.repository_link_id, page_size=100))
        except UnisyncError as error:
            self._counts_syncs = not isinstance(error, AccessDeniedError)
            self._notes.append(f"the syncs of {link.full_name} could not be counted: {error}")
            return None
