from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from http.client import HTTPMessage
from typing import IO, Any, Generic, Protocol

from typing_extensions import TypeVar

# Headers of a response are str; those of a prepared request are encoded.
_ValueT = TypeVar("_ValueT", default=str)

class HeadersDict(MutableMapping[str, _ValueT], Generic[_ValueT]):
    def __init__(
        self, headers: Mapping[str, _ValueT] | Iterable[tuple[str, _ValueT]] = ..., /, **kwargs: _ValueT
    ) -> None: ...
    def __setitem__(self, key: str, value: _ValueT) -> None: ...
    def __getitem__(self, key: str) -> _ValueT: ...
    def __delitem__(self, key: str) -> None: ...
    def __iter__(self) -> Iterator[str]: ...
    def __len__(self) -> int: ...
    def copy(self) -> HeadersDict[_ValueT]: ...

class AWSRequest:
    method: str | None
    url: str | None
    headers: HTTPMessage
    data: bytes | str | dict[str, str] | IO[bytes] | None
    params: Mapping[str, str]
    auth_path: str | None
    stream_output: bool
    context: dict[str, Any]
    def __init__(
        self,
        method: str | None = None,
        url: str | None = None,
        headers: Mapping[str, str] | None = None,
        data: bytes | str | dict[str, str] | IO[bytes] | None = None,
        params: Mapping[str, str] | None = None,
        auth_path: str | None = None,
        stream_output: bool = False,
    ) -> None: ...
    def prepare(self) -> AWSPreparedRequest: ...
    @property
    def body(self) -> bytes | IO[bytes] | None: ...

class AWSPreparedRequest:
    method: str
    url: str
    headers: HeadersDict[str | bytes]
    body: bytes | str | IO[bytes] | None
    stream_output: bool
    context: dict[str, Any] | None
    def __init__(
        self,
        method: str,
        url: str,
        headers: HeadersDict[str | bytes],
        body: bytes | str | IO[bytes] | None,
        stream_output: bool,
        context: dict[str, Any] | None = None,
    ) -> None: ...
    def reset_stream(self) -> None: ...

# urllib3's response, or a compatible object.
class _RawResponse(Protocol):
    def stream(self) -> Iterable[bytes]: ...

class AWSResponse:
    url: str
    status_code: int
    headers: HeadersDict
    raw: _RawResponse
    def __init__(self, url: str, status_code: int, headers: Mapping[str, str], raw: _RawResponse) -> None: ...
    @property
    def content(self) -> bytes: ...
    @property
    def text(self) -> str: ...

def prepare_request_dict(
    request_dict: dict[str, Any],
    endpoint_url: str,
    context: dict[str, Any] | None = None,
    user_agent: str | None = None,
) -> None: ...
