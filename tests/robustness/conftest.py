"""A relayed emulator for all tests of a module, and both clients of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from botocore.config import Config

from tests.conftest import Awaited, forget_aws_settings
from tests.robustness.relayed_emulator import RelayedEmulator
from unisync import AsyncUnisync, Unisync

READ_TIMEOUT = 0.25
"""Seconds, of the client with short timeouts."""


@pytest.fixture(scope="module")
def relayed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RelayedEmulator]:
    with pytest.MonkeyPatch.context() as patch:
        forget_aws_settings(patch, tmp_path_factory.getbasetemp() / "no-such-file")
        with RelayedEmulator() as emulator:
            yield emulator


@pytest.fixture(params=["blocking", "awaitable"], scope="module")
def make_client(request: pytest.FixtureRequest, relayed: RelayedEmulator) -> Iterator[Callable[..., Any]]:
    """Makes a blocking or an awaitable client of the relay, with more arguments."""
    with ExitStack() as stack:

        def blocking(**options: Any) -> Any:
            return stack.enter_context(Unisync(**{**relayed.options(), **options}))

        def awaitable(**options: Any) -> Any:
            runner = stack.enter_context(asyncio.Runner())
            client = AsyncUnisync(**{**relayed.options(), **options})
            stack.callback(lambda: runner.run(client.close()))
            return Awaited(client, runner.run)

        yield blocking if request.param == "blocking" else awaitable


@pytest.fixture(scope="module")
def client(make_client: Callable[..., Any]) -> Any:
    """A client of either kind."""
    return make_client()


@pytest.fixture(scope="module")
def old_name_client(make_client: Callable[..., Any]) -> Any:
    """A client that calls CodeConnections under its old name."""
    return make_client(codeconnections_service="codestar-connections")


@pytest.fixture(scope="module")
def short_timeout_client(make_client: Callable[..., Any], relayed: RelayedEmulator) -> Any:
    """A client whose timeouts are a fraction of a second."""
    return make_client(config=relayed.options()["config"].merge(Config(read_timeout=READ_TIMEOUT)))
