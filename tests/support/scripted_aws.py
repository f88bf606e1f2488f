"""An AWS that responds to one wait from a timeline, in the services' own format, and with faults where a test asks.

A `WaitLog` records what the wait received, and a `Driver` drives waits on a clock that it advances by itself.
"""

from __future__ import annotations

import heapq
import itertools
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, NamedTuple, TypeVar, cast

from tests.support.timelines import BRANCH_EVENTS, NEW_VALUE, OWN_FILE, Attempt, BranchAttempt, Kind, Snapshot, Timeline
from unisync import (
    NotFoundError,
    RateLimit,
    ResponseError,
    ServiceError,
    ServiceInstanceSync,
    StackSync,
    SyncJob,
    SyncRef,
    TemplateSync,
    TransportError,
    TwinMakerSync,
    UnisyncError,
)
from unisync._botocore.read import Body, read
from unisync._core.commands import ConcurrencyLimit, WakeSignal
from unisync._core.flow import Call, Flow, Gather, Sleep
from unisync._core.rate_limiter import AdaptiveRateLimiter
from unisync._core.scheduler import Scheduler
from unisync._models.base import Model

T = TypeVar("T")

EPOCH = 1_795_000_000
"""The date, in seconds since 1970, at which a wait starts."""
CALL_TIMEOUT = 60.0
"""Seconds after which the client gives up on a call, unless the wait has less time."""
CUT_OFF_TOLERANCE = 0.05
"""Seconds by which a call that was cut off may end early."""
STALENESS = 20.0
"""Seconds by which a stale response is old."""

Role = Literal["status", "blockers", "branch"]
"""What a call is for. A configuration may be read for any of the three."""

CONFIGURATION_READS = ("GetSyncConfiguration", "GetServiceSyncConfig", "GetTemplateSyncConfig")
BLOCKER_READS = ("GetSyncBlockerSummary", "GetServiceSyncBlockerSummary")
BRANCH_READ = "GetRepositorySyncStatus"
ROOT_CAUSE_READ = "DescribeStackEvents"


def ref_of(kind: Kind, number: int = 0) -> SyncRef[SyncJob]:
    """A reference of a kind; another one for each number."""
    match kind:
        case "stack":
            return StackSync(f"payments-{number}")
        case "instance":
            return ServiceInstanceSync("web", f"prod-{number}")
        case "template":
            return TemplateSync("web", "SERVICE", str(number + 1))
        case "job":
            return TwinMakerSync(f"factory-{number}")


class CallRecord(NamedTuple):
    """A call of a wait, and its result."""

    operation: str
    role: Role
    timeout: float | None
    """The seconds that the wait gave it."""
    started_at: float
    ended_at: float
    snapshot: Snapshot | None
    """What the response was written from; None if the call failed."""
    error: UnisyncError | None
    is_cut_off: bool
    """Whether it got no answer in the time that the wait gave it."""

    @property
    def is_not_found(self) -> bool:
        return isinstance(self.error, NotFoundError)

    @property
    def is_configuration_missing(self) -> bool:
        """Whether it read the configuration, and there is none."""
        if self.operation not in CONFIGURATION_READS:
            return False
        return self.is_not_found or (self.snapshot is not None and not self.snapshot.is_configured)


def role_of(operation: str, earlier: Sequence[CallRecord]) -> Role:
    """What a call is for, after the earlier calls of its poll."""
    if operation in BLOCKER_READS:
        return "blockers"
    if operation == BRANCH_READ:
        return "branch"
    if operation not in CONFIGURATION_READS or not earlier:
        return "status"
    last = earlier[-1]
    if last.operation in CONFIGURATION_READS:
        return "branch"
    if last.role == "status":
        # Without an attempt, the configuration tells "never synced yet" from "no such sync".
        shows_no_attempt = last.is_not_found or (last.snapshot is not None and last.snapshot.latest is None)
        return "status" if shows_no_attempt else "branch"
    # So it does without any summary of blockers.
    summaries = [call for call in earlier if call.role == "blockers"]
    return "blockers" if all(call.is_not_found for call in summaries) else "branch"


class _Sent(NamedTuple):
    """What is known of a response or an error, by its id; the object is kept, so that its id stays its own."""

    result: object
    snapshot: Snapshot | None


