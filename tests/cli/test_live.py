"""Long-running commands on a terminal: redrawing, Ctrl-C and SIGTERM."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.cli.scene import MINE, NASTY, OLD
from tests.cli.terminal import ROOT, terminal
from tests.support.processes import unmeasured
from unisync.emulator import Emulator

pytestmark = pytest.mark.slow


@pytest.fixture
def running() -> Iterator[Emulator]:
    """An emulated AWS at five times real time, with a stack whose sync takes long."""
    with Emulator(speed=5) as aws:
        aws.add_workspace("factory")
        for name in ("live", "running", "nasty"):
            aws.add_stack(name, repository="acme/infra", config_file=f"{name}.yaml")
        aws.push(stack="live", sha=OLD, duration=0)
        aws.push(stack="nasty", sha=OLD, duration=0, outcome="FAILED", reason=NASTY * 5_000)
        aws.push(stack="running", sha=MINE, duration=3_000)
        # discover never ends.
        aws.fault("ListRepositoryLinks", "stall", times=None, seconds=60)
        yield aws


@pytest.fixture
def environ(running: Emulator) -> dict[str, str]:
    """The environment for the command."""
    return {**running.environment(), "AWS_MAX_ATTEMPTS": "1"}


LONG = {
    "wait": (["wait", "codeconnections:running", "codeconnections:live", "codeconnections:nasty"], "2 of 3 done"),
    "wait-for-deleted": (["wait", "codeconnections:live", "--for", "deleted"], "0 of 1 done"),
    "watch": (["watch", "codeconnections:running", "codeconnections:nasty"], "RUNNING codeconnections:running"),
    "status": (["status"], "Searching for syncs..."),
    "report": (["report", "--to", "-"], "Searching for syncs..."),
    "emulator": (["emulator", "--port", "0", "--sample"], "until you press Ctrl-C"),
    "demo": (["demo", "--speed", "1"], "0 of 1 done"),
}


@pytest.mark.parametrize("width", [60, 200])
@pytest.mark.parametrize("name", LONG)
def test_ctrl_c_ends_a_command_and_restores_the_terminal(name: str, width: int, environ: dict[str, str]) -> None:
    command, shown = LONG[name]
    with terminal("-m", "unisync", *command, width=width, environ=environ) as screen:
        screen.read_until(lambda: shown in screen.screen())
        before = screen.screen()
        assert screen.interrupt() == 130
        assert screen.shows_the_cursor
        assert screen.mode == screen.mode_before
        assert screen.screen().rstrip().endswith("Interrupted.")
        assert "Traceback" not in screen.screen()
        assert not re.search(r"injected.*\n::error", before)
        assert all(len(line) <= width for line in before.splitlines())


@pytest.mark.parametrize("name", LONG)
def test_ctrl_c_without_a_terminal(name: str, environ: dict[str, str], running: Emulator) -> None:
    command, _ = LONG[name]
    process = subprocess.Popen(
        [sys.executable, "-c", _IN_FOREGROUND, *command],
        cwd=ROOT,
        env={**unmeasured(), **environ},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert process.stdout is not None
        if name in ("status", "report"):  # they print nothing before the search ends
            while not running.calls:
                assert process.poll() is None
        else:
            assert process.stdout.readline()
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=20)
    finally:
        process.kill()
        process.communicate()
    assert (process.returncode, said.splitlines()[-1]) == (130, "Interrupted.")


_IN_FOREGROUND = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # it is ignored in a shell's background job
from unisync.cli import main
sys.exit(main())
"""


def test_sigterm_ends_a_command(environ: dict[str, str]) -> None:
    with terminal("-m", "unisync", "wait", "codeconnections:running", environ=environ) as screen:
        screen.read_until(lambda: "0 of 1 done" in screen.screen())
        screen.process.send_signal(signal.SIGTERM)
        assert screen.end() == 143
        assert screen.shows_the_cursor


def test_sigterm_ends_the_demo(environ: dict[str, str]) -> None:
    with terminal("-m", "unisync", "demo", "--speed", "1", environ=environ) as screen:
        screen.read_until(lambda: "0 of 1 done" in screen.screen())
        screen.process.send_signal(signal.SIGTERM)
        assert screen.end() == 143


