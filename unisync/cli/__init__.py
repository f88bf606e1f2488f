"""The command `unisync`, from the extra `cli`."""

from __future__ import annotations

import gc
import os
import sys
from contextlib import suppress
from typing import NoReturn

_GC_THRESHOLD = 100_000
"""More objects than most commands create: Python's default makes 700 of them reason enough to search for garbage."""


def main() -> NoReturn:
    """Run the command with the arguments of this process, and end the process."""
    gc.set_threshold(_GC_THRESHOLD)
    try:
        try:
            import click  # noqa: F401  # pyright: ignore[reportUnusedImport]
        except ImportError:
            sys.stderr.write("The command unisync needs an extra: pip install 'unisync-aws[cli]'\n")
            _exit_now(1)
        from unisync.cli.app import run

        _replace_closed_streams()
        code = run(sys.argv[1:])
    except KeyboardInterrupt:  # outside of the command, for example while modules are imported
        sys.stderr.write("Interrupted.\n")
        code = 130
    _exit_now(code)


def _exit_now(code: int) -> NoReturn:
    """Exit without Python's shutdown, which takes a sixth of a short command's time to free what the system frees.

    After Ctrl-C, it would also end the process by the signal if that came during certain imports, or if it comes again.
    """
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


def _replace_closed_streams() -> None:
    """Replace stdout and stderr by /dev/null if they were closed before Python started, which sets them to None."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115  # for the process's lifetime
