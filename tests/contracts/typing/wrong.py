"""Mistakes that a type checker reports: every line that is marked."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import assert_never

import unisync
from unisync import (
    AnyRef,
    AsyncFleet,
    AsyncUnisync,
    Backoff,
    Change,
    Fleet,
    FleetSync,
    GitSyncJob,
    InvalidArgumentError,
    Outcome,
    Page,
    Progress,
    RateLimit,
    Revision,
    ServiceError,
    ServiceInstanceSync,
    StackSync,
    SyncBlockedError,
    SyncBlocker,
    SyncFailedError,
    SyncJob,
    SyncRef,
    SyncResource,
    SyncState,
    TemplateSync,
    TwinMakerSync,
    TwinMakerSyncJob,
    Unisync,
    WaitError,
    WaitToken,
    available_regions,
    parse_ref,
)
from unisync.emulator import Emulator

client = Unisync(region_name="eu-west-1")
aclient = AsyncUnisync()
fleet = Fleet(["arn:aws:iam::123456789012:role/reader"])
STACK = StackSync("x")
TWIN = TwinMakerSync("x")
THERE = FleetSync("123456789012", "eu-west-1", STACK)

unisync.Unisnyc  # wrong

# Clients.
Unisync("eu-west-1")  # wrong
Unisync(region="eu-west-1")  # wrong
Unisync(config={"read_timeout": 5})  # wrong
Unisync(rate_limit=5)  # wrong
Unisync(clock=lambda: 0.0)  # wrong
Unisync(codeconnections_service="codecommit")  # wrong
AsyncUnisync(profile="dev")  # wrong
client.region_name = "us-east-1"  # wrong
client.twinmaker = aclient.twinmaker  # wrong
client.iottwinmaker  # wrong
client.proton  # wrong: pyright
aclient.proton  # wrong: pyright

# References.
TwinMakerSync()  # wrong
StackSync("x", sync_typ="CFN_STACK_SYNC")  # wrong
ServiceInstanceSync("x", 5)  # wrong
TemplateSync("x", "SERVICE")  # wrong
STACK.resource_name = "y"  # wrong
STACK.workspace_id  # wrong
SyncRef()  # wrong
FleetSync("123456789012", STACK)  # wrong
parse_ref(STACK)  # wrong
available_regions("codecommit")  # wrong
twin: SyncRef[TwinMakerSyncJob] = StackSync("x")  # wrong
there: FleetSync[TwinMakerSyncJob] = FleetSync("123456789012", "eu-west-1", StackSync("x"))  # wrong

# One reference.
client.get("twinmaker:x")  # wrong
client.get(TwinMakerSync)  # wrong
client.get()  # wrong
client.get(STACK, "more")  # wrong
client.get(ref=STACK, wait=True)  # wrong
client.get(None)  # wrong
client.get(TWIN).latest_sync  # wrong: mypy, pyright
client.get(STACK).sync_role  # wrong: mypy, pyright
client.get(TWIN).statsu  # wrong: mypy, pyright
client.get(TWIN).status.sate  # wrong: mypy, pyright
client.get(STACK).latest_sync.status  # wrong: mypy, pyright
client.get(STACK).status = None  # wrong: mypy, pyright
client.get(parse_ref("twinmaker:x")).sync_role  # wrong: mypy, pyright
other: TwinMakerSyncJob = client.get(STACK)  # wrong: mypy, pyright
state: SyncState = "ACTIVE"  # wrong
client.wait_until_active(STACK, max_attempts=5)  # wrong
client.wait_until_active(STACK, timeout="15m")  # wrong
client.wait_until_active(STACK, revision=5)  # wrong
client.wait_until_active(STACK, "4f2c9e1")  # wrong
client.wait_until_active(STACK, backoff=2.0)  # wrong
client.wait_until_active(STACK, stop=True)  # wrong
client.wait_until_active([STACK])  # wrong
client.wait_until_actve(STACK)  # wrong
client.wait_until_deleted(STACK, revision="4f2c9e1")  # wrong
client.wait_until_deleted(STACK).status  # wrong
client.wait_until_resources_synced(STACK)  # wrong
client.wait_until_resources_synced(TWIN, max_failures="1")  # wrong
client.wait_until_resources_synced(TWIN).status  # wrong
client.resume(STACK)  # wrong
client.resume("unisync1.", timeout=5)  # wrong
client.resume("unisync1.").latest_sync  # wrong
client.blockers("codeconnections:x")  # wrong
client.blockers(STACK)[0].reason  # wrong
client.resolve_blocker(TWIN, "id", "why")  # wrong
client.resolve_blocker(TemplateSync("x", "SERVICE", "1"), "id", "why")  # wrong
client.resolve_blocker(STACK, "id")  # wrong
client.resolve_blocker(STACK, 5, "why")  # wrong
client.repository_status(TWIN)  # wrong
client.repository_status(STACK).status  # wrong

# Many references.
client.get_many(STACK)  # wrong
client.get_many(["codeconnections:x"])  # wrong
client.get_many([STACK], timeout="5")  # wrong
client.get_many([STACK], blockers=True)  # wrong
client.get_many([STACK])[0].blockers[0]  # wrong
client.get_many([STACK])[0].job.latest_sync  # wrong
client.get_many([TWIN])[0].result().latest_sync  # wrong: mypy, pyright
client.wait_all(STACK)  # wrong
client.wait_all([STACK], return_when="any")  # wrong
client.wait_all([STACK], [TWIN])  # wrong
client.wait_all([STACK], economy=True)  # wrong
client.wait_all([STACK], on_outcome=lambda outcome: outcome.results())  # wrong
client.watch(STACK)  # wrong
client.watch([STACK], interval="5s")  # wrong
client.watch([STACK], every=5)  # wrong
next(client.watch([STACK])).job  # wrong
len(client.watch([STACK]))  # wrong
client.discover(["twinmaker"])  # wrong
client.discover(services=["codecommit"])  # wrong
client.discover().refs[0].sync_role  # wrong
fleet.get_many("twinmaker:x")  # wrong

# Operations.
client.twinmaker.get_sync_job(workspaceId="x")  # wrong
client.twinmaker.get_sync_job(5)  # wrong
client.twinmaker.get_sync_job("x").latest_sync  # wrong
client.twinmaker.create_sync_job("x")  # wrong
client.twinmaker.create_sync_job("x", sync_role="r", tags=["a"])  # wrong
client.twinmaker.create_sync_job("x", sync_role="r").sync_role  # wrong
client.twinmaker.delete_sync_job("x").arn  # wrong
client.twinmaker.create_sync_job("x", sync_role="r", dry_run=True).arn  # wrong
client.twinmaker.create_sync_job("x", sync_role="r", dry_run="yes")  # wrong
client.twinmaker.get_sync_job("x", dry_run=True)  # wrong
client.twinmaker.ensure_sync_job("x", dry_run=True)  # wrong
client.twinmaker.list_tags_for_resource("arn").team  # wrong
client.twinmaker.tag_resource("arn", ["team"])  # wrong
client.discover(tags=["team"])  # wrong
client.twinmaker.list_sync_jobs()  # wrong
client.twinmaker.list_sync_jobs("x", pageSize=5)  # wrong
client.twinmaker.list_sync_jobs("x", page_size="5")  # wrong
client.twinmaker.list_sync_jobs("x")[0]  # wrong
client.twinmaker.list_sync_jobs("x").next_token  # wrong
client.twinmaker.list_sync_resources("x", filters=[])  # wrong
client.twinmaker.summarize_sync_resources("x").counts["ACTIVE"]  # wrong
client.twinmaker.summarize_sync_resources("x").count("ACTIVE")  # wrong
client.proton.get_service_instance_sync_status("x")  # wrong
client.proton.get_service_sync_config("x").branch  # wrong
client.codeconnections.get_sync_job("x")  # wrong
client.codeconnections.create_sync_configuration("x", branch="main")  # wrong
client.codeconnections.ensure_sync_configuration("x").action  # wrong
client.codeconnections.get_sync_configuration("x").branch = "main"  # wrong
client.codeconnections.update_sync_blocker("id", "x", "why")  # wrong
client.codeconnections.list_repository_links("x")  # wrong
client.codeconnections.get_connection()  # wrong
client.codeconnections.list_connections("GitHub")  # wrong
client.codeconnections.list_repository_sync_definitions("l", next_token="t")  # wrong


# Awaiting, and not awaiting.
async def main() -> None:
    aclient.get(TWIN).status  # wrong
    await client.get(TWIN)  # wrong: mypy, pyright
    (await aclient.get(TWIN)).latest_sync  # wrong: mypy, pyright
    await aclient.get("x")  # wrong
    await aclient.twinmaker.list_sync_jobs("x")  # wrong
    list(aclient.twinmaker.list_sync_jobs("x"))  # wrong
    aclient.get(STACK)  # wrong
    aclient.wait_until_active(STACK)  # wrong
    aclient.twinmaker.delete_sync_job("x")  # wrong
    aclient.close()  # wrong
    await aclient.wait_until_active(STACK, timout=5)  # wrong
    await aclient.watch([STACK])  # wrong
    for _ in aclient.watch([STACK]):  # wrong
        pass
    async for _ in client.watch([STACK]):  # wrong
        pass
    async for _ in client.twinmaker.list_sync_jobs("x"):  # wrong
        pass
    with aclient:  # wrong
        pass
    async with client:  # wrong
        pass
    await asyncio.gather(client.blockers(STACK))  # wrong
    await asyncio.wait_for(client.close(), 5)  # wrong
    (await aclient.blockers(STACK)).reason  # wrong


# States, and the other fields of a job.
def fields(job: GitSyncJob, twin_job: TwinMakerSyncJob, any_job: SyncJob, revision: Revision) -> str | None:
    SyncState.SUCCEEDED  # wrong
    SyncState("ACTIVE").aws_state  # wrong
    SyncState.ACTIVE = "ACTIVE"  # wrong
    job.status.state = SyncState.ACTIVE  # wrong
    job.status.error.code  # wrong
    job.latest_sync.events  # wrong
    job.latest_successful_sync = None  # wrong
    job.ref = STACK  # wrong
    job.ref.workspace_id  # wrong
    job.attempts.append(None)  # wrong
    job.is_synced()  # wrong
    job.live_revision.sha  # wrong
    twin_job.attempts[0].sha  # wrong
    twin_job.created_at - 5  # wrong
    twin_job.created_at < timedelta(days=1)  # wrong
    any_job.desired_state  # wrong
    revision.sha = "4f2c9e1"  # wrong
    revision.commit  # wrong
    if job.status.state is SyncJob:  # wrong: mypy
        return "never"
    if twin_job.status.state == SyncState.SUCCEDED:  # wrong
        return "never"
    if any_job.status.state == 5:  # wrong: mypy, pyright
        return "never"
    match twin_job.status.state:
        case SyncState.SYNCED:  # wrong
            return "never"
        case _:
            return None


def label(state: SyncState) -> str:
    match state:
        case SyncState.ACTIVE:
            return "done"
        case SyncState.PENDING | SyncState.RUNNING | SyncState.FAILED | SyncState.DELETING:
            return "not yet"
        case unknown:
            assert_never(unknown)  # wrong


def which(ref: AnyRef) -> str:
    match ref:
        case TwinMakerSync(workspace_id, _):
            return workspace_id
        case StackSync(name):
            return name
        case ServiceInstanceSync() | TemplateSync():
            return ref.resource_name  # wrong


def which_else(ref: AnyRef) -> None:
    match ref:
        case StackSync(_, _, _):  # wrong
            pass
        case _:
            pass


# Callbacks, outcomes and changes.
def show_twin(progress: Progress[TwinMakerSyncJob]) -> None: ...


def show_two(progress: Progress[SyncJob], more: int) -> None: ...


def narrowed(outcome: Outcome[SyncJob], change: Change[SyncJob]) -> tuple[Outcome[GitSyncJob], Change[GitSyncJob]]:
    return outcome, change  # wrong


def twin_outcome(outcome: Outcome[TwinMakerSyncJob]) -> None: ...


def reported(progress: Progress[GitSyncJob], outcome: Outcome[GitSyncJob], change: Change[TwinMakerSyncJob]) -> None:
    client.wait_until_active(STACK, on_progress=show_twin)  # wrong: mypy, pyright
    client.wait_until_active(STACK, on_progress=show_two)  # wrong
    client.wait_all([STACK], on_outcome=twin_outcome)  # wrong: mypy, pyright
    client.resume("unisync1.", on_progress=show_twin)  # wrong
    progress.job.sync_role  # wrong
    progress.polls = 5  # wrong
    progress.error.retryable  # wrong
    outcome.job.latest_sync  # wrong
    outcome.result.latest_sync  # wrong
    outcome.done = True  # wrong
    change.after.sync_role  # wrong
    change.kind == "status"  # wrong: mypy, pyright
    change.event.time  # wrong
    other_outcome: Outcome[TwinMakerSyncJob] = outcome  # wrong
    print(other_outcome)


def paged(page: Page[SyncResource], blocker: SyncBlocker, token: WaitToken) -> None:
    page.items = ()  # wrong
    page[0]  # wrong
    page.next_token.upper()  # wrong
    blocker.status = "RESOLVED"  # wrong
    blocker.resolved_at.year  # wrong
    blocker.contexts["target"]  # wrong
    token.deadline = None  # wrong
    WaitToken.create("twinmaker:x")  # wrong
    WaitToken.parse(token)  # wrong


Backoff(2.0, 20.0, 1.5, 0.25, 5)  # wrong
Backoff(initial="2s")  # wrong
Backoff().initial = 5  # wrong
RateLimit(rate=5)  # wrong
RateLimit().maximum = 5  # wrong


# Errors.
def failing(
    error: ServiceError,
    invalid: InvalidArgumentError,
    failed: SyncFailedError,
    blocked: SyncBlockedError,
    ended: WaitError,
) -> None:
    error.status  # wrong
    error.request_id.upper()  # wrong
    invalid.code  # wrong
    ended.attempts  # wrong
    failed.job.status  # wrong
    failed.blockers  # wrong
    failed.error.code  # wrong
    blocked.blockers.append(None)  # wrong
    ended.last_error  # wrong
    ended.job.latest_sync  # wrong
    ended.ref.resource_name  # wrong


# Fleets.
Fleet(regions="eu-west-1", profile=5)  # wrong
Fleet(sessions=[client])  # wrong
AsyncFleet(sessions={"x": "session"})  # wrong
fleet.get(THERE).sync_role  # wrong: mypy, pyright
fleet.wait_until_resources_synced(THERE)  # wrong
fleet.client("123456789012")  # wrong
fleet.client("123456789012", "eu-west-1").get(STACK).sync_role  # wrong: mypy, pyright
fleet.twinmaker  # wrong
fleet.locations.append(None)  # wrong
fleet.discover().refs[0].sync.resource_name  # wrong
THERE.account = "x"  # wrong
THERE.sync.resource_name  # wrong

# The emulator.
Emulator(clock="stopped")  # wrong
Emulator(speed="fast")  # wrong
Emulator().push(stack="x")  # wrong
Emulator().push(stack="x", sha="4f2c9e1", outcome="ACTIVE")  # wrong
Emulator().push(stack="x", sha="4f2c9e1", starts="everything")  # wrong
Emulator().push(stack="x", sha="4f2c9e1", events=["CLEAN_UP"])  # wrong
Emulator().fail_branch(stack="x")  # wrong
Emulator().modify("x")  # wrong
Emulator().add_stack("x", repository=5)  # wrong
Emulator().add_connection(status="BROKEN")  # wrong
Emulator().url = "http://localhost"  # wrong
Emulator().clock.advance("60s")  # wrong
Emulator().calls[0].params["x"] = 5  # wrong
Unisync(Emulator().client_options())  # wrong
