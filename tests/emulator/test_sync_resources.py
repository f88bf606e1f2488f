"""The resources of TwinMaker's sync jobs, and the lists of jobs and workspaces."""

from __future__ import annotations

from typing import Any

import pytest

from tests.emulator.clients import BotoClients
from tests.emulator.resources import ROLE
from unisync.emulator import Emulator

JOB = {"workspaceId": "factory", "syncSource": "SITEWISE"}


@pytest.fixture(autouse=True)
def workspaces(aws: Emulator) -> None:
    aws.add_workspace("factory")
    aws.add_workspace("harbour")


def create(boto: BotoClients, workspace: str = "factory", source: str = "SITEWISE") -> None:
    boto.twinmaker.create_sync_job(workspaceId=workspace, syncSource=source, syncRole=ROLE)


def delete(boto: BotoClients) -> None:
    boto.twinmaker.delete_sync_job(workspaceId="factory", syncSource="SITEWISE")


def resources(boto: BotoClients, *filters: dict[str, str], **job: str) -> list[Any]:
    found: list[Any] = boto.call("iottwinmaker", "ListSyncResources", {**JOB, **job, "filters": list(filters)})[
        "syncResources"
    ]
    return found


def states(boto: BotoClients, *filters: dict[str, str], **job: str) -> dict[str, str]:
    return {each["externalId"]: each["status"]["state"] for each in resources(boto, *filters, **job)}


def advance_to(aws: Emulator, when: float) -> None:
    aws.clock.advance(when - aws.clock.now())


@pytest.mark.parametrize(
    ("when", "state", "since"),
    [
        (5, "INITIALIZING", 5),
        (6.9, "INITIALIZING", 5),
        (7, "PROCESSING", 7),
        (14.9, "PROCESSING", 7),
        (15, "IN_SYNC", 15),
        (1e6, "IN_SYNC", 15),
    ],
)
@pytest.mark.parametrize("added_first", [True, False])
def test_a_resource_is_synced_once_the_job_lists_it(
    aws: Emulator, boto: BotoClients, when: float, state: str, since: float, added_first: bool
) -> None:
    for step in ("add", "create") if added_first else ("create", "add"):
        if step == "add":
            aws.add_sync_resource("factory", "boiler-1", resource_id="entity-1")
        else:
            create(boto)
    job = boto.twinmaker.get_sync_job(workspaceId="factory", syncSource="SITEWISE")
    assert resources(boto) == []
    advance_to(aws, 4.9)
    assert resources(boto) == []
    advance_to(aws, when)
    (found,) = resources(boto)
    changed = (found.pop("updateDateTime") - job["creationDateTime"]).total_seconds()
    assert changed == pytest.approx(since, abs=0.002)
    assert found == {
        "externalId": "boiler-1",
        "resourceId": "entity-1",
        "resourceType": "ENTITY",
        "status": {"state": state},
    }


@pytest.mark.parametrize("reason", [None, "The asset has no model"])
def test_a_failed_resource_has_an_error(aws: Emulator, boto: BotoClients, reason: str | None) -> None:
    aws.add_sync_resource("factory", "boiler-1", outcome="ERROR", code="VALIDATION_ERROR", reason=reason, duration=4)
    aws.add_sync_resource("factory", "boiler-2", outcome="ERROR")
    create(boto)
    advance_to(aws, 8.9)
    assert [each["status"] for each in resources(boto)] == [{"state": "PROCESSING"}] * 2
    advance_to(aws, 20)
    assert [each["status"] for each in resources(boto)] == [
        {"state": "ERROR", "error": {"code": "VALIDATION_ERROR", "message": reason or "Unable to sync boiler-1"}},
        {"state": "ERROR", "error": {"code": "SYNC_PROCESSING_ERROR", "message": "Unable to sync boiler-2"}},
    ]
    assert "resourceId" not in resources(boto)[0]


@pytest.mark.parametrize(
    ("duration", "when", "state"), [(1, 5.9, "INITIALIZING"), (1, 6, "IN_SYNC"), (0, 5, "IN_SYNC")]
)
def test_a_short_sync_may_end_without_being_processing(
    aws: Emulator, boto: BotoClients, duration: float, when: float, state: str
) -> None:
    aws.add_sync_resource("factory", "boiler-1", duration=duration)
    create(boto)
    advance_to(aws, when)
    assert states(boto) == {"boiler-1": state}


def test_a_sync_may_take_forever(aws: Emulator, boto: BotoClients) -> None:
    aws.add_sync_resource("factory", "boiler-1", duration=float("inf"))
    create(boto)
    advance_to(aws, 1e6)
    assert states(boto) == {"boiler-1": "PROCESSING"}


