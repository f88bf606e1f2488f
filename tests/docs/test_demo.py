"""The demo prints each way in which a wait can end."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

DEMO = Path(__file__).parents[2] / "examples" / "demo.py"


def test_the_demo_shows_each_way_a_wait_can_end(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", str(DEMO)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    for ref in ("twinmaker:factory", "codeconnections:payments-prod", "proton:web/prod"):
        assert re.search(rf"synced: +{ref} +ACTIVE", done.stdout)
    for line in (
        "SyncFailedError: codeconnections:payments-prod is FAILED",
        "Template error: instance of Fn::GetAtt references undefined resource Database",
        "SyncSupersededError: codeconnections:payments-prod: commit 0dd5ead16b7a was superseded",
        "SyncBlockedError: proton:web/prod is blocked: Modified by something besides ServiceSync",
        "aws proton update-service-sync-blocker --id",
    ):
        assert line in done.stdout
