"""Tests with unisync's fixtures: the gate creates its own client, which connects to the emulated AWS."""

from __future__ import annotations

import asyncio

import deploygate
import pytest

from unisync import AsyncUnisync, Unisync
from unisync.emulator import Emulator, EmulatorClock
from unisync.testing.plugin import Fault

COMMIT = "4f2c9e1d6b7a80934cde51f2a6b7c8d9e0f1a2b3"
NEXT = "90aa21b7c8d9e0f1a2b34f2c9e1d6b7a80934cde"


@pytest.fixture(autouse=True)
def stacks(unisync_emulator: Emulator) -> None:
    for stack in ("payments", "orders"):
        unisync_emulator.add_stack(stack, repository="acme/infra")


def test_the_gate_waits_for_all_stacks(unisync_emulator: Emulator, unisync_clock: EmulatorClock) -> None:
    unisync_emulator.push(stack="payments", sha=COMMIT)
    unisync_emulator.push(stack="orders", sha=COMMIT, detection_delay=300)
    verdicts = deploygate.gate(["payments", "orders"], COMMIT)
    assert [verdict.message for verdict in verdicts] == [
        "codeconnections:payments is synced",
        "codeconnections:orders is synced",
    ]
    assert unisync_clock.now() > 300  # five minutes, which took none


def test_a_failure_has_its_reason(unisync_emulator: Emulator) -> None:
    unisync_emulator.push(stack="payments", sha=COMMIT, outcome="FAILED", reason="no such parameter: Size")
    (verdict,) = deploygate.gate(["payments"], COMMIT)
    assert not verdict.passed
    assert verdict.message == "codeconnections:payments failed: no such parameter: Size"


def test_a_blocked_stack_fails_the_gate(unisync_emulator: Emulator) -> None:
    unisync_emulator.block(stack="payments", reason="changed by hand")
    unisync_emulator.push(stack="payments", sha=COMMIT)
    (verdict,) = deploygate.gate(["payments"], COMMIT)
    assert (verdict.passed, verdict.message) == (False, "codeconnections:payments is blocked: changed by hand")


def test_an_older_success_does_not_pass_the_gate(unisync_emulator: Emulator, unisync_clock: EmulatorClock) -> None:
    unisync_emulator.push(stack="payments", sha=NEXT)
    unisync_clock.advance(24 * 3600)
    (verdict,) = deploygate.gate(["payments"], COMMIT)
    assert not verdict.passed
    assert "was not synced after 900" in verdict.message


def test_throttling_is_retried(unisync_emulator: Emulator, unisync_fault: Fault) -> None:
    unisync_emulator.push(stack="payments", sha=COMMIT)
    unisync_fault("GetResourceSyncStatus", "ThrottlingException", times=3)
    assert deploygate.gate(["payments"], COMMIT)[0].passed


def test_the_gate_accepts_a_client(unisync_emulator: Emulator, unisync_client: Unisync) -> None:
    unisync_emulator.push(stack="payments", sha=COMMIT)
    assert deploygate.gate(["payments"], COMMIT, unisync_client)[0].passed


def test_the_live_commit(
    unisync_emulator: Emulator, unisync_async_client: AsyncUnisync, unisync_clock: EmulatorClock
) -> None:
    assert asyncio.run(deploygate.live_commit("payments", unisync_async_client)) is None
    unisync_emulator.push(stack="payments", sha=COMMIT)
    unisync_clock.advance(600)
    assert asyncio.run(deploygate.live_commit("payments", unisync_async_client)) == COMMIT


def test_the_pipeline_step(
    unisync_emulator: Emulator, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    unisync_emulator.push(stack="orders", sha=COMMIT)
    monkeypatch.setattr("sys.argv", ["deploygate", COMMIT[:7], "orders"])
    assert deploygate.main() == 0
    assert capsys.readouterr().out == "codeconnections:orders is synced\n"
