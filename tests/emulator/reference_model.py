"""A reference model of the syncs, to compare the emulator with.

The model steps from one event to the next and keeps state, where the emulator computes everything from the time. They
share no code. The durations are those that the emulator documents.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

CREATING, INITIALIZING, DELETING = 5.0, 20.0, 10.0
"""Seconds that a TwinMaker sync job spends in each state."""
RESOURCE_INITIALIZING = 2.0
"""Seconds that a resource is INITIALIZING."""
INITIATED = 5.0
"""Seconds that a Git sync attempt is INITIATED."""
CLONED, STARTED = 1.0, 3.0
"""Seconds from the detection of a push until its repository is IN_PROGRESS, and until it is SUCCEEDED."""


@dataclass
class Job:
    """A TwinMaker sync job."""

    created: float
    role_denied: bool
    deleted: float | None = None

    def state(self, now: float) -> str | None:
        """AWS's state; None once the job is deleted."""
        if self.deleted is not None:
            return "DELETING" if now - self.deleted < DELETING else None
        age = now - self.created
        if age < CREATING:
            return "CREATING"
        if self.role_denied:
            return "ERROR"
        return "INITIALIZING" if age < CREATING + INITIALIZING else "ACTIVE"


@dataclass
class Resource:
    """A resource of a sync job."""

    added: float
    duration: float
    fails: bool
    removed: float | None = None

    def state(self, job: Job, now: float) -> str | None:
        """AWS's state; None if the job does not list the resource."""
        found = max(self.added, job.created + CREATING)
        end = min([each for each in (self.removed, job.deleted) if each is not None], default=None)
        if job.role_denied or now < found or (end is not None and end < found):
            return None
        if end is not None:
            return "DELETED"
        age = now - found
        if age >= self.duration:
            return "ERROR" if self.fails else "IN_SYNC"
        return "INITIALIZING" if age < RESOURCE_INITIALIZING else "PROCESSING"


@dataclass
class Commit:
    """A commit pushed to one resource."""

    sha: str
    detected: float
    outcome: str
    duration: float


@dataclass
class Attempt:
    """An attempt to sync a resource to a commit."""

    index: int
    """The index of its commit among the pushes."""
    commit: Commit
    initial: str
    started: float
    outcome: str
    """Not that of its commit if the resource does not exist."""
    worked: float = 0.0
    """Seconds of work done. Blocked time does not count."""
    status: str = "INITIATED"

    @property
    def is_running(self) -> bool:
        return self.status in ("INITIATED", "IN_PROGRESS")

    @property
    def events(self) -> list[str]:
        """The types of the events so far."""
        end = [] if self.is_running else [f"SYNC_{self.status}"]
        return ["SYNC_INITIATED", *(["SYNC_STARTED"] if self.status != "INITIATED" else []), *end]

    def time_to_next_status(self) -> float:
        """Seconds of work until the status changes."""
        due = min(INITIATED, self.commit.duration) if self.status == "INITIATED" else self.commit.duration
        return due - self.worked

    def update_status(self) -> None:
        if self.worked >= self.commit.duration:
            self.status = self.outcome
        elif self.worked >= INITIATED:
            self.status = "IN_PROGRESS"


