"""Control over HTTP: what the methods do, as requests."""

from __future__ import annotations

import http.client
import inspect
import json
import threading
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest

from tests.emulator.clients import BotoClients
from unisync.emulator import ACCOUNT, REGION, Emulator, Setup
from unisync.emulator.control import ACTIONS

SHA = "4f2c9e1d6b7a80934cde51f2a6b7c8d9e0f1a2b3"
STACK = {"ResourceName": "payments", "SyncType": "CFN_STACK_SYNC"}
JSON = {"content-type": "application/json"}


class Reply(NamedTuple):
    """A response."""

    status: int
    document: Any

    @property
    def result(self) -> Any:
        """What the method returned."""
        assert self.status == 200, self.document
        return self.document["result"]


def send(
    aws: Emulator, name: str, body: str = "{}", headers: Mapping[str, str] = JSON, *, method: str = "POST"
) -> Reply:
    connection = http.client.HTTPConnection(urlsplit(aws.url).netloc, timeout=10)
    try:
        connection.request(method, f"/_unisync/{name}", body, dict(headers))
        response = connection.getresponse()
        text = response.read()
        return Reply(response.status, json.loads(text) if text else None)
    finally:
        connection.close()


def do(aws: Emulator, action: str, /, **arguments: object) -> Reply:
    return send(aws, action, json.dumps(arguments))


@pytest.fixture
def controlled() -> Iterator[Emulator]:
    """An emulator with control over HTTP."""
    with Emulator(clock="manual", control=True) as aws:
        yield aws


@pytest.fixture
def boto(controlled: Emulator) -> Iterator[BotoClients]:
    with BotoClients(controlled.url) as clients:
        yield clients


def status_of(boto: BotoClients) -> dict[str, Any]:
    found: dict[str, Any] = boto.call("codeconnections", "GetResourceSyncStatus", STACK)["LatestSync"]
    return found


def test_a_scenario_without_python(controlled: Emulator, boto: BotoClients) -> None:
    assert do(controlled, "add_stack", name="payments", repository="acme/infra").result is None
    do(
        controlled,
        "push",
        stack="payments",
        sha=SHA,
        outcome="FAILED",
        duration=60,
        start_delay=1.5,
        failed_resource=["Queue", "AWS::SQS::Queue", "Queue name is taken"],
        events=[["CLEAN_UP", "Deleted the change set"]],
    )
    first = datetime.fromisoformat(do(controlled, "advance", seconds=10).result)
    assert status_of(boto)["Status"] == "IN_PROGRESS"
    assert datetime.fromisoformat(do(controlled, "advance", seconds=60).result) == first + timedelta(seconds=60)
    assert controlled.clock.now() == 70
    status = status_of(boto)
    assert (status["Status"], status["TargetRevision"]["Sha"]) == ("FAILED", SHA)
    assert [event["Type"] for event in status["Events"]][-1] == "CLEAN_UP"
    blocker = do(controlled, "block", stack="payments", reason="by hand", contexts={"WHO": "me"}).result
    summary = boto.call("codeconnections", "GetSyncBlockerSummary", STACK)["SyncBlockerSummary"]
    assert [each["Id"] for each in summary["LatestBlockers"]] == [blocker]


def test_faults_and_calls(controlled: Emulator, boto: BotoClients) -> None:
    do(controlled, "add_stack", name="payments", repository="acme/infra")
    do(controlled, "fault", operation="GetSyncConfiguration", kind="ThrottlingException", times=None)
    with pytest.raises(boto.connections.exceptions.ClientError, match="ThrottlingException"):
        boto.call("codeconnections", "GetSyncConfiguration", STACK)
    do(controlled, "clear_faults")
    boto.call("codeconnections", "GetSyncConfiguration", STACK)
    first, second = do(controlled, "calls").result
    assert first == second
    assert datetime.fromisoformat(first.pop("time")) == controlled.calls[0].time
    assert first == {
        "service": "codeconnections",
        "operation": "GetSyncConfiguration",
        "params": STACK,
        "account": ACCOUNT,
        "region": REGION,
    }


def test_the_account_and_the_region_may_be_named(controlled: Emulator) -> None:
    do(controlled, "add_stack", name="payments", repository="acme/infra", account="210987654321", region="us-east-1")
    found = do(controlled, "environment", account="210987654321", region="us-east-1").result
    assert found == controlled.environment(account="210987654321", region="us-east-1")
    with BotoClients(controlled.url, account="210987654321", region="us-east-1") as there:
        assert there.call("codeconnections", "GetSyncConfiguration", STACK)
    assert do(controlled, "push", stack="payments", sha=SHA).status == 400


def test_pages_may_be_short(controlled: Emulator) -> None:
    do(controlled, "set_page_size", size=2)
    assert controlled.page_size == 2
    do(controlled, "set_page_size")
    assert controlled.page_size is None


def test_every_method_that_makes_something_happen_can_be_called() -> None:
    others = {"account", "client_options", "environment", "start", "stop"}
    methods = {name for name, _ in inspect.getmembers(Emulator, inspect.isfunction) if not name.startswith("_")}
    assert methods - others == set(ACTIONS) - {"advance", "calls", "environment", "set_page_size"}
    assert {name for name, _ in inspect.getmembers(Setup, inspect.isfunction) if name[0] != "_"} < set(ACTIONS)


