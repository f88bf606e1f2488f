"""The rules of waiting, applied to what a wait received: where it must end, and how.

The `Oracle` goes through the polls of a `WaitLog` in order. For each it first says what the status alone means
(`_judge`), then what must and may be read beside it, and what that changes. The numbers in comments are those of the
rules: 5 failures and grace, 6 errors, 7 timeouts, 8 revisions, 10 blockers, 11 superseded, 12 the branch.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from tests.support.scripted_aws import BLOCKER_READS, BRANCH_READ, EPOCH, CallRecord, Role, WaitLog
from tests.support.timelines import NEW_VALUE, Attempt, BranchAttempt, Snapshot
from unisync import (
    Backoff,
    GitSyncJob,
    NotFoundError,
    ResponseError,
    SyncBlockedError,
    SyncFailedError,
    SyncJob,
    SyncSupersededError,
    TransportError,
    UnisyncError,
    WaitError,
    WaitTimeoutError,
)

OVERTIME = 1.0
"""Seconds after its deadline that a wait may take for responses in flight."""
LATE_POLL = 10.0
"""Seconds for the poll of a wait that is continued after its deadline."""
SETTLING_TIME = 120.0
"""Seconds after which what was there before the wait counts."""
SIDE_READ_INTERVAL = 15.0
SIDE_READ_TIMEOUT = 10.0
CLOCK_TOLERANCE = 30.0
"""Seconds by which AWS's clock may differ from the one that `started_after` was read from."""
MAX_UNREAD = 3
"""Consecutive failed reads of the blockers that a verdict waits for."""
ROUNDING = 0.002
CONTINUES = "The sync continues in AWS."


@dataclass(frozen=True)
class Rules:
    """What a wait was asked for."""

    timeout: float
    backoff: Backoff
    shas: tuple[str, ...] = ()
    """The commits that it waits for, or their first digits, in lower case; none if it is for what AWS desires."""
    grace: float = 0.0
    started_after: float | None = None
    """In seconds since the start of the wait."""

    def is_ours(self, sha: str | None) -> bool:
        return sha is not None and bool(self.shas) and sha.startswith(self.shas)

    def counts(self, attempt: Attempt) -> bool:
        """Whether an attempt began late enough (8)."""
        return self.started_after is None or attempt.started_at >= self.started_after - CLOCK_TOLERANCE


class Seen(NamedTuple):
    """What a successful poll showed."""

    at: float
    snapshot: Snapshot


class BranchReading(NamedTuple):
    """What a successful read of the branch showed; None if the branch was never synced."""

    at: float
    attempt: BranchAttempt | None


class Verdict(NamedTuple):
    """What ends a wait."""

    kind: str
    """ "synced", "failed", "superseded", "blocked", "deleted", "not found", or "error"."""
    error: UnisyncError | None = None
    """The error of a call that the wait raises as it is."""
    branch: BranchAttempt | None = None
    """The sync of the branch that failed; None if it was an attempt of the resource."""
    superseded_by: frozenset[str] = frozenset()
    """The commits that took the place of ours."""
    was_before: bool = False


