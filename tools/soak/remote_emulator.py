"""A relayed emulator in another process, so that the resources of this one are the client's alone."""

from __future__ import annotations

import multiprocessing
import random
import threading
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any, Self

from tests.robustness.faults import FAULTS, Fault
from tests.robustness.fields import FIELD_FAULTS
from tests.robustness.relay import RelayFault
from tests.robustness.relayed_emulator import RelayedEmulator
from tests.support.operations import Known
from unisync.emulator import Emulator
from unisync.emulator._protocol.signature import access_key_of, secret_of
from unisync.emulator.emulator import ACCOUNT, REGION

ALL_FAULTS = {**FAULTS, **FIELD_FAULTS}
_NAMES = {id(fault): name for name, fault in ALL_FAULTS.items()}
_QUICK = [fault for fault in ALL_FAULTS.values() if not (fault.times_out or fault.is_large)]
_TIMING_OUT = [fault for fault in ALL_FAULTS.values() if fault.times_out]
STACKS = [f"soak-{number}" for number in range(12)]
"""Stacks that commits are pushed to all the time."""
SHAS = [f"{number:040x}" for number in range(0x5A5A, 0x5A5A + 40)]


class RemoteEmulator:
    """Has the methods of `RelayedEmulator`."""

    def __init__(self, seed: int, speed: float | None = None) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, other = context.Pipe()
        self._process = context.Process(target=_run, args=(other, seed, speed), daemon=True)
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
        """The arguments with which a client connects to the relay, without a clock."""
        import boto3
        from botocore.config import Config

        session = boto3.Session(
            aws_access_key_id=access_key_of(ACCOUNT), aws_secret_access_key=secret_of(ACCOUNT), region_name=REGION
        )
        config = Config(inject_host_prefix=False, proxies={})
        return {"session": session, "endpoint_url": self.url, "config": config}

    def reset(self) -> Known:
        """Go back to the saved state."""
        known: Known = self._call("reset")
        return known

    def set_fault(self, fault: Fault, service: str, operation: str, times: int | None = None) -> None:
        """Make the next calls of an operation go wrong."""
        self._call("set_fault", _NAMES[id(fault)], service, operation, times)

    def clear_faults(self) -> None:
        """Remove all faults."""
        self._call("clear_faults")

    def execution_count(self, service: str, operation: str) -> int:
        """How many requests for an operation reached the emulator."""
        count: int = self._call("execution_count", service, operation)
        return count

    def request_count(self) -> int:
        """The number of requests so far."""
        count: int = self._call("request_count")
        return count

    def start_random_faults(self, share: float, timing_out: float) -> None:
        """Make a share of all requests go wrong at random, and another share time out. Push commits all the time."""
        self._call("start_random_faults", share, timing_out)

    def _call(self, method: str, *args: object) -> Any:
        self._pipe.send((method, args))
        return self._pipe.recv()


def _run(pipe: Connection, seed: int, speed: float | None) -> None:
    with RelayedEmulator(speed) as relayed:
        methods = _Methods(relayed, seed)
        pipe.send(relayed.relay.url)
        while True:
            try:
                method, args = pipe.recv()
            except EOFError:
                methods.ended.set()
                return
            pipe.send(getattr(methods, method)(*args))


class _Methods:
    """The methods, in the other process."""

    def __init__(self, relayed: RelayedEmulator, seed: int) -> None:
        self._relayed = relayed
        self._draw = random.Random(seed)
        self._before_reset = 0
        self.ended = threading.Event()
        self.execution_count = relayed.execution_count
        self.clear_faults = relayed.clear_faults

    def reset(self) -> Known:
        self._before_reset += self._relayed.relay.requests.total()
        return self._relayed.reset()

    def request_count(self) -> int:
        return self._before_reset + self._relayed.relay.requests.total()

    def set_fault(self, name: str, service: str, operation: str, times: int | None) -> None:
        self._relayed.set_fault(ALL_FAULTS[name], service, operation, times)

    def start_random_faults(self, share: float, timing_out: float) -> None:
        aws, draw = self._relayed.aws, self._draw

        def pick_fault(service: str, operation: str) -> RelayFault | None:
            number = draw.random()
            if number >= share + timing_out:
                return None
            fault = draw.choice(_TIMING_OUT if number < timing_out else _QUICK)
            if isinstance(fault.cause, RelayFault):
                return fault.cause
            aws.fault(operation, fault.cause, service=service)
            return None

        for name in STACKS:
            aws.add_stack(name, repository="acme/infra")
        self._relayed.save()
        self._relayed.relay.pick_fault = pick_fault
        threading.Thread(target=self._push_commits, args=(aws,), daemon=True).start()

    def _push_commits(self, aws: Emulator) -> None:
        """Push commits, some of which fail, and block and unblock stacks."""
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
            except ValueError:  # a stack that was reset meanwhile, for example
                continue
