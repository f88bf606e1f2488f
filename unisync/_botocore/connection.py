"""Connections: urllib3's, each step of which ends by a deadline, from resolving the name to the last byte.

urllib3 connects: through proxies, with TLS, verifying certificates. Its timeouts bound one step at a time, and nothing
interrupts it. So a name is resolved in a helper thread here, all its addresses share the time that is left, and what a
response is parsed from (`ResponseStream`) checks at each read how much time is left and whether the call was stopped.
"""

from __future__ import annotations

import errno
import io
import math
import os
import socket
import time
from contextlib import suppress
from contextvars import ContextVar
from http.client import HTTPResponse
from ipaddress import ip_address
from ssl import SSLSocket
from typing import TYPE_CHECKING, Any, Literal, cast

from typing_extensions import override
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError
from urllib3.util import wait_for_write

from unisync._botocore import helper_threads
from unisync._core.clock import STOP_CHECK_INTERVAL
from unisync._core.deadline import Deadline

if TYPE_CHECKING:
    from typing_extensions import Buffer

_connecting: ContextVar[Deadline] = ContextVar("_connecting")
"""The deadline of the connection that is being made: urllib3 creates the TLS socket itself."""
_BUFFER = 16 * 1024
"""Bytes: as many as TLS decrypts at once."""
_MIN_TIMEOUT = 0.001
"""Seconds that a socket gets where no time is left: zero would have it not block at all."""
_IN_PROGRESS = (errno.EINPROGRESS, errno.EWOULDBLOCK, errno.EAGAIN)


class BoundedConnection(HTTPConnection):
    """A connection that is made by a deadline."""

    deadline: Deadline = Deadline()
    """Set it before `connect`."""

    def connect(self) -> None:
        connection = self

        class TunnelResponse(HTTPResponse):
            """A proxy's answer to CONNECT."""

            def __init__(self, sock: socket.socket, *args: Any, **options: Any) -> None:
                stream = ResponseStream(sock, connection.deadline, _seconds(connection.timeout))
                super().__init__(cast("socket.socket", stream), *args, **options)

        self.response_class = TunnelResponse
        token = _connecting.set(self.deadline)
        try:
            super().connect()
        except BaseException:
            self.close()
            raise
        finally:
            _connecting.reset(token)

    def _new_conn(self) -> socket.socket:
        try:
            addresses = _resolve(self.host, self.port, self.deadline)
        except socket.gaierror as error:
            raise NameResolutionError(self.host, self, error) from error
        except TimeoutError as error:
            raise ConnectTimeoutError(self, f"{self.host} was not resolved in time") from error
        failure: OSError = OSError(f"{self.host} has no address")
        for family, kind, protocol, _, address in addresses:
            try:
                return self._connected_to(socket.socket(family, kind, protocol), address)
            except OSError as error:
                failure = error
        if isinstance(failure, TimeoutError):
            raise ConnectTimeoutError(self, f"{self.host} did not accept a connection in time") from failure
        raise NewConnectionError(self, f"{self.host} cannot be connected to: {failure}") from failure

    def _connected_to(self, sock: socket.socket, address: Any) -> socket.socket:
        try:
            for option in self.socket_options or ():
                sock.setsockopt(*option)
            timeout = min(self.deadline.check(), _seconds(self.timeout))
            sock.setblocking(False)
            code = sock.connect_ex(address)
            if code in _IN_PROGRESS:
                _wait_until_connected(sock, timeout, self.deadline)
                code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if code:
                raise OSError(code, os.strerror(code))
            sock.settimeout(timeout)  # for the TLS handshake
        except BaseException:
            sock.close()
            raise
        return sock


class BoundedTlsConnection(BoundedConnection, HTTPSConnection):
    """The same with TLS."""


class BoundedTlsSocket(SSLSocket):
    """A TLS socket whose handshake ends by the deadline of the connection that is being made."""

    @override
    def do_handshake(self, block: bool = False) -> None:
        deadline, timeout = _connecting.get(Deadline()), self.gettimeout()
        if deadline.stop is None or not timeout:
            super().do_handshake(block)
            return
        until = time.monotonic() + timeout
        try:
            while (remaining := min(until - time.monotonic(), deadline.check())) > 0:
                self.settimeout(min(remaining, STOP_CHECK_INTERVAL))
                with suppress(TimeoutError):
                    super().do_handshake(block)
                    return
        finally:
            self.settimeout(timeout)
        raise TimeoutError("the TLS handshake timed out")


class ResponseStream(io.RawIOBase):
    """What arrives on a socket, until the deadline.

    Args:
        sock: The socket.
        deadline: The deadline of the call.
        read_timeout: Seconds that each read may take as well; None for no limit.
    """

    at_end: bool = False
    """Whether to read no more from the socket."""

    def __init__(self, sock: socket.socket, deadline: Deadline, read_timeout: float | None) -> None:
        self._sock = sock
        self._deadline = deadline
        self._read_timeout = _seconds(read_timeout)
        self.buffered: io.BufferedReader = _Unclosed(self, _BUFFER)

    def timeout(self) -> float:
        """The seconds that the next step may take."""
        return min(self._deadline.check(), self._read_timeout)

    def readable(self) -> Literal[True]:
        return True

    def readinto(self, buffer: Buffer, /) -> int:
        if self.at_end:
            return 0
        until = time.monotonic() + self.timeout()
        try:
            while (remaining := min(until - time.monotonic(), self._deadline.check())) > 0:
                # Not select(): TLS may have decrypted data already, and what arrives may be none, such as a ticket.
                self._sock.settimeout(remaining if self._deadline.stop is None else min(remaining, STOP_CHECK_INTERVAL))
                with suppress(TimeoutError):
                    return self._sock.recv_into(buffer)
        finally:
            if self._deadline.stop is not None:
                # What comes next may be the TLS handshake behind a proxy: it has all the time that is left.
                self._sock.settimeout(max(until - time.monotonic(), _MIN_TIMEOUT))
        raise TimeoutError("timed out")

    def has_more(self) -> bool:
        """Whether more was received than what was read; nothing can be read after that."""
        self.at_end = True
        return bool(self.buffered.peek(1))

    def makefile(self, _mode: str) -> io.BufferedReader:
        """The stream itself: http.client takes it for a socket."""
        return self.buffered


class _Unclosed(io.BufferedReader):
    """A reader that parsers cannot close: several interim responses may come before the final one."""

    def close(self) -> None:
        pass


def response_from(stream: ResponseStream, method: str | None = None) -> HTTPResponse:
    """A response to be parsed from a stream."""
    return HTTPResponse(cast("socket.socket", stream), method=method)


def _wait_until_connected(sock: socket.socket, timeout: float, deadline: Deadline) -> None:
    """Wait until a socket is connected, or has failed to.

    Raises:
        TimeoutError: It was not, in so many seconds; or the call was stopped.
    """
    until = time.monotonic() + timeout
    while (remaining := until - time.monotonic()) > 0:
        deadline.check()
        if wait_for_write(sock, remaining if deadline.stop is None else min(remaining, STOP_CHECK_INTERVAL)):
            return
    raise TimeoutError("timed out")


def _resolve(host: str, port: int, deadline: Deadline) -> list[Any]:
    name = host.removeprefix("[").removesuffix("]")

    def resolve() -> list[Any]:
        return socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)

    try:
        ip_address(name)
    except ValueError:
        return helper_threads.result_of(helper_threads.shared(("resolve", name, port), resolve), deadline)
    return resolve()


def _seconds(timeout: object) -> float:
    return float(timeout) if isinstance(timeout, (int, float)) else math.inf
