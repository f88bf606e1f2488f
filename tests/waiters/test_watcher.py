"""Watches: every change of a sync is emitted once."""

from __future__ import annotations

import asyncio
import inspect
import itertools
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from tests.support.samples import FACTORY, MINE, NEWER, OLD, STACK
from unisync import (
    AccessDeniedError,
    AsyncUnisync,
    Change,
    InvalidArgumentError,
    StackSync,
    SyncState,
    Unisync,
)
from unisync.emulator import Emulator

Make = Callable[..., Any]

ROLE = "arn:aws:iam::123456789012:role/sync"


class Watched:
    """A watch by either client, whose changes are taken as they are needed."""

    def __init__(self, changes: Any, run: Callable[[Any], Any] | None) -> None:
        self._changes = changes
        self._run = run

    def take(self, count: int) -> list[Change[Any]]:
        if self._run is None:
            return list(itertools.islice(self._changes, count))

        async def some() -> list[Change[Any]]:
            return [await anext(self._changes) for _ in range(count)]

        return list(self._run(some()))

    def close(self) -> None:
        if self._run is None:
            self._changes.close()
        else:
            self._run(self._changes.aclose())


@pytest.fixture(params=["blocking", "awaitable"])
def watch(request: pytest.FixtureRequest, aws: Emulator) -> Iterator[Callable[..., Watched]]:
    """Watches by either client."""
    watches: list[Watched] = []
    if request.param == "blocking":
        with Unisync(**aws.client_options()) as client:

            def blocking(*refs: Any, **options: Any) -> Watched:
                watches.append(Watched(client.watch(refs, **options), None))
                return watches[-1]

            yield blocking
            for each in watches:
                each.close()
        return
    with asyncio.Runner() as runner:
        awaited = AsyncUnisync(**aws.client_options())

        def awaitable(*refs: Any, **options: Any) -> Watched:
            watches.append(Watched(awaited.watch(refs, **options), runner.run))
            return watches[-1]

        yield awaitable
        for each in watches:
            each.close()
        runner.run(awaited.close())


def summary(change: Change[Any]) -> tuple[str, str, str | None]:
    """The kind of a change, the status after it, and the event or the status of the blocker."""
    after = str(change.after.status) if change.after else "deleted"
    detail = change.event.type if change.event else change.blocker.status if change.blocker else None
    return change.kind, after, detail


def times_of(aws: Emulator, operation: str) -> list[float]:
    """When each call of an operation was received, in seconds."""
    return [call.time.timestamp() for call in aws.calls if call.operation == operation]


def test_each_step_of_a_commit_is_emitted(aws: Emulator, watch: Callable[..., Watched]) -> None:
    aws.add_stack("payments-prod", repository="acme/infra")
    aws.push(stack="payments-prod", sha=OLD, detection_delay=10)
    changes = watch(STACK).take(8)
    assert [summary(change) for change in changes] == [
        ("state", "PENDING", None),
        ("state", "PENDING (INITIATED)", None),
        ("attempt", "PENDING (INITIATED)", None),
        ("event", "PENDING (INITIATED)", "SYNC_INITIATED"),
        ("state", "RUNNING (IN_PROGRESS)", None),
        ("event", "RUNNING (IN_PROGRESS)", "SYNC_STARTED"),
        ("state", "ACTIVE (SUCCEEDED)", None),
        ("event", "ACTIVE (SUCCEEDED)", "SYNC_SUCCEEDED"),
    ]
    assert changes[0].before is None
    assert all(
        later.before is not None and later.before == earlier.after
        for earlier, later in itertools.pairwise(changes)
        if later.kind == "state"
    )
    assert {change.ref for change in changes} == {STACK}
    assert aws.clock.now() < 50


