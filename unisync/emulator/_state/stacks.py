"""CloudFormation's stacks. Git sync updates those that have a sync configuration."""

from __future__ import annotations

from dataclasses import dataclass, field

from unisync.emulator._state.entity import Entity, Moment, next_number


@dataclass(slots=True)
class Stack(Entity):
    """A CloudFormation stack: when it existed, under which ARN. Git sync may or may not update it."""

    name: str
    arn: str
    _changes: list[tuple[Moment, bool]] = field(default_factory=list[tuple[Moment, bool]])
    """When it was created (True) and deleted (False)."""

    def create(self, now: float, arn: str) -> None:
        """Let the stack exist from now on. An existing one stays the same."""
        if not self.exists:
            self.arn = arn
            self._changes.append(((now, next_number()), True))

    def delete(self, now: float) -> None:
        """Let the stack not exist from now on."""
        self._changes.append(((now, next_number()), False))

    @property
    def exists(self) -> bool:
        """Whether the stack exists now."""
        return bool(self._changes) and self._changes[-1][1]

    def existed_at(self, moment: Moment) -> bool:
        """Whether the stack existed at a moment."""
        return next((exists for since, exists in reversed(self._changes) if since <= moment), False)
