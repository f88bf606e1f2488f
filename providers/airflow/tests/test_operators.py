"""Operators, run by `dag.test()`."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import NEW, OLD, Run
from unisync import StackSync, Unisync
from unisync.emulator import Emulator
from unisync_provider.operators.sync import (
    CreateSyncJobOperator,
    DeleteSyncJobOperator,
    EnsureSyncConfigurationOperator,
    ResolveBlockerOperator,
)

ROLE = "arn:aws:iam::123456789012:role/sync"
QUICK: dict[str, Any] = {"poke_interval": 1, "timeout": 60}


@pytest.mark.parametrize("deferrable", [False, True])
def test_create_and_delete_a_sync_job(aws: Emulator, run: Run, deferrable: bool) -> None:
    for _ in range(2):  # a retry of the task finds the job
        done = run(CreateSyncJobOperator, workspace_id="factory", sync_role=ROLE, deferrable=deferrable, **QUICK)
        assert done.state == "success"
        found = done.xcom_pull(task_ids="task")
        assert (found["ref"], found["state"]) == ("twinmaker:factory", "ACTIVE")
    for _ in range(2):
        done = run(DeleteSyncJobOperator, workspace_id="factory", deferrable=deferrable, **QUICK)
        assert done.state == "success"
        assert done.xcom_pull(task_ids="task")["ref"] == "twinmaker:factory"
    assert [call.operation for call in aws.calls if "SyncJob" in call.operation].count("CreateSyncJob") == 1


def test_another_role_is_not_retried(aws: Emulator, run: Run) -> None:
    options = {"workspace_id": "factory", "wait_for_completion": False}
    assert run(CreateSyncJobOperator, sync_role=ROLE, **options).state == "success"
    done = run(CreateSyncJobOperator, sync_role=f"{ROLE}-2", retries=3, **options)
    assert (done.state, done.try_number) == ("failed", 1)


def test_a_transient_error_is_left_to_the_retries(aws: Emulator, run: Run) -> None:
    aws.fault("CreateSyncJob", "ThrottlingException", times=3)
    options = {"workspace_id": "factory", "wait_for_completion": False}
    done = run(CreateSyncJobOperator, sync_role=ROLE, retries=1, retry_delay=0.0, **options)
    assert (done.state, done.try_number) == ("success", 2)


def test_ensure_a_sync_configuration(aws: Emulator, run: Run) -> None:
    link = aws.add_repository_link("acme/infra")
    options = {"resource_name": "shop", "repository_link_id": link, "config_file": "shop.yaml", "role_arn": ROLE}
    found = [
        run(EnsureSyncConfigurationOperator, branch=branch, **options).xcom_pull(task_ids="task")
        for branch in ("release", "release")
    ]
    assert found[0] == {"ref": "codeconnections:shop", "action": "updated", "changed": found[0]["changed"]}
    assert "branch" in found[0]["changed"]
    assert found[1] == {"ref": "codeconnections:shop", "action": "unchanged", "changed": []}


def test_resolve_all_blockers(aws: Emulator, run: Run) -> None:
    aws.push(stack="shop", sha=OLD, duration=0)
    aws.block(stack="shop", reason="changed by hand")
    aws.push(stack="shop", sha=NEW, duration=0)
    found = [
        run(ResolveBlockerOperator, ref="codeconnections:shop", reason="reverted").xcom_pull(task_ids="task")
        for _ in range(2)
    ]
    assert (len(found[0]), found[1]) == (1, [])
    with Unisync(**aws.client_options()) as client:
        assert not client.blockers(StackSync("shop"))


def test_a_blocker_that_does_not_exist(aws: Emulator, run: Run) -> None:
    done = run(ResolveBlockerOperator, ref="codeconnections:shop", reason="reverted", blocker_id="nope", retries=3)
    assert (done.state, done.try_number) == ("failed", 1)


def test_nothing_blocks_a_sync_job(aws: Emulator, run: Run) -> None:
    done = run(ResolveBlockerOperator, ref="twinmaker:factory", reason="reverted", retries=3)
    assert (done.state, done.try_number) == ("failed", 1)
