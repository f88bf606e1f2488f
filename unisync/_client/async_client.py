"""AsyncUnisync: the awaitable client. Its calls are tasks on the event loop, or run in threads without aiohttp."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine, Hashable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from datetime import timedelta
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from typing_extensions import override

from unisync._client.methods import ClientMethods, CommonMethods
from unisync._core.async_gather import agather
from unisync._core.bridge import AsyncBase
from unisync._core.clock import STOP_CHECK_INTERVAL
from unisync._core.commands import Call, Flow, Gather, StopSignal
from unisync._core.deadline import Deadline
from unisync._core.flow import arun
from unisync._core.lazy import lazy_module
from unisync._models.base import Model
from unisync.errors import TransportError, UnisyncError

if TYPE_CHECKING:
    from unisync._client import raw
else:
    raw = lazy_module("unisync._client.raw")

T = TypeVar("T")
R = TypeVar("R", bound=Model)


class _Flag:
    """Ends what threads do for a call: once it is done, or its own stop signal is set."""

    __slots__ = ("is_done", "is_sending", "stop")

    def __init__(self, stop: StopSignal | None) -> None:
        self.stop: StopSignal | None = stop
        self.is_done: bool = False
        self.is_sending: bool = False
        """Whether anything was sent."""

    def note_sending(self) -> None:
        self.is_sending = True

    def is_set(self) -> bool:
        return self.is_done or (self.stop is not None and self.stop.is_set())


class _Threads:
    """The threads that send calls, shared by a client and those that `with_options` makes of it."""

    def __init__(self) -> None:
        self.executors: dict[Hashable, ThreadPoolExecutor] = {}
        """Those that call each service in each account and region: one that does not answer keeps its own."""
        self.in_flight: int = 0
        self.lock = threading.Lock()

    def counted(self, work: Callable[[], T]) -> T:
        """Run a function, counted as in flight."""
        with self.lock:
            self.in_flight += 1
        try:
            return work()
        finally:
            with self.lock:
                self.in_flight -= 1


class AsyncClient(AsyncBase, CommonMethods):
    """Runs the flows of the common methods on an event loop, and their calls in threads."""

    @cached_property
    def _threads(self) -> _Threads:
        return _Threads()

    @override
    def with_options(self, *, timeout: float | timedelta | None = None, max_attempts: int | None = None) -> Self:
        _ = self._threads  # made now, so that the copy has the same
        return super().with_options(timeout=timeout, max_attempts=max_attempts)

    async def close(self) -> None:
        """Close all connections and end all threads. The client can be used again after that.

        A call still in flight, such as one whose task was cancelled, is not waited for: its thread ends with it.
        """
        threads = self._threads
        with threads.lock:
            executors = list(threads.executors.values())
            threads.executors.clear()
            is_busy = threads.in_flight > 0
        for executor in executors:
            executor.shutdown(wait=False, cancel_futures=True)
        if not is_busy:
            for executor in executors:
                await asyncio.to_thread(executor.shutdown)
        await self._settings.transport.close_async()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _send(self, call: Call[R]) -> R:
        call = self._settings.bounded(call)
        flag = _Flag(call.stop)
        deadline = Deadline.after(call.timeout, flag)

        def in_thread(work: Callable[[], T]) -> asyncio.Future[T]:
            return self._in_thread(work, (call.location, call.service))

        sending = self._settings.transport.send_async(call, deadline, in_thread, flag.note_sending)
        try:
            # The timeout counts from here: the threads may be busy with other calls.
            async with asyncio.timeout(call.timeout):
                return await (sending if call.stop is None else _until_stopped(sending, call.stop))
        except TimeoutError:
            is_stopped = call.stop is not None and call.stop.is_set()
            reason = "the call was stopped" if is_stopped else f"no response within {call.timeout:.1f} s"
            raise TransportError(
                call.service, call.operation, reason, retryable=True, outcome_unknown=flag.is_sending
            ) from None
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            reason = "the client was closed"
            raise TransportError(call.service, call.operation, reason, retryable=False, outcome_unknown=True) from None
        finally:
            flag.is_done = True

    def _in_thread(self, work: Callable[[], T], endpoint: Hashable) -> asyncio.Future[T]:
        """Run a function in a thread of an endpoint."""
        threads = self._threads
        with threads.lock:
            executor = threads.executors.get(endpoint)
            if executor is None:
                number = self._settings.transport.concurrency.per_service
                executor = threads.executors[endpoint] = ThreadPoolExecutor(number, thread_name_prefix="unisync")
            # Context variables of the task, such as a tracing span, hold in the thread as well.
            context = contextvars.copy_context()
            loop = asyncio.get_running_loop()
            return loop.run_in_executor(executor, lambda: context.run(threads.counted, work))

    @override
    async def _arun(self, flow: Flow[T]) -> T:
        return await arun(flow, self._send, self._settings.clock, self._agather)

    async def _agather(self, command: Gather[T]) -> Mapping[int, T | UnisyncError]:
        results: dict[int, T | UnisyncError] = {}
        async with aclosing(self._steps(command, results)) as steps:
            async for _ in steps:
                pass
        return results

    @override
    async def _astream(self, command: Gather[T]) -> AsyncIterator[T]:
        async with aclosing(self._steps(command, {})) as steps:
            async for value in steps:
                yield cast("T", value)

    def _steps(self, command: Gather[T], results: dict[int, T | UnisyncError]) -> AsyncGenerator[object, None]:
        settings = self._settings
        concurrency = settings.transport.concurrency
        return agather(command, self._send, settings.clock, settings.limiter_for, concurrency, results)


async def _until_stopped(sending: Coroutine[Any, Any, T], stop: StopSignal) -> T:
    """What is sent, unless the stop signal is set first.

    Raises:
        TimeoutError: It was.
    """
    task = asyncio.ensure_future(sending)
    try:
        while not task.done():
            if stop.is_set():
                raise TimeoutError
            await asyncio.wait([task], timeout=STOP_CHECK_INTERVAL)
        return task.result()
    finally:
        task.cancel()


class AsyncUnisync(AsyncClient, ClientMethods):
    """The sync APIs of IoT TwinMaker, Proton and CodeConnections in one account and region, awaited.

    It takes the arguments of `Unisync` and has the same methods. As an async context manager it closes its connections
    and ends its threads. As many calls to a service are in flight at once as `max_pool_connections` of `config` says.
    """

    @property
    def with_raw_response(self) -> raw.RawAsyncUnisync:
        """The same client, whose methods return AWS's response as well: a `RawResult`."""
        return raw.RawAsyncUnisync(self._settings, self._arun)
