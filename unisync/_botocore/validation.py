"""What botocore does not check before it sends: longest lengths, patterns and lists of words, read from AWS's model."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sized
from functools import cache
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from botocore.model import OperationModel, Shape


_TYPES: Mapping[str, tuple[str, type | tuple[type, ...]]] = {
    "string": ("text", str),
    "integer": ("a number", int),
    "list": ("a list", (list, tuple)),
    "map": ("a mapping", Mapping),
    "structure": ("a mapping", Mapping),
}
"""What the value of a shape is in Python."""
_RENAMED = {"max_results": "page_size"}
"""Parameters that have another name here than at AWS."""
_LONGEST = 60
"""Characters of a value that a complaint shows."""


def broken_constraints(
    operation: OperationModel, params: Mapping[str, object], *, any_word: bool = False
) -> Iterator[str]:
    """Each constraint that a request breaks, as a sentence that names the parameter and what was expected.

    Args:
        operation: AWS's model of the operation.
        params: What is to be sent, by AWS's names.
        any_word: Whether a word is let through that is not among those that the model lists.
    """
    shape = operation.input_shape
    if shape is not None:
        yield from _structure(shape, params, "", any_word)


def _structure(shape: Shape, members: Mapping[str, object], path: str, any_word: bool) -> Iterator[str]:
    known = cast("Mapping[str, Shape]", getattr(shape, "members", {}))
    for name in shape.metadata.get("required", ()):
        if name not in members:
            yield f"{path}{_snake(name)}: expected {_expected(known[name])}"
    for name, value in members.items():
        if name in known:
            yield from _value(known[name], value, f"{path}{_snake(name)}", any_word)
        else:
            yield f"{path}{_snake(name)}: expected None, as this service has no such parameter"


def _value(shape: Shape, value: object, name: str, any_word: bool) -> Iterator[str]:
    if not _is_of(shape, value):
        yield f"{name}: expected {_expected(shape)} and got {_shown(value)}"
        return
    size = _size(value)
    bounds = shape.metadata.get("min"), shape.metadata.get("max")
    pattern, words = shape.metadata.get("pattern"), shape.metadata.get("enum")
    if size is not None and not _within(size, *bounds):
        unit = {"string": "characters ", "list": "items ", "map": "entries "}.get(shape.type_name, "")
        shown = _shown(value) if len(repr(value)) <= _LONGEST else size
        yield f"{name}: expected {_range(*bounds)} {unit}and got {shown}"
    elif isinstance(value, str) and pattern and not _compiled(pattern).fullmatch(value):
        yield f"{name}: expected text of the form {pattern} and got {_shown(value)}"
    elif isinstance(value, str) and words and value not in words and not any_word:
        yield f"{name}: expected one of {', '.join(sorted(words))} and got {_shown(value)}"
    elif isinstance(value, str) and _has_half_characters(value):
        yield f"{name}: expected text that can be written in UTF-8 and got {_shown(value)}"
    if shape.type_name == "structure":
        yield from _structure(shape, cast("Mapping[str, object]", value), f"{name}." if name else "", any_word)
    elif isinstance(value, Mapping):
        for key, item in cast("Mapping[str, object]", value).items():
            yield from _value(cast("Shape", getattr(shape, "key", shape)), key, f"{name} key", any_word)
            yield from _value(cast("Shape", getattr(shape, "value", shape)), item, f"{name}[{key!r}]", any_word)
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(cast("list[object]", value)):
            # Filters are given by the names of their members.
            item_name = f"{name}[{index}]" if name != "filters" else ""
            yield from _value(cast("Shape", getattr(shape, "member", shape)), item, item_name, any_word)


def _is_of(shape: Shape, value: object) -> bool:
    known = _TYPES.get(shape.type_name)
    return known is None or (isinstance(value, known[1]) and not isinstance(value, bool))


def _expected(shape: Shape) -> str:
    return _TYPES[shape.type_name][0] if shape.type_name in _TYPES else shape.type_name


def _size(value: object) -> float | None:
    """What a constraint bounds: a length, or the number itself."""
    if isinstance(value, (int, float)):
        return value
    return len(value) if isinstance(value, Sized) else None


def _within(size: float, least: float | None, most: float | None) -> bool:
    return (least is None or size >= least) and (most is None or size <= most)


def _range(least: float | None, most: float | None) -> str:
    if most is None:
        return f"at least {least}"
    return f"at most {most}" if not least else f"{least} to {most}"


def _shown(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]}…"


def _has_half_characters(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


@cache
def _snake(name: str) -> str:
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
    return _RENAMED.get(snake, snake)


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    # The patterns are written for Java, in which a class of Unicode characters has a name.
    return re.compile(pattern.replace(r"\p{L}", r"\w").replace(r"\p{N}", r"\d").replace(r"\p{Z}", r"\s"))
