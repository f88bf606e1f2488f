"""What each operation does; parsing, checking and paging are done by others."""

from __future__ import annotations

from collections.abc import Mapping

from unisync.emulator.services import codeconnections, proton, sts, twinmaker
from unisync.emulator.services.request import Behaviour

BEHAVIOURS: Mapping[str, Mapping[str, Behaviour]] = {
    "iottwinmaker": twinmaker.BEHAVIOURS,
    "proton": proton.BEHAVIOURS,
    "codeconnections": codeconnections.BEHAVIOURS,
    "codestar-connections": codeconnections.BEHAVIOURS,
    "sts": sts.BEHAVIOURS,
}
