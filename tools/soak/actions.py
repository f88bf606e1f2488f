"""Random actions with a client: single calls, the life cycle of a definition, and waits of every kind."""

from __future__ import annotations

import asyncio
import contextlib
import random
import threading
import time
from collections.abc import Callable
from typing import Any

from tests.support.operations import NAMES, OPERATIONS, ROLE, Known
from tools.soak.findings import Findings
from tools.soak.remote_emulator import SHAS, STACKS
from unisync import (
    AlreadyExistsError,
    AsyncUnisync,
    Backoff,
    NotFoundError,
    ServiceInstanceSync,
    StackSync,
    TemplateSync,
    TwinMakerSync,
    Unisync,
)

READS = [
    (service, name) for service, name in NAMES if name.startswith(("Get", "List")) and service != "codestar-connections"
]
REFS = [
    *(StackSync(name) for name in STACKS),
    TwinMakerSync("factory"),
    ServiceInstanceSync("web", "prod"),
    TemplateSync("web", "SERVICE", "1"),
    StackSync("unknown"),
]
QUICK = Backoff(initial=0.02, maximum=0.2)
TOLERANCE = 5.0
"""Seconds by which a wait may exceed its timeout on a busy machine."""


class TimedStop:
    """A stop signal that is set after some seconds, and is no `threading.Event`."""

    def __init__(self, seconds: float) -> None:
        self._at = time.monotonic() + seconds

    def is_set(self) -> bool:
        return time.monotonic() >= self._at


class Actor:
    """One thread or task, with its own random numbers and its own names of definitions."""

    def __init__(self, findings: Findings, known: Known, draw: random.Random, name: str, real_time: bool) -> None:
        self.findings = findings
        self.known = known
        self.draw = draw
        self.name = name
        self._created = 0
        self._real_time = real_time

    def new_name(self) -> str:
        """A name that no other actor uses."""
        self._created += 1
        return f"{self.name}-{self._created}"

    def random_refs(self) -> list[Any]:
        """Some references."""
        return self.draw.sample(REFS, self.draw.randint(1, 6))

    def random_options(self) -> dict[str, Any]:
        """Some arguments of a wait."""
        options: dict[str, Any] = {"timeout": self.draw.choice([0, 0.05, 0.3, 1.0])}
        number = self.draw.random()
        if number < 0.2:
            options["stop"] = TimedStop(self.draw.uniform(0, 0.3))
        elif number < 0.4:
            event = options["stop"] = threading.Event()
            threading.Timer(self.draw.uniform(0, 0.3), event.set).start()
        return options

    def check_duration(self, began: float, timeout: float) -> None:
        """Report a wait that missed its deadline."""
        if self._real_time and time.monotonic() - began > timeout + TOLERANCE:
            self.findings.add_mistake(f"a wait of {timeout} s took {time.monotonic() - began:.1f} s")

    def definition(self) -> dict[str, str]:
        """The arguments of a sync configuration."""
        return {
            "repository_link_id": self.known.link,
            "branch": "main",
            "config_file": "deployment.yaml",
            "role_arn": ROLE,
        }

    def check_outcomes(self, outcomes: list[Any], refs: list[Any]) -> None:
        """Record the errors of outcomes. There must be one for each reference, in order."""
        if [outcome.ref for outcome in outcomes] != refs:
            self.findings.add_mistake(f"{len(outcomes)} outcomes for {len(refs)} references")
        for outcome in outcomes:
            with self.findings.record():
                if outcome.error is not None:
                    raise outcome.error


class SyncActor(Actor):
    """A thread."""

    def act(self, client: Unisync) -> None:
        """Perform a random action."""
        actions: list[tuple[Callable[[Any], None], float]] = [
            (self.read, 12),
            (self.manage_definition, 4),
            (self.wait, 4),
            (self.get_many, 3),
            (self.wait_all, 3),
            (self.watch, 2),
            (self.inspect, 3),
            (self.close, 0.2),
        ]
        (action,) = self.draw.choices([action for action, _ in actions], [weight for _, weight in actions])
        with self.findings.record():
            action(client)

    def read(self, client: Any) -> None:
        for _ in range(5):
            service, name = self.draw.choice(READS)
            with self.findings.record():
                operation = OPERATIONS[service][name]
                result = operation.use(client, self.known)
                _ = list(result) if operation.is_list else result

    def manage_definition(self, client: Any) -> None:
        """Create, read, update and delete a definition."""
        name = self.new_name()
        connections = client.codeconnections
        try:
            connections.create_sync_configuration(name, **self.definition())
        except AlreadyExistsError:
            self.findings.add_mistake(f"{name} was created twice")
            raise
        try:
            with self.findings.record():
                connections.ensure_sync_configuration(name, **{**self.definition(), "branch": "next"})
            with self.findings.record():
                try:
                    connections.get_sync_configuration(name)
                except NotFoundError:
                    self.findings.add_mistake(f"{name} was created, but does not exist")
            with self.findings.record():
                client.wait_until_active(StackSync(name), backoff=QUICK, timeout=0.1)
        finally:
            connections.delete_sync_configuration(name)
        client.wait_until_deleted(StackSync(name), backoff=QUICK, timeout=5)

    def wait(self, client: Any) -> None:
        options, began = self.random_options(), time.monotonic()
        revision = self.draw.choice([None, self.draw.choice(SHAS)])
        try:
            client.wait_until_active(self.draw.choice(REFS), revision=revision, backoff=QUICK, **options)
        finally:
            self.check_duration(began, options["timeout"])

    def get_many(self, client: Any) -> None:
        refs = self.random_refs()
        self.check_outcomes(client.get_many(refs, include_blockers=self.draw.random() < 0.5), refs)

    def wait_all(self, client: Any) -> None:
        options, began, refs = self.random_options(), time.monotonic(), self.random_refs()
        return_when = self.draw.choice(["all", "first", "first_failure"])
        self.check_outcomes(client.wait_all(refs, return_when=return_when, backoff=QUICK, **options), refs)
        self.check_duration(began, options["timeout"])

    def watch(self, client: Any) -> None:
        remaining = self.draw.randint(1, 8)
        for _ in client.watch(self.random_refs(), interval=0.05, stop=TimedStop(self.draw.uniform(0, 0.5))):
            remaining -= 1
            if not remaining:
                break

    def inspect(self, client: Any) -> None:
        number = self.draw.randrange(3)
        if number == 0:
            client.blockers(StackSync(self.draw.choice(STACKS)))
        elif number == 1:
            client.repository_status(StackSync(self.draw.choice(STACKS)))
        else:
            client.discover()

    def close(self, client: Any) -> None:
        """Close the client while others use it. It connects again."""
        client.close()


