"""A wait as a piece of text, with which it goes on elsewhere: in a later step, another process, another machine."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self, cast

from unisync._models.jobs import SyncJob
from unisync._models.refs import SyncRef, parse_fleet_ref, parse_ref
from unisync._waiters.waiters import checked_revision, checked_timeout
from unisync.errors import InvalidRequestError

_PREFIX = "unisync1."


@dataclass(frozen=True, slots=True)
class WaitToken:
    """Which sync is waited for, at which commit, and until when. `str(token)` is its text.

    It holds no secrets, and no credentials: whoever resumes the wait needs their own.
    """

    ref: SyncRef[SyncJob]
    revision: str | None = None
    deadline: datetime | None = None
    """When the wait ends, in UTC; None is never."""

    @classmethod
    def of(cls, ref: SyncRef[SyncJob], *, revision: str | None = None, timeout: float | timedelta | None = 900) -> Self:
        """The token of a wait that begins now.

        Args:
            ref: Which sync.
            revision: The commit that is waited for, for a Git sync.
            timeout: Seconds, or a timedelta, that the wait may take in all; None is for ever.

        Raises:
            InvalidRequestError: An argument is not what it is expected to be.
        """
        if not isinstance(cast("object", ref), SyncRef):
            raise InvalidRequestError.before_sending(f"ref: expected a reference such as StackSync(...), got {ref!r}")
        seconds = checked_timeout(timeout)
        try:
            deadline = None if timeout is None else datetime.now(UTC) + timedelta(seconds=seconds)
        except OverflowError:
            deadline = None
        return cls(ref, checked_revision(revision), deadline)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the text of a token.

        Raises:
            InvalidRequestError: it is none.
        """
        try:
            if not text.startswith(_PREFIX):
                raise ValueError("another prefix")
            ref, revision, deadline = json.loads(base64.b64decode(text.removeprefix(_PREFIX), b"-_", validate=True))
            until = None if deadline is None else datetime.fromtimestamp(deadline, UTC)
            return cls(_parsed(ref), checked_revision(revision), until)
        except (AttributeError, TypeError, ValueError, OverflowError, OSError, binascii.Error) as error:
            message = f"token: expected the text of a WaitToken, got {text!r:.60}"
            raise InvalidRequestError.before_sending(message, "WaitToken") from error

    @property
    def time_left(self) -> float | None:
        """Seconds until the deadline, zero if it has passed; None where there is none."""
        return None if self.deadline is None else max((self.deadline - datetime.now(UTC)).total_seconds(), 0.0)

    def __str__(self) -> str:
        deadline = None if self.deadline is None else round(self.deadline.timestamp(), 3)
        document = json.dumps([str(self.ref), self.revision, deadline], separators=(",", ":"))
        return _PREFIX + base64.urlsafe_b64encode(document.encode()).decode()


def _parsed(text: str) -> SyncRef[SyncJob]:
    """A reference of either kind: only a fleet's has a slash before its colon."""
    return parse_fleet_ref(text) if "/" in text.partition(":")[0] else parse_ref(text)
