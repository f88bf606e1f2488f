"""The scheduler: which of many flows sends the next call, and when. It decides, and does no I/O itself.

`gather` runs hundreds of waits on a few threads or tasks, and the scheduler tells it what to do next. Each flow is a
`_Task`, and is always in one of three conditions: pausing (a timer), waiting to send a call (in a `_Queue`), or waiting
for the response. The loop around it is

    while not scheduler.is_done:
        match scheduler.next():
            case (index, call): send the call, and hand the outcome to scheduler.record(index, response, error)
            case seconds:       nothing can be sent before; wait that long for responses
            case None:          only a response can change anything

Calls wait in one queue for each rate limiter, that is, for each operation in each account and region, and the queues
take turns. A queue holds one ticket for all of its calls, with their number as its weight. Within a queue, calls that
continue a poll go first, so that a poll which has begun is finished; among the rest, the sync that was polled longest
ago goes first. So every sync is polled in its turn however scarce the rate is, and none is forgotten.

Each service in each account and region has a circuit breaker, so that one which stops answering holds up nobody else:
until it has answered (unless the caller asked for `at_once`), and after it failed to, a single call is in flight to it;
calls that have been in flight too long do not count towards the limit of all; and where the caller asked for
`fail_fast`, further calls fail at once.
"""

from __future__ import annotations

import heapq
import math
from collections import deque
from collections.abc import Callable, Hashable, Mapping
from copy import copy
from functools import partial
from typing import Any, Generic, TypeVar

from unisync._core.commands import Call, ConcurrencyLimit, Emit, Flow, Gather, Sleep, WakeSignal
from unisync._core.rate_limiter import AdaptiveRateLimiter, LimiterFor, PermitTimeoutError, Ticket, classify
from unisync._core.signals import Signal
from unisync.errors import TransportError, UnisyncError

T = TypeVar("T")

OVERDUE_AFTER = 2.0
"""Seconds after which a call that has no response may well get none."""
OPEN_AFTER_FAILURES, OPEN_AFTER_SECONDS = 3, 5.0
"""Consecutive calls without an answer, and the seconds that they must span, after which a circuit breaker is open."""


class _CircuitBreaker:
    """What is known of a service in one account and region: whether it answers, and what is in flight to it."""

    __slots__ = ("failed_at", "failing_since", "failure", "failures", "in_flight", "is_answering")

    def __init__(self, *, is_answering: bool) -> None:
        self.in_flight: dict[int, float] = {}
        """When each call in flight was sent, oldest first."""
        self.is_answering = is_answering
        """Whether the last call was answered, or the service is taken to answer."""
        self.failures = 0
        """Consecutive calls without an answer."""
        self.failing_since = self.failed_at = -math.inf
        self.failure: TransportError | None = None
        """The error of the last of them."""

    def overdue(self, now: float) -> int:
        """How many calls in flight should have been answered by now."""
        count = 0
        for sent_at in self.in_flight.values():
            if now - sent_at < OVERDUE_AFTER:
                break
            count += 1
        return count

    def has_room(self, now: float, limit: int) -> bool:
        """Whether another call may be sent: one at a time until the service answers, two beside overdue ones."""
        if not self.is_answering:
            return not self.in_flight
        if not self.in_flight or now - next(iter(self.in_flight.values())) < OVERDUE_AFTER:
            return len(self.in_flight) < limit
        return len(self.in_flight) < min(self.overdue(now) + 2, limit)

    def is_open(self, now: float) -> bool:
        """Whether further calls are of no use."""
        return self.failures >= OPEN_AFTER_FAILURES and now - self.failing_since >= OPEN_AFTER_SECONDS

    def record(self, index: int, now: float, error: BaseException | None) -> None:
        """Note how a call ended."""
        sent_at = self.in_flight.pop(index)
        self.is_answering = not isinstance(error, TransportError)
        if not isinstance(error, TransportError):
            self.failures, self.failure = 0, None
            return
        self.failure = error
        # Calls that were in flight together may have failed for the same moment's fault: they count once.
        if self.failures == 0 or sent_at >= self.failed_at:
            self.failing_since = now if self.failures == 0 else self.failing_since
            self.failures, self.failed_at = self.failures + 1, now


