"""Entries for reports: the usual ones, and such as mean harm."""

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
from unisync._models.configurations import SyncBlockerContext
from unisync._render.report import ReportEntry

MADE_AT = NOON + timedelta(minutes=5)

HOSTILE = (
    "\x1b]0;owned\x07\x1b[2J<script>alert(1)</script></style></title></svg><img src=x onerror=alert(2)>"
    "\"' onload=alert(3) <!-- --> &lt;b&gt; ]]> \u202egnp.exe\u2066 javascript:alert(4) https://example.test/ "
)


def events(*messages: str, at: datetime = NOON, apart: float = 5.0) -> tuple[SyncEvent, ...]:
    """Events that say these, one after the other."""
    return tuple(
        SyncEvent(type="SYNC_STEP", event=message, time=at + timedelta(seconds=number * apart))
        for number, message in enumerate(messages)
    )


def looked(job: SyncJob, *blockers: SyncBlocker) -> Outcome[SyncJob]:
    """What comes of a look that was answered."""
    return Outcome(job.ref, job, None, blockers=blockers)


def resources(*, failed: int = 1, running: int = 0, why: str = "no such model") -> SyncResourceSummary:
    """What the workspace factory keeps in sync."""
    error = SyncError(code="SYNC_PROCESSING_ERROR", message=why)
    status = SyncJobStatus(state=SyncState.FAILED, aws_state="ERROR", error=error)
    counts = {SyncState.ACTIVE: 12, SyncState.FAILED: failed, SyncState.RUNNING: running}
    return SyncResourceSummary(
        ref=TwinMakerSync("factory"),
        counts={state: count for state, count in counts.items() if count},
        failed=tuple(
            SyncResource(resource_type="ENTITY", external_id=f"mixer-{number}", status=status)
            for number in range(failed)
        ),
    )


def repository(words: str = "Starting syncs") -> RepositorySyncAttempt:
    """How a branch stands."""
    status = SyncJobStatus(state=SyncState.ACTIVE, aws_state="SUCCEEDED")
    return RepositorySyncAttempt(status=status, started_at=NOON, events=events("Clone started", words))


def usual() -> list[ReportEntry]:
    """One sync of each kind of answer."""
    done, failed = attempt("SUCCEEDED", OLD), attempt("FAILED", MINE, reason="no such parameter")
    running = attempt("IN_PROGRESS", NEWER)
    return [
        ReportEntry(looked(git_job(done, done, OLD))),
        ReportEntry(looked(git_job(failed, done, MINE)), repository=repository()),
        ReportEntry(looked(git_job(done, done, MINE), blocker())),
        ReportEntry(looked(git_job(running, done, NEWER))),
        ReportEntry(looked(git_job(desired=MINE))),
        ReportEntry(looked(git_job(attempt("REIMAGINED", MINE)))),
        ReportEntry(looked(twin_job(SyncState.ACTIVE)), resources=resources(failed=0)),
        ReportEntry(looked(twin_job(SyncState.ACTIVE)), resources=resources(failed=30)),
        ReportEntry(looked(twin_job(SyncState.FAILED, error=SyncError(code="A", message="b")))),
        ReportEntry(looked(twin_job(SyncState.DELETING)), notes=("its resources: not allowed",)),
        ReportEntry(Outcome(STACK, None, not_found())),
        ReportEntry(Outcome(STACK, None, throttled())),
        ReportEntry(Outcome(STACK, None, None, done=False)),
    ]


def told(words: str) -> ReportEntry:
    """An entry that has a text wherever AWS can put one. Its structure is the same whatever the text says."""
    place = revision(MINE).model_copy(
        update=dict.fromkeys(("sha", "branch", "directory", "repository_name", "owner", "provider"), words)
    )
    event = SyncEvent(type=words, event=words, time=NOON, external_id=f"{words}0{words}")
    made = attempt("FAILED", MINE).model_copy(
        update={
            "events": (event,),
            "target": words,
            "target_revision": place,
            "initial_revision": place,
            "status": SyncJobStatus(state=SyncState.FAILED, aws_state=words, error=SyncError(code=words, message=words)),
        }
    )
    job: GitSyncJob = git_job(made, None, MINE).model_copy(update={"desired_state": place, "status": made.status})
    held = blocker().model_copy(
        update={
            "id": words,
            "type": words,
            "created_reason": words,
            "contexts": (SyncBlockerContext(key=words, value=words),),
        }
    )
    status = SyncJobStatus(state=SyncState.FAILED, aws_state=words, error=SyncError(code=words, message=words))
    counted = resources().model_copy(
        update={
            "failed": (SyncResource(resource_type=words, external_id=f"x{words}", resource_id=words, status=status),)
        }
    )
    line = " ".join(words.split())  # each further line of an error is an element of its own
    error = TransportError(line, line, line, retryable=False, outcome_unknown=False)
    ref = StackSync("".join(character for character in words if character.isalnum()) or "x")
    return ReportEntry(
        Outcome(ref, job, error, blockers=(held,)),
        repository=repository().model_copy(update={"events": (event,)}),
        resources=counted,
        notes=(words,),
    )


def tried(*events: SyncEvent, state: SyncState = SyncState.FAILED, at: datetime = NOON) -> ResourceSyncAttempt:
    """An attempt with these events."""
    place: Revision = revision(MINE)
    return ResourceSyncAttempt(
        status=SyncJobStatus(state=state, aws_state="WORD"),
        started_at=at,
        target="payments-prod",
        initial_revision=place,
        target_revision=place,
        events=events,
    )
