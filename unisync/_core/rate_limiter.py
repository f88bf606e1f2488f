"""The rate limiter: how fast calls may be sent, found out while they are sent.

AWS publishes no rate limits for these services, and the limits of an account are shared with everything else that runs
in it. So the limiter learns. There is one `AdaptiveRateLimiter` for each operation in each account and region, shared
by all waits of the process (`LIMITERS`), and it does two things.

It spaces calls. A permit is a moment: the limiter grants the next one `1 / rate` seconds after the last. After idle
time some may be sent at once, but they use up the time of those that would follow: no second has more calls than the
rate says, or a twentieth more where there are many. Callers hold a `Ticket` and ask for a permit with `acquire`, which
answers either "send in so many seconds" or "ask again in so many seconds". Permits go round among the tickets by their
weights, so that a wait for one sync and a wait for a thousand share the rate fairly. But nobody is ever waited for: if
the ticket whose turn it is does not ask, the next one that asks gets the permit. So an abandoned ticket delays nobody
and needs no cleanup.

It adapts the rate, additively and multiplicatively as TCP does:

- While the limiter itself is what holds callers back and calls succeed, the rate grows: it doubles every
  `DOUBLING_TIME` as long as no limit is known, and after that as slowly as it takes `RECOVERY_TIME` to return to the
  rate at which AWS throttled. An idle limiter does not grow, since a rate that was never used proves nothing.
- When AWS throttles, the rate falls to `DECREASE_FACTOR` of what was really sustained before. Further throttling within
  `THROTTLE_DEBOUNCE` is the same event: those calls were sent at the old rate.
- When calls fail for other reasons, nothing grows, and a rate above the initial one falls towards it.
- A limit that has not been met for `LIMIT_TTL` of growing is forgotten, since AWS may have raised it.
"""

from __future__ import annotations

import itertools
import math
import os
import threading
from collections import deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, TypeVar
from weakref import WeakKeyDictionary

from unisync._core.clock import Clock, SystemClock
from unisync._core.flow import Call, Flow, Sleep, intercept
from unisync.errors import InvalidArgumentError, ServiceError, ThrottledError, TransportError, UnisyncError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class RateLimit:
    """What to assume of AWS's rate limits, for each operation in each account and region, until they are found out.

    Args:
        initial: Calls per second at first, at least `minimum`.
        minimum: Calls per second that are sent however often AWS throttles, above 0.
        maximum: Calls per second that are not exceeded on average, at least `initial`.

    Raises:
        InvalidArgumentError: An argument is out of its range.
    """

    initial: float = 10.0
    minimum: float = 0.5
    maximum: float = 1000.0

    def __post_init__(self) -> None:
        expect = InvalidArgumentError.unless
        expect(0 < self.minimum < math.inf, "minimum", "a number above 0", self.minimum)
        expect(self.minimum <= self.initial < math.inf, "initial", "at least minimum", self.initial)
        expect(self.initial <= self.maximum, "maximum", "at least initial", self.maximum)


DOUBLING_TIME = 1.0
"""Seconds in which the rate doubles while no limit is known."""
DECREASE_FACTOR = 0.9
"""The part of the sustained rate that is left when AWS throttles."""
RECOVERY_TIME = 12.0
"""Seconds after throttling until the rate is back where AWS throttled; it goes on growing as slowly."""
LIMIT_TTL = 60.0
"""Seconds of growth without throttling after which a known limit is forgotten."""
THROTTLE_DEBOUNCE = 1.0
"""Seconds within which further throttling counts as the same event."""
BURST = 10
"""Calls that may be sent at once after idle time while no limit is known, but never more than a second's worth."""
IDLE_AFTER = 1.0
"""Seconds without a call after which a limiter is idle."""
MIN_UTILIZATION = 0.5
"""The part of the time that callers must be held back for the rate to grow."""
SUSTAINED_SAMPLE = 10
"""Successful calls by which the sustained rate is measured; at higher rates, a second's worth."""
LOOKAHEAD = 0.1
"""How far ahead a permit may be granted to the ticket whose turn it is, in seconds; overdue tickets get up to twice
that."""
RECHECK_INTERVAL = 5.0
"""Seconds after which every waiting ticket asks again."""
FAST_RECHECK_INTERVAL = 1.0
"""The same while no limit is known, since the rate may have doubled."""
ACCOUNTING_WINDOW = 2 * RECHECK_INTERVAL
"""Seconds for which a ticket that asked counts as waiting. Tickets ask again in every window, so abandoned ones
expire."""
MAX_IDLE_LIMITERS = 1000
"""Number of limiters from which unused ones are dropped, once nobody asked them for `IDLE_TTL`."""
IDLE_TTL = 3600.0
"""Seconds."""

