"""The judgement of commits, without a wait around it. `test_waiters.py` shows what a wait makes of it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.support.samples import MINE, NEWER, OLD, attempt, git_job
from unisync import GitSyncJob
from unisync._waiters.commits import CommitJudge, Judgement, Superseded

OLD_SUCCESS = attempt("SUCCEEDED", OLD)
MY_SUCCESS = attempt("SUCCEEDED", MINE)
NEVER = git_job()
YESTERDAY = git_job(OLD_SUCCESS, OLD_SUCCESS, OLD)
DESIRED = git_job(OLD_SUCCESS, OLD_SUCCESS, MINE)
RUNNING = git_job(attempt("IN_PROGRESS", MINE), OLD_SUCCESS, MINE)
FAILED = git_job(attempt("FAILED", MINE), OLD_SUCCESS, MINE)
SYNCED = git_job(MY_SUCCESS, MY_SUCCESS, MINE)
OVERTAKEN = git_job(attempt("IN_PROGRESS", NEWER), OLD_SUCCESS, NEWER)


def judge(revision: str | None, *jobs: GitSyncJob) -> list[str]:
    """The judgement of each job, in order; the successor's sha if it is superseded."""
    commits = CommitJudge(revision)
    return [_short(commits.judge(job)) for job in jobs]


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
    later = OLD_SUCCESS.model_copy(update={"started_at": OLD_SUCCESS.started_at + timedelta(seconds=1)})
    assert judge(MINE, YESTERDAY, RUNNING, YESTERDAY, git_job(later, later)) == ["pending", "pending", "pending", OLD]
