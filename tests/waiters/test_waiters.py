"""The rules of waiting, each by a flow that is driven by hand."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.samples import (
    FACTORY,
    MINE,
    NEWER,
    NOON,
    OLD,
    STACK,
    ScriptedSync,
    attempt,
    blocker,
    branch_attempt,
    git_job,
    not_found,
    throttled,
    twin_job,
)
from unisync import (
    AccessDeniedError,
    Backoff,
    InvalidArgumentError,
    NotFoundError,
    Progress,
    ResponseError,
    Revision,
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
from unisync._core.branch import BranchStatus

OLD_SUCCESS = attempt("SUCCEEDED", OLD)
MY_SUCCESS = attempt("SUCCEEDED", MINE)
RUNNING = git_job(attempt("IN_PROGRESS", MINE), OLD_SUCCESS, MINE)
SYNCED = git_job(MY_SUCCESS, MY_SUCCESS, MINE)
YESTERDAY = git_job(OLD_SUCCESS, OLD_SUCCESS, OLD)
CREATING = twin_job(SyncState.PENDING, "CREATING")
ACTIVE = twin_job(SyncState.ACTIVE, "ACTIVE")
DETECTED = git_job(OLD_SUCCESS, OLD_SUCCESS, MINE)
BRANCH = BranchStatus(branch_attempt("SUCCEEDED"), ("deployment.yaml",))
READ = "The latest sync of its branch started at 2026-11-22 12:01:00Z and is ACTIVE (SUCCEEDED)."
STEADY = Backoff(initial=10, maximum=10, factor=1, jitter=0)


def service_error(code: str, status: int) -> ServiceError:
    return ServiceError.from_response(
        {"Error": {"Code": code, "Message": "said so"}, "ResponseMetadata": {"HTTPStatusCode": status}}, "Op", "proton"
    )


def lost(retryable: bool = True) -> TransportError:
    return TransportError("proton", "Op", "connection reset", retryable=retryable, outcome_unknown=True)


def unreadable(is_truncated: bool = False) -> ResponseError:
    return ResponseError("proton", "Op", "not JSON", status_code=200, request_id=None, is_truncated=is_truncated)


def facts(error: WaitError) -> tuple[object, ...]:
    """What every WaitError carries."""
    return error.ref, error.job, error.polls, error.elapsed


@pytest.fixture
def another_time_zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The machine's time zone is nine hours ahead of UTC."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "JST-9")
        time.tzset()
        yield
    time.tzset()


# 1. Poll first, sleep after.


@pytest.mark.parametrize(("job", "revision"), [(SYNCED, None), (SYNCED, MINE), (ACTIVE, None)])
def test_a_synced_sync_returns_at_once(job: Any, revision: str | None) -> None:
    sync = ScriptedSync(job)
    assert sync.until_active(revision) is job
    assert sync.sleeps == []
    assert sync.count("Poll") == 1


# 2. Return the fresh job.


def test_the_job_of_the_last_poll_is_returned() -> None:
    assert ScriptedSync(CREATING, CREATING, ACTIVE).until_active() is ACTIVE


# 3. A true deadline.


@pytest.mark.parametrize("timeout", [25, 25.0, timedelta(seconds=25)])
def test_the_last_sleep_is_cut_to_the_deadline(timeout: Any) -> None:
    sync = ScriptedSync(CREATING)
    with pytest.raises(WaitTimeoutError):
        sync.until_active(timeout=timeout, backoff=STEADY)
    assert sync.sleeps == [10, 10, 5]
    assert sync.count("Poll") == 4, "there is one more poll at the deadline"


def test_a_pause_that_ends_at_the_deadline_is_the_last() -> None:
    sync = ScriptedSync(CREATING)
    with pytest.raises(WaitTimeoutError):
        sync.until_active(timeout=20, backoff=STEADY)
    assert sync.sleeps == [10, 10]
    assert sync.count("Poll") == 3


def test_the_time_that_calls_take_counts() -> None:
    sync = ScriptedSync(CREATING, duration=8, blockers=[()])
    with pytest.raises(WaitTimeoutError) as caught:
        sync.until_active(timeout=30, backoff=STEADY)
    # A poll and a read of the blockers may be in flight.
    assert sync.time <= 30 + 2 * 8
    assert caught.value.elapsed == sync.time


def test_each_call_gets_the_remaining_time() -> None:
    sync = ScriptedSync(CREATING)
    with pytest.raises(WaitTimeoutError):
        sync.until_active(timeout=15, backoff=STEADY)
    timeouts = [call.timeout for call in sync.calls if call.operation == "Poll"]
    assert timeouts == [15, 5, 1], "with a second of grace at the deadline"


def test_nothing_is_read_beside_the_status_after_the_grace_period() -> None:
    sync = ScriptedSync(YESTERDAY, duration=3, branch=[BRANCH])
    with pytest.raises(WaitTimeoutError):
        sync.until_active(MINE, timeout=0)
    assert [call.timeout for call in sync.calls] == [1]


@pytest.mark.parametrize("late", ["no response", "read timeout on endpoint; Proton's endpoint may be gone"])
def test_a_call_that_the_deadline_ends_is_no_fault_of_the_endpoint(late: str) -> None:
    unanswered = TransportError("proton", "Op", late, retryable=True, outcome_unknown=True)
    sync = ScriptedSync(RUNNING, unanswered, duration=10)
    with pytest.raises(WaitTimeoutError) as caught:
        sync.until_active(MINE, timeout=18, backoff=STEADY)
    assert facts(caught.value) == (STACK, RUNNING, 2, 28)
    assert caught.value.last_error is None
    assert "RUNNING (IN_PROGRESS)" in str(caught.value)
    assert late not in str(caught.value)


def test_an_answer_after_the_deadline_is_reported() -> None:
    error = throttled()
    with pytest.raises(WaitTimeoutError) as caught:
        ScriptedSync(RUNNING, error, duration=10).until_active(MINE, timeout=18, backoff=STEADY)
    assert caught.value.last_error is error


def test_a_call_that_fails_before_the_deadline_is_reported() -> None:
    sync = ScriptedSync(RUNNING, lost(), duration=2)
    with pytest.raises(WaitTimeoutError, match="the last poll failed: proton Op: connection reset"):
        sync.until_active(MINE, timeout=17, backoff=STEADY)


@pytest.mark.parametrize("timeout", [0.0005, 0.001])
def test_a_millisecond_before_the_deadline_is_no_pause(timeout: float) -> None:
    sync = ScriptedSync(CREATING)
    with pytest.raises(WaitTimeoutError):
        sync.until_active(timeout=timeout)
    assert (sync.count("Poll"), sync.sleeps) == (1, [])


def test_without_a_timeout_no_call_is_bounded() -> None:
    sync = ScriptedSync(*[CREATING] * 1000, ACTIVE)
    assert sync.until_active(timeout=None) is ACTIVE
    assert {call.timeout for call in sync.calls} == {None}


def test_a_timeout_of_zero_polls_once() -> None:
    sync = ScriptedSync(CREATING)
    with pytest.raises(WaitTimeoutError):
        sync.until_active(timeout=0)
    assert (sync.count("Poll"), sync.sleeps) == (1, [])


@pytest.mark.parametrize("timeout", [-1, float("nan"), timedelta(seconds=-1), "5", [], True])
def test_a_bad_timeout_is_rejected_before_any_call(timeout: Any) -> None:
    sync = ScriptedSync(ACTIVE)
    with pytest.raises(InvalidArgumentError, match="timeout: expected seconds or a timedelta"):
        sync.until_active(timeout=timeout)
    assert sync.calls == []


@given(
    timeout=st.floats(0, 500),
    duration=st.floats(0, 30),
    initial=st.floats(0.01, 50),
    factor=st.floats(1, 3),
    jitter=st.floats(0, 1),
)
def test_a_wait_outlasts_its_deadline_only_by_the_calls_in_flight(
    timeout: float, duration: float, initial: float, factor: float, jitter: float
) -> None:
    sync = ScriptedSync(CREATING, duration=duration + 0.1)
    backoff = Backoff(initial=initial, maximum=50, factor=factor, jitter=jitter)
    with pytest.raises(WaitTimeoutError):
        sync.until_active(timeout=timeout, backoff=backoff)
    # One poll and one read of the blockers may be in flight.
    assert sync.time <= timeout + 2 * (duration + 0.1) + 1e-6
    assert sum(sync.sleeps) <= timeout


# 4. Pauses that grow, with jitter.


def test_pauses_grow_to_the_maximum() -> None:
    sync = ScriptedSync(CREATING)
    with pytest.raises(WaitTimeoutError):
        sync.until_active(timeout=60, backoff=Backoff(initial=2, maximum=16, factor=2, jitter=0))
    assert sync.sleeps == [2, 4, 8, 16, 16, 14]


@given(st.integers(1, 10_000), st.floats(0, 1))
def test_jitter_shortens_a_pause_by_at_most_its_part(tries: int, drawn: float) -> None:
    backoff = Backoff(initial=1, maximum=20, factor=1.5, jitter=0.25)
    full = Backoff(initial=1, maximum=20, factor=1.5, jitter=0).delay(tries)
    assert 0.75 * full <= backoff.delay(tries, lambda: drawn) <= full <= 20


# 5. A failed state raises at once, with the reasons.


def test_a_failed_git_sync_raises_with_the_services_own_events() -> None:
    job = git_job(attempt("FAILED", MINE, reason="Template error: no such parameter"), OLD_SUCCESS, MINE)
    sync = ScriptedSync(RUNNING, job)
    with pytest.raises(SyncFailedError, match="Template error: no such parameter") as caught:
        sync.until_active(MINE)
    assert facts(caught.value) == (STACK, job, 2, sync.time)
    assert caught.value.error == SyncError(code="SYNC_FAILED", message="Template error: no such parameter")
    assert str(caught.value).splitlines() == [
        "codeconnections:payments-prod is FAILED: SYNC_FAILED: Template error: no such parameter "
        "[acme/infra@main b2b2b2b2b2b2]",
        "  2026-11-22 12:00:00Z SYNC_INITIATED: Sync of b2b2b2b",
        "  2026-11-22 12:00:00Z SYNC_FAILED: Template error: no such parameter",
    ]


@pytest.mark.usefixtures("another_time_zone")
def test_messages_have_times_in_utc() -> None:
    with pytest.raises(SyncFailedError, match="2026-11-22 12:00:00Z SYNC_FAILED"):
        ScriptedSync(git_job(attempt("FAILED", MINE, reason="bad"))).until_active()
    with pytest.raises(SyncBlockedError, match="since 2026-11-22 12:00:00Z"):
        ScriptedSync(RUNNING, blockers=[(blocker(),)]).until_active()


def test_a_failed_sync_job_raises_with_its_error() -> None:
    error = SyncError(code="SYNC_CREATING_ERROR", message="cannot assume the role")
    job = twin_job(SyncState.FAILED, "ERROR", error=error)
    with pytest.raises(SyncFailedError) as caught:
        ScriptedSync(CREATING, job, ref=FACTORY).until_active()
    assert str(caught.value) == "twinmaker:factory is FAILED (ERROR): SYNC_CREATING_ERROR: cannot assume the role"


def test_a_failure_without_a_reason_is_a_failure() -> None:
    with pytest.raises(SyncFailedError, match=r"twinmaker:factory is FAILED \(ERROR\)$"):
        ScriptedSync(twin_job(SyncState.FAILED, "ERROR"), ref=FACTORY).until_active()


def test_a_job_that_is_being_deleted_will_not_be_active() -> None:
    with pytest.raises(SyncFailedError, match="DELETING"):
        ScriptedSync(twin_job(SyncState.DELETING, "DELETING")).until_active()


@pytest.mark.parametrize(
    ("strange", "done"),
    [
        (twin_job(SyncState.UNKNOWN, "REIMAGINED"), ACTIVE),
        (git_job(attempt("REIMAGINED", MINE), OLD_SUCCESS), SYNCED),
    ],
)
def test_an_unknown_state_keeps_polling(strange: Any, done: Any) -> None:
    assert ScriptedSync(strange, strange, done).until_active() is done


# 6. What raises at once, and what is transient.


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
def test_a_lasting_error_raises_at_once(error: UnisyncError) -> None:
    sync = ScriptedSync(CREATING, error, ACTIVE)
    with pytest.raises(type(error)) as caught:
        sync.until_active()
    assert caught.value is error
    assert len(sync.sleeps) == 1


@pytest.mark.parametrize(
    "error",
    [throttled(), service_error("InternalServerException", 500), service_error("Strange", 503), lost(), unreadable()],
)
def test_a_transient_error_is_ignored(error: UnisyncError) -> None:
    sync = ScriptedSync(error, CREATING, error, error, ACTIVE)
    assert sync.until_active() is ACTIVE
    assert sync.count("Poll") == 5


DENIED = service_error("AccessDeniedException", 403)


@pytest.mark.parametrize("error", [DENIED, throttled(), lost(), unreadable(), service_error("Strange", 418)])
@pytest.mark.parametrize("revision", [None, MINE])
def test_a_read_beside_the_status_that_fails_changes_no_success(error: UnisyncError, revision: str | None) -> None:
    sync = ScriptedSync(YESTERDAY, RUNNING, SYNCED, blockers=[error], branch=[error])
    if revision is None:
        sync.script["Poll"][0] = git_job(OLD_SUCCESS, OLD_SUCCESS, MINE)
    assert sync.until_active(revision) is SYNCED
    assert sync.count("Blockers") <= 5


@pytest.mark.parametrize(
    ("error", "polls"), [(DENIED, 1), (service_error("Strange", 418), 1), (throttled(), 3), (lost(), 3)]
)
def test_a_failure_waits_a_little_for_a_read_of_the_blockers_that_fails(error: UnisyncError, polls: int) -> None:
    failed = git_job(attempt("FAILED", MINE, reason="bad template"), OLD_SUCCESS, MINE)
    sync = ScriptedSync(failed, blockers=[error])
    with pytest.raises(SyncFailedError, match="bad template") as caught:
        sync.until_active(MINE)
    assert sync.count("Poll") == sync.count("Blockers") == polls
    assert str(caught.value).endswith(f"The blockers could not be read: {error}")


@pytest.mark.parametrize("error", [unreadable(), unreadable(is_truncated=True), throttled()])
def test_a_read_beside_the_status_that_failed_by_accident_is_repeated(error: UnisyncError) -> None:
    with pytest.raises(SyncBlockedError):
        ScriptedSync(YESTERDAY, blockers=[error, (), (blocker(),)]).until_active(MINE)


def test_the_first_call_of_each_poll_says_how_long_the_pause_before_it_was() -> None:
    sync = ScriptedSync(YESTERDAY, YESTERDAY, SYNCED, branch=[BRANCH])
    sync.until_active(MINE, backoff=STEADY)
    assert [(call.operation, call.delay) for call in sync.calls] == [
        ("Poll", 0),
        ("Blockers", 0),
        ("Branch", 0),
        ("Poll", 10),
        ("Poll", 10),
    ]


def test_a_denied_read_is_not_repeated() -> None:
    sync = ScriptedSync(YESTERDAY, blockers=[DENIED], branch=[DENIED])
    with pytest.raises(WaitTimeoutError) as caught:
        sync.until_active(MINE, timeout=300)
    assert (sync.count("Blockers"), sync.count("Branch")) == (1, 1)
    assert str(caught.value).splitlines()[1:] == [
        f"  The blockers could not be read: {DENIED}",
        f"  The branch could not be read: {DENIED}",
    ]


def test_a_read_beside_the_status_has_ten_seconds() -> None:
    sync = ScriptedSync(YESTERDAY, branch=[BRANCH])
    with pytest.raises(WaitTimeoutError):
        sync.until_active(MINE, timeout=3)
    assert [call.timeout for call in sync.calls if call.operation in ("Blockers", "Branch")][:2] == [3, 3]
    sync = ScriptedSync(YESTERDAY, SYNCED, branch=[BRANCH])
    sync.until_active(MINE, timeout=None)
    assert {call.timeout for call in sync.calls if call.operation in ("Blockers", "Branch")} == {10}


def test_an_operation_that_nothing_knows_ends_the_wait() -> None:
    sync = ScriptedSync(RUNNING, service_error("InternalFailure", 501))
    with pytest.raises(ServerError):
        sync.until_active()
    assert sync.count("Poll") == 2


@pytest.mark.parametrize("error", [throttled(), service_error("InternalServerException", 500), lost()])
def test_a_transient_error_is_ignored_until_the_deadline(error: UnisyncError) -> None:
    sync = ScriptedSync(error)
    with pytest.raises(WaitTimeoutError) as caught:
        sync.until_active(timeout=100)
    assert caught.value.last_error is error
    assert str(error) in str(caught.value)
    assert "no poll succeeded" in str(caught.value)


def test_three_consecutive_unreadable_responses_raise() -> None:
    sync = ScriptedSync(unreadable(), unreadable(), CREATING, unreadable(), unreadable(), unreadable(), ACTIVE)
    with pytest.raises(ResponseError):
        sync.until_active()
    assert sync.count("Poll") == 6


def test_a_truncated_response_is_a_lost_connection() -> None:
    assert ScriptedSync(*[unreadable(is_truncated=True)] * 20, ACTIVE).until_active() is ACTIVE


def test_unreadable_responses_that_are_not_consecutive_are_ignored() -> None:
    accident = [unreadable(), unreadable()]
    for between in (CREATING, throttled(), unreadable(is_truncated=True)):
        assert ScriptedSync(*accident, between, *accident, between, *accident, ACTIVE).until_active() is ACTIVE


# 7. What a timeout says.


def test_a_timeout_says_status_polls_and_time() -> None:
    sync = ScriptedSync(RUNNING)
    with pytest.raises(WaitTimeoutError) as caught:
        sync.until_active(MINE, timeout=25, backoff=STEADY)
    error = caught.value
    assert isinstance(error, TimeoutError)
    assert facts(error) == (STACK, RUNNING, 4, 25)
    assert error.last_error is None
    assert str(error) == (
        "codeconnections:payments-prod was not synced after 25.0 s and 4 polls; its last status was RUNNING "
        "(IN_PROGRESS); its latest sync is for acme/infra@main b2b2b2b2b2b2. The sync continues in AWS."
    )


def test_a_timeout_says_how_the_last_poll_failed() -> None:
    with pytest.raises(WaitTimeoutError) as caught:
        ScriptedSync(throttled(), ref=FACTORY).until_active(timeout=0)
    assert str(caught.value) == (
        "twinmaker:factory was not synced after 0.0 s and 1 poll; no poll succeeded; the last poll failed: "
        "iottwinmaker GetSyncJob: ThrottlingException: Rate exceeded."
    )
    with pytest.raises(WaitTimeoutError) as caught:
        ScriptedSync(throttled(), CREATING).until_active(timeout=20)
    assert caught.value.last_error is None, "only the last poll counts"


def test_a_timeout_gives_the_error_of_an_unknown_state() -> None:
    strange = twin_job(SyncState.UNKNOWN, "STUCK", error=SyncError(code="A", message="b"))
    with pytest.raises(WaitTimeoutError, match=r"its last status was UNKNOWN \(STUCK\); A: b\.$"):
        ScriptedSync(strange, ref=FACTORY).until_active(timeout=0)


def is_mine(commit: Revision) -> bool:
    return commit.sha == MINE


@pytest.mark.parametrize(
    ("job", "revision", "said"),
    [
        (YESTERDAY, MINE, f"Commit b2b2b2b2b2b2 was not picked up. {READ} Check that the commit is on the branch"),
        (YESTERDAY, {MINE, NEWER}, f"Commit b2b2b2b2b2b2 or c3c3c3c3c3c3 was not picked up. {READ} Check"),
        (YESTERDAY, is_mine, "A commit that the function accepts was not picked up."),
        (git_job(), MINE, f"Commit b2b2b2b2b2b2 was not picked up. {READ} Check"),
        (git_job(), None, f"A commit was not picked up. {READ} Check"),
        (DETECTED, None, f"Commit b2b2b2b2b2b2 was detected and its sync has not started. {READ} If it does not start"),
        (DETECTED, MINE, f"Commit b2b2b2b2b2b2 was detected and its sync has not started. {READ} If it does not start"),
        (
            git_job(attempt("IN_PROGRESS", NEWER, initial=OLD), OLD_SUCCESS, NEWER),
            MINE,
            "Commit b2b2b2b2b2b2 was not picked up. AWS is syncing acme/infra@main c3c3c3c3c3c3.",
        ),
        (
            git_job(attempt("REIMAGINED", MINE), OLD_SUCCESS, MINE),
            MINE,
            "Whether the sync continues is not known: REIMAGINED is a state that AWS has added.",
        ),
    ],
)
def test_a_timeout_says_what_is_to_be_expected(job: Any, revision: Any, said: str) -> None:
    with pytest.raises(WaitTimeoutError) as caught:
        ScriptedSync(job, branch=[BRANCH]).until_active(revision, timeout=10)
    assert said in str(caught.value)
    assert "continues in AWS" not in str(caught.value)


@pytest.mark.parametrize(
    ("branch", "said"),
    [
        (BranchStatus(None, ()), "Its branch has never been synced."),
        (
            BranchStatus(branch_attempt("FAILED", reason="other.yaml is invalid"), ("deployment.yaml",)),
            "The latest sync of its branch started at 2026-11-22 12:01:00Z and is FAILED: SYNC_FAILED: other.yaml is",
        ),
        (None, "Commit b2b2b2b2b2b2 was not picked up. Check"),
    ],
)
def test_a_timeout_says_how_the_branch_stands(branch: Any, said: str) -> None:
    with pytest.raises(WaitTimeoutError) as caught:
        ScriptedSync(YESTERDAY, branch=[branch]).until_active(MINE, timeout=400)
    assert said in str(caught.value)


def test_a_timeout_says_less_of_a_commit_that_was_picked_up() -> None:
    with pytest.raises(WaitTimeoutError, match=r"its latest sync is for acme/infra@main b2b2b2b2b2b2\. The sync"):
        ScriptedSync(RUNNING).until_active(timeout=10)


def test_a_timeout_says_that_a_sync_is_not_deleted() -> None:
    with pytest.raises(WaitTimeoutError, match=r"not deleted after .* The sync continues in AWS\.$"):
        ScriptedSync(twin_job(SyncState.DELETING, "DELETING")).until_deleted(timeout=30)
    with pytest.raises(WaitTimeoutError, match=r"not deleted after .* It is not being deleted\.$"):
        ScriptedSync(ACTIVE).until_deleted(timeout=30)
    sync = ScriptedSync(RUNNING)
    with pytest.raises(WaitTimeoutError, match=r"It is not being deleted\.$") as caught:
        sync.until_deleted(timeout=30)
    assert not caught.value.is_in_progress
    assert sync.count("Blockers") == 0


# 8. My commit, not the last success.


def test_an_older_success_does_not_count() -> None:
    sync = ScriptedSync(YESTERDAY, YESTERDAY, RUNNING, SYNCED)
    assert sync.until_active(MINE) is SYNCED
    assert sync.count("Poll") == 4


def test_an_older_failure_is_ignored() -> None:
    failed = git_job(attempt("FAILED", OLD, reason="bad template"), None, OLD)
    assert ScriptedSync(failed, failed, RUNNING, SYNCED).until_active(MINE) is SYNCED


@pytest.mark.parametrize("revision", [MINE, MINE[:7], MINE[:12].upper()])
def test_a_prefix_of_the_sha_in_any_case_is_enough(revision: str) -> None:
    assert ScriptedSync(SYNCED).until_active(revision) is SYNCED


@pytest.mark.parametrize(
    "revision", [1234567, "b2b2b2", "", "main", "refs/heads/main", "b2b2b2g", "b" * 65, " b2b2b2b"]
)
def test_a_revision_that_is_no_sha_is_rejected_before_any_call(revision: Any) -> None:
    sync = ScriptedSync(SYNCED)
    with pytest.raises(InvalidArgumentError, match="revision: expected a commit's sha"):
        sync.until_active(revision)
    assert sync.calls == []


def test_a_sync_job_follows_no_commits() -> None:
    sync = ScriptedSync(ACTIVE, ref=FACTORY, has_revisions=False)
    with pytest.raises(InvalidArgumentError, match="revision: expected None"):
        sync.until_active(MINE)
    assert sync.calls == []


def test_a_live_commit_counts_while_a_newer_one_runs_or_failed() -> None:
    for aws_state in ("INITIATED", "IN_PROGRESS", "FAILED"):
        job = git_job(attempt(aws_state, NEWER, initial=MINE), MY_SUCCESS, NEWER)
        assert ScriptedSync(job).until_active(MINE) is job


def test_a_latest_attempt_that_succeeded_is_the_latest_success() -> None:
    job = git_job(MY_SUCCESS, None, MINE)
    assert ScriptedSync(job).until_active(MINE) is job


def test_without_a_revision_the_desired_commit_is_waited_for() -> None:
    sync = ScriptedSync(git_job(OLD_SUCCESS, OLD_SUCCESS, MINE), RUNNING, SYNCED)
    assert sync.until_active() is SYNCED
    assert sync.count("Poll") == 3


def test_without_a_revision_a_failure_of_an_older_commit_is_ignored() -> None:
    job = git_job(attempt("FAILED", OLD), None, MINE)
    assert ScriptedSync(job, RUNNING, SYNCED).until_active() is SYNCED


def test_without_a_desired_state_the_latest_attempt_counts() -> None:
    job = git_job(OLD_SUCCESS, OLD_SUCCESS)
    assert ScriptedSync(job).until_active() is job
    with pytest.raises(SyncFailedError):
        ScriptedSync(git_job(attempt("FAILED", OLD))).until_active()


# 9. Never synced yet. (tests/services: "not found" with a configuration means "never synced".)


def test_a_sync_that_never_ran_is_waited_for() -> None:
    assert ScriptedSync(git_job(), git_job(), RUNNING, SYNCED).until_active(MINE) is SYNCED


def test_a_sync_that_does_not_exist_raises_at_once() -> None:
    sync = ScriptedSync(not_found())
    with pytest.raises(NotFoundError):
        sync.until_active()
    assert sync.sleeps == []


# 10. Blocked, superseded.


FAILED = git_job(attempt("FAILED", MINE, reason="bad template"), OLD_SUCCESS, MINE)


@pytest.mark.parametrize("job", [git_job(), YESTERDAY, DETECTED, FAILED])
def test_a_blocked_sync_raises_with_its_blockers_and_how_to_resolve_them(job: Any) -> None:
    sync = ScriptedSync(job, blockers=[(blocker(),)])
    with pytest.raises(SyncBlockedError, match="modified outside of Git sync") as caught:
        sync.until_active(MINE)
    assert caught.value.blockers == (blocker(),)
    assert facts(caught.value) == (STACK, job, 1, 0)
    assert str(caught.value) == (
        "codeconnections:payments-prod is blocked: modified outside of Git sync (since 2026-11-22 12:00:00Z). "
        "Once the cause is fixed, resolve it: resolve-it --id 0a1b"
    )
    assert sync.sleeps == []


def test_each_of_several_blockers_is_listed() -> None:
    other = blocker().model_copy(update={"id": "2c3d", "created_reason": "deleted by hand"})
    sync = ScriptedSync(SYNCED, SYNCED, blockers=[throttled(), (blocker(), other)])
    with pytest.raises(SyncBlockedError, match=r"--id 0a1b; deleted by hand \(since .*--id 2c3d$") as caught:
        sync.until_active()
    assert facts(caught.value) == (STACK, SYNCED, 2, sync.time)
    assert caught.value.blockers == (blocker(), other)


def test_a_blocker_created_during_the_wait_is_found() -> None:
    sync = ScriptedSync(YESTERDAY, blockers=[(), (), (blocker(),)])
    with pytest.raises(SyncBlockedError):
        sync.until_active(MINE, backoff=STEADY)
    assert sync.time < 60


def test_the_blockers_and_the_branch_are_not_read_at_every_poll() -> None:
    second = Backoff(initial=1, maximum=1, factor=1, jitter=0)
    sync = ScriptedSync(DETECTED, branch=[BRANCH])
    with pytest.raises(WaitTimeoutError):
        sync.until_active(timeout=46, backoff=second)
    counts = [sync.count(name) for name in ("Poll", "Blockers", "Branch")]
    assert counts == [47, 5, 5], "every 15 seconds, and at the end"
    sync = ScriptedSync(RUNNING, branch=[BRANCH])
    with pytest.raises(WaitTimeoutError):
        sync.until_active(timeout=46, backoff=second)
    counts = [sync.count(name) for name in ("Poll", "Blockers", "Branch")]
    assert counts == [47, 1, 0], "while the commit is attempted, only before the timeout"


def test_blocked_comes_before_failed() -> None:
    sync = ScriptedSync(RUNNING, FAILED, blockers=[(blocker(),)])
    with pytest.raises(SyncBlockedError):
        sync.until_active(MINE)
    assert (sync.count("Poll"), sync.count("Blockers")) == (2, 1)


def test_a_success_whose_blockers_could_not_be_read_in_time_is_one() -> None:
    for blockers in ([throttled()], [throttled(), ()]):
        sync = ScriptedSync(SYNCED, throttled(), blockers=blockers)
        assert sync.until_active(timeout=30) is SYNCED
        assert sync.time == 30
    sync = ScriptedSync(SYNCED, throttled(), blockers=[throttled(), (blocker(),)])
    with pytest.raises(SyncBlockedError):
        sync.until_active(timeout=30)


def test_a_wait_without_a_revision_does_not_return_blocked() -> None:
    with pytest.raises(SyncBlockedError):
        ScriptedSync(SYNCED, blockers=[(blocker(),)]).until_active()


def test_a_live_revision_returns_blocked_or_not() -> None:
    sync = ScriptedSync(SYNCED, blockers=[(blocker(),)])
    assert sync.until_active(MINE) is SYNCED
    assert sync.count("Blockers") == 0


def superseding(aws_state: str, initial: str = MINE) -> Any:
    newer = attempt(aws_state, NEWER, initial=initial)
    return git_job(newer, newer if aws_state == "SUCCEEDED" else OLD_SUCCESS, NEWER)


@pytest.mark.parametrize("aws_state", ["INITIATED", "IN_PROGRESS", "SUCCEEDED", "FAILED", "REIMAGINED"])
def test_a_superseded_commit_raises(aws_state: str) -> None:
    sync = ScriptedSync(RUNNING, superseding(aws_state, initial=OLD))
    with pytest.raises(SyncSupersededError, match="superseded by acme/infra@main c3c3c3c3c3c3") as caught:
        sync.until_active(MINE[:8])
    assert caught.value.superseded_by.sha == NEWER
    assert caught.value.revision == MINE[:8]
    assert facts(caught.value) == (STACK, superseding(aws_state, initial=OLD), 2, sync.time)


def test_a_superseded_commit_is_reported_with_its_successor() -> None:
    with pytest.raises(SyncSupersededError) as caught:
        ScriptedSync(RUNNING, superseding("IN_PROGRESS")).until_active(MINE)
    assert str(caught.value) == (
        "codeconnections:payments-prod: commit b2b2b2b2b2b2 was superseded by acme/infra@main c3c3c3c3c3c3, "
        "whose sync is RUNNING (IN_PROGRESS)"
    )
    assert not caught.value.was_before


def test_a_commit_that_was_replaced_before_the_wait_is_reported_after_two_minutes() -> None:
    sync = ScriptedSync(superseding("SUCCEEDED"))
    with pytest.raises(SyncSupersededError) as caught:
        sync.until_active(MINE)
    assert str(caught.value) == (
        "codeconnections:payments-prod: commit b2b2b2b2b2b2 was replaced by acme/infra@main c3c3c3c3c3c3 before this "
        "wait began: that attempt started at 2026-11-22 12:00:00Z and is ACTIVE (SUCCEEDED). If commit b2b2b2b2b2b2 "
        "was pushed again since, AWS has not noticed it."
    )
    assert caught.value.was_before
    assert 120 <= sync.time < 140


def test_a_roll_back_that_aws_gave_up_is_not_told_to_wait_for_what_it_rolls_back() -> None:
    away = superseding("SUCCEEDED")
    noticed = away.model_copy(update={"desired_state": git_job(desired=MINE).desired_state})
    with pytest.raises(SyncSupersededError) as caught:
        ScriptedSync(away, noticed, away).until_active(MINE, backoff=STEADY)
    assert caught.value.was_before
    assert caught.value.elapsed == 10 + 120
    assert str(caught.value).endswith("AWS noticed that it was pushed again, and has turned away from it since.")


@pytest.mark.parametrize("timeout", [60, 119])
def test_a_commit_that_was_replaced_before_may_have_been_pushed_again(timeout: float) -> None:
    with pytest.raises(WaitTimeoutError, match="Commit b2b2b2b2b2b2 was not picked up"):
        ScriptedSync(superseding("SUCCEEDED")).until_active(MINE, timeout=timeout)


def test_a_commit_that_is_no_longer_desired_was_superseded() -> None:
    wanted = git_job(OLD_SUCCESS, OLD_SUCCESS, MINE)
    with pytest.raises(SyncSupersededError):
        ScriptedSync(wanted, superseding("IN_PROGRESS", initial=OLD)).until_active(MINE)


def test_an_attempt_shows_that_aws_has_seen_the_commit() -> None:
    newer = git_job(attempt("IN_PROGRESS", NEWER, initial=OLD), OLD_SUCCESS)
    with pytest.raises(SyncSupersededError):
        ScriptedSync(git_job(attempt("IN_PROGRESS", MINE), OLD_SUCCESS), newer).until_active(MINE)


def test_a_new_attempt_that_starts_from_the_commit_superseded_it() -> None:
    sync = ScriptedSync(YESTERDAY, superseding("SUCCEEDED"))
    with pytest.raises(SyncSupersededError):
        sync.until_active(MINE)
    assert len(sync.sleeps) == 1


def test_an_attempt_for_another_commit_proves_nothing_while_ours_is_desired() -> None:
    other = git_job(attempt("IN_PROGRESS", NEWER, initial=OLD), OLD_SUCCESS, MINE)
    assert ScriptedSync(RUNNING, other, RUNNING, SYNCED).until_active(MINE) is SYNCED


def test_a_commit_that_aws_has_not_seen_is_not_superseded() -> None:
    queued_before_ours = git_job(attempt("IN_PROGRESS", NEWER, initial=OLD), OLD_SUCCESS, NEWER)
    assert ScriptedSync(queued_before_ours, queued_before_ours, RUNNING, SYNCED).until_active(MINE) is SYNCED


def test_a_stale_read_proves_nothing() -> None:
    wanted = git_job(OLD_SUCCESS, OLD_SUCCESS, MINE)
    assert ScriptedSync(YESTERDAY, wanted, YESTERDAY, RUNNING, YESTERDAY, SYNCED).until_active(MINE) is SYNCED


def test_no_stale_read_proves_anything_however_much_came_before() -> None:
    before = [YESTERDAY, git_job(attempt("IN_PROGRESS", NEWER, initial=OLD), OLD_SUCCESS, NEWER)]
    assert ScriptedSync(*before, RUNNING, *before, RUNNING, SYNCED).until_active(MINE) is SYNCED


def test_a_new_attempt_at_an_older_commit_is_a_successor() -> None:
    again = OLD_SUCCESS.model_copy(update={"started_at": OLD_SUCCESS.started_at + timedelta(minutes=5)})
    with pytest.raises(SyncSupersededError) as caught:
        ScriptedSync(YESTERDAY, RUNNING, git_job(again, again, OLD)).until_active(MINE)
    assert caught.value.superseded_by.sha == OLD


def test_a_commit_that_is_desired_instead_is_the_successor() -> None:
    sync = ScriptedSync(YESTERDAY, git_job(OLD_SUCCESS, OLD_SUCCESS, MINE), git_job(OLD_SUCCESS, OLD_SUCCESS, NEWER))
    with pytest.raises(SyncSupersededError) as caught:
        sync.until_active(MINE)
    assert caught.value.superseded_by.sha == NEWER


def test_a_blocker_is_found_at_the_last_poll() -> None:
    sync = ScriptedSync(RUNNING, blockers=[(blocker(),)])
    with pytest.raises(SyncBlockedError):
        sync.until_active(MINE, timeout=22, backoff=Backoff(initial=18, maximum=18, factor=1, jitter=0))
    assert sync.time == 22


def test_the_grace_period_belongs_to_the_wait_not_to_each_call() -> None:
    sync = ScriptedSync(RUNNING, duration=0.75)
    with pytest.raises(WaitTimeoutError):
        sync.until_active(MINE, timeout=0)
    assert [call.timeout for call in sync.calls] == [1, 0.25]


# 11. Progress.


def test_an_async_callback_is_rejected() -> None:
    async def report(progress: Progress[Any]) -> None: ...

    sync = ScriptedSync(CREATING)
    with pytest.raises(InvalidArgumentError, match="on_progress: expected a plain function"):
        sync.until_active(on_progress=report)
    assert sync.calls == []


def test_progress_is_reported_before_each_pause() -> None:
    reported: list[Progress[Any]] = []
    sync = ScriptedSync(CREATING, throttled(), CREATING, ACTIVE, duration=1)
    sync.until_active(backoff=STEADY, on_progress=reported.append)
    assert [(each.polls, each.elapsed, each.next_delay) for each in reported] == [(1, 1, 10), (2, 12, 10), (3, 23, 10)]
    assert [type(each.error) for each in reported] == [type(None), type(throttled()), type(None)]
    assert {each.job for each in reported} == {CREATING}


def test_no_progress_is_reported_before_the_first_job() -> None:
    reported: list[Progress[Any]] = []
    ScriptedSync(throttled(), ACTIVE).until_active(on_progress=reported.append)
    assert reported == []


# 12. What stops a wait.


WAYS: list[Callable[[ScriptedSync], Any]] = [
    lambda sync: sync.until_active,
    lambda sync: sync.until_deleted,
    lambda sync: sync.until_resources_synced,
]


@pytest.mark.parametrize("way", WAYS)
def test_the_stop_event_ends_every_wait_before_its_next_poll(way: Callable[[ScriptedSync], Any]) -> None:
    stop = threading.Event()

    def soon(progress: Progress[Any]) -> None:
        if progress.polls == 2:
            stop.set()

    sync = ScriptedSync(CREATING, ref=FACTORY)
    with pytest.raises(WaitStoppedError) as caught:
        way(sync)(stop=stop, on_progress=soon)
    assert facts(caught.value) == (FACTORY, CREATING, 2, sync.time)
    continues = "" if way is WAYS[1] else ". The sync continues in AWS."
    assert str(caught.value) == (
        f"the wait for twinmaker:factory was stopped; its last status was PENDING (CREATING){continues}"
    )
    assert {call.stop for call in sync.calls} == {pause.stop for pause in sync.pauses} == {stop}
    with pytest.raises(WaitStoppedError, match=r"was stopped; no poll succeeded$") as caught:
        way(ScriptedSync(CREATING, ref=FACTORY))(stop=stop)
    assert facts(caught.value) == (FACTORY, None, 0, 0)


def test_a_call_that_the_stop_event_ended_is_no_error() -> None:
    sync = ScriptedSync(CREATING, lost(retryable=False), ref=FACTORY)
    with pytest.raises(WaitStoppedError) as caught:
        sync.until_active(stop=SimpleNamespace(is_set=lambda: sync.count("Poll") == 2))
    assert facts(caught.value) == (FACTORY, CREATING, 2, sync.time)


@pytest.mark.parametrize("way", WAYS)
def test_every_wait_rejects_bad_arguments(way: Callable[[ScriptedSync], Any]) -> None:
    async def awaited(progress: Progress[Any]) -> None: ...

    sync = ScriptedSync(CREATING, ref=FACTORY)
    for wrong, message in (
        ({"timeout": "5"}, "timeout: expected seconds or a timedelta, zero or more, or None for no limit, got '5'"),
        ({"on_progress": awaited}, f"on_progress: expected a plain function, not an async one, got {awaited!r:.60}"),
        ({"on_progress": 5}, "on_progress: expected a function, got 5"),
        ({"stop": True}, "stop: expected a threading.Event, got True"),
    ):
        with pytest.raises(InvalidArgumentError) as caught:
            way(sync)(**wrong)
        assert str(caught.value) == message
    assert sync.calls == []


class Stop(Exception):  # noqa: N818
    pass


def test_an_exception_of_the_callback_ends_the_wait() -> None:
    def stop(progress: Progress[Any]) -> None:
        raise Stop

    sync = ScriptedSync(CREATING)
    with pytest.raises(Stop):
        sync.until_active(on_progress=stop)
    assert (sync.count("Poll"), sync.sleeps) == (1, [])


@pytest.mark.parametrize("error", [KeyboardInterrupt(), Stop()])
def test_an_error_that_is_not_ours_ends_the_wait(error: BaseException) -> None:
    with pytest.raises(type(error)):
        ScriptedSync(CREATING, error, ACTIVE).until_active()


# Deletion.


def test_a_sync_that_is_not_found_is_deleted() -> None:
    deleting = twin_job(SyncState.DELETING, "DELETING")
    reported: list[Progress[Any]] = []
    sync = ScriptedSync(deleting, deleting, not_found())
    sync.until_deleted(on_progress=reported.append)
    assert len(sync.sleeps) == 2
    assert {each.job for each in reported} == {deleting}


def test_a_wait_for_a_deletion_treats_errors_as_every_wait() -> None:
    sync = ScriptedSync(throttled(), not_found())
    sync.until_deleted()
    with pytest.raises(AccessDeniedError):
        ScriptedSync(service_error("AccessDeniedException", 403)).until_deleted()
    with pytest.raises(WaitTimeoutError) as caught:
        ScriptedSync(service_error("InternalServerException", 500)).until_deleted(timeout=5)
    assert isinstance(caught.value.last_error, ServerError)


DELETION_FAILED = twin_job(
    SyncState.FAILED, "ERROR", error=SyncError(code="SYNC_DELETING_ERROR", message="it is in use")
)


def test_a_failed_deletion_raises_at_once() -> None:
    sync = ScriptedSync(twin_job(SyncState.DELETING, "DELETING"), DELETION_FAILED, ref=FACTORY)
    with pytest.raises(SyncFailedError, match="SYNC_DELETING_ERROR: it is in use") as caught:
        sync.until_deleted()
    assert facts(caught.value) == (FACTORY, DELETION_FAILED, 2, sync.time)


def test_a_failed_deletion_may_pass_within_its_grace() -> None:
    deleting = twin_job(SyncState.DELETING, "DELETING")
    ScriptedSync(DELETION_FAILED, deleting, not_found()).until_deleted(grace=30)
    with pytest.raises(SyncFailedError):
        ScriptedSync(DELETION_FAILED).until_deleted(grace=30)


def test_any_other_error_of_a_job_does_not_keep_it_from_being_deleted() -> None:
    error = SyncError(code="SYNC_PROCESSING_ERROR", message="no access")
    ScriptedSync(twin_job(SyncState.FAILED, "ERROR", error=error), not_found()).until_deleted()


# Failures that may pass.


def test_a_failure_that_passes_within_its_grace_is_none() -> None:
    for job in (RUNNING, YESTERDAY):
        assert ScriptedSync(FAILED, job, SYNCED).until_active(MINE, grace=30) is SYNCED
    assert ScriptedSync(twin_job(SyncState.FAILED, "ERROR"), ACTIVE).until_active(grace=timedelta(seconds=30)) is ACTIVE


def test_a_failure_raises_at_the_end_of_its_grace() -> None:
    sync = ScriptedSync(RUNNING, FAILED)
    with pytest.raises(SyncFailedError) as caught:
        sync.until_active(MINE, grace=25, backoff=STEADY)
    assert sync.sleeps == [10, 10, 10, 5], "the last pause ends with it"
    assert facts(caught.value) == (STACK, FAILED, 5, 35)


def test_each_failed_attempt_has_its_own_grace() -> None:
    again = git_job(attempt("FAILED", MINE).model_copy(update={"started_at": NOON + timedelta(seconds=9)}), None, MINE)
    sync = ScriptedSync(FAILED, FAILED, again)
    with pytest.raises(SyncFailedError):
        sync.until_active(MINE, grace=25, backoff=STEADY)
    assert sync.time == 20 + 25


def test_a_failure_within_its_grace_is_the_error_at_the_deadline() -> None:
    with pytest.raises(SyncFailedError, match="bad template"):
        ScriptedSync(FAILED).until_active(MINE, grace=100, timeout=30)
    with pytest.raises(SyncFailedError, match="bad template"):
        ScriptedSync(FAILED, throttled()).until_active(MINE, grace=100, timeout=30)


def test_a_failure_within_its_grace_that_is_blocked_raises() -> None:
    sync = ScriptedSync(FAILED, blockers=[(), (blocker(),)])
    with pytest.raises(SyncBlockedError):
        sync.until_active(MINE, grace=100, backoff=STEADY)
    assert sync.time == 20, "they are read every 15 s"


def test_a_failure_at_the_deadline_is_blocked_if_the_sync_is() -> None:
    sync = ScriptedSync(FAILED, throttled(), blockers=[(), (blocker(),)])
    with pytest.raises(SyncBlockedError):
        sync.until_active(MINE, grace=120, timeout=60)
    assert sync.time == 60


def test_a_stale_read_does_not_prolong_the_grace_of_an_attempt() -> None:
    sync = ScriptedSync(FAILED, RUNNING, FAILED)
    with pytest.raises(SyncFailedError):
        sync.until_active(MINE, grace=25, backoff=STEADY)
    assert sync.time == 25


@pytest.mark.parametrize("grace", [-1, float("nan"), timedelta(seconds=-1), "5", True])
def test_a_bad_grace_is_rejected_before_any_call(grace: Any) -> None:
    sync = ScriptedSync(ACTIVE)
    with pytest.raises(InvalidArgumentError, match="grace: expected seconds or a timedelta, zero or more, got"):
        sync.until_active(grace=grace)
    assert sync.calls == []


@pytest.mark.parametrize("moment", [datetime(2026, 11, 22), "2026-11-22", 5])  # noqa: DTZ001
def test_a_moment_without_a_time_zone_is_rejected_before_any_call(moment: Any) -> None:
    sync = ScriptedSync(ACTIVE)
    with pytest.raises(InvalidArgumentError, match="started_after: expected a datetime with a time zone"):
        sync.until_active(started_after=moment)
    with pytest.raises(InvalidArgumentError, match="started_after: expected None, as twinmaker:factory follows no"):
        ScriptedSync(ACTIVE, ref=FACTORY, has_revisions=False).until_active(started_after=NOON)
    assert sync.calls == []


@pytest.mark.parametrize("offset", [-12, 12])
def test_a_moment_outside_of_the_calendar_in_utc(offset: int) -> None:
    zone = timezone(timedelta(hours=offset))
    moment = datetime.max.replace(tzinfo=zone) if offset < 0 else datetime.min.replace(tzinfo=zone)
    with pytest.raises(InvalidArgumentError, match="started_after: expected a date in the years 1 to 9999, in UTC"):
        ScriptedSync(SYNCED).until_active(MINE, started_after=moment)
    with pytest.raises(WaitTimeoutError):
        ScriptedSync(RUNNING).until_active(MINE, started_after=datetime.min.replace(tzinfo=UTC), timeout=20)


def test_a_moment_in_an_hour_that_clocks_repeat() -> None:
    repeated = datetime(2027, 10, 31, 2, 30, fold=1, tzinfo=ZoneInfo("Europe/Berlin"))  # 01:30 in UTC
    before = MY_SUCCESS.model_copy(update={"started_at": datetime(2027, 10, 31, 0, 40, tzinfo=UTC)})
    with pytest.raises(WaitTimeoutError):
        ScriptedSync(git_job(before, before, MINE)).until_active(MINE, started_after=repeated, timeout=20)


def test_a_retry_of_a_commit_is_waited_for() -> None:
    again = MY_SUCCESS.model_copy(update={"started_at": NOON + timedelta(minutes=5)})
    done = git_job(again, again, MINE)
    jobs = FAILED, git_job(again.model_copy(update={"status": RUNNING.status}), OLD_SUCCESS, MINE), done
    assert ScriptedSync(*jobs).until_active(MINE, started_after=NOON + timedelta(minutes=4)) is done
    assert ScriptedSync(SYNCED, done).until_active(MINE, started_after=NOON + timedelta(minutes=4)) is done


# The branch.

BRANCH_FAILED = BranchStatus(branch_attempt("FAILED", reason="deployment.yaml is invalid"), ("deployment.yaml",))
BRANCH_FAILED_LATER = BranchStatus(branch_attempt("FAILED", 120, "deployment.yaml is invalid"), ("deployment.yaml",))


@pytest.mark.parametrize("job", [YESTERDAY, DETECTED, git_job()])
def test_a_new_failure_of_the_branch_fails_the_wait(job: Any) -> None:
    sync = ScriptedSync(job, branch=[BRANCH, BRANCH_FAILED_LATER])
    with pytest.raises(SyncFailedError) as caught:
        sync.until_active(MINE, backoff=STEADY)
    assert sync.time == 20, "the branch is read every 15 s"
    assert caught.value.branch is BRANCH_FAILED_LATER.attempt
    assert caught.value.error == SyncError(code="SYNC_FAILED", message="deployment.yaml is invalid")
    lines = str(caught.value).splitlines()
    assert lines[0].startswith("codeconnections:payments-prod: the sync of its branch is FAILED: SYNC_FAILED: deploy")
    assert lines[1] == "  2026-11-22 12:00:00Z SYNC_FAILED: deployment.yaml is invalid"


def test_a_failure_of_the_branch_that_was_there_before_counts_after_two_minutes() -> None:
    sync = ScriptedSync(YESTERDAY, branch=[BRANCH_FAILED])
    with pytest.raises(SyncFailedError, match=r"deployment\.yaml is invalid"):
        sync.until_active(MINE, backoff=STEADY)
    assert sync.time == 120
    sync = ScriptedSync(YESTERDAY, branch=[BRANCH_FAILED, BRANCH_FAILED, BRANCH])
    with pytest.raises(WaitTimeoutError):
        sync.until_active(MINE, timeout=300)


def test_a_failure_of_the_branch_that_was_in_progress_before_counts_at_once() -> None:
    started = branch_attempt("FAILED", reason="deployment.yaml is invalid")
    running = BranchStatus(branch_attempt("IN_PROGRESS"), ("deployment.yaml",))
    sync = ScriptedSync(YESTERDAY, branch=[running, BranchStatus(started, ("deployment.yaml",))])
    with pytest.raises(SyncFailedError):
        sync.until_active(MINE, backoff=STEADY)
    assert sync.time == 20


def test_a_failure_of_the_branch_raises_at_the_end_of_its_grace() -> None:
    sync = ScriptedSync(YESTERDAY, branch=[BRANCH, BRANCH_FAILED_LATER])
    with pytest.raises(SyncFailedError):
        sync.until_active(MINE, grace=14, backoff=STEADY)
    assert sync.time == 20 + 14


def test_the_branch_is_read_at_the_deadline_although_the_status_cannot_be() -> None:
    with pytest.raises(SyncFailedError, match="the sync of its branch is FAILED"):
        ScriptedSync(YESTERDAY, throttled(), branch=[BRANCH, BRANCH_FAILED_LATER]).until_active(MINE, timeout=10)


def test_a_failure_of_the_branch_waits_for_a_read_of_the_blockers_that_fails() -> None:
    sync = ScriptedSync(YESTERDAY, blockers=[(), throttled(), ()], branch=[BRANCH, BRANCH_FAILED_LATER])
    with pytest.raises(SyncFailedError):
        sync.until_active(MINE, backoff=STEADY)
    assert sync.time == 30


@pytest.mark.parametrize(
    "branch",
    [
        BranchStatus(branch_attempt("FAILED", -60, "deployment.yaml is invalid"), ("deployment.yaml",)),
        BranchStatus(branch_attempt("FAILED", 60, "other.yaml is invalid"), ("deployment.yaml", "payments-prod")),
        BranchStatus(branch_attempt("FAILED", 60, "Stack [other-stack] does not exist"), ("payments-prod",)),
        BranchStatus(branch_attempt("FAILED", 60, "no stack/other-stack/1"), ("payments-prod",)),
        BranchStatus(branch_attempt("IN_PROGRESS", 60), ()),
    ],
)
def test_other_failures_of_the_branch_are_no_verdict(branch: BranchStatus) -> None:
    with pytest.raises(WaitTimeoutError):
        ScriptedSync(YESTERDAY, branch=[BRANCH, branch]).until_active(MINE, timeout=400)


@pytest.mark.parametrize(
    ("reason", "own"),
    [
        ("the repository cannot be read", "stacks/prod.yaml"),
        ("prod.yaml is invalid", "stacks/prod.yaml"),
        ("stacks/prod.yaml and stacks/other.yaml are invalid", "./stacks/prod.yaml"),
        ("/infra/stacks/prod.yaml is invalid", "/infra/stacks/prod.yaml"),
        ("Stack [payments-prod] does not exist", "payments-prod"),
        ("no arn:aws:cloudformation:eu-west-1:1:stack/payments-prod/7", "payments-prod"),
    ],
)
def test_a_failure_that_names_our_file_or_resource_or_none_is_ours(reason: str, own: str) -> None:
    failed = BranchStatus(branch_attempt("FAILED", 60, reason), (own,))
    with pytest.raises(SyncFailedError):
        ScriptedSync(YESTERDAY, branch=[BRANCH, failed]).until_active(MINE)


def test_a_failure_of_the_branch_before_the_moment_is_ignored() -> None:
    with pytest.raises(WaitTimeoutError):
        ScriptedSync(YESTERDAY, branch=[BRANCH_FAILED]).until_active(
            MINE, timeout=400, started_after=NOON + timedelta(seconds=91)
        )


def test_a_failure_of_the_branch_does_not_keep_a_live_commit_from_counting() -> None:
    for revision in (MINE, None):
        assert ScriptedSync(SYNCED, branch=[BRANCH_FAILED]).until_active(revision) is SYNCED


def test_a_failure_of_the_branch_may_pass_within_its_grace() -> None:
    sync = ScriptedSync(*[YESTERDAY] * 5, RUNNING, SYNCED, branch=[BRANCH, BRANCH_FAILED_LATER])
    assert sync.until_active(MINE, grace=60, backoff=STEADY) is SYNCED


# The resources of a sync job.


def resources(failed: tuple[str, ...] = (), **counts: int) -> SyncResourceSummary:
    """Counts of resources by state, and the names of those that failed."""
    return SyncResourceSummary(
        ref=FACTORY,
        counts=(*((SyncState(state), number) for state, number in counts.items()), (SyncState.FAILED, len(failed))),
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


def counting(*counts: object) -> ScriptedSync:
    return ScriptedSync(ACTIVE, ref=FACTORY, resources=counts)


def test_resources_are_counted_once_the_job_is_active() -> None:
    sync = ScriptedSync(CREATING, CREATING, ACTIVE, ref=FACTORY, resources=[IN_SYNC])
    assert sync.until_resources_synced() is IN_SYNC
    assert [call.operation for call in sync.calls] == ["Poll", "Poll", "Poll", "Resources"]


@pytest.mark.parametrize("between", [resources(ACTIVE=2, RUNNING=1), resources(("b",), ACTIVE=2), throttled()])
def test_twinmaker_retries_failed_resources_by_itself(between: object) -> None:
    failed = resources(("a",), ACTIVE=2)
    assert counting(failed, between, *[failed] * 6, IN_SYNC).until_resources_synced(backoff=STEADY) is IN_SYNC


def test_resources_that_stay_failed_for_two_minutes_raise() -> None:
    settled = resources(("a", "b"), ACTIVE=1)
    sync = counting(resources(("a", "b"), RUNNING=1), settled, throttled(), settled)
    with pytest.raises(SyncFailedError) as caught:
        sync.until_resources_synced(backoff=STEADY)
    assert facts(caught.value) == (FACTORY, ACTIVE, 14, 130)
    assert caught.value.resources is settled
    assert str(caught.value).splitlines() == [
        "twinmaker:factory is ACTIVE, with 1 of 3 resources in sync, 2 failed",
        "  ENTITY a: no reason given",
        "  ENTITY b: no reason given",
    ]


def test_the_grace_of_resources_begins_anew_when_they_are_retried() -> None:
    failed, retried = resources(("a",), ACTIVE=2), resources(ACTIVE=2, RUNNING=1)
    sync = counting(*[failed] * 10, retried, failed)
    with pytest.raises(SyncFailedError):
        sync.until_resources_synced(backoff=STEADY)
    assert sync.time == 110 + 120


def test_failed_resources_without_grace_raise_at_once() -> None:
    sync = counting(resources(("a",), ACTIVE=2))
    with pytest.raises(SyncFailedError):
        sync.until_resources_synced(grace=0)
    assert sync.sleeps == []


def test_failed_resources_are_the_error_at_the_deadline() -> None:
    with pytest.raises(SyncFailedError):
        counting(resources(("a",), ACTIVE=2)).until_resources_synced(timeout=30)


@pytest.mark.parametrize(
    ("number", "named", "last"), [(10, 10, "  ENTITY 9: no reason given"), (11, 10, "  and 1 more")]
)
def test_a_message_lists_some_of_many_failures(number: int, named: int, last: str) -> None:
    with pytest.raises(SyncFailedError) as caught:
        counting(resources(tuple(map(str, range(number))))).until_resources_synced()
    lines = str(caught.value).splitlines()
    assert sum("ENTITY" in line for line in lines) == named
    assert lines[-1] == last


def test_max_failures_are_accepted() -> None:
    some = resources(("a", "b"), ACTIVE=1)
    assert counting(some).until_resources_synced(max_failures=2) is some
    with pytest.raises(SyncFailedError):
        counting(some).until_resources_synced(max_failures=1)
    in_progress = resources(("a",), RUNNING=1)
    assert counting(in_progress, some).until_resources_synced(max_failures=2) is some, (
        "resources in progress are waited for"
    )


def test_a_timeout_counts_the_resources() -> None:
    reported: list[Progress[Any]] = []
    running = resources(ACTIVE=1, RUNNING=2)
    sync = ScriptedSync(CREATING, ACTIVE, ref=FACTORY, resources=[running])
    with pytest.raises(WaitTimeoutError) as caught:
        sync.until_resources_synced(timeout=20, backoff=STEADY, on_progress=reported.append)
    assert str(caught.value) == (
        "twinmaker:factory was not in sync after 20.0 s and 3 polls; its last status was ACTIVE; 1 of 3 resources in "
        "sync. The sync continues in AWS."
    )
    assert [(each.resources, each.ref) for each in reported] == [(None, FACTORY), (running, FACTORY)]


@pytest.mark.parametrize("max_failures", [-1, 0.5, True, None, "1"])
def test_bad_max_failures_are_rejected_before_any_call(max_failures: Any) -> None:
    sync = counting(IN_SYNC)
    with pytest.raises(InvalidArgumentError) as caught:
        sync.until_resources_synced(max_failures=max_failures)
    assert str(caught.value) == f"max_failures: expected a number, zero or more, got {max_failures!r}"
    assert sync.calls == []
