"""The events of Git sync: each change of a status once, in the order of the emulated time, as `aws_events` reads it."""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.emulator.clients import BotoClients
from unisync import Hints, StackSync, SyncState, Unisync
from unisync.aws_events import SyncNotice, parse_event
from unisync.emulator import ACCOUNT, REGION, Emulator, EmulatorClock
from unisync.emulator._state.account import AccountState
from unisync.testing import FakeUnisync

OLD = "0a1b2c3d6b7a80934cde51f2a6b7c8d9e0f1a2b3"
NEW = "4f2c9e1d6b7a80934cde51f2a6b7c8d9e0f1a2b3"
STACK = StackSync("payments")

Events = list[dict[str, Any]]


@pytest.fixture
def events() -> Events:
    return []


@pytest.fixture
def emitting(events: Events) -> Iterator[Emulator]:
    """An emulator with a manual clock and a stack, which keeps its events."""
    with Emulator(clock="manual", on_event=events.append) as aws:
        aws.add_stack("payments", repository="acme/infra")
        yield aws


def notice(event: dict[str, Any]) -> SyncNotice:
    found = parse_event(json.dumps(event))
    assert found is not None
    return found


def seen(events: Events, kind: str = "sync") -> list[tuple[str | None, str | None, str]]:
    """The commit, the status before and the status, of each event of a kind."""
    notices = [notice(event) for event in events]
    return [(each.revision, each.previous_aws_state, each.aws_state) for each in notices if each.kind == kind]


def all_of(sha: str, outcome: str, before: str | None = None) -> list[tuple[str | None, str | None, str]]:
    return [(sha, before, "INITIATED"), (sha, "INITIATED", "IN_PROGRESS"), (sha, "IN_PROGRESS", outcome)]


def test_every_event_is_read_as_what_it_is(emitting: Emulator, events: Events) -> None:
    emitting.push(stack="payments", sha=NEW, duration=60)
    began = emitting.clock.time()
    emitting.clock.advance(600)
    notices = [notice(event) for event in events]
    assert [(each.kind, each.aws_state) for each in notices] == [
        ("repository", "INITIATED"),
        ("sync", "INITIATED"),
        ("repository", "IN_PROGRESS"),
        ("repository", "SUCCEEDED"),
        ("sync", "IN_PROGRESS"),
        ("sync", "SUCCEEDED"),
    ]
    for each in notices:
        assert (each.account, each.region, each.revision, each.branch) == (ACCOUNT, REGION, NEW, "main")
        assert (each.repository_name, each.provider, each.sync_type) == ("infra", "GitHub", "CFN_STACK_SYNC")
    branch, sync = notices[0], notices[-1]
    assert (sync.ref, sync.state, sync.previous_state) == (STACK, SyncState.ACTIVE, SyncState.RUNNING)
    assert (branch.ref, branch.owner, branch.previous_state) == (None, "acme", None)
    with BotoClients(emitting.url) as boto:
        (link,) = boto.call("codeconnections", "ListRepositoryLinks", {})["RepositoryLinks"]
        stack = boto.call("cloudformation", "DescribeStacks", {"StackName": "payments"})["Stacks"][0]
    assert (branch.repository_link_id, branch.connection_arn) == (link["RepositoryLinkId"], link["ConnectionArn"])
    assert events[0]["resources"] == [link["RepositoryLinkArn"]]
    assert events[-1]["resources"] == [stack["StackId"]]
    assert sync.time == datetime.fromtimestamp(int(began + 60), UTC)
    assert len({each.event_id for each in notices}) == 6
    times = [event["time"] for event in events]
    assert times == sorted(times)


def test_both_spellings_of_the_types_are_those_of_awss_examples(emitting: Emulator, events: Events) -> None:
    emitting.push(stack="payments", sha=NEW, duration=0)
    emitting.clock.advance(0)
    assert [each["detail-type"] for each in events[:2]] == [
        "GitSync Repository Sync Status Change",
        "Git Sync Resource Sync Status Change",
    ]


@pytest.mark.parametrize("step", [0.5, 1, 7, 1000])
def test_none_is_lost_and_none_comes_twice(emitting: Emulator, events: Events, step: float) -> None:
    """However the clock gets there, and whether something polls or not."""
    emitting.push(stack="payments", sha=OLD, outcome="FAILED", reason="no", detection_delay=10)
    emitting.push(stack="payments", sha=NEW, detection_delay=70, events=[("CLEAN_UP", "done")])
    while emitting.clock.now() < 200:
        emitting.clock.advance(step)
    assert seen(events) == all_of(OLD, "FAILED") + all_of(NEW, "SUCCEEDED", "FAILED")
    assert seen(events, "repository") == all_of(OLD, "SUCCEEDED") + all_of(NEW, "SUCCEEDED", "SUCCEEDED")
    emitting.clock.advance(1000)
    assert len(events) == 12


