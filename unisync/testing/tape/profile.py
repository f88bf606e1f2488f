"""What the emulator answers, as statistics of many replies: which fields, types, words, forms of texts and orders.

The replies are those of a scene (`scene.py`) with syncs in all their states. They are counted by the structure of AWS's
model that a field is in, so that all replies with the same structure count.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from botocore.model import ListShape, MapShape, Shape, StructureShape
from pydantic import JsonValue

from unisync._core.commands import Call
from unisync._core.exchanges import Exchange, listening
from unisync.testing.fake import FakeUnisync
from unisync.testing.tape.fields import Kind, kind_of, output_shape
from unisync.testing.tape.file import Entry
from unisync.testing.tape.recording import scrubbed
from unisync.testing.tape.scene import play
from unisync.testing.tape.scrub import form

Key = tuple[str, str, str]
"""The service, the structure, and the field in it."""

_MODERN = {"codestar-connections": "codeconnections"}
"""Services that are others under an older name."""


class Node(NamedTuple):
    """A value in a reply."""

    path: str
    key: Key
    shape: Shape | None
    value: JsonValue
    kind: Kind | None
    """What it is, if it is a string."""


@dataclass
class Profile:
    """What replies of the emulator have in common."""

    calls: dict[tuple[str, str], Call[Any]] = field(default_factory=dict[tuple[str, str], "Call[Any]"])
    """A call of each operation."""
    statuses: defaultdict[tuple[str, str, str], set[int]] = field(default_factory=lambda: defaultdict(set))
    """By service, operation and error code; a success has no code."""
    structures: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])
    """How many structures there were."""
    fields: Counter[Key] = field(default_factory=Counter[Key])
    """In how many structures a field was."""
    types: defaultdict[Key, set[str]] = field(default_factory=lambda: defaultdict(set))
    words: defaultdict[Key, set[str]] = field(default_factory=lambda: defaultdict(set))
    forms: defaultdict[Key, set[str]] = field(default_factory=lambda: defaultdict(set))
    orders: defaultdict[Key, set[str]] = field(default_factory=lambda: defaultdict(set))
    _always: dict[tuple[str, str], set[str]] = field(default_factory=dict[tuple[str, str], set[str]])

    def add(self, entry: Entry, *, has_texts: bool = True) -> None:
        """Count a reply.

        Args:
            entry: The reply.
            has_texts: Whether its texts are the emulator's own.
        """
        self._always.clear()
        service = modern(entry.service)
        self.statuses[service, entry.operation, code_of(entry)].add(entry.status)
        for node in nodes(entry):
            if isinstance(node.value, dict) and not isinstance(node.shape, MapShape):
                structure = structure_of(node)
                self.structures[structure] += 1
                self.fields.update((*structure, name) for name, value in node.value.items() if value is not None)
            self.types[node.key].add(type_of(node.value))
            if node.kind is Kind.WORD:
                self.words[node.key].add(str(node.value))
            elif node.kind is Kind.TEXT and has_texts:
                self.forms[node.key].add(form(str(node.value)))
            elif isinstance(node.value, list):
                self.orders[node.key] |= order_of(node)

    def always(self, structure: tuple[str, str]) -> set[str]:
        """The fields that each structure of a name has."""
        if not self._always:
            for (service, name, inner), count in self.fields.items():
                if count == self.structures[service, name]:
                    self._always.setdefault((service, name), set()).add(inner)
        return self._always.get(structure, set())


@cache
def profile_of_emulator() -> Profile:
    """Play the scene, and count its replies. This takes seconds."""
    exchanges: list[Exchange] = []
    with FakeUnisync() as client, listening(exchanges.append):
        play(client)
    profile = Profile()
    for exchange in exchanges:
        call = exchange.call
        profile.calls.setdefault((call.service, call.operation), call)
    distinct = {
        (each.call.service, each.call.operation, each.response.status, each.response.body): each for each in exchanges
    }
    for entry in scrubbed(list(distinct.values())):
        profile.add(entry)
    return profile


def modern(service: str) -> str:
    """The present name of a service."""
    return _MODERN.get(service, service)


def code_of(entry: Entry) -> str:
    """The code of an error; empty if there is none."""
    body = entry.body if isinstance(entry.body, dict) else {}
    inner = body.get("Error")
    found = inner.get("Code") if isinstance(inner, dict) else body.get("__type")
    return str(found or entry.headers.get("x-amzn-errortype", "")).rpartition("#")[2]


def nodes(entry: Entry) -> Iterator[Node]:
    """Every value of a reply that is not null, each before those in it; none within a field that no model has."""
    service, code = modern(entry.service), code_of(entry)
    shape = None if entry.is_error else output_shape(entry.service, entry.operation)
    name = f"error {entry.operation} {code}" if entry.is_error else entry.operation
    yield from _nodes(entry.body, shape, "", (service, name, ""), is_error=entry.is_error)


def _nodes(value: JsonValue, shape: Shape | None, path: str, key: Key, *, is_error: bool) -> Iterator[Node]:
    if value is None:
        return
    service, parent, name = key
    kind = kind_of(shape, parent, name, is_request=False, is_error=is_error) if isinstance(value, str) else None
    yield Node(path, key, shape, value, kind)
    if isinstance(value, list) and (shape is not None or is_error):
        member = shape.member if isinstance(shape, ListShape) else None
        for index, item in enumerate(value):
            yield from _nodes(item, member, f"{path}[{index}]", (service, parent, f"{name}[]"), is_error=is_error)
    elif isinstance(value, dict) and not isinstance(shape, MapShape) and (shape is not None or is_error):
        members = shape.members if isinstance(shape, StructureShape) else {}
        owner = shape.name if shape is not None else f"{parent} {name}"
        for inner, item in value.items():
            inner_path = f"{path}.{inner}" if path else inner
            yield from _nodes(item, members.get(inner), inner_path, (service, owner, inner), is_error=is_error)


def structure_of(node: Node) -> tuple[str, str]:
    """The service and the name of a node's structure."""
    service, parent, name = node.key
    return service, node.shape.name if node.shape is not None else f"{parent} {name}"


def type_of(value: JsonValue) -> str:
    """The type of a value in JSON."""
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, (int, float)):
        return "number"
    return "string" if isinstance(value, str) else "list" if isinstance(value, list) else "structure"


def order_of(node: Node) -> set[str]:
    """The order of a list of events by their dates; nothing if these are all the same. Other lists have none."""
    if not node.key[2].lower().endswith("events"):
        return set()
    member = node.shape.member if isinstance(node.shape, ListShape) else None
    members = member.members if isinstance(member, StructureShape) else {}
    date = next((name for name, shape in members.items() if shape.type_name == "timestamp"), None)
    if date is None or not isinstance(node.value, list):
        return set()
    moments = [moment(item.get(date)) for item in node.value if isinstance(item, dict)]
    times = [each for each in moments if each is not None]
    if len(set(times)) < 2:
        return set()
    if times == sorted(times):
        return {"oldest first"}
    return {"newest first"} if times == sorted(times, reverse=True) else {"neither oldest nor newest first"}


def moment(value: JsonValue) -> float | None:
    """A date in seconds since 1970."""
    if isinstance(value, str):
        try:
            return datetime.fromisoformat(value).timestamp()
        except ValueError:
            return None
    return value if isinstance(value, (int, float)) else None
