"""Handlers of botocore's events hear of calls of unisync as of boto3's own, and may do the same."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, NamedTuple, cast

import boto3
import pytest
from botocore import UNSIGNED
from botocore.awsrequest import AWSPreparedRequest, AWSRequest, AWSResponse
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.model import OperationModel
from botocore.parsers import create_parser

from tests.support.samples import MINE, session_of
from unisync import (
    AccessDeniedError,
    AsyncUnisync,
    InvalidArgumentError,
    ResponseError,
    TransportError,
    Unisync,
    UnisyncError,
)
from unisync.emulator import Emulator

EVENTS = (
    "provide-client-params",
    "before-parameter-build",
    "before-endpoint-resolution",
    "before-call",
    "request-created",
    "choose-signer",
    "before-sign",
    "before-send",
    "before-parse",
    "response-received",
    "needs-retry",
    "after-call",
    "after-call-error",
)
Handler = Callable[..., Any]
NAME = "codeconnections.GetResourceSyncStatus"
PARAMS = {"ResourceName": "payments-prod", "SyncType": "CFN_STACK_SYNC"}


@pytest.fixture
def options(aws: Emulator) -> dict[str, Any]:
    """The settings of both clients: a stack exists, and a session of its own for each test."""
    aws.add_stack("payments-prod", repository="acme/infra")
    aws.push(stack="payments-prod", sha=MINE)
    found: dict[str, Any] = {**aws.client_options()}
    found["config"] = found["config"].merge(Config(retries={"total_max_attempts": 1}))
    return found


def boto3_client(options: Mapping[str, Any]) -> Any:
    session: boto3.Session = options["session"]
    return session.client("codeconnections", endpoint_url=options["endpoint_url"], config=options["config"])


# What a handler hears.


class Heard(NamedTuple):
    """An event that a handler heard of."""

    name: str
    arguments: dict[str, Any]


def record(session: boto3.Session) -> list[Heard]:
    """What handlers of all events hear from now on."""
    heard: list[Heard] = []

    def listen(event: str) -> None:
        def note(event_name: str, **arguments: Any) -> None:
            heard.append(Heard(event_name, {name: shown(value) for name, value in arguments.items()}))

        session.events.register(event, note)

    for event in EVENTS:
        listen(event)
    return heard


_CHANGING = (
    "amz-sdk-invocation-id",
    "authorization",
    "date",
    "invocation-id",
    "requestid",
    "timestamp",
    "x-amz-date",
    "x-amzn-requestid",
)


def shown(value: Any) -> Any:
    """A value as it is now, in a form that compares; what differs from call to call is left out."""
    match value:
        case AWSRequest() | AWSPreparedRequest():
            kind = AWSRequest if isinstance(value, AWSRequest) else AWSPreparedRequest
            return kind.__name__, value.method, value.url, shown(dict(value.headers.items())), value.body
        case AWSResponse():
            return "AWSResponse", value.status_code, value.url, shown(dict(value.headers.items())), value.content
        case OperationModel():
            return value.service_model.service_name, value.name
        case Mapping():
            return {name: _field(name, each) for name, each in cast("Mapping[str, Any]", value).items()}
        case BaseException():
            return type(value).__name__, str(value)
        case None | str() | bytes() | int() | float() | datetime():
            return value
        case _:
            return type(value).__name__


def _field(name: str, value: Any) -> Any:
    if name.lower() in _CHANGING:
        return b"-" if isinstance(value, bytes) else "-"
    if name.lower() == "user-agent":
        return sorted(re.split("[ ,]", value.decode() if isinstance(value, bytes) else value))
    return shown(value)


def both(options: dict[str, Any]) -> tuple[list[Heard], list[Heard]]:
    """What handlers hear of one call: of unisync's, and of boto3's."""
    heard = record(options["session"])
    with Unisync(**options) as client, suppress(UnisyncError):
        client.codeconnections.get_resource_sync_status("payments-prod")
    ours = heard.copy()
    heard.clear()
    theirs = boto3_client(options)
    with suppress(BotoCoreError, ClientError, RuntimeError, UnicodeDecodeError):
        theirs.get_resource_sync_status(**PARAMS)
    theirs.close()
    return ours, heard


def alike(heard: list[Heard]) -> list[Heard]:
    """What was heard, without what unisync intends to differ in, and without what is in the tests at the end."""

    def cleaned(value: Any, name: str = "") -> Any:
        if isinstance(value, dict):
            # boto3 has "auth_options" since 1.40.
            left_out = ("RetryAttempts", "MaxAttemptsReached", "max", "User-Agent", "auth_options")
            return {
                key: cleaned(each, key) for key, each in cast("dict[str, Any]", value).items() if key not in left_out
            }
        if isinstance(value, tuple):
            return tuple(cleaned(each) for each in cast("tuple[object, ...]", value))
        return value.decode() if isinstance(value, bytes) and name != "body" else value

    # Intended: unisync decides itself what to send again, so that nobody is asked and no attempts are counted.
    kept = [each for each in heard if not each.name.startswith("needs-retry")]
    return [Heard(name, {key: cleaned(each) for key, each in arguments.items()}) for name, arguments in kept]


def names(heard: list[Heard]) -> list[str]:
    return [each.name.partition(".")[0] for each in heard]


SENT = [
    "provide-client-params",
    "before-parameter-build",
    "before-endpoint-resolution",
    "before-call",
    "choose-signer",
    "before-sign",
    "request-created",
    "before-send",
]
"""The events of a request, in their order: the request is signed by the first handler of `request-created`."""
ANSWERED = [*SENT, "before-parse", "response-received", "after-call"]


def test_a_call_emits_the_events_of_boto3(options: dict[str, Any]) -> None:
    ours, theirs = both(options)
    assert names(ours) == ANSWERED
    assert alike(ours) == alike(theirs)
    assert {each.name.partition(".")[2] for each in ours} == {NAME, "codeconnections"}
    assert [arguments["context"]["retries"]["attempt"] for name, arguments in ours if "after-call" in name] == [1]


@pytest.mark.parametrize("fault", ["AccessDeniedException", "InternalServerException", "html", "unknown-member"])
def test_an_error_and_an_odd_response_emit_the_events_of_boto3(
    aws: Emulator, options: dict[str, Any], fault: str
) -> None:
    aws.fault("GetResourceSyncStatus", fault, times=None)
    ours, theirs = both(options)
    assert names(ours) == ANSWERED
    assert alike(ours) == alike(theirs)


def test_a_lost_connection_emits_the_events_of_boto3(aws: Emulator, options: dict[str, Any]) -> None:
    aws.fault("GetResourceSyncStatus", "drop", times=None)
    ours, theirs = both(options)
    assert names(ours) == [*SENT, "response-received", "after-call-error"]
    assert [each.name for each in ours] == [each.name for each in alike(theirs)]
    for event in ours[-2:]:
        assert event.arguments["exception"][0] == "ConnectionClosedError"
    assert [sorted(each.arguments) for each in ours] == [sorted(each.arguments) for each in alike(theirs)]


def test_handlers_of_an_operation_or_a_service_hear_of_no_other(options: dict[str, Any]) -> None:
    heard: list[str] = []

    def noting(name: str) -> Handler:
        def note(**_: object) -> None:
            heard.append(name)

        return note

    for name in (NAME, "codeconnections", "*.GetResourceSyncStatus", "proton", "codeconnections.GetSyncConfiguration"):
        options["session"].events.register(f"after-call.{name}", noting(name))
    call(options)
    ours = heard.copy()
    heard.clear()
    theirs = boto3_client(options)
    theirs.get_resource_sync_status(**PARAMS)
    theirs.close()
    assert ours == heard
    assert sorted(ours) == ["*.GetResourceSyncStatus", "codeconnections", NAME]


def test_each_attempt_emits_events(aws: Emulator, options: dict[str, Any]) -> None:
    """As in boto3, whose events before `request-created` are once for all attempts."""
    heard = record(options["session"])
    aws.fault("GetResourceSyncStatus", "http-500", times=1)
    with Unisync(**options, max_attempts=2) as client:
        client.codeconnections.get_resource_sync_status("payments-prod")
    assert names(heard) == 2 * ANSWERED
    sent = [arguments["request"][3] for name, arguments in heard if name.startswith("before-send")]
    assert [_text(each["amz-sdk-request"]).partition(";")[0] for each in sent] == ["attempt=1", "attempt=2"]
    metadata = [arguments["parsed"]["ResponseMetadata"] for name, arguments in heard if name.startswith("after-call")]
    assert [each["RetryAttempts"] for each in metadata] == [0, 1]


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


# What a handler may do.


def register(options: dict[str, Any], event: str, handler: Handler) -> None:
    is_of_service = event == "before-endpoint-resolution"  # botocore's name of it has no operation
    options["session"].events.register(f"{event}.{NAME.partition('.')[0] if is_of_service else NAME}", handler)


def giving(result: object) -> Handler:
    """A handler that returns this."""

    def handler(**_: object) -> object:
        return result

    return handler


def keeping(name: str, kept: list[Any]) -> Handler:
    """A handler that keeps one of its arguments."""

    def handler(**arguments: Any) -> None:
        kept.append(arguments[name])

    return handler


def call(options: dict[str, Any], **arguments: Any) -> Any:
    """One call of unisync's."""
    with Unisync(**{**options, **arguments}) as client:
        return client.codeconnections.get_resource_sync_status("payments-prod")


