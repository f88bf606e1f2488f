"""The translation of errors: wrong arguments, credentials, and errors of STS, each with its class and attributes."""

from __future__ import annotations

import asyncio
import copy
import pickle
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.conftest import Awaited
from tests.support.samples import FACTORY, STACK
from unisync import (
    AccessDeniedError,
    AsyncFleet,
    CredentialsError,
    Fleet,
    FleetSync,
    InvalidArgumentError,
    InvalidRequestError,
    ServerError,
    ServiceError,
    ThrottledError,
    TransportError,
    Unisync,
    UnisyncError,
)
from unisync.emulator import Emulator

pytestmark = pytest.mark.slow

REGION = "eu-west-1"
ACCOUNT = "210987654321"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/reader"
THERE = FleetSync(ACCOUNT, REGION, STACK)
SYNC_ROLE = "arn:aws:iam::123456789012:role/sync"


@pytest.fixture
def use_profile(aws: Emulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., None]:
    """Makes the settings of a profile the default ones, with the emulator as the endpoint of every service."""

    def use(*settings: str) -> None:
        keys = aws.environment()
        config = tmp_path / "config"
        lines = [
            "[default]",
            f"region = {REGION}",
            *settings,
            "[profile source]",
            f"aws_access_key_id = {keys['AWS_ACCESS_KEY_ID']}",
            f"aws_secret_access_key = {keys['AWS_SECRET_ACCESS_KEY']}",
        ]
        config.write_text("\n".join(lines))
        monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
        monkeypatch.setenv("AWS_ENDPOINT_URL", aws.url)

    return use


@pytest.fixture(params=["blocking", "awaitable"])
def fleet(request: pytest.FixtureRequest, aws: Emulator) -> Iterator[Any]:
    """A fleet of either kind with one role, which the emulator does not know yet."""
    options = aws.client_options()
    arguments: dict[str, Any] = {**options, "regions": [REGION]}
    if request.param == "blocking":
        with Fleet([ROLE], **arguments) as blocking:
            yield blocking
    else:
        with asyncio.Runner() as runner:
            awaitable = AsyncFleet([ROLE], **arguments)
            yield Awaited(awaitable, runner.run)
            runner.run(awaitable.close())


def check_copies(error: UnisyncError) -> None:
    """A pickle and a copy have the same class, text and attributes."""
    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(again) is type(error)
        assert str(again) == str(error)
        assert vars(again) == vars(error)


# Arguments.


def test_a_wrong_argument_is_no_error_of_a_service(aws: Emulator, either: Any) -> None:
    for name, message in (
        ("", "workspace_id: expected a name without spaces, slashes or colons, got ''"),
        ("x" * 129, "iottwinmaker GetSyncJob: workspace_id: expected 1 to 128 characters, got 129"),
    ):
        with pytest.raises(InvalidArgumentError) as caught:
            either.twinmaker.get_sync_job(name)
        error = caught.value
        assert str(error) == message
        assert isinstance(error, ValueError)
        assert not isinstance(error, (ServiceError, ClientError))
        assert (error.retryable, error.outcome_unknown) == (False, False)
        check_copies(error)
    assert aws.calls == []


def test_a_request_that_aws_rejects_is_an_invalid_request(aws: Emulator, either: Any) -> None:
    aws.fault("GetSyncJob", "ValidationException", message="no such workspace")
    with pytest.raises(InvalidRequestError, match="no such workspace") as caught:
        either.twinmaker.get_sync_job("factory")
    assert not isinstance(caught.value, ValueError)
    assert (caught.value.code, caught.value.status_code) == ("ValidationException", 400)


def test_no_region() -> None:
    with Unisync() as client, pytest.raises(InvalidArgumentError, match=r"iottwinmaker GetSyncJob: .*region"):
        client.get(FACTORY)


# Credentials.


def check_credentials_error(client: Unisync, match: str) -> None:
    """Every method fails at once, without a retry."""
    methods: list[Callable[[Any], object]] = [client.get, client.wait_until_active, client.wait_until_deleted]
    for method in methods:
        with pytest.raises(CredentialsError, match=match) as caught:
            method(FACTORY)
        error = caught.value
        assert not isinstance(error, (ServiceError, TransportError, ValueError))
        assert (error.service, error.operation) == ("iottwinmaker", "GetSyncJob")
        assert (error.retryable, error.outcome_unknown) == (False, False)
        check_copies(error)
    assert isinstance(client.get_many([FACTORY])[0].error, CredentialsError)


def test_no_credentials(aws: Emulator) -> None:
    with Unisync(region_name=REGION, endpoint_url=aws.url) as client:
        check_credentials_error(client, "Unable to locate credentials")
    assert aws.calls == []


def test_partial_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    with Unisync(region_name=REGION) as client:
        check_credentials_error(client, "Partial credentials")


def test_a_missing_profile() -> None:
    with Unisync(region_name=REGION, profile_name="nobody") as client:
        check_credentials_error(client, r"profile \(nobody\) could not be found")


def test_a_missing_source_profile(use_profile: Callable[..., None]) -> None:
    use_profile(f"role_arn = {ROLE}", "source_profile = nobody")
    with Unisync() as client:
        check_credentials_error(client, "nobody")


