"""Waits end when they are told to: by an event, by Ctrl-C, by cancelling a task. Nothing of theirs outlives them."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.samples import FACTORY, STACK
from unisync import (
    AsyncUnisync,
    Backoff,
    InvalidRequestError,
    StackSync,
    SyncState,
    TransportError,
    Unisync,
    WaitStoppedError,
    WaitToken,
)
from unisync.emulator import Emulator

STACKS = [StackSync(f"stack-{number}") for number in range(5)]
ROLE = "arn:aws:iam::123456789012:role/sync"
SOON = 2.0
"""Seconds, of a busy machine, in which something happens that happens at once."""


@pytest.fixture
def real() -> Iterator[Emulator]:
    """An emulated AWS in real time, in which five stacks are under way for an hour."""
    with Emulator() as aws:
        for ref in STACKS:
            aws.add_stack(ref.resource_name, repository="acme/infra")
            aws.push(stack=ref.resource_name, sha="a" * 40, duration=3600)
        yield aws


def after(seconds: float, act: Callable[[], object]) -> None:
    threading.Timer(seconds, act).start()


def threads() -> set[threading.Thread]:
    """Those of a client's making that are alive."""
    return {each for each in threading.enumerate() if each.name.startswith("unisync") and "emulator" not in each.name}


def none_left(since: float) -> bool:
    """Whether those threads end soon."""
    while threads() and time.monotonic() - since < SOON:
        time.sleep(0.01)
    return not threads()


Wait = Callable[[Unisync, threading.Event], object]
WAITS: list[Wait] = [
    lambda client, stop: client.wait_until_active(STACKS[0], stop=stop, timeout=None),
    lambda client, stop: client.wait_until_deleted(STACKS[0], stop=stop, timeout=None),
    lambda client, stop: client.wait_until_resources_synced(FACTORY, stop=stop, timeout=None),
    lambda client, stop: client.resume(WaitToken.create(STACKS[0], timeout=None), stop=stop),
]


@pytest.mark.parametrize("wait", WAITS)
def test_an_event_ends_a_wait(real: Emulator, wait: Wait) -> None:
    real.add_workspace("factory")
    with Unisync(**real.client_options()) as client:
        client.twinmaker.create_sync_job("factory", sync_role=ROLE)
        stop = threading.Event()
        after(0.5, stop.set)
        began = time.monotonic()
        with pytest.raises(WaitStoppedError, match=r"was stopped; last seen \w+ \(\w+\)") as stopped:
            wait(client, stop)
        assert time.monotonic() - began < 0.5 + SOON
        assert stopped.value.job is not None
        assert stopped.value.attempts == 1
        assert stopped.value.elapsed > 0.4


def test_an_event_ends_a_wait_on_either_client_and_any_clock(aws: Emulator, either: Any) -> None:
    stop = threading.Event()
    aws.add_stack("payments-prod", repository="acme/infra")

    def soon(progress: Any) -> None:
        if progress.attempt == 3:
            stop.set()

    with pytest.raises(WaitStoppedError) as stopped:
        either.wait_until_active(STACK, stop=stop, on_progress=soon)
    assert stopped.value.attempts == 3
    with pytest.raises(WaitStoppedError, match="never seen") as stopped:
        either.wait_until_active(STACK, stop=stop)
    assert stopped.value.attempts == 0
    assert len(aws.calls) == 3 + 1 + 3, "three looks, and two definitions that had to be read, and blockers"


def test_many_waits_are_ended_together_and_tell_what_they_saw(real: Emulator) -> None:
    with Unisync(**real.client_options()) as client:
        stop = threading.Event()
        after(0.7, stop.set)
        began = time.monotonic()
        outcomes = client.wait_all(STACKS, stop=stop, timeout=None)
        assert time.monotonic() - began < 0.7 + SOON
        assert [(outcome.done, outcome.job and outcome.job.status.state) for outcome in outcomes] == [
            (False, SyncState.PENDING)
        ] * 5
        assert none_left(time.monotonic())


def test_a_watch_is_ended_by_an_event(real: Emulator) -> None:
    with Unisync(**real.client_options()) as client:
        stop = threading.Event()
        seen: list[Any] = []
        for change in client.watch(STACKS, stop=stop):
            seen.append(change)
            if len(seen) == 10:
                after(0.2, stop.set)
        assert {change.ref for change in seen} == set(STACKS)
        assert none_left(time.monotonic())


