"""Every command on an emulated AWS, as it is read: on a narrow and a wide terminal, and where there is none.

Run with UNISYNC_GOLDEN=write to have what is read written down anew, and read that before it is committed.
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
SCENE = ("-m", "tests.cli.scene", "transcript")

_CHANCE = {
    r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ": "2026-11-22 12:00:00Z",
    r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC": "2026-11-22 12:00:00 UTC",
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}": "01234567-89ab-cdef-0123-456789abcdef",
    r"\d+ looks": "9 looks",
}
"""What is different each time."""


def compared(name: str, shown: str) -> None:
    for pattern, always in _CHANCE.items():
        shown = re.sub(pattern, always, shown)
    # Several looks are under way at once: which is answered first is chance too.
    shown = re.sub(r"(?: +\d+ s  .*\n)+", lambda lines: "".join(sorted(lines[0].splitlines(keepends=True))), shown)
    file = GOLDEN / f"{name}.txt"
    if os.environ.get("UNISYNC_GOLDEN") == "write":
        file.parent.mkdir(exist_ok=True)
        file.write_text(shown)
    assert shown == file.read_text()


@pytest.mark.parametrize("width", [60, 200])
def test_on_a_terminal(width: int) -> None:
    with terminal(*SCENE, width=width, height=600) as screen:
        assert screen.end(120) == 0
        assert screen.shows_the_cursor
        assert screen.mode == screen.mode_before
        # A line that is wider than the screen goes on in the next: what is different each time may be cut in two.
        compared(f"terminal-{width}", unwrapped(screen.screen(), width))


def unwrapped(shown: str, width: int) -> str:
    """The lines that fill the whole width joined with what follows them."""
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
def test_where_there_is_no_terminal(name: str, environ: dict[str, str]) -> None:
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
    compared(name, done.stdout)


def test_no_color_and_a_terminal_that_can_do_nothing() -> None:
    for environ in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        with terminal(*SCENE, width=120, height=600, environ=environ) as screen:
            assert screen.end(120) == 0
            assert not re.search(rb"\x1b\[[0-9;]*3[0-9]", screen.output)
    with terminal(*SCENE, width=120, height=600) as screen:
        assert screen.end(120) == 0
        assert re.search(rb"\x1b\[[0-9;]*3[0-9]", screen.output)
