"""Blockers as the operations of the services return them: of one sync, and one that was resolved."""

from __future__ import annotations

from unisync._models.base import Model, NullableTuple, alias
from unisync._models.blockers import SyncBlocker


class SyncBlockerSummary(Model, frozen=True):
    """The blockers of a stack (GetSyncBlockerSummary)."""

    resource_name: str = alias("ResourceName")
    """The stack."""
    parent_resource_name: str | None = alias("ParentResourceName", default=None)
    """What the resource belongs to; None if AWS names nothing."""
    latest_blockers: NullableTuple[SyncBlocker] = alias("LatestBlockers", default=())
    """The latest blockers, resolved ones included."""


class SyncBlockerSummaryEnvelope(Model, frozen=True):
    """GetSyncBlockerSummary's response. Apart from the other envelopes, since reading a sync needs no other."""

    value: SyncBlockerSummary = alias("SyncBlockerSummary")


class UpdatedSyncBlocker(Model, frozen=True):
    """A resolved blocker of a stack (UpdateSyncBlocker)."""

    resource_name: str = alias("ResourceName")
    """The stack."""
    parent_resource_name: str | None = alias("ParentResourceName", default=None)
    """What the resource belongs to; None if AWS names nothing."""
    sync_blocker: SyncBlocker = alias("SyncBlocker")
    """The blocker as it is now."""


class ServiceSyncBlockerSummary(Model, frozen=True):
    """The blockers of a Proton service, or of one of its instances (GetServiceSyncBlockerSummary)."""

    service_name: str = alias("serviceName")
    """The service."""
    service_instance_name: str | None = alias("serviceInstanceName", default=None)
    """The instance; None if the blockers are those of the service."""
    latest_blockers: NullableTuple[SyncBlocker] = alias("latestBlockers", default=())
    """The latest blockers, resolved ones included."""


class UpdatedServiceSyncBlocker(Model, frozen=True):
    """A resolved blocker of a Proton service, or of one of its instances (UpdateServiceSyncBlocker)."""

    service_name: str = alias("serviceName")
    """The service."""
    service_instance_name: str | None = alias("serviceInstanceName", default=None)
    """The instance; None if the blocker is that of the service."""
    service_sync_blocker: SyncBlocker = alias("serviceSyncBlocker")
    """The blocker as it is now."""
