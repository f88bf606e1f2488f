"""Proton's operations: Git sync of service instances and templates, and tags."""

from __future__ import annotations

from unisync.emulator.services.proton import configs, inventory, repositories, statuses, tags
from unisync.emulator.services.request import Handler

HANDLERS: dict[str, Handler] = {
    **repositories.HANDLERS,
    **configs.HANDLERS,
    **statuses.HANDLERS,
    **inventory.HANDLERS,
    **tags.HANDLERS,
}
