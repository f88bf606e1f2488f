"""Commits that reach a branch but no resource: broken files, queued syncs, connections that cannot be used."""

from __future__ import annotations

from typing import Any

import pytest

from tests.emulator.clients import BotoClients
from tests.emulator.resources import CONNECTION
from tests.emulator.syncs import (
    NEW,
    NEWER,
    OLD,
    advance_to,
    branch_status,
    instance_status,
    proton_branch_status,
    stack_status,
    summary_of,
    texts,
)
from unisync.emulator import Emulator


@pytest.fixture(autouse=True)
def resources(aws: Emulator) -> None:
    aws.add_stack("payments", repository="acme/infra", config_file="payments.yaml")
    aws.add_stack("orders", repository="acme/infra", config_file="orders.yaml")
    aws.add_service_instance("web", "prod", repository="acme/web")
    aws.add_template("page", repository="acme/web", subdirectory="page")
    aws.push(stack="payments", sha=OLD)
    aws.push(service="web", sha=OLD)
    advance_to(aws, 100)


@pytest.fixture
def link(aws: Emulator) -> str:
    return aws.add_repository_link("acme/infra")


@pytest.mark.parametrize(
    ("when", "status", "events"),
    [
        (119.9, "SUCCEEDED", 3),
        (120, "INITIATED", 0),
        (121, "IN_PROGRESS", 1),
        (122, "FAILED", 2),
        (1e6, "FAILED", 2),
    ],
)
def test_the_sync_of_a_branch_fails(
    aws: Emulator, boto: BotoClients, link: str, when: float, status: str, events: int
) -> None:
    before = stack_status(boto)
    aws.fail_branch(stack="payments", sha=NEW, detection_delay=20)
    advance_to(aws, when)
    latest = branch_status(boto, link)
    assert (latest["Status"], len(latest["Events"])) == (status, events)
    if when >= 120:
        assert latest["StartedAt"].timestamp() == pytest.approx(aws.clock.date(120), abs=0.002)
        assert (
            texts(latest)
            == [
                ("CLONE_STARTED", "Clone started"),
                ("SYNC_FAILED", "Unable to parse the file payments.yaml"),
            ][:events]
        )
    assert stack_status(boto) == before, "the resource gets no attempt, and nothing new is desired"


def test_the_event_of_a_branch_may_name_the_file_of_another_stack(aws: Emulator, boto: BotoClients, link: str) -> None:
    aws.fail_branch(stack="payments", sha=NEW, file="orders.yaml")
    advance_to(aws, 200)
    assert texts(branch_status(boto, link))[-1] == ("SYNC_FAILED", "Unable to parse the file orders.yaml")


def test_the_event_of_a_branch_may_have_another_text(aws: Emulator, boto: BotoClients, link: str) -> None:
    aws.fail_branch(stack="payments", sha=NEW, reason="no such parameter")
    advance_to(aws, 200)
    assert texts(branch_status(boto, link))[-1] == ("SYNC_FAILED", "no such parameter")


def test_a_later_push_mends_a_branch(aws: Emulator, boto: BotoClients, link: str) -> None:
    aws.fail_branch(stack="payments", sha=NEW)
    advance_to(aws, 200)
    aws.push(stack="payments", sha=NEWER)
    advance_to(aws, 230)
    assert branch_status(boto, link)["Status"] == "SUCCEEDED"
    assert summary_of(stack_status(boto)) == (NEWER, NEWER, "SUCCEEDED", NEWER)


def test_a_branch_of_proton_fails(aws: Emulator, boto: BotoClients) -> None:
    before = instance_status(boto)
    aws.fail_branch(service="web", sha=NEW)
    aws.fail_branch(template="page", sha=NEW)
    advance_to(aws, 200)
    assert texts(proton_branch_status(boto))[-1] == ("SYNC_FAILED", "Unable to parse the file proton-ops.yaml")
    of_template = proton_branch_status(boto, kind="TEMPLATE_SYNC")
    assert of_template["Status"] == "FAILED"
    assert texts(of_template)[-1] == ("SYNC_FAILED", "Unable to parse the file page")
    assert instance_status(boto) == before