@pytest.mark.parametrize("event", ["provide-client-params", "before-parameter-build"])
def test_a_handler_changes_parameters(aws: Emulator, options: dict[str, Any], event: str) -> None:
    aws.add_stack("orders", repository="acme/infra")
    aws.push(stack="orders", sha=MINE)

    def change(params: dict[str, Any], **_: Any) -> None:
        params["ResourceName"] = "orders"

    register(options, event, change)
    call(options)
    assert aws.calls[-1].params["ResourceName"] == "orders"


def test_a_handler_gives_other_parameters(aws: Emulator, options: dict[str, Any]) -> None:
    aws.add_stack("orders", repository="acme/infra")
    aws.push(stack="orders", sha=MINE)
    register(options, "provide-client-params", giving({**PARAMS, "ResourceName": "orders"}))
    call(options)
    assert aws.calls[-1].params["ResourceName"] == "orders"


def test_parameters_of_a_handler_are_checked(options: dict[str, Any]) -> None:
    register(options, "provide-client-params", giving({"ResourceName": 5}))
    with pytest.raises(InvalidArgumentError, match="resource_name: expected text"):
        call(options)


@pytest.mark.parametrize("event", ["before-call", "before-sign", "request-created", "before-send"])
def test_a_handler_adds_a_header(options: dict[str, Any], event: str) -> None:
    """Before it is signed, or after."""
    signed: list[str] = []

    def add(request: Any = None, params: Any = None, **_: Any) -> None:
        headers = request.headers if params is None else params["headers"]
        headers["X-Acme"] = "1"

    def look(request: Any, **_: Any) -> None:
        signed.append(_text(request.headers["Authorization"]))
        assert _text(request.headers["X-Acme"]) == "1"

    register(options, event, add)
    register(options, "before-send", look)
    call(options)
    assert ("x-acme" in signed[0]) is (event != "before-send")


