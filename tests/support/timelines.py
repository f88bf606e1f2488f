"""What happens in AWS over time to one sync: a `Timeline` of actions, and a `Snapshot` of each moment of it.

`tests.support.scripted_aws` responds to a wait from these snapshots, and `tests.support.oracle` says how the wait must
end. None of this shares code with the emulator or the waiters.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Literal, NamedTuple

from tests.support.samples import MINE, NEWER, OLD

SIMILAR = MINE[:6] + "0" * 34
"""A commit that shares six digits with ours, one less than the shortest revision has."""
SHAS = (MINE, OLD, NEWER, SIMILAR)
NEW_VALUE = "REIMAGINED"
"""A status that the client does not know."""

Kind = Literal["stack", "instance", "template", "job"]

OWN_FILE = "a.yaml"
BRANCH_EVENTS = {
    "own": f"{OWN_FILE} is invalid",
    "neutral": "the branch could not be read",
    "sibling": "other.yaml is invalid",
}
"""What the event of a branch's attempt says: it names our file, none, or another's."""


class Attempt(NamedTuple):
    """An attempt to sync the resource to a commit."""

    started_at: float
    """Seconds since the start of the wait. No two attempts start at the same time."""
    sha: str
    initial_sha: str
    """The commit that it sets out from."""
    status: str = "INITIATED"

    @property
    def identity(self) -> tuple[str, float]:
        """What tells it from other attempts, whatever its status."""
        return self.sha, self.started_at

    @property
    def in_progress(self) -> bool:
        return self.status in ("INITIATED", "IN_PROGRESS")


class BranchAttempt(NamedTuple):
    """An attempt to sync the branch itself, which comes before the attempts of what the branch defines."""

    started_at: float
    status: str
    about: str
    """A key of BRANCH_EVENTS."""


@dataclass(frozen=True)
class Snapshot:
    """The state of the sync from one action to the next."""

    exists: bool = True
    is_configured: bool = True
    desired: str | None = None
    latest: Attempt | None = None
    successful: Attempt | None = None
    branch: BranchAttempt | None = None
    """The latest sync of the branch."""
    blockers: tuple[int, ...] = ()
    has_new_value: bool = False
    """Whether the status of the latest attempt, or of the sync job, is one that the client does not know."""
    job_state: str = "CREATING"
    """The state of a TwinMaker sync job; empty if there is none."""
    job_code: str = ""
    """The code of its error."""

    @property
    def status(self) -> str | None:
        """AWS's status of the latest attempt."""
        if self.latest is None:
            return None
        return NEW_VALUE if self.has_new_value else self.latest.status

    @property
    def live(self) -> Attempt | None:
        """The latest success, as far as AWS reports it."""
        return self.latest if self.status == "SUCCEEDED" else self.successful


@dataclass(frozen=True)
class Action:
    """Something that happens some seconds after the action before it."""

    after: float
    kind: str
    value: str = ""
    """The commit of a "push"; the state of a "set_state", with an error's code after a colon; the status of a
    "branch" or "branch_end", with a key of BRANCH_EVENTS after a colon."""


@dataclass(frozen=True)
class Timeline:
    """What happens to a sync, and how much of it before the wait starts."""

    actions: tuple[Action, ...]
    before: int = 0
    """How many actions happen before the wait starts."""
    reports_desired: bool = True
    """Whether AWS says which commit it desires."""
    success_lags: bool = False
    """Whether the latest success appears in its own field only once another attempt has started."""

    def snapshots(self) -> list[tuple[float, Snapshot]]:
        """The snapshots, and when each begins. The wait starts at 0."""
        moments = list(accumulate((action.after for action in self.actions), initial=-1_000.0))
        start = moments[min(self.before, len(self.actions))]
        snapshot = Snapshot()
        snapshots = [(moments[0] - start, snapshot)]
        for number, (moment, action) in enumerate(zip(moments[1:], self.actions, strict=True), 1):
            snapshot = self._apply(snapshot, action, number, round(moment - start, 3))
            snapshots.append((round(moment - start, 3), snapshot))
        return snapshots

    def pushes(self) -> list[tuple[float, str]]:
        """The commits that AWS detected, and when."""
        moments = [moment for moment, _ in self.snapshots()[1:]]
        return [
            (moment, action.value)
            for moment, action in zip(moments, self.actions, strict=True)
            if action.kind == "push"
        ]

    def _apply(self, old: Snapshot, action: Action, number: int, now: float) -> Snapshot:
        latest = old.latest
        can_sync = old.exists and old.is_configured and not old.blockers
        match action.kind:
            case "push" if old.exists and old.is_configured:
                return replace(old, desired=action.value)
            case "block" if old.exists:
                return replace(old, blockers=(*old.blockers, number))
            case "unblock":
                return replace(old, blockers=())
            case "remove":
                return Snapshot(exists=False, is_configured=False, branch=old.branch)
            case "remove_status":  # a service instance can be removed while its service's configuration stays
                return Snapshot(exists=False, is_configured=old.is_configured, branch=old.branch)
            case "remove_configuration":
                return replace(old, is_configured=False)
            case "create":
                return old if old.exists and old.is_configured else replace(old, exists=True, is_configured=True)
            case "set_state":
                state, _, code = action.value.partition(":")
                return replace(old, job_state=state, job_code=code)
            case "toggle_new_value":
                return replace(old, has_new_value=not old.has_new_value)
            case "branch":
                status, _, about = action.value.partition(":")
                return replace(old, branch=BranchAttempt(now, status, about or "neutral"))
            case "branch_end" if old.branch is not None and old.branch.status == "IN_PROGRESS":
                status, _, about = action.value.partition(":")
                return replace(old, branch=old.branch._replace(status=status, about=about or "neutral"))
            case "start" if can_sync and old.desired is not None:
                return self._start(old, old.desired, now)
            case "retry" if can_sync and latest is not None and not latest.in_progress:
                return self._start(old, latest.sha, now)
            case "run" if can_sync and latest is not None and latest.in_progress:
                return replace(old, latest=latest._replace(status="IN_PROGRESS"))
            case "fail" if can_sync and latest is not None and latest.in_progress:
                return replace(old, latest=latest._replace(status="FAILED"))
            case "succeed" if can_sync and latest is not None and latest.in_progress:
                done = latest._replace(status="SUCCEEDED")
                return replace(old, latest=done, successful=old.successful if self.success_lags else done)
            case "step" if can_sync:  # whatever comes next if nothing fails
                if latest is not None and latest.in_progress:
                    following = "run" if latest.status == "INITIATED" else "succeed"
                    return self._apply(old, Action(0, following), number, now)
                if old.desired is not None and (latest is None or latest.sha != old.desired):
                    return self._start(old, old.desired, now)
            case _:
                pass
        return old

    @staticmethod
    def _start(old: Snapshot, sha: str, now: float) -> Snapshot:
        latest = old.latest
        successful = latest if latest is not None and latest.status == "SUCCEEDED" else old.successful
        base = latest if latest is not None and latest.in_progress else successful
        initial_sha = base.sha if base is not None else sha
        return replace(old, latest=Attempt(now, sha, initial_sha), successful=successful)
