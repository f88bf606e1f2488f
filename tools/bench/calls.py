"""What one call costs, once everything is imported and connected."""

from __future__ import annotations

import gc
import time
import warnings
from collections.abc import Callable, Iterator

import boto3
from botocore.config import Config

from tools.bench.canned import LONG, LONG_EVENTS, SHORT, serve
from tools.bench.results import Comparison, Cost, Section, compare, comparison_section, measure_pairs
from unisync import ServiceInstanceSync, StackSync, TwinMakerSync, Unisync

SMALL_TARGET, LARGE_TARGET = 0.55, 0.33
REGION = "eu-west-1"

Case = tuple[str, float, Callable[[], object], Callable[[], object]]
"""A name, the target, and the call with boto3 and with unisync."""


def section(quick: bool) -> Section:
    """Compare single calls of boto3 and unisync."""
    pairs, calls = (2, 5) if quick else (40, 50)
    with serve() as url:
        comparisons = list(measure(url, pairs, calls))
    method = f"""
        One call at a time, to a server with canned responses in its own process: {pairs} pairs of rounds, of {calls}
        calls each. The ratio is unisync's cost divided by boto3's: the median and the quartiles over all pairs.
    """
    return comparison_section("Single calls", method, comparisons)


def measure(url: str, pairs: int, calls: int) -> Iterator[Comparison]:
    """Measure each kind of call in `pairs` rounds with boto3 and as many with unisync, of `calls` calls each."""
    with Unisync(region_name=REGION, endpoint_url=url) as client:
        for name, target, raw, typed in _cases(client, url):
            for call in (raw, typed):
                _round(call, max(calls // 5, 3))

            def raw_round(call: Callable[[], object] = raw) -> Cost:
                return _round(call, calls)

            def typed_round(call: Callable[[], object] = typed) -> Cost:
                return _round(call, calls)

            yield compare(name, target, measure_pairs(pairs, raw_round, typed_round))


def _cases(client: Unisync, url: str) -> Iterator[Case]:
    config = Config(inject_host_prefix=False)
    with warnings.catch_warnings(action="ignore"):
        typed_client = client.proton  # pyright: ignore[reportDeprecated]
    proton = boto3.client("proton", region_name=REGION, endpoint_url=url, config=config)
    codeconnections = boto3.client("codeconnections", region_name=REGION, endpoint_url=url, config=config)
    twinmaker = boto3.client("iottwinmaker", region_name=REGION, endpoint_url=url, config=config)
    for size, instance, target in (
        ("small response", SHORT, SMALL_TARGET),
        (f"{LONG_EVENTS} events", LONG, LARGE_TARGET),
    ):
        instance_ref, stack_ref = ServiceInstanceSync("web", instance), StackSync(instance)

        def raw_proton(name: str = instance) -> object:
            response = proton.get_service_instance_sync_status(serviceName="web", serviceInstanceName=name)
            return response["latestSync"]["status"]  # pyright: ignore[reportTypedDictNotRequiredAccess]

        def typed_proton(name: str = instance) -> object:
            return typed_client.get_service_instance_sync_status("web", name).status.aws_state

        def typed_get(ref: ServiceInstanceSync = instance_ref) -> object:
            return client.get(ref).status.aws_state

        def raw_codeconnections(name: str = instance) -> object:
            response = codeconnections.get_resource_sync_status(ResourceName=name, SyncType="CFN_STACK_SYNC")
            return response["LatestSync"]["Status"]

        def typed_stack(ref: StackSync = stack_ref) -> object:
            return client.get(ref).status.aws_state

        yield f"Proton, {size}", target, raw_proton, typed_proton
        yield f"Proton, {size}, `get()`", target, raw_proton, typed_get
        yield f"CodeConnections, {size}, `get()`", target, raw_codeconnections, typed_stack

    job = TwinMakerSync("factory")

    def raw_twinmaker() -> object:
        response = twinmaker.get_sync_job(workspaceId="factory", syncSource="SITEWISE")
        return response["status"]["state"]  # pyright: ignore[reportTypedDictNotRequiredAccess]

    yield "TwinMaker, small response, `get()`", SMALL_TARGET, raw_twinmaker, lambda: client.get(job).status.aws_state


def _round(call: Callable[[], object], calls: int) -> Cost:
    """The mean cost of a call."""
    gc.collect()
    cpu, wall = time.process_time(), time.perf_counter()
    for _ in range(calls):
        call()
    return Cost((time.process_time() - cpu) / calls, (time.perf_counter() - wall) / calls)
