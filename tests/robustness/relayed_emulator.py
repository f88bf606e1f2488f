"""An emulator in which every operation has something to work on, behind a relay, and which can be reset."""

from __future__ import annotations

import copy
from types import TracebackType
from typing import Any, Self

from tests.robustness.faults import LONG, Fault
from tests.robustness.relay import Relay, RelayFault
from tests.support.operations import Known, prepare
from unisync import Unisync
from unisync.emulator import Emulator
from unisync.emulator._state.account import AccountState
from unisync.emulator.emulator import ACCOUNT, REGION

LIMIT = 10.0
"""Seconds, on a busy machine, within which every call ends whose timeouts are a fraction of a second."""


class RelayedEmulator:
    """An emulator with the resources of `prepare`, and the relay in front of it.

    Args:
        speed: How fast its clock runs; None stops it until a test moves it.
    """

    def __init__(self, speed: float | None = None) -> None:
        self.aws = Emulator(clock="manual") if speed is None else Emulator(speed=speed)
        self.aws.start()
        self.known: Known = prepare(self.aws)
        self._application = self.aws._application
        self._lock = self._application.lock
        self.save()
        self.relay = Relay(self.aws.url)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.relay.close()
        self.aws.stop()

    def options(self) -> dict[str, Any]:
        """The arguments with which a client connects to the relay."""
        return {**self.aws.client_options(), "endpoint_url": self.relay.url}

    def client(self) -> Unisync:
        """A blocking client of the relay."""
        return Unisync(**self.options())

    def save(self) -> None:
        """Save the state that `reset` goes back to."""
        with self._lock:
            self._saved = self._copy(self.aws._account)

    def reset(self) -> Known:
        """Go back to the saved state."""
        with self._lock:
            self.aws._account = self._application._accounts[ACCOUNT, REGION] = self._copy(self._saved)
            self._application.calls.clear()
        self.relay.requests.clear()
        return self.known

    def set_fault(self, fault: Fault, service: str, operation: str, times: int | None = None) -> None:
        """Make the next calls of an operation go wrong; None is all of them, until `clear_faults`."""
        if isinstance(fault.cause, str):
            self.aws.fault(operation, fault.cause, times, service=service, seconds=LONG)
            return
        remaining = [times]
        cause = fault.cause

        def pick_fault(requested_service: str, requested: str) -> RelayFault | None:
            if (requested_service, requested) != (service, operation) or remaining[0] == 0:
                return None
            if remaining[0] is not None:
                remaining[0] -= 1
            return cause

        self.relay.pick_fault = pick_fault

    def clear_faults(self) -> None:
        """Remove all faults."""
        self.aws.clear_faults()
        self.relay.pick_fault = lambda service, operation: None

    def execution_count(self, service: str, operation: str) -> int:
        """How many requests for an operation reached the emulator."""
        return sum((call.service, call.operation) == (service, operation) for call in self.aws.calls)

    def _copy(self, account: AccountState) -> AccountState:
        return copy.deepcopy(account, {id(self._lock): self._lock, id(self.aws.clock): self.aws.clock})
