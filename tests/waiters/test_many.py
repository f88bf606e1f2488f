"""Reading and waiting for many syncs: an outcome for each, in order, within AWS's rate limit."""

from __future__ import annotations

import asyncio
import itertools
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any, cast

import pytest

from tests.conftest import Awaited
from tests.support.samples import FACTORY, MINE
from tools.bench import simulation
from unisync import (
    AccessDeniedError,
    AsyncUnisync,
    Backoff,
    InvalidArgumentError,
    NotFoundError,
    Outcome,
    Progress,
    RateLimit,
    Revision,
    ServiceInstanceSync,
    StackSync,
    SyncBlockedError,
    SyncFailedError,
    SyncState,
    SystemClock,
    TwinMakerSync,
    Unisync,
    WaitTimeoutError,
)
from unisync.emulator import Emulator

pytestmark = pytest.mark.slow

Make = Callable[..., Any]

ROLE = "arn:aws:iam::123456789012:role/sync"
STACKS = [StackSync(f"stack-{number}") for number in range(6)]
MISSING = StackSync("missing")
STEADY = Backoff(initial=2, maximum=2, factor=1, jitter=0)


@pytest.fixture
def fleet(aws: Emulator) -> None:
    """Six stacks, each synced six seconds later than the one before; the fourth fails."""
    for number, ref in enumerate(STACKS):
        aws.add_stack(ref.resource_name, repository="acme/infra")
        duration, outcome = 20 + 6 * number, cast("Any", "FAILED" if number == 3 else "SUCCEEDED")
        aws.push(
            stack=ref.resource_name, sha=f"{number:040x}", duration=duration, outcome=outcome, reason="no such thing"
        )


@pytest.mark.usefixtures("fleet")
def test_each_outcome_is_reported_as_soon_as_its_wait_ends(aws: Emulator, either: Any) -> None:
    reported: list[tuple[float, Outcome[Any]]] = []

    def note(one: Outcome[Any]) -> None:
        reported.append((aws.clock.now(), one))

    outcomes = either.wait_all([*STACKS, MISSING], on_outcome=note)
    assert sorted(str(one.ref) for _, one in reported) == sorted(str(one.ref) for one in outcomes)
    assert {one.ref: one for _, one in reported} == {one.ref: one for one in outcomes}
    assert reported[0][1].ref == MISSING
    assert reported[-1][0] - reported[1][0] > 20
    assert type(next(one for _, one in reported if one.ref == STACKS[3]).error) is SyncFailedError


def test_an_exception_of_on_outcome_ends_the_wait(aws: Emulator, either: Any) -> None:
    aws.add_stack("a", repository="acme/infra")
    aws.push(stack="a", sha="a" * 40)

    def stop(outcome: Outcome[Any]) -> None:
        raise WaitTimeoutError("mine", ref=outcome.ref, job=None, polls=0, elapsed=0, last_error=None)

    with pytest.raises(WaitTimeoutError, match="mine"):
        either.wait_all([StackSync("a"), MISSING], on_outcome=stop)
    with pytest.raises(InvalidArgumentError, match="on_outcome: expected a function, got 5"):
        either.wait_all([StackSync("a")], on_outcome=5)


def test_an_exception_of_a_function_that_accepts_commits_ends_the_wait(aws: Emulator, either: Any) -> None:
    aws.add_stack("a", repository="acme/infra")
    aws.push(stack="a", sha="a" * 40)

    def accepts(_: Revision) -> bool:
        raise InvalidArgumentError("mine")

    for refs, revision in (([StackSync("a")], accepts), ({StackSync("a"): accepts}, None)):
        with pytest.raises(InvalidArgumentError, match="mine"):
            either.wait_all(refs, revision=revision)


