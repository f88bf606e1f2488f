"""Whatever went astray, nothing is left of it once the client is closed; and nothing of a client that is let go."""

from __future__ import annotations

import gc
import os
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.robustness.kinds import FAULTS
from tests.robustness.stage import LIMIT, Stage
from tests.robustness.verdict import outcome

pytestmark = pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="what is open is seen on Linux alone")

USUAL = [fault for fault in FAULTS.values() if not (fault.is_silent or fault.is_heavy)]


def held() -> tuple[int, int]:
    """How many files are open, and how many threads there are, the relay's among them."""
    gc.collect()
    return len(os.listdir("/proc/self/fd")), threading.active_count()


def comes_back_to(before: tuple[int, int]) -> bool:
    """Whether no more than that is held soon."""
    until = time.monotonic() + LIMIT
    while not (now := held()) <= before and time.monotonic() < until:
        time.sleep(0.01)
    return now <= before


def meet_every_fault(stage: Stage, client: Any) -> None:
    for fault in USUAL:
        stage.arm(fault, "iottwinmaker", "GetSyncJob", 1)
        outcome(client, "iottwinmaker", "GetSyncJob", stage.known)
        stage.disarm()


def test_a_client_that_met_every_fault_leaves_nothing(stage: Stage, make: Callable[..., Any]) -> None:
    stage.reset()
    client = make()
    meet_every_fault(stage, client)
    client.close()
    before = held()
    meet_every_fault(stage, client)
    assert held() > before, "it is connected"
    client.close()
    assert comes_back_to(before)


def test_many_clients_that_are_let_go_leave_nothing(stage: Stage) -> None:
    stage.reset()
    before = held()
    for _ in range(3):
        meet_every_fault(stage, stage.client())
    assert comes_back_to(before)
