"""The methods that all clients share, written once as flows for both kinds of client."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from copy import copy
from dataclasses import replace
from datetime import datetime, timedelta
from threading import Event
from typing import Any, Generic, Literal, Self, TypeVar, cast, overload

from typing_extensions import deprecated, override

from unisync._botocore.options import SessionOptions, checked_max_attempts
from unisync._botocore.session import Session
from unisync._botocore.types import Boto3Session, BotocoreConfig
from unisync._client.settings import CALL_TIMEOUT, ClientSettings
from unisync._core import clock as clocks
from unisync._core.backoff import Backoff
from unisync._core.bridge import AsyncBase, MethodsBase, SyncBase, operation, streamed
from unisync._core.clock import Clock
from unisync._core.commands import Flow, Gather
from unisync._core.events import OnEvent, instrumented
from unisync._core.rate_limiter import RateLimit, rate_limited
from unisync._core.target import SyncTarget
from unisync._models.blockers import SyncBlocker
from unisync._models.configurations import RepositorySyncAttempt
from unisync._models.jobs import GitSyncJob, SyncJob, TwinMakerSyncJob
from unisync._models.outcome import Outcome
from unisync._models.refs import FleetSync, ServiceInstanceSync, StackSync, SyncRef
from unisync._models.resources import SyncResourceSummary
from unisync._services.codeconnections import AsyncCodeConnectionsClient, CodeConnectionsClient
from unisync._services.discovery import Discovery, discover
from unisync._services.proton import AsyncProtonClient, ProtonClient, warn_of_end
from unisync._services.registry import Services
from unisync._services.twinmaker import AsyncTwinMakerClient, TwinMakerClient
from unisync._waiters import many
from unisync._waiters.arguments import (
    OnProgress,
    WaitOptions,
    checked_interval,
    checked_max_failures,
    checked_stop,
    checked_timeout,
)
from unisync._waiters.many import OnOutcome
from unisync._waiters.token import WaitToken
from unisync._waiters.waiters import Waiter
from unisync._waiters.wanted import Wanted, WantedRevision
from unisync._waiters.watcher import Change, Watcher
from unisync.errors import InvalidArgumentError

J = TypeVar("J", bound=SyncJob)
T = TypeVar("T")
S = TypeVar("S")
A = TypeVar("A")

_BACKOFF = Backoff()

DISCOVERY_TIMEOUT = 300.0
"""Seconds that a search for syncs may take by default."""


class CommonMethods(MethodsBase):
    """The methods that take references."""

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

    def _targets(self, refs: Iterable[SyncRef[J]]) -> list[SyncTarget[J]]:
        InvalidArgumentError.unless(isinstance(cast("object", refs), Iterable), "refs", "references", refs)
        return [self._target(ref) for ref in refs]

    def _wanted(
        self, refs: Iterable[SyncRef[J]] | Mapping[SyncRef[J], str]
    ) -> tuple[list[SyncTarget[J]], dict[SyncRef[J], Wanted | None]]:
        """The targets of references, and the commits of those that have their own."""
        if not isinstance(refs, Mapping):
            return self._targets(refs), {}
        targets: list[SyncTarget[J]] = []
        wanted: dict[SyncRef[J], Wanted | None] = {}
        for ref, revision in cast("Mapping[SyncRef[J], object]", refs).items():
            found = self._targets([ref])  # several, in a fleet
            commits = Wanted.checked(revision)
            targets += found
            wanted |= {target.ref: commits for target in found}
        return targets, wanted

    def _retrying(self, flow: Flow[T]) -> Flow[T]:
        """The same operation, its failed calls retried as the settings say."""
        return self._settings.retrying(flow)

    def _wait(
        self, ref: SyncRef[J], condition: str, options: WaitOptions[J], wait: Callable[[Waiter[J]], Flow[T]]
    ) -> Flow[T]:
        """A wait for one sync: reported to the listener, its calls rate-limited together with all other waits'."""
        settings = self._settings
        now = settings.clock.now
        waiter = Waiter(self._target(ref), condition, options, now)
        flow = instrumented(
            wait(waiter), settings.on_event, ref, condition, options.revision, now, lambda: waiter.polls
        )
        return rate_limited(flow, settings.limiter_for, now)

    def with_options(self, *, timeout: float | timedelta | None = None, max_attempts: int | None = None) -> Self:
        """The same client with other bounds for its calls. Both share their connections; close one of them.

        Args:
            timeout: Seconds, or a timedelta, that each operation may take with its retries, and each call of a wait;
                None leaves it as it is.
            max_attempts: How often a call is sent at most, from 1; None leaves it as it is.

        Returns:
            Another client.

        Raises:
            InvalidArgumentError: An argument is not what is expected.
        """
        settings = self._settings
        if timeout is not None:
            settings = replace(settings, call_timeout=checked_timeout(timeout))
        if max_attempts is not None:
            settings = replace(settings, max_attempts=checked_max_attempts(max_attempts))
        client = copy(self)
        for name in ("twinmaker", "proton", "codeconnections", "_clients"):
            client.__dict__.pop(name, None)  # made with the other settings
        client._settings = settings
        return client

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
    def wait_until_active(
        self,
        ref: SyncRef[J],
        *,
        revision: WantedRevision | None = None,
        timeout: float | timedelta | None = 900,
        backoff: Backoff = _BACKOFF,
        grace: float | timedelta | None = None,
        started_after: datetime | None = None,
        on_progress: OnProgress[J] | None = None,
        stop: Event | None = None,
    ) -> Flow[J]:
        """Wait until a sync is synced.

        It polls first and sleeps after, so a sync that is synced already returns at once. Throttling, server errors and
        lost connections are retried until the timeout; all other errors end the wait.

        Without `revision`, a Git sync is synced when its latest attempt succeeded, AWS has detected no newer commit,
        and nothing blocks it. With it, when the latest successful attempt synced that commit: an older success does not
        count, and an older failure is ignored.

        The blockers and the branch are read beside the status where it does not decide. If they cannot be read, the
        status alone decides, and the message of an error says what could not be read.

        Args:
            ref: The sync.
            revision: The commit to wait for, for a Git sync: its sha, or at least its first 7 digits; several of them,
                of which any counts; or a function that takes a `Revision` and says whether it counts.
            timeout: Overall deadline in seconds or as a timedelta, including retries. None waits indefinitely.
            backoff: The pauses between polls.
            grace: Seconds, or a timedelta, from the poll that first sees a failed attempt, within which it may be
                retried. None is 0.
            started_after: A moment, with a time zone. Attempts that started earlier, by 30 s of tolerance for clocks,
                are ignored, successful or not: for the retry of a commit. None counts all attempts.
            on_progress: Called after each poll that is followed by another. What it raises ends the wait.
            stop: An event that ends the wait when another thread sets it.

        Returns:
            The job as the last poll returned it.

        Raises:
            SyncFailedError: The sync failed, or that of its branch did; the message says why.
            SyncBlockedError: The sync is blocked; the message says why, and how to resolve the blocker.
            SyncSupersededError: Another commit took the place of `revision`.
            WaitTimeoutError: The wait timed out.
            WaitStoppedError: `stop` was set.
            NotFoundError: There is no such sync. One that is configured and has never run is waited for.
            UnisyncError: Any other error in `unisync.errors`.

        AWS operation: those of `get`, and for Git syncs those of `blockers` and those of `repository_status`.
        """
        options = WaitOptions[J].checked(
            timeout=timeout,
            backoff=backoff,
            grace=grace,
            started_after=started_after,
            on_progress=on_progress,
            stop=stop,
            revision=revision,
        )
        return (yield from self._wait(ref, "active", options, Waiter[J].until_active))

    @operation
    def wait_until_deleted(
        self,
        ref: SyncRef[J],
        *,
        timeout: float | timedelta | None = 900,
        backoff: Backoff = _BACKOFF,
        grace: float | timedelta | None = None,
        on_progress: OnProgress[J] | None = None,
        stop: Event | None = None,
    ) -> Flow[None]:
        """Wait until a sync is deleted. One that does not exist is deleted.

        Args:
            ref: The sync.
            timeout: Overall deadline in seconds or as a timedelta, including retries. None waits indefinitely.
            backoff: The pauses between polls.
            grace: Seconds, or a timedelta, from the poll that first sees a failed deletion, within which it may be
                retried. None is 0.
            on_progress: Called after each poll that is followed by another. What it raises ends the wait.
            stop: An event that ends the wait when another thread sets it.

        Raises:
            SyncFailedError: The deletion failed; the message says why.
            WaitTimeoutError: The wait timed out.
            WaitStoppedError: `stop` was set.
            UnisyncError: Any other error in `unisync.errors`.

        AWS operation: those of `get`.
        """
        options = WaitOptions[J].checked(
            timeout=timeout, backoff=backoff, grace=grace, on_progress=on_progress, stop=stop
        )
        yield from self._wait(ref, "deleted", options, Waiter[J].until_deleted)

    @operation
    def wait_until_resources_synced(
        self,
        ref: SyncRef[TwinMakerSyncJob],
        *,
        max_failures: int = 0,
        timeout: float | timedelta | None = 900,
        backoff: Backoff = _BACKOFF,
        grace: float | timedelta | None = None,
        on_progress: OnProgress[TwinMakerSyncJob] | None = None,
        stop: Event | None = None,
    ) -> Flow[SyncResourceSummary]:
        """Wait until a TwinMaker sync job is ACTIVE and all of its resources are in sync.

        An ACTIVE job may have resources in ERROR. TwinMaker retries most of them by itself, so they have failed only if
        they stay in ERROR, with nothing in progress, for as long as `grace` says.

        Args:
            ref: The sync job.
            max_failures: How many failed resources are accepted, zero or more.
            timeout: Overall deadline in seconds or as a timedelta, including retries. None waits indefinitely.
            backoff: The pauses between polls.
            grace: Seconds, or a timedelta, from the poll that first sees a failure, within which it may pass. None is
                120 for resources, and 0 for the job itself.
            on_progress: Called after each poll that is followed by another, with the `resources` as last counted. What
                it raises ends the wait.
            stop: An event that ends the wait when another thread sets it.

        Returns:
            The resources: none in progress, and at most `max_failures` failed.

        Raises:
            SyncFailedError: The job failed, or more than `max_failures` resources did; the message says why.
            WaitTimeoutError: The wait timed out.
            WaitStoppedError: `stop` was set.
            NotFoundError: There is no such job.
            UnisyncError: Any other error in `unisync.errors`.

        AWS operation: GetSyncJob and ListSyncResources.
        """
        accepted = checked_max_failures(max_failures)
        options = WaitOptions[TwinMakerSyncJob].checked(
            timeout=timeout, backoff=backoff, grace=grace, on_progress=on_progress, stop=stop
        )
        return (
            yield from self._wait(ref, "resources", options, lambda waiter: waiter.until_resources_synced(accepted))
        )

    @operation
    def resume(
        self,
        token: WaitToken | str,
        *,
        backoff: Backoff = _BACKOFF,
        on_progress: OnProgress[SyncJob] | None = None,
        stop: Event | None = None,
    ) -> Flow[SyncJob]:
        """Continue a wait that was started elsewhere, by the rules of `wait_until_active`, to the same deadline.

        Args:
            token: The wait's token, or its text.
            backoff: The pauses between polls.
            on_progress: Called after each poll that is followed by another. What it raises ends the wait.
            stop: An event that ends the wait when another thread sets it.

        Returns:
            The job as the last poll returned it.

        Raises:
            UnisyncError: As for `wait_until_active`. A wait whose deadline has passed polls once more.

        AWS operation: those of `wait_until_active`.
        """
        wait = token if isinstance(token, WaitToken) else WaitToken.parse(token)
        options = WaitOptions[SyncJob].checked(
            timeout=wait.remaining, backoff=backoff, on_progress=on_progress, stop=stop, revision=wait.revision
        )
        return (yield from self._wait(wait.ref, "active", options, Waiter[SyncJob].until_active))

    @operation
    def get_many(
        self,
        refs: Iterable[SyncRef[J]],
        *,
        include_blockers: bool = False,
        timeout: float | timedelta | None = None,
    ) -> Flow[list[Outcome[J]]]:
        """Read many syncs once, concurrently, within AWS's rate limits.

        Args:
            refs: The syncs.
            include_blockers: Whether to read their active blockers as well, for `Outcome.blockers`.
            timeout: Seconds, or a timedelta, for all of them together: what is not read by then is an error. None
                bounds each call alone, by the client's `call_timeout`, so that reads may queue for the rate limit.

        Returns:
            An outcome for each reference, in order: the job, or the error of the read; both if only the blockers could
            not be read.

        Raises:
            InvalidArgumentError: An argument is not what is expected.

        AWS operation: those of `get`, and with `include_blockers` those of `blockers`.
        """
        seconds = None if timeout is None else checked_timeout(timeout)
        targets = self._targets(refs)
        return (
            yield from many.get_many(
                targets, lambda read: self._settings.retrying_many(read, seconds), include_blockers
            )
        )

    @operation
    def wait_all(
        self,
        refs: Iterable[SyncRef[J]] | Mapping[SyncRef[J], str],
        *,
        revision: WantedRevision | None = None,
        timeout: float | timedelta | None = 900,
        backoff: Backoff = _BACKOFF,
        grace: float | timedelta | None = None,
        started_after: datetime | None = None,
        return_when: Literal["all", "first", "first_failure"] = "all",
        on_progress: OnProgress[J] | None = None,
        on_outcome: OnOutcome[J] | None = None,
        stop: Event | None = None,
    ) -> Flow[list[Outcome[J]]]:
        """Wait until many syncs are synced, each by the rules of `wait_until_active`.

        All of them share AWS's rate limit, also with all other waits of this process in the same account and region.
        The limit is found out: it starts as the client's `rate_limit` says, grows while it is what holds the waits
        back, and falls when AWS throttles. Among the syncs that are due, the one polled longest ago goes first.

        Args:
            refs: The syncs; or a mapping that has for each of them the commit to wait for.
            revision: The commit to wait for, for Git syncs, as for `wait_until_active`; not with a mapping.
            timeout: Deadline of each wait in seconds or as a timedelta, including retries. None waits indefinitely.
            backoff: The pauses between the polls of each sync; longer if the rate limit leaves no room.
            grace: As for `wait_until_active`.
            started_after: As for `wait_until_active`, for Git syncs.
            return_when: "all" when all waits have ended, "first" when the first has, and "first_failure" when the first
                has failed or all have ended.
            on_progress: Called after each poll that is followed by another. What it raises ends the wait.
            on_outcome: Called with each outcome as soon as its wait has ended. What it raises ends the wait.
            stop: An event that ends all waits when another thread sets it. Their outcomes so far are returned.

        Returns:
            An outcome for each reference, in order: the job, or the error of its wait; one whose wait has not ended is
            not `done` and has no error.

        Raises:
            InvalidArgumentError: An argument is not what is expected.

        AWS operation: those of `wait_until_active`.
        """
        options = WaitOptions[J].checked(
            timeout=timeout,
            backoff=backoff,
            grace=grace,
            started_after=started_after,
            on_progress=on_progress,
            stop=stop,
            revision=revision,
        )
        targets, wanted = self._wanted(refs)
        is_once = revision is None or not isinstance(refs, Mapping)
        InvalidArgumentError.unless(is_once, "revision", "None, as `refs` has the commits", revision)
        return (
            yield from many.wait_all(
                targets,
                options,
                wanted=wanted,
                return_when=return_when,
                on_outcome=on_outcome,
                now=self._settings.clock.now,
                on_event=self._settings.on_event,
            )
        )

    @streamed
    def watch(
        self, refs: Iterable[SyncRef[J]], *, interval: float | timedelta = 5.0, stop: Event | None = None
    ) -> Gather[Change[J]]:
        """Watch syncs: every change of each of them, once, until it is stopped.

        Throttling, server errors and lost connections are retried. An error that is not transient is a change too, and
        the watch goes on. Stop iterating, close the iterator, or set `stop` to end it.

        Args:
            refs: The syncs.
            interval: Seconds, or a timedelta, between two polls of the same sync; longer if AWS's rate limit requires.
            stop: An event that ends the watch when another thread sets it.

        Returns:
            An iterator of changes; the first of each sync reports its current state.

        Raises:
            InvalidArgumentError: An argument is not what is expected.

        AWS operation: those of `get`, and for Git syncs those of `blockers`.
        """
        seconds = checked_interval(interval)
        targets = {target.ref: target for target in self._targets(refs)}
        flows = [Watcher(target, seconds, self._settings.clock.now).watch() for target in targets.values()]
        return cast("Gather[Change[J]]", Gather(flows, stop=checked_stop(stop)))

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
        resolve = self._target(ref).resolve_blocker
        if resolve is None:
            raise InvalidArgumentError.expected("ref", "the reference of a stack or of a service instance", ref)
        blocker_id: object = getattr(blocker, "id", blocker)
        if not isinstance(blocker_id, str) or not blocker_id:
            raise InvalidArgumentError.expected("blocker", "a blocker or its id", blocker)
        is_text = isinstance(cast("object", reason), str) and bool(reason)
        InvalidArgumentError.unless(is_text, "reason", "text", reason)
        return (yield from self._retrying(resolve(blocker_id, reason)))

    @operation
    def repository_status(self, ref: SyncRef[GitSyncJob]) -> Flow[RepositorySyncAttempt | None]:
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
        read = self._target(ref).repository_status
        if read is None:
            raise InvalidArgumentError.expected("ref", "the reference of a Git sync", ref)
        return (yield from self._retrying(read()))


