"""Clients of all three senders: the blocking one, the awaitable one over aiohttp, and the awaitable one in threads."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import boto3
import botocore.session
import pytest
from botocore.loaders import Loader

from tests.conftest import Awaited, remove_aiohttp
from unisync import AsyncUnisync, Unisync

LOADER = Loader()
"""Reads each model once for all tests."""
VARIANTS = ("blocking", "aiohttp", "threads")


@pytest.fixture(params=VARIANTS)
def variant(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The sender that is tested."""
    if request.param == "threads":
        remove_aiohttp(monkeypatch)
    return str(request.param)


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    """Runs the awaitable clients."""
    with asyncio.Runner() as runner:
        yield runner


def aws_session() -> boto3.Session:
    """A session with credentials and a region, whose models are loaded already."""
    core = botocore.session.Session()
    core.register_component("data_loader", LOADER)
    return boto3.Session("AKIAIOSFODNN7EXAMPLE", "secret", region_name="eu-west-1", botocore_session=core)


@pytest.fixture
def make(variant: str, runner: asyncio.Runner) -> Iterator[Callable[..., Any]]:
    """Makes a client of the sender, with the methods of the blocking one. It sends each call once."""
    with ExitStack() as stack:

        def make_client(url: str, **options: Any) -> Any:
            arguments: dict[str, Any] = {"session": aws_session(), "endpoint_url": url, "max_attempts": 1, **options}
            if variant == "blocking":
                return stack.enter_context(Unisync(**arguments))
            client = AsyncUnisync(**arguments)
            stack.callback(lambda: runner.run(client.close()))
            return Awaited(client, runner.run)

        yield make_client
