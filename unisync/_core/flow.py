"""Flow: what to do next, without doing it; run() and arun() do it.

A flow is a generator. It yields the call that it wants made or the pause that it wants to take, is sent the reply (or
has the error thrown in), and returns a value. The blocking and the awaitable client drive the same flows, and a test
drives them by hand.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Awaitable, Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, Protocol, TypeVar, cast

from unisync._models.jobs import Model, Vocabulary

if TYPE_CHECKING:
    from unisync._core.clock import Clock

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
R_co = TypeVar("R_co", bound=Model, covariant=True)
R = TypeVar("R", bound=Model)


class Location(NamedTuple):
    """An account, and a region in it."""

    account: str
    region: str


class AtOnce(NamedTuple):
    """How many calls may be under way at once."""

    each: int
    """To one service in one location."""
    in_all: int


class Stop(Protocol):
    """What says that something is to end early: a `threading.Event`, or several."""

    def is_set(self) -> bool:
        """Whether it says so."""
        ...


class Call(NamedTuple, Generic[R_co]):
    """A request to AWS."""

    service: str
    """boto3's name of the service."""
    operation: str
    """AWS's name of the operation."""
    params: Mapping[str, object]
    """The parameters, by AWS's names."""
    reply: type[R_co]
    """The model of the answer."""
    vocabulary: Vocabulary = Vocabulary({})
    """What the words in the answer mean."""
    repeatable: bool = True
    """Whether doing it twice is as good as doing it once."""
    is_check: bool = False
    """Whether it is only to be checked, and not sent. What comes of that is an empty model."""
    timeout: float | None = None
    """Seconds that the answer may take; None leaves it to the client's own settings."""
    unanswered: str = ""
    """What there is to say where the service's endpoint does not answer."""
    stop: Stop | None = None
    """What ends it early, as if no answer came."""
    location: Location | None = None
    """Where it is made, by a fleet."""
    attempt: int = 1
    """Which try it is."""
    delay: float = 0.0
    """Seconds for which it was paused before this try."""
    wait_id: int | None = None
    """The number of the wait that it is made for."""


class Sleep(NamedTuple):
    """A pause."""

    seconds: float
    at_most: float | None = None
    """Seconds that it may take where somebody who sees other flows too decides when it ends; None leaves no choice."""
    stop: Stop | None = None
    """What ends it early."""


@dataclass(frozen=True)
class Together(Generic[T_co]):
    """Flows to be run at the same time. What comes of it is the result of each, or its UnisyncError, by its place."""

    flows: Sequence[Generator[Any, Any, T_co]]
    is_enough: Callable[[object], bool] = lambda _: False
    """Whether a result is all that was waited for."""
    economy: bool = False
    """Whether calls that most likely show nothing new are spared."""
    closest: float = 1.0
    """Seconds between two looks of the same flow, where the rate would allow them to be closer."""
    stop: Stop | None = None
    """What ends them early; what has not come to its end then has no result."""
    gives_up: bool = False
    """Whether calls fail at once to where there has been no answer for some time."""


class Tell(NamedTuple):
    """Something for whoever watches the flow; only flows that run together have somebody who does."""

    what: object


Flow = Generator[Call[Any] | Sleep | Together[Any] | Tell, Any, T]


def ask(call: Call[R]) -> Flow[R]:
    """Make one call."""
    reply = yield call
    return cast("R", reply)


def each_call(flow: Flow[T], changed: Callable[[Call[Any]], Call[Any]]) -> Flow[T]:
    """The same flow, each of its calls changed before it is made."""
    try:
        action = next(flow)
        while True:
            try:
                result = yield changed(action) if isinstance(action, Call) else action
            except Exception as error:
                action = flow.throw(error)
            else:
                action = flow.send(result)
    except StopIteration as end:
        return cast("T", end.value)
    finally:
        flow.close()


class SystemClock:
    """Real time."""

    def now(self) -> float:
        """Seconds of the monotonic clock."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait in this thread."""
        time.sleep(seconds)

    async def asleep(self, seconds: float) -> None:
        """Wait on the event loop."""
        import asyncio  # only who awaits pays for it

        await asyncio.sleep(seconds)


default_clock: Callable[[], Clock] = SystemClock
"""Gives the clock of a client that is given none. The fixtures of `unisync.testing` put an emulated one here."""

SLICE = 0.05
"""Seconds after which it is looked whether something was stopped that cannot be woken up."""
LONG_SLICE = 0.25
"""The same for tasks, of which there may be thousands."""


def sleep(pause: Sleep, clock: Clock) -> None:
    """Take a pause in this thread."""
    stop = pause.stop
    if stop is None:
        clock.sleep(pause.seconds)
    elif isinstance(stop, threading.Event) and type(clock) is SystemClock:
        stop.wait(min(pause.seconds, threading.TIMEOUT_MAX))
    else:
        for seconds in _slices(pause.seconds, stop, clock, SLICE):
            clock.sleep(seconds)


async def asleep(pause: Sleep, clock: Clock) -> None:
    """Take a pause on the event loop."""
    if pause.stop is None:
        await clock.asleep(pause.seconds)
    else:
        for seconds in _slices(pause.seconds, pause.stop, clock, LONG_SLICE):
            await clock.asleep(seconds)


def _slices(seconds: float, stop: Stop, clock: Clock, slice_: float) -> Iterator[float]:
    until = clock.now() + seconds
    # What is less than a microsecond may be too little to move a clock at all.
    while (left := until - clock.now()) > 1e-6 and not stop.is_set():
        yield min(left, slice_)


def run(
    flow: Flow[T],
    send: Callable[[Call[Any]], Model],
    clock: Clock,
    run_together: Callable[[Together[Any]], Mapping[int, object]] | None = None,
) -> T:
    """Do what the flow says, in this thread."""
    try:
        action = next(flow)
        while True:
            try:
                result: object = None
                if isinstance(action, Sleep):
                    sleep(action, clock)
                elif isinstance(action, Call):
                    result = send(action)
                else:
                    assert run_together is not None
                    assert isinstance(action, Together)
                    result = run_together(action)
            except Exception as error:
                action = flow.throw(error)
            else:
                action = flow.send(result)
    except StopIteration as stop:
        return cast("T", stop.value)
    finally:
        flow.close()


async def arun(
    flow: Flow[T],
    send: Callable[[Call[Any]], Awaitable[Model]],
    clock: Clock,
    run_together: Callable[[Together[Any]], Awaitable[Mapping[int, object]]] | None = None,
) -> T:
    """Do what the flow says, awaiting."""
    try:
        action = next(flow)
        while True:
            try:
                result: object = None
                if isinstance(action, Sleep):
                    await asleep(action, clock)
                elif isinstance(action, Call):
                    result = await send(action)
                else:
                    assert run_together is not None
                    assert isinstance(action, Together)
                    result = await run_together(action)
            except Exception as error:
                action = flow.throw(error)
            else:
                action = flow.send(result)
    except StopIteration as stop:
        return cast("T", stop.value)
    finally:
        flow.close()
