"""The methods that all clients share, written once as flows for both kinds of client."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Mapping
from copy import copy
from dataclasses import replace
from datetime import datetime, timedelta
from threading import Event
from typing import TYPE_CHECKING, Any, Generic, Literal, Self, TypeVar, cast, overload

from typing_extensions import deprecated, override

from unisync._botocore.options import SessionOptions, checked_max_attempts
from unisync._botocore.session import Session
from unisync._botocore.types import Boto3Session, BotocoreConfig
from unisync._client.settings import CALL_TIMEOUT, ClientSettings
from unisync._client.single import SingleMethods
from unisync._core import clock as clocks
from unisync._core.backoff import Backoff
from unisync._core.bridge import AsyncBase, SyncBase, operation, streamed
from unisync._core.clock import Clock
from unisync._core.commands import Flow, Gather
from unisync._core.durations import checked_timeout
from unisync._core.events import OnEvent, instrumented
from unisync._core.lazy import lazy_module
from unisync._core.rate_limiter import RateLimit, rate_limited
from unisync._core.target import SyncTarget
from unisync._models.jobs import SyncJob, TwinMakerSyncJob
from unisync._models.outcome import Outcome
from unisync._models.refs import SyncRef
from unisync._services.codeconnections import AsyncCodeConnectionsClient, CodeConnectionsClient
from unisync._services.registry import Services
from unisync._waiters import reading
from unisync.errors import InvalidArgumentError

if TYPE_CHECKING:
    from unisync._models import explanation, resources
    from unisync._services import discovery
    from unisync._services import explain as explaining
    from unisync._services import proton as proton_service
    from unisync._services import twinmaker as twinmaker_service
    from unisync._waiters import waits
else:
    explanation = lazy_module("unisync._models.explanation")
    resources = lazy_module("unisync._models.resources")
    explaining = lazy_module("unisync._services.explain")
    discovery = lazy_module("unisync._services.discovery")
    proton_service = lazy_module("unisync._services.proton")
    twinmaker_service = lazy_module("unisync._services.twinmaker")
    waits = lazy_module("unisync._waiters.waits")

J = TypeVar("J", bound=SyncJob)
T = TypeVar("T")
S = TypeVar("S")
A = TypeVar("A")

_BACKOFF = Backoff()

DISCOVERY_TIMEOUT = 300.0
"""Seconds that a search for syncs may take by default."""


class CommonMethods(SingleMethods):
    """The methods that take references."""

    def _targets(self, refs: Iterable[SyncRef[J]]) -> list[SyncTarget[J]]:
        InvalidArgumentError.unless(isinstance(cast("object", refs), Iterable), "refs", "references", refs)
        return [self._target(ref) for ref in refs]

    def _wanted(
        self,
        refs: Iterable[SyncRef[J]] | Mapping[SyncRef[J], str],
        revision: waits.WantedRevision | None,
        shared: waits.Wanted | None,
    ) -> tuple[list[SyncTarget[J]], list[waits.Wanted | None]]:
        """The targets of references, and the commits of each: its own in a mapping, else those that all share."""
        if not isinstance(refs, Mapping):
            targets = self._targets(refs)
            return targets, [shared if target.has_revisions else None for target in targets]
        InvalidArgumentError.unless(revision is None, "revision", "None, as `refs` has the commits", revision)
        targets, wanted = list[SyncTarget[J]](), list[waits.Wanted | None]()
        for ref, commit in cast("Mapping[SyncRef[J], object]", refs).items():
            commits = waits.Wanted.checked(commit)
            for target in self._targets([ref]):  # several, in a fleet
                targets.append(target)
                wanted.append(commits if target.has_revisions else None)
        return targets, wanted

    def _wait(
        self,
        ref: SyncRef[J],
        condition: str,
        options: waits.WaitOptions[J],
        wait: Callable[[waits.Waiter[J]], Flow[T]],
        token: waits.WaitToken | None = None,
        max_failures: int = 0,
    ) -> Flow[T]:
        """A wait for one sync: reported to the listener, its calls rate-limited together with all other waits'."""
        settings = self._settings
        now = settings.clock.now
        target = self._target(ref)
        date = settings.date()
        begin = date if token is None or token.begin is None else token.begin
        waiter = waits.Waiter(
            target,
            condition,
            options,
            now,
            settings.hints,
            elapsed=0.0 if token is None else waits.elapsed(token, date),
            memory=None if token is None else token.memory,
            token_of=lambda waiter: waits.token_of(waiter, begin, max_failures),
        )
        flow = instrumented(
            waits.with_root_cause(wait(waiter), target, options.timeout),
            settings.on_event,
            ref,
            condition,
            options.revision,
            now,
            lambda: waiter.polls,
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
    def explain(
        self, ref: SyncRef[SyncJob], *, revision: str | None = None, timeout: float | timedelta | None = 60
    ) -> Flow[explanation.Explanation]:
        """Say why a sync is as it is: every check between the commit and the resource, and the likely cause.

        All that can be read at once is; what may not be read is "unknown", and changes no other check. For a stack,
        CloudFormation is read as well: does it exist, and which resource failed first.

        Args:
            ref: The sync.
            revision: The commit in question: its sha, or at least 7 of its first digits; None for the one that AWS
                desires.
            timeout: Seconds, or a timedelta, for all reads together: what is not read by then is "unknown". None is for
                no limit.

        Returns:
            The checks, and the deepest known reason. Printed, it is one line for each check.

        Raises:
            InvalidArgumentError: An argument is not what is expected, or there is no region.
            CredentialsError, AccessDeniedError: There are no credentials, or a role may not be assumed.

        AWS operation: GetCallerIdentity; for a stack GetSyncConfiguration, GetRepositoryLink, GetConnection,
        GetRepositorySyncStatus, GetResourceSyncStatus, GetSyncBlockerSummary, DescribeStacks and DescribeStackEvents;
        for a TwinMaker sync job GetWorkspace, GetSyncJob and ListSyncResources; for Proton those of `get`, `blockers`
        and `repository_status`.
        """
        wanted = waits.Wanted.checked(revision)
        target = self._target(ref)
        target.check_commits(revision=wanted)
        seconds = checked_timeout(timeout)
        began = time.monotonic()

        def gather(flows: list[Flow[Any]]) -> Flow[Mapping[int, object]]:
            remaining = max(seconds - (time.monotonic() - began), 0.0)
            bounded = [self._settings.retrying(flow, remaining) for flow in flows]
            return cast("Mapping[int, object]", (yield Gather(bounded, at_once=True)))

        services = self._settings.services.here(ref)
        region = self._settings.transport.region_of(services.location)
        return (yield from explaining.explain(services, target, ref, wanted, gather, region))

    @operation
    def wait_until_active(
        self,
        ref: SyncRef[J],
        *,
        revision: waits.WantedRevision | None = None,
        timeout: float | timedelta | None = 900,
        backoff: Backoff = _BACKOFF,
        grace: float | timedelta | None = None,
        started_after: datetime | None = None,
        on_progress: waits.OnProgress[J] | None = None,
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
        options = waits.WaitOptions[J].checked(
            timeout=timeout,
            backoff=backoff,
            grace=grace,
            started_after=started_after,
            on_progress=on_progress,
            stop=stop,
            revision=revision,
        )
        return (yield from self._wait(ref, "active", options, waits.Waiter[J].until_active))

    @operation
    def wait_until_deleted(
        self,
        ref: SyncRef[J],
        *,
        timeout: float | timedelta | None = 900,
        backoff: Backoff = _BACKOFF,
        grace: float | timedelta | None = None,
        on_progress: waits.OnProgress[J] | None = None,
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
        options = waits.WaitOptions[J].checked(
            timeout=timeout, backoff=backoff, grace=grace, on_progress=on_progress, stop=stop
        )
        yield from self._wait(ref, "deleted", options, waits.Waiter[J].until_deleted)

    @operation
    def wait_until_resources_synced(
        self,
        ref: SyncRef[TwinMakerSyncJob],
        *,
        max_failures: int = 0,
        timeout: float | timedelta | None = 900,
        backoff: Backoff = _BACKOFF,
        grace: float | timedelta | None = None,
        on_progress: waits.OnProgress[TwinMakerSyncJob] | None = None,
        stop: Event | None = None,
    ) -> Flow[resources.SyncResourceSummary]:
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
        accepted = waits.checked_max_failures(max_failures)
        options = waits.WaitOptions[TwinMakerSyncJob].checked(
            timeout=timeout, backoff=backoff, grace=grace, on_progress=on_progress, stop=stop
        )
        return (
            yield from self._wait(
                ref,
                "resources",
                options,
                lambda waiter: waiter.until_resources_synced(accepted),
                max_failures=accepted,
            )
        )

    @operation
    def resume(
        self,
        token: waits.WaitToken | str,
        *,
        backoff: Backoff | None = None,
        on_progress: waits.OnProgress[SyncJob] | None = None,
        stop: Event | None = None,
    ) -> Flow[SyncJob | None]:
        """Continue a wait that was begun elsewhere, by the rules of its condition, to the same deadline.

        It goes on as if it had never been interrupted: what was seen of the commit counts, and so does the time since.

        Args:
            token: The wait's token, or its text.
            backoff: The pauses between polls; None for those of the token.
            on_progress: Called after each poll that is followed by another. What it raises ends the wait.
            stop: An event that ends the wait when another thread sets it.

        Returns:
            The job as the last poll returned it; None if the wait was for its deletion.

        Raises:
            InvalidArgumentError: An argument is not what is expected.
            UnisyncError: As for `wait_until_active`, `wait_until_deleted` or `wait_until_resources_synced`. A wait
                whose deadline has passed polls once more.

        AWS operation: those of `wait_until_active`, `wait_until_deleted` or `wait_until_resources_synced`.
        """
        wait = waits.checked_token(token)
        options = waits.options_of(wait, backoff=backoff, on_progress=on_progress, stop=stop)
        return (
            yield from self._wait(
                wait.ref,
                wait.condition,
                options,
                lambda waiter: waits.until(waiter, wait),
                wait,
                wait.max_failures,
            )
        )

    @operation
    def poll(self, token: waits.WaitToken | str) -> Flow[waits.Poll[SyncJob]]:
        """Poll once for a wait, which any engine can carry: it is in the token, and nothing is kept here in between.

        A loop over it, with a pause of `next_delay` after each poll, gives the result of the blocking wait, also if
        each poll is made by another process.

        Args:
            token: The wait, as `WaitToken.create` or the last poll returned it, or its text. The first poll sets when
                it began.

        Returns:
            The wait after the poll; the job; whether the wait has ended, and with which error; and the seconds until
            the next poll. A wait whose deadline has passed is polled once more, and ends.

        Raises:
            InvalidArgumentError: The token is not a token, or its wait cannot be right.

        AWS operation: those of `wait_until_active`, `wait_until_deleted` or `wait_until_resources_synced`.
        """
        settings = self._settings
        now, date = settings.clock.now, settings.date()
        wait = waits.begun(waits.checked_token(token), date)
        target = self._target(wait.ref)
        waiter = waits.Waiter[SyncJob](
            target,
            wait.condition,
            waits.options_of(wait),
            now,
            elapsed=waits.elapsed(wait, date),
            memory=wait.memory,
            token_of=lambda waiter: wait.model_copy(update={"memory": waiter.memory}),
        )
        return (yield from rate_limited(waits.poll(waiter, wait), settings.limiter_for, now))

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
            yield from reading.get_many(
                targets, lambda read: self._settings.retrying_many(read, seconds), include_blockers
            )
        )

    @operation
    def wait_all(
        self,
        refs: Iterable[SyncRef[J]] | Mapping[SyncRef[J], str],
        *,
        revision: waits.WantedRevision | None = None,
        timeout: float | timedelta | None = 900,
        backoff: Backoff = _BACKOFF,
        grace: float | timedelta | None = None,
        started_after: datetime | None = None,
        return_when: Literal["all", "first", "first_failure"] = "all",
        on_progress: waits.OnProgress[J] | None = None,
        on_outcome: waits.OnOutcome[J] | None = None,
        stop: Event | None = None,
    ) -> Flow[list[Outcome[J]]]:
        """Wait until many syncs are synced, each by the rules of `wait_until_active`.

        All of them share AWS's rate limit, also with all other waits of this process in the same account and region.
        The limit is found out: it starts as the client's `rate_limit` says, grows while it is what holds the waits
        back, and falls when AWS throttles. Among the syncs that are due, the one polled longest ago goes first.

        Args:
            refs: The syncs; or a mapping that has for each of them the commit to wait for, which counts for Git syncs.
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
        options = waits.WaitOptions[J].checked(
            timeout=timeout,
            backoff=backoff,
            grace=grace,
            started_after=started_after,
            on_progress=on_progress,
            stop=stop,
            revision=revision,
        )
        targets, wanted = self._wanted(refs, revision, options.wanted)
        return (
            yield from waits.wait_all(
                targets,
                options,
                wanted=wanted,
                return_when=return_when,
                on_outcome=on_outcome,
                now=self._settings.clock.now,
                on_event=self._settings.on_event,
                hints=self._settings.hints,
                begin=self._settings.date(),
            )
        )

    @streamed
    def watch(
        self, refs: Iterable[SyncRef[J]], *, interval: float | timedelta = 5.0, stop: Event | None = None
    ) -> Gather[waits.Change[J]]:
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

        AWS operation: those of `get`, for Git syncs those of `blockers`, and for TwinMaker ListSyncResources.
        """
        seconds = waits.checked_interval(interval)
        targets = {target.ref: target for target in self._targets(refs)}
        flows = [waits.Watcher(target, seconds, self._settings.clock.now).watch() for target in targets.values()]
        return cast("Gather[waits.Change[J]]", Gather(flows, stop=waits.checked_stop(stop)))


class _ServiceClient(Generic[S, A]):
    """An attribute that is the client of one service: blocking on one kind of client, awaited on the other."""

    def __init__(
        self, sync_type: Callable[[], Callable[..., S]], async_type: Callable[[], Callable[..., A]], doc: str
    ) -> None:
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

        make: Callable[..., object] = self._sync_type() if is_sync else self._async_type()
        client = make(getattr(instance._settings.services, self._name), run)
        # From now on, the attribute of the instance comes first.
        instance.__dict__[self._name] = client
        return client


class _ProtonClient(_ServiceClient["proton_service.ProtonClient", "proton_service.AsyncProtonClient"]):
    """The client of Proton. Type checkers report each use as deprecated, and the first use warns."""

    @overload
    def __get__(self, instance: None, owner: type[object]) -> Self: ...
    @overload
    @deprecated("AWS ended its support of Proton on 2026-10-07", category=None)
    def __get__(self, instance: SyncBase, owner: type[object]) -> proton_service.ProtonClient: ...
    @overload
    @deprecated("AWS ended its support of Proton on 2026-10-07", category=None)
    def __get__(self, instance: AsyncBase, owner: type[object]) -> proton_service.AsyncProtonClient: ...
    @override
    def __get__(self, instance: Any, owner: type[object]) -> object:
        if instance is not None:
            proton_service.warn_of_end(stacklevel=3)
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
        hints: waits.Hints | None = None,
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
            hints=None if hints is None else waits.checked_hints(hints),
        )

    twinmaker: _ServiceClient[twinmaker_service.TwinMakerClient, twinmaker_service.AsyncTwinMakerClient] = (
        _ServiceClient(
            lambda: twinmaker_service.TwinMakerClient,
            lambda: twinmaker_service.AsyncTwinMakerClient,
            "The sync operations of IoT TwinMaker.",
        )
    )
    proton: _ProtonClient = _ProtonClient(
        lambda: proton_service.ProtonClient,
        lambda: proton_service.AsyncProtonClient,
        "The sync operations of Proton, whose support AWS ended on 2026-10-07: the first use warns of that.",
    )
    codeconnections: _ServiceClient[CodeConnectionsClient, AsyncCodeConnectionsClient] = _ServiceClient(
        lambda: CodeConnectionsClient,
        lambda: AsyncCodeConnectionsClient,
        "The sync operations of CodeConnections.",
    )

    @operation
    def discover(
        self,
        *,
        services: Collection[Literal["twinmaker", "codeconnections", "proton"]] | None = None,
        tags: Mapping[str, str] | None = None,
        timeout: float | timedelta | None = DISCOVERY_TIMEOUT,
    ) -> Flow[discovery.Discovery]:
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
        search = discovery.discover(self._settings.services, services, tags=tags)
        return (yield from self._settings.retrying(search, checked_timeout(timeout)))
