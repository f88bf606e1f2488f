"""The structures that Proton and CodeConnections have in common. Only the casing of their fields differs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from unisync.emulator._protocol.serialization import Document
from unisync.emulator._state.account import AccountState
from unisync.emulator._state.git_sync import Attempt, Blocker, GitSync
from unisync.emulator._state.repository import Event, Push, Repository, RepositoryAttempt, SourceLocation


@dataclass(frozen=True, slots=True)
class GitSyncSerializer:
    """Serializes Git sync for one service.

    `rename` converts a field name to the service's casing, and `repository` returns the fields that identify a
    repository.
    """

    rename: Callable[[str], str]
    repository: Callable[[Repository], Document]

    def sync_status(self, sync: GitSync, account: AccountState, now: float) -> Document:
        """The reply of the operations that read the sync status of a resource. Fields without a value are absent."""
        desired = sync.desired(now)
        states = {
            "desiredState": self._revision(desired) if desired else None,
            "latestSync": self._attempt(sync, sync.latest(now), account),
            "latestSuccessfulSync": self._attempt(sync, sync.latest_successful(now), account),
        }
        return self._cased({name: state for name, state in states.items() if state is not None})

    def repository_status(self, attempt: RepositoryAttempt, account: AccountState) -> Document:
        """The reply of GetRepositorySyncStatus."""
        latest = {
            "events": self._events(attempt.events, account),
            "startedAt": account.date(attempt.started_at),
            "status": attempt.status,
        }
        return self._cased({"latestSync": self._cased(latest)})

    def definition(self, source: SourceLocation, parent: str, target: str) -> Document:
        """An item of ListRepositorySyncDefinitions."""
        return self._cased(
            {"branch": source.branch, "directory": source.directory, "parent": parent, "target": target},
        )

    def blockers(self, blockers: Sequence[Blocker], account: AccountState) -> list[Document]:
        """The blockers in a blocker summary, newest first."""
        newest_first = sorted(blockers, key=lambda blocker: (blocker.created_at, blocker.number), reverse=True)
        return [self.blocker(blocker, account) for blocker in newest_first]

    def blocker(self, blocker: Blocker, account: AccountState) -> Document:
        """A blocker."""
        resolved_at = None if blocker.resolved_at is None else account.date(blocker.resolved_at)
        return self._cased(
            {
                "id": blocker.id,
                "type": "AUTOMATED",
                "status": blocker.status,
                "createdReason": blocker.reason,
                "createdAt": account.date(blocker.created_at),
                "contexts": [self._cased({"key": key, "value": value}) for key, value in blocker.contexts.items()],
                "resolvedReason": blocker.resolved_reason,
                "resolvedAt": resolved_at,
            }
        )

    def _attempt(self, sync: GitSync, attempt: Attempt | None, account: AccountState) -> Document | None:
        if attempt is None:
            return None
        return self._cased(
            {
                "events": self._events(attempt.events, account),
                "initialRevision": self._revision(attempt.initial),
                "startedAt": account.date(attempt.started_at),
                "status": attempt.status,
                "target": sync.target,
                "targetRevision": self._revision(attempt.push),
            }
        )

    def _events(self, events: Iterable[Event], account: AccountState) -> list[Document]:
        return [
            self._cased(
                {
                    "event": event.event,
                    "type": event.type,
                    "time": account.date(event.time),
                    "externalId": event.external_id,
                }
            )
            for event in events
        ]

    def _revision(self, push: Push) -> Document:
        source = {"branch": push.source.branch, "directory": push.source.directory, "sha": push.sha}
        return {**self._cased(source), **self.repository(push.source.repository)}

    def _cased(self, fields: Mapping[str, object]) -> Document:
        return {self.rename(name): value for name, value in fields.items()}
