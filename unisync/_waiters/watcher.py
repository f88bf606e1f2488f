"""Watching syncs: every change of each, once, as flows that run until they are stopped."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Generic, Literal, TypeVar, cast

import unisync
from unisync._core.flow import Flow, Sleep, Tell
from unisync._core.target import Subject
from unisync._models.jobs import GitSyncJob, ResourceSyncAttempt, SyncEvent, SyncJob, SyncState
from unisync._models.refs import SyncRef
from unisync._waiters.waiters import BLOCKERS_EVERY, LONGEST, UNREADABLE_IN_A_ROW
from unisync.errors import InvalidRequestError, NotFoundError, ResponseError, UnisyncError

if TYPE_CHECKING:
    from unisync._models.configurations import SyncBlocker

T = TypeVar("T")
J = TypeVar("J", bound=SyncJob)
J_co = TypeVar("J_co", bound=SyncJob, covariant=True)

What = Literal["state", "attempt", "event", "blocker", "error"]

BLOCKERS_OF_THE_ACTIVE_EVERY = 120.0
"""Seconds between two reads of the blockers of a sync that is."""


@dataclass(frozen=True)
class Change(Generic[J_co]):
    """Something about a sync that was not so at the look before."""

    ref: SyncRef[J_co]
    what: What
    """The state changed; an attempt was begun, or told of an event; a blocker came or went; or a look was refused for a
    reason that does not pass, as for want of a permission."""
    before: J_co | None
    """The job as it was; None if it was not there, or had not been looked at yet."""
    after: J_co | None
    """The job as it is; None if it is not there any more."""
    event: SyncEvent | None = None
    """What the attempt told."""
    blocker: unisync.SyncBlocker | None = None
    """What came, or went. `is_active` says which."""
    error: UnisyncError | None = None
    """What the look was refused with."""


def seconds_between(every: float | timedelta) -> float:
    """The seconds between two looks.

    Raises:
        InvalidRequestError: there are none.
    """
    seconds = every.total_seconds() if isinstance(every, timedelta) else cast("object", every)
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not 0 < seconds < math.inf:
        raise InvalidRequestError.before_sending(f"every: expected seconds or a timedelta above zero, got {every!r}")
    return float(seconds)


def watch(subject: Subject[J], every: float, *, now: Callable[[], float]) -> Flow[None]:
    """Tell each Change of a sync, until somebody stops it."""
    watched = _Watched(subject, now)
    longest = max(every, LONGEST)
    while True:
        yield from watched.look()
        yield from watched.look_for_blockers()
        yield Sleep(longest, at_most=longest)


class _Watched(Generic[J]):
    """What is known of a sync."""

    def __init__(self, subject: Subject[J], now: Callable[[], float]) -> None:
        self._subject = subject
        self._now = now
        self._is_known = False
        self._job: J | None = None
        self._refused_with: dict[str, type[UnisyncError]] = {}
        """What each kind of read was last refused with."""
        self._unreadable = 0
        self._blockers: dict[str, SyncBlocker] = {}
        self._blockers_read_at = -math.inf

    def look(self) -> Flow[None]:
        """Look once, and tell what is different."""
        try:
            job: J | None = yield from self._subject.look()
        except NotFoundError:
            job = None
        except UnisyncError as error:
            yield from self._refused("look", error)
            return
        self._refused_with.pop("look", None)
        self._unreadable = 0
        before, self._job = self._job, job
        first, self._is_known = not self._is_known, True
        if first or _state(before) != _state(job):
            yield Tell(self._change("state", before))
        yield from self._attempts(before)

    def look_for_blockers(self) -> Flow[None]:
        """Read what blocks a sync now and then, and tell what is different."""
        if not isinstance(self._job, GitSyncJob):
            return
        is_active = self._job.status.state is SyncState.ACTIVE
        if self._now() - self._blockers_read_at < (BLOCKERS_OF_THE_ACTIVE_EVERY if is_active else BLOCKERS_EVERY):
            return
        try:
            found = yield from self._subject.blockers()
        except NotFoundError:
            return  # gone since it was looked at: the next look tells
        except UnisyncError as error:
            if not error.retryable:
                self._blockers_read_at = self._now()
            yield from self._refused("blockers", error)
            return
        self._refused_with.pop("blockers", None)
        self._blockers_read_at = self._now()
        known, self._blockers = self._blockers, {blocker.id: blocker for blocker in found}
        for blocker in found:
            if blocker.id not in known:
                yield Tell(self._change("blocker", self._job, blocker=blocker))
        for blocker_id, blocker in known.items():
            if blocker_id not in self._blockers:
                gone = blocker.model_copy(update={"status": "RESOLVED"})
                yield Tell(self._change("blocker", self._job, blocker=gone))

    def _attempts(self, before: J | None) -> Flow[None]:
        """Tell of a new attempt, and of the events that are new."""
        latest = self._job.latest_sync if isinstance(self._job, GitSyncJob) else None
        if latest is None:
            return
        known = before.latest_sync if isinstance(before, GitSyncJob) else None
        is_new = known is None or _identity(known) != _identity(latest)
        if is_new:
            yield Tell(self._change("attempt", before))
        seen = () if is_new or known is None else known.events
        for event in latest.events:
            if event not in seen:
                yield Tell(self._change("event", before, event=event))

    def _refused(self, read: str, error: UnisyncError) -> Flow[None]:
        """Tell of an error that does not pass, once. What passes is looked past."""
        if isinstance(error, ResponseError):
            self._unreadable += not error.cut_short
            passes = self._unreadable <= UNREADABLE_IN_A_ROW
        else:
            passes = error.retryable
        if not passes and self._refused_with.get(read) is not type(error):
            self._refused_with[read] = type(error)
            yield Tell(self._change("error", self._job, error=error))

    def _change(
        self,
        what: What,
        before: J | None,
        *,
        event: SyncEvent | None = None,
        blocker: SyncBlocker | None = None,
        error: UnisyncError | None = None,
    ) -> Change[J]:
        return Change(self._subject.ref, what, before, self._job, event, blocker, error)


def _state(job: SyncJob | None) -> tuple[SyncState, str] | None:
    return None if job is None else (job.status.state, job.status.native)


def _identity(attempt: ResourceSyncAttempt) -> object:
    return attempt.started_at, attempt.target_revision.sha
