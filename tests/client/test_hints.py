"""Hints by both clients, for single waits and many: a wait polls when its sync has changed, not after its pause."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.samples import MINE, STACK
from unisync import AsyncUnisync, Backoff, Fleet, FleetSync, Hints, Unisync
from unisync._core.clock import SystemClock
from unisync._waiters import waiters
from unisync.emulator import ACCOUNT, REGION, Emulator
from unisync.testing import FakeAsyncUnisync, FakeUnisync

LONG = Backoff(initial=600, maximum=600, jitter=0)


@pytest.fixture(autouse=True)
def stack(aws: Emulator) -> None:
    aws.add_stack("payments-prod", repository="acme/infra")
    aws.push(stack="payments-prod", sha=MINE, duration=3.0)


def wait_for(client: Unisync | AsyncUnisync, *, is_many: bool, on_progress: Callable[[Any], object]) -> None:
    options: dict[str, Any] = {"revision": MINE, "timeout": 7200, "backoff": LONG, "on_progress": on_progress}
    result: Any = client.wait_all([STACK], **options) if is_many else client.wait_until_active(STACK, **options)
    if isinstance(client, AsyncUnisync):
        result = asyncio.run(result)
    job = result[0].result() if is_many else result
    assert job.live_revision.sha == MINE


@pytest.mark.parametrize("is_many", [False, True])
@pytest.mark.parametrize("kind", [FakeUnisync, FakeAsyncUnisync])
def test_a_hint_ends_a_pause_and_never_replaces_a_poll(aws: Emulator, kind: type[Any], is_many: bool) -> None:
    """There is a hint in each pause, though nothing has changed in most of them."""
    hints, polls = Hints(), list[Any]()

    def on_progress(progress: Any) -> None:
        polls.append(progress)
        hints.notify(STACK)

    began = aws.clock.now()
    wait_for(kind(aws, hints=hints), is_many=is_many, on_progress=on_progress)
    assert 3 <= aws.clock.now() - began < 20
    assert len(polls) > 1, "at most one poll a second, until the commit was live"
    assert {progress.next_delay for progress in polls} == {600}


@pytest.mark.parametrize("is_many", [False, True])
@pytest.mark.parametrize("kind", [Unisync, AsyncUnisync])
def test_a_hint_of_another_thread_wakes_a_wait_in_real_time(
    aws: Emulator, kind: type[Any], is_many: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiters, "MIN_HINT_INTERVAL", 0.01)
    hints, threads = Hints(), list[threading.Thread]()

    def finish() -> None:
        aws.clock.advance(1000)
        hints.notify(STACK)

    def on_progress(progress: Any) -> None:
        threads.append(threading.Thread(target=finish))
        threads[-1].start()

    client = kind(**{**aws.client_options(), "clock": SystemClock()}, hints=hints)
    wait_for(client, is_many=is_many, on_progress=on_progress)
    for thread in threads:
        thread.join()
    assert len(threads) == 1


def test_hints_of_a_fleet_name_account_and_region(aws: Emulator) -> None:
    hints, ref = Hints(), FleetSync(ACCOUNT, REGION, STACK)
    options: dict[str, Any] = {**aws.client_options()}
    sessions = {ACCOUNT: options.pop("session")}
    with Fleet(sessions=sessions, regions=[REGION], hints=hints, **options) as fleet:
        began = aws.clock.now()
        outcomes = fleet.wait_all(
            [ref], revision=MINE, timeout=7200, backoff=LONG, on_progress=lambda progress: hints.notify(progress.ref)
        )
    assert outcomes[0].result().is_synced
    assert aws.clock.now() - began < 20


def test_a_wait_without_hints_pauses_as_long_as_it_should(aws: Emulator) -> None:
    hints = Hints()
    began = aws.clock.now()
    wait_for(FakeUnisync(aws, hints=hints), is_many=True, on_progress=lambda progress: None)
    assert aws.clock.now() - began == pytest.approx(600, abs=1)
