"""Everything that can go wrong.

    UnisyncError
    ├── InvalidArgumentError            an argument cannot be right; nothing was sent; also a ValueError
    ├── CredentialsError                no credentials, no such profile, or they could not be refreshed
    ├── ServiceError                    AWS answered with an error; also a botocore ClientError
    │   ├── AccessDeniedError           not allowed, or AWS does not accept the credentials
    │   ├── NotFoundError
    │   ├── InvalidRequestError         AWS rejected the request as invalid
    │   ├── ConflictError
    │   │   └── AlreadyExistsError
    │   ├── QuotaExceededError
    │   ├── ThrottledError              too many calls; transient
    │   └── ServerError                 AWS's own fault; transient
    ├── TransportError                  no response: DNS, connection, TLS, timeout
    ├── ResponseError                   a response that cannot be read
    └── WaitError                       a wait that ended without what it waited for
        ├── WaitTimeoutError            also a TimeoutError
        ├── WaitStoppedError            its stop event was set
        ├── SyncFailedError
        ├── SyncBlockedError
        └── SyncSupersededError         another commit took its place

An error code is registered where its class is defined. The class depends on the code alone, never on the HTTP status,
which differs between the services for the same meaning; only an unregistered code falls back on the status.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self

if TYPE_CHECKING:
    from unisync._models.blockers import SyncBlocker
    from unisync._models.configurations import RepositorySyncAttempt
    from unisync._models.jobs import Revision, SyncError, SyncJob
    from unisync._models.refs import SyncRef
    from unisync._models.resources import SyncResourceSummary
    from unisync._models.root_cause import RootCause
    from unisync._waiters.token import WaitToken

    class ClientError(Exception):
        """botocore's class as type checkers see it: without stubs for botocore, the base class would be unknown."""

        operation_name: str

        def __init__(self, error_response: Mapping[str, Any], operation_name: str) -> None: ...

else:
    from botocore.exceptions import ClientError

