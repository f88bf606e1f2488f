"""What a test puts into a world: workspaces, stacks, services, templates, and the repositories they follow."""

from __future__ import annotations

from typing import Literal

from unisync.emulator._scenario.checks import (
    CODECONNECTIONS,
    PROTON,
    TWINMAKER,
    check,
    check_one_of,
    check_seconds,
    split_repository,
)
from unisync.emulator._scenario.events import Happenings
from unisync.emulator._state.git_sync import GitSync
from unisync.emulator._state.repository import Place, Repository
from unisync.emulator._state.sync_jobs import RESOURCE_DURATION, SyncResource, Workspace
from unisync.emulator._state.world import ProtonService, Stack, Template
from unisync.emulator.services.proton.common import PROVIDERS


class Setup(Happenings):
    """What a test puts into one account and region, and what it makes happen there."""

    def add_workspace(self, workspace_id: str) -> None:
        """Make a TwinMaker workspace, in which sync jobs can be created."""
        check(TWINMAKER, "Id", workspace_id=workspace_id)
        with self._world.lock:
            self._world.workspaces.setdefault(workspace_id, Workspace(created_at=self._now()))

    def deny_role(self, role_arn: str, reason: str | None = None) -> None:
        """Let no service assume a role: sync jobs created with it from now on end up in ERROR, saying `reason`."""
        check(TWINMAKER, "RoleArn", role_arn=role_arn)
        with self._world.lock:
            self._world.denied_roles[role_arn] = reason or f"Unable to assume role {role_arn}"

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
    ) -> None:
        """Make something in a workspace's source that its sync job keeps in sync, whether that job exists yet or not.

        The job knows of it once it is no longer CREATING. What is there already is synced anew.

        Args:
            workspace_id: The workspace.
            external_id: Its id in the source.
            resource_id: Its id in the workspace. Without one, AWS names none.
            resource_type: What it becomes in the workspace.
            sync_source: The source.
            outcome: What its sync comes to.
            code: For an error, AWS's code.
            reason: For an error, its message.
            duration: Emulated seconds from when the job knows of it to the end of its sync.
        """
        check(TWINMAKER, "Id", external_id=external_id, resource_id=resource_id)
        check(TWINMAKER, "SyncResourceType", resource_type=resource_type)
        check(TWINMAKER, "SyncSource", sync_source=sync_source)
        check(TWINMAKER, "ErrorCode", code=code)
        check(TWINMAKER, "ErrorMessage", reason=reason)
        check_seconds(duration=duration)
        check_one_of("IN_SYNC", "ERROR", outcome=outcome)
        error = (code, reason or f"Unable to sync {external_id}") if outcome == "ERROR" else None
        with self._world.lock:
            self._workspace(workspace_id).resources[sync_source, resource_type, external_id] = SyncResource(
                sync_source, resource_type, external_id, resource_id, duration, error, created_at=self._now()
            )

    def remove_sync_resource(
        self,
        workspace_id: str,
        external_id: str,
        *,
        resource_type: Literal["ENTITY", "COMPONENT_TYPE"] = "ENTITY",
        sync_source: str = "SITEWISE",
    ) -> None:
        """Take something away from a workspace's source: its sync job goes on listing it as DELETED."""
        with self._world.lock:
            resource = self._workspace(workspace_id).resources.get((sync_source, resource_type, external_id))
            if resource is None or resource.removed_at is not None:
                raise ValueError(f"external_id: {sync_source} has no {resource_type} {external_id!r}")
            resource.removed_at = self._now()

    def add_connection(self, provider: str = "GitHub") -> str:
        """Make a connection of CodeConnections to a provider; return its ARN."""
        check(CODECONNECTIONS, "ProviderType", provider=provider)
        with self._world.lock:
            return self._world.add_connection(provider)

    def add_repository_link(self, full_name: str, *, provider: str = "GitHub") -> str:
        """Make a repository link of CodeConnections to "owner/name", if there is none; return its id."""
        with self._world.lock:
            return self._link("full_name", full_name, provider).id

    def add_stack(
        self,
        name: str,
        *,
        repository: str,
        branch: str = "main",
        config_file: str = "deployment.yaml",
        provider: str = "GitHub",
    ) -> None:
        """Make a CloudFormation stack with a sync configuration that follows `repository` ("owner/name").

        The repository link comes with it, where there is none to the repository.
        """
        check(CODECONNECTIONS, "ResourceName", name=name)
        check(CODECONNECTIONS, "BranchName", branch=branch)
        with self._world.lock:
            place = Place(self._link("repository", repository, provider), branch, config_file)
            role = f"arn:aws:iam::{self._world.account}:role/git-sync"
            now = self._now()
            self._world.stacks[name] = Stack(GitSync(name, created_at=now), place, role, created_at=now)

    def remove_stack(self, name: str) -> None:
        """Take the stack and its sync configuration away."""
        with self._world.lock:
            if self._world.stacks.pop(name, None) is None:
                raise ValueError(f"name: there is no stack {name!r}")

    def add_repository(self, full_name: str, *, provider: str = "GitHub") -> None:
        """Register a repository ("owner/name") with Proton."""
        with self._world.lock:
            self._registered("full_name", full_name, provider)

    def add_service(self, name: str) -> None:
        """Make a Proton service without instances and without a sync config."""
        check(PROTON, "ResourceName", name=name)
        with self._world.lock:
            self._world.services.setdefault(name, ProtonService(created_at=self._now()))

    def add_service_instance(
        self,
        service: str,
        instance: str,
        *,
        repository: str | None = None,
        branch: str = "main",
        file_path: str = "proton-ops.yaml",
        provider: str = "GitHub",
    ) -> None:
        """Make a Proton service instance. The service comes with its first instance.

        With a `repository`, so does the service's sync config, if it has none; and the repository is registered.
        """
        check(PROTON, "ResourceName", service=service, instance=instance)
        check(PROTON, "OpsFilePath", file_path=file_path)
        with self._world.lock:
            place = self._place(repository, branch, file_path, provider)
            owner = self._world.services.setdefault(service, ProtonService(created_at=self._now()))
            owner.place = owner.place or place
            target = self._world.arn("proton", f"service/{service}/service-instance/{instance}")
            owner.instances[instance] = GitSync(target, shared_blockers=owner.blockers, created_at=self._now())

    def remove_service(self, service: str) -> None:
        """Take a Proton service, its instances and its sync configuration away."""
        with self._world.lock:
            if self._world.services.pop(service, None) is None:
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
        """Make a major version of a Proton template. The template comes with its first version.

        With a `repository`, so does the template's sync config, if it has none; and the repository is registered.
        """
        check(PROTON, "ResourceName", name=name)
        check(PROTON, "TemplateType", template_type=template_type)
        check(PROTON, "TemplateVersionPart", version=version)
        check(PROTON, "Subdirectory", subdirectory=subdirectory or None)
        with self._world.lock:
            place = self._place(repository, branch, subdirectory, provider)
            template = self._world.templates.setdefault((name, template_type), Template(created_at=self._now()))
            template.place = template.place or place
            target = self._world.arn("proton", f"{template_type.lower()}-template/{name}:{version}")
            template.versions[version] = GitSync(target, created_at=self._now())

    def _now(self) -> float:
        return self._world.clock.now()

    def _workspace(self, workspace_id: str) -> Workspace:
        workspace = self._world.workspaces.get(workspace_id)
        if workspace is None:
            raise ValueError(f"workspace_id: there is no workspace {workspace_id!r}")
        return workspace

    def _link(self, parameter: str, full_name: str, provider: str) -> Repository:
        owner, name = split_repository(parameter, full_name)
        check(CODECONNECTIONS, "OwnerId", **{parameter: owner})
        check(CODECONNECTIONS, "RepositoryName", **{parameter: name})
        check(CODECONNECTIONS, "ProviderType", provider=provider)
        link = self._world.find_link(owner, name, provider)
        if link is None:
            link = self._repository(owner, name, provider)
            self._world.links[link.id] = link
        return link

    def _registered(self, parameter: str, full_name: str, provider: str) -> Repository:
        owner, name = split_repository(parameter, full_name)
        check(PROTON, "RepositoryName", **{parameter: full_name})
        check_one_of(*PROVIDERS, provider=provider)
        repositories, key = self._world.repositories, (full_name, provider)
        if key not in repositories:
            repositories[key] = self._repository(owner, name, provider)
        return repositories[key]

    def _repository(self, owner: str, name: str, provider: str) -> Repository:
        connection = self._world.connection_to(provider)
        return Repository(owner, name, provider, connection, created_at=self._now())

    def _place(self, repository: str | None, branch: str, directory: str, provider: str) -> Place | None:
        check(PROTON, "GitBranchName", branch=branch)
        if repository is None:
            return None
        return Place(self._registered("repository", repository, provider), branch, directory)
