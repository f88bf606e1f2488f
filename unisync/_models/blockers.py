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
    value: str = dual_case_alias("value")


class SyncBlocker(Model, frozen=True):
    """What blocks a Git sync until someone resolves it."""

    id: str = dual_case_alias("id")
    type: BlockerType = dual_case_alias("type")
    status: BlockerStatus = dual_case_alias("status")
    created_reason: str = dual_case_alias("createdReason")
    created_at: Date = dual_case_alias("createdAt")
    contexts: NullableTuple[SyncBlockerContext] = dual_case_alias("contexts", default=())
    resolved_reason: str | None = dual_case_alias("resolvedReason", default=None)
    resolved_at: Date | None = dual_case_alias("resolvedAt", default=None)

    @property
    def is_active(self) -> bool:
        """Whether it blocks. A status other than ACTIVE and RESOLVED counts as blocking."""
        return self.status != "RESOLVED"
