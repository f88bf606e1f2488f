"""The sender of the awaitable client: aiohttp's connections on the event loop. It needs the extra `aio`."""

from __future__ import annotations

import asyncio
import socket
import ssl
import warnings
import weakref
from collections.abc import AsyncGenerator
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from botocore import exceptions
from botocore.httpsession import mask_proxy_url
from typing_extensions import override
from urllib3.exceptions import InsecureRequestWarning
from yarl import URL

from unisync._botocore import helper_threads
from unisync._botocore.connection_settings import ConnectionSettings, Proxy
from unisync._botocore.responses import response_of
from unisync._botocore.tls import UNVERIFIED, context_of
from unisync._core.transport import (
    MAX_RESPONSE,
    ClosedError,
    HttpRequest,
    HttpResponse,
    OversizedResponseError,
)

if TYPE_CHECKING:
    from aiohttp.connector import Connection

_MAX_LINE = 64 * 1024
"""Bytes that a header may have: as many as http.client allows."""
_LOSS_CHECK_INTERVAL = 0.5
"""Seconds between two checks whether a connection was lost."""
_SWITCHING = 101
_NOT_OURS = ("User-Agent", "Content-Type", "Accept", "Accept-Encoding")
"""Headers that aiohttp would add."""


class AiohttpSender:
    """Sends requests on event loops: each loop has connections of its own.

    Args:
        settings: How to connect.
    """

    def __init__(self, settings: ConnectionSettings) -> None:
        self._settings = settings
        self._proxies: dict[tuple[str, str], Proxy | None] = {}
        self._has_read_bundle = False
        self._open: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, _Opened] = weakref.WeakKeyDictionary()

    def can_send(self, request: HttpRequest) -> bool:
        """Whether aiohttp can connect as the settings say: it has no separate TLS settings for proxies."""
        proxy = self._proxy_for(request.url)
        return proxy is None or not proxy.url.startswith("https:")

    async def close(self) -> None:
        """Close all connections of this event loop."""
        opened = self._open.pop(asyncio.get_running_loop(), None)
        if opened is not None:
            await opened.keeper.aclose()

    async def send(self, request: HttpRequest) -> HttpResponse:
        """Send a request and read the response to its end, or to where the connection breaks off.

        Its deadline is the caller's to keep: a cancelled task closes its connection at once.

        Raises:
            botocore.exceptions.HTTPClientError: There was no response.
            OversizedResponseError: It is too large.
            ClosedError: The sender was closed meanwhile.
        """
        opened = await self._opened()
        if not opened.in_flight:
            # The loop may not have run since the last call: it learns now which connections were closed meanwhile.
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        proxy = self._proxy_for(request.url)
        options = await self._options(request, proxy)
        opened.in_flight += 1
        try:
            while True:
                with suppress(_StaleConnectionError):
                    return await _exchange(opened.session, request, options)
        except (aiohttp.ClientError, ValueError, OSError) as error:
            if opened.session.closed:
                raise ClosedError from error
            raise _translated(error, request.url, proxy) from error
        finally:
            opened.in_flight -= 1

    async def _options(self, request: HttpRequest, proxy: Proxy | None) -> dict[str, Any]:
        """The headers, the proxy and the TLS settings of a request."""
        is_tls = request.url.startswith("https:")
        options: dict[str, Any] = {"headers": request.headers}
        if proxy is not None:
            scheme, netloc, *_ = urlsplit(proxy.url)
            options["proxy"] = f"{scheme}://{netloc.rpartition('@')[2]}"
            if is_tls:
                options["proxy_headers"] = proxy.headers
            else:
                options["headers"] = [*request.headers, *proxy.headers.items()]
        if is_tls:
            options["ssl"] = await self._tls(request.url)
        return options

    async def _tls(self, url: str) -> ssl.SSLContext:
        def context() -> ssl.SSLContext:
            return context_of(self._settings.verify, self._settings.client_certificate)

        try:
            # A bundle has more than a hundred certificates; once it was read, there is only a look whether it changed.
            if self._has_read_bundle:
                found = context()
            else:
                reading = helper_threads.shared(("TLS", id(self)), context)
                found = await asyncio.shield(asyncio.wrap_future(reading))
        except OSError as error:
            raise exceptions.SSLError(endpoint_url=url, error=error) from error
        if not self._has_read_bundle and self._settings.verify is False:
            warnings.warn(UNVERIFIED, InsecureRequestWarning, 2)
        self._has_read_bundle = True
        return found

    def _proxy_for(self, url: str) -> Proxy | None:
        scheme, netloc, *_ = urlsplit(url)
        if (scheme, netloc) not in self._proxies:
            self._proxies[scheme, netloc] = self._settings.proxy_for(url)
        return self._proxies[scheme, netloc]

    async def _opened(self) -> _Opened:
        loop = asyncio.get_running_loop()
        opened = self._open.get(loop)
        if opened is None or opened.session.closed:
            self._forget_closed_loops()
            session = _new_session(self._settings)
            keeper = _kept_open(session)
            await anext(keeper)
            self._open[loop] = opened = _Opened(session, keeper)
            # It refers to the keeper for as long as the sender exists. If the keeper and the session were collected at
            # once, the session would warn that it is still open.
            weakref.finalize(opened, _drop, keeper).atexit = False
        return opened

    def _forget_closed_loops(self) -> None:
        # A session refers to its loop, so that neither is collected while it is here.
        for reference in self._open.keyrefs():
            loop = reference()
            if loop is not None and loop.is_closed():
                self._open.pop(loop, None)


@dataclass
class _Opened:
    """The connections of an event loop."""

    session: aiohttp.ClientSession
    keeper: AsyncGenerator[None]
    """What closes them."""
    in_flight: int = 0