def test_a_small_terminal_shows_how_many_rows_are_left_out(running: Emulator, environ: dict[str, str]) -> None:
    names = [f"stack-{number}" for number in range(100)]
    for name in names:
        running.add_stack(name, repository="acme/infra", config_file=f"{name}.yaml")
        running.push(stack=name, sha=MINE, duration=3_000)
    refs = [f"codeconnections:{name}" for name in names]
    for command, height in (("watch", 10), ("watch", 7), ("wait", 10)):
        with terminal("-m", "unisync", command, *refs, width=40, height=height, environ=environ) as screen:
            screen.read_until(
                lambda: bool(re.search(r"and \d+ more", screen.screen())) and ":stack-0" in screen.screen()
            )
            if command == "watch":
                screen.read_until(lambda: bool(re.search(r"Z . RUNNING", screen.screen())))
            assert screen.interrupt() == 130


def test_a_wait_is_redrawn_in_place_and_leaves_only_its_result(environ: dict[str, str]) -> None:
    arguments = ["wait", "codeconnections:running", "codeconnections:live", "--timeout", "4s"]
    with terminal("-m", "unisync", *arguments, width=100, environ=environ) as screen:
        screen.read_until(lambda: "1 of 2 done" in screen.screen() and "IN_PROGRESS" in screen.screen())
        assert re.search(r"1 of 2 done, \d s of 4 s\n", screen.screen())
        assert re.search(r"✔ ACTIVE +codeconnections:live", screen.screen())
        assert screen.end() == 124
        shown = screen.screen()
        assert "done, " not in shown
        assert shown.splitlines()[-1].startswith("Next: wait longer: unisync wait")
        assert shown.count("codeconnections:live") == 2  # before the wait, and in its result


def test_ctrl_c_leaves_the_last_table(environ: dict[str, str]) -> None:
    for command in ("wait", "watch"):
        with terminal("-m", "unisync", command, "codeconnections:running", environ=environ) as screen:
            screen.read_until(lambda: "RUNNING" in screen.screen())
            assert screen.interrupt() == 130
            assert len(re.findall(r"RUNNING +codeconnections:running +-", screen.screen())) == 1
            assert screen.screen().count("STATE ") == 1


def test_progress_is_drawn_while_data_goes_to_a_file(environ: dict[str, str]) -> None:
    arguments = ["wait", "codeconnections:live", "-o", "json"]
    with terminal("-m", "unisync", *arguments, environ=environ, piped=["stdout"]) as screen:
        assert screen.end() == 0
        assert screen.process.stdout is not None
        (row,) = json.loads(screen.process.stdout.read())
        assert (row["ref"], row["state"], row["live"]) == ("codeconnections:live", "ACTIVE", OLD)
        assert re.fullmatch(r"Waiting for codeconnections:live, until .* \(15 min\)", screen.screen().strip())


def test_watch_prints_a_line_for_each_change_without_a_terminal(environ: dict[str, str]) -> None:
    with terminal("-m", "unisync", "watch", "codeconnections:live", environ=environ, piped=["stdout"]) as screen:
        assert screen.process.stdout is not None
        lines = [screen.process.stdout.readline().decode().split()[:2] for _ in range(3)]
        assert lines == [["STATE", "SYNC"], ["ACTIVE", "codeconnections:live"], ["ACTIVE", "codeconnections:live"]]
        assert screen.interrupt() == 130


def test_watch_prints_an_object_for_each_change_as_jsonl(environ: dict[str, str]) -> None:
    arguments = ["watch", "codeconnections:live", "-o", "jsonl"]
    with terminal("-m", "unisync", *arguments, environ=environ, piped=["stdout"]) as screen:
        assert screen.process.stdout is not None
        changes = [json.loads(screen.process.stdout.readline()) for _ in range(3)]
        assert [change["kind"] for change in changes] == ["state", "attempt", "event"]
        assert changes[2]["event"]["type"] == "SYNC_INITIATED"
        assert {change["ref"] for change in changes} == {"codeconnections:live"}
        assert screen.interrupt() == 130
