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
    tags: dict[str, str]
    error: SyncError | None = None
    """Why the job ends in ERROR; None if it becomes ACTIVE."""
    deleted_at: float | None = None
    """When its deletion was requested."""

    @property
    def initializing_at(self) -> float:
        """When it stops CREATING, and begins to sync resources."""
        return self.created_at + CREATING_FOR

    def state(self, now: float) -> str:
        """AWS's state at `now`."""
        if self.deleted_at is not None:
            return "DELETING"
        if now < self.initializing_at:
            return "CREATING"
        if self.error is not None:
            return "ERROR"
        return "INITIALIZING" if now < self.initializing_at + INITIALIZING_FOR else "ACTIVE"

    def updated_at(self, now: float) -> float:
        """When the state last changed."""
        if self.deleted_at is not None:
            return self.deleted_at
        changes = (
            [self.initializing_at] if self.error else [self.initializing_at, self.initializing_at + INITIALIZING_FOR]
        )
        return max((change for change in changes if change <= now), default=self.created_at)

    def is_deleted(self, now: float) -> bool:
        """Whether its deletion has finished."""
        return self.deleted_at is not None and now >= self.deleted_at + DELETING_FOR


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
    removed_at: float | None = None
    """When it disappeared from the source."""

    def state(self, job: SyncJob, now: float) -> tuple[str, float] | None:
        """The state at `now`, and since when. None if the job does not list the resource."""
        found_at = max(job.initializing_at, self.created_at)
        ends = [each for each in (self.removed_at, job.deleted_at) if each is not None]
        if job.error is not None or min([now, *ends]) < found_at:
            return None
        if ends:
            return "DELETED", min(ends)
        processing_at = found_at + min(RESOURCE_INITIALIZING_FOR, self.duration)
        done_at = found_at + self.duration
        if now >= done_at:
            return "ERROR" if self.error else "IN_SYNC", done_at
        return ("PROCESSING", processing_at) if now >= processing_at else ("INITIALIZING", found_at)


@dataclass(slots=True)
class Workspace(Entity):
    """A TwinMaker workspace: its sync jobs by source, and the resources in those sources."""

    jobs: dict[str, SyncJob] = field(default_factory=dict[str, SyncJob])
    resources: dict[tuple[str, str, str], SyncResource] = field(
        default_factory=dict[tuple[str, str, str], SyncResource]
    )
    """By source, type and external id."""