async def _kept_open(session: aiohttp.ClientSession) -> AsyncGenerator[None]:
    """Closes a session when it is closed itself, which asyncio does: when it is collected, and when its loop ends.

    Nobody has to close a client, and aiohttp complains of each session that nobody closed.
    """
    try:
        yield
    finally:
        await session.close()


def _drop(_: object) -> None:
    """Do nothing: the finalizer drops its reference after this."""


class _StaleConnectionError(aiohttp.ClientError):
    """A connection received something before the request was sent: it would be taken for the response."""


class _Request(aiohttp.ClientRequest):
    """A request that is sent on a quiet connection only."""

    @override
    async def send(self, conn: Connection) -> aiohttp.ClientResponse:
        if conn.protocol is not None and conn.protocol.should_close:
            raise _StaleConnectionError
        return await super().send(conn)


class _Response(aiohttp.ClientResponse):
    """A response after which a connection is not used again if it no longer speaks HTTP."""

    @override
    async def start(self, connection: Connection) -> aiohttp.ClientResponse:
        protocol = connection.protocol
        response = await super().start(connection)
        if self.status == _SWITCHING and protocol is not None:
            protocol.close()
        return response


class _Resolver(AbstractResolver):
    """Resolves names in helper threads: asyncio's own would keep an event loop that ends waiting for one that hangs."""

    @override
    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        def resolve() -> list[Any]:
            return socket.getaddrinfo(host, port, family, socket.SOCK_STREAM)

        resolving = asyncio.wrap_future(helper_threads.shared(("resolve", host, port, family), resolve))
        return [
            ResolveResult(
                hostname=host,
                host=address[0] if len(address) == 2 or not address[3] else f"{address[0]}%{address[3]}",
                port=address[1],
                family=found,
                proto=protocol,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for found, _, protocol, _, address in await asyncio.shield(resolving)
        ]

    @override
    async def close(self) -> None:
        pass


def _new_session(settings: ConnectionSettings) -> aiohttp.ClientSession:
    options = settings.socket_options

    def connecting_socket(address: Any) -> socket.socket:
        family, kind, protocol, _, _ = address
        sock = socket.socket(family, kind, protocol)
        for option in options:
            sock.setsockopt(*option)
        return sock

    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(
            limit=0,
            limit_per_host=settings.max_connections,
            resolver=_Resolver(),
            socket_factory=connecting_socket,
        ),
        timeout=aiohttp.ClientTimeout(sock_connect=settings.connect_timeout, sock_read=settings.read_timeout),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        request_class=_Request,
        response_class=_Response,
        skip_auto_headers=_NOT_OURS,
        max_line_size=_MAX_LINE,
        max_field_size=_MAX_LINE,
    )


async def _exchange(session: aiohttp.ClientSession, request: HttpRequest, options: dict[str, Any]) -> HttpResponse:
    """The response to a request."""
    async with session.request(
        request.method,
        URL(request.url, encoded=True),
        data=request.body or None,
        allow_redirects=False,
        **options,
    ) as response:
        body = await _body_of(response)
        return response_of(response.status, response.headers.items(), body)


async def _body_of(response: aiohttp.ClientResponse) -> bytes:
    """The body as far as it was received."""
    body = bytearray()
    content = response.content
    try:
        while not content.at_eof():
            body += content.read_nowait() if content.is_eof() else await _more_of(response)
            if len(body) > MAX_RESPONSE:
                raise OversizedResponseError
    except aiohttp.ServerTimeoutError:
        raise
    except (aiohttp.ClientError, OSError, RuntimeError):  # the last one if the connection was closed before the read
        response.close()
    return bytes(body)


async def _more_of(response: aiohttp.ClientResponse) -> bytes:
    """The next part of a body.

    aiohttp closes a connection that sends an invalid chunk, but leaves who reads the body waiting.

    Raises:
        aiohttp.ClientError: There is no more, though there should be.
    """
    reading = asyncio.ensure_future(response.content.readany())
    try:
        while not reading.done():
            await asyncio.wait([reading], timeout=_LOSS_CHECK_INTERVAL)
            if not reading.done() and _is_lost(response.connection):
                raise aiohttp.ClientPayloadError("the connection was closed within the body")
        return reading.result()
    finally:
        reading.cancel()


def _is_lost(connection: Connection | None) -> bool:
    return connection is None or connection.transport is None or connection.transport.is_closing()


def _translated(error: Exception, url: str, proxy: Proxy | None) -> Exception:
    """The error of botocore's for one of aiohttp's."""
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return exceptions.ConnectTimeoutError(endpoint_url=url, error=error)
    if isinstance(error, aiohttp.ServerTimeoutError):
        return exceptions.ReadTimeoutError(endpoint_url=url, error=error)
    if isinstance(error, aiohttp.ClientSSLError):
        return exceptions.SSLError(endpoint_url=url, error=error)
    if proxy is not None and isinstance(error, (aiohttp.ClientHttpProxyError, aiohttp.ClientConnectorError)):
        cause: Exception = error
        if isinstance(error, aiohttp.ClientHttpProxyError):
            cause = OSError(f"Tunnel connection failed: {error.status} {error.message}")
        return exceptions.ProxyConnectionError(proxy_url=mask_proxy_url(proxy.url), error=cause)
    if isinstance(error, aiohttp.ClientConnectorError):
        return exceptions.EndpointConnectionError(endpoint_url=url, error=error)
    if isinstance(error, ValueError) or not isinstance(error, aiohttp.ClientError):
        return exceptions.HTTPClientError(error=error)
    return exceptions.ConnectionClosedError(endpoint_url=url, error=error)