@pytest.mark.parametrize(
    ("name", "arguments", "parameter", "message"),
    [
        ("push", {"stack": "payments"}, "sha", "sha: expected a value, got none"),
        ("push", {"stack": "payments", "sha": 7}, "sha", "sha: expected a valid string, got 7"),
        ("push", {"stack": "payments", "sha": ""}, "sha", "sha: expected a commit id, got an empty string"),
        (
            "push",
            {"stack": "payments", "sha": SHA, "outcome": "GOOD"},
            "outcome",
            "outcome: expected 'SUCCEEDED' or 'FAILED', got 'GOOD'",
        ),
        (
            "push",
            {"stack": "payments", "sha": SHA, "duration": -1},
            "duration",
            "duration: expected seconds, zero or more, got -1.0",
        ),
        ("push", {"stack": "payments", "sha": SHA, "events": [["CLEAN_UP"]]}, "events", "events: "),
        ("push", {"stack": "unknown", "sha": SHA}, None, "expected an existing stack, service (and instance)"),
        (
            "block",
            {"stack": "payments", "why": "x"},
            "why",
            "why: there is no such parameter: expected one of stack, service, instance, reason, contexts",
        ),
        ("clear_faults", {"all": True}, "all", "all: there is no such parameter: expected none"),
        ("push", {"account": 1, "sha": SHA}, "account", "account: expected a valid string, got 1"),
        ("push", {"account": "1", "sha": SHA}, "account", "account: expected twelve digits, got '1'"),
        ("advance", {"seconds": "soon"}, "seconds", "seconds: expected a valid number"),
        ("advance", {"seconds": -1}, "seconds", "seconds: expected a finite number, zero or more, got -1.0"),
        ("fault", {"operation": "GetNothing", "kind": "drop"}, "operation", "operation: there is no 'GetNothing'"),
        ("set_page_size", {"size": 0}, None, "page_size: expected one or more, or None, got 0"),
    ],
)
def test_a_wrong_argument_is_named(
    controlled: Emulator, name: str, arguments: dict[str, Any], parameter: str | None, message: str
) -> None:
    controlled.add_stack("payments", repository="acme/infra")
    reply = do(controlled, name, **arguments)
    assert reply.status == 400
    assert reply.document["parameter"] == parameter
    assert reply.document["error"].startswith(message)


@pytest.mark.parametrize("body", ["{", "[]", "null", '"text"', "[" * 100_000, b"\xff".decode("latin-1")])
def test_the_arguments_are_a_json_object(controlled: Emulator, body: str) -> None:
    reply = send(controlled, "clear_faults", body)
    assert reply.status == 400
    assert reply.document["error"].startswith("expected a JSON object")


def test_no_body_is_no_arguments(controlled: Emulator) -> None:
    assert send(controlled, "calls", "").result == []


@pytest.mark.parametrize(
    ("headers", "method", "status"),
    [
        ({}, "POST", 415),
        ({"content-type": "text/plain"}, "POST", 415),
        ({"content-type": "Application/JSON; charset=utf-8"}, "POST", 200),
        ({**JSON, "origin": "http://127.0.0.1:4577"}, "POST", 403),
        ({**JSON, "origin": "null"}, "POST", 403),
        ({"origin": "http://example.com", "access-control-request-method": "POST"}, "OPTIONS", 403),
        (JSON, "GET", 405),
        (JSON, "HEAD", 405),
    ],
)
def test_what_a_web_page_can_send_is_rejected(
    controlled: Emulator, headers: dict[str, str], method: str, status: int
) -> None:
    assert send(controlled, "clear_faults", "{}", headers, method=method).status == status


@pytest.mark.parametrize("name", ["", "start", "stop", "account", "_now", "__init__", "client_options", "push/"])
def test_nothing_else_can_be_called(controlled: Emulator, name: str) -> None:
    reply = do(controlled, name)
    assert reply.status == 404
    assert reply.document["error"].startswith(f"there is no {name!r}: expected one of add_connection, add_repository")


def test_without_control_the_path_is_nothing_special(aws: Emulator) -> None:
    reply = do(aws, "calls")
    assert reply.status != 200
    assert "result" not in reply.document


def test_a_receiver_of_events_may_call_the_emulator_and_its_failure_is_a_server_error() -> None:
    received: list[str] = []

    def on_event(event: dict[str, Any]) -> None:
        with BotoClients(aws.url) as boto:
            received.append(status_of(boto)["Status"])
        raise RuntimeError("cannot")

    with Emulator(clock="manual", control=True, on_event=on_event) as aws:
        do(aws, "add_stack", name="payments", repository="acme/infra")
        do(aws, "push", stack="payments", sha=SHA)
        reply = do(aws, "advance", seconds=60)
    assert reply == (500, {"error": "The emulator failed: see its log", "parameter": None})
    assert received == ["SUCCEEDED"]


def test_requests_follow_each_other_on_a_connection(controlled: Emulator) -> None:
    connection = http.client.HTTPConnection(urlsplit(controlled.url).netloc, timeout=10)
    try:
        for seconds in range(1, 4):
            connection.request("POST", "/_unisync/advance", json.dumps({"seconds": 1}), JSON)
            response = connection.getresponse()
            response.read()
            assert controlled.clock.now() == seconds
    finally:
        connection.close()


def test_control_is_for_any_number_of_processes(controlled: Emulator) -> None:
    names = [f"stack-{number}" for number in range(20)]
    threads = [threading.Thread(target=do, args=(controlled, "add_stack"), kwargs={"name": name}) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for name in names:
        controlled.remove_stack(name)
