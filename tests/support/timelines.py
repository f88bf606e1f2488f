"""An oracle for the rules of waiting: what happens in AWS over time, and how a wait that sees it must end.

A `Timeline` is a list of actions, and each moment of it is a `Snapshot` of one sync. `ScriptedAws` responds to the
calls of a wait from these snapshots, in the services' own format, and with faults where a test asks for them. A
`WaitLog` records what a wait received, and the `Oracle` applies the rules to that. None of this shares code with the
emulator or the waiters.
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
from unisync._botocore.response import RawResponse, read
from unisync._core.commands import ConcurrencyLimit
from unisync._core.flow import Call, Flow, Gather, Sleep
from unisync._core.rate_limiter import AdaptiveRateLimiter
from unisync._core.scheduler import Scheduler
from unisync._models.base import Model

T = TypeVar("T")

SIMILAR = MINE[:6] + "0" * 34
"""A commit that shares six digits with ours, one less than the shortest revision has."""
SHAS = (MINE, OLD, NEWER, SIMILAR)
EPOCH = 1_795_000_000
GRACE_PERIOD = 1.0
"""Seconds after its deadline that a wait may take for responses in flight."""

Kind = Literal["stack", "instance", "template", "job"]
REFS: Mapping[Kind, SyncRef[SyncJob]] = {
    "stack": StackSync("payments-prod"),
    "instance": ServiceInstanceSync("web", "prod"),
    "template": TemplateSync("web", "SERVICE", "1"),
    "job": TwinMakerSync("factory"),
}
CONFIGURATION_READS = ("GetSyncConfiguration", "GetServiceSyncConfig", "GetTemplateSyncConfig")
BLOCKER_READS = ("GetSyncBlockerSummary", "GetServiceSyncBlockerSummary")
NEW_VALUE = "REIMAGINED"
"""A status that the client does not know."""


class Attempt(NamedTuple):
    """An attempt to sync the resource to a commit."""

    number: int
    sha: str
    initial_sha: str
    status: str = "INITIATED"

    @property
    def in_progress(self) -> bool:
        return self.status in ("INITIATED", "IN_PROGRESS")


@dataclass(frozen=True)
class Snapshot:
    """The state of the sync from one action to the next."""

    exists: bool = True
    is_configured: bool = True
    desired: str | None = None
    latest: Attempt | None = None
    successful: Attempt | None = None
    blockers: tuple[int, ...] = ()
    has_new_value: bool = False
    """Whether the status of the latest attempt, or of the sync job, is one that the client does not know."""
    job_state: str = "CREATING"
    """The state of a TwinMaker sync job; empty if there is none."""

    @property
    def status(self) -> str | None:
        """AWS's status of the latest attempt."""
        if self.latest is None:
            return None
        return NEW_VALUE if self.has_new_value else self.latest.status

    @property
    def live_sha(self) -> str | None:
        """The commit that is live, as far as AWS reports it."""
        if self.status == "SUCCEEDED" and self.latest is not None:
            return self.latest.sha
        return self.successful.sha if self.successful is not None else None


@dataclass(frozen=True)
class Action:
    """Something that happens some seconds after the action before it."""

    after: float
    kind: str
    sha: str = ""
    """The commit of a "push"; the state of a "set_state"."""


