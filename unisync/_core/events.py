"""What a client tells of its calls and waits while they go on: to whoever was named by `on_event`, and to the log."""

from __future__ import annotations

import inspect
import itertools
import logging
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from unisync._core.flow import Call, Flow, each_call
from unisync._models.jobs import SyncJob
from unisync._models.refs import SyncRef
from unisync.errors import InvalidRequestError, UnisyncError

T = TypeVar("T")
Callback = TypeVar("Callback")

logger: logging.Logger = logging.getLogger("unisync")


@dataclass(frozen=True, slots=True)
class CallEnded:
    """A call to AWS was answered, or failed. What is tried again gives one of these for each attempt."""

    service: str
    """boto3's name of the service."""
    operation: str
    """AWS's name of the operation."""
    region: str | None
    account: str | None
    """The account, in a fleet."""
    attempt: int
    """Which try it was; in a wait, which look."""
    delay: float
    """Seconds for which it was paused before this attempt, by the client's clock."""
    started_at: datetime
    """In UTC."""
    duration: float
    """Seconds."""
    request_id: str | None
    """What AWS's support asks for; None where there was no answer."""
    error: UnisyncError | None
    """What it failed with, if it did."""
    wait_id: int | None
    """The wait that it was made for, if it was for one."""


@dataclass(frozen=True, slots=True)
class WaitStarted:
    """A wait began: any of the verbs that wait, or one of the waits of `wait_all`."""

    wait_id: int
    """A number that no other wait of this process has."""
    ref: SyncRef[SyncJob]
    aim: str
    """What is waited for: "active", "deleted" or "resources"."""
    revision: str | None
    """The commit that is waited for, if one is."""


@dataclass(frozen=True, slots=True)
class WaitEnded:
    """A wait came to its end."""

    wait_id: int
    ref: SyncRef[SyncJob]
    calls: int
    """How many calls it asked for; where it was given up, the last of them may not have been made."""
    elapsed: float
    """Seconds that it took, by the client's clock."""
    job: SyncJob | None
    """The job that it returned, if it returned one."""
    error: Exception | None
    """What it ended with, if it was an error."""
    is_given_up: bool
    """Whether somebody ended it from outside: a cancelled task, Ctrl-C, or `wait_all` that had seen enough."""


Event = CallEnded | WaitStarted | WaitEnded
"""What a client tells of."""
OnEvent = Callable[[Event], object]


class CallbackError(Exception):
    """Carries what a callback raised past those who would take it for a wait's own error."""

    def __init__(self, error: Exception) -> None:
        super().__init__(error)
        self.error: Exception = error


_LOGGED = ("service", "operation", "region", "account", "attempt", "delay", "duration", "request_id", "wait_id")
_numbers = itertools.count(1)


def checked_callback(name: str, callback: Callback) -> Callback:
    """The callback of a parameter.

    Raises:
        InvalidRequestError: it is none.
    """
    if callback is None:
        return callback
    if not callable(callback):
        raise InvalidRequestError.before_sending(f"{name}: expected a function, got {callback!r:.60}")
    if inspect.iscoroutinefunction(callback) or inspect.iscoroutinefunction(callback.__call__):
        raise InvalidRequestError.before_sending(f"{name}: expected a plain function, got one that is awaited")
    return callback


def log_call(ended: CallEnded) -> None:
    """Log a call that ended, with the same as fields for those who log in a structure, and none of what was said."""
    if logger.isEnabledFor(logging.DEBUG):
        error = ended.error
        how = "answered" if error is None else type(error).__name__
        fields: dict[str, object] = {name: getattr(ended, name) for name in _LOGGED}
        logger.debug(
            "%s %s attempt %d after a pause of %.1f s: %s in %.3f s (request %s)",
            *(ended.service, ended.operation, ended.attempt, ended.delay, how, ended.duration, ended.request_id),
            extra={"unisync": {**fields, "error": None if error is None else type(error).__name__}},
        )


def tell(on_event: OnEvent | None, event: Event) -> None:
    """Tell an event to whoever listens, whose failures are nobody else's."""
    if on_event is not None:
        handled = sys.exception()
        try:
            on_event(event)
        except Exception as error:
            # Without what is being handled meanwhile: its text may be AWS's, which no log is to show.
            last: BaseException = error
            while last.__context__ not in (None, handled):
                last = last.__context__
            last.__context__ = None
            logger.exception("on_event failed at %s", type(event).__name__)


def observed(
    flow: Flow[T],
    on_event: OnEvent | None,
    ref: SyncRef[Any],
    aim: str,
    revision: str | None,
    now: Callable[[], float],
) -> Flow[T]:
    """The same wait, told of at its beginning and its end, and its calls marked as its own."""
    wait_id, began, calls = next(_numbers), now(), 0

    def marked(call: Call[Any]) -> Call[Any]:
        nonlocal calls
        calls += 1
        return call._replace(wait_id=wait_id)

    def ended(job: object, error: Exception | None, is_given_up: bool) -> None:
        elapsed = now() - began
        how = "given up" if is_given_up else type(error).__name__ if error else "in place"
        fields: dict[str, object] = {"ref": str(ref), "wait_id": wait_id, "calls": calls, "elapsed": elapsed}
        logger.debug(
            "the wait %d for %s ended after %d calls and %.1f s: %s",
            *(wait_id, ref, calls, elapsed, how),
            extra={"unisync": fields},
        )
        seen = job if isinstance(job, SyncJob) else None
        tell(on_event, WaitEnded(wait_id, ref, calls, elapsed, seen, error, is_given_up))

    fields: dict[str, object] = {"ref": str(ref), "wait_id": wait_id}
    logger.debug("the wait %d for %s to be %s began", wait_id, ref, aim, extra={"unisync": fields})
    try:
        tell(on_event, WaitStarted(wait_id, ref, aim, revision))
        result = yield from each_call(flow, marked)
    except Exception as error:
        ended(None, error.error if isinstance(error, CallbackError) else error, False)
        raise
    except BaseException:
        ended(None, None, True)
        raise
    ended(result, None, False)
    return result