@pytest.mark.parametrize("event", ["before-endpoint-resolution", "before-call", "request-created", "before-send"])
def test_a_handler_changes_the_endpoint(aws: Emulator, options: dict[str, Any], event: str) -> None:
    def change(builtins: Any = None, request: Any = None, params: Any = None, **_: Any) -> None:
        if builtins is not None:
            builtins["SDK::Endpoint"] = aws.url
        elif request is not None:
            request.url = aws.url
        else:
            params["url"] = aws.url

    options["endpoint_url"] = "http://127.0.0.1:9"
    register(options, event, change)
    if event == "before-send":  # the signature is of another host
        with pytest.raises(AccessDeniedError, match="InvalidSignature"):
            call(options)
    else:
        assert call(options).latest_sync is not None


def test_a_handler_chooses_how_to_sign(options: dict[str, Any]) -> None:
    register(options, "choose-signer", giving(UNSIGNED))
    sent: list[Any] = []
    register(options, "before-send", keeping("request", sent))
    with pytest.raises(AccessDeniedError):
        call(options)
    assert "Authorization" not in sent[0].headers


# What a handler answers.


class Unread:
    """A body that a handler answers."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, **_: object) -> Iterator[bytes]:
        yield self._body


def answer(status: int, fields: object) -> AWSResponse:
    body: Any = Unread(json.dumps(fields).encode())
    return AWSResponse("https://aws.example.com", status, {"X-Amzn-RequestId": "4711"}, body)


REVISION = {
    "Branch": "main",
    "Directory": "deployment.yaml",
    "OwnerId": "acme",
    "RepositoryName": "infra",
    "ProviderType": "GitHub",
    "Sha": MINE,
}
ATTEMPT = {
    "Events": [{"Event": "done", "Time": 1763985600.25, "Type": "SYNC_SUCCEEDED"}],
    "InitialRevision": REVISION,
    "StartedAt": 1763985600.25,
    "Status": "SUCCEEDED",
    "Target": "of a handler",
    "TargetRevision": REVISION,
}


@pytest.fixture(params=["blocking", "awaitable"])
def call_either(request: pytest.FixtureRequest) -> Callable[[dict[str, Any]], Any]:
    """One call of a client of either kind."""
    if request.param == "blocking":
        return call

    def call_async(options: dict[str, Any]) -> Any:
        async def run() -> Any:
            async with AsyncUnisync(**options) as client:
                return await client.codeconnections.get_resource_sync_status("payments-prod")

        return asyncio.run(run())

    return call_async


def test_a_handler_answers_before_anything_is_sent(
    aws: Emulator, options: dict[str, Any], call_either: Callable[[dict[str, Any]], Any]
) -> None:
    register(options, "before-send", giving(answer(200, {"LatestSync": ATTEMPT})))
    job = call_either(options)
    assert job.latest_sync.target == "of a handler"
    assert job.latest_sync.started_at == datetime(2025, 11, 24, 12, 0, 0, 250_000, UTC)
    assert not [each for each in aws.calls if each.operation == "GetResourceSyncStatus"]


def test_a_handler_answers_with_an_error(options: dict[str, Any], call_either: Callable[[dict[str, Any]], Any]) -> None:
    denied = {"__type": "AccessDeniedException", "message": "not today"}
    register(options, "before-send", giving(answer(400, denied)))
    with pytest.raises(AccessDeniedError, match="not today") as caught:
        call_either(options)
    assert caught.value.request_id == "4711"


def test_a_handler_answers_instead_of_the_whole_call(
    aws: Emulator, options: dict[str, Any], call_either: Callable[[dict[str, Any]], Any]
) -> None:
    parsed = {
        "LatestSync": {**ATTEMPT, "StartedAt": datetime(2026, 11, 22, 13, tzinfo=timezone(timedelta(hours=1)))},
        "ResponseMetadata": {"HTTPStatusCode": 200, "RequestId": "4711"},
    }
    register(options, "before-call", giving((answer(200, {}), parsed)))
    heard: list[Any] = []
    register(options, "after-call", keeping("parsed", heard))
    job = call_either(options)
    assert job.latest_sync.started_at == datetime(2026, 11, 22, 12, tzinfo=UTC)
    assert heard == [parsed]
    assert not [each for each in aws.calls if each.operation == "GetResourceSyncStatus"]


def test_after_call_hears_what_boto3_returns(options: dict[str, Any]) -> None:
    heard: list[Any] = []
    register(options, "after-call", keeping("parsed", heard))
    call(options)
    theirs = boto3_client(options)
    result = theirs.get_resource_sync_status(**PARAMS)
    theirs.close()
    ours, _ = heard
    for each in (ours, result):
        metadata = each.pop("ResponseMetadata")
        assert metadata["HTTPStatusCode"] == 200
        assert metadata["RequestId"] == metadata["HTTPHeaders"]["x-amzn-requestid"]
    assert ours == result
    assert isinstance(ours["LatestSync"]["StartedAt"], datetime)
    assert ours["LatestSync"]["StartedAt"].utcoffset() == result["LatestSync"]["StartedAt"].utcoffset()


@pytest.mark.parametrize("event", ["response-received", "after-call"])
def test_a_handler_that_changes_the_result_changes_the_model(
    options: dict[str, Any], call_either: Callable[[dict[str, Any]], Any], event: str
) -> None:
    def change(parsed: Any = None, parsed_response: Any = None, **_: Any) -> None:
        (parsed or parsed_response)["LatestSync"]["Target"] = "changed"

    before = call_either(options)
    register(options, event, change)
    after = call_either(options)
    assert (before.latest_sync.target, after.latest_sync.target) == ("payments-prod", "changed")
    assert after.latest_sync.started_at == before.latest_sync.started_at


# What a handler that fails causes.


class BrokenHandlerError(RuntimeError):
    """A handler is broken."""


def fail(**_: object) -> None:
    raise BrokenHandlerError("boom")


@pytest.mark.parametrize("event", SENT)
def test_a_handler_that_fails_before_a_response(
    options: dict[str, Any], call_either: Callable[[dict[str, Any]], Any], event: str
) -> None:
    register(options, event, fail)
    with pytest.raises(TransportError, match="boom") as caught:
        call_either(options)
    assert not caught.value.retryable
    assert not caught.value.outcome_unknown
    assert isinstance(caught.value.__cause__, BrokenHandlerError)


@pytest.mark.parametrize("event", ["before-parse", "response-received", "after-call"])
def test_a_handler_that_fails_at_a_response(
    options: dict[str, Any], call_either: Callable[[dict[str, Any]], Any], event: str
) -> None:
    register(options, event, fail)
    with pytest.raises(ResponseError, match="boom") as caught:
        call_either(options)
    assert isinstance(caught.value.__cause__, BrokenHandlerError)


# What nobody asked for.


def test_nothing_is_parsed_without_a_handler(options: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[str] = []

    def count(protocol: str) -> Any:
        parsed.append(protocol)
        return create_parser(protocol)

    monkeypatch.setattr("unisync._botocore.read.create_parser", count)
    call(options)
    assert parsed == [], "the model is read from the bytes"
    options["session"].events.register("after-call.proton", giving(None))
    options["session"].events.register(f"before-send.{NAME}", giving(None))
    call(options)
    assert parsed == [], "nor for a handler that hears of no response to it"
    register(options, "after-call", giving(None))
    call(options)
    assert parsed == ["json"], "and once, if there is one"


def test_botocores_own_handlers_are_no_reason_to_parse(options: dict[str, Any]) -> None:
    """Those of botocore's retries hear of `after-call`."""
    options["config"] = options["config"].merge(Config(retries={"mode": "standard"}))
    with Unisync(**options) as client:
        client.codeconnections.get_resource_sync_status("payments-prod")
        reader = session_of(client)._services["codeconnections"].reader
        assert reader._listens == {"GetResourceSyncStatus": False}


