"""One typed client for the sync APIs of AWS IoT TwinMaker, Proton and CodeConnections.

from unisync import StackSync, Unisync

client = Unisync(region_name="eu-west-1")
client.wait_until_active(StackSync("payments-prod"), revision="4f2c9e1")
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from unisync._botocore.regions import available_regions as available_regions
    from unisync._botocore.types import Boto3Session as Boto3Session
    from unisync._botocore.types import BotocoreConfig as BotocoreConfig
    from unisync._client.async_client import AsyncUnisync as AsyncUnisync
    from unisync._client.client import Unisync as Unisync
    from unisync._client.fleet import AsyncFleet as AsyncFleet
    from unisync._client.fleet import Fleet as Fleet
    from unisync._client.fleet import FleetDiscovery as FleetDiscovery
    from unisync._client.fleet import ServiceLocation as ServiceLocation
    from unisync._client.raw import RawAsyncUnisync as RawAsyncUnisync
    from unisync._client.raw import RawUnisync as RawUnisync
    from unisync._core.backoff import Backoff as Backoff
    from unisync._core.clock import Clock as Clock
    from unisync._core.clock import SystemClock as SystemClock
    from unisync._core.commands import AccountRegion as AccountRegion
    from unisync._core.events import CallEnded as CallEnded
    from unisync._core.events import Event as Event
    from unisync._core.events import OnEvent as OnEvent
    from unisync._core.events import WaitEnded as WaitEnded
    from unisync._core.events import WaitStarted as WaitStarted
    from unisync._core.pagination import AsyncPager as AsyncPager
    from unisync._core.pagination import Page as Page
    from unisync._core.pagination import Pager as Pager
    from unisync._core.pagination import TruncatedListWarning as TruncatedListWarning
    from unisync._core.rate_limiter import RateLimit as RateLimit
    from unisync._models.base import SyncState as SyncState
    from unisync._models.blocker_summaries import ServiceSyncBlockerSummary as ServiceSyncBlockerSummary
    from unisync._models.blocker_summaries import SyncBlockerSummary as SyncBlockerSummary
    from unisync._models.blocker_summaries import UpdatedServiceSyncBlocker as UpdatedServiceSyncBlocker
    from unisync._models.blocker_summaries import UpdatedSyncBlocker as UpdatedSyncBlocker
    from unisync._models.blockers import BlockerStatus as BlockerStatus
    from unisync._models.blockers import BlockerType as BlockerType
    from unisync._models.blockers import SyncBlocker as SyncBlocker
    from unisync._models.blockers import SyncBlockerContext as SyncBlockerContext
    from unisync._models.configurations import Connection as Connection
    from unisync._models.configurations import ConnectionStatus as ConnectionStatus
    from unisync._models.configurations import DeleteResult as DeleteResult
    from unisync._models.configurations import Repository as Repository
    from unisync._models.configurations import RepositoryLink as RepositoryLink
    from unisync._models.configurations import RepositorySummary as RepositorySummary
    from unisync._models.configurations import RepositorySyncAttempt as RepositorySyncAttempt
    from unisync._models.configurations import RepositorySyncDefinition as RepositorySyncDefinition
    from unisync._models.configurations import ServiceSyncConfig as ServiceSyncConfig
    from unisync._models.configurations import Switch as Switch
    from unisync._models.configurations import SyncConfiguration as SyncConfiguration
    from unisync._models.configurations import TagResult as TagResult
    from unisync._models.configurations import TemplateSyncConfig as TemplateSyncConfig
    from unisync._models.configurations import Trigger as Trigger
    from unisync._models.dry_run import DryRun as DryRun
    from unisync._models.explanation import Check as Check
    from unisync._models.explanation import CheckName as CheckName
    from unisync._models.explanation import CheckStatus as CheckStatus
    from unisync._models.explanation import Explanation as Explanation
    from unisync._models.jobs import GitSyncJob as GitSyncJob
    from unisync._models.jobs import ProviderType as ProviderType
    from unisync._models.jobs import ResourceSyncAttempt as ResourceSyncAttempt
    from unisync._models.jobs import Revision as Revision
    from unisync._models.jobs import SyncError as SyncError
    from unisync._models.jobs import SyncErrorCode as SyncErrorCode
    from unisync._models.jobs import SyncEvent as SyncEvent
    from unisync._models.jobs import SyncJob as SyncJob
    from unisync._models.jobs import SyncJobStatus as SyncJobStatus
    from unisync._models.jobs import TwinMakerSyncJob as TwinMakerSyncJob
    from unisync._models.outcome import Outcome as Outcome
    from unisync._models.raw_result import RawResult as RawResult
    from unisync._models.refs import AnyRef as AnyRef
    from unisync._models.refs import FleetSync as FleetSync
    from unisync._models.refs import ServiceInstanceSync as ServiceInstanceSync
    from unisync._models.refs import StackSync as StackSync
    from unisync._models.refs import SyncRef as SyncRef
    from unisync._models.refs import TemplateSync as TemplateSync
    from unisync._models.refs import TemplateType as TemplateType
    from unisync._models.refs import TwinMakerSync as TwinMakerSync
    from unisync._models.refs import parse_any_ref as parse_any_ref
    from unisync._models.refs import parse_fleet_ref as parse_fleet_ref
    from unisync._models.refs import parse_ref as parse_ref
    from unisync._models.resources import SyncJobSummary as SyncJobSummary
    from unisync._models.resources import SyncResource as SyncResource
    from unisync._models.resources import SyncResourceState as SyncResourceState
    from unisync._models.resources import SyncResourceSummary as SyncResourceSummary
    from unisync._models.resources import SyncResourceType as SyncResourceType
    from unisync._models.root_cause import RootCause as RootCause
    from unisync._services.codeconnections import AsyncCodeConnectionsClient as AsyncCodeConnectionsClient
    from unisync._services.codeconnections import CodeConnectionsClient as CodeConnectionsClient
    from unisync._services.codeconnections import SyncType as SyncType
    from unisync._services.discovery import Discovery as Discovery
    from unisync._services.ensure import EnsureAction as EnsureAction
    from unisync._services.ensure import EnsureResult as EnsureResult
    from unisync._services.proton import AsyncProtonClient as AsyncProtonClient
    from unisync._services.proton import ProtonClient as ProtonClient
    from unisync._services.proton import ProtonDeprecationWarning as ProtonDeprecationWarning
    from unisync._services.proton import ProtonSyncType as ProtonSyncType
    from unisync._services.proton import RepositoryProvider as RepositoryProvider
    from unisync._services.twinmaker import AsyncTwinMakerClient as AsyncTwinMakerClient
    from unisync._services.twinmaker import CreatedSyncJob as CreatedSyncJob
    from unisync._services.twinmaker import DeletedSyncJob as DeletedSyncJob
    from unisync._services.twinmaker import TwinMakerClient as TwinMakerClient
    from unisync._waiters.arguments import OnProgress as OnProgress
    from unisync._waiters.arguments import Progress as Progress
    from unisync._waiters.hints import Hints as Hints
    from unisync._waiters.many import OnOutcome as OnOutcome
    from unisync._waiters.token import Poll as Poll
    from unisync._waiters.token import PollResult as PollResult
    from unisync._waiters.token import PollStatus as PollStatus
    from unisync._waiters.token import WaitCondition as WaitCondition
    from unisync._waiters.token import WaitToken as WaitToken
    from unisync._waiters.wanted import WantedRevision as WantedRevision
    from unisync._waiters.watcher import Change as Change
    from unisync._waiters.watcher import ChangeKind as ChangeKind
    from unisync.errors import AccessDeniedError as AccessDeniedError
    from unisync.errors import AlreadyExistsError as AlreadyExistsError
    from unisync.errors import ConflictError as ConflictError
    from unisync.errors import CredentialsError as CredentialsError
    from unisync.errors import InvalidArgumentError as InvalidArgumentError
    from unisync.errors import InvalidRequestError as InvalidRequestError
    from unisync.errors import NotFoundError as NotFoundError
    from unisync.errors import QuotaExceededError as QuotaExceededError
    from unisync.errors import ResponseError as ResponseError
    from unisync.errors import ServerError as ServerError
    from unisync.errors import ServiceError as ServiceError
    from unisync.errors import SyncBlockedError as SyncBlockedError
    from unisync.errors import SyncFailedError as SyncFailedError
    from unisync.errors import SyncSupersededError as SyncSupersededError
    from unisync.errors import ThrottledError as ThrottledError
    from unisync.errors import TransportError as TransportError
    from unisync.errors import UnisyncError as UnisyncError
    from unisync.errors import WaitError as WaitError
    from unisync.errors import WaitStoppedError as WaitStoppedError
    from unisync.errors import WaitTimeoutError as WaitTimeoutError

__version__ = "0.1.0"
"""The version of this package, which its distribution takes from here."""

__all__ = [
    "AccessDeniedError",
    "AccountRegion",
    "AlreadyExistsError",
    "AnyRef",
    "AsyncCodeConnectionsClient",
    "AsyncFleet",
    "AsyncPager",
    "AsyncProtonClient",
    "AsyncTwinMakerClient",
    "AsyncUnisync",
    "Backoff",
    "BlockerStatus",
    "BlockerType",
    "Boto3Session",
    "BotocoreConfig",
    "CallEnded",
    "Change",
    "ChangeKind",
    "Check",
    "CheckName",
    "CheckStatus",
    "Clock",
    "CodeConnectionsClient",
    "ConflictError",
    "Connection",
    "ConnectionStatus",
    "CreatedSyncJob",
    "CredentialsError",
    "DeleteResult",
    "DeletedSyncJob",
    "Discovery",
    "DryRun",
    "EnsureAction",
    "EnsureResult",
    "Event",
    "Explanation",
    "Fleet",
    "FleetDiscovery",
    "FleetSync",
    "GitSyncJob",
    "Hints",
    "InvalidArgumentError",
    "InvalidRequestError",
    "NotFoundError",
    "OnEvent",
    "OnOutcome",
    "OnProgress",
    "Outcome",
    "Page",
    "Pager",
    "Poll",
    "PollResult",
    "PollStatus",
    "Progress",
    "ProtonClient",
    "ProtonDeprecationWarning",
    "ProtonSyncType",
    "ProviderType",
    "QuotaExceededError",
    "RateLimit",
    "RawAsyncUnisync",
    "RawResult",
    "RawUnisync",
    "Repository",
    "RepositoryLink",
    "RepositoryProvider",
    "RepositorySummary",
    "RepositorySyncAttempt",
    "RepositorySyncDefinition",
    "ResourceSyncAttempt",
    "ResponseError",
    "Revision",
    "RootCause",
    "ServerError",
    "ServiceError",
    "ServiceInstanceSync",
    "ServiceLocation",
    "ServiceSyncBlockerSummary",
    "ServiceSyncConfig",
    "StackSync",
    "Switch",
    "SyncBlockedError",
    "SyncBlocker",
    "SyncBlockerContext",
    "SyncBlockerSummary",
    "SyncConfiguration",
    "SyncError",
    "SyncErrorCode",
    "SyncEvent",
    "SyncFailedError",
    "SyncJob",
    "SyncJobStatus",
    "SyncJobSummary",
    "SyncRef",
    "SyncResource",
    "SyncResourceState",
    "SyncResourceSummary",
    "SyncResourceType",
    "SyncState",
    "SyncSupersededError",
    "SyncType",
    "SystemClock",
    "TagResult",
    "TemplateSync",
    "TemplateSyncConfig",
    "TemplateType",
    "ThrottledError",
    "TransportError",
    "Trigger",
    "TruncatedListWarning",
    "TwinMakerClient",
    "TwinMakerSync",
    "TwinMakerSyncJob",
    "Unisync",
    "UnisyncError",
    "UpdatedServiceSyncBlocker",
    "UpdatedSyncBlocker",
    "WaitCondition",
    "WaitEnded",
    "WaitError",
    "WaitStarted",
    "WaitStoppedError",
    "WaitTimeoutError",
    "WaitToken",
    "WantedRevision",
    "available_regions",
    "parse_any_ref",
    "parse_fleet_ref",
    "parse_ref",
]

# boto3 and pydantic are imported when a name is first used: importing unisync costs next to nothing.
_HOMES = {
    "_botocore.regions": ("available_regions",),
    "_botocore.types": (
        "Boto3Session",
        "BotocoreConfig",
    ),
    "_client.async_client": ("AsyncUnisync",),
    "_client.client": ("Unisync",),
    "_client.fleet": (
        "AsyncFleet",
        "Fleet",
        "FleetDiscovery",
        "ServiceLocation",
    ),
    "_core.backoff": ("Backoff",),
    "_core.clock": (
        "Clock",
        "SystemClock",
    ),
    "_core.commands": ("AccountRegion",),
    "_core.events": (
        "CallEnded",
        "Event",
        "OnEvent",
        "WaitEnded",
        "WaitStarted",
    ),
    "_core.pagination": (
        "AsyncPager",
        "Page",
        "Pager",
        "TruncatedListWarning",
    ),
    "_waiters.hints": ("Hints",),
    "_core.rate_limiter": ("RateLimit",),
    "_models.base": ("SyncState",),
    "_models.blocker_summaries": (
        "ServiceSyncBlockerSummary",
        "SyncBlockerSummary",
        "UpdatedServiceSyncBlocker",
        "UpdatedSyncBlocker",
    ),
    "_models.blockers": (
        "BlockerStatus",
        "BlockerType",
        "SyncBlocker",
        "SyncBlockerContext",
    ),
    "_models.configurations": (
        "Connection",
        "ConnectionStatus",
        "DeleteResult",
        "Repository",
        "RepositoryLink",
        "RepositorySummary",
        "RepositorySyncAttempt",
        "RepositorySyncDefinition",
        "ServiceSyncConfig",
        "Switch",
        "SyncConfiguration",
        "TagResult",
        "TemplateSyncConfig",
        "Trigger",
    ),
    "_models.dry_run": ("DryRun",),
    "_models.explanation": ("Check", "CheckName", "CheckStatus", "Explanation"),
    "_models.jobs": (
        "GitSyncJob",
        "ProviderType",
        "ResourceSyncAttempt",
        "Revision",
        "SyncError",
        "SyncErrorCode",
        "SyncEvent",
        "SyncJob",
        "SyncJobStatus",
        "TwinMakerSyncJob",
    ),
    "_models.outcome": ("Outcome",),
    "_client.raw": ("RawAsyncUnisync", "RawUnisync"),
    "_models.raw_result": ("RawResult",),
    "_models.refs": (
        "AnyRef",
        "FleetSync",
        "ServiceInstanceSync",
        "StackSync",
        "SyncRef",
        "TemplateSync",
        "TemplateType",
        "TwinMakerSync",
        "parse_any_ref",
        "parse_fleet_ref",
        "parse_ref",
    ),
    "_models.root_cause": ("RootCause",),
    "_models.resources": (
        "SyncJobSummary",
        "SyncResource",
        "SyncResourceState",
        "SyncResourceSummary",
        "SyncResourceType",
    ),
    "_services.codeconnections": (
        "AsyncCodeConnectionsClient",
        "CodeConnectionsClient",
        "SyncType",
    ),
    "_services.discovery": ("Discovery",),
    "_services.ensure": (
        "EnsureAction",
        "EnsureResult",
    ),
    "_services.proton": (
        "AsyncProtonClient",
        "ProtonClient",
        "ProtonDeprecationWarning",
        "ProtonSyncType",
        "RepositoryProvider",
    ),
    "_services.twinmaker": (
        "AsyncTwinMakerClient",
        "CreatedSyncJob",
        "DeletedSyncJob",
        "TwinMakerClient",
    ),
    "_waiters.arguments": (
        "OnProgress",
        "Progress",
    ),
    "_waiters.many": ("OnOutcome",),
    "_waiters.token": (
        "Poll",
        "PollResult",
        "PollStatus",
        "WaitCondition",
        "WaitToken",
    ),
    "_waiters.wanted": ("WantedRevision",),
    "_waiters.watcher": (
        "Change",
        "ChangeKind",
    ),
    "errors": (
        "AccessDeniedError",
        "AlreadyExistsError",
        "ConflictError",
        "CredentialsError",
        "InvalidArgumentError",
        "InvalidRequestError",
        "NotFoundError",
        "QuotaExceededError",
        "ResponseError",
        "ServerError",
        "ServiceError",
        "SyncBlockedError",
        "SyncFailedError",
        "SyncSupersededError",
        "ThrottledError",
        "TransportError",
        "UnisyncError",
        "WaitError",
        "WaitStoppedError",
        "WaitTimeoutError",
    ),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


if not TYPE_CHECKING:  # else a checker would accept any name

    def __getattr__(name: str) -> object:
        home = _HOME_OF.get(name)
        if home is None:
            raise AttributeError(f"module 'unisync' has no attribute {name!r}")
        value: object = getattr(import_module(f"unisync.{home}"), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
