"""What there is in Proton to be synced: services, their instances, templates and their versions."""

from __future__ import annotations

from typing import Literal

from unisync.emulator._protocol.pagination import Listing
from unisync.emulator._protocol.serialization import Document
from unisync.emulator._state.entity import Created
from unisync.emulator._state.git_sync import GitSync
from unisync.emulator.errors import AwsError
from unisync.emulator.services.proton.common import NOT_FOUND, find_service
from unisync.emulator.services.request import Asked, Behaviour

MINOR_VERSION = "0"
"""The one minor version that every major version has."""

TemplateType = Literal["SERVICE", "ENVIRONMENT"]


def list_services(asked: Asked) -> Listing:
    """ListServices."""
    summaries: dict[int, Document] = {}
    for name, service in asked.world.services.items():
        summaries[service.number] = {
            **_made(asked, service, f"service/{name}"),
            "name": name,
            "status": "ACTIVE",
            "templateName": name,
        }
    return Listing("services", summaries)


def list_service_instances(asked: Asked) -> Listing:
    """ListServiceInstances: of one service, or of all."""
    only = asked.params.get("serviceName")
    services = asked.world.services if only is None else {only: find_service(asked)}
    return Listing(
        "serviceInstances",
        {
            instance.number: _instance(asked, service, name, instance)
            for service, owner in services.items()
            for name, instance in owner.instances.items()
        },
    )


def list_service_templates(asked: Asked) -> Listing:
    """ListServiceTemplates."""
    return _templates(asked, "SERVICE")


def list_environment_templates(asked: Asked) -> Listing:
    """ListEnvironmentTemplates."""
    return _templates(asked, "ENVIRONMENT")


def list_service_template_versions(asked: Asked) -> Listing:
    """ListServiceTemplateVersions."""
    return _versions(asked, "SERVICE")


def list_environment_template_versions(asked: Asked) -> Listing:
    """ListEnvironmentTemplateVersions."""
    return _versions(asked, "ENVIRONMENT")


def _templates(asked: Asked, kind: TemplateType) -> Listing:
    summaries: dict[int, Document] = {}
    for (name, each), template in asked.world.templates.items():
        if each == kind:
            summaries[template.number] = {**_made(asked, template, _arn(kind, name)), "name": name}
    return Listing("templates", summaries)


def _versions(asked: Asked, kind: TemplateType) -> Listing:
    """The major versions of a template; or the minor ones of a major one, of which there is one."""
    name, only = asked.params["templateName"], asked.params.get("majorVersion")
    template = asked.world.templates.get((name, kind))
    if template is None:
        raise AwsError(NOT_FOUND, f"Template {name} not found.")
    if only is not None and only not in template.versions:
        raise AwsError(NOT_FOUND, f"Template {name} has no version {only}")
    summaries: dict[int, Document] = {}
    for major, version in template.versions.items():
        if only in (None, major):
            arn = f"{_arn(kind, name)}:{major}" + ("" if only is None else f".{MINOR_VERSION}")
            summaries[version.number] = {
                **_made(asked, version, arn),
                "majorVersion": major,
                "minorVersion": MINOR_VERSION,
                "status": "PUBLISHED",
                "templateName": name,
            }
    return Listing("templateVersions", summaries)


def _instance(asked: Asked, service: str, name: str, instance: GitSync) -> Document:
    created_at = asked.world.date(instance.created_at)
    return {
        "arn": instance.target,
        "createdAt": created_at,
        "deploymentStatus": "SUCCEEDED",
        "environmentName": name,
        "lastDeploymentAttemptedAt": created_at,
        "lastDeploymentSucceededAt": created_at,
        "name": name,
        "serviceName": service,
        "templateMajorVersion": "1",
        "templateMinorVersion": MINOR_VERSION,
        "templateName": service,
    }


def _made(asked: Asked, thing: Created, resource: str) -> Document:
    """What every summary but an instance's says of when a thing was made."""
    created_at = asked.world.date(thing.created_at)
    return {"arn": asked.world.arn("proton", resource), "createdAt": created_at, "lastModifiedAt": created_at}


def _arn(kind: TemplateType, name: str) -> str:
    return f"{kind.lower()}-template/{name}"


BEHAVIOURS: dict[str, Behaviour] = {
    "ListServices": list_services,
    "ListServiceInstances": list_service_instances,
    "ListServiceTemplates": list_service_templates,
    "ListEnvironmentTemplates": list_environment_templates,
    "ListServiceTemplateVersions": list_service_template_versions,
    "ListEnvironmentTemplateVersions": list_environment_template_versions,
}
