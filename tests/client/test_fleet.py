"""Many accounts and regions behind the same verbs: what fails in one stops nothing elsewhere."""

from __future__ import annotations

import asyncio
import pickle
import socket
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, cast

import boto3
import pytest
from botocore.config import Config

from tests.conftest import Awaited
from tests.support.samples import FACTORY, STACK
from unisync import (
    AccessDeniedError,
    AccountRegion,
    AsyncFleet,
    AsyncUnisync,
    Fleet,
    FleetSync,
    GitSyncJob,
    InvalidRequestError,
    NotFoundError,
    RateLimit,
    ServiceInstanceSync,
    ServiceLocation,
    StackSync,
    SyncFailedError,
    SyncState,
    TransportError,
    Unisync,
    UnisyncError,
    WaitTimeoutError,
    WaitToken,
    available_regions,
    parse_fleet_ref,
)
from unisync.emulator import Emulator

ACCOUNTS = ["111111111111", "222222222222", "333333333333"]
REGIONS = ["eu-west-1", "us-east-1"]
ROLE = "arn:aws:iam::123456789012:role/sync"
HERE = FleetSync("111111111111", "us-east-1", STACK)

Make = Callable[..., Any]


def session(aws: Emulator, account: str, region: str = "eu-west-1") -> boto3.Session:
    return cast("boto3.Session", aws.client_options(account=account, region=region)["session"])


def options(aws: Emulator, **more: Any) -> dict[str, Any]:
    """Three accounts in two regions."""
    plain: dict[str, Any] = {**aws.client_options()}
    del plain["session"]
    sessions = {account: session(aws, account) for account in ACCOUNTS}
    return {**plain, "sessions": sessions, "regions": REGIONS, **more}


@pytest.fixture(params=["blocking", "awaitable"])
def make(request: pytest.FixtureRequest, aws: Emulator) -> Iterator[Make]:
    """Makes either kind of fleet."""
    with ExitStack() as stack:

        def blocking(**more: Any) -> Any:
            return stack.enter_context(Fleet(**options(aws, **more)))

        def awaitable(**more: Any) -> Any:
            runner = stack.enter_context(asyncio.Runner())
            fleet = AsyncFleet(**options(aws, **more))
            stack.callback(lambda: runner.run(fleet.close()))
            return Awaited(fleet, runner.run)

        yield blocking if request.param == "blocking" else awaitable


@pytest.fixture
def fleet(make: Make) -> Any:
    return make()


def everywhere(aws: Emulator) -> Iterator[tuple[str, str, Any]]:
    for account in ACCOUNTS:
        for region in REGIONS:
            yield account, region, aws.account(account=account, region=region)


def test_a_plain_reference_is_meant_everywhere(aws: Emulator, fleet: Any) -> None:
    for number, (account, _, world) in enumerate(everywhere(aws)):
        if account != "222222222222":
            world.add_stack("payments-prod", repository="acme/infra")
            world.push(stack="payments-prod", sha=f"{number:040x}")
    outcomes = fleet.get_many([STACK])
    assert [(outcome.account, outcome.region) for outcome in outcomes] == [
        (account, region) for account in ACCOUNTS for region in REGIONS
    ]
    assert [type(outcome.error) for outcome in outcomes] == [type(None)] * 2 + [NotFoundError] * 2 + [type(None)] * 2
    assert {outcome.ref for outcome in outcomes} == {
        FleetSync(account, region, STACK) for account in ACCOUNTS for region in REGIONS
    }
    assert {(call.account, call.region) for call in aws.calls} == {(a, r) for a in ACCOUNTS for r in REGIONS}
    shas = [outcome.job.desired_state.sha for outcome in outcomes if outcome.job]
    assert shas == [f"{number:040x}" for number in (0, 1, 4, 5)]


