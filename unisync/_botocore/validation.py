"""Request validation beyond botocore's: maximum lengths, patterns and enum values, read from AWS's model."""

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
"""The Python type of a value, and its name in messages."""
_RENAMED = {
    "max_results": "page_size",
    "provider_type_filter": "provider_type",
    "host_arn_filter": "host_arn",
}
"""Parameters whose name differs from AWS's."""
_MAX_SHOWN = 60
"""Characters of a value that a message shows."""


def violations(
    operation: OperationModel, params: Mapping[str, object], *, allow_unknown_values: bool = False
) -> Iterator[str]:
    """Each constraint that a request violates, as text that names the parameter and what was expected.

    Args:
        operation: AWS's model of the operation.
        params: The parameters, under AWS's names.
        allow_unknown_values: Whether enum values are accepted that the model does not list.
    """
    shape = operation.input_shape
    if shape is not None:
        yield from _structure(shape, params, "", allow_unknown_values)


def _structure(shape: Shape, params: Mapping[str, object], path: str, allow_unknown: bool) -> Iterator[str]:
    known = cast("Mapping[str, Shape]", getattr(shape, "members", {}))
    for name in shape.metadata.get("required", ()):
        if name not in params:
            yield f"{path}{_snake(name)}: expected {_expected(known[name])}"
    for name, value in params.items():
        if name in known:
            yield from _value(known[name], value, f"{path}{_snake(name)}", allow_unknown)
        else:
            yield f"{path}{_snake(name)}: expected None, as this service has no such parameter"


def _value(shape: Shape, value: object, name: str, allow_unknown: bool) -> Iterator[str]:
    if not _is_of(shape, value):
        yield f"{name}: expected {_expected(shape)}, got {_shown(value)}"
        return
    size = _size(value)
    bounds = shape.metadata.get("min"), shape.metadata.get("max")
    pattern, values = shape.metadata.get("pattern"), shape.metadata.get("enum")
    if size is not None and not _within(size, *bounds):
        unit = {"string": " characters", "list": " items", "map": " entries"}.get(shape.type_name, "")
        shown = _shown(value) if len(repr(value)) <= _MAX_SHOWN else size
        yield f"{name}: expected {_range(*bounds)}{unit}, got {shown}"
    elif isinstance(value, str) and pattern and not _compiled(pattern).fullmatch(value):
        yield f"{name}: expected text of the form {pattern}, got {_shown(value)}"
    elif isinstance(value, str) and values and value not in values and not allow_unknown:
        yield f"{name}: expected one of {', '.join(sorted(values))}, got {_shown(value)}"
    elif isinstance(value, str) and _has_lone_surrogates(value):
        yield f"{name}: expected text that can be written in UTF-8, got {_shown(value)}"
    if shape.type_name == "structure":
        yield from _structure(shape, cast("Mapping[str, object]", value), f"{name}." if name else "", allow_unknown)
    elif isinstance(value, Mapping):
        for key, item in cast("Mapping[str, object]", value).items():
            yield from _value(cast("Shape", getattr(shape, "key", shape)), key, f"{name} key", allow_unknown)
            yield from _value(cast("Shape", getattr(shape, "value", shape)), item, f"{name}[{key!r}]", allow_unknown)
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(cast("list[object]", value)):
            # Users pass filters under the names of their fields.
            item_name = f"{name}[{index}]" if name != "filters" else ""
            yield from _value(cast("Shape", getattr(shape, "member", shape)), item, item_name, allow_unknown)


def _is_of(shape: Shape, value: object) -> bool:
    known = _TYPES.get(shape.type_name)
    return known is None or (isinstance(value, known[1]) and not isinstance(value, bool))


def _expected(shape: Shape) -> str:
    return _TYPES[shape.type_name][0] if shape.type_name in _TYPES else shape.type_name


def _size(value: object) -> float | None:
    """What min and max apply to: a length, or the number itself."""
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
    return shown if len(shown) <= _MAX_SHOWN else f"{shown[:_MAX_SHOWN]}…"


def _has_lone_surrogates(text: str) -> bool:
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
    # The patterns are written for Java, which has names for classes of Unicode characters.
    return re.compile(pattern.replace(r"\p{L}", r"\w").replace(r"\p{N}", r"\d").replace(r"\p{Z}", r"\s"))
