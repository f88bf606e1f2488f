"""What each operation does, one file a service; parsing and checking are done before it is asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from unisync.emulator.protocol import Document
from unisync.emulator.services import codeconnections, proton, twinmaker
from unisync.emulator.world import World

Behaviour = Callable[[World, Mapping[str, Any], float], Document]

BEHAVIOURS: Mapping[str, Mapping[str, Behaviour]] = {
    "iottwinmaker": twinmaker.BEHAVIOURS,
    "proton": proton.BEHAVIOURS,
    "codeconnections": codeconnections.BEHAVIOURS,
    "codestar-connections": codeconnections.BEHAVIOURS,
}
