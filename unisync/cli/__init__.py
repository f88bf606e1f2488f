"""The command `unisync`: it comes with the extra `cli`."""

from __future__ import annotations

import os
import sys


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
        import signal

        signal.signal(signal.SIGINT, signal.SIG_IGN)  # who presses Ctrl-C twice has been understood
    return code


def _replace_closed_streams() -> None:
    """Python has None for a stream that was closed before it began."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115  # as long as the process lives
