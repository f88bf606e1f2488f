"""What goes wrong before an answer: names, ports, proxies, TLS, clocks and credentials."""

from __future__ import annotations

import json
import socket
import sys
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import botocore.auth
import pytest
from botocore.config import Config

from tests.botocore.test_deadline import answering
from tests.robustness.kinds import sends
from tests.robustness.relay import Answer, Astray, End, Step
from tests.robustness.stage import LIMIT, Stage
from tests.support.samples import FACTORY, STACK
from unisync import AccessDeniedError, ServerError, ServiceError, TransportError, UnisyncError, WaitTimeoutError

Make = Callable[..., Any]
ROLE = "arn:aws:iam::123456789012:role/sync"
PROXIED = Config(inject_host_prefix=False)


@pytest.fixture(autouse=True)
def world(stage: Stage) -> None:
    stage.disarm()
    stage.reset()


@contextmanager
def closed_port() -> Generator[str]:
    """A port that nobody listens to."""
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{reserved.getsockname()[1]}"


def gives(client: Any, kind: type[UnisyncError], *, retryable: bool = True) -> None:
    """Each way to use a client comes to this error, in time."""
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
    (seen,) = client.get_many([STACK])
    assert type(seen.error) is kind
    assert time.monotonic() - began < LIMIT


def test_no_such_name(make: Make) -> None:
    gives(make(endpoint_url="http://no-such-name.invalid"), TransportError)


def test_nobody_listens(make: Make) -> None:
    with closed_port() as url:
        gives(make(endpoint_url=url), TransportError)


def test_each_connection_is_reset(make: Make, stage: Stage) -> None:
    stage.relay.choose = lambda service, operation: Astray(sends(End.RESET), runs=False)
    client = make()
    gives(client, TransportError)
    stage.disarm()
    assert client.get(FACTORY)


def test_tls_to_a_port_that_speaks_none(make: Make, stage: Stage) -> None:
    gives(make(endpoint_url=stage.aws.url.replace("http://", "https://")), TransportError)


def test_no_tls_to_a_port_that_speaks_it(make: Make) -> None:
    alert = b"\x15\x03\x01\x00\x02\x02\x46"  # what a TLS server says to what it does not understand
    with answering(alert) as url:
        gives(make(endpoint_url=url), TransportError)


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_is_not_there(make: Make, monkeypatch: pytest.MonkeyPatch, scheme: str) -> None:
    with closed_port() as url:
        monkeypatch.setenv(f"{scheme.upper()}_PROXY", url)
        gives(make(endpoint_url=f"{scheme}://aws.invalid", config=PROXIED), TransportError)


@pytest.mark.parametrize(
    ("status", "passes"), [(b"407 Proxy Authentication Required", False), (b"502 Bad Gateway", True)]
)
def test_a_proxy_that_does_not_connect(
    make: Make, monkeypatch: pytest.MonkeyPatch, status: bytes, passes: bool
) -> None:
    with answering(b"HTTP/1.1 " + status + b"\r\ncontent-length: 0\r\n\r\n") as url:
        monkeypatch.setenv("HTTPS_PROXY", url)
        gives(make(endpoint_url="https://aws.invalid", config=PROXIED), TransportError, retryable=passes)


@pytest.mark.parametrize(
    ("status", "kind"),
    [(b"407 Proxy Authentication Required", ServiceError), (b"502 Bad Gateway", ServerError)],
)
def test_a_proxy_that_answers_itself(
    make: Make, monkeypatch: pytest.MonkeyPatch, status: bytes, kind: type[ServiceError]
) -> None:
    page = b"<html><h1>The proxy</h1></html>"
    with answering(b"HTTP/1.1 %b\r\ncontent-length: %d\r\n\r\n%b" % (status, len(page), page)) as url:
        monkeypatch.setenv("HTTP_PROXY", url)
        client = make(endpoint_url="http://aws.invalid", config=PROXIED)
        gives(client, kind, retryable=kind is ServerError)


def test_a_clock_that_is_a_day_ahead(make: Make, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    client = make()
    assert client.get(FACTORY)
    now: Callable[..., datetime] = vars(botocore.auth)["get_current_datetime"]  # what it asks when it signs

    def ahead(*args: Any, **kwargs: Any) -> datetime:
        return now(*args, **kwargs) + timedelta(days=1)

    with monkeypatch.context() as patch:
        patch.setattr(botocore.auth, "get_current_datetime", ahead)
        gives(client, AccessDeniedError, retryable=False)
    assert client.get(FACTORY), "the clock was put right"


@pytest.mark.parametrize("date", ["Mon, 23 Nov 2099 12:00:00 GMT", "yesterday", ""])
def test_the_date_of_an_answer_does_not_count(make: Make, stage: Stage, date: str) -> None:
    def dated(answer: Answer) -> Iterator[Step]:
        yield answer.written(headers={"date": date})
        yield End.KEEP

    stage.relay.choose = lambda service, operation: Astray(dated)
    assert make().get(FACTORY)


def test_credentials_that_expired_are_fetched_anew(
    make: Make, stage: Stage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A program that gives them out: first some that AWS has expired, and then good ones."""
    role = "arn:aws:iam::123456789012:role/worker"
    stage.aws.add_role(role)
    first, second = tmp_path / "first", tmp_path / "second"
    first.write_text(json.dumps(assumed(stage, role)))
    stage.aws.expire_credentials()
    good = stage.aws.environment()
    keys = {"AccessKeyId": good["AWS_ACCESS_KEY_ID"], "SecretAccessKey": good["AWS_SECRET_ACCESS_KEY"]}
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
    client = make(session=None)
    assert client.get(FACTORY).workspace_id == "factory"
    assert not first.exists()


def test_credentials_that_stay_expired_are_denied(make: Make, stage: Stage) -> None:
    stage.aws.fault("GetSyncJob", "ExpiredTokenException", times=None)
    client = make()
    with pytest.raises(AccessDeniedError):
        client.get(FACTORY)
    stage.disarm()
    assert client.get(FACTORY)


def assumed(stage: Stage, role: str) -> dict[str, object]:
    """Temporary credentials, as a program gives them out."""
    sts: Any = stage.options()["session"].client("sts", endpoint_url=stage.aws.url, config=Config(proxies={}))
    given = sts.assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
    sts.close()
    names = ("AccessKeyId", "SecretAccessKey", "SessionToken")
    return {"Version": 1, **{name: given[name] for name in names}}
