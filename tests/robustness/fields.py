"""Responses whose fields have values that AWS's model does not allow."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple, cast

import cbor2

from tests.robustness.faults import scripted
from tests.robustness.relay import End, Response, Script

Path = tuple[str | int, ...]


class Raw(NamedTuple):
    """A value as JSON text, since Python may not be able to write it, and the value to use in CBOR."""

    json: str
    cbor: object


def cbor_date(value: object) -> cbor2.CBORTag:
    """A CBOR date."""
    return cbor2.CBORTag(1, value)


REMOVED = object()
WRONG_VALUES: dict[str, object] = {
    "missing": REMOVED,
    "null": None,
    "number": 5,
    "text": "text",
    "empty text": "",
    "true": True,
    "list": [],
    "list of null": [None],
    "structure": {},
    "structure with our names": {"state": "ACTIVE", "aws_state": 1, "owner": None, "next_token": "x", "ref": "y"},
    "nested": Raw("[" * 500 + "]" * 500, None),
}
WRONG_DATES: dict[str, object] = {
    "zero": Raw("0", cbor_date(0)),
    "year 0": Raw("-62135596801", cbor_date(-62135596801)),
    "year 1": Raw("-62135596800", cbor_date(-62135596800)),
    "year 10000": Raw("253402300800", cbor_date(253402300800)),
    "NaN": Raw("NaN", cbor_date(float("nan"))),
    "Infinity": Raw("-Infinity", cbor_date(float("-inf"))),
    "1e400": Raw("1e400", cbor_date(float("inf"))),
    "1e308": Raw("1e308", cbor_date(1e308)),
    "-1e300": Raw("-1e300", cbor_date(-1e300)),
    "400 digits": Raw("9" * 400, cbor_date(9**400)),
    "5000 digits": Raw("9" * 5000, cbor_date(-(9**5000))),
    "word": Raw('"yesterday"', cbor_date("yesterday")),
    "year 0000": Raw('"0000-00-00T00:00:00Z"', cbor2.CBORTag(0, "0000-00-00T00:00:00Z")),
    "before the year 1": Raw('"0001-01-01T00:00:00+23:59"', cbor2.CBORTag(0, "0001-01-01T00:00:00+23:59")),
    "after the year 9999": Raw('"9999-12-31T23:59:59-23:59"', cbor2.CBORTag(0, "9999-12-31T23:59:59-23:59")),
    "no time zone": Raw('"2026-11-22T12:00:00"', cbor2.CBORTag(0, "2026-11-22T12:00:00")),
    "empty": Raw('""', cbor_date(None)),
}


def paths(fields: object, path: Path = ()) -> Iterator[Path]:
    """The path of each field of a response."""
    if isinstance(fields, dict):
        items: list[tuple[str | int, object]] = list(cast("dict[str | int, object]", fields).items())
    elif isinstance(fields, list):
        items = list(enumerate(cast("list[object]", fields)))
    else:
        return
    for name, value in items:
        yield (*path, name)
        yield from paths(value, (*path, name))


def is_date(value: object) -> bool:
    """Whether a value is a date: the responses of these services have no other numbers."""
    return isinstance(value, (int, float, datetime)) and not isinstance(value, bool)


def value_at(fields: Any, path: Path) -> Any:
    """The value at a path."""
    for name in path:
        fields = fields[name]
    return fields


def replace_field(response: Response, path: Path, value: object) -> bytes:
    """The body with another value at a path."""
    fields = response.fields()
    parent = value_at(fields, path[:-1])
    if value is REMOVED:
        del parent[path[-1]]
        return response.encode_body(fields)
    if not isinstance(value, Raw):
        parent[path[-1]] = value
        return response.encode_body(fields)
    parent[path[-1]] = value.cbor if response.is_cbor else "@@"
    body = response.encode_body(fields)
    return body if response.is_cbor else re.sub(b'"@@"', lambda _: value.json.encode(), body)


def path_number(response: Response, number: int, *, dates: bool = False) -> Path | None:
    """The path of the field, or date, of a number, modulo how many there are; None if there are none."""
    fields = response.fields()
    found = [path for path in paths(fields) if not dates or is_date(value_at(fields, path))]
    return found[number % len(found)] if found else None


def wrong_field(number: int, value: object, *, dates: bool = False) -> Script:
    """Send the response with another value in the field, or date, of a number."""

    def script(response: Response) -> tuple[bytes, End]:
        path = path_number(response, number, dates=dates)
        return response.encode() if path is None else response.encode(replace_field(response, path, value)), End.KEEP

    return script


FIELD_FAULTS = {
    f"{label} {where}": scripted("either", wrong_field(number, value, dates=dates), changes_reply=True)
    for where, values, dates, number in [
        *((f"in field {number}", WRONG_VALUES, False, number) for number in range(4)),
        ("in date 0", WRONG_DATES, True, 0),
    ]
    for label, value in values.items()
}
"""A selection of these faults."""
