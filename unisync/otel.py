"""OpenTelemetry spans and metrics (extra `otel`): `Unisync(on_event=Tracing())`, `Unisync(on_event=Metrics())`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

try:
    from opentelemetry import metrics, trace
except ImportError as _error:
    raise ImportError("unisync.otel needs its extra: pip install 'unisync-aws[otel]'") from _error

from unisync._core.events import CallEnded, Event, WaitEnded, WaitStarted
from unisync._core.rate_limiter import LIMITERS, LimiterKey
from unisync._models.jobs import GitSyncJob
from unisync._render.metrics import (
    BLOCKERS,
    LAG,
    LAST_SUCCESS_AGE,
    STATE,
    STATES,
    SyncMetrics,
    lag_start,
    lags,
    measure,
    service_of,
)
from unisync.errors import InvalidArgumentError, ServiceError, ThrottledError

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.metrics import CallbackOptions, MeterProvider, Observation
    from opentelemetry.trace import Span, TracerProvider

    from unisync._models.jobs import SyncJob
    from unisync._models.outcome import Outcome
    from unisync._models.refs import SyncRef

    _Lagging = tuple[SyncRef[SyncJob], str | None]
    """A sync and its desired commit."""

__all__ = ["Metrics", "Tracing"]

_CALL_BOUNDARIES = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
_WAIT_BOUNDARIES = (1.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0)
"""Seconds. OpenTelemetry's own boundaries are for milliseconds."""


class Tracing:
    """Creates a span for each wait and each call; the calls of a wait are children of its span. Pass it as `on_event`.

    A span has the operation, or the sync that is waited for, and how it ended, but no text from AWS. Several clients
    can share one `Tracing`.

    Args:
        tracer_provider: The provider that creates the spans; by default OpenTelemetry's global one.
    """

    def __init__(self, tracer_provider: TracerProvider | None = None) -> None:
        self._tracer = trace.get_tracer("unisync", tracer_provider=tracer_provider)
        self._waits: dict[int, Span] = {}

    def __call__(self, event: Event) -> None:
        """Record an event."""
        match event:
            case WaitStarted():
                self._wait_started(event)
            case WaitEnded():
                self._wait_ended(event)
            case CallEnded():
                self._call_ended(event)

    def _wait_started(self, event: WaitStarted) -> None:
        span = self._tracer.start_span(f"unisync wait until {event.condition}")
        span.set_attribute("unisync.ref", str(event.ref))
        if event.revision is not None:
            span.set_attribute("unisync.revision", event.revision)
        self._waits[event.wait_id] = span

    def _wait_ended(self, event: WaitEnded) -> None:
        span = self._waits.pop(event.wait_id)
        span.set_attribute("unisync.calls", event.calls)
        if event.job is not None:
            span.set_attribute("unisync.state", event.job.status.state.value)
            live = event.job.live_revision if isinstance(event.job, GitSyncJob) else None
            if live is not None:
                span.set_attribute("unisync.live_revision", live.sha)
        if event.cancelled:
            span.set_attribute("unisync.cancelled", True)
        self._record_error(span, event.error)
        span.end()

    def _call_ended(self, event: CallEnded) -> None:
        span = self._tracer.start_span(
            f"{event.service}.{event.operation}",
            self._context_of(event.wait_id),
            kind=trace.SpanKind.CLIENT,
            start_time=_nanoseconds(event.started_at),
        )
        attributes = {
            "rpc.system": "aws-api",
            "rpc.service": event.service,
            "rpc.method": event.operation,
            "cloud.region": event.region,
            "cloud.account.id": event.account,
            "aws.request_id": event.request_id,
            "unisync.retries": event.retries,
            "unisync.delay": event.delay,
        }
        for name, value in attributes.items():
            if value is not None:
                span.set_attribute(name, value)
        self._record_error(span, event.error)
        span.end(_nanoseconds(event.started_at + timedelta(seconds=event.duration)))

    def _context_of(self, wait_id: int | None) -> Context | None:
        wait = None if wait_id is None else self._waits.get(wait_id)
        return None if wait is None else trace.set_span_in_context(wait)

    def _record_error(self, span: Span, error: Exception | None) -> None:
        if error is not None:
            # Without the error's message, which may contain text from Git or from a template.
            span.set_attribute("error.type", _error_type(error))
            span.set_status(trace.StatusCode.ERROR, type(error).__name__)


