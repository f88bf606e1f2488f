"""IoT TwinMaker: sync jobs, the resources they sync, their workspaces, and tags."""

from __future__ import annotations

from collections.abc import Iterator

from unisync.emulator._protocol.pagination import ListResult
from unisync.emulator._protocol.serialization import Document
from unisync.emulator._state.entity import Entity
from unisync.emulator._state.sync_jobs import SyncError, SyncJob, SyncResource, Workspace
from unisync.emulator.errors import AwsError
from unisync.emulator.services.request import Handler, OperationRequest
from unisync.emulator.services.tags import add_tags, remove_tags

DEFAULT_WORKSPACE = "IoTSiteWiseDefaultWorkspace"
"""The workspace that AWS itself keeps in sync with SiteWise. Its component types have shorter ids."""
MAX_TAGS = 50
"""The quota of tags per resource."""


def create_sync_job(request: OperationRequest) -> Document:
    """CreateSyncJob."""
    name, source, role = request.params["workspaceId"], request.params["syncSource"], request.params["syncRole"]
    workspace = _find_workspace(request)
    if _existing_job(workspace, source, request.now) is not None:
        raise AwsError("ConflictException", f"Sync job {source} already exists in workspace {name}")
    denial = request.account.denied_roles.get(role)
    error = ("SYNC_CREATING_ERROR", denial) if denial else None
    tags = dict(request.params.get("tags", {}))
    job = SyncJob(source, role, error, created_at=request.now, tags=tags)
    workspace.jobs[source] = job
    return {
        "arn": _arn(request, name, job),
        "creationDateTime": request.account.date(request.now),
        "state": job.state(request.now),
    }


def get_sync_job(request: OperationRequest) -> Document:
    """GetSyncJob. Without a workspace, it finds the first job with that source in any workspace."""
    source, name = request.params["syncSource"], request.params.get("workspaceId")
    if name is None:
        workspaces = request.account.workspaces.items()
        name = next((each for each, workspace in workspaces if _existing_job(workspace, source, request.now)), "")
    job = _find_job(request, name, "ResourceNotFoundException")
    return {**_summary(request, name, job), "syncRole": job.sync_role}


def delete_sync_job(request: OperationRequest) -> Document:
    """DeleteSyncJob. It succeeds for a job that is already DELETING, and again after a deletion that failed."""
    job = _find_job(request, request.params["workspaceId"], "ResourceNotFoundException")
    job.delete(request.now)
    return {"state": job.state(request.now)}


def list_sync_jobs(request: OperationRequest) -> ListResult:
    """ListSyncJobs."""
    name, jobs = request.params["workspaceId"], _find_workspace(request).jobs.values()
    summaries = {job.number: _summary(request, name, job) for job in jobs if not job.is_deleted(request.now)}
    return ListResult("syncJobSummaries", summaries)


def list_sync_resources(request: OperationRequest) -> ListResult:
    """ListSyncResources. Resources must match every filter."""
    workspace = _find_workspace(request)
    job = _find_job(request, request.params["workspaceId"], "ValidationException")
    found: dict[int, Document] = {}
    for resource in workspace.resources.values():
        current = resource.state(job, request.now) if resource.sync_source == job.sync_source else None
        if current is None:
            continue
        summary = _resource_summary(request, resource, *current)
        if _matches_filters(request, summary, state=current[0]):
            found[resource.number] = summary
    return ListResult("syncResources", found)


def get_workspace(request: OperationRequest) -> Document:
    """GetWorkspace."""
    name, workspace = request.params["workspaceId"], _find_workspace(request)
    created_at = request.account.date(workspace.created_at)
    account = request.account
    return {
        "workspaceId": name,
        "arn": _workspace_arn(request, name),
        "description": "",
        "s3Location": f"arn:aws:s3:::{name.lower()}-workspace",
        "role": f"arn:aws:iam::{account.account}:role/{name}-workspace",
        "creationDateTime": created_at,
        "updateDateTime": created_at,
    }


def list_workspaces(request: OperationRequest) -> ListResult:
    """ListWorkspaces."""
    summaries: dict[int, Document] = {}
    for name, workspace in request.account.workspaces.items():
        created_at = request.account.date(workspace.created_at)
        summaries[workspace.number] = {
            "workspaceId": name,
            "arn": _workspace_arn(request, name),
            "creationDateTime": created_at,
            "updateDateTime": created_at,
        }
    return ListResult("workspaceSummaries", summaries)


def tag_resource(request: OperationRequest) -> Document:
    """TagResource."""
    add_tags(_find_by_arn(request), request.params["tags"], MAX_TAGS, "TooManyTagsException")
    return {}


