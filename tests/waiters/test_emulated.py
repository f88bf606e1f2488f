"""The twelve rules of waiting once more, by both clients on the emulator, in its time and in real time."""

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
    TransportError,
    Unisync,
    WaitTimeoutError,
)
from unisync.emulator import Emulator

ROLE = "arn:aws:iam::123456789012:role/sync"
INSTANCE = ServiceInstanceSync("web", "prod")
GIT = [(STACK, {"stack": "payments-prod"}), (INSTANCE, {"service": "web", "instance": "prod"})]
EACH_GIT = pytest.mark.parametrize(("ref", "where"), GIT, ids=["stack", "service instance"])


@pytest.fixture(autouse=True)
def world(aws: Emulator) -> None:
    aws.add_workspace("factory")
    aws.add_stack("payments-prod", repository="acme/infra")
    aws.add_service_instance("web", "prod", repository="acme/web")
    aws.add_template("web", repository="acme/templates")


def looked(aws: Emulator) -> int:
    return sum(call.operation in ("GetSyncJob", "GetResourceSyncStatus") for call in aws.calls)


# 1. Look first.


def test_what_is_active_returns_at_once(aws: Emulator, either: Any) -> None:
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


def test_a_template_is_waited_for(aws: Emulator, either: Any) -> None:
    aws.push(template="web", sha=MINE)
    assert either.wait_until_active(TemplateSync("web", "SERVICE", "1"), revision=MINE).status.aws_state == "SUCCEEDED"


# 3, 4 and 7. The deadline, and what is said at its end.


@pytest.mark.parametrize("timeout", [0, 20, 61.5])
def test_the_deadline_is_kept_to_the_second(aws: Emulator, either: Any, timeout: float) -> None:
    aws.push(stack="payments-prod", sha=OLD)
    aws.clock.advance(60)
    before = aws.clock.now()
    with pytest.raises(WaitTimeoutError, match="has not been picked up") as caught:
        either.wait_until_active(STACK, revision=MINE, timeout=timeout)
    assert aws.clock.now() - before == pytest.approx(timeout)
    assert caught.value.elapsed == pytest.approx(timeout)
    assert caught.value.attempts == looked(aws)
    assert caught.value.job == either.get(STACK)


def test_a_look_that_drips_or_stalls_ends_with_the_deadline() -> None:
    """In real time: botocore's own time-outs bound one read of the socket, and the pieces keep coming."""
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
            assert isinstance(caught.value.last_error, TransportError)
            assert caught.value.last_error.outcome_unknown


def test_a_look_without_a_deadline_has_botocores_own_time(aws: Emulator, client: Unisync) -> None:
    aws.push(stack="payments-prod", sha=MINE)
    aws.fault("GetResourceSyncStatus", "slow", seconds=0.2)
    assert client.get(STACK).latest_sync is not None
    aws.fault("GetResourceSyncStatus", "slow", seconds=0.2)
    assert client.wait_until_active(STACK, timeout=None).latest_successful_sync is not None
    aws.fault("GetResourceSyncStatus", "slow", seconds=0.2)
    assert client.wait_until_active(STACK, timeout=30).latest_successful_sync is not None


# 5. Failure.


@EACH_GIT
def test_a_failure_says_why(aws: Emulator, either: Any, ref: Any, where: Any) -> None:
    aws.push(sha=MINE, outcome="FAILED", reason="Template error: Unresolved resource dependencies [Db]", **where)
    with pytest.raises(SyncFailedError, match=r"Unresolved resource dependencies \[Db\]") as caught:
        either.wait_until_active(ref, revision=MINE)
    assert caught.value.job is not None
    assert caught.value.job.status.state is SyncState.FAILED
    assert caught.value.ref == ref


def test_a_failed_sync_job_says_why(aws: Emulator, either: Any) -> None:
    aws.deny_role(ROLE, "cannot assume")
    either.twinmaker.create_sync_job("factory", sync_role=ROLE)
    with pytest.raises(SyncFailedError, match="SYNC_CREATING_ERROR: cannot assume"):
        either.wait_until_active(FACTORY)


def test_an_unknown_state_is_looked_past(aws: Emulator, either: Any) -> None:
    either.twinmaker.create_sync_job("factory", sync_role=ROLE)
    aws.fault("GetSyncJob", "unknown-state", times=4)
    assert either.wait_until_active(FACTORY).status.aws_state == "ACTIVE"


# 6. At once, or absorbed.


@pytest.mark.parametrize(
    ("code", "kind"),
    [("AccessDeniedException", AccessDeniedError), ("InvalidInputException", InvalidRequestError)],
)
def test_what_does_not_pass_raises_at_once(aws: Emulator, either: Any, code: str, kind: Any) -> None:
    aws.push(stack="payments-prod", sha=MINE)
    aws.fault("GetResourceSyncStatus", code)
    with pytest.raises(kind):
        either.wait_until_active(STACK)
    assert len(aws.calls) == 1


