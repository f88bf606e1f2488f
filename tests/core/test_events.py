"""What a client reports of its calls and waits: to `on_event`, to the log, and as spans."""

from __future__ import annotations

import asyncio
import contextvars
import json
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
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
    InvalidArgumentError,
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
def syncs(aws: Emulator) -> None:
    aws.add_stack("payments-prod", repository="acme/infra")
    aws.add_workspace("factory")


@pytest.fixture
def make_client(aws: Emulator) -> Iterator[Callable[..., Unisync]]:
    """Makes a blocking client, with arguments of the test's own."""
    with ExitStack() as stack:

        def make(**options: Any) -> Unisync:
            return stack.enter_context(Unisync(**aws.client_options(), **options))

        yield make


class Listener:
    """Keeps the events that it receives."""

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
    def started(self) -> list[WaitStarted]:
        return [event for event in self.events if isinstance(event, WaitStarted)]


@pytest.fixture
def listener() -> Listener:
    return Listener()


def test_each_retry_of_a_call_is_reported(aws: Emulator, make_either: Callable[..., Any], listener: Listener) -> None:
    aws.push(stack="payments-prod", sha=SHA)
    aws.fault("GetResourceSyncStatus", "ThrottlingException", times=2)
    make_either(on_event=listener).get(STACK)
    assert [(each.service, each.operation, each.region, each.account) for each in listener.calls] == [
        ("codeconnections", "GetResourceSyncStatus", REGION, None)
    ] * 3
    assert [each.retries for each in listener.calls] == [0, 1, 2]
    assert listener.calls[0].delay == 0
    assert 0.4 < listener.calls[1].delay <= 1 < listener.calls[2].delay + 0.1 <= 2.1
    assert [type(each.error) for each in listener.calls] == [ThrottledError, ThrottledError, type(None)]
    assert all(each.request_id and each.duration > 0 and each.wait_id is None for each in listener.calls)
    assert len({each.request_id for each in listener.calls}) == 3


def test_a_wait_is_reported_with_its_calls(aws: Emulator, make_either: Callable[..., Any], listener: Listener) -> None:
    aws.push(stack="payments-prod", sha=SHA)
    job = make_either(on_event=listener).wait_until_active(STACK, revision=SHA[:8])
    (started,), (ended,) = listener.started, listener.ended
    assert (started.ref, started.condition, started.revision) == (STACK, "active", SHA[:8])
    assert listener.events[0] is started
    assert listener.events[-1] is ended
    assert (ended.wait_id, ended.ref, ended.job, ended.error) == (started.wait_id, STACK, job, None)
    assert not ended.cancelled
    assert ended.calls == len(listener.calls) == len(aws.calls)
    assert {each.wait_id for each in listener.calls} == {started.wait_id}
    assert {each.retries for each in listener.calls} == {0}
    assert ended.polls == sum(each.operation == "GetResourceSyncStatus" for each in listener.calls)
    assert sum(each.delay for each in listener.calls) == pytest.approx(ended.elapsed)


def test_a_failed_wait_is_reported_with_its_error(
    aws: Emulator, make_client: Callable[..., Unisync], listener: Listener
) -> None:
    aws.push(stack="payments-prod", sha=SHA, outcome="FAILED")
    with pytest.raises(SyncFailedError) as caught:
        make_client(on_event=listener).wait_until_active(STACK)
    (ended,) = listener.ended
    assert ended.error is caught.value
    assert ended.job is None


def test_every_kind_of_wait_is_reported(aws: Emulator, make_either: Callable[..., Any], listener: Listener) -> None:
    client = make_either(on_event=listener)
    client.twinmaker.create_sync_job("factory", sync_role="arn:aws:iam::123456789012:role/sync")
    client.wait_until_resources_synced(TwinMakerSync("factory"))
    client.twinmaker.delete_sync_job("factory")
    client.wait_until_deleted(TwinMakerSync("factory"))
    assert [started.condition for started in listener.started] == ["resources", "deleted"]
    assert [ended.wait_id for ended in listener.ended] == [started.wait_id for started in listener.started]