@dataclass(frozen=True)
class Timeline:
    """What happens to a sync, and how much of it before the wait starts."""

    actions: tuple[Action, ...]
    before: int = 0
    """How many actions happen before the wait starts."""
    reports_desired: bool = True
    """Whether AWS says which commit it desires."""
    success_lags: bool = False
    """Whether the latest success appears in its own field only once another attempt has started."""

    def snapshots(self) -> list[tuple[float, Snapshot]]:
        """The snapshots, and when each begins. The wait starts at 0."""
        now, snapshot = -1_000.0, Snapshot()
        snapshots = [(now, snapshot)]
        numbers = itertools.count(1)
        for action in self.actions:
            now += action.after
            snapshot = self._apply(snapshot, action, next(numbers))
            snapshots.append((now, snapshot))
        start = snapshots[min(self.before, len(snapshots) - 1)][0]
        return [(moment - start, each) for moment, each in snapshots]

    def pushes(self) -> list[tuple[float, str]]:
        """The commits that AWS detected, and when."""
        moments = [moment for moment, _ in self.snapshots()[1:]]
        return [
            (moment, action.sha) for moment, action in zip(moments, self.actions, strict=True) if action.kind == "push"
        ]

    def _apply(self, old: Snapshot, action: Action, number: int) -> Snapshot:
        latest = old.latest
        can_sync = old.exists and old.is_configured and not old.blockers
        match action.kind:
            case "push" if old.exists and old.is_configured:
                return replace(old, desired=action.sha)
            case "block" if old.exists:
                return replace(old, blockers=(*old.blockers, number))
            case "unblock":
                return replace(old, blockers=())
            case "remove":
                return Snapshot(exists=False, is_configured=False)
            case "remove_status":  # a service instance can be removed while its service's configuration stays
                return Snapshot(exists=False, is_configured=old.is_configured)
            case "remove_configuration":
                return replace(old, is_configured=False)
            case "create":
                return old if old.exists and old.is_configured else replace(old, exists=True, is_configured=True)
            case "set_state":
                return replace(old, job_state=action.sha)
            case "toggle_new_value":
                return replace(old, has_new_value=not old.has_new_value)
            case "start" if can_sync and old.desired is not None:
                return self._start(old, old.desired, number)
            case "run" if can_sync and latest is not None and latest.in_progress:
                return replace(old, latest=latest._replace(status="IN_PROGRESS"))
            case "fail" if can_sync and latest is not None and latest.in_progress:
                return replace(old, latest=latest._replace(status="FAILED"))
            case "succeed" if can_sync and latest is not None and latest.in_progress:
                done = latest._replace(status="SUCCEEDED")
                return replace(old, latest=done, successful=old.successful if self.success_lags else done)
            case "step" if can_sync:  # whatever comes next if nothing fails
                if latest is not None and latest.in_progress:
                    following = "run" if latest.status == "INITIATED" else "succeed"
                    return self._apply(old, Action(0, following), number)
                if old.desired is not None and (latest is None or latest.sha != old.desired):
                    return self._start(old, old.desired, number)
            case _:
                pass
        return old

    @staticmethod
    def _start(old: Snapshot, desired: str, number: int) -> Snapshot:
        latest = old.latest
        successful = latest if latest is not None and latest.status == "SUCCEEDED" else old.successful
        base = latest if latest is not None and latest.in_progress else successful
        initial_sha = base.sha if base is not None else desired
        return replace(old, latest=Attempt(number, desired, initial_sha), successful=successful)


class CallRecord(NamedTuple):
    """A call of a wait, and its result."""

    operation: str
    started_at: float
    ended_at: float
    snapshot: Snapshot | None
    """What the response was written from; None if the call failed."""
    error: UnisyncError | None


