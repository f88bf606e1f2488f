"""How a wait ended, as JSON for events and XComs, and as Airflow's exceptions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal, TypedDict

from unisync import Poll, PollStatus, SyncJob, UnisyncError
from unisync_provider._compat import (
    AirflowException,
    AirflowFailException,
    AirflowSensorTimeout,
    AirflowSkipException,
)

MAX_LISTED = 10
"""Syncs that a message names."""

OnSuperseded = Literal["fail", "skip"]
"""What a task does if another commit superseded the one that it waits for."""


class Result(TypedDict):
    """How the wait for one sync stands."""

    ref: str
    status: PollStatus
    state: str | None
    live_revision: str | None
    message: str
    error: str | None
    retryable: bool
    polls: int
    elapsed: float


_FIELDS = Result.__annotations__.keys()


def result_of(poll: Poll[SyncJob]) -> Result:
    """The result of a poll."""
    found: dict[str, Any] = {**poll.to_dict()}
    return {name: found[name] for name in _FIELDS}  # type: ignore[return-value]  # all of them are there


def result_of_error(ref: str, error: Exception) -> Result:
    """The result of a wait that could not begin, for example because the connection does not exist."""
    result = result_without_poll(ref, "error", f"{ref}: {str(error) or type(error).__name__}")
    # What is not ours may be anything, such as a token service that does not answer.
    is_retryable = error.retryable if isinstance(error, UnisyncError) else True
    return {**result, "error": type(error).__name__, "retryable": is_retryable}


def result_without_poll(ref: str, status: PollStatus, message: str) -> Result:
    """The result of a wait of which no poll is known."""
    return {
        "ref": ref,
        "status": status,
        "state": None,
        "live_revision": None,
        "message": message,
        "error": None,
        "retryable": False,
        "polls": 0,
        "elapsed": 0.0,
    }


def xcom_of(result: Result) -> dict[str, Any]:
    """What a task returns for a sync."""
    return {name: result[name] for name in ("ref", "state", "live_revision", "polls", "elapsed")}


def raise_unless_succeeded(results: Iterable[Result], on_superseded: OnSuperseded) -> None:
    """
    Raise the exception that makes Airflow do what suits the results.

    :raises AirflowFailException: A sync failed, is blocked, or cannot be read: a retry of the task would not help.
    :raises AirflowSkipException: A commit was superseded, and ``on_superseded`` is "skip".
    :raises AirflowSensorTimeout: The wait timed out.
    :raises AirflowException: A transient error, after which a retry of the task may succeed.
    """
    found = [each for each in results if each["status"] not in ("waiting", "succeeded")]
    skipped = [each for each in found if each["status"] == "superseded" and on_superseded == "skip"]
    failed = [each for each in found if each not in skipped]
    lasting = [each for each in failed if each["status"] != "timed_out" and not each["retryable"]]
    timed_out = [each for each in failed if each["status"] == "timed_out"]
    if lasting:
        raise AirflowFailException(_message_of(lasting + [each for each in failed if each not in lasting]))
    if timed_out:
        raise AirflowSensorTimeout(_message_of(failed))
    if failed:
        raise AirflowException(_message_of(failed))
    if skipped:
        raise AirflowSkipException(_message_of(skipped))


def _message_of(results: list[Result]) -> str:
    if len(results) == 1:
        return results[0]["message"]
    listed = [each["message"] for each in results[:MAX_LISTED]]
    if len(results) > MAX_LISTED:
        listed.append(f"and {len(results) - MAX_LISTED} more")
    return "\n".join([f"{len(results)} syncs are not synced:", *listed])
