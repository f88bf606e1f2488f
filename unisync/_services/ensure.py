"""Bringing a definition to what is wanted: creating it, changing what differs, or leaving it as it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any, Generic, Literal, TypeVar

from unisync._core.flow import Flow, Sleep
from unisync._core.retry import SHORT
from unisync._services.operations import AS_IT_IS, Params, differences, if_found
from unisync.errors import ConflictError, NotFoundError

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

Action = Literal["created", "updated", "unchanged"]

ROUNDS = 5
"""How often a race with somebody else is run before it is given up."""


@dataclass(frozen=True)
class Ensured(Generic[T_co]):
    """What it took to bring a definition to what was wanted."""

    action: Action
    definition: T_co
    """The definition, as it is now."""
    changed: tuple[str, ...] = ()
    """The parameters that differed, and were updated."""
    before: T_co | None = None
    """The definition as it was found; None if there was none."""


def ensure(
    wanted: Params,
    *,
    read: Callable[[], Flow[T]],
    create: Callable[[], Flow[T | None]],
    update: Callable[[Mapping[str, Any]], Flow[T | None]],
    spelled: Mapping[str, str] = AS_IT_IS,
) -> Flow[Ensured[T]]:
    """Bring a definition to what is wanted. If somebody else changes it meanwhile, it is looked at anew.

    Args:
        wanted: What it shall be, by parameter.
        read: Reads it; NotFoundError if it is not there. What else the reading fails with ends all.
        create: Creates it; None where AWS does not answer what it is now.
        update: Changes the parameters that differ; None likewise.
        spelled: As for `differences`.
    """
    refused: NotFoundError | None = None
    done: tuple[Action, tuple[str, ...], T | None] = ("unchanged", (), None)
    for rounds in count(1):
        found = yield from if_found(read())
        if refused is not None and found is not None:
            # It was there all the time: something else is missing, as a repository that it is to follow.
            raise refused
        changed = {} if found is None else differences(wanted, found, spelled)
        if found is not None and not changed:
            # What an earlier round of ours did, if it did something.
            action, names, before = done
            return Ensured(action, found, names, found if action == "unchanged" else before)
        doing: tuple[Action, tuple[str, ...], T | None] = (
            "created" if found is None else "updated",
            tuple(changed),
            found,
        )
        try:
            made = yield from (create() if found is None else update(changed))
            done = doing
            now = made if made is not None else (yield from read())
        except (ConflictError, NotFoundError) as error:
            if rounds == ROUNDS:
                raise
            done = doing if error.outcome_unknown else done
            refused = error if isinstance(error, NotFoundError) and done is not doing else None
            yield Sleep(SHORT.delay(rounds))
        else:
            return Ensured(doing[0], now, *doing[1:])
    raise AssertionError("unreachable: the last round returns or raises")
