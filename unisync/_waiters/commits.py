"""The judgement of commits: whether the one that is waited for is live, failed, or was superseded. Pure, no I/O.

A wait shows the judge each job that it polls. The judge compares it with what it saw before, because one status alone
is ambiguous: a latest attempt for another commit may be older than the commit that is waited for, or may have replaced
it. Superseded is said only on one of three proofs:

- An attempt sets out from our commit, or follows an attempt to sync it, and was not there at the first poll.
- AWS was seen to desire or to attempt our commit, and then desires or attempts one that was not seen before it.
- An attempt away from our commit was there at the first poll, and is still the latest `SETTLING_TIME` after that and
  after AWS was last seen to desire ours: our commit was replaced before the wait began. Until then, it may have been
  pushed again, as for a roll-back.

Everything else is pending: a read may be stale, and AWS takes a while to notice a push.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from pydantic import AwareDatetime, FiniteFloat

from unisync._models.base import SyncState
from unisync._models.jobs import GitSyncJob, ResourceSyncAttempt, Revision
from unisync._waiters.wanted import Wanted

SETTLING_TIME = 120.0
"""Seconds after the first poll within which AWS notices a push."""
CLOCK_TOLERANCE = timedelta(seconds=30)
"""How much AWS's clock and the caller's may differ."""


def brief(sha: str) -> str:
    """What of a sha tells commits apart: a token has little room. Shas that people make up may begin or end alike."""
    return sha[:6] + sha[-6:]


@dataclass(frozen=True, slots=True)
class Superseded:
    """Another commit took the place of the one that is waited for."""

    by: Revision
    attempt: ResourceSyncAttempt | None = None
    """The attempt that proves it, if one does."""
    was_before: bool = False
    """Whether that happened before the wait began."""
    was_noticed: bool = False
    """Whether AWS has noticed since that our commit was pushed again, and has turned away from it once more."""


Judgement = Literal["synced", "failed", "pending"] | Superseded


@dataclass
class CommitsSeen:
    """What a wait has seen of commits so far. It continues a wait in another process."""

    is_first: bool = True
    """Whether nothing was polled yet."""
    first_attempt: tuple[str, AwareDatetime] | None = None
    """The latest attempt at the first poll: its commit in brief, and when it started."""
    settled_since: FiniteFloat = 0.0
    """When AWS was last seen to desire or attempt our commit; else, when the first poll was. Seconds of the wait."""
    is_ours_seen: bool = False
    """Whether AWS was seen to desire or attempt our commit."""
    our_attempt_at: AwareDatetime | None = None
    """When the attempt at our commit started that was seen, if any."""
    before_ours: str = ""
    """The commits that AWS was seen to desire and attempt until it was seen to do so with ours, as `_mark` has them,
    with spaces between them."""
    has_forgotten: bool = False
    """Whether there were more of them than a token has room for, so that a commit not among them proves nothing."""


class CommitJudge:
    """Judges the jobs that a wait sees, in their order.

    Without a revision, a sync is done when its latest attempt succeeded and AWS has detected no newer commit. With
    one, when that commit is live: an older success does not count, and an older failure is not ours.

    Args:
        wanted: The commits that are waited for; None for the one that AWS desires.
        started_after: Ignore attempts that started earlier than that, successful or not.
        seen: What the wait has seen before; it is updated.
    """

    def __init__(
        self, wanted: Wanted | None, started_after: datetime | None = None, seen: CommitsSeen | None = None
    ) -> None:
        self._wanted = wanted
        self._earliest = None if started_after is None else started_after - CLOCK_TOLERANCE
        self.seen: CommitsSeen = seen or CommitsSeen()

    def judge(self, job: GitSyncJob, elapsed: float) -> Judgement:
        """Judge the job of the next poll, `elapsed` seconds after the wait started."""
        if self.seen.is_first:
            latest = job.latest_sync
            first = None if latest is None else _attempt_id(latest)
            self.seen.is_first, self.seen.first_attempt, self.seen.settled_since = False, first, elapsed
        judgement = self._judge(job, elapsed)
        self._remember(job, elapsed)
        return judgement

    def is_attempted(self, job: GitSyncJob) -> bool:
        """Whether AWS is syncing what is waited for."""
        latest = job.latest_sync
        return (
            latest is not None
            and self._is_ours(job)
            and latest.status.state in (SyncState.PENDING, SyncState.RUNNING)
            and self._counts(latest)
        )

    def is_earlier(self, job: GitSyncJob) -> bool:
        """Whether the latest attempt syncs what is waited for, and began too early to count."""
        return job.latest_sync is not None and self._is_ours(job) and not self._counts(job.latest_sync)

    def was_there_at_first(self, attempt_id: object) -> bool:
        """Whether the first poll saw an attempt as the latest."""
        return self.seen.first_attempt is not None and self.seen.first_attempt == attempt_id

    def _judge(self, job: GitSyncJob, elapsed: float) -> Judgement:
        latest = job.latest_sync
        live = self._live_attempt(job)
        if self._wanted is None:
            if self._is_ours(job) and latest is not None and live is latest:
                return "synced"
        elif live is not None and self._wanted.matches(live.target_revision):
            return "synced"
        if self._is_ours(job) and (latest is None or self._counts(latest)):
            return "failed" if latest is not None and latest.status.state is SyncState.FAILED else "pending"
        return self._superseded(job, elapsed) or "pending"

    def _live_attempt(self, job: GitSyncJob) -> ResourceSyncAttempt | None:
        """The latest attempt that succeeded, if it counts."""
        latest = job.latest_sync
        # A latest attempt that succeeded is the latest success, whether or not AWS repeats it there yet.
        is_success = latest is not None and latest.status.state is SyncState.ACTIVE
        live = latest if is_success else job.latest_successful_sync
        return live if live is not None and self._counts(live) else None

    def _is_ours(self, job: GitSyncJob) -> bool:
        """Whether the latest attempt syncs what is waited for."""
        target = job.latest_sync.target_revision if job.latest_sync else None
        if self._wanted is not None:
            return target is not None and self._wanted.matches(target)
        # An older commit may be attempted than the one that AWS desires, where it says so.
        return job.desired_state is None or target is None or target.sha == job.desired_state.sha

    def _counts(self, attempt: ResourceSyncAttempt) -> bool:
        return self._earliest is None or attempt.started_at >= self._earliest

    def _superseded(self, job: GitSyncJob, elapsed: float) -> Superseded | None:
        """The proof that another commit took the place of ours, if there is one."""
        latest, desired = job.latest_sync, job.desired_state
        if self._wanted is None or (desired is not None and self._wanted.matches(desired)):
            return None
        away = None
        if latest is not None and not self._wanted.matches(latest.target_revision):
            starts_from_ours = self._wanted.matches(latest.initial_revision)
            if not self.was_there_at_first(_attempt_id(latest)):
                if starts_from_ours or self._follows_ours(latest) or self._is_new(latest.target_revision):
                    return Superseded(latest.target_revision, latest)
            elif starts_from_ours:
                away = latest
        if desired is not None and self._is_new(desired):
            return Superseded(desired)
        # Last, as a commit that AWS has turned to since is the one that replaced ours.
        if away is not None and self._earliest is None and elapsed - self.seen.settled_since >= SETTLING_TIME:
            return Superseded(away.target_revision, away, was_before=True, was_noticed=self.seen.is_ours_seen)
        return None

    def _follows_ours(self, attempt: ResourceSyncAttempt) -> bool:
        ours = self.seen.our_attempt_at
        return ours is not None and attempt.started_at > ours

    def _is_new(self, revision: Revision) -> bool:
        """Whether AWS turned to a commit after it had turned to ours."""
        seen = self.seen
        return seen.is_ours_seen and not seen.has_forgotten and _mark(revision) not in seen.before_ours.split()

    def _remember(self, job: GitSyncJob, elapsed: float) -> None:
        """Note whether AWS has seen our commit, and until then what else it worked on."""
        if self._wanted is None:
            return
        latest, desired = job.latest_sync, job.desired_state
        revisions = [revision for revision in (desired, latest.target_revision if latest else None) if revision]
        if not self.seen.is_ours_seen:
            origin = [latest.initial_revision] if latest is not None else []
            others = [revision for revision in (*revisions, *origin) if not self._wanted.matches(revision)]
            known = dict.fromkeys([*self.seen.before_ours.split(), *map(_mark, others)])
            self.seen.before_ours = " ".join(known)
        if latest is not None and self._wanted.matches(latest.target_revision):
            self.seen.our_attempt_at = latest.started_at
        if any(map(self._wanted.matches, revisions)):
            self.seen.is_ours_seen, self.seen.settled_since = True, elapsed


def _mark(revision: Revision) -> str:
    """What of a sha distinguishes a commit from some tens of others. One that seems known proves nothing."""
    return revision.sha[:3] + revision.sha[-3:]


def _attempt_id(attempt: ResourceSyncAttempt) -> tuple[str, datetime]:
    return brief(attempt.target_revision.sha), attempt.started_at
