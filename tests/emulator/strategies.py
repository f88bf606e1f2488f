"""Hypothesis strategies for valid requests, from botocore's service models."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import cache
from typing import Any, cast

from botocore.model import ListShape, MapShape, Shape, StringShape, StructureShape
from hypothesis import strategies as st

from unisync.emulator._protocol.operations import QUERY_SERVICES, service_model

MAX_DEPTH = 4
CUSTOM = {
    # Random strings of these patterns would rarely have a valid length.
    r"^arn:(aws|aws-cn|aws-us-gov):[a-zA-Z0-9-]+:[a-zA-Z0-9-]*:\d{12}:([\w+=,.@-]+[/:])*[\w+=,.@-]+$": st.from_regex(
        r"arn:aws:s3:[a-z]{0,3}:[0-9]{12}:([a-z]{1,3}[/:]){0,2}[a-z0-9_+=,.@-]{1,9}", fullmatch=True
    ),
}

Params = dict[str, object]


@cache
def strings(pattern: str | None, minimum: int, maximum: int | None) -> st.SearchStrategy[str]:
    """Strings that match a pattern and have a valid length."""
    maximum = minimum + 60 if maximum is None else min(maximum, minimum + 60)
    if pattern is None:
        return st.text(min_size=minimum, max_size=maximum)
    if pattern in CUSTOM:
        return CUSTOM[pattern]
    flags = re.ASCII
    for java, python in ((r"\p{L}", r"a-zé数"), (r"\p{N}", r"\d"), (r"\p{Z}", r" ")):
        if java in pattern:
            pattern, flags = pattern.replace(java, python), re.NOFLAG
    matching = st.from_regex(re.compile(pattern, flags), fullmatch=True)
    return matching.filter(lambda text: minimum <= len(text) <= maximum)


def values(shape: Shape, depth: int = 0) -> st.SearchStrategy[Any]:
    """Valid values of a shape, as arguments for boto3."""
    minimum, maximum = shape.metadata.get("min"), shape.metadata.get("max")
    match shape:
        case StructureShape():
            return structures(shape, depth)
        case MapShape():
            entry = values(shape.value, depth + 1)
            return st.dictionaries(values(shape.key), entry, min_size=minimum or 0, max_size=min(maximum or 3, 3))
        case ListShape():
            item = values(shape.member, depth + 1)
            return st.lists(item, min_size=minimum or 0, max_size=max(minimum or 0, min(maximum or 3, 3)))
        case StringShape() if shape.enum:
            return st.sampled_from(shape.enum)
        case _ if shape.type_name == "string":
            return strings(shape.metadata.get("pattern"), minimum or 0, maximum)
        case _ if shape.type_name in ("integer", "long"):
            return st.integers(-(2**31) if minimum is None else minimum, 2**31 - 1 if maximum is None else maximum)
        case _ if shape.type_name == "boolean":
            return st.booleans()
        case _ if shape.type_name == "timestamp":
            return st.datetimes(datetime(1980, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
        case _:
            assert shape.type_name == "double"
            return st.floats(allow_nan=False)


def structures(
    shape: StructureShape, depth: int, extra_required: frozenset[str] = frozenset()
) -> st.SearchStrategy[Params]:
    """Valid structures. Optional fields are random, and absent at the greatest depth."""
    if shape.is_tagged_union:
        return st.sampled_from(sorted(shape.members)).flatmap(
            lambda name: st.fixed_dictionaries({name: values(shape.members[name], depth + 1)})
        )
    needed = extra_required.union(shape.required_members)
    required = {name: values(member, depth + 1) for name, member in shape.members.items() if name in needed}
    if depth >= MAX_DEPTH:
        return st.fixed_dictionaries(required)
    optional = {name: values(member, depth + 1) for name, member in shape.members.items() if name not in needed}
    return st.fixed_dictionaries(required, optional=optional)


@cache
def requests(service: str, operation: str) -> st.SearchStrategy[Params]:
    """Valid parameters of an operation."""
    model = service_model(service).operation_model(operation)
    shape = model.input_shape
    assert shape is not None
    # botocore generates missing idempotency tokens.
    strategy = structures(shape, 0, frozenset(model.idempotent_members))
    lists = [name for name, member in shape.members.items() if in_query(member) and member.type_name == "list"]
    # A query string cannot contain an empty list, nor a form an empty structure.
    return strategy.filter(
        lambda params: (
            all(params.get(name, True) for name in lists) and not (service in QUERY_SERVICES and has_empty(params))
        )
    )


def has_empty(value: object) -> bool:
    """Whether a request contains an empty structure."""
    items = list(cast("dict[str, object]", value).values()) if isinstance(value, dict) else value
    return isinstance(items, list) and any(item == {} or has_empty(item) for item in cast("list[object]", items))


def in_query(shape: Shape) -> bool:
    return shape.serialization.get("location") == "querystring"