def test_each_verb_takes_a_reference_of_the_fleet(aws: Emulator, fleet: Any) -> None:
    world = aws.account(account="111111111111", region="us-east-1")
    world.add_stack("payments-prod", repository="acme/infra")
    world.push(stack="payments-prod", sha="a" * 40, outcome="SUCCEEDED")
    job = fleet.wait_until_active(HERE, revision="a" * 40)
    assert isinstance(job, GitSyncJob)
    assert fleet.get(HERE).status.state is SyncState.ACTIVE
    world.block(stack="payments-prod", reason="modified by hand")
    (blocker,) = fleet.blockers(HERE)
    assert fleet.resolve_blocker(HERE, blocker, "looked at").is_active is False
    assert fleet.repository_status(HERE) is not None
    token = WaitToken.create(HERE, revision="a" * 40)
    assert fleet.resume(str(token)).latest_sync == job.latest_sync
    world.push(stack="payments-prod", sha="b" * 40, outcome="FAILED", reason="no such role")
    with pytest.raises(
        SyncFailedError, match=r"^111111111111/us-east-1/codeconnections:payments-prod is FAILED"
    ) as failed:
        fleet.wait_until_active(HERE, revision="b" * 40)
    assert failed.value.ref == HERE
    assert {(call.account, call.region) for call in aws.calls} == {("111111111111", "us-east-1")}
    factory = FleetSync("333333333333", "eu-west-1", FACTORY)
    aws.account(account="333333333333").add_workspace("factory")
    there = fleet.client("333333333333", "eu-west-1")
    there.twinmaker.create_sync_job("factory", sync_role=ROLE)
    assert fleet.wait_until_resources_synced(factory).is_settled
    there.twinmaker.delete_sync_job("factory")
    fleet.wait_until_deleted(factory)


def test_many_waits_go_on_whatever_fails_elsewhere(aws: Emulator, fleet: Any) -> None:
    for number, (account, region, world) in enumerate(everywhere(aws)):
        world.add_stack("payments-prod", repository="acme/infra")
        bad = (account, region) == ("222222222222", "us-east-1")
        world.push(stack="payments-prod", sha="a" * 40, duration=10 * number, outcome="FAILED" if bad else "SUCCEEDED")
    outcomes = fleet.wait_all([STACK], revision="a" * 40)
    assert [type(outcome.error) for outcome in outcomes] == [type(None)] * 3 + [SyncFailedError] + [type(None)] * 2
    assert all(outcome.done for outcome in outcomes)
    assert {outcome.job.status.aws_state for outcome in outcomes} == {"SUCCEEDED", "FAILED"}


def test_a_watch_names_accounts_and_regions(aws: Emulator) -> None:
    for _, _, world in everywhere(aws):
        world.add_stack("payments-prod", repository="acme/infra")
    with Fleet(**options(aws)) as fleet:
        stop = threading.Event()
        seen: list[Any] = []
        for change in fleet.watch([STACK], stop=stop):
            seen.append(change.ref)
            if len(seen) == 6:
                stop.set()
    assert set(seen) == {FleetSync(account, region, STACK) for account in ACCOUNTS for region in REGIONS}


def test_discovery_finds_what_is_anywhere_and_says_where_it_could_not_look(
    aws: Emulator, make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    for account, _, world in everywhere(aws):
        world.add_stack(f"stack-of-{account[0]}", repository="acme/infra")
        world.add_service_instance("web", "prod", repository="acme/web")
    stranger = session(aws, "444444444444")
    stranger._session.set_credentials("AKIAIOSFODNN7EXAMPLE", "wrong")
    sessions = {account: session(aws, account) for account in ACCOUNTS} | {"stranger": stranger}
    fleet = make(sessions=sessions)
    found = fleet.discover()
    assert len(found) == 12
    assert FleetSync("222222222222", "us-east-1", ServiceInstanceSync("web", "prod")) in set(found)
    assert set(found.errors) == {
        ServiceLocation("stranger", region, service)
        for region in REGIONS
        for service in ("twinmaker", "codeconnections", "proton")
    }
    assert {type(error) for error in found.errors.values()} == {AccessDeniedError}
    assert sum("stranger/us-east-1: twinmaker was not" in record.message for record in caplog.records) == 1
    assert [outcome.error for outcome in fleet.get_many(found)] == [None] * 12
    assert len(fleet.discover(services=["codeconnections"])) == 6


def test_each_account_and_region_has_its_own_rate(aws: Emulator, make: Make) -> None:
    fleet = make(rate_limit=RateLimit(initial=5))
    for _, _, world in everywhere(aws):
        for number in range(20):
            world.add_stack(f"stack-{number}", repository="acme/infra")
    before = aws.clock.now()
    fleet.get_many([StackSync(f"stack-{number}") for number in range(20)])
    assert aws.clock.now() - before < 10, "each by itself, not one after the other"


def test_what_cannot_be_is_refused(aws: Emulator, fleet: Any) -> None:
    with pytest.raises(InvalidRequestError, match="ref: expected a FleetSync, which says in which account and region"):
        fleet.get(STACK)
    with pytest.raises(InvalidRequestError, match="account: expected one of 111111111111, 222222222222, 333333333333"):
        fleet.get(FleetSync("444444444444", "eu-west-1", STACK))
    with pytest.raises(InvalidRequestError, match="account: expected one of"):
        fleet.client("444444444444", "eu-west-1")
    with pytest.raises(InvalidRequestError, match="refs: expected references"):
        fleet.get_many(None)
    with pytest.raises(InvalidRequestError, match="ref: expected a FleetSync"):
        fleet.get_many(["codeconnections:payments-prod"])
    with pytest.raises(InvalidRequestError, match="services: expected some of"):
        fleet.discover(services=["s3"])
    with Unisync(**aws.client_options()) as client, pytest.raises(InvalidRequestError, match="ref: expected a ref"):
        client.get(HERE)
    assert aws.calls == []


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({}, "role_arns: expected role ARNs, or `sessions`, got 'neither'"),
        ({"role_arns": "arn:aws:iam::123456789012:role/a"}, "role_arns: expected several, such as a list"),
        ({"role_arns": ["123456789012"]}, "role_arns: expected such as arn:aws:iam::123456789012:role/name"),
        ({"role_arns": [ROLE, ROLE]}, "role_arns: expected one role or session an account"),
        ({"role_arns": [ROLE], "regions": []}, "regions: expected one or more"),
        ({"role_arns": [ROLE], "regions": "eu-west-1"}, "regions: expected several"),
        ({"role_arns": [ROLE], "regions": [None]}, "regions: expected text"),
    ],
)
def test_a_fleet_that_cannot_be(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidRequestError, match=said):
        Fleet(**wrong)


