"""Proton: Git sync of services and templates."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from unisync._core.bridge import AwaitableOperations, BlockingOperations, listing, verb
from unisync._core.flow import Flow
from unisync._core.target import Subject
from unisync._models.jobs import GitSyncJob, GitSyncReply, Vocabulary
from unisync._models.refs import ServiceInstanceSync, TemplateSync, TemplateType
from unisync._services.git_sync import STATES, all_blockers, git_job, git_subject, not_found, required
from unisync._services.operations import Adapter, Service, as_asked, camel, creating, deleting, tagged
from unisync.lazily import Later

if TYPE_CHECKING:
    from unisync._core import pagination as lists
    from unisync._models import configurations as definitions
    from unisync._models import envelopes as answers
    from unisync._services import ensure as ensuring
    from unisync._services.discovery import Findings
else:
    answers, definitions = Later("unisync._models.envelopes"), Later("unisync._models.configurations")
    ensuring = Later("unisync._services.ensure")
    lists = Later("unisync._core.pagination")

ENDED = "AWS ended its support of Proton on 2026-10-07"

PROVIDERS = {"GITHUB": "GitHub", "GITHUB_ENTERPRISE": "GitHubEnterpriseServer", "BITBUCKET": "Bitbucket"}

SPELLED = {"repository_name": "full_name", "repository_provider": "native_provider"}
"""Where the model of a configuration has a parameter as Proton spells it."""

PROTON = Service(
    "proton",
    Vocabulary(STATES, PROVIDERS),
    camel,
    unanswered=f"{ENDED}: its endpoint may be gone for good",
)

RepositoryProvider = Literal["BITBUCKET", "GITHUB", "GITHUB_ENTERPRISE"] | str
"""Where a repository lives, in Proton's spelling."""
SyncType = Literal["SERVICE_SYNC", "TEMPLATE_SYNC"] | str
"""What kind of resource is synced."""


class ProtonDeprecationWarning(FutureWarning):
    """AWS ended its support of Proton. Python shows this one to whoever runs the program, not to its authors alone."""


def warn_of_end(stacklevel: int) -> None:
    """Warn whoever uses Proton."""
    warnings.warn(f"{ENDED}: plan to do without client.proton", ProtonDeprecationWarning, stacklevel=stacklevel)


