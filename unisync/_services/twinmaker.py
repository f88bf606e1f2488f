"""IoT TwinMaker: sync jobs, which import assets from another service into a workspace."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import partial
from typing import Annotated, NoReturn

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
from unisync._models import envelopes, resources
from unisync._models.base import AsRef, Date, EnumMapping, Model, SyncState, alias, with_ref
from unisync._models.jobs import SyncJobStatus, TwinMakerSyncJob, TwinMakerSyncResponse
from unisync._models.refs import SyncRef, TwinMakerSync
from unisync._services.ensure import EnsureResult, ensure
from unisync._services.findings import Findings
from unisync._services.operations import (
    Service,
    ServiceOperations,
    camel,
    create_once,
    delete_idempotent,
    drop_none,
    if_as_requested,
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
"""The states of sync jobs and of their resources."""


def to_wire_name(name: str) -> str:
    """AWS's name of a parameter, from ours."""
    return "resourceARN" if name == "resource_arn" else camel(name)


TWINMAKER = Service("iottwinmaker", EnumMapping(STATES), to_wire_name, tags_per_page=200)


class CreateSyncJobResponse(Model, frozen=True):
    """CreateSyncJob's response."""

    arn: str
    """The ARN of the sync job."""
    created_at: Date = alias("creationDateTime")
    """When the job was created, in UTC."""
    status: SyncJobStatus = alias("state")
    """The status of the new job."""


class CreatedSyncJob(CreateSyncJobResponse, frozen=True):
    """A new sync job, as far as AWS describes it (CreateSyncJob)."""

    ref: Annotated[TwinMakerSync, AsRef(TwinMakerSync)]
    """The sync."""


class DeleteSyncJobResponse(Model, frozen=True):
    """DeleteSyncJob's response."""

    status: SyncJobStatus = alias("state")
    """The status of the job; AWS deletes its resources first."""


class DeletedSyncJob(DeleteSyncJobResponse, frozen=True):
    """A sync job that is being deleted (DeleteSyncJob)."""

    ref: Annotated[TwinMakerSync, AsRef(TwinMakerSync)]
    """The sync."""


