"""What can go wrong between a client and AWS, each fault with the expected result of a call."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from inspect import signature
from typing import Any, Literal, NamedTuple

import aiohttp

from tests.robustness.relay import End, RelayFault, Response, Script, Step
from unisync import (
    AccessDeniedError,
    ResponseError,
    ServerError,
    ServiceError,
    ThrottledError,
    TransportError,
    UnisyncError,
)

LONG = 30.0
"""Seconds that exceed every timeout of these tests."""
HUGE = 50_000_000
DEEP = 10_000
LIMITS_HEADERS = "max_headers" in signature(aiohttp.ClientSession).parameters
"""Whether aiohttp limits how many headers a response may have: old versions limit the length of each alone."""

Result = type[UnisyncError] | Literal["success", "either"]
"""The result of a call that fails every time: an error, success, or "either" success or a ResponseError."""


class Fault(NamedTuple):
    """Something that goes wrong."""

    cause: RelayFault | str
    """What the relay plays, or the emulator's own fault or error code."""
    result: Result
    executes: bool = True
    """Whether AWS executes the operation all the same."""
    times_out: bool = False
    """Whether the call lasts until the client's timeout."""
    is_large: bool = False
    """Whether the response has megabytes."""
    changes_reply: bool = False
    """Whether the response can be read but has other content."""
    is_invalid: bool = False
    """Whether it breaks HTTP: aiohttp takes it for no response, where http.client makes the best of it."""


def scripted(result: Result, script: Script, *, executes: bool = True, **options: bool) -> Fault:
    """A fault that the relay plays."""
    return Fault(RelayFault(script, executes), result, executes, **options)


def invalid(result: Result, script: Script) -> Fault:
    """A fault that the relay plays against the rules of HTTP."""
    return scripted(result, script, is_invalid=True)


def send(*steps: Step) -> Script:
    """Send this, whatever the response was."""
    return lambda response: steps


def replace(*, close: bool = False, **replacements: Any) -> Script:
    """Send the response with these replacements."""
    return lambda response: (response.encode(**replacements), End.CLOSE if close else End.KEEP)


def replace_body(make: Callable[[Response], bytes], **headers: str) -> Script:
    """Send the response with another body."""
    return lambda response: (response.encode(make(response), headers=headers), End.KEEP)


def with_field(name: str, value: object) -> Callable[[Response], bytes]:
    """Returns the body with one more field, which no model has."""
    return lambda response: response.encode_body({**response.fields(), name: value})


