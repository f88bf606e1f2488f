"""What the four models do not have today and may have tomorrow: read and written as botocore describes it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import cbor2
import pytest
from botocore.model import ServiceModel

from unisync.emulator.catalog import Operation, Protocol
from unisync.emulator.message import Request
from unisync.emulator.protocol import read_params, shape_reply, write_reply

MODEL: dict[str, Any] = {
    "metadata": {"protocol": "json", "serviceId": "Tomorrow", "endpointPrefix": "tomorrow", "apiVersion": "2027-01-01"},
    "operations": {
        "Ask": {"name": "Ask", "http": {"method": "POST"}, "input": {"shape": "In"}, "output": {"shape": "Out"}},
        "Ping": {"name": "Ping", "http": {"method": "POST", "responseCode": 202}},
    },
    "shapes": {
        "In": {"type": "structure", "members": {"since": {"shape": "Date"}, "any": {"shape": "Document"}}},
        "Out": {"type": "structure", "required": ["dates"], "members": {"dates": {"shape": "Dates"}}},
        "Dates": {"type": "map", "key": {"shape": "Name"}, "value": {"shape": "Date"}},
        "Document": {"type": "structure", "members": {}, "document": True},
        "Date": {"type": "timestamp"},
        "Name": {"type": "string"},
    },
}
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def operation(name: str, protocol: Protocol) -> Operation:
    return Operation("tomorrow", name, protocol, ServiceModel(MODEL, "tomorrow").operation_model(name), {})


def test_dates_and_documents_are_read_in_json() -> None:
    body = json.dumps({"since": NOON.timestamp(), "any": {"free": [1, None]}}).encode()
    read = read_params(operation("Ask", Protocol.JSON), Request("POST", "/", {}, body))
    assert read == {"since": NOON.timestamp(), "any": {"free": [1, None]}}


def test_a_tagged_date_is_read_in_cbor() -> None:
    body = cbor2.dumps({"since": cbor2.CBORTag(1, NOON.timestamp())})
    read = read_params(operation("Ask", Protocol.CBOR), Request("POST", "/", {}, body))
    assert read == {"since": NOON.timestamp()}


def test_an_operation_without_input_and_output_takes_and_says_nothing() -> None:
    ping = operation("Ping", Protocol.JSON)
    assert read_params(ping, Request("POST", "/", {}, b'{"a": 1}')) == {}
    reply = write_reply(ping, shape_reply(ping, {}))
    assert (reply.status, reply.body) == (202, b"{}")


def test_maps_are_written_entry_by_entry() -> None:
    dates = {"dates": {"noon": NOON.timestamp() + 0.0004}}
    in_json = operation("Ask", Protocol.JSON)
    assert json.loads(write_reply(in_json, shape_reply(in_json, dates)).body) == {"dates": {"noon": NOON.timestamp()}}
    in_cbor = operation("Ask", Protocol.CBOR)
    assert cbor2.loads(write_reply(in_cbor, shape_reply(in_cbor, dates)).body) == {"dates": {"noon": NOON}}


@pytest.mark.parametrize("wrong", [{}, {"dates": None}, {"dates": {}, "extra": 1}])
def test_a_reply_that_the_model_does_not_allow_is_the_emulators_own_mistake(wrong: dict[str, object]) -> None:
    with pytest.raises(TypeError, match="unmodelled or missing"):
        shape_reply(operation("Ask", Protocol.JSON), wrong)
