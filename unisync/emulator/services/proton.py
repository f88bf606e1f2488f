"""Proton: Git sync of service instances and templates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from unisync.emulator.errors import AwsError
from unisync.emulator.gitsync import Repository
from unisync.emulator.protocol import Document
from unisync.emulator.services.wording import Wording
from unisync.emulator.world import ProtonService, Template, World

PROVIDERS = {"GitHub": "GITHUB", "GitHubEnterpriseServer": "GITHUB_ENTERPRISE", "Bitbucket": "BITBUCKET"}


def _repository(repository: Repository) -> Document:
    return {
        "repositoryName": repository.full_name,
        "repositoryProvider": PROVIDERS[repository.provider],
    }


_WORDS = Wording(rename=str, repository=_repository)


def get_service_instance_sync_status(world: World, params: Mapping[str, Any], now: float) -> Document:
    """GetServiceInstanceSyncStatus. Before the first attempt the reply is empty."""
    service, name = _service(world, params), params["serviceInstanceName"]
    instance = service.instances.get(name)
    if instance is None:
        raise AwsError("ResourceNotFoundException", f"Service instance {params['serviceName']}/{name} not found.")
    return _WORDS.sync_status(instance, world, now)


def get_template_sync_status(world: World, params: Mapping[str, Any], now: float) -> Document:
    """GetTemplateSyncStatus."""
    version = _template(world, params).versions.get(params["templateVersion"])
    if version is None:
        raise AwsError(
            "ResourceNotFoundException", f"Template {params['templateName']} has no version {params['templateVersion']}"
        )
    return _WORDS.sync_status(version, world, now)


def get_service_sync_config(world: World, params: Mapping[str, Any], now: float) -> Document:
    """GetServiceSyncConfig."""
    repository = _service(world, params).repository
    config = {
        **_repository(repository),
        "branch": repository.branch,
        "filePath": repository.directory,
        "serviceName": params["serviceName"],
    }
    return {"serviceSyncConfig": config}


def get_template_sync_config(world: World, params: Mapping[str, Any], now: float) -> Document:
    """GetTemplateSyncConfig."""
    repository = _template(world, params).repository
    config = {
        **_repository(repository),
        "branch": repository.branch,
        "subdirectory": repository.directory or None,
        "templateName": params["templateName"],
        "templateType": params["templateType"],
    }
    return {"templateSyncConfig": config}


def get_service_sync_blocker_summary(world: World, params: Mapping[str, Any], now: float) -> Document:
    """GetServiceSyncBlockerSummary: of the service alone, or of one instance alone."""
    service, name = _service(world, params), params.get("serviceInstanceName")
    if name is not None and name not in service.instances:
        raise AwsError("ResourceNotFoundException", f"Service instance {params['serviceName']}/{name} not found.")
    blockers = service.blockers if name is None else service.instances[name].own_blockers
    summary = {
        "serviceName": params["serviceName"],
        "serviceInstanceName": name,
        "latestBlockers": _WORDS.blockers(blockers, world),
    }
    return {"serviceSyncBlockerSummary": summary}


def _service(world: World, params: Mapping[str, Any]) -> ProtonService:
    service = world.services.get(params["serviceName"])
    if service is None:
        raise AwsError("ResourceNotFoundException", f"Service {params['serviceName']} not found.")
    return service


def _template(world: World, params: Mapping[str, Any]) -> Template:
    template = world.templates.get((params["templateName"], params["templateType"]))
    if template is None:
        raise AwsError("ResourceNotFoundException", f"Template {params['templateName']} not found.")
    return template


BEHAVIOURS = {
    "GetServiceInstanceSyncStatus": get_service_instance_sync_status,
    "GetTemplateSyncStatus": get_template_sync_status,
    "GetServiceSyncConfig": get_service_sync_config,
    "GetTemplateSyncConfig": get_template_sync_config,
    "GetServiceSyncBlockerSummary": get_service_sync_blocker_summary,
}
