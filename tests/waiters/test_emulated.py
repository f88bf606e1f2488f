"""Waits by both clients on the emulator: the whole way from a method to the wire, on its clock and in real time.

`test_waiters.py` and `test_interleavings.py` prove the rules one by one, without I/O. Here they meet responses as the
services write them, clocks, sockets, threads and tasks.
"""

from __future__ import annotations

import asyncio
import threading
import time
from typing import Any

import pytest
from botocore.config import Config

from tests.support.samples import FACTORY, MINE, NEWER, OLD, STACK
from unisync import (
    AccessDeniedError,
    AsyncUnisync,
    Backoff,
    InvalidRequestError,
    NotFoundError,
    Progress,
    ServiceInstanceSync,
    SyncBlockedError,
    SyncFailedError,
    SyncState,
    SyncSupersededError,
    TemplateSync,
    ThrottledError,
    Unisync,
    WaitTimeoutError,
)
from unisync.emulator import Emulator

pytestmark = pytest.mark.slow

ROLE = "arn:aws:iam::123456789012:role/sync"
INSTANCE = ServiceInstanceSync("web", "prod")
GIT = [(STACK, {"stack": "payments-prod"}), (INSTANCE, {"service": "web", "instance": "prod"})]
EACH_GIT = pytest.mark.parametrize(("ref", "where"), GIT, ids=["stack", "service instance"])


@pytest.fixture(autouse=True)
def syncs(aws: Emulator) -> None:
    """A sync of each kind."""
    aws.add_workspace("factory")
    aws.add_stack("payments-prod", repository="acme/infra")
    aws.add_service_instance("web", "prod", repository="acme/web")
    aws.add_template("web", repository="acme/templates")


def polls(aws: Emulator) -> int:
    return sum(call.operation in ("GetSyncJob", "GetResourceSyncStatus") for call in aws.calls)


# 1. Poll first.


def test_a_synced_sync_returns_at_once(aws: Emulator, either: Any) -> None:
    either.twinmaker.create_sync_job("factory", sync_role=ROLE)
    aws.push(stack="payments-prod", sha=MINE)
    aws.clock.advance(60)
    before = aws.clock.now()
    assert either.wait_until_active(FACTORY).status.state is SyncState.ACTIVE
    assert either.wait_until_active(STACK, revision=MINE).status.state is SyncState.ACTIVE
    assert aws.clock.now() == before
    assert [call.operation for call in aws.calls] == ["CreateSyncJob", "GetSyncJob", "GetResourceSyncStatus"]


# 2. The fresh job.


def test_a_sync_job_is_waited_for(aws: Emulator, either: Any) -> None:
    either.twinmaker.create_sync_job("factory", sync_role=ROLE)
    job = either.wait_until_active(FACTORY)
    assert job == either.get(FACTORY)
    assert job.status.aws_state == "ACTIVE"
    assert 25 <= aws.clock.now() < 60


@EACH_GIT
def test_a_commit_is_waited_for(aws: Emulator, either: Any, ref: Any, where: Any) -> None:
    aws.push(sha=MINE, **where)
    job = either.wait_until_active(ref, revision=MINE[:7])
    assert job.latest_successful_sync.target_revision.sha == MINE
    assert job == either.get(ref)


def test_a_template_is_waited_for(aws: Emulator, client: Unisync) -> None:
    aws.push(template="web", sha=MINE)
    assert client.wait_until_active(TemplateSync("web", "SERVICE", "1"), revision=MINE).status.aws_state == "SUCCEEDED"


# 3, 4 and 7. The deadline, and what the error says.


@pytest.mark.parametrize("timeout", [0, 61.5])
def test_the_deadline_is_kept_to_the_second(aws: Emulator, either: Any, timeout: float) -> None:
    aws.push(stack="payments-prod", sha=OLD)
    aws.clock.advance(60)
    before = aws.clock.now()
    with pytest.raises(WaitTimeoutError) as caught:
        either.wait_until_active(STACK, revision=MINE, timeout=timeout)
    assert aws.clock.now() - before == pytest.approx(timeout)
    assert caught.value.elapsed == pytest.approx(timeout)
    assert caught.value.polls == polls(aws)
    assert caught.value.job == either.get(STACK)


