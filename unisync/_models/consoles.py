"""AWS's consoles: where a person does what no operation can."""

from __future__ import annotations

from typing import NamedTuple

from unisync._models.configurations import Connection, ConnectionStatus
from unisync._models.refs import CONSOLES, partition_of


class ArnParts(NamedTuple):
    """What an ARN says of where its resource is."""

    partition: str
    region: str
    account: str

    @classmethod
    def of(cls, arn: str | None) -> ArnParts | None:
        """The parts of an ARN; None if it has too few."""
        parts = (arn or "").split(":", 5)
        return cls(parts[1], parts[3], parts[4]) if len(parts) == 6 else None


def console_url(arn: str | None) -> str:
    """Where the console shows the connections of the region of an ARN."""
    parts = ArnParts.of(arn)
    return _connections_url(parts.partition, parts.region) if parts else _connections_url("aws", "")


def connections_url(region: str) -> str:
    """Where the console shows the connections of a region."""
    return _connections_url(partition_of(region), region)


def _connections_url(partition: str, region: str) -> str:
    host = CONSOLES.get(partition, "console.aws.amazon.com")
    return f"https://{host}/codesuite/settings/connections" + (f"?region={region}" if region else "")


def console_step(connection: Connection) -> str:
    """What a person must do for a connection; empty if it is nothing."""
    url = console_url(connection.arn)
    match connection.status:
        case ConnectionStatus.PENDING:
            return f"complete the pending connection at {url}"
        case ConnectionStatus.ERROR:
            return f"check the connection and its access to the provider at {url}"
        case _:
            return ""
