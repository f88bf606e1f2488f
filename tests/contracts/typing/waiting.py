"""The arguments and results of waits, events, and clocks."""

from __future__ import annotations

import asyncio
import time
from datetime import datetime
from typing import Literal, TypeVar, assert_never, assert_type

from unisync import (
    AsyncUnisync,
    Backoff,
    CallEnded,
    Change,
    Clock,
    Event,
    FleetSync,
    GitSyncJob,
    Outcome,
    Progress,
    RateLimit,
    StackSync,
    SyncBlocker,
    SyncEvent,
    SyncJob,
    SyncRef,
    SyncResourceSummary,
    SystemClock,
    TwinMakerSync,
    TwinMakerSyncJob,
    Unisync,
    UnisyncError,
    WaitEnded,
    WaitStarted,
    WaitToken,
)

J = TypeVar("J", bound=SyncJob)


class UserClock:
    """A clock of the user's own."""

    def now(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)

    async def async_sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


Unisync(clock=UserClock())
AsyncUnisync(clock=UserClock())


async def clock(it: Clock) -> None:
    assert_type(it.now(), float)
    it.sleep(1.0)
    await it.async_sleep(1.0)


async def system_clock(it: SystemClock) -> Clock:
    assert_type(it.now(), float)
    it.sleep(1.0)
    await it.async_sleep(1.0)
    return it


def backoff(it: Backoff) -> None:
    assert_type(it.initial, float)
    assert_type(it.maximum, float)
    assert_type(it.factor, float)
    assert_type(it.jitter, float)
    assert_type(it.delay(3), float)
    assert_type(it.delay(3, lambda: 0.5), float)
    assert_type(Backoff(initial=1, maximum=5, factor=2, jitter=0), Backoff)


def rate_limit(it: RateLimit) -> None:
    assert_type(it.initial, float)
    assert_type(it.minimum, float)
    assert_type(it.maximum, float)


def progress(it: Progress[TwinMakerSyncJob]) -> Progress[SyncJob]:
    assert_type(it.job, TwinMakerSyncJob)
    assert_type(it.polls, int)
    assert_type(it.elapsed, float)
    assert_type(it.next_delay, float)
    assert_type(it.error, UnisyncError | None)
    assert_type(it.resources, SyncResourceSummary | None)
    assert_type(it.ref, SyncRef[TwinMakerSyncJob] | None)
    return it


def outcome(it: Outcome[GitSyncJob]) -> Outcome[SyncJob]:
    assert_type(it.ref, SyncRef[GitSyncJob])
    assert_type(it.job, GitSyncJob | None)
    assert_type(it.error, UnisyncError | None)
    assert_type(it.done, bool)
    assert_type(it.blockers, tuple[SyncBlocker, ...] | None)
    assert_type(it.account, str | None)
    assert_type(it.region, str | None)
    assert_type(it.result(), GitSyncJob)
    return it


def change(it: Change[GitSyncJob]) -> Change[SyncJob]:
    assert_type(it.ref, SyncRef[GitSyncJob])
    assert_type(it.kind, Literal["state", "attempt", "event", "blocker", "error"])
    assert_type(it.before, GitSyncJob | None)
    assert_type(it.after, GitSyncJob | None)
    assert_type(it.event, SyncEvent | None)
    assert_type(it.blocker, SyncBlocker | None)
    assert_type(it.error, UnisyncError | None)
    return it


def wait_token(it: WaitToken) -> None:
    assert_type(it.ref, SyncRef[SyncJob])
    assert_type(it.revision, str | None)
    assert_type(it.deadline, datetime | None)
    assert_type(it.remaining, float | None)
    assert_type(WaitToken.create(StackSync("web"), revision="4f2c9e1", timeout=None), WaitToken)
    assert_type(WaitToken.create(FleetSync("x", "eu-west-1", TwinMakerSync("factory"))), WaitToken)
    assert_type(WaitToken.parse(str(it)), WaitToken)


def on_event(event: Event) -> None:
    match event:
        case CallEnded(service, operation, error=UnisyncError() as error):
            assert_type((service, operation), tuple[str, str])
            assert_type(error, UnisyncError)
        case WaitEnded(job=job):
            assert_type(job, SyncJob | None)
        case CallEnded() | WaitStarted():
            pass
        case _:
            assert_never(event)


Unisync(on_event=on_event)
AsyncUnisync(on_event=print)


def call_ended(it: CallEnded) -> None:
    assert_type(it.service, str)
    assert_type(it.operation, str)
    assert_type(it.region, str | None)
    assert_type(it.account, str | None)
    assert_type(it.retries, int)
    assert_type(it.delay, float)
    assert_type(it.started_at, datetime)
    assert_type(it.duration, float)
    assert_type(it.request_id, str | None)
    assert_type(it.error, UnisyncError | None)
    assert_type(it.wait_id, int | None)


def wait_started(it: WaitStarted) -> None:
    assert_type(it.wait_id, int)
    assert_type(it.ref, SyncRef[SyncJob])
    assert_type(it.condition, str)
    assert_type(it.revision, str | None)


def wait_ended(it: WaitEnded) -> None:
    assert_type(it.wait_id, int)
    assert_type(it.ref, SyncRef[SyncJob])
    assert_type(it.polls, int)
    assert_type(it.calls, int)
    assert_type(it.elapsed, float)
    assert_type(it.job, SyncJob | None)
    assert_type(it.error, Exception | None)
    assert_type(it.cancelled, bool)


def generic(client: Unisync, ref: SyncRef[J]) -> J:
    """A user's own function, generic in the type of the job."""
    job: J = client.get(ref)
    return client.wait_until_active(ref) if job.is_synced else job


assert_type(generic(Unisync(), TwinMakerSync("factory")), TwinMakerSyncJob)


async def awaited_generic(client: AsyncUnisync, refs: list[SyncRef[J]]) -> list[Outcome[J]]:
    return await client.wait_all(refs)
