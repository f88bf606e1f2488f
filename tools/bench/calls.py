"""What a call costs, once everything is loaded and connected."""

from __future__ import annotations

import gc
import time
import warnings
from collections.abc import Callable, Iterator

import boto3
from botocore.config import Config

from tools.bench.canned import LONG, MANY, SHORT, served
from tools.bench.figures import Comparison, Cost, Section, compare, compared, in_pairs
from unisync import ServiceInstanceSync, StackSync, TwinMakerSync, Unisync

SMALL_AIM, BIG_AIM = 0.80, 0.40
REGION = "eu-west-1"

Case = tuple[str, float, Callable[[], object], Callable[[], object]]


def section(quick: bool) -> Section:
    """Raw boto3 and unisync, one call after the other."""
    pairs, calls = (2, 5) if quick else (40, 50)
    with served() as url:
        found = list(measured(url, pairs, calls))
    how = f"""
        One call at a time, to a canned server in a process of its own: {pairs} pairs of rounds of {calls} calls. The
        ratio is unisync's cost over raw boto3's: the median of the pairs, and their middle half.
    """
    return compared("One call", how, found)


def measured(url: str, pairs: int, calls: int) -> Iterator[Comparison]:
    """Each kind of call, made raw and by unisync: `pairs` rounds of both, of so many `calls` each."""
    with Unisync(region_name=REGION, endpoint_url=url) as client:
        for name, aim, raw, typed in _cases(client, url):
            for call in (raw, typed):
                _round(call, max(calls // 5, 3))

            def raw_round(call: Callable[[], object] = raw) -> Cost:
                return _round(call, calls)

            def typed_round(call: Callable[[], object] = typed) -> Cost:
                return _round(call, calls)

            yield compare(name, aim, in_pairs(pairs, raw_round, typed_round))


def _cases(client: Unisync, url: str) -> Iterator[Case]:
    config = Config(inject_host_prefix=False)
    with warnings.catch_warnings(action="ignore"):
        ours = client.proton  # pyright: ignore[reportDeprecated]
    proton = boto3.client("proton", region_name=REGION, endpoint_url=url, config=config)
    codeconnections = boto3.client("codeconnections", region_name=REGION, endpoint_url=url, config=config)
    twinmaker = boto3.client("iottwinmaker", region_name=REGION, endpoint_url=url, config=config)
    for size, instance, aim in (("small reply", SHORT, SMALL_AIM), (f"{MANY} events", LONG, BIG_AIM)):
        ref, stack = ServiceInstanceSync("web", instance), StackSync(instance)

        def raw_proton(name: str = instance) -> object:
            reply = proton.get_service_instance_sync_status(serviceName="web", serviceInstanceName=name)
            return reply["latestSync"]["status"]  # pyright: ignore[reportTypedDictNotRequiredAccess]

        def typed_proton(name: str = instance) -> object:
            return ours.get_service_instance_sync_status("web", name).status.aws_state

        def typed_look(ref: ServiceInstanceSync = ref) -> object:
            return client.get(ref).status.aws_state

        def raw_codeconnections(name: str = instance) -> object:
            reply = codeconnections.get_resource_sync_status(ResourceName=name, SyncType="CFN_STACK_SYNC")
            return reply["LatestSync"]["Status"]

        def typed_stack(ref: StackSync = stack) -> object:
            return client.get(ref).status.aws_state

        yield f"Proton, {size}", aim, raw_proton, typed_proton
        yield f"Proton, {size}, by get()", aim, raw_proton, typed_look
        yield f"CodeConnections, {size}, by get()", aim, raw_codeconnections, typed_stack

    job = TwinMakerSync("factory")

    def raw_twinmaker() -> object:
        reply = twinmaker.get_sync_job(workspaceId="factory", syncSource="SITEWISE")
        return reply["status"]["state"]  # pyright: ignore[reportTypedDictNotRequiredAccess]

    yield "TwinMaker, small reply, by get()", SMALL_AIM, raw_twinmaker, lambda: client.get(job).status.aws_state


def _round(call: Callable[[], object], calls: int) -> Cost:
    gc.collect()
    cpu, wall = time.process_time(), time.perf_counter()
    for _ in range(calls):
        call()
    return Cost((time.process_time() - cpu) / calls, (time.perf_counter() - wall) / calls)
