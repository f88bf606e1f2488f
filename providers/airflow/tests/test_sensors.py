"""Sensors, run by `dag.test()`: how a task ends for each way that a wait can end."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import airflow
import pytest

from tests.conftest import NEW, OLD, Run
from unisync import Unisync
from unisync.emulator import Emulator
from unisync_provider.sensors.sync import SyncActiveSensor, SyncDeletedSensor, SyncResourcesSensor, SyncsActiveSensor

pytestmark = pytest.mark.parametrize("deferrable", [False, True])
SHOP, ORDERS = "codeconnections:shop", "codeconnections:orders"
ROLE = "arn:aws:iam::123456789012:role/sync"
QUICK: dict[str, Any] = {"poke_interval": 1, "timeout": 60}


def test_success(aws: Emulator, run: Run, deferrable: bool) -> None:
    aws.push(stack="shop", sha=NEW, duration=20)
    done = run(SyncActiveSensor, ref=SHOP, revision=NEW, deferrable=deferrable, **QUICK)
    assert done.state == "success"
    found = done.xcom_pull(task_ids="task")
    assert (found["ref"], found["state"], found["live_revision"]) == (SHOP, "ACTIVE", NEW)
    commit, console = (done.xcom_pull(task_ids="task", key=f"_link_{kind}Link") for kind in ("Commit", "Console"))
    assert commit == f"https://github.com/acme/infra/commit/{NEW}"
    assert console.startswith("https://eu-west-1.console.aws.amazon.com/cloudformation/")


@pytest.mark.parametrize("seconds", [0, 20])
def test_a_failure_is_not_retried(
    aws: Emulator, run: Run, deferrable: bool, seconds: int, capsys: pytest.CaptureFixture[str]
) -> None:
    aws.push(stack="shop", sha=NEW, duration=seconds, outcome="FAILED", reason="no such bucket")
    done = run(SyncActiveSensor, ref=SHOP, revision=NEW, deferrable=deferrable, retries=3, **QUICK)
    assert (done.state, done.try_number) == ("failed", 1)
    assert "no such bucket" in "".join(capsys.readouterr())


def test_blocked(aws: Emulator, run: Run, deferrable: bool, capsys: pytest.CaptureFixture[str]) -> None:
    aws.push(stack="shop", sha=OLD, duration=0)
    aws.block(stack="shop", reason="changed by hand")
    done = run(SyncActiveSensor, ref=SHOP, revision=NEW, deferrable=deferrable, retries=3, **QUICK)
    assert (done.state, done.try_number) == ("failed", 1)
    assert "changed by hand" in "".join(capsys.readouterr())


@pytest.mark.parametrize(("on_superseded", "state"), [("fail", "failed"), ("skip", "skipped")])
def test_superseded(aws: Emulator, run: Run, deferrable: bool, on_superseded: str, state: str) -> None:
    aws.push(stack="shop", sha=OLD, duration=60_000)

    def push_another() -> None:
        """Push once the wait has seen its commit: with the second poll, the first has been answered."""
        while sum(call.operation == "GetResourceSyncStatus" for call in aws.calls) < 2:
            time.sleep(0.05)
        aws.push(stack="shop", sha=NEW, duration=0)

    with ThreadPoolExecutor() as thread:
        pushing = thread.submit(push_another)
        options = {"deferrable": deferrable, "on_superseded": on_superseded, **QUICK}
        done = run(SyncActiveSensor, ref=SHOP, revision=OLD, **options)
        pushing.result()
    assert done.state == state


@pytest.mark.parametrize(("soft_fail", "state"), [(False, "failed"), (True, "skipped")])
def test_a_time_out_says_what_the_wait_has_seen(
    aws: Emulator, run: Run, deferrable: bool, soft_fail: bool, state: str, capsys: pytest.CaptureFixture[str]
) -> None:
    aws.push(stack="shop", sha=NEW, duration=6_000)
    options = {"poke_interval": 1, "timeout": 3, "soft_fail": soft_fail, "retries": 3}
    done = run(SyncActiveSensor, ref=SHOP, revision=NEW, deferrable=deferrable, **options)
    assert (done.state, done.try_number) == (state, 1)
    assert f"{SHOP}" in (said := "".join(capsys.readouterr()))
    assert soft_fail or "The sync continues in AWS" in said


def test_a_sync_that_does_not_exist(aws: Emulator, run: Run, deferrable: bool) -> None:
    done = run(SyncActiveSensor, ref="codeconnections:nope", deferrable=deferrable, retries=3, **QUICK)
    assert (done.state, done.try_number) == ("failed", 1)


def test_no_such_connection_leaves_it_to_boto3(
    aws: Emulator, run: Run, deferrable: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in aws.environment().items():
        monkeypatch.setenv(name, value)
    aws.push(stack="shop", sha=NEW, duration=20)
    done = run(SyncActiveSensor, ref=SHOP, revision=NEW, deferrable=deferrable, aws_conn_id=None, **QUICK)
    assert done.state == "success"


def test_deleted(aws: Emulator, run: Run, deferrable: bool) -> None:
    with Unisync(**aws.client_options()) as client:
        client.twinmaker.create_sync_job("factory", sync_role=ROLE)
        aws.clock.advance(300)
        client.twinmaker.delete_sync_job("factory")
    done = run(SyncDeletedSensor, ref="twinmaker:factory", deferrable=deferrable, **QUICK)
    assert done.state == "success"


@pytest.mark.parametrize(("max_failures", "state"), [(0, "failed"), (1, "success")])
def test_resources(aws: Emulator, run: Run, deferrable: bool, max_failures: int, state: str) -> None:
    aws.add_sync_resource("factory", "good")
    aws.add_sync_resource("factory", "bad", outcome="ERROR", reason="no such property")
    with Unisync(**aws.client_options()) as client:
        client.twinmaker.create_sync_job("factory", sync_role=ROLE)
    aws.clock.advance(300)
    done = run(
        SyncResourcesSensor,
        ref="twinmaker:factory",
        deferrable=deferrable,
        max_failures=max_failures,
        grace=0,
        **QUICK,
    )
    assert done.state == state


def test_many(aws: Emulator, run: Run, deferrable: bool) -> None:
    aws.push(stack="shop", sha=NEW, duration=20)
    aws.push(stack="orders", sha=OLD, duration=0)
    refs = {SHOP: NEW, ORDERS: OLD}
    done = run(SyncsActiveSensor, refs=refs, deferrable=deferrable, **QUICK)
    assert done.state == "success"
    assert done.xcom_pull(task_ids="task") == {SHOP: NEW, ORDERS: OLD}


def test_the_first_failure_of_many(
    aws: Emulator, run: Run, deferrable: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    aws.push(stack="shop", sha=NEW, duration=6_000)
    aws.push(stack="orders", sha=NEW, duration=20, outcome="FAILED", reason="no such bucket")
    refs = [SHOP, ORDERS]
    done = run(SyncsActiveSensor, refs=refs, revision=NEW, return_when="first_failure", deferrable=deferrable, **QUICK)
    assert done.state == "failed"
    assert "no such bucket" in "".join(capsys.readouterr())


def test_failures_that_are_tolerated(aws: Emulator, run: Run, deferrable: bool) -> None:
    aws.push(stack="shop", sha=NEW, duration=0)
    aws.push(stack="orders", sha=NEW, duration=0, outcome="FAILED", reason="no such bucket")
    refs = [SHOP, ORDERS]
    done = run(SyncsActiveSensor, refs=refs, revision=NEW, max_failures=1, deferrable=deferrable, **QUICK)
    assert done.state == "success"
    assert done.xcom_pull(task_ids="task") == {SHOP: NEW}


@pytest.mark.parametrize("return_when", ["first", "first_failure"])
def test_a_tolerated_failure_ends_no_other_wait(aws: Emulator, run: Run, deferrable: bool, return_when: str) -> None:
    aws.push(stack="shop", sha=NEW, duration=1, outcome="FAILED", reason="no such bucket")
    aws.push(stack="orders", sha=NEW, duration=30)
    options = {"return_when": return_when, "max_failures": 1, "deferrable": deferrable, **QUICK}
    done = run(SyncsActiveSensor, refs=[SHOP, ORDERS], revision=NEW, **options)
    assert done.state == "success"
    assert done.xcom_pull(task_ids="task") == {ORDERS: NEW}


def test_the_first_of_many_must_be_synced(aws: Emulator, run: Run, deferrable: bool) -> None:
    for name in ("shop", "orders"):
        aws.push(stack=name, sha=NEW, duration=1, outcome="FAILED", reason="no such bucket")
    options = {"return_when": "first", "max_failures": 2, "deferrable": deferrable, **QUICK}
    done = run(SyncsActiveSensor, refs=[SHOP, ORDERS], revision=NEW, retries=3, **options)
    assert (done.state, done.try_number) == ("failed", 1)


def test_commits_are_for_git_syncs(aws: Emulator, run: Run, deferrable: bool) -> None:
    with Unisync(**aws.client_options()) as client:
        client.twinmaker.create_sync_job("factory", sync_role=ROLE)
    aws.push(stack="shop", sha=NEW, duration=1)
    refs = [SHOP, "twinmaker:factory"]
    done = run(SyncsActiveSensor, refs=refs, revision=NEW, deferrable=deferrable, **QUICK)
    assert done.state == "success"
    assert done.xcom_pull(task_ids="task") == {SHOP: NEW, "twinmaker:factory": "ACTIVE"}


ARN = "codeconnections:arn:aws:cloudformation:eu-west-1:123456789012:stack/shop/5540dc7d-d166-4761-a257-7056da63ff13"


@pytest.mark.parametrize(
    ("kind", "arguments", "message"),
    [
        (SyncsActiveSensor, {"refs": {SHOP: NEW, ARN: OLD}}, "is given twice, with different commits"),
        (SyncActiveSensor, {"ref": SHOP, "revision": "{{ '' }}"}, "revision: expected a commit's sha"),
        (SyncsActiveSensor, {"refs": [SHOP], "revision": "{{ '' }}"}, "revision: expected a commit's sha"),
        (SyncsActiveSensor, {"refs": {SHOP: "{{ '' }}"}}, "revision: expected a commit's sha"),
        (SyncResourcesSensor, {"ref": SHOP}, "ref: expected a TwinMaker sync job"),
        (SyncActiveSensor, {"ref": f"123456789012/eu-west-1/{SHOP}"}, "only a Fleet accepts one"),
        (SyncActiveSensor, {"ref": SHOP, "role_arns": [ROLE]}, "FleetSync"),
    ],
)
def test_what_cannot_be_right_is_not_retried(
    aws: Emulator,
    run: Run,
    deferrable: bool,
    capsys: pytest.CaptureFixture[str],
    kind: type[Any],
    arguments: dict[str, Any],
    message: str,
) -> None:
    aws.push(stack="shop", sha=OLD, duration=0)
    done = run(kind, **arguments, deferrable=deferrable, retries=3, **QUICK)
    assert (done.state, done.try_number) == ("failed", 1)
    assert message in "".join(capsys.readouterr())


def test_a_fleet(aws: Emulator, run: Run, deferrable: bool) -> None:
    role = "arn:aws:iam::210987654321:role/sync"
    aws.add_role(role, external_id="unisync")  # the connection has it
    other = aws.account(account="210987654321")
    other.add_stack("shop", repository="acme/infra", config_file="shop.yaml")
    other.push(stack="shop", sha=NEW, duration=100)  # longer than the worker takes to poll
    ref = f"210987654321/eu-west-1/{SHOP}"
    done = run(SyncsActiveSensor, refs=[ref], revision=NEW, role_arns=[role], deferrable=deferrable, **QUICK)
    assert done.state == "success"
    assert done.xcom_pull(task_ids="task") == {ref: NEW}
    # One for the worker, and one for the triggerer.
    assert [call.operation for call in aws.calls].count("AssumeRole") == 1 + deferrable


def test_refs_that_are_text(aws: Emulator, run: Run, deferrable: bool, capsys: pytest.CaptureFixture[str]) -> None:
    done = run(SyncsActiveSensor, refs=f"{{{{ '{SHOP}' }}}}", deferrable=deferrable, retries=3, **QUICK)
    assert (done.state, done.try_number) == ("failed", 1)
    assert "expected a list or a mapping" in "".join(capsys.readouterr())


def test_the_mode_reschedule_keeps_its_deadline(
    aws: Emulator, run: Run, deferrable: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    if airflow.__version__.startswith("3.0.") and not deferrable:
        pytest.skip("dag.test() of this Airflow hands sensors the date of their first reschedule as text")
    aws.push(stack="shop", sha=NEW, duration=60_000)
    options = {"mode": "reschedule", "poke_interval": 1, "timeout": 3, "deferrable": deferrable}
    done = run(SyncActiveSensor, ref=SHOP, revision=NEW, retries=3, **options)
    assert (done.state, done.try_number) == ("failed", 1)
    assert "was not synced after" in "".join(capsys.readouterr())