def test_each_of_many_waits_is_reported(aws: Emulator, make_either: Callable[..., Any], listener: Listener) -> None:
    aws.add_stack("orders-prod", repository="acme/infra")
    aws.push(stack="payments-prod", sha=SHA)
    refs = [STACK, StackSync("orders-prod")]
    make_either(on_event=listener).wait_all(refs, return_when="first")
    ended = {event.ref: event for event in listener.ended}
    assert {event.ref for event in listener.started} == set(refs) == set(ended)
    assert (ended[STACK].job is not None, ended[STACK].cancelled) == (True, False)
    assert (ended[refs[1]].job, ended[refs[1]].cancelled) == (None, True)
    assert {each.wait_id for each in listener.calls} == {event.wait_id for event in listener.ended}


async def _cancel_a_wait(aws: Emulator, listener: Listener) -> None:
    received = asyncio.Event()
    loop = asyncio.get_running_loop()

    def listen(event: Event) -> None:
        listener(event)
        loop.call_soon_threadsafe(received.set)

    options: Any = {**aws.client_options(), "clock": None}
    async with AsyncUnisync(**options, on_event=listen) as client:
        wait = asyncio.create_task(client.wait_until_active(STACK))
        await received.wait()
        wait.cancel()
        await asyncio.wait([wait])


def test_a_cancelled_wait_is_reported_as_cancelled(aws: Emulator, listener: Listener) -> None:
    asyncio.run(_cancel_a_wait(aws, listener))
    (ended,) = listener.ended
    assert (ended.cancelled, ended.job, ended.error) == (True, None, None)


def test_an_error_of_the_listener_is_logged(
    aws: Emulator, make_client: Callable[..., Unisync], caplog: pytest.LogCaptureFixture
) -> None:
    def fail(event: Event) -> None:
        raise RuntimeError("the listener failed")

    aws.push(stack="payments-prod", sha=SHA)
    assert make_client(on_event=fail).wait_until_active(STACK).is_synced
    assert "on_event failed at WaitStarted" in caplog.text


@pytest.mark.parametrize("error", [AccessDeniedError, SyncFailedError])
def test_an_error_of_the_listener_is_logged_without_text_of_aws(
    aws: Emulator, make_client: Callable[..., Unisync], caplog: pytest.LogCaptureFixture, error: type[Exception]
) -> None:
    def fail(event: Event) -> None:
        try:
            raise KeyError("inner")
        except KeyError:
            raise RuntimeError("the listener failed")  # noqa: B904

    aws.push(stack="payments-prod", sha=SHA, outcome="FAILED", reason="the password is swordfish")
    if error is AccessDeniedError:
        aws.fault("GetResourceSyncStatus", "AccessDeniedException", message="swordfish")
    with pytest.raises(error, match="swordfish"):
        make_client(on_event=fail).wait_until_active(STACK)
    assert "the listener failed" in caplog.text
    assert "inner" in caplog.text
    assert "swordfish" not in caplog.text


