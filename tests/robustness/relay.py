"""A server between a client and the emulator, on which a request or its answer goes astray as a script says."""

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

HEAD_ENDS = b"\r\n\r\n"


class End(Enum):
    """What becomes of the connection after an answer."""

    KEEP = "it is kept for the next request"
    CLOSE = "it is closed"
    RESET = "it is reset"


class Answer(NamedTuple):
    """What the emulator answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_cbor(self) -> bool:
        return "cbor" in self.headers.get("content-type", "")

    def members(self) -> Any:
        """The body, read; nothing of one that cannot be."""
        try:
            return cbor2.loads(self.body) if self.is_cbor else json.loads(self.body)
        except (ValueError, cbor2.CBORDecodeError):
            return {}

    def holding(self, members: object) -> bytes:
        """A body with these members instead."""
        return cbor2.dumps(members, datetime_as_timestamp=True) if self.is_cbor else json.dumps(members).encode()

    def written(
        self, body: bytes | None = None, status: int | None = None, headers: Mapping[str, str | None] | None = None
    ) -> bytes:
        """The answer as it goes over the wire, otherwise where it is said; a header that is None is left out."""
        body = self.body if body is None else body
        status = self.status if status is None else status
        # What is said otherwise comes first, as a client may not read on.
        fields: dict[str, str | None] = {"content-length": str(len(body)), **(headers or {})}
        fields = {**fields, **{name: value for name, value in self.headers.items() if name not in fields}}
        lines = [f"{name}: {value}" for name, value in fields.items() if value is not None]
        return "\r\n".join([f"HTTP/1.1 {status} So", *lines, "", ""]).encode("latin-1") + body


Step = bytes | float | End
"""Something to send, seconds to pause, or the end; without one, the connection is closed."""
Script = Callable[[Answer], Iterable[Step]]
"""What becomes of an answer."""
NOTHING = Answer(500, {}, b"")


class Astray(NamedTuple):
    """A script, and when it comes into play."""

    script: Script
    runs: bool = True
    """Whether the operation is run first."""


Choice = Callable[[str, str], Astray | None]
"""What happens to the next request of a service and an operation."""


class Relay:
    """Serves on loopback until `close`, and passes on what it is asked, but for what `choose` picks."""

    def __init__(self, upstream: str) -> None:
        host, _, port = upstream.removeprefix("http://").rpartition(":")
        self._upstream = host, int(port)
        self._server = socket.create_server(("127.0.0.1", 0), backlog=512)
        self._lock = threading.Lock()
        self._sockets: set[socket.socket] = set()
        self._threads: set[threading.Thread] = set()
        self._closed = False
        self.choose: Choice = lambda service, operation: None
        self.asked: Counter[tuple[str, str]] = Counter()
        """How often each operation of each service was asked for."""
        self._accepting = threading.Thread(target=self._accept, name="relay")
        self._accepting.start()

    @property
    def url(self) -> str:
        """Where it serves."""
        return f"http://127.0.0.1:{self._server.getsockname()[1]}"

    def close(self) -> None:
        """Cut all connections, and end all threads."""
        self._closed = True
        with contextlib.suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._accepting.join()
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
        """Let one request be answered. False if the connection ends with that."""
        head, headers = client.head()
        body = b"".join(client.body(headers))
        method, target, _ = head.split(b"\r\n", 1)[0].decode("ascii").split(" ")
        operation = find_operation(Request(method, target, dict(headers), body))
        with self._lock:
            self.asked[operation.service, operation.name] += 1
            astray = self.choose(operation.service, operation.name)
        if astray is not None and not astray.runs:
            return client.play(astray.script(NOTHING))
        emulator.socket.sendall(head + body)
        head, headers = emulator.head()
        if astray is None:
            client.socket.sendall(head)
            for piece in emulator.body(headers):
                client.socket.sendall(piece)
            return True
        status = int(head.split(b" ", 2)[1])
        return client.play(astray.script(Answer(status, headers, b"".join(emulator.body(headers)))))


class _Peer:
    """The other end of a connection."""

    def __init__(self, connection: socket.socket) -> None:
        self.socket = connection
        # What is sent in two pieces would wait for the other end's delayed acknowledgement.
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._unread = b""

    def __enter__(self) -> _Peer:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def head(self) -> tuple[bytes, Mapping[str, str]]:
        """The first line and the headers of a message, as they came, and the headers read."""
        while HEAD_ENDS not in self._unread:
            self._more()
        head, _, self._unread = self._unread.partition(HEAD_ENDS)
        lines = head.decode("latin-1").split("\r\n")[1:]
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        return head + HEAD_ENDS, headers

    def body(self, headers: Mapping[str, str]) -> Iterator[bytes]:
        """The body of a message, as it comes."""
        left = int(headers.get("content-length", "0"))
        while left:
            if not self._unread:
                self._more()
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
                    # It ends early when the other end leaves.
                    select.select([self.socket], [], [], step)
        return False

    def _more(self) -> None:
        piece = self.socket.recv(65536)
        if not piece:
            raise EOFError
        self._unread += piece
