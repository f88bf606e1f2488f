"""Reading a response: from its bytes straight into a model, past botocore's parser.

botocore parses a response into a dictionary, drops the fields that its model lacks, and takes a truncated response for
a success. pydantic reads the same bytes faster and keeps everything. botocore's parser is used as well where it is
needed: for errors, for handlers of the user's that hear of responses, and where boto3's own result was asked for.

JSON is validated by pydantic as it is, in one pass. Two kinds of body take a detour: CBOR, which is decoded first, and
JSON in which an emoji was cut in half, which pydantic rejects; each lone surrogate is replaced before it is read.
"""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator, Mapping
from copy import deepcopy
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, cast

from botocore.awsrequest import AWSResponse
from botocore.endpoint import convert_to_response_dict
from botocore.parsers import RpcV2CBORParser, create_parser

from unisync._botocore.listeners import has_listeners
from unisync._botocore.prepare import Prepared
from unisync._core.commands import Call
from unisync._core.transport import HttpResponse
from unisync._models.base import Model

if TYPE_CHECKING:
    from botocore.client import BaseClient
    from botocore.model import OperationModel
    from botocore.parsers import ResponseDict

R = TypeVar("R", bound=Model)

_parsers_log = logging.getLogger("botocore.parsers")
"""Where botocore logs each response that it parses."""
_CBOR = "smithy-rpc-v2-cbor"
_READ_AS_BYTES = ("json", "rest-json", _CBOR)
_FIRST_ERROR = 300
_RESPONSE_EVENTS = ("before-parse", "response-received", "after-call")


class Body(NamedTuple):
    """The body of a response, as it was received."""

    body: bytes
    is_cbor: bool
    content_length: int | None
    """The length in the response's header."""

    def is_truncated(self) -> bool:
        """Whether the body is shorter than the header says."""
        return self.content_length is not None and len(self.body) < self.content_length

    def has_lone_surrogates(self) -> bool:
        """Whether a text may have been cut within an emoji: pydantic rejects such JSON."""
        return b"\\ud" in self.body.lower()

    def decoded_json(self) -> object:
        """A JSON body as Python values, each lone surrogate replaced.

        Raises:
            ValueError: It is not JSON.
        """
        text = json.dumps(json.loads(self.body), ensure_ascii=False)
        return json.loads(text.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))

    def decoded_cbor(self) -> object:
        """A CBOR body as Python values.

        Raises:
            ValueError: It is not CBOR.
        """
        try:
            stream = cast("io.BufferedReader", _BoundedBytesIO(self.body))
            return RpcV2CBORParser().parse_data_item(stream)
        except Exception as error:  # whatever botocore's parser raises
            raise ValueError(f"invalid CBOR: {error}") from error


class Received(NamedTuple):
    """A response that was read."""

    http: HttpResponse
    parsed: dict[str, Any] | None
    """What boto3 would have returned; None if it was not requested."""
    has_changed: bool = False
    """Whether a handler of the user's changed `parsed`."""
    before: dict[str, Any] | None = None
    """`parsed` as it was before the handlers that may change it."""

    @property
    def request_id(self) -> str | None:
        """AWS's id of the request."""
        if self.parsed is not None:
            return cast("str | None", self.parsed.get("ResponseMetadata", {}).get("RequestId"))
        headers = self.http.headers
        return headers.get("x-amzn-requestid") or headers.get("x-amz-request-id")