def test_a_new_attempt_and_its_events_are_emitted(aws: Emulator, watch: Callable[..., Watched]) -> None:
    aws.add_stack("payments-prod", repository="acme/infra")
    aws.push(stack="payments-prod", sha=OLD)
    aws.clock.advance(60)
    watched = watch(STACK)
    assert [summary(change)[2] for change in watched.take(5)] == [
        None,
        None,
        "SYNC_INITIATED",
        "SYNC_STARTED",
        "SYNC_SUCCEEDED",
    ], "what happened before the first poll"
    aws.push(stack="payments-prod", sha=MINE, outcome="FAILED", reason="no such thing", duration=1)
    aws.clock.advance(10)
    state, attempt, *events = watched.take(5)
    assert summary(state) == ("state", "FAILED", None)
    assert attempt.before is not None
    assert attempt.before.latest_sync.target_revision.sha == OLD
    assert attempt.after is not None
    assert attempt.after.latest_sync.target_revision.sha == MINE
    assert [event.event.event for event in events if event.event][-1] == "no such thing"


def test_a_success_that_came_and_went_between_two_polls_is_emitted(
    aws: Emulator, watch: Callable[..., Watched]
) -> None:
    aws.add_stack("payments-prod", repository="acme/infra")
    aws.push(stack="payments-prod", sha=OLD)
    aws.clock.advance(60)
    watched = watch(STACK)
    watched.take(5)
    aws.push(stack="payments-prod", sha=MINE, duration=1)
    aws.clock.advance(3)
    aws.push(stack="payments-prod", sha=NEWER, duration=100)
    aws.clock.advance(2)
    attempt, *events, state, another = watched.take(6)
    assert [attempt.kind, *(each.kind for each in events)] == ["attempt", "event", "event", "event"]
    assert attempt.after is not None
    assert (attempt.after.latest_sync.target_revision.sha, str(attempt.after.status)) == (MINE, "ACTIVE (SUCCEEDED)")
    assert summary(state)[:2] == ("state", "RUNNING (IN_PROGRESS)")
    assert state.before == attempt.after
    assert another.kind == "attempt"
    assert another.after is not None
    assert another.after.latest_sync.target_revision.sha == NEWER


def test_a_created_and_a_resolved_blocker_are_emitted(aws: Emulator, watch: Callable[..., Watched]) -> None:
    aws.add_stack("payments-prod", repository="acme/infra")
    watched = watch(STACK)
    watched.take(1)
    blocker = aws.block(stack="payments-prod", reason="modified by hand")
    (created,) = watched.take(1)
    assert (summary(created)[::2], created.blocker and created.blocker.id) == (("blocker", "ACTIVE"), blocker)
    aws.unblock(stack="payments-prod")
    (resolved,) = watched.take(1)
    assert (summary(resolved)[::2], resolved.blocker and resolved.blocker.id) == (("blocker", "RESOLVED"), blocker)


def test_a_creation_and_a_deletion_are_emitted(aws: Emulator, watch: Callable[..., Watched]) -> None:
    watched = watch(STACK)
    assert [summary(change)[:2] for change in watched.take(1)] == [("state", "deleted")]
    aws.add_stack("payments-prod", repository="acme/infra")
    assert [summary(change)[:2] for change in watched.take(1)] == [("state", "PENDING")]
    aws.remove_stack("payments-prod")
    (deleted,) = watched.take(1)
    assert (deleted.kind, deleted.after) == ("state", None)
    assert deleted.before is not None


@pytest.mark.parametrize("fault", ["drop", "truncate"])
def test_a_transient_error_is_ignored(aws: Emulator, watch: Callable[..., Watched], fault: str) -> None:
    aws.add_workspace("factory")
    with Unisync(**aws.client_options()) as client:
        client.twinmaker.create_sync_job("factory", sync_role=ROLE)
    watched = watch(FACTORY)
    watched.take(1)
    aws.fault("GetSyncJob", fault, times=3)
    states = [change.after.status.state for change in watched.take(2) if change.after]
    assert states == [SyncState.RUNNING, SyncState.ACTIVE]


def test_a_denied_status_is_emitted_once_beside_the_other_syncs(aws: Emulator, watch: Callable[..., Watched]) -> None:
    aws.add_stack("payments-prod", repository="acme/infra")
    aws.add_workspace("factory")
    with Unisync(**aws.client_options()) as client:
        client.twinmaker.create_sync_job("factory", sync_role=ROLE)
    aws.fault("GetResourceSyncStatus", "AccessDeniedException", times=None)
    watched = watch(STACK, FACTORY)
    changes = watched.take(4)
    (denied,) = [change for change in changes if change.kind == "error"]
    assert (denied.ref, type(denied.error)) == (STACK, AccessDeniedError)
    assert [str(change.after.status) for change in changes if change.ref == FACTORY and change.after] == [
        "PENDING (CREATING)",
        "RUNNING (INITIALIZING)",
        "ACTIVE",
    ]
    aws.clear_faults()
    (allowed,) = watched.take(1)
    assert summary(allowed)[:2] == ("state", "PENDING")


