"""What happens in AWS while somebody waits, as a list of happenings, and what a wait has to make of it.

Nothing here is the emulator's or the library's: a world is a list of snapshots, its answers are written as the services
write them, and the rules of waiting are applied to what a wait was answered.
"""

from __future__ import annotations

import heapq
import itertools
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, NamedTuple, TypeVar, cast

from tests.support.samples import MINE, NEWER, OLD
from unisync import (
    GitSyncJob,
    NotFoundError,
    RateLimit,
    ResponseError,
    ServiceError,
    ServiceInstanceSync,
    StackSync,
    SyncBlockedError,
    SyncFailedError,
    SyncJob,
    SyncRef,
    SyncSupersededError,
    TemplateSync,
    TransportError,
    TwinMakerSync,
    UnisyncError,
    WaitError,
    WaitTimeoutError,
)
from unisync._botocore.response import RawReply
from unisync._botocore.session import read
from unisync._core.commands import ConcurrencyLimit
from unisync._core.flow import Call, Flow, Gather, Sleep
from unisync._core.rate_limiter import AdaptiveRateLimiter
from unisync._core.scheduler import Scheduler
from unisync._models.base import Model

T = TypeVar("T")

NEAR = MINE[:6] + "0" * 34
"""A commit that only six digits tell from ours, one less than a revision has."""
SHAS = (MINE, OLD, NEWER, NEAR)
EPOCH = 1_795_000_000
GRACE = 1.0
"""Seconds after its deadline that a wait may take for answers that are on their way."""

Kind = Literal["stack", "instance", "template", "job"]
REFS: Mapping[Kind, SyncRef[SyncJob]] = {
    "stack": StackSync("payments-prod"),
    "instance": ServiceInstanceSync("web", "prod"),
    "template": TemplateSync("web", "SERVICE", "1"),
    "job": TwinMakerSync("factory"),
}
DEFINITION = ("GetSyncConfiguration", "GetServiceSyncConfig", "GetTemplateSyncConfig")
BLOCKERS = ("GetSyncBlockerSummary", "GetServiceSyncBlockerSummary")


class Try(NamedTuple):
    """An attempt to bring the resource to a commit."""

    number: int
    sha: str
    initial: str
    status: str = "INITIATED"

    @property
    def is_under_way(self) -> bool:
        return self.status in ("INITIATED", "IN_PROGRESS")


@dataclass(frozen=True)
class Snapshot:
    """How the sync stands for some time."""

    is_there: bool = True
    is_defined: bool = True
    desired: str | None = None
    latest: Try | None = None
    success: Try | None = None
    blockers: tuple[int, ...] = ()
    is_strange: bool = False
    """Whether AWS says a word of tomorrow for how the latest attempt, or the sync job, stands."""
    state: str = "CREATING"
    """That of the sync job, where it is one of TwinMaker's; empty where there is none."""

    @property
    def word(self) -> str | None:
        """AWS's word for the latest attempt."""
        if self.latest is None:
            return None
        return "REIMAGINED" if self.is_strange else self.latest.status

    @property
    def live(self) -> str | None:
        """The commit that is live, as far as it is told."""
        if self.word == "SUCCEEDED" and self.latest is not None:
            return self.latest.sha
        return self.success.sha if self.success is not None else None


@dataclass(frozen=True)
class Happening:
    """Something that happens some time after the one before it."""

    after: float
    what: str
    sha: str = ""


