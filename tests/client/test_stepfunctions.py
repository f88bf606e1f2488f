"""The handler of a Lambda function that polls a wait, and the state machine and the policies that the docs show."""

from __future__ import annotations

import importlib
import json
import re
from datetime import UTC, datetime
from itertools import product
from typing import Any, cast, get_args

import pytest

from tests.cli.test_policy import KINDS, actions, load
from tests.support.documents import DOCS
from tests.support.samples import MINE, NEWER, OLD, STACK
from tests.support.step_functions import (
    MAX_BYTES,
    SITUATIONS,
    WAIT,
    Situation,
    add_stack,
    documented,
    state_machine,
)
from unisync import (
    Backoff,
    Fleet,
    FleetSync,
    InvalidArgumentError,
    PollResult,
    PollStatus,
    StackSync,
    TwinMakerSync,
    WaitToken,
    stepfunctions,
)
from unisync._waiters.token import MAX_RESULT
from unisync.cli.iam import policy_for
from unisync.emulator import ACCOUNT, REGION, Emulator
from unisync.stepfunctions import Handler, make_handler
from unisync.testing import FakeUnisync


def carry(handle: Handler, event: dict[str, Any], aws: Emulator) -> list[PollResult]:
    """Poll until the wait ends, as the state machine does: each output, as JSON, is the next input."""
    found: list[PollResult] = []
    while not found or found[-1]["status"] == "waiting":
        found.append(json.loads(json.dumps(handle(event, None))))
        event = cast("dict[str, Any]", found[-1])
        if found[-1]["next_delay"] is not None:
            aws.clock.advance(found[-1]["next_delay"])
    return found


@pytest.fixture
def handle(aws: Emulator) -> Handler:
    add_stack(aws)
    client = FakeUnisync(aws)
    return make_handler(lambda: client)


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda each: cast("Situation", each).name)
def test_a_wait_ends_with_its_status(aws: Emulator, handle: Handler, situation: Situation) -> None:
    situation.prepare(aws)
    *before, last = carry(handle, situation.event, aws)
    assert (last["status"], last["error"], last["next_delay"]) == (situation.status, situation.error, None)
    assert all(isinstance(each["next_delay"], int) and each["next_delay"] >= 1 for each in before)
    assert last["polls"] == len(before) + 1
    for each in (*before, last):
        assert len(json.dumps(each)) < MAX_BYTES
        assert each["ref"] == situation.event["ref"]
        assert each["message"]


def test_the_output_describes_the_poll(aws: Emulator, handle: Handler) -> None:
    aws.push(stack="payments-prod", sha=MINE, duration=45)
    first, *_, last = carry(handle, {"ref": str(STACK), "revision": [MINE, "4f2c9e1"]}, aws)
    assert first["token"]["revision"] == ["4f2c9e1", MINE]
    assert (first["state"], first["aws_state"], first["live_revision"]) == ("PENDING", "INITIATED", OLD)
    assert first["message"] == "codeconnections:payments-prod is PENDING (INITIATED)"
    assert (first["error"], first["polls"], first["elapsed"]) == (None, 1, 0.0)
    assert (last["state"], last["aws_state"], last["live_revision"]) == ("ACTIVE", "SUCCEEDED", MINE)
    assert 45 <= last["elapsed"] < 90


def test_a_transient_error_is_waited_for(aws: Emulator, handle: Handler) -> None:
    aws.fault("GetResourceSyncStatus", "ThrottlingException")
    found = handle(WAIT, None)
    assert (found["status"], found["error"], found["state"]) == ("waiting", "ThrottledError", None)
    assert "ThrottlingException on demand" in found["message"]


def test_a_deleted_sync_has_no_state(aws: Emulator, handle: Handler) -> None:
    found = handle({"ref": "twinmaker:factory", "condition": "deleted"}, None)
    assert (found["state"], found["aws_state"], found["live_revision"]) == (None, None, None)
    assert found["message"] == "twinmaker:factory is deleted"
    assert aws.calls[-1].operation == "GetSyncJob"