@pytest.mark.parametrize("fault", ["ThrottlingException", "InternalServerException", "http-502", "drop"])
def test_what_passes_is_absorbed(aws: Emulator, either: Any, fault: str) -> None:
    aws.push(stack="payments-prod", sha=MINE)
    aws.fault("GetResourceSyncStatus", fault, times=7)
    assert either.wait_until_active(STACK, revision=MINE).status.state is SyncState.ACTIVE


def test_throttling_to_the_end_is_said(aws: Emulator, either: Any) -> None:
    aws.fault("GetResourceSyncStatus", "ThrottlingException", times=None)
    with pytest.raises(
        WaitTimeoutError, match="the last look failed: codeconnections GetResourceSyncStatus: Throttl"
    ) as c:
        either.wait_until_active(STACK, timeout=90)
    assert isinstance(c.value.last_error, ThrottledError)


# 8. My commit.


@EACH_GIT
def test_yesterdays_success_fools_nobody(aws: Emulator, either: Any, ref: Any, where: Any) -> None:
    aws.push(sha=OLD, **where)
    aws.clock.advance(86_400)
    aws.push(sha=MINE, detection_delay=20, **where)
    assert either.get(ref).status.state is SyncState.ACTIVE, "which is yesterday's"
    job = either.wait_until_active(ref, revision=MINE)
    assert job.latest_successful_sync.target_revision.sha == MINE


@EACH_GIT
def test_yesterdays_failure_is_not_ours(aws: Emulator, either: Any, ref: Any, where: Any) -> None:
    aws.push(sha=OLD, outcome="FAILED", **where)
    aws.clock.advance(60)
    aws.push(sha=MINE, detection_delay=20, **where)
    assert either.wait_until_active(ref, revision=MINE).latest_sync.target_revision.sha == MINE


# 9. Never synced, and unknown.


@EACH_GIT
def test_what_never_ran_is_waited_for(aws: Emulator, either: Any, ref: Any, where: Any) -> None:
    aws.push(sha=MINE, detection_delay=30, **where)
    assert either.wait_until_active(ref, revision=MINE).status.state is SyncState.ACTIVE


@pytest.mark.parametrize("ref", [type(STACK)("unknown"), ServiceInstanceSync("un", "known"), FACTORY], ids=str)
def test_what_does_not_exist_is_not_waited_for(aws: Emulator, either: Any, ref: Any) -> None:
    with pytest.raises(NotFoundError):
        either.wait_until_active(ref)
    assert aws.clock.now() == 0


# 10. Blocked, superseded.


@EACH_GIT
def test_a_block_before_the_push(aws: Emulator, either: Any, ref: Any, where: Any) -> None:
    blocker = aws.block(reason="modified outside of Git sync", **where)
    aws.push(sha=MINE, **where)
    with pytest.raises(SyncBlockedError, match="modified outside of Git sync") as caught:
        either.wait_until_active(ref, revision=MINE)
    assert [each.id for each in caught.value.blockers] == [blocker]
    assert f"--id {blocker}" in str(caught.value)
    aws.unblock(**where)
    assert either.wait_until_active(ref, revision=MINE).status.state is SyncState.ACTIVE


@EACH_GIT
def test_a_block_in_the_midst_of_the_sync(aws: Emulator, either: Any, ref: Any, where: Any) -> None:
    aws.push(sha=MINE, **where)

    def block(progress: Progress[Any]) -> None:
        if progress.attempt == 2:
            aws.block(reason="modified by hand", **where)

    with pytest.raises(SyncBlockedError):
        either.wait_until_active(ref, revision=MINE, on_progress=block)


def test_a_blocked_service_blocks_its_instances(aws: Emulator, either: Any) -> None:
    aws.block(service="web", reason="the whole service")
    with pytest.raises(SyncBlockedError, match="the whole service"):
        either.wait_until_active(INSTANCE)


@EACH_GIT
def test_a_commit_that_was_overtaken(aws: Emulator, either: Any, ref: Any, where: Any) -> None:
    aws.push(sha=MINE, **where)

    def overtake(progress: Progress[Any]) -> None:
        if progress.attempt == 2:
            aws.push(sha=NEWER, **where)

    with pytest.raises(SyncSupersededError) as caught:
        either.wait_until_active(ref, revision=MINE, on_progress=overtake)
    assert caught.value.superseded_by.sha == NEWER


@EACH_GIT
@pytest.mark.parametrize("seconds", [5, 60])
def test_a_commit_that_had_been_overtaken_before_the_wait(
    aws: Emulator, either: Any, ref: Any, where: Any, seconds: float
) -> None:
    aws.push(sha=MINE, **where)
    aws.clock.advance(seconds)
    aws.push(sha=NEWER, **where)
    aws.clock.advance(60)
    with pytest.raises(SyncSupersededError):
        either.wait_until_active(ref, revision=MINE)


