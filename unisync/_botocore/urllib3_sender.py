"""The sender of the blocking client: urllib3's connections, kept for the next request."""

from __future__ import annotations

import threading
import warnings
import weakref
from collections import deque
from contextlib import suppress
from http.client import HTTPException, HTTPResponse, IncompleteRead
from ssl import SSLError as PythonSSLError
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from botocore import exceptions
from botocore.httpsession import mask_proxy_url
from urllib3 import ProxyManager
from urllib3.exceptions import ConnectTimeoutError, InsecureRequestWarning, NewConnectionError, SSLError

from unisync._botocore.connection import BoundedConnection, BoundedTlsConnection, ResponseStream, response_from
from unisync._botocore.connection_settings import ConnectionSettings, Proxy, port_of
from unisync._botocore.plain_head import plain_head
from unisync._botocore.responses import response_of
from unisync._botocore.tls import UNVERIFIED, context_of
from unisync._core.deadline import Deadline
from unisync._core.transport import MAX_RESPONSE, HttpRequest, HttpResponse, OversizedResponseError

if TYPE_CHECKING:
    import io
    import socket

_PIECE = 64 * 1024
_INTERIM_STATUSES = range(102, 200)
"""Those that another response follows; http.client itself knows 100, and nothing was asked that 101 would answer."""
_SWITCHING = 101
_TLS_ERRORS = (PythonSSLError, SSLError)


class _Origin:
    """Where requests to one scheme, host and port go, and the connections that are kept for it."""

    def __init__(self, url: str, settings: ConnectionSettings) -> None:
        self.url = urlsplit(url)
        self.proxy: Proxy | None = settings.proxy_for(url)
        is_tls = self.url.scheme == "https"
        by_tls_proxy = self.proxy is not None and self.proxy.url.startswith("https:")
        self.is_forwarded: bool = self.proxy is not None and (
            not is_tls or (by_tls_proxy and settings.is_forwarded_by_tls_proxies)
        )
        self.uses_tls: bool = by_tls_proxy if self.is_forwarded else is_tls
        self.idle: deque[BoundedConnection] = deque()

    def target_of(self, url: str) -> str:
        """What the request line says of a URL."""
        if self.is_forwarded:
            return url
        parts = urlsplit(url)
        return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


class _Kept(NamedTuple):
    """What a sender keeps: it is closed with it."""

    origins: dict[tuple[str, str], _Origin]
    lock: threading.Lock

    def close(self) -> None:
        with self.lock:
            origins = list(self.origins.values())
            self.origins.clear()
        for origin in origins:
            while origin.idle:
                origin.idle.pop().close()