def test_a_poll_that_drips_or_stalls_ends_at_the_deadline() -> None:
    """In real time: botocore's own timeouts bound each read of the socket, and a slow response has many."""
    for fault in ("slow", "stall"):
        with Emulator() as aws, Unisync(**aws.client_options()) as client:
            aws.add_stack("payments-prod", repository="acme/infra")
            aws.push(stack="payments-prod", sha=MINE)
            client.get(STACK)
            aws.fault("GetResourceSyncStatus", fault, times=None, seconds=30)
            began = time.monotonic()
            with pytest.raises(WaitTimeoutError) as caught:
                client.wait_until_active(STACK, timeout=0.5)
            assert time.monotonic() - began < 5
            assert caught.value.last_error is None, "the wait ended the call"


def test_a_slow_response_before_the_deadline_is_read(aws: Emulator, client: Unisync) -> None:
    aws.push(stack="payments-prod", sha=MINE)
    aws.fault("GetResourceSyncStatus", "slow", seconds=0.2)
    assert client.get(STACK).latest_sync is not None
    aws.fault("GetResourceSyncStatus", "slow", seconds=0.2)
    assert client.wait_until_active(STACK, timeout=None).latest_successful_sync is not None
    aws.fault("GetResourceSyncStatus", "slow", seconds=0.2)
    assert client.wait_until_active(STACK, timeout=30).latest_successful_sync is not None


# 5. Failure.


@EACH_GIT
def test_a_failed_git_sync_raises_with_its_reason(aws: Emulator, client: Unisync, ref: Any, where: Any) -> None:
    aws.push(sha=MINE, outcome="FAILED", reason="Template error: Unresolved resource dependencies [Db]", **where)
    with pytest.raises(SyncFailedError, match=r"Unresolved resource dependencies \[Db\]") as caught:
        client.wait_until_active(ref, revision=MINE)
    assert caught.value.job is not None
    assert caught.value.job.status.state is SyncState.FAILED
    assert caught.value.ref == ref


def test_a_failed_sync_job_raises_with_its_reason(aws: Emulator, client: Unisync) -> None:
    aws.deny_role(ROLE, "cannot assume")
    client.twinmaker.create_sync_job("factory", sync_role=ROLE)
    with pytest.raises(SyncFailedError, match="SYNC_CREATING_ERROR: cannot assume"):
        client.wait_until_active(FACTORY)


def test_an_unknown_state_keeps_polling(aws: Emulator, client: Unisync) -> None:
    client.twinmaker.create_sync_job("factory", sync_role=ROLE)
    aws.fault("GetSyncJob", "unknown-state", times=4)
    assert client.wait_until_active(FACTORY).status.aws_state == "ACTIVE"


# 6. What raises at once, and what is transient.


@pytest.mark.parametrize(
    ("code", "kind"),
    [("AccessDeniedException", AccessDeniedError), ("InvalidInputException", InvalidRequestError)],
)
def test_a_lasting_error_raises_at_once(aws: Emulator, client: Unisync, code: str, kind: Any) -> None:
    aws.push(stack="payments-prod", sha=MINE)
    aws.fault("GetResourceSyncStatus", code)
    with pytest.raises(kind):
        client.wait_until_active(STACK)
    assert len(aws.calls) == 1


@pytest.mark.parametrize("fault", ["ThrottlingException", "InternalServerException", "http-502", "drop"])
def test_a_transient_error_is_ignored(aws: Emulator, client: Unisync, fault: str) -> None:
    aws.push(stack="payments-prod", sha=MINE)
    aws.fault("GetResourceSyncStatus", fault, times=7)
    assert client.wait_until_active(STACK, revision=MINE).status.state is SyncState.ACTIVE


def test_a_timeout_says_that_the_last_poll_was_throttled(aws: Emulator, client: Unisync) -> None:
    aws.fault("GetResourceSyncStatus", "ThrottlingException", times=None)
    message = "the last poll failed: codeconnections GetResourceSyncStatus: Throttl"
    with pytest.raises(WaitTimeoutError, match=message) as caught:
        client.wait_until_active(STACK, timeout=90)
    assert isinstance(caught.value.last_error, ThrottledError)


# 8. My commit, not the last success.


@EACH_GIT
def test_yesterdays_success_does_not_count(aws: Emulator, client: Unisync, ref: Any, where: Any) -> None:
    aws.push(sha=OLD, **where)
    aws.clock.advance(86_400)
    aws.push(sha=MINE, detection_delay=20, **where)
    assert client.get(ref).status.state is SyncState.ACTIVE, "with yesterday's commit"
    job = client.wait_until_active(ref, revision=MINE)
    assert job.latest_successful_sync.target_revision.sha == MINE


