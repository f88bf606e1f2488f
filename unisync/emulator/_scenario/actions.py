"""What a test makes happen in an account: pushes, changes by hand, blockers, and their resolution."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal, NamedTuple

from unisync.emulator._scenario.checks import (
    CODECONNECTIONS,
    check,
    check_failed_resource,
    check_one_of,
    check_seconds,
)
from unisync.emulator._state.account import AccountState, ProtonService
from unisync.emulator._state.git_sync import Blocker, GitSync, ManualChange
from unisync.emulator._state.manual_changes import contexts_for, reason_for
from unisync.emulator._state.repository import ATTEMPT_DURATION, FAILED, QUEUED, Push, SourceLocation
from unisync.emulator._state.stack_operations import FailedResource
from unisync.emulator._state.sync_configurations import SYNC_TYPE, SyncConfiguration


class _Target(NamedTuple):
    """Resources that follow the same source."""

    sync_type: str
    source: SourceLocation | None
    syncs: Sequence[GitSync]
    configuration: SyncConfiguration | None = None
    """The sync configuration of a stack."""


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
        failure: Literal["resource", "change_set"] = "resource",
        failed_resource: tuple[str, str, str] | None = None,
        events: Sequence[tuple[str, str]] = (),
        newest_first: bool = False,
        starts: Literal["sync", "branch", "nothing"] = "sync",
        detection_delay: float = 0.0,
        start_delay: float = 0.0,
        duration: float = ATTEMPT_DURATION,
    ) -> None:
        """Push a commit to the branch that a stack, a Proton service or a Proton template follows.

        Name exactly one of `stack`, `service` and `template`.

        Args:
            sha: The commit.
            stack: The name of a stack.
            service: The name of a Proton service. Every instance that follows the service's branch is synced, unless
                `instance` is set.
            instance: The one instance of `service` to sync. The commit goes to the branch that this instance follows.
            template: The name of a Proton template. Every version of it is synced.
            outcome: How the sync of this commit ends.
            reason: The message of the event that ends a failed sync.
            failure: How the sync of a stack fails. "resource": CloudFormation updates the stack, a resource fails, and
                the stack is rolled back. "change_set": AWS cannot create the change set, so the stack stays as it is.
            failed_resource: The logical id, the type and the reason of the stack's resource that fails, such as
                ("Queue", "AWS::SQS::Queue", "Queue name is taken"); by default, a queue with `reason`. CloudFormation's
                DescribeStackEvents lists it. Whether AWS repeats its reason in the event of the sync is unknown: the
                emulator does not.
            events: The type and the text of more events after the one of the outcome, such as those of a clean-up. The
                attempt ends with the last of them.
            newest_first: List the newest event of the resource's attempt first. AWS documents no order; by default, it
                is that of time.
            starts: "sync" to sync the branch and the resource; "branch" to sync only the branch, so that the resource
                never gets an attempt; "nothing" for an empty commit, or one outside the files that
                `TriggerResourceUpdateOn` watches.
            detection_delay: Emulated seconds until AWS detects the push.
            start_delay: Emulated seconds from then to the start of the attempt. Meanwhile, the commit is desired.
            duration: Emulated seconds from the start of the attempt to its end; may be infinite.

        Raises:
            ValueError: No such resource exists, or it has no sync config.
        """
        check_one_of("SUCCEEDED", "FAILED", outcome=outcome)
        check_one_of("sync", "branch", "nothing", starts=starts)
        _check_sha(sha)
        check_seconds(detection_delay=detection_delay, start_delay=start_delay, duration=duration)
        failed = _check_failure(stack, outcome, failure, failed_resource)
        later_events = tuple(events)
        with self._account.lock:
            targets = self._followed(stack, service, instance, template)
            if starts == "nothing":
                return
            for target, source in targets:
                push = replace(
                    self._new_push(sha, source),
                    outcome=outcome,
                    reason=reason,
                    detection_delay=detection_delay,
                    start_delay=start_delay,
                    duration=duration,
                    later_events=later_events,
                    newest_first=newest_first,
                    updates_stack=failure == "resource",
                    failed_resource=failed,
                )
                if starts == "branch":
                    source.repository.receive(push, target.sync_type)
                elif target.configuration is not None:
                    target.configuration.receive(push)
                else:
                    source.repository.receive(push, target.sync_type)
                    for sync in target.syncs:
                        sync.pushes.append(push)

    def fail_branch(
        self,
        *,
        sha: str,
        stack: str | None = None,
        service: str | None = None,
        instance: str | None = None,
        template: str | None = None,
        file: str | None = None,
        reason: str | None = None,
        detection_delay: float = 0.0,
    ) -> None:
        """Push a commit for which the sync of the branch fails, for example because a deployment file is broken.

        The resources on the branch get no attempt, and the commit is not desired. The next push succeeds again. The
        type and the text of the event are a guess.

        Args:
            sha: The commit.
            stack: The name of a stack on the branch.
            service: The name of a Proton service on the branch.
            instance: An instance of `service`, whose branch it is.
            template: The name of a Proton template on the branch.
            file: The file that the event names: by default, the one that the resource follows.
            reason: The text of the event, instead of one about `file`.
            detection_delay: Emulated seconds until AWS detects the push.

        Raises:
            ValueError: No such resource exists, or it has no sync config.
        """
        self._push_to_branch(FAILED, sha, (stack, service, instance, template), file, reason, detection_delay)

    def queue_branch(
        self,
        *,
        sha: str,
        stack: str | None = None,
        service: str | None = None,
        instance: str | None = None,
        template: str | None = None,
        detection_delay: float = 0.0,
    ) -> None:
        """Push a commit for which the sync of the branch stays QUEUED, without events, until the next push.

        The resources on the branch get no attempt, and the commit is not desired. See `fail_branch` for the parameters.
        """
        self._push_to_branch(QUEUED, sha, (stack, service, instance, template), None, None, detection_delay)

    def retry(
        self,
        *,
        stack: str | None = None,
        service: str | None = None,
        instance: str | None = None,
        template: str | None = None,
        outcome: Literal["SUCCEEDED", "FAILED"] = "SUCCEEDED",
        reason: str | None = None,
        failure: Literal["resource", "change_set"] = "resource",
        failed_resource: tuple[str, str, str] | None = None,
        duration: float = ATTEMPT_DURATION,
    ) -> None:
        """Retry the latest commit of a resource, as the button of AWS's console does: it gets another attempt.

        The sync of the branch stays as it is, which is a guess. See `push` for the parameters.

        Raises:
            ValueError: No such resource exists, or AWS has detected no commit for it.
        """
        check_one_of("SUCCEEDED", "FAILED", outcome=outcome)
        check_seconds(duration=duration)
        failed = _check_failure(stack, outcome, failure, failed_resource)
        with self._account.lock:
            now = self._account.clock.now()
            syncs = [sync for each in self._targets(stack, service, instance, template) for sync in each.syncs]
            latest = [(sync, push) for sync in syncs if (push := sync.desired(now)) is not None]
            if not latest:
                raise ValueError(f"there is no commit to retry; got {stack=}, {service=}, {instance=}, {template=}")
            for sync, push in latest:
                again = replace(
                    self._new_push(push.sha, push.source),
                    outcome=outcome,
                    reason=reason,
                    duration=duration,
                    updates_stack=failure == "resource",
                    failed_resource=failed,
                )
                sync.pushes.append(again)

    def make_dormant(self, *, stack: str) -> None:
        """Let AWS notice no more pushes to a stack until UpdateSyncConfiguration is called for it.

        People report this after a change set that failed. After the update, the newest commit of the branch is synced.

        Raises:
            ValueError: There is no such stack, or it has no sync configuration.
        """
        with self._account.lock:
            self._configuration("stack", stack).dormant = True

    def modify(self, *, stack: str | None = None, service: str | None = None, instance: str | None = None) -> None:
        """Change a stack, or an instance of a Proton service, by hand.

        The next attempt to sync it does not start: a blocker appears instead, and the latest attempt stays as it is. To
        make a blocker appear at once, use `block`. While a blocker of its own is active, a change adds none, which is a
        guess. A stack gets the events of an update, unless it is being updated.

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
            if sync.stack is not None:
                sync.stack.change(now)
            reason = reason_for(sync.arn, sync.tool, self._account.date(now))
            sync.record_change(ManualChange(reason, self._account.date(0.0), created_at=now), now)

    def delete_stack_by_hand(self, name: str) -> None:
        """Delete a CloudFormation stack, and leave its sync configuration behind. `remove_stack` removes both.

        A blocker appears at once; when AWS creates it is a guess. If it is resolved, the newest commit fails, since Git
        sync creates no stack. `add_stack` creates the stack again. CloudFormation finds the deleted stack by its ARN
        alone.

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
        """Resolve every active blocker of a stack, of a Proton service, or of one instance.

        Args:
            stack: The name of a stack.
            service: The name of a Proton service.
            instance: The one instance of `service`.
            reason: Why they are resolved.

        Raises:
            ValueError: No such resource exists.
        """
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

    def _push_to_branch(
        self,
        outcome: str,
        sha: str,
        names: tuple[str | None, str | None, str | None, str | None],
        file: str | None,
        reason: str | None,
        detection_delay: float,
    ) -> None:
        """Push a commit that no resource gets an attempt for."""
        _check_sha(sha)
        check_seconds(detection_delay=detection_delay)
        with self._account.lock:
            for target, source in self._followed(*names):
                push = replace(
                    self._new_push(sha, source),
                    detection_delay=detection_delay,
                    branch_outcome=outcome,
                    branch_reason=reason or f"Unable to parse the file {file or source.directory or '/'}",
                )
                source.repository.receive(push, target.sync_type)

    def _new_push(self, sha: str, source: SourceLocation) -> Push:
        connection = self._account.connection_of(source.repository)
        return Push(sha, source, self._account.clock.now(), connection=connection)

    def _followed(
        self, stack: str | None, service: str | None, instance: str | None, template: str | None
    ) -> list[tuple[_Target, SourceLocation]]:
        """The targets that follow a branch.

        Raises:
            ValueError: There is none.
        """
        targets = self._targets(stack, service, instance, template)
        followed = [(target, target.source) for target in targets if target.source is not None]
        if not followed:
            raise ValueError(f"there is no sync config, so no branch; got {stack=}, {service=}, {template=}")
        return followed

    def _targets(
        self, stack: str | None, service: str | None, instance: str | None, template: str | None
    ) -> Sequence[_Target]:
        account = self._account
        match stack, service, instance, template:
            case str(), None, None, None if stack in account.configurations:
                configuration = account.configurations[stack]
                return [_Target(SYNC_TYPE, configuration.source, [configuration.sync], configuration)]
            case str(), None, None, None if stack in account.stacks and account.stacks[stack].exists:
                return [_Target(SYNC_TYPE, None, [])]
            case None, str(), None, None if service in account.services:
                return _targets_on_branch(account.services[service])
            case None, str(), str(), None if service in account.services:
                parent = account.services[service]
                if instance in parent.instances:
                    only = parent.instances[instance]
                    return [_Target("SERVICE_SYNC", only.source(parent.source), [only])]
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


def _check_sha(sha: str) -> None:
    if not sha:
        raise ValueError("sha: expected a commit id, got an empty string")
    check(CODECONNECTIONS, "SHA", sha=sha)


def _check_failure(
    stack: str | None, outcome: str, failure: str, failed_resource: tuple[str, str, str] | None
) -> FailedResource | None:
    """The failed resource of a stack, after a check of all that is said about the failure."""
    check_one_of("resource", "change_set", failure=failure)
    failed = check_failed_resource(failed_resource=failed_resource)
    if failed is not None and (stack is None or outcome != FAILED or failure != "resource"):
        raise ValueError("failed_resource: expected only for a stack, with outcome='FAILED' and failure='resource'")
    if failure != "resource" and (stack is None or outcome != FAILED):
        raise ValueError(f"failure: {failure!r} is expected only for a stack, with outcome='FAILED'")
    return failed


def _targets_on_branch(service: ProtonService) -> list[_Target]:
    """The instances that follow the service's branch, by what they follow there."""
    groups: dict[SourceLocation | None, list[GitSync]] = {service.source: []}
    for instance in service.instances.values():
        source = instance.source(service.source)
        if service.source is None or source is None or source.branch == service.source.branch:
            groups.setdefault(source, []).append(instance)
    return [_Target("SERVICE_SYNC", source, syncs) for source, syncs in groups.items()]
