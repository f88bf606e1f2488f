"""The sync configurations of CloudFormation stacks."""

from __future__ import annotations

from dataclasses import dataclass, field

from unisync.emulator._state.entity import Entity
from unisync.emulator._state.git_sync import GitSync
from unisync.emulator._state.repository import SourceLocation
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
