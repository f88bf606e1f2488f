"""CodeConnections, and codestar-connections as it was called before: Git sync of CloudFormation stacks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from unisync._core.bridge import AwaitableOperations, BlockingOperations, listing, verb
from unisync._core.flow import Flow
from unisync._core.target import Subject
from unisync._models.jobs import GitSyncJob, GitSyncReply, ResourceSyncAttempt, Vocabulary, both
from unisync._models.refs import StackSync
from unisync._services.git_sync import STATES, all_blockers, git_job, git_subject
from unisync._services.operations import (
    Adapter,
    Service,
    as_asked,
    creating,
    deleting,
    differences,
    given,
    pascal,
    tagged,
)
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

CODECONNECTIONS = Service("codeconnections", Vocabulary(STATES), pascal)

SyncType = Literal["CFN_STACK_SYNC"] | str
"""What kind of resource is synced."""


class ResourceSyncReply(GitSyncReply, frozen=True):
    """GetResourceSyncStatus's answer: unlike Proton's, it is never without an attempt."""

    latest_sync: ResourceSyncAttempt = both("latestSync")


class CodeConnections(Adapter):
    """The sync operations of CodeConnections, under boto3's names."""

    def __init__(self, service: Service = CODECONNECTIONS) -> None:
        self._service = service

    # How syncs stand.

    @verb
    def get_resource_sync_status(self, resource_name: str, sync_type: SyncType = "CFN_STACK_SYNC") -> Flow[GitSyncJob]:
        """Read how the Git sync of a resource stands (GetResourceSyncStatus).

        Args:
            resource_name: The stack's name.
            sync_type: What kind of resource it is.

        Returns:
            The sync, with its latest and its latest successful attempt.

        Raises:
            NotFoundError: There is no such sync, or it has never run.
            UnisyncError: Another of the tree in `unisync.errors`.
        """
        ref = StackSync(resource_name, sync_type)
        params = {"resource_name": resource_name, "sync_type": sync_type}
        reply = yield from self._ask("GetResourceSyncStatus", params, ResourceSyncReply)
        return git_job(ref, reply)

    @verb
    def get_repository_sync_status(
        self, repository_link_id: str, branch: str, sync_type: SyncType = "CFN_STACK_SYNC"
    ) -> Flow[definitions.RepositorySyncAttempt]:
        """Read how the latest sync of a branch stands (GetRepositorySyncStatus).

        Args:
            repository_link_id: The link to the repository.
            branch: The branch.
            sync_type: What kind of resource it defines.

        Returns:
            The latest attempt. Its success says that the syncs of the resources were started.

        Raises:
            NotFoundError: The branch has never been synced, or there is no such link.
            UnisyncError: Another of the tree in `unisync.errors`.
        """
        params = {"repository_link_id": repository_link_id, "branch": branch, "sync_type": sync_type}
        return self._answer("GetRepositorySyncStatus", params, answers.RepositorySyncAnswer)

    # What defines them.

    @verb
    def create_sync_configuration(
        self,
        resource_name: str,
        *,
        repository_link_id: str,
        branch: str,
        config_file: str,
        role_arn: str,
        publish_deployment_status: definitions.Switch | None = None,
        trigger_resource_update_on: definitions.Trigger | None = None,
        pull_request_comment: definitions.Switch | None = None,
        sync_type: SyncType = "CFN_STACK_SYNC",
    ) -> Flow[definitions.SyncConfiguration]:
        """Let a resource follow a file of a branch (CreateSyncConfiguration).

        If AWS's answer is lost, the configuration is looked up before it is asked for again.

        Args:
            resource_name: The stack's name.
            repository_link_id: The link to the repository.
            branch: The branch.
            config_file: The path of the deployment file in the repository.
            role_arn: The role with which the stack is updated.
            publish_deployment_status: Whether the repository is told how deployments stand.
            trigger_resource_update_on: Which commits start a sync.
            pull_request_comment: Whether pull requests get a comment on what would change; not of codestar-connections.
            sync_type: What kind of resource it is.

        Returns:
            The sync configuration.

        Raises:
            AlreadyExistsError: The resource has one.
            UnisyncError: Another of the tree in `unisync.errors`.
        """
        params = {
            "resource_name": resource_name,
            "sync_type": sync_type,
            "repository_link_id": repository_link_id,
            "branch": branch,
            "config_file": config_file,
            "role_arn": role_arn,
            "publish_deployment_status": publish_deployment_status,
            "trigger_resource_update_on": trigger_resource_update_on,
            "pull_request_comment": pull_request_comment,
        }

        return creating(
            lambda: self._answer("CreateSyncConfiguration", params, answers.SyncConfigurationAnswer, repeatable=False),
            lambda: as_asked(self.get_sync_configuration(resource_name, sync_type), given(params)),
        )

    @verb
    def get_sync_configuration(
        self, resource_name: str, sync_type: SyncType = "CFN_STACK_SYNC"
    ) -> Flow[definitions.SyncConfiguration]:
        """Read which file of which branch a resource follows (GetSyncConfiguration).

        Args:
            resource_name: The stack's name.
            sync_type: What kind of resource it is.

        Returns:
            The sync configuration.

        Raises:
            NotFoundError: The resource has none.
            UnisyncError: Another of the tree in `unisync.errors`.
        """
        params = {"resource_name": resource_name, "sync_type": sync_type}
        return self._answer("GetSyncConfiguration", params, answers.SyncConfigurationAnswer)

    @verb
    def update_sync_configuration(
        self,
        resource_name: str,
        *,
        repository_link_id: str | None = None,
        branch: str | None = None,
        config_file: str | None = None,
        role_arn: str | None = None,
        publish_deployment_status: definitions.Switch | None = None,
        trigger_resource_update_on: definitions.Trigger | None = None,
        pull_request_comment: definitions.Switch | None = None,
        sync_type: SyncType = "CFN_STACK_SYNC",
    ) -> Flow[definitions.SyncConfiguration]:
        """Change what a resource follows (UpdateSyncConfiguration). What is None stays as it is.

        Args:
            resource_name: The stack's name.
            repository_link_id: The link to the repository.
            branch: The branch.
            config_file: The path of the deployment file in the repository.
            role_arn: The role with which the stack is updated.
            publish_deployment_status: Whether the repository is told how deployments stand.
            trigger_resource_update_on: Which commits start a sync.
            pull_request_comment: Whether pull requests get a comment on what would change; not of codestar-connections.
            sync_type: What kind of resource it is.

        Returns:
            The sync configuration as it is now.

        Raises:
            NotFoundError: The resource has none.
            ConflictError: Somebody else changes it at the same time.
            UnisyncError: Another of the tree in `unisync.errors`.
        """
        params = {
            "resource_name": resource_name,
            "sync_type": sync_type,
            "repository_link_id": repository_link_id,
            "branch": branch,
            "config_file": config_file,
            "role_arn": role_arn,
            "publish_deployment_status": publish_deployment_status,
            "trigger_resource_update_on": trigger_resource_update_on,
            "pull_request_comment": pull_request_comment,
        }
        return self._answer("UpdateSyncConfiguration", params, answers.SyncConfigurationAnswer)

    @verb
    def delete_sync_configuration(
        self, resource_name: str, sync_type: SyncType = "CFN_STACK_SYNC"
    ) -> Flow[definitions.Deleted]:
        """Let a resource follow nothing any more (DeleteSyncConfiguration). The resource itself stays as it is.

        Args:
            resource_name: The stack's name.
            sync_type: What kind of resource it is.

        Returns:
            What AWS says of it, which is nothing so far.

        Raises:
            UnisyncError: One of the tree in `unisync.errors`.
        """
        params = {"resource_name": resource_name, "sync_type": sync_type}
        return deleting(self._ask("DeleteSyncConfiguration", params, definitions.Deleted), definitions.Deleted())

    @listing
    def list_sync_configurations(
        self,
        repository_link_id: str,
        sync_type: SyncType = "CFN_STACK_SYNC",
        *,
        page_size: int | None = None,
        limit: int | None = None,
        next_token: str | None = None,
    ) -> lists.Pages[definitions.SyncConfiguration]:
        """List what follows a repository (ListSyncConfigurations).

        Args:
            repository_link_id: The link to the repository.
            sync_type: What kind of resources are listed.
            page_size: How many are asked for at once, up to 100.
            limit: How many are listed at the most.
            next_token: The token of the page after which the list goes on.

        Raises:
            NotFoundError: There is no such link.
            UnisyncError: Another of the tree in `unisync.errors`.
        """
        params = {"repository_link_id": repository_link_id, "sync_type": sync_type}
        return self._pages("ListSyncConfigurations", params, answers.SyncConfigurations, page_size, limit, next_token)

    @verb
    def ensure_sync_configuration(
        self,
        resource_name: str,
        *,
        repository_link_id: str,
        branch: str,
        config_file: str,
        role_arn: str,
        publish_deployment_status: definitions.Switch | None = None,
        trigger_resource_update_on: definitions.Trigger | None = None,
        pull_request_comment: definitions.Switch | None = None,
        sync_type: SyncType = "CFN_STACK_SYNC",
    ) -> Flow[ensuring.Ensured[definitions.SyncConfiguration]]:
        """Let a resource follow a file of a branch, whatever it followed before.

        Creates the sync configuration, updates what differs, or leaves it as it is. If somebody else changes it at the
        same time, it is looked at anew.

        Args:
            resource_name: The stack's name.
            repository_link_id: The link to the repository.
            branch: The branch.
            config_file: The path of the deployment file in the repository.
            role_arn: The role with which the stack is updated.
            publish_deployment_status: Whether the repository is told how deployments stand; None leaves it as it is.
            trigger_resource_update_on: Which commits start a sync; None leaves it as it is.
            pull_request_comment: Whether pull requests get a comment on what would change; None leaves it as it is.
            sync_type: What kind of resource it is.

        Returns:
            What was done, and the configuration as it is now.

        Raises:
            ConflictError: Somebody else keeps changing it.
            UnisyncError: Another of the tree in `unisync.errors`.

        AWS operation: GetSyncConfiguration; CreateSyncConfiguration or UpdateSyncConfiguration.
        """
        wanted: dict[str, Any] = {
            "repository_link_id": repository_link_id,
            "branch": branch,
            "config_file": config_file,
            "role_arn": role_arn,
            "publish_deployment_status": publish_deployment_status,
            "trigger_resource_update_on": trigger_resource_update_on,
            "pull_request_comment": pull_request_comment,
        }
        yield from self._check(
            "CreateSyncConfiguration", {"resource_name": resource_name, "sync_type": sync_type, **wanted}
        )
        return (
            yield from ensuring.ensure(
                given(wanted),
                read=lambda: self.get_sync_configuration(resource_name, sync_type),
                create=lambda: self.create_sync_configuration(resource_name, sync_type=sync_type, **wanted),
                update=lambda changed: self.update_sync_configuration(resource_name, sync_type=sync_type, **changed),
            )
        )

    @listing
    def list_repository_sync_definitions(
        self, repository_link_id: str, sync_type: SyncType = "CFN_STACK_SYNC", *, limit: int | None = None
    ) -> lists.Pages[definitions.RepositorySyncDefinition]:
        """List what a repository defines (ListRepositorySyncDefinitions).

        AWS gives one page, and takes no token for another: where there is more, the page `is_truncated`, and iterating
        warns with `TruncatedListWarning`.

        Args:
            repository_link_id: The link to the repository.
            sync_type: What kind of resources are listed.
            limit: How many are listed at the most.

        Raises:
            NotFoundError: There is no such link.
            UnisyncError: Another of the tree in `unisync.errors`.
        """
        params = {"repository_link_id": repository_link_id, "sync_type": sync_type}
        return self._pages(
            "ListRepositorySyncDefinitions", params, answers.RepositorySyncDefinitions, limit=limit, is_resumable=False
        )

    # What blocks them.

    @verb
    def get_sync_blocker_summary(
        self, resource_name: str, sync_type: SyncType = "CFN_STACK_SYNC"
    ) -> Flow[definitions.SyncBlockerSummary]:
        """Read what has blocked the sync of a resource (GetSyncBlockerSummary).

        Args:
            resource_name: The stack's name.
            sync_type: What kind of resource it is.

        Returns:
            The latest blockers, active and resolved.

        Raises:
            NotFoundError: There is no such sync.
            UnisyncError: Another of the tree in `unisync.errors`.
        """
        params = {"resource_name": resource_name, "sync_type": sync_type}
        return self._answer("GetSyncBlockerSummary", params, answers.SyncBlockerSummaryAnswer)

    @verb
    def update_sync_blocker(
        self, id: str, *, resource_name: str, resolved_reason: str, sync_type: SyncType = "CFN_STACK_SYNC"
    ) -> Flow[definitions.UpdatedSyncBlocker]:
        """Resolve a blocker, so that the sync goes on (UpdateSyncBlocker).

        Args:
            id: The blocker's.
            resource_name: The stack's name.
            resolved_reason: Why it is resolved, in up to 250 characters.
            sync_type: What kind of resource it is.

        Returns:
            The blocker, and what it blocked.

        Raises:
            NotFoundError: There is no such blocker, or no such sync.
            UnisyncError: Another of the tree in `unisync.errors`.
        """
        params = {"id": id, "resource_name": resource_name, "resolved_reason": resolved_reason, "sync_type": sync_type}
        return self._ask("UpdateSyncBlocker", params, definitions.UpdatedSyncBlocker, repeatable=False)

    # Where they come from.

    @verb
    def create_repository_link(
        self,
        *,
        connection_arn: str,
        owner_id: str,
        repository_name: str,
        encryption_key_arn: str | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> Flow[definitions.RepositoryLink]:
        """Link a repository, so that resources can follow it (CreateRepositoryLink).

        If AWS's answer is lost, the link is looked up before it is asked for again.

        Args:
            connection_arn: The connection to where the repository lives.
            owner_id: The repository's owner.
            repository_name: Its bare name.
            encryption_key_arn: The key with which AWS keeps what it reads there.
            tags: Tags for the link.

        Returns:
            The link.

        Raises:
            AlreadyExistsError: The repository is linked.
            UnisyncError: Another of the tree in `unisync.errors`.
        """
        params = {
            "connection_arn": connection_arn,
            "owner_id": owner_id,
            "repository_name": repository_name,
            "encryption_key_arn": encryption_key_arn,
        }
        tag_list = tagged(tags, "Key", "Value")

        def created() -> Flow[definitions.RepositoryLink | None]:
            links = yield from self.list_repository_links().collect()
            return next((link for link in links if not differences(params, link, {"owner_id": "owner"})), None)

        return creating(
            lambda: self._answer(
                "CreateRepositoryLink", {**params, "tags": tag_list}, answers.RepositoryLinkAnswer, repeatable=False
            ),
            created,
        )

    @verb
    def get_repository_link(self, repository_link_id: str) -> Flow[definitions.RepositoryLink]:
        """Read a link to a repository (GetRepositoryLink).

        Args:
            repository_link_id: The link.

        Returns:
            The link.

        Raises:
            NotFoundError: There is no such link.
            UnisyncError: Another of the tree in `unisync.errors`.
        """
        params = {"repository_link_id": repository_link_id}
        return self._answer("GetRepositoryLink", params, answers.RepositoryLinkAnswer)

    @verb
    def update_repository_link(
        self, repository_link_id: str, *, connection_arn: str | None = None, encryption_key_arn: str | None = None
    ) -> Flow[definitions.RepositoryLink]:
        """Change a link to a repository (UpdateRepositoryLink). What is None stays as it is.

        Args:
            repository_link_id: The link.
            connection_arn: The connection to where the repository lives.
            encryption_key_arn: The key with which AWS keeps what it reads there.

        Returns:
            The link as it is now.

        Raises:
            NotFoundError: There is no such link.
            ConflictError: Somebody else changes it at the same time.
            UnisyncError: Another of the tree in `unisync.errors`.
        """
        params = {
            "repository_link_id": repository_link_id,
            "connection_arn": connection_arn,
            "encryption_key_arn": encryption_key_arn,
        }
        return self._answer("UpdateRepositoryLink", params, answers.RepositoryLinkAnswer)

    @verb
    def delete_repository_link(self, repository_link_id: str) -> Flow[definitions.Deleted]:
        """Delete a link to a repository (DeleteRepositoryLink).

        Args:
            repository_link_id: The link.

        Returns:
            What AWS says of it, which is nothing so far.

        Raises:
            NotFoundError: There is no such link.
            ConflictError: Resources follow the repository.
            UnisyncError: Another of the tree in `unisync.errors`.
        """
        params = {"repository_link_id": repository_link_id}
        return deleting(self._ask("DeleteRepositoryLink", params, definitions.Deleted), definitions.Deleted())

    @listing
    def list_repository_links(
        self, *, page_size: int | None = None, limit: int | None = None, next_token: str | None = None
    ) -> lists.Pages[definitions.RepositoryLink]:
        """List the links to repositories (ListRepositoryLinks).

        Args:
            page_size: How many are asked for at once, up to 100.
            limit: How many are listed at the most.
            next_token: The token of the page after which the list goes on.

        Raises:
            UnisyncError: One of the tree in `unisync.errors`.
        """
        return self._pages("ListRepositoryLinks", {}, answers.RepositoryLinks, page_size, limit, next_token)


class BlockingCodeConnections(BlockingOperations, CodeConnections):
    """The sync operations of CodeConnections, under boto3's names."""


class AsyncCodeConnections(AwaitableOperations, CodeConnections):
    """The sync operations of CodeConnections, under boto3's names, awaited."""


class CodeConnectionsSyncs(CodeConnections):
    """What the verbs that all services share need of CodeConnections."""

    def subject(self, ref: StackSync) -> Subject[GitSyncJob]:
        """The sync of a stack as something to wait for."""
        name, kind = ref.resource_name, ref.sync_type

        def resolve(blocker_id: str, reason: str) -> Flow[definitions.SyncBlocker]:
            updated = yield from self.update_sync_blocker(
                blocker_id, resource_name=name, resolved_reason=reason, sync_type=kind
            )
            return updated.sync_blocker

        return git_subject(
            ref,
            status=lambda: self.get_resource_sync_status(name, kind),
            definition=lambda: self.get_sync_configuration(name, kind),
            repository_status=lambda place: self.get_repository_sync_status(
                place.repository_link_id, place.branch, kind
            ),
            blockers=lambda: all_blockers(self.get_sync_blocker_summary(name, kind)),
            resolve=resolve,
            release=f"aws {self.service_name} update-sync-blocker --id {{id}} --sync-type {kind} "
            f"--resource-name {name} --resolved-reason REASON",
        )

    def discover(self, findings: Findings) -> Flow[None]:
        """Find every stack that follows a linked repository."""
        for link in (yield from self.list_repository_links().collect()):
            followers = yield from findings.trying(self.list_sync_configurations(link.repository_link_id).collect())
            findings.refs += [StackSync(each.resource_name, each.sync_type) for each in followers or ()]
