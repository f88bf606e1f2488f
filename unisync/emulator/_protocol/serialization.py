"""Parses requests and serializes replies and errors, as botocore's service models describe them, in every protocol."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar, cast
from urllib.parse import parse_qs

import cbor2
from botocore.model import ListShape, MapShape, Shape, StructureShape

from unisync.emulator._protocol.message import Request, Response
from unisync.emulator._protocol.operations import Operation, Protocol, is_server_fault, service_model
from unisync.emulator._protocol.query import parse_form, read_form, to_query_error, to_xml
from unisync.emulator._protocol.validation import violations
from unisync.emulator.errors import AwsError

Document = Mapping[str, object]
"""A reply before serialization: AWS's field names, dates as seconds since 1970, None for an absent field."""

T = TypeVar("T")

_CBOR_DATE = 1
_CORAL, _CORAL_VALIDATION = "com.amazon.coral.service", "com.amazon.coral.validate"
"""The namespaces of errors that no service declares: of all, and of violated constraints."""
_INFINITE = {"Infinity": float("inf"), "-Infinity": float("-inf"), "NaN": float("nan")}
"""The strings that stand for numbers which JSON lacks."""
CONTENT_TYPES = {
    Protocol.JSON: "application/x-amz-json-1.0",
    Protocol.REST_JSON: "application/json",
    Protocol.CBOR: "application/cbor",
    Protocol.QUERY: "text/xml",
}
_PYTHON_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "long": (int,),
    "boolean": (bool,),
    "double": (int, float),
    "float": (int, float),
    "timestamp": (int, float),
}


def read_params(operation: Operation, request: Request) -> dict[str, Any]:
    """Parse and validate the parameters of a request.

    Raises:
        AwsError: SerializationException (MalformedInput in the query protocol), or for a violated constraint
            ValidationException (ValidationError). No model of CodeConnections declares it, but AWS sends it.
    """
    sent = _parse_body(operation, request)
    shape = operation.model.input_shape
    if shape is None:
        return {}
    query = parse_qs(request.query, keep_blank_values=True)
    for name, member in shape.members.items():
        wire_name = member.serialization.get("name", name)
        match member.serialization.get("location"):
            case "uri":
                sent[name] = operation.labels[wire_name]
            case "querystring":
                sent[name] = _parse_query_value(member, query.get(wire_name, []), name)
            case _:
                pass
    params = cast("dict[str, Any]", _parse(shape, sent, ""))
    broken = list(violations(shape, params))
    if broken:
        errors = f"{len(broken)} validation error{'s' if len(broken) > 1 else ''} detected: "
        code = "ValidationError" if operation.protocol is Protocol.QUERY else "ValidationException"
        raise AwsError(code, errors + "; ".join(broken), 400)
    return params


def to_wire(operation: Operation, document: Document) -> dict[str, Any]:
    """Convert a reply to the values of the wire protocol. It is checked against the model."""
    shape = operation.model.output_shape
    return _to_wire(shape, document, operation.name, _date_writer(operation)) if shape else {}


def write_reply(operation: Operation, reply: Document) -> Response:
    """Serialize the reply of a successful operation, as `to_wire` returned it."""
    status = operation.model.http.get("responseCode", 200)
    if operation.protocol is Protocol.QUERY:
        request_id = str(uuid.uuid4())
        result = {f"{operation.name}Result": reply} if operation.model.output_shape else {}
        document = {**result, "ResponseMetadata": {"RequestId": request_id}}
        return _xml_response(operation.service, status, f"{operation.name}Response", document, request_id)
    return _response(operation.protocol, status, reply)


def write_error(protocol: Protocol, service: str | None, error: AwsError) -> Response:
    """Serialize an error. Its HTTP status is its own, or else the one that the service's model declares."""
    if protocol is Protocol.QUERY:
        return _xml_error(service, to_query_error(error))
    shape = _error_shape(service, error)
    field = next((name for name in (shape.members if shape else ()) if name.lower() == "message"), "message")
    framework = _CORAL_VALIDATION if error.code == "ValidationException" else _CORAL
    namespace = f"com.amazonaws.{service}" if shape else framework
    response = _response(
        protocol,
        _status(error, service, shape),
        {"__type": f"{namespace}#{error.code}", field: error.message},
    )
    if protocol is Protocol.REST_JSON:
        response.headers["x-amzn-errortype"] = error.code
    return response


def _error_shape(service: str | None, error: AwsError) -> StructureShape | None:
    return service_model(service).shape_for_error_code(error.code) if service else None


def _status(error: AwsError, service: str | None, shape: StructureShape | None) -> int:
    if error.status is not None or service is None or shape is None:
        return error.status or 400
    declared = shape.metadata.get("error", {}).get("httpStatusCode")
    return declared or (500 if is_server_fault(service, shape.name) else 400)


def _response(protocol: Protocol, status: int, document: Document) -> Response:
    headers = {"content-type": CONTENT_TYPES[protocol]}
    if protocol is Protocol.CBOR:
        return Response(status, {**headers, "smithy-protocol": "rpc-v2-cbor"}, cbor2.dumps(document))
    return Response(status, headers, json.dumps(document, separators=(",", ":")).encode())


def _xml_error(service: str | None, error: AwsError) -> Response:
    status, request_id = _status(error, service, _error_shape(service, error)), str(uuid.uuid4())
    fault = {"Type": "Sender" if status < 500 else "Receiver", "Code": error.code, "Message": error.message}
    return _xml_response(service, status, "ErrorResponse", {"Error": fault, "RequestId": request_id}, request_id)


