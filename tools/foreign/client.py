"""The interface of a foreign client, as the checks use it. Operations have AWS's names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

Document = dict[str, Any]


class Response(NamedTuple):
    """A response as the client parsed it. Dates are datetimes."""

    document: Document
    content_type: str


class AwsError(Exception):
    """An error that AWS returned."""

    def __init__(self, code: str, modeled: bool | None, message: str) -> None:
        """`modeled`: whether the client has a class for this error. None if it has no error classes at all."""
        super().__init__(code, modeled, message)
        self.code, self.modeled = code, modeled


class Client(Protocol):
    """A client of one service, created from the service's name and environment variables that configure AWS."""

    name: str
    model: str
    """The service whose model the client uses."""

    def operations(self) -> set[str]:
        """All operations that the client has."""
        ...

    def call(self, operation: str, params: Mapping[str, object]) -> Response:
        """Call an operation once, without retries. Raises AwsError."""
        ...

    def paginate(self, operation: str, params: Mapping[str, object], field: str) -> list[Document] | None:
        """A complete list, read with the client's own pagination, one item per page. None if it cannot paginate it."""
        ...
