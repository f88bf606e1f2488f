"""Stateful test: after any pushes, blockers and resolutions, the history of a resource keeps its invariants."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from unisync.emulator import ACCOUNT, REGION, EmulatorClock, Setup
from unisync.emulator._state.git_sync import Attempt, GitSync
from unisync.emulator.application import Application

pytestmark = pytest.mark.slow

ORDER = ["INITIATED", "IN_PROGRESS", "SUCCEEDED", "FAILED"]
seconds = st.sampled_from([0.0, 1.0, 5.0, 12.5, 30.0, 60.0])


@dataclass
class Snapshot:
    """The attempts of a resource at some time."""

    at: float
    attempts: list[Attempt] = field(default_factory=list[Attempt])


class Histories(RuleBasedStateMachine):
    """A Proton service with two instances. The invariants are checked after every step."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = EmulatorClock(None)
        account = Application(self.clock).account(ACCOUNT, REGION)
        self.setup = Setup(account)
        for name in ("prod", "test"):
            self.setup.add_service_instance("web", name, repository="acme/web")
        self.syncs: dict[str, GitSync] = dict(account.services["web"].instances)
        self.blocked: dict[str | None, bool] = {None: False, "prod": False, "test": False}
        self.pushes = 0
        self.snapshots: dict[str, Snapshot] = {name: Snapshot(0.0) for name in self.syncs}

    @initialize(instance=st.sampled_from(["prod", "test"]))
    def first_push(self, instance: str) -> None:
        self.setup.push(service="web", instance=instance, sha="0" * 7)

    @rule(
        instance=st.sampled_from([None, "prod", "test"]),
        outcome=st.sampled_from(["SUCCEEDED", "FAILED"]),
        detection_delay=seconds,
        duration=seconds,
    )
    def push(self, instance: str | None, outcome: str, detection_delay: float, duration: float) -> None:
        self.pushes += 1
        self.setup.push(
            service="web",
            instance=instance,
            sha=f"{self.pushes:07x}",
            outcome="FAILED" if outcome == "FAILED" else "SUCCEEDED",
            detection_delay=detection_delay,
            duration=duration,
        )

    @rule(instance=st.sampled_from([None, "prod", "test"]))
    def block(self, instance: str | None) -> None:
        self.setup.block(service="web", instance=instance, reason="by hand")
        self.blocked[instance] = True

    @precondition(lambda self: any(self.blocked.values()))
    @rule(instance=st.sampled_from([None, "prod", "test"]))
    def unblock(self, instance: str | None) -> None:
        self.setup.unblock(service="web", instance=instance)
        self.blocked[instance] = False

    @rule(step=st.sampled_from([0.5, 3.0, 5.0, 10.0, 29.0, 30.0, 100.0]))
    def advance(self, step: float) -> None:
        before = {name: sync.attempts(self.clock.now()) for name, sync in self.syncs.items()}
        self.clock.advance(step)
        for name, sync in self.syncs.items():
            if self.blocked[None] or self.blocked[name]:
                assert sync.attempts(self.clock.now()) == before[name], "a blocked sync does not move"

    @invariant()
    def invariants_hold(self) -> None:
        now = self.clock.now()
        for name, sync in self.syncs.items():
            attempts = sync.attempts(now)
            self.check(sync, attempts, now)
            self.compare(self.snapshots[name], attempts)
            self.snapshots[name] = Snapshot(now, attempts)

    def check(self, sync: GitSync, attempts: list[Attempt], now: float) -> None:
        shas = [attempt.push.sha for attempt in attempts]
        assert len(set(shas)) == len(shas), "at most one attempt per push"
        positions = [sync.pushes.index(attempt.push) for attempt in attempts]
        assert positions == sorted(positions), "attempts in the order of the pushes"
        starts = [attempt.started_at for attempt in attempts]
        assert starts == sorted(starts)
        for attempt in attempts:
            times = [event.time for event in attempt.events]
            assert times == sorted(times), "events in the order of time"
            assert times[0] == attempt.started_at
            assert times[-1] <= now, "no event in the future"
            assert attempt.started_at >= attempt.push.at + attempt.push.detection_delay
            assert attempt.status in (attempt.push.outcome, "INITIATED", "IN_PROGRESS")
            last = attempt.events[-1].type.removeprefix("SYNC_")
            assert {"STARTED": "IN_PROGRESS"}.get(last, last) == attempt.status, "the last event agrees with the status"
        latest, success, desired = sync.latest(now), sync.latest_successful(now), sync.desired(now)
        if success is not None:
            assert latest is not None
            assert positions[attempts.index(success)] <= positions[-1], "no success newer than the latest"
            assert success.status == "SUCCEEDED"
        if latest is not None:
            assert desired is not None
            assert sync.pushes.index(desired) >= positions[-1], "an attempted commit was desired"
            if self.never_blocked(sync):
                assert desired == latest.push, "only a blocker delays a detected push"

    @staticmethod
    def never_blocked(sync: GitSync) -> bool:
        return not sync.blockers(0.0) and not sync.shared_blockers

    def compare(self, snapshot: Snapshot, attempts: list[Attempt]) -> None:
        """An attempt never changes its past. Only a push at the very time of its start can replace it."""
        by_sha = {attempt.push.sha: attempt for attempt in attempts}
        for seen in snapshot.attempts:
            later = by_sha.get(seen.push.sha)
            if later is None:
                replacements = [attempt for attempt in attempts if attempt.started_at == seen.started_at]
                assert replacements, "an attempt vanished"
                assert seen.status in ("INITIATED", seen.push.outcome)
                continue
            assert later.started_at == seen.started_at
            assert later.initial.sha == seen.initial.sha or snapshot.at == seen.started_at
            assert ORDER.index(later.status) >= ORDER.index(seen.status), "a status went back"
            assert later.events[: len(seen.events)] == seen.events, "past events changed"


TestHistories = Histories.TestCase
TestHistories.settings = settings(
    max_examples=settings().max_examples * 3 // 5, stateful_step_count=25, deadline=None, database=None
)


@settings(deadline=None, database=None)
@given(
    blocks=st.lists(st.tuples(st.floats(0, 40), st.floats(0, 40), st.booleans()), max_size=5),
    duration=st.sampled_from([0.0, 4.0, 30.0]),
)
def test_blocked_time_is_added_to_the_duration_of_a_sync(
    blocks: list[tuple[float, float, bool]], duration: float
) -> None:
    clock = EmulatorClock(None)
    account = Application(clock).account(ACCOUNT, REGION)
    setup = Setup(account)
    setup.add_service_instance("web", "prod", repository="acme/web")
    steps = sorted(
        [(begin, True, of_service) for begin, _, of_service in blocks]
        + [(begin + length, False, of_service) for begin, length, of_service in blocks],
        key=lambda step: step[0],
    )
    setup.push(service="web", instance="prod", sha="4f2c9e1", duration=duration)
    active = {True: False, False: False}
    worked = 0.0
    for when, begins, of_service in steps:
        if not any(active.values()):
            worked += when - clock.now()
        clock.advance(max(0.0, when - clock.now()))
        instance = None if of_service else "prod"
        if begins:
            setup.block(service="web", instance=instance, reason="by hand")
        else:
            setup.unblock(service="web", instance=instance)
        active[of_service] = begins
        latest = account.services["web"].instances["prod"].latest(clock.now())
        assert latest is not None
        if abs(worked - duration) > 1e-6:
            assert (latest.status == "SUCCEEDED") == (worked > duration)