# 9. Never synced yet, and not found.


@EACH_GIT
def test_a_sync_that_never_ran_is_waited_for(aws: Emulator, client: Unisync, ref: Any, where: Any) -> None:
    aws.push(sha=MINE, detection_delay=30, **where)
    assert client.wait_until_active(ref, revision=MINE).status.state is SyncState.ACTIVE


@pytest.mark.parametrize("ref", [type(STACK)("unknown"), ServiceInstanceSync("un", "known"), FACTORY], ids=str)
def test_a_sync_that_does_not_exist_raises_at_once(aws: Emulator, client: Unisync, ref: Any) -> None:
    with pytest.raises(NotFoundError):
        client.wait_until_active(ref)
    assert aws.clock.now() == 0


# 10. Blocked, superseded.


@EACH_GIT
def test_a_sync_that_was_blocked_before_the_push_raises(aws: Emulator, client: Unisync, ref: Any, where: Any) -> None:
    blocker = aws.block(reason="modified outside of Git sync", **where)
    aws.push(sha=MINE, **where)
    with pytest.raises(SyncBlockedError, match="modified outside of Git sync") as caught:
        client.wait_until_active(ref, revision=MINE)
    assert [each.id for each in caught.value.blockers] == [blocker]
    assert f"--id {blocker}" in str(caught.value)
    aws.unblock(**where)
    assert client.wait_until_active(ref, revision=MINE).status.state is SyncState.ACTIVE


@EACH_GIT
def test_a_sync_that_is_blocked_during_the_wait_raises(aws: Emulator, client: Unisync, ref: Any, where: Any) -> None:
    aws.push(sha=MINE, **where)

    def block(progress: Progress[Any]) -> None:
        if progress.polls == 2:
            aws.block(reason="modified by hand", **where)

    with pytest.raises(SyncBlockedError):
        client.wait_until_active(ref, revision=MINE, on_progress=block)


def test_a_blocked_service_blocks_its_instances(aws: Emulator, client: Unisync) -> None:
    aws.block(service="web", reason="the whole service")
    with pytest.raises(SyncBlockedError, match="the whole service"):
        client.wait_until_active(INSTANCE)


@EACH_GIT
def test_a_commit_that_is_overtaken_during_the_wait_is_superseded(
    aws: Emulator, client: Unisync, ref: Any, where: Any
) -> None:
    aws.push(sha=MINE, **where)

    def overtake(progress: Progress[Any]) -> None:
        if progress.polls == 2:
            aws.push(sha=NEWER, **where)

    with pytest.raises(SyncSupersededError) as caught:
        client.wait_until_active(ref, revision=MINE, on_progress=overtake)
    assert caught.value.superseded_by.sha == NEWER


@EACH_GIT
def test_a_commit_that_was_overtaken_before_the_wait_is_superseded(
    aws: Emulator, client: Unisync, ref: Any, where: Any
) -> None:
    aws.push(sha=MINE, **where)
    aws.clock.advance(5)
    aws.push(sha=NEWER, **where)
    aws.clock.advance(60)
    with pytest.raises(SyncSupersededError):
        client.wait_until_active(ref, revision=MINE)


# 11 and 12. Progress, and what stops a wait.


def test_progress_is_reported(aws: Emulator, client: Unisync) -> None:
    aws.push(stack="payments-prod", sha=MINE)
    reported: list[Progress[Any]] = []
    client.wait_until_active(STACK, on_progress=reported.append)
    assert [each.polls for each in reported] == list(range(1, len(reported) + 1))
    assert reported[0].elapsed == 0
    assert reported[-1].elapsed + reported[-1].next_delay == pytest.approx(aws.clock.now())
    states = [each.job.status.aws_state for each in reported]
    assert states == sorted(states, key=["INITIATED", "IN_PROGRESS"].index)
    assert set(states) == {"INITIATED", "IN_PROGRESS"}


def test_the_library_prints_nothing(aws: Emulator, client: Unisync, capfd: pytest.CaptureFixture[str]) -> None:
    aws.push(stack="payments-prod", sha=MINE)
    client.wait_until_active(STACK)
    captured = capfd.readouterr()
    assert (captured.out, captured.err) == ("", "")


class Stop(Exception):  # noqa: N818
    pass


def test_an_exception_of_the_callback_ends_the_wait(aws: Emulator, client: Unisync) -> None:
    def stop(progress: Progress[Any]) -> None:
        raise Stop

    with pytest.raises(Stop):
        client.wait_until_active(STACK, on_progress=stop)
    assert aws.clock.now() == 0


