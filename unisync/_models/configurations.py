"""What defines a Git sync, and what blocks it: models as in models.py, in a file that a first look can do without."""

from __future__ import annotations

from typing import ClassVar, Literal

from unisync._models.jobs import Date, Model, RepositoryIdentity, RepositoryPlace, Several, SyncAttempt, both, wire
from unisync._models.refs import TemplateType

BlockerStatus = Literal["ACTIVE", "RESOLVED"] | str
"""Whether a blocker blocks."""
BlockerType = Literal["AUTOMATED"] | str
"""Who put a blocker there."""

Switch = Literal["DISABLED", "ENABLED"] | str
"""Whether CodeConnections does something."""
Trigger = Literal["ANY_CHANGE", "FILE_CHANGE"] | str
"""Which commits start a sync of CodeConnections: all, or those that change its files."""


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
    created_at: Date = both("createdAt")
    contexts: Several[SyncBlockerContext] = both("contexts", default=())
    resolved_reason: str | None = both("resolvedReason", default=None)
    resolved_at: Date | None = both("resolvedAt", default=None)

    @property
    def is_active(self) -> bool:
        """Whether it blocks. A word that is neither ACTIVE nor RESOLVED counts as blocking."""
        return self.status != "RESOLVED"


class SyncBlockerSummary(Model, frozen=True):
    """The blockers of a stack (GetSyncBlockerSummary)."""

    resource_name: str = wire("ResourceName")
    parent_resource_name: str | None = wire("ParentResourceName", default=None)
    latest_blockers: Several[SyncBlocker] = wire("LatestBlockers", default=())


class UpdatedSyncBlocker(Model, frozen=True):
    """A blocker of a stack, once it was resolved (UpdateSyncBlocker)."""

    resource_name: str = wire("ResourceName")
    parent_resource_name: str | None = wire("ParentResourceName", default=None)
    sync_blocker: SyncBlocker = wire("SyncBlocker")


class ServiceSyncBlockerSummary(Model, frozen=True):
    """The blockers of a Proton service, or of one of its instances (GetServiceSyncBlockerSummary)."""

    service_name: str = wire("serviceName")
    service_instance_name: str | None = wire("serviceInstanceName", default=None)
    latest_blockers: Several[SyncBlocker] = wire("latestBlockers", default=())


class UpdatedServiceSyncBlocker(Model, frozen=True):
    """A blocker of a Proton service, or of one of its instances, once it was resolved (UpdateServiceSyncBlocker)."""

    service_name: str = wire("serviceName")
    service_instance_name: str | None = wire("serviceInstanceName", default=None)
    service_sync_blocker: SyncBlocker = wire("serviceSyncBlocker")


class RepositoryLink(RepositoryIdentity, frozen=True):
    """A repository that CodeConnections syncs from (GetRepositoryLink)."""

    connection_arn: str = wire("ConnectionArn")
    encryption_key_arn: str | None = wire("EncryptionKeyArn", default=None)
    repository_link_arn: str = wire("RepositoryLinkArn")
    repository_link_id: str = wire("RepositoryLinkId")


class RepositorySummary(RepositoryIdentity, frozen=True):
    """A repository that Proton syncs from, as a listing tells of it (ListRepositories)."""

    _full_name_member: ClassVar[str] = "name"
    _provider_member: ClassVar[str] = "provider"

    arn: str
    connection_arn: str = wire("connectionArn")


class Repository(RepositorySummary, frozen=True):
    """A repository that Proton syncs from (GetRepository)."""

    encryption_key: str | None = wire("encryptionKey", default=None)


class RepositorySyncAttempt(SyncAttempt, frozen=True):
    """One try to read a branch and to start the syncs of what it defines (GetRepositorySyncStatus).

    Its success says that those syncs were started, and nothing of what came of them.
    """


class RepositorySyncDefinition(Model, frozen=True):
    """What a repository defines for one resource (ListRepositorySyncDefinitions)."""

    branch: str = both("branch")
    directory: str = both("directory")
    """The directory, or the file, that defines it."""
    parent: str = both("parent")
    """What the target belongs to; for a stack, the stack itself."""
    target: str = both("target")
    """What is synced."""


class SyncConfiguration(RepositoryPlace, frozen=True):
    """Which file of which branch a stack follows (GetSyncConfiguration)."""

    resource_name: str = wire("ResourceName")
    sync_type: str = wire("SyncType")
    config_file: str | None = wire("ConfigFile", default=None)
    repository_link_id: str = wire("RepositoryLinkId")
    role_arn: str = wire("RoleArn")
    publish_deployment_status: Switch | None = wire("PublishDeploymentStatus", default=None)
    trigger_resource_update_on: Trigger | None = wire("TriggerResourceUpdateOn", default=None)
    pull_request_comment: Switch | None = wire("PullRequestComment", default=None)


class ServiceSyncConfig(RepositoryPlace, frozen=True):
    """Which file of which branch a Proton service follows (GetServiceSyncConfig)."""

    service_name: str = wire("serviceName")
    file_path: str = wire("filePath")


class TemplateSyncConfig(RepositoryPlace, frozen=True):
    """Which directory of which branch a Proton template follows (GetTemplateSyncConfig)."""

    template_name: str = wire("templateName")
    template_type: TemplateType = wire("templateType")
    subdirectory: str | None = wire("subdirectory", default=None)


class Deleted(Model, frozen=True):
    """What AWS says of a definition that it has deleted: nothing so far."""