__all__ = [
    "AccessDeniedError",
    "AlreadyExistsError",
    "ConflictError",
    "CredentialsError",
    "InvalidArgumentError",
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
    """The root of all errors that unisync raises on purpose."""

    retryable: bool = False
    """Whether the same request may succeed a little later."""
    outcome_unknown: bool = False
    """Whether AWS may have carried out the request although it failed."""

    def __reduce__(self) -> tuple[Callable[..., UnisyncError], tuple[type[UnisyncError], tuple[Any, ...], object]]:
        """Pickle and copy by attributes, without calling a constructor again."""
        return _rebuild, (type(self), self.args, self.__dict__)


def _rebuild(kind: type[UnisyncError], args: tuple[Any, ...], attributes: Mapping[str, Any]) -> UnisyncError:
    error = kind.__new__(kind)
    error.args = args
    error.__dict__.update(attributes)
    return error


class InvalidArgumentError(UnisyncError, ValueError):
    """An argument cannot be right. Nothing was sent.

    The message names the parameter and says what was expected.
    """

    @classmethod
    def expected(cls, parameter: str, expected: str, value: object) -> Self:
        """The error that says what was expected of a parameter, and what it was."""
        return cls(f"{parameter}: expected {expected}, got {value!r:.60}")

    @classmethod
    def unless(cls, condition: bool, parameter: str, expected: str, value: object) -> None:
        """Raise the error of `expected` unless a condition holds."""
        if not condition:
            raise cls.expected(parameter, expected, value)


class CredentialsError(UnisyncError):
    """There are no credentials, there is no such profile, or the credentials could not be refreshed."""

    def __init__(self, service: str, operation: str, reason: str) -> None:
        super().__init__(f"{service} {operation}: {reason}")
        self.service = service
        self.operation = operation


class ServiceError(UnisyncError, ClientError):
    """AWS answered with an error. Code that catches `botocore.exceptions.ClientError` catches this too."""

    service: str
    """boto3's name of the service, such as "proton"."""
    operation: str
    """AWS's name of the operation, such as "GetSyncJob"."""
    code: str
    """AWS's code, such as "ResourceNotFoundException"."""
    message: str
    """AWS's message."""
    status_code: int | None
    """The HTTP status; None if the service itself reported no error, as for a sync without a configuration."""
    request_id: str | None
    """The id that AWS Support asks for, if there is one."""
    region: str | None = None
    """The region that was called, if it is known."""
    account: str | None = None
    """The account that was called, if it is known."""
    response: Any
    """The response as botocore parsed it, as in `ClientError.response`."""

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
        if self.status_code == 501:  # whatever answered does not know the operation, and never will
            self.retryable = self.outcome_unknown = False

    @staticmethod
    def from_response(response: Mapping[str, Any], operation: str, service: str) -> ServiceError:
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
    """The caller is not allowed to do this, or AWS does not accept the caller's credentials."""


class NotFoundError(
    ServiceError,
    codes=("ResourceNotFoundException", "SyncBlockerDoesNotExistException"),
):
    """The resource does not exist."""


class InvalidRequestError(
    ServiceError,
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
    """AWS rejected the request as invalid."""


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
    """The request conflicts with the current state: another change came first, or something depends on the resource."""


class AlreadyExistsError(ConflictError, codes=("ResourceAlreadyExistsException",)):
    """The resource to create already exists."""


class QuotaExceededError(
    ServiceError,
    codes=("LimitExceededException", "ServiceQuotaExceededException", "TooManyTagsException"),
):
    """The account has reached a quota. Waiting does not help."""


class ThrottledError(
    ServiceError,
    codes=(
        "429",  # botocore's code for a response without one, as from a gateway
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
    """No response: no such host, no connection, an untrusted certificate, a timeout. The cause is botocore's error."""

    def __init__(self, service: str, operation: str, reason: str, *, retryable: bool, outcome_unknown: bool) -> None:
        super().__init__(f"{service} {operation}: {reason}")
        self.service = service
        self.operation = operation
        self.retryable = retryable
        self.outcome_unknown = outcome_unknown


class ResponseError(UnisyncError):
    """A response that cannot be read, from AWS or from a proxy: truncated, garbled, or of another shape."""

    outcome_unknown = True

    def __init__(
        self,
        service: str,
        operation: str,
        reason: str,
        *,
        status_code: int | None,
        request_id: str | None,
        is_truncated: bool = False,
    ) -> None:
        super().__init__(f"{service} {operation}: the response cannot be read: {reason}")
        self.service = service
        self.operation = operation
        self.reason = reason
        self.status_code = status_code
        self.request_id = request_id
        self.is_truncated = is_truncated
        """Whether the connection was lost in the middle of the response."""


class WaitError(UnisyncError):
    """A wait that ended without what it waited for. It changed nothing in AWS."""

    def __init__(
        self,
        message: str,
        *,
        ref: SyncRef[SyncJob],
        job: SyncJob | None,
        polls: int,
        elapsed: float,
    ) -> None:
        super().__init__(message)
        self.ref = ref
        """The sync that was waited for."""
        self.job = job
        """The job as the last successful poll returned it; None if none succeeded."""
        self.polls = polls
        """How often the sync was polled."""
        self.elapsed = elapsed
        """Seconds since the wait started."""


class WaitTimeoutError(WaitError, TimeoutError):
    """The deadline came before the sync was done."""

    token: WaitToken | None = None
    """The wait as it was then; `token.extended(600)` is the same wait with more time. None if a function decides which
    commits count."""

    def __init__(
        self,
        message: str,
        *,
        ref: SyncRef[SyncJob],
        job: SyncJob | None,
        polls: int,
        elapsed: float,
        last_error: UnisyncError | None,
        is_in_progress: bool = False,
    ) -> None:
        super().__init__(message, ref=ref, job=job, polls=polls, elapsed=elapsed)
        self.last_error = last_error
        """The transient error of the last poll, if it failed: throttling, a server error, a lost connection."""
        self.is_in_progress = is_in_progress
        """Whether AWS was working on what was waited for when it was last read. If not, a longer wait may not help."""


class WaitStoppedError(WaitError):
    """The wait's `stop` event was set."""


class SyncFailedError(WaitError):
    """The sync failed. The message has the service's reasons."""

    resources: SyncResourceSummary | None = None
    """The resources of the sync job, if they are what failed."""
    branch: RepositorySyncAttempt | None = None
    """The sync of the branch, if that is what failed."""
    cause: RootCause | None = None
    """The resource of a stack that failed first, if it could be read."""

    @property
    def error(self) -> SyncError | None:
        """The service's own code and message."""
        if self.branch is not None:
            return self.branch.status.error
        return self.job.status.error if self.job else None


class SyncBlockedError(WaitError):
    """The sync is blocked until a blocker is resolved. The message says how."""

    def __init__(
        self,
        message: str,
        *,
        ref: SyncRef[SyncJob],
        job: SyncJob | None,
        polls: int,
        elapsed: float,
        blockers: tuple[SyncBlocker, ...],
    ) -> None:
        super().__init__(message, ref=ref, job=job, polls=polls, elapsed=elapsed)
        self.blockers = blockers
        """The active blockers, newest first."""


class SyncSupersededError(WaitError):
    """Another commit took the place of the one that was waited for, which will not be synced."""

    def __init__(
        self,
        message: str,
        *,
        ref: SyncRef[SyncJob],
        job: SyncJob | None,
        polls: int,
        elapsed: float,
        revision: str,
        superseded_by: Revision,
        was_before: bool = False,
    ) -> None:
        super().__init__(message, ref=ref, job=job, polls=polls, elapsed=elapsed)
        self.revision = revision
        """The commit that was waited for, in lower case; several are separated by commas."""
        self.superseded_by = superseded_by
        """The commit that took its place."""
        self.was_before = was_before
        """Whether that happened before the wait began. The message says whether AWS noticed a push of it since."""


for _public in __all__:
    globals()[_public].__module__ = "unisync"
