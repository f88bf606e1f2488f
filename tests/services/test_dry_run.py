"""Dry runs: every operation that changes something says what it would send, and sends nothing."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

import pytest

from tests.services.test_services import calls_of, operation_of, use_with_all_arguments
from tests.support.operations import ALL_NAMES, NAMES, OPERATIONS, ROLE, client_argument_of, prepare
from tests.support.samples import drive
from unisync import AsyncUnisync, DryRun, InvalidArgumentError, NotFoundError, Unisync
from unisync._models.base import Model
from unisync._services.twinmaker import TwinMaker
from unisync.emulator import Emulator

CHANGES = re.compile("^(Create|Update|Delete|Tag|Untag)")
WRITES = [(service, name) for service, name in ALL_NAMES if CHANGES.match(name)]


@pytest.mark.parametrize(("service", "name"), WRITES)
def test_a_dry_run_validates_the_request_and_returns_it(service: str, name: str) -> None:
    flow: Any = use_with_all_arguments(service, name)[0]
    request = next(flow)
    (validation,) = calls_of(use_with_all_arguments(service, name, dry_run=True)[0], [Model()])
    assert validation == request._replace(validate_only=True)
    dry_run = drive(use_with_all_arguments(service, name, dry_run=True)[0], [Model()])
    assert dry_run == DryRun(service=service, operation=name, params=request.params)


@pytest.mark.parametrize(("service", "name"), [each for each in ALL_NAMES if each not in WRITES])
def test_an_operation_that_only_reads_has_no_dry_run(service: str, name: str) -> None:
    assert "dry_run" not in inspect.signature(operation_of(service, name)).parameters


@pytest.mark.parametrize("wrong", [None, 0, 1, "no"])
def test_dry_run_is_true_or_false(wrong: Any) -> None:
    twinmaker: Any = TwinMaker()
    for start, responses in (
        (partial(twinmaker.delete_sync_job, "factory"), []),
        (partial(twinmaker.ensure_sync_job, "factory", sync_role=ROLE), [Model()]),
    ):
        with pytest.raises(InvalidArgumentError, match="dry_run: expected True or False, got"):
            drive(start(dry_run=wrong), responses)


def test_a_dry_run_raises_what_is_wrong_with_the_arguments() -> None:
    with pytest.raises(InvalidArgumentError, match="workspace_id: expected a name"):
        drive(TwinMaker().create_sync_job("a/b", sync_role=ROLE, dry_run=True))
    with pytest.raises(TypeError, match="missing 1 required keyword-only argument: 'sync_role'"):
        TwinMaker().create_sync_job("a", dry_run=True)


def test_a_dry_run_can_be_written_as_json() -> None:
    flow = TwinMaker().create_sync_job("factory", sync_role=ROLE, tags={"team": "a"}, dry_run=True)
    assert drive(flow, [Model()]).model_dump(mode="json") == {
        "service": "iottwinmaker",
        "operation": "CreateSyncJob",
        "params": {"workspaceId": "factory", "syncSource": "SITEWISE", "syncRole": ROLE, "tags": {"team": "a"}},
    }


def test_the_argument_is_a_part_of_the_signature_on_both_clients() -> None:
    for client in (Unisync(region_name="eu-west-1"), AsyncUnisync(region_name="eu-west-1")):
        signature = inspect.signature(client.twinmaker.create_sync_job)
        assert str(signature.parameters["dry_run"]) == "dry_run: 'bool' = False"
        assert signature.return_annotation == "CreatedSyncJob"


@pytest.mark.slow
@pytest.mark.parametrize("service", OPERATIONS)
def test_a_dry_run_sends_nothing_and_says_what_is_sent_otherwise(
    aws: Emulator, make_either: Callable[..., Any], service: str
) -> None:
    client, known = make_either(**client_argument_of(service)), prepare(aws)
    for name in [name for each, name in NAMES if each == service and CHANGES.match(name)]:
        before = len(aws.calls)
        planned = OPERATIONS[service][name].use(DryRunClient(client), known)
        assert len(aws.calls) == before
        with suppress(NotFoundError):  # what an earlier operation deleted
            OPERATIONS[service][name].use(client, known)
        sent = aws.calls[before]
        assert (planned.service, planned.operation, planned.params) == (sent.service, sent.operation, sent.params)


@pytest.mark.slow
def test_a_dry_run_rejects_what_the_operation_rejects(aws: Emulator, make_either: Callable[..., Any]) -> None:
    client = make_either()
    with pytest.raises(InvalidArgumentError, match="iottwinmaker CreateSyncJob: sync_role: expected 20 to 2048"):
        client.twinmaker.create_sync_job("factory", sync_role="sync", dry_run=True)
    assert aws.calls == []


class DryRunClient:
    """A client whose operations are all called with `dry_run=True`."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._client, name)
        if name in ("twinmaker", "proton", "codeconnections"):
            return DryRunClient(value)
        return partial(value, dry_run=True)
