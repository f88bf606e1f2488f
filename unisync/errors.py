"""Everything that can go wrong.

    UnisyncError
    ├── ServiceError                    AWS answered with an error; also a botocore ClientError
    │   ├── AccessDeniedError           not allowed, or not who it claims to be
    │   ├── NotFoundError
    │   ├── InvalidRequestError         refused for what it asks, by AWS or before it was sent; also a ValueError
    │   ├── ConflictError
    │   │   └── AlreadyExistsError
    │   ├── QuotaExceededError
    │   ├── ThrottledError              too many calls; comes right by itself
    │   └── ServerError                 AWS's own fault; comes right by itself
    ├── TransportError                  no answer: DNS, connection, TLS, time-out, credentials
    ├── ResponseError                   an answer that cannot be read
    └── WaitError                       a wait that ended without what it waited for
        ├── WaitTimeoutError            also a TimeoutError
        ├── WaitStoppedError            by the event that it was given
        ├── SyncFailedError
        ├── SyncBlockedError
        └── SyncSupersededError         another commit took its place

An error code is registered where its class is defined. Which class an answer becomes depends on its code alone, never
on the HTTP status, which differs between the services for the same meaning; only a code that nobody registered falls
back on it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import unisync

if TYPE_CHECKING:

    class ClientError(Exception):
        """botocore's class, as a type checker is told of it: without stubs for botocore, a base would be unknown."""

        operation_name: str

        def __init__(self, error_response: Mapping[str, Any], operation_name: str) -> None: ...

else:
    from botocore.exceptions import ClientError

__all__ = [
    "AccessDeniedError",
    "AlreadyExistsError",
    "ConflictError",
    "InvalidRequestError",
    "NotFoundError",
    "QuotaExceededError",
    "ResponseError",
    "ServerError",
    "ServiceError",
    "SyncBlockedError",
    "SyncFailedError",
    "SyncSupersededError",
    "ThrottledError",
    "TransportError",
    "UnisyncError",
    "WaitError",
    "WaitStoppedError",
    "WaitTimeoutError",
]


class UnisyncError(Exception):
    """The root: whatever unisync raises on purpose is one of these."""

    retryable: bool = False
    """Whether the same request may well succeed a little later."""
    outcome_unknown: bool = False
    """Whether AWS may have done what it was asked to do all the same."""

    def __reduce__(self) -> tuple[Callable[..., UnisyncError], tuple[type[UnisyncError], tuple[Any, ...], object]]:
        """Pickle and copy by attributes, so that no constructor has to be called again."""
        return _rebuild, (type(self), self.args, self.__dict__)


def _rebuild(kind: type[UnisyncError], args: tuple[Any, ...], attributes: Mapping[str, Any]) -> UnisyncError:
    error = kind.__new__(kind)
    error.args = args
    error.__dict__.update(attributes)
    return error


