"""One part of a wait in real time, in a process of its own: the emulated AWS, or one way to wait for its stacks."""

from __future__ import annotations

import json
import math
import random
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from importlib import import_module
from typing import Any, Literal

READY = "ready-already"
"""A stack that every way looks at first, so that making a client is in no figure."""
PAUSE = 5.0
OPERATION = "GetResourceSyncStatus"


def main() -> None:
    """Take the part that the command line says."""
    part, count, median, rate = sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4])
    if part == "aws":
        _emulate(count, median, rate)
    else:
        _WAYS[part]([_name(number) for number in range(count)])


def _name(number: int) -> str:
    return f"stack-{number}"


def _told() -> None:
    """Say that all is ready, and wait to be told to go on."""
    print("ready", flush=True)
    sys.stdin.readline()


def _emulate(count: int, median: float, rate: float) -> None:
    from unisync.emulator import Emulator

    chance = random.Random(1)
    durations = [chance.lognormvariate(math.log(median), 0.8) for _ in range(count)]
    with Emulator() as aws:
        for number in range(count):
            aws.add_stack(_name(number), repository="acme/infra")
        aws.add_stack(READY, repository="acme/infra")
        aws.push(stack=READY, sha="f" * 40, duration=0.0)
        print(json.dumps(aws.environment()), flush=True)
        _told()
        aws.throttle(OPERATION, rate=rate, burst=rate)
        ends: dict[str, float] = {}
        zero, start = aws.clock.now(), datetime.fromtimestamp(aws.clock.time(), UTC)
        for number, seconds in enumerate(durations):
            ends[_name(number)] = aws.clock.now() - zero + seconds
            aws.push(stack=_name(number), sha=f"{number:040x}", duration=seconds)
        _told()
        looks = [call for call in aws.calls if call.operation == OPERATION and call.params["ResourceName"] != READY]
        # The last look at a stack is the one that saw its end.
        seen = {call.params["ResourceName"]: call.time for call in looks}
        told = {
            "lags": [(seen[name] - start).total_seconds() - end for name, end in ends.items()],
            "calls": len(looks),
            "throttled": _throttled([(call.time - start).total_seconds() for call in looks], rate),
            "other calls": sum(call.operation != OPERATION for call in aws.calls),
        }
        print(json.dumps(told), flush=True)


def _throttled(times: list[float], rate: float) -> int:
    """How many calls at these times the emulator's bucket refuses."""
    tokens, filled_at, refused = rate, times[0], 0
    for now in times:
        tokens, filled_at = min(rate, tokens + (now - filled_at) * rate), now
        if tokens < 1:
            refused += 1
        else:
            tokens -= 1
    return refused


def _together(names: list[str]) -> None:
    from unisync import StackSync, Unisync

    with Unisync() as client:
        client.get(StackSync(READY))
        _told()
        outcomes = client.wait_all([StackSync(name) for name in names], timeout=None)
    assert all(outcome.error is None for outcome in outcomes)


def _singly(names: list[str]) -> None:
    import asyncio

    from unisync import AsyncUnisync, StackSync

    async def run() -> None:
        async with AsyncUnisync() as client:
            await client.get(StackSync(READY))
            _told()
            await asyncio.gather(*(client.wait_until_active(StackSync(name), timeout=None) for name in names))

    asyncio.run(run())


def _client(mode: Literal["standard", "adaptive"] = "standard") -> Any:
    import boto3
    from botocore.config import Config

    client: Any = boto3.client("codeconnections", config=Config(max_pool_connections=200, retries={"mode": mode}))
    client.get_resource_sync_status(ResourceName=READY, SyncType="CFN_STACK_SYNC")
    return client


def _waiters(names: list[str], mode: Literal["standard", "adaptive"] = "standard") -> None:
    """A botocore waiter for each, in a thread of its own; that it is throttled does not end it."""
    from concurrent.futures import ThreadPoolExecutor

    synced = {
        "operation": OPERATION,
        "delay": PAUSE,
        "maxAttempts": 1_000_000,
        "acceptors": [
            {"state": "success", "matcher": "path", "argument": "LatestSync.Status", "expected": "SUCCEEDED"},
            {"state": "retry", "matcher": "error", "expected": "ThrottlingException"},
        ],
    }
    waiter: Any = import_module("botocore.waiter")
    model = waiter.WaiterModel({"version": 2, "waiters": {"Synced": synced}})
    client = _client(mode)
    _told()

    def wait(name: str) -> None:
        time.sleep(random.random() * PAUSE)  # not all in step
        waiter.create_waiter_with_client("Synced", model, client).wait(ResourceName=name, SyncType="CFN_STACK_SYNC")

    with ThreadPoolExecutor(len(names)) as pool:
        list(pool.map(wait, names))


def _adaptive_waiters(names: list[str]) -> None:
    _waiters(names, "adaptive")


def _loop(names: list[str]) -> None:
    """One loop over all that are pending; it begins again five seconds after it began."""
    from botocore.exceptions import ClientError

    client = _client()
    _told()
    pending = list(names)
    while pending:
        began = time.monotonic()
        for name in pending.copy():
            try:
                reply = client.get_resource_sync_status(ResourceName=name, SyncType="CFN_STACK_SYNC")
            except ClientError as error:
                if "ThrottlingException" not in str(error):
                    raise
            else:
                if reply["LatestSync"]["Status"] == "SUCCEEDED":
                    pending.remove(name)
        if pending:
            time.sleep(max(began + PAUSE - time.monotonic(), 0.0))


_WAYS: dict[str, Callable[[list[str]], None]] = {
    "together": _together,
    "singly": _singly,
    "waiters": _waiters,
    "adaptive": _adaptive_waiters,
    "loop": _loop,
}

if __name__ == "__main__":
    main()
