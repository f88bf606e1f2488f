"""The judgement of commits, without a wait around it. `test_waiters.py` shows what a wait makes of it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.support.samples import MINE, NEWER, NOON, OLD, attempt, git_job, revision
from unisync import GitSyncJob, InvalidArgumentError, ResourceSyncAttempt, Revision
from unisync._waiters.commits import CommitJudge, Judgement, Superseded
from unisync._waiters.wanted import Wanted

SKIPPED = "d4" * 20
OLD_SUCCESS = attempt("SUCCEEDED", OLD)
MY_SUCCESS = attempt("SUCCEEDED", MINE)
NEVER = git_job()
YESTERDAY = git_job(OLD_SUCCESS, OLD_SUCCESS, OLD)
DESIRED = git_job(OLD_SUCCESS, OLD_SUCCESS, MINE)
RUNNING = git_job(attempt("IN_PROGRESS", MINE), OLD_SUCCESS, MINE)
FAILED = git_job(attempt("FAILED", MINE), OLD_SUCCESS, MINE)
SYNCED = git_job(MY_SUCCESS, MY_SUCCESS, MINE)
OVERTAKEN = git_job(attempt("IN_PROGRESS", NEWER), OLD_SUCCESS, NEWER)


def judge(revision: object, *jobs: GitSyncJob, interval: float = 10.0) -> list[str]:
    """The judgement of each job, polled every `interval` seconds; the successor's sha if it is superseded."""
    commits = CommitJudge(Wanted.checked(revision))
    return [_short(commits.judge(job, number * interval)) for number, job in enumerate(jobs)]


def later(attempt: ResourceSyncAttempt, seconds: float = 1.0) -> ResourceSyncAttempt:
    """The same attempt, started later."""
    return attempt.model_copy(update={"started_at": attempt.started_at + timedelta(seconds=seconds)})


def _short(judgement: Judgement) -> str:
    return judgement.by.sha if isinstance(judgement, Superseded) else judgement


@pytest.mark.parametrize("revision", [None, MINE, MINE[:7]])
def test_a_commit_is_judged_at_each_step(revision: str | None) -> None:
    assert judge(revision, NEVER, DESIRED, RUNNING, FAILED, SYNCED) == [
        "pending",
        "pending",
        "pending",
        "failed",
        "synced",
    ]


def test_without_a_revision_nothing_is_superseded() -> None:
    assert judge(None, DESIRED, RUNNING, OVERTAKEN) == ["pending"] * 3


@pytest.mark.parametrize("aws_state", ["INITIATED", "IN_PROGRESS", "REIMAGINED"])
def test_an_attempt_that_has_not_ended_is_pending(aws_state: str) -> None:
    assert judge(MINE, git_job(attempt(aws_state, MINE), OLD_SUCCESS)) == ["pending"]


def test_a_judge_remembers_what_it_saw_in_order() -> None:
    assert judge(MINE, RUNNING, OVERTAKEN) == ["pending", NEWER]
    assert judge(MINE, OVERTAKEN, RUNNING, OVERTAKEN) == ["pending"] * 3, "it may be a stale read"


@pytest.mark.parametrize("seen", [DESIRED, RUNNING])
def test_what_is_first_seen_after_our_commit_supersedes_it(seen: GitSyncJob) -> None:
    desired = git_job(OLD_SUCCESS, OLD_SUCCESS, NEWER)
    assert judge(MINE, YESTERDAY, seen, YESTERDAY, desired) == ["pending", "pending", "pending", NEWER]


def test_the_commit_that_an_earlier_attempt_started_from_is_known() -> None:
    rollback = git_job(attempt("IN_PROGRESS", OLD, initial=NEWER), None, OLD)
    desired = git_job(attempt("IN_PROGRESS", OLD, initial=NEWER), None, NEWER)
    assert judge(MINE, rollback, RUNNING, desired) == ["pending"] * 3


def test_a_second_attempt_at_the_same_older_commit_supersedes_ours() -> None:
    again = later(OLD_SUCCESS)
    assert judge(MINE, YESTERDAY, RUNNING, YESTERDAY, git_job(again, again)) == ["pending", "pending", "pending", OLD]


def test_an_attempt_that_is_older_than_ours_is_a_stale_read() -> None:
    ours = git_job(later(attempt("IN_PROGRESS", MINE)), OLD_SUCCESS)
    stale = git_job(attempt("IN_PROGRESS", OLD, initial=SKIPPED), OLD_SUCCESS)
    assert judge(MINE, NEVER, ours, stale, ours) == ["pending"] * 4


# A roll-back: OLD was live, NEWER is, and OLD was pushed again.

AWAY = git_job(attempt("SUCCEEDED", NEWER, initial=OLD), attempt("SUCCEEDED", NEWER, initial=OLD), NEWER)


def test_a_roll_back_that_aws_has_not_noticed_is_pending_for_two_minutes() -> None:
    commits = CommitJudge(Wanted.checked(OLD))
    assert [commits.judge(AWAY, elapsed) for elapsed in (5.0, 100.0, 124.9)] == ["pending"] * 3
    assert commits.judge(AWAY, 125.0) == Superseded(revision(NEWER), AWAY.latest_sync, was_before=True)


def test_a_roll_back_that_aws_notices_is_synced() -> None:
    back = later(attempt("IN_PROGRESS", OLD, initial=NEWER))
    noticed = git_job(AWAY.latest_sync, AWAY.latest_sync, OLD)
    done = later(attempt("SUCCEEDED", OLD, initial=NEWER))
    jobs = AWAY, noticed, git_job(back, AWAY.latest_sync, OLD), git_job(done, done, OLD)
    assert judge(OLD, *jobs, interval=60) == ["pending"] * 3 + ["synced"]
    assert judge(OLD, AWAY, *[noticed] * 9, interval=60) == ["pending"] * 10, "AWS desires it: it is not superseded"


