"""Responses that arrive in one piece: nearly all do, and http.client takes as long for their headers as TLS or JSON.

Only what can be read in one way is read here. Anything else is left to http.client: parts that are still to come,
chunks, interim responses, unusual headers, and whatever is not HTTP.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_HEAD = re.compile(rb"HTTP/1\.1 ([2-5]\d\d) [ -~]*\r\n((?:[A-Za-z0-9-]+: ?[!-~](?:[ -~]*[!-~])?\r\n)+)\r\n")
"""A status line and headers of plain ASCII, each on a line of its own."""
_NO_BODY = (b"204", b"304")
_NOT_PLAIN = ("transfer-encoding", "connection", "upgrade")
"""Headers that say how the rest is to be read, or whether the connection stays."""


class WholeResponse(NamedTuple):
    """A response of which nothing is missing."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes
    has_more: bool
    """Whether something came after it."""


def whole_response(received: bytes) -> WholeResponse | None:
    """The response that some bytes are; None if that takes more than a look.

    Args:
        received: What the socket has had so far.
    """
    head = _HEAD.match(received)
    if head is None or head[1] in _NO_BODY:
        return None
    headers = [
        (name, value.strip()) for name, _, value in (line.partition(":") for line in head[2].decode().splitlines())
    ]
    names = [name.lower() for name, _ in headers]
    if names.count("content-length") != 1 or any(name in names for name in _NOT_PLAIN):
        return None
    length = headers[names.index("content-length")][1]
    end = head.end() + int(length) if length.isdecimal() and len(length) < len("1000000") else len(received) + 1
    if end > len(received):
        return None
    return WholeResponse(int(head[1]), headers, received[head.end() : end], end < len(received))
