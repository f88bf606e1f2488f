"""OpenTelemetry spans for calls and waits (extra `otel`): `Unisync(on_event=Tracing())`."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

try:
    from opentelemetry import trace
except ImportError as _error:
    raise ImportError("unisync.otel needs its extra: pip install 'unisync-aws[otel]'") from _error

from unisync._core.events import CallEnded, Event, WaitEnded, WaitStarted
from unisync._models.jobs import GitSyncJob
from unisync.errors import ServiceError

if TYPE_CHECKING:
    from datetime import datetime

    from opentelemetry.context import Context
    from opentelemetry.trace import Span, TracerProvider

__all__ = ["Tracing"]


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
            span.set_attribute("error.type", error.code if isinstance(error, ServiceError) else type(error).__name__)
            span.set_status(trace.StatusCode.ERROR, type(error).__name__)


def _nanoseconds(time: datetime) -> int:
    return int(time.timestamp() * 1e9)