# What botocore's log shows.


def logged(caplog: pytest.LogCaptureFixture, use: Callable[[], object]) -> list[tuple[str, str]]:
    """The lines of botocore's about a request and its response."""
    caplog.clear()
    use()
    kinds = ("Making request", "Sending http request", "Response headers", "Response body")
    lines = [
        (record.name, next((kind for kind in kinds if kind in record.getMessage()), "")) for record in caplog.records
    ]
    return [line for line in lines if line[1]]


def test_the_log_shows_requests_and_responses(options: dict[str, Any], caplog: pytest.LogCaptureFixture) -> None:
    """What `boto3.set_stream_logger("")` shows. A handler has the response parsed."""
    register(options, "after-call", giving(None))
    theirs = boto3_client(options)
    caplog.set_level(logging.DEBUG, "botocore")
    expected = logged(caplog, lambda: theirs.get_resource_sync_status(**PARAMS))
    assert len(expected) == 4
    theirs.close()
    assert logged(caplog, lambda: call(options)) == expected


# Which thread a handler runs in.


@pytest.mark.parametrize("name", ["", ".codeconnections", f".{NAME}"])
def test_a_handler_that_may_answer_does_not_block_the_event_loop(options: dict[str, Any], name: str) -> None:
    """It may answer, and take its time for that."""
    threads: list[str] = []

    def note(**_: object) -> None:
        threads.append(threading.current_thread().name)

    options["session"].events.register(f"before-send{name}", note)

    async def run() -> str:
        async with AsyncUnisync(**options) as client:
            await client.codeconnections.get_resource_sync_status("payments-prod")
        return threading.current_thread().name

    assert asyncio.run(run()) not in threads


