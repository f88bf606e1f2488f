"""CodeConnections, formerly codestar-connections: Git sync of CloudFormation stacks."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Literal

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
from unisync._core.commands import AccountRegion
from unisync._core.flow import Flow
from unisync._core.lazy import lazy_module
from unisync._core.pagination import PageRequest
from unisync._core.target import SyncTarget
from unisync._models.base import EnumMapping, dual_case_alias
from unisync._models.blockers import SyncBlocker
from unisync._models.jobs import GitSyncJob, GitSyncResponse, ProviderType, ResourceSyncAttempt, SyncAttempt
from unisync._models.refs import StackSync, SyncRef
from unisync._services.git_sync import STATES, GitTarget, all_blockers, git_job, not_found, resolve_once
from unisync._services.operations import (
    Service,
    ServiceOperations,
    create_once,
    delete_idempotent,
    differences,
    drop_none,
    if_as_requested,
    pascal,
)
from unisync.errors import ResponseError

if TYPE_CHECKING:
    from unisync._models import blocker_summaries, configurations, envelopes
    from unisync._models.root_cause import RootCause
    from unisync._services import ensure as ensuring
    from unisync._services import stacks
    from unisync._services.findings import Findings
else:
    blocker_summaries = lazy_module("unisync._models.blocker_summaries")
    configurations = lazy_module("unisync._models.configurations")
    envelopes = lazy_module("unisync._models.envelopes")
    ensuring = lazy_module("unisync._services.ensure")
    stacks = lazy_module("unisync._services.stacks")

CODECONNECTIONS = Service("codeconnections", EnumMapping(STATES), pascal, tag_fields=("Key", "Value"))

LINK_FIELD_NAMES = {"owner_id": "owner"}
"""Parameters whose field in a repository link has another name."""

SyncType = Literal["CFN_STACK_SYNC"] | str
"""The kind of resource that CodeConnections syncs."""


class ResourceSyncResponse(GitSyncResponse, frozen=True):
    """GetResourceSyncStatus's response. Unlike Proton's, it always has an attempt."""

    latest_sync: ResourceSyncAttempt = dual_case_alias("latestSync")


class CodeConnections(ServiceOperations):
    """The sync operations of CodeConnections, under boto3's names."""

    def __init__(self, service: Service = CODECONNECTIONS, location: AccountRegion | None = None) -> None:
        super().__init__(location)
        self._service = service

    # Status.

    @operation
    def get_resource_sync_status(self, resource_name: str, sync_type: SyncType = "CFN_STACK_SYNC") -> Flow[GitSyncJob]:
        """Read the status of a stack's Git sync (GetResourceSyncStatus).

        Args:
            resource_name: The stack's name.
            sync_type: The kind of resource: "CFN_STACK_SYNC" for a stack.

        Returns:
            The sync, with its latest attempt and its latest successful attempt.

        Raises:
            InvalidArgumentError: An argument is not what is expected.
            InvalidRequestError: AWS rejects a parameter.
            NotFoundError: There is no such sync, or it has never run.
            UnisyncError: Any other error in `unisync.errors`.
        """
        ref = StackSync(resource_name, sync_type)
        params = {"resource_name": resource_name, "sync_type": sync_type}
        response = yield from self._request("GetResourceSyncStatus", params, ResourceSyncResponse)
        return git_job(self._ref(ref), response)

    @operation
    def get_repository_sync_status(
        self, repository_link_id: str, branch: str, sync_type: SyncType = "CFN_STACK_SYNC"
    ) -> Flow[configurations.RepositorySyncAttempt]:
        """Read the latest sync of a branch (GetRepositorySyncStatus).

        Args:
            repository_link_id: The id of the link to the repository.
            branch: The branch.
            sync_type: The kind of resource that it defines: "CFN_STACK_SYNC" for stacks.

        Returns:
            The latest attempt. Its success means that the syncs which the branch defines were started, and says nothing
            about their results.

        Raises:
            InvalidArgumentError: An argument is not what is expected.
            InvalidRequestError: AWS rejects a parameter.
            NotFoundError: The branch has never been synced, or there is no such link.
            UnisyncError: Any other error in `unisync.errors`.
        """
        params = {"repository_link_id": repository_link_id, "branch": branch, "sync_type": sync_type}
        return self._request_enveloped("GetRepositorySyncStatus", params, envelopes.RepositorySyncEnvelope)

    # Sync configurations.

    @write_operation
    def create_sync_configuration(
        self,
        resource_name: str,
        *,
        repository_link_id: str,
        branch: str,
        config_file: str,
        role_arn: str,
        publish_deployment_status: configurations.Switch | None = None,
        trigger_resource_update_on: configurations.Trigger | None = None,
        pull_request_comment: configurations.Switch | None = None,
        sync_type: SyncType = "CFN_STACK_SYNC",
    ) -> Flow[configurations.SyncConfiguration]:
        """Make a stack follow a file of a branch (CreateSyncConfiguration).

        If the response is lost, the configuration is looked up before the request is retried.

        Args:
            resource_name: The stack's name.
            repository_link_id: The id of the link to the repository.
            branch: The branch.
            config_file: The path of the deployment file in the repository.
            role_arn: The ARN of the role with which AWS updates the stack.
            publish_deployment_status: "ENABLED" or "DISABLED": whether AWS publishes the status of deployments to the
                repository.
            trigger_resource_update_on: Which commits start a sync: "ANY_CHANGE", or "FILE_CHANGE" for those that
                change the stack's own files.
            pull_request_comment: "ENABLED" or "DISABLED": whether AWS comments on pull requests with the changes that
                they would make. Not supported by codestar-connections.
            sync_type: The kind of resource: "CFN_STACK_SYNC" for a stack.
            dry_run: True validates the arguments and returns the request as a `DryRun`, without sending it.

        Returns:
            The sync configuration.

        Raises:
            InvalidArgumentError: An argument is not what is expected.
            InvalidRequestError: AWS rejects a parameter.
            AlreadyExistsError: The stack has a sync configuration.
            NotFoundError: There is no such link.
            UnisyncError: Any other error in `unisync.errors`.
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

        return create_once(
            lambda: self._request_enveloped(
                "CreateSyncConfiguration", params, envelopes.SyncConfigurationEnvelope, idempotent=False
            ),
            lambda: if_as_requested(self.get_sync_configuration(resource_name, sync_type), drop_none(params)),
        )

    @operation
    def get_sync_configuration(
        self, resource_name: str, sync_type: SyncType = "CFN_STACK_SYNC"
    ) -> Flow[configurations.SyncConfiguration]:
        """Read the file and the branch that a stack follows (GetSyncConfiguration).

        Args:
            resource_name: The stack's name.
            sync_type: The kind of resource: "CFN_STACK_SYNC" for a stack.

        Returns:
            The sync configuration.

        Raises:
            InvalidArgumentError: An argument is not what is expected.
            InvalidRequestError: AWS rejects a parameter.
            NotFoundError: The stack has no sync configuration.
            UnisyncError: Any other error in `unisync.errors`.
        """
        params = {"resource_name": resource_name, "sync_type": sync_type}
        return self._request_enveloped("GetSyncConfiguration", params, envelopes.SyncConfigurationEnvelope)

    @write_operation
    def update_sync_configuration(
        self,
        resource_name: str,
        *,
        repository_link_id: str | None = None,
        branch: str | None = None,
        config_file: str | None = None,
        role_arn: str | None = None,
        publish_deployment_status: configurations.Switch | None = None,
        trigger_resource_update_on: configurations.Trigger | None = None,
        pull_request_comment: configurations.Switch | None = None,
        sync_type: SyncType = "CFN_STACK_SYNC",
    ) -> Flow[configurations.SyncConfiguration]:
        """Change what a stack follows (UpdateSyncConfiguration). Parameters that are None stay unchanged.

        Args:
            resource_name: The stack's name.
            repository_link_id: The id of the link to the repository.
            branch: The branch.
            config_file: The path of the deployment file in the repository.
            role_arn: The ARN of the role with which AWS updates the stack.
            publish_deployment_status: "ENABLED" or "DISABLED": whether AWS publishes the status of deployments to the
                repository.
            trigger_resource_update_on: Which commits start a sync: "ANY_CHANGE", or "FILE_CHANGE" for those that
                change the stack's own files.
            pull_request_comment: "ENABLED" or "DISABLED": whether AWS comments on pull requests with the changes that
                they would make. Not supported by codestar-connections.
            sync_type: The kind of resource: "CFN_STACK_SYNC" for a stack.
            dry_run: True validates the arguments and returns the request as a `DryRun`, without sending it.

        Returns:
            The sync configuration after the update.

        Raises:
            InvalidArgumentError: An argument is not what is expected.
            InvalidRequestError: AWS rejects a parameter.
            NotFoundError: The stack has no sync configuration.
            ConflictError: Another client changes it at the same time.
            UnisyncError: Any other error in `unisync.errors`.
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
        return self._request_enveloped("UpdateSyncConfiguration", params, envelopes.SyncConfigurationEnvelope)

    @write_operation
    def delete_sync_configuration(
        self, resource_name: str, sync_type: SyncType = "CFN_STACK_SYNC"
    ) -> Flow[configurations.DeleteResult]:
        """Stop a stack from following a branch (DeleteSyncConfiguration). The stack itself stays unchanged.

        Args:
            resource_name: The stack's name.
            sync_type: The kind of resource: "CFN_STACK_SYNC" for a stack.
            dry_run: True validates the arguments and returns the request as a `DryRun`, without sending it.

        Returns:
            AWS's response, which has no fields so far.

        Raises:
            InvalidArgumentError: An argument is not what is expected.
            InvalidRequestError: AWS rejects a parameter.
            UnisyncError: Any other error in `unisync.errors`.
        """
        params = {"resource_name": resource_name, "sync_type": sync_type}
        return delete_idempotent(
            self._request("DeleteSyncConfiguration", params, configurations.DeleteResult), configurations.DeleteResult()
        )

    @paginated
    def list_sync_configurations(
        self,
        repository_link_id: str,
        sync_type: SyncType = "CFN_STACK_SYNC",
        *,
        page_size: int | None = None,
        limit: int | None = None,
        next_token: str | None = None,
    ) -> PageRequest[configurations.SyncConfiguration]:
        """List the sync configurations that use a repository link (ListSyncConfigurations).

        Args:
            repository_link_id: The id of the link to the repository.
            sync_type: The kind of resources to list: "CFN_STACK_SYNC" for stacks.
            page_size: The number of items per request, 1 to 100; None leaves it to AWS.
            limit: The maximum number of items, 0 or more; None is all.
            next_token: The `next_token` of a page, to continue after it; None starts at the first page.

        Returns:
            The sync configurations, to iterate over.

        Raises:
            InvalidArgumentError: An argument is not what is expected.
            InvalidRequestError: AWS rejects a parameter.
            NotFoundError: There is no such link.
            UnisyncError: Any other error in `unisync.errors`.
        """
        params = {"repository_link_id": repository_link_id, "sync_type": sync_type}
        return self._pages(
            "ListSyncConfigurations", params, envelopes.SyncConfigurationsPage, page_size, limit, next_token
        )

    @operation
    def ensure_sync_configuration(
        self,
        resource_name: str,
        *,
        repository_link_id: str,
        branch: str,
        config_file: str,
        role_arn: str,
        publish_deployment_status: configurations.Switch | None = None,
        trigger_resource_update_on: configurations.Trigger | None = None,
        pull_request_comment: configurations.Switch | None = None,
        sync_type: SyncType = "CFN_STACK_SYNC",
        dry_run: bool = False,
    ) -> Flow[ensuring.EnsureResult[configurations.SyncConfiguration]]:
        """Ensure that a stack follows a file of a branch.

        Creates the sync configuration, updates the parameters that differ, or leaves it unchanged. If another client
        changes it at the same time, it is read and compared again.

        Args:
            resource_name: The stack's name.
            repository_link_id: The id of the link to the repository.
            branch: The branch.
            config_file: The path of the deployment file in the repository.
            role_arn: The ARN of the role with which AWS updates the stack.
            publish_deployment_status: "ENABLED" or "DISABLED": whether AWS publishes the status of deployments to the
                repository. None leaves it unchanged.
            trigger_resource_update_on: Which commits start a sync: "ANY_CHANGE", or "FILE_CHANGE" for those that
                change the stack's own files. None leaves it unchanged.
            pull_request_comment: "ENABLED" or "DISABLED": whether AWS comments on pull requests with the changes that
                they would make. None leaves it unchanged. Not supported by codestar-connections.
            sync_type: The kind of resource: "CFN_STACK_SYNC" for a stack.
            dry_run: True only reads, and returns what would be done and sent.

        Returns:
            What was done, and the configuration as it is now.

        Raises:
            InvalidArgumentError: An argument is not what is expected.
            InvalidRequestError: AWS rejects a parameter.
            NotFoundError: There is no such link.
            ConflictError: Other clients keep changing it.
            UnisyncError: Any other error in `unisync.errors`.

        AWS operation: GetSyncConfiguration; CreateSyncConfiguration or UpdateSyncConfiguration.
        """
        settings = {
            "repository_link_id": repository_link_id,
            "branch": branch,
            "config_file": config_file,
            "role_arn": role_arn,
            "publish_deployment_status": publish_deployment_status,
            "trigger_resource_update_on": trigger_resource_update_on,
            "pull_request_comment": pull_request_comment,
        }
        yield from self._validate(
            "CreateSyncConfiguration", {"resource_name": resource_name, "sync_type": sync_type, **settings}
        )
        desired: dict[str, str] = drop_none(settings)
        return (
            yield from ensuring.ensure(
                desired,
                read=lambda: self.get_sync_configuration(resource_name, sync_type),
                create=lambda: self.create_sync_configuration(resource_name, sync_type=sync_type, **desired),
                update=lambda _, changed: self.update_sync_configuration(resource_name, sync_type=sync_type, **changed),
                dry_run=dry_run,
            )
        )

    @paginated
    def list_repository_sync_definitions(
        self, repository_link_id: str, sync_type: SyncType = "CFN_STACK_SYNC", *, limit: int | None = None
    ) -> PageRequest[configurations.RepositorySyncDefinition]:
        """List the syncs that a repository defines (ListRepositorySyncDefinitions).

        AWS returns one page and accepts no token for another. If there is more, the page `is_truncated`, and iterating
        warns with `TruncatedListWarning`.

        Args:
            repository_link_id: The id of the link to the repository.
            sync_type: The kind of resources to list: "CFN_STACK_SYNC" for stacks.
            limit: The maximum number of items, 0 or more; None is all.

        Returns:
            The definitions, to iterate over.

        Raises:
            InvalidArgumentError: An argument is not what is expected.
            InvalidRequestError: AWS rejects a parameter.
            NotFoundError: There is no such link.
            UnisyncError: Any other error in `unisync.errors`.
        """
        params = {"repository_link_id": repository_link_id, "sync_type": sync_type}
        return self._pages(
            "ListRepositorySyncDefinitions",
            params,
            envelopes.RepositorySyncDefinitionsPage,
            limit=limit,
            accepts_token=False,
        )

    # Blockers.

    @operation
    def get_sync_blocker_summary(
        self, resource_name: str, sync_type: SyncType = "CFN_STACK_SYNC"
    ) -> Flow[blocker_summaries.SyncBlockerSummary]:
        """Read the blockers of a stack's sync (GetSyncBlockerSummary).

        Args:
            resource_name: The stack's name.
            sync_type: The kind of resource: "CFN_STACK_SYNC" for a stack.

        Returns:
            The latest blockers, active and resolved.

        Raises:
            InvalidArgumentError: An argument is not what is expected.
            InvalidRequestError: AWS rejects a parameter.
            NotFoundError: There is no such sync.
            UnisyncError: Any other error in `unisync.errors`.
        """
        params = {"resource_name": resource_name, "sync_type": sync_type}
        return self._request_enveloped("GetSyncBlockerSummary", params, blocker_summaries.SyncBlockerSummaryEnvelope)

    @write_operation
    def update_sync_blocker(
        self, id: str, *, resource_name: str, resolved_reason: str, sync_type: SyncType = "CFN_STACK_SYNC"
    ) -> Flow[blocker_summaries.UpdatedSyncBlocker]:
        """Resolve a blocker, so that the sync continues (UpdateSyncBlocker).

        Args:
            id: The blocker's id.
            resource_name: The stack's name.
            resolved_reason: Why it is resolved, in 1 to 250 characters.
            sync_type: The kind of resource: "CFN_STACK_SYNC" for a stack.
            dry_run: True validates the arguments and returns the request as a `DryRun`, without sending it.

        Returns:
            The blocker, and the stack that it blocked.

        Raises:
            InvalidArgumentError: An argument is not what is expected.
            InvalidRequestError: AWS rejects a parameter.
            NotFoundError: There is no such blocker, or no such sync.
            UnisyncError: Any other error in `unisync.errors`.
        """
        params = {"id": id, "resource_name": resource_name, "resolved_reason": resolved_reason, "sync_type": sync_type}
        return self._request("UpdateSyncBlocker", params, blocker_summaries.UpdatedSyncBlocker, idempotent=False)

    # Repository links.

    @write_operation
    def create_repository_link(
        self,
        *,
        connection_arn: str,
        owner_id: str,
        repository_name: str,
        encryption_key_arn: str | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> Flow[configurations.RepositoryLink]:
        """Link a repository, so that stacks can follow it (CreateRepositoryLink).

        If the response is lost, the link is looked up before the request is retried.

        Args:
            connection_arn: The ARN of the connection to the repository's provider.
            owner_id: The owner of the repository.
            repository_name: The name of the repository, without its owner.
            encryption_key_arn: The ARN of the KMS key that encrypts what AWS stores of the repository.
            tags: Tags for the link, up to 200.
            dry_run: True validates the arguments and returns the request as a `DryRun`, without sending it.

        Returns:
            The link.

        Raises:
            InvalidArgumentError: An argument is not what is expected.
            InvalidRequestError: AWS rejects a parameter.
            AlreadyExistsError: The repository is linked already.
            NotFoundError: There is no such connection.
            UnisyncError: Any other error in `unisync.errors`.
        """
        params = {
            "connection_arn": connection_arn,
            "owner_id": owner_id,
            "repository_name": repository_name,
            "encryption_key_arn": encryption_key_arn,
        }
        all_params = {**params, "tags": self._tags(tags)}

        def created() -> Flow[configurations.RepositoryLink | None]:
            links = yield from self.list_repository_links().collect()
            return next((link for link in links if not differences(params, link, LINK_FIELD_NAMES)), None)

        return create_once(
            lambda: self._request_enveloped(
                "CreateRepositoryLink", all_params, envelopes.RepositoryLinkEnvelope, idempotent=False
            ),
            created,
        )

    @operation
    def get_repository_link(self, repository_link_id: str) -> Flow[configurations.RepositoryLink]:
        """Read a link to a repository (GetRepositoryLink).

        Args:
            repository_link_id: The id of the link.

        Returns:
            The link.

        Raises:
            InvalidArgumentError: An argument is not what is expected.
            InvalidRequestError: AWS rejects a parameter.
            NotFoundError: There is no such link.
            UnisyncError: Any other error in `unisync.errors`.
        """
        params = {"repository_link_id": repository_link_id}
        return self._request_enveloped("GetRepositoryLink", params, envelopes.RepositoryLinkEnvelope)

    @write_operation
    def update_repository_link(
        self, repository_link_id: str, *, connection_arn: str | None = None, encryption_key_arn: str | None = None
    ) -> Flow[configurations.RepositoryLink]:
        """Change a link to a repository (UpdateRepositoryLink). Parameters that are None stay unchanged.

        Args:
            repository_link_id: The id of the link.
            connection_arn: The ARN of the connection to the repository's provider.
            encryption_key_arn: The ARN of the KMS key that encrypts what AWS stores of the repository.
            dry_run: True validates the arguments and returns the request as a `DryRun`, without sending it.

        Returns:
            The link after the update.

        Raises:
            InvalidArgumentError: An argument is not what is expected.
            InvalidRequestError: AWS rejects a parameter.
            NotFoundError: There is no such link.
            ConflictError: Another client changes it at the same time.
            UnisyncError: Any other error in `unisync.errors`.
        """
        params = {
            "repository_link_id": repository_link_id,
            "connection_arn": connection_arn,
            "encryption_key_arn": encryption_key_arn,
        }
        return self._request_enveloped("UpdateRepositoryLink", params, envelopes.RepositoryLinkEnvelope)

    @write_operation
    def delete_repository_link(self, repository_link_id: str) -> Flow[configurations.DeleteResult]:
        """Delete a link to a repository (DeleteRepositoryLink).

        Args:
            repository_link_id: The id of the link.
            dry_run: True validates the arguments and returns the request as a `DryRun`, without sending it.

        Returns:
            AWS's response, which has no fields so far.

        Raises:
            InvalidArgumentError: An argument is not what is expected.
            InvalidRequestError: AWS rejects a parameter.
            NotFoundError: There is no such link.
            ConflictError: Stacks follow the repository.
            UnisyncError: Any other error in `unisync.errors`.
        """
        params = {"repository_link_id": repository_link_id}
        return delete_idempotent(
            self._request("DeleteRepositoryLink", params, configurations.DeleteResult), configurations.DeleteResult()
        )

    @operation
    def ensure_repository_link(
        self,
        *,
        connection_arn: str,
        owner_id: str,
        repository_name: str,
        encryption_key_arn: str | None = None,
        tags: Mapping[str, str] | None = None,
        dry_run: bool = False,
    ) -> Flow[ensuring.EnsureResult[configurations.RepositoryLink]]:
        """Ensure that a repository is linked by this connection.

        Links the repository, updates the connection, the key and the tags that differ, or leaves the link unchanged.
        The link is found by the owner and the name of the repository. A repository of that name at another provider has
        a link of its own: if there is only a link by another connection, the connection is read to compare the
        providers. If another client changes the link at the same time, it is read and compared again.

        Args:
            connection_arn: The ARN of the connection to the repository's provider.
            owner_id: The owner of the repository.
            repository_name: The name of the repository, without its owner.
            encryption_key_arn: The ARN of the KMS key that encrypts what AWS stores of the repository. None leaves it
                unchanged.
            tags: Tags that the link must have, up to 200; it may have others. None leaves its tags unchanged.
            dry_run: True only reads, and returns what would be done and sent.

        Returns:
            What was done, and the link as it is now.

        Raises:
            InvalidArgumentError: An argument is not what is expected.
            InvalidRequestError: AWS rejects a parameter.
            NotFoundError: There is no such connection.
            ConflictError: Other clients keep changing the link.
            UnisyncError: Any other error in `unisync.errors`.

        AWS operation: ListRepositoryLinks; CreateRepositoryLink or UpdateRepositoryLink; also GetConnection,
        ListTagsForResource and TagResource.
        """
        desired = {"connection_arn": connection_arn, "encryption_key_arn": encryption_key_arn}
        identity = {"owner_id": owner_id, "repository_name": repository_name}
        yield from self._validate("CreateRepositoryLink", {**identity, **desired, "tags": self._tags(tags)})

        def read() -> Flow[configurations.RepositoryLink]:
            links = yield from self.list_repository_links().collect()
            same_name = [link for link in links if not differences(identity, link, LINK_FIELD_NAMES)]
            found = next((link for link in same_name if link.connection_arn == connection_arn), None)
            if found is None and same_name:
                connection = yield from self.get_connection(connection_arn)
                found = next((link for link in same_name if link.aws_provider == connection.aws_provider), None)
            if found is None:
                message = f"{owner_id}/{repository_name} has no repository link"
                raise not_found(self.service_name, "ListRepositoryLinks", message)
            return found

        return (
            yield from ensuring.ensure(
                drop_none(desired),
                read=read,
                create=lambda: self.create_repository_link(
                    connection_arn=connection_arn,
                    owner_id=owner_id,
                    repository_name=repository_name,
                    encryption_key_arn=encryption_key_arn,
                    tags=tags,
                ),
                update=lambda link, changed: self.update_repository_link(link.repository_link_id, **changed),
                tagging=self._tagging(tags, lambda link: link.repository_link_arn),
                dry_run=dry_run,
            )
        )

    @paginated
    def list_repository_links(
        self, *, page_size: int | None = None, limit: int | None = None, next_token: str | None = None
    ) -> PageRequest[configurations.RepositoryLink]:
        """List the links to repositories (ListRepositoryLinks).

        Args:
            page_size: The number of items per request, 1 to 100; None leaves it to AWS.
            limit: The maximum number of items, 0 or more; None is all.
            next_token: The `next_token` of a page, to continue after it; None starts at the first page.

        Returns:
            The links, to iterate over.

        Raises:
            InvalidArgumentError: An argument is not what is expected.
            InvalidRequestError: AWS rejects a parameter.
            UnisyncError: Any other error in `unisync.errors`.
        """
        return self._pages("ListRepositoryLinks", {}, envelopes.RepositoryLinksPage, page_size, limit, next_token)

    # Connections.

    @operation
    def get_connection(self, connection_arn: str) -> Flow[configurations.Connection]:
        """Read a connection to a provider of repositories (GetConnection).

        A new connection is PENDING until someone completes it in the AWS console; AWS has no operation for that.

        Args:
            connection_arn: The ARN of the connection.

        Returns:
            The connection, with its status.

        Raises:
            InvalidArgumentError: An argument is not what is expected.
            InvalidRequestError: AWS rejects a parameter.
            NotFoundError: There is no such connection.
            UnisyncError: Any other error in `unisync.errors`.
        """
        params = {"connection_arn": connection_arn}
        connection = yield from self._request_enveloped("GetConnection", params, envelopes.ConnectionEnvelope)
        if connection is None:
            reason = f"no connection in the response for {connection_arn}"
            raise ResponseError(self.service_name, "GetConnection", reason, status_code=None, request_id=None)
        return connection

    @paginated
    def list_connections(
        self,
        *,
        provider_type: ProviderType | None = None,
        host_arn: str | None = None,
        page_size: int | None = None,
        limit: int | None = None,
        next_token: str | None = None,
    ) -> PageRequest[configurations.Connection]:
        """List the connections to providers of repositories (ListConnections).

        Args:
            provider_type: List only those to this provider, such as "GitHub"; None lists all.
            host_arn: List only those to the provider that is installed on this host; None lists all.
            page_size: The number of items per request, 1 to 100; None leaves it to AWS.
            limit: The maximum number of items, 0 or more; None is all.
            next_token: The `next_token` of a page, to continue after it; None starts at the first page.

        Returns:
            The connections, to iterate over.

        Raises:
            InvalidArgumentError: An argument is not what is expected.
            InvalidRequestError: AWS rejects a parameter.
            UnisyncError: Any other error in `unisync.errors`.
        """
        params = {"provider_type_filter": provider_type, "host_arn_filter": host_arn}
        return self._pages("ListConnections", params, envelopes.ConnectionsPage, page_size, limit, next_token)


class CodeConnectionsClient(SyncOperations, CodeConnections):
    """The sync operations of CodeConnections, under boto3's names."""


class AsyncCodeConnectionsClient(AsyncOperations, CodeConnections):
    """The sync operations of CodeConnections, under boto3's names, awaited."""


class RawCodeConnectionsClient(RawSyncOperations, CodeConnections):
    """The sync operations of CodeConnections, with AWS's responses."""


class RawAsyncCodeConnectionsClient(RawAsyncOperations, CodeConnections):
    """The sync operations of CodeConnections, awaited, with AWS's responses."""


class CodeConnectionsTargets(CodeConnections):
    """Syncs of stacks as targets of waits, and how to discover them."""

    def target(self, ref: StackSync) -> SyncTarget[GitSyncJob]:
        """The sync of a stack as a target."""
        return _StackTarget(self, ref, self._ref(ref))

    def read_root_cause(self, stack_name: str, attempt: SyncAttempt) -> Flow[RootCause | None]:
        """Read what failed first in a stack in an attempt; None if nothing did."""
        return stacks.read_root_cause(stack_name, attempt, self._location)

    def discover(self, findings: Findings) -> Flow[None]:
        """Find every stack that follows a linked repository, by the tags of the link."""
        for link in (yield from self.list_repository_links().collect()):
            if not (yield from findings.match(partial(self.list_tags_for_resource, link.repository_link_arn))):
                continue
            followers = yield from findings.attempt(self.list_sync_configurations(link.repository_link_id).collect())
            findings.add(StackSync(each.resource_name, each.sync_type) for each in followers or ())


class _StackTarget(GitTarget["configurations.SyncConfiguration"]):
    """The sync of a stack."""

    def __init__(self, service: CodeConnectionsTargets, stack: StackSync, ref: SyncRef[GitSyncJob]) -> None:
        super().__init__(ref)
        self._service = service
        self._name = stack.resource_name
        self._kind = stack.sync_type

    @property
    @override
    def resolve_command(self) -> str:
        return (
            f"aws {self._service.service_name} update-sync-blocker --id {{id}} --sync-type {self._kind} "
            f"--resource-name {self._name} --resolved-reason REASON"
        )

    @override
    def status(self) -> Flow[GitSyncJob]:
        return self._service.get_resource_sync_status(self._name, self._kind)

    @override
    def configuration(self) -> Flow[configurations.SyncConfiguration]:
        return self._service.get_sync_configuration(self._name, self._kind)

    @override
    def status_of_branch(self, branch: configurations.SyncConfiguration) -> Flow[configurations.RepositorySyncAttempt]:
        return self._service.get_repository_sync_status(branch.repository_link_id, branch.branch, self._kind)

    @override
    def own_names(self, branch: configurations.SyncConfiguration) -> tuple[str | None, ...]:
        return branch.config_file, self._name

    @override
    def all_blockers(self) -> Flow[tuple[SyncBlocker, ...] | None]:
        return all_blockers(self._service.get_sync_blocker_summary(self._name, self._kind))

    @override
    def resolve_blocker(self, blocker_id: str, reason: str) -> Flow[SyncBlocker]:
        return resolve_once(self._resolve, self.all_blockers, blocker_id, reason)

    def _resolve(self, blocker_id: str, reason: str) -> Flow[SyncBlocker]:
        updated = yield from self._service.update_sync_blocker(
            blocker_id, resource_name=self._name, resolved_reason=reason, sync_type=self._kind
        )
        return updated.sync_blocker

    @override
    def root_cause(self, attempt: SyncAttempt) -> Flow[RootCause | None]:
        return self._service.read_root_cause(self._name, attempt)
