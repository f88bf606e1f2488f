"""The emulator's time: real, faster than real, or moved by hand."""

from __future__ import annotations

import asyncio
import threading
import time


class EmulatorClock:
    """The time that the emulated AWS lives in, and a `Clock` for a client that shall live in it too.

    With a `speed`, time runs by itself, that many emulated seconds in a real one. Without, it stands still until
    `advance` or one of the sleeps moves it.
    """

    def __init__(self, speed: float | None = 1.0) -> None:
        if speed is not None and not 0 < speed < float("inf"):
            raise ValueError(f"speed: expected a number above zero, got {speed!r}")
        self._speed = speed
        self._lock = threading.Lock()
        self._moved = 0.0
        # Whole milliseconds, as in AWS's replies: so dates that differ by whole seconds differ by exactly those.
        self._epoch = round(time.time(), 3)
        self._started = time.monotonic()

    def now(self) -> float:
        """Emulated seconds since the clock was made. Never goes back."""
        ran = 0.0 if self._speed is None else (time.monotonic() - self._started) * self._speed
        return ran + self._moved

    def time(self) -> float:
        """The emulated date, in seconds since 1970 (UTC)."""
        return self.date(self.now())

    def date(self, moment: float) -> float:
        """The date of a moment of this clock, in seconds since 1970 (UTC): the same one each time."""
        return self._epoch + moment

    def advance(self, seconds: float) -> None:
        """Move the emulated time ahead by `seconds`."""
        if not 0 <= seconds < float("inf"):
            raise ValueError(f"seconds: time only moves ahead, got {seconds!r}")
        with self._lock:
            self._moved += seconds

    def sleep(self, seconds: float) -> None:
        """Let `seconds` of emulated time pass: by waiting, or, on a clock moved by hand, by moving it.

        Of those who sleep at the same time, none moves it further than to the end of its own sleep.
        """
        if self._speed is None:
            until = self._end_of(seconds)
            time.sleep(0)  # others may begin theirs
            self._move_to(until)
        else:
            time.sleep(seconds / self._speed)

    async def async_sleep(self, seconds: float) -> None:
        """The same for a coroutine."""
        if self._speed is None:
            until = self._end_of(seconds)
            await asyncio.sleep(0)
            self._move_to(until)
        else:
            await asyncio.sleep(seconds / self._speed)

    def _end_of(self, seconds: float) -> float:
        if not 0 <= seconds < float("inf"):
            raise ValueError(f"seconds: time only moves ahead, got {seconds!r}")
        return self._moved + seconds

    def _move_to(self, moment: float) -> None:
        with self._lock:
            self._moved = max(self._moved, moment)
