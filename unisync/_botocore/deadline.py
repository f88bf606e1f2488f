"""Between botocore and the socket: calls that end in time, over connections that are found again fast."""

from __future__ import annotations

import io
import math
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from http.client import HTTPResponse, IncompleteRead
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit
from weakref import ref

from unisync._botocore.tls import reading_bundles_once
from unisync._core.flow import SLICE

if TYPE_CHECKING:
    import socket
    import ssl

    import urllib3
    from botocore.awsrequest import AWSPreparedRequest, AWSResponse
    from botocore.client import BaseClient
    from botocore.httpsession import URLLib3Session
    from urllib3 import PoolManager
    from urllib3.connectionpool import HTTPConnectionPool
    from urllib3.util import Timeout

    from unisync._core.flow import Stop

_PIECE = 64 * 1024


class _Deadline(threading.local):
    """When the call that this thread is making must have ended, by the monotonic clock; and whether it was answered."""

    at: float | None = None
    stop: Stop | None = None
    answered: bool = False

    def left(self) -> float | None:
        # A socket takes no time-out of more than some years.
        return None if self.at is None else min(max(self.at - time.monotonic(), 0.001), 1e6)


_deadline = _Deadline()


@contextmanager
def time_limit(seconds: float | None, stop: Stop | None = None) -> Generator[None]:
    """Let the call made inside end within `seconds`, by a time-out, if it goes through `end_in_time`'s client.

    If `stop` says so, it ends at once, by a time-out too, unless it is only being connected.
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
    """Say that the call of this thread was answered."""
    _deadline.answered = True


def was_answered() -> bool:
    """Whether the last call of this thread was answered, readably or not."""
    return _deadline.answered


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
    pools = getattr(session, "_pool_classes_by_scheme", None)
    if endpoint is None or session is None or not isinstance(usual, Timeout) or not isinstance(pools, dict):
        return False
    if "timeout" not in getattr(manager, "connection_pool_kw", {}):
        return False
    session._timeout = session._manager.connection_pool_kw["timeout"] = _limited(usual)
    make_context = _context_maker(session)
    session._pool_classes_by_scheme = session._manager.pool_classes_by_scheme = {
        scheme: _reading_in_time(pool, make_context)
        for scheme, pool in cast("dict[str, type[HTTPConnectionPool]]", pools).items()
    }
    endpoint.http_session = cast("URLLib3Session", _WholeSession(session))
    return True


def _context_maker(session: URLLib3Session) -> Callable[[], Callable[[], ssl.SSLContext] | None]:
    """Gives what makes a TLS context as long as there is such a thing.

    urllib3 keeps a connection until its pool is let go. If it led back to the pool, neither would ever be let go.
    """
    whose = ref(session)
    return lambda: getattr(whose(), "_get_ssl_context", None)


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


def _reading_in_time(
    pool: type[HTTPConnectionPool], make_context: Callable[[], Callable[[], ssl.SSLContext] | None]
) -> type[HTTPConnectionPool]:
    """The same pool, with each read of a reply given only the time that is left, from its first line to its last."""

    class Response(HTTPResponse):
        def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
            super().__init__(sock, *args, **kwargs)
            if _deadline.at is not None or _deadline.stop is not None:
                self.fp = io.BufferedReader(_TimedReader(sock, self.fp.detach()))

    kind = reading_bundles_once(pool.ConnectionCls, make_context)
    connection = type("Connection", (kind,), {"response_class": Response})
    return type(pool.__name__, (pool,), {"ConnectionCls": connection})


class _TimedReader(io.RawIOBase):
    """What comes over a socket while there is time."""

    def __init__(self, sock: socket.socket, raw: io.RawIOBase) -> None:
        self._sock = sock
        self._raw = raw

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = _deadline.left()
        if left is not None:
            if left <= 0.001:
                raise TimeoutError("the answer did not come in time")
            self._sock.settimeout(_least(self._sock.gettimeout(), left))
        if _deadline.stop is not None:
            self._wait_for_more(_deadline.stop)
        return cast("int | None", self._raw.readinto(buffer))

    def _wait_for_more(self, stop: Stop) -> None:
        """Wait until there is something to read, or for as long as a read would."""
        from urllib3.util import wait_for_read

        # What TLS has decrypted already does not show on the socket.
        if getattr(self._sock, "pending", int)():
            return
        timeout = self._sock.gettimeout()
        until = math.inf if timeout is None else time.monotonic() + timeout
        while (left := until - time.monotonic()) > 0:
            if stop.is_set():
                raise TimeoutError("it was stopped")
            if wait_for_read(self._sock, min(left, SLICE)):
                return
        raise TimeoutError("the answer did not come in time")

    def close(self) -> None:
        self._raw.close()
        super().close()


class _WholeSession:
    """botocore's HTTP session, which reads each body itself.

    What came of a body that breaks off is passed on: one botocore calls it a success and another a lost connection.
    """

    def __init__(self, session: URLLib3Session) -> None:
        self._session = session
        self._forget_pools = _remember_pools(session._manager)

    def __getattr__(self, name: str) -> object:
        return getattr(self._session, name)

    def close(self) -> None:
        self._forget_pools()
        self._session.close()

    def send(self, request: AWSPreparedRequest) -> AWSResponse:
        request.stream_output = True
        response = self._session.send(request)
        if response.status_code < 200:
            # The final answer would be taken for that to the next request of this connection.
            cast("urllib3.HTTPResponse", response.raw).close()
        response.raw = _Whole(self._read(request.url, response))
        return response

    def _read(self, url: str, response: AWSResponse) -> bytes:
        from botocore.exceptions import ConnectionClosedError, ReadTimeoutError
        from urllib3 import exceptions

        raw = cast("urllib3.HTTPResponse", response.raw)
        body = bytearray()
        try:
            for piece in raw.stream(_PIECE):
                body += piece
        except exceptions.ReadTimeoutError as error:
            raise ReadTimeoutError(endpoint_url=url, error=error) from error
        except exceptions.SSLError as error:
            raise ConnectionClosedError(endpoint_url=url, error=error) from error
        except (exceptions.ProtocolError, ValueError) as error:  # http.client's own, of a chunk of less than nothing
            raw.close()
            body += _partial(error)
        except BaseException:
            raw.close()
            raise
        return bytes(body)


def _remember_pools(manager: PoolManager) -> Callable[[], None]:
    """Have `manager` find a host's pool by its name; urllib3 makes a key of all settings to find it for each request.

    Returns:
        Has it look them up anew.
    """
    find = manager.connection_from_url
    pools: dict[tuple[str, str], HTTPConnectionPool] = {}

    def connection_from_url(url: str, *settings: Any) -> HTTPConnectionPool:
        scheme, host, *_ = urlsplit(url)
        pool = None if settings else pools.get((scheme, host))
        if pool is None:
            pool = find(url, *settings)
            if not settings:
                pools[scheme, host] = pool
        return pool

    vars(manager)["connection_from_url"] = connection_from_url
    return pools.clear


def _partial(error: Exception) -> bytes:
    """What http.client had read of a body before it broke off."""
    # urllib3's own kind of IncompleteRead has a number in that place.
    partial: list[object] = [cause.partial for cause in error.args if isinstance(cause, IncompleteRead)]
    return next((part for part in partial if isinstance(part, bytes)), b"")


class _Whole:
    """A body that has been read, for botocore to read once more."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, **_: object) -> Iterator[bytes]:
        yield self._body
