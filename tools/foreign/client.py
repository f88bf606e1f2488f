"""What every foreign client is to the checks: an operation by AWS's name goes in, what it answered comes out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

Document = dict[str, Any]


class Reply(NamedTuple):
    """What a client made of a reply. Its dates are datetimes."""

    document: Document
    content_type: str


class AwsError(Exception):
    """An error that AWS answered with."""

    def __init__(self, code: str, modelled: bool | None, message: str) -> None:
        """`modelled`: whether the client had a class for it. None if it has none for any error."""
        super().__init__(code, modelled, message)
        self.code, self.modelled = code, modelled


class Client(Protocol):
    """A client of one service; made of the service's name and the environment variables that lead to AWS."""

    name: str
    model: str
    """The service whose model it has."""

    def operations(self) -> set[str]:
        """Every operation it knows."""
        ...

    def call(self, operation: str, params: Mapping[str, object]) -> Reply:
        """Call an operation once, or raise an AwsError."""
        ...

    def turn_pages(self, operation: str, params: Mapping[str, object], member: str) -> list[Document] | None:
        """A whole list by the client's own means, an item a page. None if it has no such means for this list."""
        ...