class Metrics:
    """Measures calls, waits and syncs. Pass it as `on_event` for calls and waits; `record` is for syncs.

    Attributes have no text from AWS, and no commits. Several clients can share one `Metrics`.

    Args:
        meter_provider: The provider of the instruments; by default OpenTelemetry's global one.
    """

    def __init__(self, meter_provider: MeterProvider | None = None) -> None:
        meter = metrics.get_meter("unisync", meter_provider=meter_provider)
        self._call_duration = meter.create_histogram(
            "unisync.call.duration",
            "s",
            "Duration of calls to AWS; each retry is a call of its own.",
            explicit_bucket_boundaries_advisory=_CALL_BOUNDARIES,
        )
        self._retries = meter.create_counter("unisync.call.retries", "{call}", "Calls to AWS that were retries.")
        self._throttled = meter.create_counter("unisync.call.throttled", "{call}", "Calls that AWS throttled.")
        self._wait_duration = meter.create_histogram(
            "unisync.wait.duration",
            "s",
            "Duration of waits.",
            explicit_bucket_boundaries_advisory=_WAIT_BOUNDARIES,
        )
        self._conditions: dict[int, str] = {}
        """What each wait in progress waits for."""
        self._regions: set[str] = set()
        """The regions of calls outside of fleets."""
        self._syncs: tuple[SyncMetrics, ...] = ()
        self._recorded_at = datetime.min.replace(tzinfo=UTC)
        self._seen_lagging: dict[_Lagging, datetime] = {}
        """When a commit that AWS has not attempted was first recorded as not live."""
        # OpenTelemetry's conventions advise an up-down counter where the sum over all syncs has a meaning.
        for create, metric, observe in (
            (meter.create_observable_up_down_counter, STATE, self._observe_states),
            (meter.create_observable_up_down_counter, BLOCKERS, self._observing(lambda sync: sync.blockers)),
            (meter.create_observable_gauge, LAG, self._observing(lambda sync: sync.lag)),
            (meter.create_observable_gauge, LAST_SUCCESS_AGE, self._observing(self._age)),
        ):
            create(metric.name, [observe], metric.unit, metric.description)
        meter.create_observable_gauge(
            "unisync.rate_limit",
            [_observe_rates],
            "{call}/s",
            "Calls per second that the waits of this process may send, as found out so far.",
        )

    def __call__(self, event: Event) -> None:
        """Measure an event."""
        match event:
            case CallEnded():
                self._call_ended(event)
            case WaitStarted():
                self._conditions[event.wait_id] = event.condition
            case WaitEnded():
                self._wait_ended(event)

    def record(self, outcomes: Iterable[Outcome[SyncJob]], *, at: datetime | None = None) -> None:
        """Report these syncs, and no others, whenever metrics are collected, until the next `record`.

        Pass all syncs at once, as `get_many(refs, include_blockers=True)` returns them, about as often as metrics are
        collected: a collection calls nothing in AWS. Without the blockers, a blocked sync is not seen as blocked. The
        resources of a TwinMaker sync job do not count.

        Args:
            outcomes: The syncs.
            at: When they were read; now by default.

        Raises:
            InvalidArgumentError: `at` has no time zone.
        """
        moment = datetime.now(UTC) if at is None else at
        InvalidArgumentError.unless(moment.utcoffset() is not None, "at", "a datetime with a time zone", at)
        region = next(iter(self._regions)) if len(self._regions) == 1 else None
        seen: dict[_Lagging, datetime] = {}
        syncs: list[SyncMetrics] = []
        for outcome in outcomes:
            job = outcome.job
            since = None
            if job is not None and lags(job):
                since = lag_start(job)
                if since is None:
                    desired = job.desired_revision
                    lagging = outcome.ref, None if desired is None else desired.sha
                    since = seen[lagging] = self._seen_lagging.get(lagging, moment)
            syncs.append(measure(outcome, moment, lag_start=since, region=region))
        self._seen_lagging, self._recorded_at, self._syncs = seen, moment, tuple(syncs)

    def _call_ended(self, event: CallEnded) -> None:
        if event.account is None and event.region is not None:
            self._regions.add(event.region)
        call = _call_attributes(event.service, event.operation, event.region, event.account)
        self._call_duration.record(event.duration, {**call, **_error_attributes(event.error)})
        if event.retries > 0:
            self._retries.add(1, call)
        if isinstance(event.error, ThrottledError):
            self._throttled.add(1, call)

    def _wait_ended(self, event: WaitEnded) -> None:
        condition = self._conditions.pop(event.wait_id, None)
        wait = _known({"unisync.service": service_of(event.ref), "unisync.condition": condition})
        cancelled = {"unisync.cancelled": True} if event.cancelled else {}
        self._wait_duration.record(event.elapsed, {**wait, **cancelled, **_error_attributes(event.error)})

    def _observe_states(self, _options: CallbackOptions) -> Iterable[Observation]:
        for sync in self._syncs:
            for state in STATES:
                yield metrics.Observation(int(sync.state == state), {**_attributes(sync), "unisync.state": state})

    def _observing(
        self, value_of: Callable[[SyncMetrics], float | None]
    ) -> Callable[[CallbackOptions], Iterable[Observation]]:
        """Observes a value of each sync where it is known."""

        def observe(_options: CallbackOptions) -> Iterable[Observation]:
            for sync in self._syncs:
                value = value_of(sync)
                if value is not None:
                    yield metrics.Observation(value, _attributes(sync))

        return observe

    def _age(self, sync: SyncMetrics) -> float | None:
        return None if sync.last_success is None else max((self._recorded_at - sync.last_success).total_seconds(), 0.0)


