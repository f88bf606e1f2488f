"""The sync of one resource from Git.

Nothing is updated as time passes: the attempts are computed from the pushes, the blockers and the current time.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from unisync.emulator._state.entity import Entity, next_number
from unisync.emulator._state.repository import IN_PROGRESS, INITIATED, SUCCEEDED, Event, Push, newest_detected

INITIATED_FOR = 5.0
"""Seconds that an attempt is INITIATED before it is IN_PROGRESS."""

Moment = tuple[float, int]
"""A time and a sequence number, which orders what happens at the same time of a manual clock."""


@dataclass(slots=True)
class Blocker(Entity):
    """A sync blocker: nothing is synced until it is resolved."""

    reason: str
    contexts: dict[str, str]
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    resolved_at: float | None = None
    resolved_reason: str | None = None
    _resolved_number: int = 0

    @property
    def status(self) -> str:
        """ACTIVE or RESOLVED."""
        return "ACTIVE" if self.resolved_at is None else "RESOLVED"

    def resolve(self, at: float, reason: str) -> None:
        """Resolve the blocker. Resolving it again changes nothing."""
        if self.resolved_at is None:
            self.resolved_at, self.resolved_reason, self._resolved_number = at, reason, next_number()

    def postpone(self, moment: Moment) -> Moment:
        """When a sync that was due at `moment` can start."""
        if moment < (self.created_at, self.number):
            return moment
        if self.resolved_at is None:
            return float("inf"), self.number
        return max(moment, (self.resolved_at, self._resolved_number))


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt to sync the resource to a commit, as of a given time."""

    push: Push
    initial: Push
    """The push that the resource was at, or was being synced to, when the attempt started."""
    started_at: float
    status: str
    events: tuple[Event, ...]


@dataclass(slots=True)
class GitSync(Entity):
    """A resource that follows a branch."""

    target: str
    pushes: list[Push] = field(default_factory=list[Push])
    own_blockers: list[Blocker] = field(default_factory=list[Blocker])
    shared_blockers: Sequence[Blocker] = ()
    """The blockers of the parent: for a service instance, those of its service."""

    def desired(self, now: float) -> Push | None:
        """The newest detected push."""
        return newest_detected(self.pushes, now)

    def latest(self, now: float) -> Attempt | None:
        """The newest attempt."""
        attempts = self.attempts(now)
        return attempts[-1] if attempts else None

    def latest_successful(self, now: float) -> Attempt | None:
        """The newest attempt that succeeded."""
        return next((attempt for attempt in reversed(self.attempts(now)) if attempt.status == SUCCEEDED), None)

    def attempts(self, now: float) -> list[Attempt]:
        """Every attempt up to `now`, oldest first. A push that was superseded before it could start has none."""
        attempts: list[Attempt] = []
        live: Push | None = None
        starts = [self._start(push, now) for push in self.pushes]
        for index, (push, start) in enumerate(zip(self.pushes, starts, strict=True)):
            later_starts = [later for later in starts[index + 1 :] if later is not None]
            if start is None or any(later <= start for later in later_starts):
                continue
            status, events = self._progress(push, start, min([now, *later_starts]))
            # An attempt that interrupts another one starts from the commit of the interrupted attempt.
            interrupts = bool(attempts) and attempts[-1].status in (INITIATED, IN_PROGRESS)
            initial = attempts[-1].push if interrupts else live
            attempts.append(Attempt(push, initial or push, start, status, events))
            live = push if status == SUCCEEDED else live
        return attempts

    def _start(self, push: Push, now: float) -> float | None:
        """When the attempt for a push starts: once the push is detected and nothing blocks. None if after `now`."""
        moment = (push.detected_at, push.number)
        # One blocker may postpone the start into another. Each round passes at least one of them.
        for _ in self._blockers():
            for blocker in self._blockers():
                moment = blocker.postpone(moment)
        return moment[0] if moment[0] <= now else None

    def _progress(self, push: Push, start: float, now: float) -> tuple[str, tuple[Event, ...]]:
        """The status at `now` and the events so far. Blocked time does not count."""
        running_at = self._delay(start, start + min(INITIATED_FOR, push.duration))
        done_at = self._delay(start, start + push.duration)
        commit = push.sha[:7]
        events = [
            Event("SYNC_INITIATED", f"Sync of commit {commit} initiated", start, push.sha),
            Event("SYNC_STARTED", f"Applying {push.source.directory or '/'} to {self.target}", running_at),
        ]
        if push.outcome == SUCCEEDED:
            events.append(Event("SYNC_SUCCEEDED", f"{self.target} is at commit {commit}", done_at, push.sha))
        else:
            events.append(Event("SYNC_FAILED", push.reason or f"The update of {self.target} failed", done_at))
        status = push.outcome if now >= done_at else IN_PROGRESS if now >= running_at else INITIATED
        return status, tuple(event for event in events if event.time <= now)

    def _delay(self, start: float, due: float) -> float:
        """Move `due` back by the time that blockers were active since `start`. Overlapping blockers count once."""
        counted = start
        for blocker in sorted(self._blockers(), key=lambda each: each.created_at):
            begins = max(blocker.created_at, counted)
            if begins >= due:
                continue
            if blocker.resolved_at is None:
                return float("inf")
            if blocker.resolved_at > begins:
                due += blocker.resolved_at - begins
                counted = blocker.resolved_at
        return due

    def _blockers(self) -> Iterator[Blocker]:
        yield from self.own_blockers
        yield from self.shared_blockers
