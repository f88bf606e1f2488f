"""What a test makes happen in an account: pushes, blockers, and their resolution."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

from unisync.emulator._scenario.checks import CODECONNECTIONS, check, check_one_of, check_seconds
from unisync.emulator._state.account import AccountState
from unisync.emulator._state.git_sync import Blocker, GitSync
from unisync.emulator._state.repository import ATTEMPT_DURATION, Push, SourceLocation


class _Targets(NamedTuple):
    """The resources that one sync configuration keeps in sync, and what it follows."""

    sync_type: str
    source: SourceLocation | None
    syncs: Sequence[GitSync]


class _BlockerList(NamedTuple):
    """The blockers of one stack, service or instance, and the name that AWS reports for it."""

    blockers: list[Blocker]
    target: str


class Actions:
    """What a test makes happen in one account and region."""

    def __init__(self, account: AccountState) -> None:
        self._account = account

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
        """Push a commit to the branch that a stack, a Proton service or a Proton template follows.

        Name exactly one of `stack`, `service` and `template`.

        Args:
            sha: The commit.
            stack: The name of a stack.
            service: The name of a Proton service. Every instance of it is synced, unless `instance` is set.
            instance: The one instance of `service` to sync.
            template: The name of a Proton template. Every version of it is synced.
            outcome: How the sync of this commit ends.
            reason: The message of the last event of a failed sync.
            detection_delay: Emulated seconds until AWS detects the push.
            duration: Emulated seconds from the start of the attempt to its end; may be infinite.

        Raises:
            ValueError: No such resource exists, or it has no sync config.
        """
        check_one_of("SUCCEEDED", "FAILED", outcome=outcome)
        if not sha:
            raise ValueError("sha: expected a commit id, got an empty string")
        check(CODECONNECTIONS, "SHA", sha=sha)
        check_seconds(detection_delay=detection_delay, duration=duration)
        with self._account.lock:
            now = self._account.clock.now()
            pushes = [
                (Push(sha, source, now, outcome, reason, detection_delay, duration), sync_type, syncs)
                for sync_type, source, syncs in self._targets(stack, service, instance, template)
                if source is not None
            ]
            if not pushes:
                raise ValueError(f"there is no sync config, so no branch to push to; got {service=}, {template=}")
            for push, sync_type, syncs in pushes:
                push.source.repository.receive(push, sync_type)
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

        An attempt in progress pauses and new pushes do not start, until `unblock` or AWS's own operation resolves the
        blocker.
        """
        with self._account.lock:
            blockers, target = self._blockers(stack, service, instance)
            blocker = Blocker(reason, dict(contexts or {"target": target}), created_at=self._account.clock.now())
            blockers.append(blocker)
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
        with self._account.lock:
            for blocker in self._blockers(stack, service, instance).blockers:
                blocker.resolve(self._account.clock.now(), reason)

    def _targets(
        self, stack: str | None, service: str | None, instance: str | None, template: str | None
    ) -> Sequence[_Targets]:
        account = self._account
        match stack, service, instance, template:
            case str(), None, None, None if stack in account.stacks:
                return [_Targets("CFN_STACK_SYNC", account.stacks[stack].source, [account.stacks[stack].sync])]
            case None, str(), None, None if service in account.services:
                parent = account.services[service]
                return [_Targets("SERVICE_SYNC", parent.source, list(parent.instances.values()))]
            case None, str(), str(), None if service in account.services:
                parent = account.services[service]
                if instance in parent.instances:
                    return [_Targets("SERVICE_SYNC", parent.source, [parent.instances[instance]])]
            case None, None, None, str():
                found = [each for (name, _), each in account.templates.items() if name == template]
                if found:
                    return [_Targets("TEMPLATE_SYNC", each.source, list(each.versions.values())) for each in found]
            case _:
                pass
        raise ValueError(
            f"expected an existing stack, service (and instance) or template; got {stack=}, {service=}, "
            f"{instance=}, {template=}"
        )

    def _blockers(self, stack: str | None, service: str | None, instance: str | None) -> _BlockerList:
        if service is not None and instance is None and stack is None and service in self._account.services:
            target = self._account.arn("proton", f"service/{service}")
            return _BlockerList(self._account.services[service].blockers, target)
        ((_, _, (sync,)),) = self._targets(stack, service, instance, None)
        return _BlockerList(sync.own_blockers, sync.target)
