"""What CloudFormation does to a stack, as a series of events: creations, updates, deletions, and their roll-backs.

Every stack has the same three resources, except for the one that a test names. Which events there are, their texts and
their order are those that people report; how the time is divided among them is a guess.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

_STACK_TYPE = "AWS::CloudFormation::Stack"
USER_INITIATED = "User Initiated"

_RESOURCES = {"Table": "AWS::DynamoDB::Table", "Queue": "AWS::SQS::Queue", "Function": "AWS::Lambda::Function"}
"""The resources of a stack: their types, by logical id."""
_DEFAULT = "Queue"
"""The resource that fails if a test names none."""
_DEFAULT_REASON = (
    'Resource handler returned message: "Internal error" '
    "(RequestToken: 6d1b0c52-94e7-4f3a-8a60-2c75b9e1f038, HandlerErrorCode: GeneralServiceException)"
)


class FailedResource(NamedTuple):
    """The resource whose creation or update fails."""

    logical_id: str = _DEFAULT
    type: str = _RESOURCES[_DEFAULT]
    reason: str = _DEFAULT_REASON


@dataclass(frozen=True, slots=True)
class Step:
    """An event of a stack."""

    time: float
    logical_id: str
    """For an event of the stack itself, its name."""
    type: str
    status: str
    reason: str | None = None
    has_physical_id: bool = True
    is_of_stack: bool = False
    """Whether it is an event of the stack itself. A nested stack is a resource, of the same type."""

    def physical_id(self, stack_arn: str, stack_name: str) -> str:
        """The physical id: for the stack itself its ARN, for a resource that does not exist yet an empty string."""
        if self.is_of_stack:
            return stack_arn
        if not self.has_physical_id:
            return ""
        digest = hashlib.sha256(f"{stack_arn} {self.logical_id}".encode()).hexdigest()[:12].upper()
        return f"{stack_name}-{self.logical_id}-{digest}"


def stack_step(time: float, name: str, status: str, reason: str | None = None) -> Step:
    """An event of the stack itself."""
    return Step(time, name, _STACK_TYPE, status, reason, is_of_stack=True)


At = Callable[[float], float]
"""Converts a share of an operation, from 0.0 to 1.0, to the time at which it is done."""


def evenly(start: float, duration: float) -> At:
    """An operation without a pause. All but the start of an endless one is never done."""
    return lambda share: start + duration * share if share else start


def creation_steps(name: str, start: float, duration: float, failure: FailedResource | None) -> list[Step]:
    """The events of a stack's creation, oldest first."""
    at = evenly(start, duration)
    steps = [stack_step(start, name, "CREATE_IN_PROGRESS", USER_INITIATED)]
    if failure is None:
        for index, (resource, kind) in enumerate(_RESOURCES.items()):
            steps += _create(resource, kind, at(0.1 + 0.25 * index), at(0.3 + 0.25 * index))
        return [*steps, stack_step(at(1.0), name, "CREATE_COMPLETE")]
    done, failed, cancelled = _split(failure)
    steps += _create(*done, at(0.1), at(0.2))
    steps += [
        *(Step(at(0.2), *each, "CREATE_IN_PROGRESS", has_physical_id=False) for each in (failed, cancelled)),
        Step(at(0.5), *failed, "CREATE_FAILED", failure.reason, has_physical_id=False),
        Step(at(0.5), *cancelled, "CREATE_FAILED", "Resource creation cancelled", has_physical_id=False),
        stack_step(
            at(0.5),
            name,
            "ROLLBACK_IN_PROGRESS",
            f"The following resource(s) failed to create: [{failed[0]}, {cancelled[0]}]. Rollback requested by user.",
        ),
    ]
    for index, (resource, kind) in enumerate((cancelled, failed, done)):
        steps += _delete(resource, kind, at(0.6 + 0.1 * index), at(0.7 + 0.1 * index))
    return [*steps, stack_step(at(1.0), name, "ROLLBACK_COMPLETE")]


def update_steps(name: str, at: At, failure: FailedResource | None) -> list[Step]:
    """The events of a stack's update, oldest first."""
    steps = [stack_step(at(0.0), name, "UPDATE_IN_PROGRESS", USER_INITIATED)]
    if failure is None:
        for index, (resource, kind) in enumerate(_RESOURCES.items()):
            steps += _update(resource, kind, at(0.1 + 0.25 * index), at(0.3 + 0.25 * index))
        return [
            *steps,
            stack_step(at(0.9), name, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"),
            stack_step(at(1.0), name, "UPDATE_COMPLETE"),
        ]
    done, failed, cancelled = _split(failure)
    steps += _update(*done, at(0.1), at(0.2))
    steps += [
        *(Step(at(0.2), *each, "UPDATE_IN_PROGRESS") for each in (failed, cancelled)),
        Step(at(0.5), *failed, "UPDATE_FAILED", failure.reason),
        Step(at(0.5), *cancelled, "UPDATE_FAILED", "Resource update cancelled"),
        stack_step(
            at(0.5),
            name,
            "UPDATE_ROLLBACK_IN_PROGRESS",
            f"The following resource(s) failed to update: [{failed[0]}, {cancelled[0]}]. ",
        ),
    ]
    for index, (resource, kind) in enumerate((failed, cancelled, done)):
        steps += _update(resource, kind, at(0.55 + 0.1 * index), at(0.65 + 0.1 * index))
    return [
        *steps,
        stack_step(at(0.9), name, "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS"),
        stack_step(at(1.0), name, "UPDATE_ROLLBACK_COMPLETE"),
    ]


def deletion_steps(name: str, at: float, *, is_empty: bool) -> list[Step]:
    """The events of a stack's deletion, oldest first. It takes no time. An empty stack has no resources left."""
    steps = [stack_step(at, name, "DELETE_IN_PROGRESS", USER_INITIATED)]
    for resource, kind in () if is_empty else reversed(_RESOURCES.items()):
        steps += _delete(resource, kind, at, at)
    return [*steps, stack_step(at, name, "DELETE_COMPLETE")]


def _split(failure: FailedResource) -> tuple[tuple[str, str], tuple[str, str], tuple[str, str]]:
    """The logical id and type of a resource that succeeds, of the failed one, and of one that is cancelled."""
    done, *_, cancelled = [each for each in _RESOURCES.items() if each[0] != failure.logical_id]
    return done, (failure.logical_id, failure.type), cancelled


def _create(resource: str, kind: str, start: float, end: float) -> Iterator[Step]:
    yield Step(start, resource, kind, "CREATE_IN_PROGRESS", has_physical_id=False)
    yield Step(start, resource, kind, "CREATE_IN_PROGRESS", "Resource creation Initiated")
    yield Step(end, resource, kind, "CREATE_COMPLETE")


def _update(resource: str, kind: str, start: float, end: float) -> Iterator[Step]:
    yield Step(start, resource, kind, "UPDATE_IN_PROGRESS")
    yield Step(end, resource, kind, "UPDATE_COMPLETE")


def _delete(resource: str, kind: str, start: float, end: float) -> Iterator[Step]:
    yield Step(start, resource, kind, "DELETE_IN_PROGRESS")
    yield Step(end, resource, kind, "DELETE_COMPLETE")
