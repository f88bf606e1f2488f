"""The sync of the repository that each push starts: GetRepositorySyncStatus in both services."""

from __future__ import annotations

from typing import Any

import pytest

from tests.emulator.clients import BotoClients
from tests.emulator.resources import CONNECTION
from unisync.emulator import Emulator

SHA, NEWER = "a1" * 20, "b2" * 20
SYNC = {"SyncType": "CFN_STACK_SYNC"}


def link_status(boto: BotoClients, link: str, branch: str = "main", service: str = "codeconnections") -> dict[str, Any]:
    """The latest sync; {} if there is none."""
    params = {**SYNC, "RepositoryLinkId": link, "Branch": branch}
    try:
        found: dict[str, Any] = boto.call(service, "GetRepositorySyncStatus", params)["LatestSync"]
    except boto.client(service).exceptions.from_code("ResourceNotFoundException"):
        return {}
    return found


def proton_status(boto: BotoClients, kind: str, branch: str = "main", name: str = "acme/web") -> dict[str, Any]:
    params = {"repositoryName": name, "repositoryProvider": "GITHUB", "branch": branch, "syncType": kind}
    found: dict[str, Any] = boto.call("proton", "GetRepositorySyncStatus", params).get("latestSync", {})
    return found


def commit_of(latest: dict[str, Any]) -> str | None:
    events = latest.get("Events") or latest.get("events")
    return (events[-1].get("ExternalId") or events[-1].get("externalId")) if events else None


STAGES: list[tuple[float, str | None, list[str]]] = [
    (9.9, None, []),
    (10, "INITIATED", []),
    (10.9, "INITIATED", []),
    (11, "IN_PROGRESS", ["Clone started"]),
    (12, "IN_PROGRESS", ["Clone started", "Updated configuration"]),
    (12.9, "IN_PROGRESS", ["Clone started", "Updated configuration"]),
    (13, "SUCCEEDED", ["Clone started", "Updated configuration", f"Starting syncs for commit {SHA}"]),
    (1e6, "SUCCEEDED", ["Clone started", "Updated configuration", f"Starting syncs for commit {SHA}"]),
]
TYPES = ["CLONE_STARTED", "CONFIG_UPDATED", "STARTING_SYNC"]


@pytest.mark.parametrize(("when", "status", "events"), STAGES)
def test_a_push_is_processed_over_time(
    aws: Emulator, boto: BotoClients, when: float, status: str | None, events: list[str]
) -> None:
    aws.add_stack("payments", repository="acme/infra")
    aws.add_service_instance("web", "prod", repository="acme/web")
    aws.push(stack="payments", sha=SHA, detection_delay=10)
    aws.push(service="web", sha=SHA, detection_delay=10)
    aws.clock.advance(when)
    latest = link_status(boto, aws.add_repository_link("acme/infra"))
    assert latest.get("Status") == status
    assert [event["Event"] for event in latest.get("Events", [])] == events
    assert [event["Type"] for event in latest.get("Events", [])] == TYPES[: len(events)]
    assert [event.get("ExternalId") for event in latest.get("Events", [])] == [None, None, SHA][: len(events)]
    for number, event in enumerate(latest.get("Events", []), 1):
        assert (event["Time"] - latest["StartedAt"]).total_seconds() == pytest.approx(number, abs=0.002)
    in_proton = proton_status(boto, "SERVICE_SYNC")
    assert in_proton == {name[0].lower() + name[1:]: value for name, value in latest.items() if name != "Events"} | (
        {"events": [{key[0].lower() + key[1:]: value for key, value in each.items()} for each in latest["Events"]]}
        if latest
        else {}
    )


def test_before_any_push_codeconnections_has_no_status(aws: Emulator, boto: BotoClients) -> None:
    link = aws.add_repository_link("acme/infra")
    for service in ("codeconnections", "codestar-connections"):
        with pytest.raises(
            boto.client(service).exceptions.from_code("ResourceNotFoundException"),
            match=f"Could not find a sync status for repository link:{link}",
        ):
            boto.call(service, "GetRepositorySyncStatus", {**SYNC, "RepositoryLinkId": link, "Branch": "main"})


def test_before_any_push_proton_has_an_empty_status(aws: Emulator, boto: BotoClients) -> None:
    aws.add_repository("acme/web")
    assert proton_status(boto, "SERVICE_SYNC") == proton_status(boto, "TEMPLATE_SYNC") == {}
    with pytest.raises(boto.proton.exceptions.ResourceNotFoundException, match="Repository acme/other not found"):
        proton_status(boto, "SERVICE_SYNC", name="acme/other")


