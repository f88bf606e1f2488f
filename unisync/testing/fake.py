"""Clients of an emulated AWS in the same process: no server, no socket, and waits that take no real time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from unisync._client.async_client import AsyncUnisync
from unisync._client.client import Unisync
from unisync._client.methods import ClientMethods
from unisync.emulator import ACCOUNT, REGION, Emulator

if TYPE_CHECKING:
    from unisync._core.events import OnEvent
    from unisync._core.rate_limiter import RateLimit
    from unisync._waiters.hints import Hints


class Fake(ClientMethods):
    """What both fakes have in common."""

    aws: Emulator
    """The emulated AWS: create resources, push commits, set faults, and inspect the calls."""

    def __init__(
        self,
        aws: Emulator | None = None,
        *,
        account: str = ACCOUNT,
        region: str = REGION,
        codeconnections_service: Literal["codeconnections", "codestar-connections"] = "codeconnections",
        allow_unknown_values: bool = False,
        rate_limit: RateLimit | None = None,
        on_event: OnEvent | None = None,
        hints: Hints | None = None,
    ) -> None:
        self.aws = Emulator(clock="manual") if aws is None else aws
        super().__init__(
            **self.aws.client_options(account=account, region=region, in_process=True),
            codeconnections_service=codeconnections_service,
            allow_unknown_values=allow_unknown_values,
            rate_limit=rate_limit,
            on_event=on_event,
            hints=hints,
        )


class FakeUnisync(Fake, Unisync):
    """A `Unisync` for an emulated AWS in this process.

    It validates, retries and waits like `Unisync`; only the network is replaced. A pause advances the emulator's clock
    instead of sleeping.

    Args:
        aws: The emulator, for example that of another client; by default a new one with a manual clock.
        account: The account to call.
        region: The region to call.
        codeconnections_service: As for `Unisync`.
        allow_unknown_values: As for `Unisync`.
        rate_limit: As for `Unisync`.
        on_event: As for `Unisync`.
        hints: As for `Unisync`.
    """


class FakeAsyncUnisync(Fake, AsyncUnisync):
    """An `AsyncUnisync` for an emulated AWS in this process. It has the parameters of `FakeUnisync`."""