def test_polls_keep_the_interval(aws: Emulator, watch: Callable[..., Watched]) -> None:
    aws.add_stack("payments-prod", repository="acme/infra")
    aws.push(stack="payments-prod", sha=OLD, detection_delay=600)
    watched = watch(STACK, interval=timedelta(seconds=60))
    watched.take(2)
    polls = times_of(aws, "GetResourceSyncStatus")
    assert all(later - earlier > 59 for earlier, later in itertools.pairwise(polls))
    assert 9 <= len(polls) <= 12


def test_a_closed_watch_leaves_no_threads_behind(aws: Emulator) -> None:
    aws.add_stack("payments-prod", repository="acme/infra")
    before = threading.active_count()
    with Unisync(**aws.client_options()) as client:
        changes = client.watch([STACK])
        assert next(changes).kind == "state"
        assert inspect.isgenerator(changes)
        changes.close()
        assert list(changes) == []
    for thread in threading.enumerate():
        if thread.name.startswith("unisync_"):
            thread.join(5)
    assert threading.active_count() <= before


def test_bad_arguments_are_rejected_before_any_call(client: Unisync, aws: Emulator) -> None:
    wrong: list[Any] = [0, -1, float("inf"), None, "5"]
    for interval in wrong:
        with pytest.raises(InvalidArgumentError, match="interval: expected seconds or a timedelta above zero"):
            client.watch([STACK], interval=interval)
    no_refs: list[Any] = ["codeconnections:x"]
    with pytest.raises(InvalidArgumentError, match="ref: expected a reference"):
        client.watch(no_refs)
    no_refs.clear()
    assert list(client.watch(no_refs)) == []
    assert aws.calls == []


def test_watch_has_one_signature_for_both_clients() -> None:
    for kind, result in ((Unisync, "Iterator[waits.Change[J]]"), (AsyncUnisync, "AsyncIterator[waits.Change[J]]")):
        signature = inspect.signature(kind.watch)
        assert list(signature.parameters) == ["self", "refs", "interval", "stop"]
        assert signature.return_annotation == result
        assert "every change of each of them, once" in (kind.watch.__doc__ or "")


def test_many_syncs_are_watched_at_once(aws: Emulator, watch: Callable[..., Watched]) -> None:
    refs = [StackSync(f"stack-{number}") for number in range(15)]
    for ref in refs:
        aws.add_stack(ref.resource_name, repository="acme/infra")
    watched = watch(*refs)
    assert {change.ref for change in watched.take(15)} == set(refs)
    aws.push(stack="stack-7", sha=MINE)
    assert {change.ref for change in watched.take(3)} == {refs[7]}


def test_a_denied_read_of_the_blockers_is_emitted_once(aws: Emulator, watch: Callable[..., Watched]) -> None:
    aws.add_stack("payments-prod", repository="acme/infra")
    aws.push(stack="payments-prod", sha=OLD, duration=100)
    aws.fault("GetSyncBlockerSummary", "AccessDeniedException", times=None)
    changes = watch(STACK).take(8)
    assert [change.kind for change in changes].count("error") == 1
    reads = times_of(aws, "GetSyncBlockerSummary")
    assert all(later - earlier >= 15 for earlier, later in itertools.pairwise(reads))


def test_a_long_interval_is_kept(aws: Emulator, watch: Callable[..., Watched]) -> None:
    aws.add_stack("payments-prod", repository="acme/infra")
    aws.push(stack="payments-prod", sha=OLD, duration=10_000)
    watch(STACK, interval=3600).take(6)
    polls = times_of(aws, "GetResourceSyncStatus")
    assert all(later - earlier >= 3599 for earlier, later in itertools.pairwise(polls))