def test_a_branch_stays_queued_until_the_next_push(aws: Emulator, boto: BotoClients, link: str) -> None:
    before = stack_status(boto)
    aws.queue_branch(stack="payments", sha=NEW, detection_delay=5)
    for when in (105, 1e6):
        advance_to(aws, when)
        latest = branch_status(boto, link)
        assert (latest["Status"], latest["Events"]) == ("QUEUED", [])
        assert latest["StartedAt"].timestamp() == pytest.approx(aws.clock.date(105), abs=0.002)
        assert stack_status(boto) == before
    aws.push(stack="payments", sha=NEWER)
    aws.clock.advance(60)
    assert branch_status(boto, link)["Status"] == "SUCCEEDED"
    assert summary_of(stack_status(boto)).live == NEWER


def test_a_branch_of_proton_stays_queued(aws: Emulator, boto: BotoClients) -> None:
    aws.queue_branch(service="web", instance="prod", sha=NEW)
    advance_to(aws, 1e6)
    assert proton_branch_status(boto)["Status"] == "QUEUED"
    assert summary_of(instance_status(boto)).desired == OLD


def test_only_the_branch_is_synced(aws: Emulator, boto: BotoClients, link: str) -> None:
    aws.push(stack="payments", sha=NEW, starts="branch")
    aws.push(service="web", sha=NEW, starts="branch")
    advance_to(aws, 200)
    for latest in (branch_status(boto, link), proton_branch_status(boto)):
        assert latest["Status"] == "SUCCEEDED"
        assert texts(latest)[-1] == ("STARTING_SYNC", f"Starting syncs for commit {NEW}")
    assert summary_of(stack_status(boto)) == (OLD, OLD, "SUCCEEDED", OLD)
    assert summary_of(instance_status(boto)) == (OLD, OLD, "SUCCEEDED", OLD)


def test_a_commit_may_start_nothing(aws: Emulator, boto: BotoClients, link: str) -> None:
    before = stack_status(boto), branch_status(boto, link), proton_branch_status(boto)
    aws.push(stack="payments", sha=NEW, starts="nothing")
    aws.push(service="web", sha=NEW, starts="nothing")
    advance_to(aws, 1e6)
    assert (stack_status(boto), branch_status(boto, link), proton_branch_status(boto)) == before
    with pytest.raises(ValueError, match="expected an existing stack"):
        aws.push(stack="unknown", sha=NEW, starts="nothing")


@pytest.mark.parametrize(
    "wrong", [{"sha": ""}, {"sha": "x" * 256}, {"detection_delay": -1.0}, {"stack": "unknown"}], ids=str
)
def test_an_invalid_commit_is_rejected(aws: Emulator, boto: BotoClients, link: str, wrong: dict[str, Any]) -> None:
    arguments: dict[str, Any] = {"stack": "payments", "sha": NEW, **wrong}
    before = branch_status(boto, link)
    for push in (aws.fail_branch, aws.queue_branch):
        with pytest.raises(ValueError, match=r"expected|sha"):
            push(**arguments)
    assert branch_status(boto, link) == before


@pytest.mark.parametrize("status", ["PENDING", "ERROR"])
def test_a_branch_fails_over_a_connection_that_is_not_available(aws: Emulator, boto: BotoClients, status: Any) -> None:
    connection = aws.add_connection("GitLab", status=status)
    aws.add_stack("search", repository="acme/search", provider="GitLab")
    link = aws.add_repository_link("acme/search", provider="GitLab")
    aws.push(stack="search", sha=NEW)
    advance_to(aws, 100.5)
    assert branch_status(boto, link)["Status"] == "INITIATED"
    advance_to(aws, 101)
    latest = branch_status(boto, link)
    assert latest["Status"] == "FAILED"
    assert texts(latest) == [
        ("SYNC_FAILED", f"The connection {connection} is not available: its status is {status}"),
    ]
    assert stack_status(boto, "search") == {}
    aws.set_connection_status(connection, "AVAILABLE")
    advance_to(aws, 1000)
    assert branch_status(boto, link) == latest, "a push is not synced later"
    assert stack_status(boto, "search") == {}
    aws.push(stack="search", sha=NEWER)
    aws.clock.advance(30)
    assert branch_status(boto, link)["Status"] == "SUCCEEDED"
    assert summary_of(stack_status(boto, "search")) == (NEWER, NEWER, "SUCCEEDED", NEWER)


