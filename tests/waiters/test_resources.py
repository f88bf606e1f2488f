"""Waits for the resources of a TwinMaker sync job, which may be out of sync while the job itself is ACTIVE."""

from __future__ import annotations

import json
import pickle
from typing import Any

import pytest

from tests.support.samples import FACTORY, STACK
from unisync import (
    InvalidArgumentError,
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
    """A sync job with three entities, the last of which takes two minutes."""
    aws.add_workspace("factory")
    for number, duration in enumerate((10, 30, 120)):
        aws.add_sync_resource("factory", f"asset-{number}", duration=duration)
    either.twinmaker.create_sync_job("factory", sync_role=ROLE)


@pytest.mark.usefixtures("job")
def test_resources_are_waited_for_and_counted(aws: Emulator, either: Any) -> None:
    reported: list[Progress[Any]] = []
    resources = either.wait_until_resources_synced(FACTORY, on_progress=reported.append)
    assert (resources.in_sync, resources.total, resources.failed) == (3, 3, ())
    assert str(resources) == "3 of 3 resources in sync"
    assert 120 <= aws.clock.now() < 160
    counted = [(each.resources.in_sync, each.resources.total) for each in reported if each.resources]
    assert counted == sorted(counted)
    assert counted[-1] == (2, 3)
    assert reported[0].resources is None, "the job is not ACTIVE yet"
    assert either.wait_until_active(FACTORY).status.state is SyncState.ACTIVE


@pytest.mark.usefixtures("job")
def test_failed_resources_raise_once_nothing_is_in_progress(aws: Emulator, either: Any) -> None:
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
    assert aws.clock.now() >= 120, "resources in progress are waited for"
    assert either.wait_until_active(FACTORY).status.state is SyncState.ACTIVE, "the job itself is ACTIVE"


@pytest.mark.usefixtures("job")
def test_max_failures_are_accepted(aws: Emulator, either: Any) -> None:
    for name in ("one", "two"):
        aws.add_sync_resource("factory", name, outcome="ERROR", reason="no such unit")
    with pytest.raises(SyncFailedError):
        either.wait_until_resources_synced(FACTORY, max_failures=1)
    resources = either.wait_until_resources_synced(FACTORY, max_failures=2)
    assert (len(resources.failed), resources.count(SyncState.FAILED)) == (2, 2)


def test_a_message_lists_some_of_many_failures(aws: Emulator, either: Any) -> None:
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
def test_a_timeout_counts_the_resources(aws: Emulator, either: Any) -> None:
    with pytest.raises(WaitTimeoutError) as caught:
        either.wait_until_resources_synced(FACTORY, timeout=60)
    assert "twinmaker:factory was not in sync after 60.0 s" in str(caught.value)
    assert "; 2 of 3 resources in sync. The sync continues in AWS." in str(caught.value)


@pytest.mark.usefixtures("job")
def test_a_transient_error_of_a_count_is_ignored(aws: Emulator, either: Any) -> None:
    aws.fault("ListSyncResources", "ThrottlingException", times=2)
    aws.fault("ListSyncResources", "truncate")
    assert either.wait_until_resources_synced(FACTORY).in_sync == 3


def test_a_missing_or_failed_job_raises(aws: Emulator, either: Any) -> None:
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


def test_bad_arguments_are_rejected_before_any_call(aws: Emulator, either: Any) -> None:
    with pytest.raises(InvalidArgumentError, match="ref: expected a TwinMaker sync job, got codeconnections:"):
        either.wait_until_resources_synced(STACK)
    for wrong in (-1, 0.5, True, None):
        with pytest.raises(InvalidArgumentError, match="max_failures: expected a number, zero or more, got"):
            either.wait_until_resources_synced(FACTORY, max_failures=wrong)
    assert aws.calls == []
