"""What can go wrong between a client and AWS, each with what a client is to make of it."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from typing import Any, Literal, NamedTuple

from tests.robustness.relay import Answer, Astray, End, Script, Step
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
"""Seconds that no client of these tests waits for an answer."""
HUGE = 50_000_000
DEEP = 10_000

Gives = type[UnisyncError] | Literal["answer", "either"]
"""What a call comes to that always goes astray: an error; the answer; or a ResponseError or an answer."""


class Fault(NamedTuple):
    """Something that goes wrong."""

    cause: Astray | str
    """What the relay does; or the emulator's own fault or error code."""
    gives: Gives
    runs: bool = True
    """Whether the operation runs all the same."""
    is_silent: bool = False
    """Whether it takes the client until its time-out."""
    is_heavy: bool = False
    """Whether it is megabytes."""
    alters: bool = False
    """Whether the answer is another one, though a readable one."""


def scripted(gives: Gives, script: Script, *, runs: bool = True, **more: bool) -> Fault:
    """A fault that the relay plays."""
    return Fault(Astray(script, runs), gives, runs, **more)


def sends(*steps: Step) -> Script:
    """Whatever was answered, this is what comes."""
    return lambda answer: steps


def written(*, close: bool = False, **otherwise: Any) -> Script:
    """The answer, otherwise where it is said."""
    return lambda answer: (answer.written(**otherwise), End.CLOSE if close else End.KEEP)


def body(make: Callable[[Answer], bytes], **headers: str) -> Script:
    """The answer with another body."""
    return lambda answer: (answer.written(make(answer), headers=headers), End.KEEP)


def with_member(name: str, value: object) -> Callable[[Answer], bytes]:
    """The body with a member more, which no model has."""
    return lambda answer: answer.holding({**answer.members(), name: value})


