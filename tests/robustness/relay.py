"""A server between a client and the emulator that lets requests or responses go wrong as a script says."""

from __future__ import annotations

import contextlib
import json
import select
import socket
import struct
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import Enum
from typing import Any, NamedTuple

import cbor2

from unisync.emulator._protocol.message import Request
from unisync.emulator._protocol.operations import find_operation

HEAD_END = b"\r\n\r\n"


class End(Enum):
    """What happens to the connection after a response."""

    KEEP = "it is kept for the next request"
    CLOSE = "it is closed"
    RESET = "it is reset"


class Response(NamedTuple):
    """A response of the emulator."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_cbor(self) -> bool:
        return "cbor" in self.headers.get("content-type", "")

    def fields(self) -> Any:
        """The decoded body; an empty one if it cannot be decoded."""
        try:
            return cbor2.loads(self.body) if self.is_cbor else json.loads(self.body)
        except (ValueError, cbor2.CBORDecodeError):
            return {}

    def encode_body(self, fields: object) -> bytes:
        """A body with these fields, in the protocol of this response."""
        return cbor2.dumps(fields, datetime_as_timestamp=True) if self.is_cbor else json.dumps(fields).encode()

    def encode(
        self, body: bytes | None = None, status: int | None = None, headers: Mapping[str, str | None] | None = None
    ) -> bytes:
        """The response as it is sent, with these replacements; a header that is None is left out."""
        body = self.body if body is None else body
        status = self.status if status is None else status
        # The replacements come first, since a client may stop reading there.
        sent: dict[str, str | None] = {"content-length": str(len(body)), **(headers or {})}
        sent = {**sent, **{name: value for name, value in self.headers.items() if name not in sent}}
        lines = [f"{name}: {value}" for name, value in sent.items() if value is not None]
        return "\r\n".join([f"HTTP/1.1 {status} So", *lines, "", ""]).encode("latin-1") + body


Step = bytes | float | End
"""Bytes to send, seconds to pause, or the end. Without an end, the connection is closed."""
Script = Callable[[Response], Iterable[Step]]
"""What to send in place of a response."""
NO_RESPONSE = Response(500, {}, b"")


class RelayFault(NamedTuple):
    """A fault that the relay plays."""

    script: Script
    executes: bool = True
    """Whether the operation is executed first."""


PickFault = Callable[[str, str], RelayFault | None]
"""The fault of the next request to a service and an operation, if any."""


class Relay:
    """Forwards requests on loopback until `close`, except for those that `pick_fault` returns a fault for."""

    def __init__(self, upstream: str) -> None:
        host, _, port = upstream.removeprefix("http://").rpartition(":")
        self._upstream = host, int(port)
        self._server = socket.create_server(("127.0.0.1", 0), backlog=512)
        self._lock = threading.Lock()
        self._sockets: set[socket.socket] = set()
        self._threads: set[threading.Thread] = set()
        self._closed = False
        self.pick_fault: PickFault = lambda service, operation: None
        self.requests: Counter[tuple[str, str]] = Counter()
        """The number of requests to each operation of each service."""
        self._acceptor = threading.Thread(target=self._accept, name="relay")
        self._acceptor.start()

    @property
    def url(self) -> str:
        """The endpoint URL."""
        return f"http://127.0.0.1:{self._server.getsockname()[1]}"

    def close(self) -> None:
        """Close all connections, and end all threads."""
        self._closed = True
        with contextlib.suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._acceptor.join()
        self._server.close()
        with self._lock:
            for each in self._sockets:
                with contextlib.suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
        for thread in list(self._threads):
            thread.join()

    def _accept(self) -> None:
        while not self._closed:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(connection,), name="relay")
            with self._lock:
                self._threads.add(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with _Peer(connection) as client, _Peer(socket.create_connection(self._upstream)) as emulator:
            with self._lock:
                self._sockets |= {connection, emulator.socket}
            with contextlib.suppress(OSError, EOFError):
                while not self._closed and self._exchange(client, emulator):
                    pass
            with self._lock:
                self._sockets -= {connection, emulator.socket}
                self._threads.discard(threading.current_thread())

    def _exchange(self, client: _Peer, emulator: _Peer) -> bool:
        """Handle one request. False if the connection ends after it."""
        head, headers = client.read_head()
        body = b"".join(client.read_body(headers))
        method, target, _ = head.split(b"\r\n", 1)[0].decode("ascii").split(" ")
        operation = find_operation(Request(method, target, dict(headers), body))
        with self._lock:
            self.requests[operation.service, operation.name] += 1
            fault = self.pick_fault(operation.service, operation.name)
        if fault is not None and not fault.executes:
            return client.play(fault.script(NO_RESPONSE))
        emulator.socket.sendall(head + body)
        head, headers = emulator.read_head()
        if fault is None:
            client.socket.sendall(head)
            for piece in emulator.read_body(headers):
                client.socket.sendall(piece)
            return True
        status = int(head.split(b" ", 2)[1])
        return client.play(fault.script(Response(status, headers, b"".join(emulator.read_body(headers)))))


class _Peer:
    """The other end of a connection."""

    def __init__(self, connection: socket.socket) -> None:
        self.socket = connection
        # The second of two pieces would wait for the delayed acknowledgement of the first.
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._unread = b""

    def __enter__(self) -> _Peer:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def read_head(self) -> tuple[bytes, Mapping[str, str]]:
        """The first line and the headers of a message, as received, and the parsed headers."""
        while HEAD_END not in self._unread:
            self._receive()
        head, _, self._unread = self._unread.partition(HEAD_END)
        lines = head.decode("latin-1").split("\r\n")[1:]
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        return head + HEAD_END, headers

    def read_body(self, headers: Mapping[str, str]) -> Iterator[bytes]:
        """The body of a message, piece by piece."""
        left = int(headers.get("content-length", "0"))
        while left:
            if not self._unread:
                self._receive()
            piece, self._unread = self._unread[:left], self._unread[left:]
            left -= len(piece)
            yield piece

    def play(self, steps: Iterable[Step]) -> bool:
        """Do what a script says. False if the connection ends with that."""
        for step in steps:
            match step:
                case bytes():
                    self.socket.sendall(step)
                case End.KEEP:
                    return True
                case End.RESET:
                    self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    return False
                case End.CLOSE:
                    return False
                case _:
                    # A pause ends early when the client closes the connection.
                    select.select([self.socket], [], [], step)
        return False

    def _receive(self) -> None:
        piece = self.socket.recv(65536)
        if not piece:
            raise EOFError
        self._unread += piece
