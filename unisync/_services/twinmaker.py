"""IoT TwinMaker: sync jobs, which bring assets from elsewhere into a workspace."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

from unisync._core.bridge import AwaitableOperations, BlockingOperations, listing, verb
from unisync._core.flow import Flow
from unisync._core.target import Subject, no_blockers
from unisync._models.jobs import (
    AsRef,
    Date,
    Model,
    SyncJobStatus,
    SyncState,
    TwinMakerSyncJob,
    TwinMakerSyncReply,
    Vocabulary,
    wire,
    with_ref,
)
from unisync._models.refs import TwinMakerSync
from unisync._services.operations import Adapter, Service, as_asked, camel, creating, deleting, given, tags_in
from unisync.lazily import Later

if TYPE_CHECKING:
    from unisync._core import pagination as lists
    from unisync._models import envelopes as answers
    from unisync._models import resources as inventory
    from unisync._services.discovery import Findings
else:
    answers, inventory = Later("unisync._models.envelopes"), Later("unisync._models.resources")
    lists = Later("unisync._core.pagination")

STATES = {
    "CREATING": SyncState.PENDING,
    "INITIALIZING": SyncState.RUNNING,
    "PROCESSING": SyncState.RUNNING,
    "ACTIVE": SyncState.ACTIVE,
    "IN_SYNC": SyncState.ACTIVE,
    "ERROR": SyncState.FAILED,
    "DELETING": SyncState.DELETING,
    "DELETED": SyncState.DELETING,
}
"""The words for jobs and those for their resources."""

TWINMAKER = Service("iottwinmaker", Vocabulary(STATES), camel)


class CreateSyncJobReply(Model, frozen=True):
    """CreateSyncJob's answer."""

    arn: str
    created_at: Date = wire("creationDateTime")
    status: SyncJobStatus = wire("state")


class CreatedSyncJob(CreateSyncJobReply, frozen=True):
    """A sync job that has just been asked for (CreateSyncJob): what AWS tells of it then, and no more."""

    ref: Annotated[TwinMakerSync, AsRef(TwinMakerSync)]


class DeleteSyncJobReply(Model, frozen=True):
    """DeleteSyncJob's answer."""

    status: SyncJobStatus = wire("state")


class DeletedSyncJob(DeleteSyncJobReply, frozen=True):
    """A sync job that is on its way out (DeleteSyncJob)."""

    ref: Annotated[TwinMakerSync, AsRef(TwinMakerSync)]


