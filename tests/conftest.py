"""Fixtures for all tests: no AWS settings of the machine, an emulator, and clients of it of both kinds."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from unisync import AsyncUnisync, Unisync
from unisync.emulator import Emulator

# Some tests send SIGINT, which a shell's background jobs and their children ignore.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# On CI the examples are the same each time, so that no change fails by chance; everywhere else they are new. There is
# no deadline, since machines differ.
settings.register_profile("ci", derandomize=True, deadline=None)
settings.register_profile("here", deadline=None)
# For `make fuzz`: too many examples for each change.
settings.register_profile("deep", deadline=None, max_examples=600, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") else "here"))


@pytest.fixture(autouse=True)
def no_aws_settings(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Hide the machine's variables, files and metadata service from each test."""
    forget_aws_settings(monkeypatch, tmp_path_factory.getbasetemp() / "no-such-file")


def forget_aws_settings(patch: pytest.MonkeyPatch, nowhere: Path) -> None:
    """Remove the AWS settings of this process; `nowhere` is a file that does not exist."""
    for name in list(os.environ):
        if name.startswith("AWS_") or name.lower().endswith("_proxy"):
            patch.delenv(name)
    patch.setenv("AWS_CONFIG_FILE", str(nowhere))
    patch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(nowhere))
    patch.setenv("AWS_EC2_METADATA_DISABLED", "true")


def remove_aiohttp(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pretend that aiohttp is not installed, so that the awaitable client sends its calls in threads."""

    def is_installed(module: str) -> bool:
        return False

    monkeypatch.setattr("unisync._botocore.senders.is_installed", is_installed)


@pytest.fixture
def aws() -> Iterator[Emulator]:
    """An emulator whose clock the test advances."""
    with Emulator(clock="manual") as emulator:
        yield emulator


@pytest.fixture
def client(aws: Emulator) -> Iterator[Unisync]:
    """A blocking client of the emulator."""
    with Unisync(**aws.client_options()) as blocking:
        yield blocking


class Awaited:
    """An awaitable client, or one of its services, made blocking so that one test runs on both kinds."""

    def __init__(self, awaitable: object, run: Callable[[Any], Any]) -> None:
        self._awaitable = awaitable
        self._run = run

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._awaitable, name)
        if not callable(value):
            return value if isinstance(value, str) else Awaited(value, self._run)

        def blocking(*args: object, **kwargs: object) -> Any:
            result = value(*args, **kwargs)
            if isinstance(result, AsyncUnisync):
                return Awaited(result, self._run)
            return AwaitedItems(result, self._run) if hasattr(result, "__aiter__") else self._run(result)

        return blocking


class AwaitedItems:
    """A pager or an iterator of the awaitable client, to iterate over as if it were one of the blocking client."""

    def __init__(self, items: Any, run: Callable[[Any], Any]) -> None:
        self._items = items
        self._run = run

    def __iter__(self) -> Iterator[Any]:
        return self._each(aiter(self._items))

    def pages(self) -> Iterator[Any]:
        return self._each(self._items.pages())

    def _each(self, items: AsyncIterator[Any]) -> Iterator[Any]:
        async def next_item() -> Any:
            return await anext(items, self)

        while (item := self._run(next_item())) is not self:
            yield item


@pytest.fixture
def either(make_either: Callable[..., Any]) -> Any:
    """A client of the emulator of either kind, with the methods of the blocking one."""
    return make_either()


@pytest.fixture(params=["blocking", "awaitable"])
def make_either(request: pytest.FixtureRequest, aws: Emulator) -> Iterator[Callable[..., Any]]:
    """Makes a client of either kind, with further arguments."""
    with ExitStack() as stack:

        def blocking(**options: Any) -> Any:
            arguments: dict[str, Any] = {**aws.client_options(), **options}
            return stack.enter_context(Unisync(**arguments))

        def awaitable(**options: Any) -> Any:
            runner = stack.enter_context(asyncio.Runner())
            arguments: dict[str, Any] = {**aws.client_options(), **options}
            client = AsyncUnisync(**arguments)
            stack.callback(lambda: runner.run(client.close()))
            return Awaited(client, runner.run)

        yield blocking if request.param == "blocking" else awaitable