class _Task(Generic[T]):
    """A flow that is not finished."""

    __slots__ = ("call", "expires_at", "flow", "last_polled_at", "queue", "resumes_poll", "unsubscribe", "wakes_at")

    def __init__(self, flow: Flow[T]) -> None:
        self.flow = flow
        self.call: Call[Any] | None = None
        """The call that waits in the queue; None while the task pauses, or while its call is in flight."""
        self.queue: _Queue | None = None
        """The queue of its latest call."""
        self.expires_at: float = math.inf
        """The deadline of the call."""
        self.wakes_at: float = math.inf
        """When its timer is due."""
        self.last_polled_at: float = -math.inf
        """When it last had a response."""
        self.unsubscribe: Callable[[], None] | None = None
        """Ends what may wake it from its pause early."""
        self.resumes_poll = False
        """Whether the next call continues a poll, since no pause came before it."""


class _Queue:
    """The calls that wait for one rate limiter."""

    __slots__ = ("breaker", "limiter", "permit_at", "polls", "resumed", "size", "ticket")

    def __init__(self, limiter: AdaptiveRateLimiter, breaker: _CircuitBreaker) -> None:
        self.limiter = limiter
        self.breaker = breaker
        self.ticket = Ticket()
        self.permit_at: float | None = None
        """When the call may be sent for which a permit was granted."""
        self.resumed: deque[int] = deque()
        """Tasks in the middle of a poll, in the order in which they came."""
        self.polls: list[tuple[float, int]] = []
        """A heap of the tasks that begin a poll, by when they were last polled. Tasks that left are removed late."""
        self.size = 0
        """How many calls wait."""

    def push(self, index: int, task: _Task[Any]) -> None:
        """Add the call of a task."""
        self.size += 1
        if task.resumes_poll:
            self.resumed.append(index)
        else:
            heapq.heappush(self.polls, (task.last_polled_at, index))

    def head(self, tasks: Mapping[int, _Task[Any]]) -> int | None:
        """The task whose call is to be sent next."""
        while self.resumed:
            if self._waits(tasks.get(self.resumed[0])):
                return self.resumed[0]
            self.resumed.popleft()
        while self.polls:
            if self._waits(tasks.get(self.polls[0][1])):
                return self.polls[0][1]
            heapq.heappop(self.polls)
        return None

    def _waits(self, task: _Task[Any] | None) -> bool:
        return task is not None and task.call is not None and task.queue is self

    def release(self) -> None:
        """Leave the rate to others for now."""
        if self.permit_at is not None:
            self.permit_at = None
            self.limiter.release(self.ticket)
        self.limiter.withdraw(self.ticket)


