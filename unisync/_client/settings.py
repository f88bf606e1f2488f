"""The settings that all methods of a client work with."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from unisync._core.clock import Clock, date_of
from unisync._core.commands import Call
from unisync._core.events import OnEvent
from unisync._core.flow import Flow
from unisync._core.rate_limiter import LIMITERS, AdaptiveRateLimiter, LimiterKey, RateLimit
from unisync._core.retry import with_retries
from unisync._core.transport import Transport
from unisync._models.base import Model
from unisync._services.registry import Services

if TYPE_CHECKING:
    from unisync._waiters.hints import Hints

R = TypeVar("R", bound=Model)
T = TypeVar("T")

CALL_TIMEOUT = 60.0
"""Seconds that a single operation may take by default."""
MAX_THROTTLED = 10
"""How often a throttled read among many is sent at most: throttling is how the rate limit is found."""


@dataclass(frozen=True)
class ClientSettings:
    """What a client works with; the clients of single accounts and regions share it with their fleet."""

    transport: Transport
    services: Services
    clock: Clock
    rate_limit: RateLimit = field(default_factory=RateLimit)
    on_event: OnEvent | None = None
    call_timeout: float = CALL_TIMEOUT
    """Seconds that a single operation may take with its retries, and each call of a wait."""
    max_attempts: int | None = None
    """How often a call is sent at most; None leaves it to the transport."""
    hints: Hints | None = None
    """What may end the pauses of waits early."""

    def retrying(self, flow: Flow[T], timeout: float | None = None) -> Flow[T]:
        """The same single operation, its failed calls retried, to its deadline.

        Args:
            flow: The operation.
            timeout: Seconds that it may take; None for the client's.
        """
        seconds = self.call_timeout if timeout is None else timeout
        return with_retries(flow, self._attempts, timeout=seconds)

    def retrying_many(self, flow: Flow[T], timeout: float | None) -> Flow[T]:
        """One of many reads, which may have to queue for the rate limit."""
        return with_retries(flow, self._attempts, MAX_THROTTLED, timeout=timeout, unanswered_after=self.call_timeout)

    @property
    def _attempts(self) -> int:
        return self.transport.max_attempts if self.max_attempts is None else self.max_attempts

    def bounded(self, call: Call[R]) -> Call[R]:
        """A call that is about to be sent, with no more time than a single call may take."""
        timeout = self.call_timeout if call.timeout is None else min(call.timeout, self.call_timeout)
        return call if timeout == math.inf else call._replace(timeout=timeout)

    def send(self, call: Call[R]) -> R:
        """Send a call and read its response."""
        return self.transport.send(self.bounded(call))

    def date(self) -> datetime:
        """The date by the client's clock."""
        return date_of(self.clock)

    def limiter_for(self, call: Call[Any]) -> AdaptiveRateLimiter:
        """The rate limiter of a call, shared by all waits of this process."""
        quota, provisional = (
            self.transport.quota_key(call.location),
            self.transport.provisional_quota_key(call.location),
        )
        key, before = (LimiterKey(each, call.service, call.operation) for each in (quota, provisional))
        return LIMITERS.get(self.clock, key, self.rate_limit, before)
