"""What a call comes to when it goes astray, and what it was to come to."""

from __future__ import annotations

import time
from typing import Any, Literal, Protocol

from tests.robustness.kinds import Fault
from tests.robustness.stage import LIMIT
from tests.support.operations import OPERATIONS, Known
from unisync import ResponseError, ServerError, ThrottledError, TransportError

Outcome = type[BaseException] | Literal["answer"]
RELEASES = ("UpdateSyncBlocker", "UpdateServiceSyncBlocker")
"""What must not be done twice either, and is looked up by `resolve_blocker` alone."""


def expected(fault: Fault, operation: str, *, lasts: bool) -> set[Outcome]:
    """What a call is to come to that goes astray once, or each time."""
    if fault.gives == "answer":
        return {"answer"}
    if fault.gives == "either":
        return {"answer", ResponseError}
    passes = issubclass(fault.gives, (ThrottledError, ServerError, TransportError))
    is_unclear = issubclass(fault.gives, (ServerError, TransportError, ResponseError))
    if operation in RELEASES and is_unclear:
        return {fault.gives}
    if operation.startswith("Create") and is_unclear:
        # It is looked up, and done again if it was not done.
        return {"answer"} if fault.runs or not lasts else {fault.gives}
    return {fault.gives} if lasts or not passes else {"answer"}


def outcome(client: Any, service: str, name: str, known: Known) -> tuple[Outcome, list[Any]]:
    """What a call comes to, and its results."""
    operation = OPERATIONS[service][name]
    try:
        result = operation.use(client, known)
        results = list(result) if operation.is_list else [result]
    except Exception as error:
        return type(error), []
    # Proton may answer with nothing; and what is deleted may have been gone already.
    if service == "proton" and results == [None]:
        return "answer", results
    return "answer" if all(type(each) is operation.result for each in results) else AssertionError, results


class Scene(Protocol):
    """A stage, here or in a process of its own."""

    def reset(self) -> Known: ...
    def arm(self, fault: Fault, service: str, operation: str, times: int | None = None) -> None: ...
    def disarm(self) -> None: ...
    def ran(self, service: str, operation: str) -> int: ...


def surprises(stage: Scene, client: Any, service: str, name: str, fault: Fault, *, lasts: bool) -> list[str]:
    """What was not to be expected of a call that goes astray, of the time it took, and of the next call."""
    known = stage.reset()
    stage.arm(fault, service, name, None if lasts else 1)
    began = time.monotonic()
    got, results = outcome(client, service, name, known)
    took = time.monotonic() - began
    made = stage.ran(service, name)
    stage.disarm()
    said: list[str] = []
    where = f"{service} {name}{' each time' if lasts else ''}"
    wanted = expected(fault, name, lasts=lasts)
    if got not in wanted:
        said.append(f"{where}: {_name(got)}, not {' or '.join(sorted(map(_name, wanted)))}")
    if took > LIMIT:
        said.append(f"{where}: it took {took:.1f} s")
    if fault.runs and made > 1 and (name.startswith("Create") or name in RELEASES):
        said.append(f"{where}: done {made} times")
    known = stage.reset()
    after, right = outcome(client, service, name, known)
    if after != "answer":
        said.append(f"{where}: the next call gives {_name(after)}")
    if got == "answer" and not fault.alters and name.startswith(("Get", "List")) and results != right:
        said.append(f"{where}: it is not the right answer")
    return said


def _name(outcome: Outcome) -> str:
    return outcome if isinstance(outcome, str) else outcome.__name__
