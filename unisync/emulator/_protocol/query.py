"""The AWS query protocol: requests are forms, replies and errors are XML."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import cast
from urllib.parse import parse_qsl
from xml.etree import ElementTree

from botocore.model import ListShape, MapShape, Shape, StructureShape

from unisync.emulator.errors import AwsError, CommonError

CONTENT_TYPE = "application/x-www-form-urlencoded"
"""The content type of requests."""

_QUERY_CODES = {
    "ExpiredTokenException": "ExpiredToken",
    "IncompleteSignatureException": "IncompleteSignature",
    "InvalidSignatureException": "SignatureDoesNotMatch",
    "MissingAuthenticationTokenException": "MissingAuthenticationToken",
    "ThrottlingException": "Throttling",
    "UnrecognizedClientException": "InvalidClientTokenId",
}
"""The query protocol's codes for the errors that are common to all services."""
_STATUSES = {
    "AccessDenied": 403,
    "ExpiredToken": 403,
    "IncompleteSignature": 403,
    "InternalFailure": 500,
    "InvalidClientTokenId": 403,
    "MissingAuthenticationToken": 403,
    "ServiceUnavailable": 503,
    "SignatureDoesNotMatch": 403,
}
"""The HTTP statuses of errors that no model declares; all others have 400."""
_NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def read_form(body: bytes) -> dict[str, str]:
    """The fields of a form.

    Raises:
        AwsError: MalformedInput.
    """
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, errors="strict"))
    except ValueError as error:
        raise AwsError("MalformedInput", f"Cannot parse the body: {error}", 400) from None


def parse_form(shape: Shape, form: Mapping[str, str], name: str = "") -> object:
    """The value of a shape at `name` in a form; None if the form has none.

    Raises:
        AwsError: MalformedInput.
    """
    if isinstance(shape, StructureShape):
        prefix = f"{name}." if name else ""
        fields = {
            field: parse_form(inner, form, prefix + inner.serialization.get("name", field))
            for field, inner in shape.members.items()
        }
        found = {field: value for field, value in fields.items() if value is not None}
        return found if found or not name else None
    if isinstance(shape, ListShape):
        if form.get(name) == "":
            return []
        items = [parse_form(shape.member, form, prefix) for prefix in _numbered(f"{name}.member", form)]
        return [item for item in items if item is not None] or None
    if isinstance(shape, MapShape):
        prefixes = _numbered(f"{name}.entry", form)
        entries = {form.get(f"{each}.key", ""): parse_form(shape.value, form, f"{each}.value") for each in prefixes}
        return {key: value for key, value in entries.items() if value is not None} or None
    text = form.get(name)
    if text is None:
        return None
    match shape.type_name:
        case "integer" | "long" if re.fullmatch("-?[0-9]{1,19}", text):
            return int(text)
        case "boolean" if text in ("true", "false"):
            return text == "true"
        case "string":
            return text
        case _:
            raise AwsError("MalformedInput", f"{text!r} at '{name}' is not of type {shape.type_name}", 400)


def _numbered(name: str, form: Mapping[str, str]) -> list[str]:
    """The names `name.1`, `name.2` … that a form has, or that begin the names of its fields."""
    numbered = re.compile(re.escape(f"{name}.") + r"([0-9]{1,9})(?:\.|$)")
    numbers = sorted({match[1] for match in map(numbered.match, form) if match}, key=int)
    return [f"{name}.{number}" for number in numbers]


def to_xml(name: str, namespace: str | None, fields: Mapping[str, object]) -> bytes:
    """Serialize a document as XML."""
    root = _element(name, fields)
    if namespace:
        root.set("xmlns", namespace)
    return bytes(ElementTree.tostring(root, encoding="utf-8"))


def to_query_error(error: AwsError) -> AwsError:
    """An error with the code and the status of the query protocol."""
    code = _QUERY_CODES.get(error.code, error.code) if isinstance(error, CommonError) else error.code
    return AwsError(code, error.message, error.status or _STATUSES.get(code))


def _element(name: str, value: object) -> ElementTree.Element:
    element = ElementTree.Element(name)
    match value:
        case dict():
            element.extend(_element(field, item) for field, item in cast("dict[str, object]", value).items())
        case list():
            element.extend(_element("member", item) for item in cast("list[object]", value))
        case bool():
            element.text = str(value).lower()
        case _:
            element.text = _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", str(value))
    return element
