"""Whose keys there are: one of each account, and the temporary ones that were given out for roles."""

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
    """A role that everybody can assume who knows its external id, if it has one."""

    arn: str
    external_id: str | None


@dataclass(slots=True)
class TemporaryKey:
    """What was given out for a role."""

    access_key: str
    token: str
    identity: Identity
    expires_at: float


class Identities:
    """All accounts' keys and roles."""

    def __init__(self, clock: EmulatorClock, lock: threading.RLock) -> None:
        self.roles: dict[str, Role] = {}
        """By ARN."""
        self._clock = clock
        self._lock = lock
        self._temporary: dict[str, TemporaryKey] = {}

    def find(self, access_key: str, token: str | None) -> Identity:
        """Whom a key speaks for. An account's own is good with any token, a temporary one with its own alone.

        Raises:
            CommonError: UnrecognizedClientException or ExpiredTokenException.
        """
        own = ACCESS_KEY.fullmatch(access_key)
        if own is not None:
            return _user(own[1])
        with self._lock:
            key = self._temporary.get(access_key)
            if key is None or key.token != token:
                raise CommonError(
                    "UnrecognizedClientException", "The security token included in the request is invalid.", 403
                )
            if self._clock.now() >= key.expires_at:
                raise CommonError("ExpiredTokenException", "The security token included in the request is expired", 403)
            return key.identity

    def assume(self, role: Role, session_name: str, expires_at: float) -> TemporaryKey:
        """Give out a key for a role."""
        partition, account, name = split_role_arn(role.arn)
        identity = Identity(
            account,
            f"arn:{partition}:sts::{account}:assumed-role/{name}/{session_name}",
            f"{_unique_id('AROA', role.arn)}:{session_name}",
            base64.b64encode(secrets.token_bytes(30)).decode(),
        )
        access_key = f"ASIA{base64.b32encode(secrets.token_bytes(10)).decode()}"
        token = base64.b64encode(secrets.token_bytes(192)).decode()
        with self._lock:
            key = self._temporary[access_key] = TemporaryKey(access_key, token, identity, expires_at)
            return key

    def expire(self, account: str | None) -> None:
        """Let the temporary keys of an account, or of every one, be good no longer."""
        with self._lock:
            for key in self._temporary.values():
                if account in (None, key.identity.account):
                    key.expires_at = min(key.expires_at, self._clock.now())


def split_role_arn(arn: str) -> tuple[str, str, str]:
    """Partition, account and name; a role's path is in none of what is made of it.

    Raises:
        ValueError: It is no role's ARN.
    """
    found = _ROLE.fullmatch(arn)
    if found is None:
        raise ValueError(f"arn: expected a role's, as arn:aws:iam::123456789012:role/name, got {arn!r}")
    return found[1], found[2], found[3]


def _user(account: str) -> Identity:
    arn = f"arn:aws:iam::{account}:user/emulated"
    return Identity(account, arn, _unique_id("AIDA", arn), secret_of(account))


def _unique_id(prefix: str, arn: str) -> str:
    return prefix + base64.b32encode(hashlib.sha256(arn.encode()).digest()).decode()[:17]
