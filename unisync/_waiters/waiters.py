"""The waits, as flows: look, judge what was seen, pause, look again, until it is in place or cannot come to be."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Generic, NoReturn, TypeVar, cast

import unisync
from unisync._core.events import checked_callback
from unisync._core.flow import Call, Flow, Sleep, Stop, each_call
from unisync._core.retry import Backoff
from unisync._core.target import Subject
from unisync._models.jobs import GitSyncJob, ResourceSyncAttempt, Revision, SyncJob, SyncState
from unisync._models.refs import SyncRef
from unisync.errors import (
    InvalidRequestError,
    NotFoundError,
    ResponseError,
    SyncBlockedError,
    SyncFailedError,
    SyncSupersededError,
    UnisyncError,
    WaitStoppedError,
    WaitTimeoutError,
)

if TYPE_CHECKING:
    from unisync._models.resources import SyncResources

T = TypeVar("T")
J = TypeVar("J", bound=SyncJob)
J_co = TypeVar("J_co", bound=SyncJob, covariant=True)

OVERTIME = 1.0
"""Seconds past its deadline that a wait gives to answers that are on their way."""
UNREADABLE_IN_A_ROW = 3
"""Unreadable answers that a wait puts up with: one is an accident, this many are how things are."""
BLOCKERS_EVERY = 15.0
"""Seconds between two reads of the blockers of a sync that is not in place."""

NAMED = 10
"""Failed resources that an error names."""
INSTANT = 0.001
"""Seconds that are not worth a pause: what is left of a deadline that a pause was to end at."""
LONGEST = 120.0
"""Seconds after which a wait among many looks again at the latest."""

_AGES = 1e12
"""More seconds than any wait takes."""
_SHA = re.compile(r"[0-9a-fA-F]{7,64}")


@dataclass(frozen=True)
class Progress(Generic[J_co]):
    """How a wait stands, told after each look that is followed by another."""

    job: J_co
    """What the last answered look saw."""
    attempt: int
    """How often it was looked."""
    elapsed: float
    """Seconds since the wait began."""
    next_delay: float
    """Seconds until the next look; among many waits, it comes when the rate allows."""
    error: UnisyncError | None = None
    """What failed in this look for a reason that passes, if anything did; `job` may then be from an earlier one."""
    resources: unisync.SyncResources | None = None
    """Where resources are waited for: how they stood when they were last counted."""
    ref: SyncRef[J_co] | None = None
    """What is waited for; in a fleet, with its account and region."""


OnProgress = Callable[[Progress[J]], object]


def wait_until_active(
    subject: Subject[J],
    *,
    revision: str | None,
    timeout: float | timedelta | None,
    backoff: Backoff,
    on_progress: OnProgress[J] | None,
    stop: Stop | None = None,
    now: Callable[[], float],
) -> Flow[J]:
    """Wait until a sync is in place; with `revision`, until that commit is.

    Raises:
        SyncFailedError, SyncBlockedError, SyncSupersededError: it cannot come to be in place.
        WaitTimeoutError, WaitStoppedError: the time is up, or `stop` is set.
        UnisyncError: a look failed for a reason that does not pass.
    """
    if revision is not None and not subject.has_revisions:
        raise InvalidRequestError.before_sending(f"revision: expected None, as {subject.ref} follows no commits")
    wait = _begun(subject, "in place", revision, timeout, backoff, on_progress, stop, now)
    while True:
        job = yield from wait.look(subject.look)
        if job is not None:
            if wait.in_place(job):
                return job
            yield from wait.check_blockers(job)
        yield from wait.pause()


def wait_until_deleted(
    subject: Subject[J],
    *,
    timeout: float | timedelta | None,
    backoff: Backoff,
    on_progress: OnProgress[J] | None,
    stop: Stop | None = None,
    now: Callable[[], float],
) -> Flow[None]:
    """Wait until nothing of a sync is found.

    Raises:
        WaitTimeoutError, WaitStoppedError: the time is up, or `stop` is set.
        UnisyncError: a look failed for a reason that does not pass.
    """
    wait = _Wait(
        subject,
        "gone",
        None,
        checked_timeout(timeout),
        backoff,
        checked_callback("on_progress", on_progress),
        checked_stop(stop),
        now,
    )
    while True:
        try:
            yield from wait.look(subject.remains)
        except NotFoundError:
            return
        yield from wait.pause()


def wait_until_resources_synced(
    subject: Subject[J],
    *,
    tolerate: int,
    timeout: float | timedelta | None,
    backoff: Backoff,
    on_progress: OnProgress[J] | None,
    stop: Stop | None = None,
    now: Callable[[], float],
) -> Flow[SyncResources]:
    """Wait until a sync is in place, and none of what it keeps in sync is under way.

    Raises:
        SyncFailedError: the sync failed, or more resources did than are tolerated.
        WaitTimeoutError, WaitStoppedError: the time is up, or `stop` is set.
        UnisyncError: a look failed for a reason that does not pass.
    """
    if subject.resources is None:
        raise InvalidRequestError.before_sending(f"ref: expected that of a TwinMaker sync job, got {subject.ref}")
    if isinstance(tolerate, bool) or not isinstance(cast("object", tolerate), int) or tolerate < 0:
        raise InvalidRequestError.before_sending(f"tolerate: expected a number, zero or more, got {tolerate!r}")
    wait = _Wait(
        subject,
        "in sync",
        None,
        checked_timeout(timeout),
        backoff,
        checked_callback("on_progress", on_progress),
        checked_stop(stop),
        now,
    )
    failed_before: object = None
    while True:
        job = yield from wait.look(subject.look)
        if job is not None and wait.in_place(job):
            resources = yield from wait.absorbing(subject.resources())
            if resources is not None:
                wait.resources = resources
                if resources.is_settled and len(resources.failed) <= tolerate:
                    return resources
                # TwinMaker tries again by itself: what has failed twice in a row, with nothing under way, stays so.
                failed = [resource.external_id for resource in resources.failed] if resources.is_settled else None
                if failed is not None and failed == failed_before:
                    raise wait.resources_failed(resources)
                failed_before = failed
        yield from wait.pause()


@dataclass(slots=True)
class _Wait(Generic[J]):
    """One wait under way."""

    subject: Subject[J]
    aim: str
    revision: str | None
    timeout: float
    backoff: Backoff
    on_progress: OnProgress[J] | None
    stop: Stop | None
    now: Callable[[], float]
    attempts: int = 0
    job: J | None = None
    error: UnisyncError | None = None
    resources: SyncResources | None = None
    _unreadable: int = 0
    _noticed: bool = False
    """Whether AWS was seen to work on the revision, or to want it."""
    _before: set[str | tuple[str, datetime]] = field(default_factory=set[str | tuple[str, datetime]])
    """The commits that AWS wanted, and the attempts that it made, up to then."""
    _blockers_read_at: float = -math.inf
    _paused: float = 0.0
    """Seconds since the look before, until a call has told of them."""
    _started: float = field(init=False)

    def __post_init__(self) -> None:
        self._started = self.now()

    @property
    def elapsed(self) -> float:
        return self.now() - self._started

    def look(self, look: Callable[[], Flow[J]]) -> Flow[J | None]:
        """Look once. None if that failed for a reason that passes.

        Raises:
            WaitStoppedError: `stop` is set.
        """
        self._check_stop()
        self.attempts += 1
        job = yield from self.absorbing(look())
        if job is not None:
            self.job = job
        return job

    def absorbing(self, flow: Flow[T]) -> Flow[T | None]:
        """What a flow gives; None if it failed for a reason that passes."""
        self.error = None
        try:
            result = yield from each_call(flow, self._marked)
        except UnisyncError as error:
            self._check_stop()
            unreadable = isinstance(error, ResponseError) and not error.cut_short
            self._unreadable = self._unreadable + 1 if unreadable else 0
            passes = error.retryable or (isinstance(error, ResponseError) and self._unreadable < UNREADABLE_IN_A_ROW)
            if not passes:
                raise
            self.error = error
            return None
        self._unreadable = 0
        return result

    def _marked(self, call: Call[Any]) -> Call[Any]:
        delay, self._paused = self._paused, 0.0
        return call._replace(timeout=self._time_left(), stop=self.stop, attempt=self.attempts, delay=delay)

    def _time_left(self) -> float | None:
        left = self.timeout - self.elapsed
        return None if math.isinf(left) else max(left, min(OVERTIME, left + OVERTIME), 0.001)

    def pause(self) -> Flow[None]:
        """Pause until the next look.

        Raises:
            WaitTimeoutError: there is no time for another.
        """
        left = self.timeout - self.elapsed
        if left <= INSTANT:
            raise self._timed_out()
        delay = min(self.backoff.delay(self.attempts), left)
        if self.on_progress is not None and self.job is not None:
            self.on_progress(
                Progress(self.job, self.attempts, self.elapsed, delay, self.error, self.resources, self.subject.ref)
            )
        # After what failed, the pause is kept by whoever sees many waits as well.
        before = self.now()
        yield Sleep(delay, None if self.error else min(left, LONGEST), self.stop)
        self._paused = self.now() - before

    def _check_stop(self) -> None:
        if self.stop is not None and self.stop.is_set():
            seen = f"last seen {self.job.status}" if self.job else "never seen"
            raise WaitStoppedError(
                f"the wait for {self.subject.ref} was stopped; {seen}. The sync itself goes on in AWS.",
                ref=self.subject.ref,
                job=self.job,
                attempts=self.attempts,
                elapsed=self.elapsed,
            )

    def in_place(self, job: J) -> bool:
        """Whether what was waited for is in place.

        Raises:
            SyncFailedError, SyncSupersededError: it cannot come to be.
        """
        if isinstance(job, GitSyncJob):
            return self._commit_in_place(job)
        match job.status.state:
            case SyncState.ACTIVE:
                return True
            case SyncState.FAILED | SyncState.DELETING:
                self._fail(job)
            case _:
                return False

    def _commit_in_place(self, job: GitSyncJob) -> bool:
        latest = job.latest_sync
        target = latest.target_revision if latest else None
        desired = job.desired_state
        if self.revision is None:
            # The commit that AWS itself wants, where it says so: an older one may be what is live.
            ours = desired is None or target is None or target.sha == desired.sha
            done = latest is not None and latest.status.state is SyncState.ACTIVE
        else:
            ours = target is not None and self._is_ours(target)
            live = job.live_revision
            if live is not None and self._is_ours(live):
                return True
            done = False
        if ours:
            if job.status.state is SyncState.FAILED:
                self._fail(job)
        elif self.revision is not None:
            successor = self._successor(job)
            if successor is not None:
                self._supersede(job, successor)
        self._remember(job)
        return ours and done

    def _successor(self, job: GitSyncJob) -> Revision | None:
        """The commit that took the place of ours, if it is certain that one did."""
        latest, desired = job.latest_sync, job.desired_state
        if desired is not None and self._is_ours(desired):
            return None
        if latest is not None and self._is_ours(latest.initial_revision):
            return latest.target_revision
        # An attempt, or a wish, that ours was noticed after tells nothing: it may be an older look at things.
        if latest is not None and self._noticed and _attempt_id(latest) not in self._before:
            return latest.target_revision
        if desired is not None and self._noticed and desired.sha not in self._before:
            return desired
        return None

    def _remember(self, job: GitSyncJob) -> None:
        """Note whether ours has been noticed, and until then what else was going on."""
        latest, desired = job.latest_sync, job.desired_state
        noticed = [revision for revision in (desired, latest.target_revision if latest else None) if revision]
        if not self._noticed:
            self._before.update(revision.sha for revision in noticed)
            if latest is not None:
                self._before |= {_attempt_id(latest), latest.initial_revision.sha}
        self._noticed = self._noticed or any(self._is_ours(revision) for revision in noticed)

    def _is_ours(self, revision: Revision) -> bool:
        return self.revision is not None and revision.sha.lower().startswith(self.revision)

    def check_blockers(self, job: J) -> Flow[None]:
        """Ask now and then what blocks a sync that is not in place.

        Raises:
            SyncBlockedError: something does.
        """
        is_last = self.timeout - self.elapsed <= INSTANT
        if not is_last and self.elapsed - self._blockers_read_at < BLOCKERS_EVERY:
            return
        blockers = yield from self.absorbing(self.subject.blockers())
        if blockers is None:
            return
        self._blockers_read_at = self.elapsed
        if blockers:
            reasons = "; ".join(
                f"{blocker.created_reason} (since {blocker.created_at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC). "
                f"Once that is settled, release it: {self.subject.release.format(id=blocker.id)}"
                for blocker in blockers
            )
            raise SyncBlockedError(
                f"{self.subject.ref} is blocked: {reasons}",
                ref=self.subject.ref,
                job=job,
                attempts=self.attempts,
                elapsed=self.elapsed,
                blockers=blockers,
            )

    def _fail(self, job: SyncJob) -> NoReturn:
        lines = [f"{self.subject.ref} is {job.status}"]
        if job.status.error is not None:
            lines[0] += f": {job.status.error}"
        attempt = job.latest_sync if isinstance(job, GitSyncJob) else None
        if attempt is not None:
            lines[0] += f" [{_place(attempt.target_revision)}]"
            lines += [
                f"  {event.time.astimezone(UTC):%H:%M:%S} {event.type}: {event.event}" for event in attempt.events
            ]
        raise SyncFailedError(
            "\n".join(lines), ref=self.subject.ref, job=job, attempts=self.attempts, elapsed=self.elapsed
        )

    def resources_failed(self, resources: SyncResources) -> SyncFailedError:
        """The error that says which resources failed, and why."""
        lines = [f"{self.subject.ref} is {self.job.status if self.job else ''}, with {resources}"]
        lines += [
            f"  {resource.resource_type} {resource.external_id}: {resource.status.error or 'no reason given'}"
            for resource in resources.failed[:NAMED]
        ]
        if len(resources.failed) > NAMED:
            lines.append(f"  and {len(resources.failed) - NAMED} more")
        error = SyncFailedError(
            "\n".join(lines), ref=self.subject.ref, job=self.job, attempts=self.attempts, elapsed=self.elapsed
        )
        error.resources = resources
        return error

    def _supersede(self, job: SyncJob, by: Revision) -> NoReturn:
        assert self.revision is not None
        raise SyncSupersededError(
            f"{self.subject.ref}: commit {self.revision[:12]} was superseded by {_place(by)}, "
            f"whose sync is {job.status}",
            ref=self.subject.ref,
            job=job,
            attempts=self.attempts,
            elapsed=self.elapsed,
            revision=self.revision,
            superseded_by=by,
        )

    def _timed_out(self) -> WaitTimeoutError:
        looks = f"{self.attempts} look{'s' if self.attempts != 1 else ''}"
        parts = [f"{self.subject.ref} was not {self.aim} after {self.elapsed:.1f} s and {looks}"]
        parts.append(f"last seen {self.job.status}" if self.job else "never seen")
        if self.job is not None and self.job.status.error is not None:
            parts.append(str(self.job.status.error))
        if isinstance(self.job, GitSyncJob):
            parts.append(self._what_git_does(self.job))
        if self.resources is not None:
            parts.append(str(self.resources))
        if self.error is not None:
            parts.append(f"the last look failed: {self.error}")
        return WaitTimeoutError(
            "; ".join(parts) + ". The sync itself goes on in AWS.",
            ref=self.subject.ref,
            job=self.job,
            attempts=self.attempts,
            elapsed=self.elapsed,
            last_error=self.error,
        )

    def _what_git_does(self, job: GitSyncJob) -> str:
        if job.latest_sync is None:
            return "it has never been synced"
        target = job.latest_sync.target_revision
        said = f"its latest sync is for {_place(target)}"
        if self.revision is not None and not self._is_ours(target):
            said += f", and {self.revision[:12]} has not been picked up"
        elif self.revision is None and job.desired_state is not None and job.desired_state.sha != target.sha:
            said += f", and {_place(job.desired_state)} has not been picked up"
        return said


def _begun(
    subject: Subject[J],
    aim: str,
    revision: str | None,
    timeout: float | timedelta | None,
    backoff: Backoff,
    on_progress: OnProgress[J] | None,
    stop: Stop | None,
    now: Callable[[], float],
) -> _Wait[J]:
    """A wait that begins now.

    Raises:
        InvalidRequestError: an argument is not what it is expected to be.
    """
    return _Wait(
        subject,
        aim,
        checked_revision(revision),
        checked_timeout(timeout),
        backoff,
        checked_callback("on_progress", on_progress),
        checked_stop(stop),
        now,
    )


def _attempt_id(attempt: ResourceSyncAttempt) -> tuple[str, datetime]:
    return attempt.target_revision.sha, attempt.started_at


def _place(revision: Revision) -> str:
    return f"{revision.full_name}@{revision.branch} {revision.sha[:12]}"


def checked_revision(revision: object) -> str | None:
    """The revision that is waited for, in lower case.

    Raises:
        InvalidRequestError: it is none.
    """
    if revision is None:
        return None
    if not (isinstance(revision, str) and _SHA.fullmatch(revision)):
        raise InvalidRequestError.before_sending(
            f"revision: expected a commit's sha, or at least 7 of its first hexadecimal digits, got {revision!r}"
        )
    return revision.lower()


def checked_timeout(timeout: object) -> float:
    """The seconds of a time-out; endless for None.

    Raises:
        InvalidRequestError: it is none.
    """
    if timeout is None:
        return math.inf
    seconds = timeout.total_seconds() if isinstance(timeout, timedelta) else timeout
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not seconds >= 0:
        raise InvalidRequestError.before_sending(
            f"timeout: expected seconds or a timedelta, zero or more, or None for no limit, got {timeout!r}"
        )
    return float(min(seconds, _AGES))


def checked_stop(stop: Stop | None) -> Stop | None:
    """The event that ends a wait.

    Raises:
        InvalidRequestError: it is none.
    """
    if stop is not None and not callable(getattr(cast("object", stop), "is_set", None)):
        raise InvalidRequestError.before_sending(f"stop: expected a threading.Event, got {stop!r}")
    return stop
