"""Signals: flags that call back when they are set, so that what waits for one wakes at once."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Signal:
    """A flag that calls back when it is set. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._is_set = False
        self._callbacks: list[Callable[[], object]] = []

    def is_set(self) -> bool:
        """Whether it was set since it was last cleared."""
        return self._is_set

    def set(self) -> None:
        """Set it, and call back in this thread."""
        with self._lock:
            self._is_set = True
            callbacks = tuple(self._callbacks)
        for callback in callbacks:
            callback()

    def clear(self) -> None:
        """Make it ready to be set again."""
        self._is_set = False

    def subscribe(self, callback: Callable[[], object]) -> None:
        """Have a function called whenever it is set; at once if it is set already."""
        with self._lock:
            self._callbacks.append(callback)
            is_set = self._is_set
        if is_set:
            callback()

    def unsubscribe(self, callback: Callable[[], object]) -> None:
        """Have it called no more."""
        with self._lock:
            self._callbacks.remove(callback)
