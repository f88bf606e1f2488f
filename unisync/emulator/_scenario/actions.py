"""What a test makes happen in an account: pushes, changes by hand, blockers, and their resolution."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

from unisync.emulator._scenario.checks import CODECONNECTIONS, check, check_one_of, check_seconds
from unisync.emulator._state.account import AccountState
from unisync.emulator._state.git_sync import Blocker, GitSync, ManualChange
from unisync.emulator._state.manual_changes import contexts_for, reason_for
from unisync.emulator._state.repository import ATTEMPT_DURATION, Push, SourceLocation
from unisync.emulator._state.sync_configurations import SYNC_TYPE, SyncConfiguration


class _Target(NamedTuple):
    """Resources that follow the same source."""

    sync_type: str
    source: SourceLocation | None
    syncs: Sequence[GitSync]


class _Blocked(NamedTuple):
    """The blockers of one stack, service or instance, its ARN, and AWS's name for what syncs it."""

    blockers: list[Blocker]
    arn: str
    tool: str


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
            targets = self._targets(stack, service, instance, template)
            followed = [(target, target.source) for target in targets if target.source is not None]
            if not followed:
                raise ValueError(f"there is no sync config, so no branch; got {stack=}, {service=}, {template=}")
            for target, source in followed:
                push = Push(sha, source, now, outcome, reason, detection_delay, duration)
                source.repository.receive(push, target.sync_type)
                for sync in target.syncs:
                    sync.pushes.append(push)

    def modify(self, *, stack: str | None = None, service: str | None = None, instance: str | None = None) -> None:
        """Change a stack, or an instance of a Proton service, by hand.

        The next attempt to sync it does not start: a blocker appears instead, and the latest attempt stays as it is. To
        make a blocker appear at once, use `block`. While a blocker of its own is active, a change adds none, which is a
        guess.

        Raises:
            ValueError: No such resource exists.
        """
        with self._account.lock:
            if service is not None and instance is None:
                raise ValueError(f"instance: expected an instance of {service!r}, got None")
            sync = self._sync(stack, service, instance)
            if sync.stack is not None and not sync.stack.exists:
                raise ValueError(f"stack: the stack {stack!r} does not exist")
            now = self._account.clock.now()
            reason = reason_for(sync.arn, sync.tool, self._account.date(now))
            sync.record_change(ManualChange(reason, self._account.date(0.0), created_at=now), now)

    def delete_stack_by_hand(self, name: str) -> None:
        """Delete a CloudFormation stack, and leave its sync configuration behind. `remove_stack` removes both.

        A blocker appears at once; when AWS creates it is a guess. If it is resolved, the newest commit fails, since Git
        sync creates no stack. `add_stack` creates the stack again.

        Raises:
            ValueError: There is no such stack, or it has no sync configuration.
        """
        with self._account.lock:
            configuration, now = self._configuration("name", name), self._account.clock.now()
            if not configuration.stack.exists:
                raise ValueError(f"name: the stack {name!r} does not exist")
            configuration.stack.delete(now)
            configuration.sync.discard_change(now)
            self.block(stack=name)

    def block(
        self,
        *,
        stack: str | None = None,
        service: str | None = None,
        instance: str | None = None,
        reason: str | None = None,
        contexts: Mapping[str, str] | None = None,
    ) -> str:
        """Block the sync of a stack, of a Proton service, or of one instance, at once; return the blocker's id.

        New pushes do not start until `unblock` or AWS's own operation resolves the blocker; then the newest one is
        synced. An attempt in progress pauses, which is a guess.

        Args:
            stack: The name of a stack.
            service: The name of a Proton service.
            instance: The one instance of `service` to block.
            reason: Why; by default, AWS's text about a change by hand.
            contexts: More about it; by default AWS's, the key AUTOMATED with the date of the blocker.

        Raises:
            ValueError: No such resource exists.
        """
        with self._account.lock:
            now = self._account.clock.now()
            date = self._account.date(now)
            blocked = self._blocked(stack, service, instance)
            text = reason_for(blocked.arn, blocked.tool, date) if reason is None else reason
            blocker = Blocker(text, contexts_for(date) if contexts is None else dict(contexts), created_at=now)
            blocked.blockers.append(blocker)
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
            for blocker in self._blocked(stack, service, instance).blockers:
                blocker.resolve(self._account.clock.now(), reason)

    def fail_retry(self, *, stack: str) -> None:
        """Let UpdateSyncBlocker fail once for each active blocker of a stack, with RetryLatestCommitFailedException.

        The blocker is resolved all the same, but the commits that waited for it are not synced.

        Raises:
            ValueError: There is no such stack, or it has no active blocker.
        """
        with self._account.lock:
            blockers = self._configuration("stack", stack).sync.blockers(self._account.clock.now())
            active = [blocker for blocker in blockers if blocker.resolved_at is None]
            if not active:
                raise ValueError(f"stack: {stack!r} has no active blocker")
            for blocker in active:
                blocker.retry_fails = True

    def _targets(
        self, stack: str | None, service: str | None, instance: str | None, template: str | None
    ) -> Sequence[_Target]:
        account = self._account
        match stack, service, instance, template:
            case str(), None, None, None if stack in account.configurations:
                configuration = account.configurations[stack]
                return [_Target(SYNC_TYPE, configuration.source, [configuration.sync])]
            case str(), None, None, None if stack in account.stacks and account.stacks[stack].exists:
                return [_Target(SYNC_TYPE, None, [])]
            case None, str(), None, None if service in account.services:
                parent = account.services[service]
                return [_Target("SERVICE_SYNC", parent.source, list(parent.instances.values()))]
            case None, str(), str(), None if service in account.services:
                parent = account.services[service]
                if instance in parent.instances:
                    return [_Target("SERVICE_SYNC", parent.source, [parent.instances[instance]])]
            case None, None, None, str():
                found = [each for (name, _), each in account.templates.items() if name == template]
                if found:
                    return [_Target("TEMPLATE_SYNC", each.source, list(each.versions.values())) for each in found]
            case _:
                pass
        raise ValueError(
            f"expected an existing stack, service (and instance) or template; got {stack=}, {service=}, "
            f"{instance=}, {template=}"
        )

    def _sync(self, stack: str | None, service: str | None, instance: str | None) -> GitSync:
        """The sync of one stack or instance."""
        targets = self._targets(stack, service, instance, None)
        syncs = [sync for target in targets for sync in target.syncs]
        if not syncs:
            raise ValueError(f"stack: {stack!r} has no sync configuration")
        return syncs[0]

    def _blocked(self, stack: str | None, service: str | None, instance: str | None) -> _Blocked:
        if service is not None and instance is None and stack is None and service in self._account.services:
            arn = self._account.arn("proton", f"service/{service}")
            return _Blocked(self._account.services[service].blockers, arn, "ServiceSync")
        sync = self._sync(stack, service, instance)
        return _Blocked(sync.blockers(self._account.clock.now()), sync.arn, sync.tool)

    def _configuration(self, parameter: str, stack: str) -> SyncConfiguration:
        configuration = self._account.configurations.get(stack)
        if configuration is None:
            raise ValueError(f"{parameter}: there is no stack {stack!r} with a sync configuration")
        return configuration
