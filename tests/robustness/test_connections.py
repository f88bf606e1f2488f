"""Failures before a response: DNS, ports, proxies, TLS, clocks and credentials."""

from __future__ import annotations

import json
import socket
import sys
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from botocore.config import Config

from tests.robustness.faults import send
from tests.robustness.relay import End, RelayFault, Response, Step
from tests.robustness.relayed_emulator import LIMIT, RelayedEmulator
from tests.robustness.servers import serve_bytes
from tests.support.samples import FACTORY, STACK
from tests.support.signing_clock import shift_signing_time
from unisync import AccessDeniedError, ServerError, ServiceError, TransportError, UnisyncError, WaitTimeoutError

pytestmark = pytest.mark.slow

MakeClient = Callable[..., Any]
ROLE = "arn:aws:iam::123456789012:role/sync"
PROXIED = Config(inject_host_prefix=False)


@pytest.fixture(autouse=True)
def reset(relayed: RelayedEmulator) -> None:
    relayed.clear_faults()
    relayed.reset()


@contextmanager
def closed_port() -> Generator[str]:
    """The URL of a port that no server listens on."""
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{reserved.getsockname()[1]}"


def check_error(client: Any, kind: type[UnisyncError], *, retryable: bool = True) -> None:
    """Every method of a client fails with this error, in time."""
    began = time.monotonic()
    with pytest.raises(kind) as caught:
        client.get(FACTORY)
    error = caught.value
    assert type(error) is kind
    assert error.retryable is retryable
    with pytest.raises(kind):
        client.twinmaker.create_sync_job("plant", sync_role=ROLE)
    with pytest.raises(WaitTimeoutError if retryable else kind):
        client.wait_until_active(STACK, timeout=2)
    (outcome,) = client.get_many([STACK])
    assert type(outcome.error) is kind
    assert time.monotonic() - began < LIMIT


def test_an_unknown_host(make_client: MakeClient) -> None:
    check_error(make_client(endpoint_url="http://no-such-name.invalid"), TransportError)


def test_a_closed_port(make_client: MakeClient) -> None:
    with closed_port() as url:
        check_error(make_client(endpoint_url=url), TransportError)


def test_connections_that_are_reset(make_client: MakeClient, relayed: RelayedEmulator) -> None:
    relayed.relay.pick_fault = lambda service, operation: RelayFault(send(End.RESET), executes=False)
    client = make_client()
    check_error(client, TransportError)
    relayed.clear_faults()
    assert client.get(FACTORY)


def test_https_to_an_http_port(make_client: MakeClient, relayed: RelayedEmulator) -> None:
    check_error(make_client(endpoint_url=relayed.aws.url.replace("http://", "https://")), TransportError)


def test_http_to_an_https_port(make_client: MakeClient) -> None:
    alert = b"\x15\x03\x01\x00\x02\x02\x46"  # the reply of a TLS server to HTTP
    with serve_bytes(alert) as url:
        check_error(make_client(endpoint_url=url), TransportError)


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_on_a_closed_port(make_client: MakeClient, monkeypatch: pytest.MonkeyPatch, scheme: str) -> None:
    with closed_port() as url:
        monkeypatch.setenv(f"{scheme.upper()}_PROXY", url)
        check_error(make_client(endpoint_url=f"{scheme}://aws.invalid", config=PROXIED), TransportError)


@pytest.mark.parametrize(
    ("status", "retryable"), [(b"407 Proxy Authentication Required", False), (b"502 Bad Gateway", True)]
)
def test_a_proxy_that_refuses_to_connect(
    make_client: MakeClient, monkeypatch: pytest.MonkeyPatch, status: bytes, retryable: bool
) -> None:
    with serve_bytes(b"HTTP/1.1 " + status + b"\r\ncontent-length: 0\r\n\r\n") as url:
        monkeypatch.setenv("HTTPS_PROXY", url)
        client = make_client(endpoint_url="https://aws.invalid", config=PROXIED)
        check_error(client, TransportError, retryable=retryable)


