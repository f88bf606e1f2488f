"""The shapes that Proton and CodeConnections share, each in its own casing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from unisync.emulator.gitsync import Attempt, Blocker, GitSync, Repository
from unisync.emulator.protocol import Document
from unisync.emulator.world import World, newest_first


@dataclass(frozen=True, slots=True)
class Wording:
    """How a service writes: `rename` gives a member its casing, `repository` says which repository is meant."""

    rename: Callable[[str], str]
    repository: Callable[[Repository], Document]

    def sync_status(self, sync: GitSync, world: World, now: float) -> Document:
        """The reply of the status operations; a member that has no value yet is absent."""
        desired = sync.desired(now)
        states = {
            "desiredState": self._revision(sync.repository, desired.sha) if desired else None,
            "latestSync": self._attempt(sync, sync.latest(now), world),
            "latestSuccessfulSync": self._attempt(sync, sync.latest_successful(now), world),
        }
        return self._cased({name: state for name, state in states.items() if state is not None})

    def blockers(self, blockers: Sequence[Blocker], world: World) -> list[Document]:
        """The blockers of a summary, newest first."""
        return [self.blocker(blocker, world) for blocker in newest_first(blockers)]

    def blocker(self, blocker: Blocker, world: World) -> Document:
        """One blocker."""
        resolved_at = None if blocker.resolved_at is None else world.date(blocker.resolved_at)
        return self._cased(
            {
                "id": blocker.id,
                "type": "AUTOMATED",
                "status": blocker.status,
                "createdReason": blocker.reason,
                "createdAt": world.date(blocker.created_at),
                "contexts": [self._cased({"key": key, "value": value}) for key, value in blocker.contexts.items()],
                "resolvedReason": blocker.resolved_reason,
                "resolvedAt": resolved_at,
            }
        )

    def _attempt(self, sync: GitSync, attempt: Attempt | None, world: World) -> Document | None:
        if attempt is None:
            return None
        events = [
            self._cased(
                {
                    "event": event.event,
                    "type": event.type,
                    "time": world.date(event.time),
                    "externalId": event.external_id,
                }
            )
            for event in attempt.events
        ]
        return self._cased(
            {
                "events": events,
                "initialRevision": self._revision(sync.repository, attempt.initial_sha),
                "startedAt": world.date(attempt.started_at),
                "status": attempt.status,
                "target": sync.target,
                "targetRevision": self._revision(sync.repository, attempt.push.sha),
            }
        )

    def _revision(self, repository: Repository, sha: str) -> Document:
        place = {"branch": repository.branch, "directory": repository.directory, "sha": sha}
        return {**self._cased(place), **self.repository(repository)}

    def _cased(self, members: Mapping[str, object]) -> Document:
        return {self.rename(name): value for name, value in members.items()}
