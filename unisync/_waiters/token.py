"""A wait as JSON, so that another step, process or machine can continue it."""

from __future__ import annotations

import json
import math
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, ClassVar, Generic, Literal, Self, TypedDict, TypeVar, cast

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from typing_extensions import override

from unisync._core.backoff import Backoff
from unisync._core.durations import checked_timeout, seconds_of
from unisync._models.base import AsRef, Date
from unisync._models.dumping import Dumpable
from unisync._models.jobs import GitSyncJob, SyncJob
from unisync._models.refs import SyncRef
from unisync._models.text import sanitize
from unisync._waiters.checks import checked_grace, checked_max_failures, checked_started_after
from unisync._waiters.memory import WaitMemory
from unisync._waiters.wanted import Wanted
from unisync.errors import (
    InvalidArgumentError,
    SyncBlockedError,
    SyncFailedError,
    SyncSupersededError,
    UnisyncError,
    WaitTimeoutError,
)

J_co = TypeVar("J_co", bound=SyncJob, covariant=True)

WaitCondition = Literal["active", "deleted", "resources"]
"""What is waited for: that a sync is synced, that it is deleted, or that a sync job's resources are synced."""


MAX_RESULT = 2000
"""Bytes of the JSON of a poll."""
MIN_MESSAGE = 100
"""Bytes of a message at least, however large the rest is."""


class WaitToken(BaseModel):
    """A whole wait: what is waited for, until when, and what was seen so far. `str(token)` is its JSON.

    It holds no secrets and no credentials: the process that continues the wait needs its own. It is a pydantic model,
    and may be a field of yours.
    """

    model_config: ClassVar[ConfigDict] = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    ref: Annotated[SyncRef[SyncJob], AsRef(SyncRef)]
    """The sync; in a fleet, a `FleetSync`."""
    condition: WaitCondition = "active"
    """What is waited for."""
    revision: str | tuple[str, ...] | None = None
    """The commit that is waited for, or several of which any counts; None for the one that AWS desires."""
    timeout: Annotated[float, Field(ge=0)] | None = 900.0
    """Seconds that the wait may take from its first poll; None for no limit."""
    begin: Date | None = None
    """When the first poll was, in UTC; None if there was none yet."""
    backoff: Backoff = Backoff()
    """The pauses between polls."""
    grace: Annotated[float, Field(ge=0)] | None = None
    """Seconds for which a failure may pass; None is 0, and 120 for the resources of a sync job."""
    started_after: Date | None = None
    """Attempts that started before are ignored; None if they count."""
    max_failures: Annotated[int, Field(ge=0)] = 0
    """How many resources of a sync job may fail."""
    memory: WaitMemory = WaitMemory()
    """What the polls have seen."""

    @field_validator("revision", mode="after")
    @classmethod
    def _of_shas(cls, revision: str | tuple[str, ...] | None) -> str | tuple[str, ...] | None:
        shas = checked_shas(revision)
        return shas[0] if len(shas) == 1 else shas or None

    @classmethod
    def create(
        cls,
        ref: SyncRef[SyncJob],
        *,
        condition: WaitCondition = "active",
        revision: str | Collection[str] | None = None,
        timeout: float | timedelta | None = 900,
        backoff: Backoff = Backoff(),  # noqa: B008  # it cannot be changed
        grace: float | timedelta | None = None,
        started_after: datetime | None = None,
        max_failures: int = 0,
    ) -> Self:
        """The token of a wait that begins with its first poll.

        Args:
            ref: The sync; also a `FleetSync`.
            condition: "active" to wait until it is synced, "deleted", or "resources" for those of a TwinMaker sync job.
            revision: The commit to wait for, for a Git sync; or several, of which any counts. No function.
            timeout: Seconds, or a timedelta, that the wait may take from its first poll. None waits indefinitely.
            backoff: The pauses between polls.
            grace: As for `wait_until_active`.
            started_after: As for `wait_until_active`.
            max_failures: As for `wait_until_resources_synced`.

        Raises:
            InvalidArgumentError: An argument is not what is expected.
        """
        is_ref = isinstance(cast("object", ref), SyncRef)
        InvalidArgumentError.unless(is_ref, "ref", "a reference such as StackSync(...)", ref)
        expected = "'active', 'deleted' or 'resources'"
        InvalidArgumentError.unless(condition in ("active", "deleted", "resources"), "condition", expected, condition)
        InvalidArgumentError.unless(isinstance(cast("object", backoff), Backoff), "backoff", "a Backoff", backoff)
        seconds = checked_timeout(timeout)
        return cls(
            ref=ref,
            condition=condition,
            revision=checked_shas(revision) or None,
            timeout=None if timeout is None else seconds,
            backoff=backoff,
            grace=checked_grace(grace),
            started_after=checked_started_after(started_after),
            max_failures=checked_max_failures(max_failures),
        )

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the text of a token.

        Raises:
            InvalidArgumentError: It is not the text of a token.
        """
        try:
            return cls.model_validate_json(text)
        except (ValueError, TypeError) as error:
            expected = InvalidArgumentError.expected("token", "the text of a WaitToken", text)
            raise InvalidArgumentError(f"{expected}{_reason(error)}") from error

    @property
    def deadline(self) -> datetime | None:
        """When the wait ends, in UTC; None if it has no limit, or has not begun."""
        if self.begin is None or self.timeout is None:
            return None
        try:
            return self.begin + timedelta(seconds=self.timeout)
        except OverflowError:
            return None

    @property
    def remaining(self) -> float | None:
        """Seconds until the deadline by this machine's clock, zero if it has passed; None if there is no limit."""
        deadline = self.deadline
        return self.timeout if deadline is None else max((deadline - datetime.now(UTC)).total_seconds(), 0.0)

    def extended(self, by: float | timedelta) -> Self:
        """The same wait with a later deadline.

        Args:
            by: Seconds, or a timedelta, by which it is later.

        Raises:
            InvalidArgumentError: It is not a duration.
        """
        is_duration = seconds_of(by) is not None
        InvalidArgumentError.unless(is_duration, "by", "a number of seconds or a timedelta", by)
        seconds = checked_timeout(by, "by")
        return self if self.timeout is None else self.model_copy(update={"timeout": self.timeout + seconds})

    @override
    def __str__(self) -> str:
        return self.model_dump_json(exclude_defaults=True)

    @override
    def __hash__(self) -> int:
        return hash((self.ref, self.condition, self.revision, self.begin, self.timeout))