def test_an_attempt_that_a_push_interrupts_has_no_end(emitting: Emulator, events: Events) -> None:
    emitting.push(stack="payments", sha=OLD)
    emitting.clock.advance(1)
    emitting.push(stack="payments", sha=NEW)
    emitting.clock.advance(100)
    assert seen(events) == [(OLD, None, "INITIATED"), *all_of(NEW, "SUCCEEDED", "INITIATED")]
    branch = [(OLD, None, "INITIATED"), (OLD, "INITIATED", "IN_PROGRESS")]  # it is cloned after a second
    assert seen(events, "repository") == [*branch, *all_of(NEW, "SUCCEEDED", "IN_PROGRESS")]


def test_a_blocked_commit_has_events_once_it_is_synced(emitting: Emulator, events: Events) -> None:
    emitting.modify(stack="payments")
    emitting.push(stack="payments", sha=NEW)
    emitting.clock.advance(100)
    assert seen(events) == []
    emitting.unblock(stack="payments")
    emitting.clock.advance(100)
    assert seen(events) == all_of(NEW, "SUCCEEDED")


def test_a_branch_that_fails_has_events_and_one_that_is_queued_has_none(emitting: Emulator, events: Events) -> None:
    emitting.fail_branch(stack="payments", sha=OLD)
    emitting.clock.advance(10)
    emitting.queue_branch(stack="payments", sha=NEW)
    emitting.clock.advance(10)
    assert (seen(events), seen(events, "repository")) == ([], all_of(OLD, "FAILED"))


def test_a_connection_that_is_not_available_fails_the_branch(emitting: Emulator, events: Events) -> None:
    with BotoClients(emitting.url) as boto:
        (connection,) = boto.call("codeconnections", "ListConnections", {})["Connections"]
    emitting.set_connection_status(connection["ConnectionArn"], "ERROR")
    emitting.push(stack="payments", sha=NEW)
    emitting.clock.advance(10)
    assert seen(events, "repository") == [(NEW, None, "INITIATED"), (NEW, "INITIATED", "FAILED")]
    assert seen(events) == []


def test_a_deleted_configuration_ends_what_was_synced_and_loses_nothing(emitting: Emulator, events: Events) -> None:
    emitting.push(stack="payments", sha=OLD)
    emitting.push(stack="payments", sha=NEW, detection_delay=10)
    emitting.clock.advance(6)
    with BotoClients(emitting.url) as boto:
        stack = {"ResourceName": "payments", "SyncType": "CFN_STACK_SYNC"}
        boto.call("codeconnections", "DeleteSyncConfiguration", stack)
    emitting.clock.advance(100)
    assert seen(events) == [(OLD, None, "INITIATED"), (OLD, "INITIATED", "IN_PROGRESS")]


def test_accounts_and_stacks_are_told_apart(emitting: Emulator, events: Events) -> None:
    other = emitting.account(account="210987654321", region="us-east-1")
    for account in (emitting, other):
        account.add_stack("payments", repository="acme/infra")
        account.add_stack("orders", repository="acme/infra", branch="live")
    emitting.push(stack="payments", sha=OLD)
    emitting.push(stack="orders", sha=NEW)
    other.push(stack="payments", sha=OLD)
    other.push(stack="orders", sha=NEW)
    emitting.clock.advance(60)
    for place in ((ACCOUNT, REGION), ("210987654321", "us-east-1")):
        there = [event for event in events if (event["account"], event["region"]) == place]
        for ref, sha in ((STACK, OLD), (StackSync("orders"), NEW)):
            assert seen([each for each in there if notice(each).ref == ref]) == all_of(sha, "SUCCEEDED")
        for branch, sha in (("main", OLD), ("live", NEW)):
            of_branch = [each for each in there if each["detail"]["branch"] == branch]
            assert seen(of_branch, "repository") == all_of(sha, "SUCCEEDED")


@pytest.mark.parametrize(
    ("provider", "named"), [("Bitbucket", "BitBucket"), ("GitHubEnterpriseServer", "GitHub Enterprise")]
)
def test_providers_have_the_names_of_the_events(emitting: Emulator, events: Events, provider: str, named: str) -> None:
    emitting.add_stack("orders", repository="acme/shop", provider=provider)
    emitting.push(stack="orders", sha=NEW)
    emitting.clock.advance(1)
    assert {each["detail"]["providerType"] for each in events} == {named}
    assert {notice(each).provider for each in events} == {provider}


def test_a_wait_emits_as_its_sleeps_move_the_clock(events: Events) -> None:
    client = FakeUnisync(Emulator(clock="manual", on_event=events.append))
    client.aws.add_stack("payments", repository="acme/infra")
    client.aws.push(stack="payments", sha=NEW)
    client.wait_until_active(STACK, revision=NEW)
    assert seen(events) == all_of(NEW, "SUCCEEDED")


