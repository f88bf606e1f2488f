"""The hooks into botocore: what they give up when botocore is not as they know it, and how they end a call."""

from __future__ import annotations

import gc
import os
import re
import socket
import threading
import time
import weakref
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from types import SimpleNamespace
from typing import Any

import pytest

from tests.robustness.relay import Answer, Astray, End, Relay, Step
from tests.support.samples import STACK, session_of
from unisync import ResponseError, StackSync, TransportError, Unisync, WaitTimeoutError
from unisync._botocore.deadline import end_in_time
from unisync.collection import NoCollection
from unisync.emulator import Emulator


@contextmanager
def answering(*pieces: bytes) -> Generator[str]:
    """A server that reads what comes, sends these pieces, and closes the connection, for each connection."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    connection.recv(65536)
                    for piece in pieces:
                        connection.sendall(piece)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)
    thread.join()


@pytest.fixture
def options(aws: Emulator) -> Any:
    return aws.client_options()


ANNOUNCED = b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"


@pytest.mark.parametrize("answer", [b"", b"nonsense\r\n\r\n"])
@pytest.mark.parametrize("waiting", [False, True])
def test_a_reply_that_breaks_off_is_a_lost_connection(options: Any, answer: bytes, waiting: bool) -> None:
    with answering(answer) as url:
        client = Unisync(options["session"], endpoint_url=url, config=options["config"], clock=options["clock"])

        def looked() -> object:
            return client.wait_until_active(STACK, timeout=5) if waiting else client.get(STACK)

        with client, pytest.raises((TransportError, WaitTimeoutError)) as caught:
            looked()
    error = caught.value.last_error if isinstance(caught.value, WaitTimeoutError) else caught.value
    assert isinstance(error, TransportError)
    assert error.retryable
    assert error.outcome_unknown


@pytest.mark.parametrize(
    "answer",
    [
        CHUNKED + b"5\r\n{",
        CHUNKED + b"five\r\n{}",
        CHUNKED + b"-5\r\n{}",
        CHUNKED,
        ANNOUNCED,
        ANNOUNCED + b"{}",
    ],
)
def test_an_answer_that_breaks_off_is_a_response_error(options: Any, answer: bytes) -> None:
    with (
        answering(answer) as url,
        Unisync(options["session"], endpoint_url=url, config=options["config"], clock=options["clock"]) as client,
    ):
        with pytest.raises(ResponseError) as caught:
            client.get(STACK)
        assert caught.value.status_code == 200
        assert caught.value.cut_short is answer.startswith(ANNOUNCED)
        with pytest.raises(WaitTimeoutError if caught.value.cut_short else ResponseError):
            client.wait_until_active(STACK)


@pytest.mark.parametrize("interim", ["103 Early Hints", "101 Switching Protocols"])
def test_an_answer_that_follows_an_interim_one_is_no_other_calls(aws: Emulator, options: Any, interim: str) -> None:
    aws.add_stack("payments-prod", repository="acme/infra")
    late = threading.Event()

    def slow_down(answer: Answer) -> Iterator[Step]:
        yield f"HTTP/1.1 {interim}\r\n\r\n".encode()
        late.wait(5)
        yield answer.written()
        yield End.KEEP

    relay = Relay(aws.url)
    given: dict[str, Any] = {**options, "endpoint_url": relay.url}
    relay.choose = lambda service, operation: Astray(slow_down) if operation == "GetResourceSyncStatus" else None
    try:
        with Unisync(**given) as client:
            with pytest.raises(ResponseError):
                client.codeconnections.get_resource_sync_status("payments-prod")
            threading.Timer(0.1, late.set).start()
            assert client.codeconnections.get_sync_configuration("payments-prod").resource_name == "payments-prod"
    finally:
        late.set()
        relay.close()


@contextmanager
def dripping(head: bytes, piece: bytes) -> Generator[str]:
    """A server that sends a head and then a piece every 50 ms, for ten seconds."""
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


@pytest.mark.parametrize(
    ("head", "piece"),
    [
        (b"HTTP/1.1 200 OK\r\ndate: ", b"x"),
        (b"HTTP/1.1 200 OK\r\n", b"x-more: y\r\n"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        (CHUNKED + b"5;", b"x"),
        (CHUNKED + b"0\r\nx: ", b"x"),
        (CHUNKED, b"1\r\n{\r\n"),
        (ANNOUNCED, b"{"),
    ],
    ids=["header", "headers", "continue", "chunk extension", "trailer", "chunks", "body"],
)
def test_a_reply_that_drips_ends_with_the_deadline_wherever_it_drips(aws: Emulator, head: bytes, piece: bytes) -> None:
    session = aws.client_options()["session"]
    with dripping(head, piece) as url, Unisync(session, endpoint_url=url) as client:
        session_of(client).client("codeconnections")
        began = time.monotonic()
        with pytest.raises(WaitTimeoutError):
            client.wait_until_active(STACK, timeout=0.3)
        assert time.monotonic() - began < 3


def test_an_interrupt_while_a_body_is_read_lets_go_of_the_connection(aws: Emulator, options: Any) -> None:
    with Unisync(**options) as client:
        http: Any = session_of(client).client("codeconnections")._endpoint.http_session
        closed: list[bool] = []

        def interrupted(size: int) -> list[bytes]:
            raise KeyboardInterrupt

        raw = SimpleNamespace(stream=interrupted, close=lambda: closed.append(True))
        with pytest.raises(KeyboardInterrupt):
            http._read("http://nowhere", SimpleNamespace(raw=raw))
        assert closed == [True]


def test_a_client_that_is_let_go_lets_go_of_its_connections(aws: Emulator, options: Any) -> None:
    aws.add_stack("payments-prod", repository="acme/infra")
    client = Unisync(**options)
    client.codeconnections.get_sync_configuration("payments-prod")
    http: Any = session_of(client).client("codeconnections")._endpoint.http_session
    (pool,) = http._manager.pools._container.values()
    connection = pool.pool.queue[-1]
    descriptor = connection.sock.fileno()
    assert os.fstat(descriptor)
    let_go = weakref.ref(connection)
    del client, http, pool, connection
    gc.collect()
    assert let_go() is None
    with pytest.raises(OSError, match="descriptor"):
        os.fstat(descriptor)


def test_botocores_session_shows_through(options: Any) -> None:
    with Unisync(**options) as client:
        http: Any = session_of(client).client("codeconnections")._endpoint.http_session
        assert http._max_pool_connections == 10


@pytest.mark.parametrize(
    "strange",
    [
        SimpleNamespace(_endpoint=SimpleNamespace()),
        SimpleNamespace(_endpoint=SimpleNamespace(http_session=SimpleNamespace(_timeout=60, _manager=None))),
        SimpleNamespace(),
    ],
    ids=["no session", "another time-out", "no endpoint"],
)
def test_a_botocore_that_keeps_its_session_elsewhere_is_left_alone(strange: Any) -> None:
    assert not end_in_time(strange)


def test_and_that_is_logged(options: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    def elsewhere(client: object) -> bool:
        return False

    monkeypatch.setattr("unisync._botocore.session.end_in_time", elsewhere)
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
        "codeconnections GetSyncConfiguration attempt 1 after a pause of 0.0 s: answered in … (request …)",
        "codeconnections GetSyncConfiguration attempt 1 after a pause of 0.0 s: NotFoundError in … (request …)",
    ]
    assert "payments-prod" not in "".join(lines)
    assert StackSync("payments-prod") == STACK


def test_a_program_that_froze_its_objects_keeps_them_frozen() -> None:
    gc.freeze()
    try:
        frozen = gc.get_freeze_count()
        with NoCollection():
            assert not gc.isenabled()
        assert gc.get_freeze_count() > frozen / 2, "objects that another thread lets go may have been frozen"
        assert gc.isenabled()
    finally:
        gc.unfreeze()
    gc.disable()
    try:
        with NoCollection():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
