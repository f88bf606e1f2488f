"""Everything that exists in one account and region."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field

from unisync.emulator.clock import EmulatorClock
from unisync.emulator.gitsync import Blocker, GitSync, Repository

CREATING_FOR = 5.0
"""Seconds that a sync job is CREATING."""
INITIALIZING_FOR = 20.0
"""Seconds that it is INITIALIZING after that."""
DELETING_FOR = 10.0
"""Seconds that it is DELETING before it is gone."""


@dataclass(slots=True)
class SyncJob:
    """A TwinMaker sync job. Its state follows from when it was created and deleted."""

    sync_source: str
    sync_role: str
    tags: dict[str, str]
    created_at: float
    error: tuple[str, str] | None = None
    """The code and message with which it ends up in ERROR, if it does."""
    deleted_at: float | None = None

    def state(self, now: float) -> str:
        """AWS's word for the state at `now`."""
        if self.deleted_at is not None:
            return "DELETING"
        age = now - self.created_at
        if age < CREATING_FOR:
            return "CREATING"
        if self.error is not None:
            return "ERROR"
        return "INITIALIZING" if age < CREATING_FOR + INITIALIZING_FOR else "ACTIVE"

    def updated_at(self, now: float) -> float:
        """When the state last changed."""
        if self.deleted_at is not None:
            return self.deleted_at
        ends = (self.created_at + CREATING_FOR, self.created_at + CREATING_FOR + INITIALIZING_FOR)
        passed = [end for end in ends[: 1 if self.error else 2] if end <= now]
        return passed[-1] if passed else self.created_at

    def gone(self, now: float) -> bool:
        """Whether its deletion is over."""
        return self.deleted_at is not None and now >= self.deleted_at + DELETING_FOR


@dataclass(slots=True)
class Workspace:
    """A TwinMaker workspace: its sync jobs by source."""

    jobs: dict[str, SyncJob] = field(default_factory=dict[str, SyncJob])


@dataclass(slots=True)
class Stack:
    """A CloudFormation stack with its sync configuration."""

    sync: GitSync
    config_file: str
    role_arn: str
    repository_link_id: str = field(default_factory=lambda: str(uuid.uuid4()))


@dataclass(slots=True)
class ProtonService:
    """A Proton service with its sync configuration and its instances."""

    repository: Repository
    blockers: list[Blocker] = field(default_factory=list[Blocker])
    instances: dict[str, GitSync] = field(default_factory=dict[str, GitSync])


@dataclass(slots=True)
class Template:
    """A Proton template with its sync configuration and its major versions."""

    repository: Repository
    versions: dict[str, GitSync] = field(default_factory=dict[str, GitSync])


@dataclass(slots=True)
class World:
    """One account in one region."""

    account: str
    region: str
    clock: EmulatorClock
    lock: threading.RLock = field(default_factory=threading.RLock)
    workspaces: dict[str, Workspace] = field(default_factory=dict[str, Workspace])
    refused_roles: dict[str, str] = field(default_factory=dict[str, str])
    """Role ARNs that no service can assume, each with the reason."""
    stacks: dict[str, Stack] = field(default_factory=dict[str, Stack])
    services: dict[str, ProtonService] = field(default_factory=dict[str, ProtonService])
    templates: dict[tuple[str, str], Template] = field(default_factory=dict[tuple[str, str], Template])

    def arn(self, service: str, resource: str) -> str:
        """An ARN of this world."""
        return f"arn:aws:{service}:{self.region}:{self.account}:{resource}"

    def date(self, moment: float) -> float:
        """A moment of the emulated clock in seconds since 1970."""
        return self.clock.date(moment)


@dataclass(frozen=True, slots=True)
class Blockable:
    """What a blocker can be put on: the blockers to add it to, and the name it is reported under."""

    blockers: list[Blocker]
    target: str


def newest_first(blockers: Sequence[Blocker]) -> list[Blocker]:
    """In the order in which AWS lists them."""
    return sorted(blockers, key=lambda blocker: (blocker.created_at, blocker.number), reverse=True)
