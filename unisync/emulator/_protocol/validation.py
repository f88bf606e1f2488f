"""Validation of parameters against the constraints in the service models."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import cast

from botocore.model import ListShape, MapShape, Shape, StringShape, StructureShape


def violations(shape: Shape, value: object, path: str = "") -> Iterator[str]:
    """A message for each constraint of `shape` that `value` violates, in AWS's wording."""
    where = path or "request"
    match value:
        case dict() if isinstance(shape, StructureShape):
            yield from _structure_violations(shape, cast("dict[str, object]", value), path)
        case dict() if isinstance(shape, MapShape):
            entries = cast("dict[str, object]", value)
            yield from _size_violations(shape, len(entries), where)
            for key, item in entries.items():
                yield from violations(shape.key, key, f"{where}.key")
                yield from violations(shape.value, item, f"{where}.{key}")
        case list() if isinstance(shape, ListShape):
            items = cast("list[object]", value)
            yield from _size_violations(shape, len(items), where)
            for index, item in enumerate(items, 1):
                yield from violations(shape.member, item, f"{where}.{index}.member")
        case str():
            yield from _string_violations(shape, value, where)
        case int() | float():
            yield from _size_violations(shape, value, where)
        case _:
            pass


def _structure_violations(shape: StructureShape, fields: dict[str, object], path: str) -> Iterator[str]:
    if shape.is_tagged_union and len(fields) != 1:
        yield f"Value at '{path}' failed to satisfy constraint: Member must have exactly one of {sorted(shape.members)}"
    for name, member in shape.members.items():
        # The members of CodeConnections and STS are capitalized, but not in AWS's messages.
        shown = name[:1].lower() + name[1:]
        at = f"{path}.{shown}" if path else shown
        if name in fields:
            yield from violations(member, fields[name], at)
        elif name in shape.required_members:
            yield f"Value null at '{at}' failed to satisfy constraint: Member must not be null"


def _string_violations(shape: Shape, value: str, where: str) -> Iterator[str]:
    yield from _size_violations(shape, len(value), where, value)
    pattern = shape.metadata.get("pattern")
    if pattern and not _compiled(pattern).fullmatch(value):
        yield _message(value, where, f"satisfy regular expression pattern: {pattern}")
    if isinstance(shape, StringShape) and shape.enum and value not in shape.enum:
        yield _message(value, where, f"satisfy enum value set: [{', '.join(shape.enum)}]")


def _size_violations(shape: Shape, size: float, where: str, value: object = None) -> Iterator[str]:
    rule = "have length" if shape.type_name in ("string", "list", "map") else "have value"
    minimum, maximum = shape.metadata.get("min"), shape.metadata.get("max")
    shown = size if value is None else value
    if minimum is not None and size < minimum:
        yield _message(shown, where, f"{rule} greater than or equal to {minimum}")
    if maximum is not None and size > maximum:
        yield _message(shown, where, f"{rule} less than or equal to {maximum}")


def _message(value: object, where: str, rule: str) -> str:
    return f"Value '{value}' at '{where}' failed to satisfy constraint: Member must {rule}"


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    # The models have Java's patterns: \w and \d match ASCII only, and Python has no \p for Unicode's categories.
    flags = re.NOFLAG if r"\p{" in pattern else re.ASCII
    for java, python in ((r"\p{L}", r"\w"), (r"\p{N}", r"\d"), (r"\p{Z}", r"\s")):
        pattern = pattern.replace(java, python)
    return re.compile(pattern, flags)
