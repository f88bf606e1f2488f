"""A wait as text, so that another step, process or machine can continue it."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self, cast

from unisync._models.jobs import SyncJob
from unisync._models.refs import SyncRef, parse_any_ref
from unisync._waiters.arguments import checked_timeout
from unisync._waiters.wanted import Wanted
from unisync.errors import InvalidArgumentError

_PREFIX = "unisync1."


@dataclass(frozen=True, slots=True)
class WaitToken:
    """The sync to wait for, the commit, and the deadline. `str(token)` is its text.

    It holds no secrets and no credentials: the process that resumes the wait needs its own.
    """

    ref: SyncRef[SyncJob]
    revision: str | None = None
    deadline: datetime | None = None
    """When the wait ends, in UTC; None for a wait without a deadline."""

    @classmethod
    def create(
        cls, ref: SyncRef[SyncJob], *, revision: str | None = None, timeout: float | timedelta | None = 900
    ) -> Self:
        """The token of a wait that starts now.

        Args:
            ref: The sync.
            revision: The commit to wait for, for a Git sync.
            timeout: Overall deadline in seconds or as a timedelta. None waits indefinitely.

        Raises:
            InvalidArgumentError: An argument is not what is expected.
        """
        is_ref = isinstance(cast("object", ref), SyncRef)
        InvalidArgumentError.unless(is_ref, "ref", "a reference such as StackSync(...)", ref)
        seconds = checked_timeout(timeout)
        try:
            deadline = None if timeout is None else datetime.now(UTC) + timedelta(seconds=seconds)
        except OverflowError:
            deadline = None
        return cls(ref, _checked(revision), deadline)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the text of a token.

        Raises:
            InvalidArgumentError: It is not the text of a token.
        """
        try:
            if not text.startswith(_PREFIX):
                raise ValueError("another prefix")
            ref, revision, deadline = json.loads(base64.b64decode(text.removeprefix(_PREFIX), b"-_", validate=True))
            until = None if deadline is None else datetime.fromtimestamp(deadline, UTC)
            return cls(parse_any_ref(ref), _checked(revision), until)
        except (AttributeError, TypeError, ValueError, OverflowError, OSError, binascii.Error) as error:
            raise InvalidArgumentError.expected("token", "the text of a WaitToken", text) from error

    @property
    def remaining(self) -> float | None:
        """Seconds until the deadline, zero if it has passed; None if there is none."""
        return None if self.deadline is None else max((self.deadline - datetime.now(UTC)).total_seconds(), 0.0)

    def __str__(self) -> str:
        deadline = None if self.deadline is None else round(self.deadline.timestamp(), 3)
        document = json.dumps([str(self.ref), self.revision, deadline], separators=(",", ":"))
        return _PREFIX + base64.urlsafe_b64encode(document.encode()).decode()


def _checked(revision: object) -> str | None:
    """One commit, in lower case: the text of a token has room for no function.

    Raises:
        InvalidArgumentError: It is something else.
    """
    is_one = revision is None or isinstance(revision, str)
    InvalidArgumentError.unless(is_one, "revision", "a commit's sha, or None", revision)
    wanted = Wanted.checked(revision)
    return None if wanted is None else wanted.text