class TwinMaker(ServiceOperations):
    """The sync operations of IoT TwinMaker, under boto3's names."""

    _service = TWINMAKER

    # Sync jobs.

    @write_operation
    def create_sync_job(
        self,
        workspace_id: str,
        *,
        sync_role: str,
        sync_source: str = "SITEWISE",
        tags: Mapping[str, str] | None = None,
    ) -> Flow[CreatedSyncJob]:
        """Create a sync job (CreateSyncJob).

        If the response is lost, the job is looked up before the request is retried, so it is created at most once.

        Args:
            workspace_id: The workspace to import the assets into.
            sync_role: The ARN of the role with which TwinMaker reads the source.
            sync_source: The source of the assets, such as "SITEWISE".
            tags: Tags for the job, up to 50.
            dry_run: True validates the arguments and returns the request as a `DryRun`, without sending it.

        Returns:
            The new job. Pass its `ref` to `wait_until_active` to wait for it.

        Raises:
            InvalidArgumentError: An argument is not what is expected.
            InvalidRequestError: AWS rejects a parameter, or there is no such workspace.
            ConflictError: The workspace has a job for this source.
            UnisyncError: Any other error in `unisync.errors`.
        """
        ref = TwinMakerSync(workspace_id, sync_source)
        params = {"workspace_id": workspace_id, "sync_source": sync_source, "sync_role": sync_role}
        all_params = {**params, "tags": self._tags(tags)}

        def created() -> Flow[CreateSyncJobResponse | None]:
            job = yield from if_as_requested(self.get_sync_job(workspace_id, sync_source), params)
            # A job that failed or is being deleted is an older one.
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
            sync_source: The source of its assets, such as "SITEWISE".

        Returns:
            The job.

        Raises:
            InvalidArgumentError: An argument is not what is expected.
            InvalidRequestError: AWS rejects a parameter.
            NotFoundError: There is no such job.
            UnisyncError: Any other error in `unisync.errors`.
        """
        ref = TwinMakerSync(workspace_id, sync_source)
        params = {"workspace_id": workspace_id, "sync_source": sync_source}
        response = yield from self._request("GetSyncJob", params, TwinMakerSyncResponse)
        return with_ref(TwinMakerSyncJob, self._ref(ref), response)

    @write_operation
    def delete_sync_job(self, workspace_id: str, sync_source: str = "SITEWISE") -> Flow[DeletedSyncJob]:
        """Start deleting a sync job and the resources that it synced (DeleteSyncJob).

        Use `wait_until_deleted` to wait until it is deleted.

        Args:
            workspace_id: The workspace that the job belongs to.
            sync_source: The source of its assets, such as "SITEWISE".
            dry_run: True validates the arguments and returns the request as a `DryRun`, without sending it.

        Returns:
            The job that is being deleted.

        Raises:
            InvalidArgumentError: An argument is not what is expected.
            InvalidRequestError: AWS rejects a parameter.
            NotFoundError: There is no such job.
            UnisyncError: Any other error in `unisync.errors`.
        """
        ref = TwinMakerSync(workspace_id, sync_source)
        params = {"workspace_id": workspace_id, "sync_source": sync_source}
        deleted = DeleteSyncJobResponse(status=SyncJobStatus(state=SyncState.DELETING, aws_state=""))
        response = yield from delete_idempotent(self._request("DeleteSyncJob", params, DeleteSyncJobResponse), deleted)
        return with_ref(DeletedSyncJob, ref, response)

    @operation
    def ensure_sync_job(
        self,
        workspace_id: str,
        *,
        sync_role: str,
        sync_source: str = "SITEWISE",
        tags: Mapping[str, str] | None = None,
        dry_run: bool = False,
    ) -> Flow[EnsureResult[TwinMakerSyncJob]]:
        """Ensure that a workspace has a sync job with this role.

        Creates the job, sets the tags that it lacks, or leaves it unchanged. AWS cannot update a job's role. If that
        differs, this raises a ConflictError and changes nothing, since the way to another role deletes all resources
        that the job synced: `delete_sync_job`, `wait_until_deleted`, and this again.

        Whether the job works does not count: to find out, wait with `wait_until_active`. If another client changes the
        job at the same time, it is read and compared again.

        Args:
            workspace_id: The workspace to import the assets into.
            sync_role: The ARN of the role with which TwinMaker reads the source.
            sync_source: The source of the assets, such as "SITEWISE".
            tags: Tags that the job must have, up to 50; it may have others. None leaves its tags unchanged.
            dry_run: True only reads, and returns what would be done and sent.

        Returns:
            What was done, and the job as it is now.

        Raises:
            InvalidArgumentError: An argument is not what is expected.
            InvalidRequestError: AWS rejects a parameter, or there is no such workspace.
            ConflictError: The job has another role, or is being deleted; the message says which. Or other clients keep
                changing it.
            UnisyncError: Any other error in `unisync.errors`.

        AWS operation: GetSyncJob; CreateSyncJob, or ListTagsForResource and TagResource.
        """
        ref = TwinMakerSync(workspace_id, sync_source)
        params = {"workspace_id": workspace_id, "sync_source": sync_source, "sync_role": sync_role}
        yield from self._validate("CreateSyncJob", {**params, "tags": self._tags(tags)})

        def read() -> Flow[TwinMakerSyncJob]:
            job = yield from self.get_sync_job(workspace_id, sync_source)
            if job.status.state is SyncState.DELETING:
                message = f"{ref} is being deleted: wait until it is deleted (wait_until_deleted), and ensure it again"
                raise self._conflict("CreateSyncJob", message)
            return job

        def create() -> Flow[None]:
            yield from self.create_sync_job(workspace_id, sync_role=sync_role, sync_source=sync_source, tags=tags)

        def update(job: TwinMakerSyncJob, changed: Mapping[str, object]) -> NoReturn:
            advice = "delete it (delete_sync_job), wait until it is deleted (wait_until_deleted), and ensure it again"
            raise self._cannot_update("CreateSyncJob", str(ref), changed, job, advice)

        return (
            yield from ensure(
                {"sync_role": sync_role},
                read=read,
                create=create,
                update=update,
                tagging=self._tagging(tags, lambda job: job.arn),
                dry_run=dry_run,
            )
        )

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
            page_size: The number of items per request, 1 to 200; None leaves it to AWS.
            limit: The maximum number of items, 0 or more; None is all.
            next_token: The `next_token` of a page, to continue after it; None starts at the first page.

        Returns:
            The sync jobs, to iterate over.

        Raises:
            InvalidArgumentError: An argument is not what is expected.
            InvalidRequestError: AWS rejects a parameter, or there is no such workspace.
            UnisyncError: Any other error in `unisync.errors`.
        """
        ref = TwinMakerSync(workspace_id)
        pages = self._pages(
            "ListSyncJobs", {"workspace_id": workspace_id}, resources.SyncJobsPage, page_size, limit, next_token
        )

        def job(entry: resources.SyncJobEntry) -> resources.SyncJobSummary:
            source = entry.sync_source or ref.sync_source
            return with_ref(resources.SyncJobSummary, self._ref(TwinMakerSync(workspace_id, source)), entry)

        return pages.mapped(job)

    # Resources.

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
        """List the resources that a sync job keeps in sync (ListSyncResources).

        AWS documents two filters: `state` alone, or `resource_type` with one of the ids. Other combinations are sent
        unchanged.

        Args:
            workspace_id: The workspace that the job belongs to.
            sync_source: The source of its assets, such as "SITEWISE".
            state: Only resources in this state: "INITIALIZING", "PROCESSING", "IN_SYNC", "ERROR" or "DELETED".
            resource_type: Only resources of this type: "ENTITY" or "COMPONENT_TYPE".
            resource_id: Only the resource with this id in the workspace.
            external_id: Only the resource with this id in the source.
            page_size: The number of items per request, 1 to 200; None leaves it to AWS.
            limit: The maximum number of items, 0 or more; None is all.
            next_token: The `next_token` of a page, to continue after it; None starts at the first page.

        Returns:
            The resources, to iterate over.

        Raises:
            InvalidArgumentError: An argument is not what is expected.
            InvalidRequestError: AWS rejects a parameter, or there is no such job.
            UnisyncError: Any other error in `unisync.errors`.
        """
        TwinMakerSync(workspace_id, sync_source)
        conditions = {
            "state": state,
            "resource_type": resource_type,
            "resource_id": resource_id,
            "external_id": external_id,
        }
        filters = [{camel(name): value} for name, value in drop_none(conditions).items()]
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
        """Count the resources that a sync job keeps in sync, by state, and list those that failed.

        Args:
            workspace_id: The workspace that the job belongs to.
            sync_source: The source of its assets, such as "SITEWISE".

        Returns:
            The number of resources in each state, and the failed resources with their reasons.

        Raises:
            InvalidArgumentError: An argument is not what is expected.
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


class RawTwinMakerClient(RawSyncOperations, TwinMaker):
    """The sync operations of IoT TwinMaker, with AWS's responses."""


