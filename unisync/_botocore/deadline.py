"""Deadlines: calls that end in time, over botocore's own HTTP session.

botocore's time-outs bound a single read, not the call. `time_limit` sets a deadline for the call that the current
thread makes, and `enforce_deadlines` has a client keep to it: the connection pool asks for its time-out anew for each
request and gets the time that is left, and each read from the socket, from the status line to the last byte of the
body, gets no more than that either. The body is read here, before botocore sees it, so that one that breaks off is
passed on as it is.
"""

from __future__ import annotations

import io
import math
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from http.client import HTTPResponse, IncompleteRead
from typing import TYPE_CHECKING, Any, cast
from weakref import ref

from botocore.exceptions import ConnectionClosedError, ReadTimeoutError
from urllib3 import exceptions
from urllib3.util import Timeout, wait_for_read

from unisync._botocore.caching import cache_pools
from unisync._botocore.tls import reading_bundles_once
from unisync._core.clock import STOP_CHECK_INTERVAL

if TYPE_CHECKING:
    import socket
    import ssl

    import urllib3
    from botocore.awsrequest import AWSPreparedRequest, AWSResponse
    from botocore.client import BaseClient
    from botocore.httpsession import URLLib3Session
    from urllib3.connectionpool import HTTPConnectionPool

    from unisync._core.commands import StopSignal

_PIECE = 64 * 1024


class _Deadline(threading.local):
    """The deadline of the call that this thread makes, by the monotonic clock; and whether it was answered."""

    at: float | None = None
    stop: StopSignal | None = None
    answered: bool = False

    def remaining(self) -> float | None:
        # A socket accepts no time-out of more than some years.
        return None if self.at is None else min(max(self.at - time.monotonic(), 0.001), 1e6)


_deadline = _Deadline()


@contextmanager
def time_limit(seconds: float | None, stop: StopSignal | None = None) -> Generator[None]:
    """Have the call made inside end within `seconds`, with a time-out, on a client with `enforce_deadlines`.

    When `stop` is set, it ends at once, with a time-out too, unless it is still connecting.
    """
    outer = _deadline.at, _deadline.stop
    _deadline.answered = False
    _deadline.at = None if seconds is None else time.monotonic() + seconds
    _deadline.stop = stop
    try:
        yield
    finally:
        _deadline.at, _deadline.stop = outer


def note_answer() -> None:
    """Note that the call of this thread was answered."""
    _deadline.answered = True


def was_answered() -> bool:
    """Whether the last call of this thread was answered, readably or not."""
    return _deadline.answered


def enforce_deadlines(client: BaseClient) -> bool:
    """Have a client keep to `time_limit`.

    Returns:
        False if this botocore keeps its HTTP session elsewhere: then only its own time-outs hold.
    """
    endpoint = getattr(client, "_endpoint", None)
    session = getattr(endpoint, "http_session", None)
    default = getattr(session, "_timeout", None)
    manager = getattr(session, "_manager", None)
    pools = getattr(session, "_pool_classes_by_scheme", None)
    if endpoint is None or session is None or not isinstance(default, Timeout) or not isinstance(pools, dict):
        return False
    if "timeout" not in getattr(manager, "connection_pool_kw", {}):
        return False
    session._timeout = session._manager.connection_pool_kw["timeout"] = _limited(default)
    make_context = _context_maker(session)
    session._pool_classes_by_scheme = session._manager.pool_classes_by_scheme = {
        scheme: _reading_in_time(pool, make_context)
        for scheme, pool in cast("dict[str, type[HTTPConnectionPool]]", pools).items()
    }
    endpoint.http_session = cast("URLLib3Session", _BufferingSession(session))
    return True


def _context_maker(session: URLLib3Session) -> Callable[[], Callable[[], ssl.SSLContext] | None]:
    """Returns the session's maker of TLS contexts, as long as the session exists.

    urllib3 keeps a connection until its pool is collected. If it led back to the pool, neither would ever be.
    """
    session_ref = ref(session)
    return lambda: getattr(session_ref(), "_get_ssl_context", None)


