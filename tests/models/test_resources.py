"""The counts of a sync job's resources."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError

from tests.support.samples import FACTORY, NOON
from unisync import FleetSync, SyncError, SyncJobStatus, SyncResource, SyncResourceSummary, SyncState

FAILED = SyncResource(
    resource_type="ENTITY",
    external_id="asset-1",
    resource_id="entity-1",
    status=SyncJobStatus(
        state=SyncState.FAILED, aws_state="ERROR", error=SyncError(code="PROCESSING_ERROR", message="no such property")
    ),
    updated_at=NOON,
)
COUNTS = ((SyncState.ACTIVE, 3), (SyncState.FAILED, 1), (SyncState.DELETING, 2))


def summary(counts: Any = COUNTS, ref: Any = FACTORY) -> SyncResourceSummary:
    return SyncResourceSummary(ref=ref, counts=counts, failed=(FAILED,))


def test_counts_by_state() -> None:
    resources = summary()
    assert [resources.count(state) for state in (SyncState.ACTIVE, SyncState.FAILED, SyncState.RUNNING)] == [3, 1, 0]
    assert (resources.total, resources.in_sync) == (4, 3)
    assert str(resources) == "3 of 4 resources in sync, 1 failed"
    assert str(SyncResourceSummary(ref=FACTORY, counts=(), failed=())) == "0 of 0 resources in sync"


@pytest.mark.parametrize("state", list(SyncState))
def test_resources_are_settled_when_none_is_in_progress(state: SyncState) -> None:
    in_progress = state in (SyncState.PENDING, SyncState.RUNNING, SyncState.UNKNOWN)
    assert summary({state: 1}).is_settled is not in_progress


def test_counts_accept_a_mapping() -> None:
    assert summary(dict(COUNTS)) == summary({"ACTIVE": 3, "FAILED": 1, "DELETING": 2}) == summary()
    with pytest.raises(ValidationError, match="counts"):
        summary({"ACTIVE": "many"})


def test_a_summary_is_hashable() -> None:
    assert len({summary(), summary(dict(COUNTS)), summary(())}) == 2


@pytest.mark.parametrize("ref", [FACTORY, FleetSync("111111111111", "eu-west-1", FACTORY)])
def test_counts_serialize_as_an_object_and_round_trip(ref: Any) -> None:
    resources = summary(ref=ref)
    assert json.loads(resources.model_dump_json())["counts"] == {"ACTIVE": 3, "FAILED": 1, "DELETING": 2}
    assert resources.model_dump()["counts"] == dict(COUNTS)
    for copy in (
        SyncResourceSummary.model_validate_json(resources.model_dump_json()),
        SyncResourceSummary.model_validate(resources.model_dump()),
    ):
        assert copy == resources
        assert hash(copy) == hash(resources)
