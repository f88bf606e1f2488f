"""The output of every command on an emulated AWS: on a narrow and a wide terminal, and without one.

UNISYNC_GOLDEN=write rewrites the golden files. Read them before committing.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.terminal import ROOT, terminal

GOLDEN = Path(__file__).parent / "golden"
SCENE = ("-m", "tests.cli.scene")

pytestmark = pytest.mark.slow

_VARIABLE = {
    r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ": "2026-11-22 12:00:00Z",
    r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC": "2026-11-22 12:00:00 UTC",
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}": "01234567-89ab-cdef-0123-456789abcdef",
    r"[A-Z][a-z]{2} [A-Z][a-z]{2} \d\d \d\d:\d\d:\d\d(\s+)UTC \d{4}": r"Sun Nov 22 12:00:00\1UTC 2026",
    r"\d+ polls": "9 polls",
}
"""What differs from run to run, with its replacement."""


def check_golden(name: str, shown: str) -> None:
    for pattern, replacement in _VARIABLE.items():
        shown = re.sub(pattern, replacement, shown)
    # The pauses between polls vary, so these lines come at any time.
    shown = re.sub(r" +\d+ s  still waiting.*\n", "", shown)
    # Polls run concurrently, so the order of progress lines varies.
    shown = re.sub(r"(?: +\d+ s  .*\n)+", lambda lines: "".join(sorted(lines[0].splitlines(keepends=True))), shown)
    file = GOLDEN / f"{name}.txt"
    if os.environ.get("UNISYNC_GOLDEN") == "write":
        file.parent.mkdir(exist_ok=True)
        file.write_text(shown)
    assert shown == file.read_text()


@pytest.mark.parametrize("width", [64, 200])
def test_on_a_terminal(width: int) -> None:
    with terminal(*SCENE, width=width, height=600) as screen:
        assert screen.end(120) == 0
        assert screen.shows_the_cursor
        assert screen.mode == screen.mode_before
        # A long line continues on the next one, which may split what differs from run to run.
        check_golden(f"terminal-{width}", unwrapped(screen.screen(), width))


def unwrapped(shown: str, width: int) -> str:
    """The text with lines joined that fill the whole width."""
    lines: list[str] = []
    is_full = False
    for line in shown.splitlines():
        if is_full:
            lines[-1] += line
        else:
            lines.append(line)
        is_full = len(line) == width
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    ("name", "environ"),
    [
        ("piped", {"LC_ALL": "C.UTF-8"}),
        ("ascii", {"PYTHONIOENCODING": "ascii", "GITHUB_ACTIONS": "true"}),
    ],
)
def test_without_a_terminal(name: str, environ: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, *SCENE],
        cwd=ROOT,
        env={**os.environ, **environ},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=True,
    )
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", done.stdout)
    check_golden(name, done.stdout)


def test_no_color_and_a_dumb_terminal() -> None:
    for environ in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        with terminal(*SCENE, width=120, height=600, environ=environ) as screen:
            assert screen.end(120) == 0
            assert not re.search(rb"\x1b\[[0-9;]*3[0-9]", screen.output)
    with terminal(*SCENE, width=120, height=600) as screen:
        assert screen.end(120) == 0
        assert re.search(rb"\x1b\[[0-9;]*3[0-9]", screen.output)
