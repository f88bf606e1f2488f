"""What both senders do to a response: its headers by their names, its body decompressed."""

from __future__ import annotations

import zlib
from collections.abc import Iterable

from unisync._core.transport import (
    MAX_RESPONSE,
    HttpResponse,
    OversizedResponseError,
    TruncatedResponseError,
    UnreadableResponseError,
)

_FIRST_ERROR = 300
_ZLIB = 15
_WINDOW_BITS = {"gzip": 31, "x-gzip": 31, "deflate": _ZLIB}


def response_of(status: int, headers: Iterable[tuple[str, str]], body: bytes) -> HttpResponse:
    """A response as it is read.

    Raises:
        UnreadableResponseError: Its body is not what its headers say; that of an error is left out instead.
    """
    if len(body) > MAX_RESPONSE:
        raise OversizedResponseError
    found = joined(headers)
    try:
        return HttpResponse(status, found, decompressed(body, found.get("content-encoding")))
    except UnreadableResponseError:
        if status < _FIRST_ERROR:
            raise
        return HttpResponse(status, found, b"")


def joined(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Headers by their names in lower case; those that were sent several times are joined."""
    found: dict[str, str] = {}
    for name, value in headers:
        key = name.lower()
        found[key] = f"{found[key]}, {value}" if key in found else value
    return found


def decompressed(body: bytes, encoding: str | None) -> bytes:
    """A body as it was before it was compressed: AWS compresses none that was not asked for, but a proxy may.

    Args:
        body: The body.
        encoding: Its Content-Encoding. Any other than gzip and deflate leaves it as it is.

    Raises:
        UnreadableResponseError: It is not what the header says, is truncated or too large.
    """
    bits = _WINDOW_BITS.get((encoding or "").strip().lower())
    if bits is None or not body:
        return body
    if bits == _ZLIB and not _is_zlib(body):
        bits = -_ZLIB
    decompressor = zlib.decompressobj(bits)
    try:
        text = decompressor.decompress(body, MAX_RESPONSE + 1)
    except zlib.error as error:
        raise UnreadableResponseError(f"it is not {encoding}: {error}") from error
    if len(text) > MAX_RESPONSE:
        raise OversizedResponseError
    if not decompressor.eof:
        raise TruncatedResponseError(f"its {encoding} ends too early")
    return text


def _is_zlib(body: bytes) -> bool:
    """Whether a body has zlib's header, as HTTP says of deflate; some servers leave it out."""
    return body[0] & 0x0F == zlib.DEFLATED and int.from_bytes(body[:2], "big") % 31 == 0