@pytest.mark.parametrize(
    ("status", "kind"),
    [(b"407 Proxy Authentication Required", ServiceError), (b"502 Bad Gateway", ServerError)],
)
def test_a_proxy_that_sends_its_own_page(
    make_client: MakeClient, monkeypatch: pytest.MonkeyPatch, status: bytes, kind: type[ServiceError]
) -> None:
    page = b"<html><h1>The proxy</h1></html>"
    # The server closes the connection, and says so: else the next request may be sent before the client sees it.
    head = b"HTTP/1.1 %b\r\nconnection: close\r\ncontent-length: %d\r\n\r\n" % (status, len(page))
    with serve_bytes(head + page) as url:
        monkeypatch.setenv("HTTP_PROXY", url)
        client = make_client(endpoint_url="http://aws.invalid", config=PROXIED)
        check_error(client, kind, retryable=kind is ServerError)


def test_a_clock_that_is_a_day_ahead(
    make_client: MakeClient, relayed: RelayedEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = make_client()
    assert client.get(FACTORY)
    with monkeypatch.context() as patch:
        shift_signing_time(patch, 86_400)
        check_error(client, AccessDeniedError, retryable=False)
    assert client.get(FACTORY), "the clock is right again"


@pytest.mark.parametrize("date", ["Mon, 23 Nov 2099 12:00:00 GMT", "yesterday", ""])
def test_the_date_of_a_response_is_ignored(make_client: MakeClient, relayed: RelayedEmulator, date: str) -> None:
    def send_date(response: Response) -> Iterator[Step]:
        yield response.encode(headers={"date": date})
        yield End.KEEP

    relayed.relay.pick_fault = lambda service, operation: RelayFault(send_date)
    assert make_client().get(FACTORY)


def test_expired_credentials_are_fetched_again(
    make_client: MakeClient, relayed: RelayedEmulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """From a program that first returns expired ones, and then valid ones."""
    role = "arn:aws:iam::123456789012:role/worker"
    relayed.aws.add_role(role)
    first, second = tmp_path / "first", tmp_path / "second"
    first.write_text(json.dumps(assume_role(relayed, role)))
    relayed.aws.expire_credentials()
    valid = relayed.aws.environment()
    keys = {"AccessKeyId": valid["AWS_ACCESS_KEY_ID"], "SecretAccessKey": valid["AWS_SECRET_ACCESS_KEY"]}
    second.write_text(json.dumps({"Version": 1, **keys}))
    program = tmp_path / "credentials.py"
    program.write_text(
        "import pathlib, sys\n"
        "first, second = map(pathlib.Path, sys.argv[1:])\n"
        "if first.exists():\n"
        "    print(first.read_text())\n"
        "    first.unlink()\n"
        "else:\n"
        "    print(second.read_text())\n"
    )
    config = tmp_path / "config"
    config.write_text(
        f"[default]\nregion = eu-west-1\ncredential_process = {sys.executable} {program} {first} {second}\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    client = make_client(session=None)
    assert client.get(FACTORY).workspace_id == "factory"
    assert not first.exists()


def test_credentials_that_stay_expired_are_an_error(make_client: MakeClient, relayed: RelayedEmulator) -> None:
    relayed.aws.fault("GetSyncJob", "ExpiredTokenException", times=None)
    client = make_client()
    with pytest.raises(AccessDeniedError):
        client.get(FACTORY)
    relayed.clear_faults()
    assert client.get(FACTORY)


def assume_role(relayed: RelayedEmulator, role: str) -> dict[str, object]:
    """Temporary credentials, as such a program prints them."""
    sts: Any = relayed.options()["session"].client("sts", endpoint_url=relayed.aws.url, config=Config(proxies={}))
    credentials = sts.assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
    sts.close()
    names = ("AccessKeyId", "SecretAccessKey", "SessionToken")
    return {"Version": 1, **{name: credentials[name] for name in names}}
