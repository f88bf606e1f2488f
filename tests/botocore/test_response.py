"""Answers that cannot be read, in JSON and in CBOR: a named error where botocore alone sees a success."""

from __future__ import annotations

import contextlib
from datetime import UTC
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.client import BaseClient
from botocore.config import Config
from hypothesis import given
from hypothesis import strategies as st

from tests.support.cbor import NO_CBOR, leave_only_cbor
from tests.support.samples import FACTORY, MINE, STACK, session_of
from unisync import (
    InvalidRequestError,
    NotFoundError,
    ResponseError,
    ServerError,
    ServiceInstanceSync,
    SyncState,
    Unisync,
)
from unisync._botocore.response import RawReply
from unisync.emulator import Emulator

INSTANCE = ServiceInstanceSync("web", "prod")
OPERATIONS = [
    ("GetSyncJob", FACTORY),
    ("GetServiceInstanceSyncStatus", INSTANCE),
    ("GetResourceSyncStatus", STACK),
]


@pytest.fixture(
    params=["json", pytest.param("cbor", marks=pytest.mark.skipif(NO_CBOR, reason="no CBOR in this botocore"))]
)
def protocol(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """Both protocols of CodeConnections: botocore speaks CBOR when AWS's model leaves it no choice."""
    if request.param == "cbor":
        leave_only_cbor(tmp_path)
        monkeypatch.setenv("AWS_DATA_PATH", str(tmp_path))
    return str(request.param)


@pytest.fixture(autouse=True)
def world(protocol: str, aws: Emulator) -> None:
    aws.add_workspace("factory")
    aws.add_stack("payments-prod", repository="acme/infra")
    aws.add_service_instance("web", "prod", repository="acme/web")
    aws.push(stack="payments-prod", sha=MINE)
    aws.push(service="web", instance="prod", sha=MINE)


@pytest.fixture
def ready(either: Any) -> Any:
    """Either client, of a world in which each of the three operations has something to answer."""
    either.twinmaker.create_sync_job("factory", sync_role="arn:aws:iam::123456789012:role/sync")
    return either


def test_a_good_answer_is_read(aws: Emulator, ready: Any, protocol: str) -> None:
    job = ready.get(STACK)
    assert (job.status.state, job.latest_sync.target_revision.sha) == (SyncState.PENDING, MINE)
    assert job.latest_sync.started_at.utcoffset().total_seconds() == 0
    assert job.latest_sync.started_at.tzinfo == UTC, "and not the machine's own time zone"
    aws.clock.advance(0.25)
    assert (ready.get(STACK).latest_sync.started_at - job.latest_sync.started_at).total_seconds() == 0
    aws.fault("GetResourceSyncStatus", "unknown-member")
    added = ready.get(STACK)
    assert added.model_extra == added.latest_sync.events[0].model_extra == {"addedByAws": "something new"}
    with pytest.raises(NotFoundError):
        ready.codeconnections.get_resource_sync_status("unknown")


@pytest.mark.parametrize(
    ("operation", "ref", "fault"),
    [
        (operation, ref, fault)
        for operation, ref in OPERATIONS
        for fault in ("truncate", "short", "garble", "empty", "html", "missing-member")
        # Proton's answer has no required members.
        if (operation, fault) != ("GetServiceInstanceSyncStatus", "missing-member")
    ],
)
def test_an_unreadable_answer_with_status_200_is_a_response_error(
    aws: Emulator, ready: Any, operation: str, ref: Any, fault: str
) -> None:
    aws.fault(operation, fault)
    with pytest.raises(ResponseError, match="cannot be read") as caught:
        ready.get(ref)
    assert (caught.value.operation, caught.value.status_code) == (operation, 200)
    assert caught.value.request_id
    assert caught.value.__cause__ is not None
    assert ready.get(ref), "the client goes on"


@pytest.mark.parametrize("fault", ["short", "html"])
def test_botocore_alone_calls_it_a_success(aws: Emulator, fault: str) -> None:
    """Why there is a ResponseError at all. Should botocore learn better, this says so."""
    client = boto3.client(
        "proton",
        endpoint_url=aws.url,
        region_name="eu-west-1",
        aws_access_key_id=aws.environment()["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=aws.environment()["AWS_SECRET_ACCESS_KEY"],
    )
    aws.fault("GetServiceInstanceSyncStatus", fault)
    reply = client.get_service_instance_sync_status(serviceName="web", serviceInstanceName="prod")
    assert list(reply) == ["ResponseMetadata"]
    client.close()


@pytest.mark.parametrize("status", [500, 502, 503, 504])
@pytest.mark.parametrize(("operation", "ref"), OPERATIONS)
def test_an_error_whose_body_is_no_structure_goes_by_its_status(
    aws: Emulator, ready: Any, operation: str, ref: Any, status: int
) -> None:
    aws.fault(operation, f"http-{status}", times=3)
    with pytest.raises(ServerError) as caught:
        ready.get(ref)
    assert (caught.value.status_code, caught.value.code) == (status, str(status))
    aws.fault(operation, f"http-{status}", times=2)
    assert ready.get(ref), "and it passes"


@pytest.mark.parametrize("fault", ["truncate", "garble", "empty", "html", "missing-member"])
def test_a_wait_looks_past_an_accident(aws: Emulator, ready: Any, fault: str) -> None:
    aws.fault("GetResourceSyncStatus", fault, times=2)
    assert ready.wait_until_active(STACK, revision=MINE).status.state is SyncState.ACTIVE


def test_a_wait_does_not_look_past_what_is_always_unreadable(aws: Emulator, ready: Any) -> None:
    aws.fault("GetResourceSyncStatus", "html", times=None)
    with pytest.raises(ResponseError):
        ready.wait_until_active(STACK)
    assert aws.clock.now() < 60


def test_the_answer_itself_is_in_no_message(aws: Emulator, ready: Any) -> None:
    aws.fault("GetResourceSyncStatus", "missing-member")
    with pytest.raises(ResponseError) as caught:
        ready.get(STACK)
    assert MINE not in str(caught.value)
    assert "latestsync: field required" in str(caught.value).lower()


# What comes without an emulator: any bytes.


@given(st.binary(max_size=200))
def test_cbor_is_read_or_refused_and_nothing_else(body: bytes) -> None:
    with contextlib.suppress(ValueError):
        RawReply(body, is_cbor=True, announced=None).decoded_cbor()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\x5b\x20\x00\x00\x00\x00\x00\x00\x00",
        b"\x7b\x20\x00\x00\x00\x00\x00\x00\x00",
        b"\x9f" * 100_000,
        b"\xa1\x61",
        b"\xc1\xfb\x7f\xf0\x00\x00\x00\x00\x00\x00",
    ],
    ids=["empty", "bytes of 2^61", "text of 2^61", "nested", "cut", "infinite date"],
)
def test_hostile_cbor_is_refused_without_being_believed(body: bytes) -> None:
    with pytest.raises(ValueError, match="invalid CBOR"):
        RawReply(body, is_cbor=True, announced=None).decoded_cbor()


class Canned:
    """A botocore that answers every call with one result, as if its hooks had changed."""

    def __init__(self, client: Unisync, result: dict[str, Any]) -> None:
        real = session_of(client).client

        def made(service: str) -> BaseClient:
            botocore = real(service)
            botocore._make_api_call = lambda operation_name, api_params: result  # type: ignore[method-assign]
            return botocore

        session_of(client).client = made  # type: ignore[method-assign]


def test_without_the_hook_botocores_own_result_is_read(aws: Emulator, client: Unisync, protocol: str) -> None:
    session = aws.client_options()["session"]
    raw: Any = session.client("proton", endpoint_url=aws.url, config=Config(inject_host_prefix=False, proxies={}))
    result = raw.get_service_instance_sync_status(serviceName="web", serviceInstanceName="prod")
    raw.close()
    expected = client.get(INSTANCE)
    Canned(client, result)
    job = client.get(INSTANCE)
    assert job == expected
    assert job.latest_sync is not None
    assert job.latest_sync.started_at.utcoffset() is not None
    Canned(client, {"ResponseMetadata": {"HTTPStatusCode": 200}})
    with pytest.raises((ResponseError, NotFoundError, InvalidRequestError)):
        client.get(STACK)
