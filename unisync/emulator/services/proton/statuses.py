"""The sync status of Proton's service instances and templates, and their blockers."""

from __future__ import annotations

from collections.abc import Iterator

from unisync.emulator._protocol.serialization import Document
from unisync.emulator._state.git_sync import Blocker, GitSync
from unisync.emulator.errors import AwsError
from unisync.emulator.services.proton.common import NOT_FOUND, SERIALIZER, find_service, find_template
from unisync.emulator.services.request import Handler, OperationRequest


def get_service_instance_sync_status(request: OperationRequest) -> Document:
    """GetServiceInstanceSyncStatus. Before the first attempt the reply is empty."""
    return SERIALIZER.sync_status(_instance(request), request.account, request.now)


def get_template_sync_status(request: OperationRequest) -> Document:
    """GetTemplateSyncStatus. Before the first attempt the reply is empty."""
    name, number = request.params["templateName"], request.params["templateVersion"]
    version = find_template(request).versions.get(number)
    if version is None:
        raise AwsError(NOT_FOUND, f"Template {name} has no version {number}")
    return SERIALIZER.sync_status(version, request.account, request.now)


def get_service_sync_blocker_summary(request: OperationRequest) -> Document:
    """GetServiceSyncBlockerSummary: only the service's own blockers, or only those of one instance."""
    name = request.params.get("serviceInstanceName")
    blockers = find_service(request).blockers if name is None else _instance(request).blockers(request.now)
    summary = {
        "serviceName": request.params["serviceName"],
        "serviceInstanceName": name,
        "latestBlockers": SERIALIZER.blockers(blockers, request.account),
    }
    return {"serviceSyncBlockerSummary": summary}


def update_service_sync_blocker(request: OperationRequest) -> Document:
    """UpdateServiceSyncBlocker: resolves the blocker of any service or instance."""
    for service, instance, blocker in _blockers(request):
        if blocker.id == request.params["id"]:
            blocker.resolve(request.now, request.params["resolvedReason"])
            resolved = SERIALIZER.blocker(blocker, request.account)
            return {"serviceName": service, "serviceInstanceName": instance, "serviceSyncBlocker": resolved}
    raise AwsError(NOT_FOUND, f"Sync blocker {request.params['id']} not found.")


def _instance(request: OperationRequest) -> GitSync:
    name = request.params["serviceInstanceName"]
    instance = find_service(request).instances.get(name)
    if instance is None:
        raise AwsError(NOT_FOUND, f"Service instance {request.params['serviceName']}/{name} not found.")
    return instance


def _blockers(request: OperationRequest) -> Iterator[tuple[str, str | None, Blocker]]:
    """Every blocker, with its service, and with its instance if it blocks only that one."""
    for name, service in request.account.services.items():
        for blocker in service.blockers:
            yield name, None, blocker
        for instance_name, instance in service.instances.items():
            for blocker in instance.blockers(request.now):
                yield name, instance_name, blocker


HANDLERS: dict[str, Handler] = {
    "GetServiceInstanceSyncStatus": get_service_instance_sync_status,
    "GetTemplateSyncStatus": get_template_sync_status,
    "GetServiceSyncBlockerSummary": get_service_sync_blocker_summary,
    "UpdateServiceSyncBlocker": update_service_sync_blocker,
}
