"""Credentials, tokens, external ids and passwords are shown nowhere: by no repr, log, error, traceback or pickle."""

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
import pytest
from botocore.config import Config

from tests.botocore.test_deadline import answering
from tests.support.operations import OPERATIONS, prepare
from unisync import (
    AsyncUnisync,
    Fleet,
    InvalidRequestError,
    ResponseError,
    StackSync,
    TwinMakerSync,
    Unisync,
    UnisyncError,
)
from unisync.emulator import Emulator

STACK = StackSync("payments-prod")

KEY, TOKEN, EXTERNAL, PASSWORD = (
    "sEcReT/kEy/0123456789abcdefghijklmnopqrs",
    "t0k3n//session",
    "ext-1d-swordfish",
    "hunter2",
)
SECRETS = (KEY, TOKEN, EXTERNAL, PASSWORD)


def chain(error: BaseException | None) -> Iterator[BaseException]:
    """An error with all that led to it."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def shown(error: BaseException) -> str:
    """All that may come to be seen of an error: its text, its attributes, its pickle, the frames with their locals."""
    texts = ["".join(traceback.format_exception(error))]
    for each in chain(error):
        texts += [str(each), repr(each)]
        frames = traceback.StackSummary.extract(traceback.walk_tb(each.__traceback__), capture_locals=True)
        texts += [repr(frame.locals) for frame in frames if Path(frame.filename) != Path(__file__)]
    texts += [repr(vars(error)), pickle.dumps(error).decode("latin-1")]
    return "\n".join(texts)


@pytest.fixture(autouse=True)
def nothing_is_logged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Nor does what is logged tell."""
    caplog.set_level(logging.DEBUG, "unisync")
    yield
    records = [record for when in ("setup", "call") for record in caplog.get_records(when)]
    said = [vars(record) for record in records if record.name == "unisync"]
    assert not [secret for secret in SECRETS if secret in repr(said)]


def session() -> boto3.Session:
    return boto3.Session("AKIAIOSFODNN7EXAMPLE", KEY, TOKEN, region_name="eu-west-1")


def caught(call: Callable[[], object]) -> UnisyncError:
    with pytest.raises(UnisyncError) as info:
        call()
    for line in shown(info.value).splitlines():
        assert not [secret for secret in SECRETS if secret in line], line
    return info.value


QUICK = Config(connect_timeout=1, read_timeout=1, retries={"total_max_attempts": 1})


def test_a_client_shows_where_it_points_and_no_more(aws: Emulator) -> None:
    for client in (Unisync(session(), endpoint_url=aws.url), AsyncUnisync(session(), endpoint_url=aws.url)):
        assert repr(client) == f"<{type(client).__name__} eu-west-1, {aws.url}>"
        assert not [secret for secret in SECRETS if secret in f"{vars(client)} {vars(client._session)}"]


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
def test_no_answer_brings_them_to_light(aws: Emulator, fault: str) -> None:
    options: Any = {**aws.client_options(), "config": QUICK.merge(Config(inject_host_prefix=False))}
    credentials = options["session"].get_credentials()
    with Unisync(**options) as client:
        aws.fault("GetResourceSyncStatus", fault, times=None)
        with pytest.raises(UnisyncError) as info:
            client.get(STACK)
    assert credentials.secret_key not in shown(info.value)


def test_what_is_refused_shows_no_credentials(aws: Emulator) -> None:
    with Unisync(session(), endpoint_url=aws.url, config=QUICK) as client:
        assert "UnrecognizedClient" in str(caught(lambda: client.get(STACK)))
        caught(lambda: client.wait_until_active(TwinMakerSync("factory"), timeout=1))
        caught(lambda: client.twinmaker.create_sync_job("factory", sync_role="no role"))
        assert client.get_many([STACK])[0].error is not None


def test_nor_an_answer_that_botocore_cannot_read() -> None:
    body = b'{"__type":["a"]}'
    head = b"HTTP/1.1 400 Bad Request\r\ncontent-length: %d\r\n\r\n" % len(body)
    with answering(head + body) as url, Unisync(session(), endpoint_url=url, config=QUICK) as client:
        assert isinstance(caught(lambda: client.get(STACK)), ResponseError)


