"""Hints: which waits they are for, and how they end pauses in threads and on event loops."""

from __future__ import annotations

import asyncio
import gc
import threading
import time
from typing import Any

import pytest

from tests.support.samples import FACTORY, STACK
from unisync import Fleet, FleetSync, Hints, InvalidArgumentError, StackSync, SyncRef, Unisync
from unisync._core.clock import SystemClock, async_sleep, sleep
from unisync._core.commands import Sleep
from unisync._core.signals import Signal
from unisync._waiters.hints import Branch
from unisync.aws_events import parse_event

LONG = 3600.0
ACCOUNT, REGION = "123456789012", "eu-west-1"


def located(account: str = ACCOUNT, region: str = REGION) -> SyncRef[Any]:
    return FleetSync(account, region, STACK)


@pytest.mark.parametrize(
    ("hint", "ref", "is_for_it"),
    [
        (STACK, STACK, True),
        (StackSync("payments-test"), STACK, False),
        (FACTORY, STACK, False),
        (STACK, located(), True),
        (located(), STACK, True),
        (located(), located(), True),
        (located("210987654321"), located(), False),
        (located(region="us-east-1"), located(), False),
        # A fleet may know an account by a name, which an event does not have.
        (located(), located("production"), True),
        (located(region="us-east-1"), located("production"), False),
    ],
)
def test_a_hint_is_for_the_waits_for_its_sync(hint: SyncRef[Any], ref: SyncRef[Any], is_for_it: bool) -> None:
    hints = Hints()
    listener = hints.listener(ref)
    hints.notify(hint)
    assert listener.is_set() == is_for_it


def event(kind: str, **detail: str) -> dict[str, Any]:
    fields = {"status": "SUCCEEDED", "repositoryName": "infra", "ownerId": "acme", "branch": "main", **detail}
    return {
        "source": "aws.codeconnections",
        "detail-type": f"Git Sync {kind} Sync Status Change",
        "account": ACCOUNT,
        "region": REGION,
        "detail": fields,
    }


def test_a_notice_of_a_sync_is_for_that_sync() -> None:
    hints = Hints()
    listeners = {ref: hints.listener(ref) for ref in (STACK, located(), located(region="us-east-1"), FACTORY)}
    target = f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/{STACK.resource_name}/1"
    hints.notify(parse_event(event("Resource", syncTarget=target, syncType="CFN_STACK_SYNC")))
    assert [ref for ref, listener in listeners.items() if listener.is_set()] == [STACK, located()]


def test_a_notice_of_a_branch_is_for_the_syncs_that_follow_it() -> None:
    hints = Hints()
    follows, other, unknown = (hints.listener(STACK) for _ in range(3))
    follows.branch = Branch("acme", "infra", "main")
    other.branch = Branch("acme", "infra", "release")
    hints.notify(parse_event(event("Repository")))
    assert [each.is_set() for each in (follows, other, unknown)] == [True, False, False]


def test_a_foreign_event_is_ignored_and_anything_else_is_rejected() -> None:
    hints = Hints()
    listener = hints.listener(STACK)
    hints.notify(parse_event({"source": "aws.ec2", "detail-type": "Instance", "detail": {}}))
    assert not listener.is_set()
    wrong: list[Any] = ["codeconnections:payments-prod", {"detail": {}}, 5]
    for each in wrong:
        with pytest.raises(InvalidArgumentError, match="hint: expected a reference or a SyncNotice"):
            hints.notify(each)


def test_a_wait_that_is_gone_is_forgotten() -> None:
    hints = Hints()
    listener = hints.listener(STACK)
    before = hints.is_listened_to
    del listener
    gc.collect()
    assert (before, hints.is_listened_to) == (True, False)
    hints.notify(STACK)


def test_a_signal_calls_back_when_it_is_set_or_was_set_before() -> None:
    signal, calls = Signal(), list[int]()

    def called() -> None:
        calls.append(1)

    signal.subscribe(called)
    signal.set()
    signal.clear()
    signal.set()
    assert len(calls) == 2
    signal.unsubscribe(called)
    signal.set()
    assert len(calls) == 2
    signal.subscribe(called)
    assert len(calls) == 3


def in_a_thread(work: Any) -> threading.Thread:
    thread = threading.Thread(target=work)
    thread.start()
    return thread


@pytest.mark.parametrize("is_before", [False, True])
@pytest.mark.parametrize("is_async", [False, True])
@pytest.mark.parametrize("has_stop", [False, True])
def test_a_signal_ends_a_pause_in_real_time(is_async: bool, is_before: bool, has_stop: bool) -> None:
    signal = Signal()
    if is_before:
        signal.set()
    pause = Sleep(LONG, threading.Event() if has_stop else None, signal)
    thread = in_a_thread(lambda: None if is_before else signal.set())
    began = time.monotonic()
    if is_async:
        asyncio.run(async_sleep(pause, SystemClock()))
    else:
        sleep(pause, SystemClock())
    thread.join()
    assert time.monotonic() - began < LONG / 2


@pytest.mark.parametrize("is_async", [False, True])
def test_a_stop_signal_ends_a_pause_that_has_another(is_async: bool) -> None:
    stop = threading.Event()
    stop.set()
    pause = Sleep(LONG, stop, Signal())
    if is_async:
        asyncio.run(async_sleep(pause, SystemClock()))
    else:
        sleep(pause, SystemClock())


def test_a_pause_without_a_hint_lasts_as_long_as_it_should() -> None:
    clock = SystemClock()
    began = clock.now()
    sleep(Sleep(0.02, None, Signal()), clock)
    asyncio.run(async_sleep(Sleep(0.02, None, Signal()), clock))
    assert clock.now() >= began + 0.04


def test_hints_must_be_hints() -> None:
    wrong: Any = "all"
    for make in (lambda: Unisync(hints=wrong), lambda: Fleet(["arn:aws:iam::123456789012:role/x"], hints=wrong)):
        with pytest.raises(InvalidArgumentError, match="hints: expected a Hints object"):
            make()
