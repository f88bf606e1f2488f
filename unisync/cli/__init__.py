"""The command `unisync`: it comes with the extra `cli`."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import NoReturn


def main() -> int:
    """Run the command with the arguments of this process."""
    try:
        try:
            import click  # noqa: F401  # pyright: ignore[reportUnusedImport]
        except ImportError:
            sys.stderr.write("The command needs an extra: pip install 'unisync-aws[cli]'\n")
            return 1
        from unisync.cli.app import run

        _replace_closed_streams()
        code = run(sys.argv[1:])
    except KeyboardInterrupt:  # before the command itself could see it, or after
        sys.stderr.write("Interrupted.\n")
        code = 130
    if code == 130:
        _end(code)
    return code


def _end(code: int) -> NoReturn:
    """End at once, after Ctrl-C.

    Python itself would end by the signal where Ctrl-C struck in the midst of certain imports, and by a second Ctrl-C.
    """
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


def _replace_closed_streams() -> None:
    """Python has None for a stream that was closed before it began."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115  # as long as the process lives
