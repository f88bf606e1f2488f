"""For any answer that botocore's model allows, every member and value of it is found in what comes of it."""

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

from tests.support.operations import NAMES, OPERATIONS, Known, is_list, models_of_botocore, operations_of
from unisync import SyncJobStatus
from unisync._botocore.response import RawReply
from unisync._botocore.session import read
from unisync._core.flow import Call, Flow
from unisync._core.pagination import Page, Walk
from unisync._models.jobs import RepositoryIdentity
from unisync._models.resources import _UNTOLD

MODELS = {service: ServiceModel(description, service) for service, description in models_of_botocore()}

# What AWS may add: also names that are ours.
NEW_NAMES = st.sampled_from(["severity", "ref", "status", "owner", "provider", "aws_state", "created_at", "Answer"])
NEW_VALUES = st.one_of(st.text(max_size=5), st.integers(), st.booleans(), st.just({"nested": [1, None]}))
TEXT = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"]), min_size=1, max_size=8)
# Milliseconds, as AWS writes them.
TIMES = st.integers(0, 4_000_000_000_000).map(lambda milliseconds: milliseconds / 1000)


def answers(shape: Shape) -> st.SearchStrategy[Any]:
    """Documents that an answer of this shape may be."""
    if isinstance(shape, StructureShape):
        return structures(shape)
    if isinstance(shape, ListShape):
        return st.lists(answers(shape.member), max_size=2)
    if isinstance(shape, MapShape):
        return st.dictionaries(TEXT, answers(shape.value), max_size=2)
    if shape.type_name == "timestamp":
        return TIMES
    assert isinstance(shape, StringShape), shape.type_name
    if shape.name == "SyncSource":  # a part of a reference
        return st.text("aZ9_", min_size=1)
    if "/" in shape.metadata.get("pattern", "") and shape.name == "RepositoryName":
        return st.builds("{}/{}".format, TEXT, TEXT)
    return st.one_of(st.sampled_from(shape.enum), TEXT) if shape.enum else TEXT


@st.composite
def structures(draw: st.DrawFn, shape: StructureShape) -> dict[str, Any]:
    members: dict[str, Any] = {}
    for name, member in shape.members.items():
        if name in shape.required_members:
            members[name] = draw(answers(member))
        elif draw(st.booleans()):
            members[name] = draw(st.none() | answers(member))
    taken = {name.lower() for name in shape.members}
    new = draw(st.dictionaries(NEW_NAMES.filter(lambda name: name.lower() not in taken), NEW_VALUES, max_size=1))
    return {**members, **new}


def result_of(service: str, name: str, answer: Mapping[str, Any]) -> Any:
    """What an operation makes of an answer."""
    started = OPERATIONS[service][name].use(operations_of(service), Known())
    flow: Flow[Any] = Walk(started).next_page() if is_list(started) else started
    call = next(flow)
    assert isinstance(call, Call)
    reply = read(call, RawReply(json.dumps(answer).encode(), is_cbor=False, announced=None), {})
    try:
        flow.send(reply)
    except StopIteration as stop:
        return stop.value
    raise AssertionError("a flow that is answered is over")


def lost(shape: Shape, said: Any, found: Any, path: str) -> Iterator[str]:
    """The members and values of an answer that are not found in what came of it."""
    if said is None:  # as good as left out
        if found not in (None, "", (), _UNTOLD):
            yield f"{path}: null became {found!r}"
    elif isinstance(shape, StructureShape):
        for name, value in said.items():
            member = shape.members.get(name)
            if member is not None:
                yield from lost(member, value, told(found, name), f"{path}.{name}")
            elif value not in kept(found, name):
                yield f"{path}.{name}: {value!r} is not in {found!r}"
    elif isinstance(shape, ListShape):
        if len(said) != len(found):
            yield f"{path}: {len(said)} became {len(found)}"
        for index, (one, other) in enumerate(zip(said, found, strict=False)):
            yield from lost(shape.member, one, other, f"{path}[{index}]")
    elif shape.type_name == "timestamp":
        if abs((found - datetime.fromtimestamp(said, UTC)).total_seconds()) > 0.0005 or found.utcoffset():
            yield f"{path}: {said} became {found}"
    elif said != getattr(found, "aws_state", found):
        yield f"{path}: {said!r} became {found!r}"


def kept(model: Any, name: str) -> list[object]:
    """What stands under a name that no model has, or under that name with an underscore where it is one of ours."""
    extra: Mapping[str, object] = model.extra if isinstance(model, Page) else model.model_extra or {}
    return [extra.get(f"{name}{'_' * count}", extra) for count in range(3)]


def told(found: Any, name: str) -> Any:
    """What a model says of a member of AWS's."""
    kind: Any = found.__class__
    if kind is Page:
        return found.next_token if name.lower() == "nexttoken" else found.items
    if kind is SyncJobStatus and name == "state":
        return found.aws_state
    if issubclass(kind, RepositoryIdentity):
        split = {kind._full_name_member: found.full_name, kind._provider_member: found.aws_provider}
        if name in split:
            return split[name]
    fields: Mapping[str, FieldInfo] = kind.model_fields
    for field, info in fields.items():
        alias = info.validation_alias
        if name in (alias.choices if isinstance(alias, AliasChoices) else [field]):
            return getattr(found, field)
    raise AssertionError(f"{type(found).__name__} has no field for {name}")


def unwrapped(shape: StructureShape, said: Mapping[str, Any], result: Any) -> Iterator[str]:
    """The same for an answer that wraps what it is about, or is empty of it."""
    for name, value in said.items():
        if name in shape.members:
            yield from lost(shape.members[name], value, result, name)
        elif result is not None and value not in kept(result, name):
            yield f"{name}: {value!r} is not in {result!r}"


def wraps(shape: StructureShape, result: Any) -> bool:
    return len(shape.members) == 1 and isinstance(next(iter(shape.members.values())), StructureShape)


@pytest.mark.parametrize(("service", "name"), NAMES)
def test_every_member_and_value_of_an_answer_is_in_the_result(service: str, name: str) -> None:
    shape = MODELS[service].operation_model(name).output_shape
    assert isinstance(shape, StructureShape)

    @settings(max_examples=60, deadline=None)
    @given(structures(shape))
    def check(answer: dict[str, Any]) -> None:
        result = result_of(service, name, answer)
        compare: Callable[[StructureShape, Any, Any], Iterator[str]] = (
            unwrapped if wraps(shape, result) else lambda shape, said, found: lost(shape, said, found, name)
        )
        assert list(compare(shape, answer, result)) == []

    check()
