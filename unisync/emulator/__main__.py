"""The command `python -m unisync.emulator`."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from collections.abc import Sequence

from unisync.emulator import Emulator
from unisync.emulator._scenario.sample import load_sample


def main(arguments: Sequence[str] | None = None) -> int:
    """Start an emulator, print its environment variables, and serve until SIGINT or SIGTERM."""
    parser = argparse.ArgumentParser(
        prog="python -m unisync.emulator",
        description="Emulate AWS on this machine until interrupted, for clients in any language.",
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: this machine only)")
    parser.add_argument("--port", type=int, default=4577, help="port; 0 picks a free one (default: %(default)s)")
    parser.add_argument(
        "--speed", type=float, default=1.0, help="emulated seconds per real second (default: %(default)s)"
    )
    parser.add_argument(
        "--clock",
        choices=["real", "manual"],
        default="real",
        help="manual: time stands still until a request advances it (default: %(default)s)",
    )
    parser.add_argument("--sample", action="store_true", help="start with sample resources of every kind")
    options = parser.parse_args(arguments)
    stopped = threading.Event()

    def stop(number: int, frame: object) -> None:  # noqa: ARG001  # a signal handler's signature
        stopped.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    try:
        aws = Emulator(clock=options.clock, speed=options.speed, host=options.host, port=options.port, control=True)
    except ValueError as error:
        parser.error(f"--{error}")
    with aws:
        if options.sample:
            load_sample(aws)
        for name, value in aws.environment().items():
            print(f"export {name}={value}")
        if aws.accepts_remote:
            print(f"# Listening on {options.host}: anyone who can reach this machine can use the emulator")
        print(f"# Emulating AWS at {aws.url}. Press Ctrl-C to stop", flush=True)
        stopped.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
