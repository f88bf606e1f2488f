"""The AWS query protocol: parameters in a form, replies and errors in XML."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import cast
from urllib.parse import parse_qsl
from xml.etree import ElementTree

from botocore.model import ListShape, Shape, StructureShape

from unisync.emulator.errors import AwsError, CommonError

CONTENT_TYPE = "application/x-www-form-urlencoded"
"""What a request is announced as."""

_NAMES = {
    "ExpiredTokenException": "ExpiredToken",
    "IncompleteSignatureException": "IncompleteSignature",
    "InvalidSignatureException": "SignatureDoesNotMatch",
    "MissingAuthenticationTokenException": "MissingAuthenticationToken",
    "ThrottlingException": "Throttling",
    "UnrecognizedClientException": "InvalidClientTokenId",
}
"""What the errors common to all services are called here."""
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
"""The statuses of those that no model declares; that of all others is 400."""
_NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def read_form(body: bytes) -> dict[str, str]:
    """The fields of a request.

    Raises:
        AwsError: MalformedInput.
    """
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, errors="strict"))
    except ValueError as error:
        raise AwsError("MalformedInput", f"The body cannot be read: {error}", 400) from None


def from_form(shape: Shape, form: Mapping[str, str], name: str = "") -> object:
    """What a form says under `name` of a shape; None if nothing.

    Raises:
        AwsError: MalformedInput.
    """
    if isinstance(shape, StructureShape):
        prefix = f"{name}." if name else ""
        members = {
            member: from_form(inner, form, prefix + inner.serialization.get("name", member))
            for member, inner in shape.members.items()
        }
        found = {member: value for member, value in members.items() if value is not None}
        return found if found or not name else None
    if isinstance(shape, ListShape):
        if form.get(name) == "":
            return []
        numbered = re.compile(re.escape(f"{name}.member.") + r"([0-9]{1,9})(?:\.|$)")
        numbers = sorted({match[1] for match in map(numbered.match, form) if match}, key=int)
        items = [from_form(shape.member, form, f"{name}.member.{number}") for number in numbers]
        return [item for item in items if item is not None] or None
    text = form.get(name)
    if text is None:
        return None
    match shape.type_name:
        case "integer" if re.fullmatch("-?[0-9]{1,19}", text):
            return int(text)
        case "boolean" if text in ("true", "false"):
            return text == "true"
        case "string":
            return text
        case _:
            raise AwsError("MalformedInput", f"{text!r} at '{name}' is no {shape.type_name}", 400)


def to_xml(name: str, namespace: str | None, members: Mapping[str, object]) -> bytes:
    """A document in XML."""
    root = _element(name, members)
    if namespace:
        root.set("xmlns", namespace)
    return bytes(ElementTree.tostring(root, encoding="utf-8"))


def renamed(error: AwsError) -> AwsError:
    """An error as this protocol has it."""
    code = _NAMES.get(error.code, error.code) if isinstance(error, CommonError) else error.code
    return AwsError(code, error.message, error.status or _STATUSES.get(code))


def _element(name: str, value: object) -> ElementTree.Element:
    element = ElementTree.Element(name)
    match value:
        case dict():
            element.extend(_element(member, item) for member, item in cast("dict[str, object]", value).items())
        case list():
            element.extend(_element("member", item) for item in cast("list[object]", value))
        case bool():
            element.text = str(value).lower()
        case _:
            element.text = _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", str(value))
    return element
