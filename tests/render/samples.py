"""Report entries for tests, with ordinary and with hostile text."""

from __future__ import annotations

from datetime import datetime, timedelta

from tests.support.samples import (
    MINE,
    NEWER,
    NOON,
    OLD,
    STACK,
    attempt,
    blocker,
    git_job,
    not_found,
    revision,
    throttled,
    twin_job,
)
from unisync import (
    Check,
    Explanation,
    GitSyncJob,
    Outcome,
    RepositorySyncAttempt,
    ResourceSyncAttempt,
    Revision,
    StackSync,
    SyncBlocker,
    SyncError,
    SyncEvent,
    SyncJob,
    SyncJobStatus,
    SyncResource,
    SyncResourceSummary,
    SyncState,
    TransportError,
    TwinMakerSync,
)
from unisync._models.blockers import SyncBlockerContext
from unisync._render.report import ReportEntry

AS_OF = NOON + timedelta(minutes=5)

HOSTILE = (
    "\x1b]0;owned\x07\x1b[2J<script>alert(1)</script></style></title></svg><img src=x onerror=alert(2)>"
    "\"' onload=alert(3) <!-- --> &lt;b&gt; ]]> \u202egnp.exe\u2066 javascript:alert(4) https://example.test/ "
)


def events(*messages: str, at: datetime = NOON, interval: float = 5.0) -> tuple[SyncEvent, ...]:
    """Events with these messages, `interval` seconds apart."""
    return tuple(
        SyncEvent(type="SYNC_STEP", event=message, time=at + timedelta(seconds=number * interval))
        for number, message in enumerate(messages)
    )


def outcome_of(job: SyncJob, *blockers: SyncBlocker) -> Outcome[SyncJob]:
    """The outcome of a successful read."""
    return Outcome(job.ref, job, None, blockers=blockers)


def resources(*, failed: int = 1, running: int = 0, reason: str = "no such model") -> SyncResourceSummary:
    """The resources of the workspace factory: 12 in sync, and others."""
    error = SyncError(code="SYNC_PROCESSING_ERROR", message=reason)
    status = SyncJobStatus(state=SyncState.FAILED, aws_state="ERROR", error=error)
    counts = {SyncState.ACTIVE: 12, SyncState.FAILED: failed, SyncState.RUNNING: running}
    return SyncResourceSummary(
        ref=TwinMakerSync("factory"),
        counts=tuple((state, count) for state, count in counts.items() if count),
        failed=tuple(
            SyncResource(resource_type="ENTITY", external_id=f"mixer-{number}", status=status)
            for number in range(failed)
        ),
    )


def repository(message: str = "Starting syncs") -> RepositorySyncAttempt:
    """The latest sync of a branch."""
    status = SyncJobStatus(state=SyncState.ACTIVE, aws_state="SUCCEEDED")
    return RepositorySyncAttempt(status=status, started_at=NOON, events=events("Clone started", message))


def explanation(message: str = "The connection is PENDING.", action: str = "complete it") -> Explanation:
    """An explanation with a check of each status; the cause is the connection."""
    cause = Check(name="connection", status="problem", message=message, action=action)
    identity = Check(name="identity", status="ok", message=f"Account 123456789012, as {message}.")
    resource = Check(name="resource", status="unknown", message=f"Unknown: access is denied: {message}")
    return Explanation(ref=STACK, checks=(identity, cause, resource), cause=cause)


def all_kinds() -> list[ReportEntry]:
    """One sync of each kind."""
    done, failed = attempt("SUCCEEDED", OLD), attempt("FAILED", MINE, reason="no such parameter")
    running = attempt("IN_PROGRESS", NEWER)
    return [
        ReportEntry(outcome_of(git_job(done, done, OLD))),
        ReportEntry(outcome_of(git_job(failed, done, MINE)), repository=repository(), explanation=explanation()),
        ReportEntry(outcome_of(git_job(done, done, MINE), blocker())),
        ReportEntry(outcome_of(git_job(running, done, NEWER))),
        ReportEntry(outcome_of(git_job(desired=MINE))),
        ReportEntry(outcome_of(git_job(attempt("REIMAGINED", MINE)))),
        ReportEntry(outcome_of(twin_job(SyncState.ACTIVE)), resources=resources(failed=0)),
        ReportEntry(outcome_of(twin_job(SyncState.ACTIVE)), resources=resources(failed=30)),
        ReportEntry(outcome_of(twin_job(SyncState.FAILED, error=SyncError(code="A", message="b")))),
        ReportEntry(outcome_of(twin_job(SyncState.DELETING)), notes=("its resources: not allowed",)),
        ReportEntry(Outcome(STACK, None, not_found())),
        ReportEntry(Outcome(STACK, None, throttled())),
        ReportEntry(Outcome(STACK, None, None, done=False)),
    ]


def entry_with(text: str, provider: str | None = None) -> ReportEntry:
    """An entry that has a text wherever AWS can put one. The text does not change its structure.

    With a provider whose commits have pages, they are links.
    """
    commit = revision(MINE).model_copy(
        update=dict.fromkeys(("sha", "branch", "directory", "repository_name", "owner", "provider"), text)
    )
    if provider is not None:
        commit = commit.model_copy(update={"provider": provider})
    status = SyncJobStatus(state=SyncState.FAILED, aws_state=text, error=SyncError(code=text, message=text))
    event = SyncEvent(type=text, event=text, time=NOON, external_id=f"{text}0{text}")
    failed = attempt("FAILED", MINE).model_copy(
        update={
            "events": (event,),
            "target": text,
            "target_revision": commit,
            "initial_revision": commit,
            "status": status,
        }
    )
    job: GitSyncJob = git_job(failed, None, MINE).model_copy(update={"desired_state": commit, "status": status})
    active = blocker().model_copy(
        update={
            "id": text,
            "type": text,
            "created_reason": text,
            "contexts": (SyncBlockerContext(key=text, value=text),),
        }
    )
    resource = SyncResource(resource_type=text, external_id=f"x{text}", resource_id=text, status=status)
    line = " ".join(text.split())  # each line of a check, and each further line of an error, is an element of its own
    error = TransportError(line, line, line, retryable=False, outcome_unknown=False)
    ref = StackSync("".join(character for character in text if character.isalnum()) or "x")
    return ReportEntry(
        Outcome(ref, job, error, blockers=(active,)),
        repository=repository().model_copy(update={"events": (event,)}),
        resources=resources().model_copy(update={"failed": (resource,)}),
        notes=(text,),
        explanation=explanation(line, text),
    )


def attempt_with(*events: SyncEvent, state: SyncState = SyncState.FAILED, at: datetime = NOON) -> ResourceSyncAttempt:
    """An attempt with these events."""
    commit: Revision = revision(MINE)
    return ResourceSyncAttempt(
        status=SyncJobStatus(state=state, aws_state="VALUE"),
        started_at=at,
        target="payments-prod",
        initial_revision=commit,
        target_revision=commit,
        events=events,
    )
