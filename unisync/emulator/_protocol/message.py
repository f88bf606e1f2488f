"""A request and a reply as plain values, with what may go wrong on the way of the reply."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request. `headers` has lower-case names; `target` is as it stood in the request line."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def path(self) -> str:
        """The path, still percent-encoded; a proxy's absolute target is cut down to it."""
        return self._path_and_query[0] or "/"

    @property
    def query(self) -> str:
        """What follows the question mark, still percent-encoded."""
        return self._path_and_query[2]

    @property
    def _path_and_query(self) -> tuple[str, str, str]:
        return re.sub(r"^[A-Za-z]+://[^/?]*", "", self.target).partition("?")


@dataclass(frozen=True, slots=True)
class Delivery:
    """How the reply's bytes travel: whole and at once, unless a fault says otherwise."""

    drop: bool = False
    """Close the connection and send nothing."""
    cut_at: int | None = None
    """Announce the whole body, send this many bytes of it, and close the connection."""
    stall: float = 0.0
    """Real seconds of silence before the first byte."""
    drip: float = 0.0
    """Real seconds over which the body is spread, piece by piece."""


@dataclass(slots=True)
class Response:
    """One HTTP reply."""

    status: int
    headers: dict[str, str] = field(default_factory=dict[str, str])
    body: bytes = b""
    delivery: Delivery = Delivery()