Verdict = Literal["passed", "throttled", "failed"]


class Ticket:
    """A caller's place among those who want calls sent."""

    __slots__ = ("due", "spacing", "weight", "window")

    def __init__(self) -> None:
        self.weight: float = 0.0
        """For how many calls it asks."""
        self.window: int = -1
        """The accounting window in which its weight was last counted."""
        self.due: float | None = None
        """How many permits the limiter will have granted when it is this ticket's turn."""
        self.spacing: float = 0.0
        """Seconds that the last permit occupied."""


class AdaptiveRateLimiter:
    """The rate of one operation in one account and region. Thread-safe.

    Args:
        limits: What to assume at first.
        now: The time, in seconds.
    """

    def __init__(self, limits: RateLimit, now: float) -> None:
        self._limits = limits
        self.rate: float = limits.initial
        self._free_at = -math.inf
        """When the next call may be sent."""
        self._granted = 0
        """Permits granted so far."""
        self._burst = 0
        """Permits that may be granted at once, before their time."""
        self._burst_ends_at = -math.inf
        self._window = 0
        self._window_ends_at = now + ACCOUNTING_WINDOW
        self._weight = 0.0
        """Of all tickets that asked in this window."""
        self._previous_weight = 0.0
        """Of all tickets that asked in the window before."""
        self._utilization = 0.0
        """The part of the recent time in which callers were held back, from 0 to 1."""
        self.asked_at: float = now
        self._held_back_for = 0.0
        """Seconds that a caller was held back, from then on."""
        self._throttled_at = -math.inf
        self._limit_met_at = -math.inf
        self._passed: deque[float] = deque(maxlen=2000)
        self._lock = threading.RLock()  # reentrant: a ticket may withdraw when it is garbage-collected

    def cap(self, maximum: float) -> None:
        """Never exceed this rate either, in calls per second."""
        if maximum >= self._limits.maximum:
            return
        with self._lock:
            if maximum < self._limits.maximum:
                minimum = min(self._limits.minimum, maximum)
                self._limits = RateLimit(min(self._limits.initial, maximum), minimum, maximum)
                self.rate = min(self.rate, maximum)

    def acquire(self, ticket: Ticket, now: float, weight: float = 1.0) -> float:
        """Ask for a permit to send a call.

        Args:
            ticket: The caller's.
            now: The time, in seconds.
            weight: How many calls the ticket waits for; its turn comes that much more often.

        Returns:
            Zero or more: a permit was granted, and the call may be sent after so many seconds. Negative: no permit,
            ask again after that many seconds.
        """
        with self._lock:
            self._count(ticket, now, weight)
            if ticket.due is None:
                ticket.due = self._granted + max(self._weight, self._previous_weight) / weight
            delay = self._grant(now, ticket.due)
            if delay >= 0:
                ticket.due, ticket.spacing = None, 1 / self.rate
            return delay

    def release(self, ticket: Ticket) -> None:
        """Return a permit that was not used."""
        with self._lock:
            self._free_at -= ticket.spacing
            self._granted -= 1
            ticket.spacing = 0.0

    def withdraw(self, ticket: Ticket) -> None:
        """Stop waiting for a permit."""
        with self._lock:
            if ticket.window == self._window:
                self._weight -= ticket.weight
            elif ticket.window == self._window - 1:
                self._previous_weight -= ticket.weight
            ticket.window, ticket.due = -1, None

    def _count(self, ticket: Ticket, now: float, weight: float) -> None:
        if now >= self._window_ends_at:
            self._previous_weight = self._weight if now < self._window_ends_at + ACCOUNTING_WINDOW else 0.0
            self._window, self._weight, self._window_ends_at = self._window + 1, 0.0, now + ACCOUNTING_WINDOW
        counted = ticket.weight if ticket.window == self._window else 0.0
        self._weight += weight - counted
        ticket.weight, ticket.window = weight, self._window

    def record(self, now: float, verdict: Verdict) -> None:
        """Learn from how a call ended."""
        with self._lock:
            if verdict == "passed":
                self._passed.append(now)
            elif verdict == "failed":
                self._utilization = 0.0
                self.rate = max(min(self.rate, self._limits.initial), self.rate * DECREASE_FACTOR)
            elif now - self._throttled_at >= THROTTLE_DEBOUNCE:
                sustained = self._sustained_rate(now) if self._utilization > MIN_UTILIZATION else self.rate
                self.rate = max(min(self.rate, sustained) * DECREASE_FACTOR, self._limits.minimum)
                self._free_at = max(self._free_at, now + 1 / self.rate)
                self._throttled_at = self._limit_met_at = now

    def _grant(self, now: float, due: float) -> float:
        """Grant a permit to the ticket whose turn comes when `due` permits were granted; see `acquire`."""
        self._grow(now)
        if now - self._free_at >= IDLE_AFTER and self._limit_met_at == -math.inf:
            self._burst, self._burst_ends_at = int(min(BURST, self.rate)), now + IDLE_AFTER
        # Those who ask a little late do not lose all of what they were late for, where there are many of them.
        self._free_at = max(self._free_at, now - max(self.rate / 20 - 1, 0.0) / self.rate)
        is_burst = self._burst > 0 and now < self._burst_ends_at
        delay = self._held_back_for = 0.0 if is_burst else max(self._free_at - now, 0.0)
        turn_in = (due - self._granted - 1) / self.rate
        early = turn_in - delay - 1 / self.rate
        """Seconds between the next permit and this ticket's turn."""
        too_far_ahead = delay - LOOKAHEAD + max(min(turn_in, 0.0), -LOOKAHEAD)
        if delay > 0 and max(early, too_far_ahead) > 1e-9:
            pause = max(early, too_far_ahead)
            if early > 0:
                waiting = max(self._weight, self._previous_weight)
                if delay < LOOKAHEAD / 2:
                    # The ticket whose turn it is does not ask, so there may be a permit to spare soon. Only some of
                    # the others check for that.
                    pause = min(pause, max(delay, waiting / 8 / self.rate))
                pause = max(pause, 0.5 / self.rate)
            is_limit_known = now - self._limit_met_at < LIMIT_TTL
            return -min(max(pause, 1e-4), RECHECK_INTERVAL if is_limit_known else FAST_RECHECK_INTERVAL)
        self._free_at = max(self._free_at, now if is_burst else -math.inf) + 1 / self.rate
        self._granted += 1
        self._burst -= is_burst
        return delay

    def _grow(self, now: float) -> None:
        """Raise the rate while it is what holds callers back: a rate that grows while idle ends in throttling."""
        elapsed, self.asked_at = now - self.asked_at, now
        if elapsed <= 0:
            return
        # A moving average over some two seconds, or over some calls where the rate is low.
        period = max(2.0, 4 / self.rate)
        weight = math.exp(-elapsed / period)
        self._utilization = self._utilization * weight + (1 - weight) * min(self._held_back_for / elapsed, 1.0)
        if self._utilization <= MIN_UTILIZATION or not self._passed or now - self._passed[-1] > period:
            return
        elapsed = min(elapsed, period)
        if now - self._limit_met_at < LIMIT_TTL:
            self.rate += self.rate * (1 / DECREASE_FACTOR - 1) * elapsed / RECOVERY_TIME
        else:
            self.rate *= 2 ** (elapsed / DOUBLING_TIME)
        self.rate = min(self.rate, self._limits.maximum)

    def _sustained_rate(self, now: float) -> float:
        """The rate at which calls succeeded recently; half of the allowed one where they were too few to tell."""
        count = max(SUSTAINED_SAMPLE, int(self.rate))
        period = max(count, 2 * count / self.rate)
        recent = [moment for moment in itertools.islice(reversed(self._passed), count) if now - moment < period]
        if len(recent) < SUSTAINED_SAMPLE or recent[-1] >= now:
            return self.rate / 2
        return len(recent) / (now - recent[-1])