# Details.


def test_the_log_shows_responses_that_are_not_parsed(options: dict[str, Any], caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "botocore")
    assert len(logged(caplog, lambda: call(options))) == 4


@pytest.mark.parametrize("argument", ["response_dict", "customized_response_dict"])
def test_a_handler_that_changes_what_is_parsed_changes_the_model(options: dict[str, Any], argument: str) -> None:
    def change(**arguments: Any) -> None:
        if argument == "response_dict":
            arguments[argument]["body"] = arguments[argument]["body"].replace(b'"payments-prod"', b'"changed"')
        else:
            arguments[argument]["LatestSync"] = ATTEMPT

    before = call(options)
    register(options, "before-parse", change)
    assert call(options).latest_sync.target != before.latest_sync.target


def test_a_handler_answers_instead_of_the_whole_call_with_an_error(options: dict[str, Any]) -> None:
    parsed = {"Error": {"Code": "AccessDeniedException", "Message": "not today"}, "ResponseMetadata": {}}
    register(options, "before-call", giving((answer(403, {}), parsed)))
    with pytest.raises(AccessDeniedError, match="not today"):
        call(options)


def test_before_call_shows_the_whole_user_agent(options: dict[str, Any]) -> None:
    ours, theirs = (
        next(each.arguments["params"]["headers"] for each in heard if each.name.startswith("before-call"))
        for heard in both(options)
    )
    assert ours == theirs


