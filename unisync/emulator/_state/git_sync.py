"""The sync of one resource from Git.

Nothing is updated as time passes: the attempts, and the blockers of changes by hand, are computed from the pushes, the
other blockers and the current time.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from unisync.emulator._state.entity import Entity, Moment, next_number
from unisync.emulator._state.manual_changes import contexts_for
from unisync.emulator._state.repository import (
    FAILED,
    IN_PROGRESS,
    INITIATED,
    SUCCEEDED,
    Event,
    Push,
    StatusChange,
    newest_detected,
    until,
)
from unisync.emulator._state.stack_operations import At, FailedResource, Step, update_steps
from unisync.emulator._state.stacks import Stack, StackLife

INITIATED_FOR = 5.0
"""Seconds that an attempt is INITIATED before it is IN_PROGRESS."""
EVENT_INTERVAL = 1.0
"""Seconds between the events at the end of an attempt, unless the attempt is too short for that."""


@dataclass(slots=True)
class Blocker(Entity):
    """A sync blocker: nothing is synced until it is resolved."""

    reason: str
    contexts: dict[str, str]
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    resolved_at: float | None = None
    resolved_reason: str | None = None
    order: int | None = None
    """Orders the blocker among what happens at the same time; None is its sequence number."""
    retry_fails: bool = False
    """Whether AWS fails to start the sync of the waiting commits when the blocker is resolved."""
    _resolved_number: int = 0

    @property
    def status(self) -> str:
        """ACTIVE or RESOLVED."""
        return "ACTIVE" if self.resolved_at is None else "RESOLVED"

    def resolve(self, at: float, reason: str) -> bool:
        """Resolve the blocker; False if it is resolved already, which changes nothing."""
        if self.resolved_at is not None:
            return False
        self.resolved_at, self.resolved_reason, self._resolved_number = at, reason, next_number()
        return True

    def postpone(self, moment: Moment) -> Moment:
        """When a sync that was due at `moment` can start."""
        never = float("inf"), self.number
        if moment < (self.created_at, self.number if self.order is None else self.order):
            return moment
        if self.resolved_at is None:
            return never
        resolved = self.resolved_at, self._resolved_number
        return never if self.retry_fails and moment < resolved else max(moment, resolved)


@dataclass(slots=True)
class ManualChange(Entity):
    """A change of a resource by hand, which blocks the next attempt to sync the resource."""

    reason: str
    """The reason of the blocker."""
    epoch: float
    """The date, in seconds since 1970, at which the clock started."""

    def block(self, moment: Moment) -> Blocker:
        """The blocker of an attempt that would start at `moment`."""
        at = moment[0]
        # It blocks every attempt of that time which is later than the change.
        order = self.number if at == self.created_at else -1
        return Blocker(self.reason, contexts_for(self.epoch + at), order=order, created_at=at)


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt to sync the resource to a commit, as of a given time."""

    push: Push
    initial: Push
    """The push that the resource was at, or was being synced to, when the attempt started."""
    start: Moment
    changes: tuple[StatusChange, ...]
    """The statuses that it has had, oldest first."""
    events: tuple[Event, ...]

    @property
    def started_at(self) -> float:
        """When the attempt started."""
        return self.start[0]

    @property
    def status(self) -> str:
        """The status at the given time."""
        return self.changes[-1].status


@dataclass(frozen=True, slots=True)
class StackUpdate:
    """The update of a stack by an attempt."""

    name: str
    begins: Moment
    at: At
    failure: FailedResource | None

    def steps(self) -> list[Step]:
        """The events of the update, oldest first."""
        return update_steps(self.name, self.at, self.failure)


