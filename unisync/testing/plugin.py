"""The plugin of pytest: an emulated AWS for each test that asks for it, and nothing of AWS before or after it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Protocol

import pytest

if TYPE_CHECKING:
    from unisync._client.async_client import AsyncUnisync
    from unisync._client.client import Unisync
    from unisync.emulator import Emulator, EmulatorClock

# Everything else is imported by who uses a fixture: pytest loads this module with each run.

MARKER = "unisync_emulator(**options): what the Emulator of `unisync_emulator` is made with, such as speed=60"


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line("markers", MARKER)


class Fault(Protocol):
    """Lets the next calls of an operation go wrong: `Emulator.fault`."""

    def __call__(
        self,
        operation: str,
        kind: str,
        times: int | None = 1,
        *,
        service: str | None = None,
        seconds: float = 10.0,
        message: str | None = None,
    ) -> None:
        """Set a fault."""
        ...


@pytest.fixture
def unisync_emulator(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    """An emulated AWS of the test's own, served on loopback, whose time the test moves.

    While the test runs, the environment points every AWS client that is made at it, in the code under test too; and a
    client of unisync that is given no clock lives in its time. After it, or after `monkeypatch.undo()`, the environment
    is as it was.

    The marker `unisync_emulator` sets what it is made with, such as `@pytest.mark.unisync_emulator(speed=60)`.
    """
    import boto3

    import unisync._core.clock
    from unisync.emulator import Emulator

    marker = request.node.get_closest_marker("unisync_emulator")
    options: dict[str, Any] = {} if marker is None else dict(marker.kwargs)
    if not options.keys() & {"clock", "speed"}:
        options["clock"] = "manual"
    with Emulator(**options) as emulator:
        # The test's own monkeypatch: what both of them set is undone in its order.
        for name in list(os.environ):
            # A proxy of the machine's own knows no way to a port of this test's.
            if name.startswith("AWS_") or name.lower().endswith("_proxy"):
                monkeypatch.delenv(name)
        for name, value in emulator.environment().items():
            monkeypatch.setenv(name, value)
        for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
            monkeypatch.setenv(name, os.devnull)
        monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        # What `boto3.client` makes its clients with remembers the credentials of its day.
        monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
        monkeypatch.setattr(unisync._core.clock, "default_clock", lambda: emulator.clock)
        yield emulator


@pytest.fixture
def unisync_client(unisync_emulator: Emulator) -> Iterator[Unisync]:
    """A client of the emulated AWS."""
    from unisync._client.client import Unisync

    with Unisync(**unisync_emulator.client_options()) as client:
        yield client


@pytest.fixture
def unisync_async_client(unisync_emulator: Emulator) -> Iterator[AsyncUnisync]:
    """An awaitable client of the emulated AWS. It is closed after the test."""
    import asyncio
    import threading

    from unisync._client.async_client import AsyncUnisync

    client = AsyncUnisync(**unisync_emulator.client_options())
    yield client
    # In a thread: an event loop that ends in this one would take that of the next test along.
    closing = threading.Thread(target=lambda: asyncio.run(client.close()))
    closing.start()
    closing.join()


@pytest.fixture
def unisync_clock(unisync_emulator: Emulator) -> EmulatorClock:
    """The emulated time: `unisync_clock.advance(60)`."""
    return unisync_emulator.clock


@pytest.fixture
def unisync_fault(unisync_emulator: Emulator) -> Fault:
    """Lets calls go wrong: `unisync_fault("GetSyncJob", "ThrottlingException", times=3)`."""
    return unisync_emulator.fault
