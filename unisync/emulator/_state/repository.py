"""A repository that Git sync knows: the pushes to it, and what a push sets off in the repository itself."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field

from unisync.emulator._state.entity import Created, next_number

ATTEMPT_DURATION = 30.0
"""Seconds from the start of a resource's attempt to its end, where a push does not say otherwise."""
CLONED_AFTER, CONFIGURED_AFTER, SYNCS_STARTED_AFTER = 1.0, 2.0, 3.0
"""Seconds from the time a push is noticed to the steps of the repository's own attempt."""

SUCCEEDED, INITIATED, IN_PROGRESS = "SUCCEEDED", "INITIATED", "IN_PROGRESS"


@dataclass(frozen=True, slots=True)
class Event:
    """A line in an attempt's history."""

    type: str
    event: str
    time: float
    external_id: str | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """What a sync configuration follows: a branch, and a directory or file in it."""

    repository: Repository
    branch: str
    directory: str


@dataclass(frozen=True, slots=True)
class Push:
    """A commit that reached a branch, at the place that was followed then, and what its sync will come to."""

    sha: str
    place: Place
    at: float
    outcome: str = SUCCEEDED
    reason: str | None = None
    detection_delay: float = 0.0
    duration: float = ATTEMPT_DURATION
    number: int = field(default_factory=next_number)

    @property
    def detected_at(self) -> float:
        """When AWS knows of it."""
        return self.at + self.detection_delay


@dataclass(frozen=True, slots=True)
class RepositoryAttempt:
    """The work on a push before that on any resource: it is over when the resources' syncs have started."""

    started_at: float
    status: str
    events: tuple[Event, ...]


@dataclass(slots=True, eq=False)
class Repository(Created):
    """A repository as a service knows it: a repository link of CodeConnections, a registered one of Proton."""

    owner: str
    name: str
    provider: str
    connection_arn: str
    encryption_key: str | None = None
    tags: list[dict[str, str]] = field(default_factory=list[dict[str, str]])
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    pushes: dict[tuple[str, str], list[Push]] = field(default_factory=dict[tuple[str, str], list[Push]])
    """By the type of sync that follows a branch, and the branch."""

    @property
    def full_name(self) -> str:
        """Owner and bare name."""
        return f"{self.owner}/{self.name}"

    def receive(self, push: Push, sync_type: str) -> None:
        """Take a push to a branch that is followed."""
        self.pushes.setdefault((sync_type, push.place.branch), []).append(push)

    def attempt(self, sync_type: str, branch: str, now: float) -> RepositoryAttempt | None:
        """The attempt of the newest push to a branch, as it stands at `now`."""
        push = newest_detected(self.pushes.get((sync_type, branch), ()), now)
        if push is None:
            return None
        start = push.detected_at
        events = (
            Event("CLONE_STARTED", "Clone started", start + CLONED_AFTER),
            Event("CONFIG_UPDATED", "Updated configuration", start + CONFIGURED_AFTER),
            Event("STARTING_SYNC", f"Starting syncs for commit {push.sha}", start + SYNCS_STARTED_AFTER, push.sha),
        )
        passed = tuple(event for event in events if event.time <= now)
        status = SUCCEEDED if len(passed) == len(events) else IN_PROGRESS if passed else INITIATED
        return RepositoryAttempt(start, status, passed)


def newest_detected(pushes: Sequence[Push], now: float) -> Push | None:
    """The newest of the pushes that AWS knows of."""
    return next((push for push in reversed(pushes) if push.detected_at <= now), None)
