"""The emulated time: real, faster than real, or advanced by hand."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime


class EmulatorClock:
    """The clock of an emulator, and a `Clock` for the clients that should share its time.

    With a `speed`, time runs by itself, at that many emulated seconds per real second. Without one, only `advance`
    and the sleeps move it.
    """

    def __init__(self, speed: float | None = 1.0) -> None:
        if speed is not None and not 0 < speed < float("inf"):
            raise ValueError(f"speed: expected a number above zero, got {speed!r}")
        self._speed = speed
        self._lock = threading.Lock()
        self._advanced = 0.0
        self._on_advance: list[Callable[[], object]] = []
        # Whole milliseconds, as in AWS's replies: dates a whole number of seconds apart then differ by exactly that.
        self._epoch = round(time.time(), 3)
        self._started = time.monotonic()

    @property
    def is_manual(self) -> bool:
        """Whether only `advance` and the sleeps move it."""
        return self._speed is None

    def on_advance(self, listener: Callable[[], object]) -> None:
        """Call a function each time that `advance`, or a sleep on a manual clock, has moved the time."""
        self._on_advance.append(listener)

    def now(self) -> float:
        """Emulated seconds since the clock was created. Never goes back."""
        elapsed = 0.0 if self._speed is None else (time.monotonic() - self._started) * self._speed
        return elapsed + self._advanced

    def time(self) -> float:
        """The emulated date, in seconds since 1970 (UTC)."""
        return self.date(self.now())

    def date(self, moment: float) -> float:
        """Convert a value of `now` to seconds since 1970 (UTC)."""
        return self._epoch + moment

    def advance(self, seconds: float) -> None:
        """Move the emulated time ahead by `seconds`."""
        _check_seconds(seconds)
        if self.time() + seconds > _MAX_TIME:
            raise ValueError(f"seconds: expected a time before the year 9999, got {seconds!r}")
        with self._lock:
            self._advanced += seconds
        self._notify()

    def sleep(self, seconds: float) -> None:
        """Sleep for `seconds` of emulated time. A manual clock advances instead of waiting.

        Concurrent sleeps overlap: each moves a manual clock no further than the end of its own sleep.
        """
        if self._speed is None:
            end = self._end_of(seconds)
            time.sleep(0)  # let other threads begin their sleeps
            self._advance_to(end)
        else:
            time.sleep(seconds / self._speed)

    async def async_sleep(self, seconds: float) -> None:
        """Sleep for `seconds` of emulated time in a coroutine; see `sleep`."""
        if self._speed is None:
            end = self._end_of(seconds)
            await asyncio.sleep(0)
            self._advance_to(end)
        else:
            await asyncio.sleep(seconds / self._speed)

    def _end_of(self, seconds: float) -> float:
        _check_seconds(seconds)
        return self._advanced + seconds

    def _advance_to(self, moment: float) -> None:
        with self._lock:
            self._advanced = max(self._advanced, moment)
        self._notify()

    def _notify(self) -> None:
        for listener in self._on_advance:
            listener()


_MAX_TIME = datetime(9999, 1, 1, tzinfo=UTC).timestamp()


def _check_seconds(seconds: float) -> None:
    if not 0 <= seconds < float("inf"):
        raise ValueError(f"seconds: expected a finite number, zero or more, got {seconds!r}")
