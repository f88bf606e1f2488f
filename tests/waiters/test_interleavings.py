"""Whatever happens in AWS during a wait, and whatever becomes of its calls, the wait ends as the rules demand.

hypothesis draws timelines, faults and options, and the oracle in `tests.support.oracle` says how each wait must end.
The number of examples follows hypothesis's profile: `HYPOTHESIS_PROFILE=deep` draws many more.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from tests.support.oracle import Oracle, Rules
from tests.support.samples import MINE, NEWER, OLD
from tests.support.scripted_aws import EPOCH, Driver, Role, ScriptedAws, WaitLog, ref_of
from tests.support.timelines import BRANCH_EVENTS, SHAS, SIMILAR, Action, Kind, Timeline
from unisync import Backoff, Hints, Outcome, Progress, RateLimit, UnisyncError, WaitCondition, WaitToken
from unisync._core.flow import Flow, Sleep
from unisync._core.target import SyncTarget
from unisync._services.registry import Services
from unisync._waiters.arguments import WaitOptions
from unisync._waiters.many import wait_all
from unisync._waiters.polling import begun, elapsed, options_of, poll
from unisync._waiters.waiters import Waiter
from unisync._waiters.wanted import Wanted

EXAMPLES = settings().max_examples
"""Each takes some ten milliseconds."""

# What happens in AWS.

KINDS: st.SearchStrategy[Kind] = st.sampled_from(["stack", "stack", "instance", "template", "job"])
DELAYS = st.sampled_from([0.1, 1.0, 3.0, 10.0, 20.0, 20.0, 60.0, 150.0])
OTHER_ACTIONS = st.sampled_from(
    [
        "step",
        "start",
        "retry",
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
BRANCH_RESULTS = st.sampled_from(["SUCCEEDED", *(f"FAILED:{about}" for about in BRANCH_EVENTS)])


@st.composite
def pushes(draw: st.DrawFn) -> list[Action]:
    """A commit, how far its sync gets, and another commit that overtakes it."""
    actions: list[Action] = []
    for shas in ((MINE, MINE, MINE, *SHAS), SHAS[1:])[: draw(st.integers(1, 2))]:
        actions.append(Action(draw(DELAYS), "push", draw(st.sampled_from(shas))))
        last = draw(st.sampled_from(["step", "step", "fail"]))
        steps = ("step", "step", last)[: draw(st.integers(0, 3))]
        actions += [Action(draw(DELAYS), step) for step in steps]
    return actions


@st.composite
def retries(draw: st.DrawFn) -> list[Action]:
    """Another attempt at the latest commit, and how far it gets."""
    steps = ["run", draw(st.sampled_from(["succeed", "succeed", "fail"]))][: draw(st.integers(0, 2))]
    return [Action(draw(DELAYS), each) for each in ("retry", *steps)]


@st.composite
def branch_attempts(draw: st.DrawFn) -> list[Action]:
    """An attempt to sync the branch, which may take some time."""
    if draw(st.booleans()):
        return [Action(draw(DELAYS), "branch", draw(BRANCH_RESULTS))]
    start = Action(draw(DELAYS), "branch", "IN_PROGRESS")
    return [start, Action(draw(DELAYS), "branch_end", draw(BRANCH_RESULTS))]


@st.composite
def blocks(draw: st.DrawFn) -> list[Action]:
    """A change by hand, which blocks the sync, and perhaps somebody who resolves that."""
    block = Action(draw(DELAYS), "block")
    return [block, Action(draw(DELAYS), "unblock")] if draw(st.booleans()) else [block]


OTHERS = st.lists(st.builds(Action, DELAYS, OTHER_ACTIONS), min_size=1, max_size=1)
GIT_ACTIONS = st.one_of(pushes(), pushes(), pushes(), retries(), branch_attempts(), blocks(), OTHERS, OTHERS)


def attempt_at(sha: str, last: str = "step", steps: int = 3) -> list[Action]:
    """A push, and the first of the three steps of its attempt."""
    return [Action(5.0, "push", sha), *(Action(5.0, each) for each in ("step", "step", last)[:steps])]


BEFORE = [
    attempt_at(OLD),
    attempt_at(OLD, "fail"),
    attempt_at(MINE, "fail"),
    attempt_at(MINE, steps=2),
    [*attempt_at(OLD), *attempt_at(MINE, steps=0)],
    # Ours was live, and another commit is or will be.
    [*attempt_at(MINE), *attempt_at(NEWER)],
    [*attempt_at(MINE), *attempt_at(NEWER, "fail")],
    [*attempt_at(MINE), *attempt_at(NEWER, steps=1)],
]
AFTER = [
    [],
    # A retry.
    [Action(0.0, "retry"), *attempt_at(MINE)[2:]],
    # A commit, or a roll-back to it.
    attempt_at(MINE),
    # A commit that is skipped.
    [*attempt_at(MINE, steps=0), *attempt_at(NEWER)],
]


@st.composite
def situations(draw: st.DrawFn) -> tuple[list[Action], list[Action]]:
    """What often precedes a wait, and what follows it soon or late: a roll-back, a retry, a broken file."""
    before = draw(st.sampled_from(BEFORE))
    if draw(st.integers(0, 2)) == 0:
        before = [*before, *draw(st.one_of(branch_attempts(), blocks()))]
    after = draw(st.one_of(st.sampled_from(AFTER), pushes(), retries(), branch_attempts(), blocks()))
    after = [replace(each, after=draw(DELAYS)) for each in after[:1]] + after[1:]
    return before, [*after, *draw(st.one_of(st.just(list[Action]()), GIT_ACTIONS))]


STATES = st.sampled_from(
    ["CREATING", "INITIALIZING", "ACTIVE", "ERROR:SYNC_PROCESSING_ERROR", "DELETING", "ERROR:SYNC_DELETING_ERROR", ""]
)


@st.composite
def job_actions(draw: st.DrawFn) -> list[Action]:
    """A change of the state of a TwinMaker sync job, which may be deleted and created again."""
    if draw(st.integers(0, 9)) == 0:
        return [Action(draw(DELAYS), "toggle_new_value")]
    return [Action(draw(DELAYS), "set_state", draw(STATES))]


@st.composite
def timelines(draw: st.DrawFn, kind: Kind) -> Timeline:
    if kind != "job" and draw(st.booleans()):
        before, after = draw(situations())
        actions, begins_at = (*before, *after), len(before)
    else:
        strategy = job_actions() if kind == "job" else GIT_ACTIONS
        actions = tuple(each for some in draw(st.lists(strategy, min_size=1, max_size=7)) for each in some)
        begins_at = draw(st.integers(0, len(actions)))
    return Timeline(
        actions,
        before=begins_at,
        reports_desired=draw(st.integers(0, 3)) > 0,
        success_lags=draw(st.booleans()),
    )


# What becomes of the calls.

TRANSIENT = ["throttled", "server", "drop", "late", "truncated", "stale"]


@st.composite
def status_faults(draw: st.DrawFn) -> list[str | None]:
    """The fault of each read of the status, in order."""
    match draw(st.integers(0, 19)):
        case 19:
            fault = draw(st.sampled_from(["denied", "unimplemented"]))
            return [*[None] * draw(st.integers(0, 20)), fault]
        case 15 | 16 | 17 | 18:
            kinds = [None, *["unreadable"] * 6, "throttled", "truncated"]
            return draw(st.lists(st.sampled_from(kinds), min_size=3, max_size=12))
        case 11 | 12 | 13 | 14:
            return draw(st.lists(st.sampled_from([None, None, "stale"]), min_size=3, max_size=20))
        case _:
            return draw(st.lists(st.sampled_from([*[None] * 15, *TRANSIENT, "unreadable"]), max_size=20))


@st.composite
def side_faults(draw: st.DrawFn) -> list[str | None]:
    """The fault of each read of the blockers, or of the branch, in order: mostly none, else often all alike."""
    match draw(st.integers(0, 9)):
        case 9:
            fault = draw(st.sampled_from(["denied", "throttled", "drop", "late"]))
            # Two calls may be needed, of which the second alone fails.
            return [fault] * 200 if draw(st.booleans()) else [None, fault] * 100
        case 7 | 8:
            return draw(st.lists(st.sampled_from([None, *TRANSIENT, "unreadable", "denied"]), max_size=10))
        case _:
            return []


DURATIONS = st.lists(st.sampled_from([0.0, 0.05, 0.3, 0.9, 4.0]), min_size=1, max_size=5)
JUMPS = st.lists(st.sampled_from([0.0] * 8 + [0.2, 7.0, 100.0]), max_size=8)


@st.composite
def scripts(draw: st.DrawFn) -> ScriptedAws:
    kind = draw(KINDS)
    roles: tuple[Role, ...] = ("blockers", "branch")
    return ScriptedAws(
        kind,
        draw(timelines(kind)),
        faults={"status": draw(status_faults()), **{role: draw(side_faults()) for role in roles}},
        durations=draw(DURATIONS),
        empty_if_not_configured=draw(st.booleans()),
    )


# What the waits are asked for.

Revision = str | Collection[str] | None
REVISIONS: st.SearchStrategy[Revision] = st.sampled_from(
    [MINE, MINE[:7], MINE[:12].upper(), frozenset({MINE, OLD[:9]}), (SIMILAR, MINE[:7]), None, None, None]
)
TIMEOUTS = st.sampled_from([300.0, 300.0, 300.0, 60.0, 60.0, 5.0, 0.4, 0.0])
BACKOFFS = st.sampled_from([Backoff(), Backoff(initial=0.5, maximum=1, jitter=0), Backoff(initial=30, maximum=30)])
GRACES = st.sampled_from([None, None, 0, 30, 120])
STARTED_AFTER = st.sampled_from([None, None, None, -500.05, -60.05, -10.05, 0.05, 40.05])
"""Never equal to the start of an attempt, to the rounding of floats."""


@dataclass(frozen=True)
class Request:
    """What a wait is asked for."""

    timeout: float
    backoff: Backoff
    revision: Revision = None
    grace: float | None = None
    started_after: float | None = None

    def options(self, on_progress: Any = None) -> WaitOptions[Any]:
        """It as the waiters take it."""
        moment = None if self.started_after is None else datetime.fromtimestamp(EPOCH + self.started_after, UTC)
        return WaitOptions[Any].checked(
            timeout=self.timeout,
            backoff=self.backoff,
            on_progress=on_progress,
            stop=None,
            revision=self.revision,
            grace=self.grace,
            started_after=moment,
        )

    def rules(self, kind: Kind, revision: Revision) -> Rules:
        """It as the oracle takes it, for a revision of its own. A sync job follows no commits."""
        if kind == "job":
            return Rules(self.timeout, self.backoff, grace=self.grace or 0.0)
        shas = [revision] if isinstance(revision, str) else revision or ()
        lower = tuple(sha.lower() for sha in shas)
        return Rules(self.timeout, self.backoff, lower, self.grace or 0.0, self.started_after)


REQUESTS = st.builds(Request, TIMEOUTS, BACKOFFS, REVISIONS, GRACES, STARTED_AFTER)


def target_of(aws: ScriptedAws, number: int = 0) -> SyncTarget[Any]:
    return Services("codeconnections").target_of(ref_of(aws.kind, number))


def drive_one(
    aws: ScriptedAws, request: Request, condition: str, driver: Driver, hints: Hints | None = None
) -> tuple[WaitLog, object]:
    """What one wait did, and what it returned or raised."""
    log, progress = WaitLog(aws), list[Progress[Any]]()
    waiter = Waiter(target_of(aws), condition, request.options(progress.append), driver.now, hints)
    flow: Any = waiter.until_deleted() if condition == "deleted" else waiter.until_active()
    try:
        outcome: object = driver.drive(log.recorded(flow, driver.now), aws)
    except UnisyncError as error:
        outcome = error
    event(type(outcome).__name__)
    # Progress is reported before each pause, as soon as a poll has succeeded.
    pauses = [pause.seconds for pause in log.pauses]
    first = len(pauses) - len(progress)
    for number, each in enumerate(progress, first):
        # Where time jumped, a pause with two parts lasts longer than it was to.
        assert each.next_delay == pytest.approx(pauses[number]) or number in log.jumped
    return log, outcome


@settings(max_examples=EXAMPLES)
@given(aws=scripts(), request=REQUESTS, jumps=JUMPS)
def test_a_wait_ends_as_the_rules_demand(aws: ScriptedAws, request: Request, jumps: list[float]) -> None:
    driver = Driver(jumps)
    if aws.kind == "job":
        request = Request(request.timeout, request.backoff, grace=request.grace)
    log, outcome = drive_one(aws, request, "active", driver)
    Oracle(log, request.rules(aws.kind, request.revision), driver.jumped_to).check(outcome)


def polled(aws: ScriptedAws, request: Request, condition: WaitCondition, driver: Driver) -> Flow[Any]:
    """A wait each of whose polls another process makes."""
    started_after = None if request.started_after is None else request.options().started_after
    revision: Any = request.revision
    text = str(
        WaitToken.create(
            ref_of(aws.kind, 0),
            condition=condition,
            revision=revision,
            timeout=request.timeout,
            backoff=request.backoff,
            grace=request.grace,
            started_after=started_after,
        )
    )
    while True:
        now = datetime.fromtimestamp(EPOCH + driver.time, UTC)
        token = begun(WaitToken.parse(text), now)
        waiter = Waiter[Any](
            target_of(aws),
            condition,
            options_of(token),
            driver.now,
            elapsed=elapsed(token, now),
            memory=token.memory,
        )
        found = yield from poll(waiter, token)
        text = str(found.token)
        assert len(text) < 1000
        if found.done:
            if found.error is not None:
                raise found.error
            return found.job
        assert found.next_delay is not None
        yield Sleep(found.next_delay)


def check_polled(aws: ScriptedAws, request: Request, condition: WaitCondition, driver: Driver) -> None:
    log = WaitLog(aws)
    try:
        outcome = driver.drive(log.recorded(polled(aws, request, condition, driver), driver.now), aws)
    except UnisyncError as error:
        outcome = error
    event(type(outcome).__name__)
    revision = None if condition == "deleted" else request.revision
    rules, deletion = request.rules(aws.kind, revision), condition == "deleted"
    Oracle(log, rules, driver.jumped_to, deletion, forgets_job=True).check(outcome)


@settings(max_examples=EXAMPLES)
@given(aws=scripts(), request=REQUESTS, jumps=JUMPS)
def test_a_wait_of_many_processes_ends_as_the_rules_demand(
    aws: ScriptedAws, request: Request, jumps: list[float]
) -> None:
    if aws.kind == "job":
        request = Request(request.timeout, request.backoff, grace=request.grace)
    check_polled(aws, request, "active", Driver(jumps))


@settings(max_examples=EXAMPLES)
@given(aws=scripts(), request=st.builds(Request, TIMEOUTS, BACKOFFS, grace=GRACES), jumps=JUMPS)
def test_a_wait_of_many_processes_for_a_deletion_ends_as_the_rules_demand(
    aws: ScriptedAws, request: Request, jumps: list[float]
) -> None:
    check_polled(aws, request, "deleted", Driver(jumps))


PARTS = st.lists(st.sampled_from([None, None, 0.0, 0.3, 0.9]), max_size=30)
"""When there is a hint in each pause, whether anything has changed or not."""
LONG_BACKOFFS = st.sampled_from([Backoff(), Backoff(initial=30, maximum=30)])


@settings(max_examples=EXAMPLES)
@given(
    aws=scripts(),
    request=st.builds(Request, TIMEOUTS, LONG_BACKOFFS, REVISIONS, GRACES, STARTED_AFTER),
    jumps=JUMPS,
    parts=PARTS,
    is_ours=st.booleans(),
)
def test_hints_change_no_verdict(
    aws: ScriptedAws, request: Request, jumps: list[float], parts: list[float | None], is_ours: bool
) -> None:
    """Hints that are late, early, doubled or for another sync; many are missing."""
    hints, hinted = Hints(), ref_of(aws.kind, 0 if is_ours else 1)
    driver = Driver(jumps, parts, lambda: hints.notify(hinted))
    if aws.kind == "job":
        request = Request(request.timeout, request.backoff, grace=request.grace)
    log, outcome = drive_one(aws, request, "active", driver, hints)
    Oracle(log, request.rules(aws.kind, request.revision), driver.jumped_to, takes_hints=True).check(outcome)
    assert is_ours or not log.hinted
    for pause, polled in zip(log.pauses, log.polls[1:], strict=True):
        at_least = min(pause.seconds, 1.0)
        assert not polled or polled[0].started_at >= pause.started_at + at_least - 1e-6, "within a second"


@settings(max_examples=EXAMPLES)
@given(aws=scripts(), request=st.builds(Request, TIMEOUTS, BACKOFFS, grace=GRACES), jumps=JUMPS)
def test_a_wait_for_a_deletion_ends_as_the_rules_demand(aws: ScriptedAws, request: Request, jumps: list[float]) -> None:
    driver = Driver(jumps)
    log, outcome = drive_one(aws, request, "deleted", driver)
    Oracle(log, request.rules(aws.kind, None), driver.jumped_to, deletion=True).check(outcome)


@settings(max_examples=EXAMPLES // 5)
@given(
    many=st.lists(st.tuples(scripts(), st.none() | REVISIONS), min_size=1, max_size=6),
    request=REQUESTS,
    is_mapping=st.booleans(),
    return_when=st.sampled_from(["all", "all", "first", "first_failure"]),
    rate_limit=st.sampled_from([RateLimit(), RateLimit(initial=0.5, minimum=0.1, maximum=1)]),
    jumps=JUMPS,
    parts=PARTS,
)
def test_each_of_many_waits_ends_as_the_rules_demand(
    many: list[tuple[ScriptedAws, Revision]],
    request: Request,
    is_mapping: bool,
    return_when: str,
    rate_limit: RateLimit,
    jumps: list[float],
    parts: list[float | None],
) -> None:
    """With hints for the first of them, if there are any."""
    scripted = [aws for aws, _ in many]
    targets = [target_of(aws, number) for number, aws in enumerate(scripted)]
    hints = Hints() if parts else None
    driver = Driver(jumps, parts, lambda: None if hints is None else hints.notify(targets[0].ref))
    reported = list[Outcome[Any]]()
    own: list[Revision] = [revision if is_mapping else request.revision for _, revision in many]
    flow = wait_all(
        targets,
        request.options(),
        wanted=[
            Wanted.checked(revision) if target.has_revisions else None
            for target, revision in zip(targets, own, strict=True)
        ],
        return_when=return_when,
        on_outcome=reported.append,
        now=driver.now,
        hints=hints,
    )
    logs = [WaitLog(aws) for aws in scripted]
    outcomes = driver.drive_all(flow, scripted, rate_limit, logs)
    assert [outcome.ref for outcome in outcomes] == [target.ref for target in targets]
    assert len(reported) == sum(outcome.done for outcome in outcomes)
    for outcome, log, revision in zip(outcomes, logs, own, strict=True):
        oracle = Oracle(log, request.rules(log.aws.kind, revision), driver.jumped_to, takes_hints=hints is not None)
        event(type(outcome.error or outcome.job).__name__)
        if outcome.done:
            oracle.check(outcome.error or outcome.job)
        else:
            assert return_when != "all"
            oracle.check_unfinished()
