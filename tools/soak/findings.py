"""What a soak notes: errors by class, whatever is none of the tree, answers that cannot be right, and what grows."""

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
"""The part of all samples that is left out: caches fill, and pools come to their size."""
ENOUGH = 12
"""Samples of which it can be told whether something grows."""
MAY_GROW = {"open files": 0, "threads": 0, "tasks": 0, "objects": 0.01, "memory, MiB": 0.1}
"""By what part the median of the last third of the samples may exceed that of the first third."""


M_ARENA_MAX = -8
"""glibc's name for how many such places there may be."""


class Sample(NamedTuple):
    """What the process holds while nothing is under way, and all clients are closed."""

    files: int
    threads: int
    tasks: int
    objects: int
    """Those that Python's collector knows."""
    memory: float
    """What is resident, in MiB."""

    def figures(self) -> dict[str, float]:
        return dict(zip(MAY_GROW, self, strict=True))


class Findings:
    """Noted by many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.errors: Counter[str] = Counter()
        """Errors of the tree, by class."""
        self.acts = 0
        self.outside: list[str] = []
        """Exceptions that are none of the tree."""
        self.wrong: list[str] = []
        """Answers that cannot be right, and calls that took too long."""
        self.samples: list[Sample] = []

    @contextmanager
    def judging(self) -> Generator[None]:
        """Note what comes of an act."""
        try:
            yield
        except UnisyncError as error:
            with self._lock:
                self.errors[type(error).__name__] += 1
        except Exception:
            self.stray(traceback.format_exc())
        finally:
            with self._lock:
                self.acts += 1

    def stray(self, what: str) -> None:
        """Note an exception that is none of the tree."""
        with self._lock:
            self.outside.append(what)

    def mistake(self, what: str) -> None:
        """Note an answer that cannot be right."""
        with self._lock:
            self.wrong.append(what)

    def catch_strays(self) -> None:
        """Note what would only be printed: exceptions of threads, of tasks and of finalizers."""
        threading.excepthook = lambda args: self.stray(f"in a thread: {args.exc_type}: {args.exc_value}")
        sys.unraisablehook = lambda args: self.stray(f"unraisable: {args.exc_type}: {args.exc_value}: {args.object!r}")

    def sample(self, tasks: Callable[[], int]) -> Sample:
        """Note what the process holds now."""
        sample = now(tasks())
        self.samples.append(sample)
        return sample

    def growth(self) -> dict[str, tuple[float, float]]:
        """The medians of the first and of the last third of the samples, without those of the warm-up."""
        samples = self.samples[int(len(self.samples) * WARM_UP) :]
        third = max(1, len(samples) // 3)
        first, last = samples[:third], samples[-third:]
        return {
            name: (median(each.figures()[name] for each in first), median(each.figures()[name] for each in last))
            for name in MAY_GROW
        }

    def leaks(self) -> list[str]:
        """What grew by more than it may; of few samples nobody can tell."""
        if len(self.samples) < ENOUGH:
            return []
        return [
            f"{name}: {before:g} at first, {after:g} at last"
            for name, (before, after) in self.growth().items()
            if after > before * (1 + MAY_GROW[name])
        ]


def keep_one_heap() -> None:
    """Have the C library take all threads' memory from one place.

    Otherwise it keeps one for every few threads, and how much of each is free says nothing of what is held.
    """
    getattr(ctypes.CDLL(None), "mallopt", max)(M_ARENA_MAX, 1)


def now(tasks: int) -> Sample:
    """What the process holds, after all garbage was collected."""
    gc.collect()
    # Memory that is free goes back to the system, where the C library can be told so.
    getattr(ctypes.CDLL(None), "malloc_trim", int)(0)
    files = len(os.listdir("/proc/self/fd"))
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    memory = pages * os.sysconf("SC_PAGE_SIZE") / MEBIBYTE
    return Sample(files, threading.active_count(), tasks, len(gc.get_objects()), memory)


def tasks_of(loop: asyncio.AbstractEventLoop) -> int:
    """How many tasks there are on a loop, but for the one that counts."""

    async def count() -> int:
        return len(asyncio.all_tasks()) - 1

    return asyncio.run_coroutine_threadsafe(count(), loop).result(60)
