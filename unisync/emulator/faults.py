"""Faults on demand, each for a number of calls, and rate limits."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, cast

from botocore.model import ListShape, Shape, StructureShape

from unisync.emulator._protocol.message import Delivery, Response
from unisync.emulator._protocol.operations import SERVICES, Operation, service_model
from unisync.emulator.clock import EmulatorClock
from unisync.emulator.errors import AwsError

EVERY = "*"
"""Stands for every operation."""
NEW_STATE = "REIMAGINED"
"""The state that "unknown-state" puts into a reply."""
NEW_FIELD = "addedByAws"
"""The field that "unknown-member" adds to every structure of a reply."""

_HTML = b"<!DOCTYPE html><html><body><h1>Please sign in to the network</h1></body></html>"
_STATES = ("state", "status", "stackstatus", "resourcestatus")
_GARBAGE = b"\x9f\xff\x00{]"


@dataclass(slots=True)
class Fault:
    """A fault for the next `times` calls of an operation; None lasts until it is cleared."""

    operation: str
    kind: str
    times: int | None
    seconds: float
    message: str
    service: str | None = None
    """The one service that it applies to; None is every service."""
    status: int | None = None
    """The HTTP status of an error code; None is the one that the service's model declares."""
    member: str | None = None
    """The field that "missing-member" removes; None is a required one."""

    def __post_init__(self) -> None:
        if self.operation == EVERY:
            _check_service(self.service)
        else:
            check_operation(self.operation, self.service)
        if not (self.kind in KINDS or re.fullmatch(r"http-[2-5][0-9]{2}|[A-Z][A-Za-z0-9]+", self.kind)):
            raise ValueError(
                f"kind: expected an AWS error code, http-NNN, or one of {', '.join(sorted(KINDS))}; got {self.kind!r}"
            )
        is_code = self.kind not in KINDS and not self.kind.startswith("http-")
        if self.status is not None and not (is_code and 400 <= self.status < 600):
            raise ValueError(f"status: expected 400 to 599, with an error code as the kind; got {self.status!r}")
        if self.member is not None and not (self.kind == "missing-member" and self._has_member()):
            raise ValueError(
                f"member: expected a field of the reply of {self.operation}, with the kind missing-member; "
                f"got {self.member!r}"
            )
        if self.times is not None and self.times < 1:
            raise ValueError(f"times: expected one or more, or None for every call, got {self.times!r}")
        if not 0 <= self.seconds < float("inf"):
            raise ValueError(f"seconds: expected zero or more, got {self.seconds!r}")

    def applies_to(self, operation: Operation) -> bool:
        """Whether it is a fault of an operation."""
        return self.operation in (EVERY, operation.name) and self.service in (None, operation.service)

    def replace_operation(self) -> Response | None:
        """The response that is sent instead of running the operation; None if it runs.

        Raises:
            AwsError: The error response that is sent instead.
        """
        if self.kind == "drop":
            return Response(500, delivery=Delivery(drop=True))
        if self.kind.startswith("http-"):
            status = int(self.kind.removeprefix("http-"))
            return Response(status, {"content-type": "text/html"}, f"<html><h1>{status}</h1></html>".encode())
        if self.kind not in KINDS:
            raise AwsError(self.kind, self.message, self.status)
        return None

    def apply_to_reply(self, operation: Operation, reply: dict[str, Any]) -> dict[str, Any]:
        """The changed fields of a successful reply."""
        change = _CHANGES.get(self.kind) if self.member is None else _field_remover(self.member)
        shape = operation.model.output_shape
        return cast("dict[str, Any]", change(shape, reply)) if change and shape else reply

    def apply_to_response(self, response: Response) -> Response:
        """The changed bytes, or the changed delivery, of a response."""
        length = len(response.body)
        match self.kind:
            case "drop-answer":
                response.delivery = Delivery(drop=True)
            case "truncate":
                response.delivery = Delivery(cut_at=length // 2)
            case "slow":
                response.delivery = Delivery(drip=self.seconds)
            case "stall":
                response.delivery = Delivery(stall=self.seconds)
            case "short":
                response = replace(response, body=response.body[: length // 2])
            case "garble":
                response = replace(response, body=(_GARBAGE * length)[:length])
            case "empty":
                response = replace(response, body=b"")
            case "html":
                response = Response(response.status, {"content-type": "text/html"}, _HTML)
            case _:
                pass
        return response

    def _has_member(self) -> bool:
        """Whether the reply of the operation has the field, in any of its services."""
        models = [service_model(each) for each in SERVICES if self.service in (None, each)]
        shapes = [
            model.operation_model(self.operation).output_shape
            for model in models
            if self.operation in model.operation_names
        ]
        return any(self.member in _fields_of(shape) for shape in shapes if shape is not None)


@dataclass(slots=True)
class TokenBucket:
    """A rate limit for each account and region: `rate` calls per emulated second, `burst` calls at once."""

    rate: float
    burst: float
    clock: EmulatorClock
    _levels: dict[tuple[str, str], tuple[float, float]] = field(
        default_factory=dict[tuple[str, str], tuple[float, float]], init=False
    )
    """The tokens left in an account and region, and the time of that count."""

    def __post_init__(self) -> None:
        if not (self.rate > 0 and self.burst >= 1):
            raise ValueError(f"rate, burst: expected above zero and at least 1, got {self.rate!r} and {self.burst!r}")

    def take(self, account: str, region: str) -> bool:
        """Take a token; False if there is none."""
        now = self.clock.now()
        tokens, counted_at = self._levels.get((account, region), (self.burst, now))
        tokens = min(self.burst, tokens + (now - counted_at) * self.rate)
        self._levels[account, region] = tokens - (tokens >= 1), now
        return tokens >= 1


def check_operation(operation: str, service: str | None = None) -> None:
    """Check that the service, or any service, has an operation of this name.

    Raises:
        ValueError: None has.
    """
    _check_service(service)
    services = SERVICES if service is None else (service,)
    if not any(operation in service_model(each).operation_names for each in services):
        raise ValueError(f"operation: there is no {operation!r} in {service or 'any service'}")


def _check_service(service: str | None) -> None:
    if service not in (None, *SERVICES):
        raise ValueError(f"service: expected one of {', '.join(SERVICES)}, or None for all of them; got {service!r}")


def _fields_of(shape: Shape, outer: frozenset[str] = frozenset()) -> set[str]:
    """The names of the fields of a structure, and of the structures in it."""
    if isinstance(shape, ListShape):
        return _fields_of(shape.member, outer)
    if not isinstance(shape, StructureShape) or shape.name in outer:
        return set()
    inner = [_fields_of(member, outer | {shape.name}) for member in shape.members.values()]
    return set(shape.members).union(*inner)


def _add_fields(shape: Shape, value: object) -> object:
    return _map_structures(shape, value, lambda _, fields: {**fields, NEW_FIELD: "something new"})


def _change_states(shape: Shape, value: object) -> object:
    def change(shape: StructureShape, fields: dict[str, object]) -> dict[str, object]:
        states = [name for name, member in shape.members.items() if name.lower() in _STATES and _is_enum(member)]
        return {**fields, **{name: NEW_STATE for name in states if name in fields}}

    reply = cast("dict[str, object]", value)
    # The state of the last success is known: it was one when it succeeded.
    kept = {name: item for name, item in reply.items() if name.lower() == "latestsuccessfulsync"}
    return {**cast("dict[str, object]", _map_structures(shape, reply, change)), **kept}


def _remove_required(shape: Shape, value: object) -> object:
    """Remove one required field: of the reply, or if it has none, of the first structure in it that has one."""
    if isinstance(shape, ListShape):
        first, *others = cast("list[object]", value) or [None]
        return value if first is None else [_remove_required(shape.member, first), *others]
    if not isinstance(shape, StructureShape):
        return value
    fields = cast("dict[str, object]", value)
    for name in shape.required_members:
        return {other: item for other, item in fields.items() if other != name}
    for name, item in fields.items():
        without = _remove_required(shape.members[name], item)
        if without != item:
            return {**fields, name: without}
    return fields


def _field_remover(name: str) -> Callable[[Shape, object], object]:
    """Returns a change that removes a field from every structure that has it."""

    def remove(_: StructureShape, fields: dict[str, object]) -> dict[str, object]:
        return {other: item for other, item in fields.items() if other != name}

    return lambda shape, value: _map_structures(shape, value, remove)


def _is_enum(shape: Shape) -> bool:
    return bool(shape.metadata.get("enum"))


def _map_structures(
    shape: Shape, value: object, change: Callable[[StructureShape, dict[str, object]], dict[str, object]]
) -> object:
    """Apply `change` to every structure in a reply."""
    if isinstance(shape, StructureShape):
        fields = cast("dict[str, object]", value)
        mapped = {name: _map_structures(shape.members[name], item, change) for name, item in fields.items()}
        return change(shape, mapped)
    if isinstance(shape, ListShape):
        return [_map_structures(shape.member, item, change) for item in cast("list[object]", value)]
    return value


_CHANGES: Mapping[str, Callable[[Shape, object], object]] = {
    "unknown-member": _add_fields,
    "unknown-state": _change_states,
    "missing-member": _remove_required,
}

KINDS = {
    "drop": "the connection is closed before the operation runs",
    "drop-answer": "the operation runs, and the connection is closed without a response",
    "stall": "the response starts after `seconds` of silence",
    "slow": "the body of the response takes `seconds` to arrive",
    "truncate": "the connection is closed halfway through the body",
    "short": "half of the body, with the content-length of that half",
    "garble": "a body of garbage, as long as the real one",
    "empty": "the usual status and an empty body",
    "html": "the usual status and an HTML page",
    "unknown-member": "every structure has a field that no model has",
    "unknown-state": "the state is a value that no model has",
    "missing-member": "a required field is missing, or the field `member`",
}
"""The kinds of faults that are not error codes, each with its effect."""