def test_get_many_reads_blockers_on_request(aws: Emulator, either: Any) -> None:
    for name in ("live", "blocked", "failed"):
        aws.add_stack(name, repository="acme/infra")
        aws.push(stack=name, sha="a" * 40, outcome="FAILED" if name == "failed" else "SUCCEEDED")
    aws.clock.advance(600)
    aws.block(stack="blocked", reason="The stack was updated by hand")
    aws.push(stack="blocked", sha="b" * 40)
    refs = [StackSync("live"), StackSync("blocked"), StackSync("failed"), MISSING]
    before = len(aws.calls)
    live, blocked, failed, missing = either.get_many(refs, include_blockers=True)
    assert [blocker.created_reason for blocker in blocked.blockers] == ["The stack was updated by hand"]
    assert (live.blockers, failed.blockers, missing.blockers) == ((), (), None)
    operations = [call.operation for call in aws.calls[before:]]
    assert operations.count("GetSyncBlockerSummary") == 3
    assert [outcome.blockers for outcome in either.get_many(refs)] == [None] * 4

    aws.fault("GetSyncBlockerSummary", "AccessDeniedException", times=None)
    denied = either.get_many(refs, include_blockers=True)[1]
    assert (type(denied.error), denied.job.ref, denied.blockers) == (AccessDeniedError, StackSync("blocked"), None)


@pytest.mark.usefixtures("fleet")
def test_get_many_has_an_outcome_for_each(aws: Emulator, either: Any) -> None:
    outcomes = either.get_many([*STACKS, MISSING, STACKS[0]])
    assert [outcome.ref for outcome in outcomes] == [*STACKS, MISSING, STACKS[0]]
    assert {str(outcome.job.status) for outcome in outcomes if outcome.job} == {"PENDING (INITIATED)"}
    assert isinstance(outcomes[6].error, NotFoundError)
    assert outcomes[0].result() == outcomes[0].job
    with pytest.raises(NotFoundError):
        outcomes[6].result()
    assert either.get_many([]) == []


@pytest.mark.usefixtures("fleet")
def test_wait_all_has_an_outcome_for_each(aws: Emulator, either: Any) -> None:
    aws.add_service_instance("web", "prod", repository="acme/web")
    aws.block(service="web", reason="modified by hand")
    aws.add_workspace("factory")
    either.twinmaker.create_sync_job("factory", sync_role=ROLE)
    refs = [*STACKS, MISSING, ServiceInstanceSync("web", "prod"), FACTORY]
    outcomes = either.wait_all(refs)
    assert [outcome.ref for outcome in outcomes] == refs
    assert all(outcome.done for outcome in outcomes)
    failed: dict[Any, Any] = {outcome.ref: type(outcome.error) for outcome in outcomes if outcome.error}
    assert failed == {STACKS[3]: SyncFailedError, MISSING: NotFoundError, refs[-2]: SyncBlockedError}
    assert outcomes[3].job.status.state is SyncState.FAILED
    assert all(outcome.job.status.state is SyncState.ACTIVE for outcome in outcomes if outcome.error is None)
    assert 50 <= aws.clock.now() < 50 + 20, "the last one is detected within a pause"


@pytest.mark.usefixtures("fleet")
def test_return_when_first_and_first_failure(aws: Emulator, either: Any) -> None:
    refs = [STACKS[0], *STACKS[3:]]
    outcomes = either.wait_all(refs, return_when="first", backoff=STEADY)
    (first,) = [outcome for outcome in outcomes if outcome.done]
    assert (first.ref, first.error) == (STACKS[0], None)
    assert outcomes[2].job.status.state is SyncState.RUNNING, "the last status of the others"
    with pytest.raises(InvalidArgumentError, match="the wait for codeconnections:stack-4 has not ended"):
        outcomes[2].result()
    outcomes = either.wait_all(refs, return_when="first_failure", backoff=STEADY)
    assert [outcome.ref for outcome in outcomes if outcome.error] == [STACKS[3]]
    assert not outcomes[-1].done


@pytest.mark.usefixtures("fleet")
def test_each_wait_has_its_deadline_and_its_revision(aws: Emulator, either: Any) -> None:
    outcomes = either.wait_all(STACKS, timeout=25)
    assert {type(outcome.error) for outcome in outcomes[1:]} == {WaitTimeoutError}
    assert outcomes[0].error is None
    assert 25 <= aws.clock.now() < 27
    outcomes = either.wait_all(STACKS[4:6], revision=f"{5:040x}", timeout=60)
    assert isinstance(outcomes[0].error, WaitTimeoutError)
    assert outcomes[1].error is None


