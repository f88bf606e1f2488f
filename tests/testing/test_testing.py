"""The tools for users' tests: the fake clients and the pytest plugin."""

from __future__ import annotations

import asyncio
import os
import pickle
import subprocess
import sys
import threading
import time
from typing import Any

import boto3
import pytest

import unisync.testing
from unisync import (
    AsyncUnisync,
    CallEnded,
    Event,
    InvalidArgumentError,
    NotFoundError,
    ServerError,
    StackSync,
    SyncBlockedError,
    SyncFailedError,
    ThrottledError,
    TransportError,
    TwinMakerSync,
    Unisync,
    WaitTimeoutError,
)
from unisync.emulator import FAULTS, REGION, Emulator
from unisync.testing import FakeAsyncUnisync, FakeUnisync, plugin

SHA = "4f2c9e1d6b7a80934cde51f2a6b7c8d9e0f1a2b3"
STACK = StackSync("payments-prod")


@pytest.fixture
def fake() -> FakeUnisync:
    client = FakeUnisync()
    client.aws.add_stack("payments-prod", repository="acme/infra")
    return client


class TestFakes:
    def test_a_fake_is_a_client(self, fake: FakeUnisync) -> None:
        assert isinstance(fake, Unisync)
        assert isinstance(FakeAsyncUnisync(), AsyncUnisync)
        assert repr(fake) == f"<FakeUnisync {REGION}, http://emulator.invalid>"

    def test_a_wait_takes_no_real_time(self, fake: FakeUnisync) -> None:
        fake.aws.push(stack="payments-prod", sha=SHA, detection_delay=600)
        started = time.monotonic()
        assert fake.wait_until_active(STACK, revision=SHA).is_synced
        assert fake.aws.clock.now() > 600
        assert time.monotonic() - started < 60

    def test_a_fake_needs_no_server_and_no_thread(self, fake: FakeUnisync) -> None:
        threads = threading.active_count()
        fake.aws.push(stack="payments-prod", sha=SHA)
        fake.wait_until_active(STACK)
        assert threading.active_count() == threads
        with pytest.raises(RuntimeError, match="not running"):
            _ = fake.aws.url

    def test_an_async_fake(self) -> None:
        async def wait() -> str:
            async with FakeAsyncUnisync() as client:
                client.aws.add_stack("payments-prod", repository="acme/infra")
                client.aws.push(stack="payments-prod", sha=SHA)
                jobs = [await client.wait_until_active(STACK), *(o.job for o in await client.get_many([STACK] * 20))]
                assert all(job is not None and job.is_synced for job in jobs)
                return str(jobs[0])

        assert "ACTIVE" in asyncio.run(wait())

    def test_many_concurrent_waits(self, fake: FakeUnisync) -> None:
        for number in range(30):
            fake.aws.add_stack(f"stack-{number}", repository="acme/infra")
            fake.aws.push(stack=f"stack-{number}", sha=SHA)
        outcomes = fake.wait_all([StackSync(f"stack-{number}") for number in range(30)])
        assert all(outcome.error is None and outcome.done for outcome in outcomes)

    def test_a_failure_and_a_blocker_say_why(self, fake: FakeUnisync) -> None:
        fake.aws.push(stack="payments-prod", sha=SHA, outcome="FAILED", reason="no such parameter")
        with pytest.raises(SyncFailedError, match="no such parameter"):
            fake.wait_until_active(STACK)
        fake.aws.block(stack="payments-prod", reason="changed by hand")
        fake.aws.push(stack="payments-prod", sha="90aa21b" + SHA[7:])
        with pytest.raises(SyncBlockedError, match="changed by hand"):
            fake.wait_until_active(STACK, revision="90aa21b")

    def test_requests_are_validated_and_recorded(self, fake: FakeUnisync) -> None:
        with pytest.raises(InvalidArgumentError, match="workspace_id: expected"):
            fake.twinmaker.create_sync_job("", sync_role="arn:aws:iam::123456789012:role/sync")
        assert fake.aws.calls == []
        with pytest.raises(NotFoundError):
            fake.get(StackSync("unknown"))
        assert [call.operation for call in fake.aws.calls] == ["GetResourceSyncStatus", "GetSyncConfiguration"]

    @pytest.mark.parametrize(
        ("kind", "expected"),
        [("ThrottlingException", ThrottledError), ("http-503", ServerError), ("drop", TransportError)],
    )
    def test_faults_are_retried(self, fake: FakeUnisync, kind: str, expected: type[Exception]) -> None:
        fake.aws.push(stack="payments-prod", sha=SHA)
        fake.aws.fault("GetResourceSyncStatus", kind, times=3)
        with pytest.raises(expected):
            fake.get(STACK)
        assert fake.get(STACK).latest_sync is not None

    def test_a_fault_has_the_same_effect_as_over_a_socket(self) -> None:
        def effect(client: Any, aws: Emulator, kind: str) -> str:
            aws.fault("GetResourceSyncStatus", kind, times=3, seconds=0.01)
            try:
                return str(client.get(STACK).status)
            except Exception as error:
                return type(error).__name__
            finally:
                aws.clear_faults()

        fake = FakeUnisync()
        with Emulator(clock="manual") as aws, Unisync(**aws.client_options()) as client:
            for each in (fake.aws, aws):
                each.add_stack("payments-prod", repository="acme/infra")
                each.push(stack="payments-prod", sha=SHA)
                each.clock.advance(3600)
            effects = {kind: (effect(fake, fake.aws, kind), effect(client, aws, kind)) for kind in sorted(FAULTS)}
        assert {kind: pair for kind, pair in effects.items() if len(set(pair)) > 1} == {}
        assert {"TransportError", "ResponseError", "ACTIVE (SUCCEEDED)"} <= {first for first, _ in effects.values()}

    def test_a_stall_takes_emulated_time(self, fake: FakeUnisync) -> None:
        fake.aws.fault("GetResourceSyncStatus", "stall", times=None, seconds=100)
        with pytest.raises(WaitTimeoutError, match="Read timeout on endpoint URL"):
            fake.wait_until_active(STACK, timeout=300)
        assert 300 <= fake.aws.clock.now() < 500

    def test_two_fakes_share_an_emulator(self, fake: FakeUnisync) -> None:
        fake.aws.push(stack="payments-prod", sha=SHA)
        assert FakeUnisync(fake.aws).wait_until_active(STACK).is_synced
        elsewhere = FakeUnisync(fake.aws, account="210987654321", region="us-east-1")
        with pytest.raises(NotFoundError):
            elsewhere.get(STACK)
        assert (fake.aws.calls[-1].account, fake.aws.calls[-1].region) == ("210987654321", "us-east-1")

    def test_the_other_arguments_are_passed_to_the_client(self) -> None:
        events: list[Event] = []
        fake = FakeUnisync(codeconnections_service="codestar-connections", on_event=events.append)
        with pytest.raises(NotFoundError):
            fake.get(STACK)
        assert {event.service for event in events if isinstance(event, CallEnded)} == {"codestar-connections"}

    def test_jobs_of_a_fake_are_plain_values(self, fake: FakeUnisync) -> None:
        job = fake.get(STACK)
        assert pickle.loads(pickle.dumps(job)) == job

    def test_a_fake_ignores_the_machines_settings(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("AWS_PROFILE", "nobody")
        monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
        fake = FakeUnisync()
        fake.aws.add_stack("payments-prod", repository="acme/infra")
        fake.aws.fault("GetResourceSyncStatus", "ThrottlingException", times=2)
        assert fake.get(STACK).latest_sync is None

    def test_public_names(self) -> None:
        assert unisync.testing.__all__ == ["FakeAsyncUnisync", "FakeUnisync", "record", "replay"]
        with pytest.raises(AttributeError, match="no attribute 'Fake'"):
            _ = unisync.testing.Fake  # type: ignore[attr-defined] # pyright: ignore


USERS_TESTS = """
import os
import boto3
import pytest
from unisync import NotFoundError, StackSync, TwinMakerSync, Unisync, WaitTimeoutError

def deploy_gate(name):
    with Unisync() as client:  # as production code does
        return str(client.wait_until_active(StackSync(name)).status)

def test_code_that_creates_its_own_client(unisync_emulator):
    unisync_emulator.add_stack("payments-prod", repository="acme/infra")
    unisync_emulator.push(stack="payments-prod", sha="4f2c9e1d6b7a80934cde51f2a6b7c8d9e0f1a2b3", detection_delay=600)
    assert deploy_gate("payments-prod") == "ACTIVE (SUCCEEDED)"

def test_each_test_has_its_own_emulator(unisync_client):
    with pytest.raises(NotFoundError):
        unisync_client.get(StackSync("payments-prod"))

def test_boto3_uses_the_emulator(unisync_emulator):
    unisync_emulator.add_workspace("factory")
    assert boto3.client("iottwinmaker").list_workspaces()["workspaceSummaries"][0]["workspaceId"] == "factory"

def test_a_fault(unisync_emulator, unisync_client, unisync_fault, unisync_clock):
    unisync_emulator.add_workspace("factory")
    unisync_client.twinmaker.create_sync_job("factory", sync_role="arn:aws:iam::123456789012:role/sync")
    unisync_fault("GetSyncJob", "ThrottlingException", times=3)
    before = unisync_clock.now()
    assert unisync_client.wait_until_active(TwinMakerSync("factory")).is_synced
    assert unisync_clock is unisync_emulator.clock and unisync_clock.now() > before

async def get(client, name):
    async with client:
        return await client.get(StackSync(name))

def test_async(unisync_emulator, unisync_async_client):
    import asyncio
    unisync_emulator.add_stack("payments-prod", repository="acme/infra")
    assert asyncio.run(get(unisync_async_client, "payments-prod")).latest_sync is None

@pytest.mark.unisync_emulator(speed=10000)
def test_running_time(unisync_emulator, unisync_client):
    unisync_emulator.add_stack("payments-prod", repository="acme/infra")
    unisync_emulator.push(stack="payments-prod", sha="4f2c9e1d6b7a80934cde51f2a6b7c8d9e0f1a2b3")
    assert unisync_client.wait_until_active(StackSync("payments-prod")).is_synced

def test_fails(unisync_emulator):
    raise RuntimeError("expected")

def test_with_its_own_variables(monkeypatch, unisync_emulator):
    monkeypatch.setenv("AWS_REGION", "us-west-2")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
"""

ENVIRONMENT = """
import os
import boto3
import pytest

def state():
    import unisync._core.clock
    aws = {name: value for name, value in os.environ.items() if name.startswith("AWS_") or name == "NO_PROXY"}
    return aws, boto3.DEFAULT_SESSION, unisync._core.clock.default_clock

@pytest.fixture(scope="session", autouse=True)
def everything_is_restored():
    os.environ["AWS_PROFILE"] = "the-users-own"
    boto3.DEFAULT_SESSION = own = object()
    before = state()
    yield
    assert state() == before
    assert state()[1] is own
    boto3.DEFAULT_SESSION = None
"""


EVENT_LOOP = """
import asyncio
import pytest

@pytest.fixture(scope="module", autouse=True)
def loop():
    own = asyncio.new_event_loop()
    asyncio.set_event_loop(own)
    yield own
    own.close()

def test_with_a_client(unisync_async_client):
    pass

def test_after_it(loop):
    assert asyncio.get_event_loop() is loop
"""

# Plugins of this environment that a user's may lack; each costs time to load.
WITHOUT_OTHERS = ("-p", "no:hypothesispytest", "-p", "no:xdist", "-p", "no:cacheprovider", "-p", "no:randomly")


@pytest.mark.slow
class TestPlugin:
    def test_in_a_users_suite(self, pytester: pytest.Pytester) -> None:
        pytester.makeconftest(ENVIRONMENT)
        pytester.makepyfile(test_users=USERS_TESTS, test_event_loop=EVENT_LOOP)
        done = pytester.runpytest_subprocess(*WITHOUT_OTHERS, "-W", "error", "--strict-markers")
        done.assert_outcomes(passed=9, failed=1)
        done.stdout.fnmatch_lines(["*RuntimeError: expected*"])

    def test_the_fixtures_are_described(self) -> None:
        for name in ("emulator", "client", "async_client", "clock", "fault"):
            assert getattr(plugin, f"unisync_{name}").__doc__

    def test_the_marker_is_described(self, pytestconfig: pytest.Config) -> None:
        assert any(line.startswith("unisync_emulator(**options): ") for line in pytestconfig.getini("markers"))

    def test_an_unused_plugin_imports_next_to_nothing(self, pytester: pytest.Pytester) -> None:
        pytester.makepyfile(
            """
            import sys

            def test_imports():
                loaded = {name.partition(".")[0] for name in sys.modules}
                assert "unisync" in loaded
                assert not loaded & {"boto3", "botocore", "pydantic", "cbor2", "h11", "asyncio.runners"}
            """
        )
        pytester.runpytest_subprocess(*WITHOUT_OTHERS).assert_outcomes(passed=1)

    def test_without_the_plugin_there_are_no_fixtures(self, pytester: pytest.Pytester) -> None:
        pytester.makepyfile("def test(unisync_emulator): pass")
        done = pytester.runpytest_subprocess(*WITHOUT_OTHERS, "-p", "no:unisync")
        done.stdout.fnmatch_lines(["*fixture 'unisync_emulator' not found*"])

    def test_the_fixtures_in_this_suite(self, unisync_emulator: Emulator, unisync_client: Unisync) -> None:
        unisync_emulator.add_workspace("factory")
        with pytest.raises(NotFoundError):
            unisync_client.get(TwinMakerSync("factory"))
        assert os.environ["AWS_ENDPOINT_URL"] == unisync_emulator.url
        assert boto3.client("iottwinmaker").meta.endpoint_url == unisync_emulator.url


def test_a_missing_extra_is_named(tmp_path: Any) -> None:
    (tmp_path / "cbor2.py").write_text("raise ImportError('not installed')")
    done = subprocess.run(
        [sys.executable, "-c", "import unisync.testing; unisync.testing.FakeUnisync"],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "needs its extra: pip install 'unisync-aws[emulator]'" in done.stderr
