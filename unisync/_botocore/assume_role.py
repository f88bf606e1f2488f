"""Roles: the credentials of another account, fetched when they are first needed, and again before they expire."""

from __future__ import annotations

import threading
import time
from copy import copy
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from unisync._botocore.loader import fast_session
from unisync._botocore.session import Session, is_expired, is_refusal
from unisync.errors import InvalidRequestError

if TYPE_CHECKING:
    import botocore.session
    from botocore.credentials import CredentialMetadata

HIDDEN = "***"
"""What stands in the place of what is not to be seen."""
REFUSED_FOR = 10.0
"""Seconds for which a role that could not be assumed is not asked for again."""


class Hidden:
    """A text that is shown nowhere: neither by a traceback's locals, nor by whoever prints what holds it."""

    __slots__ = ("text",)

    def __init__(self, text: str | None) -> None:
        self.text: str | None = text

    def __repr__(self) -> str:
        return HIDDEN


class Role:
    """A role that is assumed.

    Args:
        source: The session whose credentials assume it.
        arn: Its name.
        external_id: What it asks to be told, if it does.
        session_name: What its account's logs show.
        region: Where it is assumed, if the source has no region.
    """

    def __init__(self, source: Session, arn: str, external_id: Hidden, session_name: str, region: str | None) -> None:
        parts = arn.split(":")
        if (
            len(parts) != 6
            or parts[0] != "arn"
            or parts[2] != "iam"
            or not parts[4]
            or not parts[5].startswith("role/")
        ):
            message = f"role_arns: expected such as arn:aws:iam::123456789012:role/name, got {arn!r}"
            raise InvalidRequestError.before_sending(message, "Fleet")
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
        """Botocore's session of the role, one for all regions."""
        from botocore.credentials import DeferredRefreshableCredentials

        with self._lock:
            if self._session is None:
                self._session = fast_session(self._source.profile_name)
                self._session._credentials = DeferredRefreshableCredentials(self._assumed, "assume-role", self._now)
            return self._session

    def expire(self) -> None:
        """Have the credentials fetched anew: AWS says that they have expired."""
        self._is_expired = True

    def _now(self) -> datetime:
        """The time, as far as the credentials are concerned."""
        return datetime.now(UTC) + (timedelta(days=3650) if self._is_expired else timedelta())

    def _assumed(self) -> CredentialMetadata:
        began = time.monotonic()
        if self._refusal is not None and began - self._refused_at < REFUSED_FOR:
            raise copy(self._refusal)  # each has its own traceback
        try:
            try:
                found = self._fetched()
            except Exception as error:
                if not is_expired(error) or not self._source.renewed(since=began):
                    raise
                found = self._fetched()
        except Exception as error:
            if is_refusal(error):
                self._refusal, self._refused_at = error, began
            raise
        self._refusal, self._is_expired = None, False
        return found

    def _fetched(self) -> CredentialMetadata:
        from botocore.credentials import AssumeRoleCredentialFetcher
        from botocore.exceptions import NoCredentialsError

        credentials = self._source.credentials
        if credentials is None:
            raise NoCredentialsError
        told = {"RoleSessionName": self._session_name}
        if self._external_id.text is not None:
            told["ExternalId"] = self._external_id.text
        fetcher = AssumeRoleCredentialFetcher(self._sts, credentials, self._arn, told)
        del told
        return fetcher.fetch_credentials()

    def _sts(self, service: str, **_: object) -> Any:
        # One for all roles: its credentials are those that the fetcher would hand it.
        return self._source.plain_client(service, self._region)
