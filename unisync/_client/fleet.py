"""Many accounts and regions behind the methods of one client."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cached_property, partial
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeVar, cast

from typing_extensions import override

from unisync._botocore.assume_role import HIDDEN, Role, Secret
from unisync._botocore.fleet_session import FleetSession
from unisync._botocore.loader import Loaders
from unisync._botocore.options import SessionOptions
from unisync._botocore.session import Session
from unisync._botocore.types import Boto3Session, BotocoreConfig
from unisync._client.async_client import AsyncClient, AsyncUnisync
from unisync._client.client import SyncClient, Unisync
from unisync._client.methods import DISCOVERY_TIMEOUT, CommonMethods
from unisync._client.settings import CALL_TIMEOUT, ClientSettings
from unisync._core import clock as clocks
from unisync._core.bridge import operation
from unisync._core.clock import Clock
from unisync._core.commands import AccountRegion, Flow, Gather
from unisync._core.durations import checked_timeout
from unisync._core.events import OnEvent
from unisync._core.lazy import lazy_module
from unisync._core.rate_limiter import RateLimit
from unisync._core.target import SyncTarget
from unisync._models.dumping import Dumpable
from unisync._models.jobs import SyncJob
from unisync._models.refs import FleetSync, StackSync, SyncRef
from unisync._services.discovery import Discovery, checked_search_tags, checked_services, discover
from unisync._services.registry import FleetServices, Services
from unisync.errors import InvalidArgumentError, UnisyncError

if TYPE_CHECKING:
    from unisync._waiters import waits
else:
    waits = lazy_module("unisync._waiters.waits")

J = TypeVar("J", bound=SyncJob)
C = TypeVar("C", Unisync, AsyncUnisync)


class ServiceLocation(NamedTuple):
    """A service in an account and region."""

    account: str
    """The account."""
    region: str
    """The region."""
    service: str
    """The service, under the name that a client has for it."""


@dataclass(frozen=True, slots=True)
class FleetDiscovery(Dumpable):
    """The syncs that were found in many accounts and regions. Iterating over it yields their references."""

    refs: tuple[FleetSync[SyncJob], ...]
    """The references of the syncs, with their accounts and regions."""
    errors: Mapping[ServiceLocation, UnisyncError]
    """The first error of each service whose search is incomplete, with its account and region."""

    def __iter__(self) -> Iterator[FleetSync[SyncJob]]:
        return iter(self.refs)

    def __len__(self) -> int:
        return len(self.refs)


class FleetMethods(CommonMethods):
    """What `Fleet` and `AsyncFleet` have in common."""

    def __init__(
        self,
        role_arns: Iterable[str] = (),
        *,
        sessions: Mapping[str, Boto3Session] | None = None,
        regions: Iterable[str] | None = None,
        session: Boto3Session | None = None,
        profile_name: str | None = None,
        external_id: str | None = None,
        role_session_name: str = "unisync",
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
        expect = InvalidArgumentError.unless
        expect(isinstance(cast("object", external_id), str | None), "external_id", "text", HIDDEN)
        secret = Secret(external_id)
        del external_id  # so that no traceback shows it
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
        seconds = checked_timeout(call_timeout, "call_timeout")
        loaders: Loaders = []

        def make(account: str, own: Boto3Session | None, role: Role | None, region: str | None) -> Session:
            return Session(
                own,
                source.region if role is not None and region is None else region,
                None,
                options,
                role,
                loaders=None if role is not None else loaders,
                account=account,
            )

        names = None if regions is None else tuple(dict.fromkeys(_texts("regions", regions)))
        expect(names != (), "regions", "one or more, or None for the sessions' own", names)
        source = Session(session, None, profile_name, replace(options, on_event=None))
        makers: dict[str, Callable[[str | None], Session]] = {}
        is_mapping = isinstance(cast("object", sessions), Mapping | None)
        expect(is_mapping, "sessions", "a mapping of accounts to boto3 sessions", sessions)
        for account, own in (sessions or {}).items():
            is_session = callable(getattr(cast("object", own), "client", None))
            expect(is_session, "sessions", "a boto3 session for each account", own)
            _check_location(account, "any")
            makers[account] = partial(make, account, own, None)
        for arn in _texts("role_arns", role_arns):
            role = Role(source, arn, secret, role_session_name, names[0] if names else None)
            expect(role.account not in makers, "role_arns", "one role or session for each account", arn)
            makers[role.account] = partial(make, role.account, None, role)
        expect(bool(makers), "role_arns", "role ARNs, or `sessions`", role_arns)
        self._sessions = FleetSession(source, makers, names)
        self._services = FleetServices(codeconnections_service)
        self._settings = ClientSettings(
            self._sessions,
            self._services,
            clock or clocks.default_clock(),
            rate_limit or RateLimit(),
            options.on_event,
            seconds,
            hints=None if hints is None else waits.checked_hints(hints),
        )

    def __repr__(self) -> str:
        sessions = vars(self).get("_sessions")  # missing if a traceback shows a fleet that could not be made
        return f"<{type(self).__name__} {len(sessions.accounts) if sessions else 0} accounts>"

    @property
    def locations(self) -> tuple[AccountRegion, ...]:
        """Every account and region of the fleet.

        Raises:
            InvalidArgumentError: No regions were passed, and a session has none of its own.
        """
        return self._sessions.locations

    def _client(self, kind: type[C], clients: dict[AccountRegion, C], account: str, region: str) -> C:
        _check_location(account, region)
        location = AccountRegion(account, region)
        if location not in clients:
            services = Services(self._services.codeconnections_service)
            settings = replace(self._settings, transport=self._sessions.at(location), services=services)
            clients.setdefault(location, kind._with_settings(settings))
        return clients[location]

    @override
    def _target(self, ref: SyncRef[J]) -> SyncTarget[J]:
        if isinstance(ref, FleetSync):
            self._sessions.at(AccountRegion(ref.account, ref.region))  # rejects an unknown account
        return super()._target(ref)

    @override
    def _targets(self, refs: Iterable[SyncRef[J]]) -> list[SyncTarget[J]]:
        if not isinstance(cast("object", refs), Iterable):
            return super()._targets(refs)  # which rejects it
        spread: list[SyncRef[J]] = []
        for ref in refs:
            if isinstance(ref, FleetSync) or not isinstance(cast("object", ref), SyncRef):
                spread.append(ref)
            else:
                spread += [FleetSync(*location, ref) for location in self.locations]
        return super()._targets(spread)

    @operation
    def discover(
        self,
        *,
        services: Collection[Literal["twinmaker", "codeconnections", "proton"]] | None = None,
        tags: Mapping[str, str] | None = None,
        timeout: float | timedelta | None = DISCOVERY_TIMEOUT,
    ) -> Flow[FleetDiscovery]:
        """Find every sync in all accounts and regions, by the rules of `Unisync.discover`.

        An account that fails, for example because its role cannot be assumed, does not keep the others back: the error
        is logged as a warning and stands in the result's `errors`.

        Args:
            services: The services to search; None is all of them.
            tags: Only syncs whose resource carries all of these tags, as for `Unisync.discover`.
            timeout: Seconds, or a timedelta, for the whole search, as for `Unisync.discover`.

        Returns:
            The references, to iterate over, and the first error of each service whose search is incomplete.

        Raises:
            InvalidArgumentError: An argument is not what is expected.

        AWS operation: those of `Unisync.discover`, and AssumeRole.
        """
        names = checked_services(services)
        wanted, seconds = checked_search_tags(tags), checked_timeout(timeout)
        locations = self.locations
        searches = [
            self._settings.retrying(discover(self._services.at(each), names, "/".join(each) + ": ", wanted), seconds)
            for each in locations
        ]
        results: Mapping[int, Discovery | UnisyncError] = yield Gather(searches, fail_fast=True)
        refs: list[FleetSync[SyncJob]] = []
        errors: dict[ServiceLocation, UnisyncError] = {}
        for index, location in enumerate(locations):
            found = results[index]
            if isinstance(found, UnisyncError):
                errors |= {ServiceLocation(*location, name): found for name in names}
            else:
                refs += [FleetSync(*location, ref) for ref in found]
                errors |= {ServiceLocation(*location, name): error for name, error in found.errors.items()}
        return FleetDiscovery(tuple(refs), errors)


class Fleet(SyncClient, FleetMethods):
    """The sync APIs of many accounts and regions, with the methods of a client for one.

    To the methods that take many references, a `FleetSync` stands for one account and region, and any other reference
    for the sync of that name in each of them. The methods that take one reference take a `FleetSync`. An error in one
    account does not stop the others. All accounts share what botocore reads of the services; clients are created when
    they are first used.

    Args:
        role_arns: The roles to assume, one for each account, which is named by its number.
        sessions: boto3 sessions by the name of their account: its number, or a name of your own.
        regions: The regions; by default each session's own.
        session: The boto3 session whose credentials assume the roles; by default one is made.
        profile_name: The profile to make that session from, if none is passed.
        external_id: External ID for AssumeRole.
        role_session_name: The session name that the accounts' logs show.
        endpoint_url: Where to connect to instead of AWS, also for STS.
        config: A botocore `Config`, as for `Unisync`.
        connect_timeout, read_timeout, max_attempts, call_timeout, verify, endpoint_urls: As for `Unisync`.
        codeconnections_service: boto3's name for CodeConnections, as for `Unisync`.
        allow_unknown_values: Whether a request may hold enum values that AWS's model does not list, as for `Unisync`.
        rate_limit: What to assume of AWS's rate limits for waits, until they are found out in each account and region.
        clock: The source of time.
        on_event: Called with each event, as for `Unisync`; the event of a call names its account.
        hints: As for `Unisync`.

    Raises:
        InvalidArgumentError: An argument is not what is expected.
    """

    @cached_property
    def _clients(self) -> dict[AccountRegion, Unisync]:
        return {}

    def client(self, account: str, region: str) -> Unisync:
        """The client of one account and region.

        Args:
            account: The account, by its name in this fleet.
            region: The region; it need not be one of the fleet's.

        Raises:
            InvalidArgumentError: There is no such account.
        """
        return self._client(Unisync, self._clients, account, region)


class AsyncFleet(AsyncClient, FleetMethods):
    """The sync APIs of many accounts and regions, awaited.

    It takes the arguments of `Fleet` and has the same methods.
    """

    @cached_property
    def _clients(self) -> dict[AccountRegion, AsyncUnisync]:
        return {}

    @override
    async def close(self) -> None:
        """Close all connections and end all threads, also those of the clients of single accounts and regions."""
        for client in self._clients.values():
            await client.close()
        await super().close()

    def client(self, account: str, region: str) -> AsyncUnisync:
        """The client of one account and region.

        Args:
            account: The account, by its name in this fleet.
            region: The region; it need not be one of the fleet's.

        Raises:
            InvalidArgumentError: There is no such account.
        """
        return self._client(AsyncUnisync, self._clients, account, region)


def _check_location(account: str, region: str) -> None:
    """Reject names that cannot be those of an account and a region."""
    FleetSync(account, region, StackSync("any"))


def _texts(name: str, values: Iterable[str]) -> list[str]:
    is_several = not isinstance(values, str) and isinstance(cast("object", values), Iterable)
    InvalidArgumentError.unless(is_several, name, "several, such as a list", values)
    texts = list(values)
    for text in texts:
        InvalidArgumentError.unless(isinstance(cast("object", text), str) and bool(text), name, "text", text)
    return texts
