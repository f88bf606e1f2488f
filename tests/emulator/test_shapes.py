"""What the models do not have today and may have tomorrow: read and written as botocore describes it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import cbor2
import pytest
from botocore.model import ServiceModel

from unisync.emulator._protocol.message import Request
from unisync.emulator._protocol.operations import Operation, Protocol
from unisync.emulator._protocol.serialization import read_params, shape_reply, write_reply
from unisync.emulator.errors import AwsError

MODEL: dict[str, Any] = {
    "metadata": {"protocol": "json", "serviceId": "Tomorrow", "endpointPrefix": "tomorrow", "apiVersion": "2027-01-01"},
    "operations": {
        "Ask": {"name": "Ask", "http": {"method": "POST"}, "input": {"shape": "In"}, "output": {"shape": "Out"}},
        "Form": {
            "name": "Form",
            "http": {"method": "POST"},
            "input": {"shape": "InForm"},
            "output": {"shape": "Lists"},
        },
        "Ping": {"name": "Ping", "http": {"method": "POST", "responseCode": 202}},
    },
    "shapes": {
        "In": {"type": "structure", "members": {"since": {"shape": "Date"}, "any": {"shape": "Document"}}},
        "InForm": {"type": "structure", "members": {"dry": {"shape": "Flag"}, "one": {"shape": "Inner"}}},
        "Inner": {"type": "structure", "required": ["name"], "members": {"name": {"shape": "Name"}}},
        "Lists": {"type": "structure", "members": {"flags": {"shape": "Flags"}}},
        "Flags": {"type": "list", "member": {"shape": "Flag"}},
        "Flag": {"type": "boolean"},
        "Out": {"type": "structure", "required": ["dates"], "members": {"dates": {"shape": "Dates"}}},
        "Dates": {"type": "map", "key": {"shape": "Name"}, "value": {"shape": "Date"}},
        "Document": {"type": "structure", "members": {}, "document": True},
        "Date": {"type": "timestamp"},
        "Name": {"type": "string"},
    },
}
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def operation(name: str, protocol: Protocol, service: str = "tomorrow") -> Operation:
    return Operation(service, name, protocol, ServiceModel(MODEL, "tomorrow").operation_model(name), {})


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


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"dry=true", {"dry": True}),
        (b"dry=false&one.name=", {"dry": False, "one": {"name": ""}}),
        (b"one=x&one.other=y", {}),
    ],
)
def test_truth_values_and_structures_are_read_in_a_form(body: bytes, expected: dict[str, object]) -> None:
    assert read_params(operation("Form", Protocol.QUERY), Request("POST", "/", {}, body)) == expected


@pytest.mark.parametrize("body", [b"dry=True", b"dry=", b"dry=1"])
def test_another_word_is_no_truth_value_in_a_form(body: bytes) -> None:
    with pytest.raises(AwsError, match=r"MalformedInput: .* at 'dry' is no boolean"):
        read_params(operation("Form", Protocol.QUERY), Request("POST", "/", {}, body))


def test_lists_are_written_in_xml() -> None:
    form = operation("Form", Protocol.QUERY, "sts")
    reply = write_reply(form, shape_reply(form, {"flags": [True, False]}))
    result = b"<FormResult><flags><member>true</member><member>false</member></flags></FormResult>"
    assert result in reply.body
    ping = operation("Ping", Protocol.QUERY, "sts")
    assert b"Result" not in write_reply(ping, shape_reply(ping, {})).body
