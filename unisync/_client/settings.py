"""The settings that all methods of a client work with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from unisync._core.clock import Clock
from unisync._core.commands import Call
from unisync._core.events import OnEvent
from unisync._core.rate_limiter import LIMITERS, AdaptiveRateLimiter, RateLimit
from unisync._core.transport import Transport
from unisync._services.registry import Services


@dataclass(frozen=True)
class ClientSettings:
    """What a client works with; the clients of single accounts and regions share it with their fleet."""

    transport: Transport
    services: Services
    clock: Clock
    rate_limit: RateLimit = field(default_factory=RateLimit)
    on_event: OnEvent | None = None

    def limiter_for(self, call: Call[Any]) -> AdaptiveRateLimiter:
        """The rate limiter of a call, shared by all waits of this process."""
        quota, provisional = (
            self.transport.quota_key(call.location),
            self.transport.provisional_quota_key(call.location),
        )
        key = call.service, call.operation
        return LIMITERS.get(self.clock, (quota, *key), self.rate_limit, (provisional, *key))
