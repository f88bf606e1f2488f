"""The findings of a soak: errors by class, foreign exceptions, wrong results, and resources that grow."""

from __future__ import annotations

import asyncio
import ctypes
import gc
import os
import sys
import threading
import traceback
from collections import Counter
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import NamedTuple

from unisync import UnisyncError

MEBIBYTE = 1024 * 1024
WARM_UP = 0.25
"""The share of samples that is left out, while caches and pools fill."""
MIN_SAMPLES = 12
"""Samples that are needed to judge growth."""
MAX_GROWTH = {"open files": 0, "threads": 0, "tasks": 0, "objects": 0.01, "memory, MiB": 0.1}
"""How much the median of the last third of the samples may exceed that of the first third, as a share of it."""
M_ARENA_MAX = -8
"""glibc's option for the number of heaps."""


class Sample(NamedTuple):
    """The resources of the process while no call is in flight and all clients are closed."""

    files: int
    threads: int
    tasks: int
    objects: int
    """The objects that the garbage collector tracks."""
    memory: float
    """The resident memory in MiB."""

    def figures(self) -> dict[str, float]:
        """The numbers by name."""
        return dict(zip(MAX_GROWTH, self, strict=True))


class Findings:
    """The findings of many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.errors: Counter[str] = Counter()
        """The number of UnisyncErrors, by class."""
        self.actions = 0
        self.foreign_errors: list[str] = []
        """Exceptions that are no UnisyncError."""
        self.mistakes: list[str] = []
        """Results that cannot be right, and calls that took too long."""
        self.samples: list[Sample] = []

    @contextmanager
    def record(self) -> Generator[None]:
        """Record the error of an action, if it raises one."""
        try:
            yield
        except UnisyncError as error:
            with self._lock:
                self.errors[type(error).__name__] += 1
        except Exception:
            self.add_foreign_error(traceback.format_exc())
        finally:
            with self._lock:
                self.actions += 1

    def add_foreign_error(self, text: str) -> None:
        """Record an exception that is no UnisyncError."""
        with self._lock:
            self.foreign_errors.append(text)

    def add_mistake(self, text: str) -> None:
        """Record a result that cannot be right."""
        with self._lock:
            self.mistakes.append(text)

    def catch_uncaught(self) -> None:
        """Record exceptions that Python would only print: of threads, of tasks and of finalizers."""
        threading.excepthook = lambda args: self.add_foreign_error(f"in a thread: {args.exc_type}: {args.exc_value}")
        sys.unraisablehook = lambda args: self.add_foreign_error(
            f"unraisable: {args.exc_type}: {args.exc_value}: {args.object!r}"
        )

    def sample(self, tasks: Callable[[], int]) -> Sample:
        """Record the resources of the process."""
        sample = take_sample(tasks())
        self.samples.append(sample)
        return sample

    def growth(self) -> dict[str, tuple[float, float]]:
        """The medians of the first and of the last third of the samples after the warm-up."""
        samples = self.samples[int(len(self.samples) * WARM_UP) :]
        third = max(1, len(samples) // 3)
        first, last = samples[:third], samples[-third:]
        return {
            name: (median(each.figures()[name] for each in first), median(each.figures()[name] for each in last))
            for name in MAX_GROWTH
        }

    def leaks(self) -> list[str]:
        """The resources that grew too much; too few samples show nothing."""
        if len(self.samples) < MIN_SAMPLES:
            return []
        return [
            f"{name}: {before:g} at first, {after:g} at last"
            for name, (before, after) in self.growth().items()
            if after > before * (1 + MAX_GROWTH[name])
        ]


def use_one_heap() -> None:
    """Have the C library use one heap for all threads.

    Otherwise the resident memory includes the free parts of several heaps.
    """
    getattr(ctypes.CDLL(None), "mallopt", max)(M_ARENA_MAX, 1)


def take_sample(tasks: int) -> Sample:
    """The resources of the process after a garbage collection."""
    gc.collect()
    # Return free memory to the system, if the C library can do that.
    getattr(ctypes.CDLL(None), "malloc_trim", int)(0)
    files = len(os.listdir("/proc/self/fd"))
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    memory = pages * os.sysconf("SC_PAGE_SIZE") / MEBIBYTE
    return Sample(files, threading.active_count(), tasks, len(gc.get_objects()), memory)


def count_tasks(loop: asyncio.AbstractEventLoop) -> int:
    """The number of tasks on a loop, without the one that counts."""

    async def count() -> int:
        return len(asyncio.all_tasks()) - 1

    return asyncio.run_coroutine_threadsafe(count(), loop).result(60)
