"""The emulator, as tests use it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, assert_type

from unisync import AsyncFleet, AsyncUnisync, Fleet, TwinMakerSync, Unisync
from unisync.emulator import ACCOUNT, FAULTS, REGION, ClientOptions, Emulator, EmulatorClock, RecordedCall, Setup
from unisync.testing import FakeAsyncUnisync, FakeUnisync, record, replay

assert_type(ACCOUNT.isdecimal(), bool)
assert_type(REGION.isdecimal(), bool)
assert_type("drop" in FAULTS, bool)


def on_event(event: dict[str, object]) -> None:
    print(event["detail"])


def emulator(it: Emulator) -> None:
    Emulator(clock="manual", control=True, on_event=on_event)
    assert_type(it.client_options(account="210987654321", region="us-east-1"), ClientOptions)
    client = Unisync(**it.client_options())
    AsyncUnisync(**it.client_options(account="210987654321"))
    Fleet(["arn:aws:iam::123456789012:role/reader"], regions=["eu-west-1"], **it.client_options())
    AsyncFleet(["arn:aws:iam::123456789012:role/reader"], regions=["eu-west-1"], **it.client_options())
    client.discover()
    assert_type(it.clock, EmulatorClock)
    assert_type(it.calls, list[RecordedCall])
    assert_type(it.page_size, int | None)
    it.page_size = 5
    assert_type(it.url, str)
    assert_type(it.accepts_remote, bool)
    assert_type(it.account(account="210987654321"), Setup)
    assert_type(it.environment(), dict[str, str])
    it.add_role("arn:aws:iam::123456789012:role/reader", external_id="x")
    it.remove_role("arn:aws:iam::123456789012:role/reader")
    it.expire_credentials(account=None)
    it.fault("GetSyncJob", "ThrottlingException", times=3, service="iottwinmaker", seconds=1, message="no")
    it.fault("*", "InternalFailure", times=None, status=501)
    it.fault("GetRepository", "missing-member", member="connectionArn")
    it.clear_faults()
    it.throttle("GetSyncJob", rate=5, burst=2)
    it.start()
    it.stop()
    with it as same:
        assert_type(same, Emulator)


async def awaited() -> None:
    async with Emulator(clock="real", speed=60, host="127.0.0.1", port=0) as aws:
        assert_type(aws, Emulator)


def setup(it: Setup) -> None:
    it.add_workspace("factory")
    it.add_sync_resource("factory", "pump", resource_type="COMPONENT_TYPE", outcome="ERROR", reason="no", duration=5)
    it.add_sync_resource("factory", "pump", outcome="ERROR", retry_after=60)
    it.fail_deletion("factory", sync_source="SITEWISE", reason="no")
    it.remove_sync_resource("factory", "pump")
    it.deny_role("arn:aws:iam::123456789012:role/sync", "no")
    assert_type(it.add_connection("GitHub", name="acme", status="PENDING"), str)
    it.set_connection_status("arn", "AVAILABLE")
    assert_type(it.add_repository_link("acme/infra", provider="GitHub"), str)
    it.add_stack("payments-prod", repository="acme/infra", branch="main", config_file="a.yaml")
    it.add_stack("orders-prod")
    it.remove_stack("payments-prod")
    it.delete_stack_by_hand("payments-prod")
    it.add_repository("acme/web")
    it.add_service("web")
    it.add_service_instance("web", "prod", repository="acme/web", own_branch="live", spec="spec.yaml")
    it.remove_service("web")
    it.add_template("web", template_type="ENVIRONMENT", version="2")
    it.push(stack="payments-prod", sha="4f2c9e1", outcome="FAILED", reason="no", detection_delay=1, duration=2)
    it.push(stack="payments-prod", sha="4f2c9e1", events=[("CLEAN_UP", "done")], newest_first=True, start_delay=1)
    it.push(stack="payments-prod", sha="4f2c9e1", starts="nothing")
    it.fail_branch(stack="payments-prod", sha="4f2c9e1", file="b.yaml", reason="no", detection_delay=1)
    it.queue_branch(template="web", sha="4f2c9e1", detection_delay=1)
    it.retry(service="web", instance="prod", outcome="FAILED", reason="no", duration=1)
    it.make_dormant(stack="payments-prod")
    it.modify(stack="payments-prod")
    it.modify(service="web", instance="prod")
    assert_type(it.block(stack="payments-prod"), str)
    assert_type(it.block(stack="payments-prod", reason="by hand", contexts={"a": "b"}), str)
    it.fail_retry(stack="payments-prod")
    it.unblock(service="web", instance="prod")


def options(it: ClientOptions) -> None:
    assert_type(it["endpoint_url"], str)
    assert_type(it["clock"], EmulatorClock)
    assert_type(it["session"].region_name, str | None)
    print(it["config"])


async def clock(it: EmulatorClock) -> None:
    assert_type(it.now(), float)
    assert_type(it.time(), float)
    assert_type(it.date(it.now()), float)
    it.advance(60)
    it.on_advance(lambda: None)
    assert_type(it.is_manual, bool)
    it.sleep(1)
    await it.async_sleep(1)


def call(it: RecordedCall) -> None:
    assert_type(it.service, str)
    assert_type(it.operation, str)
    assert_type(it.time, datetime)
    assert_type(it.account, str)
    assert_type(it.region, str)
    # Nested structures, as they were sent: their types are for the test to know.
    assert_type(it.params, Mapping[str, Any])  # unknown: mypy


def fake(it: FakeUnisync) -> None:
    taken: Unisync = it
    assert_type(it.aws, Emulator)
    assert_type(it.with_options(max_attempts=1), FakeUnisync)
    assert_type(FakeUnisync(it.aws, account="210987654321", region="us-east-1"), FakeUnisync)
    del taken


def awaited_fake(it: FakeAsyncUnisync) -> None:
    taken: AsyncUnisync = it
    assert_type(it.aws, Emulator)
    assert_type(it.with_options(max_attempts=1), FakeAsyncUnisync)
    del taken


def tapes(it: FakeUnisync, path: Path) -> None:
    with record(path):
        it.get(TwinMakerSync("factory"))
    with record("tape.jsonl", overwrite=True) as nothing:
        pass
    assert_type(nothing, None)
    assert_type(replay(path), Unisync)
    replay("tape.jsonl").close()
