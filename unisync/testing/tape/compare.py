"""Comparing a tape with what unisync expects: with its models, and with the emulator.

Each reply is read by the model of its operation, through the client's own code: nothing may be unknown to it, and
nothing may be lost. And each reply is compared with what the emulator answers to the same operation, in a scene with
syncs in all their states: status and error code, the fields and their types, the order of events, the types of events,
and the forms of texts. Values are not compared, and nor is which state follows which.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple, cast

from botocore.model import MapShape, StringShape, StructureShape
from pydantic import JsonValue

from unisync._client.client import Unisync
from unisync._core.commands import Call
from unisync._core.transport import HttpResponse
from unisync._models.base import Model
from unisync.emulator import ACCOUNT, REGION, EmulatorClock
from unisync.emulator._protocol.message import Request, Response
from unisync.emulator._protocol.operations import Protocol, find_operation, service_model
from unisync.emulator._protocol.serialization import write_error
from unisync.emulator.emulator import in_process_options
from unisync.emulator.errors import AwsError
from unisync.errors import ResponseError, ServiceError
from unisync.testing.tape.bodies import decoded
from unisync.testing.tape.fields import Kind, output_shape
from unisync.testing.tape.file import Entry
from unisync.testing.tape.profile import (
    Node,
    Profile,
    code_of,
    modern,
    moment,
    nodes,
    order_of,
    profile_of_emulator,
    structure_of,
    type_of,
)
from unisync.testing.tape.replay import response_to
from unisync.testing.tape.scrub import form

_MAX_SHOWN = 3
"""How many of the emulator's values a difference shows."""


@dataclass(frozen=True)
class Difference:
    """Something on a tape that unisync's models or the emulator have otherwise."""

    exchange: int
    """The number of the call on the tape, from 1."""
    service: str
    operation: str
    what: str
    path: str
    """Where in the reply; empty for all of it."""
    tape: str
    emulator: str
    more: int = 0
    """In how many later replies it is the same."""

    def __str__(self) -> str:
        where = " ".join(filter(None, (self.what, self.path)))
        more = f" (and in {self.more} more)" if self.more else ""
        call = f"exchange {self.exchange}, {self.service} {self.operation}"
        return f"{call}: {where}: tape {self.tape}, emulator {self.emulator}{more}"

    def as_json(self) -> dict[str, Any]:
        """The difference as JSON."""
        return asdict(self)


class Comparison(NamedTuple):
    """The differences, and what could not be compared."""

    differences: list[Difference]
    not_compared: list[str]
    """Operations that the emulator is not asked for."""


def compare(entries: Sequence[Entry]) -> Comparison:
    """Compare a tape with unisync's models and with the emulator.

    Args:
        entries: The tape's.

    Returns:
        Each difference once, at the first reply that has it.
    """
    profile = profile_of_emulator()
    player = _OneReply()
    found: dict[tuple[str, ...], Difference] = {}
    not_compared: dict[str, None] = {}
    with _Reader(**in_process_options(player, ACCOUNT, REGION), allow_unknown_values=True) as reader:
        for number, entry in enumerate(entries, 1):
            if (modern(entry.service), entry.operation) not in profile.calls:
                not_compared[f"{entry.service} {entry.operation}"] = None
                continue
            for each in _Exchange(number, entry, profile).differences(reader, player):
                place = re.sub(r"\[\d+\]", "[]", each.path)
                key = (each.service, each.operation, each.what, place, each.tape, each.emulator)
                known = found.get(key)
                if known is None:
                    found[key] = each
                elif known.exchange != number:
                    found[key] = replace(known, more=known.more + 1)
    return Comparison(list(found.values()), list(not_compared))


class _Reader(Unisync):
    """A client that sends single calls."""

    def read(self, call: Call[Any]) -> Model | ServiceError:
        """The model of a reply, or its error.

        Raises:
            ResponseError: It cannot be read.
        """
        try:
            return cast("Model", self._settings.send(call))
        except ServiceError as error:
            return error


class _OneReply:
    """Answers each request with one reply."""

    def __init__(self) -> None:
        self.clock: EmulatorClock = EmulatorClock(None)
        self.entry: Entry | None = None

    def handle(self, request: Request) -> Response:
        assert self.entry is not None
        return response_to(request, find_operation(request), self.entry)


