"""Proton: Git sync of services and templates."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any, Literal

from unisync._core.bridge import AsyncOperations, SyncOperations, operation, paginated
from unisync._core.flow import Flow
from unisync._core.pagination import PageRequest
from unisync._core.target import SyncTarget
from unisync._models import configurations, envelopes
from unisync._models.base import EnumMapping
from unisync._models.jobs import GitSyncJob, GitSyncResponse
from unisync._models.refs import ServiceInstanceSync, TemplateSync, TemplateType
from unisync._services.ensure import EnsureResult, ensure
from unisync._services.findings import Findings
from unisync._services.git_sync import STATES, all_blockers, git_job, git_target, not_found, required
from unisync._services.operations import (
    Service,
    ServiceOperations,
    camel,
    create_once,
    delete_idempotent,
    if_as_requested,
    tag_list,
)

ENDED = "AWS ended its support of Proton on 2026-10-07"

PROVIDERS = {"GITHUB": "GitHub", "GITHUB_ENTERPRISE": "GitHubEnterpriseServer", "BITBUCKET": "Bitbucket"}

FIELD_NAMES = {"repository_name": "full_name", "repository_provider": "aws_provider"}
"""The field of a configuration for a parameter, where the names differ."""

PROTON = Service(
    "proton",
    EnumMapping(STATES, PROVIDERS),
    camel,
    connection_hint=f"{ENDED}: its endpoint may be gone for good",
)

RepositoryProvider = Literal["BITBUCKET", "GITHUB", "GITHUB_ENTERPRISE"] | str
"""The provider that hosts a repository, in Proton's spelling."""
ProtonSyncType = Literal["SERVICE_SYNC", "TEMPLATE_SYNC"] | str
"""What kind of resource Proton syncs."""


class ProtonDeprecationWarning(FutureWarning):
    """AWS ended its support of Proton. Python shows this category of warning to users, not only to developers."""


def warn_of_end(stacklevel: int) -> None:
    """Warn a user of Proton."""
    warnings.warn(f"{ENDED}: plan to migrate away from it", ProtonDeprecationWarning, stacklevel=stacklevel)


