"""How Proton's Git syncs stand, and what blocks them."""

from __future__ import annotations

from collections.abc import Iterator

from unisync.emulator._protocol.serialization import Document
from unisync.emulator._state.git_sync import Blocker, GitSync
from unisync.emulator.errors import AwsError
from unisync.emulator.services.proton.common import NOT_FOUND, WORDS, find_service, find_template
from unisync.emulator.services.request import Asked, Behaviour


def get_service_instance_sync_status(asked: Asked) -> Document:
    """GetServiceInstanceSyncStatus. Before the first attempt the reply is empty."""
    return WORDS.sync_status(_instance(asked), asked.world, asked.now)


def get_template_sync_status(asked: Asked) -> Document:
    """GetTemplateSyncStatus. Before the first attempt the reply is empty."""
    name, number = asked.params["templateName"], asked.params["templateVersion"]
    version = find_template(asked).versions.get(number)
    if version is None:
        raise AwsError(NOT_FOUND, f"Template {name} has no version {number}")
    return WORDS.sync_status(version, asked.world, asked.now)


def get_service_sync_blocker_summary(asked: Asked) -> Document:
    """GetServiceSyncBlockerSummary: of the service alone, or of one instance alone."""
    name = asked.params.get("serviceInstanceName")
    blockers = find_service(asked).blockers if name is None else _instance(asked).own_blockers
    summary = {
        "serviceName": asked.params["serviceName"],
        "serviceInstanceName": name,
        "latestBlockers": WORDS.blockers(blockers, asked.world),
    }
    return {"serviceSyncBlockerSummary": summary}


def update_service_sync_blocker(asked: Asked) -> Document:
    """UpdateServiceSyncBlocker: resolve it, whosever it is."""
    for service, instance, blocker in _blockers(asked):
        if blocker.id == asked.params["id"]:
            blocker.resolve(asked.now, asked.params["resolvedReason"])
            resolved = WORDS.blocker(blocker, asked.world)
            return {"serviceName": service, "serviceInstanceName": instance, "serviceSyncBlocker": resolved}
    raise AwsError(NOT_FOUND, f"Sync blocker {asked.params['id']} not found.")


def _instance(asked: Asked) -> GitSync:
    name = asked.params["serviceInstanceName"]
    instance = find_service(asked).instances.get(name)
    if instance is None:
        raise AwsError(NOT_FOUND, f"Service instance {asked.params['serviceName']}/{name} not found.")
    return instance


def _blockers(asked: Asked) -> Iterator[tuple[str, str | None, Blocker]]:
    """Every blocker, with the service and the instance that it is on."""
    for name, service in asked.world.services.items():
        for blocker in service.blockers:
            yield name, None, blocker
        for instance_name, instance in service.instances.items():
            for blocker in instance.own_blockers:
                yield name, instance_name, blocker


BEHAVIOURS: dict[str, Behaviour] = {
    "GetServiceInstanceSyncStatus": get_service_instance_sync_status,
    "GetTemplateSyncStatus": get_template_sync_status,
    "GetServiceSyncBlockerSummary": get_service_sync_blocker_summary,
    "UpdateServiceSyncBlocker": update_service_sync_blocker,
}