class Urllib3Sender:
    """Sends requests over its own connections. Thread-safe.

    Args:
        settings: How to connect.
    """

    def __init__(self, settings: ConnectionSettings) -> None:
        self._settings = settings
        self._kept = _Kept({}, threading.Lock())
        weakref.finalize(self, self._kept.close)

    def close(self) -> None:
        """Close all connections. Those in use are closed after that."""
        self._kept.close()

    def send(self, request: HttpRequest, deadline: Deadline) -> HttpResponse:
        """Send a request and read the response to its end, or to where the connection breaks off.

        Raises:
            botocore.exceptions.HTTPClientError: There was no response.
            OversizedResponseError: It is too large.
        """
        origin = self._origin_of(request.url)
        connection = self._idle_connection(origin) or self._connected(origin, request.url, deadline)
        is_reusable = False
        try:
            response, is_reusable = self._exchange(connection, origin, request, deadline)
            return response
        finally:
            if is_reusable:
                self._keep(origin, connection)
            else:
                connection.close()

    def _origin_of(self, url: str) -> _Origin:
        scheme, netloc, *_ = urlsplit(url)
        origins, lock = self._kept
        origin = origins.get((scheme, netloc))
        if origin is None:
            with lock:
                origin = origins.setdefault((scheme, netloc), _Origin(url, self._settings))
        return origin

    def _idle_connection(self, origin: _Origin) -> BoundedConnection | None:
        """A connection that is open and quiet."""
        while origin.idle:
            try:
                connection = origin.idle.pop()
            except IndexError:  # another thread took it
                break
            if connection.is_connected:
                return connection
            connection.close()
        return None

    def _keep(self, origin: _Origin, connection: BoundedConnection) -> None:
        with self._kept.lock:
            is_current = self._kept.origins.get((origin.url.scheme, origin.url.netloc)) is origin
            if is_current and len(origin.idle) < self._settings.max_connections:
                origin.idle.append(connection)
                return
        connection.close()

    def _connected(self, origin: _Origin, url: str, deadline: Deadline) -> BoundedConnection:
        """A new connection."""
        try:
            connection = self._new_connection(origin)
        except OSError as error:  # a file with certificates cannot be read
            raise exceptions.SSLError(endpoint_url=url, error=error) from error
        connection.deadline = deadline
        try:
            connection.connect()
        except Exception as error:
            raise _not_connected(error, url, origin.proxy) from error
        return connection

    def _new_connection(self, origin: _Origin) -> BoundedConnection:
        settings, proxy = self._settings, origin.proxy
        peer = origin.url if proxy is None else urlsplit(proxy.url)
        options: dict[str, Any] = {
            "timeout": settings.connect_timeout,
            "socket_options": list(settings.socket_options),
        }
        if proxy is not None:
            is_tls = peer.scheme == "https"
            manager = ProxyManager(
                f"{peer.scheme}://{peer.netloc.rpartition('@')[2]}",
                proxy_ssl_context=context_of(settings.proxy_verify, settings.proxy_certificate) if is_tls else None,
                use_forwarding_for_https=settings.is_forwarded_by_tls_proxies,
            )
            options |= {"proxy": manager.proxy, "proxy_config": manager.proxy_config}
        kind = BoundedConnection
        if origin.uses_tls:
            kind = BoundedTlsConnection
            if settings.verify is False:
                warnings.warn(UNVERIFIED, InsecureRequestWarning, 2)
            if origin.is_forwarded:  # the TLS is that of the proxy
                options["ssl_context"] = context_of(settings.proxy_verify, settings.proxy_certificate)
            else:
                options["ssl_context"] = context_of(settings.verify, settings.client_certificate)
        connection = kind(peer.hostname or "", port_of(peer), **options)
        if proxy is not None and not origin.is_forwarded:
            target = origin.url
            connection.set_tunnel(target.hostname or "", port_of(target), dict(proxy.headers), scheme=peer.scheme)
        return connection

    def _exchange(
        self, connection: BoundedConnection, origin: _Origin, request: HttpRequest, deadline: Deadline
    ) -> tuple[HttpResponse, bool]:
        """The response to a request, and whether the connection can be used again."""
        sock: socket.socket = connection.sock
        stream = ResponseStream(sock, deadline, self._settings.read_timeout)
        try:
            sock.settimeout(stream.timeout())
            # A server that closes early may have said why.
            with suppress(BrokenPipeError):
                sock.sendall(_message(request, origin))
            head = plain_head(stream.buffered.peek(1))
            if head is not None:
                stream.buffered.read(head.size)
                body = _plain_body(stream.buffered, head.length)
                is_reusable = len(body) == head.length and not stream.has_more()
                return response_of(head.status, head.headers, body), is_reusable
            parsed = response_from(stream, request.method)
            parsed.begin()
            while parsed.status in _INTERIM_STATUSES:
                parsed = response_from(stream, request.method)
                parsed.begin()
            body, is_whole = _body_of(parsed)
        except TimeoutError as error:
            raise exceptions.ReadTimeoutError(endpoint_url=request.url, error=error) from error
        except (OSError, HTTPException) as error:
            raise exceptions.ConnectionClosedError(endpoint_url=request.url, error=error) from error
        is_reusable = is_whole and parsed.status != _SWITCHING and not (parsed.will_close or stream.has_more())
        return response_of(parsed.status, parsed.headers.items(), body), is_reusable


def _not_connected(error: Exception, url: str, proxy: Proxy | None) -> Exception:
    """The error of botocore's for a connection that was not made."""
    # NewConnectionError is a ConnectTimeoutError as well, though no time ran out.
    is_refused = isinstance(error, NewConnectionError)
    if isinstance(error, (ConnectTimeoutError, TimeoutError)) and not is_refused:
        return exceptions.ConnectTimeoutError(endpoint_url=url, error=error)
    if isinstance(error, _TLS_ERRORS):
        return exceptions.SSLError(endpoint_url=url, error=error)
    if not (is_refused or isinstance(error, (OSError, HTTPException))):
        return exceptions.HTTPClientError(error=error)
    if proxy is not None:
        return exceptions.ProxyConnectionError(proxy_url=mask_proxy_url(proxy.url), error=error)
    return exceptions.EndpointConnectionError(endpoint_url=url, error=error)


def _message(request: HttpRequest, origin: _Origin) -> bytes:
    lines = [f"{request.method} {origin.target_of(request.url)} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in request.headers]
    if origin.is_forwarded and origin.proxy is not None:
        lines += [f"{name}: {value}" for name, value in origin.proxy.headers.items()]
    return "\r\n".join((*lines, "", "")).encode() + request.body


def _plain_body(stream: io.BufferedReader, length: int) -> bytes:
    """The body of this length, or what was received of it before the connection broke off."""
    pieces: list[bytes] = []
    missing = length
    try:
        while missing and (piece := stream.read1(min(missing, _PIECE))):
            pieces.append(piece)
            missing -= len(piece)
    except (TimeoutError, PythonSSLError):
        raise
    except OSError:
        pass
    return b"".join(pieces)


def _body_of(response: HTTPResponse) -> tuple[bytes, bool]:
    """The body as far as it was received, and whether it ended where it should."""
    body = bytearray()
    try:
        while piece := response.read(_PIECE):
            body += piece
            if len(body) > MAX_RESPONSE:
                raise OversizedResponseError
            if response.isclosed():
                return bytes(body), True
    except (TimeoutError, PythonSSLError):
        raise
    except IncompleteRead as error:
        body += error.partial
    except (OSError, HTTPException, ValueError):  # http.client's own, for a chunk of negative length
        pass
    else:
        return bytes(body), not response.length
    return bytes(body), False
