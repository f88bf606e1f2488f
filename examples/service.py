"""An asyncio service: waits for the commits that it reads from stdin, one "STACK SHA" on a line.

A newer commit of a stack cancels the wait for the earlier one. SIGTERM, Ctrl-C or the end of stdin cancel all waits.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Callable

from unisync import AsyncUnisync, StackSync, UnisyncError


class Deployments:
    """One wait for each stack, in the background.

    Args:
        client: The client, which the caller opens and closes.
        report: Called with one line for each wait that ends.
    """

    def __init__(self, client: AsyncUnisync, report: Callable[[str], object] = print) -> None:
        self._client = client
        self._report = report
        self._waits: dict[str, asyncio.Task[None]] = {}

    def start(self, stack: str, sha: str) -> None:
        """Wait for a commit, and no longer for an earlier one of that stack."""
        earlier = self._waits.pop(stack, None)
        if earlier is not None:
            earlier.cancel()
        self._waits[stack] = asyncio.create_task(self._wait(stack, sha), name=f"{stack}@{sha}")

    async def _wait(self, stack: str, sha: str) -> None:
        try:
            job = await self._client.wait_until_active(StackSync(stack), revision=sha, timeout=1800)
        except UnisyncError as error:
            self._report(f"{stack} {sha}: {type(error).__name__}: {str(error).splitlines()[0]}")
        except asyncio.CancelledError:
            self._report(f"{stack} {sha}: cancelled")
            raise
        else:
            self._report(f"{stack} {sha}: live since the attempt of {job.attempts[-1].started_at:%H:%M:%S}")

    async def close(self) -> None:
        """Cancel all waits, and return once they have ended."""
        waits = list(self._waits.values())
        for wait in waits:
            wait.cancel()
        await asyncio.gather(*waits, return_exceptions=True)


async def read_lines(deployments: Deployments) -> None:
    """Start a wait for each line of stdin."""
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    try:
        async for line in reader:
            words = line.decode().split()
            if len(words) == 2:
                deployments.start(*words)
    finally:
        transport.close()


async def main() -> None:
    async with AsyncUnisync() as client:
        deployments = Deployments(client, lambda line: print(line, flush=True))
        reading = asyncio.create_task(read_lines(deployments))
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, reading.cancel)
        try:
            await reading
        except asyncio.CancelledError:
            print("stopped", flush=True)
        finally:
            await deployments.close()


if __name__ == "__main__":
    asyncio.run(main())
