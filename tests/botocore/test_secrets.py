"""No repr, log, error, traceback or pickle shows credentials, tokens, external ids or passwords."""

from __future__ import annotations

import asyncio
import logging
import pickle
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import boto3
import botocore.session
import pytest
from botocore.config import Config
from botocore.loaders import Loader

from tests.robustness.servers import serve_bytes
from tests.support.operations import OPERATIONS, prepare
from tests.support.samples import session_of
from unisync import (
    AsyncUnisync,
    Fleet,
    InvalidArgumentError,
    ResponseError,
    StackSync,
    TwinMakerSync,
    Unisync,
    UnisyncError,
)
from unisync.emulator import Emulator

pytestmark = pytest.mark.slow

STACK = StackSync("payments-prod")

KEY, TOKEN, EXTERNAL_ID, PASSWORD = (
    "sEcReT/kEy/0123456789abcdefghijklmnopqrs",
    "t0k3n//session",
    "ext-1d-swordfish",
    "hunter2",
)
SECRETS = (KEY, TOKEN, EXTERNAL_ID, PASSWORD)


def chain(error: BaseException | None) -> Iterator[BaseException]:
    """An error and its causes."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def everything_shown(error: BaseException) -> str:
    """All that may be shown of an error: its text, its attributes, its pickle, and the locals of its frames."""
    texts = ["".join(traceback.format_exception(error))]
    for each in chain(error):
        texts += [str(each), repr(each)]
        frames = traceback.StackSummary.extract(traceback.walk_tb(each.__traceback__), capture_locals=True)
        texts += [repr(frame.locals) for frame in frames if Path(frame.filename) != Path(__file__)]
    texts += [repr(vars(error)), pickle.dumps(error).decode("latin-1")]
    return "\n".join(texts)


@pytest.fixture(autouse=True)
def check_logs(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """No log record has a secret either."""
    caplog.set_level(logging.DEBUG, "unisync")
    yield
    records = [record for when in ("setup", "call") for record in caplog.get_records(when)]
    logged = repr([vars(record) for record in records if record.name == "unisync"])
    assert not [secret for secret in SECRETS if secret in logged]


LOADER = Loader()
"""Reads each model once for all tests."""


def session() -> boto3.Session:
    core = botocore.session.Session()
    core.register_component("data_loader", LOADER)
    return boto3.Session("AKIAIOSFODNN7EXAMPLE", KEY, TOKEN, region_name="eu-west-1", botocore_session=core)


def raised_by(call: Callable[[], object]) -> UnisyncError:
    with pytest.raises(UnisyncError) as info:
        call()
    for line in everything_shown(info.value).splitlines():
        assert not [secret for secret in SECRETS if secret in line], line
    return info.value


QUICK = Config(connect_timeout=1, read_timeout=1, retries={"total_max_attempts": 1})


def test_the_repr_of_a_client_has_its_region_and_endpoint_only(aws: Emulator) -> None:
    for client in (Unisync(session(), endpoint_url=aws.url), AsyncUnisync(session(), endpoint_url=aws.url)):
        assert repr(client) == f"<{type(client).__name__} eu-west-1, {aws.url}>"
        assert not [secret for secret in SECRETS if secret in f"{vars(client)} {vars(session_of(client))}"]


@pytest.mark.parametrize(
    "fault",
    [
        "InvalidSignatureException",
        "AccessDeniedException",
        "http-500",
        "http-302",
        "drop",
        "truncate",
        "garble",
        "html",
    ],
)
def test_no_response_makes_an_error_show_them(aws: Emulator, fault: str) -> None:
    options: Any = {**aws.client_options(), "config": QUICK.merge(Config(inject_host_prefix=False))}
    credentials = options["session"].get_credentials()
    with Unisync(**options) as client:
        aws.fault("GetResourceSyncStatus", fault, times=None)
        with pytest.raises(UnisyncError) as info:
            client.get(STACK)
    assert credentials.secret_key not in everything_shown(info.value)


def test_no_rejected_call_shows_them(aws: Emulator) -> None:
    with Unisync(session(), endpoint_url=aws.url, config=QUICK) as client:
        assert "UnrecognizedClient" in str(raised_by(lambda: client.get(STACK)))
        raised_by(lambda: client.wait_until_active(TwinMakerSync("factory"), timeout=1))
        raised_by(lambda: client.twinmaker.create_sync_job("factory", sync_role="no role"))
        assert client.get_many([STACK])[0].error is not None


def test_no_response_that_botocore_cannot_parse_shows_them() -> None:
    body = b'{"__type":["a"]}'
    head = b"HTTP/1.1 400 Bad Request\r\ncontent-length: %d\r\n\r\n" % len(body)
    with serve_bytes(head + body) as url, Unisync(session(), endpoint_url=url, config=QUICK) as client:
        assert isinstance(raised_by(lambda: client.get(STACK)), ResponseError)


async def _get(url: str) -> None:
    async with AsyncUnisync(session(), endpoint_url=url, config=QUICK) as client:
        await client.get(STACK)


def test_no_error_of_the_awaitable_client_shows_them(aws: Emulator) -> None:
    raised_by(lambda: asyncio.run(_get(aws.url)))


def test_a_stopped_server(aws: Emulator) -> None:
    with Unisync(session(), endpoint_url=aws.url, config=QUICK) as client:
        aws.stop()
        raised_by(lambda: client.get(STACK))


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_the_password_of_a_proxy(scheme: str) -> None:
    proxies = {scheme: f"http://user:{PASSWORD}@127.0.0.1:9"}
    with Unisync(
        session(), endpoint_url=f"{scheme}://aws.invalid", config=QUICK.merge(Config(proxies=proxies))
    ) as client:
        raised_by(lambda: client.get(STACK))


@pytest.mark.parametrize(
    "url",
    [
        "http://user:hunter2@127.0.0.1:9",
        "https://hunter2@aws.invalid/path",
        "user:hunter2@127.0.0.1:9",
        "http:user:hunter2@127.0.0.1",
        "http://user:hunter2/3@127.0.0.1:9",
        "http://user:hunter2#3@127.0.0.1",
        "http://user:hunter2?3@127.0.0.1",
    ],
)
def test_an_endpoint_with_a_password_is_rejected(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InvalidArgumentError, match="endpoint_url: expected a URL without a user name") as info:
        Unisync(session(), endpoint_url=url)
    assert PASSWORD not in str(info.value)
    monkeypatch.setenv("AWS_ENDPOINT_URL", url)
    with Unisync(session()) as client:
        assert "expected a URL without a user name" in str(raised_by(lambda: client.get(STACK)))
        assert PASSWORD not in repr(client)


def test_an_endpoint_may_have_an_at_sign_in_its_path(aws: Emulator) -> None:
    with Unisync(session(), endpoint_url=f"{aws.url}/path@home", config=QUICK) as client:
        assert "expected a URL" not in str(raised_by(lambda: client.get(STACK)))


ROLE = "arn:aws:iam::210987654321:role/reader"


@pytest.mark.parametrize(
    "arguments",
    [
        {"role_arns": ["nonsense"]},
        {"role_arns": [ROLE, ROLE]},
        {"role_arns": [ROLE], "regions": []},
        {"role_arns": []},
        {"role_arns": 5},
        {"role_arns": [ROLE], "on_event": 5},
        {"role_arns": [ROLE], "sessions": {"a": 5}},
    ],
)
def test_a_fleet_with_wrong_arguments_shows_no_external_id(arguments: Any) -> None:
    raised_by(lambda: Fleet(**arguments, external_id=EXTERNAL_ID))


def test_an_external_id_is_text() -> None:
    number: Any = 4711
    with pytest.raises(InvalidArgumentError, match="external_id: expected text") as info:
        Fleet([ROLE], external_id=number)
    assert "4711" not in str(info.value)


@pytest.mark.parametrize("fault", ["denied", "http-500", "drop", "too short"])
def test_a_role_that_cannot_be_assumed_shows_no_external_id(aws: Emulator, fault: str) -> None:
    external_id = "x" if fault == "too short" else EXTERNAL_ID
    if fault == "denied":
        aws.add_role(ROLE, external_id="another")
    elif fault != "too short":
        aws.fault("AssumeRole", fault, times=None)
    options = aws.client_options()
    with Fleet(
        [ROLE],
        session=options["session"],
        endpoint_url=options["endpoint_url"],
        config=QUICK.merge(Config(inject_host_prefix=False)),
        external_id=external_id,
    ) as fleet:
        (outcome,) = fleet.get_many([STACK])
        assert outcome.error is not None
        assert EXTERNAL_ID not in everything_shown(outcome.error) + repr(vars(fleet))


def test_no_log_record_has_a_parameter_of_an_operation(
    aws: Emulator, client: Unisync, caplog: pytest.LogCaptureFixture
) -> None:
    known = prepare(aws)
    for operations in OPERATIONS.values():
        for operation in operations.values():
            with suppress(UnisyncError):
                result = operation.use(client, known)
                _ = list(result) if operation.is_list else result
    logged = [vars(record) for record in caplog.records if record.name == "unisync"]
    sent = {value for call in aws.calls for value in call.params.values() if isinstance(value, str)}
    assert len(logged) > 35
    assert {"payments-prod", "factory", "put right", "arn:aws:iam::123456789012:role/sync"} <= sent
    assert not [value for value in sent if len(value) > 8 and value in repr(logged)]
