"""Whatever happens in AWS during a wait, and whatever becomes of its calls, the wait ends as the rules demand.

hypothesis draws timelines, faults and options, and the oracle in `tests.support.timelines` says how each wait must
end. The number of examples follows hypothesis's profile: `HYPOTHESIS_PROFILE=deep` draws many more.
"""

from __future__ import annotations

from typing import Any

from hypothesis import event, given, settings
from hypothesis import strategies as st

from tests.support.samples import MINE
from tests.support.timelines import REFS, SHAS, Action, Driver, Kind, Oracle, ScriptedAws, Timeline, WaitLog
from unisync import Backoff, Outcome, RateLimit, UnisyncError
from unisync._services.registry import Services
from unisync._waiters.arguments import WaitOptions
from unisync._waiters.many import wait_all
from unisync._waiters.waiters import Waiter

EXAMPLES = settings().max_examples
"""Each takes some twenty milliseconds."""

KINDS: st.SearchStrategy[Kind] = st.sampled_from(list(REFS))
DELAYS = st.sampled_from([0.1, 1.0, 3.0, 10.0, 20.0])
OTHER_ACTIONS = st.sampled_from(
    [
        "step",
        "start",
        "fail",
        "block",
        "unblock",
        "remove",
        "remove_status",
        "remove_configuration",
        "create",
        "toggle_new_value",
    ]
)


@st.composite
def git_actions(draw: st.DrawFn) -> list[Action]:
    """A commit, how far its sync gets, and another commit that overtakes it; or any other action."""
    if draw(st.integers(0, 2)) == 0:
        return [Action(draw(DELAYS), draw(OTHER_ACTIONS))]
    actions: list[Action] = []
    for shas in ((MINE, MINE, MINE, *SHAS), SHAS[1:])[: draw(st.integers(1, 2))]:
        actions.append(Action(draw(DELAYS), "push", draw(st.sampled_from(shas))))
        last = draw(st.sampled_from(["step", "step", "fail"]))
        steps = ("step", "step", last)[: draw(st.integers(0, 3))]
        actions += [Action(draw(DELAYS), step) for step in steps]
    return actions


STATES = st.sampled_from(["CREATING", "INITIALIZING", "ACTIVE", "ERROR", "DELETING", ""])


@st.composite
def job_actions(draw: st.DrawFn) -> list[Action]:
    """A change of the state of a TwinMaker sync job, which may be deleted and created again."""
    if draw(st.integers(0, 9)) == 0:
        return [Action(draw(DELAYS), "toggle_new_value")]
    return [Action(draw(DELAYS), "set_state", draw(STATES))]


@st.composite
def timelines(draw: st.DrawFn, kind: Kind) -> Timeline:
    strategy = job_actions() if kind == "job" else git_actions()
    actions = tuple(each for some in draw(st.lists(strategy, min_size=1, max_size=7)) for each in some)
    return Timeline(
        actions,
        before=draw(st.integers(0, len(actions))),
        reports_desired=draw(st.integers(0, 3)) > 0,
        success_lags=draw(st.booleans()),
    )


TRANSIENT = ["throttled", "server", "drop", "late", "truncated", "stale"]


@st.composite
def faults(draw: st.DrawFn) -> list[str | None]:
    """The fault of each call, in order."""
    match draw(st.integers(0, 19)):
        case 19:
            return [*[None] * draw(st.integers(0, 20)), "denied"]
        case 15 | 16 | 17 | 18:
            kinds = [None, *["unreadable"] * 6, "throttled", "truncated"]
            return draw(st.lists(st.sampled_from(kinds), min_size=3, max_size=12))
        case 11 | 12 | 13 | 14:
            return draw(st.lists(st.sampled_from([None, None, "stale"]), min_size=3, max_size=20))
        case _:
            return draw(st.lists(st.sampled_from([*[None] * 15, *TRANSIENT, "unreadable"]), max_size=20))


DURATIONS = st.lists(st.sampled_from([0.0, 0.05, 0.3, 0.9, 4.0]), min_size=1, max_size=5)
JUMPS = st.lists(st.sampled_from([0.0] * 8 + [0.2, 7.0, 100.0]), max_size=8)
REVISIONS = st.sampled_from([MINE, MINE[:7], MINE[:12].upper(), None, None])
TIMEOUTS = st.sampled_from([300.0, 60.0, 300.0, 5.0, 60.0, 0.4, 0.0])
BACKOFFS = st.sampled_from([Backoff(), Backoff(initial=0.5, maximum=1, jitter=0), Backoff(initial=30, maximum=30)])


