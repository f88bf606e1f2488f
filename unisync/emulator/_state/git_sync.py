"""The life of one Git-synced resource: what its pushes and blockers have made of it at a given time."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from unisync.emulator._state.entity import Created, next_number
from unisync.emulator._state.repository import IN_PROGRESS, INITIATED, SUCCEEDED, Event, Push, newest_detected

INITIATED_FOR = 5.0
"""Seconds that an attempt is INITIATED before it is IN_PROGRESS."""

Moment = tuple[float, int]
"""A time, and which of the things that happened at that time: a clock moved by hand stands still between them."""


@dataclass(slots=True)
class Blocker(Created):
    """Something that stops a sync until somebody resolves it."""

    reason: str
    contexts: dict[str, str]
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    resolved_at: float | None = None
    resolved_reason: str | None = None
    _resolved_number: int = 0

    @property
    def status(self) -> str:
        """ACTIVE until resolved."""
        return "ACTIVE" if self.resolved_at is None else "RESOLVED"

    def resolve(self, at: float, reason: str) -> None:
        """Let things move again. What is resolved stays as it was resolved."""
        if self.resolved_at is None:
            self.resolved_at, self.resolved_reason, self._resolved_number = at, reason, next_number()

    def delay(self, moment: Moment) -> Moment:
        """The moment to which it puts off what was to begin at `moment`."""
        if moment < (self.created_at, self.number):
            return moment
        if self.resolved_at is None:
            return float("inf"), self.number
        return max(moment, (self.resolved_at, self._resolved_number))


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to bring the resource to a commit, as it stands at the time it was asked for."""

    push: Push
    initial: Push
    """The push that the resource was at, or was being taken to, when the attempt began."""
    started_at: float
    status: str
    events: tuple[Event, ...]


@dataclass(slots=True)
class GitSync(Created):
    """A resource that follows a branch. Its attempts follow from its pushes, its blockers and the time alone."""

    target: str
    pushes: list[Push] = field(default_factory=list[Push])
    own_blockers: list[Blocker] = field(default_factory=list[Blocker])
    shared_blockers: Sequence[Blocker] = ()
    """Blockers of what the resource belongs to (for a service instance, of its service)."""

    def desired(self, now: float) -> Push | None:
        """The newest commit that AWS has noticed."""
        return newest_detected(self.pushes, now)

    def latest(self, now: float) -> Attempt | None:
        """The newest attempt."""
        attempts = self.attempts(now)
        return attempts[-1] if attempts else None

    def latest_successful(self, now: float) -> Attempt | None:
        """The newest attempt that succeeded."""
        return next((attempt for attempt in reversed(self.attempts(now)) if attempt.status == SUCCEEDED), None)

    def attempts(self, now: float) -> list[Attempt]:
        """Every attempt made up to `now`, oldest first. A push that the next one overtook may have made none."""
        attempts: list[Attempt] = []
        live: Push | None = None
        starts = [self._start(push, now) for push in self.pushes]
        for index, (push, start) in enumerate(zip(self.pushes, starts, strict=True)):
            following = [later for later in starts[index + 1 :] if later is not None]
            if start is None or any(later <= start for later in following):
                continue
            status, events = self._progress(push, start, min([now, *following]))
            # The commit that this one overtook is where the resource was being taken.
            overtaken = bool(attempts) and attempts[-1].status in (INITIATED, IN_PROGRESS)
            initial = attempts[-1].push if overtaken else live
            attempts.append(Attempt(push, initial or push, start, status, events))
            live = push if status == SUCCEEDED else live
        return attempts

    def _start(self, push: Push, now: float) -> float | None:
        """When the push's attempt starts: once it was noticed and nothing blocks. None if that is yet to come."""
        moment = (push.detected_at, push.number)
        for _ in self._blockers():
            for blocker in self._blockers():
                moment = blocker.delay(moment)
        return moment[0] if moment[0] <= now else None

    def _progress(self, push: Push, start: float, now: float) -> tuple[str, tuple[Event, ...]]:
        """The status at `now`, and the events so far. Time under a blocker does not count."""
        running, over = start + min(INITIATED_FOR, push.duration), start + push.duration
        running, over = self._delayed(start, running), self._delayed(start, over)
        commit = push.sha[:7]
        events = [
            Event("SYNC_INITIATED", f"Sync of commit {commit} initiated", start, push.sha),
            Event("SYNC_STARTED", f"Applying {push.place.directory or '/'} to {self.target}", running),
        ]
        if push.outcome == SUCCEEDED:
            events.append(Event("SYNC_SUCCEEDED", f"{self.target} is at commit {commit}", over, push.sha))
        else:
            events.append(Event("SYNC_FAILED", push.reason or f"The update of {self.target} failed", over))
        status = push.outcome if now >= over else IN_PROGRESS if now >= running else INITIATED
        return status, tuple(event for event in events if event.time <= now)

    def _delayed(self, start: float, due: float) -> float:
        """The time that `due` becomes when the clock stands still under each blocker since `start`."""
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