class TwinMaker(Adapter):
    """The sync operations of IoT TwinMaker, under boto3's names."""

    _service = TWINMAKER

    # The jobs.

    @verb
    def create_sync_job(
        self,
        workspace_id: str,
        *,
        sync_role: str,
        sync_source: str = "SITEWISE",
        tags: Mapping[str, str] | None = None,
    ) -> Flow[CreatedSyncJob]:
        """Create a sync job (CreateSyncJob).

        If AWS's answer is lost, the job is looked up before it is asked for again, so that it is created once.

        Args:
            workspace_id: The workspace that the assets come to.
            sync_role: The ARN of the role with which TwinMaker reads the source.
            sync_source: Where the assets come from.
            tags: Tags for the job.

        Returns:
            What AWS tells of the new job; `wait_until_active` with its `ref` waits for it.

        Raises:
            ConflictError: The workspace has a job of this source.
            InvalidRequestError: A parameter is not what AWS takes, or there is no such workspace.
            UnisyncError: Another of the tree in `unisync.errors`.
        """
        ref = TwinMakerSync(workspace_id, sync_source)
        params = {"workspace_id": workspace_id, "sync_source": sync_source, "sync_role": sync_role}
        all_params = {**params, "tags": tags_in(tags)}

        def created() -> Flow[CreateSyncJobReply | None]:
            job = yield from as_asked(self.get_sync_job(workspace_id, sync_source), params)
            # One that ends, or has ended, is an older one.
            if job is None or job.status.state in (SyncState.DELETING, SyncState.FAILED):
                return None
            return CreateSyncJobReply(arn=job.arn, created_at=job.created_at, status=job.status)

        reply = yield from creating(
            lambda: self._ask("CreateSyncJob", all_params, CreateSyncJobReply, repeatable=False), created
        )
        return with_ref(CreatedSyncJob, ref, reply)

    @verb
    def get_sync_job(self, workspace_id: str, sync_source: str = "SITEWISE") -> Flow[TwinMakerSyncJob]:
        """Read a sync job (GetSyncJob).

        Args:
            workspace_id: The workspace that the job belongs to.
            sync_source: Where its assets come from.

        Returns:
            The job.

        Raises:
            NotFoundError: There is no such job.
            UnisyncError: Another of the tree in `unisync.errors`.
        """
        ref = TwinMakerSync(workspace_id, sync_source)
        params = {"workspace_id": workspace_id, "sync_source": sync_source}
        reply = yield from self._ask("GetSyncJob", params, TwinMakerSyncReply)
        return with_ref(TwinMakerSyncJob, ref, reply)

    @verb
    def delete_sync_job(self, workspace_id: str, sync_source: str = "SITEWISE") -> Flow[DeletedSyncJob]:
        """Delete a sync job, and with it what it synced (DeleteSyncJob). `wait_until_deleted` waits for its end.

        Args:
            workspace_id: The workspace that the job belongs to.
            sync_source: Where its assets come from.

        Returns:
            What AWS tells of the job on its way out.

        Raises:
            NotFoundError: There is no such job.
            UnisyncError: Another of the tree in `unisync.errors`.
        """
        ref = TwinMakerSync(workspace_id, sync_source)
        params = {"workspace_id": workspace_id, "sync_source": sync_source}
        gone = DeleteSyncJobReply(status=SyncJobStatus(state=SyncState.DELETING, native=""))
        reply = yield from deleting(self._ask("DeleteSyncJob", params, DeleteSyncJobReply), gone)
        return with_ref(DeletedSyncJob, ref, reply)

    @listing
    def list_sync_jobs(
        self,
        workspace_id: str,
        *,
        page_size: int | None = None,
        limit: int | None = None,
        next_token: str | None = None,
    ) -> lists.Pages[inventory.SyncJobSummary]:
        """List the sync jobs of a workspace (ListSyncJobs).

        Args:
            workspace_id: The workspace.
            page_size: How many are asked for at once, up to 200.
            limit: How many are listed at the most.
            next_token: The token of the page after which the list goes on.

        Raises:
            InvalidRequestError: A parameter is not what AWS takes, or there is no such workspace.
            UnisyncError: Another of the tree in `unisync.errors`.
        """
        TwinMakerSync(workspace_id)
        pages = self._pages(
            "ListSyncJobs", {"workspace_id": workspace_id}, inventory.SyncJobs, page_size, limit, next_token
        )
        return pages.mapped(lambda entry: inventory.SyncJobSummary.of(workspace_id, entry))

    # Their resources.

    @listing
    def list_sync_resources(
        self,
        workspace_id: str,
        sync_source: str = "SITEWISE",
        *,
        state: inventory.SyncResourceState | None = None,
        resource_type: inventory.SyncResourceType | None = None,
        resource_id: str | None = None,
        external_id: str | None = None,
        page_size: int | None = None,
        limit: int | None = None,
        next_token: str | None = None,
    ) -> lists.Pages[inventory.SyncResource]:
        """List what a sync job keeps in sync (ListSyncResources).

        AWS documents `state` alone, and `resource_type` together with one of the ids. What is given otherwise is sent
        as it is.

        Args:
            workspace_id: The workspace that the job belongs to.
            sync_source: Where its assets come from.
            state: Only resources of this state, in TwinMaker's own word, such as "ERROR".
            resource_type: Only resources of this type.
            resource_id: Only the resource of this name in the workspace.
            external_id: Only the resource of this name where it comes from.
            page_size: How many are asked for at once, up to 200.
            limit: How many are listed at the most.
            next_token: The token of the page after which the list goes on.

        Raises:
            InvalidRequestError: A parameter is not what AWS takes, or there is no such job.
            UnisyncError: Another of the tree in `unisync.errors`.
        """
        TwinMakerSync(workspace_id, sync_source)
        wanted = {
            "state": state,
            "resource_type": resource_type,
            "resource_id": resource_id,
            "external_id": external_id,
        }
        filters = [{camel(name): value} for name, value in given(wanted).items()]
        return self._pages(
            "ListSyncResources",
            {"workspace_id": workspace_id, "sync_source": sync_source, "filters": filters or None},
            inventory.SyncResourcePage,
            page_size,
            limit,
            next_token,
        )

    @verb
    def summarize_sync_resources(
        self, workspace_id: str, sync_source: str = "SITEWISE"
    ) -> Flow[inventory.SyncResources]:
        """Add up what a sync job keeps in sync: how many resources there are of each state, and which failed.

        Args:
            workspace_id: The workspace that the job belongs to.
            sync_source: Where its assets come from.

        Returns:
            The counts by state, and the failed resources with their reasons.

        Raises:
            InvalidRequestError: A parameter is not what AWS takes, or there is no such job.
            UnisyncError: Another of the tree in `unisync.errors`.

        AWS operation: ListSyncResources.
        """
        ref = TwinMakerSync(workspace_id, sync_source)
        counts: Counter[SyncState] = Counter()
        failed: list[inventory.SyncResource] = []
        walk = self.list_sync_resources(workspace_id, sync_source, page_size=200).walk()
        while walk.goes_on:
            for resource in (yield from walk.next_page()):
                counts[resource.status.state] += 1
                if resource.status.state is SyncState.FAILED:
                    failed.append(resource)
        return inventory.SyncResources(ref=ref, counts=dict(counts), failed=tuple(failed))


class BlockingTwinMaker(BlockingOperations, TwinMaker):
    """The sync operations of IoT TwinMaker, under boto3's names."""


class AsyncTwinMaker(AwaitableOperations, TwinMaker):
    """The sync operations of IoT TwinMaker, under boto3's names, awaited."""


class TwinMakerSyncs(TwinMaker):
    """What the verbs that all services share need of IoT TwinMaker."""

    def subject(self, ref: TwinMakerSync) -> Subject[TwinMakerSyncJob]:
        """A sync job as something to wait for. It follows no commits, and nothing blocks it."""

        def look() -> Flow[TwinMakerSyncJob]:
            return self.get_sync_job(ref.workspace_id, ref.sync_source)

        def resources() -> Flow[inventory.SyncResources]:
            return self.summarize_sync_resources(ref.workspace_id, ref.sync_source)

        return Subject(ref, look=look, blockers=no_blockers, remains=look, resources=resources, has_revisions=False)

    def discover(self, findings: Findings) -> Flow[None]:
        """Find every job of every workspace."""
        for workspace in (yield from self._workspaces().collect()):
            jobs = yield from findings.trying(self.list_sync_jobs(workspace.workspace_id).collect())
            findings.refs += [job.ref for job in jobs or ()]

    def _workspaces(self) -> lists.Pages[answers.Workspace]:
        return self._pages("ListWorkspaces", {}, answers.Workspaces)
