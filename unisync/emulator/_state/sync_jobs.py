"""The life of TwinMaker's sync jobs and of what they sync: where each stands at a given time."""

from __future__ import annotations

from dataclasses import dataclass, field

from unisync.emulator._state.entity import Created

CREATING_FOR = 5.0
"""Seconds that a sync job is CREATING."""
INITIALIZING_FOR = 20.0
"""Seconds that it is INITIALIZING after that."""
DELETING_FOR = 10.0
"""Seconds that it is DELETING before it is gone."""
RESOURCE_INITIALIZING_FOR = 2.0
"""Seconds that a resource is INITIALIZING before it is PROCESSING."""
RESOURCE_DURATION = 10.0
"""Seconds until a resource is in sync, where a test does not say otherwise."""

Error = tuple[str, str]
"""AWS's code, and the message."""


@dataclass(slots=True)
class SyncJob(Created):
    """A TwinMaker sync job. Its state follows from when it was created and deleted."""

    sync_source: str
    sync_role: str
    tags: dict[str, str]
    error: Error | None = None
    """With which it ends up in ERROR, if it does."""
    deleted_at: float | None = None

    @property
    def loaded_at(self) -> float:
        """When it is no longer CREATING."""
        return self.created_at + CREATING_FOR

    def state(self, now: float) -> str:
        """AWS's word for the state at `now`."""
        if self.deleted_at is not None:
            return "DELETING"
        if now < self.loaded_at:
            return "CREATING"
        if self.error is not None:
            return "ERROR"
        return "INITIALIZING" if now < self.loaded_at + INITIALIZING_FOR else "ACTIVE"

    def updated_at(self, now: float) -> float:
        """When the state last changed."""
        if self.deleted_at is not None:
            return self.deleted_at
        ends = (self.loaded_at, self.loaded_at + INITIALIZING_FOR)
        passed = [end for end in ends[: 1 if self.error else 2] if end <= now]
        return passed[-1] if passed else self.created_at

    def gone(self, now: float) -> bool:
        """Whether its deletion is over."""
        return self.deleted_at is not None and now >= self.deleted_at + DELETING_FOR


@dataclass(slots=True)
class SyncResource(Created):
    """An entity or component type that a job keeps in sync. `created_at` is when its source had it."""

    sync_source: str
    resource_type: str
    external_id: str
    resource_id: str | None
    duration: float
    error: Error | None
    """With which it ends up in ERROR, if it does."""
    removed_at: float | None = None

    def stage(self, job: SyncJob, now: float) -> tuple[str, float] | None:
        """The state at `now`, and since when. None if the job knows nothing of the resource."""
        begins = max(job.loaded_at, self.created_at)
        ends = [each for each in (self.removed_at, job.deleted_at) if each is not None]
        if job.error is not None or min([now, *ends]) < begins:
            return None
        if ends:
            return "DELETED", min(ends)
        processing = begins + min(RESOURCE_INITIALIZING_FOR, self.duration)
        over = begins + self.duration
        if now >= over:
            return "ERROR" if self.error else "IN_SYNC", over
        return ("PROCESSING", processing) if now >= processing else ("INITIALIZING", begins)


@dataclass(slots=True)
class Workspace(Created):
    """A TwinMaker workspace: its sync jobs by source, and what these find there."""

    jobs: dict[str, SyncJob] = field(default_factory=dict[str, SyncJob])
    resources: dict[tuple[str, str, str], SyncResource] = field(
        default_factory=dict[tuple[str, str, str], SyncResource]
    )
    """By source, type and external id."""
