"""Deadlines within a call: broken and slow responses, lost connections, and botocores whose internals have moved."""

from __future__ import annotations

import gc
import os
import re
import threading
import time
import weakref
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from tests.robustness.relay import End, Relay, RelayFault, Response, Step
from tests.robustness.servers import serve_bytes, serve_slowly
from tests.support.samples import STACK, session_of
from unisync import ResponseError, StackSync, TransportError, Unisync, WaitTimeoutError
from unisync._botocore.deadline import enforce_deadlines
from unisync.emulator import Emulator

pytestmark = pytest.mark.slow


@pytest.fixture
def options(aws: Emulator) -> Any:
    return aws.client_options()


WITH_LENGTH = b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"


@pytest.mark.parametrize("response", [b"", b"nonsense\r\n\r\n"])
@pytest.mark.parametrize("waiting", [False, True])
def test_a_response_without_a_status_is_a_lost_connection(options: Any, response: bytes, waiting: bool) -> None:
    with serve_bytes(response) as url:
        client = Unisync(options["session"], endpoint_url=url, config=options["config"], clock=options["clock"])

        def poll() -> object:
            return client.wait_until_active(STACK, timeout=5) if waiting else client.get(STACK)

        with client, pytest.raises((TransportError, WaitTimeoutError)) as caught:
            poll()
    error = caught.value.last_error if isinstance(caught.value, WaitTimeoutError) else caught.value
    assert isinstance(error, TransportError)
    assert error.retryable
    assert error.outcome_unknown


@pytest.mark.parametrize(
    "response",
    [
        CHUNKED + b"5\r\n{",
        CHUNKED + b"five\r\n{}",
        CHUNKED + b"-5\r\n{}",
        CHUNKED,
        WITH_LENGTH,
        WITH_LENGTH + b"{}",
    ],
)
def test_a_truncated_body_is_a_response_error(options: Any, response: bytes) -> None:
    with (
        serve_bytes(response) as url,
        Unisync(options["session"], endpoint_url=url, config=options["config"], clock=options["clock"]) as client,
    ):
        with pytest.raises(ResponseError) as caught:
            client.get(STACK)
        assert caught.value.status_code == 200
        assert caught.value.is_truncated is response.startswith(WITH_LENGTH)
        with pytest.raises(WaitTimeoutError if caught.value.is_truncated else ResponseError):
            client.wait_until_active(STACK)


@pytest.mark.parametrize("interim", ["103 Early Hints", "101 Switching Protocols"])
def test_a_late_response_is_not_taken_for_that_of_the_next_call(aws: Emulator, options: Any, interim: str) -> None:
    aws.add_stack("payments-prod", repository="acme/infra")
    late = threading.Event()

    def send_late(response: Response) -> Iterator[Step]:
        yield f"HTTP/1.1 {interim}\r\n\r\n".encode()
        late.wait(5)
        yield response.encode()
        yield End.KEEP

    relay = Relay(aws.url)
    relayed: dict[str, Any] = {**options, "endpoint_url": relay.url}
    late_response = RelayFault(send_late)
    relay.pick_fault = lambda service, operation: late_response if operation == "GetResourceSyncStatus" else None
    try:
        with Unisync(**relayed) as client:
            with pytest.raises(ResponseError):
                client.codeconnections.get_resource_sync_status("payments-prod")
            threading.Timer(0.1, late.set).start()
            assert client.codeconnections.get_sync_configuration("payments-prod").resource_name == "payments-prod"
    finally:
        late.set()
        relay.close()


@pytest.mark.parametrize(
    ("head", "piece"),
    [
        (b"HTTP/1.1 200 OK\r\ndate: ", b"x"),
        (b"HTTP/1.1 200 OK\r\n", b"x-more: y\r\n"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        (CHUNKED + b"5;", b"x"),
        (CHUNKED + b"0\r\nx: ", b"x"),
        (CHUNKED, b"1\r\n{\r\n"),
        (WITH_LENGTH, b"{"),
    ],
    ids=["header", "headers", "continue", "chunk extension", "trailer", "chunks", "body"],
)
def test_a_response_that_drips_ends_at_the_deadline(aws: Emulator, head: bytes, piece: bytes) -> None:
    session = aws.client_options()["session"]
    with serve_slowly(head, piece) as url, Unisync(session, endpoint_url=url) as client:
        session_of(client).client("codeconnections")
        began = time.monotonic()
        with pytest.raises(WaitTimeoutError):
            client.wait_until_active(STACK, timeout=0.3)
        assert time.monotonic() - began < 3


def test_an_interrupt_while_a_body_is_read_closes_the_connection(aws: Emulator, options: Any) -> None:
    with Unisync(**options) as client:
        http: Any = session_of(client).client("codeconnections")._endpoint.http_session
        closed: list[bool] = []

        def interrupt(size: int) -> list[bytes]:
            raise KeyboardInterrupt

        raw = SimpleNamespace(stream=interrupt, close=lambda: closed.append(True))
        with pytest.raises(KeyboardInterrupt):
            http._read("http://nowhere", SimpleNamespace(raw=raw))
        assert closed == [True]


def test_a_client_that_is_collected_closes_its_connections(aws: Emulator, options: Any) -> None:
    aws.add_stack("payments-prod", repository="acme/infra")
    client = Unisync(**options)
    client.codeconnections.get_sync_configuration("payments-prod")
    http: Any = session_of(client).client("codeconnections")._endpoint.http_session
    (pool,) = http._manager.pools._container.values()
    connection = pool.pool.queue[-1]
    descriptor = connection.sock.fileno()
    assert os.fstat(descriptor)
    connection_ref = weakref.ref(connection)
    del client, http, pool, connection
    gc.collect()
    assert connection_ref() is None
    with pytest.raises(OSError, match="descriptor"):
        os.fstat(descriptor)


def test_the_attributes_of_botocores_session_are_kept(options: Any) -> None:
    with Unisync(**options) as client:
        http: Any = session_of(client).client("codeconnections")._endpoint.http_session
        assert http._max_pool_connections == 10


@pytest.mark.parametrize(
    "changed_client",
    [
        SimpleNamespace(_endpoint=SimpleNamespace()),
        SimpleNamespace(_endpoint=SimpleNamespace(http_session=SimpleNamespace(_timeout=60, _manager=None))),
        SimpleNamespace(),
    ],
    ids=["no session", "another time-out", "no endpoint"],
)
def test_deadlines_are_not_enforced_if_botocores_internals_have_moved(changed_client: Any) -> None:
    assert not enforce_deadlines(changed_client)


def test_deadlines_that_are_not_enforced_are_logged(
    options: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(client: object) -> bool:
        return False

    monkeypatch.setattr("unisync._botocore.session.enforce_deadlines", refuse)
    with Unisync(**options) as client:
        session_of(client).client("proton")
    assert "deadlines hold only between calls" in caplog.text


def test_a_log_line_has_no_payload(aws: Emulator, options: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG", "unisync")
    aws.add_stack("payments-prod", repository="acme/infra")
    with Unisync(**options) as client:
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
