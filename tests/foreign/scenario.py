"""The emulator with something in it: `scenario.py WORKSPACE...` prints its environment and serves until SIGTERM."""

from __future__ import annotations

import signal
import sys

from unisync.emulator import Emulator

STOP = (signal.SIGINT, signal.SIGTERM)


def main() -> None:
    # Blocked before the emulator starts its thread, so that no thread but this one is given them.
    signal.pthread_sigmask(signal.SIG_BLOCK, STOP)
    # Ten of AWS's minutes in one of our seconds: a sync job is ACTIVE 42 ms after its creation.
    with Emulator(speed=600) as aws:
        for workspace in sys.argv[1:]:
            aws.add_workspace(workspace)
        aws.add_stack("payments-prod", repository="acme/infra")
        aws.push(stack="payments-prod", sha="4f2c9e1d6b7a80934cde51f2a6b7c8d9e0f1a2b3")
        aws.add_service_instance("web", "prod", repository="acme/web")
        aws.push(service="web", instance="prod", sha="90aa21b7c4d3e2f1a0b9c8d7e6f5a4b3c2d1e0f9")
        aws.clock.advance(3600)
        aws.push(
            stack="payments-prod",
            sha="b10c6e55a1f04d7c9e8b2a3d4c5f60718293a4b5",
            outcome="FAILED",
            reason="Template error: no such parameter",
        )
        aws.clock.advance(3600)
        for name, value in aws.environment().items():
            print(f"{name}={value}")
        # The empty line says that this was all.
        print(flush=True)
        signal.sigwait(STOP)


main()