@dataclass
class GitResource:
    """A resource that follows a branch."""

    now: float
    is_blocked: Callable[[], bool]
    block: Callable[[], object] = lambda: None
    """Adds the blocker of a change by hand."""
    exists: bool = True
    changed: bool = False
    """Whether it was changed by hand, which blocks its next attempt."""
    commits: list[Commit] = field(default_factory=list[Commit])
    attempts: list[Attempt] = field(default_factory=list[Attempt])

    def push(self, commit: Commit) -> None:
        self.commits.append(commit)
        self.update()

    def advance(self, until: float) -> None:
        """Step from event to event until a time."""
        while True:
            self.update()
            if self.now >= until:
                return
            working = not self.is_blocked() and bool(self.attempts) and self.attempts[-1].is_running
            coming = [commit.detected for commit in self.commits if commit.detected > self.now]
            if working:
                coming.append(self.now + self.attempts[-1].time_to_next_status())
            then = min(until, *coming) if coming else until
            if working:
                self.attempts[-1].worked += then - self.now
            self.now = then

    def update(self) -> None:
        """Apply what is due now: first the status of the running attempt, then the start of the newest commit."""
        if self.is_blocked():
            return
        last = self.attempts[-1] if self.attempts else None
        if last is not None and last.is_running:
            last.update_status()
        index = self._newest()
        if index is None or (last is not None and index <= last.index):
            return
        if self.changed:
            self.changed = False
            self.block()
            return
        if last is not None and last.started == self.now:
            self.attempts.pop()  # superseded at the moment of its start: AWS never shows it
        before = self.attempts[-1] if self.attempts else None
        initial = before.commit.sha if before is not None and before.is_running else self.live
        commit = self.commits[index]
        outcome = commit.outcome if self.exists else "FAILED"
        self.attempts.append(Attempt(index, commit, initial or commit.sha, self.now, outcome))
        self.attempts[-1].update_status()

    def _newest(self) -> int | None:
        detected = [index for index, commit in enumerate(self.commits) if commit.detected <= self.now]
        return detected[-1] if detected else None

    @property
    def desired(self) -> str | None:
        """The newest detected commit."""
        index = self._newest()
        return None if index is None else self.commits[index].sha

    @property
    def success(self) -> Attempt | None:
        """The newest successful attempt."""
        return next((each for each in reversed(self.attempts) if each.status == "SUCCEEDED"), None)

    @property
    def live(self) -> str | None:
        """The live commit."""
        return self.success.commit.sha if self.success is not None else None

    def check(self, reply: dict[str, Any], epoch: float) -> None:
        """Compare a reply of AWS with the model."""
        status = camel_case(reply)
        assert camel_case(status.get("desiredState")).get("sha") == self.desired
        latest = self.attempts[-1] if self.attempts else None
        for name, attempt in (("latestSync", latest), ("latestSuccessfulSync", self.success)):
            assert (name in status) == (attempt is not None), name
            if attempt is not None:
                found = camel_case(status[name])
                assert found["status"] == attempt.status
                assert camel_case(found["targetRevision"])["sha"] == attempt.commit.sha
                assert camel_case(found["initialRevision"])["sha"] == attempt.initial
                assert abs(found["startedAt"].timestamp() - epoch - attempt.started) < 0.01
                assert [camel_case(event)["type"] for event in found["events"]] == attempt.events


@dataclass
class Branch:
    """The pushes to a branch, for any resource."""

    detected: list[float] = field(default_factory=list[float])

    def status(self, now: float) -> str | None:
        """The status of the newest push; None before the first."""
        known = [each for each in self.detected if each <= now]
        if not known:
            return None
        age = now - known[-1]
        return "SUCCEEDED" if age >= STARTED else "IN_PROGRESS" if age >= CLONED else "INITIATED"


@dataclass
class Blocker:
    """A sync blocker."""

    id: str = ""
    """Unknown, if the test did not add the blocker itself, until it is read."""
    reason: str = "Target arn:aws:cloudformation:"
    """The reason, or its beginning."""
    resolved: str | None = None
    """The reason of the resolution; None while the blocker is active."""


def active(*blockers: list[Blocker]) -> Iterator[Blocker]:
    """The active blockers of several lists."""
    return (each for some in blockers for each in some if each.resolved is None)


def check_blockers(shown: list[dict[str, Any]], blockers: list[Blocker]) -> None:
    """Compare the blockers in a reply of AWS with the model."""
    by_id = {each["id"]: each for each in map(camel_case, shown)}
    unknown = [blocker for blocker in blockers if not blocker.id]
    for blocker, found in zip(unknown, sorted(by_id.keys() - {each.id for each in blockers}), strict=True):
        blocker.id = found
    assert set(by_id) == {each.id for each in blockers}
    for blocker in blockers:
        found = by_id[blocker.id]
        assert found["createdReason"].startswith(blocker.reason)
        assert found["status"] == ("ACTIVE" if blocker.resolved is None else "RESOLVED")
        assert found.get("resolvedReason") == blocker.resolved


def camel_case(fields: dict[str, Any] | None) -> dict[str, Any]:
    """The fields named as Proton and TwinMaker name them."""
    return {name[0].lower() + name[1:]: value for name, value in (fields or {}).items()}