class Proton(ServiceOperations):
    """The sync operations of Proton, under boto3's names."""

    _service = PROTON

    # How syncs stand.

    @operation
    def get_service_instance_sync_status(self, service_name: str, service_instance_name: str) -> Flow[GitSyncJob]:
        """Read how the Git sync of a service instance stands (GetServiceInstanceSyncStatus).

        Args:
            service_name: The service.
            service_instance_name: Its instance.

        Returns:
            The sync, with its latest and its latest successful attempt, as far as there are any.

        Raises:
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
        """Read how the Git sync of a template stands (GetTemplateSyncStatus).

        Args:
            template_name: The template.
            template_type: "ENVIRONMENT" or "SERVICE".
            template_version: The major version.

        Returns:
            The sync, with its latest and its latest successful attempt, as far as there are any.

        Raises:
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
        """Read how the latest sync of a branch stands (GetRepositorySyncStatus).

        Args:
            repository_name: The repository, as "owner/name".
            repository_provider: Where it lives, such as "GITHUB".
            branch: The branch.
            sync_type: What kind of resource it defines.

        Returns:
            The latest attempt; None if there was none. Its success says that the syncs of the resources were started.

        Raises:
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

    # What defines them.

    @operation
    def create_service_sync_config(
        self,
        service_name: str,
        *,
        repository_name: str,
        repository_provider: RepositoryProvider,
        branch: str,
        file_path: str,
    ) -> Flow[configurations.ServiceSyncConfig | None]:
        """Let a service follow a file of a branch (CreateServiceSyncConfig).

        If AWS's response is lost, the configuration is looked up before it is asked for again.

        Args:
            service_name: The service.
            repository_name: The repository, as "owner/name".
            repository_provider: Where it lives, such as "GITHUB".
            branch: The branch.
            file_path: The path of the file that defines the service and its instances.

        Returns:
            The sync configuration; None where AWS answers without one.

        Raises:
            ConflictError: The service has another one.
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
        """Read which file of which branch a service follows (GetServiceSyncConfig).

        Args:
            service_name: The service.

        Returns:
            The sync configuration; None where AWS answers without one.

        Raises:
            NotFoundError: There is no such service, or it has none.
            UnisyncError: Any other error in `unisync.errors`.
        """
        return self._request_enveloped(
            "GetServiceSyncConfig", {"service_name": service_name}, envelopes.ServiceSyncConfigEnvelope
        )

    @operation
    def update_service_sync_config(
        self,
        service_name: str,
        *,
        repository_name: str,
        repository_provider: RepositoryProvider,
        branch: str,
        file_path: str,
    ) -> Flow[configurations.ServiceSyncConfig | None]:
        """Replace what a service follows (UpdateServiceSyncConfig).

        Args:
            service_name: The service.
            repository_name: The repository, as "owner/name".
            repository_provider: Where it lives, such as "GITHUB".
            branch: The branch.
            file_path: The path of the file that defines the service and its instances.

        Returns:
            The sync configuration as it is now; None where AWS answers without one.

        Raises:
            NotFoundError: There is no such service, or it has none.
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

    @operation
    def delete_service_sync_config(self, service_name: str) -> Flow[configurations.ServiceSyncConfig | None]:
        """Let a service follow nothing any more (DeleteServiceSyncConfig). The service itself stays as it is.

        Args:
            service_name: The service.

        Returns:
            The sync configuration that was; None where AWS answers without one.

        Raises:
            NotFoundError: There is no such service, or it has none.
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
    ) -> Flow[EnsureResult[configurations.ServiceSyncConfig]]:
        """Let a service follow a file of a branch, whatever it followed before.

        Creates the sync configuration, updates what differs, or leaves it as it is. If somebody else changes it at the
        same time, it is looked at anew.

        Args:
            service_name: The service.
            repository_name: The repository, as "owner/name".
            repository_provider: Where it lives, such as "GITHUB".
            branch: The branch.
            file_path: The path of the file that defines the service and its instances.

        Returns:
            What was done, and the configuration as it is now.

        Raises:
            ConflictError: Somebody else keeps changing it.
            UnisyncError: Any other error in `unisync.errors`.

        AWS operation: GetServiceSyncConfig; CreateServiceSyncConfig or UpdateServiceSyncConfig.
        """
        wanted: dict[str, Any] = {
            "repository_name": repository_name,
            "repository_provider": repository_provider,
            "branch": branch,
            "file_path": file_path,
        }
        yield from self._validate("CreateServiceSyncConfig", {"service_name": service_name, **wanted})
        return (
            yield from ensure(
                wanted,
                read=lambda: self._service_config(service_name),
                create=lambda: self.create_service_sync_config(service_name, **wanted),
                update=lambda _: self.update_service_sync_config(service_name, **wanted),
                field_names=FIELD_NAMES,
            )
        )

    @operation
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
        """Let a template follow a directory of a branch (CreateTemplateSyncConfig).

        If AWS's response is lost, the configuration is looked up before it is asked for again.

        Args:
            template_name: The template.
            template_type: "ENVIRONMENT" or "SERVICE".
            repository_name: The repository, as "owner/name".
            repository_provider: Where it lives, such as "GITHUB".
            branch: The branch.
            subdirectory: The directory with the template; None is the whole repository.

        Returns:
            The sync configuration; None where AWS answers without one.

        Raises:
            ConflictError: The template has another one.
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
        """Read which directory of which branch a template follows (GetTemplateSyncConfig).

        Args:
            template_name: The template.
            template_type: "ENVIRONMENT" or "SERVICE".

        Returns:
            The sync configuration; None where AWS answers without one.

        Raises:
            NotFoundError: There is no such template, or it has none.
            UnisyncError: Any other error in `unisync.errors`.
        """
        params = {"template_name": template_name, "template_type": template_type}
        return self._request_enveloped("GetTemplateSyncConfig", params, envelopes.TemplateSyncConfigEnvelope)

    @operation
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
        """Replace what a template follows (UpdateTemplateSyncConfig).

        Args:
            template_name: The template.
            template_type: "ENVIRONMENT" or "SERVICE".
            repository_name: The repository, as "owner/name".
            repository_provider: Where it lives, such as "GITHUB".
            branch: The branch.
            subdirectory: The directory with the template; None is the whole repository.

        Returns:
            The sync configuration as it is now; None where AWS answers without one.

        Raises:
            NotFoundError: There is no such template, or it has none.
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

    @operation
    def delete_template_sync_config(
        self, template_name: str, template_type: TemplateType
    ) -> Flow[configurations.TemplateSyncConfig | None]:
        """Let a template follow nothing any more (DeleteTemplateSyncConfig). The template itself stays as it is.

        Args:
            template_name: The template.
            template_type: "ENVIRONMENT" or "SERVICE".

        Returns:
            The sync configuration that was; None where AWS answers without one.

        Raises:
            NotFoundError: There is no such template, or it has none.
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
    ) -> Flow[EnsureResult[configurations.TemplateSyncConfig]]:
        """Let a template follow a directory of a branch, whatever it followed before.

        Creates the sync configuration, updates what differs, or leaves it as it is. If somebody else changes it at the
        same time, it is looked at anew.

        Args:
            template_name: The template.
            template_type: "ENVIRONMENT" or "SERVICE".
            repository_name: The repository, as "owner/name".
            repository_provider: Where it lives, such as "GITHUB".
            branch: The branch.
            subdirectory: The directory with the template; None is the whole repository.

        Returns:
            What was done, and the configuration as it is now.

        Raises:
            ConflictError: Somebody else keeps changing it.
            UnisyncError: Any other error in `unisync.errors`.

        AWS operation: GetTemplateSyncConfig; CreateTemplateSyncConfig or UpdateTemplateSyncConfig.
        """
        wanted: dict[str, Any] = {
            "repository_name": repository_name,
            "repository_provider": repository_provider,
            "branch": branch,
            "subdirectory": subdirectory,
        }

        yield from self._validate(
            "CreateTemplateSyncConfig", {"template_name": template_name, "template_type": template_type, **wanted}
        )
        return (
            yield from ensure(
                wanted,
                read=lambda: self._template_config(template_name, template_type),
                create=lambda: self.create_template_sync_config(template_name, template_type, **wanted),
                update=lambda _: self.update_template_sync_config(template_name, template_type, **wanted),
                field_names=FIELD_NAMES,
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
        """List what a repository defines (ListRepositorySyncDefinitions).

        AWS gives one page, and takes no token for another: where there is more, the page `is_truncated`, and iterating
        warns with `TruncatedListWarning`.

        Args:
            repository_name: The repository, as "owner/name".
            repository_provider: Where it lives, such as "GITHUB".
            sync_type: What kind of resources are listed.
            limit: The maximum number of items.

        Raises:
            UnisyncError: Any error in `unisync.errors`.
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

    # What blocks them.

    @operation
    def get_service_sync_blocker_summary(
        self, service_name: str, service_instance_name: str | None = None
    ) -> Flow[configurations.ServiceSyncBlockerSummary | None]:
        """Read what has blocked the sync of a service, or of one of its instances (GetServiceSyncBlockerSummary).

        Args:
            service_name: The service.
            service_instance_name: Its instance. The blockers of the service and of each instance are kept apart:
                neither summary has the other's.

        Returns:
            The latest blockers, active and resolved; None where AWS answers without a summary.

        Raises:
            NotFoundError: There is no such service or instance.
            UnisyncError: Any other error in `unisync.errors`.
        """
        params = {"service_name": service_name, "service_instance_name": service_instance_name}
        return self._request_enveloped(
            "GetServiceSyncBlockerSummary", params, envelopes.ServiceSyncBlockerSummaryEnvelope
        )

    @operation
    def update_service_sync_blocker(
        self, id: str, *, resolved_reason: str
    ) -> Flow[configurations.UpdatedServiceSyncBlocker]:
        """Resolve a blocker, so that the sync goes on (UpdateServiceSyncBlocker).

        Args:
            id: The blocker's.
            resolved_reason: Why it is resolved.

        Returns:
            The blocker, and what it blocked.

        Raises:
            NotFoundError: There is no such blocker.
            UnisyncError: Any other error in `unisync.errors`.
        """
        params = {"id": id, "resolved_reason": resolved_reason}
        return self._request(
            "UpdateServiceSyncBlocker", params, configurations.UpdatedServiceSyncBlocker, idempotent=False
        )

    # Where they come from.

    @operation
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

        If AWS's response is lost, the repository is looked up before it is asked for again.

        Args:
            name: The repository, as "owner/name".
            provider: Where it lives, such as "GITHUB".
            connection_arn: The connection to where it lives.
            encryption_key: The ARN of the key with which AWS keeps what it reads there.
            tags: Tags for it.

        Returns:
            The repository.

        Raises:
            ConflictError: It is registered otherwise.
            UnisyncError: Any other error in `unisync.errors`.
        """
        params = {
            "name": name,
            "provider": provider,
            "connection_arn": connection_arn,
            "encryption_key": encryption_key,
        }
        all_params = {**params, "tags": tag_list(tags, "key", "value")}
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
        """Read how a repository is registered (GetRepository).

        Args:
            name: The repository, as "owner/name".
            provider: Where it lives, such as "GITHUB".

        Returns:
            The repository.

        Raises:
            NotFoundError: It is not registered.
            UnisyncError: Any other error in `unisync.errors`.
        """
        return self._request_enveloped(
            "GetRepository", {"name": name, "provider": provider}, envelopes.RepositoryEnvelope
        )

    @operation
    def delete_repository(self, name: str, provider: RepositoryProvider) -> Flow[configurations.Repository | None]:
        """Take back the registration of a repository (DeleteRepository). The repository itself stays as it is.

        Args:
            name: The repository, as "owner/name".
            provider: Where it lives, such as "GITHUB".

        Returns:
            The registration that was; None where AWS answers without one.

        Raises:
            NotFoundError: It is not registered.
            ConflictError: Something follows it.
            UnisyncError: Any other error in `unisync.errors`.
        """
        params = {"name": name, "provider": provider}
        return delete_idempotent(
            self._request_enveloped("DeleteRepository", params, envelopes.OptionalRepositoryEnvelope), None
        )

    @paginated
    def list_repositories(
        self, *, page_size: int | None = None, limit: int | None = None, next_token: str | None = None
    ) -> PageRequest[configurations.RepositorySummary]:
        """List the registered repositories (ListRepositories).

        Args:
            page_size: The page size, up to 100.
            limit: The maximum number of items.
            next_token: The token with which to continue an earlier list.

        Raises:
            UnisyncError: Any error in `unisync.errors`.
        """
        return self._pages("ListRepositories", {}, envelopes.RepositoriesPage, page_size, limit, next_token)

    def _service_config(self, name: str) -> Flow[configurations.ServiceSyncConfig]:
        config = self.get_service_sync_config(name)
        return required(config, self.service_name, "GetServiceSyncConfig", f"service {name}")

    def _template_config(self, name: str, kind: TemplateType) -> Flow[configurations.TemplateSyncConfig]:
        config = self.get_template_sync_config(name, kind)
        return required(config, self.service_name, "GetTemplateSyncConfig", f"template {name}")


class ProtonClient(SyncOperations, Proton):
    """The sync operations of Proton, under boto3's names."""


