"""The public type aliases and protocols, as users name them in annotations."""

from __future__ import annotations

from collections.abc import Callable
from typing import assert_type

from unisync import (
    AnyRef,
    BlockerStatus,
    BlockerType,
    Boto3Session,
    BotocoreConfig,
    Change,
    ChangeKind,
    EnsureAction,
    EnsureResult,
    Event,
    GitSyncJob,
    OnEvent,
    OnOutcome,
    OnProgress,
    Outcome,
    Progress,
    ProtonSyncType,
    ProviderType,
    RepositoryProvider,
    ServiceSyncConfig,
    StackSync,
    Switch,
    SyncErrorCode,
    SyncJob,
    SyncResourceState,
    SyncResourceType,
    SyncType,
    TemplateSync,
    TemplateType,
    Trigger,
    TwinMakerSyncJob,
    Unisync,
    WantedRevision,
)


def log_progress(progress: Progress[SyncJob]) -> None:
    print(progress.ref, progress.polls)


def log_outcome(outcome: Outcome[SyncJob]) -> bool:
    return outcome.done


def log_event(event: Event) -> None:
    print(event)


ON_PROGRESS: OnProgress[GitSyncJob] = log_progress
ON_TWIN_PROGRESS: OnProgress[TwinMakerSyncJob] = log_progress
ON_OUTCOME: OnOutcome[GitSyncJob] = log_outcome
ON_EVENT: OnEvent = log_event
REFS: list[AnyRef] = [StackSync("payments-prod")]


def wait(client: Unisync, on_progress: OnProgress[GitSyncJob], on_outcome: OnOutcome[GitSyncJob]) -> None:
    """A user's own function that passes callbacks on."""
    client.wait_until_active(StackSync("payments-prod"), on_progress=on_progress)
    client.wait_all([StackSync("payments-prod")], on_progress=on_progress, on_outcome=on_outcome)


def connect(session: Boto3Session, config: BotocoreConfig | None, on_event: OnEvent | None) -> Unisync:
    return Unisync(session, config=config, on_event=on_event)


def kind_of(change: Change[SyncJob], result: EnsureResult[ServiceSyncConfig]) -> tuple[ChangeKind, EnsureAction]:
    return change.kind, result.action


# A value that AWS adds is accepted as well.
PROVIDERS: list[ProviderType] = ["GitHub", "Forgejo"]
PROTON_PROVIDERS: list[RepositoryProvider] = ["GITHUB", "FORGEJO"]
SYNC_TYPES: tuple[SyncType, ProtonSyncType] = ("CFN_STACK_SYNC", "SERVICE_SYNC")
SWITCHES: tuple[Switch, Trigger] = ("ENABLED", "FILE_CHANGE")
BLOCKERS: tuple[BlockerStatus, BlockerType] = ("ACTIVE", "AUTOMATED")
RESOURCES: tuple[SyncResourceState, SyncResourceType, SyncErrorCode] = ("IN_SYNC", "ENTITY", "PROCESSING_ERROR")


def template(kind: TemplateType) -> TemplateSync:
    return TemplateSync("web", kind, "1")


def session(it: Boto3Session) -> None:
    assert_type(it.region_name, str | None)
    assert_type(it.profile_name, str)
    make: Callable[[str], object] = it.client
    make("proton")


def config(it: BotocoreConfig) -> None:
    merge: Callable[[object], object] = it.merge
    merge(it)


def waiting_for(client: Unisync, wanted: WantedRevision) -> GitSyncJob:
    return client.wait_until_active(StackSync("payments-prod"), revision=wanted)