@pytest.mark.parametrize("count", [1, 30])
def test_each_wait_polls_by_its_backoff_although_the_rate_would_allow_more(
    aws: Emulator, either: Any, count: int
) -> None:
    names = [f"stack-{number}" for number in range(count)]
    for name in names:
        aws.add_stack(name, repository="acme/infra")
        aws.push(stack=name, sha=MINE, duration=600)
    reported: list[Progress[Any]] = []
    outcomes = either.wait_all(map(StackSync, names), on_progress=reported.append)
    assert [outcome.error for outcome in outcomes] == [None] * count
    assert sum(call.operation == "GetSyncBlockerSummary" for call in aws.calls) <= 41 * count, "every 15 seconds"
    for name in names:
        polls = [
            call.time.timestamp()
            for call in aws.calls
            if call.operation == "GetResourceSyncStatus" and call.params["ResourceName"] == name
        ]
        delays = [each.next_delay for each in reported if each.ref == StackSync(name)]
        assert 600 / 20 < len(polls) <= 45
        pauses = [later - earlier for earlier, later in itertools.pairwise(polls)]
        for number, (pause, delay) in enumerate(zip(pauses, delays, strict=True), start=1):
            full = Backoff(jitter=0).delay(number)
            assert 0.75 * full <= delay <= full
            assert delay - 0.01 <= pause <= delay + 1.5, "longer only while the first of many polls wait for permits"


@pytest.mark.usefixtures("fleet")
def test_throttling_fails_no_wait(aws: Emulator, either: Any) -> None:
    aws.throttle("GetResourceSyncStatus", rate=5, burst=5)
    outcomes = either.wait_all(STACKS)
    assert [outcome.ref for outcome in outcomes if outcome.error] == [STACKS[3]]


@pytest.mark.usefixtures("fleet")
def test_an_exception_in_a_callback_stops_all(aws: Emulator, either: Any) -> None:
    def stop(progress: Progress[Any]) -> None:
        raise KeyError(progress.polls)

    with pytest.raises(KeyError):
        either.wait_all(STACKS, on_progress=stop)
    if not isinstance(either, Awaited):  # the awaitable client keeps its threads
        assert not [thread for thread in threading.enumerate() if thread.name == "unisync"]


def test_bad_arguments_are_rejected_before_any_call(aws: Emulator, either: Any) -> None:
    for wrong, message in (
        ({"return_when": "any"}, "return_when: expected one of 'all', 'first', 'first_failure', got 'any'"),
        ({"timeout": -1}, "timeout: expected seconds"),
        ({"revision": "abc"}, "revision: expected a commit's sha"),
    ):
        with pytest.raises(InvalidArgumentError, match=message):
            either.wait_all(STACKS, **wrong)
    with pytest.raises(InvalidArgumentError, match="ref: expected a reference"):
        either.get_many(["codeconnections:payments"])
    assert aws.calls == []


@pytest.mark.usefixtures("fleet")
def test_a_cancelled_task_leaves_nothing_behind(aws: Emulator) -> None:
    async def main() -> None:
        async with AsyncUnisync(**aws.client_options()) as client:
            waits = asyncio.create_task(client.wait_all([StackSync("stack-0")], timeout=None))
            await asyncio.sleep(0)
            waits.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waits
            assert len(asyncio.all_tasks()) == 1

    asyncio.run(main())


def test_all_clients_of_an_account_share_a_rate_limiter(aws: Emulator) -> None:
    options = aws.client_options()
    one, other = (Unisync(**options, rate_limit=RateLimit(initial=1)) for _ in range(2))
    elsewhere = Unisync(**aws.client_options(account="210987654321"))
    for client in (one, other, elsewhere):
        with pytest.raises(NotFoundError):
            client.get(STACKS[0])
    assert one._settings.limiter_for(_poll()) is other._settings.limiter_for(_poll())
    assert elsewhere._settings.limiter_for(_poll()) is not one._settings.limiter_for(_poll())


def test_the_rate_limiter_is_kept_when_the_account_becomes_known(aws: Emulator) -> None:
    with Unisync(**aws.client_options()) as client:
        limiter = client._settings.limiter_for(_poll())
        client.get_many(STACKS)
        assert client._settings.limiter_for(_poll()) is limiter


