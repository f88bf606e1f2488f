"""Hints: what to do next about an error."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from unisync.errors import (
    AccessDeniedError,
    CredentialsError,
    InvalidArgumentError,
    NotFoundError,
    ResponseError,
    ServiceError,
    SyncBlockedError,
    SyncFailedError,
    SyncSupersededError,
    ThrottledError,
    TransportError,
    UnisyncError,
    WaitTimeoutError,
)

if TYPE_CHECKING:
    from unisync._models.refs import SyncRef
    from unisync.cli.connection import Settings

_LOG_IN = "log in (aws sso login), set up credentials (aws configure), or select a profile (--profile)."


def hint_for(
    error: UnisyncError, settings: Settings, ref: SyncRef[Any] | None = None, again: Sequence[str] = ()
) -> str:
    """What to do about an error.

    Args:
        error: The error.
        settings: The connection options; the commands of the hint repeat them.
        ref: The sync that was read or waited for.
        again: The options of the wait, to wait again.
    """
    return f"Next: {_hint(error, settings, 'REF' if ref is None else str(ref), again)}"


def _hint(error: UnisyncError, settings: Settings, ref: str, again: Sequence[str]) -> str:
    command = settings.command_line
    if "specify a region" in str(error):
        return "set the region with --region, AWS_REGION or AWS_DEFAULT_REGION."
    match error:
        case SyncFailedError() if error.resources is not None:
            wait = command("wait", ref, "--for", "resources")
            return f"fix the failed resources, which TwinMaker retries by itself. Then wait again: {wait}"
        case SyncFailedError() if error.job is not None and error.job.attempts:
            return f"push a fix and wait for that commit. All events: {command('events', ref)}"
        case SyncFailedError() if error.job is not None and error.job.status.state == "DELETING":
            return f"the sync is being deleted. To wait for that: {command('wait', ref, '--for', 'deleted')}"
        case SyncFailedError():
            return "fix what TwinMaker reports, then delete the sync job and create it again."
        case SyncBlockedError():
            return f"fix the cause, then resolve the blocker: {command('resolve', ref, '--reason', 'TEXT')}"
        case SyncSupersededError():
            return (
                f"wait for the commit that superseded it: {command('wait', ref, '--revision', error.superseded_by.sha)}"
            )
        case WaitTimeoutError() if error.job is None and error.last_error is not None:
            return f"no poll succeeded; {_hint(error.last_error, settings, ref, again)}"
        case WaitTimeoutError():
            return f"wait longer: {command('wait', ref, *again, '--timeout', '30m')}"
        case NotFoundError():
            return f"check the name, the account and the region. All syncs: {command('status')}"
        case CredentialsError():
            return _LOG_IN
        case AccessDeniedError() if error.code.startswith("ExpiredToken"):
            return f"the credentials have expired: {_LOG_IN}"
        case AccessDeniedError() if error.service == "sts":
            roles = [arn for arn in settings.role_arns if error.account in (None, arn.split(":")[4])]
            external_id = ", or pass its external ID with --external-id" if settings.external_id is None else ""
            return f"allow these credentials to assume {' and '.join(roles) or 'the role'}{external_id}."
        case AccessDeniedError():
            return f"check which credentials are in use, and that they allow {error.service}:{error.operation}."
        case InvalidArgumentError():
            return "correct the argument named above."
        case ThrottledError():
            return "try again in a minute. All clients of the account share its request limits."
        case ServiceError() if error.retryable:
            return "try again in a minute. If the error persists, give AWS Support the request ID above."
        case TransportError() if not error.retryable:
            return "check the region, the endpoint, the proxy and its certificate."
        case TransportError() | ResponseError():
            return "check the connection and any proxy, then try again."
        case _:
            return "see the message above."
