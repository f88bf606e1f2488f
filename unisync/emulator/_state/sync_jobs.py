"""TwinMaker's sync jobs and the resources that they sync.

Nothing is updated as time passes: each state is computed from when things were created, removed and deleted.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from unisync.emulator._state.entity import Entity

CREATING_FOR = 5.0
"""Seconds that a sync job is CREATING."""
INITIALIZING_FOR = 20.0
"""Seconds that it is INITIALIZING after that."""
DELETING_FOR = 10.0
"""Seconds that it is DELETING before it disappears."""
RESOURCE_INITIALIZING_FOR = 2.0
"""Seconds that a resource is INITIALIZING before it is PROCESSING."""
RESOURCE_DURATION = 10.0
"""Default seconds until a resource is in sync."""

SyncError = tuple[str, str]
"""AWS's error code, and the message."""


@dataclass(slots=True)
class SyncJob(Entity):
    """A TwinMaker sync job."""

    sync_source: str
    sync_role: str
    creation_error: SyncError | None = None
    """Why the job ends in ERROR; None if it becomes ACTIVE."""
    deleted_at: float | None = None
    """When its deletion was first requested. From then on, its resources are DELETED."""
    deletion_error: SyncError | None = None
    """Why the deletion fails; None if it succeeds."""
    _deleting_since: float = 0.0

    @property
    def initializing_at(self) -> float:
        """When it stops CREATING, and begins to sync resources."""
        return self.created_at + CREATING_FOR

    def state(self, now: float) -> str:
        """AWS's state at `now`."""
        if self.deleted_at is not None:
            return "ERROR" if self.has_failed_deletion(now) else "DELETING"
        if now < self.initializing_at:
            return "CREATING"
        if self.creation_error is not None:
            return "ERROR"
        return "INITIALIZING" if now < self.initializing_at + INITIALIZING_FOR else "ACTIVE"

    def error(self, now: float) -> SyncError | None:
        """Why the job is in ERROR at `now`; None if it is not."""
        if self.state(now) != "ERROR":
            return None
        return self.creation_error if self.deleted_at is None else self.deletion_error

    def updated_at(self, now: float) -> float:
        """When the state last changed."""
        if self.deleted_at is not None:
            return self._deleting_since + (DELETING_FOR if self.has_failed_deletion(now) else 0.0)
        changes = [self.initializing_at]
        if self.creation_error is None:
            changes.append(self.initializing_at + INITIALIZING_FOR)
        return max((change for change in changes if change <= now), default=self.created_at)

    def delete(self, now: float) -> None:
        """Request the deletion. A deletion in progress goes on; one that failed starts again, and succeeds."""
        if self.deleted_at is None:
            self.deleted_at = self._deleting_since = now
        elif self.has_failed_deletion(now):
            self._deleting_since, self.deletion_error = now, None

    def fail_deletion(self, now: float, error: SyncError) -> None:
        """Let the deletion in progress fail, or the next one."""
        if self.has_failed_deletion(now):
            raise ValueError(f"sync_source: the deletion of {self.sync_source!r} has failed already")
        self.deletion_error = error

    def has_failed_deletion(self, now: float) -> bool:
        """Whether its deletion has failed."""
        return self.deletion_error is not None and self._is_deletion_over(now)

    def is_deleted(self, now: float) -> bool:
        """Whether its deletion has succeeded."""
        return self.deletion_error is None and self._is_deletion_over(now)

    def _is_deletion_over(self, now: float) -> bool:
        return self.deleted_at is not None and now >= self._deleting_since + DELETING_FOR


@dataclass(slots=True)
class SyncResource(Entity):
    """An entity or component type that a job syncs. `created_at` is when it appeared in the source."""

    sync_source: str
    resource_type: str
    external_id: str
    resource_id: str | None
    duration: float
    error: SyncError | None
    """Why its sync ends in ERROR; None if it succeeds."""
    retry_after: float | None = None
    """Seconds in ERROR until AWS retries the sync, which then succeeds; None is never."""
    removed_at: float | None = None
    """When it disappeared from the source."""

    def state(self, job: SyncJob, now: float) -> tuple[str, float] | None:
        """The state at `now`, and since when. None if the job does not list the resource."""
        found_at = max(job.initializing_at, self.created_at)
        ends = [each for each in (self.removed_at, job.deleted_at) if each is not None]
        if job.creation_error is not None or min([now, *ends]) < found_at:
            return None
        if ends:
            return "DELETED", min(ends)
        changes = [(found_at, "INITIALIZING"), (found_at + min(RESOURCE_INITIALIZING_FOR, self.duration), "PROCESSING")]
        done_at = found_at + self.duration
        changes.append((done_at, "ERROR" if self.error else "IN_SYNC"))
        if self.error is not None and self.retry_after is not None:
            retried_at = done_at + self.retry_after
            changes += [(retried_at, "PROCESSING"), (retried_at + self.duration, "IN_SYNC")]
        since, state = next(change for change in reversed(changes) if change[0] <= now)
        return state, since


@dataclass(slots=True)
class Workspace(Entity):
    """A TwinMaker workspace: its sync jobs by source, and the resources in those sources."""

    jobs: dict[str, SyncJob] = field(default_factory=dict[str, SyncJob])
    resources: dict[tuple[str, str, str], SyncResource] = field(
        default_factory=dict[tuple[str, str, str], SyncResource]
    )
    """By source, type and external id."""
