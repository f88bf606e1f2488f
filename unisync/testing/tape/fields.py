"""What each string of a request or a reply is, by botocore's service models: a word of AWS's, a text, or a name."""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import Enum, auto

from botocore.model import ListShape, MapShape, Shape, StringShape, StructureShape
from pydantic import JsonValue

from unisync.emulator._protocol.operations import service_model


class Kind(Enum):
    """What a string is."""

    WORD = auto()
    """A word of AWS's: an enum value, a type of event, an error code."""
    DATE = auto()
    REGION = auto()
    FIELD = auto()
    """The name of a field that AWS's model of the structure does not have: perhaps a new one."""
    TEXT = auto()
    """A sentence of AWS's, which may quote names."""
    NAME = auto()
    """All else: names, ids, tokens, texts that users write, and what no model has."""


Change = Callable[[str, Kind], str]

WORDS = re.compile(r"[A-Z][A-Z0-9_]*|[A-Z][A-Za-z]*|AWS::[A-Za-z0-9:]+|(?:com\.amazon[a-z.\-]*#)?[A-Z][A-Za-z.]*")
"""What words of AWS's look like; another value in their place is scrubbed like a name."""

FIELDS = re.compile(r"[A-Za-z]{1,64}")
"""What names of fields look like."""

_TEXTS = {
    "event",
    "message",
    "errormessage",
    "createdreason",
    "resourcestatusreason",
    "stackstatusreason",
    "hookstatusreason",
}
_WORDS = {
    ("SyncEvent", "type"),
    ("SyncBlockerContext", "key"),
    ("StackEvent", "resourcetype"),
    ("StackEvent", "hooktype"),
}
"""Words of AWS's that its models do not list: the end of the structure's name, and the field."""
_ACCOUNT_LENGTH = 12
_PLAIN = {"boolean", "double", "float", "integer", "long"}
_CODES = {"__type", "code", "type"}
"""The fields of an error that hold words."""
_ERROR_FIELDS = {*_CODES, "error", "errormessage", "message", "requestid"}
"""The names of the fields of an error: no model has the whole of it."""


def input_shape(service: str, operation: str) -> Shape | None:
    """The shape of an operation's parameters."""
    return _shape(service, operation, is_input=True)


def output_shape(service: str, operation: str) -> Shape | None:
    """The shape of an operation's reply."""
    return _shape(service, operation, is_input=False)


def _shape(service: str, operation: str, *, is_input: bool) -> Shape | None:
    model = service_model(service)
    if operation not in model.operation_names:
        return None
    found = model.operation_model(operation)
    return found.input_shape if is_input else found.output_shape


def enum_values(service: str, operation: str) -> set[str]:
    """The enum values of a service's operation."""
    found: set[str] = set()
    _add_enums(input_shape(service, operation), found, set())
    _add_enums(output_shape(service, operation), found, set())
    return found


def _add_enums(shape: Shape | None, found: set[str], seen: set[str]) -> None:
    if shape is None or shape.name in seen:
        return
    seen.add(shape.name)
    if isinstance(shape, StringShape):
        found.update(shape.enum)
    for inner in inner_shapes(shape):
        _add_enums(inner, found, seen)


def inner_shapes(shape: Shape) -> list[Shape]:
    """The shapes within a shape."""
    if isinstance(shape, StructureShape):
        return list(shape.members.values())
    if isinstance(shape, ListShape):
        return [shape.member]
    return [shape.key, shape.value] if isinstance(shape, MapShape) else []


def kind_of(shape: Shape | None, parent: str, name: str, *, is_request: bool, is_error: bool) -> Kind:
    """What a string is.

    Args:
        shape: Its shape; None if no model has it.
        parent: The name of the structure's shape.
        name: The field.
        is_request: Whether it is a parameter: those have no texts of AWS's.
        is_error: Whether it is of an error.
    """
    field = name.lower()
    if isinstance(shape, StringShape) and shape.enum:
        return Kind.WORD
    if shape is not None and shape.type_name == "timestamp":
        return Kind.DATE
    if any(parent.endswith(end) and field == word for end, word in _WORDS) or (is_error and field in _CODES):
        return Kind.WORD
    return Kind.TEXT if not is_request and field in _TEXTS else Kind.NAME


def changed(
    value: JsonValue,
    shape: Shape | None,
    change: Change,
    *,
    is_request: bool = False,
    is_error: bool = False,
    parent: str = "",
    name: str = "",
) -> JsonValue:
    """A request or a reply with each string changed. The names of fields, numbers and dates stay.

    What no model has may be a map, with names for keys, and its numbers may be accounts: there, both are changed too.
    """

    def inner(item: JsonValue, item_shape: Shape | None, item_parent: str, item_name: str) -> JsonValue:
        return changed(
            item,
            item_shape,
            change,
            is_request=is_request,
            is_error=is_error,
            parent=item_parent,
            name=item_name,
        )

    if shape is not None and shape.type_name in _PLAIN:  # which XML has as strings
        return value
    if isinstance(value, str):
        return change(value, kind_of(shape, parent, name, is_request=is_request, is_error=is_error))
    if isinstance(value, list):
        member = shape.member if isinstance(shape, ListShape) else None
        return [inner(item, member, parent, name) for item in value]
    if shape is None and isinstance(value, (int, float)) and not isinstance(value, bool):
        digits = str(value).removesuffix(".0")
        return int(change(digits, Kind.NAME)) if len(digits) == _ACCOUNT_LENGTH and digits.isdecimal() else value
    if not isinstance(value, dict):
        return value
    if isinstance(shape, MapShape):
        return {change(key, Kind.NAME): inner(item, shape.value, shape.name, "") for key, item in value.items()}
    members = shape.members if isinstance(shape, StructureShape) else {}
    own_name, kind = ("", Kind.NAME) if shape is None else (shape.name, Kind.FIELD)

    def is_known(key: str) -> bool:
        return key in members or (is_error and key.lower() in _ERROR_FIELDS)

    return {
        key if is_known(key) else change(key, kind): inner(item, members.get(key), own_name, key)
        for key, item in value.items()
    }
