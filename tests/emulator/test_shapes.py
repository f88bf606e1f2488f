"""Parsing and serialization of shapes that the emulated operations do not use yet, with a model made for the test."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import cbor2
import pytest
from botocore.model import ServiceModel

from unisync.emulator._protocol.message import Request
from unisync.emulator._protocol.operations import Operation, Protocol
from unisync.emulator._protocol.serialization import read_params, to_wire, write_reply
from unisync.emulator.errors import AwsError

MODEL: dict[str, Any] = {
    "metadata": {"protocol": "json", "serviceId": "Sample", "endpointPrefix": "sample", "apiVersion": "2027-01-01"},
    "operations": {
        "Query": {"name": "Query", "http": {"method": "POST"}, "input": {"shape": "In"}, "output": {"shape": "Out"}},
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
        "InForm": {
            "type": "structure",
            "members": {"dry": {"shape": "Flag"}, "one": {"shape": "Inner"}, "names": {"shape": "Names"}},
        },
        "Names": {"type": "map", "key": {"shape": "Name"}, "value": {"shape": "Name"}},
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


def operation(name: str, protocol: Protocol, service: str = "sample") -> Operation:
    return Operation(service, name, protocol, ServiceModel(MODEL, "sample").operation_model(name), {})


def test_dates_and_documents_are_parsed_in_json() -> None:
    body = json.dumps({"since": NOON.timestamp(), "any": {"free": [1, None]}}).encode()
    params = read_params(operation("Query", Protocol.JSON), Request("POST", "/", {}, body))
    assert params == {"since": NOON.timestamp(), "any": {"free": [1, None]}}


def test_a_tagged_date_is_parsed_in_cbor() -> None:
    body = cbor2.dumps({"since": cbor2.CBORTag(1, NOON.timestamp())})
    params = read_params(operation("Query", Protocol.CBOR), Request("POST", "/", {}, body))
    assert params == {"since": NOON.timestamp()}


def test_an_operation_without_input_and_output() -> None:
    ping = operation("Ping", Protocol.JSON)
    assert read_params(ping, Request("POST", "/", {}, b'{"a": 1}')) == {}
    reply = write_reply(ping, to_wire(ping, {}))
    assert (reply.status, reply.body) == (202, b"{}")


def test_the_values_of_maps_are_serialized() -> None:
    dates = {"dates": {"noon": NOON.timestamp() + 0.0004}}
    in_json = operation("Query", Protocol.JSON)
    assert json.loads(write_reply(in_json, to_wire(in_json, dates)).body) == {"dates": {"noon": NOON.timestamp()}}
    in_cbor = operation("Query", Protocol.CBOR)
    assert cbor2.loads(write_reply(in_cbor, to_wire(in_cbor, dates)).body) == {"dates": {"noon": NOON}}


@pytest.mark.parametrize("wrong", [{}, {"dates": None}, {"dates": {}, "extra": 1}])
def test_a_reply_that_does_not_match_the_model_is_a_bug(wrong: dict[str, object]) -> None:
    with pytest.raises(TypeError, match="unmodelled or missing"):
        to_wire(operation("Query", Protocol.JSON), wrong)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"dry=true", {"dry": True}),
        (b"dry=false&one.name=", {"dry": False, "one": {"name": ""}}),
        (b"one=x&one.other=y", {}),
        (
            b"names.entry.1.key=a&names.entry.1.value=x&names.entry.2.key=b&names.entry.2.value=",
            {"names": {"a": "x", "b": ""}},
        ),
        (b"names.entry.1.key=a", {}),
    ],
)
def test_booleans_structures_and_maps_are_parsed_in_a_form(body: bytes, expected: dict[str, object]) -> None:
    assert read_params(operation("Form", Protocol.QUERY), Request("POST", "/", {}, body)) == expected


@pytest.mark.parametrize("body", [b"dry=True", b"dry=", b"dry=1"])
def test_an_invalid_boolean_in_a_form_is_rejected(body: bytes) -> None:
    with pytest.raises(AwsError, match=r"MalformedInput: .* at 'dry' is not of type boolean"):
        read_params(operation("Form", Protocol.QUERY), Request("POST", "/", {}, body))


def test_lists_are_serialized_as_xml() -> None:
    form = operation("Form", Protocol.QUERY, "sts")
    reply = write_reply(form, to_wire(form, {"flags": [True, False]}))
    result = b"<FormResult><flags><member>true</member><member>false</member></flags></FormResult>"
    assert result in reply.body
    ping = operation("Ping", Protocol.QUERY, "sts")
    assert b"Result" not in write_reply(ping, to_wire(ping, {})).body
