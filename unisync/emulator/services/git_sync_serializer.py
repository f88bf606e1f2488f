"""The shapes that Proton and CodeConnections share, each in its own casing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from unisync.emulator._protocol.serialization import Document
from unisync.emulator._state.git_sync import Attempt, Blocker, GitSync
from unisync.emulator._state.repository import Event, Place, Push, Repository, RepositoryAttempt
from unisync.emulator._state.world import World


@dataclass(frozen=True, slots=True)
class Wording:
    """How a service writes: `rename` gives a member its casing, `repository` says which repository is meant."""

    rename: Callable[[str], str]
    repository: Callable[[Repository], Document]

    def sync_status(self, sync: GitSync, world: World, now: float) -> Document:
        """The reply of a resource's status operation; a member that has no value yet is absent."""
        desired = sync.desired(now)
        states = {
            "desiredState": self._revision(desired) if desired else None,
            "latestSync": self._attempt(sync, sync.latest(now), world),
            "latestSuccessfulSync": self._attempt(sync, sync.latest_successful(now), world),
        }
        return self._cased({name: state for name, state in states.items() if state is not None})

    def repository_status(self, attempt: RepositoryAttempt, world: World) -> Document:
        """The reply of GetRepositorySyncStatus, once there is something to say."""
        latest = {
            "events": self._events(attempt.events, world),
            "startedAt": world.date(attempt.started_at),
            "status": attempt.status,
        }
        return self._cased({"latestSync": self._cased(latest)})

    def definition(self, place: Place, parent: str, target: str) -> Document:
        """A line of ListRepositorySyncDefinitions."""
        return self._cased(
            {"branch": place.branch, "directory": place.directory, "parent": parent, "target": target},
        )

    def blockers(self, blockers: Sequence[Blocker], world: World) -> list[Document]:
        """The blockers of a summary, newest first."""
        newest_first = sorted(blockers, key=lambda blocker: blocker.number, reverse=True)
        return [self.blocker(blocker, world) for blocker in newest_first]

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
        return self._cased(
            {
                "events": self._events(attempt.events, world),
                "initialRevision": self._revision(attempt.initial),
                "startedAt": world.date(attempt.started_at),
                "status": attempt.status,
                "target": sync.target,
                "targetRevision": self._revision(attempt.push),
            }
        )

    def _events(self, events: Iterable[Event], world: World) -> list[Document]:
        return [
            self._cased(
                {
                    "event": event.event,
                    "type": event.type,
                    "time": world.date(event.time),
                    "externalId": event.external_id,
                }
            )
            for event in events
        ]

    def _revision(self, push: Push) -> Document:
        place = {"branch": push.place.branch, "directory": push.place.directory, "sha": push.sha}
        return {**self._cased(place), **self.repository(push.place.repository)}

    def _cased(self, members: Mapping[str, object]) -> Document:
        return {self.rename(name): value for name, value in members.items()}
