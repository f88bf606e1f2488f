"""Every change of a sync, once, whatever happens on the way."""

from __future__ import annotations

import asyncio
import inspect
import itertools
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from tests.support.samples import FACTORY, MINE, OLD, STACK
from unisync import (
    AccessDeniedError,
    AsyncUnisync,
    Change,
    InvalidRequestError,
    StackSync,
    SyncState,
    Unisync,
)
from unisync.emulator import Emulator

Make = Callable[..., Any]

ROLE = "arn:aws:iam::123456789012:role/sync"


class Watched:
    """A watch of either client, taken change by change."""

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


def told(change: Change[Any]) -> tuple[str, str, str | None]:
    """What a change says, in short."""
    after = str(change.after.status) if change.after else "gone"
    detail = change.event.type if change.event else change.blocker.status if change.blocker else None
    return change.kind, after, detail


def test_the_life_of_a_commit(aws: Emulator, watch: Callable[..., Watched]) -> None:
    aws.add_stack("payments-prod", repository="acme/infra")
    aws.push(stack="payments-prod", sha=OLD, detection_delay=10)
    changes = watch(STACK).take(8)
    assert [told(change) for change in changes] == [
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
        if later.what == "state"
    )
    assert {change.ref for change in changes} == {STACK}
    assert aws.clock.now() < 50


def test_the_next_attempt_and_its_events(aws: Emulator, watch: Callable[..., Watched]) -> None:
    aws.add_stack("payments-prod", repository="acme/infra")
    aws.push(stack="payments-prod", sha=OLD)
    aws.clock.advance(60)
    watched = watch(STACK)
    assert [told(change)[2] for change in watched.take(5)] == [
        None,
        None,
        "SYNC_INITIATED",
        "SYNC_STARTED",
        "SYNC_SUCCEEDED",
    ], "what there was before the first look"
    aws.push(stack="payments-prod", sha=MINE, outcome="FAILED", reason="no such thing", duration=1)
    aws.clock.advance(10)
    state, attempt, *events = watched.take(5)
    assert told(state) == ("state", "FAILED", None)
    assert attempt.before is not None
    assert attempt.before.latest_sync.target_revision.sha == OLD
    assert attempt.after is not None
    assert attempt.after.latest_sync.target_revision.sha == MINE
    assert [event.event.event for event in events if event.event][-1] == "no such thing"


def test_blockers_come_and_go(aws: Emulator, watch: Callable[..., Watched]) -> None:
    aws.add_stack("payments-prod", repository="acme/infra")
    watched = watch(STACK)
    watched.take(1)
    blocker = aws.block(stack="payments-prod", reason="modified by hand")
    (came,) = watched.take(1)
    assert (told(came)[::2], came.blocker and came.blocker.id) == (("blocker", "ACTIVE"), blocker)
    aws.unblock(stack="payments-prod")
    (went,) = watched.take(1)
    assert (told(went)[::2], went.blocker and went.blocker.id) == (("blocker", "RESOLVED"), blocker)


def test_what_comes_to_be_and_goes_away(aws: Emulator, watch: Callable[..., Watched]) -> None:
    watched = watch(STACK)
    assert [told(change)[:2] for change in watched.take(1)] == [("state", "gone")]
    aws.add_stack("payments-prod", repository="acme/infra")
    assert [told(change)[:2] for change in watched.take(1)] == [("state", "PENDING")]
    aws.remove_stack("payments-prod")
    (gone,) = watched.take(1)
    assert (gone.what, gone.after) == ("state", None)
    assert gone.before is not None


@pytest.mark.parametrize(
    "fault", ["ThrottlingException", "http-503", "drop", "truncate", "garble", "InternalServerException"]
)
def test_what_passes_is_looked_past(aws: Emulator, watch: Callable[..., Watched], fault: str) -> None:
    aws.add_workspace("factory")
    with Unisync(**aws.client_options()) as client:
        client.twinmaker.create_sync_job("factory", sync_role=ROLE)
    watched = watch(FACTORY)
    watched.take(1)
    aws.fault("GetSyncJob", fault, times=3)
    states = [change.after.status.state for change in watched.take(2) if change.after]
    assert states == [SyncState.RUNNING, SyncState.ACTIVE]


def test_a_refusal_is_told_once_and_hides_nothing_of_the_others(aws: Emulator, watch: Callable[..., Watched]) -> None:
    aws.add_stack("payments-prod", repository="acme/infra")
    aws.add_workspace("factory")
    with Unisync(**aws.client_options()) as client:
        client.twinmaker.create_sync_job("factory", sync_role=ROLE)
    aws.fault("GetResourceSyncStatus", "AccessDeniedException", times=None)
    watched = watch(STACK, FACTORY)
    changes = watched.take(4)
    (refused,) = [change for change in changes if change.kind == "error"]
    assert (refused.ref, type(refused.error)) == (STACK, AccessDeniedError)
    assert [str(change.after.status) for change in changes if change.ref == FACTORY and change.after] == [
        "PENDING (CREATING)",
        "RUNNING (INITIALIZING)",
        "ACTIVE",
    ]
    aws.clear_faults()
    (allowed,) = watched.take(1)
    assert told(allowed)[:2] == ("state", "PENDING")


