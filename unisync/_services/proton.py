"""Proton: Git sync of services and templates."""

from __future__ import annotations

import inspect
import os
import warnings
from collections.abc import Mapping
from functools import cache, partial
from typing import Literal, NoReturn

from typing_extensions import override

from unisync._core.bridge import (
    AsyncOperations,
    RawAsyncOperations,
    RawSyncOperations,
    SyncOperations,
    operation,
    paginated,
    write_operation,
)
from unisync._core.flow import Flow
from unisync._core.pagination import PageRequest
from unisync._core.target import SyncTarget
from unisync._models import blocker_summaries, configurations, envelopes
from unisync._models.base import EnumMapping
from unisync._models.blockers import SyncBlocker
from unisync._models.jobs import GitSyncJob, GitSyncResponse, RepositoryBranch, Revision
from unisync._models.refs import ServiceInstanceSync, SyncRef, TemplateSync, TemplateType
from unisync._services.ensure import EnsureResult, ensure
from unisync._services.findings import Findings
from unisync._services.git_sync import STATES, GitTarget, all_blockers, git_job, not_found, required, resolve_once
from unisync._services.operations import (
    Service,
    ServiceOperations,
    camel,
    create_once,
    delete_idempotent,
    drop_none,
    if_as_requested,
)

PACKAGE = os.path.dirname(os.path.dirname(__file__)) + os.sep
"""The folder of this package, whose frames a warning skips."""
ENDED = "AWS ended its support of Proton on 2026-10-07"

PROVIDERS = {"GITHUB": "GitHub", "GITHUB_ENTERPRISE": "GitHubEnterpriseServer", "BITBUCKET": "Bitbucket"}

FIELD_NAMES = {"repository_name": "full_name", "repository_provider": "aws_provider"}
"""Parameters whose field in a configuration has another name."""

PROTON = Service(
    "proton",
    EnumMapping(STATES, PROVIDERS),
    camel,
    connection_hint=f"{ENDED}: its endpoint may no longer exist",
    tag_fields=("key", "value"),
    tags_per_page=100,
)

RepositoryProvider = Literal["BITBUCKET", "GITHUB", "GITHUB_ENTERPRISE"] | str
"""The provider that hosts a repository, in Proton's spelling."""
ProtonSyncType = Literal["SERVICE_SYNC", "TEMPLATE_SYNC"] | str
"""The kind of resource that Proton syncs."""


class ProtonDeprecationWarning(FutureWarning):
    """AWS ended its support of Proton. As a `FutureWarning`, it is shown to end users too, not only to developers."""


def warn_of_end(stacklevel: int) -> None:
    """Warn that AWS ended its support of Proton."""
    warnings.warn(f"{ENDED}: plan to migrate away from it", ProtonDeprecationWarning, stacklevel=stacklevel)


@cache
def warn_of_reference() -> None:
    """Warn, once in this process, that AWS ended its support of Proton: at the line that calls unisync."""
    frame, stacklevel = inspect.currentframe(), 1
    while frame is not None and frame.f_code.co_filename.startswith(PACKAGE):
        frame, stacklevel = frame.f_back, stacklevel + 1
    warn_of_end(stacklevel + 1)