def classify(error: BaseException | None) -> Verdict:
    """What the end of a call says about AWS's limits."""
    if isinstance(error, ThrottledError):
        return "throttled"
    return "passed" if error is None or (isinstance(error, ServiceError) and not error.retryable) else "failed"


class PermitTimeoutError(TransportError):
    """A call got no permit before its deadline."""

    def __init__(self, call: Call[Any]) -> None:
        reason = "the rate limit left no room for this call before its deadline"
        super().__init__(call.service, call.operation, reason, retryable=True, outcome_unknown=False)


LimiterFor = Callable[[Call[Any]], AdaptiveRateLimiter]
"""Finds the limiter of a call."""


def rate_limited(flow: Flow[T], limiter_for: LimiterFor, now: Callable[[], float]) -> Flow[T]:
    """The same flow, each of its calls sent when its limiter permits."""

    def handle(call: Call[Any]) -> Flow[object]:
        limiter, ticket = limiter_for(call), Ticket()
        expires_at = now() + (math.inf if call.timeout is None else call.timeout)
        try:
            while (delay := limiter.acquire(ticket, now())) < 0:
                yield from _pause(-delay, call, expires_at - now())
        finally:
            limiter.withdraw(ticket)
        if delay > 0:
            try:
                yield from _pause(delay, call, expires_at - now())
            except BaseException:
                limiter.release(ticket)
                raise
        if call.timeout is not None:
            call = call._replace(timeout=max(expires_at - now(), 0.001))
        try:
            response = yield call
        except UnisyncError as error:
            limiter.record(now(), classify(error))
            raise
        limiter.record(now(), "passed")
        return response

    return intercept(flow, handle)