@dataclass(frozen=True)
class Timeline:
    """What happens, and which of it before the wait begins."""

    happenings: tuple[Happening, ...]
    before: int = 0
    tells_desired: bool = True
    lags: bool = False
    """Whether the latest success is told in its own member only once another attempt has begun."""

    def snapshots(self) -> list[tuple[float, Snapshot]]:
        """What can be seen from which time on. The wait begins at 0."""
        now, snapshot = -1_000.0, Snapshot()
        told = [(now, snapshot)]
        numbers = itertools.count(1)
        for happening in self.happenings:
            now += happening.after
            snapshot = self._after(snapshot, happening, next(numbers))
            told.append((now, snapshot))
        start = told[min(self.before, len(told) - 1)][0]
        return [(moment - start, each) for moment, each in told]

    def pushes(self) -> list[tuple[float, str]]:
        """The commits that AWS noticed, and when."""
        moments = [moment for moment, _ in self.snapshots()[1:]]
        return [
            (moment, happening.sha)
            for moment, happening in zip(moments, self.happenings, strict=True)
            if happening.what == "push"
        ]

    def _after(self, old: Snapshot, happening: Happening, number: int) -> Snapshot:
        latest = old.latest
        moves = old.is_there and old.is_defined and not old.blockers
        match happening.what:
            case "push" if old.is_there and old.is_defined:
                return replace(old, desired=happening.sha)
            case "block" if old.is_there:
                return replace(old, blockers=(*old.blockers, number))
            case "unblock":
                return replace(old, blockers=())
            case "remove":
                return Snapshot(is_there=False, is_defined=False)
            case "vanish":  # an instance may, and its service's definition stays
                return Snapshot(is_there=False, is_defined=old.is_defined)
            case "undefine":
                return replace(old, is_defined=False)
            case "create":
                return old if old.is_there and old.is_defined else replace(old, is_there=True, is_defined=True)
            case "become":
                return replace(old, state=happening.sha)
            case "strange":
                return replace(old, is_strange=not old.is_strange)
            case "begin" if moves and old.desired is not None:
                return self._begun(old, old.desired, number)
            case "run" if moves and latest is not None and latest.is_under_way:
                return replace(old, latest=latest._replace(status="IN_PROGRESS"))
            case "fail" if moves and latest is not None and latest.is_under_way:
                return replace(old, latest=latest._replace(status="FAILED"))
            case "succeed" if moves and latest is not None and latest.is_under_way:
                done = latest._replace(status="SUCCEEDED")
                return replace(old, latest=done, success=old.success if self.lags else done)
            case "step" if moves:  # whatever comes next, if all goes well
                if latest is not None and latest.is_under_way:
                    going = "run" if latest.status == "INITIATED" else "succeed"
                    return self._after(old, Happening(0, going), number)
                if old.desired is not None and (latest is None or latest.sha != old.desired):
                    return self._begun(old, old.desired, number)
            case _:
                pass
        return old

    @staticmethod
    def _begun(old: Snapshot, desired: str, number: int) -> Snapshot:
        latest = old.latest
        success = latest if latest is not None and latest.status == "SUCCEEDED" else old.success
        came_from = latest if latest is not None and latest.is_under_way else success
        initial = came_from.sha if came_from is not None else desired
        return replace(old, latest=Try(number, desired, initial), success=success)


class Seen(NamedTuple):
    """A call that a wait made, and what came of it."""

    operation: str
    began: float
    ended: float
    answer: Snapshot | None
    error: UnisyncError | None


