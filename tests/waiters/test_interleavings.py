"""Whatever happens while somebody waits, and whatever becomes of the calls: the rules of waiting hold."""

from __future__ import annotations

from typing import Any

from hypothesis import event, given, settings
from hypothesis import strategies as st

from tests.support.samples import MINE
from tests.support.timelines import REFS, SHAS, Aws, Hands, Happening, Judge, Kind, Log, Timeline
from unisync import Backoff, Outcome, RateLimit, UnisyncError
from unisync._services.registry import Services
from unisync._waiters.many import waiting
from unisync._waiters.waiters import wait_until_active, wait_until_deleted

MANY = 3 * settings().max_examples
"""Of what takes a millisecond or two."""

KINDS: st.SearchStrategy[Kind] = st.sampled_from(list(REFS))
MOMENTS = st.sampled_from([0.1, 1.0, 3.0, 10.0, 20.0])
OTHERS = st.sampled_from(
    ["step", "begin", "fail", "block", "unblock", "remove", "vanish", "undefine", "create", "strange"]
)


@st.composite
def stories(draw: st.DrawFn) -> list[Happening]:
    """A commit, how far its sync comes, and another one that overtakes it; or anything else."""
    if draw(st.integers(0, 2)) == 0:
        return [Happening(draw(MOMENTS), draw(OTHERS))]
    told: list[Happening] = []
    for shas in ((MINE, MINE, MINE, *SHAS), SHAS[1:])[: draw(st.integers(1, 2))]:
        told.append(Happening(draw(MOMENTS), "push", draw(st.sampled_from(shas))))
        ending = draw(st.sampled_from(["step", "step", "fail"]))
        steps = ("step", "step", ending)[: draw(st.integers(0, 3))]
        told += [Happening(draw(MOMENTS), step) for step in steps]
    return told


STATES = st.sampled_from(["CREATING", "INITIALIZING", "ACTIVE", "ERROR", "DELETING", ""])


@st.composite
def lives(draw: st.DrawFn) -> list[Happening]:
    """What becomes of a sync job of TwinMaker, which is deleted and created again as may be."""
    if draw(st.integers(0, 9)) == 0:
        return [Happening(draw(MOMENTS), "strange")]
    return [Happening(draw(MOMENTS), "become", draw(STATES))]


@st.composite
def timelines(draw: st.DrawFn, kind: Kind) -> Timeline:
    of_one = lives() if kind == "job" else stories()
    happenings = tuple(each for story in draw(st.lists(of_one, min_size=1, max_size=7)) for each in story)
    return Timeline(
        happenings,
        before=draw(st.integers(0, len(happenings))),
        tells_desired=draw(st.integers(0, 3)) > 0,
        lags=draw(st.booleans()),
    )


PASSING = ["throttled", "server", "drop", "late", "cut", "stale"]


@st.composite
def faults(draw: st.DrawFn) -> list[str | None]:
    """What goes wrong with the calls, one after the other."""
    match draw(st.integers(0, 19)):
        case 19:
            return [*[None] * draw(st.integers(0, 20)), "denied"]
        case 17 | 18:
            return draw(st.lists(st.sampled_from([None, "unreadable", "unreadable", "throttled"]), max_size=12))
        case _:
            return draw(st.lists(st.sampled_from([*[None] * 15, *PASSING, "unreadable"]), max_size=20))


COSTS = st.lists(st.sampled_from([0.0, 0.05, 0.3, 0.9, 4.0]), min_size=1, max_size=5)
JUMPS = st.lists(st.sampled_from([0.0] * 8 + [0.2, 7.0, 100.0]), max_size=8)
REVISIONS = st.sampled_from([MINE, MINE[:7], MINE[:12].upper(), None, None])
TIMEOUTS = st.sampled_from([300.0, 60.0, 300.0, 5.0, 60.0, 0.4, 0.0])
BACKOFFS = st.sampled_from([Backoff(), Backoff(initial=0.5, maximum=1, jitter=0), Backoff(initial=30, maximum=30)])


def worlds() -> st.SearchStrategy[Aws]:
    return KINDS.flatmap(worlds_of)


def worlds_of(kind: Kind) -> st.SearchStrategy[Aws]:
    return st.builds(Aws, st.just(kind), timelines(kind), faults=faults(), costs=COSTS, is_empty=st.booleans())


def ended(wait: Any) -> object:
    """What a wait returned, or the error that it raised."""
    try:
        return wait()
    except UnisyncError as error:
        return error


@settings(max_examples=MANY)
@given(aws=worlds(), revision=REVISIONS, timeout=TIMEOUTS, backoff=BACKOFFS, jumps=JUMPS)
def test_a_wait_ends_as_it_has_to_and_when(
    aws: Aws, revision: str | None, timeout: float, backoff: Backoff, jumps: list[float]
) -> None:
    log, hands, revision = Log(aws), Hands(jumps), None if aws.kind == "job" else revision
    flow = wait_until_active(
        Services("codeconnections").target_of(REFS[aws.kind]),
        revision=revision,
        timeout=timeout,
        backoff=backoff,
        on_progress=None,
        now=hands.now,
    )
    outcome = ended(lambda: hands.drive(log.spied(flow, hands.now), aws))
    event(type(outcome).__name__)
    Judge(log, revision, timeout, hands.jumped_to).check(outcome)


@settings(max_examples=MANY)
@given(aws=worlds(), timeout=TIMEOUTS, backoff=BACKOFFS, jumps=JUMPS)
def test_a_wait_for_a_deletion_ends_as_it_has_to_and_when(
    aws: Aws, timeout: float, backoff: Backoff, jumps: list[float]
) -> None:
    log, hands = Log(aws), Hands(jumps)
    flow = wait_until_deleted(
        Services("codeconnections").target_of(REFS[aws.kind]),
        timeout=timeout,
        backoff=backoff,
        on_progress=None,
        now=hands.now,
    )
    outcome = ended(lambda: hands.drive(log.spied(flow, hands.now), aws))
    event(type(outcome).__name__)
    Judge(log, None, timeout, hands.jumped_to).check_deletion(outcome)


@settings(max_examples=MANY // 5)
@given(
    many=st.lists(worlds(), min_size=1, max_size=6),
    revision=REVISIONS,
    timeout=TIMEOUTS,
    economy=st.booleans(),
    rate_limit=st.sampled_from([RateLimit(), RateLimit(initial=0.5, minimum=0.1, maximum=1)]),
    jumps=JUMPS,
)
def test_each_of_many_waits_ends_as_it_has_to(
    many: list[Aws], revision: str | None, timeout: float, economy: bool, rate_limit: RateLimit, jumps: list[float]
) -> None:
    services, hands = Services("codeconnections"), Hands(jumps)
    told: list[Outcome[Any]] = []
    flow = waiting(
        [services.target_of(REFS[aws.kind]) for aws in many],
        revision=revision,
        timeout=timeout,
        return_when="all",
        economy=economy,
        on_progress=None,
        on_outcome=told.append,
        stop=None,
        now=hands.now,
    )
    logs = [Log(aws) for aws in many]
    outcomes = hands.drive_all(flow, many, pace, logs)
    assert [outcome.ref for outcome in outcomes] == [REFS[aws.kind] for aws in many]
    assert len(told) == len(many)
    for outcome, log in zip(outcomes, logs, strict=True):
        assert outcome.done
        event(type(outcome.error or outcome.job).__name__)
        wanted = None if log.aws.kind == "job" else revision
        Judge(log, wanted, timeout, hands.jumped_to).check(outcome.error or outcome.job)
