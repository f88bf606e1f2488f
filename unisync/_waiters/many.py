"""Reading and waiting for many syncs: an outcome for each, so that no failure hides another's result."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TypeVar, cast

from unisync._core.events import CallbackError, OnEvent, checked_callback, instrumented
from unisync._core.flow import Flow, Gather
from unisync._core.target import SyncTarget
from unisync._models.jobs import SyncJob
from unisync._models.outcome import Outcome
from unisync._models.refs import SyncRef
from unisync._waiters.arguments import WaitOptions
from unisync._waiters.waiters import Waiter
from unisync._waiters.wanted import Wanted
from unisync.errors import InvalidArgumentError, SyncBlockedError, UnisyncError

T = TypeVar("T")
J = TypeVar("J", bound=SyncJob)

OnOutcome = Callable[[Outcome[J]], object]
"""Called with each outcome of `wait_all` as soon as its wait has ended."""

Results = Mapping[int, object]
"""A job or a UnisyncError, by the index of the sync."""

_STOP_WHEN: Mapping[str, Callable[[object], bool]] = {
    "all": lambda _: False,
    "first": lambda _: True,
    "first_failure": lambda result: isinstance(result, UnisyncError),
}


def get_many(
    targets: Sequence[SyncTarget[J]], retrying: Callable[[Flow[J]], Flow[J]], include_blockers: bool
) -> Flow[list[Outcome[J]]]:
    """Read each sync once; with `include_blockers`, its blockers too.

    Args:
        targets: The syncs.
        retrying: Adds retries to the flow that reads one of them.
        include_blockers: Whether to read the blockers.
    """
    jobs: dict[SyncRef[J], J] = {}

    def read(target: SyncTarget[J]) -> Flow[J]:
        job = jobs[target.ref] = yield from target.fetch()
        if include_blockers:
            job = jobs[target.ref] = yield from target.with_blockers(job)
        return job

    reads = [retrying(read(target)) for target in targets]
    results: Results = yield Gather(reads, fail_fast=True)
    return _outcomes(targets, results, jobs)


def wait_all(
    targets: Sequence[SyncTarget[J]],
    options: WaitOptions[J],
    *,
    wanted: Mapping[SyncRef[J], Wanted | None],
    return_when: str,
    on_outcome: OnOutcome[J] | None,
    now: Callable[[], float],
    on_event: OnEvent | None = None,
) -> Flow[list[Outcome[J]]]:
    """Wait for each sync; `wanted` has the commits of those that have their own."""
    if return_when not in _STOP_WHEN:
        expected = "one of " + ", ".join(map(repr, _STOP_WHEN))
        raise InvalidArgumentError.expected("return_when", expected, return_when)
    checked_callback("on_outcome", on_outcome)
    # The stop event ends all waits at once, in the gathering of them.
    each = replace(options, stop=None, on_progress=partial(_call_back, options.on_progress))
    jobs: dict[SyncRef[J], J] = {}

    def wait(target: SyncTarget[J]) -> Flow[J]:
        own = replace(each, wanted=wanted.get(target.ref, each.wanted))
        if not target.has_revisions:
            own = replace(own, wanted=None, started_after=None)
        waiter = Waiter(_recording(target, jobs), "active", own, now)
        flow = waiter.until_active()
        try:
            job = yield from instrumented(
                flow, on_event, target.ref, waiter.condition, own.revision, now, lambda: waiter.polls
            )
        except UnisyncError as error:
            _call_back(on_outcome, _outcome(target.ref, jobs.get(target.ref), error))
            raise
        _call_back(on_outcome, _outcome(target.ref, job, job))
        return job

    try:
        results: Results = yield Gather(
            [wait(target) for target in targets], _STOP_WHEN[return_when], stop=options.stop
        )
    except CallbackError as carried:
        failure = carried.error
    else:
        return _outcomes(targets, results, jobs)
    raise failure


def _recording(target: SyncTarget[J], jobs: dict[SyncRef[J], J]) -> SyncTarget[J]:
    """The same sync, each job that is read of it kept in `jobs`."""

    def fetch() -> Flow[J]:
        job = jobs[target.ref] = yield from target.fetch()
        return job

    return target._replace(fetch=fetch)


def _call_back(callback: Callable[[T], object] | None, value: T) -> None:
    """Call a user's function. Its error must not be taken for the error of one wait."""
    if callback is not None:
        try:
            callback(value)
        except Exception as error:
            raise CallbackError(error) from error


def _outcomes(targets: Sequence[SyncTarget[J]], results: Results, jobs: Mapping[SyncRef[J], J]) -> list[Outcome[J]]:
    return [_outcome(target.ref, jobs.get(target.ref), results.get(index)) for index, target in enumerate(targets)]


def _outcome(ref: SyncRef[J], last: J | None, result: object) -> Outcome[J]:
    """The outcome of a sync, from the job that was read last and a result, None if there is none."""
    error = result if isinstance(result, UnisyncError) else None
    job = last if result is None or error is not None else cast("J", result)
    blockers = None if job is None else job.blockers
    if isinstance(error, SyncBlockedError):
        blockers = error.blockers
    return Outcome(ref, job, error, done=result is not None, blockers=blockers)
