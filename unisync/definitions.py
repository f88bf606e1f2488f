"""What defines a Git sync, and what blocks it: models as in models.py, in a file that a look can do without."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime

from unisync.models import Model, RepositoryPlace, both, wire

BlockerStatus = Literal["ACTIVE", "RESOLVED"] | str
"""Whether a blocker blocks."""
BlockerType = Literal["AUTOMATED"] | str
"""Who put a blocker there."""


class SyncBlockerContext(Model, frozen=True):
    """A detail of a blocker."""

    key: str = both("key")
    value: str = both("value")


class SyncBlocker(Model, frozen=True):
    """What stops a Git sync until somebody releases it."""

    id: str = both("id")
    type: BlockerType = both("type")
    status: BlockerStatus = both("status")
    created_reason: str = both("createdReason")
    created_at: AwareDatetime = both("createdAt")
    contexts: tuple[SyncBlockerContext, ...] = both("contexts", default=())
    resolved_reason: str | None = both("resolvedReason", default=None)
    resolved_at: AwareDatetime | None = both("resolvedAt", default=None)

    @property
    def is_active(self) -> bool:
        """Whether it blocks. A word that is neither ACTIVE nor RESOLVED counts as blocking."""
        return self.status != "RESOLVED"


class SyncBlockerSummary(Model, frozen=True):
    """The blockers of a stack (GetSyncBlockerSummary)."""

    resource_name: str = wire("ResourceName")
    parent_resource_name: str | None = wire("ParentResourceName", default=None)
    latest_blockers: tuple[SyncBlocker, ...] = wire("LatestBlockers", default=())


class ServiceSyncBlockerSummary(Model, frozen=True):
    """The blockers of a Proton service, or of one of its instances (GetServiceSyncBlockerSummary)."""

    service_name: str = wire("serviceName")
    service_instance_name: str | None = wire("serviceInstanceName", default=None)
    latest_blockers: tuple[SyncBlocker, ...] = wire("latestBlockers", default=())


class SyncConfiguration(RepositoryPlace, frozen=True):
    """Which file of which branch a stack follows (GetSyncConfiguration)."""

    resource_name: str = wire("ResourceName")
    sync_type: str = wire("SyncType")
    config_file: str | None = wire("ConfigFile", default=None)
    repository_link_id: str = wire("RepositoryLinkId")
    role_arn: str = wire("RoleArn")
    publish_deployment_status: str | None = wire("PublishDeploymentStatus", default=None)
    trigger_resource_update_on: str | None = wire("TriggerResourceUpdateOn", default=None)
    pull_request_comment: str | None = wire("PullRequestComment", default=None)


class ServiceSyncConfig(RepositoryPlace, frozen=True):
    """Which file of which branch a Proton service follows (GetServiceSyncConfig)."""

    service_name: str = wire("serviceName")
    file_path: str = wire("filePath")


class TemplateSyncConfig(RepositoryPlace, frozen=True):
    """Which directory of which branch a Proton template follows (GetTemplateSyncConfig)."""

    template_name: str = wire("templateName")
    template_type: str = wire("templateType")
    subdirectory: str | None = wire("subdirectory", default=None)


class SyncConfigurationReply(Model, frozen=True):
    """GetSyncConfiguration's answer."""

    sync_configuration: SyncConfiguration = wire("SyncConfiguration")


class SyncBlockerSummaryReply(Model, frozen=True):
    """GetSyncBlockerSummary's answer."""

    summary: SyncBlockerSummary = wire("SyncBlockerSummary")


class ServiceSyncConfigReply(Model, frozen=True):
    """GetServiceSyncConfig's answer."""

    service_sync_config: ServiceSyncConfig | None = wire("serviceSyncConfig", default=None)


class TemplateSyncConfigReply(Model, frozen=True):
    """GetTemplateSyncConfig's answer."""

    template_sync_config: TemplateSyncConfig | None = wire("templateSyncConfig", default=None)


class ServiceSyncBlockerSummaryReply(Model, frozen=True):
    """GetServiceSyncBlockerSummary's answer."""

    summary: ServiceSyncBlockerSummary | None = wire("serviceSyncBlockerSummary", default=None)
