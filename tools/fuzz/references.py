"""Target: the text forms of references and of wait tokens."""

from __future__ import annotations

import pickle
import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from tools.fuzz.mutations import with_pieces
from unisync import (
    FleetSync,
    InvalidArgumentError,
    ServiceInstanceSync,
    StackSync,
    TemplateSync,
    TwinMakerSync,
    WaitToken,
    parse_fleet_ref,
    parse_ref,
)

_PARSERS: tuple[Callable[[str], object], ...] = (parse_ref, parse_fleet_ref, WaitToken.parse)

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
    """Insert a piece of a reference."""
    return data[:1] + with_pieces(data[1:], _PIECES, draw)


def seeds() -> Iterator[bytes]:
    """The text of each kind of reference, by itself, in a fleet reference and in a token."""
    for ref in _REFS:
        yield b"\x00" + str(ref).encode()
        yield b"\x01" + str(FleetSync("123456789012", "eu-west-1", ref)).encode()
        for begin in (None, datetime(2026, 11, 22, 12, tzinfo=UTC)):
            yield b"\x02" + str(WaitToken(ref=ref, revision="4f2c9e1", begin=begin)).encode()


def check(data: bytes) -> str:
    """Parse a text. The text of the result must be parsed as the same value."""
    parse = _PARSERS[data[0] % len(_PARSERS)] if data else parse_ref
    text = data[1:].decode("utf-8", "surrogateescape")
    try:
        parsed = parse(text)
    except InvalidArgumentError as error:
        _check_pickle(error)
        return type(error).__name__
    again = parse(str(parsed))
    assert again == parsed, f"{parsed!r} became {again!r}"
    assert hash(again) == hash(parsed)
    assert str(again) == str(parsed)
    assert pickle.loads(pickle.dumps(parsed)) == parsed
    if not isinstance(parsed, WaitToken):
        assert str(parsed).isprintable() or not str(parsed).isascii(), "a reference has control characters"
    return type(parsed).__name__


def _check_pickle(error: InvalidArgumentError) -> None:
    assert str(error)
    assert str(pickle.loads(pickle.dumps(error))) == str(error)
