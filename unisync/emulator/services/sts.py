"""STS: GetCallerIdentity, and AssumeRole."""

from __future__ import annotations

from unisync.emulator._protocol.serialization import Document
from unisync.emulator._state.identities import split_role_arn
from unisync.emulator.errors import AwsError
from unisync.emulator.services.request import Handler, OperationRequest

DEFAULT_DURATION = 3600
"""Default lifetime of temporary credentials, in seconds."""


def assume_role(request: OperationRequest) -> Document:
    """AssumeRole. Session policies and tags are accepted and ignored: the emulator has no permissions."""
    params, arn = request.params, request.params["RoleArn"]
    try:
        split_role_arn(arn)
    except ValueError:
        raise AwsError("ValidationError", "Request ARN is invalid") from None
    role = request.identities.roles.get(arn)
    if role is None or role.external_id not in (None, params.get("ExternalId")):
        raise AwsError(
            "AccessDenied",
            f"User: {request.identity.arn} is not authorized to perform: sts:AssumeRole on resource: {arn}",
            403,
        )
    expires_at = request.now + params.get("DurationSeconds", DEFAULT_DURATION)
    credentials = request.identities.issue(role, params["RoleSessionName"], expires_at)
    return {
        "Credentials": {
            "AccessKeyId": credentials.access_key,
            "SecretAccessKey": credentials.identity.secret,
            "SessionToken": credentials.token,
            "Expiration": request.account.date(expires_at),
        },
        "AssumedRoleUser": {"AssumedRoleId": credentials.identity.user_id, "Arn": credentials.identity.arn},
        "SourceIdentity": params.get("SourceIdentity"),
    }


def get_caller_identity(request: OperationRequest) -> Document:
    """GetCallerIdentity."""
    return {"UserId": request.identity.user_id, "Account": request.identity.account, "Arn": request.identity.arn}


HANDLERS: dict[str, Handler] = {"AssumeRole": assume_role, "GetCallerIdentity": get_caller_identity}
