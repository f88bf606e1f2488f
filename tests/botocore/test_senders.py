"""Connections of all three senders: proxies, TLS, odd responses, deadlines, and which connections are kept."""

from __future__ import annotations

import asyncio
import base64
import gc
import gzip
import logging
import os
import socket
import ssl
import subprocess
import sys
import threading
import time
import warnings
import weakref
import zlib
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from queue import Queue
from typing import Any

import pytest
from botocore.config import Config

from tests.botocore.conftest import aws_session
from tests.conftest import Awaited, remove_aiohttp
from tests.robustness.servers import (
    CA,
    OK,
    OTHER,
    SERVER,
    HttpProxy,
    Peer,
    Recorder,
    Server,
    server_context,
)
from tests.support.samples import STACK, session_of
from unisync import (
    AsyncUnisync,
    ResponseError,
    ServiceError,
    TransportError,
    Unisync,
    UnisyncError,
    WaitStoppedError,
)
from unisync._botocore.urllib3_sender import Urllib3Sender

pytestmark = pytest.mark.slow

MakeClient = Callable[..., Any]
SHORT = 0.3
"""Seconds: a deadline."""
SOON = 5.0
"""Seconds, on a busy machine, within which what ends at such a deadline has ended."""


def call(client: Any) -> None:
    """Make a call whose response may be empty."""
    client.codeconnections.delete_sync_configuration("payments-prod")


def error_of(client: Any, kind: type[UnisyncError] = TransportError) -> Any:
    """The error of a call, which ends soon."""
    began = time.monotonic()
    with pytest.raises(kind) as caught:
        call(client)
    assert time.monotonic() - began < SOON
    return caught.value


# Proxies


PASSWORD = "p@ss:w/rd"
QUOTED = "user:p%40ss%3Aw%2Frd@"
AUTHORIZATION = "Basic " + base64.b64encode(f"user:{PASSWORD}".encode()).decode()


def proxied(scheme: str, proxy: Server, userinfo: str = "", **settings: Any) -> dict[str, Any]:
    """The options of a client that calls a scheme by a proxy."""
    url = proxy.url.replace("://", f"://{userinfo}")
    return {"config": Config(proxies={scheme: url}, inject_host_prefix=False, **settings)}


@pytest.mark.parametrize("is_authorized", [False, True], ids=["open", "with a password"])
def test_an_http_call_is_forwarded_by_a_proxy(make: MakeClient, is_authorized: bool) -> None:
    proxy = HttpProxy(authorization=AUTHORIZATION if is_authorized else None)
    with Server(proxy) as server:
        client = make("http://aws.invalid", **proxied("http", server, QUOTED if is_authorized else ""))
        call(client)
        call(client)
    assert {each.line for each in proxy.requests} == {"POST http://aws.invalid/ HTTP/1.1"}
    assert {each.headers["host"] for each in proxy.requests} == {"aws.invalid"}
    assert server.count == 1


@pytest.mark.parametrize("is_authorized", [False, True], ids=["open", "with a password"])
def test_an_https_call_has_a_tunnel_through_a_proxy(make: MakeClient, is_authorized: bool) -> None:
    proxy = HttpProxy(authorization=AUTHORIZATION if is_authorized else None)
    recorder = Recorder()
    with Server(recorder, server_context()) as target, Server(proxy) as server:
        options = proxied("https", server, QUOTED if is_authorized else "")
        client = make(target.url, verify=CA, **options)
        call(client)
        call(client)
    (connect,) = proxy.requests
    assert connect.line.startswith(f"CONNECT localhost:{target.port} HTTP/1.")
    assert len(recorder.requests) == 2
    assert not [each for each in recorder.requests if "proxy-authorization" in each.headers]


