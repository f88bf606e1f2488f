"""What all tests share: no trace of the machine's own AWS settings, an emulator, and both clients of it."""

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

# Some tests press Ctrl-C. A shell's background job has it ignored, and all that it starts inherits that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# On CI the same examples each time, so that no change fails by another's luck; everywhere else new ones. How long one
# takes is the machine's affair.
settings.register_profile("ci", derandomize=True, deadline=None)
settings.register_profile("here", deadline=None)
# For `make fuzz`: what no change can wait for.
settings.register_profile("deep", deadline=None, max_examples=600, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") else "here"))


@pytest.fixture(autouse=True)
def no_aws_settings(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """No variable, file or metadata service of this machine reaches a test."""
    forget_aws_settings(monkeypatch, tmp_path_factory.getbasetemp() / "no-such-file")


def forget_aws_settings(patch: pytest.MonkeyPatch, nowhere: Path) -> None:
    """Have this process know nothing of AWS."""
    for name in list(os.environ):
        if name.startswith("AWS_") or name.lower().endswith("_proxy"):
            patch.delenv(name)
    patch.setenv("AWS_CONFIG_FILE", str(nowhere))
    patch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(nowhere))
    patch.setenv("AWS_EC2_METADATA_DISABLED", "true")


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
    """Each of the two clients of the emulator, called alike. Any: its static face is the blocking client's."""
    return make_either()


@pytest.fixture(params=["blocking", "awaitable"])
def make_either(request: pytest.FixtureRequest, aws: Emulator) -> Iterator[Callable[..., Any]]:
    """Makes either client, with arguments of a test's own."""
    with ExitStack() as stack:

        def blocking(**options: Any) -> Any:
            given: dict[str, Any] = {**aws.client_options(), **options}
            return stack.enter_context(Unisync(**given))

        def awaitable(**options: Any) -> Any:
            runner = stack.enter_context(asyncio.Runner())
            given: dict[str, Any] = {**aws.client_options(), **options}
            client = AsyncUnisync(**given)
            stack.callback(lambda: runner.run(client.close()))
            return Awaited(client, runner.run)

        yield blocking if request.param == "blocking" else awaitable
