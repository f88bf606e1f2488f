"""The waiters: poll a sync, judge what the poll returned, pause, and poll again until it is done or cannot be.

The status alone decides most waits. Two more reads help where it cannot: the blockers, since a sync that is blocked
keeps the status of its last attempt, and the branch, since a commit that AWS could not read leads to no attempt at all.
They are read before a failure is raised (blocked comes before failed), before a wait without a revision returns, while
the wanted commit is not being attempted (at once, then every `SIDE_READ_INTERVAL`), and before a timeout. If such a
read is denied or fails, the verdict is the one that the status gives, and the message says what could not be read.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, NoReturn, TypedDict, TypeVar

from unisync._core.branch import BranchStatus
from unisync._core.flow import Flow, Sleep
from unisync._core.target import SyncTarget
from unisync._models.base import SyncState
from unisync._models.configurations import RepositorySyncAttempt
from unisync._models.jobs import GitSyncJob, SyncJob
from unisync._models.refs import SyncRef
from unisync._models.resources import SyncResourceSummary
from unisync._waiters import messages
from unisync._waiters.arguments import Progress, WaitOptions
from unisync._waiters.branches import BranchJudge
from unisync._waiters.calls import MIN_REMAINING, WaitCalls
from unisync._waiters.commits import CommitJudge, Superseded
from unisync._waiters.failures import Failures
from unisync._waiters.hints import Branch, Hints
from unisync._waiters.memory import FailureKey, WaitMemory
from unisync._waiters.side_reads import SideReads
from unisync._waiters.token import WaitToken
from unisync._waiters.transient import TransientErrors
from unisync.errors import (
    InvalidArgumentError,
    NotFoundError,
    SyncBlockedError,
    SyncFailedError,
    SyncSupersededError,
    UnisyncError,
    WaitStoppedError,
    WaitTimeoutError,
)

J = TypeVar("J", bound=SyncJob)

RESOURCES_GRACE = 120.0
"""Seconds for which failed resources may pass by default: AWS retries most of their errors by itself."""
MIN_HINT_INTERVAL = 1.0
"""Seconds after a poll for which a hint ends no pause."""
FAILED_DELETION = "SYNC_DELETING_ERROR"
"""TwinMaker's code for a deletion that failed."""


class _ErrorArguments(TypedDict):
    ref: SyncRef[SyncJob]
    job: SyncJob | None
    polls: int
    elapsed: float


