"""The connections of CodeConnections, through which both Git services read repositories."""

from __future__ import annotations

from dataclasses import dataclass, field

from unisync.emulator._state.entity import Entity, Moment, next_number

AVAILABLE, DELETED = "AVAILABLE", "DELETED"


@dataclass(slots=True)
class Connection(Entity):
    """A connection to a provider, and the statuses that it had."""

    arn: str
    provider: str
    name: str
    _statuses: list[tuple[Moment, str]] = field(default_factory=list[tuple[Moment, str]])

    def set_status(self, now: float, status: str) -> None:
        """Change the status from now on. AWS has no status DELETED: it does not find such a connection."""
        self._statuses.append(((now, next_number()), status))

    @property
    def status(self) -> str:
        """The current status: PENDING, AVAILABLE, ERROR or DELETED."""
        return self._statuses[-1][1]

    def status_at(self, moment: Moment) -> str:
        """The status at a moment; before the first, the first."""
        return next((status for since, status in reversed(self._statuses) if since <= moment), self._statuses[0][1])
