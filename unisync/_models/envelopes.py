"""What AWS wraps a model in: answers with one member that counts, and the pages of lists."""

from __future__ import annotations

from unisync._models.configurations import (
    Repository,
    RepositoryLink,
    RepositorySummary,
    RepositorySyncAttempt,
    RepositorySyncDefinition,
    ServiceSyncBlockerSummary,
    ServiceSyncConfig,
    SyncBlockerSummary,
    SyncConfiguration,
    TemplateSyncConfig,
)
from unisync._models.jobs import Model, Several, both, wire

# Of IoT TwinMaker. Its lists of jobs and resources are in inventory.py.


class Workspace(Model, frozen=True):
    """A workspace, as a listing tells of it."""

    workspace_id: str = wire("workspaceId")


class Workspaces(Model, frozen=True):
    """ListWorkspaces' answer."""

    items: Several[Workspace] = wire("workspaceSummaries", default=())
    next_token: str | None = wire("nextToken", default=None)


# Of Proton. Where a member is optional, AWS may answer without it.


class RepositoryAnswer(Model, frozen=True):
    """CreateRepository's and GetRepository's answer."""

    answer: Repository = wire("repository")


class DeletedRepositoryAnswer(Model, frozen=True):
    """DeleteRepository's answer."""

    answer: Repository | None = wire("repository", default=None)


class ServiceSyncConfigAnswer(Model, frozen=True):
    """The answer of what creates, reads, updates and deletes a ServiceSyncConfig."""

    answer: ServiceSyncConfig | None = wire("serviceSyncConfig", default=None)


class TemplateSyncConfigAnswer(Model, frozen=True):
    """The answer of what creates, reads, updates and deletes a TemplateSyncConfig."""

    answer: TemplateSyncConfig | None = wire("templateSyncConfig", default=None)


class ServiceSyncBlockerSummaryAnswer(Model, frozen=True):
    """GetServiceSyncBlockerSummary's answer."""

    answer: ServiceSyncBlockerSummary | None = wire("serviceSyncBlockerSummary", default=None)


class OptionalRepositorySyncAnswer(Model, frozen=True):
    """GetRepositorySyncStatus's answer: empty as long as there was no attempt."""

    answer: RepositorySyncAttempt | None = wire("latestSync", default=None)


class Repositories(Model, frozen=True):
    """ListRepositories' answer."""

    items: tuple[RepositorySummary, ...] = wire("repositories")
    next_token: str | None = wire("nextToken", default=None)


class ServiceInstance(Model, frozen=True):
    """A service instance, as a listing tells of it."""

    name: str
    service_name: str = wire("serviceName")


class ServiceInstances(Model, frozen=True):
    """ListServiceInstances' answer."""

    items: tuple[ServiceInstance, ...] = wire("serviceInstances")
    next_token: str | None = wire("nextToken", default=None)


class Template(Model, frozen=True):
    """A template, as a listing tells of it."""

    name: str


class Templates(Model, frozen=True):
    """ListServiceTemplates' and ListEnvironmentTemplates' answer."""

    items: tuple[Template, ...] = wire("templates")
    next_token: str | None = wire("nextToken", default=None)


class TemplateVersion(Model, frozen=True):
    """A version of a template, as a listing tells of it."""

    major_version: str = wire("majorVersion")


class TemplateVersions(Model, frozen=True):
    """ListServiceTemplateVersions' and ListEnvironmentTemplateVersions' answer."""

    items: tuple[TemplateVersion, ...] = wire("templateVersions")
    next_token: str | None = wire("nextToken", default=None)


# Of CodeConnections.


class RepositoryLinkAnswer(Model, frozen=True):
    """The answer of what creates, reads and updates a repository link."""

    answer: RepositoryLink = wire("RepositoryLinkInfo")


class SyncConfigurationAnswer(Model, frozen=True):
    """The answer of what creates, reads and updates a sync configuration."""

    answer: SyncConfiguration = wire("SyncConfiguration")


class SyncBlockerSummaryAnswer(Model, frozen=True):
    """GetSyncBlockerSummary's answer."""

    answer: SyncBlockerSummary = wire("SyncBlockerSummary")


class RepositorySyncAnswer(Model, frozen=True):
    """GetRepositorySyncStatus's answer."""

    answer: RepositorySyncAttempt = wire("LatestSync")


class RepositoryLinks(Model, frozen=True):
    """ListRepositoryLinks' answer."""

    items: tuple[RepositoryLink, ...] = wire("RepositoryLinks")
    next_token: str | None = wire("NextToken", default=None)


class SyncConfigurations(Model, frozen=True):
    """ListSyncConfigurations' answer."""

    items: tuple[SyncConfiguration, ...] = wire("SyncConfigurations")
    next_token: str | None = wire("NextToken", default=None)


# Of both Git services.


class RepositorySyncDefinitions(Model, frozen=True):
    """ListRepositorySyncDefinitions' answer, whose member Proton calls otherwise."""

    items: tuple[RepositorySyncDefinition, ...] = wire("syncDefinitions", "RepositorySyncDefinitions")
    next_token: str | None = both("nextToken", default=None)
