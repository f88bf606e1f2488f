"""Random calls of many threads and tasks at the same time, with random faults."""

from __future__ import annotations

import asyncio
import random
import threading
import time
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from botocore.config import Config

from tests.support.operations import Known
from tools.soak.actions import AsyncActor, SyncActor
from tools.soak.findings import MAX_GROWTH, Findings, Sample, count_tasks, take_sample
from tools.soak.remote_emulator import RemoteEmulator
from unisync import AsyncUnisync, RateLimit, Unisync
from unisync.emulator.clock import EmulatorClock

SPEED = 50.0
"""How fast the emulated time passes."""
THREADS, TASKS = 6, 24
"""How many use the blocking and the awaitable client at the same time."""
ACTIONS = 12
"""Actions of each of them in a round. After each round, no call is in flight."""
ROUNDS_PER_SAMPLE = 2
"""After this many rounds, the clients are closed and the resources are counted."""
FAULT_SHARE, TIMEOUT_SHARE = 0.15, 0.001
"""The shares of all requests that go wrong, and that time out."""


def run_random_calls(findings: Findings, seed: int, until: float) -> tuple[int, list[str]]:
    """Use both clients from many threads and tasks.

    Returns:
        The number of calls, and the resources that are left at the end.
    """
    with RemoteEmulator(seed, SPEED) as remote, loop_in_a_thread() as loop:
        remote.start_random_faults(FAULT_SHARE, TIMEOUT_SHARE)
        known = remote.reset()
        config = remote.options()["config"].merge(Config(read_timeout=1.0))
        options: dict[str, Any] = {**remote.options(), "config": config, "rate_limit": RateLimit(initial=500)}
        fast: dict[str, Any] = {**options, "clock": EmulatorClock(SPEED)}
        settle(loop)
        before = take_sample(count_tasks(loop))
        client = Unisync(**fast)
        async_client = AsyncUnisync(**options)
        number = 0
        while number < 4 * ROUNDS_PER_SAMPLE or time.monotonic() < until:
            number += 1
            draw = random.Random(seed * 1000 + number)
            run_round(findings, client, async_client, known, draw, loop, fast, options)
            remote.reset()
            if number % ROUNDS_PER_SAMPLE == 0:
                client.close()
                asyncio.run_coroutine_threadsafe(async_client.close(), loop).result(60)
                settle(loop)
                findings.sample(lambda: count_tasks(loop))
            if number % 10 == 0:
                print(f"round {number}: {remote.request_count()} calls, {findings.samples[-1]}", flush=True)
        client.close()
        asyncio.run_coroutine_threadsafe(async_client.close(), loop).result(60)
        settle(loop)
        return remote.request_count(), leftovers(before, take_sample(count_tasks(loop)))


def run_round(
    findings: Findings,
    client: Unisync,
    async_client: AsyncUnisync,
    known: Known,
    draw: random.Random,
    loop: asyncio.AbstractEventLoop,
    fast: dict[str, Any],
    options: dict[str, Any],
) -> None:
    """Have all threads and tasks perform their actions at the same time."""

    def run_thread(actor: SyncActor) -> None:
        # The first one also uses clients of its own, which are closed while it uses them.
        for number in range(ACTIONS):
            if actor.name == "thread-0" and number % 4 == 0:
                with Unisync(**fast) as own:
                    timer = threading.Timer(actor.draw.uniform(0, 0.2), own.close)
                    timer.start()
                    actor.act(own)
                timer.join()
            else:
                actor.act(client)

    async def run_task(actor: AsyncActor) -> None:
        for number in range(ACTIONS):
            if actor.name == "task-0" and number % 4 == 0:
                async with AsyncUnisync(**options) as own:
                    closing = asyncio.create_task(_close_soon(own, actor.draw.uniform(0, 0.2)))
                    await actor.act(own)
                    await closing
            else:
                await actor.act(async_client)

    async def run_tasks() -> None:
        actors = [
            AsyncActor(findings, known, random.Random(draw.random()), f"task-{number}", real_time=True)
            for number in range(TASKS)
        ]
        await asyncio.gather(*map(run_task, actors))

    actors = [
        SyncActor(findings, known, random.Random(draw.random()), f"thread-{number}", real_time=False)
        for number in range(THREADS)
    ]
    threads = [threading.Thread(target=run_thread, args=(actor,)) for actor in actors]
    tasks = asyncio.run_coroutine_threadsafe(run_tasks(), loop)
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    tasks.result()


async def _close_soon(client: AsyncUnisync, seconds: float) -> None:
    await asyncio.sleep(seconds)
    await client.close()


@contextmanager
def loop_in_a_thread() -> Generator[asyncio.AbstractEventLoop]:
    """An event loop that runs in a thread."""
    loop = asyncio.new_event_loop()
    # Start asyncio's own thread at once, so that it does not look like a leak.
    loop.set_default_executor(ThreadPoolExecutor(1))
    loop.run_until_complete(asyncio.to_thread(time.sleep, 0))
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield loop
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.run_until_complete(loop.shutdown_default_executor())
    loop.close()


def settle(loop: asyncio.AbstractEventLoop) -> None:
    """Wait until abandoned calls have ended: until no thread or task has ended or started for half a second."""
    since = time.monotonic()
    counts: object = None
    while time.monotonic() - since < 0.5:
        current = threading.active_count(), count_tasks(loop)
        if current != counts:
            counts, since = current, time.monotonic()
        time.sleep(0.05)


def leftovers(before: Sample, after: Sample) -> list[str]:
    """The resources that are still in use after everything was closed."""
    return [
        f"{name}: {first:g} before the calls, {last:g} after them"
        for name, first, last in zip(MAX_GROWTH, before, after, strict=True)
        if name in ("open files", "threads", "tasks") and last > first
    ]
