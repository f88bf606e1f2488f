"""What an operation returned, together with the response that it was read from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from unisync._models.dumping import Dumpable

T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True)
class RawResult(Dumpable, Generic[T_co]):
    """The result of an operation, and AWS's response to it.

    Where an operation made several calls, the response is that to the last one.
    """

    model: T_co
    """What the operation returns without `with_raw_response`."""
    response: dict[str, Any]
    """What boto3 returns for the call, dates and `ResponseMetadata` included; for an error, its `response`."""
    status_code: int | None
    """The HTTP status; None if it is not known."""
    headers: Mapping[str, str]
    """The HTTP headers, by their names in lower case."""
    request_id: str | None
    """AWS's id of the request."""
