"""The bytes of a reply, handed past botocore's parser.

botocore parses a reply into a dictionary, drops the members that its model lacks, and takes a reply cut short for a
success. pydantic reads the same bytes faster and keeps everything.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from unisync._botocore.deadline import note_answer

if TYPE_CHECKING:
    from botocore.client import BaseClient
    from botocore.model import OperationModel

_KEY = "unisync:reply"
_CBOR = "smithy-rpc-v2-cbor"


class RawReply(NamedTuple):
    """The body of a reply, as it came."""

    body: bytes
    is_cbor: bool
    announced: int | None
    """The length that the reply's header gave."""

    def is_cut_short(self) -> bool:
        """Whether less came than was announced."""
        return self.announced is not None and len(self.body) < self.announced

    def has_half_characters(self) -> bool:
        """Whether a text may have been cut within an emoji: pydantic reads no such JSON."""
        return b"\\ud" in self.body.lower()

    def decoded_json(self) -> object:
        """A JSON body as Python values, in which a replacement stands for each half of a character.

        Raises:
            ValueError: if it is none.
        """
        text = json.dumps(json.loads(self.body), ensure_ascii=False)
        return json.loads(text.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))

    def decoded_cbor(self) -> object:
        """A CBOR body as Python values.

        Raises:
            ValueError: if it is none.
        """
        from botocore.parsers import RpcV2CBORParser

        try:
            stream = cast("io.BufferedReader", _HonestStream(self.body))
            return RpcV2CBORParser().parse_data_item(stream)
        except Exception as error:  # whatever botocore's parser stumbles over
            raise ValueError(f"invalid CBOR: {error}") from error


def keep_bodies(client: BaseClient) -> None:
    """Have `client` hand the body of each good reply to `take_body` instead of parsing it."""
    client.meta.events.register("before-parse", _set_body_aside)


def take_body(parsed: dict[str, Any]) -> RawReply | None:
    """The body that belongs to botocore's result; None if something kept it from being set aside."""
    return cast("RawReply | None", parsed.pop(_KEY, None))


def _set_body_aside(
    operation_model: OperationModel,
    response_dict: dict[str, Any],
    customized_response_dict: dict[str, Any],
    **_: object,
) -> None:
    note_answer()
    is_cbor = operation_model.service_model.resolved_protocol == _CBOR
    nothing = b"\xa0" if is_cbor else b"{}"
    body, headers = cast("bytes", response_dict["body"]), cast("Mapping[str, str]", response_dict["headers"])
    if response_dict["status_code"] >= 300:
        # botocore's parsers fail on an error whose body is no structure; the status alone is enough for them.
        if not _is_structure(body, is_cbor):
            response_dict["body"] = nothing
        return
    length = None if "content-encoding" in headers else headers.get("content-length")
    customized_response_dict[_KEY] = RawReply(body, is_cbor, int(length) if length and length.isdigit() else None)
    response_dict["body"] = nothing


def _is_structure(body: bytes, is_cbor: bool) -> bool:
    try:
        return isinstance(RawReply(body, True, None).decoded_cbor() if is_cbor else json.loads(body), dict)
    except (ValueError, RecursionError):
        return False


def in_utc(value: object) -> object:
    """The same reply with its dates in UTC: outside JSON, botocore gives them in the machine's own time zone."""
    if isinstance(value, dict):
        return {name: in_utc(item) for name, item in cast("dict[str, object]", value).items()}
    if isinstance(value, list):
        return [in_utc(item) for item in cast("list[object]", value)]
    return value.astimezone(UTC) if isinstance(value, datetime) else value


class _HonestStream(io.BytesIO):
    """Bytes that cannot be asked for more than there are: a garbled length would be allocated first."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > len(self.getbuffer()) - self.tell():
            raise ValueError("it ends too early")
        return super().read(size)

    def peek(self, size: int = 1, /) -> bytes:
        at = self.tell()
        return bytes(self.getbuffer()[at : at + size])
