"""Tools for testing code that uses unisync: fake clients, and pytest fixtures.

`FakeUnisync` and `FakeAsyncUnisync` are clients of an emulated AWS in the same process, without a server. The fixtures
of `unisync.testing.plugin`, which pytest loads automatically, serve one on loopback. Both need the extra `testing`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from unisync.testing.fake import FakeAsyncUnisync as FakeAsyncUnisync
    from unisync.testing.fake import FakeUnisync as FakeUnisync

__all__ = ["FakeAsyncUnisync", "FakeUnisync"]


if not TYPE_CHECKING:  # else a checker would accept any name
    # pytest loads this package in every run, so the fakes are imported when they are first used.
    def __getattr__(name: str) -> object:
        if name not in __all__:
            raise AttributeError(f"module 'unisync.testing' has no attribute {name!r}")
        from unisync.testing import fake

        return getattr(fake, name)