class _Exchange:
    """One call on the tape."""

    def __init__(self, number: int, entry: Entry, profile: Profile) -> None:
        self._number = number
        self._entry = entry
        self._profile = profile
        self._code = code_of(entry)

    def _difference(self, what: str, path: str, tape: object, emulator: object) -> Difference:
        entry = self._entry
        return Difference(self._number, entry.service, entry.operation, what, path, str(tape), str(emulator))

    def differences(self, reader: _Reader, player: _OneReply) -> Iterator[Difference]:
        """What differs: of several consequences of one difference, the first."""
        if not self._entry.is_readable:
            yield self._difference("body", "", "cannot be parsed", "can")
            return
        expected = self._expected_statuses()
        if not expected:
            yield self._difference("error code", "", self._code, "none of this name")
            return
        if self._entry.status not in expected:
            yield self._difference("status", "", self._entry.status, _shown(expected))
            if not (self._code or self._has_known_field()):
                return
            self._entry = self._entry.model_copy(update={"status": min(expected)})
        reported: set[str] = set()
        for node in nodes(self._entry):
            for each in self._of_node(node):
                reported.add(each.path)
                yield each
        for each in self._of_model(reader, player):
            if each.path not in reported and not (reported and not each.path):
                yield each

    def _expected_statuses(self) -> set[int]:
        """The statuses that the emulator would answer with; none if it knows no error of this code."""
        entry, key = self._entry, (modern(self._entry.service), self._entry.operation, self._code)
        if self._code and key not in self._profile.statuses:
            declared = service_model(entry.service).operation_model(entry.operation).error_shapes
            if ServiceError.class_of(self._code) is None and self._code not in {shape.name for shape in declared}:
                return set()
            self._profile.add(self._error_of_emulator(), has_texts=False)
        return self._profile.statuses[key]

    def _has_known_field(self) -> bool:
        """Whether the body looks like that of a success."""
        shape, body = output_shape(self._entry.service, self._entry.operation), self._entry.body
        return (
            isinstance(shape, StructureShape) and isinstance(body, dict) and not shape.members.keys().isdisjoint(body)
        )

    def _error_of_emulator(self) -> Entry:
        """What the emulator would answer with the same error."""
        service = self._entry.service
        protocol = Protocol(service_model(service).resolved_protocol)
        response = write_error(protocol, service, AwsError(self._code, ""))
        body = decoded(HttpResponse(response.status, response.headers, response.body), None)
        return self._entry.model_copy(update={"status": response.status, "headers": response.headers, "body": body})

    def _of_node(self, node: Node) -> Iterator[Difference]:
        profile, key = self._profile, node.key
        if node.path and not node.path.endswith("]") and key not in profile.fields:
            what, known = (
                ("unknown field", "no such field") if node.shape is None else ("unexpected field", "never sends it")
            )
            yield self._difference(what, node.path, _excerpt(node.value), known)
            return
        if type_of(node.value) not in profile.types[key] and profile.types[key]:
            yield self._difference("type", node.path, type_of(node.value), _shown(profile.types[key]))
            return
        if isinstance(node.value, dict):
            if isinstance(node.shape, MapShape):
                return
            for name in sorted(profile.always(structure_of(node)) - _present(node.value)):
                path = f"{node.path}.{name}" if node.path else name
                yield self._difference("missing field", path, "none", "always sends it")
        elif isinstance(node.value, list):
            orders, order = profile.orders[key], order_of(node)
            if len(orders) == 1 and order and order != orders:
                yield self._difference("order", node.path, _shown(order), _shown(orders))
        elif node.kind is Kind.WORD:
            yield from self._of_word(node, str(node.value))
        elif node.kind is Kind.TEXT:
            forms, own = profile.forms[key], form(str(node.value))
            if forms and own not in forms:
                yield self._difference("form of the text", node.path, repr(own), _shown(map(repr, forms)))

    def _of_word(self, node: Node, word: str) -> Iterator[Difference]:
        if isinstance(node.shape, StringShape) and node.shape.enum:
            # botocore's enums lack a few of CloudFormation's values.
            if word not in node.shape.enum and word not in self._profile.words[node.key]:
                yield self._difference("unknown value", node.path, word, _shown(node.shape.enum))
        elif node.key[1].endswith("SyncEvent"):
            if word not in self._profile.words[node.key]:
                yield self._difference("type of event", node.path, word, _shown(self._profile.words[node.key]))
        elif self._entry.is_error and word not in self._profile.words[node.key]:
            yield self._difference("error", node.path, word, _shown(self._profile.words[node.key]))

    def _of_model(self, reader: _Reader, player: _OneReply) -> Iterator[Difference]:
        """What unisync's models cannot read, do not know, or lose."""
        entry = self._entry
        player.entry = entry
        call = self._profile.calls[modern(entry.service), entry.operation]
        try:
            model = reader.read(call._replace(stop=None, on_response=None, location=None, wait_id=None))
        except ResponseError as error:
            yield self._difference("reply", "", f"cannot be read: {error}", "can be read")
            return
        if isinstance(model, ServiceError):
            return
        kept = _Kept()
        kept.add(model.model_dump())
        for node in nodes(entry):
            if not isinstance(node.value, (dict, list)) and node.shape is not None and not kept.has(node):
                yield self._difference("lost field", node.path, _excerpt(node.value), "not in unisync's model")


class _Kept:
    """The values of a model."""

    def __init__(self) -> None:
        self._texts: set[str] = set()
        self._numbers: set[float] = set()

    def add(self, value: object) -> None:
        """Add a value, and those in it."""
        match value:
            case str():
                self._texts |= {str(value), *value.split("/")}
            case bool() | None:
                pass
            case int() | float():
                self._numbers.add(_rounded(value))
            case datetime():
                self._numbers.add(_rounded(value.timestamp()))
            case Mapping():
                for inner in cast("Mapping[object, object]", value).values():
                    self.add(inner)
            case list() | tuple() | set() | frozenset():
                for inner in cast("Sequence[object]", value):
                    self.add(inner)
            case _:
                self._texts.add(str(value))

    def has(self, node: Node) -> bool:
        """Whether a value is among them."""
        value = node.value
        if node.shape is not None and node.shape.type_name == "timestamp":
            at = moment(value)
            return at is not None and _rounded(at) in self._numbers
        if node.shape is not None and node.shape.type_name == "boolean":  # in XML, a string
            return True
        if isinstance(value, str):
            return value in self._texts or self._texts.issuperset(value.split("/"))  # an owner and a name
        return not isinstance(value, (int, float)) or _rounded(value) in self._numbers


def _rounded(number: float) -> float:
    return round(number, 3)


def _present(fields: Mapping[str, Any]) -> set[str]:
    return {name for name, value in fields.items() if value is not None}


def _shown(values: Any) -> str:
    ordered = sorted(str(value) for value in values)
    more = f" and {len(ordered) - _MAX_SHOWN} more" if len(ordered) > _MAX_SHOWN else ""
    return " or ".join(ordered[:_MAX_SHOWN]) + more if ordered else "none"


def _excerpt(value: JsonValue) -> str:
    kind = type_of(value)
    return f"{value!r:.80}" if kind in ("boolean", "number", "string") else f"a {kind}"
