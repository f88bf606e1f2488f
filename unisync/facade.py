"""The verbs that all services share, written once for both clients."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from unisync.backoff import Backoff, retrying
from unisync.flow import Flow, SystemClock
from unisync.models import SyncJob
from unisync.refs import SyncRef
from unisync.services import subject_of
from unisync.session import Session
from unisync.verbs import Verbs, verb

if TYPE_CHECKING:
    from datetime import timedelta

    from unisync.interfaces import Boto3Session, BotocoreConfig, Clock
    from unisync.waiting import OnProgress

J = TypeVar("J", bound=SyncJob)


class Facade(Verbs):
    """What `Unisync` and `AsyncUnisync` have in common."""

    def __init__(
        self,
        session: Boto3Session | None = None,
        *,
        region_name: str | None = None,
        profile_name: str | None = None,
        endpoint_url: str | None = None,
        config: BotocoreConfig | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._session = Session(session, region_name, profile_name, endpoint_url, config)
        self._clock = clock or SystemClock()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._session}>"

    @verb
    def get(self, ref: SyncRef[J]) -> Flow[J]:
        """Look at a sync once.

        A Git sync that is defined and has never run is PENDING, with no `latest_sync`.

        Args:
            ref: Which sync.

        Returns:
            The job, of the type that the reference leads to.

        Raises:
            NotFoundError: There is no such sync.
            UnisyncError: Another of the tree in `unisync.errors`.

        AWS operation: GetSyncJob, GetServiceInstanceSyncStatus, GetTemplateSyncStatus or GetResourceSyncStatus; where
        that finds no status, also GetServiceSyncConfig, GetTemplateSyncConfig or GetSyncConfiguration.
        """
        return (yield from retrying(subject_of(ref).look(), self._session.attempts))

    @verb
    def wait_until_active(
        self,
        ref: SyncRef[J],
        *,
        revision: str | None = None,
        timeout: float | timedelta | None = 900,
        backoff: Backoff = Backoff(),  # noqa: B008  # frozen
        on_progress: OnProgress[J] | None = None,
    ) -> Flow[J]:
        """Wait until a sync is in place.

        It looks first and sleeps after, so what is in place already returns at once. Throttling, server errors and lost
        connections are looked past until the time is up; all other errors end the wait.

        Without `revision`, a Git sync is in place when its latest attempt succeeded and no newer commit is wanted. With
        it, when the latest successful attempt took the resource to that commit: an older success does not count, and
        an older failure is not ours.

        Args:
            ref: Which sync.
            revision: The commit that is waited for, for a Git sync: its sha, or at least its first 7 digits.
            timeout: Seconds, or a timedelta, that the wait may take with all its calls; None is for ever.
            backoff: How the delays between the looks grow.
            on_progress: Called after each look that another follows. What it raises ends the wait.

        Returns:
            The job as the last look saw it.

        Raises:
            SyncFailedError: The sync failed; the message says why.
            SyncBlockedError: The sync is blocked; the message says by what, and how to release it.
            SyncSupersededError: Another commit took the place of `revision`.
            WaitTimeoutError: The time is up.
            NotFoundError: There is no such sync. One that is defined and has never run is waited for.
            UnisyncError: Another of the tree in `unisync.errors`.

        AWS operation: those of `get`, and for Git syncs GetSyncBlockerSummary or GetServiceSyncBlockerSummary.
        """
        from unisync.waiting import wait_until_active

        return (
            yield from wait_until_active(
                subject_of(ref),
                revision=revision,
                timeout=timeout,
                backoff=backoff,
                on_progress=on_progress,
                now=self._clock.now,
            )
        )

    @verb
    def wait_until_deleted(
        self,
        ref: SyncRef[J],
        *,
        timeout: float | timedelta | None = 900,
        backoff: Backoff = Backoff(),  # noqa: B008  # frozen
        on_progress: OnProgress[J] | None = None,
    ) -> Flow[None]:
        """Wait until a sync is gone. One that does not exist is gone.

        Args:
            ref: Which sync.
            timeout: Seconds, or a timedelta, that the wait may take with all its calls; None is for ever.
            backoff: How the delays between the looks grow.
            on_progress: Called after each look that another follows. What it raises ends the wait.

        Raises:
            WaitTimeoutError: The time is up.
            UnisyncError: Another of the tree in `unisync.errors`.

        AWS operation: those of `get`.
        """
        from unisync.waiting import wait_until_deleted

        yield from wait_until_deleted(
            subject_of(ref), timeout=timeout, backoff=backoff, on_progress=on_progress, now=self._clock.now
        )