def _limited(default: Timeout) -> Timeout:
    class Limited(Timeout):
        """A time-out that a connection pool copies for each request: each copy has the time that is left."""

        def clone(self) -> Timeout:
            remaining = _deadline.remaining()
            if remaining is None:
                return default.clone()
            return Timeout(
                connect=_shorter(default.connect_timeout, remaining), read=_shorter(default.read_timeout, remaining)
            )

    return Limited(connect=default.connect_timeout, read=default.read_timeout)


def _shorter(default: object, remaining: float) -> float:
    return min(default, remaining) if isinstance(default, (int, float)) else remaining


def _reading_in_time(
    pool: type[HTTPConnectionPool], make_context: Callable[[], Callable[[], ssl.SSLContext] | None]
) -> type[HTTPConnectionPool]:
    """The same pool, each read of a response limited to the time that is left."""

    class Response(HTTPResponse):
        def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
            super().__init__(sock, *args, **kwargs)
            if _deadline.at is not None or _deadline.stop is not None:
                self.fp = io.BufferedReader(_TimedReader(sock, self.fp.detach()))

    kind = reading_bundles_once(pool.ConnectionCls, make_context)
    connection = type("Connection", (kind,), {"response_class": Response})
    return type(pool.__name__, (pool,), {"ConnectionCls": connection})


class _TimedReader(io.RawIOBase):
    """Reads from a socket until the deadline."""

    def __init__(self, sock: socket.socket, raw: io.RawIOBase) -> None:
        self._sock = sock
        self._raw = raw

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        remaining = _deadline.remaining()
        if remaining is not None:
            if remaining <= 0.001:
                raise TimeoutError("no response before the deadline")
            self._sock.settimeout(_shorter(self._sock.gettimeout(), remaining))
        if _deadline.stop is not None:
            self._wait_for_more(_deadline.stop)
        return cast("int | None", self._raw.readinto(buffer))

    def _wait_for_more(self, stop: StopSignal) -> None:
        """Wait until there is something to read, for as long as a read would."""
        # What TLS has already decrypted does not show on the socket.
        if getattr(self._sock, "pending", int)():
            return
        timeout = self._sock.gettimeout()
        until = math.inf if timeout is None else time.monotonic() + timeout
        while (remaining := until - time.monotonic()) > 0:
            if stop.is_set():
                raise TimeoutError("the call was stopped")
            if wait_for_read(self._sock, min(remaining, STOP_CHECK_INTERVAL)):
                return
        raise TimeoutError("no response before the deadline")

    def close(self) -> None:
        self._raw.close()
        super().close()


class _BufferingSession:
    """botocore's HTTP session, which reads each body itself.

    A body that breaks off is passed on as far as it was received: one botocore calls it a success and another a lost
    connection.
    """

    def __init__(self, session: URLLib3Session) -> None:
        self._session = session
        self._clear_pools = cache_pools(session._manager)

    def __getattr__(self, name: str) -> object:
        return getattr(self._session, name)

    def close(self) -> None:
        self._clear_pools()
        self._session.close()

    def send(self, request: AWSPreparedRequest) -> AWSResponse:
        request.stream_output = True
        response = self._session.send(request)
        if response.status_code < 200:
            # The final response would be taken for that to the next request on this connection.
            cast("urllib3.HTTPResponse", response.raw).close()
        response.raw = _Buffered(self._read(request.url, response))
        return response

    def _read(self, url: str, response: AWSResponse) -> bytes:
        raw = cast("urllib3.HTTPResponse", response.raw)
        body = bytearray()
        try:
            for piece in raw.stream(_PIECE):
                body += piece
        except exceptions.ReadTimeoutError as error:
            raise ReadTimeoutError(endpoint_url=url, error=error) from error
        except exceptions.SSLError as error:
            raise ConnectionClosedError(endpoint_url=url, error=error) from error
        except (exceptions.ProtocolError, ValueError) as error:  # http.client's own, for a chunk of negative length
            raw.close()
            body += _partial(error)
        except BaseException:
            raw.close()
            raise
        return bytes(body)


def _partial(error: Exception) -> bytes:
    """The part of a body that http.client received before it broke off."""
    # urllib3's own kind of IncompleteRead has a number in that place.
    partial: list[object] = [cause.partial for cause in error.args if isinstance(cause, IncompleteRead)]
    return next((part for part in partial if isinstance(part, bytes)), b"")


class _Buffered:
    """A body that has been read, for botocore to read again."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, **_: object) -> Iterator[bytes]:
        yield self._body
