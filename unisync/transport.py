"""Between botocore and the socket: replies kept as the bytes they came in, and calls that end in time.

botocore parses a reply into a dictionary, drops the members that its model lacks, and takes a reply cut short for a
success. pydantic reads the same bytes faster and keeps everything, so the bytes are handed past botocore's parser.
"""

from __future__ import annotations

import io
import json
import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple, cast

if TYPE_CHECKING:
    from botocore.awsrequest import AWSPreparedRequest, AWSResponse
    from botocore.client import BaseClient
    from botocore.httpsession import URLLib3Session
    from botocore.model import OperationModel
    from urllib3.response import HTTPResponse
    from urllib3.util import Timeout

_KEY = "unisync:reply"
_CBOR = "smithy-rpc-v2-cbor"
_PIECE = 64 * 1024


class RawReply(NamedTuple):
    """The body of a reply, as it came."""

    body: bytes
    is_cbor: bool
    announced: int | None
    """The length that the reply's header gave."""

    def is_cut_short(self) -> bool:
        """Whether less came than was announced."""
        return self.announced is not None and len(self.body) < self.announced

    def decoded_cbor(self) -> object:
        """A CBOR body as Python values.

        Raises:
            ValueError: if it is none.
        """
        from botocore.parsers import RpcV2CBORParser

        try:
            stream = cast("io.BufferedReader", _HonestStream(self.body))
            return RpcV2CBORParser().parse_data_item(stream)
        except Exception as error:  # whatever botocore's parser stumbles over
            raise ValueError(f"invalid CBOR: {error}") from error


def keep_bodies(client: BaseClient) -> None:
    """Have `client` hand the body of each good reply to `take_body` instead of parsing it."""
    client.meta.events.register("before-parse", _set_body_aside)


def take_body(parsed: dict[str, Any]) -> RawReply | None:
    """The body that belongs to botocore's result; None if something kept it from being set aside."""
    return cast("RawReply | None", parsed.pop(_KEY, None))


def remember_user_agent(client: BaseClient) -> bool:
    """Have `client` put its User-Agent together once for each set of features; botocore does so twice a call.

    Returns:
        False if this botocore makes it otherwise: then all is as botocore has it.
    """
    creator = getattr(client, "_user_agent_creator", None)
    build = getattr(creator, "to_string", None)
    try:
        from botocore.context import get_context
    except ImportError:
        return False
    if creator is None or build is None or build() != build():
        return False
    known: dict[frozenset[str], str] = {}

    def to_string() -> str:
        context = get_context()
        features = frozenset(context.features) if context else frozenset[str]()
        if features not in known:
            known[features] = build()
        return known[features]

    creator.to_string = to_string
    return True


def _set_body_aside(
    operation_model: OperationModel,
    response_dict: dict[str, Any],
    customized_response_dict: dict[str, Any],
    **_: object,
) -> None:
    is_cbor = operation_model.service_model.resolved_protocol == _CBOR
    nothing = b"\xa0" if is_cbor else b"{}"
    body, headers = cast("bytes", response_dict["body"]), cast("Mapping[str, str]", response_dict["headers"])
    if response_dict["status_code"] >= 300:
        # botocore's parsers fail on an error whose body is no structure; the status alone is enough for them.
        if not _is_structure(body, is_cbor):
            response_dict["body"] = nothing
        return
    length = None if "content-encoding" in headers else headers.get("content-length")
    customized_response_dict[_KEY] = RawReply(body, is_cbor, int(length) if length and length.isdigit() else None)
    response_dict["body"] = nothing


def _is_structure(body: bytes, is_cbor: bool) -> bool:
    try:
        return isinstance(RawReply(body, True, None).decoded_cbor() if is_cbor else json.loads(body), dict)
    except (ValueError, RecursionError):
        return False


