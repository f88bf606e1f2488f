"""Ensuring a configuration: create it, update what differs, or leave it unchanged."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Generic, Literal, NamedTuple, TypeVar

from unisync._core.backoff import SHORT
from unisync._core.dry_run import checked_dry_run, planned
from unisync._core.flow import Flow, Sleep
from unisync._models.dry_run import DryRun
from unisync._models.dumping import Dumpable
from unisync._services.operations import SAME_NAMES, Params, Tagging, differences, none_if_not_found
from unisync.errors import ConflictError, InvalidArgumentError, NotFoundError

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

EnsureAction = Literal["created", "updated", "unchanged"]
"""What ensuring a configuration did."""

MAX_ROUNDS = 5
"""How often a race with another client is retried."""


@dataclass(frozen=True)
class EnsureResult(Dumpable, Generic[T_co]):
    """What was done to ensure a configuration; of a dry run, what would be done."""

    action: EnsureAction
    """What was done."""
    _definition: T_co | None = field(repr=False)
    changed: tuple[str, ...] = ()
    """The parameters that differed and were updated."""
    before: T_co | None = None
    """The configuration before; None if there was none."""
    requests: tuple[DryRun, ...] = ()
    """What a dry run would send, in order."""

    @property
    def definition(self) -> T_co:
        """The configuration as it is now.

        Raises:
            InvalidArgumentError: It was a dry run, and there is no configuration yet.
        """
        if self._definition is None:
            raise InvalidArgumentError("definition: the dry run created nothing")
        return self._definition


class _Plan(NamedTuple, Generic[T]):
    """What to do about a configuration as it was read."""

    action: EnsureAction
    changed: tuple[str, ...]
    before: T | None
    steps: Sequence[Flow[T | None]] = ()
    """The flows that do it, in order. Only the first may return the result."""


def ensure(
    desired: Params,
    *,
    read: Callable[[], Flow[T]],
    create: Callable[[], Flow[T | None]],
    update: Callable[[T, Mapping[str, str]], Flow[T | None]],
    field_names: Mapping[str, str] = SAME_NAMES,
    tagging: Tagging[T] | None = None,
    dry_run: bool = False,
) -> Flow[EnsureResult[T]]:
    """Ensure a configuration. If another client changes it meanwhile, it is read again.

    Args:
        desired: What it must be, by parameter.
        read: Read it; NotFoundError if it does not exist. Any other error ends the attempt.
        create: Create it, with its tags; None if AWS does not return the result.
        update: Update the parameters that differ; None likewise. This raises at once if they cannot be updated.
        field_names: As for `differences`.
        tagging: Its tags, if it must have any.
        dry_run: Whether to read only.
    """
    checked_dry_run(dry_run)

    def plan(found: T | None) -> Flow[_Plan[T]]:
        if found is None:
            return _Plan("created", (), None, [create()])
        changed = differences(desired, found, field_names)
        steps = [update(found, changed)] if changed else []
        if tagging is not None:
            missing = yield from tagging.missing(found)
            if missing:
                changed["tags"] = missing
                steps.append(tagging.add(found, missing))
        return _Plan("updated" if steps else "unchanged", tuple(changed), found, steps)

    not_found: NotFoundError | None = None
    done: _Plan[T] | None = None
    for rounds in count(1):
        found = yield from none_if_not_found(read())
        if not_found is not None and found is not None:
            # It exists: what was not found is something else, such as the repository to follow.
            raise not_found
        doing = yield from plan(found)
        if dry_run:
            requests: tuple[DryRun, ...] = ()
            for step in doing.steps:
                requests += ((yield from planned(step)),)
            return EnsureResult(doing.action, found, doing.changed, found, requests)
        if found is not None and not doing.steps:
            # What an earlier round did, if it did anything.
            result = done or doing
            return EnsureResult(result.action, found, result.changed, result.before)
        try:
            made: T | None = None
            for step in doing.steps:
                made = (yield from step) or made
            done = doing
            now = made if made is not None else (yield from read())
        except (ConflictError, NotFoundError) as error:
            if rounds == MAX_ROUNDS:
                raise
            done = doing if error.outcome_unknown else done
            not_found = error if isinstance(error, NotFoundError) and done is not doing else None
            yield Sleep(SHORT.delay(rounds))
        else:
            return EnsureResult(doing.action, now, doing.changed, doing.before)
    raise AssertionError("unreachable: the last round returns or raises")
