"""watch: its lines, and its objects."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any, cast

import pytest
from typing_extensions import override

from tests.cli.scene import MINE
from unisync.cli.app import run
from unisync.cli.exit_codes import Exit
from unisync.emulator import Emulator

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("scene")]

REASON = "Template error: instance of Fn::GetAtt references undefined resource Database"


class Interrupting(io.StringIO):
    """Ctrl-C, after a number of lines."""

    def __init__(self, lines: int) -> None:
        super().__init__()
        self._left = lines

    @override
    def write(self, text: str) -> int:
        written = super().write(text)
        self._left -= text.count("\n")
        if self._left <= 0:
            raise KeyboardInterrupt
        return written


Watch = Callable[..., list[str]]


@pytest.fixture
def watch(aws: Emulator) -> Watch:
    """Runs watch until it has printed some lines; returns them."""

    def lines(count: int, *arguments: str) -> list[str]:
        out, err = Interrupting(count), io.StringIO()
        code = run(["watch", *arguments], aws.client_options(), out, err)
        assert (code, err.getvalue()) == (Exit.INTERRUPTED, "Interrupted.\n")
        return out.getvalue().splitlines()

    return lines


def test_a_failure_is_reported_once(aws: Emulator, watch: Watch) -> None:
    again = {"outcome": "FAILED", "reason": REASON, "start_delay": 0, "duration": 0}
    aws.push(stack="failed", sha=MINE[::-1], detection_delay=60, **cast("Any", again))
    header, *lines = watch(9, "codeconnections:failed")
    assert header.split() == ["STATE", "SYNC", "LIVE", "DESIRED", "STARTED", "REASON"]
    # The state, the attempt and its events; then another attempt that fails for the same reason.
    assert [line.count(REASON) for line in lines] == [1, 0, 0, 0, 0, 0, 0, 1]


def test_each_change_is_an_object(watch: Watch) -> None:
    changes = [json.loads(line) for line in watch(5, "codeconnections:failed", "-o", "jsonl")]
    assert [change["kind"] for change in changes] == ["state", "attempt", "event", "event", "event"]
    assert changes[-1]["event"]["event"] == REASON


def test_each_change_has_the_time_that_aws_gives_it(watch: Watch) -> None:
    changes = [json.loads(line) for line in watch(5, "codeconnections:failed", "-o", "jsonl")]
    assert changes[1]["time"] == changes[0]["started"]
    assert [change["time"] for change in changes[2:]] == [change["event"]["time"] for change in changes[2:]]


def test_failed_resources_are_reported(watch: Watch) -> None:
    _, active, failed = watch(3, "twinmaker:factory")
    assert active.startswith("ACTIVE")
    assert failed.startswith("FAILED")
    assert "1 of 2 resources in sync, 1 failed: boiler-2: SYNC_PROCESSING_ERROR: The asset has no model" in failed
    change = json.loads(watch(2, "twinmaker:factory", "-o", "jsonl")[1])
    assert (change["kind"], len(change["resources"]["failed"])) == ("resources", 1)
