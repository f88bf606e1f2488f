"""One poll of a wait, and the rest of a wait that began elsewhere: what its token says, done by a waiter."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any

from unisync._core.backoff import Backoff
from unisync._core.commands import StopSignal
from unisync._core.flow import Flow
from unisync._models.jobs import SyncJob
from unisync._waiters.arguments import OnProgress, WaitOptions
from unisync._waiters.memory import WaitMemory
from unisync._waiters.root_cause import with_root_cause
from unisync._waiters.token import Poll, WaitToken
from unisync._waiters.waiters import Waiter
from unisync.errors import InvalidArgumentError, UnisyncError


def options_of(
    token: WaitToken,
    *,
    backoff: Backoff | None = None,
    on_progress: OnProgress[Any] | None = None,
    stop: StopSignal | None = None,
) -> WaitOptions[Any]:
    """The options of a wait, with those of this process."""
    return WaitOptions[Any].checked(
        timeout=token.timeout,
        backoff=token.backoff if backoff is None else backoff,
        on_progress=on_progress,
        stop=stop,
        revision=token.revision,
        grace=token.grace,
        started_after=token.started_after,
    )


def begun(token: WaitToken, now: datetime) -> WaitToken:
    """The same wait, which begins now if it has not begun yet."""
    return token if token.begin is not None else token.model_copy(update={"begin": now})


def elapsed(token: WaitToken, now: datetime) -> float:
    """Seconds since a wait began."""
    return 0.0 if token.begin is None else max((now - token.begin).total_seconds(), 0.0)


def token_of(waiter: Waiter[Any], begin: datetime, max_failures: int = 0) -> WaitToken | None:
    """The token of a wait as it is now; None if a function decides which commits count."""
    options = waiter.options
    wanted = options.wanted
    if wanted is not None and wanted.predicate is not None:
        return None
    shas = () if wanted is None else wanted.shas
    # Everything was checked.
    return WaitToken.model_construct(
        ref=waiter.target.ref,
        condition=waiter.condition,
        revision=shas[0] if len(shas) == 1 else shas or None,
        timeout=None if options.timeout == math.inf else options.timeout,
        begin=begin,
        backoff=options.backoff,
        grace=options.grace,
        started_after=options.started_after,
        max_failures=max_failures,
        memory=waiter.memory,
    )


def until(waiter: Waiter[Any], token: WaitToken) -> Flow[SyncJob | None]:
    """Wait for a token's condition. The job; None if it is deleted."""
    yield from waiter.until(lambda: _poll(waiter, token))
    return None if token.condition == "deleted" else waiter.job


def poll(waiter: Waiter[Any], token: WaitToken) -> Flow[Poll[SyncJob]]:
    """Poll for a token's condition once."""
    error: UnisyncError | None
    try:
        delay = yield from with_root_cause(_next_delay(waiter, token), waiter.target, waiter.options.timeout)
        error = None if delay is None else waiter.error
    except InvalidArgumentError:
        raise
    except UnisyncError as failed:
        delay, error = None, failed
    memory: WaitMemory = waiter.memory
    return Poll(
        token.model_copy(update={"memory": memory}),
        waiter.job,
        done=delay is None,
        error=error,
        next_delay=delay,
        elapsed=waiter.elapsed,
    )


def _next_delay(waiter: Waiter[Any], token: WaitToken) -> Flow[float | None]:
    """Poll once; seconds until the next poll, or None if the condition holds. Raises what the wait would."""
    return None if (yield from _poll(waiter, token)) else (yield from waiter.next_delay())


def _poll(waiter: Waiter[Any], token: WaitToken) -> Flow[bool]:
    """Poll once; whether a token's condition holds."""
    match token.condition:
        case "active":
            return waiter.poll_active()
        case "deleted":
            return waiter.poll_deleted()
        case "resources":
            return waiter.poll_resources(token.max_failures)
