"""unisync on an emulated AWS: three syncs that succeed, then one that fails, one superseded and one blocked."""

from __future__ import annotations

import asyncio
import sys
import warnings

from unisync import (
    AsyncUnisync,
    Progress,
    ProtonDeprecationWarning,
    ServiceInstanceSync,
    StackSync,
    SyncJob,
    SyncRef,
    TwinMakerSync,
    WaitError,
)
from unisync.emulator import Emulator

# The emulator's Proton has not ended.
warnings.simplefilter("ignore", ProtonDeprecationWarning)

FACTORY = TwinMakerSync("factory")
WEB = ServiceInstanceSync("web", "prod")
PAYMENTS = StackSync("payments-prod")

GOOD = "4f2c9e1d6b7a80934cde51f2a6b7c8d9e0f1a2b3"
WEB_COMMIT = "90aa21b7c4d3e2f1a0b9c8d7e6f5a4b3c2d1e0f9"
BAD = "bad0c0de6b7a80934cde51f2a6b7c8d9e0f1a2b3"
FIX = "f1c5e5a16b7a80934cde51f2a6b7c8d9e0f1a2b3"
SUPERSEDED = "0dd5ead16b7a80934cde51f2a6b7c8d9e0f1a2b3"
BLOCKED = "1a57c0de6b7a80934cde51f2a6b7c8d9e0f1a2b3"


def heading(text: str) -> None:
    print(f"\n== {text}")


def show(progress: Progress[SyncJob]) -> None:
    print(f"   {progress.elapsed:5.1f} s  {progress.job.ref!s:32} {progress.job.status}")


async def wait(client: AsyncUnisync, ref: SyncRef[SyncJob], revision: str | None = None) -> None:
    job = await client.wait_until_active(ref, revision=revision, on_progress=show, timeout=600)
    print(f"   synced:    {job.ref!s:30} {job.status}")


async def wait_for_error(client: AsyncUnisync, ref: SyncRef[SyncJob], revision: str) -> None:
    try:
        await client.wait_until_active(ref, revision=revision, timeout=600)
    except WaitError as error:
        print(f"{type(error).__name__}: {error}")
    else:
        sys.exit(f"{revision} was synced, which this demo did not expect")


async def main() -> None:
    # 30 emulated seconds per second, for the emulator and for the client's pauses.
    async with Emulator(speed=30) as aws, AsyncUnisync(**aws.client_options()) as client:
        aws.add_workspace("factory")
        aws.add_stack("payments-prod", repository="acme/infra", branch="main")
        aws.add_service_instance("web", "prod", repository="acme/web", branch="main")

        heading("Create a sync job, and push commits to a stack and to a service instance")
        created = await client.twinmaker.create_sync_job("factory", sync_role="arn:aws:iam::123456789012:role/sync")
        print(f"   {created.arn} is {created.status}")
        aws.push(stack="payments-prod", sha=GOOD, detection_delay=10)
        aws.push(service="web", instance="prod", sha=WEB_COMMIT)
        await asyncio.gather(wait(client, FACTORY), wait(client, PAYMENTS, GOOD[:7]), wait(client, WEB, WEB_COMMIT))

        heading("The next commit fails")
        aws.push(
            stack="payments-prod",
            sha=BAD,
            outcome="FAILED",
            reason="Template error: instance of Fn::GetAtt references undefined resource Database",
            failure="change_set",
        )
        await wait_for_error(client, PAYMENTS, BAD)

        heading("The previous commit is still live")
        job = await client.get(PAYMENTS)
        assert job.live_revision is not None
        print(f"   {job.live_revision.sha[:12]}, while {job.status}: {job.status.error}")

        heading("A commit is superseded before it is live")
        aws.push(stack="payments-prod", sha=SUPERSEDED)
        waiting = asyncio.create_task(wait_for_error(client, PAYMENTS, SUPERSEDED))
        await asyncio.sleep(0.5)
        aws.push(stack="payments-prod", sha=FIX)
        await waiting

        heading("A sync is blocked")
        reason = "Modified by something besides ServiceSync. Disabling syncing."
        aws.block(service="web", instance="prod", reason=reason)
        aws.push(service="web", instance="prod", sha=BLOCKED)
        await wait_for_error(client, WEB, BLOCKED)


if __name__ == "__main__":
    asyncio.run(main())
