"""The senders of a session: which one takes a step of a call, and how they are closed."""

from __future__ import annotations

import importlib.util
import threading
from collections.abc import Callable
from functools import cache

from unisync._botocore import helper_threads
from unisync._botocore.connection_settings import ConnectionSettings
from unisync._botocore.steps import Blocking, Hanging, Step
from unisync._botocore.urllib3_sender import Urllib3Sender
from unisync._core.deadline import Deadline
from unisync._core.transport import AsyncSender, HttpRequest, InThread, Sender


class Senders:
    """The senders of one account and region, each created when it is first used.

    Args:
        settings: Returns how to connect, once that is known.
    """

    def __init__(self, settings: Callable[[], ConnectionSettings]) -> None:
        self._settings = settings
        self._blocking: Sender | None = None
        self._awaitable: AsyncSender | None = None
        self._lock = threading.Lock()

    def take(self, step: Step, deadline: Deadline) -> object:
        """Take a step of a call in this thread."""
        if isinstance(step, HttpRequest):
            return self.blocking().send(step, deadline)
        return helper_threads.result_of(step.future, deadline) if isinstance(step, Hanging) else step.work()

    async def take_async(self, step: Step, deadline: Deadline, in_thread: InThread) -> object:
        """Take a step of a call on the event loop; what blocks runs in a thread."""
        if isinstance(step, Blocking):
            return await in_thread(step.work)
        if isinstance(step, Hanging):
            import asyncio  # slow to import, and only asynchronous clients need it

            # Others may wait for the same.
            return await asyncio.shield(asyncio.wrap_future(step.future))
        sender = self._of_event_loops()
        if sender is not None and sender.can_send(step):
            return await sender.send(step)
        return await in_thread(lambda: self.blocking().send(step, deadline))

    def blocking(self) -> Sender:
        """The sender of threads."""
        sender = self._blocking
        if sender is None:
            with self._lock:
                sender = self._blocking = self._blocking or Urllib3Sender(self._settings())
        return sender

    def _of_event_loops(self) -> AsyncSender | None:
        """The sender of event loops; None without the extra `aio`."""
        if self._awaitable is None and is_installed("aiohttp"):
            from unisync._botocore.aiohttp_sender import AiohttpSender

            with self._lock:
                if self._awaitable is None:
                    self._awaitable = AiohttpSender(self._settings())
        return self._awaitable

    def close(self) -> None:
        """Close all connections, except those of event loops."""
        with self._lock:
            sender, self._blocking = self._blocking, None
        if sender is not None:
            sender.close()

    async def close_async(self) -> None:
        """Close all connections, those of this event loop among them."""
        if self._awaitable is not None:
            await self._awaitable.close()
        self.close()


@cache
def is_installed(module: str) -> bool:
    """Whether an optional dependency is there."""
    return importlib.util.find_spec(module) is not None
