"""Many processes that run `unisync wait` on one account with a low rate limit: no one is told of the others.

python -m tools.soak.processes

The emulator allows five status reads a second, and ten at once. Forty processes start within thirty seconds, each waits
for a sync of ten minutes, and all of them must end well, with few of their calls throttled once they have found out
what the account allows. Time is emulated, and runs faster than real time in all of the processes.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from importlib import import_module
from typing import Any

from unisync.emulator import Emulator, EmulatorClock

STACKS, SYNC_SECONDS, START_SECONDS = 40, 600.0, 30.0
RATE, BURST = 5.0, 10.0
MAX_THROTTLED = 0.05
"""The part of the calls after the first minute that may be throttled."""


def work(number: int, url: str, speed: float) -> int:
    """Run one command, some time after everything was imported."""
    import boto3
    from botocore.config import Config

    from unisync.cli.app import run
    from unisync.emulator import ClientOptions

    session: Any = boto3.Session()
    config: Any = Config(proxies={}, inject_host_prefix=False)
    import_module("unisync._client.client")  # now, so that the command starts at once
    print("ready", flush=True)
    sys.stdin.readline()
    clock = EmulatorClock(speed)
    clock.sleep(number * START_SECONDS / STACKS)
    options = ClientOptions(session=session, endpoint_url=url, config=config, clock=clock)
    return run(["wait", f"codeconnections:stack-{number}", "--timeout", "30m"], options)


def throttled_among(times: list[float]) -> list[float]:
    """Those calls, by their times, for which the account's token bucket had no token."""
    tokens, last, throttled = BURST, times[0], list[float]()
    for moment in times:
        tokens, last = min(BURST, tokens + (moment - last) * RATE), moment
        if tokens >= 1:
            tokens -= 1
        else:
            throttled.append(moment)
    return throttled


def main() -> int:
    """Run the processes; the exit code is 1 if one of them did not end well, or too much was throttled."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--speed", type=float, default=10.0, help="emulated seconds per second (default: %(default)s)")
    parser.add_argument("--work", nargs=2, metavar=("NUMBER", "URL"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        return work(int(options.work[0]), options.work[1], options.speed)

    with Emulator(speed=options.speed) as aws:
        for number in range(STACKS):
            aws.add_stack(f"stack-{number}", repository="acme/infra", config_file=f"{number}.yaml")
        aws.throttle("GetResourceSyncStatus", rate=RATE, burst=BURST)
        environment = os.environ | aws.environment()
        command = [sys.executable, "-m", "tools.soak.processes", "--speed", str(options.speed), "--work"]
        processes = [
            subprocess.Popen(
                [*command, str(number), aws.url], stdin=-1, stdout=-1, stderr=-1, text=True, env=environment
            )
            for number in range(STACKS)
        ]
        try:
            for process in processes:
                assert process.stdout is not None
                process.stdout.readline()
            began = aws.clock.time()
            for number, process in enumerate(processes):
                aws.push(stack=f"stack-{number}", sha=f"{number:040x}", duration=SYNC_SECONDS)
                assert process.stdin is not None
                process.stdin.write("go\n")
                process.stdin.flush()
            results = [(process.communicate(timeout=3600), process.returncode) for process in processes]
        finally:
            for process in processes:
                if process.poll() is None:
                    process.kill()
        reads = [call.time.timestamp() for call in aws.calls if call.operation == "GetResourceSyncStatus"]
        took = aws.clock.time() - began
    late = [moment for moment in reads if moment - began > 60]
    throttled = [moment for moment in throttled_among(reads) if moment - began > 60]
    failures = [(output, code) for output, code in results if code]
    print(
        f"{time.strftime('%Y-%m-%d', time.gmtime())}: {STACKS - len(failures)} of {STACKS} ended well in {took:.0f} s;"
    )
    print(f"{len(reads)} status reads, {len(late)} after the first minute, {len(throttled)} of these throttled")
    for output, code in failures[:3]:
        print(code, *output, sep="\n", file=sys.stderr)
    return int(bool(failures) or len(throttled) > MAX_THROTTLED * len(late))


if __name__ == "__main__":
    sys.exit(main())