@dataclass
class Aws:
    """Answers the calls of a wait, each after some time, or not, or wrongly."""

    kind: Kind
    timeline: Timeline
    faults: Sequence[str | None] = ()
    costs: Sequence[float] = (0.25,)
    is_empty: bool = False
    """Whether Proton's answer for a definition that is not there is an empty one."""
    calls: int = 0
    answered: dict[int, tuple[Model, Snapshot]] = field(default_factory=dict[int, tuple[Model, Snapshot]])

    def __post_init__(self) -> None:
        self.snapshots = self.timeline.snapshots()

    def at(self, now: float) -> Snapshot:
        """How the sync stands."""
        return [snapshot for moment, snapshot in self.snapshots if moment <= now][-1]

    def answer(self, call: Call[Any], now: float) -> tuple[float, Callable[[], Model]]:
        """When the answer to a call comes, and the answer."""
        fault = self.faults[self.calls] if self.calls < len(self.faults) else None
        cost = self.costs[self.calls % len(self.costs)]
        self.calls += 1
        if fault == "late":
            cost = 1e9
        longest = 60.0 if call.timeout is None else call.timeout
        if cost > longest:
            return now + longest, lambda: _raise(TransportError(call.service, call.operation, "no answer", **_LOST))
        then = now + cost
        snapshot = self.at(max(0.0, then - 20) if fault == "stale" else then)
        return then, lambda: self._answered(call, fault, snapshot)

    def _answered(self, call: Call[Any], fault: str | None, snapshot: Snapshot) -> Model:
        match fault:
            case "throttled":
                _raise(_error(call, "ThrottlingException", 400))
            case "server":
                _raise(_error(call, "InternalServerException", 503))
            case "denied":
                _raise(_error(call, "AccessDeniedException", 403))
            case "drop":
                _raise(TransportError(call.service, call.operation, "connection reset", **_LOST))
            case "cut" | "unreadable":
                is_cut = fault == "cut"
                reason = "cut short" if is_cut else "not JSON"
                _raise(
                    ResponseError(
                        call.service, call.operation, reason, status_code=200, request_id="r-1", cut_short=is_cut
                    )
                )
            case _:
                pass
        document = self._sync_job(snapshot) if self.kind == "job" else self._document(call, snapshot)
        if document is None:
            _raise(_error(call, "ResourceNotFoundException", 404))
        body = json.dumps(self._cased(document)).encode()
        reply: Model = read(call, RawReply(body, is_cbor=False, announced=len(body)), {})
        self.answered[id(reply)] = reply, snapshot
        return reply

    def _cased(self, value: Any) -> Any:
        """CodeConnections writes its members with a capital."""
        if isinstance(value, dict):
            members = cast("dict[str, Any]", value)
            return {self._member(name): self._cased(item) for name, item in members.items()}
        if not isinstance(value, list):
            return value
        items: list[Any] = [*value]
        return list(map(self._cased, items))

    def _member(self, name: str) -> str:
        return name[0].upper() + name[1:] if self.kind == "stack" else name

    def _document(self, call: Call[Any], snapshot: Snapshot) -> dict[str, Any] | None:
        if call.operation in BLOCKERS:
            return self._blockers(call, snapshot)
        if call.operation in DEFINITION:
            if not snapshot.is_defined:
                return {} if self.is_empty and self.kind != "stack" else None
            return self._definition()
        if not snapshot.is_there or (self.kind == "stack" and (snapshot.latest is None or not snapshot.is_defined)):
            return None
        document: dict[str, Any] = {}
        if snapshot.desired is not None and self.timeline.tells_desired:
            document["desiredState"] = self._revision(snapshot.desired)
        if snapshot.latest is not None:
            document["latestSync"] = self._attempt(snapshot.latest._replace(status=snapshot.word or ""))
        if snapshot.success is not None:
            document["latestSuccessfulSync"] = self._attempt(snapshot.success)
        return document

    def _sync_job(self, snapshot: Snapshot) -> dict[str, Any] | None:
        if not snapshot.state:
            return None
        word = "REIMAGINED" if snapshot.is_strange else snapshot.state
        which = {"arn": "arn:aws:iottwinmaker", "workspaceId": "factory", "syncSource": "SITEWISE", "syncRole": "r"}
        return {**which, "creationDateTime": EPOCH, "updateDateTime": EPOCH, "status": {"state": word}}

    def _definition(self) -> dict[str, Any]:
        place = {**self._repository(), "branch": "main"}
        match self.kind:
            case "stack":
                more = {"configFile": "a.yaml", "repositoryLinkId": "l-1", "resourceName": "payments-prod"}
                return {"syncConfiguration": {**place, **more, "roleArn": "r", "syncType": "CFN_STACK_SYNC"}}
            case "instance":
                return {"serviceSyncConfig": {**place, "filePath": "a.yaml", "serviceName": "web"}}
            case _:
                return {"templateSyncConfig": {**place, "templateName": "web", "templateType": "SERVICE"}}

    def _blockers(self, call: Call[Any], snapshot: Snapshot) -> dict[str, Any] | None:
        if not snapshot.is_there or (self.kind == "stack" and not snapshot.is_defined):
            return None
        active = [self._blocker(number, "ACTIVE") for number in snapshot.blockers]
        if self.kind == "stack":
            return {"syncBlockerSummary": {"resourceName": "payments-prod", "latestBlockers": [*active, self._old()]}}
        # Every second one is the service's, and told by itself.
        of_instance = "serviceInstanceName" in call.params
        mine = [blocker for blocker in active if (int(blocker["id"]) % 2 == 0) == of_instance]
        return {"serviceSyncBlockerSummary": {"serviceName": "web", "latestBlockers": [*mine, self._old()]}}

    def _old(self) -> dict[str, Any]:
        return {**self._blocker(0, "RESOLVED"), "resolvedAt": EPOCH - 1, "resolvedReason": "done"}

    def _blocker(self, number: int, status: str) -> dict[str, Any]:
        return {
            "id": str(number),
            "type": "AUTOMATED",
            "status": status,
            "createdReason": "by hand",
            "createdAt": EPOCH + number,
        }

    def _attempt(self, attempt: Try) -> dict[str, Any]:
        return {
            "status": attempt.status,
            "startedAt": EPOCH + attempt.number,
            "target": "payments-prod",
            "initialRevision": self._revision(attempt.initial),
            "targetRevision": self._revision(attempt.sha),
            "events": [{"type": f"SYNC_{attempt.status}", "event": attempt.sha, "time": EPOCH + attempt.number}],
        }

    def _revision(self, sha: str) -> dict[str, Any]:
        return {**self._repository(), "branch": "main", "directory": "a.yaml", "sha": sha}

    def _repository(self) -> dict[str, Any]:
        if self.kind == "stack":
            return {"ownerId": "acme", "repositoryName": "infra", "providerType": "GitHub"}
        return {"repositoryName": "acme/infra", "repositoryProvider": "GITHUB"}