def _poll() -> Any:
    from unisync._core.flow import Call
    from unisync._models.base import Model

    return Call("codeconnections", "GetResourceSyncStatus", {}, Model)


def test_in_real_time_waits_do_not_hold_each_other_up() -> None:
    with Emulator() as aws, Unisync(**aws.client_options(), rate_limit=RateLimit(initial=50)) as client:
        for number in range(5):
            aws.add_stack(f"stack-{number}", repository="acme/infra")
            aws.push(stack=f"stack-{number}", sha=f"{number:040x}", duration=0.1 * number)
        began = time.monotonic()
        outcomes = client.wait_all([StackSync(f"stack-{number}") for number in range(5)], timeout=30)
        assert all(outcome.error is None for outcome in outcomes)
        assert time.monotonic() - began < 20


def test_a_deadline_holds_however_many_wait_for_a_permit(aws: Emulator, either: Any) -> None:
    for number in range(100):
        aws.add_stack(f"slow-{number}", repository="acme/infra")
    aws.throttle("GetResourceSyncStatus", rate=5, burst=5)
    outcomes = either.wait_all([StackSync(f"slow-{number}") for number in range(100)], timeout=15)
    assert {type(outcome.error) for outcome in outcomes} == {WaitTimeoutError}
    assert aws.clock.now() < 20


def test_an_error_of_ours_raised_by_a_callback_stops_all(aws: Emulator, either: Any) -> None:
    aws.add_stack("a", repository="acme/infra")

    def stop(progress: Progress[Any]) -> None:
        raise NotFoundError({"Error": {"Code": "X", "Message": "mine"}}, "Op", "proton")

    with pytest.raises(NotFoundError, match="mine"):
        either.wait_all([StackSync("a")], on_progress=stop)


def test_an_outcome_has_the_last_job_beside_a_later_error(aws: Emulator, either: Any) -> None:
    aws.add_stack("a", repository="acme/infra")
    aws.push(stack="a", sha="a" * 40, detection_delay=30)

    def deny(progress: Progress[Any]) -> None:
        if progress.polls == 3:
            aws.fault("GetResourceSyncStatus", "AccessDeniedException", times=None)

    (outcome,) = either.wait_all([StackSync("a")], on_progress=deny)
    assert outcome.error.code == "AccessDeniedException"
    assert outcome.job.status.state is SyncState.PENDING


def test_a_failing_service_is_not_flooded(aws: Emulator, either: Any) -> None:
    for number in range(5):
        aws.add_stack(f"stack-{number}", repository="acme/infra")
    aws.fault("GetResourceSyncStatus", "http-503", times=None)
    either.wait_all([StackSync(f"stack-{number}") for number in range(5)], timeout=60)
    assert len(aws.calls) < 5 * 20


def test_refs_that_are_no_list_are_rejected(either: Any) -> None:
    for wrong in (None, StackSync("a"), 5):
        with pytest.raises(InvalidArgumentError, match="refs: expected references, got"):
            either.get_many(wrong)
        with pytest.raises(InvalidArgumentError, match="refs: expected references, got"):
            either.wait_all(wrong)


# The scheduler, against a simulated service.


@pytest.mark.parametrize("rate", [10, 20, 100])
@pytest.mark.parametrize("stagger", [0.0, 300.0])
def test_the_rate_is_found_out_at_little_cost(rate: float, stagger: float) -> None:
    found = simulation.scheduled(rate, count=200, stagger=stagger)
    known = simulation.scheduled(rate, count=200, stagger=stagger, known_rate=True)
    assert found.mean_lag < 1.1 * known.mean_lag
    assert found.throttled < 0.02


def test_the_scheduler_beats_hand_written_loops() -> None:
    """Where the rate is scarce, it detects ends sooner; where it is not, it polls less."""
    scarce, ample = simulation.scheduled(5, count=200), simulation.scheduled(20, count=200)
    assert scarce.mean_lag < simulation.separate_loops(5, simulation.waiter(5), count=200).mean_lag / 2
    assert ample.calls < simulation.one_loop(20, count=200).calls / 1.5


