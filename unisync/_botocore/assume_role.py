"""Assumed roles: the credentials of another account, fetched when they are first needed and before they expire."""

from __future__ import annotations

import threading
import time
from copy import copy
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from botocore.credentials import AssumeRoleCredentialFetcher, DeferredRefreshableCredentials
from botocore.exceptions import NoCredentialsError

from unisync._botocore.errors import is_expired, is_lasting_refusal
from unisync._botocore.loader import fast_session
from unisync._botocore.session import Session
from unisync.errors import InvalidArgumentError

if TYPE_CHECKING:
    import botocore.session
    from botocore.credentials import CredentialMetadata

HIDDEN = "***"
"""Stands in for a secret."""
REFUSAL_TTL = 10.0
"""Seconds for which a role that could not be assumed is not requested again."""


class Secret:
    """A text that neither a traceback's locals nor the repr of its owner show."""

    __slots__ = ("text",)

    def __init__(self, text: str | None) -> None:
        self.text: str | None = text

    def __repr__(self) -> str:
        return HIDDEN


class Role:
    """A role that is assumed.

    Args:
        source: The session whose credentials assume it.
        arn: Its ARN.
        external_id: The external ID for AssumeRole.
        session_name: The session name that its account's logs show.
        region: The region of STS, if the source has none.
    """

    def __init__(self, source: Session, arn: str, external_id: Secret, session_name: str, region: str | None) -> None:
        parts = arn.split(":")
        if (
            len(parts) != 6
            or parts[0] != "arn"
            or parts[2] != "iam"
            or not parts[4]
            or not parts[5].startswith("role/")
        ):
            raise InvalidArgumentError.expected("role_arns", "ARNs such as arn:aws:iam::123456789012:role/name", arn)
        self.account: str = parts[4]
        self._source = source
        self._region = region
        self._arn = arn
        self._session_name = session_name
        self._external_id = external_id
        self._refusal: Exception | None = None
        self._refused_at = 0.0
        self._is_expired = False
        self._session: botocore.session.Session | None = None
        self._lock = threading.Lock()

    def session(self) -> botocore.session.Session:
        """The botocore session of the role, one for all regions."""
        with self._lock:
            if self._session is None:
                self._session = fast_session(self._source.profile_name)
                credentials = DeferredRefreshableCredentials(self._fetch, "assume-role", self._now)
                self._session.register_component("credential_provider", _Provider(credentials))
            return self._session

    def expire(self) -> None:
        """Have the credentials fetched again: AWS says that they have expired."""
        self._is_expired = True

    def _now(self) -> datetime:
        """The time that the credentials compare their expiry with."""
        return datetime.now(UTC) + (timedelta(days=3650) if self._is_expired else timedelta())

    def _fetch(self) -> CredentialMetadata:
        began = time.monotonic()
        if self._refusal is not None and began - self._refused_at < REFUSAL_TTL:
            raise copy(self._refusal)  # each has its own traceback
        try:
            try:
                found = self._request()
            except Exception as error:
                if not is_expired(error) or not self._source.refresh_credentials(since=began):
                    raise
                found = self._request()
        except Exception as error:
            if is_lasting_refusal(error):
                self._refusal, self._refused_at = error, began
            raise
        self._refusal, self._is_expired = None, False
        return found

    def _request(self) -> CredentialMetadata:
        credentials = self._source.credentials
        if credentials is None:
            raise NoCredentialsError
        arguments = {"RoleSessionName": self._session_name}
        if self._external_id.text is not None:
            arguments["ExternalId"] = self._external_id.text
        fetcher = AssumeRoleCredentialFetcher(self._sts, credentials, self._arn, arguments)
        del arguments
        return fetcher.fetch_credentials()

    def _sts(self, _service: str, **_: object) -> Any:
        # The credentials that the fetcher would pass are the source's own.
        return _Sts(self._source, self._region)


class _Provider:
    """The provider of credentials of a session that has some already."""

    def __init__(self, credentials: DeferredRefreshableCredentials) -> None:
        self._credentials = credentials

    def load_credentials(self) -> DeferredRefreshableCredentials:
        return self._credentials


class _Sts:
    """As much of a client of STS as the fetcher needs; its calls go through the source's session."""

    def __init__(self, source: Session, region: str | None) -> None:
        self._source = source
        self._region = region

    def assume_role(self, **params: object) -> dict[str, Any]:
        return self._source.call_for_credentials("sts", "AssumeRole", params, self._region)
