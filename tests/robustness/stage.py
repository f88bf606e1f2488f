"""A world in which each operation finds what it is about, behind a relay, to be had anew for each call."""

from __future__ import annotations

import copy
from types import TracebackType
from typing import Any, Self

from tests.robustness.kinds import LONG, Fault
from tests.robustness.relay import Astray, Relay
from tests.support.operations import Known, prepare
from unisync import Unisync
from unisync.emulator import Emulator
from unisync.emulator._state.account import AccountState
from unisync.emulator.emulator import ACCOUNT, REGION

LIMIT = 10.0
"""Seconds, of a busy machine, in which each call has ended whose time-outs are a fraction of one."""


class Stage:
    """An emulator, its world, and the relay in front of it.

    Its time is moved by hand, or runs at some speed.
    """

    def __init__(self, speed: float | None = None) -> None:
        self.aws = Emulator(clock="manual") if speed is None else Emulator(speed=speed)
        self.aws.start()
        self.known: Known = prepare(self.aws)
        self._application = self.aws._application
        self._lock = self._application.lock
        self.keep()
        self.relay = Relay(self.aws.url)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.relay.close()
        self.aws.stop()

    def options(self) -> dict[str, Any]:
        """What a client takes to speak to the relay."""
        return {**self.aws.client_options(), "endpoint_url": self.relay.url}

    def keep(self) -> None:
        """Have each `reset` go back to the world as it is now."""
        with self._lock:
            self._prepared = self._copied(self.aws._account)

    def client(self) -> Unisync:
        """A blocking client of the relay."""
        return Unisync(**self.options())

    def reset(self) -> Known:
        """Have the world as it was."""
        with self._lock:
            self.aws._account = self._application._accounts[ACCOUNT, REGION] = self._copied(self._prepared)
            self._application.calls.clear()
        self.relay.asked.clear()
        return self.known

    def arm(self, fault: Fault, service: str, operation: str, times: int | None = None) -> None:
        """Let the next calls of an operation go wrong; None is all, until `disarm`."""
        if isinstance(fault.cause, str):
            self.aws.fault(operation, fault.cause, times, service=service, seconds=LONG)
            return
        left = [times]
        cause = fault.cause

        def choose(asked_service: str, asked: str) -> Astray | None:
            if (asked_service, asked) != (service, operation) or left[0] == 0:
                return None
            if left[0] is not None:
                left[0] -= 1
            return cause

        self.relay.choose = choose

    def disarm(self) -> None:
        """Let all go well again."""
        self.aws.clear_faults()
        self.relay.choose = lambda service, operation: None

    def ran(self, service: str, operation: str) -> int:
        """How often an operation reached the emulator, to be run or to be refused."""
        return sum((call.service, call.operation) == (service, operation) for call in self.aws.calls)

    def _copied(self, world: AccountState) -> AccountState:
        return copy.deepcopy(world, {id(self._lock): self._lock, id(self.aws.clock): self.aws.clock})
