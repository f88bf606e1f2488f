"""What IoT TwinMaker lists: the sync jobs of a workspace, and the resources that a job keeps in sync."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, cast

from pydantic import BeforeValidator, PlainSerializer

from unisync._models.base import AsRef, Date, Model, NullableTuple, SyncState, alias
from unisync._models.jobs import SyncJob, SyncJobStatus
from unisync._models.refs import FleetSync, TwinMakerSync

SyncResourceType = Literal["COMPONENT_TYPE", "ENTITY"] | str
"""What a resource is in the workspace."""
SyncResourceState = Literal["DELETED", "ERROR", "INITIALIZING", "IN_SYNC", "PROCESSING"] | str
"""TwinMaker's own value for the state of a resource."""

_NO_STATUS = SyncJobStatus.model_construct(state=SyncState.UNKNOWN, aws_state="")
_Status = Annotated[SyncJobStatus, BeforeValidator(lambda value: _NO_STATUS if value is None else value)]
"""A status that AWS may leave out, or send as null."""


class SyncJobEntry(Model, frozen=True):
    """A sync job in ListSyncJobs' response."""

    arn: str | None = None
    """The ARN of the sync job."""
    workspace_id: str | None = alias("workspaceId", default=None)
    """The workspace that the job syncs to."""
    sync_source: str | None = alias("syncSource", default=None)
    """What the job syncs from: "SITEWISE"."""
    status: _Status = _NO_STATUS
    """The status of the job itself; its resources have states of their own."""
    created_at: Date | None = alias("creationDateTime", default=None)
    """When the job was created, in UTC."""
    updated_at: Date | None = alias("updateDateTime", default=None)
    """When the job last changed, in UTC."""


class SyncJobSummary(SyncJobEntry, SyncJob, frozen=True):
    """A sync job in a list (ListSyncJobs): all but its role. What AWS left out is None."""

    ref: Annotated[TwinMakerSync | FleetSync[SyncJobSummary], AsRef(TwinMakerSync)]
    """The sync; from a fleet, a `FleetSync` with its account and region."""


class SyncJobsPage(Model, frozen=True):
    """ListSyncJobs' response."""

    items: NullableTuple[SyncJobEntry] = alias("syncJobSummaries", default=())
    next_token: str | None = alias("nextToken", default=None)


class SyncResource(Model, frozen=True):
    """A resource that a sync job keeps in sync (ListSyncResources). What AWS left out is None."""

    resource_type: SyncResourceType | None = alias("resourceType", default=None)
    """What it is in the workspace."""
    external_id: str | None = alias("externalId", default=None)
    """Its id in the source."""
    resource_id: str | None = alias("resourceId", default=None)
    """Its id in the workspace."""
    status: _Status = _NO_STATUS
    """The status of this resource, with the reason if it failed."""
    updated_at: Date | None = alias("updateDateTime", default=None)
    """When it last changed, in UTC."""


class SyncResourcesPage(Model, frozen=True):
    """ListSyncResources' response."""

    items: NullableTuple[SyncResource] = alias("syncResources", default=())
    next_token: str | None = alias("nextToken", default=None)


Counts = tuple[tuple[SyncState, int], ...]


def _as_pairs(value: object) -> object:
    return tuple(cast("Mapping[object, object]", value).items()) if isinstance(value, Mapping) else value


class SyncResourceSummary(Model, frozen=True):
    """How many resources a sync job keeps in sync, and which of them failed."""

    ref: Annotated[TwinMakerSync | FleetSync[SyncJob], AsRef(TwinMakerSync)]
    """The sync job; from a fleet, a `FleetSync` with its account and region."""
    counts: Annotated[Counts, BeforeValidator(_as_pairs), PlainSerializer(lambda pairs: dict(pairs))]
    """The number of resources in each state that occurs. It serializes as an object."""
    failed: tuple[SyncResource, ...]
    """The resources that FAILED. Each has the reason in `status.error`."""

    def count(self, state: SyncState) -> int:
        """The number of resources in a state."""
        return dict(self.counts).get(state, 0)

    @property
    def total(self) -> int:
        """The number of resources, without those that are deleted or being deleted."""
        return sum(number for state, number in self.counts if state is not SyncState.DELETING)

    @property
    def in_sync(self) -> int:
        """The number of resources in sync."""
        return self.count(SyncState.ACTIVE)

    @property
    def is_settled(self) -> bool:
        """Whether no resource is in progress."""
        return not any(map(self.count, (SyncState.PENDING, SyncState.RUNNING, SyncState.UNKNOWN)))

    def __str__(self) -> str:
        failed = f", {len(self.failed)} failed" if self.failed else ""
        return f"{self.in_sync} of {self.total} resources in sync{failed}"
