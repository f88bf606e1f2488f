"""The error tree: classes by code, messages and attributes, and the same after pickling and copying."""

from __future__ import annotations

import copy
import pickle
import re
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

import unisync
from tests.support.samples import FACTORY, NEWER, blocker, revision, throttled, twin_job
from unisync import (
    AccessDeniedError,
    AlreadyExistsError,
    ConflictError,
    CredentialsError,
    InvalidArgumentError,
    InvalidRequestError,
    NotFoundError,
    QuotaExceededError,
    ResponseError,
    ServerError,
    ServiceError,
    SyncBlockedError,
    SyncError,
    SyncFailedError,
    SyncState,
    SyncSupersededError,
    ThrottledError,
    TransportError,
    UnisyncError,
    WaitError,
    WaitStoppedError,
    WaitTimeoutError,
    errors,
)

CODES: dict[str, type[ServiceError]] = {
    "AccessDeniedException": AccessDeniedError,
    "UnrecognizedClientException": AccessDeniedError,
    "InvalidSignatureException": AccessDeniedError,
    "ExpiredTokenException": AccessDeniedError,
    "ResourceNotFoundException": NotFoundError,
    "SyncBlockerDoesNotExistException": NotFoundError,
    "ValidationException": InvalidRequestError,
    "InvalidInputException": InvalidRequestError,
    "UnsupportedProviderTypeException": InvalidRequestError,
    "ConflictException": ConflictError,
    "ConcurrentModificationException": ConflictError,
    "UpdateOutOfSyncException": ConflictError,
    "SyncConfigurationStillExistsException": ConflictError,
    "ResourceAlreadyExistsException": AlreadyExistsError,
    "ServiceQuotaExceededException": QuotaExceededError,
    "LimitExceededException": QuotaExceededError,
    "ThrottlingException": ThrottledError,
    "TooManyRequestsException": ThrottledError,
    "InternalServerException": ServerError,
    "RetryLatestCommitFailedException": ServerError,
}


def response(code: str, status: int = 400) -> dict[str, Any]:
    """An error response as botocore parses it."""
    return {
        "Error": {"Code": code, "Message": "some reason"},
        "ResponseMetadata": {"HTTPStatusCode": status, "RequestId": "r-1"},
        "message": "some reason",
    }


def wait_arguments(**more: Any) -> dict[str, Any]:
    return {"ref": FACTORY, "job": twin_job(SyncState.RUNNING), "polls": 3, "elapsed": 9.5, **more}


SUPERSEDED = {"revision": "abc1234", "superseded_by": revision(NEWER)}
WAIT_ERRORS: list[tuple[type[WaitError], dict[str, Any]]] = [
    (WaitError, {}),
    (WaitTimeoutError, {"last_error": throttled()}),
    (WaitStoppedError, {}),
    (SyncFailedError, {}),
    (SyncBlockedError, {"blockers": (blocker(),)}),
    (SyncSupersededError, SUPERSEDED),
]

EXAMPLES: list[UnisyncError] = [
    UnisyncError("failed"),
    InvalidArgumentError.expected("revision", "a sha", 5),
    CredentialsError("proton", "Op", "no credentials"),
    ServiceError(response("Novel"), "Op", "proton"),
    *(kind(response("Novel"), "Op", "proton") for kind in dict.fromkeys(CODES.values())),
    TransportError("proton", "Op", "reset", retryable=True, outcome_unknown=True),
    ResponseError("proton", "Op", "not JSON", status_code=200, request_id="r-1"),
    *(kind("ended", **wait_arguments(**more)) for kind, more in WAIT_ERRORS),
]
"""An error of each class."""


# The tree.


def drawn_tree() -> Iterator[tuple[str, str, str]]:
    """Each class in the drawing in the module's docstring, its base class, and the remark beside it."""
    path: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        found = re.fullmatch(r" {4}((?:[│ ] {3})*)(?:[├└]── )?(\w+Error)(?: {2,}(.*))?", line)
        if found:
            depth = len(found[1]) // 4 + ("── " in line)
            path[depth:] = [found[2]]
            yield found[2], path[-2] if depth else "", found[3] or ""


def test_the_tree_in_the_docstring_is_that_of_the_classes() -> None:
    drawn = list(drawn_tree())
    assert {name for name, *_ in drawn} == set(errors.__all__)
    for name, base, remark in drawn:
        kind: type[BaseException] = getattr(errors, name)
        bases = [each.__name__ for each in kind.__bases__]
        assert bases[0] == (base or "Exception"), name
        also = re.search(r"also a (?:botocore )?(\w+)", remark)
        assert bases[1:] == ([also[1]] if also else []), name


def test_an_invalid_argument_is_a_value_error_and_no_error_of_aws() -> None:
    assert issubclass(InvalidArgumentError, ValueError)
    assert not issubclass(InvalidArgumentError, ServiceError)
    assert issubclass(InvalidRequestError, ServiceError)
    assert not issubclass(InvalidRequestError, ValueError)


def test_there_is_an_example_of_each_class() -> None:
    assert [type(error).__name__ for error in EXAMPLES] == [name for name, *_ in drawn_tree()]


def test_tracebacks_show_the_public_path() -> None:
    for name in errors.__all__:
        kind = getattr(unisync, name)
        assert f"{kind.__module__}.{kind.__qualname__}" == f"unisync.{name}"
        assert kind.__doc__


# Errors of AWS.


