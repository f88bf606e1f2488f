"""UpdateSyncBlocker and UpdateServiceSyncBlocker."""

from __future__ import annotations

from typing import Any

import pytest

from tests.emulator.clients import BotoClients
from unisync.emulator import Emulator

STACK = {"ResourceName": "payments", "SyncType": "CFN_STACK_SYNC"}
INSTANCE = {"serviceName": "web", "serviceInstanceName": "prod"}


@pytest.fixture(autouse=True)
def resources(aws: Emulator) -> None:
    aws.add_stack("payments", repository="acme/infra")
    aws.add_stack("other", repository="acme/infra")
    aws.add_service_instance("web", "prod", repository="acme/web")


def resolve(
    boto: BotoClients, blocker: str, reason: str = "checked", service: str = "codeconnections"
) -> dict[str, Any]:
    """The reply of UpdateSyncBlocker."""
    params = {**STACK, "Id": blocker, "ResolvedReason": reason}
    reply = boto.call(service, "UpdateSyncBlocker", params)
    del reply["ResponseMetadata"]
    return reply


def resolve_in_proton(boto: BotoClients, blocker: str, reason: str = "checked") -> dict[str, Any]:
    reply = boto.call("proton", "UpdateServiceSyncBlocker", {"id": blocker, "resolvedReason": reason})
    del reply["ResponseMetadata"]
    return reply


@pytest.mark.parametrize("service", ["codeconnections", "codestar-connections"])
def test_a_stack_syncs_after_its_blocker_is_resolved(aws: Emulator, boto: BotoClients, service: str) -> None:
    blocker = aws.block(stack="payments", reason="by hand")
    aws.push(stack="payments", sha="4f2c9e1d")
    aws.clock.advance(100)
    reply = resolve(boto, blocker, service=service)
    assert (reply["ResourceName"], "ParentResourceName" in reply) == ("payments", False)
    resolved = reply["SyncBlocker"]
    assert (resolved["Id"], resolved["Status"], resolved["ResolvedReason"]) == (blocker, "RESOLVED", "checked")
    assert (resolved["ResolvedAt"] - resolved["CreatedAt"]).total_seconds() == pytest.approx(100, abs=0.002)
    summary = boto.call(service, "GetSyncBlockerSummary", STACK)["SyncBlockerSummary"]
    assert summary["LatestBlockers"] == [resolved]
    assert boto.call(service, "GetResourceSyncStatus", STACK)["LatestSync"]["Status"] == "INITIATED"
    aws.clock.advance(30)
    assert boto.call(service, "GetResourceSyncStatus", STACK)["LatestSync"]["Status"] == "SUCCEEDED"


@pytest.mark.parametrize("of_instance", [True, False])
def test_a_service_syncs_after_its_blocker_is_resolved(aws: Emulator, boto: BotoClients, of_instance: bool) -> None:
    blocker = aws.block(service="web", instance="prod" if of_instance else None, reason="by hand")
    aws.push(service="web", sha="4f2c9e1d")
    aws.clock.advance(100)
    reply = resolve_in_proton(boto, blocker)
    assert (reply["serviceName"], reply.get("serviceInstanceName")) == ("web", "prod" if of_instance else None)
    resolved = reply["serviceSyncBlocker"]
    assert (resolved["id"], resolved["status"], resolved["resolvedReason"]) == (blocker, "RESOLVED", "checked")
    parent = INSTANCE if of_instance else {"serviceName": "web"}
    summary = boto.call("proton", "GetServiceSyncBlockerSummary", parent)["serviceSyncBlockerSummary"]
    assert summary["latestBlockers"] == [resolved]
    aws.clock.advance(30)
    assert boto.call("proton", "GetServiceInstanceSyncStatus", INSTANCE)["latestSync"]["status"] == "SUCCEEDED"


def test_resolving_again_changes_nothing(aws: Emulator, boto: BotoClients) -> None:
    on_stack = aws.block(stack="payments", reason="by hand")
    on_service = aws.block(service="web", reason="by hand")
    first, first_in_proton = resolve(boto, on_stack), resolve_in_proton(boto, on_service)
    aws.clock.advance(100)
    assert resolve(boto, on_stack, "again") == first
    assert resolve_in_proton(boto, on_service, "again") == first_in_proton
    aws.unblock(stack="payments", reason="by hand")
    assert resolve(boto, on_stack) == first


def test_one_of_several_blockers_can_be_resolved(aws: Emulator, boto: BotoClients) -> None:
    first, second = (aws.block(stack="payments", reason=reason) for reason in ("one", "two"))
    aws.push(stack="payments", sha="4f2c9e1d")
    resolve(boto, first)
    summary = boto.call("codeconnections", "GetSyncBlockerSummary", STACK)["SyncBlockerSummary"]
    assert [(each["Id"], each["Status"]) for each in summary["LatestBlockers"]] == [
        (second, "ACTIVE"),
        (first, "RESOLVED"),
    ]
    with pytest.raises(boto.connections.exceptions.ResourceNotFoundException):
        boto.call("codeconnections", "GetResourceSyncStatus", STACK)
    resolve(boto, second)
    assert boto.call("codeconnections", "GetResourceSyncStatus", STACK)


def test_an_unknown_blocker_cannot_be_resolved(aws: Emulator, boto: BotoClients) -> None:
    of_another = aws.block(stack="other", reason="by hand")
    for wrong in ("1", of_another):
        with pytest.raises(boto.connections.exceptions.SyncBlockerDoesNotExistException, match=wrong):
            resolve(boto, wrong)
        with pytest.raises(boto.proton.exceptions.ResourceNotFoundException, match=wrong):
            resolve_in_proton(boto, wrong)


def test_a_blocker_is_resolved_in_cbor(aws: Emulator, cbor: BotoClients) -> None:
    blocker = aws.block(stack="payments", reason="by hand")
    assert resolve(cbor, blocker)["SyncBlocker"]["Status"] == "RESOLVED"
    with pytest.raises(cbor.connections.exceptions.SyncBlockerDoesNotExistException):
        resolve(cbor, "1")
