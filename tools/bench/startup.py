"""What starting up costs, measured as whole processes."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from tools.bench.canned import SHORT, serve
from tools.bench.results import (
    Comparison,
    Cost,
    Section,
    Table,
    Target,
    compare,
    comparison_section,
    comparison_table,
    measure_pairs,
)

IMPORT_TARGET, FIRST_CALL_TARGET, COMMAND_TARGET = 0.70, 1.05, 0.65

AWS_CLI = Path(__file__).parents[2] / ".venv-awscli" / "bin" / "aws"
"""The AWS CLI needs its own version of botocore, so `make bench` installs both in this environment."""

# -P keeps the working directory out of sys.path, where every search for a module would begin.
_PYTHON = (sys.executable, "-P", "-c")

_NOTHING = "pass"
_RAW_IMPORT = "import boto3"
_IMPORT = "import unisync"
_RAW_FIRST_CALL = """
import boto3
client = boto3.client("codeconnections", region_name="eu-west-1", endpoint_url={url!r})
response = client.get_resource_sync_status(ResourceName={name!r}, SyncType="CFN_STACK_SYNC")
assert response["LatestSync"]["Status"] == "SUCCEEDED"
"""
_FIRST_CALL = """
from unisync import StackSync, Unisync
client = Unisync(region_name="eu-west-1", endpoint_url={url!r})
job = client.get(StackSync({name!r}))
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
import warnings
warnings.simplefilter("ignore")
from unisync import ServiceInstanceSync, StackSync, TwinMakerSync, Unisync
client = Unisync(region_name="eu-west-1", endpoint_url={url!r})
assert client.get(TwinMakerSync("factory")).status.aws_state == "ACTIVE"
assert client.get(ServiceInstanceSync("web", {name!r})).latest_sync.status.aws_state == "SUCCEEDED"
assert client.get(StackSync({name!r})).latest_sync.status.aws_state == "SUCCEEDED"
"""
# What an installed entry point does.
_COMMAND = """
import sys
from unisync.cli import main
sys.exit(main())
"""
_LOADED = """
import sys, unisync
print(*sorted({"boto3", "botocore", "pydantic", "pydantic_core"} & set(sys.modules)))
"""


def section(quick: bool) -> Section:
    """Compare processes that use boto3 with processes that use unisync, and the AWS CLI with the command."""
    pairs = 4 if quick else 20
    python: list[Cost] = []
    with serve() as url:
        libraries = list(measure_libraries(url, pairs, python))
        commands = list(measure_commands(url, pairs, python)) if AWS_CLI.exists() else []
    method = f"""
        Whole processes, from start to exit, with the canned server in another process: {pairs} pairs. The ratio is
        unisync's cost divided by the other's: the median and the quartiles over all pairs. "Without Python" subtracts
        the median cost of a process that does nothing. The command `unisync get` also reads the blockers of the sync,
        which `aws codeconnections get-resource-sync-status` does not.
        {"" if commands else "The AWS CLI is not installed here and was left out."}
    """
    result = comparison_section("Startup", method, [*libraries, *commands])
    result.tables = [comparison_table(libraries), _alone(python)]
    if commands:
        result.tables.insert(1, comparison_table(commands, "AWS CLI"))
    loaded = " ".join(loaded_by_import()) or "neither"
    result.targets.append(Target("`import unisync` imports neither boto3 nor pydantic", loaded, loaded == "neither"))
    return result


def measure_libraries(url: str, pairs: int, python: list[Cost]) -> Iterator[Comparison]:
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
        yield from _measure(name, target, pairs, (*_PYTHON, raw), (*_PYTHON, typed), python)


def measure_commands(url: str, pairs: int, python: list[Cost]) -> Iterator[Comparison]:
    """Measure the command and the AWS CLI, asked for the status of a stack's sync."""
    options = ("--region", "eu-west-1", "--endpoint-url", url)
    question = ("get-resource-sync-status", "--resource-name", SHORT, "--sync-type", "CFN_STACK_SYNC")
    # By -P as well: not by its script, whose first line would search the script's own folder first.
    aws = (str(AWS_CLI.with_name("python")), "-P", str(AWS_CLI), "codeconnections", *question, *options)
    unisync = (*_PYTHON, _COMMAND, "get", f"codeconnections:{SHORT}", *options)
    yield from _measure("the command, one sync", COMMAND_TARGET, pairs, aws, unisync, python)


def _measure(
    name: str, target: float, pairs: int, other: Sequence[str], ours: Sequence[str], python: list[Cost]
) -> Iterator[Comparison]:
    """Measure two programs in turn, and between them, for `python`, the interpreter alone."""
    nothing = (*_PYTHON, _NOTHING)
    for program in (nothing, other, ours):
        _run(program)
    alone: list[Cost] = []

    def run_other() -> Cost:
        alone.append(_run(nothing))
        return _run(other)

    costs = measure_pairs(pairs, run_other, lambda: _run(ours))
    python += alone
    idle = _median(alone)
    yield compare(name, target, costs)
    yield compare(f"{name}, without Python", target, [(theirs.minus(idle), own.minus(idle)) for theirs, own in costs])


def _alone(python: Sequence[Cost]) -> Table:
    """What the interpreter costs that does nothing."""
    idle = _median(python)
    return Table(("ms", "CPU", "wall"), [("Python alone", f"{1000 * idle.cpu:.3f}", f"{1000 * idle.wall:.3f}")])


def _median(costs: Sequence[Cost]) -> Cost:
    return Cost(statistics.median(each.cpu for each in costs), statistics.median(each.wall for each in costs))


def loaded_by_import() -> list[str]:
    """The heavy packages that `import unisync` imports; it should import none."""
    process = subprocess.run([*_PYTHON, _LOADED], check=True, capture_output=True, text=True)
    return process.stdout.split()


def _run(command: Sequence[str]) -> Cost:
    began = time.perf_counter()
    to_nothing = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
    process = os.posix_spawn(command[0], tuple(command), os.environ, file_actions=to_nothing)
    _, status, usage = os.wait4(process, 0)
    wall = time.perf_counter() - began
    if status:
        raise SystemExit(f"This command failed:\n{' '.join(command)}")
    return Cost(usage.ru_utime + usage.ru_stime, wall)
