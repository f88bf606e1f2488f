"""What AWS refuses in a request: members missing, too long, out of pattern, out of the list."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import cast

from botocore.model import ListShape, MapShape, Shape, StringShape, StructureShape


def problems(shape: Shape, value: object, path: str = "") -> Iterator[str]:
    """Every constraint of `shape` that `value` breaks, in AWS's wording."""
    where = path or "request"
    match value:
        case dict() if isinstance(shape, StructureShape):
            yield from _structure(shape, cast("dict[str, object]", value), path)
        case dict() if isinstance(shape, MapShape):
            entries = cast("dict[str, object]", value)
            yield from _size(shape, len(entries), where)
            for key, item in entries.items():
                yield from problems(shape.key, key, f"{where}.key")
                yield from problems(shape.value, item, f"{where}.{key}")
        case list() if isinstance(shape, ListShape):
            items = cast("list[object]", value)
            yield from _size(shape, len(items), where)
            for index, item in enumerate(items, 1):
                yield from problems(shape.member, item, f"{where}.{index}.member")
        case str():
            yield from _string(shape, value, where)
        case int() | float():
            yield from _size(shape, value, where)
        case _:
            pass


def _structure(shape: StructureShape, members: dict[str, object], path: str) -> Iterator[str]:
    if shape.is_tagged_union and len(members) != 1:
        yield f"Value at '{path}' failed to satisfy constraint: Member must have exactly one of {sorted(shape.members)}"
    for name, member in shape.members.items():
        at = f"{path}.{name}" if path else name
        if name in members:
            yield from problems(member, members[name], at)
        elif name in shape.required_members:
            yield f"Value null at '{at}' failed to satisfy constraint: Member must not be null"


def _string(shape: Shape, value: str, where: str) -> Iterator[str]:
    yield from _size(shape, len(value), where, value)
    pattern = shape.metadata.get("pattern")
    if pattern and not _compiled(pattern).fullmatch(value):
        yield _complaint(value, where, f"satisfy regular expression pattern: {pattern}")
    if isinstance(shape, StringShape) and shape.enum and value not in shape.enum:
        yield _complaint(value, where, f"satisfy enum value set: [{', '.join(shape.enum)}]")


def _size(shape: Shape, size: float, where: str, value: object = None) -> Iterator[str]:
    what = "have length" if shape.type_name in ("string", "list", "map") else "have value"
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    shown = size if value is None else value
    if least is not None and size < least:
        yield _complaint(shown, where, f"{what} greater than or equal to {least}")
    if most is not None and size > most:
        yield _complaint(shown, where, f"{what} less than or equal to {most}")


def _complaint(value: object, where: str, rule: str) -> str:
    return f"Value '{value}' at '{where}' failed to satisfy constraint: Member must {rule}"


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    # The models' patterns are Java's: \w and \d are ASCII's, and Python has no names for Unicode's categories.
    flags = re.NOFLAG if r"\p{" in pattern else re.ASCII
    for java, python in ((r"\p{L}", r"\w"), (r"\p{N}", r"\d"), (r"\p{Z}", r"\s")):
        pattern = pattern.replace(java, python)
    return re.compile(pattern, flags)
