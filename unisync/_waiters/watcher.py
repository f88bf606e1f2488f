"""The watcher: reports every change of a sync once, until it is stopped."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Literal, TypeVar

from unisync._core.flow import Emit, Flow, Sleep
from unisync._core.target import SyncTarget
from unisync._models.base import SyncState
from unisync._models.blockers import SyncBlocker
from unisync._models.dumping import Dumpable
from unisync._models.jobs import GitSyncJob, ResourceSyncAttempt, SyncEvent, SyncJob
from unisync._models.refs import SyncRef
from unisync._models.resources import SyncResourceSummary
from unisync._waiters.side_reads import SIDE_READ_INTERVAL
from unisync._waiters.transient import TransientErrors
from unisync.errors import NotFoundError, UnisyncError

J = TypeVar("J", bound=SyncJob)
J_co = TypeVar("J_co", bound=SyncJob, covariant=True)

ChangeKind = Literal["state", "attempt", "event", "blocker", "resources", "error"]
"""What changed."""

SETTLED_INTERVAL = 120.0
"""Seconds between two reads of the blockers, or of the resources, of a sync that is ACTIVE."""

Failures = frozenset[tuple[str | None, str | None, str | None, str]]
"""Which resources have failed, and why."""


@dataclass(frozen=True)
class Change(Dumpable, Generic[J_co]):
    """A change of a sync since the previous poll."""

    ref: SyncRef[J_co]
    """The sync."""
    kind: ChangeKind
    """The state changed; an attempt started or reported an event; a blocker was created or resolved; the failed
    resources of a TwinMaker sync job changed; or a poll failed with an error that is not transient, such as a missing
    permission."""
    before: J_co | None
    """The job before; None if there was none, or before the first poll."""
    after: J_co | None
    """The job now; None if there is none any more."""
    event: SyncEvent | None = None
    """The event that the attempt reported."""
    blocker: SyncBlocker | None = None
    """The blocker that was created, or resolved: see `is_active`."""
    error: UnisyncError | None = None
    """The error of the poll."""
    resources: SyncResourceSummary | None = None
    """The resources of a TwinMaker sync job, if the failed ones changed."""

    @property
    def time(self) -> datetime | None:
        """AWS's time of an attempt, an event or a new blocker; None for other changes."""
        if self.event is not None:
            return self.event.time
        if self.blocker is not None:
            return self.blocker.created_at if self.blocker.is_active else self.blocker.resolved_at
        if self.kind == "attempt" and self.after is not None:
            return self.after.attempts[-1].started_at
        return None