def test_a_long_message_is_cut_off(aws: Emulator, handle: Handler) -> None:
    aws.push(stack="payments-prod", sha=MINE, outcome="FAILED", reason="模" * 500)
    found = carry(handle, WAIT, aws)[-1]
    assert found["message"].endswith("模…")
    assert MAX_RESULT - 10 < len(json.dumps(found)) <= MAX_RESULT


def test_a_token_may_be_text(aws: Emulator, handle: Handler) -> None:
    aws.push(stack="payments-prod", sha=MINE)
    text = str(WaitToken.create(STACK, revision=MINE, backoff=Backoff(initial=100, maximum=100, jitter=0)))
    found = carry(handle, {"token": text}, aws)
    assert [each["next_delay"] for each in found] == [100, None]


def test_a_pause_is_a_second_at_least_and_whole(aws: Emulator, handle: Handler) -> None:
    def delay(seconds: float) -> int | None:
        backoff = Backoff(initial=seconds, maximum=max(seconds, 1), jitter=0)
        return handle({"token": str(WaitToken.create(STACK, revision=MINE, backoff=backoff))}, None)["next_delay"]

    assert [delay(0.01), delay(1.0), delay(1.2)] == [1, 1, 2]


def test_the_options_of_a_new_wait(handle: Handler) -> None:
    moment = datetime(2026, 11, 22, 12, tzinfo=UTC)
    found = handle(
        {
            "ref": str(STACK),
            "revision": None,
            "timeout": None,
            "condition": "active",
            "grace": 60,
            "max_failures": 2,
            "started_after": "2026-11-22T12:00:00Z",
        },
        None,
    )
    token = WaitToken.parse(json.dumps(found["token"]))
    assert (token.ref, token.revision, token.timeout, token.condition) == (STACK, None, None, "active")
    assert (token.grace, token.max_failures, token.started_after) == (60, 2, moment)
    assert found["token"]["ref"] == str(STACK)


@pytest.mark.parametrize(
    ("event", "message"),
    [
        ([], "event: expected an object with a ref or a token, got []"),
        ({}, "ref: expected text such as 'codeconnections:payments-prod', got None"),
        ({"ref": 5}, "ref: expected text such as 'codeconnections:payments-prod', got 5"),
        ({"ref": "payments-prod"}, "ref: expected text such as 'codeconnections:payments-prod', got 'payments-prod'"),
        ({**WAIT, "revison": MINE}, "event: expected no fields but condition, grace, max_failures, ref, .*revison"),
        ({**WAIT, "revision": ""}, "revision: expected a commit's sha"),
        ({**WAIT, "timeout": "900"}, "timeout: expected seconds"),
        ({**WAIT, "condition": "done"}, "condition: expected 'active', 'deleted' or 'resources', got 'done'"),
        ({**WAIT, "condition": "resources"}, "ref: expected a TwinMaker sync job"),
        ({**WAIT, "started_after": "soon"}, "started_after: expected a date and time such as .*, got 'soon'"),
        ({**WAIT, "started_after": 5}, "started_after: expected a date and time such as .*, got 5"),
        ({**WAIT, "started_after": "2026-11-22T12:00:00"}, "started_after: expected a datetime with a time zone"),
        ({"ref": "twinmaker:factory", "revision": MINE}, "revision: expected None"),
        ({"token": None}, "token: expected the text of a WaitToken, got 'null'"),
        ({"token": "waiting"}, "token: expected the text of a WaitToken, got 'waiting'"),
        ({"token": {"ref": str(STACK), "new": 1}}, "token: expected the text of a WaitToken"),
        ({"ref": f"{ACCOUNT}/{REGION}/{STACK}"}, "ref: expected a reference such as .*, got FleetSync"),
    ],
)
def test_a_wrong_event_is_rejected_before_anything_is_sent(event: Any, message: str) -> None:
    client = FakeUnisync()
    with pytest.raises(InvalidArgumentError, match=message.replace("[", r"\[")):
        make_handler(lambda: client)(event, None)
    assert client.aws.calls == []