def test_the_status_of_the_connection_counts_when_the_push_is_detected(
    aws: Emulator, boto: BotoClients, link: str
) -> None:
    (connection,) = (
        each["ConnectionArn"] for each in boto.call("codeconnections", "ListConnections", {})["Connections"]
    )
    aws.push(stack="payments", sha=NEW, detection_delay=50)
    advance_to(aws, 149)
    aws.set_connection_status(connection, "ERROR")
    advance_to(aws, 200)
    assert branch_status(boto, link)["Status"] == "FAILED"
    assert summary_of(stack_status(boto)) == (OLD, OLD, "SUCCEEDED", OLD)
    aws.set_connection_status(connection, "AVAILABLE")
    aws.push(stack="payments", sha=NEWER)
    aws.set_connection_status(connection, "ERROR")
    advance_to(aws, 300)
    assert branch_status(boto, link)["Status"] == "SUCCEEDED", "the sync had begun"
    assert summary_of(stack_status(boto)) == (NEWER, NEWER, "SUCCEEDED", NEWER)


def delete_connection(boto: BotoClients, link: str) -> str:
    """Delete the connection of a repository link; return its ARN."""
    arn = boto.connections.get_repository_link(RepositoryLinkId=link)["RepositoryLinkInfo"]["ConnectionArn"]
    boto.call("codeconnections", "DeleteConnection", {"ConnectionArn": arn})
    return arn


def test_a_branch_fails_over_a_deleted_connection(aws: Emulator, boto: BotoClients, link: str) -> None:
    arn = delete_connection(boto, link)
    aws.push(stack="payments", sha=NEW)
    aws.push(service="web", sha=NEW)
    advance_to(aws, 200)
    for latest in (branch_status(boto, link), proton_branch_status(boto)):
        assert texts(latest) == [("SYNC_FAILED", f"The connection {arn} does not exist")]
    assert summary_of(stack_status(boto)).desired == summary_of(instance_status(boto)).desired == OLD


def test_another_connection_of_the_link_can_be_used(aws: Emulator, boto: BotoClients, link: str) -> None:
    delete_connection(boto, link)
    aws.push(stack="payments", sha=NEW)
    advance_to(aws, 200)
    failed = branch_status(boto, link)
    boto.connections.update_repository_link(RepositoryLinkId=link, ConnectionArn=aws.add_connection())
    assert branch_status(boto, link) == failed, "the past stays as it was"
    aws.push(stack="payments", sha=NEWER)
    advance_to(aws, 300)
    assert branch_status(boto, link)["Status"] == "SUCCEEDED"


def test_an_unknown_connection_counts_as_available(aws: Emulator, boto: BotoClients, link: str) -> None:
    boto.connections.update_repository_link(RepositoryLinkId=link, ConnectionArn=CONNECTION)
    aws.push(stack="payments", sha=NEW)
    advance_to(aws, 200)
    assert branch_status(boto, link)["Status"] == "SUCCEEDED"


def test_only_a_known_connection_changes_its_status(aws: Emulator) -> None:
    with pytest.raises(ValueError, match=r"^connection_arn: there is no connection"):
        aws.set_connection_status(CONNECTION, "ERROR")
    with pytest.raises(ValueError, match=r"^status: "):
        aws.set_connection_status(aws.add_connection(), "BROKEN")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    with pytest.raises(ValueError, match=r"^status: "):
        aws.add_connection(status="BROKEN")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    with pytest.raises(ValueError, match=r"^name: "):
        aws.add_connection(name="x" * 33)
