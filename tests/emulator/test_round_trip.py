"""Any valid request of any operation: what botocore serializes is what the emulator reads, in every protocol."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any, cast

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.model import ListShape, MapShape, Shape, StringShape, StructureShape
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.emulator.clients import SPEAKS_CBOR, Clients, short_circuit
from unisync.emulator import EmulatorClock
from unisync.emulator._protocol.operations import SERVICES, service_model
from unisync.emulator.application import Application

DEEPEST = 4
RARE = {
    # Patterns whose lengths chance would seldom meet.
    r"^arn:(aws|aws-cn|aws-us-gov):[a-zA-Z0-9-]+:[a-zA-Z0-9-]*:\d{12}:([\w+=,.@-]+[/:])*[\w+=,.@-]+$": st.from_regex(
        r"arn:aws:s3:[a-z]{0,3}:[0-9]{12}:([a-z]{1,3}[/:]){0,2}[a-z0-9_+=,.@-]{1,9}", fullmatch=True
    ),
}

EVERY = [
    (service, name)
    for service in SERVICES
    for name in service_model(service).operation_names
    if service_model(service).operation_model(name).auth_type != "none"  # who may ask without a signature has no calls
]
Params = dict[str, object]


@cache
def strings(pattern: str | None, least: int, most: int | None) -> st.SearchStrategy[str]:
    """Strings as a shape wants them."""
    most = least + 60 if most is None else min(most, least + 60)
    if pattern is None:
        return st.text(min_size=least, max_size=most)
    if pattern in RARE:
        return RARE[pattern]
    ascii_only = re.ASCII
    for java, python in ((r"\p{L}", r"a-zé数"), (r"\p{N}", r"\d"), (r"\p{Z}", r" ")):
        if java in pattern:
            pattern, ascii_only = pattern.replace(java, python), re.NOFLAG
    found = st.from_regex(re.compile(pattern, ascii_only), fullmatch=True)
    return found.filter(lambda text: least <= len(text) <= most)


def values(shape: Shape, depth: int = 0) -> st.SearchStrategy[Any]:
    """Valid values of a shape, as boto3 is given them."""
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    match shape:
        case StructureShape():
            return structures(shape, depth)
        case MapShape():
            entry = values(shape.value, depth + 1)
            return st.dictionaries(values(shape.key), entry, min_size=least or 0, max_size=min(most or 3, 3))
        case ListShape():
            item = values(shape.member, depth + 1)
            return st.lists(item, min_size=least or 0, max_size=max(least or 0, min(most or 3, 3)))
        case StringShape() if shape.enum:
            return st.sampled_from(shape.enum)
        case _ if shape.type_name == "string":
            return strings(shape.metadata.get("pattern"), least or 0, most)
        case _ if shape.type_name in ("integer", "long"):
            return st.integers(-(2**31) if least is None else least, 2**31 - 1 if most is None else most)
        case _ if shape.type_name == "boolean":
            return st.booleans()
        case _ if shape.type_name == "timestamp":
            return st.datetimes(datetime(1980, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
        case _:
            assert shape.type_name == "double"
            return st.floats(allow_nan=False)


def structures(shape: StructureShape, depth: int, always: frozenset[str] = frozenset()) -> st.SearchStrategy[Params]:
    """Valid structures: required members always, others by chance, and none of them far down."""
    if shape.is_tagged_union:
        return st.sampled_from(sorted(shape.members)).flatmap(
            lambda name: st.fixed_dictionaries({name: values(shape.members[name], depth + 1)})
        )
    needed = always.union(shape.required_members)
    required = {name: values(member, depth + 1) for name, member in shape.members.items() if name in needed}
    if depth >= DEEPEST:
        return st.fixed_dictionaries(required)
    optional = {name: values(member, depth + 1) for name, member in shape.members.items() if name not in needed}
    return st.fixed_dictionaries(required, optional=optional)


@cache
def requests(service: str, operation: str) -> st.SearchStrategy[Params]:
    """Valid requests of an operation."""
    model = service_model(service).operation_model(operation)
    shape = model.input_shape
    assert shape is not None
    # botocore fills in idempotency tokens of its own where there are none.
    strategy = structures(shape, 0, frozenset(model.idempotent_members))
    lists = [name for name, member in shape.members.items() if in_query(member) and member.type_name == "list"]
    # A list in a query that is empty is no list at all, and no field of a form can say that a structure is empty.
    return strategy.filter(
        lambda params: all(params.get(name, True) for name in lists) and not (service == "sts" and has_empty(params))
    )


def has_empty(value: object) -> bool:
    """Whether there is a structure without members among the members of a request."""
    items = list(cast("dict[str, object]", value).values()) if isinstance(value, dict) else value
    return isinstance(items, list) and any(item == {} or has_empty(item) for item in cast("list[object]", items))


def in_query(shape: Shape) -> bool:
    return shape.serialization.get("location") == "querystring"


def as_read(value: object) -> object:
    """A request's value as the emulator has it: dates are seconds since 1970."""
    match value:
        case datetime():
            # Older botocore leaves fractions of a second behind.
            return pytest.approx(value.timestamp(), abs=1e-6 if SPEAKS_CBOR else 1)
        case dict():
            return {key: as_read(item) for key, item in cast("Mapping[str, object]", value).items()}
        case list():
            return [as_read(item) for item in cast("list[object]", value)]
        case _:
            return value


class Loop:
    """Clients that reach an application in this process, without a socket."""

    def __init__(self, session: boto3.Session | None = None) -> None:
        self.application = Application(EmulatorClock(None))
        self.clients = Clients("http://127.0.0.1:9", session=session)
        short_circuit(self.clients, self.application)

    def read_back(self, service: str, operation: str, params: Params) -> Mapping[str, object]:
        try:
            self.clients.call(service, operation, params)
        except ClientError as error:
            # Most are not emulated, and nothing exists: the point is what was understood.
            code = error.response.get("Error", {}).get("Code")
            if code in ("SerializationException", "InvalidSignatureException", "InternalFailure"):
                raise
            if "failed to satisfy constraint" in str(error):
                raise
        call = self.application.calls.pop()
        assert (call.service, call.operation) == (service, operation)
        return call.params


@pytest.fixture(scope="module")
def json_loop() -> Loop:
    return Loop()


@pytest.fixture(scope="module")
def cbor_loop(cbor_session: boto3.Session) -> Loop:
    return Loop(cbor_session)


few = settings(
    max_examples=5,
    # Shrinking takes a minute with so many shapes, and the shapes are small.
    phases=[Phase.generate],
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.filter_too_much],
)


@pytest.mark.parametrize(("service", "operation"), EVERY)
@few
@given(data=st.data())
def test_what_boto3_sends_is_what_the_emulator_reads(
    json_loop: Loop, service: str, operation: str, data: st.DataObject
) -> None:
    params = data.draw(requests(service, operation))
    assert json_loop.read_back(service, operation, params) == as_read(params)


@pytest.mark.parametrize("operation", [name for service, name in EVERY if service == "codeconnections"])
@few
@given(data=st.data())
def test_what_boto3_sends_in_cbor_is_what_the_emulator_reads(
    cbor_loop: Loop, operation: str, data: st.DataObject
) -> None:
    params = data.draw(requests("codeconnections", operation))
    assert cbor_loop.read_back("codeconnections", operation, params) == as_read(params)
