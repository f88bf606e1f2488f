"""Every operation with every fault, on either client."""

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
from tests.robustness.verdict import surprises
from tests.support.operations import NAMES
from tools.soak.findings import Findings
from tools.soak.remote import ALL, Remote
from unisync import AsyncUnisync, Unisync
from unisync.emulator.clock import EmulatorClock

PATIENCE, MORE = 0.25, 5.0
"""Seconds after which a client gives up silence; and those with which it is tried once more where something else came
of that: it may be the machine that was slow."""
HEAVY = [("iottwinmaker", "GetSyncJob"), ("proton", "ListRepositories"), ("codeconnections", "CreateSyncConfiguration")]
"""The operations that are answered with megabytes."""


def cross_product(findings: Findings, seed: int, seconds: float) -> tuple[int, int, int]:
    """Try all combinations while there is time: how many were tried, of how many, with how many calls."""
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as processes:
        each = list(processes.map(try_all, ("blocking", "awaitable"), (seed,) * 2, (seconds,) * 2))
    for _, _, wrong in each:
        findings.wrong += wrong
    return sum(tried for tried, _, _ in each), 2 * len(combinations()), sum(calls for _, calls, _ in each)


def combinations() -> list[tuple[str, str, str]]:
    """Service, operation and fault."""
    return [
        (service, name, fault)
        for service, name in NAMES
        for fault, kind in ALL.items()
        if not kind.is_heavy or (service, name) in HEAVY
    ]


def try_all(kind: str, seed: int, seconds: float) -> tuple[int, int, list[str]]:
    """Try all combinations with one client while there is time: how many, with how many calls, and what was wrong."""
    until = time.monotonic() + seconds
    parent = multiprocessing.parent_process()
    assert parent is not None
    isolate()
    tried, wrong = 0, list[str]()
    order = random.Random(seed).sample(combinations(), len(combinations()))
    with Remote(seed) as remote, ExitStack() as stack:
        make = (blocking if kind == "blocking" else awaitable)(remote, stack)
        usual, old_name = make(), {"codeconnections_service": "codestar-connections"}
        impatient_config = remote.options()["config"].merge(Config(read_timeout=PATIENCE))
        clients = {
            (False, False): usual,
            (False, True): make(config=impatient_config),
            (True, False): make(**old_name),
            (True, True): make(config=impatient_config, **old_name),
        }
        patient_config = remote.options()["config"].merge(Config(read_timeout=MORE))
        patient = [make(config=patient_config), make(config=patient_config, **old_name)]
        for number, (service, name, fault) in enumerate(order):
            if not parent.is_alive():
                os._exit(1)  # nobody is left to tell
            if time.monotonic() > until:
                break
            what = ALL[fault]
            client = clients[service == "codestar-connections", what.is_silent]
            lasts = not what.is_silent and number % 2 == 0
            found = surprises(remote, client, service, name, what, lasts=lasts)
            if found and what.is_silent:
                client = patient[service == "codestar-connections"]
                found = surprises(remote, client, service, name, what, lasts=lasts)
            wrong += [f"{kind}, {fault}: {said}" for said in found]
            tried += 1
        return tried, remote.requests(), wrong


def blocking(remote: Remote, stack: ExitStack) -> Callable[..., Any]:
    """Makes blocking clients, on a clock moved by hand."""
    usual: dict[str, Any] = {**remote.options(), "clock": EmulatorClock(None)}

    def make(**options: Any) -> Any:
        return stack.enter_context(Unisync(**usual | options))

    return make


def awaitable(remote: Remote, stack: ExitStack) -> Callable[..., Any]:
    """Makes awaitable clients, likewise."""
    usual: dict[str, Any] = {**remote.options(), "clock": EmulatorClock(None)}
    runner = stack.enter_context(asyncio.Runner())

    def make(**options: Any) -> Any:
        client = AsyncUnisync(**usual | options)
        stack.callback(lambda: runner.run(client.close()))
        return Awaited(client, runner.run)

    return make


def isolate() -> None:
    """Let nothing that this machine has been told about AWS or proxies count, and nobody be told of each fault."""
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
