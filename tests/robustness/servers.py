"""Small servers and proxies on loopback, with TLS or without, that answer as a test says."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from select import select
from types import TracebackType
from typing import NamedTuple, Self


@contextmanager
def serve_bytes(*pieces: bytes) -> Generator[str]:
    """The URL of a server that reads from each connection once, sends these pieces, and closes it."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection, suppress(OSError):
                    connection.recv(65536)
                    for piece in pieces:
                        connection.sendall(piece)
                    # If the rest of the request was unread at the close, the client would see a reset instead.
                    connection.shutdown(socket.SHUT_WR)
                    connection.settimeout(0.1)
                    while connection.recv(65536):
                        pass

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)
    thread.join()


@contextmanager
def serve_slowly(head: bytes, piece: bytes) -> Generator[str]:
    """The URL of a server that sends a head and then a piece every 50 ms, for ten seconds, to one connection."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        stopped = threading.Event()

        def serve() -> None:
            connection, _ = server.accept()
            with connection, suppress(OSError):
                connection.recv(65536)
                connection.sendall(head)
                for _ in range(200):
                    connection.sendall(piece)
                    if stopped.wait(0.05):
                        return

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        stopped.set()
    thread.join()


TLS = Path(__file__).parents[1] / "support" / "tls"
"""Certificates that are valid until 2120: of a CA that issued `server` and `elsewhere`, and of another CA."""
CA, OTHER, SERVER, ELSEWHERE = (str(TLS / f"{name}.pem") for name in ("ca", "other", "server", "elsewhere"))

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"


class Request(NamedTuple):
    """A request, as a server reads it."""

    line: str
    headers: Mapping[str, str]
    """By their names in lower case."""
    body: bytes


class Peer:
    """A client's connection, as a server sees it.

    Args:
        sock: The connection.
    """

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self._stream = sock.makefile("rb")

    def read(self) -> Request | None:
        """The next request; None once the client has closed the connection."""
        line = self._stream.readline().decode("latin-1").rstrip()
        if not line:
            return None
        headers: dict[str, str] = {}
        while header := self._stream.readline().decode("latin-1").rstrip():
            name, _, value = header.partition(":")
            headers[name.lower()] = value.strip()
        return Request(line, headers, self._stream.read(int(headers.get("content-length", "0"))))

    def send(self, *pieces: bytes) -> None:
        """Send some bytes."""
        for piece in pieces:
            self.sock.sendall(piece)

    def is_closed(self, timeout: float) -> bool:
        """Whether the client closes the connection within some seconds; what it sends until then is skipped."""
        until = time.monotonic() + timeout
        try:
            while (remaining := until - time.monotonic()) > 0:
                self.sock.settimeout(remaining)
                if not self.sock.recv(65536):
                    return True
        except TimeoutError:
            pass
        except OSError:
            return True
        finally:
            self.sock.settimeout(None)
        return False

    def close(self) -> None:
        """Close the connection."""
        self._stream.close()
        with suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)
        self.sock.close()


Serve = Callable[[Peer], object]
"""Serves one connection, which is closed after it."""


class Server:
    """A server on loopback: `serve` runs in a thread for each connection.

    Args:
        serve: What to do with a connection.
        context: The TLS context; None serves without TLS.
        host: The address.
    """

    def __init__(self, serve: Serve, context: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> None:
        self.serve = serve
        self.count = 0
        """The connections so far."""
        self.connections: list[socket.socket] = []
        """Those that are open."""
        self._context = context
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(
            (host, 0), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=128
        )
        self.port: int = self._listener.getsockname()[1]
        # The certificates are valid for this name.
        name = "localhost" if context else f"[{host}]" if ":" in host else host
        self.url = f"{'https' if context else 'http'}://{name}:{self.port}"

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._threads[0].join()
        self._listener.close()
        with self._lock:
            for sock in self.connections:
                with suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()

    def _start(self, target: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments, name="server")
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                self.count += 1
                self.connections.append(sock)
            self._start(self._serve, sock)

    def _serve(self, sock: socket.socket) -> None:
        # A client that does not trust the certificate, or has given up, closes the connection.
        with suppress(OSError, ValueError):
            if self._context is not None:
                plain, sock = sock, self._context.wrap_socket(sock, server_side=True, do_handshake_on_connect=False)
                with self._lock:
                    self.connections[self.connections.index(plain)] = sock
                sock.do_handshake()
            peer = Peer(sock)
            try:
                self.serve(peer)
            finally:
                peer.close()
        with self._lock:
            self.connections.remove(sock)
        sock.close()


def server_context(certificate: str = SERVER) -> ssl.SSLContext:
    """The TLS context of a server, which asks its clients for certificates of the CA."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    context.load_verify_locations(CA)
    context.verify_mode = ssl.CERT_OPTIONAL
    return context


class Recorder:
    """Answers each request with the next of some responses, the last of which repeats.

    A response that says `connection: close` ends the connection.
    """

    def __init__(self, *responses: bytes) -> None:
        self.requests: list[Request] = []
        self.client_certificates: list[object] = []
        self._responses = list(responses) or [OK]

    def __call__(self, peer: Peer) -> None:
        if isinstance(peer.sock, ssl.SSLSocket):
            self.client_certificates.append(peer.sock.getpeercert() or None)
        while (request := peer.read()) is not None:
            self.requests.append(request)
            response = self._responses.pop(0) if len(self._responses) > 1 else self._responses[0]
            peer.send(response)
            if b"connection: close" in response:
                return


class HttpProxy(Recorder):
    """A proxy: it connects to whatever host is asked for, and answers forwarded requests itself.

    Args:
        responses: What to answer forwarded requests with.
        authorization: The `Proxy-Authorization` without which it answers 407.
        delay: Seconds before it passes anything on.
    """

    def __init__(self, *responses: bytes, authorization: str | None = None, delay: float = 0.0) -> None:
        super().__init__(*responses)
        self._authorization = authorization
        self._delay = delay

    def __call__(self, peer: Peer) -> None:
        request = peer.read()
        if request is None:
            return
        self.requests.append(request)
        if isinstance(peer.sock, ssl.SSLSocket):
            self.client_certificates.append(peer.sock.getpeercert() or None)
        if self._authorization not in (None, request.headers.get("proxy-authorization")):
            peer.send(b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n")
        elif request.line.startswith("CONNECT "):
            host, _, port = request.line.split()[1].rpartition(":")
            with socket.create_connection((host, int(port))) as target:
                peer.send(b"HTTP/1.1 200 OK\r\n\r\n")
                time.sleep(self._delay)
                _relay(peer.sock, target)
        else:
            peer.send(self._responses[0])
            while (request := peer.read()) is not None:
                self.requests.append(request)
                peer.send(self._responses[0])


def _relay(*ends: socket.socket) -> None:
    """Pass on what each end sends, until one of them closes."""
    first, second = ends
    others = {first: second, second: first}
    while True:
        # What TLS has decrypted already does not show on the socket.
        pending = [end for end in ends if isinstance(end, ssl.SSLSocket) and end.pending()]
        for end in pending or select(ends, [], [])[0]:
            piece = end.recv(65536)
            if not piece:
                return
            others[end].sendall(piece)
