"""What all tests share: no trace of the machine's own AWS settings, an emulator, and both clients of it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import settings

from unisync import AsyncUnisync, Unisync
from unisync.emulator import Emulator

# On CI the same examples each time, so that no change fails by another's luck; everywhere else new ones.
settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("ci")


@pytest.fixture(autouse=True)
def no_aws_settings(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """No variable, file or metadata service of this machine reaches a test."""
    for name in list(os.environ):
        if name.startswith("AWS_") or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    nowhere = tmp_path_factory.getbasetemp() / "no-such-file"
    monkeypatch.setenv("AWS_CONFIG_FILE", str(nowhere))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(nowhere))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture
def aws() -> Iterator[Emulator]:
    """An emulator whose time a test moves."""
    with Emulator(clock="manual") as emulator:
        yield emulator


@pytest.fixture
def client(aws: Emulator) -> Iterator[Unisync]:
    """The blocking client of the emulator."""
    with Unisync(**aws.client_options()) as blocking:
        yield blocking


class Awaited:
    """The awaitable client, or one of its services, made blocking so that one test can be run on both."""

    def __init__(self, awaitable: object, run: Callable[[Any], Any]) -> None:
        self._awaitable = awaitable
        self._run = run

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._awaitable, name)
        if not callable(value):
            return Awaited(value, self._run)

        def blocking(*args: object, **kwargs: object) -> Any:
            return self._run(value(*args, **kwargs))

        return blocking


@pytest.fixture(params=["blocking", "awaitable"])
def either(request: pytest.FixtureRequest, aws: Emulator) -> Iterator[Any]:
    """Each of the two clients of the emulator, called alike. Any: its static face is the blocking client's."""
    if request.param == "blocking":
        with Unisync(**aws.client_options()) as blocking:
            yield blocking
        return
    with asyncio.Runner() as runner:
        client = AsyncUnisync(**aws.client_options())
        yield Awaited(client, runner.run)
        runner.run(client.close())
