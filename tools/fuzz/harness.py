"""Runs one target under atheris: counts the results by kind, and keeps each input that a check fails for.

`python -m tools.fuzz.harness TARGET DIRECTORY [libFuzzer's options]` writes `tally.json` and the findings into the
directory.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import logging
import pkgutil
import random
import sys
import time
import traceback
from collections import Counter
from pathlib import Path
from types import ModuleType
from typing import Any

MAX_SECONDS = 1.0
"""CPU time that one input may take. Most take a few milliseconds."""
_ROOT = Path(__file__).parents[2]


class SlowError(AssertionError):
    """An input that took too long."""


class Tally:
    """The results of a target's inputs."""

    def __init__(self, target: ModuleType, directory: Path) -> None:
        self._target = target
        self._directory = directory
        self._written_at = 0.0
        self.results: Counter[str] = Counter()
        self.findings: dict[str, str] = {}

    def try_one(self, data: bytes) -> None:
        """Check one input. If the check fails, keep the input, once for each kind of failure, and go on."""
        began = time.thread_time()
        try:
            result = self._target.check(data)
            took = time.thread_time() - began
            if took > MAX_SECONDS:
                raise SlowError(f"{took:.1f} s")
        except Exception as error:  # any exception is a finding
            result = f"finding: {type(error).__name__}"
            self._keep(data, error)
        self.results[result] += 1
        if time.monotonic() - self._written_at > 0.5:
            self.write()

    def _keep(self, data: bytes, error: Exception) -> None:
        frames = traceback.extract_tb(error.__traceback__)
        own = [frame for frame in frames if str(_ROOT) in frame.filename and ".venv" not in frame.filename]
        last = (own or list(frames))[-1]
        kind = f"{type(error).__name__} in {Path(last.filename).relative_to(_ROOT)}:{last.lineno}"
        if kind in self.findings:
            return
        name = f"finding-{hashlib.sha1(data, usedforsecurity=False).hexdigest()[:12]}"
        (self._directory / name).write_bytes(data)
        (self._directory / f"{name}.txt").write_text(
            f"{kind}\n\n{data!r}\n\n{''.join(traceback.format_exception(error))}", "utf-8", "backslashreplace"
        )
        self.findings[kind] = name
        self.write()

    def write(self) -> None:
        """Write the results so far: libFuzzer may end the process at any time."""
        self._written_at = time.monotonic()
        document = json.dumps({"results": dict(self.results), "findings": self.findings}, indent=2)
        path = self._directory / "tally.json"
        path.with_suffix(".new").write_text(document)
        path.with_suffix(".new").replace(path)


def main(name: str, directory: str, *options: str) -> None:
    """Fuzz a target."""
    logging.disable()  # the warnings about dropped fields would repeat
    fuzzer: Any = importlib.import_module("atheris")  # has no types
    with fuzzer.instrument_imports(include=["unisync"], enable_loader_override=False):
        import unisync

        for module in pkgutil.walk_packages(unisync.__path__, "unisync."):
            # The emulator makes the seeds and is not fuzzed.
            if "emulator" not in module.name and not module.name.endswith("__main__"):
                importlib.import_module(module.name)
    target = importlib.import_module(f"tools.fuzz.{name}")

    def mutate(data: bytes, longest: int, seed: int) -> bytes:
        """Use the target's own mutation in most cases, and one of bytes in the others."""
        draw = random.Random(seed)
        mutated = target.mutate(data, draw) if draw.random() < 0.75 else None
        return bytes(fuzzer.Mutate(data, longest)) if mutated is None else mutated[:longest]

    fuzzer.Setup([name, *options], Tally(target, Path(directory)).try_one, custom_mutator=mutate)
    fuzzer.Fuzz()


if __name__ == "__main__":
    main(*sys.argv[1:])