def _observe_rates(_options: CallbackOptions) -> Iterable[Observation]:
    """The lowest rate for each operation and region: accounts are known by their credentials, if at all."""
    lowest: dict[tuple[str, str, str | None], float] = {}
    for key, rate in LIMITERS.rates().items():
        if isinstance(key, LimiterKey):
            region = key.quota[1]
            limited = key.service, key.operation, region if isinstance(region, str) else None
            lowest[limited] = min(rate, lowest.get(limited, rate))
    for (service, operation, region), rate in lowest.items():
        yield metrics.Observation(rate, _call_attributes(service, operation, region, None))


def _call_attributes(service: str, operation: str, region: str | None, account: str | None) -> dict[str, str]:
    return _known(
        {
            "rpc.system": "aws-api",
            "rpc.service": service,
            "rpc.method": operation,
            "cloud.account.id": account,
            "cloud.region": region,
        }
    )


def _attributes(sync: SyncMetrics) -> dict[str, str]:
    return _known(
        {
            "unisync.ref": sync.ref,
            "unisync.service": sync.service,
            "cloud.account.id": sync.account,
            "cloud.region": sync.region,
        }
    )


def _known(attributes: dict[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in attributes.items() if value is not None}


def _error_attributes(error: Exception | None) -> dict[str, str]:
    return {} if error is None else {"error.type": _error_type(error)}


def _error_type(error: Exception) -> str:
    return error.code if isinstance(error, ServiceError) else type(error).__name__


def _nanoseconds(time: datetime) -> int:
    return int(time.timestamp() * 1e9)