@dataclass(slots=True)
class GitSync(Entity):
    """A resource that follows a branch."""

    target: str
    stack: Stack | None = None
    """The stack that is the resource."""
    pushes: list[Push] = field(default_factory=list[Push])
    shared_blockers: Sequence[Blocker] = ()
    """The blockers of the parent: for a service instance, those of its service."""
    ended: Moment | None = None
    """When the sync configuration was deleted or replaced. Attempts in progress went on."""
    _blockers: list[Blocker] = field(default_factory=list[Blocker])
    _change: ManualChange | None = None
    """A change by hand that has blocked no attempt yet."""

    @property
    def arn(self) -> str:
        """The ARN of the resource."""
        return self.target if self.stack is None else self.stack.arn

    @property
    def tool(self) -> str:
        """AWS's name for what syncs the resource."""
        return "ServiceSync" if self.stack is None else "StackSync"

    def blockers(self, now: float) -> list[Blocker]:
        """The resource's own blockers at `now`: a list to which more can be added."""
        self._block_by_change(now)
        return self._blockers

    def record_change(self, change: ManualChange, now: float) -> None:
        """Record a change by hand. While a blocker is active, it is one with the change that the blocker is about."""
        if all(blocker.resolved_at is not None for blocker in self.blockers(now)):
            self._change = change

    def discard_change(self, now: float) -> None:
        """Forget a change by hand that has blocked nothing yet."""
        self._block_by_change(now)
        self._change = None

    def desired(self, now: float) -> Push | None:
        """The newest detected push."""
        return newest_detected(self._followed(), now)

    def latest(self, now: float) -> Attempt | None:
        """The newest attempt."""
        attempts = self.attempts(now)
        return attempts[-1] if attempts else None

    def latest_successful(self, now: float) -> Attempt | None:
        """The newest attempt that succeeded."""
        return next((attempt for attempt in reversed(self.attempts(now)) if attempt.status == SUCCEEDED), None)

    def attempts(self, now: float) -> list[Attempt]:
        """Every attempt up to `now`, oldest first. A push that was superseded before it could start has none."""
        self._block_by_change(now)
        return self._attempts(now)

    def stack_updates(self, now: float, life: StackLife) -> Iterator[StackUpdate]:
        """The updates of a stack that began by `now`: a part of each attempt."""
        for attempt in self.attempts(now):
            starts_in_time = life.contains(attempt.start) and (self.ended is None or attempt.start < self.ended)
            at, is_update = self._stack_time(attempt), attempt.push.updates_stack
            if starts_in_time and is_update and self._rejection(attempt.start) is None and at(0.0) <= now:
                yield StackUpdate(life.name, (at(0.0), attempt.start[1]), at, attempt.push.stack_failure)

    def _stack_time(self, attempt: Attempt) -> At:
        """When a share of the stack's update is done: it begins and ends with the work of the attempt."""
        start, (initiated_for, interval) = attempt.started_at, _timing(attempt.push)
        work = attempt.push.duration - interval * len(attempt.push.later_events) - initiated_for
        return lambda share: self._delay(start, start + initiated_for + (work * share if share else 0.0))

    def _block_by_change(self, now: float) -> None:
        """Turn the change by hand into a blocker, if it has met an attempt by `now`."""
        change = self._change
        if change is None:
            return
        starts = [attempt.start for attempt in self._attempts(now)]
        met = next((start for start in starts if start > (change.created_at, change.number)), None)
        if met is not None:
            self._blockers.append(change.block(met))
            self._change = None

    def _followed(self) -> list[Push]:
        """The pushes that AWS could read from the repository."""
        return [push for push in self.pushes if push.connection_error is None]

    def _attempts(self, now: float) -> list[Attempt]:
        attempts: list[Attempt] = []
        live: Push | None = None
        pushes = self._followed()
        starts = [self._start(push, now) for push in pushes]
        for index, (push, start) in enumerate(zip(pushes, starts, strict=True)):
            later_starts = [later[0] for later in starts[index + 1 :] if later is not None]
            if start is None or any(later <= start[0] for later in later_starts):
                continue
            changes, events = self._progress(push, start, min([now, *later_starts]))
            # An attempt that interrupts another one starts from the commit of the interrupted attempt.
            interrupts = bool(attempts) and attempts[-1].status in (INITIATED, IN_PROGRESS)
            initial = attempts[-1].push if interrupts else live
            attempts.append(Attempt(push, initial or push, start, changes, events))
            live = push if attempts[-1].status == SUCCEEDED else live
        return attempts

    def _start(self, push: Push, now: float) -> Moment | None:
        """When the attempt for a push starts: once it is due and nothing blocks. None if after `now`."""
        moment = push.due
        # One blocker may postpone the start into another. Each round passes at least one of them.
        for _ in self._all_blockers():
            for blocker in self._all_blockers():
                moment = blocker.postpone(moment)
        return moment if moment[0] <= now else None

    def _progress(self, push: Push, start: Moment, now: float) -> tuple[tuple[StatusChange, ...], tuple[Event, ...]]:
        """The statuses and the events up to `now`. Blocked time does not count."""
        at, commit, more = start[0], push.sha[:7], len(push.later_events)
        initiated_for, interval = _timing(push)
        running_at = self._delay(at, at + initiated_for)
        times = [self._delay(at, at + push.duration - interval * left) for left in range(more, -1, -1)]
        outcome, reason = self._outcome(push, start)
        end = (
            Event("SYNC_SUCCEEDED", f"{self.target} is at commit {commit}", times[0], push.sha)
            if outcome == SUCCEEDED
            else Event("SYNC_FAILED", reason or f"The update of {self.target} failed", times[0])
        )
        events = [
            Event("SYNC_INITIATED", f"Sync of commit {commit} initiated", at, push.sha),
            Event("SYNC_STARTED", f"Applying {push.source.directory or '/'} to {self.target}", running_at),
            end,
            *(Event(kind, text, time) for (kind, text), time in zip(push.later_events, times[1:], strict=True)),
        ]
        changes = (
            StatusChange(at, INITIATED),
            StatusChange(running_at, IN_PROGRESS),
            StatusChange(times[-1], outcome),
        )
        past = tuple(event for event in events if event.time <= now)
        return until(changes, now), past[::-1] if push.newest_first else past

    def _outcome(self, push: Push, start: Moment) -> tuple[str, str | None]:
        """The outcome of an attempt, and the reason of a failure."""
        rejection = self._rejection(start)
        return (push.outcome, push.reason) if rejection is None else (FAILED, rejection)

    def _rejection(self, start: Moment) -> str | None:
        """Why an attempt cannot update its stack: Git sync updates stacks and never creates one."""
        if self.stack is None:
            return None
        life = self.stack.life_at(start)
        return f"Stack [{self.target}] does not exist" if life is None else life.refusal(start[0])

    def _delay(self, start: float, due: float) -> float:
        """Move `due` back by the time that blockers were active since `start`. Overlapping blockers count once."""
        counted = start
        for blocker in sorted(self._all_blockers(), key=lambda each: each.created_at):
            begins = max(blocker.created_at, counted)
            if begins >= due:
                continue
            if blocker.resolved_at is None:
                return float("inf")
            if blocker.resolved_at > begins:
                due += blocker.resolved_at - begins
                counted = blocker.resolved_at
        return due

    def _all_blockers(self) -> Iterator[Blocker]:
        yield from self._blockers
        yield from self.shared_blockers


def _timing(push: Push) -> tuple[float, float]:
    """Seconds that an attempt is INITIATED, and seconds between the events at its end."""
    initiated_for = min(INITIATED_FOR, push.duration)
    return initiated_for, min(EVENT_INTERVAL, (push.duration - initiated_for) / (len(push.later_events) + 1))
