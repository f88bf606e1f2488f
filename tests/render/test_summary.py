"""Is the commit live, and if not, why not: the summary of every kind of job and outcome."""

from __future__ import annotations

import pytest

from tests.render.samples import outcome_of, resources
from tests.support.samples import (
    MINE,
    NEWER,
    OLD,
    STACK,
    attempt,
    blocker,
    git_job,
    not_found,
    revision,
    throttled,
    twin_job,
)
from unisync import (
    Outcome,
    SyncBlockedError,
    SyncError,
    SyncFailedError,
    SyncJob,
    SyncState,
    SyncSupersededError,
    UnisyncError,
    WaitStoppedError,
    WaitTimeoutError,
)
from unisync._render.summary import summarize, summarize_job

DONE, FAILED, FAILED_AGAIN = (
    attempt("SUCCEEDED", OLD),
    attempt("FAILED", MINE, reason="no"),
    attempt("FAILED", OLD, reason="no"),
)
RUNNING, QUEUED, NEW_VALUE = attempt("IN_PROGRESS", MINE), attempt("INITIATED", MINE), attempt("PAUSED", MINE)
FACTORY = twin_job(SyncState.ACTIVE)


@pytest.mark.parametrize(
    ("job", "state", "headline"),
    [
        (git_job(DONE, DONE, OLD), "ACTIVE", "Commit a1a1a1a is live."),
        (
            git_job(FAILED, DONE),
            "FAILED",
            "Commit b2b2b2b is not live because its latest attempt failed: no. a1a1a1a is still live.",
        ),
        (
            git_job(FAILED, None, NEWER),
            "FAILED",
            "Commit c3c3c3c is not live because the attempt to sync b2b2b2b failed: no. No commit is live yet.",
        ),
        (git_job(FAILED_AGAIN, DONE, OLD), "FAILED", "Commit a1a1a1a is live, but its latest attempt failed: no."),
        (
            git_job(RUNNING, DONE, OLD),
            "RUNNING",
            "Commit a1a1a1a is live, but the attempt to sync b2b2b2b is in progress.",
        ),
        (
            git_job(RUNNING, DONE),
            "RUNNING",
            "Commit b2b2b2b is not live yet: its latest attempt is in progress. a1a1a1a is still live.",
        ),
        (
            git_job(QUEUED, DONE),
            "PENDING",
            "Commit b2b2b2b is not live yet: its latest attempt has not started. a1a1a1a is still live.",
        ),
        (
            git_job(DONE, DONE, MINE),
            "PENDING",
            "Commit b2b2b2b is not live yet: AWS has not attempted it. a1a1a1a is still live.",
        ),
        (
            git_job(desired=MINE),
            "PENDING",
            "Commit b2b2b2b is not live yet: AWS has not attempted it. No commit is live yet.",
        ),
        (git_job(), "PENDING", "The sync has not started."),
        (
            git_job(NEW_VALUE, DONE),
            "UNKNOWN",
            "Commit b2b2b2b may or may not be live: AWS reports the state “PAUSED”.",
        ),
        (FACTORY, "ACTIVE", "The sync job is active."),
        (twin_job(SyncState.RUNNING), "RUNNING", "The sync is in progress."),
        (twin_job(SyncState.DELETING), "DELETING", "The sync is being deleted."),
        (twin_job(SyncState.UNKNOWN, ""), "UNKNOWN", "The state of the sync is unknown: AWS reports no state."),
        (twin_job(SyncState.FAILED), "FAILED", "The sync failed: AWS gives no reason."),
        (twin_job(SyncState.FAILED, error=SyncError(code="A", message="b?")), "FAILED", "The sync failed: b?"),
    ],
)
def test_summary_of_a_job(job: SyncJob, state: str, headline: str) -> None:
    assert summarize_job(job) == (state, headline)
    assert summarize(outcome_of(job)) == (state, headline)


@pytest.mark.parametrize(
    ("failed", "running", "state", "headline"),
    [
        (0, 0, "ACTIVE", "The sync job is active, and all its 12 resources are in sync."),
        (0, 2, "RUNNING", "The sync job is active, and 12 of 14 resources are in sync."),
        (3, 2, "FAILED", "The sync job is active, but 3 of 17 resources failed."),
    ],
)
def test_summary_with_resources(failed: int, running: int, state: str, headline: str) -> None:
    assert summarize(outcome_of(FACTORY), resources(failed=failed, running=running)) == (state, headline)


@pytest.mark.parametrize(
    ("job", "headline"),
    [
        (
            git_job(DONE, DONE, MINE),
            "Commit b2b2b2b is not live because the sync is blocked: modified outside of Git sync. "
            "a1a1a1a is still live.",
        ),
        (
            git_job(FAILED),
            "Commit b2b2b2b is not live because the sync is blocked: modified outside of Git sync. "
            "No commit is live yet.",
        ),
        (
            git_job(FAILED_AGAIN, DONE, OLD),
            "Commit a1a1a1a is live, but the sync is blocked: modified outside of Git sync.",
        ),
        (git_job(), "The sync is blocked: modified outside of Git sync."),
    ],
)
def test_blockers_come_before_everything_else(job: SyncJob, headline: str) -> None:
    assert summarize(outcome_of(job, blocker())) == ("BLOCKED", headline)


def test_blockers_of_an_error_count_too() -> None:
    error = SyncBlockedError("blocked", ref=STACK, job=None, polls=1, elapsed=0, blockers=(blocker(),))
    assert summarize(Outcome(STACK, None, error)).state == "BLOCKED"


def wait_error(
    kind: type[SyncFailedError | WaitTimeoutError | SyncSupersededError], job: SyncJob | None
) -> UnisyncError:
    if issubclass(kind, WaitTimeoutError):
        return kind("first\n  second", ref=STACK, job=job, polls=1, elapsed=0, last_error=None)
    if issubclass(kind, SyncSupersededError):
        newer = revision(NEWER)
        return kind("first\n  second", ref=STACK, job=job, polls=1, elapsed=0, revision=MINE, superseded_by=newer)
    return kind("first\n  second", ref=STACK, job=job, polls=1, elapsed=0)


@pytest.mark.parametrize(
    ("error", "job", "state", "headline"),
    [
        (not_found(), None, "NOT_FOUND", "The sync does not exist."),
        (throttled(), None, "ERROR", "iottwinmaker GetSyncJob: ThrottlingException: Rate exceeded"),
        (UnisyncError(""), None, "ERROR", "UnisyncError"),
        (wait_error(SyncFailedError, FACTORY), FACTORY, "FAILED", "first"),
        (wait_error(WaitTimeoutError, git_job(RUNNING)), git_job(RUNNING), "TIMED_OUT", "first"),
        (wait_error(WaitTimeoutError, None), None, "TIMED_OUT", "first"),
        (wait_error(SyncSupersededError, git_job(DONE, DONE)), git_job(DONE, DONE), "SUPERSEDED", "first"),
        (WaitStoppedError("first", ref=STACK, job=FACTORY, polls=1, elapsed=0), FACTORY, "ACTIVE", "first"),
        (WaitStoppedError("first", ref=STACK, job=None, polls=0, elapsed=0), None, "ERROR", "first"),
        (None, None, "UNKNOWN", "No poll has succeeded yet."),
    ],
)
def test_summary_of_an_error(error: UnisyncError | None, job: SyncJob | None, state: str, headline: str) -> None:
    assert summarize(Outcome(STACK, job, error)) == (state, headline)
