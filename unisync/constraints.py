"""What botocore does not check before it sends: longest lengths, patterns and lists of words, read from AWS's model."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sized
from functools import cache
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from botocore.model import OperationModel, Shape


def broken_constraints(operation: OperationModel, params: Mapping[str, object]) -> Iterator[str]:
    """Each constraint that a request breaks, as a sentence that names the parameter and what was expected."""
    shape = operation.input_shape
    if shape is not None:
        yield from _structure(shape, params, "")


def _structure(shape: Shape, members: Mapping[str, object], path: str) -> Iterator[str]:
    for name, value in members.items():
        member = cast("Mapping[str, Shape]", getattr(shape, "members", {})).get(name)
        if member is not None:
            yield from _value(member, value, f"{path}{_snake(name)}")


def _value(shape: Shape, value: object, name: str) -> Iterator[str]:
    size = _size(shape, value)
    bounds = shape.metadata.get("min"), shape.metadata.get("max")
    pattern, words = shape.metadata.get("pattern"), shape.metadata.get("enum")
    if size is not None and not _within(size, *bounds):
        unit = {"string": "characters ", "list": "items ", "map": "entries "}.get(shape.type_name, "")
        yield f"{name}: expected {_range(*bounds)} {unit}and got {_shown(value, size)}"
    elif isinstance(value, str) and pattern and not _compiled(pattern).fullmatch(value):
        yield f"{name}: expected text of the form {pattern} and got {value!r}"
    elif isinstance(value, str) and words and value not in words:
        yield f"{name}: expected one of {', '.join(sorted(words))} and got {value!r}"
    if isinstance(value, Mapping):
        yield from _nested(shape, cast("Mapping[str, object]", value), name)
    elif isinstance(value, (list, tuple)):
        items = cast("list[object]", value)
        for index, item in enumerate(items):
            yield from _value(cast("Shape", getattr(shape, "member", shape)), item, f"{name}[{index}]")


def _nested(shape: Shape, entries: Mapping[str, object], name: str) -> Iterator[str]:
    if shape.type_name == "structure":
        yield from _structure(shape, entries, f"{name}.")
        return
    for key, item in entries.items():
        yield from _value(cast("Shape", getattr(shape, "key", shape)), key, f"{name} key")
        yield from _value(cast("Shape", getattr(shape, "value", shape)), item, f"{name}[{key!r}]")


def _size(shape: Shape, value: object) -> float | None:
    """What a constraint bounds: a length, or the number itself. None for a value of another type than the shape's."""
    if shape.type_name in ("string", "list", "map"):
        return len(value) if isinstance(value, Sized) else None
    return value if isinstance(value, (int, float)) else None


def _within(size: float, least: float | None, most: float | None) -> bool:
    return (least is None or size >= least) and (most is None or size <= most)


def _range(least: float | None, most: float | None) -> str:
    if most is None:
        return f"at least {least}"
    return f"at most {most}" if not least else f"{least} to {most}"


def _shown(value: object, size: float) -> str:
    short = isinstance(value, (int, float)) or (isinstance(value, str) and len(value) <= 60)
    return repr(value) if short else f"{size}"


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    # The patterns are written for Java, in which a class of Unicode characters has a name.
    return re.compile(pattern.replace(r"\p{L}", r"\w").replace(r"\p{N}", r"\d").replace(r"\p{Z}", r"\s"))
