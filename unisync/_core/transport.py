"""The protocol of a transport: what sends calls, for one account and region or for many."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Protocol, TypeVar

from unisync._core.commands import AccountRegion, Call, ConcurrencyLimit
from unisync._models.base import Model

R = TypeVar("R", bound=Model)


class Transport(Protocol):
    """Sends calls and reads their responses. Thread-safe."""

    @property
    def max_attempts(self) -> int:
        """How often a call is sent at most."""
        ...

    @property
    def concurrency(self) -> ConcurrencyLimit:
        """How many calls may be in flight."""
        ...

    def quota_key(self, location: AccountRegion | None) -> tuple[Hashable, ...]:
        """The same for all whose calls count towards the same limits, as far as that is known."""
        ...

    def provisional_quota_key(self, location: AccountRegion | None) -> tuple[Hashable, ...]:
        """What `quota_key` was before the account was known."""
        ...

    def send(self, call: Call[R]) -> R:
        """Send a call and read its response."""
        ...

    def close(self) -> None:
        """Close all connections."""
        ...