def test_an_outcome_is_a_value() -> None:
    outcome: Outcome[Any] = Outcome(MISSING, None, None, done=False)
    assert outcome == Outcome(MISSING, None, None, done=False)


def test_failing_polls_do_not_keep_others_back(aws: Emulator, make_either: Make) -> None:
    """Each poll of a stack that was never synced reads its configuration, which fails."""
    client = make_either(rate_limit=RateLimit(initial=10, maximum=10))
    never = [StackSync(f"never-{number}") for number in range(100)]
    soon = [StackSync(f"soon-{number}") for number in range(10)]
    for ref in (*never, *soon):
        aws.add_stack(ref.resource_name, repository="acme/infra")
    for ref in soon:
        aws.push(stack=ref.resource_name, sha="a" * 40, duration=30)
    aws.fault("GetSyncConfiguration", "http-503", times=None)
    outcomes = client.wait_all([*never, *soon], timeout=200)
    assert [outcome.error for outcome in outcomes[100:]] == [None] * 10


def test_a_service_that_hangs_holds_up_no_other() -> None:
    with Emulator() as aws:
        jobs = [TwinMakerSync(f"workspace-{number}") for number in range(20)]
        with Unisync(**aws.client_options()) as client:
            for job in jobs:
                aws.add_workspace(job.workspace_id)
                client.twinmaker.create_sync_job(job.workspace_id, sync_role=ROLE)
        aws.add_stack("a", repository="acme/infra")
        aws.push(stack="a", sha="a" * 40, duration=1)
        aws.fault("GetSyncJob", "stall", seconds=30, times=None)

        async def main() -> None:
            async with AsyncUnisync(**aws.client_options()) as client:
                outcomes = await client.wait_all([*jobs, StackSync("a")], return_when="first", timeout=60)
                assert outcomes[-1].done

        began = time.monotonic()
        asyncio.run(main())
        with Unisync(**aws.client_options()) as client:
            assert client.wait_all([*jobs, StackSync("a")], return_when="first", timeout=60)[-1].done
        assert time.monotonic() - began < 15


def test_an_endless_timeout_is_accepted(aws: Emulator) -> None:
    with Emulator() as real:
        options: dict[str, Any] = {**real.client_options(), "clock": SystemClock()}
        client = Unisync(**options)
        real.add_stack("a", repository="acme/infra")
        real.push(stack="a", sha="a" * 40, duration=0.5)
        for endless in (float("inf"), 1e300, timedelta.max, None):
            assert client.wait_all([StackSync("a")], timeout=endless)[0].error is None
            client.wait_until_active(StackSync("a"), timeout=endless)


def test_throttled_reads_are_retried(aws: Emulator, either: Any) -> None:
    for number in range(150):
        aws.add_stack(f"stack-{number}", repository="acme/infra")
    aws.throttle("GetResourceSyncStatus", rate=2, burst=1)
    outcomes = either.get_many([StackSync(f"stack-{number}") for number in range(150)])
    assert [outcome.error for outcome in outcomes] == [None] * 150


@pytest.mark.usefixtures("fleet")
def test_lost_connections_fail_no_read(aws: Emulator, either: Any) -> None:
    assert either.get_many(STACKS[:1])[0].error is None
    aws.fault("GetResourceSyncStatus", "drop", times=12)
    assert [outcome.error for outcome in either.get_many(STACKS)] == [None] * 6


@pytest.mark.parametrize("seconds", [0.0005, 0.002, 0.004, 0.008, 0.012])
def test_a_cancelled_wait_ends(seconds: float) -> None:
    """Whenever the cancellation comes, also together with a response."""
    with Emulator() as aws:
        aws.add_stack("a", repository="acme/infra")
        aws.push(stack="a", sha="a" * 40, duration=3600)

        async def main() -> None:
            async with AsyncUnisync(**aws.client_options()) as client:
                await client.get(StackSync("a"))
                for _ in range(20):
                    wait = client.wait_until_active(StackSync("a"), timeout=300, backoff=Backoff(500, 500))
                    task = asyncio.ensure_future(wait)
                    await asyncio.sleep(seconds)
                    task.cancel()
                    await asyncio.wait([task], timeout=2)
                    assert task.cancelled()

        asyncio.run(main())


