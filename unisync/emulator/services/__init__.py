"""What each operation does. Parsing, validation and pagination happen before and after, in `_protocol`."""

from __future__ import annotations

from collections.abc import Mapping

from unisync.emulator.services import cloudformation, codeconnections, proton, sts, twinmaker
from unisync.emulator.services.request import Handler

HANDLERS: Mapping[str, Mapping[str, Handler]] = {
    "iottwinmaker": twinmaker.HANDLERS,
    "proton": proton.HANDLERS,
    "codeconnections": codeconnections.HANDLERS,
    "codestar-connections": codeconnections.HANDLERS,
    "sts": sts.HANDLERS,
    "cloudformation": cloudformation.HANDLERS,
}
"""The handlers of the emulated operations, by service and by AWS's name of the operation."""
