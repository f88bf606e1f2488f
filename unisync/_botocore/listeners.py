"""Whether botocore's events have handlers of the user's: their arguments cost time to make."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from botocore.hooks import BaseEventHooks


def has_listeners(events: BaseEventHooks, name: str) -> bool:
    """Whether handlers other than botocore's own listen for an event; True if this botocore does not tell."""
    try:
        handlers = list(cast("Any", events)._emitter._handlers.prefix_search(name))
    except AttributeError:
        return True
    return any(not str(getattr(handler, "__module__", "")).startswith("botocore.") for handler in handlers)
