"""The exception tree: by code, importable, and the same after pickle and copy."""

from __future__ import annotations

import copy
import pickle
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

CODES = [
    ("AccessDeniedException", AccessDeniedError),
    ("UnrecognizedClientException", AccessDeniedError),
    ("InvalidSignatureException", AccessDeniedError),
    ("ExpiredTokenException", AccessDeniedError),
    ("ResourceNotFoundException", NotFoundError),
    ("SyncBlockerDoesNotExistException", NotFoundError),
    ("ValidationException", InvalidRequestError),
    ("InvalidInputException", InvalidRequestError),
    ("UnsupportedProviderTypeException", InvalidRequestError),
    ("ConflictException", ConflictError),
    ("ConcurrentModificationException", ConflictError),
    ("UpdateOutOfSyncException", ConflictError),
    ("SyncConfigurationStillExistsException", ConflictError),
    ("ResourceAlreadyExistsException", AlreadyExistsError),
    ("ServiceQuotaExceededException", QuotaExceededError),
    ("LimitExceededException", QuotaExceededError),
    ("ThrottlingException", ThrottledError),
    ("TooManyRequestsException", ThrottledError),
    ("InternalServerException", ServerError),
    ("RetryLatestCommitFailedException", ServerError),
]


def answer(code: str, status: int = 400) -> dict[str, Any]:
    return {
        "Error": {"Code": code, "Message": "said so"},
        "ResponseMetadata": {"HTTPStatusCode": status, "RequestId": "r-1"},
        "message": "said so",
    }


@pytest.mark.parametrize(("code", "kind"), CODES)
@pytest.mark.parametrize("status", [400, 402, 429, 500, 503])
def test_the_code_decides_and_never_the_status(code: str, kind: type[ServiceError], status: int) -> None:
    assert type(ServiceError.of(answer(code, status), "Op", "proton")) is kind


def test_an_unknown_code_falls_back_on_the_status() -> None:
    assert type(ServiceError.of(answer("Novel", 499), "Op", "proton")) is ServiceError
    assert type(ServiceError.of(answer("Novel", 500), "Op", "proton")) is ServerError
    silent = ServiceError.of({}, "Op", "proton")
    assert type(silent) is ServiceError
    assert (silent.code, silent.message, silent.status_code, silent.request_id) == ("Unknown", "", None, None)
    assert str(silent) == "proton Op: Unknown: no message"


def test_an_error_tells_everything_that_aws_told() -> None:
    error = ServiceError.of(answer("ResourceNotFoundException", 404), "GetSyncJob", "iottwinmaker")
    assert isinstance(error, ClientError)
    assert (error.service, error.operation, error.code) == ("iottwinmaker", "GetSyncJob", "ResourceNotFoundException")
    assert (error.message, error.status_code, error.request_id) == ("said so", 404, "r-1")
    assert error.response == answer("ResourceNotFoundException", 404)
    assert error.operation_name == "GetSyncJob"
    assert str(error) == "iottwinmaker GetSyncJob: ResourceNotFoundException: said so (request r-1)"


@pytest.mark.parametrize(
    ("kind", "retryable"), [(ThrottledError, True), (ServerError, True), (QuotaExceededError, False)]
)
def test_what_comes_right_by_itself_says_so(kind: type[ServiceError], retryable: bool) -> None:
    assert kind({}, "Op", "proton").retryable is retryable


def test_a_code_belongs_to_one_class() -> None:
    with pytest.raises(TypeError, match="ValidationException is registered for InvalidRequestError already"):

        class AnotherError(ServiceError, codes=("ValidationException",)):  # pyright: ignore[reportUnusedClass]
            pass

    assert ServiceError.class_of("ValidationException") is InvalidRequestError
    assert ServiceError.class_of("Novel") is None


def test_a_refusal_of_our_own_reads_as_a_sentence() -> None:
    error = InvalidRequestError.before_sending("tags: expected at most 50", "CreateSyncJob", "iottwinmaker")
    assert str(error) == "iottwinmaker CreateSyncJob: tags: expected at most 50"
    assert (error.code, error.status_code, error.request_id) == ("InvalidArgument", None, None)
    assert error.response["Error"]["Message"] == error.message == "tags: expected at most 50"
    assert str(InvalidRequestError.before_sending("revision: expected a sha")) == "revision: expected a sha"


def test_no_answer_says_of_what_and_why() -> None:
    error = TransportError("proton", "GetRepository", "reset", retryable=True, outcome_unknown=False)
    assert str(error) == "proton GetRepository: reset"
    assert (error.service, error.operation) == ("proton", "GetRepository")
    assert (error.retryable, error.outcome_unknown) == (True, False)