class Reader:
    """Reads the responses of one service.

    Args:
        client: The client of botocore's whose handlers hear of each response.
    """

    def __init__(self, client: BaseClient) -> None:
        self._client = client
        self._events = client.meta.events
        self._model = client.meta.service_model
        self._id: str = self._model.service_id.hyphenize()
        self._protocol: str = self._model.resolved_protocol
        self._listens: dict[str, bool] = {}
        self.is_bytes: bool = self._protocol in _READ_AS_BYTES
        """Whether models are read from the bytes of a response, rather than from what botocore parses."""
        self.is_cbor: bool = self._protocol == _CBOR

    def receive(self, prepared: Prepared, response: HttpResponse, *, parse: bool) -> Received:
        """Tell the handlers of a response.

        Args:
            prepared: The call.
            response: The response.
            parse: Whether what boto3 would have returned is needed.

        Raises:
            botocore.exceptions.ClientError: AWS answered with an error.
        """
        is_error = response.status >= _FIRST_ERROR
        if not (is_error or parse or not self.is_bytes or self._is_listened_to(prepared)):
            _parsers_log.debug("Response headers: %r", response.headers)
            _parsers_log.debug("Response body:\n%r", response.body)
            return Received(response, None)
        answered = prepared.response
        if answered is None:
            stream: Any = _BodyStream(response.body)
            answered = AWSResponse(prepared.url, response.status, dict(response.headers), stream)
        try:
            received = self._parsed_response(prepared, response, answered)
        except Exception as error:
            self._emit(prepared, "after-call-error", exception=error, context=prepared.context)
            raise
        return self._end(prepared, received, answered)

    def receive_parsed(self, prepared: Prepared) -> Received:
        """The same for the answer of a handler for `before-call`."""
        assert prepared.parsed is not None
        answered, parsed = prepared.parsed
        http = HttpResponse(answered.status_code, _lower(answered.headers), b"")
        return self._end(prepared, Received(http, parsed, has_changed=True), answered)

    def fail(self, prepared: Prepared, error: Exception) -> None:
        """Tell the handlers that there was no response."""
        self._emit(
            prepared,
            "response-received",
            response_dict=None,
            parsed_response=None,
            context=prepared.context,
            exception=error,
        )
        self._emit(prepared, "after-call-error", exception=error, context=prepared.context)

    def _emit(self, prepared: Prepared, event: str, **arguments: object) -> None:
        self._events.emit(f"{event}.{self._id}.{prepared.operation.name}", **arguments)

    def _parsed_response(self, prepared: Prepared, response: HttpResponse, answered: AWSResponse) -> Received:
        """The response as botocore parses it, and the handlers change it."""
        operation = prepared.operation
        response_dict = convert_to_response_dict(answered, operation)
        customized: dict[str, Any] = {}
        self._emit(
            prepared,
            "before-parse",
            operation_model=operation,
            response_dict=response_dict,
            customized_response_dict=customized,
        )
        parsed = self._parsed(response_dict, operation)
        parsed.update(customized)
        before = deepcopy(parsed) if self._is_listened_to(prepared) else parsed
        self._emit(
            prepared,
            "response-received",
            response_dict=response_dict,
            parsed_response=parsed,
            context=prepared.context,
            exception=None,
        )
        parsed.setdefault("ResponseMetadata", {})["RetryAttempts"] = prepared.context["retries"]["attempt"] - 1
        before.setdefault("ResponseMetadata", {})["RetryAttempts"] = prepared.context["retries"]["attempt"] - 1
        http = response
        if response_dict["body"] != response.body:  # a handler changed it, so that its length is another
            headers = {name: value for name, value in response.headers.items() if name != "content-length"}
            http = HttpResponse(response.status, headers, response_dict["body"])
        return Received(http, parsed, has_changed=bool(customized), before=before)

    def _end(self, prepared: Prepared, received: Received, answered: AWSResponse) -> Received:
        """The response, once all handlers have heard of it.

        Raises:
            botocore.exceptions.ClientError: AWS answered with an error.
        """
        parsed = received.parsed or {}
        operation = prepared.operation
        self._emit(
            prepared,
            "after-call",
            http_response=answered,
            parsed=parsed,
            model=operation,
            context=prepared.context,
        )
        if answered.status_code >= _FIRST_ERROR:
            code = prepared.context.get("error_code_override") or parsed.get("Error", {}).get("Code")
            raise self._client.exceptions.from_code(code)(cast("Any", parsed), operation.name)
        has_changed = received.has_changed or (received.before is not None and received.before != parsed)
        return received._replace(has_changed=has_changed, before=None)

    def _parsed(self, response_dict: ResponseDict, operation: OperationModel) -> dict[str, Any]:
        is_error = response_dict["status_code"] >= _FIRST_ERROR
        # botocore's parsers fail at an error whose body is not a structure; the status alone is enough for them.
        if is_error and self.is_bytes and not _is_structure(response_dict["body"], self.is_cbor):
            response_dict = {**response_dict, "body": b"\xa0" if self.is_cbor else b"{}"}
        parser = create_parser(self._protocol)
        parsed = parser.parse(response_dict, operation.output_shape)
        if is_error:
            code = parsed.get("Error", {}).get("Code")
            shape = self._model.shape_for_error_code(code) if code is not None else None
            if shape is not None:
                parsed.update(parser.parse(response_dict, shape))
        return parsed

    def _is_listened_to(self, prepared: Prepared) -> bool:
        """Whether a handler other than botocore's own hears of responses to an operation."""
        operation = prepared.operation.name
        listens = self._listens.get(operation)
        if listens is None:
            names = [f"{event}.{self._id}.{operation}" for event in _RESPONSE_EVENTS]
            self._listens[operation] = listens = any(has_listeners(self._events, name) for name in names)
        return listens


