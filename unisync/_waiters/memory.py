"""What a wait remembers from one poll to the next, so that another process can make the next poll."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, NonNegativeInt

from unisync._waiters.branches import BranchesSeen
from unisync._waiters.commits import CommitsSeen
from unisync._waiters.side_reads import LastRead

MAX_COMMITS = 24
"""Commits that are remembered from before ours: a token must stay small."""
MAX_FAILURES = 1
"""Failed attempts whose first sight is remembered, beside the last one."""

FailureKey = Annotated[tuple[str, ...], Field(min_length=1)]
"""What failed: its kind, and what distinguishes it from others of its kind, such as when the attempt started."""


class RememberedFailure(BaseModel, frozen=True):
    """A failure that was seen, and may pass."""

    of: FailureKey
    since: FiniteFloat
    grace: FiniteFloat


class WaitMemory(BaseModel):
    """What a wait has seen. Times are seconds since it began."""

    model_config: ClassVar[ConfigDict] = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    polls: NonNegativeInt = 0
    commits: CommitsSeen = CommitsSeen()
    branches: BranchesSeen = BranchesSeen()
    side_reads: dict[str, LastRead] = {}
    denied: dict[str, str] = {}
    """What may not be read beside the status, with AWS's error code."""
    unreadable: int = 0
    """How many consecutive responses were unreadable."""
    status: str | None = None
    """The status of the sync as it was last read."""
    is_in_progress: bool = False
    """Whether AWS worked on what is waited for then."""
    is_synced: bool = False
    """Whether the sync was synced by its status, and only its blockers could not be read yet."""
    failure: RememberedFailure | None = None
    failed_since: tuple[tuple[FailureKey, FiniteFloat], ...] = ()
    """When each failed attempt was first seen, except that of `failure`."""

    def copied(self) -> Self:
        """A copy that shares nothing which changes, as short as it may be: without what is too old to matter."""
        commits, failure = self.commits, self.failure
        before_ours = commits.before_ours.split()
        return self.model_copy(
            update={
                "commits": replace(
                    commits,
                    settled_since=_round(commits.settled_since),
                    before_ours=" ".join(before_ours[-MAX_COMMITS:]),
                    has_forgotten=commits.has_forgotten or len(before_ours) > MAX_COMMITS,
                ),
                "branches": replace(self.branches, first_seen_at=_round(self.branches.first_seen_at)),
                "side_reads": {name: last._replace(at=_round(last.at)) for name, last in self.side_reads.items()},
                "failure": None if failure is None else failure.model_copy(update={"since": _round(failure.since)}),
                "failed_since": tuple((of, _round(since)) for of, since in self.failed_since[-MAX_FAILURES:]),
            }
        )


def _round(seconds: float) -> float:
    return round(seconds, 3)
