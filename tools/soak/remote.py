"""A stage in a process of its own, so that what is counted in this one is the client's alone."""

from __future__ import annotations

import multiprocessing
import random
import threading
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any, Self

from tests.robustness.kinds import FAULTS, Fault
from tests.robustness.members import MANGLED
from tests.robustness.relay import Astray
from tests.robustness.stage import Stage
from tests.support.operations import Known
from unisync.emulator import Emulator
from unisync.emulator._protocol.signature import access_key_of, secret_of
from unisync.emulator.emulator import ACCOUNT, REGION

ALL = {**FAULTS, **MANGLED}
NAMES = {id(fault): name for name, fault in ALL.items()}
USUAL = [fault for fault in ALL.values() if not (fault.is_silent or fault.is_heavy)]
SILENT = [fault for fault in ALL.values() if fault.is_silent]
STACKS = [f"soak-{number}" for number in range(12)]
"""Stacks to which commits are pushed all the time."""
SHAS = [f"{number:040x}" for number in range(0x5A5A, 0x5A5A + 40)]


class Remote:
    """Does what a `Stage` does, there."""

    def __init__(self, seed: int, speed: float | None = None) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, other = context.Pipe()
        self._process = context.Process(target=_serve, args=(other, seed, speed), daemon=True)
        self._process.start()
        other.close()
        self.url: str = self._pipe.recv()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pipe.close()
        self._process.join(10)
        if self._process.is_alive():
            self._process.kill()

    def options(self) -> dict[str, Any]:
        """What a client takes to speak to it, but for the clock."""
        import boto3
        from botocore.config import Config

        session = boto3.Session(
            aws_access_key_id=access_key_of(ACCOUNT), aws_secret_access_key=secret_of(ACCOUNT), region_name=REGION
        )
        config = Config(inject_host_prefix=False, proxies={})
        return {"session": session, "endpoint_url": self.url, "config": config}

    def reset(self) -> Known:
        """Have the world as it was."""
        known: Known = self._ask("reset")
        return known

    def arm(self, fault: Fault, service: str, operation: str, times: int | None = None) -> None:
        """Let the next calls of an operation go wrong."""
        self._ask("arm", NAMES[id(fault)], service, operation, times)

    def disarm(self) -> None:
        """Let all go well again."""
        self._ask("disarm")

    def ran(self, service: str, operation: str) -> int:
        """How often an operation reached the emulator."""
        count: int = self._ask("ran", service, operation)
        return count

    def requests(self) -> int:
        """How many requests came so far."""
        count: int = self._ask("requests")
        return count

    def trouble(self, share: float, silent: float) -> None:
        """Let so many of all requests go wrong, and so many be met by silence, by chance."""
        self._ask("trouble", share, silent)

    def _ask(self, what: str, *args: object) -> Any:
        self._pipe.send((what, args))
        return self._pipe.recv()


def _serve(pipe: Connection, seed: int, speed: float | None) -> None:
    with Stage(speed) as stage:
        there = _There(stage, seed)
        pipe.send(stage.relay.url)
        while True:
            try:
                what, args = pipe.recv()
            except EOFError:
                there.ended.set()
                return
            pipe.send(getattr(there, what)(*args))


class _There:
    """What is done in the other process."""

    def __init__(self, stage: Stage, seed: int) -> None:
        self._stage = stage
        self._draw = random.Random(seed)
        self._before = 0
        self.ended = threading.Event()
        self.ran = stage.ran
        self.disarm = stage.disarm

    def reset(self) -> Known:
        self._before += self._stage.relay.asked.total()
        return self._stage.reset()

    def requests(self) -> int:
        return self._before + self._stage.relay.asked.total()

    def arm(self, name: str, service: str, operation: str, times: int | None) -> None:
        self._stage.arm(ALL[name], service, operation, times)

    def trouble(self, share: float, silent: float) -> None:
        aws, draw = self._stage.aws, self._draw

        def choose(service: str, operation: str) -> Astray | None:
            by_chance = draw.random()
            if by_chance >= share + silent:
                return None
            fault = draw.choice(SILENT if by_chance < silent else USUAL)
            if isinstance(fault.cause, Astray):
                return fault.cause
            aws.fault(operation, fault.cause, service=service)
            return None

        for name in STACKS:
            aws.add_stack(name, repository="acme/infra")
        self._stage.keep()
        self._stage.relay.choose = choose
        threading.Thread(target=self._happen, args=(aws,), daemon=True).start()

    def _happen(self, aws: Emulator) -> None:
        """Commits, failures and blockers."""
        draw = random.Random(self._draw.random())
        while not self.ended.wait(0.05):
            name = draw.choice(STACKS)
            try:
                if draw.random() < 0.1:
                    aws.block(stack=name, reason="modified by hand")
                elif draw.random() < 0.2:
                    aws.unblock(stack=name)
                else:
                    fails = draw.random() < 0.2
                    aws.push(stack=name, sha=draw.choice(SHAS), outcome="FAILED" if fails else "SUCCEEDED")
            except ValueError:  # as for a stack that was reset in between
                continue