def test_a_resource_added_again_is_synced_again(aws: Emulator, boto: BotoClients) -> None:
    create(boto)
    advance_to(aws, 100)
    aws.add_sync_resource("factory", "boiler-1")
    assert states(boto) == {"boiler-1": "INITIALIZING"}
    advance_to(aws, 110)
    assert states(boto) == {"boiler-1": "IN_SYNC"}
    aws.add_sync_resource("factory", "boiler-1", outcome="ERROR")
    assert states(boto) == {"boiler-1": "INITIALIZING"}
    advance_to(aws, 120)
    assert states(boto) == {"boiler-1": "ERROR"}


def test_a_removed_resource_stays_listed_as_deleted(aws: Emulator, boto: BotoClients) -> None:
    aws.add_sync_resource("factory", "boiler-1")
    create(boto)
    advance_to(aws, 20)
    aws.add_sync_resource("factory", "boiler-2")
    aws.remove_sync_resource("factory", "boiler-1")
    aws.remove_sync_resource("factory", "boiler-2")
    assert states(boto) == {"boiler-1": "DELETED", "boiler-2": "DELETED"}
    removed = resources(boto)[0]["updateDateTime"]
    advance_to(aws, 1000)
    delete(boto)
    assert states(boto) == {"boiler-1": "DELETED", "boiler-2": "DELETED"}
    assert resources(boto)[0]["updateDateTime"] == removed
    advance_to(aws, 1001)
    aws.add_sync_resource("factory", "boiler-1")
    # A job that is DELETING finds no new resources.
    assert states(boto) == {"boiler-2": "DELETED"}


def test_a_resource_removed_before_the_job_lists_it_is_never_listed(aws: Emulator, boto: BotoClients) -> None:
    aws.add_sync_resource("factory", "boiler-1")
    aws.add_sync_resource("factory", "boiler-2")
    aws.remove_sync_resource("factory", "boiler-1")
    create(boto)
    advance_to(aws, 4)
    aws.remove_sync_resource("factory", "boiler-2")
    advance_to(aws, 100)
    assert states(boto) == {}


def test_resources_are_deleted_with_their_job_and_synced_by_a_new_one(aws: Emulator, boto: BotoClients) -> None:
    aws.add_sync_resource("factory", "boiler-1")
    aws.add_sync_resource("factory", "boiler-2", outcome="ERROR")
    create(boto)
    advance_to(aws, 100)
    delete(boto)
    assert [each["status"] for each in resources(boto)] == [{"state": "DELETED"}] * 2
    advance_to(aws, 110)
    with pytest.raises(boto.twinmaker.exceptions.ValidationException):
        resources(boto)
    create(boto)
    assert states(boto) == {}
    advance_to(aws, 115)
    assert states(boto) == {"boiler-1": "INITIALIZING", "boiler-2": "INITIALIZING"}


@pytest.mark.parametrize("when", [2, 30])
def test_a_job_that_fails_or_is_deleted_early_lists_nothing(aws: Emulator, boto: BotoClients, when: float) -> None:
    aws.add_sync_resource("factory", "boiler-1")
    if when > 5:
        aws.deny_role(ROLE)
    create(boto)
    advance_to(aws, when)
    if when < 5:
        delete(boto)
        advance_to(aws, 6)
    assert states(boto) == {}


def test_a_resource_belongs_to_one_workspace_source_and_type(aws: Emulator, boto: BotoClients) -> None:
    aws.add_sync_resource("factory", "one1")
    aws.add_sync_resource("factory", "two2", sync_source="OTHER")
    aws.add_sync_resource("harbour", "three3")
    aws.add_sync_resource("factory", "one1", resource_type="COMPONENT_TYPE", resource_id="type-1")
    create(boto)
    create(boto, source="OTHER")
    create(boto, "harbour")
    advance_to(aws, 30)
    aws.remove_sync_resource("factory", "one1")
    assert [(each["resourceType"], each["status"]["state"]) for each in resources(boto)] == [
        ("ENTITY", "DELETED"),
        ("COMPONENT_TYPE", "IN_SYNC"),
    ]
    assert states(boto, syncSource="OTHER") == {"two2": "IN_SYNC"}
    assert states(boto, workspaceId="harbour") == {"three3": "IN_SYNC"}


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ([], ["a1", "a2", "a3", "m1"]),
        ([{"state": "IN_SYNC"}], ["a1", "m1"]),
        ([{"state": "ERROR"}], ["a2"]),
        ([{"state": "DELETED"}], []),
        ([{"resourceType": "ENTITY"}, {"resourceId": "entity-1"}], ["a1"]),
        ([{"resourceType": "COMPONENT_TYPE"}, {"resourceId": "entity-1"}], ["m1"]),
        ([{"resourceType": "ENTITY"}, {"externalId": "a3"}], ["a3"]),
        ([{"resourceType": "COMPONENT_TYPE"}, {"externalId": "a3"}], []),
        ([{"resourceType": "ENTITY"}], ["a1", "a2", "a3"]),
        ([{"state": "IN_SYNC"}, {"resourceType": "ENTITY"}], ["a1"]),
        ([{"state": "IN_SYNC"}, {"state": "ERROR"}], []),
        ([{"resourceId": "unknown"}], []),
    ],
)
def test_a_listed_resource_matches_every_filter(
    aws: Emulator, boto: BotoClients, filters: list[dict[str, str]], expected: list[str]
) -> None:
    aws.add_sync_resource("factory", "a1", resource_id="entity-1")
    aws.add_sync_resource("factory", "a2", resource_id="entity-2", outcome="ERROR")
    aws.add_sync_resource("factory", "a3", duration=1000)
    aws.add_sync_resource("factory", "m1", resource_id="entity-1", resource_type="COMPONENT_TYPE")
    create(boto)
    advance_to(aws, 30)
    assert list(states(boto, *filters)) == expected


