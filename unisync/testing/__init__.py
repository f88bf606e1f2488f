"""Tools for testing code that uses unisync: fake clients, tapes of calls, and pytest fixtures.

`FakeUnisync` and `FakeAsyncUnisync` are clients of an emulated AWS in the same process, without a server. `record`
writes the calls of all clients to a tape, scrubbed, and `replay` is a client that answers from one. The fixtures of
`unisync.testing.plugin`, which pytest loads automatically, serve an emulated AWS on loopback. All of them need the
extra `testing`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from unisync.testing.fake import FakeAsyncUnisync as FakeAsyncUnisync
    from unisync.testing.fake import FakeUnisync as FakeUnisync
    from unisync.testing.tape.recording import record as record
    from unisync.testing.tape.replay import replay as replay

__all__ = ["FakeAsyncUnisync", "FakeUnisync", "record", "replay"]

_HOMES = {"record": "tape.recording", "replay": "tape.replay"}


if not TYPE_CHECKING:  # else a checker would accept any name
    # pytest loads this package in every run, so its modules are imported when they are first used.
    def __getattr__(name: str) -> object:
        if name not in __all__:
            raise AttributeError(f"module 'unisync.testing' has no attribute {name!r}")
        return getattr(import_module(f"unisync.testing.{_HOMES.get(name, 'fake')}"), name)
