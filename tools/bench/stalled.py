"""Thousands of awaited calls in flight at a server that never responds: memory, and how fast they end."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import os
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tools.bench.results import Section, Table, Target

CALLS = 5000
MAX_SECONDS = 0.2


def section(quick: bool) -> Section:
    """Start and cancel the calls, each kind in a process of its own."""
    calls = 500 if quick else CALLS
    with stalled_server() as url:
        found, alone = _in_process("unisync", url, calls), _in_process("aiohttp", url, calls)
    rows = [
        ("calls in flight", f"{found['calls']:.0f}"),
        ("connections that the server accepted", f"{found['connections']:.0f}"),
        ("KiB for each call", f"{found['kib']:.1f}"),
        ("threads more than before", f"{found['threads']:.0f}"),
        ("ms until all are cancelled and closed", f"{1000 * found['seconds']:.0f}"),
        ("ms until the same requests of aiohttp alone are", f"{1000 * alone['seconds']:.0f}"),
        ("sockets left", f"{found['sockets_left']:.0f}"),
        ("threads left", f"{found['threads_left']:.0f}"),
    ]
    method = f"""
        {calls} tasks call `AsyncUnisync.get` at once, with as many connections allowed, on a server in another process
        that accepts each connection and never responds. Once all requests have been sent, the tasks are cancelled. The
        memory is the growth of the process for all of them. Then the same, in another process, with requests of
        aiohttp's own.
    """
    is_clean = not (found["sockets_left"] or found["threads_left"])
    targets = [
        Target(
            f"all are cancelled and closed within {MAX_SECONDS} s",
            f"{found['seconds']:.2f} s",
            found["seconds"] <= MAX_SECONDS,
        ),
        Target("no socket and no thread is left", "none" if is_clean else "some are", is_clean),
    ]
    return Section("Calls in flight at a stalled server", method, [Table(("", ""), rows)], targets, found)


def _in_process(client: str, url: str, calls: int) -> dict[str, float]:
    command = [sys.executable, "-m", "tools.bench.stalled", client, url, str(calls)]
    process = subprocess.run(command, check=True, capture_output=True, text=True, env=os.environ)
    found: dict[str, float] = json.loads(process.stdout)
    return found


@contextmanager
def stalled_server() -> Generator[str]:
    """The URL of a server, in its own process, that accepts connections and never responds."""
    command = [sys.executable, "-m", "tools.bench.stalled", "--serve"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"


def _allow_many_sockets() -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


async def _serve() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(asyncio.Protocol, "127.0.0.1", 0, backlog=5000)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


async def _measure(url: str, calls: int) -> dict[str, float]:
    from botocore.config import Config

    from unisync import AsyncUnisync, StackSync, TransportError

    config = Config(max_pool_connections=calls)
    threads, sockets = threading.active_count(), _open_sockets()
    async with AsyncUnisync(region_name="eu-west-1", endpoint_url=url, config=config) as client:
        # So that creating the client is in no figure.
        with contextlib.suppress(TransportError):
            await client.with_options(timeout=0.5, max_attempts=1).get(StackSync("prod"))
        gc.collect()
        memory, threads_before = _memory(), threading.active_count()
        tasks = [asyncio.create_task(client.get(StackSync("prod"))) for _ in range(calls)]
        await _until_sent(sockets + calls)
        kib = (_memory() - memory) / calls
        connections, threads_during = _open_sockets() - sockets, threading.active_count()
        seconds = await _seconds_to_cancel(tasks, sockets)
    return {
        "calls": calls,
        "connections": connections,
        "kib": kib,
        "threads": threads_during - threads_before,
        "seconds": seconds,
        "sockets_left": _open_sockets() - sockets,
        "threads_left": max(threading.active_count() - threads - 1, 0),  # one helper thread may be idle
    }


async def _measure_aiohttp(url: str, calls: int) -> dict[str, float]:
    import aiohttp

    sockets = _open_sockets()
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=calls)) as session:

        async def request() -> None:
            async with session.post(url, data=b"{}") as response:
                await response.read()

        gc.collect()
        tasks = [asyncio.create_task(request()) for _ in range(calls)]
        await _until_sent(sockets + calls)
        return {"seconds": await _seconds_to_cancel(tasks, sockets)}


async def _until_sent(sockets: int) -> None:
    while _open_sockets() < sockets:  # noqa: ASYNC110  # nothing tells
        await asyncio.sleep(0.05)
    await asyncio.sleep(0.5)


async def _seconds_to_cancel(tasks: Sequence[asyncio.Task[object]], sockets: int) -> float:
    began = time.perf_counter()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    while _open_sockets() > sockets:  # noqa: ASYNC110
        await asyncio.sleep(0)
    return time.perf_counter() - began


def _open_sockets() -> int:
    links = (os.path.realpath(path) for path in Path("/proc/self/fd").iterdir())
    return sum("socket:" in link for link in links)


def _memory() -> float:
    """KiB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))


if __name__ == "__main__":
    _allow_many_sockets()
    if sys.argv[1] == "--serve":
        asyncio.run(_serve())
    else:
        measure = {"unisync": _measure, "aiohttp": _measure_aiohttp}[sys.argv[1]]
        print(json.dumps(asyncio.run(measure(sys.argv[2], int(sys.argv[3])))))
