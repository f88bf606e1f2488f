"""Waits end early: by an event, by Ctrl-C, by cancelling a task. They leave no threads behind."""

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

from tests.conftest import remove_aiohttp
from tests.support.processes import unmeasured
from tests.support.samples import FACTORY, STACK
from unisync import (
    AsyncUnisync,
    Backoff,
    InvalidArgumentError,
    StackSync,
    SyncState,
    TransportError,
    Unisync,
    WaitStoppedError,
    WaitToken,
)
from unisync.emulator import Emulator

pytestmark = pytest.mark.slow

STACKS = [StackSync(f"stack-{number}") for number in range(5)]
ROLE = "arn:aws:iam::123456789012:role/sync"
SOON = 10.0
"""Seconds that "at once" may take on a busy machine."""


@pytest.fixture
def real() -> Iterator[Emulator]:
    """An emulator in real time, whose five stacks take an hour to sync."""
    with Emulator() as aws:
        for ref in STACKS:
            aws.add_stack(ref.resource_name, repository="acme/infra")
            aws.push(stack=ref.resource_name, sha="a" * 40, duration=3600)
        yield aws


def after(seconds: float, action: Callable[[], object]) -> None:
    threading.Timer(seconds, action).start()


def client_threads() -> set[threading.Thread]:
    """The living threads that clients started."""
    return {each for each in threading.enumerate() if each.name.startswith("unisync") and "emulator" not in each.name}


def client_threads_end() -> bool:
    """Whether those threads end soon."""
    until = time.monotonic() + SOON
    while client_threads() and time.monotonic() < until:
        time.sleep(0.01)
    return not client_threads()


Wait = Callable[[Unisync, threading.Event], object]
WAITS: list[Wait] = [
    lambda client, stop: client.wait_until_active(STACKS[0], stop=stop, timeout=None),
    lambda client, stop: client.wait_until_deleted(STACKS[0], stop=stop, timeout=None),
    lambda client, stop: client.wait_until_resources_synced(FACTORY, stop=stop, timeout=None),
    lambda client, stop: client.resume(WaitToken.create(STACKS[0], timeout=None), stop=stop),
]


@pytest.mark.parametrize("wait", WAITS)
def test_an_event_ends_every_wait(real: Emulator, wait: Wait) -> None:
    real.add_workspace("factory")
    with Unisync(**real.client_options()) as client:
        client.twinmaker.create_sync_job("factory", sync_role=ROLE)
        stop = threading.Event()
        after(0.5, stop.set)
        began = time.monotonic()
        with pytest.raises(WaitStoppedError, match=r"was stopped; its last status was \w+ \(\w+\)") as stopped:
            wait(client, stop)
        assert time.monotonic() - began < 0.5 + SOON
        assert stopped.value.job is not None
        assert stopped.value.polls == 1
        assert stopped.value.elapsed > 0.4


def test_an_event_ends_a_wait_of_either_client_on_any_clock(aws: Emulator, either: Any) -> None:
    stop = threading.Event()
    aws.add_stack("payments-prod", repository="acme/infra")

    def soon(progress: Any) -> None:
        if progress.polls == 3:
            stop.set()

    with pytest.raises(WaitStoppedError) as stopped:
        either.wait_until_active(STACK, stop=stop, on_progress=soon)
    assert stopped.value.polls == 3
    with pytest.raises(WaitStoppedError, match="no poll succeeded") as stopped:
        either.wait_until_active(STACK, stop=stop)
    assert stopped.value.polls == 0
    assert len(aws.calls) == 3 * 2 + 1 + 2, (
        "three polls, each with a read of the configuration, and one read of the blockers and of the branch"
    )


def test_an_event_ends_many_waits_with_their_outcomes_so_far(real: Emulator) -> None:
    with Unisync(**real.client_options()) as client:
        stop = threading.Event()
        after(0.7, stop.set)
        began = time.monotonic()
        outcomes = client.wait_all(STACKS, stop=stop, timeout=None)
        assert time.monotonic() - began < 0.7 + SOON
        assert [(outcome.done, outcome.job and outcome.job.status.state) for outcome in outcomes] == [
            (False, SyncState.PENDING)
        ] * 5
        assert client_threads_end()


def test_an_event_ends_a_watch(real: Emulator) -> None:
    with Unisync(**real.client_options()) as client:
        stop = threading.Event()
        changes: list[Any] = []
        for change in client.watch(STACKS, stop=stop):
            changes.append(change)
            if len(changes) == 10:
                after(0.2, stop.set)
        assert {change.ref for change in changes} == set(STACKS)
        assert client_threads_end()


