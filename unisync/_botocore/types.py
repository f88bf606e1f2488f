"""boto3's types, for users who have no type stubs for boto3."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol


class Boto3Session(Protocol):
    """A `boto3.Session`."""

    @property
    def region_name(self) -> str | None:
        """The region of its clients."""
        ...

    @property
    def profile_name(self) -> str:
        """The profile that its settings come from."""
        ...

    @property
    def client(self) -> Callable[..., object]:
        """Create a client."""
        ...


class BotocoreConfig(Protocol):
    """A `botocore.config.Config`."""

    @property
    def merge(self) -> Callable[..., object]:
        """Return a config with the settings of another added."""
        ...