def scripts() -> st.SearchStrategy[ScriptedAws]:
    return KINDS.flatmap(scripts_of)


def scripts_of(kind: Kind) -> st.SearchStrategy[ScriptedAws]:
    return st.builds(
        ScriptedAws,
        st.just(kind),
        timelines(kind),
        faults=faults(),
        durations=DURATIONS,
        empty_if_not_configured=st.booleans(),
    )


def options_of(timeout: float, backoff: Backoff, revision: str | None = None) -> WaitOptions[Any]:
    return WaitOptions[Any].checked(timeout=timeout, backoff=backoff, on_progress=None, stop=None, revision=revision)


def drive_one(aws: ScriptedAws, condition: str, options: WaitOptions[Any], driver: Driver) -> tuple[WaitLog, object]:
    """What one wait did, and what it returned or raised."""
    log = WaitLog(aws)
    waiter = Waiter(Services("codeconnections").target_of(REFS[aws.kind]), condition, options, driver.now)
    flow: Any = waiter.until_deleted() if condition == "deleted" else waiter.until_active()
    try:
        outcome: object = driver.drive(log.recorded(flow, driver.now), aws)
    except UnisyncError as error:
        outcome = error
    event(type(outcome).__name__)
    return log, outcome


@settings(max_examples=EXAMPLES)
@given(aws=scripts(), revision=REVISIONS, timeout=TIMEOUTS, backoff=BACKOFFS, jumps=JUMPS)
def test_a_wait_ends_as_the_rules_demand(
    aws: ScriptedAws, revision: str | None, timeout: float, backoff: Backoff, jumps: list[float]
) -> None:
    driver, revision = Driver(jumps), None if aws.kind == "job" else revision
    log, outcome = drive_one(aws, "active", options_of(timeout, backoff, revision), driver)
    Oracle(log, revision, timeout, driver.jumped_to).check(outcome)


@settings(max_examples=EXAMPLES)
@given(aws=scripts(), timeout=TIMEOUTS, backoff=BACKOFFS, jumps=JUMPS)
def test_a_wait_for_a_deletion_ends_as_the_rules_demand(
    aws: ScriptedAws, timeout: float, backoff: Backoff, jumps: list[float]
) -> None:
    driver = Driver(jumps)
    log, outcome = drive_one(aws, "deleted", options_of(timeout, backoff), driver)
    Oracle(log, None, timeout, driver.jumped_to).check_deletion(outcome)


@settings(max_examples=EXAMPLES // 5)
@given(
    many=st.lists(scripts(), min_size=1, max_size=6),
    revision=REVISIONS,
    timeout=TIMEOUTS,
    backoff=BACKOFFS,
    rate_limit=st.sampled_from([RateLimit(), RateLimit(initial=0.5, minimum=0.1, maximum=1)]),
    jumps=JUMPS,
)
def test_each_of_many_waits_ends_as_the_rules_demand(
    many: list[ScriptedAws],
    revision: str | None,
    timeout: float,
    backoff: Backoff,
    rate_limit: RateLimit,
    jumps: list[float],
) -> None:
    services, driver = Services("codeconnections"), Driver(jumps)
    reported: list[Outcome[Any]] = []
    flow = wait_all(
        [services.target_of(REFS[aws.kind]) for aws in many],
        options_of(timeout, backoff, revision),
        wanted={},
        return_when="all",
        on_outcome=reported.append,
        now=driver.now,
    )
    logs = [WaitLog(aws) for aws in many]
    outcomes = driver.drive_all(flow, many, rate_limit, logs)
    assert [outcome.ref for outcome in outcomes] == [REFS[aws.kind] for aws in many]
    assert len(reported) == len(many)
    for outcome, log in zip(outcomes, logs, strict=True):
        assert outcome.done
        event(type(outcome.error or outcome.job).__name__)
        own = None if log.aws.kind == "job" else revision
        Oracle(log, own, timeout, driver.jumped_to).check(outcome.error or outcome.job)
