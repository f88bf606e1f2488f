"""A server that records each request as it was sent, byte by byte, and answers every one alike."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Generator
from contextlib import contextmanager
from typing import NamedTuple

from typing_extensions import override

Header = tuple[str, str]


class WireRequest(NamedTuple):
    """A request as it was sent."""

    method: str
    target: str
    headers: tuple[Header, ...]
    """In the order in which they were sent."""
    body: bytes


class Recorder:
    """A running server. Use `serve`."""

    def __init__(self, port: int, requests: list[WireRequest]) -> None:
        self.url: str = f"http://127.0.0.1:{port}"
        self.requests: list[WireRequest] = requests

    def take(self) -> WireRequest:
        """The only request that was sent since the last call of this."""
        (request,) = self.requests
        self.requests.clear()
        return request


def response(status: int, body: bytes, *headers: Header) -> bytes:
    """The bytes of a response."""
    lines = [
        f"HTTP/1.1 {status} Status",
        f"content-length: {len(body)}",
        *(f"{name}: {text}" for name, text in headers),
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body


REFUSED = response(400, b"{}")
"""Ends a call of either client: neither sends a request again after it."""


@contextmanager
def serve(answer: bytes = REFUSED) -> Generator[Recorder]:
    """Run a server that sends this answer to each request."""
    requests: list[WireRequest] = []

    class Handler(socketserver.StreamRequestHandler):
        @override
        def handle(self) -> None:
            while line := self.rfile.readline():
                method, target, _ = line.decode("latin-1").split(" ", 2)
                headers: list[Header] = []
                while (field := self.rfile.readline().strip()) != b"":
                    name, _, value = field.decode("latin-1").partition(":")
                    headers.append((name, value.strip()))
                length = next((int(value) for name, value in headers if name.lower() == "content-length"), 0)
                requests.append(WireRequest(method, target, tuple(headers), self.rfile.read(length)))
                self.wfile.write(answer)

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        block_on_close = False

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield Recorder(server.server_address[1], requests)
        server.shutdown()
        thread.join()
