"""What rich prints of a job, an attempt or an outcome: less than all its fields, and what matters of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from unisync._models.text import in_utc, short_sha

if TYPE_CHECKING:
    from unisync._models.jobs import Revision, SyncAttempt, SyncJob
    from unisync._waiters.many import Outcome

Fields = Iterator[tuple[str, object]]


def job_fields(job: SyncJob) -> Fields:
    """Which sync, how it stands, and its commits."""
    yield "ref", str(job.ref)
    yield "status", str(job.status)
    if job.status.error is not None:
        yield "error", str(job.status.error)
    if job.live_revision is not None:
        yield "live", short_sha(job.live_revision.sha)
    if job.wanted_revision is not None:
        yield "wanted", short_sha(job.wanted_revision.sha)


def attempt_fields(attempt: SyncAttempt, target: str | None = None, revision: Revision | None = None) -> Fields:
    """How it stands, since when, and what it brings where."""
    yield "status", str(attempt.status)
    yield "started_at", in_utc(attempt.started_at)
    if target is not None:
        yield "target", target
    if revision is not None:
        yield "sha", short_sha(revision.sha)
    yield "events", len(attempt.events)


def outcome_fields(outcome: Outcome[SyncJob]) -> Fields:
    """Which sync, and what came of it."""
    yield "ref", str(outcome.ref)
    yield "job", outcome.job
    yield "error", outcome.error
    if not outcome.is_over:
        yield "is_over", False
    if outcome.blockers:
        yield "blockers", [blocker.created_reason for blocker in outcome.blockers]
