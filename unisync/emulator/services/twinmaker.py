"""IoT TwinMaker: sync jobs, what they sync, and the workspaces they are in."""

from __future__ import annotations

from unisync.emulator._protocol.pagination import Listing
from unisync.emulator._protocol.serialization import Document
from unisync.emulator._state.sync_jobs import Error, SyncJob, SyncResource, Workspace
from unisync.emulator.errors import AwsError
from unisync.emulator.services.request import Asked, Behaviour


def create_sync_job(asked: Asked) -> Document:
    """CreateSyncJob."""
    name, source, role = asked.params["workspaceId"], asked.params["syncSource"], asked.params["syncRole"]
    workspace = _workspace(asked)
    if _existing(workspace, source, asked.now) is not None:
        raise AwsError("ConflictException", f"Sync job {source} already exists in workspace {name}")
    refusal = asked.world.denied_roles.get(role)
    error = ("SYNC_CREATING_ERROR", refusal) if refusal else None
    job = SyncJob(source, role, asked.params.get("tags", {}), error, created_at=asked.now)
    workspace.jobs[source] = job
    return {
        "arn": _arn(asked, name, job),
        "creationDateTime": asked.world.date(asked.now),
        "state": job.state(asked.now),
    }


def get_sync_job(asked: Asked) -> Document:
    """GetSyncJob. Without a workspace, the job of that source wherever it is."""
    source, name = asked.params["syncSource"], asked.params.get("workspaceId")
    if name is None:
        everywhere = asked.world.workspaces.items()
        name = next((each for each, place in everywhere if _existing(place, source, asked.now)), "")
    job = _job(asked, name, "ResourceNotFoundException")
    return {**_summary(asked, name, job), "syncRole": job.sync_role}


def delete_sync_job(asked: Asked) -> Document:
    """DeleteSyncJob. Deleting what is being deleted is no error."""
    job = _job(asked, asked.params["workspaceId"], "ResourceNotFoundException")
    job.deleted_at = asked.now if job.deleted_at is None else job.deleted_at
    return {"state": job.state(asked.now)}


def list_sync_jobs(asked: Asked) -> Listing:
    """ListSyncJobs."""
    name, jobs = asked.params["workspaceId"], _workspace(asked).jobs.values()
    summaries = {job.number: _summary(asked, name, job) for job in jobs if not job.gone(asked.now)}
    return Listing("syncJobSummaries", summaries)


def list_sync_resources(asked: Asked) -> Listing:
    """ListSyncResources: those that every filter lets through."""
    workspace = _workspace(asked)
    job = _job(asked, asked.params["workspaceId"], "ValidationException")
    found: dict[int, Document] = {}
    for resource in workspace.resources.values():
        stage = resource.stage(job, asked.now) if resource.sync_source == job.sync_source else None
        if stage is not None and _passes(asked, resource, stage[0]):
            found[resource.number] = _resource_summary(asked, resource, *stage)
    return Listing("syncResources", found)


def list_workspaces(asked: Asked) -> Listing:
    """ListWorkspaces."""
    summaries: dict[int, Document] = {}
    for name, workspace in asked.world.workspaces.items():
        created_at = asked.world.date(workspace.created_at)
        arn = asked.world.arn("iottwinmaker", f"workspace/{name}")
        summaries[workspace.number] = {
            "workspaceId": name,
            "arn": arn,
            "creationDateTime": created_at,
            "updateDateTime": created_at,
        }
    return Listing("workspaceSummaries", summaries)


def _workspace(asked: Asked) -> Workspace:
    # None of the operations that ask for one models ResourceNotFoundException.
    workspace = asked.world.workspaces.get(asked.params["workspaceId"])
    if workspace is None:
        raise AwsError("ValidationException", f"Workspace {asked.params['workspaceId']} does not exist")
    return workspace


def _job(asked: Asked, name: str, otherwise: str) -> SyncJob:
    """The job in a workspace; an error of the code `otherwise` if there is none."""
    source, workspace = asked.params["syncSource"], asked.world.workspaces.get(name)
    job = _existing(workspace, source, asked.now) if workspace else None
    if job is None:
        raise AwsError(otherwise, f"Sync job {source} not found in workspace {name}")
    return job


def _existing(workspace: Workspace, source: str, now: float) -> SyncJob | None:
    job = workspace.jobs.get(source)
    return None if job is None or job.gone(now) else job


def _summary(asked: Asked, workspace: str, job: SyncJob) -> Document:
    return {
        "arn": _arn(asked, workspace, job),
        "workspaceId": workspace,
        "syncSource": job.sync_source,
        "status": _status(job.state(asked.now), job.error),
        "creationDateTime": asked.world.date(job.created_at),
        "updateDateTime": asked.world.date(job.updated_at(asked.now)),
    }


def _passes(asked: Asked, resource: SyncResource, state: str) -> bool:
    about = {
        "state": state,
        "resourceType": resource.resource_type,
        "resourceId": resource.resource_id,
        "externalId": resource.external_id,
    }
    wanted = [item for each in asked.params.get("filters", []) for item in each.items()]
    return all(about[name] == value for name, value in wanted)


def _resource_summary(asked: Asked, resource: SyncResource, state: str, since: float) -> Document:
    return {
        "resourceType": resource.resource_type,
        "externalId": resource.external_id,
        "resourceId": resource.resource_id,
        "status": _status(state, resource.error),
        "updateDateTime": asked.world.date(since),
    }


def _status(state: str, error: Error | None) -> Document:
    if state != "ERROR" or error is None:
        return {"state": state}
    code, message = error
    return {"state": state, "error": {"code": code, "message": message}}


def _arn(asked: Asked, workspace: str, job: SyncJob) -> str:
    return asked.world.arn("iottwinmaker", f"workspace/{workspace}/sync-job/{job.sync_source}")


BEHAVIOURS: dict[str, Behaviour] = {
    "CreateSyncJob": create_sync_job,
    "GetSyncJob": get_sync_job,
    "DeleteSyncJob": delete_sync_job,
    "ListSyncJobs": list_sync_jobs,
    "ListSyncResources": list_sync_resources,
    "ListWorkspaces": list_workspaces,
}
