"""IoT TwinMaker: sync jobs, which bring assets from elsewhere into a workspace."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Annotated

from unisync._core.bridge import AsyncOperations, SyncOperations, operation, paginated
from unisync._core.flow import Flow
from unisync._core.pagination import PageRequest
from unisync._core.target import SyncTarget, no_blockers
from unisync._models import envelopes, resources
from unisync._models.base import AsRef, Date, EnumMapping, Model, SyncState, alias, with_ref
from unisync._models.jobs import SyncJobStatus, TwinMakerSyncJob, TwinMakerSyncResponse
from unisync._models.refs import TwinMakerSync
from unisync._services.findings import Findings
from unisync._services.operations import (
    Service,
    ServiceOperations,
    camel,
    create_once,
    delete_idempotent,
    drop_none,
    if_as_requested,
    tag_mapping,
)

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
"""The states of jobs and of their resources."""

TWINMAKER = Service("iottwinmaker", EnumMapping(STATES), camel)


class CreateSyncJobResponse(Model, frozen=True):
    """CreateSyncJob's response."""

    arn: str
    created_at: Date = alias("creationDateTime")
    status: SyncJobStatus = alias("state")


class CreatedSyncJob(CreateSyncJobResponse, frozen=True):
    """A sync job that was just created (CreateSyncJob), as far as AWS describes it then."""

    ref: Annotated[TwinMakerSync, AsRef(TwinMakerSync)]


class DeleteSyncJobResponse(Model, frozen=True):
    """DeleteSyncJob's response."""

    status: SyncJobStatus = alias("state")


class DeletedSyncJob(DeleteSyncJobResponse, frozen=True):
    """A sync job that is being deleted (DeleteSyncJob)."""

    ref: Annotated[TwinMakerSync, AsRef(TwinMakerSync)]