class ServiceError(UnisyncError, ClientError):
    """AWS answered with an error. Code that catches `botocore.exceptions.ClientError` catches this too."""

    service: str
    """boto3's name of the service, such as "proton"."""
    operation: str
    """AWS's name of the operation, such as "GetSyncJob"."""
    code: str
    """AWS's code, such as "ResourceNotFoundException"."""
    message: str
    """What AWS said."""
    status_code: int | None
    """The HTTP status; None where nothing was sent."""
    request_id: str | None
    """What AWS's support asks for; None where nothing was sent."""
    response: Any
    """The answer as botocore parsed it, as in `ClientError.response`."""

    _classes: ClassVar[dict[str, type[ServiceError]]] = {}

    def __init_subclass__(cls, codes: tuple[str, ...] = (), **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for code in codes:
            if code in ServiceError._classes:
                raise TypeError(f"error code {code} is registered for {ServiceError._classes[code].__name__} already")
            ServiceError._classes[code] = cls

    def __init__(self, response: Mapping[str, Any], operation: str, service: str) -> None:
        super().__init__(dict(response), operation)
        error, metadata = response.get("Error", {}), response.get("ResponseMetadata", {})
        self.service = service
        self.operation = operation
        self.code = str(error.get("Code", "Unknown"))
        self.message = str(error.get("Message") or "")
        self.status_code = metadata.get("HTTPStatusCode")
        self.request_id = metadata.get("RequestId")

    @staticmethod
    def of(response: Mapping[str, Any], operation: str, service: str) -> ServiceError:
        """The error of the class that the code of `response` is registered for."""
        code = str(response.get("Error", {}).get("Code", "Unknown"))
        status = response.get("ResponseMetadata", {}).get("HTTPStatusCode") or 0
        fallback = ServerError if status >= 500 else ServiceError
        return ServiceError._classes.get(code, fallback)(response, operation, service)

    @staticmethod
    def class_of(code: str) -> type[ServiceError] | None:
        """The class that an error code is registered for, if any."""
        return ServiceError._classes.get(code)

    def __str__(self) -> str:
        request = f" (request {self.request_id})" if self.request_id else ""
        return f"{self.service} {self.operation}: {self.code}: {self.message or 'no message'}{request}"


class AccessDeniedError(
    ServiceError,
    codes=(
        "AccessDeniedException",
        "AccessDenied",
        "AuthFailure",
        "ExpiredToken",
        "ExpiredTokenException",
        "IncompleteSignature",
        "IncompleteSignatureException",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "InvalidToken",
        "MissingAuthenticationToken",
        "MissingAuthenticationTokenException",
        "NotAuthorized",
        "OptInRequired",
        "RequestExpired",
        "RequestTimeTooSkewed",
        "SignatureDoesNotMatch",
        "UnauthorizedException",
        "UnauthorizedOperation",
        "UnrecognizedClientException",
    ),
):
    """The caller is not allowed to do this, or AWS does not believe who the caller is."""


class NotFoundError(
    ServiceError,
    codes=("ResourceNotFoundException", "SyncBlockerDoesNotExistException"),
):
    """What was asked for does not exist."""


class InvalidRequestError(
    ServiceError,
    ValueError,
    codes=(
        "InvalidAction",
        "InvalidInputException",
        "InvalidParameterValue",
        "MalformedHttpRequestException",
        "MalformedQueryString",
        "MissingParameter",
        "SerializationException",
        "UnknownOperationException",
        "UnsupportedOperationException",
        "UnsupportedProviderTypeException",
        "ValidationError",
        "ValidationException",
    ),
):
    """The request was refused for what it asks: by AWS, by botocore, or by unisync before anything was sent."""

    @classmethod
    def before_sending(cls, message: str, operation: str = "", service: str = "") -> InvalidRequestError:
        """A refusal of our own. `message` names the parameter and what was expected."""
        return cls({"Error": {"Code": "InvalidArgument", "Message": message}}, operation, service)

    def __str__(self) -> str:
        if self.status_code is not None:
            return super().__str__()
        where = " ".join(filter(None, (self.service, self.operation)))
        return f"{where}: {self.message}" if where else self.message


class ConflictError(
    ServiceError,
    codes=(
        "ConcurrentModificationException",
        "ConditionalCheckFailedException",
        "ConflictException",
        "ResourceUnavailableException",
        "SyncConfigurationStillExistsException",
        "UpdateOutOfSyncException",
    ),
):
    """The request does not fit how things are: somebody else was there first, or something depends on it."""


class AlreadyExistsError(ConflictError, codes=("ResourceAlreadyExistsException",)):
    """What was to be created exists."""


class QuotaExceededError(
    ServiceError,
    codes=("LimitExceededException", "ServiceQuotaExceededException", "TooManyTagsException"),
):
    """The account has as many of these as it may. Waiting does not help."""


class ThrottledError(
    ServiceError,
    codes=(
        "429",  # what botocore calls an answer without a code, as a gateway's
        "BandwidthLimitExceeded",
        "PriorRequestNotComplete",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    ),
):
    """Too many calls in too short a time."""

    retryable = True


class ServerError(
    ServiceError,
    codes=(
        "ConnectorFailureException",
        "ConnectorTimeoutException",
        "InternalError",
        "InternalFailure",
        "InternalServerError",
        "InternalServerException",
        "QueryTimeoutException",
        "RequestAbortedException",
        "RequestTimeout",
        "RequestTimeoutException",
        "RetryLatestCommitFailedException",
        "ServiceUnavailable",
        "ServiceUnavailableException",
    ),
):
    """Something went wrong on AWS's side."""

    retryable = True
    outcome_unknown = True


class TransportError(UnisyncError):
    """No answer came: no such host, no connection, no trust, no time left, no credentials. The cause is botocore's."""

    def __init__(self, service: str, operation: str, reason: str, *, retryable: bool, outcome_unknown: bool) -> None:
        super().__init__(f"{service} {operation}: {reason}")
        self.service = service
        self.operation = operation
        self.retryable = retryable
        self.outcome_unknown = outcome_unknown


class ResponseError(UnisyncError):
    """AWS, or something that stands in its way, answered what cannot be read: cut short, garbled, of another shape."""

    outcome_unknown = True

    def __init__(
        self,
        service: str,
        operation: str,
        reason: str,
        *,
        status_code: int | None,
        request_id: str | None,
        cut_short: bool = False,
    ) -> None:
        super().__init__(f"{service} {operation}: the answer cannot be read: {reason}")
        self.service = service
        self.operation = operation
        self.reason = reason
        self.status_code = status_code
        self.request_id = request_id
        self.cut_short = cut_short
        """Whether the connection was lost in the midst of the answer."""


class WaitError(UnisyncError):
    """A wait that ended without what it waited for. Nothing was undone: in AWS the sync goes on as it was."""

    def __init__(
        self,
        message: str,
        *,
        ref: unisync.SyncRef[unisync.SyncJob],
        job: unisync.SyncJob | None,
        attempts: int,
        elapsed: float,
    ) -> None:
        super().__init__(message)
        self.ref = ref
        """Which sync was waited for."""
        self.job = job
        """What the last look that was answered saw; None if none was."""
        self.attempts = attempts
        """How often it was looked."""
        self.elapsed = elapsed
        """How long it was waited, in seconds."""


class WaitTimeoutError(WaitError, TimeoutError):
    """The time is up, and the sync is neither in place nor failed."""

    def __init__(
        self,
        message: str,
        *,
        ref: unisync.SyncRef[unisync.SyncJob],
        job: unisync.SyncJob | None,
        attempts: int,
        elapsed: float,
        last_error: UnisyncError | None,
    ) -> None:
        super().__init__(message, ref=ref, job=job, attempts=attempts, elapsed=elapsed)
        self.last_error = last_error
        """What the last look failed with, if it failed: throttling, a server error, a lost connection."""


class WaitStoppedError(WaitError):
    """The event was set that the wait was given as `stop`."""


class SyncFailedError(WaitError):
    """The sync failed. The message carries the reasons that the service gave."""

    resources: unisync.SyncResources | None = None
    """What the sync job keeps in sync, where it was resources that failed."""

    @property
    def error(self) -> unisync.SyncError | None:
        """The service's own code and message."""
        return self.job.status.error if self.job else None


class SyncBlockedError(WaitError):
    """The sync is blocked until somebody releases it. The message says how."""

    def __init__(
        self,
        message: str,
        *,
        ref: unisync.SyncRef[unisync.SyncJob],
        job: unisync.SyncJob | None,
        attempts: int,
        elapsed: float,
        blockers: tuple[unisync.SyncBlocker, ...],
    ) -> None:
        super().__init__(message, ref=ref, job=job, attempts=attempts, elapsed=elapsed)
        self.blockers = blockers
        """The active blockers, newest first."""


class SyncSupersededError(WaitError):
    """Another commit took the place of the one that was waited for, which will not come to be in place."""

    def __init__(
        self,
        message: str,
        *,
        ref: unisync.SyncRef[unisync.SyncJob],
        job: unisync.SyncJob | None,
        attempts: int,
        elapsed: float,
        revision: str,
        superseded_by: unisync.Revision,
    ) -> None:
        super().__init__(message, ref=ref, job=job, attempts=attempts, elapsed=elapsed)
        self.revision = revision
        """The commit that was waited for, as it was given."""
        self.superseded_by = superseded_by
        """The commit that took its place."""


for _public in __all__:
    globals()[_public].__module__ = "unisync"
