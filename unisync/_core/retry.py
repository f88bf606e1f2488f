"""Retries: which failed calls are sent again, and how often."""

from __future__ import annotations

from typing import Any, TypeVar

from unisync._core.backoff import SHORT, THROTTLED
from unisync._core.flow import Call, Flow, Sleep, intercept
from unisync.errors import ThrottledError, UnisyncError

T = TypeVar("T")


def with_retries(flow: Flow[T], max_attempts: int, max_throttled: int | None = None) -> Flow[T]:
    """The same flow, each of its calls sent up to `max_attempts` times if it fails for a transient reason.

    A call that is not idempotent is sent again only if it is certain that AWS did nothing. If an earlier attempt may
    have had an effect, the final error says so (`outcome_unknown`).

    Args:
        flow: The flow.
        max_attempts: How often a call is sent at most.
        max_throttled: A limit of its own for throttled attempts; None counts them like all others.
    """

    def handle(call: Call[Any]) -> Flow[object]:
        attempts = throttles = 1
        outcome_unknown = False
        while True:
            try:
                return (yield call)
            except UnisyncError as error:
                error.outcome_unknown = outcome_unknown = outcome_unknown or error.outcome_unknown
                is_throttled = isinstance(error, ThrottledError)
                counts_apart = is_throttled and max_throttled is not None
                made, limit = (throttles, max_throttled or 0) if counts_apart else (attempts, max_attempts)
                if made >= limit or not _may_be_retried(call, error):
                    raise
            attempts, throttles = attempts + (not counts_apart), throttles + counts_apart
            delay = (THROTTLED if is_throttled else SHORT).delay(made)
            yield Sleep(delay)
            call = call._replace(retries=call.retries + 1, delay=delay)

    return intercept(flow, handle)


def _may_be_retried(call: Call[Any], error: UnisyncError) -> bool:
    return error.retryable and (call.idempotent or not error.outcome_unknown)
