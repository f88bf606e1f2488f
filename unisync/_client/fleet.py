"""Many accounts and regions behind the verbs of one client."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeVar, cast

from typing_extensions import override

import unisync
import unisync._core.flow
from unisync._botocore.assume_role import HIDDEN, Hidden, Role
from unisync._botocore.session import Session
from unisync._client.async_client import AsyncUnisync, AwaitableClient
from unisync._client.client import BlockingClient, Unisync
from unisync._client.methods import CommonVerbs
from unisync._core.bridge import verb
from unisync._core.events import OnEvent, checked_callback
from unisync._core.flow import AtOnce, Call, Flow, Location, Together, each_call
from unisync._core.retry import retrying
from unisync._core.target import Subject
from unisync._models.jobs import Model, SyncJob
from unisync._models.refs import FleetSync, StackSync, SyncRef
from unisync._services.discovery import Discovery, checked_services, discover
from unisync._services.registry import Services
from unisync.errors import InvalidRequestError, UnisyncError
from unisync.lazily import Later

if TYPE_CHECKING:
    import botocore.session

    from unisync import interfaces
else:
    interfaces = Later("unisync._core.clock")

T = TypeVar("T")
J = TypeVar("J", bound=SyncJob)
R = TypeVar("R", bound=Model)
C = TypeVar("C", Unisync, AsyncUnisync)

IN_ALL = 64
"""Calls that may be under way at once, to all accounts together: under rate limits, more would not be faster."""


class Place(NamedTuple):
    """A service in an account and region."""

    account: str
    region: str
    service: str


@dataclass(frozen=True, slots=True)
class FleetDiscovery:
    """The syncs that were found in many accounts and regions. Iterating over it gives their references."""

    refs: tuple[FleetSync[SyncJob], ...]
    errors: Mapping[Place, UnisyncError]
    """What first kept a service from being looked into to its end, by where that was."""

    def __iter__(self) -> Iterator[FleetSync[SyncJob]]:
        return iter(self.refs)

    def __len__(self) -> int:
        return len(self.refs)


class FleetVerbs(CommonVerbs):
    """What `Fleet` and `AsyncFleet` have in common."""

    def __init__(
        self,
        role_arns: Iterable[str] = (),
        *,
        sessions: Mapping[str, interfaces.Boto3Session] | None = None,
        regions: Iterable[str] | None = None,
        session: interfaces.Boto3Session | None = None,
        profile_name: str | None = None,
        external_id: str | None = None,
        role_session_name: str = "unisync",
        endpoint_url: str | None = None,
        config: interfaces.BotocoreConfig | None = None,
        codeconnections_service: Literal["codeconnections", "codestar-connections"] = "codeconnections",
        allow_unknown_words: bool = False,
        pace: unisync.Pace | None = None,
        clock: unisync.Clock | None = None,
        on_event: OnEvent | None = None,
    ) -> None:
        if not isinstance(cast("object", external_id), str | None):
            raise _refusal("external_id", "text", HIDDEN)
        hidden = Hidden(external_id)
        del external_id  # so that no traceback shows it
        readers: list[botocore.session.Session] = []

        def made(account: str, own: interfaces.Boto3Session | None, role: Role | None, region: str | None) -> Session:
            return Session(
                own,
                source.region if role is not None and region is None else region,
                None,
                endpoint_url,
                config,
                allow_unknown_words,
                role,
                readers=None if role is not None else readers,
                on_event=on_event,
                account=account,
            )

        wanted = None if regions is None else tuple(dict.fromkeys(_texts("regions", regions)))
        if wanted == ():
            raise _refusal("regions", "one or more, or None for the sessions' own", "none")
        source = Session(session, None, profile_name, endpoint_url, config, allow_unknown_words)
        makers: dict[str, Callable[[str | None], Session]] = {}
        if not isinstance(cast("object", sessions), Mapping | None):
            raise _refusal("sessions", "a mapping of accounts to boto3 sessions", sessions)
        for account, own in (sessions or {}).items():
            if not callable(getattr(cast("object", own), "client", None)):
                raise _refusal("sessions", "a boto3 session for each account", own)
            FleetSync(account, "any", StackSync("any"))  # refuses what is no account's name
            makers[account] = partial(made, account, own, None)
        for arn in _texts("role_arns", role_arns):
            role = Role(source, arn, hidden, role_session_name, wanted[0] if wanted else None)
            if role.account in makers:
                raise _refusal("role_arns", "one role or session an account", f"another of {role.account}: {arn}")
            makers[role.account] = partial(made, role.account, None, role)
        if not makers:
            raise _refusal("role_arns", "role ARNs, or `sessions`", "neither")
        self._session = self._sessions = FleetSession(source, makers, wanted, endpoint_url)
        self._services = FleetServices(codeconnections_service, self._sessions)
        self._clock = clock or unisync._core.flow.default_clock()
        self._pace = pace
        self._on_event = checked_callback("on_event", on_event)

    def __repr__(self) -> str:
        sessions = vars(self).get("_sessions")  # none, where a traceback shows one that could not be made
        return f"<{type(self).__name__} {len(sessions.accounts) if sessions else 0} accounts>"

    @property
    def locations(self) -> tuple[Location, ...]:
        """Every account and region of the fleet.

        Raises:
            InvalidRequestError: No regions were given, and a session has none of its own.
        """
        return self._sessions.locations

    def _at(self, kind: type[C], clients: dict[Location, C], account: str, region: str) -> C:
        FleetSync(account, region, StackSync("any"))  # refuses what is no name
        location = Location(account, region)
        if location not in clients:
            services = Services(self._services.codeconnections_name)
            client = self._over(self._sessions.at(location), services, kind)
            clients.setdefault(location, client)
        return clients[location]

    def _subjects(self, refs: Iterable[SyncRef[J]]) -> list[Subject[J]]:
        spread: list[SyncRef[J]] = []
        if not isinstance(cast("object", refs), Iterable):
            return super()._subjects(refs)  # which refuses it
        for ref in refs:
            if isinstance(ref, FleetSync) or not isinstance(cast("object", ref), SyncRef):
                spread.append(ref)
            else:
                spread += [FleetSync(*location, ref) for location in self.locations]
        return super()._subjects(spread)

    @verb
    def discover(
        self, *, services: Collection[Literal["twinmaker", "codeconnections", "proton"]] | None = None
    ) -> Flow[FleetDiscovery]:
        """Find every sync in all accounts and regions, by the rules of `Unisync.discover`.

        What cannot be looked into, such as an account whose role cannot be assumed, keeps nothing of the rest back: it
        is logged as a warning, and in the result's `errors`.

        Args:
            services: Which services are searched; None is all of them.

        Returns:
            The references, to iterate over, and what kept a service from being looked into to its end.

        AWS operation: those of `Unisync.discover`, and AssumeRole.
        """
        names = checked_services(services)
        locations = self.locations
        searches = [
            located(
                retrying(discover(self._services, names, "/".join(location) + ": "), self._session.attempts), location
            )
            for location in locations
        ]
        results: Mapping[int, Discovery | UnisyncError] = yield Together(searches, gives_up=True)
        refs: list[FleetSync[SyncJob]] = []
        errors: dict[Place, UnisyncError] = {}
        for number, location in enumerate(locations):
            found = results[number]
            if isinstance(found, UnisyncError):
                errors |= {Place(*location, name): found for name in names}
            else:
                refs += [FleetSync(*location, ref) for ref in found]
                errors |= {Place(*location, name): error for name, error in found.errors.items()}
        return FleetDiscovery(tuple(refs), errors)


class Fleet(BlockingClient, FleetVerbs):
    """The sync APIs of many accounts and regions, by the same verbs as those of one.

    Of the verbs that take many references, a `FleetSync` says which account and region is meant; another reference is
    meant in each of them. The verbs that take one reference take a `FleetSync`. What fails in one account stops nothing
    elsewhere. All accounts share what botocore reads of the services; clients are made when they are first used.

    Args:
        role_arns: The roles that are assumed, one an account, which is named by its number.
        sessions: boto3 sessions, by the name of their account: its number, or what you call it.
        regions: The regions; by default each session's own.
        session: The boto3 session whose credentials assume the roles; by default one is made.
        profile_name: The profile that it is made from, where none is given.
        external_id: What the roles ask to be told, if they do.
        role_session_name: What the accounts' logs show as the session's name.
        endpoint_url: Where to connect to instead of AWS.
        config: A botocore `Config`, as for `Unisync`.
        codeconnections_service: The name under which CodeConnections is asked, as for `Unisync`.
        allow_unknown_words: Whether a request may hold a word that AWS's model does not list, as for `Unisync`.
        pace: What is assumed of the rate that AWS allows waits, until it is found out in each account and region.
        clock: Where time comes from.
        on_event: Told of each call and wait, as for `Unisync`; an event of a call names its account.
    """

    @cached_property
    def _at_locations(self) -> dict[Location, Unisync]:
        return {}

    def at(self, account: str, region: str) -> Unisync:
        """The client of one account and region, for all that has to do with it alone.

        Args:
            account: The account, by its name in this fleet.
            region: The region; it may be another than those of the fleet.

        Raises:
            InvalidRequestError: There is no such account.
        """
        return self._at(Unisync, self._at_locations, account, region)


class AsyncFleet(AwaitableClient, FleetVerbs):
    """The sync APIs of many accounts and regions, awaited. It takes what `Fleet` takes, and does the same.

    Args:
        role_arns: The roles that are assumed, one an account, which is named by its number.
        sessions: boto3 sessions, by the name of their account: its number, or what you call it.
        regions: The regions; by default each session's own.
        session: The boto3 session whose credentials assume the roles; by default one is made.
        profile_name: The profile that it is made from, where none is given.
        external_id: What the roles ask to be told, if they do.
        role_session_name: What the accounts' logs show as the session's name.
        endpoint_url: Where to connect to instead of AWS.
        config: A botocore `Config`, as for `Unisync`.
        codeconnections_service: The name under which CodeConnections is asked, as for `Unisync`.
        allow_unknown_words: Whether a request may hold a word that AWS's model does not list, as for `Unisync`.
        pace: What is assumed of the rate that AWS allows waits, until it is found out in each account and region.
        clock: Where time comes from.
        on_event: Told of each call and wait, as for `Unisync`; an event of a call names its account.
    """

    @cached_property
    def _at_locations(self) -> dict[Location, AsyncUnisync]:
        return {}

    @override
    async def close(self) -> None:
        """Close all connections and end all threads, those of the clients of single places too."""
        for client in self._at_locations.values():
            await client.close()
        await super().close()

    def at(self, account: str, region: str) -> AsyncUnisync:
        """The client of one account and region, for all that has to do with it alone.

        Args:
            account: The account, by its name in this fleet.
            region: The region; it may be another than those of the fleet.

        Raises:
            InvalidRequestError: There is no such account.
        """
        return self._at(AsyncUnisync, self._at_locations, account, region)


class FleetSession:
    """The boto3 clients of many accounts and regions, each made when it is first used."""

    def __init__(
        self,
        source: Session,
        makers: Mapping[str, Callable[[str | None], Session]],
        regions: tuple[str, ...] | None,
        endpoint_url: str | None,
    ) -> None:
        self._source = source
        self._makers = makers
        self._regions = regions
        self._endpoint_url = endpoint_url
        self._made: dict[Location, Session] = {}
        self._lock = threading.Lock()

    @property
    def accounts(self) -> tuple[str, ...]:
        """The accounts, by their names in the fleet."""
        return tuple(self._makers)

    @property
    def locations(self) -> tuple[Location, ...]:
        """Every account and region."""
        return tuple(Location(account, region) for account in self._makers for region in self._regions_of(account))

    def _regions_of(self, account: str) -> tuple[str, ...]:
        if self._regions is not None:
            return self._regions
        region = self._makers[account](None).region
        if region is None:
            raise _refusal("regions", "one or more, as the session has none of its own", "None")
        return (region,)

    @property
    def attempts(self) -> int:
        """How often a call is made at the most."""
        return self._source.attempts

    @property
    def at_once(self) -> AtOnce:
        """How many calls can be under way."""
        return AtOnce(self._source.at_once.each, IN_ALL)

    def identity_of(self, location: Location | None) -> tuple[Hashable, ...]:
        """The account and region."""
        assert location is not None
        return self.at(location).identity_of(None)

    def former_identity_of(self, location: Location | None) -> tuple[Hashable, ...]:
        """What was taken for that before the account was known."""
        assert location is not None
        return self.at(location).former_identity_of(None)

    def at(self, location: Location) -> Session:
        """The clients of one account and region."""
        with self._lock:
            session = self._made.get(location)
            if session is None:
                make = self._makers.get(location.account)
                if make is None:
                    raise _refusal("account", f"one of {', '.join(self._makers)}", location.account)
                self._made[location] = session = make(location.region)
            return session

    def send(self, call: Call[R]) -> R:
        """Make one call where it belongs, and read its answer."""
        assert call.location is not None
        return self.at(call.location).send(call)

    def close(self) -> None:
        """Close all connections."""
        with self._lock:
            for session in (*self._made.values(), self._source):
                session.close()


class FleetServices(Services):
    """The services, as a fleet uses them."""

    def __init__(self, codeconnections: str, sessions: FleetSession) -> None:
        super().__init__(codeconnections)
        self._sessions = sessions

    def subject_of(self, ref: SyncRef[J]) -> Subject[J]:
        """What a reference refers to, in its account and region."""
        if not isinstance(cast("object", ref), FleetSync):
            raise _refusal("ref", "a FleetSync, which says in which account and region", ref)
        there = cast("FleetSync[J]", ref)
        location = Location(there.account, there.region)
        self._sessions.at(location)  # refuses an account that is not there
        subject = super().subject_of(there.sync)
        return subject._replace(
            ref=ref,
            look=_located(subject.look, location),
            blockers=_located(subject.blockers, location),
            remains=_located(subject.remains, location),
            resolve=subject.resolve and _located(subject.resolve, location),
            repository_status=subject.repository_status and _located(subject.repository_status, location),
            resources=subject.resources and _located(subject.resources, location),
        )


def located(flow: Flow[T], location: Location) -> Flow[T]:
    """The same flow, its calls made in an account and region."""
    return each_call(flow, lambda call: call._replace(location=location))


def _located(make: Callable[..., Flow[T]], location: Location) -> Callable[..., Flow[T]]:
    return lambda *arguments: located(make(*arguments), location)


def _texts(name: str, values: Iterable[str]) -> list[str]:
    if isinstance(values, str) or not isinstance(cast("object", values), Iterable):
        raise _refusal(name, "several, such as a list", values)
    return [_name(name, value) for value in values]


def _name(name: str, value: object) -> str:
    if not isinstance(value, str) or not value:
        raise _refusal(name, "text", value)
    return value


def _refusal(name: str, expected: str, value: object) -> InvalidRequestError:
    return InvalidRequestError.before_sending(f"{name}: expected {expected}, got {value!r:.60}", "Fleet")
