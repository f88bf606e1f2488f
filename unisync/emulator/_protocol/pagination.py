"""Long lists a page at a time, by the members that an operation's model has for it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.model import StructureShape

from unisync.emulator._protocol.operations import Operation
from unisync.emulator._protocol.serialization import Document, validation_code
from unisync.emulator.errors import AwsError

PAGE = 50
"""Items of a page, where a request could ask for another number and does not."""
FIXED_PAGE = 100
"""Items of a page, where a request cannot ask."""


@dataclass(frozen=True, slots=True)
class Listing:
    """All that an operation lists: the member to list it in, and each item by the number of the thing it describes."""

    member: str
    items: Mapping[int, Document]


def page(operation: Operation, params: Mapping[str, Any], listing: Listing, owner: str, most: int | None) -> Document:
    """The page that `params` ask for, of at most `most` items.

    Args:
        operation: What was asked.
        params: With which parameters.
        listing: Everything there is.
        owner: Whose list it is: a token of one is no good for another.
        most: A limit on every page.

    Raises:
        AwsError: The service's validation error, if there is no such page.
    """
    asked_size = _member(operation.model.input_shape, "maxresults")
    asked_token = _member(operation.model.input_shape, "nexttoken")
    answered_token = _member(operation.model.output_shape, "nexttoken")
    question = {name: value for name, value in params.items() if name not in (asked_size, asked_token)}
    scope = f"{owner} {operation.name} {sorted(question.items())}"
    sent = params.get(asked_token) if asked_token else None
    last = _read(sent, scope) if sent else -1
    if last is None:
        raise AwsError(validation_code(operation), "Invalid pagination token")
    rest = sorted(number for number in listing.items if number > last)
    size = _size(params.get(asked_size) if asked_size else FIXED_PAGE, most)
    if answered_token is None or size >= len(rest) or not _may_be_long(operation, answered_token):
        return {listing.member: [listing.items[number] for number in rest]}
    shown = rest[:size]
    return {
        listing.member: [listing.items[number] for number in shown],
        answered_token: _write(shown[-1], scope),
    }


def _size(asked: int | None, most: int | None) -> int:
    size = asked or PAGE
    return size if most is None else min(size, most)


def _may_be_long(operation: Operation, token: str) -> bool:
    """Proton models a token that has room for nothing: such a list comes whole."""
    shape = operation.model.output_shape
    return shape is None or shape.members[token].metadata.get("max") != 0


def _member(shape: StructureShape | None, name: str) -> str | None:
    return next((member for member in (shape.members if shape else ()) if member.lower() == name), None)


def _write(number: int, scope: str) -> str:
    seal = hashlib.sha256(f"{number} {scope}".encode()).hexdigest()[:16]
    return base64.b64encode(f"{number}.{seal}".encode()).decode()


def _read(token: str, scope: str) -> int | None:
    """The number in a token; None if it was not written for this scope."""
    try:
        number = int(base64.b64decode(token, validate=True).partition(b".")[0])
    except ValueError:
        return None
    return number if token == _write(number, scope) else None