class RawAsyncTwinMakerClient(RawAsyncOperations, TwinMaker):
    """The sync operations of IoT TwinMaker, awaited, with AWS's responses."""


class TwinMakerTargets(TwinMaker):
    """Sync jobs as targets of waits, and how to discover them."""

    def target(self, ref: TwinMakerSync) -> SyncTarget[TwinMakerSyncJob]:
        """A sync job as a target."""
        return _JobTarget(self, ref, self._ref(ref))

    def read_workspace(self, workspace_id: str) -> Flow[Model]:
        """Read a workspace (GetWorkspace); NotFoundError if there is none."""
        return self._request("GetWorkspace", {"workspace_id": workspace_id}, Model)

    def discover(self, findings: Findings) -> Flow[None]:
        """Find every sync job of every workspace, by the tags of the job."""
        for workspace in (yield from self._pages("ListWorkspaces", {}, envelopes.WorkspacesPage).collect()):
            jobs = yield from findings.attempt(self.list_sync_jobs(workspace.workspace_id).collect())
            for job in jobs or ():
                if (yield from findings.match(partial(self._tags_of_job, workspace.workspace_id, job))):
                    findings.add([job.ref])

    def _tags_of_job(self, workspace_id: str, job: resources.SyncJobSummary) -> Flow[dict[str, str]]:
        arn = job.arn
        if arn is None:  # AWS may leave it out of a list
            arn = (yield from self.get_sync_job(workspace_id, job.sync_source or "SITEWISE")).arn
        return (yield from self.list_tags_for_resource(arn))


class _JobTarget(SyncTarget[TwinMakerSyncJob]):
    """A sync job. It follows no commits, and nothing can block it."""

    has_revisions = False
    has_resources = True

    def __init__(self, twinmaker: TwinMakerTargets, job: TwinMakerSync, ref: SyncRef[TwinMakerSyncJob]) -> None:
        super().__init__(ref)
        self._twinmaker = twinmaker
        self._job = job

    @override
    def fetch(self) -> Flow[TwinMakerSyncJob]:
        return self._twinmaker.get_sync_job(self._job.workspace_id, self._job.sync_source)

    @override
    def resources(self) -> Flow[resources.SyncResourceSummary]:
        return self._twinmaker.summarize_sync_resources(self._job.workspace_id, self._job.sync_source)