_LOST: Mapping[str, bool] = {"retryable": True, "outcome_unknown": True}


def _raise(error: UnisyncError) -> Any:
    raise error


def _error(call: Call[Any], code: str, status: int) -> ServiceError:
    error = {"Code": code, "Message": "said so"}
    return ServiceError.of(
        {"Error": error, "ResponseMetadata": {"HTTPStatusCode": status}}, call.operation, call.service
    )


@dataclass
class Log:
    """What a wait did: its calls, between one pause and the next."""

    aws: Aws
    chunks: list[list[Seen]] = field(default_factory=lambda: [[]])
    ended: float = 0.0

    def spied(self, flow: Flow[T], now: Callable[[], float]) -> Flow[T]:
        """The same flow, whose calls and pauses are noted."""
        try:
            action = next(flow)
            while True:
                began, error, result = now(), None, None
                try:
                    result = yield action
                except UnisyncError as raised:
                    error = raised
                if isinstance(action, Sleep):
                    self.chunks.append([])
                else:
                    _, answer = self.aws.answered.get(id(result), (None, None))
                    assert isinstance(action, Call)
                    self.chunks[-1].append(Seen(action.operation, began, now(), answer, error))
                action = flow.throw(error) if error is not None else flow.send(result)
        except StopIteration as stop:
            return cast("T", stop.value)
        finally:
            self.ended = now()
            flow.close()


