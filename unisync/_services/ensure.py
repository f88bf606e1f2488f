"""Ensuring a configuration: create it, update what differs, or leave it unchanged."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any, Generic, Literal, TypeVar

from unisync._core.backoff import SHORT
from unisync._core.flow import Flow, Sleep
from unisync._services.operations import SAME_NAMES, Params, differences, none_if_not_found
from unisync.errors import ConflictError, NotFoundError

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

EnsureAction = Literal["created", "updated", "unchanged"]
"""What ensuring a configuration did."""

MAX_ROUNDS = 5
"""How often a race with another client is retried."""


@dataclass(frozen=True)
class EnsureResult(Generic[T_co]):
    """What was done to ensure a configuration."""

    action: EnsureAction
    definition: T_co
    """The configuration as it is now."""
    changed: tuple[str, ...] = ()
    """The parameters that differed and were updated."""
    before: T_co | None = None
    """The configuration before; None if there was none."""


def ensure(
    desired: Params,
    *,
    read: Callable[[], Flow[T]],
    create: Callable[[], Flow[T | None]],
    update: Callable[[Mapping[str, Any]], Flow[T | None]],
    field_names: Mapping[str, str] = SAME_NAMES,
) -> Flow[EnsureResult[T]]:
    """Ensure a configuration. If another client changes it meanwhile, it is read again.

    Args:
        desired: What it must be, by parameter.
        read: Read it; NotFoundError if it does not exist. Any other error ends the attempt.
        create: Create it; None if AWS does not return the result.
        update: Update the parameters that differ; None likewise.
        field_names: As for `differences`.
    """
    not_found: NotFoundError | None = None
    done: tuple[EnsureAction, tuple[str, ...], T | None] = ("unchanged", (), None)
    for rounds in count(1):
        found = yield from none_if_not_found(read())
        if not_found is not None and found is not None:
            # It exists: what was not found is something else, such as the repository to follow.
            raise not_found
        changed = {} if found is None else differences(desired, found, field_names)
        if found is not None and not changed:
            # What an earlier round did, if it did anything.
            action, names, before = done
            return EnsureResult(action, found, names, found if action == "unchanged" else before)
        doing: tuple[EnsureAction, tuple[str, ...], T | None] = (
            "created" if found is None else "updated",
            tuple(changed),
            found,
        )
        try:
            made = yield from (create() if found is None else update(changed))
            done = doing
            now = made if made is not None else (yield from read())
        except (ConflictError, NotFoundError) as error:
            if rounds == MAX_ROUNDS:
                raise
            done = doing if error.outcome_unknown else done
            not_found = error if isinstance(error, NotFoundError) and done is not doing else None
            yield Sleep(SHORT.delay(rounds))
        else:
            return EnsureResult(doing[0], now, *doing[1:])
    raise AssertionError("unreachable: the last round returns or raises")
