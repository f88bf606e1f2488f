"""What a client tells of its calls and waits: to `on_event`, to the log, and as spans."""

from __future__ import annotations

import asyncio
import contextvars
import json
import logging
import threading
from collections.abc import Callable
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from unisync import (
    AccessDeniedError,
    AsyncUnisync,
    CallEnded,
    Event,
    Fleet,
    InvalidRequestError,
    StackSync,
    SyncFailedError,
    ThrottledError,
    TwinMakerSync,
    Unisync,
    WaitEnded,
    WaitStarted,
)
from unisync.emulator import ACCOUNT, REGION, Emulator
from unisync.otel import Tracing

SHA = "4f2c9e1d6b7a80934cde51f2a6b7c8d9e0f1a2b3"
STACK = StackSync("payments-prod")


@pytest.fixture(autouse=True)
def world(aws: Emulator) -> None:
    aws.add_stack("payments-prod", repository="acme/infra")
    aws.add_workspace("factory")


class Told:
    """Whoever listens."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def __call__(self, event: Event) -> None:
        self.events.append(event)

    @property
    def calls(self) -> list[CallEnded]:
        return [event for event in self.events if isinstance(event, CallEnded)]

    @property
    def ended(self) -> list[WaitEnded]:
        return [event for event in self.events if isinstance(event, WaitEnded)]

    @property
    def begun(self) -> list[WaitStarted]:
        return [event for event in self.events if isinstance(event, WaitStarted)]


@pytest.fixture
def told() -> Told:
    return Told()


def test_each_attempt_of_a_call_is_told(aws: Emulator, make_either: Callable[..., Any], told: Told) -> None:
    aws.push(stack="payments-prod", sha=SHA)
    aws.fault("GetResourceSyncStatus", "ThrottlingException", times=2)
    make_either(on_event=told).get(STACK)
    assert [(each.service, each.operation, each.region, each.account) for each in told.calls] == [
        ("codeconnections", "GetResourceSyncStatus", REGION, None)
    ] * 3
    assert [each.attempt for each in told.calls] == [1, 2, 3]
    assert told.calls[0].delay == 0
    assert 0.4 < told.calls[1].delay <= 1 < told.calls[2].delay + 0.1 <= 2.1
    assert [type(each.error) for each in told.calls] == [ThrottledError, ThrottledError, type(None)]
    assert all(each.request_id and each.duration > 0 and each.wait_id is None for each in told.calls)
    assert len({each.request_id for each in told.calls}) == 3


def test_a_wait_is_told_with_its_looks(aws: Emulator, make_either: Callable[..., Any], told: Told) -> None:
    aws.push(stack="payments-prod", sha=SHA)
    job = make_either(on_event=told).wait_until_active(STACK, revision=SHA[:8])
    (begun,), (ended,) = told.begun, told.ended
    assert (begun.ref, begun.condition, begun.revision) == (STACK, "active", SHA[:8])
    assert told.events[0] is begun
    assert told.events[-1] is ended
    assert (ended.wait_id, ended.ref, ended.job, ended.error) == (begun.wait_id, STACK, job, None)
    assert not ended.cancelled
    assert ended.calls == len(told.calls) == len(aws.calls)
    assert {each.wait_id for each in told.calls} == {begun.wait_id}
    looks = [each for each in told.calls if each.operation == "GetResourceSyncStatus"]
    assert [each.attempt for each in looks] == list(range(1, len(looks) + 1))
    assert sum(each.delay for each in told.calls) == pytest.approx(ended.elapsed)


def test_what_a_wait_ends_with(aws: Emulator, make_either: Callable[..., Any], told: Told) -> None:
    aws.push(stack="payments-prod", sha=SHA, outcome="FAILED")
    with pytest.raises(SyncFailedError) as caught:
        make_either(on_event=told).wait_until_active(STACK)
    (ended,) = told.ended
    assert ended.error is caught.value
    assert ended.job is None


def test_other_waits_are_told_too(aws: Emulator, make_either: Callable[..., Any], told: Told) -> None:
    client = make_either(on_event=told)
    client.twinmaker.create_sync_job("factory", sync_role="arn:aws:iam::123456789012:role/sync")
    client.wait_until_resources_synced(TwinMakerSync("factory"))
    client.twinmaker.delete_sync_job("factory")
    client.wait_until_deleted(TwinMakerSync("factory"))
    assert [begun.condition for begun in told.begun] == ["resources", "deleted"]
    assert [ended.wait_id for ended in told.ended] == [begun.wait_id for begun in told.begun]


def test_each_wait_of_many_is_told(aws: Emulator, make_either: Callable[..., Any], told: Told) -> None:
    aws.add_stack("orders-prod", repository="acme/infra")
    aws.push(stack="payments-prod", sha=SHA)
    refs = [STACK, StackSync("orders-prod")]
    make_either(on_event=told).wait_all(refs, return_when="first")
    ended = {event.ref: event for event in told.ended}
    assert {event.ref for event in told.begun} == set(refs) == set(ended)
    assert (ended[STACK].job is not None, ended[STACK].cancelled) == (True, False)
    assert (ended[refs[1]].job, ended[refs[1]].cancelled) == (None, True)
    assert {each.wait_id for each in told.calls} == {event.wait_id for event in told.ended}


async def _cancelled(aws: Emulator, told: Told) -> None:
    looked = asyncio.Event()
    loop = asyncio.get_running_loop()

    def seen(event: Event) -> None:
        told(event)
        loop.call_soon_threadsafe(looked.set)

    options: Any = {**aws.client_options(), "clock": None}
    async with AsyncUnisync(**options, on_event=seen) as client:
        wait = asyncio.create_task(client.wait_until_active(STACK))
        await looked.wait()
        wait.cancel()
        await asyncio.wait([wait])


def test_a_cancelled_wait_is_told_as_given_up(aws: Emulator, told: Told) -> None:
    asyncio.run(_cancelled(aws, told))
    (ended,) = told.ended
    assert (ended.cancelled, ended.job, ended.error) == (True, None, None)


def test_what_the_listener_raises_disturbs_nothing(
    aws: Emulator, make_either: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    def fails(event: Event) -> None:
        raise RuntimeError("the listener fell async_sleep")

    aws.push(stack="payments-prod", sha=SHA)
    assert make_either(on_event=fails).wait_until_active(STACK).is_synced
    assert "on_event failed at WaitStarted" in caplog.text


@pytest.mark.parametrize("error", [AccessDeniedError, SyncFailedError])
def test_what_the_listener_raises_is_logged_without_what_aws_said(
    aws: Emulator, make_either: Callable[..., Any], caplog: pytest.LogCaptureFixture, error: type[Exception]
) -> None:
    def fails(event: Event) -> None:
        try:
            raise KeyError("deaf")
        except KeyError:
            raise RuntimeError("the listener fell async_sleep")  # noqa: B904

    aws.push(stack="payments-prod", sha=SHA, outcome="FAILED", reason="the password is swordfish")
    if error is AccessDeniedError:
        aws.fault("GetResourceSyncStatus", "AccessDeniedException", message="swordfish")
    with pytest.raises(error, match="swordfish"):
        make_either(on_event=fails).wait_until_active(STACK)
    assert "fell async_sleep" in caplog.text
    assert "deaf" in caplog.text
    assert "swordfish" not in caplog.text


def test_a_log_of_the_users_own_may_have_fields_of_the_same_names(
    aws: Emulator, make_either: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    factory = logging.getLogRecordFactory()

    def with_request(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record = factory(*args, **kwargs)
        vars(record).update(request_id="web-1", ref="main", service="shop")
        return record

    caplog.set_level("DEBUG", "unisync")
    aws.push(stack="payments-prod", sha=SHA)
    logging.setLogRecordFactory(with_request)
    try:
        assert make_either().wait_until_active(STACK).is_synced
    finally:
        logging.setLogRecordFactory(factory)
    assert {vars(record)["request_id"] for record in caplog.records if record.name == "unisync"} == {"web-1"}


def test_what_a_search_cannot_look_into_is_logged_without_what_aws_said(
    aws: Emulator, make_either: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    aws.fault("ListRepositoryLinks", "AccessDeniedException", times=None, message="swordfish")
    assert "swordfish" in str(make_either().discover().errors["codeconnections"])
    assert "AccessDeniedException" in caplog.text
    assert "swordfish" not in caplog.text


def test_a_wait_that_a_callback_ends_is_told_with_what_that_raised(
    aws: Emulator, make_either: Callable[..., Any], told: Told
) -> None:
    def fails(progress: object) -> None:
        raise ZeroDivisionError

    aws.push(stack="payments-prod", sha=SHA)
    with pytest.raises(ZeroDivisionError):
        make_either(on_event=told).wait_all([STACK], on_progress=fails)
    assert [type(ended.error) for ended in told.ended] == [ZeroDivisionError]


def test_a_listener_that_ends_the_program_ends_the_wait_too(aws: Emulator, client: Unisync, told: Told) -> None:
    def leaves(event: Event) -> None:
        told(event)
        if isinstance(event, WaitStarted):
            raise SystemExit

    with pytest.raises(SystemExit), Unisync(**aws.client_options(), on_event=leaves) as leaving:
        leaving.wait_until_active(STACK)
    assert [ended.cancelled for ended in told.ended] == [True]


class Awaited:
    """What is called like a function, and awaited."""

    async def __call__(self, event: Event) -> None: ...


@pytest.mark.parametrize("kind", [Unisync, AsyncUnisync, Fleet])
@pytest.mark.parametrize("listener", [print, "print", _cancelled, Awaited()])
def test_a_listener_is_a_plain_function(kind: Any, listener: Any) -> None:
    arguments: dict[str, Any] = {"role_arns": ["arn:aws:iam::123456789012:role/sync"]} if kind is Fleet else {}
    if listener is print:
        kind(on_event=listener, **arguments)
    else:
        with pytest.raises(InvalidRequestError, match="on_event: expected a"):
            kind(on_event=listener, **arguments)


def test_in_a_fleet_the_account_is_told(aws: Emulator, told: Told) -> None:
    aws.push(stack="payments-prod", sha=SHA)
    options = aws.client_options()
    with Fleet(
        sessions={ACCOUNT: options["session"]},
        endpoint_url=options["endpoint_url"],
        config=options["config"],
        clock=options["clock"],
        on_event=told,
    ) as fleet:
        fleet.get_many([STACK])
        fleet.client(ACCOUNT, REGION).wait_until_active(STACK)
    assert {(each.account, each.region) for each in told.calls} == {(ACCOUNT, REGION)}
    assert len(told.ended) == 1


REQUEST: contextvars.ContextVar[str] = contextvars.ContextVar("request")


async def _asked(client: AsyncUnisync) -> None:
    async with client:
        await client.get(STACK)
        await client.get_many([STACK, STACK])


@pytest.mark.parametrize("kind", [Unisync, AsyncUnisync])
def test_a_call_is_made_in_the_context_of_who_asked(aws: Emulator, kind: Any) -> None:
    seen: set[tuple[str | None, bool]] = set()

    def listen(event: Event) -> None:
        seen.add((REQUEST.get(None), threading.current_thread() is threading.main_thread()))

    aws.push(stack="payments-prod", sha=SHA)
    client = kind(**aws.client_options(), on_event=listen)
    token = REQUEST.set("4711")
    try:
        if isinstance(client, AsyncUnisync):
            asyncio.run(_asked(client))
        else:
            client.get(STACK)
            client.get_many([STACK, STACK])
            client.close()
    finally:
        REQUEST.reset(token)
    assert {request for request, _ in seen} == {"4711"}
    assert False in {is_main for _, is_main in seen}


def test_the_log_has_fields_and_no_payload(
    aws: Emulator, make_either: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG", "unisync")
    aws.push(stack="payments-prod", sha=SHA, outcome="FAILED", reason="the password is swordfish")
    aws.fault("GetResourceSyncStatus", "ThrottlingException", message="swordfish")
    with pytest.raises(SyncFailedError, match="swordfish"):
        make_either().wait_until_active(STACK)
    records = [vars(record) for record in caplog.records if record.name == "unisync"]
    assert "swordfish" not in json.dumps(records, default=repr)
    first = records[1]["unisync"]
    fields = {name: first[name] for name in ("service", "operation", "region", "attempt", "delay", "error", "wait_id")}
    assert fields == {
        "service": "codeconnections",
        "operation": "GetResourceSyncStatus",
        "region": REGION,
        "attempt": 1,
        "delay": 0.0,
        "error": "ThrottledError",
        "wait_id": records[0]["unisync"]["wait_id"],
    }
    assert first["request_id"] in caplog.messages[1]
    assert caplog.messages[-1].endswith(": SyncFailedError")


def test_who_does_not_log_pays_for_no_line(aws: Emulator, client: Unisync, caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("unisync").setLevel("INFO")
    try:
        client.get(STACK)
    finally:
        logging.getLogger("unisync").setLevel("NOTSET")
    assert caplog.records == []


@pytest.fixture
def spans() -> Any:
    return InMemorySpanExporter()


def traced(spans: InMemorySpanExporter) -> Tracing:
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(spans))
    return Tracing(provider)


def attributes(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})


def test_a_wait_and_its_looks_are_spans(aws: Emulator, make_either: Callable[..., Any], spans: Any) -> None:
    aws.push(stack="payments-prod", sha=SHA)
    aws.fault("GetResourceSyncStatus", "ThrottlingException")
    make_either(on_event=traced(spans)).wait_until_active(STACK, revision=SHA)
    *looks, wait = spans.get_finished_spans()
    assert wait.name == "unisync wait until active"
    assert attributes(wait) == {
        "unisync.ref": "codeconnections:payments-prod",
        "unisync.revision": SHA,
        "unisync.calls": len(looks),
        "unisync.state": "ACTIVE",
        "unisync.live_revision": SHA,
    }
    assert {look.parent.span_id for look in looks} == {wait.context.span_id}
    assert looks[0].name == "codeconnections.GetResourceSyncStatus"
    assert looks[0].status.status_code is StatusCode.ERROR
    assert attributes(looks[0])["error.type"] == "ThrottlingException"
    assert attributes(looks[0])["unisync.attempt"] == 1
    assert all(look.start_time < look.end_time for look in looks)
    assert wait.status.status_code is StatusCode.UNSET


def test_a_failed_wait_is_an_error_without_what_was_said(
    aws: Emulator, make_either: Callable[..., Any], spans: Any
) -> None:
    aws.push(stack="payments-prod", sha=SHA, outcome="FAILED", reason="the password is swordfish")
    with pytest.raises(SyncFailedError):
        make_either(on_event=traced(spans)).wait_until_active(STACK)
    wait = spans.get_finished_spans()[-1]
    assert wait.status.status_code is StatusCode.ERROR
    assert attributes(wait)["error.type"] == "SyncFailedError"
    assert "swordfish" not in "".join(span.to_json() for span in spans.get_finished_spans())


@pytest.mark.parametrize("kind", [Unisync, AsyncUnisync])
def test_a_call_is_below_the_span_of_who_asked(aws: Emulator, kind: Any, spans: Any) -> None:
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(spans))
    client = kind(**aws.client_options(), on_event=Tracing(provider))
    with provider.get_tracer("user").start_as_current_span("deploy"):
        if isinstance(client, AsyncUnisync):
            asyncio.run(_asked(client))
        else:
            client.get(STACK)
            client.close()
    *calls, deploy = spans.get_finished_spans()
    assert {call.parent.span_id for call in calls} == {deploy.context.span_id}


def test_waits_that_are_given_up_end_their_spans(aws: Emulator, make_either: Callable[..., Any], spans: Any) -> None:
    aws.add_stack("orders-prod", repository="acme/infra")
    aws.push(stack="payments-prod", sha=SHA)
    make_either(on_event=traced(spans)).wait_all([STACK, StackSync("orders-prod")], return_when="first")
    given_up = [span for span in spans.get_finished_spans() if attributes(span).get("unisync.cancelled")]
    assert [attributes(span)["unisync.ref"] for span in given_up] == ["codeconnections:orders-prod"]