def test_a_users_log_record_factory_may_set_the_same_names(
    aws: Emulator,
    make_client: Callable[..., Unisync],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
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
        assert make_client().wait_until_active(STACK).is_synced
    finally:
        logging.setLogRecordFactory(factory)
    assert {vars(record)["request_id"] for record in caplog.records if record.name == "unisync"} == {"web-1"}


def test_an_incomplete_search_is_logged_without_text_of_aws(
    aws: Emulator, make_client: Callable[..., Unisync], caplog: pytest.LogCaptureFixture
) -> None:
    aws.fault("ListRepositoryLinks", "AccessDeniedException", times=None, message="swordfish")
    assert "swordfish" in str(make_client().discover().errors["codeconnections"])
    assert "AccessDeniedException" in caplog.text
    assert "swordfish" not in caplog.text


def test_a_wait_that_a_callback_ends_is_reported_with_its_error(
    aws: Emulator, make_either: Callable[..., Any], listener: Listener
) -> None:
    def fail(progress: object) -> None:
        raise ZeroDivisionError

    aws.push(stack="payments-prod", sha=SHA)
    with pytest.raises(ZeroDivisionError):
        make_either(on_event=listener).wait_all([STACK], on_progress=fail)
    assert [type(ended.error) for ended in listener.ended] == [ZeroDivisionError]


def test_a_listener_that_exits_ends_the_wait(aws: Emulator, client: Unisync, listener: Listener) -> None:
    def leave(event: Event) -> None:
        listener(event)
        if isinstance(event, WaitStarted):
            raise SystemExit

    with pytest.raises(SystemExit), Unisync(**aws.client_options(), on_event=leave) as leaving:
        leaving.wait_until_active(STACK)
    assert [ended.cancelled for ended in listener.ended] == [True]


class Awaited:
    """A callable that is awaited."""

    async def __call__(self, event: Event) -> None: ...


@pytest.mark.parametrize("kind", [Unisync, AsyncUnisync, Fleet])
@pytest.mark.parametrize("listener", [print, "print", _cancel_a_wait, Awaited()])
def test_an_async_listener_is_rejected(kind: Any, listener: Any) -> None:
    arguments: dict[str, Any] = {"role_arns": ["arn:aws:iam::123456789012:role/sync"]} if kind is Fleet else {}
    if listener is print:
        kind(on_event=listener, **arguments)
    else:
        with pytest.raises(InvalidArgumentError, match="on_event: expected a"):
            kind(on_event=listener, **arguments)


def test_events_of_a_fleet_have_the_account(aws: Emulator, listener: Listener) -> None:
    aws.push(stack="payments-prod", sha=SHA)
    options = aws.client_options()
    with Fleet(
        sessions={ACCOUNT: options["session"]},
        endpoint_url=options["endpoint_url"],
        config=options["config"],
        clock=options["clock"],
        on_event=listener,
    ) as fleet:
        fleet.get_many([STACK])
        fleet.client(ACCOUNT, REGION).wait_until_active(STACK)
    assert {(each.account, each.region) for each in listener.calls} == {(ACCOUNT, REGION)}
    assert len(listener.ended) == 1


REQUEST: contextvars.ContextVar[str] = contextvars.ContextVar("request")


async def _read(client: AsyncUnisync) -> None:
    async with client:
        await client.get(STACK)
        await client.get_many([STACK, STACK])


@pytest.mark.parametrize("kind", [Unisync, AsyncUnisync])
def test_a_call_runs_in_the_context_of_its_caller(aws: Emulator, kind: Any) -> None:
    received: set[tuple[str | None, bool]] = set()

    def listen(event: Event) -> None:
        received.add((REQUEST.get(None), threading.current_thread() is threading.main_thread()))

    aws.push(stack="payments-prod", sha=SHA)
    client = kind(**aws.client_options(), on_event=listen)
    token = REQUEST.set("4711")
    try:
        if isinstance(client, AsyncUnisync):
            asyncio.run(_read(client))
        else:
            client.get(STACK)
            client.get_many([STACK, STACK])
            client.close()
    finally:
        REQUEST.reset(token)
    assert {request for request, _ in received} == {"4711"}
    if kind is Unisync:
        assert False in {is_main for _, is_main in received}, "get_many() uses threads"


def test_the_log_has_fields_and_no_payload(
    aws: Emulator, make_client: Callable[..., Unisync], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG", "unisync")
    aws.push(stack="payments-prod", sha=SHA, outcome="FAILED", reason="the password is swordfish")
    aws.fault("GetResourceSyncStatus", "ThrottlingException", message="swordfish")
    with pytest.raises(SyncFailedError, match="swordfish"):
        make_client().wait_until_active(STACK)
    records = [vars(record) for record in caplog.records if record.name == "unisync"]
    assert "swordfish" not in json.dumps(records, default=repr)
    first = records[1]["unisync"]
    fields = {name: first[name] for name in ("service", "operation", "region", "retries", "delay", "error", "wait_id")}
    assert fields == {
        "service": "codeconnections",
        "operation": "GetResourceSyncStatus",
        "region": REGION,
        "retries": 0,
        "delay": 0.0,
        "error": "ThrottledError",
        "wait_id": records[0]["unisync"]["wait_id"],
    }
    assert first["request_id"] in caplog.messages[1]
    assert caplog.messages[-1].endswith(": SyncFailedError")


def test_nothing_is_logged_above_debug(aws: Emulator, client: Unisync, caplog: pytest.LogCaptureFixture) -> None:
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


def test_a_wait_and_its_calls_are_spans(aws: Emulator, make_either: Callable[..., Any], spans: Any) -> None:
    aws.push(stack="payments-prod", sha=SHA)
    aws.fault("GetResourceSyncStatus", "ThrottlingException")
    make_either(on_event=traced(spans)).wait_until_active(STACK, revision=SHA)
    *calls, wait = spans.get_finished_spans()
    assert wait.name == "unisync wait until active"
    assert attributes(wait) == {
        "unisync.ref": "codeconnections:payments-prod",
        "unisync.revision": SHA,
        "unisync.calls": len(calls),
        "unisync.state": "ACTIVE",
        "unisync.live_revision": SHA,
    }
    assert {call.parent.span_id for call in calls} == {wait.context.span_id}
    assert calls[0].name == "codeconnections.GetResourceSyncStatus"
    assert calls[0].status.status_code is StatusCode.ERROR
    assert attributes(calls[0])["error.type"] == "ThrottlingException"
    assert attributes(calls[0])["unisync.retries"] == 0
    assert all(call.start_time < call.end_time for call in calls)
    assert wait.status.status_code is StatusCode.UNSET


def test_the_span_of_a_failed_wait_has_no_text_of_aws(
    aws: Emulator, make_client: Callable[..., Unisync], spans: Any
) -> None:
    aws.push(stack="payments-prod", sha=SHA, outcome="FAILED", reason="the password is swordfish")
    with pytest.raises(SyncFailedError):
        make_client(on_event=traced(spans)).wait_until_active(STACK)
    wait = spans.get_finished_spans()[-1]
    assert wait.status.status_code is StatusCode.ERROR
    assert attributes(wait)["error.type"] == "SyncFailedError"
    assert "swordfish" not in "".join(span.to_json() for span in spans.get_finished_spans())


@pytest.mark.parametrize("kind", [Unisync, AsyncUnisync])
def test_a_call_is_below_the_span_of_its_caller(aws: Emulator, kind: Any, spans: Any) -> None:
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(spans))
    client = kind(**aws.client_options(), on_event=Tracing(provider))
    with provider.get_tracer("user").start_as_current_span("deploy"):
        if isinstance(client, AsyncUnisync):
            asyncio.run(_read(client))
        else:
            client.get(STACK)
            client.close()
    *calls, deploy = spans.get_finished_spans()
    assert {call.parent.span_id for call in calls} == {deploy.context.span_id}


def test_cancelled_waits_end_their_spans(aws: Emulator, make_either: Callable[..., Any], spans: Any) -> None:
    aws.add_stack("orders-prod", repository="acme/infra")
    aws.push(stack="payments-prod", sha=SHA)
    make_either(on_event=traced(spans)).wait_all([STACK, StackSync("orders-prod")], return_when="first")
    cancelled = [span for span in spans.get_finished_spans() if attributes(span).get("unisync.cancelled")]
    assert [attributes(span)["unisync.ref"] for span in cancelled] == ["codeconnections:orders-prod"]