def untag_resource(request: OperationRequest) -> Document:
    """UntagResource."""
    remove_tags(_find_by_arn(request), request.params["tagKeys"])
    return {}


def list_tags_for_resource(request: OperationRequest) -> ListResult:
    """ListTagsForResource. A page is a map."""
    tags = enumerate(_find_by_arn(request).tags.items())
    return ListResult("tags", {number: {key: value} for number, (key, value) in tags})


def _find_by_arn(request: OperationRequest) -> Entity:
    arn = request.params["resourceARN"]
    found = next((entity for each, entity in _taggable(request) if each == arn), None)
    if found is None:
        raise AwsError("ResourceNotFoundException", f"Resource {arn} not found")
    return found


def _taggable(request: OperationRequest) -> Iterator[tuple[str, Entity]]:
    """The workspaces and the sync jobs, by ARN."""
    for name, workspace in request.account.workspaces.items():
        yield _workspace_arn(request, name), workspace
        for job in workspace.jobs.values():
            if not job.is_deleted(request.now):
                yield _arn(request, name, job), job


def _find_workspace(request: OperationRequest) -> Workspace:
    # None of the operations that call this declares ResourceNotFoundException.
    workspace = request.account.workspaces.get(request.params["workspaceId"])
    if workspace is None:
        raise AwsError("ValidationException", f"Workspace {request.params['workspaceId']} does not exist")
    return workspace


def _find_job(request: OperationRequest, name: str, error_code: str) -> SyncJob:
    """The job in a workspace. `error_code` is the error if there is none."""
    source, workspace = request.params["syncSource"], request.account.workspaces.get(name)
    job = _existing_job(workspace, source, request.now) if workspace else None
    if job is None:
        raise AwsError(error_code, f"Sync job {source} not found in workspace {name}")
    return job


def _existing_job(workspace: Workspace, source: str, now: float) -> SyncJob | None:
    job = workspace.jobs.get(source)
    return None if job is None or job.is_deleted(now) else job


def _summary(request: OperationRequest, workspace: str, job: SyncJob) -> Document:
    return {
        "arn": _arn(request, workspace, job),
        "workspaceId": workspace,
        "syncSource": job.sync_source,
        "status": _status(job.state(request.now), job.error(request.now)),
        "creationDateTime": request.account.date(job.created_at),
        "updateDateTime": request.account.date(job.updated_at(request.now)),
    }


def _matches_filters(request: OperationRequest, summary: Document, state: str) -> bool:
    filters = [item for each in request.params.get("filters", []) for item in each.items()]
    return all((state if name == "state" else summary[name]) == value for name, value in filters)


def _resource_summary(request: OperationRequest, resource: SyncResource, state: str, since: float) -> Document:
    return {
        "resourceType": resource.resource_type,
        "externalId": resource.external_id,
        "resourceId": resource.resource_id or _default_id(request, resource, state),
        "status": _status(state, resource.error),
        "updateDateTime": request.account.date(since),
    }


def _default_id(request: OperationRequest, resource: SyncResource, state: str) -> str | None:
    """The id that AWS gives to a resource. That one in ERROR has none is a guess."""
    if state == "ERROR":
        return None
    is_in_default = request.params["workspaceId"] == DEFAULT_WORKSPACE
    prefix = "" if resource.resource_type == "ENTITY" or is_in_default else "iotsitewise.assetmodel:"
    return prefix + resource.external_id


def _status(state: str, error: SyncError | None) -> Document:
    if state != "ERROR" or error is None:
        return {"state": state}
    code, message = error
    return {"state": state, "error": {"code": code, "message": message}}


def _workspace_arn(request: OperationRequest, name: str) -> str:
    return request.account.arn("iottwinmaker", f"workspace/{name}")


def _arn(request: OperationRequest, workspace: str, job: SyncJob) -> str:
    """The ARN of a sync job. People report the end "-default", which AWS does not document."""
    return f"{_workspace_arn(request, workspace)}/sync-job/{job.sync_source}-default"


HANDLERS: dict[str, Handler] = {
    "CreateSyncJob": create_sync_job,
    "GetSyncJob": get_sync_job,
    "DeleteSyncJob": delete_sync_job,
    "ListSyncJobs": list_sync_jobs,
    "ListSyncResources": list_sync_resources,
    "GetWorkspace": get_workspace,
    "ListWorkspaces": list_workspaces,
    "TagResource": tag_resource,
    "UntagResource": untag_resource,
    "ListTagsForResource": list_tags_for_resource,
}
