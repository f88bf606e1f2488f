"""Fleets on the emulator: many accounts and regions, references, roles, and errors that stay in their account."""

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
from tests.support.samples import FACTORY, MINE, NEWER, OLD, STACK
from unisync import (
    AccessDeniedError,
    AccountRegion,
    AsyncFleet,
    AsyncUnisync,
    CallEnded,
    CredentialsError,
    Fleet,
    FleetSync,
    GitSyncJob,
    InvalidArgumentError,
    NotFoundError,
    Progress,
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

pytestmark = pytest.mark.slow

ACCOUNTS = ["111111111111", "222222222222", "333333333333"]
REGIONS = ["eu-west-1", "us-east-1"]
LOCATIONS = [AccountRegion(account, region) for account in ACCOUNTS for region in REGIONS]
SYNC_ROLE = "arn:aws:iam::123456789012:role/sync"
INSTANCE = ServiceInstanceSync("web", "prod")
HERE = FleetSync("111111111111", "us-east-1", STACK)

Make = Callable[..., Any]


def session(aws: Emulator, account: str, region: str = "eu-west-1") -> boto3.Session:
    return cast("boto3.Session", aws.client_options(account=account, region=region)["session"])


def fleet_options(aws: Emulator, **more: Any) -> dict[str, Any]:
    """The arguments of a fleet of three accounts in two regions."""
    options: dict[str, Any] = {**aws.client_options()}
    del options["session"]
    sessions = {account: session(aws, account) for account in ACCOUNTS}
    return {**options, "sessions": sessions, "regions": REGIONS, **more}


@pytest.fixture(params=["blocking", "awaitable"])
def make(request: pytest.FixtureRequest, aws: Emulator) -> Iterator[Make]:
    """Makes either kind of fleet."""
    with ExitStack() as stack:

        def blocking(**more: Any) -> Any:
            return stack.enter_context(Fleet(**fleet_options(aws, **more)))

        def awaitable(**more: Any) -> Any:
            runner = stack.enter_context(asyncio.Runner())
            fleet = AsyncFleet(**fleet_options(aws, **more))
            stack.callback(lambda: runner.run(fleet.close()))
            return Awaited(fleet, runner.run)

        yield blocking if request.param == "blocking" else awaitable


@pytest.fixture
def fleet(make: Make) -> Any:
    """Either kind of fleet."""
    return make()


def add_stack(aws: Emulator, location: AccountRegion, sha: str | None = None, **push: Any) -> Any:
    """Add the stack payments-prod to an account and region, and push a commit."""
    there = aws.account(account=location.account, region=location.region)
    there.add_stack("payments-prod", repository="acme/infra")
    if sha is not None:
        there.push(stack="payments-prod", sha=sha, **push)
    return there


# References and accounts.


def test_a_plain_reference_stands_for_every_account_and_region(aws: Emulator, fleet: Any) -> None:
    for number, location in enumerate(LOCATIONS):
        if location.account != "222222222222":
            add_stack(aws, location, f"{number:040x}")
    outcomes = fleet.get_many([STACK])
    assert [outcome.ref for outcome in outcomes] == [FleetSync(*location, STACK) for location in LOCATIONS]
    assert [(outcome.account, outcome.region) for outcome in outcomes] == LOCATIONS
    assert [type(outcome.error) for outcome in outcomes] == [type(None)] * 2 + [NotFoundError] * 2 + [type(None)] * 2
    assert [outcome.error.account for outcome in outcomes if outcome.error] == ["222222222222"] * 2
    assert {(call.account, call.region) for call in aws.calls} == set(LOCATIONS)
    shas = [outcome.job.desired_state.sha for outcome in outcomes if outcome.job]
    assert shas == [f"{number:040x}" for number in (0, 1, 4, 5)]


def test_every_result_has_the_reference_it_was_requested_with(aws: Emulator, fleet: Any) -> None:
    there = aws.account(account="222222222222", region="us-east-1")
    there.add_workspace("factory")
    there.add_stack("payments-prod", repository="acme/infra")
    there.add_service_instance("web", "prod", repository="acme/web")
    there.push(stack="payments-prod", sha=OLD)
    there.push(service="web", instance="prod", sha=OLD)
    client = fleet.client("222222222222", "us-east-1")
    client.twinmaker.create_sync_job("factory", sync_role=SYNC_ROLE)
    refs = [FleetSync("222222222222", "us-east-1", sync) for sync in (FACTORY, STACK, INSTANCE)]
    progress: list[Progress[Any]] = []
    for ref in refs:
        assert fleet.get(ref).ref == ref
        assert client.get(ref.sync).ref == ref.sync
        job = fleet.wait_until_active(ref, on_progress=progress.append)
        assert job.ref == ref
        assert fleet.resume(WaitToken.create(ref)).ref == ref
    assert progress
    assert all(each.ref == each.job.ref for each in progress)
    assert fleet.wait_until_resources_synced(refs[0]).ref == refs[0]
    for outcomes in (fleet.get_many(refs), fleet.wait_all(refs)):
        assert [outcome.ref for outcome in outcomes] == [outcome.job.ref for outcome in outcomes] == refs
    stop = threading.Event()
    watched: set[object] = set()
    for change in fleet.watch(refs, stop=stop):
        assert change.after.ref == change.ref
        watched.add(change.ref)
        if watched == set(refs):
            stop.set()
    there.push(stack="payments-prod", sha=MINE, outcome="FAILED", reason="no such role")
    with pytest.raises(SyncFailedError) as failed:
        fleet.wait_until_active(refs[1], revision=MINE)
    assert str(failed.value).startswith("222222222222/us-east-1/codeconnections:payments-prod is FAILED")
    assert failed.value.job is not None
    assert failed.value.ref == failed.value.job.ref == refs[1]
    (outcome,) = fleet.wait_all([refs[1]], revision=MINE)
    assert outcome.error.ref == outcome.error.job.ref == outcome.job.ref == refs[1]


def test_calls_go_to_the_account_of_the_reference(aws: Emulator, make: Make) -> None:
    """The same stack has another commit in each account."""
    here, there = FleetSync(ACCOUNTS[0], "eu-west-1", STACK), FleetSync(ACCOUNTS[1], "eu-west-1", STACK)
    add_stack(aws, AccountRegion(ACCOUNTS[0], "eu-west-1"), OLD)
    add_stack(aws, AccountRegion(ACCOUNTS[1], "eu-west-1"), MINE)
    aws.clock.advance(60)
    events: list[Any] = []
    fleet = make(on_event=events.append)
    for ref, sha in ((here, OLD), (there, MINE), (here, OLD)):
        before = len(aws.calls)
        events.clear()
        assert fleet.get(ref).live_revision.sha == sha
        assert fleet.wait_until_active(ref, revision=sha).live_revision.sha == sha
        assert {call.account for call in aws.calls[before:]} == {ref.account}
        assert {event.account for event in events if isinstance(event, CallEnded)} == {ref.account}
    with pytest.raises(WaitTimeoutError):
        fleet.wait_until_active(here, revision=MINE, timeout=30)
    done = fleet.wait_all([here, there], revision=MINE, timeout=30)
    assert [outcome.error is None for outcome in done] == [False, True]


@pytest.mark.parametrize("is_own_first", [False, True])
def test_a_mapping_may_have_a_commit_for_all_accounts_and_another_for_one(
    aws: Emulator, fleet: Any, is_own_first: bool
) -> None:
    for location in LOCATIONS:
        add_stack(aws, location, OLD)
    aws.clock.advance(60)
    entries: list[tuple[Any, str]] = [(STACK, OLD), (FleetSync(*LOCATIONS[0], STACK), MINE)]
    outcomes = fleet.wait_all(dict(reversed(entries) if is_own_first else entries), timeout=30)
    in_order = [True, *[False] * 6] if is_own_first else [*[False] * 6, True]
    assert [type(outcome.error) is WaitTimeoutError for outcome in outcomes] == in_order


def test_each_method_takes_a_fleet_reference(aws: Emulator, fleet: Any) -> None:
    there = add_stack(aws, AccountRegion(HERE.account, HERE.region), MINE)
    job = fleet.wait_until_active(HERE, revision=MINE)
    assert isinstance(job, GitSyncJob)
    assert fleet.get(HERE).status.state is SyncState.ACTIVE
    there.block(stack="payments-prod", reason="modified by hand")
    (blocker,) = fleet.blockers(HERE)
    assert fleet.resolve_blocker(HERE, blocker, "reverted").is_active is False
    assert fleet.repository_status(HERE) is not None
    token = WaitToken.create(HERE, revision=MINE)
    assert fleet.resume(str(token)).latest_sync == job.latest_sync
    there.push(stack="payments-prod", sha=NEWER, outcome="FAILED", reason="no such role")
    with pytest.raises(SyncFailedError):
        fleet.wait_until_active(HERE, revision=NEWER)
    assert {(call.account, call.region) for call in aws.calls} == {(HERE.account, HERE.region)}
    factory = FleetSync("333333333333", "eu-west-1", FACTORY)
    aws.account(account="333333333333").add_workspace("factory")
    client = fleet.client("333333333333", "eu-west-1")
    client.twinmaker.create_sync_job("factory", sync_role=SYNC_ROLE)
    assert fleet.wait_until_resources_synced(factory).is_settled
    client.twinmaker.delete_sync_job("factory")
    fleet.wait_until_deleted(factory)


def test_a_failure_in_one_account_does_not_end_the_other_waits(aws: Emulator, fleet: Any) -> None:
    for number, location in enumerate(LOCATIONS):
        outcome = "FAILED" if location == ("222222222222", "us-east-1") else "SUCCEEDED"
        add_stack(aws, location, MINE, duration=10 * number, outcome=outcome)
    outcomes = fleet.wait_all([STACK], revision=MINE)
    assert [type(outcome.error) for outcome in outcomes] == [type(None)] * 3 + [SyncFailedError] + [type(None)] * 2
    assert all(outcome.done for outcome in outcomes)
    assert {outcome.job.status.aws_state for outcome in outcomes} == {"SUCCEEDED", "FAILED"}


def test_discovery_finds_the_syncs_of_every_account_and_reports_those_it_cannot_search(
    aws: Emulator, caplog: pytest.LogCaptureFixture
) -> None:
    for account, region in LOCATIONS:
        there = aws.account(account=account, region=region)
        there.add_stack(f"stack-of-{account[0]}", repository="acme/infra")
        there.add_service_instance("web", "prod", repository="acme/web")
    stranger = session(aws, "444444444444")
    stranger._session.set_credentials("AKIAIOSFODNN7EXAMPLE", "wrong")
    sessions = {account: session(aws, account) for account in ACCOUNTS} | {"stranger": stranger}
    with Fleet(**fleet_options(aws, sessions=sessions)) as fleet:
        found = fleet.discover()
        assert len(found) == 12
        assert FleetSync("222222222222", "us-east-1", INSTANCE) in set(found)
        assert set(found.errors) == {
            ServiceLocation("stranger", region, service)
            for region in REGIONS
            for service in ("twinmaker", "codeconnections", "proton")
        }
        assert {type(error) for error in found.errors.values()} == {AccessDeniedError}
        warning = "stranger/us-east-1: the search of twinmaker for syncs is incomplete: "
        assert sum(message.startswith(warning) for message in caplog.messages) == 1
        assert [outcome.error for outcome in fleet.get_many(found)] == [None] * 12
        assert len(fleet.discover(services=["codeconnections"])) == 6


def test_each_account_and_region_has_its_own_rate_limit(aws: Emulator) -> None:
    refs = [StackSync(f"stack-{number}") for number in range(8)]
    with Fleet(**fleet_options(aws, rate_limit=RateLimit(initial=2))) as fleet:
        before = aws.clock.now()
        fleet.get_many(refs)
        # Alone, each takes some 4 seconds of the emulator's clock; one after the other they would take 24.
        assert 2 < aws.clock.now() - before < 8


def test_the_client_of_one_account_and_region(aws: Emulator) -> None:
    with Fleet(**fleet_options(aws)) as fleet:
        client = fleet.client("222222222222", "us-east-1")
        assert isinstance(client, Unisync)
        assert list(client.codeconnections.list_repository_links()) == []
        assert (aws.calls[0].account, aws.calls[0].region) == ("222222222222", "us-east-1")
        assert fleet.client("222222222222", "us-east-1") is client

    async def main() -> None:
        async with AsyncFleet(**fleet_options(aws)) as fleet:
            client = fleet.client("222222222222", "us-east-1")
            assert isinstance(client, AsyncUnisync)
            assert fleet.client("222222222222", "us-east-1") is client
            assert [link async for link in client.codeconnections.list_repository_links()] == []
        assert not [thread for thread in threading.enumerate() if thread.name.startswith("unisync_")]

    asyncio.run(main())


def test_the_text_of_a_fleet_reference() -> None:
    text = "111111111111/us-east-1/codeconnections:payments-prod"
    assert str(HERE) == text
    assert parse_fleet_ref(text) == HERE
    assert hash(parse_fleet_ref(text)) == hash(HERE)
    assert pickle.loads(pickle.dumps(HERE)) == HERE
    with_slash = FleetSync("prod", "eu-west-1", INSTANCE)
    assert parse_fleet_ref(str(with_slash)) == with_slash
    for wrong in ("codeconnections:payments-prod", "a/b", "a/b/c", "", "a b/c/twinmaker:x", "/eu-west-1/twinmaker:x"):
        with pytest.raises(InvalidArgumentError, match="expected"):
            parse_fleet_ref(wrong)
    with pytest.raises(InvalidArgumentError, match="sync: expected a reference"):
        FleetSync("a", "b", HERE)
    assert str(WaitToken.parse(str(WaitToken.create(HERE))).ref) == text


# Arguments and regions.


def test_invalid_arguments_of_the_methods(aws: Emulator, fleet: Any) -> None:
    stranger = FleetSync("444444444444", "eu-west-1", STACK)
    wrong: list[tuple[Callable[[], object], str]] = [
        (lambda: fleet.get(STACK), "ref: expected a FleetSync, which says in which account and region"),
        (lambda: fleet.get(stranger), "account: expected one of 111111111111, 222222222222, 333333333333"),
        (lambda: fleet.client("444444444444", "eu-west-1"), "account: expected one of"),
        (lambda: fleet.client("111111111111", 5), "region: expected a name"),
        (lambda: fleet.get_many(None), "refs: expected references"),
        (lambda: fleet.get_many(["codeconnections:payments-prod"]), "ref: expected a FleetSync"),
        (lambda: fleet.discover(services=["s3"]), "services: expected some of"),
        (lambda: fleet.discover(tags={"team": 5}), "tags: expected text as keys and values"),
    ]
    for call, message in wrong:
        with pytest.raises(InvalidArgumentError, match=message):
            call()
    with Unisync(**aws.client_options()) as client, pytest.raises(InvalidArgumentError, match="ref: expected a ref"):
        client.get(HERE)
    assert aws.calls == []


def test_invalid_arguments_of_a_fleet(aws: Emulator) -> None:
    own = session(aws, "111111111111")
    wrong: list[tuple[dict[str, Any], str]] = [
        ({}, "role_arns: expected role ARNs, or `sessions`, got "),
        ({"role_arns": SYNC_ROLE}, "role_arns: expected several, such as a list"),
        ({"role_arns": ["123456789012"]}, "role_arns: expected ARNs such as arn:aws:iam::123456789012:role/name"),
        ({"role_arns": [SYNC_ROLE, SYNC_ROLE]}, "role_arns: expected one role or session for each account"),
        ({"role_arns": [SYNC_ROLE], "regions": []}, "regions: expected one or more"),
        ({"role_arns": [SYNC_ROLE], "regions": "eu-west-1"}, "regions: expected several"),
        ({"role_arns": [SYNC_ROLE], "regions": [None]}, "regions: expected text"),
        ({"sessions": {"a": None}}, "sessions: expected a boto3 session for each account, got None"),
        ({"sessions": {"a": "profile"}}, "sessions: expected a boto3 session for each account"),
        ({"sessions": [own]}, "sessions: expected a mapping of accounts to boto3 sessions"),
        ({"sessions": {"Prod EU": own}}, "account: expected a name without spaces"),
        ({"role_arns": [SYNC_ROLE], "session": own, "profile_name": "x"}, "profile_name: expected None"),
    ]
    for options, message in wrong:
        with pytest.raises(InvalidArgumentError, match=message):
            Fleet(**options)


def test_the_default_regions_are_the_sessions_own(aws: Emulator) -> None:
    sessions = {"a": session(aws, "111111111111"), "b": session(aws, "222222222222", region="us-east-1")}
    fleet = Fleet(sessions=sessions)
    assert fleet.locations == (AccountRegion("a", "eu-west-1"), AccountRegion("b", "us-east-1"))
    assert repr(fleet) == "<Fleet 2 accounts>"
    nowhere = Fleet(sessions={"a": boto3.Session()})
    with pytest.raises(InvalidArgumentError, match="regions: expected one or more, as the session has none of its own"):
        nowhere.locations  # noqa: B018  # a property


def test_available_regions() -> None:
    assert "eu-west-1" in available_regions("codeconnections")
    assert available_regions("codeconnections", "aws-us-gov") == ("us-gov-east-1", "us-gov-west-1")
    assert available_regions("twinmaker", "aws-cn") == ("cn-north-1",)
    old_name = boto3.Session().get_available_regions("codestar-connections")
    assert list(available_regions("codeconnections")) == sorted(old_name), "botocore lists the old name only"
    assert available_regions("proton", "nowhere") == ()
    with pytest.raises(InvalidArgumentError, match="service: expected 'twinmaker', 'proton', 'codeconnections'"):
        available_regions(cast("Any", "s3"))


def test_a_region_without_the_service_fails_at_once(aws: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its host has no address. In any other region, the name server may just be down, so the wait goes on."""

    def no_address(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", no_address)
    own = boto3.Session("AKIAIOSFODNN7EXAMPLE", "secret")
    with Fleet(sessions={"a": own}, regions=["mars-north-1", "eu-west-1"], clock=aws.clock) as fleet:
        nowhere, somewhere = fleet.wait_all([STACK], timeout=20)
        assert isinstance(nowhere.error, TransportError)
        assert "AWS is not known to offer codeconnections in mars-north-1" in str(nowhere.error)
        assert isinstance(somewhere.error, WaitTimeoutError)
        assert aws.clock.now() < 25


# Roles.


def role(account: str) -> str:
    return f"arn:aws:iam::{account}:role/reader"


def role_options(aws: Emulator, **more: Any) -> dict[str, Any]:
    """The arguments of a fleet of three accounts in two regions, by roles."""
    return {**aws.client_options(), "role_arns": [role(account) for account in ACCOUNTS], "regions": REGIONS, **more}


def count(aws: Emulator, operation: str) -> int:
    return sum(call.operation == operation for call in aws.calls)


def assume_once(aws: Emulator, arn: str) -> boto3.Session:
    """A session with a role's credentials, which are never refreshed."""
    sts: Any = session(aws, "123456789012").client("sts", endpoint_url=aws.url)
    keys = sts.assume_role(RoleArn=arn, RoleSessionName="once")["Credentials"]
    return boto3.Session(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"], "eu-west-1")


def write_credentials(file: Path, aws: Emulator, arn: str) -> None:
    """Write a role's credentials to a shared credentials file, as login tools do."""
    frozen = cast("Any", assume_once(aws, arn).get_credentials()).get_frozen_credentials()
    file.write_text(
        f"[default]\naws_access_key_id={frozen.access_key}\naws_secret_access_key={frozen.secret_key}\n"
        f"aws_session_token={frozen.token}\n"
    )


def test_each_role_is_assumed_once(aws: Emulator) -> None:
    for account in ACCOUNTS:
        aws.add_role(role(account), external_id="ours")
    for location in LOCATIONS:
        add_stack(aws, location, MINE)
    with Fleet(**role_options(aws, external_id="ours", role_session_name="deploys")) as fleet:
        assert [outcome.error for outcome in fleet.wait_all([STACK])] == [None] * 6
        assert fleet.get(HERE).status.state is SyncState.ACTIVE
    assumed = [call.params for call in aws.calls if call.operation == "AssumeRole"]
    assert sorted(params["RoleArn"] for params in assumed) == [role(account) for account in ACCOUNTS]
    assert {(params["RoleSessionName"], params["ExternalId"]) for params in assumed} == {("deploys", "ours")}


def test_an_account_that_fails_is_reported_and_stops_no_other(aws: Emulator) -> None:
    """One role cannot be assumed, one session's token expires, and the other accounts' roles are assumed anew."""
    names = [f"stack-{number}" for number in range(3)]
    refs = [StackSync(name) for name in names]
    other = "arn:aws:iam::555555555555:role/other"
    for arn in (role("111111111111"), role("333333333333"), other):
        aws.add_role(arn)
    for account in (*ACCOUNTS, "555555555555"):
        for region in REGIONS:
            there = aws.account(account=account, region=region)
            for name in names:
                there.add_stack(name, repository="acme/infra")
                if account != "555555555555":
                    there.push(stack=name, sha=MINE, duration=20)
    with Fleet(**role_options(aws, sessions={"short": assume_once(aws, other)})) as fleet:
        assert {outcome.account for outcome in fleet.get_many(refs) if outcome.error} == {"222222222222"}
        aws.expire_credentials()
        outcomes = fleet.wait_all(refs, revision=MINE, timeout=300)
    errors: dict[str, set[Any]] = {
        account: {type(outcome.error) for outcome in outcomes if outcome.account == account}
        for account in (*ACCOUNTS, "short")
    }
    assert errors == {
        "111111111111": {type(None)},
        "222222222222": {AccessDeniedError},
        "333333333333": {type(None)},
        "short": {AccessDeniedError},
    }
    denied = next(outcome.error for outcome in outcomes if outcome.account == "222222222222")
    assert isinstance(denied, AccessDeniedError)
    assert (denied.service, denied.operation, denied.account) == ("sts", "AssumeRole", "222222222222")
    assert count(aws, "AssumeRole") <= 8, "a refusal is remembered for some seconds"


def test_the_expired_credentials_of_a_role_are_refreshed(aws: Emulator) -> None:
    aws.add_role(role("111111111111"))
    there = add_stack(aws, AccountRegion("111111111111", "eu-west-1"))
    options: dict[str, Any] = {**aws.client_options()}
    with Fleet([role("111111111111")], **options) as fleet:
        changes = iter(fleet.watch([STACK]))
        assert next(changes).kind == "state"
        aws.expire_credentials()
        there.push(stack="payments-prod", sha=MINE)
        assert [next(changes).kind for _ in range(2)] == ["state", "attempt"], "and no error"


def test_expired_credentials_are_read_again_from_the_shared_file(
    aws: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of a client, and those with which a fleet assumes its roles."""
    other, admin = "arn:aws:iam::555555555555:role/other", "arn:aws:iam::666666666666:role/admin"
    for arn in (other, admin, role("111111111111")):
        aws.add_role(arn)
    for account in ("555555555555", "111111111111"):
        add_stack(aws, AccountRegion(account, "eu-west-1"))
    file = tmp_path / "credentials"
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(file))
    options: dict[str, Any] = {**aws.client_options()}
    del options["session"]
    write_credentials(file, aws, other)
    with Unisync(region_name="eu-west-1", **options) as client:
        assert client.get(STACK).status.state is SyncState.PENDING
        aws.expire_credentials()
        write_credentials(file, aws, other)
        assert client.get(STACK).status.state is SyncState.PENDING
        aws.expire_credentials()
        before = len(aws.calls)
        with pytest.raises(AccessDeniedError):
            client.get(STACK)
        assert len(aws.calls) == before, "a request with expired credentials is no call"
    write_credentials(file, aws, admin)
    with Fleet([role("111111111111")], regions=["eu-west-1"], **options) as fleet:
        assert fleet.get_many([STACK])[0].error is None
        aws.expire_credentials()
        write_credentials(file, aws, admin)
        assert fleet.get_many([STACK])[0].error is None


def test_a_role_is_assumed_again_after_a_transient_failure(aws: Emulator) -> None:
    aws.add_role(role("111111111111"))
    add_stack(aws, AccountRegion("111111111111", "eu-west-1"))
    aws.fault("AssumeRole", "Throttling", times=2)
    aws.fault("AssumeRole", "drop", times=1)
    options: dict[str, Any] = {**aws.client_options()}
    with Fleet([role("111111111111")], **options) as fleet:
        (outcome,) = fleet.wait_all([STACK], timeout=60)
        assert isinstance(outcome.error, WaitTimeoutError)
        assert outcome.job is not None
        assert count(aws, "AssumeRole") >= 3


def test_a_denied_role_is_requested_once_for_many_syncs(aws: Emulator) -> None:
    options: dict[str, Any] = {**aws.client_options()}
    with Fleet([role("111111111111")], **options) as fleet:
        outcomes = fleet.get_many([StackSync(f"stack-{number}") for number in range(20)])
    assert {type(outcome.error) for outcome in outcomes} == {AccessDeniedError}
    assert count(aws, "AssumeRole") == 1
    texts = ["".join(traceback.format_exception(cast("UnisyncError", outcome.error))) for outcome in outcomes]
    assert max(map(len, texts)) < 20_000, "each has its own traceback"


def test_a_fleet_without_credentials() -> None:
    """The fixtures clear the environment and disable the metadata service."""
    with Fleet([role("111111111111")], regions=["eu-west-1"]) as fleet:
        for (outcome,) in (fleet.get_many([STACK]), fleet.wait_all([STACK])):
            assert isinstance(outcome.error, CredentialsError)
            assert "Unable to locate credentials" in str(outcome.error)


def test_a_fleet_with_a_missing_profile() -> None:
    with Fleet([role("111111111111")], regions=["eu-west-1"], profile_name="nobody") as fleet:
        (outcome,) = fleet.get_many([STACK])
        assert isinstance(outcome.error, CredentialsError)
        assert "nobody" in str(outcome.error)


def test_a_role_is_assumed_in_a_region_of_the_fleet_if_its_source_has_none(aws: Emulator) -> None:
    aws.add_role(role("111111111111"))
    keys = aws.environment()
    source = boto3.Session(keys["AWS_ACCESS_KEY_ID"], keys["AWS_SECRET_ACCESS_KEY"])
    with Fleet([role("111111111111")], session=source, regions=["eu-west-1"], endpoint_url=aws.url) as fleet:
        assert isinstance(fleet.get_many([STACK])[0].error, NotFoundError)


def test_an_account_that_hangs_delays_no_other(aws: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each session's profile has its own endpoint."""
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
        patient: Any = Config(read_timeout=60)
        config: Any = Config(read_timeout=1)

        async def main() -> None:
            async with AsyncFleet(sessions=sessions, config=patient) as fleet:
                hanging = [asyncio.ensure_future(fleet.get(FleetSync("bad", "eu-west-1", STACK))) for _ in range(70)]
                await asyncio.sleep(0.2)
                began = time.monotonic()
                assert (await fleet.get(FleetSync("good", "eu-west-1", STACK))).status.state is SyncState.PENDING
                assert time.monotonic() - began < 20
                for each in hanging:
                    each.cancel()
                await asyncio.wait(hanging)

        asyncio.run(main())
        with Fleet(sessions=sessions, config=config) as fleet:
            began = time.monotonic()
            outcomes = fleet.get_many([STACK, *(StackSync(f"stack-{number}") for number in range(30))])
            assert time.monotonic() - began < 15, "after some calls without a response, the others fail at once"
        assert {type(outcome.error) for outcome in outcomes if outcome.account == "bad"} == {TransportError}
        assert outcomes[0].error is None
