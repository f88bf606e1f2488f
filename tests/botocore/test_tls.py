"""TLS: whose certificates are believed, and that the bundle of those who vouch for them is read once."""

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
from unisync._botocore.deadline import end_in_time

TLS = Path(__file__).parents[2] / "tests" / "support" / "tls"
"""Certificates that are good until 2120: of one who vouches for `server` and `elsewhere`, and of another one."""
CA, OTHER, SERVER, ELSEWHERE = (str(TLS / f"{name}.pem") for name in ("ca", "other", "server", "elsewhere"))


class Answer(BaseRequestHandler):
    """One answer to a connection."""

    request: socket.socket
    server: Any

    def handle(self) -> None:
        # A client that does not believe us hangs up.
        with suppress(OSError), self.server.context.wrap_socket(self.request, server_side=True) as connection:
            if connection.getpeercert():
                self.server.clients.append(connection.getpeercert())
            while not (piece := connection.recv(65536)).endswith(b"}"):
                if not piece:
                    return  # it has gone, and would be read from for ever
            connection.sendall(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{}")


@contextmanager
def serving(certificate: str = SERVER) -> Generator[tuple[str, list[object]]]:
    """A TLS server, and the certificates of its clients, as far as they have one that it believes."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    context.load_verify_locations(CA)
    context.verify_mode = ssl.CERT_OPTIONAL
    server = ThreadingTCPServer(("127.0.0.1", 0), Answer)
    clients: list[object] = []
    vars(server).update(context=context, clients=clients)
    with started(server) as port:
        yield f"https://localhost:{port}", clients


@contextmanager
def started(server: ThreadingTCPServer) -> Generator[int]:
    """The port of a server that runs as long as this lasts."""
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    with server:
        yield server.socket.getsockname()[1]
        server.shutdown()
    thread.join()


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[object]]:
    """Each bundle that is read."""
    loaded: list[object] = []
    load = ssl.SSLContext.load_verify_locations

    def noted(self: ssl.SSLContext, cafile: Any = None, capath: Any = None, cadata: Any = None) -> None:
        loaded.append(cafile)
        load(self, cafile, capath, cadata)

    monkeypatch.setattr(ssl.SSLContext, "load_verify_locations", noted)
    tls._contexts.clear()
    yield loaded
    tls._contexts.clear()


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_CA_BUNDLE", CA)


def client_at(url: str, **options: Any) -> Unisync:
    return Unisync(region_name="eu-west-1", endpoint_url=url, **options)


def told(client: Unisync) -> None:
    """Make a call whose answer may be empty."""
    client.codeconnections.delete_sync_configuration("payments-prod")


def raw_at(url: str, verify: bool | str, **settings: Any) -> Any:
    """A client of botocore's own, with our hooks into how it connects."""
    config = Config(retries={"total_max_attempts": 1}, **settings)
    client = botocore.session.Session().create_client(
        "codeconnections", region_name="eu-west-1", endpoint_url=url, verify=verify, config=config
    )
    assert end_in_time(client)
    return client


def asked(client: Any) -> object:
    return client.get_sync_configuration(ResourceName="payments-prod", SyncType="CFN_STACK_SYNC")


@pytest.mark.usefixtures("keys")
def test_a_bundle_is_read_once_for_all_connections_of_all_clients(loads: list[object]) -> None:
    with serving() as (url, _), ThreadPoolExecutor(8) as threads:
        clients = [client_at(url) for _ in range(2)]
        for job in [threads.submit(told, client) for client in clients for _ in range(8)]:
            job.result()
        for client in clients:
            client.close()
    # Before any connection, the server read it too.
    assert loads == [CA, CA]


@pytest.mark.usefixtures("keys")
@pytest.mark.parametrize("variable", ["AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"])
def test_who_is_not_vouched_for_is_not_believed(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    monkeypatch.delenv("AWS_CA_BUNDLE")
    with serving() as (url, _):
        monkeypatch.setenv(variable, CA)
        with client_at(url) as client:
            told(client)
        monkeypatch.setenv(variable, OTHER)
        with client_at(url) as client, pytest.raises(TransportError, match="CERTIFICATE_VERIFY_FAILED") as caught:
            told(client)
        assert not caught.value.retryable
        monkeypatch.delenv(variable)
        with client_at(url) as client, pytest.raises(TransportError, match="CERTIFICATE_VERIFY_FAILED"):
            told(client)


@pytest.mark.usefixtures("keys")
def test_nor_is_who_is_vouched_for_under_another_name() -> None:
    with serving(ELSEWHERE) as (url, _), client_at(url) as client:
        with pytest.raises(TransportError, match=r"not valid for 'localhost'|doesn't match") as caught:
            told(client)
        assert not caught.value.retryable


@pytest.mark.usefixtures("keys")
def test_a_bundle_that_is_replaced_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bundle = tmp_path / "bundle.pem"
    monkeypatch.setenv("AWS_CA_BUNDLE", str(bundle))
    with serving() as (url, _), client_at(url) as client:
        for vouching, believed in ((OTHER, False), (CA, True), (OTHER, False)):
            bundle.write_text(Path(vouching).read_text() + f"# {believed}\n")
            if believed:
                told(client)
            else:
                with pytest.raises(TransportError, match="CERTIFICATE_VERIFY_FAILED"):
                    told(client)
        bundle.write_text("nothing")
        with pytest.raises(TransportError, match="NO_CERTIFICATE_OR_CRL_FOUND"):
            told(client)
        bundle.unlink()
        with pytest.raises(TransportError, match="No such file") as caught:
            told(client)
        assert not caught.value.retryable


@pytest.mark.usefixtures("keys")
def test_who_does_not_verify_believes_all_and_nobody_else_does(loads: list[object]) -> None:
    with serving(ELSEWHERE) as (url, _):
        trusting, careful = raw_at(url, verify=False), raw_at(url, verify=CA)
        for _ in range(2):
            with pytest.warns(Warning, match="Unverified HTTPS request"):
                asked(trusting)
            with pytest.raises(SSLError):
                asked(careful)
        assert loads == [CA, CA]
        trusting.close()
        careful.close()


@pytest.mark.usefixtures("keys")
def test_the_certificate_of_a_client_is_no_other_clients() -> None:
    with serving() as (url, certificates):
        shown, bare = raw_at(url, verify=CA, client_cert=SERVER), raw_at(url, verify=CA)
        for client in (shown, bare, shown, bare):
            asked(client)
            client.close()
        assert len(certificates) == 2


class Tunnel(BaseRequestHandler):
    """A proxy that connects to where it is told to."""

    request: socket.socket

    def handle(self) -> None:
        host, port = self.request.recv(65536).split()[1].decode().split(":")
        with socket.create_connection((host, int(port))) as there:
            self.request.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            ends = {self.request: there, there: self.request}
            while True:
                for end in select(list(ends), [], [])[0]:
                    piece = end.recv(65536)
                    if not piece:
                        return
                    ends[end].sendall(piece)


@pytest.mark.usefixtures("keys")
def test_a_proxy_is_left_to_botocore(loads: list[object]) -> None:
    with serving() as (url, _), started(ThreadingTCPServer(("127.0.0.1", 0), Tunnel)) as port:
        client = raw_at(url, verify=CA, proxies={"https": f"http://127.0.0.1:{port}"})
        asked(client)
        asked(client)
        assert loads == [CA] * 3
        assert tls._contexts == {}
        client.close()


@pytest.mark.usefixtures("keys")
def test_a_botocore_that_makes_its_contexts_elsewhere_reads_the_bundle_itself(loads: list[object]) -> None:
    with serving() as (url, _):
        client: Any = botocore.session.Session().create_client(
            "codeconnections", region_name="eu-west-1", endpoint_url=url, verify=CA
        )
        vars(client._endpoint.http_session)["_get_ssl_context"] = None
        assert end_in_time(client)
        for _ in range(3):
            asked(client)
        assert loads == [CA] * 4
        client.close()
