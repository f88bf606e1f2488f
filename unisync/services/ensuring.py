"""Bringing a definition to what is wanted: creating it, changing what differs, or leaving it as it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any, Generic, Literal, TypeVar

from unisync.backoff import SHORT
from unisync.errors import ConflictError, NotFoundError
from unisync.flow import Flow, Sleep
from unisync.services.adapter import if_found

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

Action = Literal["created", "updated", "unchanged"]

ROUNDS = 5
"""How often a race with somebody else is run before it is given up."""


@dataclass(frozen=True, slots=True)
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
    wanted: Mapping[str, Any],
    *,
    read: Callable[[], Flow[T]],
    value_of: Callable[[T, str], object],
    create: Callable[[], Flow[T | None]],
    update: Callable[[T, Mapping[str, Any]], Flow[T | None]],
) -> Flow[Ensured[T]]:
    """Bring a definition to what is wanted. If somebody else changes it meanwhile, it is looked at anew.

    Args:
        wanted: What it shall be, by parameter; None is whatever it is.
        read: Reads it; NotFoundError if it is not there. What else the reading fails with ends all.
        value_of: What a definition says of a parameter.
        create: Creates it; None where AWS does not answer what it is now.
        update: Changes what differs, given what was found; None likewise.
    """
    for rounds in count(1):
        found = yield from if_found(read())
        changed: dict[str, Any] = {}
        if found is not None:
            changed = {
                name: value for name, value in wanted.items() if value is not None and value != value_of(found, name)
            }
            if not changed:
                return Ensured("unchanged", found, before=found)
        try:
            made = yield from (create() if found is None else update(found, changed))
            now = made if made is not None else (yield from read())
        except (ConflictError, NotFoundError):
            if rounds == ROUNDS:
                raise
            yield Sleep(SHORT.delay(rounds))
        else:
            return Ensured("created" if found is None else "updated", now, tuple(changed), found)
    raise AssertionError("unreachable: the last round returns or raises")