class Hands:
    """Drives waits by hand: on a clock of its own, on which a pause may last longer than it was to."""

    def __init__(self, jumps: Sequence[float] = ()) -> None:
        self.time = 0.0
        self.jumped_to = 0.0
        """When the last pause ended that was longer than it was to be."""
        self._jumps = iter(jumps)

    def now(self) -> float:
        return self.time

    def _sleep(self, seconds: float) -> None:
        jump = next(self._jumps, 0.0)
        self.time += seconds + jump
        if jump:
            self.jumped_to = self.time

    def drive(self, flow: Flow[T], aws: Aws) -> T:
        """One wait."""
        try:
            action: Any = next(flow)
            while True:
                if isinstance(action, Sleep):
                    self._sleep(action.seconds)
                    action = flow.send(None)
                    continue
                self.time, answer = aws.answer(action, self.time)
                try:
                    reply = answer()
                except UnisyncError as error:
                    action = flow.throw(error)
                else:
                    action = flow.send(reply)
        except StopIteration as stop:
            return cast("T", stop.value)

    def drive_all(self, flow: Flow[T], worlds: Sequence[Aws], rate_limit: RateLimit, logs: Sequence[Log]) -> T:
        """Many waits at once, each in a world of its own, as the scheduler has them look."""
        asked: Any = next(flow)
        flows: Sequence[Flow[Any]] = asked.flows
        spied = [log.spied(each, self.now) for log, each in zip(logs, flows, strict=True)]
        together: Gather[Any] = replace(asked, flows=spied)
        buckets: dict[str, AdaptiveRateLimiter] = {}

        def bucket_of(call: Call[Any]) -> AdaptiveRateLimiter:
            return buckets.setdefault(call.operation, AdaptiveRateLimiter(pace, self.time))

        scheduler: Scheduler[Any] = Scheduler(together, bucket_of, self.now, ConcurrencyLimit(4, 8))
        under_way: list[tuple[float, int, int, Callable[[], Model]]] = []
        order = itertools.count()
        while not scheduler.done:
            due = scheduler.next()
            if isinstance(due, tuple):
                place, call = due
                ends, answer = worlds[place].answer(call, self.time)
                heapq.heappush(under_way, (ends, next(order), place, answer))
            elif under_way and (due is None or under_way[0][0] <= self.time + due):
                ends, _, place, answer = heapq.heappop(under_way)
                self.time = max(self.time, ends)
                try:
                    reply = answer()
                except UnisyncError as error:
                    scheduler.answered(place, None, error)
                else:
                    scheduler.answered(place, reply, None)
            elif not scheduler.done:
                assert due is not None, "what is not over has something to do"
                self._sleep(due)
        try:
            flow.send(scheduler.results)
        except StopIteration as stop:
            return cast("T", stop.value)
        raise AssertionError("what has its results is over")


# The rules of waiting, applied to what a wait was answered.


class Told(NamedTuple):
    """What a look said, or why it said nothing."""

    snapshot: Snapshot | None = None
    """Never synced, as far as this look was told, if there is none and no error."""
    error: UnisyncError | None = None


