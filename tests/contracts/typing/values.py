"""References and models: every field."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import assert_never, assert_type

from unisync import (
    AnyRef,
    Connection,
    ConnectionStatus,
    CreatedSyncJob,
    DeletedSyncJob,
    DeleteResult,
    Discovery,
    FleetSync,
    GitSyncJob,
    Repository,
    RepositoryLink,
    RepositorySummary,
    RepositorySyncAttempt,
    RepositorySyncDefinition,
    ResourceSyncAttempt,
    Revision,
    ServiceInstanceSync,
    ServiceSyncBlockerSummary,
    ServiceSyncConfig,
    StackSync,
    SyncBlocker,
    SyncBlockerContext,
    SyncBlockerSummary,
    SyncConfiguration,
    SyncError,
    SyncEvent,
    SyncJob,
    SyncJobStatus,
    SyncJobSummary,
    SyncRef,
    SyncResource,
    SyncResourceSummary,
    SyncState,
    TemplateSync,
    TemplateSyncConfig,
    TwinMakerSync,
    TwinMakerSyncJob,
    UnisyncError,
    UpdatedServiceSyncBlocker,
    UpdatedSyncBlocker,
    parse_ref,
)

assert_type(parse_ref("twinmaker:factory"), AnyRef)
KEYS: dict[SyncRef[SyncJob], str] = {TwinMakerSync("factory"): "a", StackSync("payments-prod"): "b"}
assert_type(str(StackSync("payments-prod")), str)


def which(ref: AnyRef) -> str:
    match ref:
        case TwinMakerSync(workspace_id, sync_source):
            assert_type(workspace_id, str)
            return sync_source
        case ServiceInstanceSync(service_name, instance):
            assert_type(service_name, str)
            return instance
        case TemplateSync(template_name, _, version):
            assert_type(version, str)
            return template_name
        case StackSync(resource_name=name):
            assert_type(name, str)
            return name
        case _:
            assert_never(ref)


def sync_state(it: SyncState) -> str:
    match it:
        case SyncState.PENDING | SyncState.RUNNING:
            return "wait"
        case SyncState.ACTIVE:
            return "done"
        case SyncState.FAILED | SyncState.DELETING:
            return "failed"
        case SyncState.UNKNOWN:
            return "unknown"
        case _:
            assert_never(it)


def connection_status(it: ConnectionStatus) -> str:
    match it:
        case ConnectionStatus.PENDING:
            return "complete it"
        case ConnectionStatus.AVAILABLE:
            return "done"
        case ConnectionStatus.ERROR:
            return "failed"
        case ConnectionStatus.UNKNOWN:
            return "unknown"
        case _:
            assert_never(it)


def ref_of(job: GitSyncJob) -> str:
    """A job knows where its reference came from: a client, or a fleet."""
    ref = job.ref
    if isinstance(ref, FleetSync):
        assert_type(ref, FleetSync[GitSyncJob])
        return f"{ref.account}/{ref.region}"
    match ref:
        case StackSync(resource_name=name):
            return name
        case ServiceInstanceSync(service_name, instance):
            return f"{service_name}/{instance}"
        case TemplateSync(template_name, _, _):
            return template_name
        case _:
            assert_never(ref)


def either(job: SyncJob) -> str:
    if isinstance(job, TwinMakerSyncJob):
        return job.sync_role
    if isinstance(job, GitSyncJob) and job.latest_sync is not None:
        return job.latest_sync.target
    return job.status.aws_state


def ref(it: SyncRef[GitSyncJob]) -> SyncRef[SyncJob]:
    assert_type(it.prefix, str)
    assert_type(it.parts(), tuple[str, ...])
    assert_type(it.console_url("eu-west-1"), str)
    assert_type(it.from_parts(["a"]), SyncRef[GitSyncJob] | None)
    return it


def twin_maker_sync(it: TwinMakerSync) -> SyncRef[TwinMakerSyncJob]:
    assert_type(it.workspace_id, str)
    assert_type(it.sync_source, str)
    assert_type(it.prefix, str)
    assert_type(it.parts(), tuple[str, ...])
    assert_type(it.console_url("eu-west-1"), str)
    assert_type(TwinMakerSync.from_parts(["factory"]), TwinMakerSync | None)
    return it


def service_instance_sync(it: ServiceInstanceSync) -> SyncRef[GitSyncJob]:
    assert_type(it.service_name, str)
    assert_type(it.service_instance_name, str)
    assert_type(it.prefix, str)
    assert_type(it.parts(), tuple[str, ...])
    assert_type(it.console_url("eu-west-1"), str)
    assert_type(ServiceInstanceSync.from_parts(["web", "prod"]), ServiceInstanceSync | None)
    return it


def template_sync(it: TemplateSync) -> SyncRef[GitSyncJob]:
    assert_type(it.template_name, str)
    assert_type(it.template_type.isupper(), bool)
    assert_type(it.template_version, str)
    assert_type(it.prefix, str)
    assert_type(it.parts(), tuple[str, ...])
    assert_type(it.console_url("eu-west-1"), str)
    assert_type(TemplateSync.from_parts(["SERVICE", "web", "1"]), TemplateSync | None)
    return it


def stack_sync(it: StackSync) -> SyncRef[GitSyncJob]:
    assert_type(it.resource_name, str)
    assert_type(it.sync_type, str)
    assert_type(it.prefix, str)
    assert_type(it.parts(), tuple[str, ...])
    assert_type(it.console_url("eu-west-1"), str)
    assert_type(StackSync.from_parts(["payments-prod"]), StackSync | None)
    return it


def discovery(it: Discovery) -> None:
    assert_type(it.refs, tuple[AnyRef, ...])
    assert_type(it.errors, Mapping[str, UnisyncError])
    assert_type(len(it), int)
    assert_type(list(it), list[AnyRef])
    assert_type(it.model_dump(mode="json"), dict[str, object])


def sync_job(it: SyncJob) -> None:
    assert_type(it.ref, SyncRef[SyncJob])
    assert_type(it.status, SyncJobStatus)
    assert_type(it.is_synced, bool)
    assert_type(it.attempts, tuple[ResourceSyncAttempt, ...])
    assert_type(it.live_revision, Revision | None)
    assert_type(it.desired_revision, Revision | None)
    assert_type(it.blockers, tuple[SyncBlocker, ...] | None)
    assert_type(it.require_live().sha, str)
    assert_type(it.model_dump_json(), str)
    assert_type(it.model_copy(), SyncJob)
    assert_type(SyncJob.model_validate_json("{}"), SyncJob)


def twin_maker_sync_job(it: TwinMakerSyncJob) -> None:
    assert_type(it.ref, TwinMakerSync | FleetSync[TwinMakerSyncJob])
    assert_type(it.status, SyncJobStatus)
    assert_type(it.arn, str)
    assert_type(it.workspace_id, str)
    assert_type(it.sync_source, str)
    assert_type(it.sync_role, str)
    assert_type(it.created_at, datetime)
    assert_type(it.updated_at, datetime)


def git_sync_job(it: GitSyncJob) -> None:
    assert_type(it.ref, StackSync | ServiceInstanceSync | TemplateSync | FleetSync[GitSyncJob])
    assert_type(it.is_synced, bool)
    assert_type(it.attempts, tuple[ResourceSyncAttempt, ...])
    assert_type(it.live_revision, Revision | None)
    assert_type(it.desired_revision, Revision | None)
    assert_type(it.blockers, tuple[SyncBlocker, ...] | None)
    assert_type(it.require_live().sha, str)
    assert_type(it.desired_state, Revision | None)
    assert_type(it.latest_sync, ResourceSyncAttempt | None)
    assert_type(it.latest_successful_sync, ResourceSyncAttempt | None)
    if it.latest_successful_sync is not None:
        assert_type(it.latest_successful_sync.target_revision.sha, str)


def created_sync_job(it: CreatedSyncJob) -> None:
    assert_type(it.ref, TwinMakerSync)
    assert_type(it.arn, str)
    assert_type(it.created_at, datetime)
    assert_type(it.status, SyncJobStatus)


def deleted_sync_job(it: DeletedSyncJob) -> None:
    assert_type(it.ref, TwinMakerSync)
    assert_type(it.status, SyncJobStatus)


def sync_job_summary(it: SyncJobSummary) -> None:
    assert_type(it.ref, TwinMakerSync | FleetSync[SyncJobSummary])
    assert_type(it.status, SyncJobStatus)
    assert_type(it.arn, str | None)
    assert_type(it.workspace_id, str | None)
    assert_type(it.sync_source, str | None)
    assert_type(it.created_at, datetime | None)
    assert_type(it.updated_at, datetime | None)


def sync_job_status(it: SyncJobStatus) -> None:
    assert_type(it.state, SyncState)
    assert_type(it.aws_state, str)
    assert_type(it.error, SyncError | None)
    assert_type(it.state is SyncState.ACTIVE, bool)
    assert_type(it.state == "ACTIVE", bool)


def sync_error(it: SyncError) -> None:
    if it.code is not None:
        assert_type(it.code.isupper(), bool)
    assert_type(it.message, str | None)


def resource_sync_attempt(it: ResourceSyncAttempt) -> None:
    assert_type(it.status, SyncJobStatus)
    assert_type(it.started_at, datetime)
    assert_type(it.events, tuple[SyncEvent, ...])
    assert_type(it.target, str)
    assert_type(it.initial_revision, Revision)
    assert_type(it.target_revision, Revision)


def repository_sync_attempt(it: RepositorySyncAttempt) -> None:
    assert_type(it.status, SyncJobStatus)
    assert_type(it.started_at, datetime)
    assert_type(it.events, tuple[SyncEvent, ...])


def sync_event(it: SyncEvent) -> None:
    assert_type(it.type, str)
    assert_type(it.event, str)
    assert_type(it.time, datetime)
    assert_type(it.external_id, str | None)


def revision(it: Revision) -> None:
    assert_type(it.repository_name, str)
    assert_type(it.owner, str)
    assert_type(it.provider.isupper(), bool)
    assert_type(it.aws_provider, str)
    assert_type(it.full_name, str)
    assert_type(it.branch, str)
    assert_type(it.directory, str)
    assert_type(it.url, str | None)
    assert_type(it.pull_requests_url, str | None)
    assert_type(it.sha, str)
    assert_type(it.sha[:7], str)


def sync_resource(it: SyncResource) -> None:
    if it.resource_type is not None:
        assert_type(it.resource_type.isupper(), bool)
    assert_type(it.external_id, str | None)
    assert_type(it.resource_id, str | None)
    assert_type(it.status, SyncJobStatus)
    assert_type(it.updated_at, datetime | None)


def sync_resources(it: SyncResourceSummary) -> None:
    assert_type(it.ref, TwinMakerSync | FleetSync[SyncJob])
    assert_type(it.counts, tuple[tuple[SyncState, int], ...])
    assert_type(it.count(SyncState.ACTIVE), int)
    assert_type(it.failed, tuple[SyncResource, ...])
    assert_type(it.total, int)
    assert_type(it.in_sync, int)
    assert_type(it.is_settled, bool)


def sync_blocker(it: SyncBlocker) -> None:
    assert_type(it.id, str)
    assert_type(it.type.isupper(), bool)
    assert_type(it.status.isupper(), bool)
    assert_type(it.created_reason, str)
    assert_type(it.created_at, datetime)
    assert_type(it.contexts, tuple[SyncBlockerContext, ...])
    assert_type(it.resolved_reason, str | None)
    assert_type(it.resolved_at, datetime | None)
    assert_type(it.is_active, bool)


def sync_blocker_context(it: SyncBlockerContext) -> None:
    assert_type(it.key, str)
    assert_type(it.value, str)


def sync_blocker_summary(it: SyncBlockerSummary) -> None:
    assert_type(it.resource_name, str)
    assert_type(it.parent_resource_name, str | None)
    assert_type(it.latest_blockers, tuple[SyncBlocker, ...])


def updated_sync_blocker(it: UpdatedSyncBlocker) -> None:
    assert_type(it.resource_name, str)
    assert_type(it.parent_resource_name, str | None)
    assert_type(it.sync_blocker, SyncBlocker)


def service_sync_blocker_summary(it: ServiceSyncBlockerSummary) -> None:
    assert_type(it.service_name, str)
    assert_type(it.service_instance_name, str | None)
    assert_type(it.latest_blockers, tuple[SyncBlocker, ...])


def updated_service_sync_blocker(it: UpdatedServiceSyncBlocker) -> None:
    assert_type(it.service_name, str)
    assert_type(it.service_instance_name, str | None)
    assert_type(it.service_sync_blocker, SyncBlocker)


def connection(it: Connection) -> None:
    assert_type(it.name, str | None)
    assert_type(it.arn, str | None)
    assert_type((it.provider or "").isupper(), bool)
    assert_type(it.aws_provider, str | None)
    assert_type(it.provider_endpoint, str | None)
    assert_type(it.owner_account, str | None)
    assert_type(it.status, ConnectionStatus)
    assert_type(it.aws_status, str)
    assert_type(it.host_arn, str | None)


def repository_link(it: RepositoryLink) -> None:
    assert_type(it.connection_arn, str)
    assert_type(it.encryption_key_arn, str | None)
    assert_type(it.repository_link_arn, str)
    assert_type(it.repository_link_id, str)
    assert_type(it.repository_name, str)
    assert_type(it.owner, str)
    assert_type(it.provider.isupper(), bool)
    assert_type(it.aws_provider, str)
    assert_type(it.full_name, str)


def repository_summary(it: RepositorySummary) -> None:
    assert_type(it.arn, str)
    assert_type(it.connection_arn, str | None)
    assert_type(it.repository_name, str)
    assert_type(it.owner, str)
    assert_type(it.provider.isupper(), bool)
    assert_type(it.aws_provider, str)
    assert_type(it.full_name, str)


def repository(it: Repository) -> RepositorySummary:
    assert_type(it.encryption_key, str | None)
    return it


def repository_sync_definition(it: RepositorySyncDefinition) -> None:
    assert_type(it.branch, str)
    assert_type(it.directory, str)
    assert_type(it.parent, str)
    assert_type(it.target, str)


def sync_configuration(it: SyncConfiguration) -> None:
    assert_type(it.resource_name, str)
    assert_type(it.sync_type, str)
    assert_type(it.config_file, str | None)
    assert_type(it.repository_link_id, str)
    assert_type(it.role_arn, str)
    assert_type((it.publish_deployment_status or "").isupper(), bool)
    assert_type((it.trigger_resource_update_on or "").isupper(), bool)
    assert_type((it.pull_request_comment or "").isupper(), bool)
    assert_type(it.branch, str)
    assert_type(it.repository_name, str)
    assert_type(it.owner, str)
    assert_type(it.provider.isupper(), bool)
    assert_type(it.aws_provider, str)
    assert_type(it.full_name, str)


def service_sync_config(it: ServiceSyncConfig) -> None:
    assert_type(it.service_name, str)
    assert_type(it.file_path, str)
    assert_type(it.branch, str)
    assert_type(it.repository_name, str)
    assert_type(it.owner, str)
    assert_type(it.provider.isupper(), bool)
    assert_type(it.aws_provider, str)
    assert_type(it.full_name, str)


def template_sync_config(it: TemplateSyncConfig) -> None:
    assert_type(it.template_name, str)
    assert_type(it.template_type.isupper(), bool)
    assert_type(it.subdirectory, str | None)
    assert_type(it.branch, str)
    assert_type(it.repository_name, str)
    assert_type(it.owner, str)
    assert_type(it.provider.isupper(), bool)
    assert_type(it.aws_provider, str)
    assert_type(it.full_name, str)


def deleted(it: DeleteResult) -> None:
    assert_type(it.model_dump_json(), str)
