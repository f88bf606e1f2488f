"""Deadlines of calls and waits, truncated and late responses, and what the log says of a call."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.robustness.servers import OK, Peer, Server, serve_bytes, serve_slowly
from tests.support.samples import STACK
from unisync import ResponseError, StackSync, TransportError, Unisync, WaitTimeoutError
from unisync.emulator import Emulator

pytestmark = pytest.mark.slow

MakeClient = Callable[..., Any]
WITH_LENGTH = b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
LATE = b"HTTP/1.1 500 Late\r\ncontent-length: 0\r\n\r\n"
SOON = 5.0
"""Seconds, on a busy machine, within which what ends at a short deadline has ended."""


def call(client: Any) -> None:
    """Make a call whose response may be empty."""
    client.codeconnections.delete_sync_configuration("payments-prod")


@pytest.mark.parametrize("response", [b"", b"nonsense\r\n\r\n"])
@pytest.mark.parametrize("waiting", [False, True])
def test_a_response_without_a_status_is_a_lost_connection(
    make: MakeClient, aws: Emulator, response: bytes, waiting: bool
) -> None:
    with serve_bytes(response) as url:
        client = make(url, clock=aws.clock)

        def poll() -> object:
            return client.wait_until_active(STACK, timeout=5) if waiting else client.get(STACK)

        with pytest.raises((TransportError, WaitTimeoutError)) as caught:
            poll()
    error = caught.value.last_error if isinstance(caught.value, WaitTimeoutError) else caught.value
    assert isinstance(error, TransportError)
    assert error.retryable
    assert error.outcome_unknown


@pytest.mark.parametrize(
    "response",
    [
        CHUNKED + b"5\r\n{",
        CHUNKED,
        WITH_LENGTH,
        WITH_LENGTH + b"{}",
    ],
)
def test_a_truncated_body_is_a_response_error(make: MakeClient, aws: Emulator, response: bytes) -> None:
    with serve_bytes(response) as url:
        client = make(url, clock=aws.clock)
        with pytest.raises(ResponseError) as caught:
            client.get(STACK)
        assert caught.value.status_code == 200
        assert caught.value.is_truncated is response.startswith(WITH_LENGTH)
        with pytest.raises(WaitTimeoutError if caught.value.is_truncated else ResponseError):
            client.wait_until_active(STACK)


@pytest.mark.parametrize("length", [b"five", b"-5", b"f" * 40])
@pytest.mark.parametrize("is_split", [False, True], ids=["at once", "after the head"])
def test_a_chunk_of_an_impossible_length(make: MakeClient, length: bytes, is_split: bool) -> None:
    """With aiohttp, the error depends on whether the head was read before the chunk arrived."""
    chunk = length + b"\r\n{}"
    with serve_bytes(*((CHUNKED, chunk) if is_split else (CHUNKED + chunk,))) as url:
        client = make(url)
        for _ in range(10 if is_split else 1):
            with pytest.raises((ResponseError, TransportError)) as caught:
                call(client)
            error = caught.value
            assert isinstance(error, ResponseError) or (error.retryable and error.outcome_unknown)


@pytest.mark.parametrize("reason", ["it switched protocols", "the call had timed out"])
def test_a_late_response_is_not_taken_for_that_of_the_next_call(make: MakeClient, reason: str) -> None:
    """The server sends a response once the call has ended; the next call is sent while it is on its way."""
    late = threading.Event()

    def serve(peer: Peer) -> None:
        while peer.read() is not None:
            if late.is_set():
                peer.send(OK)
                continue
            if reason == "it switched protocols":
                peer.send(b"HTTP/1.1 101 Switching Protocols\r\n\r\n")
            late.wait(SOON)
            peer.send(LATE)

    with Server(serve) as server:
        client = make(server.url)
        with pytest.raises((ResponseError, TransportError)):
            call(client.with_options(timeout=0.2))
        late.set()
        call(client)


def test_a_wait_ends_at_its_deadline_though_a_response_drips(make: MakeClient) -> None:
    with serve_slowly(b"HTTP/1.1 200 OK\r\ndate: ", b"x") as url:
        client = make(url)
        began = time.monotonic()
        with pytest.raises(WaitTimeoutError):
            client.wait_until_active(STACK, timeout=0.3)
        assert time.monotonic() - began < SOON


def test_a_log_line_has_no_payload(aws: Emulator, client: Unisync, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG", "unisync")
    aws.add_stack("payments-prod", repository="acme/infra")
    client.codeconnections.get_sync_configuration("payments-prod")
    with pytest.raises(Exception, match="unknown"):
        client.codeconnections.get_sync_configuration("unknown")
    lines = [record.getMessage() for record in caplog.records if record.name == "unisync"]
    assert [re.sub(r"in .* s \(request .*\)", "in … (request …)", line) for line in lines] == [
        "codeconnections GetSyncConfiguration, retry 0 after a pause of 0.0 s: answered in … (request …)",
        "codeconnections GetSyncConfiguration, retry 0 after a pause of 0.0 s: NotFoundError in … (request …)",
    ]
    assert "payments-prod" not in "".join(lines)
    assert StackSync("payments-prod") == STACK