@dataclass
class Judge:
    """Says, look by look, whether a wait has to end there, and how.

    Args:
        log: What the wait was answered.
        revision: The commit that it is for, or the first digits of one.
        timeout: Seconds.
        jumped_to: When time last went on without the wait.
    """

    log: Log
    revision: str | None
    timeout: float
    jumped_to: float
    told: list[Told] = field(default_factory=list[Told])
    """What the looks said so far."""
    unreadable: int = 0

    def check(self, outcome: object) -> None:
        """That a wait which ended so was right to, and did in time."""
        *before, last = self.log.chunks
        for chunk in before:
            assert self._end(chunk) is None, f"it went on after {chunk}"
        self._check_end(self._end(last), outcome)
        if isinstance(outcome, WaitError):
            assert outcome.elapsed == self.log.ended
            assert outcome.attempts == len(self.log.chunks)
            self._is_last_seen(outcome.job)
        self._check_deadline()

    def check_deletion(self, outcome: object) -> None:
        """The same for a wait for the end of a sync."""
        *before, last = self.log.chunks
        for chunk in before:
            assert self._gone(chunk) is None, f"it went on after {chunk}"
        match self._gone(last):
            case "gone":
                assert outcome is None, f"gone, and not {outcome!r}"
            case UnisyncError() as error:
                assert outcome is error
            case _:
                assert type(outcome) is WaitTimeoutError, f"nothing ends it, and it is {outcome!r}"
                assert outcome.elapsed == self.log.ended >= self.timeout - 0.002
                assert outcome.attempts == len(self.log.chunks)
                assert outcome.last_error is last[-1].error
        self._check_deadline()

    def _check_deadline(self) -> None:
        """It looks once more when it wakes, and the answers have the rest of the grace."""
        assert self.log.ended <= max(self.timeout + GRACE, self.jumped_to) + 0.01

    def _gone(self, chunk: list[Seen]) -> UnisyncError | str | None:
        last = chunk[-1]
        # That there is no status of a stack may mean that it was never synced.
        is_not_found = any(isinstance(seen.error, NotFoundError) for seen in chunk)
        if _is_missing(last) or (is_not_found and self.log.aws.kind != "stack"):
            return "gone"
        if last.error is not None:
            return self._ends_by(last.error)
        self.unreadable = 0
        return None

    def _check_end(self, end: UnisyncError | str | None, outcome: object) -> None:
        match end:
            case "in place":
                assert isinstance(outcome, SyncJob), f"in place, and not {outcome!r}"
                self._is_last_seen(outcome)
            case "failed":
                assert type(outcome) is SyncFailedError, f"failed, and not {outcome!r}"
            case "superseded":
                assert type(outcome) is SyncSupersededError, f"superseded, and not {outcome!r}"
            case "blocked":
                assert type(outcome) is SyncBlockedError, f"blocked, and not {outcome!r}"
                assert [blocker.id for blocker in outcome.blockers] == self._blockers(self.log.chunks[-1])
            case "not found":
                assert isinstance(outcome, NotFoundError), f"not found, and not {outcome!r}"
            case UnisyncError():
                assert outcome is end
            case _:
                if type(outcome) is not SyncSupersededError:
                    assert type(outcome) is WaitTimeoutError, f"nothing ends it, and it is {outcome!r}"
                    assert outcome.elapsed >= self.timeout - 0.002
                    assert outcome.last_error is self._last_error()
                    self._asked_for_blockers()
        if type(outcome) is SyncSupersededError:
            self._was_superseded(outcome)

    def _was_superseded(self, error: SyncSupersededError) -> None:
        """Another commit did come after ours."""
        ended = self.log.chunks[-1][-1].ended
        shas = [sha for moment, sha in self.log.aws.timeline.pushes() if moment <= ended]
        ours = [place for place, sha in enumerate(shas) if self._is_ours(sha)]
        assert not self._is_ours(error.superseded_by.sha)
        assert ours
        assert error.superseded_by.sha in shas[ours[0] :], "it came before ours"

    def _end(self, chunk: list[Seen]) -> UnisyncError | str | None:
        """How the wait has to end after these calls; None if it has to go on."""
        look = list(itertools.takewhile(lambda seen: seen.operation not in BLOCKERS, chunk))
        told = self._look(look)
        self.told.append(told)
        if told.error is not None:
            return self._ends_by(told.error)
        if _is_missing(look[-1]):
            return "not found"
        self.unreadable = 0
        end = self._judged(told)
        if end is not None:
            assert len(look) == len(chunk), "nothing is asked for any more"
            return end
        rest = chunk[len(look) :]
        if not rest:
            return None
        if _is_missing(rest[-1]):
            return "not found"
        failed = rest[-1].error
        if failed is not None and not isinstance(failed, NotFoundError):
            return self._ends_by(failed)
        self.unreadable = 0
        return "blocked" if self._blockers(chunk) else None

    def _look(self, look: list[Seen]) -> Told:
        if not look:
            return Told(error=TransportError("", "", "its turn did not come", **_LOST))
        if look[-1].error is not None:
            return Told(error=look[-1].error)
        return Told(look[0].answer)  # behind it, there may be the definition of what there is nothing yet to tell of

    def _ends_by(self, error: UnisyncError) -> UnisyncError | str | None:
        if isinstance(error, NotFoundError):
            return "not found"
        is_unreadable = isinstance(error, ResponseError) and not error.cut_short
        self.unreadable = self.unreadable + 1 if is_unreadable else 0
        if isinstance(error, ResponseError):
            return error if self.unreadable >= 3 else None
        passes = isinstance(error, TransportError) or getattr(error, "code", "") in (
            "ThrottlingException",
            "InternalServerException",
        )
        return None if passes else error

    def _judged(self, told: Told) -> str | None:
        snapshot = told.snapshot
        if self.log.aws.kind == "job" and snapshot is not None:
            ends = {"ACTIVE": "in place", "ERROR": "failed", "DELETING": "failed"}
            return None if snapshot.is_strange else ends.get(snapshot.state)
        if snapshot is None or snapshot.latest is None:
            return self._superseded(snapshot)
        if self.revision is None:
            desired = self._desired(snapshot)
            if desired in (None, snapshot.latest.sha):
                return {"SUCCEEDED": "in place", "FAILED": "failed"}.get(snapshot.word or "")
            return None
        if self._is_ours(snapshot.live):
            return "in place"
        if self._is_ours(snapshot.latest.sha):
            return "failed" if snapshot.word == "FAILED" else None
        return self._superseded(snapshot)

    def _superseded(self, snapshot: Snapshot | None) -> str | None:
        """Whether it is certain: what comes after ours set out from it, or was not known before ours was."""
        if self.revision is None or snapshot is None:
            return None
        desired, latest = self._desired(snapshot), snapshot.latest
        if self._is_ours(desired):
            return None
        if latest is not None and self._is_ours(latest.initial):
            return "superseded"
        before = [each.snapshot for each in self.told[:-1] if each.snapshot is not None]
        noticed = next((place for place, each in enumerate(before) if self._notices(each)), None)
        if noticed is None:
            return None
        known = before[: noticed + 1]
        if latest is not None and latest.number not in [each.latest.number for each in known if each.latest]:
            return "superseded"
        shas = {sha for each in known for sha in (self._desired(each), *(each.latest or ())[1:3])}
        return "superseded" if desired is not None and desired not in shas else None

    def _notices(self, snapshot: Snapshot) -> bool:
        return self._is_ours(self._desired(snapshot)) or (
            snapshot.latest is not None and self._is_ours(snapshot.latest.sha)
        )

    def _desired(self, snapshot: Snapshot) -> str | None:
        return snapshot.desired if self.log.aws.timeline.tells_desired else None

    def _is_ours(self, sha: str | None) -> bool:
        return sha is not None and self.revision is not None and sha.startswith(self.revision.lower())

    @staticmethod
    def _blockers(chunk: list[Seen]) -> list[str]:
        """Those that the calls of a read told of, newest first."""
        reads = [seen for seen in chunk if seen.operation in BLOCKERS]
        active: set[int] = set()
        for place, seen in enumerate(reads):
            numbers = seen.answer.blockers if seen.answer is not None else ()
            # Proton tells those of the instance first, and then those of the service.
            of_each = [n for n in numbers if seen.operation == BLOCKERS[0] or (n % 2 == 0) == (place == 0)]
            active.update(of_each)
        return [str(number) for number in sorted(active, reverse=True)]

    def _asked_for_blockers(self) -> None:
        """When the time is up, too: what stops a sync is not to be missed for a second."""
        is_answered = self.told[-1].error is None
        asked = [seen for seen in self.log.chunks[-1] if seen.operation in BLOCKERS]
        assert asked or not is_answered or self.log.aws.kind in ("template", "job")

    def _last_error(self) -> UnisyncError | None:
        """What the last of its calls failed with, if that passes."""
        last = self.log.chunks[-1][-1]
        is_no_summary = isinstance(last.error, NotFoundError)
        return None if is_no_summary else last.error

    def _is_last_seen(self, job: object) -> None:
        told = [each for each in self.told if each.error is None]
        if not told:
            assert job is None
            return
        snapshot = told[-1].snapshot or Snapshot()
        if self.log.aws.kind == "job":
            assert isinstance(job, SyncJob)
            assert job.status.aws_state == ("REIMAGINED" if snapshot.is_strange else snapshot.state)
            return
        assert isinstance(job, GitSyncJob)
        assert (job.latest_sync and job.latest_sync.target_revision.sha) == (snapshot.latest and snapshot.latest.sha)
        assert job.status.aws_state == (snapshot.word or "")
        assert (job.desired_state and job.desired_state.sha) == self._desired(snapshot)


def _is_missing(seen: Seen) -> bool:
    """Whether it was asked for the definition, and there is none."""
    if seen.operation not in DEFINITION:
        return False
    return isinstance(seen.error, NotFoundError) or (seen.answer is not None and not seen.answer.is_defined)
