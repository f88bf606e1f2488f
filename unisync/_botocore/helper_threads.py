"""Work that nothing can interrupt, such as resolving a name, in daemon threads that are abandoned at a deadline."""

from __future__ import annotations

import contextvars
import os
import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Any, TypeVar, cast

from unisync._core.clock import STOP_CHECK_INTERVAL
from unisync._core.deadline import Deadline

T = TypeVar("T")

_lock = threading.Lock()
_pending: dict[Hashable, Future[Any]] = {}


def shared(key: Hashable, work: Callable[[], T]) -> Future[T]:
    """Work in a thread of its own, which all who need the same at the same time wait for.

    So what hangs holds one thread, however often it is tried. The thread keeps no process alive.

    Args:
        key: What the work is for.
        work: What to do.
    """
    with _lock:
        future: Future[Any] | None = _pending.get(key)
        if future is not None:
            return cast("Future[T]", future)
        _pending[key] = future = Future()
    context = contextvars.copy_context()

    def do() -> None:
        result: Any = None
        failure: BaseException | None = None
        try:
            result = context.run(work)
        except BaseException as error:
            failure = error
        with _lock:
            _pending.pop(key, None)
        if failure is None:
            future.set_result(result)
        else:
            future.set_exception(failure)

    threading.Thread(target=do, name="unisync-helper", daemon=True).start()
    return cast("Future[T]", future)


def result_of(future: Future[T], deadline: Deadline) -> T:
    """Wait for work in a helper thread, to the deadline.

    Raises:
        TimeoutError: It did not end in time, or the call was stopped.
    """
    done = threading.Event()
    future.add_done_callback(lambda _: done.set())
    while not done.is_set():
        remaining = deadline.check()
        done.wait(remaining if deadline.stop is None else min(remaining, STOP_CHECK_INTERVAL))
    return future.result()


def _forget_threads() -> None:
    """Reset after a fork: the child process has none of the threads, and one of them may have held the lock."""
    global _lock
    _lock = threading.Lock()
    _pending.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_threads)
