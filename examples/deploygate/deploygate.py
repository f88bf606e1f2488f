"""Lets a pipeline go on once a commit is in place in each of its stacks, and tells people why it does not."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass

from unisync import (
    AsyncUnisync,
    StackSync,
    SyncBlockedError,
    SyncFailedError,
    SyncSupersededError,
    Unisync,
    UnisyncError,
)


@dataclass(frozen=True)
class Verdict:
    """Whether the pipeline may go on, and what is said of it."""

    goes_on: bool
    said: str


def verdict_on(stack: str, error: UnisyncError | None) -> Verdict:
    """What is to be said of a stack."""
    match error:
        case None:
            return Verdict(True, f"{stack} is in place")
        case SyncSupersededError():
            return Verdict(True, f"{stack} is past it: {error.superseded_by.sha[:7]} took its place")
        case SyncBlockedError():
            return Verdict(False, f"{stack} is blocked: {error.blockers[0].created_reason}")
        case SyncFailedError():
            return Verdict(False, f"{stack} failed: {error.error.message if error.error else 'no reason given'}")
        case _:
            return Verdict(False, f"{stack}: {error}")


def gate(stacks: Iterable[str], commit: str, client: Unisync | None = None) -> list[Verdict]:
    """Wait for a commit in all stacks."""
    client = client or Unisync()
    outcomes = client.wait_all([StackSync(stack) for stack in stacks], revision=commit, timeout=900)
    return [verdict_on(str(outcome.ref), outcome.error) for outcome in outcomes]


async def live_commit(stack: str, client: AsyncUnisync) -> str | None:
    """The commit that is live in a stack, for a page that shows it."""
    job = await client.get(StackSync(stack))
    return job.live_revision.sha if job.live_revision else None


def main() -> int:
    """Be the pipeline's step: deploygate COMMIT STACK…"""
    verdicts = gate(sys.argv[2:], sys.argv[1])
    print(*(verdict.said for verdict in verdicts), sep="\n")
    return 0 if all(verdict.goes_on for verdict in verdicts) else 1


if __name__ == "__main__":
    sys.exit(main())
