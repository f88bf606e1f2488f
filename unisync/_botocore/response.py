"""Reading a response: from its bytes straight into a model, past botocore's parser.

botocore parses a response into a dictionary, drops the fields that its model lacks, and takes a truncated response for
a success. pydantic reads the same bytes faster and keeps everything. So a `before-parse` handler, registered on each
client, takes the body of every successful response aside and leaves botocore an empty one to parse (`keep_bodies`). The
call then takes the bytes back out of botocore's result (`take_body`) and reads them (`read`). Error responses still go
through botocore, which makes its `ClientError` of them.

JSON is validated by pydantic as it is, in one pass. Two kinds of body take a detour: CBOR, which is decoded first, and
JSON in which an emoji was cut in half, which pydantic rejects; each lone surrogate is replaced before it is read.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, cast

from botocore.parsers import RpcV2CBORParser

from unisync._botocore.deadline import note_answer
from unisync._core.commands import Call
from unisync._models.base import Model

if TYPE_CHECKING:
    from botocore.client import BaseClient
    from botocore.model import OperationModel

R = TypeVar("R", bound=Model)

_KEY = "unisync:response"
_CBOR = "smithy-rpc-v2-cbor"


class RawResponse(NamedTuple):
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


def keep_bodies(client: BaseClient) -> None:
    """Have a client keep the body of each successful response for `take_body` instead of parsing it."""
    client.meta.events.register("before-parse", _set_body_aside)


def take_body(parsed: dict[str, Any]) -> RawResponse | None:
    """The body that belongs to botocore's result; None if a handler of the user's kept it from being set aside."""
    return cast("RawResponse | None", parsed.pop(_KEY, None))


def _set_body_aside(
    operation_model: OperationModel,
    response_dict: dict[str, Any],
    customized_response_dict: dict[str, Any],
    **_: object,
) -> None:
    note_answer()
    is_cbor = operation_model.service_model.resolved_protocol == _CBOR
    empty = b"\xa0" if is_cbor else b"{}"
    body, headers = cast("bytes", response_dict["body"]), cast("Mapping[str, str]", response_dict["headers"])
    if response_dict["status_code"] >= 300:
        # botocore's parsers fail at an error whose body is not a structure; the status alone is enough for them.
        if not _is_structure(body, is_cbor):
            response_dict["body"] = empty
        return
    length = None if "content-encoding" in headers else headers.get("content-length")
    customized_response_dict[_KEY] = RawResponse(body, is_cbor, int(length) if length and length.isdigit() else None)
    response_dict["body"] = empty


def _is_structure(body: bytes, is_cbor: bool) -> bool:
    try:
        return isinstance(RawResponse(body, True, None).decoded_cbor() if is_cbor else json.loads(body), dict)
    except (ValueError, RecursionError):
        return False


def read(call: Call[R], raw: RawResponse | None, parsed: dict[str, Any]) -> R:
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
