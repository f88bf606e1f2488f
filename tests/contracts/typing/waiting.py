"""The arguments and results of waits, events, and clocks."""

from __future__ import annotations

import asyncio
import time
from datetime import datetime, timedelta
from typing import Literal, TypeVar, assert_never, assert_type

from unisync import (
    AsyncUnisync,
    Backoff,
    CallEnded,
    Change,
    Clock,
    Event,
    Fleet,
    FleetSync,
    GitSyncJob,
    Hints,
    Outcome,
    Poll,
    PollResult,
    PollStatus,
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
    WaitCondition,
    WaitEnded,
    WaitStarted,
    WaitToken,
)
from unisync.aws_events import SqsHints, SyncNotice, parse_event
from unisync.stepfunctions import Handler, handler, make_handler

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
    assert_type(it.model_dump(mode="json"), dict[str, object])
    assert_type(it.polls, int)
    assert_type(it.elapsed, float)
    assert_type(it.token, WaitToken | None)
    assert_type(it.next_delay, float)
    assert_type(it.error, UnisyncError | None)
    assert_type(it.resources, SyncResourceSummary | None)
    assert_type(it.ref, SyncRef[TwinMakerSyncJob] | None)
    return it


def outcome(it: Outcome[GitSyncJob]) -> Outcome[SyncJob]:
    assert_type(it.ref, SyncRef[GitSyncJob])
    assert_type(it.job, GitSyncJob | None)
    assert_type(it.model_dump(mode="json"), dict[str, object])
    assert_type(it.error, UnisyncError | None)
    assert_type(it.model_dump(mode="json"), dict[str, object])
    assert_type(it.done, bool)
    assert_type(it.blockers, tuple[SyncBlocker, ...] | None)
    assert_type(it.account, str | None)
    assert_type(it.region, str | None)
    assert_type(it.result(), GitSyncJob)
    return it


def change(it: Change[GitSyncJob]) -> Change[SyncJob]:
    assert_type(it.ref, SyncRef[GitSyncJob])
    assert_type(it.kind, Literal["state", "attempt", "event", "blocker", "resources", "error"])
    assert_type(it.model_dump(mode="json"), dict[str, object])
    assert_type(it.before, GitSyncJob | None)
    assert_type(it.after, GitSyncJob | None)
    assert_type(it.event, SyncEvent | None)
    assert_type(it.blocker, SyncBlocker | None)
    assert_type(it.resources, SyncResourceSummary | None)
    assert_type(it.time, datetime | None)
    assert_type(it.error, UnisyncError | None)
    return it


def poll(it: Poll[GitSyncJob]) -> Poll[SyncJob]:
    assert_type(it.token, WaitToken)
    assert_type(it.job, GitSyncJob | None)
    assert_type(it.model_dump(mode="json"), dict[str, object])
    assert_type(it.done, bool)
    assert_type(it.error, UnisyncError | None)
    assert_type(it.next_delay, float | None)
    assert_type(it.status, PollStatus)
    assert_type(it.to_dict(), PollResult)
    assert_type(it.elapsed, float)
    return it


def handlers(fleet: Fleet, event: dict[str, str]) -> Handler:
    found = handler(event)
    assert_type(found, PollResult)
    assert_type(found["status"], PollStatus)
    assert_type(found["next_delay"], int | None)
    assert_type(handler(found, None)["token"], dict[str, object])
    make_handler(Unisync)
    make_handler(AsyncUnisync)  # wrong
    return make_handler(lambda: fleet)


def hints(it: Hints, notice: SyncNotice) -> None:
    it.notify(StackSync("web"))
    it.notify(notice)
    assert_type(it.listener(StackSync("web")).is_set(), bool)
    assert_type(it.is_listened_to, bool)
    it.notify(parse_event("{}"))
    Unisync(hints=it)
    AsyncUnisync(hints=SqsHints("https://sqs.eu-west-1.amazonaws.com/123456789012/hints"))


def wait_token(it: WaitToken) -> None:
    assert_type(it.ref, SyncRef[SyncJob])
    assert_type(it.condition, WaitCondition)
    assert_type(it.revision, str | tuple[str, ...] | None)
    assert_type(it.timeout, float | None)
    assert_type(it.begin, datetime | None)
    assert_type(it.backoff, Backoff)
    assert_type(it.grace, float | None)
    assert_type(it.started_after, datetime | None)
    assert_type(it.max_failures, int)
    assert_type(it.memory.polls, int)
    assert_type(it.extended(timedelta(minutes=1)), WaitToken)
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
    assert_type(it.model_dump(mode="json"), dict[str, object])


def wait_started(it: WaitStarted) -> None:
    assert_type(it.wait_id, int)
    assert_type(it.ref, SyncRef[SyncJob])
    assert_type(it.condition, str)
    assert_type(it.revision, str | None)
    assert_type(it.model_dump(mode="json"), dict[str, object])


def wait_ended(it: WaitEnded) -> None:
    assert_type(it.wait_id, int)
    assert_type(it.ref, SyncRef[SyncJob])
    assert_type(it.polls, int)
    assert_type(it.calls, int)
    assert_type(it.elapsed, float)
    assert_type(it.job, SyncJob | None)
    assert_type(it.error, Exception | None)
    assert_type(it.cancelled, bool)
    assert_type(it.model_dump(mode="json"), dict[str, object])


def generic(client: Unisync, ref: SyncRef[J]) -> J:
    """A user's own function, generic in the type of the job."""
    job: J = client.get(ref)
    return client.wait_until_active(ref) if job.is_synced else job


assert_type(generic(Unisync(), TwinMakerSync("factory")), TwinMakerSyncJob)


async def awaited_generic(client: AsyncUnisync, refs: list[SyncRef[J]]) -> list[Outcome[J]]:
    return await client.wait_all(refs)
