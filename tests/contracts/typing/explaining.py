"""`explain`, and what it returns."""

from __future__ import annotations

from typing import assert_type

from unisync import (
    AsyncFleet,
    AsyncUnisync,
    Check,
    CheckName,
    CheckStatus,
    Explanation,
    Fleet,
    FleetSync,
    StackSync,
    SyncJob,
    SyncRef,
    TwinMakerSync,
    Unisync,
)


def explanation(it: Explanation) -> None:
    assert_type(it.ref, SyncRef[SyncJob])
    assert_type(it.checks, tuple[Check, ...])
    assert_type(it.cause, Check | None)
    assert_type(it.check("connection"), Check | None)


def check(it: Check) -> None:
    assert_type(it.name, CheckName)
    assert_type(it.status, CheckStatus)
    assert_type(it.message, str)
    assert_type(it.action, str | None)


def client(it: Unisync) -> None:
    assert_type(it.explain(StackSync("payments-prod")), Explanation)
    assert_type(it.explain(TwinMakerSync("factory"), revision=None, timeout=30), Explanation)


async def async_client(it: AsyncUnisync) -> None:
    assert_type(await it.explain(StackSync("payments-prod"), revision="4f2c9e1"), Explanation)


def fleet(it: Fleet) -> None:
    assert_type(it.explain(FleetSync("1", "eu-west-1", StackSync("payments-prod"))), Explanation)


async def async_fleet(it: AsyncFleet) -> None:
    assert_type(await it.explain(FleetSync("1", "eu-west-1", StackSync("payments-prod"))), Explanation)