def test_before_send_shows_headers_as_bytes(options: dict[str, Any]) -> None:
    ours, theirs = (
        next(each.arguments["request"][3] for each in heard if each.name.startswith("before-send"))
        for heard in both(options)
    )
    assert ours == theirs


def test_response_received_does_not_count_retries(options: dict[str, Any]) -> None:
    for heard in both(options):
        (event,) = [each for each in heard if each.name.startswith("response-received")]
        assert "RetryAttempts" not in event.arguments["parsed_response"]["ResponseMetadata"]


def test_before_parse_shows_the_body_of_an_error_that_is_a_page(aws: Emulator, options: dict[str, Any]) -> None:
    aws.fault("GetResourceSyncStatus", "http-503", times=None)
    for heard in both(options):
        (event,) = [each for each in heard if each.name.startswith("before-parse")]
        assert b"<html>" in event.arguments["response_dict"]["body"]


def test_after_call_hears_the_very_answer_of_a_handler(options: dict[str, Any]) -> None:
    mine, heard = answer(200, {"LatestSync": ATTEMPT}), list[Any]()
    register(options, "before-send", giving(mine))
    register(options, "after-call", keeping("http_response", heard))
    call(options)
    assert heard[0] is mine


FAILING = ("choose-signer", "before-sign", "request-created", "before-send", "before-parse", "response-received")


@pytest.mark.parametrize("event", FAILING)
def test_after_call_error_hears_of_handlers_that_fail(options: dict[str, Any], event: str) -> None:
    register(options, event, fail)
    ours, theirs = both(options)
    assert names(ours) == names(alike(theirs))


def test_after_call_error_hears_of_responses_that_cannot_be_parsed(aws: Emulator, options: dict[str, Any]) -> None:
    aws.fault("GetResourceSyncStatus", "garble", times=None)
    ours, theirs = both(options)
    assert names(ours) == names(alike(theirs)) == [*SENT, "before-parse", "after-call-error"]


def test_attempts_of_a_call_share_an_invocation_id(aws: Emulator, options: dict[str, Any]) -> None:
    sent: list[Any] = []
    register(options, "before-send", keeping("request", sent))
    aws.fault("GetResourceSyncStatus", "http-500", times=1)
    call(options, max_attempts=2)
    first, second = sent
    assert first.headers["amz-sdk-invocation-id"] == second.headers["amz-sdk-invocation-id"]


def test_a_refused_connection_has_botocores_error(options: dict[str, Any]) -> None:
    heard: list[Exception] = []
    register(options, "after-call-error", keeping("exception", heard))
    with socket.create_server(("127.0.0.1", 0)) as server:
        options["endpoint_url"] = f"http://127.0.0.1:{server.getsockname()[1]}"
    with pytest.raises(TransportError):
        call(options)
    assert [type(each).__name__ for each in heard] == ["EndpointConnectionError"]