def test_looks_keep_their_distance(aws: Emulator, watch: Callable[..., Watched]) -> None:
    aws.add_stack("payments-prod", repository="acme/infra")
    aws.push(stack="payments-prod", sha=OLD, detection_delay=600)
    watched = watch(STACK, interval=timedelta(seconds=60))
    watched.take(2)
    looks = [call.time for call in aws.calls if call.operation == "GetResourceSyncStatus"]
    assert all(later - earlier > 59 for earlier, later in itertools.pairwise(looks))
    assert 9 <= len(looks) <= 12


def test_a_watch_that_is_closed_leaves_nothing_behind(aws: Emulator) -> None:
    aws.add_stack("payments-prod", repository="acme/infra")
    before = threading.active_count()
    with Unisync(**aws.client_options()) as client:
        changes = client.watch([STACK])
        assert next(changes).what == "state"
        assert inspect.isgenerator(changes)
        changes.close()
        assert list(changes) == []
    for thread in threading.enumerate():
        if thread.name.startswith("unisync_"):
            thread.join(5)
    assert threading.active_count() <= before


def test_wrong_arguments_are_refused_at_once(client: Unisync, aws: Emulator) -> None:
    wrong: list[Any] = [0, -1, float("inf"), None, "5"]
    for every in wrong:
        with pytest.raises(InvalidRequestError, match="every: expected seconds or a timedelta above zero"):
            client.watch([STACK], interval=every)
    no_refs: list[Any] = ["codeconnections:x"]
    with pytest.raises(InvalidRequestError, match="ref: expected a reference"):
        client.watch(no_refs)
    no_refs.clear()
    assert list(client.watch(no_refs)) == []
    assert aws.calls == []


def test_a_watch_is_a_verb_like_others() -> None:
    for kind, result in ((Unisync, "Iterator[unisync.Change[J]]"), (AsyncUnisync, "AsyncIterator[unisync.Change[J]]")):
        signature = inspect.signature(kind.watch)
        assert list(signature.parameters) == ["self", "refs", "every", "stop"]
        assert signature.return_annotation == result
        assert "each change of each of them, once" in (kind.watch.__doc__ or "")


def test_many_are_watched_at_once(aws: Emulator, watch: Callable[..., Watched]) -> None:
    refs = [StackSync(f"stack-{number}") for number in range(40)]
    for ref in refs:
        aws.add_stack(ref.resource_name, repository="acme/infra")
    watched = watch(*refs)
    assert {change.ref for change in watched.take(40)} == set(refs)
    aws.push(stack="stack-17", sha=MINE)
    assert {change.ref for change in watched.take(3)} == {refs[17]}


def test_a_read_that_is_refused_is_told_once(aws: Emulator, watch: Callable[..., Watched]) -> None:
    aws.add_stack("payments-prod", repository="acme/infra")
    aws.push(stack="payments-prod", sha=OLD, duration=100)
    aws.fault("GetSyncBlockerSummary", "AccessDeniedException", times=None)
    changes = watch(STACK).take(8)
    assert [change.kind for change in changes].count("error") == 1
    reads = [call.time for call in aws.calls if call.operation == "GetSyncBlockerSummary"]
    assert all(later - earlier >= 15 for earlier, later in itertools.pairwise(reads))


def test_a_long_time_between_two_looks_is_kept(aws: Emulator, watch: Callable[..., Watched]) -> None:
    aws.add_stack("payments-prod", repository="acme/infra")
    aws.push(stack="payments-prod", sha=OLD, duration=10_000)
    watch(STACK, interval=3600).take(6)
    looks = [call.time for call in aws.calls if call.operation == "GetResourceSyncStatus"]
    assert all(later - earlier >= 3599 for earlier, later in itertools.pairwise(looks))


def test_a_reference_that_is_named_twice_is_watched_once(aws: Emulator, watch: Callable[..., Watched]) -> None:
    aws.add_stack("payments-prod", repository="acme/infra")
    aws.push(stack="payments-prod", sha=OLD, duration=10)
    changes = watch(STACK, STACK).take(6)
    states = [change.after.status.aws_state for change in changes if change.after and change.kind == "state"]
    assert len(states) == len(set(states))


def test_answers_that_stay_unreadable_are_told(aws: Emulator, watch: Callable[..., Watched]) -> None:
    aws.add_workspace("factory")
    with Unisync(**aws.client_options()) as client:
        client.twinmaker.create_sync_job("factory", sync_role=ROLE)
    watched = watch(FACTORY)
    watched.take(1)
    aws.fault("GetSyncJob", "garble", times=5)
    assert [change.kind for change in watched.take(2)] == ["error", "state"]
