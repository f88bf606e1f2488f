"""STS: who one is, and being somebody in another account for a while."""

from __future__ import annotations

from unisync.emulator._protocol.serialization import Document
from unisync.emulator._state.identities import split_role_arn
from unisync.emulator.errors import AwsError
from unisync.emulator.services.request import Asked, Behaviour

DURATION = 3600
"""Seconds for which temporary credentials are good, where the request does not say."""


def assume_role(asked: Asked) -> Document:
    """AssumeRole. Policies and tags of a session are taken and change nothing: here, everybody may do everything."""
    params, arn = asked.params, asked.params["RoleArn"]
    try:
        split_role_arn(arn)
    except ValueError:
        raise AwsError("ValidationError", "Request ARN is invalid") from None
    role = asked.identities.roles.get(arn)
    if role is None or role.external_id not in (None, params.get("ExternalId")):
        raise AwsError(
            "AccessDenied",
            f"User: {asked.identity.arn} is not authorized to perform: sts:AssumeRole on resource: {arn}",
            403,
        )
    expires_at = asked.now + params.get("DurationSeconds", DURATION)
    key = asked.identities.assume(role, params["RoleSessionName"], expires_at)
    return {
        "Credentials": {
            "AccessKeyId": key.access_key,
            "SecretAccessKey": key.identity.secret,
            "SessionToken": key.token,
            "Expiration": asked.world.date(expires_at),
        },
        "AssumedRoleUser": {"AssumedRoleId": key.identity.user_id, "Arn": key.identity.arn},
        "SourceIdentity": params.get("SourceIdentity"),
    }


def get_caller_identity(asked: Asked) -> Document:
    """GetCallerIdentity."""
    return {"UserId": asked.identity.user_id, "Account": asked.identity.account, "Arn": asked.identity.arn}


BEHAVIOURS: dict[str, Behaviour] = {"AssumeRole": assume_role, "GetCallerIdentity": get_caller_identity}
