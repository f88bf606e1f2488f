"""The envelopes that AWS wraps its responses in: a single field that counts, or a page of a list."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Generic, TypeVar, cast

from pydantic import BeforeValidator, create_model

from unisync._models.base import Model, NullableTuple, alias, dual_case_alias
from unisync._models.blocker_summaries import ServiceSyncBlockerSummary
from unisync._models.configurations import (
    Connection,
    Repository,
    RepositoryLink,
    RepositorySummary,
    RepositorySyncAttempt,
    RepositorySyncDefinition,
    ServiceSyncConfig,
    SyncConfiguration,
    TemplateSyncConfig,
)

T = TypeVar("T")


class Envelope(Model, Generic[T], frozen=True):
    """A response with one field that counts."""

    value: T


class PageOf(Model, Generic[T], frozen=True):
    """A response that is a page of a list."""

    items: tuple[T, ...]
    next_token: str | None


def _envelope(field: str, model: type[T]) -> type[Envelope[T]]:
    """The envelope whose one field AWS calls `field`."""
    made: Any = cast("Any", create_model)(f"{model.__name__}Envelope", __base__=Model, value=(model, alias(field)))
    return cast("type[Envelope[T]]", made)


def _optional_envelope(field: str, model: type[T]) -> type[Envelope[T | None]]:
    """The same, where AWS may leave the field out."""
    value = (model | None, alias(field, default=None))
    made: Any = cast("Any", create_model)(f"Optional{model.__name__}Envelope", __base__=Model, value=value)
    return cast("type[Envelope[T | None]]", made)


def _page(model: type[T], *fields: str, optional: bool = False) -> type[PageOf[T]]:
    """The page whose list AWS calls by one of these names, and may leave out if it is optional."""
    item: Any = model
    items = (NullableTuple[item], alias(*fields, default=())) if optional else (tuple[item, ...], alias(*fields))
    token = (str | None, alias("nextToken", "NextToken", default=None))
    made: Any = cast("Any", create_model)(f"{model.__name__}Page", __base__=Model, items=items, next_token=token)
    return cast("type[PageOf[T]]", made)


# All services.


class Tag(Model, frozen=True):
    """A tag of a resource."""

    key: str = dual_case_alias("key")
    value: str = dual_case_alias("value")


def _as_list(value: object) -> object:
    """IoT TwinMaker's map of tags as a list, as the other services have it."""
    if not isinstance(value, Mapping):
        return value
    return [{"key": key, "value": text} for key, text in cast("Mapping[object, object]", value).items()]


class TagsPage(Model, frozen=True):
    """ListTagsForResource's response. CodeConnections has no pages of tags."""

    items: Annotated[NullableTuple[Tag], BeforeValidator(_as_list)] = alias("tags", "Tags", default=())
    next_token: str | None = alias("nextToken", "NextToken", default=None)


# IoT TwinMaker. Its pages of sync jobs and resources are in resources.py.


class Workspace(Model, frozen=True):
    """A workspace in a list."""

    workspace_id: str = alias("workspaceId")


WorkspacesPage = _page(Workspace, "workspaceSummaries", optional=True)

# Proton.


class ServiceInstance(Model, frozen=True):
    """A service instance in a list."""

    name: str
    arn: str
    service_name: str = alias("serviceName")


class Template(Model, frozen=True):
    """A template in a list."""

    name: str
    arn: str


class TemplateVersion(Model, frozen=True):
    """A version of a template in a list."""

    major_version: str = alias("majorVersion")


RepositoryEnvelope = _envelope("repository", Repository)
OptionalRepositoryEnvelope = _optional_envelope("repository", Repository)
ServiceSyncConfigEnvelope = _optional_envelope("serviceSyncConfig", ServiceSyncConfig)
TemplateSyncConfigEnvelope = _optional_envelope("templateSyncConfig", TemplateSyncConfig)
ServiceSyncBlockerSummaryEnvelope = _optional_envelope("serviceSyncBlockerSummary", ServiceSyncBlockerSummary)
OptionalRepositorySyncEnvelope = _optional_envelope("latestSync", RepositorySyncAttempt)
RepositoriesPage = _page(RepositorySummary, "repositories")
ServiceInstancesPage = _page(ServiceInstance, "serviceInstances")
TemplatesPage = _page(Template, "templates")
TemplateVersionsPage = _page(TemplateVersion, "templateVersions")

# CodeConnections.


ConnectionEnvelope = _optional_envelope("Connection", Connection)
ConnectionsPage = _page(Connection, "Connections", optional=True)
RepositoryLinkEnvelope = _envelope("RepositoryLinkInfo", RepositoryLink)
SyncConfigurationEnvelope = _envelope("SyncConfiguration", SyncConfiguration)
RepositorySyncEnvelope = _envelope("LatestSync", RepositorySyncAttempt)
RepositoryLinksPage = _page(RepositoryLink, "RepositoryLinks")
SyncConfigurationsPage = _page(SyncConfiguration, "SyncConfigurations")

# Both Git services.

RepositorySyncDefinitionsPage = _page(RepositorySyncDefinition, "syncDefinitions", "RepositorySyncDefinitions")
