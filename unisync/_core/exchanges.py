"""Exchanges with AWS: each call with its response as it was received, reported to what records them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any, NamedTuple

from unisync._core.commands import Call
from unisync._core.transport import HttpResponse


class Exchange(NamedTuple):
    """A call and its response. The credentials are in neither: they belong to the HTTP request."""

    call: Call[Any]
    region: str | None
    started_at: float
    """By the monotonic clock."""
    duration: float
    """Seconds, those for fetching credentials included."""
    response: HttpResponse


OnExchange = Callable[[Exchange], object]

_lock = threading.Lock()
_listeners: tuple[OnExchange, ...] = ()


@contextmanager
def listening(on_exchange: OnExchange) -> Generator[None]:
    """Report the exchanges of all clients of this process, in the threads where they happen, while this lasts."""
    global _listeners
    with _lock:
        _listeners = (*_listeners, on_exchange)
    try:
        yield
    finally:
        with _lock:
            _listeners = tuple(each for each in _listeners if each is not on_exchange)


def report(call: Call[Any], region: str | None, started_at: float, ended_at: float, response: HttpResponse) -> None:
    """Report an exchange, if anything listens."""
    for on_exchange in _listeners:
        on_exchange(Exchange(call, region, started_at, ended_at - started_at, response))
