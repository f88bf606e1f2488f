"""Calls by chance, of many threads and tasks at the same time, of which a part goes astray."""

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
from tools.soak.acts import AwaitedActs, BlockingActs
from tools.soak.findings import MAY_GROW, Findings, Sample, now, tasks_of
from tools.soak.remote import Remote
from unisync import AsyncUnisync, RateLimit, Unisync
from unisync.emulator.clock import EmulatorClock

SPEED = 50.0
"""How fast the emulated time goes."""
THREADS, TASKS = 6, 24
"""How many use a client at the same time, of either kind."""
ACTS = 12
"""How much each of them does in a round. After each round, nothing is under way."""
EVERY = 2
"""After how many rounds both clients are closed, and it is counted what is held."""
SHARE, SILENT = 0.15, 0.001
"""The parts of all requests that go astray, and that are met by silence."""


def by_chance(findings: Findings, seed: int, until: float) -> tuple[int, list[str]]:
    """Use both clients from many threads and tasks: how many calls there were, and what was left of them at the end."""
    with Remote(seed, SPEED) as remote, loop_in_a_thread() as loop:
        remote.trouble(SHARE, SILENT)
        known = remote.reset()
        config = remote.options()["config"].merge(Config(read_timeout=1.0))
        options: dict[str, Any] = {**remote.options(), "config": config, "pace": RateLimit(initial=500)}
        fast: dict[str, Any] = {**options, "clock": EmulatorClock(SPEED)}
        settle(loop)
        before = now(tasks_of(loop))
        client = Unisync(**fast)
        awaited = AsyncUnisync(**options)
        number = 0
        while number < 4 * EVERY or time.monotonic() < until:
            number += 1
            one_round(findings, client, awaited, known, random.Random(seed * 1000 + number), loop, fast, options)
            remote.reset()
            if number % EVERY == 0:
                client.close()
                asyncio.run_coroutine_threadsafe(awaited.close(), loop).result(60)
                settle(loop)
                findings.sample(lambda: tasks_of(loop))
            if number % 10 == 0:
                print(f"round {number}: {remote.requests()} calls, {findings.samples[-1]}", flush=True)
        client.close()
        asyncio.run_coroutine_threadsafe(awaited.close(), loop).result(60)
        settle(loop)
        return remote.requests(), left_over(before, now(tasks_of(loop)))


def one_round(
    findings: Findings,
    client: Unisync,
    awaited: AsyncUnisync,
    known: Known,
    draw: random.Random,
    loop: asyncio.AbstractEventLoop,
    fast: dict[str, Any],
    options: dict[str, Any],
) -> None:
    """Let all threads and tasks do something at the same time, and end."""

    def work(acts: BlockingActs) -> None:
        # One of them has clients of its own, which are closed while they are at it.
        for number in range(ACTS):
            if acts.name.startswith("thread-0") and number % 4 == 0:
                with Unisync(**fast) as own:
                    hurried = threading.Timer(acts.draw.uniform(0, 0.2), own.close)
                    hurried.start()
                    acts.act(own)
                hurried.join()
            else:
                acts.act(client)

    async def work_awaited(acts: AwaitedActs) -> None:
        for number in range(ACTS):
            if acts.name.startswith("task-0") and number % 4 == 0:
                async with AsyncUnisync(**options) as own:
                    hurried = asyncio.create_task(_close_soon(own, acts.draw.uniform(0, 0.2)))
                    await acts.act(own)
                    await hurried
            else:
                await acts.act(awaited)

    async def all_tasks() -> None:
        acts = [
            AwaitedActs(findings, known, random.Random(draw.random()), f"task-{number}", real_time=True)
            for number in range(TASKS)
        ]
        await asyncio.gather(*map(work_awaited, acts))

    each = [
        BlockingActs(findings, known, random.Random(draw.random()), f"thread-{number}", real_time=False)
        for number in range(THREADS)
    ]
    threads = [threading.Thread(target=work, args=(acts,)) for acts in each]
    tasks = asyncio.run_coroutine_threadsafe(all_tasks(), loop)
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
    """An event loop that runs until the end."""
    loop = asyncio.new_event_loop()
    # asyncio's own threads, of which one is there from the start.
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
    """Wait until what was given up has ended: until nothing has changed for half a second."""
    since = time.monotonic()
    held: object = None
    while time.monotonic() - since < 0.5:
        later = threading.active_count(), tasks_of(loop)
        if later != held:
            held, since = later, time.monotonic()
        time.sleep(0.05)


def left_over(before: Sample, after: Sample) -> list[str]:
    """What is still held after everything was closed."""
    return [
        f"{name}: {was:g} before all, {now_:g} after it"
        for name, was, now_ in zip(MAY_GROW, before, after, strict=True)
        if name in ("open files", "threads", "tasks") and now_ > was
    ]
