"""Jobs, attempts and replies for tests that need some."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, TypeVar, cast

from unisync import (
    AsyncUnisync,
    Backoff,
    GitSyncJob,
    NotFoundError,
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
from unisync._core.flow import Call, Flow, Sleep, ask
from unisync._core.target import SyncTarget
from unisync._services.git_sync import STATES
from unisync._waiters.waiters import wait_until_active, wait_until_deleted, wait_until_resources_synced

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


def attempt(word: str, sha: str, initial: str = OLD, reason: str | None = None) -> ResourceSyncAttempt:
    """A try to bring payments-prod to a commit, in AWS's word for how it stands."""
    events: tuple[SyncEvent, ...] = (
        SyncEvent(type="SYNC_INITIATED", event=f"Sync of {sha[:7]}", time=NOON, external_id=sha),
    )
    if reason:
        events += (SyncEvent(type="SYNC_FAILED", event=reason, time=NOON),)
    return ResourceSyncAttempt(
        status=SyncJobStatus(state=STATES.get(word, SyncState.UNKNOWN), aws_state=word),
        started_at=NOON,
        target="payments-prod",
        initial_revision=revision(initial),
        target_revision=revision(sha),
        events=events,
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


def twin_job(state: SyncState, aws_state: str = "WORD", **status: Any) -> TwinMakerSyncJob:
    """The sync job of the workspace factory."""
    return TwinMakerSyncJob(
        ref=FACTORY,
        status=SyncJobStatus(state=state, aws_state=native, **status),
        arn="arn:aws:iottwinmaker:eu-west-1:123456789012:workspace/factory/sync-job/SITEWISE",
        workspace_id="factory",
        sync_source="SITEWISE",
        sync_role="arn:aws:iam::123456789012:role/sync",
        created_at=NOON,
        updated_at=NOON,
    )


def blocker(status: str = "ACTIVE") -> SyncBlocker:
    """Something that blocks."""
    return SyncBlocker(
        id="0a1b", type="AUTOMATED", status=status, created_reason="modified outside of Git sync", created_at=NOON
    )


def not_found() -> NotFoundError:
    """AWS's word that there is no such thing."""
    error = {"Code": "ResourceNotFoundException", "Message": "no such thing"}
    return NotFoundError(
        {"Error": error, "ResponseMetadata": {"HTTPStatusCode": 404, "RequestId": "r-1"}}, "GetSyncJob", "iottwinmaker"
    )


def throttled() -> ThrottledError:
    """AWS's word that it was asked too often."""
    error = {"Code": "ThrottlingException", "Message": "Rate exceeded"}
    return ThrottledError({"Error": error, "ResponseMetadata": {"HTTPStatusCode": 429}}, "GetSyncJob", "iottwinmaker")


def drive(flow: Flow[T], answers: Iterable[object] = (), sleeps: list[float] | None = None) -> T:
    """Drive a flow by hand: each call gets the next answer (an exception is thrown in), each sleep is noted."""
    script = iter(answers)
    try:
        action: Any = next(flow)
        while True:
            if isinstance(action, Sleep):
                if sleeps is not None:
                    sleeps.append(action.seconds)
                action = flow.send(None)
                continue
            answer = next(script)
            action = flow.throw(answer) if isinstance(answer, BaseException) else flow.send(answer)
    except StopIteration as stop:
        return cast("T", stop.value)


class Hand:
    """Drives a wait by hand, on a clock that never sleeps: what each look and each read of blockers gives is written.

    The last look of the script is what all later ones see. `costs` is how long each call takes.
    """

    def __init__(
        self,
        *looks: object,
        ref: SyncRef[Any] = STACK,
        blockers: Iterable[object] = ((),),
        resources: Iterable[object] = (),
        has_revisions: bool = True,
        costs: float = 0.0,
    ) -> None:
        self.script = {"Look": list(looks), "Blockers": list(blockers), "Resources": list(resources)}
        self.costs = costs
        self.time = 0.0
        self.pauses: list[Sleep] = []
        self.calls: list[Call[Any]] = []
        self.subject: SyncTarget[Any] = SyncTarget(
            ref,
            look=lambda: ask(Call("scripted", "Look", {}, SyncJob)),
            blockers=self._blockers,
            remains=lambda: ask(Call("scripted", "Look", {}, SyncJob)),
            resources=lambda: ask(Call("scripted", "Resources", {}, SyncResourceSummary)),
            release="release-it --id {id}",
            has_revisions=has_revisions,
        )

    @staticmethod
    def _blockers() -> Flow[Any]:
        return (yield Call("scripted", "Blockers", {}, SyncJob))

    @property
    def sleeps(self) -> list[float]:
        """How long each pause was."""
        return [pause.seconds for pause in self.pauses]

    def count(self, operation: str) -> int:
        """How often something was asked for."""
        return sum(call.operation == operation for call in self.calls)

    def until_active(self, revision: str | None = None, timeout: Any = 900, **options: Any) -> Any:
        """Drive wait_until_active."""
        options = {"backoff": Backoff(), "on_progress": None, **options}
        return self.drive(
            wait_until_active(self.subject, revision=revision, timeout=timeout, now=lambda: self.time, **options)
        )

    def until_deleted(self, timeout: Any = 900, **options: Any) -> None:
        """Drive wait_until_deleted."""
        options = {"backoff": Backoff(), "on_progress": None, **options}
        self.drive(wait_until_deleted(self.subject, timeout=timeout, now=lambda: self.time, **options))

    def until_resources_synced(self, max_failures: Any = 0, timeout: Any = 900, **options: Any) -> SyncResourceSummary:
        """Drive wait_until_resources_synced."""
        options = {"max_failures": tolerate, "backoff": Backoff(), "on_progress": None, **options}
        return self.drive(wait_until_resources_synced(self.subject, timeout=timeout, now=lambda: self.time, **options))

    def drive(self, flow: Flow[T]) -> T:
        """Drive a flow to its end."""
        try:
            action: Any = next(flow)
            while True:
                if isinstance(action, Sleep):
                    self.pauses.append(action)
                    self.time += action.seconds
                    action = flow.send(None)
                    continue
                self.calls.append(action)
                self.time += self.costs
                script = self.script[action.operation]
                answer = script.pop(0) if len(script) > 1 else script[0]
                action = flow.throw(answer) if isinstance(answer, BaseException) else flow.send(answer)
        except StopIteration as stop:
            return cast("T", stop.value)


def session_of(client: Unisync | AsyncUnisync) -> Session:
    """The boto3 clients behind a client."""
    assert isinstance(client._session, Session)
    return client._session
