"""AsyncUnisync: the awaitable client. boto3 works in a few threads; the waits are timers on the event loop."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING, ClassVar, NamedTuple, Self, TypeVar, cast

from typing_extensions import deprecated

import unisync
from unisync._client.methods import CommonVerbs, Facade
from unisync._core.bridge import AwaitableVerbs
from unisync._core.flow import Call, Flow, Stop, Together, arun
from unisync._core.retry import retrying
from unisync._models.jobs import Model
from unisync.errors import TransportError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Hashable, Mapping

    from unisync.errors import UnisyncError

T = TypeVar("T")
R = TypeVar("R", bound=Model)


class _Either(NamedTuple):
    """Two reasons to stop."""

    one: Stop
    other: Stop

    def is_set(self) -> bool:
        return self.one.is_set() or self.other.is_set()


class AwaitableClient(AwaitableVerbs, CommonVerbs):
    """What runs the flows of the common verbs on an event loop, and their calls in threads."""

    _under_way: int = 0

    @cached_property
    def _threads(self) -> dict[Hashable, ThreadPoolExecutor]:
        """The threads in which a service is called."""
        return {}

    _lock: ClassVar[threading.Lock] = threading.Lock()

    async def close(self) -> None:
        """Close all connections and end all threads. The client can be used again after that.

        A call that is still under way, as one whose task was cancelled, is not waited for: its thread ends with it.
        """
        with self._lock:
            closed = list(self._threads.values())
            self._threads.clear()
            busy = self._under_way > 0
        for threads in closed:
            threads.shutdown(wait=False, cancel_futures=True)
        if not busy:
            for threads in closed:
                await asyncio.to_thread(threads.shutdown)
        self._session.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _answer(self, call: Call[R]) -> R:
        gone = threading.Event()
        try:
            # The time counts from here: the threads may be busy with other calls.
            async with asyncio.timeout(call.timeout):
                return await self._in_a_thread(call, gone)
        except TimeoutError:
            reason = f"no answer within {call.timeout:.1f} s"
            raise TransportError(call.service, call.operation, reason, retryable=True, outcome_unknown=True) from None
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            reason = "the client was closed"
            raise TransportError(call.service, call.operation, reason, retryable=False, outcome_unknown=True) from None
        finally:
            gone.set()

    def _answered(self, call: Call[R], gone: threading.Event) -> R:
        with self._lock:
            self._under_way += 1
        try:
            return self._session.send(call._replace(stop=gone if call.stop is None else _Either(call.stop, gone)))
        finally:
            with self._lock:
                self._under_way -= 1

    def _in_a_thread(self, call: Call[R], gone: threading.Event) -> asyncio.Future[R]:
        # Each service in each location has its own threads: one that does not answer keeps them.
        target = call.location, call.service
        with self._lock:
            threads = self._threads.get(target)
            if threads is None:
                many = self._session.at_once.each
                threads = self._threads[target] = ThreadPoolExecutor(many, thread_name_prefix="unisync")
            # A call belongs to whoever asked for it: what is noted of that in context variables holds in the thread.
            context = contextvars.copy_context()
            return asyncio.get_running_loop().run_in_executor(threads, lambda: context.run(self._answered, call, gone))

    async def _arun(self, flow: Flow[T]) -> T:
        return await arun(flow, self._answer, self._clock, self._arun_together)

    async def _arun_together(self, together: Together[T]) -> Mapping[int, T | UnisyncError]:
        results: dict[int, T | UnisyncError] = {}
        async with aclosing(self._steps(together, results)) as steps:
            async for _ in steps:
                pass
        return results

    async def _astream(self, together: Together[T]) -> AsyncIterator[T]:
        async with aclosing(self._steps(together, {})) as steps:
            async for told in steps:
                yield cast("T", told)

    def _steps(self, together: Together[T], results: dict[int, T | UnisyncError]) -> AsyncGenerator[object, None]:
        from unisync._core.gather import arun_together

        return arun_together(together, self._answer, self._clock, self._bucket_of, self._session.at_once, results)

    async def _arun_retrying(self, flow: Flow[T]) -> T:
        return await self._arun(retrying(flow, self._session.attempts))


class AsyncUnisync(AwaitableClient, Facade):
    """The sync APIs of IoT TwinMaker, Proton and CodeConnections in one account and region, awaited.

    It takes what `Unisync` takes. As an async context manager it closes its connections and ends its threads.

    Args:
        session: The boto3 session whose credentials and settings are used; by default one is made.
        region_name: The region; by default the session's.
        profile_name: The profile that the session is made from, where none is given.
        endpoint_url: Where to connect to instead of AWS.
        config: A botocore `Config`, all of whose settings hold. As many calls to a service are under way at once as its
            `max_pool_connections` says.
        codeconnections_service: The name under which CodeConnections is asked; "codestar-connections" is its older one,
            for accounts whose permissions speak of that.
        allow_unknown_words: Whether a request may hold a word that is not among those that AWS's model lists, such as a
            provider that AWS has added since the installed botocore was made.
        pace: What is assumed of the rate that AWS allows waits, until it is found out.
        clock: Where time comes from.
        on_event: Called with each `CallEnded`, `WaitStarted` and `WaitEnded`, in whatever thread that happens, so it is
            to be quick. What it raises is logged, and disturbs nothing.
    """

    _proton: unisync.AsyncProton | None = None

    @cached_property
    def twinmaker(self) -> unisync.AsyncTwinMaker:
        """The sync operations of IoT TwinMaker."""
        from unisync._services.twinmaker import AsyncTwinMaker

        return AsyncTwinMaker(self._services.twinmaker, self._arun_retrying)

    @property
    @deprecated("AWS ended its support of Proton on 2026-10-07", category=None)
    def proton(self) -> unisync.AsyncProton:
        """The sync operations of Proton, whose support AWS ended on 2026-10-07: the first use warns of that."""
        if self._proton is None:
            from unisync._services.proton import AsyncProton, warn_of_end

            warn_of_end(stacklevel=3)
            self._proton = AsyncProton(self._services.proton, self._arun_retrying)
        return self._proton

    @cached_property
    def codeconnections(self) -> unisync.AsyncCodeConnections:
        """The sync operations of CodeConnections."""
        from unisync._services.codeconnections import AsyncCodeConnections

        return AsyncCodeConnections(self._services.codeconnections, self._arun_retrying)
