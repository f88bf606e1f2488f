"""Hints: what to do next about an error."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from unisync._models.refs import FleetSync, TwinMakerSync
from unisync.errors import (
    AccessDeniedError,
    ConflictError,
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

RETRY_FAILED = "RetryLatestCommitFailedException"
"""AWS's code for a blocker that was resolved, and whose sync did not start again."""

_LOG_IN = "log in (aws sso login), set up credentials (aws configure), or select a profile (--profile)."


class HintedError(click.ClickException):
    """An error of the command's own, and what to do about it."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint: str = f"Next: {hint}"


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


def retry_failed(settings: Settings, ref: str) -> str:
    """What to do where a blocker is resolved and AWS did not retry the latest commit."""
    return (
        "push a commit that changes a file of the sync, or update its configuration, then wait for it: "
        f"{settings.command_line('wait', ref)}"
    )


def _hint(error: UnisyncError, settings: Settings, ref: str, again: Sequence[str]) -> str:
    command = settings.command_line
    match error:
        case SyncFailedError():
            return _hint_failed(error, settings, ref)
        case SyncBlockedError():
            return f"fix the cause, then resolve the blocker: {command('resolve', ref, '--reason', 'TEXT')}"
        case SyncSupersededError() if error.was_before:
            return (
                "if the commit was pushed again since, check that the push changed a file that triggers the sync; an "
                f"empty commit does not. The sync of its branch: {command('events', ref, '--repository')}"
            )
        case SyncSupersededError():
            return (
                f"wait for the commit that superseded it: {command('wait', ref, '--revision', error.superseded_by.sha)}"
            )
        case WaitTimeoutError():
            return _hint_timed_out(error, settings, ref, again)
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
            return _hint_invalid(error)
        case ThrottledError():
            return "try again in a minute. All clients of the account share its request limits."
        case ConflictError() if error.service == "iottwinmaker":
            return f"delete it, wait until it is deleted, and create it again: {command('delete', ref)}"
        case ServiceError() if error.code == RETRY_FAILED:
            return f"the blocker is resolved, and its commit was not retried: {retry_failed(settings, ref)}"
        case ServiceError() if error.status_code == 501:
            return f"the endpoint does not know {error.operation}: check --endpoint-url and any proxy."
        case ServiceError() if error.retryable:
            return "try again in a minute. If the error persists, give AWS Support the request ID above."
        case TransportError() if not error.retryable:
            return "check the region, the endpoint, the proxy and its certificate."
        case TransportError() | ResponseError():
            return "check the connection and any proxy, then try again."
        case _:
            return "see the message above."


def _hint_invalid(error: InvalidArgumentError) -> str:
    from unisync._botocore.errors import NAME_A_REGION

    if NAME_A_REGION in str(error):
        return "set the region with --region, AWS_REGION or AWS_DEFAULT_REGION."
    return "correct the argument named above."


def _hint_failed(error: SyncFailedError, settings: Settings, ref: str) -> str:
    from unisync._waiters.waiters import FAILED_DELETION

    command = settings.command_line
    if error.resources is not None:
        wait = command("wait", ref, "--for", "resources")
        return f"fix the failed resources, which TwinMaker retries by itself. Then wait again: {wait}"
    if error.branch is not None:
        return f"push a fix and wait for that commit. Its branch's events: {command('events', ref, '--repository')}"
    if not _is_twinmaker(error.ref):
        return f"push a fix and wait for that commit. All events: {command('events', ref)}"
    if error.job is not None and error.job.status.state == "DELETING":
        return f"the sync is being deleted. To wait for that: {command('wait', ref, '--for', 'deleted')}"
    if error.error is not None and error.error.code == FAILED_DELETION:
        return f"fix what TwinMaker reports, then delete it again: {command('delete', ref)}"
    return "fix what TwinMaker reports, then delete the sync job and create it again."


def _hint_timed_out(error: WaitTimeoutError, settings: Settings, ref: str, again: Sequence[str]) -> str:
    command, job = settings.command_line, error.job
    longer = command("wait", ref, *again, "--timeout", "30m")
    if job is None and error.last_error is not None:
        return f"no poll succeeded; {_hint(error.last_error, settings, ref, again)}"
    if job is None:
        return "no poll was answered in time: check the connection, the endpoint and any proxy."
    if error.is_in_progress:
        return f"wait longer: {longer}"
    if "deleted" in again:
        return f"delete it: {command('delete', ref)}"
    if _is_twinmaker(error.ref):
        return f"check the sync job in the AWS console, then wait again: {longer}"
    events = command("events", ref, "--repository")
    if _is_detected(error, again):
        return f"AWS knows the commit and has not started to sync it. See the events of its branch: {events}"
    return (
        "check that the commit is on the branch that the sync follows, and changes a file that triggers the sync; an "
        f"empty commit does not. The sync of its branch: {events}"
    )


def _is_detected(error: WaitTimeoutError, again: Sequence[str]) -> bool:
    """Whether AWS desires the commit that was waited for."""
    desired = error.job.desired_revision if error.job else None
    revision = again[again.index("--revision") + 1] if "--revision" in again else ""
    return desired is not None and desired.sha.lower().startswith(revision)


def _is_twinmaker(ref: SyncRef[Any]) -> bool:
    return isinstance(ref.sync if isinstance(ref, FleetSync) else ref, TwinMakerSync)
