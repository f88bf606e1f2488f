"""Translate botocore's errors into those of unisync."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, cast

from botocore import exceptions
from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError
from pydantic import ValidationError

from unisync._core.commands import Call
from unisync.errors import (
    AccessDeniedError,
    CredentialsError,
    InvalidArgumentError,
    ResponseError,
    ServerError,
    ServiceError,
    ThrottledError,
    TransportError,
    UnisyncError,
)

EXPIRED = ("ExpiredToken", "ExpiredTokenException")
"""AWS's codes for expired credentials."""

_CREDENTIAL_ERRORS: tuple[type[Exception], ...] = tuple(
    getattr(exceptions, name)
    for name in (
        "CredentialRetrievalError",
        "InfiniteLoopConfigError",
        "InvalidConfigError",
        "LoginError",
        "MetadataRetrievalError",
        "NoAuthTokenError",
        "NoCredentialsError",
        "PartialCredentialsError",
        "ProfileNotFound",
        "RefreshWithMFAUnsupportedError",
        "SSOError",
        "TokenRetrievalError",
        "UnknownCredentialError",
    )
    if hasattr(exceptions, name)
)
"""Those of botocore's errors that concern credentials; a botocore that lacks one cannot raise it."""

NAME_A_REGION = "pass it, set AWS_REGION or AWS_DEFAULT_REGION, or name one in the profile"
_LOG_IN = (
    "log in, for example with `aws sso login` or `aws login`, set AWS_PROFILE, or set AWS_ACCESS_KEY_ID and "
    "AWS_SECRET_ACCESS_KEY"
)

_CREDENTIAL_SERVICES = {"GetRoleCredentials": "sso", "CreateToken": "sso-oidc", "CreateOAuth2Token": "signin"}
"""The services that credentials come from, by operation; those of all other operations come from STS."""


def client_error(error: ClientError, operation: str, service: str) -> ServiceError:
    """Our error for an error response of AWS's."""
    return ServiceError.from_response(cast("dict[str, Any]", error.response), operation, service)


def credentials_client_error(error: ClientError, call: Call[Any]) -> UnisyncError:
    """Our error for an error response of a service that credentials come from: `call` itself was not sent."""
    operation = error.operation_name
    answered = client_error(error, operation, _CREDENTIAL_SERVICES.get(operation, "sts"))
    answered.outcome_unknown = False
    if isinstance(answered, (AccessDeniedError, ThrottledError, ServerError)):
        return answered
    # Any other class would be taken for the result of the call: a missing SSO role for a missing sync.
    return CredentialsError(call.service, call.operation, str(answered))


def translate_error(error: Exception, call: Call[Any]) -> UnisyncError:
    """Our error for an error of botocore's other than an error response."""
    if isinstance(error, exceptions.NoCredentialsError):
        return CredentialsError(call.service, call.operation, f"{error}: {_LOG_IN}")
    if isinstance(error, _CREDENTIAL_ERRORS):
        return CredentialsError(call.service, call.operation, str(error))
    if isinstance(error, exceptions.NoRegionError):
        return InvalidArgumentError(f"{call.service} {call.operation}: region_name: expected a region: {NAME_A_REGION}")
    if isinstance(error, (exceptions.ParamValidationError, exceptions.UnknownServiceError)):
        return InvalidArgumentError(f"{call.service} {call.operation}: {error}")
    if isinstance(error, ResponseParserError):
        return response_error(error, call, {})
    if not isinstance(error, (exceptions.HTTPClientError, exceptions.ConnectionError)) or _is_lasting(error):
        return transport_error(error, call)
    not_sent = (exceptions.EndpointConnectionError, exceptions.ConnectTimeoutError, exceptions.ProxyConnectionError)
    return transport_error(error, call, retryable=True, outcome_unknown=not isinstance(error, not_sent))


def transport_error(
    error: Exception, call: Call[Any], *, retryable: bool = False, outcome_unknown: bool = False
) -> TransportError:
    """Our error for a call without a response."""
    # An endpoint or a proxy may carry a password, and the message names it.
    reason = re.sub(r"//[^/@\s]+@", "//***@", _text_of(error))
    if retryable and call.connection_hint:
        reason += f" ({call.connection_hint})"
    return TransportError(call.service, call.operation, reason, retryable=retryable, outcome_unknown=outcome_unknown)


def response_error(error: Exception, call: Call[Any], metadata: Mapping[str, Any]) -> ResponseError:
    """Our error for a response that cannot be read."""
    return ResponseError(
        call.service,
        call.operation,
        _reason(error),
        status_code=metadata.get("HTTPStatusCode"),
        request_id=metadata.get("RequestId"),
        is_truncated=isinstance(error, EOFError),
    )


def is_lasting_refusal(error: Exception) -> bool:
    """Whether a service that credentials come from refused them for a lasting reason."""
    if isinstance(error, ClientError):
        return not (client_error(error, "", "").retryable or is_expired(error))
    return isinstance(error, exceptions.NoCredentialsError)


def is_expired(error: Exception) -> bool:
    """Whether a service that credentials come from says that those it was called with have expired."""
    return isinstance(error, ClientError) and client_error(error, "", "").code in EXPIRED


def without_frames(error: Exception) -> Exception:
    """An error of botocore's without its traceback: the frames hold tokens and external ids."""
    each: BaseException | None = error
    while each is not None:
        each = each.with_traceback(None).__context__
    return error


def _text_of(error: Exception) -> str:
    """The text of an error; for a connection that was refused, also why."""
    text = str(error) or type(error).__name__
    if not isinstance(error, (exceptions.EndpointConnectionError, exceptions.ProxyConnectionError)):
        return text
    cause = cast("BaseException | None", error.kwargs.get("error"))
    while cause is not None and cause.__cause__ is not None:
        cause = cause.__cause__
    return text if cause is None else f"{text}: {cause}"


def _is_lasting(error: Exception) -> bool:
    """Whether a connection failed for a lasting reason: a certificate, a missing file, a proxy's password."""
    cause = getattr(error, "kwargs", {}).get("error")
    causes = (cause, *getattr(cause, "args", ()))
    lasting = any(isinstance(each, (FileNotFoundError, ValueError)) for each in causes)
    text = f"{error} {cause}"
    return lasting or any(part in text for part in ("CERTIFICATE_VERIFY_FAILED", "[X509", "connection failed: 407"))


def _reason(error: Exception) -> str:
    """What is wrong with a response, without the response: no log may show it."""
    if isinstance(error, ValidationError):
        found = error.errors(include_url=False, include_input=False, include_context=False)
        return "; ".join(f"{'.'.join(map(str, each['loc'])) or 'body'}: {each['msg']}" for each in found[:5])
    return str(error) or type(error).__name__
