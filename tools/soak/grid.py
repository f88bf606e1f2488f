"""Every operation with every fault, on both clients."""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import os
import random
import tempfile
import time
import warnings
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from typing import Any

from botocore.config import Config

from tests.conftest import Awaited
from tests.robustness.calls import find_problems
from tests.support.operations import NAMES
from tools.soak.findings import Findings
from tools.soak.remote_emulator import ALL_FAULTS, RemoteEmulator
from unisync import AsyncUnisync, Unisync
from unisync.emulator.clock import EmulatorClock

READ_TIMEOUT = 0.25
"""Seconds, of the clients that meet faults which time out."""
LONG_READ_TIMEOUT = 5.0
"""The same for a second try: on a busy machine the first one may time out too early."""
LARGE = [("iottwinmaker", "GetSyncJob"), ("proton", "ListRepositories"), ("codeconnections", "CreateSyncConfiguration")]
"""The operations that are tried with responses of megabytes."""


def run_grid(findings: Findings, seed: int, seconds: float) -> tuple[int, int, int]:
    """Try all combinations, in random order, for some time.

    Returns:
        How many were tried, how many there are, and the number of calls.
    """
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as processes:
        results = list(processes.map(try_all, ("blocking", "awaitable"), (seed,) * 2, (seconds,) * 2))
    for _, _, problems in results:
        findings.mistakes += problems
    return sum(tried for tried, _, _ in results), 2 * len(combinations()), sum(calls for _, calls, _ in results)


def combinations() -> list[tuple[str, str, str]]:
    """All triples of service, operation and fault."""
    return [
        (service, operation, name)
        for service, operation in NAMES
        for name, fault in ALL_FAULTS.items()
        if not fault.is_large or (service, operation) in LARGE
    ]


def try_all(kind: str, seed: int, seconds: float) -> tuple[int, int, list[str]]:
    """Try all combinations with one kind of client: how many were tried, with how many calls, and all problems."""
    until = time.monotonic() + seconds
    parent = multiprocessing.parent_process()
    assert parent is not None
    isolate()
    tried, problems = 0, list[str]()
    order = random.Random(seed).sample(combinations(), len(combinations()))
    with RemoteEmulator(seed) as remote, ExitStack() as stack:
        make = (blocking if kind == "blocking" else awaitable)(remote, stack)
        config = remote.options()["config"]
        short, long = (config.merge(Config(read_timeout=seconds)) for seconds in (READ_TIMEOUT, LONG_READ_TIMEOUT))
        names: tuple[dict[str, str], ...] = ({}, {"codeconnections_service": "codestar-connections"})
        clients, short_clients, long_clients = (
            [make(config=each, **name) for name in names] for each in (config, short, long)
        )
        for number, (service, operation, name) in enumerate(order):
            if not parent.is_alive():
                os._exit(1)
            if time.monotonic() > until:
                break
            fault = ALL_FAULTS[name]
            is_old_name = service == "codestar-connections"
            client = (short_clients if fault.times_out else clients)[is_old_name]
            every_time = not fault.times_out and number % 2 == 0
            found = find_problems(remote, client, service, operation, fault, every_time=every_time)
            if found and fault.times_out:
                client = long_clients[is_old_name]
                found = find_problems(remote, client, service, operation, fault, every_time=every_time)
            problems += [f"{kind}, {name}: {problem}" for problem in found]
            tried += 1
        return tried, remote.request_count(), problems


def blocking(remote: RemoteEmulator, stack: ExitStack) -> Callable[..., Any]:
    """Makes blocking clients whose pauses take no time."""
    common: dict[str, Any] = {**remote.options(), "clock": EmulatorClock(None)}

    def make(**options: Any) -> Any:
        return stack.enter_context(Unisync(**common | options))

    return make


def awaitable(remote: RemoteEmulator, stack: ExitStack) -> Callable[..., Any]:
    """Makes awaitable clients whose pauses take no time."""
    common: dict[str, Any] = {**remote.options(), "clock": EmulatorClock(None)}
    runner = stack.enter_context(asyncio.Runner())

    def make(**options: Any) -> Any:
        client = AsyncUnisync(**common | options)
        stack.callback(lambda: runner.run(client.close()))
        return Awaited(client, runner.run)

    return make


def isolate() -> None:
    """Ignore the AWS and proxy settings of this machine, and switch off warnings and logs."""
    warnings.simplefilter("ignore")
    logging.disable()
    for name in list(os.environ):
        if name.startswith("AWS_") or name.lower().endswith("_proxy"):
            del os.environ[name]
    nowhere = os.path.join(tempfile.gettempdir(), "no-such-file")
    os.environ |= {
        "AWS_CONFIG_FILE": nowhere,
        "AWS_SHARED_CREDENTIALS_FILE": nowhere,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
