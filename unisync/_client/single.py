"""The methods that concern one sync and make few calls, written once as flows for all kinds of client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self, TypeVar, cast

from unisync._client.settings import ClientSettings
from unisync._core.bridge import MethodsBase, operation
from unisync._core.commands import Flow
from unisync._core.lazy import lazy_module
from unisync._core.target import SyncTarget
from unisync._models.blockers import SyncBlocker
from unisync._models.jobs import GitSyncJob, SyncJob
from unisync._models.refs import FleetSync, ServiceInstanceSync, StackSync, SyncRef
from unisync.errors import InvalidArgumentError

if TYPE_CHECKING:
    from unisync._models import configurations
else:
    configurations = lazy_module("unisync._models.configurations")

J = TypeVar("J", bound=SyncJob)
T = TypeVar("T")


class SingleMethods(MethodsBase):
    """The methods that concern one sync."""

    _settings: ClientSettings

    @classmethod
    def _with_settings(cls, settings: ClientSettings) -> Self:
        """A client with settings that exist already."""
        client = cls.__new__(cls)
        client._settings = settings
        return client

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._settings.transport}>"

    def _target(self, ref: SyncRef[J]) -> SyncTarget[J]:
        return self._settings.services.target_of(ref)

    def _retrying(self, flow: Flow[T]) -> Flow[T]:
        """The same operation, its failed calls retried as the settings say."""
        return self._settings.retrying(flow)

    @operation
    def get(self, ref: SyncRef[J], *, include_blockers: bool = False) -> Flow[J]:
        """Read a sync once.

        A Git sync that is configured and has never run is PENDING, with no `latest_sync`. The status does not show
        whether the sync is blocked: read the blockers as well.

        Args:
            ref: The sync.
            include_blockers: Whether to read its active blockers as well, for the job's `blockers`. If they cannot be
                read, that is an error.

        Returns:
            The job, of the type that belongs to the reference.

        Raises:
            InvalidArgumentError: An argument is not what is expected.
            NotFoundError: There is no such sync.
            UnisyncError: Any other error in `unisync.errors`.

        AWS operation: GetSyncJob, GetServiceInstanceSyncStatus, GetTemplateSyncStatus or GetResourceSyncStatus; if that
        finds no status, also GetServiceSyncConfig, GetTemplateSyncConfig or GetSyncConfiguration. With
        `include_blockers`, also what `blockers` calls.
        """
        target = self._target(ref)

        def read() -> Flow[J]:
            job = yield from target.fetch()
            return (yield from target.with_blockers(job)) if include_blockers else job

        return (yield from self._retrying(read()))

    @operation
    def blockers(self, ref: SyncRef[SyncJob]) -> Flow[tuple[SyncBlocker, ...]]:
        """Read the active blockers of a sync. For a Proton service instance, those of its service as well.

        Args:
            ref: The sync.

        Returns:
            The active blockers, newest first; none for a sync that nothing can block, such as a TwinMaker sync job.

        Raises:
            NotFoundError: There is no such sync.
            UnisyncError: Any other error in `unisync.errors`.

        AWS operation: GetSyncBlockerSummary or GetServiceSyncBlockerSummary; if that finds nothing, also
        GetServiceSyncConfig or GetSyncConfiguration.
        """
        return (yield from self._retrying(self._target(ref).blockers()))

    @operation
    def resolve_blocker(
        self, ref: StackSync | ServiceInstanceSync | FleetSync[GitSyncJob], blocker: SyncBlocker | str, reason: str
    ) -> Flow[SyncBlocker]:
        """Resolve a blocker, so that the sync continues.

        If the response is lost, the blocker is looked up before it is resolved again.

        Args:
            ref: The sync.
            blocker: A blocker of the sync, or of its service; or the blocker's id.
            reason: Why it is resolved.

        Returns:
            The blocker as it is now.

        Raises:
            InvalidArgumentError: An argument is not what is expected.
            NotFoundError: This sync has no such blocker.
            UnisyncError: Any other error in `unisync.errors`.

        AWS operation: UpdateSyncBlocker; or UpdateServiceSyncBlocker, after GetServiceSyncBlockerSummary.
        """
        target = self._target(ref)
        blocker_id: object = getattr(blocker, "id", blocker)
        if not isinstance(blocker_id, str) or not blocker_id:
            raise InvalidArgumentError.expected("blocker", "a blocker or its id", blocker)
        is_text = isinstance(cast("object", reason), str) and bool(reason)
        InvalidArgumentError.unless(is_text, "reason", "text", reason)
        return (yield from self._retrying(target.resolve_blocker(blocker_id, reason)))

    @operation
    def repository_status(self, ref: SyncRef[GitSyncJob]) -> Flow[configurations.RepositorySyncAttempt | None]:
        """Read the latest sync of the branch that a Git sync follows, which comes before the attempts of the sync.

        Args:
            ref: The sync.

        Returns:
            The latest attempt; None if there was none. Its success means that the syncs which the branch defines were
            started, and says nothing about their results.

        Raises:
            InvalidArgumentError: An argument is not what is expected.
            NotFoundError: The sync has no configuration.
            UnisyncError: Any other error in `unisync.errors`.

        AWS operation: GetRepositorySyncStatus, after GetSyncConfiguration, GetServiceSyncConfig or
        GetTemplateSyncConfig.
        """
        return (yield from self._retrying(self._target(ref).repository_status()))
