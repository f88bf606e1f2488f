"""Lists of Proton's services, service instances, templates and template versions."""

from __future__ import annotations

from typing import Literal

from unisync.emulator._protocol.pagination import ListResult
from unisync.emulator._protocol.serialization import Document
from unisync.emulator._state.entity import Entity
from unisync.emulator._state.git_sync import GitSync
from unisync.emulator.errors import AwsError
from unisync.emulator.services.proton.common import NOT_FOUND, find_service
from unisync.emulator.services.request import Handler, OperationRequest

MINOR_VERSION = "0"
"""The only minor version of every major version."""

TemplateType = Literal["SERVICE", "ENVIRONMENT"]


def list_services(request: OperationRequest) -> ListResult:
    """ListServices."""
    summaries: dict[int, Document] = {}
    for name, service in request.account.services.items():
        summaries[service.number] = {
            **_common_fields(request, service, f"service/{name}"),
            "name": name,
            "status": "ACTIVE",
            "templateName": name,
        }
    return ListResult("services", summaries)


def list_service_instances(request: OperationRequest) -> ListResult:
    """ListServiceInstances, of one service or of all."""
    name = request.params.get("serviceName")
    services = request.account.services if name is None else {name: find_service(request)}
    return ListResult(
        "serviceInstances",
        {
            instance.number: _instance(request, service_name, instance_name, instance)
            for service_name, service in services.items()
            for instance_name, instance in service.instances.items()
        },
    )


def list_service_templates(request: OperationRequest) -> ListResult:
    """ListServiceTemplates."""
    return _templates(request, "SERVICE")


def list_environment_templates(request: OperationRequest) -> ListResult:
    """ListEnvironmentTemplates."""
    return _templates(request, "ENVIRONMENT")


def list_service_template_versions(request: OperationRequest) -> ListResult:
    """ListServiceTemplateVersions."""
    return _versions(request, "SERVICE")


def list_environment_template_versions(request: OperationRequest) -> ListResult:
    """ListEnvironmentTemplateVersions."""
    return _versions(request, "ENVIRONMENT")


def _templates(request: OperationRequest, kind: TemplateType) -> ListResult:
    summaries: dict[int, Document] = {}
    for (name, each), template in request.account.templates.items():
        if each == kind:
            summaries[template.number] = {**_common_fields(request, template, _arn(kind, name)), "name": name}
    return ListResult("templates", summaries)


def _versions(request: OperationRequest, kind: TemplateType) -> ListResult:
    """The major versions of a template, or the only minor version of one major version."""
    name, major_version = request.params["templateName"], request.params.get("majorVersion")
    template = request.account.templates.get((name, kind))
    if template is None:
        raise AwsError(NOT_FOUND, f"Template {name} not found.")
    if major_version is not None and major_version not in template.versions:
        raise AwsError(NOT_FOUND, f"Template {name} has no version {major_version}")
    summaries: dict[int, Document] = {}
    for major, version in template.versions.items():
        if major_version in (None, major):
            arn = f"{_arn(kind, name)}:{major}" + ("" if major_version is None else f".{MINOR_VERSION}")
            summaries[version.number] = {
                **_common_fields(request, version, arn),
                "majorVersion": major,
                "minorVersion": MINOR_VERSION,
                "recommendedMinorVersion": MINOR_VERSION,
                "status": "PUBLISHED",
                "statusMessage": "",
                "templateName": name,
            }
    return ListResult("templateVersions", summaries)


def _instance(request: OperationRequest, service: str, name: str, instance: GitSync) -> Document:
    created_at = request.account.date(instance.created_at)
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


def _common_fields(request: OperationRequest, entity: Entity, resource: str) -> Document:
    """The fields that all summaries but those of instances have in common."""
    created_at = request.account.date(entity.created_at)
    return {"arn": request.account.arn("proton", resource), "createdAt": created_at, "lastModifiedAt": created_at}


def _arn(kind: TemplateType, name: str) -> str:
    return f"{kind.lower()}-template/{name}"


HANDLERS: dict[str, Handler] = {
    "ListServices": list_services,
    "ListServiceInstances": list_service_instances,
    "ListServiceTemplates": list_service_templates,
    "ListEnvironmentTemplates": list_environment_templates,
    "ListServiceTemplateVersions": list_service_template_versions,
    "ListEnvironmentTemplateVersions": list_environment_template_versions,
}
