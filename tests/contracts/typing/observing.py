"""OpenTelemetry: spans, and metrics of calls, waits and syncs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import assert_type

from unisync import AsyncUnisync, Event, Fleet, FleetSync, Outcome, StackSync, SyncJob, TwinMakerSync, Unisync
from unisync.otel import Metrics, Tracing

Unisync(on_event=Tracing())
Unisync(on_event=Metrics())
AsyncUnisync(on_event=Metrics(meter_provider=None))
Fleet(["arn:aws:iam::123456789012:role/sync"], on_event=Metrics())


def metrics(it: Metrics, outcomes: Sequence[Outcome[SyncJob]], client: Unisync, fleet: Fleet) -> None:
    it.record(outcomes)
    it.record(client.get_many([StackSync("payments-prod")], include_blockers=True), at=datetime.now(UTC))
    it.record(client.get_many([StackSync("payments-prod"), TwinMakerSync("factory")]))
    it.record(fleet.get_many([FleetSync("123456789012", "eu-west-1", StackSync("payments-prod"))]))
    it.record([client])  # wrong


def listeners(event: Event, tracing: Tracing, metrics: Metrics) -> None:
    assert_type(tracing(event), None)
    assert_type(metrics(event), None)


async def awaited(it: Metrics, client: AsyncUnisync) -> None:
    it.record(await client.get_many([TwinMakerSync("factory")], include_blockers=True))