def test_the_class_follows_from_the_code_whatever_the_status() -> None:
    for code, kind in CODES.items():
        assert ServiceError.class_of(code) is kind
        for status in (400, 402, 429, 500, 503):
            assert type(ServiceError.from_response(response(code, status), "Op", "proton")) is kind


def test_an_unregistered_code_falls_back_on_the_status() -> None:
    assert ServiceError.class_of("Novel") is None
    assert type(ServiceError.from_response(response("Novel", 499), "Op", "proton")) is ServiceError
    assert type(ServiceError.from_response(response("Novel", 500), "Op", "proton")) is ServerError
    empty = ServiceError.from_response({}, "Op", "proton")
    assert type(empty) is ServiceError
    assert (empty.code, empty.message, empty.status_code, empty.request_id) == ("Unknown", "", None, None)
    assert str(empty) == "proton Op: Unknown: no message"


def test_the_attributes_of_a_service_error() -> None:
    error = ServiceError.from_response(response("ResourceNotFoundException", 404), "GetSyncJob", "iottwinmaker")
    assert isinstance(error, ClientError)
    assert (error.service, error.operation, error.code) == ("iottwinmaker", "GetSyncJob", "ResourceNotFoundException")
    assert (error.message, error.status_code, error.request_id) == ("some reason", 404, "r-1")
    assert (error.region, error.account) == (None, None)
    assert error.response == response("ResourceNotFoundException", 404)
    assert error.operation_name == "GetSyncJob"
    assert str(error) == "iottwinmaker GetSyncJob: ResourceNotFoundException: some reason (request r-1)"


def test_transient_errors_are_retryable() -> None:
    retryable = {type(error) for error in EXAMPLES if error.retryable}
    assert retryable == {ThrottledError, ServerError, TransportError}
    unknown = {type(error) for error in EXAMPLES if error.outcome_unknown}
    assert unknown == {ServerError, TransportError, ResponseError}


def test_a_code_is_registered_for_one_class() -> None:
    with pytest.raises(TypeError, match="ValidationException is registered for InvalidRequestError already"):

        class AnotherError(ServiceError, codes=("ValidationException",)):  # pyright: ignore[reportUnusedClass]
            pass


# All other errors.


def test_an_invalid_argument_says_what_was_expected() -> None:
    assert str(InvalidArgumentError.expected("revision", "a sha", 5)) == "revision: expected a sha, got 5"
    long = str(InvalidArgumentError.expected("revision", "a sha", "x" * 1000))
    assert long == "revision: expected a sha, got '" + "x" * 59
    InvalidArgumentError.unless(True, "revision", "a sha", 5)
    with pytest.raises(InvalidArgumentError, match=r"^revision: expected a sha, got 5$"):
        InvalidArgumentError.unless(False, "revision", "a sha", 5)


def test_the_attributes_of_a_credentials_error() -> None:
    error = CredentialsError("proton", "GetRepository", "no credentials")
    assert str(error) == "proton GetRepository: no credentials"
    assert (error.service, error.operation) == ("proton", "GetRepository")
    assert (error.retryable, error.outcome_unknown) == (False, False)


def test_the_attributes_of_a_transport_error() -> None:
    error = TransportError("proton", "GetRepository", "reset", retryable=True, outcome_unknown=False)
    assert str(error) == "proton GetRepository: reset"
    assert (error.service, error.operation) == ("proton", "GetRepository")
    assert (error.retryable, error.outcome_unknown) == (True, False)


def test_the_attributes_of_a_response_error() -> None:
    error = ResponseError("proton", "GetRepository", "not JSON", status_code=200, request_id="r-1")
    assert str(error) == "proton GetRepository: the response cannot be read: not JSON"
    assert (error.service, error.operation, error.reason) == ("proton", "GetRepository", "not JSON")
    assert (error.status_code, error.request_id, error.is_truncated) == (200, "r-1", False)


def test_the_attributes_of_a_wait_error() -> None:
    for kind, more in WAIT_ERRORS:
        arguments = wait_arguments(**more)
        error = kind("ended", **arguments)
        assert str(error) == "ended"
        assert {name: getattr(error, name) for name in arguments} == arguments


def test_a_failure_has_the_reason_of_the_service() -> None:
    reason = SyncError(code="A", message="b")
    for job, error in (
        (twin_job(SyncState.FAILED, error=reason), reason),
        (twin_job(SyncState.FAILED), None),
        (None, None),
    ):
        assert SyncFailedError("failed", ref=FACTORY, job=job, polls=1, elapsed=0).error == error


# Pickling and copying.


def same(one: object, other: object) -> bool:
    """Equality that compares the exceptions in the attributes of an exception as well."""
    if isinstance(one, BaseException):
        return type(one) is type(other) and str(one) == str(other) and same(one.__dict__, other.__dict__)
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)  # pyright: ignore
    return one == other


@pytest.mark.parametrize("error", EXAMPLES, ids=lambda error: type(error).__name__)
def test_pickling_and_copying_keep_the_class_and_the_attributes(error: UnisyncError) -> None:
    error.add_note("seen in test")
    if isinstance(error, ServiceError):
        error.region, error.account = "eu-west-1", "123456789012"
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        assert same(error, pickle.loads(pickle.dumps(error, protocol)))
    assert same(error, copy.copy(error))
    assert same(error, copy.deepcopy(error))


@given(st.text(), st.text(), st.integers(100, 599))
def test_any_service_error_can_be_pickled(code: str, message: str, status: int) -> None:
    parsed = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    error = ServiceError.from_response(parsed, "Op", "proton")
    assert same(error, pickle.loads(pickle.dumps(error)))
    assert error.code == code
