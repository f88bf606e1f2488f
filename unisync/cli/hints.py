"""What to do next, said in the last line of what went wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from unisync.errors import (
    AccessDeniedError,
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


def advice_for(
    error: UnisyncError, settings: Settings, ref: SyncRef[Any] | None = None, again: Sequence[str] = ()
) -> str:
    """What to do about an error that a look at, or a wait for, a sync ended with; `again` says what was waited for."""
    return f"Next: {_advice(error, settings, 'REF' if ref is None else str(ref), again)}"


def _advice(error: UnisyncError, settings: Settings, ref: str, again: Sequence[str]) -> str:
    command = settings.command
    if "specify a region" in str(error):
        return "say which region, with --region or by AWS_REGION."
    match error:
        case SyncFailedError() if error.resources is not None:
            return f"mend what failed; TwinMaker tries again by itself: {command('wait', ref, '--for', 'resources')}"
        case SyncFailedError() if error.job is not None and error.job.attempts:
            return f"push a commit that mends it, and wait for that; all that was told: {command('events', ref)}"
        case SyncFailedError() if error.job is not None and error.job.status.state == "DELETING":
            return f"it is being deleted; to see the end of that: {command('wait', ref, '--for', 'deleted')}"
        case SyncFailedError():
            return "mend what TwinMaker complains of, then delete the sync job and create it again."
        case SyncBlockedError():
            return f"settle what the blocker says, then release it: {command('resolve', ref, '--reason', 'TEXT')}"
        case SyncSupersededError():
            return f"wait for its successor: {command('wait', ref, '--revision', error.superseded_by.sha)}"
        case WaitTimeoutError() if error.job is None and error.last_error is not None:
            return f"no look was answered; {_advice(error.last_error, settings, ref, again)}"
        case WaitTimeoutError():
            return f"the sync goes on in AWS; wait on: {command('wait', ref, *again, '--timeout', '30m')}"
        case NotFoundError():
            return f"check the name, the account and the region; what there is: {command('status')}"
        case AccessDeniedError():
            asked = f"{error.service} {error.operation}".strip()
            return f"check whose credentials these are, and whether they are allowed {asked or 'this'}."
        case InvalidArgumentError():
            return "correct what is named above."
        case ThrottledError():
            return "try again in a minute; if others ask AWS the same, they share its limits."
        case ServiceError() if error.retryable:
            return "try again in a minute; if it stays, AWS's support wants the request's id from above."
        case TransportError() if not error.retryable:
            return "check the region, the endpoint, the credentials and what stands between you and AWS."
        case TransportError() | ResponseError():
            return "check the connection and any proxy, and try again."
        case _:
            return "see what is said above."
