"""Errors: how they are caught, and their attributes."""
# The constructors take what botocore has parsed, which is Any.
# mypy: no-disallow-any-expr

from __future__ import annotations

from typing import Any, assert_type

from unisync import (
    AccessDeniedError,
    AlreadyExistsError,
    ConflictError,
    CredentialsError,
    GitSyncJob,
    InvalidArgumentError,
    InvalidRequestError,
    NotFoundError,
    ProtonDeprecationWarning,
    QuotaExceededError,
    RepositorySyncAttempt,
    ResponseError,
    Revision,
    RootCause,
    ServerError,
    ServiceError,
    StackSync,
    SyncBlockedError,
    SyncBlocker,
    SyncError,
    SyncFailedError,
    SyncJob,
    SyncRef,
    SyncResourceSummary,
    SyncSupersededError,
    ThrottledError,
    TransportError,
    TruncatedListWarning,
    Unisync,
    UnisyncError,
    WaitError,
    WaitStoppedError,
    WaitTimeoutError,
    WaitToken,
    parse_ref,
)

SERVICE_ERRORS: tuple[type[ServiceError], ...] = (
    AccessDeniedError,
    NotFoundError,
    InvalidRequestError,
    ConflictError,
    AlreadyExistsError,
    QuotaExceededError,
    ThrottledError,
    ServerError,
)
CONFLICT: type[ConflictError] = AlreadyExistsError
WAIT_ERRORS: tuple[type[WaitError], ...] = (
    WaitTimeoutError,
    WaitStoppedError,
    SyncFailedError,
    SyncBlockedError,
    SyncSupersededError,
)
OTHERS: tuple[type[UnisyncError], ...] = (InvalidArgumentError, CredentialsError, TransportError, ResponseError)
ALL: tuple[type[UnisyncError], ...] = (*SERVICE_ERRORS, *WAIT_ERRORS, *OTHERS)
BUILT_IN: tuple[type[ValueError], type[TimeoutError]] = (InvalidArgumentError, WaitTimeoutError)
WARNINGS: tuple[type[FutureWarning], type[UserWarning]] = (ProtonDeprecationWarning, TruncatedListWarning)


def reason_of(client: Unisync) -> str | None:
    try:
        client.wait_until_active(StackSync("payments-prod"))
    except NotFoundError as not_found:
        return not_found.code
    except SyncBlockedError as blocked:
        return blocked.blockers[0].created_reason
    except (SyncFailedError, SyncSupersededError) as failed:
        assert_type(failed, SyncFailedError | SyncSupersededError)
        return failed.job.status.aws_state if failed.job else None
    except TimeoutError as late:
        assert_type(isinstance(late, WaitTimeoutError), bool)
    except ValueError as invalid:
        if isinstance(invalid, InvalidArgumentError):
            return str(invalid)
    except InvalidRequestError as rejected:
        return rejected.message
    except UnisyncError as error:
        return str(error)
    return None


def grouped(client: Unisync) -> None:
    try:
        client.get(parse_ref("twinmaker:factory"))
    except* ThrottledError as group:
        for error in group.exceptions:
            print(error)


def unisync_error(it: UnisyncError) -> None:
    assert_type(it.retryable, bool)
    assert_type(it.outcome_unknown, bool)


def service_error(it: ServiceError) -> None:
    assert_type(it.service, str)
    assert_type(it.operation, str)
    assert_type(it.operation_name, str)
    assert_type(it.code, str)
    assert_type(it.message, str)
    assert_type(it.status_code, int | None)
    assert_type(it.request_id, str | None)
    assert_type(it.region, str | None)
    assert_type(it.account, str | None)
    assert_type(ServiceError.from_response({}, "GetSyncJob", "iottwinmaker"), ServiceError)
    assert_type(ServiceError.class_of("ConflictException"), type[ServiceError] | None)
    # As in botocore's ClientError, for code that reads it.
    assert_type(it.response, Any)


def invalid_argument_error(it: InvalidArgumentError) -> ValueError:
    assert_type(InvalidArgumentError.expected("ref", "a reference", 5), InvalidArgumentError)
    InvalidArgumentError.unless(True, "ref", "a reference", 5)
    return it


def credentials_error(it: CredentialsError) -> None:
    assert_type(it.service, str)
    assert_type(it.operation, str)


def throttled_error(it: ThrottledError) -> None:
    assert_type(it.retryable, bool)


def server_error(it: ServerError) -> None:
    assert_type(it.retryable, bool)
    assert_type(it.outcome_unknown, bool)


def transport_error(it: TransportError) -> None:
    assert_type(it.service, str)
    assert_type(it.operation, str)
    assert_type(it.retryable, bool)
    assert_type(it.outcome_unknown, bool)


def response_error(it: ResponseError) -> None:
    assert_type(it.service, str)
    assert_type(it.operation, str)
    assert_type(it.reason, str)
    assert_type(it.outcome_unknown, bool)
    assert_type(it.status_code, int | None)
    assert_type(it.request_id, str | None)
    assert_type(it.is_truncated, bool)


def wait_error(it: WaitError) -> None:
    assert_type(it.ref, SyncRef[SyncJob])
    assert_type(it.job, SyncJob | None)
    assert_type(it.polls, int)
    assert_type(it.elapsed, float)
    if isinstance(it.job, GitSyncJob):
        assert_type(it.job.live_revision, Revision | None)


def wait_timeout_error(it: WaitTimeoutError) -> TimeoutError:
    assert_type(it.last_error, UnisyncError | None)
    assert_type(it.token, WaitToken | None)
    assert_type(it.is_in_progress, bool)
    return it


def sync_failed_error(it: SyncFailedError) -> None:
    assert_type(it.error, SyncError | None)
    assert_type(it.resources, SyncResourceSummary | None)
    assert_type(it.branch, RepositorySyncAttempt | None)
    assert_type(it.cause, RootCause | None)


def sync_blocked_error(it: SyncBlockedError) -> None:
    assert_type(it.blockers, tuple[SyncBlocker, ...])


def sync_superseded_error(it: SyncSupersededError) -> None:
    assert_type(it.revision, str)
    assert_type(it.superseded_by, Revision)
    assert_type(it.was_before, bool)


def root_cause(it: RootCause) -> None:
    assert_type(it.logical_id, str)
    assert_type(it.type, str | None)
    assert_type(it.aws_status, str | None)
    assert_type(it.reason, str | None)
