"""TLS: which certificates are trusted, and that each CA bundle is read once."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from select import select
from socketserver import BaseRequestHandler, ThreadingTCPServer
from typing import Any

import botocore.session
import pytest
from botocore.config import Config
from botocore.exceptions import SSLError

from unisync import TransportError, Unisync
from unisync._botocore import tls
from unisync._botocore.deadline import enforce_deadlines

pytestmark = pytest.mark.slow

TLS = Path(__file__).parents[2] / "tests" / "support" / "tls"
"""Certificates that are valid until 2120: of a CA that issued `server` and `elsewhere`, and of another CA."""
CA, OTHER, SERVER, ELSEWHERE = (str(TLS / f"{name}.pem") for name in ("ca", "other", "server", "elsewhere"))


class Handler(BaseRequestHandler):
    """Sends one response on each connection."""

    request: socket.socket
    server: Any

    def handle(self) -> None:
        # A client that does not trust the certificate closes the connection.
        with suppress(OSError), self.server.context.wrap_socket(self.request, server_side=True) as connection:
            if connection.getpeercert():
                self.server.client_certificates.append(connection.getpeercert())
            while not (piece := connection.recv(65536)).endswith(b"}"):
                if not piece:
                    return
            connection.sendall(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{}")


@contextmanager
def serve_tls(certificate: str = SERVER) -> Generator[tuple[str, list[object]]]:
    """The URL of a TLS server, and the trusted certificates of its clients."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    context.load_verify_locations(CA)
    context.verify_mode = ssl.CERT_OPTIONAL
    server = ThreadingTCPServer(("127.0.0.1", 0), Handler)
    client_certificates: list[object] = []
    vars(server).update(context=context, client_certificates=client_certificates)
    with started(server) as port:
        yield f"https://localhost:{port}", client_certificates


@contextmanager
def started(server: ThreadingTCPServer) -> Generator[int]:
    """The port of a server that runs inside this context."""
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    with server:
        yield server.socket.getsockname()[1]
        server.shutdown()
    thread.join()


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[object]]:
    """The bundles that are read."""
    loaded: list[object] = []
    load = ssl.SSLContext.load_verify_locations

    def record(self: ssl.SSLContext, cafile: Any = None, capath: Any = None, cadata: Any = None) -> None:
        loaded.append(cafile)
        load(self, cafile, capath, cadata)

    monkeypatch.setattr(ssl.SSLContext, "load_verify_locations", record)
    tls._contexts.clear()
    yield loaded
    tls._contexts.clear()


@pytest.fixture
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_CA_BUNDLE", CA)


def client_at(url: str, **options: Any) -> Unisync:
    return Unisync(region_name="eu-west-1", endpoint_url=url, **options)


def call(client: Unisync) -> None:
    """Make a call whose response may be empty."""
    client.codeconnections.delete_sync_configuration("payments-prod")


def botocore_client(url: str, verify: bool | str, **settings: Any) -> Any:
    """A client of botocore's, with our hooks into its connections."""
    config = Config(retries={"total_max_attempts": 1}, **settings)
    client = botocore.session.Session().create_client(
        "codeconnections", region_name="eu-west-1", endpoint_url=url, verify=verify, config=config
    )
    assert enforce_deadlines(client)
    return client


def raw_call(client: Any) -> object:
    return client.get_sync_configuration(ResourceName="payments-prod", SyncType="CFN_STACK_SYNC")


@pytest.mark.usefixtures("credentials")
def test_a_bundle_is_read_once_for_all_connections_of_all_clients(loaded: list[object]) -> None:
    with serve_tls() as (url, _), ThreadPoolExecutor(8) as threads:
        clients = [client_at(url) for _ in range(2)]
        for job in [threads.submit(call, client) for client in clients for _ in range(8)]:
            job.result()
        for client in clients:
            client.close()
    # Before any connection, the server read it too.
    assert loaded == [CA, CA]


