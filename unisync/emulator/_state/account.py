"""Everything that exists in one account and region."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field

from unisync.emulator._state.connections import AVAILABLE, DELETED, Connection
from unisync.emulator._state.entity import Entity, next_number
from unisync.emulator._state.git_sync import Blocker, GitSync
from unisync.emulator._state.repository import Repository, SourceLocation
from unisync.emulator._state.stack_history import StackHistory, history_of
from unisync.emulator._state.stack_operations import FailedResource
from unisync.emulator._state.stacks import Stack, StackLife
from unisync.emulator._state.sync_configurations import SyncConfiguration
from unisync.emulator._state.sync_jobs import Workspace
from unisync.emulator.clock import EmulatorClock


@dataclass(slots=True)
class ServiceInstance(GitSync):
    """A Proton service instance. The service's ops file may name a branch and a spec file for it alone."""

    branch: str | None = None
    spec: str | None = None

    def source(self, service: SourceLocation | None) -> SourceLocation | None:
        """What the instance follows, if its service follows `service`."""
        if service is None:
            return None
        return SourceLocation(service.repository, self.branch or service.branch, self.spec or service.directory)


@dataclass(slots=True)
class ProtonService(Entity):
    """A Proton service with its instances."""

    source: SourceLocation | None = None
    """What its sync config follows; None without a sync config."""
    blockers: list[Blocker] = field(default_factory=list[Blocker])
    instances: dict[str, ServiceInstance] = field(default_factory=dict[str, ServiceInstance])


@dataclass(slots=True)
class Template(Entity):
    """A Proton template with its major versions."""

    source: SourceLocation | None = None
    """What its sync config follows; None without a sync config."""
    versions: dict[str, GitSync] = field(default_factory=dict[str, GitSync])


@dataclass(slots=True)
class AccountState:
    """The resources of one account in one region."""

    account: str
    region: str
    clock: EmulatorClock
    lock: threading.RLock = field(default_factory=threading.RLock)
    workspaces: dict[str, Workspace] = field(default_factory=dict[str, Workspace])
    denied_roles: dict[str, str] = field(default_factory=dict[str, str])
    """ARNs of the roles that no service can assume, each with the reason."""
    connections: dict[str, Connection] = field(default_factory=dict[str, Connection])
    """CodeConnections' connections, by ARN."""
    deleted_connections: dict[str, Connection] = field(default_factory=dict[str, Connection])
    links: dict[str, Repository] = field(default_factory=dict[str, Repository])
    """CodeConnections' repository links, by id."""
    stacks: dict[str, Stack] = field(default_factory=dict[str, Stack])
    """CloudFormation's stacks, by name. Some do not exist, but have a sync configuration."""
    configurations: dict[str, SyncConfiguration] = field(default_factory=dict[str, SyncConfiguration])
    """The sync configurations, by the names of the stacks."""
    ended_syncs: list[GitSync] = field(default_factory=list[GitSync])
    """The syncs of deleted or replaced configurations: the stacks keep the events of their updates."""
    repositories: dict[tuple[str, str], Repository] = field(default_factory=dict[tuple[str, str], Repository])
    """Proton's registered repositories, by full name and provider."""
    services: dict[str, ProtonService] = field(default_factory=dict[str, ProtonService])
    templates: dict[tuple[str, str], Template] = field(default_factory=dict[tuple[str, str], Template])
    """By name and type."""

    def arn(self, service: str, resource: str) -> str:
        """The ARN of a resource in this account and region."""
        return f"arn:aws:{service}:{self.region}:{self.account}:{resource}"

    def date(self, moment: float) -> float:
        """Convert a moment of the emulated clock to seconds since 1970."""
        return self.clock.date(moment)

    def add_connection(
        self, provider: str, *, name: str | None = None, status: str = AVAILABLE, service: str = "codeconnections"
    ) -> Connection:
        """Create a connection to a provider. Its ARN has the name of the service that created it."""
        arn, now = self.arn(service, f"connection/{uuid.uuid4()}"), self.clock.now()
        connection = Connection(arn, provider, name or provider, created_at=now)
        connection.set_status(now, status)
        self.connections[arn] = connection
        return connection

    def ensure_connection(self, provider: str) -> str:
        """The ARN of a connection to a provider. It is created if there is none."""
        existing = (arn for arn, connection in self.connections.items() if connection.provider == provider)
        return next(existing, None) or self.add_connection(provider).arn

    def connection_of(self, repository: Repository) -> Connection | None:
        """The connection of a repository, also a deleted one; None if there never was one of that ARN."""
        arn = repository.connection_arn
        return self.connections.get(arn) or self.deleted_connections.get(arn)

    def delete_connection(self, connection: Connection) -> None:
        """Delete a connection. Repositories keep its ARN."""
        connection.set_status(self.clock.now(), DELETED)
        self.deleted_connections[connection.arn] = self.connections.pop(connection.arn)

    def stack_arn(self, name: str) -> str:
        """A new ARN for a stack. Stacks of the same name have different ARNs, one after another."""
        return self.arn("cloudformation", f"stack/{name}/{uuid.uuid4()}")

    def stack(self, name: str) -> Stack:
        """The stack with a name. If it is unknown, it does not exist."""
        return self.stacks.setdefault(name, Stack(name, self.stack_arn(name), created_at=self.clock.now()))

    def create_stack(self, name: str, duration: float = 0.0, failure: FailedResource | None = None) -> Stack:
        """The stack with a name, which exists from now on."""
        stack = self.stack(name)
        stack.create(self.clock.now(), self.stack_arn(name), duration, failure)
        return stack

    def stack_history(self, life: StackLife) -> StackHistory:
        """The events of a stack up to now."""
        configuration, stack = self.configurations.get(life.name), self.stacks[life.name]
        syncs = [*self.ended_syncs, *([] if configuration is None else [configuration.sync])]
        return history_of(life, [sync for sync in syncs if sync.stack is stack], self.clock.now())

    def set_configuration(self, configuration: SyncConfiguration) -> None:
        """Add a sync configuration, or replace that of the same stack."""
        self.delete_configuration(configuration.stack.name)
        self.configurations[configuration.stack.name] = configuration

    def delete_configuration(self, name: str) -> None:
        """Delete the sync configuration of a stack, if it has one."""
        configuration = self.configurations.pop(name, None)
        if configuration is not None:
            configuration.sync.ended = self.clock.now(), next_number()
            self.ended_syncs.append(configuration.sync)

    def find_link(self, owner: str, name: str, provider: str) -> Repository | None:
        """The repository link to a repository; None if there is none."""
        key = (owner, name, provider)
        return next((link for link in self.links.values() if (link.owner, link.name, link.provider) == key), None)

    def proton_sources(self) -> Iterator[SourceLocation]:
        """What Proton's sync configs follow."""
        parents: list[ProtonService | Template] = [*self.services.values(), *self.templates.values()]
        return (parent.source for parent in parents if parent.source is not None)