class _ServiceClient(Generic[S, A]):
    """An attribute that is the client of one service: blocking on one kind of client, awaited on the other."""

    def __init__(self, sync_type: Callable[..., S], async_type: Callable[..., A], doc: str) -> None:
        self._sync_type = sync_type
        self._async_type = async_type
        self.__doc__ = doc

    def __set_name__(self, owner: type[object], name: str) -> None:
        self._name = name

    @overload
    def __get__(self, instance: None, owner: type[object]) -> Self: ...
    @overload
    def __get__(self, instance: SyncBase, owner: type[object]) -> S: ...
    @overload
    def __get__(self, instance: AsyncBase, owner: type[object]) -> A: ...
    def __get__(self, instance: Any, owner: type[object]) -> object:
        if instance is None:
            return self
        is_sync = issubclass(owner, SyncBase)

        def run(flow: Flow[Any]) -> Any:
            retrying = instance._retrying(flow)
            return instance._run(retrying) if is_sync else instance._arun(retrying)

        make: Callable[..., object] = self._sync_type if is_sync else self._async_type
        client = make(getattr(instance._settings.services, self._name), run)
        # From now on, the attribute of the instance comes first.
        instance.__dict__[self._name] = client
        return client


class _ProtonClient(_ServiceClient[ProtonClient, AsyncProtonClient]):
    """The client of Proton. Type checkers report each use as deprecated, and the first use warns."""

    @overload
    def __get__(self, instance: None, owner: type[object]) -> Self: ...
    @overload
    @deprecated("AWS ended its support of Proton on 2026-10-07", category=None)
    def __get__(self, instance: SyncBase, owner: type[object]) -> ProtonClient: ...
    @overload
    @deprecated("AWS ended its support of Proton on 2026-10-07", category=None)
    def __get__(self, instance: AsyncBase, owner: type[object]) -> AsyncProtonClient: ...
    @override
    def __get__(self, instance: Any, owner: type[object]) -> object:
        if instance is not None:
            warn_of_end(stacklevel=3)
        return super().__get__(instance, owner)


