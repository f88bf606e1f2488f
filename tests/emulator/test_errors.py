"""Every error that a model declares arrives in boto3 as its exception class, with its HTTP status."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from tests.emulator.clients import BotoClients
from tests.emulator.resources import OPERATIONS, REQUESTS
from unisync.emulator import Emulator
from unisync.emulator._protocol.operations import Protocol, service_model
from unisync.emulator._protocol.serialization import write_error
from unisync.emulator.errors import AwsError

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
    # Proton's model declares no statuses, but it declares one error to be the service's fault.
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


def declared_errors() -> list[tuple[str, str, str]]:
    """Every declared error of every service, with the first emulated operation that declares it."""
    found: dict[tuple[str, str], str] = {}
    for service, operation in OPERATIONS:
        for shape in service_model(service).operation_model(operation).error_shapes:
            found.setdefault((service, shape.name), operation)
    return [(service, operation, code) for (service, code), operation in found.items()]


def expected_status(service: str, code: str) -> int:
    shape = service_model(service).shape_for_error_code(code)
    if service == "codeconnections" and shape is not None and "httpStatusCode" not in shape.metadata.get("error", {}):
        return 400  # the model of an older botocore declares no statuses
    return STATUSES[service].get(code, 400)


def test_every_declared_error_has_its_status() -> None:
    for service, _, code in declared_errors():
        for protocol in Protocol:
            response = write_error(protocol, service, AwsError(code, "message"))
            assert response.status == expected_status(service, code), (service, code)


def raise_error(
    aws: Emulator, boto: BotoClients, service: str, code: str, operation: str = "GetSyncConfiguration"
) -> ClientError:
    """Call an operation that fails with an error, and check the exception."""
    aws.fault(operation, code, message=f"{code}: test")
    kind = boto.client(service).exceptions.from_code(code)
    with pytest.raises(kind) as raised:
        boto.call(service, operation, REQUESTS[service, operation])
    error = raised.value
    assert type(error) is kind is not ClientError
    assert error.operation_name == operation
    assert error.response.get("Error", {}).get("Code") == code
    assert error.response.get("Error", {}).get("Message") == f"{code}: test"
    metadata = error.response.get("ResponseMetadata", {})
    assert metadata.get("RequestId")
    assert metadata.get("HTTPStatusCode") == expected_status(service, code)
    return error


@pytest.mark.parametrize("service", STATUSES)
def test_every_declared_error_arrives_as_its_class(aws: Emulator, boto: BotoClients, service: str) -> None:
    for operation, code in [(operation, code) for each, operation, code in declared_errors() if each == service]:
        error = raise_error(aws, boto, service, code, operation)
        headers = error.response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
        if service == "iottwinmaker":
            assert headers["x-amzn-errortype"] == code
            assert headers["content-type"] == "application/json"
        else:
            assert headers["content-type"] == "application/x-amz-json-1.0"


def test_every_declared_error_arrives_as_its_class_in_cbor(aws: Emulator, cbor: BotoClients) -> None:
    for service, operation, code in declared_errors():
        if service == "codeconnections":
            error = raise_error(aws, cbor, service, code, operation)
            headers = error.response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
            assert headers["content-type"] == "application/cbor"
            assert headers["smithy-protocol"] == "rpc-v2-cbor"


@pytest.mark.parametrize(
    ("service", "operation", "field"),
    [
        ("proton", "GetServiceSyncConfig", "message"),
        ("codeconnections", "GetSyncConfiguration", "Message"),
        ("iottwinmaker", "GetSyncJob", "message"),
    ],
)
def test_the_message_is_in_the_field_of_the_model(
    aws: Emulator, boto: BotoClients, service: str, operation: str, field: str
) -> None:
    error = raise_error(aws, boto, service, "ThrottlingException", operation)
    assert error.response.get(field) == "ThrottlingException: test"


def test_an_undeclared_error_is_a_plain_client_error(aws: Emulator, boto: BotoClients) -> None:
    aws.fault("GetSyncJob", "ExpiredTokenException")
    with pytest.raises(ClientError, match="ExpiredTokenException on demand") as raised:
        boto.twinmaker.get_sync_job(workspaceId="factory", syncSource="SITEWISE")
    assert type(raised.value) is ClientError
    assert raised.value.response.get("Error", {}).get("Code") == "ExpiredTokenException"
    assert raised.value.response.get("ResponseMetadata", {}).get("HTTPStatusCode") == 400
