"""The twelve rules of waiting, each by a flow that is driven by hand."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.samples import (
    FACTORY,
    MINE,
    NEWER,
    OLD,
    STACK,
    Hand,
    attempt,
    blocker,
    git_job,
    not_found,
    throttled,
    twin_job,
)
from unisync import (
    AccessDeniedError,
    Backoff,
    InvalidRequestError,
    NotFoundError,
    Progress,
    ResponseError,
    ServerError,
    ServiceError,
    SyncBlockedError,
    SyncError,
    SyncFailedError,
    SyncJobStatus,
    SyncResource,
    SyncResourceSummary,
    SyncState,
    SyncSupersededError,
    TransportError,
    UnisyncError,
    WaitError,
    WaitStoppedError,
    WaitTimeoutError,
)

OLD_SUCCESS = attempt("SUCCEEDED", OLD)
MY_SUCCESS = attempt("SUCCEEDED", MINE)
RUNNING = git_job(attempt("IN_PROGRESS", MINE), OLD_SUCCESS, MINE)
IN_PLACE = git_job(MY_SUCCESS, MY_SUCCESS, MINE)
YESTERDAY = git_job(OLD_SUCCESS, OLD_SUCCESS, OLD)
CREATING = twin_job(SyncState.PENDING, "CREATING")
ACTIVE = twin_job(SyncState.ACTIVE, "ACTIVE")
STEADY = Backoff(initial=10, maximum=10, factor=1, jitter=0)


def service_error(code: str, status: int) -> ServiceError:
    return ServiceError.of(
        {"Error": {"Code": code, "Message": "said so"}, "ResponseMetadata": {"HTTPStatusCode": status}}, "Op", "proton"
    )


def lost(retryable: bool = True) -> TransportError:
    return TransportError("proton", "Op", "connection reset", retryable=retryable, outcome_unknown=True)


def unreadable(cut_short: bool = False) -> ResponseError:
    return ResponseError("proton", "Op", "not JSON", status_code=200, request_id=None, cut_short=cut_short)


def told(error: WaitError) -> tuple[object, ...]:
    """What every wait that ended without what it waited for tells."""
    return error.ref, error.job, error.attempts, error.elapsed


@pytest.fixture
def far_from_greenwich(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The machine's clock is nine hours ahead."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "JST-9")
        time.tzset()
        yield
    time.tzset()


# 1. Look first, sleep after.


@pytest.mark.parametrize(("job", "revision"), [(IN_PLACE, None), (IN_PLACE, MINE), (ACTIVE, None)])
def test_what_is_in_place_returns_at_once(job: Any, revision: str | None) -> None:
    hand = Hand(job)
    assert hand.until_active(revision) is job
    assert hand.sleeps == []
    assert len(hand.calls) == 1


# 2. Return the fresh job.


def test_the_job_returned_is_the_last_one_seen() -> None:
    assert Hand(CREATING, CREATING, ACTIVE).until_active() is ACTIVE


# 3. A true deadline.


@pytest.mark.parametrize("timeout", [25, 25.0, timedelta(seconds=25)])
def test_the_last_sleep_is_cut_to_the_deadline(timeout: Any) -> None:
    hand = Hand(CREATING)
    with pytest.raises(WaitTimeoutError):
        hand.until_active(timeout=timeout, backoff=STEADY)
    assert hand.sleeps == [10, 10, 5]
    assert hand.count("Look") == 4, "there is one look more when the time is up"


def test_a_delay_that_ends_with_the_deadline_is_the_last() -> None:
    hand = Hand(CREATING)
    with pytest.raises(WaitTimeoutError):
        hand.until_active(timeout=20, backoff=STEADY)
    assert hand.sleeps == [10, 10]
    assert hand.count("Look") == 3


def test_the_time_that_calls_take_counts() -> None:
    hand = Hand(CREATING, costs=8, blockers=[()])
    with pytest.raises(WaitTimeoutError) as caught:
        hand.until_active(timeout=30, backoff=STEADY)
    # A look and a read of the blockers may be under way.
    assert hand.time <= 30 + 2 * 8
    assert caught.value.elapsed == hand.time


def test_each_call_is_given_the_time_that_is_left() -> None:
    hand = Hand(CREATING)
    with pytest.raises(WaitTimeoutError):
        hand.until_active(timeout=15, backoff=STEADY)
    looks = [call.timeout for call in hand.calls if call.operation == "Look"]
    assert looks == [15, 5, 1], "and a second at the end, for an answer that is on its way"


def test_a_call_past_the_overtime_too_is_given_next_to_none() -> None:
    hand = Hand(RUNNING, costs=3)
    with pytest.raises(WaitTimeoutError):
        hand.until_active(timeout=0)
    assert [call.timeout for call in hand.calls] == [1, 0.001]


@pytest.mark.parametrize("timeout", [0.0005, 0.001])
def test_what_is_left_of_the_time_may_not_be_worth_a_pause(timeout: float) -> None:
    hand = Hand(CREATING)
    with pytest.raises(WaitTimeoutError):
        hand.until_active(timeout=timeout)
    assert (hand.count("Look"), hand.sleeps) == (1, [])


def test_no_timeout_is_for_ever_and_bounds_no_call() -> None:
    hand = Hand(*[CREATING] * 1000, ACTIVE)
    assert hand.until_active(timeout=None) is ACTIVE
    assert {call.timeout for call in hand.calls} == {None}


def test_a_timeout_of_zero_is_one_look() -> None:
    hand = Hand(CREATING)
    with pytest.raises(WaitTimeoutError):
        hand.until_active(timeout=0)
    assert (hand.count("Look"), hand.sleeps) == (1, [])


@pytest.mark.parametrize("timeout", [-1, float("nan"), timedelta(seconds=-1), "5", [], True])
def test_a_bad_timeout_is_refused_before_anything_is_asked(timeout: Any) -> None:
    hand = Hand(ACTIVE)
    with pytest.raises(InvalidRequestError, match="timeout: expected seconds or a timedelta"):
        hand.until_active(timeout=timeout)
    assert hand.calls == []


@given(
    timeout=st.floats(0, 500),
    costs=st.floats(0, 30),
    initial=st.floats(0.01, 50),
    factor=st.floats(1, 3),
    jitter=st.floats(0, 1),
)
def test_a_wait_never_outlasts_its_deadline_by_more_than_the_calls_under_way(
    timeout: float, costs: float, initial: float, factor: float, jitter: float
) -> None:
    hand = Hand(CREATING, costs=costs + 0.1)
    backoff = Backoff(initial=initial, maximum=50, factor=factor, jitter=jitter)
    with pytest.raises(WaitTimeoutError):
        hand.until_active(timeout=timeout, backoff=backoff)
    # One look and one read of the blockers may be under way.
    assert hand.time <= timeout + 2 * (costs + 0.1) + 1e-6
    assert sum(hand.sleeps) <= timeout


# 4. Delays that grow, with jitter.


def test_delays_grow_to_the_maximum() -> None:
    hand = Hand(CREATING)
    with pytest.raises(WaitTimeoutError):
        hand.until_active(timeout=60, backoff=Backoff(initial=2, maximum=16, factor=2, jitter=0))
    assert hand.sleeps == [2, 4, 8, 16, 16, 14]


@given(st.integers(1, 10_000), st.floats(0, 1))
def test_jitter_shortens_a_delay_by_its_part_at_the_most(tries: int, drawn: float) -> None:
    backoff = Backoff(initial=1, maximum=20, factor=1.5, jitter=0.25)
    full = Backoff(initial=1, maximum=20, factor=1.5, jitter=0).delay(tries)
    assert 0.75 * full <= backoff.delay(tries, lambda: drawn) <= full <= 20


def test_a_pause_may_be_put_off_by_whoever_sees_many_waits_but_not_for_long() -> None:
    hand = Hand(CREATING, throttled(), CREATING)
    with pytest.raises(WaitTimeoutError):
        hand.until_active(timeout=145, backoff=STEADY)
    at_most = [pause.at_most for pause in hand.pauses]
    assert at_most[0] == 120
    assert at_most[1] is None, "after an error, the pause is kept"
    assert at_most[2:] == [120, 115, 105, 95, 85, 75, 65, 55, 45, 35, 25, 15, 5]
    hand = Hand(CREATING, ACTIVE)
    hand.until_active(timeout=None)
    assert [pause.at_most for pause in hand.pauses] == [120]


# 5. A failed state raises at once, with the reasons.


def test_a_failed_git_sync_raises_with_the_services_own_events() -> None:
    job = git_job(attempt("FAILED", MINE, reason="Template error: no such parameter"), OLD_SUCCESS, MINE)
    hand = Hand(RUNNING, job)
    with pytest.raises(SyncFailedError, match="Template error: no such parameter") as caught:
        hand.until_active(MINE)
    assert told(caught.value) == (STACK, job, 2, hand.time)
    assert caught.value.error == SyncError(code="SYNC_FAILED", message="Template error: no such parameter")
    assert str(caught.value).splitlines() == [
        "codeconnections:payments-prod is FAILED: SYNC_FAILED: Template error: no such parameter "
        "[acme/infra@main b2b2b2b2b2b2]",
        "  12:00:00 SYNC_INITIATED: Sync of b2b2b2b",
        "  12:00:00 SYNC_FAILED: Template error: no such parameter",
    ]


@pytest.mark.usefixtures("far_from_greenwich")
def test_times_are_told_in_utc_wherever_the_program_runs() -> None:
    with pytest.raises(SyncFailedError, match="12:00:00 SYNC_FAILED"):
        Hand(git_job(attempt("FAILED", MINE, reason="bad"))).until_active()
    with pytest.raises(SyncBlockedError, match="since 2026-11-22 12:00:00 UTC"):
        Hand(RUNNING, blockers=[(blocker(),)]).until_active()


def test_a_failed_sync_job_raises_with_its_error() -> None:
    error = SyncError(code="SYNC_CREATING_ERROR", message="cannot assume the role")
    job = twin_job(SyncState.FAILED, "ERROR", error=error)
    with pytest.raises(SyncFailedError) as caught:
        Hand(CREATING, job, ref=FACTORY).until_active()
    assert str(caught.value) == "twinmaker:factory is FAILED (ERROR): SYNC_CREATING_ERROR: cannot assume the role"


def test_a_failure_without_a_reason_is_a_failure() -> None:
    with pytest.raises(SyncFailedError, match=r"twinmaker:factory is FAILED \(ERROR\)$"):
        Hand(twin_job(SyncState.FAILED, "ERROR"), ref=FACTORY).until_active()


def test_a_job_that_is_being_deleted_will_not_be_active() -> None:
    with pytest.raises(SyncFailedError, match="DELETING"):
        Hand(twin_job(SyncState.DELETING, "DELETING")).until_active()


@pytest.mark.parametrize(
    ("strange", "done"),
    [
        (twin_job(SyncState.UNKNOWN, "REIMAGINED"), ACTIVE),
        (git_job(attempt("REIMAGINED", MINE), OLD_SUCCESS), IN_PLACE),
    ],
)
def test_an_unknown_state_is_looked_past(strange: Any, done: Any) -> None:
    assert Hand(strange, strange, done).until_active() is done


# 6. What raises at once, and what is absorbed.


@pytest.mark.parametrize(
    "error",
    [
        service_error("AccessDeniedException", 403),
        service_error("ValidationException", 400),
        service_error("ExpiredTokenException", 403),
        service_error("LimitExceededException", 429),
        service_error("NobodyHasHeardOfThis", 400),
        not_found(),
        lost(retryable=False),
    ],
)
def test_an_error_that_does_not_pass_raises_at_once(error: UnisyncError) -> None:
    hand = Hand(CREATING, error, ACTIVE)
    with pytest.raises(type(error)) as caught:
        hand.until_active()
    assert caught.value is error
    assert len(hand.sleeps) == 1


@pytest.mark.parametrize(
    "error",
    [throttled(), service_error("InternalServerException", 500), service_error("Strange", 503), lost(), unreadable()],
)
def test_an_error_that_passes_is_absorbed(error: UnisyncError) -> None:
    hand = Hand(error, CREATING, error, error, ACTIVE)
    assert hand.until_active() is ACTIVE
    assert hand.count("Look") == 5


def test_an_error_that_passes_is_absorbed_when_the_blockers_are_read() -> None:
    hand = Hand(RUNNING, RUNNING, IN_PLACE, blockers=[throttled(), ()])
    assert hand.until_active() is IN_PLACE
    assert hand.count("Blockers") == 2, "and they are read again at the next look"


def test_a_denied_read_of_the_blockers_raises() -> None:
    with pytest.raises(AccessDeniedError):
        Hand(RUNNING, blockers=[service_error("AccessDeniedException", 403)]).until_active()


@pytest.mark.parametrize("error", [throttled(), service_error("InternalServerException", 500), lost()])
def test_an_error_that_passes_is_absorbed_until_the_deadline(error: UnisyncError) -> None:
    hand = Hand(error)
    with pytest.raises(WaitTimeoutError) as caught:
        hand.until_active(timeout=100)
    assert caught.value.last_error is error
    assert str(error) in str(caught.value)
    assert "never seen" in str(caught.value)


def test_three_unreadable_answers_in_a_row_are_how_things_are() -> None:
    hand = Hand(unreadable(), unreadable(), CREATING, unreadable(), unreadable(), unreadable(), ACTIVE)
    with pytest.raises(ResponseError):
        hand.until_active()
    assert hand.count("Look") == 6


def test_an_answer_that_was_cut_short_is_a_lost_connection_like_any_other() -> None:
    assert Hand(*[unreadable(cut_short=True)] * 20, ACTIVE).until_active() is ACTIVE


def test_unreadable_answers_that_are_not_in_a_row_are_accidents() -> None:
    accident = [unreadable(), unreadable()]
    for between in (CREATING, throttled(), unreadable(cut_short=True)):
        assert Hand(*accident, between, *accident, between, *accident, ACTIVE).until_active() is ACTIVE


# 7. A time-out that says how things are.


def test_a_timeout_says_state_reason_looks_and_time() -> None:
    hand = Hand(RUNNING)
    with pytest.raises(WaitTimeoutError) as caught:
        hand.until_active(MINE, timeout=25, backoff=STEADY)
    error = caught.value
    assert isinstance(error, TimeoutError)
    assert told(error) == (STACK, RUNNING, 4, 25)
    assert error.last_error is None
    assert str(error) == (
        "codeconnections:payments-prod was not in place after 25.0 s and 4 looks; last seen RUNNING (IN_PROGRESS); "
        "its latest sync is for acme/infra@main b2b2b2b2b2b2. The sync itself goes on in AWS."
    )


def test_a_timeout_says_what_the_last_look_failed_with() -> None:
    with pytest.raises(WaitTimeoutError) as caught:
        Hand(throttled(), ref=FACTORY).until_active(timeout=0)
    assert str(caught.value) == (
        "twinmaker:factory was not in place after 0.0 s and 1 look; never seen; the last look failed: "
        "iottwinmaker GetSyncJob: ThrottlingException: Rate exceeded. The sync itself goes on in AWS."
    )
    with pytest.raises(WaitTimeoutError) as caught:
        Hand(throttled(), CREATING).until_active(timeout=20)
    assert caught.value.last_error is None, "it is the last one that counts"


def test_a_timeout_says_what_is_wrong_with_a_job_that_has_not_failed() -> None:
    strange = twin_job(SyncState.UNKNOWN, "STUCK", error=SyncError(code="A", message="b"))
    with pytest.raises(WaitTimeoutError, match=r"last seen UNKNOWN \(STUCK\); A: b\. The sync"):
        Hand(strange, ref=FACTORY).until_active(timeout=0)


@pytest.mark.parametrize(
    ("job", "revision", "said"),
    [
        (YESTERDAY, MINE, "acme/infra@main a1a1a1a1a1a1, and b2b2b2b2b2b2 has not been picked up"),
        (
            git_job(OLD_SUCCESS, OLD_SUCCESS, NEWER),
            None,
            "acme/infra@main a1a1a1a1a1a1, and acme/infra@main c3c3c3c3c3c3 has not been picked up",
        ),
        (git_job(), MINE, "it has never been synced"),
    ],
)
def test_a_timeout_says_what_git_sync_does_instead(job: Any, revision: str | None, said: str) -> None:
    with pytest.raises(WaitTimeoutError, match=rf"{said}\. The sync itself"):
        Hand(job).until_active(revision, timeout=10)


def test_a_timeout_says_nothing_of_a_commit_that_was_picked_up() -> None:
    with pytest.raises(WaitTimeoutError, match=r"its latest sync is for acme/infra@main b2b2b2b2b2b2\. The sync"):
        Hand(RUNNING).until_active(timeout=10)


def test_a_timeout_tells_of_a_sync_that_is_not_gone() -> None:
    with pytest.raises(WaitTimeoutError, match="not gone after"):
        Hand(twin_job(SyncState.DELETING, "DELETING")).until_deleted(timeout=30)


# 8. My commit, not the last success.


def test_an_older_success_does_not_count() -> None:
    hand = Hand(YESTERDAY, YESTERDAY, RUNNING, IN_PLACE)
    assert hand.until_active(MINE) is IN_PLACE
    assert hand.count("Look") == 4


def test_an_older_failure_is_not_ours() -> None:
    failed = git_job(attempt("FAILED", OLD, reason="bad template"), None, OLD)
    assert Hand(failed, failed, RUNNING, IN_PLACE).until_active(MINE) is IN_PLACE


@pytest.mark.parametrize("revision", [MINE, MINE[:7], MINE[:12].upper()])
def test_a_prefix_and_any_case_of_the_sha_will_do(revision: str) -> None:
    assert Hand(IN_PLACE).until_active(revision) is IN_PLACE


@pytest.mark.parametrize(
    "revision", [1234567, "b2b2b2", "", "main", "refs/heads/main", "b2b2b2g", "b" * 65, " b2b2b2b"]
)
def test_what_is_no_sha_is_refused_before_anything_is_asked(revision: Any) -> None:
    hand = Hand(IN_PLACE)
    with pytest.raises(InvalidRequestError, match="revision: expected a commit's sha"):
        hand.until_active(revision)
    assert hand.calls == []


def test_a_sync_job_follows_no_commits() -> None:
    hand = Hand(ACTIVE, ref=FACTORY, has_revisions=False)
    with pytest.raises(InvalidRequestError, match="revision: expected None"):
        hand.until_active(MINE)
    assert hand.calls == []


def test_a_commit_that_is_live_counts_while_a_newer_one_is_under_way_or_failed() -> None:
    for word in ("INITIATED", "IN_PROGRESS", "FAILED"):
        job = git_job(attempt(word, NEWER, initial=MINE), MY_SUCCESS, NEWER)
        assert Hand(job).until_active(MINE) is job


def test_a_latest_attempt_that_succeeded_is_the_latest_success() -> None:
    job = git_job(MY_SUCCESS, None, MINE)
    assert Hand(job).until_active(MINE) is job


def test_without_a_revision_the_commit_that_aws_wants_is_waited_for() -> None:
    hand = Hand(git_job(OLD_SUCCESS, OLD_SUCCESS, MINE), RUNNING, IN_PLACE)
    assert hand.until_active() is IN_PLACE
    assert hand.count("Look") == 3


def test_without_a_revision_a_failure_of_an_older_commit_than_the_wanted_one_is_looked_past() -> None:
    job = git_job(attempt("FAILED", OLD), None, MINE)
    assert Hand(job, RUNNING, IN_PLACE).until_active() is IN_PLACE


def test_without_a_desired_state_the_latest_attempt_counts() -> None:
    job = git_job(OLD_SUCCESS, OLD_SUCCESS)
    assert Hand(job).until_active() is job
    with pytest.raises(SyncFailedError):
        Hand(git_job(attempt("FAILED", OLD))).until_active()


# 9. Never synced yet. (That "not found" with a definition is "never synced" is the services' part: test_services.py.)


def test_what_was_never_synced_is_waited_for() -> None:
    assert Hand(git_job(), git_job(), RUNNING, IN_PLACE).until_active(MINE) is IN_PLACE


def test_what_does_not_exist_raises_at_once() -> None:
    hand = Hand(not_found())
    with pytest.raises(NotFoundError):
        hand.until_active()
    assert hand.sleeps == []


# 10. Blocked, superseded.


@pytest.mark.parametrize("job", [git_job(), YESTERDAY, RUNNING])
def test_a_blocked_sync_raises_with_its_blockers_and_their_release(job: Any) -> None:
    hand = Hand(job, blockers=[(blocker(),)])
    with pytest.raises(SyncBlockedError, match="modified outside of Git sync") as caught:
        hand.until_active(MINE)
    assert caught.value.blockers == (blocker(),)
    assert told(caught.value) == (STACK, job, 1, 0)
    assert str(caught.value) == (
        "codeconnections:payments-prod is blocked: modified outside of Git sync (since 2026-11-22 12:00:00 UTC). "
        "Once that is settled, release it: release-it --id 0a1b"
    )
    assert hand.sleeps == []


def test_each_of_several_blockers_is_told() -> None:
    other = blocker().model_copy(update={"id": "2c3d", "created_reason": "deleted by hand"})
    hand = Hand(RUNNING, RUNNING, blockers=[throttled(), (blocker(), other)])
    with pytest.raises(SyncBlockedError, match=r"--id 0a1b; deleted by hand \(since .*--id 2c3d$") as caught:
        hand.until_active()
    assert told(caught.value) == (STACK, RUNNING, 2, hand.time)
    assert caught.value.blockers == (blocker(), other)


def test_a_blocker_that_comes_while_waiting_is_found() -> None:
    hand = Hand(RUNNING, blockers=[(), (), (blocker(),)])
    with pytest.raises(SyncBlockedError):
        hand.until_active(MINE, backoff=STEADY)
    assert hand.time < 60


def test_the_blockers_are_not_read_at_every_look() -> None:
    hand = Hand(RUNNING)
    with pytest.raises(WaitTimeoutError):
        hand.until_active(timeout=46, backoff=Backoff(initial=1, maximum=1, factor=1, jitter=0))
    assert (hand.count("Look"), hand.count("Blockers")) == (47, 5), "every 15 seconds, and at the end"


def test_what_is_in_place_is_in_place_blocked_or_not() -> None:
    hand = Hand(IN_PLACE, blockers=[(blocker(),)])
    assert hand.until_active(MINE) is IN_PLACE
    assert hand.count("Blockers") == 0


def superseding(word: str, initial: str = MINE) -> Any:
    newer = attempt(word, NEWER, initial=initial)
    return git_job(newer, newer if word == "SUCCEEDED" else OLD_SUCCESS, NEWER)


@pytest.mark.parametrize("word", ["INITIATED", "IN_PROGRESS", "SUCCEEDED", "FAILED", "REIMAGINED"])
def test_a_commit_that_another_one_replaced_raises(word: str) -> None:
    hand = Hand(RUNNING, superseding(word, initial=OLD))
    with pytest.raises(SyncSupersededError, match="superseded by acme/infra@main c3c3c3c3c3c3") as caught:
        hand.until_active(MINE[:8])
    assert caught.value.superseded_by.sha == NEWER
    assert caught.value.revision == MINE[:8]
    assert told(caught.value) == (STACK, superseding(word, initial=OLD), 2, hand.time)


def test_a_superseded_commit_is_told_with_its_successor_and_how_that_stands() -> None:
    with pytest.raises(SyncSupersededError) as caught:
        Hand(superseding("IN_PROGRESS")).until_active(MINE)
    assert str(caught.value) == (
        "codeconnections:payments-prod: commit b2b2b2b2b2b2 was superseded by acme/infra@main c3c3c3c3c3c3, "
        "whose sync is RUNNING (IN_PROGRESS)"
    )


def test_a_commit_that_was_wanted_and_then_was_not_was_superseded() -> None:
    wanted = git_job(OLD_SUCCESS, OLD_SUCCESS, MINE)
    with pytest.raises(SyncSupersededError):
        Hand(wanted, superseding("IN_PROGRESS", initial=OLD)).until_active(MINE)


def test_a_commit_is_noticed_by_its_attempt_where_aws_does_not_say_what_it_wants() -> None:
    newer = git_job(attempt("IN_PROGRESS", NEWER, initial=OLD), OLD_SUCCESS)
    with pytest.raises(SyncSupersededError):
        Hand(git_job(attempt("IN_PROGRESS", MINE), OLD_SUCCESS), newer).until_active(MINE)


def test_a_newer_attempt_that_set_out_from_the_commit_superseded_it() -> None:
    hand = Hand(superseding("SUCCEEDED"))
    with pytest.raises(SyncSupersededError):
        hand.until_active(MINE)
    assert hand.sleeps == []


def test_an_attempt_for_another_commit_is_no_proof_while_the_commit_is_still_wanted() -> None:
    other = git_job(attempt("IN_PROGRESS", NEWER, initial=OLD), OLD_SUCCESS, MINE)
    assert Hand(RUNNING, other, RUNNING, IN_PLACE).until_active(MINE) is IN_PLACE


def test_a_commit_that_has_not_been_noticed_yet_is_not_superseded() -> None:
    queued_before_ours = git_job(attempt("IN_PROGRESS", NEWER, initial=OLD), OLD_SUCCESS, NEWER)
    assert Hand(queued_before_ours, queued_before_ours, RUNNING, IN_PLACE).until_active(MINE) is IN_PLACE


def test_an_older_look_at_things_is_no_proof() -> None:
    wanted = git_job(OLD_SUCCESS, OLD_SUCCESS, MINE)
    assert Hand(YESTERDAY, wanted, YESTERDAY, RUNNING, YESTERDAY, IN_PLACE).until_active(MINE) is IN_PLACE


def test_no_older_look_is_a_proof_however_much_went_on_before_the_commit_was_noticed() -> None:
    before = [YESTERDAY, git_job(attempt("IN_PROGRESS", NEWER, initial=OLD), OLD_SUCCESS, NEWER)]
    assert Hand(*before, RUNNING, *before, RUNNING, IN_PLACE).until_active(MINE) is IN_PLACE


def test_a_new_attempt_at_an_older_commit_is_a_successor_like_any_other() -> None:
    again = OLD_SUCCESS.model_copy(update={"started_at": OLD_SUCCESS.started_at + timedelta(minutes=5)})
    with pytest.raises(SyncSupersededError) as caught:
        Hand(YESTERDAY, RUNNING, git_job(again, again, OLD)).until_active(MINE)
    assert caught.value.superseded_by.sha == OLD


def test_a_commit_that_is_wanted_instead_of_ours_is_the_successor_before_its_attempt_begins() -> None:
    hand = Hand(YESTERDAY, git_job(OLD_SUCCESS, OLD_SUCCESS, MINE), git_job(OLD_SUCCESS, OLD_SUCCESS, NEWER))
    with pytest.raises(SyncSupersededError) as caught:
        hand.until_active(MINE)
    assert caught.value.superseded_by.sha == NEWER


def test_a_block_is_found_at_the_last_look_too() -> None:
    hand = Hand(RUNNING, blockers=[(), (), (blocker(),)])
    with pytest.raises(SyncBlockedError):
        hand.until_active(MINE, timeout=22, backoff=Backoff(initial=18, maximum=18, factor=1, jitter=0))
    assert hand.time == 22


def test_the_overtime_is_the_waits_and_not_each_calls() -> None:
    hand = Hand(RUNNING, costs=0.75)
    with pytest.raises(WaitTimeoutError):
        hand.until_active(MINE, timeout=0)
    assert [call.timeout for call in hand.calls] == [1, 0.25]


# 11. Progress.


def test_a_callback_that_is_awaited_is_refused() -> None:
    async def told(progress: Progress[Any]) -> None: ...

    hand = Hand(CREATING)
    with pytest.raises(InvalidRequestError, match="on_progress: expected a plain function"):
        hand.until_active(on_progress=told)
    assert hand.calls == []


def test_progress_is_told_before_each_pause() -> None:
    told: list[Progress[Any]] = []
    hand = Hand(CREATING, throttled(), CREATING, ACTIVE, costs=1)
    hand.until_active(backoff=STEADY, on_progress=told.append)
    assert [(each.attempt, each.elapsed, each.next_delay) for each in told] == [(1, 2, 10), (2, 13, 10), (3, 25, 10)]
    assert [type(each.error) for each in told] == [type(None), type(throttled()), type(None)]
    assert {each.job for each in told} == {CREATING}


def test_there_is_nothing_to_tell_before_the_first_answer() -> None:
    told: list[Progress[Any]] = []
    Hand(throttled(), ACTIVE).until_active(on_progress=told.append)
    assert told == []


# 12. What stops a wait.


WAYS: list[Callable[[Hand], Any]] = [
    lambda hand: hand.until_active,
    lambda hand: hand.until_deleted,
    lambda hand: hand.until_resources_synced,
]


@pytest.mark.parametrize("way", WAYS)
def test_an_event_ends_every_wait_before_its_next_look(way: Callable[[Hand], Any]) -> None:
    stop = threading.Event()

    def soon(progress: Progress[Any]) -> None:
        if progress.attempt == 2:
            stop.set()

    hand = Hand(CREATING, ref=FACTORY)
    with pytest.raises(WaitStoppedError) as caught:
        way(hand)(stop=stop, on_progress=soon)
    assert told(caught.value) == (FACTORY, CREATING, 2, hand.time)
    assert str(caught.value) == (
        "the wait for twinmaker:factory was stopped; last seen PENDING (CREATING). The sync itself goes on in AWS."
    )
    assert {call.stop for call in hand.calls} == {pause.stop for pause in hand.pauses} == {stop}
    with pytest.raises(WaitStoppedError, match=r"was stopped; never seen\. The sync") as caught:
        way(Hand(CREATING, ref=FACTORY))(stop=stop)
    assert told(caught.value) == (FACTORY, None, 0, 0)


def test_a_call_that_the_event_ended_is_no_failure() -> None:
    hand = Hand(CREATING, lost(retryable=False), ref=FACTORY)
    with pytest.raises(WaitStoppedError) as caught:
        hand.until_active(stop=SimpleNamespace(is_set=lambda: hand.count("Look") == 2))
    assert told(caught.value) == (FACTORY, CREATING, 2, hand.time)


@pytest.mark.parametrize("way", WAYS)
def test_every_wait_refuses_what_it_cannot_work_with(way: Callable[[Hand], Any]) -> None:
    async def awaited(progress: Progress[Any]) -> None: ...

    hand = Hand(CREATING, ref=FACTORY)
    for wrong, complaint in (
        ({"timeout": "5"}, "timeout: expected seconds or a timedelta, zero or more, or None for no limit, got '5'"),
        ({"on_progress": awaited}, "on_progress: expected a plain function, got one that is awaited"),
        ({"on_progress": 5}, "on_progress: expected a function, got 5"),
        ({"stop": True}, "stop: expected a threading.Event, got True"),
    ):
        with pytest.raises(InvalidRequestError) as caught:
            way(hand)(**wrong)
        assert str(caught.value) == complaint
    assert hand.calls == []


class Stop(Exception):  # noqa: N818
    pass


def test_an_exception_of_the_callback_ends_the_wait() -> None:
    def stop(progress: Progress[Any]) -> None:
        raise Stop

    hand = Hand(CREATING)
    with pytest.raises(Stop):
        hand.until_active(on_progress=stop)
    assert (hand.count("Look"), hand.sleeps) == (1, [])


@pytest.mark.parametrize("error", [KeyboardInterrupt(), Stop()])
def test_what_is_no_error_of_ours_ends_the_wait(error: BaseException) -> None:
    with pytest.raises(type(error)):
        Hand(CREATING, error, ACTIVE).until_active()


# Deletion.


def test_what_is_not_found_is_gone() -> None:
    deleting = twin_job(SyncState.DELETING, "DELETING")
    told: list[Progress[Any]] = []
    hand = Hand(deleting, deleting, not_found())
    hand.until_deleted(on_progress=told.append)
    assert len(hand.sleeps) == 2
    assert {each.job for each in told} == {deleting}


def test_waiting_for_a_deletion_absorbs_and_raises_as_every_wait() -> None:
    hand = Hand(throttled(), not_found())
    hand.until_deleted()
    with pytest.raises(AccessDeniedError):
        Hand(service_error("AccessDeniedException", 403)).until_deleted()
    with pytest.raises(WaitTimeoutError) as caught:
        Hand(service_error("InternalServerException", 500)).until_deleted(timeout=5)
    assert isinstance(caught.value.last_error, ServerError)


# The resources of a sync job.


def resources(failed: tuple[str, ...] = (), **counts: int) -> SyncResourceSummary:
    """What a sync job keeps in sync: so many of each state, and those that failed, by name."""
    return SyncResourceSummary(
        ref=FACTORY,
        counts={**{SyncState(state): number for state, number in counts.items()}, SyncState.FAILED: len(failed)},
        failed=tuple(
            SyncResource(
                resource_type="ENTITY",
                external_id=name,
                status=SyncJobStatus(state=SyncState.FAILED, aws_state="ERROR"),
            )
            for name in failed
        ),
    )


IN_SYNC = resources(ACTIVE=3)


def counting(*counts: object) -> Hand:
    return Hand(ACTIVE, ref=FACTORY, resources=counts)


def test_resources_are_counted_once_the_job_is_active() -> None:
    hand = Hand(CREATING, CREATING, ACTIVE, ref=FACTORY, resources=[IN_SYNC])
    assert hand.until_resources_synced() is IN_SYNC
    assert [call.operation for call in hand.calls] == ["Look", "Look", "Look", "Resources"]


def test_what_failed_is_tried_again_by_twinmaker_itself() -> None:
    for again in (resources(ACTIVE=2, RUNNING=1), resources(("b",), ACTIVE=2), resources(("a", "b"), ACTIVE=1)):
        hand = counting(resources(("a",), ACTIVE=2), again, resources(("a",), ACTIVE=2), IN_SYNC)
        assert hand.until_resources_synced() is IN_SYNC


def test_what_failed_twice_in_a_row_stays_so() -> None:
    settled = resources(("a", "b"), ACTIVE=1)
    hand = counting(resources(("a", "b"), RUNNING=1), settled, throttled(), settled)
    with pytest.raises(SyncFailedError) as caught:
        hand.until_resources_synced()
    assert told(caught.value) == (FACTORY, ACTIVE, 4, hand.time)
    assert caught.value.resources is settled
    assert str(caught.value).splitlines() == [
        "twinmaker:factory is ACTIVE, with 1 of 3 resources in sync, 2 failed",
        "  ENTITY a: no reason given",
        "  ENTITY b: no reason given",
    ]


@pytest.mark.parametrize(
    ("number", "named", "last"), [(10, 10, "  ENTITY 9: no reason given"), (11, 10, "  and 1 more")]
)
def test_of_many_that_failed_some_are_named(number: int, named: int, last: str) -> None:
    with pytest.raises(SyncFailedError) as caught:
        counting(resources(tuple(map(str, range(number))))).until_resources_synced()
    lines = str(caught.value).splitlines()
    assert sum("ENTITY" in line for line in lines) == named
    assert lines[-1] == last


def test_some_failures_may_be_tolerated() -> None:
    some = resources(("a", "b"), ACTIVE=1)
    assert counting(some).until_resources_synced(max_failures=2) is some
    with pytest.raises(SyncFailedError):
        counting(some).until_resources_synced(max_failures=1)
    under_way = resources(("a",), RUNNING=1)
    assert counting(under_way, some).until_resources_synced(max_failures=2) is some, "what is under way is waited for"


def test_resources_that_are_under_way_when_the_time_is_up() -> None:
    told_of: list[Progress[Any]] = []
    running = resources(ACTIVE=1, RUNNING=2)
    hand = Hand(CREATING, ACTIVE, ref=FACTORY, resources=[running])
    with pytest.raises(WaitTimeoutError) as caught:
        hand.until_resources_synced(timeout=20, backoff=STEADY, on_progress=told_of.append)
    assert str(caught.value) == (
        "twinmaker:factory was not in sync after 20.0 s and 3 looks; last seen ACTIVE; 1 of 3 resources in sync. "
        "The sync itself goes on in AWS."
    )
    assert [(each.resources, each.ref) for each in told_of] == [(None, FACTORY), (running, FACTORY)]


@pytest.mark.parametrize("max_failures", [-1, 0.5, True, None, "1"])
def test_a_bad_tolerance_is_refused_before_anything_is_asked(max_failures: Any) -> None:
    hand = counting(IN_SYNC)
    with pytest.raises(InvalidRequestError) as caught:
        hand.until_resources_synced(max_failures=max_failures)
    assert str(caught.value) == f"max_failures: expected a number, zero or more, got {tolerate!r}"
    assert hand.calls == []