class Scheduler(Generic[T]):
    """Runs the flows of a `Gather`, as far as that can be done without I/O.

    Args:
        gather: The flows, and how to run them.
        limiter_for: Finds the rate limiter of a call.
        now: The time, in seconds.
        concurrency: How many calls may be in flight.
    """

    def __init__(
        self, gather: Gather[T], limiter_for: LimiterFor, now: Callable[[], float], concurrency: ConcurrencyLimit
    ) -> None:
        self._gather = gather
        self._limiter_for = limiter_for
        self._now = now
        self._concurrency = concurrency
        self._queues: dict[AdaptiveRateLimiter, _Queue] = {}
        self._order: deque[_Queue] = deque()
        """The queues, in the order in which they take turns."""
        self._breakers: dict[Hashable, _CircuitBreaker] = {}
        self._tasks: dict[int, _Task[T]] = {}
        self._timers: list[tuple[float, int]] = []
        self._is_enough = False
        self._has_new_calls = True
        """Whether a call was queued since the queues last took their turns."""
        self.results: dict[int, T | UnisyncError] = {}
        """The results so far, by the index of the flow."""
        self.woken = Signal()
        """Set, possibly by another thread, when a pause is to end early: then `next` has something to do."""
        self._woken: deque[tuple[int, WakeSignal]] = deque()
        """The tasks to wake, and by what."""
        self.emitted: deque[object] = deque()
        """What the flows emitted, and nobody has taken yet."""
        for index, flow in enumerate(gather.flows):
            self._tasks[index] = task = _Task(flow)
            self._advance(index, task, None, None)

    @property
    def is_done(self) -> bool:
        """Whether nothing is left to do."""
        return not self._tasks or self._is_enough

    def release_permits(self) -> None:
        """Leave the rate to others until `next` is called again."""
        for queue in self._order:
            queue.release()

    def close(self) -> None:
        """Close all flows that have not finished."""
        self.release_permits()
        for task in self._tasks.values():
            self._end_pause(task)
            task.flow.close()
        self._tasks.clear()

    def next(self) -> tuple[int, Call[Any]] | float | None:
        """The next call to send and the index of its flow; or seconds to wait; or None: only a response can help."""
        now = self._now()
        self._wake_tasks()
        self._fire_timers(now)
        wait = math.inf
        if self._has_room(now):
            self._has_new_calls = True
            while self._has_new_calls:
                # A flow that failed fast may have queued another call, in a queue that has had its turn.
                self._has_new_calls = False
                found = self._next_in_turn(now)
                if isinstance(found, tuple):
                    return found
                wait = min(wait, found)
        else:
            wait = OVERDUE_AFTER  # by then, some of the calls in flight do not count any more
        if self._timers:
            wait = min(wait, self._timers[0][0] - now)
        return None if wait == math.inf else max(wait, 1e-4)

    def record(self, index: int, response: object, error: BaseException | None) -> None:
        """Hand over the outcome of a call."""
        task, now = self._tasks[index], self._now()
        assert task.queue is not None
        task.queue.limiter.record(now, classify(error))
        task.queue.breaker.record(index, now, error)
        task.last_polled_at = now
        self._advance(index, task, response, error)

    def _has_room(self, now: float) -> bool:
        """Whether another call may be in flight at all. Overdue calls do not count: each service has few of them."""
        in_flight = sum(len(breaker.in_flight) for breaker in self._breakers.values())
        if in_flight < self._concurrency.total:
            return True
        overdue = sum(breaker.overdue(now) for breaker in self._breakers.values())
        return in_flight - overdue < self._concurrency.total

    def _next_in_turn(self, now: float) -> tuple[int, Call[Any]] | float:
        """The next call of the queues in their turn, or seconds to wait."""
        wait = math.inf
        for _ in range(len(self._order)):
            queue = self._order[0]
            self._order.rotate(-1)
            if not queue.breaker.has_room(now, self._concurrency.per_service):
                queue.release()
                wait = min(wait, OVERDUE_AFTER)
                continue
            found = self._next_of(queue, now)
            if isinstance(found, tuple):
                return found
            wait = min(wait, found)
        return wait

    def _next_of(self, queue: _Queue, now: float) -> tuple[int, Call[Any]] | float:
        """The next call of a queue, or seconds to wait."""
        while (index := queue.head(self._tasks)) is not None:
            task = self._tasks[index]
            failure = queue.breaker.failure
            if failure is not None and self._gather.fail_fast and queue.breaker.is_open(now):
                self._take(task)
                self._advance(index, task, None, copy(failure))
                continue
            if queue.permit_at is None:
                delay = queue.limiter.acquire(queue.ticket, now, queue.size)
                if delay < 0:
                    return -delay
                queue.permit_at = now + delay
            if queue.permit_at > now:
                return queue.permit_at - now
            queue.permit_at = None
            queue.breaker.in_flight[index] = now
            call = self._take(task)
            if call.timeout is not None:
                call = call._replace(timeout=max(task.expires_at - now, 0.001))
            return index, call
        queue.release()
        return math.inf

    def _take(self, task: _Task[T]) -> Call[Any]:
        """Take the call of a task out of its queue."""
        call, task.call, task.wakes_at = task.call, None, math.inf
        assert call is not None
        assert task.queue is not None
        task.queue.size -= 1
        return call

    def _fire_timers(self, now: float) -> None:
        """End the pauses that are over, and fail the calls that got no permit before their deadline."""
        while self._timers and self._timers[0][0] <= now:
            due, index = heapq.heappop(self._timers)
            task = self._tasks.get(index)
            if task is None or task.wakes_at != due:
                continue
            self._end_pause(task)
            error = None if task.call is None else PermitTimeoutError(self._take(task))
            self._advance(index, task, None, error)

    def _wake_tasks(self) -> None:
        """End the pauses that are to end early."""
        self.woken.clear()
        while self._woken:
            index, signal = self._woken.popleft()
            task = self._tasks.get(index)
            if task is not None and task.unsubscribe is not None and signal.is_set():
                self._end_pause(task)
                self._advance(index, task, None, None)

    def _wake(self, index: int, signal: WakeSignal) -> None:
        """Have a pause end early. Called in any thread."""
        self._woken.append((index, signal))
        self.woken.set()

    def _end_pause(self, task: _Task[T]) -> None:
        task.wakes_at = math.inf
        if task.unsubscribe is not None:
            task.unsubscribe()
            task.unsubscribe = None

    def _advance(self, index: int, task: _Task[T], response: object, error: BaseException | None) -> None:
        """Run a flow up to its next call, its next pause or its end."""
        try:
            command = task.flow.throw(error) if error is not None else task.flow.send(response)
            while isinstance(command, Emit):
                self.emitted.append(command.value)
                command = task.flow.send(None)
        except StopIteration as stop:
            self._finish(index, stop.value)
        except UnisyncError as failed:
            self._finish(index, failed)
        else:
            if isinstance(command, Call):
                self._enqueue(index, task, command)
            elif isinstance(command, Sleep):
                task.resumes_poll = False
                self._set_timer(index, task, command.seconds)
                if command.signal is not None:
                    wake = partial(self._wake, index, command.signal)
                    task.unsubscribe = partial(command.signal.unsubscribe, wake)
                    command.signal.subscribe(wake)
            else:
                raise TypeError("gathered flows cannot gather others")

    def _finish(self, index: int, result: T | UnisyncError) -> None:
        self.results[index] = result
        del self._tasks[index]
        self._is_enough = self._is_enough or self._gather.stop_when(result)

    def _enqueue(self, index: int, task: _Task[T], call: Call[Any]) -> None:
        task.call = call
        task.queue = self._queue_for(call)
        task.queue.push(index, task)
        task.resumes_poll = True
        self._has_new_calls = True
        if call.timeout is not None:
            self._set_timer(index, task, call.timeout)
            task.expires_at = task.wakes_at

    def _queue_for(self, call: Call[Any]) -> _Queue:
        limiter = self._limiter_for(call)
        queue = self._queues.get(limiter)
        if queue is None:
            breaker = self._breakers.setdefault(
                (call.location, call.service), _CircuitBreaker(is_answering=self._gather.at_once)
            )
            self._queues[limiter] = queue = _Queue(limiter, breaker)
            self._order.append(queue)
        return queue

    def _set_timer(self, index: int, task: _Task[T], seconds: float) -> None:
        task.wakes_at = self._now() + seconds
        heapq.heappush(self._timers, (task.wakes_at, index))
        if len(self._timers) > 2 * len(self._tasks) + 100:
            # Most timers were overtaken by a response.
            self._timers = [(each.wakes_at, number) for number, each in self._tasks.items() if each.wakes_at < math.inf]
            heapq.heapify(self._timers)
