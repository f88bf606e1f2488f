"""The sessions of many accounts and regions behind one transport."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Mapping
from typing import TypeVar

from unisync._botocore.session import Session
from unisync._core.commands import AccountRegion, Call, ConcurrencyLimit
from unisync._core.deadline import Deadline
from unisync._core.transport import InThread
from unisync._models.base import Model
from unisync.errors import InvalidArgumentError

R = TypeVar("R", bound=Model)

MAX_IN_FLIGHT = 64
"""Calls that may be in flight to all accounts together: under rate limits, more would not be faster."""


class FleetSession:
    """The sessions of many accounts and regions, each created when it is first used. The transport of a fleet.

    Args:
        source: The session whose credentials assume the roles.
        makers: A function for each account that creates its session in a region, or in its own.
        regions: The regions; None for each session's own.
    """

    def __init__(
        self, source: Session, makers: Mapping[str, Callable[[str | None], Session]], regions: tuple[str, ...] | None
    ) -> None:
        self._source = source
        self._makers = makers
        self._regions = regions
        self._sessions: dict[AccountRegion, Session] = {}
        self._lock = threading.Lock()

    @property
    def accounts(self) -> tuple[str, ...]:
        """The accounts, under their names in the fleet."""
        return tuple(self._makers)

    @property
    def locations(self) -> tuple[AccountRegion, ...]:
        """Every account and region."""
        return tuple(AccountRegion(account, region) for account in self._makers for region in self._regions_of(account))

    def _regions_of(self, account: str) -> tuple[str, ...]:
        if self._regions is not None:
            return self._regions
        region = self._makers[account](None).region
        if region is None:
            expected = "one or more, as the session has none of its own"
            raise InvalidArgumentError.expected("regions", expected, None)
        return (region,)

    @property
    def max_attempts(self) -> int:
        """How often a call is sent at most."""
        return self._source.max_attempts

    @property
    def concurrency(self) -> ConcurrencyLimit:
        """How many calls may be in flight."""
        return ConcurrencyLimit(self._source.concurrency.per_service, MAX_IN_FLIGHT)

    def region_of(self, location: AccountRegion | None) -> str | None:
        """The region of the location."""
        assert location is not None
        return location.region

    def quota_key(self, location: AccountRegion | None) -> tuple[Hashable, ...]:
        """The account and region."""
        assert location is not None
        return self.at(location).quota_key(None)

    def provisional_quota_key(self, location: AccountRegion | None) -> tuple[Hashable, ...]:
        """What `quota_key` was before the account was known."""
        assert location is not None
        return self.at(location).provisional_quota_key(None)

    def at(self, location: AccountRegion) -> Session:
        """The session of one account and region.

        Raises:
            InvalidArgumentError: The fleet has no such account.
        """
        with self._lock:
            session = self._sessions.get(location)
            if session is None:
                make = self._makers.get(location.account)
                if make is None:
                    expected = f"one of {', '.join(self._makers)}"
                    raise InvalidArgumentError.expected("account", expected, location.account)
                self._sessions[location] = session = make(location.region)
            return session

    def send(self, call: Call[R]) -> R:
        """Send a call to its account and region, and read its response."""
        assert call.location is not None
        return self.at(call.location).send(call)

    async def send_async(
        self, call: Call[R], deadline: Deadline, in_thread: InThread, on_sending: Callable[[], object]
    ) -> R:
        """The same, awaited; what blocks runs in a thread."""
        assert call.location is not None
        return await self.at(call.location).send_async(call, deadline, in_thread, on_sending)

    def close(self) -> None:
        """Close all connections."""
        for session in self._each_session():
            session.close()

    async def close_async(self) -> None:
        """Close all connections, those of this event loop among them."""
        for session in self._each_session():
            await session.close_async()

    def _each_session(self) -> list[Session]:
        with self._lock:
            return [*self._sessions.values(), self._source]
