"""`with_raw_response`: each method returns a `RawResult`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any, assert_type

from unisync import (
    AsyncUnisync,
    CreatedSyncJob,
    DryRun,
    GitSyncJob,
    Page,
    RawAsyncUnisync,
    RawResult,
    RawUnisync,
    Repository,
    RepositoryLink,
    RepositorySyncAttempt,
    StackSync,
    SyncBlocker,
    SyncJobSummary,
    TwinMakerSync,
    TwinMakerSyncJob,
    Unisync,
)
from unisync.testing import FakeAsyncUnisync, FakeUnisync


def fields(it: RawResult[int]) -> None:
    assert_type(it.model, int)
    assert_type(it.response, dict[str, Any])  # unknown: mypy
    assert_type(it.status_code, int | None)
    assert_type(it.headers, Mapping[str, str])
    assert_type(it.request_id, str | None)
    assert_type(it.model_dump(mode="json"), dict[str, object])


def blocking(it: RawUnisync) -> None:
    assert_type(it.get(StackSync("payments-prod")), RawResult[GitSyncJob])  # unknown: pyrefly
    assert_type(it.get(TwinMakerSync("factory")), RawResult[TwinMakerSyncJob])  # unknown: pyrefly
    assert_type(it.blockers(StackSync("payments-prod")), RawResult[tuple[SyncBlocker, ...]])
    assert_type(it.repository_status(StackSync("payments-prod")), RawResult[RepositorySyncAttempt | None])
    assert_type(it.resolve_blocker(StackSync("payments-prod"), "id", "put right"), RawResult[SyncBlocker])
    assert_type(it.twinmaker.get_sync_job("factory"), RawResult[TwinMakerSyncJob])
    assert_type(it.proton.get_repository("acme/web", "GITHUB"), RawResult[Repository])  # unknown: pyright
    assert_type(it.twinmaker.create_sync_job("factory", sync_role="r"), RawResult[CreatedSyncJob])
    assert_type(it.twinmaker.create_sync_job("factory", sync_role="r", dry_run=True), DryRun)
    assert_type(it.twinmaker.list_sync_jobs("factory"), Iterator[RawResult[Page[SyncJobSummary]]])
    assert_type(it.codeconnections.list_repository_links(), Iterator[RawResult[Page[RepositoryLink]]])


async def awaitable(it: RawAsyncUnisync) -> None:
    assert_type(await it.get(StackSync("payments-prod")), RawResult[GitSyncJob])  # unknown: pyrefly
    assert_type(await it.twinmaker.create_sync_job("factory", sync_role="r"), RawResult[CreatedSyncJob])
    assert_type(await it.twinmaker.create_sync_job("factory", sync_role="r", dry_run=True), DryRun)
    assert_type(await it.blockers(StackSync("payments-prod")), RawResult[tuple[SyncBlocker, ...]])
    assert_type(await it.repository_status(StackSync("payments-prod")), RawResult[RepositorySyncAttempt | None])
    assert_type(await it.resolve_blocker(StackSync("payments-prod"), "id", "put right"), RawResult[SyncBlocker])
    assert_type(await it.proton.get_repository("acme/web", "GITHUB"), RawResult[Repository])  # unknown: pyright
    assert_type(it.codeconnections.list_repository_links(), AsyncIterator[RawResult[Page[RepositoryLink]]])


def client(it: Unisync) -> None:
    assert_type(it.with_raw_response, RawUnisync)


def async_client(it: AsyncUnisync) -> None:
    assert_type(it.with_raw_response, RawAsyncUnisync)


def fake(it: FakeUnisync) -> None:
    assert_type(it.with_raw_response, RawUnisync)


def async_fake(it: FakeAsyncUnisync) -> None:
    assert_type(it.with_raw_response, RawAsyncUnisync)
