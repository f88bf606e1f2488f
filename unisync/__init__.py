"""One typed client for the sync APIs of AWS IoT TwinMaker, Proton and CodeConnections.

from unisync import StackSync, Unisync

client = Unisync(region_name="eu-west-1")
client.wait_until_active(StackSync("payments-prod"), revision="4f2c9e1")
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from unisync.collection import NoCollection

if TYPE_CHECKING:
    from unisync._botocore.regions import available_regions as available_regions
    from unisync._client.async_client import AsyncUnisync as AsyncUnisync
    from unisync._client.client import Unisync as Unisync
    from unisync._client.fleet import AsyncFleet as AsyncFleet
    from unisync._client.fleet import Fleet as Fleet
    from unisync._client.fleet import FleetDiscovery as FleetDiscovery
    from unisync._client.fleet import Place as Place
    from unisync._core.clock import Clock as Clock
    from unisync._core.events import CallEnded as CallEnded
    from unisync._core.events import Event as Event
    from unisync._core.events import WaitEnded as WaitEnded
    from unisync._core.events import WaitStarted as WaitStarted
    from unisync._core.flow import Location as Location
    from unisync._core.flow import SystemClock as SystemClock
    from unisync._core.pagination import AsyncListing as AsyncListing
    from unisync._core.pagination import Listing as Listing
    from unisync._core.pagination import Page as Page
    from unisync._core.pagination import TruncatedListWarning as TruncatedListWarning
    from unisync._core.rate_limiter import Pace as Pace
    from unisync._core.retry import Backoff as Backoff
    from unisync._models.configurations import Deleted as Deleted
    from unisync._models.configurations import Repository as Repository
    from unisync._models.configurations import RepositoryLink as RepositoryLink
    from unisync._models.configurations import RepositorySummary as RepositorySummary
    from unisync._models.configurations import RepositorySyncAttempt as RepositorySyncAttempt
    from unisync._models.configurations import RepositorySyncDefinition as RepositorySyncDefinition
    from unisync._models.configurations import ServiceSyncBlockerSummary as ServiceSyncBlockerSummary
    from unisync._models.configurations import ServiceSyncConfig as ServiceSyncConfig
    from unisync._models.configurations import SyncBlocker as SyncBlocker
    from unisync._models.configurations import SyncBlockerContext as SyncBlockerContext
    from unisync._models.configurations import SyncBlockerSummary as SyncBlockerSummary
    from unisync._models.configurations import SyncConfiguration as SyncConfiguration
    from unisync._models.configurations import TemplateSyncConfig as TemplateSyncConfig
    from unisync._models.configurations import UpdatedServiceSyncBlocker as UpdatedServiceSyncBlocker
    from unisync._models.configurations import UpdatedSyncBlocker as UpdatedSyncBlocker
    from unisync._models.jobs import GitSyncJob as GitSyncJob
    from unisync._models.jobs import ResourceSyncAttempt as ResourceSyncAttempt
    from unisync._models.jobs import Revision as Revision
    from unisync._models.jobs import SyncError as SyncError
    from unisync._models.jobs import SyncEvent as SyncEvent
    from unisync._models.jobs import SyncJob as SyncJob
    from unisync._models.jobs import SyncJobStatus as SyncJobStatus
    from unisync._models.jobs import SyncState as SyncState
    from unisync._models.jobs import TwinMakerSyncJob as TwinMakerSyncJob
    from unisync._models.refs import AnyRef as AnyRef
    from unisync._models.refs import FleetSync as FleetSync
    from unisync._models.refs import ServiceInstanceSync as ServiceInstanceSync
    from unisync._models.refs import StackSync as StackSync
    from unisync._models.refs import SyncRef as SyncRef
    from unisync._models.refs import TemplateSync as TemplateSync
    from unisync._models.refs import TwinMakerSync as TwinMakerSync
    from unisync._models.refs import parse_fleet_ref as parse_fleet_ref
    from unisync._models.refs import parse_ref as parse_ref
    from unisync._models.resources import SyncJobSummary as SyncJobSummary
    from unisync._models.resources import SyncResource as SyncResource
    from unisync._models.resources import SyncResources as SyncResources
    from unisync._services.codeconnections import AsyncCodeConnections as AsyncCodeConnections
    from unisync._services.codeconnections import BlockingCodeConnections as BlockingCodeConnections
    from unisync._services.discovery import Discovery as Discovery
    from unisync._services.ensure import Ensured as Ensured
    from unisync._services.proton import AsyncProton as AsyncProton
    from unisync._services.proton import BlockingProton as BlockingProton
    from unisync._services.proton import ProtonDeprecationWarning as ProtonDeprecationWarning
    from unisync._services.twinmaker import AsyncTwinMaker as AsyncTwinMaker
    from unisync._services.twinmaker import BlockingTwinMaker as BlockingTwinMaker
    from unisync._services.twinmaker import CreatedSyncJob as CreatedSyncJob
    from unisync._services.twinmaker import DeletedSyncJob as DeletedSyncJob
    from unisync._waiters.many import Outcome as Outcome
    from unisync._waiters.token import WaitToken as WaitToken
    from unisync._waiters.waiters import Progress as Progress
    from unisync._waiters.watcher import Change as Change
    from unisync.errors import AccessDeniedError as AccessDeniedError
    from unisync.errors import AlreadyExistsError as AlreadyExistsError
    from unisync.errors import ConflictError as ConflictError
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

__all__ = [
    "AccessDeniedError",
    "AlreadyExistsError",
    "AnyRef",
    "AsyncCodeConnections",
    "AsyncFleet",
    "AsyncListing",
    "AsyncProton",
    "AsyncTwinMaker",
    "AsyncUnisync",
    "Backoff",
    "BlockingCodeConnections",
    "BlockingProton",
    "BlockingTwinMaker",
    "CallEnded",
    "Change",
    "Clock",
    "ConflictError",
    "CreatedSyncJob",
    "Deleted",
    "DeletedSyncJob",
    "Discovery",
    "Ensured",
    "Event",
    "Fleet",
    "FleetDiscovery",
    "FleetSync",
    "GitSyncJob",
    "InvalidRequestError",
    "Listing",
    "Location",
    "NotFoundError",
    "Outcome",
    "Pace",
    "Page",
    "Place",
    "Progress",
    "ProtonDeprecationWarning",
    "QuotaExceededError",
    "Repository",
    "RepositoryLink",
    "RepositorySummary",
    "RepositorySyncAttempt",
    "RepositorySyncDefinition",
    "ResourceSyncAttempt",
    "ResponseError",
    "Revision",
    "ServerError",
    "ServiceError",
    "ServiceInstanceSync",
    "ServiceSyncBlockerSummary",
    "ServiceSyncConfig",
    "StackSync",
    "SyncBlockedError",
    "SyncBlocker",
    "SyncBlockerContext",
    "SyncBlockerSummary",
    "SyncConfiguration",
    "SyncError",
    "SyncEvent",
    "SyncFailedError",
    "SyncJob",
    "SyncJobStatus",
    "SyncJobSummary",
    "SyncRef",
    "SyncResource",
    "SyncResources",
    "SyncState",
    "SyncSupersededError",
    "SystemClock",
    "TemplateSync",
    "TemplateSyncConfig",
    "ThrottledError",
    "TransportError",
    "TruncatedListWarning",
    "TwinMakerSync",
    "TwinMakerSyncJob",
    "Unisync",
    "UnisyncError",
    "UpdatedServiceSyncBlocker",
    "UpdatedSyncBlocker",
    "WaitEnded",
    "WaitError",
    "WaitStarted",
    "WaitStoppedError",
    "WaitTimeoutError",
    "WaitToken",
    "available_regions",
    "parse_fleet_ref",
    "parse_ref",
]

# boto3 and pydantic are loaded when a name is first used: importing unisync costs next to nothing.
_HOMES = {
    "_client.async_client": ("AsyncUnisync",),
    "_core.retry": ("Backoff",),
    "_client.client": ("Unisync",),
    "_models.configurations": (
        "Deleted",
        "Repository",
        "RepositoryLink",
        "RepositorySummary",
        "RepositorySyncAttempt",
        "RepositorySyncDefinition",
        "ServiceSyncBlockerSummary",
        "ServiceSyncConfig",
        "SyncBlocker",
        "SyncBlockerContext",
        "SyncBlockerSummary",
        "SyncConfiguration",
        "TemplateSyncConfig",
        "UpdatedServiceSyncBlocker",
        "UpdatedSyncBlocker",
    ),
    "errors": (
        "AccessDeniedError",
        "AlreadyExistsError",
        "ConflictError",
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
    "_core.events": ("CallEnded", "Event", "WaitEnded", "WaitStarted"),
    "_client.fleet": ("AsyncFleet", "Fleet", "FleetDiscovery", "Place"),
    "_core.flow": ("Location", "SystemClock"),
    "_core.clock": ("Clock",),
    "_models.resources": (
        "SyncJobSummary",
        "SyncResource",
        "SyncResources",
    ),
    "_core.pagination": (
        "AsyncListing",
        "Listing",
        "Page",
        "TruncatedListWarning",
    ),
    "_models.jobs": (
        "GitSyncJob",
        "ResourceSyncAttempt",
        "Revision",
        "SyncError",
        "SyncEvent",
        "SyncJob",
        "SyncJobStatus",
        "SyncState",
        "TwinMakerSyncJob",
    ),
    "_waiters.many": ("Outcome",),
    "_core.rate_limiter": ("Pace",),
    "_models.refs": (
        "AnyRef",
        "FleetSync",
        "ServiceInstanceSync",
        "StackSync",
        "SyncRef",
        "TemplateSync",
        "TwinMakerSync",
        "parse_fleet_ref",
        "parse_ref",
    ),
    "_botocore.regions": ("available_regions",),
    "_services.codeconnections": (
        "AsyncCodeConnections",
        "BlockingCodeConnections",
    ),
    "_services.discovery": ("Discovery",),
    "_services.ensure": ("Ensured",),
    "_services.proton": (
        "AsyncProton",
        "BlockingProton",
        "ProtonDeprecationWarning",
    ),
    "_services.twinmaker": (
        "AsyncTwinMaker",
        "BlockingTwinMaker",
        "CreatedSyncJob",
        "DeletedSyncJob",
    ),
    "_waiters.token": ("WaitToken",),
    "_waiters.waiters": ("Progress",),
    "_waiters.watcher": ("Change",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


if not TYPE_CHECKING:  # else a checker would take any name for one that is there

    def __getattr__(name: str) -> object:
        home = _HOME_OF.get(name)
        if home is None:
            raise AttributeError(f"module 'unisync' has no attribute {name!r}")
        with NoCollection():
            value: object = getattr(import_module(f"unisync.{home}"), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
