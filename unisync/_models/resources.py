"""What IoT TwinMaker lists: the sync jobs of a workspace, and the resources that a job brings into it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator

from unisync._models.jobs import AsRef, Date, Model, Several, SyncJob, SyncJobStatus, SyncState, wire, with_ref
from unisync._models.refs import TwinMakerSync

SyncResourceType = Literal["COMPONENT_TYPE", "ENTITY"] | str
"""What a resource is in the workspace."""
SyncResourceState = Literal["DELETED", "ERROR", "INITIALIZING", "IN_SYNC", "PROCESSING"] | str
"""How a resource stands, in TwinMaker's own word."""

_UNTOLD = SyncJobStatus(state=SyncState.UNKNOWN, native="")
_Status = Annotated[SyncJobStatus, BeforeValidator(lambda told: _UNTOLD if told is None else told)]
"""A status that AWS may leave out, or say null for."""


class SyncJobEntry(Model, frozen=True):
    """A sync job, as ListSyncJobs' answer tells of it."""

    arn: str | None = None
    workspace_id: str | None = wire("workspaceId", default=None)
    sync_source: str | None = wire("syncSource", default=None)
    status: _Status = _UNTOLD
    created_at: Date | None = wire("creationDateTime", default=None)
    updated_at: Date | None = wire("updateDateTime", default=None)


class SyncJobSummary(SyncJobEntry, SyncJob, frozen=True):
    """A sync job, as a listing tells of it (ListSyncJobs): all but its role. What AWS left out is None."""

    ref: Annotated[TwinMakerSync, AsRef(TwinMakerSync)]

    @classmethod
    def of(cls, workspace_id: str, entry: SyncJobEntry) -> Self:
        """The job that an entry of a workspace stands for, with the usual source where AWS left it out."""
        ref = TwinMakerSync(workspace_id, entry.sync_source) if entry.sync_source else TwinMakerSync(workspace_id)
        return with_ref(cls, ref, entry)


class SyncJobs(Model, frozen=True):
    """ListSyncJobs' answer."""

    items: Several[SyncJobEntry] = wire("syncJobSummaries", default=())
    next_token: str | None = wire("nextToken", default=None)


class SyncResource(Model, frozen=True):
    """What a sync job keeps in sync: an entity or a component type (ListSyncResources). What AWS left out is None."""

    resource_type: SyncResourceType | None = wire("resourceType", default=None)
    external_id: str | None = wire("externalId", default=None)
    """Its name where it comes from."""
    resource_id: str | None = wire("resourceId", default=None)
    """Its name in the workspace."""
    status: _Status = _UNTOLD
    updated_at: Date | None = wire("updateDateTime", default=None)


class SyncResourcePage(Model, frozen=True):
    """ListSyncResources' answer."""

    items: Several[SyncResource] = wire("syncResources", default=())
    next_token: str | None = wire("nextToken", default=None)


class SyncResources(Model, frozen=True):
    """The sum of what a sync job keeps in sync."""

    ref: Annotated[TwinMakerSync, AsRef(TwinMakerSync)]
    counts: Mapping[SyncState, int]
    """How many resources there are of each state; a state without any is not there."""
    failed: tuple[SyncResource, ...]
    """Those that FAILED. Each `status.error` says why."""

    @property
    def total(self) -> int:
        """How many there are, but for those that are gone or on their way out."""
        return sum(self.counts.values()) - self.counts.get(SyncState.DELETING, 0)

    @property
    def in_sync(self) -> int:
        """How many are in sync."""
        return self.counts.get(SyncState.ACTIVE, 0)

    @property
    def is_settled(self) -> bool:
        """Whether none of them is under way."""
        return not any(self.counts.get(state) for state in (SyncState.PENDING, SyncState.RUNNING, SyncState.UNKNOWN))

    def __str__(self) -> str:
        failed = f", {len(self.failed)} failed" if self.failed else ""
        return f"{self.in_sync} of {self.total} resources in sync{failed}"