class AsyncProtonClient(AsyncOperations, Proton):
    """The sync operations of Proton, under boto3's names, awaited."""


class ProtonTargets(Proton):
    """Service instances and templates as targets, and how to find them."""

    def service_instance_target(self, ref: ServiceInstanceSync) -> SyncTarget[GitSyncJob]:
        """The sync of a service instance as a target."""
        service, instance = ref.service_name, ref.service_instance_name

        def blockers() -> Flow[tuple[configurations.SyncBlocker, ...] | None]:
            return all_blockers(
                self.get_service_sync_blocker_summary(service, instance),
                self.get_service_sync_blocker_summary(service),
            )

        def resolve(blocker_id: str, reason: str) -> Flow[configurations.SyncBlocker]:
            # Proton takes the id alone: it would resolve another service's blocker as well.
            if blocker_id not in [blocker.id for blocker in (yield from blockers()) or ()]:
                raise not_found(self.service_name, "UpdateServiceSyncBlocker", f"{ref} has no blocker {blocker_id}")
            updated = yield from self.update_service_sync_blocker(blocker_id, resolved_reason=reason)
            return updated.service_sync_blocker

        return git_target(
            self._ref(ref),
            status=lambda: self.get_service_instance_sync_status(service, instance),
            configuration=lambda: self._service_config(service),
            repository_status=lambda config: self.get_repository_sync_status(
                config.full_name, config.aws_provider, config.branch, "SERVICE_SYNC"
            ),
            blockers=blockers,
            resolve=resolve,
            resolve_command="aws proton update-service-sync-blocker --id {id} --resolved-reason REASON",
            owns_configuration=False,
        )

    def template_target(self, ref: TemplateSync) -> SyncTarget[GitSyncJob]:
        """The sync of a template as a target."""
        name, kind, version = ref.template_name, ref.template_type, ref.template_version
        return git_target(
            self._ref(ref),
            status=lambda: self.get_template_sync_status(name, kind, version),
            configuration=lambda: self._template_config(name, kind),
            repository_status=lambda config: self.get_repository_sync_status(
                config.full_name, config.aws_provider, config.branch, "TEMPLATE_SYNC"
            ),
            owns_configuration=False,
        )

    def discover(self, findings: Findings) -> Flow[None]:
        """Find every instance of a service, and every major version of a template, that follows a repository."""
        follows: dict[str, bool] = {}
        for instance in (yield from findings.attempt(self._instances().collect())) or ():
            service = instance.service_name
            if service not in follows:
                follows[service] = bool((yield from findings.attempt(self._service_config(service))))
            if follows[service]:
                findings.add([ServiceInstanceSync(service, instance.name)])
        for kind, list_templates, list_versions in (
            ("SERVICE", "ListServiceTemplates", "ListServiceTemplateVersions"),
            ("ENVIRONMENT", "ListEnvironmentTemplates", "ListEnvironmentTemplateVersions"),
        ):
            templates = self._pages(list_templates, {}, envelopes.TemplatesPage).collect()
            for template in (yield from findings.attempt(templates)) or ():
                if not (yield from findings.attempt(self._template_config(template.name, kind))):
                    continue
                versions = self._pages(list_versions, {"template_name": template.name}, envelopes.TemplateVersionsPage)
                found = yield from findings.attempt(versions.collect())
                findings.add(TemplateSync(template.name, kind, version.major_version) for version in found or ())

    def _instances(self) -> PageRequest[envelopes.ServiceInstance]:
        return self._pages("ListServiceInstances", {}, envelopes.ServiceInstancesPage)
