"""The body of a reply as JSON, whatever its protocol was, and back."""

from __future__ import annotations

import json
from datetime import datetime
from typing import cast
from xml.etree import ElementTree

import cbor2
from botocore.model import ListShape, OperationModel, Shape, StructureShape
from pydantic import JsonValue

from unisync._botocore.read import Body
from unisync._core.transport import HttpResponse
from unisync.emulator._protocol.operations import Protocol
from unisync.emulator._protocol.query import to_xml


def decoded(response: HttpResponse, shape: Shape | None) -> JsonValue:
    """The body of a reply as JSON: dates in CBOR are numbers, XML is its result alone, with strings.

    Raises:
        ValueError: It cannot be parsed.
    """
    kind = response.headers.get("content-type", "")
    if "cbor" in kind:
        return _plain(Body(response.body, is_cbor=True, content_length=None).decoded_cbor())
    if "xml" not in kind:
        return cast("JsonValue", json.loads(response.body)) if response.body else {}
    try:
        root = ElementTree.fromstring(response.body)
    except ElementTree.ParseError as error:
        raise ValueError(f"invalid XML: {error}") from error
    result = next((child for child in root if _tag(child).endswith("Result")), None)
    if result is not None:
        return _element(result, shape)
    return {_tag(child): _element(child, None) for child in root if _tag(child) == "Error"}


def encoded(protocol: Protocol, operation: OperationModel, body: JsonValue, *, is_error: bool) -> bytes:
    """A body as the service would send it."""
    if protocol is Protocol.CBOR:
        return cbor2.dumps(body)
    if protocol is not Protocol.QUERY:
        return json.dumps(body).encode()
    fields = cast("dict[str, object]", body)
    if is_error:
        return to_xml("ErrorResponse", None, fields)
    return to_xml(f"{operation.name}Response", None, {f"{operation.name}Result": fields})


def _plain(value: object) -> JsonValue:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in cast("dict[object, object]", value).items()}
    if isinstance(value, list):
        return [_plain(item) for item in cast("list[object]", value)]
    if isinstance(value, datetime):
        return value.timestamp()
    return value if value is None or isinstance(value, (bool, int, float, str)) else str(value)


def _element(element: ElementTree.Element, shape: Shape | None) -> JsonValue:
    children = list(element)
    if isinstance(shape, ListShape) or (children and all(_tag(child) == "member" for child in children)):
        member = shape.member if isinstance(shape, ListShape) else None
        return [_element(child, member) for child in children]
    if not children and not isinstance(shape, StructureShape):
        return element.text or ""
    members = shape.members if isinstance(shape, StructureShape) else {}
    return {_tag(child): _element(child, members.get(_tag(child))) for child in children}


def _tag(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]
