"""The two clients: the result of each method."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from datetime import UTC, datetime, timedelta
from typing import assert_type

from unisync import (
    AnyRef,
    AsyncCodeConnectionsClient,
    AsyncProtonClient,
    AsyncTwinMakerClient,
    AsyncUnisync,
    Backoff,
    Change,
    CodeConnectionsClient,
    Discovery,
    GitSyncJob,
    Outcome,
    Poll,
    Progress,
    ProtonClient,
    RateLimit,
    RepositorySyncAttempt,
    Revision,
    ServiceInstanceSync,
    StackSync,
    SyncBlocker,
    SyncJob,
    SyncRef,
    SyncResourceSummary,
    SyncState,
    SystemClock,
    TemplateSync,
    TwinMakerClient,
    TwinMakerSync,
    TwinMakerSyncJob,
    Unisync,
    WaitToken,
    available_regions,
    parse_ref,
)

TWIN = TwinMakerSync("factory")
STACK = StackSync("payments-prod")
INSTANCE = ServiceInstanceSync("web", "prod")
TEMPLATE = TemplateSync("web", "SERVICE", "1")
MIXED: list[SyncRef[SyncJob]] = [TWIN, STACK, INSTANCE, TEMPLATE]

Unisync()
Unisync(None, region_name="eu-west-1", profile_name="dev", endpoint_url="http://localhost:4577", config=None)
Unisync(codeconnections_service="codestar-connections", allow_unknown_values=True)
AsyncUnisync(rate_limit=RateLimit(initial=5), clock=SystemClock())
assert_type(available_regions("codeconnections", "aws-us-gov"), tuple[str, ...])


def on_main(commit: Revision) -> bool:
    return commit.branch == "main"


def blocking(it: Unisync) -> None:
    assert_type(it.get(TWIN), TwinMakerSyncJob)  # unknown: pyrefly
    assert_type(it.get(STACK), GitSyncJob)  # unknown: pyrefly
    assert_type(it.get(INSTANCE), GitSyncJob)  # unknown: pyrefly
    assert_type(it.get(ref=TEMPLATE), GitSyncJob)  # unknown: pyrefly
    assert_type(it.wait_until_active(TWIN), TwinMakerSyncJob)  # unknown: pyrefly
    assert_type(it.wait_until_active(STACK, revision="4f2c9e1", timeout=None), GitSyncJob)  # unknown: pyrefly
    assert_type(it.wait_until_active(STACK, timeout=timedelta(minutes=5)), GitSyncJob)  # unknown: pyrefly
    assert_type(it.wait_until_active(INSTANCE, stop=threading.Event()), GitSyncJob)  # unknown: pyrefly
    assert_type(it.wait_until_active(TEMPLATE, backoff=Backoff(initial=1)), GitSyncJob)  # unknown: pyrefly
    assert_type(it.wait_until_resources_synced(TWIN, max_failures=1, timeout=60.0), SyncResourceSummary)
    assert_type(it.resume(WaitToken.create(STACK)), SyncJob | None)
    assert_type(it.poll(WaitToken.create(STACK)), Poll[SyncJob])
    assert_type(it.resume("unisync1.", on_progress=show), SyncJob | None)
    either = {"4f2c9e1", "5a3d0f2"}
    assert_type(it.wait_until_active(STACK, revision=either, grace=30), GitSyncJob)  # unknown: pyrefly
    assert_type(it.wait_until_active(STACK, revision=on_main), GitSyncJob)  # unknown: pyrefly
    assert_type(it.wait_until_active(STACK, started_after=datetime.now(UTC)), GitSyncJob)  # unknown: pyrefly
    assert_type(it.wait_all({STACK: "4f2c9e1"}), list[Outcome[GitSyncJob]])  # unknown: pyrefly
    assert_type(it.get(STACK, include_blockers=True).blockers, tuple[SyncBlocker, ...] | None)  # unknown: pyrefly
    assert_type(it.with_options(timeout=5, max_attempts=1), Unisync)
    it.wait_until_deleted(STACK, timeout=60, on_progress=show_git)
    wait: Callable[[TwinMakerSync], None] = it.wait_until_deleted
    wait(TWIN)
    assert_type(it.get_many([STACK, INSTANCE]), list[Outcome[GitSyncJob]])  # unknown: pyrefly
    assert_type(it.get_many(MIXED, include_blockers=True), list[Outcome[SyncJob]])  # unknown: pyrefly
    assert_type(it.wait_all({TWIN}, timeout=60), list[Outcome[TwinMakerSyncJob]])  # unknown: pyrefly
    assert_type(it.wait_all(MIXED, return_when="first", backoff=Backoff()), list[Outcome[SyncJob]])  # unknown: pyrefly
    it.wait_all(MIXED, revision="4f2c9e1", on_progress=show, on_outcome=show_outcome, stop=threading.Event())
    assert_type(it.watch([STACK], interval=timedelta(minutes=1)), Iterator[Change[GitSyncJob]])  # unknown: pyrefly
    assert_type(it.blockers(STACK), tuple[SyncBlocker, ...])
    assert_type(it.blockers(TWIN), tuple[SyncBlocker, ...])
    for blocker in it.blockers(INSTANCE):
        assert_type(it.resolve_blocker(INSTANCE, blocker, reason="reverted"), SyncBlocker)
        assert_type(it.resolve_blocker(STACK, blocker.id, "reverted"), SyncBlocker)
    assert_type(it.repository_status(STACK), RepositorySyncAttempt | None)
    assert_type(it.discover(), Discovery)
    assert_type(it.discover(services=["twinmaker", "proton"], tags={"team": "payments"}), Discovery)
    for found in it.discover():
        assert_type(found, AnyRef)
        it.get(found)
    assert_type(it.twinmaker, TwinMakerClient)
    # pyright reports it as deprecated, and mypy does with the error code `deprecated`.
    assert_type(it.proton, ProtonClient)  # pyright: ignore[reportDeprecated]
    assert_type(it.codeconnections, CodeConnectionsClient)
    with it as same:
        assert_type(same, Unisync)
    it.close()
    closing: Callable[[], None] = it.close
    closing()


async def awaitable(it: AsyncUnisync) -> None:
    assert_type(await it.get(TWIN), TwinMakerSyncJob)  # unknown: pyrefly
    assert_type(await it.get(STACK), GitSyncJob)  # unknown: pyrefly
    assert_type(await it.get(INSTANCE), GitSyncJob)  # unknown: pyrefly
    assert_type(await it.get(ref=TEMPLATE), GitSyncJob)  # unknown: pyrefly
    assert_type(await it.wait_until_active(TWIN), TwinMakerSyncJob)  # unknown: pyrefly
    assert_type(await it.wait_until_active(STACK, revision="4f2c9e1", timeout=None), GitSyncJob)  # unknown: pyrefly
    assert_type(await it.wait_until_resources_synced(TWIN, max_failures=1, timeout=60.0), SyncResourceSummary)
    assert_type(await it.resume(WaitToken.create(STACK)), SyncJob | None)
    assert_type(await it.poll("{}"), Poll[SyncJob])
    assert_type(it.with_options(timeout=timedelta(seconds=5)), AsyncUnisync)
    await it.wait_until_deleted(STACK, timeout=60, on_progress=show_git)
    assert_type(await it.get_many([STACK, INSTANCE]), list[Outcome[GitSyncJob]])  # unknown: pyrefly
    assert_type(await it.wait_all(MIXED, return_when="first_failure"), list[Outcome[SyncJob]])  # unknown: pyrefly
    assert_type(it.watch([TWIN], interval=60), AsyncIterator[Change[TwinMakerSyncJob]])  # unknown: pyrefly
    async for change in it.watch([TWIN]):
        assert_type(change, Change[TwinMakerSyncJob])  # unknown: pyrefly
    for blocker in await it.blockers(INSTANCE):
        assert_type(await it.resolve_blocker(INSTANCE, blocker, reason="reverted"), SyncBlocker)
    assert_type(await it.blockers(STACK), tuple[SyncBlocker, ...])
    assert_type(await it.repository_status(STACK), RepositorySyncAttempt | None)
    assert_type(await it.discover(services={"codeconnections"}), Discovery)
    assert_type(it.twinmaker, AsyncTwinMakerClient)
    assert_type(it.proton, AsyncProtonClient)  # pyright: ignore[reportDeprecated]
    assert_type(it.codeconnections, AsyncCodeConnectionsClient)
    async with it as same:
        assert_type(same, AsyncUnisync)
    closing: Callable[[], Coroutine[object, object, None]] = it.close
    await closing()


async def concurrency(it: AsyncUnisync) -> None:
    later: Coroutine[object, object, GitSyncJob] = it.get(STACK)
    assert_type(await later, GitSyncJob)
    first, second = await asyncio.gather(it.get(STACK), it.get(TWIN))  # unknown: pyrefly
    assert_type(first, GitSyncJob)  # unknown: pyrefly
    assert_type(second, TwinMakerSyncJob)  # unknown: pyrefly
    counted, found = await asyncio.gather(it.twinmaker.summarize_sync_resources("factory"), it.discover())
    assert_type(counted, SyncResourceSummary)
    assert_type(found, Discovery)
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(it.wait_until_active(TWIN))
    assert_type(task.result(), TwinMakerSyncJob)  # unknown: pyrefly
    assert_type(await asyncio.wait_for(it.blockers(STACK), 5), tuple[SyncBlocker, ...])


def show(progress: Progress[SyncJob]) -> None:
    print(progress.job.status, progress.polls, progress.next_delay)


def show_git(progress: Progress[GitSyncJob]) -> None:
    print(progress.job.latest_sync)


def show_outcome(outcome: Outcome[SyncJob]) -> None:
    print(outcome.ref, outcome.error)


def callbacks(it: Unisync) -> None:
    it.wait_until_active(STACK, on_progress=show)
    it.wait_until_active(STACK, on_progress=show_git)
    it.wait_until_active(TWIN, on_progress=lambda progress: print(progress.job.sync_role))  # unknown: pyrefly
    it.wait_all([TWIN], on_outcome=lambda outcome: print(outcome.result().sync_role))  # unknown: pyrefly


def any_ref(it: Unisync, ref: SyncRef[GitSyncJob], text: str) -> GitSyncJob:
    # mypy infers the common base class, pyright the union.
    assert_type(it.get(parse_ref(text)), SyncJob)  # unknown: pyright, pyrefly
    assert_type(it.get(parse_ref(text)).status.state, SyncState)  # unknown: pyrefly
    read: Callable[[SyncRef[GitSyncJob]], GitSyncJob] = it.get
    return read(ref)


def unbound(it: Unisync) -> None:
    assert_type(Unisync.discover(it), Discovery)
    assert_type(Unisync.get(it, STACK), GitSyncJob)  # unknown: pyrefly
