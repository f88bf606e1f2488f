"""A sync job that is ACTIVE, told apart from one whose resources are all in sync."""

from __future__ import annotations

import json
import pickle
from typing import Any

import pytest

from tests.support.samples import FACTORY, STACK
from unisync import (
    InvalidRequestError,
    NotFoundError,
    Progress,
    SyncFailedError,
    SyncState,
    WaitTimeoutError,
)
from unisync.emulator import Emulator

ROLE = "arn:aws:iam::123456789012:role/sync"


@pytest.fixture
def job(aws: Emulator, either: Any) -> None:
    """A sync job with three entities, of which the last takes two minutes."""
    aws.add_workspace("factory")
    for number, takes in enumerate((10, 30, 120)):
        aws.add_sync_resource("factory", f"asset-{number}", duration=duration)
    either.twinmaker.create_sync_job("factory", sync_role=ROLE)


@pytest.mark.usefixtures("job")
def test_the_resources_are_waited_for_and_counted(aws: Emulator, either: Any) -> None:
    told: list[Progress[Any]] = []
    resources = either.wait_until_resources_synced(FACTORY, on_progress=told.append)
    assert (resources.in_sync, resources.total, resources.failed) == (3, 3, ())
    assert str(resources) == "3 of 3 resources in sync"
    assert 120 <= aws.clock.now() < 160
    counted = [(each.resources.in_sync, each.resources.total) for each in told if each.resources]
    assert counted == sorted(counted)
    assert counted[-1] == (2, 3)
    assert told[0].resources is None, "as long as the job is not ACTIVE"
    assert either.wait_until_active(FACTORY).status.state is SyncState.ACTIVE


@pytest.mark.usefixtures("job")
def test_failed_resources_are_told_once_nothing_else_is_under_way(aws: Emulator, either: Any) -> None:
    aws.add_sync_resource("factory", "model", resource_type="COMPONENT_TYPE", outcome="ERROR", reason="no such unit")
    with pytest.raises(SyncFailedError) as caught:
        either.wait_until_resources_synced(FACTORY)
    error = caught.value
    assert str(error).splitlines() == [
        "twinmaker:factory is ACTIVE, with 3 of 4 resources in sync, 1 failed",
        "  COMPONENT_TYPE model: SYNC_PROCESSING_ERROR: no such unit",
    ]
    assert error.resources is not None
    assert [resource.external_id for resource in error.resources.failed] == ["model"]
    assert pickle.loads(pickle.dumps(error)).resources == error.resources
    assert aws.clock.now() >= 120, "what is under way is waited for"
    assert either.wait_until_active(FACTORY).status.state is SyncState.ACTIVE, "the job itself is"


@pytest.mark.usefixtures("job")
def test_some_failures_are_tolerated(aws: Emulator, either: Any) -> None:
    for name in ("one", "two"):
        aws.add_sync_resource("factory", name, outcome="ERROR", reason="no such unit")
    with pytest.raises(SyncFailedError):
        either.wait_until_resources_synced(FACTORY, max_failures=1)
    resources = either.wait_until_resources_synced(FACTORY, max_failures=2)
    assert (len(resources.failed), resources.counts[SyncState.FAILED]) == (2, 2)


def test_an_error_names_no_more_than_some_of_many_failures(aws: Emulator, either: Any) -> None:
    aws.add_workspace("factory")
    for number in range(25):
        aws.add_sync_resource("factory", f"asset-{number}", outcome="ERROR", reason="no such unit")
    either.twinmaker.create_sync_job("factory", sync_role=ROLE)
    with pytest.raises(SyncFailedError) as caught:
        either.wait_until_resources_synced(FACTORY)
    assert str(caught.value).endswith("\n  and 15 more")
    assert caught.value.resources is not None
    assert len(caught.value.resources.failed) == 25


@pytest.mark.usefixtures("job")
def test_the_time_is_up(aws: Emulator, either: Any) -> None:
    with pytest.raises(WaitTimeoutError) as caught:
        either.wait_until_resources_synced(FACTORY, timeout=60)
    assert "twinmaker:factory was not in sync after 60.0 s" in str(caught.value)
    assert "; 2 of 3 resources in sync. The sync itself goes on in AWS." in str(caught.value)


@pytest.mark.usefixtures("job")
def test_a_count_that_fails_for_a_reason_that_passes_is_looked_past(aws: Emulator, either: Any) -> None:
    aws.fault("ListSyncResources", "ThrottlingException", times=2)
    aws.fault("ListSyncResources", "truncate")
    assert either.wait_until_resources_synced(FACTORY).in_sync == 3


def test_a_job_that_failed_or_is_not_there(aws: Emulator, either: Any) -> None:
    aws.add_workspace("factory")
    with pytest.raises(NotFoundError):
        either.wait_until_resources_synced(FACTORY)
    aws.deny_role(ROLE, "the role cannot be assumed")
    either.twinmaker.create_sync_job("factory", sync_role=ROLE)
    with pytest.raises(SyncFailedError, match="the role cannot be assumed"):
        either.wait_until_resources_synced(FACTORY)


def test_a_job_without_resources_is_in_sync(aws: Emulator, either: Any) -> None:
    aws.add_workspace("factory")
    either.twinmaker.create_sync_job("factory", sync_role=ROLE)
    resources = either.wait_until_resources_synced(FACTORY)
    assert (resources.total, json.loads(resources.model_dump_json())["ref"]) == (0, "twinmaker:factory")


def test_wrong_arguments_are_refused(aws: Emulator, either: Any) -> None:
    with pytest.raises(InvalidRequestError, match="ref: expected that of a TwinMaker sync job, got code"):
        either.wait_until_resources_synced(STACK)
    for wrong in (-1, 0.5, True, None):
        with pytest.raises(InvalidRequestError, match="max_failures: expected a number, zero or more, got"):
            either.wait_until_resources_synced(FACTORY, max_failures=wrong)
    assert aws.calls == []
