"""The recipes for CI systems wait for the pushed commit and write the report that the system then reads."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.documents import DOCS, ROOT, blocks
from unisync.emulator import Emulator

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name == "nt", reason="needs bash")]

SHA = "4f2c9e1d6b7a80934cde51f2a6b7c8d9e0f1a2b3"
BODIES = [block.body for block in blocks(DOCS / "howto" / "ci.md")]


def body(text: str) -> str:
    (found,) = [each for each in BODIES if text in each]
    return found


def gitlab() -> tuple[list[str], list[str], dict[str, str]]:
    job: Any = yaml.safe_load(body("CI_COMMIT_SHA"))["live"]
    return job["script"], [job["artifacts"]["reports"]["junit"]], {"CI_COMMIT_SHA": SHA, "AWS_TOKEN": "token"}


def jenkins() -> tuple[list[str], list[str], dict[str, str]]:
    pipeline = body("GIT_COMMIT")
    assert pipeline.count("{") == pipeline.count("}")
    return re.findall(r"sh '(.*)'", pipeline), re.findall(r"junit '(.*)'", pipeline), {"GIT_COMMIT": SHA}


def codebuild() -> tuple[list[str], list[str], dict[str, str]]:
    specification: Any = yaml.safe_load(body("CODEBUILD_RESOLVED_SOURCE_VERSION"))
    commands = [command for phase in specification["phases"].values() for command in phase["commands"]]
    (report,) = specification["reports"].values()
    return commands, report["files"], {"CODEBUILD_RESOLVED_SOURCE_VERSION": SHA}


def shell() -> tuple[list[str], list[str], dict[str, str]]:
    script = body("git rev-parse HEAD")
    assert "unisync.xml as an artifact" in script
    return [script], ["unisync.xml"], {}


@pytest.mark.parametrize("system", [gitlab, jenkins, codebuild, shell])
@pytest.mark.parametrize(("outcome", "code"), [("SUCCEEDED", 0), ("FAILED", 3)])
def test_a_recipe_waits_for_the_commit_and_writes_its_report(
    system: Any, outcome: Any, code: int, tmp_path: Path
) -> None:
    commands, reports, variables = system()
    tools = tmp_path / "tools"
    (tmp_path / ".unisync" / "bin").mkdir(parents=True)
    tools.mkdir()
    stubs = {
        "pip": "true",
        "python3": "true",
        "git": f"echo {SHA}",
        "unisync": f'exec {sys.executable} -m unisync "$@"',
    }
    for folder in (tools, tmp_path / ".unisync" / "bin"):
        for name, line in stubs.items():
            (folder / name).write_text(f"#!/bin/sh\n{line}\n")
            (folder / name).chmod(0o700)
    with Emulator(speed=60) as aws:
        aws.add_stack("payments-prod", repository="acme/infra")
        aws.push(stack="payments-prod", sha=SHA, outcome=outcome)
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "GITHUB_"))}
        environment |= {**aws.environment(), **variables, "PYTHONPATH": str(ROOT), "HOME": str(tmp_path)}
        environment |= {"PATH": f"{tools}:{os.environ['PATH']}", "AWS_WEB_IDENTITY_TOKEN_FILE": str(tmp_path / "token")}
        done = subprocess.run(
            ["bash", "-e", "-c", "\n".join(commands)],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    assert done.returncode == code, done.stderr
    assert ("<failure" in (tmp_path / reports[0]).read_text()) == bool(code)