@dataclass
class ScriptedAws:
    """Responds to the calls of one wait, each after some seconds; or late, wrongly, or not at all."""

    kind: Kind
    timeline: Timeline
    faults: Mapping[Role, Sequence[str | None]] = field(default_factory=dict[Role, "Sequence[str | None]"])
    """The faults of the calls of each role, in order."""
    durations: Sequence[float] = (0.25,)
    """The seconds that each call takes, repeated."""
    empty_if_not_configured: bool = False
    """Whether Proton's response for a configuration that does not exist is an empty one."""
    calls: list[Role] = field(default_factory=list[Role])
    """The role of each call."""
    poll: list[CallRecord] = field(default_factory=list[CallRecord])
    """The calls of the current poll that have ended."""
    sent: dict[int, _Sent] = field(default_factory=dict[int, _Sent])

    def __post_init__(self) -> None:
        self.snapshots = self.timeline.snapshots()

    def at(self, now: float) -> Snapshot:
        """The snapshot at a time."""
        return [snapshot for moment, snapshot in self.snapshots if moment <= now][-1]

    def send(self, call: Call[Any], now: float) -> tuple[float, Callable[[], Model]]:
        """When a call ends, and a function that returns its response or raises its error."""
        if call.operation == ROOT_CAUSE_READ:  # it comes after the verdict, which it does not change
            return now, lambda: self._fail(_lost(call, "no response"))
        role = role_of(call.operation, self.poll)
        faults, index = self.faults.get(role, ()), self.calls.count(role)
        fault = faults[index] if index < len(faults) else None
        duration = 1e9 if fault == "late" else self.durations[len(self.calls) % len(self.durations)]
        self.calls.append(role)
        timeout = CALL_TIMEOUT if call.timeout is None else min(call.timeout, CALL_TIMEOUT)
        if duration > timeout:
            return now + timeout, lambda: self._fail(_lost(call, "no response"))
        ends_at = now + duration
        snapshot = self.at(max(0.0, ends_at - STALENESS) if fault == "stale" else ends_at)
        return ends_at, lambda: self._respond(call, fault, snapshot)

    def _fail(self, error: UnisyncError) -> Any:
        self.sent[id(error)] = _Sent(error, None)
        raise error

    def _respond(self, call: Call[Any], fault: str | None, snapshot: Snapshot) -> Model:
        match fault:
            case "throttled":
                self._fail(_service_error(call, "ThrottlingException", 400))
            case "server":
                self._fail(_service_error(call, "InternalServerException", 503))
            case "unimplemented":
                self._fail(_service_error(call, "InternalFailure", 501))
            case "denied":
                self._fail(_service_error(call, "AccessDeniedException", 403))
            case "drop":
                self._fail(_lost(call, "connection reset"))
            case "truncated" | "unreadable":
                self._fail(_unreadable(call, is_truncated=fault == "truncated"))
            case _:
                pass
        document = self._sync_job(snapshot) if self.kind == "job" else self._document(call, snapshot)
        if document is None:
            self._fail(_service_error(call, "ResourceNotFoundException", 404))
        body = json.dumps(self._with_wire_names(document)).encode()
        response: Model = read(call, Body(body, is_cbor=False, content_length=len(body)), {})
        self.sent[id(response)] = _Sent(response, snapshot)
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
        if call.operation == BRANCH_READ:
            if snapshot.branch is None:
                return {} if self.empty_if_not_configured and self.kind != "stack" else None
            return {"latestSync": self._branch(snapshot.branch)}
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
        status: dict[str, Any] = {"state": NEW_VALUE if snapshot.has_new_value else snapshot.job_state}
        if snapshot.job_code:
            status["error"] = {"code": snapshot.job_code, "message": "said so"}
        names = {"arn": "arn:aws:iottwinmaker", "workspaceId": "factory", "syncSource": "SITEWISE", "syncRole": "r"}
        return {**names, "creationDateTime": EPOCH, "updateDateTime": EPOCH, "status": status}

    def _configuration(self) -> dict[str, Any]:
        branch = {**self._repository(), "branch": "main"}
        match self.kind:
            case "stack":
                more = {"configFile": OWN_FILE, "repositoryLinkId": "l-1", "resourceName": "payments-0"}
                return {"syncConfiguration": {**branch, **more, "roleArn": "r", "syncType": "CFN_STACK_SYNC"}}
            case "instance":
                return {"serviceSyncConfig": {**branch, "filePath": OWN_FILE, "serviceName": "web"}}
            case _:
                more = {"templateName": "web", "templateType": "SERVICE", "subdirectory": OWN_FILE}
                return {"templateSyncConfig": {**branch, **more}}

    def _blocker_summary(self, call: Call[Any], snapshot: Snapshot) -> dict[str, Any] | None:
        if not snapshot.exists or (self.kind == "stack" and not snapshot.is_configured):
            return None
        active = [self._blocker(number, "ACTIVE") for number in snapshot.blockers]
        resolved = {**self._blocker(0, "RESOLVED"), "resolvedAt": EPOCH - 1, "resolvedReason": "done"}
        if self.kind == "stack":
            return {"syncBlockerSummary": {"resourceName": "payments-0", "latestBlockers": [*active, resolved]}}
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
        started_at = EPOCH + attempt.started_at
        return {
            "status": attempt.status,
            "startedAt": started_at,
            "target": "payments-0",
            "initialRevision": self._revision(attempt.initial_sha),
            "targetRevision": self._revision(attempt.sha),
            "events": [{"type": f"SYNC_{attempt.status}", "event": attempt.sha, "time": started_at}],
        }

    def _branch(self, branch: BranchAttempt) -> dict[str, Any]:
        started_at = EPOCH + branch.started_at
        event = {"type": f"BRANCH_{branch.status}", "event": BRANCH_EVENTS[branch.about], "time": started_at}
        return {"status": branch.status, "startedAt": started_at, "events": [event]}

    def _revision(self, sha: str) -> dict[str, Any]:
        return {**self._repository(), "branch": "main", "directory": OWN_FILE, "sha": sha}

    def _repository(self) -> dict[str, Any]:
        if self.kind == "stack":
            return {"ownerId": "acme", "repositoryName": "infra", "providerType": "GitHub"}
        return {"repositoryName": "acme/infra", "repositoryProvider": "GITHUB"}


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