def test_an_exception_of_a_callback_keeps_its_cause(aws: Emulator, either: Any) -> None:
    aws.add_stack("a", repository="acme/infra")

    def stop(_: Progress[Any]) -> None:
        raise LookupError("mine") from KeyError("cause")

    with pytest.raises(LookupError, match="mine") as raised:
        either.wait_all([StackSync("a")], on_progress=stop)
    assert isinstance(raised.value.__cause__, KeyError)
    with pytest.raises(InvalidArgumentError, match="on_progress: expected a function, got 5"):
        either.wait_all([StackSync("a")], on_progress=5)


# Waits that were started one by one.


def test_single_waits_share_one_rate(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG", logger="unisync")
    with Emulator() as aws:
        for number in range(60):
            aws.add_stack(f"stack-{number}", repository="acme/infra")
            aws.push(stack=f"stack-{number}", sha=f"{number:040x}", duration=2 + number / 30)
        aws.throttle("GetResourceSyncStatus", rate=20, burst=20)
        refs = [StackSync(f"stack-{number}") for number in range(60)]

        async def waits() -> list[Any]:
            async with AsyncUnisync(**aws.client_options()) as client:
                return await asyncio.gather(*(client.wait_until_active(ref) for ref in refs[:50]))

        with Unisync(**aws.client_options()) as client:
            found: list[Any] = []

            def wait(ref: StackSync) -> None:
                found.append(client.wait_until_active(ref))

            threads = [threading.Thread(target=wait, args=[ref]) for ref in refs[50:]]
            for thread in threads:
                thread.start()
            found += asyncio.run(waits())
            for thread in threads:
                thread.join()
        assert {job.status.state for job in found} == {SyncState.ACTIVE}
        assert len(found) == 60
        throttles = sum("ThrottledError" in record.message for record in caplog.records)
        assert throttles < 0.1 * len(aws.calls), "on their own, a third of them would be"


def test_single_waits_do_not_hold_each_other_up_on_a_manual_clock(aws: Emulator) -> None:
    for number in range(30):
        aws.add_stack(f"stack-{number}", repository="acme/infra")
        aws.push(stack=f"stack-{number}", sha=f"{number:040x}", duration=30)

    async def main() -> None:
        async with AsyncUnisync(**aws.client_options()) as client:
            waits = (client.wait_until_active(StackSync(f"stack-{number}"), timeout=300) for number in range(30))
            await asyncio.gather(*waits)

    asyncio.run(main())
    assert 30 <= aws.clock.now() < 200


def test_a_wait_without_a_permit_says_so(aws: Emulator, make_either: Make) -> None:
    """At one call in a hundred seconds."""
    client = make_either(rate_limit=RateLimit(initial=0.01, minimum=0.01, maximum=0.01))
    aws.add_stack("a", repository="acme/infra")
    with pytest.raises(
        WaitTimeoutError, match=r"its last status was PENDING.*; the last poll failed: .*left no room for this call"
    ):
        client.wait_until_active(StackSync("a"), timeout=30)
    with pytest.raises(WaitTimeoutError, match="no poll succeeded; the last poll failed: "):
        client.wait_until_active(StackSync("a"), timeout=30)
    assert aws.clock.now() < 65
    (outcome,) = client.wait_all([StackSync("a")], timeout=30)
    assert isinstance(outcome.error, WaitTimeoutError)
    assert len(aws.calls) == 3, "a poll, the configuration of a stack that was never synced, and its blockers"


@pytest.mark.parametrize("rate", [10, 20, 100])
@pytest.mark.parametrize("stagger", [0.0, 300.0])
def test_single_waits_find_the_rate_out_together(rate: float, stagger: float) -> None:
    alone = simulation.single_waits(rate, count=200, stagger=stagger)
    scheduled = simulation.scheduled(rate, count=200, stagger=stagger)
    assert alone.mean_lag < scheduled.mean_lag + 2.5, "half of the pause that each of them keeps"
    assert alone.throttled < 0.04
    assert alone.steps < 40 * alone.calls