def chunked(*rest: bytes) -> Script:
    """The answer in two chunks; or after the first of them these bytes, and no more."""

    def script(answer: Answer) -> Iterator[Step]:
        yield answer.written(b"", headers={"content-length": None, "transfer-encoding": "chunked"})
        middle = max(1, len(answer.body) // 2)
        yield chunk(answer.body[:middle])
        if rest:
            yield from rest
            yield End.CLOSE
        yield chunk(answer.body[middle:]) + chunk(b"")
        yield End.KEEP

    return script


def chunk(piece: bytes) -> bytes:
    """A part of a body, as it is sent in chunks."""
    return b"%x\r\n%b\r\n" % (len(piece), piece)


def dripping(seconds: float, pieces: int = 10) -> Script:
    """The answer, in pieces, over some seconds."""

    def script(answer: Answer) -> Iterator[Step]:
        whole = answer.written()
        step = -(-len(whole) // pieces)
        for start in range(0, len(whole), step):
            yield seconds / pieces
            yield whole[start : start + step]
        yield End.KEEP

    return script


def nested(answer: Answer) -> bytes:
    """A list in a list in a list."""
    return b"\x81" * DEEP + b"\x80" if answer.is_cbor else b"[" * DEEP + b"]" * DEEP


def nested_member(answer: Answer) -> bytes:
    """The body, with such a member that no model has."""
    whole = answer.holding({**answer.members(), "deep": "here"})
    return whole.replace(b"\x64here" if answer.is_cbor else b'"here"', nested(answer))


def huge_member(answer: Answer) -> bytes:
    """The body, with a member of megabytes that no model has."""
    return answer.holding({**answer.members(), "huge": "x" * HUGE})


HTML = b"<!DOCTYPE html><html><body><h1>Sign in to the network</h1></body></html>"

FAULTS: dict[str, Fault] = {
    # The emulator's own.
    "drop": Fault("drop", TransportError, runs=False),
    "drop-answer": Fault("drop-answer", TransportError),
    "truncate": Fault("truncate", ResponseError),
    "short": Fault("short", ResponseError),
    "garble": Fault("garble", ResponseError),
    "empty": Fault("empty", ResponseError),
    "html": Fault("html", ResponseError),
    "stall": Fault("stall", TransportError, is_silent=True),
    "missing-member": Fault("missing-member", "either", alters=True),
    "unknown-member": Fault("unknown-member", "answer", alters=True),
    "unknown-state": Fault("unknown-state", "answer", alters=True),
    **{f"http-{status}": Fault(f"http-{status}", ServerError, runs=False) for status in (500, 502, 503, 504)},
    **{f"http-{status}": Fault(f"http-{status}", ServiceError, runs=False) for status in (301, 302, 307, 403, 404)},
    "http-429": Fault("http-429", ThrottledError, runs=False),
    # Every code of too many calls, of AWS's own failures, and of credentials that are not believed.
    **{
        code: Fault(code, kind, runs=False)
        for code, kind in ServiceError._classes.items()
        if kind in (ThrottledError, ServerError, AccessDeniedError) and not code.isdigit()
    },
    # The connection.
    "reset before it runs": scripted(TransportError, sends(End.RESET), runs=False),
    "reset after it ran": scripted(TransportError, sends(End.RESET)),
    "reset in the head": scripted(TransportError, sends(b"HTTP/1.1 200 OK\r\nda", 0.01, End.RESET)),
    "reset in the body": scripted(ResponseError, lambda answer: (answer.written()[:-1], 0.01, End.RESET)),
    "close in the head": scripted(TransportError, sends(b"HTTP/1.1 2", End.CLOSE)),
    "close after the head": scripted(
        ResponseError, lambda answer: (answer.written(headers={"content-length": "500"})[: -len(answer.body) or None],)
    ),
    "silence": scripted(TransportError, sends(LONG), is_silent=True),
    "silence before it runs": scripted(TransportError, sends(LONG), runs=False, is_silent=True),
    "silence in the head": scripted(TransportError, sends(b"HTTP/1.1 200 OK\r\nda", LONG), is_silent=True),
    "silence in the body": scripted(
        TransportError, lambda answer: (answer.written(headers={"content-length": "5000"}), LONG), is_silent=True
    ),
    "drips": scripted("answer", dripping(0.05)),
    # The frame.
    "nonsense": scripted(TransportError, sends(b"\x00\xffnonsense\r\n\r\n")),
    "no status": scripted(TransportError, sends(b"HTTP/1.1 fine OK\r\n\r\n")),
    "a status of four digits": scripted(TransportError, sends(b"HTTP/1.1 2000 OK\r\n\r\n")),
    "another protocol": scripted(TransportError, sends(b"SSH-2.0-server\r\n")),
    "HTTP/1.0 without length": scripted(
        "answer", lambda answer: (b"HTTP/1.0 200 OK\r\ncontent-type: %b\r\n\r\n%b" % (_type(answer), answer.body),)
    ),
    "no length": scripted("answer", written(headers={"content-length": None}, close=True)),
    "a length too long": scripted(ResponseError, written(headers={"content-length": "99999"}, close=True)),
    "a length beyond numbers": scripted(ResponseError, written(headers={"content-length": "9" * 30}, close=True)),
    "a length too short": scripted(ResponseError, written(headers={"content-length": "1"})),
    "a length of minus one": scripted("answer", written(headers={"content-length": "-1"}, close=True)),
    "a length that is none": scripted("answer", written(headers={"content-length": "long"}, close=True)),
    "a length of strange digits": scripted("either", written(headers={"content-length": "\xb2"}, close=True)),
    "chunks": scripted("answer", chunked()),
    "chunks cut short": scripted(ResponseError, chunked(b"")),
    "a chunk without a size": scripted(ResponseError, chunked(b"five\r\n{}")),
    "a chunk of less than nothing": scripted(ResponseError, chunked(b"-5\r\n{}\r\n0\r\n\r\n")),
    "a chunk cut short": scripted(ResponseError, chunked(b"500\r\n{}")),
    "a chunk beyond numbers": scripted(ResponseError, chunked(b"f" * 40 + b"\r\n{}")),
    "compressed, not truly": scripted(
        ResponseError, body(lambda answer: b"\x1f\x8bgarbage", **{"content-encoding": "gzip"})
    ),
    "compressed, unasked": scripted(
        ResponseError, body(lambda answer: gzip.compress(answer.body), **{"content-encoding": "gzip"})
    ),
    "another type": scripted("answer", written(headers={"content-type": "text/html"})),
    "100 first": scripted("answer", lambda answer: (b"HTTP/1.1 100 Continue\r\n\r\n" * 3, answer.written(), End.KEEP)),
    "103 first": scripted(
        ResponseError, lambda answer: (b"HTTP/1.1 103 Early Hints\r\n\r\n", 0.01, answer.written(), End.KEEP)
    ),
    "101": scripted(ResponseError, sends(b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n", 0.01)),
    "204": scripted(ResponseError, written(body=b"", status=204)),
    "304": scripted(ServiceError, written(body=b"", status=304)),
    "elsewhere": scripted(ServiceError, written(status=302, headers={"location": "http://127.0.0.1:9/"})),
    "a page": scripted(ResponseError, written(body=HTML, headers={"content-type": "text/html"})),
    "a header of a megabyte": scripted(TransportError, written(headers={"x-long": "x" * 1_000_000}, close=True)),
    "many headers": scripted(
        TransportError, written(headers={f"x-{number}": "x" * 5_000 for number in range(200)}, close=True)
    ),
    "long headers": scripted("answer", written(headers={f"x-{number}": "x" * 10_000 for number in range(80)})),
    # The body.
    "nothing": scripted(ResponseError, body(lambda answer: b"")),
    "null": scripted(ResponseError, body(lambda answer: answer.holding(None))),
    "a list": scripted(ResponseError, body(lambda answer: answer.holding([]))),
    "a number": scripted(ResponseError, body(lambda answer: answer.holding(5))),
    "a text": scripted(ResponseError, body(lambda answer: answer.holding("text"))),
    "half": scripted(ResponseError, body(lambda answer: answer.holding({"a": [1, 2, 3]})[:-2])),
    "more after the end": scripted("either", body(lambda answer: answer.body + b"]}")),
    "no text": scripted(ResponseError, body(lambda answer: b"\xff\xfe" + answer.body)),
    "of UTF-16": scripted(ResponseError, body(lambda answer: b"{}".decode().encode("utf-16"))),
    "nested": scripted(ResponseError, body(nested)),
    "nested in a member": scripted(ResponseError, body(nested_member)),
    "half an emoji": scripted(
        "answer",
        body(lambda answer: answer.body if answer.is_cbor else with_member("more", "\ud83d")(answer)),
        alters=True,
    ),
    "huge": scripted("answer", body(huge_member), is_heavy=True, alters=True),
    "huge garbage": scripted(ResponseError, body(lambda answer: b"\xff" * HUGE), is_heavy=True),
    "huge in an error": scripted(
        ServiceError, lambda answer: (answer.written(huge_member(answer), status=400), End.KEEP), is_heavy=True
    ),
    # Errors that are none.
    "an error without a code": scripted(ServerError, written(body=b"{}", status=500)),
    "an error with a number for a code": scripted(
        "either",
        lambda answer: (answer.written(answer.holding({"__type": 5, "message": 7}), status=500), End.KEEP),
        alters=True,
    ),
    "an error that is a list": scripted(
        ServerError, lambda answer: (answer.written(answer.holding([]), status=500), End.KEEP)
    ),
    "a nested error": scripted(ServerError, lambda answer: (answer.written(nested(answer), status=503), End.KEEP)),
}


def _type(answer: Answer) -> bytes:
    return answer.headers.get("content-type", "").encode()
