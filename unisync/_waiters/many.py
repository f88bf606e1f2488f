"""What came of many looks or waits, one by one: no failure hides another's result."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Generic, TypeVar, cast

import unisync
from unisync._core.events import CallbackError, OnEvent, checked_callback, observed
from unisync._core.flow import Flow, Stop, Together
from unisync._core.retry import Backoff, retrying
from unisync._core.target import Subject
from unisync._models.jobs import SyncJob
from unisync._models.refs import FleetSync, SyncRef
from unisync._waiters.waiters import (
    OnProgress,
    checked_revision,
    checked_stop,
    checked_timeout,
    wait_until_active,
)
from unisync.errors import InvalidRequestError, UnisyncError

if TYPE_CHECKING:
    from unisync._models.configurations import SyncBlocker

T = TypeVar("T")
J = TypeVar("J", bound=SyncJob)
J_co = TypeVar("J_co", bound=SyncJob, covariant=True)

Results = Mapping[int, object]
"""A job or a UnisyncError by its place."""

THROTTLED = 10
"""How often a look among many is made at the most if it is throttled: that is how the rate is found out."""

_ENOUGH: Mapping[str, Callable[[object], bool]] = {
    "all": lambda _: False,
    "first": lambda _: True,
    "first_failure": lambda result: isinstance(result, UnisyncError),
}


@dataclass(frozen=True)
class Outcome(Generic[J_co]):
    """What came of looking at, or waiting for, one sync of many."""

    ref: SyncRef[J_co]
    job: J_co | None
    """The job, as the last look saw it; None if no look was answered."""
    error: UnisyncError | None
    """What it failed with, if it did."""
    is_over: bool = True
    """Whether it has come to its end. Else the wait did before it."""
    blockers: tuple[unisync.SyncBlocker, ...] = ()
    """What blocks it now, where that was asked for."""

    @property
    def account(self) -> str | None:
        """The account, of a fleet's."""
        return self.ref.account if isinstance(self.ref, FleetSync) else None

    @property
    def region(self) -> str | None:
        """The region, of a fleet's."""
        return self.ref.region if isinstance(self.ref, FleetSync) else None

    def result(self) -> J_co:
        """The job.

        Raises:
            UnisyncError: what it failed with.
            InvalidRequestError: it has not come to its end.
        """
        if self.error is not None:
            raise self.error
        if not self.is_over or self.job is None:
            raise InvalidRequestError.before_sending(f"result: expected {self.ref} to have come to its end", "Outcome")
        return self.job

    def __rich_repr__(self) -> Iterator[tuple[str, object]]:
        from unisync._render.pretty import outcome_fields

        return outcome_fields(self)

    def _repr_html_(self) -> str:
        from unisync._render.cards import outcome_card

        return outcome_card(self)


OnOutcome = Callable[[Outcome[J]], object]


def looking(subjects: Sequence[Subject[J]], attempts: int, blockers: bool) -> Flow[list[Outcome[J]]]:
    """Look at each once, and at what blocks those that are not in place."""
    seen: dict[SyncRef[J], J] = {}
    blocked: dict[SyncRef[J], tuple[SyncBlocker, ...]] = {}

    def look(subject: Subject[J]) -> Flow[J]:
        job = yield from subject.look()
        if blockers and not job.is_in_place:
            seen[subject.ref] = job
            blocked[subject.ref] = yield from subject.blockers()
        return job

    looks = [retrying(look(subject), attempts, throttled=THROTTLED) for subject in subjects]
    results: Results = yield Together(looks, gives_up=True)
    outcomes = _outcomes(subjects, results, seen)
    return [replace(outcome, blockers=blocked.get(outcome.ref, ())) for outcome in outcomes]


def waiting(
    subjects: Sequence[Subject[J]],
    *,
    revision: str | None,
    timeout: float | timedelta | None,
    return_when: str,
    economy: bool,
    on_progress: OnProgress[J] | None,
    on_outcome: OnOutcome[J] | None,
    stop: Stop | None,
    now: Callable[[], float],
    on_event: OnEvent | None = None,
) -> Flow[list[Outcome[J]]]:
    """Wait for each."""
    if return_when not in _ENOUGH:
        expected = ", ".join(map(repr, _ENOUGH))
        raise InvalidRequestError.before_sending(f"return_when: expected one of {expected}, got {return_when!r}")
    checked_timeout(timeout)
    checked_revision(revision)
    checked_callback("on_progress", on_progress)
    checked_callback("on_outcome", on_outcome)
    checked_stop(stop)
    seen: dict[SyncRef[J], J] = {}

    def noting(subject: Subject[J]) -> Subject[J]:
        def look() -> Flow[J]:
            job = yield from subject.look()
            seen[subject.ref] = job
            return job

        return subject._replace(look=look)

    def tell(callback: Callable[[T], object] | None, told: T) -> None:
        if callback is not None:
            try:
                callback(told)
            except Exception as error:
                raise CallbackError(error) from error

    def wait(subject: Subject[J]) -> Flow[J]:
        wanted = revision if subject.has_revisions else None
        one = wait_until_active(
            noting(subject),
            revision=wanted,
            timeout=timeout,
            backoff=Backoff(),
            on_progress=partial(tell, on_progress),
            stop=None,  # ends all of them at once, below
            now=now,
        )
        try:
            job = yield from observed(one, on_event, subject.ref, "active", wanted, now)
        except UnisyncError as error:
            tell(on_outcome, Outcome(subject.ref, seen.get(subject.ref), error))
            raise
        tell(on_outcome, Outcome(subject.ref, job, None))
        return job

    try:
        results: Results = yield Together(
            [wait(subject) for subject in subjects], _ENOUGH[return_when], economy, stop=stop
        )
    except CallbackError as carried:
        failure = carried.error
    else:
        return _outcomes(subjects, results, seen)
    raise failure


def _outcomes(subjects: Sequence[Subject[J]], results: Results, seen: Mapping[SyncRef[J], J]) -> list[Outcome[J]]:
    outcomes: list[Outcome[J]] = []
    for place, subject in enumerate(subjects):
        result = results.get(place)
        if isinstance(result, UnisyncError):
            job = seen.get(subject.ref)
            outcomes.append(Outcome(subject.ref, job, result))
        else:
            job = seen.get(subject.ref) if result is None else cast("J", result)
            outcomes.append(Outcome(subject.ref, job, None, is_over=result is not None))
    return outcomes
