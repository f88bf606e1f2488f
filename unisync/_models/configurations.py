"""What configures a Git sync, and what its service's other operations return."""

from __future__ import annotations

from typing import ClassVar, Literal

from unisync._models.base import Model, NullableTuple, alias, dual_case_alias
from unisync._models.blockers import SyncBlocker
from unisync._models.jobs import RepositoryBranch, RepositoryIdentity, SyncAttempt
from unisync._models.refs import TemplateType

Switch = Literal["DISABLED", "ENABLED"] | str
"""Whether CodeConnections does something."""
Trigger = Literal["ANY_CHANGE", "FILE_CHANGE"] | str
"""Which commits start a sync of CodeConnections: all of them, or those that change the stack's own files."""


class SyncBlockerSummary(Model, frozen=True):
    """The blockers of a stack (GetSyncBlockerSummary)."""

    resource_name: str = alias("ResourceName")
    parent_resource_name: str | None = alias("ParentResourceName", default=None)
    latest_blockers: NullableTuple[SyncBlocker] = alias("LatestBlockers", default=())


class UpdatedSyncBlocker(Model, frozen=True):
    """A resolved blocker of a stack (UpdateSyncBlocker)."""

    resource_name: str = alias("ResourceName")
    parent_resource_name: str | None = alias("ParentResourceName", default=None)
    sync_blocker: SyncBlocker = alias("SyncBlocker")


class ServiceSyncBlockerSummary(Model, frozen=True):
    """The blockers of a Proton service, or of one of its instances (GetServiceSyncBlockerSummary)."""

    service_name: str = alias("serviceName")
    service_instance_name: str | None = alias("serviceInstanceName", default=None)
    latest_blockers: NullableTuple[SyncBlocker] = alias("latestBlockers", default=())


class UpdatedServiceSyncBlocker(Model, frozen=True):
    """A resolved blocker of a Proton service, or of one of its instances (UpdateServiceSyncBlocker)."""

    service_name: str = alias("serviceName")
    service_instance_name: str | None = alias("serviceInstanceName", default=None)
    service_sync_blocker: SyncBlocker = alias("serviceSyncBlocker")


class RepositoryLink(RepositoryIdentity, frozen=True):
    """A repository that CodeConnections syncs from (GetRepositoryLink)."""

    connection_arn: str = alias("ConnectionArn")
    encryption_key_arn: str | None = alias("EncryptionKeyArn", default=None)
    repository_link_arn: str = alias("RepositoryLinkArn")
    repository_link_id: str = alias("RepositoryLinkId")


class RepositorySummary(RepositoryIdentity, frozen=True):
    """A repository that Proton syncs from, in a list (ListRepositories)."""

    _full_name_field: ClassVar[str] = "name"
    _provider_field: ClassVar[str] = "provider"

    arn: str
    connection_arn: str = alias("connectionArn")


class Repository(RepositorySummary, frozen=True):
    """A repository that Proton syncs from (GetRepository)."""

    encryption_key: str | None = alias("encryptionKey", default=None)


class RepositorySyncAttempt(SyncAttempt, frozen=True):
    """One attempt to read a branch and to start the syncs that it defines (GetRepositorySyncStatus).

    Its success means that those syncs were started, and says nothing about their results.
    """


class RepositorySyncDefinition(Model, frozen=True):
    """What a repository defines for one resource (ListRepositorySyncDefinitions)."""

    branch: str = dual_case_alias("branch")
    directory: str = dual_case_alias("directory")
    """The directory, or the file, that defines it."""
    parent: str = dual_case_alias("parent")
    """The resource that the target belongs to; for a stack, the stack itself."""
    target: str = dual_case_alias("target")
    """The synced resource."""


class SyncConfiguration(RepositoryBranch, frozen=True):
    """The file and branch that a stack follows (GetSyncConfiguration)."""

    resource_name: str = alias("ResourceName")
    sync_type: str = alias("SyncType")
    config_file: str | None = alias("ConfigFile", default=None)
    repository_link_id: str = alias("RepositoryLinkId")
    role_arn: str = alias("RoleArn")
    publish_deployment_status: Switch | None = alias("PublishDeploymentStatus", default=None)
    trigger_resource_update_on: Trigger | None = alias("TriggerResourceUpdateOn", default=None)
    pull_request_comment: Switch | None = alias("PullRequestComment", default=None)


class ServiceSyncConfig(RepositoryBranch, frozen=True):
    """The file and branch that a Proton service follows (GetServiceSyncConfig)."""

    service_name: str = alias("serviceName")
    file_path: str = alias("filePath")


class TemplateSyncConfig(RepositoryBranch, frozen=True):
    """The directory and branch that a Proton template follows (GetTemplateSyncConfig)."""

    template_name: str = alias("templateName")
    template_type: TemplateType = alias("templateType")
    subdirectory: str | None = alias("subdirectory", default=None)


class DeleteResult(Model, frozen=True):
    """AWS's response to a deletion: no known fields so far."""


class TagResult(Model, frozen=True):
    """AWS's response to setting or removing tags: no known fields so far."""