class Proton(Adapter):
    """The sync operations of Proton, under boto3's names."""

    _service = PROTON

    # How syncs stand.

    @verb
    def get_service_instance_sync_status(self, service_name: str, service_instance_name: str) -> Flow[GitSyncJob]:
        """Read how the Git sync of a service instance stands (GetServiceInstanceSyncStatus).

        Args:
            service_name: The service.
            service_instance_name: Its instance.

        Returns:
            The sync, with its latest and its latest successful attempt, as far as there are any.

        Raises:
            NotFoundError: There is no such service instance.
            UnisyncError: Another of the tree in `unisync.errors`.
        """
        ref = ServiceInstanceSync(service_name, service_instance_name)
        params = {"service_name": service_name, "service_instance_name": service_instance_name}
        reply = yield from self._ask("GetServiceInstanceSyncStatus", params, GitSyncReply)
        return git_job(ref, reply)

    @verb
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
            UnisyncError: Another of the tree in `unisync.errors`.
        """
        ref = TemplateSync(template_name, template_type, template_version)
        params = {"template_name": template_name, "template_type": template_type, "template_version": template_version}
        reply = yield from self._ask("GetTemplateSyncStatus", params, GitSyncReply)
        return git_job(ref, reply)

    @verb
    def get_repository_sync_status(
        self, repository_name: str, repository_provider: RepositoryProvider, branch: str, sync_type: SyncType
    ) -> Flow[definitions.RepositorySyncAttempt | None]:
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
            UnisyncError: Another of the tree in `unisync.errors`.
        """
        params = {
            "repository_name": repository_name,
            "repository_provider": repository_provider,
            "branch": branch,
            "sync_type": sync_type,
        }
        return self._answer("GetRepositorySyncStatus", params, answers.OptionalRepositorySyncAnswer)

    # What defines them.

    @verb
    def create_service_sync_config(
        self,
        service_name: str,
        *,
        repository_name: str,
        repository_provider: RepositoryProvider,
        branch: str,
        file_path: str,
    ) -> Flow[definitions.ServiceSyncConfig | None]:
        """Let a service follow a file of a branch (CreateServiceSyncConfig).

        If AWS's answer is lost, the configuration is looked up before it is asked for again.

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
            UnisyncError: Another of the tree in `unisync.errors`.
        """
        params = {
            "service_name": service_name,
            "repository_name": repository_name,
            "repository_provider": repository_provider,
            "branch": branch,
            "file_path": file_path,
        }

        return creating(
            lambda: self._answer("CreateServiceSyncConfig", params, answers.ServiceSyncConfigAnswer, repeatable=False),
            lambda: as_asked(self.get_service_sync_config(service_name), params, SPELLED),
        )

    @verb
    def get_service_sync_config(self, service_name: str) -> Flow[definitions.ServiceSyncConfig | None]:
        """Read which file of which branch a service follows (GetServiceSyncConfig).

        Args:
            service_name: The service.

        Returns:
            The sync configuration; None where AWS answers without one.

        Raises:
            NotFoundError: There is no such service, or it has none.
            UnisyncError: Another of the tree in `unisync.errors`.
        """
        return self._answer("GetServiceSyncConfig", {"service_name": service_name}, answers.ServiceSyncConfigAnswer)

    @verb
    def update_service_sync_config(
        self,
        service_name: str,
        *,
        repository_name: str,
        repository_provider: RepositoryProvider,
        branch: str,
        file_path: str,
    ) -> Flow[definitions.ServiceSyncConfig | None]:
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
            UnisyncError: Another of the tree in `unisync.errors`.
        """
        params = {
            "service_name": service_name,
            "repository_name": repository_name,
            "repository_provider": repository_provider,
            "branch": branch,
            "file_path": file_path,
        }
        return self._answer("UpdateServiceSyncConfig", params, answers.ServiceSyncConfigAnswer)

    @verb
    def delete_service_sync_config(self, service_name: str) -> Flow[definitions.ServiceSyncConfig | None]:
        """Let a service follow nothing any more (DeleteServiceSyncConfig). The service itself stays as it is.

        Args:
            service_name: The service.

        Returns:
            The sync configuration that was; None where AWS answers without one.

        Raises:
            NotFoundError: There is no such service, or it has none.
            UnisyncError: Another of the tree in `unisync.errors`.
        """
        params = {"service_name": service_name}
        return deleting(self._answer("DeleteServiceSyncConfig", params, answers.ServiceSyncConfigAnswer), None)

    @verb
    def ensure_service_sync_config(
        self,
        service_name: str,
        *,
        repository_name: str,
        repository_provider: RepositoryProvider,
        branch: str,
        file_path: str,
    ) -> Flow[ensuring.Ensured[definitions.ServiceSyncConfig]]:
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
            UnisyncError: Another of the tree in `unisync.errors`.

        AWS operation: GetServiceSyncConfig; CreateServiceSyncConfig or UpdateServiceSyncConfig.
        """
        wanted: dict[str, Any] = {
            "repository_name": repository_name,
            "repository_provider": repository_provider,
            "branch": branch,
            "file_path": file_path,
        }
        yield from self._check("CreateServiceSyncConfig", {"service_name": service_name, **wanted})
        return (
            yield from ensuring.ensure(
                wanted,
                read=lambda: self._service_config(service_name),
                create=lambda: self.create_service_sync_config(service_name, **wanted),
                update=lambda _: self.update_service_sync_config(service_name, **wanted),
                spelled=SPELLED,
            )
        )

    @verb
    def create_template_sync_config(
        self,
        template_name: str,
        template_type: TemplateType,
        *,
        repository_name: str,
        repository_provider: RepositoryProvider,
        branch: str,
        subdirectory: str | None = None,
    ) -> Flow[definitions.TemplateSyncConfig | None]:
        """Let a template follow a directory of a branch (CreateTemplateSyncConfig).

        If AWS's answer is lost, the configuration is looked up before it is asked for again.

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
            UnisyncError: Another of the tree in `unisync.errors`.
        """
        params = {
            "template_name": template_name,
            "template_type": template_type,
            "repository_name": repository_name,
            "repository_provider": repository_provider,
            "branch": branch,
            "subdirectory": subdirectory,
        }

        return creating(
            lambda: self._answer(
                "CreateTemplateSyncConfig", params, answers.TemplateSyncConfigAnswer, repeatable=False
            ),
            lambda: as_asked(self.get_template_sync_config(template_name, template_type), params, SPELLED),
        )

    @verb
    def get_template_sync_config(
        self, template_name: str, template_type: TemplateType
    ) -> Flow[definitions.TemplateSyncConfig | None]:
        """Read which directory of which branch a template follows (GetTemplateSyncConfig).

        Args:
            template_name: The template.
            template_type: "ENVIRONMENT" or "SERVICE".

        Returns:
            The sync configuration; None where AWS answers without one.

        Raises:
            NotFoundError: There is no such template, or it has none.
            UnisyncError: Another of the tree in `unisync.errors`.
        """
        params = {"template_name": template_name, "template_type": template_type}
        return self._answer("GetTemplateSyncConfig", params, answers.TemplateSyncConfigAnswer)

    @verb
    def update_template_sync_config(
        self,
        template_name: str,
        template_type: TemplateType,
        *,
        repository_name: str,
        repository_provider: RepositoryProvider,
        branch: str,
        subdirectory: str | None = None,
    ) -> Flow[definitions.TemplateSyncConfig | None]:
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
            UnisyncError: Another of the tree in `unisync.errors`.
        """
        params = {
            "template_name": template_name,
            "template_type": template_type,
            "repository_name": repository_name,
            "repository_provider": repository_provider,
            "branch": branch,
            "subdirectory": subdirectory,
        }
        return self._answer("UpdateTemplateSyncConfig", params, answers.TemplateSyncConfigAnswer)

    @verb
    def delete_template_sync_config(
        self, template_name: str, template_type: TemplateType
    ) -> Flow[definitions.TemplateSyncConfig | None]:
        """Let a template follow nothing any more (DeleteTemplateSyncConfig). The template itself stays as it is.

        Args:
            template_name: The template.
            template_type: "ENVIRONMENT" or "SERVICE".

        Returns:
            The sync configuration that was; None where AWS answers without one.

        Raises:
            NotFoundError: There is no such template, or it has none.
            UnisyncError: Another of the tree in `unisync.errors`.
        """
        params = {"template_name": template_name, "template_type": template_type}
        return deleting(self._answer("DeleteTemplateSyncConfig", params, answers.TemplateSyncConfigAnswer), None)

    @verb
    def ensure_template_sync_config(
        self,
        template_name: str,
        template_type: TemplateType,
        *,
        repository_name: str,
        repository_provider: RepositoryProvider,
        branch: str,
        subdirectory: str | None = None,
    ) -> Flow[ensuring.Ensured[definitions.TemplateSyncConfig]]:
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
            UnisyncError: Another of the tree in `unisync.errors`.

        AWS operation: GetTemplateSyncConfig; CreateTemplateSyncConfig or UpdateTemplateSyncConfig.
        """
        wanted: dict[str, Any] = {
            "repository_name": repository_name,
            "repository_provider": repository_provider,
            "branch": branch,
            "subdirectory": subdirectory,
        }

        yield from self._check(
            "CreateTemplateSyncConfig", {"template_name": template_name, "template_type": template_type, **wanted}
        )
        return (
            yield from ensuring.ensure(
                wanted,
                read=lambda: self._template_config(template_name, template_type),
                create=lambda: self.create_template_sync_config(template_name, template_type, **wanted),
                update=lambda _: self.update_template_sync_config(template_name, template_type, **wanted),
                spelled=SPELLED,
            )
        )

    @listing
    def list_repository_sync_definitions(
        self,
        repository_name: str,
        repository_provider: RepositoryProvider,
        sync_type: SyncType,
        *,
        limit: int | None = None,
    ) -> lists.Pages[definitions.RepositorySyncDefinition]:
        """List what a repository defines (ListRepositorySyncDefinitions).

        AWS gives one page, and takes no token for another: where there is more, the page `is_truncated`, and iterating
        warns with `TruncatedListWarning`.

        Args:
            repository_name: The repository, as "owner/name".
            repository_provider: Where it lives, such as "GITHUB".
            sync_type: What kind of resources are listed.
            limit: How many are listed at the most.

        Raises:
            UnisyncError: One of the tree in `unisync.errors`.
        """
        params = {
            "repository_name": repository_name,
            "repository_provider": repository_provider,
            "sync_type": sync_type,
        }
        return self._pages(
            "ListRepositorySyncDefinitions", params, answers.RepositorySyncDefinitions, limit=limit, is_resumable=False
        )

    # What blocks them.

    @verb
    def get_service_sync_blocker_summary(
        self, service_name: str, service_instance_name: str | None = None
    ) -> Flow[definitions.ServiceSyncBlockerSummary | None]:
        """Read what has blocked the sync of a service, or of one of its instances (GetServiceSyncBlockerSummary).

        Args:
            service_name: The service.
            service_instance_name: Its instance. The blockers of the service and of each instance are kept apart:
                neither summary has the other's.

        Returns:
            The latest blockers, active and resolved; None where AWS answers without a summary.

        Raises:
            NotFoundError: There is no such service or instance.
            UnisyncError: Another of the tree in `unisync.errors`.
        """
        params = {"service_name": service_name, "service_instance_name": service_instance_name}
        return self._answer("GetServiceSyncBlockerSummary", params, answers.ServiceSyncBlockerSummaryAnswer)

    @verb
    def update_service_sync_blocker(
        self, id: str, *, resolved_reason: str
    ) -> Flow[definitions.UpdatedServiceSyncBlocker]:
        """Resolve a blocker, so that the sync goes on (UpdateServiceSyncBlocker).

        Args:
            id: The blocker's.
            resolved_reason: Why it is resolved.

        Returns:
            The blocker, and what it blocked.

        Raises:
            NotFoundError: There is no such blocker.
            UnisyncError: Another of the tree in `unisync.errors`.
        """
        params = {"id": id, "resolved_reason": resolved_reason}
        return self._ask("UpdateServiceSyncBlocker", params, definitions.UpdatedServiceSyncBlocker, repeatable=False)

    # Where they come from.

    @verb
    def create_repository(
        self,
        name: str,
        provider: RepositoryProvider,
        *,
        connection_arn: str,
        encryption_key: str | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> Flow[definitions.Repository]:
        """Register a repository, so that services and templates can follow it (CreateRepository).

        If AWS's answer is lost, the repository is looked up before it is asked for again.

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
            UnisyncError: Another of the tree in `unisync.errors`.
        """
        params = {
            "name": name,
            "provider": provider,
            "connection_arn": connection_arn,
            "encryption_key": encryption_key,
        }
        all_params = {**params, "tags": tagged(tags, "key", "value")}
        return creating(
            lambda: self._answer("CreateRepository", all_params, answers.RepositoryAnswer, repeatable=False),
            lambda: as_asked(
                self.get_repository(name, provider), params, {"name": "full_name", "provider": "native_provider"}
            ),
        )

    @verb
    def get_repository(self, name: str, provider: RepositoryProvider) -> Flow[definitions.Repository]:
        """Read how a repository is registered (GetRepository).

        Args:
            name: The repository, as "owner/name".
            provider: Where it lives, such as "GITHUB".

        Returns:
            The repository.

        Raises:
            NotFoundError: It is not registered.
            UnisyncError: Another of the tree in `unisync.errors`.
        """
        return self._answer("GetRepository", {"name": name, "provider": provider}, answers.RepositoryAnswer)

    @verb
    def delete_repository(self, name: str, provider: RepositoryProvider) -> Flow[definitions.Repository | None]:
        """Take back the registration of a repository (DeleteRepository). The repository itself stays as it is.

        Args:
            name: The repository, as "owner/name".
            provider: Where it lives, such as "GITHUB".

        Returns:
            The registration that was; None where AWS answers without one.

        Raises:
            NotFoundError: It is not registered.
            ConflictError: Something follows it.
            UnisyncError: Another of the tree in `unisync.errors`.
        """
        params = {"name": name, "provider": provider}
        return deleting(self._answer("DeleteRepository", params, answers.DeletedRepositoryAnswer), None)

    @listing
    def list_repositories(
        self, *, page_size: int | None = None, limit: int | None = None, next_token: str | None = None
    ) -> lists.Pages[definitions.RepositorySummary]:
        """List the registered repositories (ListRepositories).

        Args:
            page_size: How many are asked for at once, up to 100.
            limit: How many are listed at the most.
            next_token: The token of the page after which the list goes on.

        Raises:
            UnisyncError: One of the tree in `unisync.errors`.
        """
        return self._pages("ListRepositories", {}, answers.Repositories, page_size, limit, next_token)

    def _service_config(self, name: str) -> Flow[definitions.ServiceSyncConfig]:
        config = self.get_service_sync_config(name)
        return required(config, self.service_name, "GetServiceSyncConfig", f"service {name}")

    def _template_config(self, name: str, kind: TemplateType) -> Flow[definitions.TemplateSyncConfig]:
        config = self.get_template_sync_config(name, kind)
        return required(config, self.service_name, "GetTemplateSyncConfig", f"template {name}")


class BlockingProton(BlockingOperations, Proton):
    """The sync operations of Proton, under boto3's names."""


class AsyncProton(AwaitableOperations, Proton):
    """The sync operations of Proton, under boto3's names, awaited."""


class ProtonSyncs(Proton):
    """What the verbs that all services share need of Proton."""

    def service_instance_subject(self, ref: ServiceInstanceSync) -> Subject[GitSyncJob]:
        """The sync of a service instance as something to wait for."""
        service, instance = ref.service_name, ref.service_instance_name

        def blockers() -> Flow[tuple[definitions.SyncBlocker, ...] | None]:
            return all_blockers(
                self.get_service_sync_blocker_summary(service, instance),
                self.get_service_sync_blocker_summary(service),
            )

        def resolve(blocker_id: str, reason: str) -> Flow[definitions.SyncBlocker]:
            # Proton asks for the id alone: it would release another service's blocker as well.
            if blocker_id not in [blocker.id for blocker in (yield from blockers()) or ()]:
                raise not_found(self.service_name, "UpdateServiceSyncBlocker", f"{ref} has no blocker {blocker_id}")
            updated = yield from self.update_service_sync_blocker(blocker_id, resolved_reason=reason)
            return updated.service_sync_blocker

        return git_subject(
            ref,
            status=lambda: self.get_service_instance_sync_status(service, instance),
            definition=lambda: self._service_config(service),
            repository_status=lambda place: self.get_repository_sync_status(
                place.full_name, place.native_provider, place.branch, "SERVICE_SYNC"
            ),
            blockers=blockers,
            resolve=resolve,
            release="aws proton update-service-sync-blocker --id {id} --resolved-reason REASON",
            owns_definition=False,
        )

    def template_subject(self, ref: TemplateSync) -> Subject[GitSyncJob]:
        """The sync of a template as something to wait for."""
        name, kind, version = ref.template_name, ref.template_type, ref.template_version
        return git_subject(
            ref,
            status=lambda: self.get_template_sync_status(name, kind, version),
            definition=lambda: self._template_config(name, kind),
            repository_status=lambda place: self.get_repository_sync_status(
                place.full_name, place.native_provider, place.branch, "TEMPLATE_SYNC"
            ),
            owns_definition=False,
        )

    def discover(self, findings: Findings) -> Flow[None]:
        """Find every instance of a service, and every major version of a template, that follows a repository."""
        follows: dict[str, bool] = {}
        for instance in (yield from findings.trying(self._instances().collect())) or ():
            service = instance.service_name
            if service not in follows:
                follows[service] = bool((yield from findings.trying(self._service_config(service))))
            if follows[service]:
                findings.refs.append(ServiceInstanceSync(service, instance.name))
        for kind, list_templates, list_versions in (
            ("SERVICE", "ListServiceTemplates", "ListServiceTemplateVersions"),
            ("ENVIRONMENT", "ListEnvironmentTemplates", "ListEnvironmentTemplateVersions"),
        ):
            templates = self._pages(list_templates, {}, answers.Templates).collect()
            for template in (yield from findings.trying(templates)) or ():
                if not (yield from findings.trying(self._template_config(template.name, kind))):
                    continue
                versions = self._pages(list_versions, {"template_name": template.name}, answers.TemplateVersions)
                for version in (yield from findings.trying(versions.collect())) or ():
                    findings.refs.append(TemplateSync(template.name, kind, version.major_version))

    def _instances(self) -> lists.Pages[answers.ServiceInstance]:
        return self._pages("ListServiceInstances", {}, answers.ServiceInstances)