def test_a_roll_back_that_aws_noticed_is_superseded_by_what_follows() -> None:
    noticed = git_job(AWAY.latest_sync, AWAY.latest_sync, OLD)
    then = git_job(AWAY.latest_sync, AWAY.latest_sync, SKIPPED)
    for interval in (100, 200):  # in 200 s, the attempt at NEWER has lasted as well
        assert judge(OLD, AWAY, noticed, then, interval=interval) == ["pending", "pending", SKIPPED]
    assert judge(OLD, AWAY, noticed, AWAY, noticed, AWAY, interval=100) == ["pending"] * 5, "it may be a stale read"
    assert judge(OLD, AWAY, noticed, AWAY, AWAY, interval=100) == ["pending"] * 3 + [NEWER], "it has lasted"


def test_an_attempt_that_is_too_old_does_not_hide_what_follows() -> None:
    commits = CommitJudge(Wanted.checked(MINE), NOON + timedelta(seconds=60))
    assert commits.judge(FAILED, 0) == "pending"
    then = git_job(FAILED.latest_sync, OLD_SUCCESS, NEWER)
    assert commits.judge(then, 20) == Superseded(revision(NEWER))
    again = git_job(later(attempt("FAILED", MINE, initial=MINE), 1), OLD_SUCCESS, MINE)
    assert CommitJudge(Wanted.checked(MINE), NOON + timedelta(seconds=60)).judge(again, 0) == "pending"


def test_started_after_knows_of_no_attempt_before_the_wait() -> None:
    commits = CommitJudge(Wanted.checked(OLD), NOON)
    assert commits.judge(AWAY, 0) == commits.judge(AWAY, 500) == "pending"


def test_an_attempt_away_from_our_commit_that_is_new_supersedes_it() -> None:
    live_before = git_job(OLD_SUCCESS, OLD_SUCCESS, OLD)
    away = git_job(later(attempt("FAILED", NEWER, initial=MINE)), OLD_SUCCESS, NEWER)
    assert judge(MINE, live_before, away) == ["pending", NEWER]


def test_a_commit_that_is_skipped_proves_nothing() -> None:
    assert judge(MINE, YESTERDAY, OVERTAKEN, *[OVERTAKEN] * 30, interval=60) == ["pending"] * 32
    to_newer = git_job(later(attempt("IN_PROGRESS", NEWER)), OLD_SUCCESS, NEWER)
    assert judge(MINE, YESTERDAY, to_newer, to_newer) == ["pending"] * 3


def test_a_detected_commit_that_gives_way_to_a_newer_one_is_superseded() -> None:
    to_newer = git_job(later(attempt("IN_PROGRESS", NEWER, initial=OLD)), OLD_SUCCESS, NEWER)
    assert judge(MINE, YESTERDAY, DESIRED, to_newer) == ["pending", "pending", NEWER]


# Several commits, and functions.


def test_any_of_several_commits_counts() -> None:
    for wanted in ({MINE, NEWER}, [MINE[:8], NEWER], (revision(MINE).sha.upper(), NEWER)):
        assert judge(wanted, YESTERDAY, RUNNING, OVERTAKEN, SYNCED) == ["pending"] * 3 + ["synced"]


def is_not_old(commit: Revision) -> bool:
    return commit.sha != OLD


def test_a_function_says_which_commits_count() -> None:
    assert judge(is_not_old, YESTERDAY, RUNNING, SYNCED) == ["pending", "pending", "synced"]


@pytest.mark.parametrize("wrong", [[], {MINE, "main"}, b"b2b2b2b2", 5, {MINE: 1, "x": 2}])
def test_what_is_no_commit_is_rejected(wrong: object) -> None:
    with pytest.raises(InvalidArgumentError, match="revision: expected a commit's sha"):
        Wanted.checked(wrong)


# Attempts that started too early.


@pytest.mark.parametrize("wanted", [None, MINE])
def test_attempts_before_a_moment_are_ignored(wanted: str | None) -> None:
    commits = CommitJudge(Wanted.checked(wanted), NOON + timedelta(seconds=31))
    assert commits.judge(NEVER, 0) == "pending"
    for aws_state in ("FAILED", "IN_PROGRESS", "SUCCEEDED"):
        early = attempt(aws_state, MINE)
        job = git_job(early, early if aws_state == "SUCCEEDED" else OLD_SUCCESS, MINE)
        assert commits.judge(job, 0) == "pending"
        assert not commits.is_attempted(job)
    again = git_job(later(attempt("IN_PROGRESS", MINE)), MY_SUCCESS, MINE)
    assert commits.judge(again, 10) == "pending"
    assert commits.is_attempted(again)
    done = later(MY_SUCCESS)
    assert commits.judge(git_job(done, done, MINE), 20) == "synced"


def test_an_earlier_success_is_no_newer_attempts_success() -> None:
    commits = CommitJudge(Wanted.checked(MINE), NOON + timedelta(seconds=31))
    assert commits.judge(git_job(later(attempt("FAILED", MINE)), MY_SUCCESS, MINE), 0) == "failed"


@pytest.mark.parametrize(
    ("job", "is_attempted"), [(NEVER, False), (DESIRED, False), (RUNNING, True), (FAILED, False), (OVERTAKEN, False)]
)
def test_the_wanted_commit_is_attempted_or_not(job: GitSyncJob, is_attempted: bool) -> None:
    assert CommitJudge(Wanted.checked(MINE)).is_attempted(job) is is_attempted
