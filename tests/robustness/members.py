"""Answers whose members are not what AWS's model says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple, cast

import cbor2

from tests.robustness.kinds import scripted
from tests.robustness.relay import Answer, End, Script

Path = tuple[str | int, ...]


class Literally(NamedTuple):
    """A JSON value as it is to stand there; in CBOR, another value."""

    json: str
    cbor: object


def tagged(value: object) -> cbor2.CBORTag:
    """A CBOR date."""
    return cbor2.CBORTag(1, value)


REMOVED = object()
WRONG: dict[str, object] = {
    "missing": REMOVED,
    "null": None,
    "a number": 5,
    "a text": "text",
    "an empty text": "",
    "true": True,
    "a list": [],
    "a list of null": [None],
    "a structure": {},
    "a structure with names of ours": {"state": "ACTIVE", "aws_state": 1, "owner": None, "next_token": "x", "ref": "y"},
    "nested": Literally("[" * 500 + "]" * 500, None),
}
DATES: dict[str, object] = {
    "zero": Literally("0", tagged(0)),
    "the year 0": Literally("-62135596801", tagged(-62135596801)),
    "the year 1": Literally("-62135596800", tagged(-62135596800)),
    "the year 10000": Literally("253402300800", tagged(253402300800)),
    "NaN": Literally("NaN", tagged(float("nan"))),
    "Infinity": Literally("-Infinity", tagged(float("-inf"))),
    "1e400": Literally("1e400", tagged(float("inf"))),
    "1e308": Literally("1e308", tagged(1e308)),
    "-1e300": Literally("-1e300", tagged(-1e300)),
    "400 digits": Literally("9" * 400, tagged(9**400)),
    "5000 digits": Literally("9" * 5000, tagged(-(9**5000))),
    "a word": Literally('"yesterday"', tagged("yesterday")),
    "the year 0000": Literally('"0000-00-00T00:00:00Z"', cbor2.CBORTag(0, "0000-00-00T00:00:00Z")),
    "before the year 1": Literally('"0001-01-01T00:00:00+23:59"', cbor2.CBORTag(0, "0001-01-01T00:00:00+23:59")),
    "after the year 9999": Literally('"9999-12-31T23:59:59-23:59"', cbor2.CBORTag(0, "9999-12-31T23:59:59-23:59")),
    "without a zone": Literally('"2026-11-22T12:00:00"', cbor2.CBORTag(0, "2026-11-22T12:00:00")),
    "a date of nothing": Literally('""', tagged(None)),
}


def paths(members: object, path: Path = ()) -> Iterator[Path]:
    """Where each member of an answer stands."""
    if isinstance(members, dict):
        items: list[tuple[str | int, object]] = list(cast("dict[str | int, object]", members).items())
    elif isinstance(members, list):
        items = list(enumerate(cast("list[object]", members)))
    else:
        return
    for name, value in items:
        yield (*path, name)
        yield from paths(value, (*path, name))


def is_date(value: object) -> bool:
    """Whether a member is a date: the only numbers of these services are."""
    return isinstance(value, (int, float, datetime)) and not isinstance(value, bool)


def at(members: Any, path: Path) -> Any:
    """What stands there."""
    for name in path:
        members = members[name]
    return members


def replaced(answer: Answer, path: Path, value: object) -> bytes:
    """The body, with another value there."""
    members = answer.members()
    place = at(members, path[:-1])
    if value is REMOVED:
        del place[path[-1]]
        return answer.holding(members)
    if not isinstance(value, Literally):
        place[path[-1]] = value
        return answer.holding(members)
    place[path[-1]] = value.cbor if answer.is_cbor else "@@"
    literal = value.json
    return (
        answer.holding(members)
        if answer.is_cbor
        else re.sub(b'"@@"', lambda _: literal.encode(), answer.holding(members))
    )


def member_of(answer: Answer, number: int, *, dates: bool = False) -> Path | None:
    """Where a member stands, by a number that goes round."""
    members = answer.members()
    found = [path for path in paths(members) if not dates or is_date(at(members, path))]
    return found[number % len(found)] if found else None


def mangled(number: int, value: object, *, dates: bool = False) -> Script:
    """The answer with another value in the place of a member, or of a date."""

    def script(answer: Answer) -> tuple[bytes, End]:
        path = member_of(answer, number, dates=dates)
        return answer.written() if path is None else answer.written(replaced(answer, path, value)), End.KEEP

    return script


MANGLED = {
    f"{label} {place}": scripted("either", mangled(number, value, dates=dates), alters=True)
    for place, values, dates, number in [
        *((f"in the place of member {number}", WRONG, False, number) for number in range(4)),
        *((f"in the place of date {number}", DATES, True, number) for number in range(1)),
    ]
    for label, value in values.items()
}
"""Faults of this kind, for whoever tries all."""
