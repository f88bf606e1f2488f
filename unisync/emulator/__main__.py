"""`python -m unisync.emulator`: serve until interrupted, for clients of any language."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from collections.abc import Sequence

from unisync.emulator import Emulator
from unisync.emulator._scenario.sample import furnish


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve, and print what a client needs to know."""
    parser = argparse.ArgumentParser(prog="python -m unisync.emulator", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="the address to serve on (default: this machine only)")
    parser.add_argument("--port", type=int, default=4577, help="the port; 0 takes a free one (default: %(default)s)")
    parser.add_argument(
        "--speed", type=float, default=1.0, help="emulated seconds in a real one (default: %(default)s)"
    )
    parser.add_argument("--sample", action="store_true", help="start with one of everything to play with")
    options = parser.parse_args(arguments)
    stopped = threading.Event()

    def stop(number: int, frame: object) -> None:  # noqa: ARG001  # what a signal handler is given
        stopped.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    with Emulator(speed=options.speed, host=options.host, port=options.port) as aws:
        if options.sample:
            furnish(aws)
        for name, value in aws.environment().items():
            print(f"export {name}={value}")
        if aws.accepts_remote:
            print(f"# Whoever can reach this machine can use it: it serves on {options.host}")
        print(f"# AWS is at {aws.url} until you press Ctrl-C", flush=True)
        stopped.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
