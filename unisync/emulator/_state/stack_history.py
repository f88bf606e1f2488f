"""The events of a stack up to a time, computed from what was done to it and from the attempts to sync it."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from unisync.emulator._state.git_sync import GitSync
from unisync.emulator._state.stack_operations import Step, deletion_steps, evenly, stack_step, update_steps
from unisync.emulator._state.stacks import StackLife


@dataclass(frozen=True, slots=True)
class StackEvent:
    """An event of a stack as CloudFormation lists it."""

    id: str
    step: Step
    physical_id: str


@dataclass(frozen=True, slots=True)
class StackHistory:
    """The events of a stack, and what follows from them."""

    life: StackLife
    steps: tuple[Step, ...]
    """Oldest first, at least one."""

    @property
    def latest(self) -> Step:
        """The latest event of the stack itself, which has its status."""
        return next(step for step in reversed(self.steps) if step.is_of_stack)

    @property
    def updated_at(self) -> float | None:
        """When the latest update started; None if there was none."""
        starts = [step.time for step in self.steps if step.is_of_stack and step.status == "UPDATE_IN_PROGRESS"]
        return starts[-1] if starts else None

    @property
    def deleted_at(self) -> float | None:
        """When the stack was deleted; None if it exists."""
        return None if self.life.deleted is None else self.life.deleted[0]

    def events(self) -> list[StackEvent]:
        """The events, oldest first."""
        return [self._event(index, step) for index, step in enumerate(self.steps)]

    def _event(self, index: int, step: Step) -> StackEvent:
        unique = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{self.life.arn} {index}"))
        event_id = unique if step.is_of_stack else f"{step.logical_id}-{unique}"
        return StackEvent(event_id, step, step.physical_id(self.life.arn, self.life.name))


def history_of(life: StackLife, syncs: Iterable[GitSync], now: float) -> StackHistory:
    """The history of a stack up to `now`. `syncs` are those that update it, or did."""
    updates = [(update.begins, update.steps()) for sync in syncs for update in sync.stack_updates(now, life)]
    by_hand = [moment for moment in life.changes if life.refusal(moment[0]) is None]
    updates += [(moment, update_steps(life.name, evenly(moment[0], 0.0), None)) for moment in by_hand]
    steps = life.creation()
    for moment, update in sorted(updates, key=lambda each: each[0]):
        # A change by hand during another update is a part of that.
        if not (moment in by_hand and steps[-1].time > moment[0]):
            steps = [*_cut_off(steps, life.name, moment[0]), *update]
    if life.deleted is None:
        return StackHistory(life, tuple(step for step in steps if step.time <= now))
    at = life.deleted[0]
    deletion = deletion_steps(life.name, at, is_empty=life.creation_failure is not None)
    return StackHistory(life, (*(step for step in steps if step.time <= at), *deletion))


def _cut_off(steps: list[Step], name: str, at: float) -> list[Step]:
    """The events up to the start of the next update. An update still in progress has to end then, which is a guess."""
    past = [step for step in steps if step.time <= at]
    if len(past) == len(steps):
        return past
    status = next(step.status for step in reversed(past) if step.is_of_stack)
    ending = "UPDATE_ROLLBACK_COMPLETE" if "ROLLBACK" in status else "UPDATE_COMPLETE"
    return [*past, stack_step(at, name, ending)]
