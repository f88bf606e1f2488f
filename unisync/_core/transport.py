"""The protocols of what carries calls: a transport from calls to models, and below it a sender of HTTP requests."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol, TypeVar

from unisync._core.commands import AccountRegion, Call, ConcurrencyLimit
from unisync._core.deadline import Deadline
from unisync._models.base import Model

R = TypeVar("R", bound=Model)

InThread = Callable[[Callable[[], Any]], Awaitable[Any]]
"""Runs a function in one of the threads of an awaitable client."""

MAX_RESPONSE = 64 * 1024 * 1024
"""Bytes that a response may have, compressed or not."""


class HttpRequest(NamedTuple):
    """A request, ready to be sent."""

    method: str
    url: str
    headers: Sequence[tuple[str, str]]
    """In their order, `Host` among them."""
    body: bytes

    def __repr__(self) -> str:
        # The headers hold credentials, and tracebacks show the variables of each frame.
        return f"HttpRequest({self.method} {self.url})"


class HttpResponse(NamedTuple):
    """A response, as it was received."""

    status: int
    headers: Mapping[str, str]
    """By their names in lower case."""
    body: bytes
    """Decompressed; and if the connection broke off, the part that was received."""


class UnreadableResponseError(Exception):
    """A response whose body cannot be read, whatever it would say."""


class TruncatedResponseError(UnreadableResponseError, EOFError):
    """A compressed response that ends too early: the rest was lost."""


class OversizedResponseError(UnreadableResponseError):
    """A response that is larger than any that a service sends."""

    def __init__(self) -> None:
        super().__init__(f"it is larger than {MAX_RESPONSE // 1024**2} MiB")


class ClosedError(Exception):
    """A request whose client was closed before there was a response."""

    def __init__(self) -> None:
        super().__init__("the client was closed")


class Sender(Protocol):
    """Sends requests over connections that it keeps. Thread-safe."""

    def send(self, request: HttpRequest, deadline: Deadline) -> HttpResponse:
        """Send a request; whatever status the response has, it is returned.

        Raises:
            botocore.exceptions.HTTPClientError: There was no response.
        """
        ...

    def close(self) -> None:
        """Close all connections. It can be used again after that."""
        ...


class AsyncSender(Protocol):
    """The same, awaited."""

    def can_send(self, request: HttpRequest) -> bool:
        """Whether it can send a request over a connection as the settings say."""
        ...

    async def send(self, request: HttpRequest) -> HttpResponse:
        """Send a request. Its deadline is the caller's to keep: a cancelled task closes its connection at once."""
        ...

    async def close(self) -> None:
        """Close all connections of this event loop."""
        ...


class Transport(Protocol):
    """Sends calls and reads their responses. Thread-safe."""

    @property
    def max_attempts(self) -> int:
        """How often a call is sent at most."""
        ...

    @property
    def concurrency(self) -> ConcurrencyLimit:
        """How many calls may be in flight."""
        ...

    def region_of(self, location: AccountRegion | None) -> str | None:
        """The region of calls; None if there is none."""
        ...

    def quota_key(self, location: AccountRegion | None) -> tuple[Hashable, ...]:
        """The same for all whose calls count towards the same limits, as far as that is known."""
        ...

    def provisional_quota_key(self, location: AccountRegion | None) -> tuple[Hashable, ...]:
        """What `quota_key` was before the account was known."""
        ...

    def send(self, call: Call[R]) -> R:
        """Send a call and read its response."""
        ...

    async def send_async(
        self, call: Call[R], deadline: Deadline, in_thread: InThread, on_sending: Callable[[], object]
    ) -> R:
        """The same, awaited; what blocks runs in a thread."""
        ...

    def close(self) -> None:
        """Close all connections."""
        ...

    async def close_async(self) -> None:
        """Close all connections, those of this event loop among them."""
        ...
