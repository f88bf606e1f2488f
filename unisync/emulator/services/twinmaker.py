"""IoT TwinMaker: sync jobs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from unisync.emulator.errors import AwsError
from unisync.emulator.protocol import Document
from unisync.emulator.world import SyncJob, World


def create_sync_job(world: World, params: Mapping[str, Any], now: float) -> Document:
    """CreateSyncJob."""
    name, source, role = params["workspaceId"], params["syncSource"], params["syncRole"]
    workspace = world.workspaces.get(name)
    if workspace is None:
        raise AwsError("ValidationException", f"Workspace {name} does not exist")
    existing = workspace.jobs.get(source)
    if _exists(existing, now):
        raise AwsError("ConflictException", f"Sync job {source} already exists in workspace {name}")
    refusal = world.refused_roles.get(role)
    error = ("SYNC_CREATING_ERROR", refusal) if refusal else None
    job = workspace.jobs[source] = SyncJob(source, role, params.get("tags", {}), now, error)
    return {"arn": _arn(world, name, job), "creationDateTime": world.date(now), "state": job.state(now)}


def get_sync_job(world: World, params: Mapping[str, Any], now: float) -> Document:
    """GetSyncJob. Without a workspace, the job of that source wherever it is."""
    source, name = params["syncSource"], params.get("workspaceId")
    if name is None:
        places = (each for each, workspace in world.workspaces.items() if _exists(workspace.jobs.get(source), now))
        name = next(places, "")
    job = _find(world, name, source, now)
    status: dict[str, object] = {"state": job.state(now)}
    if status["state"] == "ERROR" and job.error is not None:
        status["error"] = {"code": job.error[0], "message": job.error[1]}
    return {
        "arn": _arn(world, name, job),
        "workspaceId": name,
        "syncSource": source,
        "syncRole": job.sync_role,
        "status": status,
        "creationDateTime": world.date(job.created_at),
        "updateDateTime": world.date(job.updated_at(now)),
    }


def delete_sync_job(world: World, params: Mapping[str, Any], now: float) -> Document:
    """DeleteSyncJob. Deleting what is being deleted is no error."""
    job = _find(world, params["workspaceId"], params["syncSource"], now)
    job.deleted_at = now if job.deleted_at is None else job.deleted_at
    return {"state": job.state(now)}


def _find(world: World, name: str, source: str, now: float) -> SyncJob:
    workspace = world.workspaces.get(name)
    job = workspace.jobs.get(source) if workspace else None
    if job is None or job.gone(now):
        raise AwsError("ResourceNotFoundException", f"Sync job {source} not found in workspace {name}")
    return job


def _exists(job: SyncJob | None, now: float) -> bool:
    return job is not None and not job.gone(now)


def _arn(world: World, workspace: str, job: SyncJob) -> str:
    return world.arn("iottwinmaker", f"workspace/{workspace}/sync-job/{job.sync_source}")


BEHAVIOURS = {
    "CreateSyncJob": create_sync_job,
    "GetSyncJob": get_sync_job,
    "DeleteSyncJob": delete_sync_job,
}
