"""Let a pipeline continue once a commit is live in each of its stacks, and say why if it is not."""

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
    """Whether the pipeline may continue, and why."""

    passed: bool
    message: str


def judge(stack: str, error: UnisyncError | None) -> Verdict:
    """The verdict on one stack."""
    match error:
        case None:
            return Verdict(True, f"{stack} is synced")
        case SyncSupersededError():
            return Verdict(True, f"{stack} was superseded by {error.superseded_by.sha[:7]}")
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
    return [judge(str(outcome.ref), outcome.error) for outcome in outcomes]


async def live_commit(stack: str, client: AsyncUnisync) -> str | None:
    """The commit that is live in a stack, for a status page."""
    job = await client.get(StackSync(stack))
    return job.live_revision.sha if job.live_revision else None


def main() -> int:
    """Run as a pipeline step: deploygate COMMIT STACK..."""
    verdicts = gate(sys.argv[2:], sys.argv[1])
    print(*(verdict.message for verdict in verdicts), sep="\n")
    return 0 if all(verdict.passed for verdict in verdicts) else 1


if __name__ == "__main__":
    sys.exit(main())
