"""Waiting for many syncs: an outcome for each, so that no failure hides another's result."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import TypeVar

from unisync._core.events import CallbackError, OnEvent, checked_callback, instrumented
from unisync._core.flow import Flow, Gather
from unisync._core.target import SyncTarget
from unisync._models.jobs import SyncJob
from unisync._models.outcome import Outcome
from unisync._waiters.arguments import WaitOptions
from unisync._waiters.hints import Hints
from unisync._waiters.polling import token_of
from unisync._waiters.reading import Results, outcome_of, outcomes_of
from unisync._waiters.root_cause import with_root_cause
from unisync._waiters.waiters import Waiter
from unisync._waiters.wanted import Wanted
from unisync.errors import InvalidArgumentError, UnisyncError

T = TypeVar("T")
R = TypeVar("R")
J = TypeVar("J", bound=SyncJob)

OnOutcome = Callable[[Outcome[J]], object]
"""Called with each outcome of `wait_all` as soon as its wait has ended."""

_STOP_WHEN: Mapping[str, Callable[[object], bool]] = {
    "all": lambda _: False,
    "first": lambda _: True,
    "first_failure": lambda result: isinstance(result, UnisyncError),
}


def wait_all(
    targets: Sequence[SyncTarget[J]],
    options: WaitOptions[J],
    *,
    wanted: Sequence[Wanted | None],
    return_when: str,
    on_outcome: OnOutcome[J] | None,
    now: Callable[[], float],
    on_event: OnEvent | None = None,
    hints: Hints | None = None,
    begin: datetime | None = None,
) -> Flow[list[Outcome[J]]]:
    """Wait for each sync; `wanted` has the commits of each."""
    if return_when not in _STOP_WHEN:
        expected = "one of " + ", ".join(map(repr, _STOP_WHEN))
        raise InvalidArgumentError.expected("return_when", expected, return_when)
    checked_callback("on_outcome", on_outcome)
    # The stop event ends all waits at once, in the gathering of them.
    each = replace(options, stop=None, on_progress=partial(_call_back, options.on_progress))
    jobs: dict[int, J] = {}

    def wait(index: int, target: SyncTarget[J]) -> Flow[J]:
        own = replace(each, wanted=_carrying(wanted[index]))
        if not target.has_revisions:
            own = replace(own, started_after=None)
        waiter = Waiter(
            target,
            "active",
            own,
            now,
            hints,
            token_of=lambda waiter: None if begin is None else token_of(waiter, begin),
        )
        flow = with_root_cause(waiter.until_active(), target, own.timeout)
        try:
            job = yield from instrumented(
                flow, on_event, target.ref, waiter.condition, own.revision, now, lambda: waiter.polls
            )
        except UnisyncError as error:
            _call_back(on_outcome, outcome_of(target.ref, waiter.job, error))
            raise
        finally:
            if waiter.job is not None:
                jobs[index] = waiter.job
        _call_back(on_outcome, outcome_of(target.ref, job, job))
        return job

    try:
        results: Results = yield Gather(
            [wait(index, target) for index, target in enumerate(targets)],
            _STOP_WHEN[return_when],
            stop=options.stop,
            has_signals=hints is not None,
        )
    except CallbackError as carried:
        failure = carried.error
    else:
        return outcomes_of(targets, results, jobs)
    raise failure


def _carrying(wanted: Wanted | None) -> Wanted | None:
    """The same commits; what the user's function raises ends all waits."""
    if wanted is None or wanted.predicate is None:
        return wanted
    return replace(wanted, predicate=partial(_call_back, wanted.predicate))


def _call_back(callback: Callable[[T], R] | None, value: T) -> R | None:
    """Call a user's function. Its error must not be taken for the error of one wait."""
    if callback is None:
        return None
    try:
        return callback(value)
    except Exception as error:
        raise CallbackError(error) from error