@pytest.mark.usefixtures("credentials")
@pytest.mark.parametrize("variable", ["AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"])
def test_a_server_of_another_ca_is_rejected(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    monkeypatch.delenv("AWS_CA_BUNDLE")
    with serve_tls() as (url, _):
        monkeypatch.setenv(variable, CA)
        with client_at(url) as client:
            call(client)
        monkeypatch.setenv(variable, OTHER)
        with client_at(url) as client, pytest.raises(TransportError, match="CERTIFICATE_VERIFY_FAILED") as caught:
            call(client)
        assert not caught.value.retryable
        monkeypatch.delenv(variable)
        with client_at(url) as client, pytest.raises(TransportError, match="CERTIFICATE_VERIFY_FAILED"):
            call(client)


@pytest.mark.usefixtures("credentials")
def test_a_certificate_for_another_host_is_rejected() -> None:
    with serve_tls(ELSEWHERE) as (url, _), client_at(url) as client:
        with pytest.raises(TransportError, match=r"not valid for 'localhost'|doesn't match") as caught:
            call(client)
        assert not caught.value.retryable


@pytest.mark.usefixtures("credentials")
def test_a_bundle_that_is_replaced_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bundle = tmp_path / "bundle.pem"
    monkeypatch.setenv("AWS_CA_BUNDLE", str(bundle))
    with serve_tls() as (url, _), client_at(url) as client:
        for ca, trusted in ((OTHER, False), (CA, True), (OTHER, False)):
            bundle.write_text(Path(ca).read_text() + f"# {trusted}\n")
            if trusted:
                call(client)
            else:
                with pytest.raises(TransportError, match="CERTIFICATE_VERIFY_FAILED"):
                    call(client)
        bundle.write_text("nothing")
        with pytest.raises(TransportError, match="NO_CERTIFICATE_OR_CRL_FOUND"):
            call(client)
        bundle.unlink()
        with pytest.raises(TransportError, match="No such file") as caught:
            call(client)
        assert not caught.value.retryable


@pytest.mark.usefixtures("credentials")
def test_verification_is_off_only_for_the_client_that_turned_it_off(loaded: list[object]) -> None:
    with serve_tls(ELSEWHERE) as (url, _):
        unverified, verified = botocore_client(url, verify=False), botocore_client(url, verify=CA)
        for _ in range(2):
            with pytest.warns(Warning, match="Unverified HTTPS request"):
                raw_call(unverified)
            with pytest.raises(SSLError):
                raw_call(verified)
        assert loaded == [CA, CA]
        unverified.close()
        verified.close()


@pytest.mark.usefixtures("credentials")
def test_a_client_certificate_is_sent_only_by_its_client() -> None:
    with serve_tls() as (url, certificates):
        certified, plain = botocore_client(url, verify=CA, client_cert=SERVER), botocore_client(url, verify=CA)
        for client in (certified, plain, certified, plain):
            raw_call(client)
            client.close()
        assert len(certificates) == 2


class Tunnel(BaseRequestHandler):
    """A proxy that connects to the requested host."""

    request: socket.socket

    def handle(self) -> None:
        host, port = self.request.recv(65536).split()[1].decode().split(":")
        with socket.create_connection((host, int(port))) as target:
            self.request.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            peers = {self.request: target, target: self.request}
            while True:
                for end in select(list(peers), [], [])[0]:
                    piece = end.recv(65536)
                    if not piece:
                        return
                    peers[end].sendall(piece)


@pytest.mark.usefixtures("credentials")
def test_connections_by_proxy_are_left_to_botocore(loaded: list[object]) -> None:
    with serve_tls() as (url, _), started(ThreadingTCPServer(("127.0.0.1", 0), Tunnel)) as port:
        client = botocore_client(url, verify=CA, proxies={"https": f"http://127.0.0.1:{port}"})
        raw_call(client)
        raw_call(client)
        assert loaded == [CA] * 3
        assert tls._contexts == {}
        client.close()


@pytest.mark.usefixtures("credentials")
def test_the_bundle_is_not_cached_if_botocore_creates_contexts_elsewhere(loaded: list[object]) -> None:
    with serve_tls() as (url, _):
        client: Any = botocore.session.Session().create_client(
            "codeconnections", region_name="eu-west-1", endpoint_url=url, verify=CA
        )
        vars(client._endpoint.http_session)["_get_ssl_context"] = None
        assert enforce_deadlines(client)
        for _ in range(3):
            raw_call(client)
        assert loaded == [CA] * 4
        client.close()