class Proton(ServiceOperations):
    """The sync operations of Proton, under boto3's names."""

    _service = PROTON

    # Status.

    @operation
    def get_service_instance_sync_status(self, service_name: str, service_instance_name: str) -> Flow[GitSyncJob]:
        """Read the status of a service instance's Git sync (GetServiceInstanceSyncStatus).

        Args:
            service_name: The service.
            service_instance_name: Its instance.

        Returns:
            The sync, with its latest attempt and its latest successful attempt, if there are any.

        Raises:
            InvalidArgumentError: An argument is not what is expected.
            InvalidRequestError: AWS rejects a parameter.
            NotFoundError: There is no such service instance.
            UnisyncError: Any other error in `unisync.errors`.
        """
        ref = ServiceInstanceSync(service_name, service_instance_name)
        params = {"service_name": service_name, "service_instance_name": service_instance_name}
        response = yield from self._request("GetServiceInstanceSyncStatus", params, GitSyncResponse)
        return git_job(self._ref(ref), response)

    @operation
    def get_template_sync_status(
        self, template_name: str, template_type: TemplateType, template_version: str
    ) -> Flow[GitSyncJob]:
        """Read the status of a template's Git sync (GetTemplateSyncStatus).

        Args:
            template_name: The template.
            template_type: "ENVIRONMENT" or "SERVICE".
            template_version: The major version, such as "1".

        Returns:
            The sync, with its latest attempt and its latest successful attempt, if there are any.

        Raises:
            InvalidArgumentError: An argument is not what is expected.
            InvalidRequestError: AWS rejects a parameter.
            NotFoundError: There is no such version of the template.
            UnisyncError: Any other error in `unisync.errors`.
        """
        ref = TemplateSync(template_name, template_type, template_version)
        params = {"template_name": template_name, "template_type": template_type, "template_version": template_version}
        response = yield from self._request("GetTemplateSyncStatus", params, GitSyncResponse)
        return git_job(self._ref(ref), response)

    @operation
    def get_repository_sync_status(
        self, repository_name: str, repository_provider: RepositoryProvider, branch: str, sync_type: ProtonSyncType
    ) -> Flow[configurations.RepositorySyncAttempt | None]:
        """Read the latest sync of a branch (GetRepositorySyncStatus).

        Args:
            repository_name: The repository, as "owner/name".
            repository_provider: The provider that hosts it: "GITHUB", "GITHUB_ENTERPRISE" or "BITBUCKET".
            branch: The branch.
            sync_type: The kind of resource that it defines: "SERVICE_SYNC" or "TEMPLATE_SYNC".

        Returns:
            The latest attempt; None if there was none. Its success means that the syncs which the branch defines were
            started, and says nothing about their results.

        Raises:
            InvalidArgumentError: An argument is not what is expected.
            InvalidRequestError: AWS rejects a parameter.
            NotFoundError: There is no such repository.
            UnisyncError: Any other error in `unisync.errors`.
        """
        params = {
            "repository_name": repository_name,
            "repository_provider": repository_provider,
            "branch": branch,
            "sync_type": sync_type,
        }
        return self._request_enveloped("GetRepositorySyncStatus", params, envelopes.OptionalRepositorySyncEnvelope)

    # Sync configurations.

    @write_operation
    def create_service_sync_config(
        self,
        service_name: str,
        *,
        repository_name: str,
        repository_provider: RepositoryProvider,
        branch: str,
        file_path: str,
    ) -> Flow[configurations.ServiceSyncConfig | None]:
        """Make a service follow a file of a branch (CreateServiceSyncConfig).

        If the response is lost, the configuration is looked up before the request is retried.

        Args:
            service_name: The service.
            repository_name: The repository, as "owner/name".
            repository_provider: The provider that hosts it: "GITHUB", "GITHUB_ENTERPRISE" or "BITBUCKET".
            branch: The branch.
            file_path: The path of the file that defines the service and its instances.
            dry_run: True validates the arguments and returns the request as a `DryRun`, without sending it.

        Returns:
            The sync configuration; None if AWS returns none.

        Raises:
            InvalidArgumentError: An argument is not what is expected.
            InvalidRequestError: AWS rejects a parameter.
            ConflictError: The service has another sync configuration.
            UnisyncError: Any other error in `unisync.errors`.
        """
        params = {
            "service_name": service_name,
            "repository_name": repository_name,
            "repository_provider": repository_provider,
            "branch": branch,
            "file_path": file_path,
        }

        return create_once(
            lambda: self._request_enveloped(
                "CreateServiceSyncConfig", params, envelopes.ServiceSyncConfigEnvelope, idempotent=False
            ),
            lambda: if_as_requested(self.get_service_sync_config(service_name), params, FIELD_NAMES),
        )

    @operation
    def get_service_sync_config(self, service_name: str) -> Flow[configurations.ServiceSyncConfig | None]:
        """Read the file and the branch that a service follows (GetServiceSyncConfig).

        Args:
            service_name: The service.

        Returns:
            The sync configuration; None if AWS returns none.

        Raises:
            InvalidArgumentError: An argument is not what is expected.
            InvalidRequestError: AWS rejects a parameter.
            NotFoundError: There is no such service, or it has no sync configuration.
            UnisyncError: Any other error in `unisync.errors`.
        """
        return self._request_enveloped(
            "GetServiceSyncConfig", {"service_name": service_name}, envelopes.ServiceSyncConfigEnvelope
        )

    @write_operation
    def update_service_sync_config(
        self,
        service_name: str,
        *,
        repository_name: str,
        repository_provider: RepositoryProvider,
        branch: str,
        file_path: str,
    ) -> Flow[configurations.ServiceSyncConfig | None]:
        """Replace the file and the branch that a service follows (UpdateServiceSyncConfig).

        Args:
            service_name: The service.
            repository_name: The repository, as "owner/name".
            repository_provider: The provider that hosts it: "GITHUB", "GITHUB_ENTERPRISE" or "BITBUCKET".
            branch: The branch.
            file_path: The path of the file that defines the service and its instances.
            dry_run: True validates the arguments and returns the request as a `DryRun`, without sending it.

        Returns:
            The sync configuration after the update; None if AWS returns none.

        Raises:
            InvalidArgumentError: An argument is not what is expected.
            InvalidRequestError: AWS rejects a parameter.
            NotFoundError: There is no such service, or it has no sync configuration.
            UnisyncError: Any other error in `unisync.errors`.
        """
        params = {
            "service_name": service_name,
            "repository_name": repository_name,
            "repository_provider": repository_provider,
            "branch": branch,
            "file_path": file_path,
        }
        return self._request_enveloped("UpdateServiceSyncConfig", params, envelopes.ServiceSyncConfigEnvelope)

    @write_operation
    def delete_service_sync_config(self, service_name: str) -> Flow[configurations.ServiceSyncConfig | None]:
        """Stop a service from following a branch (DeleteServiceSyncConfig). The service itself stays unchanged.

        Args:
            service_name: The service.
            dry_run: True validates the arguments and returns the request as a `DryRun`, without sending it.

        Returns:
            The deleted sync configuration; None if AWS returns none.

        Raises:
            InvalidArgumentError: An argument is not what is expected.
            InvalidRequestError: AWS rejects a parameter.
            NotFoundError: There is no such service, or it has no sync configuration.
            UnisyncError: Any other error in `unisync.errors`.
        """
        params = {"service_name": service_name}
        return delete_idempotent(
            self._request_enveloped("DeleteServiceSyncConfig", params, envelopes.ServiceSyncConfigEnvelope), None
        )

    @operation
    def ensure_service_sync_config(
        self,
        service_name: str,
        *,
        repository_name: str,
        repository_provider: RepositoryProvider,
        branch: str,
        file_path: str,
        dry_run: bool = False,
    ) -> Flow[EnsureResult[configurations.ServiceSyncConfig]]:
        """Ensure that a service follows a file of a branch.

        Creates the sync configuration, updates it if it differs, or leaves it unchanged. If another client changes it
        at the same time, it is read and compared again.

        Args:
            service_name: The service.
            repository_name: The repository, as "owner/name".
            repository_provider: The provider that hosts it: "GITHUB", "GITHUB_ENTERPRISE" or "BITBUCKET".
            branch: The branch.
            file_path: The path of the file that defines the service and its instances.
            dry_run: True only reads, and returns what would be done and sent.

        Returns:
            What was done, and the configuration as it is now.

        Raises:
            InvalidArgumentError: An argument is not what is expected.
            InvalidRequestError: AWS rejects a parameter.
            ConflictError: Other clients keep changing it.
            UnisyncError: Any other error in `unisync.errors`.

        AWS operation: GetServiceSyncConfig; CreateServiceSyncConfig or UpdateServiceSyncConfig.
        """
        desired = {
            "repository_name": repository_name,
            "repository_provider": repository_provider,
            "branch": branch,
            "file_path": file_path,
        }
        yield from self._validate("CreateServiceSyncConfig", {"service_name": service_name, **desired})
        return (
            yield from ensure(
                desired,
                read=lambda: _service_config(self, service_name),
                create=lambda: self.create_service_sync_config(service_name, **desired),
                update=lambda _config, _changed: self.update_service_sync_config(service_name, **desired),
                field_names=FIELD_NAMES,
                dry_run=dry_run,
            )
        )

    @write_operation
    def create_template_sync_config(
        self,
        template_name: str,
        template_type: TemplateType,
        *,
        repository_name: str,
        repository_provider: RepositoryProvider,
        branch: str,
        subdirectory: str | None = None,
    ) -> Flow[configurations.TemplateSyncConfig | None]:
        """Make a template follow a directory of a branch (CreateTemplateSyncConfig).

        If the response is lost, the configuration is looked up before the request is retried.

        Args:
            template_name: The template.
            template_type: "ENVIRONMENT" or "SERVICE".
            repository_name: The repository, as "owner/name".
            repository_provider: The provider that hosts it: "GITHUB", "GITHUB_ENTERPRISE" or "BITBUCKET".
            branch: The branch.
            subdirectory: The directory of the template; None is the root of the repository.
            dry_run: True validates the arguments and returns the request as a `DryRun`, without sending it.

        Returns:
            The sync configuration; None if AWS returns none.

        Raises:
            InvalidArgumentError: An argument is not what is expected.
            InvalidRequestError: AWS rejects a parameter.
            ConflictError: The template has another sync configuration.
            UnisyncError: Any other error in `unisync.errors`.
        """
        params = {
            "template_name": template_name,
            "template_type": template_type,
            "repository_name": repository_name,
            "repository_provider": repository_provider,
            "branch": branch,
            "subdirectory": subdirectory,
        }

        return create_once(
            lambda: self._request_enveloped(
                "CreateTemplateSyncConfig", params, envelopes.TemplateSyncConfigEnvelope, idempotent=False
            ),
            lambda: if_as_requested(self.get_template_sync_config(template_name, template_type), params, FIELD_NAMES),
        )

    @operation
    def get_template_sync_config(
        self, template_name: str, template_type: TemplateType
    ) -> Flow[configurations.TemplateSyncConfig | None]:
        """Read the directory and the branch that a template follows (GetTemplateSyncConfig).

        Args:
            template_name: The template.
            template_type: "ENVIRONMENT" or "SERVICE".

        Returns:
            The sync configuration; None if AWS returns none.

        Raises:
            InvalidArgumentError: An argument is not what is expected.
            InvalidRequestError: AWS rejects a parameter.
            NotFoundError: There is no such template, or it has no sync configuration.
            UnisyncError: Any other error in `unisync.errors`.
        """
        params = {"template_name": template_name, "template_type": template_type}
        return self._request_enveloped("GetTemplateSyncConfig", params, envelopes.TemplateSyncConfigEnvelope)

    @write_operation
    def update_template_sync_config(
        self,
        template_name: str,
        template_type: TemplateType,
        *,
        repository_name: str,
        repository_provider: RepositoryProvider,
        branch: str,
        subdirectory: str | None = None,
    ) -> Flow[configurations.TemplateSyncConfig | None]:
        """Replace the directory and the branch that a template follows (UpdateTemplateSyncConfig).

        Args:
            template_name: The template.
            template_type: "ENVIRONMENT" or "SERVICE".
            repository_name: The repository, as "owner/name".
            repository_provider: The provider that hosts it: "GITHUB", "GITHUB_ENTERPRISE" or "BITBUCKET".
            branch: The branch.
            subdirectory: The directory of the template; None is the root of the repository.
            dry_run: True validates the arguments and returns the request as a `DryRun`, without sending it.

        Returns:
            The sync configuration after the update; None if AWS returns none.

        Raises:
            InvalidArgumentError: An argument is not what is expected.
            InvalidRequestError: AWS rejects a parameter.
            NotFoundError: There is no such template, or it has no sync configuration.
            UnisyncError: Any other error in `unisync.errors`.
        """
        params = {
            "template_name": template_name,
            "template_type": template_type,
            "repository_name": repository_name,
            "repository_provider": repository_provider,
            "branch": branch,
            "subdirectory": subdirectory,
        }
        return self._request_enveloped("UpdateTemplateSyncConfig", params, envelopes.TemplateSyncConfigEnvelope)

    @write_operation
    def delete_template_sync_config(
        self, template_name: str, template_type: TemplateType
    ) -> Flow[configurations.TemplateSyncConfig | None]:
        """Stop a template from following a branch (DeleteTemplateSyncConfig). The template itself stays unchanged.

        Args:
            template_name: The template.
            template_type: "ENVIRONMENT" or "SERVICE".
            dry_run: True validates the arguments and returns the request as a `DryRun`, without sending it.

        Returns:
            The deleted sync configuration; None if AWS returns none.

        Raises:
            InvalidArgumentError: An argument is not what is expected.
            InvalidRequestError: AWS rejects a parameter.
            NotFoundError: There is no such template, or it has no sync configuration.
            UnisyncError: Any other error in `unisync.errors`.
        """
        params = {"template_name": template_name, "template_type": template_type}
        return delete_idempotent(
            self._request_enveloped("DeleteTemplateSyncConfig", params, envelopes.TemplateSyncConfigEnvelope), None
        )

    @operation
    def ensure_template_sync_config(
        self,
        template_name: str,
        template_type: TemplateType,
        *,
        repository_name: str,
        repository_provider: RepositoryProvider,
        branch: str,
        subdirectory: str | None = None,
        dry_run: bool = False,
    ) -> Flow[EnsureResult[configurations.TemplateSyncConfig]]:
        """Ensure that a template follows a directory of a branch.

        Creates the sync configuration, updates it if it differs, or leaves it unchanged. If another client changes it
        at the same time, it is read and compared again.

        Args:
            template_name: The template.
            template_type: "ENVIRONMENT" or "SERVICE".
            repository_name: The repository, as "owner/name".
            repository_provider: The provider that hosts it: "GITHUB", "GITHUB_ENTERPRISE" or "BITBUCKET".
            branch: The branch.
            subdirectory: The directory of the template; None is the root of the repository.
            dry_run: True only reads, and returns what would be done and sent.

        Returns:
            What was done, and the configuration as it is now.

        Raises:
            InvalidArgumentError: An argument is not what is expected.
            InvalidRequestError: AWS rejects a parameter.
            ConflictError: Other clients keep changing it.
            UnisyncError: Any other error in `unisync.errors`.

        AWS operation: GetTemplateSyncConfig; CreateTemplateSyncConfig or UpdateTemplateSyncConfig.
        """
        desired = {
            "repository_name": repository_name,
            "repository_provider": repository_provider,
            "branch": branch,
            "subdirectory": subdirectory,
        }
        sent: dict[str, str] = drop_none(desired)
        yield from self._validate(
            "CreateTemplateSyncConfig", {"template_name": template_name, "template_type": template_type, **desired}
        )
        return (
            yield from ensure(
                desired,
                read=lambda: _template_config(self, template_name, template_type),
                create=lambda: self.create_template_sync_config(template_name, template_type, **sent),
                update=lambda _config, _changed: self.update_template_sync_config(template_name, template_type, **sent),
                field_names=FIELD_NAMES,
                dry_run=dry_run,
            )
        )

    @paginated
    def list_repository_sync_definitions(
        self,
        repository_name: str,
        repository_provider: RepositoryProvider,
        sync_type: ProtonSyncType,
        *,
        limit: int | None = None,
    ) -> PageRequest[configurations.RepositorySyncDefinition]:
        """List the syncs that a repository defines (ListRepositorySyncDefinitions).

        AWS returns one page and accepts no token for another. If there is more, the page `is_truncated`, and iterating
        warns with `TruncatedListWarning`.

        Args:
            repository_name: The repository, as "owner/name".
            repository_provider: The provider that hosts it: "GITHUB", "GITHUB_ENTERPRISE" or "BITBUCKET".
            sync_type: The kind of resources to list: "SERVICE_SYNC" or "TEMPLATE_SYNC".
            limit: The maximum number of items, 0 or more; None is all.

        Returns:
            The definitions, to iterate over.

        Raises:
            InvalidArgumentError: An argument is not what is expected.
            InvalidRequestError: AWS rejects a parameter.
            UnisyncError: Any other error in `unisync.errors`.
        """
        params = {
            "repository_name": repository_name,
            "repository_provider": repository_provider,
            "sync_type": sync_type,
        }
        return self._pages(
            "ListRepositorySyncDefinitions",
            params,
            envelopes.RepositorySyncDefinitionsPage,
            limit=limit,
            accepts_token=False,
        )

    # Blockers.

    @operation
    def get_service_sync_blocker_summary(
        self, service_name: str, service_instance_name: str | None = None
    ) -> Flow[blocker_summaries.ServiceSyncBlockerSummary | None]:
        """Read the blockers of a service, or of one of its instances (GetServiceSyncBlockerSummary).

        Args:
            service_name: The service.
            service_instance_name: Its instance; None is the service itself. The blockers of an instance and of its
                service are in separate summaries.

        Returns:
            The latest blockers, active and resolved; None if AWS returns no summary.

        Raises:
            InvalidArgumentError: An argument is not what is expected.
            InvalidRequestError: AWS rejects a parameter.
            NotFoundError: There is no such service or instance.
            UnisyncError: Any other error in `unisync.errors`.
        """
        params = {"service_name": service_name, "service_instance_name": service_instance_name}
        return self._request_enveloped(
            "GetServiceSyncBlockerSummary", params, envelopes.ServiceSyncBlockerSummaryEnvelope
        )

    @write_operation
    def update_service_sync_blocker(
        self, id: str, *, resolved_reason: str
    ) -> Flow[blocker_summaries.UpdatedServiceSyncBlocker]:
        """Resolve a blocker, so that the sync continues (UpdateServiceSyncBlocker).

        Args:
            id: The blocker's id.
            resolved_reason: Why it is resolved.
            dry_run: True validates the arguments and returns the request as a `DryRun`, without sending it.

        Returns:
            The blocker, and the service or the instance that it blocked.

        Raises:
            InvalidArgumentError: An argument is not what is expected.
            InvalidRequestError: AWS rejects a parameter.
            NotFoundError: There is no such blocker.
            UnisyncError: Any other error in `unisync.errors`.
        """
        params = {"id": id, "resolved_reason": resolved_reason}
        return self._request(
            "UpdateServiceSyncBlocker", params, blocker_summaries.UpdatedServiceSyncBlocker, idempotent=False
        )

    # Repositories.

    @write_operation
    def create_repository(
        self,
        name: str,
        provider: RepositoryProvider,
        *,
        connection_arn: str,
        encryption_key: str | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> Flow[configurations.Repository]:
        """Register a repository, so that services and templates can follow it (CreateRepository).

        If the response is lost, the repository is looked up before the request is retried.

        Args:
            name: The repository, as "owner/name".
            provider: The provider that hosts it: "GITHUB", "GITHUB_ENTERPRISE" or "BITBUCKET".
            connection_arn: The ARN of the connection to the provider.
            encryption_key: The ARN of the KMS key that encrypts what AWS stores of the repository.
            tags: Tags for the registration, up to 50.
            dry_run: True validates the arguments and returns the request as a `DryRun`, without sending it.

        Returns:
            The repository.

        Raises:
            InvalidArgumentError: An argument is not what is expected.
            InvalidRequestError: AWS rejects a parameter.
            ConflictError: It is registered already, with other settings.
            UnisyncError: Any other error in `unisync.errors`.
        """
        params = {
            "name": name,
            "provider": provider,
            "connection_arn": connection_arn,
            "encryption_key": encryption_key,
        }
        all_params = {**params, "tags": self._tags(tags)}
        return create_once(
            lambda: self._request_enveloped(
                "CreateRepository", all_params, envelopes.RepositoryEnvelope, idempotent=False
            ),
            lambda: if_as_requested(
                self.get_repository(name, provider), params, {"name": "full_name", "provider": "aws_provider"}
            ),
        )

    @operation
    def get_repository(self, name: str, provider: RepositoryProvider) -> Flow[configurations.Repository]:
        """Read the registration of a repository (GetRepository).

        Args:
            name: The repository, as "owner/name".
            provider: The provider that hosts it: "GITHUB", "GITHUB_ENTERPRISE" or "BITBUCKET".

        Returns:
            The repository.

        Raises:
            InvalidArgumentError: An argument is not what is expected.
            InvalidRequestError: AWS rejects a parameter.
            NotFoundError: It is not registered.
            UnisyncError: Any other error in `unisync.errors`.
        """
        return self._request_enveloped(
            "GetRepository", {"name": name, "provider": provider}, envelopes.RepositoryEnvelope
        )

    @write_operation
    def delete_repository(self, name: str, provider: RepositoryProvider) -> Flow[configurations.Repository | None]:
        """Delete the registration of a repository (DeleteRepository). The repository itself stays unchanged.

        Args:
            name: The repository, as "owner/name".
            provider: The provider that hosts it: "GITHUB", "GITHUB_ENTERPRISE" or "BITBUCKET".
            dry_run: True validates the arguments and returns the request as a `DryRun`, without sending it.

        Returns:
            The deleted registration; None if AWS returns none.

        Raises:
            InvalidArgumentError: An argument is not what is expected.
            InvalidRequestError: AWS rejects a parameter.
            NotFoundError: It is not registered.
            ConflictError: A service or a template follows it.
            UnisyncError: Any other error in `unisync.errors`.
        """
        params = {"name": name, "provider": provider}
        return delete_idempotent(
            self._request_enveloped("DeleteRepository", params, envelopes.OptionalRepositoryEnvelope), None
        )

    @operation
    def ensure_repository(
        self,
        name: str,
        provider: RepositoryProvider,
        *,
        connection_arn: str,
        encryption_key: str | None = None,
        tags: Mapping[str, str] | None = None,
        dry_run: bool = False,
    ) -> Flow[EnsureResult[configurations.Repository]]:
        """Ensure that a repository is registered with this connection and key.

        Registers the repository, sets the tags that the registration lacks, or leaves it unchanged. AWS cannot update a
        registration. If its connection or key differs, this raises a ConflictError and changes nothing. If another
        client changes it at the same time, it is read and compared again.

        Args:
            name: The repository, as "owner/name".
            provider: The provider that hosts it: "GITHUB", "GITHUB_ENTERPRISE" or "BITBUCKET".
            connection_arn: The ARN of the connection to the provider.
            encryption_key: The ARN of the KMS key that encrypts what AWS stores of the repository. None accepts any.
            tags: Tags that the registration must have, up to 50; it may have others. None leaves its tags unchanged.
            dry_run: True only reads, and returns what would be done and sent.

        Returns:
            What was done, and the repository as it is now.

        Raises:
            InvalidArgumentError: An argument is not what is expected.
            InvalidRequestError: AWS rejects a parameter.
            ConflictError: It is registered with another connection or key; the message says which. Or other clients
                keep changing it.
            UnisyncError: Any other error in `unisync.errors`.

        AWS operation: GetRepository; CreateRepository, or ListTagsForResource and TagResource.
        """
        desired = {"connection_arn": connection_arn, "encryption_key": encryption_key}
        params = {"name": name, "provider": provider, **desired, "tags": self._tags(tags)}
        yield from self._validate("CreateRepository", params)

        def update(repository: configurations.Repository, changed: Mapping[str, object]) -> NoReturn:
            advice = "delete the registration (delete_repository), and ensure it again"
            if set(changed) == {"connection_arn"} and repository.connection_arn is None:
                advice = "AWS did not say which connection it has, so read that in Proton's console"
            raise self._cannot_update("CreateRepository", f"the repository {name}", changed, repository, advice)

        return (
            yield from ensure(
                drop_none(desired),
                read=lambda: self.get_repository(name, provider),
                create=lambda: self.create_repository(
                    name, provider, connection_arn=connection_arn, encryption_key=encryption_key, tags=tags
                ),
                update=update,
                tagging=self._tagging(tags, lambda repository: repository.arn),
                dry_run=dry_run,
            )
        )

    @paginated
    def list_repositories(
        self, *, page_size: int | None = None, limit: int | None = None, next_token: str | None = None
    ) -> PageRequest[configurations.RepositorySummary]:
        """List the registered repositories (ListRepositories).

        Args:
            page_size: The number of items per request, 1 to 100; None leaves it to AWS.
            limit: The maximum number of items, 0 or more; None is all.
            next_token: The `next_token` of a page, to continue after it; None starts at the first page.

        Returns:
            The repositories, to iterate over.

        Raises:
            InvalidArgumentError: An argument is not what is expected.
            InvalidRequestError: AWS rejects a parameter.
            UnisyncError: Any other error in `unisync.errors`.
        """
        return self._pages("ListRepositories", {}, envelopes.RepositoriesPage, page_size, limit, next_token)


def _service_config(proton: Proton, name: str) -> Flow[configurations.ServiceSyncConfig]:
    """Read the sync configuration of a service; NotFoundError if there is none."""
    config = proton.get_service_sync_config(name)
    return required(config, proton.service_name, "GetServiceSyncConfig", f"service {name}")


def _template_config(proton: Proton, name: str, kind: TemplateType) -> Flow[configurations.TemplateSyncConfig]:
    """Read the sync configuration of a template; NotFoundError if there is none."""
    config = proton.get_template_sync_config(name, kind)
    return required(config, proton.service_name, "GetTemplateSyncConfig", f"template {name}")


class ProtonClient(SyncOperations, Proton):
    """The sync operations of Proton, under boto3's names."""


class AsyncProtonClient(AsyncOperations, Proton):
    """The sync operations of Proton, under boto3's names, awaited."""


class RawProtonClient(RawSyncOperations, Proton):
    """The sync operations of Proton, with AWS's responses."""


class RawAsyncProtonClient(RawAsyncOperations, Proton):
    """The sync operations of Proton, awaited, with AWS's responses."""


class ProtonTargets(Proton):
    """Syncs of service instances and templates as targets of waits, and how to discover them."""

    def service_instance_target(self, ref: ServiceInstanceSync) -> SyncTarget[GitSyncJob]:
        """The sync of a service instance as a target."""
        return _ServiceInstanceTarget(self, ref, self._ref(ref))

    def template_target(self, ref: TemplateSync) -> SyncTarget[GitSyncJob]:
        """The sync of a template as a target."""
        return _TemplateTarget(self, ref, self._ref(ref))

    def discover(self, findings: Findings) -> Flow[None]:
        """Find every instance of a service, and every major version of a template, that follows a repository.

        By the tags of the instance, and of the template.
        """
        follows: dict[str, bool] = {}
        for instance in (yield from findings.attempt(self._instances().collect())) or ():
            service = instance.service_name
            if service not in follows:
                follows[service] = bool((yield from findings.attempt(_service_config(self, service))))
            tags = partial(self.list_tags_for_resource, instance.arn)
            if follows[service] and (yield from findings.match(tags)):
                findings.add([ServiceInstanceSync(service, instance.name)])
        for kind, list_templates, list_versions in (
            ("SERVICE", "ListServiceTemplates", "ListServiceTemplateVersions"),
            ("ENVIRONMENT", "ListEnvironmentTemplates", "ListEnvironmentTemplateVersions"),
        ):
            templates = self._pages(list_templates, {}, envelopes.TemplatesPage).collect()
            for template in (yield from findings.attempt(templates)) or ():
                if not (yield from findings.attempt(_template_config(self, template.name, kind))):
                    continue
                if not (yield from findings.match(partial(self.list_tags_for_resource, template.arn))):
                    continue
                versions = self._pages(list_versions, {"template_name": template.name}, envelopes.TemplateVersionsPage)
                found = yield from findings.attempt(versions.collect())
                findings.add(TemplateSync(template.name, kind, version.major_version) for version in found or ())

    def _instances(self) -> PageRequest[envelopes.ServiceInstance]:
        return self._pages("ListServiceInstances", {}, envelopes.ServiceInstancesPage)


class _ServiceInstanceTarget(GitTarget[RepositoryBranch]):
    """The sync of a service instance."""

    owns_configuration = False

    def __init__(self, proton: ProtonTargets, instance: ServiceInstanceSync, ref: SyncRef[GitSyncJob]) -> None:
        super().__init__(ref)
        self._proton = proton
        self._service = instance.service_name
        self._instance = instance.service_instance_name

    @property
    @override
    def resolve_command(self) -> str:
        return "aws proton update-service-sync-blocker --id {id} --resolved-reason REASON"

    @override
    def status(self) -> Flow[GitSyncJob]:
        return self._proton.get_service_instance_sync_status(self._service, self._instance)

    @override
    def configuration(self) -> Flow[RepositoryBranch]:
        return (yield from _service_config(self._proton, self._service))

    @override
    def status_of_branch(self, branch: RepositoryBranch) -> Flow[configurations.RepositorySyncAttempt | None]:
        return self._proton.get_repository_sync_status(
            branch.full_name, branch.aws_provider, branch.branch, "SERVICE_SYNC"
        )

    @override
    def own_names(self, branch: RepositoryBranch) -> tuple[str | None, ...]:
        return branch.directory if isinstance(branch, Revision) else None, self._service, self._instance

    @override
    def branch_of(self, job: GitSyncJob) -> Flow[RepositoryBranch | None]:
        """An instance may follow another branch than its service."""
        yield from ()
        return job.desired_revision

    @override
    def all_blockers(self) -> Flow[tuple[SyncBlocker, ...] | None]:
        return all_blockers(
            self._proton.get_service_sync_blocker_summary(self._service, self._instance),
            self._proton.get_service_sync_blocker_summary(self._service),
        )

    @override
    def resolve_blocker(self, blocker_id: str, reason: str) -> Flow[SyncBlocker]:
        return resolve_once(self._resolve, self.all_blockers, blocker_id, reason)

    def _resolve(self, blocker_id: str, reason: str) -> Flow[SyncBlocker]:
        # Proton accepts the id alone, so it would resolve another service's blocker as well.
        if blocker_id not in [blocker.id for blocker in (yield from self.all_blockers()) or ()]:
            raise not_found(
                self._proton.service_name, "UpdateServiceSyncBlocker", f"{self.ref} has no blocker {blocker_id}"
            )
        updated = yield from self._proton.update_service_sync_blocker(blocker_id, resolved_reason=reason)
        return updated.service_sync_blocker


class _TemplateTarget(GitTarget["configurations.TemplateSyncConfig"]):
    """The sync of a template. Nothing can block it."""

    owns_configuration = False

    def __init__(self, proton: ProtonTargets, template: TemplateSync, ref: SyncRef[GitSyncJob]) -> None:
        super().__init__(ref)
        self._proton = proton
        self._template = template

    @override
    def status(self) -> Flow[GitSyncJob]:
        template = self._template
        return self._proton.get_template_sync_status(
            template.template_name, template.template_type, template.template_version
        )

    @override
    def configuration(self) -> Flow[configurations.TemplateSyncConfig]:
        return _template_config(self._proton, self._template.template_name, self._template.template_type)

    @override
    def status_of_branch(
        self, branch: configurations.TemplateSyncConfig
    ) -> Flow[configurations.RepositorySyncAttempt | None]:
        return self._proton.get_repository_sync_status(
            branch.full_name, branch.aws_provider, branch.branch, "TEMPLATE_SYNC"
        )

    @override
    def own_names(self, branch: configurations.TemplateSyncConfig) -> tuple[str | None, ...]:
        directory = (branch.subdirectory or "").removeprefix("./").strip("/")
        return f"{directory}/" if directory else None, self._template.template_name