class _BodyStream:
    """A body that has been read, for botocore to read again."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, **_: object) -> Iterator[bytes]:
        yield self._body


def http_response(answered: AWSResponse) -> HttpResponse:
    """The response that a handler for `before-send` gave."""
    return HttpResponse(answered.status_code, _lower(answered.headers), answered.content)


def _lower(headers: Mapping[str, Any]) -> dict[str, str]:
    return {name.lower(): str(value) for name, value in headers.items()}


def _is_structure(body: bytes, is_cbor: bool) -> bool:
    try:
        return isinstance(Body(body, True, None).decoded_cbor() if is_cbor else json.loads(body), dict)
    except (ValueError, RecursionError):
        return False


def model_of(call: Call[R], received: Received, *, is_bytes: bool, is_cbor: bool) -> R:
    """The model of a response: from its bytes, or if a handler of the user's changed it, from what botocore parsed.

    Raises:
        EOFError: It is truncated.
        ValueError: It is not a response of the expected shape.
    """
    if received.parsed is not None and (received.has_changed or not is_bytes):
        return read(call, None, received.parsed)
    headers, length = received.http.headers, None
    if "content-encoding" not in headers and "transfer-encoding" not in headers:
        length = headers.get("content-length")
    size = int(length) if length and length.isdigit() else None
    return read(call, Body(received.http.body, is_cbor, size), {})


def read(call: Call[R], raw: Body | None, parsed: dict[str, Any]) -> R:
    """The response to a call: from its bytes, or if they were not set aside, from what botocore made of them.

    Raises:
        EOFError: It is truncated.
        ValueError: It is not a response of the expected shape.
    """
    model, enum_map = call.response_model, call.enum_map
    if raw is not None and raw.is_truncated():
        raise EOFError(f"{len(raw.body)} of {raw.content_length} bytes were received")
    # By AWS's names alone: a field that AWS adds may have the name of one of ours.
    if raw is not None and not raw.is_cbor:
        try:
            return model.model_validate_json(raw.body, context=enum_map, by_alias=True, by_name=False)
        except ValueError:
            if not raw.has_lone_surrogates():
                raise
        fields: object = raw.decoded_json()
    elif raw is not None:
        fields = raw.decoded_cbor()
    else:
        fields = {name: value for name, value in parsed.items() if name != "ResponseMetadata"}
    return model.model_validate(in_utc(fields), context=enum_map, by_alias=True, by_name=False)


def in_utc(value: object) -> object:
    """The same values with dates in UTC: outside JSON, botocore returns them in the machine's time zone."""
    if isinstance(value, dict):
        return {name: in_utc(item) for name, item in cast("dict[str, object]", value).items()}
    if isinstance(value, list):
        return [in_utc(item) for item in cast("list[object]", value)]
    return value.astimezone(UTC) if isinstance(value, datetime) else value


class _BoundedBytesIO(io.BytesIO):
    """Bytes of which no more can be read than there are: a garbled length would be allocated first."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > len(self.getbuffer()) - self.tell():
            raise ValueError("it ends too early")
        return super().read(size)

    def peek(self, size: int = 1, /) -> bytes:
        at = self.tell()
        return bytes(self.getbuffer()[at : at + size])
