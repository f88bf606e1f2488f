"""Everything that exists in one account and region."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field

from unisync.emulator._state.entity import Created
from unisync.emulator._state.git_sync import Blocker, GitSync
from unisync.emulator._state.repository import Place, Repository
from unisync.emulator._state.sync_jobs import Workspace
from unisync.emulator.clock import EmulatorClock


@dataclass(slots=True)
class Stack(Created):
    """A CloudFormation stack with its sync configuration."""

    sync: GitSync
    place: Place
    role_arn: str
    settings: dict[str, str] = field(default_factory=dict[str, str])
    """Those of the optional settings that were given, by AWS's names."""


@dataclass(slots=True)
class ProtonService(Created):
    """A Proton service with its instances."""

    place: Place | None = None
    """What its sync config follows; None if it has none."""
    blockers: list[Blocker] = field(default_factory=list[Blocker])
    instances: dict[str, GitSync] = field(default_factory=dict[str, GitSync])


@dataclass(slots=True)
class Template(Created):
    """A Proton template with its major versions."""

    place: Place | None = None
    """What its sync config follows; None if it has none."""
    versions: dict[str, GitSync] = field(default_factory=dict[str, GitSync])


@dataclass(slots=True)
class World:
    """One account in one region."""

    account: str
    region: str
    clock: EmulatorClock
    lock: threading.RLock = field(default_factory=threading.RLock)
    workspaces: dict[str, Workspace] = field(default_factory=dict[str, Workspace])
    denied_roles: dict[str, str] = field(default_factory=dict[str, str])
    """Role ARNs that no service can assume, each with the reason."""
    connections: dict[str, str] = field(default_factory=dict[str, str])
    """The provider that each connection leads to, by ARN."""
    links: dict[str, Repository] = field(default_factory=dict[str, Repository])
    """CodeConnections' repository links, by id."""
    stacks: dict[str, Stack] = field(default_factory=dict[str, Stack])
    repositories: dict[tuple[str, str], Repository] = field(default_factory=dict[tuple[str, str], Repository])
    """Proton's registered repositories, by full name and provider."""
    services: dict[str, ProtonService] = field(default_factory=dict[str, ProtonService])
    templates: dict[tuple[str, str], Template] = field(default_factory=dict[tuple[str, str], Template])
    """By name and type."""

    def arn(self, service: str, resource: str) -> str:
        """An ARN of this world."""
        return f"arn:aws:{service}:{self.region}:{self.account}:{resource}"

    def date(self, moment: float) -> float:
        """A moment of the emulated clock in seconds since 1970."""
        return self.clock.date(moment)

    def add_connection(self, provider: str) -> str:
        """Make a connection to a provider; return its ARN."""
        arn = self.arn("codeconnections", f"connection/{uuid.uuid4()}")
        self.connections[arn] = provider
        return arn

    def connection_to(self, provider: str) -> str:
        """The ARN of a connection to a provider, made if there is none."""
        found = (arn for arn, leads_to in self.connections.items() if leads_to == provider)
        return next(found, None) or self.add_connection(provider)

    def find_link(self, owner: str, name: str, provider: str) -> Repository | None:
        """The repository link to a repository."""
        wanted = (owner, name, provider)
        return next((link for link in self.links.values() if (link.owner, link.name, link.provider) == wanted), None)

    def places_in_proton(self) -> Iterator[Place | None]:
        """What the sync configs of Proton follow; None for those that are not there."""
        yield from (service.place for service in self.services.values())
        yield from (template.place for template in self.templates.values())
