"""The judgement of commits: whether the one that is waited for is live, failed, or was superseded. Pure, no I/O."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from unisync._models.base import SyncState
from unisync._models.jobs import GitSyncJob, ResourceSyncAttempt, Revision


@dataclass(frozen=True, slots=True)
class Superseded:
    """Another commit took the place of the one that is waited for."""

    by: Revision


Judgement = Literal["synced", "failed", "pending"] | Superseded


class CommitJudge:
    """Judges the jobs that a wait sees, in their order.

    Without a revision, a sync is done when its latest attempt succeeded and AWS has detected no newer commit. With
    one, when that commit is live: an older success does not count, and an older failure is not ours.

    Args:
        revision: The sha that is waited for, or its first digits, in lower case.
    """

    def __init__(self, revision: str | None) -> None:
        self.revision = revision
        self._seen_by_aws = False
        """Whether AWS was seen to desire or attempt the revision."""
        self._seen_before: set[str | tuple[str, datetime]] = set()
        """The commits that AWS desired, and the attempts that it made, until then."""

    def judge(self, job: GitSyncJob) -> Judgement:
        """Judge the job of the next poll."""
        judgement = self._judge(job)
        self._remember(job)
        return judgement

    def _judge(self, job: GitSyncJob) -> Judgement:
        latest, live, desired = job.latest_sync, job.live_revision, job.desired_state
        target = latest.target_revision if latest else None
        if self.revision is None:
            # An older commit may be live than the one that AWS desires, where it says so.
            is_ours = desired is None or target is None or target.sha == desired.sha
            if is_ours and latest is not None and latest.status.state is SyncState.ACTIVE:
                return "synced"
        else:
            is_ours = target is not None and self.matches(target)
            if live is not None and self.matches(live):
                return "synced"
        if is_ours:
            return "failed" if job.status.state is SyncState.FAILED else "pending"
        successor = None if self.revision is None else self._superseding_revision(job)
        return "pending" if successor is None else Superseded(successor)

    def matches(self, revision: Revision) -> bool:
        """Whether a revision is the one that is waited for."""
        return self.revision is not None and revision.sha.lower().startswith(self.revision)

    def _superseding_revision(self, job: GitSyncJob) -> Revision | None:
        """The commit that took the place of ours, if that is certain."""
        latest, desired = job.latest_sync, job.desired_state
        if desired is not None and self.matches(desired):
            return None
        if latest is not None and self.matches(latest.initial_revision):
            return latest.target_revision
        # Attempts and desired revisions seen before ours are ignored: the read may be stale.
        if latest is not None and self._seen_by_aws and _attempt_id(latest) not in self._seen_before:
            return latest.target_revision
        if desired is not None and self._seen_by_aws and desired.sha not in self._seen_before:
            return desired
        return None

    def _remember(self, job: GitSyncJob) -> None:
        """Note whether AWS has seen our commit, and until then what else it worked on."""
        latest, desired = job.latest_sync, job.desired_state
        seen = [revision for revision in (desired, latest.target_revision if latest else None) if revision]
        if not self._seen_by_aws:
            self._seen_before.update(revision.sha for revision in seen)
            if latest is not None:
                self._seen_before |= {_attempt_id(latest), latest.initial_revision.sha}
        self._seen_by_aws = self._seen_by_aws or any(map(self.matches, seen))


def _attempt_id(attempt: ResourceSyncAttempt) -> tuple[str, datetime]:
    return attempt.target_revision.sha, attempt.started_at