def test_regions_are_the_sessions_own_where_none_are_given(aws: Emulator) -> None:
    sessions = {"a": session(aws, "111111111111"), "b": session(aws, "222222222222", region="us-east-1")}
    fleet = Fleet(sessions=sessions)
    assert fleet.locations == (AccountRegion("a", "eu-west-1"), AccountRegion("b", "us-east-1"))
    assert repr(fleet) == "<Fleet 2 accounts>"
    nowhere = Fleet(sessions={"a": boto3.Session()})
    with pytest.raises(InvalidRequestError, match="regions: expected one or more, as the session has none of its own"):
        nowhere.locations  # noqa: B018  # a property


def test_a_reference_of_a_fleet_is_a_value() -> None:
    text = "111111111111/us-east-1/codeconnections:payments-prod"
    assert str(HERE) == text
    assert parse_fleet_ref(text) == HERE
    assert hash(parse_fleet_ref(text)) == hash(HERE)
    assert pickle.loads(pickle.dumps(HERE)) == HERE
    with_slash = FleetSync("prod", "eu-west-1", ServiceInstanceSync("web", "prod"))
    assert parse_fleet_ref(str(with_slash)) == with_slash
    for wrong in ("codeconnections:payments-prod", "a/b", "a/b/c", "", "a b/c/twinmaker:x", "/eu-west-1/twinmaker:x"):
        with pytest.raises(InvalidRequestError, match="expected"):
            parse_fleet_ref(wrong)
    with pytest.raises(InvalidRequestError, match="sync: expected a reference"):
        FleetSync("a", "b", HERE)
    assert str(WaitToken.parse(str(WaitToken.create(HERE))).ref) == text


def test_regions_that_are_known() -> None:
    assert "eu-west-1" in available_regions("codeconnections")
    assert available_regions("codeconnections", "aws-us-gov") == ("us-gov-east-1", "us-gov-west-1")
    assert available_regions("twinmaker", "aws-cn") == ("cn-north-1",)
    old_name = boto3.Session().get_available_regions("codestar-connections")
    assert list(available_regions("codeconnections")) == sorted(old_name), "the old name's, which botocore has"
    assert available_regions("proton", "nowhere") == ()
    with pytest.raises(InvalidRequestError, match="service: expected 'twinmaker', 'proton', 'codeconnections'"):
        available_regions(cast("Any", "s3"))


