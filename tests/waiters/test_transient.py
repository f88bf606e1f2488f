"""Which errors of a poll are transient, for waits and watches alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import pytest

from tests.support.samples import FACTORY, MINE, OLD, ScriptedSync, attempt, git_job, throttled, twin_job
from unisync import Change, ResponseError, SyncState, TransportError, UnisyncError
from unisync._core.flow import Emit, Flow, Sleep
from unisync._waiters.transient import TransientErrors
from unisync._waiters.watcher import Watcher

CREATING = twin_job(SyncState.PENDING, "CREATING")
ACTIVE = twin_job(SyncState.ACTIVE, "ACTIVE")
RUNNING = git_job(attempt("IN_PROGRESS", MINE), attempt("SUCCEEDED", OLD), MINE)


def unreadable(is_truncated: bool = False) -> ResponseError:
    return ResponseError("proton", "Op", "not JSON", status_code=200, request_id=None, is_truncated=is_truncated)


def lost(retryable: bool = True) -> TransportError:
    return TransportError("proton", "Op", "connection reset", retryable=retryable, outcome_unknown=True)


def changes_of(sync: ScriptedSync, polls: int, interval: float = 5.0) -> list[Change[Any]]:
    """The changes that a watch emits in so many polls."""
    changes: list[Change[Any]] = []

    def watch() -> Flow[None]:
        flow = Watcher(sync.target, interval, lambda: sync.time).watch()
        command = next(flow)
        while not (isinstance(command, Sleep) and sync.count("Poll") == polls):
            if isinstance(command, Emit):
                changes.append(cast("Change[Any]", command.value))
                command = flow.send(None)
                continue
            try:
                response = yield command
            except UnisyncError as error:
                command = flow.throw(error)
            else:
                command = flow.send(response)
        flow.close()

    sync.drive(watch())
    return changes


# The policy.


@pytest.mark.parametrize("error", [throttled(), lost(), unreadable(is_truncated=True)])
def test_a_retryable_error_is_always_transient(error: UnisyncError) -> None:
    errors = TransientErrors()
    assert all(errors.is_transient(error) for _ in range(100))


def test_a_lasting_error_is_never_transient() -> None:
    assert not TransientErrors().is_transient(lost(retryable=False))


def test_the_third_consecutive_unreadable_response_is_not_transient() -> None:
    errors = TransientErrors()
    assert [errors.is_transient(unreadable()) for _ in range(4)] == [True, True, False, False]


@pytest.mark.parametrize("between", [None, throttled(), lost(), unreadable(is_truncated=True)])
def test_anything_readable_or_transient_in_between_resets_the_count(between: UnisyncError | None) -> None:
    errors = TransientErrors()
    for _ in range(3):
        assert errors.is_transient(unreadable())
        assert errors.is_transient(unreadable())
        if between is None:
            errors.record_success()
        else:
            assert errors.is_transient(between)
    assert [errors.is_transient(unreadable()) for _ in range(3)] == [True, True, False]


# Waits and watches.


@pytest.mark.parametrize(
    "before",
    [[], [unreadable(), unreadable(), CREATING], [unreadable(), unreadable(), unreadable(is_truncated=True)]],
    ids=["at once", "after a success", "after a truncated response"],
)
def test_the_third_consecutive_unreadable_response_ends_a_wait_and_is_emitted_by_a_watch(
    before: Sequence[object],
) -> None:
    script = [CREATING, *before, unreadable(), unreadable(), unreadable(), ACTIVE]
    third = len(script) - 1

    waiting = ScriptedSync(*script, ref=FACTORY)
    with pytest.raises(ResponseError):
        waiting.until_active()
    assert waiting.count("Poll") == third

    assert [change.kind for change in changes_of(ScriptedSync(*script, ref=FACTORY), third - 1)] == ["state"]
    changes = changes_of(ScriptedSync(*script, ref=FACTORY), third)
    assert [change.kind for change in changes] == ["state", "error"]
    assert isinstance(changes[-1].error, ResponseError)
    assert (changes[-1].before, changes[-1].after) == (CREATING, CREATING)
    changes = changes_of(ScriptedSync(*script, ref=FACTORY), third + 1)
    assert [change.kind for change in changes] == ["state", "error", "state"], "and the watch goes on"


def test_two_unreadable_responses_end_neither_a_wait_nor_a_watch() -> None:
    script = [CREATING, unreadable(), unreadable(), ACTIVE]
    assert ScriptedSync(*script, ref=FACTORY).until_active() is ACTIVE
    kinds = [change.kind for change in changes_of(ScriptedSync(*script, ref=FACTORY), 4)]
    assert kinds == ["state", "state"]


@pytest.mark.parametrize("interval", [5.0, 60.0])
def test_a_watch_counts_unreadable_statuses_and_blockers_apart(interval: float) -> None:
    """A readable list of blockers does not hide an unreadable status, nor a readable status unreadable blockers."""
    script = [RUNNING, unreadable(), unreadable(), unreadable()]
    kinds = [[change.kind for change in changes_of(ScriptedSync(*script), polls, interval)] for polls in (3, 4)]
    assert kinds == [["state", "attempt", "event"], ["state", "attempt", "event", "error"]]

    sync = ScriptedSync(RUNNING, blockers=[unreadable(), unreadable(), throttled(), unreadable()])
    changes = changes_of(sync, 30, interval)
    assert [change.kind for change in changes] == ["state", "attempt", "event", "error"]
    assert sync.count("Blockers") > 6
