"""Target: the text forms of references and of waits."""

from __future__ import annotations

import pickle
import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from tools.fuzz.mutations import with_pieces
from unisync import (
    FleetSync,
    InvalidRequestError,
    ServiceInstanceSync,
    StackSync,
    TemplateSync,
    TwinMakerSync,
    WaitToken,
    parse_fleet_ref,
    parse_ref,
)

_READERS: tuple[Callable[[str], object], ...] = (parse_ref, parse_fleet_ref, WaitToken.parse)

_REFS = (
    TwinMakerSync("factory"),
    TwinMakerSync("factory", "OTHER"),
    ServiceInstanceSync("web", "prod"),
    TemplateSync("web", "SERVICE", "1"),
    StackSync("payments-prod"),
    StackSync("payments-prod", "OTHER_SYNC"),
)

_PIECES = tuple(
    piece.encode("utf-8", "surrogatepass")
    for piece in (
        *("twinmaker:", "proton:", "proton-template:", "codeconnections:", "SITEWISE", "CFN_STACK_SYNC", "/", ":"),
        *("123456789012/", "eu-west-1/", "unisync1.", "=", "-", "a", "\n", " ", "\x00", "\x1b[31m", "\u202e", "\xa0"),
        *("\x85", "\u2028", "\ufeff", "e\u0301", "\ud83d"),
    )
)


def mutate(data: bytes, draw: random.Random) -> bytes:
    """Put a piece of what references are made of somewhere."""
    return data[:1] + with_pieces(data[1:], _PIECES, draw)


def seeds() -> Iterator[bytes]:
    """The text of each kind of reference, alone, in a fleet and in a token."""
    for ref in _REFS:
        yield b"\x00" + str(ref).encode()
        yield b"\x01" + str(FleetSync("123456789012", "eu-west-1", ref)).encode()
        for deadline in (None, datetime(2026, 11, 22, 12, tzinfo=UTC)):
            yield b"\x02" + str(WaitToken(ref, "4f2c9e1", deadline)).encode()


def check(data: bytes) -> str:
    """Read a text. What was read has a text that is read as the same thing."""
    read = _READERS[data[0] % len(_READERS)] if data else parse_ref
    text = data[1:].decode("utf-8", "surrogateescape")
    try:
        found = read(text)
    except InvalidRequestError as error:
        _survives(error)
        return type(error).__name__
    again = read(str(found))
    assert again == found, f"{found!r} became {again!r}"
    assert hash(again) == hash(found)
    assert str(again) == str(found)
    assert pickle.loads(pickle.dumps(found)) == found
    if not isinstance(found, WaitToken):
        assert str(found).isprintable() or not str(found).isascii(), "a reference steers no terminal"
    return type(found).__name__


def _survives(error: InvalidRequestError) -> None:
    assert str(error)
    assert str(pickle.loads(pickle.dumps(error))) == str(error)
