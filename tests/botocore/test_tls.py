"""TLS: which certificates are trusted, and that each CA bundle is read once."""

from __future__ import annotations

import ssl
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from botocore.config import Config

from tests.botocore.conftest import aws_session
from tests.robustness.servers import CA, ELSEWHERE, OTHER, SERVER, HttpProxy, Recorder, Server, server_context
from unisync import TransportError, Unisync
from unisync._botocore import tls

pytestmark = pytest.mark.slow

MakeClient = Callable[..., Any]


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[object]]:
    """The bundles that are read."""
    loaded: list[object] = []
    load = ssl.SSLContext.load_verify_locations

    def record(self: ssl.SSLContext, cafile: Any = None, capath: Any = None, cadata: Any = None) -> None:
        loaded.append(cafile)
        load(self, cafile, capath, cadata)

    tls._contexts.clear()
    monkeypatch.setattr(ssl.SSLContext, "load_verify_locations", record)
    yield loaded
    tls._contexts.clear()


@pytest.fixture
def server() -> Iterator[Server]:
    """A server with a certificate of the CA for this host."""
    with Server(Recorder(), server_context()) as server:
        yield server


def call(client: Any) -> None:
    """Make a call whose response may be empty."""
    client.codeconnections.delete_sync_configuration("payments-prod")


def rejection_of(client: Any) -> str:
    """The text of the error of a call, which is not retried."""
    with pytest.raises(TransportError) as caught:
        call(client)
    assert not caught.value.retryable
    return str(caught.value)


def test_a_bundle_is_read_once_for_all_connections_of_all_clients(server: Server, loaded: list[object]) -> None:
    clients = [Unisync(aws_session(), endpoint_url=server.url, verify=CA) for _ in range(2)]
    with ThreadPoolExecutor(8) as threads:
        for job in [threads.submit(call, client) for client in clients for _ in range(8)]:
            job.result()
    for client in clients:
        client.close()
    assert loaded == [CA]


def test_all_senders_share_what_was_read(server: Server, loaded: list[object], make: MakeClient) -> None:
    with Unisync(aws_session(), endpoint_url=server.url, verify=CA) as client:
        call(client)
    for _ in range(2):
        call(make(server.url, verify=CA))
    assert loaded == [CA]


def test_connections_by_proxy_share_it_too(server: Server, loaded: list[object], make: MakeClient) -> None:
    with Server(HttpProxy()) as proxy:
        for _ in range(2):
            call(make(server.url, verify=CA, config=Config(proxies={"https": proxy.url})))
    assert loaded == [CA]


@pytest.mark.parametrize("variable", ["AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"])
def test_a_server_of_another_ca_is_rejected(
    server: Server, make: MakeClient, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, CA)
    call(make(server.url))
    monkeypatch.setenv(variable, OTHER)
    assert "CERTIFICATE_VERIFY_FAILED" in rejection_of(make(server.url))
    call(make(server.url, verify=CA))
    monkeypatch.delenv(variable)
    assert "CERTIFICATE_VERIFY_FAILED" in rejection_of(make(server.url))


def test_the_bundle_of_a_profile(
    server: Server, make: MakeClient, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "config"
    file.write_text(f"[default]\nregion = eu-west-1\nca_bundle = {CA}\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(file))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    call(make(server.url, session=None))


def test_a_certificate_for_another_host_is_rejected(make: MakeClient) -> None:
    with Server(Recorder(), server_context(ELSEWHERE)) as server:
        reason = rejection_of(make(server.url, verify=CA))
    assert "not valid for 'localhost'" in reason or "doesn't match" in reason


@pytest.mark.parametrize("first", ["verified", "unverified"])
def test_verification_is_off_only_for_the_client_that_turned_it_off(
    make: MakeClient, loaded: list[object], first: str
) -> None:
    with Server(Recorder(), server_context(ELSEWHERE)) as server:
        unverified, verified = make(server.url, verify=False), make(server.url, verify=CA)
        if first == "verified":
            rejection_of(verified)
        with pytest.warns(Warning, match="Unverified HTTPS request"):
            call(unverified)
        rejection_of(verified)
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # it warns once
            call(unverified)
    assert loaded == [CA, CA], "the server and the client that verifies"


def test_a_client_certificate_is_sent_only_by_its_client(make: MakeClient) -> None:
    recorder = Recorder()
    with Server(recorder, server_context()) as server:
        certified, plain = make(server.url, verify=CA, config=Config(client_cert=SERVER)), make(server.url, verify=CA)
        for client in (certified, plain, certified, plain):
            call(client)
            client.close()
    assert [each is not None for each in recorder.client_certificates] == [True, False, True, False]


def test_a_client_certificate_that_is_missing(make: MakeClient, server: Server, tmp_path: Path) -> None:
    missing = str(tmp_path / "missing.pem")
    assert "No such file" in rejection_of(make(server.url, verify=CA, config=Config(client_cert=missing)))