@dataclass
class Oracle:
    """Says, poll by poll, whether a wait must end there, and how."""

    log: WaitLog
    rules: Rules
    jumped_to: float = 0.0
    """When time last jumped."""
    deletion: bool = False
    """Whether the wait is for a deletion."""
    takes_hints: bool = False
    """Whether hints may end its pauses, each of which then has two parts."""
    forgets_job: bool = False
    """Whether each poll is made by another process, which has no job if its poll fails."""

    seen: list[Seen] = field(default_factory=list[Seen])
    """The successful polls so far."""
    failed_since: dict[object, float] = field(default_factory=dict[object, float])
    """When each failed attempt was first seen."""
    standing: Verdict | None = None
    """The verdict that the wait has reached and may still not end with: grace is left, or the blockers are unread."""
    grace_ends_at: float = math.inf
    """When the grace of the failure ends that was seen last."""
    read_at: dict[Role, tuple[float, float]] = field(default_factory=dict[Role, "tuple[float, float]"])
    """When the last side read of each role began and ended."""
    denied: set[Role] = field(default_factory=set[Role])
    """The side reads that the caller may not make, which are not repeated."""
    missing: set[Role] = field(default_factory=set[Role])
    """The side reads of something that does not exist, which need not be repeated."""
    unread: int = 0
    """How many consecutive reads of the blockers failed."""
    first_branch: BranchReading | None = None
    branch: BranchReading | None = None
    """The last reading of the branch."""
    consecutive_unreadable: int = 0
    last_error: UnisyncError | None = None

    # What a test checks.

    def check(self, outcome: object) -> None:
        """Check that a wait ended with the outcome that the rules demand, and in time."""
        polls = self.log.polls
        for index in range(len(polls) - 1):
            verdict = self._end(polls[index], is_last=False)
            assert verdict is None, f"the wait went on after {verdict} in poll {index + 1}: {polls[index]}"
            self._check_pause(index)
        verdict = self._end(polls[-1], is_last=True)
        if verdict is None:
            # 3, 6: a verdict that was reached before is not lost to the deadline.
            assert self.log.ended_at >= self.rules.timeout - ROUNDING, f"nothing ends the wait, but {outcome!r}"
            verdict = self.standing
            has_read = any(call.role == "blockers" for call in polls[-1])
            if verdict is not None and verdict.kind == "failed" and polls[-1] and not self._is_too_late():
                # 10
                assert has_read or not self._must_read("blockers"), "the blockers were not read before the failure"
        self._check_outcome(verdict, outcome)
        # The last poll of a wait that another process continues late has some time.
        late = LATE_POLL if self.forgets_job and self.jumped_to > self.rules.timeout else 0.0
        assert self.log.ended_at <= max(self.rules.timeout + OVERTIME, self.jumped_to + late) + 0.01

    def check_unfinished(self) -> None:
        """Check that a wait which others ended went on for good reasons."""
        for index in range(len(self.log.polls) - 1):
            verdict = self._end(self.log.polls[index], is_last=False)
            assert verdict is None, f"the wait went on after {verdict}"
            if not (self.takes_hints and index == len(self.log.pauses) - 1):  # it may have ended in its first part
                self._check_pause(index)

    def _check_pause(self, index: int) -> None:
        """4: pauses grow apart, and 5: one ends with the grace."""
        if self.takes_hints and index in self.log.jumped:
            return  # there may be no second part of it then
        backoff, pause = self.rules.backoff, self.log.pauses[index]
        # They grow anew after a hint.
        grown = index - 1 - max((hinted for hinted in self.log.hinted if hinted < index), default=-1)
        full = min(backoff.initial * backoff.factor**grown, backoff.maximum)
        ends = [self.rules.timeout, *([self.grace_ends_at] if self.grace_ends_at > pause.started_at else [])]
        at_most = max(min(ends) - pause.started_at, 0)
        lower, upper = min(full * (1 - backoff.jitter), at_most), min(full, at_most)
        assert lower - ROUNDING <= pause.seconds <= upper + ROUNDING, (
            f"pause {index + 1} took {pause.seconds}, not {lower} to {upper}"
        )

    def _check_outcome(self, verdict: Verdict | None, outcome: object) -> None:
        kind = "timed out" if verdict is None else verdict.kind
        expected: dict[str, type[object]] = {
            "synced": SyncJob,
            "failed": SyncFailedError,
            "superseded": SyncSupersededError,
            "blocked": SyncBlockedError,
            "not found": NotFoundError,
            "error": UnisyncError,
            "deleted": type(None),
            "timed out": WaitTimeoutError,
        }
        if kind == "synced" and self.forgets_job and not self._has_polled:
            assert outcome is None
            return
        assert isinstance(outcome, expected[kind]), f"{verdict or kind}, and not {outcome!r}"
        match outcome:
            case SyncJob():
                self._check_job(outcome)
            case SyncFailedError():
                assert verdict is not None
                branch = verdict.branch and (EPOCH + verdict.branch.started_at)
                is_forgotten = self.forgets_job and outcome.branch is None
                assert is_forgotten or branch == (outcome.branch and round(outcome.branch.started_at.timestamp(), 3))
            case SyncSupersededError():
                assert verdict is not None
                self._check_superseded(verdict, outcome)
            case SyncBlockedError():
                assert [blocker.id for blocker in outcome.blockers] == self._blockers(self.log.polls[-1])
            case WaitTimeoutError():
                # An error of an earlier poll counts where the deadline cut off the last one.
                is_forgotten = self.forgets_job and outcome.last_error is None
                assert outcome.last_error is self.last_error or is_forgotten
                assert (CONTINUES in str(outcome)) is self._is_under_way() is outcome.is_in_progress, f"{outcome}"  # 7
                self._check_last_side_reads()
            case _:
                assert verdict is not None
                assert verdict.error is None or outcome is verdict.error
        if isinstance(outcome, WaitError):
            assert abs(outcome.elapsed - self.log.ended_at) < ROUNDING
            assert outcome.polls == len(self.log.polls)
            self._check_job(outcome.job)

    def _check_superseded(self, verdict: Verdict, error: SyncSupersededError) -> None:
        """11: the commit took the place of ours for certain, and AWS really detected it after ours."""
        assert error.superseded_by.sha in verdict.superseded_by
        assert error.was_before is verdict.was_before
        ended_at = self.log.polls[-1][-1].ended_at
        shas = [sha for moment, sha in self.log.aws.timeline.pushes() if moment <= ended_at]
        ours = [index for index, sha in enumerate(shas) if self.rules.is_ours(sha)]
        assert ours
        assert error.superseded_by.sha in shas[ours[0] :], "it came before ours"

    def _check_last_side_reads(self) -> None:
        """10: a wait that times out has read the blockers in its last poll; and 7: the branch, if nothing is under way.

        Not so if nothing is known of the sync, or if the calls before took all the time that was left.
        """
        last = self.log.polls[-1]
        if not self.seen or self.deletion or last[-1].ended_at >= self._last_call_at:
            return
        roles = {call.role for call in last}
        assert "blockers" in roles or not self._must_read("blockers"), "the blockers were not read at last"
        is_of_use = not self._is_attempted(self.seen[-1].snapshot) and (self._has_polled or not self.forgets_job)
        assert "branch" in roles or not is_of_use or not self._must_read("branch"), "the branch was not read at last"

    @property
    def _slack(self) -> float:
        """Seconds by which a wait may misjudge how long it has lasted: a token has whole milliseconds."""
        return ROUNDING if self.forgets_job else 0.0

    @property
    def _has_polled(self) -> bool:
        """Whether the last poll has read the status."""
        calls = [call for call in self.log.polls[-1] if call.role == "status"]
        return bool(calls) and calls[-1].error is None

    def _check_job(self, job: object) -> None:
        """2: the job is that of the last successful poll."""
        if not self.seen or (self.forgets_job and not self._has_polled):
            assert job is None
            return
        snapshot = self.seen[-1].snapshot
        assert isinstance(job, SyncJob)
        if self.log.aws.kind == "job":
            assert job.status.aws_state == (NEW_VALUE if snapshot.has_new_value else snapshot.job_state)
            return
        assert isinstance(job, GitSyncJob)
        assert (job.latest_sync and job.latest_sync.target_revision.sha) == (snapshot.latest and snapshot.latest.sha)
        assert job.status.aws_state == (snapshot.status or "")
        assert (job.desired_state and job.desired_state.sha) == self._desired(snapshot)

    # A poll.

    def _end(self, poll: list[CallRecord], *, is_last: bool) -> Verdict | None:
        """What ends the wait after a poll; None if it must go on, or may not go on for the deadline alone."""
        status_calls = [call for call in poll if call.role == "status"]
        side_reads = poll[len(status_calls) :]
        assert poll == [*status_calls, *side_reads], "the status is read first"
        if not status_calls:
            return None
        last = status_calls[-1]
        if last.error is not None or last.is_configuration_missing:
            verdict = self._end_by_error(last)
            if verdict is not None or not side_reads:
                return verdict
            assert is_last, "nothing else is read when the status is not known, but in the last poll"
            return self._with_side_reads(side_reads, is_due=False, is_last=True)
        self.last_error, self.consecutive_unreadable, self.grace_ends_at = None, 0, math.inf
        snapshot = _snapshot_of(status_calls)
        self.seen.append(Seen(last.ended_at, snapshot))
        self.standing = self._judge(snapshot)
        is_due = self.standing is not None
        if self.standing is not None and self.standing.kind == "failed":
            is_due = self._is_grace_over(self.standing, snapshot)
        return self._with_side_reads(side_reads, is_due=is_due, is_last=is_last)

    def _end_by_error(self, call: CallRecord) -> Verdict | None:
        """6: which errors of the status end the wait."""
        # 3: an error that the wait's own deadline caused is none of the endpoint's.
        if call.is_cut_off:
            return None
        error = self.last_error = call.error
        if call.is_not_found or call.is_configuration_missing:
            return Verdict("deleted" if self.deletion else "not found")
        is_unreadable = isinstance(error, ResponseError) and not error.is_truncated
        self.consecutive_unreadable = self.consecutive_unreadable + 1 if is_unreadable else 0
        if is_unreadable:
            return Verdict("error", error) if self.consecutive_unreadable >= 3 else None
        return None if _is_transient(error) else Verdict("error", error)

    def _is_grace_over(self, failure: Verdict, snapshot: Snapshot) -> bool:
        """5: whether a failure has lasted for the grace, counted from the poll that first saw this attempt failed."""
        if self.log.aws.kind == "job" and snapshot.job_state == "DELETING" and not self.deletion:
            return True  # a deletion does not pass
        now = self.seen[-1].at
        if failure.branch is not None and self.branch is not None:
            now = max(now, self.branch.at)
        identity: object = failure.branch or (snapshot.latest and snapshot.latest.identity)
        self.grace_ends_at = self.failed_since.setdefault(identity, now) + self.rules.grace
        return now >= self.grace_ends_at - ROUNDING

    # What the status alone means.

    def _judge(self, snapshot: Snapshot) -> Verdict | None:
        """What the status alone means."""
        if self.log.aws.kind == "job":
            return self._judge_job(snapshot)
        latest = snapshot.latest
        if self.deletion:
            return None
        if not self.rules.shas:
            if latest is None or not self.rules.counts(latest) or self._desired(snapshot) not in (None, latest.sha):
                return None
            kind = {"SUCCEEDED": "synced", "FAILED": "failed"}.get(snapshot.status or "")
            return None if kind is None else Verdict(kind)
        live = snapshot.live
        if live is not None and self.rules.is_ours(live.sha) and self.rules.counts(live):
            return Verdict("synced")
        if latest is not None and self.rules.is_ours(latest.sha) and self.rules.counts(latest):
            return Verdict("failed") if snapshot.status == "FAILED" else None
        return self._superseded(snapshot)

    def _judge_job(self, snapshot: Snapshot) -> Verdict | None:
        """5: the state of a TwinMaker sync job."""
        if self.deletion:
            failed = snapshot.job_state == "ERROR" and snapshot.job_code == "SYNC_DELETING_ERROR"
            verdict = Verdict("failed") if failed and not snapshot.has_new_value else None
        else:
            kind = {"ACTIVE": "synced", "ERROR": "failed", "DELETING": "failed"}.get(snapshot.job_state)
            verdict = None if kind is None or snapshot.has_new_value else Verdict(kind)
        if verdict is None or verdict.kind != "failed":
            self.failed_since.clear()
        return verdict

    def _superseded(self, snapshot: Snapshot) -> Verdict | None:
        """11: whether it is certain that another commit took the place of ours."""
        desired, latest = self._desired(snapshot), snapshot.latest
        # AWS desires our commit: it may still come, as after a roll-back.
        if self.rules.is_ours(desired):
            return None
        first = self.seen[0]
        first_latest = first.snapshot.latest
        was_there = latest is not None and first_latest is not None and latest.identity == first_latest.identity
        proven: set[str] = set()
        is_away = latest is not None and not self.rules.is_ours(latest.sha) and self.rules.is_ours(latest.initial_sha)
        # (a): an attempt sets out from ours, or follows it.
        if latest is not None and not was_there and (is_away or self._follows_ours(latest)):
            proven.add(latest.sha)
        # (b): ours was seen, and after it a commit that was not known until then.
        shown = next((index for index, each in enumerate(self.seen) if self._shows_ours(each.snapshot)), None)
        if shown is not None:
            known = {sha for each in self.seen[: shown + 1] for sha in self._shas(each.snapshot)}
            proven |= {sha for sha in (desired, latest and latest.sha) if sha is not None} - known
        proven = {sha for sha in proven if not self.rules.is_ours(sha)}
        if proven:
            return Verdict("superseded", superseded_by=frozenset(proven))
        # (c): an attempt away from ours was there from the start, and AWS has had the time to notice a new push.
        # Nor has it turned to ours since: a read may be stale.
        turned_at = max([first.at, *(each.at for each in self.seen if self._shows_ours(each.snapshot))])
        has_settled = self.seen[-1].at - turned_at >= SETTLING_TIME
        if latest is not None and is_away and was_there and has_settled and self.rules.started_after is None:
            return Verdict("superseded", superseded_by=frozenset({latest.sha}), was_before=True)
        return None

    def _follows_ours(self, attempt: Attempt) -> bool:
        """Whether an attempt began after one of ours that this wait saw."""
        if self.rules.is_ours(attempt.sha):
            return False
        latest = [each.snapshot.latest for each in self.seen if each.snapshot.latest is not None]
        ours = [each.started_at for each in latest if self.rules.is_ours(each.sha)]
        return bool(ours) and attempt.started_at > max(ours)

    def _shows_ours(self, snapshot: Snapshot) -> bool:
        """Whether AWS desires our commit, or has attempted it last."""
        latest = snapshot.latest
        return self.rules.is_ours(self._desired(snapshot)) or (latest is not None and self.rules.is_ours(latest.sha))

    def _shas(self, snapshot: Snapshot) -> set[str | None]:
        """The commits that AWS desired, attempted or set out from."""
        attempts = [each for each in (snapshot.latest, snapshot.successful) if each is not None]
        return {self._desired(snapshot), *(sha for each in attempts for sha in (each.sha, each.initial_sha))}

    def _is_attempted(self, snapshot: Snapshot) -> bool:
        """Whether what the wait is for is being attempted."""
        latest = snapshot.latest
        if latest is None or snapshot.has_new_value or not latest.in_progress or not self.rules.counts(latest):
            return False
        if self.rules.shas:
            return self.rules.is_ours(latest.sha)
        return self._desired(snapshot) in (None, latest.sha)

    def _is_under_way(self) -> bool:
        """Whether AWS goes on with what the wait is for, as far as it was seen last."""
        if not self.seen:
            return False
        snapshot = self.seen[-1].snapshot
        if self.log.aws.kind != "job":
            return not self.deletion and self._is_attempted(snapshot)
        states = ["DELETING"] if self.deletion else ["CREATING", "INITIALIZING"]
        return snapshot.job_state in states and not snapshot.has_new_value

    def _desired(self, snapshot: Snapshot) -> str | None:
        return snapshot.desired if self.log.aws.timeline.reports_desired else None

    # What is read beside the status.

    def _can_read(self, role: Role) -> bool:
        """Whether there is something of a role to read, and the caller was not refused."""
        kind = self.log.aws.kind
        if self.deletion or kind == "job" or role in self.denied:
            return False
        if role == "blockers":
            return kind != "template"
        if kind != "instance":
            return True
        # The branch of an instance is known from its own revisions alone.
        snapshot = self.seen[-1].snapshot
        return self._desired(snapshot) is not None or snapshot.latest is not None

    def _must_read(self, role: Role) -> bool:
        """Whether something is to be read when it is due."""
        return self._can_read(role) and role not in self.missing

    def _is_too_late(self) -> bool:
        """3: whether the wait woke up so late that it may send no further call."""
        status_calls = [call for call in self.log.polls[-1] if call.role == "status"]
        return status_calls[-1].ended_at >= self._last_call_at

    @property
    def _last_call_at(self) -> float:
        """When the last call may be sent."""
        return self.rules.timeout + OVERTIME - ROUNDING

    def _with_side_reads(self, calls: list[CallRecord], *, is_due: bool, is_last: bool) -> Verdict | None:
        """What ends the wait, with what was read beside the status."""
        verdict, snapshot = self.standing, self.seen[-1].snapshot
        if is_due and verdict is not None and not self._needs_blockers(verdict):
            assert not calls, "a wait that ends reads nothing else"
            return verdict
        blockers = [call for call in calls if call.role == "blockers"]
        branch = [call for call in calls if call.role == "branch"]
        self._note_branch(branch)
        if verdict is None:
            verdict = self._branch_failure(snapshot)
            is_due = verdict is not None and self._is_grace_over(verdict, snapshot)
            self.standing = verdict
        self._check_side_reads(blockers, "blockers", snapshot, is_last=is_last)
        self._check_side_reads(branch, "branch", snapshot, is_last=is_last)
        if self._blockers(blockers):
            return Verdict("blocked")
        if blockers:
            self.unread = self.unread + 1 if _is_transient(_error_of(blockers)) else 0
        if not is_due or verdict is None:
            return None
        if blockers or (self._must_read("blockers") and not self._is_too_late()):
            assert blockers, f"the blockers were not read before {verdict}"
            return None if 0 < self.unread < MAX_UNREAD else verdict
        return verdict

    def _needs_blockers(self, verdict: Verdict) -> bool:
        """10: blocked comes before failed, and before the success of a wait without a revision."""
        is_for_any = verdict.kind == "synced" and not self.rules.shas
        return self._can_read("blockers") and (verdict.kind == "failed" or is_for_any)

    def _check_side_reads(self, calls: list[CallRecord], role: Role, snapshot: Snapshot, *, is_last: bool) -> None:
        """10, 12: at the first poll that shows our commit is not being attempted, and then every 15 s at most."""
        began, ended = self.read_at.get(role, (-math.inf, -math.inf))
        now, is_attempted = self.seen[-1].at, self._is_attempted(snapshot)
        if calls:
            assert self._can_read(role), f"the {role} cannot be read"
            assert all(call.timeout is not None and call.timeout <= SIDE_READ_TIMEOUT for call in calls)
            if not is_last and self.standing is None:
                assert not is_attempted, f"a read of the {role} while ours is being attempted"
                assert calls[0].started_at - began >= SIDE_READ_INTERVAL - ROUNDING, f"a read of the {role} too soon"
            self.read_at[role] = calls[0].started_at, calls[-1].ended_at
            if getattr(_error_of(calls), "code", "") == "AccessDeniedException":
                self.denied.add(role)
            if calls[-1].is_configuration_missing:
                self.missing.add(role)
        elif not is_attempted and now - ended >= SIDE_READ_INTERVAL + self._slack and not is_last:
            # The failure of an attempt says enough without the branch.
            is_needed = role == "blockers" or self.standing is None
            assert not is_needed or not self._must_read(role), f"no read of the {role} for {now - ended} s"
            if is_needed and role == "branch":
                # For an instance whose branch is not known, this was the read.
                self.read_at[role] = now, self.read_at.get("blockers", (now, now))[1]

    def _note_branch(self, calls: list[CallRecord]) -> None:
        """Note what a read of the branch showed, if it succeeded."""
        if not calls or calls[-1].is_configuration_missing or calls[-1].operation != BRANCH_READ:
            return
        last = calls[-1]
        if last.snapshot is not None or last.is_not_found:
            self.branch = BranchReading(last.ended_at, last.snapshot.branch if last.snapshot is not None else None)
            self.first_branch = self.first_branch or self.branch

    def _branch_failure(self, snapshot: Snapshot) -> Verdict | None:
        """12: the failure of the branch as it was last read, if it is ours."""
        if self.branch is None or self.first_branch is None or self._is_attempted(snapshot):
            return None
        branch = self.branch.attempt
        if branch is None or branch.status != "FAILED" or branch.about == "sibling":
            return None
        if self.rules.started_after is not None and branch.started_at < self.rules.started_after - CLOCK_TOLERANCE:
            return None
        if snapshot.latest is not None and branch.started_at < snapshot.latest.started_at:
            return None
        was_there = self.first_branch.attempt == branch
        has_settled = self.branch.at - self.first_branch.at >= SETTLING_TIME
        return Verdict("failed", branch=branch) if has_settled or not was_there else None

    @staticmethod
    def _blockers(calls: Sequence[CallRecord]) -> list[str]:
        """The blockers that some calls returned, newest first."""
        reads = [call for call in calls if call.operation in BLOCKER_READS]
        active: set[int] = set()
        for index, call in enumerate(reads):
            numbers = call.snapshot.blockers if call.snapshot is not None else ()
            # The blockers of a Proton instance are read first, and those of its service after them.
            of_each = [n for n in numbers if call.operation == BLOCKER_READS[0] or (n % 2 == 0) == (index == 0)]
            active.update(of_each)
        return [str(number) for number in sorted(active, reverse=True)]


def _snapshot_of(calls: Sequence[CallRecord]) -> Snapshot:
    """What a successful poll showed: without a status, that the sync was never synced (9)."""
    reads = [call for call in calls if call.snapshot is not None and call.operation.endswith(("Status", "Job"))]
    return reads[-1].snapshot or Snapshot() if reads else Snapshot()


def _error_of(calls: Sequence[CallRecord]) -> UnisyncError | None:
    """Why a side read failed: the first error that says more than that there is nothing to read."""
    errors = (call.error for call in calls if call.error is not None and not call.is_not_found)
    return next(errors, None)


def _is_transient(error: UnisyncError | None) -> bool:
    """Whether a call may succeed if it is repeated."""
    codes = ("ThrottlingException", "InternalServerException")
    return isinstance(error, (TransportError, ResponseError)) or getattr(error, "code", "") in codes
