"""The emulated AWS without a transport: an HTTP request goes in, an HTTP response comes out."""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import formatdate
from typing import Any

from unisync.emulator._protocol import signature
from unisync.emulator._protocol.message import Request, Response
from unisync.emulator._protocol.operations import Operation, find_operation, protocol_of
from unisync.emulator._protocol.pagination import ListResult, paginate
from unisync.emulator._protocol.serialization import Document, read_params, to_wire, write_error, write_reply
from unisync.emulator._state.account import AccountState
from unisync.emulator._state.identities import Identities
from unisync.emulator.clock import EmulatorClock
from unisync.emulator.errors import AwsError, CommonError
from unisync.emulator.faults import Fault, TokenBucket
from unisync.emulator.services import HANDLERS
from unisync.emulator.services.request import OperationRequest

logger: logging.Logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RecordedCall:
    """A valid request for an operation, whatever the reply was. "Valid" includes signature and parameters."""

    service: str
    """The service, by boto3's name."""
    operation: str
    """AWS's name of the operation."""
    params: Mapping[str, Any]
    """The parameters. Dates are seconds since 1970."""
    time: datetime
    """When the emulator received the request, by the emulated clock, in UTC."""
    account: str
    """The account of the caller."""
    region: str
    """The region that the request was signed for."""


class Application:
    """All accounts and regions, behind the function `handle`."""

    def __init__(self, clock: EmulatorClock) -> None:
        self.clock = clock
        self.lock: threading.RLock = threading.RLock()
        self.identities: Identities = Identities(clock, self.lock)
        self.calls: list[RecordedCall] = []
        self.faults: list[Fault] = []
        self.buckets: dict[tuple[str | None, str | None, str], TokenBucket] = {}
        """The rate limits, by service and account (None is every one) and operation."""
        self.page_size: int | None = None
        self._accounts: dict[tuple[str, str], AccountState] = {}

    def account(self, account: str, region: str) -> AccountState:
        """The state of an account in a region; empty at first."""
        with self.lock:
            key = (account, region)
            if key not in self._accounts:
                self._accounts[key] = AccountState(account, region, self.clock, self.lock)
            return self._accounts[key]

    def accounts(self) -> Sequence[AccountState]:
        """All accounts and regions that something was asked of."""
        with self.lock:
            return list(self._accounts.values())

    def handle(self, request: Request) -> Response:
        """Respond to a request as AWS would."""
        service = None
        try:
            operation = find_operation(request)
            service = operation.service
            response = self._run(operation, request)
        except AwsError as error:
            response = write_error(protocol_of(request), service, error)
        except Exception:
            logger.exception("The emulator failed to handle %s %s", request.method, request.target)
            failure = AwsError("InternalFailure", "The emulator failed: see its log", 500)
            response = write_error(protocol_of(request), service, failure)
        response.headers.setdefault("x-amzn-requestid", str(uuid.uuid4()))
        response.headers["date"] = formatdate(usegmt=True)
        return response

    def _run(self, operation: Operation, request: Request) -> Response:
        caller = signature.verify(request, self.identities.find)
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
            replacement = fault.replace_operation() if fault else None
            if replacement is not None:
                return replacement
            self._check_rate_limits(operation, account, caller.region)
            state = self.account(account, caller.region)
            details = OperationRequest(operation.service, state, params, now, caller.identity, self.identities)
            try:
                reply = to_wire(operation, self._call_handler(operation, details))
            except AwsError as error:
                if fault is None:
                    raise
                # Faults of the delivery apply to error responses too.
                return fault.apply_to_response(write_error(operation.protocol, operation.service, error))
        if fault is None:
            return write_reply(operation, reply)
        return fault.apply_to_response(write_reply(operation, fault.apply_to_reply(operation, reply)))

    def _call_handler(self, operation: Operation, request: OperationRequest) -> Document:
        handler = HANDLERS[operation.service].get(operation.name)
        if handler is None:
            raise AwsError("UnknownOperationException", f"{operation.name} is not emulated", 501)
        result = handler(request)
        if not isinstance(result, ListResult):
            return result
        return paginate(operation, request.params, result, request.account.arn(operation.service, ""), self.page_size)

    def _next_fault(self, operation: Operation) -> Fault | None:
        for fault in self.faults:
            if fault.applies_to(operation):
                if fault.times is not None:
                    fault.times -= 1
                    if fault.times == 0:
                        self.faults.remove(fault)
                return fault
        return None

    def _check_rate_limits(self, operation: Operation, account: str, region: str) -> None:
        for limited_service in (operation.service, None):
            for limited_account in (account, None):
                bucket = self.buckets.get((limited_service, limited_account, operation.name))
                if bucket is not None and not bucket.take(account, region):
                    raise CommonError("ThrottlingException", "Rate exceeded")
