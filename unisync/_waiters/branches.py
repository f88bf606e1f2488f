"""The judgement of branches: whether the failed sync of a branch is why its resource is not synced. Pure, no I/O.

AWS reads a branch first, and then starts the syncs that its files define. If reading the branch fails, no attempt at
the resource follows. An older failure tells nothing about a later commit, and one branch may define many resources: a
failure counts only if it is news, or lasts, and does not name the files of others.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pydantic import AwareDatetime, FiniteFloat

from unisync._core.branch import BranchStatus
from unisync._models.base import SyncState
from unisync._models.configurations import RepositorySyncAttempt
from unisync._models.jobs import GitSyncJob
from unisync._waiters.commits import CLOCK_TOLERANCE, SETTLING_TIME


@dataclass
class BranchesSeen:
    """What a wait has seen of the branch so far. It continues a wait in another process."""

    is_first: bool = True
    """Whether it was not read yet."""
    first_failed: AwareDatetime | None = None
    """When the attempt started that the first read saw as failed, if it did."""
    first_seen_at: FiniteFloat = 0.0
    """When the first read was, in seconds of the wait."""


class BranchJudge:
    """Judges the statuses of a branch that a wait reads, in their order.

    Args:
        started_after: Ignore failures that are older than that.
        seen: What the wait has seen before; it is updated.
    """

    def __init__(self, started_after: datetime | None = None, seen: BranchesSeen | None = None) -> None:
        self._earliest = None if started_after is None else started_after - CLOCK_TOLERANCE
        self.seen: BranchesSeen = seen or BranchesSeen()

    def failure(self, branch: BranchStatus, job: GitSyncJob, elapsed: float) -> RepositorySyncAttempt | None:
        """The attempt that fails the wait for a job, if there is one, `elapsed` seconds after the wait started."""
        attempt = branch.attempt
        failed = attempt if attempt is not None and attempt.status.state is SyncState.FAILED else None
        seen = self.seen
        if seen.is_first:
            seen.is_first, seen.first_seen_at = False, elapsed
            seen.first_failed = failed.started_at if failed else None
        if failed is None:
            return None
        latest = job.latest_sync
        if latest is not None and latest.started_at >= failed.started_at:
            return None
        if self._earliest is not None and failed.started_at < self._earliest:
            return None
        was_there = failed.started_at == seen.first_failed
        if was_there and elapsed - seen.first_seen_at < SETTLING_TIME:
            return None
        return None if branch.names_others else failed
