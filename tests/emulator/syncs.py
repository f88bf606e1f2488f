"""Short views of the sync status of resources and branches, as boto3 returns it."""

from __future__ import annotations

from typing import Any, NamedTuple

from tests.emulator.clients import BotoClients
from unisync.emulator import Emulator

OLD, NEW, NEWER = "a1" * 20, "b2" * 20, "c3" * 20
SYNC_TYPE = {"SyncType": "CFN_STACK_SYNC"}


class Status(NamedTuple):
    """The desired commit, the latest commit and its status, and the latest successful commit."""

    desired: str | None
    latest: str | None
    status: str | None
    live: str | None


def stack_status(boto: BotoClients, name: str = "payments") -> dict[str, Any]:
    """The reply of GetResourceSyncStatus; {} if it is not found."""
    try:
        reply = boto.call("codeconnections", "GetResourceSyncStatus", {"ResourceName": name, **SYNC_TYPE})
    except boto.connections.exceptions.ResourceNotFoundException:
        return {}
    del reply["ResponseMetadata"]
    return reply


def instance_status(boto: BotoClients, name: str = "prod", service: str = "web") -> dict[str, Any]:
    """The reply of GetServiceInstanceSyncStatus, with the casing of CodeConnections."""
    params = {"serviceName": service, "serviceInstanceName": name}
    reply = boto.call("proton", "GetServiceInstanceSyncStatus", params)
    del reply["ResponseMetadata"]
    found: dict[str, Any] = capitalized(reply)
    return found


def summary_of(reply: dict[str, Any]) -> Status:
    """The commits and the status in a reply."""
    latest, success = reply.get("LatestSync"), reply.get("LatestSuccessfulSync")
    return Status(
        reply["DesiredState"]["Sha"] if "DesiredState" in reply else None,
        latest["TargetRevision"]["Sha"] if latest else None,
        latest["Status"] if latest else None,
        success["TargetRevision"]["Sha"] if success else None,
    )


def stack_blockers(boto: BotoClients, name: str = "payments") -> list[dict[str, Any]]:
    """The blockers of a stack, newest first."""
    reply = boto.call("codeconnections", "GetSyncBlockerSummary", {"ResourceName": name, **SYNC_TYPE})
    found: list[dict[str, Any]] = reply["SyncBlockerSummary"]["LatestBlockers"]
    return found


def instance_blockers(boto: BotoClients, name: str | None = "prod", service: str = "web") -> list[dict[str, Any]]:
    """The blockers of an instance, or of its service, with the casing of CodeConnections."""
    params = {"serviceName": service, **({} if name is None else {"serviceInstanceName": name})}
    reply = boto.call("proton", "GetServiceSyncBlockerSummary", params)
    return [capitalized(each) for each in reply["serviceSyncBlockerSummary"]["latestBlockers"]]


def branch_status(boto: BotoClients, link: str, branch: str = "main") -> dict[str, Any]:
    """The latest sync of a branch; {} if it is not found."""
    params = {**SYNC_TYPE, "RepositoryLinkId": link, "Branch": branch}
    try:
        found: dict[str, Any] = boto.call("codeconnections", "GetRepositorySyncStatus", params)["LatestSync"]
    except boto.connections.exceptions.ResourceNotFoundException:
        return {}
    return found


def proton_branch_status(
    boto: BotoClients, branch: str = "main", name: str = "acme/web", kind: str = "SERVICE_SYNC"
) -> dict[str, Any]:
    """The same in Proton, with the casing of CodeConnections."""
    params = {"repositoryName": name, "repositoryProvider": "GITHUB", "branch": branch, "syncType": kind}
    found: dict[str, Any] = capitalized(boto.call("proton", "GetRepositorySyncStatus", params).get("latestSync", {}))
    return found


def texts(attempt: dict[str, Any]) -> list[tuple[str, str]]:
    """The type and the text of each event."""
    return [(event["Type"], event["Event"]) for event in attempt["Events"]]


def capitalized(document: Any) -> Any:
    """A document of Proton with the casing of CodeConnections."""
    match document:
        case dict():
            fields: dict[str, Any] = document  # pyright: ignore[reportUnknownVariableType]
            return {name[0].upper() + name[1:]: capitalized(item) for name, item in fields.items()}
        case list():
            items: list[Any] = document  # pyright: ignore[reportUnknownVariableType]
            return [capitalized(item) for item in items]
        case _:
            return document


def advance_to(aws: Emulator, when: float) -> None:
    """Move the clock to a time since its start."""
    aws.clock.advance(when - aws.clock.now())
