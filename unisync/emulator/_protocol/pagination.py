"""Pagination of list operations, by the fields that the operation's model has for it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.model import MapShape, StructureShape

from unisync.emulator._protocol.operations import Operation
from unisync.emulator._protocol.serialization import Document, rejection_code
from unisync.emulator.errors import AwsError

DEFAULT_PAGE_SIZE = 50
"""Items per page, if the request leaves the number open."""
FIXED_PAGE_SIZE = 100
"""Items per page, if a request cannot choose the number."""


@dataclass(frozen=True, slots=True)
class ListResult:
    """All items of a list operation, by the sequence numbers of the entities, and the reply's field for them."""

    field: str
    items: Mapping[int, Document]


def paginate(
    operation: Operation, params: Mapping[str, Any], result: ListResult, owner: str, max_items: int | None
) -> Document:
    """The page of `result` that a request asks for.

    Args:
        operation: The operation.
        params: The parameters of the request.
        result: All items.
        owner: Identifies the account, region and service: a token works only where it was issued.
        max_items: The most items on any page, whatever the request says.

    Raises:
        AwsError: The service's validation error, for an invalid token.
    """
    size_param = _find_field(operation.model.input_shape, "maxresults")
    token_param = _find_field(operation.model.input_shape, "nexttoken")
    token_field = _find_field(operation.model.output_shape, "nexttoken")
    filters = {name: value for name, value in params.items() if name not in (size_param, token_param)}
    scope = f"{owner} {operation.name} {sorted(filters.items())}"
    token = params.get(token_param) if token_param else None
    last = _decode_token(token, scope) if token else float("-inf")
    if last is None:
        raise AwsError(rejection_code(operation), "Invalid pagination token")
    remaining = sorted(number for number in result.items if number > last)
    size = _page_size(params.get(size_param) if size_param else FIXED_PAGE_SIZE, max_items)
    if token_field is None or size >= len(remaining) or not _has_pages(operation, token_field):
        return {result.field: _items(operation, result, remaining)}
    page = remaining[:size]
    return {result.field: _items(operation, result, page), token_field: _encode_token(page[-1], scope)}


def _items(operation: Operation, result: ListResult, numbers: Sequence[int]) -> object:
    """The items of a page: a list, or for a field that is a map, one map of all their entries."""
    items, shape = [result.items[number] for number in numbers], operation.model.output_shape
    if shape is not None and isinstance(shape.members[result.field], MapShape):
        return {key: value for item in items for key, value in item.items()}
    return items


def _page_size(requested: int | None, max_items: int | None) -> int:
    size = requested or DEFAULT_PAGE_SIZE
    return size if max_items is None else min(size, max_items)


def _has_pages(operation: Operation, token: str) -> bool:
    """Proton models a token whose maximum length is zero: such a list is never paginated."""
    shape = operation.model.output_shape
    return shape is None or shape.members[token].metadata.get("max") != 0


def _find_field(shape: StructureShape | None, name: str) -> str | None:
    return next((field for field in (shape.members if shape else ()) if field.lower() == name), None)


def _encode_token(number: int, scope: str) -> str:
    checksum = hashlib.sha256(f"{number} {scope}".encode()).hexdigest()[:16]
    return base64.b64encode(f"{number}.{checksum}".encode()).decode()


def _decode_token(token: str, scope: str) -> int | None:
    """The sequence number in a token; None if the token was not issued for this scope."""
    try:
        number = int(base64.b64decode(token, validate=True).partition(b".")[0])
    except ValueError:
        return None
    return number if token == _encode_token(number, scope) else None