def chunked(*rest: bytes) -> Script:
    """Send the response in two chunks; or, after the first of them, these bytes and nothing else."""

    def script(response: Response) -> Iterator[Step]:
        yield response.encode(b"", headers={"content-length": None, "transfer-encoding": "chunked"})
        middle = max(1, len(response.body) // 2)
        yield chunk(response.body[:middle])
        if rest:
            yield from rest
            yield End.CLOSE
        yield chunk(response.body[middle:]) + chunk(b"")
        yield End.KEEP

    return script


def chunk(piece: bytes) -> bytes:
    """A piece of a body in chunked encoding."""
    return b"%x\r\n%b\r\n" % (len(piece), piece)


def drip(seconds: float, pieces: int = 10) -> Script:
    """Send the response in pieces, over some seconds."""

    def script(response: Response) -> Iterator[Step]:
        whole = response.encode()
        step = -(-len(whole) // pieces)
        for start in range(0, len(whole), step):
            yield seconds / pieces
            yield whole[start : start + step]
        yield End.KEEP

    return script


def nested(response: Response) -> bytes:
    """A list in a list in a list, and so on."""
    return b"\x81" * DEEP + b"\x80" if response.is_cbor else b"[" * DEEP + b"]" * DEEP


def nested_field(response: Response) -> bytes:
    """The body with such a list in a field that no model has."""
    whole = response.encode_body({**response.fields(), "deep": "here"})
    return whole.replace(b"\x64here" if response.is_cbor else b'"here"', nested(response))


def huge_field(response: Response) -> bytes:
    """The body with a field of megabytes that no model has."""
    return response.encode_body({**response.fields(), "huge": "x" * HUGE})


HTML = b"<!DOCTYPE html><html><body><h1>Sign in to the network</h1></body></html>"

FAULTS: dict[str, Fault] = {
    # The emulator's own.
    "drop": Fault("drop", TransportError, executes=False),
    "drop-answer": Fault("drop-answer", TransportError),
    "truncate": Fault("truncate", ResponseError),
    "short": Fault("short", ResponseError),
    "garble": Fault("garble", ResponseError),
    "empty": Fault("empty", ResponseError),
    "html": Fault("html", ResponseError),
    "stall": Fault("stall", TransportError, times_out=True),
    "missing-member": Fault("missing-member", "either", changes_reply=True),
    "unknown-member": Fault("unknown-member", "success", changes_reply=True),
    "unknown-state": Fault("unknown-state", "success", changes_reply=True),
    **{f"http-{status}": Fault(f"http-{status}", ServerError, executes=False) for status in (500, 502, 503, 504)},
    **{f"http-{status}": Fault(f"http-{status}", ServiceError, executes=False) for status in (301, 302, 307, 403, 404)},
    "http-429": Fault("http-429", ThrottledError, executes=False),
    # Every code for throttling, for AWS's own failures, and for rejected credentials.
    **{
        code: Fault(code, kind, executes=False)
        for code, kind in ServiceError._classes.items()
        if kind in (ThrottledError, ServerError, AccessDeniedError) and not code.isdigit()
    },
    # The connection.
    "reset before execution": scripted(TransportError, send(End.RESET), executes=False),
    "reset after execution": scripted(TransportError, send(End.RESET)),
    "reset in the head": scripted(TransportError, send(b"HTTP/1.1 200 OK\r\nda", 0.01, End.RESET)),
    "reset in the body": scripted(ResponseError, lambda response: (response.encode()[:-1], 0.01, End.RESET)),
    "close in the head": scripted(TransportError, send(b"HTTP/1.1 2", End.CLOSE)),
    "close after the head": scripted(
        ResponseError,
        lambda response: (response.encode(headers={"content-length": "500"})[: -len(response.body) or None],),
    ),
    "silence": scripted(TransportError, send(LONG), times_out=True),
    "silence before execution": scripted(TransportError, send(LONG), executes=False, times_out=True),
    "silence in the head": scripted(TransportError, send(b"HTTP/1.1 200 OK\r\nda", LONG), times_out=True),
    "silence in the body": scripted(
        TransportError, lambda response: (response.encode(headers={"content-length": "5000"}), LONG), times_out=True
    ),
    "slow response": scripted("success", drip(0.05)),
    # HTTP.
    "nonsense": scripted(TransportError, send(b"\x00\xffnonsense\r\n\r\n")),
    "no status": scripted(TransportError, send(b"HTTP/1.1 fine OK\r\n\r\n")),
    "status of four digits": scripted(TransportError, send(b"HTTP/1.1 2000 OK\r\n\r\n")),
    "other protocol": scripted(TransportError, send(b"SSH-2.0-server\r\n")),
    "HTTP/1.0 without length": scripted(
        "success",
        lambda response: (b"HTTP/1.0 200 OK\r\ncontent-type: %b\r\n\r\n%b" % (_type(response), response.body),),
    ),
    "no length": scripted("success", replace(headers={"content-length": None}, close=True)),
    "length too long": scripted(ResponseError, replace(headers={"content-length": "99999"}, close=True)),
    "length of 30 digits": invalid(ResponseError, replace(headers={"content-length": "9" * 30}, close=True)),
    "length too short": invalid(ResponseError, replace(headers={"content-length": "1"})),
    "negative length": invalid("success", replace(headers={"content-length": "-1"}, close=True)),
    "length that is no number": invalid("success", replace(headers={"content-length": "long"}, close=True)),
    "length in superscript": invalid("either", replace(headers={"content-length": "\xb2"}, close=True)),
    "chunks": scripted("success", chunked()),
    "truncated chunks": scripted(ResponseError, chunked(b"")),
    "chunk without a size": invalid(ResponseError, chunked(b"five\r\n{}")),
    "chunk of negative size": invalid(ResponseError, chunked(b"-5\r\n{}\r\n0\r\n\r\n")),
    "truncated chunk": scripted(ResponseError, chunked(b"500\r\n{}")),
    "chunk size of 40 digits": invalid(ResponseError, chunked(b"f" * 40 + b"\r\n{}")),
    "invalid compression": scripted(
        ResponseError, replace_body(lambda response: b"\x1f\x8bgarbage", **{"content-encoding": "gzip"})
    ),
    "unrequested compression": scripted(
        "success", replace_body(lambda response: gzip.compress(response.body), **{"content-encoding": "gzip"})
    ),
    "other content type": scripted("success", replace(headers={"content-type": "text/html"})),
    "100 first": scripted(
        "success", lambda response: (b"HTTP/1.1 100 Continue\r\n\r\n" * 3, response.encode(), End.KEEP)
    ),
    "103 first": scripted(
        "success", lambda response: (b"HTTP/1.1 103 Early Hints\r\n\r\n", 0.01, response.encode(), End.KEEP)
    ),
    "101": invalid(ResponseError, send(b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n", 0.01)),
    "204": scripted(ResponseError, replace(body=b"", status=204)),
    "304": scripted(ServiceError, replace(body=b"", status=304)),
    "redirect": scripted(ServiceError, replace(status=302, headers={"location": "http://127.0.0.1:9/"})),
    "HTML page": scripted(ResponseError, replace(body=HTML, headers={"content-type": "text/html"})),
    "header of a megabyte": scripted(TransportError, replace(headers={"x-long": "x" * 1_000_000}, close=True)),
    "too many headers": scripted(
        TransportError if LIMITS_HEADERS else "success",
        replace(headers={"connection": "close", **{f"x-{number}": "x" * 5_000 for number in range(200)}}, close=True),
        is_invalid=not LIMITS_HEADERS,
    ),
    "long headers": scripted("success", replace(headers={f"x-{number}": "x" * 10_000 for number in range(80)})),
    # The body.
    "empty body": scripted(ResponseError, replace_body(lambda response: b"")),
    "null": scripted(ResponseError, replace_body(lambda response: response.encode_body(None))),
    "list": scripted(ResponseError, replace_body(lambda response: response.encode_body([]))),
    "number": scripted(ResponseError, replace_body(lambda response: response.encode_body(5))),
    "text": scripted(ResponseError, replace_body(lambda response: response.encode_body("text"))),
    "half": scripted(ResponseError, replace_body(lambda response: response.encode_body({"a": [1, 2, 3]})[:-2])),
    "bytes after the end": scripted("either", replace_body(lambda response: response.body + b"]}")),
    "no UTF-8": scripted(ResponseError, replace_body(lambda response: b"\xff\xfe" + response.body)),
    "UTF-16": scripted(ResponseError, replace_body(lambda response: "{}".encode("utf-16"))),
    "nested": scripted(ResponseError, replace_body(nested)),
    "nested field": scripted(ResponseError, replace_body(nested_field)),
    "half an emoji": scripted(
        "success",
        replace_body(lambda response: response.body if response.is_cbor else with_field("more", "\ud83d")(response)),
        changes_reply=True,
    ),
    "huge": scripted("success", replace_body(huge_field), is_large=True, changes_reply=True),
    "huge garbage": scripted(ResponseError, replace_body(lambda response: b"\xff" * HUGE), is_large=True),
    "huge error": scripted(
        ServiceError, lambda response: (response.encode(huge_field(response), status=400), End.KEEP), is_large=True
    ),
    # Malformed errors.
    "error without a code": scripted(ServerError, replace(body=b"{}", status=500)),
    "error whose code is a number": scripted(
        "either",
        lambda response: (
            response.encode(response.encode_body({"__type": 5, "message": 7}), status=500),
            End.KEEP,
        ),
        changes_reply=True,
    ),
    "error that is a list": scripted(
        ServerError, lambda response: (response.encode(response.encode_body([]), status=500), End.KEEP)
    ),
    "nested error": scripted(ServerError, lambda response: (response.encode(nested(response), status=503), End.KEEP)),
}


FAULT_CLASSES = (
    "ThrottlingException",
    "http-503",
    "drop",
    "drop-answer",
    "truncate",
    "missing-member",
    "reset in the body",
    "length too short",
    "truncated chunks",
    "HTML page",
    "null",
    "redirect",
)
"""One fault of each class."""


def _type(response: Response) -> bytes:
    return response.headers.get("content-type", "").encode()
