"""Mutations that keep an input well formed, so that it passes the first checks."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 2**31, 2**63, -(2**70), 1e308, 0.5, float("nan"), float("inf"), 1795380579.25, 1e18,
    "", " ", "\x00", "\ud83d", "\U0001f680", "RESOLVED", "FAILED", "SUCCEEDED", "REIMAGINED", "a/b/c", "/", "acme/web",
    "2026-11-22T12:00:00Z", "2026-11-22T12:00:00", "1795380579", "x" * 300, [], {}, [[]], [{}], [None], {"": None},
)  # fmt: skip
"""Replacements for any value."""
NAMES: tuple[str, ...] = (
    "", "state", "status", "aws_state", "ref", "error", "code", "message", "model_extra", "model_fields", "__class__",
    "self", "items", "value", "next_token", "NextToken", "created_at", "owner", "provider", "name", "\ud83d",
)  # fmt: skip
"""Replacements for the name of a field, with names of our own fields and of pydantic's attributes."""


def mutated(document: Any, draw: random.Random) -> Any:
    """A document with one to three random changes."""
    for _ in range(draw.choice((1, 1, 2, 3))):
        document = _change(document, draw)
    return document


def _change(value: Any, draw: random.Random) -> Any:
    if isinstance(value, dict) and value and draw.random() < 0.85:
        return _change_structure({**value}, draw)
    if isinstance(value, list) and value and draw.random() < 0.85:
        items: list[Any] = [*value]
        index = draw.randrange(len(items))
        match draw.randrange(5):
            case 0:
                del items[index]
            case 1:
                items.insert(index, items[index])
            case _:
                items[index] = _change(items[index], draw)
        return items
    return draw.choice(VALUES)


def _change_structure(fields: dict[Any, Any], draw: random.Random) -> dict[Any, Any]:
    name = draw.choice(list(fields))
    match draw.randrange(9):
        case 0:
            del fields[name]
        case 1:
            fields[draw.choice(NAMES)] = fields.pop(name)
        case 2:
            fields[draw.choice(NAMES)] = draw.choice(VALUES)
        case 3:  # the same field in another service's casing
            fields[(name[:1].swapcase() + name[1:]) if isinstance(name, str) else "x"] = draw.choice(
                (fields[name], draw.choice(VALUES))
            )
        case 4:
            fields[name] = draw.choice(VALUES)
        case _:
            fields[name] = _change(fields[name], draw)
    return fields


def with_pieces(data: bytes, pieces: Sequence[bytes], draw: random.Random) -> bytes:
    """The bytes with a piece inserted, or put in place of some of them."""
    start = draw.randint(0, len(data))
    end = min(len(data), start + draw.choice((0, 0, 0, 1, 4)))
    return data[:start] + draw.choice(pieces) + data[end:]


def document_mutator(
    head: int, read: Callable[[bytes], Any], write: Callable[[bytes, Any], bytes]
) -> Callable[[bytes, random.Random], bytes | None]:
    """A mutation of inputs that consist of some bytes that select the case, and a document.

    Args:
        head: How many bytes select the case.
        read: Decodes the document of an input, or raises.
        write: Encodes a document for the case of an input.
    """

    def mutate(data: bytes, draw: random.Random) -> bytes | None:
        try:
            return data[:head] + write(data, mutated(read(data), draw))
        except Exception:  # no document: atheris mutates the bytes
            return None

    return mutate
