"""The emulated AWS without a socket: a request goes in, a response comes out."""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import formatdate
from typing import Any

from unisync.emulator._protocol import signature
from unisync.emulator._protocol.message import Request, Response
from unisync.emulator._protocol.operations import Operation, find_operation, protocol_of
from unisync.emulator._protocol.pagination import Listing, page
from unisync.emulator._protocol.serialization import Document, read_params, shape_reply, write_error, write_reply
from unisync.emulator._state.identities import Identities
from unisync.emulator._state.world import World
from unisync.emulator.clock import EmulatorClock
from unisync.emulator.errors import AwsError, CommonError
from unisync.emulator.faults import Fault, TokenBucket
from unisync.emulator.services import BEHAVIOURS
from unisync.emulator.services.request import Asked

logger: logging.Logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RecordedCall:
    """An operation that was asked for, well signed and well formed, whatever came of it."""

    service: str
    operation: str
    params: Mapping[str, Any]
    time: datetime
    """When the emulator received it, by the emulated clock, in UTC."""
    account: str
    region: str


class Application:
    """All accounts and regions behind one function, `handle`."""

    def __init__(self, clock: EmulatorClock) -> None:
        self.clock = clock
        self.lock: threading.RLock = threading.RLock()
        self.identities: Identities = Identities(clock, self.lock)
        self.calls: list[RecordedCall] = []
        self.faults: list[Fault] = []
        self.buckets: dict[tuple[str | None, str | None, str], TokenBucket] = {}
        """The limits, by service and account (None is every one) and operation."""
        self.page_size: int | None = None
        self._worlds: dict[tuple[str, str], World] = {}

    def world(self, account: str, region: str) -> World:
        """The world of an account in a region; each is empty until something is put into it."""
        with self.lock:
            key = (account, region)
            if key not in self._worlds:
                self._worlds[key] = World(account, region, self.clock, self.lock)
            return self._worlds[key]

    def handle(self, request: Request) -> Response:
        """Answer a request as AWS would."""
        service = None
        try:
            operation = find_operation(request)
            service = operation.service
            response = self._operate(operation, request)
        except AwsError as error:
            response = write_error(protocol_of(request), service, error)
        except Exception:
            logger.exception("The emulator failed at %s %s", request.method, request.target)
            failure = AwsError("InternalFailure", "The emulator failed: see its log", 500)
            response = write_error(protocol_of(request), service, failure)
        response.headers.setdefault("x-amzn-requestid", str(uuid.uuid4()))
        response.headers["date"] = formatdate(usegmt=True)
        return response

    def _operate(self, operation: Operation, request: Request) -> Response:
        caller = signature.check(request, self.identities.find)
        account = caller.identity.account
        expected = operation.model.service_model.signing_name
        if caller.service != expected:
            raise CommonError(
                "InvalidSignatureException", f"Credential should be scoped to correct service: '{expected}'.", 403
            )
        params = read_params(operation, request)
        with self.lock:
            now = self.clock.now()
            time = datetime.fromtimestamp(self.clock.date(now), UTC)
            self.calls.append(
                RecordedCall(operation.service, operation.name, params, time, account, caller.region),
            )
            fault = self._next_fault(operation)
            instead = fault.before() if fault else None
            if instead is not None:
                return instead
            for service in (operation.service, None):
                for limited in (account, None):
                    bucket = self.buckets.get((service, limited, operation.name))
                    if bucket is not None and not bucket.take(account, caller.region):
                        raise CommonError("ThrottlingException", "Rate exceeded")
            world = self.world(account, caller.region)
            asked = Asked(operation.service, world, params, now, caller.identity, self.identities)
            try:
                shaped = shape_reply(operation, self._reply(operation, asked))
            except AwsError as error:
                if fault is None:
                    raise
                # An error, too, has its way to go.
                return fault.after(write_error(operation.protocol, operation.service, error))
        if fault is None:
            return write_reply(operation, shaped)
        return fault.after(write_reply(operation, fault.reshape(operation, shaped)))

    def _reply(self, operation: Operation, asked: Asked) -> Document:
        behaviour = BEHAVIOURS[operation.service].get(operation.name)
        if behaviour is None:
            raise AwsError("UnknownOperationException", f"{operation.name} is not emulated", 501)
        answer = behaviour(asked)
        if not isinstance(answer, Listing):
            return answer
        return page(operation, asked.params, answer, asked.world.arn(operation.service, ""), self.page_size)

    def _next_fault(self, operation: Operation) -> Fault | None:
        for fault in self.faults:
            if fault.operation == operation.name and fault.service in (None, operation.service):
                if fault.times is not None:
                    fault.times -= 1
                    if fault.times == 0:
                        self.faults.remove(fault)
                return fault
        return None