def test_what_is_no_event_is_refused(aws: Emulator, either: Any) -> None:
    for wrong in (True, object(), 5):
        with pytest.raises(InvalidRequestError, match="stop: expected a threading"):
            either.wait_until_active(STACK, stop=wrong)
        with pytest.raises(InvalidRequestError, match="stop: expected a threading"):
            either.wait_all([STACK], stop=wrong)
    assert aws.calls == []


@pytest.fixture
def mute() -> Iterator[str]:
    """The URL of a server that takes requests and answers none."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def options(url: str) -> dict[str, Any]:
    with Emulator() as aws:
        return {**aws.client_options(), "endpoint_url": url}


@pytest.mark.parametrize("many", [False, True])
def test_a_call_that_is_not_answered_is_given_up(mute: str, many: bool) -> None:
    with Unisync(**options(mute)) as client:
        stop = threading.Event()
        after(0.5, stop.set)
        began = time.monotonic()
        if many:
            outcomes = client.wait_all(STACKS, stop=stop, timeout=None)
            assert not any(outcome.done for outcome in outcomes)
        else:
            with pytest.raises(WaitStoppedError):
                client.wait_until_active(STACK, stop=stop, timeout=None)
        assert time.monotonic() - began < 0.5 + SOON
        assert none_left(time.monotonic())


def test_the_thread_of_a_cancelled_task_ends_with_it(mute: str) -> None:
    async def main() -> None:
        async with AsyncUnisync(**options(mute)) as client:
            for wait in (client.wait_until_active(STACK, timeout=None), client.get_many(STACKS)):
                task: asyncio.Task[Any] = asyncio.ensure_future(wait)
                await asyncio.sleep(0.5)
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
            assert len(asyncio.all_tasks()) == 1
        assert none_left(time.monotonic())

    asyncio.run(main())


def test_a_client_that_is_closed_ends_its_waits_with_an_error_and_no_cancellation(mute: str) -> None:
    async def main() -> None:
        client = AsyncUnisync(**options(mute))
        waits = [asyncio.create_task(client.get(StackSync(f"s-{number}"))) for number in range(30)]
        await asyncio.sleep(0.5)
        await client.close()
        done, _ = await asyncio.wait(waits, timeout=0.5)
        assert len(done) == 20, "ten are under way, in threads"
        assert {type(task.exception()) for task in done} == {TransportError}
        for task in waits:
            task.cancel()
        await asyncio.wait(waits)
        assert none_left(time.monotonic())

    asyncio.run(main())


PROGRAM = """
import signal, sys, threading, time
from unisync import StackSync, Unisync
from unisync.emulator import Emulator
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may have had it ignored
with Emulator() as aws:
    for number in range(5):
        aws.add_stack(f"stack-{number}", repository="acme/infra")
    aws.fault("GetResourceSyncStatus", "slow", seconds=60, times=None) if sys.argv[2] == "slow" else None
    client = Unisync(**aws.client_options())
    refs = [StackSync(f"stack-{number}") for number in range(5)]
    threading.Timer(0.7, print, ["waiting"], {"flush": True}).start()
    try:
        if sys.argv[1] == "one":
            client.wait_until_active(refs[0], timeout=None)
        elif sys.argv[1] == "many":
            client.wait_all(refs, timeout=None)
        else:
            for change in client.watch(refs):
                pass
    except KeyboardInterrupt:
        left = {each.name for each in threading.enumerate() if each.name.startswith("unisync")} - {"unisync-emulator"}
        print("interrupted", left, flush=True)
"""


@pytest.mark.skipif(os.name != "posix", reason="sends SIGINT")
@pytest.mark.parametrize("kind", ["one", "many", "watch"])
@pytest.mark.parametrize("answers", ["slow", "quick"])
def test_ctrl_c_ends_it_at_once(kind: str, answers: str, tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    command = [sys.executable, str(program), kind, answers]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "waiting\n"
        process.send_signal(signal.SIGINT)
        began = time.monotonic()
        assert process.stdout.readline() == "interrupted set()\n"
        assert process.wait(10) == 0
        assert time.monotonic() - began < 2 * SOON


def test_a_pause_is_ended_by_an_event_whatever_the_clock(aws: Emulator) -> None:
    """With a look every minute, on a clock that runs a hundred times as fast."""
    stop = threading.Event()
    with Emulator(speed=100) as fast:
        fast.add_stack("payments-prod", repository="acme/infra")
        after(0.3, stop.set)
        began = time.monotonic()
        with Unisync(**fast.client_options()) as client, pytest.raises(WaitStoppedError):
            client.wait_until_active(STACK, stop=stop, backoff=Backoff(initial=3600, maximum=3600), timeout=None)
        assert time.monotonic() - began < 0.3 + SOON
