"""Calls with a fault: their expected result, and how the actual one differs from it."""

from __future__ import annotations

import time
from typing import Any, Literal, Protocol

from tests.robustness.faults import Fault
from tests.robustness.relayed_emulator import LIMIT
from tests.support.operations import OPERATIONS, Known
from unisync import ResponseError, ServerError, ServiceError, ThrottledError, TransportError

CallResult = type[BaseException] | Literal["success"]
RESOLVING = ("UpdateSyncBlocker", "UpdateServiceSyncBlocker")
"""Operations that must not be sent twice. Only `resolve_blocker` reads the blocker to learn whether it is resolved."""


def expected_results(fault: Fault, operation: str, *, every_time: bool) -> set[CallResult]:
    """The possible results of a call that fails once, or every time."""
    if fault.is_invalid:
        strict = fault._replace(result=TransportError, is_invalid=False)
        lenient = fault._replace(is_invalid=False)
        # Where an error is as invalid, nothing but its status can be read.
        return {
            ServiceError,
            *expected_results(strict, operation, every_time=every_time),
            *expected_results(lenient, operation, every_time=every_time),
        }
    if fault.result == "success":
        return {"success"}
    if fault.result == "either":
        return {"success", ResponseError}
    is_retried = issubclass(fault.result, (ThrottledError, ServerError, TransportError))
    outcome_unknown = issubclass(fault.result, (ServerError, TransportError, ResponseError))
    if operation in RESOLVING and outcome_unknown:
        return {fault.result}
    if operation.startswith("Create") and outcome_unknown:
        # The client looks the resource up, and creates it again if it is missing.
        return {"success"} if fault.executes or not every_time else {fault.result}
    return {fault.result} if every_time or not is_retried else {"success"}


def make_call(client: Any, service: str, name: str, known: Known) -> tuple[CallResult, list[Any]]:
    """Call an operation: what kind of result it had, and the values."""
    operation = OPERATIONS[service][name]
    try:
        result = operation.use(client, known)
        values = list(result) if operation.is_list else [result]
    except Exception as error:
        return type(error), []
    # Proton may return nothing; and what is deleted may not have existed any more.
    if service == "proton" and values == [None]:
        return "success", values
    return "success" if all(type(each) is operation.result for each in values) else AssertionError, values


class FaultyEmulator(Protocol):
    """A `RelayedEmulator` in this process or in another one."""

    def reset(self) -> Known: ...
    def set_fault(self, fault: Fault, service: str, operation: str, times: int | None = None) -> None: ...
    def clear_faults(self) -> None: ...
    def execution_count(self, service: str, operation: str) -> int: ...


def find_problems(
    emulator: FaultyEmulator, client: Any, service: str, name: str, fault: Fault, *, every_time: bool
) -> list[str]:
    """Call an operation with a fault. Returns what is wrong with the result, the duration or the next call."""
    known = emulator.reset()
    emulator.set_fault(fault, service, name, None if every_time else 1)
    began = time.monotonic()
    result, values = make_call(client, service, name, known)
    took = time.monotonic() - began
    executions = emulator.execution_count(service, name)
    emulator.clear_faults()
    problems: list[str] = []
    where = f"{service} {name}{' every time' if every_time else ''}"
    expected = expected_results(fault, name, every_time=every_time)
    if result not in expected:
        problems.append(f"{where}: {_name(result)} instead of {' or '.join(sorted(map(_name, expected)))}")
    if took > LIMIT:
        problems.append(f"{where}: it took {took:.1f} s")
    if fault.executes and executions > 1 and (name.startswith("Create") or name in RESOLVING):
        problems.append(f"{where}: executed {executions} times")
    known = emulator.reset()
    next_result, next_values = make_call(client, service, name, known)
    if next_result != "success":
        problems.append(f"{where}: the next call fails with {_name(next_result)}")
    is_read = name.startswith(("Get", "List"))
    if result == "success" and not fault.changes_reply and is_read and values != next_values:
        problems.append(f"{where}: the values are not those of an undisturbed call")
    return problems


def _name(result: CallResult) -> str:
    return result if isinstance(result, str) else result.__name__
