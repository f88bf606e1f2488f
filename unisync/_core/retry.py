"""How long until the next try, and which calls get one."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from unisync._core.flow import Call, Flow, Sleep
from unisync.errors import InvalidRequestError, ThrottledError, UnisyncError

T = TypeVar("T")

Random = Callable[[], float]
"""A number from 0 up to 1, drawn anew at each call."""


@dataclass(frozen=True, slots=True)
class Backoff:
    """Delays that grow from one try to the next, with jitter so that many who wait do not wait in step.

    Args:
        initial: The first delay, in seconds.
        maximum: The longest delay, in seconds.
        factor: What each delay is multiplied with to give the next.
        jitter: The part of a delay, from 0 to 1, that chance may take away from it.
    """

    initial: float = 2.0
    maximum: float = 20.0
    factor: float = 1.5
    jitter: float = 0.25

    def __post_init__(self) -> None:
        self._expect("initial", self.initial, "a number above 0", 0 < self.initial < math.inf)
        self._expect("maximum", self.maximum, "at least initial", self.initial <= self.maximum < math.inf)
        self._expect("factor", self.factor, "a number from 1", 1 <= self.factor < math.inf)
        self._expect("jitter", self.jitter, "a number from 0 to 1", 0 <= self.jitter <= 1)

    @staticmethod
    def _expect(name: str, value: float, expected: str, met: bool) -> None:
        if not met:
            raise InvalidRequestError.before_sending(f"{name}: expected {expected}, got {value!r}", "Backoff")

    def delay(self, tries: int, draw: Random = random.random) -> float:
        """Seconds to wait after so many tries (from 1)."""
        # Past some sixty doublings a float overflows; the maximum has long been reached by then.
        grown = min(self.maximum, self.initial * self.factor ** min(tries - 1, 60))
        return grown * (1 - self.jitter * draw())


SHORT = Backoff(initial=0.1, maximum=5.0, factor=2.0, jitter=0.5)
"""For what may well be over in a moment: a lost connection, a lost race."""
_THROTTLED = Backoff(initial=1.0, maximum=20.0, factor=2.0, jitter=0.5)


def retrying(flow: Flow[T], attempts: int, throttled: int | None = None) -> Flow[T]:
    """The same flow, each of its calls made up to `attempts` times if it fails for a reason that passes.

    Where there is a number for them, tries that were `throttled` count by themselves.

    A call that must not be repeated is made again only where it is certain that AWS did nothing. Where an earlier try
    may have done something, the error of the last one says so.
    """
    try:
        action = next(flow)
        while True:
            tries, throttles, unknown, delay = 1, 1, False, 0.0
            while True:
                if delay and isinstance(action, Call):
                    action = _again(action, tries + throttles - 1, delay)
                try:
                    result = yield action
                except UnisyncError as error:
                    error.outcome_unknown = unknown = unknown or error.outcome_unknown
                    is_throttled = isinstance(error, ThrottledError)
                    apart = is_throttled and throttled is not None
                    made, most = (throttles, throttled or 0) if apart else (tries, attempts)
                    if not isinstance(action, Call) or made >= most or not _worth_another(action, error):
                        action = flow.throw(error)
                        break
                    delay = (_THROTTLED if is_throttled else SHORT).delay(made)
                    yield Sleep(delay)
                    tries, throttles = tries + (not apart), throttles + apart
                else:
                    action = flow.send(result)
                    break
    except StopIteration as stop:
        return stop.value  # type: ignore[no-any-return]
    finally:
        flow.close()


def _again(call: Call[Any], attempt: int, delay: float) -> Call[Any]:
    return call._replace(attempt=attempt, delay=delay)


def _worth_another(call: Call[Any], error: UnisyncError) -> bool:
    if not error.retryable:
        return False
    return call.repeatable or not error.outcome_unknown