class Waiter(Generic[J]):
    """One wait: it polls a sync until a condition holds.

    Args:
        target: The sync.
        condition: "active", "deleted" or "resources", for messages and events.
        options: The options of the wait.
        now: The time, in seconds.
        hints: What may end its pauses early.
        elapsed: Seconds since it began, in another process.
        memory: What it has seen there.
        token_of: Makes the token of the wait as it is now.
    """

    def __init__(
        self,
        target: SyncTarget[J],
        condition: str,
        options: WaitOptions[J],
        now: Callable[[], float],
        hints: Hints | None = None,
        *,
        elapsed: float = 0.0,
        memory: WaitMemory | None = None,
        token_of: Callable[[Waiter[J]], WaitToken | None] = lambda _: None,
    ) -> None:
        before = WaitMemory() if memory is None else memory.copied()
        target.check_commits(revision=options.wanted, started_after=options.started_after)
        self.target = target
        self.condition = condition
        self.options = options
        self.polls = before.polls
        self.job: J | None = None
        """The job as the last successful poll returned it."""
        self.resources: SyncResourceSummary | None = None
        self._token_of = token_of
        self._before = before
        self._now = now
        self._started_at = now() - elapsed
        self._commits = CommitJudge(options.wanted, options.started_after, before.commits)
        self._branches = BranchJudge(options.started_after, before.branches)
        self._calls = WaitCalls(
            options.timeout,
            options.stop,
            lambda: self.elapsed,
            TransientErrors(before.unreadable),
            SideReads(before.side_reads, before.denied),
            is_continued=elapsed > 0,
        )
        self._failures = Failures(before.failure, dict(before.failed_since), self._failed_elsewhere)
        self._is_synced = before.is_synced
        """Whether the sync is synced by its status, and only its blockers could not be read yet."""
        self._branch: BranchStatus | None = None
        """The branch as it was last read."""
        self._listener = None if hints is None else hints.listener(target.ref)
        self._polls_at_hint = 0
        """How many polls there had been when the last hint came."""

    @property
    def elapsed(self) -> float:
        """Seconds since the wait started."""
        return self._now() - self._started_at

    @property
    def error(self) -> UnisyncError | None:
        """The transient error of the last poll, if it failed."""
        return self._calls.error

    def until_active(self) -> Flow[J]:
        """Wait until the sync is synced; with a revision, until that commit is live.

        Raises:
            SyncFailedError, SyncBlockedError, SyncSupersededError: It cannot be synced.
            WaitTimeoutError, WaitStoppedError: The wait timed out, or was stopped.
            UnisyncError: A poll failed with an error that is not transient.
        """
        yield from self.until(self.poll_active)
        assert self.job is not None
        return self.job

    def until(self, poll: Callable[[], Flow[bool]]) -> Flow[None]:
        """Poll until the condition of a poll holds."""
        while not (yield from poll()):
            yield from self._pause()

    def poll_active(self) -> Flow[bool]:
        """Poll once; whether the sync is synced. Raises what `until_active` raises, but no timeout.

        The job is `self.job`; None if another process had read it, and this poll only could not confirm it.
        """
        job = yield from self._poll(self.target.fetch)
        if job is not None:
            self._is_synced = False
            if (yield from self._is_satisfied(job)):
                return True
        if self._is_synced and self._calls.is_last_poll:
            yield from self._check_blockers()
            return True
        return False

    def until_deleted(self) -> Flow[None]:
        """Wait until the sync is not found.

        Raises:
            SyncFailedError: The deletion failed.
            WaitTimeoutError, WaitStoppedError: The wait timed out, or was stopped.
            UnisyncError: A poll failed with an error that is not transient.
        """
        yield from self.until(self.poll_deleted)

    def poll_deleted(self) -> Flow[bool]:
        """Poll once; whether the sync is not found. Raises what `until_deleted` raises, but no timeout."""
        try:
            job = yield from self._poll(self.target.fetch_until_deleted)
        except NotFoundError:
            return True
        if job is not None:
            error = job.status.error
            if job.status.state is SyncState.FAILED and error is not None and error.code == FAILED_DELETION:
                yield from self._fail(("deletion",), self._failed_job)
            else:
                self._failures.forget()
        return False

    def until_resources_synced(self, max_failures: int) -> Flow[SyncResourceSummary]:
        """Wait until the sync is active and none of its resources is in progress.

        Raises:
            SyncFailedError: The sync failed, or more than `max_failures` resources did.
            WaitTimeoutError, WaitStoppedError: The wait timed out, or was stopped.
            UnisyncError: A poll failed with an error that is not transient.
        """
        yield from self.until(lambda: self.poll_resources(max_failures))
        assert self.resources is not None
        return self.resources

    def poll_resources(self, max_failures: int) -> Flow[bool]:
        """Poll once; whether the resources are synced. Raises what `until_resources_synced` raises, but no timeout."""
        if not self.target.has_resources:
            raise InvalidArgumentError(f"ref: expected a TwinMaker sync job, got {self.target.ref}")
        job = yield from self._poll(self.target.fetch)
        if job is None or not (yield from self._is_satisfied(job)):
            return False
        resources = yield from self._calls.ignoring_transient(self.target.resources(), self._check_stop)
        if resources is None:
            return False
        self.resources = resources
        if resources.is_settled and len(resources.failed) <= max_failures:
            return True
        if resources.is_settled:
            grace = RESOURCES_GRACE if self.options.grace is None else self.options.grace
            yield from self._fail(("resources",), self._failed_resources, grace)
        else:
            self._failures.forget()
        return False

    @property
    def memory(self) -> WaitMemory:
        """What the wait has seen so far."""
        return WaitMemory(
            polls=self.polls,
            commits=self._commits.seen,
            branches=self._branches.seen,
            side_reads=self._calls.side_reads.last,
            denied=self._calls.side_reads.denied,
            status=self._last_status,
            is_in_progress=self._is_in_progress,
            unreadable=self._calls.transient.unreadable,
            is_synced=self._is_synced,
            failure=self._failures.remembered,
            failed_since=self._failures.remembered_since,
        ).copied()

    def _poll(self, fetch: Callable[[], Flow[J]]) -> Flow[J | None]:
        """Read the job. None if that failed with a transient error."""
        self._check_stop()
        self.polls += 1
        job = yield from self._calls.ignoring_transient(fetch(), self._check_stop)
        if job is not None:
            self.job = job
        return job

    def next_delay(self) -> Flow[float]:
        """The seconds until the next poll.

        Raises:
            SyncFailedError, SyncBlockedError, WaitTimeoutError: There is no time for another.
        """
        if self._calls.is_last_poll:
            yield from self._time_out()
        delay = min(self.options.backoff.delay(self.polls - self._polls_at_hint), self._calls.remaining)
        grace_left = self._failures.grace_left(self.elapsed)
        return min(delay, grace_left) if grace_left > MIN_REMAINING else delay

    def _pause(self) -> Flow[None]:
        """Pause until the next poll.

        Raises:
            SyncFailedError, SyncBlockedError, WaitTimeoutError: There is no time for another.
        """
        delay = yield from self.next_delay()
        if self.options.on_progress is not None and self.job is not None:
            progress = Progress(
                self.job,
                self.polls,
                self.elapsed,
                delay,
                self._calls.error,
                self.resources,
                self.target.ref,
                self._token_of(self),
            )
            self.options.on_progress(progress)
        before = self._now()
        yield from self._sleep(delay)
        self._calls.paused = self._now() - before

    def _sleep(self, seconds: float) -> Flow[None]:
        """Pause, until there is a hint."""
        listener, stop = self._listener, self.options.stop
        if listener is None or seconds <= MIN_HINT_INTERVAL:
            yield Sleep(seconds, stop)
            return
        if isinstance(self.job, GitSyncJob) and self.job.desired_revision is not None:
            desired = self.job.desired_revision
            listener.branch = Branch(desired.owner, desired.repository_name, desired.branch)
        ends_at = self._now() + seconds
        yield Sleep(MIN_HINT_INTERVAL, stop)
        if not (stop is not None and stop.is_set()):
            yield Sleep(max(ends_at - self._now(), 0.0), stop, listener)  # time may have jumped
        if listener.is_set():
            listener.clear()
            self._polls_at_hint = self.polls

    def _check_stop(self) -> None:
        if self.options.stop is not None and self.options.stop.is_set():
            message = messages.stopped(self.target.ref, self._last_status, self._is_in_progress)
            raise WaitStoppedError(message, **self._error_arguments)

    @property
    def _last_status(self) -> str | None:
        """The status of the sync as it was last read; None if no poll has succeeded."""
        return self._before.status if self.job is None else str(self.job.status)

    @property
    def _is_in_progress(self) -> bool:
        """Whether AWS works on what is waited for, as far as was seen."""
        if self.job is None:
            return self._before.is_in_progress
        if isinstance(self.job, GitSyncJob):
            return self.condition == "active" and self._commits.is_attempted(self.job)
        state = self.job.status.state
        if self.condition == "deleted":
            return state is SyncState.DELETING
        is_counting = self.resources is not None and not self.resources.is_settled
        return state in (SyncState.PENDING, SyncState.RUNNING) or (state is SyncState.ACTIVE and is_counting)

    def _is_satisfied(self, job: J) -> Flow[bool]:
        """Whether the sync is synced.

        Raises:
            SyncFailedError, SyncBlockedError, SyncSupersededError: It cannot be.
        """
        if isinstance(job, GitSyncJob):
            return (yield from self._is_commit_live(job))
        match job.status.state:
            case SyncState.FAILED:
                yield from self._fail(("job",), self._failed_job)
                return False
            case SyncState.DELETING:
                raise self._failed_job()
            case state:
                self._failures.forget("job")
                return state is SyncState.ACTIVE

    def _is_commit_live(self, job: GitSyncJob) -> Flow[bool]:
        judgement = self._commits.judge(job, self.elapsed)
        if judgement == "synced":
            # A commit that is live is live, blocked or not; without one, later commits matter too.
            self._is_synced = True
            return self.options.wanted is not None or (yield from self._check_blockers())
        if isinstance(judgement, Superseded):
            self._supersede(job, judgement)
        if judgement == "failed":
            assert job.latest_sync is not None
            started_at = job.latest_sync.started_at.timestamp()
            yield from self._fail(("attempt", str(started_at)), self._failed_job)
            return False
        self._failures.forget("attempt")
        if self._commits.is_attempted(job):
            self._failures.forget()
        else:
            if self._is_due("blockers"):
                yield from self._check_blockers()
            if self._is_due("branch") or self._is_final("branch"):
                yield from self._check_branch(job)
        return False

    def _fail(self, of: FailureKey, error: Callable[[], SyncFailedError], grace: float | None = None) -> Flow[None]:
        """Raise an error, unless the failure may still pass.

        Args:
            of: What failed, as in `Failure`.
            error: Makes the error.
            grace: Seconds for which it may pass; None for the wait's own, which is 0 by default.
        """
        seconds = (self.options.grace or 0.0) if grace is None else grace
        self._failures.note(of, error, seconds, self.elapsed)
        is_final = self._is_final(of[0])
        if (is_final or self._is_due("blockers")) and (yield from self._check_blockers()) and is_final:
            raise error()

    def _is_final(self, kind: object) -> bool:
        return self._failures.is_final(kind, self.elapsed, is_last_poll=self._calls.is_last_poll)

    def _check_blockers(self) -> Flow[bool]:
        """Read the blockers, once a poll. False if that failed for a transient reason, and is worth another poll.

        Raises:
            SyncBlockedError: There are some.
        """
        if not self._calls.side_reads.was_made("blockers", self.polls):
            blockers = yield from self._calls.read_aside("blockers", self.polls, self.target.blockers())
            if blockers:
                message = messages.blocked(self.target.ref, blockers, self.target.resolve_command)
                raise SyncBlockedError(message, **self._error_arguments, blockers=blockers)
        return self._calls.side_reads.is_settled("blockers") or self._calls.is_last_poll

    def _check_branch(self, job: GitSyncJob) -> Flow[None]:
        """Read the branch of a sync whose wanted commit is not being attempted.

        Raises:
            SyncFailedError: The sync of the branch failed, so no attempt follows.
        """
        self._branch = yield from self._calls.read_aside("branch", self.polls, self._read_branch())
        if self._branch is None:
            return
        failed = self._branches.failure(self._branch, job, self.elapsed)
        if failed is None:
            self._failures.forget("branch")
        else:
            yield from self._fail(
                ("branch", str(failed.started_at.timestamp())), lambda: self._failed_branch(job, failed)
            )

    def _read_branch(self) -> Flow[BranchStatus | None]:
        assert self.job is not None
        return self.target.branch_status(self.job)

    def _is_due(self, name: str) -> bool:
        return self._calls.is_due(name, self.polls)

    @property
    def _error_arguments(self) -> _ErrorArguments:
        return {"ref": self.target.ref, "job": self.job, "polls": self.polls, "elapsed": self.elapsed}

    def _failed_job(self) -> SyncFailedError:
        assert self.job is not None
        return SyncFailedError(
            messages.failed(self.target.ref, self.job, self._calls.side_reads.unread), **self._error_arguments
        )

    def _failed_elsewhere(self) -> SyncFailedError:
        return SyncFailedError(
            messages.failed_elsewhere(self.target.ref, self._calls.side_reads.unread), **self._error_arguments
        )

    def _failed_branch(self, job: SyncJob, branch: RepositorySyncAttempt) -> SyncFailedError:
        message = messages.branch_failed(self.target.ref, job, branch, self._calls.side_reads.unread)
        error = SyncFailedError(message, **self._error_arguments)
        error.branch = branch
        return error

    def _failed_resources(self) -> SyncFailedError:
        assert self.resources is not None
        message = messages.resources_failed(self.target.ref, self.job, self.resources)
        error = SyncFailedError(message, **self._error_arguments)
        error.resources = self.resources
        return error

    def _supersede(self, job: SyncJob, found: Superseded) -> NoReturn:
        wanted = self.options.wanted
        assert wanted is not None
        message = messages.superseded(self.target.ref, job, wanted, found)
        raise SyncSupersededError(
            message,
            **self._error_arguments,
            revision=wanted.text,
            superseded_by=found.by,
            was_before=found.was_before,
        )

    def _time_out(self) -> Flow[NoReturn]:
        """Raise what ends the wait at its deadline.

        Raises:
            SyncFailedError: A failure was seen that did not pass.
            SyncBlockedError: The sync is blocked.
            WaitTimeoutError: Neither.
        """
        failure = self._failures.last
        if failure is not None:
            yield from self._check_blockers()
            raise failure.error()
        if self.target.has_revisions and self.condition == "active" and self._last_status is not None:
            yield from self._check_blockers()
            # Without the job, which another process read, nothing can be said of the branch.
            if isinstance(self.job, GitSyncJob) and not self._is_in_progress and self._is_due("branch"):
                yield from self._check_branch(self.job)
        message = messages.timed_out(
            self.target.ref,
            self.condition,
            self.job,
            self._last_status,
            self.polls,
            self.elapsed,
            outlook=self._outlook(),
            resources=self.resources,
            error=self._calls.error,
            unread=self._calls.side_reads.unread,
        )
        timed_out = WaitTimeoutError(
            message, **self._error_arguments, last_error=self._calls.error, is_in_progress=self._is_in_progress
        )
        timed_out.token = self._token_of(self)
        raise timed_out

    def _outlook(self) -> str:
        """What is to be expected of the sync."""
        if self._is_in_progress:
            return messages.CONTINUES
        if isinstance(self.job, GitSyncJob) and self.condition == "active":
            branch = None if self._branch is None else self._branch.attempt
            if self._commits.is_earlier(self.job):
                return messages.NO_RETRY
            return messages.git_outlook(
                self.job,
                self.options.wanted,
                branch,
                is_branch_read=self._branch is not None,
                was_detected=self._commits.seen.is_ours_seen,
            )
        return "It is not being deleted." if self.condition == "deleted" and self.job is not None else ""
