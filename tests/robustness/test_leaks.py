"""A client that is closed or collected leaves no sockets and no threads, whatever went wrong before."""

from __future__ import annotations

import gc
import os
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.robustness.calls import make_call
from tests.robustness.faults import FAULTS
from tests.robustness.relayed_emulator import LIMIT, RelayedEmulator

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="open files are counted on Linux only"),
]

QUICK_FAULTS = [fault for fault in FAULTS.values() if not (fault.times_out or fault.is_large)]


def resources() -> tuple[int, int]:
    """The number of open files and of threads, with those of the relay."""
    gc.collect()
    return len(os.listdir("/proc/self/fd")), threading.active_count()


def wait_for(limit: tuple[int, int]) -> bool:
    """Wait until no more than these resources are in use."""
    until = time.monotonic() + LIMIT
    while not (now := resources()) <= limit and time.monotonic() < until:
        time.sleep(0.01)
    return now <= limit


def call_with_every_fault(relayed: RelayedEmulator, client: Any) -> None:
    for fault in QUICK_FAULTS:
        relayed.set_fault(fault, "iottwinmaker", "GetSyncJob", 1)
        make_call(client, "iottwinmaker", "GetSyncJob", relayed.known)
        relayed.clear_faults()


def test_a_closed_client_leaves_nothing(relayed: RelayedEmulator, make_client: Callable[..., Any]) -> None:
    relayed.reset()
    client = make_client()
    call_with_every_fault(relayed, client)
    client.close()
    before = resources()
    call_with_every_fault(relayed, client)
    assert resources() > before, "it is connected"
    client.close()
    assert wait_for(before)


def test_collected_clients_leave_nothing(relayed: RelayedEmulator) -> None:
    relayed.reset()
    before = resources()
    for _ in range(3):
        call_with_every_fault(relayed, relayed.client())
    assert wait_for(before)
