"""What the README and the demo show is what happens."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
PROGRAMS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


def output_of(*command: str, folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, *command], cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (0, "ACTIVE (SUCCEEDED) 4f2c9e1d6b7a80934cde51f2a6b7c8d9e0f1a2b3"),
        (1, "PENDING INITIATED"),
        (2, "SYNC_FAILED: Template error: no such parameter"),
        (3, "codeconnections:stack-2 ACTIVE (SUCCEEDED)\ncodeconnections:stack-3 codeconnections:stack-3 is FAILED"),
        (
            4,
            "111111111111 eu-west-1 ACTIVE (SUCCEEDED)\n222222222222 eu-west-1 ACTIVE (SUCCEEDED)\n"
            "333333333333 eu-west-1 codeconnections GetResourceSyncStatus: An error occurred (AccessDenied)",
        ),
        (5, "The stack was updated by hand"),
        (
            6,
            "payments-prod created\norders-prod created\n"
            "payments-prod acme/infra payments-prod.yaml\norders-prod acme/infra orders-prod.yaml\n"
            "True\ncodeconnections:payments-prod codeconnections:orders-prod\n",
        ),
        (7, "SYNC_FAILED: no such parameter\n"),
        (8, "ACTIVE (SUCCEEDED)\n"),
    ],
)
def test_the_readmes_programs_run_as_they_stand(number: int, shown: str, tmp_path: Path) -> None:
    assert len(PROGRAMS) == 9
    (tmp_path / "program.py").write_text(PROGRAMS[number])
    assert shown in output_of("-W", "error", "program.py", folder=tmp_path)


def test_the_first_program_has_ten_lines_at_the_most() -> None:
    assert len([line for line in PROGRAMS[0].splitlines() if line.strip()]) <= 10


def test_what_the_readme_links_to_is_there() -> None:
    for link in re.findall(r"\]\((?!http)([^)#]+)\)", README):
        assert (ROOT / link).exists(), link


def test_the_demo_shows_each_end_of_a_wait(tmp_path: Path) -> None:
    shown = output_of("-W", "error", str(ROOT / "examples" / "demo.py"), folder=tmp_path)
    for ref in ("twinmaker:factory", "codeconnections:payments-prod", "proton:web/prod"):
        assert re.search(rf"in place:  {ref} +ACTIVE", shown)
    for end in (
        "SyncFailedError: codeconnections:payments-prod is FAILED",
        "Template error: instance of Fn::GetAtt references undefined resource Database",
        "SyncSupersededError: codeconnections:payments-prod: commit 0dd5ead16b7a was superseded",
        "SyncBlockedError: proton:web/prod is blocked: Modified by something besides ServiceSync",
        "aws proton update-service-sync-blocker --id",
    ):
        assert end in shown