def _xml_response(service: str | None, status: int, name: str, document: Document, request_id: str) -> Response:
    namespace = service_model(service).metadata.get("xmlNamespace") if service else None
    headers = {"content-type": CONTENT_TYPES[Protocol.QUERY], "x-amzn-requestid": request_id}
    return Response(status, headers, to_xml(name, namespace, document))


def _parse_body(operation: Operation, request: Request) -> dict[str, object]:
    if operation.protocol is Protocol.QUERY:
        shape, form = operation.model.input_shape, read_form(request.body)
        return cast("dict[str, object]", parse_form(shape, form)) if shape else {}
    try:
        load = cbor2.loads if operation.protocol is Protocol.CBOR else json.loads
        document: object = load(request.body) if request.body else {}
    except (ValueError, RecursionError, cbor2.CBORDecodeError) as error:
        raise AwsError("SerializationException", f"Cannot parse the body: {error}", 400) from None
    if not isinstance(document, dict):
        raise AwsError("SerializationException", "The body is not a structure", 400)
    return cast("dict[str, object]", document)


def _parse_query_value(shape: Shape, values: list[str], name: str) -> object:
    """A parameter in the query string: a string, a boolean or a list of strings. None if it is absent."""
    if not values:
        return None
    if isinstance(shape, ListShape):
        return values
    if shape.type_name == "boolean":
        if values[0] not in ("true", "false"):
            raise AwsError("SerializationException", f"{values[0]!r} at '{name}' is not a boolean", 400)
        return values[0] == "true"
    return values[0]


def _parse(shape: Shape, value: object, path: str) -> object:
    """Check the types in `value` and drop fields that the model lacks. Null counts as absent."""
    if isinstance(shape, StructureShape):
        if shape.is_document_type:
            return value
        sent = _expect(dict[str, object], dict, value, path)
        return {
            name: _parse(member, sent[name], f"{path}.{name}" if path else name)
            for name, member in shape.members.items()
            if sent.get(name) is not None
        }
    if isinstance(shape, MapShape):
        entries = _expect(dict[str, object], dict, value, path)
        return {key: _parse(shape.value, item, f"{path}.{key}") for key, item in entries.items()}
    if isinstance(shape, ListShape):
        items = _expect(list[object], list, value, path)
        return [_parse(shape.member, item, f"{path}.{index}.member") for index, item in enumerate(items, 1)]
    if shape.type_name == "timestamp" and hasattr(value, "timestamp"):
        return cast("Any", value).timestamp()
    if shape.type_name in ("double", "float") and isinstance(value, str) and value in _INFINITE:
        return _INFINITE[value]
    expected = _PYTHON_TYPES.get(shape.type_name, (object,))
    if not isinstance(value, expected) or (isinstance(value, bool) and shape.type_name != "boolean"):
        raise AwsError(
            "SerializationException", f"{type(value).__name__} at '{path}' is not of type {shape.type_name}", 400
        )
    return value


def _expect(_: type[T], container: type, value: object, path: str) -> T:
    if not isinstance(value, container):
        raise AwsError(
            "SerializationException", f"{type(value).__name__} at '{path}' is not of type {container.__name__}", 400
        )
    return cast("T", value)


def _to_wire(shape: Shape, value: object, path: str, date: Callable[[float], object]) -> Any:
    """Convert a value. A field that is not in the model, or required and missing, is a bug of the emulator."""
    if isinstance(shape, StructureShape):
        present = {name: item for name, item in cast("Document", value).items() if item is not None}
        wrong = (present.keys() - shape.members.keys()) | (set(shape.required_members) - present.keys())
        if wrong:
            raise TypeError(f"{path}: {shape.name} with {sorted(wrong)} unmodelled or missing")
        return {name: _to_wire(shape.members[name], item, f"{path}.{name}", date) for name, item in present.items()}
    if isinstance(shape, MapShape):
        return {key: _to_wire(shape.value, item, path, date) for key, item in cast("Document", value).items()}
    if isinstance(shape, ListShape):
        return [_to_wire(shape.member, item, path, date) for item in cast("list[object]", value)]
    if shape.type_name == "timestamp":
        return date(cast("float", value))
    return value


def _date_writer(operation: Operation) -> Callable[[float], object]:
    if operation.protocol is Protocol.CBOR:
        return lambda seconds: cbor2.CBORTag(_CBOR_DATE, round(seconds, 3))
    if operation.protocol is Protocol.QUERY:
        digits = 3 if operation.service == "cloudformation" else 0
        return lambda seconds: _iso_date(seconds, digits)
    return lambda seconds: round(seconds, 3)


def _iso_date(seconds: float, digits: int) -> str:
    """A date with this many digits of the second's fraction."""
    # Rounding whole seconds down keeps credentials valid until the time that the reply of STS gives.
    shown = round(seconds, digits) if digits else int(seconds)
    date = datetime.fromtimestamp(shown, UTC).isoformat(timespec="milliseconds" if digits else "seconds")
    return date.replace("+00:00", "Z")


def rejection_code(operation: Operation) -> str:
    """The code of a service's own error for parameters that satisfy the model, but not the service."""
    if operation.protocol is Protocol.QUERY:
        return "ValidationError"
    codes = {shape.name for shape in operation.model.error_shapes}
    return "InvalidInputException" if "InvalidInputException" in codes else "ValidationException"
