"""Target: successful responses to every sync operation, in JSON and in CBOR, complete or truncated."""

from __future__ import annotations

import json
import pickle
from collections.abc import Iterator, Mapping
from typing import Any, cast

import cbor2
from pydantic import AliasChoices

from tools.fuzz.calls import CASES, Case, HttpResponse, call, read_body, recorded
from tools.fuzz.mutations import document_mutator
from unisync import ResponseError, UnisyncError
from unisync._botocore.read import Body
from unisync._core.pagination import Page
from unisync._models.base import Model

NEW_FIELD = "addedByAws"
"""A field that no model has."""
_LENGTHS = ("right", "absent", "too long", "too short", "of an encoding", "no number")
"""The content-length, selected by the second byte."""
_THROUGH_BOTOCORE = 0x80
"""Set in the second byte of inputs that botocore handles too."""


def seeds() -> Iterator[bytes]:
    """The responses of the emulator."""
    for index, body in recorded():
        for options in range(len(_LENGTHS)):
            yield bytes((index, options)) + body
        yield bytes((index, _THROUGH_BOTOCORE)) + body


def _case(data: bytes) -> Case:
    return CASES[(data[0] if data else 0) % len(CASES)]


def _read(data: bytes) -> Any:
    return cbor2.loads(data[2:]) if _case(data).is_cbor else json.loads(data[2:])


def _write(data: bytes, document: Any) -> bytes:
    return cbor2.dumps(document) if _case(data).is_cbor else json.dumps(document).encode()


mutate = document_mutator(2, _read, _write)


def check(data: bytes) -> str:
    """Respond with these bytes. The result must be a ResponseError, or survive a pickle and a dump with all fields."""
    case = _case(data)
    options, body = data[1] if len(data) > 1 else 0, data[2:]
    try:
        result = _result(case, options, body)
    except UnisyncError as error:
        _check_error(error)
        return type(error).__name__
    for model in _models(result):
        _check_round_trip(model)
    if not case.is_cbor:
        _check_new_fields(case, body, result)
    return type(result).__name__


def _result(case: Case, options: int, body: bytes) -> Any:
    headers = _headers(options % _THROUGH_BOTOCORE, body)
    if options & _THROUGH_BOTOCORE:
        return call(case, HttpResponse(200, headers, body))
    length = headers.get("content-length", "")
    content_length = int(length) if length.isdecimal() and "content-encoding" not in headers else None
    return read_body(case, Body(body, case.is_cbor, content_length))


def _headers(options: int, body: bytes) -> dict[str, str]:
    headers = {"content-type": "application/json", "x-amzn-requestid": "r-1"}
    match _LENGTHS[options % len(_LENGTHS)]:
        case "right":
            headers["content-length"] = str(len(body))
        case "too long":
            headers["content-length"] = str(len(body) + 1)
        case "too short":
            headers["content-length"] = str(max(0, len(body) - 1))
        case "of an encoding":
            headers |= {"content-length": str(len(body) + 7), "content-encoding": "gzip"}
        case "no number":
            headers["content-length"] = "\u00b2"
        case _:
            pass
    return headers


def _check_error(error: UnisyncError) -> None:
    assert isinstance(error, ResponseError), f"{error!r} with status 200"
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert str(again) == str(error)
    assert vars(again) == vars(error)


def _models(result: object) -> list[Model]:
    if isinstance(result, Page):
        return [item for item in cast("Page[object]", result) if isinstance(item, Model)]
    return [result] if isinstance(result, Model) else []


def _check_round_trip(model: Model) -> None:
    text = model.model_dump_json()
    again = pickle.loads(pickle.dumps(model))
    assert type(again) is type(model)
    assert again.model_dump_json() == text
    assert repr(model)
    if not _is_ambiguous(model):
        read = type(model).model_validate_json(text)
        assert read.model_dump_json() == text, f"{text} became {read.model_dump_json()}"


def _is_ambiguous(value: object) -> bool:
    """Whether an unknown field has the name of one of our fields: a dump does not distinguish them."""
    if isinstance(value, Model):
        fields = type(value).model_fields
        aliases = [info.validation_alias for info in fields.values()]
        names = {name for alias in aliases if isinstance(alias, AliasChoices) for name in map(str, alias.choices)}
        clashes = not names.union(fields).isdisjoint(value.model_extra or {})
        return clashes or any(_is_ambiguous(item) for _, item in value)
    return isinstance(value, tuple) and any(map(_is_ambiguous, cast("tuple[object, ...]", value)))


def _check_new_fields(case: Case, body: bytes, result: object) -> None:
    """If every structure of the response has one more field, the result must have all of them."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return  # pydantic reads some JSON that Python does not
    extended = _add_fields(document)
    again = read_body(case, Body(json.dumps(extended).encode(), is_cbor=False, content_length=None))
    if result is None:  # it has no fields
        return
    added, found = _count(extended), _count(_dump(again))
    # There are more if the status of an attempt is that of its job too.
    assert added <= found, f"{added} fields were added, {found} were found"


def _add_fields(value: object) -> object:
    if isinstance(value, dict):
        fields = cast("Mapping[str, object]", value)
        return {**{name: _add_fields(item) for name, item in fields.items()}, NEW_FIELD: True}
    return [_add_fields(item) for item in cast("list[object]", value)] if isinstance(value, list) else value


def _dump(result: Any) -> object:
    if isinstance(result, Page):
        items: list[Any] = [*result]
        return [result.extra, *map(_dump, items)]
    return result.model_dump() if isinstance(result, Model) else result


def _count(value: object) -> int:
    if isinstance(value, Mapping):
        fields = cast("Mapping[str, object]", value)
        # The field of an enclosing structure may have been merged in, with an underscore after its name.
        return sum(name.startswith(NEW_FIELD) for name in fields) + sum(map(_count, fields.values()))
    return sum(map(_count, cast("list[object]", value))) if isinstance(value, (list, tuple)) else 0