@dataclass
class ScriptedAws:
    """Responds to the calls of one wait, each after some seconds; or late, wrongly, or not at all."""

    kind: Kind
    timeline: Timeline
    faults: Sequence[str | None] = ()
    """The fault of each call, in order."""
    durations: Sequence[float] = (0.25,)
    """The seconds that each call takes, repeated."""
    empty_if_not_configured: bool = False
    """Whether Proton's response for a configuration that does not exist is an empty one."""
    calls: int = 0
    responses: dict[int, tuple[Model, Snapshot]] = field(default_factory=dict[int, tuple[Model, Snapshot]])
    """What each response was written from, by the id of the response."""

    def __post_init__(self) -> None:
        self.snapshots = self.timeline.snapshots()

    def at(self, now: float) -> Snapshot:
        """The snapshot at a time."""
        return [snapshot for moment, snapshot in self.snapshots if moment <= now][-1]

    def send(self, call: Call[Any], now: float) -> tuple[float, Callable[[], Model]]:
        """When a call ends, and a function that returns its response or raises its error."""
        fault = self.faults[self.calls] if self.calls < len(self.faults) else None
        duration = self.durations[self.calls % len(self.durations)]
        self.calls += 1
        if fault == "late":
            duration = 1e9
        timeout = 60.0 if call.timeout is None else call.timeout
        if duration > timeout:
            return now + timeout, lambda: _raise(_lost(call, "no response"))
        ends_at = now + duration
        snapshot = self.at(max(0.0, ends_at - 20) if fault == "stale" else ends_at)
        return ends_at, lambda: self._respond(call, fault, snapshot)

    def _respond(self, call: Call[Any], fault: str | None, snapshot: Snapshot) -> Model:
        match fault:
            case "throttled":
                _raise(_service_error(call, "ThrottlingException", 400))
            case "server":
                _raise(_service_error(call, "InternalServerException", 503))
            case "denied":
                _raise(_service_error(call, "AccessDeniedException", 403))
            case "drop":
                _raise(_lost(call, "connection reset"))
            case "truncated" | "unreadable":
                _raise(_unreadable(call, is_truncated=fault == "truncated"))
            case _:
                pass
        document = self._sync_job(snapshot) if self.kind == "job" else self._document(call, snapshot)
        if document is None:
            _raise(_service_error(call, "ResourceNotFoundException", 404))
        body = json.dumps(self._with_wire_names(document)).encode()
        response: Model = read(call, RawResponse(body, is_cbor=False, content_length=len(body)), {})
        self.responses[id(response)] = response, snapshot
        return response

    def _with_wire_names(self, value: Any) -> Any:
        """CodeConnections writes the names of its fields with a capital."""
        if isinstance(value, dict):
            fields = cast("dict[str, Any]", value)
            return {self._wire_name(name): self._with_wire_names(item) for name, item in fields.items()}
        if not isinstance(value, list):
            return value
        items: list[Any] = [*value]
        return list(map(self._with_wire_names, items))

    def _wire_name(self, name: str) -> str:
        return name[0].upper() + name[1:] if self.kind == "stack" else name

    def _document(self, call: Call[Any], snapshot: Snapshot) -> dict[str, Any] | None:
        """The response to a call for a Git sync; None if the error is "not found"."""
        if call.operation in BLOCKER_READS:
            return self._blocker_summary(call, snapshot)
        if call.operation in CONFIGURATION_READS:
            if not snapshot.is_configured:
                return {} if self.empty_if_not_configured and self.kind != "stack" else None
            return self._configuration()
        if not snapshot.exists or (self.kind == "stack" and (snapshot.latest is None or not snapshot.is_configured)):
            return None
        document: dict[str, Any] = {}
        if snapshot.desired is not None and self.timeline.reports_desired:
            document["desiredState"] = self._revision(snapshot.desired)
        if snapshot.latest is not None:
            document["latestSync"] = self._attempt(snapshot.latest._replace(status=snapshot.status or ""))
        if snapshot.successful is not None:
            document["latestSuccessfulSync"] = self._attempt(snapshot.successful)
        return document

    def _sync_job(self, snapshot: Snapshot) -> dict[str, Any] | None:
        if not snapshot.job_state:
            return None
        state = NEW_VALUE if snapshot.has_new_value else snapshot.job_state
        names = {"arn": "arn:aws:iottwinmaker", "workspaceId": "factory", "syncSource": "SITEWISE", "syncRole": "r"}
        return {**names, "creationDateTime": EPOCH, "updateDateTime": EPOCH, "status": {"state": state}}

    def _configuration(self) -> dict[str, Any]:
        branch = {**self._repository(), "branch": "main"}
        match self.kind:
            case "stack":
                more = {"configFile": "a.yaml", "repositoryLinkId": "l-1", "resourceName": "payments-prod"}
                return {"syncConfiguration": {**branch, **more, "roleArn": "r", "syncType": "CFN_STACK_SYNC"}}
            case "instance":
                return {"serviceSyncConfig": {**branch, "filePath": "a.yaml", "serviceName": "web"}}
            case _:
                return {"templateSyncConfig": {**branch, "templateName": "web", "templateType": "SERVICE"}}

    def _blocker_summary(self, call: Call[Any], snapshot: Snapshot) -> dict[str, Any] | None:
        if not snapshot.exists or (self.kind == "stack" and not snapshot.is_configured):
            return None
        active = [self._blocker(number, "ACTIVE") for number in snapshot.blockers]
        resolved = {**self._blocker(0, "RESOLVED"), "resolvedAt": EPOCH - 1, "resolvedReason": "done"}
        if self.kind == "stack":
            return {"syncBlockerSummary": {"resourceName": "payments-prod", "latestBlockers": [*active, resolved]}}
        # Every second blocker is the service's own, and Proton lists those apart from the instance's.
        is_of_instance = "serviceInstanceName" in call.params
        listed = [blocker for blocker in active if (int(blocker["id"]) % 2 == 0) == is_of_instance]
        return {"serviceSyncBlockerSummary": {"serviceName": "web", "latestBlockers": [*listed, resolved]}}

    def _blocker(self, number: int, status: str) -> dict[str, Any]:
        return {
            "id": str(number),
            "type": "AUTOMATED",
            "status": status,
            "createdReason": "by hand",
            "createdAt": EPOCH + number,
        }

    def _attempt(self, attempt: Attempt) -> dict[str, Any]:
        return {
            "status": attempt.status,
            "startedAt": EPOCH + attempt.number,
            "target": "payments-prod",
            "initialRevision": self._revision(attempt.initial_sha),
            "targetRevision": self._revision(attempt.sha),
            "events": [{"type": f"SYNC_{attempt.status}", "event": attempt.sha, "time": EPOCH + attempt.number}],
        }

    def _revision(self, sha: str) -> dict[str, Any]:
        return {**self._repository(), "branch": "main", "directory": "a.yaml", "sha": sha}

    def _repository(self) -> dict[str, Any]:
        if self.kind == "stack":
            return {"ownerId": "acme", "repositoryName": "infra", "providerType": "GitHub"}
        return {"repositoryName": "acme/infra", "repositoryProvider": "GITHUB"}


