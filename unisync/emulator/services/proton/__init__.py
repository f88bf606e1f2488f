"""Proton: Git sync of service instances and templates."""

from __future__ import annotations

from unisync.emulator.services.proton import configs, inventory, repositories, statuses
from unisync.emulator.services.request import Behaviour

BEHAVIOURS: dict[str, Behaviour] = {
    **repositories.BEHAVIOURS,
    **configs.BEHAVIOURS,
    **statuses.BEHAVIOURS,
    **inventory.BEHAVIOURS,
}
