"""Retries: which failed calls are sent again, how often, and after which pause."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.samples import drive, throttled, twin_job
from unisync import NotFoundError, ResponseError, ServerError, SyncJob, SyncState, ThrottledError, TransportError
from unisync._core.flow import Call, Flow, Sleep, request
from unisync._core.retry import with_retries
from unisync.errors import UnisyncError

POLL = Call("scripted", "Poll", {}, SyncJob)
CREATE = Call("scripted", "Create", {}, SyncJob, idempotent=False)
JOB = twin_job(SyncState.ACTIVE)


def server_error(status: int = 500) -> ServerError:
    response: dict[str, Any] = {
        "Error": {"Code": "InternalServerException"},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    return ServerError(response, "Poll", "scripted")


def lost(outcome_unknown: bool, retryable: bool = True) -> TransportError:
    return TransportError("scripted", "Poll", "reset", retryable=retryable, outcome_unknown=outcome_unknown)


@pytest.mark.parametrize("error", [throttled(), server_error(), lost(True), lost(False)])
def test_a_call_is_retried_after_a_transient_error(error: UnisyncError) -> None:
    sleeps: list[float] = []
    assert drive(with_retries(request(POLL), 3), [error, error, JOB], sleeps) is JOB
    assert len(sleeps) == 2
    assert 0 < sleeps[0] <= 1


def test_the_pause_after_throttling_is_longer() -> None:
    after_throttling: list[float] = []
    after_server_error: list[float] = []
    drive(with_retries(request(POLL), 2), [throttled(), JOB], after_throttling)
    drive(with_retries(request(POLL), 2), [server_error(), JOB], after_server_error)
    assert after_throttling[0] > after_server_error[0]


def test_each_retry_carries_its_number_and_the_pause_before_it() -> None:
    flow = with_retries(request(POLL), 3)
    first = next(flow)
    assert isinstance(first, Call)
    assert first.invocation_id is not None
    assert first == POLL._replace(invocation_id=first.invocation_id)
    for number in (1, 2):
        pause = flow.throw(throttled())
        assert isinstance(pause, Sleep)
        assert flow.send(None) == first._replace(retries=number, delay=pause.seconds)


def test_attempts_are_counted_for_each_call() -> None:
    def flow() -> Flow[Any]:
        yield from request(POLL)
        yield Sleep(5)
        return (yield from request(POLL))

    sleeps: list[float] = []
    assert drive(with_retries(flow(), 2), [throttled(), JOB, throttled(), JOB], sleeps) is JOB
    assert sleeps[1] == 5


@pytest.mark.parametrize(
    "error",
    [
        NotFoundError({}, "Poll", "scripted"),
        ResponseError("scripted", "Poll", "not JSON", status_code=200, request_id=None),
        lost(True, retryable=False),
    ],
)
def test_a_lasting_error_is_not_retried(error: UnisyncError) -> None:
    sleeps: list[float] = []
    with pytest.raises(type(error)):
        drive(with_retries(request(POLL), 3), [error, JOB], sleeps)
    assert sleeps == []


def test_the_last_error_is_raised_after_the_last_attempt() -> None:
    last = throttled()
    with pytest.raises(ThrottledError) as caught:
        drive(with_retries(request(POLL), 2), [throttled(), last, JOB])
    assert caught.value is last


def test_throttled_attempts_may_have_a_limit_of_their_own() -> None:
    errors = [throttled(), server_error(), throttled(), throttled()]
    assert drive(with_retries(request(POLL), 2, max_throttled=4), [*errors, JOB]) is JOB
    with pytest.raises(ServerError):
        drive(with_retries(request(POLL), 2, max_throttled=4), [*errors, server_error(), JOB])
    with pytest.raises(ThrottledError):
        drive(with_retries(request(POLL), 2, max_throttled=4), [*errors, throttled(), JOB])


@pytest.mark.parametrize("error", [server_error(), lost(True)])
def test_a_call_that_may_have_had_an_effect_is_not_repeated(error: UnisyncError) -> None:
    with pytest.raises(type(error)):
        drive(with_retries(request(CREATE), 3), [error, JOB])


@pytest.mark.parametrize("error", [throttled(), lost(False)])
def test_a_call_that_had_no_effect_is_repeated(error: UnisyncError) -> None:
    assert drive(with_retries(request(CREATE), 3), [error, JOB]) is JOB


def test_the_last_error_says_that_an_earlier_attempt_may_have_had_an_effect() -> None:
    denied = NotFoundError({}, "Poll", "scripted")
    assert not denied.outcome_unknown
    with pytest.raises(NotFoundError) as caught:
        drive(with_retries(request(POLL), 3), [lost(True), denied])
    assert caught.value.outcome_unknown
