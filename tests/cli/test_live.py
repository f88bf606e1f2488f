"""The long commands on a terminal: what is drawn in place, and what Ctrl-C leaves behind."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.cli.scene import MINE, NASTY, OLD
from tests.cli.terminal import ROOT, terminal
from unisync.emulator import Emulator


@pytest.fixture
def running() -> Iterator[Emulator]:
    """An emulated AWS whose time runs, five times as fast, in which a stack is under way for long."""
    with Emulator(speed=5) as aws:
        aws.add_workspace("factory")
        for name in ("live", "running", "nasty"):
            aws.add_stack(name, repository="acme/infra", config_file=f"{name}.yaml")
        aws.push(stack="live", sha=OLD, duration=0)
        aws.push(stack="nasty", sha=OLD, duration=0, outcome="FAILED", reason=NASTY * 5_000)
        aws.push(stack="running", sha=MINE, duration=3_000)
        # Calls of discover never come back.
        aws.fault("ListRepositoryLinks", "stall", times=None, seconds=60)
        yield aws


@pytest.fixture
def environ(running: Emulator) -> dict[str, str]:
    """What points the command at it."""
    return {**running.environment(), "AWS_MAX_ATTEMPTS": "1"}


LONG = {
    "wait": (["wait", "codeconnections:running", "codeconnections:live", "codeconnections:nasty"], "2 of 3 over"),
    "wait-for-deleted": (["wait", "codeconnections:live", "--for", "deleted"], "0 of 1 over"),
    "watch": (["watch", "codeconnections:running", "codeconnections:nasty"], "running RUNNING"),
    "status": (["status"], "Looking for syncs..."),
    "report": (["report", "-o", "-"], "Looking for syncs..."),
    "emulator": (["emulator", "--port", "0", "--sample"], "until you press Ctrl-C"),
    "demo": (["demo", "--speed", "1"], "0 of 1 over"),
}


@pytest.mark.parametrize("width", [60, 200])
@pytest.mark.parametrize("name", LONG)
def test_ctrl_c_ends_it_at_once_and_leaves_the_terminal_as_it_was(
    name: str, width: int, environ: dict[str, str]
) -> None:
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
def test_where_there_is_no_terminal_it_ends_as_well(name: str, environ: dict[str, str], running: Emulator) -> None:
    command, _ = LONG[name]
    process = subprocess.Popen(
        [sys.executable, "-c", _AS_FROM_A_SHELL, *command],
        cwd=ROOT,
        env={**os.environ, **environ},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert process.stdout is not None
        if name in ("status", "report"):  # which say nothing before they have found something
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


_AS_FROM_A_SHELL = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job would have it ignored
from unisync.cli import main
sys.exit(main())
"""


def test_sigterm_ends_it_too(environ: dict[str, str]) -> None:
    with terminal("-m", "unisync", "wait", "codeconnections:running", environ=environ) as screen:
        screen.read_until(lambda: "0 of 1 over" in screen.screen())
        screen.process.send_signal(signal.SIGTERM)
        assert screen.end() == 143
        assert screen.shows_the_cursor


def test_sigterm_ends_the_demo_as_well(environ: dict[str, str]) -> None:
    with terminal("-m", "unisync", "demo", "--speed", "1", environ=environ) as screen:
        screen.read_until(lambda: "0 of 1 over" in screen.screen())
        screen.process.send_signal(signal.SIGTERM)
        assert screen.end() == 143


def test_on_a_small_terminal_what_is_left_out_is_told(running: Emulator, environ: dict[str, str]) -> None:
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
                screen.read_until(lambda: bool(re.search(r"Z {2}|Z codeconnections", screen.screen())))
            assert screen.interrupt() == 130


def test_a_wait_is_drawn_in_place_and_leaves_its_end(environ: dict[str, str]) -> None:
    """What was drawn is gone at the end; what is left is what was asked for."""
    words = ["wait", "codeconnections:running", "codeconnections:live", "--timeout", "4s"]
    with terminal("-m", "unisync", *words, width=100, environ=environ) as screen:
        screen.read_until(lambda: "1 of 2 over" in screen.screen() and "IN_PROGRESS" in screen.screen())
        assert re.search(r"1 of 2 over, \d s of 4 s\n", screen.screen())
        assert re.search(r"✔ ACTIVE +codeconnections:live", screen.screen())
        assert screen.end() == 124
        shown = screen.screen()
        assert "over, " not in shown
        assert shown.splitlines()[-1].startswith("Next: the sync goes on in AWS; wait on: unisync wait")
        assert shown.count("codeconnections:live") == 1


def test_data_and_progress_go_separate_ways(environ: dict[str, str]) -> None:
    """Progress is drawn on the terminal, while data goes to a file."""
    words = ["wait", "codeconnections:live", "-o", "json"]
    with terminal("-m", "unisync", *words, environ=environ, piped=["stdout"]) as screen:
        assert screen.end() == 0
        assert screen.process.stdout is not None
        (row,) = json.loads(screen.process.stdout.read())
        assert (row["ref"], row["state"], row["live"]) == ("codeconnections:live", "ACTIVE", OLD)
        assert screen.screen().strip() == ""


def test_a_watch_has_a_line_for_each_change_where_there_is_no_terminal(environ: dict[str, str]) -> None:
    with terminal("-m", "unisync", "watch", "codeconnections:live", environ=environ, piped=["stdout"]) as screen:
        assert screen.process.stdout is not None
        lines = [screen.process.stdout.readline().decode().split()[:2] for _ in range(3)]
        assert lines == [["STATE", "SYNC"], ["ACTIVE", "codeconnections:live"], ["ACTIVE", "codeconnections:live"]]
        assert screen.interrupt() == 130


def test_a_watch_for_programs_tells_each_change_as_an_object(environ: dict[str, str]) -> None:
    words = ["watch", "codeconnections:live", "-o", "jsonl"]
    with terminal("-m", "unisync", *words, environ=environ, piped=["stdout"]) as screen:
        assert screen.process.stdout is not None
        changes = [json.loads(screen.process.stdout.readline()) for _ in range(3)]
        assert [change["what"] for change in changes] == ["state", "attempt", "event"]
        assert changes[2]["event"]["type"] == "SYNC_INITIATED"
        assert {change["ref"] for change in changes} == {"codeconnections:live"}
        assert screen.interrupt() == 130
