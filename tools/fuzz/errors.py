"""Target: error responses, with any status, headers and body."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Iterator
from typing import Any

import cbor2

from tools.fuzz.calls import CASES, Case, HttpResponse, call
from tools.fuzz.mutations import document_mutator
from unisync import ResponseError, ServerError, ServiceError, UnisyncError
from unisync._models.text import sanitize

STATUSES = (400, 403, 404, 409, 402, 429, 500, 502, 503, 504, 300, 302, 401, 413, 418, 599)


def seeds() -> Iterator[bytes]:
    """Errors as the services write them, and as a proxy does."""
    for index, case in enumerate(CASES):
        for status, code in enumerate(("ValidationException", "a.b#ResourceNotFoundException", "Throttling:http://x/")):
            document = {"__type": code, "message": "no such thing", "Message": "No such thing"}
            body = cbor2.dumps(document) if case.is_cbor else json.dumps(document).encode()
            yield bytes((index, status, 0)) + body
            yield bytes((index, status, 1)) + code.encode() + b"\n" + body
    for status in range(len(STATUSES)):
        yield bytes((0, status, 0)) + b"<html><h1>Bad gateway</h1></html>"


def _case(data: bytes) -> Case:
    return CASES[(data[0] if data else 0) % len(CASES)]


def _read(data: bytes) -> Any:
    return cbor2.loads(data[3:]) if _case(data).is_cbor else json.loads(data[3:])


def _write(data: bytes, document: Any) -> bytes:
    return cbor2.dumps(document) if _case(data).is_cbor else json.dumps(document).encode()


mutate = document_mutator(3, _read, _write)


def check(data: bytes) -> str:
    """Respond with these bytes; if the third is odd, the first line of the others is the header with the code.

    The result must be a ServiceError of the class of its code.
    """
    case = _case(data)
    status = STATUSES[(data[1] if len(data) > 1 else 0) % len(STATUSES)]
    body, headers = data[3:], {"x-amzn-requestid": "r-1"}
    if len(data) > 2 and data[2] % 2:
        code, _, body = body.partition(b"\n")
        headers["x-amzn-errortype"] = headers["x-amzn-query-error"] = code.decode("latin-1")
    try:
        result = call(case, HttpResponse(status, headers, body))
    except UnisyncError as error:
        _check(error, status)
        return type(error).__name__
    raise AssertionError(f"status {status} became {result!r}")


def _check(error: UnisyncError, status: int) -> None:
    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(again) is type(error)
        assert str(again) == str(error)
        assert repr(vars(again)) == repr(vars(error)), "by their repr, since NaN equals nothing"
    sanitize(str(error), 100)
    if isinstance(error, ResponseError):
        return
    assert isinstance(error, ServiceError), repr(error)
    fallback = ServerError if status >= 500 else ServiceError
    assert type(error) is (ServiceError.class_of(error.code) or fallback)
    assert error.status_code == status
    assert isinstance(error.code, str)
    assert isinstance(error.message, str)
    assert error.request_id is None or isinstance(error.request_id, str)
