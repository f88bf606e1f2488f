"""A stage for all tests of a module, and either client of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from botocore.config import Config

from tests.conftest import Awaited, forget_aws_settings
from tests.robustness.stage import Stage
from unisync import AsyncUnisync, Unisync

PATIENCE = 0.25
"""Seconds after which the impatient client gives up a read."""


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with pytest.MonkeyPatch.context() as patch:
        forget_aws_settings(patch, tmp_path_factory.getbasetemp() / "no-such-file")
        with Stage() as prepared:
            yield prepared


@pytest.fixture(params=["blocking", "awaitable"], scope="module")
def make(request: pytest.FixtureRequest, stage: Stage) -> Iterator[Callable[..., Any]]:
    """Makes either client of the stage, with arguments of a test's own."""
    with ExitStack() as stack:

        def blocking(**options: Any) -> Any:
            return stack.enter_context(Unisync(**{**stage.options(), **options}))

        def awaitable(**options: Any) -> Any:
            runner = stack.enter_context(asyncio.Runner())
            client = AsyncUnisync(**{**stage.options(), **options})
            stack.callback(lambda: runner.run(client.close()))
            return Awaited(client, runner.run)

        yield blocking if request.param == "blocking" else awaitable


@pytest.fixture(scope="module")
def client(make: Callable[..., Any]) -> Any:
    """Either client."""
    return make()


@pytest.fixture(scope="module")
def old_name(make: Callable[..., Any]) -> Any:
    """The same, which asks CodeConnections under its old name."""
    return make(codeconnections_service="codestar-connections")


@pytest.fixture(scope="module")
def impatient(make: Callable[..., Any], stage: Stage) -> Any:
    """The same, with time-outs of a fraction of a second."""
    return make(config=stage.options()["config"].merge(Config(read_timeout=PATIENCE)))
