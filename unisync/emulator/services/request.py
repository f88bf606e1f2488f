"""What the behaviour of an operation is given, and what it gives back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from unisync.emulator._protocol.pagination import Listing
from unisync.emulator._protocol.serialization import Document
from unisync.emulator._protocol.signature import Identity
from unisync.emulator._state.identities import Identities
from unisync.emulator._state.world import World


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that was read and checked."""

    service: str
    world: World
    params: Mapping[str, Any]
    now: float
    identity: Identity
    """Who asks."""
    identities: Identities
    """Who else there is."""


Behaviour = Callable[[Asked], Document | Listing]
