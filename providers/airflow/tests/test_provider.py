"""What Airflow discovers, what is rejected when a DAG is parsed, the hook, and clients that triggers share."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest
from airflow.providers_manager import ProvidersManager
from airflow.sdk import DAG

from tests.conftest import NEW, OLD, connection_to
from unisync import InvalidArgumentError, StackSync, Unisync, WaitToken
from unisync.emulator import Emulator
from unisync_provider import _clients
from unisync_provider._results import raise_unless_succeeded, result_of_error, result_without_poll
from unisync_provider.hooks.unisync import UnisyncHook
from unisync_provider.sensors.sync import SyncActiveSensor, SyncsActiveSensor
from unisync_provider.triggers.sync import SyncsTrigger, SyncTrigger

STACK = StackSync("shop")
EXAMPLES = Path(__file__).parent.parent / "unisync_provider" / "example_dags"


def test_the_provider_is_discovered() -> None:
    manager = ProvidersManager()
    assert "airflow-provider-unisync" in manager.providers
    assert "unisync_provider.links.sync.CommitLink" in manager.extra_links_class_names


def test_the_examples_are_parsed() -> None:
    code = "import sys; sys.path.insert(0, sys.argv[1]); import example_unisync as e; print(e.release.task_ids)"
    done = subprocess.run(
        [sys.executable, "-W", "error::DeprecationWarning:unisync_provider", "-c", code, str(EXAMPLES)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "services_are_live" in done.stdout


@pytest.mark.parametrize(
    ("kind", "arguments", "message"),
    [
        (SyncActiveSensor, {"ref": "nonsense"}, "nonsense"),
        (SyncActiveSensor, {"ref": "twinmaker:a", "on_superseded": "ignore"}, "on_superseded"),
        (SyncsActiveSensor, {"refs": ["nonsense"]}, "nonsense"),
        (SyncsActiveSensor, {"refs": [], "return_when": "any"}, "return_when"),
        (SyncsActiveSensor, {"refs": {"twinmaker:a": OLD}, "revision": NEW}, "revision"),
    ],
)
def test_what_is_rejected_when_the_dag_is_parsed(kind: type[Any], arguments: dict[str, Any], message: str) -> None:
    with pytest.raises((ValueError, InvalidArgumentError), match=message):
        kind(task_id="task", **arguments)


def test_templates_are_not_checked() -> None:
    assert SyncActiveSensor(task_id="task", ref="{{ params.ref }}").ref == "{{ params.ref }}"


def test_sensors_can_be_mapped() -> None:
    with DAG("mapped", schedule=None, default_args={"aws_conn_id": "other", "timeout": 5}) as dag:
        SyncActiveSensor.partial(task_id="each", deferrable=True).expand(ref=["codeconnections:a", "codeconnections:b"])
        one = SyncActiveSensor(task_id="one", ref="codeconnections:a")
    assert dag.task_ids == ["each", "one"]
    assert (one.aws_conn_id, one.timeout) == ("other", 5)


def test_the_hook_makes_a_client_of_the_connection(aws: Emulator) -> None:
    aws.push(stack="shop", sha=NEW, duration=0)
    client = UnisyncHook().get_conn()
    assert isinstance(client, Unisync)
    assert client.get(STACK).require_live().sha == NEW


def test_test_connection(aws: Emulator) -> None:
    assert UnisyncHook().test_connection() == (
        True,
        "region eu-west-1; CodeConnections: can be read; IoT TwinMaker: can be read",
    )
    aws.fault("ListRepositoryLinks", "AccessDeniedException", times=None)
    is_working, found = UnisyncHook().test_connection()
    assert is_working
    assert "AccessDenied" in found
    aws.fault("ListWorkspaces", "AccessDeniedException", times=None)
    is_working, found = UnisyncHook().test_connection()
    assert not is_working
    assert "can be read" not in found


def test_the_xcom_of_many_is_small() -> None:
    refs = [f"codeconnections:{'x' * 40}-{number}" for number in range(1000)]
    results = [{**result_without_poll(ref, "succeeded", ""), "live_revision": NEW} for ref in refs]
    found = SyncsActiveSensor(task_id="task", refs=refs).conclude(results)  # type: ignore[arg-type]  # they are whole
    assert found == dict.fromkeys(refs, NEW)
    assert len(json.dumps(found)) < 150_000


def test_the_log_has_a_line_for_each_change(aws: Emulator) -> None:
    aws.push(stack="shop", sha=NEW, duration=60)
    it = trigger(NEW)
    lines: list[str] = []
    it.log.info = lambda text, *values: lines.append(text % values)  # type: ignore[method-assign]
    found = asyncio.run(event_of(it))
    assert found["polls"] > len(lines) >= 2
    assert len({line.partition(" (")[0] for line in lines}) == len(lines)


def test_what_is_transient_is_left_to_airflow() -> None:
    with pytest.raises(Exception, match="no route") as caught:
        raise_unless_succeeded([result_of_error("twinmaker:a", OSError("no route"))], "fail")
    assert type(caught.value).__name__ == "AirflowException"


def trigger(sha: str, **options: Any) -> SyncTrigger:
    """A trigger as the triggerer makes it: of what was serialized."""
    token = WaitToken.create(STACK, revision=sha, timeout=60, **options)
    path, arguments = SyncTrigger(token=str(token), region_name="eu-west-1").serialize()
    assert path == "unisync_provider.triggers.sync.SyncTrigger"
    return SyncTrigger(**json.loads(json.dumps(arguments)))


async def event_of(it: SyncTrigger | SyncsTrigger) -> dict[str, Any]:
    """The only event of a trigger."""
    events: AsyncIterator[Any] = it.run()
    async with aclosing(events):  # type: ignore[type-var]  # it is a generator
        found = [event async for event in events]
    (event,) = found
    payload: dict[str, Any] = event.payload
    return payload


async def until(is_true: Callable[[], bool]) -> None:
    """Wait for something that a trigger does, half a minute at most."""
    for _ in range(600):
        if is_true():
            return
        await asyncio.sleep(0.05)
    raise AssertionError


def test_triggers_of_one_connection_share_a_client(aws: Emulator) -> None:
    aws.push(stack="shop", sha=NEW, duration=30)

    async def main() -> None:
        waits = [asyncio.create_task(event_of(trigger(NEW))) for _ in range(20)]
        await until(lambda: bool(aws.calls))
        assert _clients.count() == 1
        found = await asyncio.gather(*waits)
        assert {each["status"] for each in found} == {"succeeded"}
        assert _clients.count() == 0

    threads = set(threading.enumerate())
    asyncio.run(main())
    names = {each.name for each in threading.enumerate() if each not in threads}
    assert not {name for name in names if name.startswith("unisync")}


def test_a_connection_that_was_changed_counts_for_new_triggers(aws: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main(other: Emulator) -> None:
        before = asyncio.ensure_future(event_of(trigger(OLD)))
        await until(lambda: bool(aws.calls))
        monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", connection_to(other))
        assert (await event_of(trigger(NEW)))["status"] == "succeeded"
        before.cancel()
        await asyncio.gather(before, return_exceptions=True)
        assert _clients.count() == 0

    aws.push(stack="shop", sha=OLD, duration=60_000)
    with Emulator(speed=10) as other:
        other.add_stack("shop", repository="acme/infra")
        other.push(stack="shop", sha=NEW, duration=0)
        asyncio.run(main(other))


def test_a_trigger_that_is_cancelled_sends_no_more(aws: Emulator) -> None:
    aws.push(stack="shop", sha=NEW, duration=60_000)

    async def main() -> None:
        first, second = (asyncio.create_task(event_of(trigger(NEW))) for _ in range(2))
        await until(lambda: bool(aws.calls))
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        assert _clients.count() == 1
        second.cancel()
        with pytest.raises(asyncio.CancelledError):
            await second
        assert _clients.count() == 0
        await asyncio.sleep(1)  # the other trigger's request may be on its way
        seen = len(aws.calls)
        await asyncio.sleep(3)
        assert len(aws.calls) == seen

    asyncio.run(main())


def test_a_role_that_cannot_be_assumed(aws: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    connection = json.loads(connection_to(aws))
    connection["extra"] |= {
        "role_arn": "arn:aws:iam::123456789012:role/nope",
        "service_config": {"sts": {"endpoint_url": aws.url}},
    }
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", json.dumps(connection))
    found = asyncio.run(event_of(trigger(NEW)))
    assert found["status"] == "error"
    assert "AssumeRole" in found["message"]


def test_a_wait_that_is_continued_keeps_its_deadline(aws: Emulator) -> None:
    aws.push(stack="shop", sha=NEW, duration=60_000)
    with Unisync(**aws.client_options()) as client:
        token = client.poll(WaitToken.create(STACK, revision=NEW, timeout=4)).token
    time.sleep(2)
    began = time.monotonic()
    found = asyncio.run(event_of(SyncTrigger(token=str(token))))
    assert found["status"] == "timed_out"
    assert time.monotonic() - began < 4


def test_the_first_of_many_that_fails(aws: Emulator) -> None:
    aws.push(stack="shop", sha=NEW, duration=60_000)
    aws.push(stack="orders", sha=NEW, duration=0, outcome="FAILED", reason="no such bucket")
    tokens = [str(WaitToken.create(StackSync(name), revision=NEW, timeout=60)) for name in ("shop", "orders")]
    path, arguments = SyncsTrigger(tokens=tokens, return_when="first_failure").serialize()
    assert path == "unisync_provider.triggers.sync.SyncsTrigger"
    found = asyncio.run(event_of(SyncsTrigger(**json.loads(json.dumps(arguments)))))
    assert [each["status"] for each in found["results"]] == ["waiting", "failed"]
