"""Serving botocore's requests in the same process, without a socket."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from unisync.emulator._protocol.message import Request, Response
from unisync.emulator.clock import EmulatorClock

if TYPE_CHECKING:
    import botocore.session
    from botocore.awsrequest import AWSPreparedRequest, AWSResponse

URL = "http://emulator.invalid"
"""The endpoint of clients whose requests are handled in process. This top-level domain never resolves."""
_READ_TIMEOUT = 60.0
"""botocore's default read timeout, in seconds."""


class Application(Protocol):
    """What answers requests."""

    @property
    def clock(self) -> EmulatorClock:
        """The clock by which a delivery takes time."""
        ...

    def handle(self, request: Request) -> Response:
        """The response to a request."""
        ...


def handle_in_process(session: botocore.session.Session, application: Application) -> None:
    """Send the requests of all clients of `session` to `application`."""

    def handle(request: AWSPreparedRequest, **_: object) -> AWSResponse:
        return _handle(request, application)

    session.register("before-send", handle)


def _handle(request: AWSPreparedRequest, application: Application) -> AWSResponse:
    from botocore.awsrequest import AWSResponse
    from botocore.exceptions import ConnectionClosedError, ReadTimeoutError

    url = urlsplit(request.url)
    body = request.body or b""
    body = body.encode() if isinstance(body, str) else body
    sent = bytes(body) if isinstance(body, bytes | bytearray) else body.read()
    headers = {"host": url.netloc, "content-length": str(len(sent))}
    for name, value in request.headers.items():
        headers[name.lower()] = value.decode("latin-1") if isinstance(value, bytes) else str(value)
    target = f"{url.path or '/'}?{url.query}" if url.query else url.path or "/"
    response = application.handle(Request(request.method, target, headers, sent))
    delivery = response.delivery
    if delivery.drop:
        raise ConnectionClosedError(endpoint_url=request.url)
    application.clock.sleep(min(delivery.stall, _READ_TIMEOUT) + delivery.drip)
    if delivery.stall >= _READ_TIMEOUT:
        raise ReadTimeoutError(endpoint_url=request.url, error=TimeoutError("no response before the read timeout"))
    received = {**response.headers, "content-length": str(len(response.body))}
    return AWSResponse(request.url, response.status, received, _Body(response.body[: delivery.cut_at]))


class _Body:
    """A response body with the method of urllib3 that botocore reads it with."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, **_: object) -> Iterator[bytes]:
        yield self._body