def test_filters_apply_before_pagination(aws: Emulator, boto: BotoClients) -> None:
    for number in range(8):
        aws.add_sync_resource("factory", f"a{number}", outcome="ERROR" if number % 2 else "IN_SYNC")
    create(boto)
    advance_to(aws, 30)
    params: dict[str, object] = {**JOB, "filters": [{"state": "ERROR"}], "maxResults": 3}
    first = boto.call("iottwinmaker", "ListSyncResources", params)
    second = boto.call("iottwinmaker", "ListSyncResources", {**params, "nextToken": first["nextToken"]})
    assert [[each["externalId"] for each in page["syncResources"]] for page in (first, second)] == [
        ["a1", "a3", "a5"],
        ["a7"],
    ]
    with pytest.raises(boto.twinmaker.exceptions.ValidationException, match="Invalid pagination token"):
        boto.call("iottwinmaker", "ListSyncResources", {**JOB, "nextToken": first["nextToken"]})


def test_an_invalid_filter_is_rejected(aws: Emulator, boto: BotoClients) -> None:
    create(boto)
    with pytest.raises(boto.twinmaker.exceptions.ValidationException, match=r"at 'filters\.1\.member\.state'"):
        resources(boto, {"state": "SYNCED"})


@pytest.mark.parametrize(
    ("operation", "params"),
    [
        ("ListSyncJobs", {"workspaceId": "unknown"}),
        ("ListSyncResources", {**JOB, "workspaceId": "unknown"}),
        ("ListSyncResources", {**JOB, "syncSource": "OTHER"}),
    ],
)
def test_unknown_workspaces_and_jobs_are_rejected(boto: BotoClients, operation: str, params: dict[str, str]) -> None:
    create(boto)
    with pytest.raises(boto.twinmaker.exceptions.ValidationException, match=r"does not exist|not found in workspace"):
        boto.call("iottwinmaker", operation, params)


def test_jobs_are_listed_without_their_role(aws: Emulator, boto: BotoClients) -> None:
    assert boto.twinmaker.list_sync_jobs(workspaceId="factory").get("syncJobSummaries") == []
    create(boto)
    advance_to(aws, 30)
    aws.deny_role(ROLE, "no trust")
    create(boto, source="OTHER")
    create(boto, "harbour")
    advance_to(aws, 36)
    listed = boto.twinmaker.list_sync_jobs(workspaceId="factory").get("syncJobSummaries", [])
    for summary, source in zip(listed, ("SITEWISE", "OTHER"), strict=True):
        job = boto.twinmaker.get_sync_job(workspaceId="factory", syncSource=source)
        assert summary == {name: value for name, value in job.items() if name not in ("syncRole", "ResponseMetadata")}
    assert [each.get("status", {}).get("state") for each in listed] == ["ACTIVE", "ERROR"]
    delete(boto)
    listed = boto.twinmaker.list_sync_jobs(workspaceId="factory").get("syncJobSummaries", [])
    assert [each.get("status", {}).get("state") for each in listed] == ["DELETING", "ERROR"]
    advance_to(aws, 46)
    listed = boto.twinmaker.list_sync_jobs(workspaceId="factory").get("syncJobSummaries", [])
    assert [each.get("syncSource") for each in listed] == ["OTHER"]
    # A job that is created again is the newest.
    create(boto)
    listed = boto.twinmaker.list_sync_jobs(workspaceId="factory").get("syncJobSummaries", [])
    assert [each.get("syncSource") for each in listed] == ["OTHER", "SITEWISE"]


def test_workspaces_are_listed(aws: Emulator, boto: BotoClients) -> None:
    aws.clock.advance(60)
    aws.add_workspace("quay")
    aws.add_workspace("factory")
    listed = boto.call("iottwinmaker", "ListWorkspaces", {})["workspaceSummaries"]
    assert [each["workspaceId"] for each in listed] == ["factory", "harbour", "quay"]
    assert listed[2]["arn"].endswith(":workspace/quay")
    assert (listed[2]["creationDateTime"] - listed[0]["creationDateTime"]).total_seconds() == pytest.approx(
        60, abs=0.002
    )


