"""The lives of syncs, described plainly: a model that goes from one moment to the next, where the emulator computes.

It shares no code with the emulator. The seconds are those that the emulator's pages give.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

CREATING, INITIALIZING, DELETING = 5.0, 20.0, 10.0
"""Seconds that a TwinMaker sync job is in each state."""
FOUND = 2.0
"""Seconds that a resource is INITIALIZING."""
INITIATED = 5.0
"""Seconds that an attempt of Git sync is INITIATED."""
CLONED, STARTED = 1.0, 3.0
"""Seconds from when a push is noticed until its repository is IN_PROGRESS, and until the syncs have started."""


@dataclass
class Job:
    """A TwinMaker sync job."""

    created: float
    is_refused: bool
    deleted: float | None = None

    def state(self, now: float) -> str | None:
        """AWS's word; None once it is gone."""
        if self.deleted is not None:
            return "DELETING" if now - self.deleted < DELETING else None
        age = now - self.created
        if age < CREATING:
            return "CREATING"
        if self.is_refused:
            return "ERROR"
        return "INITIALIZING" if age < CREATING + INITIALIZING else "ACTIVE"


@dataclass
class Resource:
    """What a sync job keeps in sync."""

    added: float
    duration: float
    fails: bool
    removed: float | None = None

    def state(self, job: Job, now: float) -> str | None:
        """AWS's word; None if the job knows nothing of it."""
        known = max(self.added, job.created + CREATING)
        end = min([each for each in (self.removed, job.deleted) if each is not None], default=None)
        if job.is_refused or now < known or (end is not None and end < known):
            return None
        if end is not None:
            return "DELETED"
        age = now - known
        if age >= self.duration:
            return "ERROR" if self.fails else "IN_SYNC"
        return "INITIALIZING" if age < FOUND else "PROCESSING"


@dataclass
class Commit:
    """A push, as far as it concerns one resource."""

    sha: str
    noticed: float
    outcome: str
    duration: float


@dataclass
class Attempt:
    """A try to bring a resource to a commit."""

    place: int
    """That of its commit among the pushes."""
    commit: Commit
    initial: str
    started: float
    worked: float = 0.0
    status: str = "INITIATED"

    @property
    def is_under_way(self) -> bool:
        return self.status in ("INITIATED", "IN_PROGRESS")

    @property
    def events(self) -> list[str]:
        """The types of what happened so far."""
        ends = [] if self.is_under_way else [f"SYNC_{self.status}"]
        return ["SYNC_INITIATED", *(["SYNC_STARTED"] if self.status != "INITIATED" else []), *ends]

    def next_step(self) -> float:
        """Seconds of work until it stands otherwise."""
        step = min(INITIATED, self.commit.duration) if self.status == "INITIATED" else self.commit.duration
        return step - self.worked

    def settle(self) -> None:
        """Stand as its work says."""
        if self.worked >= self.commit.duration:
            self.status = self.commit.outcome
        elif self.worked >= INITIATED:
            self.status = "IN_PROGRESS"


@dataclass
class GitResource:
    """A resource that follows a branch."""

    now: float
    is_blocked: Callable[[], bool]
    commits: list[Commit] = field(default_factory=list[Commit])
    attempts: list[Attempt] = field(default_factory=list[Attempt])

    def push(self, commit: Commit) -> None:
        """Take a push."""
        self.commits.append(commit)
        self.settle()

    def advance(self, until: float) -> None:
        """Go from one thing that happens to the next."""
        while True:
            self.settle()
            if self.now >= until:
                return
            moves = not self.is_blocked() and bool(self.attempts) and self.attempts[-1].is_under_way
            coming = [commit.noticed for commit in self.commits if commit.noticed > self.now]
            if moves:
                coming.append(self.now + self.attempts[-1].next_step())
            then = min(until, *coming) if coming else until
            if moves:
                self.attempts[-1].worked += then - self.now
            self.now = then

    def settle(self) -> None:
        """Let happen what is due now: work that is done is done, and then the newest commit has its turn."""
        if self.is_blocked():
            return
        last = self.attempts[-1] if self.attempts else None
        if last is not None and last.is_under_way:
            last.settle()
        place = self._newest()
        if place is None or (last is not None and place <= last.place):
            return
        if last is not None and last.started == self.now:
            self.attempts.pop()  # it never came to be: another was pushed at the very moment
        before = self.attempts[-1] if self.attempts else None
        live = self.live
        initial = before.commit.sha if before is not None and before.is_under_way else live
        self.attempts.append(Attempt(place, self.commits[place], initial or self.commits[place].sha, self.now))
        self.attempts[-1].settle()

    def _newest(self) -> int | None:
        noticed = [place for place, commit in enumerate(self.commits) if commit.noticed <= self.now]
        return noticed[-1] if noticed else None

    @property
    def desired(self) -> str | None:
        """The newest commit that was noticed."""
        place = self._newest()
        return None if place is None else self.commits[place].sha

    @property
    def success(self) -> Attempt | None:
        """The newest attempt that succeeded."""
        return next((each for each in reversed(self.attempts) if each.status == "SUCCEEDED"), None)

    @property
    def live(self) -> str | None:
        """The commit that is live."""
        return self.success.commit.sha if self.success is not None else None

    def check(self, reply: dict[str, Any], epoch: float) -> None:
        """That a reply says this."""
        told = {name[0].lower() + name[1:]: value for name, value in reply.items()}
        assert lowered(told.get("desiredState")).get("sha") == self.desired
        latest = self.attempts[-1] if self.attempts else None
        for member, attempt in (("latestSync", latest), ("latestSuccessfulSync", self.success)):
            assert (member in told) == (attempt is not None), member
            if attempt is not None:
                found = lowered(told[member])
                assert found["status"] == attempt.status
                assert lowered(found["targetRevision"])["sha"] == attempt.commit.sha
                assert lowered(found["initialRevision"])["sha"] == attempt.initial
                assert abs(found["startedAt"].timestamp() - epoch - attempt.started) < 0.01
                assert [lowered(event)["type"] for event in found["events"]] == attempt.events


@dataclass
class Branch:
    """What was pushed to a branch, whatever resource it was for."""

    noticed: list[float] = field(default_factory=list[float])

    def status(self, now: float) -> str | None:
        """How the newest push stands; None before the first."""
        known = [each for each in self.noticed if each <= now]
        if not known:
            return None
        age = now - known[-1]
        return "SUCCEEDED" if age >= STARTED else "IN_PROGRESS" if age >= CLONED else "INITIATED"


@dataclass
class Blocker:
    """What stops a sync."""

    id: str
    reason: str
    resolved: str | None = None


def active(*blockers: list[Blocker]) -> Iterator[Blocker]:
    """Those that block."""
    return (each for some in blockers for each in some if each.resolved is None)


def check_blockers(told: list[dict[str, Any]], blockers: list[Blocker]) -> None:
    """That a summary says this."""
    found = {each["id"]: each for each in map(lowered, told)}
    assert set(found) == {each.id for each in blockers}
    for blocker in blockers:
        shown = found[blocker.id]
        assert shown["createdReason"] == blocker.reason
        assert shown["status"] == ("ACTIVE" if blocker.resolved is None else "RESOLVED")
        assert shown.get("resolvedReason") == blocker.resolved


def lowered(members: dict[str, Any] | None) -> dict[str, Any]:
    """Members as Proton and TwinMaker write them."""
    return {name[0].lower() + name[1:]: value for name, value in (members or {}).items()}
