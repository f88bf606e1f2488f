"""What a soak does with a client, by chance: single calls, whole lives of a definition, waits of every kind."""

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
from tools.soak.remote import SHAS, STACKS
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
OVER = 5.0
"""Seconds, of a busy machine, by which a wait may be over its time-out."""


class Soon:
    """An event that is set after some seconds, as `stop` takes one that is none of threading's."""

    def __init__(self, seconds: float) -> None:
        self._at = time.monotonic() + seconds

    def is_set(self) -> bool:
        return time.monotonic() >= self._at


class Acts:
    """What one thread, or one task, does. Its own draws; its own names."""

    def __init__(self, findings: Findings, known: Known, draw: random.Random, name: str, real_time: bool) -> None:
        self.findings = findings
        self.known = known
        self.draw = draw
        self.name = name
        self._made = 0
        self._real_time = real_time

    def new_name(self) -> str:
        """A name that nobody else uses."""
        self._made += 1
        return f"{self.name}-{self._made}"

    def refs(self) -> list[Any]:
        return self.draw.sample(REFS, self.draw.randint(1, 6))

    def options(self) -> dict[str, Any]:
        """What a wait takes, by chance."""
        given: dict[str, Any] = {"timeout": self.draw.choice([0, 0.05, 0.3, 1.0])}
        by_chance = self.draw.random()
        if by_chance < 0.2:
            given["stop"] = Soon(self.draw.uniform(0, 0.3))
        elif by_chance < 0.4:
            event = given["stop"] = threading.Event()
            threading.Timer(self.draw.uniform(0, 0.3), event.set).start()
        return given

    def checked(self, began: float, timeout: float) -> None:
        """Note a wait that went on past its end."""
        if self._real_time and time.monotonic() - began > timeout + OVER:
            self.findings.mistake(f"a wait of {timeout} s took {time.monotonic() - began:.1f} s")

    def definition(self) -> dict[str, str]:
        return {
            "repository_link_id": self.known.link,
            "branch": "main",
            "config_file": "deployment.yaml",
            "role_arn": ROLE,
        }

    def count(self, outcomes: list[Any], refs: list[Any]) -> None:
        """Note the errors of outcomes, of which there is one for each reference, in order."""
        if [outcome.ref for outcome in outcomes] != refs:
            self.findings.mistake(f"{len(outcomes)} outcomes for {len(refs)} references")
        for outcome in outcomes:
            with self.findings.judging():
                if outcome.error is not None:
                    raise outcome.error


class BlockingActs(Acts):
    """Those of a thread."""

    def act(self, client: Unisync) -> None:
        """Do something."""
        ways: list[tuple[Callable[[Any], None], float]] = [
            (self.read, 12),
            (self.live, 4),
            (self.wait, 4),
            (self.look, 3),
            (self.wait_for_all, 3),
            (self.watch, 2),
            (self.tell, 3),
            (self.close, 0.2),
        ]
        (way,) = self.draw.choices([way for way, _ in ways], [weight for _, weight in ways])
        with self.findings.judging():
            way(client)

    def read(self, client: Any) -> None:
        for _ in range(5):
            service, name = self.draw.choice(READS)
            with self.findings.judging():
                operation = OPERATIONS[service][name]
                result = operation.use(client, self.known)
                _ = list(result) if operation.is_list else result

    def live(self, client: Any) -> None:
        """Create, read, update and delete a definition of one's own."""
        name = self.new_name()
        connections = client.codeconnections
        try:
            connections.create_sync_configuration(name, **self.definition())
        except AlreadyExistsError:
            self.findings.mistake(f"{name} was created twice")
            raise
        try:
            with self.findings.judging():
                connections.ensure_sync_configuration(name, **{**self.definition(), "branch": "next"})
            with self.findings.judging():
                try:
                    connections.get_sync_configuration(name)
                except NotFoundError:
                    self.findings.mistake(f"{name} was created, and is not there")
            with self.findings.judging():
                client.wait_until_active(StackSync(name), backoff=QUICK, timeout=0.1)
        finally:
            connections.delete_sync_configuration(name)
        client.wait_until_deleted(StackSync(name), backoff=QUICK, timeout=5)

    def wait(self, client: Any) -> None:
        options, began = self.options(), time.monotonic()
        revision = self.draw.choice([None, self.draw.choice(SHAS)])
        try:
            client.wait_until_active(self.draw.choice(REFS), revision=revision, backoff=QUICK, **options)
        finally:
            self.checked(began, options["timeout"])

    def look(self, client: Any) -> None:
        refs = self.refs()
        self.count(client.get_many(refs, blockers=self.draw.random() < 0.5), refs)

    def wait_for_all(self, client: Any) -> None:
        options, began, refs = self.options(), time.monotonic(), self.refs()
        until = self.draw.choice(["all", "first", "first_failure"])
        self.count(client.wait_all(refs, return_when=until, **options), refs)
        self.checked(began, options["timeout"])

    def watch(self, client: Any) -> None:
        wanted = self.draw.randint(1, 8)
        for _ in client.watch(self.refs(), interval=0.05, stop=Soon(self.draw.uniform(0, 0.5))):
            wanted -= 1
            if not wanted:
                break

    def tell(self, client: Any) -> None:
        way = self.draw.randrange(3)
        if way == 0:
            client.blockers(StackSync(self.draw.choice(STACKS)))
        elif way == 1:
            client.repository_status(StackSync(self.draw.choice(STACKS)))
        else:
            client.discover()

    def close(self, client: Any) -> None:
        """Close the client under everybody's hands; it connects anew."""
        client.close()