class TwinMaker(ServiceOperations):
    """The sync operations of IoT TwinMaker, under boto3's names."""

    _service = TWINMAKER

    # The jobs.

    @operation
    def create_sync_job(
        self,
        workspace_id: str,
        *,
        sync_role: str,
        sync_source: str = "SITEWISE",
        tags: Mapping[str, str] | None = None,
    ) -> Flow[CreatedSyncJob]:
        """Create a sync job (CreateSyncJob).

        If AWS's response is lost, the job is looked up before it is asked for again, so that it is created once.

        Args:
            workspace_id: The workspace that the assets come to.
            sync_role: The ARN of the role with which TwinMaker reads the source.
            sync_source: Where the assets come from.
            tags: Tags for the job.

        Returns:
            What AWS tells of the new job; `wait_until_active` with its `ref` waits for it.

        Raises:
            ConflictError: The workspace has a job of this source.
            InvalidRequestError: AWS rejects a parameter, or there is no such workspace.
            UnisyncError: Any other error in `unisync.errors`.
        """
        ref = TwinMakerSync(workspace_id, sync_source)
        params = {"workspace_id": workspace_id, "sync_source": sync_source, "sync_role": sync_role}
        all_params = {**params, "tags": tag_mapping(tags)}

        def created() -> Flow[CreateSyncJobResponse | None]:
            job = yield from if_as_requested(self.get_sync_job(workspace_id, sync_source), params)
            # One that ends, or has ended, is an older one.
            if job is None or job.status.state in (SyncState.DELETING, SyncState.FAILED):
                return None
            return CreateSyncJobResponse(arn=job.arn, created_at=job.created_at, status=job.status)

        response = yield from create_once(
            lambda: self._request("CreateSyncJob", all_params, CreateSyncJobResponse, idempotent=False), created
        )
        return with_ref(CreatedSyncJob, ref, response)

    @operation
    def get_sync_job(self, workspace_id: str, sync_source: str = "SITEWISE") -> Flow[TwinMakerSyncJob]:
        """Read a sync job (GetSyncJob).

        Args:
            workspace_id: The workspace that the job belongs to.
            sync_source: Where its assets come from.

        Returns:
            The job.

        Raises:
            NotFoundError: There is no such job.
            UnisyncError: Any other error in `unisync.errors`.
        """
        ref = TwinMakerSync(workspace_id, sync_source)
        params = {"workspace_id": workspace_id, "sync_source": sync_source}
        response = yield from self._request("GetSyncJob", params, TwinMakerSyncResponse)
        return with_ref(TwinMakerSyncJob, self._ref(ref), response)

    @operation
    def delete_sync_job(self, workspace_id: str, sync_source: str = "SITEWISE") -> Flow[DeletedSyncJob]:
        """Delete a sync job, and with it what it synced (DeleteSyncJob). `wait_until_deleted` waits for its end.

        Args:
            workspace_id: The workspace that the job belongs to.
            sync_source: Where its assets come from.

        Returns:
            What AWS tells of the job on its way out.

        Raises:
            NotFoundError: There is no such job.
            UnisyncError: Any other error in `unisync.errors`.
        """
        ref = TwinMakerSync(workspace_id, sync_source)
        params = {"workspace_id": workspace_id, "sync_source": sync_source}
        deleted = DeleteSyncJobResponse(status=SyncJobStatus(state=SyncState.DELETING, aws_state=""))
        response = yield from delete_idempotent(self._request("DeleteSyncJob", params, DeleteSyncJobResponse), deleted)
        return with_ref(DeletedSyncJob, ref, response)

    @paginated
    def list_sync_jobs(
        self,
        workspace_id: str,
        *,
        page_size: int | None = None,
        limit: int | None = None,
        next_token: str | None = None,
    ) -> PageRequest[resources.SyncJobSummary]:
        """List the sync jobs of a workspace (ListSyncJobs).

        Args:
            workspace_id: The workspace.
            page_size: The page size, up to 200.
            limit: The maximum number of items.
            next_token: The token with which to continue an earlier list.

        Raises:
            InvalidRequestError: AWS rejects a parameter, or there is no such workspace.
            UnisyncError: Any other error in `unisync.errors`.
        """
        ref = TwinMakerSync(workspace_id)
        pages = self._pages(
            "ListSyncJobs", {"workspace_id": workspace_id}, resources.SyncJobsPage, page_size, limit, next_token
        )

        def job(entry: resources.SyncJobEntry) -> resources.SyncJobSummary:
            source = entry.sync_source or ref.sync_source
            return resources.SyncJobSummary.of(self._ref(TwinMakerSync(workspace_id, source)), entry)

        return pages.mapped(job)

    # Their resources.

    @paginated
    def list_sync_resources(
        self,
        workspace_id: str,
        sync_source: str = "SITEWISE",
        *,
        state: resources.SyncResourceState | None = None,
        resource_type: resources.SyncResourceType | None = None,
        resource_id: str | None = None,
        external_id: str | None = None,
        page_size: int | None = None,
        limit: int | None = None,
        next_token: str | None = None,
    ) -> PageRequest[resources.SyncResource]:
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
            page_size: The page size, up to 200.
            limit: The maximum number of items.
            next_token: The token with which to continue an earlier list.

        Raises:
            InvalidRequestError: AWS rejects a parameter, or there is no such job.
            UnisyncError: Any other error in `unisync.errors`.
        """
        TwinMakerSync(workspace_id, sync_source)
        wanted = {
            "state": state,
            "resource_type": resource_type,
            "resource_id": resource_id,
            "external_id": external_id,
        }
        filters = [{camel(name): value} for name, value in drop_none(wanted).items()]
        return self._pages(
            "ListSyncResources",
            {"workspace_id": workspace_id, "sync_source": sync_source, "filters": filters or None},
            resources.SyncResourcesPage,
            page_size,
            limit,
            next_token,
        )

    @operation
    def summarize_sync_resources(
        self, workspace_id: str, sync_source: str = "SITEWISE"
    ) -> Flow[resources.SyncResourceSummary]:
        """Add up what a sync job keeps in sync: how many resources there are of each state, and which failed.

        Args:
            workspace_id: The workspace that the job belongs to.
            sync_source: Where its assets come from.

        Returns:
            The counts by state, and the failed resources with their reasons.

        Raises:
            InvalidRequestError: AWS rejects a parameter, or there is no such job.
            UnisyncError: Any other error in `unisync.errors`.

        AWS operation: ListSyncResources.
        """
        ref = TwinMakerSync(workspace_id, sync_source)
        counts: Counter[SyncState] = Counter()
        failed: list[resources.SyncResource] = []
        cursor = self.list_sync_resources(workspace_id, sync_source, page_size=200).cursor()
        while cursor.has_next:
            for resource in (yield from cursor.next_page()):
                counts[resource.status.state] += 1
                if resource.status.state is SyncState.FAILED:
                    failed.append(resource)
        counted = tuple(counts.items())
        return resources.SyncResourceSummary.model_construct(ref=self._ref(ref), counts=counted, failed=tuple(failed))


class TwinMakerClient(SyncOperations, TwinMaker):
    """The sync operations of IoT TwinMaker, under boto3's names."""


class AsyncTwinMakerClient(AsyncOperations, TwinMaker):
    """The sync operations of IoT TwinMaker, under boto3's names, awaited."""


class TwinMakerTargets(TwinMaker):
    """Sync jobs as targets, and how to find them."""

    def target(self, ref: TwinMakerSync) -> SyncTarget[TwinMakerSyncJob]:
        """A sync job as a target. It follows no commits, and nothing blocks it."""

        def fetch() -> Flow[TwinMakerSyncJob]:
            return self.get_sync_job(ref.workspace_id, ref.sync_source)

        def count() -> Flow[resources.SyncResourceSummary]:
            return self.summarize_sync_resources(ref.workspace_id, ref.sync_source)

        return SyncTarget(
            self._ref(ref),
            fetch=fetch,
            blockers=no_blockers,
            fetch_until_deleted=fetch,
            resources=count,
            has_revisions=False,
        )

    def discover(self, findings: Findings) -> Flow[None]:
        """Find every sync job of every workspace."""
        for workspace in (yield from self._pages("ListWorkspaces", {}, envelopes.WorkspacesPage).collect()):
            jobs = yield from findings.attempt(self.list_sync_jobs(workspace.workspace_id).collect())
            findings.add(job.ref for job in jobs or ())