# 11 and 12. Progress, and the end of a wait.


def test_progress_is_told(aws: Emulator, either: Any) -> None:
    aws.push(stack="payments-prod", sha=MINE)
    told: list[Progress[Any]] = []
    either.wait_until_active(STACK, on_progress=told.append)
    assert [each.attempt for each in told] == list(range(1, len(told) + 1))
    assert told[0].elapsed == 0
    assert told[-1].elapsed + told[-1].next_delay == pytest.approx(aws.clock.now())
    states = [each.job.status.aws_state for each in told]
    assert states == sorted(states, key=["INITIATED", "IN_PROGRESS"].index)
    assert set(states) == {"INITIATED", "IN_PROGRESS"}


def test_the_library_prints_nothing(aws: Emulator, either: Any, capfd: pytest.CaptureFixture[str]) -> None:
    aws.push(stack="payments-prod", sha=MINE)
    either.wait_until_active(STACK)
    captured = capfd.readouterr()
    assert (captured.out, captured.err) == ("", "")


class Stop(Exception):  # noqa: N818
    pass


def test_an_exception_of_the_callback_ends_the_wait(aws: Emulator, either: Any) -> None:
    def stop(progress: Progress[Any]) -> None:
        raise Stop

    with pytest.raises(Stop):
        either.wait_until_active(STACK, on_progress=stop)
    assert aws.clock.now() == 0


def test_a_cancelled_task_ends_its_wait_at_once_and_leaves_nothing() -> None:
    threads = threading.active_count()

    async def main() -> None:
        async with Emulator() as aws, AsyncUnisync(**aws.client_options()) as client:
            aws.add_stack("payments-prod", repository="acme/infra")
            asked = asyncio.Event()
            task = asyncio.create_task(
                client.wait_until_active(STACK, on_progress=lambda progress: asked.set(), timeout=None)
            )
            await asked.wait()
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
    told: list[Progress[Any]] = []
    assert either.wait_until_deleted(FACTORY, on_progress=told.append) is None
    assert {progress.job.status.state for progress in told} == {SyncState.DELETING}
    assert 10 <= aws.clock.now() < 30
    assert either.wait_until_deleted(FACTORY) is None, "what is gone is gone"


@EACH_GIT
def test_a_git_sync_is_gone_when_its_definition_is(aws: Emulator, either: Any, ref: Any, where: Any) -> None:
    aws.push(sha=MINE, **where)

    def remove(progress: Progress[Any]) -> None:
        if progress.attempt == 3:
            aws.remove_stack("payments-prod")
            aws.remove_service("web")

    assert either.wait_until_deleted(ref, on_progress=remove) is None
    aws.add_stack("payments-prod", repository="acme/infra")
    with pytest.raises(WaitTimeoutError, match="not gone after"):
        either.wait_until_deleted(STACK, timeout=20, backoff=Backoff(initial=5, maximum=5))


def test_an_instance_that_is_not_there_is_gone_though_its_service_is(aws: Emulator, either: Any) -> None:
    assert either.wait_until_deleted(ServiceInstanceSync("web", "unknown")) is None
    assert either.wait_until_deleted(TemplateSync("web", "SERVICE", "99")) is None
    assert aws.clock.now() == 0


def test_the_time_spent_in_the_queue_for_a_thread_counts() -> None:
    async def main() -> None:
        with Emulator() as aws:
            aws.add_stack("payments-prod", repository="acme/infra")
            options = aws.client_options()
            options["config"] = Config(max_pool_connections=1, proxies={})
            async with AsyncUnisync(**options) as client:
                await client.codeconnections.get_sync_configuration("payments-prod")
                aws.fault("GetSyncConfiguration", "stall", seconds=2)
                slow = asyncio.create_task(client.codeconnections.get_sync_configuration("payments-prod"))
                await asyncio.sleep(0.1)
                began = time.monotonic()
                with pytest.raises(WaitTimeoutError, match="no answer within"):
                    await client.wait_until_active(STACK, timeout=0.2)
                assert time.monotonic() - began < 1.9
                await slow

    asyncio.run(main())


def test_a_client_is_left_at_once_though_a_call_is_under_way() -> None:
    async def main() -> None:
        with Emulator() as aws:
            aws.add_stack("payments-prod", repository="acme/infra")
            async with AsyncUnisync(**aws.client_options()) as client:
                await client.codeconnections.get_sync_configuration("payments-prod")
                aws.fault("GetSyncConfiguration", "stall", seconds=1.5)
                slow = asyncio.create_task(client.codeconnections.get_sync_configuration("payments-prod"))
                await asyncio.sleep(0.1)
                slow.cancel()
                began = time.monotonic()
            assert time.monotonic() - began < 1

    asyncio.run(main())