class Watcher(Generic[J]):
    """Polls one sync and emits its changes.

    Args:
        target: The sync.
        interval: Seconds between two polls.
        now: The time, in seconds.
    """

    def __init__(self, target: SyncTarget[J], interval: float, now: Callable[[], float]) -> None:
        self._target = target
        self._interval = interval
        self._now = now
        self._is_first = True
        self._job: J | None = None
        self._reported: dict[str, type[UnisyncError]] = {}
        """The error that each kind of read last reported."""
        self._transient = {"status": TransientErrors(), "blockers": TransientErrors(), "resources": TransientErrors()}
        self._blockers: dict[str, SyncBlocker] = {}
        self._blockers_read_at = -math.inf
        self._failures: Failures = frozenset()
        self._resources_read_at = -math.inf
        self._is_settled = False
        """Whether no resource was in progress at the last read."""

    def watch(self) -> Flow[None]:
        """Emit each `Change` until someone stops it."""
        while True:
            yield from self._poll()
            yield from self._poll_blockers()
            yield from self._poll_resources()
            yield Sleep(self._interval)

    def _poll(self) -> Flow[None]:
        """Read the job once, and emit what is different."""
        try:
            job: J | None = yield from self._target.fetch()
        except NotFoundError:
            job = None
        except UnisyncError as error:
            yield from self._failed("status", error)
            return
        self._succeeded("status")
        is_first, self._is_first = self._is_first, False
        for each in (*_between(self._job, job), job):
            before, self._job = self._job, each
            if is_first or _state(before) != _state(each):
                yield Emit(self._change("state", before))
            yield from self._attempt(before)

    def _poll_blockers(self) -> Flow[None]:
        """Read the blockers now and then, and emit what is different."""
        if not isinstance(self._job, GitSyncJob):
            return
        is_active = self._job.status.state is SyncState.ACTIVE
        if self._now() - self._blockers_read_at < (SETTLED_INTERVAL if is_active else SIDE_READ_INTERVAL):
            return
        try:
            found = yield from self._target.blockers()
        except NotFoundError:
            return  # deleted since the poll: the next poll reports that
        except UnisyncError as error:
            if not error.retryable:
                self._blockers_read_at = self._now()
            yield from self._failed("blockers", error)
            return
        self._succeeded("blockers")
        self._blockers_read_at = self._now()
        known, self._blockers = self._blockers, {blocker.id: blocker for blocker in found}
        for blocker in found:
            if blocker.id not in known:
                yield Emit(self._change("blocker", self._job, blocker=blocker))
        for blocker_id, blocker in known.items():
            if blocker_id not in self._blockers:
                resolved = blocker.model_copy(update={"status": "RESOLVED"})
                yield Emit(self._change("blocker", self._job, blocker=resolved))

    def _poll_resources(self) -> Flow[None]:
        """Read the resources now and then, and emit them if the failed ones changed."""
        job = self._job
        if not self._target.has_resources:
            return
        if job is None:
            self._failures = frozenset()
            return
        is_settled = self._is_settled and job.status.state is SyncState.ACTIVE
        if self._now() - self._resources_read_at < (SETTLED_INTERVAL if is_settled else SIDE_READ_INTERVAL):
            return
        try:
            resources = yield from self._target.resources()
        except UnisyncError as error:
            if not error.retryable:
                self._resources_read_at = self._now()
            yield from self._failed("resources", error)
            return
        self._succeeded("resources")
        self._resources_read_at, self._is_settled = self._now(), resources.is_settled
        before, self._failures = self._failures, _failures(resources)
        if self._failures != before:
            yield Emit(self._change("resources", job, resources=resources))

    def _attempt(self, before: J | None) -> Flow[None]:
        """Emit a new attempt, and new events."""
        latest = self._job.latest_sync if isinstance(self._job, GitSyncJob) else None
        if latest is None:
            return
        known = before.latest_sync if isinstance(before, GitSyncJob) else None
        is_new = known is None or _attempt_id(known) != _attempt_id(latest)
        if is_new:
            yield Emit(self._change("attempt", before))
        seen = () if is_new or known is None else known.events
        for event in latest.events:
            if event not in seen:
                yield Emit(self._change("event", before, event=event))

    def _succeeded(self, read: str) -> None:
        self._reported.pop(read, None)
        self._transient[read].record_success()

    def _failed(self, read: str, error: UnisyncError) -> Flow[None]:
        """Emit an error that is not transient, once."""
        if not self._transient[read].is_transient(error) and self._reported.get(read) is not type(error):
            self._reported[read] = type(error)
            yield Emit(self._change("error", self._job, error=error))

    def _change(
        self,
        kind: ChangeKind,
        before: J | None,
        *,
        event: SyncEvent | None = None,
        blocker: SyncBlocker | None = None,
        error: UnisyncError | None = None,
        resources: SyncResourceSummary | None = None,
    ) -> Change[J]:
        return Change(self._target.ref, kind, before, self._job, event, blocker, error, resources)


def _between(before: J | None, after: J | None) -> tuple[J, ...]:
    """The job as it was when an attempt had succeeded that began after one poll, and was not the latest at the next."""
    if not (isinstance(before, GitSyncJob) and isinstance(after, GitSyncJob)):
        return ()
    known, success, latest = before.latest_sync, after.latest_successful_sync, after.latest_sync
    if (
        known is None
        or success is None
        or latest is None
        or not known.started_at < success.started_at < latest.started_at
    ):
        return ()
    return (after.model_copy(update={"latest_sync": success, "status": success.status}),)


def _failures(resources: SyncResourceSummary) -> Failures:
    return frozenset(
        (resource.resource_type, resource.external_id, resource.resource_id, str(resource.status.error))
        for resource in resources.failed
    )


def _state(job: SyncJob | None) -> tuple[SyncState, str] | None:
    return None if job is None else (job.status.state, job.status.aws_state)


def _attempt_id(attempt: ResourceSyncAttempt) -> tuple[datetime, str]:
    return attempt.started_at, attempt.target_revision.sha
