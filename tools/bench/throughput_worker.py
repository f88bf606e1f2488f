"""Reads many syncs with one approach, in a process that imports no other; prints time and memory as JSON."""

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
WARM_UP = "another"
"""The stack that is read first, so that creating the client is in no figure but the memory."""


def main() -> None:
    """Read with the approach that the command line names."""
    approach, url, reads, concurrency = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    times = _APPROACHES[approach](url, reads, concurrency)
    print(json.dumps({**times, "memory": _peak_memory()}))


def _peak_memory() -> float:
    """MiB."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        # macOS counts it in bytes. On Linux, ru_maxrss would include the process that started this one.
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:"))


class _Timer:
    """Measures its block."""

    def __enter__(self) -> _Timer:
        self._cpu, self._wall = time.process_time(), time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        self.times = {"cpu": time.process_time() - self._cpu, "wall": time.perf_counter() - self._wall}


def _sync(url: str, reads: int, concurrency: int) -> dict[str, float]:
    from botocore.config import Config

    from unisync import RateLimit, StackSync, Unisync

    config = Config(max_pool_connections=concurrency)
    limit = RateLimit(initial=100_000, maximum=100_000)
    with Unisync(region_name=REGION, endpoint_url=url, config=config, rate_limit=limit) as client:
        client.get(StackSync(WARM_UP))
        with _Timer() as timer:
            outcomes = client.get_many([StackSync(NAME)] * reads)
    assert all(outcome.result().status.aws_state == "SUCCEEDED" for outcome in outcomes)
    return timer.times


def _async(url: str, reads: int, concurrency: int) -> dict[str, float]:
    from botocore.config import Config

    from unisync import AsyncUnisync, RateLimit, StackSync

    async def run() -> dict[str, float]:
        config = Config(max_pool_connections=concurrency)
        limit = RateLimit(initial=100_000, maximum=100_000)
        async with AsyncUnisync(region_name=REGION, endpoint_url=url, config=config, rate_limit=limit) as client:
            await client.get(StackSync(WARM_UP))
            with _Timer() as timer:
                outcomes = await client.get_many([StackSync(NAME)] * reads)
        assert all(outcome.result().status.aws_state == "SUCCEEDED" for outcome in outcomes)
        return timer.times

    return asyncio.run(run())


def _threads(url: str, reads: int, concurrency: int) -> dict[str, float]:
    from concurrent.futures import ThreadPoolExecutor

    import boto3
    from botocore.config import Config

    client = boto3.client(
        "codeconnections", region_name=REGION, endpoint_url=url, config=Config(max_pool_connections=concurrency)
    )

    def read(name: str) -> Any:
        return client.get_resource_sync_status(ResourceName=name, SyncType="CFN_STACK_SYNC")

    read(WARM_UP)
    with _Timer() as timer, ThreadPoolExecutor(concurrency) as pool:
        responses = list(pool.map(read, [NAME] * reads))
    assert all(response["LatestSync"]["Status"] == "SUCCEEDED" for response in responses)
    return timer.times


def _aiobotocore(url: str, reads: int, concurrency: int) -> dict[str, float]:
    # Imported by name, since aiobotocore is not installed in the environment that type checkers use.
    aiobotocore: Any = import_module("aiobotocore.session")

    async def run() -> dict[str, float]:
        session = aiobotocore.get_session()
        config = import_module("aiobotocore.config").AioConfig(max_pool_connections=concurrency)
        semaphore = asyncio.Semaphore(concurrency)
        async with session.create_client(
            "codeconnections", region_name=REGION, endpoint_url=url, config=config
        ) as client:

            async def read(name: str) -> Any:
                async with semaphore:
                    return await client.get_resource_sync_status(ResourceName=name, SyncType="CFN_STACK_SYNC")

            await read(WARM_UP)
            with _Timer() as timer:
                responses = await asyncio.gather(*(read(NAME) for _ in range(reads)))
        assert all(response["LatestSync"]["Status"] == "SUCCEEDED" for response in responses)
        return timer.times

    return asyncio.run(run())


_APPROACHES: dict[str, Callable[[str, int, int], dict[str, float]]] = {
    "sync": _sync,
    "async": _async,
    "threads": _threads,
    "aiobotocore": _aiobotocore,
}

if __name__ == "__main__":
    main()
