"""For the tests of those who use unisync: clients without a server, and, as a plugin of pytest, fixtures with one.

`FakeUnisync` and `FakeAsyncUnisync` are clients whose AWS is an emulator in the same process. The fixtures stand in
`unisync.testing.plugin`, which pytest loads by itself. Both need the extra `testing`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from unisync.testing.fake import FakeAsyncUnisync as FakeAsyncUnisync
    from unisync.testing.fake import FakeUnisync as FakeUnisync

__all__ = ["FakeAsyncUnisync", "FakeUnisync"]


if not TYPE_CHECKING:  # else a checker would take any name for one that is there
    # pytest loads this package with each run, whether or not a test uses it.
    def __getattr__(name: str) -> object:
        if name not in __all__:
            raise AttributeError(f"module 'unisync.testing' has no attribute {name!r}")
        from unisync.testing import fake

        return getattr(fake, name)
