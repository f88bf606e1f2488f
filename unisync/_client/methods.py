"""The verbs that all services share, written once for both clients."""

from __future__ import annotations

from collections.abc import (
    AsyncIterator,  # noqa: F401  # pyright: ignore[reportUnusedImport]  # what `watch` says that it gives
    Collection,
    Iterable,
    Iterator,  # noqa: F401  # pyright: ignore[reportUnusedImport]  # likewise
)
from datetime import timedelta
from threading import Event
from typing import TYPE_CHECKING, Any, Literal, TypeVar, cast

import unisync._core.flow
from unisync._botocore.session import Sender, Session
from unisync._core.bridge import Verbs, stream, verb
from unisync._core.events import OnEvent, checked_callback, observed
from unisync._core.flow import Call, Flow, Together
from unisync._core.retry import Backoff, retrying
from unisync._models.jobs import GitSyncJob, SyncJob, TwinMakerSyncJob
from unisync._models.refs import FleetSync, ServiceInstanceSync, StackSync, SyncRef
from unisync._services.registry import Services
from unisync.errors import InvalidRequestError
from unisync.lazily import Later

if TYPE_CHECKING:
    from unisync import interfaces, outcomes, waiting
    from unisync._core.rate_limiter import Bucket
    from unisync._core.target import Subject
else:
    interfaces, outcomes = Later("unisync._core.clock"), Later("unisync._waiters.many")
    waiting = Later("unisync._waiters.waiters")

V = TypeVar("V", bound="CommonVerbs")
J = TypeVar("J", bound=SyncJob)
T = TypeVar("T")


