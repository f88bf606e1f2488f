"""Fleets: the same methods in many accounts and regions."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping
from typing import assert_type

from unisync import (
    AccountRegion,
    AsyncFleet,
    AsyncUnisync,
    Change,
    Fleet,
    FleetDiscovery,
    FleetSync,
    GitSyncJob,
    Outcome,
    Poll,
    RateLimit,
    RepositorySyncAttempt,
    ServiceLocation,
    StackSync,
    SyncBlocker,
    SyncJob,
    SyncRef,
    SyncResourceSummary,
    SystemClock,
    TwinMakerSync,
    TwinMakerSyncJob,
    Unisync,
    UnisyncError,
    WaitToken,
    parse_any_ref,
    parse_fleet_ref,
)

ROLE = "arn:aws:iam::123456789012:role/reader"
STACK = StackSync("payments-prod")
THERE = FleetSync("123456789012", "eu-west-1", STACK)
TWIN_THERE = FleetSync("123456789012", "eu-west-1", TwinMakerSync("factory"))
MIXED: list[SyncRef[SyncJob]] = [THERE, TwinMakerSync("factory")]

assert_type(THERE, FleetSync[GitSyncJob])
assert_type(TWIN_THERE, FleetSync[TwinMakerSyncJob])
assert_type(parse_any_ref("twinmaker:factory"), SyncRef[SyncJob])
assert_type(parse_fleet_ref("123456789012/eu-west-1/twinmaker:factory"), FleetSync[SyncJob])

Fleet([ROLE], regions=["eu-west-1"], profile_name="dev", external_id="x", role_session_name="reader")
AsyncFleet(
    [ROLE], endpoint_url="http://localhost:4577", rate_limit=RateLimit(), clock=SystemClock(), allow_unknown_values=True
)


def blocking(it: Fleet) -> None:
    assert_type(it.locations, tuple[AccountRegion, ...])
    assert_type(it.client("123456789012", "eu-west-1"), Unisync)
    assert_type(it.with_options(timeout=5), Fleet)
    assert_type(it.get(THERE), GitSyncJob)  # unknown: pyrefly
    assert_type(it.get(TWIN_THERE), TwinMakerSyncJob)  # unknown: pyrefly
    assert_type(it.wait_until_active(THERE, stop=threading.Event()), GitSyncJob)  # unknown: pyrefly
    assert_type(it.wait_until_resources_synced(TWIN_THERE), SyncResourceSummary)
    it.wait_until_deleted(THERE)
    assert_type(it.resume(WaitToken.create(THERE)), SyncJob | None)
    assert_type(it.poll(WaitToken.create(THERE)), Poll[SyncJob])
    assert_type(it.get_many([STACK, THERE]), list[Outcome[GitSyncJob]])  # unknown: pyrefly
    assert_type(it.get_many(it.discover()), list[Outcome[SyncJob]])  # unknown: pyrefly
    for outcome in it.wait_all([STACK], revision="4f2c9e1"):
        assert_type(outcome, Outcome[GitSyncJob])  # unknown: pyrefly
        assert_type(outcome.account, str | None)
    assert_type(it.wait_all(MIXED, return_when="first_failure"), list[Outcome[SyncJob]])  # unknown: pyrefly
    assert_type(it.watch([STACK]), Iterator[Change[GitSyncJob]])  # unknown: pyrefly
    assert_type(it.blockers(THERE), tuple[SyncBlocker, ...])
    assert_type(it.resolve_blocker(THERE, "0a1b", "reverted"), SyncBlocker)
    assert_type(it.repository_status(THERE), RepositorySyncAttempt | None)
    assert_type(it.discover(services=["proton"], tags={"team": "payments"}), FleetDiscovery)
    with it as same:
        assert_type(same, Fleet)
    closing: Callable[[], None] = it.close
    closing()


async def awaitable(it: AsyncFleet) -> None:
    assert_type(it.locations, tuple[AccountRegion, ...])
    assert_type(it.client("123456789012", "eu-west-1"), AsyncUnisync)
    assert_type(it.with_options(timeout=5), AsyncFleet)
    assert_type(await it.get(THERE), GitSyncJob)  # unknown: pyrefly
    assert_type(await it.wait_until_active(TWIN_THERE), TwinMakerSyncJob)  # unknown: pyrefly
    await it.wait_until_deleted(THERE)
    assert_type(await it.resume(WaitToken.create(THERE)), SyncJob | None)
    assert_type(await it.poll(WaitToken.create(THERE)), Poll[SyncJob])
    assert_type(await it.get_many([STACK, THERE], include_blockers=True), list[Outcome[GitSyncJob]])  # unknown: pyrefly
    assert_type(await it.wait_all(await it.discover()), list[Outcome[SyncJob]])  # unknown: pyrefly
    assert_type(it.watch([STACK]), AsyncIterator[Change[GitSyncJob]])  # unknown: pyrefly
    assert_type(await it.blockers(THERE), tuple[SyncBlocker, ...])
    assert_type(await it.wait_until_resources_synced(TWIN_THERE), SyncResourceSummary)
    assert_type(await it.resolve_blocker(THERE, "0a1b", "reverted"), SyncBlocker)
    assert_type(await it.repository_status(THERE), RepositorySyncAttempt | None)
    assert_type(await it.discover(), FleetDiscovery)
    async with it as same:
        assert_type(same, AsyncFleet)
    closing: Callable[[], Coroutine[object, object, None]] = it.close
    await closing()


def discovery(it: FleetDiscovery) -> None:
    assert_type(it.refs, tuple[FleetSync[SyncJob], ...])
    assert_type(it.errors, Mapping[ServiceLocation, UnisyncError])
    assert_type(len(it), int)
    for ref in it:
        assert_type(ref, FleetSync[SyncJob])
    assert_type(it.model_dump(mode="json"), dict[str, object])


def reference(it: FleetSync[GitSyncJob]) -> None:
    assert_type(it.account, str)
    assert_type(it.region, str)
    assert_type(it.sync, SyncRef[GitSyncJob])
    assert_type(it.prefix, str)
    assert_type(it.console_url(), str)
    assert_type(it.parts(), tuple[str, ...])
    from_parts: Callable[[list[str]], None] = it.from_parts
    from_parts(["123456789012"])
    match it:
        case FleetSync(account, region, sync):
            assert_type(account, str)
            assert_type(region, str)
            assert_type(sync, SyncRef[GitSyncJob])


def location(it: AccountRegion) -> None:
    assert_type(it.account, str)
    assert_type(it.region, str)
    account, region = it
    assert_type((account, region), tuple[str, str])


def service_location(it: ServiceLocation) -> None:
    assert_type(it.account, str)
    assert_type(it.region, str)
    assert_type(it.service, str)
