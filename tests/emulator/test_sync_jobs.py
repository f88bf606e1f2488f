"""The states of a TwinMaker sync job over time."""

from __future__ import annotations

import pytest

from tests.emulator.clients import BotoClients
from tests.emulator.resources import ROLE
from unisync.emulator import Emulator

OTHER_ROLE = "arn:aws:iam::123456789012:role/other"


def create(boto: BotoClients, workspace: str = "factory", role: str = ROLE, source: str = "SITEWISE") -> str:
    return boto.twinmaker.create_sync_job(workspaceId=workspace, syncSource=source, syncRole=role)["state"]


def state(boto: BotoClients, workspace: str = "factory", source: str = "SITEWISE") -> str:
    """The state; "deleted" if there is no job."""
    try:
        job = boto.twinmaker.get_sync_job(workspaceId=workspace, syncSource=source)
    except boto.twinmaker.exceptions.ResourceNotFoundException:
        return "deleted"
    return job["status"].get("state", "none")


@pytest.fixture(autouse=True)
def workspaces(aws: Emulator) -> None:
    aws.add_workspace("factory")
    aws.add_workspace("harbour")


@pytest.mark.parametrize(
    ("after", "expected"),
    [(0, "CREATING"), (4.9, "CREATING"), (5, "INITIALIZING"), (24.9, "INITIALIZING"), (25, "ACTIVE"), (1e7, "ACTIVE")],
)
def test_a_job_becomes_active(aws: Emulator, boto: BotoClients, after: float, expected: str) -> None:
    assert create(boto) == "CREATING"
    aws.clock.advance(after)
    assert state(boto) == expected


@pytest.mark.parametrize(("after", "expected"), [(0, 0), (4, 0), (6, 5), (24, 5), (26, 25), (90, 25)])
def test_the_update_date_is_when_the_state_last_changed(
    aws: Emulator, boto: BotoClients, after: float, expected: float
) -> None:
    create(boto)
    aws.clock.advance(after)
    job = boto.twinmaker.get_sync_job(workspaceId="factory", syncSource="SITEWISE")
    assert (job["updateDateTime"] - job["creationDateTime"]).total_seconds() == pytest.approx(expected, abs=0.002)


@pytest.mark.parametrize("reason", [None, "The trust policy does not name iottwinmaker.amazonaws.com"])
def test_a_job_with_a_denied_role_ends_in_error(aws: Emulator, boto: BotoClients, reason: str | None) -> None:
    aws.deny_role(ROLE, reason)
    assert create(boto) == "CREATING"
    aws.clock.advance(4.9)
    assert boto.twinmaker.get_sync_job(workspaceId="factory", syncSource="SITEWISE")["status"] == {"state": "CREATING"}
    for _ in range(2):
        aws.clock.advance(40)
        job = boto.twinmaker.get_sync_job(workspaceId="factory", syncSource="SITEWISE")
        assert job["status"].get("state") == "ERROR"
        assert job["status"].get("error") == {
            "code": "SYNC_CREATING_ERROR",
            "message": reason or f"Unable to assume role {ROLE}",
        }
        assert (job["updateDateTime"] - job["creationDateTime"]).total_seconds() == pytest.approx(5, abs=0.002)


def test_only_later_jobs_with_the_denied_role_fail(aws: Emulator, boto: BotoClients) -> None:
    create(boto)
    aws.deny_role(ROLE)
    create(boto, "harbour", OTHER_ROLE)
    create(boto, "harbour", ROLE, "OTHER")
    aws.clock.advance(30)
    assert [state(boto), state(boto, "harbour"), state(boto, "harbour", "OTHER")] == ["ACTIVE", "ACTIVE", "ERROR"]