def test_a_region_without_the_service_is_told_at_once() -> None:
    """Its host has no address. Elsewhere, that may well be a name server that is down."""
    given = boto3.Session("AKIAIOSFODNN7EXAMPLE", "secret")
    with Fleet(sessions={"a": given}, regions=["mars-north-1", "eu-west-1"]) as fleet:
        fleet._clock = (aws := Emulator(clock="manual")).clock
        nowhere, somewhere = fleet.wait_all([STACK], timeout=20)
        assert isinstance(nowhere.error, TransportError)
        assert "AWS is not known to offer codeconnections in mars-north-1" in str(nowhere.error)
        assert isinstance(somewhere.error, WaitTimeoutError)
        assert aws.clock.now() < 25


def test_a_client_of_one_place_is_one_like_others(aws: Emulator) -> None:
    with Fleet(**options(aws)) as fleet:
        client = fleet.client("222222222222", "us-east-1")
        assert isinstance(client, Unisync)
        assert list(client.codeconnections.list_repository_links()) == []
        assert (aws.calls[0].account, aws.calls[0].region) == ("222222222222", "us-east-1")
        assert fleet.client("222222222222", "us-east-1")._session is client._session

    async def main() -> None:
        async with AsyncFleet(**options(aws)) as fleet:
            client = fleet.client("222222222222", "us-east-1")
            assert isinstance(client, AsyncUnisync)
            assert fleet.client("222222222222", "us-east-1") is client
            assert [link async for link in client.codeconnections.list_repository_links()] == []
        assert not [thread for thread in threading.enumerate() if thread.name.startswith("unisync_")]

    asyncio.run(main())


# Roles.


def role(account: str) -> str:
    return f"arn:aws:iam::{account}:role/reader"


def role_options(aws: Emulator, **more: Any) -> dict[str, Any]:
    """Roles of three accounts, in two regions."""
    plain: dict[str, Any] = {**aws.client_options()}
    return {**plain, "role_arns": [role(account) for account in ACCOUNTS], "regions": REGIONS, **more}


def asked(aws: Emulator, operation: str) -> int:
    return sum(call.operation == operation for call in aws.calls)


def test_roles_are_assumed_once_each(aws: Emulator, make: Make) -> None:
    for account in ACCOUNTS:
        aws.add_role(role(account), external_id="ours")
    for _, _, world in everywhere(aws):
        world.add_stack("payments-prod", repository="acme/infra")
        world.push(stack="payments-prod", sha="a" * 40)
    fleet = make(sessions=None, **role_options(aws, external_id="ours", role_session_name="deploys"))
    assert [outcome.error for outcome in fleet.wait_all([STACK])] == [None] * 6
    assert fleet.get(HERE).status.state is SyncState.ACTIVE
    assumed = [call.params for call in aws.calls if call.operation == "AssumeRole"]
    assert sorted(params["RoleArn"] for params in assumed) == [role(account) for account in ACCOUNTS]
    assert {(params["RoleSessionName"], params["ExternalId"]) for params in assumed} == {("deploys", "ours")}


