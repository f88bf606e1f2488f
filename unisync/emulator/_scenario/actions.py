"""What a test makes happen in a world: pushes, blockers and their release."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

from unisync.emulator._scenario.checks import CODECONNECTIONS, check, check_one_of, check_seconds
from unisync.emulator._state.git_sync import Blocker, GitSync
from unisync.emulator._state.repository import ATTEMPT_DURATION, Place, Push
from unisync.emulator._state.world import World


class _Followers(NamedTuple):
    """The resources that one sync configuration keeps in sync, and what it follows."""

    sync_type: str
    place: Place | None
    syncs: Sequence[GitSync]


class _Blockable(NamedTuple):
    """What a blocker can be put on: the blockers to add it to, and the name it is reported under."""

    blockers: list[Blocker]
    target: str


class Happenings:
    """What a test makes happen in one account and region."""

    def __init__(self, world: World) -> None:
        self._world = world

    def push(
        self,
        *,
        sha: str,
        stack: str | None = None,
        service: str | None = None,
        instance: str | None = None,
        template: str | None = None,
        outcome: Literal["SUCCEEDED", "FAILED"] = "SUCCEEDED",
        reason: str | None = None,
        detection_delay: float = 0.0,
        duration: float = ATTEMPT_DURATION,
    ) -> None:
        """Push a commit to the branch that a stack, a service instance or a template follows.

        Args:
            sha: The commit.
            stack: The stack that follows the branch; or
            service: the Proton service, and
            instance: its instance (without one, every instance of the service); or
            template: the Proton template (every version of it).
            outcome: What the sync of this commit comes to.
            reason: For a failure, what its last event says.
            detection_delay: Emulated seconds before AWS knows of the push.
            duration: Emulated seconds from the start of the attempt to its end.
        """
        check_one_of("SUCCEEDED", "FAILED", outcome=outcome)
        if not sha:
            raise ValueError("sha: expected the id of a commit, got an empty string")
        check(CODECONNECTIONS, "SHA", sha=sha)
        check_seconds(detection_delay=detection_delay, duration=duration)
        with self._world.lock:
            now = self._world.clock.now()
            pushes = [
                (Push(sha, place, now, outcome, reason, detection_delay, duration), sync_type, syncs)
                for sync_type, place, syncs in self._followers(stack, service, instance, template)
                if place is not None
            ]
            if not pushes:
                raise ValueError(f"without a sync config, no branch is followed; got {service=}, {template=}")
            for push, sync_type, syncs in pushes:
                push.place.repository.receive(push, sync_type)
                for sync in syncs:
                    sync.pushes.append(push)

    def block(
        self,
        *,
        reason: str,
        stack: str | None = None,
        service: str | None = None,
        instance: str | None = None,
        contexts: Mapping[str, str] | None = None,
    ) -> str:
        """Block the sync of a stack, of a Proton service, or of one instance; return the blocker's id.

        Nothing moves until `unblock`, or AWS's own operation for it: what is under way stands still, and a push
        starts nothing.
        """
        with self._world.lock:
            blockable = self._blockable(stack, service, instance)
            given = dict(contexts or {"target": blockable.target})
            blocker = Blocker(reason, given, created_at=self._world.clock.now())
            blockable.blockers.append(blocker)
            return blocker.id

    def unblock(
        self,
        *,
        stack: str | None = None,
        service: str | None = None,
        instance: str | None = None,
        reason: str = "resolved",
    ) -> None:
        """Resolve every active blocker of a stack, of a Proton service, or of one instance."""
        with self._world.lock:
            for blocker in self._blockable(stack, service, instance).blockers:
                blocker.resolve(self._world.clock.now(), reason)

    def _followers(
        self, stack: str | None, service: str | None, instance: str | None, template: str | None
    ) -> Sequence[_Followers]:
        world = self._world
        match stack, service, instance, template:
            case str(), None, None, None if stack in world.stacks:
                return [_Followers("CFN_STACK_SYNC", world.stacks[stack].place, [world.stacks[stack].sync])]
            case None, str(), None, None if service in world.services:
                owner = world.services[service]
                return [_Followers("SERVICE_SYNC", owner.place, list(owner.instances.values()))]
            case None, str(), str(), None if service in world.services:
                owner = world.services[service]
                if instance in owner.instances:
                    return [_Followers("SERVICE_SYNC", owner.place, [owner.instances[instance]])]
            case None, None, None, str():
                found = [each for (name, _), each in world.templates.items() if name == template]
                if found:
                    return [_Followers("TEMPLATE_SYNC", each.place, list(each.versions.values())) for each in found]
            case _:
                pass
        raise ValueError(
            f"expected an existing stack, service (and instance) or template; got {stack=}, {service=}, "
            f"{instance=}, {template=}"
        )

    def _blockable(self, stack: str | None, service: str | None, instance: str | None) -> _Blockable:
        if service is not None and instance is None and stack is None and service in self._world.services:
            target = self._world.arn("proton", f"service/{service}")
            return _Blockable(self._world.services[service].blockers, target)
        ((_, _, (sync,)),) = self._followers(stack, service, instance, None)
        return _Blockable(sync.own_blockers, sync.target)