def _pause(seconds: float, call: Call[Any], remaining: float) -> Flow[None]:
    yield Sleep(min(seconds, max(remaining, 0.0)), stop=call.stop)
    if seconds > remaining or (call.stop is not None and call.stop.is_set()):
        raise PermitTimeoutError(call)


class LimiterKey(NamedTuple):
    """What a rate limiter of the clients is for."""

    quota: tuple[Hashable, ...]
    """The endpoint, the region and, once it is known, the account."""
    service: str
    operation: str


class Limiters:
    """The rate limiters of this process, each made when it is first asked for."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Start anew, as in a forked process, where another thread may have held the lock."""
        self._real: dict[Hashable, AdaptiveRateLimiter] = {}
        # Times of different clocks cannot be compared.
        self._weakly: WeakKeyDictionary[object, dict[Hashable, AdaptiveRateLimiter]] = WeakKeyDictionary()
        self._strongly: dict[int, tuple[object, dict[Hashable, AdaptiveRateLimiter]]] = {}
        self._lock = threading.RLock()

    def get(
        self, clock: Clock, key: Hashable, limits: RateLimit, provisional_key: Hashable = None
    ) -> AdaptiveRateLimiter:
        """The limiter under `key`, or under the `provisional_key` that it had before `key` was known.

        The first caller's limits are what is assumed; each caller's maximum holds.
        """
        with self._lock:
            limiters = self._of(clock)
            limiter = limiters.get(key)
            if limiter is None:
                now = clock.now()
                if len(limiters) >= MAX_IDLE_LIMITERS:
                    # Credentials come and go, and the account is not always known.
                    for old in [old for old, each in limiters.items() if now - each.asked_at > IDLE_TTL]:
                        del limiters[old]
                limiter = limiters.pop(provisional_key, None) or AdaptiveRateLimiter(limits, now)
                limiters[key] = limiter
        limiter.cap(limits.maximum)
        return limiter

    def rates(self) -> dict[Hashable, float]:
        """The calls per second that each limiter allows now, by its key."""
        with self._lock:
            all_clocks = [self._real, *self._weakly.values(), *(limiters for _, limiters in self._strongly.values())]
            return {key: limiter.rate for limiters in all_clocks for key, limiter in limiters.items()}

    def _of(self, clock: object) -> dict[Hashable, AdaptiveRateLimiter]:
        if type(clock) is SystemClock:
            return self._real
        try:
            return self._weakly.setdefault(clock, {})
        except TypeError:  # a clock that cannot be hashed, or weakly referenced
            return self._strongly.setdefault(id(clock), (clock, {}))[1]


LIMITERS: Limiters = Limiters()
os.register_at_fork(after_in_child=LIMITERS.reset)