class AwaitedActs(Acts):
    """Those of a task."""

    async def act(self, client: AsyncUnisync) -> None:
        """Do something; of all that is done, some is cancelled in its midst."""
        ways: list[tuple[Callable[[Any], Any], float]] = [
            (self.read, 12),
            (self.live, 4),
            (self.wait, 4),
            (self.look, 3),
            (self.wait_for_all, 3),
            (self.watch, 2),
            (self.tell, 3),
            (self.close, 0.2),
        ]
        (way,) = self.draw.choices([way for way, _ in ways], [weight for _, weight in ways])
        with self.findings.judging():
            if self.draw.random() < 0.8:
                await way(client)
                return
            task = asyncio.create_task(way(client))
            await asyncio.sleep(self.draw.uniform(0, 0.1))
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def read(self, client: Any) -> None:
        for _ in range(5):
            service, name = self.draw.choice(READS)
            with self.findings.judging():
                operation = OPERATIONS[service][name]
                result = operation.use(client, self.known)
                _ = [each async for each in result] if operation.is_list else await result

    async def live(self, client: Any) -> None:
        """Create, read, update and delete a definition of one's own."""
        name = self.new_name()
        connections = client.codeconnections
        try:
            await connections.create_sync_configuration(name, **self.definition())
        except AlreadyExistsError:
            self.findings.mistake(f"{name} was created twice")
            raise
        with self.findings.judging():
            await connections.ensure_sync_configuration(name, **{**self.definition(), "branch": "next"})
        with self.findings.judging():
            try:
                await connections.get_sync_configuration(name)
            except NotFoundError:
                self.findings.mistake(f"{name} was created, and is not there")
        with self.findings.judging():
            await client.wait_until_active(StackSync(name), backoff=QUICK, timeout=0.1)
        await connections.delete_sync_configuration(name)
        await client.wait_until_deleted(StackSync(name), backoff=QUICK, timeout=5)

    async def wait(self, client: Any) -> None:
        options, began = self.options(), time.monotonic()
        revision = self.draw.choice([None, self.draw.choice(SHAS)])
        try:
            await client.wait_until_active(self.draw.choice(REFS), revision=revision, backoff=QUICK, **options)
        finally:
            self.checked(began, options["timeout"])

    async def look(self, client: Any) -> None:
        refs = self.refs()
        self.count(await client.get_many(refs, blockers=self.draw.random() < 0.5), refs)

    async def wait_for_all(self, client: Any) -> None:
        options, began, refs = self.options(), time.monotonic(), self.refs()
        until = self.draw.choice(["all", "first", "first_failure"])
        self.count(await client.wait_all(refs, return_when=until, **options), refs)
        self.checked(began, options["timeout"])

    async def watch(self, client: Any) -> None:
        wanted = self.draw.randint(1, 8)
        changes = client.watch(self.refs(), interval=0.05, stop=Soon(self.draw.uniform(0, 0.5)))
        try:
            async for _ in changes:
                wanted -= 1
                if not wanted:
                    break
        finally:
            await changes.aclose()

    async def tell(self, client: Any) -> None:
        way = self.draw.randrange(3)
        if way == 0:
            await client.blockers(StackSync(self.draw.choice(STACKS)))
        elif way == 1:
            await client.repository_status(StackSync(self.draw.choice(STACKS)))
        else:
            await client.discover()

    async def close(self, client: Any) -> None:
        """Close the client under everybody's hands; it connects anew."""
        await client.close()
