"""One process of the waits in real time: the emulator, or one approach to waiting for its stacks."""

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

WARM_UP = "already-synced"
"""A stack that each approach reads first, so that creating a client is in no figure."""
INTERVAL = 5.0
OPERATION = "GetResourceSyncStatus"


def main() -> None:
    """Play the role that the command line names."""
    role, count, median, rate = sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4])
    if role == "aws":
        _emulate(count, median, rate)
    else:
        _APPROACHES[role]([_name(number) for number in range(count)])


def _name(number: int) -> str:
    return f"stack-{number}"


def _pause() -> None:
    """Report that this process is ready, and wait for a line of input before it continues."""
    print("ready", flush=True)
    sys.stdin.readline()


def _emulate(count: int, median: float, rate: float) -> None:
    from unisync.emulator import Emulator

    rng = random.Random(1)
    durations = [rng.lognormvariate(math.log(median), 0.8) for _ in range(count)]
    with Emulator() as aws:
        for number in range(count):
            aws.add_stack(_name(number), repository="acme/infra")
        aws.add_stack(WARM_UP, repository="acme/infra")
        aws.push(stack=WARM_UP, sha="f" * 40, duration=0.0)
        print(json.dumps(aws.environment()), flush=True)
        _pause()
        aws.throttle(OPERATION, rate=rate, burst=rate)
        ends: dict[str, float] = {}
        zero, start = aws.clock.now(), datetime.fromtimestamp(aws.clock.time(), UTC)
        for number, seconds in enumerate(durations):
            ends[_name(number)] = aws.clock.now() - zero + seconds
            aws.push(stack=_name(number), sha=f"{number:040x}", duration=seconds)
        _pause()
        polls = [call for call in aws.calls if call.operation == OPERATION and call.params["ResourceName"] != WARM_UP]
        # The last poll of a stack is the one that detected its end.
        detected = {call.params["ResourceName"]: call.time for call in polls}
        report = {
            "lags": [(detected[name] - start).total_seconds() - end for name, end in ends.items()],
            "calls": len(polls),
            "throttled": _throttled([(call.time - start).total_seconds() for call in polls], rate),
            "other calls": sum(call.operation != OPERATION for call in aws.calls),
        }
        print(json.dumps(report), flush=True)


def _throttled(times: list[float], rate: float) -> int:
    """How many calls at these times the emulator's token bucket throttles."""
    tokens, filled_at, throttled = rate, times[0], 0
    for now in times:
        tokens, filled_at = min(rate, tokens + (now - filled_at) * rate), now
        if tokens < 1:
            throttled += 1
        else:
            tokens -= 1
    return throttled


def _wait_all(names: list[str]) -> None:
    from unisync import StackSync, Unisync

    with Unisync() as client:
        client.get(StackSync(WARM_UP))
        _pause()
        outcomes = client.wait_all([StackSync(name) for name in names], timeout=None)
    assert all(outcome.error is None for outcome in outcomes)


def _single_waits(names: list[str]) -> None:
    import asyncio

    from unisync import AsyncUnisync, StackSync

    async def run() -> None:
        async with AsyncUnisync() as client:
            await client.get(StackSync(WARM_UP))
            _pause()
            await asyncio.gather(*(client.wait_until_active(StackSync(name), timeout=None) for name in names))

    asyncio.run(run())


def _client(mode: Literal["standard", "adaptive"] = "standard") -> Any:
    import boto3
    from botocore.config import Config

    client: Any = boto3.client("codeconnections", config=Config(max_pool_connections=200, retries={"mode": mode}))
    client.get_resource_sync_status(ResourceName=WARM_UP, SyncType="CFN_STACK_SYNC")
    return client


def _waiters(names: list[str], mode: Literal["standard", "adaptive"] = "standard") -> None:
    """One botocore waiter per stack, in its own thread. Throttling does not end a waiter."""
    from concurrent.futures import ThreadPoolExecutor

    synced = {
        "operation": OPERATION,
        "delay": INTERVAL,
        "maxAttempts": 1_000_000,
        "acceptors": [
            {"state": "success", "matcher": "path", "argument": "LatestSync.Status", "expected": "SUCCEEDED"},
            {"state": "retry", "matcher": "error", "expected": "ThrottlingException"},
        ],
    }
    waiter: Any = import_module("botocore.waiter")
    model = waiter.WaiterModel({"version": 2, "waiters": {"Synced": synced}})
    client = _client(mode)
    _pause()

    def wait(name: str) -> None:
        time.sleep(random.random() * INTERVAL)  # so that the waiters do not all poll at the same time
        waiter.create_waiter_with_client("Synced", model, client).wait(ResourceName=name, SyncType="CFN_STACK_SYNC")

    with ThreadPoolExecutor(len(names)) as pool:
        list(pool.map(wait, names))


def _adaptive_waiters(names: list[str]) -> None:
    _waiters(names, "adaptive")


def _loop(names: list[str]) -> None:
    """One loop over all pending stacks, started every five seconds."""
    from botocore.exceptions import ClientError

    client = _client()
    _pause()
    pending = list(names)
    while pending:
        began = time.monotonic()
        for name in pending.copy():
            try:
                response = client.get_resource_sync_status(ResourceName=name, SyncType="CFN_STACK_SYNC")
            except ClientError as error:
                if "ThrottlingException" not in str(error):
                    raise
            else:
                if response["LatestSync"]["Status"] == "SUCCEEDED":
                    pending.remove(name)
        if pending:
            time.sleep(max(began + INTERVAL - time.monotonic(), 0.0))


_APPROACHES: dict[str, Callable[[list[str]], None]] = {
    "wait_all": _wait_all,
    "single": _single_waits,
    "waiters": _waiters,
    "adaptive": _adaptive_waiters,
    "loop": _loop,
}

if __name__ == "__main__":
    main()
