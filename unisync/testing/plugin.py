"""The pytest plugin: fixtures that give a test its own emulated AWS and point its AWS clients at it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Protocol

import pytest

if TYPE_CHECKING:
    from unisync._client.async_client import AsyncUnisync
    from unisync._client.client import Unisync
    from unisync.emulator import Emulator, EmulatorClock

# pytest loads this module in every run, so everything else is imported in the fixtures.

MARKER = "unisync_emulator(**options): the options of the Emulator of `unisync_emulator`, such as speed=60"


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker."""
    config.addinivalue_line("markers", MARKER)


class Fault(Protocol):
    """The type of `unisync_fault`: makes the next calls of an operation fail, as `Emulator.fault` does."""

    def __call__(
        self,
        operation: str,
        kind: str,
        times: int | None = 1,
        *,
        service: str | None = None,
        seconds: float = 10.0,
        message: str | None = None,
        status: int | None = None,
        member: str | None = None,
    ) -> None:
        """Set a fault."""
        ...


@pytest.fixture
def unisync_emulator(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    """An emulated AWS for this test, served on loopback, whose time the test advances.

    While the test runs, environment variables point every new AWS client at it, including those of the code under test,
    and a unisync client without a clock of its own uses the emulated time. The environment is restored after the test,
    or by `monkeypatch.undo()`.

    The marker `unisync_emulator` sets the emulator's options, for example `@pytest.mark.unisync_emulator(speed=60)`.
    """
    import boto3

    import unisync._core.clock
    from unisync.emulator import Emulator

    marker = request.node.get_closest_marker("unisync_emulator")
    options: dict[str, Any] = {} if marker is None else dict(marker.kwargs)
    if not options.keys() & {"clock", "speed"}:
        options["clock"] = "manual"
    with Emulator(**options) as emulator:
        # The test's own monkeypatch, so that variables which the test sets as well are undone in the right order.
        for name in list(os.environ):
            # The machine's proxies cannot reach the emulator.
            if name.startswith("AWS_") or name.lower().endswith("_proxy"):
                monkeypatch.delenv(name)
        for name, value in emulator.environment().items():
            monkeypatch.setenv(name, value)
        for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
            monkeypatch.setenv(name, os.devnull)
        monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        # The default session of `boto3.client` may hold credentials from before.
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
    """An async client of the emulated AWS. It is closed after the test."""
    import asyncio
    import threading

    from unisync._client.async_client import AsyncUnisync

    client = AsyncUnisync(**unisync_emulator.client_options())
    yield client
    # In a thread of its own: `asyncio.run` unsets the event loop of its thread, which other tests may use.
    closing = threading.Thread(target=lambda: asyncio.run(client.close()))
    closing.start()
    closing.join()


@pytest.fixture
def unisync_clock(unisync_emulator: Emulator) -> EmulatorClock:
    """The emulated time: `unisync_clock.advance(60)`."""
    return unisync_emulator.clock


@pytest.fixture
def unisync_fault(unisync_emulator: Emulator) -> Fault:
    """Makes calls fail: `unisync_fault("GetSyncJob", "ThrottlingException", times=3)`."""
    return unisync_emulator.fault
