"""Responses in JSON and in CBOR: those that cannot be read are a ResponseError, also where botocore sees a success."""

from __future__ import annotations

import contextlib
from datetime import UTC
from typing import Any

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.cbor import NO_CBOR, use_cbor
from tests.support.samples import FACTORY, MINE, STACK, session_of
from unisync import (
    NotFoundError,
    ResponseError,
    ServerError,
    ServiceInstanceSync,
    SyncState,
    Unisync,
)
from unisync._botocore.read import Body
from unisync.emulator import Emulator

pytestmark = pytest.mark.slow

INSTANCE = ServiceInstanceSync("web", "prod")
OPERATIONS = [
    ("GetSyncJob", FACTORY),
    ("GetServiceInstanceSyncStatus", INSTANCE),
    ("GetResourceSyncStatus", STACK),
]


NEEDS_CBOR = pytest.mark.skipif(NO_CBOR, reason="no CBOR in this botocore")
CASES = [
    *(("json", operation, ref) for operation, ref in OPERATIONS),
    pytest.param("cbor", "GetResourceSyncStatus", STACK, marks=NEEDS_CBOR),
]


@pytest.fixture(params=["json", pytest.param("cbor", marks=NEEDS_CBOR)])
def protocol(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both protocols of CodeConnections."""
    if request.param == "cbor":
        use_cbor(monkeypatch)
    return str(request.param)


@pytest.fixture(autouse=True)
def resources(protocol: str, aws: Emulator) -> None:
    aws.add_workspace("factory")
    aws.add_stack("payments-prod", repository="acme/infra")
    aws.add_service_instance("web", "prod", repository="acme/web")
    aws.push(stack="payments-prod", sha=MINE)
    aws.push(service="web", instance="prod", sha=MINE)


@pytest.fixture
def ready_client(either: Any) -> Any:
    """A client of either kind, after a sync job was created."""
    either.twinmaker.create_sync_job("factory", sync_role="arn:aws:iam::123456789012:role/sync")
    return either


def test_the_client_uses_the_protocol(client: Unisync, protocol: str) -> None:
    model: Any = session_of(client).client("codeconnections").meta.service_model
    assert ("cbor" in model.resolved_protocol) is (protocol == "cbor")


def test_a_response_is_read(aws: Emulator, ready_client: Any, protocol: str) -> None:
    job = ready_client.get(STACK)
    assert (job.status.state, job.latest_sync.target_revision.sha) == (SyncState.PENDING, MINE)
    assert job.latest_sync.started_at.utcoffset().total_seconds() == 0
    assert job.latest_sync.started_at.tzinfo == UTC, "not the time zone of this machine"
    aws.clock.advance(0.25)
    assert (ready_client.get(STACK).latest_sync.started_at - job.latest_sync.started_at).total_seconds() == 0
    aws.fault("GetResourceSyncStatus", "unknown-member")
    added = ready_client.get(STACK)
    assert added.model_extra == added.latest_sync.events[0].model_extra == {"addedByAws": "something new"}
    with pytest.raises(NotFoundError):
        ready_client.codeconnections.get_resource_sync_status("unknown")


@pytest.mark.parametrize(("protocol", "operation", "ref"), CASES, indirect=["protocol"])
def test_an_unreadable_response_with_status_200_is_a_response_error(
    aws: Emulator, ready_client: Any, operation: str, ref: Any, subtests: pytest.Subtests
) -> None:
    for fault in ("truncate", "short", "garble", "empty", "html", "missing-member"):
        if (operation, fault) == ("GetServiceInstanceSyncStatus", "missing-member"):
            continue  # Proton's response has no required fields
        with subtests.test(fault):
            aws.fault(operation, fault)
            with pytest.raises(ResponseError, match="cannot be read") as caught:
                ready_client.get(ref)
            assert (caught.value.operation, caught.value.status_code) == (operation, 200)
            assert caught.value.request_id
            assert caught.value.__cause__ is not None
            assert ready_client.get(ref), "the client can be used after that"


@pytest.mark.parametrize("fault", ["short", "html"])
def test_botocore_takes_an_unreadable_response_for_a_success(aws: Emulator, fault: str) -> None:
    """The reason for ResponseError. If botocore improves, this fails."""
    client = boto3.client(
        "proton",
        endpoint_url=aws.url,
        region_name="eu-west-1",
        aws_access_key_id=aws.environment()["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=aws.environment()["AWS_SECRET_ACCESS_KEY"],
    )
    aws.fault("GetServiceInstanceSyncStatus", fault)
    response = client.get_service_instance_sync_status(serviceName="web", serviceInstanceName="prod")
    assert list(response) == ["ResponseMetadata"]
    client.close()


@pytest.mark.parametrize(("protocol", "operation", "ref"), CASES, indirect=["protocol"])
def test_an_error_without_a_structure_is_read_by_its_status(
    aws: Emulator, ready_client: Any, operation: str, ref: Any, subtests: pytest.Subtests
) -> None:
    for status in (500, 502, 503, 504):
        with subtests.test(status=status):
            aws.fault(operation, f"http-{status}", times=3)
            with pytest.raises(ServerError) as caught:
                ready_client.get(ref)
            assert (caught.value.status_code, caught.value.code) == (status, str(status))
            aws.fault(operation, f"http-{status}", times=2)
            assert ready_client.get(ref), "it is retried"


@pytest.mark.parametrize("fault", ["truncate", "garble", "empty", "html", "missing-member"])
def test_a_wait_retries_an_unreadable_response(aws: Emulator, ready_client: Any, fault: str) -> None:
    aws.fault("GetResourceSyncStatus", fault, times=2)
    assert ready_client.wait_until_active(STACK, revision=MINE).status.state is SyncState.ACTIVE


def test_a_wait_fails_if_every_response_is_unreadable(aws: Emulator, ready_client: Any) -> None:
    aws.fault("GetResourceSyncStatus", "html", times=None)
    with pytest.raises(ResponseError):
        ready_client.wait_until_active(STACK)
    assert aws.clock.now() < 60


def test_no_message_quotes_the_response(aws: Emulator, ready_client: Any) -> None:
    aws.fault("GetResourceSyncStatus", "missing-member")
    with pytest.raises(ResponseError) as caught:
        ready_client.get(STACK)
    assert MINE not in str(caught.value)
    assert "latestsync: field required" in str(caught.value).lower()


# Arbitrary bytes, without an emulator.


@given(st.binary(max_size=200))
def test_invalid_cbor_is_a_value_error(body: bytes) -> None:
    with contextlib.suppress(ValueError):
        Body(body, is_cbor=True, content_length=None).decoded_cbor()


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
def test_malicious_cbor_is_rejected_before_memory_is_allocated(body: bytes) -> None:
    with pytest.raises(ValueError, match="invalid CBOR"):
        Body(body, is_cbor=True, content_length=None).decoded_cbor()
