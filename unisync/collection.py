"""Garbage collection out of the way while much is made and little let go: at imports, and when a client is made."""

from __future__ import annotations

import gc


class NoCollection:
    """A block in which no garbage is collected. What it made counts as old then, so that no full collection follows."""

    def __enter__(self) -> None:
        self._enabled = gc.isenabled()
        gc.disable()

    def __exit__(self, *_: object) -> None:
        if not self._enabled:
            return
        if gc.get_freeze_count() == 0:  # else the program has frozen objects itself, and means them to stay so
            gc.freeze()
            gc.unfreeze()
        gc.enable()
