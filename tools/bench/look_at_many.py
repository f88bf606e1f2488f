"""One way to look at many syncs, in a process of its own that imports no other: prints what it took, as JSON."""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

REGION = "eu-west-1"
NAME = "prod"
AWAY = "another"
"""What is looked at first, so that making the client is in no figure but the memory."""


def main() -> None:
    """Look in the way that the command line says."""
    way, url, looks, at_once = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    done = _WAYS[way](url, looks, at_once)
    print(json.dumps({**done, "memory": _peak_memory()}))


def _peak_memory() -> float:
    """MiB."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        # In bytes on macOS. Linux, which counts it in kilobytes, would count what started this process too.
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:"))


class _Watch:
    """Takes the time of what is done inside."""

    def __enter__(self) -> _Watch:
        self._cpu, self._wall = time.process_time(), time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        self.took = {"cpu": time.process_time() - self._cpu, "wall": time.perf_counter() - self._wall}


def _blocking(url: str, looks: int, at_once: int) -> dict[str, float]:
    from botocore.config import Config

    from unisync import RateLimit, StackSync, Unisync

    config = Config(max_pool_connections=at_once)
    pace = RateLimit(initial=100_000, maximum=100_000)
    with Unisync(region_name=REGION, endpoint_url=url, config=config, rate_limit=pace) as client:
        client.get(StackSync(AWAY))
        with _Watch() as watch:
            outcomes = client.get_many([StackSync(NAME)] * looks)
    assert all(outcome.result().status.aws_state == "SUCCEEDED" for outcome in outcomes)
    return watch.took


def _awaitable(url: str, looks: int, at_once: int) -> dict[str, float]:
    from botocore.config import Config

    from unisync import AsyncUnisync, RateLimit, StackSync

    async def run() -> dict[str, float]:
        config = Config(max_pool_connections=at_once)
        pace = RateLimit(initial=100_000, maximum=100_000)
        async with AsyncUnisync(region_name=REGION, endpoint_url=url, config=config, rate_limit=pace) as client:
            await client.get(StackSync(AWAY))
            with _Watch() as watch:
                outcomes = await client.get_many([StackSync(NAME)] * looks)
        assert all(outcome.result().status.aws_state == "SUCCEEDED" for outcome in outcomes)
        return watch.took

    return asyncio.run(run())


def _threads(url: str, looks: int, at_once: int) -> dict[str, float]:
    from concurrent.futures import ThreadPoolExecutor

    import boto3
    from botocore.config import Config

    client = boto3.client(
        "codeconnections", region_name=REGION, endpoint_url=url, config=Config(max_pool_connections=at_once)
    )

    def look(name: str) -> Any:
        return client.get_resource_sync_status(ResourceName=name, SyncType="CFN_STACK_SYNC")

    look(AWAY)
    with _Watch() as watch, ThreadPoolExecutor(at_once) as pool:
        replies = list(pool.map(look, [NAME] * looks))
    assert all(reply["LatestSync"]["Status"] == "SUCCEEDED" for reply in replies)
    return watch.took


def _aiobotocore(url: str, looks: int, at_once: int) -> dict[str, float]:
    # It is not installed where the types are checked.
    aiobotocore: Any = import_module("aiobotocore.session")

    async def run() -> dict[str, float]:
        session = aiobotocore.get_session()
        config = import_module("aiobotocore.config").AioConfig(max_pool_connections=at_once)
        room = asyncio.Semaphore(at_once)
        async with session.create_client(
            "codeconnections", region_name=REGION, endpoint_url=url, config=config
        ) as client:

            async def look(name: str) -> Any:
                async with room:
                    return await client.get_resource_sync_status(ResourceName=name, SyncType="CFN_STACK_SYNC")

            await look(AWAY)
            with _Watch() as watch:
                replies = await asyncio.gather(*(look(NAME) for _ in range(looks)))
        assert all(reply["LatestSync"]["Status"] == "SUCCEEDED" for reply in replies)
        return watch.took

    return asyncio.run(run())


_WAYS: dict[str, Callable[[str, int, int], dict[str, float]]] = {
    "blocking": _blocking,
    "awaitable": _awaitable,
    "threads": _threads,
    "aiobotocore": _aiobotocore,
}

if __name__ == "__main__":
    main()
