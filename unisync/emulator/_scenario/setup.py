"""What a test sets up in an account: workspaces, stacks, services, templates, and the repositories they follow."""

from __future__ import annotations

from typing import Literal

from unisync.emulator._scenario.actions import Actions
from unisync.emulator._scenario.checks import (
    CODECONNECTIONS,
    PROTON,
    TWINMAKER,
    check,
    check_failed_resource,
    check_one_of,
    check_seconds,
    split_repository,
)
from unisync.emulator._state.account import ProtonService, ServiceInstance, Template
from unisync.emulator._state.git_sync import GitSync
from unisync.emulator._state.repository import Repository, SourceLocation
from unisync.emulator._state.sync_configurations import SyncConfiguration
from unisync.emulator._state.sync_jobs import RESOURCE_DURATION, SyncResource, Workspace
from unisync.emulator.services.proton.common import PROVIDERS


class Setup(Actions):
    """One account in one region, to set up and to make things happen in."""

    def add_workspace(self, workspace_id: str) -> None:
        """Add a TwinMaker workspace, so that sync jobs can be created in it."""
        check(TWINMAKER, "Id", workspace_id=workspace_id)
        with self._account.lock:
            self._account.workspaces.setdefault(workspace_id, Workspace(created_at=self._now()))

    def deny_role(self, role_arn: str, reason: str | None = None) -> None:
        """Let no service assume a role: sync jobs created with it from now on end in ERROR with this `reason`."""
        check(TWINMAKER, "RoleArn", role_arn=role_arn)
        with self._account.lock:
            self._account.denied_roles[role_arn] = reason or f"Unable to assume role {role_arn}"

    def add_sync_resource(
        self,
        workspace_id: str,
        external_id: str,
        *,
        resource_id: str | None = None,
        resource_type: Literal["ENTITY", "COMPONENT_TYPE"] = "ENTITY",
        sync_source: str = "SITEWISE",
        outcome: Literal["IN_SYNC", "ERROR"] = "IN_SYNC",
        code: str = "SYNC_PROCESSING_ERROR",
        reason: str | None = None,
        duration: float = RESOURCE_DURATION,
        retry_after: float | None = None,
    ) -> None:
        """Add a resource to a workspace's source, for its sync job to sync. The job need not exist yet.

        The job lists the resource once the job is no longer CREATING. A resource added again is synced again.

        Args:
            workspace_id: The workspace.
            external_id: The resource's id in the source.
            resource_id: Its id in the workspace; by default, as AWS documents it: for an entity its external id, for a
                component type "iotsitewise.assetmodel:" and its external id, and in the default workspace of SiteWise
                the external id for both. A resource in ERROR has no id by default, which is a guess.
            resource_type: What it becomes in the workspace.
            sync_source: The source.
            outcome: The state in which its sync ends.
            code: AWS's code of the error, if `outcome` is "ERROR".
            reason: The message of the error.
            duration: Emulated seconds from when the job first lists it to the end of its sync; may be infinite.
            retry_after: Emulated seconds in ERROR until AWS retries the sync, which then succeeds. None is never.
        """
        check(TWINMAKER, "Id", external_id=external_id)
        # Not as an `Id`, the shape of the reply: the ids that AWS gives to component types do not match its pattern.
        id_shape = "EntityId" if resource_type == "ENTITY" else "ComponentTypeId"
        check(TWINMAKER, id_shape, resource_id=resource_id)
        check(TWINMAKER, "SyncResourceType", resource_type=resource_type)
        check(TWINMAKER, "SyncSource", sync_source=sync_source)
        check(TWINMAKER, "ErrorCode", code=code)
        check(TWINMAKER, "ErrorMessage", reason=reason)
        check_seconds(duration=duration, **({} if retry_after is None else {"retry_after": retry_after}))
        check_one_of("IN_SYNC", "ERROR", outcome=outcome)
        error = (code, reason or f"Unable to sync {external_id}") if outcome == "ERROR" else None
        with self._account.lock:
            self._workspace(workspace_id).resources[sync_source, resource_type, external_id] = SyncResource(
                sync_source,
                resource_type,
                external_id,
                resource_id,
                duration,
                error,
                retry_after,
                created_at=self._now(),
            )

    def remove_sync_resource(
        self,
        workspace_id: str,
        external_id: str,
        *,
        resource_type: Literal["ENTITY", "COMPONENT_TYPE"] = "ENTITY",
        sync_source: str = "SITEWISE",
    ) -> None:
        """Remove a resource from a workspace's source. Its sync job lists it as DELETED from then on."""
        with self._account.lock:
            resource = self._workspace(workspace_id).resources.get((sync_source, resource_type, external_id))
            if resource is None or resource.removed_at is not None:
                raise ValueError(f"external_id: {sync_source} has no {resource_type} {external_id!r}")
            resource.removed_at = self._now()

    def fail_deletion(
        self, workspace_id: str, *, sync_source: str = "SITEWISE", reason: str = "Unable to delete the synced resources"
    ) -> None:
        """Let the deletion of a sync job fail: it ends in ERROR with SYNC_DELETING_ERROR and this `reason`.

        That is the deletion in progress, or else the next one. The DeleteSyncJob after it succeeds.

        Raises:
            ValueError: There is no such job.
        """
        check(TWINMAKER, "ErrorMessage", reason=reason)
        with self._account.lock:
            job = self._workspace(workspace_id).jobs.get(sync_source)
            if job is None or job.is_deleted(self._now()):
                raise ValueError(f"sync_source: {workspace_id} has no sync job {sync_source!r}")
            job.fail_deletion(self._now(), ("SYNC_DELETING_ERROR", reason))

    def add_connection(
        self,
        provider: str = "GitHub",
        *,
        name: str | None = None,
        status: Literal["PENDING", "AVAILABLE", "ERROR"] = "AVAILABLE",
    ) -> str:
        """Add a CodeConnections connection to a provider; return its ARN.

        Repository links that are added later use the first connection to their provider. While a connection is not
        AVAILABLE, the sync of a branch over it fails, and no resource on the branch gets an attempt.

        Args:
            provider: The provider.
            name: The name of the connection; by default, that of the provider.
            status: PENDING until someone confirms it in the console, AVAILABLE, or ERROR.
        """
        check(CODECONNECTIONS, "ProviderType", provider=provider)
        check(CODECONNECTIONS, "ConnectionName", name=name)
        check(CODECONNECTIONS, "ConnectionStatus", status=status)
        with self._account.lock:
            return self._account.add_connection(provider, name=name, status=status).arn

    def set_connection_status(self, connection_arn: str, status: Literal["PENDING", "AVAILABLE", "ERROR"]) -> None:
        """Change the status of a connection, as the console's handshake or a revoked access do.

        A push that AWS detects before the change is not synced later: that takes another push.
        """
        check(CODECONNECTIONS, "ConnectionStatus", status=status)
        with self._account.lock:
            connection = self._account.connections.get(connection_arn)
            if connection is None:
                raise ValueError(f"connection_arn: there is no connection {connection_arn!r}")
            connection.set_status(self._now(), status)

    def add_repository_link(self, full_name: str, *, provider: str = "GitHub") -> str:
        """Add a CodeConnections repository link to "owner/name", unless it exists; return its id."""
        with self._account.lock:
            return self._ensure_link("full_name", full_name, provider).id

    def add_stack(
        self,
        name: str,
        *,
        repository: str | None = None,
        branch: str = "main",
        config_file: str = "deployment.yaml",
        provider: str = "GitHub",
        creation_duration: float = 0.0,
        creation_failure: tuple[str, str, str] | None = None,
    ) -> None:
        """Add a CloudFormation stack, unless it exists.

        With a `repository` ("owner/name"), it gets a sync configuration that follows the repository, and the repository
        link is added if it is missing. Without one, it has no new configuration, and CreateSyncConfiguration can add
        it. A stack that does not exist can have a configuration as well, but each attempt to sync it fails.

        Args:
            name: The name of the stack.
            repository: "owner/name".
            branch: The branch that it follows.
            config_file: The deployment file.
            provider: The provider of the repository.
            creation_duration: Emulated seconds until the stack has been created; may be infinite. Attempts to sync it
                that start earlier fail, which is a guess.
            creation_failure: The logical id, the type and the reason of the resource whose creation fails. The stack is
                then ROLLBACK_COMPLETE, and each attempt to sync it fails. None lets the creation succeed.
        """
        check(CODECONNECTIONS, "ResourceName", name=name)
        check(CODECONNECTIONS, "BranchName", branch=branch)
        check_seconds(creation_duration=creation_duration)
        failure = check_failed_resource(creation_failure=creation_failure)
        with self._account.lock:
            link = None if repository is None else self._ensure_link("repository", repository, provider)
            stack, now = self._account.create_stack(name, creation_duration, failure), self._now()
            if link is not None:
                configuration = SyncConfiguration(
                    GitSync(name, stack, created_at=now),
                    stack,
                    SourceLocation(link, branch, config_file),
                    f"arn:aws:iam::{self._account.account}:role/git-sync",
                    created_at=now,
                )
                self._account.set_configuration(configuration)

    def remove_stack(self, name: str) -> None:
        """Remove a stack and its sync configuration. `delete_stack_by_hand` keeps the configuration."""
        with self._account.lock:
            stack = self._account.stacks.get(name)
            if stack is None or not (stack.exists or name in self._account.configurations):
                raise ValueError(f"name: there is no stack {name!r}")
            del self._account.stacks[name]
            self._account.configurations.pop(name, None)

    def add_repository(self, full_name: str, *, provider: str = "GitHub") -> None:
        """Register a repository ("owner/name") with Proton."""
        with self._account.lock:
            self._register("full_name", full_name, provider)

    def add_service(self, name: str) -> None:
        """Add a Proton service without instances and without a sync config."""
        check(PROTON, "ResourceName", name=name)
        with self._account.lock:
            self._account.services.setdefault(name, ProtonService(created_at=self._now()))

    def add_service_instance(
        self,
        service: str,
        instance: str,
        *,
        repository: str | None = None,
        branch: str = "main",
        file_path: str = "proton-ops.yaml",
        provider: str = "GitHub",
        own_branch: str | None = None,
        spec: str | None = None,
    ) -> None:
        """Add a Proton service instance, and its service if it does not exist.

        Args:
            service: The name of the service.
            instance: The name of the instance.
            repository: "owner/name", to register the repository, and to give the service a sync config if it has none.
            branch: The branch of that sync config.
            file_path: The ops file of that sync config.
            provider: The provider of the repository.
            own_branch: The branch that the ops file names for this instance; by default, it follows the service's.
            spec: The spec file that the ops file names for this instance. It is the directory of the instance's
                revisions, which is a guess; by default, that is the ops file.
        """
        check(PROTON, "ResourceName", service=service, instance=instance)
        check(PROTON, "OpsFilePath", file_path=file_path, spec=spec)
        check(PROTON, "GitBranchName", own_branch=own_branch)
        with self._account.lock:
            source = self._source(repository, branch, file_path, provider)
            parent = self._account.services.setdefault(service, ProtonService(created_at=self._now()))
            parent.source = parent.source or source
            target = self._account.arn("proton", f"service/{service}/service-instance/{instance}")
            parent.instances[instance] = ServiceInstance(
                target, shared_blockers=parent.blockers, branch=own_branch, spec=spec, created_at=self._now()
            )

    def remove_service(self, service: str) -> None:
        """Remove a Proton service, its instances and its sync config."""
        with self._account.lock:
            if self._account.services.pop(service, None) is None:
                raise ValueError(f"service: there is no service {service!r}")

    def add_template(
        self,
        name: str,
        *,
        repository: str | None = None,
        template_type: Literal["SERVICE", "ENVIRONMENT"] = "SERVICE",
        version: str = "1",
        branch: str = "main",
        subdirectory: str = "",
        provider: str = "GitHub",
    ) -> None:
        """Add a major version of a Proton template, and the template if it does not exist.

        With a `repository`, the repository is registered, and the template gets a sync config if it has none.
        """
        check(PROTON, "ResourceName", name=name)
        check(PROTON, "TemplateType", template_type=template_type)
        check(PROTON, "TemplateVersionPart", version=version)
        check(PROTON, "Subdirectory", subdirectory=subdirectory or None)
        with self._account.lock:
            source = self._source(repository, branch, subdirectory, provider)
            template = self._account.templates.setdefault((name, template_type), Template(created_at=self._now()))
            template.source = template.source or source
            target = self._account.arn("proton", f"{template_type.lower()}-template/{name}:{version}")
            template.versions[version] = GitSync(target, created_at=self._now())

    def _now(self) -> float:
        return self._account.clock.now()

    def _workspace(self, workspace_id: str) -> Workspace:
        workspace = self._account.workspaces.get(workspace_id)
        if workspace is None:
            raise ValueError(f"workspace_id: there is no workspace {workspace_id!r}")
        return workspace

    def _ensure_link(self, parameter: str, full_name: str, provider: str) -> Repository:
        owner, name = split_repository(parameter, full_name)
        check(CODECONNECTIONS, "OwnerId", **{parameter: owner})
        check(CODECONNECTIONS, "RepositoryName", **{parameter: name})
        check(CODECONNECTIONS, "ProviderType", provider=provider)
        link = self._account.find_link(owner, name, provider)
        if link is None:
            link = self._new_repository(owner, name, provider)
            self._account.links[link.id] = link
        return link

    def _register(self, parameter: str, full_name: str, provider: str) -> Repository:
        owner, name = split_repository(parameter, full_name)
        check(PROTON, "RepositoryName", **{parameter: full_name})
        check_one_of(*PROVIDERS, provider=provider)
        repositories, key = self._account.repositories, (full_name, provider)
        if key not in repositories:
            repositories[key] = self._new_repository(owner, name, provider)
        return repositories[key]

    def _new_repository(self, owner: str, name: str, provider: str) -> Repository:
        connection = self._account.ensure_connection(provider)
        return Repository(owner, name, provider, connection, created_at=self._now())

    def _source(self, repository: str | None, branch: str, directory: str, provider: str) -> SourceLocation | None:
        check(PROTON, "GitBranchName", branch=branch)
        if repository is None:
            return None
        return SourceLocation(self._register("repository", repository, provider), branch, directory)