def test_a_cancelled_task_ends_its_wait_at_once() -> None:
    threads = threading.active_count()

    async def main() -> None:
        async with Emulator() as aws, AsyncUnisync(**aws.client_options()) as client:
            aws.add_stack("payments-prod", repository="acme/infra")
            polled = asyncio.Event()
            task = asyncio.create_task(
                client.wait_until_active(STACK, on_progress=lambda progress: polled.set(), timeout=None)
            )
            await polled.wait()
            task.cancel()
            began = time.monotonic()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert time.monotonic() - began < 1
            calls = len(aws.calls)
            await asyncio.sleep(0.05)
            assert len(aws.calls) == calls

    asyncio.run(main())
    assert threading.active_count() == threads


def test_an_interrupt_ends_a_blocking_wait(aws: Emulator) -> None:
    class Interrupting:
        now = aws.clock.now

        def sleep(self, seconds: float) -> None:
            raise KeyboardInterrupt

        async def async_sleep(self, seconds: float) -> None:
            raise KeyboardInterrupt

    options = aws.client_options()
    with (
        Unisync(options["session"], endpoint_url=aws.url, config=options["config"], clock=Interrupting()) as client,
        pytest.raises(KeyboardInterrupt),
    ):
        client.wait_until_active(STACK)


# Deletion.


def test_a_deletion_is_waited_for(aws: Emulator, either: Any) -> None:
    either.twinmaker.create_sync_job("factory", sync_role=ROLE)
    either.twinmaker.delete_sync_job("factory")
    reported: list[Progress[Any]] = []
    assert either.wait_until_deleted(FACTORY, on_progress=reported.append) is None
    assert {progress.job.status.state for progress in reported} == {SyncState.DELETING}
    assert 10 <= aws.clock.now() < 30
    assert either.wait_until_deleted(FACTORY) is None, "it is deleted already"


@EACH_GIT
def test_a_git_sync_is_deleted_with_its_configuration(aws: Emulator, client: Unisync, ref: Any, where: Any) -> None:
    aws.push(sha=MINE, **where)

    def remove(progress: Progress[Any]) -> None:
        if progress.polls == 3:
            aws.remove_stack("payments-prod")
            aws.remove_service("web")

    assert client.wait_until_deleted(ref, on_progress=remove) is None
    aws.add_stack("payments-prod", repository="acme/infra")
    with pytest.raises(WaitTimeoutError, match="not deleted after"):
        client.wait_until_deleted(STACK, timeout=20, backoff=Backoff(initial=5, maximum=5))


def test_an_instance_is_deleted_although_its_service_exists(aws: Emulator, client: Unisync) -> None:
    assert client.wait_until_deleted(ServiceInstanceSync("web", "unknown")) is None
    assert client.wait_until_deleted(TemplateSync("web", "SERVICE", "99")) is None
    assert aws.clock.now() == 0


def test_the_time_spent_waiting_for_a_thread_counts() -> None:
    async def main() -> None:
        with Emulator() as aws:
            aws.add_stack("payments-prod", repository="acme/infra")
            options = aws.client_options()
            options["config"] = Config(max_pool_connections=1, proxies={})
            async with AsyncUnisync(**options) as client:
                await client.codeconnections.get_sync_configuration("payments-prod")
                aws.fault("GetSyncConfiguration", "stall", seconds=30)
                slow = asyncio.create_task(client.codeconnections.get_sync_configuration("payments-prod"))
                await asyncio.sleep(0.1)
                began = time.monotonic()
                with pytest.raises(WaitTimeoutError, match="no poll succeeded"):
                    await client.wait_until_active(STACK, timeout=0.2)
                assert time.monotonic() - began < 15
                slow.cancel()

    asyncio.run(main())


def test_a_client_closes_at_once_although_a_call_is_in_flight() -> None:
    async def main() -> None:
        with Emulator() as aws:
            aws.add_stack("payments-prod", repository="acme/infra")
            async with AsyncUnisync(**aws.client_options()) as client:
                await client.codeconnections.get_sync_configuration("payments-prod")
                aws.fault("GetSyncConfiguration", "stall", seconds=30)
                slow = asyncio.create_task(client.codeconnections.get_sync_configuration("payments-prod"))
                await asyncio.sleep(0.1)
                slow.cancel()
                began = time.monotonic()
            assert time.monotonic() - began < 15

    asyncio.run(main())
