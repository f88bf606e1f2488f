"""Jobs, attempts and errors for tests, and a sync whose polls are scripted."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar, cast

from typing_extensions import override

from unisync import (
    AsyncUnisync,
    Backoff,
    GitSyncJob,
    NotFoundError,
    RepositorySyncAttempt,
    ResourceSyncAttempt,
    Revision,
    StackSync,
    SyncBlocker,
    SyncEvent,
    SyncJob,
    SyncJobStatus,
    SyncRef,
    SyncResourceSummary,
    SyncState,
    ThrottledError,
    TwinMakerSync,
    TwinMakerSyncJob,
    Unisync,
)
from unisync._botocore.session import Session
from unisync._core.flow import Call, Flow, Sleep, request
from unisync._core.target import SyncTarget
from unisync._services.git_sync import STATES
from unisync._waiters.arguments import WaitOptions
from unisync._waiters.checks import checked_max_failures
from unisync._waiters.waiters import Waiter

T = TypeVar("T")

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
OLD, MINE, NEWER = "a1" * 20, "b2" * 20, "c3" * 20
STACK = StackSync("payments-prod")
FACTORY = TwinMakerSync("factory")


def revision(sha: str) -> Revision:
    """A commit of acme/infra."""
    return Revision(
        repository_name="infra",
        owner="acme",
        provider="GitHub",
        aws_provider="GitHub",
        branch="main",
        directory="deployment.yaml",
        sha=sha,
    )


def attempt(aws_state: str, sha: str, initial: str = OLD, reason: str | None = None) -> ResourceSyncAttempt:
    """An attempt to sync payments-prod to a commit, with a status of AWS's."""
    events: tuple[SyncEvent, ...] = (
        SyncEvent(type="SYNC_INITIATED", event=f"Sync of {sha[:7]}", time=NOON, external_id=sha),
    )
    if reason:
        events += (SyncEvent(type="SYNC_FAILED", event=reason, time=NOON),)
    return ResourceSyncAttempt(
        status=SyncJobStatus(state=STATES.get(aws_state, SyncState.UNKNOWN), aws_state=aws_state),
        started_at=NOON,
        target="payments-prod",
        initial_revision=revision(initial),
        target_revision=revision(sha),
        events=events,
    )


def branch_attempt(aws_state: str, seconds: float = 60, reason: str | None = None) -> RepositorySyncAttempt:
    """An attempt to read the branch, some seconds after noon."""
    return RepositorySyncAttempt(
        status=SyncJobStatus(state=STATES[aws_state], aws_state=aws_state),
        started_at=NOON + timedelta(seconds=seconds),
        events=(SyncEvent(type="SYNC_FAILED", event=reason, time=NOON),) if reason else (),
    )


def git_job(
    latest: ResourceSyncAttempt | None = None,
    successful: ResourceSyncAttempt | None = None,
    desired: str | None = None,
) -> GitSyncJob:
    """The sync of payments-prod."""
    return GitSyncJob(
        ref=STACK,
        status=latest.status if latest else SyncJobStatus(state=SyncState.PENDING, aws_state=""),
        latest_sync=latest,
        latest_successful_sync=successful,
        desired_state=revision(desired) if desired else None,
    )


def twin_job(state: SyncState, aws_state: str = "VALUE", **status: Any) -> TwinMakerSyncJob:
    """The sync job of the workspace factory."""
    return TwinMakerSyncJob(
        ref=FACTORY,
        status=SyncJobStatus(state=state, aws_state=aws_state, **status),
        arn="arn:aws:iottwinmaker:eu-west-1:123456789012:workspace/factory/sync-job/SITEWISE-default",
        workspace_id="factory",
        sync_source="SITEWISE",
        sync_role="arn:aws:iam::123456789012:role/sync",
        created_at=NOON,
        updated_at=NOON,
    )


def blocker(status: str = "ACTIVE") -> SyncBlocker:
    """A blocker."""
    return SyncBlocker(
        id="0a1b", type="AUTOMATED", status=status, created_reason="modified outside of Git sync", created_at=NOON
    )


def not_found() -> NotFoundError:
    """AWS's error for a sync that does not exist."""
    error = {"Code": "ResourceNotFoundException", "Message": "no such thing"}
    return NotFoundError(
        {"Error": error, "ResponseMetadata": {"HTTPStatusCode": 404, "RequestId": "r-1"}}, "GetSyncJob", "iottwinmaker"
    )


def throttled() -> ThrottledError:
    """AWS's error for too many calls."""
    error = {"Code": "ThrottlingException", "Message": "Rate exceeded"}
    return ThrottledError({"Error": error, "ResponseMetadata": {"HTTPStatusCode": 429}}, "GetSyncJob", "iottwinmaker")


