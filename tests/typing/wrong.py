"""What a user's type checker has to refuse: every line that is marked."""

from __future__ import annotations

from unisync import (
    AsyncUnisync,
    Fleet,
    FleetSync,
    Progress,
    ServiceInstanceSync,
    StackSync,
    SyncState,
    TwinMakerSync,
    TwinMakerSyncJob,
    Unisync,
)
from unisync.emulator import Emulator

client = Unisync(region_name="eu-west-1")
aclient = AsyncUnisync()

client.get("twinmaker:x")  # wrong
client.get(TwinMakerSync)  # wrong
client.get()  # wrong
client.get(StackSync("x"), "more")  # wrong
client.get(TwinMakerSync("x")).latest_sync  # wrong
client.get(StackSync("x")).sync_role  # wrong
client.get(TwinMakerSync("x")).statsu  # wrong
client.get(TwinMakerSync("x")).status.sate  # wrong
client.get(StackSync("x")).latest_sync.status  # wrong
client.get(StackSync("x")).status = None  # wrong
client.wait_until_active(StackSync("x"), max_attempts=5)  # wrong
client.wait_until_active(StackSync("x"), timeout="15m")  # wrong
client.wait_until_active(StackSync("x"), revision=5)  # wrong
client.wait_until_active(StackSync("x"), "4f2c9e1")  # wrong
client.wait_until_actve(StackSync("x"))  # wrong
client.twinmaker.get_sync_job(workspaceId="x")  # wrong
client.twinmaker.get_sync_job(5)  # wrong
client.twinmaker.create_sync_job("x")  # wrong
client.proton.get_service_instance_sync_status("x")  # wrong
client.codeconnections.get_sync_job("x")  # wrong
TwinMakerSync()  # wrong
StackSync("x", sync_typ="CFN_STACK_SYNC")  # wrong
ServiceInstanceSync("x", 5)  # wrong
Unisync("eu-west-1")  # wrong
Unisync(region="eu-west-1")  # wrong
SyncState.SUCCEEDED  # wrong


client.resolve_blocker(TwinMakerSync("x"), "id", "why")  # wrong
client.resolve_blocker(StackSync("x"), "id")  # wrong
client.repository_status(TwinMakerSync("x"))  # wrong
client.twinmaker.list_sync_jobs()  # wrong
client.wait_all(StackSync("x"))  # wrong
client.watch(StackSync("x"))  # wrong
client.wait_until_resources_synced(StackSync("x"))  # wrong
client.wait_all([StackSync("x")], return_when="any")  # wrong
client.get_many(["codeconnections:x"])  # wrong
client.twinmaker.list_sync_jobs("x", pageSize=5)  # wrong
client.twinmaker.list_sync_jobs("x", page_size="5")  # wrong
Unisync(codeconnections_service="codecommit")  # wrong


def show_twin(progress: Progress[TwinMakerSyncJob]) -> None: ...


client.wait_until_active(StackSync("x"), on_progress=show_twin)  # wrong


async def main() -> None:
    aclient.get(TwinMakerSync("x")).status  # wrong
    await client.get(TwinMakerSync("x"))  # wrong
    (await aclient.get(TwinMakerSync("x"))).latest_sync  # wrong
    await aclient.get("x")  # wrong
    await aclient.twinmaker.list_sync_jobs("x")  # wrong
    list(aclient.twinmaker.list_sync_jobs("x"))  # wrong
    aclient.get(StackSync("x"))  # wrong
    await aclient.wait_until_active(StackSync("x"), timout=5)  # wrong


Emulator(clock="stopped")  # wrong
Emulator().push(stack="x")  # wrong
client.wait_until_active(StackSync("x"), stop=True)  # wrong
Fleet(regions="eu-west-1", profile=5)  # wrong
FleetSync("123456789012", StackSync("x"))  # wrong