def ids(boto: BotoClients, **job: str) -> dict[tuple[str, str], str | None]:
    """The id of each resource in the workspace, by its type and its id in the source."""
    return {(each["resourceType"], each["externalId"]): each.get("resourceId") for each in resources(boto, **job)}


def test_the_id_of_a_resource_follows_from_its_id_in_the_source(aws: Emulator, boto: BotoClients) -> None:
    for workspace in ("factory", "IoTSiteWiseDefaultWorkspace"):
        aws.add_workspace(workspace)
        aws.add_sync_resource(workspace, "asset-1")
        aws.add_sync_resource(workspace, "model-1", resource_type="COMPONENT_TYPE")
        create(boto, workspace)
    advance_to(aws, 6)
    for _ in range(2):
        assert ids(boto) == {
            ("ENTITY", "asset-1"): "asset-1",
            ("COMPONENT_TYPE", "model-1"): "iotsitewise.assetmodel:model-1",
        }
        assert ids(boto, workspaceId="IoTSiteWiseDefaultWorkspace") == {
            ("ENTITY", "asset-1"): "asset-1",
            ("COMPONENT_TYPE", "model-1"): "model-1",
        }
        advance_to(aws, 100)


def test_the_id_of_a_component_type_may_have_the_form_of_aws(aws: Emulator, boto: BotoClients) -> None:
    aws.add_sync_resource(
        "factory", "model-1", resource_id="iotsitewise.assetmodel:other", resource_type="COMPONENT_TYPE"
    )
    aws.add_sync_resource("factory", "asset-1", resource_id="0a1b.c:2")
    create(boto)
    advance_to(aws, 30)
    assert list(ids(boto).values()) == ["iotsitewise.assetmodel:other", "0a1b.c:2"]
    # The model's pattern for a filter does not match such an id.
    with pytest.raises(boto.twinmaker.exceptions.ValidationException, match="resourceId"):
        resources(boto, {"resourceType": "COMPONENT_TYPE"}, {"resourceId": "iotsitewise.assetmodel:other"})


def test_a_resource_that_failed_has_only_an_id_that_the_test_gave(aws: Emulator, boto: BotoClients) -> None:
    aws.add_sync_resource("factory", "a1", outcome="ERROR")
    aws.add_sync_resource("factory", "a2", outcome="ERROR", resource_id="entity-2")
    create(boto)
    advance_to(aws, 30)
    assert list(ids(boto).values()) == [None, "entity-2"]


@pytest.mark.parametrize(
    ("when", "state", "since"),
    [
        (14.9, "PROCESSING", 7),
        (15, "ERROR", 15),
        (74.9, "ERROR", 15),
        (75, "PROCESSING", 75),
        (84.9, "PROCESSING", 75),
        (85, "IN_SYNC", 85),
        (1e6, "IN_SYNC", 85),
    ],
)
def test_a_resource_in_error_may_be_retried(
    aws: Emulator, boto: BotoClients, when: float, state: str, since: float
) -> None:
    aws.add_sync_resource("factory", "boiler-1", outcome="ERROR", reason="The asset has no model", retry_after=60)
    create(boto)
    job = boto.twinmaker.get_sync_job(workspaceId="factory", syncSource="SITEWISE")
    advance_to(aws, when)
    (found,) = resources(boto)
    assert found["status"]["state"] == state
    assert ("error" in found["status"]) == (state == "ERROR")
    assert (found["updateDateTime"] - job["creationDateTime"]).total_seconds() == pytest.approx(since, abs=0.002)
    assert ("resourceId" in found) == (state != "ERROR")


def test_a_retried_resource_may_be_removed(aws: Emulator, boto: BotoClients) -> None:
    aws.add_sync_resource("factory", "boiler-1", outcome="ERROR", retry_after=60)
    create(boto)
    advance_to(aws, 80)
    aws.remove_sync_resource("factory", "boiler-1")
    advance_to(aws, 200)
    assert states(boto) == {"boiler-1": "DELETED"}


def test_resources_stay_deleted_while_their_job_is_deleted_twice(aws: Emulator, boto: BotoClients) -> None:
    aws.add_sync_resource("factory", "boiler-1")
    create(boto)
    advance_to(aws, 60)
    aws.fail_deletion("factory")
    delete(boto)
    (before,) = resources(boto)
    advance_to(aws, 80)
    aws.add_sync_resource("factory", "boiler-2")
    delete(boto)
    assert resources(boto) == [before]
    assert before["status"] == {"state": "DELETED"}
