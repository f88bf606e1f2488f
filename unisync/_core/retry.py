"""Retries: which failed calls are sent again, how often, and until when."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any, TypeVar
from uuid import uuid4

from unisync._core.backoff import SHORT, THROTTLED
from unisync._core.flow import Call, Flow, Sleep, intercept
from unisync.errors import ThrottledError, TransportError, UnisyncError

T = TypeVar("T")

MIN_TIMEOUT = 0.001
"""Seconds that a call gets where no time is left: it then fails with the error of its endpoint."""


def with_retries(
    flow: Flow[T],
    max_attempts: int,
    max_throttled: int | None = None,
    *,
    timeout: float | None = None,
    unanswered_after: float = math.inf,
    now: Callable[[], float] = time.monotonic,
) -> Flow[T]:
    """The same flow, each of its calls sent up to `max_attempts` times if it fails for a transient reason.

    A call that is not idempotent is sent again only if it is certain that AWS did nothing. If an earlier attempt may
    have had an effect, the final error says so (`outcome_unknown`).

    Args:
        flow: The flow.
        max_attempts: How often a call is sent at most.
        max_throttled: A limit of its own for throttled attempts; None counts them like all others.
        timeout: Seconds that all calls of the flow together may take, with their retries; None for no limit.
        unanswered_after: Seconds after which a call that has had no response is not sent again.
        now: The time in seconds: real time, whatever the clock of the waits.
    """
    expires_at = math.inf if timeout is None else now() + timeout

    def handle(call: Call[Any]) -> Flow[object]:
        attempts = throttles = 1
        outcome_unknown = False
        began = now()
        call = call._replace(invocation_id=str(uuid4()))
        while True:
            try:
                return (yield _until(call, expires_at - now()))
            except UnisyncError as error:
                error.outcome_unknown = outcome_unknown = outcome_unknown or error.outcome_unknown
                is_throttled = isinstance(error, ThrottledError)
                counts_apart = is_throttled and max_throttled is not None
                made, limit = (throttles, max_throttled or 0) if counts_apart else (attempts, max_attempts)
                delay = (THROTTLED if is_throttled else SHORT).delay(made)
                is_late = isinstance(error, TransportError) and now() - began >= unanswered_after
                is_late = is_late or now() + delay >= expires_at
                if made >= limit or is_late or not _may_be_retried(call, error):
                    raise
            attempts, throttles = attempts + (not counts_apart), throttles + counts_apart
            yield Sleep(delay)
            call = call._replace(retries=call.retries + 1, delay=delay)

    return intercept(flow, handle)


def _until(call: Call[Any], remaining: float) -> Call[Any]:
    """A call with no more than the time that is left."""
    if remaining == math.inf:
        return call
    timeout = max(remaining, MIN_TIMEOUT)
    return call._replace(timeout=timeout if call.timeout is None else min(call.timeout, timeout))


def _may_be_retried(call: Call[Any], error: UnisyncError) -> bool:
    return error.retryable and (call.idempotent or not error.outcome_unknown)
