"""The waiters: poll a sync, judge what the poll returned, pause, and poll again until it is done or cannot be."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Generic, NoReturn, TypedDict, TypeVar

from unisync._core.flow import Call, Flow, Sleep, intercept
from unisync._core.target import SyncTarget
from unisync._models.base import SyncState
from unisync._models.jobs import GitSyncJob, SyncJob
from unisync._models.refs import SyncRef
from unisync._models.resources import SyncResourceSummary
from unisync._waiters import messages
from unisync._waiters.arguments import Progress, WaitOptions
from unisync._waiters.commits import CommitJudge, Superseded
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

T = TypeVar("T")
J = TypeVar("J", bound=SyncJob)

GRACE_PERIOD = 1.0
"""Seconds past its deadline that a wait gives to the responses it waits for."""
BLOCKER_INTERVAL = 15.0
"""Seconds between two reads of the blockers of a sync that is not synced."""
MIN_REMAINING = 0.001
"""Seconds before a deadline that are not worth a pause."""


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
    """

    def __init__(
        self, target: SyncTarget[J], condition: str, options: WaitOptions[J], now: Callable[[], float]
    ) -> None:
        if options.revision is not None and not target.has_revisions:
            raise InvalidArgumentError(f"revision: expected None, as {target.ref} follows no commits")
        self.target = target
        self.condition = condition
        self.options = options
        self.polls = 0
        self.job: J | None = None
        """The job as the last successful poll returned it."""
        self.error: UnisyncError | None = None
        """The transient error of the last poll, if it failed."""
        self.resources: SyncResourceSummary | None = None
        self._now = now
        self._started_at = now()
        self._commits = CommitJudge(options.revision)
        self._transient = TransientErrors()
        self._blockers_read_at = -math.inf
        self._paused = 0.0
        """Seconds of pause before this poll, until its first call has reported them."""

    @property
    def elapsed(self) -> float:
        """Seconds since the wait started."""
        return self._now() - self._started_at

    def until_active(self) -> Flow[J]:
        """Wait until the sync is synced; with a revision, until that commit is live.

        Raises:
            SyncFailedError, SyncBlockedError, SyncSupersededError: It cannot be synced.
            WaitTimeoutError, WaitStoppedError: The wait timed out, or was stopped.
            UnisyncError: A poll failed with an error that is not transient.
        """
        while True:
            job = yield from self._poll(self.target.fetch)
            if job is not None:
                if self._is_satisfied(job):
                    return job
                yield from self._check_blockers()
            yield from self._pause()

    def until_deleted(self) -> Flow[None]:
        """Wait until the sync is not found.

        Raises:
            WaitTimeoutError, WaitStoppedError: The wait timed out, or was stopped.
            UnisyncError: A poll failed with an error that is not transient.
        """
        while True:
            try:
                yield from self._poll(self.target.fetch_until_deleted)
            except NotFoundError:
                return
            yield from self._pause()

    def until_resources_synced(self, max_failures: int) -> Flow[SyncResourceSummary]:
        """Wait until the sync is active and none of its resources is in progress.

        Raises:
            SyncFailedError: The sync failed, or more than `max_failures` resources did.
            WaitTimeoutError, WaitStoppedError: The wait timed out, or was stopped.
            UnisyncError: A poll failed with an error that is not transient.
        """
        count = self.target.resources
        if count is None:
            raise InvalidArgumentError(f"ref: expected a TwinMaker sync job, got {self.target.ref}")
        previous_failures: object = None
        while True:
            job = yield from self._poll(self.target.fetch)
            if job is not None and self._is_satisfied(job):
                resources = yield from self._ignoring_transient(count())
                if resources is not None:
                    self.resources = resources
                    if resources.is_settled and len(resources.failed) <= max_failures:
                        return resources
                    # TwinMaker retries by itself: what failed in two polls in a row, with nothing in progress, lasts.
                    failures = [each.external_id for each in resources.failed] if resources.is_settled else None
                    if failures is not None and failures == previous_failures:
                        self._fail_for_resources(resources)
                    previous_failures = failures
            yield from self._pause()

    def _poll(self, fetch: Callable[[], Flow[J]]) -> Flow[J | None]:
        """Read the job. None if that failed with a transient error."""
        self._check_stop()
        self.polls += 1
        job = yield from self._ignoring_transient(fetch())
        if job is not None:
            self.job = job
        return job

    def _ignoring_transient(self, flow: Flow[T]) -> Flow[T | None]:
        """The result of a flow; None if it failed with a transient error."""
        self.error = None
        try:
            result = yield from intercept(flow, self._mark)
        except UnisyncError as error:
            self._check_stop()
            if not self._transient.is_transient(error):
                raise
            self.error = error
            return None
        self._transient.record_success()
        return result

    def _mark(self, call: Call[Any]) -> Flow[object]:
        """Give a call the time that is left, and the pause before it."""
        delay, self._paused = self._paused, 0.0
        remaining = self._remaining
        timeout = None
        if remaining < math.inf:
            timeout = max(remaining, min(GRACE_PERIOD, remaining + GRACE_PERIOD), MIN_REMAINING)
        return (yield call._replace(timeout=timeout, stop=self.options.stop, delay=delay))

    @property
    def _remaining(self) -> float:
        return self.options.timeout - self.elapsed

    def _pause(self) -> Flow[None]:
        """Pause until the next poll.

        Raises:
            WaitTimeoutError: There is no time for another.
        """
        remaining = self._remaining
        if remaining <= MIN_REMAINING:
            self._time_out()
        delay = min(self.options.backoff.delay(self.polls), remaining)
        if self.options.on_progress is not None and self.job is not None:
            progress = Progress(self.job, self.polls, self.elapsed, delay, self.error, self.resources, self.target.ref)
            self.options.on_progress(progress)
        before = self._now()
        yield Sleep(delay, self.options.stop)
        self._paused = self._now() - before

    def _check_stop(self) -> None:
        if self.options.stop is not None and self.options.stop.is_set():
            raise WaitStoppedError(messages.stopped(self.target.ref, self.job), **self._error_arguments)

    def _is_satisfied(self, job: J) -> bool:
        """Whether the sync is synced.

        Raises:
            SyncFailedError, SyncSupersededError: It cannot be.
        """
        if isinstance(job, GitSyncJob):
            judgement = self._commits.judge(job)
            if isinstance(judgement, Superseded):
                self._supersede(job, judgement)
            if judgement == "failed":
                self._fail(job)
            return judgement == "synced"
        match job.status.state:
            case SyncState.ACTIVE:
                return True
            case SyncState.FAILED | SyncState.DELETING:
                self._fail(job)
            case _:
                return False

    def _check_blockers(self) -> Flow[None]:
        """Read the blockers of a sync that is not synced, now and then.

        Raises:
            SyncBlockedError: There are some.
        """
        is_last_poll = self._remaining <= MIN_REMAINING
        if not is_last_poll and self.elapsed - self._blockers_read_at < BLOCKER_INTERVAL:
            return
        blockers = yield from self._ignoring_transient(self.target.blockers())
        if blockers is None:
            return
        self._blockers_read_at = self.elapsed
        if blockers:
            message = messages.blocked(self.target.ref, blockers, self.target.resolve_command)
            raise SyncBlockedError(message, **self._error_arguments, blockers=blockers)

    @property
    def _error_arguments(self) -> _ErrorArguments:
        return {"ref": self.target.ref, "job": self.job, "polls": self.polls, "elapsed": self.elapsed}

    def _fail(self, job: SyncJob) -> NoReturn:
        raise SyncFailedError(messages.failed(self.target.ref, job), **self._error_arguments)

    def _fail_for_resources(self, resources: SyncResourceSummary) -> NoReturn:
        message = messages.resources_failed(self.target.ref, self.job, resources)
        error = SyncFailedError(message, **self._error_arguments)
        error.resources = resources
        raise error

    def _supersede(self, job: SyncJob, judgement: Superseded) -> NoReturn:
        revision, by = self.options.revision, judgement.by
        assert revision is not None
        message = messages.superseded(self.target.ref, job, revision, by)
        raise SyncSupersededError(message, **self._error_arguments, revision=revision, superseded_by=by)

    def _time_out(self) -> NoReturn:
        message = messages.timed_out(
            self.target.ref,
            self.condition,
            self.job,
            self.polls,
            self.elapsed,
            revision=self.options.revision,
            resources=self.resources,
            error=self.error,
        )
        raise WaitTimeoutError(message, **self._error_arguments, last_error=self.error)
