"""CodeConnections: Git sync of CloudFormation stacks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from unisync.errors import NotFoundError
from unisync.flow import Call, Flow, ask
from unisync.models import GitSyncJob, GitSyncReply, ResourceSyncAttempt, Vocabulary, both
from unisync.refs import StackSync
from unisync.services.git import STATES, active_blockers, git_job, git_subject
from unisync.subject import Subject
from unisync.verbs import AwaitableOperations, BlockingOperations, Verbs, verb

if TYPE_CHECKING:
    from unisync.definitions import SyncBlocker, SyncBlockerSummary, SyncConfiguration

SERVICE = "codeconnections"

VOCABULARY = Vocabulary(STATES)


class ResourceSyncReply(GitSyncReply, frozen=True):
    """GetResourceSyncStatus's answer: unlike Proton's, it is never without an attempt."""

    latest_sync: ResourceSyncAttempt = both("latestSync")


class CodeConnections(Verbs):
    """The sync operations of CodeConnections, under boto3's names."""

    @verb
    def get_resource_sync_status(self, resource_name: str, sync_type: str = "CFN_STACK_SYNC") -> Flow[GitSyncJob]:
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
        params = {"ResourceName": resource_name, "SyncType": sync_type}
        reply = yield from ask(Call(SERVICE, "GetResourceSyncStatus", params, ResourceSyncReply, VOCABULARY))
        return git_job(StackSync(resource_name, sync_type), reply)

    @verb
    def get_sync_configuration(self, resource_name: str, sync_type: str = "CFN_STACK_SYNC") -> Flow[SyncConfiguration]:
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
        from unisync.definitions import SyncConfigurationReply

        params = {"ResourceName": resource_name, "SyncType": sync_type}
        reply = yield from ask(Call(SERVICE, "GetSyncConfiguration", params, SyncConfigurationReply, VOCABULARY))
        return reply.sync_configuration

    @verb
    def get_sync_blocker_summary(
        self, resource_name: str, sync_type: str = "CFN_STACK_SYNC"
    ) -> Flow[SyncBlockerSummary]:
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
        from unisync.definitions import SyncBlockerSummaryReply

        params = {"ResourceName": resource_name, "SyncType": sync_type}
        reply = yield from ask(Call(SERVICE, "GetSyncBlockerSummary", params, SyncBlockerSummaryReply, VOCABULARY))
        return reply.summary


class BlockingCodeConnections(BlockingOperations, CodeConnections):
    """The sync operations of CodeConnections, under boto3's names."""


class AsyncCodeConnections(AwaitableOperations, CodeConnections):
    """The sync operations of CodeConnections, under boto3's names, awaited."""


_FLOWS = CodeConnections()


def subject(ref: StackSync) -> Subject[GitSyncJob]:
    """The sync of a stack as something to wait for."""

    def blockers() -> Flow[tuple[SyncBlocker, ...]]:
        try:
            summary = yield from _FLOWS.get_sync_blocker_summary(ref.resource_name, ref.sync_type)
        except NotFoundError:
            return ()
        return active_blockers(summary)

    return git_subject(
        ref,
        status=lambda: _FLOWS.get_resource_sync_status(ref.resource_name, ref.sync_type),
        definition=lambda: _FLOWS.get_sync_configuration(ref.resource_name, ref.sync_type),
        blockers=blockers,
        release=f"aws codeconnections update-sync-blocker --id {{id}} --sync-type {ref.sync_type} "
        f"--resource-name {ref.resource_name} --resolved-reason REASON",
    )
