"""The command `unisync`: it comes with the extra `cli`."""

from __future__ import annotations

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

        return run(sys.argv[1:])
    except KeyboardInterrupt:  # before the command itself could see it, or after
        sys.stderr.write("Interrupted.\n")
        return 130
