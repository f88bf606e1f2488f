"""Which errors of a poll are transient, so that a wait or a watch polls on."""

from __future__ import annotations

from unisync.errors import ResponseError, UnisyncError

MAX_CONSECUTIVE_UNREADABLE = 3
"""At this many consecutive unreadable responses, the error is no longer transient."""


class TransientErrors:
    """Tells transient errors from lasting ones, for the polls of one sync in their order.

    Throttling, server errors and lost connections are transient, also one that is lost in the middle of a response. An
    unreadable response may be an accident; several in a row are not.

    Args:
        unreadable: How many consecutive responses before were unreadable.
    """

    def __init__(self, unreadable: int = 0) -> None:
        self.unreadable: int = unreadable

    def record_success(self) -> None:
        """Note that a response was read."""
        self.unreadable = 0

    def is_transient(self, error: UnisyncError) -> bool:
        """Whether to ignore an error and poll on."""
        if not isinstance(error, ResponseError):
            self.unreadable = 0
            return error.retryable
        self.unreadable = 0 if error.is_truncated else self.unreadable + 1
        return self.unreadable < MAX_CONSECUTIVE_UNREADABLE