def test_a_reference_that_is_passed_twice_is_watched_once(aws: Emulator, watch: Callable[..., Watched]) -> None:
    aws.add_stack("payments-prod", repository="acme/infra")
    aws.push(stack="payments-prod", sha=OLD, duration=10)
    changes = watch(STACK, STACK).take(6)
    states = [change.after.status.aws_state for change in changes if change.after and change.kind == "state"]
    assert len(states) == len(set(states))


def test_lasting_unreadable_responses_are_emitted_once(aws: Emulator, watch: Callable[..., Watched]) -> None:
    aws.add_workspace("factory")
    with Unisync(**aws.client_options()) as client:
        client.twinmaker.create_sync_job("factory", sync_role=ROLE)
    watched = watch(FACTORY)
    watched.take(1)
    aws.fault("GetSyncJob", "garble", times=5)
    assert [change.kind for change in watched.take(2)] == ["error", "state"]


@pytest.fixture
def factory(aws: Emulator) -> None:
    """A sync job that is active, with one resource in sync."""
    aws.add_workspace("factory")
    aws.add_sync_resource("factory", "boiler-1")
    with Unisync(**aws.client_options()) as client:
        client.twinmaker.create_sync_job("factory", sync_role=ROLE)
    aws.clock.advance(600)


@pytest.mark.usefixtures("factory")
def test_resources_that_fail_are_emitted_once(aws: Emulator, watch: Callable[..., Watched]) -> None:
    watched = watch(FACTORY, interval=30)
    (first,) = watched.take(1)
    assert (first.kind, first.resources) == ("state", None)
    aws.add_sync_resource("factory", "boiler-2", outcome="ERROR", reason="no model")
    (failed,) = watched.take(1)
    assert (failed.kind, failed.time) == ("resources", None)
    assert failed.resources is not None
    assert [
        (each.external_id, each.status.error and each.status.error.message) for each in failed.resources.failed
    ] == [("boiler-2", "no model")]
    aws.add_sync_resource("factory", "boiler-3", outcome="ERROR", reason="no model")
    (others,) = watched.take(1)
    assert others.resources is not None
    assert {each.external_id for each in others.resources.failed} == {"boiler-2", "boiler-3"}


@pytest.mark.usefixtures("factory")
def test_settled_resources_are_read_now_and_then(aws: Emulator, watch: Callable[..., Watched]) -> None:
    watched = watch(FACTORY, interval=5)
    watched.take(1)
    start = aws.clock.time()
    aws.add_sync_resource("factory", "boiler-2", outcome="ERROR", reason="no model")
    watched.take(1)
    reads = [time - start for time in times_of(aws, "ListSyncResources")]
    assert all(later - earlier >= 14 for earlier, later in itertools.pairwise(reads))
    assert len(reads) < 20


@pytest.mark.usefixtures("factory")
def test_a_denied_read_of_the_resources_is_emitted_once(aws: Emulator, watch: Callable[..., Watched]) -> None:
    aws.fault("ListSyncResources", "AccessDeniedException", times=None)
    aws.add_sync_resource("factory", "boiler-2", outcome="ERROR", reason="no model")
    watched = watch(FACTORY, interval=30)
    state, denied = watched.take(2)
    assert (state.kind, denied.kind, type(denied.error)) == ("state", "error", AccessDeniedError)
    aws.clear_faults()
    (failed,) = watched.take(1)
    assert failed.kind == "resources"


def test_what_aws_dates_has_its_time(aws: Emulator, watch: Callable[..., Watched]) -> None:
    aws.add_stack("payments-prod", repository="acme/infra")
    aws.push(stack="payments-prod", sha=OLD)
    aws.clock.advance(60)
    watched = watch(STACK)
    state, attempt, *events = watched.take(5)
    assert state.time is None
    assert attempt.after is not None
    assert attempt.time == attempt.after.latest_sync.started_at
    assert [event.time for event in events] == [event.event.time for event in events if event.event]
    aws.block(stack="payments-prod", reason="modified by hand")
    (blocked,) = watched.take(1)
    assert blocked.blocker is not None
    assert blocked.time == blocked.blocker.created_at
    aws.unblock(stack="payments-prod")
    (resolved,) = watched.take(1)
    assert resolved.time is None, "AWS lists active blockers alone"
