"""Install the built wheel with each extra in an empty environment, and use it for the first time.

    python -m tools.release.installs

It takes the wheel of `make package`. The versions of other packages are those that the tests run with.
"""

from __future__ import annotations

import re
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.support.documents import assert_output, blocks
from tools.installed.__main__ import install, run
from tools.release.package import OUTPUT, PROJECT
from tools.release.repository import ROOT

NO_ANSWER = """
from unisync import Unisync, StackSync, TransportError
client = Unisync(region_name="eu-west-1", endpoint_url="http://127.0.0.1:1", max_attempts=1)
try:
    client.get(StackSync("payments-prod"))
except TransportError:
    print("no answer")
"""
NO_ANSWER_ASYNC = """
import asyncio
from unisync import AsyncUnisync, StackSync, TransportError
async def main():
    async with AsyncUnisync(region_name="eu-west-1", endpoint_url="http://127.0.0.1:1", max_attempts=1) as client:
        try:
            await client.get(StackSync("payments-prod"))
        except TransportError:
            print("no answer")
asyncio.run(main())
import aiohttp
"""
TRACING = """
from unisync.otel import Metrics, Tracing
print(Tracing.__name__)
"""
FAKE = """
from unisync import StackSync
from unisync.testing import FakeUnisync
print(FakeUnisync.__name__)
"""
CREDENTIALS = """
import os
os.environ.update(AWS_ACCESS_KEY_ID="testing", AWS_SECRET_ACCESS_KEY="testing", AWS_EC2_METADATA_DISABLED="true")
"""


def first_program() -> tuple[str, str]:
    """The first program of the README, and its output."""
    found = blocks(ROOT / "README.md")
    index = next(index for index, block in enumerate(found) if block.kind == "python")
    return found[index].body, found[index + 1].body


def environment(extras: str, folder: Path) -> tuple[str, str]:
    """An environment with the wheel and what it needs: its Python, and the version of the wheel."""
    (wheel,) = OUTPUT.glob("*.whl")
    run(sys.executable, "-m", "venv", "--without-pip", str(folder))
    python = str(folder / "bin" / "python")
    lock = (ROOT / "requirements" / "test.txt").read_text()
    constraints = folder / "constraints.txt"
    constraints.write_text("\n".join(re.findall(r"^[a-z0-9._-]+==\S+", lock, flags=re.MULTILINE)))
    install(python, "--constraint", str(constraints), f"{wheel}[{extras}]" if extras else str(wheel))
    return python, wheel.name.split("-")[1]


def check(extra: str, folder: Path) -> str:
    """Install the wheel with an extra, and use it."""
    python, expected_version = environment(extra, folder)
    program = (python, "-I", "-W", "error", "-c")
    version = run(*program, "import unisync; print(unisync.__version__)")
    assert version == expected_version
    match extra:
        case "emulator":
            body, expected = first_program()
            assert_output(expected, run(*program, body))
            used = "the first program of the README"
        case "cli":
            command = str(folder / "bin" / "unisync")
            assert run(command, "--version") == f"unisync {version}"
            used = "unisync --version; " + run(command, "wait", "--help").splitlines()[0].strip()
        case "cli,emulator":
            output = run(str(folder / "bin" / "unisync"), "demo", "--speed", "1000")
            used = f"unisync demo: {len(output.splitlines())} lines"
        case "aio":
            used = run(*program, CREDENTIALS + NO_ANSWER_ASYNC)
        case "otel":
            used = run(*program, TRACING)
        case "testing":
            used = run(*program, FAKE)
        case _:
            used = run(*program, CREDENTIALS + NO_ANSWER)
    return f"ok      {extra or 'no extra'}: {used}"


def main() -> int:
    extras = ["", *PROJECT["project"]["optional-dependencies"], "cli,emulator"]
    with tempfile.TemporaryDirectory() as work, ThreadPoolExecutor(2) as threads:
        folders = [Path(work, f"environment-{number}") for number in range(len(extras))]
        for line in threads.map(check, extras, folders):
            print(line, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
