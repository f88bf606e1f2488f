"""Every error that a model declares for an emulated operation arrives in boto3 as that error, with its status."""

from __future__ import annotations

from collections.abc import Iterator

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.emulator.clients import IMPLEMENTED, REQUESTS, Clients
from unisync.emulator import Emulator
from unisync.emulator._protocol.operations import service_model

STATUSES = {
    "iottwinmaker": {
        "ValidationException": 400,
        "ResourceNotFoundException": 404,
        "AccessDeniedException": 403,
        "ConflictException": 409,
        "ServiceQuotaExceededException": 402,
        "ThrottlingException": 429,
        "InternalServerException": 500,
    },
    # Proton's model declares no status, but says that one error is the service's fault.
    "proton": {"InternalServerException": 500},
    "codeconnections": {
        "InvalidInputException": 400,
        "ResourceNotFoundException": 404,
        "AccessDeniedException": 403,
        "ThrottlingException": 429,
        "InternalServerException": 503,
        "ConcurrentModificationException": 409,
        "ConditionalCheckFailedException": 409,
        "LimitExceededException": 429,
        "ResourceAlreadyExistsException": 409,
        "RetryLatestCommitFailedException": 503,
        "SyncBlockerDoesNotExistException": 404,
        "SyncConfigurationStillExistsException": 409,
        "UnsupportedProviderTypeException": 400,
        "UpdateOutOfSyncException": 409,
    },
    "codestar-connections": {},
}


def declared(service: str, operation: str) -> list[str]:
    return [shape.name for shape in service_model(service).operation_model(operation).error_shapes]


EVERY = [(service, operation, code) for service, operation in IMPLEMENTED for code in declared(service, operation)]


@pytest.fixture(scope="module")
def serving() -> Iterator[Emulator]:
    with Emulator(clock="manual") as aws:
        yield aws


@pytest.fixture(scope="module")
def in_json(serving: Emulator) -> Iterator[Clients]:
    with Clients(serving.url) as clients:
        yield clients


@pytest.fixture(scope="module")
def in_cbor(serving: Emulator, cbor_session: boto3.Session) -> Iterator[Clients]:
    with Clients(serving.url, session=cbor_session) as clients:
        yield clients


def check(aws: Emulator, clients: Clients, service: str, operation: str, code: str) -> ClientError:
    aws.fault(operation, code, message=f"{code}, because a test wants it")
    client = clients.of(service)
    kind = client.exceptions.from_code(code)
    with pytest.raises(kind) as raised:
        clients.call(service, operation, REQUESTS[service, operation])
    error = raised.value
    assert type(error) is kind is not ClientError
    assert error.operation_name == operation
    assert error.response.get("Error", {}).get("Code") == code
    assert error.response.get("Error", {}).get("Message") == f"{code}, because a test wants it"
    metadata = error.response.get("ResponseMetadata", {})
    assert metadata.get("RequestId")
    assert metadata.get("HTTPStatusCode") == status(service, code)
    return error


def status(service: str, code: str) -> int:
    shape = service_model(service).shape_for_error_code(code)
    if service == "codeconnections" and shape is not None and "httpStatusCode" not in shape.metadata.get("error", {}):
        return 400  # an older botocore's model declares none
    return STATUSES[service].get(code, 400)


@pytest.mark.parametrize(("service", "operation", "code"), EVERY)
def test_a_declared_error_arrives_as_its_class(
    serving: Emulator, in_json: Clients, service: str, operation: str, code: str
) -> None:
    error = check(serving, in_json, service, operation, code)
    headers = error.response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    if service == "iottwinmaker":
        assert headers["x-amzn-errortype"] == code
        assert headers["content-type"] == "application/json"
    else:
        assert headers["content-type"] == "application/x-amz-json-1.0"


@pytest.mark.parametrize(
    ("operation", "code"), [(name, code) for each, name, code in EVERY if each == "codeconnections"]
)
def test_a_declared_error_arrives_as_its_class_in_cbor(
    serving: Emulator, in_cbor: Clients, operation: str, code: str
) -> None:
    error = check(serving, in_cbor, "codeconnections", operation, code)
    headers = error.response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    assert headers["content-type"] == "application/cbor"
    assert headers["smithy-protocol"] == "rpc-v2-cbor"


@pytest.mark.parametrize("service", ["proton", "codeconnections", "iottwinmaker"])
def test_the_message_is_in_the_member_that_the_model_names(serving: Emulator, in_json: Clients, service: str) -> None:
    operation = next(name for each, name in IMPLEMENTED if each == service)
    error = check(serving, in_json, service, operation, "ThrottlingException")
    member = "Message" if service == "codeconnections" else "message"
    assert error.response.get(member) == "ThrottlingException, because a test wants it"


def test_an_error_that_no_model_declares_is_a_plain_client_error(serving: Emulator, in_json: Clients) -> None:
    serving.fault("GetSyncJob", "ExpiredTokenException")
    with pytest.raises(ClientError, match="ExpiredTokenException on demand") as raised:
        in_json.twinmaker.get_sync_job(workspaceId="factory", syncSource="SITEWISE")
    assert type(raised.value) is ClientError
    assert raised.value.response.get("Error", {}).get("Code") == "ExpiredTokenException"
    assert raised.value.response.get("ResponseMetadata", {}).get("HTTPStatusCode") == 400
