"""What Proton and CodeConnections return for the Git syncs that scenario.py sets up, in Proton's casing."""

from __future__ import annotations

from typing import Any, cast

from tools.foreign.checks import DATE, ID, TEXT
from tools.foreign.client import Document


def pascal_case(document: Any) -> Any:
    """The same document in the casing of CodeConnections."""
    if isinstance(document, dict):
        fields = cast("Document", document)
        return {name[0].upper() + name[1:]: pascal_case(value) for name, value in fields.items()}
    return [pascal_case(item) for item in cast("list[object]", document)] if isinstance(document, list) else document


def event(kind: str, sha: str | None = None, text: object = TEXT) -> Document:
    return {"type": kind, "event": text, "time": DATE, **({"externalId": sha} if sha else {})}


def attempt(target: str, source: Document, sha: str, initial: str, last: Document | None = None) -> Document:
    """A sync attempt that succeeded, or failed with `last` as its last event."""
    return {
        "events": [event("SYNC_INITIATED", sha), event("SYNC_STARTED"), last or event("SYNC_SUCCEEDED", sha)],
        "initialRevision": {**source, "sha": initial},
        "startedAt": DATE,
        "status": "FAILED" if last else "SUCCEEDED",
        "target": target,
        "targetRevision": {**source, "sha": sha},
    }


def synced(target: str, source: Document, sha: str) -> Document:
    """The status of a resource whose first and only commit was synced."""
    latest = attempt(target, source, sha, sha)
    return {"desiredState": {**source, "sha": sha}, "latestSync": latest, "latestSuccessfulSync": latest}


def repository_status(sha: str) -> Document:
    events = [event("CLONE_STARTED"), event("CONFIG_UPDATED"), event("STARTING_SYNC", sha)]
    return {"latestSync": {"events": events, "startedAt": DATE, "status": "SUCCEEDED"}}


def blocker(status: str, **resolved: object) -> Document:
    return {
        "id": ID,
        "type": "AUTOMATED",
        "status": status,
        "createdReason": "modified by hand",
        "createdAt": DATE,
        "contexts": [{"key": "user", "value": "alice"}],
        **resolved,
    }


BLOCKED, RESOLVED = blocker("ACTIVE"), blocker("RESOLVED", resolvedReason="reverted", resolvedAt=DATE)