def test_the_newest_push_for_any_resource_counts(aws: Emulator, boto: BotoClients) -> None:
    aws.add_stack("one", repository="acme/infra")
    aws.add_stack("two", repository="acme/infra")
    link = aws.add_repository_link("acme/infra")
    aws.push(stack="one", sha=SHA)
    aws.clock.advance(60)
    assert commit_of(link_status(boto, link)) == SHA
    aws.push(stack="two", sha=NEWER, detection_delay=20)
    aws.clock.advance(19)
    assert commit_of(link_status(boto, link)) == SHA
    aws.clock.advance(1)
    assert link_status(boto, link)["Status"] == "INITIATED"
    aws.clock.advance(3)
    assert commit_of(link_status(boto, link)) == NEWER


def test_the_status_does_not_depend_on_the_syncs_of_the_resources(aws: Emulator, boto: BotoClients) -> None:
    aws.add_stack("one", repository="acme/infra")
    aws.add_stack("two", repository="acme/infra")
    aws.block(stack="two", reason="by hand")
    aws.push(stack="two", sha=SHA, outcome="FAILED")
    aws.clock.advance(60)
    assert link_status(boto, aws.add_repository_link("acme/infra"))["Status"] == "SUCCEEDED"


def test_every_branch_type_repository_and_service_has_its_own_status(aws: Emulator, boto: BotoClients) -> None:
    aws.add_stack("payments", repository="acme/web")
    aws.add_service_instance("web", "prod", repository="acme/web", branch="live")
    aws.add_template("web", repository="acme/web")
    aws.add_template("net", repository="acme/net", template_type="ENVIRONMENT")
    link = aws.add_repository_link("acme/web")
    aws.push(stack="payments", sha="c1")
    aws.push(service="web", sha="c2")
    aws.push(template="web", sha="c3")
    aws.clock.advance(5)
    assert commit_of(link_status(boto, link)) == "c1"
    assert link_status(boto, link, "live") == {}
    assert commit_of(proton_status(boto, "SERVICE_SYNC", "live")) == "c2"
    assert proton_status(boto, "SERVICE_SYNC", "main") == {}
    assert commit_of(proton_status(boto, "TEMPLATE_SYNC", "main")) == "c3"
    assert proton_status(boto, "TEMPLATE_SYNC", "live") == {}
    assert proton_status(boto, "TEMPLATE_SYNC", name="acme/net") == {}


def test_a_push_stays_on_its_branch_when_the_stack_follows_another(aws: Emulator, boto: BotoClients) -> None:
    aws.add_stack("payments", repository="acme/infra")
    link = aws.add_repository_link("acme/infra")
    aws.push(stack="payments", sha=SHA)
    boto.connections.update_sync_configuration(ResourceName="payments", SyncType="CFN_STACK_SYNC", Branch="live")
    aws.clock.advance(5)
    assert commit_of(link_status(boto, link)) == SHA
    assert link_status(boto, link, "live") == {}
    aws.push(stack="payments", sha=NEWER)
    aws.clock.advance(5)
    assert commit_of(link_status(boto, link)) == SHA
    assert commit_of(link_status(boto, link, "live")) == NEWER
    aws.remove_stack("payments")
    assert commit_of(link_status(boto, link, "live")) == NEWER


def test_a_recreated_repository_has_no_history(aws: Emulator, boto: BotoClients) -> None:
    aws.add_stack("payments", repository="acme/web")
    aws.add_service_instance("web", "prod", repository="acme/web")
    aws.push(stack="payments", sha=SHA)
    aws.push(service="web", sha=SHA)
    aws.remove_stack("payments")
    boto.connections.delete_repository_link(RepositoryLinkId=aws.add_repository_link("acme/web"))
    assert link_status(boto, aws.add_repository_link("acme/web")) == {}
    boto.proton.delete_service_sync_config(serviceName="web")
    boto.proton.delete_repository(name="acme/web", provider="GITHUB")
    boto.proton.create_repository(name="acme/web", provider="GITHUB", connectionArn=CONNECTION)
    assert proton_status(boto, "SERVICE_SYNC") == {}


def test_the_status_in_cbor(aws: Emulator, boto: BotoClients, cbor: BotoClients) -> None:
    aws.add_stack("payments", repository="acme/infra")
    link = aws.add_repository_link("acme/infra")
    assert link_status(cbor, link) == {}
    aws.push(stack="payments", sha=SHA)
    for _ in range(5):
        assert (
            link_status(cbor, link)
            == link_status(boto, link)
            == link_status(boto, link, service="codestar-connections")
        )
        aws.clock.advance(1)