class Pause(NamedTuple):
    """A pause between two polls."""

    started_at: float
    seconds: float


@dataclass
class WaitLog:
    """What a wait did."""

    aws: ScriptedAws
    polls: list[list[CallRecord]] = field(default_factory=lambda: [[]])
    """The calls of each poll, that is, between one pause and the next."""
    pauses: list[Pause] = field(default_factory=list[Pause])
    hinted: list[int] = field(default_factory=list[int])
    """The numbers of the pauses in which there was a hint."""
    jumped: list[int] = field(default_factory=list[int])
    """The numbers of the pauses whose first part took longer than requested."""
    ended_at: float = 0.0

    def recorded(self, flow: Flow[T], now: Callable[[], float]) -> Flow[T]:
        """The same flow, its calls and pauses recorded."""
        self.aws.poll = self.polls[-1]
        try:
            command = next(flow)
            while True:
                started_at, error, result = now(), None, None
                try:
                    result = yield command
                except UnisyncError as raised:
                    error = raised
                if isinstance(command, Sleep) and command.signal is not None:
                    # The second part of a pause, which a hint may end.
                    first = self.pauses.pop()
                    self.pauses.append(Pause(first.started_at, started_at - first.started_at + command.seconds))
                    if command.signal.is_set():
                        self.hinted.append(len(self.pauses) - 1)
                elif isinstance(command, Sleep):
                    if now() > started_at + command.seconds + 1e-6:
                        self.jumped.append(len(self.pauses))
                    self.pauses.append(Pause(started_at, command.seconds))
                    self.aws.poll = []
                    self.polls.append(self.aws.poll)
                else:
                    assert isinstance(command, Call)
                    self._record(command, started_at, now(), result if error is None else error)
                command = flow.throw(error) if error is not None else flow.send(result)
        except StopIteration as stop:
            return cast("T", stop.value)
        finally:
            self.ended_at = now()
            flow.close()

    def _record(self, call: Call[Any], started_at: float, ended_at: float, result: object) -> None:
        if call.operation == ROOT_CAUSE_READ:
            return
        sent = self.aws.sent.get(id(result))
        error = result if isinstance(result, UnisyncError) else None
        # A call that AWS never got had no permit of the rate limiter within its time, which is worth a report.
        is_unanswered = isinstance(error, TransportError) and sent is not None
        is_late = call.timeout is not None and ended_at - started_at >= call.timeout - CUT_OFF_TOLERANCE
        self.polls[-1].append(
            CallRecord(
                call.operation,
                role_of(call.operation, self.polls[-1]),
                call.timeout,
                started_at,
                ended_at,
                sent and sent.snapshot,
                error,
                is_cut_off=is_unanswered and is_late,
            )
        )


class Driver:
    """Drives waits by hand, on a clock of its own. A pause may last longer than requested: time then jumps.

    Args:
        jumps: Seconds that time jumps after each pause.
        hints: For each pause, after which part of it there is a hint, from 0 to 1; None for none.
        notify: Gives a hint to the waits.
    """

    def __init__(
        self,
        jumps: Sequence[float] = (),
        hints: Sequence[float | None] = (),
        notify: Callable[[], object] = lambda: None,
    ) -> None:
        self.time = 0.0
        self.jumped_to = 0.0
        """When the last jump ended."""
        self._jumps = iter(jumps)
        self._hints = iter(hints)
        self._notify = notify

    def now(self) -> float:
        return self.time

    def _sleep(self, seconds: float, signal: WakeSignal | None = None) -> None:
        if signal is not None:
            part = next(self._hints, None)
            if part is not None:
                self.time += seconds * part
                seconds -= seconds * part
                self._notify()
            if signal.is_set():
                return
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
                    self._sleep(command.seconds, command.signal)
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
                self._sleep(due, scheduler.woken)
        scheduler.close()
        try:
            flow.send(scheduler.results)
        except StopIteration as stop:
            return cast("T", stop.value)
        raise AssertionError("a gathering flow ends once it has its results")
