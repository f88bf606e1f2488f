"""What a caller may hand in: a clock, a boto3 session, a botocore config. Seen by type checkers alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol


class Clock(Protocol):
    """Where time comes from. Tests hand in one of their own."""

    def now(self) -> float:
        """Seconds since whenever; only differences count, and it never goes back."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...

    async def asleep(self, seconds: float) -> None:
        """Wait, letting other tasks run."""
        ...


class Boto3Session(Protocol):
    """A `boto3.Session`, for those who have no type stubs for it."""

    @property
    def region_name(self) -> str | None:
        """The region that its clients speak to."""
        ...

    @property
    def profile_name(self) -> str:
        """The profile that its settings come from."""
        ...

    @property
    def client(self) -> Callable[..., object]:
        """Makes a client."""
        ...


class BotocoreConfig(Protocol):
    """A `botocore.config.Config`, for those who have no type stubs for it."""

    @property
    def merge(self) -> Callable[..., object]:
        """Gives a config that another one's settings were added to."""
        ...
