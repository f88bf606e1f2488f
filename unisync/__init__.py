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
    from unisync.aio import AsyncUnisync as AsyncUnisync
    from unisync.backoff import Backoff as Backoff
    from unisync.client import Unisync as Unisync
    from unisync.definitions import Deleted as Deleted
    from unisync.definitions import Repository as Repository
    from unisync.definitions import RepositoryLink as RepositoryLink
    from unisync.definitions import RepositorySummary as RepositorySummary
    from unisync.definitions import RepositorySyncAttempt as RepositorySyncAttempt
    from unisync.definitions import RepositorySyncDefinition as RepositorySyncDefinition
    from unisync.definitions import ServiceSyncBlockerSummary as ServiceSyncBlockerSummary
    from unisync.definitions import ServiceSyncConfig as ServiceSyncConfig
    from unisync.definitions import SyncBlocker as SyncBlocker
    from unisync.definitions import SyncBlockerContext as SyncBlockerContext
    from unisync.definitions import SyncBlockerSummary as SyncBlockerSummary
    from unisync.definitions import SyncConfiguration as SyncConfiguration
    from unisync.definitions import TemplateSyncConfig as TemplateSyncConfig
    from unisync.definitions import UpdatedServiceSyncBlocker as UpdatedServiceSyncBlocker
    from unisync.definitions import UpdatedSyncBlocker as UpdatedSyncBlocker
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
    from unisync.events import CallEnded as CallEnded
    from unisync.events import Event as Event
    from unisync.events import WaitEnded as WaitEnded
    from unisync.events import WaitStarted as WaitStarted
    from unisync.fleet import AsyncFleet as AsyncFleet
    from unisync.fleet import Fleet as Fleet
    from unisync.fleet import FleetDiscovery as FleetDiscovery
    from unisync.fleet import Place as Place
    from unisync.flow import Location as Location
    from unisync.flow import SystemClock as SystemClock
    from unisync.interfaces import Clock as Clock
    from unisync.inventory import SyncJobSummary as SyncJobSummary
    from unisync.inventory import SyncResource as SyncResource
    from unisync.inventory import SyncResources as SyncResources
    from unisync.listing import AsyncListing as AsyncListing
    from unisync.listing import Listing as Listing
    from unisync.listing import Page as Page
    from unisync.listing import TruncatedListWarning as TruncatedListWarning
    from unisync.models import GitSyncJob as GitSyncJob
    from unisync.models import ResourceSyncAttempt as ResourceSyncAttempt
    from unisync.models import Revision as Revision
    from unisync.models import SyncError as SyncError
    from unisync.models import SyncEvent as SyncEvent
    from unisync.models import SyncJob as SyncJob
    from unisync.models import SyncJobStatus as SyncJobStatus
    from unisync.models import SyncState as SyncState
    from unisync.models import TwinMakerSyncJob as TwinMakerSyncJob
    from unisync.outcomes import Outcome as Outcome
    from unisync.pacing import Pace as Pace
    from unisync.refs import AnyRef as AnyRef
    from unisync.refs import FleetSync as FleetSync
    from unisync.refs import ServiceInstanceSync as ServiceInstanceSync
    from unisync.refs import StackSync as StackSync
    from unisync.refs import SyncRef as SyncRef
    from unisync.refs import TemplateSync as TemplateSync
    from unisync.refs import TwinMakerSync as TwinMakerSync
    from unisync.refs import parse_fleet_ref as parse_fleet_ref
    from unisync.refs import parse_ref as parse_ref
    from unisync.regions import available_regions as available_regions
    from unisync.services.codeconnections import AsyncCodeConnections as AsyncCodeConnections
    from unisync.services.codeconnections import BlockingCodeConnections as BlockingCodeConnections
    from unisync.services.discovery import Discovery as Discovery
    from unisync.services.ensuring import Ensured as Ensured
    from unisync.services.proton import AsyncProton as AsyncProton
    from unisync.services.proton import BlockingProton as BlockingProton
    from unisync.services.proton import ProtonDeprecationWarning as ProtonDeprecationWarning
    from unisync.services.twinmaker import AsyncTwinMaker as AsyncTwinMaker
    from unisync.services.twinmaker import BlockingTwinMaker as BlockingTwinMaker
    from unisync.services.twinmaker import CreatedSyncJob as CreatedSyncJob
    from unisync.services.twinmaker import DeletedSyncJob as DeletedSyncJob
    from unisync.tokens import WaitToken as WaitToken
    from unisync.waiting import Progress as Progress
    from unisync.watching import Change as Change

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
    "aio": ("AsyncUnisync",),
    "backoff": ("Backoff",),
    "client": ("Unisync",),
    "definitions": (
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
    "events": ("CallEnded", "Event", "WaitEnded", "WaitStarted"),
    "fleet": ("AsyncFleet", "Fleet", "FleetDiscovery", "Place"),
    "flow": ("Location", "SystemClock"),
    "interfaces": ("Clock",),
    "inventory": (
        "SyncJobSummary",
        "SyncResource",
        "SyncResources",
    ),
    "listing": (
        "AsyncListing",
        "Listing",
        "Page",
        "TruncatedListWarning",
    ),
    "models": (
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
    "outcomes": ("Outcome",),
    "pacing": ("Pace",),
    "refs": (
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
    "regions": ("available_regions",),
    "services.codeconnections": (
        "AsyncCodeConnections",
        "BlockingCodeConnections",
    ),
    "services.discovery": ("Discovery",),
    "services.ensuring": ("Ensured",),
    "services.proton": (
        "AsyncProton",
        "BlockingProton",
        "ProtonDeprecationWarning",
    ),
    "services.twinmaker": (
        "AsyncTwinMaker",
        "BlockingTwinMaker",
        "CreatedSyncJob",
        "DeletedSyncJob",
    ),
    "tokens": ("WaitToken",),
    "waiting": ("Progress",),
    "watching": ("Change",),
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
