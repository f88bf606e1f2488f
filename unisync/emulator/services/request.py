"""What the handler of an operation receives and returns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from unisync.emulator._protocol.pagination import ListResult
from unisync.emulator._protocol.serialization import Document
from unisync.emulator._protocol.signature import Identity
from unisync.emulator._state.account import AccountState
from unisync.emulator._state.identities import Identities


@dataclass(frozen=True, slots=True)
class OperationRequest:
    """A verified and validated request."""

    service: str
    account: AccountState
    params: Mapping[str, Any]
    now: float
    identity: Identity
    """The caller."""
    identities: Identities
    """The credentials and roles of all accounts."""


Handler = Callable[[OperationRequest], Document | ListResult]
