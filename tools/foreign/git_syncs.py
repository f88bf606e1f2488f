"""What Proton and CodeConnections should answer of the Git syncs that scenario.py sets up, in Proton's casing."""

from __future__ import annotations

from typing import Any, cast

from tools.foreign.checks import DATE, ID, TEXT
from tools.foreign.client import Document


def pascal(document: Any) -> Any:
    """The same in the casing of CodeConnections."""
    if isinstance(document, dict):
        members = cast("Document", document)
        return {name[0].upper() + name[1:]: pascal(value) for name, value in members.items()}
    return [pascal(item) for item in cast("list[object]", document)] if isinstance(document, list) else document


def event(kind: str, sha: str | None = None, text: object = TEXT) -> Document:
    return {"type": kind, "event": text, "time": DATE, **({"externalId": sha} if sha else {})}


def attempt(target: str, place: Document, sha: str, initial: str, last: Document | None = None) -> Document:
    """An attempt that succeeded, or came to another last event."""
    return {
        "events": [event("SYNC_INITIATED", sha), event("SYNC_STARTED"), last or event("SYNC_SUCCEEDED", sha)],
        "initialRevision": {**place, "sha": initial},
        "startedAt": DATE,
        "status": "FAILED" if last else "SUCCEEDED",
        "target": target,
        "targetRevision": {**place, "sha": sha},
    }


def live(target: str, place: Document, sha: str) -> Document:
    """The status of what its first and only commit was synced to."""
    synced = attempt(target, place, sha, sha)
    return {"desiredState": {**place, "sha": sha}, "latestSync": synced, "latestSuccessfulSync": synced}


def repository_status(sha: str) -> Document:
    seen = [event("CLONE_STARTED"), event("CONFIG_UPDATED"), event("STARTING_SYNC", sha)]
    return {"latestSync": {"events": seen, "startedAt": DATE, "status": "SUCCEEDED"}}


def blocker(status: str, **resolved: object) -> Document:
    return {
        "id": ID,
        "type": "AUTOMATED",
        "status": status,
        "createdReason": "changed by hand",
        "createdAt": DATE,
        "contexts": [{"key": "who", "value": "somebody"}],
        **resolved,
    }


BLOCKED, RESOLVED = blocker("ACTIVE"), blocker("RESOLVED", resolvedReason="changed back", resolvedAt=DATE)