def test_an_answer_that_cannot_be_read_says_of_what_and_why() -> None:
    error = ResponseError("proton", "GetRepository", "not JSON", status_code=200, request_id="r-1")
    assert str(error) == "proton GetRepository: the answer cannot be read: not JSON"
    assert (error.service, error.operation, error.reason) == ("proton", "GetRepository", "not JSON")
    assert (error.status_code, error.request_id, error.cut_short) == (200, "r-1", False)


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        (WaitError, {}),
        (WaitTimeoutError, {"last_error": throttled()}),
        (WaitStoppedError, {}),
        (SyncFailedError, {}),
        (SyncBlockedError, {"blockers": (blocker(),)}),
        (SyncSupersededError, {"revision": "abc1234", "superseded_by": revision(NEWER)}),
    ],
)
def test_a_wait_that_ended_tells_what_it_waited_for_and_how_far_it_came(
    kind: type[WaitError], more: dict[str, Any]
) -> None:
    told: dict[str, Any] = {"ref": FACTORY, "job": twin_job(SyncState.RUNNING), "attempts": 3, "elapsed": 9.5, **more}
    error = kind("ended", **told)
    assert str(error) == "ended"
    assert {name: getattr(error, name) for name in told} == told


def test_a_failure_has_the_services_reason_if_there_is_one() -> None:
    reason = SyncError(code="A", message="b")
    for job, error in (
        (twin_job(SyncState.FAILED, error=reason), reason),
        (twin_job(SyncState.FAILED), None),
        (None, None),
    ):
        assert SyncFailedError("failed", ref=FACTORY, job=job, attempts=1, elapsed=0).error == error


EXAMPLES: list[UnisyncError] = [
    *(ServiceError.of(answer(code), "Op", "proton") for code, _ in CODES),
    ServiceError.of(answer("Novel"), "Op", "proton"),
    InvalidRequestError.before_sending("revision: expected a sha"),
    TransportError("proton", "Op", "reset", retryable=True, outcome_unknown=True),
    ResponseError("proton", "Op", "not JSON", status_code=200, request_id="r-1"),
    WaitError("ended", ref=FACTORY, job=None, attempts=1, elapsed=0.5),
    WaitTimeoutError(
        "late", ref=FACTORY, job=twin_job(SyncState.RUNNING), attempts=3, elapsed=9.5, last_error=throttled()
    ),
    SyncFailedError("failed", ref=FACTORY, job=twin_job(SyncState.FAILED), attempts=2, elapsed=1.5),
    SyncBlockedError("blocked", ref=FACTORY, job=None, attempts=1, elapsed=0, blockers=(blocker(),)),
    SyncSupersededError(
        "superseded", ref=FACTORY, job=None, attempts=1, elapsed=0, revision="abc1234", superseded_by=revision(NEWER)
    ),
]


def same(one: object, other: object) -> bool:
    """Equality that looks into the exceptions that an exception holds."""
    if isinstance(one, BaseException):
        return type(one) is type(other) and str(one) == str(other) and same(one.__dict__, other.__dict__)
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)  # pyright: ignore
    return one == other


@pytest.mark.parametrize("error", EXAMPLES, ids=lambda error: type(error).__name__)
def test_pickle_and_copy_give_the_same_class_with_the_same_attributes(error: UnisyncError) -> None:
    error.add_note("seen in test")
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        assert same(error, pickle.loads(pickle.dumps(error, protocol)))
    assert same(error, copy.copy(error))
    assert same(error, copy.deepcopy(error))


@given(st.text(), st.text(), st.integers(100, 599))
def test_any_error_that_a_service_may_send_survives_pickling(code: str, message: str, status: int) -> None:
    told = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    error = ServiceError.of(told, "Op", "proton")
    assert same(error, pickle.loads(pickle.dumps(error)))
    assert error.code == code


def test_the_tree_is_the_one_that_is_drawn() -> None:
    """The picture at the head of the module, read back from the classes themselves."""
    drawn = [line for line in (errors.__doc__ or "").splitlines() if "Error" in line.split("  ")[-1] or "──" in line]
    names = {word for line in drawn for word in line.replace("─", " ").split() if word.endswith("Error")}
    assert set(errors.__all__) <= names

    def children(kind: type[BaseException]) -> set[str]:
        return {each.__name__ for each in kind.__subclasses__() if each.__module__ == "unisync"}

    assert children(UnisyncError) == {"ServiceError", "TransportError", "ResponseError", "WaitError"}
    assert children(ServiceError) == {
        "AccessDeniedError",
        "NotFoundError",
        "InvalidRequestError",
        "ConflictError",
        "QuotaExceededError",
        "ThrottledError",
        "ServerError",
    }
    assert children(ConflictError) == {"AlreadyExistsError"}
    assert children(WaitError) == {
        "WaitTimeoutError",
        "WaitStoppedError",
        "SyncFailedError",
        "SyncBlockedError",
        "SyncSupersededError",
    }
    assert issubclass(WaitTimeoutError, TimeoutError)


def test_tracebacks_show_the_public_path() -> None:
    for name in errors.__all__:
        kind = getattr(unisync, name)
        assert f"{kind.__module__}.{kind.__qualname__}" == f"unisync.{name}"
        assert kind.__doc__