@pytest.mark.parametrize(
    ("code", "match"),
    [
        ("import sys; sys.exit('the token has expired')", "the token has expired"),
        ("print('nonsense')", "Expecting value"),
        ("print('{}')", "Unsupported version"),
    ],
)
def test_a_credential_process_that_fails(use_profile: Callable[..., None], code: str, match: str) -> None:
    use_profile(f'credential_process = {sys.executable} -c "{code}"')
    with Unisync() as client:
        check_credentials_error(client, match)


def test_a_credential_process_that_does_not_exist(use_profile: Callable[..., None]) -> None:
    use_profile("credential_process = /no/such/program")
    with Unisync() as client:
        check_credentials_error(client, "/no/such/program")


def test_an_sso_session_that_has_expired(use_profile: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/no/such/folder")  # where the tokens are cached
    settings = ("sso_start_url = https://sso.invalid", "sso_region = eu-west-1", "sso_account_id = 123456789012")
    use_profile(*settings, "sso_role_name = reader")
    with Unisync() as client:
        check_credentials_error(client, "SSO Token")


# STS.


def test_a_denied_role_is_an_error_of_sts(aws: Emulator, fleet: Any) -> None:
    for method in (fleet.get, fleet.wait_until_active):
        with pytest.raises(AccessDeniedError, match=r"sts AssumeRole: AccessDenied: .* not authorized") as caught:
            method(THERE)
        error = caught.value
        assert (error.service, error.operation, error.code) == ("sts", "AssumeRole", "AccessDenied")
        assert (error.status_code, error.region, error.account) == (403, REGION, ACCOUNT)
        assert error.request_id
        assert (error.retryable, error.outcome_unknown) == (False, False)
        check_copies(error)
    assert {call.operation for call in aws.calls} == {"AssumeRole"}


def test_a_denied_role_of_a_profile(aws: Emulator, use_profile: Callable[..., None]) -> None:
    use_profile(f"role_arn = {ROLE}", "source_profile = source")
    with Unisync(config=Config(inject_host_prefix=False)) as client:
        with pytest.raises(AccessDeniedError) as caught:
            client.wait_until_active(STACK)
        error = caught.value
        assert (error.service, error.operation) == ("sts", "AssumeRole")
        assert (error.region, error.account) == (REGION, None)
        aws.add_role(ROLE)
        aws.account(account=ACCOUNT).add_stack("payments-prod", repository="acme/infra")
        assert client.get(STACK).ref == STACK


@pytest.mark.parametrize(
    ("fault", "kind"), [("Throttling", ThrottledError), ("ServiceUnavailable", ServerError), ("http-503", ServerError)]
)
def test_a_throttled_or_failing_sts_is_retried(aws: Emulator, fleet: Any, fault: str, kind: type[ServiceError]) -> None:
    aws.add_role(ROLE)
    there = aws.account(account=ACCOUNT)
    there.add_workspace("factory")
    twinmaker = fleet.client(ACCOUNT, REGION).twinmaker
    aws.fault("AssumeRole", fault, times=None)
    with pytest.raises(kind) as caught:
        twinmaker.create_sync_job("factory", sync_role=SYNC_ROLE)
    error = caught.value
    assert type(error) is kind
    assert (error.service, error.operation) == ("sts", "AssumeRole")
    assert (error.region, error.account) == (REGION, ACCOUNT)
    assert (error.retryable, error.outcome_unknown) == (True, False)
    aws.clear_faults()
    aws.fault("AssumeRole", fault)
    twinmaker.create_sync_job("factory", sync_role=SYNC_ROLE)
    called = [call.operation for call in aws.calls if call.service == "iottwinmaker"]
    assert called == ["CreateSyncJob"], "it was never sent before, so there is nothing to look up"


def test_a_wait_retries_a_throttled_sts_until_its_deadline(aws: Emulator, fleet: Any) -> None:
    aws.add_role(ROLE)
    aws.fault("AssumeRole", "Throttling", times=None)
    with pytest.raises(TimeoutError) as caught:
        fleet.wait_until_active(THERE, timeout=60)
    error: Any = caught.value
    assert isinstance(error.last_error, ThrottledError)
    assert error.last_error.service == "sts"


@pytest.mark.parametrize("code", ["RegionDisabledException", "ResourceNotFoundException"])
def test_any_other_error_of_sts_is_a_credentials_error(aws: Emulator, fleet: Any, code: str) -> None:
    aws.add_role(ROLE)
    aws.fault("AssumeRole", code, message="not here")
    with pytest.raises(CredentialsError, match=f"sts AssumeRole: {code}: not here") as caught:
        fleet.wait_until_deleted(THERE)
    assert caught.value.service == "codeconnections"
    assert not caught.value.retryable


# Where it happened.


def test_an_error_names_its_region_and_account(aws: Emulator, either: Any, fleet: Any) -> None:
    aws.add_role(ROLE)
    for client, ref, account in ((either, STACK, None), (fleet, THERE, ACCOUNT)):
        (outcome,) = client.get_many([ref])
        errors = [outcome.error]
        with pytest.raises(ServiceError) as caught:
            client.get(ref)
        errors.append(caught.value)
        for error in errors:
            assert isinstance(error, ServiceError)
            assert (error.region, error.account) == (REGION, account)
            assert (error.service, error.operation) == ("codeconnections", "GetResourceSyncStatus")
            check_copies(error)
