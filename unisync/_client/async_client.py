"""AsyncUnisync: the awaitable client. boto3 works in a few threads; waits are timers on the event loop."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Hashable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from datetime import timedelta
from functools import cached_property
from types import TracebackType
from typing import NamedTuple, Self, TypeVar, cast

from typing_extensions import override

from unisync._client.methods import ClientMethods, CommonMethods
from unisync._core.async_gather import agather
from unisync._core.bridge import AsyncBase
from unisync._core.commands import Call, Flow, Gather, StopSignal
from unisync._core.flow import arun
from unisync._models.base import Model
from unisync.errors import TransportError, UnisyncError

T = TypeVar("T")
R = TypeVar("R", bound=Model)


class _EitherSignal(NamedTuple):
    """Set as soon as one of two signals is."""

    one: StopSignal
    other: StopSignal

    def is_set(self) -> bool:
        return self.one.is_set() or self.other.is_set()


class _Threads:
    """The threads that send calls, shared by a client and those that `with_options` makes of it."""

    def __init__(self) -> None:
        self.executors: dict[Hashable, ThreadPoolExecutor] = {}
        """Those that call each service in each account and region: one that does not answer keeps its own."""
        self.in_flight: int = 0
        self.lock = threading.Lock()


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
        self._settings.transport.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _send(self, call: Call[R]) -> R:
        call = self._settings.bounded(call)
        cancelled = threading.Event()
        try:
            # The timeout counts from here: the threads may be busy with other calls.
            async with asyncio.timeout(call.timeout):
                return await self._send_in_thread(call, cancelled)
        except TimeoutError:
            reason = f"no response within {call.timeout:.1f} s"
            raise TransportError(call.service, call.operation, reason, retryable=True, outcome_unknown=True) from None
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            reason = "the client was closed"
            raise TransportError(call.service, call.operation, reason, retryable=False, outcome_unknown=True) from None
        finally:
            cancelled.set()

    def _send_blocking(self, call: Call[R], cancelled: threading.Event) -> R:
        threads = self._threads
        with threads.lock:
            threads.in_flight += 1
        try:
            stop = cancelled if call.stop is None else _EitherSignal(call.stop, cancelled)
            return self._settings.transport.send(call._replace(stop=stop))
        finally:
            with threads.lock:
                threads.in_flight -= 1

    def _send_in_thread(self, call: Call[R], cancelled: threading.Event) -> asyncio.Future[R]:
        endpoint = call.location, call.service
        threads = self._threads
        with threads.lock:
            executor = threads.executors.get(endpoint)
            if executor is None:
                number = self._settings.transport.concurrency.per_service
                executor = threads.executors[endpoint] = ThreadPoolExecutor(number, thread_name_prefix="unisync")
            # Context variables of the task, such as a tracing span, hold in the thread as well.
            context = contextvars.copy_context()
            loop = asyncio.get_running_loop()
            return loop.run_in_executor(executor, lambda: context.run(self._send_blocking, call, cancelled))

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


class AsyncUnisync(AsyncClient, ClientMethods):
    """The sync APIs of IoT TwinMaker, Proton and CodeConnections in one account and region, awaited.

    It takes the arguments of `Unisync` and has the same methods. As an async context manager it closes its connections
    and ends its threads. As many calls to a service are in flight at once as `max_pool_connections` of `config` says.
    """