def test_a_bad_stop_is_rejected_before_any_call(aws: Emulator, either: Any) -> None:
    for wrong in (True, object(), 5):
        with pytest.raises(InvalidArgumentError, match="stop: expected a threading"):
            either.wait_until_active(STACK, stop=wrong)
        with pytest.raises(InvalidArgumentError, match="stop: expected a threading"):
            either.wait_all([STACK], stop=wrong)
    assert aws.calls == []


@pytest.fixture
def mute() -> Iterator[str]:
    """The URL of a server that accepts connections and never responds."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def options(url: str) -> dict[str, Any]:
    with Emulator() as aws:
        return {**aws.client_options(), "endpoint_url": url}


@pytest.mark.parametrize("many", [False, True])
def test_an_event_ends_a_call_without_a_response(mute: str, many: bool) -> None:
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
        assert client_threads_end()


def test_the_threads_of_a_cancelled_task_end_with_it(mute: str) -> None:
    async def main() -> None:
        async with AsyncUnisync(**options(mute)) as client:
            for wait in (client.wait_until_active(STACK, timeout=None), client.get_many(STACKS)):
                task: asyncio.Task[Any] = asyncio.ensure_future(wait)
                await asyncio.sleep(0.5)
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
            assert len(asyncio.all_tasks()) == 1
        assert client_threads_end()

    asyncio.run(main())


@pytest.mark.parametrize("has_aiohttp", [True, False])
def test_closing_a_client_ends_its_calls_with_an_error(
    mute: str, has_aiohttp: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not has_aiohttp:
        remove_aiohttp(monkeypatch)

    async def main() -> None:
        client = AsyncUnisync(**options(mute))
        waits = [asyncio.create_task(client.get(StackSync(f"s-{number}"))) for number in range(30)]
        await asyncio.sleep(0.5)
        await client.close()
        done, _ = await asyncio.wait(waits, timeout=0.5)
        assert len(done) == (30 if has_aiohttp else 20), "ten are in flight, and threads cannot be interrupted"
        assert {type(task.exception()) for task in done} == {TransportError}
        for task in waits:
            task.cancel()
        await asyncio.wait(waits)
        assert client_threads_end()

    asyncio.run(main())


PROGRAM = """
import signal, sys, threading, time
from unisync import StackSync, Unisync
from unisync.emulator import Emulator
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may have set it to be ignored
with Emulator() as aws:
    for number in range(5):
        aws.add_stack(f"stack-{number}", repository="acme/infra")
    aws.fault("GetResourceSyncStatus", "slow", seconds=60, times=None) if sys.argv[2] == "slow" else None
    client = Unisync(**aws.client_options())
    refs = [StackSync(f"stack-{number}") for number in range(5)]
    said = threading.Event()
    def tell(_):
        if not said.is_set():
            said.set()
            print("waiting", flush=True)
    def tell_of_calls():
        while not aws.calls:
            time.sleep(0.01)
        tell(None)
    if sys.argv[2] == "slow":
        threading.Thread(target=tell_of_calls).start()
    try:
        if sys.argv[1] == "one":
            client.wait_until_active(refs[0], timeout=None, on_progress=tell)
        elif sys.argv[1] == "many":
            client.wait_all(refs, timeout=None, on_progress=tell)
        else:
            for change in client.watch(refs):
                tell(change)
    except KeyboardInterrupt:
        left = {each.name for each in threading.enumerate() if each.name.startswith("unisync")} - {"unisync-emulator"}
        print("interrupted", left, flush=True)
"""


@pytest.mark.skipif(os.name != "posix", reason="sends SIGINT")
@pytest.mark.parametrize(
    ("kind", "responses"),
    [
        ("many", "quick"),
        ("one", "slow"),
        ("one", "quick"),
        ("many", "slow"),
        ("watch", "slow"),
        ("watch", "quick"),
    ],
)
def test_ctrl_c_ends_waits_at_once(kind: str, responses: str, tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    command = [sys.executable, str(program), kind, responses]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=unmeasured()) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "waiting\n"
        process.send_signal(signal.SIGINT)
        began = time.monotonic()
        assert process.stdout.readline() == "interrupted set()\n"
        assert process.wait(10) == 0
        assert time.monotonic() - began < 2 * SOON


def test_an_event_ends_a_pause_on_any_clock(aws: Emulator) -> None:
    """With a poll every hour, on a clock that runs a hundred times as fast."""
    stop = threading.Event()
    with Emulator(speed=100) as fast:
        fast.add_stack("payments-prod", repository="acme/infra")
        after(0.3, stop.set)
        began = time.monotonic()
        with Unisync(**fast.client_options()) as client, pytest.raises(WaitStoppedError):
            client.wait_until_active(STACK, stop=stop, backoff=Backoff(initial=3600, maximum=3600), timeout=None)
        assert time.monotonic() - began < 0.3 + SOON
