"""For every response that botocore's models allow, each field and value is found in the result."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.model import ListShape, MapShape, ServiceModel, Shape, StringShape, StructureShape
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import AliasChoices
from pydantic.fields import FieldInfo

from tests.support.operations import ALL_NAMES, OPERATIONS, Known, is_list, models_of_botocore, operations_of
from unisync import NotFoundError, ResponseError, SyncJobStatus
from unisync._botocore.read import Body, read
from unisync._core.flow import Call, Flow
from unisync._core.pagination import Page, PageCursor
from unisync._models.jobs import RepositoryIdentity
from unisync._models.resources import _NO_STATUS

pytestmark = pytest.mark.slow

MODELS = {service: ServiceModel(description, service) for service, description in models_of_botocore()}

# Fields that AWS may add, also under names of ours.
NEW_NAMES = st.sampled_from(["severity", "ref", "status", "owner", "provider", "aws_state", "created_at", "value"])
NEW_VALUES = st.one_of(st.text(max_size=5), st.integers(), st.booleans(), st.just({"nested": [1, None]}))
TEXT = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"]), min_size=1, max_size=8)
# Milliseconds, as AWS sends them.
TIMES = st.integers(0, 4_000_000_000_000).map(lambda milliseconds: milliseconds / 1000)


def responses(shape: Shape) -> st.SearchStrategy[Any]:
    """Documents of a shape."""
    if isinstance(shape, StructureShape):
        return structures(shape)
    if isinstance(shape, ListShape):
        return st.lists(responses(shape.member), max_size=2)
    if isinstance(shape, MapShape):
        return st.dictionaries(TEXT, responses(shape.value), max_size=2)
    if shape.type_name == "timestamp":
        return TIMES
    assert isinstance(shape, StringShape), shape.type_name
    if shape.name == "SyncSource":  # part of a reference
        return st.text("aZ9_", min_size=1)
    if "/" in shape.metadata.get("pattern", "") and shape.name == "RepositoryName":
        return st.builds("{}/{}".format, TEXT, TEXT)
    return st.one_of(st.sampled_from(shape.enum), TEXT) if shape.enum else TEXT


@st.composite
def structures(draw: st.DrawFn, shape: StructureShape) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name, member in shape.members.items():
        if name in shape.required_members:
            fields[name] = draw(responses(member))
        elif draw(st.booleans()):
            fields[name] = draw(st.none() | responses(member))
    taken = {name.lower() for name in shape.members}
    new = draw(st.dictionaries(NEW_NAMES.filter(lambda name: name.lower() not in taken), NEW_VALUES, max_size=1))
    return {**fields, **new}


def call_of(service: str, name: str) -> tuple[Flow[Any], Call[Any]]:
    """An operation, and the call that it makes."""
    started = OPERATIONS[service][name].use(operations_of(service), Known())
    flow: Flow[Any] = PageCursor(started).next_page() if is_list(started) else started
    call = next(flow)
    assert isinstance(call, Call)
    return flow, call


def distinct_responses() -> list[tuple[str, str]]:
    """One operation for each response that differs in its model or in AWS's shapes."""
    found: dict[object, tuple[str, str]] = {}
    for service, name in ALL_NAMES:
        if OPERATIONS[service][name].result is dict:  # tags, which have no fields but their key and value
            continue
        shape = MODELS[service].operation_model(name).output_shape
        assert isinstance(shape, StructureShape)
        fields = frozenset((field, member.name) for field, member in shape.members.items())
        found.setdefault((call_of(service, name)[1].response_model, fields), (service, name))
    return list(found.values())


def result_of(service: str, name: str, response: Mapping[str, Any]) -> Any:
    """The result of an operation for a response."""
    flow, call = call_of(service, name)
    raw = Body(json.dumps(response).encode(), is_cbor=False, content_length=None)
    try:
        flow.send(read(call, raw, {}))
    except StopIteration as stop:
        return stop.value
    except (NotFoundError, ResponseError):  # of a response without the one field that counts
        return None
    raise AssertionError("the operation makes a second call")


def lost(shape: Shape, sent: Any, found: Any, path: str) -> Iterator[str]:
    """The fields and values of a response that are not found in the result."""
    if sent is None:  # as if left out
        if found not in (None, "", (), _NO_STATUS):
            yield f"{path}: null became {found!r}"
    elif isinstance(shape, StructureShape):
        for name, value in sent.items():
            member = shape.members.get(name)
            if member is not None:
                yield from lost(member, value, field_of(found, name), f"{path}.{name}")
            elif value not in kept(found, name):
                yield f"{path}.{name}: {value!r} is not in {found!r}"
    elif isinstance(shape, ListShape):
        if len(sent) != len(found):
            yield f"{path}: {len(sent)} became {len(found)}"
        if path.lower().endswith(".events"):  # which are put in order of time
            sent = sorted(sent, key=lambda event: event.get("time", event.get("Time")))
        for index, (one, other) in enumerate(zip(sent, found, strict=False)):
            yield from lost(shape.member, one, other, f"{path}[{index}]")
    elif shape.type_name == "timestamp":
        if abs((found - datetime.fromtimestamp(sent, UTC)).total_seconds()) > 0.0005 or found.utcoffset():
            yield f"{path}: {sent} became {found}"
    elif sent != getattr(found, "aws_state", found):
        yield f"{path}: {sent!r} became {found!r}"


def kept(model: Any, name: str) -> list[object]:
    """The unknown fields with a name, or with that name and underscores behind it, if it is one of ours."""
    extra: Mapping[str, object] = model.extra if isinstance(model, Page) else model.model_extra or {}
    return [extra.get(f"{name}{'_' * count}", extra) for count in range(3)]


def field_of(found: Any, name: str) -> Any:
    """The value that a model has for a field of AWS's."""
    kind: Any = found.__class__
    if kind is Page:
        return found.next_token if name.lower() == "nexttoken" else found.items
    if kind is SyncJobStatus and name == "state":
        return found.aws_state
    if issubclass(kind, RepositoryIdentity):
        split = {kind._full_name_field: found.full_name, kind._provider_field: found.aws_provider}
        if name in split:
            return split[name]
    fields: Mapping[str, FieldInfo] = kind.model_fields
    for field, info in fields.items():
        alias = info.validation_alias
        if name in (alias.choices if isinstance(alias, AliasChoices) else [field]):
            return getattr(found, field)
    raise AssertionError(f"{type(found).__name__} has no field for {name}")


def unwrapped(shape: StructureShape, sent: Mapping[str, Any], result: Any) -> Iterator[str]:
    """The same for a response with one field that counts, which may be missing."""
    for name, value in sent.items():
        if name in shape.members:
            yield from lost(shape.members[name], value, result, name)
        elif result is not None and value not in kept(result, name):
            yield f"{name}: {value!r} is not in {result!r}"


def wraps(shape: StructureShape, result: Any) -> bool:
    return len(shape.members) == 1 and isinstance(next(iter(shape.members.values())), StructureShape)


@pytest.mark.parametrize(("service", "name"), distinct_responses())
def test_every_field_of_a_response_is_in_the_result(service: str, name: str) -> None:
    shape = MODELS[service].operation_model(name).output_shape
    assert isinstance(shape, StructureShape)

    @settings(max_examples=settings().max_examples // 5)
    @given(structures(shape))
    def check(response: dict[str, Any]) -> None:
        result = result_of(service, name, response)
        compare: Callable[[StructureShape, Any, Any], Iterator[str]] = (
            unwrapped if wraps(shape, result) else lambda shape, sent, found: lost(shape, sent, found, name)
        )
        assert list(compare(shape, response, result)) == []

    check()