def test_what_fails_in_one_account_is_reported_there_and_nowhere_else(
    aws: Emulator, make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    """A role that cannot be assumed, a region without the service, an expired token, and an account that throttles."""
    names = [f"stack-{number}" for number in range(10)]
    refs = [StackSync(name) for name in names]
    for _, _, world in everywhere(aws):
        for name in names:
            world.add_stack(name, repository="acme/infra")
            world.push(stack=name, sha="a" * 40, duration=20)
    aws.add_role(role("111111111111"))
    aws.add_role(role("333333333333"))
    aws.add_role("arn:aws:iam::555555555555:role/other")
    for world in (aws.account(account="555555555555", region=region) for region in REGIONS):
        for name in names:
            world.add_stack(name, repository="acme/infra")
    fleet = make(**role_options(aws, sessions={"short": temporary(aws, "arn:aws:iam::555555555555:role/other")}))
    assert {outcome.account for outcome in fleet.get_many(refs) if outcome.error} == {"222222222222"}
    aws.expire_credentials()
    outcomes = fleet.wait_all(refs, revision="a" * 40, timeout=300)
    told: dict[str, set[Any]] = {
        account: {type(outcome.error) for outcome in outcomes if outcome.account == account}
        for account in (*ACCOUNTS, "short")
    }
    assert told == {
        "111111111111": {type(None)},
        "222222222222": {TransportError},
        "333333333333": {type(None)},
        "short": {AccessDeniedError},
    }
    assert "AssumeRole" in str(next(o.error for o in outcomes if o.account == "222222222222"))
    assert asked(aws, "AssumeRole") <= 8, "a refusal is remembered for some seconds"


def temporary(aws: Emulator, arn: str) -> boto3.Session:
    """A session with a role's credentials, which nobody refreshes."""
    sts: Any = session(aws, "123456789012").client("sts", endpoint_url=aws.url)
    given = sts.assume_role(RoleArn=arn, RoleSessionName="once")["Credentials"]
    return boto3.Session(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"], "eu-west-1")


def test_an_expired_token_is_refreshed_where_it_can_be(aws: Emulator, make: Make) -> None:
    aws.add_role(role("111111111111"))
    world = aws.account(account="111111111111")
    world.add_stack("payments-prod", repository="acme/infra")
    plain: dict[str, Any] = {**aws.client_options()}
    with Fleet([role("111111111111")], **plain) as fleet:
        changes = iter(fleet.watch([STACK]))
        assert next(changes).what == "state"
        aws.expire_credentials()
        world.push(stack="payments-prod", sha="a" * 40)
        assert [next(changes).what for _ in range(2)] == ["state", "attempt"], "and no error"


def test_credentials_that_somebody_wrote_anew_are_read_anew(
    aws: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As tools do that write them to the shared file for some hours."""
    arn = "arn:aws:iam::555555555555:role/other"
    aws.add_role(arn)
    aws.account(account="555555555555").add_stack("payments-prod", repository="acme/infra")
    file = tmp_path / "credentials"

    def write() -> None:
        frozen = cast("Any", temporary(aws, arn).get_credentials()).get_frozen_credentials()
        file.write_text(
            f"[default]\naws_access_key_id={frozen.access_key}\naws_secret_access_key={frozen.secret_key}\n"
            f"aws_session_token={frozen.token}\n"
        )

    write()
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(file))
    plain: dict[str, Any] = {**aws.client_options()}
    with Unisync(region_name="eu-west-1", **{key: plain[key] for key in ("endpoint_url", "config", "clock")}) as client:
        assert client.get(STACK).status.state is SyncState.PENDING
        aws.expire_credentials()
        write()
        assert client.get(STACK).status.state is SyncState.PENDING
        aws.expire_credentials()
        before = len(aws.calls)
        with pytest.raises(AccessDeniedError):
            client.get(STACK)
        assert len(aws.calls) == before, "what is refused for its signature is no call"


def test_a_role_is_asked_for_again_after_a_passing_failure(aws: Emulator) -> None:
    aws.add_role(role("111111111111"))
    aws.account(account="111111111111").add_stack("payments-prod", repository="acme/infra")
    aws.fault("AssumeRole", "Throttling", times=2)
    aws.fault("AssumeRole", "drop", times=1)
    plain: dict[str, Any] = {**aws.client_options()}
    with Fleet([role("111111111111")], **plain) as fleet:
        (outcome,) = fleet.wait_all([STACK], timeout=60)
        assert isinstance(outcome.error, WaitTimeoutError)
        assert outcome.job is not None
        assert asked(aws, "AssumeRole") >= 3
        # A refusal is remembered for a moment, so that a hundred syncs do not ask a hundred times.
        aws.remove_role(role("111111111111"))
        aws.expire_credentials()
    with Fleet([role("111111111111")], **plain) as fleet:
        before = asked(aws, "AssumeRole")
        many = fleet.get_many([StackSync(f"stack-{number}") for number in range(20)])
        assert {type(outcome.error) for outcome in many} == {TransportError}
        assert asked(aws, "AssumeRole") == before + 1


def test_a_fleet_without_credentials_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    with Fleet([role("111111111111")], regions=["eu-west-1"]) as fleet:
        (outcome,) = fleet.get_many([STACK])
        assert "Unable to locate credentials" in str(outcome.error)


def write_credentials(file: Path, aws: Emulator, arn: str) -> None:
    """As a tool does that fetches them for some hours."""
    frozen = cast("Any", temporary(aws, arn).get_credentials()).get_frozen_credentials()
    file.write_text(
        f"[default]\naws_access_key_id={frozen.access_key}\naws_secret_access_key={frozen.secret_key}\n"
        f"aws_session_token={frozen.token}\n"
    )


def test_a_source_whose_credentials_were_written_anew_goes_on(
    aws: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin = "arn:aws:iam::555555555555:role/admin"
    for arn in (admin, role("111111111111")):
        aws.add_role(arn)
    aws.account(account="111111111111").add_stack("payments-prod", repository="acme/infra")
    file = tmp_path / "credentials"
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(file))
    write_credentials(file, aws, admin)
    plain: dict[str, Any] = {**aws.client_options()}
    del plain["session"]
    with Fleet([role("111111111111")], regions=["eu-west-1"], **plain) as fleet:
        assert fleet.get_many([STACK])[0].error is None
        aws.expire_credentials()
        write_credentials(file, aws, admin)
        assert fleet.get_many([STACK])[0].error is None


def test_many_refusals_have_a_traceback_each(aws: Emulator) -> None:
    with Fleet(**role_options(aws)) as fleet:
        outcomes = fleet.get_many([StackSync(f"stack-{number}") for number in range(30)])
    texts = ["".join(traceback.format_exception(cast("UnisyncError", outcome.error))) for outcome in outcomes]
    assert max(map(len, texts)) < 20_000


def test_one_account_that_hangs_holds_up_no_other(
    aws: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each session's profile says where its account is."""
    aws.add_stack("payments-prod", repository="acme/infra")
    keys = aws.environment()
    credentials = (
        f"aws_access_key_id = {keys['AWS_ACCESS_KEY_ID']}\naws_secret_access_key = {keys['AWS_SECRET_ACCESS_KEY']}\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    with socket.create_server(("127.0.0.1", 0), backlog=200) as mute:
        (tmp_path / "config").write_text(
            f"[profile good]\nregion = eu-west-1\nendpoint_url = {aws.url}\n{credentials}"
            f"[profile bad]\nregion = eu-west-1\nendpoint_url = http://127.0.0.1:{mute.getsockname()[1]}\n{credentials}"
        )
        sessions: Any = {name: boto3.Session(profile_name=name) for name in ("good", "bad")}
        config: Any = Config(read_timeout=1)

        async def main() -> None:
            async with AsyncFleet(sessions=sessions, config=config) as fleet:
                lost = [asyncio.ensure_future(fleet.get(FleetSync("bad", "eu-west-1", STACK))) for _ in range(70)]
                await asyncio.sleep(0.2)
                began = time.monotonic()
                assert (await fleet.get(FleetSync("good", "eu-west-1", STACK))).status.state is SyncState.PENDING
                assert time.monotonic() - began < 1
                for each in lost:
                    each.cancel()
                await asyncio.wait(lost)

        asyncio.run(main())
        with Fleet(sessions=sessions, config=config) as fleet:
            began = time.monotonic()
            outcomes = fleet.get_many([STACK, *(StackSync(f"stack-{number}") for number in range(30))])
            assert time.monotonic() - began < 15, "after some calls without an answer, the others fail at once"
        assert {type(outcome.error) for outcome in outcomes if outcome.account == "bad"} == {TransportError}
        assert outcomes[0].error is None


def test_what_a_fleet_takes_is_checked_when_it_is_made(aws: Emulator) -> None:
    given = session(aws, "111111111111")
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"sessions": {"a": None}}, "sessions: expected a boto3 session for each account, got None"),
        ({"sessions": {"a": "profile"}}, "sessions: expected a boto3 session for each account"),
        ({"sessions": [given]}, "sessions: expected a mapping of accounts to boto3 sessions"),
        ({"sessions": {"Prod EU": given}}, "account: expected a name without spaces"),
        ({"role_arns": [role("1" * 12)], "session": given, "profile_name": "x"}, "profile_name: expected None"),
    ]
    for options, said in wrong:
        with pytest.raises(InvalidRequestError, match=said):
            Fleet(**options)
    with Fleet(sessions={"a": given}) as fleet, pytest.raises(InvalidRequestError, match="region: expected a name"):
        fleet.client("a", cast("Any", 5))


def test_a_role_is_assumed_in_a_region_of_the_fleet_where_its_source_has_none(aws: Emulator) -> None:
    aws.add_role(role("111111111111"))
    keys = aws.environment()
    source = boto3.Session(keys["AWS_ACCESS_KEY_ID"], keys["AWS_SECRET_ACCESS_KEY"])
    with Fleet([role("111111111111")], session=source, regions=["eu-west-1"], endpoint_url=aws.url) as fleet:
        assert isinstance(fleet.get_many([STACK])[0].error, NotFoundError)