def drive(flow: Flow[T], responses: Iterable[object] = (), sleeps: list[float] | None = None) -> T:
    """Drive a flow by hand: each call gets the next response, an exception is raised in it, each pause is noted."""
    script = iter(responses)
    try:
        command: Any = next(flow)
        while True:
            if isinstance(command, Sleep):
                if sleeps is not None:
                    sleeps.append(command.seconds)
                command = flow.send(None)
                continue
            response = next(script)
            command = flow.throw(response) if isinstance(response, BaseException) else flow.send(response)
    except StopIteration as stop:
        return cast("T", stop.value)


class _ScriptedTarget(SyncTarget[Any]):
    """A sync whose calls say what they read."""

    has_branch = False

    @property
    @override
    def resolve_command(self) -> str:
        return "resolve-it --id {id}"

    @override
    def fetch(self) -> Flow[Any]:
        return request(Call("scripted", "Poll", {}, SyncJob))

    @override
    def blockers(self) -> Flow[Any]:
        return request(Call("scripted", "Blockers", {}, SyncJob))

    @override
    def branch_status(self, job: SyncJob) -> Flow[Any]:
        return request(Call("scripted", "Branch", {}, SyncJob)) if self.has_branch else super().branch_status(job)

    @override
    def resources(self) -> Flow[Any]:
        return request(Call("scripted", "Resources", {}, SyncResourceSummary))


class ScriptedSync:
    """A sync whose polls are scripted, and waits for it that are driven by hand on a clock that never really sleeps.

    The last response of each script repeats. `duration` is the seconds that each call takes.
    """

    def __init__(
        self,
        *polls: object,
        ref: SyncRef[Any] = STACK,
        blockers: Iterable[object] = ((),),
        resources: Iterable[object] = (),
        branch: Iterable[object] | None = None,
        has_revisions: bool = True,
        duration: float = 0.0,
    ) -> None:
        self.script = {"Poll": list(polls), "Blockers": list(blockers), "Resources": list(resources)}
        self.script["Branch"] = list(branch or ())
        self.duration = duration
        self.time = 0.0
        self.pauses: list[Sleep] = []
        self.calls: list[Call[Any]] = []
        self.target = _ScriptedTarget(ref)
        self.target.has_revisions = has_revisions
        self.target.has_branch = branch is not None
        self.target.has_resources = bool(self.script["Resources"]) or isinstance(ref, TwinMakerSync)
        self.script["Resources"] = self.script["Resources"] or [SyncResourceSummary(ref=FACTORY, counts=(), failed=())]

    @property
    def sleeps(self) -> list[float]:
        """The seconds of each pause."""
        return [pause.seconds for pause in self.pauses]

    def count(self, operation: str) -> int:
        """How many calls there were of an operation."""
        return sum(call.operation == operation for call in self.calls)

    def waiter(self, condition: str, **options: Any) -> Waiter[Any]:
        """A wait for this sync."""
        options = {"timeout": 900, "backoff": Backoff(), "on_progress": None, "stop": None, **options}
        return Waiter(self.target, condition, WaitOptions[Any].checked(**options), lambda: self.time)

    def until_active(self, revision: Any = None, **options: Any) -> Any:
        """Wait until it is active."""
        return self.drive(self.waiter("active", revision=revision, **options).until_active())

    def until_deleted(self, **options: Any) -> None:
        """Wait until it is deleted."""
        self.drive(self.waiter("deleted", **options).until_deleted())

    def until_resources_synced(self, max_failures: Any = 0, **options: Any) -> SyncResourceSummary:
        """Wait until its resources are synced."""
        accepted = checked_max_failures(max_failures)
        return self.drive(self.waiter("resources", **options).until_resources_synced(accepted))

    def drive(self, flow: Flow[T]) -> T:
        """Drive a flow to its end."""
        try:
            command: Any = next(flow)
            while True:
                if isinstance(command, Sleep):
                    self.pauses.append(command)
                    self.time += command.seconds
                    command = flow.send(None)
                    continue
                self.calls.append(command)
                self.time += self.duration
                script = self.script[command.operation]
                response = script.pop(0) if len(script) > 1 else script[0]
                command = flow.throw(response) if isinstance(response, BaseException) else flow.send(response)
        except StopIteration as stop:
            return cast("T", stop.value)


def session_of(client: Unisync | AsyncUnisync) -> Session:
    """The boto3 clients of a client."""
    transport = client._settings.transport
    assert isinstance(transport, Session)
    return transport