def test_a_receiver_may_read_the_sync_and_move_the_clock() -> None:
    states: list[tuple[str, str]] = []

    def on_event(event: dict[str, Any]) -> None:
        found = notice(event)
        if found.ref is not None:
            states.append((found.aws_state, client.get(STACK).status.aws_state))
            aws.clock.advance(2)

    with Emulator(clock="manual", on_event=on_event) as aws, Unisync(**aws.client_options()) as client:
        aws.add_stack("payments", repository="acme/infra")
        aws.push(stack="payments", sha=NEW, duration=8)
        aws.clock.advance(1)
        assert states == [("INITIATED", "INITIATED")]
        aws.clock.advance(3)
        assert states[1:] == [("IN_PROGRESS", "IN_PROGRESS"), ("SUCCEEDED", "SUCCEEDED")]


def test_an_exception_of_the_receiver_is_raised_and_loses_one_event() -> None:
    received: Events = []

    def on_event(event: dict[str, Any]) -> None:
        if not received:
            received.append(event)
            raise RuntimeError("cannot")
        received.append(event)

    with Emulator(clock="manual", on_event=on_event) as aws:
        aws.add_stack("payments", repository="acme/infra")
        aws.push(stack="payments", sha=NEW)
        with pytest.raises(RuntimeError, match="cannot"):
            aws.clock.advance(60)
        aws.clock.advance(0)
    assert seen(received) == all_of(NEW, "SUCCEEDED")
    assert seen(received, "repository") == all_of(NEW, "SUCCEEDED")


def test_events_may_be_the_hints_of_a_wait() -> None:
    hints = Hints()

    def on_event(event: dict[str, Any]) -> None:
        hints.notify(notice(event))

    with Emulator(speed=1000, on_event=on_event) as aws, Unisync(**aws.client_options(), hints=hints) as client:
        aws.add_stack("payments", repository="acme/infra")
        aws.push(stack="payments", sha=NEW)
        assert client.wait_until_active(STACK, revision=NEW).require_live().sha == NEW


def test_a_clock_that_runs_by_itself_emits_though_nothing_polls() -> None:
    received: queue.Queue[dict[str, Any]] = queue.Queue()
    with Emulator(speed=1000, on_event=received.put) as aws:
        aws.add_stack("payments", repository="acme/infra")
        aws.push(stack="payments", sha=NEW)
        events = [received.get(timeout=20) for _ in range(6)]
        assert seen(events) == all_of(NEW, "SUCCEEDED")
        assert not aws.calls
    assert received.empty()


def test_the_last_events_are_emitted_when_the_emulator_stops(events: Events) -> None:
    with Emulator(speed=1e6, on_event=events.append) as aws:
        aws.add_stack("payments", repository="acme/infra")
        aws.push(stack="payments", sha=NEW, duration=0)
    assert len(seen(events)) == 3
    assert not any(thread.name == "unisync-emulator-events" for thread in threading.enumerate())


def test_a_thread_goes_on_after_an_exception_and_logs_it(caplog: pytest.LogCaptureFixture) -> None:
    received: queue.Queue[dict[str, Any]] = queue.Queue()

    def on_event(event: dict[str, Any]) -> None:
        received.put(event)
        if received.qsize() == 1:
            raise RuntimeError("cannot")

    with Emulator(speed=1000, on_event=on_event) as aws:
        aws.add_stack("payments", repository="acme/infra")
        aws.push(stack="payments", sha=NEW)
        events = [received.get(timeout=20) for _ in range(6)]
    assert seen(events) == all_of(NEW, "SUCCEEDED")
    assert "on_event failed" in caplog.text


def test_a_listener_of_the_clock_is_called_when_it_moved() -> None:
    clock, moments = EmulatorClock(None), list[float]()
    clock.on_advance(lambda: moments.append(clock.now()))
    clock.advance(2)
    clock.sleep(3)
    assert moments == [2, 5]
    assert (clock.is_manual, EmulatorClock().is_manual) == (True, False)


def test_the_emitted_statuses_are_those_that_a_poll_sees(emitting: Emulator, events: Events) -> None:
    emitting.push(stack="payments", sha=OLD, duration=20)
    account: AccountState = emitting._account
    polled: list[str] = []
    for _ in range(40):
        emitting.clock.advance(1)
        latest = account.configurations["payments"].sync.latest(emitting.clock.now())
        assert latest is not None
        if latest.status not in polled:
            polled.append(latest.status)
        assert seen(events)[-1] == (OLD, seen(events)[-1][1], latest.status)
    assert polled == ["INITIATED", "IN_PROGRESS", "SUCCEEDED"]