async def _awaited(url: str) -> None:
    async with AsyncUnisync(session(), endpoint_url=url, config=QUICK) as client:
        await client.get(STACK)


def test_nor_on_the_awaitable_client(aws: Emulator) -> None:
    caught(lambda: asyncio.run(_awaited(aws.url)))


def test_nobody_at_home(aws: Emulator) -> None:
    with Unisync(session(), endpoint_url=aws.url, config=QUICK) as client:
        aws.stop()
        caught(lambda: client.get(STACK))


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_the_password_of_a_proxy(scheme: str) -> None:
    proxies = {scheme: f"http://somebody:{PASSWORD}@127.0.0.1:9"}
    with Unisync(
        session(), endpoint_url=f"{scheme}://aws.invalid", config=QUICK.merge(Config(proxies=proxies))
    ) as client:
        caught(lambda: client.get(STACK))


@pytest.mark.parametrize(
    "url",
    [
        "http://somebody:hunter2@127.0.0.1:9",
        "https://hunter2@aws.invalid/path",
        "somebody:hunter2@127.0.0.1:9",
        "http:somebody:hunter2@127.0.0.1",
        "http://somebody:hunter2/3@127.0.0.1:9",
        "http://somebody:hunter2#3@127.0.0.1",
        "http://somebody:hunter2?3@127.0.0.1",
    ],
)
def test_an_endpoint_has_no_password(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InvalidRequestError, match="endpoint_url: expected a URL without a user name") as info:
        Unisync(session(), endpoint_url=url)
    assert PASSWORD not in str(info.value)
    monkeypatch.setenv("AWS_ENDPOINT_URL", url)
    with Unisync(session()) as client:
        assert "expected a URL without a user name" in str(caught(lambda: client.get(STACK)))
        assert PASSWORD not in repr(client)


def test_an_at_sign_elsewhere_is_no_password(aws: Emulator) -> None:
    with Unisync(session(), endpoint_url=f"{aws.url}/path@home", config=QUICK) as client:
        assert "expected a URL" not in str(caught(lambda: client.get(STACK)))


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
def test_a_fleet_that_cannot_be_made_shows_no_external_id(arguments: Any) -> None:
    caught(lambda: Fleet(**arguments, external_id=EXTERNAL))


def test_an_external_id_is_a_text() -> None:
    number: Any = 4711
    with pytest.raises(InvalidRequestError, match="external_id: expected text") as info:
        Fleet([ROLE], external_id=number)
    assert "4711" not in str(info.value)


@pytest.mark.parametrize("how", ["refused", "http-500", "drop", "too short"])
def test_a_role_that_cannot_be_assumed_shows_no_external_id(aws: Emulator, how: str) -> None:
    external = "x" if how == "too short" else EXTERNAL
    if how == "refused":
        aws.add_role(ROLE, external_id="another")
    elif how != "too short":
        aws.fault("AssumeRole", how, times=None)
    options = aws.client_options()
    with Fleet(
        [ROLE],
        session=options["session"],
        endpoint_url=options["endpoint_url"],
        config=QUICK.merge(Config(inject_host_prefix=False)),
        external_id=external,
    ) as fleet:
        (outcome,) = fleet.get_many([STACK])
        assert outcome.error is not None
        assert EXTERNAL not in shown(outcome.error) + repr(vars(fleet))


def test_no_log_line_has_what_an_operation_sends(
    aws: Emulator, client: Unisync, caplog: pytest.LogCaptureFixture
) -> None:
    known = prepare(aws)
    for operations in OPERATIONS.values():
        for operation in operations.values():
            with suppress(UnisyncError):
                used = operation.use(client, known)
                _ = list(used) if operation.is_list else used
    lines = [vars(record) for record in caplog.records if record.name == "unisync"]
    sent = {value for call in aws.calls for value in call.params.values() if isinstance(value, str)}
    assert len(lines) > 35
    assert {"payments-prod", "factory", "put right", "arn:aws:iam::123456789012:role/sync"} <= sent
    assert not [value for value in sent if len(value) > 8 and value in repr(lines)]
