"""Reading many syncs once: an outcome for each, so that no failure hides another's result.

Apart from the waits, so that the command `get` needs none of their rules.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar, cast

from unisync._core.flow import Flow, Gather
from unisync._core.target import SyncTarget
from unisync._models.jobs import SyncJob
from unisync._models.outcome import Outcome
from unisync._models.refs import SyncRef
from unisync.errors import SyncBlockedError, UnisyncError

J = TypeVar("J", bound=SyncJob)

Results = Mapping[int, object]
"""A job or a UnisyncError, by the index of the sync."""


def get_many(
    targets: Sequence[SyncTarget[J]], retrying: Callable[[Flow[J]], Flow[J]], include_blockers: bool
) -> Flow[list[Outcome[J]]]:
    """Read each sync once; with `include_blockers`, its blockers too.

    Args:
        targets: The syncs.
        retrying: Adds retries to the flow that reads one of them.
        include_blockers: Whether to read the blockers.
    """
    jobs: dict[int, J] = {}

    def read(index: int, target: SyncTarget[J]) -> Flow[J]:
        job = jobs[index] = yield from target.fetch()
        if include_blockers:
            job = jobs[index] = yield from target.with_blockers(job)
        return job

    reads = [retrying(read(index, target)) for index, target in enumerate(targets)]
    results: Results = yield Gather(reads, fail_fast=True)
    return outcomes_of(targets, results, jobs)


def outcomes_of(targets: Sequence[SyncTarget[J]], results: Results, jobs: Mapping[int, J]) -> list[Outcome[J]]:
    """The outcome of each sync, in order, from the jobs that were read last and the results."""
    return [outcome_of(target.ref, jobs.get(index), results.get(index)) for index, target in enumerate(targets)]


def outcome_of(ref: SyncRef[J], last: J | None, result: object) -> Outcome[J]:
    """The outcome of a sync, from the job that was read last and a result, None if there is none."""
    error = result if isinstance(result, UnisyncError) else None
    job = last if result is None or error is not None else cast("J", result)
    blockers = None if job is None else job.blockers
    if isinstance(error, SyncBlockedError):
        blockers = error.blockers
    return Outcome(ref, job, error, done=result is not None, blockers=blockers)
