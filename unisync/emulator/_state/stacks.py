"""CloudFormation's stacks. Git sync updates those that have a sync configuration."""

from __future__ import annotations

from dataclasses import dataclass, field

from unisync.emulator._state.entity import Entity, Moment, next_number
from unisync.emulator._state.stack_operations import FailedResource, Step, creation_steps


@dataclass(slots=True)
class StackLife:
    """A stack from its creation to its deletion. Stacks of the same name, one after another, have different ARNs."""

    name: str
    arn: str
    created: Moment
    creation_duration: float = 0.0
    creation_failure: FailedResource | None = None
    """Why the creation fails and is rolled back; None if it succeeds."""
    deleted: Moment | None = None
    changes: list[Moment] = field(default_factory=list[Moment])
    """When it was updated by hand."""

    @property
    def number(self) -> int:
        """Orders the stacks of an account by their creation."""
        return self.created[1]

    def contains(self, moment: Moment) -> bool:
        """Whether the stack exists at a moment."""
        return self.created <= moment and (self.deleted is None or moment < self.deleted)

    def creation(self) -> list[Step]:
        """The events of the creation."""
        return creation_steps(self.name, self.created[0], self.creation_duration, self.creation_failure)

    def refusal(self, now: float) -> str | None:
        """Why CloudFormation cannot update the stack: its creation is in progress, or failed. None if it can."""
        if self.creation_failure is None and now >= self.created[0] + self.creation_duration:
            return None
        statuses = [step.status for step in self.creation() if step.time <= now and step.is_of_stack]
        return f"Stack:{self.arn} is in {statuses[-1]} state and can not be updated."


@dataclass(slots=True)
class Stack(Entity):
    """The CloudFormation stacks of one name: at most one exists at a time. Git sync may or may not update it."""

    name: str
    arn: str
    lives: list[StackLife] = field(default_factory=list[StackLife])
    """Oldest first."""

    def create(self, now: float, arn: str, duration: float = 0.0, failure: FailedResource | None = None) -> None:
        """Let the stack exist from now on. An existing one stays the same."""
        if not self.exists:
            self.arn = arn
            self.lives.append(StackLife(self.name, arn, (now, next_number()), duration, failure))

    def delete(self, now: float) -> None:
        """Let the stack not exist from now on."""
        self.lives[-1].deleted = now, next_number()

    def change(self, now: float) -> None:
        """Record an update by hand."""
        self.lives[-1].changes.append((now, next_number()))

    @property
    def exists(self) -> bool:
        """Whether the stack exists now."""
        return bool(self.lives) and self.lives[-1].deleted is None

    def life_at(self, moment: Moment) -> StackLife | None:
        """The stack that existed at a moment; None if there was none."""
        return next((life for life in self.lives if life.contains(moment)), None)