PollStatus = Literal["waiting", "succeeded", "failed", "blocked", "superseded", "timed_out", "error"]
"""How the wait stands: "waiting" until it ends; "error" if AWS denied, did not find or rejected what was asked."""


class PollResult(TypedDict):
    """A `Poll` as JSON, of less than 2 KB for up to 10 commits."""

    status: PollStatus
    """How the wait stands."""
    token: dict[str, object]
    """The wait, as a `WaitToken`."""
    next_delay: int | None
    """Seconds until the next poll, at least 1; None if the wait has ended."""
    ref: str
    """The reference of the sync."""
    state: str | None
    """The state of the sync as this poll read it, a value of `SyncState`; None if it could not be read."""
    aws_state: str | None
    """AWS's own value of it."""
    live_revision: str | None
    """The sha of the commit that is live, if it is known."""
    message: str
    """A description for people: the error, or the state. Longer ones are cut off at 500 bytes."""
    error: str | None
    """The name of the class of the error that ended the wait, such as "SyncFailedError"; while it is "waiting", of the
    transient error of this poll. None if there is none."""
    retryable: bool
    """Whether the error is transient, so that a new wait may succeed."""
    polls: int
    """How often the sync was polled."""
    elapsed: float
    """Seconds since the wait began."""


@dataclass(frozen=True)
class Poll(Dumpable, Generic[J_co]):
    """What one poll of a wait found."""

    token: WaitToken
    """The wait after it: pass it to the next poll."""
    job: J_co | None
    """The job as this poll returned it; None if the poll failed, or the sync is deleted. A wait that is done may have
    none, where only an earlier poll has read it."""
    done: bool
    """Whether the wait has ended: with success if there is no `error`."""
    error: UnisyncError | None = None
    """What the wait ended with: the error that the blocking wait would raise. Or, if it is not `done`, the transient
    error of this poll."""
    next_delay: float | None = None
    """Seconds until the next poll is due; None if the wait has ended."""
    elapsed: float = 0.0
    """Seconds since the wait began."""

    @property
    def status(self) -> PollStatus:
        """How the wait stands."""
        if not self.done:
            return "waiting"
        match self.error:
            case None:
                return "succeeded"
            case SyncFailedError():
                return "failed"
            case SyncBlockedError():
                return "blocked"
            case SyncSupersededError():
                return "superseded"
            case WaitTimeoutError():
                return "timed_out"
            case _:
                return "error"

    def to_dict(self) -> PollResult:
        """The poll as JSON, for an engine that stores it. Long messages are cut off: it has less than 2 KB."""
        job, error, token = self.job, self.error, self.token
        live = job.live_revision if isinstance(job, GitSyncJob) else None
        found: PollResult = {
            "status": self.status,
            "token": json.loads(str(token)),
            "next_delay": None if self.next_delay is None else max(math.ceil(self.next_delay), 1),
            "ref": str(token.ref),
            "state": None if job is None else job.status.state.value,
            "aws_state": None if job is None else job.status.aws_state,
            "live_revision": None if live is None else live.sha,
            "message": "",
            "error": None if error is None else type(error).__name__,
            "retryable": error is not None and error.retryable,
            "polls": token.memory.polls,
            "elapsed": round(self.elapsed, 3),
        }
        room = max(MAX_RESULT - len(json.dumps(found)), MIN_MESSAGE)
        return {**found, "message": _shortened(self._description() if error is None else str(error), room)}

    def _description(self) -> str:
        """A sentence about a poll without an error."""
        if self.job is not None:
            return f"{self.token.ref} is {self.job.status}"
        if not self.done:
            return f"{self.token.ref} could not be read in time"
        return f"{self.token.ref} is {'deleted' if self.token.condition == 'deleted' else self.token.memory.status}"


def _reason(error: ValueError | TypeError) -> str:
    """What is wrong with the text of a token: the first field at fault, and why."""
    if not isinstance(error, ValidationError):
        return ""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    return f" ({': '.join(filter(None, ('.'.join(map(str, first['loc'])), first['msg']))):.200})"


def _shortened(text: str, size: int) -> str:
    """Text without control characters, whose JSON has no more bytes than that."""
    clean = "\n".join(map(sanitize, text.splitlines()))
    if len(json.dumps(clean)) <= size:
        return clean
    kept = clean[:size]
    while len(json.dumps(kept)) > size - len(json.dumps("…")):
        kept = kept[:-1]
    return f"{kept}…"


def checked_token(token: object) -> WaitToken:
    """The token that was passed, or whose text was.

    Raises:
        InvalidArgumentError: It is neither.
    """
    return token if isinstance(token, WaitToken) else WaitToken.parse(cast("str", token))


def checked_shas(revision: object) -> tuple[str, ...]:
    """The commits that are waited for, in lower case: JSON has room for no function.

    Raises:
        InvalidArgumentError: They are something else.
    """
    InvalidArgumentError.unless(not callable(revision), "revision", "a commit's sha, several, or None", revision)
    wanted = Wanted.checked(revision)
    return () if wanted is None else wanted.shas
