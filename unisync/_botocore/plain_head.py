"""Plain heads of responses: nearly all are, and http.client takes as long for one as TLS or JSON does.

Only what can be read in one way is read here. Anything else is left to http.client: a head of which a part is still to
come, chunks, interim responses, unusual headers, and whatever is not HTTP.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_HEAD = re.compile(rb"HTTP/1\.1 ([2-5]\d\d) [ -~]*\r\n((?:[A-Za-z0-9-]+: ?[!-~](?:[ -~]*[!-~])?\r\n)+)\r\n")
"""A status line and headers of plain ASCII, each on a line of its own."""
_NO_BODY = (b"204", b"304")
_NOT_PLAIN = ("transfer-encoding", "upgrade")
"""Headers that say how the rest is to be read."""
_MAX_DIGITS = 7


class PlainHead(NamedTuple):
    """The head of a response with so many bytes of body, after which the connection stays open."""

    status: int
    headers: list[tuple[str, str]]
    size: int
    """The bytes of the head itself."""
    length: int
    """The bytes of the body."""


def plain_head(received: bytes) -> PlainHead | None:
    """The head that some bytes begin with; None if it is left to http.client.

    Args:
        received: What the socket has had so far.
    """
    head = _HEAD.match(received)
    if head is None or head[1] in _NO_BODY:
        return None
    headers = [
        (name, value.strip()) for name, _, value in (line.partition(":") for line in head[2].decode().splitlines())
    ]
    values = {name.lower(): value for name, value in headers}
    length = values.get("content-length", "")
    if not (length.isdecimal() and len(length) <= _MAX_DIGITS) or len(values) < len(headers):
        return None
    if any(name in values for name in _NOT_PLAIN) or values.get("connection", "keep-alive").lower() != "keep-alive":
        return None
    return PlainHead(int(head[1]), headers, head.end(), int(length))