class ClientMethods(CommonMethods):
    """What `Unisync` and `AsyncUnisync` have in common."""

    def __init__(
        self,
        session: Boto3Session | None = None,
        *,
        region_name: str | None = None,
        profile_name: str | None = None,
        endpoint_url: str | None = None,
        config: BotocoreConfig | None = None,
        connect_timeout: float | None = None,
        read_timeout: float | None = None,
        max_attempts: int | None = None,
        call_timeout: float | timedelta | None = CALL_TIMEOUT,
        verify: bool | str | None = None,
        endpoint_urls: Mapping[str, str] | None = None,
        codeconnections_service: Literal["codeconnections", "codestar-connections"] = "codeconnections",
        allow_unknown_values: bool = False,
        rate_limit: RateLimit | None = None,
        clock: Clock | None = None,
        on_event: OnEvent | None = None,
    ) -> None:
        options = SessionOptions.checked(
            endpoint_url=endpoint_url,
            endpoint_urls=endpoint_urls,
            config=config,
            connect_timeout=connect_timeout,
            read_timeout=read_timeout,
            max_attempts=max_attempts,
            verify=verify,
            allow_unknown_values=allow_unknown_values,
            on_event=on_event,
        )
        self._settings = ClientSettings(
            Session(session, region_name, profile_name, options),
            Services(codeconnections_service),
            clock or clocks.default_clock(),
            rate_limit or RateLimit(),
            options.on_event,
            checked_timeout(call_timeout, "call_timeout"),
        )

    twinmaker: _ServiceClient[TwinMakerClient, AsyncTwinMakerClient] = _ServiceClient(
        TwinMakerClient, AsyncTwinMakerClient, "The sync operations of IoT TwinMaker."
    )
    proton: _ProtonClient = _ProtonClient(
        ProtonClient,
        AsyncProtonClient,
        "The sync operations of Proton, whose support AWS ended on 2026-10-07: the first use warns of that.",
    )
    codeconnections: _ServiceClient[CodeConnectionsClient, AsyncCodeConnectionsClient] = _ServiceClient(
        CodeConnectionsClient, AsyncCodeConnectionsClient, "The sync operations of CodeConnections."
    )

    @operation
    def discover(
        self,
        *,
        services: Collection[Literal["twinmaker", "codeconnections", "proton"]] | None = None,
        tags: Mapping[str, str] | None = None,
        timeout: float | timedelta | None = DISCOVERY_TIMEOUT,
    ) -> Flow[Discovery]:
        """Find every sync in this account and region.

        These are the jobs of all TwinMaker workspaces, the stacks that follow a linked repository, and the Proton
        service instances and templates that follow one. A service that fails, for example because access is denied,
        does not keep the others back: the error is logged as a warning and stands in the result's `errors`.

        Args:
            services: The services to search; None is all of them.
            tags: Only syncs whose resource carries all of these tags, with these values: a TwinMaker sync job, the link
                to the repository that a stack follows, a Proton service instance, or a Proton template. A search that
                may not read tags is incomplete.
            timeout: Seconds, or a timedelta, for the whole search: what is not found by then is missing, and an error.
                None is for no limit.

        Returns:
            The references, to iterate over, and the first error of each service whose search is incomplete.

        Raises:
            InvalidArgumentError: An argument is not what is expected.
            UnisyncError: Nothing was found, and the search of every service is incomplete.

        AWS operation: ListWorkspaces and ListSyncJobs; ListRepositoryLinks and ListSyncConfigurations;
        ListServiceInstances, GetServiceSyncConfig, ListServiceTemplates, ListEnvironmentTemplates,
        GetTemplateSyncConfig, ListServiceTemplateVersions and ListEnvironmentTemplateVersions; with `tags` also
        ListTagsForResource.
        """
        search = discover(self._settings.services, services, tags=tags)
        return (yield from self._settings.retrying(search, checked_timeout(timeout)))
