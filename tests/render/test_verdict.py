"""Is the commit live, and if not, why not: the answer for each way that a sync can stand."""

from __future__ import annotations

import pytest

from tests.render.samples import looked, resources
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
    WaitTimeoutError,
)
from unisync._render.summary import summarize, summarize_job

DONE, FAILED, AGAIN = (
    attempt("SUCCEEDED", OLD),
    attempt("FAILED", MINE, reason="no"),
    attempt("FAILED", OLD, reason="no"),
)
RUNNING, QUEUED, ODD = attempt("IN_PROGRESS", MINE), attempt("INITIATED", MINE), attempt("ODD", MINE)
FACTORY = twin_job(SyncState.ACTIVE)


@pytest.mark.parametrize(
    ("job", "state", "headline"),
    [
        (git_job(DONE, DONE, OLD), "ACTIVE", "Commit a1a1a1a is live."),
        (git_job(FAILED, DONE), "FAILED", "Commit b2b2b2b is not live: its attempt failed: no. a1a1a1a is still live."),
        (
            git_job(FAILED, None, NEWER),
            "FAILED",
            "Commit c3c3c3c is not live: the attempt to bring b2b2b2b failed: no. No commit is live yet.",
        ),
        (
            git_job(AGAIN, DONE, OLD),
            "FAILED",
            "Commit a1a1a1a is live, but there was another attempt: its attempt failed: no.",
        ),
        (
            git_job(RUNNING, DONE),
            "RUNNING",
            "Commit b2b2b2b is not live yet: its attempt is under way. a1a1a1a is still live.",
        ),
        (
            git_job(QUEUED, DONE),
            "PENDING",
            "Commit b2b2b2b is not live yet: its attempt was asked for, and has not begun. a1a1a1a is still live.",
        ),
        (
            git_job(DONE, DONE, MINE),
            "PENDING",
            "Commit b2b2b2b is not live yet: no attempt to bring it has begun. a1a1a1a is still live.",
        ),
        (
            git_job(desired=MINE),
            "PENDING",
            "Commit b2b2b2b is not live yet: there was no attempt yet. No commit is live yet.",
        ),
        (git_job(), "PENDING", "It was asked for, and has not begun."),
        (git_job(ODD, DONE), "UNKNOWN", "Whether commit b2b2b2b is live cannot be told: AWS calls its state “ODD”."),
        (FACTORY, "ACTIVE", "The sync job is in place."),
        (twin_job(SyncState.RUNNING), "RUNNING", "It is under way."),
        (twin_job(SyncState.DELETING), "DELETING", "It is being deleted."),
        (twin_job(SyncState.UNKNOWN, ""), "UNKNOWN", "Whether it is in place cannot be told: AWS gives no state."),
        (twin_job(SyncState.FAILED), "FAILED", "The sync failed: AWS gives no reason."),
        (twin_job(SyncState.FAILED, error=SyncError(code="A", message="b?")), "FAILED", "The sync failed: b?"),
    ],
)
def test_what_a_job_says(job: SyncJob, state: str, headline: str) -> None:
    assert summarize_job(job) == (state, headline)
    assert summarize(looked(job)) == (state, headline)


@pytest.mark.parametrize(
    ("failed", "running", "state", "headline"),
    [
        (0, 0, "ACTIVE", "The sync job is in place, and so are its 12 resources."),
        (0, 2, "RUNNING", "The sync job is in place, and 12 of 14 resources are in sync."),
        (3, 2, "FAILED", "The sync job is in place, but 3 of 17 resources failed."),
    ],
)
def test_what_resources_add(failed: int, running: int, state: str, headline: str) -> None:
    assert summarize(looked(FACTORY), resources(failed=failed, running=running)) == (state, headline)


def test_what_blocks_comes_first() -> None:
    because = "because the sync is blocked: modified outside of Git sync."
    assert summarize(looked(git_job(DONE, DONE, MINE), blocker())) == (
        "BLOCKED",
        f"Commit b2b2b2b is not live, {because} a1a1a1a is still live.",
    )
    assert summarize(looked(git_job(FAILED), blocker())).headline.endswith("No commit is live yet.")
    assert summarize(looked(git_job(AGAIN, DONE, OLD), blocker())).headline == (
        "Commit a1a1a1a is live, and the sync is blocked: modified outside of Git sync."
    )
    assert summarize(looked(git_job(), blocker())).headline == "The sync is blocked: modified outside of Git sync."
    met = SyncBlockedError("blocked", ref=STACK, job=None, attempts=1, elapsed=0, blockers=(blocker(),))
    assert summarize(Outcome(STACK, None, met)).state == "BLOCKED"


def waited(kind: type[SyncFailedError | WaitTimeoutError | SyncSupersededError], job: SyncJob | None) -> UnisyncError:
    if issubclass(kind, WaitTimeoutError):
        return kind("first\n  second", ref=STACK, job=job, attempts=1, elapsed=0, last_error=None)
    if issubclass(kind, SyncSupersededError):
        return kind(
            "first\n  second", ref=STACK, job=job, attempts=1, elapsed=0, revision=MINE, superseded_by=revision(NEWER)
        )
    return kind("first\n  second", ref=STACK, job=job, attempts=1, elapsed=0)


@pytest.mark.parametrize(
    ("error", "job", "state", "headline"),
    [
        (not_found(), None, "NOT_FOUND", "There is no such sync."),
        (throttled(), None, "ERROR", "iottwinmaker GetSyncJob: ThrottlingException: Rate exceeded"),
        (UnisyncError(""), None, "ERROR", "UnisyncError"),
        (waited(SyncFailedError, FACTORY), FACTORY, "FAILED", "first"),
        (waited(WaitTimeoutError, git_job(RUNNING)), git_job(RUNNING), "TIMED_OUT", "first"),
        (waited(WaitTimeoutError, None), None, "TIMED_OUT", "first"),
        (waited(SyncSupersededError, git_job(DONE, DONE)), git_job(DONE, DONE), "SUPERSEDED", "first"),
        (None, None, "UNKNOWN", "No look at it was answered yet."),
    ],
)
def test_what_an_error_says(error: UnisyncError | None, job: SyncJob | None, state: str, headline: str) -> None:
    assert summarize(Outcome(STACK, job, error)) == (state, headline)
