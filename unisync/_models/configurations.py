"""What configures a Git sync, and what its service's other operations return."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, ClassVar, Literal, cast

from pydantic import ValidationInfo, model_validator

from unisync._models.base import Model, alias, dual_case_alias, keep_aside, mapping_for
from unisync._models.jobs import ProviderType, RepositoryBranch, RepositoryIdentity, SyncAttempt
from unisync._models.refs import TemplateType

Switch = Literal["DISABLED", "ENABLED"] | str
"""Whether CodeConnections does something."""
Trigger = Literal["ANY_CHANGE", "FILE_CHANGE"] | str
"""Which commits start a sync of CodeConnections: all of them, or those that change the stack's own files."""


class ConnectionStatus(StrEnum):
    """The status of a connection to a provider."""

    PENDING = "PENDING"
    """Created, and not completed in the AWS console."""
    AVAILABLE = "AVAILABLE"
    """Ready to be used."""
    ERROR = "ERROR"
    """AWS cannot use it, for example because its access to the provider was revoked."""
    UNKNOWN = "UNKNOWN"
    """A status that AWS added after this version of unisync was released. `aws_status` has its value."""


_STATUSES = {str(status): status for status in ConnectionStatus if status is not ConnectionStatus.UNKNOWN}


class Connection(Model, frozen=True):
    """A connection to a provider of repositories (GetConnection). What AWS left out is None."""

    name: str | None = alias("ConnectionName", default=None)
    """The name of the connection."""
    arn: str | None = alias("ConnectionArn", default=None)
    """The ARN of the connection."""
    provider: ProviderType | None = None
    """The provider, in one spelling for all services."""
    aws_provider: str | None = alias("ProviderType", default=None)
    """The provider in the service's own spelling."""
    provider_endpoint: str | None = alias("ProviderEndpoint", default=None)
    """The URL of the provider, if it is not the same for all users."""
    owner_account: str | None = alias("OwnerAccountId", default=None)
    """The account that the connection belongs to."""
    status: ConnectionStatus = ConnectionStatus.UNKNOWN
    """Whether AWS can use the connection."""
    aws_status: str = alias("ConnectionStatus", default="")
    """AWS's own value of the status; empty if AWS returned none."""
    host_arn: str | None = alias("HostArn", default=None)
    """The ARN of the host, for a provider that is installed elsewhere."""

    @model_validator(mode="before")
    @classmethod
    def _from_aws(cls, data: Any, info: ValidationInfo) -> Any:
        """Map the status and the provider, keeping AWS's."""
        if not isinstance(data, dict):
            return data
        fields = cast("dict[str, Any]", data)
        mapping = mapping_for(info, fields, "aws_status")
        if mapping is None:
            return fields
        status, provider = fields.get("ConnectionStatus"), fields.get("ProviderType")
        return {
            **keep_aside(fields, *cls.model_fields),
            "ConnectionStatus": "" if status is None else status,
            "status": _STATUSES.get(str(status), ConnectionStatus.UNKNOWN),
            "provider": mapping.providers.get(str(provider), provider),
        }


class RepositoryLink(RepositoryIdentity, frozen=True):
    """A repository that CodeConnections syncs from (GetRepositoryLink)."""

    connection_arn: str = alias("ConnectionArn")
    """The ARN of the connection to the provider."""
    encryption_key_arn: str | None = alias("EncryptionKeyArn", default=None)
    """The ARN of the KMS key that encrypts the link; None if AWS names none."""
    repository_link_arn: str = alias("RepositoryLinkArn")
    """The ARN of the link."""
    repository_link_id: str = alias("RepositoryLinkId")
    """The id of the link, which its operations take."""


class RepositorySummary(RepositoryIdentity, frozen=True):
    """A repository that Proton syncs from, in a list (ListRepositories)."""

    _full_name_field: ClassVar[str] = "name"
    _provider_field: ClassVar[str] = "provider"

    arn: str
    """The ARN of the repository in Proton."""
    connection_arn: str | None = alias("connectionArn", default=None)
    """The ARN of the connection to the provider; None if AWS left it out, as it did for repositories of 2021, though
    its model requires it."""


class Repository(RepositorySummary, frozen=True):
    """A repository that Proton syncs from (GetRepository)."""

    encryption_key: str | None = alias("encryptionKey", default=None)
    """The ARN of the KMS key that encrypts the repository's data; None if AWS names none."""


class RepositorySyncAttempt(SyncAttempt, frozen=True):
    """One attempt to read a branch and to start the syncs that it defines (GetRepositorySyncStatus).

    Its success means that those syncs were started, and says nothing about their results.
    """


class RepositorySyncDefinition(Model, frozen=True):
    """What a repository defines for one resource (ListRepositorySyncDefinitions)."""

    branch: str = dual_case_alias("branch")
    """The name of the branch."""
    directory: str = dual_case_alias("directory")
    """The directory, or the file, that defines it."""
    parent: str = dual_case_alias("parent")
    """The resource that the target belongs to; for a stack, the stack itself."""
    target: str = dual_case_alias("target")
    """The synced resource."""


class SyncConfiguration(RepositoryBranch, frozen=True):
    """The file and branch that a stack follows (GetSyncConfiguration)."""

    resource_name: str = alias("ResourceName")
    """The stack."""
    sync_type: str = alias("SyncType")
    """What is synced: a `SyncType`."""
    config_file: str | None = alias("ConfigFile", default=None)
    """The deployment file that the stack follows, as a path in the repository."""
    repository_link_id: str = alias("RepositoryLinkId")
    """The link to the repository."""
    role_arn: str = alias("RoleArn")
    """The ARN of the role with which AWS updates the stack."""
    publish_deployment_status: Switch | None = alias("PublishDeploymentStatus", default=None)
    """Whether AWS reports the status of deployments to the provider."""
    trigger_resource_update_on: Trigger | None = alias("TriggerResourceUpdateOn", default=None)
    """Which commits start a sync."""
    pull_request_comment: Switch | None = alias("PullRequestComment", default=None)
    """Whether AWS comments on pull requests."""


class ServiceSyncConfig(RepositoryBranch, frozen=True):
    """The file and branch that a Proton service follows (GetServiceSyncConfig)."""

    service_name: str = alias("serviceName")
    """The service."""
    file_path: str = alias("filePath")
    """The file that the service follows, as a path in the repository."""


class TemplateSyncConfig(RepositoryBranch, frozen=True):
    """The directory and branch that a Proton template follows (GetTemplateSyncConfig)."""

    template_name: str = alias("templateName")
    """The template."""
    template_type: TemplateType = alias("templateType")
    """Whether it is a template of services or of environments."""
    subdirectory: str | None = alias("subdirectory", default=None)
    """The directory that the template follows; None for the whole repository."""


class DeleteResult(Model, frozen=True):
    """AWS's response to a deletion: no known fields so far."""


class TagResult(Model, frozen=True):
    """AWS's response to setting or removing tags: no known fields so far."""
