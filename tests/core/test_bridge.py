"""The bridge: a method is written once as a flow, blocks on one client and is awaited on the other."""

from __future__ import annotations

import asyncio
import inspect
import re
from typing import Any

import pytest

from tests.support.samples import FACTORY
from unisync import AsyncUnisync, InvalidArgumentError, SyncJob, Unisync
from unisync._core.bridge import AsyncBase, SyncBase
from unisync._core.flow import Call, request
from unisync._services.proton import AsyncProtonClient, ProtonClient
from unisync._services.twinmaker import TwinMaker

METHODS = ["get", "wait_until_active", "wait_until_deleted"]
POLL = Call("scripted", "Poll", {}, SyncJob)


@pytest.mark.parametrize("name", METHODS)
def test_a_method_has_one_signature_and_one_docstring(name: str) -> None:
    blocking, awaited = getattr(Unisync, name), getattr(AsyncUnisync, name)
    assert inspect.signature(blocking) == inspect.signature(awaited)
    assert blocking.__doc__ == awaited.__doc__
    assert blocking.__name__ == name
    assert "Flow" not in str(inspect.signature(blocking))
    assert not inspect.iscoroutinefunction(blocking)
    assert inspect.iscoroutinefunction(awaited)
    bound = inspect.signature(getattr(Unisync(region_name="eu-west-1"), name))
    assert list(bound.parameters) == list(inspect.signature(blocking).parameters)[1:]


def test_both_clients_have_the_same_names() -> None:
    for blocking, awaited in (
        (Unisync, AsyncUnisync),
        (type(Unisync().twinmaker), type(AsyncUnisync().twinmaker)),
        (ProtonClient, AsyncProtonClient),
        (type(Unisync().codeconnections), type(AsyncUnisync().codeconnections)),
    ):
        assert {name for name in dir(blocking) if name[0] != "_"} == {name for name in dir(awaited) if name[0] != "_"}


def test_a_bad_argument_is_rejected_by_the_call_itself() -> None:
    wrong: Any = Unisync(region_name="eu-west-1")
    with pytest.raises(TypeError, match="max_wait"):
        wrong.wait_until_active(FACTORY, max_wait=5)
    with pytest.raises(
        InvalidArgumentError, match=r"ref: expected a reference such as StackSync\(...\), got 'factory'"
    ):
        wrong.get("factory")


def test_help_shows_the_methods(capsys: pytest.CaptureFixture[str]) -> None:
    help(AsyncUnisync)
    shown = capsys.readouterr().out
    assert re.search(r"wait_until_active\([\s|]*self,[\s|]*ref: '?SyncRef\[J\]", shown)
    assert "Wait until a sync is synced." in shown


def test_the_base_classes_run_nothing_by_themselves() -> None:
    with pytest.raises(NotImplementedError):
        SyncBase()._run(request(POLL))
    with pytest.raises(NotImplementedError):
        asyncio.run(AsyncBase()._arun(request(POLL)))


def test_a_method_of_the_services_returns_a_flow() -> None:
    assert inspect.isgenerator(TwinMaker().get_sync_job("factory"))
    assert inspect.isgeneratorfunction(inspect.unwrap(TwinMaker.get_sync_job))
