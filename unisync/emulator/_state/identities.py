"""The credentials and roles of all accounts: one access key per account, and the temporary ones of assumed roles."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
import threading
from dataclasses import dataclass

from unisync.emulator._protocol.signature import ACCESS_KEY, Identity, secret_of
from unisync.emulator.clock import EmulatorClock
from unisync.emulator.errors import CommonError

_ROLE = re.compile(r"arn:(aws[a-z-]*):iam::([0-9]{12}):role/(?:[!-~]+/)?([\w+=,.@-]{1,64})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Role:
    """A role that every account can assume, if it sends the external ID of a role that has one."""

    arn: str
    external_id: str | None


@dataclass(slots=True)
class TemporaryCredentials:
    """Credentials issued for a role."""

    access_key: str
    token: str
    identity: Identity
    expires_at: float


class Identities:
    """The credentials and roles of all accounts."""

    def __init__(self, clock: EmulatorClock, lock: threading.RLock) -> None:
        self.roles: dict[str, Role] = {}
        """By ARN."""
        self._clock = clock
        self._lock = lock
        self._temporary: dict[str, TemporaryCredentials] = {}

    def find(self, access_key: str, token: str | None) -> Identity:
        """The identity that an access key belongs to. An account's own key works with any session token.

        Raises:
            CommonError: UnrecognizedClientException or ExpiredTokenException.
        """
        own = ACCESS_KEY.fullmatch(access_key)
        if own is not None:
            return _user(own[1])
        with self._lock:
            temporary = self._temporary.get(access_key)
            if temporary is None or temporary.token != token:
                raise CommonError(
                    "UnrecognizedClientException", "The security token included in the request is invalid.", 403
                )
            if self._clock.now() >= temporary.expires_at:
                raise CommonError("ExpiredTokenException", "The security token included in the request is expired", 403)
            return temporary.identity

    def issue(self, role: Role, session_name: str, expires_at: float) -> TemporaryCredentials:
        """Issue temporary credentials for a role."""
        partition, account, name = split_role_arn(role.arn)
        identity = Identity(
            account,
            f"arn:{partition}:sts::{account}:assumed-role/{name}/{session_name}",
            f"{_unique_id('AROA', role.arn)}:{session_name}",
            base64.b64encode(secrets.token_bytes(30)).decode(),
        )
        access_key = f"ASIA{base64.b32encode(secrets.token_bytes(10)).decode()}"
        token = base64.b64encode(secrets.token_bytes(192)).decode()
        temporary = TemporaryCredentials(access_key, token, identity, expires_at)
        with self._lock:
            self._temporary[access_key] = temporary
        return temporary

    def expire(self, account: str | None) -> None:
        """Expire the temporary credentials of one account, or of all accounts."""
        with self._lock:
            for temporary in self._temporary.values():
                if account in (None, temporary.identity.account):
                    temporary.expires_at = min(temporary.expires_at, self._clock.now())


def split_role_arn(arn: str) -> tuple[str, str, str]:
    """The partition, the account and the name in a role's ARN. A role's path is dropped.

    Raises:
        ValueError: It is not the ARN of a role.
    """
    found = _ROLE.fullmatch(arn)
    if found is None:
        raise ValueError(f"arn: expected a role's, such as arn:aws:iam::123456789012:role/name, got {arn!r}")
    return found[1], found[2], found[3]


def _user(account: str) -> Identity:
    arn = f"arn:aws:iam::{account}:user/emulated"
    return Identity(account, arn, _unique_id("AIDA", arn), secret_of(account))


def _unique_id(prefix: str, arn: str) -> str:
    return prefix + base64.b32encode(hashlib.sha256(arn.encode()).digest()).decode()[:17]
