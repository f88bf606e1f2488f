"""The HTTP/1.1 server: asyncio in its own thread. It also delivers the faults that happen on the wire."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, cast

import h11

from unisync.emulator._protocol.message import Request, Response
from unisync.emulator.application import Application

if TYPE_CHECKING:
    from unisync.emulator.control import Control

CONTROL = "/_unisync/"
"""How the paths of control begin. No path of AWS's does."""
_PIECES = 20
"""The number of pieces in which a slow body is sent."""
_BODILESS = (204, 304)
"""Statuses without a body in HTTP."""


class Server:
    """Serves an application, and its control, from its creation until `close`."""

    def __init__(self, application: Application, host: str, port: int, control: Control | None = None) -> None:
        self._application = application
        self._control = control
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.create_server((host, port), family=family, backlog=512)
        self._loop = asyncio.new_event_loop()
        self._closed = self._loop.create_future()
        self._connections: set[_Connection] = set()
        self._thread = threading.Thread(target=self._run, name="unisync-emulator", daemon=True)
        self._thread.start()

    @property
    def address(self) -> tuple[str, int]:
        """The host and port that it listens on."""
        host, port, *_ = self._socket.getsockname()
        return host, port

    def close(self) -> None:
        """Close all connections, free the port and end the thread."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._closed.set_result, None)
            self._thread.join()

    def _run(self) -> None:
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        server = await self._loop.create_server(
            lambda: _Connection(self._application, self._control, self._connections), sock=self._socket
        )
        await self._closed
        # Accepts in progress have to become connections first: asyncio would leak their sockets.
        while tasks := asyncio.all_tasks() - {asyncio.current_task()}:
            self._abort_all()
            await asyncio.gather(*tasks, return_exceptions=True)
        server.close()
        self._abort_all()
        # The transports close their sockets in the next iteration of the loop.
        await asyncio.sleep(0)

    def _abort_all(self) -> None:
        for connection in list(self._connections):
            connection.abort()


class _Connection(asyncio.Protocol):
    """One connection: handles its requests one after another."""

    def __init__(self, application: Application, control: Control | None, connections: set[_Connection]) -> None:
        self._application = application
        self._control = control
        self._connections = connections
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=256 * 1024)
        self._request: h11.Request | None = None
        self._body = bytearray()
        self._outgoing = bytearray()
        self._delivery: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        self._connections.discard(self)
        if self._delivery is not None:
            self._delivery.cancel()

    def abort(self) -> None:
        """Close the connection at once."""
        if self._delivery is not None:
            self._delivery.cancel()
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        self._http.receive_data(data)
        self._read()

    def eof_received(self) -> None:
        self._transport.close()

    def _read(self) -> None:
        while True:
            try:
                event = self._http.next_event()
            except h11.RemoteProtocolError as error:
                self._reject(error)
                return
            match event:
                case h11.Request():
                    self._request, self._body = event, bytearray()
                    if self._http.they_are_waiting_for_100_continue:
                        self._send(h11.InformationalResponse(status_code=100, headers=[]))
                        self._flush()
                case h11.Data():
                    self._body += event.data
                case h11.EndOfMessage():
                    if not self._respond():
                        return
                case _:
                    return

    def _respond(self) -> bool:
        """Respond to the request that was read. False if no further request can be read yet, or at all."""
        assert self._request is not None
        headers: dict[str, str] = {}
        for raw_name, raw_value in self._request.headers:
            name, value = raw_name.decode("ascii"), raw_value.decode("latin-1")
            headers[name] = f"{headers[name]},{value}" if name in headers else value
        method, target = self._request.method.decode("ascii"), self._request.target.decode("ascii")
        request = Request(method, target, headers, bytes(self._body))
        if self._control is not None and request.path.startswith(CONTROL):
            self._delivery = asyncio.get_running_loop().create_task(self._respond_to_control(self._control, request))
            return False
        response = self._framed(self._application.handle(request))
        delivery = response.delivery
        if delivery.drop:
            self._transport.abort()
        elif delivery.stall or delivery.drip:
            self._delivery = asyncio.get_running_loop().create_task(self._deliver_slowly(response))
        elif delivery.cut_at is not None:
            self._send_head(response)
            self._send(h11.Data(data=response.body[: delivery.cut_at]))
            self._flush()
            self._transport.close()
        else:
            self._send_head(response)
            self._send(h11.Data(data=response.body))
            return self._finish()
        return False

    async def _respond_to_control(self, control: Control, request: Request) -> None:
        # In a thread: `on_event` may call the emulator before it returns.
        response = await asyncio.get_running_loop().run_in_executor(None, control.handle, request)
        await self._deliver_slowly(self._framed(response))

    def _framed(self, response: Response) -> Response:
        """A response without its body, if HTTP allows it none."""
        assert self._request is not None
        is_bodiless = self._request.method == b"HEAD" or response.status in _BODILESS
        return replace(response, body=b"") if is_bodiless else response

    async def _deliver_slowly(self, response: Response) -> None:
        delivery, body = response.delivery, response.body
        await asyncio.sleep(delivery.stall)
        self._send_head(response)
        step = max(1, -(-len(body) // _PIECES))
        starts = range(0, len(body), step)
        for start in starts:
            await asyncio.sleep(delivery.drip / len(starts))
            self._send(h11.Data(data=body[start : start + step]))
            self._flush()
        if self._finish():
            self._read()

    def _send_head(self, response: Response) -> None:
        headers = [*response.headers.items(), ("content-length", str(len(response.body)))]
        self._send(h11.Response(status_code=response.status, headers=headers))

    def _send(self, event: h11.Event) -> None:
        self._outgoing += self._http.send(event) or b""

    def _flush(self) -> None:
        """Send head and body in one segment: a second one would wait for the peer's delayed ACK."""
        data, self._outgoing = bytes(self._outgoing), bytearray()
        self._transport.write(data)

    def _finish(self) -> bool:
        self._send(h11.EndOfMessage())
        self._flush()
        if self._http.our_state is h11.MUST_CLOSE:
            self._transport.close()
            return False
        self._http.start_next_cycle()
        return True

    def _reject(self, error: h11.RemoteProtocolError) -> None:
        with contextlib.suppress(h11.LocalProtocolError):
            self._send(h11.Response(status_code=error.error_status_hint, headers=[("content-length", "0")]))
            self._flush()
        self._transport.close()
