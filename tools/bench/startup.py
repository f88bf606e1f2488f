"""What starting up costs, measured as whole processes."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator

from tools.bench.canned import SHORT, serve
from tools.bench.results import Comparison, Cost, Section, Target, compare, comparison_section, measure_pairs

IMPORT_TARGET, FIRST_CALL_TARGET = 0.70, 1.00

# -P keeps the working directory out of sys.path, where every search for a module would begin.
_PYTHON = (sys.executable, "-P", "-c")

_NOTHING = "pass"
_RAW_IMPORT = "import boto3"
_IMPORT = "import unisync"
_RAW_FIRST_CALL = """
import boto3
from botocore.config import Config
config = Config(inject_host_prefix=False)
client = boto3.client("proton", region_name="eu-west-1", endpoint_url={url!r}, config=config)
response = client.get_service_instance_sync_status(serviceName="web", serviceInstanceName={name!r})
assert response["latestSync"]["status"] == "SUCCEEDED"
"""
_FIRST_CALL = """
import warnings
from unisync import Unisync
warnings.simplefilter("ignore")
client = Unisync(region_name="eu-west-1", endpoint_url={url!r})
job = client.proton.get_service_instance_sync_status("web", {name!r})
assert job.latest_sync.status.aws_state == "SUCCEEDED"
"""
# unisync creates a boto3 client when it is first called, so each of the three is called.
_RAW_THREE_CALLS = """
import boto3
from botocore.config import Config
config = Config(inject_host_prefix=False)
options = dict(region_name="eu-west-1", endpoint_url={url!r}, config=config)
twinmaker, proton, codeconnections = (
    boto3.client(name, **options) for name in ("iottwinmaker", "proton", "codeconnections")
)
job = twinmaker.get_sync_job(workspaceId="factory", syncSource="SITEWISE")
assert job["status"]["state"] == "ACTIVE"
response = proton.get_service_instance_sync_status(serviceName="web", serviceInstanceName={name!r})
assert response["latestSync"]["status"] == "SUCCEEDED"
response = codeconnections.get_resource_sync_status(ResourceName={name!r}, SyncType="CFN_STACK_SYNC")
assert response["LatestSync"]["Status"] == "SUCCEEDED"
"""
_THREE_CALLS = """
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
    """Compare processes that use boto3 with processes that use unisync."""
    pairs = 2 if quick else 20
    with serve() as url:
        comparisons = list(measure(url, pairs))
    method = f"""
        Whole processes, from start to exit, with the canned server in another process: {pairs} pairs. The ratio is
        unisync's cost divided by boto3's: the median and the quartiles over all pairs. "Without Python" subtracts the
        median cost of a process that does nothing.
    """
    result = comparison_section("Startup", method, comparisons)
    loaded = " ".join(loaded_by_import()) or "neither"
    result.targets.append(Target("`import unisync` imports neither boto3 nor pydantic", loaded, loaded == "neither"))
    return result


def measure(url: str, pairs: int) -> Iterator[Comparison]:
    """Measure the import alone, with one client and a call, and with three clients and a call of each."""
    raw_first_call, first_call, raw_three_calls, three_calls = (
        program.format(url=url, name=SHORT)
        for program in (_RAW_FIRST_CALL, _FIRST_CALL, _RAW_THREE_CALLS, _THREE_CALLS)
    )
    for name, target, raw, typed in (
        ("import", IMPORT_TARGET, _RAW_IMPORT, _IMPORT),
        ("import, client, first call", FIRST_CALL_TARGET, raw_first_call, first_call),
        ("import, 3 clients, first calls", FIRST_CALL_TARGET, raw_three_calls, three_calls),
    ):
        for program in (_NOTHING, raw, typed):
            _run(program)
        python_alone: list[Cost] = []

        def run_raw(program: str = raw, python_alone: list[Cost] = python_alone) -> Cost:
            python_alone.append(_run(_NOTHING))
            return _run(program)

        def run_typed(program: str = typed) -> Cost:
            return _run(program)

        costs = measure_pairs(pairs, run_raw, run_typed)
        python = Cost(
            statistics.median(each.cpu for each in python_alone), statistics.median(each.wall for each in python_alone)
        )
        yield compare(name, target, costs)
        yield compare(
            f"{name}, without Python", target, [(theirs.minus(python), ours.minus(python)) for theirs, ours in costs]
        )


def loaded_by_import() -> list[str]:
    """The heavy packages that `import unisync` imports; it should import none."""
    process = subprocess.run([*_PYTHON, _LOADED], check=True, capture_output=True, text=True)
    return process.stdout.split()


def _run(program: str) -> Cost:
    began = time.perf_counter()
    process = os.posix_spawn(_PYTHON[0], [*_PYTHON, program], os.environ)
    _, status, usage = os.wait4(process, 0)
    wall = time.perf_counter() - began
    if status:
        raise SystemExit(f"This program failed:\n{program}")
    return Cost(usage.ru_utime + usage.ru_stime, wall)