@pytest.mark.parametrize("age", [0, 10, 60])
@pytest.mark.parametrize("role_denied", [False, True])
def test_a_deleted_job_is_deleting_first(aws: Emulator, boto: BotoClients, age: float, role_denied: bool) -> None:
    if role_denied:
        aws.deny_role(ROLE)
    create(boto)
    aws.clock.advance(age)
    assert boto.twinmaker.delete_sync_job(workspaceId="factory", syncSource="SITEWISE")["state"] == "DELETING"
    aws.clock.advance(9.9)
    job = boto.twinmaker.get_sync_job(workspaceId="factory", syncSource="SITEWISE")
    assert job["status"] == {"state": "DELETING"}
    assert (job["updateDateTime"] - job["creationDateTime"]).total_seconds() == pytest.approx(age, abs=0.002)
    aws.clock.advance(0.1)
    assert state(boto) == "deleted"
    with pytest.raises(
        boto.twinmaker.exceptions.ResourceNotFoundException, match="SITEWISE not found in workspace fac"
    ):
        boto.twinmaker.delete_sync_job(workspaceId="factory", syncSource="SITEWISE")


def test_deleting_again_does_not_restart_the_deletion(aws: Emulator, boto: BotoClients) -> None:
    create(boto)
    boto.twinmaker.delete_sync_job(workspaceId="factory", syncSource="SITEWISE")
    aws.clock.advance(9)
    assert boto.twinmaker.delete_sync_job(workspaceId="factory", syncSource="SITEWISE")["state"] == "DELETING"
    aws.clock.advance(1)
    assert state(boto) == "deleted"


@pytest.mark.parametrize("deleted", [False, True])
def test_an_existing_job_cannot_be_created_again(aws: Emulator, boto: BotoClients, deleted: bool) -> None:
    create(boto)
    aws.clock.advance(30)
    if deleted:
        boto.twinmaker.delete_sync_job(workspaceId="factory", syncSource="SITEWISE")
        aws.clock.advance(9)
    with pytest.raises(boto.twinmaker.exceptions.ConflictException, match="already exists in workspace factory"):
        create(boto)


def test_a_deleted_job_can_be_created_again(aws: Emulator, boto: BotoClients) -> None:
    create(boto)
    first = boto.twinmaker.get_sync_job(workspaceId="factory", syncSource="SITEWISE")
    boto.twinmaker.delete_sync_job(workspaceId="factory", syncSource="SITEWISE")
    aws.clock.advance(10)
    assert create(boto, role=OTHER_ROLE) == "CREATING"
    second = boto.twinmaker.get_sync_job(workspaceId="factory", syncSource="SITEWISE")
    assert second["syncRole"] == OTHER_ROLE
    assert (second["creationDateTime"] - first["creationDateTime"]).total_seconds() == pytest.approx(10, abs=0.002)
    aws.clock.advance(25)
    assert state(boto) == "ACTIVE"


def test_an_unknown_workspace_has_no_jobs(boto: BotoClients) -> None:
    with pytest.raises(boto.twinmaker.exceptions.ValidationException, match="Workspace unknown does not exist"):
        create(boto, "unknown")
    assert state(boto, "unknown") == "deleted"


def test_a_job_is_found_by_its_source_alone(aws: Emulator, boto: BotoClients) -> None:
    with pytest.raises(boto.twinmaker.exceptions.ResourceNotFoundException):
        boto.twinmaker.get_sync_job(syncSource="SITEWISE")
    create(boto)
    assert boto.twinmaker.get_sync_job(syncSource="SITEWISE")["workspaceId"] == "factory"
    boto.twinmaker.delete_sync_job(workspaceId="factory", syncSource="SITEWISE")
    aws.clock.advance(10)
    # AWS lets a deleted job be created again "in the same or a different workspace".
    create(boto, "harbour")
    assert boto.twinmaker.get_sync_job(syncSource="SITEWISE")["workspaceId"] == "harbour"


def test_a_workspace_added_again_keeps_its_jobs(aws: Emulator, boto: BotoClients) -> None:
    create(boto)
    aws.add_workspace("factory")
    assert state(boto) == "CREATING"


def delete(boto: BotoClients) -> str:
    return boto.twinmaker.delete_sync_job(workspaceId="factory", syncSource="SITEWISE")["state"]


def error_of(boto: BotoClients) -> object:
    return boto.twinmaker.get_sync_job(workspaceId="factory", syncSource="SITEWISE")["status"].get("error")


