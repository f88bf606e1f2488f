"""The sync configurations of CloudFormation stacks."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from unisync.emulator._state.entity import Entity, next_number
from unisync.emulator._state.git_sync import GitSync
from unisync.emulator._state.repository import Push, SourceLocation
from unisync.emulator._state.stacks import Stack

SYNC_TYPE = "CFN_STACK_SYNC"


@dataclass(slots=True)
class SyncConfiguration(Entity):
    """The sync configuration of a stack, which may not exist."""

    sync: GitSync
    stack: Stack
    source: SourceLocation
    role_arn: str
    settings: dict[str, str] = field(default_factory=dict[str, str])
    """The optional settings that were set, by AWS's names."""
    dormant: bool = False
    """Whether AWS notices no push until the configuration is updated."""
    _unnoticed: Push | None = None
    """The newest push while it was dormant."""

    def receive(self, push: Push) -> None:
        """Record a push to the branch that the configuration follows."""
        if self.dormant:
            self._unnoticed = push
        else:
            push.source.repository.receive(push, SYNC_TYPE)
            self.sync.pushes.append(push)

    def update(self, now: float, source: SourceLocation) -> None:
        """Follow a source. A dormant configuration wakes up: AWS notices the newest commit of the branch."""
        old, push = self.source, self._unnoticed
        self.source, self.dormant, self._unnoticed = source, False, None
        if push is not None and (old.repository, old.branch) == (source.repository, source.branch):
            self.receive(replace(push, source=source, at=now, number=next_number()))