def test_a_client_is_created_with_the_first_event_only() -> None:
    created: list[FakeUnisync] = []

    def create() -> FakeUnisync:
        created.append(FakeUnisync())
        return created[-1]

    handle = make_handler(create)
    assert created == []
    assert [handle({"ref": str(STACK)}, None)["status"] for _ in range(2)] == ["error", "error"]
    assert len(created) == 1


def test_a_handler_may_have_a_fleet(aws: Emulator) -> None:
    add_stack(aws)
    options: dict[str, Any] = {**aws.client_options()}
    sessions = {ACCOUNT: options.pop("session")}
    with Fleet(sessions=sessions, regions=[REGION], **options) as fleet:
        found = make_handler(lambda: fleet)({"ref": f"{ACCOUNT}/{REGION}/{STACK}"}, None)
    assert (found["status"], found["ref"]) == ("succeeded", str(FleetSync(ACCOUNT, REGION, STACK)))


def test_the_handler_polls_with_the_settings_of_its_function(aws: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    add_stack(aws)
    for name, value in aws.environment().items():
        monkeypatch.setenv(name, value)
    # Loaded anew, so that the client of this test is used by no other.
    found = importlib.reload(stepfunctions).handler({"ref": str(STACK)}, None)
    assert (found["status"], found["live_revision"]) == ("succeeded", OLD)


# The guide. tools/foreign executes its state machine.


def test_every_state_of_the_state_machine_is_reached_and_leads_to_an_end() -> None:
    machine = state_machine()
    states = machine["States"]
    following: dict[str, set[str]] = {}
    for name, state in states.items():
        choices = {choice["Next"] for choice in state.get("Choices", [])}
        following[name] = choices | {state[field] for field in ("Next", "Default") if field in state}
        assert bool(following[name]) != (state["Type"] in ("Succeed", "Fail")), name
    assert set().union(*following.values(), {machine["StartAt"]}) == set(states)


def test_the_state_machine_reads_what_the_handler_returns() -> None:
    read = set(re.findall(r"\$\.(\w+)", json.dumps(state_machine())))
    assert read <= set(PollResult.__annotations__)
    statuses = {choice["StringEquals"] for choice in state_machine()["States"]["Check"]["Choices"]}
    assert statuses == {"waiting", "succeeded"} < set(get_args(PollStatus))


def test_the_guide_has_every_field_and_every_status() -> None:
    text = (DOCS / "howto" / "step-functions.md").read_text()
    assert all(f"`{field}`" in text for field in PollResult.__annotations__)
    assert all(f"| `{status}` |" in text for status in get_args(PollStatus))


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "prefix"), [(StackSync, "codeconnections:"), (TwinMakerSync, "iottwinmaker:")])
def test_the_policies_of_the_guide_allow_what_polls_call_and_no_more(kind: type[Any], prefix: str) -> None:
    refs = KINDS[kind]
    policy = next(each for each in documented("Statement") if prefix in json.dumps(each))
    with Emulator(clock="manual") as aws:
        load(aws)
        before = len(aws.calls)
        client = FakeUnisync(aws)
        handle = make_handler(lambda: client)
        events: list[dict[str, Any]] = [{"timeout": 20}, {"timeout": 5, "condition": "deleted"}]
        events.append({"condition": "resources"} if kind is TwinMakerSync else {"revision": NEWER, "timeout": 20})
        for ref, event in product(refs, events):
            carry(handle, {"ref": ref, **event}, aws)
        called = {f"{call.service}:{call.operation}" for call in aws.calls[before:]}
    assert called == actions(policy)
    whole = policy_for("wait", regions=["eu-west-1"])
    for statement in whole["Statement"]:
        statement["Action"] = [action for action in statement["Action"] if action in called]
    assert policy["Statement"] == [statement for statement in whole["Statement"] if statement["Action"]]
