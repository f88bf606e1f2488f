"""Commands: what a flow yields, for its driver to carry out."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from unisync._models.base import EnumMapping, Model

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
R_co = TypeVar("R_co", bound=Model, covariant=True)


class AccountRegion(NamedTuple):
    """An account and a region in it."""

    account: str
    """The account."""
    region: str
    """The region."""


class ConcurrencyLimit(NamedTuple):
    """How many calls may be in flight at once."""

    per_service: int
    """To one service in one account and region."""
    total: int


class StopSignal(Protocol):
    """Says whether something must end early: a `threading.Event`, or several of them."""

    def is_set(self) -> bool:
        """Whether it must end."""
        ...


class WakeSignal(Protocol):
    """Ends a pause: it calls back instead of being polled."""

    def is_set(self) -> bool:
        """Whether the pause is to end."""
        ...

    def subscribe(self, callback: Callable[[], object]) -> None:
        """Have a function called when it is set, in whatever thread sets it; at once if it is set already."""
        ...

    def unsubscribe(self, callback: Callable[[], object]) -> None:
        """Have it called no more."""
        ...


class RawResponse(NamedTuple):
    """A response as boto3 would have returned it, and what HTTP says beside it."""

    response: dict[str, Any]
    status_code: int | None
    headers: Mapping[str, str]
    """By their names in lower case."""
    request_id: str | None


class Call(NamedTuple, Generic[R_co]):
    """A request to AWS."""

    service: str
    """boto3's name of the service."""
    operation: str
    """AWS's name of the operation."""
    params: Mapping[str, object]
    """The parameters, under AWS's names."""
    response_model: type[R_co]
    """The model that the response is read into."""
    enum_map: EnumMapping = EnumMapping({})
    """What AWS's enum values in the response mean."""
    idempotent: bool = True
    """Whether sending it twice has the same effect as sending it once."""
    validate_only: bool = False
    """Validate the parameters and send nothing. The result is an empty model."""
    timeout: float | None = None
    """Seconds for the whole call; None leaves it to the client's settings."""
    connection_hint: str = ""
    """What to add to the error if the endpoint does not answer."""
    stop: StopSignal | None = None
    """Ends the call early, with a `TransportError`."""
    location: AccountRegion | None = None
    """The account and region to call, in a fleet."""
    retries: int = 0
    """How often this call was sent before."""
    invocation_id: str | None = None
    """What all attempts of this call have in common, for AWS."""
    delay: float = 0.0
    """Seconds of pause before this call was sent."""
    wait_id: int | None = None
    """The wait that it belongs to."""
    on_response: Callable[[RawResponse], object] | None = None
    """Receives the response to the call, if it is asked for."""


class Sleep(NamedTuple):
    """A pause."""

    seconds: float
    stop: StopSignal | None = None
    """Ends the pause early."""
    signal: WakeSignal | None = None
    """Ends it early as well."""


@dataclass(frozen=True)
class Gather(Generic[T_co]):
    """Run flows concurrently. The result maps the index of each flow to its result or its UnisyncError."""

    flows: Sequence[Generator[Any, Any, T_co]]
    stop_when: Callable[[object], bool] = lambda _: False
    """Whether a result ends all the others."""
    stop: StopSignal | None = None
    """Ends all flows early. Those that had not finished have no result."""
    fail_fast: bool = False
    """Whether calls to an endpoint that has stopped answering fail at once, without being sent."""
    has_signals: bool = False
    """Whether their pauses may end early, by a signal."""
    at_once: bool = False
    """Whether all calls may be sent before a service has answered the first: few of them are no burden."""


class Emit(NamedTuple):
    """Pass a value to the caller that iterates over the flows; only gathered flows may do this."""

    value: object


Flow = Generator[Call[Any] | Sleep | Gather[Any] | Emit, Any, T]
