"""The operations of the three services, on both clients."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from typing import Literal, assert_type

from unisync import (
    AsyncCodeConnectionsClient,
    AsyncPager,
    AsyncProtonClient,
    AsyncTwinMakerClient,
    CodeConnectionsClient,
    Connection,
    CreatedSyncJob,
    DeletedSyncJob,
    DeleteResult,
    DryRun,
    EnsureResult,
    GitSyncJob,
    Page,
    Pager,
    ProtonClient,
    Repository,
    RepositoryLink,
    RepositorySummary,
    RepositorySyncAttempt,
    RepositorySyncDefinition,
    ServiceSyncBlockerSummary,
    ServiceSyncConfig,
    SyncBlockerSummary,
    SyncConfiguration,
    SyncJobSummary,
    SyncResource,
    SyncResourceSummary,
    SyncState,
    TagResult,
    TemplateSyncConfig,
    TwinMakerClient,
    TwinMakerSyncJob,
    UpdatedServiceSyncBlocker,
    UpdatedSyncBlocker,
)


def blocking_twinmaker(it: TwinMakerClient, maybe: bool) -> None:
    assert_type(it.service_name, str)
    assert_type(it.create_sync_job("factory", sync_role="r", sync_source="SITEWISE", tags={"a": "b"}), CreatedSyncJob)
    assert_type(it.get_sync_job("factory", "SITEWISE"), TwinMakerSyncJob)
    assert_type(it.delete_sync_job(workspace_id="factory"), DeletedSyncJob)
    assert_type(it.list_sync_jobs("factory", page_size=5, limit=9, next_token=None), Pager[SyncJobSummary])
    assert_type(
        it.list_sync_resources("factory", state="ERROR", resource_type="ENTITY", resource_id="r"), Pager[SyncResource]
    )
    assert_type(it.list_sync_resources("factory", external_id="e"), Pager[SyncResource])
    assert_type(it.summarize_sync_resources("factory"), SyncResourceSummary)
    assert_type(it.create_sync_job("factory", sync_role="r", dry_run=True), DryRun)
    assert_type(it.create_sync_job("factory", sync_role="r", dry_run=False), CreatedSyncJob)
    assert_type(it.create_sync_job("factory", sync_role="r", dry_run=maybe), CreatedSyncJob | DryRun)
    assert_type(it.delete_sync_job("factory", dry_run=True), DryRun)
    assert_type(it.ensure_sync_job("factory", sync_role="r", dry_run=maybe), EnsureResult[TwinMakerSyncJob])
    assert_type(it.list_tags_for_resource("arn"), dict[str, str])
    assert_type(it.tag_resource("arn", {"team": "a"}), TagResult)
    assert_type(it.tag_resource("arn", {"team": "a"}, dry_run=True), DryRun)
    assert_type(it.untag_resource("arn", ["team"]), TagResult)
    assert_type(it.untag_resource(resource_arn="arn", tag_keys={"team"}, dry_run=True), DryRun)


async def awaitable_twinmaker(it: AsyncTwinMakerClient, maybe: bool) -> None:
    assert_type(it.service_name, str)
    assert_type(
        await it.create_sync_job("factory", sync_role="r", sync_source="SITEWISE", tags={"a": "b"}), CreatedSyncJob
    )
    assert_type(await it.get_sync_job("factory", "SITEWISE"), TwinMakerSyncJob)
    assert_type(await it.delete_sync_job(workspace_id="factory"), DeletedSyncJob)
    assert_type(it.list_sync_jobs("factory", page_size=5, limit=9, next_token=None), AsyncPager[SyncJobSummary])
    assert_type(
        it.list_sync_resources("factory", state="ERROR", resource_type="ENTITY", resource_id="r"),
        AsyncPager[SyncResource],
    )
    assert_type(it.list_sync_resources("factory", external_id="e"), AsyncPager[SyncResource])
    assert_type(await it.summarize_sync_resources("factory"), SyncResourceSummary)
    assert_type(await it.create_sync_job("factory", sync_role="r", dry_run=True), DryRun)
    assert_type(await it.create_sync_job("factory", sync_role="r", dry_run=False), CreatedSyncJob)
    assert_type(await it.create_sync_job("factory", sync_role="r", dry_run=maybe), CreatedSyncJob | DryRun)
    assert_type(await it.delete_sync_job("factory", dry_run=True), DryRun)
    assert_type(await it.ensure_sync_job("factory", sync_role="r", dry_run=maybe), EnsureResult[TwinMakerSyncJob])
    assert_type(await it.list_tags_for_resource("arn"), dict[str, str])
    assert_type(await it.tag_resource("arn", {"team": "a"}), TagResult)
    assert_type(await it.tag_resource("arn", {"team": "a"}, dry_run=True), DryRun)
    assert_type(await it.untag_resource("arn", ["team"]), TagResult)
    assert_type(await it.untag_resource(resource_arn="arn", tag_keys={"team"}, dry_run=True), DryRun)


def blocking_codeconnections(it: CodeConnectionsClient, maybe: bool) -> None:
    assert_type(it.service_name, str)
    assert_type(it.get_resource_sync_status("web", "CFN_STACK_SYNC"), GitSyncJob)
    assert_type(it.get_repository_sync_status("l", "main"), RepositorySyncAttempt)
    assert_type(
        it.create_sync_configuration("web", repository_link_id="l", branch="main", config_file="a.yaml", role_arn="r"),
        SyncConfiguration,
    )
    assert_type(it.get_sync_configuration("web"), SyncConfiguration)
    assert_type(it.update_sync_configuration("web", branch="main", pull_request_comment="ENABLED"), SyncConfiguration)
    assert_type(it.delete_sync_configuration("web"), DeleteResult)
    assert_type(it.list_sync_configurations("l", page_size=5), Pager[SyncConfiguration])
    assert_type(
        it.ensure_sync_configuration("web", repository_link_id="l", branch="main", config_file="a.yaml", role_arn="r"),
        EnsureResult[SyncConfiguration],
    )
    assert_type(it.list_repository_sync_definitions("l", limit=5), Pager[RepositorySyncDefinition])
    assert_type(it.get_sync_blocker_summary("web"), SyncBlockerSummary)
    assert_type(it.update_sync_blocker("0a1b", resource_name="web", resolved_reason="reverted"), UpdatedSyncBlocker)
    assert_type(it.create_repository_link(connection_arn="a", owner_id="acme", repository_name="infra"), RepositoryLink)
    assert_type(it.get_repository_link("l"), RepositoryLink)
    assert_type(it.update_repository_link("l", encryption_key_arn="k"), RepositoryLink)
    assert_type(it.delete_repository_link("l"), DeleteResult)
    assert_type(it.list_repository_links(next_token="t"), Pager[RepositoryLink])
    assert_type(it.get_connection("a"), Connection)
    assert_type(it.list_connections(provider_type="GitHub", host_arn="h", page_size=5), Pager[Connection])
    assert_type(
        it.ensure_repository_link(connection_arn="a", owner_id="acme", repository_name="infra", tags={"a": "b"}),
        EnsureResult[RepositoryLink],
    )
    assert_type(it.update_sync_configuration("web", branch="main", dry_run=True), DryRun)
    assert_type(it.delete_repository_link("l", dry_run=maybe), DeleteResult | DryRun)
    assert_type(it.list_tags_for_resource("arn"), dict[str, str])
    assert_type(it.tag_resource("arn", {"team": "a"}), TagResult)
    assert_type(it.tag_resource("arn", {"team": "a"}, dry_run=True), DryRun)
    assert_type(it.untag_resource("arn", ["team"]), TagResult)
    assert_type(it.untag_resource(resource_arn="arn", tag_keys={"team"}, dry_run=True), DryRun)


async def awaitable_codeconnections(it: AsyncCodeConnectionsClient, maybe: bool) -> None:
    assert_type(it.service_name, str)
    assert_type(await it.get_resource_sync_status("web", "CFN_STACK_SYNC"), GitSyncJob)
    assert_type(await it.get_repository_sync_status("l", "main"), RepositorySyncAttempt)
    assert_type(
        await it.create_sync_configuration(
            "web", repository_link_id="l", branch="main", config_file="a.yaml", role_arn="r"
        ),
        SyncConfiguration,
    )
    assert_type(await it.get_sync_configuration("web"), SyncConfiguration)
    assert_type(
        await it.update_sync_configuration("web", branch="main", pull_request_comment="ENABLED"), SyncConfiguration
    )
    assert_type(await it.delete_sync_configuration("web"), DeleteResult)
    assert_type(it.list_sync_configurations("l", page_size=5), AsyncPager[SyncConfiguration])
    assert_type(
        await it.ensure_sync_configuration(
            "web", repository_link_id="l", branch="main", config_file="a.yaml", role_arn="r"
        ),
        EnsureResult[SyncConfiguration],
    )
    assert_type(it.list_repository_sync_definitions("l", limit=5), AsyncPager[RepositorySyncDefinition])
    assert_type(await it.get_sync_blocker_summary("web"), SyncBlockerSummary)
    assert_type(
        await it.update_sync_blocker("0a1b", resource_name="web", resolved_reason="reverted"), UpdatedSyncBlocker
    )
    assert_type(
        await it.create_repository_link(connection_arn="a", owner_id="acme", repository_name="infra"), RepositoryLink
    )
    assert_type(await it.get_repository_link("l"), RepositoryLink)
    assert_type(await it.update_repository_link("l", encryption_key_arn="k"), RepositoryLink)
    assert_type(await it.delete_repository_link("l"), DeleteResult)
    assert_type(it.list_repository_links(next_token="t"), AsyncPager[RepositoryLink])
    assert_type(await it.get_connection("a"), Connection)
    assert_type(it.list_connections(limit=5, next_token="t"), AsyncPager[Connection])
    assert_type(
        await it.ensure_repository_link(connection_arn="a", owner_id="acme", repository_name="infra", tags={"a": "b"}),
        EnsureResult[RepositoryLink],
    )
    assert_type(await it.update_sync_configuration("web", branch="main", dry_run=True), DryRun)
    assert_type(await it.delete_repository_link("l", dry_run=maybe), DeleteResult | DryRun)
    assert_type(await it.list_tags_for_resource("arn"), dict[str, str])
    assert_type(await it.tag_resource("arn", {"team": "a"}), TagResult)
    assert_type(await it.tag_resource("arn", {"team": "a"}, dry_run=True), DryRun)
    assert_type(await it.untag_resource("arn", ["team"]), TagResult)
    assert_type(await it.untag_resource(resource_arn="arn", tag_keys={"team"}, dry_run=True), DryRun)


def blocking_proton(it: ProtonClient, maybe: bool) -> None:
    assert_type(it.service_name, str)
    assert_type(it.get_service_instance_sync_status("web", "prod"), GitSyncJob)
    assert_type(it.get_template_sync_status("web", "SERVICE", "1"), GitSyncJob)
    assert_type(
        it.get_repository_sync_status("acme/web", "GITHUB", "main", "SERVICE_SYNC"), RepositorySyncAttempt | None
    )
    assert_type(
        it.create_service_sync_config(
            "web", file_path="a.yaml", repository_name="acme/web", repository_provider="GITHUB", branch="main"
        ),
        ServiceSyncConfig | None,
    )
    assert_type(it.get_service_sync_config("web"), ServiceSyncConfig | None)
    assert_type(
        it.update_service_sync_config(
            "web", file_path="a.yaml", repository_name="acme/web", repository_provider="GITHUB", branch="main"
        ),
        ServiceSyncConfig | None,
    )
    assert_type(it.delete_service_sync_config("web"), ServiceSyncConfig | None)
    assert_type(
        it.ensure_service_sync_config(
            "web", file_path="a.yaml", repository_name="acme/web", repository_provider="GITHUB", branch="main"
        ),
        EnsureResult[ServiceSyncConfig],
    )
    assert_type(
        it.create_template_sync_config(
            "web", "SERVICE", repository_name="acme/web", repository_provider="GITHUB", branch="main"
        ),
        TemplateSyncConfig | None,
    )
    assert_type(it.get_template_sync_config("web", "SERVICE"), TemplateSyncConfig | None)
    assert_type(
        it.update_template_sync_config(
            "web", "SERVICE", subdirectory="d", repository_name="acme/web", repository_provider="GITHUB", branch="main"
        ),
        TemplateSyncConfig | None,
    )
    assert_type(it.delete_template_sync_config("web", "SERVICE"), TemplateSyncConfig | None)
    assert_type(
        it.ensure_template_sync_config(
            "web", "SERVICE", repository_name="acme/web", repository_provider="GITHUB", branch="main"
        ),
        EnsureResult[TemplateSyncConfig],
    )
    assert_type(
        it.list_repository_sync_definitions("acme/web", "GITHUB", "SERVICE_SYNC", limit=5),
        Pager[RepositorySyncDefinition],
    )
    assert_type(it.get_service_sync_blocker_summary("web", "prod"), ServiceSyncBlockerSummary | None)
    assert_type(it.update_service_sync_blocker("0a1b", resolved_reason="reverted"), UpdatedServiceSyncBlocker)
    assert_type(it.create_repository("acme/web", "GITHUB", connection_arn="a", encryption_key="k"), Repository)
    assert_type(it.get_repository("acme/web", "GITHUB"), Repository)
    assert_type(it.delete_repository("acme/web", "GITHUB"), Repository | None)
    assert_type(it.list_repositories(page_size=5, limit=9), Pager[RepositorySummary])
    assert_type(
        it.ensure_repository("acme/web", "GITHUB", connection_arn="a", encryption_key="k"), EnsureResult[Repository]
    )
    assert_type(it.delete_repository("acme/web", "GITHUB", dry_run=True), DryRun)
    assert_type(it.delete_service_sync_config("web", dry_run=maybe), ServiceSyncConfig | None | DryRun)
    assert_type(it.list_tags_for_resource("arn"), dict[str, str])
    assert_type(it.tag_resource("arn", {"team": "a"}), TagResult)
    assert_type(it.tag_resource("arn", {"team": "a"}, dry_run=True), DryRun)
    assert_type(it.untag_resource("arn", ["team"]), TagResult)
    assert_type(it.untag_resource(resource_arn="arn", tag_keys={"team"}, dry_run=True), DryRun)


async def awaitable_proton(it: AsyncProtonClient, maybe: bool) -> None:
    assert_type(it.service_name, str)
    assert_type(await it.get_service_instance_sync_status("web", "prod"), GitSyncJob)
    assert_type(await it.get_template_sync_status("web", "SERVICE", "1"), GitSyncJob)
    assert_type(
        await it.get_repository_sync_status("acme/web", "GITHUB", "main", "SERVICE_SYNC"), RepositorySyncAttempt | None
    )
    assert_type(
        await it.create_service_sync_config(
            "web", file_path="a.yaml", repository_name="acme/web", repository_provider="GITHUB", branch="main"
        ),
        ServiceSyncConfig | None,
    )
    assert_type(await it.get_service_sync_config("web"), ServiceSyncConfig | None)
    assert_type(
        await it.update_service_sync_config(
            "web", file_path="a.yaml", repository_name="acme/web", repository_provider="GITHUB", branch="main"
        ),
        ServiceSyncConfig | None,
    )
    assert_type(await it.delete_service_sync_config("web"), ServiceSyncConfig | None)
    assert_type(
        await it.ensure_service_sync_config(
            "web", file_path="a.yaml", repository_name="acme/web", repository_provider="GITHUB", branch="main"
        ),
        EnsureResult[ServiceSyncConfig],
    )
    assert_type(
        await it.create_template_sync_config(
            "web", "SERVICE", repository_name="acme/web", repository_provider="GITHUB", branch="main"
        ),
        TemplateSyncConfig | None,
    )
    assert_type(await it.get_template_sync_config("web", "SERVICE"), TemplateSyncConfig | None)
    assert_type(
        await it.update_template_sync_config(
            "web", "SERVICE", subdirectory="d", repository_name="acme/web", repository_provider="GITHUB", branch="main"
        ),
        TemplateSyncConfig | None,
    )
    assert_type(await it.delete_template_sync_config("web", "SERVICE"), TemplateSyncConfig | None)
    assert_type(
        await it.ensure_template_sync_config(
            "web", "SERVICE", repository_name="acme/web", repository_provider="GITHUB", branch="main"
        ),
        EnsureResult[TemplateSyncConfig],
    )
    assert_type(
        it.list_repository_sync_definitions("acme/web", "GITHUB", "SERVICE_SYNC", limit=5),
        AsyncPager[RepositorySyncDefinition],
    )
    assert_type(await it.get_service_sync_blocker_summary("web", "prod"), ServiceSyncBlockerSummary | None)
    assert_type(await it.update_service_sync_blocker("0a1b", resolved_reason="reverted"), UpdatedServiceSyncBlocker)
    assert_type(await it.create_repository("acme/web", "GITHUB", connection_arn="a", encryption_key="k"), Repository)
    assert_type(await it.get_repository("acme/web", "GITHUB"), Repository)
    assert_type(await it.delete_repository("acme/web", "GITHUB"), Repository | None)
    assert_type(it.list_repositories(page_size=5, limit=9), AsyncPager[RepositorySummary])
    assert_type(
        await it.ensure_repository("acme/web", "GITHUB", connection_arn="a", encryption_key="k"),
        EnsureResult[Repository],
    )
    assert_type(await it.delete_repository("acme/web", "GITHUB", dry_run=True), DryRun)
    assert_type(await it.delete_service_sync_config("web", dry_run=maybe), ServiceSyncConfig | None | DryRun)
    assert_type(await it.list_tags_for_resource("arn"), dict[str, str])
    assert_type(await it.tag_resource("arn", {"team": "a"}), TagResult)
    assert_type(await it.tag_resource("arn", {"team": "a"}, dry_run=True), DryRun)
    assert_type(await it.untag_resource("arn", ["team"]), TagResult)
    assert_type(await it.untag_resource(resource_arn="arn", tag_keys={"team"}, dry_run=True), DryRun)


def listing(it: Pager[SyncResource]) -> None:
    assert_type(list(it), list[SyncResource])
    assert_type(it.pages(), Iterator[Page[SyncResource]])
    for resource in it:
        assert_type(resource.status.state, SyncState)
    for page in it.pages():
        assert_type(page.items, tuple[SyncResource, ...])


async def awaitable_listing(it: AsyncPager[SyncResource]) -> None:
    assert_type(it.pages(), AsyncIterator[Page[SyncResource]])
    async for resource in it:
        assert_type(resource, SyncResource)
    assert_type([page.next_token async for page in it.pages()], list[str | None])


def page(it: Page[RepositoryLink]) -> None:
    assert_type(it.items, tuple[RepositoryLink, ...])
    assert_type(it.next_token, str | None)
    assert_type(it.is_truncated, bool)
    assert_type(it.extra, Mapping[str, object])
    assert_type(len(it), int)
    assert_type([link.full_name for link in it], list[str])
    assert_type(it.model_dump(mode="json"), dict[str, object])


def ensured(it: EnsureResult[SyncConfiguration]) -> None:
    assert_type(it.action, Literal["created", "updated", "unchanged"])
    assert_type(it.definition, SyncConfiguration)
    assert_type(it.changed, tuple[str, ...])
    assert_type(it.before, SyncConfiguration | None)
    assert_type(it.requests, tuple[DryRun, ...])
    assert_type(it.model_dump(mode="json"), dict[str, object])


def planned(it: DryRun) -> None:
    assert_type(it.service, str)
    assert_type(it.operation, str)
    params: Mapping[str, object] = it.params
    print(params)


def tagged(it: TagResult) -> None:
    print(it)


def callables(it: TwinMakerClient, other: CodeConnectionsClient, settings: dict[str, str]) -> None:
    delete: Callable[[str], DeletedSyncJob] = it.delete_sync_job
    delete("factory")
    assert_type(other.update_repository_link("l", **settings), RepositoryLink)
