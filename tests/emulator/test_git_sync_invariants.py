"""Whatever is pushed, blocked and released in whatever order: what a resource's history may never do."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from unisync.emulator import ACCOUNT, REGION, EmulatorClock, Setup
from unisync.emulator._state.git_sync import Attempt, GitSync
from unisync.emulator.application import Application

ORDER = ["INITIATED", "IN_PROGRESS", "SUCCEEDED", "FAILED"]
seconds = st.sampled_from([0.0, 1.0, 5.0, 12.5, 30.0, 60.0])


@dataclass
class Look:
    """What somebody saw at some time."""

    at: float
    attempts: list[Attempt] = field(default_factory=list[Attempt])


class Histories(RuleBasedStateMachine):
    """A Proton service with two instances, looked at after every step."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = EmulatorClock(None)
        world = Application(self.clock).world(ACCOUNT, REGION)
        self.setup = Setup(world)
        for name in ("prod", "test"):
            self.setup.add_service_instance("web", name, repository="acme/web")
        self.syncs: dict[str, GitSync] = world.services["web"].instances
        self.blocked: dict[str | None, bool] = {None: False, "prod": False, "test": False}
        self.pushed = 0
        self.looks: dict[str, Look] = {name: Look(0.0) for name in self.syncs}

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
        self.pushed += 1
        self.setup.push(
            service="web",
            instance=instance,
            sha=f"{self.pushed:07x}",
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
                assert sync.attempts(self.clock.now()) == before[name], "what is blocked does not move"

    @invariant()
    def holds(self) -> None:
        now = self.clock.now()
        for name, sync in self.syncs.items():
            attempts = sync.attempts(now)
            self.check(sync, attempts, now)
            self.compare(self.looks[name], attempts)
            self.looks[name] = Look(now, attempts)

    def check(self, sync: GitSync, attempts: list[Attempt], now: float) -> None:
        shas = [attempt.push.sha for attempt in attempts]
        assert len(set(shas)) == len(shas), "at most one attempt for a push"
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
            assert {"STARTED": "IN_PROGRESS"}.get(last, last) == attempt.status, "the events say what the status says"
        latest, good, desired = sync.latest(now), sync.latest_successful(now), sync.desired(now)
        if good is not None:
            assert latest is not None
            assert positions[attempts.index(good)] <= positions[-1], "no success newer than the latest"
            assert good.status == "SUCCEEDED"
        if latest is not None:
            assert desired is not None
            assert sync.pushes.index(desired) >= positions[-1], "what is tried was asked for"
            if self.never_blocked(sync):
                assert desired == latest.push, "nothing but a blocker keeps a noticed push waiting"

    @staticmethod
    def never_blocked(sync: GitSync) -> bool:
        return not sync.own_blockers and not sync.shared_blockers

    def compare(self, look: Look, attempts: list[Attempt]) -> None:
        """What was once seen can be overtaken by a push of the same moment, but not undone."""
        now = {attempt.push.sha: attempt for attempt in attempts}
        for seen in look.attempts:
            later = now.get(seen.push.sha)
            if later is None:
                overtakers = [attempt for attempt in attempts if attempt.started_at == seen.started_at]
                assert overtakers, "an attempt vanished"
                assert seen.status in ("INITIATED", seen.push.outcome)
                continue
            assert later.started_at == seen.started_at
            assert later.initial.sha == seen.initial.sha or look.at == seen.started_at
            assert ORDER.index(later.status) >= ORDER.index(seen.status), "a status went back"
            assert later.events[: len(seen.events)] == seen.events, "history was rewritten"


TestHistories = Histories.TestCase
TestHistories.settings = settings(max_examples=60, stateful_step_count=25, deadline=None, database=None)


@settings(max_examples=100, deadline=None, database=None)
@given(
    blocks=st.lists(st.tuples(st.floats(0, 40), st.floats(0, 40), st.booleans()), max_size=5),
    duration=st.sampled_from([0.0, 4.0, 30.0]),
)
def test_a_sync_takes_its_time_plus_the_time_it_was_blocked(
    blocks: list[tuple[float, float, bool]], duration: float
) -> None:
    clock = EmulatorClock(None)
    world = Application(clock).world(ACCOUNT, REGION)
    setup = Setup(world)
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
        latest = world.services["web"].instances["prod"].latest(clock.now())
        assert latest is not None
        if abs(worked - duration) > 1e-6:
            assert (latest.status == "SUCCEEDED") == (worked > duration)
