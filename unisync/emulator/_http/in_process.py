"""The application without a socket: what botocore is about to send is answered in the same process."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from unisync.emulator._protocol.message import Request
from unisync.emulator.application import Application

if TYPE_CHECKING:
    import botocore.session
    from botocore.awsrequest import AWSPreparedRequest, AWSResponse

URL = "http://emulator.invalid"
"""Where calls go that are answered on the way. By its name, nothing is ever there."""
_PATIENCE = 60.0
"""Seconds of silence after which botocore, by default, gives up."""


def answer_in_process(session: botocore.session.Session, application: Application) -> None:
    """Have all that the clients of `session` are about to send answered by `application`."""

    def answered(request: AWSPreparedRequest, **_: object) -> AWSResponse:
        return _answer(request, application)

    session.register("before-send", answered)


def _answer(request: AWSPreparedRequest, application: Application) -> AWSResponse:
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
    application.clock.sleep(min(delivery.stall, _PATIENCE) + delivery.drip)
    if delivery.stall >= _PATIENCE:
        raise ReadTimeoutError(endpoint_url=request.url, error=TimeoutError("the answer did not come in time"))
    announced = {**response.headers, "content-length": str(len(response.body))}
    return AWSResponse(request.url, response.status, announced, _Body(response.body[: delivery.cut_at]))


class _Body:
    """A reply's body, as botocore reads it."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, **_: object) -> Iterator[bytes]:
        yield self._body