class _HonestStream(io.BytesIO):
    """Bytes that cannot be asked for more than there are: a garbled length would be allocated first."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > len(self.getbuffer()) - self.tell():
            raise ValueError("it ends too early")
        return super().read(size)

    def peek(self, size: int = 1, /) -> bytes:
        at = self.tell()
        return bytes(self.getbuffer()[at : at + size])


class _Deadline(threading.local):
    """When the call that this thread is making must have ended, by the monotonic clock."""

    at: float | None = None

    def left(self) -> float | None:
        return None if self.at is None else max(self.at - time.monotonic(), 0.001)


_deadline = _Deadline()


@contextmanager
def time_limit(seconds: float | None) -> Generator[None]:
    """Let the calls made inside end within `seconds`, by a time-out, if they go through `end_in_time`'s client."""
    _deadline.at = None if seconds is None else time.monotonic() + seconds
    try:
        yield
    finally:
        _deadline.at = None


def end_in_time(client: BaseClient) -> bool:
    """Have `client` keep to `time_limit`, which botocore's own time-outs cannot: they bound one read, not the call.

    Returns:
        False if this botocore keeps its HTTP session elsewhere: then only its own time-outs hold.
    """
    from urllib3.util import Timeout

    endpoint = getattr(client, "_endpoint", None)
    session = getattr(endpoint, "http_session", None)
    usual = getattr(session, "_timeout", None)
    manager = getattr(session, "_manager", None)
    if (
        endpoint is None
        or session is None
        or not isinstance(usual, Timeout)
        or "timeout" not in getattr(manager, "connection_pool_kw", {})
    ):
        return False
    session._timeout = session._manager.connection_pool_kw["timeout"] = _limited(usual)
    endpoint.http_session = cast("URLLib3Session", _TimedSession(session))
    return True


def _limited(usual: Timeout) -> Timeout:
    from urllib3.util import Timeout

    class Limited(Timeout):
        """A connection pool asks for a copy of its time-out for each request."""

        def clone(self) -> Timeout:
            left = _deadline.left()
            if left is None:
                return usual.clone()
            return Timeout(connect=_least(usual.connect_timeout, left), read=_least(usual.read_timeout, left))

    return Limited(connect=usual.connect_timeout, read=usual.read_timeout)


def _least(usual: object, left: float) -> float:
    return min(usual, left) if isinstance(usual, (int, float)) else left


class _TimedSession:
    """botocore's HTTP session, with the body read piece by piece while there is time.

    What came of a body that breaks off is passed on: one botocore calls it a success and another a lost connection.
    """

    def __init__(self, session: URLLib3Session) -> None:
        self._session = session

    def __getattr__(self, name: str) -> object:
        return getattr(self._session, name)

    def close(self) -> None:
        self._session.close()

    def send(self, request: AWSPreparedRequest) -> AWSResponse:
        from botocore.awsrequest import AWSResponse

        request.stream_output = True
        response = self._session.send(request)
        body = self._read(request.url, response)
        return AWSResponse(response.url, response.status_code, response.headers, _Whole(body))

    def _read(self, url: str, response: AWSResponse) -> bytes:
        from botocore.exceptions import ReadTimeoutError
        from urllib3.exceptions import ProtocolError
        from urllib3.exceptions import ReadTimeoutError as NothingCame

        raw = cast("HTTPResponse", response.raw)
        read: Callable[[int], bytes] = getattr(raw, "read1", None) or raw.read
        body = bytearray()
        try:
            while piece := read(_PIECE):
                body += piece
                if _deadline.at is not None and time.monotonic() > _deadline.at:
                    raise ReadTimeoutError(endpoint_url=url, error="the body did not come in time")
        except NothingCame as error:
            raise ReadTimeoutError(endpoint_url=url, error=error) from error
        except ProtocolError:
            raw.close()
        except BaseException:
            raw.close()
            raise
        return bytes(body)


class _Whole:
    """A body that has been read, for botocore to read once more."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, **_: object) -> Iterator[bytes]:
        yield self._body
