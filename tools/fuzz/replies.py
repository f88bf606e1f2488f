"""Target: the answers of good calls, as JSON and as CBOR, whole or cut short, to every operation of the family."""

from __future__ import annotations

import json
import pickle
from collections.abc import Iterator, Mapping
from typing import Any, cast

import cbor2
from pydantic import AliasChoices

from tools.fuzz.mutations import document_mutator
from tools.fuzz.wire import USES, Answer, Use, answered, read_from, recorded
from unisync import ResponseError, UnisyncError
from unisync._botocore.response import RawReply
from unisync._core.pagination import Page
from unisync._models.base import Model

NEW = "addedBySomebodyNew"
"""A member that no model has."""
_LENGTHS = ("true", "absent", "more", "less", "encoded", "no number")
_WHOLE_WAY = 0x80
"""Set in the second byte of what goes through botocore too."""


def seeds() -> Iterator[bytes]:
    """What the emulator answers."""
    for place, body in recorded():
        for way in range(len(_LENGTHS)):
            yield bytes((place, way)) + body
        yield bytes((place, _WHOLE_WAY)) + body


def _use(data: bytes) -> Use:
    return USES[(data[0] if data else 0) % len(USES)]


def _read(data: bytes) -> Any:
    return cbor2.loads(data[2:]) if _use(data).is_cbor else json.loads(data[2:])


def _write(data: bytes, document: Any) -> bytes:
    return cbor2.dumps(document) if _use(data).is_cbor else json.dumps(document).encode()


mutate = document_mutator(2, _read, _write)


def check(data: bytes) -> str:
    """Answer with these bytes. What is read is kept whole through a pickle and a dump; else it is a ResponseError."""
    use = _use(data)
    way, body = data[1] if len(data) > 1 else 0, data[2:]
    try:
        result = _answer(use, way, body)
    except UnisyncError as error:
        _survives(error)
        return type(error).__name__
    for model in _models(result):
        _round_trip(model)
    if not use.is_cbor:
        _keeps_what_is_new(use, body, result)
    return type(result).__name__


def _answer(use: Use, way: int, body: bytes) -> Any:
    headers = _headers(way % _WHOLE_WAY, body)
    if way & _WHOLE_WAY:
        return answered(use, Answer(200, headers, body))
    length = headers.get("content-length", "")
    announced = int(length) if length.isdecimal() and "content-encoding" not in headers else None
    return read_from(use, RawReply(body, use.is_cbor, announced))


def _headers(way: int, body: bytes) -> dict[str, str]:
    headers = {"content-type": "application/json", "x-amzn-requestid": "r-1"}
    match _LENGTHS[way % len(_LENGTHS)]:
        case "true":
            headers["content-length"] = str(len(body))
        case "more":
            headers["content-length"] = str(len(body) + 1)
        case "less":
            headers["content-length"] = str(max(0, len(body) - 1))
        case "encoded":
            headers |= {"content-length": str(len(body) + 7), "content-encoding": "gzip"}
        case "no number":
            headers["content-length"] = "\u00b2"
        case _:
            pass
    return headers


def _survives(error: UnisyncError) -> None:
    assert isinstance(error, ResponseError), f"{error!r} for status 200"
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert str(again) == str(error)
    assert vars(again) == vars(error)


def _models(result: object) -> list[Model]:
    if isinstance(result, Page):
        return [item for item in cast("Page[object]", result) if isinstance(item, Model)]
    return [result] if isinstance(result, Model) else []


def _round_trip(model: Model) -> None:
    text = model.model_dump_json()
    again = pickle.loads(pickle.dumps(model))
    assert type(again) is type(model)
    assert again.model_dump_json() == text
    assert repr(model)
    if not _is_ambiguous(model):
        read = type(model).model_validate_json(text)
        assert read.model_dump_json() == text, f"{text} became {read.model_dump_json()}"


def _is_ambiguous(value: object) -> bool:
    """Whether a member of no model has a name of one of ours, here or in another service: no dump tells these apart."""
    if isinstance(value, Model):
        fields = type(value).model_fields
        aliases = [info.validation_alias for info in fields.values()]
        names = {name for alias in aliases if isinstance(alias, AliasChoices) for name in map(str, alias.choices)}
        is_one = not names.union(fields).isdisjoint(value.model_extra or {})
        return is_one or any(_is_ambiguous(member) for _, member in value)
    return isinstance(value, tuple) and any(map(_is_ambiguous, cast("tuple[object, ...]", value)))


def _keeps_what_is_new(use: Use, body: bytes, result: object) -> None:
    """With a member more in each structure of the answer, the result has as many more."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return  # pydantic reads some that Python does not
    added = _added(document)
    again = read_from(use, RawReply(json.dumps(added).encode(), is_cbor=False, announced=None))
    if result is None:  # there was nothing for it to stand in
        return
    said, found = _count(added), _count(_seen(again))
    # More of them where the status of an attempt is that of its job too.
    assert said <= found, f"{said} were added, and {found} are found"


def _added(value: object) -> object:
    if isinstance(value, dict):
        members = cast("Mapping[str, object]", value)
        return {**{name: _added(item) for name, item in members.items()}, NEW: True}
    return [_added(item) for item in cast("list[object]", value)] if isinstance(value, list) else value


def _seen(result: Any) -> object:
    if isinstance(result, Page):
        items: list[Any] = [*result]
        return [result.extra, *map(_seen, items)]
    return result.model_dump() if isinstance(result, Model) else result


def _count(value: object) -> int:
    if isinstance(value, Mapping):
        members = cast("Mapping[str, object]", value)
        # Under that name, or with an underscore behind it where one from around it came to stand next to it.
        return sum(name.startswith(NEW) for name in members) + sum(map(_count, members.values()))
    return sum(map(_count, cast("list[object]", value))) if isinstance(value, (list, tuple)) else 0