def _raise(error: UnisyncError) -> Any:
    raise error


def _lost(call: Call[Any], reason: str) -> TransportError:
    return TransportError(call.service, call.operation, reason, retryable=True, outcome_unknown=True)


def _unreadable(call: Call[Any], *, is_truncated: bool) -> ResponseError:
    reason = "truncated" if is_truncated else "not JSON"
    return ResponseError(
        call.service, call.operation, reason, status_code=200, request_id="r-1", is_truncated=is_truncated
    )


def _service_error(call: Call[Any], code: str, status: int) -> ServiceError:
    response = {"Error": {"Code": code, "Message": "said so"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ServiceError.from_response(response, call.operation, call.service)


@dataclass
class WaitLog:
    """What a wait did."""

    aws: ScriptedAws
    polls: list[list[CallRecord]] = field(default_factory=lambda: [[]])
    """The calls of each poll, that is, between one pause and the next."""
    ended_at: float = 0.0

    def recorded(self, flow: Flow[T], now: Callable[[], float]) -> Flow[T]:
        """The same flow, its calls and pauses recorded."""
        try:
            command = next(flow)
            while True:
                started_at, error, result = now(), None, None
                try:
                    result = yield command
                except UnisyncError as raised:
                    error = raised
                if isinstance(command, Sleep):
                    self.polls.append([])
                else:
                    _, snapshot = self.aws.responses.get(id(result), (None, None))
                    assert isinstance(command, Call)
                    self.polls[-1].append(CallRecord(command.operation, started_at, now(), snapshot, error))
                command = flow.throw(error) if error is not None else flow.send(result)
        except StopIteration as stop:
            return cast("T", stop.value)
        finally:
            self.ended_at = now()
            flow.close()


class Driver:
    """Drives waits by hand, on a clock of its own. A pause may last longer than requested: time then jumps."""

    def __init__(self, jumps: Sequence[float] = ()) -> None:
        self.time = 0.0
        self.jumped_to = 0.0
        """When the last jump ended."""
        self._jumps = iter(jumps)

    def now(self) -> float:
        return self.time

    def _sleep(self, seconds: float) -> None:
        jump = next(self._jumps, 0.0)
        self.time += seconds + jump
        if jump:
            self.jumped_to = self.time

    def drive(self, flow: Flow[T], aws: ScriptedAws) -> T:
        """Drive one wait."""
        try:
            command: Any = next(flow)
            while True:
                if isinstance(command, Sleep):
                    self._sleep(command.seconds)
                    command = flow.send(None)
                    continue
                self.time, respond = aws.send(command, self.time)
                try:
                    response = respond()
                except UnisyncError as error:
                    command = flow.throw(error)
                else:
                    command = flow.send(response)
        except StopIteration as stop:
            return cast("T", stop.value)

    def drive_all(
        self, flow: Flow[T], each_aws: Sequence[ScriptedAws], rate_limit: RateLimit, logs: Sequence[WaitLog]
    ) -> T:
        """Drive many waits by the scheduler, each with an AWS of its own."""
        command: Any = next(flow)
        flows: Sequence[Flow[Any]] = command.flows
        recorded = [log.recorded(each, self.now) for log, each in zip(logs, flows, strict=True)]
        gather: Gather[Any] = replace(command, flows=recorded)
        limiters: dict[str, AdaptiveRateLimiter] = {}

        def limiter_for(call: Call[Any]) -> AdaptiveRateLimiter:
            return limiters.setdefault(call.operation, AdaptiveRateLimiter(rate_limit, self.time))

        scheduler: Scheduler[Any] = Scheduler(gather, limiter_for, self.now, ConcurrencyLimit(4, 8))
        in_flight: list[tuple[float, int, int, Callable[[], Model]]] = []
        order = itertools.count()
        while not scheduler.is_done:
            due = scheduler.next()
            if isinstance(due, tuple):
                index, call = due
                ends_at, respond = each_aws[index].send(call, self.time)
                heapq.heappush(in_flight, (ends_at, next(order), index, respond))
            elif in_flight and (due is None or in_flight[0][0] <= self.time + due):
                ends_at, _, index, respond = heapq.heappop(in_flight)
                self.time = max(self.time, ends_at)
                try:
                    response = respond()
                except UnisyncError as error:
                    scheduler.record(index, None, error)
                else:
                    scheduler.record(index, response, None)
            elif not scheduler.is_done:
                assert due is not None, "a scheduler that is not done has something to do"
                self._sleep(due)
        try:
            flow.send(scheduler.results)
        except StopIteration as stop:
            return cast("T", stop.value)
        raise AssertionError("a gathering flow ends once it has its results")


# The rules of waiting, applied to what a wait received.


class PollResult(NamedTuple):
    """What a poll returned, or why it returned nothing."""

    snapshot: Snapshot | None = None
    """None without an error if the sync was never synced, as far as this poll shows."""
    error: UnisyncError | None = None


@dataclass
class Oracle:
    """Says, poll by poll, whether a wait must end there, and how.

    Args:
        log: What the wait received.
        revision: The commit that it waits for, or the first digits of one.
        timeout: Seconds.
        jumped_to: When time last jumped.
    """

    log: WaitLog
    revision: str | None
    timeout: float
    jumped_to: float
    results: list[PollResult] = field(default_factory=list[PollResult])
    """The results of the polls so far."""
    consecutive_unreadable: int = 0

    def check(self, outcome: object) -> None:
        """Check that a wait ended with the outcome that the rules demand, and in time."""
        *before, last = self.log.polls
        for poll in before:
            assert self._end(poll) is None, f"the wait went on after {poll}"
        self._check_end(self._end(last), outcome)
        if isinstance(outcome, WaitError):
            assert outcome.elapsed == self.log.ended_at
            assert outcome.polls == len(self.log.polls)
            self._check_job(outcome.job)
        self._check_deadline()

    def check_deletion(self, outcome: object) -> None:
        """The same for a wait for a deletion."""
        *before, last = self.log.polls
        for poll in before:
            assert self._end_of_deletion(poll) is None, f"the wait went on after {poll}"
        match self._end_of_deletion(last):
            case "deleted":
                assert outcome is None, f"deleted, and not {outcome!r}"
            case UnisyncError() as error:
                assert outcome is error
            case _:
                assert type(outcome) is WaitTimeoutError, f"nothing ends the wait but {outcome!r}"
                assert outcome.elapsed == self.log.ended_at >= self.timeout - 0.002
                assert outcome.polls == len(self.log.polls)
                assert outcome.last_error is last[-1].error
        self._check_deadline()

    def _check_deadline(self) -> None:
        """A wait polls once more when it wakes up late, and calls in flight have the grace period to end."""
        assert self.log.ended_at <= max(self.timeout + GRACE_PERIOD, self.jumped_to) + 0.01

    def _end_of_deletion(self, poll: list[CallRecord]) -> UnisyncError | str | None:
        last = poll[-1]
        # A stack without a status may be one that was never synced.
        is_not_found = any(isinstance(call.error, NotFoundError) for call in poll)
        if _is_configuration_missing(last) or (is_not_found and self.log.aws.kind != "stack"):
            return "deleted"
        if last.error is not None:
            return self._end_by_error(last.error)
        self.consecutive_unreadable = 0
        return None

    def _check_end(self, end: UnisyncError | str | None, outcome: object) -> None:
        match end:
            case "synced":
                assert isinstance(outcome, SyncJob), f"synced, and not {outcome!r}"
                self._check_job(outcome)
            case "failed":
                assert type(outcome) is SyncFailedError, f"failed, and not {outcome!r}"
            case "superseded":
                assert type(outcome) is SyncSupersededError, f"superseded, and not {outcome!r}"
            case "blocked":
                assert type(outcome) is SyncBlockedError, f"blocked, and not {outcome!r}"
                assert [blocker.id for blocker in outcome.blockers] == self._blockers(self.log.polls[-1])
            case "not found":
                assert isinstance(outcome, NotFoundError), f"not found, and not {outcome!r}"
            case UnisyncError():
                assert outcome is end
            case _:
                assert type(outcome) is WaitTimeoutError, f"nothing ends the wait but {outcome!r}"
                assert outcome.elapsed >= self.timeout - 0.002
                assert outcome.last_error is self._last_error()
                self._check_blockers_were_read()
        if type(outcome) is SyncSupersededError:
            self._check_superseded(outcome)

    def _check_superseded(self, error: SyncSupersededError) -> None:
        """The other commit really came after ours."""
        ended_at = self.log.polls[-1][-1].ended_at
        shas = [sha for moment, sha in self.log.aws.timeline.pushes() if moment <= ended_at]
        ours = [index for index, sha in enumerate(shas) if self._is_ours(sha)]
        assert not self._is_ours(error.superseded_by.sha)
        assert ours
        assert error.superseded_by.sha in shas[ours[0] :], "it came before ours"

    def _end(self, poll: list[CallRecord]) -> UnisyncError | str | None:
        """How the wait must end after a poll; None if it must go on."""
        status_calls = list(itertools.takewhile(lambda call: call.operation not in BLOCKER_READS, poll))
        result = self._result(status_calls)
        self.results.append(result)
        if result.error is not None:
            return self._end_by_error(result.error)
        if _is_configuration_missing(status_calls[-1]):
            return "not found"
        self.consecutive_unreadable = 0
        end = self._judge(result)
        if end is not None:
            assert len(status_calls) == len(poll), "a wait that ends reads nothing else"
            return end
        blocker_calls = poll[len(status_calls) :]
        if not blocker_calls:
            return None
        if _is_configuration_missing(blocker_calls[-1]):
            return "not found"
        error = blocker_calls[-1].error
        if error is not None and not isinstance(error, NotFoundError):
            return self._end_by_error(error)
        self.consecutive_unreadable = 0
        return "blocked" if self._blockers(poll) else None

    def _result(self, status_calls: list[CallRecord]) -> PollResult:
        if not status_calls:
            return PollResult(error=TransportError("", "", "no permit in time", retryable=True, outcome_unknown=False))
        if status_calls[-1].error is not None:
            return PollResult(error=status_calls[-1].error)
        # The first call is for the status; if that is not found, another reads the configuration.
        return PollResult(status_calls[0].snapshot)

    def _end_by_error(self, error: UnisyncError) -> UnisyncError | str | None:
        if isinstance(error, NotFoundError):
            return "not found"
        is_unreadable = isinstance(error, ResponseError) and not error.is_truncated
        self.consecutive_unreadable = self.consecutive_unreadable + 1 if is_unreadable else 0
        if isinstance(error, ResponseError):
            return error if self.consecutive_unreadable >= 3 else None
        transient_codes = ("ThrottlingException", "InternalServerException")
        is_transient = isinstance(error, TransportError) or getattr(error, "code", "") in transient_codes
        return None if is_transient else error

    def _judge(self, result: PollResult) -> str | None:
        snapshot = result.snapshot
        if self.log.aws.kind == "job" and snapshot is not None:
            ends = {"ACTIVE": "synced", "ERROR": "failed", "DELETING": "failed"}
            return None if snapshot.has_new_value else ends.get(snapshot.job_state)
        if snapshot is None or snapshot.latest is None:
            return self._superseded(snapshot)
        if self.revision is None:
            desired = self._desired(snapshot)
            if desired in (None, snapshot.latest.sha):
                return {"SUCCEEDED": "synced", "FAILED": "failed"}.get(snapshot.status or "")
            return None
        if self._is_ours(snapshot.live_sha):
            return "synced"
        if self._is_ours(snapshot.latest.sha):
            return "failed" if snapshot.status == "FAILED" else None
        return self._superseded(snapshot)

    def _superseded(self, snapshot: Snapshot | None) -> str | None:
        """Whether it is certain: what follows started from our commit, or was not seen before our commit was."""
        if self.revision is None or snapshot is None:
            return None
        desired, latest = self._desired(snapshot), snapshot.latest
        if self._is_ours(desired):
            return None
        if latest is not None and self._is_ours(latest.initial_sha):
            return "superseded"
        before = [result.snapshot for result in self.results[:-1] if result.snapshot is not None]
        first = next((index for index, each in enumerate(before) if self._shows_our_commit(each)), None)
        if first is None:
            return None
        known = before[: first + 1]
        if latest is not None and latest.number not in [each.latest.number for each in known if each.latest]:
            return "superseded"
        shas = {sha for each in known for sha in (self._desired(each), *(each.latest or ())[1:3])}
        return "superseded" if desired is not None and desired not in shas else None

    def _shows_our_commit(self, snapshot: Snapshot) -> bool:
        return self._is_ours(self._desired(snapshot)) or (
            snapshot.latest is not None and self._is_ours(snapshot.latest.sha)
        )

    def _desired(self, snapshot: Snapshot) -> str | None:
        return snapshot.desired if self.log.aws.timeline.reports_desired else None

    def _is_ours(self, sha: str | None) -> bool:
        return sha is not None and self.revision is not None and sha.startswith(self.revision.lower())

    @staticmethod
    def _blockers(poll: list[CallRecord]) -> list[str]:
        """The blockers that a poll returned, newest first."""
        reads = [call for call in poll if call.operation in BLOCKER_READS]
        active: set[int] = set()
        for index, call in enumerate(reads):
            numbers = call.snapshot.blockers if call.snapshot is not None else ()
            # The blockers of a Proton instance are read first, and those of its service after them.
            of_each = [n for n in numbers if call.operation == BLOCKER_READS[0] or (n % 2 == 0) == (index == 0)]
            active.update(of_each)
        return [str(number) for number in sorted(active, reverse=True)]

    def _check_blockers_were_read(self) -> None:
        """A wait that times out has read the blockers in its last poll, if that poll succeeded."""
        has_failed = self.results[-1].error is not None
        reads = [call for call in self.log.polls[-1] if call.operation in BLOCKER_READS]
        assert reads or has_failed or self.log.aws.kind in ("template", "job")

    def _last_error(self) -> UnisyncError | None:
        """The transient error of the last call."""
        last = self.log.polls[-1][-1]
        is_no_summary = isinstance(last.error, NotFoundError)
        return None if is_no_summary else last.error

    def _check_job(self, job: object) -> None:
        """The job is that of the last successful poll."""
        successful = [result for result in self.results if result.error is None]
        if not successful:
            assert job is None
            return
        snapshot = successful[-1].snapshot or Snapshot()
        if self.log.aws.kind == "job":
            assert isinstance(job, SyncJob)
            assert job.status.aws_state == (NEW_VALUE if snapshot.has_new_value else snapshot.job_state)
            return
        assert isinstance(job, GitSyncJob)
        assert (job.latest_sync and job.latest_sync.target_revision.sha) == (snapshot.latest and snapshot.latest.sha)
        assert job.status.aws_state == (snapshot.status or "")
        assert (job.desired_state and job.desired_state.sha) == self._desired(snapshot)


def _is_configuration_missing(call: CallRecord) -> bool:
    """Whether a call read the configuration, and there is none."""
    if call.operation not in CONFIGURATION_READS:
        return False
    return isinstance(call.error, NotFoundError) or (call.snapshot is not None and not call.snapshot.is_configured)
