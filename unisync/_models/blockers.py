"""Blockers: what stops a Git sync until someone resolves it."""

from __future__ import annotations

from typing import Literal

from unisync._models.base import Date, Model, NullableTuple, dual_case_alias

BlockerStatus = Literal["ACTIVE", "RESOLVED"] | str
"""Whether a blocker is active."""
BlockerType = Literal["AUTOMATED"] | str
"""What created a blocker."""


class SyncBlockerContext(Model, frozen=True):
    """A detail of a blocker."""

    key: str = dual_case_alias("key")
    """What the value is, such as "AUTOMATED"."""
    value: str = dual_case_alias("value")
    """The value, such as a date."""


class SyncBlocker(Model, frozen=True):
    """What blocks a Git sync until someone resolves it."""

    id: str = dual_case_alias("id")
    """The id, with which it is resolved."""
    type: BlockerType = dual_case_alias("type")
    """What created it."""
    status: BlockerStatus = dual_case_alias("status")
    """Whether it is active or resolved."""
    created_reason: str = dual_case_alias("createdReason")
    """Why the sync is blocked, in the service's own sentence."""
    created_at: Date = dual_case_alias("createdAt")
    """When it was created, in UTC."""
    contexts: NullableTuple[SyncBlockerContext] = dual_case_alias("contexts", default=())
    """More about the cause, as pairs of a key and a value."""
    resolved_reason: str | None = dual_case_alias("resolvedReason", default=None)
    """The reason that was given when it was resolved; None if it was not."""
    resolved_at: Date | None = dual_case_alias("resolvedAt", default=None)
    """When it was resolved, in UTC; None if it was not."""

    @property
    def is_active(self) -> bool:
        """Whether it blocks. A status other than ACTIVE and RESOLVED counts as blocking."""
        return self.status != "RESOLVED"
