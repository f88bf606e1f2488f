"""What can go wrong on demand, and for how many calls."""

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

NEW_STATE = "REIMAGINED"
"""The word that "unknown-state" puts where AWS says how a sync stands."""
NEW_MEMBER = "addedByAws"
"""The member that "unknown-member" adds to every structure of a reply."""

_HTML = b"<!DOCTYPE html><html><body><h1>Please sign in to the network</h1></body></html>"
_GARBAGE = b"\x9f\xff\x00{]"


@dataclass(slots=True)
class Fault:
    """Something that goes wrong the next `times` calls of an operation; None is until it is cleared."""

    operation: str
    kind: str
    times: int | None
    seconds: float
    message: str
    service: str | None = None
    """The one service that it is for; None is every service."""

    def __post_init__(self) -> None:
        known_operation(self.operation, self.service)
        if not (self.kind in KINDS or re.fullmatch(r"http-[2-5][0-9]{2}|[A-Z][A-Za-z0-9]+", self.kind)):
            raise ValueError(
                f"kind: expected an AWS error code, http-NNN, or one of {', '.join(sorted(KINDS))}; got {self.kind!r}"
            )
        if self.times is not None and self.times < 1:
            raise ValueError(f"times: expected one or more, or None for every call, got {self.times!r}")
        if not 0 <= self.seconds < float("inf"):
            raise ValueError(f"seconds: expected zero or more, got {self.seconds!r}")

    def before(self) -> Response | None:
        """What happens in place of the operation: an error, a reply, or nothing of the kind."""
        if self.kind == "drop":
            return Response(500, delivery=Delivery(drop=True))
        if self.kind.startswith("http-"):
            status = int(self.kind.removeprefix("http-"))
            return Response(status, {"content-type": "text/html"}, f"<html><h1>{status}</h1></html>".encode())
        if self.kind not in KINDS:
            raise AwsError(self.kind, self.message)
        return None

    def reshape(self, operation: Operation, shaped: dict[str, Any]) -> dict[str, Any]:
        """What the operation answers instead of `shaped`."""
        alter = _ALTERATIONS.get(self.kind)
        shape = operation.model.output_shape
        return cast("dict[str, Any]", alter(shape, shaped)) if alter and shape else shaped

    def after(self, response: Response) -> Response:
        """What the reply becomes on its way."""
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


@dataclass(slots=True)
class TokenBucket:
    """So many calls a second, and so many at once, in each account and region."""

    rate: float
    burst: float
    clock: EmulatorClock
    _filled: dict[tuple[str, str], tuple[float, float]] = field(
        default_factory=dict[tuple[str, str], tuple[float, float]]
    )
    """The tokens of an account and region, and when that was."""

    def __post_init__(self) -> None:
        if not (self.rate > 0 and self.burst >= 1):
            raise ValueError(f"rate, burst: expected above zero and at least 1, got {self.rate!r} and {self.burst!r}")
        self._filled = {}

    def take(self, account: str, region: str) -> bool:
        """Take a token, if there is one."""
        now = self.clock.now()
        tokens, filled_at = self._filled.get((account, region), (self.burst, now))
        tokens = min(self.burst, tokens + (now - filled_at) * self.rate)
        self._filled[account, region] = tokens - (tokens >= 1), now
        return tokens >= 1


def known_operation(operation: str, service: str | None = None) -> None:
    """Refuse the name of an operation that no service has, or not the one named."""
    if service not in (None, *SERVICES):
        raise ValueError(f"service: expected one of {', '.join(SERVICES)}, or None for all of them; got {service!r}")
    services = SERVICES if service is None else (service,)
    if not any(operation in service_model(each).operation_names for each in services):
        raise ValueError(f"operation: {service or 'no service'} has {'none' if service else 'one'} named {operation!r}")


def _add_members(shape: Shape, value: object) -> object:
    return _map_structures(shape, value, lambda _, members: {**members, NEW_MEMBER: "something new"})


def _change_states(shape: Shape, value: object) -> object:
    def change(shape: StructureShape, members: dict[str, object]) -> dict[str, object]:
        states = [
            name for name, member in shape.members.items() if name.lower() in ("state", "status") and _is_enum(member)
        ]
        # The last success is history: that one was understood.
        kept = {name: item for name, item in given.items() if name.lower() == "latestsuccessfulsync"}
        return {**members, **{name: NEW_STATE for name in states if name in members}, **kept}

    given = cast("dict[str, object]", value)
    return _map_structures(shape, value, change)


def _remove_required(shape: Shape, value: object) -> object:
    """`value` without one required member: of the reply, or where it needs none, of the first structure that does."""
    if isinstance(shape, ListShape):
        first, *others = cast("list[object]", value) or [None]
        return value if first is None else [_remove_required(shape.member, first), *others]
    if not isinstance(shape, StructureShape):
        return value
    members = cast("dict[str, object]", value)
    for name in shape.required_members:
        return {other: item for other, item in members.items() if other != name}
    for name, item in members.items():
        without = _remove_required(shape.members[name], item)
        if without != item:
            return {**members, name: without}
    return members


def _is_enum(shape: Shape) -> bool:
    return bool(shape.metadata.get("enum"))


def _map_structures(
    shape: Shape, value: object, change: Callable[[StructureShape, dict[str, object]], dict[str, object]]
) -> object:
    """Apply `change` to every structure in a reply."""
    if isinstance(shape, StructureShape):
        members = cast("dict[str, object]", value)
        mapped = {name: _map_structures(shape.members[name], item, change) for name, item in members.items()}
        return change(shape, mapped)
    if isinstance(shape, ListShape):
        return [_map_structures(shape.member, item, change) for item in cast("list[object]", value)]
    return value


_ALTERATIONS: Mapping[str, Callable[[Shape, object], object]] = {
    "unknown-member": _add_members,
    "unknown-state": _change_states,
    "missing-member": _remove_required,
}

KINDS = {
    "drop": "the connection is closed before the operation runs",
    "drop-answer": "the operation runs, and the connection is closed without an answer",
    "stall": "the answer starts after `seconds` of silence",
    "slow": "the answer's body drips for `seconds`",
    "truncate": "the connection is closed half-way through the body",
    "short": "half the body, its length announced truly",
    "garble": "a body of garbage, as long as the real one",
    "empty": "status 200 and no body",
    "html": "status 200 and an HTML page",
    "unknown-member": "every structure has a member that no model knows",
    "unknown-state": "the state is a word that no model knows",
    "missing-member": "a required member is missing",
}
"""The faults that are not error codes, each with what it does."""
