"""`scenario.py REGION...` serves an emulator with sample resources until SIGTERM, and prints its environment.

Every region has the same resources, so that each client can change those of its own region.
"""

from __future__ import annotations

import signal
import sys

from unisync.emulator import Emulator, Setup

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def add_resources(aws: Setup) -> None:
    aws.add_workspace("factory")
    aws.add_sync_resource("factory", "boiler-1", resource_id="entity-1")
    aws.add_sync_resource("factory", "boiler-2", outcome="ERROR", reason="The asset has no model")
    aws.add_sync_resource("factory", "boiler", resource_id="type-1", resource_type="COMPONENT_TYPE")
    aws.add_stack("payments-prod", repository="acme/infra")
    aws.push(stack="payments-prod", sha="4f2c9e1d6b7a80934cde51f2a6b7c8d9e0f1a2b3")
    aws.push(
        stack="payments-prod",
        sha="b10c6e55a1f04d7c9e8b2a3d4c5f60718293a4b5",
        outcome="FAILED",
        reason="Template error: no such parameter",
        detection_delay=3600,
    )
    aws.add_service_instance("web", "prod", repository="acme/web")
    aws.push(service="web", instance="prod", sha="90aa21b7c4d3e2f1a0b9c8d7e6f5a4b3c2d1e0f9")
    aws.add_template("page", repository="acme/templates", subdirectory="page")
    aws.push(template="page", sha="c3d2e1f090aa21b7c4d3e2f1a0b9c8d7e6f5a4b3")
    # Never synced.
    aws.add_service_instance("api", "test")
    aws.add_template("queue", template_type="ENVIRONMENT")


def add_blockers(aws: Setup) -> None:
    for target in ({"stack": "payments-prod"}, {"service": "web"}, {"service": "web", "instance": "prod"}):
        aws.block(reason="modified by hand", contexts={"user": "alice"}, **target)


def main() -> None:
    # Blocked before the emulator starts its thread, which inherits the mask: only this thread receives the signals.
    signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
    # The clock runs 600 times as fast as real time: a sync job is ACTIVE 42 ms after its creation.
    with Emulator(speed=600) as aws:
        regions = [aws.account(region=name) for name in sys.argv[1:]]
        for region in regions:
            add_resources(region)
        aws.clock.advance(7200)
        for region in regions:
            add_blockers(region)
        for name, value in aws.environment().items():
            print(f"{name}={value}")
        # An empty line ends the environment.
        print(flush=True)
        signal.sigwait(STOP_SIGNALS)


main()
