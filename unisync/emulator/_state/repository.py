"""The repositories that Git sync knows, the pushes to them, and the sync of the repository that each push starts."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import NamedTuple

from unisync.emulator._state.connections import AVAILABLE, DELETED, Connection
from unisync.emulator._state.entity import Entity, Moment, next_number
from unisync.emulator._state.stack_operations import FailedResource

ATTEMPT_DURATION = 30.0
"""Default seconds from the start of a resource's sync attempt to its end."""
CLONED_AFTER, CONFIGURED_AFTER, SYNCS_STARTED_AFTER = 1.0, 2.0, 3.0
"""Seconds from the detection of a push to each step of the repository's own attempt."""

SUCCEEDED, FAILED, INITIATED, IN_PROGRESS, QUEUED = "SUCCEEDED", "FAILED", "INITIATED", "IN_PROGRESS", "QUEUED"


@dataclass(frozen=True, slots=True)
class Event:
    """An event of a sync attempt."""

    type: str
    event: str
    time: float
    external_id: str | None = None


class StatusChange(NamedTuple):
    """The moment from which an attempt has a status."""

    time: float
    status: str


@dataclass(frozen=True, slots=True)
class SourceLocation:
    """What a sync configuration follows: a branch, and a directory or file in it."""

    repository: Repository
    branch: str
    directory: str


@dataclass(frozen=True, slots=True)
class Push:
    """A commit pushed to a branch, the source that was followed at that time, and the outcome of its sync."""

    sha: str
    source: SourceLocation
    at: float
    outcome: str = SUCCEEDED
    reason: str | None = None
    detection_delay: float = 0.0
    start_delay: float = 0.0
    duration: float = ATTEMPT_DURATION
    later_events: Sequence[tuple[str, str]] = ()
    """The type and the text of the events that follow the one of the outcome."""
    newest_first: bool = False
    """Whether the newest event of the resource's attempt comes first."""
    updates_stack: bool = True
    """Whether a stack is updated; False if its change set fails."""
    failed_resource: FailedResource | None = None
    """The resource of a stack that fails, if the sync fails; None is the default one."""
    branch_outcome: str = SUCCEEDED
    """SUCCEEDED, FAILED or QUEUED."""
    branch_reason: str = ""
    connection: Connection | None = None
    """The connection that the repository had; None if it is unknown, and counts as available."""
    number: int = field(default_factory=next_number)

    @property
    def detected_at(self) -> float:
        """When AWS detects the push."""
        return self.at + self.detection_delay

    @property
    def due(self) -> Moment:
        """When the attempt for the resource starts, unless something blocks it."""
        return self.detected_at + self.start_delay, self.number

    @property
    def stack_failure(self) -> FailedResource | None:
        """The resource of a stack whose update fails; None if the update succeeds."""
        if self.outcome == SUCCEEDED:
            return None
        default = FailedResource() if self.reason is None else FailedResource(reason=self.reason)
        return self.failed_resource or default

    @property
    def connection_error(self) -> str | None:
        """Why the connection could not be used when AWS detected the push; None if it could."""
        if self.connection is None:
            return None
        status = self.connection.status_at((self.detected_at, self.number))
        if status == AVAILABLE:
            return None
        problem = "does not exist" if status == DELETED else f"is not available: its status is {status}"
        return f"The connection {self.connection.arn} {problem}"


@dataclass(frozen=True, slots=True)
class RepositoryAttempt:
    """The repository's own sync attempt for a push. It succeeds once the syncs of the resources have started."""

    push: Push
    changes: tuple[StatusChange, ...]
    """The statuses that it has had, oldest first."""
    events: tuple[Event, ...]

    @property
    def started_at(self) -> float:
        """When the attempt started."""
        return self.changes[0].time

    @property
    def status(self) -> str:
        """The status at the given time."""
        return self.changes[-1].status


@dataclass(slots=True, eq=False)
class Repository(Entity):
    """A repository as a service knows it: CodeConnections' repository link or Proton's registered repository."""

    owner: str
    name: str
    provider: str
    connection_arn: str
    encryption_key: str | None = None
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    pushes: dict[tuple[str, str], list[Push]] = field(default_factory=dict[tuple[str, str], list[Push]])
    """By sync type and branch."""

    @property
    def full_name(self) -> str:
        """The owner and the bare name, as "owner/name"."""
        return f"{self.owner}/{self.name}"

    def receive(self, push: Push, sync_type: str) -> None:
        """Record a push to a followed branch."""
        self.pushes.setdefault((sync_type, push.source.branch), []).append(push)

    def attempt(self, sync_type: str, branch: str, now: float) -> RepositoryAttempt | None:
        """The attempt for the newest detected push to a branch, as of `now`; None before the first."""
        push = newest_detected(self.pushes.get((sync_type, branch), ()), now)
        return None if push is None else _attempt(push, now)

    def attempts(self, sync_type: str, branch: str, now: float) -> Iterator[RepositoryAttempt]:
        """The attempts of a branch up to `now`. Each ends when AWS detects the next push."""
        pushes = self.pushes.get((sync_type, branch), ())
        for index, push in enumerate(pushes):
            next_detected = min((later.detected_at for later in pushes[index + 1 :]), default=inf)
            if push.detected_at <= now and push.detected_at < next_detected:
                yield _attempt(push, min(now, next_detected))


def until(changes: Iterable[StatusChange], now: float) -> tuple[StatusChange, ...]:
    """The changes up to `now`."""
    return tuple(change for change in changes if change.time <= now)


def _attempt(push: Push, now: float) -> RepositoryAttempt:
    """The attempt for a push, as of `now`."""
    start = push.detected_at
    if push.branch_outcome == QUEUED:
        return RepositoryAttempt(push, (StatusChange(start, QUEUED),), ())
    events = _events(push)
    changes = [StatusChange(start, INITIATED)]
    if len(events) > 1:
        changes.append(StatusChange(events[0].time, IN_PROGRESS))
    changes.append(StatusChange(events[-1].time, SUCCEEDED if _is_successful(push) else FAILED))
    return RepositoryAttempt(push, until(changes, now), tuple(event for event in events if event.time <= now))


def newest_detected(pushes: Iterable[Push], now: float) -> Push | None:
    """The newest push that AWS has detected by `now`."""
    detected = [push for push in pushes if push.detected_at <= now]
    return detected[-1] if detected else None


def _is_successful(push: Push) -> bool:
    return push.branch_outcome == SUCCEEDED and push.connection_error is None


def _events(push: Push) -> list[Event]:
    """The events of the repository's attempt that succeeds or fails."""
    start, unreachable = push.detected_at, push.connection_error
    if unreachable is not None:
        return [Event("SYNC_FAILED", unreachable, start + CLONED_AFTER)]
    cloned = Event("CLONE_STARTED", "Clone started", start + CLONED_AFTER)
    if push.branch_outcome == FAILED:
        return [cloned, Event("SYNC_FAILED", push.branch_reason, start + CONFIGURED_AFTER)]
    return [
        cloned,
        Event("CONFIG_UPDATED", "Updated configuration", start + CONFIGURED_AFTER),
        Event("STARTING_SYNC", f"Starting syncs for commit {push.sha}", start + SYNCS_STARTED_AFTER, push.sha),
    ]