@pytest.mark.parametrize("requested_first", [False, True])
def test_a_deletion_may_fail(aws: Emulator, boto: BotoClients, requested_first: bool) -> None:
    create(boto)
    aws.clock.advance(60)
    if requested_first:
        delete(boto)
        aws.fail_deletion("factory", reason="An entity has children")
    else:
        aws.fail_deletion("factory", reason="An entity has children")
        assert (state(boto), error_of(boto)) == ("ACTIVE", None)
        assert delete(boto) == "DELETING"
    aws.clock.advance(9.9)
    assert (state(boto), error_of(boto)) == ("DELETING", None)
    aws.clock.advance(0.1)
    for _ in range(2):
        job = boto.twinmaker.get_sync_job(workspaceId="factory", syncSource="SITEWISE")
        error = {"code": "SYNC_DELETING_ERROR", "message": "An entity has children"}
        assert job["status"] == {"state": "ERROR", "error": error}
        assert (job["updateDateTime"] - job["creationDateTime"]).total_seconds() == pytest.approx(70, abs=0.002)
        aws.clock.advance(1000)
    (listed,) = boto.twinmaker.list_sync_jobs(workspaceId="factory").get("syncJobSummaries", [])
    assert listed.get("status", {}).get("state") == "ERROR"


def test_a_deletion_after_one_that_failed_succeeds(aws: Emulator, boto: BotoClients) -> None:
    create(boto)
    aws.fail_deletion("factory")
    delete(boto)
    aws.clock.advance(100)
    assert error_of(boto) == {"code": "SYNC_DELETING_ERROR", "message": "Unable to delete the synced resources"}
    with pytest.raises(ValueError, match=r"^sync_source: the deletion of 'SITEWISE' has failed already"):
        aws.fail_deletion("factory")
    with pytest.raises(boto.twinmaker.exceptions.ConflictException):
        create(boto)
    assert delete(boto) == "DELETING"
    assert (state(boto), error_of(boto)) == ("DELETING", None)
    job = boto.twinmaker.get_sync_job(workspaceId="factory", syncSource="SITEWISE")
    assert (job["updateDateTime"] - job["creationDateTime"]).total_seconds() == pytest.approx(100, abs=0.002)
    aws.clock.advance(10)
    assert state(boto) == "deleted"
    create(boto)
    assert state(boto) == "CREATING"


def test_the_deletion_of_a_job_in_error_may_fail_too(aws: Emulator, boto: BotoClients) -> None:
    aws.deny_role(ROLE, "no trust")
    create(boto)
    aws.clock.advance(30)
    aws.fail_deletion("factory", reason="no permission")
    assert error_of(boto) == {"code": "SYNC_CREATING_ERROR", "message": "no trust"}
    delete(boto)
    aws.clock.advance(30)
    assert error_of(boto) == {"code": "SYNC_DELETING_ERROR", "message": "no permission"}


def test_only_the_deletion_of_an_existing_job_can_fail(aws: Emulator, boto: BotoClients) -> None:
    for _ in range(2):
        with pytest.raises(ValueError, match=r"^sync_source: factory has no sync job 'SITEWISE'"):
            aws.fail_deletion("factory")
        create(boto)
        delete(boto)
        aws.clock.advance(10)
    with pytest.raises(ValueError, match=r"^workspace_id: there is no workspace 'unknown'"):
        aws.fail_deletion("unknown")


def test_the_arn_ends_as_people_report_it(boto: BotoClients) -> None:
    create(boto, source="OTHER")
    for source in ("SITEWISE", "OTHER"):
        if source == "SITEWISE":
            create(boto)
        arn = boto.twinmaker.get_sync_job(workspaceId="factory", syncSource=source)["arn"]
        assert arn.endswith(f":workspace/factory/sync-job/{source}-default")


def test_a_workspace_has_a_role_and_a_bucket(boto: BotoClients) -> None:
    found = boto.call("iottwinmaker", "GetWorkspace", {"workspaceId": "factory"})
    assert (found["description"], found["s3Location"]) == ("", "arn:aws:s3:::factory-workspace")
    assert found["role"] == "arn:aws:iam::123456789012:role/factory-workspace"
