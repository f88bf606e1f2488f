"""OpenTelemetry metrics of calls, waits and syncs, as the SDK collects them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader, NumberDataPoint, Sum

from unisync import (
    AsyncUnisync,
    Event,
    Fleet,
    InvalidArgumentError,
    Outcome,
    RateLimit,
    StackSync,
    SyncFailedError,
    SyncJob,
    TwinMakerSync,
    Unisync,
)
from unisync._core.rate_limiter import LIMITERS
from unisync._render.metrics import STATES
from unisync.emulator import ACCOUNT, REGION, Emulator
from unisync.otel import Metrics, Tracing

SHA, NEWER = "4f2c9e1d6b7a80934cde51f2a6b7c8d9e0f1a2b3", "b2" * 20
STACK = StackSync("payments-prod")
CALL = {
    "rpc.system": "aws-api",
    "rpc.service": "codeconnections",
    "rpc.method": "GetResourceSyncStatus",
    "cloud.region": REGION,
}


class Collected(NamedTuple):
    """A metric, with the value of each set of attributes."""

    unit: str
    is_monotonic: bool
    points: list[tuple[dict[str, Any], Any]]

    def value(self, **attributes: Any) -> Any:
        """The only value whose attributes, named without their first part, include these; None if there is none."""
        found = [
            value
            for point, value in self.points
            if attributes.items() <= {name.rpartition(".")[2]: each for name, each in point.items()}.items()
        ]
        assert len(found) <= 1
        return found[0] if found else None


class Meter:
    """`Metrics`, with what the SDK collects of them."""

    def __init__(self) -> None:
        self.reader = InMemoryMetricReader()
        self.metrics = Metrics(MeterProvider([self.reader], shutdown_on_exit=False))

    def collect(self) -> dict[str, Collected]:
        data = self.reader.get_metrics_data()
        found: dict[str, Collected] = {}
        for resource in data.resource_metrics if data else ():
            for scope in resource.scope_metrics:
                assert scope.scope.name == "unisync"
                for metric in scope.metrics:
                    assert metric.description
                    points: list[tuple[dict[str, Any], Any]] = [
                        (dict(point.attributes or {}), point.value if isinstance(point, NumberDataPoint) else point)
                        for point in metric.data.data_points
                    ]
                    is_monotonic = isinstance(metric.data, Sum) and metric.data.is_monotonic
                    found[metric.name] = Collected(metric.unit or "", is_monotonic, points)
        return found


@pytest.fixture(autouse=True)
def syncs(aws: Emulator) -> None:
    LIMITERS.reset()  # those of other tests
    aws.add_stack("payments-prod", repository="acme/infra")


@pytest.fixture
def meter() -> Meter:
    return Meter()


def now(aws: Emulator) -> datetime:
    return datetime.fromtimestamp(aws.clock.time(), UTC)


def test_calls_retries_and_throttling_are_counted(aws: Emulator, make_either: Callable[..., Any], meter: Meter) -> None:
    aws.push(stack="payments-prod", sha=SHA)
    aws.fault("GetResourceSyncStatus", "ThrottlingException", times=2)
    make_either(on_event=meter.metrics).get(STACK)
    found = meter.collect()
    assert found["unisync.call.throttled"] == ("{call}", True, [(CALL, 2)])
    assert found["unisync.call.retries"] == ("{call}", True, [(CALL, 2)])
    duration = found["unisync.call.duration"]
    assert duration.unit == "s"
    assert [(point, value.count) for point, value in duration.points] == [
        ({**CALL, "error.type": "ThrottlingException"}, 2),
        (CALL, 1),
    ]
    assert all(0 < value.sum < 60 and value.explicit_bounds[-1] == 60 for _, value in duration.points)


def test_the_rate_limit_of_waits_is_reported(aws: Emulator, make_either: Callable[..., Any], meter: Meter) -> None:
    aws.push(stack="payments-prod", sha=SHA)
    make_either(rate_limit=RateLimit(initial=7, maximum=7)).wait_until_active(STACK)
    found = meter.collect()["unisync.rate_limit"]
    assert (found.unit, found.value(method="GetResourceSyncStatus", region=REGION)) == ("{call}/s", 7)
    assert ({**CALL}, 7) in found.points


def test_waits_are_measured(aws: Emulator, make_either: Callable[..., Any], meter: Meter) -> None:
    aws.push(stack="payments-prod", sha=SHA)
    client = make_either(on_event=meter.metrics)
    client.wait_until_active(STACK, revision=SHA)
    aws.push(stack="payments-prod", sha=NEWER, outcome="FAILED", reason="the password is swordfish")
    with pytest.raises(SyncFailedError):
        client.wait_until_active(STACK, revision=NEWER)
    duration = meter.collect()["unisync.wait.duration"]
    wait = {"unisync.service": "codeconnections", "unisync.condition": "active"}
    assert (duration.unit, [(point, value.count) for point, value in duration.points]) == (
        "s",
        [(wait, 1), ({**wait, "error.type": "SyncFailedError"}, 1)],
    )
    assert all(value.sum > 1 for _, value in duration.points)


def test_a_cancelled_wait_is_marked(aws: Emulator, make_either: Callable[..., Any], meter: Meter) -> None:
    aws.add_stack("orders-prod", repository="acme/infra")
    aws.push(stack="payments-prod", sha=SHA)
    make_either(on_event=meter.metrics).wait_all([STACK, StackSync("orders-prod")], return_when="first")
    assert meter.collect()["unisync.wait.duration"].value(cancelled=True).count == 1


def test_metrics_and_spans_go_together(aws: Emulator, meter: Meter) -> None:
    tracing = Tracing()

    def on_event(event: Event) -> None:
        tracing(event)
        meter.metrics(event)

    aws.push(stack="payments-prod", sha=SHA)
    with Unisync(**aws.client_options(), on_event=on_event) as client:
        client.get(STACK)
    assert "unisync.call.duration" in meter.collect()


def test_recorded_syncs_are_reported(aws: Emulator, make_either: Callable[..., Any], meter: Meter) -> None:
    aws.push(stack="payments-prod", sha=SHA)
    aws.clock.advance(600)
    client = make_either(on_event=meter.metrics)
    assert meter.collect() == {}

    def record() -> dict[str, Collected]:
        meter.metrics.record(client.get_many([STACK], include_blockers=True), at=now(aws))
        return meter.collect()

    found = record()
    sync = {"unisync.ref": str(STACK), "unisync.service": "codeconnections", "cloud.region": REGION}
    assert found["unisync.sync.state"] == (
        "{sync}",
        False,
        [({**sync, "unisync.state": state}, int(state == "ACTIVE")) for state in STATES],
    )
    assert found["unisync.sync.lag"] == ("s", False, [(sync, 0.0)])
    assert found["unisync.sync.blockers"] == ("{blocker}", False, [(sync, 0)])
    assert found["unisync.sync.last_success.age"] == ("s", False, [(sync, pytest.approx(600, abs=10))])

    aws.push(stack="payments-prod", sha=NEWER, outcome="FAILED", duration=10, detection_delay=0)
    aws.clock.advance(300)
    found = record()
    assert found["unisync.sync.state"].value(state="FAILED") == 1
    assert found["unisync.sync.state"].value(state="ACTIVE") == 0
    assert found["unisync.sync.lag"].value() == pytest.approx(300, abs=10)
    assert found["unisync.sync.last_success.age"].value() == pytest.approx(900, abs=20)
    assert meter.collect()["unisync.sync.lag"] == found["unisync.sync.lag"], "until the next record"

    meter.metrics.record([], at=now(aws))
    assert not [name for name in meter.collect() if name.startswith("unisync.sync.")]


def test_a_commit_that_is_not_attempted_lags_from_its_first_record(
    aws: Emulator, client: Unisync, meter: Meter
) -> None:
    aws.push(stack="payments-prod", sha=SHA)
    aws.clock.advance(600)
    aws.block(stack="payments-prod", reason="changed by hand")
    aws.push(stack="payments-prod", sha=NEWER)
    aws.clock.advance(60)
    start = now(aws)
    found: list[tuple[float, int, int]] = []
    for seconds in (0, 60, 120):
        meter.metrics.record(client.get_many([STACK], include_blockers=True), at=start + timedelta(seconds=seconds))
        collected = meter.collect()
        blockers = collected["unisync.sync.blockers"].value()
        found.append(
            (collected["unisync.sync.lag"].value(), blockers, collected["unisync.sync.state"].value(state="BLOCKED"))
        )
    assert found == [(0, 1, 1), (60, 1, 1), (120, 1, 1)]


def test_a_stack_that_was_never_synced_lags(aws: Emulator, client: Unisync, meter: Meter) -> None:
    for seconds in (0, 60):
        meter.metrics.record(client.get_many([STACK]), at=now(aws) + timedelta(seconds=seconds))
    found = meter.collect()
    assert found["unisync.sync.lag"].value() == 60
    assert found["unisync.sync.state"].value(state="PENDING") == 1
    assert "unisync.sync.blockers" not in found, "they were not read"
    assert "unisync.sync.last_success.age" not in found


def test_errors_of_single_syncs_are_states(aws: Emulator, client: Unisync, meter: Meter) -> None:
    aws.push(stack="payments-prod", sha=SHA)
    aws.clock.advance(600)
    missing, unread = StackSync("nothing"), TwinMakerSync("factory")
    aws.add_workspace("factory")
    aws.fault("GetSyncJob", "AccessDeniedException", times=None, message="swordfish")
    aws.fault("GetSyncBlockerSummary", "AccessDeniedException", times=None, message="swordfish")
    outcomes = client.get_many([STACK, missing, unread], include_blockers=True)
    assert [outcome.error is None for outcome in outcomes] == [False, False, False]
    meter.metrics.record(outcomes)
    found = meter.collect()
    states = [
        (point["unisync.ref"], point["unisync.state"]) for point, value in found["unisync.sync.state"].points if value
    ]
    assert states == [(str(STACK), "ACTIVE"), (str(missing), "NOT_FOUND"), (str(unread), "ERROR")]
    assert [point["unisync.ref"] for point, _ in found["unisync.sync.lag"].points] == [str(STACK)]
    assert "unisync.sync.blockers" not in found
    assert "swordfish" not in str(meter.reader.get_metrics_data())


def test_outcomes_of_waits_are_recorded_by_the_state_of_the_sync(aws: Emulator, client: Unisync, meter: Meter) -> None:
    unread = StackSync("unread")
    outcomes: list[Outcome[SyncJob]] = [
        *client.wait_all([STACK], timeout=5),
        Outcome(unread, None, None, done=False),
    ]
    meter.metrics.record(outcomes)
    states = meter.collect()["unisync.sync.state"]
    assert [states.value(ref=str(STACK), state=state) for state in ("PENDING", "ERROR")] == [1, 0]
    assert states.value(ref=str(unread), state="UNKNOWN") == 1


def test_syncs_of_a_fleet_have_account_and_region(aws: Emulator, meter: Meter) -> None:
    aws.push(stack="payments-prod", sha=SHA)
    options = aws.client_options()
    with Fleet(
        sessions={ACCOUNT: options["session"]},
        endpoint_url=options["endpoint_url"],
        config=options["config"],
        clock=options["clock"],
        on_event=meter.metrics,
    ) as fleet:
        meter.metrics.record(fleet.get_many([STACK]))
    ((attributes, _),) = meter.collect()["unisync.sync.lag"].points
    location = {"cloud.account.id": ACCOUNT, "cloud.region": REGION}
    assert attributes == {"unisync.ref": str(STACK), "unisync.service": "codeconnections", **location}
    assert [location.items() <= point.items() for point, _ in meter.collect()["unisync.call.duration"].points] == [True]


def test_clients_of_several_regions_leave_the_region_open(aws: Emulator, meter: Meter) -> None:
    for region in (REGION, "us-east-1"):
        with Unisync(**aws.client_options(region=region), on_event=meter.metrics) as client:
            outcomes = client.get_many([STACK])
            meter.metrics.record(outcomes)
    ((attributes, _),) = [point for point in meter.collect()["unisync.sync.state"].points if point[1]]
    assert "cloud.region" not in attributes


def test_an_awaited_client_is_measured(aws: Emulator, meter: Meter) -> None:
    async def read() -> None:
        async with AsyncUnisync(**aws.client_options(), on_event=meter.metrics) as client:
            meter.metrics.record(await client.get_many([STACK]))

    asyncio.run(read())
    assert meter.collect()["unisync.sync.state"].value(state="PENDING") == 1


def test_a_date_without_a_time_zone_is_rejected(meter: Meter) -> None:
    with pytest.raises(InvalidArgumentError, match="at: expected a datetime with a time zone"):
        meter.metrics.record([], at=datetime(2026, 11, 22))  # noqa: DTZ001


def test_without_a_provider_it_is_opentelemetrys_global_one(aws: Emulator) -> None:
    metrics = Metrics()  # of no effect until a provider is set
    with Unisync(**aws.client_options(), on_event=metrics) as client:
        metrics.record(client.get_many([STACK]))
