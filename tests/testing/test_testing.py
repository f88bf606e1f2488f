"""What unisync offers to its users' own tests: clients without a server, and the plugin of pytest."""

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
    InvalidRequestError,
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
from unisync.testing import FakeAsyncUnisync, FakeUnisync

SHA = "4f2c9e1d6b7a80934cde51f2a6b7c8d9e0f1a2b3"
STACK = StackSync("payments-prod")


@pytest.fixture
def fake() -> FakeUnisync:
    made = FakeUnisync()
    made.aws.add_stack("payments-prod", repository="acme/infra")
    return made


class TestFakes:
    def test_is_the_client_itself(self, fake: FakeUnisync) -> None:
        assert isinstance(fake, Unisync)
        assert isinstance(FakeAsyncUnisync(), AsyncUnisync)
        assert repr(fake) == f"<FakeUnisync {REGION}, http://emulator.invalid>"

    def test_a_wait_takes_no_time(self, fake: FakeUnisync) -> None:
        fake.aws.push(stack="payments-prod", sha=SHA, detection_delay=600)
        began = time.monotonic()
        assert fake.wait_until_active(STACK, revision=SHA).is_synced
        assert fake.aws.clock.now() > 600
        assert time.monotonic() - began < 60

    def test_needs_no_server_and_no_thread(self, fake: FakeUnisync) -> None:
        threads = threading.active_count()
        fake.aws.push(stack="payments-prod", sha=SHA)
        fake.wait_until_active(STACK)
        assert threading.active_count() == threads
        with pytest.raises(RuntimeError, match="with-block"):
            _ = fake.aws.url

    def test_awaited(self) -> None:
        async def waited() -> str:
            async with FakeAsyncUnisync() as client:
                client.aws.add_stack("payments-prod", repository="acme/infra")
                client.aws.push(stack="payments-prod", sha=SHA)
                jobs = [await client.wait_until_active(STACK), *(o.job for o in await client.get_many([STACK] * 20))]
                assert all(job is not None and job.is_synced for job in jobs)
                return str(jobs[0])

        assert "ACTIVE" in asyncio.run(waited())

    def test_many_waits_at_once(self, fake: FakeUnisync) -> None:
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

    def test_requests_are_checked_and_counted(self, fake: FakeUnisync) -> None:
        with pytest.raises(InvalidRequestError, match="workspace_id: expected"):
            fake.twinmaker.create_sync_job("", sync_role="arn:aws:iam::123456789012:role/sync")
        assert fake.aws.calls == []
        with pytest.raises(NotFoundError):
            fake.get(StackSync("unknown"))
        assert [call.operation for call in fake.aws.calls] == ["GetResourceSyncStatus", "GetSyncConfiguration"]

    @pytest.mark.parametrize(
        ("kind", "expected"),
        [("ThrottlingException", ThrottledError), ("http-503", ServerError), ("drop", TransportError)],
    )
    def test_faults(self, fake: FakeUnisync, kind: str, expected: type[Exception]) -> None:
        fake.aws.push(stack="payments-prod", sha=SHA)
        fake.aws.fault("GetResourceSyncStatus", kind, times=3)
        with pytest.raises(expected):
            fake.get(STACK)
        assert fake.get(STACK).latest_sync is not None

    @pytest.mark.parametrize("kind", sorted(FAULTS))
    def test_each_kind_of_fault_is_as_over_the_wire(self, kind: str) -> None:
        def seen(client: Any, aws: Emulator) -> str:
            aws.add_stack("payments-prod", repository="acme/infra")
            aws.push(stack="payments-prod", sha=SHA)
            aws.clock.advance(3600)
            aws.fault("GetResourceSyncStatus", kind, times=3, seconds=0.01)
            try:
                return str(client.get(STACK).status)
            except Exception as error:
                return type(error).__name__

        fake = FakeUnisync()
        with Emulator(clock="manual") as aws, Unisync(**aws.client_options()) as client:
            assert seen(fake, fake.aws) == seen(client, aws)

    def test_a_stall_takes_emulated_time(self, fake: FakeUnisync) -> None:
        fake.aws.fault("GetResourceSyncStatus", "stall", times=None, seconds=100)
        with pytest.raises(WaitTimeoutError, match="Read timeout on endpoint URL"):
            fake.wait_until_active(STACK, timeout=300)
        assert 300 <= fake.aws.clock.now() < 500

    def test_two_clients_of_one_aws(self, fake: FakeUnisync) -> None:
        fake.aws.push(stack="payments-prod", sha=SHA)
        assert FakeUnisync(fake.aws).wait_until_active(STACK).is_synced
        elsewhere = FakeUnisync(fake.aws, account="210987654321", region="us-east-1")
        with pytest.raises(NotFoundError):
            elsewhere.get(STACK)
        assert (fake.aws.calls[-1].account, fake.aws.calls[-1].region) == ("210987654321", "us-east-1")

    def test_the_other_arguments_are_those_of_the_client(self) -> None:
        told: list[Event] = []
        fake = FakeUnisync(codeconnections_service="codestar-connections", on_event=told.append)
        with pytest.raises(NotFoundError):
            fake.get(STACK)
        assert {event.service for event in told if isinstance(event, CallEnded)} == {"codestar-connections"}

    def test_jobs_of_a_fake_are_plain_values(self, fake: FakeUnisync) -> None:
        job = fake.get(STACK)
        assert pickle.loads(pickle.dumps(job)) == job

    def test_it_reads_nothing_of_the_machines_settings(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("AWS_PROFILE", "nobody")
        monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
        fake = FakeUnisync()
        fake.aws.add_stack("payments-prod", repository="acme/infra")
        fake.aws.fault("GetResourceSyncStatus", "ThrottlingException", times=2)
        assert fake.get(STACK).latest_sync is None

    def test_what_is_public(self) -> None:
        assert unisync.testing.__all__ == ["FakeAsyncUnisync", "FakeUnisync"]
        with pytest.raises(AttributeError, match="no attribute 'Fake'"):
            _ = unisync.testing.Fake  # type: ignore[attr-defined] # pyright: ignore


USERS_TESTS = """
import os
import boto3
import pytest
from unisync import NotFoundError, StackSync, TwinMakerSync, Unisync, WaitTimeoutError

def deploy_gate(name):
    with Unisync() as client:  # as code makes it that knows of no test
        return str(client.wait_until_active(StackSync(name)).status)

def test_code_that_makes_its_own_client(unisync_emulator):
    unisync_emulator.add_stack("payments-prod", repository="acme/infra")
    unisync_emulator.push(stack="payments-prod", sha="4f2c9e1d6b7a80934cde51f2a6b7c8d9e0f1a2b3", detection_delay=600)
    assert deploy_gate("payments-prod") == "ACTIVE (SUCCEEDED)"

def test_each_test_has_a_world_of_its_own(unisync_client):
    with pytest.raises(NotFoundError):
        unisync_client.get(StackSync("payments-prod"))

def test_boto3_reaches_it_too(unisync_emulator):
    unisync_emulator.add_workspace("factory")
    assert boto3.client("iottwinmaker").list_workspaces()["workspaceSummaries"][0]["workspaceId"] == "factory"

def test_a_fault(unisync_emulator, unisync_client, unisync_fault, unisync_clock):
    unisync_emulator.add_workspace("factory")
    unisync_client.twinmaker.create_sync_job("factory", sync_role="arn:aws:iam::123456789012:role/sync")
    unisync_fault("GetSyncJob", "ThrottlingException", times=3)
    before = unisync_clock.now()
    assert unisync_client.wait_until_active(TwinMakerSync("factory")).is_synced
    assert unisync_clock is unisync_emulator.clock and unisync_clock.now() > before

async def look(client, name):
    async with client:
        return await client.get(StackSync(name))

def test_awaited(unisync_emulator, unisync_async_client):
    import asyncio
    unisync_emulator.add_stack("payments-prod", repository="acme/infra")
    assert asyncio.run(look(unisync_async_client, "payments-prod")).latest_sync is None

@pytest.mark.unisync_emulator(speed=10000)
def test_time_that_runs_by_itself(unisync_emulator, unisync_client):
    unisync_emulator.add_stack("payments-prod", repository="acme/infra")
    unisync_emulator.push(stack="payments-prod", sha="4f2c9e1d6b7a80934cde51f2a6b7c8d9e0f1a2b3")
    assert unisync_client.wait_until_active(StackSync("payments-prod")).is_synced

def test_fails(unisync_emulator):
    raise RuntimeError("as a test may")

def test_that_sets_variables_of_its_own(monkeypatch, unisync_emulator):
    monkeypatch.setenv("AWS_REGION", "us-west-2")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
"""

ENVIRONMENT = """
import os
import boto3
import pytest
from unisync._core.clock import SystemClock
from unisync._core.flow import default_clock

def state():
    import unisync._core.flow
    aws = {name: value for name, value in os.environ.items() if name.startswith("AWS_") or name == "NO_PROXY"}
    return aws, boto3.DEFAULT_SESSION, unisync._core.flow.default_clock

@pytest.fixture(scope="session", autouse=True)
def nothing_is_left():
    os.environ["AWS_PROFILE"] = "the-users-own"
    boto3.DEFAULT_SESSION = own = object()
    before = state()
    yield
    assert state() == before
    assert state()[1] is own
    boto3.DEFAULT_SESSION = None
"""


class TestPlugin:
    def test_in_a_users_suite(self, pytester: pytest.Pytester) -> None:
        pytester.makeconftest(ENVIRONMENT)
        pytester.makepyfile(USERS_TESTS)
        done = pytester.runpytest_subprocess("-p", "no:randomly", "-W", "error", "--strict-markers")
        done.assert_outcomes(passed=7, failed=1)
        done.stdout.fnmatch_lines(["*RuntimeError: as a test may*"])

    def test_takes_no_event_loop_along(self, pytester: pytest.Pytester) -> None:
        pytester.makepyfile(
            """
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
        )
        pytester.runpytest_subprocess().assert_outcomes(passed=2)

    def test_says_what_its_fixtures_are_for(self, pytester: pytest.Pytester) -> None:
        said = pytester.runpytest_subprocess("--fixtures").stdout.str()
        for name in ("emulator", "client", "async_client", "clock", "fault"):
            assert f"unisync_{name} -- " in said
        assert "@pytest.mark.unisync_emulator" in pytester.runpytest_subprocess("--markers").stdout.str()

    def test_costs_nothing_where_it_is_not_used(self, pytester: pytest.Pytester) -> None:
        pytester.makepyfile(
            """
            import sys

            def test_nothing_is_loaded():
                loaded = {name.partition(".")[0] for name in sys.modules}
                assert "unisync" in loaded
                assert not loaded & {"boto3", "botocore", "pydantic", "cbor2", "h11", "asyncio.runners"}
            """
        )
        # Other plugins of this environment load what they like.
        pytester.runpytest_subprocess("-p", "no:hypothesispytest", "-p", "no:cacheprovider").assert_outcomes(passed=1)

    def test_without_the_plugin_nothing_is_there(self, pytester: pytest.Pytester) -> None:
        pytester.makepyfile("def test(unisync_emulator): pass")
        done = pytester.runpytest_subprocess("-p", "no:unisync")
        done.stdout.fnmatch_lines(["*fixture 'unisync_emulator' not found*"])

    def test_its_own_fixtures(self, unisync_emulator: Emulator, unisync_client: Unisync) -> None:
        """Here, too, where the plugin is installed with the rest."""
        unisync_emulator.add_workspace("factory")
        with pytest.raises(NotFoundError):
            unisync_client.get(TwinMakerSync("factory"))
        assert os.environ["AWS_ENDPOINT_URL"] == unisync_emulator.url
        assert boto3.client("iottwinmaker").meta.endpoint_url == unisync_emulator.url


def test_the_fake_needs_the_emulators_extra(tmp_path: Any) -> None:
    (tmp_path / "cbor2.py").write_text("raise ImportError('not installed')")
    done = subprocess.run(
        [sys.executable, "-c", "import unisync.testing; unisync.testing.FakeUnisync"],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "needs its extra: pip install 'unisync-aws[emulator]'" in done.stderr
