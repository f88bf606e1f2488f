"""IoT TwinMaker: sync jobs, which bring assets from elsewhere into a workspace."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

from pydantic import AwareDatetime

from unisync.errors import ConflictError, NotFoundError, UnisyncError
from unisync.flow import Call, Flow, ask
from unisync.models import (
    AsRef,
    Model,
    SyncJobStatus,
    SyncState,
    TwinMakerSyncJob,
    TwinMakerSyncReply,
    Vocabulary,
    wire,
    with_ref,
)
from unisync.refs import TwinMakerSync
from unisync.subject import Subject
from unisync.verbs import AwaitableOperations, BlockingOperations, Verbs, verb

if TYPE_CHECKING:
    from boto3.services import iottwinmaker as requests

    from unisync.definitions import SyncBlocker

SERVICE = "iottwinmaker"

VOCABULARY = Vocabulary(
    {
        "CREATING": SyncState.PENDING,
        "INITIALIZING": SyncState.RUNNING,
        "ACTIVE": SyncState.ACTIVE,
        "ERROR": SyncState.FAILED,
        "DELETING": SyncState.DELETING,
    }
)


class CreateSyncJobReply(Model, frozen=True):
    """CreateSyncJob's answer."""

    arn: str
    created_at: AwareDatetime = wire("creationDateTime")
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


class TwinMaker(Verbs):
    """The sync operations of IoT TwinMaker, under boto3's names."""

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
        params: requests.CreateSyncJobRequest = {
            "workspaceId": workspace_id,
            "syncSource": sync_source,
            "syncRole": sync_role,
        }
        if tags is not None:
            params["tags"] = dict(tags)
        call = Call(SERVICE, "CreateSyncJob", params, CreateSyncJobReply, VOCABULARY, repeatable=False)
        try:
            reply = yield from ask(call)
        except UnisyncError as lost:
            if not lost.outcome_unknown:
                raise
            created = yield from self._created(workspace_id, sync_source, sync_role)
            if created is not None:
                reply = created
            else:
                try:
                    reply = yield from ask(call)
                except ConflictError:
                    # Somebody else's, or ours, seen a moment later.
                    created = yield from self._created(workspace_id, sync_source, sync_role)
                    if created is None:
                        raise
                    reply = created
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
        params: requests.GetSyncJobRequest = {"workspaceId": workspace_id, "syncSource": sync_source}
        reply = yield from ask(Call(SERVICE, "GetSyncJob", params, TwinMakerSyncReply, VOCABULARY))
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
        params: requests.DeleteSyncJobRequest = {"workspaceId": workspace_id, "syncSource": sync_source}
        reply = yield from ask(Call(SERVICE, "DeleteSyncJob", params, DeleteSyncJobReply, VOCABULARY))
        return with_ref(DeletedSyncJob, ref, reply)

    def _created(self, workspace_id: str, sync_source: str, sync_role: str) -> Flow[CreateSyncJobReply | None]:
        """What a creation of ours, whose answer was lost, came to; None if there is no such job with this role."""
        try:
            job = yield from self.get_sync_job(workspace_id, sync_source)
        except NotFoundError:
            return None
        if job.sync_role != sync_role:
            return None
        return CreateSyncJobReply(arn=job.arn, created_at=job.created_at, status=job.status)


class BlockingTwinMaker(BlockingOperations, TwinMaker):
    """The sync operations of IoT TwinMaker, under boto3's names."""


class AsyncTwinMaker(AwaitableOperations, TwinMaker):
    """The sync operations of IoT TwinMaker, under boto3's names, awaited."""


def _no_blockers() -> Flow[tuple[SyncBlocker, ...]]:
    """Nothing blocks a sync job."""
    yield from ()
    return ()


_FLOWS = TwinMaker()


def subject(ref: TwinMakerSync) -> Subject[TwinMakerSyncJob]:
    """A sync job as something to wait for."""

    def look() -> Flow[TwinMakerSyncJob]:
        return _FLOWS.get_sync_job(ref.workspace_id, ref.sync_source)

    return Subject(ref, look=look, blockers=_no_blockers, remains=look, has_revisions=False)
