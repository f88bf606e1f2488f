"""Events: what a client reports of its calls and waits while they run, to `on_event` and to the log."""

from __future__ import annotations

import inspect
import itertools
import logging
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from unisync._core.flow import Call, Flow, intercept
from unisync._models.dumping import Dumpable
from unisync._models.jobs import SyncJob
from unisync._models.refs import SyncRef
from unisync.errors import InvalidArgumentError, UnisyncError

T = TypeVar("T")
Callback = TypeVar("Callback")

logger: logging.Logger = logging.getLogger("unisync")


@dataclass(frozen=True, slots=True)
class CallEnded(Dumpable):
    """A call to AWS was answered, or failed. Each retry is a call of its own."""

    service: str
    """boto3's name of the service."""
    operation: str
    """AWS's name of the operation."""
    region: str | None
    """The region; None if it is not known."""
    account: str | None
    """The account, in a fleet."""
    retries: int
    """How often this call was sent before: 0 for the first attempt."""
    delay: float
    """Seconds of pause before it was sent, by the client's clock."""
    started_at: datetime
    """In UTC."""
    duration: float
    """Seconds."""
    request_id: str | None
    """The id that AWS Support asks for; None if there was no response."""
    error: UnisyncError | None
    """What it failed with."""
    wait_id: int | None
    """The wait that it was made for, if any."""


@dataclass(frozen=True, slots=True)
class WaitStarted(Dumpable):
    """A wait started: one of the methods that wait for a single sync, or one of the waits of `wait_all`."""

    wait_id: int
    """A number that no other wait of this process has."""
    ref: SyncRef[SyncJob]
    """The sync."""
    condition: str
    """What is waited for: "active", "deleted" or "resources"."""
    revision: str | None
    """The commit that is waited for, if any."""


@dataclass(frozen=True, slots=True)
class WaitEnded(Dumpable):
    """A wait ended."""

    wait_id: int
    """The number that `WaitStarted` has."""
    ref: SyncRef[SyncJob]
    """The sync."""
    polls: int
    """How often the sync was polled."""
    calls: int
    """How many calls were started for it. If it was cancelled, the last of them may not have been sent."""
    elapsed: float
    """Seconds since it started, by the client's clock."""
    job: SyncJob | None
    """The job that it returned, if any."""
    error: Exception | None
    """The error that it ended with, if any."""
    cancelled: bool
    """Whether it was ended from outside: a cancelled task, Ctrl-C, or `wait_all` when it needed no more results."""


Event = CallEnded | WaitStarted | WaitEnded
"""What a client reports to `on_event`."""
OnEvent = Callable[[Event], object]
"""Called with each event of a client."""


class CallbackError(Exception):
    """Carries what a callback raised past code that would take it for a wait's own error."""

    def __init__(self, error: Exception) -> None:
        super().__init__(error)
        self.error: Exception = error


_LOGGED = ("service", "operation", "region", "account", "retries", "delay", "duration", "request_id", "wait_id")
_wait_ids = itertools.count(1)


def checked_callback(name: str, callback: Callback) -> Callback:
    """The callback that was passed as the parameter `name`.

    Raises:
        InvalidArgumentError: It is not a callback.
    """
    if callback is None:
        return callback
    expect = InvalidArgumentError.unless
    expect(callable(callback), name, "a function", callback)
    is_async = inspect.iscoroutinefunction(callback) or inspect.iscoroutinefunction(type(callback).__call__)
    expect(not is_async, name, "a plain function, not an async one", callback)
    return callback


def log_call(ended: CallEnded) -> None:
    """Log a call at debug level, with its fields for structured logging, and without any text of AWS's."""
    if logger.isEnabledFor(logging.DEBUG):
        error = ended.error
        result = "answered" if error is None else type(error).__name__
        fields: dict[str, object] = {name: getattr(ended, name) for name in _LOGGED}
        logger.debug(
            "%s %s, retry %d after a pause of %.1f s: %s in %.3f s (request %s)",
            *(ended.service, ended.operation, ended.retries, ended.delay, result, ended.duration, ended.request_id),
            extra={"unisync": {**fields, "error": None if error is None else type(error).__name__}},
        )


def notify(on_event: OnEvent | None, event: Event) -> None:
    """Pass an event to the listener. What the listener raises is logged and changes nothing."""
    if on_event is not None:
        handled = sys.exception()
        try:
            on_event(event)
        except Exception as error:
            # Without the exception that is being handled meanwhile: its text may be AWS's, which no log may show.
            last: BaseException = error
            while last.__context__ not in (None, handled):
                last = last.__context__
            last.__context__ = None
            logger.exception("on_event failed at %s", type(event).__name__)


def instrumented(
    flow: Flow[T],
    on_event: OnEvent | None,
    ref: SyncRef[Any],
    condition: str,
    revision: str | None,
    now: Callable[[], float],
    polls: Callable[[], int],
) -> Flow[T]:
    """The same wait, its start and end reported, and its calls marked as its own. `polls` counts its polls."""
    wait_id, started_at, calls = next(_wait_ids), now(), 0

    def mark(call: Call[Any]) -> Flow[object]:
        nonlocal calls
        calls += 1
        return (yield call._replace(wait_id=wait_id))

    def ended(job: object, error: Exception | None, cancelled: bool) -> None:
        elapsed = now() - started_at
        result = "cancelled" if cancelled else type(error).__name__ if error else "done"
        fields: dict[str, object] = {
            "ref": str(ref),
            "wait_id": wait_id,
            "polls": polls(),
            "calls": calls,
            "elapsed": elapsed,
        }
        logger.debug(
            "wait %d for %s ended after %d polls and %.1f s: %s",
            *(wait_id, ref, polls(), elapsed, result),
            extra={"unisync": fields},
        )
        returned = job if isinstance(job, SyncJob) else None
        notify(on_event, WaitEnded(wait_id, ref, polls(), calls, elapsed, returned, error, cancelled))

    fields: dict[str, object] = {"ref": str(ref), "wait_id": wait_id}
    logger.debug("wait %d for %s started: %s", wait_id, ref, condition, extra={"unisync": fields})
    try:
        notify(on_event, WaitStarted(wait_id, ref, condition, revision))
        result = yield from intercept(flow, mark)
    except Exception as error:
        ended(None, error.error if isinstance(error, CallbackError) else error, False)
        raise
    except BaseException:
        ended(None, None, True)
        raise
    ended(result, None, False)
    return result
