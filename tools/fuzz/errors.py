"""Target: the answers of calls that failed, with any status, headers and body."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Iterator
from typing import Any

import cbor2

from tools.fuzz.mutations import document_mutator
from tools.fuzz.wire import USES, Answer, Use, answered
from unisync import ResponseError, ServerError, ServiceError, UnisyncError
from unisync._models.text import sanitize

STATUSES = (400, 403, 404, 409, 402, 429, 500, 502, 503, 504, 300, 302, 401, 413, 418, 599)


def seeds() -> Iterator[bytes]:
    """Errors as the services write them, and as what stands in their way does."""
    for place, use in enumerate(USES):
        for status, code in enumerate(("ValidationException", "a.b#ResourceNotFoundException", "Throttling:http://x/")):
            document = {"__type": code, "message": "said so", "Message": "Said so"}
            body = cbor2.dumps(document) if use.is_cbor else json.dumps(document).encode()
            yield bytes((place, status, 0)) + body
            yield bytes((place, status, 1)) + code.encode() + b"\n" + body
    for status in range(len(STATUSES)):
        yield bytes((0, status, 0)) + b"<html><h1>Bad gateway</h1></html>"


def _use(data: bytes) -> Use:
    return USES[(data[0] if data else 0) % len(USES)]


def _read(data: bytes) -> Any:
    return cbor2.loads(data[3:]) if _use(data).is_cbor else json.loads(data[3:])


def _write(data: bytes, document: Any) -> bytes:
    return cbor2.dumps(document) if _use(data).is_cbor else json.dumps(document).encode()


mutate = document_mutator(3, _read, _write)


def check(data: bytes) -> str:
    """Answer with these bytes, and with the first line of them as the header that says the code, where it is asked for.

    What comes of it is a ServiceError of the class of its code.
    """
    use = _use(data)
    status = STATUSES[(data[1] if len(data) > 1 else 0) % len(STATUSES)]
    body, headers = data[3:], {"x-amzn-requestid": "r-1"}
    if len(data) > 2 and data[2] % 2:
        told, _, body = body.partition(b"\n")
        headers["x-amzn-errortype"] = headers["x-amzn-query-error"] = told.decode("latin-1")
    try:
        result = answered(use, Answer(status, headers, body))
    except UnisyncError as error:
        _holds(error, status)
        return type(error).__name__
    raise AssertionError(f"status {status} became {result!r}")


def _holds(error: UnisyncError, status: int) -> None:
    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(again) is type(error)
        assert str(again) == str(error)
        assert repr(vars(again)) == repr(vars(error)), "a number that is none equals nothing"
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
