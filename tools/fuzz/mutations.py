"""Mutations that keep an input well formed, so that it gets further than to the first check of its form."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 2**31, 2**63, -(2**70), 1e308, 0.5, float("nan"), float("inf"), 1795380579.25, 1e18,
    "", " ", "\x00", "\ud83d", "\U0001f680", "RESOLVED", "FAILED", "SUCCEEDED", "REIMAGINED", "a/b/c", "/", "acme/web",
    "2026-11-22T12:00:00Z", "2026-11-22T12:00:00", "1795380579", "x" * 300, [], {}, [[]], [{}], [None], {"": None},
)  # fmt: skip
"""What may stand wherever a value stands."""
NAMES: tuple[str, ...] = (
    "", "state", "status", "aws_state", "ref", "error", "code", "message", "model_extra", "model_fields", "__class__",
    "self", "items", "answer", "next_token", "NextToken", "created_at", "owner", "provider", "name", "\ud83d",
)  # fmt: skip
"""What a member may be called: also as our own fields are, and what they are made of."""


def mutated(document: Any, draw: random.Random) -> Any:
    """A document with one to three changes somewhere in it."""
    for _ in range(draw.choice((1, 1, 2, 3))):
        document = _changed(document, draw)
    return document


def _changed(value: Any, draw: random.Random) -> Any:
    if isinstance(value, dict) and value and draw.random() < 0.85:
        members: dict[Any, Any] = {**value}
        return _changed_structure(members, draw)
    if isinstance(value, list) and value and draw.random() < 0.85:
        items: list[Any] = [*value]
        at = draw.randrange(len(items))
        match draw.randrange(5):
            case 0:
                del items[at]
            case 1:
                items.insert(at, items[at])
            case _:
                items[at] = _changed(items[at], draw)
        return items
    return draw.choice(VALUES)


def _changed_structure(members: dict[Any, Any], draw: random.Random) -> dict[Any, Any]:
    name = draw.choice(list(members))
    match draw.randrange(9):
        case 0:
            del members[name]
        case 1:
            members[draw.choice(NAMES)] = members.pop(name)
        case 2:
            members[draw.choice(NAMES)] = draw.choice(VALUES)
        case 3:  # the same member in the other service's casing
            members[(name[:1].swapcase() + name[1:]) if isinstance(name, str) else "x"] = draw.choice(
                (members[name], draw.choice(VALUES))
            )
        case 4:
            members[name] = draw.choice(VALUES)
        case _:
            members[name] = _changed(members[name], draw)
    return members


def with_pieces(data: bytes, pieces: Sequence[bytes], draw: random.Random) -> bytes:
    """Bytes into which a piece was put, or from which some were taken away."""
    at = draw.randint(0, len(data))
    upto = min(len(data), at + draw.choice((0, 0, 0, 1, 4)))
    return data[:at] + draw.choice(pieces) + data[upto:]


def document_mutator(
    head: int, read: Callable[[bytes], Any], write: Callable[[bytes, Any], bytes]
) -> Callable[[bytes, random.Random], bytes | None]:
    """A mutation of inputs whose first bytes choose, and whose others are a document.

    Args:
        head: How many bytes choose.
        read: Reads an input's document, or raises.
        write: Writes a document, as the input's head says.
    """

    def mutate(data: bytes, draw: random.Random) -> bytes | None:
        try:
            return data[:head] + write(data, mutated(read(data), draw))
        except Exception:  # no document: the fuzzer mutates bytes
            return None

    return mutate
