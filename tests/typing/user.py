"""What a user's type checker has to accept, and to infer."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Mapping
from datetime import datetime, timedelta
from typing import Any, Literal, assert_never, assert_type

import boto3
from botocore.config import Config

from unisync import (
    AnyRef,
    AsyncFleet,
    AsyncListing,
    AsyncUnisync,
    Backoff,
    Change,
    CreatedSyncJob,
    Deleted,
    Discovery,
    Ensured,
    Fleet,
    FleetDiscovery,
    FleetSync,
    GitSyncJob,
    Listing,
    NotFoundError,
    Outcome,
    Pace,
    Page,
    Progress,
    RepositoryLink,
    RepositorySyncAttempt,
    ResourceSyncAttempt,
    Revision,
    ServiceError,
    ServiceInstanceSync,
    ServiceSyncConfig,
    StackSync,
    SyncBlockedError,
    SyncBlocker,
    SyncBlockerSummary,
    SyncConfiguration,
    SyncJob,
    SyncJobSummary,
    SyncRef,
    SyncResource,
    SyncState,
    TemplateSync,
    TwinMakerSync,
    TwinMakerSyncJob,
    Unisync,
    UnisyncError,
    WaitTimeoutError,
    WaitToken,
    parse_fleet_ref,
    parse_ref,
)
from unisync.emulator import Emulator

client = Unisync(region_name="eu-west-1")
aclient = AsyncUnisync(boto3.Session(), config=Config(read_timeout=5))

assert_type(client.get(TwinMakerSync("x")), TwinMakerSyncJob)
assert_type(client.get(StackSync("x")), GitSyncJob)
assert_type(client.get(ServiceInstanceSync("x", "y")), GitSyncJob)
assert_type(client.get(TemplateSync("x", "SERVICE", "1")), GitSyncJob)
assert_type(client.wait_until_active(TwinMakerSync("x")), TwinMakerSyncJob)
assert_type(client.wait_until_active(StackSync("x"), revision="4f2c9e1", timeout=timedelta(minutes=5)), GitSyncJob)
assert_type(client.wait_until_active(StackSync("x"), timeout=None, backoff=Backoff(initial=1)), GitSyncJob)
assert_type(client.twinmaker.get_sync_job("x"), TwinMakerSyncJob)
assert_type(client.twinmaker.create_sync_job("x", sync_role="r", tags={"a": "b"}), CreatedSyncJob)
# pyright reports what AWS has ended the support of, and mypy does where it is told to.
proton = client.proton  # pyright: ignore[reportDeprecated]
assert_type(proton.get_service_instance_sync_status("x", "y"), GitSyncJob)
assert_type(proton.get_service_sync_config("x"), ServiceSyncConfig | None)
assert_type(client.codeconnections.get_resource_sync_status("x"), GitSyncJob)
assert_type(client.codeconnections.get_sync_blocker_summary(resource_name="x"), SyncBlockerSummary)

assert_type(client.codeconnections.update_sync_configuration("x", branch="main"), SyncConfiguration)
assert_type(client.codeconnections.delete_sync_configuration("x"), Deleted)
assert_type(client.twinmaker.list_sync_jobs("x", page_size=5), Listing[SyncJobSummary])
assert_type(client.twinmaker.summarize_sync_resources("x").counts, Mapping[SyncState, int])
for resource in client.twinmaker.list_sync_resources("x", state="ERROR", limit=5):
    assert_type(resource, SyncResource)
    assert_type(resource.status.state, SyncState)
for page in client.codeconnections.list_repository_links(next_token="a").pages():
    assert_type(page, Page[RepositoryLink])
    assert_type(page.next_token, str | None)
    assert_type([link.full_name for link in page], list[str])
ensured = client.codeconnections.ensure_sync_configuration(
    "x", repository_link_id="l", branch="main", config_file="a.yaml", role_arn="r"
)
assert_type(ensured, Ensured[SyncConfiguration])
assert_type(ensured.action, Literal["created", "updated", "unchanged"])
assert_type(ensured.before, SyncConfiguration | None)
for blocker in client.blockers(StackSync("x")):
    assert_type(client.resolve_blocker(StackSync("x"), blocker, "put right"), SyncBlocker)
    assert_type(client.resolve_blocker(ServiceInstanceSync("x", "y"), blocker.id, reason="put right"), SyncBlocker)
assert_type(client.repository_status(StackSync("x")), RepositorySyncAttempt | None)
for found in client.discover():
    assert_type(found, AnyRef)
    client.get(found)
Unisync(codeconnections_service="codestar-connections", allow_unknown_words=True, pace=Pace(initial=5))
for change in client.watch([StackSync("x")], every=60):
    assert_type(change, Change[GitSyncJob])
    assert_type(change.after, GitSyncJob | None)
assert_type(client.resume("unisync1."), SyncJob)
assert_type(client.wait_until_resources_synced(TwinMakerSync("x"), tolerate=1).in_sync, int)
assert_type(str(WaitToken.of(StackSync("x"), revision="4f2c9e1")), str)
assert_type(client.get_many([StackSync("x"), StackSync("y")]), list[Outcome[GitSyncJob]])
mixed: list[SyncRef[SyncJob]] = [StackSync("x"), TwinMakerSync("y")]
for outcome in client.wait_all(mixed, return_when="first_failure", economy=True, timeout=timedelta(minutes=5)):
    assert_type(outcome.ref, SyncRef[SyncJob])
    assert_type(outcome.job, SyncJob | None)
    assert_type(outcome.error, UnisyncError | None)
    assert_type(outcome.result(), SyncJob)

job = client.get(StackSync("x"))
assert_type(job.status.state, SyncState)
assert_type(job.status.native, str)
assert_type(job.latest_sync, ResourceSyncAttempt | None)
if job.latest_successful_sync is not None:
    assert_type(job.latest_successful_sync.target_revision, Revision)
    assert_type(job.latest_successful_sync.target_revision.full_name, str)
    assert_type(job.latest_successful_sync.started_at, datetime)
    assert_type(job.latest_successful_sync.events[0].external_id, str | None)


async def main() -> None:
    assert_type(await aclient.get(TwinMakerSync("x")), TwinMakerSyncJob)
    assert_type(await aclient.wait_until_active(StackSync("x"), revision="4f2c9e1"), GitSyncJob)
    assert_type(await aclient.twinmaker.get_sync_job("x", "SITEWISE"), TwinMakerSyncJob)
    later: Coroutine[Any, Any, GitSyncJob] = aclient.get(StackSync("x"))
    await later
    first, second = await asyncio.gather(aclient.get(StackSync("x")), aclient.get(TwinMakerSync("x")))
    assert_type(first, GitSyncJob)
    assert_type(second, TwinMakerSyncJob)
    async for link in aclient.codeconnections.list_repository_links(limit=5):
        assert_type(link, RepositoryLink)
    async for page in aclient.twinmaker.list_sync_jobs("x").pages():
        assert_type(page, Page[SyncJobSummary])
    assert_type(aclient.twinmaker.list_sync_jobs("x"), AsyncListing[SyncJobSummary])
    assert_type(await aclient.blockers(StackSync("x")), tuple[SyncBlocker, ...])
    assert_type(await aclient.discover(), Discovery)
    async for change in aclient.watch([TwinMakerSync("x")]):
        assert_type(change, Change[TwinMakerSyncJob])
    assert_type(await aclient.wait_all([TwinMakerSync("x")]), list[Outcome[TwinMakerSyncJob]])
    async with AsyncUnisync() as closing:
        await closing.wait_until_deleted(StackSync("x"))


def show(progress: Progress[SyncJob]) -> None:
    print(progress.job.status, progress.attempt, progress.next_delay)


def show_git(progress: Progress[GitSyncJob]) -> None:
    print(progress.job.latest_sync)


client.wait_until_active(StackSync("x"), on_progress=show)
client.wait_until_active(StackSync("x"), on_progress=show_git)
client.wait_until_active(TwinMakerSync("x"), on_progress=lambda progress: print(progress.job.sync_role))


def state_word(state: SyncState) -> str:
    match state:
        case SyncState.PENDING | SyncState.RUNNING:
            return "wait"
        case SyncState.ACTIVE:
            return "done"
        case SyncState.FAILED | SyncState.DELETING:
            return "gone"
        case SyncState.UNKNOWN:
            return "who knows"
        case _:
            assert_never(state)


def generic(ref: SyncRef[GitSyncJob]) -> GitSyncJob:
    return client.get(ref)


try:
    client.get(parse_ref("twinmaker:factory"))
except NotFoundError as not_found:
    assert_type(not_found.code, str)
    assert_type(not_found.status_code, int | None)
except SyncBlockedError as blocked:
    assert_type(blocked.blockers, tuple[SyncBlocker, ...])
    assert_type(blocked.job, SyncJob | None)
except WaitTimeoutError as late:
    assert_type(late.elapsed, float)
    assert_type(late.last_error, UnisyncError | None)
except ServiceError as failed:
    assert_type(failed.request_id, str | None)

with Emulator(clock="manual") as aws:
    local = Unisync(**aws.client_options())
    alocal = AsyncUnisync(**aws.client_options(account="210987654321"))
    aws.push(stack="x", sha="4f2c9e1", outcome="FAILED", reason="no")

getter: Callable[[SyncRef[GitSyncJob]], GitSyncJob] = client.get

with Fleet(["arn:aws:iam::123456789012:role/x"], regions=["eu-west-1"], profile_name="x") as fleet:
    there = FleetSync("123456789012", "eu-west-1", StackSync("x"))
    assert_type(there, FleetSync[GitSyncJob])
    assert_type(fleet.get(there), GitSyncJob)
    assert_type(fleet.wait_until_active(there, stop=threading.Event()), GitSyncJob)
    for outcome_there in fleet.wait_all([StackSync("x")], stop=threading.Event()):
        assert_type(outcome_there, Outcome[GitSyncJob])
        assert_type(outcome_there.account, str | None)
    assert_type(fleet.discover(), FleetDiscovery)
    assert_type(fleet.get_many(fleet.discover()), list[Outcome[SyncJob]])
    assert_type(fleet.at("123456789012", "eu-west-1"), Unisync)
    assert_type(parse_fleet_ref("123456789012/eu-west-1/twinmaker:x"), FleetSync[SyncJob])


async def main_of_a_fleet() -> None:
    async with AsyncFleet(sessions={"x": boto3.Session()}) as afleet:
        assert_type(await afleet.get(FleetSync("x", "eu-west-1", TwinMakerSync("x"))), TwinMakerSyncJob)
        assert_type(await afleet.discover(), FleetDiscovery)
        async for change in afleet.watch([StackSync("x")]):
            assert_type(change, Change[GitSyncJob])
