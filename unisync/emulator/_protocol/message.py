"""HTTP requests and responses as plain values, and how a response is delivered."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request. `headers` has lower-case names; `target` is that of the request line."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def path(self) -> str:
        """The path, still percent-encoded. Of an absolute target, as proxies send it, only the path counts."""
        return self._path_and_query[0] or "/"

    @property
    def query(self) -> str:
        """The query string, still percent-encoded."""
        return self._path_and_query[2]

    @property
    def _path_and_query(self) -> tuple[str, str, str]:
        return re.sub(r"^[A-Za-z]+://[^/?]*", "", self.target).partition("?")


@dataclass(frozen=True, slots=True)
class Delivery:
    """How a response is sent: by default completely and at once; a fault changes that."""

    drop: bool = False
    """Close the connection and send nothing."""
    cut_at: int | None = None
    """Send only this many bytes of the body after a content-length of the whole, and close the connection."""
    stall: float = 0.0
    """Real seconds of silence before the first byte."""
    drip: float = 0.0
    """Real seconds over which the body is sent, piece by piece."""


@dataclass(slots=True)
class Response:
    """An HTTP response."""

    status: int
    headers: dict[str, str] = field(default_factory=dict[str, str])
    body: bytes = b""
    delivery: Delivery = Delivery()
