"""What it costs to start: whole processes, side by side."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator

from tools.bench.canned import SHORT, served
from tools.bench.figures import Aim, Comparison, Cost, Section, compare, compared, in_pairs

IMPORT_AIM, COLD_AIM = 0.70, 1.00

# Without the working directory on the path, where a search for modules would begin.
_PYTHON = (sys.executable, "-P", "-c")

_NOTHING = "pass"
_RAW_IMPORT = "import boto3"
_IMPORT = "import unisync"
_RAW_COLD = """
import boto3
from botocore.config import Config
config = Config(inject_host_prefix=False)
client = boto3.client("proton", region_name="eu-west-1", endpoint_url={url!r}, config=config)
reply = client.get_service_instance_sync_status(serviceName="web", serviceInstanceName={name!r})
assert reply["latestSync"]["status"] == "SUCCEEDED"
"""
_COLD = """
import warnings
from unisync import Unisync
warnings.simplefilter("ignore")
client = Unisync(region_name="eu-west-1", endpoint_url={url!r})
job = client.proton.get_service_instance_sync_status("web", {name!r})
assert job.latest_sync.status.aws_state == "SUCCEEDED"
"""
# Ours are made when they are first called, so each is called.
_RAW_THREE = """
import boto3
from botocore.config import Config
config = Config(inject_host_prefix=False)
options = dict(region_name="eu-west-1", endpoint_url={url!r}, config=config)
twinmaker, proton, codeconnections = (
    boto3.client(name, **options) for name in ("iottwinmaker", "proton", "codeconnections")
)
job = twinmaker.get_sync_job(workspaceId="factory", syncSource="SITEWISE")
assert job["status"]["state"] == "ACTIVE"
reply = proton.get_service_instance_sync_status(serviceName="web", serviceInstanceName={name!r})
assert reply["latestSync"]["status"] == "SUCCEEDED"
reply = codeconnections.get_resource_sync_status(ResourceName={name!r}, SyncType="CFN_STACK_SYNC")
assert reply["LatestSync"]["Status"] == "SUCCEEDED"
"""
_THREE = """
from unisync import ServiceInstanceSync, StackSync, TwinMakerSync, Unisync
client = Unisync(region_name="eu-west-1", endpoint_url={url!r})
assert client.get(TwinMakerSync("factory")).status.aws_state == "ACTIVE"
assert client.get(ServiceInstanceSync("web", {name!r})).latest_sync.status.aws_state == "SUCCEEDED"
assert client.get(StackSync({name!r})).latest_sync.status.aws_state == "SUCCEEDED"
"""
_LOADED = """
import sys, unisync
print(*sorted({"boto3", "botocore", "pydantic", "pydantic_core"} & set(sys.modules)))
"""


def section(quick: bool) -> Section:
    """Raw boto3 and unisync, from the start of a process to its end."""
    pairs = 2 if quick else 20
    with served() as url:
        found = list(measured(url, pairs))
    how = f"""
        Whole processes, with a canned server in another one: {pairs} pairs. The ratio is unisync's cost over raw
        boto3's: the median of the pairs, and their middle half. Where Python is taken off, it is the median of a
        process that does nothing.
    """
    compares = compared("Starting", how, found)
    loaded = " ".join(loaded_by_import()) or "neither"
    compares.aims.append(Aim("`import unisync` loads neither boto3 nor pydantic", loaded, loaded == "neither"))
    return compares


def measured(url: str, pairs: int) -> Iterator[Comparison]:
    """The import; the import with one client or three and the first calls: as whole processes, less a bare Python."""
    raw_cold, cold, raw_three, three = (
        program.format(url=url, name=SHORT) for program in (_RAW_COLD, _COLD, _RAW_THREE, _THREE)
    )
    for name, aim, raw, ours in (
        ("import", IMPORT_AIM, _RAW_IMPORT, _IMPORT),
        ("import, client, first call", COLD_AIM, raw_cold, cold),
        ("import, 3 clients, first calls", COLD_AIM, raw_three, three),
    ):
        for program in (_NOTHING, raw, ours):
            _process(program)
        bare: list[Cost] = []

        def raw_process(program: str = raw, bare: list[Cost] = bare) -> Cost:
            bare.append(_process(_NOTHING))
            return _process(program)

        def our_process(program: str = ours) -> Cost:
            return _process(program)

        costs = in_pairs(pairs, raw_process, our_process)
        start = Cost(statistics.median(each.cpu for each in bare), statistics.median(each.wall for each in bare))
        yield compare(name, aim, costs)
        yield compare(f"{name}, less Python", aim, [(its.less(start), mine.less(start)) for its, mine in costs])


def loaded_by_import() -> list[str]:
    """What `import unisync` loads of what it should not."""
    done = subprocess.run([*_PYTHON, _LOADED], check=True, capture_output=True, text=True)
    return done.stdout.split()


def _process(program: str) -> Cost:
    began = time.perf_counter()
    process = os.posix_spawn(_PYTHON[0], [*_PYTHON, program], os.environ)
    _, status, usage = os.wait4(process, 0)
    took = time.perf_counter() - began
    if status:
        raise SystemExit(f"This program failed:\n{program}")
    return Cost(usage.ru_utime + usage.ru_stime, took)