class CommonVerbs(Verbs):
    """The verbs that take references."""

    _session: Sender
    _services: Services
    _clock: unisync.Clock
    _pace: unisync.Pace | None
    _on_event: OnEvent | None

    def _over(self, session: Sender, services: Services, kind: type[V]) -> V:
        """Another client with the settings of this one, that makes its calls by a session that is there already."""
        client = kind.__new__(kind)
        client._session, client._services = session, services
        client._clock, client._pace, client._on_event = self._clock, self._pace, self._on_event
        return client

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._session}>"

    def _subjects(self, refs: Iterable[SyncRef[J]]) -> list[Subject[J]]:
        if not isinstance(cast("object", refs), Iterable):
            raise InvalidRequestError.before_sending(f"refs: expected references, got {refs!r:.60}")
        return [self._services.subject_of(ref) for ref in refs]

    def _wait(self, flow: Flow[T], ref: SyncRef[Any], aim: str, revision: str | None = None) -> Flow[T]:
        """The same wait, told of, and its calls made at the rate that all waits of this process share."""
        from unisync._core.rate_limiter import paced

        told = observed(flow, self._on_event, ref, aim, revision, self._clock.now)
        return paced(told, self._bucket_of, self._clock.now)

    def _bucket_of(self, call: Call[Any]) -> Bucket:
        """The bucket that a call of a wait is paced by."""
        from unisync._core.rate_limiter import BUCKETS, Pace

        what = call.service, call.operation
        key = self._session.identity_of(call.location), *what
        former = self._session.former_identity_of(call.location), *what
        return BUCKETS.get(self._clock, key, self._pace or Pace(), former)

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
        return (yield from retrying(self._services.subject_of(ref).look(), self._session.attempts))

    @verb
    def wait_until_active(
        self,
        ref: SyncRef[J],
        *,
        revision: str | None = None,
        timeout: float | timedelta | None = 900,
        backoff: Backoff = Backoff(),  # noqa: B008  # frozen
        on_progress: waiting.OnProgress[J] | None = None,
        stop: Event | None = None,
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
            stop: Ends the wait once it is set, from another thread.

        Returns:
            The job as the last look saw it.

        Raises:
            SyncFailedError: The sync failed; the message says why.
            SyncBlockedError: The sync is blocked; the message says by what, and how to release it.
            SyncSupersededError: Another commit took the place of `revision`.
            WaitTimeoutError: The time is up.
            WaitStoppedError: `stop` was set.
            NotFoundError: There is no such sync. One that is defined and has never run is waited for.
            UnisyncError: Another of the tree in `unisync.errors`.

        AWS operation: those of `get`, and for Git syncs those of `blockers`.
        """
        from unisync._waiters.waiters import wait_until_active

        return (
            yield from self._wait(
                wait_until_active(
                    self._services.subject_of(ref),
                    revision=revision,
                    timeout=timeout,
                    backoff=backoff,
                    on_progress=on_progress,
                    stop=stop,
                    now=self._clock.now,
                ),
                ref,
                "active",
                revision,
            )
        )

    @verb
    def wait_until_deleted(
        self,
        ref: SyncRef[J],
        *,
        timeout: float | timedelta | None = 900,
        backoff: Backoff = Backoff(),  # noqa: B008  # frozen
        on_progress: waiting.OnProgress[J] | None = None,
        stop: Event | None = None,
    ) -> Flow[None]:
        """Wait until a sync is gone. One that does not exist is gone.

        Args:
            ref: Which sync.
            timeout: Seconds, or a timedelta, that the wait may take with all its calls; None is for ever.
            backoff: How the delays between the looks grow.
            on_progress: Called after each look that another follows. What it raises ends the wait.
            stop: Ends the wait once it is set, from another thread.

        Raises:
            WaitTimeoutError: The time is up.
            WaitStoppedError: `stop` was set.
            UnisyncError: Another of the tree in `unisync.errors`.

        AWS operation: those of `get`.
        """
        from unisync._waiters.waiters import wait_until_deleted

        yield from self._wait(
            wait_until_deleted(
                self._services.subject_of(ref),
                timeout=timeout,
                backoff=backoff,
                on_progress=on_progress,
                stop=stop,
                now=self._clock.now,
            ),
            ref,
            "deleted",
        )

    @verb
    def resume(
        self,
        token: unisync.WaitToken | str,
        *,
        backoff: Backoff = Backoff(),  # noqa: B008  # frozen
        on_progress: waiting.OnProgress[SyncJob] | None = None,
        stop: Event | None = None,
    ) -> Flow[SyncJob]:
        """Go on with a wait that was begun elsewhere, by the rules of `wait_until_active`, to the same deadline.

        Args:
            token: The wait's token, or its text.
            backoff: How the delays between the looks grow.
            on_progress: Called after each look that another follows. What it raises ends the wait.
            stop: Ends the wait once it is set, from another thread.

        Returns:
            The job as the last look saw it.

        Raises:
            UnisyncError: As `wait_until_active` does. A wait whose deadline has passed looks once more.

        AWS operation: those of `wait_until_active`.
        """
        from unisync._waiters.token import WaitToken
        from unisync._waiters.waiters import wait_until_active

        wait = token if isinstance(token, WaitToken) else WaitToken.parse(token)
        return (
            yield from self._wait(
                wait_until_active(
                    self._services.subject_of(wait.ref),
                    revision=wait.revision,
                    timeout=wait.time_left,
                    backoff=backoff,
                    on_progress=on_progress,
                    stop=stop,
                    now=self._clock.now,
                ),
                wait.ref,
                "active",
                wait.revision,
            )
        )

    @verb
    def wait_until_resources_synced(
        self,
        ref: SyncRef[TwinMakerSyncJob],
        *,
        tolerate: int = 0,
        timeout: float | timedelta | None = 900,
        backoff: Backoff = Backoff(),  # noqa: B008  # frozen
        on_progress: waiting.OnProgress[TwinMakerSyncJob] | None = None,
        stop: Event | None = None,
    ) -> Flow[unisync.SyncResources]:
        """Wait until a TwinMaker sync job is ACTIVE and everything that it keeps in sync is.

        A job that is ACTIVE may well have resources in ERROR. TwinMaker tries most of them again by itself: what is in
        ERROR in two looks in a row, with nothing under way, has failed.

        Args:
            ref: Which job.
            tolerate: How many failed resources are put up with.
            timeout: Seconds, or a timedelta, that the wait may take with all its calls; None is for ever.
            backoff: How the delays between the looks grow.
            on_progress: Called after each look that another follows, with the `resources` counted last. What it raises
                ends the wait.
            stop: Ends the wait once it is set, from another thread.

        Returns:
            How the resources stand: none under way, and no more failed than are tolerated.

        Raises:
            SyncFailedError: The job failed, or more resources did than are tolerated; the message says why.
            WaitTimeoutError: The time is up.
            WaitStoppedError: `stop` was set.
            NotFoundError: There is no such job.
            UnisyncError: Another of the tree in `unisync.errors`.

        AWS operation: GetSyncJob and ListSyncResources.
        """
        from unisync._waiters.waiters import wait_until_resources_synced

        return (
            yield from self._wait(
                wait_until_resources_synced(
                    self._services.subject_of(ref),
                    tolerate=tolerate,
                    timeout=timeout,
                    backoff=backoff,
                    on_progress=on_progress,
                    stop=stop,
                    now=self._clock.now,
                ),
                ref,
                "resources",
            )
        )

    @verb
    def get_many(self, refs: Iterable[SyncRef[J]], *, blockers: bool = False) -> Flow[list[unisync.Outcome[J]]]:
        """Look at many syncs once, concurrently, at the rate that AWS allows.

        Args:
            refs: Which syncs.
            blockers: Whether it is also read what blocks those that are not in place, for `Outcome.blockers`.

        Returns:
            An outcome for each reference, in order: the job, or what the look failed with; both if it was the blockers
            that could not be read.

        AWS operation: those of `get`, and of `blockers` where these are asked for.
        """
        from unisync._waiters.many import looking

        subjects = self._subjects(refs)
        return (yield from looking(subjects, self._session.attempts, blockers))

    @verb
    def wait_all(
        self,
        refs: Iterable[SyncRef[J]],
        *,
        revision: str | None = None,
        timeout: float | timedelta | None = 900,
        return_when: Literal["all", "first", "first_failure"] = "all",
        economy: bool = False,
        on_progress: waiting.OnProgress[J] | None = None,
        on_outcome: outcomes.OnOutcome[J] | None = None,
        stop: Event | None = None,
    ) -> Flow[list[unisync.Outcome[J]]]:
        """Wait until many syncs are in place, each by the rules of `wait_until_active`.

        All of them share the rate that AWS allows, and whatever else this process waits for in the same account and
        region. That rate is found out: it begins as the client's `pace` says, grows while it is what holds the waits
        back, and shrinks when AWS throttles. Which sync is looked at next is decided for all together.

        Args:
            refs: Which syncs.
            revision: The commit that is waited for, for Git syncs.
            timeout: Seconds, or a timedelta, that each wait may take with all its calls; None is for ever.
            return_when: "all" once all have come to their end, "first" with the first of them, and "first_failure"
                with the first that failed, else with all.
            economy: Whether looks are spared that most likely show nothing new, for a little more time until each end
                is seen.
            on_progress: Called after each look that another may follow. What it raises ends the wait.
            on_outcome: Called with each outcome that is over, as soon as it is. What it raises ends the wait.
            stop: Ends all waits once it is set, from another thread. Their outcomes so far are returned.

        Returns:
            An outcome for each reference, in order: the job, or what its wait failed with; one that had not come to its
            end has neither an error nor is over.

        Raises:
            InvalidRequestError: An argument is not what it is expected to be.

        AWS operation: those of `wait_until_active`.
        """
        from unisync._waiters.many import waiting

        subjects = self._subjects(refs)
        return (
            yield from waiting(
                subjects,
                revision=revision,
                timeout=timeout,
                return_when=return_when,
                economy=economy,
                on_progress=on_progress,
                on_outcome=on_outcome,
                stop=stop,
                now=self._clock.now,
                on_event=self._on_event,
            )
        )

    @stream
    def watch(
        self, refs: Iterable[SyncRef[J]], *, every: float | timedelta = 5.0, stop: Event | None = None
    ) -> Together[unisync.Change[J]]:
        """Watch syncs: each change of each of them, once, until it is stopped.

        Throttling, server errors and lost connections are looked past. A look that is refused for a reason that does
        not pass is a change too, and the watch goes on. Stop iterating, close the iterator, or set `stop` to end it.

        Args:
            refs: Which syncs.
            every: Seconds, or a timedelta, between two looks at the same sync, where the rate that AWS allows does not
                make it more.
            stop: Ends the watch once it is set, from another thread.

        Returns:
            An iterator of changes; the first of each sync tells how it is found.

        Raises:
            InvalidRequestError: An argument is not what it is expected to be.

        AWS operation: those of `get`, and for Git syncs those of `blockers`.
        """
        from unisync._waiters.waiters import checked_stop
        from unisync._waiters.watcher import seconds_between, watch

        seconds = seconds_between(every)
        watched = {subject.ref: subject for subject in self._subjects(refs)}
        flows = [watch(subject, seconds, now=self._clock.now) for subject in watched.values()]
        return cast("Together[unisync.Change[J]]", Together(flows, closest=seconds, stop=checked_stop(stop)))

    @verb
    def blockers(self, ref: SyncRef[SyncJob]) -> Flow[tuple[unisync.SyncBlocker, ...]]:
        """Read what blocks a sync now. For a service instance of Proton, that is also what blocks its service.

        Args:
            ref: Which sync.

        Returns:
            The active blockers, newest first; none for a sync that nothing can block, as a TwinMaker sync job.

        Raises:
            NotFoundError: There is no such sync.
            UnisyncError: Another of the tree in `unisync.errors`.

        AWS operation: GetSyncBlockerSummary or GetServiceSyncBlockerSummary; where that finds nothing, also
        GetServiceSyncConfig or GetSyncConfiguration.
        """
        return (yield from retrying(self._services.subject_of(ref).blockers(), self._session.attempts))

    @verb
    def resolve_blocker(
        self,
        ref: StackSync | ServiceInstanceSync | FleetSync[GitSyncJob],
        blocker: unisync.SyncBlocker | str,
        reason: str,
    ) -> Flow[unisync.SyncBlocker]:
        """Resolve a blocker, so that the sync goes on.

        If AWS's answer is lost, the blocker is looked up before it is resolved again.

        Args:
            ref: Which sync.
            blocker: What blocks it, or what blocks its service; or the id of that.
            reason: Why it is resolved.

        Returns:
            The blocker as it is now.

        Raises:
            NotFoundError: This sync has no such blocker.
            UnisyncError: Another of the tree in `unisync.errors`.

        AWS operation: UpdateSyncBlocker; or UpdateServiceSyncBlocker, after GetServiceSyncBlockerSummary.
        """
        resolve = self._services.subject_of(ref).resolve
        if resolve is None:
            raise _refusal("resolve_blocker", "ref", "the reference of a stack or of a service instance", ref)
        blocker_id: object = getattr(blocker, "id", blocker)
        if not isinstance(blocker_id, str) or not blocker_id:
            raise _refusal("resolve_blocker", "blocker", "a blocker or its id", blocker)
        if not isinstance(cast("object", reason), str) or not reason:
            raise _refusal("resolve_blocker", "reason", "text", reason)
        return (yield from retrying(resolve(blocker_id, reason), self._session.attempts))

    @verb
    def repository_status(self, ref: SyncRef[GitSyncJob]) -> Flow[unisync.RepositorySyncAttempt | None]:
        """Read how the latest sync of the branch stands that a Git sync follows: what comes before its own attempts.

        Args:
            ref: Which sync.

        Returns:
            The latest attempt; None if there was none. Its success says that the syncs of what the branch defines were
            started, and nothing of what came of them.

        Raises:
            NotFoundError: The sync has no definition.
            UnisyncError: Another of the tree in `unisync.errors`.

        AWS operation: GetRepositorySyncStatus, after GetSyncConfiguration, GetServiceSyncConfig or
        GetTemplateSyncConfig.
        """
        status = self._services.subject_of(ref).repository_status
        if status is None:
            raise _refusal("repository_status", "ref", "the reference of a Git sync", ref)
        return (yield from retrying(status(), self._session.attempts))


class Facade(CommonVerbs):
    """What `Unisync` and `AsyncUnisync` have in common."""

    def __init__(
        self,
        session: interfaces.Boto3Session | None = None,
        *,
        region_name: str | None = None,
        profile_name: str | None = None,
        endpoint_url: str | None = None,
        config: interfaces.BotocoreConfig | None = None,
        codeconnections_service: Literal["codeconnections", "codestar-connections"] = "codeconnections",
        allow_unknown_words: bool = False,
        pace: unisync.Pace | None = None,
        clock: unisync.Clock | None = None,
        on_event: OnEvent | None = None,
    ) -> None:
        self._on_event = checked_callback("on_event", on_event)
        self._session = Session(
            session, region_name, profile_name, endpoint_url, config, allow_unknown_words, on_event=on_event
        )
        self._services = Services(codeconnections_service)
        self._clock = clock or unisync._core.flow.default_clock()
        self._pace = pace

    @verb
    def discover(
        self, *, services: Collection[Literal["twinmaker", "codeconnections", "proton"]] | None = None
    ) -> Flow[unisync.Discovery]:
        """Find every sync in this account and region.

        These are the jobs of all TwinMaker workspaces, the stacks that follow a linked repository, and the Proton
        service instances and templates that follow one. What cannot be looked into, such as a service that is denied,
        keeps nothing of the rest back: it is logged as a warning, and in the result's `errors`.

        Args:
            services: Which services are searched; None is all of them.

        Returns:
            The references, to iterate over, and what kept a service from being looked into to its end.

        Raises:
            UnisyncError: Nothing was found, and none of the services could be looked into.

        AWS operation: ListWorkspaces and ListSyncJobs; ListRepositoryLinks and ListSyncConfigurations;
        ListServiceInstances, GetServiceSyncConfig, ListServiceTemplates, ListEnvironmentTemplates,
        GetTemplateSyncConfig, ListServiceTemplateVersions and ListEnvironmentTemplateVersions.
        """
        from unisync._services.discovery import discover

        return (yield from retrying(discover(self._services, services), self._session.attempts))


def _refusal(verb: str, name: str, expected: str, value: object) -> InvalidRequestError:
    return InvalidRequestError.before_sending(f"{name}: expected {expected}, got {value!r:.60}", verb)