@pytest.mark.parametrize("has_tls", [False, True])
def test_a_proxy_whose_target_is_far_away(make: MakeClient, has_tls: bool) -> None:
    proxy, recorder = HttpProxy(delay=0.2), Recorder()
    context = server_context() if has_tls else None
    with Server(recorder, server_context()) as target, Server(proxy, context) as server:
        call(make(target.url, verify=CA, **proxied("https", server)))
    assert len(recorder.requests) == 1


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_rejects_the_password(make: MakeClient, scheme: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with Server(HttpProxy(authorization="another")) as server:
        options = proxied(scheme, server, QUOTED)
        error = error_of(make(f"{scheme}://aws.invalid", **options), UnisyncError)
    assert isinstance(error, ServiceError if scheme == "http" else TransportError)
    assert not error.retryable
    assert not error.outcome_unknown
    texts = [str(error), str(error.__cause__), *(record.getMessage() for record in caplog.records)]
    assert not [each for each in texts if PASSWORD in each or QUOTED in each or AUTHORIZATION in each]


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_with_tls(make: MakeClient, scheme: str) -> None:
    proxy, recorder = HttpProxy(authorization=AUTHORIZATION), Recorder()
    context = server_context() if scheme == "https" else None
    with Server(recorder, context) as target, Server(proxy, server_context()) as server:
        client = make(target.url, verify=CA, **proxied(scheme, server, QUOTED))
        call(client)
        call(client)
    assert server.count == 1
    assert len(recorder.requests if scheme == "https" else proxy.requests) == 2


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_with_tls_has_settings_of_its_own(make: MakeClient, scheme: str, tmp_path: Path) -> None:
    proxy = HttpProxy()
    context = server_context() if scheme == "https" else None
    trusted = {"proxy_ca_bundle": CA, "proxy_client_cert": SERVER}
    with Server(Recorder(), context) as target, Server(proxy, server_context()) as server:
        # What the user trusts is not what the proxy's certificate is verified with.
        client = make(target.url, verify=OTHER, **proxied(scheme, server, proxies_config=trusted))
        if scheme == "https":  # its own certificate is of a CA that is not trusted
            assert "CERTIFICATE_VERIFY_FAILED" in str(error_of(client))
        else:
            call(client)
        assert len(proxy.client_certificates) == 1
        assert proxy.client_certificates[0] is not None
        untrusted = make(target.url, verify=CA, **proxied(scheme, server, proxies_config={"proxy_ca_bundle": OTHER}))
        error = error_of(untrusted)
    assert "CERTIFICATE_VERIFY_FAILED" in str(error)
    assert not error.retryable


def test_a_tls_proxy_may_forward_https(make: MakeClient) -> None:
    proxy = HttpProxy()
    with Server(proxy, server_context()) as server:
        forwarding = {"proxy_use_forwarding_for_https": True}
        call(make("https://aws.invalid", verify=CA, **proxied("https", server, proxies_config=forwarding)))
    assert proxy.requests[0].line == "POST https://aws.invalid/ HTTP/1.1"


@pytest.mark.parametrize("scheme", ["HTTP", "HTTPS"])
def test_a_host_without_a_proxy(make: MakeClient, scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    proxy = HttpProxy()
    context = server_context() if scheme == "HTTPS" else None
    with Server(Recorder(), context) as direct, Server(proxy) as server:
        monkeypatch.setenv(f"{scheme}_PROXY", server.url)
        monkeypatch.setenv("NO_PROXY", "example.com,localhost,127.0.0.1")
        call(make(direct.url, verify=CA))
    assert proxy.requests == []
    assert direct.count == 1


# TLS


@pytest.mark.parametrize("is_split", [False, True], ids=["one file", "two files"])
def test_a_client_certificate(make: MakeClient, is_split: bool) -> None:
    recorder = Recorder()
    with Server(recorder, server_context()) as server:
        certificate = (SERVER, SERVER) if is_split else SERVER
        call(make(server.url, verify=CA, config=Config(client_cert=certificate)))
        call(make(server.url, verify=CA))
    with_certificate, without = recorder.client_certificates
    assert with_certificate is not None
    assert without is None


def test_a_bundle_that_is_replaced_while_a_client_runs(make: MakeClient, tmp_path: Path) -> None:
    bundle = tmp_path / "bundle.pem"
    close = OK.replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n")
    with Server(Recorder(close), server_context()) as server:
        client = make(server.url, verify=str(bundle))
        for ca, is_trusted in ((OTHER, False), (CA, True), (OTHER, False)):
            bundle.write_text(Path(ca).read_text() + f"# {is_trusted}\n")
            if is_trusted:
                call(client)
            else:
                error = error_of(client)
                assert "CERTIFICATE_VERIFY_FAILED" in str(error)
                assert not error.retryable
        bundle.write_text("nothing")
        assert "NO_CERTIFICATE_OR_CRL_FOUND" in str(error_of(client))
        bundle.unlink()
        error = error_of(client)
        assert "No such file" in str(error)
        assert not error.retryable


def test_a_server_that_does_not_answer_the_handshake(make: MakeClient) -> None:
    with Server(lambda peer: peer.is_closed(SOON)) as silent:
        url = f"https://localhost:{silent.port}"
        error = error_of(make(url, verify=CA, call_timeout=SHORT))
        assert error.retryable
        error = error_of(make(url, verify=CA, connect_timeout=SHORT))
        assert error.retryable
        assert not error.outcome_unknown
        assert silent.count == 2


# Addresses


def test_an_ipv6_address(make: MakeClient) -> None:
    recorder = Recorder()
    try:
        server = Server(recorder, host="::1")
    except OSError:
        pytest.skip("this machine has no IPv6")
    with server:
        call(make(server.url))
    assert recorder.requests[0].headers["host"] == f"[::1]:{server.port}"


def test_a_port_that_refuses(make: MakeClient) -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        error = error_of(make(f"http://127.0.0.1:{reserved.getsockname()[1]}"))
    assert "Could not connect to the endpoint URL" in str(error)
    assert error.retryable
    assert not error.outcome_unknown


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_refuses(make: MakeClient, scheme: str) -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        url = f"http://user:hunter2@127.0.0.1:{reserved.getsockname()[1]}"
        error = error_of(make(f"{scheme}://aws.invalid", config=Config(proxies={scheme: url})))
    assert "Failed to connect to proxy URL" in str(error)
    assert "hunter2" not in str(error)
    assert error.retryable
    assert not error.outcome_unknown


# Responses


@pytest.mark.parametrize("status", ["301 Moved Permanently", "302 Found", "307 Temporary Redirect", "308 Moved"])
def test_a_redirect_is_refused(make: MakeClient, status: str) -> None:
    other = Recorder()
    with Server(other) as elsewhere:
        redirect = f"HTTP/1.1 {status}\r\nlocation: {elsewhere.url}/\r\ncontent-length: 0\r\n\r\n"
        with Server(Recorder(redirect.encode())) as server:
            error = error_of(make(server.url), ServiceError)
    assert error.status_code == int(status[:3])
    assert other.requests == []


@pytest.mark.parametrize("interim", ["100 Continue", "102 Processing", "103 Early Hints"])
@pytest.mark.parametrize("count", [1, 3])
def test_interim_responses_are_skipped(make: MakeClient, interim: str, count: int) -> None:
    with Server(Recorder(f"HTTP/1.1 {interim}\r\nlink: x\r\n\r\n".encode() * count + OK)) as server:
        client = make(server.url)
        call(client)
        call(client)
        assert server.count == 1


def test_switching_protocols_is_a_response_error(make: MakeClient) -> None:
    with Server(Recorder(b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n", OK)) as server:
        client = make(server.url)
        assert not error_of(client, ResponseError).retryable
        call(client)
        assert server.count == 2, "the connection speaks another protocol now"


@pytest.mark.parametrize("headers", [b"", b"content-length: 2\r\n", b"content-length: 2\r\nconnection: keep-alive\r\n"])
def test_http_1_0(make: MakeClient, headers: bytes) -> None:
    def serve(peer: Peer) -> None:
        while peer.read() is not None:
            peer.send(b"HTTP/1.0 200 OK\r\n" + headers + b"\r\n{}")
            if b"keep-alive" not in headers:
                return

    with Server(serve) as server:
        client = make(server.url)
        call(client)
        call(client)
        assert server.count == 1 if b"keep-alive" in headers else 2


def compressed(body: bytes, encoding: str) -> bytes:
    """A response in an encoding."""
    if encoding.endswith("gzip"):
        body = gzip.compress(body)
    elif encoding == "deflate":
        body = zlib.compress(body)
    else:  # without zlib's header, as some servers take deflate
        body, encoding = zlib.compress(body, wbits=-15), "deflate"
    head = f"HTTP/1.1 200 OK\r\ncontent-length: {len(body)}\r\ncontent-encoding: {encoding}\r\n\r\n"
    return head.encode() + body


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", "deflate", "raw deflate"])
def test_a_compressed_response(make: MakeClient, encoding: str) -> None:
    body = b'{"RepositoryLinks": [], "NextToken": null}' + b" " * 10_000
    recorder = Recorder(compressed(body, encoding))
    with Server(recorder) as server:
        client = make(server.url)
        assert list(client.codeconnections.list_repository_links()) == []
        assert list(client.codeconnections.list_repository_links()) == []
        assert server.count == 1
    assert recorder.requests[0].headers["accept-encoding"] == "identity"


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_a_response_that_is_not_compressed_as_it_says(make: MakeClient, encoding: str) -> None:
    response = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-encoding: %b\r\n\r\n{}" % encoding.encode()
    with Server(Recorder(response)) as server:
        assert encoding in str(error_of(make(server.url), ResponseError))


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_a_compressed_response_that_is_truncated(make: MakeClient, encoding: str) -> None:
    head, _, body = compressed(b"{" + os.urandom(100).hex().encode() + b"}", encoding).partition(b"\r\n\r\n")
    with Server(Recorder(head + b"\r\nconnection: close\r\n\r\n" + body[:-20])) as server:
        assert error_of(make(server.url), ResponseError).is_truncated


def test_an_empty_body_may_have_an_encoding(make: MakeClient) -> None:
    with Server(Recorder(b"HTTP/1.1 500 No\r\ncontent-length: 0\r\ncontent-encoding: gzip\r\n\r\n")) as server:
        assert error_of(make(server.url), ServiceError).status_code == 500


LARGE = b'{"more": "' + b"x" * 4096 + b'"}'


@pytest.fixture
def limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Responses may have a kilobyte; the message has the real limit."""
    for module in ("urllib3_sender", "aiohttp_sender", "responses"):
        monkeypatch.setattr(f"unisync._botocore.{module}.MAX_RESPONSE", 1024)


@pytest.mark.usefixtures("limit")
@pytest.mark.parametrize("kind", ["length", "chunks", "until the end", "gzip", "deflate"])
def test_a_response_that_is_too_large(make: MakeClient, kind: str) -> None:
    responses = {
        "length": b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(LARGE), LARGE),
        "chunks": b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(LARGE), LARGE),
        "until the end": b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n" + LARGE,
        "gzip": compressed(LARGE, "gzip"),
        "deflate": compressed(LARGE, "deflate"),
    }
    with Server(Recorder(responses[kind], OK)) as server:
        client = make(server.url)
        assert "larger than 64 MiB" in str(error_of(client, ResponseError))
        call(client)


@pytest.mark.usefixtures("limit")
def test_a_response_of_the_largest_size(make: MakeClient) -> None:
    body = b"{" + b" " * 1022 + b"}"
    whole = b"HTTP/1.1 200 OK\r\ncontent-length: 1024\r\n\r\n" + body
    with Server(Recorder(whole, compressed(body, "gzip"))) as server:
        client = make(server.url)
        call(client)
        call(client)


def test_a_late_response_is_not_taken_for_that_of_the_next_call(make: MakeClient) -> None:
    """A server sends two responses to one request, the second once the first was read."""
    is_read, is_sent = threading.Event(), threading.Event()
    late = b"HTTP/1.1 500 Late\r\ncontent-length: 0\r\n\r\n"

    def serve(peer: Peer) -> None:
        while peer.read() is not None:
            peer.send(OK)
            if not is_sent.is_set() and is_read.wait(SOON):
                peer.send(late)
                is_sent.set()

    with Server(serve) as server:
        client = make(server.url)
        call(client)
        is_read.set()
        assert is_sent.wait(SOON)
        call(client)
        assert server.count == 2


# Deadlines


def drip(peer: Peer, head: bytes, piece: bytes) -> None:
    """Send a head, and then pieces until the client has gone."""
    peer.read()
    peer.send(head)
    while not peer.is_closed(0.02):
        peer.send(piece)


CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
DRIPS = {
    "status": (b"HTTP/1.1 ", b"2"),
    "header": (b"HTTP/1.1 200 OK\r\ndate: ", b"x"),
    "headers": (b"HTTP/1.1 200 OK\r\n", b"x-more: y\r\n"),
    "continue": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "hints": (b"", b"HTTP/1.1 103 Early Hints\r\n\r\n"),
    "chunk extension": (CHUNKED + b"5;", b"x"),
    "chunks": (CHUNKED, b"1\r\n{\r\n"),
    "trailer": (CHUNKED + b"0\r\nx: ", b"x"),
    "body": (b"HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\n", b"{"),
    "until the end": (b"HTTP/1.1 200 OK\r\n\r\n", b"{"),
}


@pytest.mark.parametrize(("head", "piece"), DRIPS.values(), ids=DRIPS)
def test_a_response_that_drips_ends_at_the_deadline(make: MakeClient, head: bytes, piece: bytes) -> None:
    with Server(lambda peer: drip(peer, head, piece)) as server:
        # Long enough for a busy machine to send the request.
        error = error_of(make(server.url, call_timeout=3 * SHORT))
    assert error.retryable
    assert error.outcome_unknown


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{"], ids=["nothing", "part"])
def test_a_read_timeout(make: MakeClient, answer: bytes) -> None:
    def serve(peer: Peer) -> None:
        peer.read()
        peer.send(answer)
        peer.is_closed(SOON)

    with Server(serve) as server:
        error = error_of(make(server.url, read_timeout=SHORT))
    assert "Read timeout" in str(error)
    assert error.retryable
    assert error.outcome_unknown


def test_a_proxy_that_drips_its_answer(make: MakeClient) -> None:
    with Server(lambda peer: drip(peer, b"HTTP/1.1 200 OK\r\n", b"x-more: y\r\n")) as server:
        options = proxied("https", server)
        error = error_of(make("https://aws.invalid", call_timeout=SHORT, **options))
    assert error.retryable


@pytest.fixture
def hanging_resolver(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Names that a resolver was asked for. It answers once the test is over."""
    asked: list[str] = []
    is_over = threading.Event()
    resolve = socket.getaddrinfo

    def hang(host: Any, *arguments: Any, **options: Any) -> Any:
        if not str(host).endswith(".invalid"):
            return resolve(host, *arguments, **options)
        asked.append(host)
        is_over.wait(30)
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    yield asked
    is_over.set()


def helpers() -> set[threading.Thread]:
    """The helper threads that there are."""
    return {each for each in threading.enumerate() if each.name == "unisync-helper"}


def test_a_resolver_that_hangs(make: MakeClient, hanging_resolver: list[str]) -> None:
    client = make("http://aws.invalid", call_timeout=SHORT)
    assert error_of(client).retryable
    assert hanging_resolver == ["aws.invalid"]


def test_an_event_loop_ends_though_the_resolver_hangs(hanging_resolver: list[str]) -> None:
    async def main() -> None:
        async with AsyncUnisync(aws_session(), endpoint_url="http://aws.invalid", call_timeout=SHORT) as client:
            with pytest.raises(TransportError):
                await client.get(STACK)

    began = time.monotonic()
    asyncio.run(main())
    assert time.monotonic() - began < SOON


def test_a_resolver_that_hangs_holds_one_thread(hanging_resolver: list[str]) -> None:
    before = helpers()
    for _ in range(3):
        with Unisync(aws_session(), endpoint_url="http://aws.invalid", call_timeout=SHORT) as client:
            assert error_of(client).retryable
    assert hanging_resolver == ["aws.invalid"]
    # One that read the credentials may be about to end.
    deadline = time.monotonic() + SOON
    while len(helpers() - before) > 1 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert len(helpers() - before) == 1


FORKING = """
import os, sys, threading
from unisync._botocore import helper_threads

helper_threads.shared("hanging", threading.Event().wait)
child = os.fork()
if not child:
    os._exit(helper_threads.shared("hanging", lambda: 7).result(timeout=5))
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_process_has_helper_threads_of_its_own() -> None:
    forking = subprocess.run([sys.executable, "-W", "ignore", "-c", FORKING], check=False, timeout=30)
    assert forking.returncode == 7


@contextmanager
def hanging_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[None]:
    """A profile whose credentials come from a program that answers once the test is over."""
    fifo, config = tmp_path / "fifo", tmp_path / "config"
    os.mkfifo(fifo)
    config.write_text(f"[default]\nregion = eu-west-1\ncredential_process = cat {fifo}\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    # Opened for both, so that it does not block if the program was not even started.
    end = os.open(fifo, os.O_RDWR)
    try:
        yield
    finally:
        os.write(end, b'{"Version": 1, "AccessKeyId": "key", "SecretAccessKey": "secret"}')
        os.close(end)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the program waits at a FIFO")
def test_a_credential_provider_that_hangs(make: MakeClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Server(Recorder()) as server, hanging_program(tmp_path, monkeypatch):
        error = error_of(make(server.url, session=None, call_timeout=SHORT))
        assert error.retryable
        assert server.count == 0


# Connections that are kept


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_connection_that_the_server_closed_between_two_calls(make: MakeClient, scheme: str) -> None:
    """The next call makes a new one at once, and is not a retry: each call here is sent once."""
    is_closed = [threading.Event() for _ in range(3)]
    requests: list[object] = []

    def serve(peer: Peer) -> None:
        requests.append(peer.read())
        peer.send(OK)
        if isinstance(peer.sock, ssl.SSLSocket):
            peer.sock.settimeout(0.01)
            with suppress(OSError):  # it sends its own end, and does not wait for the client's
                peer.sock.unwrap()
        peer.close()
        is_closed[len(requests) - 1].set()

    with Server(serve, server_context() if scheme == "https" else None) as server:
        client = make(server.url, verify=CA)
        for event in is_closed:
            call(client)
            assert event.wait(SOON)
        assert server.count == 3


@pytest.mark.parametrize("size", [1, 3])
def test_as_many_connections_are_kept_as_the_config_says(make: MakeClient, variant: str, size: int) -> None:
    number = 6
    arrived = threading.Barrier(number if variant == "blocking" else size)

    def serve(peer: Peer) -> None:
        while peer.read() is not None:
            arrived.wait(SOON)
            peer.send(OK)

    with Server(serve) as server:
        client = make(server.url, config=Config(max_pool_connections=size))
        if variant == "blocking":  # each thread of the user's has its connection, but only so many are kept
            with ThreadPoolExecutor(number) as threads:
                list(threads.map(call, [client] * number))
            assert server.count == number
            (origin,) = sender_of(client)._kept.origins.values()
            assert len(origin.idle) == size
        else:

            async def calls() -> None:
                config = client._awaitable.codeconnections.delete_sync_configuration
                await asyncio.gather(*(config("payments-prod") for _ in range(number)))

            client._run(calls())
            assert server.count == size


def sender_of(client: Any) -> Urllib3Sender:
    """The blocking sender of a client."""
    sender = session_of(getattr(client, "_awaitable", client))._senders._blocking
    assert isinstance(sender, Urllib3Sender)
    return sender


def respond_until_closed(is_closed: Queue[bool], peer: Peer) -> None:
    """Respond to each request, and report when the connection is closed."""
    while peer.read() is not None:
        peer.send(OK)
    is_closed.put(True)


def test_a_closed_client_closes_its_connections(make: MakeClient) -> None:
    is_closed: Queue[bool] = Queue()
    with Server(partial(respond_until_closed, is_closed)) as server:
        client = make(server.url)
        for count in (1, 2):
            call(client)
            client.close()
            assert is_closed.get(timeout=SOON)
            assert server.count == count, "it can be used again"


def test_a_client_that_is_collected_closes_its_connections(variant: str, runner: asyncio.Runner) -> None:
    is_closed: Queue[bool] = Queue()
    with Server(partial(respond_until_closed, is_closed)) as server:
        options: dict[str, Any] = {"session": aws_session(), "endpoint_url": server.url}
        client: Any = Unisync(**options) if variant == "blocking" else Awaited(AsyncUnisync(**options), runner.run)
        call(client)
        del client
        until = time.monotonic() + SOON
        while is_closed.empty() and time.monotonic() < until:
            gc.collect()  # a helper thread may have held it for a moment longer
            runner.run(asyncio.sleep(0.01))  # an event loop closes connections when it runs
        assert not is_closed.empty()


@pytest.mark.parametrize("has_aiohttp", [True, False], ids=["aiohttp", "threads"])
@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("is_collected", [True, False], ids=["collected", "kept"])
def test_an_event_loop_that_ends_closes_the_connections(
    scheme: str,
    is_collected: bool,
    has_aiohttp: bool,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Nothing warns of the client, which was never closed, and each loop has its own connection."""
    if not has_aiohttp:
        remove_aiohttp(monkeypatch)
    clients: list[AsyncUnisync] = []

    async def main(url: str) -> None:
        client = AsyncUnisync(aws_session(), endpoint_url=url, verify=CA)
        if not is_collected:
            clients.append(client)
        await client.codeconnections.delete_sync_configuration("payments-prod")

    with Server(Recorder(), server_context() if scheme == "https" else None) as server:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            for _ in range(2):
                asyncio.run(main(server.url))
            clients.clear()
            gc.collect()
        assert [str(each.message) for each in caught if each.category is ResourceWarning] == []
        assert server.count == 2
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == []


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_client_that_is_collected_as_its_event_loop_ends(scheme: str, caplog: pytest.LogCaptureFixture) -> None:
    async def main(url: str) -> None:
        client = AsyncUnisync(aws_session(), endpoint_url=url, verify=CA)
        await client.codeconnections.delete_sync_configuration("payments-prod")
        del client
        gc.collect()

    with (
        Server(Recorder(), server_context() if scheme == "https" else None) as server,
        warnings.catch_warnings(record=True) as caught,
    ):
        warnings.simplefilter("always")
        asyncio.run(main(server.url))
        gc.collect()
    assert [str(each.message) for each in caught if each.category is ResourceWarning] == []
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == []


def test_a_client_may_be_used_on_one_event_loop_after_another() -> None:
    with Server(Recorder()) as server:
        client = AsyncUnisync(aws_session(), endpoint_url=server.url)

        async def main() -> weakref.ref[asyncio.AbstractEventLoop]:
            for _ in range(2):
                await client.codeconnections.delete_sync_configuration("payments-prod")
            return weakref.ref(asyncio.get_running_loop())

        loops = [asyncio.run(main()) for _ in range(3)]
        assert server.count == 3
        gc.collect()
        assert sum(loop() is not None for loop in loops) <= 1, "loops that have ended are not kept"


# Calls that are given up on


class Silent:
    """Reads a request, and answers nothing until the client closes the connection."""

    def __init__(self) -> None:
        self.is_called = threading.Event()
        self.is_closed = threading.Event()

    def __call__(self, peer: Peer) -> None:
        if peer.read() is None:
            return
        self.is_called.set()
        if peer.is_closed(SOON):
            self.is_closed.set()


def when(event: threading.Event, then: Callable[[], object]) -> threading.Thread:
    """Do something in a thread, once an event is set."""

    def wait() -> None:
        event.wait(SOON)
        then()

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_cancelled_task_closes_its_connection_at_once(variant: str, runner: asyncio.Runner, scheme: str) -> None:
    if variant == "blocking":
        pytest.skip("it has no tasks")
    silent = Silent()

    async def main(url: str) -> None:
        async with AsyncUnisync(aws_session(), endpoint_url=url, verify=CA) as client:
            task = asyncio.ensure_future(client.get(STACK))
            await asyncio.to_thread(silent.is_called.wait, SOON)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert await asyncio.to_thread(silent.is_closed.wait, SOON)

    with Server(silent, server_context() if scheme == "https" else None) as server:
        runner.run(main(server.url))


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_stop_signal_ends_a_call_in_flight(make: MakeClient, runner: asyncio.Runner, scheme: str) -> None:
    silent, stop = Silent(), threading.Event()
    with Server(silent, server_context() if scheme == "https" else None) as server:
        client = make(server.url, verify=CA)
        stopper = when(silent.is_called, stop.set)
        began = time.monotonic()
        with pytest.raises(WaitStoppedError):
            client.wait_until_active(STACK, timeout=30, stop=stop)
        assert time.monotonic() - began < SOON
        stopper.join()
        runner.run(asyncio.sleep(0.01))  # an event loop closes connections when it runs
        assert silent.is_closed.wait(SOON)


def test_a_stop_signal_ends_a_tls_handshake(make: MakeClient) -> None:
    stop, is_called = threading.Event(), threading.Event()

    def serve(peer: Peer) -> None:
        is_called.set()
        peer.is_closed(SOON)

    with Server(serve) as server:
        stopper = when(is_called, stop.set)
        began = time.monotonic()
        with pytest.raises(WaitStoppedError):
            make(f"https://localhost:{server.port}").wait_until_active(STACK, timeout=30, stop=stop)
        assert time.monotonic() - began < SOON
        stopper.join()


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_call_with_a_stop_signal_reads_its_response_by_a_tls_proxy(make: MakeClient, scheme: str) -> None:
    """What TLS within TLS has received already does not show on the socket: a response in two records of one packet."""
    body = b"{" + b" " * 20_000
    response = b"HTTP/1.1 400 No\r\ncontent-length: %d\r\n\r\n" % (len(body) + 1) + body, b"}"

    def serve(peer: Peer) -> None:
        while peer.read() is not None:
            peer.send(*response)

    context = server_context() if scheme == "https" else None
    with Server(serve, context) as direct, Server(HttpProxy(b"".join(response)), server_context()) as proxy:
        client = make(direct.url, verify=CA, **proxied(scheme, proxy))
        with pytest.raises(ServiceError):
            client.wait_until_active(STACK, timeout=SOON, stop=threading.Event())


def test_a_client_that_is_closed_while_a_call_is_in_flight(variant: str, runner: asyncio.Runner) -> None:
    """aiohttp's connections are closed at once; with the other sender, the call ends and its connection is not kept."""
    silent, is_closed = Silent(), threading.Event()

    def serve(peer: Peer) -> None:
        assert peer.read() is not None
        silent.is_called.set()
        if variant != "aiohttp":
            is_closed.wait(SOON)
            peer.send(OK)
        if peer.is_closed(SOON):
            silent.is_closed.set()

    async def main(url: str) -> None:
        client = AsyncUnisync(aws_session(), endpoint_url=url)
        task = asyncio.ensure_future(client.codeconnections.delete_sync_configuration("payments-prod"))
        await asyncio.to_thread(silent.is_called.wait, SOON)
        await client.close()
        is_closed.set()
        if variant == "threads":
            await task
            return
        with pytest.raises(TransportError, match="the client was closed") as caught:
            await task
        assert not caught.value.retryable
        assert caught.value.outcome_unknown

    with Server(serve) as server:
        if variant == "blocking":
            client = Unisync(aws_session(), endpoint_url=server.url)

            def close() -> None:
                client.close()
                is_closed.set()

            closer = when(silent.is_called, close)
            call(client)
            closer.join()
        else:
            runner.run(main(server.url))
        assert silent.is_closed.wait(SOON)
        assert server.count == 1


def test_an_interrupt_closes_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    silent = Silent()

    def interrupt(*_: object) -> bytes:
        assert silent.is_called.wait(SOON)
        raise KeyboardInterrupt

    with Server(silent) as server, Unisync(aws_session(), endpoint_url=server.url) as client:
        monkeypatch.setattr("unisync._botocore.connection.ResponseStream.readinto", interrupt)
        with pytest.raises(KeyboardInterrupt):
            call(client)
        assert silent.is_closed.wait(SOON)


# Requests


@pytest.mark.parametrize("extra", ["x\r\nx-injected: y", "x\ny", "x\ry"])
def test_a_header_with_a_line_break_is_not_sent(make: MakeClient, extra: str) -> None:
    with Server(Recorder()) as server:
        error = error_of(make(server.url, config=Config(user_agent_extra=extra)), UnisyncError)
        assert server.count == 0
    assert "line break" in str(error)
    assert not error.retryable


@pytest.mark.parametrize("source", ["config", "profile", None])
def test_tcp_keepalive(make: MakeClient, source: str | None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    settings: list[tuple[int, ...]] = []
    set_option = socket.socket.setsockopt

    def record(sock: socket.socket, *option: Any) -> None:
        settings.append(option)
        set_option(sock, *option)

    file = tmp_path / "config"
    file.write_text(f"[default]\nregion = eu-west-1\n{'tcp_keepalive = true' if source == 'profile' else ''}\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(file))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    with Server(Recorder()) as server:
        config = Config(tcp_keepalive=True) if source == "config" else None
        monkeypatch.setattr(socket.socket, "setsockopt", record)
        call(make(server.url, session=None, config=config))
    keepalive, no_delay = (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1), (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    assert (keepalive in settings) is (source is not None)
    assert no_delay in settings
