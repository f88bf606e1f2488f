"""What the behaviour of an operation is given, and what it gives back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from unisync.emulator.identities import Identities
from unisync.emulator.pages import Listing
from unisync.emulator.protocol import Document
from unisync.emulator.signature import Identity
from unisync.emulator.world import World


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
