"""The settings of a client: where it connects to, for how long it waits, and how often it tries."""

from __future__ import annotations

import asyncio
import copy
import socket
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import boto3
import pytest
from botocore.config import Config

from tests.conftest import remove_aiohttp
from tests.support.samples import STACK, session_of
from unisync import (
    AccessDeniedError,
    AccountRegion,
    AsyncUnisync,
    CredentialsError,
    Fleet,
    FleetSync,
    InvalidArgumentError,
    NotFoundError,
    StackSync,
    ThrottledError,
    TransportError,
    Unisync,
)
from unisync._botocore.session import Session
from unisync.emulator import Emulator

ELSEWHERE = "http://127.0.0.1:9"
ROLE = "arn:aws:iam::222222222222:role/sync"


def meta_of(client: Unisync, service: str = "proton") -> Any:
    """What botocore knows of the client of a service."""
    return session_of(client).client(service).meta


@contextmanager
def silent_server() -> Generator[str]:
    """The URL of an endpoint that accepts connections and never answers."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.fixture
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")


# The region.


@pytest.mark.usefixtures("credentials")
@pytest.mark.parametrize(
    ("environ", "region"),
    [
        ({"AWS_REGION": "eu-west-1"}, "eu-west-1"),
        ({"AWS_DEFAULT_REGION": "eu-west-2"}, "eu-west-2"),
        ({"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-2"}, "eu-west-2"),
        ({"AWS_REGION": "", "AWS_DEFAULT_REGION": "eu-west-2"}, "eu-west-2"),
    ],
)
def test_the_region_of_the_environment(monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], region: str) -> None:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert meta_of(Unisync()).region_name == region
    assert meta_of(Unisync(region_name="eu-north-1")).region_name == "eu-north-1"
    assert Fleet(sessions={"111111111111": boto3.Session()}).locations == (AccountRegion("111111111111", region),)


@pytest.mark.usefixtures("credentials")
def test_the_region_of_a_session_or_a_profile(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    config = tmp_path / "config"
    config.write_text("[profile deploy]\nregion = eu-central-1\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    assert meta_of(Unisync(profile_name="deploy")).region_name == "eu-central-1"
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    assert meta_of(Unisync(boto3.Session(region_name="eu-south-1"))).region_name == "eu-south-1"
    assert meta_of(Unisync(boto3.Session())).region_name == "eu-west-1", "it has none of its own"


@pytest.mark.usefixtures("credentials")
def test_the_region_of_a_config_comes_before_those_of_sessions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    config = Config(region_name="eu-north-1")
    session = boto3.Session(region_name="eu-south-1")
    assert meta_of(Unisync(config=config)).region_name == "eu-north-1"
    assert meta_of(Unisync(session, config=config)).region_name == "eu-north-1"
    assert meta_of(Unisync(session, region_name="eu-west-2", config=config)).region_name == "eu-west-2"


@pytest.mark.usefixtures("credentials")
@pytest.mark.parametrize("environ", [{}, {"AWS_REGION": "", "AWS_DEFAULT_REGION": ""}])
def test_no_region_says_where_to_name_one(monkeypatch: pytest.MonkeyPatch, environ: dict[str, str]) -> None:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(InvalidArgumentError) as caught:
        Unisync().get(STACK)
    assert str(caught.value) == (
        "codeconnections GetResourceSyncStatus: region_name: expected a region: pass it, set AWS_REGION or "
        "AWS_DEFAULT_REGION, or name one in the profile"
    )


def test_no_credentials_say_how_to_log_in() -> None:
    with pytest.raises(
        CredentialsError, match=r"Unable to locate credentials: log in, for example with `aws sso login`"
    ):
        Unisync(region_name="eu-west-1").get(STACK)


# Endpoints.


@pytest.mark.usefixtures("credentials")
def test_each_service_may_have_an_endpoint_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    urls = {"proton": "http://127.0.0.1:10", "sts": "http://127.0.0.1:11"}
    client = Unisync(region_name="eu-west-1", endpoint_url=ELSEWHERE, endpoint_urls=urls)
    assert meta_of(client, "proton").endpoint_url == "http://127.0.0.1:10"
    assert meta_of(client, "iottwinmaker").endpoint_url == ELSEWHERE
    assert meta_of(client, "sts").endpoint_url == "http://127.0.0.1:11"
    monkeypatch.setenv("AWS_ENDPOINT_URL_PROTON", "http://127.0.0.1:12")
    monkeypatch.setenv("AWS_ENDPOINT_URL_CODESTAR_CONNECTIONS", "http://127.0.0.1:13")
    client = Unisync(region_name="eu-west-1", endpoint_url=ELSEWHERE)
    assert meta_of(client, "proton").endpoint_url == "http://127.0.0.1:12"
    assert meta_of(client, "codestar-connections").endpoint_url == "http://127.0.0.1:13"
    assert meta_of(client, "codeconnections").endpoint_url == ELSEWHERE
    assert meta_of(Unisync(region_name="eu-west-1", endpoint_urls=urls)).endpoint_url == urls["proton"]
    monkeypatch.setenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")
    assert meta_of(Unisync(region_name="eu-west-1", endpoint_url=ELSEWHERE)).endpoint_url == ELSEWHERE


# Timeouts and attempts.


def test_time_outs_and_attempts_are_plain_arguments(aws: Emulator) -> None:
    options: dict[str, Any] = {**aws.client_options(), "config": Config(connect_timeout=9, max_pool_connections=3)}
    client = Unisync(**options, connect_timeout=1.5, read_timeout=2, verify=False)
    config = meta_of(client).config
    assert (config.connect_timeout, config.read_timeout, config.max_pool_connections) == (1.5, 2, 3)
    fleet = Fleet(sessions={"1": options["session"]}, config=options["config"], endpoint_url=aws.url, read_timeout=4)
    transport: Any = fleet._settings.transport
    session = transport.at(AccountRegion("1", "eu-west-1"))
    assert isinstance(session, Session)
    config = session.client("proton").meta.config
    assert (config.connect_timeout, config.read_timeout) == (9, 4)


def test_the_number_of_attempts(aws: Emulator) -> None:
    aws.fault("GetResourceSyncStatus", "ThrottlingException", times=None)
    aws.add_stack("payments-prod", repository="acme/infra")

    def attempts(client: Unisync) -> int:
        before = len(aws.calls)
        with pytest.raises(ThrottledError):
            client.get(STACK)
        return len(aws.calls) - before

    options: dict[str, Any] = {**aws.client_options(), "config": Config(retries={"max_attempts": 4})}
    client = Unisync(**options, max_attempts=2)
    assert attempts(client) == 2
    assert attempts(client.with_options(max_attempts=1)) == 1
    assert attempts(client.with_options(timeout=5)) == 2


@pytest.mark.slow
def test_every_operation_ends_by_its_deadline() -> None:
    """In real time, against an endpoint that accepts and never answers."""
    session = boto3.Session(aws_access_key_id="a", aws_secret_access_key="b", region_name="eu-west-1")
    with silent_server() as url, Unisync(session, endpoint_url=url, call_timeout=0.3) as client:
        patient = client.with_options(timeout=60)
        uses: list[Callable[[], object]] = [
            lambda: client.get(STACK),
            lambda: client.codeconnections.get_sync_configuration("payments-prod"),
            lambda: list(client.codeconnections.list_repository_links()),
            lambda: client.get_many([STACK, StackSync("other")])[0].result(),
            lambda: patient.with_options(timeout=timedelta(seconds=0.3)).get(STACK),
            lambda: patient.get_many([STACK, StackSync("other")], timeout=0.3)[0].result(),
            lambda: patient.discover(timeout=0.3),
        ]
        for use in uses:
            began = time.monotonic()
            with pytest.raises(TransportError) as caught:
                use()
            assert caught.value.retryable
            assert time.monotonic() - began < 5

        async def awaited() -> None:
            async with AsyncUnisync(session, endpoint_url=url, call_timeout=0.3) as other:
                for use in (other.get(STACK), other.with_options(max_attempts=1).discover()):
                    with pytest.raises(TransportError, match="no response within"):
                        await use

        asyncio.run(awaited())


def test_a_deadline_holds_for_an_operation_with_its_retries(aws: Emulator) -> None:
    """Throttled calls are retried after a pause of at least half a second."""
    aws.fault("GetResourceSyncStatus", "ThrottlingException", times=None)
    client = Unisync(**aws.client_options(), call_timeout=0.4)
    before = len(aws.calls)
    with pytest.raises(ThrottledError):
        client.get(STACK)
    assert len(aws.calls) - before == 1
    assert aws.clock.now() == 0


# With other bounds.


def test_a_client_with_other_bounds_is_the_same_client(aws: Emulator) -> None:
    aws.add_stack("payments-prod", repository="acme/infra")
    client = Unisync(**aws.client_options())
    quick = client.with_options(timeout=5)
    assert quick.get(STACK) == client.get(STACK)
    assert session_of(quick) is session_of(client)
    assert type(quick) is Unisync
    assert quick.codeconnections is not client.codeconnections
    fleet = Fleet(sessions={"1": aws.client_options()["session"]}, endpoint_url=aws.url, config=Config(proxies={}))
    there = fleet.client("1", "eu-west-1")
    other = fleet.with_options(max_attempts=1)
    assert other.client("1", "eu-west-1")._settings.max_attempts == 1
    assert there._settings.max_attempts is None
    assert other.get(FleetSync("1", "eu-west-1", STACK)).ref == FleetSync("1", "eu-west-1", STACK)


def test_clients_with_other_bounds_share_their_threads(aws: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    remove_aiohttp(monkeypatch)

    async def main() -> None:
        client = AsyncUnisync(**aws.client_options())
        quick = client.with_options(timeout=5)
        with pytest.raises(NotFoundError):
            await quick.get(STACK)
        assert client._threads.executors
        await client.close()
        assert not quick._threads.executors

    asyncio.run(main())


# Bad settings.


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"connect_timeout": 0}, "connect_timeout: expected a number of seconds above 0, got 0"),
        ({"read_timeout": "5"}, "read_timeout: expected a number of seconds above 0, got '5'"),
        ({"max_attempts": 0}, "max_attempts: expected a number from 1, got 0"),
        ({"max_attempts": True}, "max_attempts: expected a number from 1, got True"),
        (
            {"call_timeout": -1},
            "call_timeout: expected seconds or a timedelta, zero or more, or None for no limit, got",
        ),
        ({"verify": 5}, "verify: expected True, False or the path of a file, got 5"),
        ({"endpoint_url": 5}, "endpoint_url: expected a URL, got 5"),
        ({"endpoint_urls": {"s3": ELSEWHERE}}, "endpoint_urls: expected some of iottwinmaker, proton, codeconnections"),
        ({"endpoint_urls": ELSEWHERE}, "endpoint_urls: expected URLs by boto3's name of the service, got 'http"),
        (
            {"endpoint_urls": {"sts": "http://a:b@host"}},
            "endpoint_url: expected a URL without a user name and password",
        ),
    ],
)
def test_bad_settings_are_rejected(setting: dict[str, Any], message: str) -> None:
    for make in (Unisync, AsyncUnisync, Fleet):
        with pytest.raises(InvalidArgumentError) as caught:
            make(**copy.copy(setting))
        assert str(caught.value).startswith(message)


@pytest.mark.parametrize("options", [{"timeout": "5"}, {"timeout": -1}, {"max_attempts": 0}])
def test_bad_options_are_rejected(options: dict[str, Any]) -> None:
    with pytest.raises(InvalidArgumentError, match=next(iter(options))):
        Unisync().with_options(**options)


# Errors say where they come from.


def test_an_error_names_region_and_account(aws: Emulator) -> None:
    session = boto3.Session(
        aws_access_key_id="AKIAIOSFODNN7EXAMPLE",
        aws_secret_access_key="wrong",
        aws_account_id="333333333333",
        region_name="eu-west-1",
    )
    client = Unisync(session, endpoint_url=aws.url, config=Config(proxies={}, inject_host_prefix=False))
    with pytest.raises(AccessDeniedError) as caught:
        client.get(STACK)
    assert (caught.value.region, caught.value.account) == ("eu-west-1", "333333333333")
    aws.add_role(ROLE)
    fleet = Fleet([ROLE], endpoint_url=aws.url, session=aws.client_options()["session"], regions=["eu-west-3"])
    ref = FleetSync("222222222222", "eu-west-3", StackSync("nothing"))
    with pytest.raises(NotFoundError) as missing:
        fleet.get(ref)
    assert (missing.value.region, missing.value.account) == ("eu-west-3", "222222222222")
