"""The command `unisync`, from the extra `cli`."""

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
            sys.stderr.write("The command unisync needs an extra: pip install 'unisync-aws[cli]'\n")
            return 1
        from unisync.cli.app import run

        _replace_closed_streams()
        code = run(sys.argv[1:])
    except KeyboardInterrupt:  # outside of the command, for example while modules are imported
        sys.stderr.write("Interrupted.\n")
        code = 130
    if code == 130:
        _exit_now(code)
    return code


def _exit_now(code: int) -> NoReturn:
    """Exit after Ctrl-C without Python's shutdown.

    The shutdown would end the process by the signal if Ctrl-C came during certain imports, or if it comes again.
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