class AsyncActor(Actor):
    """A task."""

    async def act(self, client: AsyncUnisync) -> None:
        """Perform a random action, and cancel some of them."""
        actions: list[tuple[Callable[[Any], Any], float]] = [
            (self.read, 12),
            (self.manage_definition, 4),
            (self.wait, 4),
            (self.get_many, 3),
            (self.wait_all, 3),
            (self.watch, 2),
            (self.inspect, 3),
            (self.close, 0.2),
        ]
        (action,) = self.draw.choices([action for action, _ in actions], [weight for _, weight in actions])
        with self.findings.record():
            if self.draw.random() < 0.8:
                await action(client)
                return
            task = asyncio.create_task(action(client))
            await asyncio.sleep(self.draw.uniform(0, 0.1))
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def read(self, client: Any) -> None:
        for _ in range(5):
            service, name = self.draw.choice(READS)
            with self.findings.record():
                operation = OPERATIONS[service][name]
                result = operation.use(client, self.known)
                _ = [each async for each in result] if operation.is_list else await result

    async def manage_definition(self, client: Any) -> None:
        """Create, read, update and delete a definition."""
        name = self.new_name()
        connections = client.codeconnections
        try:
            await connections.create_sync_configuration(name, **self.definition())
        except AlreadyExistsError:
            self.findings.add_mistake(f"{name} was created twice")
            raise
        with self.findings.record():
            await connections.ensure_sync_configuration(name, **{**self.definition(), "branch": "next"})
        with self.findings.record():
            try:
                await connections.get_sync_configuration(name)
            except NotFoundError:
                self.findings.add_mistake(f"{name} was created, but does not exist")
        with self.findings.record():
            await client.wait_until_active(StackSync(name), backoff=QUICK, timeout=0.1)
        await connections.delete_sync_configuration(name)
        await client.wait_until_deleted(StackSync(name), backoff=QUICK, timeout=5)

    async def wait(self, client: Any) -> None:
        options, began = self.random_options(), time.monotonic()
        revision = self.draw.choice([None, self.draw.choice(SHAS)])
        try:
            await client.wait_until_active(self.draw.choice(REFS), revision=revision, backoff=QUICK, **options)
        finally:
            self.check_duration(began, options["timeout"])

    async def get_many(self, client: Any) -> None:
        refs = self.random_refs()
        self.check_outcomes(await client.get_many(refs, include_blockers=self.draw.random() < 0.5), refs)

    async def wait_all(self, client: Any) -> None:
        options, began, refs = self.random_options(), time.monotonic(), self.random_refs()
        return_when = self.draw.choice(["all", "first", "first_failure"])
        self.check_outcomes(await client.wait_all(refs, return_when=return_when, backoff=QUICK, **options), refs)
        self.check_duration(began, options["timeout"])

    async def watch(self, client: Any) -> None:
        remaining = self.draw.randint(1, 8)
        changes = client.watch(self.random_refs(), interval=0.05, stop=TimedStop(self.draw.uniform(0, 0.5)))
        try:
            async for _ in changes:
                remaining -= 1
                if not remaining:
                    break
        finally:
            await changes.aclose()

    async def inspect(self, client: Any) -> None:
        number = self.draw.randrange(3)
        if number == 0:
            await client.blockers(StackSync(self.draw.choice(STACKS)))
        elif number == 1:
            await client.repository_status(StackSync(self.draw.choice(STACKS)))
        else:
            await client.discover()

    async def close(self, client: Any) -> None:
        """Close the client while others use it. It connects again."""
        await client.close()
