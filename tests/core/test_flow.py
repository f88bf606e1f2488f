"""Flows and verbs: driven the same, blocking and awaited, closed whatever happens; calls that are made again."""

from __future__ import annotations

import asyncio
import inspect
import re
from collections.abc import Awaitable
from typing import Any

import pytest

from tests.support.samples import FACTORY, drive, throttled, twin_job
from unisync import (
    AsyncUnisync,
    Backoff,
    InvalidRequestError,
    NotFoundError,
    ResponseError,
    ServerError,
    SyncJob,
    SyncState,
    SystemClock,
    ThrottledError,
    TransportError,
    TwinMakerSync,
    Unisync,
    UnisyncError,
)
from unisync._core.flow import Call, Flow, Sleep, arun, ask, run
from unisync._core.retry import retrying
from unisync._models.base import Model
from unisync._services.proton import AsyncProtonClient, ProtonClient

LOOK = Call("scripted", "Look", {}, SyncJob)
CREATE = Call("scripted", "Create", {}, SyncJob, idempotent=False)
JOB = twin_job(SyncState.ACTIVE)


class Ticks:
    """A clock that notes its sleeps."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    def now(self) -> float:
        return sum(self.slept)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    async def async_sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


def both_ways(flow_of: Any, send: Any) -> list[Any]:
    """What a flow comes to, blocking and awaited."""

    async def asend(call: Call[Any]) -> Model:
        return send(call)  # type: ignore[no-any-return]

    return [run(flow_of(), send, Ticks()), asyncio.run(arun(flow_of(), asend, Ticks()))]


def test_a_flow_is_sent_what_it_asks_for() -> None:
    def flow() -> Flow[tuple[Any, ...]]:
        first = yield from ask(LOOK)
        yield Sleep(1)
        second = yield from ask(LOOK)
        return first, second

    replies = iter([JOB, twin_job(SyncState.FAILED)] * 2)

    def send(call: Call[Any]) -> Model:
        return next(replies)

    results = both_ways(flow, send)
    assert results == [(JOB, twin_job(SyncState.FAILED))] * 2


def test_an_error_is_thrown_into_the_flow_where_it_asked() -> None:
    def flow() -> Flow[str]:
        try:
            yield from ask(LOOK)
        except ThrottledError:
            return "caught"
        return "missed"

    def send(call: Call[Any]) -> Model:
        raise throttled()

    assert both_ways(flow, send) == ["caught", "caught"]


def test_a_flow_is_closed_whatever_ends_it() -> None:
    closed: list[str] = []

    def flow() -> Flow[None]:
        try:
            yield from ask(LOOK)
        finally:
            closed.append("closed")

    def interrupt(call: Call[Any]) -> Model:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(flow(), interrupt, Ticks())

    async def cancelled() -> None:
        never: asyncio.Future[Model] = asyncio.get_running_loop().create_future()

        def never_answers(call: Call[Any]) -> Awaitable[Model]:
            return never

        task = asyncio.create_task(arun(flow(), never_answers, Ticks()))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancelled())
    assert closed == ["closed", "closed"]


def test_real_time_passes() -> None:
    clock = SystemClock()
    began = clock.now()
    clock.sleep(0.001)
    asyncio.run(clock.async_sleep(0.001))
    assert clock.now() >= began + 0.002


# Calls that are made again.


def server_error(status: int = 500) -> ServerError:
    told: dict[str, Any] = {
        "Error": {"Code": "InternalServerException"},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    return ServerError(told, "Look", "scripted")


def transport_error(outcome_unknown: bool, retryable: bool = True) -> TransportError:
    return TransportError("scripted", "Look", "reset", retryable=retryable, outcome_unknown=outcome_unknown)


@pytest.mark.parametrize("error", [throttled(), server_error(), transport_error(True), transport_error(False)])
def test_a_call_that_failed_for_a_passing_reason_is_made_again(error: UnisyncError) -> None:
    sleeps: list[float] = []
    assert drive(retrying(ask(LOOK), 3), [error, error, JOB], sleeps) is JOB
    assert len(sleeps) == 2
    assert 0 < sleeps[0] <= 1


def test_throttling_is_given_more_time() -> None:
    throttle: list[float] = []
    server: list[float] = []
    drive(retrying(ask(LOOK), 2), [throttled(), JOB], throttle)
    drive(retrying(ask(LOOK), 2), [server_error(), JOB], server)
    assert throttle[0] > server[0]


def test_attempts_are_counted_for_each_call() -> None:
    def flow() -> Flow[Any]:
        yield from ask(LOOK)
        yield Sleep(5)
        return (yield from ask(LOOK))

    sleeps: list[float] = []
    assert drive(retrying(flow(), 2), [throttled(), JOB, throttled(), JOB], sleeps) is JOB
    assert sleeps[1] == 5


@pytest.mark.parametrize(
    "error",
    [
        NotFoundError({}, "Look", "scripted"),
        ResponseError("scripted", "Look", "not JSON", status_code=200, request_id=None),
        transport_error(True, retryable=False),
    ],
)
def test_what_does_not_pass_is_not_tried_again(error: UnisyncError) -> None:
    sleeps: list[float] = []
    with pytest.raises(type(error)):
        drive(retrying(ask(LOOK), 3), [error, JOB], sleeps)
    assert sleeps == []


def test_the_last_error_is_raised_when_the_attempts_are_used_up() -> None:
    last = throttled()
    with pytest.raises(ThrottledError) as caught:
        drive(retrying(ask(LOOK), 2), [throttled(), last, JOB])
    assert caught.value is last


@pytest.mark.parametrize("error", [server_error(), transport_error(True)])
def test_a_change_that_may_have_been_made_is_not_asked_for_again(error: UnisyncError) -> None:
    with pytest.raises(type(error)):
        drive(retrying(ask(CREATE), 3), [error, JOB])


@pytest.mark.parametrize("error", [throttled(), transport_error(False)])
def test_a_change_that_was_not_made_is_asked_for_again(error: UnisyncError) -> None:
    assert drive(retrying(ask(CREATE), 3), [error, JOB]) is JOB


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"initial": 0}, "initial: expected a number above 0"),
        ({"initial": float("nan")}, "initial"),
        ({"maximum": 1}, "maximum: expected at least initial"),
        ({"factor": 0.5}, "factor: expected a number from 1"),
        ({"jitter": 1.5}, "jitter: expected a number from 0 to 1"),
    ],
)
def test_a_backoff_that_makes_no_sense_is_refused(wrong: Any, said: str) -> None:
    with pytest.raises(InvalidRequestError, match=said):
        Backoff(**wrong)


# Verbs.

VERBS = [
    (Unisync, AsyncUnisync, "get"),
    (Unisync, AsyncUnisync, "wait_until_active"),
    (Unisync, AsyncUnisync, "wait_until_deleted"),
]


@pytest.mark.parametrize(("blocking", "awaitable", "name"), VERBS)
def test_a_verb_has_one_signature_and_one_docstring(blocking: Any, awaitable: Any, name: str) -> None:
    one, other = getattr(blocking, name), getattr(awaitable, name)
    assert inspect.signature(one) == inspect.signature(other)
    assert one.__doc__ == other.__doc__
    assert one.__name__ == name
    assert "Flow" not in str(inspect.signature(one))
    assert not inspect.iscoroutinefunction(one)
    assert inspect.iscoroutinefunction(other)
    bound = inspect.signature(getattr(blocking(region_name="eu-west-1"), name))
    assert list(bound.parameters) == list(inspect.signature(one).parameters)[1:]


def test_both_clients_have_the_same_names() -> None:
    for blocking, awaitable in (
        (Unisync, AsyncUnisync),
        (type(Unisync().twinmaker), type(AsyncUnisync().twinmaker)),
        (ProtonClient, AsyncProtonClient),
        (type(Unisync().codeconnections), type(AsyncUnisync().codeconnections)),
    ):
        assert {name for name in dir(blocking) if name[0] != "_"} == {name for name in dir(awaitable) if name[0] != "_"}


def test_a_wrong_argument_is_refused_where_it_is_given() -> None:
    wrong: Any = Unisync(region_name="eu-west-1")
    with pytest.raises(TypeError, match="max_wait"):
        wrong.wait_until_active(FACTORY, max_wait=5)
    with pytest.raises(InvalidRequestError, match=r"ref: expected a reference such as StackSync\(...\), got 'factory'"):
        wrong.get("factory")


def test_help_shows_the_verbs(capsys: pytest.CaptureFixture[str]) -> None:
    help(AsyncUnisync)
    shown = capsys.readouterr().out
    assert re.search(r"wait_until_active\([\s|]*self,[\s|]*ref: '?SyncRef\[J\]", shown)
    assert "Wait until a sync is in place." in shown


def test_the_base_of_a_client_drives_nothing() -> None:
    from unisync._core.bridge import AsyncBase, SyncBase

    with pytest.raises(NotImplementedError):
        SyncBase()._run(ask(LOOK))
    with pytest.raises(NotImplementedError):
        asyncio.run(AsyncBase()._arun(ask(LOOK)))
    from unisync._services.twinmaker import TwinMaker

    assert inspect.isgenerator(TwinMaker().get_sync_job("factory"))
    assert inspect.isgeneratorfunction(inspect.unwrap(TwinMaker.get_sync_job))
    assert TwinMakerSync("factory") == FACTORY
